"""The plan over the whole set, in the toy country."""

from __future__ import annotations

import csv
import random
from dataclasses import replace

from app.toy import DAYS, HOUR, T0, THREAT, TOY, context, judged, over, snapshot
from haidang.app.context import build_context
from haidang.app.decide import Wish, decide
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Verdict
from haidang.pack.load import load_country, roots
from haidang.respond.plan import Plan, Unit
from haidang.risk.assessment import Assessment, Impact, Interval, Onset, When
from haidang.watch.signal import State

WISH = Wish("Exercise", "toy")


def stock() -> tuple[Unit, ...]:
    def at(cell: str) -> float | None:
        return float(cell) if cell else None

    with (TOY / "countries" / "xt" / "stock" / "demo.csv").open(encoding="utf-8") as stream:
        return tuple(
            Unit(
                r["id"], r["kind"], r["place"], r["echelon"], int(r["quantity"]),
                int(r["reserve"]), float(r["ready_min"]), at(r["lat"]), at(r["lon"]),
                r["source"], r["demo"] == "true",
            )
            for r in csv.DictReader(stream)
        )  # fmt: skip


def found() -> list[Assessment]:
    """North at level 3 and South at level 2, twelve hours before the wind; the sea too."""

    def people(count: float) -> tuple[Impact, ...]:
        value = Interval(count / 2, count, count * 1.5)
        return tuple(Impact(f"people.force_{k}", "people", value) for k in (8, 10))

    return [
        replace(judged(0.5, 3, place="N", force=12), impacts=people(400_000)),
        replace(judged(0.5, 2, place="S", force=10), impacts=people(100_000)),
        judged(0.5, 2, place="sea-toy-east"),
    ]


def verdict(known: Snapshot, judged_as=None) -> Verdict:
    return decide({THREAT: context()}, found() if judged_as is None else judged_as, known, WISH)


def plan(**other: object) -> Plan:
    out = verdict(snapshot([], 0.5, 1, **other)).plan
    assert out is not None
    return out


def test_a_level_becomes_tasks_needs_grants_and_a_suggestion():
    made = plan(stock=stock(), stock_receipt=7)
    assert made.tasks
    assert made.needs
    assert made.grants
    assert {s.place for s in made.suggestions} <= {"N", "S"}
    assert (made.stock_receipt, made.demo, made.optimal) == (7, True, True)
    for task in made.tasks:
        assert task.person
        assert task.responsibility
        assert task.authority
        assert task.due_rule
        for texts in (task.work, task.product, task.basis):
            assert all(texts[k] for k in ("en", "fr"))


def test_the_sea_has_no_tasks_and_no_needs():
    made = plan(stock=stock())
    assert {t.place for t in made.tasks} | {n.place for n in made.needs} <= {"N", "S"}
    assert {t.place for t in made.tasks if t.spec == "vessels_in_harbour"} <= {"N"}


def test_without_stock_there_are_tasks_and_needs_and_nothing_is_guessed():
    made = plan()
    assert made.tasks
    assert made.needs
    assert made.grants == ()
    assert not made.demo
    assert {u.reason for u in made.unmet} <= {"unmet_not_counted"}
    assert made.unmet
    assert all(s.level is None for s in made.suggestions)
    assert {s.reason for s in made.suggestions} == {"cd_not_counted"}


def test_the_same_facts_give_the_same_plan_in_any_order():
    first = plan(stock=stock())
    mixed = list(stock())
    random.Random(5).shuffle(mixed)
    assert plan(stock=tuple(mixed)) == first
    backwards = verdict(snapshot([], 0.5, 1, stock=stock()), list(reversed(found())))
    assert backwards.plan == first


def test_the_plan_is_in_the_verdicts_id():
    assert verdict(snapshot([], 0.5, 1)).id != verdict(snapshot([], 0.5, 1, stock=stock())).id


def test_unknown_people_are_an_unknown_need():
    one = judged(0.5, 3)
    made = verdict(snapshot([], 0.5, 1, stock=stock()), [one]).plan
    assert made is not None
    assert {n.value for n in made.needs} == {None}
    assert {u.need for u in made.unmet} == set()
    assert all(s.level is None and s.reason == "cd_need_unknown" for s in made.suggestions)


def test_tasks_stay_under_one_id_while_the_level_stands_and_go_with_it():
    first = verdict(snapshot([], 0, 1), [judged(0, 3)])
    assert first.plan is not None
    held = verdict(
        snapshot([], 3, 1, standing=first.standing, tasks=first.plan.tasks),
        [judged(3, None, State.NO_DATA)],
    )
    assert held.plan is not None
    assert {t.id: (t.due, t.asked) for t in held.plan.tasks} == {
        t.id: (t.due, t.asked) for t in first.plan.tasks
    }
    gone = verdict(snapshot([], 4, 1, standing=held.standing, tasks=held.plan.tasks), [over(4)])
    assert gone.plan is not None
    # When the wind ends was never known: nothing says that there is anything to recover from.
    assert gone.plan.tasks == ()


