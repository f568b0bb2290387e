"""How often the nowcast's interval holds the final count: simulated triangles and real vintages.

    python tests/watch/study_late.py VINTAGES.parquet > docs/reference/nowcast-study.md

Without a file only the simulation runs. Every draw is from a fixed seed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import haidang as hd
from haidang.watch.calendar import Calendar
from haidang.watch.nowcast import from_triangle, quantile
from haidang.watch.triangle import Triangle

LEVEL = 0.9
SHARES = (0.25, 0.30, 0.20, 0.10, 0.08, 0.04, 0.03)
"""Of the cases of a week that come in it, one week later, and so on."""
WEEKS, WINDOW = 40, 24


@dataclass(frozen=True)
class Scenario:
    """How counts and delays vary.

    Attributes:
        title: In words.
        growth: Of the logarithm in a week, over the last eight weeks.
        weeks_vary: Shape of the gamma factor of each week's mean; 0 is none.
        delay_varies: Sum of the parameters of the beta share of each week; 0 is none.
        places_differ: Standard deviation between places of the logit of each share.
    """

    title: str
    growth: float = 0.0
    weeks_vary: float = 0.0
    delay_varies: float = 0.0
    places_differ: float = 0.0


SCENARIOS = (
    Scenario("Poisson counts, one delay"),
    Scenario("the last eight weeks grow by 20 % a week", growth=np.log(1.2)),
    Scenario("the last eight weeks grow by 50 % a week", growth=np.log(1.5)),
    Scenario("weeks vary beyond Poisson (variance mean + mean² / 5)", weeks_vary=5.0),
    Scenario("the delay varies from week to week (beta, sum 20)", delay_varies=20.0),
    Scenario("places differ in their delay", places_differ=0.5, delay_varies=50.0),
)
MEANS = (0.3, 1, 5, 50, 500)
JUDGED = (2, 10, 50)


def simulate(scenario: Scenario, mean: float, places: int, chance: np.random.Generator):
    """What is known of each week after each delay, ``(place, week, delay)``."""
    late = np.maximum(0, np.arange(WEEKS) - (WEEKS - 8))
    rate = np.full((places, WEEKS), mean) * np.exp(scenario.growth * late)
    if scenario.weeks_vary:
        rate = rate * chance.gamma(scenario.weeks_vary, 1 / scenario.weeks_vary, rate.shape)
    left = chance.poisson(rate)
    shares = np.array(SHARES)
    hazard = shares / np.cumsum(shares[::-1])[::-1]
    shift = chance.normal(0, scenario.places_differ, (places, 1))
    known, total = np.zeros((places, WEEKS, len(SHARES))), np.zeros((places, WEEKS))
    for d, p in enumerate(hazard):
        now = np.ones(left.shape)
        if d < len(SHARES) - 1:
            now = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + shift))) * now
            if scenario.delay_varies:
                sum_ = scenario.delay_varies
                now = chance.beta(now * sum_, (1 - now) * sum_)
        came = chance.binomial(left, now)
        left, total = left - came, total + came
        known[:, :, d] = total
    return known


def held(known, prior: str) -> np.ndarray:
    """Share of intervals that hold the final count, by age of the week from 0 on."""
    places, weeks, delays = known.shape
    age = np.arange(weeks - 1, -1, -1)
    seen = np.where(np.arange(delays) > age[:, None], np.nan, known)
    value = known[:, np.arange(weeks), np.minimum(age, delays - 1)]
    calendar = Calendar("week", "calendar", weeks, date(2024, 1, 1))
    names = tuple(map(str, range(places)))
    triangle = Triangle(value, seen, names, calendar, date(2024, 10, 6), "new", WINDOW, ())
    found = from_triangle(triangle, "partial", prior)
    low, high = (quantile(found, value, q) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    final = known[:, :, -1]
    inside = (low <= final) & (final <= high)
    told = np.isfinite(found.expected)
    return np.array([inside[told[:, -1 - a], -1 - a].mean() for a in range(delays - 1)])


def simulated(places: int = 300, repeats: int = 10, seed: int = 1) -> Iterator[dict[str, object]]:
    """A row for every scenario and mean."""
    for scenario in SCENARIOS:
        for mean in MEANS:
            chance = np.random.default_rng([seed, len(scenario.title), int(10 * mean)])
            many = [simulate(scenario, mean, places, chance) for _ in range(repeats)]
            row: dict[str, object] = {"scenario": scenario.title, "mean": mean}
            for prior in ("recent", "none"):
                shares = np.mean([held(k, prior) for k in many], axis=0)
                row |= {f"{prior}_{a}": shares[a] for a in range(3)}
            yield row


def judged(
    mean: float, factor: float, places: int = 300, weeks: int = 330, seed: int = 1
) -> Iterator[dict[str, object]]:
    """The newest three weeks by `farrington_flexible`: nowcast, face value, and the final count.

    Args:
        mean: Of a place and week.
        factor: By how much the newest three weeks of one place in ten are larger.
        places: So many.
        weeks: So many, the last three with the outbreak.
        seed: Of the draws.
    """
    chance = np.random.default_rng([seed, int(10 * mean), int(10 * factor)])
    rate = np.full((places, weeks), float(mean))
    some = max(1, places // 10) if factor > 1 else places
    rate[:some, -3:] *= factor
    came = chance.multinomial(chance.poisson(rate), SHARES)
    p, t, d = np.meshgrid(*map(np.arange, came.shape), indexing="ij")
    start = pd.Timestamp("2018-01-01") + pd.to_timedelta(7 * t.ravel(), "D")
    table = pd.DataFrame(
        {
            "place": np.char.add("p", p.ravel().astype(str)), "start": start,
            "reported": start + pd.to_timedelta(7 * d.ravel() + 6, "D"), "value": came.ravel(),
        }
    )  # fmt: skip
    now = pd.Timestamp("2018-01-01") + pd.Timedelta(days=7 * weeks - 1)
    made = hd.nowcast(table, as_of=now, max_delay=len(SHARES) - 1, kind="new")
    final = made["value"].copy(data=came.sum(axis=2).astype(float))
    found, face, truth = (
        hd.detect(x, last=3)["state"].isel(place=slice(some)) for x in (made, made["value"], final)
    )
    for age in range(3):
        at = {"time": -1 - age}
        row = {s: float((found.isel(at) == s).mean()) for s in ("raised", "no_data", "quiet")}
        yield {
            "age": age, **row, "face": float((face.isel(at) == "raised").mean()),
            "final": float((truth.isel(at) == "raised").mean()),
        }  # fmt: skip


def wis(found: pd.DataFrame) -> pd.Series:
    """Weighted interval score of a median and one interval (Bracher et al. 2021)."""
    alpha = 1 - LEVEL
    below = np.maximum(found["lower"] - found["final"], 0)
    above = np.maximum(found["final"] - found["upper"], 0)
    interval = found["upper"] - found["lower"] + 2 / alpha * (below + above)
    middle = (found["median"] - found["final"]).abs()
    return (0.5 * middle + alpha / 2 * interval) / 1.5


def vintages(file: Path, max_delay: int, ages: int = 4, every: int = 1) -> pd.DataFrame:
    """Nowcasts as of each vintage beside what the last vintage says.

    Args:
        file: Columns ``as_of``, ``date``, ``location``, ``value``: totals as they stood.
        max_delay: Weeks.
        ages: So many of the newest weeks.
        every: Only every so many-th vintage.
    """
    told = pd.read_parquet(file).rename(
        columns={"location": "place", "date": "start", "as_of": "reported"}
    )
    told = told[told["place"] != "US"]
    days = sorted(told["reported"].unique())
    final = told[told["reported"] == days[-1]].set_index(["place", "start"])["value"]
    parts = []
    for day in days[8 : len(days) - max_delay : every]:
        found = hd.nowcast(told, as_of=day, max_delay=max_delay)
        rows = found.isel(time=slice(-ages, None)).to_dataframe().reset_index()
        rows["age"] = (pd.Timestamp(day) - rows["time"]).dt.days // 7
        rows["start"] = rows["time"].dt.strftime("%Y-%m-%d")
        parts.append(rows.join(final.rename("final"), on=["place", "start"]))
    found = pd.concat(parts)
    found = found[found["final"].notna() & found["expected"].notna()]
    found["held"] = (found["lower"] <= found["final"]) & (found["final"] <= found["upper"])
    found["wis"] = wis(found)
    found["face"] = (found["value"] - found["final"]).abs()
    return found


def page(file: Path | None, **how: int) -> str:
    """The page of the reference."""
    said = [
        "# The nowcast, checked", "",
        "Made by `python tests/watch/study_late.py VINTAGES.parquet`. How often the interval for "
        f"{LEVEL:.0%} of [a nowcast](nowcast.md) holds the final count.", "",
        "## Simulated triangles", "",
        "300 places and 40 weeks, ten times; a quarter of the cases is known in its week, all "
        "after six. By mean count of a place and week, and by age of the week. At small means a "
        "count is one of a few numbers and an interval cannot hold exactly nine tenths.", "",
        "| Scenario | Mean | age 0 | age 1 | age 2 | `none`: 0 | 1 | 2 |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in simulated(**how):
        shares = (row[f"{p}_{a}"] for p in ("recent", "none") for a in range(3))
        said.append(
            f"| {row['scenario']} | {row['mean']:g} | "
            + " | ".join(f"{s:.2f}" for s in shares)
            + " |"
        )
    said += [
        "", "The last three columns are Lawless alone (`prior=\"none\"`): of a place without a "
        "report it expects none, with certainty.", "",
    ]  # fmt: skip
    said += [
        "## Judged", "",
        "300 places of Poisson counts over 330 weeks, the delay as above, judged by "
        "`farrington_flexible`. In another 600 the newest three weeks of one place in ten are "
        "three times as large, and these places are looked at. Share of places in each state when "
        "the nowcast is judged, and share that is raised at face value and by the counts as they "
        "will be.", "",
        "| Mean | Newest weeks | Age | `raised` | `no_data` (open) | `quiet` "
        "| raised at face value | raised in the end |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for mean in JUDGED:
        for factor in (1.0, 3.0):
            for row in judged(mean, factor, places=how.get("places", 300 if factor == 1 else 600)):
                shares = (row[n] for n in ("raised", "no_data", "quiet", "face", "final"))
                kind = "as ever" if factor == 1 else "three times"
                said.append(
                    f"| {mean:g} | {kind} | {row['age']} | "
                    + " | ".join(f"{s:.2f}" for s in shares)
                    + " |"
                )
    said.append("")
    if file is not None:
        said += [
            "## Real vintages", "",
            "Weekly admissions with influenza in 52 US states and territories, 2023/24, as they "
            "stood at each of the weeks from November to the end of the season (FluSight hub). "
            "Numbers are revised both ways. Against what the last vintage says, which also holds "
            "what came after the largest delay. WIS: of the median and the interval; of the "
            "report at face value it is its absolute error.", "",
            "| Largest delay | Age | Held | WIS | Face value | WIS / face value | Revised down |",
            "|---|---|---|---|---|---|---|",
        ]  # fmt: skip
        for most in (4, 6, 8):
            for age, rows in vintages(file, most).groupby("age"):
                down = (rows["final"] < rows["value"]).mean()
                said.append(
                    f"| {most} | {age} | {rows['held'].mean():.2f} | {rows['wis'].mean():.2f} | "
                    f"{rows['face'].mean():.2f} | {rows['wis'].mean() / rows['face'].mean():.2f} | "
                    f"{down:.2f} |"
                )
    return "\n".join(said) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
