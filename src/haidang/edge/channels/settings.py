"""The channels of a desk: ``channels.yaml`` beside its store.

A section that is wrong is named with file, line, field and remedy, and the others work: who
mistypes the SMS gateway at night must not thereby silence the e-mail. Parcels for a channel that
cannot be opened fail, wait in the outbox and say why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from pkgutil import iter_modules
from typing import Final, NamedTuple, Protocol, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from haidang.base.errors import BadPack, HaidangError
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.edge import channels
from haidang.edge.channels.parts.notice import all_alike
from haidang.edge.channels.parts.spec import ChannelSpec, Home, Link
from haidang.edge.channels.port import Channel, Outcome, Parcel
from haidang.law.levels import Names
from haidang.pack.load import line_of, read_yaml
from haidang.words import LANGUAGES, catalogue, word

FILE: Final = "channels.yaml"
"""Its name beside the store."""


class _Module(Protocol):
    """What a channel's module offers."""

    Spec: type[ChannelSpec]
    PUBLIC: bool
    PERSON: bool

    def open(self, spec: ChannelSpec, home: Home) -> Channel: ...


class _Head(Spec):
    """All of the file but its channels."""

    link: Link = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``channels.yaml`` says.

    Attributes:
        folder: Of the file.
        link: Where a message can be read, with ``{identifier}`` in it; "" where nowhere.
        specs: Settings by channel's name, of those that are right.
        bad: Names of those that are not, with the kind that they ask for; "" where there is none.
        problems: What is wrong, each with file, line and field.
    """

    folder: Path = Path()
    link: str = ""
    specs: Mapping[str, ChannelSpec] = field(default_factory=dict)
    bad: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def home(self, name: str) -> Home:
        """What the channel of this name is told besides its spec."""
        return Home(name, self.folder, self.link)


class Opened(NamedTuple):
    """An open channel.

    Attributes:
        name: As the settings, the outbox and subscriptions call it.
        kind: Name of its module; "" where the settings are wrong.
        public: It speaks to everybody: it is given one parcel a message, without a recipient.
        person: A person reads what it brings, not a machine.
        channel: Itself.
    """

    name: str
    kind: str
    public: bool
    person: bool
    channel: Channel


@cache
def kinds() -> tuple[str, ...]:
    """Names of all kinds of channels: the modules of this folder that can be opened.

    Found by reading, not by loading: a desk without MQTT does not wait for its client.
    """
    folder = files(channels)
    names = (m.name for m in iter_modules(channels.__path__) if not m.ispkg)
    return tuple(
        sorted(n for n in names if "\ndef open(" in (folder / f"{n}.py").read_text("utf-8"))
    )


def _module(kind: str) -> _Module:
    """Loaded when it is asked for."""
    return cast(_Module, import_module(f"{channels.__name__}.{kind}"))


# --- the file -----------------------------------------------------------------------------------


def read_settings(path: Path) -> Settings:
    """Read ``channels.yaml``.

    Args:
        path: The file. No file is a desk without channels.

    Returns:
        What is right in it, and every problem with the rest. No value of the file is repeated in
        a problem: it might be a secret in the wrong place.

    Raises:
        BadPack: The file cannot be read, or is no mapping of names.
    """
    if not path.exists():
        return Settings(path.parent)
    raw = read_yaml(path)
    sections = raw.pop("channels", None) or {}
    if not isinstance(sections, Mapping):
        raise BadPack(Problem("channel.no_sections", file=path.name, field="channels"))
    problems: list[Problem] = []
    link = ""
    try:
        link = _Head.model_validate(raw).link
    except ValidationError as err:
        problems += _wrong(err, path, [], _Head)
    specs: dict[str, ChannelSpec] = {}
    bad: dict[str, str] = {}
    for key, section in sections.items():
        name = str(key)
        if not name.strip():
            problems.append(
                Problem("channel.no_sections", file=path.name, row=line_of(path, ["channels"]),
                        field="channels")
            )  # fmt: skip
            continue
        found = _section(name, section, path)
        if isinstance(found, ChannelSpec):
            specs[name] = found
        else:
            bad[name] = _kind(section)
            problems += found
    return Settings(path.parent, link, specs, bad, tuple(problems))


def _kind(section: object) -> str:
    """The kind that a section asks for, "" for none that there is."""
    kind = section.get("kind") if isinstance(section, Mapping) else None
    return str(kind) if kind in kinds() else ""


def _section(name: str, section: object, path: Path) -> ChannelSpec | list[Problem]:
    keys = ["channels", name]
    if not (kind := _kind(section)):
        where = path.name, line_of(path, [*keys, "kind"]), ".".join([*keys, "kind"])
        return [Problem("channel.unknown_kind", {"known": ", ".join(kinds())}, *where)]
    spec = _module(kind).Spec
    try:
        return spec.model_validate(section)
    except ValidationError as err:
        return list(_wrong(err, path, keys, spec))


def _wrong(
    err: ValidationError, path: Path, above: Sequence[str], spec: type[Spec]
) -> Iterator[Problem]:
    known = ", ".join(sorted(spec.model_fields))
    for found in err.errors(include_input=False, include_url=False):
        keys = [*above, *map(str, found["loc"])]
        where = path.name, line_of(path, keys), ".".join(keys)
        key = keys[-1] if keys else ""
        match found["type"]:
            case "extra_forbidden":
                yield Problem("channel.unknown_key", {"key": key, "known": known}, *where)
            case "missing":
                yield Problem("channel.missing_key", {"key": key}, *where)
            case "secret_inline" | "secret_one" as code:
                yield Problem(f"channel.{code}", {}, *where)
            case _:
                yield Problem("channel.bad_value", {"why": _why(found)}, *where)


def _why(found: ErrorDetails) -> Names:
    """What a value must be, in every language that has words for it."""
    for room in ("channel", "pack"):
        if (key := f"{room}.why_{found['type']}") in catalogue():
            return Names({k: word(key, k, **found.get("ctx", {})) for k in LANGUAGES})
    return Names({"en": found["msg"].removeprefix("Value error, ")})


# --- opening ------------------------------------------------------------------------------------


def open_channels(settings: Settings) -> Mapping[str, Channel]:
    """Open every channel of the settings.

    Args:
        settings: From `read_settings`.

    Returns:
        One channel for every name of the file. One that is set wrongly, or whose secret is not
        there, answers ``failed`` to every parcel, with the reason.
    """
    found: dict[str, Channel] = {name: _Shut(name, "channel.bad_settings") for name in settings.bad}
    for name, spec in settings.specs.items():
        try:
            found[name] = _module(spec.kind).open(spec, settings.home(name))
        except HaidangError as err:
            missing = err.problems[0].code == "channel.secret_missing"
            found[name] = _Shut(name, "channel.no_secret" if missing else "channel.bad_settings")
    return found


def open_folder(folder: Path) -> tuple[Opened, ...]:
    """Open the channels whose settings stand in a folder, in the order of the file.

    Raises:
        BadPack: As `read_settings`.
    """
    settings = read_settings(folder / FILE)
    channels_by_name = open_channels(settings)
    found = []
    for name, channel in channels_by_name.items():
        spec = settings.specs.get(name)
        kind = spec.kind if spec else settings.bad[name]
        # Of a slip in a section that speaks to everybody its messages wait too; where nobody can
        # tell what it is, it may be one of those.
        public = _module(kind).PUBLIC if kind else True
        person = _module(kind).PERSON if kind else False
        found.append(Opened(name, spec.kind if spec else "", public, person, channel))
    return tuple(found)


def persons(settings: Settings) -> frozenset[str]:
    """Names of the channels that a person reads, not a machine."""
    kinds_by_name = {name: spec.kind for name, spec in settings.specs.items()} | {
        name: kind for name, kind in settings.bad.items() if kind
    }
    return frozenset(n for n, kind in kinds_by_name.items() if _module(kind).PERSON)


def unfit(settings: Settings, channel: str, address: str) -> str:
    """Why a channel can never send to an address, as far as settings and address tell.

    Args:
        settings: See `read_settings`.
        channel: Its name.
        address: Of a recipient.

    Returns:
        Code of the problem; "" where nothing is wrong with it, or where nobody can tell.
    """
    spec = settings.specs.get(channel)
    look = getattr(_module(spec.kind), "unfit", None) if spec else None
    return str(look(spec, address)) if look else ""


def check(settings: Settings) -> tuple[Problem, ...]:
    """Everything that keeps a channel from working, found without sending anything.

    Returns:
        The problems of the file, and those of opening: a secret that is not there, a folder that
        cannot be written to.
    """
    found = list(settings.problems)
    for name, spec in settings.specs.items():
        try:
            _module(spec.kind).open(spec, settings.home(name)).close()
        except HaidangError as err:
            found += [
                Problem(p.code, p.params, FILE, p.row, f"channels.{name}.{p.field}".rstrip("."))
                for p in err.problems
            ]
    return tuple(found)


@contextmanager
def opened(settings: Settings) -> Iterator[Mapping[str, Channel]]:
    """The channels for as long as a job runs; closed however it ends."""
    found = open_channels(settings)
    try:
        yield found
    finally:
        for channel in found.values():
            with suppress(Exception):
                channel.close()


class _Shut:
    """Stands for a channel that could not be opened: what is for it waits."""

    batch = 1000

    def __init__(self, name: str, why: str) -> None:
        self.name, self._why = name, why

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        return all_alike(parcels, "failed", self._why)

    def close(self) -> None:
        return None
