"""How far an impact may be off, and which input that hangs on.

Hazard, exposure and vulnerability each carry a factor that is not known but for its distribution.
The factors are drawn in the scheme of Saltelli et al. (2010), Computer Physics Communications 181,
259-270, on a scrambled Sobol sequence; every draw is a run of the engine. From them come the
distribution of the outcome and the indices of Sobol (2001), Mathematics and Computers in Simulation
55, 271-280: S1, the share of the variance that one factor explains alone, and ST, with all it does
together with others, each with the half width of its bootstrap interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import ModuleType
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.risk.engine.change import changed
from haidang.risk.engine.curves import Curves
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.exposed import Exposed
from haidang.risk.engine.join import MAX_KM
from haidang.risk.engine.result import Impacts, ranked
from haidang.risk.engine.run import Adjust, ManyCurves, Rule, impacts, listed

Floats = NDArray[np.float64]
Acts = Literal["hazard", "frequency", "exposure", "vulnerability", "curve"]
Shape = Literal["uniform", "triangular", "normal", "lognormal"]
_SALIB = {"uniform": "unif", "triangular": "triang", "normal": "norm", "lognormal": "lognorm"}
_NUMBERS = {"uniform": 2, "triangular": 3, "normal": 2, "lognormal": 2}
Outcome = Callable[[Impacts], float]


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor that is not known.

    Attributes:
        name: For tables.
        acts: On what: ``hazard`` multiplies intensities, ``frequency`` how often events come,
            ``exposure`` values, ``vulnerability`` shares (never above 1), ``curve`` the intensity
            that the curve needs for the same share (1.1: everything withstands 10 % more).
        shape: ``uniform`` (low, high), ``triangular`` (low, most likely, high), ``normal`` (mean,
            standard deviation) or ``lognormal`` (mean and standard deviation of the logarithm).
        numbers: Of the shape.
        category: Whose values or curves; None is all.
        peril: Which of several perils; the first is 0.
    """

    name: str
    acts: Acts
    shape: Shape
    numbers: tuple[float, ...]
    category: str | None = None
    peril: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no distribution of a factor.

        Raises:
            BadData: An unknown word; another number of numbers than the shape has; numbers that do
                not ascend, a width that is not above 0, or factors that could be negative.
        """
        if self.acts not in get_args(Acts):
            self._refuse("impact.factor_word", given=self.acts, known=", ".join(get_args(Acts)))
        if self.shape not in _NUMBERS:
            self._refuse("impact.factor_word", given=self.shape, known=", ".join(_NUMBERS))
        n = self.numbers
        good = len(n) == _NUMBERS[self.shape] and all(np.isfinite(n))
        if good and self.shape in ("normal", "lognormal"):
            good = n[1] > 0
        elif good:
            good = all(a <= b for a, b in pairwise(n))
            good = good and 0 <= n[0] < n[-1] and (self.shape == "uniform" or n[-2] < n[-1])
        if not good:
            self._refuse("impact.factor_numbers", shape=self.shape, given=list(n))

    def _refuse(self, code: str, **params: object) -> None:
        raise BadData(Problem(code, {"name": self.name, **params}, field=self.name))

    @property
    def bounds(self) -> list[float]:
        """As SALib writes them: a triangle is low, high and where its peak lies between, 0 to 1."""
        if self.shape != "triangular":
            return list(self.numbers)
        low, peak, high = self.numbers
        return [low, high, (peak - low) / (high - low)]


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """What many runs gave.

    Attributes:
        draws: One row an independent draw: the factors and the outcomes.
        indices: One row an outcome and factor: ``S1``, ``S1_conf``, ``ST``, ``ST_conf``. NaN where
            the outcome does not vary or is not known in some run.
        runs: How many runs of the engine.
    """

    draws: pd.DataFrame
    indices: pd.DataFrame
    runs: int

    def quantiles(self, q: Sequence[float] = (0.05, 0.5, 0.95)) -> pd.DataFrame:
        """Of each outcome over the draws, as draws: rows are outcomes, columns the quantiles."""
        outcomes = list(self.indices["outcome"].unique())
        rows = [ranked(self.draws[name].to_numpy(), list(q)) for name in outcomes]
        return pd.DataFrame(rows, pd.Index(outcomes, name="outcome"), pd.Index(list(q), name="q"))


def sensitivity(
    perils: EventSet | Sequence[EventSet],
    assets: Exposed,
    curves: Curves | ManyCurves,
    factors: Sequence[Factor],
    *,
    outcomes: Mapping[str, Outcome] | None = None,
    samples: int = 256,
    seed: int = 1,
    rule: Rule = "most_severe",
    max_km: float = MAX_KM,
) -> Sensitivity:
    """Run the engine over draws of the factors.

    Args:
        perils: As `impacts`, like the next two and the last two.
        assets: What is exposed.
        curves: Damage curves.
        factors: What is not known.
        outcomes: Numbers of interest by name, each a function of the impact; the expected impact
            of each category if left out.
        samples: Base draws, a power of 2; the engine runs ``samples * (factors + 2)`` times.
        seed: Of the scrambling and the bootstrap: the same seed gives the same answer.
        rule: How several perils meet.
        max_km: How far an asset may lie from its point.

    Raises:
        Unavailable: SALib is not installed; the extra that has it is named.
        BadData: No factor, two of one name or one named as an outcome, a number of samples that is
            no power of 2, a category or peril that there is not, a draw below 0; or as `impacts`.
    """
    sample, analyze = _salib()
    sets = [perils] if isinstance(perils, EventSet) else list(perils)
    asked = listed(curves)
    wanted: Mapping[str, Outcome] = outcomes or {c: _expected(c) for c in assets.categories}
    _fit(factors, sets, assets, samples, wanted)
    names = [f.name for f in factors]
    problem = {
        "num_vars": len(factors),
        "names": names,
        "bounds": [f.bounds for f in factors],
        "dists": [_SALIB[f.shape] for f in factors],
    }
    drawn = sample.sample(problem, samples, calc_second_order=False, scramble=True, seed=seed)
    for f, column in zip(factors, drawn.T, strict=True):
        if not np.all(np.isfinite(column) & (column >= 0)):
            params = {"name": f.name, "value": float(np.min(column))}
            raise BadData(Problem("impact.factor_negative", params, field=f.name))
    said = np.empty((len(drawn), len(wanted)))
    for i, row in enumerate(drawn):
        found = _run(row, factors, sets, assets, asked, rule, max_km)
        said[i] = [float(of(found)) for of in wanted.values()]
    # Of each block of factors + 2 rows the first and the last are drawn by themselves.
    block = len(factors) + 2
    alone = np.isin(np.arange(len(drawn)) % block, (0, block - 1))
    draws = pd.DataFrame(np.hstack([drawn[alone], said[alone]]), columns=[*names, *wanted])
    tables = [_indices(analyze, problem, n, y, seed) for n, y in zip(wanted, said.T, strict=True)]
    return Sensitivity(draws, pd.concat(tables, ignore_index=True), len(drawn))


def _salib() -> tuple[ModuleType, ModuleType]:
    try:
        from SALib.analyze import sobol as analyze  # noqa: PLC0415 - an extra
        from SALib.sample import sobol as sample  # noqa: PLC0415
    except ImportError as error:
        raise Unavailable(Problem("impact.extra", {"extra": "sensitivity"})) from error
    return sample, analyze


def _expected(category: str) -> Outcome:
    return lambda found: found.expected(category)


def _fit(
    factors: Sequence[Factor],
    sets: Sequence[EventSet],
    assets: Exposed,
    samples: int,
    wanted: Iterable[str],
) -> None:
    names = [f.name for f in factors]
    if not names or len({*names, *wanted}) != len(names) + len([*wanted]):
        raise BadData(Problem("impact.factor_names", {"names": ", ".join(names)}, field="factors"))
    if samples < 2 or samples & (samples - 1):  # noqa: PLR2004
        raise BadData(Problem("impact.samples", {"given": samples}, field="samples"))
    for f in factors:
        if f.category is not None:
            assets.index(f.category)
        if not 0 <= f.peril < len(sets):
            params = {"what": "peril", "given": f.peril, "count": len(sets)}
            raise BadData(Problem("impact.count", params, field=f.name))
        if f.acts == "frequency" and sets[0].frequency is None:
            raise BadData(Problem("impact.no_frequency", {}, field=f.name))


def _run(
    row: Floats,
    factors: Sequence[Factor],
    sets: list[EventSet],
    assets: Exposed,
    asked: list[Curves],
    rule: Rule,
    max_km: float,
) -> Impacts:
    strength, often = [1.0] * len(sets), 1.0
    value = np.ones(len(assets.categories))
    stretch = np.ones((len(sets), len(assets.categories)))
    scale = np.ones((len(sets), len(assets.categories)))
    for f, x in zip(factors, row, strict=True):
        at = slice(None) if f.category is None else assets.index(f.category)
        if f.acts == "hazard":
            strength[f.peril] *= x
        elif f.acts == "frequency":
            often *= x
        elif f.acts == "exposure":
            value[at] *= x
        elif f.acts == "vulnerability":
            scale[f.peril, at] *= x
        else:
            stretch[f.peril, at] *= x
    used = sets
    if often != 1 and sets[0].frequency is not None:
        used = [replace(s, frequency=sets[0].frequency * often) for s in sets]
    held = replace(assets, values=assets.values * value[:, None])
    curves = [
        _by_category(given, assets.categories, stretch[h], scale[h])
        for h, given in enumerate(asked)
    ]
    adjust = [Adjust(factor=s) for s in strength]
    return impacts(used, held, curves, rule=rule, max_km=max_km, adjust=adjust)


def _by_category(
    given: Curves, categories: Sequence[str], stretch: Floats, scale: Floats
) -> Curves:
    """Changed curves: one for all where all change alike, else by category."""
    if np.ptp(stretch) == 0 and np.ptp(scale) == 0:
        if stretch[0] == 1 and scale[0] == 1:
            return given
        found: Curves = changed(given, stretch=float(stretch[0]), scale=float(scale[0]))
        return found
    own: dict[str, Any] = {}
    for k, c in enumerate(categories):
        one = given[c] if isinstance(given, Mapping) and c in given else given
        own[c] = changed(one, stretch=float(stretch[k]), scale=float(scale[k]))
    return own


def _indices(
    analyze: ModuleType, problem: Mapping[str, Any], name: str, y: Floats, seed: int
) -> pd.DataFrame:
    table = pd.DataFrame({"outcome": name, "factor": problem["names"]})
    columns = ("S1", "S1_conf", "ST", "ST_conf")
    if np.isnan(y).any() or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return table.assign(**dict.fromkeys(columns, np.nan))
    found = analyze.analyze(problem, y, calc_second_order=False, seed=seed)
    return table.assign(**{c: np.asarray(found[c], np.float64) for c in columns})
