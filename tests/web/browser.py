"""A browser without a screen: the console over a folder of desks, and somebody who logs in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI

from haidang.edge.store.accounts import Accounts
from haidang.pack.load import Roots
from haidang.web.app import DATABASE, create_app
from haidang.web.settings import Settings

with warnings.catch_warnings():
    # Starlette wants another client than the one that is pinned; the one that is pinned works.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOST = "testserver"
ORIGIN = f"http://{HOST}"


@dataclass
class Wall:
    """A wall clock that goes when it is told to; it starts with the one that stores write down."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Site:
    """The console and its two accounts.

    Attributes:
        passwords: By login.
    """

    app: FastAPI
    wall: Wall
    passwords: dict[str, str]
    accounts: Accounts
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, login: str = "", *, origin: str = ORIGIN) -> Browser:
        """A fresh browser; logged in where a login is given."""
        made = Browser(self.app, origin)
        if login:
            assert made.login(login, self.passwords[login]).status_code == 303
        return made


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, app: FastAPI, origin: str) -> None:
        self.client = TestClient(
            app,
            base_url=ORIGIN,
            headers={"Origin": origin} if origin else {},
            follow_redirects=False,
            raise_server_exceptions=False,
        )
        self.page: Any = None

    def get(self, path: str, **headers: str) -> Any:
        self.page = self.client.get(path, headers=headers)
        return self.page

    def login(self, login: str, password: str, then: str = "/") -> Any:
        data = {"login": login, "password": password, "next": then}
        return self.client.post("/login", data=data)

    def proof(self) -> dict[str, str]:
        """What the forms of the page before carry."""
        hidden = r'name="{}" value="([\w-]+)"'
        both = f'{hidden.format("csrf")}><input type="hidden" {hidden.format("key")}'
        found = re.search(both, self.page.text)
        assert found, self.page.text[:500]
        return {"csrf": found[1], "key": found[2]}

    def send(self, path: str, data: dict[str, str] | None = None, **more: Any) -> Any:
        """Send a form of the page before."""
        self.page = self.client.post(path, data={**self.proof(), **(data or {})}, **more)
        return self.page


@contextmanager
def site(out: Path, known: Roots, country: str, roles: tuple[str, str]) -> Iterator[Site]:
    """The console over a folder."""
    wall = Wall()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    settings = Settings(hosts=(HOST,), clock=wall, country=country, hasher=cheap)
    with Accounts.open(out / DATABASE, wall) as accounts:
        app = create_app(out, known, settings, accounts)
        gate = app.state.console.gate
        passwords = {f"one-{i}": gate.new_account(f"one-{i}", r) for i, r in enumerate(roles)}
        yield Site(app, wall, passwords, accounts)
