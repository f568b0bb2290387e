"""Which civil-defence level the figures speak for: what is needed against who holds it.

The law asks whether the damage or the risk exceeds what an echelon can handle. Stock by province
answers that for two echelons. A need that exceeds what all communes of a place hold together
exceeds what each can do, however well they share: enough for level 2, though not needed for it.
Level 1 asks the same of one commune and cannot be seen from stocks of a whole province.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from haidang.law.evaluate import lookup
from haidang.law.table import Table
from haidang.respond.plan import Exceeded, Need, Suggestion, Unit, Unmet
from haidang.respond.spec import AuthoritiesSpec, CivilDefenceSpec, KindSpec, in_force
from haidang.risk.assessment import Interval

BEYOND_COMMUNES = 2
BEYOND_PROVINCE = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """Levels of one kind: of the central and of the high estimate; None where unknown."""

    level: int | None
    possible: int | None


def suggest(
    places: Iterable[str],
    needs: Sequence[Need],
    units: Sequence[Unit],
    missing: Sequence[Unmet],
    kinds: Mapping[str, KindSpec],
    authorities: AuthoritiesSpec | None,
    day: date,
) -> tuple[Suggestion, ...]:
    """The level that the figures of each place speak for; a person declares it, or does not.

    Args:
        places: With anything to judge.
        needs: Of every place.
        units: The whole stock.
        missing: What the dispatch could not bring.
        kinds: Only critical ones count.
        authorities: Who declares which level, and on what basis.
        day: Whose law is asked.

    Returns:
        By place. The level is the highest over the kinds. Where no kind gives one and any is
        unknown, it is None: a lack of figures is no sign of enough.
    """
    law = levels_on(authorities, day)
    critical = {name for name, spec in kinds.items() if spec.critical}
    return tuple(
        _suggestion(
            place,
            _grounds(
                place,
                [n for n in needs if n.place == place and n.kind in critical],
                [u for u in units if u.place == place and u.kind in critical],
                [m for m in missing if m.place == place],
            ),
            law,
        )
        for place in sorted(set(places))
    )


def _grounds(
    place: str, needs: Sequence[Need], units: Sequence[Unit], missing: Sequence[Unmet]
) -> tuple[Exceeded, ...]:
    return tuple(
        Exceeded(
            kind=kind,
            need=_total([n.value for n in needs if n.kind == kind]),
            communes=_held(units, kind, "commune"),
            province=_held(units, kind, "province"),
            after=sum(m.quantity for m in missing if m.kind == kind),
        )
        for kind in sorted({n.kind for n in needs})
    )


def _total(values: Sequence[Interval | None]) -> Interval | None:
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    return Interval(*(int(sum(each)) for each in zip(*known, strict=True)))


def _held(units: Sequence[Unit], kind: str, echelon: str) -> int | None:
    """Held of a kind by an echelon; None where no line speaks of it, which is not none."""
    found = [u.quantity for u in units if u.kind == kind and u.echelon == echelon]
    return sum(found) if found else None


def _suggestion(
    place: str, grounds: tuple[Exceeded, ...], law: Mapping[int, CivilDefenceSpec]
) -> Suggestion:
    found = [_levels(g) for g in grounds]
    level = _highest([f.level for f in found])
    possible = _highest([f.possible for f in found])
    if level is not None and possible is not None:
        possible = max(level, possible)
    entry = law.get(level) if level else None
    return Suggestion(
        place=place,
        level=level,
        possible=possible,
        reason=_reason(level, grounds),
        grounds=grounds,
        declares=entry.declares if entry else "",
        basis=entry.basis if entry else {},
    )


def _reason(level: int | None, grounds: tuple[Exceeded, ...]) -> str:
    if level == BEYOND_PROVINCE:
        return "cd_beyond_province"
    if level == BEYOND_COMMUNES:
        return "cd_beyond_communes"
    if level is not None:
        return "cd_within_communes"
    counted = any(g.communes is not None for g in grounds)
    return "cd_need_unknown" if counted else "cd_not_counted"


def _highest(levels: Sequence[int | None]) -> int | None:
    """The highest level; None where none is above 0 and any is unknown."""
    known = max((k for k in levels if k is not None), default=None)
    return known if known or None not in levels else None


def _levels(ground: Exceeded) -> _Found:
    if ground.need is None or ground.communes is None:
        return _Found(None, None)
    return _Found(_level(ground.need.central, ground), _level(ground.need.high, ground))


def _level(need: float, ground: Exceeded) -> int:
    assert ground.communes is not None
    if need <= ground.communes:
        return 0
    # What the province itself holds was not counted: it may yet be enough, so no more is said.
    if ground.province is None or need <= ground.communes + ground.province:
        return BEYOND_COMMUNES
    return BEYOND_PROVINCE


def by_facts(
    place: str,
    table: Table,
    known: Mapping[str, bool | None],
    law: Mapping[int, CivilDefenceSpec],
) -> Suggestion:
    """The level that an article gives from facts that people state; a person declares it.

    Args:
        place: Code of the place.
        table: Of the article; every input of it is answered ``yes`` or ``no``.
        known: What is stated of each input; None where nobody has stated it.
        law: Who declares which level, and on what basis.

    Returns:
        The level; None where what is not stated could change it. ``possible`` is the highest level
        that the unknown answers leave open.
    """
    open_ = [name for name, value in known.items() if value is None]
    levels: set[int | None] = set()
    for answers in product((True, False), repeat=len(open_)):
        full = {**known, **dict(zip(open_, answers, strict=True))}
        asked = {name: "yes" if value else "no" for name, value in full.items()}
        levels.add(lookup(table, day=None, **asked).level)
    settled = len(levels) == 1
    level = next(iter(levels)) if settled else None
    entry = law.get(level) if level else None
    return Suggestion(
        place=place,
        level=level,
        possible=max((k for k in levels if k is not None), default=None),
        reason="cd_by_facts" if settled else "cd_facts_unknown",
        grounds=(),
        declares=entry.declares if entry else "",
        basis=entry.basis if entry else {},
    )


def levels_on(authorities: AuthoritiesSpec | None, day: date) -> Mapping[int, CivilDefenceSpec]:
    """Who declares which level on a day, and on what basis."""
    if authorities is None:
        return {}
    return {e.level: e for e in in_force(authorities.civil_defence, day)}
