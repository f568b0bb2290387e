"""``haidang check``: every pack and every country read like source code by a compiler.

Nothing stops at the first mistake: a file that cannot be read is named, and all that does not
depend on it is looked at all the same. The rules that span a threat and a country are in
``check_binding``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from string import Formatter
from typing import Final, ParamSpec, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from haidang.base.errors import HaidangError
from haidang.base.problem import Problem
from haidang.law.lawbook import article_id
from haidang.law.table import Table
from haidang.pack.check_binding import Bound, Found, binding_problems
from haidang.pack.check_counts import watch_problems
from haidang.pack.check_readings import model_problems
from haidang.pack.check_response import response_problems, threat_problems
from haidang.pack.check_together import scale_problems, together_problems
from haidang.pack.index import load_index
from haidang.pack.law import Law, read_law
from haidang.pack.load import Roots, line_of, parse, read_messages, read_yaml, short
from haidang.pack.places import CountryPlaces, load_places
from haidang.pack.regions import check_regions, load_regions
from haidang.pack.schema import BindingSpec, CountrySpec, ThreatSpec
from haidang.warn.cap.profile import COUNTRY_FILE, read_profile
from haidang.warn.message import COUNTED, OF_A_TRACK, OF_READINGS, SHOWN_FORCES, fields
from haidang.warn.message import check as check_message
from haidang.words import catalogue

P = ParamSpec("P")
T = TypeVar("T")

SOON: Final = timedelta(days=90)
"""So long before a law table or a review runs out it is said."""

READ: Final = frozenset({".yaml", ".csv", ".geojson"})
"""Kinds of files that packs and countries are made of."""

RESERVED: Final = ("invalid", "test", "example", "localhost")
"""Top-level domains that never lead to anybody (RFC 2606, section 2)."""

RESERVED_NAMES: Final = ("example.com", "example.net", "example.org")
"""Domains likewise (RFC 2606, section 3)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a walk over everything found.

    Attributes:
        problems: By file, line and key; errors and warnings.
        threats: Threat packs looked at.
        countries: Countries looked at.
        files: Files that belong to them.
        cases: Golden cases among them.
        notes: What is neither wrong nor doubtful, such as a threat that a country does not bind.
    """

    problems: tuple[Problem, ...]
    threats: int
    countries: int
    files: int
    cases: int
    notes: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What must be mended before the pack or country can be used."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What a person should look at."""
        return tuple(p for p in self.problems if p.severity == "warning")

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def check(roots: Roots, day: date) -> Report:
    """Look at every threat, every country, and every binding of one to the other.

    Args:
        roots: Where they lie. That two folders claim one id was refused when the roots were
            walked.
        day: The day on which they are to serve: laws and reviews have ends.

    Returns:
        Every problem, each naming file, line, key and remedy. Nothing is raised for what the
        files contain.
    """
    problems: list[Problem] = []
    notes: list[Problem] = []
    threats = {name: _read_threat(path, problems) for name, path in sorted(roots.threats.items())}
    bound: list[Bound] = []
    cases = 0
    for folder in (f for _, f in sorted(roots.countries.items())):
        found = _country(folder, threats, day, problems)
        bound += found
        cases += len(list(folder.glob("threats/*/golden/*/case.yaml")))
        there = {b.threat.folder.name for b in found}
        missing = sorted(set(threats) - there - {p.name for p in folder.glob("threats/*")})
        notes += [
            Problem("check.not_bound", {"threat": name, "country": folder.name}, short(folder))
            for name in missing
        ]
    for threat in threats.values():
        problems += _threat(threat, [b for b in bound if b.threat is threat], day)
        if threat.spec is not None:
            problems += together_problems(threat.path, threat.spec, threats)
    for base in sorted({f.parent for f in (*roots.threats.values(), *roots.countries.values())}):
        problems += _without_head(base)
    return Report(
        problems=_in_order(problems),
        threats=len(threats),
        countries=len(roots.countries),
        files=sum(1 for f in (*roots.threats.values(), *roots.countries.values()) for _ in _in(f)),
        cases=cases,
        notes=tuple(notes),
    )


