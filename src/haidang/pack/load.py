"""Find packs and countries by walking, read them, and join them: nothing is imported by name."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from haidang.base.errors import BadPack, NotFound
from haidang.base.place import Kind
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.law.levels import Names
from haidang.pack.law import read_law
from haidang.pack.places import load_places
from haidang.pack.schema import (
    BindingSpec,
    Country,
    CountrySpec,
    CountsLaw,
    Pack,
    ThreatSpec,
)
from haidang.pack.stations import (
    STATIONS_FILE,
    SUSCEPTIBILITY_FILE,
    read_stations,
    read_susceptibility,
    rows_of,
)
from haidang.respond.scenario import Layer, Scenario, compose
from haidang.respond.spec import AuthoritiesSpec, KindSpec, OverlaySpec, ScenarioSpec
from haidang.warn.spec import Messages, MessageSpec
from haidang.words import LANGUAGES, catalogue, word

PATH_VARIABLE: Final = "HAIDANG_PACKS"
"""Further folders that hold ``threats/`` and ``countries/``, separated as in PATH."""

HOME_VARIABLE: Final = "HAIDANG_HOME"
"""Folder of what a user brought along, such as outlines; ``haidang-data`` here if not set."""


def home() -> Path:
    """Where a user's own places are kept."""
    return Path(os.environ.get(HOME_VARIABLE) or "haidang-data")


def brought_outlines(country: str) -> tuple[Path, ...]:
    """Files of outlines that were imported for a country."""
    return tuple(sorted((home() / "places" / country).glob("outlines*.geojson")))


S = TypeVar("S", bound=Spec)


@dataclass(frozen=True, slots=True)
class Roots:
    """Where to walk.

    Attributes:
        threats: Folder by threat id.
        countries: Folder by country id.
    """

    threats: Mapping[str, Path]
    countries: Mapping[str, Path]

    def country(self, name: str | None = None) -> Path:
        """The folder of a country; without a name, of the only one there is.

        Raises:
            NotFound: No such country, or none named and there are several.
        """
        known = ", ".join(sorted(self.countries))
        if name is None and len(self.countries) == 1:
            return next(iter(self.countries.values()))
        if name is None:
            raise NotFound(Problem("pack.which_country", {"known": known}))
        if name not in self.countries:
            raise NotFound(Problem("pack.no_country", {"name": name, "known": known}))
        return self.countries[name]


def roots(extra: Iterable[Path] = ()) -> Roots:
    """Walk the package, the entry points and ``HAIDANG_PACKS``.

    Args:
        extra: Further folders that hold ``threats/`` and ``countries/``.

    Raises:
        BadPack: Two folders claim the same id: a clash is an error, the last one never wins. Or
            ``HAIDANG_PACKS`` names what is no folder, or one without ``threats/`` or
            ``countries/``.
    """
    bases = [Path(str(files("haidang"))), *extra]
    bases += [_base(Path(p)) for p in os.environ.get(PATH_VARIABLE, "").split(os.pathsep) if p]
    threats: dict[str, Path] = {}
    countries: dict[str, Path] = {}
    for base in bases:
        _join(threats, (p.parent for p in sorted(base.glob("threats/*/pack.yaml"))))
        _join(countries, (p.parent for p in sorted(base.glob("countries/*/country.yaml"))))
    for group, found in (("haidang.threats", threats), ("haidang.countries", countries)):
        _join(found, _installed(group, tuple((p, _changed(p)) for p in sys.path)))
    return Roots(threats, countries)


@lru_cache(maxsize=8)
def _installed(group: str, paths: tuple[tuple[str, int], ...]) -> tuple[Path, ...]:
    """The folders that installed packages name; looked up again when something was installed.

    Reading what every installed package offers takes ten times as long as all the rest.
    """
    return tuple(Path(str(files(e.value))) for e in entry_points(group=group))


