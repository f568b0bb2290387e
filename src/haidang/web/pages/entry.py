"""The page on which a storm, or a further bulletin of one, is entered."""

from __future__ import annotations

from dataclasses import dataclass

from haidang.jobs.tonight import PERIODS, STATUSES
from haidang.web.pages.entry_form import CELLS, MOST, UNITS, Checked, Typed
from haidang.web.speak import Speaker


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything on the page.

    Attributes:
        action: Where the form goes.
        fresh: Whether it begins a desk; else it adds a bulletin to one.
        ahead: Whether it asks if the bulletin's hour is right.
        more: Whether further rows may be added.
        row: Address of one further row, for htmx.
    """

    title: str
    lead: str
    action: str
    fresh: bool
    typed: Typed
    wrong: tuple[str, ...]
    beside: int
    kept: tuple[str, ...]
    statuses: tuple[tuple[str, str], ...]
    periods: tuple[tuple[str, str], ...]
    units: tuple[tuple[str, str], ...]
    cells: tuple[tuple[str, str, str, str], ...]
    offset: str
    issued_hint: str
    ahead: bool
    more: bool


def build(
    checked: Checked,
    action: str,
    event: str,
    offset: str,
    say: Speaker,
    *,
    fresh: bool,
    newest: str = "",
) -> Entry:
    """Put the page together.

    Args:
        checked: The form and what is wrong with it.
        action: Where the form goes.
        event: Name of the event that a bulletin is added to, "" for a new one.
        offset: Of the times, such as ``+07``.
        say: Words of the room ``entry``.
        fresh: Whether it begins a desk.
        newest: Time of the newest bulletin that is in, "" for none.
    """
    typed = checked.typed
    return Entry(
        title=say("title_new") if fresh else say("title_more", event=event),
        lead=say("lead_new") if fresh else say("lead_more"),
        action=action,
        fresh=fresh,
        typed=typed,
        wrong=checked.wrong,
        beside=sum(bool(r.wrong) for r in typed.rows),
        kept=checked.kept,
        statuses=tuple((s, say(f"status_{s.lower()}")) for s in STATUSES),
        periods=tuple((str(p), say(f"period_{p}")) for p in reversed(PERIODS)),
        units=tuple((u, say(f"unit_{u}")) for u in UNITS),
        cells=tuple((c, say(f"cell_{c}"), say(f"hint_{c}"), _KEYS.get(c, "text")) for c in CELLS),
        offset=offset,
        issued_hint=say("issued_newest", at=newest) if newest else say("issued_hint"),
        ahead=checked.ahead,
        more=len(typed.rows) <= MOST,
    )


_KEYS = {"lat": "decimal", "lon": "decimal", "pressure": "decimal"}
"""Which keyboard a phone shows."""
