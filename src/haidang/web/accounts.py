"""What the console asks of whoever keeps accounts and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """A local account.

    Attributes:
        actor: Random id: all that a ledger ever holds of a person.
        password_hash: Argon2, with its own salt and cost.
    """

    login: str
    role: str
    password_hash: str
    actor: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that is open.

    Attributes:
        csrf: Proof that a form came from a page of this session.
    """

    actor: str
    role: str
    csrf: str
    expires: datetime
    language: str


class Accounts(Protocol):
    """Accounts and sessions; of a session's token only the SHA-256 is ever kept."""

    def add(self, login: str, role: str, password_hash: str, actor: str) -> None:
        """Make an account, or give one a new password and role; its sessions are closed."""

    def account(self, login: str) -> Account | None:
        """The account of a login."""

    def open_session(
        self, actor: str, token_sha256: str, csrf: str, expires: datetime, language: str
    ) -> None:
        """Keep a new session."""

    def session(self, token_sha256: str, now: datetime) -> Kept | None:
        """A session that is open and has not expired."""

    def close_session(self, token_sha256: str) -> None:
        """End a session: a copy of its cookie is dead from here on."""

    def use_form(self, token_sha256: str, key: str) -> bool:
        """Take a form's one-time key; False if it was taken before."""
