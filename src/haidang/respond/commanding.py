"""Who directs and who commands at a level, by the law of a day."""

from __future__ import annotations

from datetime import date

from haidang.respond.spec import AuthoritiesSpec, CommandSpec, in_force


def commanding(authorities: AuthoritiesSpec | None, level: int, day: date) -> CommandSpec | None:
    """Who directs and commands at one disaster-risk level.

    Args:
        authorities: Of the country; None where it names none.
        level: 1 or more, on the scale of disaster risk: on another scale the same number means
            something else, and must not be asked for here.
        day: Whose law is asked.

    Returns:
        The entry in force; None where no act of that day is typed in, which the reader must be
        told: nobody named is not nobody in command.
    """
    if authorities is None:
        return None
    found = [c for c in in_force(authorities.commands, day) if c.level == level]
    return found[-1] if found else None
