"""What the chain does differently for each kind of threat, side by side, and nowhere else.

A pack says by ``watch.kind`` how its threat is told: by the bulletins of an event, by counts of
areas, or by readings. What is asked of a kind stands here; everything else of the chain is the
same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from haidang.app import (
    assess_counts,
    assess_readings,
    assess_track,
    said_counts,
    said_readings,
    said_track,
)
from haidang.app.context import Context
from haidang.app.snapshot import Chain, Snapshot
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Said


def _always(found: Assessment) -> bool:
    del found
    return True


def _never(found: Assessment) -> bool:
    del found
    return False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of threat.

    Attributes:
        assess: From what is known to one assessment per event and area.
        said: Level, measure, onset and end of validity of a notice drawn up now.
        facts: What its messages may say beyond what all may: by name, in one language.
        observed: Whether a level rests on what was counted or measured, not on a model.
        foretold: Whether the number that a headline gives is forecast, where others of the kind are
            measured.
        unsaid: CAP certainty of a level that has no share of members behind it.
        words: Ending of the keys of its own sentences in ``words/warn.yaml``.
    """

    assess: Callable[[Context, Snapshot], tuple[Assessment, ...]]
    said: Callable[[Context, Assessment, Standing, Chain], Said]
    facts: Callable[[Context, Assessment, str], dict[str, str]]
    observed: Callable[[Assessment], bool]
    foretold: Callable[[Assessment], bool] = _never
    unsaid: str = "Possible"
    words: str = ""


TRACK = Kind(assess_track.assess, said_track.said, said_track.facts, _never)
COUNTS = Kind(assess_counts.assess, said_counts.said, said_counts.facts, _always, words="_counts")
READINGS = Kind(
    # A forecaster's one figure is what he holds to be likely.
    assess_readings.assess, said_readings.said, said_readings.facts, said_readings.observed,
    said_readings.foretold, unsaid="Likely",
)  # fmt: skip


def of(context: Context) -> Kind:
    """The kind of a context's threat."""
    threat = context.pack.threat
    return TRACK if threat.tracked else COUNTS if threat.counted else READINGS
