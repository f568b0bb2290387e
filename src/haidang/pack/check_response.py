"""What is checked of a scenario: every task has its six clears, every word its translation.

The six: person, work, time, responsibility, authority with its basis, product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Final, TypeAlias

from haidang.base.errors import HaidangError
from haidang.base.problem import Problem
from haidang.pack.check_binding import Bound, at
from haidang.pack.load import (
    KINDS,
    load_authorities,
    load_kinds,
    overlays,
    parse,
    read_yaml,
    short,
    with_line,
)
from haidang.respond.scenario import Layer, Scenario, compose, framework, problems
from haidang.respond.spec import (
    AuthoritiesSpec,
    AuthoritySpec,
    BasisSpec,
    CivilDefenceSpec,
    CommandSpec,
    KindSpec,
    NeedSpec,
    OverlaySpec,
    ScenarioSpec,
    TaskSpec,
    TimeSpec,
    in_force,
)
from haidang.respond.tasks import PLACEHOLDERS
from haidang.risk.spec import MEASURES

COUNTS: Final = PLACEHOLDERS - {"place"}
Keys: TypeAlias = tuple[str | int, ...]
Dated: TypeAlias = BasisSpec | CommandSpec | CivilDefenceSpec


def threat_problems(folder: Path) -> Iterator[Problem]:
    """What is wrong with a framework whatever the country: that it cannot be read."""
    path = folder / "scenario.yaml"
    try:
        if path.is_file():
            parse(ScenarioSpec, read_yaml(path), path)
        load_kinds()
    except HaidangError as err:
        yield from err.problems


@dataclass(frozen=True)
class _Read:
    """A scenario as far as it can be read, with the files it came from.

    Attributes:
        own: The country's overlay; None where there is none.
        path: File of the framework.
        overlay: File of the country's overlay.
    """

    bound: Bound
    whole: Scenario
    own: OverlaySpec | None
    path: Path
    overlay: Path
    authorities: AuthoritiesSpec | None
    kinds: Mapping[str, KindSpec]

    @property
    def languages(self) -> tuple[str, ...]:
        return self.bound.country.spec.languages

    def where(self, section: str, name: str) -> tuple[Path, Keys]:
        """File and keys where somebody would mend a task or a need."""
        if self.own is None:
            return self.path, (section, name)
        if section == "tasks" and name in self.own.add:
            return self.overlay, ("add", name)
        inside = name in getattr(self.own, section)
        # What only the framework has is filled in by the overlay, where nothing stands yet.
        return (self.overlay, (section, name)) if inside or section == "tasks" else (
            self.path, (section, name)
        )  # fmt: skip

    def problem(
        self, code: str, section: str, of: str, *keys: str | int, **params: object
    ) -> Problem:
        path, start = self.where(section, of)
        return at(path, code, (*start, *keys), params)


def response_problems(bound: Bound, day: date) -> list[Problem]:
    """Everything wrong with a scenario, its overlays and a country's authorities.

    Args:
        bound: A threat bound by a country.
        day: The day on which it is to serve.

    Returns:
        Problems with file, line and key; nothing for a threat without a scenario.
    """
    found: list[Problem] = []
    try:
        authorities = load_authorities(bound.country.folder)
    except HaidangError as err:
        found += err.problems
        return found
    if authorities is not None:
        found += _authorities(bound, authorities)
    read = _read(bound, authorities, found)
    if read is None:
        return found
    if authorities is None:
        found.append(
            Problem("check.no_authorities", {}, f"{short(bound.country.folder)}/authorities.yaml")
        )
    for name, task in read.whole.tasks.items():
        found += _task(read, name, task)
    for name, need in read.whole.needs.items():
        found += _need(read, name, need)
    found += _levels(read)
    found += _coast(read, day)
    found += _days(read, day)
    found += _stocks(bound)
    return found


def _read(bound: Bound, authorities: AuthoritiesSpec | None, found: list[Problem]) -> _Read | None:
    path = bound.threat.folder / "scenario.yaml"
    layers: dict[str, Layer] = {}
    try:
        kinds = load_kinds()
        spec = parse(ScenarioSpec, read_yaml(path), path) if path.is_file() else None
    except HaidangError:
        return None  # told by ``threat_problems``
    for file in overlays(bound.folder):
        code = file.name.removeprefix("scenario").removesuffix("yaml").strip(".")
        try:
            layers[code] = Layer(
                code or bound.country.folder.name,
                short(file),
                parse(OverlaySpec, read_yaml(file), file),
            )
        except HaidangError as err:
            found += err.problems
            return None
    if spec is None:
        if layers:
            alone = next(iter(layers.values())).file
            found.append(
                Problem("respond.no_framework", {"threat": bound.threat.folder.name}, alone)
            )
        return None
    return _composed(bound, spec, layers, found, (path, authorities, kinds))


def _composed(
    bound: Bound,
    spec: ScenarioSpec,
    layers: Mapping[str, Layer],
    found: list[Problem],
    rest: tuple[Path, AuthoritiesSpec | None, Mapping[str, KindSpec]],
) -> _Read:
    national = [layers[""]] if "" in layers else []
    refused = list(problems(spec, *national))
    for code, layer in layers.items():
        if code:
            refused += [p for p in problems(spec, *national, layer) if p.file == layer.file]
            found += _overlay_place(bound, code, layer)
    found += [with_line(p, bound.folder) for p in refused]
    wrong = any(p.file == layer.file for layer in national for p in refused)
    whole = framework(spec) if wrong else compose(spec, *national)
    path, authorities, kinds = rest
    own = national[0].spec if national and not wrong else None
    return _Read(bound, whole, own, path, bound.folder / "scenario.yaml", authorities, kinds)


def _overlay_place(bound: Bound, code: str, layer: Layer) -> Iterator[Problem]:
    places = bound.country.places
    if places is not None and not any(p.code == code for p in places.gazetteer):
        yield Problem("check.overlay_place", {"code": code}, layer.file)


# --- the six clears -----------------------------------------------------------------------------


def _task(read: _Read, name: str, task: TaskSpec) -> Iterator[Problem]:
    say = {"task": name}
    for key in ("person", "responsibility"):
        if not getattr(task, key).strip():
            yield read.problem(f"clear_{key}", "tasks", name, key, **say)
    for key in ("work", "product"):
        for language in read.languages:
            if not getattr(task, key).get(language, "").strip():
                yield read.problem(f"clear_{key}", "tasks", name, key, language=language, **say)
    if task.time is None:
        yield read.problem("clear_time", "tasks", name, "time", **say)
    else:
        yield from _force(read, "tasks", name, task.time)
    yield from _authority(read, name, task.authority)
    yield from _roles(read, name, task)
    for kind in dict.fromkeys((*task.kinds, *([task.counts] if task.counts else ()))):
        yield from _kind(read, "tasks", name, "kinds", kind)
    for key in ("work", "product"):
        for language, text in getattr(task, key).items():
            allowed = PLACEHOLDERS if task.counts else PLACEHOLDERS - COUNTS
            yield from _placeholders(read, ("tasks", name), (key, language), text, allowed)


def _authority(read: _Read, name: str, authority: AuthoritySpec | None) -> Iterator[Problem]:
    if authority is None:
        yield read.problem("clear_authority", "tasks", name, "authority", task=name)
        return
    if not authority.cites:
        for language in read.languages:
            if not authority.basis.get(language, "").strip():
                params = {"task": name, "language": language}
                yield read.problem("clear_basis", "tasks", name, "authority", "basis", **params)
    elif read.authorities is not None and authority.cites not in read.authorities.bases:
        params = {"name": authority.cites, "known": ", ".join(read.authorities.bases) or "-"}
        yield read.problem("basis_unknown", "tasks", name, "authority", "cites", **params)


def _roles(read: _Read, name: str, task: TaskSpec) -> Iterator[Problem]:
    named = {} if read.authorities is None else read.authorities.roles
    known = {*named, *read.bound.country.spec.roles}
    said: list[tuple[Keys, str]] = [
        (("person",), task.person),
        (("responsibility",), task.responsibility),
    ]
    if task.authority is not None:
        said.append((("authority", "role"), task.authority.role))
    for keys, role in said:
        if role.strip() and role not in known:
            params = {"role": role, "known": ", ".join(sorted(known)) or "-"}
            yield read.problem("role_unknown", "tasks", name, *keys, **params)


def _kind(read: _Read, section: str, name: str, key: str, kind: str) -> Iterator[Problem]:
    if kind not in read.kinds:
        params = {"kind": kind, "known": ", ".join(read.kinds), "file": KINDS.name}
        yield read.problem("kind_unknown", section, name, key, **params)


def _force(read: _Read, section: str, name: str, time: TimeSpec) -> Iterator[Problem]:
    threat = read.bound.threat.spec
    forces = () if threat is None else threat.forces
    if threat is not None and time.force is not None and time.force not in forces:
        params = {"force": time.force, "forces": ", ".join(map(str, forces)) or "-"}
        yield read.problem("time_force", section, name, "time", **params)


def _placeholders(
    read: _Read, where: tuple[str, str], keys: Keys, text: str, allowed: Iterable[str]
) -> Iterator[Problem]:
    allowed = sorted(allowed)
    known = ", ".join(f"{{{name}}}" for name in allowed)
    try:
        asked = {n for _, n, _, _ in Formatter().parse(text) if n is not None}
    except ValueError:
        yield read.problem("brace", *where, *keys, known=known)
        return
    for name in sorted(asked - set(allowed)):
        code = "count_without" if name in COUNTS else "placeholder_unknown"
        yield read.problem(code, *where, *keys, name=name, known=known)


# --- needs, levels, coast -----------------------------------------------------------------------


def _need(read: _Read, name: str, need: NeedSpec) -> Iterator[Problem]:
    yield from _kind(read, "needs", name, "kind", need.kind)
    threat = read.bound.threat.spec
    known = MEASURES if threat is None else threat.measures
    if need.measure not in known:
        params = {"measure": need.measure, "known": ", ".join(known)}
        yield read.problem("measure_unknown", "needs", name, "measure", **params)
    if not need.source.strip():
        yield read.problem("source_empty", "needs", name, "source")
    if need.time is not None:
        yield from _force(read, "needs", name, need.time)


def _levels(read: _Read) -> Iterator[Problem]:
    """Every level that a task or a need starts at says how it is handed over and how it ends."""
    asked = {t.level for t in read.whole.tasks.values()} | {
        n.level for n in read.whole.needs.values()
    }
    path = read.overlay if read.own is not None else read.path
    for level in sorted(asked):
        words = read.whole.levels.get(level)
        for key in ("handover", "end"):
            for language in read.languages:
                text = "" if words is None else getattr(words, key).get(language, "")
                params = {"level": level, "what": key, "language": language}
                if not text.strip():
                    yield at(path, f"level_{key}", ("levels", level, key), params)
    for level in sorted(asked - set(read.bound.binding.levels)):
        known = ", ".join(map(str, read.bound.binding.levels))
        found = at(path, "level_unreached", ("levels", level), {"level": level, "levels": known})
        yield replace(found, severity="warning")


def _coast(read: _Read, day: date) -> Iterator[Problem]:
    places = read.bound.country.places
    if places is None:
        return
    there = {p.code for p in places.gazetteer.at(day)}
    for n, code in enumerate(read.whole.coast):
        if code not in there:
            yield at(read.overlay, "coast_unknown", ("coast", n), {"code": code, "day": day})
    asks = any(t.where == "coast" for t in read.whole.tasks.values())
    if asks and not read.whole.coast and not places.coast:
        yield at(read.overlay, "coast_missing", ("coast",), {})


# --- authorities --------------------------------------------------------------------------------


def _authorities(bound: Bound, spec: AuthoritiesSpec) -> Iterator[Problem]:
    path = bound.country.folder / "authorities.yaml"
    known = {*spec.roles, *bound.country.spec.roles}
    languages = bound.country.spec.languages
    for keys, texts in _texts(spec):
        for language in languages:
            if not texts.get(language):
                params = {"language": language, "what": ".".join(map(str, keys))}
                yield at(path, "text_missing", keys, params)
    for keys, role in _named(spec):
        if role and role not in known:
            params = {"role": role, "known": ", ".join(sorted(known)) or "-"}
            yield at(path, "role_unknown", keys, params)
    for keys, entries in _series(spec):
        yield from _gaps(path, keys, entries)


def _texts(spec: AuthoritiesSpec) -> Iterator[tuple[Keys, Mapping[str, object]]]:
    yield from ((("roles", name), names) for name, names in spec.roles.items())
    for name, bases in spec.bases.items():
        yield from ((("bases", name, n, "text"), b.text) for n, b in enumerate(bases))
    for n, c in enumerate(spec.commands):
        yield ("commands", n, "basis"), c.basis
        if c.note:
            yield ("commands", n, "note"), c.note
    for n, d in enumerate(spec.civil_defence):
        for key in ("criterion", "basis", "measures", "measures_basis", *(["note"] * bool(d.note))):
            yield ("civil_defence", n, key), getattr(d, key)


def _named(spec: AuthoritiesSpec) -> Iterator[tuple[Keys, str]]:
    for n, c in enumerate(spec.commands):
        yield ("commands", n, "directs"), c.directs
        yield ("commands", n, "commands"), c.commands
    yield from (
        (("civil_defence", n, "declares"), d.declares) for n, d in enumerate(spec.civil_defence)
    )


def _series(spec: AuthoritiesSpec) -> Iterator[tuple[Keys, list[tuple[int, Dated]]]]:
    """Entries that take turns, each with its number in the file."""
    for name, bases in spec.bases.items():
        yield ("bases", name), list(enumerate(bases))
    ranked: tuple[tuple[str, Sequence[CommandSpec | CivilDefenceSpec]], ...] = (
        ("commands", spec.commands),
        ("civil_defence", spec.civil_defence),
    )
    for key, entries in ranked:
        by_level: dict[int, list[tuple[int, Dated]]] = {}
        for n, entry in enumerate(entries):
            by_level.setdefault(entry.level, []).append((n, entry))
        yield from (((key,), by_level[level]) for level in sorted(by_level))


def _gaps(path: Path, keys: Keys, entries: list[tuple[int, Dated]]) -> Iterator[Problem]:
    ordered = sorted(entries, key=lambda e: e[1].valid_from)
    for (_, a), (n, b) in pairwise(ordered):
        if a.valid_to != b.valid_from:
            code = "authority_gap"
            if a.valid_to is None or a.valid_to > b.valid_from:
                code = "authority_overlap"
            params = {"end": a.valid_to or "-", "start": b.valid_from}
            yield at(path, code, (*keys, n, "valid_from"), params)


def _days(read: _Read, day: date) -> Iterator[Problem]:
    """On the day of service somebody commands at each level, and each cited basis holds.

    On the day of an older case it is only said: before an act there was another one, which nobody
    may have typed in yet.
    """
    if (spec := read.authorities) is None:
        return
    path = read.bound.country.folder / "authorities.yaml"
    cited = {
        t.authority.cites for t in read.whole.tasks.values() if t.authority and t.authority.cites
    }
    levels = set(read.bound.binding.levels)

    def lacking(on: date) -> tuple[list[int], list[str]]:
        commanded = {c.level for c in in_force(spec.commands, on)}
        held = {name for name in cited if in_force(spec.bases.get(name, ()), on)}
        return sorted(levels - commanded), sorted((cited & set(spec.bases)) - held)

    for level in lacking(day)[0]:
        yield at(path, "command_absent", ("commands",), {"level": level, "day": day})
    for name in lacking(day)[1]:
        yield at(path, "basis_absent", ("bases", name), {"name": name, "day": day})
    for on in sorted({c.spec.law_on for c in read.bound.cases} - {day}):
        ranks, names = lacking(on)
        if ranks or names:
            what = ", ".join([*map(str, ranks), *names])
            found = at(path, "authorities_old", ("commands",), {"day": on, "what": what})
            yield replace(found, severity="warning")


def _stocks(bound: Bound) -> Iterator[Problem]:
    folder = bound.country.folder / "stock"
    for case in bound.cases:
        name = case.spec.stock
        if name is not None and not (folder / f"{name}.csv").is_file():
            known = ", ".join(sorted(p.stem for p in folder.glob("*.csv"))) or "-"
            yield at(case.path, "no_stock", ("stock",), {"name": name, "known": known})
