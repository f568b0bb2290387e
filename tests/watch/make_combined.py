"""Fix the weights of the method `combined` and write ``src/haidang/watch/combined.json``.

    PYTHONPATH=src:tests python -m watch.make_combined [--series 400] [--screen 40]

Only sets 1 to 4 of the scenarios are used; what is gained is judged on sets 5 to 7 by
``study_scenarios.py`` with other seeds.

1. A logistic regression with no weight below zero: the periods of series without an outbreak
   against the first two weeks of outbreaks of 1 to 10 standard deviations. From there uphill to
   the greatest share of outbreaks found at the flexible Farrington's false-positive rates, of
   which not fewer than by that method in the week of the first case.
2. The score's distribution in series without an outbreak; a period with too few cases has none.
3. The false-positive rate of the flexible Farrington at several settings, on the same series.
4. With ``--screen``, the regression is repeated with every other method's evidence beside ours,
   and what it is given a weight for is printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from haidang.watch import combine, simulate
from haidang.watch.detectors import combined
from haidang.watch.method import Reason, Task
from watch import trial

SEED = 1062
SETS = (1, 2, 3, 4)
LAGS = 2
"""Weeks of an outbreak that are learned from: later ones are too late."""
ALPHAS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2)
GRID = (0.9, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.035, 0.025, 0.0175, 0.0125, 0.01, 0.007,
        0.005, 0.0035, 0.0025, 0.0015, 0.001, 0.0007, 0.0005, 0.0003, 0.0002, 0.0001)  # fmt: skip
LEAST = 50
"""So many periods must lie beyond the last probability of the grid."""
RIDGE = 1e-5
LONGEST = 8
"""Weeks of an outbreak that are kept."""
AIM = (0.05, 0.01)
"""Settings of the flexible Farrington at whose false-positive rates power is compared."""
STEPS = (0.2, 0.1, 0.05, 0.025)
PRICE = 3.0
"""What an outbreak less in the first week costs, in outbreaks found at all."""
ENOUGH = 2e-4
Run = Callable[[np.ndarray, np.ndarray], np.ndarray]
PATH = Path(combine.__file__).with_name("combined.json")
OTHERS = {
    "farrington_flexible": {}, "ears_c1": {}, "ears_c2": {}, "ears_c3": {}, "bayes": {},
    "rki": {}, "farrington": {}, "endemic_percentile": {},
    "cusum": {"baseline": simulate.TESTED[0]}, "glr_negbin": {"baseline": simulate.TESTED[0]},
}  # fmt: skip


def fit(quiet: np.ndarray, ill: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Weights of the features, none below zero.

    Args:
        quiet: ``(period, feature)`` without an outbreak.
        ill: ``(period, feature)`` in one.
        share: ``(period,)`` weight of each of these; they add up to the number of outbreaks.
    """
    x = np.concatenate([quiet, ill])
    y = np.concatenate([np.zeros(len(quiet)), np.ones(len(ill))])
    # As much weight to all outbreaks together as to all quiet periods.
    w = np.concatenate([np.ones(len(quiet)), share * len(quiet) / share.sum()])
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-12
    z = (x - middle) / spread

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        eta = b[0] + z @ b[1:]
        off = w * (1 / (1 + np.exp(-eta)) - y)
        value = np.mean(w * (np.logaddexp(0, eta) - y * eta)) + RIDGE * np.sum(b[1:] ** 2)
        slope = np.concatenate([[off.sum()], z.T @ off]) / len(y)
        return value, slope + 2 * RIDGE * np.concatenate([[0.0], b[1:]])

    bounds = [(None, None), *([(0, None)] * x.shape[1])]
    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x[1:] / spread


