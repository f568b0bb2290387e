"""Write ``facts.csv``: what the risk index of the provinces rests on, each row by its source.

    python prepare.py OPENDENGUE FLOOD_STATIONS

* OPENDENGUE: rows of OpenDengue V1.3 for Viet Nam (Clarke et al. 2024, Sci. Data 11, CC BY 4.0).
* FLOOD_STATIONS: the 245 stations of Annex XIII of Decision 18/2021/QĐ-TTg by flood area, as
  transcribed by hoang-hg/vietnam-disaster-watch (MIT), JSON. Not compared with the gazette.

The wind is computed here from the best tracks of the golden storms; the rest is typed. Codes are
those of the 63 provinces before 1 July 2025, but for the wind, which is of the 34 since.

``yearbook.csv`` beside this file holds figures of the General Statistics Office of Viet Nam as the
public package choisy/gso carries them (data-raw, tables "Area, population and population density",
"Poverty rate", "Under five mortality rate", "Percentage of households in 2014 having house by type
of house" and "Number of medical staff under provincial departments of health"), retyped. People and
doctors sum to the national totals that stand in the same tables.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from haidang.base.place import fold
from haidang.base.wind import convert_maximum, knots_to_ms, ms_to_knots
from haidang.pack.places import CountryPlaces, exposure, load_places
from haidang.risk.hazards.tropical_cyclone import windfield

HERE = Path(__file__).parent
COUNTRY = HERE.parent
OLD, NEW = "2025-06-30", "2025-07-01"
YEARS = ("2004", "2005", "2006")  # of dengue: the only ones with every province and every month
Row = tuple[str, str, str, str]

# Report of 15 September 2024 17:30, dead and missing by province, sums to its own total of 330:
# soha.vn 198240916102259887. Whom it does not name had none by that report.
YAGI = {
    "Lào Cai": 151, "Cao Bằng": 57, "Yên Bái": 54, "Quảng Ninh": 25, "Phú Thọ": 11, "Hòa Bình": 7,
    "Tuyên Quang": 5, "Thái Nguyên": 4, "Lạng Sơn": 3, "Bắc Giang": 2, "Hải Phòng": 2,
    "Hà Giang": 2, "Vĩnh Phúc": 2, "Hải Dương": 1, "Hà Nội": 1, "Lai Châu": 1, "Thanh Hóa": 1,
    "Sơn La": 1,
}  # fmt: skip
YAGI_TOTAL = 330

# Households short of water in mid-March 2020: ngaynay.vn post87854. The seven sum to its total, so
# the other six of the thirteen provinces of the delta had none; of the rest it says nothing.
THIRST = {
    "Sóc Trăng": 24_400, "Cà Mau": 20_100, "Bến Tre": 20_000, "Kiên Giang": 11_300,
    "Trà Vinh": 8_600, "Long An": 7_900, "Bạc Liêu": 3_300, "Tiền Giang": 0, "Vĩnh Long": 0,
    "Hậu Giang": 0, "Cần Thơ": 0, "An Giang": 0, "Đồng Tháp": 0,
}  # fmt: skip
THIRST_TOTAL = 95_600

# Decision 18/2021/QĐ-TTg, Annex XII, table 5, zones of flash flood and landslide; Khánh Hòa stands
# in zones 3 and 4 there: 3 is taken, the worse one. Zone 1 is the worst.
ZONES = {
    1: "Lai Châu, Sơn La, Điện Biên, Hòa Bình, Lào Cai, Yên Bái, Hà Giang",
    2: "Tuyên Quang, Bắc Kạn, Lạng Sơn, Cao Bằng, Thanh Hóa, Nghệ An, Quảng Ngãi",
    3: "Phú Thọ, Thái Nguyên, Quảng Ninh, Hà Tĩnh, Quảng Bình, Quảng Trị, Thừa Thiên Huế, Đà Nẵng, "
    "Quảng Nam, Khánh Hòa, Kon Tum, Gia Lai, Đắk Lắk, Đắk Nông, Lâm Đồng",
    4: "Vĩnh Phúc, Bắc Giang, Hải Phòng, Bình Định, Phú Yên, Ninh Thuận, Bình Thuận",
}
NO_ZONE = 5

PEOPLE_TOTAL, DOCTORS_TOTAL = 92_695.1, 61_547

OTHER_NAMES = {
    "thua thien - hue": "hue", "thua thien hue": "hue", "ba ria-vung tau": "ba ria vung tau",
    "ha tay": "ha noi",
}  # fmt: skip


def codes(places: CountryPlaces) -> dict[str, str]:
    """Code of each of the 63 by folded name."""
    day = pd.Timestamp(OLD).date()
    return {fold(p.name("vi")): p.code for p in places.gazetteer.at(day, "province")}


def code(name: str, known: dict[str, str]) -> str:
    """Code of an old province however it is written."""
    folded = fold(name).removeprefix("thanh pho ").removesuffix(" city").strip()
    folded = OTHER_NAMES.get(folded, folded)
    return known[folded] if folded in known else known[f"tp {folded}"]


def typed(known: dict[str, str]) -> Iterator[Row]:
    """Deaths, thirst, zones."""
    assert sum(YAGI.values()) == YAGI_TOTAL
    assert sum(THIRST.values()) == THIRST_TOTAL
    for name, n in YAGI.items():
        yield "storm_deaths_2024", code(name, known), str(n), "15/9/2024 17:30"
    for name, n in THIRST.items():
        yield "water_short_2020", code(name, known), str(n), "mid-March 2020"
    named = {code(n, known): z for z, names in ZONES.items() for n in names.split(", ")}
    for one in sorted(known.values()):
        zone = named.get(one, NO_ZONE)
        note = "in none of the four zones: Article 46 gives it no level" if zone == NO_ZONE else ""
        yield "flash_flood_zone", one, str(zone), note


def yearbook(known: dict[str, str]) -> Iterator[Row]:
    """People, poverty, mortality, houses and doctors; the last as a rate."""
    with (HERE / "yearbook.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(known)
    assert round(sum(float(r["people_thousand_2016"]) for r in rows), 1) == PEOPLE_TOTAL
    assert sum(int(r["doctors_2016"]) for r in rows) == DOCTORS_TOTAL
    for row in rows:
        one = code(row["province"], known)
        people = float(row["people_thousand_2016"])
        yield "people_2016", one, f"{people:.1f}", "thousand"
        poor = row["poor_percent_2016"]
        yield "poverty", one, poor or "0.0", "" if poor else "of 2015; 2016 is not given"
        yield "under_five", one, row["under_five_deaths_2015"], ""
        weak = 100 - float(row["solid_houses_2014"]) - float(row["half_solid_houses_2014"])
        yield "weak_houses", one, f"{weak:.1f}", "less temporary and simple together"
        rate = int(row["doctors_2016"]) / people * 10
        yield "doctors", one, f"{rate:.2f}", f"{row['doctors_2016']} doctors"


def stations(path: Path, known: dict[str, str]) -> Iterator[Row]:
    """The highest flood area of a station of each old province."""
    found: dict[str, list[int]] = defaultdict(list)
    for key, listed in json.loads(path.read_text("utf-8")).items():
        for one in listed:
            found[code(one["tinh"], known)].append(int(key[-1]))
    for one in sorted(known.values()):
        areas = found.get(one, [])
        note = f"{len(areas)} stations" if areas else "no station on the list"
        yield "flood_area", one, str(max(areas, default=0)), note


def dengue(path: Path, known: dict[str, str]) -> Iterator[Row]:
    """Reported cases a year, mean of three years."""
    table = pd.read_csv(path, low_memory=False)
    table = table[(table["S_res"] == "Admin1") & table["calendar_start_date"].str[:4].isin(YEARS)]
    total: dict[str, float] = defaultdict(float)
    for name, cases in table.groupby("adm_1_name")["dengue_total"]:
        assert len(cases) == 12 * len(YEARS)
        assert cases.notna().all()
        total[code(str(name), known)] += float(cases.sum())
    for one in sorted(known.values()):
        yield "dengue", one, f"{total[one] / len(YEARS):.1f}", "mean of 2004 to 2006"


def wind(places: CountryPlaces) -> Iterator[Row]:
    """Strongest 10-minute wind of the golden storms where the average resident lives, m/s."""
    people = exposure(places)
    strongest: np.ndarray | None = None
    grid = people.grid
    keep = grid.people > 0
    points = pd.DataFrame({"lat": grid.lat[keep], "lon": grid.lon[keep]})
    for file in sorted(COUNTRY.glob("threats/storm/golden/*/best_track.csv")):
        felt = windfield(hourly(pd.read_csv(file)), points).max("time").to_numpy()
        strongest = felt if strongest is None else np.maximum(strongest, felt)
    assert strongest is not None
    ten_minutes = convert_maximum(strongest, 60, 600)
    for i, one in enumerate(people.codes):
        mine = people.place[keep] == i
        mean = np.average(ten_minutes[mine], weights=grid.people[keep][mine])
        yield "storm_wind", one, f"{mean:.1f}", "H08 on five best tracks of RSMC Tokyo"


def hourly(track: pd.DataFrame) -> pd.DataFrame:
    """A best track in steps of an hour, its wind as a 1-minute mean in kn."""
    track = track.assign(time=pd.to_datetime(track["valid"], utc=True)).set_index("time")
    track = track[["lat", "lon", "wind_kt", "pressure_hpa"]].dropna(subset=["wind_kt"])
    steps = track.resample("1h").mean().interpolate("time")
    one_minute = ms_to_knots(convert_maximum(knots_to_ms(steps["wind_kt"].to_numpy()), 600, 60))
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(steps.index).tz_localize(None),
            "lat": steps["lat"].to_numpy(),
            "lon": steps["lon"].to_numpy(),
            "max_sustained_wind": one_minute,
            "central_pressure": steps["pressure_hpa"].to_numpy(),
        }
    )


def main(opendengue: Path, flood_stations: Path) -> None:
    """Write the table."""
    places = load_places(COUNTRY / "places")
    known = codes(places)
    rows = [
        *typed(known),
        *yearbook(known),
        *stations(flood_stations, known),
        *dengue(opendengue, known),
        *wind(places),
    ]
    with (HERE / "facts.csv").open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(("indicator", "code", "value", "note"))
        out.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
