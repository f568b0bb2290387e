"""What every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import postgresql as pg

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("haidang", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("haidang")

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
