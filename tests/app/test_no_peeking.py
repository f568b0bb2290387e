"""Nothing that was learned later changes what was concluded earlier."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.toy import DAYS, HOUR, T0, context, fix, snapshot
from haidang.app.assess import assess
from haidang.app.decide import Wish, decide
from haidang.app.verdict import Verdict
from haidang.data.tracks import Fix
from haidang.edge.store import Store
from haidang.risk.assessment import Assessment

WISH = Wish("Exercise", "toy")
EVENTS = ("3001-toto", "3002-tata")


def fixes(receipts: st.SearchStrategy[int]) -> st.SearchStrategy[Fix]:
    """One position of one event, good or strange: any hour, any kind, any delivery."""
    return st.builds(
        fix,
        hour=st.sampled_from([0.0, 3.0, 6.0, 12.0]),
        lat=st.floats(9, 13),
        lon=st.floats(-42, -33),
        wind=st.floats(0, 70),
        lead=st.sampled_from([0.0, 6.0, 12.0, 30.0]),
        event=st.sampled_from(EVENTS),
        kind=st.sampled_from(["analysis", "analysis", "forecast", "ended"]),
        receipt=receipts,
    )


EARLIER = st.lists(fixes(st.integers(1, 5)), min_size=1, max_size=6)
LATER = st.lists(fixes(st.integers(6, 9)), min_size=1, max_size=6)


def concluded(rows: list[Fix], receipt: int = 5) -> tuple[tuple[Assessment, ...], Verdict]:
    known = snapshot(rows, 13, receipt)
    found = assess(context(), known)
    return found, decide({"storm": context()}, found, known, WISH)


@settings(max_examples=60, deadline=None)
@given(earlier=EARLIER, later=LATER, data=st.data())
def test_later_deliveries_change_no_earlier_verdict(earlier, later, data):
    mixed = data.draw(st.permutations(earlier + later))
    # Among themselves the earlier rows keep their order: that is the order of their deliveries.
    kept = iter(earlier)
    mixed = [next(kept) if row.receipt <= 5 else row for row in mixed]
    before, verdict = concluded(earlier)
    after, again = concluded(mixed)
    assert repr(after) == repr(before)
    assert repr(again) == repr(verdict)
    assert again.id == verdict.id


def test_the_same_rows_do_change_a_verdict_that_may_read_them():
    """Else the test above could not fail."""
    earlier = [fix(0, lon=-33.0, wind=20.0)]
    later = fix(0, lon=-38.0, wind=60.0, receipt=6)
    assert concluded([*earlier, later])[1].id == concluded(earlier)[1].id
    assert concluded([*earlier, later], receipt=6)[1].id != concluded(earlier)[1].id


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(fixes(st.just(0)), min_size=2, max_size=8),
    delays=st.lists(st.integers(0, 20), min_size=8, max_size=8),
    look=st.integers(0, 20),
)
def test_a_store_with_later_deliveries_gives_the_same_snapshot(rows, delays, look):
    """Bulletins may come out of order and late: only when we had them counts."""
    now = T0 + look * HOUR
    in_order = sorted(zip(rows, delays, strict=False), key=lambda pair: pair[1])
    with Store.open(":memory:") as whole, Store.open(":memory:") as part:
        for n, (row, delay) in enumerate(in_order):
            received = T0 + delay * HOUR
            delivery = (f"d{n}", [replace(row, received=received)], "toy", row.issued, received)
            whole.add_fixes(*delivery)
            if received <= now:
                part.add_fixes(*delivery)
        seen, known = (s.snapshot(now, scope="toy", **DAYS) for s in (whole, part))
    assert seen == known
    assert len(seen.tracks.fixes) == sum(T0 + d * HOUR <= now for _, d in in_order)


def test_runs_that_came_later_are_not_seen_either():
    with Store.open(":memory:") as store:
        store.add_fixes("a", [fix(0)], "toy", T0, T0)
        first = store.snapshot(T0, scope="toy", **DAYS)
        found = assess(context(), first)
        store.commit(decide({"storm": context()}, found, first, WISH))
        store.add_fixes("b", [fix(3, lon=-38.0)], "toy", T0 + 3 * HOUR, T0 + 3 * HOUR)
        later = store.snapshot(T0 + 3 * HOUR, scope="toy", **DAYS)
        assert later.standing
        assert later.chains
        store.commit(decide({"storm": context()}, assess(context(), later), later, WISH))
        assert store.snapshot(T0, scope="toy", **DAYS) == first


@pytest.mark.parametrize("receipt", [0, 1, 2])
def test_a_snapshot_reads_no_delivery_beyond_its_receipt(receipt):
    with Store.open(":memory:") as store:
        for n in range(2):
            store.add_fixes(f"d{n}", [fix(n)], "toy", T0, T0)
        seen = store.snapshot(T0, receipt=receipt, **DAYS)
    assert [f.receipt for f in seen.tracks.fixes] == list(range(1, receipt + 1))
