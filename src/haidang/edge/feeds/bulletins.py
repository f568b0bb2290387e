"""Bulletins of a moving event from a CSV file: positions, strength, and the word that it is over.

Columns: ``issued, valid, lat, lon, kind`` always; the strength as ``beaufort_low, beaufort_high``
or ``beaufort`` or ``wind_ms``, ``wind_kmh``, ``wind_kt``; ``pressure_hpa``,
``position_uncertainty_km`` and ``source`` if known. Other columns are kept by nobody and refused
by nobody: a file may carry notes.

This is the only place that trusts nobody: each row is checked and either becomes a `Fix` or a
`Problem` that names its line. The good rows are kept.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, cast

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.wind import (
    BEAUFORT,
    convert_averaging,
    convert_maximum,
    kmh_to_ms,
    knots_to_ms,
    lower_bound,
)
from haidang.data.tracks import Fix, Kind
from haidang.risk.hazards.tropical_cyclone_fill import wind_from_pressure

NEEDED: Final = ("issued", "valid", "lat", "lon", "kind")
STRENGTHS: Final = ("beaufort", "beaufort_low", "beaufort_high", "wind_ms", "wind_kmh", "wind_kt")
KINDS: Final = ("analysis", "forecast", "ended")
DEFAULT_ERROR_KM: Final = {"analysis": 15.0, "forecast": 0.0, "ended": 15.0}
"""Used where a row gives no uncertainty: services fix a centre to some 15 km (mean position error
of official agencies in 2022: 15.4 km, in 2023: 17.1 km, Meteorological Monthly's verifications); a
forecast's error is the forecast's own growth."""

OLDEST: Final = timedelta(hours=24)
"""Older than this before its bulletin a position is no analysis of it: a date was mistyped."""

Averaging = Literal[60, 120, 180, 600]


@dataclass(frozen=True, slots=True)
class BulletinFile:
    """What a file held.

    Attributes:
        fixes: Good rows, receipt 0: the store gives the number. ``published`` is the time of
            issue, ``received`` too until the store says when.
        problems: Errors (rows left out) and warnings (rows kept, something filled).
    """

    fixes: tuple[Fix, ...]
    problems: tuple[Problem, ...]


def read_bulletins(path: Path, event: str, averaging_s: Averaging = 600) -> BulletinFile:
    """Read one event's bulletins.

    Args:
        path: UTF-8 CSV with a header line.
        event: Id of the event they are about.
        averaging_s: Period over which the source averages its winds, s; converted to the 10-minute
            mean at sea after Harper et al. (2010).

    Returns:
        Good rows and what is wrong with the others.

    Raises:
        BadData: The file cannot be read, is empty, lacks a needed column or all strengths, or has
            no good row at all.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadData(Problem("feed.unreadable", {"why": err}, file=str(path))) from err
    return parse_bulletins(text, event, averaging_s, file=path.name)


def parse_bulletins(
    text: str, event: str, averaging_s: Averaging = 600, *, file: str = ""
) -> BulletinFile:
    """As ``read_bulletins``, from text in memory.

    A bulletin that both gives a position of the event (analysis) and says that it is over (ended)
    contradicts itself: all of its rows are left out, whichever was meant.
    """
    reader = csv.DictReader(io.StringIO(text))
    have = tuple(reader.fieldnames or ())
    if len(have) == 1 and ";" in have[0]:
        raise BadData(Problem("feed.semicolons", {}, file=file, row=1))
    if missing := [c for c in NEEDED if c not in have]:
        raise BadData(Problem("feed.columns", {"missing": ", ".join(missing)}, file=file, row=1))
    if not set(have) & {*STRENGTHS, "pressure_hpa"}:
        known = ", ".join(STRENGTHS)
        raise BadData(Problem("feed.no_strength", {"known": known}, file=file, row=1))
    fixes: list[tuple[Fix, int]] = []
    problems: list[Problem] = []
    first_seen: dict[tuple[datetime, datetime, str], int] = {}
    for row in reader:
        line = reader.line_num
        cells = {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
        if None in row:
            problems.append(Problem("feed.too_many_cells", {}, file=file, row=line))
            continue
        found, wrong = _Row(cells, event, averaging_s, file, line).fix()
        problems += wrong
        if found is None:
            continue
        key = (found.issued, found.valid, found.kind)
        if key in first_seen:
            problems.append(
                Problem(
                    "feed.duplicate",
                    {"value": cells["valid"], "first": first_seen[key]},
                    file=file,
                    row=line,
                    field="valid",
                )
            )
            continue
        first_seen[key] = line
        fixes.append((found, line))
    contradicting = _contradicting(fixes)
    problems += [
        Problem("feed.ended_and_there", {"first": first}, file=file, row=second, field="kind")
        for first, second in contradicting.values()
    ]
    kept = tuple(fix for fix, _ in fixes if fix.issued not in contradicting)
    if not kept:
        raise BadData(*problems, Problem("feed.empty", {}, file=file))
    return BulletinFile(kept, tuple(problems))


def _contradicting(fixes: Sequence[tuple[Fix, int]]) -> dict[datetime, tuple[int, int]]:
    """Times of issue of bulletins with both an analysis and an end: the lines of the two."""
    lines: dict[datetime, dict[str, int]] = {}
    for fix, line in fixes:
        if fix.kind != "forecast":
            lines.setdefault(fix.issued, {}).setdefault(fix.kind, line)
    return {
        issued: (min(of.values()), max(of.values())) for issued, of in lines.items() if len(of) > 1
    }


@dataclass(frozen=True)
class _Row:
    cells: Mapping[str, str]
    event: str
    averaging_s: Averaging
    file: str
    line: int

    def wrong(self, code: str, field: str, **params: object) -> Problem:
        return Problem(f"feed.{code}", params, file=self.file, row=self.line, field=field)

    def fix(self) -> tuple[Fix | None, list[Problem]]:
        problems: list[Problem] = []
        times = {f: self._time(f, problems) for f in ("issued", "valid")}
        kind = self.cells["kind"]
        if kind not in KINDS:
            problems.append(self.wrong("kind", "kind", value=kind, known=", ".join(KINDS)))
        lat = self._number("lat", -90, 90, problems)
        lon = self._number("lon", -180, 180, problems)
        pressure = self._number("pressure_hpa", 800, 1100, problems, optional=True)
        error = self._number("position_uncertainty_km", 0, 2000, problems, optional=True)
        wind = (0.0, 0.0) if kind == "ended" else self._wind(pressure, problems)
        issued, valid = times["issued"], times["valid"]
        if issued and valid and kind in KINDS:
            problems += self._order(issued, valid, kind)
        bad = any(p.severity == "error" for p in problems)
        if bad or issued is None or valid is None or lat is None or lon is None or wind is None:
            return None, problems
        if pressure is None and "pressure_hpa" in self.cells and kind != "ended":
            problems.append(
                Problem(
                    "feed.no_pressure", {}, self.file, self.line, "pressure_hpa", severity="warning"
                )
            )
        return (
            Fix(
                event=self.event,
                issued=issued,
                valid=valid,
                lat=lat,
                lon=lon,
                wind_low=wind[0],
                wind_high=wind[1],
                kind=cast(Kind, kind),
                error_km=DEFAULT_ERROR_KM[kind] if error is None else error,
                pressure_hpa=pressure,
                source=self.cells.get("source", ""),
                published=issued,
                received=issued,
                receipt=0,
            ),
            problems,
        )

    def _order(self, issued: datetime, valid: datetime, kind: str) -> Iterator[Problem]:
        """What is forecast lies after the bulletin, what was seen not, and not long before it."""
        value = self.cells["valid"]
        if kind == "forecast":
            if valid <= issued:
                yield self.wrong("forecast_in_the_past", "valid", value=value)
        elif valid > issued:
            yield self.wrong("seen_in_the_future", "valid", value=value, kind=kind)
        elif issued - valid > OLDEST:
            hours = OLDEST / timedelta(hours=1)
            yield self.wrong("seen_long_ago", "valid", value=value, kind=kind, hours=hours)

    def _time(self, field: str, problems: list[Problem]) -> datetime | None:
        text = self.cells[field]
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            problems.append(self.wrong("time", field, value=text))
            return None
        if instant.tzinfo is None:
            problems.append(Problem("feed.zone", {"value": text}, self.file, self.line, field))
            return None
        return instant

    def _number(
        self,
        field: str,
        low: float,
        high: float,
        problems: list[Problem],
        *,
        optional: bool = False,
    ) -> float | None:
        text = self.cells.get(field, "")
        if not text:
            if not optional:
                problems.append(self.wrong("missing", field))
            return None
        try:
            # Python reads 2_0 as a number, people do not.
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if math.isnan(value):
            problems.append(self.wrong("number", field, value=text))
            return None
        if not low <= value <= high:
            problems.append(self.wrong("range", field, value=text, low=low, high=high))
            return None
        return value

    def _wind(self, pressure: float | None, problems: list[Problem]) -> tuple[float, float] | None:
        """Bounds of the strongest 10-minute wind, m/s; None and a problem where nothing says."""
        before = len(problems)
        for reading in self._winds(problems):
            if len(problems) > before:
                return None
            return self._ten_minutes(reading[0]), self._ten_minutes(reading[1])
        if len(problems) > before:
            return None
        if pressure is not None:
            v = float(convert_maximum(wind_from_pressure(pressure), 60, 600))
            problems.append(
                Problem("feed.no_wind", {}, self.file, self.line, "wind", severity="warning")
            )
            return v, v
        problems.append(self.wrong("no_wind_no_pressure", "wind"))
        return None

    def _ten_minutes(self, wind: float) -> float:
        """A storm's strongest wind as a 10-minute mean at sea (Harper et al. 2010).

        From one minute by the report's factor for a storm's maximum; for the periods between, for
        which it has none, by its gust factors.
        """
        if self.averaging_s == 60:  # noqa: PLR2004 - seconds in a minute
            return float(convert_maximum(wind, 60, 600))
        return float(convert_averaging(wind, self.averaging_s, 600, "at-sea"))

    def _winds(self, problems: list[Problem]) -> Iterator[tuple[float, float]]:
        to_ms: dict[str, Callable[[Any], Any]] = {
            "wind_ms": float,
            "wind_kmh": kmh_to_ms,
            "wind_kt": knots_to_ms,
        }
        for field, convert in to_ms.items():
            if self.cells.get(field):
                value = self._number(field, 0, 400, problems)
                speed = 0.0 if value is None else float(convert(value))
                yield speed, speed
        fields = [f for f in ("beaufort", "beaufort_low", "beaufort_high") if self.cells.get(f)]
        if not fields:
            return
        forces = [self._number(f, 0, len(BEAUFORT) - 1, problems) for f in fields]
        for name, force in zip(fields, forces, strict=True):
            if force is not None and not float(force).is_integer():
                problems.append(self.wrong("force", name, value=self.cells[name]))
        known = [int(f) for f in forces if f is not None]
        if not known:
            yield 0.0, 0.0
            return
        low, high = min(known), max(known)
        bounds = [self.cells.get(f) for f in ("beaufort_low", "beaufort_high")]
        # Swapped is not simply turned round: one of the two may as well be a typing error.
        if all(bounds) and len(known) == len(fields):
            of = dict(zip(fields, known, strict=True))
            if of["beaufort_low"] > of["beaufort_high"]:
                said = {"low": of["beaufort_low"], "high": of["beaufort_high"]}
                problems.append(self.wrong("force_order", "beaufort_low", **said))
        top = lower_bound(high + 1) if high + 1 < len(BEAUFORT) else lower_bound(high) * 1.1
        # The bound itself belongs to the next force already.
        yield lower_bound(low), math.nextafter(top, 0.0)
