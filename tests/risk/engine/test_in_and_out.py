"""What goes in and is refused, and the tables, arrays and frames that come out."""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import xarray as xr

import haidang as hd
from haidang.base.errors import BadData, Unavailable
from haidang.risk.engine.curves import checked, choose, table
from haidang.risk.engine.events import event_set
from haidang.risk.engine.exposed import exposed
from haidang.risk.engine.run import impacts
from haidang.risk.vulnerability import WindDamage
from haidang.words import LANGUAGES
from risk.engine.test_engine import CURVE, assets, events

WHERE = {"lat": [20.9, 21.0, 8.7], "lon": [106.7, 107.0, 111.9]}
HELD = pd.DataFrame({**WHERE, "place": ["31", "22", ""], "people": [10.0, 20.0, 0.0]})


def storms(dim="event"):
    return xr.DataArray(
        [[30.0, 0.0, 0.0], [0.0, 0.0, 50.0]], dims=(dim, "point"),
        coords={
            dim: ["Yagi", "Bebinca"],
            "lat": ("point", WHERE["lat"]), "lon": ("point", WHERE["lon"]),
            "date": (dim, pd.to_datetime(["2024-09-07", "2024-09-16"])),
            **({"frequency": (dim, [0.1, 0.2])} if dim == "event" else {}),
        },
        attrs={"units": "m/s"},
    )  # fmt: skip


# --- in --------------------------------------------------------------------------------------


def test_xarray_and_geopandas_go_in_and_come_out():
    frame = gpd.GeoDataFrame(
        HELD[["people", "place"]], geometry=gpd.points_from_xy(HELD["lon"], HELD["lat"]), crs=4326
    )
    found = hd.impact(storms(), frame.to_crs(3857), CURVE)
    assert found.events.ids == ("Yagi", "Bebinca")
    assert found.events.unit == "m/s"
    out = found.to_xarray()
    assert out["at_event"].dims == ("category", "event")
    assert float(out["at_event"].sel(category="people", event="Yagi")) == 2.5
    assert out["per_point"].values[0].tolist() == [0.25, 0.0, 0.0]
    assert out["place"].values.tolist() == ["31", "22", ""]
    assert str(out["unit"].values[0]) == "people"
    geo = found.to_geo()
    assert geo.crs.to_epsg() == 4326
    assert geo["people"].tolist() == [0.25, 0.0, 0.0]
    np.testing.assert_allclose(geo.geometry.x, WHERE["lon"])
    rows = found.table()
    assert list(rows.columns) == ["event", "date", "frequency", "reached", "people"]
    assert rows["people"].tolist() == [2.5, 0.0]
    members = hd.impact(hd.event_set(storms("member")), frame, CURVE).to_xarray()
    assert members["at_event"].dims == ("category", "member")


def test_a_grid_in_latitude_and_longitude():
    grid = xr.DataArray(
        np.arange(12.0).reshape(2, 2, 3), dims=("event", "lat", "lon"),
        coords={"lat": [10.0, 11.0], "lon": [105.0, 106.0, 107.0]},
    )  # fmt: skip
    found = event_set(grid, frequency=1.0)
    assert found.points == 6
    assert found.labels is None
    assert found.lat.tolist() == [10.0] * 3 + [11.0] * 3
    assert found.row(1)[1].tolist() == [6.0, 7, 8, 9, 10, 11]
    assert found.row(0)[0].tolist() == [1, 2, 3, 4, 5]


def test_an_array_that_lies_elsewhere_is_read_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr("haidang.risk.engine.events._ROWS_AT_A_TIME", 7)
    rng = np.random.default_rng(1)
    rows = np.where(rng.random((11, 3)) < 0.5, rng.random((11, 3)), 0)
    seen = []

    class Far:
        ndim, shape, dtype = 2, rows.shape, rows.dtype

        def __getitem__(self, part):
            seen.append(rows[part].size)
            return rows[part]

    found = event_set(Far(), frequency=1.0)
    assert max(seen) <= 7
    back = sp.csr_array((found.intensity, found.point, found.start), shape=rows.shape)
    np.testing.assert_array_equal(back.todense(), rows)


