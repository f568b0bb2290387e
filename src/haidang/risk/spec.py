"""What a threat pack says about risk: the hazard model, its ensemble, and whose errors."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec

CLASSES = tuple(range(6, 18))
"""Wind forces whose people are counted: from the tropical depression up."""

RAIN, SURGE = "rain.max_24h", "surge.max"
WATER = (RAIN, SURGE)
"""What a cyclone's water measures: of places, not of what stands there."""

MEASURES = (*(f"people.force_{force}" for force in CLASSES), "loss_ratio", "loss", *WATER)
"""Every measure of impact that the model of a cyclone gives; here and not beside the model,
for packs are read without it."""


class ErrorGrowth(Spec):
    """How an error grows with lead time, as somebody published it.

    Attributes:
        hours: Lead times, ascending, the first is 0.
        values: Mean absolute error at each; beyond the last the last slope goes on.
        source: Publication, table and year.
    """

    hours: tuple[float, ...] = Field(min_length=2)
    values: tuple[float, ...] = Field(min_length=2)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _grows(self) -> ErrorGrowth:
        if len(self.hours) != len(self.values):
            raise PydanticCustomError("growth_length", "hours and values need the same length")
        if self.hours[0] != 0 or any(a >= b for a, b in pairwise(self.hours)):
            raise PydanticCustomError("growth_hours", "hours must start at 0 and ascend")
        if self.values[0] < 0 or any(a > b for a, b in pairwise(self.values)):
            raise PydanticCustomError(
                "growth_shrinks", "an error cannot be negative nor shrink with lead time"
            )
        return self


class Vulnerability(Spec):
    """Emanuel's loss function with the region's calibration.

    Attributes:
        v_thresh_ms: No loss below, m/s.
        v_half_ms: Wind of half loss: (low loss, central, high loss), so descending, m/s.
        averaging_s: Averaging period of these winds, s.
    """

    v_thresh_ms: float = Field(gt=0)
    v_half_ms: tuple[float, float, float]
    averaging_s: int
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> Vulnerability:
        low, central, high = self.v_half_ms
        if not low >= central >= high > self.v_thresh_ms:
            raise PydanticCustomError(
                "half_order",
                "v_half_ms is (low loss, central, high loss): descending, above v_thresh_ms",
            )
        return self


class ValuePerHead(Spec):
    """What stands for one person in an area: only then is a loss said in money.

    Attributes:
        amount: Value of what can be lost, per registered person.
        currency: ISO 4217 code.
        source: Whose figure it is, and of when.
    """

    amount: float = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    source: str = Field(min_length=1)


class CycloneRain(Spec):
    """Rain of a tropical cyclone, from the same tracks as its wind.

    Attributes:
        model: R-CLIPER (Tuleya, DeMaria & Kuligowski 2007).
        cutoff_km: No rain beyond this distance from the centre, km.
        cell_deg: Blocks over which the rain is taken as one, degrees.
        source: Why this model and these numbers.
    """

    model: Literal["R-CLIPER"]
    cutoff_km: float = Field(gt=0)
    cell_deg: float = Field(gt=0, le=1)
    source: str = Field(min_length=1)


class CycloneSurge(Spec):
    """Storm surge of a tropical cyclone at the country's coast, from the same tracks.

    Attributes:
        model: ``setup_1d``: steady set-up across the shelf and low pressure.
        cutoff_km: A centre farther than this from a shore raises nothing there, km.
        source: Why this model and these numbers.
    """

    model: Literal["setup_1d"]
    cutoff_km: float = Field(gt=0)
    source: str = Field(min_length=1)


class CycloneWind(Spec):
    """Wind of a tropical cyclone over an ensemble of tracks.

    Attributes:
        model: Parametric wind model.
        members: Tracks in the ensemble.
        seed: Root of its random numbers; the same members are used at every bulletin.
        step_h: Time step, h.
        horizon_h: How far ahead we look, h.
        cutoff_km: No wind beyond this distance from the centre, km.
        quantile: The level is that of this quantile over the members of the area's maximum: at
            0.6 a level is given as soon as four tracks in ten reach it.
        interval: Quantiles shown as low and high.
        forces: Wind forces whose onset and end are given.
        motion_h: Persistence moves on as over the last so many hours, h.
        forecast_max_age_h: An official forecast point older than this carries persistence errors.
        official_errors: Mean position error of official forecasts, km.
        persistence_errors: Mean position error of persistence, km.
        intensity_errors: Mean absolute error of the strongest wind, m/s.
        surface: Exposure for averaging-period conversions (Harper et al. 2010).
        rain: Rain, too; none if left out.
        surge: Storm surge, too, where the country knows the sea before its coast; none if left out.
    """

    hazard: Literal["tropical_cyclone_wind"]
    model: Literal["H08", "H1980", "H10", "ER11"]
    members: int = Field(ge=1, le=10_000)
    seed: int
    step_h: float = Field(gt=0)
    horizon_h: float = Field(gt=0)
    cutoff_km: float = Field(gt=0)
    quantile: float = Field(gt=0, lt=1)
    interval: tuple[float, float]
    forces: tuple[int, ...] = Field(min_length=1)
    motion_h: float = Field(gt=0)
    forecast_max_age_h: float = Field(gt=0)
    official_errors: ErrorGrowth
    persistence_errors: ErrorGrowth
    intensity_errors: ErrorGrowth
    surface: Literal["at-sea", "off-sea", "off-land", "in-land"]
    vulnerability: Vulnerability
    rain: CycloneRain | None = None
    surge: CycloneSurge | None = None

    @model_validator(mode="after")
    def _ordered(self) -> CycloneWind:
        if not 0 < self.interval[0] < self.quantile < self.interval[1] < 1:
            raise PydanticCustomError(
                "interval_order", "need 0 < interval[0] < quantile < interval[1] < 1"
            )
        if list(self.forces) != sorted(set(self.forces)):
            raise PydanticCustomError("forces_order", "forces must ascend")
        return self


class CountsRisk(Spec):
    """What is counted needs no model of a hazard: the counts are the impact.

    Attributes:
        hazard: ``counts``.
        horizon_h: How far ahead an assessment speaks, h.
    """

    hazard: Literal["counts"]
    horizon_h: float = Field(gt=0)


Risk = Annotated[CycloneWind | CountsRisk, Field(discriminator="hazard")]
"""The section ``risk`` of any pack."""
