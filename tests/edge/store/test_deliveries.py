"""Deliveries: numbered without holes, kept once, never seen before they came."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.store.samples import DAYS, EVENT, HOUR, T0, decide, deliver, duty, fix, run
from haidang.base.errors import BadData
from haidang.edge.store import Store


@dataclass(frozen=True)
class Row:
    series: str
    place: str
    start: datetime
    value: float | None
    unit: str = "mm"
    flag: str = ""


def test_numbers_grow_and_a_refused_delivery_leaves_no_hole(store: Store) -> None:
    assert deliver(store, 0) == 1
    with pytest.raises(BadData) as caught:
        store.add_fixes("bad", [fix(1), fix(1, lat=float("nan"))], "s", T0, T0)
    problem = caught.value.problems[0]
    assert (problem.code, problem.file, problem.row, problem.field) == (
        "store.not_finite",
        "bad",
        2,
        "lat",
    )
    assert deliver(store, 1) == 2


def test_the_same_delivery_again_is_the_old_one(store: Store) -> None:
    assert deliver(store, 0) == 1
    assert deliver(store, 1) == 2
    assert deliver(store, 0) == 1
    assert len(store.snapshot(T0 + HOUR, **DAYS).tracks.fixes) == 4


def test_the_same_key_with_other_content_is_refused(store: Store) -> None:
    deliver(store, 0)
    with pytest.raises(BadData) as caught:
        store.add_fixes("bulletin-0", [fix(0, lat=19.3)], "service", T0, T0)
    assert caught.value.problems[0].code == "store.other_content"
    assert "bulletin-0" in caught.value.say("vi")
    assert len(store.snapshot(T0, **DAYS).tracks.fixes) == 2


def test_an_unknown_kind_is_refused(store: Store) -> None:
    with pytest.raises(BadData) as caught:
        store.add_fixes("k", [fix(0, kind="guess")], "s", T0, T0)
    assert caught.value.problems[0].code == "store.fix_kind"


def test_fixes_come_back_as_they_went_in(store: Store) -> None:
    given_fix = fix(3, pressure_hpa=965.0, lat=19.123456789012345)
    assert store.add_fixes("k", [given_fix], "s", T0, T0 + HOUR) == 1
    known = store.snapshot(T0 + HOUR, **DAYS).tracks.fixes
    assert known == (replace(given_fix, published=T0, received=T0 + HOUR, receipt=1),)


def test_an_empty_delivery_is_a_delivery(store: Store) -> None:
    assert store.add_fixes("empty", [], "s", T0, T0) == 1
    assert store.snapshot(T0, **DAYS).receipt == 1


def test_missing_is_kept_as_missing_and_a_revision_is_a_new_row(store: Store) -> None:
    rows = [Row("rain", "01", T0, 3.5), Row("rain", "02", T0, None), Row("level", "01", T0, 0.0)]
    store.add_observations("a", rows, "gauge", T0, T0)
    store.add_observations("b", [Row("rain", "01", T0, float("nan"))], "gauge", T0, T0 + HOUR)
    early = store.observations(T0, series=["rain"])
    assert [(o.place, o.value, o.receipt) for o in early] == [("01", 3.5, 1), ("02", None, 1)]
    late = store.observations(T0 + HOUR)
    assert [(o.series, o.place, o.value, o.receipt) for o in late][-1] == ("rain", "01", None, 2)
    assert late[0].value == 3.5
    assert store.observations(T0 + HOUR, receipt=1) == store.observations(T0)
    assert store.add_observations("a", rows, "gauge", T0, T0) == 1
    with pytest.raises(BadData):
        store.add_observations("a", rows[:1], "gauge", T0, T0)
    with pytest.raises(BadData) as caught:
        store.add_observations("c", [Row("rain", "01", T0, float("inf"))], "gauge", T0, T0)
    assert caught.value.problems[0].field == "value"


def test_what_came_later_is_not_seen(store: Store) -> None:
    deliver(store, 0)
    run(store, 0)
    before = store.snapshot(T0 + HOUR, **DAYS)
    later = T0 + 5 * HOUR
    store.add_fixes("late", [fix(0, lat=1.0)], "s", T0, later)
    assert store.snapshot(T0 + HOUR, **DAYS) == before
    assert store.snapshot(later, receipt=1, **DAYS).tracks == before.tracks
    assert store.snapshot(later, **DAYS).receipt == 2


def test_an_older_delivery_filled_in_behind_does_not_move_the_limit(store: Store) -> None:
    store.add_fixes("now", [fix(5)], "s", T0 + 5 * HOUR, T0 + 5 * HOUR)
    store.add_fixes("old", [fix(1)], "archive", T0 + HOUR, T0 + HOUR)
    seen = store.snapshot(T0 + 2 * HOUR, **DAYS)
    assert [f.valid for f in seen.tracks.fixes] == [T0 + HOUR]
    assert seen.receipt == 2


def test_a_run_repeated_sees_what_it_saw_the_first_time(store: Store) -> None:
    first = []
    for step in range(4):
        deliver(store, step)
        now = T0 + step * HOUR
        first.append(store.snapshot(now, scope="xt/wind", **DAYS))
        store.commit(decide(first[-1]))
        for draft in store.pending()[:1]:
            store.sign(draft.id, "aaaaaaaa", "officer", now)
            store.refuse(draft.id, "aaaaaaaa", "officer", now, "no")
    store.add_fixes("late", [fix(0, lat=1.0)], "s", T0, T0)
    again = [store.snapshot(T0 + s * HOUR, scope="xt/wind", **DAYS) for s in range(4)]
    assert again == first
    assert [store.commit(decide(s)) for s in again] == [False] * 4


def test_filters(store: Store) -> None:
    deliver(store, 0)
    run(store, 0)
    known = store.snapshot(T0, places=["02"], **DAYS)
    assert [s.place for s in known.standing] == ["02"]
    assert {c.place for c in known.chains} == {"02"}
    assert store.snapshot(T0, threats=["other"], **DAYS).standing == ()
    assert store.snapshot(T0, events=["other"], **DAYS).tracks.events() == ()
    assert store.snapshot(T0, events=[EVENT], **DAYS).tracks.events() == (EVENT,)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(5)), st.integers(0, 5))
def test_no_peeking(order: list[int], hour: int) -> None:
    """Whatever arrives in whatever order, a snapshot is that of a store that ends there."""
    now = T0 + hour * HOUR
    with Store.open(":memory:") as all_of_it, Store.open(":memory:") as part:
        for step in order:
            at = T0 + step * HOUR
            all_of_it.add_fixes(f"b{step}", [fix(step)], "s", at, at)
            if at <= now:
                part.add_fixes(f"b{step}", [fix(step)], "s", at, at)
        strip = [
            {replace(f, receipt=0) for f in s.snapshot(now, **DAYS).tracks.fixes}
            for s in (all_of_it, part)
        ]
        assert strip[0] == strip[1]
        assert len(strip[0]) == min(hour + 1, 5)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 4))
def test_levels_and_notices_are_as_of_too(until: int) -> None:
    with Store.open(":memory:") as long, Store.open(":memory:") as short:
        duty(long, 6)
        duty(short, until)
        now = T0 + (until - 1) * HOUR
        assert long.snapshot(now, **DAYS) == short.snapshot(now, **DAYS)


def test_threads_share_one_store(store: Store) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(deliver(store, n))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 9))
    assert len(store.snapshot(T0 + 8 * HOUR, **DAYS).tracks.fixes) == 16
