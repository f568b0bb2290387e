"""Faults of a counted threat, each planted into the toy country by ``test_check``."""

from __future__ import annotations

from pack.response_faults import fault

PACK = "threats/fever/pack.yaml"
XT = "countries/xt/threats/fever"
BINDING = f"{XT}/binding.yaml"
YEARS = f"{XT}/epidemic_years.csv"
CASE = f"{XT}/golden/fever-2030/case.yaml"
INPUTS = "inputs: {above: sd_above_mean, spread: spread}"


FAULTS = [
    fault(
        "a detector that does not exist",
        ((PACK, "method: endemic_channel", "method: crystal_ball"),),
        "check.method", PACK, "watch.indicators.cases.method", ("crystal_ball",),
        ("cannot work", "chưa dùng được"), "method:",
    ),
    fault(
        "a parameter that the detector does not know",
        ((PACK, "method: endemic_channel", "method: endemic_channel\n      params: {moon: 1}"),),
        "check.method", PACK, "watch.indicators.cases.params", ("endemic_channel",),
        ("cannot work", "chưa dùng được"), "params:",
    ),
    fault(
        "a rule that asks an indicator that nobody counts",
        ((BINDING, "indicator: cases", "indicator: deaths"),),
        "check.no_indicator", BINDING, "law.rules.0.indicator", ("deaths", "cases"),
        ("the pack has", "gói này có"), "indicator: deaths",
    ),
    fault(
        "a case that plays an indicator that nobody counts",
        ((CASE, "indicator: cases", "indicator: deaths"),),
        "check.no_indicator", CASE, "indicator", ("deaths", "cases"),
        ("the pack has", "gói này có"), "indicator: deaths",
    ),
    fault(
        "a law of months that is asked of days",
        ((PACK, "period: month", "period: day"),),
        "check.day_law", BINDING, "law.rules.0.indicator", ("cases",),
        ("by week or month", "theo tuần hoặc theo tháng"), "indicator: cases",
    ),
    fault(
        "a wind's law for what is counted",
        ((BINDING, "  years_back: 5\n  least_years: 3\n  epidemic_years: epidemic_years.csv\n"
          f'  rules:\n    - {{article: "5", indicator: cases, {INPUTS}}}\n',
          '  article: "5"\n  intensity: above\n  intensity_as: m/s\n  area: spread\n'),),
        "check.law_kind", BINDING, "law", ("counts",), ("need 'rules'", "cần 'rules'"), "law:",
    ),
    fault(
        "a rule that leaves an input of its table open",
        ((BINDING, INPUTS, "inputs: {above: sd_above_mean}"),),
        "check.input_unanswered", BINDING, "law.rules.0.inputs", ("spread", "act8_art5"),
        ("", ""), "inputs:",
    ),
    fault(
        "a number where the table asks for a category",
        ((BINDING, INPUTS, "inputs: {above: sd_above_mean, spread: count}"),),
        "check.input_kind", BINDING, "law.rules.0.inputs", ("spread", "act8_art5"),
        ("", ""), "inputs:",
    ),
    fault(
        "an epidemic year of a place that there is not",
        ((YEARS, "N,2027", "Q,2027"),),
        "check.years_place", YEARS, "place", ("Q",), ("Correct the code", "sửa lại mã"), None,
    ),
    fault(
        "an epidemic year that nobody answers for",
        ((YEARS, "N,2027,invented: a year with an epidemic", "N,2027,"),),
        "pack.epidemic_year", YEARS, "", ("N, 2027",), ("who states it", "nguồn xác nhận"),
        "N,2027",
    ),
    fault(
        "a placeholder that only a wind fills",
        ((f"{XT}/messages.fr.yaml", "Lavez-vous les mains.\n1:", "Force {force}.\n1:"),),
        "check.other_kind", f"{XT}/messages.fr.yaml", "0", ("force", "counts"),
        ("take it out", "hãy bỏ đi"), "0:",
    ),
    fault(
        "a civil-defence rule of an article that there is not",
        ((BINDING, "levels: [1, 2]", "levels: [1, 2]\ncivil_defence: {article: '99', epidemic: e, "
          "from_level: 2, facts: {c: [a]}}"),),
        "check.no_article", BINDING, "civil_defence.article", ("99",), ("", ""), "civil_defence:",
    ),
    fault(
        "a civil-defence rule whose answers the article does not take",
        ((BINDING, "levels: [1, 2]", "levels: [1, 2]\ncivil_defence: {article: '5', "
          "epidemic: above, from_level: 2, facts: {spread: [a]}}"),),
        "check.input_kind", BINDING, "civil_defence", ("above", "act8_art5"), ("", ""),
        "civil_defence:",
    ),
]  # fmt: skip
