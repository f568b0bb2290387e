"""What an area needs: what stands in the way, times a stated ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple

from haidang.base.ids import content_id
from haidang.respond.plan import Need
from haidang.respond.spec import NeedSpec
from haidang.respond.times import due
from haidang.risk.assessment import Assessment, Interval, Onset
from haidang.risk.spec import WATER


class Asked(NamedTuple):
    """One area that is at a level of its scenario.

    Attributes:
        assessment: The newest of it.
        level: The level that stands.
        since: When that was entered.
        onsets: Of the thresholds that times hang on; empty while there are no data.
        rules: Of its needs, by id.
        lead: Threshold whose onset orders areas of the same level: who is hit first comes first.
    """

    assessment: Assessment
    level: int
    since: datetime
    onsets: tuple[Onset, ...]
    rules: Mapping[str, NeedSpec]
    lead: int


def needs(asked: Sequence[Asked]) -> tuple[Need, ...]:
    """The needs of every area, over all threats, by every rule that holds at its level.

    Args:
        asked: Areas at a level.

    Returns:
        By priority, place, kind. Low, central and high are whole numbers, rounded up: half a boat
        is no boat. A measure that the assessment does not hold although it knows others is zero
        (no member reaches it); one that is unknown gives a need of None, which is not zero.
    """
    ranks = {key: n for n, key in enumerate(sorted({_urgency(a) for a in asked}))}
    found = [
        _need(name, rule, one, ranks[_urgency(one)])
        for one in asked
        for name, rule in one.rules.items()
        if one.level >= rule.level
    ]
    return tuple(sorted(found, key=lambda n: (n.priority, n.place, n.event, n.kind, n.rule)))


def _urgency(one: Asked) -> tuple[int, float]:
    """Sorts areas: the higher level first, then the earlier onset."""
    onset = next((o.onset for o in one.onsets if o.threshold == one.lead), None)
    begins = onset and (onset.central or onset.early)
    return -one.level, begins.timestamp() if begins else float("inf")


def _need(name: str, rule: NeedSpec, one: Asked, priority: int) -> Need:
    assessment = one.assessment
    value = amount(rule, assessment)
    by = None if rule.time is None else due(rule.time, one.since, one.onsets).at
    content = (assessment.id, name, None if value is None else tuple(value), by, priority)
    return Need(
        id=content_id("need", content),
        threat=assessment.threat,
        event=assessment.event,
        place=assessment.place,
        kind=rule.kind,
        value=value,
        by=by,
        priority=priority,
        rule=name,
        measure=rule.measure,
        assessment=assessment.id,
    )


def amount(rule: NeedSpec, assessment: Assessment) -> Interval | None:
    """How much of a kind one area needs.

    Args:
        rule: Measure, ratio, further factor, minimum.
        assessment: Holds the measure.

    Returns:
        Low, central, high; None where the exposure is unknown or nothing was assessed.
    """
    known = {i.measure: i.value for i in assessment.impacts}
    if rule.measure not in known:
        # Rain and surge are known of every place; they say nothing about who is there.
        if not any(v is not None for m, v in known.items() if m not in WATER):
            return None
        return Interval(0, 0, 0)
    measure = known[rule.measure]
    if measure is None:
        return None
    return Interval(
        *(_whole(m, r * rule.times, rule.minimum) for m, r in zip(measure, rule.ratio, strict=True))
    )


def _whole(measure: float, ratio: float, minimum: int) -> int:
    if measure <= 0:
        return 0
    # A millionth off: 0.3 * 10 must be 3 boats, not 4, where binary fractions make it 3.0000001.
    return max(minimum, ceil(measure * ratio - 1e-6))
