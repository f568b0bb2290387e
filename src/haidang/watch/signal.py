"""The word that crosses from watching to judging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """NO_DATA is a finding, never a synonym for QUIET."""

    NO_DATA = "no_data"
    QUIET = "quiet"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Signal:
    """One indicator at one place, or of one event, in one period.

    Attributes:
        indicator: What is watched, e.g. ``bulletin``.
        subject: Place code or event id.
        start: Beginning of the period, or the time of issue.
        state: RAISED, QUIET or NO_DATA.
        value: In the indicator's unit; NaN without data.
        expected: Baseline in the same unit; NaN if the method has none.
        score: Exceedance in the method's own scale; 0 is normal, 1 touches the threshold.
        completeness: Share of what should have been reported, 0..1.
        method: Which rule said so.
        evidence: Receipt numbers behind it.
    """

    indicator: str
    subject: str
    start: datetime
    state: State
    value: float
    expected: float
    score: float
    completeness: float
    method: str
    evidence: tuple[int, ...]
