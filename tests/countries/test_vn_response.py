"""Viet Nam's scenario, authorities and invented inventory; the plan of Yagi."""

from __future__ import annotations

import csv
import runpy
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

import haidang
from haidang.app.assess import assess
from haidang.app.context import Context
from haidang.app.decide import Wish, decide
from haidang.app.snapshot import Snapshot
from haidang.data.tracks import Tracks
from haidang.jobs.replay import plan as steps_of
from haidang.jobs.replay import prepare
from haidang.pack.case import load_case
from haidang.pack.load import load_country, roots
from haidang.respond.changes import changes
from haidang.respond.plan import Plan, Unit
from haidang.respond.spec import in_force

VN = Path(haidang.__file__).parent / "countries" / "vn"
STOCK = VN / "stock"
DAY = date(2026, 5, 1)
MORNING = datetime.fromisoformat("2024-09-06T07:00+07:00")
HARDEST = {"22", "31"}
BULLETIN = datetime.fromisoformat("2024-09-06T19:00+07:00")


@cache
def country():
    known = roots()
    return load_country(known.countries["vn"], known.threats)


def stock() -> tuple[Unit, ...]:
    def at(cell: str) -> float | None:
        return float(cell) if cell else None

    with (STOCK / "demo.csv").open(encoding="utf-8") as stream:
        return tuple(
            Unit(
                r["id"], r["kind"], r["place"], r["echelon"], int(r["quantity"]),
                int(r["reserve"]), float(r["ready_min"]), at(r["lat"]), at(r["lon"]),
                r["source"], r["demo"] == "true",
            )
            for r in csv.DictReader(stream)
        )  # fmt: skip


@cache
def ready(bulletin: datetime = BULLETIN) -> tuple[Context, tuple, Snapshot]:
    where = roots()
    case = load_case("yagi-2024", where)
    context = prepare(case, where)
    steps, _ = steps_of(case)
    known = [s for s in steps if s.issued is not None and s.issued <= bulletin]
    fixes = tuple(replace(fix, receipt=n) for n, step in enumerate(known, 1) for fix in step.fixes)
    snapshot = Snapshot(
        now=known[-1].now,
        receipt=len(known),
        tracks=Tracks(fixes),
        standing=(),
        chains=(),
        law_day=case.spec.law_on,
        places_day=case.spec.places_on,
        stock=stock(),
        stock_receipt=1,
    )
    return context, assess(context, snapshot), snapshot


@cache
def yagi(bulletin: datetime = BULLETIN) -> Plan:
    context, found, snapshot = ready(bulletin)
    made = decide({context.pack.id: context}, found, snapshot, Wish("Exercise", "x")).plan
    assert made is not None
    return made


# --- the files ----------------------------------------------------------------------------------


def test_the_21_coastal_provinces_hold_all_28_old_ones():
    old = {
        "22", "31", "34", "36", "37", "38", "40", "42", "44", "45", "46", "48", "49", "51", "52",
        "54", "56", "58", "60", "77", "79", "82", "83", "84", "94", "95", "96", "91",
    }  # fmt: skip
    assert len(old) == 28
    gazetteer = country().places.gazetteer
    now = {
        new.code
        for code in old
        for new in gazetteer.successors("province", code, date(2025, 6, 30), DAY)
    }
    coast = ready()[0].response.coast
    assert coast == now
    assert len(coast) == 21


def test_the_inventory_is_what_the_rule_gives_and_says_that_it_is_invented():
    made = runpy.run_path(str(STOCK / "prepare.py"))
    assert (STOCK / "demo.csv").read_text("utf-8") == made["text"]()
    units = stock()
    assert len({u.id for u in units}) == len(units) > 600
    assert all(u.demo and "invented" in u.source for u in units)
    assert all(0 <= u.reserve <= u.quantity for u in units)
    provinces = {p.code for p in country().places.gazetteer.at(DAY, "province")}
    assert {u.place for u in units} == provinces
    health = {"vector_control_team", "insecticide_l", "larvicide_kg", "hospital_bed"}
    health |= {"iv_fluid_l", "respirator_mask"}  # nobody has counted them, not even invented
    assert {u.kind for u in units} == set(country().kinds) - health


@pytest.mark.parametrize(
    ("day", "level", "directs", "commands", "says"),
    [
        ("2024-09-07", 3, "national_steering", "province_chair", "Điều 9 khoản 1 và 4"),
        ("2024-09-07", 4, "prime_minister", "province_chair", "Điều 10"),
        ("2024-09-07", 5, "president", "", "Điều 11"),
        ("2026-06-01", 3, "national_steering", "province_chair", "53/2026"),
        ("2026-06-01", 1, "", "commune_chair", "53/2026"),
    ],
)
def test_who_commands_is_that_of_the_day(day, level, directs, commands, says):
    spec = country().authorities
    (entry,) = [c for c in in_force(spec.commands, date.fromisoformat(day)) if c.level == level]
    assert (entry.directs, entry.commands) == (directs, commands)
    assert says in entry.basis["vi"]


@pytest.mark.parametrize(
    ("day", "declares"),
    [
        ("2024-09-07", {1: "district_chair", 2: "province_chair", 3: "prime_minister"}),
        ("2026-06-01", {1: "commune_chair", 2: "province_chair", 3: "prime_minister"}),
        ("2024-06-30", {}),
    ],
)
def test_who_declares_is_that_of_the_day(day, declares):
    found = in_force(country().authorities.civil_defence, date.fromisoformat(day))
    assert {e.level: e.declares for e in found} == declares


# --- Yagi, bulletin of 6 September 2024, 19:00 ----------------------------------------------------