CELL = [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("given", "more", "code"),
    [
        (np.zeros(3), {}, "impact.event_shape"),
        (np.array([["a"]]), {}, "impact.event_shape"),
        (sp.csr_array(np.array([[1j]])), {}, "impact.event_shape"),
        ([[1.0, -2.0]], {}, "impact.event_value"),
        ([[1.0, np.inf]], {}, "impact.event_value"),
        (sp.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 3)), {}, "impact.event_twice"),
        (CELL, {"frequency": [1.0, 2.0]}, "impact.count"),
        (CELL, {"frequency": -1.0}, "impact.frequency"),
        (CELL, {"frequency": np.nan}, "impact.frequency"),
        (CELL, {"ids": ["a", "b"]}, "impact.count"),
        (CELL * 2, {"ids": ["a", "a"]}, "impact.event_id_twice"),
        (CELL, {"labels": ["a"]}, "impact.count"),
        (CELL, {"dates": ["2024-01-01"] * 2}, "impact.count"),
        (CELL, {"lat": [1.0, 2.0]}, "impact.half_position"),
        (CELL, {"lat": [1.0], "lon": [1.0]}, "impact.count"),
        (CELL, {"lat": [106.0, 107.0], "lon": [20.0, 21.0]}, "impact.axes_swapped"),
        (CELL, {"lat": [20.0, 21.0], "lon": [106.0, 500.0]}, "impact.not_degrees"),
        (storms().transpose(), {}, "impact.event_dims"),
        (storms()[0], {}, "impact.event_dims"),
    ],
)
def test_event_sets_that_are_none(given, more, code):
    with pytest.raises(BadData) as caught:
        event_set(given, **more)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert len({problem.say(tag) for tag in LANGUAGES}) == len(LANGUAGES)


def test_a_bad_cell_is_named():
    with pytest.raises(BadData, match=r"event b has the intensity -3\.0 at point 1"):
        event_set([[1.0, 0.0], [0.0, -3.0]], ids=["a", "b"])
    twice = sp.csr_array(([5.0, 4.0, 3.0], [2, 1, 1], [0, 1, 3]), shape=(2, 3))
    with pytest.raises(BadData, match="event 1 gives point 1 twice"):
        event_set(twice)
    with pytest.raises(BadData, match="frequency: 2 given where 1"):
        events([[1.0]], 1.0).with_frequency([1.0, 2.0])


def test_a_stored_zero_is_not_reached():
    stored = sp.csr_array(([0.0, 4.0, np.nan, 0.0], [0, 2, 1, 2], [0, 2, 2, 4]), shape=(3, 3))
    found = event_set(stored, frequency=1.0)
    assert found.start.tolist() == [0, 1, 1, 2]
    assert found.point.tolist() == [2, 1]
    calm = sp.coo_array(([0.0], ([0], [0])), shape=(1, 1))
    lost = impacts(event_set(calm, frequency=1.0), assets([1.0]), CURVE)
    assert [p.code for p in lost.findings] == ["impact.events_outside"]


def test_cells_of_a_row_are_sorted():
    jumbled = sp.csr_array(([5.0, 4.0, 3.0], [2, 0, 1], [0, 2, 3]), shape=(2, 3))
    found = event_set(jumbled, frequency=1.0)
    assert found.point.tolist() == [0, 2, 1]
    assert found.intensity.tolist() == [4.0, 5.0, 3.0]
    assert event_set(sp.csr_array((0, 4)), frequency=1.0).points == 4


