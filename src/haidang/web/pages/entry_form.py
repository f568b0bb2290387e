"""The form of one bulletin: what a person typed, as a file of bulletins and back to the form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final
from unicodedata import normalize

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.edge.feeds.bulletins import Averaging, parse_bulletins
from haidang.words import catalogue

ROWS: Final = 6
"""Empty rows for forecasts at the start: as many as a bulletin of three days usually has."""

MORE: Final = 4
AHEAD: Final = timedelta(hours=1)
MOST: Final = 60
UNITS: Final = ("beaufort", "wind_ms", "wind_kmh", "wind_kt")
CELLS: Final = ("valid", "lat", "lon", "wind", "pressure", "error")
COLUMNS: Final = (
    "issued", "valid", "lat", "lon", "kind", "beaufort_low", "beaufort_high", "wind_ms",
    "wind_kmh", "wind_kt", "pressure_hpa", "position_uncertainty_km", "source",
)  # fmt: skip
_FIELD: Final = {
    "beaufort_low": "wind", "beaufort_high": "wind", "wind_ms": "wind", "wind_kmh": "wind",
    "wind_kt": "wind", "pressure_hpa": "pressure", "position_uncertainty_km": "error",
}  # fmt: skip
_SAID: Final = frozenset({
    "time", "number", "missing", "range", "duplicate", "forecast_in_the_past",
    "seen_in_the_future", "seen_long_ago", "force", "force_order", "no_wind_no_pressure",
    "no_pressure", "no_wind",
})  # fmt: skip
"""What a form says otherwise than a file: it takes other ways of writing, has no columns, and
leaves no row out but takes in all or nothing."""

_EDGES: Final = ",;:() "

_RANGE: Final = re.compile(r"(\d+)\s*[-–]\s*(\d+)")
_LEAD: Final = re.compile(r"\+\s*(\d{1,3})\s*h?")
_WHEN: Final = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?[ ,]+(\d{1,2})[:hg](\d{2})")
_COMMA: Final = re.compile(r"-?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as typed.

    Attributes:
        kind: ``analysis``, ``forecast`` or ``ended``.
        cells: By name, see ``CELLS``.
        wrong: What is wrong with it, by cell; "" for the row as a whole.
    """

    number: int
    kind: str
    cells: Mapping[str, str]
    wrong: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing was typed into it."""
        return not any(self.cells.values())


@dataclass(frozen=True, slots=True)
class Typed:
    """The whole form as typed.

    Attributes:
        name, status, averaging: Of the event; of no meaning for a further bulletin.
        issued: Time of the bulletin, see ``moment``.
        unit: Of the winds, one of ``UNITS``.
        ended: Whether the bulletin says that the event is over.
        rows: The centre first, forecasts after it.
        text: Bulletins as a file, pasted or uploaded; "" where the rows are used.
    """

    name: str = ""
    status: str = "Exercise"
    averaging: str = "600"
    issued: str = ""
    unit: str = "beaufort"
    source: str = ""
    ended: bool = False
    rows: tuple[Row, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A form that was looked through.

    Attributes:
        typed: The form, with what is wrong beside its cells.
        body: As a file of bulletins; empty where something is wrong.
        wrong: What is wrong with the form as a whole.
        kept: What was noticed and does no harm.
        ahead: Whether its hour is so late that a person must say that it is right.
    """

    typed: Typed
    body: bytes
    wrong: tuple[str, ...]
    kept: tuple[str, ...]
    ahead: bool = False


def empty(issued: str, rows: int = ROWS) -> Typed:
    """A fresh form."""
    return Typed(issued=issued, rows=tuple(blank(i) for i in range(rows + 1)))


def blank(number: int) -> Row:
    """An empty row; the first is the centre, the others are forecasts."""
    kind = "analysis" if number == 0 else "forecast"
    return Row(number, kind, dict.fromkeys(CELLS, ""))


def read(fields: Mapping[str, str], text: str = "") -> Typed:
    """The form as it was sent.

    Args:
        fields: By name; the cells of row 3 are ``lat-3``, ``lon-3`` ...
        text: Content of an uploaded file; what was pasted is used where it is empty.
    """
    said = fields.get("rows", "")
    count = min(int(said), MOST) if said.isdigit() else ROWS
    ended = fields.get("ended") == "yes"
    rows = tuple(
        Row(
            i,
            ("ended" if ended else "analysis") if i == 0 else "forecast",
            {c: fields.get(f"{c}-{i}", "") for c in CELLS},
        )
        for i in range(count + 1)
    )
    plain = {k: fields.get(k, "") for k in ("name", "status", "averaging", "issued", "source")}
    unit = fields.get("unit", "")
    return Typed(
        **plain,
        unit=unit if unit in UNITS else UNITS[0],
        ended=ended,
        rows=rows,
        text=text or fields.get("text", ""),
    )


