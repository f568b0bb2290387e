"""What is exposed, from files: good rows are kept, and what is wrong is said with its remedy."""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import xarray as xr
from exactextract import exact_extract
from rasterio import Affine
from rasterio.warp import transform

from haidang.base.errors import BadData, Unavailable
from haidang.edge.feeds.exposure import exposure
from haidang.edge.feeds.raster import read_raster, zonal


def written(tmp_path, text, name="e.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def codes(found):
    return [(p.code, p.row) for p in found.findings]


# --- CSV ----------------------------------------------------------------------------------------


def test_good_rows_are_kept_and_bad_ones_named(tmp_path):
    path = written(
        tmp_path,
        "lat,lon,place,curve,people,money [USD],note\n"
        "20.9,106.7,31,brick,1000,5e6,x\n"
        '"20,9",106.7,31,brick,1,1,decimal comma in quotes\n'
        "20.9,106.7,31,wood,-5,1,\n"
        "20.9,106.7,31,wood,many,1,\n"
        "20,9,106.7,31,wood,7,1,,\n"
        "106.7,20.9,31,wood,7,1,\n"
        ",106.7,31,wood,7,1,\n"
        "21.0,107.0,22,wood,,2.5,\n"
        "\n"
        "21.1,107.1,,,3\n",
    )
    found = exposure(path)
    assert len(found) == 3
    assert found.categories == ("people", "money")
    assert found.units == ("people", "USD")
    np.testing.assert_array_equal(found.values, [[1000, np.nan, 3], [5e6, 2.5, np.nan]])
    assert found.places == ("22", "31")
    assert found.place.tolist() == [1, 0, -1]
    assert [found.curves[c] for c in found.curve] == ["brick", "wood", ""]
    assert codes(found) == [
        ("impact.column_unused", 1), ("impact.decimal_comma", 3), ("impact.row_negative", 4),
        ("feed.number", 5), ("impact.row_commas", 6), ("impact.row_position", 7),
        ("feed.missing", 8), ("impact.value_unknown", None), ("impact.value_unknown", None),
    ]  # fmt: skip
    said = [p.say("vi") for p in found.findings]
    assert "hãy viết 20.9" in said[1]
    assert all(p.say("vi") != p.say("en") for p in found.findings)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("lat;lon;people\n20,9;106,7;1000\n", "impact.semicolons_commas"),
        ("lat;lon;people\n20.9;106.7;1000\n", "feed.semicolons"),
        ("lat,lon,name\n20.9,106.7,x\n", "impact.no_values"),
        ("people\n1\n", "impact.no_position"),
        ("lat,people\n1,1\n", "impact.no_position"),
        ("lat,lon,money\n20,106,1\n", "impact.no_currency"),
        ("lat,lon,people\n20,106,-5\n", "feed.empty"),
        ("\n", "feed.empty"),
        ("lat,lon,people\n", "feed.empty"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, text, code):
    with pytest.raises(BadData) as caught:
        exposure(written(tmp_path, text))
    assert caught.value.problems[-1].code == code
    assert all(p.file == "e.csv" for p in caught.value.problems)


def test_a_thousand_is_not_a_decimal(tmp_path):
    found = exposure(written(tmp_path, 'lat,lon,people\n20,106,"1.234,5"\n20,106,2\n'))
    assert found.findings[0].params == {"value": "1.234,5", "better": "1234.5"}
    with pytest.raises(BadData) as caught:
        exposure(tmp_path / "missing.csv")
    assert caught.value.problems[0].code == "feed.unreadable"


def test_points_find_their_place_and_those_outside_are_a_finding(tmp_path):
    outlines = {"A": shapely.box(0, 0, 1, 1), "B": shapely.box(1, 0, 2, 1)}
    path = written(tmp_path, "lat,lon,people\n.5,.5,1\n.5,1.5,2\n5,5,4\n")
    found = exposure(path, outlines=outlines)
    assert found.places == ("A", "B")
    assert found.place.tolist() == [0, 1, -1]
    assert codes(found) == [("impact.points_outside", None)]


# --- tables in memory -----------------------------------------------------------------------------


def test_geopandas_in_another_projection_and_xarray():
    points = gpd.GeoDataFrame(
        {"people": [1.0, 2.0]}, geometry=gpd.points_from_xy([106.7, 107.0], [20.9, 21.0]), crs=4326
    )
    far = exposure(points.to_crs(32648))
    np.testing.assert_allclose(far.lat, [20.9, 21.0], atol=1e-8)
    np.testing.assert_allclose(far.lon, [106.7, 107.0], atol=1e-8)
    with pytest.raises(BadData, match="does not say its projection"):
        exposure(points.set_crs(None, allow_override=True))
    with pytest.raises(BadData, match="a geometry is a Polygon"):
        exposure(gpd.GeoDataFrame({"people": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326))
    with pytest.raises(BadData, match="look swapped"):
        exposure(pd.DataFrame({"lat": [106.7], "lon": [20.9], "people": [1]}))
    with pytest.raises(BadData, match="no latitude and longitude"):
        exposure(pd.DataFrame({"lat": [600000.0], "lon": [2300000.0], "people": [1]}))
    with pytest.raises(BadData, match="cannot be a list"):
        exposure([1, 2])
    grid = xr.DataArray(
        [[1.0, 2.0]], coords={"lat": [10.0], "lon": [105.0, 106.0]}, dims=("lat", "lon"),
        name="people",
    )  # fmt: skip
    assert exposure(grid).total("people") == 3
    with pytest.raises(BadData, match=r"line 3, people: the value -5\.0 is negative"):
        exposure(pd.DataFrame({"lat": [1, 1], "lon": [1, 1], "people": [1, -5]}))


# --- rasters -----------------------------------------------------------------------------------


def tiff(tmp_path, values, west=105.0, north=21.0, step=0.1, crs="EPSG:4326", **more):
    values = np.asarray(values, float)
    path = tmp_path / "p.tif"
    profile = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1,
        "dtype": "float64", "crs": crs, "transform": Affine(step, 0, west, 0, -step, north), **more,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(values, 1)
    return path


PEOPLE = [[10.0, 0.0, 30.0], [40.0, -1.0, 60.0]]


def test_cells_are_points_and_no_data_is_missing(tmp_path):
    path = tiff(tmp_path, PEOPLE, nodata=-1)
    found = exposure(path)
    assert found.total("people") == 140
    np.testing.assert_allclose(found.lat, [20.95, 20.95, 20.85, 20.85])
    np.testing.assert_allclose(found.lon, [105.05, 105.25, 105.05, 105.25])
    assert codes(found) == [("impact.no_data", None)]
    assert found.findings[0].params == {"count": 1, "of": 6}
    # Within places: unknown there, and the place has no sum.
    outlines = {
        "W": shapely.box(105.0, 20.8, 105.1, 21.0),
        "M": shapely.box(105.1, 20.8, 105.2, 21),
    }
    found = exposure(path, outlines=outlines)
    assert dict(zip(found.places, np.bincount(found.place), strict=True)) == {"M": 1, "W": 2}
    assert np.isnan(found.values[0, found.place == 0]).all()
    assert found.values[0, found.place == 1].sum() == 50


def test_negative_values_that_nobody_declared(tmp_path):
    with pytest.raises(BadData, match=r"row 1, column 1 is -1\.0.*no data is None.*-a_nodata"):
        exposure(tiff(tmp_path, PEOPLE))
    with pytest.raises(BadData, match=r"value -1\.0 in M"):
        zonal(tiff(tmp_path, PEOPLE), {"M": shapely.box(105.1, 20.8, 105.2, 21)})


@pytest.mark.parametrize("fill", [3.4028234663852886e38, 9.969209968386869e36, 1e20, 2147483647.0])
def test_fill_values_that_nobody_declared_are_no_people(tmp_path, fill):
    path = tiff(tmp_path, [[10.0, 0.0, 30.0], [40.0, fill, 60.0]])
    with pytest.raises(BadData, match=r"row 1, column 1 is .*-a_nodata"):
        exposure(path)
    with pytest.raises(BadData, match=r"in M, which no count can be.*-a_nodata"):
        zonal(
            path,
            {"W": shapely.box(105.0, 20.8, 105.1, 21), "M": shapely.box(105.1, 20.8, 105.2, 21)},
        )
    # Declared, it is what it was meant to be; and a great sum of money is none of these.
    assert exposure(tiff(tmp_path, [[10.0, fill]], nodata=fill)).total("people") == 10
    assert exposure(tiff(tmp_path, [[10.0, 2147483646.0]])).total("people") == 2147483656


def test_another_projection_keeps_every_person_and_the_positions(tmp_path):
    ones = np.arange(1.0, 101).reshape(10, 10)
    path = tiff(tmp_path, ones, west=500000.0, north=2300000.0, step=1000.0, crs="EPSG:32648")
    found = exposure(path)
    assert found.total("people") == ones.sum()
    x, y = transform("EPSG:32648", "EPSG:4326", [500500.0], [2299500.0])
    np.testing.assert_allclose([found.lon[0], found.lat[0]], [x[0], y[0]])
    # A place that holds all of it, one that holds a part, one that lies beside.
    corners = transform("EPSG:32648", "EPSG:4326", [499000, 511000], [2289000, 2301000])
    whole = shapely.box(corners[0][0], corners[1][0], corners[0][1], corners[1][1])
    table, problems = zonal(path, {"whole": whole, "beside": shapely.box(1, 1, 2, 2)}, least=0.5)
    assert table.loc["whole", "sum"] == pytest.approx(ones.sum(), rel=1e-9)
    assert table.loc["whole", "covered"] == pytest.approx(100 / 144, rel=0.02)
    assert np.isnan(table.loc["beside", "sum"])
    assert table.loc["beside", "beyond"] == 1
    assert [p.code for p in problems] == ["impact.place_without_data"]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"crs": None}, "impact.raster_no_projection"),
        ({"west": 20.0, "north": 106.0}, "impact.raster_swapped"),
        ({"west": 20.7, "north": 80.0}, "impact.raster_elsewhere"),
        ({"nodata": 5.0, "values": np.full((2, 2), 5.0)}, "impact.raster_empty"),
    ],
)
def test_rasters_that_cannot_be_used(tmp_path, made, code):
    path = tiff(tmp_path, **{"values": np.ones((3, 3)), **made})
    outlines = {"A": shapely.box(105.0, 20.0, 106.0, 21.0)}
    with pytest.raises(BadData) as caught:
        read_raster(path, outlines=None if code == "impact.raster_empty" else outlines)
    assert caught.value.problems[-1].code == code
    if code != "impact.raster_empty":
        with pytest.raises(BadData) as caught:
            zonal(path, outlines)
        assert caught.value.problems[-1].code == code


