"""``hd.nowcast``: how many there will be once every report has come.

The delay is that of `haidang.watch.delay` (Lawless 1994). Given what is known of a period, C, and
the share F that is usually known by now, what is still to come is counted as Höhle & an der Heiden
(2014), "Bayesian nowcasting during the STEC O104:H4 outbreak in Germany, 2011", Biometrics 70,
993-1002, do: the mean of the period is a gamma variable, here with the place's own recent level as
its mean, so that

    mean | C ~ gamma(a + C, b + F),     still to come | C ~ negative binomial.

With a = b = 0 this is Lawless' C / F: it says of a place without a report that nothing will come,
with certainty, and of thousands of small communes that is most of them. The level decides where
little is known and is outvoted where much is.

A count that may be a slip (decision 44) stands as it is reported: nothing is expected to come
beside it, and neither the delay nor the level is learned from it.

The variance adds to that of the negative binomial what the delay itself varies and is uncertain
by. Where totals fall, the final count may lie below what is known: its quantiles are then those of
what the estimate missed past final counts by, over all places at the same delay, in standard
deviations; with fewer than `FEWEST_ERRORS` of them it is a gamma variable with that mean and
variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import gamma, nbinom, poisson

from haidang.base.errors import BadData
from haidang.watch.calendar import Ints, Step
from haidang.watch.delay import SHARINGS, Delays, Sharing, estimate
from haidang.watch.level import recent
from haidang.watch.method import LABELS, Codes, Floats, Param, Reason
from haidang.watch.triangle import Kind, Triangle, read_triangle

SOURCE: Final = "Lawless 1994, Can. J. Stat. 22, 15; Höhle & an der Heiden 2014, Biometrics 70, 993"
VERIFIED: Final = True
"""The delay and C / F are those of R's `surveillance::nowcast`; see the tests."""
Level = Literal["recent", "none"]
LEVELS: Final[tuple[str, ...]] = ("recent", "none")
COLUMNS: Final = ("value", "expected", "median", "lower", "upper", "completeness", "reason")
SETTLED: Final = 12
"""So many periods followed to their end without one case: nothing is expected to come. The rate is
then below 3 in so many periods with 95 % (the rule of three); that so many are enough is an
assumption."""
FEWEST_ERRORS: Final = 40
"""So many past errors show their own distribution."""

PARAMS: Final = (
    Param("max_delay", None, "D", low=1, high=400, optional=True),
    Param("window", None, "m", low=3, high=10_000, optional=True),
    Param("level", 0.9, "", low=0.0, high=1.0, open_low=True, open_high=True),
    Param("sharing", "partial", "", choices=SHARINGS),
    Param("prior", "recent", "", choices=LEVELS),
)


@dataclass(frozen=True)
class Nowcast:
    """What is expected; arrays are ``(place, time)``.

    Attributes:
        expected: Mean of the final count.
        variance: Of the final count, given what is known.
        completeness: Share of the final count that is usually known by now.
        reason: A `Reason`.
        falls: Whether totals fall, so that the final count may lie below what is known.
        errors: For each delay what such estimates missed by; see `Delays`.
    """

    expected: Floats
    variance: Floats
    completeness: Floats
    reason: Codes
    falls: bool
    errors: tuple[Floats, ...] = ()