def longer(typed: Typed) -> Typed:
    """The form with a few more empty rows."""
    count = len(typed.rows)
    more = tuple(blank(i) for i in range(count, min(count + MORE, MOST + 1)))
    return _with(typed, (*typed.rows, *more))


def _with(typed: Typed, rows: tuple[Row, ...]) -> Typed:
    return Typed(
        typed.name, typed.status, typed.averaging, typed.issued, typed.unit, typed.source,
        typed.ended, rows, typed.text,
    )  # fmt: skip


def check(typed: Typed, zone: tzinfo, averaging_s: Averaging, language: str) -> Checked:
    """Look the form through with the same eyes as a file.

    Args:
        typed: As typed.
        zone: The country's clock: the times of the form are local.
        averaging_s: Averaging period of the winds, s.
        language: Of what is said.

    Returns:
        A body that ``read_bulletins`` takes whole; or what is wrong, each beside its cell. Of a
        form nothing is taken in by halves: who typed it is there to mend it.
    """
    if typed.text:
        return _check_text(typed, averaging_s, language)
    used = [r for r in typed.rows if not r.empty or (r.number == 0)]
    body = as_file(typed, used, zone)
    problems: Sequence[Problem]
    try:
        problems = parse_bulletins(body, "form", averaging_s).problems
    except BadData as error:
        problems = error.problems
    if moment(typed.issued, zone, None) is None:
        # Other times may count from the bulletin's hour, which is what is wrong.
        problems = [p for p in problems if (p.field, p.code) != ("valid", "feed.time")]
    beside: dict[int, dict[str, dict[str, None]]] = {}
    whole: dict[str, None] = {}
    # What does no harm is said once, however many rows it is true of.
    kept: dict[str, None] = {}
    if typed.unit == UNITS[0] and any(_force(r.cells["wind"])[1] for r in used):
        kept[Problem("entry.gust", {}).say(language)] = None
    for problem in problems:
        said = _words(problem, typed, zone).say(language)
        if problem.severity == "warning":
            kept[said] = None
        elif problem.row is None or not 0 <= problem.row - 2 < len(used):
            if problem.code != "feed.empty" or not beside:
                whole[said] = None
        elif problem.field == "issued":
            whole[said] = None
        else:
            cell = _FIELD.get(problem.field, problem.field)
            here = beside.setdefault(used[problem.row - 2].number, {})
            here.setdefault(cell if cell in CELLS else "", {})[said] = None
    rows = tuple(
        Row(r.number, r.kind, r.cells, {c: tuple(t) for c, t in beside.get(r.number, {}).items()})
        for r in typed.rows
    )
    bad = bool(beside or whole)
    return Checked(_with(typed, rows), b"" if bad else body.encode(), tuple(whole), tuple(kept))


def _words(problem: Problem, typed: Typed, zone: tzinfo) -> Problem:
    """What is wrong, in the words of the form and on the local clock."""
    name = problem.code.partition(".")[2]
    if problem.field == "issued":
        name = "issued_time" if typed.issued else "no_issued"
    elif name == "number" and problem.field.startswith(UNITS[0]):
        name = "wind_force"
    elif name not in _SAID:
        return Problem(problem.code, local(problem.params, zone))
    return Problem(f"entry.{name}", local(problem.params, zone), severity=problem.severity)


def asked(
    checked: Checked, now: datetime, zone: tzinfo, averaging_s: Averaging, language: str
) -> Checked:
    """Ask whether a bulletin's hour is right where it lies more than an hour ahead of the clock.

    A wrong year would otherwise move the desk's clock there, and nothing takes it back.

    Args:
        checked: A form that was looked through.
        now: The clock.
        zone: The clock that the question names times on.
        averaging_s: Averaging period of the winds, s.
        language: Of the question.
    """
    if not checked.body:
        return checked
    found = parse_bulletins(checked.body.decode(), "form", averaging_s).fixes
    last = max(fix.issued for fix in found)
    if last <= now + AHEAD:
        return checked
    times = {"issued": last, "now": now}
    params = {key: f"{at.astimezone(zone):%d/%m/%Y %H:%M}" for key, at in times.items()}
    said = Problem("entry.ahead", params).say(language)
    return Checked(checked.typed, b"", (*checked.wrong, said), checked.kept, ahead=True)


def local(params: Mapping[str, object], zone: tzinfo) -> Mapping[str, object]:
    """What a problem is about, with its times as day/month and hour on the local clock.

    >>> from datetime import UTC
    >>> local({"value": "2024-09-07T13:00+00:00", "hours": 3}, UTC)
    {'value': '07/09 13:00', 'hours': 3}
    """
    return {key: _clock(value, zone) for key, value in params.items()}


