"""What the console is told at its start, and nothing that changes while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

LOCAL = ("127.0.0.1", "localhost", "[::1]")


def wall() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the console runs.

    Attributes:
        hosts: Names under which it may be asked for; a request for another name is refused, so
            that a foreign page cannot reach it by pointing its own name at this machine.
        secure: Whether it is reached by https: cookies are then never sent without it.
        clock: Wall clock; a test brings its own.
        idle: A session that was not used for so long is over.
        absolute: A session is over after so long, however busy.
        largest: Bytes of a request at most.
        languages: Of the pages, the first is the default.
        hasher: Of passwords; a test takes a cheap one.
        open_archive: Whether anybody may read what was issued (``/api/notices``) and what others
            issued (``/api/world``) without coming in; drafts and people are never among it.
        country: Whose roles, scale and clock the pages without a desk use; "" for the only one.
    """

    hosts: tuple[str, ...] = LOCAL
    secure: bool = False
    clock: Callable[[], datetime] = field(default=wall)
    idle: timedelta = timedelta(hours=2)
    absolute: timedelta = timedelta(hours=12)
    largest: int = 2_000_000
    languages: tuple[str, ...] = ("vi", "en")
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    open_archive: bool = False
    country: str = ""
