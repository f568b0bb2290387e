"""Damage curves by name: tables with straight lines between their rows, or functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.numbers import numbers
from haidang.risk.vulnerability import Curve

Floats = NDArray[np.float64]
_PROBES = 512
"""How many intensities a function is tried at before it is believed."""
_MOST_SORTED = 2**16
_ROUNDING = 1e-12
"""A share that is lower by less than this does not fall: floats lose their last digits."""
_BUCKETS_A_KNOT, _MOST_BUCKETS = 4, 4096


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A checked table of a damage curve; call it with intensities.

    Attributes:
        intensity: Knots, rising, (knot,).
        ratio: Lost share at each, 0 to 1, never falling, (knot,).
    """

    intensity: Floats
    ratio: Floats

    def __call__(self, intensity: Any) -> Floats:
        """Straight lines between the knots, flat beyond their ends; NaN stays NaN."""
        return np.asarray(np.interp(intensity, self.intensity, self.ratio))


def table(given: pd.DataFrame) -> Table:
    """A table with the columns ``intensity`` and ``ratio``, checked.

    Args:
        given: One row a knot. ``attrs["file"]`` is named in what is wrong with it.

    Raises:
        BadData: A column is missing, there is no row, a value is missing or no number, intensities
            do not rise, a ratio falls or lies outside 0 to 1. Each names its line.
    """
    file = str(given.attrs.get("file", ""))
    for name in ("intensity", "ratio"):
        if name not in given.columns:
            raise BadData(Problem("impact.curve_column", {}, file=file, field=name))
    x = numbers(given["intensity"], "intensity")
    y = numbers(given["ratio"], "ratio")
    if len(x) == 0:
        raise BadData(Problem("impact.curve_empty", {}, file=file))
    _refuse_row(np.isnan(x), "curve_missing", "intensity", file)
    _refuse_row(np.isnan(y), "curve_missing", "ratio", file)
    _refuse_row(np.diff(x, prepend=-np.inf) <= 0, "curve_order", "intensity", file)
    _refuse_row(np.diff(y, prepend=0.0) < 0, "curve_falls", "ratio", file)
    _refuse_row(y > 1, "curve_range", "ratio", file)
    return Table(x, y)


def _refuse_row(bad: NDArray[np.bool_], code: str, field: str, file: str) -> None:
    if bad.any():
        row = int(np.argmax(bad)) + 2
        raise BadData(Problem(f"impact.{code}", {}, file=file, row=row, field=field))


Given: TypeAlias = Curve | pd.DataFrame
Curves: TypeAlias = Given | Mapping[str, Any]
"""One curve for everything; or by name of the curve; or by category and then by name."""


def choose(given: Curves, category: str, name: str) -> Curve:
    """The curve of a category's points that carry a name.

    Args:
        given: As `Curves`. A mapping is looked up by category first, then by the name; a
            category's own mapping is looked up by the name.
        category: Such as ``people``.
        name: What the points say in their column ``curve``; "" where they say nothing.

    Raises:
        BadData: There is no such curve (those that exist are named), or what is there is neither a
            table nor a function, or `table` refuses it.
    """
    found: object = given
    for key in (category, name):
        if not isinstance(found, Mapping):
            break
        if key in found:
            found = found[key]
    if isinstance(found, Mapping):
        params = {"name": name or "-", "category": category, "known": ", ".join(map(str, found))}
        raise BadData(Problem("impact.no_curve", params, field="curve"))
    if isinstance(found, pd.DataFrame):
        return table(found)
    if not callable(found):
        params = {"given": type(found).__name__}
        raise BadData(Problem("impact.curve_kind", params, field="curve"))
    return found


def checked(curve: Curve, highest: float, name: str = "") -> Curve:
    """A curve that may be used on a sparse set of events.

    A sparse set does not store places that nothing reaches, so a curve that takes something at
    intensity 0 would lose it in silence. A function cannot be read; it is tried at `_PROBES`
    intensities up to the highest.

    Args:
        curve: From `choose`.
        highest: Largest intensity that it will be asked.
        name: For what is said.

    Raises:
        BadData: It takes something at intensity 0, gives shares outside 0 to 1 or none at all, or
            falls.
    """
    if isinstance(curve, Table):
        x, y = curve.intensity, curve.ratio
        if y[0] > 0 and not x[0] > 0:
            raise BadData(Problem("impact.curve_at_zero", {"ratio": float(y[0])}, field=name))
        if y[0] > 0:
            # Flat below its first row: it takes as much from a place that is not reached.
            raise BadData(Problem("impact.curve_begins", {"ratio": float(y[0])}, field=name))
        return curve
    said = shares_of(curve, np.linspace(0.0, max(highest, 1.0), _PROBES), name)
    if said[0] > 0:
        raise BadData(Problem("impact.curve_at_zero", {"ratio": float(said[0])}, field=name))
    return curve


