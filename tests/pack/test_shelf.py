"""The sea before a country's coast: what is read and what is refused."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from haidang.base.errors import BadPack
from haidang.pack.load import roots
from haidang.pack.places import load_places
from haidang.risk.coast import NODES_KM

TOY = Path(__file__).parents[1] / "toy" / "countries" / "xt" / "places"
HEAD = "lat,lon,seaward," + ",".join(f"depth_{km:g}" for km in NODES_KM)
GOOD = "10.5,105.2,90,0,2,5,8,12,15,20,25,30,35,40"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TOY, tmp_path / "places"))


def read(folder: Path, *rows: str, head: str = HEAD):
    (folder / "shelf.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return load_places(folder)


def test_no_file_is_no_coast():
    assert load_places(TOY).shelf is None


def test_good_rows_and_land_behind_the_water(folder):
    found = read(folder, GOOD, "10.7,105.2,45.5,0,2,5,8,12,15,20,,,,")
    assert found.problems == ()
    assert found.shelf is not None
    assert found.shelf.seaward.tolist() == [90.0, 45.5]
    assert found.shelf.depth[0].tolist() == [0, 2, 5, 8, 12, 15, 20, 25, 30, 35, 40]
    assert np.isnan(found.shelf.depth[1]).tolist() == [False] * 7 + [True] * 4


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("95,105.2,90,0,2,5,8,12,15,20,25,30,35,40", "place.number", "lat"),
        ("10.5,105.2,361,0,2,5,8,12,15,20,25,30,35,40", "place.number", "seaward"),
        ("10.5,,90,0,2,5,8,12,15,20,25,30,35,40", "place.empty", "lon"),
        ("10.5,105.2,90,0,2,5,-8,12,15,20,25,30,35,40", "place.number", "depth_12"),
        ("10.5,105.2,90,0,2,,8,12,15,20,25,30,35,40", "place.shelf_gap", "depth_7"),
        ("10.5,105.2,90,0,,,,,,,,,,", "place.shelf_gap", "depth_3"),
        ("10.5,105.2,90,0,2,5,8", "place.cells", ""),
    ],
)
def test_a_wrong_row_is_named_and_the_others_are_kept(folder, row, code, field):
    found = read(folder, row, GOOD)
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.field) == (code, 2, field)
    assert "{" not in problem.say("vi") + problem.say("en")
    assert found.shelf is not None
    assert len(found.shelf) == 1


def test_all_rows_wrong_is_no_coast(folder):
    assert read(folder, "95,105.2,90,0,2,5,8,12,15,20,25,30,35,40").shelf is None


def test_a_missing_column(folder):
    with pytest.raises(BadPack) as error:
        read(folder, "10.5,105.2,90", head="lat,lon,seaward")
    assert "depth_0" in {p.field for p in error.value.problems}


def test_every_country_with_a_shelf_has_its_points_on_its_coast():
    """Coasts that ship: beside a province, looking out to sea, and as deep as seas are."""
    found = 0
    for folder in roots().countries.values():
        places = load_places(folder / "places")
        if places.shelf is None:
            continue
        found += 1
        outlines = places.outlines_on("province", date(2026, 1, 1))
        boxes = np.array([o.bounds for o in outlines.values()])
        shelf = places.shelf
        west, south, east, north = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
        lat, lon = shelf.lat[:, None], shelf.lon[:, None]
        near = (lon > west - 1) & (lon < east + 1) & (lat > south - 1) & (lat < north + 1)
        assert near.any(axis=1).all()
        assert np.all(shelf.depth[:, 0] == 0)
        assert np.nanmax(shelf.depth) < 6000
        assert np.all(shelf.depth[:, 2] > 0)
    assert found
