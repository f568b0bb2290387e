"""Articles 43 to 56 of Decision 18/2021/QĐ-TTg, cell by cell, from a second typing of the matrices.

The tables were typed clause by clause; the matrices here were typed from the checked matrices of
the article-by-article comparison with the codification. ``None`` is "not defined by the text".
"""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from haidang.law import lookup
from haidang.pack.law import read_law
from haidang.pack.load import roots
from haidang.risk.hazards.river_stage import above_3, alarm_of

DAY = dt.date(2024, 9, 7)
BELOW = 0


@pytest.fixture(scope="module")
def book():
    return read_law(roots().countries["vn"] / "law").book


def ask(book, article, **case):
    return lookup(book.at(article, DAY), day=DAY, **case)


def expect(book, article, level, **case):
    ruling = ask(book, article, **case)
    status = "not defined by the text" if level is None else "defined" if level else "below"
    assert (ruling.level, ruling.status) == (level, status), (case, ruling.say("en"))


# 43: upper bounds of level "none", 2, 3, 4 in metres; None = the coast has no such level.
SURGE = {
    "qn_th": [(0, 3, 0), (3.01, 4, 2), (4.01, 5, 3), (5.01, 6, 4), (6.01, 9, 5)],
    "na_ht": [(0, 2, 0), (2.01, 3, 2), (3.01, 4, 3), (4.01, 6, 4), (6.01, 9, 5)],
    "qb_tth": [(0, 0.99, 0), (1, 2, 2), (2.01, 3, 3), (3.01, 5, 4), (5.01, 9, 5)],
    "dn_bd": [(0, 0.99, 0), (1, 2, 2), (2.01, 3, 3), (3.01, 9, 4)],
    "py_nt": [(0, 2, 0), (2.01, 3, 2), (3.01, 9, 3)],
    "bt_cm": [(0, 2, 0), (2.01, 3, 2), (3.01, 4, 3), (4.01, 9, 4)],
    "cm_kg": [(0, 0.99, 0), (1, 2, 2), (2.01, 3, 3), (3.01, 9, 4)],
}


def test_surge(book):
    assert set(SURGE) == set(book.at(43, DAY).inputs[0].values)
    for coast, steps in SURGE.items():
        for low, high, level in steps:
            for height in (low, (low + high) / 2, high):
                expect(book, 43, level, coast=coast, height=height)


# 44: (24-hour rain, days, land) -> level, each in the scope that the clause names.
RAIN = {"light": (100, 150, 200), "heavy": (200.1, 400), "very_heavy": (400.1, 900)}
DAYS = {"1-2": (1, 2), "2-4": (2.1, 4), "4-": (4.1, 9)}
HEAVY_RAIN = {
    ("light", "1-2"): {"upland": (1, "under_half"), "plain": (1, "under_half")},
    ("light", "2-4"): {"upland": (2, "over_half"), "plain": (2, "over_half")},
    ("light", "4-"): {"upland": (3, "several"), "plain": (2, "over_half")},
    ("heavy", "1-2"): {"upland": (2, "over_half"), "plain": (2, "over_half")},
    ("heavy", "2-4"): {"upland": (3, "several"), "plain": (3, "several")},
    ("heavy", "4-"): {"upland": (4, "several"), "plain": (3, "several")},
    ("very_heavy", "1-2"): {"upland": (3, "several"), "plain": (3, "several")},
    ("very_heavy", "2-4"): {"upland": (4, "several"), "plain": (3, "several")},
    ("very_heavy", "4-"): {"upland": (4, "several"), "plain": (4, "several")},
}
SCOPES = ("under_half", "half", "over_half", "several")


def test_heavy_rain_in_24_hours(book):
    for (rain, days), lands in HEAVY_RAIN.items():
        for land, (level, named) in lands.items():
            for mm, d, scope in product(RAIN[rain], DAYS[days], SCOPES):
                want = level if scope == named else None
                expect(book, 44, want, rain=mm, per="24h", days=d, region=land, scope=scope)
    expect(book, 44, BELOW, rain=99.9, per="24h", days=9, region="upland", scope="several")


