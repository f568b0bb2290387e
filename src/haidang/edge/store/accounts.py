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

from sqlalchemy import Connection, delete, insert, select, update

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.edge.store.database import Database
from haidang.edge.store.tables_console import account, form, session

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
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
class Kept:
    """A session that is open.

    Attributes:
        actor: Whose it is.
        role: Theirs, as of now.
        csrf: Secret that every form must carry.
        expires: When it ends by itself.
        language: Last language chosen, "" for none.
    """

    actor: str
    role: str
    csrf: str
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

    def add(self, login: str, role: str, password_hash: str, actor: str) -> None:
        """Make an account, or give one a new password and role; its sessions are closed.

        Args:
            login: Small letters, digits, and ``. _ -`` between them, at most 64.
            role: What they are.
            password_hash: Never the password.
            actor: Random id; of an account that exists the one it has.

        Raises:
            BadData: The login is none (``store.login``), or the id is another account's
                (``store.actor_taken``): two people must never act as one.
        """
        if not _LOGIN.fullmatch(login):
            raise BadData(Problem("store.login", {"value": login}, field="login"))
        found = Account(login, role, password_hash, actor)
        with self._db.writing() as c:
            known = _account(c, login)
            owner = c.execute(select(account.c.login).where(account.c.actor == actor)).scalar()
            if owner not in (None, login) or (known is not None and known.actor != actor):
                raise BadData(Problem("store.actor_taken", {}, field="login"))
            if known is None:
                c.execute(insert(account), {n: getattr(found, n) for n in Account.__slots__})
                return
            query = update(account).where(account.c.login == login)
            c.execute(query.values(role=role, password_hash=password_hash))
            _close(c, session.c.actor == actor)

    def account(self, login: str) -> Account | None:
        """The account of a login; None where there is none."""
        with self._db.reading() as c:
            return _account(c, login)

    def accounts(self) -> tuple[Account, ...]:
        """Every account, by login."""
        with self._db.reading() as c:
            columns = [account.c[name] for name in Account.__slots__]
            rows = c.execute(select(*columns).order_by(account.c.login))
            return tuple(Account(*row) for row in rows)

    def open_session(
        self, actor: str, token_sha256: str, csrf: str, expires: datetime, language: str = ""
    ) -> None:
        """Let somebody in whose password was right; sessions that ran out are swept away.

        Args:
            actor: Id of an account.
            token_sha256: SHA-256 of a random token, in hex.
            csrf: Random secret.
            expires: When it ends by itself.
            language: To begin with.

        Raises:
            NotFound: No account has this id (``store.no_account``).
            ValueError: What is given as a digest is none: a token must never get here.
        """
        if not _SHA256.fullmatch(token_sha256):
            raise ValueError("a session is kept under the SHA-256 of its token")
        now = self._clock()
        with self._db.writing() as c:
            known = select(account.c.login).where(account.c.actor == actor)
            if c.execute(known).first() is None:
                raise NotFound(Problem("store.no_account", {}))
            _close(c, session.c.expires <= now)
            c.execute(
                insert(session),
                {
                    "token_sha256": token_sha256,
                    "actor": actor,
                    "csrf": csrf,
                    "created": now,
                    "expires": expires,
                    "language": language,
                },
            )

    def session(self, token_sha256: str, now: datetime) -> Kept | None:
        """Who is behind a token; None if nobody, or no longer."""
        columns = (session.c.actor, account.c.role, session.c.csrf, session.c.expires)
        query = select(*columns, session.c.language)
        query = query.join(account, account.c.actor == session.c.actor)
        query = query.where(session.c.token_sha256 == token_sha256, session.c.expires > now)
        with self._db.reading() as c:
            row = c.execute(query).first()
            return None if row is None else Kept(*row)

    def set_language(self, token_sha256: str, language: str) -> None:
        """Remember the language that was chosen; of a session that is gone nothing is kept."""
        with self._db.writing() as c:
            query = update(session).where(session.c.token_sha256 == token_sha256)
            c.execute(query.values(language=language))

    def close_session(self, token_sha256: str) -> None:
        """Log out: the token opens nothing any more. Closing twice changes nothing."""
        with self._db.writing() as c:
            _close(c, session.c.token_sha256 == token_sha256)

    def use_form(self, token_sha256: str, key: str) -> bool:
        """Use up the key of a form.

        Returns:
            False where it was used before, or the session is gone: then nothing is to be done.
        """
        now = self._clock()
        alive = select(session.c.actor).where(session.c.token_sha256 == token_sha256)
        used = select(form.c.used).where(form.c.session == token_sha256, form.c.key == key)
        with self._db.writing() as c:
            if not key or c.execute(alive).first() is None or c.execute(used).first() is not None:
                return False
            c.execute(insert(form), {"session": token_sha256, "key": key, "used": now})
            return True


def _account(connection: Connection, login: str) -> Account | None:
    columns = [account.c[name] for name in Account.__slots__]
    row = connection.execute(select(*columns).where(account.c.login == login)).first()
    return None if row is None else Account(*row)


def _close(connection: Connection, which: Any) -> None:
    gone = select(session.c.token_sha256).where(which)
    connection.execute(delete(form).where(form.c.session.in_(gone)))
    connection.execute(delete(session).where(which))
