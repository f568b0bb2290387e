"""A file of counts judged by one method, and the answer as a tidy table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import xarray as xr

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.counts import read_counts, read_people, read_rows
from haidang.watch.calendar import Step, Year
from haidang.watch.detect import detect, find
from haidang.watch.method import Param
from haidang.watch.signal import State

WORST: Final = 8
"""Places that are named as those that stand out most."""


@dataclass(frozen=True)
class Judged:
    """What was found.

    Attributes:
        found: As `haidang.watch.detect.detect` gives it.
        raised: Its rows that are raised, those of the newest period first, the least likely first.
        newest: How many places are in each state in the newest period.
        worst: The places that stand out most in the newest period, at most `WORST`.
        path: The tidy table.
        problems: What of the file could not be used.
    """

    found: xr.Dataset
    raised: pd.DataFrame
    newest: Mapping[str, int]
    worst: tuple[str, ...]
    path: Path
    problems: tuple[Problem, ...]


def judge_file(
    file: Path,
    method: str,
    folder: Path,
    settings: Sequence[str] = (),
    *,
    last: int | None = None,
    period: Step | None = None,
    year: Year | None = None,
    coordinates: Path | None = None,
    population: Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Judged:
    """Judge a CSV file.

    Args:
        file: As `read_counts` takes it.
        method: Name of a method.
        folder: Where the table goes, as ``<name of the file>-<method>.csv``; clusters, where the
            method looks for them, as ``<name of the file>-<method>-clusters.csv``.
        settings: Parameters as ``name=value``.
        last: Only so many of the newest periods.
        period: Length of a period; None finds out.
        year: As in `detect`.
        coordinates: CSV file with ``place, lat, lon``, for methods that ask where places lie.
        population: CSV file with ``place, value`` or like the counts, for methods that take one.
        progress: Told (places done, places).

    Raises:
        NotFound: No such method.
        BadData: The file or a setting cannot be used.
        Unavailable: The table cannot be written.
    """
    params = read_settings(method, find(method).params, settings)
    # Its own lines are named: the file of the counts and this one are not the same.
    where = None if coordinates is None else read_rows(coordinates)
    found = detect(
        read_counts(file), method, last=last, period=period, year=year, file=file.name,
        coordinates=where, coordinates_file="" if coordinates is None else coordinates.name,
        population=None if population is None else read_people(population),
        progress=progress, **params,
    )  # fmt: skip
    tidy = found.to_dataframe().reset_index()
    path = written(tidy, folder / f"{file.stem}-{method}.csv")
    if (clusters := found.attrs.get("clusters")) is not None:
        listed = clusters.assign(places=clusters["places"].map("|".join))
        written(listed, folder / f"{file.stem}-{method}-clusters.csv")
    raised = tidy[tidy["state"] == State.RAISED].sort_values(
        ["time", "p_value", "score"], ascending=[False, True, False], kind="stable"
    )
    now = tidy[tidy["time"] == tidy["time"].max()]
    newest = now["state"].value_counts()
    counted = {s.value: int(newest.get(s.value, 0)) for s in State}
    return Judged(found, raised, counted, _worst(now), path, found.attrs["problems"])


def _worst(now: pd.DataFrame) -> tuple[str, ...]:
    """Places that are raised come first, then by p-value and score; unknown ones are no worse."""
    known = now[now["state"] != State.NO_DATA]
    ranked = known.assign(calm=known["state"] != State.RAISED).sort_values(
        ["calm", "p_value", "score"], ascending=[True, True, False], kind="stable"
    )
    return tuple(ranked["place"].astype(str).head(WORST))


def read_settings(method: str, known: Sequence[Param], settings: Sequence[str]) -> dict[str, Any]:
    """Parameters from texts such as ``alpha=0.01``.

    Raises:
        BadData: A text is no setting, or the method has no such parameter; without this it could
            be taken for one of the function's own arguments.
    """
    by_name = {p.name: p for p in known}
    params: dict[str, Any] = {}
    for text in settings:
        name, value = _setting(text)
        if name not in by_name:
            said = {"method": method, "known": ", ".join(by_name)}
            raise BadData(Problem("watch.param_unknown", said, field=name))
        params[name] = _read(value, by_name[name])
    return params


def written(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV.

    Raises:
        Unavailable: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False)
    except OSError as err:
        why = err.strerror or str(err)
        raise Unavailable(Problem("cli.unwritable", {"why": why}, file=str(path))) from err
    return path


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise BadData(Problem("watch.setting", {"value": text}, field="--set"))
    return name, value


def _read(value: str, param: Param) -> object:
    """A value as typed; what cannot be read as its kind stays a text, and is refused by it."""
    if value.lower() == "none" and param.optional:
        return None
    try:
        if isinstance(param.default, bool):
            return {"true": True, "false": False}[value.lower()]
        if isinstance(param.default, tuple):
            return tuple(int(v) for v in value.split(","))
        if not param.choices and param.whole:
            return int(value)
        if isinstance(param.default, float) or param.real:
            return float(value)
    except (ValueError, KeyError):
        return value
    return value
