"""Every method on the 42 scenarios of Noufaily et al. (2013): false positives and power.

    PYTHONPATH=src:tests python -m watch.study_scenarios [--series 100] [--paired 200]

Writes ``docs/reference/scenarios.md`` between its marks. Nothing in it depends on the machine.

The false-positive rate is the share of the tested weeks that alarm in series without an outbreak
there; the power the share of outbreaks with an alarm from the first case to the last, over sizes
of 1 to 10 standard deviations. "At equal rate" takes for every scenario that bound of the
method's own probability (or score) at which it alarms no more often than the flexible Farrington
does there.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from haidang.watch import simulate
from haidang.watch.combine import learned
from haidang.watch.method import NO_DATA, Found, Reason
from watch import trial

SEED = 90210
PAIRED_SEED = 6021023
JUDGED = (5, 6, 7)
LEVELS = (0.05, 0.01)
REPLICATES = 400
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md"
START = simulate.TESTED[0]
REFERENCE = "farrington_flexible"

METHODS = {
    "farrington_flexible": ("farrington_flexible", {}),
    "farrington_flexible, muan": ("farrington_flexible", {"threshold": "muan"}),
    "farrington_flexible, delta": ("farrington_flexible", {"threshold": "delta"}),
    "farrington": ("farrington", {}),
    "ears_c1": ("ears_c1", {}),
    "ears_c2": ("ears_c2", {}),
    "ears_c3": ("ears_c3", {}),
    "bayes": ("bayes", {}),
    "rki": ("rki", {}),
    "cusum": ("cusum", {"baseline": START}),
    "glr_poisson": ("glr_poisson", {"baseline": START}),
    "glr_negbin": ("glr_negbin", {"baseline": START}),
    "outbreakp": ("outbreakp", {}),
    "endemic_channel": ("endemic_channel", {}),
    "endemic_percentile": ("endemic_percentile", {}),
    "combined": ("combined", {}),
}
CHARTS = ("cusum", "glr_poisson", "glr_negbin", "outbreakp")
"""They remember: run over all tested weeks, also for an outbreak in the last."""
NO_RATE = ("glr_poisson", "glr_negbin", "outbreakp")
"""Their statistic begins anew after an alarm, or never falls: no other bound can be read off it."""


def unusual(found: Found) -> np.ndarray:
    """``(series, at)``: the larger the less likely, −∞ where the method cannot alarm."""
    p = found.p_value
    with np.errstate(divide="ignore"):
        value = found.score if np.isnan(p).all() else -np.log(p)
    cannot = np.isin(found.reason, (*NO_DATA, Reason.FEW_CASES))
    return np.where(cannot | np.isnan(value), -np.inf, value)


@dataclass
class Tried:
    """One method on one scenario.

    Attributes:
        rate: False-positive rate as it is set.
        quiet: ``(series, week)`` of `unusual`.
        hit: ``(size, series)``: 1 found, 0 not, NaN no case; as it is set.
        delay: ``(size, series)`` weeks from the first case to the alarm, NaN where not found.
        most: ``(size, series, week of the outbreak)`` of `unusual`, −∞ beyond the last.
    """

    rate: float
    quiet: np.ndarray
    hit: np.ndarray
    delay: np.ndarray
    most: np.ndarray = field(repr=False)


WEEKS = 12


def attempt(label: str, made: trial.Sample) -> Tried:
    """Run a method on a sample."""
    name, given = METHODS[label]
    params = trial.settled(name, given)
    found = trial.judge(name, made.quiet, trial.TESTED, params)
    series = len(made.base)
    shape = (len(made.outbreaks), series)
    hit, delay = np.full(shape, np.nan), np.full(shape, np.nan)
    most = np.full((*shape, WEEKS), -np.inf)
    for s, outbreaks in enumerate(made.outbreaks.values()):
        counts = made.base + outbreaks.cases

        def run(part: np.ndarray, at: np.ndarray) -> np.ndarray:
            what = trial.judge(name, part, trial.TESTED if name in CHARTS else at, params)
            values = np.stack([what.alarm.astype(float), unusual(what)], axis=-1)
            return values[:, at - START] if name in CHARTS else values

        for first, which, values in trial.during(run, counts, outbreaks):
            weeks = np.arange(values.shape[1])
            inside = first + weeks <= outbreaks.last[which][:, None]
            alarm = (values[:, :, 0] > 0) & inside
            hit[s, which] = alarm.any(axis=1)
            delay[s, which] = np.where(alarm.any(axis=1), alarm.argmax(axis=1), np.nan)
            cut = min(WEEKS, len(weeks))
            most[s, which, :cut] = np.where(inside, values[:, :, 1], -np.inf)[:, :cut]
    return Tried(float(found.alarm.mean()), unusual(found), hit, delay, most)


def several(
    scenario: simulate.Scenario, series: int, seed: int, labels: tuple[str, ...]
) -> list[Tried]:
    """Run some methods on a sample of a scenario."""
    made = trial.sample(scenario, series, seed)
    return [attempt(label, made) for label in labels]


def bound(quiet: np.ndarray, rate: float) -> float:
    """The least value that at most a share ``rate`` of the quiet periods exceed."""
    at = quiet.size - 1 - int(np.floor(rate * quiet.size))
    return float(np.partition(quiet, at, axis=None)[at])


def at_rate(tried: Tried, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """``(size, series)`` hits and delays with the method's bound moved to a false-positive rate."""
    above = tried.most > bound(tried.quiet, rate)
    hit = np.where(np.isnan(tried.hit), np.nan, above.any(axis=-1))
    return hit, np.where(above.any(axis=-1), above.argmax(axis=-1), np.nan)


