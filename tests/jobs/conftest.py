"""Played cases: the toy in a second or two, the first country's typhoon once for all who ask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from haidang.jobs.replay import Played, play
from haidang.jobs.tables import Tables, tables
from haidang.pack.case import load_case
from haidang.pack.load import Roots, roots

TOY = Path(__file__).parents[1] / "toy"
TOY_CASE = "toy-2030"
YAGI = "yagi-2024"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time: with pytest-xdist every worker has a session of its own."""
    fcntl = pytest.importorskip("fcntl")
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def known() -> Roots:
    """The package's packs and countries, and the toy country."""
    return roots([TOY])


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of one test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "played"
    folder.mkdir(exist_ok=True)
    return folder


def _played(name: str, known: Roots, common: Path) -> Played:
    # Whoever comes second finds everything committed: playing again computes nothing.
    with locked(common / f"{name}.lock"):
        return play(load_case(name, known), known, common / name)


@pytest.fixture(scope="session")
def toy(known: Roots, common: Path) -> Played:
    """The toy case, played. Read only: copy its folder before you touch it."""
    return _played(TOY_CASE, known, common)


@pytest.fixture(scope="session")
def yagi(known: Roots, common: Path) -> Played:
    """The typhoon case, played. Read only."""
    return _played(YAGI, known, common)


@pytest.fixture(scope="session")
def toy_tables(toy: Played) -> Tables:
    """The toy's four tables."""
    return tables(toy)


@pytest.fixture(scope="session")
def yagi_tables(yagi: Played) -> Tables:
    """The typhoon's four tables."""
    return tables(yagi)
