"""What is checked of a counted threat: its detectors, the articles it asks, its golden counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from haidang.base.errors import HaidangError
from haidang.base.problem import Problem
from haidang.law.lawbook import article_id
from haidang.law.table import Table
from haidang.pack.bound import Bound, unnamed
from haidang.pack.case import CaseSpec
from haidang.pack.load import line_of, read_epidemic_years, short
from haidang.pack.schema import CountsLaw, ThreatSpec
from haidang.warn.message import numbers
from haidang.watch.calendar import Calendar, read_period
from haidang.watch.counts import begins, ends
from haidang.watch.detect import find
from haidang.words import word

SAMPLE: Final = 12_345
"""A count as wide as they come, for the readability of a message."""


def watch_problems(folder: Path, spec: ThreatSpec) -> Iterator[Problem]:
    """What is wrong with the indicators of a counted threat, whatever the country."""
    if not spec.counted:
        return
    path = folder / "pack.yaml"

    def problem(code: str, *where: str, **params: object) -> Problem:
        return Problem(f"check.{code}", params, short(path), line_of(path, where), ".".join(where))

    for name, one in spec.counts.indicators.items():
        yield from unnamed(name, one, problem)
        try:
            method = find(one.method)
        except HaidangError as err:
            for p in err.problems:
                yield problem("method", "watch", "indicators", name, "method", why=p.say("en"))
            continue
        calendar = Calendar(one.period, "calendar", 1, date(2024, 1, 1))
        for p in method.settle(one.params, calendar)[1]:
            yield problem("method", "watch", "indicators", name, "params", why=p.say("en"))


def counts_problems(bound: Bound, law: CountsLaw, tables: Mapping[str, Table]) -> Iterator[Problem]:
    """Every rule asks an indicator that there is, and answers every input of its table."""
    spec = bound.threat.spec
    known = spec.counts.indicators if spec is not None and spec.counted else {}
    for n, rule in enumerate(law.rules):
        if spec is not None and rule.indicator not in known:
            params = {"name": rule.indicator, "known": ", ".join(known) or "-"}
            yield bound.problem("no_indicator", "law", "rules", n, "indicator", **params)
        elif spec is not None and known[rule.indicator].period == "day":
            yield bound.problem("day_law", "law", "rules", n, "indicator", name=rule.indicator)
        if (table := tables.get(rule.article)) is None:
            continue
        inputs = {i.id: i for i in table.inputs}
        for name, quantity in rule.inputs.items():
            if name not in inputs:
                params = {"name": name, "known": ", ".join(inputs), "table": table.id}
                yield bound.problem("no_input", "law", "rules", n, "inputs", **params)
            elif (quantity == "spread") != (inputs[name].kind == "category"):
                params = {"name": name, "kind": inputs[name].kind, "table": table.id}
                yield bound.problem("input_kind", "law", "rules", n, "inputs", **params)
        for name in sorted(set(inputs) - set(rule.inputs)):
            params = {"name": name, "table": table.id}
            yield bound.problem("input_unanswered", "law", "rules", n, "inputs", **params)
    if law.epidemic_years:
        yield from _years(bound, law)
    yield from _civil_defence(bound)


def _civil_defence(bound: Bound) -> Iterator[Problem]:
    """Every input of the article is answered by the level or by facts, with yes or no."""
    rule = bound.binding.civil_defence
    if rule is None:
        return
    having = [t for t in bound.country.law.book.tables if t.article == article_id(rule.article)]
    if not having:
        known = ", ".join(sorted({t.article for t in bound.country.law.book.tables})) or "-"
        params = {"article": rule.article, "known": known}
        yield bound.problem("no_article", "civil_defence", "article", **params)
        return
    table = max(having, key=lambda t: t.valid_from)
    answered = {rule.epidemic, *rule.facts}
    inputs = {i.id: i for i in table.inputs}
    for name in sorted(answered - set(inputs)):
        params = {"name": name, "known": ", ".join(inputs), "table": table.id}
        yield bound.problem("no_input", "civil_defence", **params)
    for name in sorted(set(inputs) - answered):
        yield bound.problem("input_unanswered", "civil_defence", name=name, table=table.id)
    for name in sorted(answered & set(inputs)):
        if set(inputs[name].values) != {"yes", "no"}:
            params = {"name": name, "kind": inputs[name].kind, "table": table.id}
            yield bound.problem("input_kind", "civil_defence", **params)


def _years(bound: Bound, law: CountsLaw) -> Iterator[Problem]:
    path = bound.folder / law.epidemic_years
    try:
        found = read_epidemic_years(path)
    except HaidangError as err:
        yield from err.problems
        return
    if (places := bound.country.places) is None:
        return
    codes = {p.code for p in places.gazetteer}
    for place in sorted(set(found) - codes):
        yield Problem("check.years_place", {"code": place}, short(path), None, "place")


def published(
    path: Path, spec: CaseSpec, bound: Bound, problems: list[Problem]
) -> Iterator[datetime]:
    """Times at which a golden file's counts were published; the feed tells more of bad rows."""
    threat = bound.threat.spec
    known = threat.counts.indicators if threat is not None and threat.counted else {}
    case = path.parent / "case.yaml"
    if spec.indicator not in known:
        params = {"name": spec.indicator or "-", "known": ", ".join(known) or "-"}
        row = line_of(case, ["indicator"])
        problems.append(Problem("check.no_indicator", params, short(case), row, "indicator"))
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            starts = [
                (row.get("start") or "", row.get("published") or "")
                for row in csv.DictReader(stream)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        problems.append(Problem("pack.unreadable", {"why": err}, short(path)))
        return
    first = None if spec.begins is None else begins(spec.begins, bound.zone)
    for start, said in dict.fromkeys(starts):
        if said:
            try:
                at = datetime.fromisoformat(said)
            except ValueError:
                problems.append(Problem("check.case_time", {"value": said}, short(path)))
                continue
        elif (read := read_period(start)) is not None:
            end = begins(ends(read[0], known[spec.indicator].period), bound.zone)
            at = end + timedelta(days=spec.published_after_d)
        else:
            continue  # the feed names the row
        yield at if first is None else max(at, first)


def sample_counts(spec: ThreatSpec, language: str) -> dict[str, str]:
    """Facts of a counted threat as they may well come up, for the readability of its messages."""
    one = spec.counts.indicators[spec.counts.leads]
    month = word("format.months", language).split()[-1]
    period = word(
        f"format.period_{one.period}", language, number=52, year=2026, month=month,
        first="21/12", last="27/12", day="21/12/2026",
    )  # fmt: skip
    count = numbers(SAMPLE, language)
    unit = one.unit.get(language, one.unit.get("en", ""))
    return {"count": count, "mean": count, "bound": count, "counted": unit, "period": period}