def reference_at(tried: Tried, alpha: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Rate, hits and delays of the flexible Farrington at another alpha: the fit is the same."""
    level = -np.log(alpha)
    above = tried.most > level
    hit = np.where(np.isnan(tried.hit), np.nan, above.any(axis=-1))
    delay = np.where(above.any(axis=-1), above.argmax(axis=-1), np.nan)
    return float((tried.quiet > level).mean()), hit, delay


# --- the paired comparison ----------------------------------------------------------------------


@dataclass(frozen=True)
class Paired:
    """Ours and the flexible Farrington on the same outbreaks, at the same false-positive rate.

    Attributes:
        alpha: Setting of the flexible Farrington.
        rate: Its false-positive rate.
        ours_rate: Ours as shipped, at the same setting.
        power: Of the flexible Farrington.
        shipped: Ours as shipped.
        equal: Ours at equal rate.
        low: Of the difference equal − power, 2.5 %.
        high: 97.5 %.
        low_scenarios: The same, whole scenarios drawn anew.
        high_scenarios: The same.
        first: Share found in the week of the first case, the flexible Farrington.
        equal_first: Ours at equal rate.
        sooner: Mean of its delay − ours, weeks, over outbreaks that both find; and interval.
        by_set: Difference by set.
    """

    alpha: float
    rate: float
    ours_rate: float
    power: float
    shipped: float
    equal: float
    low: float
    high: float
    low_scenarios: float
    high_scenarios: float
    first: float
    equal_first: float
    sooner: tuple[float, float, float]
    by_set: dict[int, float]


def compare(
    alpha: float,
    series: int,
    seed: int,
    chosen: list[simulate.Scenario],
    pairs: list[list[Tried]],
) -> Paired:
    """Compare; ``pairs`` are (flexible Farrington, ours) on ``series`` series of each scenario."""
    ours_level = learned().level(alpha)
    rng = np.random.default_rng([seed, 1])
    rows = []
    for theirs, ours in pairs:
        rate, hit, delay = reference_at(theirs, alpha)
        equal, equal_delay = at_rate(ours, rate)
        # As shipped: p at most the level.
        above = ours.most >= -np.log(ours_level)
        shipped = np.where(np.isnan(ours.hit), np.nan, above.any(axis=-1))
        rows.append(
            {
                "rate": rate, "ours_rate": float((ours.quiet >= -np.log(ours_level)).mean()),
                "power": np.nanmean(hit), "shipped": np.nanmean(shipped),
                "equal": np.nanmean(equal),
                "first": np.nanmean(np.where(hit == 1, delay == 0, hit)),
                "equal_first": np.nanmean(np.where(equal == 1, equal_delay == 0, equal)),
                "sooner": np.nanmean(delay - equal_delay),
            }
        )  # fmt: skip
    mean = {n: float(np.mean([r[n] for r in rows])) for n in rows[0]}
    gains = np.array([r["equal"] - r["power"] for r in rows])
    drawn, sooner = [], []
    for _ in range(REPLICATES):
        gain, soon = [], []
        for theirs, ours in pairs:
            # Whole series are drawn: the ten outbreaks on one series belong together. The quiet
            # series are drawn anew too, so the bounds' own error is in the interval.
            quiet = rng.integers(series, size=series)
            some = rng.integers(series, size=series)
            level = -np.log(alpha)
            rate = (theirs.quiet[quiet] > level).mean()
            limit = bound(ours.quiet[quiet], rate)
            known = ~np.isnan(theirs.hit[:, some])
            a = theirs.most[:, some] > level
            b = ours.most[:, some] > limit
            hit_a, hit_b = a.any(axis=-1), b.any(axis=-1)
            gain.append(hit_b[known].mean() - hit_a[known].mean())
            both = hit_a & hit_b & known
            soon.append((a.argmax(axis=-1) - b.argmax(axis=-1))[both].mean())
        drawn.append(np.mean(gain))
        sooner.append(np.mean(soon))
    whole = gains[rng.integers(len(gains), size=(REPLICATES, len(gains)))].mean(axis=1)
    return Paired(
        alpha, mean["rate"], mean["ours_rate"], mean["power"], mean["shipped"], mean["equal"],
        *map(float, np.quantile(drawn, [0.025, 0.975])),
        *map(float, np.quantile(whole, [0.025, 0.975])), mean["first"], mean["equal_first"],
        (mean["sooner"], *map(float, np.quantile(sooner, [0.025, 0.975]))),
        {s: float(np.mean([g for g, c in zip(gains, chosen, strict=True) if c.set == s]))
         for s in {c.set for c in chosen}},
    )  # fmt: skip


# --- the page -----------------------------------------------------------------------------------


def percent(value: float) -> str:
    return "" if np.isnan(value) else f"{100 * value:.1f}"


def signed(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def summary(tried: dict[str, list[Tried]]) -> list[str]:
    """One row to each method: rate, power as set, power at equal rate, delay."""
    lines = ["| Method | False positives % | Power % | At equal rate % | Delay, weeks |",
             "|---|---|---|---|---|"]  # fmt: skip
    reference = tried[REFERENCE]
    for label, parts in tried.items():
        equal = np.nan
        if METHODS[label][0] not in NO_RATE:
            equal = np.mean(
                [np.nanmean(at_rate(t, r.rate)[0]) for t, r in zip(parts, reference, strict=True)]
            )
        if label == REFERENCE:
            equal = np.mean([np.nanmean(t.hit) for t in parts])
        delay = np.nanmean(np.concatenate([t.delay.ravel() for t in parts]))
        lines.append(
            f"| `{label.replace(', ', '`, `')}` | {percent(np.mean([t.rate for t in parts]))} "
            f"| {percent(np.mean([np.nanmean(t.hit) for t in parts]))} | {percent(equal)} "
            f"| {delay:.2f} |"
        )
    return lines


def per_scenario(tried: dict[str, list[Tried]], scenarios: list[simulate.Scenario]) -> list[str]:
    """False positives / power of every method, one row to each scenario."""
    head = " | ".join(f"`{n.replace(', ', '`, `')}`" for n in tried)
    lines = [f"| Scenario | {head} |", "|---" * (len(tried) + 1) + "|"]
    for i, scenario in enumerate(scenarios):
        cells = " | ".join(
            f"{percent(parts[i].rate)} / {percent(np.nanmean(parts[i].hit))}"
            for parts in tried.values()
        )
        lines.append(f"| {scenario.name} | {cells} |")
    return lines


def by_size(tried: dict[str, list[Tried]]) -> list[str]:
    """Power by size of the outbreak."""
    lines = ["| Method | " + " | ".join(map(str, trial.SIZES)) + " |",
             "|---" * (len(trial.SIZES) + 1) + "|"]  # fmt: skip
    for label, parts in tried.items():
        power = np.mean([np.nanmean(t.hit, axis=1) for t in parts], axis=0)
        lines.append(f"| `{label.replace(', ', '`, `')}` | {' | '.join(map(percent, power))} |")
    return lines


def paired_rows(found: list[Paired]) -> list[str]:
    lines = [
        "| | " + " | ".join(f"`alpha` {p.alpha:g}" for p in found) + " |",
        "|---" * (len(found) + 1) + "|",
    ]
    sets = sorted(found[0].by_set)
    said = [
        ("False positives, flexible Farrington %", lambda p: percent(p.rate)),
        ("False positives, `combined` as it is set %", lambda p: percent(p.ours_rate)),
        ("Power, flexible Farrington %", lambda p: percent(p.power)),
        ("Power, `combined` as it is set %", lambda p: percent(p.shipped)),
        ("Power, `combined` at equal rate %", lambda p: percent(p.equal)),
        ("**Difference at equal rate, points**", lambda p: f"**{signed(p.equal - p.power)}**"),
        ("95 % interval, series drawn anew", lambda p: f"{signed(p.low)} to {signed(p.high)}"),
        ("95 % interval, scenarios drawn anew",
         lambda p: f"{signed(p.low_scenarios)} to {signed(p.high_scenarios)}"),
        *((f"Difference, set {s}", lambda p, s=s: signed(p.by_set[s])) for s in sets),
        ("Found in the week of the first case, flexible Farrington %", lambda p: percent(p.first)),
        ("The same, `combined` at equal rate %", lambda p: percent(p.equal_first)),
        ("Sooner, weeks, where both find it (95 % interval)",
         lambda p: f"{p.sooner[0]:+.3f} ({p.sooner[1]:+.3f} to {p.sooner[2]:+.3f})"
         .replace("-", "−")),
    ]  # fmt: skip
    return lines + [f"| {n} | {' | '.join(f(p) for p in found)} |" for n, f in said]


def rare(series: int, seed: int, labels=tuple(METHODS)) -> list[str]:
    """False alarms where most weeks are empty, and many more are than a Poisson mean allows.

    A share of the weeks is empty whatever the mean (zero-inflated Poisson); no outbreak at all.
    """
    places = [(0.02, 0.0), (0.1, 0.0), (0.1, 0.5), (0.5, 0.5), (0.5, 0.8), (2.0, 0.8)]
    names = [f"{mean:g}, {100 * share:g} %" for mean, share in places]
    lines = ["| Method | " + " | ".join(names) + " |", "|---" * (len(places) + 1) + "|"]
    made = []
    for i, (mean, share) in enumerate(places):
        rng = np.random.default_rng([seed, i])
        there = rng.random((series, simulate.WEEKS)) >= share
        made.append(rng.poisson(mean / (1 - share), there.shape) * there.astype(float))
    for label in labels:
        name, given = METHODS[label]
        params = trial.settled(name, given)
        rates = [trial.judge(name, y, trial.TESTED, params).alarm.mean() for y in made]
        cells = " | ".join(f"{100 * r:.2f}" for r in rates)
        lines.append(f"| `{label.replace(', ', '`, `')}` | {cells} |")
    return lines


def study(
    series: int,
    paired: int,
    rare_series: int,
    scenarios=simulate.SCENARIOS,
    labels=tuple(METHODS),
    spread=map,
):
    """All tables, by the name of their mark in the page.

    ``spread`` is as `map`; over processes it gives the same, sooner.
    """
    chosen = list(scenarios)
    run = partial(several, series=series, seed=SEED, labels=tuple(labels))
    parts = list(spread(run, chosen))
    tried = {n: [p[i] for p in parts] for i, n in enumerate(labels)}
    judged = [s for s in chosen if s.set in JUDGED]
    run = partial(several, series=paired, seed=PAIRED_SEED, labels=(REFERENCE, "combined"))
    pairs = list(spread(run, judged))
    run = partial(compare, series=paired, seed=PAIRED_SEED, chosen=judged, pairs=pairs)
    found = list(spread(run, LEVELS))
    return {
        "summary": summary(tried),
        "paired": paired_rows(found),
        "size": by_size(tried),
        "rare": rare(rare_series, SEED, labels),
        "scenarios": per_scenario(tried, chosen),
        "run": [
            f"`PYTHONPATH=src:tests python -m watch.study_scenarios --series {series} "
            f"--paired {paired} --rare {rare_series}`; seeds {SEED} and {PAIRED_SEED}."
        ],
    }  # fmt: skip


def put(page: str, tables: dict[str, list[str]]) -> str:
    """The page with its tables between ``<!-- name -->`` and ``<!-- /name -->``."""
    for name, lines in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        head, rest = page.split(begin)
        page = head + begin + "\n" + "\n".join(lines) + "\n\n" + end + rest.split(end, 1)[1]
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--paired", type=int, default=200)
    parser.add_argument("--rare", type=int, default=400)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.processes) as pool:
        tables = study(asked.series, asked.paired, asked.rare, spread=pool.map)
    PAGE.write_text(put(PAGE.read_text("utf-8"), tables), "utf-8")
    print("\n".join(tables["summary"] + tables["paired"]))


if __name__ == "__main__":
    main()
