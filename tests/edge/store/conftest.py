from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.store.samples import deliver, people, run
from haidang.edge.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store.open(file) as opened:
        people(opened)
        yield opened


@pytest.fixture
def waiting(store: Store) -> Store:
    """One delivery, one run, three drafts that wait."""
    deliver(store, 0)
    run(store, 0)
    return store