def test_vessels_are_to_be_in_harbour_before_the_wind():
    context, found, snapshot = ready()
    made = yagi()
    vessels = {t.place: t for t in made.tasks if t.spec == "vessels_in_harbour"}
    levels = {a.place: a.grounds.level or 0 for a in found}
    coast = context.response.coast
    assert set(vessels) == {p for p in coast if levels[p] >= 3}
    assert {"22", "31", "33", "37", "38"} <= set(vessels)
    onsets = {a.place: {o.threshold: o.onset for o in a.onsets} for a in found}
    for place, task in vessels.items():
        six = onsets[place][6].early
        assert task.due is not None
        if task.due_rule == "due_before":
            assert task.due == six - timedelta(hours=3)
        elif task.due_rule == "due_at_once_before":
            # Asked for only now, with less than three hours left.
            assert task.due == snapshot.now
            assert six - timedelta(hours=3) < snapshot.now
        else:
            assert (task.due_rule, six) == ("due_within", None)


def test_orders_of_2024_cite_the_law_of_2024():
    for task in yagi().tasks:
        assert "66/2021" in task.basis["vi"]
        assert "2026" not in task.basis["vi"]
    for found in yagi().suggestions:
        if found.level:
            assert "18/2023" in found.basis["vi"]
            assert found.declares in {"province_chair", "prime_minister"}


def test_the_hardest_hit_lack_boats_and_the_plan_says_why():
    made = yagi()
    lacking = {(u.place, u.kind) for u in made.unmet}
    assert {("22", "rescue_boat"), ("31", "rescue_boat")} <= lacking
    assert {u.reason for u in made.unmet} <= {"unmet_closed", "unmet_too_late", "unmet_reserved"}
    assert made.optimal
    assert made.demo
    assert {s.place for s in made.suggestions if s.level == 3} >= {"22", "31"}
    # Much is there already: shelters, teams, trucks.
    assert sum(g.tier == "on_the_spot" for g in made.grants if not g.standby) >= 25


def test_on_the_morning_before_boats_are_sent_ahead_from_outside_the_wind():
    """Twelve hours before nothing is missing yet, and after these hours nobody can come."""
    context, found, snapshot = ready(MORNING)
    made = yagi(MORNING)
    assert made.optimal
    assert made.unmet == ()
    force = context.pack.threat.warn.shelter_force
    wind = {
        a.place: o.onset.early or o.onset.central
        for a in found
        for o in a.onsets
        if o.threshold == force and o.onset.central is not None
    }
    coming = [
        g
        for g in made.grants
        if g.kind == "rescue_boat" and g.place in HARDEST and g.tier != "on_the_spot"
    ]
    assert {g.place for g in coming} == HARDEST
    by = {n.id: n.by for n in made.needs}
    for g in coming:
        assert g.standby
        assert by[g.need] is None or g.arrive <= by[g.need]
        assert g.origin not in wind or g.depart < wind[g.origin]
        assert g.arrive < wind[g.place]
    assert any(g.origin not in wind for g in coming)
    assert sum(g.quantity for g in coming) > 45  # what is missing there in the evening
    calls = {c.place: c for c in made.calls if c.kind == "rescue_boat"}
    assert set(calls) >= HARDEST
    assert all(snapshot.now < c.leave_by < BULLETIN + timedelta(hours=6) for c in calls.values())


def test_a_plan_does_not_remember_what_it_sent():
    """Stock moves only by a new inventory: in the evening the same boats are missing."""
    lacking = [u for u in yagi().unmet if u.kind == "rescue_boat"]
    assert sum(u.quantity for u in lacking) == 45
    assert {u.need for u in lacking} <= {u.need for u in yagi().short}


def test_boats_that_were_counted_where_they_were_sent_are_there_in_the_evening():
    """What a commander does about it: send on the morning's plan, then count again."""
    context, found, snapshot = ready()
    moved = {u.id: u for u in snapshot.stock}
    arrived = []
    for g in yagi(MORNING).grants:
        if g.kind == "rescue_boat" and g.tier != "on_the_spot":
            unit = moved[g.unit]
            moved[g.unit] = replace(unit, quantity=unit.quantity - g.quantity)
            arrived.append(
                replace(
                    unit, id=f"sent-{g.id}", place=g.place, echelon="province",
                    quantity=g.quantity, reserve=0, lat=None, lon=None,
                )
            )  # fmt: skip
    counted = replace(snapshot, stock=(*moved.values(), *arrived), stock_receipt=2)
    made = decide({context.pack.id: context}, found, counted, Wish("Exercise", "x")).plan
    assert made is not None
    lacking = [u for u in made.unmet if u.kind == "rescue_boat"]
    assert sum(u.quantity for u in lacking if u.place in HARDEST) == 0
    assert sum(u.quantity for u in lacking) < 45


def test_shelter_places_are_of_the_size_of_what_happened():
    """130,246 were evacuated by the 13th, floods included; on the eve two stood at level 4."""
    central = sum(n.value.central for n in yagi().needs if n.kind == "shelter_place")
    assert 30_000 < central < 130_246


def test_a_new_plan_after_one_change_takes_less_than_two_seconds():
    context, found, snapshot = ready()
    before = yagi()
    fewer = tuple(
        replace(u, quantity=0, reserve=0) if u.id == "31-commune-rescue_boat" else u
        for u in snapshot.stock
    )
    start = time.process_time()
    made = decide(
        {context.pack.id: context},
        found,
        replace(snapshot, stock=fewer, stock_receipt=2),
        Wish("Exercise", "x"),
    ).plan
    took = time.process_time() - start
    assert made is not None
    assert took < 2
    assert {(c.origin, c.place, c.kind, c.reason) for c in changes(before, made)} >= {
        ("31", "31", "rescue_boat", "change_stock")
    }
