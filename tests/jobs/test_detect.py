"""A file of counts through the command's job."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from haidang.base.errors import BadData, NotFound, Unavailable
from haidang.edge.feeds.counts import read_counts
from haidang.jobs.detect import judge_file

EXAMPLE = Path(__file__).parents[2] / "docs" / "guide" / "counts.csv"


def test_the_example_of_the_guide(tmp_path):
    told = []
    made = judge_file(
        EXAMPLE, "farrington_flexible", tmp_path, last=4, progress=lambda *a: told.append(a)
    )  # fmt: skip
    assert made.problems == ()
    assert set(made.raised["place"]) == {"binh_minh"}
    assert sum(made.newest.values()) == 3
    assert made.newest["raised"] == 1
    times = made.raised["time"].tolist()
    assert times == sorted(times, reverse=True)
    written = pd.read_csv(made.path)
    assert len(written) == 12
    assert made.path.name == "counts-farrington_flexible.csv"
    assert told[-1] == (3, 3)


def test_settings_are_read_as_their_kind(tmp_path):
    settings = ["alpha=0.2", "years_back=4", "trend=false", "min_cases=1,2", "threshold=delta"]
    made = judge_file(EXAMPLE, "farrington_flexible", tmp_path, settings, last=1)
    assert made.found.attrs["param_alpha"] == 0.2
    assert made.found.attrs["param_years_back"] == 4
    assert made.found.attrs["param_trend"] is False
    assert made.found.attrs["param_min_cases"] == (1, 2)
    for bad, match in (
        (["alpha"], "name=value"), (["alpha=x"], "alpha: 'x' does not fit"), (["last=3"], "it has"),
        (["trend=perhaps"], "neither true"), (["min_cases=1"], "two whole"),
    ):  # fmt: skip
        with pytest.raises(BadData, match=match):
            judge_file(EXAMPLE, "farrington_flexible", tmp_path, bad)
    with pytest.raises(NotFound):
        judge_file(EXAMPLE, "nope", tmp_path)


def test_codes_keep_their_zero_and_lines_are_those_of_the_file(tmp_path):
    file = tmp_path / "f.csv"
    lines = ["place,start,value", *(f"0{i % 2 + 1},2024W{i // 2 + 1:02},{i}" for i in range(40))]
    lines[7] = "01,2024W04,five"
    lines.insert(20, "")
    file.write_text("\n".join(lines), "utf-8")
    made = judge_file(file, "ears_c1", tmp_path)
    assert made.found["place"].values.tolist() == ["01", "02"]
    said = [p.say("en") for p in made.problems]
    assert said[0].startswith("f.csv, line 21, start:")
    assert any(s.startswith("f.csv, line 8, value: 'five' is not a number") for s in said)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no cell"), ("place;start;value\n", "semicolons"), ("a,b\n1,2\n", "lacks start"),
        ("start,a\n2024-01-01,1,2\n", "more cells"), ("start,a\n", "no period"),
    ],
)  # fmt: skip
def test_a_file_that_is_none(tmp_path, text, match):
    file = tmp_path / "f.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(BadData, match=match):
        judge_file(file, "ears_c1", tmp_path)


def test_what_cannot_be_read_or_written(tmp_path):
    with pytest.raises(BadData, match="cannot be read"):
        read_counts(tmp_path / "none.csv")
    (tmp_path / "out").write_text("a file", "utf-8")
    with pytest.raises(Unavailable):
        judge_file(EXAMPLE, "ears_c1", tmp_path / "out")


def test_clusters_come_from_a_file_of_coordinates(tmp_path):
    """Two neighbours with too many cases in the last two weeks; the tables name them."""
    lines = ["place,start,value"]
    for i in range(12):
        lines += [
            f"{i:02},2024W{w:02},{3 + (i * 7 + w * 5) % 4 + (12 if i in (3, 4) and w > 28 else 0)}"
            for w in range(1, 31)
        ]
    (tmp_path / "f.csv").write_text("\n".join(lines), "utf-8")
    where = ["place,lat,lon", *(f"{i:02},{10 + i / 10},105" for i in range(11)), "11,x,105"]
    (tmp_path / "w.csv").write_text("\n".join(where), "utf-8")
    (tmp_path / "p.csv").write_text("\n".join(["place,value", *(f"{i:02},10" for i in range(12))]))
    settings = ["replicates=99", "max_periods=4", "max_radius_km=15"]
    for method, more in (("scan_permutation", {}), ("scan_poisson", {"p": 1})):
        made = judge_file(
            tmp_path / "f.csv", method, tmp_path, settings, last=1, coordinates=tmp_path / "w.csv",
            population=tmp_path / "p.csv" if more else None,
        )  # fmt: skip
        assert {"03", "04"} <= set(made.raised["place"])
        assert made.problems[0].say("en").startswith("w.csv, line 13, lat: the coordinates of 11")
        listed = pd.read_csv(tmp_path / f"f-{method}-clusters.csv", dtype={"centre": str})
        assert {"03", "04"} <= set(listed["places"][0].split("|"))
        assert listed["p_value"][0] == 0.01
    (tmp_path / "q.csv").write_text("place,value\n01,many\n", "utf-8")
    with pytest.raises(BadData, match=r"q\.csv, line 2, value: 'many'"):
        judge_file(
            tmp_path / "f.csv", "scan_poisson", tmp_path, coordinates=tmp_path / "w.csv",
            population=tmp_path / "q.csv",
        )  # fmt: skip
    (tmp_path / "q.csv").write_text("place,people\n01,3\n", "utf-8")
    with pytest.raises(BadData, match="lacks value"):
        judge_file(
            tmp_path / "f.csv", "scan_poisson", tmp_path, coordinates=tmp_path / "w.csv",
            population=tmp_path / "q.csv",
        )  # fmt: skip


def test_the_places_that_stand_out_most_are_named(tmp_path):
    made = judge_file(EXAMPLE, "farrington_flexible", tmp_path, last=1)
    assert made.worst[0] == "binh_minh"
    assert len(made.worst) == 3
    lines = [
        "start,a,b,c",
        *(f"2024W{w:02},{w % 3},{w % 3 + (w == 30) * 9}," for w in range(1, 31)),
    ]
    (tmp_path / "f.csv").write_text("\n".join(lines), "utf-8")
    made = judge_file(tmp_path / "f.csv", "ears_c1", tmp_path)
    assert made.worst == ("b", "a")  # nothing is known of c
