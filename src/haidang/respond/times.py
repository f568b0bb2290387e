"""By when: the one place where a scenario's times meet the storm's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from haidang.respond.spec import TimeSpec
from haidang.risk.assessment import Onset


@dataclass(frozen=True, slots=True)
class Due:
    """A time and how it was found.

    Attributes:
        at: None where it hangs on something that is not expected now.
        rule: Key into the words of ``respond``.
        params: What that text's placeholders stand for.
    """

    at: datetime | None
    rule: str
    params: Mapping[str, str]


def due(time: TimeSpec, entered: datetime, onsets: Sequence[Onset]) -> Due:
    """When something is due.

    Args:
        time: From the scenario.
        entered: When it began to be asked for.
        onsets: Of the area; empty where nothing is known.

    Returns:
        The time of ``TimeSpec``'s own rules; one that lies before ``entered`` becomes ``entered``,
        with a rule that says "at once".
    """
    found = _by_force(time, onsets)
    if found is None:
        if time.within_h is None:
            params = {"force": str(time.force), "hours": f"{time.hours:g}"}
            return Due(None, f"due_none_{_form(time)}", params)
        at = entered + timedelta(hours=time.within_h)
        return Due(at, "due_within", {"hours": f"{time.within_h:g}"})
    params = {"force": str(time.force), "hours": f"{time.hours:g}"}
    if found < entered:
        return Due(entered, f"due_at_once_{_form(time)}", params)
    rule = _form(time) if time.hours or time.at_force is not None else f"{_form(time)}_begins"
    return Due(found, f"due_{rule}", params)


def _form(time: TimeSpec) -> str:
    if time.before_force is not None:
        return "before"
    return "at" if time.at_force is not None else "after"


def _by_force(time: TimeSpec, onsets: Sequence[Onset]) -> datetime | None:
    onset = next((o for o in onsets if o.threshold == time.force), None)
    if onset is None:
        return None
    hours = timedelta(hours=time.hours)
    if time.before_force is not None:
        # Whoever gets ready for the early one is not late for any other.
        begins = onset.onset.early or onset.onset.central
        return None if begins is None else begins - hours
    if time.at_force is not None:
        return onset.onset.central
    return None if onset.end.central is None else onset.end.central + hours
