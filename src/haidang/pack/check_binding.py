"""What is checked where a threat and a country meet: law, areas, words and golden cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from haidang.base.errors import BadPack, HaidangError
from haidang.base.place import Place
from haidang.base.problem import Problem
from haidang.law.lawbook import article_id
from haidang.law.levels import Scale
from haidang.law.table import Input, Table
from haidang.pack.case import BULLETINS_FILE, COUNTS_FILE, READINGS_FILE, CaseSpec
from haidang.pack.check_counts import counts_problems, published, sample_counts
from haidang.pack.check_readings import (
    categories_asked,
    readings_problems,
    readings_published,
    sample_readings,
)
from haidang.pack.law import Law
from haidang.pack.load import NOT_SPOKEN_OF, line_of, parse, read_yaml, short
from haidang.pack.places import CountryPlaces
from haidang.pack.review import read_facts
from haidang.pack.schema import (
    AreaRule,
    BindingSpec,
    CountrySpec,
    CountsLaw,
    LawBinding,
    ReadingsLaw,
    ThreatSpec,
)
from haidang.pack.stations import rows_of
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset, When
from haidang.warn.message import check as check_message
from haidang.warn.message import facts, render
from haidang.warn.readability import check as check_readability
from haidang.warn.spec import MessageSpec
from haidang.watch.signal import State

Found: TypeAlias = Mapping[int, MessageSpec]
"""Messages by level."""

LONGEST_NAME: Final = 10
"""Letters of the longest name that a headline must have room for, where no case has a longer."""

SAMPLE_WIND: Final = Interval(38.0, 43.0, 48.0)
"""m/s; a range of wind forces, so that the widest form of a sentence is read."""


class ThreatFolder(Protocol):
    """A threat as far as it can be read."""

    @property
    def folder(self) -> Path:
        """``threats/<id>``."""

    @property
    def spec(self) -> ThreatSpec | None:
        """None where ``pack.yaml`` does not fit."""


class CountryFolder(Protocol):
    """A country as far as it can be read."""

    @property
    def folder(self) -> Path:
        """``countries/<cc>``."""

    @property
    def spec(self) -> CountrySpec:
        """``country.yaml``."""

    @property
    def law(self) -> Law:
        """The tables that are sound."""

    @property
    def places(self) -> CountryPlaces | None:
        """None where they cannot be read at all."""


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """A case that could be read.

    Attributes:
        path: Its ``case.yaml``.
        bulletins: Times of issue that its bulletins name.
    """

    spec: CaseSpec
    path: Path
    bulletins: frozenset[datetime]


@dataclass(frozen=True, eq=False)
class Bound:
    """A threat bound by a country.

    Attributes:
        messages: By language, with the file they are from; the country's own win.
        zone: The country's clock.
        cases: Golden cases that could be read.
    """

    country: CountryFolder
    threat: ThreatFolder
    binding: BindingSpec
    messages: Mapping[str, tuple[Path, Found]]
    zone: tzinfo
    cases: tuple[GoldenCase, ...] = ()

    @property
    def folder(self) -> Path:
        """``countries/<cc>/threats/<id>``."""
        return self.country.folder / "threats" / self.threat.folder.name

    def problem(self, code: str, *keys: str | int, **params: object) -> Problem:
        """A problem of ``binding.yaml``."""
        return at(self.folder / "binding.yaml", code, keys, params)


def at(path: Path, code: str, keys: tuple[str | int, ...], params: Mapping[str, object]) -> Problem:
    """A problem of a YAML file, with the line of its key."""
    field = ".".join(map(str, keys))
    return Problem(f"check.{code}", params, short(path), line_of(path, keys), field)


def binding_problems(bound: Bound, day: date) -> tuple[list[Problem], Bound]:
    """Everything wrong between a threat and a country.

    Args:
        bound: What is bound.
        day: The day on which it is to serve.

    Returns:
        Problems, and the same binding with the golden cases that could be read.
    """
    problems: list[Problem] = []
    cases = tuple(_cases(bound, problems))
    bound = replace(bound, cases=cases)
    law = bound.binding.law
    tables = {a: t for a in law.articles if (t := _table(bound, a, day)) is not None}
    table = next(iter(tables.values()), None)
    known = {article_id(t.article) for t in bound.country.law.book.tables}
    for article in law.articles:
        if article_id(article) not in known:
            params = {"article": article, "known": ", ".join(sorted(known)) or "-"}
            problems.append(bound.problem("no_article", "law", "article", **params))
    problems += _kinds(bound)
    days = sorted({day, *(c.spec.places_on for c in cases)})
    for on in days:
        problems += _areas(bound, table, on)
    problems += _rules(bound)
    if isinstance(law, CountsLaw):
        problems += counts_problems(bound, law, tables)
    elif isinstance(law, ReadingsLaw):
        problems += readings_problems(bound, law, tables)
    elif table is not None:
        problems += _inputs(bound, law, table)
    if len(tables) == len(law.articles):
        problems += _levels(bound, tuple(tables.values()))
    problems += _translations(bound)
    problems += _texts(bound, table, day)
    for case in cases:
        problems += _case(bound, case)
    return problems, bound


def _kinds(bound: Bound) -> Iterator[Problem]:
    """A threat and its law must be of one kind: nobody can ask a wind how many cases there were."""
    spec = bound.threat.spec
    law = bound.binding.law
    kinds = (isinstance(law, CountsLaw), isinstance(law, ReadingsLaw))
    if spec is not None and (spec.counted, spec.read) != kinds:
        yield bound.problem("law_kind", "law", kind=spec.watch.kind)


def _table(bound: Bound, article: str, day: date) -> Table | None:
    """The table on the day; the newest one where none is in force, so that more can be said."""
    wanted = article_id(article)
    having = [t for t in bound.country.law.book.tables if article_id(t.article) == wanted]
    standing = [t for t in having if t.in_force(day)]
    return max(standing or having, key=lambda t: t.valid_from, default=None)


# ── law ─────────────────────────────────────────────────────────────────────────────────────────


def _inputs(bound: Bound, law: LawBinding, table: Table) -> Iterator[Problem]:
    inputs = {i.id: i for i in table.inputs}
    for key, name, kinds in (
        ("intensity", law.intensity, {"integer", "real"}),
        ("area", law.area, {"category"}),
    ):
        if name not in inputs:
            params = {"name": name, "known": ", ".join(inputs), "table": table.id}
            yield bound.problem("no_input", "law", key, **params)
        elif inputs[name].kind not in kinds:
            params = {"name": name, "kind": inputs[name].kind, "table": table.id}
            yield bound.problem("input_kind", "law", key, **params)
    for name in sorted(set(inputs) - {law.intensity, law.area}):
        yield bound.problem("input_unanswered", "law", name=name, table=table.id)
    if law.intensity in inputs:
        yield from _unit(bound, law, table, inputs[law.intensity])


def _unit(bound: Bound, law: LawBinding, table: Table, of: Input) -> Iterator[Problem]:
    given = law.intensity_as
    params = {"given": given, "unit": of.unit.say("en"), "table": table.id}
    speeds = {"km/h", "m/s"}
    said = of.unit.say("en").strip()
    if (given in speeds or said in speeds) and said != given:
        yield bound.problem("unit", "law", "intensity_as", **params)
    elif of.integer and given in speeds:
        yield bound.problem("unit_whole", "law", "intensity_as", **params)


def _levels(bound: Bound, tables: tuple[Table, ...]) -> Iterator[Problem]:
    given = {row.level: (table, row) for table in tables for row in table.rows}
    names = ", ".join(t.id for t in tables)
    bound_levels = set(bound.binding.levels)
    for level in sorted(set(given) - bound_levels):
        table = given[level][0]
        clause = next(r.clause for r in table.rows if r.level == level)
        params = {"level": level, "table": table.id, "clause": clause}
        yield bound.problem("level_unbound", "levels", **params)
    for level in sorted(bound_levels - set(given)):
        params = {"level": level, "table": names, "known": ", ".join(map(str, sorted(given)))}
        yield bound.problem("level_never", "levels", **params)
    spec = bound.threat.spec
    has = {e.level for e in spec.warn.levels} if spec else set(given)
    for level in sorted((set(given) | bound_levels) - has):
        path = bound.threat.folder / "pack.yaml"
        params = {"level": level, "table": names, "country": bound.country.folder.name}
        yield at(path, "level_no_warn", ("warn", "levels"), params)
    scale = bound.binding.scale or bound.country.spec.scale
    for table in tables:
        if scale != table.scale.id:
            params = {"scale": scale, "table": table.id, "other": table.scale.id}
            yield bound.problem("other_scale", "law", "article", **params)


# ── areas ───────────────────────────────────────────────────────────────────────────────────────


def _rules(bound: Bound) -> Iterator[Problem]:
    for n, rule in enumerate(bound.binding.areas):
        if sum((rule.file is not None, rule.own, rule.category is not None)) != 1:
            yield bound.problem("area_rule", "areas", n, kind=rule.kind)


def _areas(bound: Bound, table: Table | None, day: date) -> Iterator[Problem]:
    places = bound.country.places
    if places is None:
        return
    known = _known_categories(bound, table, day)
    for n, rule in enumerate(bound.binding.areas):
        there = places.gazetteer.at(day, rule.kind)
        if not there:
            found = bound.problem("no_places", "areas", n, kind=rule.kind, day=day)
            yield replace(found, severity="warning")
        yield from _undrawn(bound, rule, there, day)
        if rule.own:
            yield from _own(bound, n, there, known)
        elif rule.category is not None:
            if known is not None and rule.category not in known:
                params = {"category": rule.category, "known": ", ".join(known)}
                yield bound.problem("category_unknown", "areas", n, "category", **params)
        elif rule.file is not None:
            yield from _listed(bound, n, rule, known, day)


def _known_categories(bound: Bound, table: Table | None, day: date) -> tuple[str, ...] | None:
    """Area categories that the law asks for; None where every area is like every other."""
    law = bound.binding.law
    if isinstance(law, ReadingsLaw):
        return categories_asked(bound, law, day)
    if isinstance(law, CountsLaw):
        # The rules say which categories there are.
        return tuple(dict.fromkeys(r.where for r in law.rules if r.where)) or None
    of = {i.id: i for i in table.inputs}.get(law.area) if table is not None else None
    return tuple(of.values) if of else None


def _undrawn(
    bound: Bound, rule: AreaRule, there: tuple[Place, ...], day: date
) -> Iterator[Problem]:
    assert bound.country.places is not None
    drawn = bound.country.places.outlines_on(rule.kind, day)
    for place in there:
        if place.code not in drawn and (place.lat is None or place.lon is None):
            folder = f"{short(bound.country.folder)}/places"
            yield Problem("pack.no_outline", {"place": place.name("en")}, folder)


def _own(
    bound: Bound, n: int, there: tuple[Place, ...], known: tuple[str, ...] | None
) -> Iterator[Problem]:
    for place in there:
        params = {
            "place": place.name("en"),
            "category": place.status or "-",
            "known": ", ".join(known or ()),
        }
        if known is not None and place.status not in known:
            yield bound.problem("own_category", "areas", n, **params)


def _listed(
    bound: Bound, n: int, rule: AreaRule, known: tuple[str, ...] | None, day: date
) -> Iterator[Problem]:
    """A file of categories: each row by itself, then whether every place has one."""
    assert rule.file is not None
    assert bound.country.places is not None
    path = bound.folder / rule.file
    rows, wrong = _rows(path, ("code", "category"))
    yield from wrong
    if wrong:
        return
    gazetteer = bound.country.places.gazetteer
    on = rule.codes_on or day
    listed: dict[str, set[str]] = {}
    for line, row in rows:
        code, category = row["code"], row["category"]
        if known is not None and category not in known and category not in NOT_SPOKEN_OF:
            params = {"category": category or "-", "known": ", ".join(known)}
            yield Problem("check.category_unknown", params, short(path), line, "category")
        if category in listed.setdefault(code, set()):
            yield Problem("check.code_twice", {"code": code}, short(path), line, "code")
        if gazetteer.find(rule.kind, code, on) is None:
            gone = {"code": code, "kind": rule.kind, "day": on}
            found = Problem("check.code_unknown", gone, short(path), line, "code")
            yield replace(found, severity="warning")
        listed[code].add(category)
    for place in gazetteer.at(day, rule.kind):
        try:
            trace = gazetteer.predecessors if on <= day else gazetteer.successors
            others = trace(rule.kind, place.code, day, on)
        except HaidangError as err:
            yield from (replace(p, file=short(path)) for p in err.problems)
            continue
        missing = [p.code for p in others if p.code not in listed]
        if missing or not others:
            params = {"place": place.name("en"), "codes": ", ".join(missing) or "-"}
            yield Problem("pack.no_category", params, short(path))


def _rows(
    path: Path, columns: tuple[str, ...]
) -> tuple[list[tuple[int, dict[str, str]]], list[Problem]]:
    """Rows with their lines, or the one problem that stops a table from being read."""
    try:
        return list(rows_of(path, short(path), columns)), []
    except BadPack as err:
        return [], list(err.problems)


# ── words ───────────────────────────────────────────────────────────────────────────────────────


def _translations(bound: Bound) -> Iterator[Problem]:
    """A name for the threat and its events, and every level's words, in the country's languages."""
    spec = bound.threat.spec
    for language in bound.country.spec.languages:
        if spec is not None:
            path = bound.threat.folder / "pack.yaml"
            for key, texts in (
                ("title", {**spec.title, **bound.binding.title}),
                ("called", spec.called),
            ):
                if not texts.get(language, "").strip():
                    params = {"language": language, "what": key}
                    yield replace(at(path, "text_missing", (key,), params), severity="warning")
        if language not in bound.messages:
            if (bound.folder / f"messages.{language}.yaml").is_file():
                continue  # it is there, cannot be read, and that was said
            name = f"{short(bound.folder)}/messages.{language}.yaml"
            yield Problem("check.no_messages", {"language": language}, name)
            continue
        path, texts_of = bound.messages[language]
        for level in sorted({0, *bound.binding.levels} - set(texts_of)):
            code = "no_message" if level else "no_all_clear"
            yield at(path, code, (level,), {"level": level, "language": language})


def _texts(bound: Bound, table: Table | None, day: date) -> Iterator[Problem]:
    """Headlines with the longest names that may come up, and sentences that are too long."""
    spec, places = bound.threat.spec, bound.country.places
    scale = bound.country.law.scales.get(bound.binding.scale or bound.country.spec.scale)
    if spec is None or places is None or scale is None:
        return
    watched = [
        p for rule in bound.binding.areas for p in places.gazetteer.at(day, rule.kind)
    ] or list(places.gazetteer.at(day))
    for language in bound.country.spec.languages:
        path, texts = bound.messages.get(language, (bound.folder, {}))
        longest = max((p.name(language) for p in watched), key=len, default="")
        event = _longest_event(bound, spec, language)
        for level in sorted({0, *bound.binding.levels} & set(texts)):
            known = {
                "place": longest,
                "event_name": event,
                "level_name": _level_name(scale, level, language),
            }
            wrong = check_message(texts[level], language, known)
            if not wrong:
                said = _sample(bound, spec, table, level, language, known)
                wrong = check_readability(render(texts[level], language, said))
                for field, fit in (
                    ("under_way", texts[level].fitting(begun=True)),
                    ("at_sea", texts[level].fitting(sea=True)),
                ):
                    more = check_readability(render(fit, language, said))
                    wrong += tuple(replace(p, field=field) for p in more if p not in wrong)
            for p in wrong:
                keys = (level, p.field) if p.field else (level,)
                field = ".".join(map(str, keys))
                yield replace(p, file=short(path), row=line_of(path, keys), field=field)


def _level_name(scale: Scale, level: int, language: str) -> str:
    return scale.names(level).say(language) if 1 <= level <= scale.top else ""


def _longest_event(bound: Bound, spec: ThreatSpec, language: str) -> str:
    own = [c.spec.event.rsplit("-", 1)[-1].capitalize() for c in bound.cases]
    name = max([*own, "W" * LONGEST_NAME], key=len)
    pattern = spec.called.get(language) or spec.called.get("en") or "{name}"
    try:
        return pattern.format(name=name)
    except (KeyError, IndexError, ValueError):
        return name  # the pattern is told of where the threat is checked


def _sample(
    bound: Bound,
    spec: ThreatSpec,
    table: Table | None,
    level: int,
    language: str,
    known: Mapping[str, str],
) -> dict[str, str]:
    """Facts as they may well come up: ranges for every number, two days for every time."""
    now = datetime.combine(spec.review_by, time(12), UTC)
    first, middle, last = (now + timedelta(hours=h) for h in (8, 12, 20))
    row = next((r for r in table.rows if r.level == level), None) if table else None
    onset = When(first, middle, last)
    assessment = Assessment(
        id="",
        threat=spec.id,
        event="",
        place="",
        at=now,
        until=now + timedelta(hours=spec.risk.horizon_h),
        state=State.RAISED if level else State.QUIET,
        intensity=SAMPLE_WIND if level else None,
        grounds=Grounds(
            level,
            "defined" if level else "below",
            row.clause if row else "",
            table.article if table else "",
            table.decision if table else "",
            table.id if table else "",
            "",
            "",
        ),
        p_level=((level, 0.55),),
        onsets=tuple(Onset(f, 0.9, onset, onset) for f in spec.forces) if level else (),
        impacts=(
            Impact(
                f"people.force_{spec.warn.onset_force}",
                "people",
                Interval(1.1e6, 1.25e6, 1.6e6),
            ),
        ),
        signals=(),
        receipt=0,
        method="",
    )
    said = facts(
        assessment,
        place_name=known["place"],
        event_name=known["event_name"],
        level=level,
        level_name=known["level_name"],
        language=language,
        zone=bound.zone,
        status="Exercise",
        lead=spec.warn.onset_force,
        issued=now,
        expires=now + timedelta(hours=spec.warn.valid_h),
        sender=bound.country.spec.sender.name.get(language, ""),
        act=table.act.say(language) if table else "",
    )
    if spec.read:
        return said | sample_readings(spec, language)
    return said | (sample_counts(spec, language) if spec.counted else {})


# ── golden cases ────────────────────────────────────────────────────────────────────────────────


def _cases(bound: Bound, problems: list[Problem]) -> Iterator[GoldenCase]:
    for folder in sorted(p for p in bound.folder.glob("golden/*") if p.is_dir()):
        path = folder / "case.yaml"
        try:
            spec = parse(CaseSpec, read_yaml(path), path)
        except HaidangError as err:
            problems += err.problems
            continue
        threat = bound.threat.spec
        if threat is not None and threat.read:
            found = set(readings_published(folder / READINGS_FILE, spec, bound, problems))
        elif threat is not None and threat.counted:
            found = set(published(folder / COUNTS_FILE, spec, bound, problems))
        else:
            found = set(_issued(folder / BULLETINS_FILE, problems))
        yield GoldenCase(spec, path, frozenset(found))


def _issued(path: Path, problems: list[Problem]) -> Iterator[datetime]:
    """Times of issue; the feed that reads the rest of a bulletin is told of more."""
    rows, wrong = _rows(path, ("issued", "valid", "lat", "lon", "kind"))
    problems += wrong
    for line, row in rows:
        text: Any = row["issued"]
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            params = {"value": text}
            problems.append(Problem("check.case_time", params, short(path), line, "issued"))
            continue
        if instant.tzinfo is None:
            problems.append(Problem("feed.zone", {"value": text}, short(path), line, "issued"))
            continue
        yield instant


def _case(bound: Bound, case: GoldenCase) -> Iterator[Problem]:
    spec, path = case.spec, case.path
    if spec.id != path.parent.name:
        params = {"id": spec.id, "folder": path.parent.name}
        yield Problem("pack.id_folder", params, short(path), line_of(path, ["id"]), "id")
    if spec.threat != bound.threat.folder.name:
        params = {"threat": spec.threat, "folder": bound.threat.folder.name}
        yield at(path, "case_threat", ("threat",), params)
    for key, name in (
        ("truth", spec.truth.file if spec.truth else None),
        ("announced", spec.announced),
    ):
        if name is not None and not (path.parent / name).is_file():
            yield at(path, "case_file", (key,), {"name": name})
    places = bound.country.places
    if spec.review is not None and places is not None:
        languages = bound.country.spec.languages
        yield from read_facts(spec.review, path.parent, places.gazetteer, languages)[1]
    for wanted in map(article_id, bound.binding.law.articles):
        tables = [t for t in bound.country.law.book.tables if article_id(t.article) == wanted]
        if tables and not any(t.in_force(spec.law_on) for t in tables):
            yield at(path, "case_law", ("law_on",), {"article": wanted, "day": spec.law_on})
    signing = {o.actor for o in spec.officers if o.does == "sign"}
    for n, officer in enumerate(spec.officers):
        if officer.does == "approve" and officer.actor in signing:
            yield at(path, "same_person", ("officers", n), {"actor": officer.actor})
    yield from _expected(bound, case)


def _expected(bound: Bound, case: GoldenCase) -> Iterator[Problem]:
    spec, path, places = case.spec, case.path, bound.country.places
    watched = None
    if places is not None:
        watched = {
            p.code
            for rule in bound.binding.areas
            for p in places.gazetteer.at(spec.places_on, rule.kind)
        }
    for n, row in enumerate(spec.expect):
        if row.issued not in case.bulletins:
            params: dict[str, object] = {"issued": row.issued.isoformat()}
            yield at(path, "expect_bulletin", ("expect", n, "issued"), params)
        if watched is not None and row.place not in watched:
            params = {"place": row.place, "day": spec.places_on}
            yield at(path, "expect_place", ("expect", n, "place"), params)
        if row.level not in {0, *bound.binding.levels}:
            levels = ", ".join(map(str, (0, *bound.binding.levels)))
            params = {"level": row.level, "known": levels}
            yield at(path, "expect_level", ("expect", n, "level"), params)
