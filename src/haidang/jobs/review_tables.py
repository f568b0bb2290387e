"""A review as tidy tables: one row one comparison, in CSV and Parquet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from haidang.app.context import Context
from haidang.review.book import Review

Row = dict[str, object]

TIMELINE: Final = (
    "at", "recorded", "stage", "kind", "level_before", "level", "reason", "role", "places",
    "figures", "text", "ids",
)  # fmt: skip
LEADS: Final = (
    "place", "place_name", "kind", "level", "found_level", "decided", "drafted", "sent", "landfall",
    "onset_6", "onset_8", "onset_10", "hours_6", "hours_8", "hours_10", "hours_landfall",
)  # fmt: skip
HANDLING: Final = (
    "draft", "place", "place_name", "level", "occasion", "bulletin", "drafted", "signed", "settled",
    "outcome", "sent", "escalated", "scripted", "min_to_draft", "min_to_sign", "min_to_send",
    "min_in_all",
)  # fmt: skip
ORDERS: Final = (
    "province", "province_name", "act", "ordered", "day", "place", "place_name", "merged",
    "first_level", "first_sent", "waters", "waters_sent", "task_due", "task_planned", "onset_6",
    "hours_ahead", "hours_ahead_waters", "hours_due_after", "hours_order_before_6",
    "hours_due_before_6", "text", "source",
)  # fmt: skip
WINDS: Final = (
    "station", "lat", "lon", "exposure", "ground", "basis", "bulletin", "averaging_s", "factor",
    "force", "gust", "from_ms", "to_ms", "ours_low", "ours_central", "ours_high", "force_low",
    "force_central", "force_high", "difference", "inside", "source",
)  # fmt: skip
HOUSES: Final = (
    "place", "place_name", "group", "coastal", "provinces", "lacking", "damaged", "basis",
    "bulletin", "measure", "low", "central", "high", "ratio", "inside",
)  # fmt: skip
TOLLS: Final = (
    "as_of", "at", "dead", "missing", "total", "injured", "houses", "dead_change",
    "missing_change", "total_change", "injured_change", "houses_change", "dead_by", "missing_by",
    "total_by", "injured_by", "houses_by", "agrees", "note",
)  # fmt: skip
NOT_MODELLED: Final = (
    "danger", "name", "modelled", "province", "province_name", "dead", "missing", "share", "text",
    "source",
)  # fmt: skip


@dataclass(frozen=True)
class ReviewTables:
    """A review for analysts; see the reference for each column's unit.

    Attributes:
        absent: One row for each part that is empty: its name and the reason in words.
        book: The same as rows of dataclasses.
    """

    timeline: pd.DataFrame
    leads: pd.DataFrame
    handling: pd.DataFrame
    orders: pd.DataFrame
    winds: pd.DataFrame
    houses: pd.DataFrame
    tolls: pd.DataFrame
    not_modelled: pd.DataFrame
    absent: pd.DataFrame
    book: Review


@dataclass(frozen=True)
class _Maker:
    """Makes rows: one language, the country's clock."""

    book: Review
    context: Context
    language: str

    def time(self, at: datetime | None) -> object:
        return pd.NaT if at is None else self.context.local(at)

    def now(self, code: str) -> str:
        """Name of a place of the case's own day, "" for none."""
        found = self.context.named.get(code)
        return "" if found is None else found.name(self.language)

    def then(self, code: str) -> str:
        """Name of a place of the facts' day."""
        names: Mapping[str, str] = self.book.names.get(code, {})
        return names.get(self.language) or names.get("en") or code

    def timeline(self) -> Iterator[Row]:
        for line in self.book.timeline:
            event = line.event
            yield {
                "at": self.time(line.at),
                "recorded": self.time(event.recorded),
                "stage": line.stage,
                "kind": line.kind,
                "level_before": _or_na(event.before),
                "level": _or_na(event.level),
                "reason": event.reason,
                "role": event.role,
                "places": "|".join(line.places),
                "figures": "|".join(f"{k}={v}" for k, v in event.numbers.items()),
                "text": event.text,
                "ids": "|".join(line.ids),
            }

    def leads(self) -> Iterator[Row]:
        for row in self.book.leads:
            forces = (6, 8, 10)
            yield {
                "place": row.place,
                "place_name": self.now(row.place),
                "kind": row.kind,
                "level": row.level,
                "found_level": _or_na(row.found),
                **{k: self.time(getattr(row, k)) for k in ("decided", "drafted", "sent")},
                "landfall": self.time(row.landfall),
                **{f"onset_{k}": self.time(row.onsets.get(k)) for k in forces},
                **{f"hours_{k}": _or_nan(row.hours(k)) for k in forces},
                "hours_landfall": _or_nan(row.hours_to_landfall),
            }

    def handling(self) -> Iterator[Row]:
        for row in self.book.handling:
            times = ("bulletin", "drafted", "signed", "settled", "sent")
            same = ("draft", "place", "level", "occasion", "outcome", "escalated", "scripted")
            yield {
                **{k: getattr(row, k) for k in same},
                **{k: self.time(getattr(row, k)) for k in times},
                "place_name": self.now(row.place),
                "min_to_draft": _or_nan(row.to_draft),
                "min_to_sign": _or_nan(row.to_sign),
                "min_to_send": _or_nan(row.to_send),
                "min_in_all": _or_nan(row.in_all),
            }

    def orders(self) -> Iterator[Row]:
        for row in self.book.orders:
            order = row.order
            yield {
                "province": order.place,
                "province_name": self.then(order.place),
                "act": order.act,
                "ordered": self.time(order.at),
                "day": order.day.isoformat(),
                "place": row.place,
                "place_name": self.now(row.place),
                "merged": "|".join(row.merged),
                "first_level": self.time(row.first_level),
                "first_sent": self.time(row.first_sent),
                "waters": row.waters,
                "waters_sent": self.time(row.waters_sent),
                "task_due": self.time(row.due),
                "task_planned": self.time(row.due_made),
                "onset_6": self.time(row.onset_6),
                "hours_ahead": _or_nan(row.ahead),
                "hours_ahead_waters": _or_nan(row.waters_ahead),
                "hours_due_after": _or_nan(row.due_after),
                "hours_order_before_6": _or_nan(row.order_before_6),
                "hours_due_before_6": _or_nan(row.due_before_6),
                "text": order.text,
                "source": order.source,
            }

    def winds(self) -> Iterator[Row]:
        for row in self.book.winds:
            one = row.measured
            yield {
                **{k: getattr(one, k) for k in ("station", "lat", "lon", "exposure", "ground")},
                "basis": row.basis,
                "bulletin": self.time(row.issued),
                "averaging_s": row.averaging_s,
                "factor": row.factor,
                "force": one.force,
                "gust": _or_na(one.gust),
                "from_ms": row.low_ms,
                "to_ms": _or_nan(row.high_ms),
                **dict(zip(("ours_low", "ours_central", "ours_high"), row.ours, strict=True)),
                **dict(zip(("force_low", "force_central", "force_high"), row.forces, strict=True)),
                "difference": row.difference,
                "inside": _or_na(row.inside),
                "source": one.source,
            }

    def houses(self) -> Iterator[Row]:
        for row in self.book.houses:
            one = row.counted
            low, central, high = row.ours or (np.nan, np.nan, np.nan)
            yield {
                "place": one.place,
                "place_name": self.now(one.place) or (self.then(one.place) if one.place else ""),
                "group": one.group,
                "coastal": one.coastal,
                "provinces": "|".join(one.parts),
                "lacking": "|".join(one.lacking),
                "damaged": one.houses,
                "basis": row.basis,
                "bulletin": self.time(row.issued),
                "measure": row.measure,
                "low": low,
                "central": central,
                "high": high,
                "ratio": _or_nan(row.ratio),
                "inside": _or_na(row.inside),
            }

    def tolls(self) -> Iterator[Row]:
        for toll in self.book.tolls:
            yield {
                "as_of": toll.as_of,
                "at": self.time(toll.at),
                **{f.name: _or_na(f.value) for f in toll.figures},
                **{f"{f.name}_change": f.change for f in toll.figures},
                **{f"{f.name}_by": _or_na(f.by) for f in toll.figures},
                "agrees": _or_na(toll.agrees),
                "note": toll.note,
            }

    def not_modelled(self) -> Iterator[Row]:
        for one in self.book.not_modelled:
            whole: Row = {
                "danger": one.id,
                "name": one.name.get(self.language) or one.name.get("en", ""),
                "modelled": one.modelled,
                "province": "",
                "province_name": "",
                "dead": _or_na(one.dead),
                "missing": _or_na(one.missing),
                "share": _or_nan(one.share),
                "text": one.text.get(self.language) or one.text.get("en", ""),
                "source": one.source,
            }
            yield whole
            for part in one.places:
                here: Row = {"province": part.place, "province_name": self.then(part.place)}
                here |= {"dead": part.dead, "missing": part.missing, "share": np.nan}
                yield {**whole, **here}