def test_heavy_rain_in_12_hours_exists_for_the_lightest_rain_only(book):
    for days, lands in ((d, v) for (r, d), v in HEAVY_RAIN.items() if r == "light"):
        for land, (level, named) in lands.items():
            for mm, d, scope in product((50, 100), DAYS[days], SCOPES):
                want = level if scope == named else None
                expect(book, 44, want, rain=mm, per="12h", days=d, region=land, scope=scope)
    expect(book, 44, BELOW, rain=49.9, per="12h", days=1, region="plain", scope="under_half")
    expect(book, 44, None, rain=100.1, per="12h", days=1, region="plain", scope="under_half")


def test_rain_shorter_than_a_day(book):
    case = {"per": "24h", "days": 0.5, "region": "plain"}
    expect(book, 44, BELOW, rain=150, scope="under_half", **case)
    expect(book, 44, None, rain=150, scope="several", **case)
    expect(book, 44, None, rain=500, scope="several", **case)


# 45: (alarm, stage minus alarm 3, against the historic flood) -> level of areas 1 to 4.
FLOOD = {
    ("below_1", -5, "not_above"): ((0, 0, 0, 0), (0, 0, 0, 0)),
    ("from_1", -2, "not_above"): ((1, 1, 1, 2), (2, 2, 2, 3)),
    ("from_2", -0.5, "not_above"): ((1, 2, 2, 3), (2, 3, 3, 3)),
    ("from_3", 0, "not_above"): ((2, 2, 3, 3), (3, 3, 3, 3)),
    ("from_3", 0.29, "not_above"): ((2, 2, 3, 3), (3, 3, 3, 3)),
    ("from_3", 0.3, "not_above"): ((2, 2, 3, 4), (3, 3, 3, 4)),
    ("from_3", 0.99, "not_above"): ((2, 2, 3, 4), (3, 3, 3, 4)),
    ("from_3", 1, "not_above"): ((3, 3, 3, 4), (3, 3, 3, 4)),
    ("from_3", 4, "not_above"): ((3, 3, 3, 4), (3, 3, 3, 4)),
    ("from_3", 4, "above"): ((3, 3, 3, 5), (3, 3, 3, 5)),
}


def test_flood(book):
    for (alarm, above, historic), both in FLOOD.items():
        for basins, levels in zip(("one", "several"), both, strict=True):
            for zone, level in zip("1234", levels, strict=True):
                case = {"alarm": alarm, "above_3": above, "historic": historic}
                expect(book, 45, level, zone=zone, basins=basins, **case)


@pytest.mark.parametrize(
    ("stage", "level"),
    [(13.3, 2), (14.396, 3), (14.4, 3), (14.694, 3), (14.696, 3), (14.6999, 3), (14.7, 4)],
)
def test_a_stage_read_to_the_millimetre(book, stage, level):
    """Sơn Tây: alarm levels of 12.4, 13.4 and 14.4 m; "to under alarm 3 plus 0.3 m" is level 3."""
    alarms = (12.4, 13.4, 14.4)
    case = {"alarm": alarm_of(stage, alarms), "above_3": above_3(stage, alarms)}
    expect(book, 45, level, zone="4", historic="not_above", basins="one", **case)


def test_flood_practice(book):
    """Câu Lâu and Kim Long in October 2025 were announced as level 3."""
    case = {"alarm": "from_3", "historic": "above", "basins": "one"}
    expect(book, 45, 3, zone="3", above_3=1.62, **case)
    expect(book, 45, 3, zone="2", above_3=1.5, **{**case, "historic": "not_above"})


def test_a_stage_that_contradicts_its_alarm_is_not_defined(book):
    case = {"zone": "4", "historic": "not_above", "basins": "one"}
    expect(book, 45, None, alarm="from_2", above_3=0.1, **case)
    expect(book, 45, None, alarm="from_3", above_3=-0.1, **case)


