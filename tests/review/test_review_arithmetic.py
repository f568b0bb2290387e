"""The review's arithmetic: rows worked out by hand, and slow twins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.base.place import Gazetteer, Place, Succession
from haidang.base.wind import BEAUFORT
from haidang.respond.plan import Plan, Task
from haidang.review.damage import counted, houses_of, rows
from haidang.review.facts import (
    Damage,
    Deaths,
    NotModelled,
    Order,
    Report,
    StationWind,
)
from haidang.review.not_modelled import shares
from haidang.review.timeline import Event, timeline
from haidang.review.timeliness import handling, leads, orders, summary
from haidang.review.tolls import tolls
from haidang.review.winds import wind_row
from haidang.risk.assessment import Impact, Interval

T0 = datetime(2030, 9, 10, tzinfo=UTC)
H = timedelta(hours=1)
OLD, NEW = date(2000, 1, 1), date(2025, 7, 1)
THEN, TODAY = date(2024, 9, 7), date(2026, 5, 1)


def place(code: str, start: date, end: date | None = None) -> Place:
    return Place(code, "province", {"en": f"P{code}"}, None, start, end)


def land() -> Gazetteer:
    """Three provinces: A and B became B, C stayed itself; D was split between B and C."""
    old = [place(c, OLD, NEW) for c in "ABCD"]
    new = [place(c, NEW) for c in "BC"]
    links = [("A", "B"), ("B", "B"), ("C", "C"), ("D", "B"), ("D", "C")]
    return Gazetteer([*old, *new], [Succession("province", a, OLD, b, NEW) for a, b in links])


# ── wind ────────────────────────────────────────────────────────────────────────────────────────


def station(force: int = 9, exposure: str = "in-land", averaging_s: int = 120) -> StationWind:
    return StationWind("Port", 20.0, 107.0, exposure, "plain", "", force, None, averaging_s, "x")


def test_a_station_is_compared_over_its_own_period():
    # 20.0 m/s over ten minutes is 20.0 * 1.12 = 22.4 over two, in-land: force 9 (20.8 to 24.5).
    row = wind_row(station(9), "hindcast", None, [20.0], (0.1, 0.9))
    assert row.factor == pytest.approx(1.12)
    assert row.ours.central == pytest.approx(22.4)
    assert row.forces == (9, 9, 9)
    assert (row.low_ms, row.high_ms) == (20.8, 24.5)
    assert (row.difference, row.inside) == (0, None)
    # Without the conversion it would be force 8.
    assert (
        wind_row(station(9, averaging_s=600), "hindcast", None, [20.0], (0.1, 0.9)).forces[1] == 8
    )


def test_inside_is_about_forces_and_only_for_an_ensemble():
    ten = np.array([15.0, 18.0, 19.0, 20.0, 26.0])
    row = wind_row(station(10, "at-sea", 600), "bulletin", T0, ten, (0.1, 0.9))
    assert row.forces == (7, 8, 10)
    assert row.inside is True
    assert row.difference == -2
    assert wind_row(station(11, "at-sea", 600), "bulletin", T0, ten, (0.1, 0.9)).inside is False
    assert wind_row(station(17), "hindcast", None, ten, (0.1, 0.9)).high_ms is None


@given(st.lists(st.floats(0, 70), min_size=1, max_size=30), st.integers(0, 17))
def test_the_interval_of_a_station_is_made_of_members(winds, force):
    row = wind_row(station(force, "off-sea"), "bulletin", T0, winds, (0.1, 0.9))
    ranked = sorted(w * 1.05 for w in winds)
    n = len(ranked)
    wanted = [ranked[max(0, int(np.ceil(round(q * n, 9))) - 1)] for q in (0.1, 0.5, 0.9)]
    assert list(row.ours) == pytest.approx(wanted)

    def force_of(v):
        return max((f.number for f in BEAUFORT if v + 1e-7 >= f.lower), default=0)

    assert list(row.forces) == [force_of(v) for v in row.ours]
    assert row.inside == (row.forces[0] <= force <= row.forces[2])


# ── houses ──────────────────────────────────────────────────────────────────────────────────────

IMPACTS = (
    Impact("people.force_8", "people", Interval(360.0, 720.0, 1080.0)),
    Impact("people.force_12", "people", Interval(0.0, 36.0, 72.0)),
    Impact("loss_ratio", "1", Interval(0.0, 0.1, 0.2)),
)


def test_houses_by_hand():
    ours = houses_of(IMPACTS, residents=3600, people=3.6)
    assert ours["force_8"] == pytest.approx((100, 200, 300))
    assert ours["force_12"] == pytest.approx((0, 10, 20))
    # A force that no member reaches is not among the impacts: nobody is under it.
    assert ours["force_10"] == (0, 0, 0)
    # A tenth of the value of 1,000 houses is the value of 100 houses.
    assert ours["equivalent_destroyed"] == pytest.approx((0, 100, 200))


def test_unknown_exposure_is_no_house_and_no_zero():
    unknown = (Impact("people.force_8", "people", None), Impact("loss_ratio", "1", None))
    assert houses_of(unknown, 3600, 3.6) == {}


def test_counts_go_to_the_places_of_today_and_say_what_lacks():
    damage = [Damage("B", "province", 7), Damage("C", "province", 5), Damage("N", "nation", 20)]
    found, split = counted(damage, land(), THEN, TODAY, frozenset("B"))
    assert split == ()
    b, c, coast, inland, whole = found
    assert (b.place, b.houses, b.parts, b.lacking, b.coastal) == ("B", 7, ("B",), ("A", "D"), True)
    assert (c.place, c.houses, c.lacking, c.coastal) == ("C", 5, ("D",), False)
    assert (coast.group, coast.houses, coast.lacking) == ("coast", 7, ("A", "D"))
    assert (inland.group, inland.houses) == ("inland", 5)
    assert (whole.group, whole.place, whole.houses) == ("country", "N", 20)


def test_what_was_split_is_not_given_to_one():
    found, split = counted([Damage("D", "province", 9)], land(), THEN, TODAY, frozenset())
    assert split == ("D",)
    assert found == ()


@given(st.dictionaries(st.sampled_from("ABC"), st.integers(0, 10**6), min_size=1))
def test_no_house_is_lost_or_found_on_the_way(houses):
    damage = [Damage(code, "province", n) for code, n in houses.items()]
    found, _ = counted(damage, land(), THEN, TODAY, frozenset("B"))
    provinces = [c for c in found if c.group == "province"]
    assert sum(c.houses for c in provinces) == sum(houses.values())
    assert sum(c.houses for c in found if c.group in {"coast", "inland"}) == sum(houses.values())


def test_a_lower_bound_is_outside_only_if_ours_is_too_low_even_for_it():
    found, _ = counted([Damage("B", "province", 150)], land(), THEN, TODAY, frozenset("B"))
    ours = {"B": houses_of(IMPACTS, 3600, 3.6)}
    by_measure = {r.measure: r for r in rows(found[:1], ours, "bulletin", T0)}
    assert by_measure["force_8"].inside is None  # 150 or more, ours 100 to 300
    assert by_measure["force_12"].inside is False  # 150 or more, ours at most 20
    assert by_measure["force_8"].ratio == pytest.approx(200 / 150)
    assert by_measure["equivalent_destroyed"].inside is None


def test_a_sum_needs_every_part():
    damage = [Damage("B", "province", 150), Damage("C", "province", 1), Damage("N", "nation", 300)]
    found, _ = counted(damage, land(), THEN, TODAY, frozenset("BC"))
    one = houses_of(IMPACTS, 3600, 3.6)
    whole = [
        r for r in rows(found, {"B": one, "C": one}, "hindcast", None) if r.measure == "force_8"
    ]
    assert {r.counted.group: r.ours and r.ours.central for r in whole} == {
        "province": 200, "coast": 400, "country": 400,
    }  # fmt: skip
    part = [r for r in rows(found, {"B": one, "C": {}}, "hindcast", None) if r.measure == "force_8"]
    assert {r.counted.group: r.ours for r in part if r.counted.group != "province"} == {
        "coast": None, "country": None,
    }  # fmt: skip


# ── tolls and deaths ────────────────────────────────────────────────────────────────────────────


def report(name: str, dead=None, missing=None, total=None) -> Report:
    return Report(name, None, dead, missing, total, None, None, "")


def test_a_figure_is_compared_with_the_last_report_that_gave_it():
    found = tolls([report("1", 233, 103, 336), report("2", total=340), report("3", 292, 38, 331)])
    assert found[1].figure("dead").change == "not_reported"
    third = found[2]
    assert (third.figure("dead").change, third.figure("dead").by) == ("up", 59)
    assert (third.figure("missing").change, third.figure("missing").by) == ("down", -65)
    assert (third.figure("total").change, third.figure("total").by) == ("down", -9)
    assert [t.agrees for t in found] == [True, None, False]
    assert found[0].figure("dead").change == "first"


@given(st.lists(st.one_of(st.none(), st.integers(0, 500)), max_size=12))
def test_the_changes_lead_from_the_first_figure_to_the_last(dead):
    found = tolls([report(str(i), d) for i, d in enumerate(dead)])
    known = [d for d in dead if d is not None]
    by = [t.figure("dead").by for t in found]
    if known:
        assert known[0] + sum(b for b in by if b is not None) == known[-1]
    assert sum(t.figure("dead").change == "not_reported" for t in found) == dead.count(None)


def test_deaths_by_danger():
    def death(code, dead, missing, cause):
        return Deaths(code, dead, missing, cause, T0, "", "x")

    deaths = [death("A", 12, 0, "direct"), death("B", 5, 20, "landslide_flash_flood"),
              death("C", 3, 0, "landslide_flash_flood"), death("C", 0, 8, "bridge")]  # fmt: skip
    dangers = [
        NotModelled("surge", {"en": "s"}, {"en": "s"}, (), "x"),
        NotModelled("bridge", {"en": "b"}, {"en": "b"}, ("bridge",), "x"),
        NotModelled("slide", {"en": "l"}, {"en": "l"}, ("landslide_flash_flood",), "x"),
    ]
    direct, slide, bridge, surge = shares(dangers, deaths, "x")
    assert (direct.id, direct.modelled, direct.dead, direct.share) == ("direct", True, 12, 12 / 48)
    assert (slide.id, slide.dead, slide.missing, slide.share) == ("slide", 8, 20, 28 / 48)
    assert [(p.place, p.dead, p.missing) for p in slide.places] == [("B", 5, 20), ("C", 3, 0)]
    assert (bridge.dead, bridge.missing) == (0, 8)
    # Nobody counted the surge: that is not zero.
    assert (surge.dead, surge.missing, surge.share) == (None, None, None)


# ── time ────────────────────────────────────────────────────────────────────────────────────────


def story() -> list[Event]:
    """Level 3 decided at 1 h, drafted, signed at 1:10, sent at 1:22; level 4 at 7 h, waiting."""
    minute = timedelta(minutes=1)
    common = {"place": "B", "bulletin": T0}
    return [
        Event(T0 + H, "decision", before=0, level=3, reason="raised", **common),
        Event(T0 + H, "decision", place="C", before=0, level=3, reason="raised", bulletin=T0),
        Event(T0 + H, "decision", place="S", before=0, level=0, reason="still_quiet", bulletin=T0),
        Event(T0 + H, "draft", draft="d1", id="d1", level=3, reason="first", **common),
        Event(T0 + H + 10 * minute, "signed", draft="d1", level=3, role="duty", **common),
        Event(T0 + H + 22 * minute, "approval", draft="d1", level=3, role="lead", **common),
        Event(T0 + H + 22 * minute, "message", draft="d1", level=3, **common),
        Event(T0 + 7 * H, "decision", before=3, level=4, reason="raised", **common),
        Event(T0 + 7 * H, "draft", draft="d2", id="d2", level=4, reason="level_up", **common),
        Event(T0 + 7.5 * H, "escalated", draft="d2", level=4, role="chief", **common),
    ]  # fmt: skip


def test_lead_times_by_hand():
    onsets = {"B": {6: T0 + 5 * H, 8: T0 + 6 * H, 10: None}, "S": {6: T0 + 9 * H, 8: None}}
    found = leads(
        story(),
        [("B", "province"), ("C", "province"), ("S", "sea")],
        [3, 4, 5],
        {"B": 4, "C": 0, "S": 3},
        onsets,
        T0 + 8 * H,
    )
    by_key = {(r.place, r.level): r for r in found}
    assert set(by_key) == {("B", 3), ("B", 4), ("C", 3), ("S", 3)}
    first = by_key["B", 3]
    assert (first.decided, first.drafted) == (T0 + H, T0 + H)
    assert first.hours(6) == pytest.approx(5 - 1 - 22 / 60)
    assert first.hours(10) is None
    assert first.hours_to_landfall == pytest.approx(8 - 1 - 22 / 60)
    # Level 4 was decided after the wind came, and never left the house.
    assert (by_key["B", 4].decided, by_key["B", 4].sent) == (T0 + 7 * H, None)
    # The sea was never told: the row is there all the same.
    missed = by_key["S", 3]
    assert (missed.decided, missed.sent, missed.onsets[6]) == (None, None, T0 + 9 * H)

    three = summary(found, 3, 6)
    assert (three.met, three.before, three.late, three.never) == (2, 1, 0, 1)
    assert three.unfounded == 0  # C was decided and never sent
    assert three.least == three.middle == three.most == pytest.approx(5 - 1 - 22 / 60)
    four = summary(found, 4, 6)
    assert (four.met, four.before, four.never, four.least) == (1, 0, 1, None)


def test_handling_by_hand():
    first, second = handling(story(), scripted=True)
    assert (first.to_draft, first.to_sign, first.to_send, first.in_all) == (60, 10, 22, 82)
    assert (first.outcome, first.scripted, first.escalated) == ("approval", True, 0)
    assert (second.outcome, second.settled, second.sent, second.escalated) == ("", None, None, 1)
    assert (second.to_send, second.in_all) == (None, None)


def test_the_timeline_joins_places_and_leaves_out_what_changed_nothing():
    events = [*story(), Event(T0 + H, "ordered", place="A", reason="in_harbour", text="boats home"),
              Event(T0 + H, "bulletin", bulletin=T0)]  # fmt: skip
    found = timeline(events)
    assert [line.at for line in found] == sorted(line.at for line in found)
    at_one = [(line.stage, line.kind, line.places) for line in found if line.at == T0 + H]
    assert at_one == [
        ("found", "ordered", ("A",)),
        ("known", "bulletin", ()),
        ("decided", "decision", ("B", "C")),
        ("said", "draft", ("B",)),
    ]
    assert not any("S" in line.places for line in found)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["draft", "message", "task_done"]),
                          st.sampled_from("ABC")), max_size=20))  # fmt: skip
def test_no_event_is_lost_in_the_timeline(rows):
    events = [Event(T0 + h * H, kind, place=p, id=str(i)) for i, (h, kind, p) in enumerate(rows)]
    found = timeline(events)
    assert sorted(i for line in found for i in line.ids) == sorted(str(i) for i in range(len(rows)))
    assert all(line.stage == ("done" if line.kind == "task_done" else "said") for line in found)


def plan(at: datetime, due: datetime | None, place: str = "B", spec: str = "harbour") -> Plan:
    task = Task(
        id=f"{spec}-{place}", spec=spec, threat="x", event="e", place=place, level=3, person="p",
        work={"en": "w"}, due=due, due_rule="due_before", due_params={}, responsibility="r",
        authority="a", basis={"en": "b"}, product={"en": "p"}, kinds=(), decision="d",
        required=True, asked=at,
    )  # fmt: skip
    return Plan(f"plan-{at}", at, (task,), (), (), (), (), 0, False, True, 0)


def order(code: str, at: datetime | None, kind: str = "province", act: str = "in_harbour") -> Order:
    return Order(code, kind, act, "boats home", at, T0.date(), "x")


def found_orders(*asked: Order, plans=()):
    onsets = {"B": {6: T0 + 12 * H}}
    return orders(
        asked, story(), plans, ["harbour"], land(), THEN, TODAY, {"B": "S", "C": "S"}, onsets
    )


def test_an_order_of_a_merged_province_stands_beside_the_whole():
    (row,) = found_orders(order("A", T0 + 4 * H))
    assert (row.place, row.merged) == ("B", ("A", "B", "D"))
    assert row.ahead == pytest.approx(4 - 1 - 22 / 60)
    assert row.order_before_6 == 8
    assert (row.waters, row.waters_sent, row.due, row.due_after) == ("S", None, None, None)


def test_the_task_that_stood_at_the_order_is_compared_not_the_last():
    plans = [plan(T0 + 3 * H, T0 + 10 * H), plan(T0 + H, T0 + 9 * H), plan(T0 + 6 * H, T0 + 11 * H),
             plan(T0 + 3 * H, T0, place="C"), plan(T0 + 3.5 * H, T0, spec="other")]  # fmt: skip
    (row,) = found_orders(order("B", T0 + 4 * H), plans=plans)
    assert (row.due, row.due_made) == (T0 + 10 * H, T0 + 3 * H)
    assert (row.due_after, row.due_before_6) == (6, 2)
    (early,) = found_orders(order("B", T0), plans=plans)
    assert (early.due, early.due_made) == (T0 + 9 * H, T0 + H)  # none yet: the first that came


def test_orders_that_cannot_be_placed_say_so():
    split, whole, day_only = found_orders(
        order("D", T0), order("N", T0, "nation", "evacuated"), order("C", None)
    )
    assert (split.place, split.first_sent, split.onset_6) == ("", None, None)
    assert (whole.place, whole.merged, whole.due) == ("", (), None)
    assert (day_only.place, day_only.ahead, day_only.order_before_6) == ("C", None, None)
