"""Faults of a threat told by readings, each planted into the toy country by ``test_check``."""

from __future__ import annotations

from pack.response_faults import fault

PACK = "threats/flood/pack.yaml"
XT = "countries/xt/threats/flood"
BINDING = f"{XT}/binding.yaml"
STATIONS = f"{XT}/stations.csv"
REGIONS = f"{XT}/regions.csv"
CASE = f"{XT}/golden/flood-2030/case.yaml"
INPUTS = "inputs: {alarm: alarm, ground: category}"
TAKES = "risk: {hazard: thresholds, takes: {a: {of: stage,"
AFTER = "      news_step: 0.5\n"
RAIN = f"{AFTER}    rain: {{title: {{en: Rain}}, unit: {{en: mm}}, at: area, stale_after_h: 6}}\n"
RISK = "risk: {hazard: river_stage, of: stage,"

FAULTS = [
    fault(
        "a model that reads an indicator that nobody measures",
        ((PACK, RISK, "risk: {hazard: river_stage, of: level,"),),
        "check.no_indicator", PACK, "risk", ("level", "stage"),
        ("the pack has", "gói này có"), "risk:",
    ),
    fault(
        "a gauge's model that is given an event's readings",
        ((PACK, "at: station", "at: event"),),
        "check.read_at", PACK, "watch.indicators.stage", ("stage",),
        ("set it to", "hãy đặt là"), "stage:",
    ),
    fault(
        "a quantity that the model does not give",
        ((BINDING, INPUTS, "inputs: {alarm: heat, ground: category}"),),
        "check.no_quantity", BINDING, "law.asks.0.inputs", ("heat", "alarm"),
        ("gives no quantity", "không cho đại lượng"), "inputs:",
    ),
    fault(
        "an input of the table that nothing answers",
        ((BINDING, INPUTS, "inputs: {alarm: alarm}"),),
        "check.input_unanswered", BINDING, "law.asks.0", ("ground", "act9_art2"),
        ("which nothing here answers", "không có gì trả lời"), "- article:",
    ),
    fault(
        "several of what the table does not know",
        ((BINDING, "several: several}", "several: many}"),),
        "check.category_unknown", BINDING, "law.asks.0.several", ("many", "several"),
        ("knows no area category", "không có loại khu vực"), "several:",
    ),
    fault(
        "an area category that the table does not know",
        ((REGIONS, "N,hill", "N,sea"),),
        "check.category_unknown", REGIONS, "category", ("sea", "plain"),
        ("knows no area category", "không có loại khu vực"), "N,sea",
    ),
    fault(
        "a province that the file of areas forgets",
        ((REGIONS, "S,plain\n", ""),),
        "pack.no_category", REGIONS, "", ("S",), ("", ""), None,
    ),
    fault(
        "alarm levels that fall",
        ((STATIONS, ",,,,2,3,4,5.5,1999", ",,,,2,3,2.5,5.5,1999"),),
        "station.alarms", STATIONS, "bd1", ("2 3 2.5",), ("do not rise", "không tăng dần"), "alba,",
    ),
    fault(
        "a gauge that stands twice",
        ((STATIONS, "borgo,Borgo", "alba,Borgo"),),
        "station.twice", STATIONS, "code", ("alba",), ("stands twice", "hai lần"), "alba,Borgo",
    ),
    fault(
        "an alarm level with a decimal comma",
        ((STATIONS, ",,,,2,3,4,5.5,1999", ',,,,"2,5",3,4,5.5,1999'),),
        "station.number", STATIONS, "bd1", ("2,5",), ("is not a number", "không phải là số"),
        "alba,",
    ),
    fault(
        "a gauge that nobody answers for",
        ((STATIONS, "5.5,1999,invented", "5.5,1999,"),),
        "station.empty", STATIONS, "source", (), ("may not be empty", "không được để trống"),
        "alba,",
    ),
    fault(
        "a gauge in a province that there is not",
        ((STATIONS, "casa,Casa,Casa,Cas,Cas,S,", "casa,Casa,Casa,Cas,Cas,Q,"),),
        "check.beside_place", STATIONS, "Q", ("Q",), ("watched by nobody", "không được theo dõi"),
        None,
    ),
    fault(
        "a binding without its gauges",
        ((STATIONS, None, None),),
        "check.file_beside", BINDING, "", ("stations.csv",),
        ("is missing beside", "cạnh binding"), None,
    ),
    fault(
        "takes of gauges and of areas in one case",
        ((PACK, RISK, f"{TAKES} how: max}}, b: {{of: rain, how: max}}}},"), (PACK, AFTER, RAIN)),
        "check.read_at_two", PACK, "risk.takes", (), ("all of one kind", "một loại"), "risk:",
    ),
    fault(
        "a run of readings that have no period",
        ((PACK, RISK, f"{TAKES} how: run, within: '>1'}}}},"),),
        "check.run_no_period", PACK, "risk.takes.a", ("stage",),
        ("set period_h", "đặt period_h"), "risk:",
    ),
    fault(
        "a case that calls the standing event by another name",
        ((CASE, "event: flood", "event: big-one"),),
        "check.standing_event", CASE, "event", ("big-one", "flood"),
        ("call it", "hãy đặt là"), "event:",
    ),
]  # fmt: skip
