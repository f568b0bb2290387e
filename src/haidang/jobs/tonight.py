"""Tonight's event: a user's own file of bulletins through the same chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal, cast

from haidang.base.errors import BadData
from haidang.base.place import fold
from haidang.base.problem import Problem
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.pack.case import Case, OfficerSpec, case_of_file

OFFICERS: Final = (
    OfficerSpec(role="forecaster_on_duty", actor="7f3a91c4d2e85b60", does="sign", after_min=10),
    OfficerSpec(role="shift_lead", actor="2b9c04e7a1f6d358", does="approve", after_min=22),
)
"""Scripted: the file is a drill or a test, and two different people are needed."""

LONGEST: Final = 24
"""Characters of an event's name: it stands in every headline, and a headline is short."""
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
    if status not in STATUSES:
        raise BadData(Problem("cli.bad_status", {"value": status}, field="--status"))
    if averaging_s not in PERIODS:
        raise BadData(Problem("cli.bad_averaging", {"value": averaging_s}, field="--averaging"))
    period = cast(Literal[60, 120, 180, 600], averaging_s)
    called = re.sub(r"[^a-z0-9]+", "-", fold(name or file.stem)).strip("-")
    if not called:
        raise BadData(Problem("cli.no_letters", {"value": name or file.stem}, field="--name"))
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
        now=max(f.issued for f in read.fixes),
        averaging_s=period,
        status=cast(Literal["Exercise", "Test"], status),
        officers=OFFICERS if approve else (),
    )
