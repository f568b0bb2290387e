"""The summary that a command ends with."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console

from haidang.cli import show


def level(place: str, level: int, wind: float, reason: str = "raised") -> dict[str, object]:
    return {
        "kind": "province",
        "place": place,
        "place_name": f"Area {place}",
        "level": level,
        "wind_central": wind,
        "reason": reason,
        "bulletin": pd.Timestamp("2030-09-11T06:00Z"),
        "clause": "1a",
    }


@pytest.fixture
def said(monkeypatch):
    def show_it(rows: list[dict[str, object]], language: str = "en") -> str:
        stream = io.StringIO()
        monkeypatch.setattr(show, "out", Console(file=stream, width=160))
        monkeypatch.setattr(show, "_chosen", [language])
        onsets = pd.DataFrame(columns=["place", "bulletin", "onset_central", "force"])
        spec = SimpleNamespace(status="Exercise")
        pack = SimpleNamespace(threat=SimpleNamespace(counted=False, read=False))
        made = SimpleNamespace(
            levels=pd.DataFrame(rows),
            onsets=onsets,
            played=SimpleNamespace(
                case=SimpleNamespace(spec=spec), context=SimpleNamespace(pack=pack)
            ),
        )
        show.summary(made)
        return stream.getvalue()

    return show_it


def test_of_one_level_the_strongest_wind_comes_first(said):
    text = said([level("A", 3, 18.0), level("B", 3, 40.0), level("C", 4, float("nan"))])
    order = [text.index(f"Area {place}") for place in "CBA"]
    assert order == sorted(order)
    row = next(line for line in text.splitlines() if "Area B" in line)
    assert [c.strip() for c in row.strip("│").split("│")][1:3] == ["3", "13"]
    assert "no level" not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "2 areas: the law gives no level; a person decides."),
        ("vi", "2 khu vực: luật không quy định cấp; con người quyết định."),
    ],
)
def test_areas_without_a_level_by_law_are_counted(said, language, words):
    unknown = [level(p, 0, 60.0, "not_defined") for p in "ABA"]
    assert words in said([*unknown, level("C", 3, 30.0)], language)
    assert words in said(unknown, language)  # even where no area has a level
