"""kill -9 at any moment of a replay: the same command goes on and ends as if nothing had happened.

How many kills: ``HAIDANG_KILLS``, 6 by default, over the run with officers and the one without.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
KILLS = int(os.environ.get("HAIDANG_KILLS", "6"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
@pytest.mark.parametrize(
    ("flag", "kills"), [("", KILLS - KILLS // 3), ("--no-approve", KILLS // 3)]
)
def test_killed_at_any_moment(flag: str, kills: int) -> None:
    flags = [f for f in (flag, "--members", "20", "--json") if f]
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_many.py"), "toy-2030", str(kills), *flags],
        capture_output=True,
        text=True,
        check=False,
        timeout=600 + 60 * kills,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    hits = report["hits"]
    assert len(hits) >= kills
    assert report["faults"] == []
    assert all(h["same"] for h in hits)
    # The test must be able to fail: so many were killed, and not all at the same point.
    assert report["kills"] == kills
    assert report["points"] >= min(2, kills)
    assert (report["messages"] == 0) == (flag == "--no-approve")
    assert report["drafts"] >= 9
