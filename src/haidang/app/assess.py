"""One threat: facts in, one assessment per area and event out, nothing touched."""

from __future__ import annotations

from haidang.app import kinds
from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.risk.assessment import Assessment


def assess(context: Context, snapshot: Snapshot) -> tuple[Assessment, ...]:
    """Judge every watched area against every event of one threat, as its kind asks.

    Args:
        context: Country, pack, areas and law.
        snapshot: What is known; it holds this threat's fixes or its counts.

    Returns:
        One assessment per event and area. Where nothing can be said it is NO_DATA, never quiet.
    """
    return kinds.of(context).assess(context, snapshot)
