"""What the chain does differently for each kind of threat, side by side, and nowhere else.

A pack says by ``watch.kind`` how its threat is told: by the bulletins of an event, or by counts of
areas. What is asked of a kind stands here; everything else of the chain is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from haidang.app import assess_counts, assess_track, said_counts, said_track
from haidang.app.context import Context
from haidang.app.snapshot import Chain, Snapshot
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Said


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of threat.

    Attributes:
        assess: From what is known to one assessment per event and area.
        said: Level, measure, onset and end of validity of a notice drawn up now.
        facts: What its messages may say beyond what all may: by name, in one language.
        observed: Whether a level rests on what was counted in the area, not on a model.
        words: Ending of the keys of its own sentences in ``words/warn.yaml``.
    """

    assess: Callable[[Context, Snapshot], tuple[Assessment, ...]]
    said: Callable[[Context, Assessment, Standing, Chain], Said]
    facts: Callable[[Context, Assessment, str], dict[str, str]]
    observed: bool
    words: str = ""


TRACK = Kind(assess_track.assess, said_track.said, said_track.facts, observed=False)
COUNTS = Kind(
    assess_counts.assess, said_counts.said, said_counts.facts, observed=True, words="_counts"
)


def of(context: Context) -> Kind:
    """The kind of a context's threat."""
    return COUNTS if context.pack.threat.counted else TRACK
