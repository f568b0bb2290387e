"""CUSUM: standardised counts added up, for shifts that are small and last.

Rossi, Lampugnani & Marchi (1999), "An approximate CUSUM procedure for surveillance of health
events", Stat. Med. 18, 2111-2122. C(t) = max(0, C(t − 1) + z(t) − k), alarm where C reaches h;
the sum is not set back after an alarm. z by ``trans``:

* ``rossi``: (y − 3 m + 2 √(m y)) / (2 √m); nearer to normal for small counts;
* ``standard``: (y − m) / √m;
* ``anscombe``: 3/2 (y^⅔ − m^⅔) / m^⅙ (Anscombe residuals of a Poisson count; Pierce & Schafer
  1986, J. Am. Stat. Assoc. 81, 977);
* ``anscombe_2nd``: the same with the mean corrected to second order, m^⅔ − m^−⅓ / 9;
* ``pearson_negbin``: (y − m) / √(m + α m²), for variances above Poisson's;
* ``anscombe_negbin``: ∫ (t + α t²)^−⅓ dt from m to y, over (m + α m²)^⅙ (Hilbe 2007, Negative
  Binomial Regression, section 5.3; the integral is 3/2 y^⅔ ₂F₁(⅓, ⅔; 5/3; −α y) at both ends);
* ``none``: y itself.

m is the mean of the periods before the chart begins, or with ``m="glm"`` a log-linear fit to them
with one pair of harmonics, without a trend.

The bound is the count at which C reaches h: alarms are at the bound and above. A period that was
not reported leaves C as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.detectors import chart, harmonic
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import jit

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_FIT: Final = int(Reason.NO_FIT)
_ALL_ZERO: Final = int(Reason.ALL_ZERO)
_NOTHING: Final = (_HISTORY, _NO_FIT)

TRANS: Final = (
    "rossi", "standard", "anscombe", "anscombe_2nd", "pearson_negbin", "anscombe_negbin", "none",
)  # fmt: skip
ROSSI, STANDARD, ANSCOMBE, ANSCOMBE_2ND, PEARSON_NEGBIN, ANSCOMBE_NEGBIN, NONE = range(7)

_TWICE: Final = 200
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


@jit
def standardised(y: float, m: float, trans: int, alpha: float) -> float:
    """How far a count lies above its mean, by one of `TRANS`."""
    if trans == ROSSI:
        return (y - 3.0 * m + 2.0 * math.sqrt(m * y)) / (2.0 * math.sqrt(m))
    if trans == STANDARD:
        return (y - m) / math.sqrt(m)
    if trans == ANSCOMBE:
        return float(1.5 * (y ** (2 / 3) - m ** (2 / 3)) / m ** (1 / 6))
    if trans == ANSCOMBE_2ND:
        return float(1.5 * (y ** (2 / 3) - m ** (2 / 3) + m ** (-1 / 3) / 9.0) / m ** (1 / 6))
    if trans == PEARSON_NEGBIN:
        return (y - m) / math.sqrt(m + alpha * m * m)
    if trans == ANSCOMBE_NEGBIN:
        # With t = v³ nothing is steep any more and the quadrature is exact to rounding.
        middle = 0.5 * (y ** (1 / 3) + m ** (1 / 3))
        half = 0.5 * (y ** (1 / 3) - m ** (1 / 3))
        area = 0.0
        for i in range(len(_NODES)):
            v = middle + half * _NODES[i]
            area += _WEIGHTS[i] * v * (1.0 + alpha * v * v * v) ** (-1 / 3)
        return float(3.0 * half * area / (m + alpha * m * m) ** (1 / 6))
    return y


@jit
def _count_for(  # noqa: C901 - one line to a transformation
    z: float, m: float, trans: int, alpha: float, flawed: bool
) -> float:
    """The count whose standardised value is z; for `standard` the next whole one.

    Where no count is small enough this is some number below 1: then even 0 cases alarm.
    """
    if trans == ROSSI:
        inner = 4.0 * m + 2.0 * math.sqrt(m) * z
        return (math.sqrt(inner) - math.sqrt(m)) ** 2 if inner > 0.0 else 0.0
    if trans == STANDARD:
        return max(0.0, math.ceil(m + z * math.sqrt(m)))
    if trans == ANSCOMBE:
        return float(max(0.0, m ** (2 / 3) + z * m ** (1 / 6) / 1.5) ** 1.5)
    if trans == ANSCOMBE_2ND:
        shift = m ** (1 / 3) if flawed else m ** (-1 / 3)
        return float(max(0.0, m ** (2 / 3) - shift / 9.0 + z * m ** (1 / 6) / 1.5) ** 1.5)
    if trans == PEARSON_NEGBIN:
        return max(0.0, m + z * math.sqrt(m + alpha * m * m))
    if trans == NONE:
        return max(0.0, z)
    inner = 0.0
    outer = m + 1.0
    if standardised(inner, m, trans, alpha) >= z:
        return 0.0
    while standardised(outer, m, trans, alpha) < z:
        outer *= 2.0
    for _ in range(_TWICE):
        middle = 0.5 * (inner + outer)
        if middle in (inner, outer):
            break
        if standardised(middle, m, trans, alpha) < z:
            inner = middle
        else:
            outer = middle
    return outer


@jit
def usual(y: Floats, x: Floats, begin: int, glm: bool, beta: Floats) -> int:
    """What is usual before the chart, into ``beta``; gives a `Reason`."""
    n = 0
    total = 0.0
    for i in range(min(begin, len(y))):
        if not math.isnan(y[i]):
            n += 1
            total += y[i]
    beta[:] = 0.0
    if 2 * n < begin:
        return _HISTORY
    if total == 0.0:
        # The rate under which so many empty periods are as likely as not.
        beta[0] = math.log(math.log(2.0) / n)
        return _ALL_ZERO
    if not glm:
        beta[0] = math.log(total / n)
        return 0
    return 0 if harmonic.fit_mean(y, x, begin, harmonic.POISSON, beta) else _NO_FIT


@jit
def _places(
    counts: Floats, x: Floats, at: Ints, begin: int, least: int, glm: bool, trans: int,
    alpha: float, flawed: bool, k: float, h: float, expected: Floats, upper: Floats,
    score: Floats, alarm: NDArray[np.bool_], reason: Codes, statistic: Floats,
) -> None:  # fmt: skip
    beta = np.zeros(x.shape[1])
    for i in range(len(counts)):
        y = counts[i]
        why = _HISTORY if begin < least else usual(y, x, begin, glm, beta)
        total = 0.0
        j = 0
        for t in range(at[0] if why in _NOTHING else min(begin, at[0]), at[-1] + 1):
            judged = at[j] == t
            if t < begin or why in _NOTHING or math.isnan(y[t]):
                if judged:
                    lacking = _HISTORY if t < begin else why
                    reason[i, j] = _MISSING if math.isnan(y[t]) else lacking
                    j += 1
                continue
            m = harmonic.mean_at(x, t, beta)
            if judged:
                expected[i, j] = m
                upper[i, j] = _count_for(h + k - total, m, trans, alpha, flawed)
            total = max(0.0, total + standardised(y[t], m, trans, alpha) - k)
            if judged:
                statistic[i, j] = total
                if flawed and trans >= ANSCOMBE_NEGBIN:
                    upper[i, j] = max(0.0, h - total)
                score[i, j] = total / h
                alarm[i, j] = total >= h
                reason[i, j] = why
                j += 1


def cusum(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place.

    Returns:
        Extra: ``statistic``, the sum. ``score`` is the sum over h: an alarm is at 1 and above.
    """
    found = empty(task, "statistic")
    glm = params["m"] == "glm"
    x = harmonic.design(
        task.calendar.rows, task.calendar.per_year, 1 if glm else 0, trend=False
    )  # fmt: skip
    _places(
        task.counts, x, task.at, chart.begin(task, params), task.calendar.per_year, glm,
        TRANS.index(params["trans"]), float(params["alpha"]), params["compat"] == "surveillance",
        float(params["k"]), float(params["h"]), found.expected, found.upper, found.score,
        found.alarm, found.reason, found.extra["statistic"],
    )  # fmt: skip
    return found


CUSUM: Final = Method(
    "cusum", cusum,
    (
        Param("k", 1.04, "k", low=0.0),
        Param("h", 2.26, "h", low=0.0, open_low=True),
        Param("m", None, "m", choices=("mean", "glm"), optional=True),
        Param("trans", "rossi", "trans", choices=TRANS),
        Param("alpha", 0.1, "alpha", low=0.0, high=1e6, open_low=True),
        Param("compat", "", choices=("", "surveillance")),
        chart.BASELINE,
    ),
    "Rossi et al. 1999, Stat. Med. 18, 2111", verified=True, r_name="cusum",
)  # fmt: skip
