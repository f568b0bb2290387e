"""Profiles: what a community asks of its messages beyond the standard, as data.

A profile is a YAML file: those that many share stand in ``profiles/``, a country's own is the file
``cap_profile.yaml`` of its folder, and anybody's is read with `read_profile`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.errors import BadPack, NotFound
from haidang.base.problem import Problem
from haidang.base.spec import Spec

COUNTRY_FILE: Final = "cap_profile.yaml"

_AT: Final = re.compile(r"(alert|info|resource|area)\.([A-Za-z]+)(?:\[(.+)\])?")


class Rule(Spec):
    """One thing a profile asks.

    Attributes:
        at: Where: the element that holds, a point, the element it is about, and for eventCode,
            parameter and geocode the ``valueName`` in brackets: ``area.geocode[SAME]``.
        require: It must be there.
        forbid: It must not be there.
        includes: One of its texts must be this.
        values: All of its texts must be among these.
        pattern: All of its texts must match this regular expression, from end to end.
        longest: No text may have more characters.
        most: It may not stand more often.
        when: Only in messages whose ``status``, ``msgType`` or ``scope`` is one of these.
        level: ``warning`` where the profile says "should".
        why: What the profile says, in both languages.
    """

    at: str = Field(pattern=_AT.pattern)
    require: bool = False
    forbid: bool = False
    includes: str | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    longest: int | None = Field(default=None, ge=1)
    most: int | None = Field(default=None, ge=1)
    when: Mapping[Literal["status", "msgType", "scope"], tuple[str, ...]] = {}
    level: Literal["error", "warning"] = "error"
    why: Mapping[Literal["vi", "en"], str]

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise PydanticCustomError("pattern", "not a regular expression") from error
        return pattern

    @model_validator(mode="after")
    def _says_something(self) -> Rule:
        asked = (self.require, self.forbid, self.includes, self.values, self.pattern)
        if not any((*asked, self.longest, self.most)):
            raise PydanticCustomError("rule_empty", "a rule must ask something")
        if self.why.keys() != {"vi", "en"}:
            raise PydanticCustomError("rule_words", "a rule must say why in vi and en")
        return self

    @property
    def box(self) -> str:
        """The element that holds."""
        return self._parts()[0]

    @property
    def tag(self) -> str:
        """The element it is about."""
        return self._parts()[1]

    @property
    def name(self) -> str | None:
        """The ``valueName`` it is about, if any."""
        return self._parts()[2]

    def _parts(self) -> tuple[str, str, str | None]:
        found = _AT.fullmatch(self.at)
        if found is None:  # pragma: no cover - the field's pattern holds
            raise ValueError(self.at)
        return found[1], found[2], found[3]


class Profile(Spec):
    """What a community asks.

    Attributes:
        name: Short, as `validate` and the command take it.
        title: In both languages.
        source: The document it was read from, and what of it is not here.
        versions: Of CAP that it allows.
        languages: Primary language subtags each of which must have an info.
        rules: The rest.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    title: Mapping[Literal["vi", "en"], str]
    source: str = Field(min_length=1)
    versions: tuple[Literal["1.0", "1.1", "1.2"], ...] = ("1.2",)
    languages: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


def read_profile(text: str, file: str = "") -> Profile:
    """Read a profile.

    Args:
        text: YAML.
        file: Its name, for what is wrong.

    Raises:
        BadPack: Not YAML, an unknown key, or a rule that asks nothing or does not say why.
    """
    try:
        raw: Any = yaml.safe_load(text)
        return Profile.model_validate(raw)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        row = None if line is None else line + 1
        raise BadPack(Problem("cap.profile_yaml", {}, file, row)) from error
    except ValidationError as error:
        raise BadPack(
            *(
                Problem(
                    "cap.profile_bad",
                    {"reason": e["msg"]},
                    file,
                    field=".".join(map(str, e["loc"])),
                )
                for e in error.errors()
            )
        ) from error


def named(name: str) -> Profile:
    """A shipped profile, or a shipped country's.

    Args:
        name: ``plain``, ``wmo``, ``ipaws``, ``cap-cp``, or the id of a country that has one;
            capitals do not matter.

    Raises:
        NotFound: No such profile.
    """
    text = _texts().get(name.lower())
    if text is None:
        known = ", ".join(profiles())
        raise NotFound(Problem("cap.profile_unknown", {"name": name, "known": known}))
    return _read(name.lower())


def profiles() -> tuple[str, ...]:
    """Names of the shipped profiles, countries' last."""
    return tuple(_texts())


@cache
def _read(name: str) -> Profile:
    return read_profile(_texts()[name], name)


@cache
def _texts() -> Mapping[str, str]:
    return dict(_found())


def _found() -> Iterator[tuple[str, str]]:
    """Files of this package, as `haidang.words` reads its own: the code's data, not the world's."""
    for entry in sorted(files(__package__).joinpath("profiles").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            yield entry.name.removesuffix(".yaml"), entry.read_text("utf-8")
    countries = files("haidang").joinpath("countries")
    for folder in sorted(countries.iterdir(), key=lambda e: e.name):
        own = folder.joinpath(COUNTRY_FILE)
        if own.is_file():
            yield folder.name, own.read_text("utf-8")