def few(counts: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Fewer than five cases in four weeks, as the methods ask for."""
    sums = sum(counts[:, at - i] for i in range(4))
    return sums < 5


def own(counts: np.ndarray, at: np.ndarray) -> np.ndarray:
    task = Task(np.ascontiguousarray(counts), at, trial.CALENDAR)
    return combined.features(task, trial.settled("combined", {}))


def others(counts: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A column to each other method: a normal score where it has a p-value, else its score."""
    columns = []
    for name, given in OTHERS.items():
        found = trial.judge(name, counts, at, trial.settled(name, given))
        p = found.extra.get("p_mid", found.p_value)
        p = np.where(np.isnan(p), found.p_value, p)
        column = found.score if np.isnan(p).all() else norm.isf(np.clip(p, 1e-300, 1 - 1e-3))
        columns.append(np.clip(np.nan_to_num(column, nan=0.0, posinf=30.0), -3, 30))
    return np.stack(columns, axis=-1)


@dataclass(frozen=True)
class Gathered:
    """Of one scenario.

    Attributes:
        quiet: ``(period, feature)`` without an outbreak.
        few: ``(period,)``: too few cases for an alarm.
        ill: ``(outbreak, week, feature)`` from the first case to the last, NaN beyond.
        ill_few: ``(outbreak, week)``: too few cases, or beyond the last.
    """

    quiet: np.ndarray
    few: np.ndarray
    ill: np.ndarray
    ill_few: np.ndarray


def gather(run: Run, series: int, seed: int, *, chart: bool) -> list[Gathered]:
    """Features of every scenario of `SETS`; ``chart``: they remember, so all weeks are run."""
    parts = []
    for scenario in simulate.SCENARIOS:
        if scenario.set not in SETS:
            continue
        made = trial.sample(scenario, series, seed)
        quiet = run(made.quiet, trial.TESTED)
        ill = np.full((series, LONGEST, quiet.shape[-1]), np.nan)
        without = np.ones((series, LONGEST), bool)
        for k, outbreaks in made.outbreaks.items():
            # A tenth of the series to each size: each series has one outbreak.
            mine = np.arange((k - 1) * series // 10, k * series // 10)
            counts = made.base[mine] + outbreaks.cases[mine]
            last = outbreaks.last[mine]
            part = simulate.Outbreaks(outbreaks.cases[mine], outbreaks.first[mine], last)
            whole = run(counts, trial.TESTED) if chart else None
            for first, which, found in trial.during(run if whole is None else few, counts, part):
                values = found
                if whole is not None:
                    values = whole[which][:, first - simulate.TESTED[0] :]
                weeks = min(LONGEST, found.shape[1])
                at = first + np.arange(weeks)
                ill[mine[which], :weeks] = values[:, :weeks]
                beyond = at > last[which][:, None]
                without[mine[which], :weeks] = beyond | few(counts[which], at)
                ill[mine[which][:, None], np.arange(weeks)] = np.where(
                    beyond[:, :, None], np.nan, ill[mine[which], :weeks]
                )
        some = ~np.isnan(ill).all(axis=(1, 2))
        parts.append(
            Gathered(
                quiet.reshape(-1, quiet.shape[-1]), few(made.quiet, trial.TESTED).ravel(),
                ill[some], without[some],
            )
        )  # fmt: skip
    return parts


def regress(parts: list[Gathered]) -> np.ndarray:
    """`fit` over all scenarios; an outbreak counts once, however long it lasts."""
    early = np.concatenate([g.ill[:, :LAGS] for g in parts])
    there = ~np.isnan(early).any(axis=-1)
    share = there / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return fit(np.concatenate([g.quiet for g in parts]), early[there], share[there])


def power(weights: np.ndarray, parts: list[Gathered], rates: np.ndarray) -> np.ndarray:
    """``(level, 2)`` share of outbreaks found, and found in the week of the first case.

    Args:
        weights: ``(feature,)``.
        parts: Of each scenario.
        rates: ``(scenario, level)`` false-positive rates that each scenario has.
    """
    found = np.zeros((rates.shape[1], 2))
    for g, rate in zip(parts, rates, strict=True):
        quiet = np.where(g.few, -np.inf, g.quiet @ weights)
        ill = np.where(g.ill_few, -np.inf, np.nan_to_num(g.ill) @ weights)
        for i, r in enumerate(rate):
            at = quiet.size - 1 - int(r * quiet.size)
            bound = np.partition(quiet, at)[at]
            found[i] += (ill.max(axis=1) > bound).mean(), (ill[:, 0] > bound).mean()
    return found / len(parts)


def climb(
    weights: np.ndarray, parts: list[Gathered], rates: np.ndarray, theirs: np.ndarray
) -> np.ndarray:
    """From the regression's weights to those that find most, and none later.

    The regression makes periods likely; what is asked for is that outbreaks are found. The last
    weeks find more, but later: what they alarm for leaves less for the first week. So the share
    found in the first week must not fall below that of the flexible Farrington.

    Args:
        weights: To begin from.
        parts: Of each scenario.
        rates: As for `power`.
        theirs: `power` of the flexible Farrington.
    """
    scale = np.concatenate([g.quiet for g in parts]).std(axis=0)

    def worth(share: np.ndarray) -> float:
        found, first = power(share / scale, parts, rates).T
        return float(np.mean(found - PRICE * np.maximum(0, theirs[:, 1] - first)))

    best = weights * scale / (weights * scale).sum()
    top = worth(best)
    for step in STEPS:
        moved = True
        while moved:
            moved = False
            for j, sign in product(range(len(best)), (1, -1)):
                tried = best.copy()
                tried[j] = max(0.0, tried[j] + sign * step)
                if tried.sum() == 0:
                    continue
                tried /= tried.sum()
                reached = worth(tried)
                if reached > top + ENOUGH:
                    best, top, moved = tried, reached, True
    return best / scale


def farrington(series: int, seed: int) -> np.ndarray:
    """``(scenario, alpha)`` false-positive rates of the flexible one, at `ALPHAS`."""
    rates = []
    for scenario in simulate.SCENARIOS:
        if scenario.set not in SETS:
            continue
        made = trial.sample(scenario, series, seed, sizes=())
        chosen = trial.settled("farrington_flexible", {})
        found = trial.judge("farrington_flexible", made.quiet, trial.TESTED, chosen)
        # A count lies above the bound at alpha where P(Y ≥ y) < alpha: the fit is the same.
        fine = found.reason != Reason.FEW_CASES
        rates.append([np.mean(fine & (found.p_value < a)) for a in ALPHAS])
    return np.array(rates)


def made_from(series: int, seed: int) -> dict[str, object]:
    """What is written."""
    parts = gather(own, series, seed, chart=False)
    rates = farrington(series, seed)
    regression = regress(parts)
    levels = np.maximum(rates[:, [ALPHAS.index(a) for a in AIM]], 1e-4)
    theirs = farrington_power(series, seed)
    weights = climb(regression, parts, levels, theirs)
    score = np.concatenate([np.where(g.few, -np.inf, g.quiet @ weights) for g in parts])
    # In standard deviations of the quiet periods: easier to read, and nothing depends on it.
    weights /= score[np.isfinite(score)].std()
    score /= score[np.isfinite(score)].std()
    grid = [p for p in GRID if p * len(score) >= LEAST]
    at = np.quantile(score, [1 - p for p in grid], method="higher")
    kept = [(float(s), p) for s, p in zip(at, grid, strict=True) if np.isfinite(s)]
    kept = [kept[0], *(b for a, b in pairwise(kept) if b[0] > a[0])]
    return {
        "weights": {n: round(float(w), 6) for n, w in zip(combine.FEATURES, weights, strict=True)},
        "null": {"score": [round(s, 6) for s, _ in kept], "p": [p for _, p in kept]},
        "farrington_flexible": {
            "alpha": list(ALPHAS), "rate": [round(float(r), 6) for r in rates.mean(axis=0)],
        },
        "made": {
            "command": f"python -m watch.make_combined --series {series}", "seed": seed,
            "sets": list(SETS), "series_of_each_scenario": series, "periods": len(score),
            "scenarios": "doi 10.1002/sim.5595",
            "found_and_found_at_once": {
                "alpha": list(AIM),
                "farrington_flexible": theirs.round(4).tolist(),
                "regression": power(regression, parts, levels).round(4).tolist(),
                "weights": power(weights, parts, levels).round(4).tolist(),
            },
        },
    }  # fmt: skip


def farrington_power(series: int, seed: int) -> np.ndarray:
    """`power` of the flexible one on the same outbreaks."""
    chosen = trial.settled("farrington_flexible", {})

    def levels(counts: np.ndarray, at: np.ndarray) -> np.ndarray:
        found = trial.judge("farrington_flexible", counts, at, chosen)
        return np.where(found.reason == Reason.FEW_CASES, 1.0, found.p_value)[:, :, None]

    parts = gather(levels, series, seed, chart=False)
    rows = [
        [[np.mean(np.nanmin(g.ill[:, :, 0], axis=1) < a), np.mean(g.ill[:, 0, 0] < a)] for a in AIM]
        for g in parts
    ]
    return np.mean(rows, axis=0)


def screen(series: int, seed: int) -> list[tuple[str, float]]:
    """Weights, in standard deviations of each, with every other method's evidence offered."""

    def both(counts: np.ndarray, at: np.ndarray) -> np.ndarray:
        return np.concatenate([own(counts, at), others(counts, at)], axis=-1)

    parts = gather(both, series, seed, chart=True)
    weights = regress(parts) * np.concatenate([g.quiet for g in parts]).std(axis=0)
    return list(zip((*combine.FEATURES, *OTHERS), weights, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--screen", type=int, default=0)
    asked = parser.parse_args()
    if asked.screen:
        for name, weight in screen(asked.screen, SEED + 1):
            print(f"{name:22}{weight:8.3f}")
        return
    found = made_from(asked.series, SEED)
    PATH.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found["weights"]), json.dumps(found["made"]))


if __name__ == "__main__":
    main()
