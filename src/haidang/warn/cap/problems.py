"""What keeps a message from being written, and writing it.

The rules are those that `validate` holds other people's messages against: the message is laid out
as XML and walked through, so that nothing goes out that we would refuse from somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Final

from shapely import Polygon

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap.finding import Notes
from haidang.warn.cap.model import Alert, AreaBlock, Info
from haidang.warn.cap.read import problems_of
from haidang.warn.cap.rules import judge_rules
from haidang.warn.cap.walk import DIGITS_MAX, walk
from haidang.warn.cap.write import serialise, tree
from haidang.warn.message import HEADLINE_MAX

VERTICES_MAX: Final = 200
"""Vertices of one area in all; more cannot be drawn by small receivers and bloat a broadcast."""
RING_MIN: Final = 4
"""Points of the smallest closed ring: a triangle and its first point again (CAP 1.2, 3.2.4)."""

_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (production [2] Char)."""


def build(alert: Alert) -> bytes:
    """Write a message.

    Args:
        alert: A message without problems.

    Returns:
        UTF-8 XML in the element order of the standard, in the version that the message is of.
        Times keep the offset they came with; a zero offset is written ``-00:00`` as CAP 1.2,
        3.3.2, demands. No signature: it belongs to bytes, so sign these.

    Raises:
        BadData: The message has problems; all of them.
    """
    if found := problems(alert):
        raise BadData(*found)
    return serialise(alert)


def problems(alert: Alert) -> tuple[Problem, ...]:
    """Everything that keeps a message from being written, so that an editor sees it all at once.

    Args:
        alert: Any message, also a half-edited one.

    Returns:
        One problem per finding; empty when it may go. What cannot be written at all names the
        field (``infos[1].headline``), what the standard forbids its XPath.
    """
    if found := (*_characters(alert), *_times(alert), *_quotes(alert), *_sizes(alert)):
        return found  # it cannot be laid out, or would not read back
    notes = Notes()
    box, grammar = walk(tree(alert), notes)
    judge_rules(box, notes, loose=grammar.version != "1.2")
    return problems_of(notes)


def own_problems(alert: Alert) -> tuple[Problem, ...]:
    """What keeps a message of ours from going out although the standard would let it.

    Args:
        alert: Any message, also a half-edited one.

    Returns:
        One problem per finding: it says something, in every language, of the same areas and times;
        each text that people need is there; it ends; at most `VERTICES_MAX` vertices in an area;
        a headline of at most 160 characters.
    """
    found = [*_agreement(alert.infos)]
    if not alert.infos:
        found.append(_problem("no_info", "infos"))
    for i, info in enumerate(alert.infos):
        found += _own_info(info, f"infos[{i}]")
        if info.expires is not None and _aware(alert.sent, info.expires):
            if info.expires <= alert.sent:
                found.append(
                    _problem("expired", f"infos[{i}].expires", expires=_show(info.expires))
                )
            found += _begins(info, f"infos[{i}]")
    return tuple(found)


def _problem(name: str, where: str, **params: object) -> Problem:
    return Problem(f"cap.{name}", params, field=where)


def _walk(value: object, where: str) -> Iterator[tuple[str, object]]:
    """Every leaf with the path to it."""
    if is_dataclass(value):
        for part in fields(value):
            yield from _walk(getattr(value, part.name), f"{where}.{part.name}".lstrip("."))
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _walk(item, f"{where}[{i}]")
    else:
        yield where, value


def _characters(alert: Alert) -> Iterator[Problem]:
    for where, leaf in _walk(alert, ""):
        if isinstance(leaf, str) and (found := _NOT_XML.search(leaf)):
            yield _problem(
                "character", where, code=f"U+{ord(found[0]):04X}", position=found.start() + 1
            )


def _times(alert: Alert) -> Iterator[Problem]:
    """Every time must be writable as CAP wants it: zone in whole minutes, whole seconds in 1.2."""
    fine = alert.version == "1.2"
    for where, leaf in _walk(alert, ""):
        if not isinstance(leaf, datetime):
            continue
        offset = leaf.utcoffset()
        if offset is None:
            yield _problem("zone", where, value=leaf.isoformat())
        elif (leaf.microsecond and fine) or offset % timedelta(minutes=1):
            yield _problem("seconds", where, value=leaf.isoformat())


