"""``haidang index``: who is worst and why, in both languages, and what is not known."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from haidang.cli.app import build
from haidang.cli.show import out

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    # The console was measured when it was made, perhaps by a test before this one.
    monkeypatch.setattr(out, "_width", 160)
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))


def run(*words: str):
    return CliRunner().invoke(build(), words)


def test_the_worst_comes_first_with_its_reasons_and_its_interval():
    found = run("--lang", "en", "index", "--country", "xt", "--day", "2030-01-01")
    assert found.exit_code == 0, found.output
    lines = found.output.splitlines()
    north = next(n for n, x in enumerate(lines) if "North Toyland" in x)
    assert "6.6" in lines[north]
    assert "South Toyland" in lines[north + 1]
    assert "North Toyland, what makes it stand out:" in found.output
    assert "nobody should say who is worse" in " ".join(found.output.split())


@pytest.mark.parametrize(("language", "unknown"), [("en", "not known"), ("vi", "chưa rõ")])
def test_one_place_is_explained(language, unknown):
    words = ("index", "--country", "xt", "--day", "2030-01-01", "--explain", "S")
    found = run("--lang", language, *words)
    assert found.exit_code == 0, found.output
    poor = next(x for x in found.output.splitlines() if x.strip().startswith("Poor people"))
    assert poor.count(unknown) == 2
    assert "The north only." in found.output


def test_a_table_of_ones_own_with_a_tree_of_ones_own(tmp_path):
    table = tmp_path / "values.csv"
    table.write_text("iso3,gales,density\nAAA,8,40\nBBB,2,\n", "utf-8")
    tree = TOY / "countries" / "xt" / "index" / "index.yaml"
    text = "".join(
        line for line in tree.read_text("utf-8").splitlines(True) if "given:" not in line
    )
    own = tmp_path / "tree.yaml"
    own.write_text(text, "utf-8")
    found = run("--lang", "en", "index", str(table), "--structure", str(own))
    assert found.exit_code == 0, found.output
    first, second = (next(x for x in found.output.splitlines() if c in x) for c in ("AAA", "BBB"))
    assert "8.0" in first
    assert "not known" in second


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--explain", "Z"), "index.no_place"),
        (("--country", "zz"), "pack.no_country"),
        (("--day", "soon"), "pack.not_a_day"),
    ],
)
def test_what_is_wrong_is_said(words, code):
    asked = ("index", "--country", "xt", "--day", "2030-01-01", *words)
    found = run(*asked)
    assert found.exit_code != 0
    assert [p.code for p in found.exception.problems] == [code]