def _in(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.suffix in READ and p.is_file())


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By place, each once: two countries may meet the same mistake of one threat."""
    said: dict[tuple[str, int, str, str, str], Problem] = {}
    for p in problems:
        said.setdefault((p.file, p.row or 0, p.field, p.code, p.say("en")), p)
    return tuple(said[key] for key in sorted(said))


def _without_head(base: Path) -> Iterator[Problem]:
    """Folders that the walker passes by because their first file is missing."""
    head = "pack.yaml" if base.name == "threats" else "country.yaml"
    for folder in sorted(base.iterdir()):
        if folder.is_dir() and not (folder / head).is_file() and any(_in(folder)):
            yield Problem("pack.missing_file", {}, f"{short(folder)}/{head}")


def _attempt(
    problems: list[Problem], read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    try:
        return read(*args, **kwargs)
    except HaidangError as err:
        problems += err.problems
        return None


# ── one threat ──────────────────────────────────────────────────────────────────────────────────


def _messages(folder: Path, problems: list[Problem]) -> dict[str, tuple[Path, Found]]:
    """Every file of messages that can be read, by language."""
    out: dict[str, tuple[Path, Found]] = {}
    for path in sorted(folder.glob("messages.*.yaml")):
        texts = _attempt(problems, read_messages, path)
        if texts is not None:
            out[path.name.split(".")[1]] = path, texts
    return out


@dataclass(frozen=True, eq=False)
class _Threat:
    """A threat's folder, as far as it can be read."""

    folder: Path
    spec: ThreatSpec | None
    messages: Mapping[str, tuple[Path, Found]]

    @property
    def path(self) -> Path:
        return self.folder / "pack.yaml"

    def problem(self, code: str, *keys: str | int, **params: object) -> Problem:
        return _at(self.path, code, keys, params)


def _at(
    path: Path, code: str, keys: tuple[str | int, ...], params: Mapping[str, object]
) -> Problem:
    field = ".".join(map(str, keys))
    return Problem(f"check.{code}", params, short(path), line_of(path, keys), field)


def _warning(problem: Problem) -> Problem:
    return replace(problem, severity="warning")


def _read_threat(folder: Path, problems: list[Problem]) -> _Threat:
    path = folder / "pack.yaml"
    raw = _attempt(problems, read_yaml, path)
    spec = None if raw is None else _attempt(problems, parse, ThreatSpec, raw, path)
    if spec is not None and spec.id != folder.name:
        problems.append(_misnamed(path, spec.id))
    return _Threat(folder, spec, _messages(folder, problems))


def _misnamed(path: Path, name: str) -> Problem:
    where = {"id": name, "folder": path.parent.name}
    return Problem("pack.id_folder", where, short(path), line_of(path, ["id"]), "id")


def _threat(threat: _Threat, bound: list[Bound], day: date) -> Iterator[Problem]:
    """What is wrong with a threat, whatever the country; its tier asks for golden cases."""
    yield from _generic_messages(threat)
    yield from threat_problems(threat.folder)
    if (spec := threat.spec) is None:
        return
    yield from _review(threat, spec, day)
    for n, source in enumerate(spec.sources):
        if not source.strip():
            yield threat.problem("source_empty", "sources", n)
    for key, said in (("title", spec.title), ("called", spec.called)):
        if not said.get("en", "").strip():
            yield threat.problem("text_missing", key, language="en", what=key)
    for language, pattern in spec.called.items():
        # What is counted is one event without a name, so its pattern may leave the name out.
        if not _names_only(pattern, may_lack=not spec.has_events):
            yield threat.problem("called", "called", language, pattern=pattern)
    yield from _tier(threat, spec, bound)
    yield from _sections(threat, spec)
    yield from watch_problems(threat.folder, spec)
    yield from model_problems(threat.folder, spec)


def _names_only(pattern: str, *, may_lack: bool) -> bool:
    try:
        asked = {n for _, n, _, _ in Formatter().parse(pattern) if n is not None}
        return asked == {"name"} or (may_lack and not asked)
    except ValueError:
        return False


def _review(threat: _Threat, spec: ThreatSpec, day: date) -> Iterator[Problem]:
    params = {"review_by": spec.review_by, "owner": spec.owner}
    if spec.review_by < day:
        yield threat.problem("review_past", "review_by", **params)
    elif spec.review_by < day + SOON:
        yield _warning(threat.problem("review_soon", "review_by", **params))


