"""A desk of the toy case that people still have to work on, and two people logged in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from haidang.app.context import Context
from haidang.app.verdict import Draft
from haidang.edge.store.store import Store
from haidang.jobs.replay import ingest, plan, prepare, run
from haidang.jobs.replay import deliver as deliver_to
from haidang.pack.case import Case, load_case
from haidang.pack.load import Roots, roots
from haidang.web.app import create_app
from haidang.web.console import Clock, DeskBar
from haidang.web.settings import Settings
from haidang.web.visit import Visit

from web.doubles import MemoryAccounts

TOY = Path(__file__).parents[1] / "toy"
EDITOR, APPROVER = "aaaaaaaa1111", "bbbbbbbb2222"
MINUTE = timedelta(minutes=1)


@dataclass
class ToyDesk:
    """What ``at_desk`` gives, over a folder."""

    id: str
    case: Case
    context: Context
    store: Store
    folder: Path
    now: datetime
    language: str = "vi"
    clock_step: timedelta = MINUTE
    delivered: int = field(default=0)

    @property
    def bar(self) -> DeskBar:
        local = self.context.local(self.now)
        clock = Clock(local.isoformat(), f"{local:%H:%M}", f"{local:%d/%m/%Y}", f"{local:%z}"[:3])
        return DeskBar(
            id=self.id,
            title="Toto",
            status="EXERCISE",
            note="Invented.",
            clock=clock,
            levels=f"/static/levels-{self.context.country.id}.css",
        )

    def deliver(self) -> None:
        self.delivered += deliver_to(self.store, self.folder / "cap")

    def step(self, number: int) -> None:
        """Let the bulletin of a step come in."""
        step = plan(self.case)[0][number]
        ingest(self.store, self.case, step)
        run(self.store, self.case, self.context, step.now)
        self.now = step.now + MINUTE

    def waiting(self, place: str = "N") -> Draft:
        return next(d for d in self.store.pending() if d.place == place)


def open_desk(folder: Path, name: str = "toy-2030", known: Roots | None = None) -> ToyDesk:
    """A desk before its first bulletin."""
    known = known or roots([TOY])
    case = load_case(name, known)
    store = Store.open(folder / "haidang.db")
    for actor, role in ((EDITOR, "forecaster_on_duty"), (APPROVER, "shift_lead")):
        store.add_actor(role, actor_id=actor)
    context = prepare(case, known)
    return ToyDesk("toy", case, context, store, folder, plan(case)[0][0].now)


def console(desk: ToyDesk, known: Roots | None = None) -> FastAPI:
    """The console over one desk."""
    known = known or roots([TOY])
    accounts = MemoryAccounts()
    country = desk.context.country.id
    settings = Settings(hosts=("testserver", "127.0.0.1"), country=country)
    app = create_app(desk.folder, known, settings, accounts)
    gate = app.state.console.gate
    for actor, role in ((EDITOR, "forecaster_on_duty"), (APPROVER, "shift_lead")):
        accounts.add(role, role, gate._hasher.hash("secret"), actor)

    def found(visit: Visit, name: str) -> ToyDesk:
        desk.language = visit.language
        return desk

    app.state.console.desk = found
    return app


class Person:
    """Somebody at a browser."""

    def __init__(self, app: FastAPI, role: str, language: str = "vi") -> None:
        self.client = TestClient(app, headers={"origin": "http://testserver"})
        self.language = language
        answer = self.client.post(
            "/login", data={"login": role, "password": "secret"}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text

    def get(self, path: str) -> str:
        answer = self.client.get(path, params={"lang": self.language})
        assert answer.status_code == 200, answer.text
        return answer.text

    def proof(self, path: str) -> dict[str, str]:
        text = self.get(path)
        return {n: re.findall(f'name="{n}" value="([^"]+)"', text)[-1] for n in ("csrf", "key")}

    def send(self, path: str, page: str, **fields: str):
        """Fill in a form of a page and send it."""
        data = {**self.proof(page), **fields}
        return self.client.post(path, data=data, follow_redirects=False)
