"""The toy country with as many communes and gauges as wanted, and a flood that speaks alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from haidang.app.context import Context, build_context
from haidang.edge.feeds.sensors import Heard, SensorsSpec
from haidang.edge.store.living import Lease
from haidang.edge.store.store import Store
from haidang.jobs.live import Live
from haidang.pack.load import Roots, load_country, roots
from haidang.pack.stations import STATION_COLUMNS

TOY = Path(__file__).parents[1] / "toy"
THREAT, COUNTRY = "flood", "xt"
T0 = datetime(2030, 6, 1, 6, tzinfo=UTC)
SCOPE = "xt/flood/live"
ALARMS = "2,3,4"


def make(
    folder: Path,
    communes: int = 6,
    gauges: int = 6,
    *,
    over: str = "area",
    tier: str = "verified",
    scenario: bool = False,
) -> Roots:
    """Write packs and country below a folder.

    Args:
        folder: New.
        communes: Squares of the same size in the north; the flood watches them, not the provinces.
        gauges: Spread over the communes in turn, from the first on; each has a basin of its own.
        over: Among which groups basins are counted.
        tier: Of the flood; a ``verified`` one speaks alone at every level.
        scenario: Whether the flood is planned, as the storm is.
    """
    shutil.copytree(TOY, folder, dirs_exist_ok=True)
    home = folder / "countries" / COUNTRY
    rows = [f"c{n:04d},Commune {n},Commune {n},N,village,2020-01-01," for n in range(communes)]
    with (home / "places" / "communes.csv").open("a", encoding="utf-8") as file:
        file.write("\n".join([*rows, ""]))
    _outlines(home / "places" / "outlines_communes.geojson", communes)
    bound = home / "threats" / THREAT
    lines = [
        f"g{n:04d},,Gauge {n},River,B{n},c{n % communes:04d},,,,{ALARMS},,,invented"
        for n in range(gauges)
    ]
    head = ",".join(STATION_COLUMNS)
    (bound / "stations.csv").write_text("\n".join([head, *lines, ""]), "utf-8")
    binding = yaml.safe_load((bound / "binding.yaml").read_text("utf-8"))
    binding["areas"] = [{"kind": "commune", "category": "plain"}]
    binding["law"]["asks"][0]["several"]["over"] = over
    (bound / "binding.yaml").write_text(yaml.safe_dump(binding), "utf-8")
    if scenario:
        shutil.copy(home / "threats" / "storm" / "scenario.yaml", bound / "scenario.yaml")
    verify(folder / "threats" / THREAT / "pack.yaml", tier)
    return roots([folder])


def verify(file: Path, tier: str) -> None:
    pack = yaml.safe_load(file.read_text("utf-8"))
    pack["tier"] = tier
    if tier == "verified":
        pack["speaks_alone"] = [1, 2, 3]
        for level in pack["warn"]["levels"]:
            level["approval"] = False
    file.write_text(yaml.safe_dump(pack, sort_keys=False), "utf-8")


def _outlines(path: Path, communes: int) -> None:
    side = max(1, int(communes**0.5) + 1)
    step = 1.0 / side
    features = []
    for n in range(communes):
        west, south = -40 + (n % side) * 2 * step, 11 + (n // side) * step
        ring = [
            [west, south], [west + 2 * step, south], [west + 2 * step, south + step],
            [west, south + step], [west, south],
        ]  # fmt: skip
        features.append(
            {
                "type": "Feature",
                "properties": {"code": f"c{n:04d}", "name": f"Commune {n}"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    whole = {"type": "FeatureCollection", "kind": "commune", "valid_from": "2020-01-01",
             "source": "invented", "features": features}  # fmt: skip
    path.write_text(json.dumps(whole), "utf-8")


def contexts(known: Roots, *threats: str) -> dict[str, Context]:
    country = load_country(known.country(COUNTRY), known.threats)
    day = T0.date()
    return {t: build_context(country, country.packs[t], day, day) for t in threats or (THREAT,)}


def settings(**changed: Any) -> SensorsSpec:
    plain: dict[str, Any] = {
        "name": "Flood duty",
        "country": COUNTRY,
        "threats": [THREAT],
        "broker": {"host": "127.0.0.1", "client": "duty"},
        "topics": [{"topic": "gauges/{place}/{indicator}", "threat": THREAT}],
    }
    return SensorsSpec.model_validate({**plain, **changed})


class Clock:
    """A wall clock that stands until it is set."""

    def __init__(self, at: datetime = T0) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


LEASE = Lease("live", "a" * 8, timedelta(days=9))


def live(store: Store, found: Mapping[str, Context], clock: Clock, **changed: Any) -> Live:
    store.take_lease(LEASE, clock())
    return Live(store, settings(**changed), found, SCOPE, LEASE, clock)


def heard(
    clock: Clock, gauge: str, value: float | None, at: datetime | None = None, **more: Any
) -> Heard:
    said = {"time": (at or clock()).isoformat(), "value": value, **more}
    return Heard(f"gauges/{gauge}/stage", json.dumps(said).encode(), clock())
