"""Counts as signals: missing is no quiet, incomplete is no quiet, silence is no quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from haidang.data.observations import Observation, Observations
from haidang.watch.counts import (
    INCOMPLETE,
    SILENT,
    begins,
    completeness,
    ends,
    filled,
    newest_value,
    signals,
    worst,
)
from haidang.watch.detect import detect
from haidang.watch.signal import State
from haidang.watch.spec import CountsWatch

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WATCH = CountsWatch.model_validate(
    {
        "kind": "counts", "leads": "cases", "completeness_min": 0.8, "suppress_below": 5,
        "source": "invented",
        "indicators": {
            "cases": {
                "title": {"en": "x"}, "unit": {"en": "cases"}, "period": "week",
                "method": "ears_c1", "last": 4, "stale_after_d": 14,
            }
        },
    }
)  # fmt: skip
FIRST = date(2024, 1, 1)


def week(n: int) -> date:
    return FIRST + timedelta(days=7 * n)


def told(place: str, n: int, value: float | None, receipt: int, days: float = 1) -> Observation:
    """Week ``n``, reported so many days after its end."""
    at = begins(ends(week(n), "week"), ZONE) + timedelta(days=days)
    return Observation(
        "x/cases", place, begins(week(n), ZONE), value, "cases", "", at, at, receipt, "test"
    )


def judged(known: Observations, now: datetime):  # type: ignore[no-untyped-def]
    found = detect(known.table(ZONE), "ears_c1", period="week", places=["A", "B"])
    return signals(found, known, "cases", WATCH, now, ZONE)


def after(n: int, days: float = 2) -> datetime:
    return begins(ends(week(n), "week"), ZONE) + timedelta(days=days)


def test_a_rise_is_raised_and_a_place_without_reports_is_no_data() -> None:
    values = [3, 4, 3, 5, 4, 3, 4, 4, 3, 30]
    known = Observations(tuple(told("A", n, v, n + 1) for n, v in enumerate(values)))
    found = judged(known, after(9))
    assert found["A"][-1].state is State.RAISED
    assert found["A"][-1].evidence == (10,)
    assert found["A"][-1].start == begins(week(9), ZONE)
    assert {s.state for s in found["B"]} == {State.NO_DATA}
    assert found["B"][-1].method == SILENT
    assert (worst(found["A"]), worst(found["B"])) == (State.RAISED, State.NO_DATA)


def test_a_feed_that_has_gone_silent_is_no_data_and_never_quiet() -> None:
    known = Observations(tuple(told("A", n, 3 + n % 2, n + 1) for n in range(12)))
    assert worst(judged(known, after(11))["A"]) is State.QUIET
    late = judged(known, after(11, days=15))["A"]
    assert late[-1].method == SILENT
    assert worst(late) is State.NO_DATA


def test_a_rise_before_the_silence_does_not_speak_for_now() -> None:
    values = [3, 4, 3, 5, 4, 3, 4, 4, 3, 30]
    known = Observations(tuple(told("A", n, v, n + 1) for n, v in enumerate(values)))
    assert worst(judged(known, after(9, days=30))["A"]) is State.NO_DATA


def test_an_outbreak_that_is_filled_in_later_signals() -> None:
    values = [3, 4, 3, 5, 4, 3, 4, 4, 3, 4, 3]
    rows = [told("A", n, v, n + 1) for n, v in enumerate(values)]
    rows.append(told("A", 9, 40, 20, days=9))
    found = judged(Observations(tuple(rows)), after(10))["A"]
    assert [s.state for s in found][2] is State.RAISED
    assert worst(found) is State.RAISED


def filling() -> Observations:
    """Ten weeks of which half is known after a day and all after eight."""
    rows = [told("A", n, 10, 2 * n + 1, days=1) for n in range(10)]
    rows += [told("A", n, 20, 2 * n + 2, days=8) for n in range(9)]
    return Observations(tuple(sorted(rows, key=lambda r: r.receipt)))


def test_how_complete_a_delay_is_is_learned_from_earlier_weeks() -> None:
    learned = filled(filling(), "week", ZONE)
    assert (learned.delays, learned.share, learned.settled) == ((1,), (0.5,), 8.0)
    assert [learned.at(d) for d in (1, 7, 8, 30)] == [0.5, 0.5, 1.0, 1.0]
    assert learned.at(0) == 1.0  # nothing was seen that early, so nothing is known against it


def test_an_incomplete_week_is_never_called_quiet() -> None:
    found = judged(filling(), after(9))["A"]
    assert found[-1].completeness == 0.5
    assert (found[-1].state, found[-1].method) == (State.NO_DATA, INCOMPLETE)
    # The weeks before could be read, and they speak for the place.
    assert worst(found) is State.QUIET


def test_a_running_week_holds_at_most_what_has_passed() -> None:
    row = Observation(
        "x", "A", begins(FIRST, ZONE), 5, "cases", "",
        begins(FIRST, ZONE) + timedelta(days=3), datetime(2024, 1, 4, tzinfo=UTC), 1, "test",
    )  # fmt: skip
    learned = filled(Observations((row,)), "week", ZONE)
    now = begins(FIRST, ZONE) + timedelta(days=4)
    assert completeness(row, learned, "week", now, ZONE) == pytest.approx(3 / 7)
    assert completeness(None, learned, "week", now, ZONE) == 0.0


def test_the_newest_value_is_not_the_newest_period() -> None:
    rows = [told("A", n, 4, n + 1) for n in range(10)]
    rows.append(told("A", 10, None, 11))
    found = judged(Observations(tuple(rows)), after(10))["A"]
    newest = newest_value(found)
    assert newest is not None
    assert newest.start == begins(week(9), ZONE)
    assert found[-1].state is State.NO_DATA
