"""A drill of the toy case that people still have to work on, and people at their browsers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from desks import lay
from haidang.app.verdict import Draft
from haidang.edge.store.accounts import Accounts
from haidang.jobs.desk import Desk, start_drill
from haidang.pack.load import Roots, roots
from haidang.web.app import create_app
from haidang.web.settings import Settings

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
TOY = Path(__file__).parents[1] / "toy"
ROLES = ("forecaster_on_duty", "shift_lead")


@dataclass
class Wall:
    """The real clock, by which stores note when they were written, moved ahead."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def now(self) -> datetime:
        return self()

    def pass_(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass
class Room:
    """A console over one drill."""

    app: FastAPI
    desk: Desk
    wall: Wall
    passwords: dict[str, str]

    @property
    def base(self) -> str:
        return f"/d/{self.desk.id}"

    def waiting(self, place: str = "N") -> Draft:
        return next(d for d in self.desk.store.pending() if d.place == place)

    def advance(self) -> None:
        self.desk.advance(self.wall.now)

    def settle(self) -> None:
        """Everything that waits is signed by one and approved by another."""
        for draft in self.desk.store.pending():
            self.desk.sign(draft.id, "aaaaaaaa0000", ROLES[0], self.wall.now)
            self.desk.approve(draft.id, "bbbbbbbb0000", ROLES[1], self.wall.now)

    def person(self, role: str = ROLES[0], language: str = "vi") -> Person:
        return Person(self, role, language)

    def close(self) -> None:
        self.desk.close()


@cache
def _begun(case: str) -> Path:
    """A drill after its first bulletin, made once for all tests of a process."""
    out = Path(mkdtemp())
    start_drill(case, out, known()).close()
    return out


@cache
def known() -> Roots:
    return roots([TOY])


def open_room(out: Path, case: str = "toy-2030", steps: int = 1) -> Room:
    """A drill after so many bulletins, of which all but the last are dealt with."""
    lay(_begun(case), out)
    folder = next(p for p in out.iterdir() if p.is_dir())
    wall = Wall()
    desk = Desk.open(folder, known())
    accounts = Accounts.open(out / "console.db", clock=wall)
    settings = Settings(
        hosts=("testserver", "127.0.0.1"), clock=wall, country=desk.case.country, hasher=CHEAP
    )
    app = create_app(out, known(), settings, accounts)
    passwords = {role: app.state.console.gate.new_account(role, role) for role in ROLES}
    room = Room(app, desk, wall, passwords)
    for _ in range(steps - 1):
        room.settle()
        room.advance()
    return room


class Person:
    """Somebody at a browser."""

    def __init__(self, room: Room, role: str, language: str = "vi") -> None:
        self.client = TestClient(room.app, headers={"origin": "http://testserver"})
        self.language = language
        answer = self.client.post(
            "/login",
            data={"login": role, "password": room.passwords[role]},
            follow_redirects=False,
        )
        assert answer.status_code == 303, answer.text

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, params={"lang": self.language})
        assert answer.status_code == status, answer.text
        return answer.text

    def proof(self, page: str) -> dict[str, str]:
        """What the last form of a page carries."""
        text = self.get(page)
        return {n: re.findall(f'name="{n}" value="([^"]+)"', text)[-1] for n in ("csrf", "key")}

    def send(self, path: str, page: str, **fields: str) -> Any:
        """Fill in a form of a page and send it."""
        return self.post(path, {**self.proof(page), **fields})

    def post(self, path: str, fields: dict[str, str], **files: Any) -> Any:
        return self.client.post(
            path,
            data=fields,
            files=files or None,
            follow_redirects=False,
            params={"lang": self.language},
        )
