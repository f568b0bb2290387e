"""What a sensor says: every form, every way to say it wrong, and what a clock that is off does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData, BadPack
from haidang.edge.feeds.payload import Ears, understand
from haidang.edge.feeds.sensors import Heard, LimitsSpec, SensorsSpec, TopicSpec, load
from haidang.watch.spec import Reading, ReadingsWatch
from haidang.words import word

NOW = datetime(2030, 6, 1, 6, tzinfo=UTC)
WATCH = ReadingsWatch(
    kind="readings",
    source="invented",
    indicators={
        "stage": Reading(
            title={"en": "Stage"}, unit={"en": "m", "vi": "m"}, at="station",
            stale_after_h=12, domain=(-5, 50),
        ),
        "sky": Reading(
            title={"en": "Sky"}, unit={"en": "class"}, at="area", stale_after_h=12,
            values=("clear", "dark"),
        ),
        "quake": Reading(title={"en": "Quake"}, unit={"en": "M"}, at="event", stale_after_h=12),
    },
)  # fmt: skip
KNOWN = {"station": {"alba", "borgo"}, "area": {"N"}}
LIMITS = LimitsSpec()


def ears(topic: str = "g/{place}/{indicator}", **more: object) -> Ears:
    return Ears(TopicSpec(topic=topic, threat="flood", **more), WATCH, KNOWN)


def hear(body: object, *mine: Ears, topic: str = "g/alba/stage", **more: object):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return understand(Heard(topic, payload, NOW, **more), mine or (ears(),), LIMITS)


def one(found):
    assert found.problems == ()
    [report] = found.reports
    return report


def wrong(found) -> str:
    assert found.reports == ()
    [problem] = found.problems
    for language in ("vi", "en"):
        assert problem.say(language)  # every placeholder is filled
    return problem.code.removeprefix("sensors.")


def test_a_reading_is_of_its_time_and_was_said_when_it_came():
    report = one(hear({"time": "2030-06-01T12:30+07:00", "value": 2.5}))
    assert (report.series, report.place, report.value, report.unit) == (
        "flood/stage", "alba", 2.5, "m",
    )  # fmt: skip
    assert report.start == NOW - timedelta(minutes=30)
    assert report.published == NOW


def test_a_list_keeps_the_good_and_counts_the_bad():
    at = NOW.isoformat()
    found = hear(
        [{"time": at, "value": 1}, {"time": at, "value": "1,5"}, {"time": "x", "value": 1}]
    )
    assert [r.value for r in found.reports] == [1.0]
    assert [(p.code, p.row) for p in found.problems] == [
        ("sensors.not_number", 2), ("sensors.time", 3),
    ]  # fmt: skip


def test_missing_is_told_and_is_not_nothing():
    assert one(hear({"time": NOW.isoformat(), "value": None})).value is None
    assert wrong(hear({"time": NOW.isoformat()})) == "no_value"


def test_a_number_alone_has_its_time_from_the_clock_that_hears_it():
    mine = ears("level", place="alba", indicator="stage", clock="received")
    assert one(hear(b"2.31", mine, topic="level")).start == NOW
    assert wrong(hear(b"2.31")) == "no_time"
    assert wrong(hear(b"2.31", mine, topic="level", retained=True)) == "kept"
    assert wrong(hear(b"2.31", mine, topic="level", again=True)) == "kept"


def test_senml_adds_up_its_base_fields():
    # RFC 8428, section 5.1.3: base name, base time, relative times.
    pack = [
        {"bn": "urn:dev:ow:alba:", "bt": NOW.timestamp() - 60, "bu": "m", "n": "stage", "v": 1.5},
        {"n": "stage", "t": 30, "v": 1.75},
    ]
    found = hear(pack, ears("dev/#"), topic="dev/x/y")
    assert found.problems == ()
    assert [(r.place, r.value, (NOW - r.start).total_seconds()) for r in found.reports] == [
        ("alba", 1.5, 60.0), ("alba", 1.75, 30.0),
    ]  # fmt: skip
    relative = hear([{"n": "alba/stage", "u": "m", "t": -10, "v": 2}], ears("dev/#"), topic="dev/x")
    assert one(relative).start == NOW - timedelta(seconds=10)
    mixed = hear([*pack, {"n": "stage"}, {"bt": "x"}], ears("dev/#"), topic="dev/x")
    assert len(mixed.reports) == 2
    assert [p.row for p in mixed.problems] == [3, 4]
    assert wrong(hear([{"bn": "alba"}], ears("dev/#"), topic="dev/x")) == "empty"


def test_an_observation_of_sensorthings():
    body = {"phenomenonTime": "2030-06-01T05:00Z/2030-06-01T06:00Z", "result": 3.0}
    mine = ears("v1.1/Datastreams(5)/Observations", place="borgo", indicator="stage")
    report = one(hear(body, mine, topic="v1.1/Datastreams(5)/Observations"))
    assert (report.place, report.start) == ("borgo", NOW - timedelta(hours=1))
    linked = {**body, "Datastream": {"@iot.id": 7}}
    mapped = ears("obs", indicator="stage", places={"7": "alba"})
    assert one(hear(linked, mapped, topic="obs")).place == "alba"


def test_units_are_converted_by_the_settings_and_never_guessed():
    cm = ears(units={"cm": 0.01})
    at = NOW.isoformat()
    assert one(hear({"time": at, "value": 250, "unit": "cm"}, cm)).value == 2.5
    assert one(hear({"time": at, "value": 2.5, "unit": "m"}, cm)).value == 2.5
    assert wrong(hear({"time": at, "value": 8, "unit": "ft"}, cm)) == "unit"
    assert wrong(hear({"time": at, "value": 250}, cm)) == "outside"
    assert one(hear({"time": at, "value": 250}, ears(units={"": 0.01}))).value == 2.5


def test_categories_go_by_name_or_number():
    mine = ears("sky", indicator="sky", place="N")
    at = NOW.isoformat()
    assert one(hear({"time": at, "value": "dark"}, mine, topic="sky")).value == 2.0
    assert one(hear({"time": at, "value": 0}, mine, topic="sky")).value == 0.0
    assert wrong(hear({"time": at, "value": "blue"}, mine, topic="sky")) == "category"
    assert wrong(hear({"time": at, "value": 3}, mine, topic="sky")) == "category"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(60, ""), (121, "ahead"), (-29 * 86400, ""), (-31 * 86400, "too_old")],
)
def test_a_clock_that_is_off(seconds, code):
    at = NOW + timedelta(seconds=seconds)
    found = hear({"time": at.isoformat(), "value": 1})
    if code:
        assert wrong(found) == code
    else:
        # A little ahead is no forecast: it was said when it says it was measured.
        assert one(found).published == max(at, NOW)


def test_a_forecast_says_when_it_was_made():
    later = (NOW + timedelta(hours=12)).isoformat()
    said = (NOW - timedelta(hours=1)).isoformat()
    report = one(hear({"time": later, "value": 3, "published": said}))
    assert report.published == NOW - timedelta(hours=1) < report.start
    tomorrow = (NOW + timedelta(days=1)).isoformat()
    assert wrong(hear({"time": later, "value": 3, "published": tomorrow})) == "ahead"
    after = (NOW + timedelta(days=2)).isoformat()  # nobody can have made that forecast yet
    assert wrong(hear({"time": after, "value": 3, "published": tomorrow})) == "ahead"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"), (b"{", "not_json"), (b"NaN", "not_json"), (b"[]", "empty"),
        (b"\xff\xfe1", "not_utf8"), (b'{"value": 1, "value": 2, "time": 1}', "not_json"),
        (b'{"value": 1, "time": "9999-12-31T23:59:59-14:00"}', "time"),
        (b'{"value": 1, "time": "0001-01-01T00:00:00+14:00"}', "time"),
        (b'{"value": 1, "flag": "\\ud800", "time": "2030-06-01T06:00Z"}', "not_json"),
        (b"[" * 30000, "not_json"), (b'{"value": true, "time": "2030-06-01T06:00Z"}', "not_number"),
        (b'{"value": 1e999, "time": "2030-06-01T06:00Z"}', "not_number"),
        (b'{"value": 1' + b"0" * 400 + b', "time": "2030-06-01T06:00Z"}', "not_number"),
        (b'{"value": 1, "time": "2030-06-01T06:00"}', "time"),
        (b'{"value": 1, "time": 1e40}', "time"), (b'{"value": 1, "tiem": 1}', "key"),
        (b"x" * 70000, "too_long"), (b"[" + b"1," * 1000 + b"1]", "too_many"),
        (b'{"value": 99, "time": "2030-06-01T06:00Z"}', "outside"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(body, code):
    assert wrong(hear(body)) == code


def test_a_topic_and_a_place_that_nobody_knows():
    at = {"time": NOW.isoformat(), "value": 1}
    assert wrong(hear(at, topic="other/alba/stage")) == "topic"
    assert wrong(hear(at, topic="g/nowhere/stage")) == "place"
    assert wrong(hear(at, topic="g/alba/flow")) == "indicator"
    assert wrong(hear(at, ears("q", indicator="quake", place="Big One"), topic="q")) == "event"
    assert one(hear(at, ears("q", indicator="quake", place="big-1"), topic="q")).place == "big-1"


RECORD = st.fixed_dictionaries(
    {
        "value": st.none() | st.floats() | st.integers(-60, 60) | st.text(max_size=5),
        "time": st.datetimes(
            datetime(2030, 4, 1), datetime(2030, 7, 1), timezones=st.just(UTC)  # noqa: DTZ001
        ).map(datetime.isoformat) | st.just(NOW.isoformat()) | st.floats() | st.text(max_size=5),
    },
    optional={"published": st.just(NOW.isoformat()) | st.text(max_size=5), "tiem": st.none()},
)  # fmt: skip
"""Almost a reading: some are, some are not."""


@settings(max_examples=100)
@given(st.binary(max_size=200) | RECORD | st.lists(RECORD, max_size=4) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda c: st.lists(c, max_size=4) | st.dictionaries(
        st.sampled_from(["value", "time", "n", "v", "t", "bn", "bt", "result", "place", "x",
                         "phenomenonTime", "unit", "published", "Datastream"]), c, max_size=5),
    max_leaves=12,
))  # fmt: skip
def test_nothing_that_comes_in_breaks_it(body):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = understand(Heard("g/alba/stage", payload, NOW), (ears(),), LIMITS)
    assert found.reports or found.problems
    if isinstance(body, list) and all(isinstance(one, dict) for one in body):
        # Each reading is taken or told of, never both and never neither; a record of SenML may
        # hold base fields alone, which are no reading.
        told = {p.row for p in found.problems}
        if len(body) > 1 and None in told:  # the payload as a whole, e.g. with an Infinity in it
            assert (found.reports, told) == ((), {None})
        else:
            least = sum("value" in one for one in body) if body and "value" in body[0] else 0
            assert least <= len(found.reports) + len(told) <= max(len(body), 1)
    for problem in found.problems:
        assert word(problem.code, "vi", **problem.params)
        assert word(problem.code, "en", **problem.params)
    for report in found.reports:
        assert (report.series, report.place, report.unit) == ("flood/stage", "alba", "m")
        assert report.value is None or -5 <= report.value <= 50
        assert report.start >= NOW - timedelta(days=LIMITS.oldest_d)
        assert report.start <= max(NOW, report.published) + timedelta(seconds=LIMITS.ahead_s) or (
            report.published < report.start  # a forecast, which says when it was made
        )
        assert report.published <= NOW + timedelta(seconds=LIMITS.ahead_s)


def test_sensors_yaml_is_read_strictly(tmp_path: Path):
    good = """
