"""The draft packs of readings: every row of their articles through the chain, and the cases."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

from haidang.app.assess import assess
from haidang.app.context import Context, build_context
from haidang.app.decide import Wish, decide
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Verdict
from haidang.data.observations import Observation, Observations
from haidang.data.tracks import Tracks
from haidang.edge.feeds.readings import read_readings
from haidang.law.table import Row, Table
from haidang.pack.case import find_cases, load_case
from haidang.pack.load import area_categories, load_country, roots
from haidang.pack.schema import ReadingsAsk
from haidang.risk.assessment import Assessment
from haidang.watch.signal import State

ROOTS = roots()
COUNTRY = load_country(ROOTS.country("vn"), ROOTS.threats)
DAY = date(2026, 5, 1)
NOW = datetime.combine(DAY, time(), COUNTRY.zone) + timedelta(hours=15)
FIRE = "forest_fire"

DRAFTS = (
    "heat_wave",
    "cold_wave",
    "drought",
    "salt_intrusion",
    "strong_wind_sea",
    FIRE,
    "tsunami",
    "fog",
    "tornado_lightning_hail",
)

SOME = ("04", "19", "31", "40", "42", "51", "79", "80", "86", "91", "92")
SEAS = ("sea-tonkin-north-west", "sea-coast-south", "sea-south", "sea-north-south")
"""Areas that are enough to have each region of each article, most of them twice."""


def unreached(threat: str, ask: ReadingsAsk, row: Row) -> str:
    """Why no reading can reach a row; "" where one can."""
    if threat == FIRE and row.clause in ("54(2)(b)", "54(3)(a)"):
        return "doubtful"  # two clauses with the same words: no level, a person decides
    regions = row.region.conditions.get("region", ("nam_bo",))
    if threat == "salt_intrusion" and "nam_bo" not in regions:
        return "no station"  # no river mouth outside the South is read
    return ""


@cache
def context(
    threat: str, law: date = DAY, places: date = DAY, only: tuple = (*SOME, *SEAS)
) -> Context:
    return build_context(COUNTRY, COUNTRY.packs[threat], law, places, only)


Told = tuple[str, str, datetime, float]
"""Indicator, subject, start, value."""


def snapshot(threat: str, rows: list[Told], now: datetime = NOW, standing: tuple = ()) -> Snapshot:
    """What is known when all rows came in now, each said when it began, or now if it is ahead."""
    told = tuple(
        Observation(
            series=f"{threat}/{indicator}",
            place=subject,
            start=start,
            value=value,
            unit="",
            flag="",
            published=min(start, now),
            received=now,
            receipt=n,
            source="test",
        )
        for n, (indicator, subject, start, value) in enumerate(rows, 1)
    )
    return Snapshot(
        now, len(told), Tracks(()), standing, (), DAY, DAY, observations=Observations(told)
    )


def judged(threat: str, known: Snapshot) -> tuple[dict[str, Assessment], Verdict]:
    whole = context(threat)
    found = assess(whole, known)
    verdict = decide({threat: whole}, found, known, Wish(status="Exercise", scope="test"))
    return {a.place: a for a in found}, verdict


# ── every row of every article ───────────────────────────────────────────────────────────────


def midnight(days_ago: int = 0) -> datetime:
    return datetime.combine(DAY - timedelta(days=days_ago), time(), COUNTRY.zone)


def month(ago: int) -> datetime:
    year, index = divmod(DAY.year * 12 + DAY.month - 2 - ago, 12)
    return datetime(year, index + 1, 1, tzinfo=COUNTRY.zone)


def spell(indicator: str, place: str, days: float, peak: float, edge: float) -> Iterator[Told]:
    """So many days at the edge of what counts, the newest of them at the peak."""
    for ago in range(int(days)):
        yield indicator, place, midnight(ago), edge if ago else peak
    yield indicator, place, midnight(int(days)), 20.0


def heat(place: str, at: dict) -> Iterator[Told]:
    yield from spell("tmax", place, at["days"], at["tmax"], 35.0)


def cold(place: str, at: dict) -> Iterator[Told]:
    yield from spell("tmean", place, at["days"], at["tmean"], 13.0)


def dry(place: str, at: dict) -> Iterator[Told]:
    for ago in range(int(at["months"])):
        yield "rain_deficit", place, month(ago), at["rain_deficit"] if ago == 0 else 50.5
    yield "rain_deficit", place, month(int(at["months"])), 10.0
    yield "water_shortage", place, month(0), at["water_shortage"]


def salt(_: str, at: dict) -> Iterator[Told]:
    indicator = f"distance_{at['isohaline']}"
    for station in COUNTRY.packs["salt_intrusion"].stations:
        yield indicator, station.code, NOW, at["distance"]


def wind(place: str, at: dict) -> Iterator[Told]:
    yield "wind_force", place, NOW, at["beaufort"]


def fire(place: str, at: dict) -> Iterator[Told]:
    hot = {"over_35": (36.0, 35.5), "under_35": (34.0, 34.9)}[at["heat"]]
    # Without the day before: it would be a run of the other kind, and the article asks of both.
    yield from list(spell("tmax", place, at["days"], *hot))[:-1]
    yield "fire_zone", place, midnight(30), float(at["zone"])


def wave(place: str, at: dict) -> Iterator[Told]:
    yield "wave_height", place, NOW + timedelta(hours=2), at["height"]
    yield "intensity", place, NOW + timedelta(hours=2), at["intensity"]


def fog(place: str, at: dict) -> Iterator[Told]:
    road = at["setting"] == "expressway_airport"
    yield "visibility_road" if road else "visibility_water", place, NOW, at["visibility"]


def hail(place: str, at: dict) -> Iterator[Told]:
    yield "scope", place, NOW, 1.0 + ("under_half", "half_or_more").index(at["scope"])


READ = dict(zip(DRAFTS, (heat, cold, dry, salt, wind, fire, wave, fog, hail), strict=True))

WHOLE = {"months"}
"""Quantities that a run counts: whole numbers, though the table takes any."""


def axis(table: Table, row: Row, name: str, threat: str) -> list:
    """Both ends of a row's range and one value inside, or its categories."""
    of = next(i for i in table.inputs if i.id == name)
    condition = row.region.conditions.get(name)
    if of.kind == "category":
        return [k for k in of.values if condition is None or k in condition]
    at = condition or of.domain
    low, high = max(at.low, of.domain.low), min(at.high, of.domain.high)
    low = -20.0 if math.isinf(low) else low
    high = min(high, low + 30.0, 60.0 if threat != "fog" else math.inf)
    step = 1.0 if of.integer or name in WHOLE else 0.01
    ends = [low if at.low_in else low + step, high if at.high_in else high - step]
    middle = (low + high) / 2
    tried = [*ends, float(math.floor(middle)) if step == 1.0 else middle]
    return [v for v in dict.fromkeys(tried) if at.contains(v) and of.domain.contains(v)]


