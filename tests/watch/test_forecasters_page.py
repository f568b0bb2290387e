"""The page on forecasters tells every model, parameter, default, reason and score, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haidang.watch.backtest import SCORES
from haidang.watch.forecast import COLUMNS
from haidang.watch.forecasters import FORECASTERS
from haidang.watch.method import Reason

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "forecasters.md").read_text("utf-8")


def section(heading: str) -> str:
    begin = PAGE.index(f"\n## {heading}\n")
    end = PAGE.find("\n## ", begin + 4)
    return PAGE[begin : end if end > 0 else len(PAGE)]


def rows(text: str) -> dict[str, str]:
    """Second cell of each row by the names in the first."""
    found = {}
    for first, second in re.findall(r"^\|([^|\n]*)\|([^|\n]*)\|", text, re.M):
        found |= dict.fromkeys(re.findall(r"`(\w+)`", first), second.strip())
    return found


def test_every_model_is_in_the_table_and_none_claims_to_be_verified():
    assert set(rows(PAGE[: PAGE.index("\n## ")])) == set(FORECASTERS)
    assert not any(m.verified for m in FORECASTERS.values())
    assert all(m.source for m in FORECASTERS.values())


@pytest.mark.parametrize("name", FORECASTERS)
def test_every_parameter_is_told_with_its_default(name):
    told = rows(section(f"`{name}`"))
    assert set(told) == {p.name for p in FORECASTERS[name].params}
    for param in FORECASTERS[name].params:
        default = param.default
        want = f"`{default}`" if isinstance(default, str) else f"{default or 0:,g}"
        want = "by step" if default is None else want
        assert told[param.name] == want


def test_every_reason_variable_and_score_is_told():
    told = rows(section("What comes back"))
    reasons = (Reason.MISSING, Reason.HISTORY, Reason.NO_FIT, Reason.ALL_ZERO)
    spoken = {r.name.lower() for r in reasons}
    assert set(told) == spoken | set(COLUMNS)
    assert set(rows(section("Scores"))) == set(SCORES)
