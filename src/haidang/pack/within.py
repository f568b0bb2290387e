"""Which places a notice concerns: the place itself, what lies in it, and what it lies in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

from haidang.base.place import KINDS, Gazetteer, Place


def within(gazetteer: Gazetteer, day: date) -> Callable[[str], frozenset[str]]:
    """For a place, every code whose subscribers a notice for it concerns.

    A notice for a province is for its communes too, and whoever asked for the whole province is
    told of each commune.

    Args:
        gazetteer: Of the country.
        day: Codes are meant as of this day.

    Returns:
        A function of one code; a code that means no place on that day stands for itself alone.
    """

    def lookup(code: str) -> Place | None:
        found = (gazetteer.find(kind, code, day) for kind in KINDS)
        return next((p for p in found if p is not None), None)

    @cache
    def reach(code: str) -> frozenset[str]:
        codes = {code}
        todo = [code]
        while todo:
            fresh = {p.code for p in gazetteer.children(todo.pop(), day)} - codes
            codes |= fresh
            todo += fresh
        place = lookup(code)
        while place is not None and place.parent is not None and place.parent not in codes:
            codes.add(place.parent)
            place = lookup(place.parent)
        return frozenset(codes)

    return reach