def points(threat: str, ask: ReadingsAsk, table: Table, row: Row) -> list[dict]:
    """What readings may say so that the row holds: its ends and its middle, every category."""
    names = [i.id for i in table.inputs]
    axes = [axis(table, row, name, threat) for name in names]
    fixed = {**ask.given, **({ask.several.input: ask.several.several} if ask.several else {})}
    every = (dict(zip(names, values, strict=True)) for values in product(*axes))
    return [at for at in every if all(at[k] == v for k, v in fixed.items())]


def asked() -> Iterator[tuple[str, ReadingsAsk, Row]]:
    for threat in DRAFTS:
        whole = context(threat)
        for ask in whole.pack.binding.readings_law.asks:
            for row in whole.tables[ask.article].rows:
                if all(v in row.region.conditions.get(k, (v,)) for k, v in ask.given.items()):
                    yield threat, ask, row


ROWS = [
    pytest.param(t, a, r, id=f"{t}-{r.clause}-{r.line}{''.join(a.given.values())}")
    for t, a, r in asked()
]


def batches(whole: Context, ask: ReadingsAsk, cases: list[dict]) -> Iterator[list]:
    """Each case at an area that the law calls as it wants, as many at once as there are areas.

    Readings at river mouths tell of every area together: there one case is one batch.
    """
    name = next((k for k, q in ask.inputs.items() if q == "category"), None)
    listed = list(zip(whole.areas.codes, whole.areas.categories, strict=True))
    together = any(i.at == "station" for i in whole.pack.threat.readings.indicators.values())
    left = cases
    while left:
        free = list(listed)
        placed, later = [], []
        for at in left:
            fits = [x for x in free if name is None or x[1] == (at[name],)]
            if fits and not (together and placed):
                placed.append((fits[0][0], at))
                free.remove(fits[0])
            elif any(name is None or x[1] == (at[name],) for x in listed):
                later.append(at)
        if placed:
            yield placed
        left = later


