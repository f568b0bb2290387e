"""Which elements stand in which, in which order, how often, and what they may hold.

Written from the tables of CAP 1.2, section 3.2, and of its forerunners 1.1 and 1.0; the schema
files that the package ships (``cap-1.2.xsd`` …) say the same, and a test compares their verdicts
with those of the schema of OASIS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from haidang.warn.cap.model import NAMESPACES, Version, choices

Holds = Literal[
    "text", "time", "choice", "language", "integer", "decimal", "uri", "pair", "box", "any_time"
]


@dataclass(frozen=True, slots=True)
class Slot:
    """One kind of child of an element.

    Attributes:
        tag: Local name.
        place: Position in the order of the standard; children may not stand before a lower one.
        holds: ``box`` and ``pair`` hold elements; ``any_time`` is a time in any form of XML.
        least: 1 where the standard requires it.
        many: Whether it may stand more than once.
        values: What a ``choice`` may be.
    """

    tag: str
    place: int
    holds: Holds = "text"
    least: int = 0
    many: bool = False
    values: frozenset[str] = frozenset()


Table = Mapping[str, Slot]
"""The children of one element, by local name, in the order of the standard."""

# Tag, how often (1 = required, ? = optional, + = one or more, * = any number), what it holds.
_ALERT: Final = """
identifier 1 text; sender 1 text; sent 1 time; status 1 choice; msgType 1 choice; source ? text;
scope 1 choice; restriction ? text; addresses ? text; code * text; note ? text; references ? text;
incidents ? text; info * box
"""
_INFO: Final = """
language ? language; category + choice; event 1 text; responseType * choice; urgency 1 choice;
severity 1 choice; certainty 1 choice; audience ? text; eventCode * pair; effective ? time;
onset ? time; expires ? time; senderName ? text; headline ? text; description ? text;
instruction ? text; web ? uri; contact ? text; parameter * pair; resource * box; area * box
"""
_RESOURCE: Final = """
resourceDesc 1 text; mimeType 1 text; size ? integer; uri ? uri; derefUri ? text; digest ? text
"""
_AREA: Final = """
areaDesc 1 text; polygon * text; circle * text; geocode * pair; altitude ? decimal;
ceiling ? decimal
"""
_PAIR: Final = "valueName 1 text; value 1 text"


def _table(text: str, version: Version) -> dict[str, Slot]:
    found: dict[str, Slot] = {}
    for place, line in enumerate(text.split(";")):
        tag, count, holds = line.split()
        found[tag] = Slot(
            tag=tag,
            place=place,
            holds=holds,  # type: ignore[arg-type]
            least=int(count in "1+"),
            many=count in "+*",
            values=choices(tag, version) if holds == "choice" else frozenset(),
        )
    return found


def _changed(table: Mapping[str, Slot], **changes: dict[str, object]) -> dict[str, Slot]:
    return {
        tag: replace(slot, **changes.get(tag, {}))  # type: ignore[arg-type]
        for tag, slot in table.items()
    }


def _tables(version: Version) -> dict[str, dict[str, Slot]]:
    alert, info = _table(_ALERT, version), _table(_INFO, version)
    resource, area = _table(_RESOURCE, version), _table(_AREA, version)
    if version != "1.2":
        # Until 1.2 a time was any xs:dateTime, heights were text and a file needed no type.
        loose: dict[str, object] = {"holds": "any_time"}
        alert = _changed(alert, sent=loose)
        info = _changed(info, effective=loose, onset=loose, expires=loose)
        resource = _changed(resource, mimeType={"least": 0})
        area = _changed(area, altitude={"holds": "text"}, ceiling={"holds": "text"})
    if version == "1.0":
        text: dict[str, object] = {"holds": "text"}
        alert = _changed(alert, scope={"least": 0})
        # `password` stood after msgType; places are whole numbers, so it shares the half before.
        alert = {
            tag: replace(slot, place=slot.place + (slot.place > alert["msgType"].place))
            for tag, slot in alert.items()
        }
        alert["password"] = Slot("password", alert["msgType"].place + 1)
        info = _changed(info, category={"least": 0}, eventCode=text, parameter=text)
        del info["responseType"]
        del resource["derefUri"]
        area = _changed(area, geocode=text)
    pair = _table(_PAIR, version)
    return {"alert": alert, "info": info, "resource": resource, "area": area, "pair": pair}


@dataclass(frozen=True, slots=True)
class Grammar:
    """One version of the standard, with tags as the parser gives them.

    Attributes:
        version: Of the standard.
        prefix: ``{namespace}``.
        boxes: Children of each element that holds some, by ``{namespace}tag``.
        required: Local names of what must be there, by element.
        name_tag: ``{namespace}valueName``.
        value_tag: ``{namespace}value``.
    """

    version: Version
    prefix: str
    boxes: Mapping[str, Table]
    required: Mapping[str, frozenset[str]]
    name_tag: str
    value_tag: str


def _grammar(version: Version) -> Grammar:
    prefix = f"{{{NAMESPACES[version]}}}"
    tables = _tables(version)
    return Grammar(
        version=version,
        prefix=prefix,
        boxes={
            name: {prefix + tag: slot for tag, slot in table.items()}
            for name, table in tables.items()
        },
        required={
            name: frozenset(s.tag for s in table.values() if s.least)
            for name, table in tables.items()
        },
        name_tag=f"{prefix}valueName",
        value_tag=f"{prefix}value",
    )


GRAMMARS: Final[Mapping[str, Grammar]] = {
    NAMESPACES[version]: _grammar(version) for version in NAMESPACES
}
"""By namespace."""
