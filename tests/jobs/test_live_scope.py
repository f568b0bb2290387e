"""A look over what readings touch concludes what a look over everything would."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.app.assess import assess
from haidang.app.context import Context
from haidang.app.decide import Wish, decide
from haidang.app.issue import issue
from haidang.edge.store.store import Store
from haidang.warn.decide import Reason
from jobs.live_toy import SCOPE, T0, Clock, contexts, heard, live, make

COMMUNES, GAUGES = 4, 6
EXAMPLES = int(os.environ.get("HAIDANG_LIVE_EXAMPLES", "3"))
"""Few in the suite; by hand some hundreds."""
ALIKE = (
    Reason.UNCHANGED,
    Reason.STILL_QUIET,
    Reason.HOLDING,
    Reason.HELD_NO_DATA,
    Reason.HOLD_EXPIRED,  # counted from the last confirmation, see ``told``
    Reason.BLIND,
)
"""Nothing moved: whoever looks at everything writes them at every look."""


class Reading(NamedTuple):
    """So many minutes after the one before, at a gauge, this stage, measured so long ago."""

    after_min: int
    gauge: int
    value: float | None
    ago_min: int


readings = st.lists(
    st.builds(
        Reading,
        st.sampled_from([0, 0, 1, 20, 180, 400, 800]),
        st.integers(0, GAUGES - 1),
        st.sampled_from([1.0, 2.0, 2.5, 3.0, 4.5, None]),
        st.sampled_from([0, 0, 0, 30, 600]),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a row: to lay out its tables takes longer than an example."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    Store.open(path).close()
    return path


@pytest.fixture(scope="module", params=["area", "country"])
def flood(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Context]:
    return contexts(make(tmp_path_factory.mktemp("packs"), COMMUNES, GAUGES, over=request.param))


def batches(found: Sequence[Reading]) -> list[tuple[datetime, list[Reading]]]:
    """What comes at one instant comes in one handful."""
    out: list[tuple[datetime, list[Reading]]] = []
    at = T0
    for one in found:
        at += timedelta(minutes=one.after_min)
        if out and out[-1][0] == at:
            out[-1][1].append(one)
        else:
            out.append((at, [one]))
    return out


def messages_of(batch: Sequence[Reading], clock: Clock):
    for one in batch:
        at = clock() - timedelta(minutes=one.ago_min)
        yield heard(clock, f"g{one.gauge:04d}", one.value, at)


def whole_look(store: Store, found: dict[str, Context], now: datetime) -> None:
    """One run over everything, as a replay makes it, and what needs nobody is spoken."""
    day = T0.date()
    snapshot = store.snapshot(
        now, law_day=day, places_day=day, threats=list(found),
        series=[s for c in found.values() for s in c.pack.series],
    )  # fmt: skip
    assessed = [a for c in found.values() for a in assess(c, snapshot)]
    verdict = decide(found, assessed, snapshot, Wish(status="Exercise", scope=SCOPE))
    store.commit(verdict)

    def build(draft, earlier):
        return issue(found[draft.threat], draft, now, earlier)

    store.speak([d for d in verdict.drafts if not d.approval], now, build, ["capfile"])


def told(store: Store):
    """What people and the next run can see: levels, decisions that moved something, messages.

    Not the hour at which a level was last confirmed: whoever looks at everything confirms it more
    often. A notice on silence tells that hour, so its text is left out too.
    """
    end = T0 + timedelta(days=30)
    levels = {
        s.place: replace(s, confirmed=T0, since=s.since if s.level else T0)
        for s in store.snapshot(end, law_day=T0.date(), places_day=T0.date()).standing
    }
    moved, last = [], {}
    for d in sorted(store.decisions(), key=lambda d: d.at):
        if d.reason in ALIKE:
            continue
        if last.get(d.place) != (d.after, d.combined, d.reason):
            moved.append((d.at, d.place, d.before, d.after, d.combined, d.reason))
        last[d.place] = (d.after, d.combined, d.reason)
    said = [
        (m.sent, m.chain, m.kind, m.level, m.expires, [t.headline for t in d.texts], d.occasion)
        for m in store.messages()
        for d in [store.draft(m.draft)]
    ]
    return levels, sorted(moved), sorted(said, key=lambda s: (s[0], s[1]))


@settings(max_examples=EXAMPLES)
@given(found=readings)
def test_scoped_equals_whole(found, flood, empty, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    shutil.copy(empty, folder / "scoped.db")
    shutil.copy(empty, folder / "whole.db")
    clock = Clock()
    with (
        Store.open(folder / "scoped.db", clock, check=False) as one,
        Store.open(folder / "whole.db", clock, check=False) as other,
    ):
        scoped, taker = live(one, flood, clock), live(other, flood, clock)
        scoped.look(scoped.now(), everything=True)
        whole_look(other, flood, taker.now())
        for at, batch in batches(found):
            clock.at = at
            now = scoped.now()
            assert taker.now() == now
            taken = scoped.take(list(messages_of(batch, clock)), now)
            assert taker.take(list(messages_of(batch, clock)), now)[:3] == taken[:3]
            scoped.look(now, taken.touched)
            whole_look(other, flood, now)
        assert told(one) == told(other)
        assert one.verify() == other.verify() == ()
