from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.risk.hazards import tropical_cyclone as tc
from haidang.risk.hazards import tropical_cyclone_fill as fill
from risk import parity

KN = 1852 / 3600
SETTINGS = settings(deadline=None, max_examples=60)


def made_up_track(n: int = 9, lat0: float = 15.0, lon0: float = 110.0, **more: object):
    k = np.arange(n)
    table = pd.DataFrame(
        {
            "time": pd.date_range("2024-09-05", periods=n, freq="h"),
            "lat": lat0 + 0.1 * k,
            "lon": lon0 - 0.2 * k,
            "max_sustained_wind": 80.0 + k,
            "central_pressure": 960.0 - 0.5 * k,
            "environmental_pressure": 1008.0,
            "radius_max_wind": 25.0,
        }
    )
    for name, value in more.items():
        table[name] = value
    return table


def around(lat: float, lon: float, step: float = 0.25, n: int = 9) -> xr.Dataset:
    d = (np.arange(n) - n // 2) * step
    return xr.Dataset(coords={"lat": lat + d, "lon": lon + d})


# --- the slow obvious twin: one number at a time, straight from the equations ----------------


def twin(model, track, lat, lon, cutoff=300.0):
    """Wind at one point at every time, in plain Python."""
    out = [0.0]
    rows = track.to_dict("list")
    for i in range(1, len(track)):
        hours = (rows["time"][i] - rows["time"][i - 1]).total_seconds() / 3600
        la, lo, la0, lo0 = rows["lat"][i], rows["lon"][i], rows["lat"][i - 1], rows["lon"][i - 1]
        vmax, pc = rows["max_sustained_wind"][i] * KN, rows["central_pressure"][i]
        R = rows["radius_max_wind"][i] * 1.852
        d_lon = (lo - lo0 + 540) % 360 - 180
        vn = (la - la0) * 111120 / (hours * 3600)
        ve = d_lon * math.cos(math.radians(la0)) * 111120 / (hours * 3600)
        vt = math.hypot(vn, ve)
        if vt > 30 * KN:
            vn, ve, vt = vn * 30 * KN / vt, ve * 30 * KN / vt, 30 * KN
        dy = (lat - la) * 111.12
        dx = ((lon - lo + 540) % 360 - 180) * 111.12 * math.cos(math.radians(la))
        r = math.hypot(dx, dy)
        if r > cutoff or r < 1e-6:
            out.append(0.0)
            continue
        dp = max(1e-300, rows["environmental_pressure"][i] - pc)
        f = 2 * 7.29e-5 * math.sin(math.radians(abs(la)))
        x = 0.6 * (1 - dp / 215)
        b = -4.4e-5 * dp**2 + 0.01 * dp + 0.03 * (pc - rows["central_pressure"][i - 1]) / hours
        b += -0.014 * abs(la) + (0.15 * vt**x if vt > 0 else (0.15 if x == 0 else 0.0)) + 1
        b = min(max(b, 0.81), 2.025)
        share = min(1.0, R / r)
        if model in ("H08", "H1980"):
            if model == "H1980":
                vg = max(0.0, vmax - vt) / 0.9
                b = min(max(vg**2 * math.e * 1.15 / (dp * 100), 1.0), 2.5)
            u = (R / r) ** b
            half = r * 1000 * f / 2
            v = math.sqrt(b / 1.15 * u * dp * 100 * math.exp(-u) + half**2) - half
            v = 0.9 * v if model == "H1980" else v - share * vt
        elif model == "H10":
            vm = math.sqrt(b * dp * 100 / (1.15 * math.e))
            un = (R / 300) ** b
            xn = math.log(17 / vm) / math.log(un * math.exp(1 - un))
            power = max(0.4, 0.5 + max(0.0, r - R) * (xn - 0.5) / (300 - R))
            u = (R / r) ** b
            v = vm * (u * math.exp(1 - u)) ** power - share * vt
        else:
            momentum = R * 1000 * vmax + f * (R * 1000) ** 2 / 2
            v = max(0.0, momentum * 2 * (r / R) ** 2 / (1 + (r / R) ** 2) / (r * 1000))
        turn = v if la >= 0 else -v
        north, east = turn * dx / r + share * vn, -turn * dy / r + share * ve
        out.append(math.hypot(north, east))
    return np.array(out)


# --- against the reference program -------------------------------------------------------------


@pytest.mark.parametrize("model", tc.MODELS)
def test_maximum_equals_the_reference(shared, model):
    figure = parity.wind(shared, model)
    assert figure.n > 3000
    assert figure.misplaced == 0
    assert figure.largest <= parity.WIND_LIMIT == 1e-12


def test_every_hour_and_direction_equals_the_reference(shared):
    figure = parity.vectors(shared)
    assert figure.n > 1_000_000
    assert figure.largest <= parity.VECTOR_LIMIT == 1e-10


def test_parity_notices_a_wrong_field(shared, monkeypatch):
    right = tc.windfield
    monkeypatch.setattr(tc, "windfield", lambda *a: right(*a) * (1 + 1e-11))
    assert not parity.wind(shared, "H08").good
    monkeypatch.setattr(tc, "windfield", lambda *a: right(*a).where(lambda w: w > 20, 0.0))
    assert parity.wind(shared, "H08").misplaced > 0


# --- against the twin --------------------------------------------------------------------------

tracks = st.builds(
    lambda lat, lon, dlat, dlon, v, dp, tend, r: made_up_track(
        5,
        lat=lat + dlat * np.arange(5),
        lon=(lon + dlon * np.arange(5) + 540) % 360 - 180,
        # A gale without a deficit of pressure is refused.
        max_sustained_wind=v if dp > max(0.0, 4 * tend) + 1e-6 else min(v, 33.0),
        central_pressure=1008.0 - dp + tend * np.arange(5),
        radius_max_wind=r,
    ),
    lat=st.floats(-40, 40),
    lon=st.sampled_from([110.0, 179.9, -179.9, 0.0]),
    dlat=st.floats(-0.8, 0.8),
    dlon=st.floats(-0.8, 0.8),
    v=st.floats(0, 170),
    dp=st.floats(0, 130),
    tend=st.floats(-3, 3),
    r=st.floats(3, 120),
)


@SETTINGS
@given(tracks, st.sampled_from(tc.MODELS), st.floats(-3, 3), st.floats(-3, 3))
def test_equals_the_twin(track, model, dlat, dlon):
    lat = float(track["lat"][2] + dlat)
    lon = float((track["lon"][2] + dlon + 540) % 360 - 180)
    got = tc.windfield(track, pd.DataFrame({"lat": [lat], "lon": [lon]}), model)
    np.testing.assert_allclose(got[:, 0], twin(model, track, lat, lon), rtol=1e-9, atol=1e-9)
    assert (got >= 0).all()


@SETTINGS
@given(tracks, st.sampled_from(tc.MODELS))
def test_south_mirrors_north(track, model):
    assume((track["lat"] != 0).all())  # the equator itself counts as north
    mirrored = track.assign(lat=-track["lat"])
    points = around(round(track["lat"][2], 1), track["lon"][2])
    south = points.assign_coords(lat=-points["lat"])
    a, b = tc.wind_vectors(track, points, model), tc.wind_vectors(mirrored, south, model)
    np.testing.assert_allclose(a.east.to_numpy(), b.east.to_numpy(), atol=1e-9)
    np.testing.assert_allclose(a.north.to_numpy(), -b.north.to_numpy(), atol=1e-9)


@pytest.mark.parametrize("model", tc.MODELS)
def test_round_the_world_nothing_changes(model):
    def at(lon0):
        return tc.windfield(made_up_track(lon0=lon0), around(15.3, lon0 - 0.7), model).to_numpy()

    np.testing.assert_allclose(at(180.3), at(110.0), atol=1e-9)
    np.testing.assert_allclose(at(-179.5), at(110.0), atol=1e-9)
    np.testing.assert_allclose(at(0.2), at(110.0), atol=1e-9)


@pytest.mark.parametrize("model", tc.MODELS)
@pytest.mark.parametrize(("lat0", "sense"), [(15.0, 1.0), (-15.0, -1.0)])
def test_turns_against_the_clock_in_the_north_and_with_it_in_the_south(model, lat0, sense):
    still = made_up_track(3, lat=lat0, lon=110.0)
    east_of_it = pd.DataFrame({"lat": [lat0], "lon": [110.5]})
    got = tc.wind_vectors(still, east_of_it, model).isel(time=1, point=0)
    assert sense * float(got.north) > 10
    assert float(got.east) == pytest.approx(0, abs=1e-9)


def test_stronger_where_the_storm_moves_with_its_wind():
    west = made_up_track(3, lat=15.0)  # moves west; the right-hand side is the north
    got = tc.windfield(west, pd.DataFrame({"lat": [15.4, 14.6], "lon": [109.8, 109.8]}), "H1980")
    assert float(got[1, 0]) > float(got[1, 1]) + 3


def test_the_peak_of_er11_is_the_given_wind_plus_the_movement():
    track = made_up_track(3, lat0=0.0, lat=0.0, lon=110.0)  # on the equator, standing still
    R = 25 * 1.852 / 111.12
    got = tc.windfield(track, pd.DataFrame({"lat": [R], "lon": [110.0]}), "ER11")
    assert float(got[1, 0]) == pytest.approx(81 * KN)


def test_translation_is_capped_at_thirty_knots():
    fast = made_up_track(3, lon=[110.0, 105.0, 100.0])
    hours = np.arange(3.0)
    north, east, length = tc.translation(hours, fast["lat"].to_numpy(), fast["lon"].to_numpy())
    assert np.isnan(length[0])
    assert length[1] == pytest.approx(30 * KN)
    assert math.hypot(north[1], east[1]) == pytest.approx(30 * KN)
    assert east[1] < 0


def test_first_position_centre_and_far_cells_have_no_wind():
    points = pd.DataFrame({"lat": [15.1, 15.1, 15.1], "lon": [109.8, 109.9, 106.9]})
    got = tc.windfield(made_up_track(3), points)
    assert (got[0] == 0).all()
    assert float(got[1, 0]) == 0
    assert float(got[1, 1]) > 0
    assert float(got[1, 2]) == 0
    assert float(tc.windfield(made_up_track(3), points, cutoff_km=400.0)[1, 2]) > 0


def test_attributes_and_dims():
    got = tc.windfield(made_up_track(), around(15, 110), "H10", cutoff_km=250)
    assert got.dims == ("time", "lat", "lon")
    assert got.attrs["averaging"] == "1 minute"
    assert got.attrs["units"] == "m/s"
    assert got.attrs["height"] == "10 m"
    assert got.attrs["model"] == "H10"
    assert got.attrs["cutoff_km"] == 250
    assert got.attrs["filled"] == ""


def test_kinds_of_points_agree():
    geopandas = pytest.importorskip("geopandas")
    lat, lon = np.array([15.0, 15.3, 16.0]), np.array([109.0, 109.5, 110.0])
    table = pd.DataFrame({"lat": lat, "lon": lon}, index=["a", "b", "c"])
    frame = geopandas.GeoDataFrame(
        index=table.index, geometry=geopandas.points_from_xy(lon, lat), crs="EPSG:4326"
    )
    cells = xr.Dataset(coords={"lat": ("cell", lat), "lon": ("cell", lon)})
    grid = xr.DataArray(np.zeros((3, 3)), coords={"lat": lat, "lon": lon}, dims=("lat", "lon"))
    want = tc.windfield(made_up_track(), table)
    assert want.dims == ("time", "point")
    assert want["point"].to_numpy().tolist() == ["a", "b", "c"]
    xr.testing.assert_identical(tc.windfield(made_up_track(), frame), want)
    xr.testing.assert_identical(tc.windfield(made_up_track(), frame.geometry), want)
    assert (tc.windfield(made_up_track(), cells).to_numpy() == want.to_numpy()).all()
    on_grid = tc.windfield(made_up_track(), grid).to_numpy()
    assert (np.einsum("tii->ti", on_grid) == want.to_numpy()).all()


def test_kinds_of_tracks_and_units_agree():
    table = made_up_track()
    points = around(15.3, 109.3)
    want = tc.windfield(table, points)
    aware = table.assign(time=table["time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    xr.testing.assert_identical(tc.windfield(aware, points), want)
    metric = table.assign(
        max_sustained_wind=table["max_sustained_wind"] * KN,
        radius_max_wind=table["radius_max_wind"] * 1.852,
    ).set_index("time")
    dataset = xr.Dataset.from_dataframe(metric).set_coords(["lat", "lon"])
    dataset.attrs["max_sustained_wind_unit"] = "m/s"
    dataset["radius_max_wind"].attrs["units"] = "km"
    xr.testing.assert_allclose(
        tc.windfield(dataset, points, "H1980"), tc.windfield(table, points, "H1980")
    )


# --- what is missing is filled and said --------------------------------------------------------


def test_missing_size_and_pressure_are_filled_and_said():
    full = made_up_track()
    bare = full[["time", "lat", "lon", "max_sustained_wind"]]
    v = full["max_sustained_wind"].to_numpy() * KN
    by_hand = full.assign(
        central_pressure=fill.pressure_from_wind(v),
        environmental_pressure=1010.0,
        radius_max_wind=fill.radius_of_maximum_wind(v / 0.9, full["lat"]) / 1.852,
    )
    for model in tc.MODELS:
        got = tc.windfield(bare, around(15.3, 109.3), model)
        np.testing.assert_allclose(got, tc.windfield(by_hand, around(15.3, 109.3), model))
        for said in ("central pressure", "1010 hPa", "Willoughby", "(9 of 9)"):
            assert said in got.attrs["filled"]
    gap = full.copy()
    gap.loc[3, "max_sustained_wind"] = np.nan
    got = tc.windfield(gap, around(15.3, 109.3))
    assert got.attrs["filled"] == "highest wind after Atkinson & Holliday (1977) (1 of 9)"


BAD = {
    "swapped": ({"lat": 110.0, "lon": 15.0}, "line 2, lat: the latitude 110.0 is off the globe"),
    "nan": ({"lat": [15.0, np.nan, 15.2]}, "line 3, lat: the position of the centre is missing"),
    "far": ({"lon": 500.0}, "longitude 500.0"),
    "text": ({"lat": ["15", "x", "16"]}, "is not a number"),
    "twice": ({"time": pd.Timestamp("2024-09-05")}, "line 3, time: the time is not later"),
    "backwards": (
        {"time": pd.to_datetime(["2024-09-05", "2024-09-07", "2024-09-06"])},
        "line 4, time: the time is not later",
    ),
    "no time": ({"time": pd.to_datetime(["2024-09-05", None, "2024-09-06"])}, "time is missing"),
    "number as time": ({"time": [1, 2, 3]}, "not dates"),
    "no intensity": (
        {"max_sustained_wind": np.nan, "central_pressure": np.nan},
        "neither the highest wind nor",
    ),
    "negative": ({"max_sustained_wind": -5.0}, "highest wind"),
    "pascal": ({"central_pressure": 96000.0}, "96000.0 hPa cannot be"),
    "no size": ({"radius_max_wind": 0.0}, "radius of maximum wind 0.0"),
    "pressures exchanged": (
        {"central_pressure": 1008.0, "environmental_pressure": [1010.0, 950.0, 1010.0]},
        "line 3, central_pressure: the central pressure 1008.0 hPa is not below",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tracks_are_refused_with_line_and_column(name):
    change, said = BAD[name]
    track = made_up_track(3, **change)
    track.attrs["file"] = "track.csv"
    with pytest.raises(BadData) as caught:
        tc.windfield(track, around(15, 110))
    assert said in str(caught.value)
    assert "track.csv" in str(caught.value)
    assert caught.value.say("vi") != caught.value.say("en")


def test_a_weak_low_may_have_no_deficit():
    weak = made_up_track(3, max_sustained_wind=30.0, central_pressure=1009.0)
    assert tc.windfield(weak, around(15, 110), "H1980").max() > 0


def test_other_bad_tracks():
    points = around(15, 110)
    with pytest.raises(BadData, match="no wind model 'H99'"):
        tc.windfield(made_up_track(), points, "H99")
    with pytest.raises(BadData, match="at least two"):
        tc.windfield(made_up_track(1), points)
    with pytest.raises(BadData, match="lat: the track has no such column"):
        tc.windfield(made_up_track().drop(columns="lat"), points)
    with pytest.raises(BadData, match="two columns are called 'lat'"):
        tc.windfield(pd.concat([made_up_track(), made_up_track()[["lat"]]], axis=1), points)
    with pytest.raises(BadData, match="xarray Dataset"):
        tc.windfield([1, 2], points)
    with pytest.raises(BadData, match="cutoff"):
        tc.windfield(made_up_track(), points, cutoff_km=0)
    ten = made_up_track()
    ten.attrs["averaging"] = "10 minutes"
    with pytest.raises(BadData, match="convert it first"):
        tc.windfield(ten, points)
    odd = made_up_track()
    odd.attrs["max_sustained_wind_unit"] = "furlong"
    with pytest.raises(BadData, match="furlong"):
        tc.windfield(odd, points)


def test_bad_points():
    track = made_up_track()
    bad = {
        "missing": pd.DataFrame({"lat": [15.0, np.nan], "lon": [1.0, 1.0]}),
        "off the globe": pd.DataFrame({"lat": [110.0], "lon": [15.0]}),
        "longitude 999": pd.DataFrame({"lat": [15.0], "lon": [999.0]}),
        "not a number": pd.DataFrame({"lat": ["north"], "lon": [15.0]}),
        "cannot be read": pd.DataFrame({"y": [15.0]}),
        "one-dimensional": xr.Dataset(coords={"lat": (("a", "b"), np.zeros((2, 2)))}),
    }
    for said, points in bad.items():
        with pytest.raises(BadData, match=said):
            tc.windfield(track, points)
    geopandas = pytest.importorskip("geopandas")
    points = geopandas.GeoSeries.from_wkt(["POINT (110 15)"], crs="EPSG:4326")
    with pytest.raises(BadData, match="not in degrees"):
        tc.windfield(track, points.to_crs("EPSG:3857"))
    with pytest.raises(BadData, match="not points"):
        tc.windfield(track, points.to_crs("EPSG:3857").buffer(9).to_crs("EPSG:4326"))


# --- the ensemble --------------------------------------------------------------------------------


def an_ensemble(seed, members=6, steps=12, lon0=110.0):
    rng = np.random.default_rng(seed)
    k = np.arange(steps)
    lat = 15 + rng.normal(0, 0.6, (members, 1)) + 0.15 * k + rng.normal(0, 0.03, (members, steps))
    lon = lon0 + rng.normal(0, 0.6, (members, 1)) - 0.3 * k
    v = rng.uniform(20, 70, (members, 1)) + rng.normal(0, 2, (members, steps))
    cells = rng.uniform(-2.5, 2.5, (2, 37)) + np.array([[15.5], [lon0 - 1.5]])
    start = np.array([0, 5, 5, 20, 36, 37])  # one area without cells, one with a single one
    return k.astype(float), lat, lon, v, cells[0], cells[1], start


LEVELS = np.array([10.8, 17.2, 32.7, 90.0])


def derived(fields, start, levels):
    """cell_max, area_max, first, last from fields (member, time, cell), the long way."""
    n, _, _ = fields.shape
    areas = len(start) - 1
    area_max = np.zeros((n, areas))
    first = np.full((n, areas, len(levels)), -1)
    last = first.copy()
    for m in range(n):
        for a in range(areas):
            inside = fields[m][:, start[a] : start[a + 1]]
            if inside.shape[1] == 0:
                continue
            by_time = inside.max(axis=1)
            area_max[m, a] = by_time.max()
            for k, level in enumerate(levels):
                hit = np.flatnonzero(by_time >= level)
                if hit.size:
                    first[m, a, k], last[m, a, k] = hit[0], hit[-1]
    return fields.max(axis=1), area_max, first, last


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10**6),
    st.sampled_from(tc.MODELS),
    st.sampled_from([110.0, 180.5, -179.0]),
    st.sampled_from([1.0, 0.93]),
    st.sampled_from([120.0, 300.0]),
)
def test_swath_equals_the_fields_of_its_members(seed, model, lon0, scale, cutoff):
    hours, lat, lon, v, cells_lat, cells_lon, start = an_ensemble(seed, lon0=lon0)
    found = tc.swath(
        tc.prepare_ensemble(hours, lat, lon, v),
        cells_lat,
        cells_lon,
        start,
        LEVELS,
        model=model,
        cutoff_km=cutoff,
        scale=scale,
        threads=2,
    )
    points = pd.DataFrame({"lat": cells_lat, "lon": cells_lon})
    fields = []
    for m in range(len(lat)):
        track = pd.DataFrame(
            {
                "time": pd.Timestamp("2024-09-05") + pd.to_timedelta(hours, "h"),
                "lat": lat[m],
                "lon": lon[m],
                "max_sustained_wind": v[m],
            }
        )
        track.attrs["max_sustained_wind_unit"] = "m/s"
        fields.append(scale * tc.windfield(track, points, model, cutoff).to_numpy())
    want = derived(np.array(fields), start, LEVELS)
    # To the last bit: one kernel, no sums over members.
    got = (found.cell_max, found.area_max, found.first, found.last)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("model", tc.MODELS)
def test_threads_do_not_change_a_bit(model):
    hours, lat, lon, v, cells_lat, cells_lon, start = an_ensemble(7, members=53)
    ready = tc.prepare_ensemble(hours, lat, lon, v)
    runs = [
        tc.swath(ready, cells_lat, cells_lon, start, LEVELS, model=model, threads=n)
        for n in (1, 2, 5, None)
    ]
    for other in runs[1:]:
        for name in ("cell_max", "area_max", "first", "last"):
            np.testing.assert_array_equal(getattr(runs[0], name), getattr(other, name))
    assert runs[0].cell_max.max() > 20


def test_a_member_without_a_storm_has_no_wind_and_a_gap_has_no_translation():
    hours, lat, lon, v, cells_lat, cells_lon, start = an_ensemble(3)
    lat[2], lon[2] = np.nan, np.nan
    lat[4, 5], lon[4, 5] = np.nan, np.nan
    ready = tc.prepare_ensemble(hours, lat, lon, v)
    assert np.isnan(ready.lat[4]).nonzero()[0].tolist() == [0, 5, 6]
    found = tc.swath(ready, cells_lat, cells_lon, start, LEVELS)
    assert (found.cell_max[2] == 0).all()
    assert (found.first[2] == -1).all()
    assert found.cell_max[3].max() > 0
    forward = tc.prepare_ensemble(hours, lat, lon, v, first_step="forward")
    assert np.isnan(forward.lat[4]).nonzero()[0].tolist() == [5]
    assert np.isnan(forward.lat[2]).all()


def test_the_storm_that_is_here_now_has_wind_now():
    hours = np.arange(3.0)
    lat, lon = np.array([[15.0, 15.2, 15.4]]), np.array([[110.0, 109.8, 109.6]])
    args = (hours, lat, lon, np.full((1, 3), 50.0), None, [15.3], [110.0])
    now = tc.ensemble_swath(*args, area_start=[0, 1], thresholds=[17.2])
    calm = tc.ensemble_swath(*args, area_start=[0, 1], thresholds=[17.2], first_step="calm")
    assert now.first[0, 0, 0] == 0
    assert calm.first[0, 0, 0] == 1
    # The same movement all along: the forward step moves as the next one does.
    ready = tc.prepare_ensemble(hours, lat, lon, 50.0, first_step="forward")
    assert ready.v_trans[0, 0] == ready.v_trans[0, 1]


def test_scale_by_cell():
    hours, lat, lon, v, cells_lat, cells_lon, start = an_ensemble(5)
    ready = tc.prepare_ensemble(hours, lat, lon, v)
    factor = np.linspace(0.5, 1.5, len(cells_lat))
    plain = tc.swath(ready, cells_lat, cells_lon, start, LEVELS)
    scaled = tc.swath(ready, cells_lat, cells_lon, start, LEVELS, scale=factor)
    np.testing.assert_allclose(scaled.cell_max, plain.cell_max * factor, rtol=1e-15)


def test_bad_ensembles():
    hours, lat, lon, v, cells_lat, cells_lon, start = an_ensemble(1)
    ready = tc.prepare_ensemble(hours, lat, lon, v)
    with pytest.raises(ValueError, match="area_start"):
        tc.swath(ready, cells_lat, cells_lon, [0, 5], LEVELS)
    with pytest.raises(ValueError, match="thresholds"):
        tc.swath(ready, cells_lat, cells_lon, start, [20.0, 10.0])
    with pytest.raises(ValueError, match="scale"):
        tc.swath(ready, cells_lat, cells_lon, start, LEVELS, scale=0.0)
    with pytest.raises(ValueError, match="member, time"):
        tc.prepare_ensemble(hours, lat[0], lon[0], v[0])
    with pytest.raises(ValueError, match="member, time"):
        tc.swath(
            tc.prepare(hours, lat[0], lon[0], v[0], None, None, None), [1.0], [1.0], [0, 1], LEVELS
        )
    lon_gap = lon.copy()
    lon_gap[1, 2] = np.nan
    with pytest.raises(BadData, match=r"line 4, lon\[member=1\]"):
        tc.prepare_ensemble(hours, lat, lon_gap, v)


# --- single equations ------------------------------------------------------------


def test_holland_peaks_at_the_radius_of_maximum_wind():
    r = np.arange(5.0, 200.0, 0.5)
    v = np.array([tc.holland_profile(x, 40.0, 1.5, 5000 / 1.15, 0.0) for x in r])
    assert r[v.argmax()] == pytest.approx(40.0)
    assert v.max() == pytest.approx(math.sqrt(1.5 * 5000 / 1.15 / math.e))


def test_h10_passes_through_its_anchor():
    b, R = np.array(1.3), np.array(40.0)
    v_m = tc.h10_peak(b, np.array(50.0))
    x_n = tc.h10_outer_exponent(v_m, b, R)
    assert x_n > 0.4
    assert tc.h10_profile(300.0, 40.0, 1.3, float(v_m), float(x_n)) == pytest.approx(17.0)
    assert tc.h10_profile(40.0, 40.0, 1.3, float(v_m), float(x_n)) == pytest.approx(float(v_m))
    # A storm wider than the anchor has no outer part.
    assert float(tc.h10_outer_exponent(v_m, b, np.array(300.0))) == 0.5
    assert np.isfinite(tc.h10_profile(350.0, 300.0, 1.3, 30.0, 0.5))


def test_er11_peaks_with_the_given_wind_without_rotation_of_the_earth():
    momentum = float(tc.er11_momentum(np.array(50.0), np.array(30.0), np.array(0.0)))
    assert tc.er11_profile(30.0, 30.0, momentum) == pytest.approx(50.0)
    assert tc.er11_profile(60.0, 30.0, momentum) == pytest.approx(50.0 * 2 * 4 / 5 / 2)


def test_what_er11_leaves_of_the_rotation_of_the_earth_is_what_its_page_says():
    f = float(tc.coriolis(20.0))
    momentum = float(tc.er11_momentum(np.array(50.0), np.array(30.0), np.array(f)))
    # At R the paper's wind, M/r - f r/2, is the given one.
    assert tc.er11_profile(30.0, 30.0, momentum) - f * 30e3 / 2 == pytest.approx(50.0)
    assert f * 300e3 / 2 == pytest.approx(7, abs=0.5)
    assert "some 7 m/s at 300 km and 20 degrees" in tc.__doc__


def test_shape_parameters_are_clipped():
    one = np.array(1.0)
    assert tc.h08_b(150 * one, 0 * one, 60 * one, 0.0 * one) >= 0.81
    assert tc.h08_b(230 * one, 0 * one, 0 * one, 0 * one) == pytest.approx(2.5 * 0.81)
    assert tc.h1980_b(100 * one, 0 * one, one) == 2.5
    assert tc.h1980_b(5 * one, 10 * one, one) == 1.0
