"""The program behind the page on speed, on a toy; the figures themselves are not tested."""

from __future__ import annotations

import re

from jobs import speed

TOY = speed.Sizes(
    places=2, weeks=2, slow_places=1, slow_weeks=1, series=(2, 4), communes=3, diseases=2,
    scan_places=12, replicates=19,
)  # fmt: skip


def test_the_page_has_every_method_and_only_measured_figures(monkeypatch):
    monkeypatch.setattr(speed.shutil, "which", lambda _: None)
    assert speed.reference(1, 1) == {}
    whole = speed.nation(3, 2)
    assert whole["series"] == 6
    assert whole["peak_mb"] >= whole["before_mb"] > 0
    theirs = {"ears_c1": 100.0, "farrington_flexible": 1e5}
    text = "\n".join(speed.page(TOY, theirs, whole))
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d,.]+) \|", text, re.M))
    assert set(rows) == set(speed.ALONE)
    assert all(float(v.replace(",", "")) >= 0 for v in rows.values())
    assert re.search(r"^\| `farrington_flexible` .*\| 100,000 \| [\d,]+ \|$", text, re.M)
    assert re.search(r"^\| `bayes` .*\|  \|  \|$", text, re.M)
    assert "| 4 |" in text
    assert "19 replicates" in text


def test_the_committed_page_has_the_same_methods():
    text = speed.PAGE.read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.M)) == set(speed.ALONE)
