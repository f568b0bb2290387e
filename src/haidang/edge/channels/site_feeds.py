"""The files for machines: feeds of everything, of each area and of each threat, and maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from haidang.app.active import WINDOW, Ended
from haidang.app.verdict import Draft
from haidang.base.ids import content_id
from haidang.edge.channels.board import Board, Layout, Notice, cap_path
from haidang.warn import feed, geojson
from haidang.words import word

File: TypeAlias = tuple[str, bytes]
"""Path below the site's folder, and content."""


class ForMachines:
    """Makes the files whose content changed; keeps each entry that was written once."""

    def __init__(
        self, layout: Layout, base: str, hub: str, ours: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Take how files are called, the address that they are served under, and a hub.

        ``ours`` says whether a file stands as it was written here: others write there too.
        """
        self._ours = ours
        self._made: dict[str, tuple[str, ...]] = {}
        self._layout, self._base, self._hub = layout, base, hub
        self._pieces: dict[tuple[str, str, str, str], str] = {}
        self._features: dict[str, str] = {}
        self._keys: dict[str, object] = {}

    def files(self, board: Board, past: Sequence[Ended]) -> Iterator[File]:
        """What is to be written, the feed of everything first.

        A key is kept as soon as its file was taken: whoever takes one must write it.

        Args:
            board: What is shown.
            past: Everything that ended, however long ago: a feed changed last when one came, ended,
                or went out of it.
        """
        yield from self._feeds(board, past)
        yield from self._maps(board)

    def _feeds(self, board: Board, past: Sequence[Ended]) -> Iterator[File]:
        told = sorted(
            (*board.notices, *board.ended),
            key=lambda n: (-n.message.sent.timestamp(), n.message.identifier),
        )
        by: dict[str, list[Notice]] = {"": told}
        when: dict[str, datetime] = {}
        for one in told:
            for name in self._feeds_of(one.draft):
                by.setdefault(name, []).append(one)
        for at, draft in _changes(board, past):
            for name in ("", *self._feeds_of(draft)):
                when[name] = max(at, when.get(name, at))
        for name in self._names():
            notices = by.get(name, [])
            updated = when.get(name, feed.NEVER)
            key = (updated, tuple(n.message.identifier for n in notices))
            if not self._stands(f"feed {name}", key):
                made = tuple(self._feed(name, notices, updated))
                yield from made
                self._keep(f"feed {name}", key, *(path for path, _ in made))

    def _stands(self, what: str, key: object) -> bool:
        """Whether it was made of the same before, and nobody wrote over it since."""
        return self._keys.get(what) == key and all(map(self._ours, self._made[what]))

    def _keep(self, what: str, key: object, *paths: str) -> None:
        self._keys[what] = key
        self._made[what] = paths

    def _names(self) -> Iterator[str]:
        """Every feed, the one of everything first: "", ``area/<code>``, ``threat/<id>``."""
        yield ""
        yield from (f"area/{code}" for code in self._layout.places)
        yield from (f"threat/{threat}" for threat in self._layout.country.packs)

    def _feeds_of(self, draft: Draft) -> Iterator[str]:
        within = self._layout.within
        yield f"area/{draft.place}"
        if draft.place in within:
            yield f"area/{within[draft.place]}"
        yield from (f"area/{code}" for code in self._layout.spoken_to(draft))
        yield f"threat/{draft.threat}"

    def _feed(self, name: str, notices: Sequence[Notice], updated: datetime) -> Iterator[File]:
        languages = self._layout.country.spec.languages
        up = self._base or ("../" if not name else "../../")
        for language in (*(() if name else (None,)), *languages):
            stem = f"feeds/{name or 'all'}" + (f".{language}" if language else "")
            for kind in ("atom", "rss"):
                pieces = [self._piece(n, language, kind, up) for n in notices]
                head = self._head(name, stem, kind, language or languages[0], updated, up)
                made = feed.atom(head, pieces) if kind == "atom" else feed.rss(head, pieces)
                yield f"{stem}.{kind}", made

    def _piece(self, one: Notice, language: str | None, kind: str, up: str) -> str:
        key = (one.message.identifier, language or "", kind, up)
        if key not in self._pieces:
            pages = tuple(
                (tag, f"{up}{self._layout.page(one.place, tag)}index.html")
                for tag in self._tags(language)
            )
            item = feed.Item(one.alert, up + cap_path(one.message), pages)
            make = feed.atom_entry if kind == "atom" else feed.rss_item
            self._pieces[key] = make(item, language)
        return self._pieces[key]

    def _tags(self, language: str | None) -> tuple[str, ...]:
        return self._layout.country.spec.languages if language is None else (language,)

    def _head(
        self, name: str, stem: str, kind: str, language: str, updated: datetime, up: str
    ) -> feed.Head:
        spec = self._layout.country.spec
        what, _, code = name.partition("/")
        title = word("public.feed_all", language, country=_said(spec.name, language))
        home = self._layout.page("", language)
        if what == "area":
            title = word(
                "public.feed_area", language, place=self._layout.places[code].name(language)
            )
            home = self._layout.page(code, language)
        elif what == "threat":
            title = word(
                "public.feed_threat",
                language,
                threat=self._layout.country.packs[code].title(language),
                country=_said(spec.name, language),
            )
        sender = spec.sender
        return feed.Head(
            id=f"urn:uuid:{content_id('feed', (sender.address, stem))}",
            title=title,
            subtitle=_said(sender.status_note, language),
            author=_said(sender.name, language),
            language=language,
            updated=updated,
            href=(up if self._base else "")
            + (f"{stem}.{kind}" if self._base else f"{stem}.{kind}".rsplit("/", 1)[-1]),
            home=f"{up}{home}index.html",
            hub=self._hub,
        )

    def _maps(self, board: Board) -> Iterator[File]:
        by: dict[str, list[tuple[str, str]]] = {"": []}
        for one in board.notices:
            drawn = one.message.identifier, self._feature(one)
            around = self._layout.within.get(one.place, "")
            inside = self._layout.spoken_to(one.draft)
            for code in dict.fromkeys(("", one.place, around, *inside)):
                by.setdefault(code, []).append(drawn)
        for code in ("", *self._layout.places):
            features = by.get(code, [])
            path = f"{self._layout.page(code, self._layout.languages[0])}active.geojson"
            key = tuple(name for name, _ in features)
            if not self._stands(path, key):
                yield path, geojson.collection(text for _, text in features)
                self._keep(path, key, path)

    def _feature(self, one: Notice) -> str:
        name = one.message.identifier
        if name not in self._features:
            drawn = geojson.feature(geojson.Feature(one.alert, self._told(one)))
            self._features[name] = geojson.text(drawn)
        return self._features[name]

    def _told(self, one: Notice) -> dict[str, Any]:
        """What a map shows of a notice beside its outline."""
        draft, base = one.draft, self._base
        place = self._layout.places.get(draft.place)
        pack = self._layout.country.packs.get(draft.threat)
        scale = dict(draft.parameters).get("scale", "")
        rank = self._layout.country.scales.get(scale)
        named = rank is not None and 1 <= draft.said.level <= rank.top
        return {
            "identifier": one.message.identifier,
            "status": draft.status,
            "msgType": one.message.kind,
            "sent": one.message.sent.isoformat(),
            "onset": None
            if draft.onset is None
            else self._layout.country.local(draft.onset).isoformat(),
            "expires": self._layout.country.local(one.message.expires).isoformat(),
            "level": draft.said.level,
            "level_name": dict(rank.names(draft.said.level)) if rank and named else {},
            "colour": rank.ranks[draft.said.level - 1].colour if rank and named else "",
            "scale": scale,
            "threat": draft.threat,
            "threat_name": {tag: pack.title(tag) for tag in self._layout.country.spec.languages}
            if pack
            else {},
            "event": draft.event,
            "place": draft.place,
            "place_name": dict(place.names) if place else {},
            "severity": draft.severity,
            "urgency": draft.urgency,
            "certainty": draft.certainty,
            "texts": {
                t.language: {
                    "headline": t.headline,
                    "description": t.description,
                    "instruction": t.instruction,
                }
                for t in draft.texts
            },
            "cap": base + cap_path(one.message),
        }


def _changes(board: Board, past: Sequence[Ended]) -> Iterator[tuple[datetime, Draft]]:
    """When each notice came, ended, or went out of the feeds: the newest says when one changed."""
    for one in board.notices:
        yield one.message.sent, one.draft
    for over in past:
        gone = over.at + WINDOW
        yield (gone if gone < board.now else over.at), over.draft


def _said(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names.get("en") or next(iter(names.values()), "")