def test_swapped_within_ninety_degrees_is_seen_by_the_outlines(tmp_path):
    outlines = {"A": shapely.box(50.0, 10.0, 52.0, 12.0)}
    path = tiff(tmp_path, np.ones((9, 9)), west=10.0, north=52.0)
    with pytest.raises(BadData, match="look swapped in one of the two") as caught:
        read_raster(path, outlines=outlines)
    assert caught.value.problems[-1].code == "impact.either_swapped"


@pytest.mark.parametrize("crs", [4326, 32648])
def test_outlines_whose_axes_are_swapped_are_named_and_the_raster_is_not_blamed(tmp_path, crs):
    west, north = (105.0, 22.0) if crs == 4326 else (500_000.0, 2_400_000.0)
    path = tiff(tmp_path, np.ones((9, 9)), west=west, north=north, crs=crs)
    outlines = {"31": shapely.box(21.4, 105.3, 21.9, 105.7)}
    for read in (lambda: zonal(path, outlines), lambda: read_raster(path, outlines=outlines)):
        with pytest.raises(BadData, match=r"shapely.box\(105.3, 21.4, 105.7, 21.9\)") as caught:
            read()
        assert [p.code for p in caught.value.problems] == ["impact.outlines_swapped"]


def test_a_comma_that_may_part_thousands_is_never_taken_for_a_decimal_one(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(
        'lat,lon,people\n21,105,"1,200"\n21,105,"0,200"\n21,105,"1.200,500"\n21,105,"1200,5"\n'
        '"21,125","105,125",7\n21,105,9\n',
        "utf-8",
    )
    found = {p.row: p for p in exposure(file).findings}
    assert {row: p.code for row, p in found.items()} == {
        2: "impact.comma", **dict.fromkeys((3, 4, 5, 6), "impact.decimal_comma"),
    }  # fmt: skip
    assert (found[2].params["whole"], found[2].params["point"]) == ("1200", "1.200")
    assert "1200" in found[2].say("vi")
    file.write_text("lat;lon;people\n21.5;105.1;1,200\n", "utf-8")
    with pytest.raises(BadData) as caught:
        exposure(file)
    assert [p.code for p in caught.value.problems] == ["feed.semicolons", "impact.comma"]
    file.write_text("lat;lon;people\n21.5;105.1;1,200\n21,5;105,1;7\n", "utf-8")
    with pytest.raises(BadData) as caught:
        exposure(file)
    assert [p.code for p in caught.value.problems] == ["impact.semicolons_commas"]


def test_not_a_raster_and_a_turned_one(tmp_path):
    with pytest.raises(BadData, match="cannot be read"):
        exposure(written(tmp_path, "no raster", "x.tif"))
    path = tiff(tmp_path, np.ones((3, 3)), transform=Affine(0.1, 0, 105, 0, 0.1, 20))
    with pytest.raises(BadData, match="gdalwarp"):
        zonal(path, {"A": shapely.box(105.0, 20.0, 105.2, 20.2)})


def test_zonal_sums_are_those_of_exactextract_and_say_what_is_missing(tmp_path):
    rng = np.random.default_rng(2)
    values = rng.uniform(0, 100, (40, 40))
    values[:5] = -1
    path = tiff(tmp_path, values, nodata=-1)
    outlines = {
        f"{i}": shapely.Point(105 + rng.uniform(0, 4), 21 - rng.uniform(0, 4)).buffer(0.3)
        for i in range(30)
    }
    table, problems = zonal(path, outlines)
    frame = gpd.GeoDataFrame({"n": [*outlines]}, geometry=[*outlines.values()], crs=4326)
    theirs = exact_extract(str(path), frame, ["sum"], output="pandas")["sum"].to_numpy()
    np.testing.assert_allclose(table["known"], np.nan_to_num(theirs), rtol=1e-12)
    whole = table["covered"] >= 0.999
    assert 5 < whole.sum() < 30
    assert (table["sum"].isna() == ~whole).all()
    assert {p.params["place"] for p in problems} == set(table.index[~whole])
    # By hand: a cell by its half.
    half = shapely.box(105.0, 20.0, 105.05, 20.1)
    table, _ = zonal(path, {"half": half})
    assert table.loc["half", "sum"] == pytest.approx(values[9, 0] / 2)
    with pytest.raises(BadData, match="no place meets"):
        zonal(path, {})


def test_a_place_beyond_the_raster_is_a_finding(tmp_path):
    outlines = {"A": shapely.box(105.0, 20.9, 105.2, 21.1)}
    found = exposure(tiff(tmp_path, np.ones((4, 4))), outlines=outlines)
    assert codes(found) == [("impact.raster_beyond", None)]
    assert "50.0 % of A" in found.findings[0].say("en")


def test_without_the_extra_it_says_which(tmp_path, monkeypatch):
    path = tiff(tmp_path, np.ones((2, 2)))
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(Unavailable, match=r"haidang\[geo\]"):
        exposure(path)


def test_a_packed_raster_counts_the_same_in_points_and_in_places(tmp_path):
    path = tiff(tmp_path, [[1.0, 2.0], [3.0, 4.0]])
    with rasterio.open(path, "r+") as source:
        source.scales, source.offsets = (10.0,), (1.0,)
    outline = {"31": shapely.box(105.0, 20.8, 105.2, 21.0)}
    sums, findings = zonal(path, outline)
    assert findings == ()
    assert sums.loc["31", "sum"] == pytest.approx(104.0)
    found = exposure(path, outlines=outline)
    assert found.values.tolist() == [[11.0, 21.0, 31.0, 41.0]]


@pytest.mark.parametrize("band", [0, 2])
def test_a_band_that_is_not_there(tmp_path, band):
    path = tiff(tmp_path, [[1.0]])
    with pytest.raises(BadData) as caught:
        read_raster(path, band=band)
    assert [p.code for p in caught.value.problems] == ["impact.raster_band"]
    with pytest.raises(BadData, match=f"no band {band}: the raster has 1"):
        zonal(path, {"31": shapely.box(105.0, 20.9, 105.1, 21.0)}, band=band)


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = written(tmp_path, "lat,lon,people,people\n20,106,5,6\n")
    with pytest.raises(BadData) as caught:
        exposure(path)
    assert [p.code for p in caught.value.problems] == ["impact.column_twice"]


def test_an_underscore_is_no_digit(tmp_path):
    found = exposure(written(tmp_path, "lat,lon,people\n20,106,1_000\n20,107,5\n"))
    assert codes(found) == [("feed.number", 2)]
    assert found.values.tolist() == [[5.0]]
