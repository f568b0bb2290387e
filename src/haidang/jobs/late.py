"""Files of late reports and of counts: what is to be expected, and how fast it spreads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import xarray as xr

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.counts import read_counts
from haidang.watch.calendar import Step
from haidang.watch.delay import Sharing
from haidang.watch.detect import detect
from haidang.watch.incomplete import LIMIT
from haidang.watch.nowcast import Level, nowcast
from haidang.watch.reproduction import reproduction
from haidang.watch.signal import State
from haidang.watch.triangle import Kind

_PAIR: Final = 2
_ONCE: Final = ("value", "reason", "completeness", "nowcast", "nowcast_lower", "nowcast_upper")
"""Columns of a judged nowcast that the nowcast itself has, or that stand under another name."""


@dataclass(frozen=True)
class Answered:
    """What came of a file.

    Attributes:
        found: As the verb gives it.
        shown: Rows for the screen, the most telling first.
        path: The tidy table of everything.
        problems: What of the file could not be used.
        counts: A table ``place, start, value`` of what is expected in the end, for other commands.
    """

    found: xr.Dataset
    shown: pd.DataFrame
    path: Path
    problems: tuple[Problem, ...]
    counts: Path | None = None


def nowcast_file(
    file: Path,
    folder: Path,
    *,
    as_of: str | None = None,
    max_delay: int | None = None,
    window: int | None = None,
    level: float = 0.9,
    sharing: Sharing = "partial",
    prior: Level = "recent",
    kind: Kind | None = None,
    period: Step | None = None,
    method: str | None = None,
) -> Answered:
    """Estimate the newest periods of a file of reports, and judge them if asked.

    Args:
        file: CSV with ``place, start, reported`` and, but for cases, ``value``.
        folder: Where the tables go: everything as ``<name of the file>-nowcast.csv``, and what is
            expected in the end as a table of counts, ``<name of the file>-expected.csv``.
        as_of: As in `haidang.watch.nowcast.nowcast`, and so the others.
        max_delay: See there.
        window: See there.
        level: See there.
        sharing: See there.
        prior: See there.
        kind: See there.
        period: See there.
        method: A detector that judges the nowcast; its columns are added to the table.

    Raises:
        NotFound: No such method.
        BadData: The file or a setting cannot be used.
        Unavailable: The table cannot be written.
    """
    found = nowcast(
        read_counts(file), as_of=as_of, max_delay=max_delay, window=window, level=level,
        sharing=sharing, prior=prior, kind=kind, period=period, file=file.name,
    )  # fmt: skip
    tidy = found.to_dataframe().reset_index()
    problems = found.attrs["problems"]
    if method is not None:
        judged = detect(found, method, file=file.name)
        own = [c for c in judged.data_vars if c not in _ONCE]
        beside = judged.to_dataframe().reset_index()[["place", "time", *own]]
        renamed = beside.rename(columns={c: f"detect_{c}" for c in ("expected", "upper")})
        tidy = tidy.merge(renamed, on=["place", "time"], how="left")
        tidy["judged"] = (
            judged["reason"]
            .to_series()
            .reindex(pd.MultiIndex.from_frame(tidy[["place", "time"]]))
            .to_numpy()
        )
        problems = judged.attrs["problems"]
    path = _write(tidy, folder / f"{file.stem}-nowcast.csv")
    expected = tidy[["place", "time", "median"]]
    expected = expected.rename(columns={"time": "start", "median": "value"}).dropna()
    counts = _write(expected, folder / f"{file.stem}-expected.csv")
    newest = tidy[(tidy["completeness"] - 1).abs() > 1 - LIMIT]
    if method is not None:
        rank = newest["state"].map({State.RAISED: 0, State.NO_DATA: 1}).fillna(2)
        newest = newest.assign(_rank=rank)
        newest = newest.sort_values(["_rank", "time", "expected"], ascending=[True, False, False])
    else:
        newest = newest.sort_values(["time", "expected"], ascending=False)
    return Answered(found, newest, path, problems, counts)


def reproduction_file(
    file: Path,
    folder: Path,
    serial_interval: str,
    *,
    window: int | None = None,
    level: float = 0.95,
    uncertain: str | None = None,
    period: Step | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Answered:
    """Estimate the reproduction number from a file of counts.

    Args:
        file: As `read_counts` takes it.
        folder: Where the table goes, as ``<name of the file>-reproduction.csv``.
        serial_interval: Numbers with commas: mean and standard deviation, or probabilities.
        window: As in `haidang.watch.reproduction.reproduction`, and so the others.
        level: See there.
        uncertain: Two numbers with a comma.
        period: See there.
        progress: Told (draws done, draws).

    Raises:
        BadData: The file or a setting cannot be used.
        Unavailable: The table cannot be written.
    """
    interval = _numbers(serial_interval, "watch.serial_interval", "serial_interval")
    pair = None
    if uncertain is not None:
        two = _numbers(uncertain, "watch.pair_positive", "uncertain")
        if len(two) != _PAIR:
            raise BadData(Problem("watch.pair_positive", {"value": uncertain}, field="uncertain"))
        pair = (two[0], two[1])
    found = reproduction(
        read_counts(file), interval, window=window, level=level, uncertain=pair, period=period,
        file=file.name, progress=progress,
    )  # fmt: skip
    tidy = found.to_dataframe().reset_index()
    path = _write(tidy, folder / f"{file.stem}-reproduction.csv")
    newest = tidy[tidy["time"] == tidy["time"].max()]
    return Answered(
        found,
        newest.sort_values(["p_above_one", "r"], ascending=False, na_position="last"),
        path,
        found.attrs["problems"],
    )


def _numbers(text: str, code: str, field: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as err:
        raise BadData(Problem(code, {"value": text}, field=field)) from err


def _write(tidy: pd.DataFrame, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tidy.to_csv(path, index=False)
    except OSError as err:
        why = err.strerror or str(err)
        raise Unavailable(Problem("cli.unwritable", {"why": why}, file=str(path))) from err
    return path
