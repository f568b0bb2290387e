"""Our wind at a station beside what the station measured, over the same averaging period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from haidang.base.wind import BEAUFORT, beaufort, convert_averaging, lower_bound
from haidang.review.facts import StationWind
from haidang.risk.assessment import Interval

Basis: TypeAlias = Literal["hindcast", "bulletin"]
"""``hindcast``: over the track as found afterwards, which judges the wind model. ``bulletin``: over
the ensemble of the last bulletin before landfall, which judges what was known."""

INSIDE_S = 600
"""Averaging period of every wind inside, s."""


@dataclass(frozen=True, slots=True)
class WindRow:
    """One station under one basis.

    Attributes:
        measured: The station's report.
        basis: See ``Basis``.
        issued: Time of issue of the bulletin; None for the hindcast.
        averaging_s: Period of both winds of this row, s: the station's.
        factor: What our 10-minute wind was multiplied by.
        low_ms, high_ms: Bounds of the measured force, m/s; ``high_ms`` is None above force 17.
        ours: Low, median and high over the members, m/s; three times the same for the hindcast.
        forces: The same as Beaufort forces.
        difference: Our median force less the measured one.
        inside: Whether the measured force lies between our low and high; None for the hindcast,
            which has no interval.
    """

    measured: StationWind
    basis: Basis
    issued: datetime | None
    averaging_s: int
    factor: float
    low_ms: float
    high_ms: float | None
    ours: Interval
    forces: tuple[int, int, int]
    difference: int
    inside: bool | None


def wind_row(
    measured: StationWind,
    basis: Basis,
    issued: datetime | None,
    ten_minutes: ArrayLike,
    quantiles: tuple[float, float],
) -> WindRow:
    """Compare one station.

    Our 10-minute mean is brought to the station's period by Harper et al. (2010), Table 1.1, at
    the station's exposure: never the other way round, because the measured wind is a whole force
    and would lose its bounds.

    Args:
        measured: What the station reported.
        basis: Where ours comes from.
        issued: Of the bulletin.
        ten_minutes: Our strongest 10-minute wind at the station by member, (member,), m/s.
        quantiles: Which are low and high, 0 to 1.

    Raises:
        BadData: The station's period or exposure is not in the table.
    """
    factor = float(convert_averaging(1.0, INSIDE_S, measured.averaging_s, measured.exposure))
    winds = np.asarray(ten_minutes, np.float64) * factor
    at = np.quantile(winds, [quantiles[0], 0.5, quantiles[1]], method="inverted_cdf")
    low, middle, high = (int(f) for f in beaufort(at))
    top = None if measured.force == BEAUFORT[-1].number else lower_bound(measured.force + 1)
    return WindRow(
        measured=measured,
        basis=basis,
        issued=issued,
        averaging_s=measured.averaging_s,
        factor=factor,
        low_ms=lower_bound(measured.force),
        high_ms=top,
        ours=Interval(*(float(v) for v in at)),
        forces=(low, middle, high),
        difference=middle - measured.force,
        inside=None if basis == "hindcast" else low <= measured.force <= high,
    )
