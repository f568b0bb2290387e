"""What lies in the folder of a desk, and how one is begun."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from haidang.app.context import Context
from haidang.base.errors import BadData, BadPack, NotFound, Unavailable
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.data.observations import Report
from haidang.data.tracks import Fix
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.edge.feeds.readings import read_readings
from haidang.jobs.replay import DATABASE, Step, plan, subjects
from haidang.jobs.tonight import MOST_FOLDER, slug, tonight
from haidang.pack.case import (
    COUNTS_FILE,
    READINGS_FILE,
    Case,
    case_of_file,
    find_cases,
    load_case,
)
from haidang.pack.load import Roots, parse, read_yaml
from haidang.words import LANGUAGES

DESK: Final = "desk.yaml"
BULLETINS: Final = "bulletins.csv"
CAP: Final = "cap"
DEMO: Final = "demo"
"""The inventory that stands ready at a desk whose case names none: it says that it is invented."""

Kind = Literal["replay", "drill", "live"]


class FileSpec(Spec):
    """A file of bulletins that came in.

    Attributes:
        file: Its name in the desk's folder.
        received: When it came in, on the desk's clock; None for the first: each of its bulletins
            came in when it was issued.
    """

    file: str = Field(pattern=r"^[a-z0-9-]+\.csv$")
    received: AwareDatetime | None = None


class DeskSpec(Spec):
    """``desk.yaml``: what is played in a folder, and with whose bulletins.

    Attributes:
        kind: ``drill``: a shipped case stepped by people; ``live``: bulletins that a user brought.
        case: Id of the shipped case, of a drill.
        name: Of the event, of a live desk.
        event: Its id, of a live desk on readings.
        day: Whose places and law are used there; None of any other desk.
        title: Shown in the list of desks, by language.
        files: What was brought, oldest first; none where it listens.
        sensors: It listens to sensors, see ``sensors.yaml`` beside it.
        begun: Wall time.
    """

    kind: Literal["drill", "live"]
    country: str
    threat: str
    case: str | None = None
    name: str = ""
    event: str = ""
    day: date | None = None
    title: Mapping[str, str]
    status: Literal["Actual", "Exercise", "Test"] = "Exercise"
    averaging_s: Literal[60, 120, 180, 600] = 600
    files: tuple[FileSpec, ...] = ()
    sensors: bool = False
    begun: AwareDatetime

    @model_validator(mode="after")
    def _fed(self) -> DeskSpec:
        if bool(self.files) == self.sensors:
            raise PydanticCustomError("desk_fed", "a desk has files, or sensors: true")
        if self.status == "Actual" and not self.sensors:
            raise PydanticCustomError("desk_actual", "only a desk of sensors speaks as Actual")
        return self


@dataclass(frozen=True, slots=True)
class DeskInfo:
    """A desk in the list of desks.

    Attributes:
        id: Name of its folder.
        kind: ``replay``, ``drill`` or ``live``.
        title: By language.
        changed: Wall time of the last change of its store.
    """

    id: str
    kind: Kind
    folder: Path
    country: str
    threat: str
    title: Mapping[str, str]
    changed: datetime


def find(folder: Path, roots: Roots) -> tuple[DeskSpec | None, Case]:
    """What is played in a folder.

    Args:
        folder: Of a desk.
        roots: Where cases lie.

    Returns:
        Its ``desk.yaml`` (None of a replay) and its case; scripted officers stay only in a replay.

    Raises:
        NotFound: There is no store, or it is neither a desk nor the replay of a shipped case.
        BadPack: ``desk.yaml`` does not fit.
        BadData: The desk's bulletins cannot be read.
    """
    if not (folder / DATABASE).is_file() and not (folder / DESK).is_file():
        raise NotFound(Problem("desk.none", {"id": folder.name}))
    if not (folder / DESK).is_file():
        if folder.name not in find_cases(roots):
            raise NotFound(Problem("desk.none", {"id": folder.name}))
        return None, load_case(folder.name, roots)
    spec = parse(DeskSpec, read_yaml(folder / DESK), folder / DESK)
    return spec, case_of(spec, folder, roots)


def case_of(spec: DeskSpec, folder: Path, roots: Roots) -> Case:
    """The case that a desk plays, with the bulletins that lie beside it and nobody scripted."""
    file = folder / (spec.files[0].file if spec.files else READINGS_FILE)
    if spec.kind == "drill":
        case = replace(load_case(spec.case or "", roots), bulletins=file)
    else:
        case = _own(spec, file)
    changed: dict[str, Any] = {"officers": ()}
    if (
        case.spec.stock is None
        # The invented inventory holds nothing that an epidemic asks for, on places of today.
        and case.bulletins.name != COUNTS_FILE
        and (roots.country(case.country) / "stock" / f"{DEMO}.csv").is_file()
    ):
        changed["stock"] = DEMO
    return replace(case, spec=case.spec.model_copy(update=changed))


def _own(spec: DeskSpec, file: Path) -> Case:
    """The case of a desk on a user's own file; of readings the desk says what they are of.

    Their file is not read here: that takes the country's gauges, and a list of desks must not.
    """
    if spec.day is None:
        args = (file, spec.threat, spec.country, spec.name, spec.status, spec.averaging_s)
        return tonight(*args, approve=False)
    case = case_of_file(
        bulletins=file, name=slug(spec.name)[:MOST_FOLDER].rstrip("-"),
        country=spec.country, threat=spec.threat,
        event=spec.event, title=spec.name, day=spec.day, averaging_s=spec.averaging_s,
        status="Test" if spec.status == "Test" else "Exercise", officers=(),
    )  # fmt: skip
    # A case is never Actual; a desk of sensors may be, if its packs are above tier draft.
    return replace(case, spec=case.spec.model_copy(update={"status": spec.status}))


def steps_of(spec: DeskSpec | None, case: Case, folder: Path, context: Context) -> tuple[Step, ...]:
    """The instants of a desk, in order: of a live one, when each bulletin came in.

    A bulletin that a later file repeats came in with the first.

    Raises:
        BadData: No row of a file can be used, or a later file tells a bulletin otherwise than it
            came in first (``desk.other_bulletin``).
    """
    if spec is not None and spec.sensors:
        return ()
    steps, _ = plan(case, context)
    if spec is None or spec.kind == "drill":
        return steps
    if context.pack.threat.read:
        return _with_readings(spec, steps, folder, context)
    known = {step.issued: step for step in steps}
    for extra in spec.files[1:]:
        read = read_bulletins(folder / extra.file, case.spec.event, case.spec.averaging_s)
        for issued, fixes in _by_issue(read.fixes).items():
            if (step := known.get(issued)) is not None:
                if _content(step.fixes) != _content(fixes):
                    said = {"issued": issued.isoformat()}
                    raise BadData(Problem("desk.other_bulletin", said, file=extra.file))
                continue
            now = max(issued, extra.received or issued)
            kept = tuple(replace(fix, received=now) for fix in fixes)
            known[issued] = Step(now, issued, kept)
    return tuple(sorted(known.values(), key=lambda step: (step.now, step.issued or step.now)))


def _with_readings(
    spec: DeskSpec, steps: Sequence[Step], folder: Path, context: Context
) -> tuple[Step, ...]:
    """Steps of the first file, and what each later one says that none before it said.

    A reading that is told otherwise for the same time of publication is a correction. It comes in
    a second after it, for a delivery is named by its time of publication.
    """
    known = {step.issued: step for step in steps}
    said = {_told(r) for step in steps for r in step.reports}
    threat = context.pack.threat
    for extra in spec.files[1:]:
        read = read_readings(folder / extra.file, threat.id, threat.readings, subjects(context))
        fresh: dict[datetime, list[Report]] = {}
        for report in read.reports:
            if report.published is not None and _told(report) not in said:
                said.add(_told(report))
                fresh.setdefault(report.published, []).append(report)
        for published, rows in sorted(fresh.items()):
            issued = published
            while issued in known:
                issued += timedelta(seconds=1)
            now = max(issued, extra.received or issued)
            known[issued] = Step(now, issued, (), tuple(rows))
    return tuple(sorted(known.values(), key=lambda step: (step.now, step.issued or step.now)))


def _told(report: Report) -> tuple[object, ...]:
    return report.series, report.place, report.start, report.published, report.value


def _by_issue(fixes: tuple[Fix, ...]) -> dict[datetime, tuple[Fix, ...]]:
    found: dict[datetime, tuple[Fix, ...]] = {}
    for fix in fixes:
        found[fix.issued] = (*found.get(fix.issued, ()), fix)
    return found


def _content(fixes: tuple[Fix, ...]) -> list[Fix]:
    """Fixes without what only the store knows."""
    return [replace(fix, published=fix.issued, received=fix.issued, receipt=0) for fix in fixes]


def write_spec(folder: Path, spec: DeskSpec) -> None:
    """Write ``desk.yaml``: whole or not at all."""
    body = yaml.safe_dump(spec.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
    put(folder / DESK, body.encode("utf-8"))


def keep_as_desk(
    folder: Path, case: Case, name: str, begun: datetime, *, read: bool = False
) -> None:
    """Make a folder in which a user's own file was played a desk that opens in the console.

    Args:
        folder: Where it was played.
        case: As ``jobs.tonight`` made it.
        name: As the user gave it; the event's own where empty.
        begun: Wall time.
        read: Whether the file holds readings.

    The file is copied beside the store, so that the desk does not hang on a file elsewhere.
    A ``desk.yaml`` that is there stays: people may have entered further bulletins since.

    Raises:
        Unavailable: The folder cannot be written to.
    """
    kept = READINGS_FILE if read else BULLETINS
    put(folder / kept, case.bulletins.read_bytes())
    if (folder / DESK).exists():
        return
    called = name.strip() or case.spec.title["en"]
    spec = DeskSpec(
        kind="live",
        country=case.country,
        threat=case.spec.threat,
        name=called,
        title=dict.fromkeys(LANGUAGES, called),
        status="Test" if case.spec.status == "Test" else "Exercise",
        averaging_s=case.spec.averaging_s,
        files=(FileSpec(file=kept),),
        begun=begun,
        **(facts_of(case) if read else {}),
    )
    write_spec(folder, spec)


def facts_of(case: Case) -> dict[str, Any]:
    """What ``desk.yaml`` says of a case of readings, so that the desk need not read them."""
    return {"event": case.spec.event, "day": case.spec.places_on}


def put(path: Path, body: bytes) -> None:
    """Write a file: whole or not at all, and on the disk.

    Raises:
        Unavailable: The folder cannot be written to.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    except OSError as err:
        raise Unavailable(Problem("desk.unwritable", {"why": err}, file=str(path))) from err


