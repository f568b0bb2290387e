"""The settings in the guide are read as they stand, and its figures page is the program's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from haidang.edge.feeds import sensors
from haidang.edge.feeds.sensors import (
    BrokerSpec,
    LimitsSpec,
    SensorsSpec,
    TlsSpec,
    TopicSpec,
)
from haidang.jobs import live_desk
from haidang.pack.load import roots
from haidang.pack.stations import read_stations
from jobs import live_speed

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide" / "sensors.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(# sensors\.yaml.*?)```", GUIDE, re.S)


def test_there_are_examples():
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("text", EXAMPLES)
def test_settings_of_the_guide_fit_the_pack(text, tmp_path):
    (tmp_path / "sensors.yaml").write_text(text, "utf-8")
    spec = sensors.load(tmp_path)
    known = roots()
    for name in spec.threats:
        home = known.country(spec.country)
        threat = yaml.safe_load((known.threats[name] / "pack.yaml").read_text("utf-8"))
        codes = {s.code for s in read_stations(home / "threats" / name / "stations.csv", name)}
        for topic in spec.topics:
            named = {topic.indicator, *topic.indicators.values()} - {""}
            assert named <= set(threat["watch"]["indicators"])
            assert ({topic.place, *topic.places.values()} - {""}) <= codes
        assert threat["tier"] != "verified"
    assert live_desk.Home(tmp_path, spec, None, "x").database.name == "haidang.db"


def test_every_setting_is_told_in_the_guide_or_in_the_reference():
    told = GUIDE + (DOCS / "reference" / "cli.md").read_text("utf-8")
    for spec in (SensorsSpec, BrokerSpec, TopicSpec, LimitsSpec, TlsSpec):
        for name in spec.model_fields:
            assert f"`{name}`" in told or f"{name}:" in told, (spec.__name__, name)


def test_the_page_has_only_measured_figures():
    some = live_speed.Figures((0.1, 0.2, 0.3), 1, 30, 31, 5.0, 1.0, 10)
    sizes = {"communes": 4, "gauges": 3, "rate": 10, "seconds": 5.0}
    lines = live_speed.page(some, some, 2.5, sizes)
    assert "| at rest, one after the other | 4 | 1 | 0.200 | 0.300 | 0.300 |" in lines
    assert "| at rest | 31 | 30 | 5.0 | 1.0 | 20% | 10 | 100.0 |" in lines
    page = (DOCS / "reference" / "latency.md").read_text("utf-8").splitlines()
    fixed = [line for line in lines if line.startswith(("#", "PYTHONPATH", "All figures"))]
    assert all(line in page for line in fixed)
