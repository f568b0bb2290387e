"""Makes the outlines, the sea areas and the table of towns of this folder from their sources.

    python prepare.py FOLDER_WITH_THE_SOURCES

The results are kept with the project; this is run again only when a source changes. It decides:

* **Islands.** Three islands that the source draws inside the wrong province are given to the one
  they belong to by law (`MOVED`). Smaller islets around them are left where the source has them.
* **A code that is no province** (blank, or a number of an old list) becomes the code of the nearest
  town that has one.
* **A city's total.** A row is dropped when it holds at least a third of the figure of its province
  (`TOTAL_SHARE`; the whole nation is urban to 38 %, so that no single town does) and another town
  with known inhabitants stands within 30 km: it is a centrally-run city with its countryside, and
  the rows inside it would be counted twice. Its people are then spread evenly over the province.
* **The same town twice.** Of two rows in a province with the same name (accents and the word for
  the unit aside) within 25 km, or with the same figure within 10 km, the one with fewer people is
  dropped; of equals the one with the higher GeoNames number.
* **No outline near.** A row more than 50 km outside its province's outline is dropped: to put its
  people into the nearest cell would move them over the sea.
* **Inhabitants 0** mean "not known" in GeoNames and are left blank.
"""

from __future__ import annotations

import csv
import json
import math
import sys
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from haidang.base.place import fold

HERE = Path(__file__).parent
TOTAL_SHARE, TOTAL_KM = 1 / 3, 30.0
SAME_NAME_KM, SAME_FIGURE_KM = 25.0, 10.0
AWAY_KM = 50.0
UNIT_WORDS = ("thanh pho ", "thi xa ", "thi tran ", "xa ", "phuong ", "ap ", "xom ", "quan ")
ABOLISHED = {"12166273"}  # Quận Đức Thịnh, a district until 1975, now inside Sa Đéc

# name, latitude, longitude of a point on it, code in force, code before July 2025
MOVED = (
    ("Cát Bà", 20.79, 107.01, "31", "31"),
    ("Bạch Long Vĩ", 20.13, 107.74, "31", "31"),
    ("Côn Đảo", 8.71, 106.61, "79", "77"),
)
# The source's names of old provinces where they are not the province's own.
NAMED_OTHERWISE = {
    "dong bac": "06",
    "dong bang song hong": "33",
    "dong nam bo": "75",
    "d ng thap": "87",
    "thua thien hue": "46",
    "ho chi minh city": "79",
}
SEA_NAMES = {
    "sea-tonkin-north-west": "vùng biển phía Tây Bắc vịnh Bắc Bộ",
    "sea-tonkin-north-east": "vùng biển phía Đông Bắc vịnh Bắc Bộ",
    "sea-tonkin-south": "vùng biển phía Nam vịnh Bắc Bộ",
    "sea-north-north-west": "vùng biển phía Tây Bắc khu vực Bắc Biển Đông",
    "sea-north-north-east": "vùng biển phía Đông Bắc khu vực Bắc Biển Đông",
    "sea-north-south": "vùng biển phía Nam khu vực Bắc Biển Đông, bao gồm đặc khu Hoàng Sa",
    "sea-coast-central": "vùng biển ven bờ từ Quảng Trị đến Quảng Ngãi",
    "sea-coast-south-central": "vùng biển ven bờ từ Bình Định (cũ) đến ven biển Lâm Đồng",
    "sea-south": "vùng biển khu vực Nam Biển Đông, bao gồm đặc khu Trường Sa",
    "sea-coast-south": "vùng biển ven bờ Nam Bộ",
}
SEA_CATEGORIES = {"coastal waters": "coastal", "East Sea": "east_sea"}


@dataclass(frozen=True, slots=True)
class Row:
    """One town as it will stand in the table."""

    province: str
    name: str
    lat: float
    lon: float
    population: int | None
    geonameid: str
    dropped: str = ""
    source_province: str = ""


def main(source: Path) -> None:
    """Write all files; says on standard output what was dropped."""
    drawn = _outlines_34(source / "vn_adm1_34_ne_dissolved.geojson")
    _outlines_63(source / "vn_adm1_63_ne.geojson")
    _seas(source / "sea_areas.geojson")
    figures = {
        r["code"]: int(r["population"])
        for r in _table(HERE / "provinces.csv")
        if r["population"] and not r["valid_to"]
    }
    rows = mark(_read_towns(source / "towns_geonames.csv", set(figures)), figures, drawn)
    with (HERE / "towns.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            (
                "province",
                "name",
                "lat",
                "lon",
                "population",
                "geonameid",
                "dropped",
                "source_province",
            )
        )
        for r in rows:
            people = "" if r.population is None else r.population
            place = (r.province, r.name, r.lat, r.lon, people)
            out.writerow((*place, r.geonameid, r.dropped, r.source_province))
    for r in rows:
        if r.dropped or r.source_province:
            print(r.province, r.name, r.population, r.dropped, r.source_province, sep=" | ")


def mark(rows: list[Row], figures: dict[str, int], drawn: dict[str, BaseGeometry]) -> list[Row]:
    """Every row with the reason for which it is dropped, if any."""
    return [replace(r, dropped=_reason(r, rows, figures, drawn)) for r in rows]


def _reason(
    r: Row, rows: list[Row], figures: dict[str, int], drawn: dict[str, BaseGeometry]
) -> str:
    if not r.population:
        return ""
    others = [
        o for o in rows if o.province == r.province and o.population and o.geonameid != r.geonameid
    ]
    near = [(o, _km(r, o)) for o in others]
    large = r.population >= TOTAL_SHARE * figures[r.province]
    if r.geonameid in ABOLISHED:
        return "abolished"
    if large and any(km <= TOTAL_KM for _, km in near):
        return "city_total"
    if any(_same(r, o, km) and _before(o, r) for o, km in near):
        return "duplicate"
    if drawn[r.province].distance(shapely.Point(r.lon, r.lat)) * 111.2 > AWAY_KM:
        return "no_outline_near"
    return ""


