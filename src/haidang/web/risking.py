"""One look at risk: a country's index, who lives there, and what somebody wants to assume.

The index of a country and a day is made once in a process, and so is an answer to an assumption:
pages are asked for again and again. An assumption is computed from a run's own snapshot and shown;
it never reaches the store.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from haidang.app import what_if
from haidang.app.context import Context, build_context
from haidang.app.snapshot import Snapshot
from haidang.base.errors import BadData, BadPack, NotFound
from haidang.base.place import Place
from haidang.base.problem import Problem
from haidang.jobs.desk import Desk, StepAt, View
from haidang.pack.index import CountryIndex, load_index
from haidang.pack.schema import Country, Pack
from haidang.risk.assessment import Assessment
from haidang.risk.index import drivers
from haidang.risk.index_sampling import Index
from haidang.risk.readings import Station
from haidang.risk.spec import RiverStage, Shaking
from haidang.web import svg

TRACK, RIVER, QUAKE = "track", "river", "quake"
WHATS: Final = (TRACK, RIVER, QUAKE)
"""What may be assumed, in the order of the page."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    TRACK: ("event", "side", "km", "stronger"),
    RIVER: ("station", "metres"),
    QUAKE: ("near", "magnitude", "depth"),
}
"""Fields of each form, beside ``what``."""

LEFT, RIGHT = "left", "right"
_KEPT: Final = 16
"""Answers that are remembered."""


