"""What was really announced, beside what the chain gave: rows to read, no verdict on either."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """One announced level and ours for the same places and time.

    Attributes:
        issued: When it was announced.
        valid_until: End of its validity; None where the announcement gives none.
        area_text: The area in the announcement's own words.
        domain: ``land`` or ``sea``.
        announced: The level announced.
        ours_window: Our highest level over the places, judged over the announcement's own window;
            None where the window is not given or nothing was decided.
        ours_horizon: Our highest level over the places, assessed on the newest bulletin issued by
            that hour, over the whole horizon and before any hysteresis; None where there was none.
        places: Codes of the places that the area was taken to mean.
        note: What a reader must know of this row, "" for nothing.
    """

    issued: datetime
    valid_until: datetime | None
    area_text: str
    domain: str
    announced: int
    ours_window: int | None
    ours_horizon: int | None
    places: tuple[str, ...]
    note: str = ""