def _changed(path: str) -> int:
    """When something was last put into a folder of ``sys.path``; 0 where there is none."""
    try:
        return os.stat(path or ".").st_mtime_ns
    except OSError:
        return 0


def _base(folder: Path) -> Path:
    """A folder of packs; a mistyped one would else be passed over in silence."""
    if not any((folder / name).is_dir() for name in ("threats", "countries")):
        code = "no_packs" if folder.is_dir() else "no_folder"
        raise BadPack(Problem(f"pack.{code}", {}, file=str(folder), field=PATH_VARIABLE))
    return folder


def _join(found: dict[str, Path], folders: Iterable[Path]) -> None:
    for folder in folders:
        other = found.setdefault(folder.name, folder)
        if other.resolve() != folder.resolve():
            where = {"id": folder.name, "other": other}
            raise BadPack(Problem("pack.clash", where, file=str(folder)))


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML file.

    Raises:
        BadPack: The file is missing, is not YAML, repeats a key, or does not hold a mapping.
    """
    name = short(path)
    try:
        found = yaml.load(path.read_text("utf-8"), _Strict)  # noqa: S506 - _Strict is a SafeLoader
    except FileNotFoundError as err:
        raise BadPack(Problem("pack.missing_file", {}, file=name)) from err
    except (OSError, UnicodeDecodeError) as err:
        raise BadPack(Problem("pack.unreadable", {"why": err}, file=name)) from err
    except _TwiceError as err:
        row = None if err.problem_mark is None else err.problem_mark.line + 1
        where = {"key": err.key}
        raise BadPack(Problem("pack.key_twice", where, file=name, row=row, field=err.key)) from err
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        why = getattr(err, "problem", None) or str(err)
        row = None if mark is None else mark.line + 1
        raise BadPack(Problem("pack.not_yaml", {"why": why}, file=name, row=row)) from err
    if not isinstance(found, dict):
        raise BadPack(Problem("pack.not_mapping", {}, file=name))
    return found


class _TwiceError(yaml.constructor.ConstructorError):
    """A key that stands twice."""

    def __init__(self, key: str, mark: yaml.Mark | None) -> None:
        super().__init__(None, None, f"the key '{key}' stands twice", mark)
        self.key = key


_Fast: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C where the wheel has it: ten times as fast, and a pack has thousands of lines."""


