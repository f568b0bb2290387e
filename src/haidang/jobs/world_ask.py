"""A question to the archive as people and programs type it, and its answer as JSON and GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.edge.store.world_ask import MOST, PAGE, Answer, Ask, Entry
from haidang.warn import cap
from haidang.warn.areas import PlaceIndex, cover
from haidang.warn.heard import SEVERITIES, STATES, areas_of

NAMES: Final = (
    "place", "from", "to", "hazard", "sender", "severity", "state", "feed", "before", "limit",
)  # fmt: skip
"""What can be asked for; several places, severities, states or feeds are separated by commas."""

_LONGEST: Final = 200


def asked(given: Mapping[str, str]) -> Ask:
    """Read a question.

    Args:
        given: Texts by name; what is empty does not narrow.

    Raises:
        BadData: One problem for each value that cannot be read (``world.ask_time``,
            ``world.ask_value``, ``world.ask_number``), naming what is known.
    """
    wrong: list[Problem] = []
    found = Ask(
        places=_several(given.get("place", "")),
        start=_moment(given.get("from", ""), "from", wrong),
        end=_moment(given.get("to", ""), "to", wrong),
        hazard=given.get("hazard", "").strip()[:_LONGEST],
        sender=given.get("sender", "").strip()[:_LONGEST],
        severity=_known(given.get("severity", ""), "severity", SEVERITIES, wrong),
        state=_known(given.get("state", ""), "state", STATES, wrong),
        feeds=_several(given.get("feed", "")),
        before=_number(given.get("before", ""), "before", wrong),
        limit=min(_number(given.get("limit", ""), "limit", wrong) or PAGE, MOST),
    )
    if wrong:
        raise BadData(*wrong)
    return found


def _several(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p for p in (q.strip()[:80] for q in text.split(",")) if p))[:100]


def _known(text: str, name: str, known: Sequence[str], wrong: list[Problem]) -> tuple[str, ...]:
    lower = {k.lower(): k for k in known}
    given = _several(text)
    for one in given:
        if one.lower() not in lower:
            said = {"value": one, "known": ", ".join(known)}
            wrong.append(Problem("world.ask_value", said, field=name))
    return tuple(lower[g.lower()] for g in given if g.lower() in lower)


def _moment(text: str, name: str, wrong: list[Problem]) -> datetime | None:
    """An instant with its zone, or a day in UTC."""
    said = text.strip()
    if not said:
        return None
    try:
        if len(said) == len("2025-01-01"):
            return datetime.combine(date.fromisoformat(said), time(0), UTC)
        # In an address a plus is a space.
        found = datetime.fromisoformat(said.replace(" ", "+") if "T" in said else said)
        if found.tzinfo is not None:
            return found
    except ValueError:
        pass
    wrong.append(Problem("world.ask_time", {"value": said[:40]}, field=name))
    return None


def _number(text: str, name: str, wrong: list[Problem]) -> int | None:
    said = text.strip()
    if not said:
        return None
    if said.isdecimal() and 0 < int(said[:12]) < 2**31:
        return int(said)
    wrong.append(Problem("world.ask_number", {"value": said[:40]}, field=name))
    return None


def as_json(answer: Answer, *, link: str) -> dict[str, Any]:
    """An answer for programs.

    Args:
        answer: One page.
        link: Address of a message's bytes, with ``{id}``.
    """
    return {
        "total": answer.total,
        "next": answer.more,
        "messages": [entry_json(e, link) for e in answer.entries],
    }


def entry_json(one: Entry, link: str) -> dict[str, Any]:
    """A message for programs: CAP's own words, never a level of ours."""
    return {
        "id": one.id,
        "identifier": one.identifier,
        "sender": one.sender,
        "sender_name": one.sender_name,
        "sent": _stamp(one.sent),
        "status": one.status,
        "kind": one.kind,
        "state": one.state,
        "event": one.event,
        "titles": {tag: {"event": e, "headline": h} for tag, (e, h) in one.titles.items()},
        "categories": list(one.categories),
        "codes": list(one.codes),
        "severity": one.severity,
        "urgency": one.urgency,
        "certainty": one.certainty,
        "onset": _stamp(one.onset),
        "expires": _stamp(one.expires) if one.expires else None,
        "ends": _stamp(one.ends),
        "signature": one.signature,
        "signer": one.signer,
        "conflict": one.conflict,
        "late": one.late,
        "copies": list(one.copies),
        "first": _stamp(one.first),
        "sha256": one.sha256,
        "places": [{"code": m.code, "share": round(m.share, 6), "how": m.how} for m in one.matches],
        "feeds": [{"feed": f, "first": _stamp(a), "last": _stamp(b)} for f, a, b in one.feeds],
        "cap": link.format(id=one.id),
    }


def as_geojson(answer: Answer, bodies: Mapping[int, bytes], *, link: str) -> dict[str, Any]:
    """An answer as a map: polygons and circles as they cover the ground; codes have no shape.

    Args:
        answer: One page.
        bodies: The messages' bytes by number.
        link: See `as_json`.
    """
    features = []
    for one in answer.entries:
        shape = shape_of(bodies[one.id])
        features.append(
            {
                "type": "Feature",
                "id": one.id,
                "geometry": None if shape.is_empty else json.loads(shapely.to_geojson(shape)),
                "properties": entry_json(one, link),
            }
        )
    return {"type": "FeatureCollection", "total": answer.total, "next": answer.more,
            "features": features}  # fmt: skip


_NOWHERE: Final = PlaceIndex.of({})


def shape_of(data: bytes) -> BaseGeometry:
    """What the polygons and circles of a message cover; empty where it has none."""
    try:
        return cover(areas_of(cap.parse(data)), _NOWHERE).shape
    except BadData:  # an older reader took it
        return shapely.MultiPolygon()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
