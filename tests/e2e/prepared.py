"""Desks as they look in the middle of things: finished replays, and a drill at its worst hour.

Made without a browser, once for all who look.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from haidang.edge.channels.site import FOLDER, Spec
from haidang.jobs.desk import Desk, start_drill
from haidang.jobs.publish import publish_played
from haidang.jobs.replay import DATABASE, play
from haidang.pack.case import load_case
from haidang.pack.load import roots
from haidang.web.pages.public import Public
from jobs.conftest import locked

CASE = "yagi-2024"
REPLAY, DRILL = CASE, f"drill-{CASE}"
EVENT = "2411-yagi"
COUNTED, HIGHEST = "dengue-1998", "b19980821T0000"
"""A season of counts, and the report at which most places were beyond their bound."""

READ, HIGH = "yagi-floods-2024", "b20240911T0600"
"""A flood at its gauges, and the readings after which seven provinces stood at level 3."""

PLACE, SECOND_PLACE = "31", "22"
FORECASTER, LEAD = ("0" * 31 + "1", "0" * 31 + "2")
FURTHER = 5
"""Bulletins after the first: then the highest level stands, and landfall is 19 hours away."""

WORST = "b20240906T1900"
NOTES = {"started": "", "done": "", "blocked": "Đường tới xã bị cây đổ chắn, chờ máy cưa."}
MARK = "made"


def common(factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of one test run share."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "played"
    folder.mkdir(exist_ok=True)
    return folder


def desks(shared: Path, out: Path) -> None:
    """Lay the desks into a folder of one's own.

    Args:
        shared: Where they are made once.
        out: Empty, or not there.
    """
    with locked(shared / f"{CASE}.lock"):
        known = roots()
        play(load_case(CASE, known), known, shared / CASE)
        play(load_case(COUNTED, known), known, shared / COUNTED)
        play(load_case(READ, known), known, shared / READ)
    aside = shared / "drilled"
    with locked(shared / "drilled.lock"):
        if not (aside / MARK).exists():
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            _drill(aside)
            (aside / MARK).touch()
    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(shared / CASE, out / REPLAY)
    shutil.copytree(shared / COUNTED, out / COUNTED)
    shutil.copytree(shared / READ, out / READ)
    shutil.copytree(aside / DRILL, out / DRILL)


SHOWN = datetime(2024, 9, 6, 12, 30, tzinfo=UTC)
"""What the public read at the worst hour, the evening before landfall."""


def published(shared: Path, out: Path) -> None:
    """Lay the typhoon with its public site at `SHOWN` into a folder of one's own."""
    known = roots()
    case = load_case(CASE, known)
    with locked(shared / f"{CASE}.lock"):
        played = play(case, known, shared / CASE)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / REPLAY).exists():
        shutil.copytree(shared / CASE, out / REPLAY)
    shutil.rmtree(out / REPLAY / FOLDER, ignore_errors=True)
    publish_played(
        out / REPLAY, DATABASE, played.scope, played.context, case.spec.places_on,
        case.spec.status, Public, Spec(), SHOWN,
    )  # fmt: skip


def _drill(out: Path) -> None:
    """Two people who do some of what is asked: much still waits, as it does at three o'clock."""
    desk = start_drill(CASE, out, roots())
    roles = tuple(desk.context.country.spec.roles)
    for number in range(FURTHER + 1):
        if number:
            desk.advance(_wall())
        if number in {0, FURTHER - 1}:
            _answer(desk, roles)
    view = desk.at(None, _wall())
    if view.plan is not None:
        for task, act in zip(
            [t for t in view.plan.tasks if t.place == PLACE], ("started", "done", "blocked"),
            strict=False,
        ):  # fmt: skip
            desk.task_act(task.id, LEAD, roles[1], _wall(), act, NOTES[act], f"prepared-{act}")
    desk.close()


def _answer(desk: Desk, roles: tuple[str, ...]) -> None:
    for draft in desk.at(None, _wall()).pending:
        if draft.place in {PLACE, SECOND_PLACE, "01", "33"}:
            desk.sign(draft.id, FORECASTER, roles[0], _wall())
            if draft.place != "33":
                desk.approve(draft.id, LEAD, roles[1], _wall())


def _wall() -> datetime:
    return datetime.now(UTC)
