"""The scan statistic beside a slow twin, on published examples, and with bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch.calendar import Calendar
from haidang.watch.detectors import METHODS, scan, scan_chance
from haidang.watch.method import Task
from haidang.watch.positions import EARTH_KM, Positions, read_positions
from watch import slow_scan


def random_task(seed: int, *, population: bool, missing: float, places: int = 7, rows: int = 12):
    rng = np.random.default_rng(seed)
    # Whole kilometres on a small grid: many distances are equal.
    points = np.column_stack([rng.integers(0, 4, (places, 2)).astype(float), np.zeros(places)])
    counts = rng.poisson(1.2, (places, rows)).astype(float)
    counts[:2, -2:] += rng.integers(0, 4)
    counts[rng.random(counts.shape) < missing] = np.nan
    people = rng.integers(50, 500, (places, 1)) * np.ones((1, rows)) if population else None
    return Task(
        counts, np.array([rows - 1]), Calendar("week", "rows", rows), people,
        Positions(points, globe=False),
    )  # fmt: skip


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 0.15]),
    st.sampled_from(["prospective", "retrospective"]), st.sampled_from([0.3, 0.5, 1.0]),
    st.sampled_from([None, 1.5]), st.sampled_from([1, 2, 3]),
)  # fmt: skip
def test_every_cylinder_one_after_the_other_gives_the_same(
    seed, population, missing, mode, share, reach, least
):
    task = random_task(seed, population=population, missing=missing)
    method = METHODS["scan_poisson" if population else "scan_permutation"]
    given_ = {
        "mode": mode, "max_share": share, "max_radius_km": reach, "min_cases": least,
        "max_periods": 4, "replicates": 19, "seed": seed,
    }  # fmt: skip
    params, wrong = method.settle(given_, task.calendar)
    assert not wrong
    one = scan.study(task, params, 11)
    clusters, _ = scan.search(task, params, one)
    points = one.points
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    spans = slow_scan.spans_of(12, 4, mode == "prospective")
    limits = {
        "max_share": share, "max_km": reach or np.inf, "spans": spans, "least": least,
    }  # fmt: skip
    slow = [b for b in slow_scan.best(one.counts, one.expected, distance, **limits) if b]
    assert bool(clusters) == bool(slow)
    if not slow:
        return
    top = max(b[0] for b in slow)
    first = clusters[0]
    assert first.ratio == pytest.approx(top, abs=1e-9)
    index = {int(p): i for i, p in enumerate(one.places)}
    inside = frozenset(index[p] for p in first.places)
    shares = one.expected.sum(axis=1) / one.expected.sum()
    every = slow_scan.cylinders(distance, shares, share, reach or np.inf, spans)
    here = (first.first, first.last + 1)
    assert (inside, here) in {(frozenset(i), s) for _, i, s in every}
    cells = list(inside), slice(*here)
    assert first.observed == np.nansum(one.counts[cells])
    assert first.expected == pytest.approx(one.expected[cells].sum())
    total = int(np.nansum(one.counts))
    largest = []
    for rng, n in scan.generators(seed, 11, 19):
        for _ in range(n):
            made = one.draw(rng).astype(float)
            assert made.sum() == total
            assert not made[np.isnan(one.counts)].any()
            if not population:
                np.testing.assert_array_equal(made.sum(0), np.nansum(one.counts, 0))
                np.testing.assert_array_equal(made.sum(1), np.nansum(one.counts, 1))
            found = slow_scan.best(made, one.expected, distance, **limits)
            largest.append(max((b[0] for b in found if b), default=0.0))
    for c in clusters:
        above = sum(r >= c.ratio - 1e-7 for r in largest)
        assert c.p_value == pytest.approx((1 + above) / 20)
    # No two clusters share a place, and none that could be had is missing or out of order.
    taken: set[int] = set()
    for c in clusters:
        assert not taken & set(c.places)
        free = [b[0] for b in slow if not taken & {int(one.places[i]) for i in b[1]}]
        assert c.ratio == pytest.approx(max(free), abs=1e-9)
        taken |= set(c.places)


def fever(shared) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = shared / "data" / "scan"
    cases = pd.read_csv(folder / "NYCfevercas.csv", dtype={"zip": str})
    where = pd.read_csv(folder / "NYCfevergeo.csv", dtype={"zip": str})
    data = cases.rename(columns={"zip": "place", "date": "start"})[["place", "start"]]
    data["start"] = pd.to_datetime(data["start"])
    return data, where.rename(columns={"zip": "place", "long": "lon"})[["place", "lat", "lon"]]


def test_new_york_fever_has_the_published_clusters_and_none_is_significant(shared):
    """Circles up to 3 km, spans up to 7 days ending 2001-11-24, as in SaTScan's own example.

    SaTScan 10.1.2 with 999 replicates prints three clusters: 4 cases, 0.67 expected, 22 to 24
    November, nine places around 11418, radius 2.907957 km, p 0.242; 2 cases, 0.16 expected, p
    0.575; 2 cases, 0.29 expected, p 0.966. Its kilometre is that of the equator's radius.
    """
    data, where = fever(shared)
    found = hd.detect(
        data, "scan_permutation", coordinates=where, period="day", places=list(where["place"]),
        max_radius_km=3.0, max_periods=7, last=1, replicates=999, seed=1,
    )  # fmt: skip
    table = found.attrs["clusters"]
    assert table["centre"].tolist()[:3] == ["11418", "11372", "10472"]
    assert table["observed"].tolist()[:3] == [4, 2, 2]
    assert [round(e, 2) for e in table["expected"]][:3] == [0.67, 0.16, 0.29]
    assert table["radius_km"][0] * 6378.137 / EARTH_KM == pytest.approx(2.907956749, abs=5e-6)
    assert set(table["places"][0]) == {
        "11415", "11416", "11417", "11418", "11419", "11421", "11375", "11451", "11435",
    }  # fmt: skip
    days = table[["first", "last"]].map(lambda d: d.day).to_numpy().tolist()
    assert days[:3] == [[22, 24], [24, 24], [23, 24]]
    assert 0.15 < table["p_value"][0] < 0.3
    assert not found["alarm"].any()
    assert set(found["state"].values.ravel()) == {"quiet"}
    assert found["p_value"].sel(place="11418").item() == table["p_value"][0]
    assert found["score"].sel(place="11418").item() < 1


def new_mexico(shared):
    """Cases by county and year, and the numbers expected from age and sex alone."""
    folder = shared / "data" / "scan"
    cases = pd.read_csv(folder / "NMcas.csv").drop(columns="Unnamed: 0", errors="ignore")
    people = pd.read_csv(folder / "NMpop.csv").drop(columns="Unnamed: 0", errors="ignore")
    where = pd.read_csv(folder / "NMgeo.csv")
    years = np.arange(1973, 1992)
    counts = cases.groupby(["county", "year"])["cases"].sum().unstack(fill_value=0)
    counts = counts.reindex(index=where["county"], columns=years, fill_value=0)
    group = ["county", "agegroup", "sex"]
    census = people.assign(year=people["year"] + 1900).pivot_table(
        index=group, columns="year", values="population", aggfunc="sum", fill_value=0
    )
    known = census.columns.to_numpy(float)
    at_risk = np.array([np.interp(years, known, row) for row in census.to_numpy(float)])
    at_risk = pd.DataFrame(at_risk, index=census.index, columns=years)
    by_group = at_risk.groupby(["agegroup", "sex"]).sum().sum(axis=1)
    hits = cases.groupby(["agegroup", "sex"])["cases"].sum().reindex(by_group.index, fill_value=0)
    rate = (hits / by_group).reindex(at_risk.droplevel("county").index).to_numpy()
    expected = at_risk.mul(rate, axis=0).groupby("county").sum().reindex(where["county"])
    return counts, expected, where


def test_new_mexico_has_a_cluster_and_it_is_not_los_alamos(shared):
    """Yearly, 1973 to 1991, circles up to half of the population, spans up to nine years.

    Kulldorff et al. 1998 (Am. J. Public Health 88, 1377): the excess in Los Alamos, which had
    raised the alarm, is not significant. Los Alamos and Santa Fe, 1986 to 1989.
    """
    counts, expected, where = new_mexico(shared)
    assert counts.to_numpy().sum() == expected.to_numpy().sum() == pytest.approx(1175)
    place = pd.DataFrame({"place": where["county"], "x": where["lat"], "y": where["long"]})
    found = hd.detect(
        counts.T, "scan_poisson", coordinates=place, population=expected.T,
        mode="retrospective", max_periods=9, max_share=0.5, replicates=999, seed=1,
    )  # fmt: skip
    first = found.attrs["clusters"].iloc[0]
    assert (first["centre"], first["first"], first["last"]) == ("Bernalillo", 1985, 1989)
    within, years = list(first["places"]), list(range(1985, 1990))
    c, e = counts.loc[within, years].to_numpy().sum(), expected.loc[within, years].to_numpy().sum()
    assert (first["observed"], first["expected"]) == (c, pytest.approx(e))
    by_hand = c * np.log(c / e) + (1175 - c) * np.log((1175 - c) / (1175 - e))
    assert first["log_likelihood_ratio"] == pytest.approx(by_hand)
    assert first["relative_risk"] == pytest.approx(c / e / ((1175 - c) / (1175 - e)))
    assert first["p_value"] < 0.05
    raised = found["alarm"].to_series()
    raised = raised[raised].reset_index()
    assert set(raised["place"]) == set(within)
    assert set(raised["time"]) == set(years)
    # The alarm of 1991 for Los Alamos: likely enough by chance.
    near, span = ["LosAlamos", "SantaFe"], [1986, 1987, 1988, 1989]
    c, e = counts.loc[near, span].to_numpy().sum(), expected.loc[near, span].to_numpy().sum()
    excess = c * np.log(c / e) + (1175 - c) * np.log((1175 - c) / (1175 - e))
    just = first["log_likelihood_ratio"] / found["score"].sel(place="Bernalillo", time=1985).item()
    assert 2 < excess < just < first["log_likelihood_ratio"]
    assert found.attrs["clusters"]["p_value"].iloc[1] > 0.5


def test_a_cell_that_was_not_reported_is_in_neither_sum():
    """Reported as zeros they would make the rest a cluster."""
    rng = np.random.default_rng(4)
    counts = rng.poisson(3.0, (30, 40)).astype(float)
    counts[:15, 37:] = np.nan
    known = ~np.isnan(counts)
    expected = scan_chance.expected_of_margins(counts)
    assert (expected[~known] == 0).all()
    np.testing.assert_allclose(expected.sum(0), np.nansum(counts, 0), rtol=1e-9)
    np.testing.assert_allclose(expected.sum(1), np.nansum(counts, 1), rtol=1e-9)
    # A product of one number for the place and one for the time, on the cells that there are.
    a, b = expected[20:25, 30:40], expected[25:30, 30:40]
    np.testing.assert_allclose(a / a[:, :1], b / b[:, :1], rtol=1e-8)
    points = {f"p{i}": (10.0 + i // 6, 105.0 + i % 6) for i in range(30)}
    time = pd.date_range("2024-01-01", periods=40, freq="7D")
    table = pd.DataFrame(counts.T, index=time, columns=list(points))
    given_ = {"method": "scan_permutation", "coordinates": points, "last": 1, "replicates": 199}
    missing = hd.detect(table, **given_)
    assert not missing["alarm"].any()
    assert (missing["state"].values[:15] == "no_data").all()
    assert (missing["reason"].values[:15] == "missing").all()
    assert np.isnan(missing["p_value"].values[:15]).all()
    assert (missing["state"].values[15:] == "quiet").all()
    as_zero = hd.scan(table.fillna(0), points, replicates=199)
    assert as_zero["p_value"][0] == 1 / 200
    # One week later the same places report late: a real excess in them is still found.
    cross = ["p21", "p20", "p22", "p27", "p15"]
    table.loc[table.index[38:], cross] += 9
    found = hd.detect(table, **given_)
    assert set(found["place"].values[found["alarm"].values[:, 0]]) == set(cross)


def test_people_who_are_not_known_and_places_without_any_report():
    counts = np.array([[2.0, 1, 3, 4], [1, 1, 1, 1], [5, 5, 5, 5], [np.nan] * 4])
    people = np.array([[10.0] * 4, [10, 10, np.nan, 10], [0] * 4, [10] * 4])
    expected = scan_chance.expected_of_people(counts, people)
    np.testing.assert_allclose(
        expected, np.array([[1.0] * 4, [1, 1, 0, 1], [0] * 4, [0] * 4]) * 13 / 7
    )
    table = pd.DataFrame(counts.T, index=pd.RangeIndex(1, 5), columns=list("abcd"))
    where = pd.DataFrame({"place": list("abcd"), "x": [0, 1, 2, 3], "y": 0})
    found = hd.detect(
        table, "scan_poisson", coordinates=where, max_periods=2, max_share=1.0, replicates=19,
        population=pd.DataFrame(people.T, index=table.index, columns=table.columns),
    )  # fmt: skip
    assert found["state"].sel(place="d").values.tolist() == ["no_data"] * found.sizes["time"]
    assert found["state"].sel(place="c").values.tolist() == ["no_data"] * found.sizes["time"]
    assert found["state"].sel(place="a").values[-1] == "quiet"
    for held in found.attrs["clusters"]["places"]:
        assert not {"c", "d"} & set(held)


def grid_of(n=5, weeks=60, seed=3):
    rng = np.random.default_rng(seed)
    names = [f"{i:02}" for i in range(n * n)]
    time = pd.date_range("2024-01-01", periods=weeks, freq="7D")
    data = pd.DataFrame(rng.poisson(2.0, (weeks, n * n)), index=time, columns=names)
    where = pd.DataFrame(
        {"place": names, "lat": [10 + 0.1 * (i // n) for i in range(n * n)],
         "lon": [105 + 0.1 * (i % n) for i in range(n * n)]}
    )  # fmt: skip
    return data, where


def test_an_outbreak_raises_its_circle_and_nothing_else():
    data, where = grid_of()
    cross = ["12", "07", "11", "13", "17"]
    data.loc[data.index[-2:], cross] += 8
    found = hd.detect(data, "scan_permutation", coordinates=where, last=3, replicates=199)
    assert found["alarm"].values[:, 0].sum() == 0
    raised = found["place"].values[found["alarm"].values[:, 2]]
    assert set(raised) == set(cross)
    table = found.attrs["clusters"]
    assert table["time"].is_monotonic_increasing
    best = table[table["time"] == data.index[-1]].iloc[0]
    assert (best["cluster"], best["centre"]) == (1, "12")
    assert best["radius_km"] == pytest.approx(0.1 * 111.195, rel=1e-3)
    assert best["first"] == data.index[-2]
    assert best["p_value"] == 1 / 200
    assert best["recurrence"] == 200
    # The same places twice as often all the time are no cluster: every place has its own level.
    often, _ = grid_of()
    often[cross] *= 3
    assert not hd.detect(often, "scan_permutation", coordinates=where, last=1)["alarm"].any()
    people = {p: 1000.0 for p in often.columns}
    crowded = hd.detect(often, "scan_poisson", coordinates=where, last=1, population=people)
    assert set(cross) <= set(crowded["place"].values[crowded["alarm"].values[:, 0]])


def test_score_and_p_value_agree_on_what_is_significant():
    data, where = grid_of(seed=8)
    for _ in range(8):
        data.iloc[-1, [0, 1]] += 1
        for gumbel in (False, True):
            found = hd.detect(
                data, "scan_permutation", coordinates=where, last=1, replicates=99,
                gumbel=gumbel, alpha=0.1,
            )  # fmt: skip
            score, p = found["score"].values, found["p_value"].values
            np.testing.assert_array_equal(score > 1, p <= 0.1)
            np.testing.assert_array_equal(found["alarm"].values, p <= 0.1)
            assert np.isnan(found["upper"].values).all()
    assert found["alarm"].any()
    assert 0 < p.min() < 1 / 100  # below what replicates alone can say


def test_the_seed_and_nothing_else_decides(monkeypatch):
    data, where = grid_of(seed=5)
    given_ = {"method": "scan_permutation", "coordinates": where, "replicates": 99}
    one = hd.detect(data, **given_, last=2)
    monkeypatch.setattr(scan, "get_num_threads", lambda: 1)
    two = hd.detect(data, **given_, last=1)
    xr.testing.assert_equal(one.isel(time=[1]), two)
    again = hd.detect(data, **given_, last=1, seed=2)
    assert (again["p_value"] != two["p_value"]).any()


@pytest.mark.parametrize("method", ["scan_permutation", "scan_poisson"])
def test_the_order_of_the_table_changes_nothing(method):
    data, where = grid_of(seed=5)
    data.iloc[3, 2] = np.nan
    more = {"population": {p: 1000.0 + 7 * i for i, p in enumerate(data)}}
    asked = {"method": method, "coordinates": where, "replicates": 99, "last": 2}
    asked |= more if method == "scan_poisson" else {}
    plain = hd.detect(data, **asked)
    assert ((plain["p_value"] > 0) & (plain["p_value"] < 1)).any()
    rows = data.rename_axis("start").reset_index().melt("start", var_name="place")
    for other in (
        data[data.columns[::-1]],
        data.sample(frac=1, axis=1, random_state=2),
        rows.sample(frac=1, random_state=3),
    ):
        found = hd.detect(other, **asked)
        given_order = other.get("place", pd.Series(other.columns)).drop_duplicates()
        assert found["place"].values.tolist() == given_order.tolist()
        same = found.sel(place=plain["place"])
        for name in plain.data_vars:
            if plain[name].dtype.kind == "f":
                np.testing.assert_allclose(same[name], plain[name], rtol=1e-12)
            else:
                np.testing.assert_array_equal(same[name], plain[name])
        np.testing.assert_array_equal(same["p_value"], plain["p_value"])
        both = [f.attrs["clusters"].drop(columns=["expected", "relative_risk",
                "log_likelihood_ratio"]) for f in (found, plain)]  # fmt: skip
        pd.testing.assert_frame_equal(*both)


def test_too_short_a_history_and_no_case_at_all():
    data, where = grid_of()
    short = hd.detect(data.iloc[:10], "scan_permutation", coordinates=where)
    assert (short["reason"] == "history").all()
    none = hd.detect(data * 0, "scan_permutation", coordinates=where, last=1)
    assert (none["state"] == "quiet").all()
    assert (none["reason"] == "all_zero").all()
    assert len(none.attrs["clusters"]) == 0


def test_coordinates_that_cannot_be_used_are_named_and_the_others_kept():
    data, where = grid_of()
    bad = where.astype(object)
    bad.loc[0, ["lat", "lon"]] = [105.0, 10.0]  # swapped
    bad.loc[1, "lat"] = "north"
    bad.loc[2, "lon"] = 500.0
    bad = bad.drop(index=3)
    bad = pd.concat(
        [bad, bad.loc[[5]], bad.loc[[6]].assign(lat=12.0), bad.loc[[4]].assign(place="zz")]
    )
    found = hd.detect(
        data, "scan_permutation", coordinates=bad, last=1, replicates=19, coordinates_file="w.csv"
    )
    said = [p.say("en") for p in found.attrs["problems"]]
    for part in (
        "w.csv, line 2, lat: the coordinates of 00 (lat 105.0, lon 10.0) look swapped",
        "line 3, lat: the coordinates of 01 (north; 105.1) are not two numbers",
        "line 4, lat: the coordinates of 02 (10.0; 500.0) are not on the Earth",
        "03 has counts but no coordinates", "05 stands there more than once (first in line 6)",
        "06 stands there more than once (first in line 7) with different",
    ):  # fmt: skip
        assert any(part in s for s in said), part
    assert len(said) == 6
    lost = found["place"].values[(found["reason"] == "no_coordinates").values[:, 0]]
    assert lost.tolist() == ["00", "01", "02", "03", "06"]
    assert (found["state"].sel(place=lost) == "no_data").all()
    assert all(p.say("vi") for p in found.attrs["problems"])


def test_a_swapped_place_in_europe_is_told_by_its_neighbours():
    names = list("abcde")
    where = {n: (50.0 + i / 10, 10.0) for i, n in enumerate(names)} | {"c": (10.0, 50.2)}
    _, problems = read_positions(where, names)
    assert [p.code for p in problems] == ["watch.coordinates_swapped"]


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"coordinates": None}, "give coordinates"), ({"coordinates": 3}, "must be a table"),
        ({"coordinates": {"00": (1,)}}, "must be a table"),
        ({"coordinates": {"xx": (1.0, 2.0)}}, "no place of the counts"),
        ({"coordinates": pd.DataFrame({"place": ["00"], "lat": [1]})}, "must be a table"),
        ({"replicates": 9}, "19 or more"), ({"study_periods": 10}, "14 or more"),
        ({"max_share": 0.0}, "max_share"), ({"method": "scan_poisson"}, "needs none"),
        ({"method": "ears_c1"}, "takes no coordinates"), ({"mode": "both"}, "prospective"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(params, match):
    data, where = grid_of()
    with pytest.raises(BadData, match=match):
        hd.detect(data, **({"method": "scan_permutation", "coordinates": where} | params))


def test_distances_are_those_of_the_globe():
    points, _ = read_positions({"a": (0.0, 179.9), "b": (0.0, -179.9)}, ["a", "b"])
    straight = float(np.linalg.norm(points.points[0] - points.points[1]))
    assert points.on_the_ground(straight) == pytest.approx(2 * np.pi * EARTH_KM * 0.2 / 360)
    assert points.straight(points.on_the_ground(straight)) == pytest.approx(straight)


def test_a_mistyped_number_is_told_and_nothing_is_shuffled_for_hours():
    data, where = grid_of()
    data.iloc[-1, 3] = 10**9
    with pytest.raises(BadData, match="mistyped"):
        hd.detect(data, "scan_permutation", coordinates=where, last=1)


def test_many_spans_are_searched_in_smaller_batches():
    assert scan.batch_of(3321 * 7) == scan.BATCH
    assert 4 <= scan.batch_of(3321 * 420) < 16
    assert scan.batch_of(10**9) == 4
    assert sum(n for _, n in scan.generators(1, 2, 99, 10)) == 99
