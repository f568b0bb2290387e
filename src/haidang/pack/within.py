"""Which places a notice concerns: the place itself, what lies in it, and what it lies in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from haidang.base.place import KINDS, Gazetteer


@dataclass(frozen=True, slots=True)
class Nested:
    """How the places of a country lie in each other on a day; it remembers what it was asked.

    Attributes:
        gazetteer: Of the country.
        day: Codes are meant as of this day. One that means no place then stands for itself alone.
    """

    gazetteer: Gazetteer
    day: date
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)
    _around: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, code: str) -> frozenset[str]:
        """Every code whose subscribers a notice for a place concerns.

        A notice for a province is for its communes too, and whoever asked for the whole province
        is told of each commune.
        """
        found = self._reached.get(code)
        if found is None:
            found = self._reached[code] = frozenset({*self._inside(code), *self.around(code)})
        return found

    def around(self, code: str) -> tuple[str, ...]:
        """The place and every place that holds it, from the inside out."""
        found = self._around.get(code)
        if found is None:
            rings = [code]
            while (outer := self._parent(rings[-1])) is not None and outer not in rings:
                rings.append(outer)
            found = self._around[code] = tuple(rings)
        return found

    def _inside(self, code: str) -> set[str]:
        codes, todo = {code}, [code]
        while todo:
            fresh = {p.code for p in self.gazetteer.children(todo.pop(), self.day)} - codes
            codes |= fresh
            todo += fresh
        return codes

    def _parent(self, code: str) -> str | None:
        found = (self.gazetteer.find(kind, code, self.day) for kind in KINDS)
        place = next((p for p in found if p is not None), None)
        return place.parent if place else None


def within(gazetteer: Gazetteer, day: date) -> Nested:
    """How the places of a gazetteer lie in each other on a day; see ``Nested``."""
    return Nested(gazetteer, day)
