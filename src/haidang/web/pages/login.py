"""The page that asks who one is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Login:
    """What the form shows.

    Attributes:
        next: Path to go to afterwards.
        login: As typed before; the password is never shown again.
        error: Why it was refused, "" the first time.
    """

    next: str
    login: str = ""
    error: str = ""
