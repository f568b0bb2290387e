"""Several hazards at one place: which strike together, who leads, who yields, what a raise does.

Everything here is asked of one place and one scale at a time: scales stand side by side and are
never mixed, and what happens at one place changes nothing at another. So a run over some of the
places concludes the same for them as a run over all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Whole
from haidang.law.combine import combine, lately
from haidang.law.levels import NO_NAMES, Level, Scale
from haidang.law.raises import Lapse, LapseReason, Raise, newest
from haidang.pack.schema import Pack
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Ended, Reason, Standing
from haidang.warn.inhibit import Hazard, named, ranked, yielding
from haidang.warn.lifecycle import Named

ONE: Final = 1
"""A hazard that counts alone has nothing to be combined with."""


class Stepped(NamedTuple):
    """One assessment, the level before and after it, and why."""

    found: Assessment
    before: Standing
    after: Standing
    reason: Reason

    @property
    def name(self) -> str:
        """Threat and event."""
        return f"{self.found.threat}/{self.found.event}"


@dataclass(frozen=True)
class Together:
    """All hazards of one place on one scale.

    Attributes:
        level: The combined level: the highest own level, and a raise where one is in force.
        whole: What it rests on; None where no more than one hazard counts.
        raised: The raise in force; None without one.
        leader: Name of the leading hazard; "" where none has a level.
        to: Whom each yielding hazard yields to, by name.
        hazards: With a level now, the leading one first.
        ended: When the level of each other one ended, by name; only those that still count.
    """

    place: str
    scale: Scale
    level: int
    whole: Whole | None
    raised: Raise | None
    leader: str
    to: Mapping[str, Hazard]
    hazards: tuple[Hazard, ...]
    ended: Mapping[str, datetime] = field(default_factory=dict)

    def carried(self, name: str) -> int:
        """Combined level that a hazard's notice carries: the leading one's, if there is a raise."""
        return self.level if self.raised is not None and name == self.leader else 0

    def also(self, name: str) -> tuple[Named, ...]:
        """Hazards that a hazard's notice speaks for."""
        mine = next((h for h in self.hazards if h.name == name), None)
        return () if mine is None else named(self.hazards, self.to, mine)


def pack_of(contexts: Mapping[str, Context], threat: str) -> Pack | None:
    """A threat's pack, also where the run does not look at it; None where the country has none."""
    if threat in contexts:
        return contexts[threat].pack
    for _, context in sorted(contexts.items()):
        if threat in context.country.packs:
            return context.country.packs[threat]
    return None


def scale_of(contexts: Mapping[str, Context], threat: str) -> Scale | None:
    """The scale on which a threat's levels count; None where its pack is not known."""
    if threat in contexts:
        return contexts[threat].scale
    for _, context in sorted(contexts.items()):
        country = context.country
        if threat in country.packs:
            return country.scales[country.packs[threat].binding.scale or country.spec.scale]
    return None


def together(
    contexts: Mapping[str, Context], stepped: Sequence[Stepped], snapshot: Snapshot
) -> tuple[dict[tuple[str, str], Together], tuple[Lapse, ...]]:
    """Combine the hazards of every place that the run looks at.

    Levels that stand and that this run does not look at count too: silence lowers nothing.

    Args:
        contexts: Static facts by threat id.
        stepped: Every assessment with its new level; the order does not matter.
        snapshot: The one that they were assessed on.

    Returns:
        By place and scale id, and the raises that are over. Where fewer hazards count than the law
        asks for, a raise lapses and is not applied; a place that the run does not look at keeps
        its own.
    """
    here: dict[tuple[str, str], dict[str, Hazard]] = {}
    scales: dict[str, Scale] = {}
    looked = set()
    for one in stepped:
        scale = contexts[one.found.threat].scale
        scales[scale.id] = scale
        looked.add((one.found.threat, one.found.event, one.found.place))
        found = here.setdefault((one.found.place, scale.id), {})
        lost = one.reason is Reason.HOLD_EXPIRED
        found[one.name] = _hazard(one.after, contexts[one.found.threat].pack, lost=lost)
    for standing in (*snapshot.standing, *snapshot.beside):
        pack, of = pack_of(contexts, standing.threat), scale_of(contexts, standing.threat)
        if (standing.threat, standing.event, standing.place) in looked or pack is None:
            continue
        if of is not None and (standing.place, of.id) in here:
            hold = timedelta(hours=pack.threat.warn.max_hold_h)
            lost = snapshot.now - standing.confirmed > hold
            mine = _hazard(standing, pack, lost=lost)
            here[standing.place, of.id].setdefault(mine.name, mine)
    ended = _ended(contexts, stepped, snapshot)
    made: dict[tuple[str, str], Together] = {}
    lapses: list[Lapse] = []
    for key, hazards in sorted(here.items()):
        raises = [r for r in snapshot.raises if (r.place, r.scale) == key]
        made[key], gone = _one(contexts, key[0], scales[key[1]], hazards, ended.get(key, {}),
                               raises, snapshot.now)  # fmt: skip
        lapses += gone
    return made, tuple(lapses)


