"""Measures by hand, and Sobol's indices beside their closed form."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from haidang.base.errors import BadData, Unavailable
from haidang.risk.engine.change import changed
from haidang.risk.engine.curves import table
from haidang.risk.engine.events import event_set
from haidang.risk.engine.exposed import exposed
from haidang.risk.engine.measures import Measure, annuity, cost_benefit
from haidang.risk.engine.run import Adjust, impacts
from haidang.risk.engine.sensitivity import Factor, sensitivity
from haidang.risk.vulnerability import WindDamage
from risk.engine.test_engine import CURVE, assets, events

LINE = pd.DataFrame({"intensity": [0.0, 1000.0], "ratio": [0.0, 1.0]})


# --- measures -------------------------------------------------------------------------------


def one(measure, **how):
    storms = events([[30.0, 50.0], [60.0, 0.0]], [0.1, 0.01])
    held = exposed(
        pd.DataFrame({"point": ["p0", "p1"], "place": ["A", "B"], "money": [100.0, 1000.0]}),
        units={"money": "VND"},
    )
    (found,) = cost_benefit(storms, held, CURVE, [measure], years=2, rate=0.1, **how)
    assert found.before == pytest.approx(0.1 * (25 + 750) + 0.01 * 100)
    return found


def test_each_kind_of_measure_by_hand():
    dyke = one(Measure("dyke", cost=10, cutoff=40.0))
    assert dyke.after == pytest.approx(0.1 * 750 + 0.01 * 100)
    assert dyke.averted == pytest.approx(2.5)
    assert dyke.benefit == pytest.approx(2.5 * (1 / 1.1 + 1 / 1.21))
    assert dyke.ratio == pytest.approx(dyke.benefit / 10)
    assert dyke.net == pytest.approx(dyke.benefit - 10)
    roof = one(Measure("roof", cost=10, upkeep=1, shift=10.0))
    assert roof.after == pytest.approx(0.1 * (0 + 500) + 0.01 * 75)
    assert roof.cost == pytest.approx(10 + 1 / 1.1 + 1 / 1.21)
    half = one(Measure("half", cost=0, scale=0.5))
    assert half.after == pytest.approx(half.before / 2)
    assert half.ratio == float("inf")
    away = one(Measure("away", cost=1, moved=0.4, places=("B",)))
    assert away.after == pytest.approx(0.1 * (25 + 450) + 0.01 * 100)
    assert away.with_it.by_place("money").to_dict() == pytest.approx({"A": 3.5, "B": 45.0})
    nothing = one(Measure("nothing", cost=0))
    assert np.isnan(nothing.ratio)


def test_bad_measures():
    with pytest.raises(BadData, match="cost: the value -1"):
        Measure("m", cost=-1)
    with pytest.raises(BadData, match=r"moved: 1\.5 is not a share"):
        Measure("m", cost=1, moved=1.5)
    with pytest.raises(BadData, match="no exposed point lies in: C"):
        one(Measure("m", cost=1, moved=0.5, places=("A", "C")))
    with pytest.raises(BadData, match="peril"):
        one(Measure("m", cost=1, peril=1))
    with pytest.raises(BadData, match="0 years"):
        annuity(0, 0.1)
    with pytest.raises(BadData, match="members of one event"):
        cost_benefit(events([[1.0]]), assets([1.0]), CURVE, [])


@pytest.mark.parametrize(
    "does", [{"cutoff": 1.0}, {"shift": 1.0, "moved": 0.5}, {"scale": 0.5}, {}]
)
def test_a_measure_that_acts_everywhere_names_no_places(does):
    with pytest.raises(BadData, match="names places") as caught:
        Measure("dyke", cost=1, places=("B",), **does)
    assert "địa phương" in caught.value.say("vi")


def test_years_are_whole():
    assert annuity(2.0, 0.0) == 2.0
    with pytest.raises(BadData, match="whole years"):
        annuity(2.5, 0.0)


def test_of_several_perils_a_measure_works_against_one():
    sets = [events([[40.0]], 1.0), events([[40.0]], 1.0)]
    wall = Measure("wall", cost=1, cutoff=99.0, peril=1)
    (found,) = cost_benefit(sets, assets([100.0]), [CURVE, CURVE], [wall], rule="combined")
    assert (found.before, found.after) == (pytest.approx(75.0), pytest.approx(50.0))


def test_a_changed_curve_stays_what_it_was_between_its_knots():
    x = np.linspace(0, 150, 301)
    curve = table(CURVE)
    got = changed(CURVE, shift=5.0, stretch=1.2, scale=1.5)
    want = np.minimum(curve((x - 5) / 1.2) * 1.5, 1.0)
    np.testing.assert_allclose(got(x), want, atol=1e-12)
    form = changed(WindDamage(60.0), stretch=1.2)
    np.testing.assert_allclose(form(x), WindDamage(60.0)(x / 1.2))
    by = changed({"a": CURVE, "b": {"c": CURVE}}, scale=0.5)
    assert by["b"]["c"](np.array([99.0]))[0] == 0.5


# --- sensitivity ------------------------------------------------------------------------------


def line_world():
    rng = np.random.default_rng(1)
    rows = rng.uniform(0, 50, (5, 7))
    return event_set(rows, frequency=0.1), exposed(
        pd.DataFrame({"lat": np.arange(7.0), "lon": np.arange(7.0), "people": rng.uniform(1, 9, 7)})
    )


def test_indices_of_a_product_are_those_of_the_closed_form():
    storms, held = line_world()
    storms = event_set(
        np.stack([storms.intensity[storms.start[e] : storms.start[e + 1]] for e in range(5)]),
        frequency=0.1, lat=held.lat, lon=held.lon,
    )  # fmt: skip
    factors = [
        Factor("wind", "hazard", "uniform", (0.5, 1.5)),
        Factor("value", "exposure", "triangular", (0.8, 1.0, 1.2)),
        Factor("harm", "vulnerability", "lognormal", (0.0, 0.2)),
        Factor("rate", "frequency", "normal", (1.0, 0.1)),
    ]
    found = sensitivity(storms, held, LINE, factors, samples=128, seed=7)
    assert found.runs == 128 * 6
    assert len(found.draws) == 256
    # The outcome is the product of the factors: of c = (sd / mean)^2 each,
    # V = prod(1 + c) - 1, S1 = c / V, ST = c prod(1 + c of the others) / V.
    c = np.array([1 / 12, 0.04 / 6, np.exp(0.04) - 1, 0.01])
    v = np.prod(1 + c) - 1
    got = found.indices.set_index("factor")
    np.testing.assert_allclose(got["S1"], c / v, atol=0.06)
    np.testing.assert_allclose(got["ST"], c * np.prod(1 + c) / (1 + c) / v, atol=0.06)
    assert (got[["S1_conf", "ST_conf"]] > 0).all(axis=None)
    # Distribution of the outcome: mean and spread of the product.
    y = found.draws["people"]
    sure = float(0.1 * (storms.intensity.reshape(5, 7) / 1000 @ held.values[0]).sum())
    assert y.mean() == pytest.approx(sure * np.exp(0.02), rel=0.03)
    assert y.std() / y.mean() == pytest.approx(np.sqrt(v), rel=0.15)


def test_outcomes_quantiles_and_the_seed():
    storms, held = events([[30.0, 50.0], [60.0, 0.0]], [0.1, 0.01]), assets([100.0, 1000.0])
    factors = [
        Factor("h", "hazard", "uniform", (0.9, 1.1)),
        Factor("c", "curve", "uniform", (0.9, 1.1)),
    ]
    of = {
        "expected": lambda f: f.expected("money"),
        "once in 20": lambda f: f.return_periods("money", 20.0),
        "fixed": lambda f: 1.0,
    }
    first = sensitivity(storms, held, CURVE, factors, outcomes=of, samples=16)
    again = sensitivity(storms, held, CURVE, factors, outcomes=of, samples=16)
    pd.testing.assert_frame_equal(first.indices, again.indices)
    pd.testing.assert_frame_equal(first.draws, again.draws)
    other = sensitivity(storms, held, CURVE, factors, outcomes=of, samples=16, seed=2)
    assert not first.draws.equals(other.draws)
    q = first.quantiles()
    assert list(q.index) == list(of)
    assert (q.loc["expected"].diff().dropna() > 0).all()
    assert first.indices.set_index("outcome").loc["fixed", "S1"].isna().all()
    # A draw is a run: the same by hand.
    row = first.draws.iloc[3]
    same = impacts(storms, held, changed(CURVE, stretch=row["c"]), adjust=Adjust(row["h"]))
    assert row["expected"] == pytest.approx(same.expected("money"), rel=1e-12)


def test_factors_of_one_category_and_peril():
    sets = [events([[40.0]], 1.0), events([[20.0]], 1.0)]
    held = assets([100.0], people=[10.0])
    factors = [
        Factor("a", "curve", "uniform", (0.5, 0.6), category="people"),
        Factor("b", "hazard", "uniform", (1.5, 1.6), peril=1),
        Factor("v", "vulnerability", "uniform", (0.1, 0.2), category="people", peril=1),
    ]
    found = sensitivity(sets, held, [CURVE, CURVE], factors, samples=2)
    # The first peril takes half of the money, and all of the people once its curve is weaker.
    assert found.draws["money"].tolist() == pytest.approx([50.0] * 4)
    assert found.draws["people"].tolist() == pytest.approx([10.0] * 4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("x", "rain", "uniform", (0, 1)), "'rain' is not known"),
        (("x", "hazard", "cauchy", (0, 1)), "'cauchy' is not known"),
        (("x", "hazard", "uniform", (1, 1)), "not the numbers"),
        (("x", "hazard", "uniform", (-1, 1)), "not the numbers"),
        (("x", "hazard", "uniform", (0, 1, 2)), "not the numbers"),
        (("x", "hazard", "triangular", (0, 2, 2)), "not the numbers"),
        (("x", "hazard", "triangular", (1, 0.5, 2)), "not the numbers"),
        (("x", "hazard", "normal", (1, 0)), "not the numbers"),
        (("x", "hazard", "lognormal", (0, float("nan"))), "not the numbers"),
    ],
)
def test_bad_factors(given, said):
    with pytest.raises(BadData, match=said):
        Factor(*given)


def test_bad_sensitivity(monkeypatch):
    storms, held = events([[30.0]], 1.0), assets([1.0])
    good = Factor("x", "hazard", "uniform", (0, 1))
    with pytest.raises(BadData, match="power of 2"):
        sensitivity(storms, held, CURVE, [good], samples=100)
    with pytest.raises(BadData, match="at least one factor"):
        sensitivity(storms, held, CURVE, [])
    with pytest.raises(BadData, match="at least one factor"):
        sensitivity(storms, held, CURVE, [good, good])
    with pytest.raises(BadData, match="at least one factor"):
        sensitivity(storms, held, CURVE, [Factor("money", "hazard", "uniform", (0, 1))])
    with pytest.raises(BadData, match="no category 'crops'"):
        sensitivity(storms, held, CURVE, [Factor("x", "exposure", "uniform", (0, 1), "crops")])
    with pytest.raises(BadData, match="peril"):
        sensitivity(storms, held, CURVE, [Factor("x", "hazard", "uniform", (0, 1), None, 3)])
    often = Factor("x", "frequency", "uniform", (0, 1))
    with pytest.raises(BadData, match="members of one event"):
        sensitivity(events([[30.0]]), held, CURVE, [often])
    with pytest.raises(BadData, match="cannot be negative"):
        sensitivity(storms, held, CURVE, [Factor("x", "hazard", "normal", (0.1, 5))], samples=8)
    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    with pytest.raises(Unavailable, match=r"haidang\[sensitivity\]"):
        sensitivity(storms, held, CURVE, [good])
