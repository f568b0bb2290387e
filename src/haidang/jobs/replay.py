"""Play an event through the whole chain: each bulletin as it came, nothing known before its time.

The same calls serve live duty; only the clock is the case's. Every step can be killed at any
moment: the next run of the same command finds what is done and goes on, and the ledger ends at
the same head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from haidang.app.assess import assess
from haidang.app.context import Context, build_context
from haidang.app.decide import Wish, decide
from haidang.app.issue import compose, issue
from haidang.app.verdict import Draft, Message
from haidang.base.errors import BadData, Unavailable
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.data.observations import Report, day_of
from haidang.data.tracks import Fix
from haidang.edge.channels import capfile
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.edge.feeds.readings import read_readings
from haidang.edge.feeds.reports import read_reports
from haidang.edge.feeds.stock import INVENTORY, read_stock
from haidang.edge.store.store import Store
from haidang.pack.case import Case, OfficerSpec
from haidang.pack.load import Roots, load_country
from haidang.watch.counts import begins, ends

DATABASE = "haidang.db"
FIRST = 1000
"""Officers' acts of a minute come after its escalations."""
Progress = Callable[[int, int, str], None]
"""(steps done, steps in all, what is being done)"""
Publish = Callable[[Store, Context, datetime | None], None]
"""Told after every delivery, with the clock; None after the last one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instant at which the desk acts.

    Attributes:
        now: The clock.
        issued: Time of the bulletin that came in, None for a look at the clock only.
        fixes: What came in, of a threat with a track.
        reports: What came in, of a threat that is counted.
    """

    now: datetime
    issued: datetime | None
    fixes: tuple[Fix, ...]
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True)
class Played:
    """A case that was played to its end.

    Attributes:
        context: Country, pack, areas and law that it was played with.
        folder: Where everything lies.
        steps: What was done, in order.
        problems: What was wrong with the bulletins; the good rows were used.
    """

    case: Case
    context: Context
    folder: Path
    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]

    @property
    def database(self) -> Path:
        """The store."""
        return self.folder / DATABASE

    @property
    def scope(self) -> str:
        """Names the runs of this case."""
        return scope_of(self.case)


def scope_of(case: Case) -> str:
    """Name of the runs of a case: the same case is one scope wherever it lies."""
    return f"{case.country}/{case.spec.threat}/{case.spec.id}"


def prepare(case: Case, roots: Roots) -> Context:
    """Country, pack, areas and law of a case.

    Raises:
        BadPack, NotFound: As ``load_country`` and ``build_context``.
    """
    country = load_country(roots.country(case.country), roots.threats)
    pack = country.packs[case.spec.threat]
    days = (case.spec.law_on, case.spec.places_on)
    return named(build_context(country, pack, *days, case.spec.places), case)


def named(context: Context, case: Case) -> Context:
    """A context that knows what the case's event is called."""
    names = {case.spec.event: case.spec.called} if case.spec.called else {}
    return replace(context, event_names=names)


def plan(
    case: Case, context: Context | None = None
) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
    """The case's instants in order, and what is wrong with its bulletins or counts.

    Args:
        case: Its file is read.
        context: Says of what kind its threat is; without it the case is one of bulletins.

    Raises:
        BadData: No row of the file can be used.
    """
    if context is not None and not context.pack.threat.tracked:
        made = counted_steps if context.pack.threat.counted else readings_steps
        steps, problems = made(case, context)
        return with_ticks(case, steps), problems
    read = read_bulletins(case.bulletins, case.spec.event, case.spec.averaging_s)
    delay = timedelta(minutes=case.spec.received_after_min)
    by_issue: dict[datetime, list[Fix]] = {}
    for fix in read.fixes:
        received = fix.issued + delay
        by_issue.setdefault(fix.issued, []).append(replace(fix, received=received))
    steps = [Step(at + delay, at, tuple(fixes)) for at, fixes in by_issue.items()]
    return with_ticks(case, steps), read.problems


