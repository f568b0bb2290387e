"""What the risk index of the provinces of Viet Nam rests on."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from haidang.app import what_if
from haidang.app.context import build_context
from haidang.app.snapshot import Snapshot
from haidang.data.tracks import Tracks
from haidang.pack.index import load_index
from haidang.pack.load import load_country, roots
from haidang.pack.places import load_places
from haidang.risk.index import drivers
from haidang.web.risking import epicentres
from haidang.words import LANGUAGES

FOLDER = roots().countries["vn"]
DAY = date(2026, 5, 1)


@pytest.fixture(scope="module")
def found():
    return load_index(FOLDER, load_places(FOLDER / "places"), DAY)


@pytest.fixture(scope="module")
def made(found):
    return found.made()


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / "index" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def total(indicator: str) -> float:
    return sum(float(r["value"]) for r in rows("facts.csv") if r["indicator"] == indicator)


def test_all_34_are_ranked_and_nothing_is_wrong(found, made):
    assert found.problems == ()
    assert len(found.codes) == 34
    assert np.isfinite(made.risk).all()
    assert sorted(made.rank)[0] == 1


def test_facts_sum_to_the_totals_of_their_sources():
    assert total("storm_deaths_2024") == 330
    assert total("water_short_2020") == 95_600
    assert total("people_2016") == pytest.approx(92_695.1)
    assert sum(int(r["doctors_2016"]) for r in rows("yearbook.csv")) == 61_547


def test_facts_are_those_of_the_yearbook():
    by = {(r["indicator"], r["code"]): r["value"] for r in rows("facts.csv")}
    lai_chau = next(r for r in rows("yearbook.csv") if r["province"] == "Lai Chau")
    assert by["poverty", "12"] == lai_chau["poor_percent_2016"] == "27.9"
    assert float(by["weak_houses", "12"]) == pytest.approx(100 - 21.4 - 49.4)
    # The national rate that the same table prints is 5.8 %; the means here are of people.
    people = {c: float(v) for (n, c), v in by.items() if n == "people_2016"}
    poor = sum(float(by["poverty", c]) * n for c, n in people.items()) / sum(people.values())
    assert poor == pytest.approx(5.8, abs=0.3)


def test_the_zones_are_those_of_the_annex(found):
    zone = dict(zip(found.codes, found.values["flash_flood_zone"], strict=True))
    assert zone["14"] == 1  # Sơn La
    assert zone["25"] == 1  # Phú Thọ has Hòa Bình in it
    assert zone["33"] == 5  # Hưng Yên, in none
    assert zone["56"] == 3  # Khánh Hòa, in two: the worse


def test_what_nobody_brought_is_not_known_and_widens_every_interval(found, made):
    missing = [n for n, i in found.spec.indicators.items() if i.given is None]
    assert missing == ["heat", "earthquake", "old_people"]
    assert all(np.isnan(made.values[n]).all() for n in missing)
    assert (made.known < 1).all()
    root = found.spec.root
    assert (made.high[root] - made.low[root] > 0.8).all()


def test_of_the_drought_only_the_delta_is_known(found):
    values = found.values["water_short_2020"]
    known = [c for c, v in zip(found.codes, values, strict=True) if np.isfinite(v)]
    # Tây Ninh has Long An and a province of which nothing is said.
    assert known == ["82", "86", "91", "92", "96"]


def test_every_indicator_has_its_source_its_date_and_its_weakness_in_both_languages(found):
    for name, one in found.spec.indicators.items():
        for language in LANGUAGES:
            assert one.title.get(language), name
            assert one.source.get(language), name
            if one.given is not None:
                assert one.date, name
                assert one.bounds, name
            if one.doubt:
                assert one.doubt.get(language), name
    for name, node in found.spec.nodes.items():
        assert set(node.title) >= set(LANGUAGES), name


def test_values_lie_within_the_ends_but_for_those_that_are_meant_to_be_cut(found):
    for name, values in found.values.items():
        one = found.spec.indicators[name]
        inside = (values >= one.min) & (values <= one.max)
        cut = (~inside & np.isfinite(values)).sum()
        assert cut <= {"storm_deaths_2024": 30, "storm_wind": 20, "dengue": 13}.get(name, 1), name


def test_the_mountains_lead_and_it_is_said_why(made):
    first = made.codes[made.order()[0]]
    assert first == "15"  # Lào Cai
    reasons = [n for n, _ in drivers(made.spec, made.leaves, made.codes.index(first))[:2]]
    assert reasons == ["flash_flood_zone", "storm_deaths_2024"]
    # The ranks of many overlap: the page may not pretend to more.
    assert made.rank_high[made.order()[0]] >= 5


# ── what would be, if ───────────────────────────────────────────────────────────────────────────


def test_an_earthquake_of_6_under_the_capital():
    """On any desk of the country, by its own law: Article 55 has 4 for VII to VIII in towns."""
    known = roots()
    country = load_country(known.countries["vn"], known.threats)
    pack = next(p for p in country.packs.values() if p.threat.risk.hazard == "shaking")
    few = pack.threat.model_copy(
        update={"risk": pack.threat.model.model_copy(update={"members": 20})}
    )
    context = build_context(country, replace(pack, threat=few), DAY, DAY)
    snapshot = Snapshot(datetime(2026, 5, 1, tzinfo=UTC), 1, Tracks(()), (), (), DAY, DAY)
    lat, lon = epicentres(country, DAY)["01"]
    found = {a.place: a for a in what_if.quake(context, snapshot, 6.0, lat, lon, 10.0)}
    assert found["01"].grounds.level == 4
    assert found["01"].grounds.article == "55"
    assert 7 <= found["01"].intensity.central <= 8.5
    assert found["79"].grounds.level == 0  # 1,100 km away
    shaken, unknown = what_if.people(found.values(), "people.msk_6")
    assert 3e6 < shaken.central < 2e7
    assert unknown == 0
