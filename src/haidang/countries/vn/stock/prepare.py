"""Write ``demo.csv``, the invented inventory, by one simple rule.

    python src/haidang/countries/vn/stock/prepare.py

Nobody counted any of this. Of each kind a province holds so many per head of its registered
people (``places/provinces.csv``): its communes together one line, the province itself one line.
A share stays as a reserve. A few national depots stand where military regions and the national
reserve really have offices; what is in them is invented too. No rate was tuned to an event.
"""

from __future__ import annotations

import csv
from pathlib import Path

HERE = Path(__file__).parent
DAY = "2026-05-01"
SOURCE = "demo inventory: invented by a rule per head, nobody counted this"

COLUMNS = (
    "id", "kind", "place", "echelon", "quantity", "reserve", "ready_min", "lat", "lon", "source",
    "demo",
)  # fmt: skip

PEOPLE_PER_UNIT = {
    # kind: (people per unit of the communes, of the province)
    "forward_command_post": (None, 2_000_000),
    "rescue_team": (20_000, 100_000),
    "medical_team": (80_000, 150_000),
    "rescue_boat": (40_000, 100_000),
    "people_truck": (4_000, 20_000),
    "generator": (60_000, 100_000),
    "shelter_place": (25, 250),
    "water_m3": (1_500, 5_000),
    "food_ration": (12, 60),
}
AT_LEAST_ONE = ("forward_command_post",)
RESERVE = {"commune": 0.10, "province": 0.20, "nation": 0.20}
READY_MIN = {"commune": 60, "province": 90, "nation": 120}

DEPOTS = (
    # (id, province, latitude, longitude): towns of the offices, to a tenth of a degree
    ("military-region-1", "19", 21.6, 105.8),
    ("military-region-2", "25", 21.3, 105.4),
    ("military-region-3", "31", 20.8, 106.6),
    ("military-region-4", "40", 18.7, 105.7),
    ("military-region-5", "48", 16.0, 108.2),
    ("military-region-7", "79", 10.8, 106.7),
    ("military-region-9", "92", 10.0, 105.8),
    ("national-reserve-north", "01", 21.0, 105.8),
    ("national-reserve-south", "79", 10.8, 106.6),
)
PER_DEPOT = {
    "forward_command_post": 1,
    "rescue_team": 40,
    "medical_team": 12,
    "rescue_boat": 20,
    "people_truck": 60,
    "generator": 10,
    "water_m3": 400,
    "food_ration": 60_000,
}


def provinces() -> list[tuple[str, int]]:
    """Code and people of the provinces of the day, by code."""
    path = HERE.parent / "places" / "provinces.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = {
            row["code"]: int(row["population"])
            for row in csv.DictReader(stream)
            if row["valid_from"] <= DAY and (not row["valid_to"] or row["valid_to"] > DAY)
        }
    return sorted(found.items())


def rows() -> list[dict[str, object]]:
    """Every line of the inventory, by id."""
    out = []
    for code, people in provinces():
        for kind, rates in PEOPLE_PER_UNIT.items():
            for echelon, rate in zip(("commune", "province"), rates, strict=True):
                if rate is None:
                    continue
                quantity = people // rate
                if kind in AT_LEAST_ONE:
                    quantity = max(1, quantity)
                out.append(_row(f"{code}-{echelon}-{kind}", kind, code, echelon, quantity))
    for name, code, lat, lon in DEPOTS:
        for kind, quantity in PER_DEPOT.items():
            row = _row(f"nation-{name}-{kind}", kind, code, "nation", quantity)
            out.append(row | {"lat": lat, "lon": lon})
    return sorted(out, key=lambda r: str(r["id"]))


def _row(name: str, kind: str, place: str, echelon: str, quantity: int) -> dict[str, object]:
    return {
        "id": name,
        "kind": kind,
        "place": place,
        "echelon": echelon,
        "quantity": quantity,
        "reserve": int(quantity * RESERVE[echelon]),
        "ready_min": READY_MIN[echelon],
        "lat": "",
        "lon": "",
        "source": SOURCE,
        "demo": "true",
    }


def text() -> str:
    """The file as it lies in the tree."""
    lines = [",".join(COLUMNS)]
    lines += [",".join(_quoted(row[c]) for c in COLUMNS) for row in rows()]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return f'"{value}"' if "," in str(value) else str(value)


if __name__ == "__main__":
    (HERE / "demo.csv").write_text(text(), encoding="utf-8")
