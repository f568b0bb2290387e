"""What was counted at a place, in the words and figures of one language: a row of any table."""

from __future__ import annotations

import math
from dataclasses import dataclass

from haidang.app.context import Context
from haidang.app.said_counts import leading, period, told_of
from haidang.app.verdict import Decision
from haidang.law.evaluate import cite
from haidang.risk.assessment import Assessment
from haidang.risk.counts import BOUND, COUNT, MEAN
from haidang.warn.decide import Reason
from haidang.watch.signal import State
from haidang.web.speak import Speaker

SILENT = frozenset({Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED, Reason.BLIND})


@dataclass(frozen=True, slots=True)
class Cells:
    """What was counted, and beside what it stands.

    Attributes:
        period: Of the count, in words.
        count, mean, bound: Of the period, of past years, and the law's upper bound.
        position: Standard deviations above the mean.
        completeness: Of the period, in percent.
        signal: What the detector says.
        law: The clause, or why there is none.
        silent: Whether nothing can be said.
    """

    period: str
    count: str
    mean: str
    bound: str
    position: str
    completeness: str
    signal: str
    law: str
    silent: bool


def cells(context: Context, d: Decision, found: Assessment, say: Speaker) -> Cells:
    """The figures of one decision.

    Args:
        context: Pack and clock.
        d: The decision.
        found: What it rests on.
        say: Language; keys of the room ``report_counts`` are asked for by their full name.
    """
    signal = told_of(context, found)
    silent = d.reason in SILENT or found.state is State.NO_DATA
    raised = any(s.state is State.RAISED for s in found.signals)
    looked_up = dict(p.split("=", 1) for p in found.grounds.inputs.split("; ") if "=" in p)
    position = looked_up.get("sd_above_mean", "")
    unusual = say(f"report_counts.signal_{'raised' if raised else 'quiet'}")
    return Cells(
        period="–" if signal is None else period(context, signal, say.language),
        count=number(context, found, COUNT, say),
        mean=number(context, found, MEAN, say),
        bound=number(context, found, BOUND, say),
        position=say.number(float(position), 1) if position else "–",
        completeness="–" if signal is None else share(signal.completeness, say),
        signal="–" if silent else unusual,
        law=law(found, say),
        silent=silent,
    )


def number(context: Context, found: Assessment, what: str, say: Speaker) -> str:
    """A measure of the indicator that leads; a dash where it is not known."""
    value = leading(context, found, what)
    return "–" if value is None else say.number(value.central)


def share(value: float, say: Speaker) -> str:
    """A share in whole percent."""
    return say("format.percent", value="–" if math.isnan(value) else say.number(100 * value))


def law(found: Assessment, say: Speaker) -> str:
    """The clause that gives the level, or the article and why it gives none."""
    grounds = found.grounds
    if grounds.clause:
        return cite(grounds.clause, say.language)
    status = say("explain.status_counts_" + grounds.status.replace(" ", "_"))
    return f"{cite(grounds.article, say.language)}: {status}"
