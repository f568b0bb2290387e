"""Backtests on real series; writes ``docs/reference/backtests.md``.

    python tests/jobs/backtest_real.py SHARED docs/reference/backtests.md

SHARED is the folder with ``data/influenza`` and ``data/dengue``. Every figure of the page is
measured by this program.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from haidang.watch import hubverse
from haidang.watch.backtest import Backtest, backtest, summarise

LAST_TARGET = "2024-04-13"
MODELS = (
    "ensemble", "pooled_growth", "ets", "theta", "seasonal_naive", "climatology", "persistence",
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
        theirs.assign(target="wk inc flu hosp", output_type="quantile"), horizons=(0, 1, 2, 3)
    )
    names = list(dict.fromkeys(table["place"]))
    baseline = given["forecast"].reindex(place=names).to_numpy()
    made = backtest(
        table, horizon=4, models=models, others={"FluSight-baseline": baseline},
        baseline="random_walk_quantiles", places=names,
    )  # fmt: skip
    ours = made.forecasts["time"].to_numpy() + np.timedelta64(7, "D")
    assert (ours == given["time"].to_numpy()).all(), "a vintage stands beside another's forecast"
    about = (
        f"{len(ours)} reference dates from {str(ours[0])[:10]} to {str(ours[-1])[:10]}, "
        f"{len(names)} locations, horizons 0 to 3, target weeks to {LAST_TARGET}; from the "
        "vintage of the week before the reference date; natural scale."
    )
    return Case("Influenza admissions, United States 2023/24", about, made, "FluSight-baseline")


def cases(shared: Path) -> Iterator[Case]:
    """All backtests of the page."""
    flu = shared / "data" / "influenza"
    yield flusight(
        pd.read_parquet(flu / "target_vintages_2023_24.parquet"),
        pd.read_parquet(flu / "flusight_baseline_2023_24.parquet"),
        MODELS,
    )


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


def main(argv: Sequence[str]) -> int:
    """Write the page."""
    shared, out = Path(argv[0]), Path(argv[1])
    text = []
    for case in cases(shared):
        text += lines(case)
        print("\n".join(lines(case)), flush=True)
    out.write_text("\n".join(text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
