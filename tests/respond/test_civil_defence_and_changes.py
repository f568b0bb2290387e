"""Levels out of needs against stock, and what changed between two plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from haidang.respond import speak
from haidang.respond.changes import changes
from haidang.respond.civil_defence import suggest
from haidang.respond.plan import Call, Grant, Plan, Unmet
from haidang.respond.spec import AuthoritiesSpec
from haidang.words import word
from respond.made import BOAT, HOUR, NOW, need, unit

KINDS = {"boat": BOAT, "tent": BOAT, "pen": BOAT.model_copy(update={"critical": False})}
LAW = AuthoritiesSpec(
    roles={},
    commands=(),
    civil_defence=[
        {
            "level": level,
            "valid_from": start,
            "valid_to": end,
            "criterion": {"en": "c"},
            "declares": who,
            "basis": {"en": f"basis {who}"},
            "measures": {"en": ["m"]},
            "measures_basis": {"en": "b"},
        }
        for level, start, end, who in (
            (2, date(2024, 1, 1), date(2025, 1, 1), "old_chair"),
            (2, date(2025, 1, 1), None, "chair"),
            (3, date(2024, 1, 1), None, "minister"),
        )
    ],
    sources=("x",),
)
DAY = date(2026, 1, 1)
STOCK = [unit("A", 10, echelon="commune"), unit("A", 5)]


def level(wanted, stock=None, day=DAY):
    (found,) = suggest(["A"], wanted, STOCK if stock is None else stock, [], KINDS, LAW, day)
    return found


@pytest.mark.parametrize(
    ("central", "high", "expected", "possible", "reason"),
    [
        (10, 10, 0, 0, "cd_within_communes"),
        (10, 11, 0, 2, "cd_within_communes"),
        (11, 15, 2, 2, "cd_beyond_communes"),
        (11, 16, 2, 3, "cd_beyond_communes"),
        (16, 16, 3, 3, "cd_beyond_province"),
    ],
)
def test_bounds(central, high, expected, possible, reason):
    found = level([need("A", central, high=high)])
    assert (found.level, found.possible, found.reason) == (expected, possible, reason)


def test_the_one_who_declares_is_that_of_the_day():
    wanted = [need("A", 12)]
    assert level(wanted).declares == "chair"
    assert level(wanted, day=date(2024, 6, 1)).declares == "old_chair"
    assert level(wanted, day=date(2020, 1, 1)).declares == ""
    assert level([need("A", 99)]).declares == "minister"
    assert level([need("A", 1)]).declares == ""


def test_what_is_not_known_is_no_level_and_not_level_zero():
    assert level([need("A", 5)], stock=[]).level is None
    assert level([need("A", 5)], stock=[]).reason == "cd_not_counted"
    assert level([need("A", None)]).level is None
    assert level([need("A", None)]).reason == "cd_need_unknown"
    # One kind within, the other unknown: nobody knows.
    assert level([need("A", 1), need("A", 1, kind="tent")]).level is None
    # One kind exceeded decides, whatever else is unknown.
    assert level([need("A", 12), need("A", 1, kind="tent")]).level == 2


def test_what_the_nation_and_others_hold_does_not_count():
    stock = [*STOCK, unit("A", 99, echelon="nation"), unit("B", 99, echelon="commune")]
    assert level([need("A", 16)], stock=stock).level == 3


def test_a_province_that_was_not_counted_gives_no_level_three():
    assert level([need("A", 99)], stock=STOCK[:1]).level == 2


def test_kinds_that_are_not_critical_do_not_count():
    found = level([need("A", 99, kind="pen"), need("A", 1)])
    assert [g.kind for g in found.grounds] == ["boat"]
    assert found.level == 0


def test_two_needs_of_one_kind_add_up():
    wanted = [need("A", 6, name="x"), need("A", 6, name="y")]
    assert level(wanted).level == 2


# --- changes ------------------------------------------------------------------------------------


def grant(origin, count, place="A") -> Grant:
    return Grant(f"g{origin}{count}", "n", "u", "boat", origin, place, "province", "neighbour",
                 count, NOW, NOW + HOUR, 1.0)  # fmt: skip


def plan(grants=(), needs=(), missing=(), stock=1) -> Plan:
    return Plan("p", NOW, (), tuple(needs), tuple(grants), tuple(missing), (), stock, True, True, 0)


def closed(place="A") -> Unmet:
    return Unmet("n", "boat", place, 1, "unmet_closed", "B", NOW)


CASES = [
    ("first", None, plan([grant("B", 1)]), "new", "change_first"),
    ("need up", plan([grant("B", 1)], [need("A", 1)]), plan([grant("B", 3)], [need("A", 3)]),
     "more", "change_need_up"),
    ("need down", plan([grant("B", 3)], [need("A", 3)]), plan([grant("B", 1)], [need("A", 1)]),
     "less", "change_need_down"),
    ("need unknown", plan([grant("B", 3)], [need("A", 3)]), plan([], [need("A", None)]),
     "gone", "change_need_unknown"),
    ("need known", plan([], [need("A", None)]), plan([grant("B", 3)], [need("A", 3)]),
     "new", "change_need_known"),
    ("wind", plan([grant("B", 3)]), plan([], [], [closed()]), "gone", "change_wind"),
    ("stock", plan([grant("B", 3)]), plan([grant("B", 4)], stock=2), "more", "change_stock"),
    ("sender", plan([grant("B", 3)], [need("B", 1)]), plan([grant("B", 2)], [need("B", 2)]),
     "less", "change_sender_need"),
    ("elsewhere", plan([grant("B", 3)]), plan([grant("B", 2)]), "less", "change_elsewhere"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "after", "how", "reason"), CASES)
def test_every_change_has_its_reason(name, before, after, how, reason):
    (found,) = changes(before, after)
    assert (found.how, found.reason) == (how, reason)
    for language in ("vi", "en"):
        assert all(speak.change(found, language))


def test_what_is_alike_is_left_out_unless_asked_for():
    same = plan([grant("B", 3)])
    assert changes(same, replace(same, id="q")) == ()
    (found,) = changes(same, same, same=True)
    assert (found.how, found.reason) == ("same", "change_none")


# --- stand-by -----------------------------------------------------------------------------------


def ahead(origin, count) -> Grant:
    return replace(grant(origin, count), id=f"s{origin}{count}", standby=True)


STANDBY = [
    ("new ahead", plan([]), plan([ahead("B", 2)], [], stock=2), "new", "change_stock"),
    ("need grew", plan([ahead("B", 1)], [need("A", 1, high=2)]),
     plan([ahead("B", 3)], [need("A", 1, high=4)]), "more", "change_ahead_up"),
    ("need fell", plan([ahead("B", 3)], [need("A", 1, high=4)]),
     plan([ahead("B", 1)], [need("A", 1, high=2)]), "less", "change_ahead_down"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "after", "how", "reason"), STANDBY)
def test_stand_by_has_its_own_reasons(name, before, after, how, reason):
    (found,) = changes(before, after)
    assert (found.how, found.reason, found.standby) == (how, reason, True)
    for language in ("vi", "en"):
        assert all(speak.change(found, language))


def test_stand_by_that_is_needed_now_is_told_on_both_rows():
    before, after = plan([ahead("B", 3)]), plan([grant("B", 2), ahead("B", 1)])
    assert [(c.standby, c.before, c.after, c.reason) for c in changes(before, after)] == [
        (False, 0, 2, "change_called"),
        (True, 3, 1, "change_called"),
    ]
    assert {c.reason for c in changes(after, before)} == {"change_stood_down"}
    for key in ("change_called", "change_stood_down"):
        assert all(word(f"respond.{key}", language) for language in ("vi", "en"))


def test_what_is_short_of_the_high_estimate_decides_no_level():
    wanted = [need("A", 4, high=90)]
    found = suggest(["A"], wanted, STOCK, (), KINDS, None, DAY)
    assert (found[0].level, found[0].possible) == (0, 3)


def test_the_last_call_is_said_in_words():
    call = Call("n", "boat", "A", "B", 2, NOW)
    for one in (call, replace(call, origin="A")):
        for language in ("vi", "en"):
            said = speak.call(one, language, lambda code: f"<{code}>", lambda at: f"{at:%H:%M}")
            assert f"<{one.origin}>" in said
            assert "00:00" in said
