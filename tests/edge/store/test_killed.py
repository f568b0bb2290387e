"""kill -9 at any moment leaves the old state or the new, and the work goes on to the same end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
@pytest.mark.parametrize("how", ["random", "statements", "response", "migration", "upgrade"])
def test_killed(how: str, tmp_path: Path) -> None:
    paths = (str(HERE.parents[2]), os.environ.get("PYTHONPATH", ""))
    done = subprocess.run(
        [sys.executable, str(HERE.with_name("killed.py")), str(tmp_path), how],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    report = found["report"]
    assert sum(hit["killed"] for hit in report) >= len(report) - 2, "too few were killed in time"
    assert [hit["faults"] for hit in report] == [[]] * len(report)
    assert not any(hit.get("half") for hit in report)
    if how == "migration":
        assert any(hit["empty"] for hit in report)
        assert not all(hit["empty"] for hit in report)
    elif how == "upgrade":
        # Whatever the kill left, the next program finds what was there before.
        assert {hit["seq"] for hit in report} == {found["heads"][0][0]}
    else:
        assert len({hit["seq"] for hit in report}) > 2, "they all died at the same point"
    assert len({tuple(head) for head in found["heads"]}) == 1
    assert found["heads"][0][0] > 0
