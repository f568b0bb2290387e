from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.store.samples import deliver, people, run
from haidang.edge.store import Store
from postgresql import Server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture(scope="session")
def made(postgresql: Server) -> str:
    """A database with all tables, to be copied: to make them takes longer than most tests."""
    address = postgresql.new()
    Store.open(address).close()
    return address


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("made") / "store.db"
    Store.open(path).close()
    return path


BOTH = ("sqlite", "postgresql")


@pytest.fixture(params=BOTH)
def where(request: pytest.FixtureRequest, file: Path) -> Iterator[Path | str]:
    """A database without a row: a file, and then the address of one on a real server."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("made_file"), file)
        yield file
        return
    server = request.getfixturevalue("postgresql")
    address = server.new(like=request.getfixturevalue("made"))
    yield address
    server.drop(address)


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, file: Path) -> Path | str:
    """A database without a table."""
    if request.param == "sqlite":
        return file
    return request.getfixturevalue("postgresql").new()


@pytest.fixture
def store(where: Path | str) -> Iterator[Store]:
    with Store.open(where, busy_s=120) as opened:
        people(opened)
        yield opened


@pytest.fixture
def waiting(store: Store) -> Store:
    """One delivery, one run, three drafts that wait."""
    deliver(store, 0)
    run(store, 0)
    return store