def shares_of(curve: Curve, intensity: Floats, name: str = "") -> Floats:
    """What a curve says of intensities, if it can be the curve of a damage.

    Args:
        curve: A table or function.
        intensity: Any shape; NaN is unknown, and so is its share.
        name: For what is said.

    Returns:
        Shares, same shape.

    Raises:
        BadData: It fails on an array, does not give one share for each intensity, gives one outside
            0 to 1 or none for an intensity that is known, or takes less at a higher intensity.
    """
    try:
        said = np.asarray(curve(intensity), np.float64)
    except (TypeError, ValueError) as error:
        raise BadData(Problem("impact.curve_fails", {"why": error}, field=name)) from error
    known = ~np.isnan(intensity)
    if said.shape != intensity.shape or not np.all((said >= 0) & (said <= 1) | ~known):
        raise BadData(Problem("impact.curve_values", {}, field=name))
    if isinstance(curve, Table):
        return said
    # Of millions every so many-th is enough: sorting all would cost more than the losses.
    some = slice(None, None, max(1, int(known.sum()) // _MOST_SORTED))
    order = np.argsort(intensity[known][some], kind="stable")
    fall = np.diff(said[known][some][order]) < -_ROUNDING
    if fall.any():
        at = float(intensity[known][some][order][int(np.argmax(fall)) + 1])
        raise BadData(Problem("impact.curve_falls_at", {"at": round(at, 3)}, field=name))
    return np.where(known, said, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Tables one after the other, as the kernel reads them, and the functions it cannot.

    To find the knots around an intensity, the range of a table is cut into equal buckets, each of
    which knows the last knot at or below its lower edge: that is one step instead of a search.

    Attributes:
        head: Of each table: first intensity and ratio, last intensity and ratio, buckets for each
            unit of intensity, first bucket, (table, 6).
        knots: Intensity, ratio and slope to the next knot, of all tables, (knot, 3).
        guide: Number of a knot, (bucket,).
        functions: Those that are evaluated before the kernel; curve number ``tables + i``.
    """

    head: Floats
    knots: Floats
    guide: NDArray[np.uint32]
    functions: tuple[Curve, ...]


def pack(curves: list[Curve]) -> tuple[Packed, NDArray[np.int64]]:
    """Bring curves into the kernel's form.

    Args:
        curves: Tables and functions in any order.

    Returns:
        The packed curves, and the number of each given curve in them, (curve,).
    """
    tables = [c for c in curves if isinstance(c, Table)]
    functions = tuple(c for c in curves if not isinstance(c, Table))
    number = np.empty(len(curves), np.int64)
    a, b = 0, len(tables)
    for i, c in enumerate(curves):
        if isinstance(c, Table):
            number[i], a = a, a + 1
        else:
            number[i], b = b, b + 1
    heads, knots, guides = [np.empty((0, 6))], [np.empty((0, 3))], [np.empty(0, np.int64)]
    first = buckets = 0
    for t in tables:
        guide, per_unit = _guide(t, first)
        x, y = t.intensity, t.ratio
        heads.append(np.array([[x[0], y[0], x[-1], y[-1], per_unit, buckets]]))
        knots.append(_knots(t))
        guides.append(guide)
        first, buckets = first + len(x), buckets + len(guide)
    packed = Packed(
        np.concatenate(heads), np.concatenate(knots), np.concatenate(guides).astype(np.uint32),
        functions,
    )  # fmt: skip
    return packed, number


def _knots(given: Table) -> Floats:
    x, y = given.intensity, given.ratio
    slope = np.append(np.diff(y) / np.diff(x), 0.0)
    return np.column_stack([x, y, slope])


def _guide(given: Table, first: int) -> tuple[NDArray[np.int64], float]:
    x = given.intensity
    count = min(_BUCKETS_A_KNOT * len(x), _MOST_BUCKETS)
    width = (x[-1] - x[0]) / count
    if not width > 0:
        return np.array([first]), 0.0
    # One more than there are: an intensity just below the last knot may be rounded into it.
    edges = np.minimum(x[0] + width * np.arange(count + 1), np.nextafter(x[-1], x[0]))
    return np.searchsorted(x, edges, side="right").astype(np.int64) - 1 + first, 1.0 / width
