"""What a threat pack says about risk: the hazard model, its ensemble, and whose errors."""

from __future__ import annotations

from collections.abc import Mapping
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


class Take(Spec):
    """One number out of the readings of a subject, as a table of law asks for it.

    Attributes:
        of: The indicator.
        how: ``newest``: the last one that had begun, else the first to come; ``max``, ``min``,
            ``sum`` over the window; ``run``: the longest row of consecutive periods inside
            ``within`` that reaches into the window, counted in periods. A period without a
            reading ends a run: what nobody measured is not taken for more of the same.
        within: Of a run: ``>=35``, ``<13``, ``=35`` and the like.
    """

    of: str
    how: Literal["newest", "max", "min", "sum", "run"]
    within: str = Field(default="", pattern=r"^(|(>=|<=|>|<|=)\s*-?\d+(\.\d+)?)$")

    @model_validator(mode="after")
    def _run(self) -> Take:
        if (self.how == "run") != bool(self.within):
            raise PydanticCustomError("take_within", "within goes with how: run, and only with it")
        return self


class _FromReadings(Spec):
    """What every model that starts from readings says.

    Attributes:
        horizon_h: How far ahead readings are looked at, h.
        look_back_h: How far back the window reaches, h.
        source: Where both come from, and whatever else is assumed.
    """

    horizon_h: float = Field(gt=0)
    look_back_h: float = Field(ge=0)
    source: str = Field(min_length=1)


class Thresholds(_FromReadings):
    """Readings go to the law as they are, each by a take.

    Attributes:
        hazard: ``thresholds``.
        takes: By the name that the binding calls it.
    """

    hazard: Literal["thresholds"]
    takes: Mapping[str, Take] = Field(min_length=1)

    @property
    def asks(self) -> tuple[str, ...]:
        """Indicators that the model reads."""
        return tuple(dict.fromkeys(t.of for t in self.takes.values()))

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it can answer to a table."""
        return (*self.takes, "category")


class RiverStage(_FromReadings):
    """The stage of gauges against their alarm levels.

    Attributes:
        hazard: ``river_stage``.
        of: Indicator of the stage, m.
        forecast_h: Hours that the program itself looks ahead where nobody gave a forecast: the
            last trend, damped. 0 leaves it to others.
    """

    hazard: Literal["river_stage"]
    of: str
    forecast_h: float = Field(default=0, ge=0, le=24)

    @property
    def asks(self) -> tuple[str, ...]:
        """Indicators that the model reads."""
        return (self.of,)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it can answer to a table."""
        return ("zone", "alarm", "above_3", "historic", "basins", "category")


class RainSums(_FromReadings):
    """Rain of a day, how many days in a row, and over how much of a province.

    Attributes:
        hazard: ``rain_sums``.
        of: Indicator of the sum over 24 hours, mm.
        half_day: Indicator of the sum over 12 hours, mm; "" where there is none.
        share: Indicator that states which share of the districts and communes it rains over,
            0..1; "" where only gauges tell.
        bounds: Sums over 24 hours above which days are counted, mm, ascending: those of the law.
        half_day_bound: The same for 12 hours, mm.
        least_gauges: So many gauges in an area must have read before their share stands for the
            share of communes.
    """

    hazard: Literal["rain_sums"]
    of: str
    half_day: str = ""
    share: str = ""
    bounds: tuple[float, ...] = (100, 200, 400)
    half_day_bound: float = 50
    least_gauges: int = Field(default=4, ge=1)

    @property
    def asks(self) -> tuple[str, ...]:
        """Indicators that the model reads."""
        return tuple(n for n in (self.of, self.half_day, self.share) if n)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it can answer to a table."""
        return ("rain", "per", "days", "scope", "category")


class FlashFlood(_FromReadings):
    """Rain to come on ground that is wet already, where slopes give way.

    Attributes:
        hazard: ``flash_flood``.
        of: Indicator of the sum over 24 hours, mm.
        wet_day_mm: A day counts as one on which it had rained from this sum on, mm.
        enough_days: More wet days than this change nothing in the law, days.
    """

    hazard: Literal["flash_flood"]
    of: str
    wet_day_mm: float = Field(gt=0)
    enough_days: float = Field(default=2, ge=0)

    @property
    def asks(self) -> tuple[str, ...]:
        """Indicators that the model reads."""
        return (self.of,)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it can answer to a table."""
        return ("rain", "days", "risk", "category")


class Shaking(_FromReadings):
    """An earthquake's magnitude and place become the intensity felt in every area.

    Attributes:
        hazard: ``shaking``.
        magnitude, depth, latitude, longitude: Indicators of the event: moment magnitude, km, and
            degrees.
        felt: Indicator of an intensity that was observed in an area, MSK; it replaces the model's
            there. "" where nobody tells.
        vs30: Shear-wave velocity of the upper 30 m assumed at every site, m/s.
        members: Draws of the model's own scatter.
        seed: Of their random numbers.
        quantile: The level is that of this quantile over the members of the area's maximum.
        interval: Quantiles shown as low and high.
    """

    hazard: Literal["shaking"]
    magnitude: str
    depth: str
    latitude: str
    longitude: str
    felt: str = ""
    vs30: float = Field(gt=0)
    members: int = Field(ge=1, le=10_000)
    seed: int
    quantile: float = Field(gt=0, lt=1)
    interval: tuple[float, float]

    @property
    def asks(self) -> tuple[str, ...]:
        """Indicators that the model reads."""
        named = (self.magnitude, self.depth, self.latitude, self.longitude, self.felt)
        return tuple(n for n in named if n)

    @property
    def quantities(self) -> tuple[str, ...]:
        """What it can answer to a table."""
        return ("msk", "category")


ReadingsRisk = Thresholds | RiverStage | RainSums | FlashFlood | Shaking
"""Models that start from readings."""

Risk = Annotated[CycloneWind | CountsRisk | ReadingsRisk, Field(discriminator="hazard")]
"""The section ``risk`` of any pack."""
