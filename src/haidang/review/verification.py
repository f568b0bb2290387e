"""Right and wrong warnings, counted: the two by two table and its scores."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contingency:
    """Forecasts of a yes-or-no event against what was found afterwards.

    Scores after Wilks, Statistical Methods in the Atmospheric Sciences, chapter on forecast
    verification. A score whose denominator is zero is None: there was nothing to be right or wrong
    about, which is neither good nor bad.

    Attributes:
        lead_h: Hours between the bulletin and the event.
        force: Wind force that makes the event.
        hits: Forecast and came.
        misses: Came and was not forecast.
        false_alarms: Forecast and did not come.
        correct_negatives: Neither.
    """

    lead_h: float
    force: int
    hits: int
    misses: int
    false_alarms: int
    correct_negatives: int

    @property
    def pod(self) -> float | None:
        """Probability of detection: hits / (hits + misses).

        >>> Contingency(24, 8, 3, 1, 2, 4).pod
        0.75
        """
        return _share(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float | None:
        """False alarm ratio: false alarms / (hits + false alarms).

        >>> Contingency(24, 8, 3, 1, 1, 4).far
        0.25
        >>> Contingency(24, 8, 0, 1, 0, 4).far is None
        True
        """
        return _share(self.false_alarms, self.hits + self.false_alarms)

    @property
    def csi(self) -> float | None:
        """Critical success index: hits / (hits + misses + false alarms).

        >>> Contingency(24, 8, 3, 1, 2, 4).csi
        0.5
        """
        return _share(self.hits, self.hits + self.misses + self.false_alarms)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def contingency(
    lead_h: float, force: int, warned: Set[str], happened: Set[str], areas: Iterable[str]
) -> Contingency:
    """Count areas.

    Args:
        lead_h: Hours before landfall.
        force: Wind force asked for.
        warned: Codes of the areas warned of it.
        happened: Codes of the areas where it happened.
        areas: Codes of all areas asked about.

    >>> contingency(24, 8, {"a", "b"}, {"b", "c"}, "abcd").csi
    0.3333333333333333
    """
    every = set(areas)
    return Contingency(
        lead_h=lead_h,
        force=force,
        hits=len(every & warned & happened),
        misses=len((every & happened) - warned),
        false_alarms=len((every & warned) - happened),
        correct_negatives=len(every - warned - happened),
    )
