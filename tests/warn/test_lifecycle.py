from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.lifecycle import Occasion, Said, message_kind, occasion
from haidang.warn.spec import LevelSpec, WarnSpec

NOW = datetime(2024, 9, 7, tzinfo=UTC)
H = timedelta(hours=1)
SPEC = WarnSpec(
    category="Met",
    event_code=("list", "code"),
    hold_h=6,
    max_hold_h=12,
    approval_limit_min=15,
    valid_h=24,
    renew_h=6,
    shift_h=3,
    immediate_h=6,
    expected_h=24,
    onset_force=8,
    levels=(LevelSpec(level=1, severity="Minor", responses=("Monitor",)),),
)


def says(level=3, force=10, onset=12, expires=24):
    return Said(level, force, None if onset is None else NOW + onset * H, NOW + expires * H)


@pytest.mark.parametrize(
    ("said", "fresh", "expected"),
    [
        (None, says(0), None),
        (None, says(3), Occasion.FIRST),
        (says(0), says(0), None),  # the all-clear is not repeated
        (says(0), says(3), Occasion.FIRST),  # after an all-clear a new chain begins
        (says(3), says(0), Occasion.ALL_CLEAR),
        (says(3), says(4), Occasion.LEVEL_UP),
        (says(4), says(3), Occasion.LEVEL_DOWN),
        (says(3), says(4, force=9, onset=0), Occasion.LEVEL_UP),  # the weightiest reason first
        (says(onset=12), says(onset=10), None),
        (says(onset=12), says(onset=9), Occasion.EARLIER),
        (says(onset=12), says(onset=15), Occasion.LATER),
        (says(onset=12), says(onset=14), None),
        (says(onset=12), says(onset=None), None),  # a weaker force says it, an onset cannot
        (says(onset=None), says(onset=12), Occasion.EARLIER),
        (says(onset=None), says(onset=None), None),
        (says(onset=-9), says(onset=-1), None),  # what has begun no longer moves
        (says(onset=-9), says(onset=None), None),
        (says(onset=-1), says(onset=5), Occasion.LATER),  # said to have begun, and has not
        (says(onset=12), says(onset=9, force=12), Occasion.STRONGER),
        (says(onset=12), says(onset=15, force=12), Occasion.STRONGER),
        (says(onset=12), says(onset=9, force=9), Occasion.EARLIER),
        (says(force=10), says(force=12), Occasion.STRONGER),
        (says(), replace(says(), begun=True), Occasion.BEGUN),
        (says(force=9), replace(says(force=12), begun=True), Occasion.BEGUN),
        (replace(says(), begun=True), says(), None),  # once inside, stay inside
        (says(force=10), says(force=9), Occasion.WEAKER),
        (says(expires=6), says(), Occasion.RENEW),
        (says(expires=7), says(), None),
        (says(expires=-1), says(), Occasion.RENEW),
        (says(force=10, expires=1), says(force=11), Occasion.STRONGER),
    ],
)
def test_occasion(said, fresh, expected):
    assert occasion(NOW, said, fresh, SPEC) is expected


SAYS = st.builds(
    says,
    st.integers(0, 5),
    st.integers(0, 17),
    st.none() | st.integers(-48, 72),
    st.integers(-48, 48),
)


@given(SAYS)
def test_identical_is_never_repeated(fresh):
    """Once a thing is said, saying it again is no occasion, until it must be renewed."""
    fresh = Said(fresh.level, fresh.force, fresh.onset, NOW + SPEC.valid_h * H)
    assert occasion(NOW, fresh, fresh, SPEC) is None
    later = NOW + (SPEC.valid_h - SPEC.renew_h) * H
    assert occasion(later, fresh, fresh, SPEC) is (Occasion.RENEW if fresh.level else None)


@given(SAYS, SAYS)
def test_a_change_of_level_is_never_silent(said, fresh):
    if said.level != fresh.level:
        assert occasion(NOW, said, fresh, SPEC) is not None


@pytest.mark.parametrize("issued", [False, True])
@pytest.mark.parametrize("why", list(Occasion))
def test_kind_of_message(why, issued):
    expected = "Update" if issued else "Alert"
    ends = why in (Occasion.ALL_CLEAR, Occasion.CANCELLED, Occasion.CLEARED)
    assert message_kind(why, issued) == ("Cancel" if ends else expected)
