"""The folder of a desk that listens: its settings, its packs of the day, its ``desk.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from haidang.app.context import Context, build_context
from haidang.base.errors import BadData, BadPack, NotFound, Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds import sensors
from haidang.edge.feeds.sensors import SensorsSpec
from haidang.jobs import desk_files
from haidang.jobs.desk_files import DESK, DeskSpec
from haidang.jobs.replay import DATABASE
from haidang.jobs.tonight import slug
from haidang.pack.load import Roots, load_country
from haidang.pack.schema import Country
from haidang.words import LANGUAGES


@dataclass(frozen=True)
class Home:
    """A desk that listens, as its files say it.

    Attributes:
        folder: Where everything of it lies.
        settings: ``sensors.yaml``.
        country: Read once.
        scope: Names its runs: those that the console shows.
    """

    folder: Path
    settings: SensorsSpec
    country: Country
    scope: str

    @property
    def database(self) -> Path:
        """The store."""
        return self.folder / DATABASE

    def contexts(self, day: date) -> dict[str, Context]:
        """The packs with the places and the law of a day; takes a second or more."""
        return {
            name: build_context(self.country, self.country.packs[name], day, day)
            for name in self.settings.threats
        }


def open_home(folder: Path, roots: Roots, wall: datetime) -> Home:
    """Read a folder with a ``sensors.yaml``, and make it a desk that opens in the console.

    Args:
        folder: Holds ``sensors.yaml``.
        roots: Where packs and countries lie.
        wall: Wall time.

    Raises:
        BadPack: ``sensors.yaml`` or the country does not fit; a pack is not told by readings
            (``live.not_readings``); or it may not speak so: one of tier ``draft`` never as Actual
            (``live.draft_actual``).
        BadData: As ``sensors.load``; the name has no Latin letter.
        NotFound: No such country, or a threat that is not bound to it (``desk.no_threat``).
        Unavailable: The folder cannot be written to.
    """
    settings = sensors.load(folder)
    country = load_country(roots.country(settings.country), roots.threats)
    if strange := [t for t in settings.threats if t not in country.packs]:
        known = ", ".join(sorted(country.packs))
        raise NotFound(Problem("desk.no_threat", {"name": strange[0], "known": known}))
    if deaf := [t for t in settings.threats if not country.packs[t].threat.read]:
        raise BadPack(*(Problem("live.not_readings", {"id": t}, sensors.FILE) for t in deaf))
    mute = [t for t in settings.threats if country.packs[t].threat.tier == "draft"]
    if settings.status == "Actual" and mute:
        raise BadPack(*(Problem("live.draft_actual", {"id": t}, sensors.FILE) for t in mute))
    name = slug(settings.name)
    if not (folder / DESK).exists():
        _make_desk(folder, settings, country, wall)
    scope = f"{country.id}/{settings.threats[0]}/{name}"
    return Home(folder, settings, country, scope)


def _make_desk(folder: Path, settings: SensorsSpec, country: Country, wall: datetime) -> None:
    """A ``desk.yaml`` without files: what comes in comes from sensors."""
    first = country.packs[settings.threats[0]]
    spec = DeskSpec(
        kind="live",
        country=country.id,
        threat=first.id,
        name=settings.name,
        event=first.standing_event,
        day=country.local(wall).date(),
        title=dict.fromkeys(LANGUAGES, settings.name),
        status=settings.status,
        sensors=True,
        begun=wall,
    )
    try:
        desk_files.write_spec(folder, spec)
    except OSError as err:
        raise Unavailable(Problem("desk.unwritable", {"why": err}, file=str(folder))) from err


Silence = Literal["silent", "never"]


def silent(
    contexts: Mapping[str, Context],
    settings: SensorsSpec,
    heard: Mapping[tuple[str, str], datetime],
    now: datetime,
) -> list[tuple[str, str, datetime | None]]:
    """Gauges from which nothing came for too long, or never: a finding, not a calm.

    Returns:
        Series, place and when it was last heard, those never heard first.
    """
    found: list[tuple[str, str, datetime | None]] = []
    for name, context in contexts.items():
        stations = [s.code for of in context.stations.values() for s in of]
        for indicator, spec in context.pack.threat.readings.indicators.items():
            if spec.at == "event":
                continue
            series = f"{name}/{indicator}"
            for place in stations if spec.at == "station" else context.areas.codes:
                last = heard.get((series, place))
                if last is None or (now - last).total_seconds() > settings.silent_min * 60:
                    found.append((series, place, last))
    listened = {t.threat for t in settings.topics}
    found = [f for f in found if f[0].partition("/")[0] in listened]
    return sorted(set(found), key=lambda f: (f[2] is not None, f[2] or now, f[0], f[1]))


def unknown(settings: SensorsSpec, contexts: Mapping[str, Context]) -> None:
    """Refuse settings that name what no pack knows.

    Raises:
        BadData: An indicator under ``topics`` that the pack has not (``sensors.indicator``).
    """
    wrong = []
    for n, topic in enumerate(settings.topics):
        known = contexts[topic.threat].pack.threat.readings.indicators
        named = {topic.indicator, *topic.indicators.values()} - {""}
        for name in sorted(named - set(known)):
            said = {"name": name, "known": ", ".join(known)}
            wrong.append(Problem("sensors.indicator", said, file=sensors.FILE, field=f"topics.{n}"))
    if wrong:
        raise BadData(*wrong)