@pytest.mark.parametrize(("threat", "ask", "row"), ROWS)
def test_a_reading_in_the_range_of_a_row_gives_its_level_through_the_chain(threat, ask, row):
    whole = context(threat)
    why = unreached(threat, ask, row)
    reached = 0
    for placed in batches(whole, ask, points(threat, ask, whole.tables[ask.article], row)):
        rows = [told for place, at in placed for told in READ[threat](place, at)]
        assessments, verdict = judged(threat, snapshot(threat, rows))
        decided = {d.place: d.after for d in verdict.decisions}
        drafts = {d.place: d for d in verdict.drafts}
        for place, at in placed:
            grounds = assessments[place].grounds
            if why == "doubtful":
                assert (grounds.level, grounds.status) == (None, "not defined by the text"), at
                continue
            reached += 1
            assert (grounds.level, grounds.status) == (row.level, "defined"), at
            assert grounds.clause == row.clause
            assert assessments[place].state is State.RAISED
            assert decided[place] == row.level
            for text in drafts[place].texts:
                assert str(row.level) in text.headline
                assert "{" not in text.headline + text.description + text.instruction
                unknown = {"vi": "chưa rõ", "en": "not known"}[text.language]
                assert unknown not in text.description
    assert bool(reached) == (not why)


def test_no_row_is_left_that_no_reading_asks():
    there = {(t, r.line) for t, _, r in asked()}
    every = {
        (t, r.line, r.clause)
        for t in DRAFTS
        for table in context(t).tables.values()
        for r in table.rows
    }
    assert {(t, clause) for t, line, clause in every if (t, line) not in there} == set()


def tmax(zone: float, *days: float) -> list[Told]:
    """Highest temperatures of the days up to today, the oldest first."""
    told = [("tmax", "40", midnight(len(days) - 1 - n), v) for n, v in enumerate(days)]
    return [("fire_zone", "40", midnight(400), zone), *told]


@pytest.mark.parametrize(
    ("zone", "days", "level", "status", "clause"),
    [
        (2, [34.0] * 5, 1, "defined", "54(1)(a)"),
        (2, [34.0] * 25, 1, "defined", "54(1)(a)"),
        (2, [34.0] * 26, None, "not defined by the text", ""),
        (3, [34.0] * 5, None, "not defined by the text", ""),
        (1, [36.0] * 5, None, "not defined by the text", ""),
        (2, [35.0] * 5, None, "not defined by the text", ""),
        (4, [35.0], None, "not defined by the text", ""),
        (3, [36.0] * 12, 2, "defined", "54(2)(c)"),
        # Twelve hot days that ended yesterday: their level, and a day of which the text is silent.
        (3, [36.0] * 12 + [34.0], 2, "not defined by the text", "54(2)(c)"),
        (2, [36.0] * 12 + [34.0], 1, "defined", "54(1)(a)"),
        (2, [36.0] * 12 + [35.0], 1, "not defined by the text", "54(1)(a)"),
    ],
)
def test_a_day_under_35_and_one_of_35_are_what_the_text_says_and_never_quiet(
    zone, days, level, status, clause
):
    found = judged(FIRE, snapshot(FIRE, tmax(zone, *days)))[0]["40"]
    assert (found.grounds.level, found.grounds.status) == (level, status)
    assert found.grounds.clause == clause
    assert found.state is not State.QUIET


@pytest.mark.parametrize("threat", DRAFTS)
def test_every_level_of_the_article_is_a_level_of_the_pack_and_has_tasks_or_words(threat):
    whole = context(threat)
    given = {
        r.level for a in whole.pack.binding.readings_law.asks for r in whole.tables[a.article].rows
    }
    assert set(whole.pack.binding.levels) == given
    assert {e.level for e in whole.pack.threat.warn.levels} == given
    assert set(whole.pack.scenario.levels) == given
    assert {t.level for t in whole.pack.scenario.tasks.values()} <= given
    assert min(t.level for t in whole.pack.scenario.tasks.values()) == min(given)


