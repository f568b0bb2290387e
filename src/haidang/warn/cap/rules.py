"""What the standard says and no schema can see: names, references, scope, languages, times.

CAP 1.2, sections 3.2.1 to 3.2.3 and 3.3. A rule is an error where the standard says MUST or where
following the message would be impossible (it has expired before it was sent); a warning where it
says SHOULD, and where what it allows is likely a mistake. Areas are in `rules_area`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from haidang.warn.cap.finding import Notes, short
from haidang.warn.cap.rules_area import Areas
from haidang.warn.cap.values import REFERENCES_MAX, WHITE, read_reference, split
from haidang.warn.cap.walk import Box, Pair
from haidang.warn.message import HEADLINE_MAX

EARLY: Final = timedelta(days=14)
"""Effective so long before it was sent is more likely a wrong date than a late message."""
LONG: Final = timedelta(days=400)
"""Valid for longer than a year and a bit is more likely a wrong year."""
CLOCKS: Final = timedelta(minutes=10)
"""What clocks may differ by."""

_NAME: Final = re.compile(r"[^\s,<&]+")
_MIME: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;.*)?", re.ASCII | re.DOTALL)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.DOTALL)
_SHA1: Final = re.compile(r"[0-9A-Fa-f]{40}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*", re.ASCII)
_TAKES_BACK: Final = ("Update", "Cancel", "Ack", "Error")


def judge_rules(
    alert: Box, notes: Notes, *, loose: bool = False, now: datetime | None = None
) -> None:
    """Every rule over one message.

    Args:
        alert: From the walk; may break the schema, then the rules judge what can be read.
        notes: Takes down what is wrong.
        loose: Of a version before 1.2.
        now: The receiver's clock, where it is to be compared.
    """
    _names(alert, notes)
    _references(alert, notes, loose=loose)
    _scope(alert, notes)
    _notes_wanted(alert, notes)
    sent = alert.times.get("sent")
    if now is not None and sent is not None and sent - now > CLOCKS:
        notes.warning("sent_future", alert.at("sent"), sent=_show(sent))
    _blank(alert, notes)
    infos = alert.boxes.get("info", [])
    _all_clear(alert, infos, notes)
    areas = Areas(notes)
    for info in infos:
        _info(alert, info, notes)
        for block in info.boxes.get("area", ()):
            areas.judge(block)
        for resource in info.boxes.get("resource", ()):
            _resource(resource, notes)
    areas.only_codes()
    _languages(infos, notes)


# --- names and references -----------------------------------------------------------------------


def _names(alert: Box, notes: Notes) -> None:
    """3.2.1, identifier and sender: no spaces, commas, < or &."""
    for tag in ("identifier", "sender"):
        found = alert.texts.get(tag)
        if not found:
            continue
        text, node = found[0]
        name = text.strip(WHITE)
        if not name:
            notes.error("name_empty", node, element=tag)
        elif not _NAME.fullmatch(name):
            notes.error("name_characters", node, element=tag, value=short(name))
        elif name != text:
            notes.warning("name_blanks", node, element=tag)


def _references(alert: Box, notes: Notes, *, loose: bool) -> None:
    """3.2.1, references: sender,identifier,sent of an earlier message."""
    kind = alert.text("msgType")
    text = alert.text("references")
    items = split(text or "")
    node = alert.at("references")
    if not items and kind in _TAKES_BACK:
        notes.error("references_missing", node, kind=kind)
    if len(items) > REFERENCES_MAX:
        notes.error("references_many", node, count=len(items), limit=REFERENCES_MAX)
        items = items[:REFERENCES_MAX]
    me = ((alert.text("sender") or "").strip(WHITE), (alert.text("identifier") or "").strip(WHITE))
    sent = alert.times.get("sent")
    seen: set[str] = set()
    for item in items:
        if item in seen:
            notes.warning("references_twice", node, value=short(item))
            continue
        seen.add(item)
        try:
            one = read_reference(item, loose=loose)
        except ValueError:
            notes.error("references_form", node, value=short(item))
            continue
        if (one.sender, one.identifier) == me:
            notes.error("references_itself", node, value=short(one.identifier))
        elif sent is not None and one.sent > sent:
            notes.error("references_later", node, value=short(item), sent=_show(sent))


# --- scope, status, notes -----------------------------------------------------------------------


def _scope(alert: Box, notes: Notes) -> None:
    """3.2.1, restriction and addresses."""
    scope = alert.text("scope")
    restriction = (alert.text("restriction") or "").strip()
    addresses = (alert.text("addresses") or "").strip()
    if scope == "Restricted" and not restriction:
        notes.error("restriction_missing", alert.at("restriction"))
    elif scope is not None and scope != "Restricted" and restriction:
        notes.warning("restriction_unused", alert.at("restriction"), scope=scope)
    if scope == "Private" and not addresses:
        notes.error("addresses_missing", alert.at("addresses"))
    for tag in ("addresses", "incidents"):
        if (alert.text(tag) or "").count('"') % 2:
            notes.error("quotes", alert.at(tag), element=tag)


def _notes_wanted(alert: Box, notes: Notes) -> None:
    """3.2.1, status and msgType: Exercise and Error SHOULD say what they are in note."""
    if (alert.text("note") or "").strip():
        return
    if alert.text("msgType") == "Error":
        notes.warning("note_error", alert.at("msgType"))
    if alert.text("status") == "Exercise":
        notes.warning("note_exercise", alert.at("status"))


_JUDGED: Final = frozenset({"identifier", "sender", "references", "polygon", "circle", "language"})
"""Whose emptiness has rules of its own, or a meaning."""


def _blank(box: Box, notes: Notes) -> None:
    """3.2 allows empty elements that nothing constrains; they are still most likely a mistake."""
    for tag, leaves in box.texts.items():
        for text, node in leaves:
            if (not text or text.isspace()) and tag not in _JUDGED:
                notes.warning("empty", node, element=tag)
    for tag, pairs in box.pairs.items():
        _pairs(tag, pairs, notes)
    for boxes in box.boxes.values():
        for one in boxes:
            _blank(one, notes)


def _pairs(tag: str, pairs: Sequence[Pair], notes: Notes) -> None:
    seen: set[tuple[str, str]] = set()
    for name, value, node in pairs:
        if not name or name.isspace():
            notes.warning("pair_unnamed", node, element=tag)
        if (name, value) in seen:
            notes.warning("pair_twice", node, element=tag, name=short(name))
        seen.add((name, value))


# --- infos --------------------------------------------------------------------------------------


def _all_clear(alert: Box, infos: Sequence[Box], notes: Notes) -> None:
    """3.2.1 and 3.2.2: who takes a warning back should say that the danger is over."""
    kind = alert.text("msgType")
    if not infos:
        if kind == "Cancel":
            notes.warning("all_clear_missing", alert.at("msgType"))
        elif kind in ("Alert", "Update"):
            notes.warning("info_missing", alert.node)
        return
    responses = [[t for t, _ in info.texts.get("responseType", ())] for info in infos]
    if kind == "Cancel" and not any("AllClear" in r for r in responses):
        notes.warning("all_clear_missing", alert.at("msgType"))
    for info, said in zip(infos, responses, strict=True):
        if "AllClear" not in said:
            continue
        if set(said) & {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid"}:
            notes.warning("all_clear_mixed", info.at("responseType"), values=", ".join(said))
        if not (info.text("instruction") or "").strip():
            notes.warning("all_clear_instruction", info.at("responseType"))
        if kind == "Alert" and alert.text("references") is None:
            notes.warning("all_clear_alert", info.at("responseType"))


def _info(alert: Box, info: Box, notes: Notes) -> None:
    _words(info, notes)
    _times(alert, info, notes)
    for tag in ("category", "responseType"):
        leaves = info.texts.get(tag, ())
        if len(leaves) > 1:
            seen: set[str] = set()
            for text, node in leaves:
                if text in seen:
                    notes.warning("value_twice", node, element=tag, value=short(text))
                seen.add(text)
            if "None" in seen and len(seen) > 1:
                notes.warning("response_none", info.at(tag))
    web = (info.text("web") or "").strip(WHITE)
    if web and not _SCHEME.fullmatch(web):
        notes.warning("web_relative", info.at("web"), value=short(web))


def _words(info: Box, notes: Notes) -> None:
    """3.2.2: an info speaks to people in its language."""
    if info.text("language") is not None and not (info.text("language") or "").strip(WHITE):
        notes.warning("language_empty", info.at("language"))
    said = [(info.text(t) or "").strip() for t in ("headline", "description", "instruction")]
    event = (info.text("event") or "").strip()
    language = (info.text("language") or "").strip(WHITE) or "en-US"
    if not event and not any(said):
        notes.error("language_without_text", info.at("language"), language=short(language))
    elif not any(said):
        notes.warning("info_without_text", info.node, language=short(language))
    if len(said[0]) > HEADLINE_MAX:
        node = info.at("headline")
        notes.warning("headline_long", node, length=len(said[0]), limit=HEADLINE_MAX)


def _times(alert: Box, info: Box, notes: Notes) -> None:
    """3.2.2, effective, onset, expires. Without effective an info is effective when sent."""
    sent, times = alert.times.get("sent"), info.times
    expires, effective, onset = times.get("expires"), times.get("effective"), times.get("onset")
    if sent is not None and effective is not None and sent - effective > EARLY:
        days = (sent - effective).days
        notes.warning("effective_early", info.at("effective"), days=days)
    if expires is None:
        return
    node = info.at("expires")
    if sent is not None:
        if expires < sent and alert.text("msgType") != "Cancel":
            notes.error("expires_before_sent", node, expires=_show(expires), sent=_show(sent))
        elif expires <= sent:
            # A Cancel may tell of what has run out; the standard does not say otherwise.
            notes.warning("expires_when_sent", node, expires=_show(expires))
        elif expires - sent > LONG:
            notes.warning("expires_late", node, expires=_show(expires))
    if effective is not None and expires < effective and not (sent and expires < sent):
        notes.error(
            "expires_before_effective", node, expires=_show(expires), effective=_show(effective)
        )
    if onset is not None and expires < onset:
        # Allowed and usual: what is said runs out, and is said anew, before the danger begins.
        notes.warning("expires_before_onset", node, expires=_show(expires), onset=_show(onset))


def _show(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="minutes")


# --- languages ----------------------------------------------------------------------------------

_SAME: Final = ("category", "responseType", "urgency", "severity", "certainty")
_TIMES: Final = ("effective", "onset", "expires")


def _languages(infos: Sequence[Box], notes: Notes) -> None:
    """3.2.2: infos of one language are one sequence; the sequences should tell of the same.

    The standard allows them to differ, and some services use it; a reader of one language is then
    told less than another.
    """
    if len(infos) < 2:  # noqa: PLR2004 - nothing to compare
        return
    by_language: dict[str, list[Box]] = {}
    for info in infos:
        language = (info.text("language") or "").strip(WHITE).lower() or "en-us"
        by_language.setdefault(language, []).append(info)
    for language, group in by_language.items():
        for info in _repeats(group) if len(group) > 1 else ():
            notes.warning("language_twice", info.at("language"), language=short(language))
    (first, ours), *others = by_language.items()
    for language, group in others:
        if len(group) != len(ours):
            params = {"one": short(first), "other": short(language)}
            notes.warning("languages_count", group[0].node, **params)
            continue
        for one, other in zip(ours, group, strict=True):
            _agree(one, other, short(first), short(language), notes)


def _repeats(group: Sequence[Box]) -> Iterator[Box]:
    """Infos that say of the same event what an earlier one in their language said already."""
    seen: set[object] = set()
    for info in group:
        key = (info.text("event"), info.text("audience"), tuple(info.times.items()), _place(info))
        if key in seen:
            yield info
        seen.add(key)


def _shapes(info: Box) -> list[tuple[list[str], list[tuple[str, str]]]]:
    """What each of an info's areas covers, whatever it is called."""
    found = []
    for area in info.boxes.get("area", ()):
        texts = area.texts
        shapes = [t for tag in ("polygon", "circle", "geocode") for t, _ in texts.get(tag, ())]
        found.append((shapes, [(n, v) for n, v, _ in area.pairs.get("geocode", ())]))
    return found