def _tier(threat: _Threat, spec: ThreatSpec, bound: list[Bound]) -> Iterator[Problem]:
    """The tier has teeth: what it promises must stand in the tree."""
    verified = spec.tier == "verified"
    if verified and not any(case.spec.expect for b in bound for case in b.cases):
        yield threat.problem("no_golden", "tier")
    if spec.speaks_alone and not verified:
        levels = ", ".join(map(str, spec.speaks_alone))
        yield threat.problem("speaks_alone_tier", "speaks_alone", tier=spec.tier, levels=levels)
    for n, level in enumerate(spec.warn.levels):
        where = ("warn", "levels", n)
        if not level.approval and not verified:
            yield threat.problem("approval_tier", *where, tier=spec.tier, level=level.level)
        elif level.level in spec.speaks_alone and level.approval:
            yield _warning(threat.problem("approval_unclear", *where, level=level.level))
    for b in bound:
        for level_alone in sorted(set(spec.speaks_alone) - set(b.binding.levels)):
            yield threat.problem(
                "speaks_alone_level",
                "speaks_alone",
                level=level_alone,
                country=b.country.folder.name,
            )


def _sections(threat: _Threat, spec: ThreatSpec) -> Iterator[Problem]:
    """What spans two sections of a pack."""
    forces = ", ".join(map(str, spec.forces)) or "-"
    if spec.warn.onset_force not in (spec.forces or (0,)):
        params = {"force": spec.warn.onset_force, "forces": forces}
        yield threat.problem("onset_force", "warn", "onset_force", **params)
    if spec.warn.shelter_force not in {None, *spec.forces}:
        params = {"force": spec.warn.shelter_force, "forces": forces}
        yield threat.problem("shelter_force", "warn", "shelter_force", **params)
    if spec.warn.immediate_h > spec.warn.expected_h:
        params = {"immediate": spec.warn.immediate_h, "expected": spec.warn.expected_h}
        yield threat.problem("urgency", "warn", "immediate_h", **params)
    for path, texts in threat.messages.values():
        yield from _never_filled(path, texts, spec)


def _never_filled(path: Path, texts: Found, spec: ThreatSpec) -> Iterator[Problem]:
    """Placeholders that would always read "not known": another kind's, or a force not computed."""
    forces = ", ".join(map(str, spec.forces))
    foreign = {*OF_A_TRACK, *COUNTED, *OF_READINGS}
    foreign -= set(OF_A_TRACK if spec.tracked else COUNTED if spec.counted else OF_READINGS)
    if not spec.tracked:
        foreign |= {f"{edge}{force}" for edge in ("onset", "end") for force in SHOWN_FORCES}
    absent = {f"{e}{f}" for e in ("onset", "end") for f in set(SHOWN_FORCES) - set(spec.forces)}
    for level, message in texts.items():
        try:
            asked = fields(message)
        except HaidangError:
            continue  # a stray brace is told by the check of the message itself
        for name in sorted(asked & foreign):
            yield _at(path, "other_kind", (level,), {"name": name, "kind": spec.watch.kind})
        for name in sorted((asked & absent) - foreign):
            params = {"name": name, "forces": forces}
            yield _warning(_at(path, "force_unasked", (level,), params))


def _generic_messages(threat: _Threat) -> Iterator[Problem]:
    """Every level of the pack and the all-clear, in every language that the threat speaks."""
    for language, (path, texts) in threat.messages.items():
        wanted = [e.level for e in threat.spec.warn.levels] if threat.spec else []
        for level in sorted({0, *wanted} - set(texts)):
            code = "no_message" if level else "no_all_clear"
            yield _at(path, code, (level,), {"level": level, "language": language})
        yield from _wrong_messages(path, language, texts)
    if "en" not in threat.messages and not (threat.folder / "messages.en.yaml").is_file():
        name = f"{short(threat.folder)}/messages.en.yaml"
        yield Problem("check.no_messages", {"language": "en"}, name)


def _wrong_messages(path: Path, language: str, texts: Found) -> Iterator[Problem]:
    for level, message in sorted(texts.items()):
        for p in check_message(message, language, {}):
            yield replace(p, file=short(path), row=line_of(path, [level]), field=str(level))


