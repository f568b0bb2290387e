"""Hải Đăng (lighthouse): early warning and response for every threat that is not a war.

>>> import haidang as hd
>>> print(hd.level(42, area="coastal", beaufort=13).level)
4
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haidang.api import Replay, index, level, replay
    from haidang.edge.feeds.exposure import exposure
    from haidang.edge.feeds.raster import zonal
    from haidang.risk.engine.events import event_set
    from haidang.risk.engine.losses import exceedance_map, frequency_map, losses
    from haidang.risk.engine.measures import Measure, cost_benefit
    from haidang.risk.engine.sensitivity import Factor, sensitivity
    from haidang.risk.hazards.tropical_cyclone import windfield
    from haidang.risk.impact import impact
    from haidang.warn import cap
    from haidang.watch.backtest import backtest
    from haidang.watch.budget import alarms
    from haidang.watch.detect import detect
    from haidang.watch.forecast import forecast
    from haidang.watch.hubverse import from_hub, to_hub
    from haidang.watch.nowcast import nowcast
    from haidang.watch.reproduction import reproduction
    from haidang.watch.scan import scan
    from haidang.web.series_chart import draw as chart

__all__ = [
    "Factor",
    "Measure",
    "Replay",
    "__version__",
    "alarms",
    "backtest",
    "cap",
    "chart",
    "cost_benefit",
    "detect",
    "event_set",
    "exceedance_map",
    "exposure",
    "forecast",
    "frequency_map",
    "from_hub",
    "impact",
    "index",
    "level",
    "losses",
    "nowcast",
    "replay",
    "reproduction",
    "scan",
    "sensitivity",
    "to_hub",
    "windfield",
    "zonal",
]
__version__ = version("haidang")

_HOMES = {
    "chart": "haidang.web.series_chart",
    "Replay": "haidang.api",
    "index": "haidang.api",
    "level": "haidang.api",
    "replay": "haidang.api",
    "windfield": "haidang.risk.hazards.tropical_cyclone",
    "impact": "haidang.risk.impact",
    "event_set": "haidang.risk.engine.events",
    "exposure": "haidang.edge.feeds.exposure",
    "zonal": "haidang.edge.feeds.raster",
    "losses": "haidang.risk.engine.losses",
    "exceedance_map": "haidang.risk.engine.losses",
    "frequency_map": "haidang.risk.engine.losses",
    "Measure": "haidang.risk.engine.measures",
    "cost_benefit": "haidang.risk.engine.measures",
    "Factor": "haidang.risk.engine.sensitivity",
    "sensitivity": "haidang.risk.engine.sensitivity",
    "alarms": "haidang.watch.budget",
    "backtest": "haidang.watch.backtest",
    "detect": "haidang.watch.detect",
    "nowcast": "haidang.watch.nowcast",
    "reproduction": "haidang.watch.reproduction",
    "forecast": "haidang.watch.forecast",
    "from_hub": "haidang.watch.hubverse",
    "to_hub": "haidang.watch.hubverse",
    "scan": "haidang.watch.scan",
}

_MODULES = {"cap": "haidang.warn.cap"}
"""Names that are whole modules, because their functions belong together."""

_NAMED = {"chart": "draw"}
"""Names that are others at home."""


def __getattr__(name: str) -> object:
    # Lazy on purpose: `haidang --help` must not wait for numba and pandas.
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), _NAMED.get(name, name))
    raise AttributeError(f"module 'haidang' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
