from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.risk.assessment import Assessment, Grounds
from haidang.warn.decide import Reason, Standing, first, step
from haidang.warn.spec import LevelSpec, WarnSpec
from haidang.watch.signal import State

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


def found(level, state=State.RAISED, at=NOW):
    status = {None: "not defined by the text", 0: "below"}.get(level, "defined")
    grounds = Grounds(level, status, "", "", "", "", "", "")
    return Assessment(
        "a", "t", "e", "p", at, at + 72 * H, state, None, grounds, (), (), (), (), 0, ""
    )


def stood(level, quieter=None, confirmed=1, since=24):
    return Standing(
        "t",
        "e",
        "p",
        level,
        NOW - since * H,
        NOW - confirmed * H,
        None if quieter is None else NOW - quieter * H,
    )


@pytest.mark.parametrize(
    ("assessed", "before", "ended", "level", "reason"),
    [
        (0, stood(0), False, 0, Reason.STILL_QUIET),
        (1, stood(0), False, 1, Reason.RAISED),
        (5, stood(0), False, 5, Reason.RAISED),  # may skip rungs going up
        (4, stood(3), True, 4, Reason.RAISED),  # an event that is "over" can still be worse
        (3, stood(3), False, 3, Reason.UNCHANGED),
        (3, stood(3, quieter=5), False, 3, Reason.UNCHANGED),  # the quiet hours start over
        (2, stood(3), False, 3, Reason.HOLDING),
        (2, stood(3, quieter=5), False, 3, Reason.HOLDING),
        (2, stood(3, quieter=6), False, 2, Reason.LOWERED),
        (0, stood(3, quieter=6), False, 0, Reason.ENDED),
        (0, stood(3), True, 0, Reason.OVER),  # a fact, so no hold
        (2, stood(3, quieter=1), True, 2, Reason.OVER),
        (None, stood(3), False, 3, Reason.NOT_DEFINED),
        (None, stood(0), False, 0, Reason.NOT_DEFINED),
        (None, stood(3, quieter=99), True, 3, Reason.NOT_DEFINED),  # nothing falls by default
    ],
)
def test_step(assessed, before, ended, level, reason):
    after, why = step(found(assessed), before, SPEC, ended=ended)
    assert (after.level, why) == (level, reason)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (stood(0), Reason.BLIND),
        (stood(0, confirmed=99), Reason.BLIND),
        (stood(3), Reason.HELD_NO_DATA),
        (stood(3, confirmed=12), Reason.HELD_NO_DATA),  # the limit itself still holds
        (stood(3, confirmed=13), Reason.HOLD_EXPIRED),
        (stood(3, quieter=99), Reason.HELD_NO_DATA),
    ],
)
@pytest.mark.parametrize("ended", [False, True])
def test_without_data_nothing_moves(before, reason, ended):
    after, why = step(found(0, State.NO_DATA), before, SPEC, ended=ended)
    # Silence holds, and the hours of it never count towards lowering.
    assert (after, why) == (forgot_quieter(before), reason)


def test_what_the_standing_level_remembers():
    raised, _ = step(found(4), stood(3, quieter=2), SPEC, ended=False)
    assert (raised.since, raised.confirmed, raised.quieter_since) == (NOW, NOW, None)
    kept, _ = step(found(3), stood(3, quieter=2), SPEC, ended=False)
    assert (kept.since, kept.confirmed, kept.quieter_since) == (NOW - 24 * H, NOW, None)
    holding, _ = step(found(2), stood(3), SPEC, ended=False)
    assert (holding.since, holding.confirmed, holding.quieter_since) == (NOW - 24 * H, NOW, NOW)
    lowered, _ = step(found(2), stood(3, quieter=6), SPEC, ended=False)
    assert (lowered.since, lowered.quieter_since) == (NOW, None)


def test_a_storm_from_first_sight_to_its_end():
    """Hour by hour, the levels as a person would write them down."""
    assessed = [0, 3, 4, 4, 3, 4, 3, 3, 3, 3, 3, 3, 3, 3, 0]
    expected = [0, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3]
    standing, got = first("t", "e", "p", NOW), []
    for hour, level in enumerate(assessed):
        standing, _ = step(found(level, at=NOW + hour * H), standing, SPEC, ended=False)
        got.append(standing.level)
    assert got == expected


@pytest.mark.parametrize(
    ("assessed", "expected"),
    [
        # One quiet reading after hours at 3 does not undo those hours.
        ([4, 3, 3, 3, 3, 3, 3, 0, 0, 0], [4, 4, 4, 4, 4, 4, 4, 3, 3, 3]),
        # ... and 3 is then held anew, from the hour that was quieter than 3.
        ([4, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [4, *[4] * 6, 3, *[3] * 5, 0]),
        # What the text does not define is no quieter reading.
        ([4, 3, None, 0, 0, 0, 0, 0, 0, 0], [4, *[4] * 8, 0]),
    ],
)
def test_it_climbs_down_to_what_was_seen_while_it_was_held(assessed, expected):
    standing, got = first("t", "e", "p", NOW), []
    for hour, level in enumerate(assessed):
        standing, _ = step(found(level, at=NOW + hour * H), standing, SPEC, ended=False)
        got.append(standing.level)
    assert got == expected


def forgot_quieter(before):
    return replace(before, quieter_since=None, quieter_max=0) if before.level else before


LEVELS = st.integers(0, 5)
STANDINGS = st.builds(
    stood, LEVELS, st.none() | st.integers(0, 30), st.integers(0, 30), st.integers(30, 60)
)


@given(st.none() | LEVELS, STANDINGS, st.booleans())
def test_silence_never_changes_a_level(level, before, ended):
    after, reason = step(found(level, State.NO_DATA), before, SPEC, ended=ended)
    assert after == forgot_quieter(before)
    assert reason in {Reason.BLIND, Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED}


@given(LEVELS, LEVELS, STANDINGS, st.booleans())
def test_worse_is_never_judged_milder(a, b, before, ended):
    milder, _ = step(found(min(a, b)), before, SPEC, ended=ended)
    worse, _ = step(found(max(a, b)), before, SPEC, ended=ended)
    assert milder.level <= worse.level


@given(LEVELS, STANDINGS, st.booleans())
def test_a_level_is_never_below_what_is_seen_now(level, before, ended):
    after, _ = step(found(level), before, SPEC, ended=ended)
    assert level <= after.level <= max(level, before.level)


@given(st.lists(st.tuples(LEVELS, st.booleans()), max_size=30), st.integers(0, 30))
def test_silence_put_in_never_ends_below_what_data_say(seen, gap):
    """Hours without data in between may keep a level up longer, never bring it below the data."""
    standing = first("t", "e", "p", NOW)
    for hour, (level, blind) in enumerate(seen):
        state = State.NO_DATA if blind else State.RAISED
        before = standing
        standing, _ = step(found(level, state, NOW + (hour + gap) * H), standing, SPEC, ended=False)
        assert standing.level >= (before.level if blind else level)
