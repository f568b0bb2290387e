"""What a replay left in its store, as tidy tables: one row one fact, in CSV and Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from haidang.app.reading_words import looked_up
from haidang.app.said_readings import told_of
from haidang.app.verdict import Decision, Draft, Message
from haidang.base.wind import beaufort
from haidang.edge.channels.capfile import file_name
from haidang.edge.store.store import Store
from haidang.jobs.replay import Played
from haidang.risk.assessment import Assessment, Interval, When
from haidang.risk.spec import Shaking

LEVELS: Final = (
    "bulletin", "at", "place", "place_name", "kind", "threat", "event", "level", "level_before",
    "combined", "assessed_level", "reason", "status", "article", "clause", "act", "regions",
)  # fmt: skip
WIND: Final = (
    "wind_low", "wind_central", "wind_high", "force_low", "force_central", "force_high",
)  # fmt: skip
READ: Final = (
    "indicator", "subject", "reading", "unit", "reading_start", "known", "asked", "silent",
)  # fmt: skip
SHAKEN: Final = ("msk_low", "msk_central", "msk_high")
TRACED: Final = ("law_on", "places_on", "assessment", "decision")
IMPACTS: Final = (
    "bulletin", "at", "place", "place_name", "measure", "unit", "low", "central", "high",
)  # fmt: skip
ONSETS: Final = (
    "bulletin", "at", "place", "place_name", "force", "probability",
    "onset_early", "onset_central", "onset_late", "end_early", "end_central", "end_late",
)  # fmt: skip
WARNINGS: Final = (
    "sent", "at", "place", "place_name", "kind", "occasion", "level", "status", "urgency",
    "severity", "certainty", "onset", "expires", "wakes", "headline", "chain", "number", "version",
    "draft", "decision", "identifier", "references", "file",
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """Tidy tables of a replay; see the reference for each column's unit."""

    levels: pd.DataFrame
    impacts: pd.DataFrame
    onsets: pd.DataFrame
    warnings: pd.DataFrame


def tables(played: Played, language: str = "en") -> Tables:
    """Read what a played case left in its store.

    Args:
        played: From ``replay.play``.
        language: Of place names and headlines.

    Returns:
        Times are aware, on the country's clock; a missing value is missing, never a zero.
    """
    with Store.open(played.database, check=False) as store:
        found = {a.id: a for a in store.assessments()}
        decisions = store.decisions()
        drafts = store.drafts()
        messages = {m.draft: m for m in store.messages()}
    return Tables(
        levels=_table(
            (
                *LEVELS,
                *_own(played),
                *TRACED,
                *(f"p_level_{k}" for k in played.context.pack.binding.levels),
            ),
            _levels(played, decisions, found, language),
        ),
        impacts=_table(IMPACTS, _impacts(played, found, language)),
        onsets=_table(ONSETS, _onsets(played, found, language)),
        warnings=_table(WARNINGS, _warnings(played, drafts, messages, language)),
    )


def _own(played: Played) -> tuple[str, ...]:
    """Columns of ``levels`` that only this kind of threat has."""
    threat = played.context.pack.threat
    if not threat.read:
        return WIND
    return (*READ, *SHAKEN) if isinstance(threat.risk, Shaking) else READ


def _table(columns: tuple[str, ...], rows: Iterator[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))


def _key(played: Played, found: Assessment, language: str) -> dict[str, object]:
    context = played.context
    # Of counts the newest period; of readings when the newest were published, for the one that
    # decides may be a forecast; of an assessment that had nothing to read, its own hour.
    if context.pack.threat.read:
        told = [s.issued for s in played.steps if s.issued is not None and s.now <= found.at]
        newest = max(told, default=found.at)
    elif found.signals:
        newest = found.signals[-1 if context.pack.threat.counted else 0].start
    else:
        newest = found.at
    return {
        "bulletin": context.local(newest),
        "at": context.local(found.at),
        "place": found.place,
        "place_name": context.named[found.place].name(language),
    }


def _levels(
    played: Played,
    decisions: tuple[Decision, ...],
    assessments: Mapping[str, Assessment],
    language: str,
) -> Iterator[dict[str, object]]:
    # A level that is held on quieter data, or on none, stands by the clause that gave it.
    given: dict[tuple[str, str, str, int | None], str] = {}
    read = played.context.pack.threat.read
    for decision in decisions:
        found = assessments[decision.assessment]
        p = dict(found.p_level)
        of = (decision.threat, decision.event, decision.place)
        given[*of, found.grounds.level] = found.grounds.clause
        yield {
            **_key(played, found, language),
            "kind": played.context.named[found.place].kind,
            "threat": found.threat,
            "event": found.event,
            "level": decision.after,
            "level_before": decision.before,
            "combined": decision.combined,
            "assessed_level": pd.NA if found.grounds.level is None else found.grounds.level,
            "reason": decision.reason.value,
            "status": found.grounds.status,
            "article": found.grounds.article,
            "clause": given.get((*of, decision.after), ""),
            "act": found.grounds.decision,
            "regions": "" if read else found.grounds.note,
            **(_read(played, found) if read else _wind(found)),
            "law_on": played.case.spec.law_on.isoformat(),
            "places_on": played.case.spec.places_on.isoformat(),
            "assessment": found.id,
            "decision": decision.id,
            **{f"p_level_{k}": p.get(k, np.nan) for k in played.context.pack.binding.levels},
        }