# ── one country ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Country:
    """A country's folder, as far as it can be read."""

    folder: Path
    spec: CountrySpec
    law: Law
    places: CountryPlaces | None

    @property
    def path(self) -> Path:
        return self.folder / "country.yaml"

    def problem(self, code: str, *keys: str | int, **params: object) -> Problem:
        return _at(self.path, code, keys, params)


def _country(
    folder: Path, threats: Mapping[str, _Threat], day: date, problems: list[Problem]
) -> list[Bound]:
    """Look at one country; returns its bindings for what is asked of the threats."""
    path = folder / "country.yaml"
    law = read_law(folder / "law")
    problems += [_filed(p, folder / "law") for p in law.problems]
    places = _attempt_places(folder / "places", problems)
    lists = _attempt(problems, load_regions, folder)
    if lists is not None and places is not None:
        problems += check_regions(lists, law.book, places.gazetteer)
    if places is not None:
        index = _attempt(problems, load_index, folder, places, day)
        problems += index.problems if index is not None else ()
    raw = _attempt(problems, read_yaml, path)
    spec = None if raw is None else _attempt(problems, parse, CountrySpec, raw, path)
    bindings = dict(_bindings(folder, threats, problems))
    articles = {article_id(a) for b, _ in bindings.values() for a in b.law.articles}
    problems += _validity(folder, law, articles, day)
    own = {name: _messages(folder / "threats" / name, problems) for name in bindings}
    for name, found in own.items():
        for language, (file, texts) in found.items():
            problems += _wrong_messages(file, language, texts)
            if (threat_spec := bindings[name][1].spec) is not None:
                problems += _never_filled(file, texts, threat_spec)
    if spec is None:
        return []
    files = {
        n: (b, folder / "threats" / n / "binding.yaml", t.spec) for n, (b, t) in bindings.items()
    }
    problems += scale_problems(spec, files)
    country = _Country(folder, spec, law, places)
    problems += _country_itself(country, [t for _, t in bindings.values()])
    out = []
    for name, (binding, threat) in bindings.items():
        messages = {**threat.messages, **own[name]}
        b = Bound(country, threat, binding, messages, zone=_zone(spec))
        found_here, b = binding_problems(b, day)
        problems += found_here
        problems += response_problems(b, day)
        out.append(b)
    return out


def _attempt_places(folder: Path, problems: list[Problem]) -> CountryPlaces | None:
    found: list[Problem] = []
    places = _attempt(found, load_places, folder)
    if places is not None:
        found += places.problems
    problems += [_filed(p, folder) for p in found]
    return places


def _filed(problem: Problem, folder: Path) -> Problem:
    """Places and law name their files by themselves; here many countries stand side by side."""
    if not problem.file:
        return replace(problem, file=short(folder))
    return replace(problem, file=f"{short(folder)}/{Path(problem.file).name}")


