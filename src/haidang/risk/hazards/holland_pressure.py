"""Tracks whose field peaks at the wind that they are given, for the models that go by pressure.

Bulletins often give a wind and no pressure. The models of 2008 and 2010 go by pressure: filled from
another paper's wind-pressure relation their strongest wind comes out some 10 % too high (measured
on the 51 typhoon fixes of the five storms that ship as cases). Solving their own relation for
the pressure makes the field's peak the given wind, exactly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.risk.hazards.tropical_cyclone import (
    PreparedTrack,
    h08_b,
    h10_outer_exponent,
    h10_peak,
    prepare_ensemble,
    translation,
)

Floats = NDArray[np.float64]
AMBIENT_HPA: Final = 1010.0
"""Pressure around the storm; only the deficit enters the field, and that is solved for."""

DEEPEST_HPA: Final = 200.0
"""No storm's deficit is larger; the deepest ever measured is some 140 hPa."""


def deficit_of_peak(v_m: Floats, lat: Floats, v_trans: Floats) -> Floats:
    """Pressure deficit at which ``v_m = sqrt(b dp / (rho e))`` for a steady storm.

    Args:
        v_m: Strongest 1-minute wind, m/s, any shape.
        lat: Degrees, same shape.
        v_trans: Speed of translation, m/s, same shape.

    Returns:
        hPa, same shape, 0..200; by bisection to better than 1e-9 hPa. 200 where no deficit reaches
        the wind: the relation ends at 78 m/s for a storm that stands still at 20 degrees, later for
        one that moves.

    Source: Holland (2008), Mon. Wea. Rev. 136, eq. 7 and 11; Holland et al. (2010), eq. 8.
    """
    low, high = np.zeros_like(v_m), np.full_like(v_m, DEEPEST_HPA)
    still = np.zeros_like(v_m)
    for _ in range(60):
        middle = (low + high) / 2
        weak = h10_peak(h08_b(middle, still, lat, v_trans), middle) < v_m
        low, high = np.where(weak, middle, low), np.where(weak, high, middle)
    # A missing wind stays missing: bisection alone would make it a deficit of nothing.
    return np.where(np.isnan(v_m), np.nan, (low + high) / 2)


def steady_tracks(hours: Floats, lat: Floats, lon: Floats, wind: Floats) -> PreparedTrack:
    """Prepare an ensemble of tracks by wind alone.

    The model's ``b`` also takes the change of pressure with time. It is left out here: a member's
    wind is given for every hour, and at a coast, where it drops within one step, the term would
    sharpen the storm by a sixth for that hour.

    Args:
        hours: Lead times, (time,), h.
        lat: Degrees north, (member, time).
        lon: Degrees east, (member, time).
        wind: Strongest 1-minute wind, (member, time), m/s.

    Returns:
        Tracks for ``swath``; the first position has wind, with the motion of the second.
    """
    moving = translation(hours, lat, lon)[2].copy()
    moving[:, 0] = moving[:, 1]
    deficit = deficit_of_peak(wind, lat, moving)
    tracks = prepare_ensemble(
        hours,
        lat,
        lon,
        wind,
        AMBIENT_HPA - deficit,
        np.full_like(deficit, AMBIENT_HPA),
        first_step="forward",
    )
    b = h08_b(deficit, np.zeros_like(deficit), lat, moving)
    # Beyond the end of the relation the storm has the shape of the deepest and the given peak:
    # the strongest storms must not come out weaker than they were said to be.
    ended = deficit > DEEPEST_HPA * (1 - 1e-9)
    v_m = np.where(ended, wind, h10_peak(b, deficit))
    return replace(tracks, b=b, v_m=v_m, x_n=h10_outer_exponent(v_m, b, tracks.rmax_km))
