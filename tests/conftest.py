"""What every test may use."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from functools import cache, wraps
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from sqlalchemy import Connection, create_engine, inspect, text

import postgresql as pg
from haidang.edge.store import database

# How long an example takes says how busy the machine is, not whether the code is right. And the
# same code is asked the same examples: `make test` says whether a change broke something, and
# `make fuzz` looks for what nobody has found yet.
FUZZ = int(os.environ.get("HAIDANG_FUZZ", "0"))
"""How many times as many examples each property is asked, drawn anew; 0 for the usual ones."""

settings.register_profile(
    "haidang", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=not FUZZ
)
settings.load_profile("haidang")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """While looking for what nobody has found: the properties alone, and more of each."""
    if not FUZZ:
        return
    properties = [i for i in items if is_hypothesis_test(getattr(i, "obj", None))]
    for test in {i.obj for i in properties}:
        inner = getattr(test, "__func__", test)
        usual = inner._hypothesis_internal_use_settings
        inner._hypothesis_internal_use_settings = settings(
            usual, max_examples=usual.max_examples * FUZZ
        )
    items[:] = properties


_migrate = database.migrate


@cache
def _schema() -> tuple[str, ...]:
    """What the migrations make of an empty file, as statements."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _migrate(connection)
        # Tables before indices; what SQLite makes by itself has no statement.
        query = text(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, rowid"
        )
        made = tuple(connection.execute(query).scalars())
    engine.dispose()
    head = f"INSERT INTO alembic_version VALUES ('{database.REVISIONS[-1]}')"
    return (*made, head)


@wraps(_migrate)
def _quickly(connection: Connection) -> None:
    """A new file gets in a moment what the migrations would give it; tests make hundreds of them.

    The migrations themselves are run where they are tested, in every child process, and once here.
    """
    if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
        _migrate(connection)
        return
    for statement in _schema():
        connection.exec_driver_sql(statement)


database.migrate = _quickly


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_language_stays() -> Iterator[None]:
    """What a command was asked to speak is the process's, and must not be the next test's."""
    yield
    if shown := sys.modules.get("haidang.cli.show"):
        shown._chosen.clear()


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference results and real data beside the project, if this machine has it."""
    if not (SHARED / "reference" / "SOURCE.md").is_file():
        pytest.skip("the folder ../shared with reference results is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def postgresql() -> Iterator[pg.Server]:
    """A real PostgreSQL, started for the tests if its programs are on this machine."""
    programs = pg.programs()
    if programs is None:
        pytest.skip(f"PostgreSQL is not installed: {pg.APT}")
    if find_spec("psycopg") is None:
        pytest.skip("PostgreSQL's driver is not installed: pip install 'haidang[postgres]'")
    with pg.server(programs) as running:
        yield running
