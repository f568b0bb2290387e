"""A threat that is counted: what a detector signals, and what the law says of each period."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, cast

import pandas as pd
import xarray as xr

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.ids import content_id, plain
from haidang.data.observations import Observations
from haidang.law.evaluate import Ruling, lookup
from haidang.law.levels import Status
from haidang.pack.schema import CountsRule
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval
from haidang.risk.counts import (
    BOUND,
    COUNT,
    MEAN,
    PER_WEEK,
    Position,
    position,
    same_periods,
    year_of,
)
from haidang.watch.counts import ends, newest_value, signals, worst
from haidang.watch.detect import detect
from haidang.watch.signal import Signal, State

EPIDEMIC_YEAR: Final = "epidemic_year"
"""Why a past period has no verdict: its year was left out of every comparison."""

TWO: Final = 2.0
"""Standard deviations above the mean at which the bound that is shown lies."""


def assess(context: Context, snapshot: Snapshot) -> tuple[Assessment, ...]:
    """Judge every watched area by its newest counts.

    Args:
        context: Country, pack, areas and law.
        snapshot: What is known; its observations hold this threat's series.

    Returns:
        One assessment per area, all of the one event that a counted threat is. An indicator that
        nobody ever reported anywhere is not judged, and the grounds say so. Where no indicator
        has a usable newest period the area is NO_DATA.
    """
    known = snapshot.observations.known_at(snapshot.receipt)
    read = {
        name: _read(context, snapshot, known.of(f"{context.pack.id}/{name}"), name)
        for name in context.pack.threat.counts.indicators
    }
    heard = {name: one for name, one in read.items() if one is not None}
    return tuple(_assessment(context, snapshot, i, heard) for i in range(len(context.areas)))


@dataclass(frozen=True)
class _Heard:
    """One indicator as it was known.

    Attributes:
        signals: By place.
        counts: By place, values by first day of the period.
    """

    signals: Mapping[str, tuple[Signal, ...]]
    counts: Mapping[str, Mapping[date, float]]


def found_by(context: Context, known: Observations, name: str) -> xr.Dataset | None:
    """What the indicator's detector says of all that was known; None without any usable report.

    Years that people stated as epidemic are kept from its baseline: one left in hides the next.
    Their counts still stand in ``value``, with the reason ``epidemic_year`` and no verdict.

    Args:
        context: Country, pack and areas.
        known: Reports of the indicator's series.
        name: Of the indicator.

    Raises:
        BadData: A parameter of the pack does not fit the method.
    """
    spec = context.pack.threat.counts.indicators[name]
    table = known.table(context.zone)
    table = table[table["place"].isin(context.areas.codes)]
    if table["value"].isna().all():
        return None
    left_out = _epidemic(context, table, spec.last)
    found = detect(
        table.assign(value=table["value"].mask(left_out)),
        spec.method,
        period=spec.period,
        places=context.areas.codes,
        file=name,
        **dict(spec.params),
    )
    return _with_epidemic_years(found, table[left_out])


def _epidemic(context: Context, table: pd.DataFrame, last: int) -> pd.Series[bool]:
    """Rows of epidemic years; the last periods are judged whatever year they lie in."""
    newest = sorted(table["start"].unique())[-last:]
    years = table["start"].str[:4].astype(int)
    stated = [
        y in context.pack.epidemic_years.get(p, ())
        for p, y in zip(table["place"], years, strict=True)
    ]
    return pd.Series(stated, index=table.index, dtype=bool) & ~table["start"].isin(newest)


def _with_epidemic_years(found: xr.Dataset, rows: pd.DataFrame) -> xr.Dataset:
    """Put the counts back that the detector did not see."""
    if rows.empty:
        return found
    places = {p: i for i, p in enumerate(map(str, found["place"].to_numpy()))}
    times = {str(t)[:10]: j for j, t in enumerate(found["time"].to_numpy())}
    value, reason = found["value"].to_numpy().copy(), found["reason"].to_numpy().astype(object)
    for place, start, count in rows.itertuples(index=False):
        if start in times:
            value[places[place], times[start]] = count
            reason[places[place], times[start]] = EPIDEMIC_YEAR
    shape = ("place", "time")
    return found.assign(value=(shape, value), reason=(shape, reason.astype(str)))


def _read(context: Context, snapshot: Snapshot, known: Observations, name: str) -> _Heard | None:
    found = found_by(context, known, name)
    if found is None:
        return None
    counts: dict[str, dict[date, float]] = {}
    for row in known.newest:
        if row.value is not None:
            day = row.start.astimezone(context.zone).date()
            counts.setdefault(row.place, {})[day] = row.value
    told = signals(found, known, name, context.pack.threat.counts, snapshot.now, context.zone)
    return _Heard(told, counts)


@dataclass(frozen=True, slots=True)
class Asked:
    """One article asked of one period.

    Attributes:
        rule: Which.
        signal: Of the period.
        position: Among past years; None where they are too few or the count is missing.
        ruling: The law's answer; None where it could not be asked.
    """

    rule: CountsRule
    signal: Signal
    position: Position | None
    ruling: Ruling | None

    @property
    def level(self) -> int | None:
        """The level, None where there is none."""
        return None if self.ruling is None else self.ruling.level

    @property
    def status(self) -> Status:
        """The law's status; ``no data`` where it could not be asked."""
        return "no data" if self.ruling is None else self.ruling.status


