"""Four threats of the toy country on one scale, that yield to and set off one another."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from app.toy import HOUR, PLACES, T0, context, judged, over, snapshot
from haidang.app.context import Context
from haidang.app.decide import Wish
from haidang.app.snapshot import Chain, Snapshot
from haidang.base.ids import content_id
from haidang.law.levels import CombineRule, Names, Rank
from haidang.law.raises import Raise
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Ended, Standing
from haidang.warn.lifecycle import Named, Said
from haidang.watch.signal import State

WISH = Wish("Exercise", "toy")
WIND, RAIN, FLOOD, SLIDE = "wind", "rain", "flood", "slide"
YIELDS = {RAIN: (WIND, FLOOD), FLOOD: (WIND, RAIN), SLIDE: (FLOOD,), WIND: ()}
CAUSES = {RAIN: (WIND,), FLOOD: (RAIN,), SLIDE: (RAIN, FLOOD), WIND: ()}
SCALE = "alert"
NOW_H = 30.0
RULE = CombineRule(2, 1, 2, "Act 7", "4(4)", Names({"en": "x"}), 48, Names({"en": "assumed"}))


@cache
def contexts(*, five: bool = True) -> dict[str, Context]:
    """The toy's one threat under four names; nothing is planned, that has its own tests.

    Args:
        five: Whether the scale has two ranks above the packs' own, so that a raise has room.
    """
    base = context()
    ranks = base.scale.ranks
    if five:
        ranks += tuple(Rank(n, Names({"en": f"rank {n}", "fr": f"rang {n}"})) for n in (4, 5))
    scale = replace(base.scale, ranks=ranks, combine=RULE)
    packs = {}
    for name, greater in YIELDS.items():
        warn = base.pack.threat.warn.model_copy(
            update={"yields_to": greater, "triggered_by": CAUSES[name]}
        )
        called = {"en": f"{name} {{name}}", "fr": f"{name} {{name}}"}
        threat = base.pack.threat.model_copy(update={"id": name, "warn": warn, "called": called})
        packs[name] = replace(base.pack, threat=threat)
    country = replace(base.country, packs=packs, scales={**base.country.scales, SCALE: scale})
    return {
        name: replace(base, country=country, pack=pack, scale=scale, response=None)
        for name, pack in packs.items()
    }


@cache
def found(
    threat: str, hour: float, level: int | None, state: State = State.RAISED, **where: object
) -> Assessment:
    """What an assessment of one of the threats would say."""
    event = str(where.pop("event", f"{threat}-1"))
    one = judged(hour, level, state, event=event, **where)
    return _of(one, threat)


@cache
def ended(threat: str, hour: float, **where: str) -> Assessment:
    """The source said that the event of one of the threats is over."""
    where.setdefault("event", f"{threat}-1")
    return _of(over(hour, **where), threat)


def _of(one: Assessment, threat: str) -> Assessment:
    return replace(one, threat=threat, id=content_id("assessment", [threat, one.id]))


def raised(
    by: int = 1, *, place: str = "N", at: float = 0, until: float = 100, **other: object
) -> Raise:
    """A raise in force."""
    plain = Raise(
        id=content_id("raise", [place, by, at, until]),
        place=place,
        scale=SCALE,
        by=by,
        reason="the dike is soft",
        serious_loss=by > 1,
        actor="bbbbbbbb",
        role="head",
        at=T0 + at * HOUR,
        until=T0 + until * HOUR,
    )
    return replace(plain, **other)


def stood(
    threat: str, level: int, *, place: str = "N", since: float = 0, **other: object
) -> Standing:
    """A level that stands."""
    at = T0 + since * HOUR
    plain = Standing(threat, f"{threat}-1", place, level, at, at)
    return replace(plain, **other)


# --- random sets --------------------------------------------------------------------------------


def random_set(chance: np.random.Generator) -> tuple[tuple[Assessment, ...], Snapshot]:
    """A set of assessments and what was known beside: levels, notices, raises, in any state."""
    given: list[Assessment] = []
    known: dict[str, list[object]] = {n: [] for n in ("standing", "beside", "ended", "chains")}
    for place in PLACES[: int(chance.integers(1, 3))]:
        for threat in YIELDS:
            for event in (f"{threat}-1", f"{threat}-2")[: int(chance.integers(0, 3))]:
                if often(chance, 0.7):
                    given += _hazard(chance, threat, event, place, known)
    raises = tuple(
        raised(int(chance.integers(1, 3)), place=p, at=float(chance.integers(0, 40)),
               until=float(chance.integers(20, 60)))
        for p in PLACES[: int(chance.integers(0, 3))]
    )  # fmt: skip
    beside = {name: tuple(values) for name, values in known.items()}
    return tuple(given), snapshot([], NOW_H, 0, raises=raises, **beside)


def often(chance: np.random.Generator, share: float) -> bool:
    """True so often."""
    return bool(chance.random() < share)


def _hazard(
    chance: np.random.Generator,
    threat: str,
    event: str,
    place: str,
    known: dict[str, list[object]],
) -> list[Assessment]:
    """What is found of one hazard, if the run looks at it; what was known goes to ``known``."""
    old, since = int(chance.integers(0, 4)), float(chance.integers(0, 30))
    level = int(chance.integers(0, 4))
    if often(chance, 0.7):
        at = (T0 + since * HOUR, T0 + float(chance.integers(int(since), 30)) * HOUR)
        quiet = T0 + since * HOUR if often(chance, 0.4) else None
        one = Standing(threat, event, place, old, *at, quiet, min(old, level) if quiet else 0)
        known["standing" if often(chance, 0.8) else "beside"].append(one)
    elif often(chance, 0.5):
        known["ended"].append(Ended(threat, event, place, T0 + since * HOUR))
    if often(chance, 0.6):
        known["chains"].append(_chain(chance, threat, event, place, old))
    where = {"place": place, "event": event}
    force, onset = int(chance.choice([6, 9, 12])), float(chance.choice([-3, 5, 12, 29]))
    roll = int(chance.integers(0, 20))
    if roll < 2:
        return []
    if roll < 4:
        return [ended(threat, NOW_H, **where)]
    if roll < 7:
        return [found(threat, NOW_H, None, State.NO_DATA, **where)]
    if roll < 8:
        return [found(threat, NOW_H, None, **where)]
    return [found(threat, NOW_H, level, force=force, onset_h=onset, **where)]


def _chain(chance: np.random.Generator, threat: str, event: str, place: str, level: int) -> Chain:
    def said() -> Said:
        others = [t for t in YIELDS if t != threat and chance.random() < 0.3]
        also = tuple(Named(t, f"{t}-1", int(chance.integers(1, 4))) for t in sorted(others))
        ends = T0 + float(chance.integers(20, 60)) * HOUR
        rank = int(chance.choice([level, chance.integers(0, 4)]))
        carried = int(chance.choice([0, 0, 4]))
        return Said(rank, int(chance.integers(6, 13)), None, ends, False, carried, also)

    waits = chance.random() < 0.5
    issued = said() if chance.random() < 0.7 else None
    return Chain(
        id=content_id("chain", [threat, event, place]),
        threat=threat,
        event=event,
        place=place,
        number=1,
        issued=issued,
        pending=said() if waits else None,
        pending_id=content_id("draft", [threat, event, place]) if waits else "",
        drafted=T0 + float(chance.choice([29.9, 20.0])) * HOUR if waits else None,
        version=2,
        refused=not waits and bool(chance.random() < 0.3),
    )


def shuffled(
    chance: np.random.Generator, given: tuple[Assessment, ...], known: Snapshot
) -> tuple[tuple[Assessment, ...], Snapshot]:
    """The same in another order, whatever has an order."""

    def turn(values: tuple) -> tuple:
        return tuple(values[i] for i in chance.permutation(len(values)))

    names = ("standing", "chains", "beside", "ended", "raises")
    return turn(given), replace(known, **{n: turn(getattr(known, n)) for n in names})