def _place(info: Box) -> tuple[str, ...]:
    """The same for any order of areas, outlines and codes."""
    return tuple(sorted(repr((sorted(a), sorted(b))) for a, b in _shapes(info)))


def _agree(one: Box, other: Box, first: str, language: str, notes: Notes) -> None:
    params = {"one": first, "other": language}
    if _shapes(one) != _shapes(other) and _place(one) != _place(other):
        areas = other.boxes.get("area")
        notes.warning("languages_areas", areas[0].node if areas else other.node, **params)
    for tag in _TIMES:
        if one.times.get(tag) != other.times.get(tag):
            notes.warning("languages_differ", other.at(tag), element=tag, **params)
    for tag in _SAME:
        mine, theirs = one.texts.get(tag, ()), other.texts.get(tag, ())
        if sorted(t for t, _ in mine) != sorted(t for t, _ in theirs):
            notes.warning("languages_differ", other.at(tag), element=tag, **params)
    codes = [sorted((n, v) for n, v, _ in b.pairs.get("eventCode", ())) for b in (one, other)]
    if codes[0] != codes[1]:
        notes.warning("languages_differ", other.node, element="eventCode", **params)


# --- resources ----------------------------------------------------------------------------------


def _resource(box: Box, notes: Notes) -> None:
    """3.2.3."""
    mime = (box.text("mimeType") or "").strip()
    if mime and not _MIME.fullmatch(mime):
        notes.warning("resource_mime", box.at("mimeType"), value=short(mime))
    uri = (box.text("uri") or "").strip(WHITE)
    inside = box.text("derefUri")
    if not uri and not (inside or "").strip():
        notes.warning("resource_nowhere", box.node)
    if uri and not _SCHEME.fullmatch(uri) and inside is None:
        notes.warning("resource_relative", box.at("uri"), value=short(uri))
    if uri and box.text("size") is None:
        notes.warning("resource_size", box.node)
    if uri and box.text("digest") is None:
        notes.warning("resource_digest", box.node)
    if (box.text("size") or "").strip(WHITE).startswith("-"):
        notes.error("resource_negative", box.at("size"))
    _digest(box, inside, notes)


def _digest(box: Box, inside: str | None, notes: Notes) -> None:
    digest = (box.text("digest") or "").strip(WHITE)
    fits = bool(_SHA1.fullmatch(digest))
    if digest and not fits:
        notes.warning("digest_form", box.at("digest"), value=short(digest))
    if not inside:
        return
    node = box.at("derefUri")
    bare = "".join(inside.split())
    if not _BASE64.fullmatch(bare) or len(bare) % 4:
        notes.error("resource_base64", node)
        return
    content = base64.b64decode(bare)
    # The standard's digest is SHA-1 (3.2.3, FIPS 180-2); it guards against damage, not attack.
    if fits and hashlib.sha1(content, usedforsecurity=False).hexdigest() != digest.lower():
        notes.error("digest_wrong", box.at("digest"))
