"""The shape of the year of many series at once, as a few harmonics around a straight line."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.method import Floats

HARMONICS: Final[dict[int, int]] = {52: 2, 12: 3, 365: 2}
"""Pairs of harmonics, by rows of a year: what a few years of data can carry."""


def shape(y: Floats, per_year: int, ahead: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Harmonics of the year, and whether the series has them.

    Least squares of the series on a level, a trend and the harmonics; they are taken where they
    improve Akaike's criterion for small samples and two years at least were reported.

    Args:
        y: ``(place, time)`` on the scale of the model, NaN where nothing was reported.
        per_year: Rows of a year.
        ahead: Further rows.

    Returns:
        The harmonics over ``(place, time + ahead)``, and by place whether they are worth taking.
    """
    n, rows = y.shape
    t = np.arange(rows + ahead)
    turn = 2 * np.pi * t / per_year
    pairs = HARMONICS[per_year]
    wave = [f(k * turn) for k in range(1, pairs + 1) for f in (np.cos, np.sin)]
    x = np.stack([np.ones(len(t)), t / rows, *wave], axis=1)
    told = ~np.isnan(y)
    number = told.sum(axis=1)
    z, w = np.where(told, y, 0.0), told.astype(np.float64)
    line, _ = _fit(z, w, x[:rows, :2])
    full, found = _fit(z, w, x[:rows])
    season = found[:, 2:] @ x[:, 2:].T
    enough = number >= 2 * per_year
    better = _criterion(full, number, x.shape[1]) < _criterion(line, number, 2)
    return np.where(enough[:, None], season, 0.0).reshape(n, -1), enough & better


def _fit(z: Floats, w: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Sum of squares and coefficients of each row, where ``w`` is 1."""
    normal = np.einsum("nt,ti,tj->nij", w, x, x, optimize=True)
    normal += 1e-9 * np.eye(x.shape[1])
    found = np.linalg.solve(normal, (z @ x)[..., None])[..., 0]
    return (w * (z - found @ x.T) ** 2).sum(axis=1), found


def _criterion(squares: Floats, n: NDArray[np.int64], k: int) -> Floats:
    """Akaike's for small samples, of a normal model with ``k`` coefficients and a variance."""
    free = np.maximum(n - k - 2, 1)
    with np.errstate(divide="ignore"):
        found: Floats = n * np.log(squares / np.maximum(n, 1)) + 2 * (k + 1) * n / free
    return found
