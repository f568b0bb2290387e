"""What a command shows, and in which language."""

from __future__ import annotations

import locale
import math
import os
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from haidang.words import LANGUAGES, word

if TYPE_CHECKING:
    from haidang.api import Replay
    from haidang.base.place import Place
    from haidang.base.problem import Problem
    from haidang.review.verification import Contingency

out = Console()
err = Console(stderr=True)
_chosen: list[str] = []


def choose(name: str) -> None:
    """Take a language for the rest of the run, over what the environment says."""
    _chosen.append(name)


def help_text(key: str, **params: object) -> str:
    """A help text; read before any option is, so the environment decides its language."""
    return word(f"cli.{key}", language_of(os.environ), **params)


def language_of(environment: Mapping[str, str]) -> str:
    """The user's language: ``HAIDANG_LANG``, then the locale, then English."""
    asked = environment.get("HAIDANG_LANG") or environment.get("LC_ALL") or environment.get("LANG")
    asked = asked or (locale.getlocale()[0] or "")
    tag = asked.split("_")[0].split(".")[0].lower()
    return tag if tag in LANGUAGES else "en"


def say(key: str, **params: object) -> str:
    """A text of the command line in the user's language."""
    return word(f"cli.{key}", language(), **params)


def language() -> str:
    """The language in force."""
    return _chosen[-1] if _chosen else language_of(os.environ)


def summary(made: Replay) -> None:
    """The areas with the highest levels, the strongest wind first, a screen full."""
    levels = made.levels
    # Before anything else: "no area reached a level" would be half the truth without it.
    unknown = levels.loc[levels["reason"] == "not_defined", "place"].nunique()
    if unknown:
        out.print(say("no_law_level", n=unknown), style="yellow", highlight=False)
    raised = levels[levels["level"] > 0]
    if raised.empty:
        out.print(say("no_level"))
        return
    if made.played.context.pack.threat.counted:
        _counted(made)
        return
    if made.played.context.pack.threat.read:
        _read(made)
        return
    areas = raised.groupby(["kind", "place", "place_name"], sort=False)
    top = areas[["level", "wind_central"]].max().reset_index()
    table = Table(
        title=say("summary_title", status=say(f"status_{made.played.case.spec.status.lower()}")),
        title_justify="left",
    )
    for name in ("place", "highest", "wind", "first", "clause", "onset"):
        table.add_column(say(f"column_{name}"))
    order = ["level", "wind_central", "kind", "place"]
    rows = top.sort_values(order, ascending=[False, False, True, True], na_position="last")
    for row in rows.head(12).itertuples():
        first = raised[(raised["place"] == row.place) & (raised["level"] == row.level)].iloc[0]
        onset = made.onsets[
            (made.onsets["place"] == row.place)
            & (made.onsets["bulletin"] == first["bulletin"])
            & made.onsets["onset_central"].notna()
        ]
        leads = onset.iloc[-1] if len(onset) else None
        table.add_row(
            str(row.place_name),
            str(row.level),
            _force(row.wind_central),
            f"{first['bulletin']:%d/%m %H:%M}",
            str(first["clause"]),
            ""
            if leads is None
            else say(
                "onset_cell", force=leads["force"], at=f"{leads['onset_central']:%d/%m %H:%M}"
            ),
        )
    out.print(table)
    if len(rows) > 12:  # noqa: PLR2004 - a screen's worth
        out.print(say("more_areas", n=len(rows) - 12))


def _counted(made: Replay) -> None:
    """Places with a level by counts: the largest count first, and when the level first stood."""
    context = made.played.context
    counts = made.impacts[made.impacts["measure"].str.endswith(".count")]
    worst = counts.groupby("place")["central"].max()
    raised = made.levels[made.levels["level"] > 0]
    title = say("summary_title", status=say(f"status_{made.played.case.spec.status.lower()}"))
    table = Table(title=title, title_justify="left")
    for name in ("place", "highest", "count", "first_day", "clause"):
        table.add_column(say(f"column_{name}"))
    top = raised.groupby(["place", "place_name"])["level"].max().reset_index()
    top["most"] = top["place"].map(worst)
    for row in top.sort_values(["level", "most"], ascending=False).head(12).itertuples():
        first = raised[(raised["place"] == row.place) & (raised["level"] == row.level)].iloc[0]
        table.add_row(
            str(row.place_name),
            f"{row.level} ({context.scale.names(int(str(row.level))).say(language())})",
            f"{float(str(row.most)):g}",
            f"{first['at']:%d/%m/%Y}",
            str(first["clause"]),
        )
    out.print(table)
    if len(top) > 12:  # noqa: PLR2004 - a screen's worth
        out.print(say("more_areas", n=len(top) - 12))


