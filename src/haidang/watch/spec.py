"""What a threat pack says about watching."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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
