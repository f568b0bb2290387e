"""From an intensity at places and what stands there to a loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.engine.curves import shares_of, table
from haidang.risk.engine.events import EVENT_DIMS, EventSet, event_set
from haidang.risk.engine.exposed import Exposed, exposed
from haidang.risk.engine.run import impacts
from haidang.risk.numbers import numbers


def impact(intensity: Any, exposure: Any, curve: Any, **how: Any) -> Any:
    """The loss at each point: what is exposed there times the share that its intensity takes.

    With a set of events (`haidang.risk.engine.events.event_set`, or an xarray over ``event`` or
    ``member``) and points with values (`haidang.risk.engine.exposed.exposed`, or a GeoDataFrame, a
    Dataset, or a table with ``lat, lon`` or ``place``) it gives
    `haidang.risk.engine.result.Impacts`: see there, and `haidang.risk.engine.run.impacts` for
    ``how``. The rest of this text is about plain arrays.

    Args:
        intensity: What the curve is a function of (for wind m/s, 1-minute mean at 10 m), zero or
            more: a number, a numpy array, an xarray DataArray or a pandas Series or DataFrame.
        exposure: Value, people or any quantity, zero or more. Labelled data meet by label: xarray
            by coordinates, pandas by index, and the labels must be the same on both sides;
            anything else is broadcast against ``intensity``.
        curve: A table with columns ``intensity, ratio`` (straight lines between its rows, flat
            beyond its ends) or a function from intensity to ratio, such as
            `haidang.risk.vulnerability.WindDamage`; what a function says is looked at for the
            intensities that are given.
        how: Only with a set of events.

    Returns:
        The loss in the unit of ``exposure``, of the kind and dims of ``intensity``. **NaN where
        either is missing**: an unknown loss is not no loss.

    Raises:
        BadData: Nothing at all (None), or text, where numbers should be; a curve that is neither
            table nor function; a negative intensity or exposure; labels that differ or shapes that
            do not broadcast; a curve without the two columns or rows, with missing
            values, intensities that do not rise, a ratio that falls or lies outside 0 to 1; a
            function that gives such ratios, or does not give one for each intensity.

    >>> curve = pd.DataFrame({"intensity": [20.0, 40.0], "ratio": [0.0, 0.5]})
    >>> impact(np.array([10.0, 30.0, 60.0, np.nan]), 100.0, curve).tolist()
    [0.0, 25.0, 50.0, nan]
    """
    if _many(intensity, exposure):
        sets = [intensity] if not isinstance(intensity, (list, tuple)) else intensity
        perils = [i if isinstance(i, EventSet) else event_set(i) for i in sets]
        held = exposure if isinstance(exposure, Exposed) else exposed(exposure)
        return impacts(perils, held, curve, **how)
    if how:
        raise TypeError(f"{', '.join(how)}: only with a set of events")
    if not isinstance(curve, pd.DataFrame) and not callable(curve):
        given = type(curve).__name__
        raise BadData(Problem("impact.curve_kind", {"given": given}, field="curve"))
    for field, values in (("intensity", intensity), ("exposure", exposure)):
        if values is None:
            raise BadData(Problem("impact.nothing", {}, field=field))
    ratio_of = table(curve) if isinstance(curve, pd.DataFrame) else curve
    strength = numbers(intensity, "intensity")
    value = numbers(exposure, "exposure")
    ratio = shares_of(ratio_of, strength)
    if isinstance(intensity, xr.DataArray):
        lost = xr.DataArray(ratio, coords=intensity.coords, dims=intensity.dims)
        return _with_xarray(lost, exposure, value, intensity)
    if isinstance(intensity, (pd.Series, pd.DataFrame)):
        if isinstance(exposure, (pd.Series, pd.DataFrame)):
            value = _aligned(intensity, exposure, value)
        loss = _product(ratio, value)
        if isinstance(intensity, pd.Series):
            return pd.Series(loss, index=intensity.index, name="loss")
        return pd.DataFrame(loss, index=intensity.index, columns=intensity.columns)
    return _product(ratio, value)


def _many(intensity: Any, exposure: Any) -> bool:
    """Whether the engine is meant, and not one field over plain arrays."""
    first = intensity[0] if isinstance(intensity, (list, tuple)) and intensity else intensity
    if isinstance(first, EventSet) or isinstance(exposure, Exposed):
        return True
    dims = first.dims if isinstance(first, xr.DataArray) else ()
    return bool(dims) and dims[0] in EVENT_DIMS and _has_points(exposure)


def _has_points(exposure: Any) -> bool:
    """Whether a table says where its rows are, and so is meant for the engine."""
    columns = set(exposure.columns) if isinstance(exposure, pd.DataFrame) else set()
    where = {"lat", "lon"} <= columns or "place" in columns
    return where or isinstance(exposure, xr.Dataset) or hasattr(exposure, "crs")


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
