"""People on a grid: the sum is the figure, whatever the towns."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box
from shapely.ops import split

from haidang.risk.exposure import (
    CellGrid,
    Towns,
    apportion,
    cells,
    spread,
    spread_all,
)

TRIANGLE = Polygon([(0, 0), (1, 0), (0, 1)])
SQUARE = box(0, 0, 0.2, 0.2)  # 16 cells of 0.05°


def towns(*rows: tuple[float, float, float]) -> Towns:
    return Towns(*np.array(rows, dtype=np.float64).reshape(-1, 3).T)


def at(grid: CellGrid, lat: float, lon: float) -> int:
    return int(np.argmin((grid.lat - lat) ** 2 + (grid.lon - lon) ** 2))


# ── cells ──


def test_cells_agree_with_asking_each_centre() -> None:
    lat, lon = cells(TRIANGLE, 0.1)
    centres = [((j + 0.5) * 0.1, (i + 0.5) * 0.1) for j in range(-2, 12) for i in range(-2, 12)]
    slow = [(y, x) for y, x in centres if TRIANGLE.contains(Point(x, y))]
    assert list(zip(lat.tolist(), lon.tolist(), strict=True)) == slow


def test_cells_of_neighbours_never_overlap_and_miss_nothing() -> None:
    cut = shapely.LineString([(0, 0.013), (0.7, 0.31), (1, 0.97)])
    whole = box(0, 0, 1, 1)
    west, east = shapely.get_parts(split(whole, cut))
    found = [set(zip(*(a.tolist() for a in cells(g)), strict=True)) for g in (west, east, whole)]
    assert not found[0] & found[1]
    assert found[0] | found[1] == found[2]


def test_a_tiny_outline_has_one_cell_inside_it() -> None:
    island = box(0.001, 0.001, 0.002, 0.002)
    lat, lon = cells(island)
    assert len(lat) == 1
    assert island.contains(Point(lon[0], lat[0]))


def test_an_island_of_some_size_has_a_cell_and_an_islet_has_none() -> None:
    island, islet = box(1.001, 1.001, 1.024, 1.049), box(2.001, 2.001, 2.01, 2.01)
    lat, lon = cells(MultiPolygon([SQUARE, island, islet]))
    assert len(lat) == 17
    assert island.contains(Point(lon[-1], lat[-1]))


@pytest.mark.parametrize("step", [0, -1, float("nan")])
def test_a_step_that_is_none_is_refused(step: float) -> None:
    with pytest.raises(ValueError, match="step"):
        cells(SQUARE, step)


def test_an_empty_outline_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        cells(Polygon())


# ── apportion ──


def test_largest_remainders_by_hand() -> None:
    assert apportion(100, [47, 16, 15.8, 12, 6.1, 3.1]).tolist() == [47, 16, 16, 12, 6, 3]
    assert apportion(0, [1, 2]).tolist() == [0, 0]
    assert apportion(7, [0, 1]).tolist() == [0, 7]
    assert apportion(2**53, [1, 1, 1]).sum() == 2**53


@pytest.mark.parametrize(
    ("total", "weights"),
    [(-1, [1]), (2**53 + 1, [1]), (1, [0, 0]), (1, [-1, 2]), (1, [np.nan]), (1, [np.inf]), (1, [])],
)
def test_what_cannot_be_shared_is_refused(total: int, weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"total|weights"):
        apportion(total, weights)


@settings(max_examples=200)
@given(
    st.integers(0, 10**12),
    st.lists(st.floats(0, 1e12), min_size=1, max_size=60).filter(lambda w: sum(w) > 0),
)
def test_apportion_is_exact_and_within_one(total: int, weights: list[float]) -> None:
    got = apportion(total, weights)
    quota = total * (np.array(weights) / np.sum(weights))
    assert int(got.sum()) == total
    assert (got >= 0).all()
    assert (np.abs(got - quota) <= 1 + 1e-3).all()
    assert (got[quota == 0] == 0).all()


# ── spread ──


def test_spread_by_hand() -> None:
    """1,600 people, 16 cells; one town of 1,000 capped at 40 % = 640, the rest 960 / 16 = 60."""
    grid = spread(1600, SQUARE, towns((0.02, 0.02, 1000)), 0.4)
    i = at(grid, 0.025, 0.025)
    assert len(grid) == 16
    assert grid.people[i] == 700
    assert set(np.delete(grid.people, i)) == {60}
    assert set(grid.even) == {100}
    assert grid.towns[i] == 1038  # 1000 + 600/16 = 1037.5; of sixteen halves the first eight go up
    assert grid.towns.sum() == 1600


def test_towns_that_hold_less_than_the_share_are_at_face_value() -> None:
    grid = spread(1600, SQUARE, towns((0.02, 0.02, 160)), 0.4)
    assert grid.people[at(grid, 0.025, 0.025)] == 160 + 90


def test_towns_that_hold_more_than_the_figure_take_everybody() -> None:
    grid = spread(1000, SQUARE, towns((0.02, 0.02, 3000), (0.12, 0.12, 1000)), 0.4)
    assert grid.towns[at(grid, 0.025, 0.025)] == 750
    assert grid.towns[at(grid, 0.125, 0.125)] == 250
    assert grid.people.sum() == 1000


def test_a_town_just_outside_goes_to_the_nearest_cell() -> None:
    grid = spread(1600, SQUARE, towns((0.21, 0.24, 160)), 1)
    assert grid.people.argmax() == at(grid, 0.175, 0.175)


def test_towns_of_unknown_size_get_nobody() -> None:
    grid = spread(1600, SQUARE, towns((0.02, 0.02, 0), (0.12, 0.12, np.nan)), 0.4)
    assert set(grid.people) == set(grid.towns) == {100}


def test_nobody_is_nobody() -> None:
    grid = spread(0, SQUARE, towns((0.02, 0.02, 10)), 0.4)
    assert grid.people.sum() == grid.even.sum() == grid.towns.sum() == 0


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="urban_share"):
        spread(1, SQUARE, Towns(), share)


def test_a_negative_population_is_refused() -> None:
    with pytest.raises(ValueError, match="total"):
        spread(-1, SQUARE, Towns(), 0.4)


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.floats(-1, 2), st.floats(-1, 2), st.integers(0, 10**8)), max_size=8),
    st.floats(0, 1),
    st.sampled_from([0.05, 0.07, 0.4, 3.0]),
)
def test_every_spread_sums_to_the_figure(
    population: int, rows: list[tuple[float, float, int]], share: float, step: float
) -> None:
    grid = spread(population, TRIANGLE, towns(*rows), share, step)
    for column in (grid.people, grid.even, grid.towns):
        assert column.dtype == np.int64
        assert int(column.sum()) == population
        assert (column >= 0).all()
    assert grid.even.max() - grid.even.min() <= 1


# ── all places ──


def test_spread_all_keeps_places_apart_and_names_the_unknown() -> None:
    found = spread_all(
        {"b": 30, "a": 1600, "no outline": 5},
        {"a": SQUARE, "b": box(0.2, 0, 0.4, 0.2), "no figure": box(1, 1, 2, 2)},
        {"a": towns((0.02, 0.02, 100))},
        0.4,
    )
    assert found.codes == ("a", "b")
    assert found.unknown == ("no figure",)
    assert found.undrawn == ("no outline",)
    assert [int(found.grid.people[found.place == i].sum()) for i in (0, 1)] == [1600, 30]
    alone = spread(1600, SQUARE, towns((0.02, 0.02, 100)), 0.4)
    assert found.grid.people[found.place == 0].tolist() == alone.people.tolist()


def test_spread_all_of_nothing() -> None:
    found = spread_all({}, {}, {}, 0.4)
    assert len(found.grid) == 0
    assert found.grid.people.dtype == np.int64
