"""The guide's threat of readings is built from its blocks, checked, and played."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from haidang.app.context import build_context
from haidang.jobs.replay import play
from haidang.jobs.tables import tables
from haidang.jobs.tonight import own_file
from haidang.pack.check import check
from haidang.pack.load import load_country, roots

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guide" / "a-new-threat.md"
FILES = re.compile(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```\n", re.M | re.S)
READINGS = re.compile(r"^```csv\n(.*?)^```\n", re.M | re.S)
DAY = date(2026, 9, 1)


def test_ten_minutes_are_enough_for_a_threat_told_by_readings(tmp_path):
    page = PAGE.read_text("utf-8")
    packs = tmp_path / "packs"
    shutil.copytree(ROOT / "tests" / "toy", packs)
    written = FILES.findall(page)
    assert len(written) == 4
    for name, text in written:
        path = packs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    found = roots([packs])
    report = check(replace(found, countries={"xt": found.countries["xt"]}), DAY)
    assert [p.say("en") for p in report.problems if "dry_wind" in p.file] == []
    assert not [p.say("en") for p in report.errors]

    country = load_country(found.country("xt"), found.threats)
    context = build_context(country, country.packs["dry_wind"], DAY, DAY)
    assert context.areas.codes == ("N", "S")
    (csv,) = READINGS.findall(page)
    file = tmp_path / "dry.csv"
    file.write_text(csv, "utf-8")
    case = own_file(file, "dry_wind", "xt", found, approve=False)
    played = play(case, found, tmp_path / "out")
    assert played.problems == ()
    levels = tables(played).levels
    assert dict(zip(levels["place"], levels["level"], strict=True)) == {"N": 2, "S": 0}
    north = levels[levels["place"] == "N"].iloc[0]
    assert (north["clause"], north["reason"]) == ("3(2)(a)", "raised")
