"""Needs are whole, ordered and never a zero for what is unknown; tasks keep their times."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.respond import speak
from haidang.respond.needs import Asked, amount, needs
from haidang.respond.plan import Task
from haidang.respond.scenario import framework
from haidang.respond.spec import (
    AuthoritiesSpec,
    DispatchSpec,
    NeedSpec,
    ScenarioSpec,
    TaskSpec,
    TimeSpec,
)
from haidang.respond.tasks import Where, tasks
from haidang.respond.times import due
from haidang.risk.assessment import Interval
from haidang.watch.signal import State
from respond.made import HOUR, NOW, assessment, onset

RULE = NeedSpec(
    level=3, kind="boat", measure="people.force_8", ratio=(0.01, 0.1, 0.2), source="invented"
)
DAY = date(2030, 9, 10)


def asked(found=None, level=3, rules=None, onsets=None) -> Asked:
    found = found or assessment()
    return Asked(found, level, NOW, found.onsets if onsets is None else onsets,
                 {"boats": RULE} if rules is None else rules, 6)  # fmt: skip


# --- needs --------------------------------------------------------------------------------------


@given(
    st.tuples(*[st.floats(0, 1e7)] * 3).map(sorted),
    st.tuples(*[st.floats(0, 0.1)] * 3).map(sorted),
    st.floats(0.1, 10),
    st.integers(0, 5),
)
def test_whole_ordered_and_never_short(measure, ratio, times, minimum):
    rule = RULE.model_copy(update={"ratio": tuple(ratio), "times": times, "minimum": minimum})
    found = amount(rule, assessment(impacts={"people.force_8": Interval(*measure)}))
    assert found is not None
    assert list(found) == sorted(found)
    for value, people, share in zip(found, measure, ratio, strict=True):
        assert isinstance(value, int)
        assert value >= people * share * times - 1e-5
        assert value <= max(people * share * times + 1, minimum)
        assert (value == 0) or people > 0


def test_by_hand():
    assert amount(RULE, assessment()) == Interval(1, 10, 200)
    third = RULE.model_copy(update={"ratio": (0.3, 0.3, 0.3)})
    assert amount(third, assessment(impacts={"people.force_8": Interval(10, 10, 10)})) == (3, 3, 3)


def test_unknown_is_not_zero_and_not_reached_is():
    assert amount(RULE, assessment(impacts={"people.force_8": None, "loss_ratio": None})) is None
    assert amount(RULE, assessment(impacts={})) is None
    # It rains where nobody was counted, too: that does not make the unknown people a zero.
    other = NeedSpec(**(RULE.model_dump() | {"measure": "people.force_12"}))
    wet = {"people.force_8": None, "rain.max_24h": Interval(10, 50, 90)}
    assert amount(other, assessment(impacts=wet)) is None
    known = {"people.force_8": Interval(5, 5, 5), "surge.max": Interval(0, 1, 2)}
    assert amount(other, assessment(impacts=known)) == (0, 0, 0)
    far = RULE.model_copy(update={"measure": "people.force_12", "minimum": 2})
    assert amount(far, assessment()) == Interval(0, 0, 0)


def test_a_minimum_holds_once_there_is_anybody():
    rule = RULE.model_copy(update={"ratio": (0, 0, 0), "minimum": 1})
    one = assessment(impacts={"people.force_8": Interval(0, 1, 1)})
    assert amount(rule, one) == Interval(0, 1, 1)


def test_only_from_its_level_on():
    assert needs([asked(level=2)]) == ()
    assert len(needs([asked(level=3)])) == 1


def test_the_higher_level_then_the_earlier_wind_comes_first():
    late, early = (assessment(p, onsets=(onset(6, h, h, None),)) for p, h in (("L", 9), ("E", 3)))
    calm, high = assessment("C"), assessment("H")
    found = needs([asked(late), asked(calm), asked(early), asked(high, level=4)])
    assert [n.place for n in found] == ["H", "E", "L", "C"]
    assert [n.priority for n in found] == [0, 1, 2, 3]


def test_same_urgency_same_priority():
    found = needs([asked(assessment("A")), asked(assessment("B"))])
    assert {n.priority for n in found} == {0}


# --- times --------------------------------------------------------------------------------------

WIND = (onset(6, 4, 6, 30), onset(8, None, 10, 20), onset(12, None, None, None))
TIMES = [
    ({"within_h": 3}, 3, "due_within"),
    ({"before_force": 6}, 4, "due_before_begins"),
    ({"before_force": 6, "hours": 3}, 1, "due_before"),
    ({"before_force": 8, "hours": 3}, 7, "due_before"),
    ({"before_force": 8, "hours": 11}, 0, "due_at_once_before"),
    ({"before_force": 12, "hours": 3}, None, "due_none_before"),
    ({"before_force": 12, "hours": 3, "within_h": 5}, 5, "due_within"),
    ({"before_force": 6, "hours": 1, "within_h": 9}, 3, "due_before"),
    ({"at_force": 6}, 6, "due_at"),
    ({"at_force": 12}, None, "due_none_at"),
    ({"after_force": 8, "hours": 2}, 22, "due_after"),
    ({"after_force": 8}, 20, "due_after_begins"),
    ({"after_force": 12}, None, "due_none_after"),
    ({"after_force": 10}, None, "due_none_after"),
]


@pytest.mark.parametrize(("time", "hours", "rule"), TIMES)
def test_times(time, hours, rule):
    found = due(TimeSpec(**time), NOW, WIND)
    assert found.at == (None if hours is None else NOW + hours * HOUR)
    assert found.rule == rule


# --- tasks --------------------------------------------------------------------------------------

TASK = TaskSpec(
    level=3,
    person="keeper",
    work={
        "en": "Move {count} boats ({low}–{high}) at {place}.",
        "vi": "Đưa {count} ({low}–{high}) tại {place}.",
    },
    counts="boat",
    kinds=("boat",),
    time=TimeSpec(before_force=6, hours=1),
    responsibility="mayor",
    authority={"role": "mayor", "cites": "act"},
    product={"en": "List", "vi": "Danh sách"},
)  # fmt: skip
SPEC = ScenarioSpec(
    version="1.0.0",
    levels={},
    tasks={
        "move": TASK,
        "sail": TASK.model_copy(update={"where": "coast", "level": 4}),
        "talk": TASK.model_copy(update={"time": TimeSpec(within_h=2), "counts": None,
                                        "work": {"en": "Talk.", "vi": "Nói."}}),
    },
    needs={},
    dispatch=DispatchSpec(road_factor=1, max_hours=1, source="x"),
    sources=("x",),
)  # fmt: skip
AUTHORITIES = AuthoritiesSpec(
    roles={},
    bases={
        "act": [
            {"valid_from": date(2020, 1, 1), "valid_to": DAY, "text": {"en": "old"}},
            {"valid_from": DAY, "text": {"en": "new"}},
        ]
    },
    commands=(),
    civil_defence=(),
    sources=("x",),
)


def todo(one: Asked, *, coast=True, day=DAY, earlier=(), found=None) -> dict[str, Task]:
    where = Where({"en": "Havn", "vi": "Cảng"}, coast, ("vi", "en"))
    wanted = needs([one]) if found is None else found
    out = tasks(
        framework(SPEC), one, wanted, where, AUTHORITIES, day, "d", {t.id: t for t in earlier}
    )
    return {t.spec: t for t in out}


def test_numbers_are_filled_in_as_each_language_writes_them():
    big = assessment(impacts={"people.force_8": Interval(1e5, 123_450, 1e6)})
    task = todo(asked(big))["move"]
    assert task.work["en"] == "Move 12,345 boats (1,000–200,000) at Havn."
    assert task.work["vi"] == "Đưa 12.345 (1.000–200.000) tại Cảng."


def test_an_unknown_number_is_said_in_words():
    task = todo(asked(assessment(impacts={"people.force_8": None})))["move"]
    assert task.work["en"] == "Move not known boats (not known–not known) at Havn."
    assert "0" not in task.work["vi"]


def test_level_coast_and_six_clears():
    assert set(todo(asked(level=3))) == {"move", "talk"}
    assert set(todo(asked(level=4))) == {"move", "talk", "sail"}
    assert set(todo(asked(level=4), coast=False)) == {"move", "talk"}
    task = todo(asked())["move"]
    assert (task.person, task.responsibility, task.authority) == ("keeper", "mayor", "mayor")
    assert task.product["vi"] == "Danh sách"
    assert task.required


def test_the_basis_is_that_of_the_day():
    assert todo(asked(), day=date(2025, 1, 1))["move"].basis == {"en": "old"}
    assert todo(asked())["move"].basis == {"en": "new"}
    assert todo(asked(), day=date(2010, 1, 1))["move"].basis == {}


def test_a_task_keeps_its_id_and_since_when_it_is_asked():
    first = todo(asked(onsets=WIND))
    later = asked(level=5, onsets=WIND)._replace(since=NOW + 6 * HOUR)
    again = todo(later, earlier=first.values())
    for name in ("move", "talk"):
        assert again[name].id == first[name].id
        assert again[name].asked == NOW
        assert again[name].due == first[name].due
    assert again["sail"].asked == NOW + 6 * HOUR


def test_what_is_overdue_does_not_become_due_again():
    first = todo(asked(onsets=WIND))["move"]
    assert first.due == NOW + 3 * HOUR
    inside = assessment(at=NOW + 5 * HOUR, onsets=(onset(6, 5, 5, 30),))
    assert todo(asked(inside), earlier=[first])["move"].due == first.due


def test_a_forecast_that_moves_moves_the_time():
    first = todo(asked(onsets=WIND))["move"]
    nearer = assessment(at=NOW + HOUR, onsets=(onset(6, 3, 3, 30),))
    assert todo(asked(nearer), earlier=[first])["move"].due == NOW + 2 * HOUR


def test_silence_keeps_the_time():
    first = todo(asked(onsets=WIND))["move"]
    blind = assessment(at=NOW + HOUR, impacts={}, state=State.NO_DATA)
    kept = todo(asked(blind), earlier=[first])["move"]
    assert (kept.due, kept.due_rule) == (first.due, first.due_rule)
    assert todo(asked(blind))["move"].due is None


# --- recovery outlasts its level ------------------------------------------------------------------

SEARCH = TaskSpec(
    level=3, person="keeper", responsibility="mayor", work={"en": "Search."},
    product={"en": "List"}, time=TimeSpec(after_force=6, hours=1), stay_h=10,
)  # fmt: skip


def after(hours: float, level: int, earlier, *, since: float = 31, onsets=()) -> dict[str, Task]:
    """The toy scenario with a task of recovery, some hours on."""
    spec = SPEC.model_copy(update={"tasks": {**SPEC.tasks, "search": SEARCH}})
    found = assessment(at=NOW + hours * HOUR, onsets=onsets)
    one = asked(found, level=level)._replace(since=NOW + since * HOUR)
    where = Where({"en": "Havn", "vi": "Cảng"}, True, ("vi", "en"))
    known = {t.id: t for t in earlier}
    return {t.spec: t for t in tasks(framework(spec), one, (), where, AUTHORITIES, DAY, "d", known)}


def test_recovery_stays_after_its_level_and_the_rest_goes():
    before = after(0, 3, (), since=0, onsets=WIND)
    due_at = before["search"].due
    assert due_at is not None
    assert before["search"].ended is None
    first = after(31, 0, before.values())
    assert set(first) == {"search"}
    assert first["search"].id == before["search"].id
    # The end of the wind as last known counts: the forecast no longer holds it.
    assert (first["search"].due, first["search"].asked) == (due_at, NOW)
    assert first["search"].ended == NOW + 31 * HOUR
    # A level that falls again, from 2 to 0, is no new end.
    again = after(40, 0, first.values(), since=40)
    assert again["search"].ended == NOW + 31 * HOUR
    assert after(41, 0, again.values(), since=40) == {}


def test_recovery_is_asked_for_only_where_it_was_and_has_a_time():
    assert after(31, 0, ()) == {}
    never = after(0, 3, (), since=0, onsets=())
    assert never["search"].due is None
    assert after(31, 0, never.values()) == {}


def test_a_level_that_comes_back_forgets_that_it_had_ended():
    before = after(0, 3, (), since=0, onsets=WIND)
    gone = after(31, 0, before.values())
    back = after(33, 3, gone.values(), since=33)
    assert back["search"].ended is None
    assert back["search"].asked == NOW


def test_every_rule_has_words():
    for time, _, rule in TIMES:
        found = due(TimeSpec(**time), NOW, WIND)
        task = replace(todo(asked())["move"], due_rule=found.rule, due_params=found.params)
        for language in ("vi", "en"):
            assert speak.due(task, language), rule
