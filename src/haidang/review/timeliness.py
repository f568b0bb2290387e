"""How early: from the first word to the wind, from the bulletin to the message, beside the orders.

Every time is the desk's clock. In a replay with scripted officers the minutes between draft and
approval are the script's, not a measurement, and the rows say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from haidang.base.place import Gazetteer
from haidang.respond.plan import Plan
from haidang.review.facts import Order
from haidang.review.timeline import Event

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LeadRow:
    """How early one area had one level.

    Attributes:
        place: Code of today.
        level: At or above this one.
        kind: Kind of place.
        decided, drafted, sent: When it was first decided, worded, and on its way; None for never.
        found: Level that the law gives for the wind over the track as found afterwards; None
            without such a track, or where the text defines none.
        onsets: When each wind force began anywhere in the area by that track;
            None where it never did.
        landfall: When the centre came ashore by that track, anywhere; None if never.
    """

    place: str
    kind: str
    level: int
    decided: datetime | None
    drafted: datetime | None
    sent: datetime | None
    found: int | None
    onsets: Mapping[int, datetime | None]
    landfall: datetime | None

    def hours(self, force: int) -> float | None:
        """Hours from the message to the onset of a force; negative: it came too late."""
        return hours_between(self.sent, self.onsets.get(force))

    @property
    def hours_to_landfall(self) -> float | None:
        """Hours from the message to landfall; negative: it came after it."""
        return hours_between(self.sent, self.landfall)


@dataclass(frozen=True, slots=True)
class Handling:
    """One draft from the bulletin to the message.

    Attributes:
        draft: Its id.
        place, level, occasion: What it was about.
        bulletin: Time of issue of the bulletin it rests on.
        drafted: When it was made.
        signed: When somebody first took responsibility for its words.
        settled: When it was approved, refused, replaced or withdrawn; None while it waits.
        outcome: ``approval``, ``refused``, ``superseded``, ``withdrawn``, "" while it waits.
        sent: When its message was on its way; None without one.
        escalated: How often it was passed on to another role.
        scripted: The people of this case are a script: the minutes to signature and approval
            measure nothing.
    """

    draft: str
    place: str
    level: int
    occasion: str
    bulletin: datetime | None
    drafted: datetime
    signed: datetime | None
    settled: datetime | None
    outcome: str
    sent: datetime | None
    escalated: int
    scripted: bool

    @property
    def to_draft(self) -> float | None:
        """Minutes from the bulletin's hour to the draft."""
        return minutes_between(self.bulletin, self.drafted)

    @property
    def to_sign(self) -> float | None:
        """Minutes from the draft to the signature."""
        return minutes_between(self.drafted, self.signed)

    @property
    def to_send(self) -> float | None:
        """Minutes from the draft to the message."""
        return minutes_between(self.drafted, self.sent)

    @property
    def in_all(self) -> float | None:
        """Minutes from the bulletin's hour to the message."""
        return minutes_between(self.bulletin, self.sent)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What one province really ordered beside what we would have said by then.

    Attributes:
        order: The order.
        place: Code of the province that it is part of today; "" for the country, or where its
            territory went to several.
        merged: Codes then of all the provinces that today's is made of, if more than one: ours
            speaks of the whole.
        first_level: When any level was first decided for today's province.
        first_sent: When its first message was on its way.
        waters: Code of the sea area nearest to it, "" for none.
        waters_sent: When that sea area's first message was on its way.
        due: When our task had vessels in harbour, by the newest plan made up to the order, or,
            where there was none yet, by the first plan with it; None without a plan.
        due_made: When that plan was made.
        onset_6: When force 6 began in today's province by the track as found afterwards.
    """

    order: Order
    place: str
    merged: tuple[str, ...]
    first_level: datetime | None
    first_sent: datetime | None
    waters: str
    waters_sent: datetime | None
    due: datetime | None
    due_made: datetime | None
    onset_6: datetime | None

    @property
    def ahead(self) -> float | None:
        """Hours that our message to the province was ahead of the order; negative: behind it."""
        return hours_between(self.first_sent, self.order.at)

    @property
    def waters_ahead(self) -> float | None:
        """The same of our message to the sea area."""
        return hours_between(self.waters_sent, self.order.at)

    @property
    def due_after(self) -> float | None:
        """Hours from the order to our task's due time; negative: ours was due before."""
        return hours_between(self.order.at, self.due)

    @property
    def order_before_6(self) -> float | None:
        """Hours from the order to force 6; negative: the wind was there first."""
        return hours_between(self.order.at, self.onset_6)

    @property
    def due_before_6(self) -> float | None:
        """Hours from our task's due time to force 6; negative: due too late."""
        return hours_between(self.due, self.onset_6)


