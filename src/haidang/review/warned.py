"""Was it right? What was said of each place and level, beside what came, one answer to each.

A place was *warned* at a level while a notice of that level or a higher one was in force. It *had*
the level when what came reached it. The four cells follow Wilks, Statistical Methods in the
Atmospheric Sciences, chapter on forecast verification; a miss is told apart by how it happened,
because a notice that came too late and one that ran out too early are mended differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from scipy.special import betaincinv

Outcome = Literal["hit", "late", "lapsed", "miss", "false_alarm", "quiet", "unknown"]
MISSES: Final = ("late", "lapsed", "miss")
"""The level came and no notice of it was in force: it came later, had run out, or never was."""

HOUR: Final = timedelta(hours=1)


class Word(NamedTuple):
    """One notice of a chain, reduced to what holds from when to when.

    Attributes:
        at: From when it holds.
        level: Legal level, 0 for the all-clear.
        expires: End of its validity; a newer word of the chain ends it before.
    """

    at: datetime
    level: int
    expires: datetime


class Span(NamedTuple):
    """A stretch of time in which a place was warned at one level."""

    level: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What came to a place.

    Attributes:
        level: Highest level that was reached, 0 for none; None where nobody knows: a place without
            a gauge is no place without a flood.
        onsets: First time of each level or a higher one; None where the hour is not known.
        source: Key of the words that say how it is known.
    """

    level: int | None
    onsets: Mapping[int, datetime | None]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The answer for one office, event, place and level.

    Attributes:
        office: Who spoke: ``sent``, ``drafted``, ``announced``.
        hazard: Id of the threat.
        domain: ``land`` or ``sea``.
        level: This one or a higher one.
        outcome: See `Outcome`.
        near: A false alarm where the level below this one came, or a miss where that one was
            warned of.
        lead_h: Hours from the beginning of the warning that was in force to the onset; None
            without a hit, or where the hour of the onset is not known.
        warned_h: Hours warned at this level, for nothing where the outcome is a false alarm.
        weight: Share of the event's area or people, for scores that count those.
    """

    office: str
    hazard: str
    event: str
    place: str
    domain: str
    level: int
    outcome: Outcome
    near: bool
    lead_h: float | None
    warned_h: float
    weight: float = 1.0


def spans(words: Iterable[Word]) -> tuple[Span, ...]:
    """What one chain of notices holds, stretch by stretch.

    Args:
        words: Of one chain, in any order.

    >>> from datetime import UTC
    >>> day = datetime(2030, 9, 1, tzinfo=UTC)
    >>> one = Word(day, 3, day + 9 * HOUR)
    >>> clear = Word(day + 4 * HOUR, 0, day + 9 * HOUR)
    >>> [(s.level, (s.end - s.start) / HOUR) for s in spans([one, clear])]
    [(3, 4.0)]
    """
    # Of two words of one instant the all-clear is the later one.
    ordered = sorted(words, key=lambda w: (w.at, w.level == 0, w.level))
    out = []
    for i, one in enumerate(ordered):
        after = ordered[i + 1].at if i + 1 < len(ordered) else one.expires
        end = min(one.expires, after)
        if one.level and end > one.at:
            out.append(Span(one.level, one.at, end))
    return tuple(out)


def in_force(held: Iterable[Span], level: int, gap: timedelta = timedelta(0)) -> tuple[Span, ...]:
    """Stretches without a break in which a level or a higher one stood, oldest first.

    Args:
        held: Of one place, of any number of chains.
        level: At least this one.
        gap: A break of no more than this is none: an update may come a minute after the end of
            what it takes the place of.
    """
    out: list[Span] = []
    for one in sorted((s for s in held if s.level >= level), key=lambda s: (s.start, s.end)):
        if out and one.start <= out[-1].end + gap:
            out[-1] = Span(level, out[-1].start, max(out[-1].end, one.end))
        else:
            out.append(Span(level, one.start, one.end))
    return tuple(out)


def outcome(
    standing: Sequence[Span],
    found: Found,
    level: int,
    tolerance: timedelta,
    since: datetime | None = None,
) -> tuple[Outcome, float | None]:
    """The answer for one level, and the lead time of a hit in hours.

    A hit stands in force at the onset. One that ran out no longer than ``tolerance`` before the
    onset is a hit too: onsets are known to the hour or worse. A notice that begins at the onset
    or after it told nobody anything in time.

    Args:
        standing: From `in_force`, for this level.
        found: What came to the place.
        level: This one or a higher one.
        tolerance: See above.
        since: When the office began to work. What had come by then is not known to be right or
            wrong: nobody could have spoken, and to keep only the hits would flatter.
    """
    if found.level is None:
        return "unknown", None
    if found.level < level:
        return ("false_alarm" if standing else "quiet"), None
    onset = found.onsets.get(level)
    if onset is not None and since is not None and onset <= since:
        return "unknown", None
    if not standing:
        return "miss", None
    if onset is None:
        return "hit", None
    before = [s for s in standing if s.start < onset]
    if not before:
        return "late", None
    last = before[-1]
    if last.end + tolerance < onset:
        return "lapsed", None
    return "hit", (onset - last.start) / HOUR


@dataclass(frozen=True, slots=True)
class Asked:
    """What is judged: one place in one event, by one office."""

    office: str
    hazard: str
    event: str
    place: str
    domain: str
    weight: float = 1.0


def judge(
    asked: Asked,
    held: Sequence[Span],
    found: Found,
    levels: Sequence[int],
    tolerance: timedelta = HOUR,
    since: datetime | None = None,
) -> tuple[Row, ...]:
    """One row for each level.

    Args:
        asked: Who spoke of what.
        held: What that office held of the place in the event.
        found: What came.
        levels: The levels that the law has for the hazard, lowest first, without 0.
        tolerance: As in `outcome`; breaks no longer than this are none.
        since: As in `outcome`.
    """
    rows = []
    highest = max((s.level for s in held), default=0)
    for i, level in enumerate(levels):
        standing = in_force(held, level, tolerance)
        what, lead = outcome(standing, found, level, tolerance, since)
        below = levels[i - 1] if i else None
        near = below is not None and (
            (what == "false_alarm" and (found.level or 0) >= below)
            or (what in MISSES and highest == below)
        )
        hours = sum((s.end - s.start) / HOUR for s in standing)
        rows.append(
            Row(
                asked.office, asked.hazard, asked.event, asked.place, asked.domain, level,
                what, near, lead, hours, asked.weight,
            )
        )  # fmt: skip
    return tuple(rows)


# --- counting -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """The two by two table with what it is made of.

    A score whose denominator is zero is None: there was nothing to be right or wrong about.

    Attributes:
        events: How many events have a row: as many as are independent of each other, and no more.
        hits, late, lapsed, missed, false_alarms, quiet, unknown: Rows, or sums of their weights.
        near_misses, near_false: Those among them that are one level off.
        leads: Lead times of the hits whose onset is known to the hour, hours, sorted.
        needless_h: Hours warned for nothing.
    """

    events: int
    hits: float
    late: float
    lapsed: float
    missed: float
    false_alarms: float
    quiet: float
    unknown: float
    near_misses: float
    near_false: float
    leads: tuple[float, ...]
    needless_h: float

    @property
    def misses(self) -> float:
        """All that came and was not warned of in time."""
        return self.late + self.lapsed + self.missed

    @property
    def pod(self) -> float | None:
        """Probability of detection: hits / (hits + misses)."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float | None:
        """False alarm ratio: false alarms / (hits + false alarms)."""
        return _share(self.false_alarms, self.hits + self.false_alarms)

    @property
    def pofd(self) -> float | None:
        """Probability of false detection: false alarms / (false alarms + quiet)."""
        return _share(self.false_alarms, self.false_alarms + self.quiet)

    @property
    def csi(self) -> float | None:
        """Critical success index: hits / (hits + misses + false alarms)."""
        return _share(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def bias(self) -> float | None:
        """Frequency bias: warned / came; 1 warns as often as it comes."""
        return _share(self.hits + self.false_alarms, self.hits + self.misses)

    @property
    def base_rate(self) -> float | None:
        """Share of the places and events that had the level."""
        whole = self.hits + self.misses + self.false_alarms + self.quiet
        return _share(self.hits + self.misses, whole)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def tally(rows: Iterable[Row], *, weighted: bool = False) -> Tally:
    """Count rows of one level.

    Args:
        rows: Of one office and level.
        weighted: Sum weights in the place of counting rows: an area hit rate.
    """
    kept = tuple(rows)

    def count(*outcomes: str, near: bool | None = None) -> float:
        mine = (r for r in kept if r.outcome in outcomes and near in (None, r.near))
        return sum(r.weight if weighted else 1 for r in mine)

    return Tally(
        events=len({r.event for r in kept if r.outcome != "unknown"}),
        hits=count("hit"),
        late=count("late"),
        lapsed=count("lapsed"),
        missed=count("miss"),
        false_alarms=count("false_alarm"),
        quiet=count("quiet"),
        unknown=count("unknown"),
        near_misses=count(*MISSES, near=True),
        near_false=count("false_alarm", near=True),
        leads=tuple(sorted(r.lead_h for r in kept if r.lead_h is not None)),
        needless_h=sum(r.warned_h for r in kept if r.outcome == "false_alarm"),
    )


class Range(NamedTuple):
    """A confidence interval of a share."""

    low: float
    high: float


def exact(hits: int, of: int, confidence: float = 0.95) -> Range | None:
    """Clopper-Pearson interval of a share (Clopper & Pearson 1934, Biometrika 26); None of nothing.

    It is only right for answers that do not hang together, such as events.

    >>> one = exact(5, 5)
    >>> round(one.low, 2), one.high
    (0.48, 1.0)
    """
    if not of:
        return None
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, tail))
    high = 1.0 if hits == of else float(betaincinv(hits + 1, of - hits, 1 - tail))
    return Range(low, high)
