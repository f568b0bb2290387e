"""Proof-reading a law table: every gap and every contradiction that its head does not declare.

The check is complete. Between two neighbouring bounds nothing changes, so one number stands for
all of them: all categories × all such pieces are all the cases there are.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from haidang.base.problem import Problem
from haidang.law.evaluate import Bools, cite, in_words, mask
from haidang.law.interval import Interval, elementary
from haidang.law.levels import Names
from haidang.law.table import Declared, Input, Row, Table
from haidang.words import LANGUAGES, word

MOST_CASES = 3_000_000
Box = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    """All cases of a table, one axis per input.

    Attributes:
        table: The table.
        axes: Per input its categories or its elementary ranges.
        columns: Per input its values, shaped to broadcast along its own axis.
    """

    table: Table
    axes: tuple[tuple[str, ...] | tuple[Interval, ...], ...]
    columns: Mapping[str, npt.NDArray[np.float64]]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(a) for a in self.axes)

    def mask(self, declared: Declared | Row) -> Bools:
        return np.broadcast_to(mask(self.table, declared.region, self.columns), self.shape)

    def any(self, declared: tuple[Declared, ...]) -> Bools:
        found = np.zeros(self.shape, bool)
        for d in declared:
            found |= self.mask(d)
        return found

    def case(self, box: Box) -> dict[str, object]:
        """A box of cases: per input a category, several, or the range its pieces add up to."""
        said: dict[str, object] = {}
        for of, axis, chosen in zip(self.table.inputs, self.axes, box, strict=True):
            first, last = axis[chosen[0]], axis[chosen[-1]]
            if isinstance(first, Interval) and isinstance(last, Interval):
                said[of.id] = Interval(first.low, last.high, first.low_in, last.high_in)
            else:
                said[of.id] = [axis[i] for i in chosen]
        return said

    def example(self, box: Box) -> dict[str, object]:
        """One case of a box."""
        said: dict[str, object] = {}
        for of, axis, chosen in zip(self.table.inputs, self.axes, box, strict=True):
            first = axis[chosen[0]]
            said[of.id] = first.member(integer=of.integer) if isinstance(first, Interval) else first
        return said

    def words(self, box: Box) -> Names:
        """The box in words, with one case out of it where it holds several."""
        whole = in_words(self.table, self.case(box))
        one = in_words(self.table, self.example(box))
        plain = all(len(c) == 1 for c in box) and all(
            not isinstance(a[c[0]], Interval) or self.single(i, a[c[0]])
            for i, a, c in zip(self.table.inputs, self.axes, box, strict=True)
        )
        if plain:
            return one
        return Names({k: word("law.such_as", k, cases=whole[k], example=one[k]) for k in whole})

    @staticmethod
    def single(of: Input, piece: object) -> bool:
        if not isinstance(piece, Interval):
            return True
        it = piece.whole() if of.integer else piece
        return it.low == it.high


def _axis(table: Table, of: Input) -> tuple[str, ...] | tuple[Interval, ...]:
    if of.kind == "category":
        return tuple(of.values)
    regions = [r.region for r in table.rows]
    regions += [d.region for d in (*table.below, *table.gaps, *table.overlaps)]
    found = [c for r in regions if isinstance(c := r.conditions.get(of.id), Interval)]
    return elementary(found, of.domain, integer=of.integer)


def _grid(table: Table) -> _Grid:
    axes = tuple(_axis(table, i) for i in table.inputs)
    columns = {}
    for n, (of, axis) in enumerate(zip(table.inputs, axes, strict=True)):
        values = [
            a.member(integer=of.integer) if isinstance(a, Interval) else float(i)
            for i, a in enumerate(axis)
        ]
        shape = [1] * len(axes)
        shape[n] = len(axis)
        columns[of.id] = np.array(values, np.float64).reshape(shape)
    return _Grid(table, axes, columns)


def boxes(bad: Bools, ordered: tuple[bool, ...]) -> Iterator[Box]:
    """Few boxes that hold exactly the true cells, each grown as far as it goes.

    Args:
        bad: Cells, any number of axes.
        ordered: Per axis: only neighbours may be joined (numbers), or any (categories).
    """
    left = bad.copy()
    while left.any():
        cell = np.unravel_index(int(np.argmax(left)), left.shape)
        box = [[int(i)] for i in cell]
        # Numbers first: a merged range is read more easily than a merged list of areas.
        for axis in sorted(range(left.ndim), key=lambda a: not ordered[a]):
            for i in range(box[axis][0] + 1, left.shape[axis]):
                trial = [*box]
                trial[axis] = [i]
                if bad[np.ix_(*trial)].all():
                    box[axis].append(i)
                elif ordered[axis]:
                    break
        left[np.ix_(*box)] = False
        yield tuple(tuple(b) for b in box)


def check(table: Table, day: dt.date | None = None) -> tuple[Problem, ...]:
    """What is wrong with a table that could be read.

    Args:
        table: The table.
        day: The day on which it is to serve; None = any.

    Returns:
        Errors: cases without a level that are not declared as a gap; cases with several levels
        that are not declared as an overlap; cases declared as below, gap or overlap that are
        not; a row that no case can meet. Warnings: a declaration that is wider than the truth; a
        table past its last day.
    """
    found: list[Problem] = []
    if day is not None and table.valid_until is not None and day > table.valid_until:
        params = {"article": table.article, "end": table.valid_until, "day": day}
        found.append(
            Problem("law.expired", params, table.file, field="valid_until", severity="warning")
        )
    grid = _grid(table)
    if math.prod(grid.shape) > MOST_CASES:
        params = {"count": math.prod(grid.shape), "most": MOST_CASES}
        return (*found, Problem("law.too_many_cases", params, table.file))
    matched = np.zeros(grid.shape, bool)
    top = np.zeros(grid.shape, np.int16)
    least = np.full(grid.shape, np.iinfo(np.int16).max, np.int16)
    for row in table.rows:
        hit = grid.mask(row)
        if not hit.any():
            params = {"clause": row.clause}
            found.append(Problem("law.row_never", params, table.file, row.line, "clause"))
        matched |= hit
        top[hit] = np.maximum(top[hit], row.level)
        least[hit] = np.minimum(least[hit], row.level)
    twice = matched & (top != least)
    below = grid.any(table.below)
    found += _gaps(grid, ~matched & ~below & ~grid.any(table.gaps))
    found += _overlaps(grid, twice & ~grid.any(table.overlaps))
    found += _declared(grid, "gap", "gaps", table.gaps, ~matched & ~below, below)
    found += _declared(grid, "overlap", "overlaps", table.overlaps, twice)
    found += _declared(grid, "below", "below", table.below, ~matched)
    return tuple(found)


def _ordered(grid: _Grid) -> tuple[bool, ...]:
    return tuple(i.kind != "category" for i in grid.table.inputs)


def _gaps(grid: _Grid, bad: Bools) -> Iterator[Problem]:
    for box in boxes(bad, _ordered(grid)):
        near = _rows_near(grid, box)
        yield Problem(
            "law.gap",
            {"where": grid.words(box), "near": _named(near)},
            grid.table.file,
            min((r.line for r in near), default=None),
        )


def _overlaps(grid: _Grid, bad: Bools) -> Iterator[Problem]:
    left = bad.copy()
    while left.any():
        cell = np.unravel_index(int(np.argmax(left)), left.shape)
        rows = [r for r in grid.table.rows if grid.mask(r)[cell]]
        same = bad.copy()
        for row in grid.table.rows:
            same &= grid.mask(row) == (row in rows)
        left &= ~same
        for box in boxes(same, _ordered(grid)):
            params = {"where": grid.words(box), "rows": _named(rows)}
            yield Problem("law.overlap", params, grid.table.file, rows[0].line)


def _declared(
    grid: _Grid,
    what: str,
    key: str,
    declared: tuple[Declared, ...],
    true: Bools,
    harmless: Bools | None = None,
) -> Iterator[Problem]:
    """Declarations that name no such case (error) or others besides (warning).

    A gap that reaches into ``below`` does no harm: what lies below is settled first.
    """
    for n, d in enumerate(declared):
        said = grid.mask(d)
        field = f"{key}.{n}"
        wrong = said & ~true
        spilt = wrong if harmless is None else wrong & ~harmless
        if not spilt.any() and (said & true).any():
            continue
        wrong = spilt if spilt.any() else wrong
        code, severity = ("absent", "error") if not (said & true).any() else ("wider", "warning")
        # `below` must hold everywhere: a row's level would hide behind it, or contradict it.
        if what == "below":
            severity = "error"
        box = next(boxes(wrong, _ordered(grid)), None)
        where = _own("law.nowhere") if box is None else grid.words(box)
        rows = [] if box is None else _rows_at(grid, tuple(b[0] for b in box))
        problem = Problem(
            f"law.{what}_{code}",
            {"where": where, "rows": _named(rows)},
            grid.table.file,
            None,
            field,
        )
        yield problem if severity == "error" else replace(problem, severity="warning")


def _rows_at(grid: _Grid, cell: tuple[int, ...]) -> list[Row]:
    return [r for r in grid.table.rows if grid.mask(r)[cell]]


def _rows_near(grid: _Grid, box: Box) -> list[Row]:
    """The rows on either side of a box along the axes of numbers, in the order of the file."""
    found: list[Row] = []
    for axis, ordered in enumerate(_ordered(grid)):
        if not ordered:
            continue
        for i in (box[axis][0] - 1, box[axis][-1] + 1):
            if 0 <= i < grid.shape[axis]:
                cell = [b[0] for b in box]
                cell[axis] = i
                found += _rows_at(grid, tuple(cell))
    return sorted({r.line: r for r in found}.values(), key=lambda r: r.line)


def _named(rows: list[Row]) -> Names:
    if not rows:
        return _own("law.no_row")
    return Names(
        {
            k: "; ".join(
                word("law.row", k, clause=cite(r.clause, k), line=r.line, level=r.level)
                for r in rows
            )
            for k in LANGUAGES
        }
    )


def _own(key: str) -> Names:
    return Names({k: word(key, k) for k in LANGUAGES})


def disputed(table: Table) -> tuple[Row, ...]:
    """Rows that never decide: all their cases lie where the text says several things at once.

    Such a row was read rightly and still gives no level: a person must see the original.
    """
    grid = _grid(table)
    open_ones = grid.any(tuple(o for o in table.overlaps if o.rule == "none"))
    return tuple(r for r in table.rows if not (grid.mask(r) & ~open_ones).any())
