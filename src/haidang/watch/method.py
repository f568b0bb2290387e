"""What a method of watching is: a name, a kernel, what can be set, and its warrant."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints, Year
from haidang.watch.positions import Positions

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


class Reason(IntEnum):
    """Why a period has the state it has, where that is not simply its count and its bound."""

    NONE = 0
    MISSING = 1
    """The period was not reported."""
    HISTORY = 2
    """Too few periods before it."""
    NO_FIT = 3
    """The model could not be fitted, even in its simplest form."""
    FEW_CASES = 4
    """Fewer recent cases than the method asks for; there is no bound and no alarm."""
    NO_SPREAD = 5
    """All earlier periods are alike, so the bound is the mean itself."""
    ALL_ZERO = 6
    """Not one case in the baseline; the bound is that of the rate that this still allows."""
    NO_COORDINATES = 7
    """Where the place lies is not known, and the method asks for it."""
    INCOMPLETE = 8
    """Below the bound so far, but what is still to be reported may reach it."""
    NO_BOUND = 9
    """No count parts quiet from alarm: even none alarms, or none that was tried does."""


NO_DATA: Final = (
    Reason.MISSING,
    Reason.HISTORY,
    Reason.NO_FIT,
    Reason.NO_COORDINATES,
    Reason.INCOMPLETE,
)
"""Reasons for which nothing can be said; with the others the period is judged."""


LABELS: Final = np.array(
    [Reason(i).name.lower() if i in set(Reason) - {0} else "" for i in range(max(Reason) + 1)]
)
"""Reasons as they are shown, by their number; "" where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Param:
    """One thing that can be set.

    Attributes:
        name: Its name here; one meaning over all methods.
        default: Its value when nothing is said; the type of it is the type that is asked for.
        r_name: What the R package calls it, "" where it has none.
        low: Smallest value; for a number.
        high: Largest value; for a number.
        choices: All values; for a text.
        optional: None is a value too.
        real: A number without a default is any number, else a whole one.
        open_low: ``low`` itself is not allowed.
        open_high: ``high`` itself is not allowed.
    """

    name: str
    default: object
    r_name: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    optional: bool = False
    real: bool = False
    open_low: bool = False
    open_high: bool = False

    @property
    def whole(self) -> bool:
        """Whether it asks for a whole number."""
        return isinstance(self.default, int | None) and not self.real

    def problem(self, given: object) -> Problem | None:
        """What is wrong with a value, None if nothing is."""
        if (given is None and self.optional) or self._fits(given):
            return None
        if self.choices:
            said = {"value": given, "known": ", ".join(self.choices)}
            return Problem("watch.param_choice", said, field=self.name)
        if isinstance(self.default, bool):
            return Problem("watch.param_flag", {"value": given}, field=self.name)
        if isinstance(self.default, tuple):
            code = "watch.param_pair" if self.default else "watch.param_wholes"
            return Problem(code, {"value": given}, field=self.name)
        kind = "whole" if self.whole else "number"
        said = {"value": given, "low": self.low, "high": self.high}
        return Problem(f"watch.param_{kind}", said, field=self.name)

    def _fits(self, given: object) -> bool:
        if self.choices:
            return given in self.choices
        if isinstance(self.default, bool):
            return isinstance(given, bool)
        if isinstance(self.default, tuple):
            return (
                isinstance(given, tuple | list)
                and len(given) == (len(self.default) or len(given))
                and all(isinstance(g, int) and not isinstance(g, bool) and g >= 0 for g in given)
            )
        if isinstance(given, bool) or not isinstance(given, int | float | np.number):
            return False
        if self.whole and not float(given).is_integer():
            return False
        above = given > self.low if self.open_low else given >= self.low
        below = given < self.high if self.open_high else given <= self.high
        return bool(above and below)


def wholly(given: object) -> int | None:
    """A whole number as such; None for anything else, also for yes and no."""
    if isinstance(given, int | np.integer) and not isinstance(given, bool):
        return int(given)
    return None


