"""The composite index: its rules by hand, INFORM's aggregates of 191 countries, its uncertainty."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from haidang.pack.index import INFORM, read_structure
from haidang.risk.index import (
    arithmetic,
    drivers,
    evaluate,
    geometric,
    inverted,
    largest,
    normalise,
    product,
    ranks,
)
from haidang.risk.index_sampling import draws, make
from haidang.risk.index_spec import IndexSpec, Indicator
from risk import inform

ROUNDING = 0.06
SAMPLE = Path(__file__).with_name("inform_sample.csv")


def column(*x: float) -> np.ndarray:
    return np.array(x)[:, None]


def one(**kwargs: object) -> Indicator:
    return Indicator(title={"en": "x"}, source="invented", date="2020", **kwargs)


def tree(**kwargs: object) -> IndexSpec:
    node = {"title": {"en": "x"}}
    return IndexSpec.model_validate(
        {
            "title": {"en": "toy"},
            "source": "invented",
            "root": "risk",
            "nodes": {
                "risk": {**node, "how": "product", "of": {"a": 1, "b": 1}},
                "a": {**node, "how": "arithmetic", "of": {"a1": 3, "a2": 1}},
                "b": {**node, "how": "geometric", "of": {"b1": 1}},
            },
            "indicators": {n: one().model_dump() for n in ("a1", "a2", "b1")},
            **kwargs,
        }
    )


# ── the rules ───────────────────────────────────────────────────────────────────────────────────


def test_the_geometric_mean_is_of_what_is_not_at_risk():
    # By hand: 10 -> 1, 5.5 -> 5.05, mean sqrt(5.05) = 2.2472, back (10 - 2.2472) / 9 * 10.
    found = geometric(column(10.0, 5.5), column(1.0, 1.0))[0]
    assert found == pytest.approx(8.6142, abs=1e-4)
    assert geometric(column(0.0, 0.0), column(1.0, 1.0))[0] == pytest.approx(0.0)
    assert inverted(np.array([10.0]))[0] == 1.0


def test_a_high_score_weighs_more_than_in_an_arithmetic_mean():
    x, w = column(9.0, 1.0), column(1.0, 1.0)
    assert geometric(x, w)[0] > arithmetic(x, w)[0] == 5.0


def test_weights_count():
    assert arithmetic(column(2.0, 6.0), column(3.0, 1.0))[0] == 3.0
    assert largest(column(10.0, 0.0), column(0.7, 1.0))[0] == pytest.approx(7.0)
    assert product(column(8.0, 1.0, 1.0), column(1.0, 1.0, 1.0))[0] == pytest.approx(2.0)


def test_what_is_not_known_is_left_out_and_never_zero():
    nan = float("nan")
    assert arithmetic(column(nan, 6.0), column(3.0, 1.0))[0] == 6.0
    assert geometric(column(nan, 6.0), column(3.0, 1.0))[0] == pytest.approx(6.0)
    assert largest(column(nan, 6.0), column(1.0, 1.0))[0] == 6.0
    for rule in (arithmetic, geometric, largest):
        assert np.isnan(rule(column(nan, nan), column(1.0, 1.0))[0])
    assert np.isnan(product(column(nan, 6.0), column(1.0, 1.0))[0])


def test_a_zero_dimension_makes_no_risk():
    assert product(column(0.0, 9.0), column(1.0, 1.0))[0] == 0.0


def test_scores_are_cut_at_the_ends_and_measured_in_powers_of_ten_if_so_stated():
    log = one(min=1, max=1000, scale="log")
    assert normalise(np.array([0.0, 1.0, 10.0, 1e6]), log) == pytest.approx([0, 0, 10 / 3, 10])
    assert np.isnan(normalise(np.array([np.nan]), log))[0]
    low = one(worse="low", min=0, max=4)
    assert list(normalise(np.array([0.0, 1.0, 4.0, 5.0]), low)) == [10.0, 7.5, 0.0, 0.0]


def test_the_known_share_is_of_the_weight():
    nan = np.array([np.nan, 5.0])
    found = evaluate(tree(), {"a1": nan, "a2": np.array([4.0, 4.0]), "b1": np.array([4.0, 4.0])})
    assert list(found.known["a"]) == [0.25, 1.0]
    assert list(found.known["risk"]) == [0.625, 1.0]
    assert found.score["a"][0] == 4.0


def test_a_node_may_ask_for_more_than_any_one_child():
    spec = tree()
    strict = spec.model_copy(
        update={"nodes": {**spec.nodes, "a": spec.nodes["a"].model_copy(update={"least": 0.5})}}
    )
    found = evaluate(strict, {"a2": np.array([4.0]), "b1": np.array([4.0])})
    assert np.isnan(found.score["a"][0])
    assert np.isnan(found.score["risk"][0])


def test_ranks_share_the_better_place():
    assert list(ranks(np.array([5.0, 5.0, 1.0]))) == [1.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"root": "a1"}, "not below the root"),
        ({"root": "nobody"}, "neither a node nor an indicator"),
        ({"indicators": {n: one().model_dump() for n in ("a1", "a2", "b1", "c")}}, "c: not below"),
        ({"indicators": {n: one().model_dump() for n in ("a1", "a2", "b1", "b")}}, "both"),
        ({"indicators": {n: one().model_dump() for n in ("a1", "b1")}}, "a2 is neither"),
    ],
)
def test_a_tree_that_is_none_is_refused(change, said):
    with pytest.raises(ValidationError, match=said):
        tree(**change)


def test_a_node_in_two_places_is_refused():
    spec = tree().model_dump()
    spec["nodes"]["b"]["of"]["a1"] = 1.0
    with pytest.raises(ValidationError, match="two places"):
        IndexSpec.model_validate(spec)


def test_ends_that_are_none_are_refused():
    with pytest.raises(ValidationError, match="min must lie below max"):
        one(min=4, max=4)
    with pytest.raises(ValidationError, match="a log scale needs"):
        one(min=0, max=4, scale="log")


# ── INFORM ──────────────────────────────────────────────────────────────────────────────────────


def sample(issue: str) -> dict[str, np.ndarray]:
    """Twelve countries of an issue: INFORM Risk 2016, mid-2018 v0.3.4, JRC and IASC, CC BY 4.0."""
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["issue"] == issue]
    return {n: np.array([inform.number(r[n]) for r in rows]) for n in inform.COLUMNS}


@pytest.mark.parametrize("issue", ["2016", "2018-mid"])
def test_the_sample_is_met(issue):
    columns = sample(issue)
    for name, found in inform.one_step(columns).items():
        assert inform.deviation(found, columns[name]).max() <= ROUNDING, name


@pytest.mark.parametrize("issue", list(inform.FILES))
def test_every_aggregate_of_191_countries_is_met_from_its_parts(shared, issue):
    codes, columns = inform.read(shared / "data" / "index" / inform.FILES[issue])
    assert len(codes) == 191
    for name, found in inform.one_step(columns).items():
        assert inform.deviation(found, columns[name]).max() <= ROUNDING, name


@pytest.mark.parametrize("issue", list(inform.FILES))
def test_the_components_alone_give_every_aggregate_to_the_digit(shared, issue):
    """With the rounding of the tables at every step, in which nothing is rounded away to zero."""
    codes, columns = inform.read(shared / "data" / "index" / inform.FILES[issue])
    found = inform.from_components(columns)
    for name in read_structure(INFORM).nodes:
        assert inform.deviation(found[name], columns[name]).max() < 1e-9, name
    tiny = np.isin(codes, ["BHR", "FIN", "SGP", "STP"])  # 0.04 by the mean of their components
    assert list(found["natural"][tiny]) == [0.1] * 4


def test_another_rule_would_be_noticed(shared):
    _, columns = inform.read(shared / "data" / "index" / inform.FILES["2016"])
    even = arithmetic(np.stack([columns["natural"], columns["human"]]), np.ones((2, 1)))
    assert inform.deviation(even, columns["hazard"]).max() > 0.5
    deprived = np.stack([columns[n] for n in ("development", "inequality", "aid")])
    assert (
        inform.deviation(arithmetic(deprived, np.ones((3, 1))), columns["socio_economic"]).max()
        > 0.5
    )


# ── its uncertainty ─────────────────────────────────────────────────────────────────────────────

VALUES = {
    "a1": np.array([1.0, 5.0, 9.0, np.nan]),
    "a2": np.array([2.0, 5.0, 8.0, 5.0]),
    "b1": np.array([1.0, 5.0, 9.0, 5.0]),
}
CODES = ("A", "B", "C", "D")


def test_the_same_seed_gives_the_same_interval():
    first, second = (make(tree(), CODES, VALUES) for _ in range(2))
    assert np.array_equal(first.low["risk"], second.low["risk"])
    other = make(tree(sampling={"seed": 7}), CODES, VALUES)
    assert not np.array_equal(first.low["risk"], other.low["risk"])


def test_the_interval_holds_the_score_and_is_wider_where_less_is_known():
    made = make(tree(), CODES, VALUES)
    low, high = made.low["risk"], made.high["risk"]
    assert (low <= made.risk).all()
    assert (made.risk <= high).all()
    width = high - low
    assert width[3] > 2 * width[1]
    assert list(made.rank) == [4, 2, 1, 2]
    assert made.rank_low[3] <= 2
    assert made.rank_high[3] == 3


def test_without_anything_to_vary_the_interval_is_the_score():
    still = tree(sampling={"weights": 0, "bounds": 0, "leave_out": 0, "draws": 20})
    full = {n: v[:3] for n, v in VALUES.items()}
    made = make(still, CODES[:3], full)
    assert made.low["risk"] == pytest.approx(made.risk)
    assert made.high["risk"] == pytest.approx(made.risk)


def test_what_nobody_knows_is_anything_not_nothing():
    values = {"a2": VALUES["a2"], "b1": VALUES["b1"]}
    found = draws(tree(), {**values, "a1": np.full(4, np.nan)}).score["a1"]
    drawn = found[~np.isnan(found)]
    assert drawn.min() < 0.5
    assert drawn.max() > 9.5
    assert 0.3 < np.isnan(found).mean() < 0.8


def test_a_place_without_a_dimension_has_no_index_and_no_rank():
    values = {**VALUES, "b1": np.array([1.0, 5.0, 9.0, np.nan])}
    made = make(tree(), CODES, values)
    assert np.isnan(made.risk[3])
    assert np.isnan(made.rank[3])
    assert np.isnan(made.rank_low[3])
    assert made.order()[-1] == 3
    assert made.rank_high[:3].max() == 3


def test_drivers_say_what_makes_a_place_stand_out():
    leaves = {n: v.copy() for n, v in VALUES.items()}
    found = drivers(tree(), leaves, 2)
    assert found[0][0] == "b1"
    assert all(points > 0 for _, points in found)
    assert "a1" not in dict(drivers(tree(), leaves, 3))


@given(st.lists(st.floats(0, 10), min_size=3, max_size=3), st.integers(0, 2), st.floats(0, 10))
def test_more_of_a_part_is_never_less_of_the_whole(parts, which, more):
    names = ("a1", "a2", "b1")
    before = {n: np.array([p]) for n, p in zip(names, parts, strict=True)}
    after = {**before, names[which]: np.maximum(before[names[which]], more)}
    low, high = (evaluate(tree(), x).score["risk"][0] for x in (before, after))
    assert 0 <= low <= high + 1e-9 <= 10 + 2e-9
