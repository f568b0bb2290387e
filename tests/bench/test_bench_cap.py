"""CAP messages judged and read, per second: beside capvalidator and capparser in the same run.

Run with ``make bench``. Nothing here asserts a time; the figures are in ``extra_info``. Set
``HAIDANG_CAP_PEER`` to an interpreter that has the peers (how: ``tests/jobs/cap_speed.py``).
"""

from __future__ import annotations

import os

import pytest

from haidang.warn import cap
from jobs import cap_speed as speed

COUNT = 20


@pytest.fixture(scope="module", params=list(speed.SIZES), ids=["small", "large"])
def messages(request):
    cap.warm()
    return [speed.SIZES[request.param](k) for k in range(COUNT)]


def all_of(what, messages):
    for one in messages:
        what(one)


@pytest.mark.parametrize(
    "what", [cap.validate, cap.parse, speed.both], ids=["validate", "parse", "both"]
)
def test_messages_a_second(benchmark, messages, what):
    assert all(cap.validate(m).valid for m in messages)
    benchmark.pedantic(all_of, (what, messages), rounds=5, warmup_rounds=1)
    if benchmark.stats is not None:  # not --benchmark-disable
        benchmark.extra_info["messages a second"] = round(COUNT / benchmark.stats.stats.min)


@pytest.mark.skipif(
    speed.PEER not in os.environ, reason=f"{speed.PEER} names no interpreter with the peers"
)
def test_peers_on_the_same_messages(benchmark, messages):
    found = benchmark.pedantic(speed.theirs, (messages, 3), rounds=1)
    benchmark.extra_info.update(
        {f"{name}, messages a second": round(r) for name, r in found.items()}
    )
