"""Says below the table what each benchmark was compared with in the same run."""

from __future__ import annotations

import pytest

collect_ignore_glob = ["reference_*"]
"""The peers' sides of comparisons: each is run by an interpreter of its own, never imported."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    session = getattr(terminalreporter.config, "_benchmarksession", None)
    for bench in session.benchmarks if session is not None else ():
        if bench.extra_info:
            facts = "; ".join(f"{name}: {value}" for name, value in bench.extra_info.items())
            terminalreporter.write_line(f"{bench.name}: best {bench.stats.min:.3f} s; {facts}")
