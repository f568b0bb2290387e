"""Where a level stands, or a notice stood, and nothing says so any more: for the first page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from haidang.app.snapshot import Chain
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Occasion

Key = tuple[str, str, str]
"""Threat, event, place."""


class Lack(StrEnum):
    """What is the matter with the notice of one hazard at one place, the worst first."""

    RAN_OUT = "ran_out"
    """Its validity is over and nobody said that the danger is; no successor waits."""
    OVERDUE = "overdue"
    """A draft waits that has itself run out: nobody can send it any more, and nothing is out."""
    REFUSED = "refused"
    """A level stands, nothing is in force, and somebody turned the newest draft down."""
    SILENT = "silent"
    """A level stands, nothing is in force, and nothing waits."""
    RUNS_OUT = "runs_out"
    """It is in force for less than the pack's time of renewal, and no successor waits."""
    SUCCEEDED = "succeeded"
    """Its validity is over; a successor waits for a person."""
    CANCELLED = "cancelled"
    """A person cancelled it as issued in error, and the data still give the level."""
    CLEARED = "cleared"
    """A person gave the all-clear, and the data still give the level."""


@dataclass(frozen=True, slots=True)
class Unspoken:
    """One hazard at one place that somebody has to look at.

    Attributes:
        level: Own level that stands now; 0 where only the notice stood.
        told: Level of its newest message; 0 where there is none, or it ended the notice.
        expires: When that message runs out, or did; None where there is none.
        chain: Its newest chain, "" where there is none.
    """

    lack: Lack
    threat: str
    event: str
    place: str
    level: int
    told: int
    expires: datetime | None
    chain: str


def unspoken(
    standing: Iterable[Standing],
    chains: Iterable[Chain],
    renew_h: Mapping[str, float],
    now: datetime,
    silenced: Collection[Key] = (),
) -> tuple[Unspoken, ...]:
    """Every hazard at every place that lacks a notice in force, or soon will.

    Args:
        standing: Own levels as they stand.
        chains: Every notice so far.
        renew_h: By threat, how long before its end a notice is to be renewed, h.
        now: The clock.
        silenced: Those for which a greater hazard's notice speaks.

    Returns:
        The worst kind first, then by level told or standing, then by place. A place with a level
        that is not here has a notice in force, a draft that waits, or a greater notice that names
        it: that is what the first page promises.
    """
    newest: dict[Key, Chain] = {}
    for chain in sorted(chains, key=lambda c: c.number):
        newest[chain.threat, chain.event, chain.place] = chain
    levels = {(s.threat, s.event, s.place): s.level for s in standing}
    found = []
    for key in sorted({*newest, *levels}):
        one = newest.get(key)
        lack = _lack(levels.get(key, 0), one, renew_h.get(key[0], 0.0), now)
        if lack is None or key in silenced:
            continue
        said = None if one is None else one.issued
        level, told = levels.get(key, 0), 0 if said is None else said.level
        expires = said.expires if said is not None and told else None
        found.append(Unspoken(lack, *key, level, told, expires, "" if one is None else one.id))
    order = list(Lack)
    return tuple(sorted(found, key=lambda u: (order.index(u.lack), -max(u.level, u.told), u.place)))


def _lack(level: int, chain: Chain | None, renew_h: float, now: datetime) -> Lack | None:
    pending = None if chain is None else chain.pending
    waits = pending is not None and pending.expires > now
    said = None if chain is None else chain.issued
    if said is not None and said.level:
        if said.expires <= now:
            return Lack.SUCCEEDED if waits else Lack.RAN_OUT
        soon = said.expires - now <= timedelta(hours=renew_h)
        return Lack.RUNS_OUT if soon and not waits else None
    if not level or waits:
        return None
    if chain is None:
        return Lack.SILENT
    if pending is not None:
        return Lack.OVERDUE
    if chain.held is not None:
        return Lack.CANCELLED if chain.held.occasion is Occasion.CANCELLED else Lack.CLEARED
    return Lack.REFUSED if chain.refused else Lack.SILENT
