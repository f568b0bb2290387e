"""``hd.reproduction``: how many people one case infects now.

Cori, Ferguson, Fraser & Cauchemez (2013), "A new framework and software to estimate time-varying
reproduction numbers during epidemics", Am. J. Epidemiol. 178, 1505-1512. Cases of a step are
Poisson with mean R Λ, Λ what earlier cases infect with by the serial interval; R stays the same
over a window and has a gamma prior, so that

    R | cases ~ gamma(a + Σ I, 1 / (1/b + Σ Λ)),    sums over the window.

An interval that is itself uncertain is drawn many times (its mean and its standard deviation are
truncated normal, web appendix 3); R is then the mixture of these gamma distributions, of which
the quantiles are computed, not sampled.

Weekly counts are spread over days first (`haidang.watch.serial.spread`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import gamma

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch import quality, serial, table
from haidang.watch.calendar import Step
from haidang.watch.method import LABELS, Codes, Floats, Param, Reason

SOURCE: Final = "Cori et al. 2013, Am. J. Epidemiol. 178, 1505"
VERIFIED: Final = True
COLUMNS: Final = ("r", "sd", "lower", "upper", "p_above_one", "cases", "reason")
WINDOWS: Final[dict[str, int]] = {"day": 7, "week": 2}
"""Periods of the window where none is given."""
DAYS: Final[dict[str, int]] = {"day": 1, "week": 7}

_ENOUGH: Final = 11
"""Cases in a window for a coefficient of variation below 0.3 under the default prior."""
_STEPS: Final = 60
"""Halvings of a quantile's bracket."""

PARAMS: Final = (
    Param("window", None, "", low=1, high=10_000, optional=True),
    Param("level", 0.95, "", low=0.0, high=1.0, open_low=True, open_high=True),
    Param("draws", 100, "n1", low=2, high=10_000),
    Param("seed", 1, "seed", low=0, high=2**31),
)


def reproduction(
    data: table.Table,
    serial_interval: object,
    *,
    window: int | None = None,
    prior: tuple[float, float] = (5.0, 5.0),
    level: float = 0.95,
    uncertain: tuple[float, float] | None = None,
    draws: int = 100,
    seed: int = 1,
    period: Step | None = None,
    places: Sequence[str] | None = None,
    file: str = "",
    progress: Callable[[int, int], None] = lambda *_: None,
) -> xr.Dataset:
    """Estimate the reproduction number at every place and time.

    Args:
        data: Daily or weekly counts, as for `haidang.watch.detect.detect`.
        serial_interval: Mean and standard deviation in days, the mean above 1; or probabilities
            of 0, 1, 2 ... days, that of 0 being 0.
        window: Periods over which R is taken to stay the same; None is 7 days or 2 weeks.
        prior: Mean and standard deviation of R before anything is seen.
        level: Probability of the interval.
        uncertain: Standard deviations of the mean and of the standard deviation of the serial
            interval, in days; only where it is given by these two.
        draws: So many serial intervals are drawn where it is uncertain.
        seed: Of these draws.
        period: ``day`` or ``week``; None finds out.
        places: The places that there should be.
        file: Name of the file that ``data`` is from, for problems.
        progress: Told (draws done, draws).

    Returns:
        Over ``(place, time)``, ``time`` the last period of the window: ``r``, the posterior mean;
        ``sd``; ``lower`` and ``upper`` with the probability ``level`` between them;
        ``p_above_one``, the probability that the epidemic grows; ``cases`` in the window;
        ``reason``: ``missing`` where the newest period or half of the window was not reported,
        or half of what should have infected; ``history`` in the first window; ``all_zero`` where
        no earlier case could have infected; ``few_cases`` where there is an answer, but of fewer
        than 11 cases. ``attrs["problems"]`` holds what could not be used.

    Raises:
        BadData: As `haidang.watch.table.read`; the serial interval is none; a parameter is out of
            its range; the periods are months.
    """
    given = {"window": window, "level": level, "draws": draws, "seed": seed}
    if wrong := [w for p in PARAMS if (w := p.problem(given[p.name])) is not None]:
        raise BadData(*wrong)
    serial.check_pair("prior", prior)
    intervals = _intervals(serial_interval, uncertain, draws, seed)
    grid = table.read(data, step=period, places=places, file=file)
    if grid.calendar.step not in DAYS:
        said = {"known": ", ".join(DAYS)}
        raise BadData(Problem("watch.reproduction_step", said, file=file, field="period"))
    wide = window or WINDOWS[grid.calendar.step]
    days = DAYS[grid.calendar.step]
    if (odd := quality.implausible(grid.counts)) is not None:
        # It would infect nobody of those who follow, so that an epidemic would look spent.
        of = (grid.places, grid.calendar.times(), file)
        slips = quality.told(grid.counts, odd, *of, code="watch.implausible_out")
        counts = np.where(odd, np.nan, grid.counts)
        grid = replace(grid, counts=counts, problems=(*grid.problems, *slips))
    daily = serial.spread(grid.counts, days)
    told, cases = _window(grid.counts, wide)
    shape = prior[0] ** 2 / prior[1] ** 2
    rates, seen = [], np.ones(grid.counts.shape)
    for i, interval in enumerate(intervals):
        infection, share = serial.infectiousness(daily, interval)
        infection = _where(infection, np.repeat(~np.isnan(grid.counts), days, axis=1))
        summed = _by_period(infection, days)
        rates.append(_sum(np.nan_to_num(summed), wide) + prior[0] / prior[1] ** 2)
        seen = np.minimum(seen, _sum(_by_period(share, days) / days, wide) / wide)
        progress(i + 1, len(intervals))
    rate = np.stack(rates)
    nothing = np.all(rate <= prior[0] / prior[1] ** 2 * (1 + 1e-12), axis=0)
    reason = _reason(grid.counts, told, seen, nothing, cases, wide)
    answer = _posterior(cases + shape, rate, level)
    return _dataset(grid, answer, cases, reason, {**given, "window": wide, "prior": prior})


