"""Who comes in: passwords, sessions, and a brake on those who guess."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from argon2.exceptions import Argon2Error, InvalidHashError

from haidang.edge.store.accounts import Accounts
from haidang.web.settings import Settings

_FREE: Final = 3
"""Wrong passwords before the brake takes hold."""

_LONGEST_S: Final = 300.0
_FORGOTTEN: Final = timedelta(minutes=30)
_MOST: Final = 10_000
"""Names that the brake remembers; beyond that the oldest are forgotten."""

LONGEST_PASSWORD: Final = 200
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that are taken for each other when read off a screen."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in.

    Attributes:
        actor: Random id of the person.
        role: Role id.
        token: SHA-256 of the session's token.
        csrf: Secret of the session.
        language: Chosen at login.
    """

    actor: str
    role: str
    token: str
    csrf: str
    language: str


@dataclass(frozen=True, slots=True)
class Braked:
    """Too many wrong passwords: come back later."""

    seconds: float


@dataclass
class Brake:
    """After some wrong passwords every further one costs twice the time of the one before."""

    tries: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def wait(self, now: datetime, *names: str) -> float:
        """Seconds until any of the names may try again; 0 when it may now."""
        with self.lock:
            return max((self._left(now, n) for n in names), default=0.0)

    def _left(self, now: datetime, name: str) -> float:
        count, last = self.tries.get(name, (0, now))
        if count < _FREE or now - last > _FORGOTTEN:
            return 0.0
        return max(0.0, min(2.0 ** (count - _FREE), _LONGEST_S) - (now - last).total_seconds())

    def failed(self, now: datetime, *names: str) -> None:
        """Note a wrong password."""
        with self.lock:
            for name in names:
                count, last = self.tries.pop(name, (0, now))
                count = 0 if now - last > _FORGOTTEN else count
                self.tries[name] = (count + 1, now)
            while len(self.tries) > _MOST:
                self.tries.pop(next(iter(self.tries)))

    def passed(self, *names: str) -> None:
        """Forget the wrong ones after a right one."""
        with self.lock:
            for name in names:
                self.tries.pop(name, None)


class Gate:
    """Opens and closes sessions."""

    def __init__(self, accounts: Accounts, settings: Settings) -> None:
        """Take what keeps the accounts."""
        self._accounts, self._settings = accounts, settings
        self._hasher = settings.hasher
        # A login that does not exist must cost the same time as one that does.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._brake = Brake()
        self._used: dict[str, datetime] = {}
        self._lock = Lock()

    def new_account(self, login: str, role: str) -> str:
        """Make an account with a random password; an old one gets a new one, its sessions end.

        Returns:
            The password; it is kept nowhere.
        """
        password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(3))
        known = self._accounts.account(login)
        actor = known.actor if known else secrets.token_hex(8)
        self._accounts.add(login, role, self._hasher.hash(password), actor)
        return password

    def login(self, login: str, password: str, address: str, language: str) -> str | Braked | None:
        """Try to log in.

        Args:
            login: As typed.
            password: As typed.
            address: Of the other end; it is braked like the login, and kept in memory only.
            language: Of the session.

        Returns:
            The session's token; ``Braked`` after too many wrong passwords; None for a wrong login
            or password, which of the two nobody is told.
        """
        now = self._settings.clock()
        names = (f"login {login[:64].casefold()}", f"address {address}")
        left = self._brake.wait(now, *names)
        if left > 0:
            return Braked(left)
        found = self._accounts.account(login) if len(login) <= _LOGIN else None
        kept = found.password_hash if found else self._nobody
        right = self._right(kept, password[:LONGEST_PASSWORD]) and found is not None
        if not right or found is None:
            self._brake.failed(now, *names)
            return None
        self._brake.passed(*names)
        token = secrets.token_urlsafe(32)
        csrf = secrets.token_hex(32)
        expires = now + self._settings.absolute
        self._accounts.open_session(found.actor, digest(token), csrf, expires, language)
        with self._lock:
            self._used[digest(token)] = now
        return token

    def _right(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False

    def visitor(self, token: str) -> Visitor | None:
        """Who a session's token belongs to; None when it is over, closed or was never there."""
        if not token or len(token) > _TOKEN:
            return None
        name, now = digest(token), self._settings.clock()
        found = self._accounts.session(name, now)
        with self._lock:
            last = self._used.get(name)
            # A session that this process never saw was opened by one that is gone.
            if found is None or last is None or now - last > self._settings.idle:
                self._used.pop(name, None)
                over = True
            else:
                self._used[name] = now
                over = False
        if found is None:
            return None
        if over:
            self._accounts.close_session(name)
            return None
        return Visitor(found.actor, found.role, name, found.csrf, found.language)

    def logout(self, visitor: Visitor) -> None:
        """End a session."""
        with self._lock:
            self._used.pop(visitor.token, None)
        self._accounts.close_session(visitor.token)

    def take(self, visitor: Visitor, key: str) -> bool:
        """Take a form's one-time key; False if it was taken before."""
        return self._accounts.use_form(visitor.token, key)


_LOGIN: Final = 64
_TOKEN: Final = 128


def digest(token: str) -> str:
    """SHA-256 of a token, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def masked(secret: str) -> str:
    """A secret as it stands in a page: other letters every time.

    A page is compressed, and the length of what is compressed may betray what repeats in it; a
    secret that looks new each time betrays nothing.

    >>> unmasked(masked("00ff")) == "00ff"
    True
    """
    plain = bytes.fromhex(secret)
    mask = secrets.token_bytes(len(plain))
    return (mask + bytes(a ^ b for a, b in zip(plain, mask, strict=True))).hex()


def unmasked(text: str) -> str:
    """What ``masked`` hid; "" for what it never made.

    >>> unmasked("x"), unmasked("123")
    ('', '')
    """
    try:
        both = bytes.fromhex(text)
    except ValueError:
        return ""
    mask, hidden = both[: len(both) // 2], both[len(both) // 2 :]
    return bytes(a ^ b for a, b in zip(hidden, mask, strict=False)).hex()


def proves(visitor: Visitor, form: Mapping[str, str]) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(unmasked(form.get("csrf", "")), visitor.csrf)