def _zone(spec: CountrySpec) -> ZoneInfo:
    try:
        return ZoneInfo(spec.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _bindings(
    folder: Path, threats: Mapping[str, _Threat], problems: list[Problem]
) -> Iterator[tuple[str, tuple[BindingSpec, _Threat]]]:
    for path in (f / "binding.yaml" for f in sorted(folder.glob("threats/*")) if any(_in(f))):
        name = path.parent.name
        if name not in threats:
            problems.append(Problem("pack.no_threat", {"id": name}, short(path)))
        raw = _attempt(problems, read_yaml, path)
        spec = None if raw is None else _attempt(problems, parse, BindingSpec, raw, path)
        if spec is not None and name in threats:
            yield name, (spec, threats[name])


def _country_itself(country: _Country, threats: list[_Threat]) -> Iterator[Problem]:
    spec, path = country.spec, country.path
    if spec.id != country.folder.name:
        yield _misnamed(path, spec.id)
    try:
        ZoneInfo(spec.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        row = line_of(path, ["time_zone"])
        where = {"given": spec.time_zone}
        yield Problem("pack.time_zone", where, short(path), row, "time_zone")
    yield from _languages(country)
    yield from _scale(country)
    yield from _cap_profile(country)
    only_exercises = not any(t.spec and t.spec.tier == "verified" for t in threats)
    if only_exercises and not _reserved(spec.sender.address):
        params = {"address": spec.sender.address}
        yield _warning(country.problem("sender_real", "sender", "address", **params))


def _cap_profile(country: _Country) -> Iterator[Problem]:
    """What the country asks of its CAP messages, if it says so: asked for by the folder's name."""
    path = country.folder / COUNTRY_FILE
    if not path.is_file():
        return
    try:
        profile = read_profile(path.read_text("utf-8"), short(path))
    except UnicodeDecodeError:
        yield Problem("cap.profile_yaml", {}, short(path))
        return
    except HaidangError as err:
        for p in err.problems:
            yield p if p.row is not None else replace(p, row=line_of(path, p.field.split(".")))
        return
    where = {"name": profile.name, "folder": country.folder.name}
    if profile.name != country.folder.name:
        yield _at(path, "profile_name", ("name",), where)
    for n, language in enumerate(profile.languages):
        if language not in country.spec.languages:
            known = ", ".join(country.spec.languages)
            params = {"language": language, "known": known}
            yield _at(path, "profile_language", ("languages", n), params)


def _reserved(address: str) -> bool:
    domain = address.rpartition("@")[2].lower()
    return domain.rpartition(".")[2] in RESERVED or any(
        domain == name or domain.endswith(f".{name}") for name in RESERVED_NAMES
    )


def _languages(country: _Country) -> Iterator[Problem]:
    spec = country.spec
    needed = [k for k in catalogue() if k.startswith(("format.", "warn.prefix_"))]
    for n, language in enumerate(spec.languages):
        lacking = [k for k in needed if language not in catalogue()[k]]
        if lacking:
            params = {"language": language, "count": len(lacking), "first": lacking[0]}
            yield country.problem("language_words", "languages", n, **params)
        said: tuple[tuple[tuple[str, ...], Mapping[str, str], bool], ...] = (
            (("name",), spec.name, False),
            (("credits",), spec.credits, False),
            (("sender", "name"), spec.sender.name, True),
            (("sender", "status_note"), spec.sender.status_note, True),
            *((("roles", role), names, False) for role, names in spec.roles.items()),
        )
        for keys, texts, needed_here in said:
            if not texts.get(language, "").strip():
                params = {"language": language, "what": ".".join(keys)}
                found = country.problem("text_missing", *keys, **params)
                yield found if needed_here else _warning(found)


def _scale(country: _Country) -> Iterator[Problem]:
    spec, scales = country.spec, country.law.scales
    if spec.scale not in scales:
        where = {"given": spec.scale, "known": ", ".join(scales) or "-"}
        row = line_of(country.path, ["scale"])
        yield Problem("pack.no_scale", where, short(country.path), row, "scale")
        return
    path = country.folder / "law" / "scales.yaml"
    for n, rank in enumerate(scales[spec.scale].ranks):
        for language in spec.languages:
            if not rank.names.get(language, "").strip():
                params = {"rank": rank.rank, "language": language}
                keys = ("scales", spec.scale, "ranks", n, "names")
                yield _at(path, "scale_language", keys, params)


def _validity(folder: Path, law: Law, bound: set[str], day: date) -> Iterator[Problem]:
    """Articles that have run out, or soon will, with no later version."""
    articles: dict[str, list[Table]] = {}
    for table in law.book.tables:
        articles.setdefault(article_id(table.article), []).append(table)
    for article, tables in articles.items():
        standing = next((t for t in tables if t.in_force(day)), None)
        last = standing or max(tables, key=lambda t: t.valid_from)
        end = last.valid_until
        params = {"article": article, "day": day, "end": end, "start": last.valid_from}
        if standing is None:
            code = "law_not_yet" if last.valid_from > day else "law_ended"
            found = _law_problem(folder, last, code, params)
            yield found if article in bound else _warning(found)
        elif end is not None and end < day + SOON and not _followed(tables, end):
            yield _warning(_law_problem(folder, last, "law_ends_soon", params))


def _followed(tables: list[Table], end: date) -> bool:
    return any(t.in_force(end + timedelta(days=1)) for t in tables)


def _law_problem(folder: Path, table: Table, code: str, params: Mapping[str, object]) -> Problem:
    field = "valid_from" if code == "law_not_yet" else "valid_until"
    path = folder / "law" / Path(table.file).name
    lines = path.read_text("utf-8-sig").splitlines()
    row = next((n for n, t in enumerate(lines, 1) if t.startswith(f"# {field}:")), None)
    return Problem(f"check.{code}", params, short(path), row, field)
