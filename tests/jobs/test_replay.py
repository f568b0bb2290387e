"""One whole replay, held against everything that must be true of it whatever the storm."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from haidang.edge.store import Store
from haidang.jobs.replay import Played, play
from haidang.jobs.tables import Tables, tables, write
from haidang.pack.case import find_cases, load_case
from haidang.pack.load import roots
from haidang.risk.spec import WATER
from haidang.warn.cap import Alert, parse, problems
from haidang.warn.decide import Reason
from haidang.words import word
from jobs import cap_valid

TOY = Path(__file__).parents[1] / "toy"
DRILL = {"en": "EXERCISE", "vi": "DIỄN TẬP", "fr": "EXERCICE"}
NORTHERNMOST_OF_THE_SOUTH = "42"
"""Hà Tĩnh, of the 63 provinces: everything south of it had no strong wind in that storm."""


@pytest.fixture(params=["toy", "yagi"])
def played(request: pytest.FixtureRequest) -> Played:
    return request.getfixturevalue(request.param)


@pytest.fixture
def found(played: Played, request: pytest.FixtureRequest) -> Tables:
    name = "toy_tables" if played.case.country == "xt" else "yagi_tables"
    return request.getfixturevalue(name)


@pytest.fixture
def alerts(played: Played) -> dict[str, Alert]:
    """What lies in the folder, by file name."""
    return {p.name: parse(p.read_bytes()) for p in sorted((played.folder / "cap").iterdir())}


def print_of(folder: Path) -> dict[str, tuple[str, int]]:
    """Bytes and time of change of every file that a reader may have opened."""
    return {
        str(p.relative_to(folder)): (
            hashlib.sha256(p.read_bytes()).hexdigest(),
            p.stat().st_mtime_ns,
        )
        for p in sorted((folder / "cap").rglob("*"))
    }


# ── what the golden cases expect ─────────────────────────────────────────────────────────────


def test_every_case_that_expects_levels_is_played_here():
    found = roots([TOY])
    expecting = {n for n in find_cases(found) if load_case(n, found).spec.expect}
    # with the epidemics and the floods of their country, in tests/countries
    elsewhere = {"dengue-1998", "yagi-floods-2024", "october-2020", "october-2020-rain"}
    elsewhere |= {"yagi-landslides-2024", "kon-plong-2024", "flood-2030", "bualoi-2025"}
    # with the drafts, likewise
    elsewhere |= {"salt-2020-03", "heat-2023-05", "sea-wind-2025-03"}
    elsewhere |= {n for n in expecting if n.endswith("-synthetic")}
    assert expecting == {"toy-2030", "yagi-2024"} | elsewhere


def test_the_golden_levels(played, found):
    first = found.levels.sort_values("at").groupby(["bulletin", "place"])["level"].first()
    expected = played.case.spec.expect
    assert len(expected) >= 6
    assert {(e.issued, e.place): e.level for e in expected} == {
        (e.issued, e.place): first[pd.Timestamp(e.issued), e.place] for e in expected
    }


def test_the_coast_that_was_hit_stands_at_four_in_time(yagi, yagi_tables):
    levels = yagi_tables.levels
    latest = datetime.fromisoformat("2024-09-07T06:00+07:00")
    for place in ("22", "31"):
        raised = levels[(levels["place"] == place) & (levels["level"] == 4)]
        assert raised["bulletin"].min() <= latest
        assert raised["at"].min() < latest + timedelta(hours=1)


def test_no_land_in_the_south_is_ever_at_four(yagi, yagi_tables):
    places = yagi.context.country.places
    day, old_day = yagi.case.spec.places_on, date(2025, 6, 30)
    latitude = {
        code: outline.centroid.y
        for code, outline in places.outlines_on("province", old_day).items()
    }
    limit = latitude[NORTHERNMOST_OF_THE_SOUTH]
    south = {
        place.code
        for place in places.gazetteer.at(day, "province")
        if all(
            latitude[old.code] < limit
            for old in places.gazetteer.predecessors("province", place.code, day, old_day)
        )
    }
    assert south >= {"44", "46", "48", "51", "56", "79", "96"}
    assert not south & {"22", "31", "38", "40", "42"}
    levels = yagi_tables.levels
    highest = levels.groupby("place")["level"].max()
    assert (highest[sorted(south)] < 4).all()
    assert (highest[["22", "31"]] == 4).all()


# ── levels ───────────────────────────────────────────────────────────────────────────────────


def test_every_area_is_decided_at_every_step(played, found):
    areas = set(played.context.named)
    assert len(found.levels) == len(areas) * len(played.steps)
    assert all(set(rows["place"]) == areas for _, rows in found.levels.groupby("at"))


def test_every_level_says_by_what_law_of_what_day(played, found):
    raised = found.levels[found.levels["level"] > 0]
    assert len(raised) >= 10
    for column in ("article", "clause", "act", "law_on", "places_on"):
        assert (raised[column].str.len() > 0).all(), column
    assert set(raised["law_on"]) == {played.case.spec.law_on.isoformat()}
    assert set(raised["places_on"]) == {played.case.spec.places_on.isoformat()}


def test_the_clause_is_one_that_gives_the_level(played, found):
    gives = {row.clause: row.level for row in played.context.table.rows}
    raised = found.levels[found.levels["level"] > 0]
    assert [gives[c] for c in raised["clause"]] == raised["level"].tolist()


def test_a_level_has_one_known_reason_that_fits(found):
    levels = found.levels
    known = {r.value for r in Reason}
    assert set(levels["reason"]) <= known
    up = levels["level"] > levels["level_before"]
    down = levels["level"] < levels["level_before"]
    assert set(levels.loc[up, "reason"]) == {"raised"}
    assert set(levels.loc[down, "reason"]) <= {"lowered", "ended", "over"}
    assert not set(levels.loc[~up & ~down, "reason"]) & {"raised", "lowered", "ended"}
    steady = levels["reason"].isin(["raised", "unchanged", "ended"])
    assert (levels.loc[steady, "level"] == levels.loc[steady, "assessed_level"]).all()
    lowered = levels["reason"] == "lowered"  # to the highest that was seen during the hold
    assert (levels.loc[lowered, "level"] >= levels.loc[lowered, "assessed_level"]).all()


def test_each_step_begins_where_the_last_ended(found):
    for _, rows in found.levels.sort_values("at").groupby("place"):
        assert rows["level_before"].tolist() == [0, *rows["level"].tolist()[:-1]]


def test_more_is_never_likelier_than_less(found):
    columns = [c for c in found.levels.columns if c.startswith("p_level_")]
    assert columns == sorted(columns)
    p = found.levels[columns].dropna().to_numpy()
    assert len(p) >= 10
    assert ((p >= 0) & (p <= 1)).all()
    assert (np.diff(p, axis=1) <= 0).all()


def test_the_level_is_the_highest_that_enough_tracks_reach(played, found):
    need = 1 - played.context.pack.threat.risk.quantile
    for row in found.levels.dropna(subset=["wind_central"]).to_dict("records"):
        reached = [
            k for k in played.context.pack.binding.levels if row[f"p_level_{k}"] > need + 1e-9
        ]
        assert row["assessed_level"] == max(reached, default=0)


def test_winds_are_in_order(found):
    winds = found.levels.dropna(subset=["wind_central"])
    assert (winds["wind_low"] <= winds["wind_central"]).all()
    assert (winds["wind_central"] <= winds["wind_high"]).all()
    assert (winds["force_low"] <= winds["force_high"]).all()
    assert winds["wind_high"].max() < 95


# ── impacts and onsets ───────────────────────────────────────────────────────────────────────


def test_impacts_are_in_order_and_unknown_is_not_zero(played, found):
    impacts = found.impacts
    known = impacts.dropna(subset=["central"])
    assert (known["low"] <= known["central"]).all()
    assert (known["central"] <= known["high"]).all()
    assert (known["low"] >= 0).all()
    peopled = dict(zip(played.context.areas.codes, played.context.areas.peopled, strict=True))
    unknown = impacts[impacts["central"].isna()]
    assert len(unknown) > 0
    assert not any(peopled[p] for p in unknown["place"])
    # Rain and surge are known of places where nobody was counted, too; what stands there is not.
    exposed = known[~known["measure"].isin(WATER)]
    assert all(peopled[p] for p in exposed["place"])


def test_there_are_never_more_people_than_are_registered(played, found):
    registered = played.context.country.places.population_on(played.case.spec.places_on)
    people = found.impacts.dropna(subset=["high"])
    people = people[people["unit"] == "people"]
    assert (people["high"] <= people["place"].map(registered)).all()
    assert (people["high"] == people["place"].map(registered)).any(), "nowhere everybody: odd"
    ratio = found.impacts[found.impacts["measure"] == "loss_ratio"].dropna(subset=["high"])
    assert (ratio["high"] < 1).all()


def test_fewer_people_stand_in_a_stronger_wind(found):
    people = found.impacts[found.impacts["unit"] == "people"].dropna(subset=["central"]).copy()
    people["force"] = people["measure"].str.removeprefix("people.force_").astype(int)
    people = people.sort_values("force")
    for _, rows in people.groupby(["at", "place"]):
        for column in ("low", "central", "high"):
            assert (np.diff(rows[column]) <= 0).all()


@pytest.mark.parametrize("what", ["onset", "end"])
def test_early_comes_before_late_and_never_comes_last(found, what):
    never = pd.Timestamp("2262-01-01", tz="UTC")
    columns = [f"{what}_{part}" for part in ("early", "central", "late")]
    times = found.onsets[columns].apply(lambda c: c.dt.tz_convert("UTC").fillna(never))
    assert (times[columns[0]] <= times[columns[1]]).all()
    assert (times[columns[1]] <= times[columns[2]]).all()
    assert (times[columns[1]] < never).any()


def test_onsets_are_given_as_far_as_the_tracks_agree(found):
    onsets = found.onsets
    for part, share in (("early", 0.1), ("central", 0.5), ("late", 0.9)):
        given = onsets[f"onset_{part}"].notna()
        # Member by member: 0.1 of 200 is the 20th, whatever a float makes of it.
        assert (given == (onsets["probability"] > share - 1e-9)).all(), part
    for _, rows in onsets.groupby(["at", "place"]):
        assert (np.diff(rows.sort_values("force")["probability"]) <= 0).all()


def test_onsets_lie_in_the_hours_looked_at(played, found):
    given = found.onsets.dropna(subset=["onset_early"])
    horizon = timedelta(hours=played.context.pack.threat.risk.horizon_h)
    assert (given["onset_early"] >= given["bulletin"]).all()
    assert (given["onset_early"] <= given["bulletin"] + horizon).all()


# ── messages ─────────────────────────────────────────────────────────────────────────────────


def test_every_file_is_valid_by_the_published_schema(played, alerts, shared):
    found = cap_valid.looked_at(played.folder, shared / cap_valid.SCHEMA)
    assert {path.name for path in found} == set(alerts)
    assert len(alerts) >= 10
    assert {path: why for path, why in found.items() if why} == {}


def test_every_file_is_valid_by_our_own_rules(alerts):
    assert {name: problems(alert) for name, alert in alerts.items() if problems(alert)} == {}


def test_nobody_can_take_it_for_the_real_thing(alerts):
    for alert in alerts.values():
        assert alert.status == "Exercise"
        assert alert.sender.endswith(".invalid")
        for info in alert.infos:
            assert info.headline.startswith(f"{DRILL[info.language[:2]]}.")


def test_outlines_are_small_enough(alerts):
    for alert in alerts.values():
        for info in alert.infos:
            assert all(a.rings or a.circles for a in info.areas)
            assert all(sum(map(len, a.rings)) <= 200 for a in info.areas)


def test_identifiers_are_unique_and_the_files_are_the_messages(played, alerts, found):
    names = [a.identifier for a in alerts.values()]
    assert len(names) == len(set(names))
    with Store.open(played.database, check=False) as store:
        assert {m.identifier: m.body for m in store.messages()} == {
            a.identifier: (played.folder / "cap" / name).read_bytes() for name, a in alerts.items()
        }
    assert {f"cap/{name}" for name in alerts} == set(found.warnings["file"]) - {""}


def test_chains_run_from_alert_to_cancel_and_name_everything_before(played, alerts):
    by_name = {a.identifier: a for a in alerts.values()}
    chains = defaultdict(list)
    with Store.open(played.database, check=False) as store:
        for message in store.messages():
            chains[message.chain].append(message)
    for said in chains.values():
        assert said[0].kind == "Alert"
        assert {m.kind for m in said[1:-1]} <= {"Update"}
        assert (said[-1].kind, said[-1].level) == ("Cancel", 0)
        assert [m.sent for m in said] == sorted(m.sent for m in said)
        for n, message in enumerate(said):
            refs = by_name[message.identifier].references
            assert [(r.sender, r.identifier, r.sent) for r in refs] == [
                (m.sender, m.identifier, m.sent) for m in said[:n]
            ]


def test_a_message_never_cites_the_clause_of_another_level(played, alerts):
    gives = {row.clause: row.level for row in played.context.table.rows}
    held = 0
    for alert in alerts.values():
        for info in alert.infos:
            told = dict(info.parameters)
            level, clause = int(told["haidang:level"]), told.get("haidang:clause")
            held += clause is None and level > 0
            assert clause is None or gives[clause] == level
    said = played.case.spec.id
    assert held > 0 or said == "toy-2030", "no level was ever held: this proves nothing"


def test_times_in_a_message_are_on_the_country_s_clock(played, alerts, found):
    rows = found.warnings.set_index("identifier")
    offset = played.context.local(played.steps[0].now).utcoffset()
    for alert in alerts.values():
        row = rows.loc[alert.identifier]
        assert alert.sent == row["sent"]
        assert {t.utcoffset() for t in (alert.sent, *(i.expires for i in alert.infos))} == {offset}
        for info in alert.infos:
            assert info.expires == row["expires"] > alert.sent
            assert info.onset == (None if pd.isna(row["onset"]) else row["onset"])
            assert info.onset is None or info.onset.utcoffset() == offset


def test_nobody_is_sent_out_into_the_wind(played, alerts):
    """Where force 8 is under way a notice neither says nor codes that people leave."""
    begun = 0
    for alert in alerts.values():
        for info in alert.infos:
            language = info.language[:2]
            told = word("format.under_way", language)
            lines = [x for x in info.description.splitlines() if x.endswith(f": {told}.")]
            if any("8" in line.split(":")[0] for line in lines):
                begun += 1
                assert "Evacuate" not in info.responses
                level = int(dict(info.parameters)["haidang:level"])
                spec = played.context.pack.messages[language][level]
                assert info.instruction != spec.instruction
    assert begun > 0, "no wind was ever under way: this proves nothing"


def test_no_warning_lapses_while_its_level_stands(played, alerts):
    """A notice is followed before it ends, if the desk acted at all in the hours to renew it."""
    spec, before = played.context.pack.threat.warn, {}
    renew, officers = timedelta(hours=spec.renew_h), timedelta(minutes=22)
    for alert in sorted(alerts.values(), key=lambda a: a.sent):
        for ref in alert.references[-1:]:
            last = before[ref.identifier]
            end = last.infos[0].expires
            if any(end - renew <= step.now <= end - officers for step in played.steps):
                assert end >= alert.sent, (last.identifier, alert.identifier)
        before[alert.identifier] = alert


# ── people and the ledger ────────────────────────────────────────────────────────────────────


def test_two_people_stand_behind_every_message(played):
    with Store.open(played.database, check=False) as store:
        assert store.verify() == ()
        assert store.pending() == ()
        entries = store.ledger()
        messages = store.messages()
    acts = {
        kind: {b["draft"]: b for e in entries if e.kind == kind for b in [json.loads(e.body)]}
        for kind in ("signed", "approval")
    }
    for message in messages:
        signed, approved = acts["signed"][message.draft], acts["approval"][message.draft]
        assert signed["actor"] == approved["signer"] != approved["actor"]
        assert approved["broke_glass"] is False
    assert len(acts["approval"]) == len(messages)
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))


def test_playing_again_changes_nothing(played, known):
    with Store.open(played.database, check=False) as store:
        before = (store.head(), len(store.attempts()))
    files = print_of(played.folder)
    again = play(played.case, known, played.folder)
    with Store.open(played.database, check=False) as store:
        assert (store.head(), len(store.attempts())) == before
    assert print_of(played.folder) == files
    assert again.steps == played.steps


# ── tables ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["levels", "impacts", "onsets", "warnings"])
def test_tables_come_back_from_their_files(found, name, tmp_path):
    files = write(found, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in files}
    table = getattr(found, name)
    parquet = pd.read_parquet(tmp_path / f"{name}.parquet")
    text = pd.read_csv(tmp_path / f"{name}.csv", dtype={"place": str}, keep_default_na=False)
    assert list(parquet.columns) == list(text.columns) == list(table.columns)
    assert len(parquet) == len(text) == len(table) > 0
    for column in table.columns:
        was = table[column]
        if isinstance(was.dtype, pd.DatetimeTZDtype):
            read = pd.to_datetime(text[column].replace("", None), utc=True, format="ISO8601")
            pd.testing.assert_series_equal(
                read, was.dt.tz_convert("UTC"), check_dtype=False, check_freq=False
            )
            assert parquet[column].equals(was.astype(parquet[column].dtype))
        elif pd.api.types.is_float_dtype(was) or was.isna().any():
            want = pd.to_numeric(was.astype(object).where(was.notna(), None))
            for read in (pd.to_numeric(text[column].replace("", None)), parquet[column]):
                np.testing.assert_array_equal(read.astype(float), want.astype(float))
        else:
            assert text[column].astype(str).tolist() == was.astype(str).tolist()
            assert parquet[column].tolist() == was.tolist()


def test_tables_speak_the_language_asked_for(yagi, yagi_tables):
    vi = tables(yagi, "vi")
    assert set(vi.levels.loc[vi.levels["place"] == "22", "place_name"]) == {"Quảng Ninh"}
    assert vi.warnings["headline"].str.startswith("DIỄN TẬP.").all()
    english = yagi_tables.levels
    assert set(english.loc[english["place"] == "22", "place_name"]) == {"Quang Ninh"}