def _sizes(alert: Alert) -> Iterator[Problem]:
    """Python will not write a number of thousands of digits, nor would anybody read it."""
    for i, info in enumerate(alert.infos):
        for k, resource in enumerate(info.resources):
            if resource.size is not None and abs(resource.size) >= 10 ** (DIGITS_MAX - 1):
                where = f"infos[{i}].resources[{k}].size"
                yield _problem("integer_long", where, element="size", digits=DIGITS_MAX)


def _quotes(alert: Alert) -> Iterator[Problem]:
    """Names in a list stand in double quotes where they hold a blank, so they can hold none."""
    for tag, names in (("addresses", alert.addresses), ("incidents", alert.incidents)):
        for i, name in enumerate(names):
            if not name or '"' in name:
                yield _problem("list_name", f"{tag}[{i}]", value=name)
    for tag, name in (("identifier", alert.identifier), ("sender", alert.sender)):
        if name != name.strip():
            yield _problem("name_characters", tag, element=tag, value=name)


def _aware(*times: datetime) -> bool:
    return all(t.utcoffset() is not None for t in times)


def _begins(info: Info, where: str) -> Iterator[Problem]:
    """Ours lasts until after the danger begins; others may say anew before it does."""
    for name in ("onset", "effective"):
        value, expires = getattr(info, name), info.expires
        if value is not None and expires is not None and _aware(value) and value > expires:
            yield _problem("after", f"{where}.{name}", value=_show(value), expires=_show(expires))


def _show(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="minutes")


def _own_info(info: Info, where: str) -> Iterator[Problem]:
    for name in ("event", "sender_name", "headline", "description", "instruction"):
        if not (getattr(info, name) or "").strip():
            yield _problem("own_empty", f"{where}.{name}")
    if info.expires is None:
        yield _problem("own_empty", f"{where}.expires")
    if len(info.headline or "") > HEADLINE_MAX:
        length = len(info.headline or "")
        yield _problem("headline", f"{where}.headline", length=length, limit=HEADLINE_MAX)
    if not info.areas:
        yield _problem("no_area", f"{where}.areas")
    for i, area in enumerate(info.areas):
        yield from _own_area(area, f"{where}.areas[{i}]")


def _own_area(area: AreaBlock, where: str) -> Iterator[Problem]:
    if not area.description.strip():
        yield _problem("own_empty", f"{where}.description")
    for i, ring in enumerate(area.rings):
        if len(ring) >= RING_MIN and not Polygon([(lon, lat) for lat, lon in ring]).is_valid:
            yield _problem("crossing", f"{where}.rings[{i}]")
    if (count := sum(map(len, area.rings))) > VERTICES_MAX:
        yield _problem("vertices", f"{where}.rings", count=count, limit=VERTICES_MAX)


def _agreement(infos: tuple[Info, ...]) -> Iterator[Problem]:
    """All languages must tell of the same danger at the same places; a language comes once."""
    seen: set[str] = set()
    for i, info in enumerate(infos):
        if info.language.lower() in seen:
            yield _problem("twice", f"infos[{i}].language", value=info.language)
        seen.add(info.language.lower())
        first = infos[0]
        if _outlines(info) != _outlines(first):
            yield _problem("areas", f"infos[{i}].areas", one=first.language, other=info.language)
        for name in _SAME:
            if getattr(info, name) != getattr(first, name):
                yield _problem(
                    "disagree", f"infos[{i}].{name}", one=first.language, other=info.language
                )


_SAME: Final = (
    "categories",
    "responses",
    "urgency",
    "severity",
    "certainty",
    "event_codes",
    "effective",
    "onset",
    "expires",
)


def _outlines(info: Info) -> list[str]:
    # repr, because NaN in a bad ring would make a list differ from itself.
    return sorted(repr((a.rings, a.circles, a.geocodes)) for a in info.areas)
