"""One console over a toy drill and a toy replay, for all who look; a fresh one for who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from desks import lay
from haidang.base.errors import HaidangError
from haidang.jobs.desk import Desk, start_drill
from haidang.jobs.replay import play
from haidang.pack.case import load_case
from haidang.pack.load import Roots, roots
from web.browser import Browser, Site, Wall, site

TOY = Path(__file__).parents[1] / "toy"
CASE = "toy-2030"
DRILL = "drill-toy-2030"
ROLES = ("forecaster_on_duty", "shift_lead")


@pytest.fixture(scope="session")
def toys() -> Roots:
    """The package's packs and the toy country."""
    return roots([TOY])


@pytest.fixture(scope="session")
def folder(toys: Roots, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replay that was played to its end, and a drill at its third bulletin. Copy to act."""
    out = tmp_path_factory.mktemp("desks")
    play(load_case(CASE, toys), toys, out / CASE)
    desk = start_drill(CASE, out, toys, Wall().now)
    for _ in range(2):
        desk.advance(Wall().now)
    desk.close()
    return out


@pytest.fixture(scope="module")
def looked(folder: Path, toys: Roots, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A console that nobody changes."""
    out = tmp_path_factory.mktemp("looked")
    lay(folder, out)
    with site(out, toys, "xt", ROLES) as found:
        yield found
        _close(out, toys)


@pytest.fixture
def acted(folder: Path, toys: Roots, tmp_path: Path) -> Iterator[Site]:
    """A console of one's own."""
    lay(folder, tmp_path)
    with site(tmp_path, toys, "xt", ROLES) as found:
        yield found
        _close(tmp_path, toys)


def _close(out: Path, toys: Roots) -> None:
    for path in out.iterdir():
        with suppress(HaidangError):
            Desk.open(path, toys).close()


@pytest.fixture
def reader(looked: Site) -> Browser:
    """Somebody who is logged in and only looks."""
    return looked.browser("one-0")