class _Strict(_Fast):  # type: ignore[misc]
    """Refuses a key that stands twice: YAML would keep the last, and somebody's edit is lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _TwiceError(str(key), key_node.start_mark)
            seen.add(key)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def short(path: Path) -> str:
    """A path as a reader knows it: from ``threats`` or ``countries`` on."""
    parts = path.parts
    for root in ("countries", "threats"):
        if root in parts:
            return "/".join(parts[parts.index(root) :])
    return path.name


def parse(spec: type[S], raw: Mapping[str, Any], path: Path) -> S:
    """Read a mapping as a spec.

    Raises:
        BadPack: With one problem a wrong key, each naming file, line and key.
    """
    try:
        return spec.model_validate(raw)
    except ValidationError as err:
        raise BadPack(*_wrong(err, path, raw)) from err


def _wrong(err: ValidationError, path: Path, raw: object = None) -> Iterator[Problem]:
    for found in err.errors():
        keys = _written(raw, [str(k) for k in found["loc"]])
        code = {"extra_forbidden": "unknown_key", "missing": "missing_key"}.get(found["type"])
        given = repr(found.get("input"))[:60]
        params = {"key": keys[-1] if keys else "", "why": _why(found), "given": given}
        where = short(path), line_of(path, keys), ".".join(keys)
        yield Problem(f"pack.{code or 'bad_value'}", params, *where)


def _written(raw: object, keys: list[str]) -> list[str]:
    """Keys as they stand in the file: pydantic names the form of a section that has several."""
    out: list[str] = []
    for n, key in enumerate(keys):
        last = n == len(keys) - 1
        if isinstance(raw, Mapping):
            if key not in raw and not last:
                continue
            raw = raw.get(key)
        elif isinstance(raw, list | tuple) and key.isdecimal() and int(key) < len(raw):
            raw = raw[int(key)]
        out.append(key)
    return out


def _why(found: ErrorDetails) -> Names:
    """What a value must be, in every language that has words for it."""
    key = f"pack.why_{found['type']}"
    if key not in catalogue():
        return Names({"en": found["msg"].removeprefix("Value error, ")})
    return Names({k: word(key, k, **found.get("ctx", {})) for k in LANGUAGES})


def line_of(path: Path, keys: Iterable[str | int]) -> int | None:
    """The line of a key in a YAML file; of the mapping it is missing from, where it is missing.

    Args:
        path: The file.
        keys: From the top: keys of mappings, numbers of lists.

    Returns:
        Counted from 1; None for a key at the top that is missing, or a file that is not YAML.
    """
    try:
        node = yaml.compose(path.read_text("utf-8"), _Fast)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line = None
    for key in map(str, keys):
        if isinstance(node, yaml.MappingNode):
            pair = next((p for p in node.value if p[0].value == key), None)
        elif isinstance(node, yaml.SequenceNode) and key.isdecimal():
            items = node.value[int(key) :]
            pair = (items[0], items[0]) if items else None
        else:
            pair = None
        if pair is None:
            return line
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def load_threat(folder: Path) -> tuple[ThreatSpec, Messages]:
    """Read ``pack.yaml`` and every ``messages.<lang>.yaml`` of a threat's folder.

    Raises:
        BadPack: See ``parse`` and ``read_yaml``; also an id that is not the folder's name.
    """
    path = folder / "pack.yaml"
    spec = parse(ThreatSpec, read_yaml(path), path)
    if spec.id != folder.name:
        where = {"id": spec.id, "folder": folder.name}
        raise BadPack(Problem("pack.id_folder", where, file=short(path), field="id"))
    return spec, load_messages(folder)


_TEXTS: Final = TypeAdapter(dict[int, MessageSpec])


def load_messages(folder: Path) -> Messages:
    """Every ``messages.<lang>.yaml`` of a folder: language, level, text.

    Raises:
        BadPack: See ``read_messages``.
    """
    paths = sorted(folder.glob("messages.*.yaml"))
    return {path.name.split(".")[1]: read_messages(path) for path in paths}


def read_messages(path: Path) -> Mapping[int, MessageSpec]:
    """One file of messages: level, text.

    Raises:
        BadPack: See ``parse`` and ``read_yaml``.
    """
    try:
        return _TEXTS.validate_python(read_yaml(path))
    except ValidationError as err:
        raise BadPack(*_wrong(err, path)) from err


def load_binding(country_folder: Path, threat_folder: Path) -> Pack:
    """Join a threat and a country's binding of it.

    Args:
        country_folder: ``countries/<cc>/threats/<id>``.
        threat_folder: ``threats/<id>``.

    Returns:
        The pack; the country's messages win over the threat's in the same language.

    Raises:
        BadPack: Anything in either folder that does not fit its schema.
    """
    threat, generic = load_threat(threat_folder)
    path = country_folder / "binding.yaml"
    binding = parse(BindingSpec, read_yaml(path), path)
    asked = read_scenario(threat_folder, country_folder)
    years = binding.law.epidemic_years if isinstance(binding.law, CountsLaw) else ""
    stations = country_folder / STATIONS_FILE
    slopes = country_folder / SUSCEPTIBILITY_FILE
    return Pack(
        threat=threat,
        binding=binding,
        messages={**generic, **load_messages(country_folder)},
        folder=threat_folder,
        country_folder=country_folder,
        fingerprint=fingerprint(threat_folder, country_folder),
        framework=asked.framework,
        layers=asked.layers,
        scenario=asked.scenario,
        local=asked.local,
        epidemic_years=read_epidemic_years(country_folder / years) if years else {},
        stations=read_stations(stations, short(stations)) if stations.is_file() else (),
        susceptibility=read_susceptibility(slopes, short(slopes)) if slopes.is_file() else {},
    )


YEARS: Final = ("place", "year", "source")
"""Columns of a file of epidemic years."""


def read_epidemic_years(path: Path) -> Mapping[str, frozenset[int]]:
    """Years that are left out of a comparison, by place: ``place, year, source``.

    Raises:
        BadPack: The file is missing or no text, lacks a column, or has a row without a place, a
            year of four digits or a source: a year that nobody answers for is not left out.
    """
    name = short(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [(reader.line_num, row) for row in reader]
            missing = [c for c in YEARS if c not in (reader.fieldnames or ())]
    except FileNotFoundError as err:
        raise BadPack(Problem("pack.missing_file", {}, file=name)) from err
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise BadPack(Problem("pack.unreadable", {"why": err}, file=name)) from err
    if missing:
        said = {"missing": ", ".join(missing), "wanted": ", ".join(YEARS)}
        raise BadPack(Problem("check.columns", said, file=name, row=1))
    found: dict[str, set[int]] = {}
    wrong: list[Problem] = []
    for line, row in rows:
        cells = {c: (row[c] or "").strip() for c in YEARS}
        if not cells["place"] or not cells["source"] or not _YEAR.fullmatch(cells["year"]):
            said = {"row": ", ".join(cells.values())}
            wrong.append(Problem("pack.epidemic_year", said, file=name, row=line))
            continue
        found.setdefault(cells["place"], set()).add(int(cells["year"]))
    if wrong:
        raise BadPack(*wrong)
    return {place: frozenset(years) for place, years in found.items()}


_YEAR: Final = re.compile(r"[12]\d{3}")

READ: Final = frozenset({".yaml", ".csv", ".py", ".geojson"})


def fingerprint(threat_folder: Path, country_folder: Path) -> str:
    """SHA-256 over the version and over names and contents of every file that a pack reads.

    The threat's folder, the binding's, and of the country what every binding rests on: its
    ``country.yaml``, ``authorities.yaml``, law and places, with the outlines that a user brought,
    and the list of resource kinds. Golden cases, stocks and READMEs are left out: they change
    nothing that is decided, or come in as facts with a receipt.

    Args:
        threat_folder: ``threats/<id>``.
        country_folder: ``countries/<cc>/threats/<id>``.

    Returns:
        Hex digits; the same wherever the folders lie.
    """
    country = country_folder.parents[1]
    there = f"countries/{country.name}"
    found = hashlib.sha256(f"haidang {version('haidang')}\n".encode())
    for folder, name in (
        (threat_folder, f"threats/{threat_folder.name}"),
        (country_folder, f"{there}/threats/{country_folder.name}"),
        (country / "law", f"{there}/law"),
        (country / "places", f"{there}/places"),
    ):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.suffix in READ and inside.parts[0] != "golden":
                _mark(found, f"{name}/{inside.as_posix()}", path)
    for name in ("country.yaml", "authorities.yaml"):
        if (own := country / name).is_file():
            _mark(found, f"{there}/{name}", own)
    _mark(found, "respond/kinds.yaml", KINDS)
    for path in brought_outlines(country.name):
        _mark(found, f"brought/{country.name}/{path.name}", path)
    return found.hexdigest()


def _mark(found: hashlib._Hash, name: str, path: Path) -> None:
    content = path.read_bytes()
    # The length keeps the end of one file and the name of the next apart.
    found.update(f"{name} {len(content)}\n".encode())
    found.update(content)


def load_country(folder: Path, threats: Mapping[str, Path]) -> Country:
    """Read a whole country: names, places, law, and every threat that it binds.

    Args:
        folder: ``countries/<cc>``.
        threats: Threat folders by id, from ``roots``.

    Raises:
        BadPack: Any file that does not fit, with every error of the places and the law; or a
            binding of a threat that does not exist.
    """
    path = folder / "country.yaml"
    spec = parse(CountrySpec, read_yaml(path), path)
    if spec.id != folder.name:
        where = {"id": spec.id, "folder": folder.name}
        raise BadPack(Problem("pack.id_folder", where, file=short(path), field="id"))
    zone = _zone(spec, path)
    places = load_places(folder / "places", brought_outlines(spec.id))
    law = read_law(folder / "law")
    errors = [p for p in (*places.problems, *law.problems) if p.severity == "error"]
    if errors:
        raise BadPack(*errors)
    if spec.scale not in law.scales:
        where = {"given": spec.scale, "known": ", ".join(law.scales)}
        raise BadPack(Problem("pack.no_scale", where, file=short(path), field="scale"))
    kinds, authorities = load_kinds(), load_authorities(folder)
    country = Country(
        spec, folder, zone, places, law.book, law.scales, kinds=kinds, authorities=authorities
    )
    return replace(country, packs=dict(_packs(folder, threats)))


def zone_of(folder: Path) -> ZoneInfo:
    """The clock of a country, without its places, law and packs.

    Args:
        folder: ``countries/<cc>``.

    Raises:
        BadPack: ``country.yaml`` does not fit, or its time zone is none.
    """
    path = folder / "country.yaml"
    return _read_zone(path, _changed(str(path)))


@lru_cache(maxsize=8)
def _read_zone(path: Path, changed: int) -> ZoneInfo:
    """Read anew when the file ``changed``."""
    return _zone(parse(CountrySpec, read_yaml(path), path), path)


def _zone(spec: CountrySpec, path: Path) -> ZoneInfo:
    try:
        return ZoneInfo(spec.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as err:
        where = {"given": spec.time_zone}
        raise BadPack(
            Problem("pack.time_zone", where, file=short(path), field="time_zone")
        ) from err


def _packs(folder: Path, threats: Mapping[str, Path]) -> Iterator[tuple[str, Pack]]:
    for path in sorted(folder.glob("threats/*/binding.yaml")):
        name = path.parent.name
        if name not in threats:
            raise BadPack(Problem("pack.no_threat", {"id": name}, file=short(path)))
        yield name, load_binding(path.parent, threats[name])


KINDS: Final = Path(str(files("haidang"))) / "respond" / "kinds.yaml"
"""Resource kinds that are counted anywhere."""

_KINDS: Final = TypeAdapter(dict[str, KindSpec])


def load_kinds() -> Mapping[str, KindSpec]:
    """The resource kinds, by id.

    Raises:
        BadPack: See ``parse`` and ``read_yaml``.
    """
    try:
        return _KINDS.validate_python(read_yaml(KINDS))
    except ValidationError as err:
        raise BadPack(*_wrong(err, KINDS)) from err


def load_authorities(folder: Path) -> AuthoritiesSpec | None:
    """``authorities.yaml`` of a country; None where it has none.

    Raises:
        BadPack: See ``parse`` and ``read_yaml``.
    """
    path = folder / "authorities.yaml"
    return parse(AuthoritiesSpec, read_yaml(path), path) if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done, as the folders of a threat and of its binding say it.

    Attributes:
        framework: None where the threat has no scenario.
        layers: Overlays by place code, "" for the whole country.
        scenario: For the whole country.
        local: By code, where a place has an overlay of its own.
    """

    framework: ScenarioSpec | None
    layers: Mapping[str, Layer]
    scenario: Scenario | None
    local: Mapping[str, Scenario]