# 46: level of low, medium, high, very high by zone; None = a blank cell.
X = None
FLASH = {
    ((100, 200), (1, 2)): {
        "1": (1, 1, 2, 3),
        "2": (X, 1, 2, 3),
        "3": (X, X, 1, 2),
        "4": (X, X, 1, 1),
    },
    ((200.1, 400), (2.1, 9)): {
        "1": (1, 2, 3, 3),
        "2": (1, 2, 3, 3),
        "3": (X, 1, 2, 3),
        "4": (X, X, 1, 2),
    },
    ((400.1, 900), (2.1, 9)): {
        "1": (2, 2, 3, 3),
        "2": (2, 2, 3, 3),
        "3": (1, 2, 2, 3),
        "4": (X, 1, 2, 2),
    },
}
RISKS = ("low", "medium", "high", "very_high")


def test_flash_flood(book):
    for (rains, dayss), zones in FLASH.items():
        for zone, levels in zones.items():
            for risk, level in zip(RISKS, levels, strict=True):
                for rain, days in product(rains, dayss):
                    expect(book, 46, level, rain=rain, days=days, zone=zone, risk=risk)


def test_flash_flood_with_another_antecedent_is_not_defined(book):
    for zone, risk in product("1234", RISKS):
        expect(book, 46, None, rain=300, days=1, zone=zone, risk=risk)
        expect(book, 46, None, rain=500, days=2, zone=zone, risk=risk)
        expect(book, 46, None, rain=150, days=3, zone=zone, risk=risk)
        expect(book, 46, None, rain=150, days=0, zone=zone, risk=risk)
        expect(book, 46, BELOW, rain=99, days=5, zone=zone, risk=risk)


# 47: level by 3-5, 6-10, 11-25, 26- days.
SPELLS = ((3, 5), (6, 10), (11, 25), (26, 40))
NORTH, CENTRE, HIGH, SOUTH = "bac_bo", "trung_bo", "tay_nguyen", "nam_bo"
HEAT = {
    (35, 37): {NORTH: (1, 1, 1, 1), CENTRE: (1, 1, 1, 1), SOUTH: (1, 1, 1, 1)},
    (37.1, 39): {NORTH: (1, 1, 1, 2), CENTRE: (1, 1, 1, 2), SOUTH: (1, 1, 2, 3)},
    (39.1, 41): {NORTH: (1, 2, 2, 3), CENTRE: (1, 2, 2, 3), SOUTH: (2, 2, 3, 4)},
    (41.1, 45): {NORTH: (2, 2, 3, 4), CENTRE: (1, 2, 3, 4), SOUTH: (2, 3, 4, 4)},
}


def test_heat(book):
    for temperatures, regions in HEAT.items():
        for region, levels in {**regions, HIGH: regions[SOUTH]}.items():
            for days, level in zip(SPELLS, levels, strict=True):
                for t, d in product(temperatures, days):
                    expect(book, 47, level, tmax=t, days=d, region=region)
    expect(book, 47, BELOW, tmax=34.9, days=30, region=SOUTH)


def test_heat_of_two_days(book):
    matrix = {36: (0, 0, 0, 0), 38: (0, 0, 0, 0), 40: (0, 0, X, X), 42: (X, 0, X, X)}
    for t, levels in matrix.items():
        for region, level in zip((NORTH, CENTRE, HIGH, SOUTH), levels, strict=True):
            expect(book, 47, level, tmax=t, days=2, region=region)


# 48: level by shortage and duration, of the North, the Centre, the Highlands and the South.
DROUGHT = {
    (20, 50): {(2, 3): (0, 1, 1, 1), (3.1, 5): (1, 1, 2, 2), (5.1, 9): (2, 2, 3, 3)},
    (50.1, 70): {(2, 3): (1, 2, 2, 2), (3.1, 5): (2, 3, 3, 3), (5.1, 9): (3, 3, 4, 4)},
    (70.1, 100): {(2, 3): (3, 3, 3, 3), (3.1, 5): (4, 4, 4, 4), (5.1, 9): (4, 4, 4, 4)},
}