@pytest.mark.parametrize(
    ("curve", "code"),
    [
        (pd.DataFrame({"intensity": [20.0, 40.0], "ratio": [0.5, 0.4]}), "impact.curve_falls"),
        (pd.DataFrame({"intensity": [0.0, 40.0], "ratio": [0.1, 0.4]}), "impact.curve_at_zero"),
        (pd.DataFrame({"intensity": [20.0, 40.0], "ratio": [0.1, 0.4]}), "impact.curve_begins"),
        (np.cos, "impact.curve_values"),
        (lambda v: 0.5, "impact.curve_values"),
        (lambda v: 0.1 + v * 0, "impact.curve_at_zero"),
        (lambda v: np.where(v > 20, 0.1, np.where(v > 10, 0.5, 0)), "impact.curve_falls_at"),
        (lambda v: 1.0 if v > 3 else 0.0, "impact.curve_fails"),
        (0.5, "impact.curve_kind"),
        ({"x": CURVE}, "impact.no_curve"),
    ],
)
def test_curves_that_would_lie(curve, code):
    with pytest.raises(BadData) as caught:
        impacts(events([[30.0]], 1.0), assets([1.0]), curve)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.say("vi") != problem.say("en")


def test_a_curve_is_found_by_category_and_then_by_name():
    by = {"people": {"a": CURVE}, "b": WindDamage(60.0)}
    assert choose(by, "people", "a") is not None
    assert choose(by, "money", "b") is by["b"]
    assert checked(table(CURVE), 100.0)(30.0) == 0.25
    with pytest.raises(BadData, match="no damage curve for 'people' with the name 'b'"):
        choose(by, "people", "b")


def test_sets_and_assets_that_do_not_belong_together():
    with pytest.raises(BadData, match="does not fit the intensity"):
        impacts(event_set([[1.0, 2.0]], frequency=1.0), exposed(HELD), CURVE)
    with pytest.raises(TypeError, match="only with a set of events"):
        hd.impact(30.0, 1.0, CURVE, rule="combined")
    plain = exposed(pd.DataFrame({"place": ["a"], "people": [1.0]}))
    with pytest.raises(BadData, match="no positions"):
        impacts(events([[1.0]], 1.0), assets([1.0]), CURVE).to_geo()
    with pytest.raises(BadData, match="no positions"):
        plain.in_places({})
    with pytest.raises(BadData, match="no category 'roads'"):
        plain.total("roads")


def test_without_geopandas_it_says_which_extra(monkeypatch):
    found = impacts(event_set(storms()), exposed(HELD), CURVE)
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(Unavailable, match=r"haidang\[geo\]"):
        found.to_geo()


# --- what nobody measured, and what was never a value ------------------------------------------


def test_a_function_is_not_asked_about_what_nobody_measured():
    over = lambda v: (v >= 25.0) * 1.0  # noqa: E731 - as a person writes it
    sets = event_set([[np.nan, 30.0]], **{k: v[:2] for k, v in WHERE.items()})
    held = exposed(HELD.iloc[:2])
    for found in (hd.impact(sets, held, over), hd.impact([sets, sets], held, [over, over])):
        assert np.isnan(found.at_event("people")).all()
        assert found.at_event("people", known=True).tolist() == [20.0]
        assert np.isnan(found.per_point("people")).tolist() == [True, False]
    assert np.isnan(hd.losses(sets, held, over, "people").row(0)[1]).tolist() == [True, False]


def test_what_a_mask_hides_is_unknown():
    for dtype in (float, np.float32, int):
        hidden = np.ma.masked_array([[30, 50, 60]], [[False, True, False]], dtype=dtype)
        found = event_set(hidden)
        np.testing.assert_array_equal(found.row(0)[1], [30.0, np.nan, 60.0])


def test_only_variables_are_values_and_never_a_counted_dimension():
    data = xr.Dataset(
        {"people": ("cell", [1.0, 2.0]), "lat": ("cell", [20.0, 21.0])},
        coords={"lon": ("cell", [106.0, 107.0]), "spatial_ref": 4326, "band": 1},
    )
    found = hd.exposure(data)
    assert found.categories == ("people",)
    assert found.lat.tolist() == [20.0, 21.0]
    assert found.lon.tolist() == [106.0, 107.0]