def _hazard(standing: Standing, pack: Pack, *, lost: bool) -> Hazard:
    yields_to = frozenset(pack.threat.warn.yields_to)
    return Hazard(standing.threat, standing.event, standing.level, standing.since, yields_to, lost)


def _ended(
    contexts: Mapping[str, Context], stepped: Sequence[Stepped], snapshot: Snapshot
) -> dict[tuple[str, str], dict[str, datetime]]:
    """When levels ended, newest first word, by place and scale; those that end in this run too."""
    now = [
        Ended(s.found.threat, s.found.event, s.found.place, snapshot.now)
        for s in stepped
        if s.before.level and not s.after.level
    ]
    found: dict[tuple[str, str], dict[str, datetime]] = {}
    for one in (*snapshot.ended, *now):
        scale = scale_of(contexts, one.threat)
        if scale is not None:
            times = found.setdefault((one.place, scale.id), {})
            name = f"{one.threat}/{one.event}"
            times[name] = max(one.at, times.get(name, one.at))
    return found


def _one(
    contexts: Mapping[str, Context],
    place: str,
    scale: Scale,
    by_name: Mapping[str, Hazard],
    ended: Mapping[str, datetime],
    raises: Sequence[Raise],
    now: datetime,
) -> tuple[Together, list[Lapse]]:
    hazards = tuple(h for h in ranked(by_name.values()) if h.level)
    standing = {h.name for h in hazards}
    gone = {name: at for name, at in ended.items() if name not in standing}
    levels = {h.name: Level(h.level, scale.id, "", "", "defined", NO_NAMES) for h in hazards}
    after = lately(gone, now, scale)
    triggers = _triggers(contexts, standing, (*standing, *after))
    plain = combine(levels, scale, successive=after, triggers=triggers)
    raised, lapses = _raise(raises, plain.allowed_raise, scale, now)
    by = 0 if raised is None else raised.by
    whole = plain
    if raised is not None:
        serious = raised.serious_loss
        whole = combine(levels, scale, by, raised.reason, serious_loss=serious, successive=after)
    leader = hazards[0].name if hazards else ""
    counted = len(plain.hazards) + len(plain.successive)
    made = Together(
        place=place,
        scale=scale,
        level=whole.rank or 0,
        whole=None
        if counted <= ONE
        else Whole(
            own=plain.own or 0,
            concurrent=plain.hazards,
            successive=plain.successive,
            chains=plain.chains,
            allowed=plain.allowed_raise,
            clause=plain.clause,
            leader=leader,
            raise_id="" if raised is None else raised.id,
            raise_by=by,
            capped=whole.capped,
        ),
        raised=raised,
        leader=leader,
        to=yielding(hazards),
        hazards=hazards,
        ended={name: gone[name] for name in plain.successive},
    )
    return made, lapses


def _triggers(
    contexts: Mapping[str, Context], standing: set[str], counted: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """By hazard that stands, the hazards that count here and may have set it off."""
    found = {}
    for name in standing:
        pack = pack_of(contexts, name.partition("/")[0])
        causes = () if pack is None else pack.threat.warn.triggered_by
        found[name] = tuple(c for c in counted if c.partition("/")[0] in causes)
    return found


def _raise(
    raises: Sequence[Raise], allowed: tuple[int, ...], scale: Scale, now: datetime
) -> tuple[Raise | None, list[Lapse]]:
    """The raise that is applied, and those that are over."""
    lapses: list[Lapse] = []
    holding: list[Raise] = []
    for one in sorted(raises, key=lambda r: r.id):
        why: LapseReason | None = None
        if now >= one.until:
            why = "ended"
        elif not one.holds(now):
            continue  # it comes into force later
        elif not allowed:
            why = "hazards"
        elif one.by not in allowed or _not_serious(one, scale):
            why = "law"
        if why is not None:
            lapses.append(Lapse(one.id, one.place, one.scale, now, why))
        else:
            holding.append(one)
    return newest(holding), lapses


def _not_serious(one: Raise, scale: Scale) -> bool:
    """Whether it is the greater raise, and nobody held that serious loss is possible."""
    rule = scale.combine
    return rule is not None and one.by == rule.serious != rule.ordinary and not one.serious_loss