def test_recovery_stays_after_the_end_of_the_event_for_its_hours():
    stays = {n: s.stay_h for n, s in context().response.scenario.tasks.items() if s.stay_h}
    assert {"search_and_rescue", "damage_counted", "power_and_water_back", "all_clear_said"} <= set(
        stays
    )
    one = judged(0, 3)
    ends = T0 + 20 * HOUR
    wind = tuple(
        Onset(k, 1, When(None, T0 + 12 * HOUR, None), When(None, ends, None)) for k in (6, 8)
    )
    first = verdict(snapshot([], 0, 1), [replace(one, onsets=wind)])
    assert first.plan is not None
    gone = verdict(snapshot([], 21, 1, standing=first.standing, tasks=first.plan.tasks), [over(21)])
    assert gone.plan is not None
    assert {t.spec for t in gone.plan.tasks} == set(stays)
    assert all(t.ended == gone.at for t in gone.plan.tasks)
    due = {t.spec: t.due for t in gone.plan.tasks}
    assert due["search_and_rescue"] == ends + HOUR
    assert gone.plan.needs == ()
    assert gone.plan.grants == ()
    after = gone
    for hour in (22, 21 + 24, 21 + 72, 21 + 168):
        assert after.plan is not None
        after = verdict(
            snapshot([], hour, 1, standing=after.standing, tasks=after.plan.tasks), [over(hour)]
        )
        assert after.plan is not None
        left = {n for n, hours in stays.items() if hour < 21 + hours}
        assert {t.spec for t in after.plan.tasks} == left


def test_nobody_leaves_a_place_where_a_level_stands_and_nothing_is_known():
    people = tuple(Impact(f"people.force_{k}", "people", Interval(9e5, 9e5, 9e5)) for k in (8, 10))
    needy = replace(judged(0, 3, place="S", onset_h=None), impacts=people)
    boats = (Unit("n", "rescue_boat", "N", "province", 99, 0, 10, None, None, "x", True),)
    open_ = verdict(snapshot([], 0, 1, stock=boats), [needy])
    first = verdict(snapshot([], 0, 1), [judged(0, 3, place="N")])
    blind = judged(1, None, State.NO_DATA, place="N")
    shut = verdict(snapshot([], 1, 1, stock=boats, standing=first.standing), [blind, needy])
    assert open_.plan is not None
    assert shut.plan is not None
    assert {g.origin for g in open_.plan.grants} == {"N"}
    assert shut.plan.grants == ()
    boat = [u for u in shut.plan.unmet if u.kind == "rescue_boat"]
    assert [(u.reason, u.nearest) for u in boat] == [("unmet_closed", "N")]


def test_boats_leave_for_the_high_estimate_and_the_last_hour_to_leave_is_told():
    people = tuple(Impact(f"people.force_{k}", "people", Interval(0, 0, 2e5)) for k in (8, 10))
    doubtful = replace(judged(0, 3, place="S"), impacts=people)
    boats = (Unit("n", "rescue_boat", "N", "province", 99, 0, 10, None, None, "x", True),)
    made = verdict(snapshot([], 0, 1, stock=boats), [doubtful]).plan
    assert made is not None
    boat = [g for g in made.grants if g.kind == "rescue_boat"]
    assert [(g.origin, g.place, g.standby) for g in boat] == [("N", "S", True)]
    assert made.unmet == ()
    assert all(s.level in (0, None) for s in made.suggestions)
    (call,) = [c for c in made.calls if c.kind == "rescue_boat"]
    by = next(n.by for n in made.needs if n.kind == "rescue_boat")
    assert (call.origin, call.place, call.quantity) == ("N", "S", boat[0].quantity)
    assert by is not None
    assert call.leave_by == by - (boat[0].arrive - boat[0].depart)
    # Everything else is short of the high estimate and says so, apart from what is missing.
    assert {u.kind for u in made.short} == {n.kind for n in made.needs if n.value.high} - {
        "rescue_boat"
    }


def test_a_pack_without_a_scenario_has_no_plan():
    bare = replace(context(), response=None)
    known = snapshot([], 0.5, 1)
    assert decide({THREAT: bare}, found(), known, WISH).plan is None


def test_what_is_static_is_laid_out_once():
    known = roots([TOY])
    country = load_country(known.country("xt"), known.threats)
    whole = build_context(country, country.packs[THREAT], DAYS["law_day"], DAYS["places_day"])
    there = whole.response
    assert there is not None
    assert there.lie.neighbours == {"N": frozenset({"S"}), "S": frozenset({"N"})}
    assert there.coast == {"N"}
    assert there.land == {"N", "S"}
    lat, lon = there.lie.centres["N"]
    assert 11 < lat < 12
    assert -40 < lon < -38
    assert there.at("N") is there.scenario
