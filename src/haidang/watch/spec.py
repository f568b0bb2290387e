"""What a threat pack says about watching: one section for each kind of threat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec


class TrackWatch(Spec):
    """Watch a moving event through its bulletins.

    Attributes:
        kind: ``track``: positions and strength of an event, told by a service.
        raise_at_ms: The signal is raised at this 10-minute wind and above, m/s.
        stale_after_h: After so many hours without a bulletin the event is NO_DATA.
        source: Where the two numbers come from.
    """

    kind: Literal["track"]
    raise_at_ms: float = Field(gt=0)
    stale_after_h: float = Field(gt=0)
    source: str


class Indicator(Spec):
    """Something that is counted by area and period.

    Attributes:
        title: What it is called, by language.
        unit: What is counted, by language: cases, admissions, reports ...
        period: Length of a period.
        case_definition: Whom or what a count holds, by language; a count without one means little.
        method: Detector by name, see the reference of detectors.
        params: Its parameters.
        last: Newest periods that are judged at every run; at least the reporting delay, so that an
            outbreak that is filled in afterwards signals.
        stale_after_d: Without a new count for so many days after a period's end the indicator is
            NO_DATA: a feed that has gone silent says nothing of the disease.
    """

    title: Mapping[str, str]
    unit: Mapping[str, str]
    period: Literal["day", "week", "month"]
    case_definition: Mapping[str, str] = {}
    method: str = Field(min_length=1)
    params: Mapping[str, Any] = {}
    last: int = Field(ge=1, le=60)
    stale_after_d: float = Field(gt=0)


class CountsWatch(Spec):
    """Watch what is counted: cases, admissions, reports, by area and period.

    Attributes:
        kind: ``counts``.
        indicators: By id; the series in the store is ``threat/indicator``.
        leads: The indicator that a notice tells of first.
        completeness_min: Below this share of what will be reported a period is never called
            quiet, 0..1.
        suppress_below: In whatever is meant for the public, a count from 1 to one less than this
            is only said to be less than it: a few cases in a small place are people whom others
            know. 1 suppresses nothing.
        source: Where the limits come from.
    """

    kind: Literal["counts"]
    indicators: Mapping[str, Indicator] = Field(min_length=1)
    leads: str
    completeness_min: float = Field(ge=0, le=1)
    suppress_below: int = Field(ge=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _leads(self) -> CountsWatch:
        if self.leads not in self.indicators:
            raise PydanticCustomError("leads", "leads must be one of the indicators")
        return self


class Reading(Spec):
    """Something that is measured, forecast or stated, at one instant or over one period.

    Attributes:
        title: What it is called, by language.
        unit: Of the number, by language; of a category what it tells.
        at: What a reading is of: a ``station`` of the binding, a watched ``area``, or an ``event``.
        period_h: What one reading covers from its start on, h; 0 an instant.
        stale_after_h: After so many hours without a reading of now or later the subject is NO_DATA.
        domain: Lowest and highest number that can be meant; others are refused by the feed.
        values: Of a category: what the readings 1, 2, 3 ... stand for.
        news_step: A notice under the same level is news when its reading has passed so much more,
            in the unit; 0 makes no reading news by itself.
    """

    title: Mapping[str, str]
    unit: Mapping[str, str]
    at: Literal["station", "area", "event"]
    period_h: float = Field(default=0, ge=0)
    stale_after_h: float = Field(gt=0)
    domain: tuple[float, float] | None = None
    values: tuple[str, ...] = ()
    news_step: float = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Reading:
        if self.domain is not None and self.domain[0] >= self.domain[1]:
            raise PydanticCustomError("domain_order", "domain is (lowest, highest): ascending")
        return self


class ReadingsWatch(Spec):
    """Watch readings: river stages, rain, temperatures, what a person states.

    A forecast is a reading whose start lies after the time at which it was published. What was
    measured in the end is a revision of it.

    Attributes:
        kind: ``readings``.
        indicators: By id; the series in the store is ``threat/indicator``.
        leads: The indicator that a notice tells of first; the first one where empty.
        source: Where the limits come from.
    """

    kind: Literal["readings"]
    indicators: Mapping[str, Reading] = Field(min_length=1)
    leads: str = ""
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _leads(self) -> ReadingsWatch:
        if self.leads not in ("", *self.indicators):
            raise PydanticCustomError("leads", "leads must be one of the indicators")
        return self

    @property
    def first(self) -> str:
        """The indicator that leads."""
        return self.leads or next(iter(self.indicators))


Watch = Annotated[TrackWatch | CountsWatch | ReadingsWatch, Field(discriminator="kind")]
"""The section ``watch`` of any pack; its ``kind`` says how the whole chain reads the threat."""
