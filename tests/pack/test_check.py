"""`haidang check`: every fault planted is found, where it is, with a remedy, in both languages."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import haidang
from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.pack.check import Report, check
from haidang.pack.load import Roots, roots
from haidang.words import catalogue
from pack.counts_faults import FAULTS as COUNTS_FAULTS
from pack.readings_faults import FAULTS as READINGS_FAULTS
from pack.response_faults import FAULTS as RESPONSE_FAULTS
from pack.together_faults import FAULTS as TOGETHER_FAULTS

SRC = Path(haidang.__file__).parent
TOY = Path(__file__).parents[1] / "toy"
DAY = date(2026, 11, 23)

THREAT = "threats/storm"
FEVER = "threats/fever"
FLOOD = "threats/flood"
PACK = f"{THREAT}/pack.yaml"
XT = "countries/xt"
COUNTRY = f"{XT}/country.yaml"
PROFILE = f"{XT}/cap_profile.yaml"
BINDING = f"{XT}/threats/storm/binding.yaml"
FRENCH = f"{XT}/threats/storm/messages.fr.yaml"
ENGLISH = f"{THREAT}/messages.en.yaml"
LAW = f"{XT}/law/act7_art3.csv"
SCALES = f"{XT}/law/scales.yaml"
GOLDEN = f"{XT}/threats/storm/golden/toy-2030"
CASE = f"{GOLDEN}/case.yaml"
BULLETINS = f"{GOLDEN}/bulletins.csv"
PLACES = f"{XT}/places"
REGIONS = f"{XT}/threats/storm/regions.csv"
VN = "countries/vn"

Edit = tuple[str, str | None, str | None]
"""(file, what stands there, what shall stand there); None: the whole file, None: no file."""


@dataclass(frozen=True)
class Fault:
    """One mistake planted into a sound tree.

    Attributes:
        says: What both the Vietnamese and the English text must name.
        remedy: Part of the English text, part of the Vietnamese one.
        at: A part of the line that is named; None where the file as a whole is meant.
    """

    name: str
    edits: tuple[Edit, ...]
    code: str
    file: str
    key: str
    says: tuple[str, ...]
    remedy: tuple[str, str]
    at: str | None = None
    severity: str = "error"
    day: date = DAY
    country: str = "xt"


BY_FILE: tuple[Edit, ...] = (
    (BINDING, "{kind: province, category: land}", "{kind: province, file: regions.csv}"),
)


def listed(*rows: str) -> tuple[Edit, ...]:
    return (*BY_FILE, (REGIONS, None, "\n".join(("code,category", *rows, ""))))


REVIEW = """\
review:
  codes_on: 2030-09-10
  orders: {file: orders.csv, source: invented}
  winds: {file: winds.csv, stations: stations.csv, averaging_s: 600, source: invented}
  tolls: {file: tolls.csv, source: invented}
  not_modelled:
    - id: flood
      name: {en: Floods, fr: Crues}
      text: {en: Not computed., fr: "Non calculé."}
      source: invented