def with_ticks(case: Case, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps in order, with the instants at which the desk only looks at the clock."""
    ticks = [Step(at, None, ()) for at in case.spec.ticks]
    return tuple(sorted((*steps, *ticks), key=lambda s: s.now))


def counted_steps(case: Case, context: Context) -> tuple[list[Step], tuple[Problem, ...]]:
    """The instants at which counts were published; all that is older came in on the first day.

    Args:
        case: Its file of counts, and when each period was published where the file does not say.
        context: Its pack, areas and clock.

    Raises:
        BadData: No row of the file can be used, or the case names no indicator of the pack.
    """
    spec = case.spec
    indicator = context.pack.threat.counts.indicators.get(spec.indicator)
    if indicator is None:
        known = ", ".join(context.pack.threat.counts.indicators)
        said = {"name": spec.indicator or "-", "known": known}
        raise BadData(Problem("check.no_indicator", said, file="case.yaml", field="indicator"))
    read = read_reports(
        case.bulletins,
        f"{context.pack.id}/{spec.indicator}",
        indicator.unit["en"],
        indicator.period,
        context.areas.codes,
        context.zone,
    )
    delay = timedelta(minutes=spec.received_after_min)
    later = timedelta(days=spec.published_after_d)
    first = None if spec.begins is None else begins(spec.begins, context.zone)
    by_time: dict[datetime, list[Report]] = {}
    for report in read.reports:
        end = begins(ends(day_of(report.start, context.zone), indicator.period), context.zone)
        at = report.published or end + later
        kept = replace(report, published=at)
        by_time.setdefault(at if first is None else max(at, first), []).append(kept)
    return [Step(at + delay, at, (), tuple(rows)) for at, rows in by_time.items()], read.problems


def readings_steps(case: Case, context: Context) -> tuple[list[Step], tuple[Problem, ...]]:
    """The instants at which readings were published.

    Args:
        case: Its file of readings.
        context: Its pack, areas and gauges.

    Raises:
        BadData: No row of the file can be used.
    """
    threat = context.pack.threat
    read = read_readings(case.bulletins, threat.id, threat.readings, subjects(context))
    delay = timedelta(minutes=case.spec.received_after_min)
    by_time: dict[datetime, list[Report]] = {}
    for report in read.reports:
        assert report.published is not None
        by_time.setdefault(report.published, []).append(report)
    steps = [Step(at + delay, at, (), tuple(rows)) for at, rows in sorted(by_time.items())]
    return steps, read.problems


def subjects(context: Context) -> dict[str, frozenset[str]]:
    """Codes that a reading of this pack may name: gauges, and watched areas."""
    return {
        "station": frozenset(s.code for s in context.pack.stations),
        "area": frozenset(context.areas.codes),
    }


def play(
    case: Case,
    roots: Roots,
    folder: Path,
    progress: Progress = lambda *_: None,
    publish: Publish | None = None,
) -> Played:
    """Play a case to its end, or from where it was interrupted.

    Args:
        case: What to play.
        roots: Where packs and countries lie.
        folder: Holds the store and the messages; made if it is not there.
        progress: Told of each step.
        publish: Told after each delivery, where somebody follows.

    Returns:
        The case as played. Playing it again changes nothing but puts back a message's file that
        is no longer there.

    Raises:
        Unavailable: The store or the folder cannot be used; the problem says what to do.
        BadData: No bulletin can be used; or the folder holds what does not belong to this case as
            it is now: bulletins that are not in the file (``replay.other_bulletins``), a bulletin
            with other content (``store.other_content``), runs with other packs or another status
            (``replay.other_pack``), or it has got beyond a bulletin that comes in only now
            (``replay.late``). Nothing is written then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Unavailable(Problem("store.cannot_open", {"detail": err}, file=str(folder))) from err
    context = prepare(case, roots)
    steps, problems = plan(case, context)
    with Store.open(folder / DATABASE) as store:
        fits(store, case, context, steps)
        register(store, case.spec.officers)
        ingest_stock(store, case, context, steps)
        for number, step in enumerate(steps):
            progress(number, len(steps), f"{context.local(step.now):%d/%m %H:%M}")
            act(store, case, context, step.now)
            ingest(store, case, step)
            run(store, case, context, step.now)
            deliver(store, folder / "cap")
            if publish is not None:
                publish(store, context, step.now)
        act(store, case, context, None)
        deliver(store, folder / "cap")
        if publish is not None:
            publish(store, context, None)
        for message in store.delivered(capfile.NAME):
            capfile.deliver(folder / "cap", message)
        progress(len(steps), len(steps), "")
    return Played(case, context, folder, steps, problems)


def key_of(case: Case, issued: datetime) -> str:
    """Name of the delivery of a case's bulletin."""
    return f"{scope_of(case)}/{issued.isoformat()}"


def fits(store: Store, case: Case, context: Context, steps: tuple[Step, ...]) -> None:
    """Refuse to go on in a folder where something else was played.

    Args:
        store: Of the folder.
        case: What is to be played.
        context: Its country and pack as they are now.
        steps: Its instants, from ``plan``.

    Raises:
        BadData: See ``play``; nothing was written.
    """
    scope = scope_of(case)
    bulletins = {key_of(case, s.issued): s for s in steps if s.issued is not None}
    kept = [d for d in store.deliveries(f"{scope}/") if not d.key.startswith(f"{scope}/stock/")]
    file = case.bulletins.name
    if strange := [d for d in kept if d.key not in bulletins]:
        said = {"hour": f"{context.local(strange[0].published):%Y-%m-%dT%H:%M%z}"}
        said["count"] = str(len(strange))
        raise BadData(Problem("replay.other_bulletins", said, file=file, field="issued"))
    done = store.done(scope)
    packs = {(context.pack.id, context.pack.threat.version, context.pack.fingerprint)}
    if done.packs - packs or done.statuses - {case.spec.status}:
        now = f"{context.pack.id} {context.pack.threat.version} ({context.pack.fingerprint[:12]})"
        then = ", ".join(f"{name} {v} ({mark[:12]})" for name, v, mark in sorted(done.packs))
        said = {"before": then, "now": now, "status": case.spec.status}
        said["status_before"] = ", ".join(sorted(done.statuses)) or case.spec.status
        raise BadData(Problem("replay.other_pack", said, file=DATABASE, field="--out"))
    known = {d.key for d in kept}
    for step in steps:
        fresh = step.issued is not None and key_of(case, step.issued) not in known
        passed = done.latest is not None and step.now < done.latest
        if step.now in done.runs and not fresh:
            continue
        if step.now in done.runs or passed:
            latest = done.latest or step.now
            said = {
                "hour": f"{context.local(step.issued or step.now):%Y-%m-%dT%H:%M%z}",
                "latest": f"{context.local(latest):%Y-%m-%dT%H:%M%z}",
            }
            raise BadData(Problem("replay.late", said, file=file, field="issued"))


def register(store: Store, officers: tuple[OfficerSpec, ...]) -> None:
    """Make a case's officers known to its store; again changes nothing."""
    for officer in officers:
        store.add_actor(officer.role, actor_id=officer.actor)


def ingest(store: Store, case: Case, step: Step) -> None:
    """Take in one bulletin, or the counts of one day; taking it in again changes nothing."""
    if step.issued is None:
        return
    if step.reports:
        # What one vintage says twice is told by the later row; a delivery holds each once.
        newest = {(r.series, r.place, r.start): r for r in step.reports}
        store.add_observations(
            key=key_of(case, step.issued),
            observations=tuple(newest.values()),
            source=case.spec.sources[0],
            published=step.issued,
            received=step.now,
        )
        return
    store.add_fixes(
        key=key_of(case, step.issued),
        fixes=step.fixes,
        source=step.fixes[0].source or case.bulletins.name,
        published=step.issued,
        received=step.now,
    )


def stock_file(case: Case, country: Path) -> Path | None:
    """The inventory that stands ready from the first run on; None where nothing was counted.

    Args:
        case: Names it.
        country: Folder of its country.
    """
    return None if case.spec.stock is None else country / "stock" / f"{case.spec.stock}.csv"


def ingest_stock(store: Store, case: Case, context: Context, steps: tuple[Step, ...]) -> None:
    """Take in the case's inventory once, before the first run; later ones are the desk's matter.

    Raises:
        BadData: It cannot be read, or any of its rows is wrong: an inventory that ships is whole.
    """
    file = stock_file(case, context.country.folder)
    if file is None or store.done(scope_of(case)).runs:
        return
    read = read_stock(
        file, context.country.kinds, context.country.places.gazetteer, case.spec.places_on
    )
    if any(p.severity == "error" for p in read.problems):
        raise BadData(*read.problems)
    store.add_stock(
        key=f"{scope_of(case)}/stock/{case.spec.stock}",
        units=read.units,
        source=INVENTORY,
        published=steps[0].now,
        received=steps[0].now,
    )


def run(store: Store, case: Case, context: Context, now: datetime) -> None:
    """One run: snapshot, assess, decide, commit. A run that was committed is not run again."""
    scope = scope_of(case)
    if store.committed(scope, now) is not None:
        return
    snapshot = store.snapshot(
        now,
        law_day=case.spec.law_on,
        places_day=case.spec.places_on,
        scope=scope,
        threats=[case.spec.threat],
        events=[case.spec.event],
        series=context.pack.series,
    )
    found = assess(context, snapshot)
    wish = Wish(status=case.spec.status, scope=scope)
    store.commit(decide({context.pack.id: context}, found, snapshot, wish))


class Act(NamedTuple):
    """Something that is due to happen to a draft; sorts in the order in which it happens.

    Attributes:
        at: When.
        draft: Place of the draft among those that wait.
        rank: Escalations come before what officers do at the same minute.
        officer: Who signs or approves; None for an escalation.
        role: To whom it is passed on, "" for an officer's act.
    """

    at: datetime
    draft: int
    rank: int
    officer: OfficerSpec | None
    role: str


def act(store: Store, case: Case, context: Context, now: datetime | None) -> None:
    """What happened to waiting drafts up to an instant, in the order of time.

    The scripted officers of a drill sign and approve, each at the case's minute; a draft that
    nobody approved in time is passed on to the next role. A draft that is replaced or withdrawn
    before an officer's minute is never signed by them. Acts that were done are not done again:
    a run that was killed half-way goes on with the very next one.

    Args:
        store: Of the case.
        case: Says who acts, and when.
        context: Its country names the roles.
        now: Acts up to this instant; None after the last step: the clock then runs on until the
            officers have done their part, and no further. Without an officer for a part the draft
            keeps waiting, as it would on duty.
    """
    act_on(store, lambda draft: (case, context), now)


def act_on(store: Store, of: Callable[[Draft], tuple[Case, Context]], now: datetime | None) -> None:
    """As ``act``, where drafts of several cases wait side by side.

    Args:
        store: Of the cases.
        of: The case of a draft, which says who acts and when, and the context of its threat.
        now: As in ``act``.
    """
    waiting = [(draft, *of(draft)) for draft in store.pending()]
    acts = [
        Act(draft.at + timedelta(minutes=officer.after_min), number, FIRST + rank, officer, "")
        for number, (draft, case, _) in enumerate(waiting)
        for rank, officer in enumerate(case.spec.officers)
    ]
    until = max((a.at for a in acts), default=None) if now is None else now
    if until is None:
        return
    for number, (draft, _, context) in enumerate(waiting):
        limit = timedelta(minutes=context.pack.threat.warn.approval_limit_min)
        acts += [
            # A person may have put in new words after the hour: they are passed on at once.
            Act(max(draft.due + rank * limit, draft.at), number, rank, None, role)
            for rank, role in enumerate(context.country.spec.escalation)
        ]
    due = [a for a in acts if a.at <= until]
    for one in sorted(due, key=lambda a: (a.at, a.draft, a.rank)):
        draft, _, context = waiting[one.draft]
        _do(store, context, draft, one)


def _do(store: Store, context: Context, draft: Draft, one: Act) -> None:
    state = store.draft_state(draft.id)
    if not state.pending:
        return
    officer = one.officer
    if officer is None:
        if one.role not in state.roles:
            store.escalate(draft.id, one.at, one.role)
    elif officer.does == "sign":
        store.sign(draft.id, officer.actor, officer.role, one.at)
    else:
        # A replay sends nothing, so it needs no key; what is really sent goes by `issue`.
        make = issue if draft.status == "Actual" else compose

        def build(approved: Draft, earlier: tuple[Message, ...]) -> Message:
            return make(context, approved, one.at, earlier)

        store.approve(draft.id, officer.actor, officer.role, one.at, build, [capfile.NAME])


def deliver(store: Store, folder: Path) -> int:
    """Empty the outbox into the folder: at least once, the same bytes each time.

    Returns:
        How many went out.

    Raises:
        Unavailable: The folder cannot be written to. The try is noted, nothing is lost.
    """
    sent = 0
    while due := store.outbox_due(limit=200):
        for key, _, message in due:
            try:
                capfile.deliver(folder, message)
            except Exception as err:
                store.attempted(key, ok=False, error=digest(str(err))[:12])
                raise
            store.attempted(key, ok=True)
            sent += 1
    return sent
