"""Several hazards at once, or one after the other: by how much a person may raise the level.

Nothing is raised here by itself. The law says "may"; this says how far, and records who wants it
why. What a country's law allows is data of its scale (`CombineRule`); a scale without such a
rule allows nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.law.levels import Level, Scale

NOTHING: Final[Mapping[str, Collection[str]]] = {}
"""No hazard sets off another."""


@dataclass(frozen=True, slots=True)
class Combined:
    """The level over all hazards of a place.

    It is no `Level` and cannot be combined again: else a raise would feed the next one.

    Attributes:
        own: The highest level of a single hazard; 0 = all below; None = not known.
        rank: ``own`` with the raise, at most the top of the scale; None = not known.
        allowed_raise: What a person may choose besides 0, e.g. (1, 2); the greater only where
            serious loss is possible.
        raise_by: What was chosen.
        capped: The scale ended before the raise did.
        hazards: The hazards that have a level now, by name: they strike at the same time.
        unanswered: Hazards whose level is not known.
        reason: The person's reason, "" without a raise.
        clause: The clause that allows it, "" when nothing does.
        successive: Hazards without a level now whose level ended within the window of the scale:
            the others follow them.
        chains: (trigger, what it triggers) among all that count, by name.
    """

    own: int | None
    rank: int | None
    allowed_raise: tuple[int, ...]
    raise_by: int
    capped: bool
    hazards: tuple[str, ...]
    unanswered: tuple[str, ...]
    reason: str
    clause: str
    successive: tuple[str, ...] = ()
    chains: tuple[tuple[str, str], ...] = ()


def lately(ended: Mapping[str, datetime], now: datetime, scale: Scale) -> tuple[str, ...]:
    """Hazards whose level ended so recently that what strikes now strikes after them.

    Args:
        ended: When the level of each hazard ended, by name; one that stands again is left out.
        now: The clock.
        scale: Its combine rule gives the window (``successive_h``, h); none counts without one.

    Source: Decision 18/2021/QĐ-TTg, Article 4(4), "liên tiếp"; the hours are an assumption that
    the scale's file states.
    """
    if scale.combine is None or not scale.combine.successive_h:
        return ()
    window = timedelta(hours=scale.combine.successive_h)
    return tuple(name for name in sorted(ended) if timedelta(0) <= now - ended[name] <= window)


def allowed_raise(hazards: int, scale: Scale) -> tuple[int, ...]:
    """What a person may raise by, besides 0, when so many hazards have a level."""
    rule = scale.combine
    if rule is None or hazards < rule.hazards:
        return ()
    return tuple(sorted({rule.ordinary, rule.serious} - {0}))


def combine(
    levels: Mapping[str, Level],
    scale: Scale,
    raise_by: int = 0,
    reason: str = "",
    *,
    serious_loss: bool = False,
    successive: Collection[str] = (),
    triggers: Mapping[str, Collection[str]] = NOTHING,
) -> Combined:
    """The level over all hazards of one place.

    Args:
        levels: Each threat's own level, never one that was raised already.
        scale: The scale they are counted on.
        raise_by: The person's choice.
        reason: The person's reason; needed for a raise.
        serious_loss: The person holds that serious loss is possible, as the greater raise demands.
        successive: Hazards that the others follow, from ``lately``. They have no level any more;
            they count towards the number of hazards as long as one of the others has a level.
        triggers: By hazard, which others may set it off. It changes no number: a pair is told as
            what it is, one thing that led to another.

    Returns:
        The highest own level, the raise, and what would have been allowed. The order of the
        hazards does not matter.

    Raises:
        BadData: A level counted on another scale or above its top; a raise the rule does not
            allow for so many hazards, or the greater one without ``serious_loss``; a raise
            without a reason.

    Source: Decision 18/2021/QĐ-TTg, Article 4(4) is such a rule.
    """
    for threat in sorted(levels):
        level = levels[threat]
        if level.scale != scale.id or (level.rank or 0) > scale.top:
            params = {"threat": threat, "given": level.scale, "scale": scale.id, "rank": level.rank}
            raise BadData(Problem("law.other_scale", params, field=threat))
    hazards = tuple(t for t in sorted(levels) if levels[t].rank)
    unanswered = tuple(t for t in sorted(levels) if levels[t].rank is None)
    own = max((r for level in levels.values() if (r := level.rank) is not None), default=None)
    if unanswered and own == 0:
        own = None  # what is not known may not pass for quiet
    after = tuple(t for t in sorted(successive) if t not in hazards) if hazards else ()
    counted = (*hazards, *after)
    allowed = allowed_raise(len(counted), scale)
    refuse_raise(raise_by, reason, serious_loss, allowed, len(counted), scale)
    wanted = None if own is None else own + raise_by
    return Combined(
        own=own,
        rank=None if wanted is None else min(wanted, scale.top),
        allowed_raise=allowed,
        raise_by=raise_by,
        capped=wanted is not None and wanted > scale.top,
        hazards=hazards,
        unanswered=unanswered,
        reason=reason.strip() if raise_by else "",
        clause=scale.combine.clause if scale.combine and allowed else "",
        successive=after,
        chains=tuple(
            (cause, name)
            for name in hazards
            for cause in sorted(triggers.get(name, ()))
            if cause in counted and cause != name
        ),
    )


def refuse_raise(
    raise_by: int,
    reason: str,
    serious_loss: bool,
    allowed: tuple[int, ...],
    hazards: int,
    scale: Scale,
) -> None:
    """Refuse a raise that the law does not allow.

    Args:
        raise_by: By how many ranks; 0 is no raise and never refused.
        reason: The person's reason.
        serious_loss: Whether they hold that serious loss is possible.
        allowed: From ``allowed_raise``.
        hazards: How many count at the place.
        scale: Of the level.

    Raises:
        BadData: ``law.raise_refused``, ``law.raise_not_serious`` or ``law.raise_no_reason``.
    """
    if raise_by == 0:
        return
    rule = scale.combine
    if rule is None or raise_by not in allowed:
        params = {
            "by": raise_by,
            "hazards": hazards,
            "allowed": ", ".join(map(str, (0, *allowed))),
        }
        raise BadData(Problem("law.raise_refused", params, field="raise_by"))
    if raise_by == rule.serious != rule.ordinary and not serious_loss:
        params = {"by": raise_by, "ordinary": rule.ordinary, "clause": rule.clause}
        raise BadData(Problem("law.raise_not_serious", params, field="serious_loss"))
    if not reason.strip():
        raise BadData(Problem("law.raise_no_reason", {"by": raise_by}, field="reason"))
