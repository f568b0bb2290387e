"""A nowcast through a detector: an outbreak that is still being filled up raises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch.detectors import METHODS

PROBS = (0.3, 0.4, 0.2, 0.1)
WEEKS = 330


def reports(places=12, outbreak=(), seed=1, mean=12.0, weeks=WEEKS) -> pd.DataFrame:
    """New reports of ``weeks`` weeks; the last ``outbreak`` week(s) of place p0 are larger."""
    rng = np.random.default_rng(seed)
    expected = np.full((places, weeks), mean)
    for back, factor in enumerate(reversed(outbreak), 1):
        expected[0, -back] *= factor
    count = rng.poisson(expected)
    came = rng.multinomial(count, PROBS)
    p, t, d = np.meshgrid(*map(np.arange, came.shape), indexing="ij")
    start = pd.Timestamp("2018-01-01") + pd.to_timedelta(7 * t.ravel(), "D")
    said = {
        "place": np.char.add("p", p.ravel().astype(str)), "start": start,
        "reported": start + pd.to_timedelta(7 * d.ravel() + 6, "D"), "value": came.ravel(),
    }  # fmt: skip
    return pd.DataFrame(said)


def now(weeks=WEEKS) -> pd.Timestamp:
    return pd.Timestamp("2018-01-01") + pd.Timedelta(days=7 * weeks - 1)


def nowcast(table, weeks=WEEKS):
    return hd.nowcast(table, as_of=now(weeks), max_delay=3, kind="new")


@pytest.mark.parametrize(
    "method", ["farrington_flexible", "ears_c2", "bayes", "endemic_percentile"]
)
def test_an_outbreak_that_is_still_filled_up_raises(method):
    made = nowcast(reports(outbreak=(3.0,)))
    known = made["value"].sel(place="p0").values[-1]
    params = {"percentile": 1.0} if method == "endemic_percentile" else {}
    plain = hd.detect(made["value"], method=method, last=1, **params).sel(place="p0").squeeze()
    assert plain["state"] == "quiet"
    found = hd.detect(made, method=method, last=1, **params).sel(place="p0").squeeze()
    assert found["state"] == "raised"
    assert found["value"] == known < found["upper"] < found["nowcast"]
    assert found["completeness"].item() == pytest.approx(0.3, abs=0.05)
    assert found["nowcast_lower"] <= found["nowcast"] <= found["nowcast_upper"]


def test_a_week_that_may_still_reach_its_bound_is_not_quiet():
    found = hd.detect(nowcast(reports(places=150)), last=4)
    state, reason = found["state"].values, found["reason"].values
    assert set(reason[state == "no_data"].tolist()) == {"incomplete"}
    upper, judged, most = (found[n].values for n in ("upper", "nowcast", "nowcast_upper"))
    newest = slice(-1, None)  # for the others the upper end also moves no bound
    open_ = found["completeness"].values < 0.95
    np.testing.assert_array_equal(
        (reason == "incomplete")[:, newest],
        (open_ & (judged <= upper) & (most > upper))[:, newest],
    )
    assert 0.05 < (reason[:, -1] == "incomplete").mean() < 0.95
    assert (state[:, 0] != "no_data").all()
    assert (state[:, -1] == "raised").mean() < 0.05


def test_complete_weeks_are_judged_as_ever():
    table = reports(places=5)
    later = hd.nowcast(table, as_of=now() + pd.Timedelta(weeks=4), max_delay=3, kind="new")
    later = later.isel(time=slice(None, WEEKS))
    found, plain = hd.detect(later, last=20), hd.detect(later["value"], last=20)
    for name in plain.data_vars:
        np.testing.assert_array_equal(found[name], plain[name])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_takes_a_nowcast(method):
    made = nowcast(reports(places=3))
    begins = {"baseline": 200} if method in ("cusum", "glr_poisson", "glr_negbin") else {}
    if METHODS[method].coordinates:
        begins = {
            "coordinates": {"p0": (10.0, 106.0), "p2": (10.1, 106.1), "nobody": (10.2, 106.2)}
        }
    if METHODS[method].needs_population:
        begins["population"] = {"p0": 1e4, "p2": 1e4, "nobody": 1e4}
    found = hd.detect(made, method=method, last=3, places=["p0", "p2", "nobody"], **begins)
    assert found["place"].values.tolist() == ["p0", "p2", "nobody"]
    assert (found["state"].sel(place="nobody") == "no_data").all()
    assert (found["reason"].sel(place="nobody") == "missing").all()
    np.testing.assert_array_equal(
        found["value"].values[:2], made["value"].sel(place=["p0", "p2"]).values[:, -3:]
    )
    assert found["completeness"].values[0].tolist() == sorted(
        found["completeness"].values[0], reverse=True
    )


def test_without_a_known_delay_nothing_is_quiet_but_much_is_still_raised():
    table = reports(places=2, weeks=4, mean=2)
    made = hd.nowcast(table, as_of=now(4), max_delay=3, kind="new")
    assert (made["reason"].values[:, -1] == "history").all()
    calm = pd.date_range("2017-06-05", periods=30, freq="7D")
    early = xr_nowcast(calm, 2.0, 1.0, "")
    late = xr_nowcast(pd.date_range("2018-01-01", periods=1), 3.0, np.nan, "history")
    joined = early.combine_first(late)
    found = hd.detect(joined, method="ears_c2", last=1)
    assert found["reason"].item() == "incomplete"
    loud = early.combine_first(xr_nowcast(late["time"].values, 60.0, np.nan, "history"))
    assert hd.detect(loud, method="ears_c2", last=1)["state"].item() == "raised"


def xr_nowcast(times, value, completeness, reason):
    wiggle = np.arange(len(times)) % 3 if len(times) > 1 else 0
    known = np.isfinite(completeness)
    rows = pd.DataFrame({"time": times, "place": "a", "value": value + wiggle})
    for name in ("median", "lower", "upper"):
        rows[name] = rows["value"] if known else np.nan
    rows["completeness"], rows["reason"] = completeness, reason
    return rows.set_index(["place", "time"]).to_xarray()


def test_what_is_no_nowcast_is_refused():
    made = nowcast(reports(places=2))
    with pytest.raises(BadData, match="lacks median"):
        hd.detect(made.drop_vars("median"))
    with pytest.raises(BadData, match="completeness"):
        hd.detect(made, completeness=0)