def test_drought(book):
    for shortages, durations in DROUGHT.items():
        for months, levels in durations.items():
            for region, level in zip((NORTH, CENTRE, HIGH, SOUTH), levels, strict=True):
                for w, m in product(shortages, months):
                    case = {"months": m, "water_shortage": w, "region": region}
                    expect(book, 48, level, rain_deficit=50.1, **case)
                    # Every clause needs rain more than half short; else no clause gives a level.
                    expect(book, 48, 0 if level < 2 else None, rain_deficit=50, **case)


def test_drought_shorter_or_lighter_than_every_clause(book):
    for region in (NORTH, CENTRE, HIGH, SOUTH):
        case = {"rain_deficit": 80, "region": region}
        expect(book, 48, BELOW, months=9, water_shortage=19.9, **case)
        expect(book, 48, BELOW, months=1.9, water_shortage=50, **case)
        expect(book, 48, 0 if region == NORTH else None, months=1.9, water_shortage=60, **case)
        expect(book, 48, None, months=1.9, water_shortage=80, **case)


# 49: level by 15-25, 25-50, 50-90, over 90 km.
REACHES = ((15, 25), (25.1, 50), (50.1, 90), (90.1, 150))
SALT = {
    ("1", "bac_bo|bac_trung_bo|trung_trung_bo|nam_trung_bo|nam_bo"): (0, 1, 2, 3),
    ("4", "bac_bo|bac_trung_bo"): (2, 3, 4, 4),
    ("4", "trung_trung_bo|nam_trung_bo"): (1, 2, 3, 4),
    ("4", "nam_bo"): (X, 2, 3, 4),
}


def test_salt(book):
    for (line, regions), levels in SALT.items():
        for region in regions.split("|"):
            for reach, level in zip(REACHES, levels, strict=True):
                for km in reach:
                    case = {"isohaline": line, "distance": km, "region": region}
                    expect(book, 49, level, mouths="several", **case)
                    expect(book, 49, 0 if level == 0 else None, mouths="one", **case)
            case = {"isohaline": line, "region": region, "mouths": "several"}
            expect(book, 49, BELOW, distance=14.9, **case)


def test_the_first_level_that_names_a_region_is_where_its_scale_begins(book, shared):
    """What the pages say of blank cells is what the words say: 48(1) names the North, 49(1) not."""
    text = (shared / "law" / "qd18_2021_art4_art42-56_phapdien.txt").read_text("utf-8")
    drought, salt = (text.split(f"24.10.QĐ.5.{n}. ")[1].split("\n2. ")[0] for n in (48, 49))
    assert drought.count("Bắc Bộ") == 2
    assert "Bắc Bộ" not in salt
    assert "Nam Bộ" not in salt
    fire = text.split("24.10.QĐ.5.54. ")[1].split("24.10.QĐ.5.55. ")[0]
    first = next(row for row in fire.splitlines() if "vùng 1;" in row)
    assert first in fire.split("\n2. ")[1].split("\n3. ")[0]


def test_salt_practice(book):
    """4 permil at 72 to 73 km in the south was announced as level 3 on 28 February 2025."""
    expect(book, 49, 3, isohaline="4", distance=72.5, region="nam_bo", mouths="several")


def test_wind_at_sea(book):
    matrix = {"coastal": (0, 2, 3, 3, 3, 3), "offshore": (0, 0, 2, 2, 3, 3)}
    for sea, levels in matrix.items():
        for force, level in zip((5, 6, 7, 8, 9, 12), levels, strict=True):
            expect(book, 50, level, beaufort=force, sea=sea)


def test_fog(book):
    matrix = {"expressway_airport": (2, 2, 1, 1, 0), "sea_river_pass": (1, 1, 0, 0, 0)}
    for setting, levels in matrix.items():
        for metres, level in zip((0, 49.9, 50, 999, 1000), levels, strict=True):
            expect(book, 51, level, visibility=metres, setting=setting)


