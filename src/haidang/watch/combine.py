"""How evidence becomes one number and a probability: what `combined` learned, and from what.

The weights are those of a logistic regression, none of them below zero, so that more cases never
speak for less. They and the calibration lie in ``combined.json`` with the command that made them;
`haidang.watch.detectors.combined` says what is weighed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from haidang.watch.method import Floats
from haidang.watch.special import jit

FEATURES: Final = ("now", "two", "three", "onset", "second", "third")
"""What is weighed, in the order of the kernel; see `haidang.watch.detectors.combined`."""


@dataclass(frozen=True)
class Learned:
    """What was fixed on simulated series.

    Attributes:
        weights: ``(feature,)``, from 0 on.
        score: Scores, rising.
        log_p: Logarithm of the share of periods without an outbreak that have at least this score.
        alpha: Settings of the flexible Farrington, rising.
        rate: Its false-positive rate at each.
        made: Command, seeds, sets and sizes.
    """

    weights: Floats
    score: Floats
    log_p: Floats
    alpha: Floats
    rate: Floats
    made: Mapping[str, Any]

    def level(self, alpha: float) -> float:
        """The probability at which to alarm so that there are as many false alarms as there.

        Between the settings that were tried by straight lines on logarithmic scales, and beyond
        them in proportion.

        Args:
            alpha: Between 0 and 1.
        """
        share = np.log(self.rate / self.alpha)
        return float(alpha * np.exp(np.interp(np.log(alpha), np.log(self.alpha), share)))


@cache
def learned() -> Learned:
    """What lies in the package."""
    read = json.loads(files(__package__).joinpath("combined.json").read_text("utf-8"))
    if tuple(read["weights"]) != FEATURES:
        raise ValueError("the weights are of other features than the kernel has")
    rate = read["farrington_flexible"]
    return Learned(
        weights=np.array([*read["weights"].values()]),
        score=np.array(read["null"]["score"]),
        log_p=np.log(np.array(read["null"]["p"])),
        alpha=np.array(rate["alpha"]),
        rate=np.array(rate["rate"]),
        made=read["made"],
    )


@jit
def log_probability(s: float, score: Floats, log_p: Floats) -> float:
    """Logarithm of the probability of a score of at least ``s`` where there is no outbreak.

    Within the table by straight lines. Beyond its end by the line through the last one in ten of
    its probabilities: the logarithm of the true tail is bent downwards, so this is too large
    rather than too small.

    Args:
        s: The score.
        score: Rising.
        log_p: Falling.
    """
    n = len(score)
    if s <= score[0]:
        return 0.0
    if s >= score[n - 1]:
        k = n - 2
        while k > 0 and log_p[k] < log_p[n - 1] + 2.302585:
            k -= 1
        slope = (log_p[n - 1] - log_p[k]) / (score[n - 1] - score[k])
        return float(log_p[n - 1] + slope * (s - score[n - 1]))
    low = 0
    high = n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if score[middle] <= s:
            low = middle
        else:
            high = middle
    share = (s - score[low]) / (score[high] - score[low])
    return float(log_p[low] + share * (log_p[high] - log_p[low]))
