"""Who may come into the console, who is in, and which form was sent already.

Passwords are hashed by the caller; of a session the store knows only the SHA-256 of its token, so
that a copy of the database lets nobody in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.edge.store.database import Database
from haidang.edge.store.tables_console import account, form, session

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Account:
    """One who may come in.

    Attributes:
        login: Their name at the door.
        role: What they are, e.g. ``shift_lead``.
        password_hash: As the caller's hash function writes it.
        actor: Random id under which the ledger knows their acts.
    """

    login: str
    role: str
    password_hash: str
    actor: str


@dataclass(frozen=True, slots=True)
class Session:
    """One who is in.

    Attributes:
        token_sha256: SHA-256 of the token that the browser holds, in hex.
        csrf: Secret that every form must carry.
        language: Last language chosen, "" for none.
    """

    token_sha256: str
    login: str
    role: str
    actor: str
    csrf: str
    created: datetime
    expires: datetime
    language: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """Accounts and sessions in a database of their own, of the same schema as every store."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = _utc_now) -> None:
        """Take an open database; ``clock`` tells the wall time where a method is not given one."""
        self._db = database
        self._clock = clock

    @classmethod
    def open(cls, path: str | Path, clock: Callable[[], datetime] = _utc_now) -> Self:
        """Open, making or migrating the file if need be.

        Raises:
            Unavailable: As ``Store.open``.
        """
        return cls(Database(path, check=False), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the database back."""
        self._db.close()

    def add_account(
        self, login: str, role: str, password_hash: str, actor: str | None = None
    ) -> Account:
        """Let somebody in from now on.

        Args:
            login: Small letters, digits, and ``. _ -`` between them; unique.
            role: What they are.
            password_hash: Never the password.
            actor: Id to use; None draws one.

        Raises:
            BadData: The login is taken (``store.login_taken``) or none (``store.login``).
        """
        if not _LOGIN.fullmatch(login):
            raise BadData(Problem("store.login", {"value": login}, field="login"))
        found = Account(login, role, password_hash, actor or uuid4().hex)
        with self._db.writing() as c:
            if _account(c, login) is not None:
                raise BadData(Problem("store.login_taken", {"value": login}, field="login"))
            c.execute(insert(account), {n: getattr(found, n) for n in Account.__slots__})
        return found

    def account(self, login: str) -> Account | None:
        """The account of a login; None where there is none."""
        with self._db.reading() as c:
            return _account(c, login)

    def accounts(self) -> tuple[Account, ...]:
        """Every account, by login."""
        with self._db.reading() as c:
            rows = c.execute(select(account).order_by(account.c.login))
            return tuple(Account(**row._mapping) for row in rows)

    def set_password(self, login: str, password_hash: str) -> None:
        """Change a password; whoever was in under the old one is out.

        Raises:
            NotFound: ``store.no_account``.
        """
        with self._db.writing() as c:
            if _account(c, login) is None:
                raise NotFound(Problem("store.no_account", {"value": login}))
            query = update(account).where(account.c.login == login)
            c.execute(query.values(password_hash=password_hash))
            _close(c, session.c.login == login)

    def open_session(
        self,
        login: str,
        token_sha256: str,
        csrf: str,
        expires: datetime,
        *,
        now: datetime | None = None,
        language: str = "",
    ) -> Session:
        """Let somebody in whose password was right; sessions that ran out are swept away.

        Args:
            login: Of an account.
            token_sha256: SHA-256 of a random token, in hex.
            csrf: Random secret.
            expires: When it ends by itself.
            now: Wall time; None asks the clock.
            language: To begin with.

        Raises:
            NotFound: ``store.no_account``.
            ValueError: What is given as a digest is none: a token must never get here.
        """
        if not _SHA256.fullmatch(token_sha256):
            raise ValueError("a session is kept under the SHA-256 of its token")
        at = now or self._clock()
        with self._db.writing() as c:
            who = _account(c, login)
            if who is None:
                raise NotFound(Problem("store.no_account", {"value": login}))
            _close(c, session.c.expires <= at)
            row = {
                "token_sha256": token_sha256,
                "login": login,
                "csrf": csrf,
                "created": at,
                "expires": expires,
                "language": language,
            }
            c.execute(insert(session), row)
        return Session(**row, role=who.role, actor=who.actor)

    def session(self, token_sha256: str, now: datetime | None = None) -> Session | None:
        """Who is behind a token; None if nobody, or no longer."""
        at = now or self._clock()
        with self._db.reading() as c:
            query = select(session, account.c.role, account.c.actor).join(account)
            query = query.where(session.c.token_sha256 == token_sha256, session.c.expires > at)
            row = c.execute(query).first()
            return None if row is None else Session(**row._mapping)

    def set_language(self, token_sha256: str, language: str) -> None:
        """Remember the language that was chosen; of a session that is gone nothing is kept."""
        with self._db.writing() as c:
            query = update(session).where(session.c.token_sha256 == token_sha256)
            c.execute(query.values(language=language))

    def close_session(self, token_sha256: str) -> None:
        """Log out: the token opens nothing any more. Closing twice changes nothing."""
        with self._db.writing() as c:
            _close(c, session.c.token_sha256 == token_sha256)

    def use_form(self, token_sha256: str, key: str, now: datetime | None = None) -> bool:
        """Use up the key of a form.

        Returns:
            False where it was used before, or the session is gone: then nothing is to be done.
        """
        at = now or self._clock()
        with self._db.writing() as c:
            alive = select(session.c.login).where(
                session.c.token_sha256 == token_sha256, session.c.expires > at
            )
            used = select(form.c.used).where(form.c.session == token_sha256, form.c.key == key)
            if not key or c.execute(alive).first() is None or c.execute(used).first() is not None:
                return False
            c.execute(insert(form), {"session": token_sha256, "key": key, "used": at})
            return True


def _account(connection: Connection, login: str) -> Account | None:
    row = connection.execute(select(account).where(account.c.login == login)).first()
    return None if row is None else Account(**row._mapping)


def _close(connection: Connection, which: Any) -> None:
    gone = select(session.c.token_sha256).where(which)
    connection.execute(delete(form).where(form.c.session.in_(gone)))
    connection.execute(delete(session).where(which))