def read_scenario(threat_folder: Path, country_folder: Path) -> Asked:
    """Read ``scenario.yaml`` of both folders, and ``scenario.<code>.yaml`` of the binding's.

    Args:
        threat_folder: ``threats/<id>``.
        country_folder: ``countries/<cc>/threats/<id>``.

    Raises:
        BadPack: A file that does not fit, an overlay that drops or loosens, or one without a
            framework to lay it over.
    """
    layers = dict(_layers(country_folder))
    path = threat_folder / "scenario.yaml"
    if not path.is_file():
        if layers:
            alone = next(iter(layers.values())).file
            raise BadPack(Problem("respond.no_framework", {"threat": threat_folder.name}, alone))
        return Asked(None, {}, None, {})
    spec = parse(ScenarioSpec, read_yaml(path), path)
    national = [layers[""]] if "" in layers else []
    try:
        whole = compose(spec, *national)
        local = {code: compose(spec, *national, layer) for code, layer in layers.items() if code}
    except BadPack as err:
        raise BadPack(*(with_line(p, country_folder) for p in err.problems)) from err
    return Asked(spec, layers, whole, local)


def _layers(folder: Path) -> Iterator[tuple[str, Layer]]:
    for path in overlays(folder):
        code = path.name.removeprefix("scenario").removesuffix("yaml").strip(".")
        spec = parse(OverlaySpec, read_yaml(path), path)
        # The country speaks under its own id, a place under its code.
        name = code or folder.parents[1].name
        yield code, Layer(name, short(path), spec)


