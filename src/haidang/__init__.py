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
    from haidang.risk.hazards.tropical_cyclone import windfield
    from haidang.risk.impact import impact
    from haidang.watch.backtest import backtest
    from haidang.watch.budget import alarms
    from haidang.watch.detect import detect
    from haidang.watch.forecast import forecast
    from haidang.watch.nowcast import nowcast
    from haidang.watch.reproduction import reproduction
    from haidang.watch.scan import scan
    from haidang.web.series_chart import draw as chart

__all__ = [
    "Replay",
    "__version__",
    "alarms",
    "backtest",
    "chart",
    "detect",
    "forecast",
    "impact",
    "index",
    "level",
    "nowcast",
    "replay",
    "reproduction",
    "scan",
    "windfield",
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
    "alarms": "haidang.watch.budget",
    "backtest": "haidang.watch.backtest",
    "detect": "haidang.watch.detect",
    "nowcast": "haidang.watch.nowcast",
    "reproduction": "haidang.watch.reproduction",
    "forecast": "haidang.watch.forecast",
    "scan": "haidang.watch.scan",
}

_NAMED = {"chart": "draw"}
"""Names that are others at home."""


def __getattr__(name: str) -> object:
    # Lazy on purpose: `haidang --help` must not wait for numba and pandas.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), _NAMED.get(name, name))
    raise AttributeError(f"module 'haidang' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
