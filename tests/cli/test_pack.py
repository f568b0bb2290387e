"""``haidang pack diff`` shows who changed what, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from haidang.cli.app import build
from haidang.cli.show import out

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    # The console was measured when it was made, perhaps by a test before this one.
    monkeypatch.setattr(out, "_width", 200)


def run(*words: str):
    return CliRunner().invoke(build(), words)


@pytest.mark.parametrize(("language", "said"), [("en", "tightened"), ("vi", "siết chặt")])
def test_it_says_who_changed_what(language, said, monkeypatch):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    found = run("--lang", language, "pack", "diff", "storm", "--country", "xt")
    assert found.exit_code == 0, found.output
    assert said in found.output
    assert "duty_post" in found.output
    line = next(x for x in found.output.splitlines() if "coast_emptied" in x and " level " in x)
    assert line.split()[-2:] == ["5", "3"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("earthquake",), "pack.not_bound_here"),
        (("storm", "--place", "N"), "pack.no_overlay"),
    ],
)
def test_what_is_not_there_is_said(words, code, monkeypatch):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    found = run("pack", "diff", *words, "--country", "xt")
    assert found.exit_code != 0
    assert found.exception is not None
    assert [p.code for p in found.exception.problems] == [code]
