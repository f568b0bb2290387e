"""A place over time as SVG: well formed, true to the numbers, in both languages."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.base.errors import BadData
from haidang.web.series_chart import draw, sheet

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def found():
    index = pd.date_range("2024-01-01", periods=30, freq="7D")
    table = pd.DataFrame({"<a>": 5.0 + np.arange(30) % 3, "b": 1.0}, index=index)
    table.iloc[-2, 0] = 40
    table.iloc[-5, 0] = np.nan
    return hd.detect(table, method="ears_c2")


def parts(drawn: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(drawn).iter(SVG + tag))


def test_every_count_has_its_bar_and_every_alarm_its_mark(found):
    drawn = hd.chart(found, "<a>")
    assert parts(drawn, "title")[0].text == "<a>"
    one = found.sel(place="<a>")
    bars = [r for r in parts(drawn, "rect")[1:] if r.get("fill") == "#8a979c"]
    assert len(bars) - 1 == int(one["value"].notnull().sum())  # one stands in the legend
    heights = [float(b.get("height")) for b in bars[:-1]]
    values = one["value"].values[~np.isnan(one["value"].values)]
    np.testing.assert_allclose(np.array(heights) / heights[0], values / values[0], atol=0.05)
    assert len(parts(drawn, "polygon")) - 1 == int(one["alarm"].sum()) == 1


def test_words_follow_the_language(found):
    english, vietnamese = (hd.chart(found, "b", language=lang) for lang in ("en", "vi"))
    assert "above the bound" not in english  # nothing there, nothing explained
    assert "reported" in english
    assert "đã báo cáo" in vietnamese


def test_a_nowcast_and_a_forecast_have_their_ranges():
    weeks = pd.date_range("2023-01-02", periods=40, freq="7D")
    rows = [
        {"place": "a", "start": w, "reported": w + pd.Timedelta(days=6 + 7 * d), "value": v}
        for w in weeks for d, v in enumerate((4, 8, 10))
    ]  # fmt: skip
    now = hd.nowcast(pd.DataFrame(rows), as_of=weeks[-1] + pd.Timedelta(days=6), max_delay=2)
    ahead = hd.forecast(now["median"], 3, "persistence")
    drawn = hd.chart(now, "a", ahead=ahead, last=10)
    hollow = [r for r in parts(drawn, "rect") if r.get("fill") == "none"]
    assert len(hollow) == 2 + 1
    fans = [p for p in parts(drawn, "polygon") if len(p.get("points").split()) == 6]
    assert len(fans) == 1
    assert "2023-10" in drawn


def test_what_cannot_be_drawn_is_said(found):
    with pytest.raises(BadData, match="no place 'c' here; there are: <a>, b"):
        hd.chart(found, "c")
    with pytest.raises(BadData, match="cannot be drawn"):
        hd.chart(found.drop_vars("value"), "b")


def test_a_sheet_holds_each_place_whole_under_its_name(found):
    places = ["b", "<a>"]
    for language in ("en", "vi"):
        drawn = sheet(found, places, language=language)
        names = [t.text for t in parts(drawn, "text") if t.get("font-size") == "14"]
        assert names == places
        inner = [draw(found, p, language=language) for p in places]
        for tag in ("rect", "polygon", "path"):
            ground = tag == "rect"
            assert len(parts(drawn, tag)) == sum(len(parts(d, tag)) for d in inner) + ground
    boxes = [s for s in parts(drawn, "svg") if s.get("y")]
    tops = [float(s.get("y")) for s in boxes]
    assert tops[1] >= tops[0] + float(boxes[0].get("height"))
    assert parts(sheet(found, []), "text") == []
    with pytest.raises(BadData):
        sheet(found, ["nobody"])