sources:"""
SOUND = {
    "orders": "province,code,act,action,effective_local,source\n"
    "North Toyland,N,in_harbour,boats home,2030-09-10T06:00Z,invented\n",
    "winds": "station,sustained_beaufort_cap,gust_cap,source\nPort,9,12,invented\n",
    "stations": "station,lat,lon,elevation_note,exposure,coordinates\n"
    "Port,11.2,-38.0,coast,off-sea,invented\n",
    "tolls": "as_of_local,dead,missing,dead_plus_missing,injured,houses_damaged,note\n"
    "2030-09-11,1,,,,,\n",
}


def reviewed(**spoilt: tuple[str, str]) -> tuple[Edit, ...]:
    """A case with facts for its review; one file spoilt, ``case`` for the section itself."""
    section = REVIEW.replace(*spoilt.get("case", ("", "")))
    files = {name: text.replace(*spoilt.get(name, ("", ""))) for name, text in SOUND.items()}
    kept = tuple((f"{GOLDEN}/{name}.csv", None, text) for name, text in files.items())
    return ((CASE, "sources:", section), *kept)


def asks(text: str) -> tuple[Edit, ...]:
    """The toy country with a CAP profile of this text."""
    return ((PROFILE, None, "name: xt\ntitle: {vi: a, en: a}\nsource: invented\n" + text),)


FAULTS = [
    Fault(
        "CAP profile whose rule asks nothing",
        asks("rules:\n  - at: info.note\n    why: {vi: a, en: a}\n"),
        "cap.profile_bad", PROFILE, "rules.0", ("a rule must ask something",),
        ("see docs", "xem docs"), "info.note",
    ),
    Fault(
        "CAP profile that is not YAML",
        asks("rules: a: b\n"),
        "cap.profile_yaml", PROFILE, "", (), ("indentation", "thụt đầu dòng"), "rules: a: b",
    ),
    Fault(
        "CAP profile under another name",
        ((PROFILE, None, "name: ty\ntitle: {vi: a, en: a}\nsource: invented\n"),),
        "check.profile_name", PROFILE, "name", ("'ty'", "'xt'"), ("write 'xt'", "hãy ghi 'xt'"),
        "name: ty",
    ),
    Fault(
        "CAP profile in a language that the country does not write",
        asks("languages: [en, de]\n"),
        "check.profile_language", PROFILE, "languages.1", ("'de'", "en, fr"),
        ("take it out here", "hoặc bỏ ở đây"), "languages:",
    ),
    Fault(
        "review file that is not there",
        reviewed(case=("tolls.csv", "toll.csv")),
        "check.review_file", f"{GOLDEN}/toll.csv", "", ("'toll.csv'",),
        ("put it beside", "đặt tệp cạnh"),
    ),
    Fault(
        "review file that lacks a column",
        reviewed(winds=("gust_cap", "gust")),
        "check.columns", f"{GOLDEN}/winds.csv", "", ("gust_cap",),
        ("are needed", "cần có"), "station",
    ),
    Fault(
        "order of a province that was not there",
        reviewed(orders=(",N,", ",T,")),
        "check.review_code", f"{GOLDEN}/orders.csv", "code", ("'T'", "2030-09-10"),
        ("haidang places --on", "haidang places --on"), ",T,",
    ),
    Fault(
        "order of a province under another's code",
        reviewed(orders=(",N,", ",S,")),
        "check.review_name", f"{GOLDEN}/orders.csv", "province", ("'S'", "South Toyland"),
        ("correct the code", "sửa mã"), ",S,",
    ),
    Fault(
        "order of an unknown kind",
        reviewed(orders=("in_harbour", "harbour")),
        "check.review_word", f"{GOLDEN}/orders.csv", "act", ("'harbour'", "evacuated"),
        ("use one of", "hãy dùng một trong"), "harbour",
    ),
    Fault(
        "order at no time",
        reviewed(orders=("2030-09-10T06:00Z", "10/9/2030")),
        "check.review_time", f"{GOLDEN}/orders.csv", "effective_local", ("'10/9/2030'",),
        ("with its zone", "kèm múi giờ"), "10/9/2030",
    ),
    Fault(
        "station without a position",
        reviewed(winds=("Port,9", "Harbour,9")),
        "check.review_station", f"{GOLDEN}/winds.csv", "station", ("'Harbour'", "stations.csv"),
        ("add it there", "bổ sung vào tệp đó"), "Harbour",
    ),
    Fault(
        "force that is none",
        reviewed(winds=("Port,9", "Port,18")),
        "check.review_number", f"{GOLDEN}/winds.csv", "sustained_beaufort_cap", ("'18'",),
        ("whole number", "số nguyên"), "Port,18",
    ),
    Fault(
        "toll with a separator",
        reviewed(tolls=(",1,,", ',"1,204",,')),
        "check.review_number", f"{GOLDEN}/tolls.csv", "dead", ("'1,204'",),
        ("without separators", "không có dấu phân cách"), "1,204",
    ),
    Fault(
        "danger told in one language only",
        reviewed(case=(", fr: Crues", "")),
        "check.review_words", CASE, "", ("'flood'", "'fr'"), ("write both", "hãy viết cả hai"),
    ),
    Fault(
        "unknown key",
        ((PACK, "owner: storm-desk", "ownr: storm-desk\nowner: storm-desk"),),
        "pack.unknown_key", PACK, "ownr", ("'ownr'",), ("take it out", "bỏ đi"), "ownr:",
    ),
    Fault(
        "unknown key deep inside",
        ((PACK, "  hold_h: 6", "  hold_h: 6\n  hold_hours: 6"),),
        "pack.unknown_key", PACK, "warn.hold_hours", ("'hold_hours'",),
        ("spelling", "chính tả"), "hold_hours",
    ),
    Fault(
        "owner missing",
        ((PACK, "owner: storm-desk", "# nobody"),),
        "pack.missing_key", PACK, "owner", ("'owner'",), ("add it", "bổ sung"),
    ),
    Fault(
        "owner empty",
        ((PACK, "owner: storm-desk", "owner: ''"),),
        "pack.bad_value", PACK, "owner", ("''",), ("Correct it", "không được để trống"), "owner:",
    ),
    Fault(
        "key that stands twice",
        ((PACK, "  renew_h: 9 ", "  renew_h: 9\n  renew_h: 12\n  #"),),
        "pack.key_twice", PACK, "renew_h", ("'renew_h'",), ("keep one", "giữ lại một"),
        "renew_h: 12",
    ),
    Fault(
        "error growth that shrinks",
        ((PACK, "[0, 70, 126,", "[0, 170, 126,"),),
        "pack.bad_value", PACK, "risk.official_errors", (),
        ("cannot be negative nor shrink", "không thể âm và không thể giảm"), "official_errors",
    ),
    Fault(
        "renewed too late",
        ((PACK, "  renew_h: 9", "  renew_h: 24"),),
        "pack.bad_value", PACK, "warn", ("renew_h", "valid_h"), ("smaller than", "nhỏ hơn"),
        "warn:",
    ),
    Fault(
        "no YAML at all",
        ((PACK, "owner: storm-desk", "owner: [storm-desk"),),
        "pack.not_yaml", PACK, "", (), ("indentation", "thụt dòng"), "tier:",
    ),
    Fault(
        "no source",
        ((PACK, None, "SOURCES"),),
        "pack.bad_value", PACK, "sources", (), ("at least 1", "ít nhất 1"), "sources:",
    ),
    Fault(
        "empty source",
        ((PACK, '"Kaplan & DeMaria (1995), J. Appl. Meteor. 34: decay over land"', '" "'),),
        "check.source_empty", PACK, "sources.3", (), ("name the publication", "tài liệu"), '- " "',
    ),
    Fault(
        "review past",
        ((PACK, "review_by: 2027-06-30", "review_by: 2026-06-30"),),
        "check.review_past", PACK, "review_by", ("2026", "storm-desk"), ("review it", "rà soát"),
        "review_by",
    ),
    Fault(
        "review near",
        ((PACK, "review_by: 2027-06-30", "review_by: 2026-12-31"),),
        "check.review_soon", PACK, "review_by", ("2026",), ("plan it", "kế hoạch"), "review_by",
        severity="warning",
    ),
    Fault(
        "events called without their name",
        ((PACK, '"Cyclone {name}"', '"Cyclone {nom}"'),),
        "check.called", PACK, "called.fr", ("{nom}",), ("{name}", "{name}"), "called:",
    ),
    Fault(
        "verified without a golden case",
        ((PACK, "tier: exercised", "tier: verified"), (CASE, "expect:", "expect: []\n#"),
         (CASE, "  - {issued", "#  - {issued")),
        "check.no_golden", PACK, "tier", ("verified", "expect"), ("add a case", "thêm ca"), "tier:",
    ),
    Fault(
        "draft that wants to speak alone",
        ((PACK, "tier: exercised", "tier: draft\nspeaks_alone: [3]"),),
        "check.speaks_alone_tier", PACK, "speaks_alone", ("'draft'", "3"),
        ("only a verified pack", "verified mới được"), "speaks_alone",
    ),
    Fault(
        "speaks alone at a level that there is not",
        ((PACK, "tier: exercised", "tier: verified\nspeaks_alone: [5]"),),
        "check.speaks_alone_level", PACK, "speaks_alone", ("5", "'xt'"), ("take it out", "bỏ đi"),
        "speaks_alone",
    ),
    Fault(
        "level without approval",
        ((PACK, "severity: Severe,", "severity: Severe, approval: false,"),),
        "check.approval_tier", PACK, "warn.levels.2", ("3", "'exercised'"),
        ("set approval: true", "approval: true"), "level: 3",
    ),
    Fault(
        "alone and yet approved",
        ((PACK, "tier: exercised", "tier: verified\nspeaks_alone: [3]"),),
        "check.approval_unclear", PACK, "warn.levels.2", ("3", "speaks_alone"),
        ("make the two agree", "sửa cho khớp"), "level: 3", severity="warning",
    ),
    Fault(
        "leading force that is not computed",
        ((PACK, "onset_force: 6", "onset_force: 9"),),
        "check.onset_force", PACK, "warn.onset_force", ("9", "6, 8, 10, 12"),
        ("add it to", "thêm vào"), "onset_force",
    ),
    Fault(
        "force of shelter that is not computed",
        ((PACK, "shelter_force: 8", "shelter_force: 9"),),
        "check.shelter_force", PACK, "warn.shelter_force", ("9", "6, 8, 10, 12"),
        ("add it to", "thêm vào"), "shelter_force",
    ),
    Fault(
        "urgencies that cross",
        ((PACK, "immediate_h: 6", "immediate_h: 48"),),
        "check.urgency", PACK, "warn.immediate_h", ("48", "24"), ("lower", "giảm"), "immediate_h",
    ),
    Fault(
        "onset of a force that is not computed",
        ((PACK, "forces: [6, 8, 10, 12]", "forces: [6, 8, 10]"),),
        "check.force_unasked", ENGLISH, "4", ("{onset12}", "6, 8, 10"), ("Take it out", "bỏ đi"),
        "4:", severity="warning",
    ),
    Fault(
        "no messages in a language of the country",
        ((FRENCH, None, None),),
        "check.no_messages", FRENCH, "", ("'fr'",), ("add this file", "thêm tệp này"),
    ),
    Fault(
        "level without a message",
        ((FRENCH, "\n3:\n", "\n5:\n"),),
        "check.no_message", FRENCH, "3", ("3", "'fr'"), ("add headline", "bổ sung headline"),
    ),
    Fault(
        "no all-clear",
        ((FRENCH, "\n0:\n", "\n4:\n"),),
        "check.no_all_clear", FRENCH, "0", ("'fr'",), ("Add it", "Hãy bổ sung"),
    ),
    Fault(
        "no all-clear in the threat's own words",
        ((ENGLISH, "\n0:\n", "\n9:\n"),),
        "check.no_all_clear", ENGLISH, "0", ("'en'",), ("Add it", "Hãy bổ sung"),
    ),
    Fault(
        "unknown placeholder",
        ((FRENCH, "niveau {level} ({level_name}) pour {place}.", "niveau {levl} pour {place}."),),
        "warn.unknown_field", FRENCH, "1", ("{levl}", "level"), ("use one of", "một trong"), "1:",
    ),
    Fault(
        "stray brace",
        ((FRENCH, "pour {place}. Vent", "pour {place. Vent"),),
        "warn.brace", FRENCH, "2", ("{place. Vent",), ("write placeholders", "viết dữ kiện"), "2:",
    ),
    Fault(
        "headline too long for the longest name",
        ((f"{PLACES}/provinces.csv", "Pays-Jouet du Sud", "Pays-Jouet " + "du Sud " * 20),),
        "warn.headline_long", FRENCH, "1.headline", ("160",), ("shorten", "rút gọn"), "  headline",
    ),
    Fault(
        "sentence too long",
        ((FRENCH, "Restez loin des fils", "Restez " + "bien " * 25 + "loin des fils"),),
        "warn.sentence_long", FRENCH, "0.instruction", ("22",), ("split it", "tách"),
        "instruction: \"Restez", severity="warning",
    ),
    Fault(
        "no name of the threat in a language",
        ((PACK, ", fr: Cyclone tropical", ""),),
        "check.text_missing", PACK, "title", ("'fr'", "'title'"), ("add one", "bổ sung"), "title:",
        severity="warning",
    ),
    Fault(
        "language without words",
        ((COUNTRY, "languages: [en, fr]", "languages: [en, fr, de]"),),
        "check.language_words", COUNTRY, "languages.2", ("'de'", "format."), ("add a line", "thêm"),
        "languages",
    ),
    Fault(
        "sender without a note in a language",
        ((COUNTRY, "    fr: Un pays inventé. Personne n'est averti de rien.\n", ""),),
        "check.text_missing", COUNTRY, "sender.status_note", ("'fr'", "status_note"),
        ("add one", "bổ sung"), "status_note",
    ),
    Fault(
        "sender that could be real",
        ((COUNTRY, "desk@toyland.invalid", "desk@weather.gov"),),
        "check.sender_real", COUNTRY, "sender.address", ("desk@weather.gov",),
        (".invalid", ".invalid"), "address", severity="warning",
    ),
    Fault(
        "no time zone",
        ((COUNTRY, "America/Noronha", "America/Toyland"),),
        "pack.time_zone", COUNTRY, "time_zone", ("America/Toyland",), ("write one", "hãy ghi"),
        "time_zone",
    ),
    Fault(
        "scale that there is not",
        ((COUNTRY, "scale: alert", "scale: alarm"),),
        "pack.no_scale", COUNTRY, "scale", ("'alarm'", "alert"), ("there are", "hiện có"), "scale:",
    ),
    Fault(
        "level without a name in a language",
        ((SCALES, "{en: alarm, fr: alarme}", "{en: alarm}"),),
        "check.scale_language", SCALES, "scales.alert.ranks.2.names", ("3", "'fr'"),
        ("add it", "bổ sung"), "alarm}",
    ),
    Fault(
        "law with a gap",
        ((LAW, '"[100,150)",De 100', '"[110,150)",De 100'),),
        "law.gap", LAW, "", ("100", "110"),
        ("add the missing row", "thêm dòng còn thiếu"), "3(1)(a)",
    ),
    Fault(
        "law with an overlap",
        ((LAW, '"[50,100)",De 50', '"[50,120)",De 50'),),
        "law.overlap", LAW, "", ("100", "120"), ("mend that row", "sửa dòng bị sai"), "3(1)(a)",
    ),
    Fault(
        "law that has ended", (),
        "check.law_ended", LAW, "valid_until", ("2030", "3"), ("add the new table", "thêm bảng"),
        "# valid_until", day=date(2031, 2, 1),
    ),
    Fault(
        "law that soon ends", (),
        "check.law_ends_soon", LAW, "valid_until", ("2030",), ("in time", "kịp thời"),
        "# valid_until", severity="warning", day=date(2030, 11, 1),
    ),
    Fault(
        "law of tomorrow", (),
        "check.law_not_yet", LAW, "valid_from", ("2020", "2019"), ("today's law", "hiện hành"),
        "# valid_from", day=date(2019, 1, 1),
    ),
    Fault(
        "article that does not exist",
        ((BINDING, 'article: "3"', 'article: "33"'),),
        "check.no_article", BINDING, "law.article", ("'33'", "3"), ("correct", "sửa số điều"),
        "law:",
    ),
    Fault(
        "input that the table does not have",
        ((BINDING, "intensity: wind", "intensity: gust"),),
        "check.no_input", BINDING, "law.intensity", ("'gust'", "wind"), ("as in the table", "đúng"),
        "law:",
    ),
    Fault(
        "inputs exchanged",
        ((BINDING, "intensity: wind", "intensity: area"), (BINDING, "area: area}", "area: wind}")),
        "check.input_kind", BINDING, "law.intensity", ("'area'",), ("Exchange", "đổi chỗ"), "law:",
    ),
    Fault(
        "input that nothing answers",
        ((LAW, "# below:", "#   night: {kind: category, name: {en: night, fr: nuit}, "
          "values: {dark: {en: d, fr: n}}}\n# below:"), (LAW, "clause,level,area,wind,text",
          "clause,level,area,wind,night,text"), (LAW, '",De', '",*,De'), (LAW, ">=90,", ">=90,*,"),
          (LAW, ">150,Plus", ">150,*,Plus")),
        "check.input_unanswered", BINDING, "law", ("'night'",), ("bind another", "gắn điều khác"),
        "law:",
    ),
    Fault(
        "another unit than the table's",
        ((BINDING, "intensity_as: km/h", "intensity_as: m/s"),),
        "check.unit", BINDING, "law.intensity_as", ("km/h", "m/s"), ("agree", "cho khớp"), "law:",
    ),
    Fault(
        "fractions for whole numbers",
        ((LAW, "kind: real", "kind: integer"),),
        "check.unit_whole", BINDING, "law.intensity_as", ("km/h",), ("'real'", "'real'"), "law:",
    ),
    Fault(
        "another scale than the country's",
        ((SCALES, "scales:\n", "scales:\n  other: {kind: hazard, title: {en: o, fr: o}, source: s, "
          "ranks: [{rank: 1, names: {en: a, fr: b}}]}\n"), (COUNTRY, "scale: alert",
          "scale: other")),
        "check.other_scale", BINDING, "law.article", ("'alert'", "'other'"), ("one and the same",
         "chung một thang"), "law:",
    ),
    Fault(
        "level of the law that is not bound",
        ((BINDING, "levels: [1, 2, 3]", "levels: [1, 2]"),),
        "check.level_unbound", BINDING, "levels", ("3", "3(3)"), ("add it to", "thêm vào"),
        "levels:",
    ),
    Fault(
        "level that the law never gives",
        ((BINDING, "levels: [1, 2, 3]", "levels: [1, 2, 3, 4]"),),
        "check.level_never", BINDING, "levels", ("4", "1, 2, 3"), ("take it out", "bỏ đi"),
        "levels:",
    ),
    Fault(
        "level that the pack cannot warn of",
        ((PACK, "    - {level: 2, severity: Moderate, responses: [Monitor, Prepare]}\n", ""),),
        "check.level_no_warn", PACK, "warn.levels", ("2", "'xt'"), ("add an entry", "thêm một mục"),
        "levels:",
    ),
    Fault(
        "threat that does not exist",
        ((f"{XT}/threats/tide/binding.yaml", None, "law: {}\n"),),
        "pack.no_threat", f"{XT}/threats/tide/binding.yaml", "", ("'tide'",), ("add threats",
         "hãy thêm"),
    ),
    Fault(
        "binding missing beside its messages",
        ((BINDING, None, None),),
        "pack.missing_file", BINDING, "", (), ("add it", "bổ sung"),
    ),
    Fault(
        "threat without its first file",
        (("threats/tide/messages.en.yaml", None, "0: {}\n"),),
        "pack.missing_file", "threats/tide/pack.yaml", "", (), ("add it", "bổ sung"),
    ),
    Fault(
        "two ways to a category",
        ((BINDING, "category: land}", "category: land, own: true}"),),
        "check.area_rule", BINDING, "areas.0", ("province",), ("keep one", "giữ lại một"),
        "province",
    ),
    Fault(
        "rule that watches nothing",
        ((BINDING, "levels:", "  - {kind: point, category: sea}\nlevels:"),),
        "check.no_places", BINDING, "areas.2", ("'point'",), ("take the rule out", "bỏ quy tắc"),
        "point", severity="warning",
    ),
    Fault(
        "category that the law does not know",
        ((BINDING, "category: land", "category: sand"),),
        "check.category_unknown", BINDING, "areas.0.category", ("'sand'", "land, sea"),
        ("use one of", "một trong"), "sand",
    ),
    Fault(
        "category of a file that the law does not know",
        listed("N,land", "S,sand"),
        "check.category_unknown", REGIONS, "category", ("'sand'", "land, sea"),
        ("use one of", "một trong"), "S,sand",
    ),
    Fault(
        "sea that calls itself something else",
        ((f"{PLACES}/sea_areas.geojson", '"area_category": "sea"', '"area_category": "lake"'),),
        "check.own_category", BINDING, "areas.1", ("'lake'", "sea east of Toyland"),
        ("use one of", "một trong"), "kind: sea",
    ),
    Fault(
        "province without a category",
        listed("N,land"),
        "pack.no_category", REGIONS, "", ("South Toyland", "S"), ("add the missing", "còn thiếu"),
    ),
    Fault(
        "old province without a category",
        ((f"{VN}/threats/storm/regions.csv", "10,Lào Cai,viet_bac", "#10,Lào Cai,viet_bac"),),
        "pack.no_category", f"{VN}/threats/storm/regions.csv", "", ("10",),
        ("add the missing", "còn thiếu"), country="vn",
    ),
    Fault(
        "category given twice",
        listed("N,land", "S,land", "N,land"),
        "check.code_twice", REGIONS, "code", ("'N'",), ("keep one", "giữ lại một"), "N,land",
    ),
    Fault(
        "category of a place that there is not",
        listed("N,land", "S,land", "X,sea"),
        "check.code_unknown", REGIONS, "code", ("'X'",), ("correct the code", "sửa mã"), "X,sea",
        severity="warning",
    ),
    Fault(
        "file of categories without its columns",
        (*BY_FILE, (REGIONS, None, "code,region\nN,land\n")),
        "check.columns", REGIONS, "", ("category",), ("needed", "cần có"), "code,region",
    ),
    Fault(
        "file of categories that is not there", BY_FILE,
        "pack.missing_file", REGIONS, "", (), ("add it", "bổ sung"),
    ),
    Fault(
        "negative population",
        ((f"{PLACES}/provinces.csv", ",300000,", ",-300000,"),),
        "place.figure", f"{PLACES}/provinces.csv", "population", ("-300000",),
        ("correct it", "hãy sửa lại"), "-300000",
    ),
    Fault(
        "outline that crosses itself",
        ((f"{PLACES}/outlines.geojson", "[-38, 10], [-38, 11]", "[-38, 11], [-38, 10]"),),
        "place.outline_crosses", f"{PLACES}/outlines.geojson", "features[1]", ("S",),
        ("mend it there", "hãy sửa tại đó"),
    ),
    Fault(
        "commune that the file names twice",
        ((f"{PLACES}/communes.csv", "N2,Hilltop", "N1,Hilltop"),),
        "place.twice", f"{PLACES}/communes.csv", "code", ("N1",),
        ("keep one", "chỉ giữ một"), "N1,Hilltop",
    ),
    Fault(
        "place that cannot be drawn",
        ((f"{PLACES}/provinces.csv", "S,South", "M,Middle Toyland,Milieu,XT,province,2020-01-01"
          ",,1,1,invented,\nS,South"),),
        "pack.no_outline", PLACES, "", ("Middle Toyland",), ("add one", "bổ sung"),
    ),
    Fault(
        "case with an unknown key",
        ((CASE, "sources: [invented]", "sources: [invented]\nweather: bad"),),
        "pack.unknown_key", CASE, "weather", ("'weather'",), ("take it out", "bỏ đi"), "weather",
    ),
    Fault(
        "case without bulletins",
        ((BULLETINS, None, None),),
        "pack.missing_file", BULLETINS, "", (), ("add it", "bổ sung"),
    ),
    Fault(
        "bulletin without a time",
        ((BULLETINS, "2030-09-12T18:00Z,2030-09-12T18:00Z", "soon,2030-09-12T18:00Z"),),
        "check.case_time", BULLETINS, "issued", ("'soon'",), ("write it as", "viết theo mẫu"),
        "soon",
    ),
    Fault(
        "case of another threat",
        ((CASE, "threat: storm", "threat: tide"),),
        "check.case_threat", CASE, "threat", ("'tide'", "'storm'"), ("move it", "chuyển"),
        "threat:",
    ),
    Fault(
        "case of another name",
        ((CASE, "id: toy-2030", "id: toy-2031"),),
        "pack.id_folder", CASE, "id", ("'toy-2031'", "'toy-2030'"), ("the same", "giống nhau"),
        "id:",
    ),
    Fault(
        "file that a case misses",
        ((CASE, "sources:", "announced: levels.csv\nsources:"),),
        "check.case_file", CASE, "announced", ("'levels.csv'",), ("add it", "bổ sung"), "announced",
    ),
    Fault(
        "one person for two",
        ((CASE, "00000000bbbbbbbb", "00000000aaaaaaaa"),),
        "check.same_person", CASE, "officers.1", ("00000000aaaaaaaa",), ("two different",
         "hai người khác nhau"), "role: lead",
    ),
    Fault(
        "case before its law",
        ((CASE, "law_on: 2030-09-10", "law_on: 2019-09-10"),),
        "check.case_law", CASE, "law_on", ("2019", "3"),
        ("choose another day", "chọn ngày khác"), "law_on",
    ),
    Fault(
        "level expected after no bulletin",
        ((CASE, "issued: 2030-09-10T12:00Z", "issued: 2030-09-10T13:00Z"),),
        "check.expect_bulletin", CASE, "expect.2.issued", ("2030-09-10T13:00",),
        ("bulletins.csv", "bulletins.csv"), "T13:00",
    ),
    Fault(
        "level expected of no place",
        ((CASE, "place: sea-toy-east", "place: sea-toy-west"),),
        "check.expect_place", CASE, "expect.4.place", ("'sea-toy-west'",), ("correct", "sửa mã"),
        "sea-toy-west",
    ),
    Fault(
        "level expected that there is not",
        ((CASE, "place: sea-toy-east, level: 2", "place: sea-toy-east, level: 5"),),
        "check.expect_level", CASE, "expect.4.level", ("5", "0, 1, 2, 3"), ("correct", "sửa cấp"),
        "level: 5",
    ),
]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(SRC / THREAT, tmp_path / THREAT)
    shutil.copytree(TOY / XT, tmp_path / XT)
    shutil.copytree(TOY / FEVER, tmp_path / FEVER)
    shutil.copytree(TOY / FLOOD, tmp_path / FLOOD)
    return tmp_path


FAULTS += [Fault(**found) for found in RESPONSE_FAULTS]
FAULTS += [Fault(**found) for found in COUNTS_FAULTS]
FAULTS += [Fault(**found) for found in TOGETHER_FAULTS]
FAULTS += [Fault(**found) for found in READINGS_FAULTS]


def plant(tree: Path, edits: tuple[Edit, ...]) -> None:
    for name, old, new in edits:
        path = tree / name
        if new is None:
            path.unlink()
        elif new == "SOURCES":
            text = path.read_text("utf-8")
            path.write_text(
                re.sub(r"^sources:\n(  - .*\n)+", "sources: []\n", text, flags=re.M), "utf-8"
            )
        elif old is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(new, "utf-8")
        else:
            text = path.read_text("utf-8")
            assert old in text, f"nothing to spoil in {name}: {old}"
            path.write_text(text.replace(old, new), "utf-8")


def walked(tree: Path) -> Roots:
    return Roots(
        {p.parent.name: p.parent for p in sorted(tree.glob("threats/*/pack.yaml"))},
        {p.parent.name: p.parent for p in sorted(tree.glob("countries/*/country.yaml"))},
    )


def looked(tree: Path, day: date = DAY) -> Report:
    return check(walked(tree), day)


def names_it(found: Problem, fault: Fault) -> None:
    texts = {language: found.say(language) for language in ("en", "vi")}
    assert texts["en"] != texts["vi"]
    for language, remedy in zip(("en", "vi"), fault.remedy, strict=True):
        text = texts[language]
        assert text.startswith(fault.file)
        for said in (*fault.says, remedy):
            assert said in text, text
        if found.row is not None:
            assert f"{'line' if language == 'en' else 'dòng'} {found.row}" in text
        if fault.key:
            assert fault.key in text


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_a_planted_fault_is_found_where_it_is(tree: Path, fault: Fault) -> None:
    if fault.country == "vn":
        shutil.copytree(SRC / VN, tree / VN)
    plant(tree, fault.edits)
    report = looked(tree, fault.day)
    here = [p for p in report.problems if (p.code, p.file) == (fault.code, fault.file)]
    here = [p for p in here if p.field == fault.key]
    assert here, [p.say("en") for p in report.problems]
    found = here[0]
    assert found.severity == fault.severity
    assert report.ok == (not report.errors)
    assert (fault.severity == "error") <= (not report.ok)
    if fault.at is None:
        assert found.row is None
    else:
        assert found.row is not None
        line = (tree / fault.file).read_text("utf-8").splitlines()[found.row - 1]
        assert fault.at in line, (found.row, line)
    names_it(found, fault)


def test_every_rule_has_a_fault() -> None:
    """A rule that no test provokes may have stopped working."""
    told = {f.code.removeprefix("check.") for f in FAULTS if f.code.startswith("check.")}
    known = {k.removeprefix("check.") for k in catalogue() if k.startswith("check.")}
    assert known - told == {"not_bound"}  # a note, in the test below
    assert told <= known


def test_nothing_is_found_in_a_sound_tree(tree: Path) -> None:
    report = looked(tree)
    assert report.problems == ()
    assert report.ok
    assert (report.threats, report.countries, report.cases) == (3, 1, 3)
    assert report.files >= 14


def test_facts_of_a_review_that_are_sound_are_not_complained_of(tree: Path) -> None:
    plant(tree, reviewed())
    assert looked(tree).problems == ()


def test_it_never_stops_at_the_first_fault(tree: Path) -> None:
    """Unreadable country, bad law, bad place, bad message, bad pack: all are told at once."""
    together = {
        "unknown key", "no time zone", "law with a gap", "negative population",
        "unknown placeholder", "case with an unknown key", "level that the law never gives",
        "outline that crosses itself", "category that the law does not know",
    }  # fmt: skip
    for fault in FAULTS:
        if fault.name in together:
            plant(tree, fault.edits)
    codes = {(p.code, p.file) for p in looked(tree).problems}
    for fault in FAULTS:
        if fault.name in together:
            assert (fault.code, fault.file) in codes, fault.name


@pytest.mark.parametrize("name", [PACK, COUNTRY, BINDING, LAW, SCALES, CASE, FRENCH, BULLETINS])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"- 1\n- 2\n", b"a: [", b"1: 2\n"])
def test_whatever_a_file_holds_it_is_answered(tree: Path, name: str, content: bytes) -> None:
    (tree / name).write_bytes(content)
    report = looked(tree)
    assert not report.ok
    assert any(p.file == name for p in report.problems), [p.say() for p in report.problems]
    for p in report.problems:
        assert p.say("vi")
        assert p.say("en")


def test_a_threat_that_a_country_does_not_bind_is_a_note(tree: Path) -> None:
    shutil.copytree(tree / THREAT, tree / "threats" / "wave")
    plant(tree, (("threats/wave/pack.yaml", "id: storm", "id: wave"),))
    report = looked(tree)
    assert report.ok
    assert report.problems == ()
    (note,) = report.notes
    assert note.code == "check.not_bound"
    for language in ("en", "vi"):
        assert "'wave'" in note.say(language)
        assert "'xt'" in note.say(language)


def test_an_id_that_two_roots_claim_is_refused(tree: Path) -> None:
    other = tree / "other"
    shutil.copytree(TOY / XT, other / XT)
    with pytest.raises(BadPack) as caught:
        roots([TOY, other])
    (problem,) = caught.value.problems
    assert problem.code == "pack.clash"
    for language in ("en", "vi"):
        assert "'xt'" in problem.say(language)
        assert str(TOY) in problem.say(language)
        assert str(other) in problem.say(language)


def test_a_law_followed_by_another_may_end(tree: Path) -> None:
    text = (tree / LAW).read_text("utf-8")
    later = text.replace("2020-01-01\n# valid_until: 2030-12-31", "2031-01-01\n# valid_until: null")
    assert later != text
    (tree / XT / "law" / "later.csv").write_text(later.replace("id: act7_art3", "id: b"), "utf-8")
    plant(tree, ((PACK, "review_by: 2027-06-30", "review_by: 2037-06-30"),))
    for day in (date(2030, 12, 1), date(2031, 2, 1)):
        assert looked(tree, day).problems == ()


def test_the_shipped_packs_and_countries_have_no_error() -> None:
    """Warnings may stand, but each kind must be known here."""
    report = check(roots([TOY]), DAY)
    assert [p.say("en") for p in report.errors] == []
    assert report.countries >= 2
    assert report.cases >= 6
    assert {p.code for p in report.warnings} <= {"warn.sentence_long", "check.authorities_old"}


def test_the_outlines_still_are_json() -> None:
    """The fault above spoils a text; this keeps that text in the file."""
    found = json.loads((TOY / PLACES / "outlines.geojson").read_text("utf-8"))
    assert len(found["features"]) == 2
