"""Play an event through the whole chain: each bulletin as it came, nothing known before its time.

The same calls serve live duty; only the clock is the case's. Every step can be killed at any
moment: the next run of the same command finds what is done and goes on, and the ledger ends at
the same head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from haidang.app.assess import assess
from haidang.app.context import Context, build_context
from haidang.app.decide import Wish, decide
from haidang.app.issue import issue
from haidang.app.verdict import Draft, Message
from haidang.base.errors import Unavailable
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.data.tracks import Fix
from haidang.edge.channels import capfile
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.edge.store.store import Store
from haidang.pack.case import Case, OfficerSpec
from haidang.pack.load import Roots, load_country

DATABASE = "haidang.db"
Progress = Callable[[int, int, str], None]
"""(steps done, steps in all, what is being done)"""


@dataclass(frozen=True, slots=True)
class Step:
    """One instant at which the desk acts.

    Attributes:
        now: The clock.
        issued: Time of the bulletin that came in, None for a look at the clock only.
        fixes: What came in.
    """

    now: datetime
    issued: datetime | None
    fixes: tuple[Fix, ...]


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
    return build_context(country, pack, case.spec.law_on, case.spec.places_on)


def plan(case: Case) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
    """The case's instants in order, and what is wrong with its bulletins.

    Raises:
        BadData: No row of the bulletins can be used.
    """
    read = read_bulletins(case.bulletins, case.spec.event, case.spec.averaging_s)
    delay = timedelta(minutes=case.spec.received_after_min)
    by_issue: dict[datetime, list[Fix]] = {}
    for fix in read.fixes:
        received = fix.issued + delay
        by_issue.setdefault(fix.issued, []).append(replace(fix, received=received))
    steps = [Step(at + delay, at, tuple(fixes)) for at, fixes in by_issue.items()]
    steps += [Step(at, None, ()) for at in case.spec.ticks]
    return tuple(sorted(steps, key=lambda s: s.now)), read.problems


def play(case: Case, roots: Roots, folder: Path, progress: Progress = lambda *_: None) -> Played:
    """Play a case to its end, or from where it was interrupted.

    Args:
        case: What to play.
        roots: Where packs and countries lie.
        folder: Holds the store and the messages; made if it is not there.
        progress: Told of each step.

    Returns:
        The case as played. Playing it again changes nothing.

    Raises:
        Unavailable: The store or the folder cannot be used; the problem says what to do.
        BadData: The bulletins or a verdict that was committed before do not fit: another case or
            pack was played in this folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Unavailable(Problem("store.cannot_open", {"detail": err}, file=str(folder))) from err
    steps, problems = plan(case)
    context = prepare(case, roots)
    with Store.open(folder / DATABASE) as store:
        _register(store, case.spec.officers)
        for number, step in enumerate(steps):
            progress(number, len(steps), f"{context.local(step.now):%d/%m %H:%M}")
            escalate(store, context, step.now)
            ingest(store, case, step)
            run(store, case, context, step.now)
            for draft in store.pending():
                act(store, case, context, draft)
            deliver(store, folder / "cap")
        progress(len(steps), len(steps), "")
    return Played(case, context, folder, steps, problems)


def _register(store: Store, officers: tuple[OfficerSpec, ...]) -> None:
    for officer in officers:
        store.add_actor(officer.role, actor_id=officer.actor)


def ingest(store: Store, case: Case, step: Step) -> None:
    """Take in one bulletin; taking it in again changes nothing."""
    if step.issued is None:
        return
    store.add_fixes(
        key=f"{scope_of(case)}/{step.issued.isoformat()}",
        fixes=step.fixes,
        source=step.fixes[0].source or case.bulletins.name,
        published=step.issued,
        received=step.now,
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
    )
    found = assess(context, snapshot)
    wish = Wish(status=case.spec.status, scope=scope)
    store.commit(decide({context.pack.id: context}, found, snapshot, wish))


def act(store: Store, case: Case, context: Context, draft: Draft) -> None:
    """The scripted officers of a drill: one signs, another approves. Each at the case's minute.

    Without an officer for a part the draft keeps waiting, as it would on duty.
    """
    for officer in case.spec.officers:
        at = draft.at + timedelta(minutes=officer.after_min)
        if officer.does == "sign":
            store.sign(draft.id, officer.actor, officer.role, at)
            continue

        def build(approved: Draft, earlier: tuple[Message, ...], at: datetime = at) -> Message:
            return issue(context, approved, at, earlier)

        store.approve(draft.id, officer.actor, officer.role, at, build, [capfile.NAME])


def escalate(store: Store, context: Context, now: datetime) -> None:
    """Pass drafts that nobody approved in time to the next role; each role gets one once.

    Args:
        store: Of the case.
        context: Its country names the roles.
        now: Drafts due before this are passed on, with the time they were due.
    """
    roles = context.country.spec.escalation
    limit = timedelta(minutes=context.pack.threat.warn.approval_limit_min)
    for draft in store.pending():
        for rank, role in enumerate(roles):
            at = draft.due + rank * limit
            if at <= now and role not in store.draft_state(draft.id).roles:
                store.escalate(draft.id, at, role)


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
