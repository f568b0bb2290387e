"""Where the event is, how it moves, and when its centre may come ashore."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from haidang.app.context import Context
from haidang.data.tracks import Bulletin, Fix
from haidang.risk.assessment import When
from haidang.risk.hazards.track_ensemble import backbone, members
from haidang.web.look import Look

KM_PER_DEGREE: Final = 111.12
POINTS: Final = 16
"""Directions that the words name."""

NEVER: Final = When(None, None, None)
SHARES: Final = (0.1, 0.5, 0.9)
"""Early, central and late: of all members, so that a coast that few reach has no central time."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """An event as one look knows it.

    Attributes:
        bulletin: The newest; None where nothing was heard.
        centre: Newest analysed position; None where the newest bulletin has none.
        heading: Where it moves to, 0..15 from north by east; None where it is not known.
        speed_kmh: How fast.
        ashore: Share of the members whose centre comes ashore in the hours looked at.
        landfall: When.
        on_land: Whether the centre lies on land now.
    """

    bulletin: Bulletin | None = None
    centre: Fix | None = None
    heading: int | None = None
    speed_kmh: float = 0.0
    ashore: float = 0.0
    landfall: When = NEVER
    on_land: bool = False

    @property
    def ended(self) -> bool:
        """Whether the source said that it is over."""
        return self.bulletin is not None and self.bulletin.ended


def outlook(view: Look) -> Outlook:
    """Read the event out of a look's snapshot; the ensemble is computed again, it is pure."""
    snapshot = view.snapshot
    if snapshot is None:
        return Outlook()
    known = snapshot.tracks.known_at(snapshot.receipt)
    bulletins = known.bulletins(view.case.spec.event)
    if not bulletins:
        return Outlook()
    newest = bulletins[-1]
    seen = [b.analysis for b in bulletins if b.analysis is not None]
    if newest.ended or newest.analysis is None:
        return Outlook(newest, seen[-1] if seen and not newest.ended else None)
    heading, speed = motion(seen)
    ashore, landfall, on_land = _ashore(bulletins, view.context)
    return Outlook(newest, newest.analysis, heading, speed, ashore, landfall, on_land)


def _ashore(bulletins: tuple[Bulletin, ...], context: Context) -> tuple[float, When, bool]:
    spec = context.pack.threat.wind
    thrown = members(backbone(bulletins, spec), spec, context.over_land)
    over = context.over_land(thrown.lat.ravel(), thrown.lon.ravel()).reshape(thrown.lat.shape)
    share = float(over.any(axis=1).mean())
    if over[0, 0]:
        return share, NEVER, True
    hours = np.where(over.any(axis=1), thrown.hours[np.argmax(over, axis=1)], np.inf)
    early, central, late = (_at(thrown.start, hours, q) for q in SHARES)
    return share, When(early, central, late), False


def _at(
    start: datetime, hours: np.ndarray[tuple[int], np.dtype[np.float64]], share: float
) -> datetime | None:
    found = float(np.sort(hours)[math.ceil(share * len(hours)) - 1])
    return None if math.isinf(found) else start + timedelta(hours=found)


def motion(seen: list[Fix]) -> tuple[int | None, float]:
    """Direction, one of ``POINTS`` clockwise from north, and speed in km/h, of the last leg.

    On a sphere cut flat at the middle latitude: legs are short. None for fewer than two positions
    or a centre that stays where it is.
    """
    if len(seen) < 2:  # noqa: PLR2004 - a leg has two ends
        return None, 0.0
    one, two = seen[-2], seen[-1]
    hours = (two.valid - one.valid) / timedelta(hours=1)
    north = (two.lat - one.lat) * KM_PER_DEGREE
    squeeze = math.cos(math.radians((one.lat + two.lat) / 2))
    east = (two.lon - one.lon) * KM_PER_DEGREE * squeeze
    speed = math.hypot(north, east) / hours if hours > 0 else 0.0
    if speed < 1:
        return None, speed
    turn = math.degrees(math.atan2(east, north)) % 360
    return round(turn / (360 / POINTS)) % POINTS, speed
