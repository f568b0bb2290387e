"""Inventories from a spreadsheet: what a place has, unit by unit, as CSV or XLSX.

Columns: ``id, kind, place, echelon, quantity`` always; ``reserve, ready_min, lat, lon, source,
demo`` if known. Other columns are kept by nobody and refused by nobody. A CSV may part its cells by
commas or, as spreadsheets of many countries write it, by semicolons.

Nobody is trusted: each row becomes a `Unit` or a `Problem` that names its line. The good rows are
kept. A number with a comma is refused, not guessed: ``1,200`` is a thousand to one reader and
little more than one to another.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, cast, get_args

from haidang.base.errors import BadData, NotFound
from haidang.base.place import Gazetteer, Kind
from haidang.base.problem import Problem
from haidang.edge.feeds.grid import rows_of
from haidang.respond.plan import Echelon, Unit

INVENTORY: Final = "inventory"
"""Source of what is taken in unless another is named: the next one of it replaces it whole."""

NEEDED: Final = ("id", "kind", "place", "echelon", "quantity")
OPTIONAL: Final = ("reserve", "ready_min", "lat", "lon", "source", "demo")
ECHELONS: Final[tuple[str, ...]] = get_args(Echelon)
HELD_BY: Final[tuple[Kind, ...]] = ("province", "commune")
MOST: Final = 10_000_000
"""More of one thing at one place than anybody has: a date or a telephone number was pasted."""
LONGEST_MIN: Final = 14 * 24 * 60
"""What takes longer than two weeks to set out is no help."""
YES: Final = frozenset({"true", "yes", "1", "x", "có", "co"})
NO: Final = frozenset({"false", "no", "0", "", "không", "khong"})

_WHOLE: Final = re.compile(r"[+-]?\d+")
_SPREADSHEET_WHOLE: Final = re.compile(r"([+-]?\d+)\.0+")


@dataclass(frozen=True, slots=True)
class StockRead:
    """What a file held.

    Attributes:
        units: Good rows, in the order of the file.
        problems: Errors (rows left out) and warnings (rows kept, something filled).
    """

    units: tuple[Unit, ...]
    problems: tuple[Problem, ...]


def read_stock(path: Path, kinds: Collection[str], places: Gazetteer, day: date) -> StockRead:
    """Read one inventory.

    Args:
        path: UTF-8 CSV or XLSX (first sheet) with a header line.
        kinds: Ids of the resource kinds that are counted.
        places: Of the country.
        day: Places are looked up as of this day.

    Returns:
        Good rows and what is wrong with the others; no unit at all where no row is good.

    Raises:
        BadData: The file cannot be read, is empty or lacks a needed column.
    """
    try:
        table = rows_of(path)
    except (OSError, csv.Error, ValueError) as err:
        raise BadData(Problem("stock.unreadable", {"why": err}, file=path.name)) from err
    return parse_stock(table, kinds, places, day, file=path.name)


def parse_stock(
    table: Sequence[tuple[int, Sequence[str]]],
    kinds: Collection[str],
    places: Gazetteer,
    day: date,
    *,
    file: str = "",
) -> StockRead:
    """As ``read_stock``, from rows in memory.

    Args:
        table: (line as an editor counts, cells), the header first.
        kinds: See ``read_stock``; likewise ``places`` and ``day``.
        places: See there.
        day: See there.
        file: Name that problems carry.
    """
    filled = [
        (line, [c.strip() for c in cells]) for line, cells in table if any(map(str.strip, cells))
    ]
    if not filled:
        raise BadData(Problem("stock.empty", {"needed": ", ".join(NEEDED)}, file=file))
    (head_line, header), *rows = filled
    names = [name.lower() for name in header]
    if missing := [name for name in NEEDED if name not in names]:
        said = {"missing": ", ".join(missing), "needed": ", ".join((*NEEDED, *OPTIONAL))}
        raise BadData(Problem("stock.columns", said, file=file, row=head_line))
    if twice := sorted({n for n in names if n in (*NEEDED, *OPTIONAL) and names.count(n) > 1}):
        raise BadData(Problem("stock.column_twice", {"name": twice[0]}, file=file, row=head_line))
    if not rows:
        raise BadData(Problem("stock.empty", {"needed": ", ".join(NEEDED)}, file=file))
    problems: list[Problem] = []
    units: list[Unit] = []
    first: dict[str, int] = {}
    for line, cells in rows:
        if len(cells) > len(names) and any(cells[len(names) :]):
            problems.append(Problem("stock.too_many_cells", {}, file=file, row=line))
            continue
        row = _Row(dict(zip(names, cells, strict=False)), file, line, kinds, places, day)
        unit = row.unit()
        name = row.text("id")
        if name and name in first:
            row.wrong("twice", "id", value=name, first=first[name])
            unit = None
        problems += row.problems
        if name:
            first.setdefault(name, line)
        if unit is not None:
            units.append(unit)
    return StockRead(tuple(units), tuple(problems))


@dataclass
class _Row:
    cells: Mapping[str, str]
    file: str
    line: int
    kinds: Collection[str]
    places: Gazetteer
    day: date
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.cells.get(name, "")

    def wrong(self, code: str, name: str, **params: object) -> None:
        self.problems.append(Problem(f"stock.{code}", params, self.file, self.line, name))

    def unit(self) -> Unit | None:
        for name in ("id", "kind", "place", "echelon"):
            if not self.text(name):
                self.wrong("missing", name)
        self._known("kind", sorted(self.kinds))
        self._known("echelon", ECHELONS)
        self._place()
        quantity = self._whole("quantity", needed=True)
        reserve = self._whole("reserve") or 0
        if quantity is not None and reserve > quantity:
            self.wrong("reserve", "reserve", value=reserve, quantity=quantity)
        ready = self._number("ready_min", 0, LONGEST_MIN)
        lat, lon = self._number("lat", -90, 90), self._number("lon", -180, 180)
        if bool(self.text("lat")) != bool(self.text("lon")):
            self.wrong("half_position", "lon" if self.text("lat") else "lat")
        demo = self.text("demo").lower()
        if demo not in YES | NO:
            self.wrong("demo", "demo", value=self.text("demo"))
        if self.problems or quantity is None:
            return None
        return Unit(
            id=self.text("id"),
            kind=self.text("kind"),
            place=self.text("place"),
            echelon=cast(Echelon, self.text("echelon")),
            quantity=quantity,
            reserve=reserve,
            ready_min=ready or 0.0,
            lat=lat,
            lon=lon,
            source=self.text("source") or self.file,
            demo=demo in YES,
        )

    def _known(self, name: str, known: Sequence[str]) -> None:
        value = self.text(name)
        if value and value not in known:
            self.wrong(name, name, value=value, known=", ".join(known))

    def _place(self) -> None:
        code = self.text("place")
        if not code:
            return
        for kind in HELD_BY:
            try:
                self.places.get(kind, code, self.day)
            except NotFound:
                continue
            return
        self.wrong("place", "place", value=code, near=", ".join(self._near(code)) or "-")

    def _near(self, code: str) -> Iterator[str]:
        """Places that may be meant: a name was written, or a spreadsheet ate a leading zero."""
        for place in self.places.at(self.day, "province"):
            if place.code.lstrip("0") == code.lstrip("0") or code in place.names.values():
                yield place.code

    def _whole(self, name: str, *, needed: bool = False) -> int | None:
        text = self.text(name)
        if not text:
            if needed:
                self.wrong("missing", name)
            return None
        if self._comma(name, text):
            return None
        if found := _SPREADSHEET_WHOLE.fullmatch(text):
            text = found[1]
        if not (text.isascii() and _WHOLE.fullmatch(text)):
            code = "fraction" if _number(text) is not None else "number"
            self.wrong(code, name, value=text)
            return None
        if len(text) > len(str(MOST)) + 1 or abs(int(text)) > MOST:
            self.wrong("too_many", name, value=text[:20], most=MOST)
            return None
        if int(text) < 0:
            self.wrong("negative", name, value=text)
            return None
        return int(text)

    def _number(self, name: str, low: float, high: float) -> float | None:
        text = self.text(name)
        if not text or self._comma(name, text):
            return None
        value = _number(text)
        if value is None:
            self.wrong("number", name, value=text[:40])
            return None
        if not low <= value <= high:
            self.wrong("range", name, value=text[:40], low=low, high=high)
            return None
        return value

    def _comma(self, name: str, text: str) -> bool:
        """Say of a number with a comma what to write for each of the two things it may mean."""
        if "," not in text or _number(text.replace(",", "")) is None:
            return False
        both = {"whole": text.replace(",", ""), "point": text.replace(",", ".", 1)}
        self.wrong("comma", name, value=text[:40], **both)
        return True


def _number(text: str) -> float | None:
    try:
        # Python reads 2_0 as a number, people do not.
        value = math.nan if "_" in text else float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
