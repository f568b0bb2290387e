"""What a notice of a threat with a track says, reduced to what makes another one worth sending."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from haidang.app.context import Context
from haidang.app.snapshot import Chain
from haidang.base.wind import beaufort
from haidang.risk.assessment import Assessment, Onset
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Said
from haidang.watch.signal import State


def held(found: Assessment, after: Standing) -> bool:
    """Whether the level stands against quieter news, or on silence."""
    return after.quieter_since is not None or found.state is State.NO_DATA


def said(context: Context, found: Assessment, after: Standing, chain: Chain) -> Said:
    """Level, force, onset and end of validity."""
    spec = context.pack.threat.warn
    expires = found.at + timedelta(hours=spec.valid_h)
    if after.level == 0:
        return Said(0, 0, None, expires)
    if found.intensity is None:
        # On silence: what was said stands, with a new end.
        last = chain.pending or chain.issued
        if last is not None:
            return replace(last, level=after.level, expires=expires)
        return Said(after.level, 0, None, expires)
    force = int(beaufort(found.intensity.central))
    lead = leading(found, spec.onset_force)
    if lead is None:
        # Under a level that is held, a wind that began and is over has still begun.
        last = chain.pending or chain.issued
        past = last.onset if last is not None and held(found, after) else None
        return Said(after.level, force, past, expires)
    # A notice must not run out before what it warns of has begun, nor while it blows.
    onset = lead.onset.central
    assert onset is not None
    end = lead.end.late or lead.end.central or found.until
    expires = max(expires, onset + timedelta(hours=spec.renew_h), end)
    return Said(after.level, force, onset, expires)


def leading(found: Assessment, force: int) -> Onset | None:
    """The onset that a notice leads with.

    That of the pack's force; where fewer than half of the members reach it, of the strongest
    weaker force that half of them reach.
    """
    likely = [o for o in found.onsets if o.onset.central is not None and o.threshold <= force]
    return likely[-1] if likely else None


def facts(context: Context, found: Assessment, language: str) -> dict[str, str]:
    """Nothing beyond what every message may say: that list was made for it."""
    del context, found, language
    return {}