def _or_na(value: object) -> object:
    return pd.NA if value is None else value


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def review_tables(
    book: Review, context: Context, language: str, say: Callable[[str, str], str]
) -> ReviewTables:
    """Lay a review out as tables.

    Args:
        book: From ``review.review``.
        context: Its country's names and clock.
        language: Of names.
        say: Word of a key in a language, for the reasons of what is absent.

    Returns:
        Times are aware, on the country's clock; a missing value is missing, never a zero.
    """
    make = _Maker(book, context, language)
    absent = [{"part": a.part, "reason": say(f"review.{a.reason}", language)} for a in book.absent]
    return ReviewTables(
        timeline=_table(TIMELINE, make.timeline()),
        leads=_table(LEADS, make.leads()),
        handling=_table(HANDLING, make.handling()),
        orders=_table(ORDERS, make.orders()),
        winds=_table(WINDS, make.winds()),
        houses=_table(HOUSES, make.houses()),
        tolls=_table(TOLLS, make.tolls()),
        not_modelled=_table(NOT_MODELLED, make.not_modelled()),
        absent=pd.DataFrame(absent, columns=["part", "reason"]),
        book=book,
    )


TABLES: Final = (
    "timeline", "leads", "handling", "orders", "winds", "houses", "tolls", "not_modelled", "absent",
)  # fmt: skip
WHOLE: Final = frozenset(
    {
        "level_before", "level", "found_level", "gust", "inside", "agrees", "dead", "missing",
        "total", "injured", "houses", "dead_by", "missing_by", "total_by", "injured_by",
        "houses_by",
    }
)  # fmt: skip
"""Columns of whole numbers, or of yes and no, that may be missing."""


def _table(columns: tuple[str, ...], rows: Iterator[Row]) -> pd.DataFrame:
    found = pd.DataFrame(list(rows), columns=list(columns))
    for name in columns:
        if name in WHOLE:
            found[name] = found[name].astype("boolean" if name in {"inside", "agrees"} else "Int64")
    return found


def write(found: ReviewTables, folder: Path) -> tuple[Path, ...]:
    """Write every table as ``review_<name>`` in CSV and Parquet; a file appears whole or not.

    Args:
        found: From ``review_tables``.
        folder: Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name in TABLES:
        table: pd.DataFrame = getattr(found, name)
        for suffix in ("csv", "parquet"):
            path = folder / f"review_{name}.{suffix}"
            part = path.with_suffix(f".{suffix}.part")
            if suffix == "csv":
                table.to_csv(part, index=False)
            else:
                table.to_parquet(part, index=False)
            os.replace(part, path)
            out.append(path)
    return tuple(out)
