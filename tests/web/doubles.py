"""Stand-ins for the console's tests."""

from __future__ import annotations

from datetime import datetime

from haidang.web.accounts import Account, Kept


class MemoryAccounts:
    """Accounts and sessions that last as long as the test."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.sessions: dict[str, Kept] = {}
        self.used: set[tuple[str, str]] = set()

    def add(self, login: str, role: str, password_hash: str, actor: str) -> None:
        self.accounts[login] = Account(login, role, password_hash, actor)
        self.sessions = {k: s for k, s in self.sessions.items() if s.actor != actor}

    def account(self, login: str) -> Account | None:
        return self.accounts.get(login)

    def open_session(
        self, actor: str, token_sha256: str, csrf: str, expires: datetime, language: str
    ) -> None:
        role = next(a.role for a in self.accounts.values() if a.actor == actor)
        self.sessions[token_sha256] = Kept(actor, role, csrf, expires, language)

    def session(self, token_sha256: str, now: datetime) -> Kept | None:
        found = self.sessions.get(token_sha256)
        return found if found and found.expires > now else None

    def close_session(self, token_sha256: str) -> None:
        self.sessions.pop(token_sha256, None)

    def use_form(self, token_sha256: str, key: str) -> bool:
        fresh = (token_sha256, key) not in self.used
        self.used.add((token_sha256, key))
        return fresh
