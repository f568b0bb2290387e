"""The cells of a table that somebody made by hand: CSV or the first sheet of a workbook."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any, Final

UNPACKED_MAX: Final = 100_000_000
"""Bytes of a workbook's parts, unpacked; a list of a nation's communes has two million."""
WHOLE: Final = 1e14
"""Beyond it a spreadsheet's number has lost its last digits: it is shown as it is."""


def rows_of(path: Path) -> list[tuple[int, list[str]]]:
    """Lines of a file as an editor counts them, with their cells.

    Args:
        path: UTF-8 CSV, or XLSX.

    Raises:
        OSError, csv.Error, ValueError: It cannot be read.
    """
    if path.suffix.lower() == ".xlsx":
        return _sheet(path)
    return parse_csv(path.read_text("utf-8-sig"))


def parse_csv(text: str) -> list[tuple[int, list[str]]]:
    """Lines of a CSV; cells are parted by commas or, as in many countries, by semicolons."""
    head = text.lstrip().partition("\n")[0]
    parted = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=parted)
    return [(reader.line_num, cells) for cells in reader]


def _sheet(path: Path) -> list[tuple[int, list[str]]]:
    # Imported here: it takes a tenth of a second, and most inventories are CSV.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        with zipfile.ZipFile(path) as parts:
            if (size := sum(one.file_size for one in parts.infolist())) > UNPACKED_MAX:
                raise ValueError(f"{size:,} B > {UNPACKED_MAX:,} B")
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            return [
                (line, [_cell(value) for value in cells])
                for line, cells in enumerate(sheet.iter_rows(values_only=True), 1)
            ]
        finally:
            book.close()
    except Exception as err:
        # A damaged workbook fails in whichever library reads the broken part.
        raise ValueError(str(err) or type(err).__name__) from err


def _cell(value: Any) -> str:
    """A cell as a person would have typed it; a spreadsheet has no whole numbers of its own."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    return str(value)
