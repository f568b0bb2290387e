"""Several hazards: a person may raise, the law says how far, nothing ratchets."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.law import CombineRule, Level, Names, Rank, Scale, combine

EN = Names({"en": "x"})
RULE = CombineRule(2, 1, 2, "d", "4(4)", EN)
SCALE = Scale("s", "hazard", EN, tuple(Rank(i, EN) for i in range(1, 6)), combine=RULE)


def level(rank, scale="s"):
    status = "no data" if rank is None else "defined" if rank else "below"
    return Level(rank, scale, "1", "", status, EN)


def levels(**ranks):
    return {k: level(v) for k, v in ranks.items()}


ranks = st.dictionaries(
    st.sampled_from(["flood", "wind", "rain", "heat"]), st.none() | st.integers(0, 5), min_size=1
)


@given(ranks, st.sampled_from([0, 1, 2]), st.randoms())
def test_order_does_not_matter_and_nothing_ratchets(given_ranks, by, rng: random.Random):
    one = levels(**given_ranks)
    shuffled = list(one.items())
    rng.shuffle(shuffled)
    if sum(1 for r in given_ranks.values() if r) < 2 and by:
        with pytest.raises(BadData):
            combine(one, SCALE, by, "why", serious_loss=True)
        return
    first = combine(one, SCALE, by, "why", serious_loss=True)
    assert combine(dict(shuffled), SCALE, by, "why", serious_loss=True) == first
    # decided again tomorrow from the same own levels: the same, not one higher
    assert combine(one, SCALE, by, "why", serious_loss=True).rank == first.rank
    assert combine(one, SCALE).rank == first.own
    if first.rank is not None:
        assert first.rank == min(max(r or 0 for r in given_ranks.values()) + by, 5)


def test_never_by_itself():
    got = combine(levels(flood=3, wind=4), SCALE)
    assert (got.own, got.rank, got.allowed_raise, got.raise_by) == (4, 4, (1, 2), 0)
    assert got.clause == "4(4)"


def test_capped_at_the_top():
    got = combine(levels(flood=3, wind=4), SCALE, 2, "dike may break", serious_loss=True)
    assert (got.own, got.rank, got.capped, got.reason) == (4, 5, True, "dike may break")


@pytest.mark.parametrize(
    ("ranks_", "by", "reason", "serious", "code"),
    [
        ({"flood": 3}, 1, "why", False, "law.raise_refused"),
        ({"flood": 3, "wind": 0}, 1, "why", False, "law.raise_refused"),
        ({"flood": 3, "wind": None}, 1, "why", False, "law.raise_refused"),
        ({"flood": 3, "wind": 3}, 3, "why", True, "law.raise_refused"),
        ({"flood": 3, "wind": 3}, -1, "why", True, "law.raise_refused"),
        ({"flood": 3, "wind": 3}, 2, "why", False, "law.raise_not_serious"),
        ({"flood": 3, "wind": 3}, 1, "  ", False, "law.raise_no_reason"),
    ],
)
def test_more_than_the_text_allows_is_refused(ranks_, by, reason, serious, code):
    with pytest.raises(BadData) as caught:
        combine(levels(**ranks_), SCALE, by, reason, serious_loss=serious)
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.say("vi") != caught.value.say("en")


def test_a_country_without_the_rule_allows_nothing():
    bare = Scale("s", "hazard", EN, SCALE.ranks)
    assert combine(levels(a=2, b=3), bare).allowed_raise == ()
    with pytest.raises(BadData):
        combine(levels(a=2, b=3), bare, 1, "why")


def test_scales_are_never_mixed():
    with pytest.raises(BadData) as caught:
        combine({"a": level(2), "b": level(2, "other")}, SCALE)
    assert caught.value.problems[0].code == "law.other_scale"


def test_unknown_is_not_quiet():
    got = combine(levels(a=0, b=None), SCALE)
    assert (got.own, got.rank, got.unanswered) == (None, None, ("b",))
    assert combine(levels(a=0), SCALE).rank == 0


def test_a_level_says_what_it_is():
    with pytest.raises(ValueError, match="does not go with"):
        Level(0, "s", "1", "", "no data", EN)
    with pytest.raises(IndexError):
        SCALE.names(0)
