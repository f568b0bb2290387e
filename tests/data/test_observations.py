"""Reports with the time we learned them: what counted when, and the reporting triangle."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haidang.data.observations import Observation, Observations, Report, vintages

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def row(place: str, month: int, value: float | None, receipt: int) -> Observation:
    start = datetime(2024, month, 1, tzinfo=HANOI)
    told = datetime(2024, 6, receipt, tzinfo=UTC)
    return Observation("x/cases", place, start, value, "cases", "", told, told, receipt, "test")


def test_a_revision_is_a_new_row_and_the_newest_counts() -> None:
    known = Observations((row("A", 1, 5, 1), row("A", 1, 9, 3), row("B", 1, 2, 2)))
    assert [(r.place, r.value) for r in known.newest] == [("A", 9), ("B", 2)]
    assert [(r.place, r.value) for r in known.known_at(2).newest] == [("A", 5), ("B", 2)]
    assert known.known_at(0).newest == ()


def test_a_value_that_was_withdrawn_is_missing() -> None:
    known = Observations((row("A", 1, 5, 1), row("A", 1, None, 2)))
    assert np.isnan(known.table(HANOI)["value"].iloc[0])


def test_a_period_keeps_its_day_on_the_clock_of_those_who_count() -> None:
    """Midnight in Hà Nội is the day before in UTC."""
    stored = row("A", 3, 5, 1)
    utc = Observation(**{**_fields(stored), "start": stored.start.astimezone(UTC)})
    assert Observations((utc,)).table(HANOI)["start"].iloc[0] == "2024-03-01"


def test_the_triangle_holds_every_vintage() -> None:
    found = Observations((row("A", 1, 5, 1), row("A", 1, 9, 3))).triangle(HANOI)
    assert list(found.columns) == ["place", "start", "reported", "value"]
    assert list(zip(found["reported"], found["value"], strict=True)) == [
        ("2024-06-01", 5.0),
        ("2024-06-03", 9.0),
    ]


def _fields(one: Observation) -> dict[str, object]:
    return {name: getattr(one, name) for name in Observation.__slots__}


cells = st.tuples(
    st.sampled_from("AB"), st.integers(1, 3), st.one_of(st.none(), st.floats(0, 1e6)),
    st.integers(1, 20),
)  # fmt: skip


@given(st.lists(cells, max_size=30), st.integers(0, 20))
def test_what_came_later_never_changes_what_was_known(
    given_rows: list[tuple[str, int, float | None, int]], receipt: int
) -> None:
    rows = tuple(row(*cell) for cell in sorted(given_rows, key=lambda c: c[3]))
    early = tuple(r for r in rows if r.receipt <= receipt)
    assert Observations(rows).known_at(receipt).newest == Observations(early).newest


def test_vintages_come_oldest_first() -> None:
    start = datetime(2024, 1, 1, tzinfo=HANOI)
    later, earlier = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
    reports = [Report("x/cases", "A", start, 1, "cases", published=p) for p in (later, earlier)]
    assert [p for p, _ in vintages(reports)] == [earlier, later]