@pytest.mark.parametrize("threat", DRAFTS)
def test_a_draft_says_nothing_as_actual(threat):
    pack = COUNTRY.packs[threat]
    assert pack.threat.tier == "draft"
    assert not pack.threat.speaks_alone
    assert all(e.approval for e in pack.threat.warn.levels)
    assert all(n.assumption for n in pack.scenario.needs.values())


PLACEHOLDERS = frozenset(
    [
        "place",
        "event_name",
        "indicator",
        "reading",
        "where",
        "when",
        "how_known",
        "clause",
        "act",
        "issued",
        "expires",
        "sender",
    ]
)


@pytest.mark.parametrize("threat", DRAFTS)
def test_words_differ_from_level_to_level_and_from_threat_to_threat(threat):
    pack = COUNTRY.packs[threat]
    others = [COUNTRY.packs[t] for t in DRAFTS if t != threat]
    for language in COUNTRY.spec.languages:
        texts = dict(pack.messages[language])
        assert set(texts) == {0, *pack.binding.levels}
        said = [t.instruction for t in texts.values()]
        assert len(set(said)) == len(said)
        elsewhere = {line for o in others for m in o.messages[language].values()
                     for line in m.instruction.splitlines()}  # fmt: skip
        mine = {line for text in said for line in text.splitlines()}
        assert len(mine & elsewhere) <= 1
        for text in texts.values():
            asked = {n for _, n, _, _ in Formatter().parse(text.description) if n}
            assert asked <= PLACEHOLDERS


# ── silence, and what the law leaves open ────────────────────────────────────────────────────


@pytest.mark.parametrize("threat", DRAFTS)
def test_where_nobody_reads_there_is_no_data_and_never_quiet(threat):
    assessments, verdict = judged(threat, snapshot(threat, []))
    assert {a.state for a in assessments.values()} == {State.NO_DATA}
    assert not verdict.drafts


def test_a_forest_without_a_zone_is_not_quiet_however_hot():
    rows = list(spell("tmax", "40", 20, 38.0, 36.0))
    found = judged(FIRE, snapshot(FIRE, rows))[0]["40"]
    assert not found.grounds.level
    assert found.state is not State.QUIET
    zoned = [*rows, ("fire_zone", "40", midnight(400), 4.0)]
    assert judged(FIRE, snapshot(FIRE, zoned))[0]["40"].grounds.level == 3


def test_a_wave_without_its_intensity_has_no_level():
    rows = [("wave_height", "51", NOW + timedelta(hours=1), 5.0)]
    found = judged("tsunami", snapshot("tsunami", rows))[0]["51"]
    assert (found.grounds.level, found.grounds.status) == (None, "no data")
    both = [*rows, ("intensity", "51", NOW + timedelta(hours=1), 6.0)]
    found = judged("tsunami", snapshot("tsunami", both))[0]["51"]
    assert (found.grounds.level, found.grounds.status) == (None, "not defined by the text")


def mouths(**km: float) -> list[Told]:
    return [("distance_4", code.replace("_", "-"), NOW, value) for code, value in km.items()]


def test_one_mouth_alone_has_no_level_and_one_that_goes_farthest_at_least_that_of_the_others():
    alone = judged("salt_intrusion", snapshot("salt_intrusion", mouths(vam_co=105)))[0]["80"]
    assert (alone.grounds.level, alone.grounds.status) == (None, "not defined by the text")
    rows = mouths(vam_co=105, ham_luong=78, cai_lon=30)
    found = judged("salt_intrusion", snapshot("salt_intrusion", rows))[0]
    farthest, second, third = found["80"].grounds, found["86"].grounds, found["91"].grounds
    assert (farthest.level, farthest.status) == (3, "not defined by the text")
    assert (second.level, second.status, second.clause) == (3, "defined", "49(3)(b)")
    assert (third.level, third.clause) == (2, "49(2)(b)")


def test_two_stations_of_one_mouth_are_one_mouth():
    rows = mouths(hau_tra_vinh=70, hau_soc_trang=70)
    found = judged("salt_intrusion", snapshot("salt_intrusion", rows))[0]["92"]
    assert found.grounds.level is None


