"""Pictures that a command writes beside its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.cli.show import language, out

if TYPE_CHECKING:
    import xarray as xr


def plot(found: xr.Dataset, place: str, table: Path) -> None:
    """Write one place as an SVG beside the table of all, and say where it lies.

    Raises:
        BadData: There is no such place.
        Unavailable: The file cannot be written.
    """
    from haidang.web.series_chart import draw  # noqa: PLC0415 - shapely waits

    path = table.with_name(f"{table.stem}-{re.sub(r'[^0-9A-Za-z_-]', '_', place)}.svg")
    _write(draw(found, place, language=language()), path)


def plot_worst(found: xr.Dataset, places: Sequence[str], path: Path) -> None:
    """Write several places as one SVG, and say where it lies.

    Raises:
        Unavailable: The file cannot be written.
    """
    from haidang.web.series_chart import sheet  # noqa: PLC0415 - shapely waits

    _write(sheet(found, places, language=language()), path)


def _write(drawn: str, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn, "utf-8")
    except OSError as err:
        why = err.strerror or str(err)
        raise Unavailable(Problem("cli.unwritable", {"why": why}, file=str(path))) from err
    out.print(f"  {path}", highlight=False, soft_wrap=True)
