"""Notices as feeds: Atom (RFC 4287) and RSS 2.0, with the elements of CAP beside the words.

Every byte comes from the messages: the same messages give the same document, and ``updated`` is
when something was said, never when the file was written. An entry is a text of its own, so that
whoever keeps it need not write it again when the entry beside it changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from haidang.warn.cap import Alert, AreaBlock, Info

ATOM: Final = "http://www.w3.org/2005/Atom"
CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
CAP_TYPE: Final = "application/cap+xml"
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""``updated`` of a feed in which nothing was ever said; the standard wants a time."""

_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_HEADER: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Item:
    """One message as a feed shows it.

    Attributes:
        alert: The message.
        href: Address of its CAP file.
        pages: (language, address) of the page that tells of it.
    """

    alert: Alert
    href: str
    pages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the entries.

    Attributes:
        id: An IRI that never changes, wherever the feed is served.
        title: Of the feed.
        subtitle: What is in it.
        author: Who speaks.
        language: Language tag.
        updated: When something in it last changed: a message was sent, or one ran out.
        href: Address of the feed itself.
        home: Address of the page that people read.
        hub: Address of a WebSub hub (W3C Recommendation, 2018); "" without one.
    """

    id: str
    title: str
    subtitle: str
    author: str
    language: str
    updated: datetime
    href: str
    home: str
    hub: str = ""


def iri(alert: Alert) -> str:
    """Id of a message's entry: its CAP identifier, as the IRI that RFC 4287, 4.2.6 wants.

    An identifier that is one already (``urn:oid:2.49.0…``) stands as it is. Another becomes a tag
    (RFC 4151) in the name of its sender in the year in which it was sent.
    """
    if _IRI.fullmatch(alert.identifier):
        return alert.identifier
    named = re.sub(r"[^A-Za-z0-9@._-]", "-", alert.sender)
    return f"tag:{named},{alert.sent.astimezone(UTC).year}:{alert.identifier}"


def info_of(alert: Alert, language: str | None) -> Info | None:
    """What a message says in a language; in its first one where it does not speak that.

    Args:
        alert: The message.
        language: Tag such as ``vi``; also the beginning of a longer one. None for the first.
    """
    for info in alert.infos:
        if language is None or info.language.split("-")[0].lower() == language.lower():
            return info
    return alert.infos[0] if alert.infos else None


# --- Atom ---------------------------------------------------------------------------------------


def atom_entry(item: Item, language: str | None) -> str:
    """One entry of an Atom feed.

    Args:
        item: The message.
        language: In which its words are given; None for its first.
    """
    alert, info = item.alert, info_of(item.alert, language)
    title = (info and (info.headline or info.event)) or alert.identifier
    lines = [
        f"<entry xml:lang={quoteattr(info.language)}>" if info else "<entry>",
        _tag("id", iri(alert)),
        _tag("title", title),
        _tag("updated", _stamp(alert.sent)),
        _tag("published", _stamp(alert.sent)),
        f"<author>{_tag('name', (info and info.sender_name) or alert.sender)}</author>",
        f'<link rel="alternate" type="{CAP_TYPE}" href={quoteattr(item.href)}/>',
        *(
            f'<link rel="alternate" type="text/html" hreflang={quoteattr(tongue)}'
            f" href={quoteattr(href)}/>"
            for tongue, href in item.pages
        ),
        *(f"<category term={quoteattr(name)}/>" for name in _categories(info)),
        _tag("summary", info.description if info and info.description else title),
        *_cap(alert, info),
        "</entry>",
    ]
    return "\n".join(lines)


def atom(head: Head, entries: Iterable[str]) -> bytes:
    """An Atom feed.

    Args:
        head: What stands above.
        entries: Of `atom_entry`, in the order in which they are shown.

    Returns:
        The document, UTF-8.
    """
    lines = [
        f'{_HEADER}<feed xmlns="{ATOM}" xmlns:cap="{CAP}" xml:lang={quoteattr(head.language)}>',
        _tag("id", head.id),
        _tag("title", head.title),
        _tag("subtitle", head.subtitle),
        _tag("updated", _stamp(head.updated)),
        f"<author>{_tag('name', head.author)}</author>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(head.href)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(head.home)}/>',
        *([f'<link rel="hub" href={quoteattr(head.hub)}/>'] if head.hub else ()),
        *entries,
        "</feed>\n",
    ]
    return "\n".join(lines).encode()


# --- RSS ----------------------------------------------------------------------------------------


def rss_item(item: Item, language: str | None) -> str:
    """One item of an RSS feed; its link is the CAP file, as readers of warnings expect."""
    alert, info = item.alert, info_of(item.alert, language)
    title = (info and (info.headline or info.event)) or alert.identifier
    lines = [
        "<item>",
        _tag("title", title),
        _tag("link", item.href),
        _tag("description", info.description if info and info.description else title),
        *(_tag("category", name) for name in _categories(info)),
        f'<guid isPermaLink="false">{escape(iri(alert))}</guid>',
        _tag("pubDate", _rfc822(alert.sent)),
        *_cap(alert, info),
        "</item>",
    ]
    return "\n".join(lines)


def rss(head: Head, items: Iterable[str]) -> bytes:
    """An RSS 2.0 feed; arguments and result as of `atom`."""
    lines = [
        f'{_HEADER}<rss version="2.0" xmlns:atom="{ATOM}" xmlns:cap="{CAP}">',
        "<channel>",
        _tag("title", head.title),
        _tag("link", head.home),
        _tag("description", head.subtitle),
        _tag("language", head.language),
        _tag("lastBuildDate", _rfc822(head.updated)),
        f'<atom:link rel="self" type="application/rss+xml" href={quoteattr(head.href)}/>',
        *([f'<atom:link rel="hub" href={quoteattr(head.hub)}/>'] if head.hub else ()),
        *items,
        "</channel>",
        "</rss>\n",
    ]
    return "\n".join(lines).encode()


# --- both ---------------------------------------------------------------------------------------


def _cap(alert: Alert, info: Info | None) -> Iterator[str]:
    """The elements of CAP that national feeds carry, under the names that the standard gives."""
    yield _tag("cap:identifier", alert.identifier)
    yield _tag("cap:sender", alert.sender)
    yield _tag("cap:sent", _stamp(alert.sent))
    yield _tag("cap:status", alert.status)
    yield _tag("cap:msgType", alert.kind)
    yield _tag("cap:scope", alert.scope)
    if alert.references:
        said = (f"{r.sender},{r.identifier},{_stamp(r.sent)}" for r in alert.references)
        yield _tag("cap:references", " ".join(said))
    if info is None:
        return
    for name in _categories(info):
        yield _tag("cap:category", name)
    yield _tag("cap:event", info.event)
    for response in info.responses:
        yield _tag("cap:responseType", response)
    yield _tag("cap:urgency", info.urgency)
    yield _tag("cap:severity", info.severity)
    yield _tag("cap:certainty", info.certainty)
    yield from _pairs("cap:eventCode", info.event_codes)
    yield _tag("cap:effective", _stamp(info.effective or alert.sent))
    for name, at in (("cap:onset", info.onset), ("cap:expires", info.expires)):
        if at is not None:
            yield _tag(name, _stamp(at))
    yield from _pairs("cap:parameter", info.parameters)
    yield from _areas(info.areas)


def _areas(areas: tuple[AreaBlock, ...]) -> Iterator[str]:
    if areas:
        yield _tag("cap:areaDesc", "; ".join(a.description for a in areas))
    for area in areas:
        for ring in area.rings:
            yield _tag("cap:polygon", " ".join(f"{lat:.10g},{lon:.10g}" for lat, lon in ring))
        for lat, lon, radius in area.circles:
            yield _tag("cap:circle", f"{lat:.10g},{lon:.10g} {radius:.10g}")
        yield from _pairs("cap:geocode", area.geocodes)


def _pairs(tag: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in pairs:
        inside = _tag("cap:valueName", name) + _tag("cap:value", value)
        yield f"<{tag}>{inside}</{tag}>"


def _categories(info: Info | None) -> tuple[str, ...]:
    return () if info is None else tuple(info.categories)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _stamp(at: datetime) -> str:
    """A time as RFC 3339 writes it (RFC 4287, 3.3), with the offset that it came with."""
    return at.isoformat(timespec="seconds")


def _rfc822(at: datetime) -> str:
    return format_datetime(at)