def nowcast(
    reports: pd.DataFrame,
    *,
    as_of: object = None,
    max_delay: int | None = None,
    window: int | None = None,
    level: float = 0.9,
    sharing: Sharing = "partial",
    prior: Level = "recent",
    kind: Kind | None = None,
    period: Step | None = None,
    places: Sequence[str] | None = None,
    file: str = "",
) -> xr.Dataset:
    """Estimate the newest periods from reports that come late.

    Args:
        reports: A long table with ``place``, ``start``, ``reported`` (or ``received``, or
            ``published``) and, but for a list of cases, ``value``; see
            `haidang.watch.triangle` for its forms.
        as_of: What was reported later is not known yet; None is the day of the newest report.
        max_delay: Periods after which a number is final; what comes later counts as if it came
            then. None is 14 days, 8 weeks or 6 months.
        window: The delay is learned from the reports of so many newest periods. None is three
            times ``max_delay``, at least 12.
        level: Probability that the interval is to hold the final count with.
        sharing: ``partial``: a place has its own delay as far as its reports tell it, else that
            of all places; ``all``: all have the same; ``none``: each has its own.
        prior: ``recent``: what the place had lately counts where little is known yet; ``none``:
            only what is known and the delay (Lawless).
        kind: ``totals``, ``cases`` or ``new``; None takes ``totals`` where there is a column
            ``value``, else ``cases``.
        period: ``day``, ``week`` or ``month``; None finds out; must be given for cases.
        places: The places that there should be.
        file: Name of the file that ``reports`` is from, for problems.

    Returns:
        Over ``(place, time)``, from the first period to that of ``as_of``: ``value``, what is
        known; ``expected``, the mean of the final count, ``median``, and ``lower`` and ``upper``
        with the probability ``level`` between them; ``completeness``, the share that is usually
        known by now (above 1 where numbers are usually corrected downwards); ``reason``:
        ``missing`` where nothing was said of the period, ``history`` where too few periods with
        cases were followed to their end, ``all_zero`` where the delay cannot be learned because
        nothing ever came: then nothing is expected to come. ``attrs["problems"]`` holds what could
        not be used.

    Raises:
        BadData: As `haidang.watch.triangle.read_triangle`; a parameter is out of its range.
    """
    given: dict[str, object] = {
        "max_delay": max_delay, "window": window, "level": level, "sharing": sharing,
        "prior": prior,
    }  # fmt: skip
    if wrong := [w for p in PARAMS if (w := p.problem(given[p.name])) is not None]:
        raise BadData(*wrong)
    triangle = read_triangle(
        reports, max_delay=max_delay, window=window, as_of=as_of, kind=kind, step=period,
        places=places, file=file,
    )  # fmt: skip
    found = from_triangle(triangle, sharing, prior)
    used = {**given, "max_delay": triangle.max_delay, "window": triangle.window}
    return _dataset(triangle, found, used, level)


def from_triangle(triangle: Triangle, sharing: Sharing, prior: Level) -> Nowcast:
    """Estimate every period of a triangle.

    Args:
        triangle: As `read_triangle` makes it.
        sharing: As in `nowcast`.
        prior: As in `nowcast`.
    """
    delays = estimate(triangle.known, triangle.window, sharing)
    shape = triangle.value.shape
    expected, variance = triangle.value.copy(), np.zeros(shape)
    completeness, reason = np.ones(shape), np.zeros(shape, np.int8)
    age = np.arange(shape[1] - 1, -1, -1)
    newest = slice(int(np.argmax(age < triangle.max_delay)), None)
    now = _at(delays, age[newest])
    known = triangle.value[:, newest]
    if prior == "recent":
        a, b = _prior(triangle.known, delays, triangle.window, known.shape[1])
        mean, spread = _with_level(known, now, a, b)
    else:
        mean, spread = _alone(known, now)
    expected[:, newest], variance[:, newest], completeness[:, newest] = mean, spread, now.share
    unknown = ~np.isfinite(mean) | ~np.isfinite(spread)
    expected[:, newest][unknown] = variance[:, newest][unknown] = np.nan
    reason[:, newest][unknown] = int(Reason.HISTORY)
    if triangle.slips is not None:
        odd = triangle.slips[:, newest] & ~unknown
        expected[:, newest][odd], variance[:, newest][odd] = known[odd], 0.0
    settled = unknown & _nothing_ever_came(triangle)[:, None]
    expected[:, newest][settled] = variance[:, newest][settled] = 0.0
    completeness[:, newest][settled] = 1.0
    reason[:, newest][settled] = int(Reason.ALL_ZERO)
    missing = np.isnan(triangle.value)
    reason[missing] = int(Reason.MISSING)
    expected[missing] = variance[missing] = np.nan
    return Nowcast(expected, variance, completeness, reason, delays.falls, delays.errors)


def _nothing_ever_came(triangle: Triangle) -> NDArray[np.bool_]:
    """Places that were followed for `SETTLED` periods and reported nothing but 0."""
    full, known = triangle.value, triangle.known
    with np.errstate(invalid="ignore"):
        some = (full > 0).any(axis=1) | (known > 0).any(axis=(1, 2))
    followed = np.isfinite(known[:, :, -1]).sum(axis=1)
    return np.asarray(~some & (followed >= SETTLED))


def _at(delays: Delays, age: Ints) -> Delays:
    return Delays(
        delays.share[:, age], delays.linear[:, age], delays.square[:, age], delays.error[:, age],
        delays.falls, delays.still[age],
    )  # fmt: skip