def ask(context: Context, area: int, heard: Mapping[str, _Heard]) -> tuple[Asked, ...]:
    """Ask every article that applies to an area.

    The newest complete period decides; a newer one that is not complete yet can only raise, for
    the law counts from the beginning of the period on ("at any time of the month").
    """
    code, categories = context.areas.codes[area], context.areas.categories[area]
    out = []
    for rule in context.pack.binding.counts_law.rules:
        one = heard.get(rule.indicator)
        if one is None or (rule.where and rule.where not in categories):
            continue
        mine = [
            _ask(context, code, rule, signal, one.counts.get(code, {}))
            for signal in reversed(one.signals.get(code, ()))
        ]
        if mine:
            out.append(_deciding(mine, context.pack.threat.counts.completeness_min))
    return tuple(out)


def _deciding(newest_first: Sequence[Asked], least: float) -> Asked:
    """Of the answers for the last periods the one that counts."""
    told = [a for a in newest_first if not math.isnan(a.signal.value)]
    base = next((a for a in told if a.signal.completeness >= least), None)
    if base is None:
        return told[0] if told else newest_first[0]
    newer = told[: told.index(base)]
    return max((base, *newer), key=lambda a: a.level or 0)


def _ask(
    context: Context,
    code: str,
    rule: CountsRule,
    signal: Signal,
    counts: Mapping[date, float],
) -> Asked:
    law = context.pack.binding.counts_law
    step = cast(
        Literal["week", "month"], context.pack.threat.counts.indicators[rule.indicator].period
    )
    day = signal.start.astimezone(context.zone).date()
    stood = position(
        signal.value,
        same_periods(counts, day, step, law.years_back),
        year_of(day, step),
        years_back=law.years_back,
        least=law.least_years,
        epidemic=context.pack.epidemic_years.get(code, frozenset()),
    )
    if math.isnan(signal.value) or (stood is None and "count" not in rule.inputs.values()):
        return Asked(rule, signal, stood, None)
    table = context.tables[rule.article]
    whole = {i.id for i in table.inputs if i.integer}
    given: dict[str, object] = {}
    for name, quantity in rule.inputs.items():
        value: object = signal.value if quantity == "count" else getattr(stood, quantity, None)
        given[name] = int(cast(float, value)) if name in whole and value is not None else value
    return Asked(rule, signal, stood, lookup(table, day=None, **given))


def _grounds(context: Context, area: int, asked: tuple[Asked, ...], silent: bool) -> Grounds:
    """The highest level that any article gives; else the gravest reason why there is none.

    An article that leaves the case open outweighs one that says "below": the open one might be
    higher, and a person must look.
    """
    known = [a for a in asked if a.level is not None]
    open_ = [a for a in asked if a.status == "not defined by the text"]
    top = max(known, key=lambda a: a.level or 0, default=None)
    if silent:
        chosen, level, status = None, None, "no data"
    elif top is not None and top.level:
        chosen, level, status = top, top.level, "defined"
    elif open_:
        chosen, level, status = open_[0], None, "not defined by the text"
    elif top is not None:
        chosen, level, status = top, 0, "below"
    else:
        chosen, level, status = (asked[0] if asked else None), None, "no data"
    law = context.pack.binding.counts_law
    rule = law.rules[0] if chosen is None else chosen.rule
    table = context.tables[rule.article]
    told = {a.rule.article for a in asked if a.ruling is not None}
    not_asked = [a for a in law.articles if a not in told]
    return Grounds(
        level=level,
        status=status,
        clause="" if chosen is None or chosen.ruling is None else chosen.ruling.clause,
        article=table.article,
        decision=table.decision,
        table=table.id,
        inputs="" if chosen is None else _inputs(chosen),
        note="|".join(not_asked),
    )