def overlays(folder: Path) -> list[Path]:
    """Files of overlays of a binding's folder, the country's own first."""
    own = folder / "scenario.yaml"
    return [p for p in (own, *sorted(folder.glob("scenario.*.yaml"))) if p.is_file()]


def with_line(problem: Problem, folder: Path) -> Problem:
    """A problem of an overlay with the line of its key."""
    path = folder / Path(problem.file).name
    return replace(problem, row=line_of(path, problem.field.split(".")))


def area_categories(
    country: Country, pack: Pack, day: date
) -> dict[tuple[Kind, str], tuple[str, ...]]:
    """The law's area categories of every watched place on a day.

    Args:
        country: Whose places.
        pack: Whose rules.
        day: Day of the places.

    Returns:
        Categories by (kind, code). A place that was made of several old ones takes the categories
        of all of them. One whose file says nothing of it but its code, or ``-``, is not watched:
        the article does not speak of it.

    Raises:
        BadPack: The file of categories is missing a place, or a place has none.
    """
    found: dict[tuple[Kind, str], tuple[str, ...]] = {}
    for rule in pack.binding.areas:
        listed = _listed(pack.country_folder / rule.file) if rule.file else {}
        file = short(pack.country_folder / (rule.file or "binding.yaml"))
        for place in country.places.gazetteer.at(day, rule.kind):
            if rule.own:
                categories = [place.status]
            elif rule.category:
                categories = [rule.category]
            else:
                on = rule.codes_on or day
                olds = (
                    country.places.gazetteer.predecessors(rule.kind, place.code, day, on)
                    if on <= day
                    else country.places.gazetteer.successors(rule.kind, place.code, day, on)
                )
                missing = [old.code for old in olds if old.code not in listed]
                if missing or not olds:
                    where = {"place": place.name("en"), "codes": ", ".join(missing) or "-"}
                    raise BadPack(Problem("pack.no_category", where, file=file))
                categories = [c for old in olds for c in listed[old.code]]
                if not categories:
                    continue
            found[rule.kind, place.code] = tuple(dict.fromkeys(categories))
    return found


def _listed(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Categories by code; a code may stand in several rows, and in one without any."""
    found: dict[str, list[str]] = {}
    for _, row in rows_of(path, short(path), ("code", "category")):
        mine = found.setdefault(row["code"], [])
        if row["category"] not in NOT_SPOKEN_OF:
            mine.append(row["category"])
    return {code: tuple(mine) for code, mine in found.items()}


NOT_SPOKEN_OF: Final = ("", "-")
"""Categories of a place that the article does not speak of."""
