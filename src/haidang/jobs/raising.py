"""What the law lets a person raise at a place, by the newest run, and the raise itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from haidang.app.verdict import Decision, Whole
from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.edge.store.notices import Person
from haidang.edge.store.store import Store
from haidang.law.combine import refuse_raise
from haidang.law.levels import Scale
from haidang.law.raises import Raise
from haidang.pack.schema import Country


@dataclass(frozen=True, slots=True)
class Standing:
    """How a place stood at the newest run that looked at it, on one scale.

    Attributes:
        own: The highest own level.
        combined: With a raise, where one was in force.
        whole: Which hazards count; None where no more than one does.
        decisions: Of that run, one a hazard.
    """

    place: str
    scale: Scale
    at: datetime
    own: int
    combined: int
    whole: Whole | None
    decisions: tuple[Decision, ...]

    @property
    def allowed(self) -> tuple[int, ...]:
        """By how many ranks the law lets a person raise."""
        return () if self.whole is None else self.whole.allowed

    @property
    def hazards(self) -> int:
        """How many hazards count."""
        if self.whole is None:
            return min(self.own, 1)
        return len(self.whole.concurrent) + len(self.whole.successive)


def standing(store: Store, country: Country, place: str, scale: str = "") -> Standing:
    """How a place stands.

    Args:
        store: Of a replay or a desk.
        country: Whose law.
        place: Area code.
        scale: Id of the scale; the country's own for hazards where empty.

    Raises:
        NotFound: The country has no such scale (``pack.no_scale``), or nothing was decided on it
            for the place (``together.nothing``).
    """
    asked = scale or country.spec.scale
    if asked not in country.scales:
        said = {"given": asked, "known": ", ".join(country.scales)}
        raise NotFound(Problem("pack.no_scale", said))
    mine = [d for d in store.decisions() if d.place == place and _scale(country, d) == asked]
    if not mine:
        raise NotFound(Problem("together.nothing", {"place": place, "scale": asked}))
    latest = max(d.at for d in mine)
    now = tuple(d for d in mine if d.at == latest)
    whole = next((d.whole for d in now if d.whole is not None), None)
    own = max(d.after for d in now) if whole is None else whole.own
    combined = max(d.combined for d in now)
    return Standing(place, country.scales[asked], latest, own, combined, whole, now)


def _scale(country: Country, one: Decision) -> str:
    pack = country.packs.get(one.threat)
    return "" if pack is None else pack.binding.scale or country.spec.scale


def propose(
    store: Store,
    country: Country,
    place: str,
    by: int,
    reason: str,
    until: datetime,
    who: Person,
    *,
    serious_loss: bool = False,
    scale: str = "",
) -> Raise:
    """Propose a raise that the law allows as the place stands now.

    Args:
        store: Of a replay or a desk.
        country: Whose law.
        place: Area code.
        by: Ranks.
        reason: In the person's words.
        until: When it ends by itself.
        who: Who proposes, and when.
        serious_loss: They hold that serious loss of life and property is possible.
        scale: Id of the scale; the country's own for hazards where empty.

    Returns:
        The raise. It acts only once a second person has approved it, unless the scale's rule says
        that one is enough; and then from the next run on.

    Raises:
        NotFound: As ``standing``.
        BadData: The law does not allow it (``law.raise_refused`` ...), or as
            ``Store.propose_raise``.
    """
    here = standing(store, country, place, scale)
    refuse_raise(by, reason, serious_loss, here.allowed, here.hazards, here.scale)
    if by == 0:
        raise BadData(Problem("store.raise_by", {"by": by}, field="by"))
    rule = here.scale.combine
    return store.propose_raise(
        place,
        here.scale.id,
        by,
        reason,
        until,
        who.id,
        who.role,
        who.at,
        serious_loss=serious_loss,
        approval=rule is None or rule.approval,
    )