def hours_between(first: datetime | None, then: datetime | None) -> float | None:
    """Hours from one instant to another; None if either lacks."""
    return None if first is None or then is None else (then - first) / HOUR


def minutes_between(first: datetime | None, then: datetime | None) -> float | None:
    """Minutes from one instant to another; None if either lacks."""
    return None if first is None or then is None else (then - first) / MINUTE


def leads(
    events: Sequence[Event],
    places: Iterable[tuple[str, str]],
    levels: Iterable[int],
    found: Mapping[str, int | None],
    onsets: Mapping[str, Mapping[int, datetime | None]],
    landfall: datetime | None,
) -> tuple[LeadRow, ...]:
    """Lead times of every area and level that was decided, worded or met.

    Args:
        events: Of the ledger.
        places: Areas asked about: code and kind.
        levels: Levels asked about.
        found: Level of the law as found afterwards, by place; empty where nothing is known.
        onsets: As found afterwards, by place and force; likewise.
        landfall: Likewise.

    Returns:
        A row for each place and level that was decided, worded, or found afterwards: what was
        missed is shown.
    """
    asked = sorted(levels)
    sent = {e.draft: e.at for e in events if e.kind == "message"}
    out = []
    for place, kind in places:
        here = [e for e in events if e.place == place]
        met = onsets.get(place, {})
        for level in asked:
            decided = _first(e for e in here if e.kind == "decision" and _at_least(e, level))
            drafts = [e for e in here if e.kind == "draft" and _at_least(e, level)]
            drafted = _first(drafts)
            times = [sent[e.draft] for e in drafts if e.draft in sent]
            level_found = found.get(place)
            if decided is None and drafted is None and (level_found or 0) < level:
                continue
            first_sent = min(times, default=None)
            ours = (decided, drafted, first_sent)
            out.append(LeadRow(place, kind, level, *ours, level_found, met, landfall))
    return tuple(out)


def _at_least(event: Event, level: int) -> bool:
    return event.level is not None and event.level >= level


def _first(events: Iterable[Event]) -> datetime | None:
    return min((e.at for e in events), default=None)


def handling(events: Sequence[Event], *, scripted: bool) -> tuple[Handling, ...]:
    """Every draft from bulletin to message, in the order drawn up.

    Args:
        events: Of the ledger.
        scripted: Whether the people are a script.
    """
    acts: dict[str, list[Event]] = {}
    for event in events:
        if event.draft and event.kind != "draft":
            acts.setdefault(event.draft, []).append(event)
    out = []
    for draft in (e for e in events if e.kind == "draft"):
        mine = acts.get(draft.draft, [])
        over = [e for e in mine if e.kind in {"approval", "refused", "superseded", "withdrawn"}]
        sent = [e for e in mine if e.kind == "message"]
        out.append(
            Handling(
                draft=draft.draft,
                place=draft.place,
                level=draft.level or 0,
                occasion=draft.reason,
                bulletin=draft.bulletin,
                drafted=draft.at,
                signed=_first(e for e in mine if e.kind == "signed"),
                settled=over[0].at if over else None,
                outcome=over[0].kind if over else "",
                sent=sent[0].at if sent else None,
                escalated=sum(e.kind == "escalated" for e in mine),
                scripted=scripted,
            )
        )
    return tuple(out)