def _intervals(
    given: object, uncertain: tuple[float, float] | None, draws: int, seed: int
) -> list[Floats]:
    """One serial interval, or many drawn ones."""
    first = serial.read(given)
    if uncertain is None:
        return [first]
    serial.check_pair("uncertain", uncertain)
    pair = np.asarray(given, np.float64)
    if len(pair) != 2:  # noqa: PLR2004 - mean and standard deviation
        raise BadData(Problem("watch.uncertain_pair", field="uncertain"))
    chance = np.random.default_rng(seed)
    found: list[Floats] = []
    while len(found) < draws:
        mean, sd = (float(chance.normal(c, s)) for c, s in zip(pair, uncertain, strict=True))
        # Truncated at the same distance on both sides, so that the middle stays where it is.
        if 1 < mean < 2 * pair[0] - 1 and 0 < sd < min(mean, 2 * pair[1]):
            found.append(serial.discretise(mean, sd))
    return found


def _where(values: Floats, told: NDArray[np.bool_]) -> Floats:
    """Only steps whose own cases were reported count, on both sides of the ratio."""
    return np.where(told, values, 0.0)


def _by_period(daily: Floats, days: int) -> Floats:
    found: Floats = daily.reshape(len(daily), -1, days).sum(axis=2)
    return found


def _sum(values: Floats, wide: int) -> Floats:
    """Sums over the window that ends at each period; the window is cut at the second period.

    In the first one nobody of the table can have infected anybody.
    """
    values = values.copy()
    values[:, 0] = 0.0
    total = np.cumsum(values, axis=1)
    total[:, wide:] -= total[:, :-wide].copy()
    return total


def _window(counts: Floats, wide: int) -> tuple[Floats, Floats]:
    """How many periods of each window were reported, and their cases."""
    told = ~np.isnan(counts)
    return _sum(told.astype(np.float64), wide), _sum(np.where(told, counts, 0.0), wide)


def _reason(
    counts: Floats, told: Floats, seen: Floats,
    nothing: NDArray[np.bool_], cases: Floats, wide: int,
) -> Codes:  # fmt: skip
    reason = np.zeros(counts.shape, np.int8)
    reason[cases < _ENOUGH] = int(Reason.FEW_CASES)
    reason[nothing] = int(Reason.ALL_ZERO)
    reason[np.isnan(counts) | (told < wide / 2) | (seen < 0.5)] = int(Reason.MISSING)  # noqa: PLR2004
    early = slice(None, min(wide, counts.shape[1]))
    reason[:, early] = np.where(
        np.isnan(counts[:, early]), int(Reason.MISSING), int(Reason.HISTORY)
    )
    return reason


def _posterior(shape: Floats, rate: Floats, level: float) -> dict[str, Floats]:
    """Mean, standard deviation, interval and P(R > 1) of a mixture of gammas.

    Args:
        shape: ``(place, time)``.
        rate: ``(draw, place, time)``.
        level: Of the interval.
    """
    mean = shape / rate
    r = mean.mean(axis=0)
    variance = (shape / rate**2).mean(axis=0) + mean.var(axis=0)
    tails = (1 - level) / 2
    return {
        "r": r,
        "sd": np.sqrt(variance),
        "lower": _quantile(shape, rate, tails),
        "upper": _quantile(shape, rate, 1 - tails),
        "p_above_one": gamma.sf(1.0, shape, scale=1 / rate).mean(axis=0),
    }


def _quantile(shape: Floats, rate: Floats, share: float) -> Floats:
    """Quantile of the mixture, by halving between the least and the largest of its parts."""
    each: Floats = gamma.ppf(share, shape, scale=1 / rate)
    low: Floats
    high: Floats
    low, high = each.min(axis=0), each.max(axis=0)
    if len(rate) == 1:
        return low
    for _ in range(_STEPS):
        middle = (low + high) / 2
        below = gamma.cdf(middle, shape, scale=1 / rate).mean(axis=0) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def _dataset(
    grid: table.Grid, answer: dict[str, Floats], cases: Floats, reason: Codes,
    params: dict[str, object],
) -> xr.Dataset:  # fmt: skip
    silent = np.isin(reason, (int(Reason.MISSING), int(Reason.HISTORY), int(Reason.ALL_ZERO)))
    columns: dict[str, object] = {n: np.where(silent, np.nan, v) for n, v in answer.items()}
    columns["cases"] = cases
    columns["reason"] = LABELS[reason]
    assert tuple(columns) == COLUMNS
    return xr.Dataset(
        {name: (("place", "time"), values) for name, values in columns.items()},
        coords={"place": np.array(grid.places, dtype=object), "time": grid.calendar.times()},
        attrs={
            "source": SOURCE, "verified": VERIFIED, "period": grid.calendar.step,
            "problems": grid.problems,
            **{f"param_{name}": value for name, value in params.items()},
        },
    )  # fmt: skip
