"""What is checked of a threat told by readings: indicators, model, what the law is asked."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.law.interval import number
from haidang.law.lawbook import article_id
from haidang.law.table import Input, Table
from haidang.pack.bound import Bound, unnamed
from haidang.pack.case import CaseSpec
from haidang.pack.load import line_of, short
from haidang.pack.schema import ReadingsAsk, ReadingsLaw, ThreatSpec
from haidang.pack.stations import (
    STATIONS_FILE,
    SUSCEPTIBILITY_FILE,
    read_stations,
    read_susceptibility,
)
from haidang.risk.spec import FlashFlood, Shaking, Thresholds
from haidang.words import word

SAMPLE: Final = 1_234.56
"""A reading as wide as they come, for the readability of a message."""

CATEGORY: Final = "category"


def model_problems(folder: Path, spec: ThreatSpec) -> Iterator[Problem]:
    """What is wrong with the indicators and the model of a threat, whatever the country."""
    if not spec.read:
        return
    path = folder / "pack.yaml"

    def problem(code: str, *keys: str, **params: object) -> Problem:
        return Problem(f"check.{code}", params, short(path), line_of(path, keys), ".".join(keys))

    known = spec.readings.indicators
    for name, one in known.items():
        yield from unnamed(name, one, problem)
    for name in spec.model.asks:
        if name not in known:
            yield problem("no_indicator", "risk", name=name, known=", ".join(known))
    yield from _read_at(spec, problem)


def _read_at(spec: ThreatSpec, problem: Callable[..., Problem]) -> Iterator[Problem]:
    """Indicators are read where their model looks for them."""
    known, model = spec.readings.indicators, spec.model
    asked = {n: known[n] for n in model.asks if n in known}
    if isinstance(model, Shaking):
        of_event = (model.magnitude, model.depth, model.latitude, model.longitude)
        for name in set(of_event) & set(asked):
            if asked[name].at != "event":
                yield problem("read_at", "watch", "indicators", name, at="event", name=name)
        return
    for name, one in asked.items():
        if one.at == "event":
            said = "station, area"
            yield problem("read_at", "watch", "indicators", name, at=said, name=name)
    if isinstance(model, Thresholds):
        if len({one.at for one in asked.values()}) > 1:
            yield problem("read_at_two", "risk", "takes")
        for name, take in model.takes.items():
            if take.how == "run" and take.of in known and not known[take.of].period_h:
                yield problem("run_no_period", "risk", "takes", name, name=take.of)


def readings_problems(
    bound: Bound, law: ReadingsLaw, tables: Mapping[str, Table]
) -> Iterator[Problem]:
    """Every question answers every input of its table by a quantity that the model gives."""
    spec = bound.threat.spec
    if spec is None or not spec.read:
        return
    given = spec.model.quantities
    for n, ask in enumerate(law.asks):
        for name, quantity in ask.inputs.items():
            if quantity not in given:
                params = {"name": quantity, "known": ", ".join(given), "input": name}
                yield bound.problem("no_quantity", "law", "asks", n, "inputs", **params)
        if (table := tables.get(ask.article)) is not None:
            yield from _inputs(bound, n, ask, table, spec)
    for file, wanted in (
        (STATIONS_FILE, any(i.at == "station" for i in spec.readings.indicators.values())),
        (SUSCEPTIBILITY_FILE, isinstance(spec.model, FlashFlood)),
    ):
        if wanted and not (bound.folder / file).is_file():
            yield bound.problem("file_beside", file=file)
    yield from _beside(bound)


def _beside(bound: Bound) -> Iterator[Problem]:
    """Gauges and slopes can be read, and lie in places that there were on their day."""
    read: dict[Path, set[str]] = {}
    for file, reader in (
        (STATIONS_FILE, _provinces),
        (SUSCEPTIBILITY_FILE, read_susceptibility),
    ):
        path = bound.folder / file
        if not path.is_file():
            continue
        try:
            read[path] = set(reader(path, short(path)))
        except BadPack as err:
            yield from err.problems
    if (places := bound.country.places) is None:
        return
    days = [rule.codes_on for rule in bound.binding.areas]
    for path, codes in read.items():
        for code in sorted(codes):
            if not any(
                p.code == code and (on is None or p.valid(on))
                for p in places.gazetteer
                for on in days
            ):
                said = {"code": code, "day": ", ".join(str(d) for d in days if d) or "-"}
                yield Problem("check.beside_place", said, short(path), None, code)


def _provinces(path: Path, name: str) -> set[str]:
    return {s.province for s in read_stations(path, name)}


def _inputs(
    bound: Bound, n: int, ask: ReadingsAsk, table: Table, spec: ThreatSpec
) -> Iterator[Problem]:
    inputs = {i.id: i for i in table.inputs}
    rule = ask.several
    counted = (rule.input,) if rule is not None else ()
    answered = {*ask.inputs, *ask.given, *counted}
    for name in sorted(answered - set(inputs)):
        params = {"name": name, "known": ", ".join(inputs), "table": table.id}
        yield bound.problem("no_input", "law", "asks", n, "inputs", **params)
    for name in sorted(set(inputs) - answered):
        yield bound.problem("input_unanswered", "law", "asks", n, name=name, table=table.id)
    for name, value in ask.given.items():
        if name in inputs and not _fits(value, inputs[name]):
            params = {"category": value, "known": ", ".join(inputs[name].values) or "-"}
            yield bound.problem("category_unknown", "law", "asks", n, "given", **params)
    if rule is not None and rule.input in inputs:
        of = inputs[rule.input]
        for value in filter(None, (rule.one, rule.several)):
            if value not in of.values:
                params = {"category": value, "known": ", ".join(of.values)}
                yield bound.problem("category_unknown", "law", "asks", n, "several", **params)
    if isinstance(spec.model, Thresholds):
        yield from _takes(bound, n, ask, inputs, table, spec)


def _fits(value: str, of: Input) -> bool:
    return value in of.values if of.kind == "category" else value.replace(".", "", 1).isdecimal()


def _takes(
    bound: Bound,
    n: int,
    ask: ReadingsAsk,
    inputs: Mapping[str, Input],
    table: Table,
    spec: ThreatSpec,
) -> Iterator[Problem]:
    """A category answers a category, a number a number, and no value is unknown to the table."""
    assert isinstance(spec.model, Thresholds)
    for name, quantity in ask.inputs.items():
        take = spec.model.takes.get(quantity)
        of = inputs.get(name)
        if take is None or of is None or take.of not in spec.readings.indicators:
            continue
        values = () if take.how == "run" else spec.readings.indicators[take.of].values
        if bool(values) != (of.kind == "category"):
            params = {"name": name, "kind": of.kind, "table": table.id}
            yield bound.problem("input_kind", "law", "asks", n, "inputs", **params)
        for value in values:
            if of.kind == "category" and value not in of.values:
                params = {"category": value, "known": ", ".join(of.values)}
                yield bound.problem("category_unknown", "law", "asks", n, "inputs", **params)


def categories_asked(bound: Bound, law: ReadingsLaw, day: date) -> tuple[str, ...] | None:
    """Area categories that some table knows; None where none asks for the area's own."""
    found: dict[str, None] = {}
    for ask in law.asks:
        wanted = article_id(ask.article)
        having = [t for t in bound.country.law.book.tables if article_id(t.article) == wanted]
        standing = [t for t in having if t.in_force(day)]
        table = max(standing or having, key=lambda t: t.valid_from, default=None)
        if table is None:
            continue
        inputs = {i.id: i for i in table.inputs}
        for name, quantity in ask.inputs.items():
            if quantity == CATEGORY and name in inputs:
                found |= dict.fromkeys(inputs[name].values)
        found |= dict.fromkeys(ask.where)
    return tuple(found) or None


