"""What the model does not cover, and how much of the harm that was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from haidang.review.facts import MODELLED, Deaths, NotModelled


@dataclass(frozen=True, slots=True)
class Toll:
    """People dead and missing in one place.

    Attributes:
        place: Code on the facts' own day.
    """

    place: str
    dead: int
    missing: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one danger took.

    Attributes:
        id: Of the danger; ``direct`` for what a wind model speaks of at all.
        name, text: By language; empty for ``direct``.
        modelled: Whether anything here computes this danger. Nothing here computes deaths.
        dead, missing: People; None where no source sets any death down to this danger, which is
            not zero.
        share: Of all dead and missing of the report, 0 to 1; None where not known.
        places: Most first, then by code.
        source: Who said it.
    """

    id: str
    name: Mapping[str, str]
    text: Mapping[str, str]
    modelled: bool
    dead: int | None
    missing: int | None
    share: float | None
    places: tuple[Toll, ...]
    source: str


def shares(
    dangers: Sequence[NotModelled], deaths: Sequence[Deaths], source: str
) -> tuple[Share, ...]:
    """What is modelled first, then every danger that is not, the deadliest first.

    A cause that belongs to no danger of the list is not lost: the sum over the shares is then
    below one, and a test of the country's case holds that it is one.

    Args:
        dangers: What is not modelled.
        deaths: Of one report.
        source: Of the deaths.
    """
    total = sum(d.dead + d.missing for d in deaths)
    storm = [d for d in deaths if d.cause in MODELLED]
    out = [_share("direct", {}, {}, True, storm, total, source)] if deaths else []
    rest = [
        _share(
            one.id,
            one.name,
            one.text,
            False,
            [d for d in deaths if d.cause in one.causes] if one.causes else None,
            total,
            one.source,
        )
        for one in dangers
    ]
    return (*out, *sorted(rest, key=lambda s: -((s.dead or 0) + (s.missing or 0))))


def _share(
    name: str,
    names: Mapping[str, str],
    text: Mapping[str, str],
    modelled: bool,
    deaths: Sequence[Deaths] | None,
    total: int,
    source: str,
) -> Share:
    if not deaths:
        # No row for it says that nobody counted, not that nobody died.
        return Share(name, names, text, modelled, None, None, None, (), source)
    by_place: dict[str, list[int]] = {}
    for one in deaths:
        counts = by_place.setdefault(one.place, [0, 0])
        counts[0] += one.dead
        counts[1] += one.missing
    order = sorted(by_place, key=lambda p: (-sum(by_place[p]), p))
    dead = sum(c[0] for c in by_place.values())
    missing = sum(c[1] for c in by_place.values())
    places = tuple(Toll(p, *by_place[p]) for p in order)
    share = (dead + missing) / total if total else None
    return Share(name, names, text, modelled, dead, missing, share, places, source)