def _wind(found: Assessment) -> dict[str, object]:
    return {**_interval("wind", found.intensity), **_forces(found.intensity)}


def _read(played: Played, found: Assessment) -> dict[str, object]:
    """The reading that decides, what was asked of the law, and which gauges are silent."""
    lead = told_of(found)
    indicators = played.context.pack.threat.readings.indicators
    spec = None if lead is None else indicators.get(lead.indicator)
    asked = looked_up(found.grounds.inputs).given
    notes = found.grounds.note.split("|")
    return {
        "indicator": "" if lead is None or spec is None else lead.indicator,
        "subject": "" if lead is None or spec is None else lead.subject,
        "reading": np.nan if lead is None or spec is None else lead.value,
        "unit": "" if spec is None else spec.unit["en"],
        "reading_start": pd.NaT if lead is None else played.context.local(lead.start),
        "known": "" if lead is None or spec is None else lead.method,
        "asked": "; ".join(f"{name}={value}" for name, value in asked.items()),
        "silent": "|".join(n.partition(":")[2] for n in notes if n.startswith("silent:")),
        **_interval("msk", found.intensity),
    }


def _interval(name: str, value: Interval | None) -> dict[str, object]:
    low, central, high = value or (np.nan, np.nan, np.nan)
    return {f"{name}_low": low, f"{name}_central": central, f"{name}_high": high}


def _forces(value: Interval | None) -> dict[str, object]:
    names = ("force_low", "force_central", "force_high")
    if value is None:
        return dict.fromkeys(names, pd.NA)
    return dict(zip(names, (int(v) for v in beaufort(np.array(value))), strict=True))


def _impacts(
    played: Played, assessments: Mapping[str, Assessment], language: str
) -> Iterator[dict[str, object]]:
    for found in assessments.values():
        for impact in found.impacts:
            low, central, high = impact.value or (np.nan, np.nan, np.nan)
            yield {
                **_key(played, found, language),
                "measure": impact.measure,
                "unit": impact.unit,
                "low": low,
                "central": central,
                "high": high,
            }


def _onsets(
    played: Played, assessments: Mapping[str, Assessment], language: str
) -> Iterator[dict[str, object]]:
    for found in assessments.values():
        for onset in found.onsets:
            yield {
                **_key(played, found, language),
                "force": onset.threshold,
                "probability": onset.probability,
                **_when(played, "onset", onset.onset),
                **_when(played, "end", onset.end),
            }


def _when(played: Played, name: str, when: When) -> dict[str, object]:
    return {
        f"{name}_{part}": pd.NaT if value is None else played.context.local(value)
        for part, value in zip(("early", "central", "late"), when, strict=True)
    }


def _warnings(
    played: Played, drafts: tuple[Draft, ...], messages: Mapping[str, Message], language: str
) -> Iterator[dict[str, object]]:
    local = played.context.local
    said: dict[str, list[str]] = {}
    for draft in drafts:
        message = messages.get(draft.id)
        earlier = said.setdefault(draft.chain, [])
        text = next((t for t in draft.texts if t.language == language), draft.texts[0])
        yield {
            "sent": pd.NaT if message is None else local(message.sent),
            "at": local(draft.at),
            "place": draft.place,
            "place_name": played.context.named[draft.place].name(language),
            "kind": draft.kind,
            "occasion": draft.occasion.value,
            "level": draft.said.level,
            "status": draft.status,
            "urgency": draft.urgency,
            "severity": draft.severity,
            "certainty": draft.certainty,
            "onset": pd.NaT if draft.onset is None else local(draft.onset),
            "expires": local(draft.said.expires),
            "wakes": draft.wakes,
            "headline": text.headline,
            "chain": draft.chain,
            "number": draft.number,
            "version": draft.version,
            "draft": draft.id,
            "decision": draft.decision,
            "identifier": "" if message is None else message.identifier,
            "references": "" if message is None else " ".join(earlier),
            "file": "" if message is None else _file(message),
        }
        if message is not None:
            earlier.append(message.identifier)


def _file(message: Message) -> str:
    return f"cap/{file_name(message)}"


def write(found: Tables, folder: Path) -> tuple[Path, ...]:
    """Write every table as CSV and as Parquet; a file appears whole or not at all.

    Args:
        found: From ``tables``.
        folder: Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in ("levels", "impacts", "onsets", "warnings"):
        written += put(getattr(found, name), folder, name)
    return tuple(written)


def put(table: pd.DataFrame, folder: Path, name: str) -> Iterator[Path]:
    """Write one table as CSV and as Parquet."""
    for suffix in ("csv", "parquet"):
        path = folder / f"{name}.{suffix}"
        part = path.with_suffix(f".{suffix}.part")
        if suffix == "csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False)
        os.replace(part, path)
        yield path
