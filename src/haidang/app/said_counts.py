"""What a notice of a counted threat says: the count, its period, what it was compared with."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from haidang.app.context import Context
from haidang.app.snapshot import Chain
from haidang.risk.assessment import Assessment, Interval
from haidang.risk.counts import BOUND, COUNT, MEAN
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Said
from haidang.warn.message import numbers, suppressed, unknown
from haidang.watch.counts import ends
from haidang.watch.signal import Signal, State
from haidang.words import word


def said(context: Context, found: Assessment, after: Standing, chain: Chain) -> Said:
    """Level, how many doublings the count has come to, and the end of validity; no onset.

    A count that doubles, or falls to a half, under the same level is news; the next few cases are
    not.
    """
    expires = found.at + timedelta(hours=context.pack.threat.warn.valid_h)
    if after.level == 0:
        return Said(0, 0, None, expires)
    value = leading(context, found, COUNT)
    last = chain.pending or chain.issued
    if found.state is State.NO_DATA or value is None:
        if last is not None:
            return replace(last, level=after.level, expires=expires)
        return Said(after.level, 0, None, expires)
    return Said(after.level, doublings(value.central, last), None, expires)


def doublings(count: float, last: Said | None) -> int:
    """Whole doublings from one case on; a count just under the last step keeps it.

    Without that a count that swings about a power of two would be told at every run.
    """
    exact = math.log2(max(count, 1.0))
    if last is not None and last.level and last.force - 0.5 <= exact < last.force + 1:
        return last.force
    return int(exact)


def leading(context: Context, found: Assessment, what: str) -> Interval | None:
    """A measure of the indicator that a notice tells of first; of the next one that has any."""
    watch = context.pack.threat.counts
    for name in (watch.leads, *watch.indicators):
        value = next((i.value for i in found.impacts if i.measure == f"{name}.{what}"), None)
        if value is not None:
            return value
    return None


def told_of(context: Context, found: Assessment) -> Signal | None:
    """The signal of the period whose count a notice tells; None where none has a count."""
    watch = context.pack.threat.counts
    for name in (watch.leads, *watch.indicators):
        value = next((i.value for i in found.impacts if i.measure == f"{name}.{COUNT}"), None)
        mine = [s for s in found.signals if s.indicator == name and not math.isnan(s.value)]
        if value is not None and mine:
            return next((s for s in reversed(mine) if s.value == value.central), mine[-1])
    return None


def facts(context: Context, found: Assessment, language: str) -> dict[str, str]:
    """The placeholders that only messages of counted threats use, filled.

    ``count``, ``mean`` and ``bound`` are for the public: small ones are not told exactly.
    """
    blind = found.state is State.NO_DATA
    least = context.pack.threat.counts.suppress_below
    out = {}
    for name, what in (("count", COUNT), ("mean", MEAN), ("bound", BOUND)):
        value = None if blind else leading(context, found, what)
        out[name] = unknown(language) if value is None else shown(value.central, least, language)
    signal = None if blind else told_of(context, found)
    out["period"] = unknown(language)
    out["counted"] = ""
    if signal is not None:
        out["period"] = period(context, signal, language)
        indicator = context.pack.threat.counts.indicators[signal.indicator]
        out["counted"] = indicator.unit.get(language, indicator.unit["en"])
    return out


def shown(count: float, least: int, language: str) -> str:
    """A count for the public: exact, or "under 5" where it could point to somebody."""
    return suppressed(round(count), least, language, numbers)


def period(context: Context, signal: Signal, language: str) -> str:
    """A period in words: its month, its week with the first and the last day, or its day."""
    step = context.pack.threat.counts.indicators[signal.indicator].period
    first = signal.start.astimezone(context.zone).date()
    last = ends(first, step) - timedelta(days=1)
    return word(
        f"format.period_{step}",
        language,
        month=word("format.months", language).split()[first.month - 1],
        number=first.isocalendar().week,
        year=first.isocalendar().year if step == "week" else first.year,
        first=f"{first:%d/%m}",
        last=f"{last:%d/%m}",
        day=f"{first:%d/%m/%Y}",
    )
