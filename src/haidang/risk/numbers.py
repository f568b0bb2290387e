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
        values: A number, array, Series, DataFrame or DataArray.
        field: Named in what is wrong.

    Returns:
        The same shape in float64; NaN where a value is missing.

    Raises:
        BadData: A text or a list where a number should be, or a negative number; the first one is
            named with its line, as in a file whose header is line 1.
    """
    raw = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
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
    if np.any(found < 0):
        at = int(np.argmax(found.ravel() < 0))
        params = {"value": float(found.ravel()[at])}
        raise BadData(Problem("impact.negative", params, row=at + 2, field=field))
    return np.asarray(found)