def test_latitude_and_longitude_in_full():
    where = {"latitude": [20.0, 21.0], "longitude": [106.0, 107.0]}
    grid = xr.DataArray(
        [[[30.0, 0.0], [0.0, 50.0]]], dims=("event", *where), coords=where, name="people"
    )
    found = event_set(grid, frequency=1.0)
    assert found.lat.tolist() == [20.0, 20.0, 21.0, 21.0]
    assert found.lon.tolist() == [106.0, 107.0, 106.0, 107.0]
    assert hd.exposure(grid[0]).lat.tolist() == found.lat.tolist()


def test_grids_that_do_not_say_where_they_lie():
    grid = xr.DataArray(np.ones((1, 2, 2)), dims=("event", "lat", "lon"))
    with pytest.raises(BadData, match="no positions"):
        event_set(grid)
    with pytest.raises(BadData, match="event, y, x"):
        event_set(grid.rename({"lat": "y", "lon": "x"}))


def test_shapes_that_only_look_right():
    with pytest.raises(BadData, match=r"frequency: \(1, 2\) given where 2 are needed"):
        event_set(CELL * 2, frequency=[[0.1, 0.2]])
    with pytest.raises(BadData, match="lat:"):
        event_set(CELL, lat=[[20.0, 21.0]], lon=[[106.0, 107.0]])
    with pytest.raises(BadData, match="type DataFrame"):
        event_set(pd.DataFrame(CELL))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (HELD.iloc[:0], "has no rows"),
        (HELD.assign(lat=["20,9", "21", "8"]), "line 2, lat: '20,9' is not a number"),
        (HELD.assign(people=[1.0, np.inf, 0.0]), "line 3, people: the value inf is infinite"),
        (pd.concat([HELD, HELD[["people"]]], axis=1), "two columns are called 'people'"),
    ],
)
def test_tables_of_what_is_exposed_that_are_none(table, said):
    with pytest.raises(BadData, match=said) as caught:
        exposed(table)
    (problem,) = caught.value.problems
    assert problem.say("vi") != problem.say("en")


def test_a_name_that_several_points_bear_meets_nobody():
    sets = event_set([[30.0, 60.0, 40.0]], labels=["31", "31", "22"])
    with pytest.raises(BadData, match="several points of the events are called '31'"):
        impacts(sets, exposed(pd.DataFrame({"place": ["31"], "people": [1.0]})), CURVE)
    # Nobody asks for the name that is there twice.
    one = exposed(pd.DataFrame({"place": ["22"], "people": [1.0]}))
    assert impacts(sets, one, CURVE).at_event("people").tolist() == [0.5]


def test_points_with_positions_are_not_met_by_their_number():
    with pytest.raises(BadData, match="does not fit the intensity"):
        impacts(event_set([[1.0, 2.0, 3.0]]), exposed(HELD), CURVE)


def test_no_event_is_no_loss_of_nothing():
    none = event_set(np.empty((0, 3)), frequency=0.1, **WHERE)
    found = impacts(none, exposed(HELD), CURVE)
    assert np.isnan(found.expected("people"))
    assert found.expected("people", known=True) == 0


@pytest.mark.parametrize("kind", ["table", "places", "dataset"])
def test_members_meet_a_table_or_a_dataset(kind):
    members = storms("member")
    held: object = HELD
    if kind == "dataset":
        held = HELD.rename_axis("point").to_xarray()
    elif kind == "places":
        held = HELD[["place", "people"]].iloc[:2]
        members = xr.DataArray(
            [[30.0, 0.0], [0.0, 50.0]], dims=("member", "place"), coords={"place": ["31", "22"]}
        )
    found = hd.impact(members, held, CURVE)
    assert found.at_event("people", known=True).tolist()[0] == 2.5
