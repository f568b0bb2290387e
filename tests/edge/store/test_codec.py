"""Dataclasses to JSON and back."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.store.samples import DAYS, PLACES, SCOPE, T0, assessment, decide
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft, Whole
from haidang.base.ids import canonical
from haidang.data.tracks import Tracks
from haidang.edge.store import codec
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset, When
from haidang.warn.decide import Reason, Standing
from haidang.warn.lifecycle import Named, Occasion, Said
from haidang.warn.message import Text
from haidang.watch.signal import Signal, State

NUMBER = st.floats(allow_infinity=False)
COUNT = st.integers(-(2**53), 2**53)
LABEL = st.text(st.characters(codec="utf-8"), max_size=8)
TIME = st.datetimes(
    datetime(1900, 1, 2),  # noqa: DTZ001
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=-3.5))]),
)


def several(one: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(one, max_size=3).map(tuple)


INTERVAL = st.builds(Interval, NUMBER, NUMBER, NUMBER)
WHEN = st.builds(When, *[st.none() | TIME] * 3)
SIGNAL = st.builds(
    Signal,
    LABEL,
    LABEL,
    TIME,
    st.sampled_from(State),
    NUMBER,
    NUMBER,
    NUMBER,
    NUMBER,
    LABEL,
    several(COUNT),
)
GROUNDS = st.builds(Grounds, st.none() | COUNT, *[LABEL] * 7)
ASSESSMENT = st.builds(
    Assessment,
    *[LABEL] * 4,
    TIME,
    TIME,
    st.sampled_from(State),
    st.none() | INTERVAL,
    GROUNDS,
    several(st.tuples(COUNT, NUMBER)),
    several(st.builds(Onset, COUNT, NUMBER, WHEN, WHEN)),
    several(st.builds(Impact, LABEL, LABEL, st.none() | INTERVAL)),
    several(SIGNAL),
    COUNT,
    LABEL,
)
NAMED = st.builds(Named, LABEL, LABEL, COUNT)
WHOLES = st.builds(
    Whole,
    own=COUNT,
    concurrent=several(LABEL),
    successive=several(LABEL),
    chains=several(st.tuples(LABEL, LABEL)),
    allowed=several(COUNT),
    clause=LABEL,
    leader=LABEL,
    raise_id=LABEL,
    raise_by=COUNT,
    capped=st.booleans(),
)
WHOLE = Whole(4, ("a/1", "b/2"), ("c/3",), (("a/1", "b/2"),), (1, 2), "4(4)", "a/1")
DECISION = st.builds(
    Decision,
    *[LABEL] * 4,
    TIME,
    COUNT,
    COUNT,
    COUNT,
    st.sampled_from(Reason),
    LABEL,
    LABEL,
    st.none() | WHOLES,
    st.none() | NAMED,
)
SAID = st.builds(Said, COUNT, COUNT, st.none() | TIME, TIME, st.booleans(), COUNT, several(NAMED))
DRAFT = st.builds(
    Draft,
    id=LABEL,
    chain=LABEL,
    number=COUNT,
    version=COUNT,
    threat=LABEL,
    event=LABEL,
    place=LABEL,
    at=TIME,
    kind=st.sampled_from(["Alert", "Update", "Cancel"]),
    occasion=st.sampled_from(Occasion),
    said=SAID,
    decision=LABEL,
    texts=several(st.builds(Text, LABEL, LABEL, LABEL, LABEL)),
    status=LABEL,
    urgency=LABEL,
    severity=LABEL,
    certainty=LABEL,
    responses=several(LABEL),
    onset=st.none() | TIME,
    parameters=several(st.tuples(LABEL, LABEL)),
    wakes=st.booleans(),
    approval=st.booleans(),
    due=TIME,
)
STANDING = st.builds(Standing, LABEL, LABEL, LABEL, COUNT, TIME, TIME, st.none() | TIME)


def twice(value, encode, decode) -> None:
    """One trip fixes the value; every later trip changes nothing."""
    text = canonical(encode(value))
    assert codec.text(encode(value)) == text
    again = decode(json.loads(text))
    assert type(again) is type(value)
    assert canonical(encode(again)) == text
    assert repr(decode(json.loads(canonical(encode(again))))) == repr(again)


@given(ASSESSMENT)
def test_assessment(value: Assessment) -> None:
    twice(value, codec.encode_assessment, codec.decode_assessment)


@given(DECISION)
def test_decision(value: Decision) -> None:
    twice(value, codec.encode_decision, codec.decode_decision)
    assert codec.decode_decision(json.loads(canonical(codec.encode_decision(value)))) == value


@given(DRAFT)
def test_draft(value: Draft) -> None:
    twice(value, codec.encode_draft, codec.decode_draft)
    assert codec.decode_draft(json.loads(canonical(codec.encode_draft(value)))) == value


@given(STANDING)
def test_standing(value: Standing) -> None:
    twice(value, codec.encode_standing, codec.decode_standing)
    assert codec.decode_standing(json.loads(canonical(codec.encode_standing(value)))) == value


def test_no_field_is_forgotten() -> None:
    judged = assessment("01", T0, 2, 1)
    assert set(codec.encode_assessment(judged)) == set(Assessment.__slots__)
    snap = Snapshot(T0, 1, Tracks(()), (), (), **DAYS)
    verdict = decide(snap, PLACES, SCOPE)
    full = replace(verdict.decisions[0], whole=WHOLE, yields_to=Named("wind", "wind-1", 3))
    assert set(codec.encode_decision(full)) == set(Decision.__slots__)
    assert set(codec.encode_decision(verdict.decisions[0])) == set(Decision.__slots__) - {
        "whole",
        "yields_to",
    }
    assert set(codec.encode_decision(full)["whole"]) == set(Whole.__slots__)
    ended = replace(verdict.drafts[0], against=verdict.drafts[0].said)
    assert set(codec.encode_draft(ended)) == set(Draft.__slots__)
    assert set(codec.encode_draft(verdict.drafts[0])) == set(Draft.__slots__) - {"against"}
    assert set(codec.encode_standing(verdict.standing[0])) == set(Standing.__slots__)
    body = codec.encode_assessment(judged)
    assert set(body["signals"][0]) == set(Signal.__slots__)
    assert set(body["grounds"]) == set(Grounds.__slots__)
    assert set(body["onsets"][0]) == set(Onset.__slots__)
    assert set(body["impacts"][0]) == set(Impact.__slots__)


def test_a_missing_number_is_neither_zero_nor_lost() -> None:
    judged = assessment("01", T0, 2, 1)
    again = codec.decode_assessment(json.loads(canonical(codec.encode_assessment(judged))))
    assert math.isnan(again.signals[0].expected)
    assert again.impacts[0].value is None
    assert again.signals[0].value == 51.2


def test_an_integer_where_a_float_belongs_is_the_same_content() -> None:
    values = [Interval(1, 2, 3), Interval(1.0, 2.0, 3.0), Interval(*np.float32([1, 2, 3]))]
    texts = {
        canonical(codec.encode_assessment(_with(assessment("01", T0, 2, 1), value)))
        for value in values
    }
    assert len(texts) == 1


def test_infinity_is_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        codec.encode_assessment(_with(assessment("01", T0, 2, 1), Interval(0, 1, math.inf)))


def _with(judged: Assessment, value: Interval) -> Assessment:
    return replace(judged, intensity=value)
