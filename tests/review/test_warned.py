"""The four cells, and how a miss happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from haidang.review.answers import Events, answer, events
from haidang.review.tiers import by_event
from haidang.review.warned import (
    Asked,
    Found,
    Row,
    Span,
    Word,
    exact,
    in_force,
    judge,
    outcome,
    spans,
    tally,
)

T0 = datetime(2030, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEVELS = (1, 2, 3)


def at(hours: float) -> datetime:
    return T0 + hours * HOUR


def span(level: int, start: float, end: float) -> Span:
    return Span(level, at(start), at(end))


def found(level: int | None, **onsets: float | None) -> Found:
    made = {int(k[1:]): None if h is None else at(h) for k, h in onsets.items()}
    return Found(level, made)


def row(event: str, what: str, *, place: str = "N", weight: float = 1.0, near: bool = False) -> Row:
    lead = 5.0 if what == "hit" else None
    return Row("sent", "x", event, place, "land", 1, what, near, lead, 3.0, weight)  # type: ignore[arg-type]


# --- what stood from when to when -----------------------------------------------------------------


def test_a_newer_word_ends_the_older_and_an_all_clear_holds_nothing():
    words = [Word(at(6), 3, at(30)), Word(at(0), 1, at(24)), Word(at(10), 0, at(34))]
    assert spans(words) == (span(1, 0, 6), span(3, 6, 10))


def test_a_word_that_nothing_follows_runs_out_on_its_own():
    assert spans([Word(at(0), 2, at(5)), Word(at(9), 2, at(12))]) == (span(2, 0, 5), span(2, 9, 12))


def test_of_two_words_of_one_instant_the_second_counts_and_an_expired_one_holds_nothing():
    assert spans([Word(at(0), 1, at(5)), Word(at(0), 2, at(5))]) == (span(2, 0, 5),)
    assert spans([Word(at(0), 2, at(5)), Word(at(0), 0, at(5))]) == ()
    assert spans([Word(at(3), 2, at(3))]) == ()
    assert spans([]) == ()


def test_higher_levels_hold_the_lower_ones_and_chains_add_up():
    held = [span(1, 0, 6), span(3, 6, 10), span(2, 8, 20)]
    assert in_force(held, 1) == (span(1, 0, 20),)
    assert in_force(held, 2) == (span(2, 6, 20),)
    assert in_force(held, 3) == (span(3, 6, 10),)


def test_a_short_break_is_none_and_a_longer_one_is():
    held = [span(1, 0, 5), span(1, 6, 9)]
    assert in_force(held, 1) == (span(1, 0, 5), span(1, 6, 9))
    assert in_force(held, 1, HOUR) == (span(1, 0, 9),)
    assert len(in_force(held, 1, 0.9 * HOUR)) == 2


# --- one answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "what", "lead"),
    [
        ([(0, 20)], "hit", 10.0),
        ([(0, 4), (6, 20)], "hit", 4.0),  # of the one that was in force, not of an older one
        ([(0, 9)], "hit", 10.0),  # ran out an hour before an onset known to the hour
        ([(0, 8.9)], "lapsed", None),
        ([(0, 5), (10, 20)], "lapsed", None),  # began again as it came
        ([(10, 20)], "late", None),
        ([(12, 20)], "late", None),
        ([], "miss", None),
    ],
)
def test_what_came_at_ten(standing, what, lead):
    held = [span(2, a, b) for a, b in standing]
    assert outcome(held, found(2, _2=10), 2, HOUR) == (what, lead)


def test_what_did_not_come():
    held = [span(2, 0, 5)]
    assert outcome(held, found(1, _1=3), 2, HOUR) == ("false_alarm", None)
    assert outcome([], found(0), 2, HOUR) == ("quiet", None)


def test_what_nobody_knows_is_neither_right_nor_wrong():
    assert outcome([span(2, 0, 5)], found(None), 2, HOUR) == ("unknown", None)
    assert outcome([], found(None), 2, HOUR) == ("unknown", None)


def test_an_onset_without_an_hour_is_a_hit_without_a_lead():
    assert outcome([span(2, 0, 5)], found(2, _2=None), 2, HOUR) == ("hit", None)


def test_what_had_come_before_the_office_began_is_not_judged():
    came = found(2, _2=10)
    for held in ([], [span(2, 0, 20)]):
        assert outcome(held, came, 2, HOUR, at(10)) == ("unknown", None)
    assert outcome([], came, 2, HOUR, at(9)) == ("miss", None)


def test_every_level_has_its_row_and_one_level_off_is_near():
    asked = Asked("sent", "x", "e", "N", "land", 7.0)
    rows = judge(asked, [span(1, 0, 20)], found(2, _1=5, _2=10), LEVELS)
    assert [(r.level, r.outcome, r.near, r.lead_h) for r in rows] == [
        (1, "hit", False, 5.0),
        (2, "miss", True, None),
        (3, "quiet", False, None),
    ]
    assert {r.weight for r in rows} == {7.0}
    rows = judge(asked, [span(3, 0, 4)], found(1, _1=2), LEVELS)
    assert [(r.outcome, r.near) for r in rows] == [
        ("hit", False), ("false_alarm", True), ("false_alarm", False),
    ]  # fmt: skip
    assert [r.warned_h for r in rows] == [4.0, 4.0, 4.0]


# --- counting -------------------------------------------------------------------------------------


def test_the_scores_of_a_table_by_hand():
    whats = ["hit"] * 6 + ["late", "lapsed", "miss"] + ["false_alarm"] * 2 + ["quiet"] * 9
    made = tally([row("a", w, place=str(n)) for n, w in enumerate([*whats, "unknown"])])
    assert (made.hits, made.misses, made.false_alarms, made.quiet, made.unknown) == (6, 3, 2, 9, 1)
    assert made.pod == pytest.approx(6 / 9)
    assert made.far == pytest.approx(2 / 8)
    assert made.pofd == pytest.approx(2 / 11)
    assert made.csi == pytest.approx(6 / 11)
    assert made.bias == pytest.approx(8 / 9)
    assert made.base_rate == pytest.approx(9 / 20)
    assert made.leads == (5.0,) * 6
    assert made.needless_h == 6.0
    assert made.events == 1


def test_nothing_to_count_has_no_score():
    made = tally([row("a", "unknown")])
    assert made.events == 0
    scores = (made.pod, made.far, made.pofd, made.csi, made.bias, made.base_rate)
    assert scores == (None,) * 6


def test_people_may_count_in_the_place_of_places():
    rows = [row("a", "hit", weight=90), row("a", "miss", weight=10, near=True)]
    assert tally(rows).pod == 0.5
    weighted = tally(rows, weighted=True)
    assert weighted.pod == 0.9
    assert weighted.near_misses == 10


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Tables of exact limits of a binomial share, 95 %, e.g. Documenta Geigy.
        (5, 5, 0.4782, 1.0),
        (0, 5, 0.0, 0.5218),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (8, 10, 0.4439, 0.9748),
        (1, 1, 0.025, 1.0),
    ],
)
def test_exact_limits(hits, of, low, high):
    made = exact(hits, of)
    assert (round(made.low, 4), round(made.high, 4)) == (low, high)


def test_of_nothing_there_is_no_interval():
    assert exact(0, 0) is None


# --- events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whats", "said"),
    [
        (["hit", "hit", "quiet"], "hit"),
        (["hit", "false_alarm"], "hit"),
        (["hit", "late"], "partly"),
        (["lapsed", "false_alarm"], "miss"),
        (["false_alarm", "quiet"], "false_alarm"),
        (["quiet", "unknown"], "quiet"),
        (["unknown"], None),
    ],
)
def test_an_event_gives_one_answer(whats, said):
    assert answer([row("a", w) for w in whats]) == said


def test_events_are_counted_once_however_many_places_they_have():
    rows = [row(e, "hit", place=p) for e in "abcde" for p in ("N", "S", "W")]
    made = events(rows)
    assert made == Events(5, 0, 0, 0, 0)
    assert round(made.pod_range.low, 2) == 0.48
    worse = events([*rows, row("e", "miss", place="E"), row("f", "false_alarm")])
    assert worse == Events(4, 1, 0, 1, 0)
    assert (worse.came, worse.warned) == (5, 6)


def test_the_bootstrap_draws_events_and_not_places():
    # Three events of 20 places that stand and fall together: the share can be 0, 1/3, 2/3 or 1.
    rows = [
        row(e, w, place=str(n))
        for e, w in (("a", "hit"), ("b", "hit"), ("c", "miss"))
        for n in range(20)
    ]
    low, high = by_event(rows, lambda t: t.pod, seed=1, draws=500)
    assert (low, high) == (0.0, 1.0)
    # The same 60 answers, mixed within the events: nothing differs between events.
    mixed = [
        row(e, "hit" if n < 40 else "miss", place=str(n))
        for e in "abc"
        for n in range(60)
    ]  # fmt: skip
    low, high = by_event(mixed, lambda t: t.pod, seed=1, draws=500)
    assert low == high == pytest.approx(2 / 3)


def test_the_bootstrap_is_repeatable_and_says_nothing_of_two_events():
    rows = [row(e, w) for e, w in zip("abcd", ("hit", "miss", "hit", "hit"), strict=True)]
    one, two = (by_event(rows, lambda t: t.pod, seed=3, draws=200) for _ in range(2))
    assert one == two
    assert by_event(rows[:2], lambda t: t.pod, seed=3) is None
    quiet = [row(e, "quiet") for e in "abcd"]
    assert by_event(quiet, lambda t: t.pod, seed=3, draws=50) is None
