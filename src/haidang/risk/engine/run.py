"""The engine: event sets, what stands at points, and damage curves into impact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.engine.curves import Curves, Packed, Table, checked, choose, pack
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.exposed import Exposed
from haidang.risk.engine.join import MAX_KM, Slots, join, slots
from haidang.risk.engine.kernel import (
    COMBINED,
    SEVERE,
    blocks,
    gather,
    in_order,
    one_peril,
    plain,
    settle,
)
from haidang.risk.engine.result import Impacts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ManyCurves: TypeAlias = list[Curves] | tuple[Curves, ...]
Rule = Literal["most_severe", "combined"]
RULES: Mapping[str, int] = {"most_severe": SEVERE, "combined": COMBINED}
"""How several perils on one asset meet."""


@dataclass(frozen=True, slots=True)
class Adjust:
    """What is done to every intensity of a peril before the curve is asked.

    Attributes:
        factor: It is multiplied by this.
        cutoff: What is then below does nothing: a dyke holds up to there.
    """

    factor: float = 1.0
    cutoff: float = 0.0

    def __call__(self, intensity: NDArray[Any]) -> Floats:
        """Intensities of one block in float64; a copy only where something changes."""
        found = np.asarray(intensity, np.float64)
        if self.factor != 1:
            found = found * self.factor
        if self.cutoff > 0:
            found = np.where(found < self.cutoff, 0.0, found)
        return np.ascontiguousarray(found)


def impacts(
    perils: EventSet | Sequence[EventSet],
    assets: Exposed,
    curves: Curves | ManyCurves,
    *,
    rule: Rule = "most_severe",
    max_km: float = MAX_KM,
    adjust: Adjust | Sequence[Adjust] | None = None,
    threads: int | None = None,
) -> Impacts:
    """Impact of every event on everything exposed, without a table of events by points.

    Memory is that of the input and of its block of cells, the events and the points; time is
    linear in stored cells, events and points.

    Args:
        perils: One event set; or several over the same events and points, such as wind and surge
            of the same storms.
        assets: What stands at points.
        curves: For one peril as `haidang.risk.engine.curves.Curves`; for several one each.
        rule: How several perils on one asset meet: ``most_severe`` takes the largest share,
            ``combined`` 1 - (1 - a)(1 - b).
        max_km: How far an asset may lie from its point of the event set.
        adjust: What is done to intensities first, one for each peril.
        threads: How many; the result is the same to the last bit with any number.

    Raises:
        BadData: Perils over different events or points, another number of curves than perils, an
            unknown rule; or as `join`, `choose` and `checked`.
    """
    sets = [perils] if isinstance(perils, EventSet) else list(perils)
    asked = listed(curves)
    changes = [adjust or Adjust()] if isinstance(adjust, (Adjust, type(None))) else list(adjust)
    if len(changes) == 1:
        changes = changes * len(sets)
    fit(sets, asked, rule)
    point, findings = join(sets[0], assets, max_km)
    packed, number = curves_of(sets, asked, assets, changes)
    held = slots(assets, point, sets[0].points, number)
    sums = _run(sets, packed, held, changes, RULES[rule], threads)
    return _result(sets[0], assets, held, sums, findings)


def listed(curves: Curves | ManyCurves) -> list[Curves]:
    """Curves as a list with one entry a peril."""
    return list(curves) if isinstance(curves, (list, tuple)) else [curves]


def fit(sets: list[EventSet], asked: list[Curves], rule: str) -> None:
    """See that perils, curves and rule belong together.

    Raises:
        BadData: As `impacts` says of them.
    """
    if rule not in RULES:
        params = {"rule": rule, "known": ", ".join(RULES)}
        raise BadData(Problem("impact.rule", params, field="rule"))
    if not sets or len(asked) != len(sets):
        told = {"what": "curves", "given": len(asked), "count": len(sets)}
        raise BadData(Problem("impact.count", told, field="curves"))
    first = sets[0]
    for other in sets[1:]:
        same = (
            other.ids == first.ids
            and other.points == first.points
            and other.labels == first.labels
            and _equal(other.lat, first.lat)
            and _equal(other.lon, first.lon)
            and _equal(other.frequency, first.frequency)
        )
        if not same:
            params = {"first": first.peril or "1", "other": other.peril or "2"}
            raise BadData(Problem("impact.perils_differ", params, field="perils"))


def _equal(a: Floats | None, b: Floats | None) -> bool:
    return (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))


def curves_of(
    sets: list[EventSet], asked: list[Curves], assets: Exposed, changes: list[Adjust]
) -> tuple[list[Packed], Ints]:
    """Packed curves by peril, and the number of each: (peril, category, name)."""
    packed, numbers = [], []
    for given, events, change in zip(asked, sets, changes, strict=True):
        found: dict[int, int] = {}
        curves: list[Any] = []
        which = np.empty((len(assets.categories), len(assets.curves)), np.int64)
        for k, category in enumerate(assets.categories):
            for n, name in enumerate(assets.curves):
                curve = choose(given, category, name)
                # The same table, chosen twice, is the same curve: its share is taken once.
                key = id(_source(given, category, name))
                if key not in found:
                    found[key] = len(curves)
                    # To look for the highest takes a pass over all cells: only where it is asked.
                    top = 0.0 if isinstance(curve, Table) else events.highest * change.factor
                    curves.append(checked(curve, top, name or category))
                which[k, n] = found[key]
        one, number = pack(curves)
        packed.append(one)
        numbers.append(number[which])
    return packed, np.stack(numbers)


def _source(given: Any, category: str, name: str) -> object:
    for key in (category, name):
        if isinstance(given, Mapping) and key in given:
            given = given[key]
    return given


@dataclass(slots=True)
class _Sums:
    """What is added up, block after block."""

    at_event: Floats
    blind: Ints
    reached: Ints
    per_slot: Floats
    blind_slot: Floats


def _run(
    sets: list[EventSet],
    packed: list[Packed],
    held: Slots,
    changes: list[Adjust],
    rule: int,
    threads: int | None,
) -> _Sums:
    events, (count, categories) = len(sets[0]), held.value.shape
    sums = _Sums(
        np.zeros((events, categories)), np.zeros((events, categories), np.int64),
        np.zeros(events, np.int64), np.zeros(count), np.zeros(count),
    )  # fmt: skip
    weight = sets[0].weight
    parts = blocks(np.sum([s.start for s in sets], axis=0), count)

    def work(part: tuple[int, int]) -> tuple[Floats, Floats]:
        ledger = np.zeros((count, 1 + categories))
        ledger[:, 1:] = held.value
        blind = np.zeros(count)
        if len(sets) == 1:
            _one(part, sets[0], packed[0], held, changes[0], weight, sums, ledger, blind)
        else:
            _several(part, sets, packed, held, changes, rule, sums, ledger, blind)
        return ledger[:, 0], blind

    for per_slot, blind_slot in in_order(work, parts, threads):
        sums.per_slot += per_slot
        sums.blind_slot += blind_slot
    return sums


@dataclass(frozen=True, slots=True)
class Block:
    """Cells of some events, as the kernel reads them.

    Attributes:
        start: Cells of the block's event e are start[e]..start[e+1], unsigned.
        point: Of each cell, unsigned.
        intensity: Changed, float64.
    """

    start: NDArray[np.uint64]
    point: NDArray[np.uint32]
    intensity: Floats


def block(part: tuple[int, int], events: EventSet, change: Adjust) -> Block:
    """The cells of the events from the first to the last, exclusive."""
    start = events.start[part[0] : part[1] + 1]
    first, last = int(start[0]), int(start[-1])
    return Block(
        (start - first).astype(np.uint64), events.point[first:last].view(np.uint32),
        change(events.intensity[first:last]),
    )  # fmt: skip


def by_function(packed: Packed, strength: Floats) -> Floats:
    """Shares by each function at the cells of a block, (function, cell); NaN where unknown.

    A function such as ``v >= 25`` says 0 of what nobody measured: that does not count.
    """
    if not packed.functions:
        return np.empty((0, 0))
    said = np.stack([np.asarray(f(strength), np.float64) for f in packed.functions])
    said[:, np.isnan(strength)] = np.nan
    return said


def _one(
    part: tuple[int, int],
    events: EventSet,
    packed: Packed,
    held: Slots,
    change: Adjust,
    weight: Floats,
    sums: _Sums,
    ledger: Floats,
    blind_slot: Floats,
) -> None:
    cells, rows = block(part, events, change), slice(*part)
    given = cells.start, cells.point, cells.intensity, weight[rows]
    out: tuple[Any, ...] = (
        ledger, sums.at_event[rows], sums.blind[rows], sums.reached[rows], blind_slot,
    )  # fmt: skip
    tables = packed.head, packed.knots, packed.guide
    simple = held.value.shape[1] == 1 and not held.curve[0].any() and not held.unknown.any()
    if simple and len(packed.head) and held.same:
        plain(*given, *tables, *out)
        return
    one_peril(
        *given, *tables, by_function(packed, cells.intensity),
        held.start.astype(np.uint32), held.curve[0].astype(np.uint32), held.lean_unknown, *out,
    )  # fmt: skip


def _several(
    part: tuple[int, int],
    sets: list[EventSet],
    packed: list[Packed],
    held: Slots,
    changes: list[Adjust],
    rule: int,
    sums: _Sums,
    ledger: Floats,
    blind_slot: Floats,
) -> None:
    together = Together(sets, packed, held, rule)
    given = [block(part, s, c) for s, c in zip(sets, changes, strict=True)]
    ready = [by_function(p, b.intensity) for p, b in zip(packed, given, strict=True)]
    weight = sets[0].weight
    for e in range(*part):
        n = together.event(e - part[0], given, ready)
        settle(
            e, weight[e], together.share, together.touched, n, held.lean_unknown, ledger,
            sums.at_event, sums.blind, sums.reached, blind_slot,
        )  # fmt: skip


class Together:
    """Shares of one event after the other, all perils together; a scratch pad of one thread.

    Attributes:
        share: By slot, valid for the slots that the last event touched.
        touched: Those, in the order in which they were touched.
    """

    def __init__(
        self, sets: Sequence[EventSet], packed: list[Packed], held: Slots, rule: int
    ) -> None:
        count = len(held.value)
        self._packed, self._rule, self._mark = packed, rule, 0
        self._start = held.start.astype(np.uint32)
        self._curve = [held.curve[h].astype(np.uint32) for h in range(len(sets))]
        self._stamp = np.zeros(count, np.int64)
        self.share, self.touched = np.zeros(count), np.zeros(count, np.int64)

    def event(self, e: int, given: list[Block], ready: list[Floats]) -> int:
        """Event number e of the blocks, one block a peril; how many slots it touches."""
        self._mark += 1
        n = 0
        for cells, curves, functions, curve in zip(
            given, self._packed, ready, self._curve, strict=True
        ):
            n = gather(
                self._rule, self._mark, int(cells.start[e]), int(cells.start[e + 1]),
                cells.point, cells.intensity, curves.head, curves.knots, curves.guide, functions,
                self._start, curve, self.share, self._stamp, self.touched, n,
            )  # fmt: skip
        return n


def _result(
    events: EventSet,
    assets: Exposed,
    held: Slots,
    sums: _Sums,
    findings: tuple[Problem, ...],
) -> Impacts:
    told = held.of >= 0
    at = np.maximum(held.of, 0)
    share = np.where(told, sums.per_slot[at], 0.0) if len(sums.per_slot) else np.zeros(at.shape)
    blind = np.where(told, sums.blind_slot[at], np.inf) if len(sums.per_slot) else share
    missed = np.flatnonzero(sums.reached == 0)
    if len(missed):
        some = ", ".join(events.ids[int(e)] for e in missed[:3])
        params = {"count": len(missed), "of": len(events), "events": some}
        findings = (*findings, Problem("impact.events_outside", params, severity="warning"))
    lost = int((sums.blind > 0).any(axis=1).sum())
    if lost:
        counted = {"count": lost, "of": len(events)}
        findings = (*findings, Problem("impact.events_unknown", counted, severity="warning"))
    return Impacts(
        events=replace(events, start=events.start[:1], point=events.point[:0],
                       intensity=events.intensity[:0]),
        exposed=assets,
        known_at_event=np.ascontiguousarray(sums.at_event.T),
        unknown_at_event=np.ascontiguousarray(sums.blind.T),
        reached=sums.reached,
        share=share,
        blind=blind,
        findings=(*assets.findings, *findings),
    )  # fmt: skip