def test_a_notice_tells_the_reading_that_its_article_was_asked_of():
    rows = [("visibility_road", "31", NOW, 8000.0), ("visibility_water", "31", NOW, 20.0)]
    verdict = judged("fog", snapshot("fog", rows))[1]
    text = next(t for t in verdict.drafts[0].texts if t.language == "en")
    assert "mountain passes: 20 m" in text.description
    assert "8,000" not in text.description


def test_a_warning_of_hail_ends_when_somebody_says_so():
    hour = timedelta(hours=1)
    first = snapshot("tornado_lightning_hail", [("scope", "19", NOW, 2.0)])
    verdict = judged("tornado_lightning_hail", first)[1]
    rows = [("scope", "19", NOW, 2.0), *(("scope", "19", NOW + n * hour, 0.0) for n in (4, 5))]
    for n in (4, 5):
        known = snapshot("tornado_lightning_hail", rows[: n - 2], NOW + n * hour, verdict.standing)
        verdict = judged("tornado_lightning_hail", known)[1]
    assert {s.place: s.level for s in verdict.standing}["19"] == 0


# ── areas ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("threat", "file", "region"),
    [
        ("heat_wave", "regions.csv", "climate.csv"),
        ("drought", "regions.csv", "climate.csv"),
        ("cold_wave", "regions.csv", "cold.csv"),
        ("salt_intrusion", "regions.csv", "salinity.csv"),
    ],
)
def test_regions_are_those_of_the_law(threat, file, region):
    def listed(path: Path) -> set[tuple[str, str]]:
        with path.open(encoding="utf-8", newline="") as stream:
            return {(r["code"], r["category"]) for r in csv.DictReader(stream) if r["category"]}

    mine = listed(COUNTRY.folder / "threats" / threat / file)
    theirs = listed(COUNTRY.folder / "law" / "regions" / region)
    if threat == "salt_intrusion":  # only where a mouth is read
        provinces = {s.province for s in COUNTRY.packs[threat].stations}
        assert {c for c, _ in mine} == provinces
        assert mine <= theirs
    else:
        assert mine == theirs


@pytest.mark.parametrize("threat", ["tsunami", "strong_wind_sea"])
def test_provinces_with_a_coast_are_those_of_the_country(threat):
    pack = COUNTRY.packs[threat]
    watched = {code for kind, code in area_categories(COUNTRY, pack, DAY) if kind == "province"}
    assert watched == {code for _, code, _ in COUNTRY.places.coast}


# ── cases ────────────────────────────────────────────────────────────────────────────────────

CASES = {name: path for name, path in find_cases(ROOTS).items() if path.parents[1].name in DRAFTS}


def test_every_draft_has_a_case():
    assert {p.parents[1].name for p in CASES.values()} == set(DRAFTS)


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_golden_levels(name):
    case = load_case(name, ROOTS)
    asked_for = tuple(sorted({e.place for e in case.spec.expect} | {"80", "82", "91"}))
    whole = context(case.spec.threat, case.spec.law_on, case.spec.places_on, asked_for)
    pack = whole.pack
    watched = area_categories(COUNTRY, pack, case.spec.places_on)
    known = {"station": {s.code for s in pack.stations}, "area": {code for _, code in watched}}
    file = read_readings(case.bulletins, whole.pack.id, whole.pack.threat.readings, known)
    assert file.problems == ()
    got: dict[tuple[datetime, str], int] = {}
    told: list[Observation] = []
    standing: tuple = ()
    for receipt, at in enumerate(sorted({r.published for r in file.reports}), 1):
        told += [
            Observation(
                series=r.series, place=r.place, start=r.start, value=r.value, unit=r.unit,
                flag=r.flag, published=r.published, received=at, receipt=receipt, source="case",
            )
            for r in file.reports
            if r.published == at
        ]  # fmt: skip
        seen = Snapshot(
            at, receipt, Tracks(()), standing, (), case.spec.places_on, case.spec.law_on,
            observations=Observations(tuple(told)),
        )  # fmt: skip
        found = assess(whole, seen)
        wish = Wish(status=case.spec.status, scope=name)
        standing = decide({whole.pack.id: whole}, found, seen, wish).standing
        got |= {(at.astimezone(UTC), s.place): s.level for s in standing}
    expected = {(e.issued.astimezone(UTC), e.place): e.level for e in case.spec.expect}
    assert expected
    assert {key: got[key] for key in expected} == expected