def readings_published(
    path: Path, spec: CaseSpec, bound: Bound, problems: list[Problem]
) -> Iterator[datetime]:
    """Times at which a golden file's readings were published; the feed tells of bad rows."""
    threat = bound.threat.spec
    case = path.parent / "case.yaml"
    standing = bound.threat.folder.name.replace("_", "-")
    if threat is not None and not threat.has_events and spec.event != standing:
        params = {"event": spec.event, "wanted": standing}
        row = line_of(case, ["event"])
        problems.append(Problem("check.standing_event", params, short(case), row, "event"))
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            told = dict.fromkeys(row.get("published") or "" for row in csv.DictReader(stream))
    except FileNotFoundError:
        problems.append(Problem("pack.missing_file", {}, short(path)))
        return
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        problems.append(Problem("pack.unreadable", {"why": err}, short(path)))
        return
    for said in told:
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            problems.append(Problem("check.case_time", {"value": said}, short(path)))
            continue
        if at.tzinfo is None:
            problems.append(Problem("feed.zone", {"value": said}, short(path), None, "published"))
            continue
        yield at


def sample_readings(spec: ThreatSpec, language: str) -> dict[str, str]:
    """Facts of readings as they may well come up, for the readability of a threat's messages."""
    one = spec.readings.indicators[spec.readings.first]
    unit = one.unit.get(language, one.unit.get("en", ""))
    return {
        "indicator": one.title.get(language, one.title.get("en", "")),
        "reading": f"{number(SAMPLE, language)} {unit}",
        "where": word("format.station_on", language, station="Ayunpa", river="Ba"),
        "when": word("format.at_hour", language, time="19:00", day="28/12/2026"),
        "how_known": word("format.known_forecast", language),
    }
