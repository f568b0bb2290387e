"""kill -9 at any moment leaves the old state or the new, and the work goes on to the same end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from postgresql import Server

HERE = Path(__file__).resolve()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")


def killed(folder: Path, how: str, *addresses: str) -> list[dict[str, object]]:
    """Let it be killed, and hold what must be true wherever it was."""
    paths = (str(HERE.parents[2]), os.environ.get("PYTHONPATH", ""))
    done = subprocess.run(
        [sys.executable, str(HERE.with_name("killed.py")), str(folder), how, *addresses],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    report: list[dict[str, object]] = found["report"]
    assert [hit["faults"] for hit in report] == [[]] * len(report)
    assert len({tuple(head) for head in found["heads"]}) == 1
    assert found["heads"][0][0] > 0
    return report


@needs_fork
@pytest.mark.parametrize("how", ["statements", "response", "migration", "upgrade"])
def test_killed_before_a_statement(how: str, tmp_path: Path) -> None:
    report = killed(tmp_path, how)
    assert sum(bool(hit["killed"]) for hit in report) >= len(report) - 2
    assert not any(hit["half"] for hit in report)
    if how == "migration":
        assert any(hit["empty"] for hit in report)
        assert not all(hit["empty"] for hit in report)
    elif how == "upgrade":
        # Whatever the kill left, the next program finds what was there before.
        assert len({hit["seq"] for hit in report}) == 1
    else:
        assert len({hit["seq"] for hit in report}) > 2, "they all died at the same point"


@needs_fork
def test_killed_at_random(tmp_path: Path) -> None:
    report = killed(tmp_path, "random")
    assert len(report) == 8
    assert len({hit["seq"] for hit in report}) > 2, "they all died at the same point"


@needs_fork
def test_killed_at_random_on_postgresql(tmp_path: Path, postgresql: Server) -> None:
    report = killed(tmp_path, "random", *(postgresql.new() for _ in range(12)))
    assert len(report) == 8
    assert len({hit["seq"] for hit in report}) > 2, "they all died at the same point"
