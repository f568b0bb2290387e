"""Several hazards at once, or one after the other: by how much a person may raise the level.

Nothing is raised here by itself. The law says "may"; this says how far, and records who wants it
why. What a country's law allows is data of its scale (`CombineRule`); a scale without such a
rule allows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.law.levels import Level, Scale


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
        hazards: The hazards that have a level, by name.
        unanswered: Hazards whose level is not known.
        reason: The person's reason, "" without a raise.
        clause: The clause that allows it, "" when nothing does.
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
) -> Combined:
    """The level over all hazards of one place.

    Args:
        levels: Each threat's own level, never one that was raised already.
        scale: The scale they are counted on.
        raise_by: The person's choice.
        reason: The person's reason; needed for a raise.
        serious_loss: The person holds that serious loss is possible, as the greater raise demands.

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
    allowed = allowed_raise(len(hazards), scale)
    _refuse_raise(raise_by, reason, serious_loss, allowed, hazards, scale)
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
    )


def _refuse_raise(
    raise_by: int,
    reason: str,
    serious_loss: bool,
    allowed: tuple[int, ...],
    hazards: tuple[str, ...],
    scale: Scale,
) -> None:
    if raise_by == 0:
        return
    rule = scale.combine
    if rule is None or raise_by not in allowed:
        params = {
            "by": raise_by,
            "hazards": len(hazards),
            "allowed": ", ".join(map(str, (0, *allowed))),
        }
        raise BadData(Problem("law.raise_refused", params, field="raise_by"))
    if raise_by == rule.serious != rule.ordinary and not serious_loss:
        params = {"by": raise_by, "ordinary": rule.ordinary, "clause": rule.clause}
        raise BadData(Problem("law.raise_not_serious", params, field="serious_loss"))
    if not reason.strip():
        raise BadData(Problem("law.raise_no_reason", {"by": raise_by}, field="reason"))
