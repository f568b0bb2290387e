"""The situation's table as CSV: one row a place, machine names, the numbers unrounded."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Final

import numpy as np

from haidang.base.wind import beaufort
from haidang.web.look import Look
from haidang.web.pages.judged import GALE, Judged
from haidang.web.speak import Speaker

COLUMNS: Final = (
    "desk",
    "at",
    "bulletin",
    "place",
    "place_name",
    "kind",
    "level_before",
    "level",
    "combined",
    "reason",
    "status",
    "article",
    "clause",
    "wind_low_ms",
    "wind_central_ms",
    "wind_high_ms",
    "force_low",
    "force_central",
    "force_high",
    f"p_force_{GALE}",
    f"force_{GALE}_early",
    f"force_{GALE}_central",
    f"force_{GALE}_late",
    f"people_force_{GALE}_low",
    f"people_force_{GALE}_central",
    f"people_force_{GALE}_high",
    "decision",
    "assessment",
)


def table(look: Look, say: Speaker) -> str:
    """The table of a look.

    Args:
        look: The look.
        say: Only for the names of places.

    Returns:
        CSV with a header; times local with their offset, winds 10-minute means in m/s, an empty
        cell where nothing is known. Chances of each level follow as ``p_level_<k>``.
    """
    judged, levels = Judged(look, say), look.context.pack.binding.levels
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *(f"p_level_{k}" for k in levels)])

    def local(at: datetime | None) -> str:
        return "" if at is None else look.context.local(at).isoformat()

    for d in sorted(look.decided, key=judged.rank):
        found = judged.found(d)
        wind = found.intensity or ("", "", "")
        force = [] if found.intensity is None else beaufort(np.array(found.intensity)).tolist()
        onset, people = judged.onset(found), judged.people(found)
        chances = dict(found.p_level)
        writer.writerow(
            [
                look.id,
                local(d.at),
                local(look.this.issued),
                d.place,
                judged.name(d.place),
                look.context.named[d.place].kind,
                d.before,
                d.after,
                d.combined,
                d.reason.value,
                found.grounds.status,
                found.grounds.article,
                found.grounds.clause,
                *wind,
                *(force or ("", "", "")),
                "" if onset is None else onset.probability,
                *([local(t) for t in onset.onset] if onset else ("", "", "")),
                *(people or ("", "", "")),
                d.id,
                found.id,
                *(chances.get(k, "") for k in levels),
            ]
        )
    return out.getvalue()