@dataclass(frozen=True)
class Ranked:
    """A country's index on a day.

    Attributes:
        found: As it was read.
        made: With its intervals.
        reasons: By place, (indicator, points), the one that adds most first.
    """

    found: CountryIndex
    made: Index
    reasons: Mapping[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for.

    Attributes:
        place: Code of the place that is explained; "" is the one with the highest risk.
        what: What is assumed, one of ``WHATS``; "" for nothing.
        values: Fields of the form, as they were typed.
        whole: Whether the whole ranking is listed.
    """

    place: str = ""
    what: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True)
class Assumed:
    """What would be.

    Attributes:
        what: What was assumed.
        context: Whose law and places judged it.
        changes: Area by area, beside the actual.
    """

    what: str
    context: Context
    changes: tuple[what_if.Difference, ...]


@dataclass(frozen=True)
class Choices:
    """What can be assumed here.

    Attributes:
        events: Storms by id; empty where the threat has no track.
        stations: Gauges with a reading.
        quakes: Where an earthquake can be assumed, by code: (latitude, longitude) of the largest
            town there, or of its middle; empty where the country has no law for it.
    """

    events: tuple[str, ...] = ()
    stations: tuple[Station, ...] = ()
    quakes: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Risking:
    """One look of a desk.

    Attributes:
        id: The desk's name in addresses.
        title: What the desk is called, by language.
        now: The desk's clock; of an older run, that run's own.
        context: Country, pack, areas and law.
        day: Whose provinces are ranked.
        ranked: The index; None where the country has none.
        ground: Where the provinces lie; None where no outline is known.
        islands: Names of points that no outline shows, by code and language.
        choices: What can be assumed.
        asked: What is asked for.
        assumed: The answer; None where nothing was assumed, or it cannot be.
        problem: Why it cannot be.
        runs: Every run so far, oldest first.
        this: Id of the run that is shown.
    """

    id: str
    title: Mapping[str, str]
    now: datetime
    context: Context
    day: date
    ranked: Ranked | None
    ground: svg.Ground | None
    islands: Mapping[str, Mapping[str, str]]
    choices: Choices
    asked: Asked
    assumed: Assumed | None
    problem: Problem | None
    runs: tuple[StepAt, ...]
    this: str

    @property
    def newest(self) -> bool:
        """Whether there is no later run."""
        return not self.runs or self.runs[-1].id == self.this


_lock = Lock()
_indices: dict[tuple[Path, date], Ranked | None] = {}
_grounds: dict[tuple[Path, date], tuple[svg.Ground | None, Mapping[str, Mapping[str, str]]]] = {}
_contexts: dict[tuple[Path, str, date, date], Context] = {}
_centres: dict[tuple[Path, date], Mapping[str, tuple[float, float]]] = {}
_answers: OrderedDict[tuple[object, ...], Assumed] = OrderedDict()


def risking(desk: Desk, view: View, asked: Asked) -> Risking:
    """One look at risk.

    Raises:
        BadPack: The country's index does not fit.
        Unavailable: The store cannot be read.
    """
    context, snapshot = desk.context, view.snapshot
    day = desk.case.spec.places_on
    ground, islands = _ground(context.country, day)
    options = choices(context, snapshot)
    assumed, problem = None, None
    if asked.what:
        try:
            assumed = _answer(desk, view, asked)
        except (BadData, BadPack, NotFound) as error:
            problem = error.problems[0]
    return Risking(
        id=desk.id,
        title=desk.title,
        now=view.until,
        context=context,
        day=day,
        ranked=ranked(context.country, day),
        ground=ground,
        islands=islands,
        choices=options,
        asked=asked,
        assumed=assumed,
        problem=problem,
        runs=desk.views(),
        this=view.step.id,
    )


def ranked(country: Country, day: date) -> Ranked | None:
    """A country's index, made once; None where it has none.

    Raises:
        BadPack: Its tree does not fit.
    """
    key = country.folder, day
    with _lock:
        if key not in _indices:
            found = load_index(country.folder, country.places, day)
            _indices[key] = None if found is None else _made(found)
        return _indices[key]


def _made(found: CountryIndex) -> Ranked:
    made = found.made()
    reasons = {c: drivers(made.spec, made.leaves, i) for i, c in enumerate(made.codes)}
    return Ranked(found, made, reasons)


def _ground(
    country: Country, day: date
) -> tuple[svg.Ground | None, Mapping[str, Mapping[str, str]]]:
    """Provinces and islands of a day, thinned for the screen."""
    key = country.folder, day
    with _lock:
        if key not in _grounds:
            shapes = country.places.outlines_on("province", day)
            points: list[Place] = [p for p in country.places.gazetteer if p.kind == "point"]
            laid = [svg.Area(c, "province", c, shape, None) for c, shape in shapes.items()]
            laid += [
                svg.Area(p.code, "point", p.code, None, (p.lat, p.lon))
                for p in points
                if p.lat is not None and p.lon is not None
            ]
            names = {p.code: p.names for p in points}
            _grounds[key] = (svg.ground(laid) if laid else None), names
        return _grounds[key]


# ── what can be assumed ─────────────────────────────────────────────────────────────────────────


def choices(context: Context, snapshot: Snapshot) -> Choices:
    """What can be assumed of a desk's threat, and of an earthquake in its country."""
    threat = context.pack.threat
    events: tuple[str, ...] = ()
    stations: tuple[Station, ...] = ()
    if threat.tracked:
        known = snapshot.tracks.known_at(snapshot.receipt)
        newest = {e: known.bulletins(e)[-1] for e in known.events()}
        events = tuple(e for e, b in newest.items() if b.analysis is not None and not b.ended)
    elif not threat.counted and isinstance(threat.model, RiverStage):
        series = f"{context.pack.id}/{threat.model.of}"
        rows = snapshot.observations.known_at(snapshot.receipt).rows
        heard = {r.place for r in rows if r.series == series and r.value is not None}
        listed = {s.code: s for group in context.stations.values() for s in group}
        stations = tuple(s for code, s in sorted(listed.items()) if code in heard)
    shaken = _shaken(context.country)
    quakes = {} if shaken is None else epicentres(context.country, snapshot.places_day)
    return Choices(events, stations, quakes)


def _shaken(country: Country) -> Pack | None:
    """The pack that judges earthquakes in a country; None where it binds none."""
    for pack in country.packs.values():
        threat = pack.threat
        if not (threat.tracked or threat.counted) and isinstance(threat.model, Shaking):
            return pack
    return None


def _context_of(pack: Pack, context: Context, snapshot: Snapshot) -> Context:
    """Areas and law of another pack of the same country, laid out once.

    Raises:
        BadPack, NotFound: Its law is not in force on that day, or its areas do not fit.
    """
    if pack.id == context.pack.id:
        return context
    country = context.country
    key = country.folder, pack.id, snapshot.law_day, snapshot.places_day
    with _lock:
        if key not in _contexts:
            _contexts[key] = build_context(country, pack, snapshot.law_day, snapshot.places_day)
        return _contexts[key]


def epicentres(country: Country, day: date) -> Mapping[str, tuple[float, float]]:
    """Latitude and longitude of the largest town of each province, else of its middle, by code."""
    key = country.folder, day
    with _lock:
        if key not in _centres:
            towns = country.places.towns_by_province(day)
            found: dict[str, tuple[float, float]] = {}
            for code, shape in country.places.outlines_on("province", day).items():
                if code in towns and len(towns[code].people):
                    most = int(towns[code].people.argmax())
                    found[code] = float(towns[code].lat[most]), float(towns[code].lon[most])
                else:
                    middle = shape.representative_point()
                    found[code] = float(middle.y), float(middle.x)
            _centres[key] = found
        return _centres[key]


def _answer(desk: Desk, view: View, asked: Asked) -> Assumed:
    values = tuple(asked.values.get(name, "") for name in FIELDS.get(asked.what, ()))
    key = (desk.folder, view.step.id, view.snapshot.receipt, asked.what, *values)
    with _lock:
        if key in _answers:
            _answers.move_to_end(key)
            return _answers[key]
    actual = tuple(a for a in view.assessments.values() if a.threat == desk.context.pack.id)
    found = assume(desk.context, view.snapshot, actual, asked)
    with _lock:
        _answers[key] = found
        while len(_answers) > _KEPT:
            _answers.popitem(last=False)
    return found


def assume(
    context: Context, snapshot: Snapshot, actual: tuple[Assessment, ...], asked: Asked
) -> Assumed:
    """Judge what a form assumes, beside what is.

    Args:
        context: Of the desk.
        snapshot: Of the run that is shown.
        actual: What that run concluded.
        asked: The form.

    Raises:
        BadData: A field is no number or out of its range; or the facts do not allow it.
        BadPack: The areas of the threat that would judge it do not fit.
        NotFound: What it is about is not known here, or its law is not in force.
    """
    given = asked.values
    match asked.what:
        case "track" if context.pack.threat.tracked:
            side = -1 if given.get("side") == LEFT else 1
            right = side * number(given, "km")
            event = given.get("event", "")
            found = what_if.move_storm(context, snapshot, event, right, number(given, "stronger"))
            beside = tuple(a for a in actual if a.event == event)
            return Assumed(TRACK, context, what_if.compare(beside, found))
        case "river" if choices(context, snapshot).stations:
            station = given.get("station", "")
            found = what_if.raise_stage(context, snapshot, station, number(given, "metres"))
            return Assumed(RIVER, context, what_if.compare(actual, found))
        case "quake":
            pack = _shaken(context.country)
            points = epicentres(context.country, snapshot.places_day)
            if pack is not None and given.get("near", "") in points:
                lat, lon = points[given["near"]]
                size, depth = number(given, "magnitude"), number(given, "depth")
                shaken = _context_of(pack, context, snapshot)
                found = what_if.quake(shaken, snapshot, size, lat, lon, depth)
                return Assumed(QUAKE, shaken, what_if.compare((), found))
    raise NotFound(Problem("what_if.not_here", {"what": asked.what}))


def number(given: Mapping[str, str], name: str) -> float:
    """A field as a number; an empty one is 0, a comma is a decimal sign.

    Raises:
        BadData: It is none (``what_if.number``).
    """
    text = given.get(name, "").strip()
    try:
        return float(text.replace(",", ".")) if text else 0.0
    except ValueError:
        raise BadData(Problem("what_if.number", {"value": text}, field=name)) from None
