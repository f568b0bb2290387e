"""Make the invented tables of the tutorial: ``python make.py`` writes them beside this file.

Six invented communes of different size; a season that is highest in September; reports that come
days to weeks after a case. From late July 2024 on there is an outbreak in binh_minh. One cell is
wrong on purpose.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

PLACES = {
    "an_hoa": 6.0, "binh_minh": 8.0, "cam_son": 3.0, "dong_khe": 12.0, "giang_ha": 1.5,
    "hoa_loc": 20.0,
}  # fmt: skip
TODAY = pd.Timestamp("2024-08-14")
FIRST = pd.Timestamp("2018-01-01")
LISTED = pd.Timestamp("2023-08-07")
"""The list of cases begins here; weeks before are final."""


def cases(chance: np.random.Generator) -> pd.DataFrame:
    """Every case up to today, whether it is reported yet or not."""
    days = pd.date_range(FIRST, TODAY)
    turn = 2 * np.pi * (days.day_of_year.to_numpy() - 258) / 365.25
    season = np.exp(0.7 * np.cos(turn))
    rows = []
    for place, level in PLACES.items():
        rate = level / 7 * season * chance.gamma(40, 1 / 40, len(days))
        if place == "binh_minh":
            rate = rate * np.where(days >= "2024-07-29", 3.0, 1.0)
        onset = days.repeat(chance.poisson(rate))
        late = chance.negative_binomial(1.4, 1.4 / (1.4 + 8.0), len(onset))
        reported = onset + pd.to_timedelta(np.minimum(late, 42), "D")
        rows.append(pd.DataFrame({"place": place, "start": onset, "reported": reported}))
    return pd.concat(rows, ignore_index=True)


def tables() -> dict[str, str]:
    """The three files as text, by name."""
    everyone = cases(np.random.default_rng(20240814))
    known = everyone[everyone["reported"] <= TODAY]
    listed = known[known["start"] >= LISTED].sort_values(["reported", "start", "place"])
    monday = known["start"] - pd.to_timedelta(known["start"].dt.day_of_week, "D")
    weeks = pd.date_range(FIRST, TODAY - pd.Timedelta(days=9), freq="W-MON")
    counted = known.groupby([monday.rename("week"), "place"]).size()
    full = pd.MultiIndex.from_product([weeks, PLACES], names=["week", "place"])
    weekly = counted.reindex(full, fill_value=0).rename("value").reset_index()
    weekly["start"] = weekly["week"].dt.strftime("%GW%V")
    weekly["value"] = weekly["value"].astype(str)
    weekly.loc[(weekly["start"] == "2022W10") & (weekly["place"] == "cam_son"), "value"] = "ten"
    daily = everyone[everyone["start"] >= "2024-06-17"]
    by_day = daily.groupby(["start", "place"]).size().unstack(fill_value=0)
    by_day = by_day.reindex(pd.date_range("2024-06-17", TODAY), fill_value=0)
    by_day.index.name = "start"
    return {
        "weekly.csv": weekly[["place", "start", "value"]].to_csv(index=False),
        "late-reports.csv": listed.to_csv(index=False),
        "daily.csv": by_day.to_csv(),
    }


if __name__ == "__main__":
    for name, text in tables().items():
        (Path(__file__).parent / name).write_text(text, "utf-8")
        sys.stdout.write(f"{name}\n")
