"""What the checks of each kind of threat see of a binding, and what they ask of any indicator."""

# ruff: noqa: D102 - the properties of the protocols are explained in ``check_binding``

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from haidang.base.problem import Problem
from haidang.pack.law import Law
from haidang.pack.places import CountryPlaces
from haidang.pack.schema import BindingSpec, ThreatSpec


class _Threat(Protocol):
    @property
    def folder(self) -> Path: ...
    @property
    def spec(self) -> ThreatSpec | None: ...


class _Country(Protocol):
    @property
    def law(self) -> Law: ...
    @property
    def places(self) -> CountryPlaces | None: ...


class Bound(Protocol):
    """As much of a binding as the checks of its kind look at."""

    @property
    def binding(self) -> BindingSpec: ...
    @property
    def threat(self) -> _Threat: ...
    @property
    def country(self) -> _Country: ...
    @property
    def folder(self) -> Path: ...
    @property
    def zone(self) -> tzinfo: ...
    def problem(self, code: str, *keys: str | int, **params: object) -> Problem:
        """A problem of ``binding.yaml``."""


class Called(Protocol):
    """An indicator, whatever its kind."""

    @property
    def title(self) -> Mapping[str, str]: ...
    @property
    def unit(self) -> Mapping[str, str]: ...


def unnamed(name: str, one: Called, problem: Callable[..., Problem]) -> Iterator[Problem]:
    """An indicator without its English title or unit; ``problem`` takes all keys of the pack."""
    for key, texts in (("title", one.title), ("unit", one.unit)):
        if not texts.get("en", "").strip():
            where = ("watch", "indicators", name, key)
            yield problem("text_missing", *where, language="en", what=key)