def _same(a: Row, b: Row, km: float) -> bool:
    if a.population == b.population and km <= SAME_FIGURE_KM:
        return True
    return _bare(a.name) == _bare(b.name) and km <= SAME_NAME_KM


def _before(a: Row, b: Row) -> bool:
    return (-(a.population or 0), int(a.geonameid)) < (-(b.population or 0), int(b.geonameid))


def _bare(name: str) -> str:
    folded = fold(name).removesuffix(" mines")  # Cẩm Phả Mines is Cẩm Phả
    word = next((w for w in UNIT_WORDS if folded.startswith(w)), "")
    return folded.removeprefix(word)


def _km(a: Row, b: Row) -> float:
    east = (a.lon - b.lon) * math.cos(math.radians((a.lat + b.lat) / 2))
    return 111.2 * math.hypot(a.lat - b.lat, east)


def _read_towns(path: Path, codes: set[str]) -> list[Row]:
    rows = [
        Row(
            r["province"],
            r["name"],
            float(r["lat"]),
            float(r["lon"]),
            int(r["population"]) or None,
            r["geonameid"],
        )
        for r in _table(path)
    ]
    right = [r for r in rows if r.province in codes]
    wrong = [
        replace(
            r,
            province=min(right, key=lambda o, r=r: _km(r, o)).province,  # type: ignore[misc]
            source_province=r.province or "blank",
        )
        for r in rows
        if r.province not in codes
    ]
    return sorted([*right, *wrong], key=lambda r: (r.province, -(r.population or 0), r.geonameid))


def _outlines_34(path: Path) -> dict[str, BaseGeometry]:
    drawn = {f"{int(f['properties']['code34']):02d}": _shape(f) for f in _read(path)["features"]}
    names = {r["code"]: r["name_vi"] for r in _table(HERE / "provinces.csv") if not r["valid_to"]}
    _write_outlines("outlines_34.geojson", drawn, names, False, ("2025-07-01", None))
    return drawn


def _outlines_63(path: Path) -> None:
    names = {
        r["code"]: r["name_vi"]
        for r in _table(HERE / "provinces.csv")
        if r["valid_from"] == "2008-08-01"
    }
    by_name = {fold(n).removeprefix("tp "): c for c, n in names.items()} | NAMED_OTHERWISE
    parts: dict[str, list[BaseGeometry]] = {}
    for f in _read(path)["features"]:
        parts.setdefault(by_name[fold(f["properties"]["name"])], []).append(_shape(f))
    drawn = {c: shapely.union_all(g) for c, g in parts.items()}
    _write_outlines("outlines_63.geojson", drawn, names, True, ("2008-08-01", "2025-07-01"))


def _write_outlines(
    name: str,
    drawn: dict[str, BaseGeometry],
    names: dict[str, str],
    old: bool,
    span: tuple[str, str | None],
) -> None:
    """Move the islands, in place, and write one feature to a line."""
    notes: dict[str, str] = {}
    for move in MOVED:
        island, lat, lon, new_code, old_code = move
        point, to = shapely.Point(lon, lat), old_code if old else new_code
        held = next(c for c, g in drawn.items() if g.contains(point))
        if held == to:
            continue
        part = next(p for p in shapely.get_parts(drawn[held]) if p.contains(point))
        drawn[held] = shapely.difference(drawn[held], part)
        drawn[to] = shapely.union(drawn[to], part)
        notes[to] = (
            f"{notes.get(to, '')} {island}: drawn inside {names[held]} by the source.".strip()
        )
        notes[held] = f"{notes.get(held, '')} {island}: taken out, it is of {names[to]}.".strip()
    features = []
    for code in sorted(drawn):
        said = {"code": code, "name": names[code], "note": notes.get(code, "")}
        shape = json.loads(shapely.to_geojson(drawn[code]))
        features.append({"type": "Feature", "properties": said, "geometry": shape})
    head = {"kind": "province", "valid_from": span[0], "valid_to": span[1]}
    _write(name, {**head, "source": "Natural Earth, public domain"}, features)


def _plain(name: str) -> str:
    """As the English names of the provinces are written: without marks over the letters."""
    bare = unicodedata.normalize("NFD", name.translate({ord("đ"): "d", ord("Đ"): "D"}))
    return "".join(c for c in bare if not unicodedata.combining(c))


def _seas(path: Path) -> None:
    features = []
    for f in _read(path)["features"]:
        said = f["properties"]
        properties = {
            "id": said["id"],
            "name_vi": SEA_NAMES[said["id"]],
            "name_en": _plain(said["name"]),
            "area_category": SEA_CATEGORIES[said["row_article_42"]],
            "note": said["note"],
        }
        features.append({"type": "Feature", "properties": properties, "geometry": f["geometry"]})
    _write("sea_areas.geojson", {"kind": "sea"}, features)


def _write(name: str, head: dict[str, Any], features: list[dict[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(f, ensure_ascii=False) for f in features)
    start = json.dumps({"type": "FeatureCollection", **head}, ensure_ascii=False)[:-1]
    (HERE / name).write_text(f'{start}, "features": [\n{lines}\n]}}\n', "utf-8")


def _shape(feature: dict[str, Any]) -> BaseGeometry:
    return shapely.from_geojson(json.dumps(feature["geometry"]))


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
