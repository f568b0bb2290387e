"""The engine beside the slow program in ``slow.py``, by hand, and beside the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.risk.engine.curves import table
from haidang.risk.engine.events import event_set
from haidang.risk.engine.exposed import exposed
from haidang.risk.engine.kernel import blocks
from haidang.risk.engine.run import Adjust, impacts
from haidang.risk.vulnerability import WindDamage
from risk import parity
from risk.engine import slow

KNOTS = ((20.0, 0.0), (40.0, 0.5), (60.0, 1.0))
STEEP = ((0.0, 0.0), (25.0, 0.9), (26.0, 0.95))
CURVE = pd.DataFrame(KNOTS, columns=["intensity", "ratio"])
CURVES = {"a": CURVE, "b": pd.DataFrame(STEEP, columns=["intensity", "ratio"])}
RATIO = {"a": slow.straight(KNOTS), "b": slow.straight(STEEP)}


def assets(values, curve=None, **more):
    named = {"place": [f"p{i}" for i in range(len(values))], "money": values, **more}
    if curve is not None:
        named["curve"] = curve
    return exposed(pd.DataFrame(named), units={"money": "VND"})


def events(rows, frequency=None, **more):
    rows = np.asarray(rows, float)
    labels = [f"p{i}" for i in range(rows.shape[1])]
    return event_set(rows, frequency=frequency, labels=labels, **more)


# --- by hand ----------------------------------------------------------------------------------


def test_by_hand():
    found = impacts(
        events([[30.0, 0.0], [60.0, 20.0], [0.0, 50.0]], [0.1, 0.01, 0.02]),
        assets([100.0, 1000.0], people=[4, 8]),
        CURVE,
    )
    assert found.at_event("money").tolist() == [25.0, 100.0, 750.0]
    assert found.at_event("people").tolist() == [1.0, 4.0, 6.0]
    assert found.per_point("money").tolist() == pytest.approx([2.5 + 1.0, 15.0])
    assert found.expected("money") == pytest.approx(18.5)
    assert found.by_place("money").to_dict() == pytest.approx({"p0": 3.5, "p1": 15.0})
    # 750 once in 50 years, 100 or more once in 33 1/3, 25 or more once in 7.7.
    years = [50, 100 / 3, 1 / 0.13, 41 + 2 / 3, 51, 7]
    got = found.return_periods("money", years)
    np.testing.assert_allclose(got, [750, 100, 25, 425, np.nan, np.nan])
    assert found.return_periods("money", 41.0, "step") == 100.0
    assert found.curve("money")["impact"].tolist() == [25.0, 100.0, 750.0]
    assert found.findings == ()


def test_an_ensemble_gives_quantiles_and_probabilities_and_no_return_period():
    rows = [[20.0 + 4 * m, 0.0] for m in range(11)]
    found = impacts(events(rows), assets([100.0, 7.0]), CURVE)
    assert found.events.ensemble
    np.testing.assert_allclose(found.at_event("money"), np.arange(0, 101, 10), atol=1e-9)
    assert found.expected("money") == pytest.approx(50.0)
    assert found.quantile("money", [0.0, 0.5, 1.0]).tolist() == pytest.approx([0, 50, 100])
    assert found.probability("money", [50.0 - 1e-9, 101.0]).tolist() == pytest.approx([6 / 11, 0])
    with pytest.raises(BadData, match="members of one event") as caught:
        found.return_periods("money", 10)
    assert caught.value.problems[0].code == "impact.no_frequency"
    with pytest.raises(BadData, match="not a quantile"):
        found.quantile("money", 1.5)


def test_an_event_outside_every_place_is_a_finding_and_not_zero():
    rows = [[30.0, 0.0], [0.0, 0.0], [0.0, 30.0]]
    found = impacts(events(rows, 0.1), assets([100.0, 0.0]), CURVE)
    assert np.isnan(found.at_event("money")[1])
    assert found.reached.tolist() == [1, 0, 1]
    (problem,) = found.findings
    assert problem.code == "impact.events_outside"
    assert problem.params["count"] == 1
    assert problem.severity == "warning"
    # It comes, and does nothing here: it is in the frequencies.
    assert found.expected("money") == pytest.approx(2.5)
    assert found.curve("money")["years"].max() == pytest.approx(10.0)
    # If all do, there is nothing to say.
    alone = impacts(events([[0.0, 0.0]], 0.1), assets([100.0, 1.0]), CURVE)
    assert np.isnan(alone.expected("money"))
    assert np.isnan(alone.return_periods("money", 10.0))
    assert alone.expected("money", known=True) == 0


def test_what_is_unknown_is_not_zero_and_what_is_known_can_be_had():
    rows = [[30.0, np.nan, 0.0], [30.0, 10.0, 30.0], [0.0, 0.0, 30.0]]
    found = impacts(events(rows, [0.1, 0.2, 0.3]), assets([100.0, 50.0, np.nan]), CURVE)
    assert np.isnan(found.at_event("money")).tolist() == [True, True, True]
    assert found.at_event("money", known=True).tolist() == [25.0, 25.0, 0.0]
    assert np.isnan(found.per_point("money")).tolist() == [False, True, True]
    assert found.per_point("money", known=True).tolist() == pytest.approx([7.5, 0.0, 0.0])
    assert np.isnan(found.expected("money"))
    assert found.expected("money", known=True) == pytest.approx(7.5)
    assert np.isnan(found.quantile("money", 0.5))
    assert {p.code for p in found.findings} == {"impact.value_unknown", "impact.events_unknown"}
    # An unknown intensity where nothing stands, and an unknown value that nothing harms, are 0.
    calm = impacts(events([[np.nan, 30.0]], 0.1), assets([0.0, 8.0]), CURVE)
    assert calm.at_event("money").tolist() == [2.0]
    calm = impacts(events([[10.0, 30.0]], 0.1), assets([np.nan, 8.0]), CURVE)
    assert calm.at_event("money").tolist() == [2.0]


# --- beside the slow program ------------------------------------------------------------------

strengths = st.one_of(st.just(0.0), st.just(0.0), st.floats(0.5, 90), st.just(np.nan))
amounts = st.one_of(st.just(0.0), st.floats(0, 1e6), st.just(np.nan))


@st.composite
def worlds(draw, perils=1):
    n_event, n_point = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    row = st.lists(strengths, min_size=n_point, max_size=n_point)
    rows = [draw(st.lists(row, min_size=n_event, max_size=n_event)) for _ in range(perils)]
    values = draw(st.lists(amounts, min_size=n_point, max_size=n_point))
    named = st.lists(st.sampled_from("ab"), min_size=n_point, max_size=n_point)
    rate = st.one_of(st.just(0.25), st.floats(0.001, 2))
    return rows, values, draw(named), draw(st.lists(rate, min_size=n_event, max_size=n_event))


def check(found, lost, frequency, values):
    lost = np.array(lost)
    outside = found.reached == 0
    np.testing.assert_allclose(
        found.at_event("money"), np.where(outside, np.nan, lost.sum(axis=1)), rtol=1e-12, atol=1e-9
    )
    want = [slow.expected(column, frequency) for column in lost.T]
    np.testing.assert_allclose(found.per_point("money"), want, rtol=1e-12, atol=1e-9)
    if outside.all():
        return
    done = lost.sum(axis=1).tolist()
    want = slow.expected(done, frequency)
    np.testing.assert_allclose(found.expected("money"), want, rtol=1e-12, atol=1e-9)
    # Sums in another order may turn two events of the same loss round: ask with ours.
    ours = np.where(outside, 0.0, found.at_event("money")).tolist()
    total = sum(frequency)
    for years in (0.5 / total, 1 / total, 1.3 / total, 3 / total, 1 / min(frequency), 1e6):
        want = slow.once_in(ours, frequency, years)
        got = float(found.return_periods("money", years))
        np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-6)


@settings(max_examples=40)
@given(worlds())
def test_one_peril_equals_the_slow_program(world):
    (rows,), values, named, frequency = world
    found = impacts(events(rows, frequency), assets(values, named), CURVES)
    ratios = [[RATIO[n] for n in named]]
    check(found, slow.table([rows], values, ratios), frequency, values)


@settings(max_examples=40)
@given(worlds(perils=2), st.sampled_from(["most_severe", "combined"]))
def test_two_perils_equal_the_slow_program(world, rule):
    rows, values, named, frequency = world
    sets = [events(r, frequency, peril=str(i)) for i, r in enumerate(rows)]
    found = impacts(sets, assets(values, named), [CURVES, CURVE], rule=rule)
    ratios = [[RATIO[n] for n in named], [RATIO["a"]] * len(values)]
    check(found, slow.table(rows, values, ratios, rule), frequency, values)


def test_two_perils_by_hand():
    wind, water = events([[40.0]], 1.0), events([[50.0]], 1.0)
    for rule, want in (("most_severe", 75.0), ("combined", 87.5)):
        found = impacts([wind, water], assets([100.0]), [CURVE, CURVE], rule=rule)
        assert found.at_event("money").tolist() == [want]
    with pytest.raises(BadData, match="not a rule"):
        impacts([wind, water], assets([100.0]), [CURVE, CURVE], rule="sum")
    with pytest.raises(BadData, match="differ in events"):
        impacts([wind, events([[1.0]], 2.0)], assets([100.0]), [CURVE, CURVE])
    with pytest.raises(BadData, match="curves: 1 given where 2"):
        impacts([wind, water], assets([100.0]), CURVE)


# --- what must not matter -----------------------------------------------------------------------


def big(seed=3, n_event=60, n_point=500):
    rng = np.random.default_rng(seed)
    rows = np.where(
        rng.random((n_event, n_point)) < 0.3, rng.uniform(15, 80, (n_event, n_point)), 0
    )
    return rows, rng.lognormal(8, 1, n_point), rng.uniform(0.001, 0.1, n_event)


def test_threads_and_blocks_do_not_matter(monkeypatch):
    rows, values, frequency = big()
    monkeypatch.setattr("haidang.risk.engine.kernel.MOST_CELLS", 400)
    one = impacts(events(rows, frequency), assets(values), CURVE, threads=1)
    assert len(blocks(events(rows, frequency).start, 10)) > 9
    for threads in (2, 5):
        more = impacts(events(rows, frequency), assets(values), CURVE, threads=threads)
        assert np.array_equal(one.known_at_event, more.known_at_event)
        assert np.array_equal(one.share, more.share)
    monkeypatch.setattr("haidang.risk.engine.kernel.MOST_CELLS", 2**19)
    whole = impacts(events(rows, frequency), assets(values), CURVE)
    assert np.array_equal(one.known_at_event, whole.known_at_event)
    np.testing.assert_allclose(one.share, whole.share, rtol=1e-13)


def test_a_function_and_its_table_agree_and_formats_do_not_matter():
    rows, values, frequency = big()
    curve = WindDamage(60.0)
    by_table = impacts(events(rows, frequency), assets(values), curve.tabulated(0.01))
    by_call = impacts(events(rows, frequency), assets(values), curve)
    np.testing.assert_allclose(
        by_call.at_event("money"), by_table.at_event("money"), rtol=1e-5, atol=1e-3
    )
    labels = [f"p{i}" for i in range(rows.shape[1])]
    for form in (sp.csr_array, sp.coo_array, sp.csc_array, sp.csr_matrix):
        same = event_set(form(rows), frequency=frequency, labels=labels)
        got = impacts(same, assets(values), curve)
        assert np.array_equal(got.known_at_event, by_call.known_at_event)
    half = event_set(rows.astype(np.float32), frequency=frequency, labels=labels)
    assert half.intensity.dtype == np.float32
    got = impacts(half, assets(values), curve)
    np.testing.assert_allclose(got.known_at_event, by_call.known_at_event, rtol=1e-4, atol=1)


def test_assets_at_one_point_add_up():
    where = pd.DataFrame(
        {"place": ["p1", "p0", "p1", "p1"], "money": [1.0, 2.0, 4.0, 8.0], "curve": list("aaba")}
    )
    found = impacts(events([[40.0, 50.0]], 0.1), exposed(where, units={"money": "VND"}), CURVES)
    assert found.per_point("money").tolist() == pytest.approx([0.075, 0.1, 0.38, 0.6])
    assert found.at_event("money").tolist() == pytest.approx([0.75 + 1.0 + 3.8 + 6.0])
    assert found.reached.tolist() == [3]  # what follows one curve at one point is one
    assert found.by_place("money")["p1"] == pytest.approx(0.075 + 0.38 + 0.6)


def test_adjusted_intensities():
    given_, held = events([[30.0, 50.0]], 1.0), assets([100.0, 100.0])
    stronger = impacts(given_, held, CURVE, adjust=Adjust(factor=1.2))
    assert stronger.at_event("money").tolist() == pytest.approx([40.0 + 100.0])
    behind = impacts(given_, held, CURVE, adjust=Adjust(cutoff=40.0))
    assert behind.at_event("money").tolist() == [75.0]
    assert behind.per_point("money").tolist() == [0.0, 75.0]


def test_curves_by_category():
    held = assets([100.0], people=[10.0])
    by = {"money": CURVE, "people": lambda v: np.where(np.isnan(v), v, (v >= 30) * 1.0)}
    found = impacts(events([[30.0]], 0.5), held, by)
    assert found.at_event("money").tolist() == [25.0]
    assert found.at_event("people").tolist() == [10.0]
    with pytest.raises(BadData, match="no damage curve for 'people'"):
        impacts(events([[30.0]], 0.5), held, {"money": CURVE})


@settings(max_examples=40)
@given(st.lists(st.floats(0, 130), min_size=1, max_size=30), st.integers(2, 40))
def test_tables_are_read_to_the_last_bit_as_numpy_does(winds, knots):
    rng = np.random.default_rng(knots)
    x = np.cumsum(rng.choice([0.001, 0.5, 5.0, 20.0], knots))
    y = np.sort(rng.random(knots)) * (np.arange(knots) > 0)
    curve = pd.DataFrame({"intensity": x, "ratio": y})
    rows = np.array([winds])
    found = impacts(events(rows, 1.0), assets(np.ones(len(winds))), curve)
    np.testing.assert_array_equal(found.share[0], table(curve)(rows[0]))


# --- the reference --------------------------------------------------------------------------


@pytest.mark.parametrize("name", parity.CURVES)
def test_the_engine_equals_the_reference_program(shared, name):
    ref = parity.losses(shared)
    where = {"lat": ref["lat"], "lon": ref["lon"]}
    held = exposed(pd.DataFrame({**where, "money": ref["value"]}), units={"money": "USD"})
    # On its own wind at each asset ...
    storm = event_set(ref["wind_at_exposure"][None], frequency=1.0, **where)
    found = impacts(storm, held, parity.tabulated(shared, name))
    known = ref[name]
    np.testing.assert_allclose(found.per_point("money"), known, rtol=parity.IMPACT_LIMIT)
    assert found.at_event("money")[0] == pytest.approx(known.sum(), rel=1e-12)
    # ... and on its grid, from which the engine finds the nearest point by itself.
    grid = np.zeros(len(ref["centroid_lat"]))
    grid[ref["centroid_index"]] = ref["wind_at_exposure"]
    lat, lon = ref["centroid_lat"], ref["centroid_lon"]
    storm = event_set(grid[None], frequency=1.0, lat=lat, lon=lon)
    found = impacts(storm, held, parity.tabulated(shared, name))
    same = np.isclose(found.per_point("money"), known, rtol=1e-9)
    assert same.mean() > 0.999  # two points at the same distance, but for the last digit
    assert found.at_event("money")[0] == pytest.approx(known.sum(), rel=1e-3)


def test_sets_are_not_changed():
    rows, values, frequency = big()
    given_ = events(rows, frequency)
    before = replace(given_, intensity=given_.intensity.copy(), point=given_.point.copy())
    impacts(given_, assets(values), CURVE, adjust=Adjust(1.1, 20.0))
    assert np.array_equal(given_.intensity, before.intensity)
    assert np.array_equal(given_.point, before.point)