def fresh_folder(out: Path, name: str, roots: Roots) -> Path:
    """Make the folder of a new desk; the second of a name ends in ``-2``.

    Args:
        out: Folder of all desks; made if it is not there.
        name: Of the desk.
        roots: Names of shipped cases are left to their replays.

    Raises:
        Unavailable: The folder cannot be made.
    """
    number = 2 if name in find_cases(roots) else 1
    try:
        out.mkdir(parents=True, exist_ok=True)
        while True:
            folder = out / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
                continue
            return folder
    except OSError as err:
        raise Unavailable(Problem("desk.unwritable", {"why": err}, file=str(out))) from err


def listed(out: Path, roots: Roots) -> tuple[DeskInfo, ...]:
    """The desks below a folder, the newest change first; what cannot be read is left out."""
    found: list[DeskInfo] = []
    folders = sorted(out.iterdir()) if out.is_dir() else []
    for folder in folders:
        try:
            spec, case = find(folder, roots)
            changed = datetime.fromtimestamp((folder / DATABASE).stat().st_mtime).astimezone()
        except (NotFound, BadPack, BadData, OSError):
            continue
        found.append(
            DeskInfo(
                id=folder.name,
                kind="replay" if spec is None else spec.kind,
                folder=folder,
                country=case.country,
                threat=case.spec.threat,
                title=case.spec.title if spec is None else spec.title,
                changed=changed,
            )
        )
    return tuple(sorted(found, key=lambda d: (d.changed, d.id), reverse=True))
