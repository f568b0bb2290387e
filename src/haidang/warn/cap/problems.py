"""What keeps a message from going out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Final

from shapely import Polygon

from haidang.base.problem import Problem
from haidang.warn.cap.model import Alert, AreaBlock, Info, Ring, Version, choices
from haidang.warn.message import HEADLINE_MAX

VERTICES_MAX: Final = 200
"""Vertices of one area in all; more cannot be drawn by small receivers and bloat a broadcast."""
RING_MIN: Final = 4
"""Points of the smallest closed ring: a triangle and its first point again (CAP 1.2, 3.2.4)."""

_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (production [2] Char)."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def problems(alert: Alert) -> tuple[Problem, ...]:
    """Everything that keeps a message from being written, so that an editor sees it all at once.

    Args:
        alert: Any message, also a half-edited one.

    Returns:
        One problem per finding, naming the field (``infos[1].headline``); empty when it may go.
        The rules are those of CAP 1.2, section 3.2.
    """
    return (
        *_characters(alert),
        *_identity(alert),
        *_times(alert),
        *(p for i, info in enumerate(alert.infos) for p in _info(info, f"infos[{i}]", alert)),
    )


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
    return tuple(found)


def _problem(name: str, where: str, **params: object) -> Problem:
    return Problem(f"warn.cap_{name}", params, field=where)


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


def _identity(alert: Alert) -> Iterator[Problem]:
    for where, name in _names(alert):
        if not name or any(c.isspace() or c in ",<&" for c in name):
            yield _problem("name", where, value=name)
    for i, incident in enumerate(alert.incidents):
        if not incident or '"' in incident:
            yield _problem("incident", f"incidents[{i}]", value=incident)
    if alert.kind != "Alert" and not alert.references:
        yield _problem("references", "references", kind=alert.kind)
    for i, ref in enumerate(alert.references):
        if ref.identifier == alert.identifier:
            yield _problem("itself", f"references[{i}]", value=ref.identifier)
    for tag, where in (("status", "status"), ("msgType", "kind"), ("scope", "scope")):
        yield from _known(tag, where, getattr(alert, where), alert.version)


def _names(alert: Alert) -> Iterator[tuple[str, str]]:
    """All that go into a reference, which separates them by commas and blanks."""
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    for i, ref in enumerate(alert.references):
        yield f"references[{i}].sender", ref.sender
        yield f"references[{i}].identifier", ref.identifier


def _known(tag: str, where: str, value: str, version: Version) -> Iterator[Problem]:
    known = choices(tag, version)
    if value not in known:
        yield _problem("value", where, value=value, known=", ".join(sorted(known)))


def _times(alert: Alert) -> Iterator[Problem]:
    """Every time must be writable as CAP wants it: zone in whole minutes, whole seconds."""
    for where, leaf in _walk(alert, ""):
        if not isinstance(leaf, datetime):
            continue
        offset = leaf.utcoffset()
        if offset is None:
            yield _problem("zone", where, value=leaf.isoformat())
        elif leaf.microsecond or offset % timedelta(minutes=1):
            yield _problem("seconds", where, value=leaf.isoformat())


def _info(info: Info, where: str, alert: Alert) -> Iterator[Problem]:
    version = alert.version
    if not _LANGUAGE.fullmatch(info.language):
        yield _problem("language", f"{where}.language", value=info.language)
    if not info.categories and version != "1.0":
        yield _problem("empty", f"{where}.categories")
    for i, category in enumerate(info.categories):
        yield from _known("category", f"{where}.categories[{i}]", category, version)
    for name in ("urgency", "severity", "certainty"):
        yield from _known(name, f"{where}.{name}", getattr(info, name), version)
    for i, response in enumerate(info.responses):
        yield from _known("responseType", f"{where}.responses[{i}]", response, version)
    yield from _order(info, where, alert)
    for i, area in enumerate(info.areas):
        yield from _area(area, f"{where}.areas[{i}]")


def _own_info(info: Info, where: str) -> Iterator[Problem]:
    for name in ("event", "sender_name", "headline", "description", "instruction"):
        if not (getattr(info, name) or "").strip():
            yield _problem("empty", f"{where}.{name}")
    if info.expires is None:
        yield _problem("empty", f"{where}.expires")
    if len(info.headline or "") > HEADLINE_MAX:
        length = len(info.headline or "")
        yield _problem("headline", f"{where}.headline", length=length, limit=HEADLINE_MAX)
    if not info.areas:
        yield _problem("no_area", f"{where}.areas")
    for i, area in enumerate(info.areas):
        if not area.description.strip():
            yield _problem("empty", f"{where}.areas[{i}].description")
        if (count := sum(map(len, area.rings))) > VERTICES_MAX:
            yield _problem("vertices", f"{where}.areas[{i}].rings", count=count, limit=VERTICES_MAX)


def _order(info: Info, where: str, alert: Alert) -> Iterator[Problem]:
    times = (alert.sent, info.expires, info.onset, info.effective)
    if any(t is not None and t.utcoffset() is None for t in times):
        return  # already told; naive and aware times cannot be compared
    if info.expires is None:
        return
    if info.expires <= alert.sent:
        yield _problem("expired", f"{where}.expires", expires=_show(info.expires))
    for name, value in (("onset", info.onset), ("effective", info.effective)):
        if value is not None and value > info.expires:
            yield _problem(
                "after", f"{where}.{name}", value=_show(value), expires=_show(info.expires)
            )


def _show(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="minutes")


def _area(area: AreaBlock, where: str) -> Iterator[Problem]:
    for i, ring in enumerate(area.rings):
        yield from _ring(ring, f"{where}.rings[{i}]")
    for i, (lat, lon, radius) in enumerate(area.circles):
        if not (_on_earth(lat, lon) and math.isfinite(radius) and radius >= 0):
            yield _problem("point", f"{where}.circles[{i}]", value=f"{lat},{lon} {radius}")


def _ring(ring: Ring, where: str) -> Iterator[Problem]:
    bad = next(((lat, lon) for lat, lon in ring if not _on_earth(lat, lon)), None)
    if bad is not None:
        yield _problem("point", where, value=f"{bad[0]},{bad[1]}")
    elif len(ring) < RING_MIN:
        yield _problem("short", where, count=len(ring))
    elif ring[0] != ring[-1]:
        yield _problem("open", where)
    elif not Polygon([(lon, lat) for lat, lon in ring]).is_valid:
        yield _problem("crossing", where)


def _on_earth(lat: float, lon: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180  # noqa: PLR2004 - degrees; False for NaN as well


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