def _clock(value: object, zone: tzinfo) -> object:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return value if at.tzinfo is None else f"{at.astimezone(zone):%d/%m %H:%M}"


def _of_file(problem: Problem) -> Problem:
    """What is wrong with a file that is refused whole: it has lines and columns."""
    name = problem.code.partition(".")[2]
    if f"entry.file_{name}" in catalogue():
        name = f"file_{name}"
    elif name not in _SAID:
        return problem
    return Problem(f"entry.{name}", problem.params, problem.file, problem.row, problem.field)


def _check_text(typed: Typed, averaging_s: Averaging, language: str) -> Checked:
    try:
        problems = parse_bulletins(typed.text, "form", averaging_s).problems
    except BadData as error:
        problems = error.problems
    wrong = tuple(_of_file(p).say(language) for p in problems if p.severity == "error")
    kept = tuple(dict.fromkeys(
        Problem(p.code, p.params).say(language) for p in problems if p.severity == "warning"
    ))  # fmt: skip
    return Checked(typed, b"" if wrong else typed.text.encode(), wrong, kept)


def as_file(typed: Typed, rows: Sequence[Row], zone: tzinfo) -> str:
    """The rows as a file of bulletins."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    base = moment(typed.issued, zone, None)
    issued = _stamp(typed.issued, zone, None)
    for row in rows:
        cells = {k: _plain(v) for k, v in row.cells.items()}
        valid = row.cells["valid"] or (typed.issued if row.number == 0 else "")
        line = {
            "issued": issued,
            "valid": _stamp(valid, zone, base),
            "lat": cells["lat"],
            "lon": cells["lon"],
            "kind": row.kind,
            "pressure_hpa": cells["pressure"],
            "position_uncertainty_km": cells["error"],
            "source": typed.source,
            **_wind(typed.unit, row.cells["wind"]),
        }
        writer.writerow(line)
    return out.getvalue()


def _wind(unit: str, text: str) -> dict[str, str]:
    """A force may be one number or a class such as 11-12."""
    if unit != UNITS[0]:
        return {unit: _plain(text)}
    text, _ = _force(text)
    if (both := _RANGE.fullmatch(text)) is not None:
        return {"beaufort_low": both[1], "beaufort_high": both[2]}
    return {"beaufort_low": _plain(text), "beaufort_high": _plain(text)}


def _force(text: str) -> tuple[str, bool]:
    """The force of the sustained wind as a bulletin writes it, and whether gusts stood after it.

    A bulletin says "force 11-12, gusting 15": levels rest on the sustained wind.
    """
    words = catalogue()
    found = normalize("NFC", text).strip().lower()
    gust = False
    for said in words["entry.gust_word"].values():
        before, cut, _ = found.partition(said)
        gust = gust or bool(cut)
        found = before
    for said in words["entry.force_word"].values():
        found = found.removeprefix(said)
    found = found.strip(_EDGES)
    return (found, gust) if found[:1].isdigit() else (text, False)


def _plain(text: str) -> str:
    """A decimal comma, as half of the world types it, as a point."""
    return text.replace(",", ".") if _COMMA.fullmatch(text) else text


def moment(text: str, zone: tzinfo, base: datetime | None) -> datetime | None:
    """A time as people type it, on the local clock; None where it is none.

    A browser's own field for dates writes them as its maker thinks; day and month are then easily
    taken for each other. So the form takes what is written here.

    Args:
        text: ``+24`` (hours after the bulletin), ``7/9 13:00``, ``07/09/2024 13:00``, or ISO 8601.
        zone: The local clock.
        base: The bulletin's hour: gives the year, and where ``+24`` counts from.

    >>> from datetime import UTC
    >>> at = datetime(2024, 9, 6, 19, tzinfo=UTC)
    >>> for said in ("+18", "7/9 13:00", "07/09/2024 13h00", "2024-09-07T13:00"):
    ...     print(moment(said, UTC, at))
    2024-09-07 13:00:00+00:00
    2024-09-07 13:00:00+00:00
    2024-09-07 13:00:00+00:00
    2024-09-07 13:00:00+00:00
    >>> moment("7/13 13:00", UTC, at)
    """
    if (lead := _LEAD.fullmatch(text)) is not None:
        return None if base is None else base + timedelta(hours=int(lead[1]))
    try:
        if (said := _WHEN.fullmatch(text)) is not None:
            day, month, year, hour, minute = said.groups()
            if not year and base is None:
                return None
            which = int(year) if year else base.astimezone(zone).year if base else 0
            return datetime(which, int(month), int(day), int(hour), int(minute), tzinfo=zone)
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _stamp(text: str, zone: tzinfo, base: datetime | None) -> str:
    """A time with its zone; what is no time stays as it is, to be refused with its words."""
    found = moment(text, zone, base)
    return text if found is None else found.isoformat(timespec="minutes")