def _prior(known: Floats, delays: Delays, window: int, newest: int) -> tuple[Floats, Floats]:
    """Shape and rate of the mean of each of the newest periods; see `haidang.watch.level`."""
    rows = known.shape[1]
    age = np.minimum(np.arange(rows - 1, -1, -1), known.shape[2] - 1)
    last = slice(max(0, rows - max(window, newest)), None)
    now = known[:, np.arange(rows), age][:, last]
    a, b = recent(now, delays.share[:, age][:, last], delays.square[:, age][:, last])
    return a[:, -newest:], b[:, -newest:]


def _alone(known: Floats, now: Delays) -> tuple[Floats, Floats]:
    """Mean and variance of the final count by the delay alone: C / F (Lawless 1994)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(now.still, known, known / now.share)
        floor = np.where(now.falls & (known == 0), 0.5, 0.0)
        return mean, (mean + floor) * now.linear + mean**2 * (now.square + now.error)


def _with_level(known: Floats, now: Delays, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the final count by the delay and the recent level of the place.

    ``trust`` is how far the count outvotes the level; a share that varies by itself (``square``)
    is trusted less. The mean is lifted by what an uncertain share does to its inverse.
    """
    f = now.share
    with np.errstate(divide="ignore", invalid="ignore"):
        vague = now.square + now.error
        trust = f / (f + b + a * vague * f)
        rate = trust * known / f + (1 - trust) * a / b
        rate = np.where(f > 0, rate, a / b)
        open_ = np.maximum(0.0, 1 - f)
        rest = open_ * rate + rate * vague * trust
        within = open_ * rate + open_**2 * rate**2 * (trust**2 / (rate * f) + (1 - trust) ** 2 / a)
        total = np.minimum(f, 1.0) + open_ * trust
        more = np.maximum(0.0, now.linear - open_ / f)
        spread = within + rate**2 * vague * total**2 + rate * more
        falls = _alone(known, now)
    # Numbers that are usually corrected downwards are not waited for.
    over = (f >= 1) | now.still
    return np.where(over, falls[0], known + rest), np.where(over, falls[1], spread)


def quantile(found: Nowcast, value: Floats, share: float) -> Floats:
    """A quantile of the final count, a whole number; NaN where nothing is expected.

    Args:
        found: Mean and variance.
        value: What is known, ``(place, time)``.
        share: In (0, 1).
    """
    result = np.where(np.isnan(found.expected), np.nan, value)
    mean, variance = found.expected, found.variance
    open_ = np.isfinite(mean) & (variance > 0) & (mean > 0)
    m, v = mean[open_], variance[open_]
    if found.falls:
        exact = gamma.ppf(share, m**2 / v, scale=v / m)
        age = np.broadcast_to(np.arange(value.shape[1] - 1, -1, -1), value.shape)[open_]
        for d, errors in enumerate(found.errors):
            if len(errors) >= FEWEST_ERRORS:
                here = age == d
                exact[here] = np.maximum(0.0, m[here] + _rank(errors, share) * np.sqrt(v[here]))
        result[open_] = np.rint(exact)
    else:
        rest = np.maximum(m - value[open_], 1e-12)
        wide = v > rest * (1 + 1e-9)
        size = np.where(wide, rest**2 / np.where(wide, v - rest, 1.0), 1.0)
        count = np.where(
            wide, nbinom.ppf(share, size, size / (size + rest)), poisson.ppf(share, rest)
        )
        result[open_] = value[open_] + count
    return cast("Floats", result)


def _rank(errors: Floats, share: float) -> float:
    """Quantile of past errors, a little outwards: the next one is not among them."""
    n = len(errors)
    return float(np.quantile(errors, min(1.0, max(0.0, 0.5 + (share - 0.5) * (n + 1) / n))))


def _dataset(
    triangle: Triangle, found: Nowcast, params: dict[str, object], level: float
) -> xr.Dataset:
    tail = (1 - level) / 2
    columns = {
        "value": triangle.value,
        "expected": found.expected,
        "median": quantile(found, triangle.value, 0.5),
        "lower": quantile(found, triangle.value, tail),
        "upper": quantile(found, triangle.value, 1 - tail),
        "completeness": found.completeness,
        "reason": LABELS[found.reason],
    }
    assert tuple(columns) == COLUMNS
    return xr.Dataset(
        {name: (("place", "time"), values) for name, values in columns.items()},
        coords={
            "place": np.array(triangle.places, dtype=object), "time": triangle.calendar.times(),
        },
        attrs={
            "source": SOURCE, "verified": VERIFIED, "period": triangle.calendar.step,
            "kind": triangle.kind, "as_of": str(triangle.as_of), "problems": triangle.problems,
            **{f"param_{name}": value for name, value in params.items()},
        },
    )  # fmt: skip