def test_tornado_lightning_hail(book):
    expect(book, 52, 1, scope="under_half")
    expect(book, 52, 2, scope="half_or_more")


# 53: level by under 3, 3-5, 6-10, over 10 days.
COLD = {
    "plains": {(13.1, 20): (0, 0, 0, 0), (8.1, 13): (0, 0, 1, 2), (-5, 8): (0, 1, 2, 3)},
    "mountains": {
        (13.1, 20): (0, 0, 0, 0),
        (8.1, 13): (0, 0, 0, 1),
        (4.1, 8): (0, 0, 1, 2),
        (0, 4): (0, 1, 2, 3),
        (-5, -0.1): (None, 2, 3, 3),
    },
}


def test_cold(book):
    for region, rows in COLD.items():
        for temperatures, levels in rows.items():
            for days, level in zip(((0, 2), (3, 5), (6, 10), (11, 30)), levels, strict=True):
                for t, d in product(temperatures, days):
                    expect(book, 53, level, tmean=t, days=d, region=region)


# 54: level by days over 35 degrees: 1-10, 11-15, 16-25, 26-35, over 35.
FIRE = {"1": (X, X, X, X, 2), "2": (1, 1, X, X, X), "3": (1, 2, 3, X, 4), "4": (1, 2, 3, 4, 5)}


def test_forest_fire(book):
    runs = ((1, 10), (11, 15), (16, 25), (26, 35), (36, 60))
    for zone, levels in FIRE.items():
        for run, level in zip(runs, levels, strict=True):
            for days in run:
                expect(book, 54, level, heat="over_35", days=days, zone=zone)
        for days in (1, 25):
            expect(book, 54, 1 if zone == "2" else None, heat="under_35", days=days, zone=zone)
        expect(book, 54, None, heat="under_35", days=26, zone=zone)
        for heat in ("over_35", "under_35", "at_35"):
            expect(book, 54, BELOW, heat=heat, days=0, zone=zone)
        for days in (1, 26, 60):  # the text says over and under, and nothing of 35 itself
            expect(book, 54, None, heat="at_35", days=days, zone=zone)


def test_the_doubtful_points_of_forest_fire_are_both_named(book):
    ruling = ask(book, 54, heat="over_35", days=20, zone="2")
    assert (ruling.level, ruling.clauses) == (None, ("54(2)(b)", "54(3)(a)"))
    assert "gazette" in ruling.text["en"]


# 55: where clauses touch at VI and VII the higher level stands.
QUAKE = {
    "rural": {4: 0, 5: 1, 6: 2, 7: 3, 8: 3, 9: 5},
    "urban": {4: 0, 5: 1, 6: 2, 7: 4, 8: 4, 9: 5},
    "reservoir": {4: 0, 5: 1, 6: 3, 7: 4, 8: 4, 9: 5},
    "other": {4: 0, 5: 1, 6: 1, 7: None, 8: None, 9: 5, 12: 5},
}


def test_earthquake(book):
    for setting, levels in QUAKE.items():
        for degree, level in levels.items():
            expect(book, 55, level, msk=degree, setting=setting)
    assert ask(book, 55, msk=6, setting="reservoir").clauses == ("55(1)", "55(3)")


# 56: the height and the intensity that go together, and the level.
TSUNAMI = (
    ((0, 1.99), (6,), 1),
    ((2, 3.99), (7, 8), 2),
    ((4, 7.99), (9, 10), 3),
    ((8, 15.99), (11,), 4),
    ((16.01, 40), (12,), 5),
)


def test_tsunami(book):
    for (heights, _, level), (_, degrees, other) in product(TSUNAMI, TSUNAMI):
        for h, i in product(heights, degrees):
            expect(book, 56, level if level == other else None, height=h, intensity=i)
    for degree in range(1, 13):
        expect(book, 56, None, height=16, intensity=degree)
    expect(book, 56, BELOW, height=1, intensity=5)
    expect(book, 56, None, height=5, intensity=5)