def _inputs(asked: Asked) -> str:
    """What was looked up: the period, the count, and the years it was compared with."""
    parts = [
        f"{asked.signal.indicator}={asked.signal.value:g}",
        f"period={asked.signal.start:%Y-%m-%d}",
    ]
    if (p := asked.position) is not None:
        parts += [
            f"mean={p.mean:.1f}",
            f"sd={p.sd:.1f}",
            f"sd_above_mean={p.sd_above_mean:.2f}",
            f"years={'+'.join(map(str, p.years))}",
        ]
        if p.left_out:
            parts.append(f"epidemic_years={'+'.join(map(str, p.left_out))}")
        if p.missing:
            parts.append(f"missing_years={'+'.join(map(str, p.missing))}")
    return "; ".join(parts)


def _assessment(
    context: Context, snapshot: Snapshot, area: int, heard: Mapping[str, _Heard]
) -> Assessment:
    code = context.areas.codes[area]
    told = tuple(s for one in heard.values() for s in one.signals.get(code, ()))
    states = [worst(one.signals.get(code, ())) for one in heard.values()]
    asked = ask(context, area, heard)
    silent = not states or all(s is State.NO_DATA for s in states)
    grounds = _grounds(context, area, asked, silent)
    state = State.QUIET
    if silent or (grounds.status == "no data" and State.RAISED not in states):
        state = State.NO_DATA
    elif grounds.level or State.RAISED in states:
        state = State.RAISED
    measures = _impacts(context, heard, code, asked)
    event = context.pack.standing_event
    content: dict[str, object] = {
        "threat": context.pack.id,
        "event": event,
        "place": code,
        "at": snapshot.now,
        "receipt": snapshot.receipt,
        "pack": context.pack.fingerprint,
        "grounds": (grounds.level, grounds.clause, grounds.status, grounds.inputs),
        "signals": [(s.indicator, s.start, s.state.value, s.value) for s in told],
    }
    return Assessment(
        id=content_id("assessment", content),
        threat=context.pack.id,
        event=event,
        place=code,
        at=snapshot.now,
        until=snapshot.now + timedelta(hours=context.pack.threat.risk.horizon_h),
        state=state,
        intensity=None,
        grounds=grounds,
        p_level=(),
        onsets=(),
        impacts=measures,
        signals=tuple(_kept_signal(s) for s in told),
        receipt=snapshot.receipt,
        method=", ".join(
            f"{name}: {context.pack.threat.counts.indicators[name].method}" for name in heard
        ),
    )


def _impacts(
    context: Context, heard: Mapping[str, _Heard], code: str, asked: tuple[Asked, ...]
) -> tuple[Impact, ...]:
    """The newest count of every indicator, with the mean and the bound of the law beside it."""
    stood = {a.rule.indicator: a for a in asked}
    watch = context.pack.threat.counts
    out: list[Impact] = []
    weekly: Impact | None = None
    # The one that leads comes first, so that it gives what needs rest on where it was counted.
    for name, one in sorted(heard.items(), key=lambda item: item[0] != watch.leads):
        unit = context.pack.threat.counts.indicators[name].unit["en"]
        newest = newest_value(one.signals.get(code, ()))
        if (a := stood.get(name)) is not None and not math.isnan(a.signal.value):
            newest = a.signal
        value = None if newest is None else _alone(newest.value)
        out.append(Impact(f"{name}.{COUNT}", unit, value))
        if weekly is None or (weekly.value is None and newest is not None):
            step = watch.indicators[name].period
            day = None if newest is None else newest.start.astimezone(context.zone).date()
            days = 7 if day is None else (ends(day, step) - day).days
            seven = None if newest is None else _alone(newest.value * 7 / days)
            weekly = Impact(PER_WEEK, unit, seven)
        if a is not None and a.position is not None:
            out.append(Impact(f"{name}.{MEAN}", unit, _alone(a.position.mean)))
            out.append(Impact(f"{name}.{BOUND}", unit, _alone(a.position.bound(TWO))))
    return (*out, *([weekly] if weekly is not None else []))


def _alone(value: float) -> Interval:
    """A number that was counted, or computed from such: it has no width of its own."""
    kept = _kept(value)
    return Interval(kept, kept, kept)


def _kept(value: float) -> float:
    """The value as it will be stored, so that what is shown and what is kept never differ."""
    kept = plain(float(value))
    assert isinstance(kept, float)
    return kept


def _kept_signal(signal: Signal) -> Signal:
    def number(value: float) -> float:
        return value if math.isnan(value) else _kept(value)

    return Signal(
        signal.indicator, signal.subject, signal.start, signal.state, number(signal.value),
        number(signal.expected), number(signal.score), number(signal.completeness),
        signal.method, signal.evidence,
    )  # fmt: skip
