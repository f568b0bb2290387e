"""Whose warnings are read: ``feeds.yaml``, or a list of national feeds as others publish it."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Field

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.edge.feeds.cap_in import Kind

_ID: Final = r"^[a-z0-9][a-z0-9._-]{0,60}$"
_LIST: Final = ("sourceId", "capAlertFeed")
"""Keys by which a list of national feeds is known."""


class FeedSpec(Spec):
    """One feed of somebody else.

    Attributes:
        id: Its name here.
        name: Who speaks, for people.
        url: Address (``http``, ``https``), or a folder or file as ``file:///...``.
        format: What is expected; ``auto`` looks. ``index`` takes links out of any page.
        country: ISO 3166-1 code or a name, as the list gives it.
        language: Of its messages, for people.
        every_min: Minutes between two looks.
        silent_h: Hours without an answer after which the feed counts as silent.
        stale_days: Days without anything new after which that is a finding.
        senders: Senders that may speak in it; empty for any.
        trusted: Files of certificates (PEM) that are believed, beside the settings.
        inside: Whether its server is one of our own network. An address of numbers says so itself;
            a name must be told, for who owns it may point it anywhere.
    """

    id: str = Field(pattern=_ID)
    name: str = ""
    url: str = Field(min_length=1)
    format: Kind = "auto"
    country: str = ""
    language: str = ""
    every_min: float = Field(default=5.0, ge=0.5, le=1440)
    silent_h: float = Field(default=6.0, gt=0)
    stale_days: float = Field(default=30.0, gt=0)
    senders: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    inside: bool = False

    @property
    def home(self) -> str:
        """The server and port that may lie in our own network, "" where none may."""
        if self.inside or _is_number(self.host):
            return server(self.url)
        return ""

    @property
    def host(self) -> str:
        """The server that is asked, "" of a folder and of what is no address."""
        try:
            return (urlsplit(self.url).hostname or "").lower()
        except ValueError:
            return ""


class FeedsSpec(Spec):
    """``feeds.yaml``.

    Attributes:
        contact: Address or page that a publisher can turn to; it is sent with every request.
        spacing_s: Seconds between two requests to one server.
        at_once: Requests in flight in all.
        feeds: The feeds.
    """

    contact: str = ""
    spacing_s: float = Field(default=1.0, ge=0)
    at_once: int = Field(default=8, ge=1, le=64)
    feeds: tuple[FeedSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Feeds:
    """Settings as read.

    Attributes:
        spec: Good feeds.
        folder: Beside which files of certificates lie.
        problems: What was left out, renamed or looks wrong.
    """

    spec: FeedsSpec
    folder: Path
    problems: tuple[Problem, ...] = ()


def server(url: str) -> str:
    """Host and port of an address; "" of one that has none.

    >>> server("https://Example.org/cap"), server("http://[::1]:81/")
    ('example.org:443', '::1:81')
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def read_feeds(path: Path) -> Feeds:
    """Read whose warnings are wanted.

    Args:
        path: ``feeds.yaml``, or a JSON list whose entries have ``sourceId`` and ``capAlertFeed``.

    Raises:
        BadData: The file cannot be read or is neither (``world.feeds_file``).
        BadPack: A key of ``feeds.yaml`` is unknown or does not fit.
    """
    from haidang.pack.load import parse, read_yaml  # noqa: PLC0415 - half a second

    if path.suffix.lower() == ".json":
        return _listed(path)
    spec = parse(FeedsSpec, read_yaml(path), path)
    feeds, problems = _unique(spec.feeds, path.name)
    return Feeds(spec.model_copy(update={"feeds": feeds}), path.parent, problems)


def _listed(path: Path) -> Feeds:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadData(_problem("feeds_file", path.name, why=str(error)[:120])) from error
    if not isinstance(found, list) or not any(isinstance(f, dict) for f in found):
        raise BadData(_problem("feeds_file", path.name, why="[]"))
    problems: list[Problem] = []
    feeds: list[FeedSpec] = []
    for row, one in enumerate(found, 1):
        made = _feed(one) if isinstance(one, Mapping) else None
        if made is None:
            problems.append(Problem("world.feed_row", {}, path.name, row, _LIST[1]))
        else:
            feeds.append(made)
    kept, more = _unique(tuple(feeds), path.name)
    return Feeds(
        FeedsSpec(feeds=kept), path.parent, (*problems, *more, *_countries(kept, path.name))
    )


def _feed(one: Mapping[str, Any]) -> FeedSpec | None:
    url, name = str(one.get("capAlertFeed") or "").strip(), str(one.get("sourceId") or "")
    ident = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-.")[:60]
    if urlsplit(url).scheme not in ("http", "https") or not re.match(_ID, ident):
        return None
    kind = str(one.get("format") or "")
    return FeedSpec(
        id=ident,
        name=str(one.get("name") or ident),
        url=url,
        # What a list says of a feed's format is often not what the feed is: it is looked at.
        format="index" if kind == "index" else "auto",
        country=str(one.get("iso3") or ""),
        language=str(one.get("language") or ""),
    )


def _unique(
    feeds: tuple[FeedSpec, ...], file: str
) -> tuple[tuple[FeedSpec, ...], tuple[Problem, ...]]:
    """Each address once, each name once: a second feed of a name gets a number."""
    kept: dict[str, FeedSpec] = {}
    urls: dict[str, str] = {}
    problems: list[Problem] = []
    for one in feeds:
        if one.url in urls:
            problems.append(_problem("feed_twice", file, "feeds", id=one.id, other=urls[one.url]))
            continue
        name, number = one.id, 2
        while name in kept:
            name, number = f"{one.id}-{number}", number + 1
        if name != one.id:
            problems.append(_problem("feed_renamed", file, "feeds", id=one.id, name=name))
        kept[name] = one.model_copy(update={"id": name})
        urls[one.url] = name
    return tuple(kept.values()), tuple(problems)


def _countries(feeds: tuple[FeedSpec, ...], file: str) -> tuple[Problem, ...]:
    """Feeds whose country is also given to feeds whose names begin otherwise: one must be wrong."""
    by: dict[str, dict[str, str]] = defaultdict(dict)
    for one in feeds:
        by[one.country].setdefault(one.id.split("-")[0], one.id)
    return tuple(
        _problem("feed_country", file, "iso3", country=country, ids=", ".join(ids.values()))
        for country, ids in by.items()
        if country and len(ids) > 1
    )


def _problem(code: str, file: str, field: str = "", **params: object) -> Problem:
    severity = {"feeds_file": "error"}.get(code, "warning")
    made = Problem(f"world.{code}", params, file=file, field=field)
    return made if severity == "error" else Problem(made.code, params, file, None, field, "warning")
