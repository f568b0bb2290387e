"""Which notices are in force, and how the others ended."""

from __future__ import annotations

from datetime import timedelta

from app.notices import T0, hours, many, notice
from haidang.app.active import WINDOW, active, ended, looked
from haidang.warn.lifecycle import Occasion


def names(found):
    return [one.message.identifier for one in found]


def test_the_newest_of_a_chain_is_in_force_until_it_runs_out():
    first = notice("one", lasts=12)
    second = notice("two", T0 + hours(2), kind="Update", version=2, lasts=12)
    messages, drafts = many(second, first)
    assert names(active(messages, drafts, T0)) == ["one"]
    assert names(active(messages, drafts, T0 + hours(2))) == ["two"]
    end = T0 + hours(14)
    assert names(active(messages, drafts, end - timedelta(seconds=1))) == ["two"]
    # At the very instant at which it expires it no longer holds.
    assert active(messages, drafts, end) == ()


def test_what_is_sent_later_is_not_seen():
    messages, drafts = many(notice("one", T0 + hours(1)))
    assert active(messages, drafts, T0) == ()
    assert ended(messages, drafts, T0) == ()


def test_two_of_one_second_are_told_apart_by_their_version():
    messages, drafts = many(
        notice("newer", kind="Update", version=3), notice("older", kind="Update", version=2)
    )
    assert names(active(messages, drafts, T0)) == ["newer"]


def test_ran_out_is_not_called_off():
    messages, drafts = many(
        notice("ran", place="A", chain="a", lasts=2),
        notice("begun", place="B", chain="b"),
        notice(
            "clear", T0 + hours(1), place="B", chain="b", kind="Cancel", version=2,
            occasion=Occasion.ALL_CLEAR, level=0,
        ),
        notice("oops", place="C", chain="c", kind="Cancel", occasion=Occasion.WITHDRAWN),
        notice("other", place="D", chain="d", kind="Cancel", occasion=Occasion.YIELDED),
        notice("error", place="E", chain="e", kind="Cancel", occasion=Occasion.CANCELLED),
        notice("by-hand", place="F", chain="f", kind="Cancel", occasion=Occasion.CLEARED),
    )  # fmt: skip
    now = T0 + hours(3)
    assert active(messages, drafts, now) == ()
    found = {e.draft.place: (e.how, e.at) for e in ended(messages, drafts, now)}
    assert found == {
        "A": ("expired", T0 + hours(2)),
        "B": ("all_clear", T0 + hours(1)),
        "C": ("withdrawn", T0),
        "D": ("replaced", T0),
        "E": ("cancelled", T0),
        "F": ("all_clear", T0),
    }


def test_dead_warnings_do_not_fill_the_page():
    messages, drafts = many(notice("one", lasts=1))
    over = T0 + hours(1)
    assert names(ended(messages, drafts, over + WINDOW)) == ["one"]
    assert ended(messages, drafts, over + WINDOW + timedelta(seconds=1)) == ()
    assert names(ended(messages, drafts, over + 9 * WINDOW, timedelta.max)) == ["one"]


def test_an_end_is_not_told_beside_what_followed_it():
    first = notice("one", chain="a", lasts=1)
    again = notice("two", T0 + hours(2), chain="b")
    elsewhere = notice("three", T0 + hours(2), chain="c", place="B")
    messages, drafts = many(first, again, elsewhere)
    now = T0 + hours(3)
    assert names(active(messages, drafts, now)) == ["two", "three"]
    assert ended(messages, drafts, now) == ()
    # Another event at the same place takes no end away.
    messages, drafts = many(first, notice("two", T0 + hours(2), chain="b", event="e2"))
    assert names(ended(messages, drafts, now)) == ["one"]


def test_the_worst_of_a_place_comes_first():
    messages, drafts = many(
        notice("low", chain="a", level=1, threat="flood"),
        notice("high", chain="b", level=3),
        notice("far", chain="c", level=5, place="B"),
    )
    assert names(active(messages, drafts, T0)) == ["high", "low", "far"]


def test_nothing_seen_is_said():
    found = looked([], T0, None, ["gale"])
    assert (found.at, found.data, found.threats) == (T0, None, ("gale",))
    assert found.silent_at("A") == ()
