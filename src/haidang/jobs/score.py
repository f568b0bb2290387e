"""Were the warnings right? Of played cases, what was said beside what came, as rows to add up.

Three offices are judged by the same rules: ``sent`` (messages that were approved), ``drafted``
(what the chain had worded, as if somebody had approved it at once: all that a hindcast has) and
``announced`` (what the real services said, where a case holds it).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from haidang.app.context import Context
from haidang.app.verdict import Draft
from haidang.edge.store.store import Store
from haidang.jobs.came import came_to
from haidang.jobs.replay import Played
from haidang.review.warned import Asked, Found, Row, Span, Word, judge, spans
from haidang.risk.spec import Shaking

SENT, DRAFTED, ANNOUNCED = "sent", "drafted", "announced"
ASSUMED: Final = timedelta(hours=24)
"""Validity of an announcement that names none, where no newer one of the place ends it before."""
LAND, SEA = "land", "sea"
SEAS: Final = frozenset({"sea", "point"})

Held = Mapping[str, Sequence[Span]]


@dataclass(frozen=True)
class Scored:
    """One case.

    Attributes:
        case: Its id.
        hazard: Id of its threat.
        levels: Of the law for this threat, lowest first.
        rows: Every office, place and level.
        truth: Key of the words that say how what came is known; "" where it is not.
        why: Key of the words that say why there is nothing to score, "" where there is.
        chances: (place, P(level or more) by level) a day before its first onset, on land;
            empty where the threat has no probabilities.
        came: Highest level that came to each place; None where nobody knows.
    """

    case: str
    hazard: str
    levels: tuple[int, ...]
    rows: tuple[Row, ...]
    truth: str = ""
    why: str = ""
    chances: tuple[tuple[str, tuple[float, ...]], ...] = ()
    came: Mapping[str, int | None] = field(default_factory=dict)


def score(played: Played, store: Store | None = None) -> Scored:
    """Judge a played case.

    Args:
        played: From ``replay.play``.
        store: Its store, if it is open already.

    Returns:
        Its rows; without any and with the reason where what came is not known, or where a notice
        can only follow what came (an earthquake is not forecast).
    """
    if store is None:
        with Store.open(played.database, check=False) as opened:
            return score(played, opened)
    context, case = played.context, played.case
    levels = tuple(sorted(k for k in context.pack.binding.levels if k))
    bare = Scored(case.spec.id, context.pack.id, levels, ())
    if context.pack.threat.counted:
        return replace(bare, why="why_counted")
    if isinstance(context.pack.threat.risk, Shaking):
        return replace(bare, why="why_shaken")
    tracked = context.pack.threat.tracked
    if tracked and case.truth() is None:
        return replace(bare, why="why_no_truth")
    came = came_to(played, levels)
    offices = {
        SENT: held_sent(store),
        DRAFTED: held_drafted(store),
        ANNOUNCED: announced(played),
    }
    chances = _chances(store, came, levels, _land(context)) if tracked else ()
    since = min((s.now for s in played.steps), default=None)
    # A threat without a track has one standing event for all its cases: two floods are two.
    event = case.spec.event if tracked else case.spec.id
    rows: list[Row] = []
    for office, held in offices.items():
        if held:
            rows += _rows(office, held, came, context, event, levels, since)
    reached = {place: found.level for place, found in came.items()}
    source = "truth_track" if tracked else "truth_readings"
    return replace(bare, rows=tuple(rows), truth=source, chances=chances, came=reached)


def _rows(
    office: str, held: Held, came: Mapping[str, Found], context: Context, event: str,
    levels: Sequence[int], since: datetime | None,
) -> list[Row]:  # fmt: skip
    """Every place that the office speaks of: ours all, of an announced list those that it names.

    What is typed of announcements is what the press quoted, so that a place that is not in it may
    have been warned all the same.
    """
    areas = context.areas
    weights = _people(context)
    rows: list[Row] = []
    for code, kind in zip(areas.codes, areas.kinds, strict=True):
        if office == ANNOUNCED and code not in held:
            continue
        domain = SEA if kind in SEAS else LAND
        asked = Asked(office, context.pack.id, event, code, domain, weights.get(code, 0.0))
        rows += judge(asked, held.get(code, ()), came[code], levels, since=since)
    return rows


def _land(context: Context) -> frozenset[str]:
    areas = context.areas
    return frozenset(c for c, k in zip(areas.codes, areas.kinds, strict=True) if k not in SEAS)


def _people(context: Context) -> dict[str, float]:
    """Registered people of each area on land whose number is known."""
    areas = context.areas
    sums = areas.sums(areas.people[0].astype(float))
    known = zip(areas.codes, areas.peopled, sums, strict=True)
    return {code: float(n) for code, peopled, n in known if peopled}


# --- what was said ------------------------------------------------------------------------------


def held_sent(store: Store) -> dict[str, list[Span]]:
    """What approved messages held of each place."""
    drafts = {d.id: d for d in store.drafts()}
    words: dict[str, list[Word]] = defaultdict(list)
    place: dict[str, str] = {}
    for one in store.messages():
        level = 0 if one.kind == "Cancel" else one.level
        words[one.chain].append(Word(one.sent, level, one.expires))
        place[one.chain] = drafts[one.draft].place
    return _by_place(words, place)


def held_drafted(store: Store) -> dict[str, list[Span]]:
    """What the chain would have held if every draft had gone out as it was made."""
    words: dict[str, list[Word]] = defaultdict(list)
    place: dict[str, str] = {}
    for draft in store.drafts():
        words[_line(draft)].append(Word(draft.at, draft.said.level, draft.said.expires))
        place[_line(draft)] = draft.place
        state = store.draft_state(draft.id)
        if state.last == "withdrawn" and state.at is not None and state.at > draft.at:
            words[_line(draft)].append(Word(state.at, 0, state.at))
    return _by_place(words, place)


def _line(draft: Draft) -> str:
    # Without approval every draft begins the chain anew; for a place they are one line of words.
    return f"{draft.threat}/{draft.event}/{draft.place}"


def _by_place(
    words: Mapping[str, Iterable[Word]], place: Mapping[str, str]
) -> dict[str, list[Span]]:
    out: dict[str, list[Span]] = defaultdict(list)
    for chain, said in words.items():
        out[place[chain]] += spans(said)
    return dict(out)


def announced(played: Played) -> dict[str, list[Span]]:
    """What the services announced of each place, where the case holds it."""
    path = played.case.announced()
    if path is None:
        return {}
    words: dict[str, list[Word]] = defaultdict(list)
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        if not speaks_of(row.get("hazard", ""), played.context.pack.id):
            continue
        at = datetime.fromisoformat(row["issued"])
        until = datetime.fromisoformat(row["valid_until"]) if row["valid_until"] else at + ASSUMED
        for code in row["places"].split("|"):
            words[code].append(Word(at, int(row["level"]), until))
    known = set(played.context.areas.codes)
    return {code: list(spans(_highest(said))) for code, said in words.items() if code in known}


def speaks_of(hazard: str, threat: str) -> bool:
    """Whether an announcement is of a threat, as its list names it.

    Args:
        hazard: "flood and landslide"; "" speaks of whatever the case is about.
        threat: Id of the threat, whose words are those of its name.

    >>> speaks_of("flood and landslide", "river_flood"), speaks_of("not stated", "river_flood")
    (True, False)
    """
    mine = set(threat.split("_"))
    named = (set(part.split()) for part in hazard.lower().split(" and "))
    return not hazard or any(words <= mine for words in named)


def _highest(words: Iterable[Word]) -> list[Word]:
    """Of several words of one instant (parts of an area) the highest."""
    best: dict[datetime, Word] = {}
    for one in words:
        if one.at not in best or one.level > best[one.at].level:
            best[one.at] = one
    return list(best.values())


def _chances(
    store: Store, came: Mapping[str, Found], levels: Sequence[int], land: Collection[str]
) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """P(level or more) of every place on land, of the newest run a day before its first onset.

    A place to which nothing came is asked a day before the middle one of those onsets; one of
    which no run is that old is left out.
    """
    first = {
        place: min(known)
        for place in sorted(land)
        if (known := [at for at in came[place].onsets.values() if at is not None])
    }
    if not first:
        return ()
    middle = sorted(first.values())[len(first) // 2]
    newest: dict[str, tuple[datetime, tuple[float, ...]]] = {}
    for one in store.assessments():
        latest = first.get(one.place, middle) - timedelta(hours=24)
        if one.place not in land or one.at > latest:
            continue
        if one.place not in newest or newest[one.place][0] <= one.at:
            chance = dict(one.p_level)
            newest[one.place] = one.at, tuple(float(chance.get(k, 0.0)) for k in levels)
    return tuple((place, p) for place, (_, p) in sorted(newest.items()))


def tiers(scored: Iterable[Scored], office: str, domain: str) -> tuple[list[int], list[int]]:
    """Highest level warned of and level that came, for every place and event that is known.

    What was said too late was not said: of a level that came only a hit counts as warned of. A
    place of which one level is not known has no level that came.
    """
    warned, reached = [], []
    for one in scored:
        mine: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in one.rows:
            if (row.office, row.domain) == (office, domain):
                mine[row.event, row.place].append(row)
        for rows in mine.values():
            if any(r.outcome == "unknown" for r in rows):
                continue
            said = (r.level for r in rows if r.outcome in ("hit", "false_alarm"))
            warned.append(max(said, default=0))
            came = (r.level for r in rows if r.outcome not in ("quiet", "false_alarm"))
            reached.append(max(came, default=0))
    return warned, reached


def odds(scored: Iterable[Scored]) -> tuple[np.ndarray, list[int]]:
    """Probabilities of the day before and the level that came, for every known place and event."""
    chances: list[tuple[float, ...]] = []
    reached: list[int] = []
    for one in scored:
        for place, p in one.chances:
            level = one.came.get(place)
            if level is not None:
                chances.append(p)
                reached.append(level)
    return np.array(chances), reached