def orders(
    found: Iterable[Order],
    events: Sequence[Event],
    plans: Sequence[Plan],
    tasks: Iterable[str],
    places: Gazetteer,
    day: date,
    today: date,
    waters: Mapping[str, str],
    onsets: Mapping[str, Mapping[int, datetime | None]],
) -> tuple[OrderRow, ...]:
    """Every order beside ours.

    Args:
        found: What was really ordered.
        events: Of the ledger.
        plans: Of the runs, any order.
        tasks: Ids of the scenario's tasks that ask for the same.
        places: Of all days.
        day: Day of the orders' codes.
        today: Day of the case's places, not before ``day``.
        waters: Code of the nearest sea area by province of today.
        onsets: As found afterwards, by place of today and force.
    """
    wanted = frozenset(tasks)
    sent = {e.draft: e.at for e in events if e.kind == "message"}

    def first_sent(place: str) -> datetime | None:
        drafts = (e for e in events if e.kind == "draft" and e.place == place)
        return min((sent[e.draft] for e in drafts if e.draft in sent), default=None)

    out = []
    for order in found:
        now = ""
        merged: tuple[str, ...] = ()
        if order.kind == "province":
            heirs = places.successors("province", order.place, day, today)
            now = heirs[0].code if len(heirs) == 1 else ""
        if now:
            before = places.predecessors("province", now, today, day)
            merged = tuple(p.code for p in before) if len(before) > 1 else ()
        due, made = _due(plans, wanted, now, order.at)
        decided = (e for e in events if e.kind == "decision" and e.place == now and e.level)
        out.append(
            OrderRow(
                order=order,
                place=now,
                merged=merged,
                first_level=_first(decided) if now else None,
                first_sent=first_sent(now) if now else None,
                waters=waters.get(now, ""),
                waters_sent=first_sent(waters[now]) if now in waters else None,
                due=due if order.act == "in_harbour" else None,
                due_made=made if order.act == "in_harbour" else None,
                onset_6=onsets.get(now, {}).get(6),
            )
        )
    return tuple(out)


def _due(
    plans: Sequence[Plan], tasks: frozenset[str], place: str, at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """Due time of the task and when that plan was made: what stood at an order, else the first."""
    mine = [
        (plan.at, task.due)
        for plan in sorted(plans, key=lambda p: p.at)
        for task in plan.tasks
        if task.place == place and task.spec in tasks and task.due is not None
    ]
    if not mine:
        return None, None
    known = [row for row in mine if at is not None and row[0] <= at]
    made, due = known[-1] if known else mine[0]
    return due, made


@dataclass(frozen=True, slots=True)
class LeadSummary:
    """Lead times of one level before one force, over some areas.

    Attributes:
        level: At or above this one.
        force: Found afterwards.
        met: Areas where the law gives that level for the wind found afterwards, and the force
            came.
        before: Of these, those whose message of that level was on its way before the force came.
        late: Of these, those whose message came after it.
        never: Of these, those that never had such a message.
        unfounded: Areas with a message of that level where the wind found afterwards gives less.
        least, middle, most: Hours before the force, over those told before it; None without any.
    """

    level: int
    force: int
    met: int
    before: int
    late: int
    never: int
    unfounded: int
    least: float | None
    middle: float | None
    most: float | None


def summary(rows: Sequence[LeadRow], level: int, force: int) -> LeadSummary:
    """Count lead times.

    Args:
        rows: Of the areas asked about.
        level: Asked for.
        force: Asked for.
    """
    here = [r for r in rows if r.level == level]
    came = [r for r in here if (r.found or 0) >= level and r.onsets.get(force) is not None]
    hours = [h for r in came if (h := r.hours(force)) is not None]
    early = [h for h in hours if h > 0]
    return LeadSummary(
        level=level,
        force=force,
        met=len(came),
        before=len(early),
        late=len(hours) - len(early),
        never=len(came) - len(hours),
        unfounded=sum(r.sent is not None and (r.found or 0) < level for r in here),
        least=min(early, default=None),
        middle=median(early) if early else None,
        most=max(early, default=None),
    )
