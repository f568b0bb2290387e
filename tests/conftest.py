"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference results and real data beside the project, if this machine has it."""
    if not (SHARED / "reference" / "SOURCE.md").is_file():
        pytest.skip("the folder ../shared with reference results is not on this machine")
    return SHARED
