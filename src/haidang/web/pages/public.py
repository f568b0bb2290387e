"""The public page: what is in force here, now; what to do; when it is over. One request, no script.

Everybody may read it, on any phone, with the database down: a page is a file, and says itself how
old it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from haidang.base.place import Key, Place, fold
from haidang.edge.channels.board import SHOWN, Board, Layout, Notice, Page, cap_path
from haidang.law.levels import Scale
from haidang.web.console import environment
from haidang.web.pages import public_words as words
from haidang.web.pages.public_parts import (
    BRIEFER,
    Around,
    Call,
    Group,
    Link,
    Silent,
    Told,
)
from haidang.web.speak import Speaker
from haidang.web.svg import LIGHT
from haidang.words import catalogue

LARGEST: Final = 10_240
"""Bytes of a page, uncompressed: what a bad network still brings in a few seconds."""

ALL_CALLS: Final = 4
"""Numbers shown: the one of rescue as a button, three more below it."""


class Public:
    """Makes the pages of one country's site; see ``edge.channels.site.Pages``."""

    def __init__(self, layout: Layout) -> None:
        """Take which places have pages, and how their folders are called."""
        self._country, self._path, self._day = layout.country, layout.page, layout.day
        self._lists: dict[str, tuple[Group, ...]] = {}
        self._older = _older(layout)

    def pages(self, board: Board) -> Iterator[Page]:
        """Every page, those of places with a notice first: they must not wait for the others."""
        told = {n.place for n in board.notices}
        order = sorted(board.places, key=lambda code: code not in told)
        for code in order:
            for language in self._country.spec.languages:
                yield self._page_of(board, code, language)
        for language in self._country.spec.languages:
            yield self._index(board, language)
            yield self._others(board, language)
        for code in order:
            if board.places[code].kind == "province":
                for language in self._country.spec.languages:
                    yield from self._list(board, code, language)

    # One place.

    def _page_of(self, board: Board, code: str, language: str) -> Page:
        notices, over, inside = board.at(code), board.ended_at(code), board.inside(code)
        silent = board.look.silent_at(board.within.get(code, code))
        begun = tuple(n.draft.onset is not None and n.draft.onset <= board.now for n in notices)
        key = (
            tuple(n.key for n in notices), tuple(n.key for n in over), begun,
            tuple((n.place, n.draft.said.level) for n in inside), silent, board.look.threats,
        )  # fmt: skip
        path = f"{self._path(code, language)}index.html"

        def render(at: datetime, following: datetime) -> bytes:
            for brevity in range(len(BRIEFER) + 1):
                made = self._place(board, code, language, at, following, brevity)
                if len(made) <= LARGEST:
                    break
            return made

        return Page(path, key, render)

    def _place(
        self, board: Board, code: str, language: str, at: datetime, following: datetime,
        brevity: int,
    ) -> bytes:  # fmt: skip
        say = Speaker(language, self._country.zone, "public")
        place, notices, over = board.places[code], board.at(code), board.ended_at(code)
        up = "../" * self._path(code, language).count("/")
        name = self._called(board, code, language)
        told = tuple(self._told(board, n, code, say, up) for n in notices)
        for brief in BRIEFER[:brevity]:
            told, over = brief(told), over[:2]
        nothing = words.nothing(over)
        title = told[0].headline if told else say(nothing, place=name)
        inside = board.inside(code)
        page = {
            **_fields(self._around(board, say, title, code, up, at, following, "place")),
            "notices": told,
            "nothing": say(nothing, place=name),
            "calls": self._calls(language),
            "silent": tuple(
                self._silent(s, say) for s in board.look.silent_at(board.within.get(code, code))
            ),
            "inside": tuple(self._link(board, n, say, up) for n in inside),
            "inside_title": say("inside", place=name),
            "ended": tuple(words.over(n, say) for n in over),
            "watched": self._watched(board, say),
            "looked": words.when(board.look.at, say),
            "newest": words.when(board.look.data, say),
            "communes": self._communes(board, place, say),
            "former": self._former_of(place, language, say),
        }
        return _rendered("public_place.html", page, say)

    def _told(self, board: Board, one: Notice, code: str, say: Speaker, up: str) -> Told:
        text = next((t for t in one.draft.texts if t.language == say.language), one.draft.texts[0])
        scale, rank = self._scale(one), one.draft.said.level
        whole = one.draft.said.combined
        scope = say("in_force")
        if one.place != code:
            scope = say("whole_province", place=board.places[one.place].name(say.language))
        if (narrowed := one.draft.said.within) and one.place == code:
            names = (board.places[c].name(say.language) for c in narrowed if c in board.places)
            scope = say("only", names=", ".join(names))
        facts = tuple(map(words.fact, words.lines(text.description)))
        return Told(
            css=self._css(scale, rank) if scale else "",
            scope=scope,
            rank=str(rank) if scale and scale.ranks[rank - 1].numbered else "",
            level=words.level(scale, rank, say, "level") if scale else say("level_unknown"),
            headline=text.headline,
            raised=words.level(scale, whole, say, "raised") if scale and whole > rank else "",
            sent=say(
                "sent",
                at=words.when(one.message.sent, say),
                until=words.when(one.message.expires, say),
            ),
            do=words.lines(text.instruction),
            times=words.times(one, board.now, say),
            hours=tuple(f for f in facts if words.is_hour(f)),
            details=tuple(f for f in facts if not words.is_hour(f)),
            cap=up + cap_path(one.message),
        )

    def _scale(self, one: Notice) -> Scale | None:
        """The scale that a notice counts on, if it knows the notice's level."""
        name = dict(one.draft.parameters).get("scale", self._country.spec.scale)
        found = self._country.scales.get(name)
        return found if found and 1 <= one.draft.said.level <= found.top else None

    def _css(self, scale: Scale, rank: int) -> str:
        """Class of a level: short for the scale on which hazards are judged."""
        return f"l{rank}" if scale.id == self._country.spec.scale else f"l-{scale.id}-{rank}"

    def _levels(self, notices: Iterable[Notice]) -> tuple[tuple[str, int, str], ...]:
        found = set()
        for one in notices:
            if (scale := self._scale(one)) is not None:
                rank = one.draft.said.level
                colour = scale.ranks[rank - 1].colour or LIGHT
                found.add((self._css(scale, rank), rank, colour))
        return tuple(sorted(found))

    def _calls(self, language: str) -> tuple[Call, ...]:
        spec = self._country.spec.emergency
        if spec is None:
            return ()
        say = Speaker(language, self._country.zone, "public")
        first = Call(spec.number, say("call", number=spec.number))
        others = (
            Call(o.number, say("call_number", what=say.of(o.what), number=o.number))
            for o in spec.others
        )
        return (first, *others)[:ALL_CALLS]

    def _silent(self, one: tuple[str, datetime | None], say: Speaker) -> Silent:
        threat, since = one
        pack = self._country.packs.get(threat)
        what = pack.title(say.language) if pack else threat
        text = (
            say("silent_ever")
            if since is None
            else say("silent_since", since=words.when(since, say))
        )
        return Silent(say("silent", threat=what), text)

    def _watched(self, board: Board, say: Speaker) -> str:
        packs = self._country.packs
        names = (packs[t].title(say.language) if t in packs else t for t in board.look.threats)
        return "; ".join(names) or say("watched_none")

    def _called(self, board: Board, code: str, language: str) -> str:
        """A place as people say it: a commune with its province."""
        name = board.places[code].name(language)
        within = board.within.get(code)
        return f"{name}, {board.places[within].name(language)}" if within else name

    def _communes(self, board: Board, place: Place, say: Speaker) -> str:
        count = sum(len(g.places) for g in self._commune_groups(place.code, board))
        name = place.name(say.language)
        return say("communes", place=name, count=say.number(count)) if count else ""

    def _former_of(self, place: Place, language: str, say: Speaker) -> str:
        names = dict.fromkeys(
            old.name(language)
            for old in self._before(place)
            if old.name(language) != place.name(language)
        )
        return say("former_of", names=", ".join(sorted(names, key=fold))) if names else ""

    def _before(self, place: Place) -> tuple[Place, ...]:
        return self._older.get(place.key, ())

    # The index.

    def _index(self, board: Board, language: str) -> Page:
        worst: dict[str, Notice] = {}
        for one in board.notices:
            if one.place in board.places:
                worst.setdefault(one.place, one)
        shown = sorted(
            worst.values(),
            key=lambda n: (-n.draft.said.level, fold(board.places[n.place].name(language))),
        )
        key = (tuple(n.key for n in shown), board.look.threats, len(board.places))

        def render(at: datetime, following: datetime) -> bytes:
            say = Speaker(language, self._country.zone, "public")
            up = "../" * self._path("", language).count("/")
            country = say.of(self._country.spec.name)
            heading = say("index_title" if shown else "none", country=country, place=country)
            page = {
                **_fields(self._around(board, say, heading, "", up, at, following, "list")),
                "heading": heading,
                "rows": tuple(self._by_level(board, shown, say, up)),
                "counted": say("index_count", count=say.number(len(shown))),
                "watched": self._watched(board, say),
                "looked": words.when(board.look.at, say),
                "newest": words.when(board.look.data, say),
                "groups": tuple(self._groups(board, say, up, SHOWN[:1])),
            }
            return _rendered("public_index.html", page, say)

        return Page(f"{self._path('', language)}index.html", key, render)

    def _by_level(
        self, board: Board, shown: Sequence[Notice], say: Speaker, up: str
    ) -> Iterator[Group]:
        def level(one: Notice) -> tuple[str, str]:
            scale, rank = self._scale(one), one.draft.said.level
            said = words.level(scale, rank, say, "level") if scale else say("level_unknown")
            return said, self._css(scale, rank) if scale else ""

        for (said, css), ones in groupby(shown, key=level):
            links = tuple(self._to(board.places[n.place], say, up) for n in ones)
            yield Group(said, links, css)

    def _link(self, board: Board, one: Notice, say: Speaker, up: str) -> Link:
        scale = self._scale(one)
        text = words.level(scale, one.draft.said.level, say, "level") if scale else ""
        return self._to(board.places[one.place], say, up, text)

    def _to(self, place: Place, say: Speaker, up: str, text: str = "") -> Link:
        href = f"{up}{self._path(place.code, say.language)}index.html"
        name = place.name(say.language)
        return Link(name[:1].upper() + name[1:], href, text)

    def _groups(self, board: Board, say: Speaker, up: str, kinds: Sequence[str]) -> Iterator[Group]:
        for kind in kinds:
            places = [p for p in board.places.values() if p.kind == kind]
            places.sort(key=lambda p: fold(p.name(say.language)))
            if places:
                coded = kind == "province"
                links = tuple(self._to(p, say, up, p.code if coded else "") for p in places)
                yield Group(say(f"kind_{kind}"), links)

    def _others(self, board: Board, language: str) -> Page:
        """Seas, islands, and names of old: the second half of the index, a page of its own."""

        def render(at: datetime, following: datetime) -> bytes:
            say = Speaker(language, self._country.zone, "public")
            up = "../" * self._path("", language).count("/")
            heading = say("others")
            around = self._around(board, say, heading, "", up, at, following, "list")
            page = _fields(replace(around, home="index.html", change=say("all_places")))
            page |= {
                "heading": heading,
                "text": say("find_text"),
                "groups": (
                    *self._groups(board, say, up, SHOWN[1:]),
                    Group(say("former"), tuple(self._former(board, say, up))),
                ),
                "tongues": _elsewhere(around.tongues),
            }
            return _rendered("public_list.html", page, say)

        return Page(f"{self._path('', language)}places.html", len(board.places), render)

    def _former(self, board: Board, say: Speaker, up: str) -> Iterator[Link]:
        """Names that are on no map any more and in everybody's mouth."""
        names = {p.name(say.language) for p in board.places.values()}
        found = [
            (old.name(say.language), place)
            for place in board.places.values()
            if place.kind == "province"
            for old in self._before(place)
            if old.name(say.language) not in names
        ]
        for old, place in sorted(found, key=lambda f: (fold(f[0]), f[1].code)):
            link = self._to(place, say, up)
            yield replace(link, name=old, text=say("now", name=place.name(say.language)))

    # The communes of a province.

    def _list(self, board: Board, code: str, language: str) -> Iterator[Page]:
        groups = self._commune_groups(code, board)
        if not groups:
            return
        own = frozenset(c for c, within in board.within.items() if within == code)

        def render(at: datetime, following: datetime) -> bytes:
            say = Speaker(language, self._country.zone, "public")
            up = "../" * self._path(code, language).count("/")
            name = board.places[code].name(language)
            count = say.number(sum(len(g.places) for g in groups))
            heading = say("communes", place=name, count=count)
            linked = tuple(
                Group(
                    g.title,
                    tuple(
                        replace(p, href=f"{p.text}/index.html" if p.text in own else "")
                        for p in g.places
                    ),
                )
                for g in groups
            )
            around = self._around(board, say, heading, code, up, at, following, "list")
            page = {
                **_fields(replace(around, home="index.html", change=name)),
                "heading": heading,
                "text": say("communes_text", place=name),
                "groups": linked,
            }
            page["tongues"] = _elsewhere(around.tongues)
            return _rendered("public_list.html", page, say)

        yield Page(f"{self._path(code, language)}places.html", own, render)

    def _commune_groups(self, code: str, board: Board) -> tuple[Group, ...]:
        """Communes by what the law calls them, the word that all of a group begin with as title."""
        if not self._lists:
            inside: dict[str, list[Place]] = {c: [] for c in board.places}
            for place in self._country.places.gazetteer.at(self._day, "commune"):
                if place.parent in inside:
                    inside[place.parent].append(place)
            for parent, found in inside.items():
                found.sort(key=lambda p: (p.status, fold(p.name(""))))
                self._lists[parent] = tuple(
                    words.group(list(places)) for _, places in groupby(found, lambda p: p.status)
                )
        return self._lists.get(code, ())

    # Around every page.

    def _around(
        self, board: Board, say: Speaker, title: str, code: str, up: str, at: datetime,
        following: datetime, part: str,
    ) -> Around:  # fmt: skip
        country, language = self._country.spec, say.language
        here = board.at(code) if code else board.notices
        style, policy = words.sealed(part, self._levels(here))
        stem = f"{up}feeds/{f'area/{code}' if code else 'all'}.{language}"
        first = country.languages[0]
        drawn = f"{up}{self._path(code, first)}active.geojson"
        return Around(
            language=language,
            title=title,
            policy=policy,
            style=style,
            published=self._country.local(at).isoformat(),
            next=self._country.local(following).isoformat(),
            exercise=words.exercise(board, here, country.languages),
            home=f"{up}{self._path('', language)}index.html" if code else "",
            change=say("other_place", place=self._called(board, code, language)) if code else "",
            tongues=tuple(
                Link(
                    catalogue()["console.own_name"].get(other, other),
                    f"{up}{self._path(code, other)}index.html",
                    tag=other,
                )
                for other in country.languages
                if other != language
            ),
            written=say("written_short", at=words.when(at, say), next=say.clock(following)),
            old=say("written", zone=say.offset(at), next=words.when(following, say)),
            sender=f"{say('sender', name=say.of(country.sender.name))} "
            f"{say.of(country.sender.status_note)}",
            feeds=(("Atom", f"{stem}.atom"), ("RSS", f"{stem}.rss"), ("GeoJSON", drawn)),
        )


def _older(layout: Layout) -> dict[Key, tuple[Place, ...]]:
    """What each place was made of; the gazetteer knows thousands, so it is walked once."""
    gazetteer = layout.country.places.gazetteer
    shown = {p.key for p in layout.places.values()}
    pairs = {(s.old, s.new) for s in gazetteer.successions if s.new in shown}
    wanted = {old for old, _ in pairs}
    by_key = {p.key: p for p in gazetteer if p.key in wanted}
    found: dict[Key, list[Place]] = {}
    for old, new in sorted(pairs, key=str):
        if old in by_key:
            found.setdefault(new, []).append(by_key[old])
    return {new: tuple(olds) for new, olds in found.items()}


def _elsewhere(tongues: Iterable[Link]) -> tuple[Link, ...]:
    """The same list in the other languages."""
    return tuple(replace(t, href=t.href.replace("index.html", "places.html")) for t in tongues)


def _fields(one: Around) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Around.__slots__}


def _rendered(template: str, page: Mapping[str, Any], say: Speaker) -> bytes:
    return environment().get_template(template).render(p=page, say=say).encode()
