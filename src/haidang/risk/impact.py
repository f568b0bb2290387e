"""From an intensity at places and what stands there to a loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.vulnerability import Curve


def impact(intensity: Any, exposure: Any, curve: Curve | pd.DataFrame) -> Any:
    """The loss at each point: what is exposed there times the share that its intensity takes.

    Args:
        intensity: What the curve is a function of (for wind m/s, 1-minute mean at 10 m), zero or
            more: a number, a numpy array, an xarray DataArray or a pandas Series or DataFrame.
        exposure: Value, people or any quantity, zero or more. Labelled data meet by label: xarray
            by coordinates, pandas by index, and the labels must be the same on both sides;
            anything else is broadcast against ``intensity``.
        curve: A table with columns ``intensity, ratio`` (straight lines between its rows, flat
            beyond its ends) or a function from intensity to ratio, such as
            `haidang.risk.vulnerability.WindDamage`.

    Returns:
        The loss in the unit of ``exposure``, of the kind and dims of ``intensity``. **NaN where
        either is missing**: an unknown loss is not no loss.

    Raises:
        BadData: Nothing at all (None), or text, where numbers should be; a curve that is neither
            table nor function; a negative intensity or exposure; labels that differ or shapes that
            do not broadcast; a curve without the two columns or rows, with missing
            values, intensities that do not rise, a ratio that falls or lies outside 0 to 1.

    >>> curve = pd.DataFrame({"intensity": [20.0, 40.0], "ratio": [0.0, 0.5]})
    >>> impact(np.array([10.0, 30.0, 60.0, np.nan]), 100.0, curve).tolist()
    [0.0, 25.0, 50.0, nan]
    """
    if not isinstance(curve, pd.DataFrame) and not callable(curve):
        given = type(curve).__name__
        raise BadData(Problem("impact.curve_kind", {"given": given}, field="curve"))
    for field, values in (("intensity", intensity), ("exposure", exposure)):
        if values is None:
            raise BadData(Problem("impact.nothing", {}, field=field))
    ratio_of = _interpolated(curve) if isinstance(curve, pd.DataFrame) else curve
    strength = _numbers(intensity, "intensity")
    value = _numbers(exposure, "exposure")
    if isinstance(intensity, xr.DataArray):
        lost = xr.DataArray(ratio_of(strength), coords=intensity.coords, dims=intensity.dims)
        return _with_xarray(lost, exposure, value, intensity)
    if isinstance(intensity, (pd.Series, pd.DataFrame)):
        if isinstance(exposure, (pd.Series, pd.DataFrame)):
            value = _aligned(intensity, exposure, value)
        loss = _product(ratio_of(strength), value)
        if isinstance(intensity, pd.Series):
            return pd.Series(loss, index=intensity.index, name="loss")
        return pd.DataFrame(loss, index=intensity.index, columns=intensity.columns)
    return _product(ratio_of(strength), value)


def _product(ratio: NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        value = np.broadcast_to(value, ratio.shape)
    except ValueError as error:
        raise _mismatch(ratio.shape, value.shape) from error
    return ratio * value


def _mismatch(intensity: object, exposure: object) -> BadData:
    params = {"intensity": intensity, "exposure": exposure}
    return BadData(Problem("impact.mismatch", params, field="exposure"))


def _with_xarray(
    lost: xr.DataArray, exposure: Any, value: NDArray[np.float64], intensity: xr.DataArray
) -> xr.DataArray:
    if isinstance(exposure, xr.DataArray):
        try:
            # Exactly: the default of xarray would silently drop the places that one side lacks.
            _, other = xr.align(lost, exposure.copy(data=value), join="exact")
        except ValueError as error:
            raise _mismatch(dict(intensity.sizes), dict(exposure.sizes)) from error
        if not set(other.dims) <= set(lost.dims):
            raise _mismatch(dict(intensity.sizes), dict(exposure.sizes))
        loss = (lost * other).transpose(*intensity.dims)
    else:
        loss = lost.copy(data=_product(lost.to_numpy(), value))
    return loss.rename("loss")


def _aligned(
    intensity: pd.Series | pd.DataFrame,
    exposure: pd.Series | pd.DataFrame,
    value: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Exposure in the order of the intensity's labels."""
    index = intensity.index
    same = index.is_unique and exposure.index.is_unique and len(index) == len(exposure.index)
    if not same or not exposure.index.isin(index).all():
        raise _mismatch(f"{len(index)} labels", f"{len(exposure.index)} labels")
    ordered = value[exposure.index.get_indexer(index)]
    if isinstance(exposure, pd.DataFrame):
        if not isinstance(intensity, pd.DataFrame) or list(exposure.columns) != list(
            intensity.columns
        ):
            raise _mismatch("columns", list(exposure.columns))
        return ordered
    return ordered[:, None] if isinstance(intensity, pd.DataFrame) else ordered


def _numbers(values: Any, field: str) -> NDArray[np.float64]:
    raw = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    if raw.dtype.kind not in "iufO":
        raise BadData(Problem("impact.text", {"value": raw.ravel()[:1].tolist()}, field=field))
    try:
        if raw.dtype.kind == "O" and any(isinstance(v, str) for v in raw.ravel()):
            raise TypeError
        if raw.dtype.kind == "O":
            raw = np.where(pd.isna(raw), np.nan, raw)
        numbers = raw.astype(np.float64)
    except (TypeError, ValueError):
        at = next(i for i, v in enumerate(raw.ravel()) if isinstance(v, str) or np.ndim(v) > 0)
        problem = Problem("impact.text", {"value": raw.ravel()[at]}, row=at + 2, field=field)
        raise BadData(problem) from None
    if np.any(numbers < 0):
        at = int(np.argmax(numbers.ravel() < 0))
        params = {"value": float(numbers.ravel()[at])}
        raise BadData(Problem("impact.negative", params, row=at + 2, field=field))
    return numbers


def _interpolated(table: pd.DataFrame) -> Curve:
    """The checked table as a function."""
    file = str(table.attrs.get("file", ""))
    for name in ("intensity", "ratio"):
        if name not in table.columns:
            raise BadData(Problem("impact.curve_column", {}, file=file, field=name))
    x = _numbers(table["intensity"], "intensity")
    y = _numbers(table["ratio"], "ratio")
    if len(x) == 0:
        raise BadData(Problem("impact.curve_empty", {}, file=file))
    _refuse_row(np.isnan(x), "curve_missing", "intensity", file)
    _refuse_row(np.isnan(y), "curve_missing", "ratio", file)
    _refuse_row(np.diff(x, prepend=-np.inf) <= 0, "curve_order", "intensity", file)
    _refuse_row(np.diff(y, prepend=0.0) < 0, "curve_falls", "ratio", file)
    _refuse_row(y > 1, "curve_range", "ratio", file)
    return lambda values: np.interp(values, x, y)


def _refuse_row(bad: NDArray[np.bool_], code: str, field: str, file: str) -> None:
    if bad.any():
        row = int(np.argmax(bad)) + 2
        raise BadData(Problem(f"impact.{code}", {}, file=file, row=row, field=field))
