"""The page on detectors tells every method, parameter, default, reason and column, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haidang.watch.detect import COLUMNS
from haidang.watch.detectors import METHODS
from haidang.watch.method import Reason
from watch import parity

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "detectors.md").read_text("utf-8")


def section(heading: str) -> str:
    begin = PAGE.index(f"\n## {heading}\n")
    end = PAGE.find("\n## ", begin + 4)
    return PAGE[begin : end if end > 0 else len(PAGE)]


def cells(text: str) -> set[str]:
    return {
        c for row in re.findall(r"^\|([^|\n]*)\|", text, re.M) for c in re.findall(r"`(\w+)`", row)
    }


def test_every_method_is_in_the_table_and_verified_where_there_are_golden_values():
    assert cells(PAGE[: PAGE.index("\n## ")]) == set(METHODS)
    golden = {name for name, _ in parity.CASES.values()}
    golden.add("scan_permutation")  # tests/watch/test_scan.py: SaTScan on its own example
    assert {m.name for m in METHODS.values() if m.verified} == golden
    assert all(m.source for m in METHODS.values())


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_is_told(name):
    heading = next(h for h in re.findall(r"^## (`.*)$", PAGE, re.M) if f"`{name}`" in h)
    told = cells(section(heading))
    if name == "farrington_flexible":
        told |= cells(section("`farrington`"))
    assert {p.name for p in METHODS[name].params} <= told
    for param in METHODS[name].params:
        assert not param.r_name or f"`{param.r_name}`" in PAGE


def test_every_column_and_reason_is_told():
    text = section("What comes back")
    assert cells(text) == {*COLUMNS, *(r.name.lower() for r in Reason if r)}