def _read(made: Replay) -> None:
    """Areas with a level by readings: the reading that first gave the highest one, and when."""
    from haidang.app.reading_words import reading, where  # noqa: PLC0415

    context = made.played.context
    indicators = context.pack.threat.readings.indicators
    raised = made.levels[made.levels["level"] > 0]
    title = say("summary_title", status=say(f"status_{made.played.case.spec.status.lower()}"))
    table = Table(title=title, title_justify="left")
    for name in ("place", "highest", "reading", "where", "how_known", "first_run", "clause"):
        table.add_column(say(f"column_{name}"))
    top = raised.groupby(["place", "place_name"], sort=False)["level"].max().reset_index()
    firsts = [
        raised[(raised["place"] == row.place) & (raised["level"] == row.level)].iloc[0]
        for row in top.itertuples()
    ]
    for first in sorted(firsts, key=lambda r: (-int(r["level"]), r["at"], r["place"]))[:12]:
        level = int(first["level"])
        name = str(first["indicator"])
        known = say(f"known_{first['known']}") if first["known"] else "–"
        stations, subject, area = context.pack.stations, first["subject"], first["place_name"]
        told = "–"
        if name:
            tables = context.tables.values()
            told = reading(indicators[name], tables, first["reading"], language())
        if not math.isnan(first.get("msk_central", math.nan)):
            told += f", MSK {first['msk_central']:.1f}"
        table.add_row(
            str(area),
            f"{level} ({context.scale.names(level).say(language())})",
            told,
            where(stations, str(subject), str(area), language()) if name else "–",
            known,
            f"{first['at']:%d/%m/%Y %H:%M}",
            str(first["clause"]),
        )
    out.print(table)
    if len(top) > 12:  # noqa: PLR2004 - a screen's worth
        out.print(say("more_areas", n=len(top) - 12))


def _force(wind: object) -> str:
    """Wind force of a wind in m/s; a dash where none is known."""
    from haidang.base.wind import beaufort  # noqa: PLC0415

    value = float(str(wind))
    return "–" if math.isnan(value) else str(int(beaufort(value)))


def problems(found: Iterable[Problem]) -> None:
    """Each problem on a line of its own, to the error stream."""
    for problem in found:
        style = "red" if problem.severity == "error" else "yellow"
        err.print(problem.say(language()), style=style, highlight=False, soft_wrap=True)


def scores(title: str, found: Iterable[Contingency]) -> None:
    """Counts and scores by lead time and force."""
    table = Table(title=title, title_justify="left")
    for name in ("lead", "force", "hits", "misses", "false_alarms", "pod", "far", "csi"):
        table.add_column(say(f"column_{name}"), justify="right")
    for row in found:
        scores = ("–" if v is None else f"{v:.2f}" for v in (row.pod, row.far, row.csi))
        counts = (row.lead_h, row.force, row.hits, row.misses, row.false_alarms)
        table.add_row(*(f"{v:g}" for v in counts), *scores)
    out.print(table)


def places(found: Iterable[Place], people: Mapping[str, int]) -> None:
    """A table of places with their registered people."""
    table = Table()
    for name in ("code", "name", "status", "parent", "people", "valid"):
        table.add_column(say(f"column_{name}"), justify="right" if name == "people" else "left")
    for place in found:
        until = "" if place.valid_to is None else place.valid_to.isoformat()
        number = people.get(place.code) if place.kind == "province" else None
        table.add_row(
            place.code,
            place.name(language()),
            place.status,
            place.parent or "",
            "" if number is None else f"{number:,}",
            f"{'' if place.valid_from == date.min else place.valid_from} – {until}",
        )
    out.print(table)
    out.print(say("n_places", n=table.row_count))
