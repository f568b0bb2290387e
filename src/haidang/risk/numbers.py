"""Tables of numbers as they are handed in: checked once, for every model of impact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem


def numbers(values: Any, field: str) -> NDArray[np.float64]:
    """Numbers that are zero or more, or missing.

    Args:
        values: A number, array, masked array, Series, DataFrame or DataArray.
        field: Named in what is wrong.

    Returns:
        The same shape in float64; NaN where a value is missing or masked.

    Raises:
        BadData: A text or a list where a number should be, a negative number or an infinite one;
            the first is named with its line, as in a file whose header is line 1.
    """
    raw = _plain(values, field)
    if raw.dtype.kind not in "iufO":
        raise BadData(Problem("impact.text", {"value": raw.ravel()[:1].tolist()}, field=field))
    try:
        if raw.dtype.kind == "O" and any(isinstance(v, str) for v in raw.ravel()):
            raise TypeError
        if raw.dtype.kind == "O":
            raw = np.where(pd.isna(raw), np.nan, raw)
        found = raw.astype(np.float64)
    except (TypeError, ValueError):
        at = next(i for i, v in enumerate(raw.ravel()) if isinstance(v, str) or np.ndim(v) > 0)
        problem = Problem("impact.text", {"value": raw.ravel()[at]}, row=at + 2, field=field)
        raise BadData(problem) from None
    for code, bad in (("negative", found < 0), ("infinite", np.isinf(found))):
        if np.any(bad):
            at = int(np.argmax(bad))
            params = {"value": float(found.ravel()[at])}
            raise BadData(Problem(f"impact.{code}", params, row=at + 2, field=field))
    return np.asarray(found)


def _plain(values: Any, field: str) -> NDArray[Any]:
    """An array of whatever kind; what a mask hides is missing, not the number below it."""
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "iuf":
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    try:
        return np.asarray(values)
    except ValueError as error:  # lists of different lengths
        raise BadData(Problem("impact.text", {"value": values}, field=field)) from error
