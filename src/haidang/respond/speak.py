"""What a plan says, in the words of one language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from haidang.respond.changes import Change
from haidang.respond.plan import Call, Echelon, Group, Suggestion, Task, Tier, Unmet
from haidang.words import word


def due(task: Task, language: str) -> str:
    """How a task's time was found."""
    return word(f"respond.{task.due_rule}", language, **task.due_params)


def missing(
    found: Unmet, language: str, name: Callable[[str], str], moment: Callable[[datetime], str]
) -> str:
    """Why something is missing.

    Args:
        found: What is missing.
        language: Tag.
        name: A place's name by its code.
        moment: A time in words.
    """
    params = {
        "nearest": name(found.nearest) if found.nearest else "",
        "arrives": moment(found.arrives) if found.arrives else "",
    }
    return word(f"respond.{found.reason}", language, **params)


def call(
    found: Call, language: str, name: Callable[[str], str], moment: Callable[[datetime], str]
) -> str:
    """By when help must leave.

    Args:
        found: The last call.
        language: Tag.
        name: A place's name by its code.
        moment: A time in words.
    """
    same = "_here" if found.origin == found.place else ""
    params = {
        "place": name(found.place),
        "origin": name(found.origin),
        "leave_by": moment(found.leave_by),
    }
    return word(f"respond.leave_by{same}", language, **params)


def suggestion(found: Suggestion, language: str) -> str:
    """Why a civil-defence level is suggested, or none."""
    return word(f"respond.{found.reason}", language)


def tier(value: Tier, language: str) -> str:
    """From how far help comes."""
    return word(f"respond.tier_{value}", language)


def group(value: Group, language: str) -> str:
    """One of the four on the spot."""
    return word(f"respond.group_{value}", language)


def echelon(value: Echelon, language: str) -> str:
    """Who holds a unit."""
    return word(f"respond.echelon_{value}", language)


def change(found: Change, language: str) -> tuple[str, str]:
    """What happened to a dispatch, and why."""
    how = word(f"respond.change_how_{found.how}", language)
    return how, word(f"respond.{found.reason}", language)
