"""An earthquake: which model, whose word, and what lies outside of either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from haidang.app import shaken
from haidang.pack.load import load_threat, roots
from haidang.risk.hazards.earthquake import shaking
from haidang.risk.readings import Read
from haidang.risk.spec import Shaking

T0 = datetime(2030, 6, 1, 10, tzinfo=UTC)
MODEL = Shaking(
    hazard="shaking", magnitude="m", depth="d", latitude="lat", longitude="lon", felt="felt",
    vs30=360, members=10, seed=1, quantile=0.5, interval=(0.1, 0.9), horizon_h=24, look_back_h=24,
    source="test",
)  # fmt: skip


def read(value: float | None, minutes: float = 0) -> Read:
    at = T0 + timedelta(minutes=minutes)
    return Read(at, value, at, 1)


@pytest.mark.parametrize(
    ("depth", "name"), [(8.0, "boore_2014"), (30.0, "boore_2014"), (30.1, "allen_2012")]
)
def test_a_deep_source_is_given_to_the_model_that_knows_its_depth(depth, name):
    assert shaken.motion(depth) == name


def test_no_reading_that_the_pack_takes_in_is_refused_by_the_model():
    threat, _ = load_threat(roots().threats["earthquake"])
    model = threat.model
    names = (model.magnitude, model.depth, model.latitude, model.longitude)
    domains = [threat.readings.indicators[n].domain for n in names]
    assert all(domains)
    for ends in product(*domains):
        m, depth, lat, lon = ends
        with_it = shaken.motion(depth)
        assert shaking(m, depth, lat, lon, [21.0], [105.8], members=2, model=with_it).max() >= 1


def test_what_lies_outside_a_model_is_said_in_words_that_exist():
    from haidang.words import catalogue

    assert shaken._outside({"m": read(5.5), "d": read(10.0)}, MODEL) == ()
    deep = shaken._outside({"m": read(7.0), "d": read(150.0)}, MODEL)
    assert deep == ("quake_deep",)
    strong = shaken._outside({"m": read(9.0), "d": read(10.0)}, MODEL)
    assert strong == ("quake_magnitude_range",)
    assert {f"read.note_{key}" for key in (*deep, *strong)} <= set(catalogue())
    assert shaken._outside({"m": None, "d": read(150.0)}, MODEL) == ()


def test_of_what_people_felt_the_highest_counts_and_nothing_from_before():
    told = {"felt": {"N": (read(9.0, -60), read(7.0), read(4.0, 18), read(None, 20))}}
    found = shaken._felt(told, MODEL, ("N", "S"), T0 + timedelta(hours=1), T0)
    assert set(found) == {"N"}
    assert found["N"].value == 7.0
