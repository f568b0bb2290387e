"""What was sent, drafted and announced beside what came, on the toy's storm and flood."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from haidang.jobs import came as came_job
from haidang.jobs import score as job
from haidang.jobs.score_tables import lines, write
from haidang.pack.case import TruthSpec
from haidang.risk.spec import RiverStage
from jobs.conftest import _played

HOUR = timedelta(hours=1)
LEVELS = (1, 2, 3)
FLOODED = datetime.fromisoformat("2030-06-01T00:00-02:00")


@pytest.fixture(scope="module")
def flood(known, common):
    return _played("flood-2030", known, common)


@pytest.fixture(scope="module")
def storm(toy, tmp_path_factory):
    """The toy storm, with its own analyses as the track that was found out afterwards."""
    folder = tmp_path_factory.mktemp("truth")
    head, *rows = toy.case.bulletins.read_text("utf-8").splitlines()
    kept = [r for r in rows if ",analysis," in r]
    (folder / "best.csv").write_text("\n".join([head, *kept]), "utf-8")
    (folder / "announced.csv").write_text(
        "issued,valid_until,area,places,domain,hazard,level,note,source\n"
        "2030-09-11T00:00Z,2030-09-12T00:00Z,north,N|nowhere,land,storm,2,,x\n"
        "2030-09-11T00:00Z,,part of it,N,land,storm,1,,x\n"
        "2030-09-10T00:00Z,,sea,sea-toy-east,sea,flood,3,,x\n",
        "utf-8",
    )
    truth = TruthSpec(file="best.csv", averaging_s=600, source="invented")
    spec = toy.case.spec.model_copy(update={"truth": truth, "announced": "announced.csv"})
    return replace(toy, case=replace(toy.case, folder=folder, spec=spec))


@pytest.fixture(scope="module")
def scored(storm, flood):
    return job.score(storm), job.score(flood)


def told(rows, office):
    return {(r.place, r.level): r.outcome for r in rows if r.office == office}


# --- what came ----------------------------------------------------------------------------------


def test_what_came_is_what_was_measured_and_never_what_was_forecast(flood):
    came = came_job.found_readings(flood, LEVELS)
    # Alba was forecast at 3.2 m for 18:00 and measured at 2.0; it had 3.0 at noon, with Borgo.
    assert came["N"].level == 3
    hours = {k: (at - FLOODED) / HOUR for k, at in came["N"].onsets.items()}
    assert hours == {1: 6, 2: 12, 3: 12}
    assert came["S"].level == 1


def test_a_forecast_alone_is_not_known_to_have_come(flood):
    only = tuple(
        replace(s, reports=tuple(r for r in s.reports if r.published < r.start))
        for s in flood.steps
    )
    came = came_job.found_readings(replace(flood, steps=only), LEVELS)
    assert [f.level for f in came.values()] == [None, None]


def test_the_program_s_own_trend_does_not_count_as_seen(flood):
    pack = flood.context.pack
    risk = pack.threat.risk.model_copy(update={"forecast_h": 12})
    assert isinstance(risk, RiverStage)
    threat = pack.threat.model_copy(update={"risk": risk})
    ahead = replace(flood, context=replace(flood.context, pack=replace(pack, threat=threat)))
    assert came_job.found_readings(ahead, LEVELS) == came_job.found_readings(flood, LEVELS)


def test_a_gauge_that_was_never_read_leaves_its_place_unknown(flood):
    north = tuple(
        replace(s, reports=tuple(r for r in s.reports if r.place in ("alba", "borgo")))
        for s in flood.steps
    )
    came = came_job.found_readings(replace(flood, steps=north), LEVELS)
    assert came["S"].level is None
    rows = job.score(replace(flood, steps=north)).rows
    assert {r.outcome for r in rows if r.place == "S"} == {"unknown"}


def test_the_wind_over_the_track_found_afterwards(storm):
    came = came_job.found_track(storm, LEVELS)
    assert {p: f.level for p, f in came.items()} == {"N": 3, "S": 2, "sea-toy-east": 2}
    for one in came.values():
        assert set(one.onsets) == set(range(1, one.level + 1))
        ordered = [one.onsets[k] for k in sorted(one.onsets)]
        assert None not in ordered
        assert ordered == sorted(ordered)


# --- what was said ------------------------------------------------------------------------------


def test_a_flood_seen_as_it_came_is_late_and_the_forecast_one_a_hit(scored):
    rows = scored[1].rows
    assert told(rows, "sent") == {
        ("N", 1): "late", ("N", 2): "hit", ("N", 3): "late",
        ("S", 1): "late", ("S", 2): "quiet", ("S", 3): "quiet",
    }  # fmt: skip
    sent, drafted = (
        next(r.lead_h for r in rows if (r.office, r.place, r.level) == (office, "N", 2))
        for office in ("sent", "drafted")
    )
    # Received at 06:10; signed and approved after nine minutes more.
    assert drafted == pytest.approx(5 + 50 / 60)
    assert sent == pytest.approx(5 + 41 / 60)


def test_the_storm_was_warned_of_everywhere(scored):
    rows = scored[0].rows
    assert {w for (_, k), w in told(rows, "sent").items() if k == 1} == {"hit"}
    assert {r.domain for r in rows if r.place == "sea-toy-east"} == {"sea"}
    assert sum({r.place: r.weight for r in rows if r.domain == "land"}.values()) == 1000001


def test_an_announced_list_speaks_only_of_its_places_and_of_this_threat(scored):
    rows = [r for r in scored[0].rows if r.office == "announced"]
    assert {r.place for r in rows} == {"N"}
    assert {r.level: r.outcome for r in rows} == {1: "hit", 2: "hit", 3: "miss"}
    # Of two words of one instant the higher one holds: a day, from 00:00 on the 11th.
    assert next(r.warned_h for r in rows if r.level == 2) == 24.0


@pytest.mark.parametrize(
    ("hazard", "threat", "so"),
    [
        ("storm", "storm", True),
        ("", "storm", True),
        ("flood and landslide", "river_flood", True),
        ("flood and landslide", "heavy_rain", False),
        ("heavy rain", "heavy_rain", True),
        ("flash flood and landslide", "flash_flood_landslide", True),
        ("flash flood", "river_flood", False),
        ("not stated", "storm", False),
    ],
)
def test_how_lists_call_a_threat(hazard, threat, so):
    assert job.speaks_of(hazard, threat) is so


def test_what_is_not_known_says_why(toy, known, common):
    made = job.score(toy)
    assert (made.rows, made.why) == ((), "why_no_truth")
    fever = job.score(_played("fever-2030", known, common))
    assert (fever.rows, fever.why) == ((), "why_counted")


def test_tiers_take_the_highest_that_was_said_in_time_and_leave_out_what_is_not_known(scored):
    assert job.tiers(scored, "sent", "sea") == ([2], [2])
    warned, reached = job.tiers(scored[1:], "sent", "land")
    # North: level 2 in time, 3 late. South: level 1 late, which is as if it had not been said.
    assert sorted(zip(warned, reached, strict=True)) == [(0, 1), (2, 3)]
    rows = tuple(
        replace(r, outcome="unknown") if (r.place, r.level) == ("S", 1) else r
        for r in scored[1].rows
    )
    assert job.tiers([replace(scored[1], rows=rows)], "sent", "land") == ([2], [3])


def test_chances_are_of_places_on_land_a_day_before(scored):
    chances, reached = job.odds(scored)
    assert chances.shape == (2, 3)
    assert sorted(reached) == [2, 3]


# --- tables -------------------------------------------------------------------------------------


def test_lines_count_events_first(scored):
    found = lines(scored)
    one = next(
        x for x in found
        if (x.hazard, x.domain, x.office, x.level) == ("storm", "land", "sent", 1)
    )  # fmt: skip
    assert (one.events.came, one.events.hit, one.tally.hits) == (1, 1, 2)
    assert one.people == 1.0
    assert one.range is None  # of one event nothing is shown of how events differ
    assert {x.domain for x in found if x.hazard == "flood"} == {"land"}


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_tables_on_disk(scored, tmp_path):
    names = [p.name for p in write(scored, tmp_path)]
    assert names == ["rows.csv", "tallies.csv", "tiers.csv"]
    assert len(read(tmp_path / "rows.csv")) == sum(len(s.rows) for s in scored)
    wanted = ("flood", "sent", "1")
    one = next(
        t for t in read(tmp_path / "tallies.csv")
        if (t["hazard"], t["office"], t["level"]) == wanted
    )  # fmt: skip
    assert (one["late"], one["pod"], one["far"]) == ("2", "0.0", "")
    assert {t["score"] for t in read(tmp_path / "tiers.csv")} == {"firm", "risk_matrix"}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_command_says_how_little_one_event_proves(
    lang, known, common, flood, monkeypatch, capsys
):
    from haidang.cli.score import run

    run(["flood-2030", "toy-2030"], common, None, known, lang=lang)
    said = capsys.readouterr().out
    assert ("Một sự kiện" if lang == "vi" else "One event") in said
    assert (common / "score" / "tallies.csv").is_file()
    run(["flood-2030"], common, "sent", known, as_json=True, lang=lang)
    body = json.loads(capsys.readouterr().out)
    assert {t["office"] for t in body["tallies"]} == {"sent"}
