"""Sums over places at any level, and from the codes of one day to those of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd

from haidang.base.place import KINDS, Gazetteer, Kind, Place
from haidang.base.problem import Problem


def above(
    gazetteer: Gazetteer,
    codes: Iterable[str],
    kind: Kind,
    day: date,
    to_kind: Kind,
    to_day: date | None = None,
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The place of a level, on a day, that each code belongs to.

    A code is followed to the later day first and up the levels then, so that a commune of an old
    province is found in the new one. If nothing says what became of the place itself, its old
    parent is followed.

    Args:
        gazetteer: All places of the country over all dates.
        codes: Of one kind on one day.
        kind: Their kind.
        day: On which they are meant.
        to_kind: Level that is wanted, the same or a higher one.
        to_day: The day of the codes that are wanted, not before ``day``; None is ``day``.

    Returns:
        Code of the place above by code, and what could not be found. A code that is unknown, or
        went to several places of the level, is not in the first: how its figure would be shared
        out is not known.

    Raises:
        ValueError: ``to_day`` is before ``day``.
    """
    until = to_day or day
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for code in sorted(set(codes)):
        place = gazetteer.find(kind, code, day)
        if place is None:
            problems.append(
                Problem("impact.place_unknown", {"code": code, "day": day}, severity="warning")
            )
            continue
        new = gazetteer.successors(kind, code, day, until)
        into = {p.code for s in new if (p := _climb(gazetteer, s, to_kind, until)) is not None}
        if not into and (old := _climb(gazetteer, place, to_kind, day)) is not None:
            into = {p.code for p in gazetteer.successors(to_kind, old.code, day, until)}
        if len(into) == 1:
            found[code] = into.pop()
        else:
            params = {"code": code, "count": len(into), "into": ", ".join(sorted(into)) or "-"}
            problems.append(Problem("impact.place_split", params, severity="warning"))
    return found, tuple(problems)


def _climb(gazetteer: Gazetteer, place: Place, to_kind: Kind, day: date) -> Place | None:
    at: Place | None = place
    for _ in KINDS:
        if at is None or at.kind == to_kind:
            return at
        parent = at.parent
        at = next(
            (p for k in KINDS if parent and k != at.kind and (p := gazetteer.find(k, parent, day))),
            None,
        )
    return None


def rolled_up(by_place: pd.Series, into: Mapping[str, str]) -> pd.Series:
    """Sums of a figure by place over the places above.

    Args:
        by_place: Indexed by code, as `Impacts.by_place` gives it.
        into: From `above`.

    Returns:
        Indexed by the codes above; "" is what no place above took, so that the sum stays the same.
        NaN where a part is unknown.
    """
    target = np.array([into.get(str(code), "") for code in by_place.index], object)
    codes, names = pd.factorize(target, sort=True)
    # Not pandas' own sum over groups: it would leave what is unknown out, in silence.
    sums = np.bincount(codes, by_place.to_numpy(np.float64), minlength=len(names))
    return pd.Series(sums, pd.Index(names, name="place"), name=by_place.name)
