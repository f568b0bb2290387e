"""What happens by time alone: when a place must be looked at although nothing came in.

Every rule that a judgement of readings rests on compares the clock with an instant that is known
beforehand: a reading's begin, the end of its time, a gauge's silence, the end of a hold or of a
notice. The earliest of them that lies ahead is when the place is due. One too many does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from haidang.app.context import Context
from haidang.app.snapshot import Chain, Snapshot
from haidang.data.observations import Observation
from haidang.law.levels import Scale
from haidang.risk.readings import OLDER
from haidang.risk.spec import Shaking
from haidang.warn.decide import Standing
from haidang.warn.spec import WarnSpec

JUST_AFTER: Final = timedelta(microseconds=1)
"""Rules that hold up to and with an instant change right after it."""


def next_look(
    context: Context, snapshot: Snapshot, place: str, rows: Iterable[Observation]
) -> datetime | None:
    """When a place must be looked at again if nothing comes in; None where time changes nothing.

    Args:
        context: Static facts of one threat.
        snapshot: Levels, notices and raises as they stand after the newest look.
        place: A watched area.
        rows: The readings that its judgement may rest on.

    Returns:
        An instant after the snapshot's clock, at the latest when the judgement may change.
    """
    threat, now = context.pack.id, snapshot.now
    ahead = list(_of_readings(context, rows))
    for one in snapshot.standing:
        if one.place == place and one.threat == threat and one.level:
            ahead += _of_level(one, context.pack.threat.warn)
    for chain in snapshot.chains:
        if chain.place == place and chain.threat == threat and not chain.closed:
            ahead += _of_notice(chain, context.pack.threat.warn)
    for raised in snapshot.raises:
        if raised.place == place:
            ahead += (raised.at, raised.until)
    ahead += _of_what_ended(context.scale, (e.at for e in snapshot.ended if e.place == place))
    return min((at if at > now else at + JUST_AFTER for at in ahead if at >= now), default=None)


def _of_readings(context: Context, rows: Iterable[Observation]) -> Iterator[datetime]:
    """When a reading begins, is left behind, or is too old to speak for now."""
    model = context.pack.threat.model
    back = 0.0 if isinstance(model, Shaking) else model.look_back_h
    far = timedelta(hours=model.horizon_h)
    watch = context.pack.threat.readings.indicators
    for row in rows:
        spec = watch.get(row.series.partition("/")[2])
        if spec is None:
            continue
        period = timedelta(hours=spec.period_h)
        stale = timedelta(hours=spec.stale_after_h)
        past = timedelta(hours=back)
        start = row.start
        yield from (start - far, start, start + period, start + past, start + period + past)
        yield from (start + far, start + stale, row.published + OLDER * stale)


def _of_level(one: Standing, warn: WarnSpec) -> Iterator[datetime]:
    """When a level that grew quieter may fall, and when one without data needs a person."""
    yield one.confirmed + timedelta(hours=warn.max_hold_h)
    if one.quieter_since is not None:
        yield one.quieter_since + timedelta(hours=warn.hold_h)


def _of_notice(chain: Chain, warn: WarnSpec) -> Iterator[datetime]:
    """When a notice must be renewed, ends, or has waited too long to speak for a lesser one."""
    for said in (chain.issued, chain.pending):
        if said is not None:
            yield from (said.expires - timedelta(hours=warn.renew_h), said.expires)
            if said.onset is not None:
                yield said.onset
    if chain.drafted is not None:
        yield chain.drafted + timedelta(minutes=warn.approval_limit_min)


def _of_what_ended(scale: Scale, ended: Iterable[datetime]) -> Iterator[datetime]:
    """When what ended no longer counts as struck shortly before."""
    if scale.combine is not None and scale.combine.successive_h:
        window = timedelta(hours=scale.combine.successive_h)
        yield from (at + window for at in ended)
