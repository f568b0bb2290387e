from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest

from haidang.base.errors import BadData
from haidang.risk.flood_damage import ASIA, DEPTHS_M, DepthDamage
from haidang.risk.impact import impact

COLUMNS = {"roads": "infrastructure_roads"}


@pytest.mark.parametrize("asset", ASIA)
def test_knots_are_the_published_ones(shared, asset):
    path = shared / "data" / "impact" / "jrc_asia_depth_damage.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [float(r["depth_m"]) for r in rows] == list(DEPTHS_M)
    assert [float(r[COLUMNS.get(asset, asset)]) for r in rows] == list(ASIA[asset])


@pytest.mark.parametrize("asset", ASIA)
def test_curves_rise_from_nothing_to_everything(asset):
    knots = np.array(ASIA[asset])
    assert knots[0] == 0
    assert knots[-1] == 1
    assert np.all(np.diff(knots) >= 0)
    curve = DepthDamage(asset)
    assert float(curve(0.25)) == pytest.approx(knots[1] / 2)
    assert float(curve(30.0)) == 1
    assert np.isnan(curve(np.nan))


def test_a_loss_in_metres_of_water():
    depth = np.array([0.0, 0.5, 1.0, np.nan])  # m, not cm or feet
    loss = impact(depth, 1000.0, DepthDamage("residential"))
    assert loss[:3].round(1).tolist() == [0.0, 326.6, 494.1]
    table = impact(depth, 1000.0, DepthDamage("residential").tabulated())
    np.testing.assert_allclose(loss, table)
    assert isinstance(DepthDamage("roads").tabulated(), pd.DataFrame)


def test_no_such_asset():
    with pytest.raises(BadData) as error:
        DepthDamage("boats")
    assert "boats" in error.value.say("vi")
