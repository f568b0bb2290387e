"""From a reading to the warning: store, look at what it touches, decide, speak, at once.

The same calls as on duty with bulletins, over a scope: the packs of the desk, the places that the
readings touch, what any pack's law counts together with them, what has become due by time, and
where packs are planned every place that draws on the one pool of resources. For its places a
look over a scope concludes what a look over all of them would.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from haidang.app import news
from haidang.app.assess_readings import assess_where
from haidang.app.context import Context
from haidang.app.decide import Wish, decide
from haidang.app.due import next_look
from haidang.app.issue import issue
from haidang.app.scope import Reach, closed, narrow, reach
from haidang.app.snapshot import Chain, Snapshot
from haidang.app.verdict import Draft, Message, Verdict
from haidang.app.wording import needs_approval
from haidang.base.errors import BadData, BadPack
from haidang.base.problem import Problem
from haidang.data.observations import Observation, Report
from haidang.edge import keys
from haidang.edge.channels import capfile
from haidang.edge.feeds.payload import Ears, understand
from haidang.edge.feeds.sensors import Heard, SensorsSpec
from haidang.edge.store.living import Group, Lease
from haidang.edge.store.recent import Recent, Where
from haidang.edge.store.store import Store
from haidang.jobs.replay import subjects
from haidang.risk.assessment import Assessment, Grounds
from haidang.risk.hazards.river_forecast import TREND_H
from haidang.risk.spec import RiverStage
from haidang.watch.signal import State

if TYPE_CHECKING:
    from haidang.warn.cap.seal import Seal

TICK: Final = timedelta(milliseconds=1)
"""Two runs of a scope never have one instant."""

CHANNELS: Final = (capfile.NAME,)
"""Where a message goes of which nobody says otherwise."""


Told = tuple[str, str, datetime]
"""Series, place and begin: one reading, whatever its value."""


class Taken(NamedTuple):
    """What became of a handful of messages.

    Attributes:
        stored: Readings that were new.
        same: Readings that were known already, word for word.
        late: Readings among those stored that begin before one of the same gauge that was known.
        refused: Messages or readings that could not be used, with why.
        touched: Series and place of what was new.
        receipts: Deliveries that were written.
    """

    stored: int
    same: int
    late: int
    refused: tuple[tuple[Heard, Problem], ...]
    touched: frozenset[Where]
    receipts: tuple[int, ...]


class Looked(NamedTuple):
    """What a look came to.

    Attributes:
        at: Its clock.
        places: How many were looked at.
        verdict: What was written down; None where nothing of it was news.
        spoken: Messages that went out without a person.
    """

    at: datetime
    places: int
    verdict: Verdict | None
    spoken: tuple[Message, ...]


def back_of(context: Context) -> Mapping[str, timedelta | None]:
    """How far before a gauge's newest measurement its judgement may look, by series.

    Of stages only the newest counts, and where the program looks ahead by itself the hours of its
    trend. Other models ask for runs of days of any length: of them everything is kept.
    """
    model = context.pack.threat.model
    back: timedelta | None = None
    if isinstance(model, RiverStage):
        back = timedelta(hours=TREND_H if model.forecast_h else 0)
    return dict.fromkeys(context.pack.series, back)


@dataclass
class Live:
    """A desk that listens; used by one thread.

    Attributes:
        store: Its store.
        settings: ``sensors.yaml``.
        contexts: Static facts by threat, of the day.
        scope: Names its runs.
        lease: The right to write alone; the caller has taken it.
        clock: Wall time.
        channels: Where messages that nobody approves go.
        mute: Why nothing could be signed at the last try, and so nothing was said.
    """

    store: Store
    settings: SensorsSpec
    contexts: Mapping[str, Context]
    scope: str
    lease: Lease
    clock: Callable[[], datetime]
    channels: Sequence[str] = CHANNELS
    mute: tuple[Problem, ...] = ()
    _due: dict[str, datetime] = field(default_factory=dict)
    _alive: frozenset[str] = frozenset()
    _levels: dict[news.Key, int] = field(default_factory=dict)
    _marks: tuple[int, int] = (-1, -1)

    def __post_init__(self) -> None:
        """Find how every place looked last, and what cannot be decided here.

        Raises:
            BadPack: A pack is not told by readings (``live.not_readings``), or is a draft that is
                asked to speak as Actual.
            BadData: The sender must sign and cannot, as ``edge.keys.seal_of``.
        """
        wrong = [
            Problem("live.not_readings", {"id": name})
            for name, context in self.contexts.items()
            if not context.pack.threat.read
        ]
        if wrong:
            raise BadPack(*wrong)
        self._seal()
        self._threats = tuple(sorted(self.contexts))
        self.wish = Wish(status=self.settings.status, scope=self.scope)
        back = {s: b for c in self.contexts.values() for s, b in back_of(c).items()}
        self._recent = Recent(back)
        self._seen = self.store.sights(self._threats)
        self._last = self.store.latest_run(self.scope) or datetime.min.replace(tzinfo=UTC)
        self._lay_out()

    def _lay_out(self) -> None:
        self._reaches: dict[str, Reach] = {n: reach(c) for n, c in self.contexts.items()}
        self._ears = tuple(
            Ears(topic, self.contexts[topic.threat].pack.threat.readings, known)
            for topic in self.settings.topics
            for known in (subjects(self.contexts[topic.threat]),)
        )
        self._planned = any(c.response is not None for c in self.contexts.values())
        self._of: dict[str, dict[str, tuple[Where, ...]]] = {
            name: _asked(context) for name, context in self.contexts.items()
        }
        self._of_events = {
            name: tuple(f"{name}/{i}" for i in sorted(self._reaches[name].events))
            for name in self.contexts
        }

    def renew(self, contexts: Mapping[str, Context]) -> None:
        """Take the facts of a new day; the next look should be at everything."""
        self.contexts = contexts
        self._lay_out()

    @property
    def day(self) -> date:
        """The day of places and law, on the country's clock."""
        return next(iter(self.contexts.values())).local(self.clock()).date()

    @property
    def heard(self) -> Mapping[Where, datetime]:
        """When each gauge was last heard, by series and place."""
        return self._recent.heard()

    def next_due(self) -> datetime | None:
        """When some place must be looked at although nothing comes in."""
        return min(self._due.values(), default=None)

    def now(self) -> datetime:
        """The clock of the next run, to the millisecond and after that of the last."""
        wall = self.clock()
        floor = wall.replace(microsecond=wall.microsecond // 1000 * 1000)
        self._last = max(floor, self._last + TICK)
        return self._last

    # Readings.

    def take(self, messages: Sequence[Heard], now: datetime) -> Taken:
        """Store the readings of some messages; when this returns they may be acknowledged.

        Args:
            messages: In the order in which they came in.
            now: From ``now``.

        Raises:
            Unavailable: The store does not take them, or the lease is lost: nothing was stored.
        """
        good: list[Report] = []
        refused: list[tuple[Heard, Problem]] = []
        same = late = 0
        known: dict[Told, float | None] = {}
        newest: dict[Where, datetime] = {}
        self.store.refresh(now, self._recent)
        for message in messages:
            found = understand(message, self._ears, self.settings.limits)
            refused += ((message, problem) for problem in found.problems)
            for report in found.reports:
                key = (report.series, report.place, report.start)
                if self._told(report, known, again=message.again):
                    same += 1
                    continue
                where = (report.series, report.place)
                before = newest.get(where) or self._recent.newest(*where)
                late += before is not None and report.start < before
                newest[where] = max(report.start, before or report.start)
                known[key] = report.value
                good.append(report)
        groups = self._groups(good, now)
        receipts = self.store.keep_readings(groups, now, self.lease) if groups else ()
        touched = frozenset((r.series, r.place) for r in good)
        return Taken(len(good), same, late, tuple(refused), touched, receipts)

    def _told(
        self,
        report: Report,
        known: Mapping[tuple[str, str, datetime], float | None],
        *,
        again: bool,
    ) -> bool:
        """Whether a reading says what was said before: the last word counts."""
        key = (report.series, report.place, report.start)
        if key in known:
            return known[key] == report.value
        before = self._recent.known(*key)
        if before is not None and before.value == report.value:
            return True
        if again or (before is None and not self._recent.covers(*key)):
            # Sent again, it may be a word that has been corrected since.
            return report.value in self.store.values_of(*key)
        return False

    def _groups(self, reports: Sequence[Report], now: datetime) -> list[Group]:
        """A delivery for each time at which readings were said; most were said just now."""
        said: dict[datetime, list[Report]] = {}
        for report in reports:
            published = report.published
            assert published is not None  # a payload is always of some time
            if report.start <= published <= now:
                published = max(now, report.start)
            said.setdefault(published, []).append(report)
        source = f"mqtt {self.settings.broker.host}"
        return [
            Group(f"{self.scope}/{now.isoformat()}/{number}", tuple(rows), source, published)
            for number, (published, rows) in enumerate(sorted(said.items(), key=lambda s: s[0]))
        ]

    # A look.

    def look(
        self, now: datetime, touched: Iterable[Where] = (), *, everything: bool = False
    ) -> Looked:
        """Judge and decide what readings touch and what is due; speak what needs nobody.

        Args:
            now: From ``now``.
            touched: Series and place of new readings.
            everything: Look at every place: after a start, at midnight.

        Raises:
            BadData: A person acted on the same notice twice while this was concluded.
            Unavailable: The store does not take it.
        """
        self._know_alive(now)
        places = self._scope(now, touched, everything=everything)
        if not places:
            return Looked(now, 0, None, ())
        try:
            return self._conclude(now, places)
        except BadData as err:
            if all(p.code != "store.stale" for p in err.problems):
                raise
            # Somebody approved or refused what this look would have replaced: once more, knowing.
            self._marks = (-1, -1)
            again = self.now()
            self._know_alive(again)
            return self._conclude(again, places | self._scope(again, touched, everything=False))

    def settle(self, now: datetime) -> Looked:
        """Look at every place where something stands: people may have acted there meanwhile."""
        self._marks = (-1, -1)
        self._know_alive(now)
        return self.look(now)

    def _scope(
        self, now: datetime, touched: Iterable[Where], *, everything: bool
    ) -> frozenset[str]:
        if everything:
            return frozenset(a for r in self._reaches.values() for a in r.areas)
        places = {place for place, at in self._due.items() if at <= now}
        for series, subject in touched:
            threat, _, indicator = series.partition("/")
            places |= self._reaches[threat].touched(indicator, subject)
        return closed(self._reaches, places)

    def _know_alive(self, now: datetime) -> None:
        marks = self.store.marks()
        if marks != self._marks:
            self._alive, self._levels = self.store.alive(self._threats, now)
            self._marks = marks
            # Somebody acted: what stands is decided anew before it is passed over again.
            self._due.update(dict.fromkeys(self._alive, now))

    def _conclude(self, now: datetime, places: frozenset[str]) -> Looked:
        snapshot = self.store.readings_at(now, self._recent, self._wanted(places), self._days())
        found = self._assessed(snapshot, places)
        ask = {a.place for a in found}
        if ask and len(self.contexts) > 1:
            # All that strikes at a place is decided together.
            found = self._assessed(snapshot, ask, everything=True)
        verdict: Verdict | None = None
        spoken: tuple[Message, ...] = ()
        stands = snapshot
        if ask:
            if self._planned:
                found = (*found, *self._assessed_pool(snapshot, places))
                ask |= {a.place for a in found if a.place in self._alive}
            stands = self.store.standing_at(snapshot, self._threats, sorted(ask))
            chosen = [a for a in found if a.place in ask]
            verdict = self._worth(decide(self.contexts, chosen, stands, self.wish), chosen, stands)
        if verdict is not None:
            before = self.store.marks()
            self.store.commit(verdict, self.lease)
            news.remember(verdict, self._seen)
            spoken = self._speak(verdict.drafts, now)
            self._note_acts(before, verdict, spoken)
        self._plan_ahead(stands, places, ask, verdict)
        return Looked(now, len(places), verdict, spoken)

    def _note_acts(
        self, before: tuple[int, int], verdict: Verdict, spoken: Sequence[Message]
    ) -> None:
        """Where a level or a notice stands now, without asking the store if nobody else acted."""
        acts = len(verdict.drafts) + len(verdict.superseded) + len(verdict.withdrawals)
        if before == self._marks and self.store.marks() == (
            before[0] + 1,
            before[1] + acts + len(spoken),
        ):
            self._marks = (before[0] + 1, before[1] + acts + len(spoken))
        self._levels.update({(s.threat, s.event, s.place): s.level for s in verdict.standing})
        # One too many does no harm: it is decided, and found as it was.
        self._alive = self._alive | {s.place for s in verdict.standing if s.level}
        self._alive = self._alive | {d.place for d in verdict.drafts}

    def _assessed(
        self, snapshot: Snapshot, places: Collection[str], *, everything: bool = False
    ) -> tuple[Assessment, ...]:
        """Assessments of what is worth judging, or of everything, at some places.

        What a law counts together with them is asked with them, so places are `closed` first.
        """
        found: list[Assessment] = []
        for context in self.contexts.values():
            only = narrow(context, places)
            if only is not None:
                found += assess_where(
                    only,
                    snapshot,
                    _all if everything else partial(self._worth_judging, snapshot.now),
                )
        return tuple(found)

    def _worth_judging(self, now: datetime, key: news.Key, state: State, grounds: Grounds) -> bool:
        """Whether an area has a level or a notice, or does not look as it looked before."""
        if not news.alike(key, state, grounds, self._seen):
            return True
        if key[2] not in self._alive:
            return bool(grounds.level) or news.told_beside(key, self._seen)
        # Under a level that is only held nothing is news until its time comes: see `_why` of
        # ``app.decide``. At its own level the reading itself may be.
        held = grounds.level is not None and grounds.level < self._levels.get(key, 0)
        return not held or self._due.get(key[2], now) <= now

    def _assessed_pool(self, snapshot: Snapshot, places: frozenset[str]) -> tuple[Assessment, ...]:
        """The other places that draw on the one pool of resources."""
        others = closed(self._reaches, self._alive | self.store.tasked(snapshot.now)) - places
        if not others:
            return ()
        more = self.store.readings_at(
            snapshot.now,
            self._recent,
            self._wanted(others),
            self._days(),
            receipt=snapshot.receipt,
        )
        return self._assessed(more, others, everything=True)

    def _wanted(self, places: Collection[str]) -> list[Where]:
        """Series and places whose readings tell of some areas."""
        found = [w for of in self._of.values() for place in places for w in of.get(place, ())]
        for series in (s for of in self._of_events.values() for s in of):
            found += ((series, event) for event in self._recent.places(series))
        return found

    def _worth(
        self, verdict: Verdict, chosen: Sequence[Assessment], snapshot: Snapshot
    ) -> Verdict | None:
        """The verdict on the places of which something is to be written down."""
        confirm = timedelta(minutes=self.settings.confirm_min)
        places = news.news(verdict, snapshot, self._seen, confirm)
        if not places:
            return None
        if self._planned or len(places) == len({a.place for a in chosen}):
            return verdict
        kept = [a for a in chosen if a.place in places]
        return decide(self.contexts, kept, snapshot, self.wish)

    def _days(self) -> tuple[date, date]:
        return self.day, self.day

    # What is said.

    def _speak(self, drafts: Sequence[Draft], now: datetime) -> tuple[Message, ...]:
        alone = [one for one in drafts if self._may_speak(one)]
        if not alone:
            return ()

        try:
            seal = self._seal()
        except BadData as error:
            # The watch goes on: the drafts wait, and `recover` speaks them when the key is right.
            self.mute = error.problems
            return ()
        self.mute = ()

        def build(draft: Draft, earlier: tuple[Message, ...]) -> Message:
            return issue(self.contexts[draft.threat], draft, now, earlier, seal)

        try:
            return self.store.speak(alone, now, build, self.channels, self.lease)
        except (BadData, BadPack) as error:
            self.mute = error.problems
        if len(alone) == 1:
            return ()
        # One that cannot be worded must not hold back the others.
        spoken: list[Message] = []
        for one in alone:
            try:
                spoken += self.store.speak([one], now, build, self.channels, self.lease)
            except (BadData, BadPack) as error:
                self.mute = error.problems
        return tuple(spoken)

    def _seal(self) -> Seal | None:
        """With what the one sender of the country signs; raises as ``edge.keys.seal_of``."""
        context = next(iter(self.contexts.values()))
        return keys.seal_of(context.country.spec.sender, self.clock())

    def _may_speak(self, draft: Draft) -> bool:
        """Whether the pack as it is now lets the system speak: a tier may have been taken back."""
        level = max(draft.said.level, draft.said.combined)
        context = self.contexts[draft.threat]
        return (
            not draft.approval
            and not needs_approval(context, draft.said.level)
            and not needs_approval(context, level)
        )

    def recover(self) -> tuple[Message, ...]:
        """Speak what a kill left unspoken between the verdict and the word."""
        now = self.now()
        # One whose validity is over would be refused, and what holds now has been drafted anew.
        left = [d for d in self.store.waiting_alone(self._threats) if d.said.expires > now]
        return self._speak(left, now) if left else ()

    # What is due by time.

    def _plan_ahead(
        self,
        stands: Snapshot,
        places: Collection[str],
        asked: Collection[str],
        verdict: Verdict | None,
    ) -> None:
        """Note when each place must be looked at again.

        Of a place that was passed over although something stands there, what was noted stays.
        """
        confirm = timedelta(minutes=self.settings.confirm_min)
        if verdict is not None:
            stands = _after(stands, verdict)
        for place in places:
            if place in asked or place not in self._alive:
                self._due.pop(place, None)
        for one in stands.standing:
            if one.level and one.place in asked:
                self._due[one.place] = max(one.confirmed + confirm, stands.now + TICK)
        by_place = self._rows(stands, places)
        for name, context in self.contexts.items():
            of = self._of[name]
            for place in places:
                if place not in of:
                    continue
                at = next_look(context, stands, place, by_place.get((name, place), ()))
                if at is not None:
                    self._due[place] = min(at, self._due.get(place, at))

    def _rows(
        self, snapshot: Snapshot, places: Collection[str]
    ) -> dict[tuple[str, str], list[Observation]]:
        """Readings by pack and place."""
        areas: dict[Where, list[tuple[str, str]]] = {}
        for name, of in self._of.items():
            for place in places:
                for where in of.get(place, ()):
                    areas.setdefault(where, []).append((name, place))
        told_of_all = {s: name for name, of in self._of_events.items() for s in of}
        rows: dict[tuple[str, str], list[Observation]] = {}
        for row in snapshot.observations.rows:
            if row.series in told_of_all:
                keys = [(told_of_all[row.series], place) for place in places]
            else:
                keys = areas.get((row.series, row.place), [])
            for key in keys:
                rows.setdefault(key, []).append(row)
        return rows


def _all(key: news.Key, state: State, grounds: Grounds) -> bool:
    del key, state, grounds
    return True


def _asked(context: Context) -> dict[str, tuple[Where, ...]]:
    """Series and places whose readings tell of each area; those of events belong to all."""
    pack = context.pack
    found: dict[str, tuple[Where, ...]] = {}
    watch = pack.threat.readings.indicators
    facts = [s for s in pack.series if s.partition("/")[2] not in watch]
    for area in context.areas.codes:
        stations = [s.code for s in context.stations.get(area, ())]
        mine: list[Where] = [(series, area) for series in facts]
        for name, spec in watch.items():
            if spec.at != "event":
                of = stations if spec.at == "station" else [area]
                mine += ((f"{pack.id}/{name}", subject) for subject in of)
        found[area] = tuple(mine)
    return found


def _after(before: Snapshot, verdict: Verdict) -> Snapshot:
    """Levels and notices as they stand after a verdict, as far as `next_look` asks."""
    levels = {(s.threat, s.event, s.place): s for s in before.standing}
    levels |= {(s.threat, s.event, s.place): s for s in verdict.standing}
    drawn = tuple(
        Chain(d.chain, d.threat, d.event, d.place, d.number, None, d.said, d.id, d.at, d.version)
        for d in verdict.drafts
    )
    return replace(before, standing=tuple(levels.values()), chains=(*before.chains, *drawn))
