"""Tonight's event: a user's own file of bulletins, or of readings, through the same chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal, cast

from haidang.base.errors import BadData, NotFound
from haidang.base.place import fold
from haidang.base.problem import Problem
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.edge.feeds.readings import ReadingsFile, read_readings
from haidang.jobs.observe import subjects
from haidang.pack.case import Case, OfficerSpec, case_of_file
from haidang.pack.load import Roots, load_country, read_yaml
from haidang.pack.schema import Country, Pack

OFFICERS: Final = (
    OfficerSpec(role="forecaster_on_duty", actor="7f3a91c4d2e85b60", does="sign", after_min=10),
    OfficerSpec(role="shift_lead", actor="2b9c04e7a1f6d358", does="approve", after_min=22),
)
"""Scripted: the file is a drill or a test, and two different people are needed."""

LONGEST: Final = 24
"""Characters of an event's name: it stands in every headline, and a headline is short."""
MOST_FOLDER: Final = 60
"""Characters of the name of a folder of readings; no headline carries it."""

PERIODS: Final = (60, 120, 180, 600)
STATUSES: Final = ("Exercise", "Test")


def tonight(
    file: Path,
    threat: str,
    country: str,
    name: str = "",
    status: str = "Exercise",
    averaging_s: int = 600,
    *,
    approve: bool | None = None,
) -> Case:
    """Make a case of a file of bulletins.

    Args:
        file: See ``edge.feeds.bulletins``.
        threat: Pack id.
        country: Country id.
        name: Of the event; the file's name where empty.
        status: ``Exercise`` or ``Test``: from here nothing goes out as Actual.
        averaging_s: Averaging period of the winds, s.
        approve: Let scripted officers sign and approve; else the drafts wait. None lets them only
            if no row of the file was refused: what is missing may be what matters.

    Raises:
        BadData: The file cannot be read or has no good row, the name has no Latin letter or digit
            or more than ``LONGEST`` characters, or status or averaging period are none of those
            above.
    """
    _check_status(status)
    if averaging_s not in PERIODS:
        raise BadData(Problem("cli.bad_averaging", {"value": averaging_s}, field="--averaging"))
    period = cast(Literal[60, 120, 180, 600], averaging_s)
    called = slug(name or file.stem)
    longest = max(called, " ".join(name.split()), key=len)
    if len(longest) > LONGEST:
        said = {"value": longest, "n": len(longest), "most": LONGEST}
        raise BadData(Problem("cli.long_name", said, field="--name"))
    read = read_bulletins(file, called, period)
    if approve is None:
        approve = all(p.severity != "error" for p in read.problems)
    return case_of_file(
        bulletins=file,
        name=called,
        country=country,
        threat=threat,
        event=called,
        called=" ".join(name.split()),
        day=max(f.issued for f in read.fixes).date(),
        averaging_s=period,
        status=cast(Literal["Exercise", "Test"], status),
        officers=OFFICERS if approve else (),
    )


def own_file(
    file: Path,
    threat: str,
    country: str,
    roots: Roots,
    name: str = "",
    status: str = "Exercise",
    *,
    averaging_s: int = 600,
    approve: bool | None = None,
) -> Case:
    """Make a case of a user's own file, whatever its threat is told by.

    Args:
        file: Bulletins (``edge.feeds.bulletins``) or readings (``edge.feeds.readings``).
        threat: Pack id.
        country: Country id.
        roots: Where packs and countries lie.
        name: As ``tonight``, or as ``tonight_readings``.
        status: ``Exercise`` or ``Test``.
        averaging_s: Averaging period of the winds, s; readings have none.
        approve: As ``tonight``.

    Raises:
        NotFound: No such threat is bound to the country (``desk.no_threat``).
        BadData: As ``tonight`` and ``tonight_readings``; the threat is counted
            (``desk.counts_file``).
        BadPack: The country cannot be read.
    """
    home = load_country(roots.country(country), roots.threats)
    if threat not in home.packs:
        known = ", ".join(sorted(home.packs))
        raise NotFound(Problem("desk.no_threat", {"name": threat or "-", "known": known}))
    pack = home.packs[threat]
    if pack.threat.counted:
        raise BadData(Problem("desk.counts_file", {"id": threat}, file=file.name))
    if pack.threat.read:
        return tonight_readings(file, pack, home, name, status, approve=approve)
    return tonight(file, threat, country, name, status, averaging_s, approve=approve)


def holds_readings(threat: str, roots: Roots) -> bool:
    """Whether a threat's own file is one of readings; read from its pack, without the country.

    Raises:
        NotFound: No such threat (``desk.no_threat``).
        BadPack: Its pack cannot be read.
    """
    if threat not in roots.threats:
        known = ", ".join(sorted(roots.threats))
        raise NotFound(Problem("desk.no_threat", {"name": threat or "-", "known": known}))
    watch = read_yaml(roots.threats[threat] / "pack.yaml").get("watch")
    return isinstance(watch, dict) and watch.get("kind") == "readings"


def tonight_readings(
    file: Path,
    pack: Pack,
    country: Country,
    name: str = "",
    status: str = "Exercise",
    *,
    approve: bool | None = None,
) -> Case:
    """Make a case of a file of readings.

    Args:
        file: See ``edge.feeds.readings``: each time of publication is a delivery and a run.
        pack: Of a threat that is told by readings.
        country: Whose places and gauges.
        name: Of the folder, and shown; the file's name where empty. A notice names the threat.
        status: ``Exercise`` or ``Test``.
        approve: As ``tonight``.

    Raises:
        BadData: The file cannot be read, lacks a column or has no good row; it tells of several
            events (``desk.several_events``) or of none although the threat strikes as events
            (``desk.no_event``); the name or the status is none.
    """
    _check_status(status)
    known = subjects(pack, country)
    read = read_readings(file, pack.id, pack.threat.readings, known)
    if approve is None:
        approve = all(p.severity != "error" for p in read.problems)
    said = [r.published for r in read.reports if r.published is not None]
    return case_of_file(
        bulletins=file,
        name=slug(name or file.stem)[:MOST_FOLDER].rstrip("-"),
        country=country.id,
        threat=pack.id,
        event=_event(file, pack, read),
        title=" ".join(name.split()) or file.stem,
        day=country.local(max(said)).date(),
        averaging_s=600,
        status=cast(Literal["Exercise", "Test"], status),
        officers=OFFICERS if approve else (),
    )


def _event(file: Path, pack: Pack, read: ReadingsFile) -> str:
    """The one event that a file tells of; of a threat without events the one that it is."""
    if not pack.threat.has_events:
        return pack.standing_event
    of_event = {
        f"{pack.id}/{n}" for n, i in pack.threat.readings.indicators.items() if i.at == "event"
    }
    events = sorted({r.place for r in read.reports if r.series in of_event})
    if len(events) != 1:
        code = "desk.several_events" if events else "desk.no_event"
        said = {"names": ", ".join(events)}
        raise BadData(Problem(code, said, file=file.name, field="place"))
    return events[0]


def _check_status(status: str) -> None:
    if status not in STATUSES:
        raise BadData(Problem("cli.bad_status", {"value": status}, field="--status"))


def slug(name: str) -> str:
    """A name as that of a folder.

    Raises:
        BadData: It has no Latin letter or digit.
    """
    called = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")
    if not called:
        raise BadData(Problem("cli.no_letters", {"value": name}, field="--name"))
    return called