name: Trực lũ
country: xt
threats: [flood]
broker: {host: localhost, client: duty}
topics: [{topic: "g/{place}/{indicator}", threat: flood}]
"""
    (tmp_path / "sensors.yaml").write_text(good, "utf-8")
    spec = load(tmp_path)
    assert isinstance(spec, SensorsSpec)
    assert spec.topics[0].filter == "g/+/+"
    assert spec.status == "Exercise"
    (tmp_path / "sensors.yaml").write_text(
        good.replace("threat: flood}", "threat: storm}"), "utf-8"
    )
    with pytest.raises(BadData, match="storm"):
        load(tmp_path)
    for bad in ("pasword: x\n", "status: Real\n"):
        (tmp_path / "sensors.yaml").write_text(good + bad, "utf-8")
        with pytest.raises(BadPack):
            load(tmp_path)
    (tmp_path / "sensors.yaml").write_text(good.replace("g/{place}", "g/x{place}"), "utf-8")
    with pytest.raises(BadPack):
        load(tmp_path)


def test_a_password_stands_elsewhere(tmp_path: Path, monkeypatch):
    from haidang.edge.feeds.sensors import BrokerSpec

    broker = BrokerSpec(host="h", client="c", user="u", password_env="HD_TEST_PASSWORD")
    with pytest.raises(BadData):
        broker.password(tmp_path)
    monkeypatch.setenv("HD_TEST_PASSWORD", "secret")
    assert broker.password(tmp_path) == "secret"
    (tmp_path / "pw").write_text("other\n", "utf-8")
    assert BrokerSpec(host="h", client="c", password_file="pw").password(tmp_path) == "other"
    assert "secret" not in repr(broker)
