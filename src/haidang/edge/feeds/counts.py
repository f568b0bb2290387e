"""Counts from a CSV file: long, wide, or one row to a case; cells stay texts until judged."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from haidang.base.errors import BadData
from haidang.base.problem import Problem


def read_counts(path: Path) -> pd.DataFrame:
    """Read a table of counts as texts, so that a code such as ``01`` keeps its zero.

    Args:
        path: UTF-8 CSV with a header line: ``place, start, value``; or ``start`` and a column for
            each place; or ``place, start`` with one row to a case.

    Raises:
        BadData: As `read_rows`; or no column is called ``start``.
    """
    table = read_rows(path)
    if "start" not in table.columns:
        raise BadData(Problem("watch.columns", {"missing": "start"}, file=path.name, row=1))
    return table


def read_people(path: Path) -> pd.DataFrame | dict[str, float]:
    """Read a population: a table like the counts, or numbers by place (``place, value``).

    Raises:
        BadData: As `read_rows`; or a number by place is none, or a column is missing.
    """
    table = read_rows(path)
    if "start" in table.columns:
        return table
    if not {"place", "value"} <= set(table.columns):
        missing = ", ".join({"place", "value"} - set(table.columns))
        raise BadData(Problem("watch.columns", {"missing": missing}, file=path.name, row=1))
    people: dict[str, float] = {}
    for i, (place, text) in enumerate(zip(table["place"], table["value"], strict=True)):
        try:
            people[str(place).strip()] = float(text)
        except ValueError as err:
            said = {"value": text}
            raise BadData(Problem("watch.number", said, path.name, i + 2, "value")) from err
    return people


def read_rows(path: Path) -> pd.DataFrame:
    """Read a CSV file as texts.

    Raises:
        BadData: The file cannot be read, is empty, is separated by semicolons, or has a row with
            more cells than the header.
    """
    name = path.name
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadData(Problem("feed.unreadable", {"why": err}, file=str(path))) from err
    header = text.partition("\n")[0]
    if ";" in header and "," not in header:
        raise BadData(Problem("feed.semicolons", {}, file=name, row=1))
    try:
        # The python engine would take the first cells of a longer row for an index, in silence.
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False,
            skip_blank_lines=False, on_bad_lines="error", header=None,
        )  # fmt: skip
    except pd.errors.EmptyDataError as err:
        raise BadData(Problem("watch.empty", {}, file=name)) from err
    except pd.errors.ParserError as err:
        raise BadData(Problem("watch.ragged", {"why": err}, file=name)) from err
    table.columns = pd.Index([str(c).strip() for c in table.iloc[0]])
    return table.iloc[1:].reset_index(drop=True)