@dataclass(frozen=True, slots=True)
class Task:
    """What a kernel is given.

    Attributes:
        counts: ``(place, time)``, NaN where nothing was reported; contiguous.
        at: Rows of time to judge, rising.
        calendar: What the rows are.
        population: ``(place, time)`` at risk, or None.
        positions: Where the places lie, for methods that ask for it.
    """

    counts: Floats
    at: Ints
    calendar: Calendar
    population: Floats | None = None
    positions: Positions | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A circle and a span of time with more cases than expected.

    Attributes:
        newest: Row with which the search ended.
        centre: Row of the place in the middle.
        radius: km; 0 for a single place.
        places: Rows of its places, by distance from the centre.
        first: First row of its span.
        last: Last row of its span.
        observed: Cases.
        expected: Cases.
        relative_risk: Observed over expected inside, over the same outside.
        ratio: Log likelihood ratio.
        p_value: Probability that chance alone gives a likelier one anywhere.
    """

    newest: int
    centre: int
    radius: float
    places: tuple[int, ...]
    first: int
    last: int
    observed: int
    expected: float
    relative_risk: float
    ratio: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a kernel gives back; every array is ``(place, at)``.

    Attributes:
        expected: In the unit of the counts, NaN where there is none.
        upper: The bound above which the period alarms, NaN where there is none.
        score: Exceedance: 0 is as expected, above 1 lies above the bound.
        p_value: Of a count at least as large under the method's own model; NaN where the method
            has no such model.
        alarm: Whether the method raises.
        reason: A `Reason`.
        extra: Further columns of the method, by name.
        clusters: Of a method that looks for them.
    """

    expected: Floats
    upper: Floats
    score: Floats
    p_value: Floats
    alarm: NDArray[np.bool_]
    reason: Codes
    extra: Mapping[str, Floats] = field(default_factory=dict)
    clusters: tuple[Cluster, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """One way to judge a series.

    Attributes:
        name: As a user writes it.
        kernel: From a task and all parameters to what was found.
        params: What can be set.
        source: The paper.
        verified: True only where the tests hold values of the paper or of a reference program.
        r_name: The function of the R package that does the same, "" if none.
        counts: Whether it takes only whole numbers; else any number from 0 on.
        population: Whether it can take a population at risk.
        needs_population: Whether it cannot do without.
        coordinates: Whether it asks where the places lie; then it judges all of them together.
        year: How it finds the same time of past years in dated tables, if nothing is said.
        monthly: Defaults that are others where the periods are months.
        rule: Checks parameters against one another and the calendar; gives problems.
    """

    name: str
    kernel: Callable[[Task, Mapping[str, Any]], Found]
    params: tuple[Param, ...]
    source: str
    verified: bool
    r_name: str = ""
    counts: bool = True
    population: bool = False
    needs_population: bool = False
    coordinates: bool = False
    year: Year = "calendar"
    monthly: Mapping[str, object] = field(default_factory=dict)
    rule: Callable[[Mapping[str, Any], Calendar], tuple[Problem, ...]] = lambda *_: ()

    def settle(
        self, given: Mapping[str, object], calendar: Calendar
    ) -> tuple[dict[str, Any], tuple[Problem, ...]]:
        """All parameters with their values, and what is wrong with those that were given."""
        known = {p.name: p for p in self.params}
        problems = [
            Problem(
                "watch.param_unknown", {"method": self.name, "known": ", ".join(known)}, field=n
            )
            for n in given
            if n not in known
        ]
        usual = {p.name: p.default for p in self.params}
        if calendar.step == "month":
            usual |= self.monthly
        chosen = {name: given.get(name, value) for name, value in usual.items()}
        problems += [w for n, v in chosen.items() if (w := known[n].problem(v)) is not None]
        if not problems:
            problems += self.rule(chosen, calendar)
        return chosen, tuple(problems)


def empty(task: Task, *extra: str) -> Found:
    """Arrays of the right shape, all NaN, no alarm and no reason; further columns by name."""
    shape = (len(task.counts), len(task.at))
    expected, upper, score, p_value = (np.full(shape, np.nan) for _ in range(4))
    more = {name: np.full(shape, np.nan) for name in extra}
    quiet, fine = np.zeros(shape, np.bool_), np.zeros(shape, np.int8)
    return Found(expected, upper, score, p_value, quiet, fine, more)
