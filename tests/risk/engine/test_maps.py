"""Losses by event and asset, maps over return periods, and places of an ensemble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.risk.engine.events import event_set
from haidang.risk.engine.exceedance import at_return_periods, by_point
from haidang.risk.engine.exposed import exposed
from haidang.risk.engine.losses import (
    by_event_and_place,
    exceedance_map,
    frequency_map,
    losses,
    place_probabilities,
    place_quantiles,
)
from haidang.risk.engine.run import impacts
from risk.engine import slow
from risk.engine.test_engine import CURVE, CURVES, RATIO, assets, events, worlds


@settings(max_examples=40)
@given(worlds())
def test_maps_of_intensity_equal_the_slow_program(world):
    (rows,), _, _, frequency = world
    total = sum(frequency)
    years = [0.5 / total, 1 / total, 1.3 / total, 3 / total, 1 / min(frequency), 1e6]
    got = by_point(events(rows, frequency), years)
    for p, column in enumerate(np.array(rows).T.tolist()):
        want = [slow.once_in(column, frequency, y) for y in years]
        np.testing.assert_allclose(got[:, p], want, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(
            at_return_periods(np.array(column), np.array(frequency), years),
            want,
            rtol=1e-7,
            atol=1e-7,
        )


@settings(max_examples=40)
@given(worlds(perils=2), st.sampled_from(["most_severe", "combined"]))
def test_losses_equal_the_slow_program(world, rule):
    rows, values, named, frequency = world
    sets = [events(r, frequency) for r in rows]
    held = assets(values, named)
    lost = losses(sets, held, [CURVES, CURVES], "money", rule=rule)
    ratios = [[RATIO[n] for n in named]] * 2
    want = np.array(slow.table(rows, values, ratios, rule))
    got = np.zeros(want.shape)
    for e in range(len(lost)):
        point, value = lost.row(e)
        assert (np.diff(point) > 0).all()
        got[e, point] = value
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-9)
    whole = impacts(sets, held, [CURVES, CURVES], rule=rule)
    np.testing.assert_allclose(
        got.sum(axis=1)[whole.reached > 0], whole.at_event("money")[whole.reached > 0], rtol=1e-9
    )


def test_a_map_by_hand_and_in_parts(monkeypatch):
    rows = [[30.0, 0.0, 10.0], [50.0, 0.0, 0.0], [0.0, 0.0, np.nan]]
    found = exceedance_map(
        events(rows, [0.1, 0.01, 0.1], unit="m/s", peril="wind"), [100, 1 / 0.11]
    )
    assert found.dims == ("years", "point")
    assert found.attrs["units"] == "m/s"
    np.testing.assert_allclose(found, [[50, np.nan, np.nan], [30, 0, np.nan]])
    # Where nothing ever happens, nothing is exceeded; rarer than the set knows is not known.
    assert float(found.sel(years=1 / 0.11, point="p1")) == 0
    rng = np.random.default_rng(5)
    big = events(np.where(rng.random((40, 90)) < 0.4, rng.uniform(1, 9, (40, 90)), 0), 0.05)
    whole = by_point(big, [1, 2, 5, 20])
    monkeypatch.setattr("haidang.risk.engine.exceedance._CELLS", 50)
    for threads in (1, 3):
        np.testing.assert_array_equal(by_point(big, [1, 2, 5, 20], threads=threads), whole)
    step = by_point(big, [1.5, 20], "step")
    assert (step <= by_point(big, [1.5, 20])).all()
    with pytest.raises(BadData, match="not a return period"):
        by_point(big, [0.0])
    with pytest.raises(BadData, match="not a way"):
        by_point(big, [1.0], "cubic")
    with pytest.raises(BadData, match="members of one event"):
        by_point(events([[1.0]]), [1.0])


def test_how_often_a_point_has_so_much():
    rows = [[30.0, 5.0], [50.0, np.nan]]
    found = frequency_map(events(rows, [0.1, 0.02]), [30, 40])
    np.testing.assert_allclose(found, [[0.12, np.nan], [0.02, np.nan]])
    found = frequency_map(events(rows), [40])
    assert found.name == "probability"
    assert found.values[0, 0] == 0.5


def test_places_of_an_ensemble():
    held = exposed(
        pd.DataFrame(
            {"point": ["p0", "p1", "p2"], "place": ["A", "B", "A"], "money": [100, 10, 1]}
        ),
        units={"money": "VND"},
    )
    rows = [[40.0, 60.0, 40.0], [60.0, 0.0, 20.0], [0.0, 0.0, 60.0]]
    lost = losses(events(rows), held, CURVE, "money")
    table = by_event_and_place(lost, held)
    np.testing.assert_allclose(table["A"], [50.5, 100.0, 1.0])
    np.testing.assert_allclose(table["B"], [10.0, 0.0, 0.0])
    found = place_quantiles(lost, held, [0.5, 1.0])
    assert found.loc["A"].tolist() == [50.5, 100.0]
    assert found.loc["B"].tolist() == [0.0, 10.0]
    found = place_probabilities(lost, held, [1.5, 60.0])
    assert found.loc["A"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_places_are_missing_where_a_part_is():
    held = exposed(
        pd.DataFrame({"point": ["p0", "p1"], "place": ["A", ""], "people": [100, 10.0]}),
    )
    lost = losses(events([[np.nan, 60.0], [30.0, 60.0]]), held, CURVE, "people")
    table = by_event_and_place(lost, held)
    assert list(table.columns) == ["", "A"]
    assert table[""].tolist() == [10.0, 10.0]
    assert np.isnan(table["A"].iloc[0])
    assert table["A"].iloc[1] == 25.0
    assert np.isnan(place_quantiles(lost, held, [0.5]).loc["A", 0.5])
    assert np.isnan(place_probabilities(lost, held, [1.0]).loc["A", 1.0])
    assert place_probabilities(lost, held, [1.0]).loc["", 1.0] == 1.0


def test_assets_without_a_point_are_unknown_in_every_event():
    where = {"lat": [10.0, 10.0, 50.0], "lon": [105.0, 106.0, 105.0]}
    held = exposed(pd.DataFrame({**where, "people": [100.0, 10.0, 1.0]}))
    storm = event_set([[40.0, 60.0]], frequency=0.1, lat=[10.0, 10.0], lon=[105.05, 106.0])
    lost = losses(storm, held, CURVE, "people")
    point, value = lost.row(0)
    assert point.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(value, [50.0, 10.0, np.nan])
    found = impacts(storm, held, CURVE)
    assert [p.code for p in found.findings] == ["impact.points_alone"]
    np.testing.assert_allclose(found.per_point("people"), [5.0, 1.0, np.nan])
    assert np.isnan(found.expected("people"))
    assert found.expected("people", known=True) == pytest.approx(6.0)
    away = event_set([[40.0]], lat=[-10.0], lon=[105.0])
    with pytest.raises(BadData, match="none of the 3 assets"):
        impacts(away, held, CURVE)


@pytest.mark.parametrize("least", [0.0, -1.0, [30.0, 0.0]])
def test_a_threshold_that_nothing_need_reach_is_refused(least):
    with pytest.raises(BadData) as told:
        frequency_map(events(np.array([[40.0, 0.0]])), least)
    assert told.value.problems[0].code == "impact.least"
