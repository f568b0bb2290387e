"""A budget of false alarms: which alarms of a whole nation to look at.

Of thousands of series that are judged by a bound at 5 %, hundreds lie above it by chance alone.
The false-discovery rate is the share of false ones that is expected among those that are kept.

* `benjamini_hochberg`: Benjamini & Hochberg (1995), "Controlling the false discovery rate: a
  practical and powerful approach to multiple testing", J. R. Stat. Soc. B 57, 289-300, for tests
  that do not depend on one another, or only positively as neighbours do (Benjamini & Yekutieli
  2001, Theorem 1.2).
* `benjamini_yekutieli`: Benjamini & Yekutieli (2001), "The control of the false discovery rate in
  multiple testing under dependency", Ann. Stat. 29, 1165-1188, Theorem 1.3: whatever the
  dependence, at the price of the factor 1 + 1/2 + … + 1/m.

Counts are discrete: P(Y ≥ y) is too large on the average, the more so the rarer the cases, and
thousands of communes with three cases a year would use up the budget. Where the method has a
distribution of counts its mid-p value is taken (Lancaster 1961; with this procedure: Heller & Gur
2011, arXiv:1112.4627), else the method's p-value. For mid-p values the theorems are no proof: what
is realised is measured by ``tests/watch/study_budget.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch import events
from haidang.watch.detect import COLUMNS
from haidang.watch.method import Floats
from haidang.watch.signal import State

LISTED: Final = (
    "rank", "indicator", "place", "name", "time", "value", "expected", "upper", "score", "p", "q",
    "weeks_running", "event", "kept",
)  # fmt: skip
"""Columns of the list."""

MID: Final = "p_mid"
"""Column of a method that gives mid-p values."""

_FEW_CASES: Final = "few_cases"


def benjamini_hochberg(p: Floats) -> Floats:
    """The q-values min over k ≥ i of m p(k) / k, at most 1.

    Args:
        p: p-values, any shape; NaN is no test.

    Returns:
        Of the same shape, NaN where there is no test. To keep all with q ≤ a is the procedure of
        the paper (its equation 1) at level a.
    """
    return _step_up(p, 1.0)


def benjamini_yekutieli(p: Floats) -> Floats:
    """As `benjamini_hochberg`, times 1 + 1/2 + … + 1/m (Theorem 1.3)."""
    tests = int(np.count_nonzero(~np.isnan(p)))
    return _step_up(p, float(np.sum(1.0 / np.arange(1, tests + 1))))


def _step_up(p: Floats, factor: float) -> Floats:
    q = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    values = p[known]
    m = len(values)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * (factor * m) / np.arange(1, m + 1)
    least = np.minimum.accumulate(scaled[::-1])[::-1]
    found = np.empty(m)
    found[order] = np.minimum(least, 1.0)
    q[known] = found
    return q


@dataclass(frozen=True)
class _Tests:
    """The tests of one indicator; arrays are ``(place, time)`` over the periods that are judged.

    ``p`` is NaN where there is no test. ``p_used`` is what goes into the procedure: 1 where the
    method gives no alarm for want of cases, which keeps the number of tests what it is.
    """

    indicator: str
    found: xr.Dataset
    first: int
    p: Floats
    p_used: Floats
    mid: bool

    @property
    def state(self) -> NDArray[Any]:
        return self.found["state"].to_numpy()[:, self.first :]

    @property
    def reason(self) -> NDArray[Any]:
        return self.found["reason"].to_numpy()[:, self.first :]


def alarms(
    found: xr.Dataset | Mapping[str, xr.Dataset],
    q: float = 0.05,
    *,
    dependent: bool = False,
    neighbours: events.Pairs | None = None,
    names: Mapping[str, str] | None = None,
    last: int | None = 1,
) -> pd.DataFrame:
    """The alarms of a nation, ranked, and which of them a budget of false ones keeps.

    Args:
        found: As `detect` gives it; or one for each of several indicators, whose tests are pooled.
            Periods before those that are judged tell for how long an alarm has lasted.
        q: Share of false ones allowed among those that are kept, above 0 and below 1.
        dependent: Whether to allow any dependence between series (`benjamini_yekutieli`).
        neighbours: Pairs of places that lie side by side, for events (`haidang.watch.events.near`
            makes them from points); None joins only the periods of a place.
        names: Name of a place by its code; a code without one is its own name.
        last: So many of the newest periods of each indicator are judged, as one family of tests;
            None is all.

    Returns:
        One row to each period of a place that the method raises or the budget keeps, the least
        likely first: ``rank``; ``indicator`` (empty where there is only one); ``place``, ``name``,
        ``time``; ``value``, ``expected``, ``upper``, ``score``; ``p``; ``q``, the least level at
        which it would be kept; ``weeks_running``, how many periods without a break it has been
        listed or raised, a period without data neither counting nor breaking; ``event``, an id
        for those kept; ``kept``. ``attrs``: ``events``, what belongs together, the least likely
        first, with ``id``, ``indicator``, ``first``, ``last``, ``places``, ``signals``,
        ``observed``, ``expected`` and ``strongest``; ``tests``; ``no_data``, cells without a
        test, by reason in ``no_data_reasons``; ``silent``, indicator and place of those without
        one in the newest period; ``few_cases``, tests in which the method gives no alarm for want
        of cases; ``raised`` and ``kept``, how many; ``level``; ``procedure``; ``p``: ``mid``,
        ``tail`` or ``both``.

    Raises:
        BadData: ``q`` or ``last`` is out of its range; there is no indicator; a table is none of
            `detect`'s, or of a method without p-values.
    """
    tables = _checked(found, q, last)
    tests = [_tests(name, table, last) for name, table in tables.items()]
    pooled = np.concatenate([t.p_used.ravel() for t in tests])
    adjusted = benjamini_yekutieli(pooled) if dependent else benjamini_hochberg(pooled)
    rows: list[dict[str, object]] = []
    begin = 0
    for t in tests:
        mine = adjusted[begin : begin + t.p.size].reshape(t.p.shape)
        begin += t.p.size
        rows += _rows(t, mine, mine <= q, names or {})
    rows.sort(key=lambda r: (r["p"], -_number(r["score"]), r["indicator"], r["place"], r["_at"]))
    joined = events.group((_sign(r) for r in rows if r["kept"]), neighbours or ())
    event = {s.key: e.id for e in joined for s in e.signals}
    for rank, row in enumerate(rows, 1):
        key = (str(row["indicator"]), int(str(row["_at"])), str(row["place"]))
        row |= {"rank": rank, "event": event.get(key, "")}
    listed = pd.DataFrame(rows, columns=[*LISTED])
    listed.attrs.update(_told(tests, rows, q, dependent=dependent))
    listed.attrs["events"] = [_plain(e) for e in joined]
    return listed


def _checked(given: object, q: object, last: int | None) -> dict[str, xr.Dataset]:
    named: dict[str, object] = {"": given}
    if isinstance(given, Mapping) and not isinstance(given, xr.Dataset):  # which is one too
        named = {str(name): table for name, table in given.items()}
    wrong: list[Problem] = []
    tables: dict[str, xr.Dataset] = {}
    if not (isinstance(q, int | float) and 0 < q < 1):
        wrong.append(Problem("watch.budget_q", {"value": q}, field="q"))
    if last is not None and last < 1:
        wrong.append(Problem("watch.last", {"value": last}, field="last"))
    if not named:
        wrong.append(Problem("watch.budget_empty", field="found"))
    for name, table in named.items():
        if not isinstance(table, xr.Dataset) or not set(COLUMNS) <= set(table.data_vars):
            wrong.append(Problem("watch.budget_table", {"name": name}, field="found"))
        elif not _has_p(table):
            said = {"method": table.attrs.get("method", name)}
            wrong.append(Problem("watch.budget_no_p", said, field="found"))
        else:
            tables[name] = table
    if wrong:
        raise BadData(*wrong)
    return tables


def _has_p(table: xr.Dataset) -> bool:
    judged = table["state"].to_numpy() != State.NO_DATA.value
    return bool(not judged.any() or (~np.isnan(table["p_value"].to_numpy()[judged])).any())


def _tests(indicator: str, table: xr.Dataset, last: int | None) -> _Tests:
    table = table.transpose("place", "time")
    size = table.sizes["time"]
    first = 0 if last is None else max(0, size - last)
    tail = table["p_value"].to_numpy()[:, first:]
    mid = table[MID].to_numpy()[:, first:] if MID in table else np.full(tail.shape, np.nan)
    p = np.where(np.isnan(mid), tail, mid)
    p = np.where(table["state"].to_numpy()[:, first:] == State.NO_DATA.value, np.nan, p)
    few = table["reason"].to_numpy()[:, first:] == _FEW_CASES
    used = np.where(few & ~np.isnan(p), 1.0, p)
    return _Tests(indicator, table, first, p, used, bool((~np.isnan(mid)).any()))


def _rows(
    tests: _Tests, q: Floats, kept: NDArray[np.bool_], names: Mapping[str, str]
) -> list[dict[str, object]]:
    table = tests.found
    raised = table["state"].to_numpy() == State.RAISED.value
    silent = table["state"].to_numpy() == State.NO_DATA.value
    shown = raised.copy()
    shown[:, tests.first :] |= kept
    columns = {n: table[n].to_numpy() for n in ("value", "expected", "upper", "score")}
    places = [str(p) for p in table["place"].to_numpy()]
    times = table["time"].to_numpy()
    rows: list[dict[str, object]] = []
    for i, j in np.argwhere(shown[:, tests.first :]):
        at = int(j) + tests.first
        # An alarm without a probability is shown all the same, and last.
        p = tests.p[i, j] if not np.isnan(tests.p[i, j]) else 1.0
        running, since = _running(shown[i], silent[i], at)
        rows.append(
            {
                "indicator": tests.indicator, "place": places[i],
                "name": names.get(places[i], places[i]), "time": times[at],
                **{n: float(v[i, at]) for n, v in columns.items()}, "p": float(p),
                "q": float(q[i, j]), "weeks_running": running,
                "kept": bool(kept[i, j]), "_at": at, "_since_at": since, "_since": times[since],
            }
        )  # fmt: skip
    return rows


def _running(shown: NDArray[np.bool_], silent: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """Periods up to this one without a quiet one between, and the first of them."""
    n = 0
    first = at
    for j in range(at, -1, -1):
        if shown[j]:
            n += 1
            first = j
        elif not silent[j]:
            break
    return n, first


def _number(value: object) -> float:
    """A score for ordering: NaN last."""
    number = float(str(value))
    return number if number == number else -np.inf  # noqa: PLR0124 - NaN


def _sign(row: Mapping[str, Any]) -> events.Sign:
    return events.Sign(
        row["indicator"], row["_at"], row["place"], _written(row["time"]), row["value"],
        row["expected"], row["p"], _written(row["_since"]), row["_since_at"],
    )  # fmt: skip


def _written(time: object) -> str:
    """A day, or the number of a row."""
    return str(time)[:10]


def _plain(event: events.Event) -> dict[str, object]:
    """An event as simple values: what lies in ``attrs`` must go into JSON with the table."""
    best = event.strongest
    return {
        "id": event.id, "indicator": event.indicator, "first": event.first, "last": event.last,
        "places": [*event.places], "signals": len(event.signals), "observed": event.observed,
        "expected": event.expected,
        "strongest": {"place": best.place, "time": best.time, "p": best.p},
    }  # fmt: skip


def _told(
    tests: Iterable[_Tests], rows: list[dict[str, object]], q: float, *, dependent: bool
) -> dict[Hashable, Any]:
    tests = list(tests)
    reasons: Counter[str] = Counter()
    silent: list[list[str]] = []
    for t in tests:
        none = np.isnan(t.p)
        reasons.update(str(r) or "no_probability" for r in t.reason[none])
        if none.shape[1]:
            places = t.found["place"].to_numpy()
            silent += [[t.indicator, str(places[i])] for i in np.flatnonzero(none[:, -1])]
    kinds = {"mid" if t.mid else "tail" for t in tests}
    return {
        "tests": sum(int(np.count_nonzero(~np.isnan(t.p))) for t in tests),
        "no_data": sum(reasons.values()),
        "no_data_reasons": dict(sorted(reasons.items())),
        "silent": silent,
        "few_cases": sum(
            int(np.count_nonzero((t.reason == _FEW_CASES) & ~np.isnan(t.p))) for t in tests
        ),
        "raised": sum(int(np.count_nonzero(t.state == State.RAISED.value)) for t in tests),
        "kept": sum(bool(r["kept"]) for r in rows),
        "level": q,
        "procedure": "benjamini_yekutieli" if dependent else "benjamini_hochberg",
        "p": kinds.pop() if len(kinds) == 1 else "both",
    }
