"""A desk: one folder with a store, played by people who look, sign, edit, approve and do.

Its clock runs from the newest run's own time at the pace of the wall clock, and stops short of the
next bulletin of a drill, so that nobody acts on what has not come in. Every act of a person is
stamped with it. A finished replay is a desk that can only be looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final, Literal

from haidang.app.acts import Basis, Wish, act
from haidang.app.context import Context
from haidang.app.issue import issue
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft, Message
from haidang.base.errors import BadData, NotFound, Unavailable
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.edge import keys
from haidang.edge.channels import capfile
from haidang.edge.channels.site import FOLDER
from haidang.edge.feeds.stock import INVENTORY, StockRead, read_stock
from haidang.edge.store.edits import checked
from haidang.edge.store.glance import Concluded, Memory, Run
from haidang.edge.store.notices import Person
from haidang.edge.store.raises import RaiseState
from haidang.edge.store.store import Store
from haidang.edge.store.tasks import TaskState
from haidang.jobs import desk_files, publish, raising, replay
from haidang.jobs.desk_files import BULLETINS, CAP, DeskInfo, DeskSpec, FileSpec
from haidang.jobs.desk_view import StepAt, View, renew_at
from haidang.jobs.replay import DATABASE, Step, scope_of
from haidang.jobs.tonight import holds_readings, own_file, tonight
from haidang.law.raises import Raise
from haidang.pack.case import READINGS_FILE, Case, load_case
from haidang.pack.load import Roots
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Standing
from haidang.warn.message import Text, prefix
from haidang.words import LANGUAGES

__all__ = ["Desk", "DeskInfo", "StepAt", "View", "desks", "start_drill", "start_live"]

SECOND: Final = timedelta(seconds=1)
PAUSE: Final = timedelta(minutes=1)
"""Between two tries to deliver a message that a channel did not take."""

_contexts: dict[tuple[str, ...], Context] = {}
_open: dict[Path, Desk] = {}
_guard = threading.RLock()


def context_of(case: Case, roots: Roots) -> Context:
    """Country, pack, areas and law of a case; laid out once in a process, for it takes a second."""
    folders = (roots.country(case.country), roots.threats[case.spec.threat])
    days = (case.spec.law_on.isoformat(), case.spec.places_on.isoformat())
    key = (*map(str, folders), *days, *case.spec.places)
    with _guard:
        if key not in _contexts:
            _contexts[key] = replay.prepare(case, roots)
        return replay.named(_contexts[key], case)


class Desk:
    """One desk of one process; safe to use from many threads.

    Attributes:
        folder: Where everything of it lies.
        spec: Its ``desk.yaml``; None of a replay.
        case: What is played.
        context: Country, pack, areas and law.
        store: Its store: read it as you like, act only through the desk.
        pages: Makes the pages of every desk's site; the web, which lies above, puts it here.
            Without it a desk publishes feeds and maps alone.
    """

    pages: ClassVar[publish.Maker | None] = None

    def __init__(self, folder: Path, roots: Roots) -> None:
        """Open a folder; ``Desk.open`` gives the one that is open already."""
        self.folder = folder
        self._roots = roots
        self._lock = threading.RLock()  # held by whoever writes: a run takes seconds
        self._cache = threading.Lock()  # held for a look-up, so that pages never wait for a run
        self._memory = Memory()
        self._concluded: dict[str, Concluded] = {}
        self._looked: tuple[tuple[int, int], datetime | None] | None = None
        self.spec, self.case = desk_files.find(folder, roots)
        self.context = context_of(self.case, roots)
        self._steps = desk_files.steps_of(self.spec, self.case, folder, self.context)
        self.store = Store.open(folder / DATABASE, check=False)
        self._file = (folder / DATABASE).stat().st_ino
        self._site: publish.Publisher | None = None
        self._reader = publish.Reader(self.store, self.scope, (self.case.spec.threat,))

    @classmethod
    def open(cls, folder: Path, roots: Roots) -> Desk:
        """The desk of a folder; the same object for everybody in this process until it is closed.

        Raises:
            NotFound: There is no desk (``desk.none``).
            BadPack, BadData: Its ``desk.yaml``, case or bulletins do not fit.
            Unavailable: Its store cannot be used.
        """
        path = folder.resolve()
        with _guard:
            found = _open.get(path)
            if found is None or not found._still_there():
                if found is not None:
                    found.close()
                found = _open[path] = cls(path, roots)
            return found

    def close(self) -> None:
        """Give the store back; the next ``open`` reads everything anew."""
        with _guard:
            if _open.get(self.folder) is self:
                del _open[self.folder]
        self.store.close()

    def _still_there(self) -> bool:
        """Whether the store is still the file that was opened, and not another in its place."""
        try:
            return (self.folder / DATABASE).stat().st_ino == self._file
        except OSError:
            return False

    # What it is.

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def kind(self) -> desk_files.Kind:
        """``replay``, ``drill`` or ``live``."""
        return "replay" if self.spec is None else self.spec.kind

    @property
    def title(self) -> Mapping[str, str]:
        """Shown above every page, by language."""
        return self.case.spec.title if self.spec is None else self.spec.title

    @property
    def scope(self) -> str:
        """Names its runs."""
        return scope_of(self.case)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every instant of the case, those to come too: for the desk itself, not for its pages."""
        return self._steps

    # The clock.

    def clock(self, wall: datetime) -> datetime:
        """The desk's time at a wall time, to the second; of a replay the time of its last act."""
        runs = self.store.runs(self.scope)
        if not runs:
            return self._steps[0].now if self._steps else wall
        newest = runs[-1]
        if self.spec is None:
            return self.store.done(self.scope).latest or newest.at
        passed = wall - (self.store.recorded() or wall)
        now = newest.at + max(timedelta(seconds=int(passed.total_seconds())), timedelta(0))
        if (ahead := self._next(runs)) is not None:
            now = min(now, ahead.now - SECOND)
        return max(now, newest.at)

    @property
    def next_step(self) -> Step | None:
        """What comes in next; None where nothing is to come."""
        return self._next(self.store.runs(self.scope))

    def _next(self, runs: Sequence[Run]) -> Step | None:
        if self.spec is None:
            return None
        done = {run.at for run in runs}
        return next((step for step in self._steps if step.now not in done), None)

    def advance(self, wall: datetime, expect: str | None = None) -> StepAt | None:
        """Let the next bulletin come in: what was due till then happens, then it is run.

        Args:
            wall: Wall time.
            expect: Id of the newest step that the caller saw. Where another has come since,
                nothing happens: a button pressed twice moves the desk once.

        Returns:
            The newest step; None before the first.

        Raises:
            BadData: The desk can only be looked at (``desk.read_only``).
            Unavailable: The store cannot be written to.
        """
        with self._acting():
            seen = self.views()
            if expect is not None and (seen[-1].id if seen else "") != expect:
                return seen[-1] if seen else None
            step = self.next_step
            if step is not None:
                self._play(step)
            self.tick(wall)
            found = self.views()
            return found[-1] if found else None

    def _play(self, step: Step) -> None:
        """One instant, as ``replay.play`` does it; done again after a kill it ends the same."""
        replay.act(self.store, self.case, self.context, step.now)
        replay.ingest_stock(self.store, self.case, self.context, self._steps)
        for other in self._steps:
            if other.now == step.now:
                replay.ingest(self.store, self.case, other)
        replay.run(self.store, self.case, self.context, step.now)

    def tick(self, wall: datetime) -> datetime:
        """What happens by itself: drafts that wait too long are passed on, messages go out.

        Each passing-on happens once, stamped with the hour at which it was due.

        Returns:
            The desk's time.
        """
        now = self.clock(wall)
        if self.spec is None:
            return now
        # Whoever holds the lock is acting, and does this before every act.
        if self._lock.acquire(blocking=False):
            try:
                marks = self.store.marks()
                if self._looked is None or self._looked[0] != marks or _due(self._looked[1], now):
                    self._renew(now)
                    ahead = self._escalate(now)
                    self._looked = (self.store.marks(), ahead)
                self._send()
                self._publish(now)
            finally:
                self._lock.release()
        return now

    def _renew(self, now: datetime) -> None:
        """Look again where a notice runs out and no run has looked since it began to.

        A feed that falls silent brings no run. Without this its notices would end by themselves,
        and nobody would have decided that.
        """
        runs = self.store.runs(self.scope)
        at = renew_at(self.store.glance(now, self._memory), self._renew_h)
        if runs and any(runs[-1].at < one <= now for one in at):
            self._look(now)

    @property
    def _renew_h(self) -> float:
        return self.context.pack.threat.warn.renew_h

    def _publish(self, now: datetime) -> None:
        """Write the desk's own site, where something was said or the clock went on.

        A fault in it is logged and goes no further: what a person did stands, whatever its page.
        """
        try:
            if self._site is None:
                self._site = publish.Publisher(
                    self.folder / FOLDER, self.context.country, self.case.spec.places_on,
                    self.case.spec.status, type(self).pages, publish.spec_of(self.folder),
                )  # fmt: skip
            marks = self.store.marks()
            if self._site.due(marks, now):
                self._site.publish(self.said(now), now, marks)
        except Exception:
            publish.LOG.exception("the site of %s is not written", self.id)

    def said(self, now: datetime) -> publish.Said:
        """Everything that was said by an instant, for a site."""
        return self._reader.said(now)

    def _escalate(self, now: datetime) -> datetime | None:
        """Pass on what is due; returns when the next one will be, or a notice is to be renewed."""
        glance = self.store.glance(now, self._memory)
        limit = timedelta(minutes=self.context.pack.threat.warn.approval_limit_min)
        waiting = [d for d in glance.drafts.values() if glance.states[d.id].pending]
        acts = sorted(
            (max(draft.due + rank * limit, draft.at), rank, draft.id, role)
            for draft in waiting
            for rank, role in enumerate(self.context.country.spec.escalation)
            if role not in glance.states[draft.id].roles
        )
        for at, _, name, role in acts:
            if at <= now:
                self.store.escalate(name, at, role)
        ahead = [at for at, *_ in acts if at > now]
        ahead += [at for at in renew_at(glance, self._renew_h) if at > now]
        return min(ahead, default=None)

    def _send(self) -> None:
        """Put approved messages in the folder; what it does not take stays in the outbox."""
        while due := self.store.outbox_due(limit=200, pause=PAUSE):
            for key, _, message in due:
                try:
                    capfile.deliver(self.folder / CAP, message)
                except Unavailable as err:
                    self.store.attempted(key, ok=False, error=digest(str(err))[:12])
                    return
                self.store.attempted(key, ok=True)

    # What is seen.

    def views(self) -> tuple[StepAt, ...]:
        """The runs so far, oldest first."""
        runs = self.store.runs(self.scope)
        issued: dict[datetime, datetime] = {}
        for step in self._steps:
            if step.issued is not None:
                issued[step.now] = max(step.issued, issued.get(step.now, step.issued))
        return tuple(
            StepAt(
                id=self._name(run.at, issued.get(run.at)),
                number=number,
                now=run.at,
                issued=issued.get(run.at),
                verdict=run.verdict,
                newest=number == len(runs),
            )
            for number, run in enumerate(runs, 1)
        )

    def _name(self, now: datetime, issued: datetime | None) -> str:
        local = self.context.local(now if issued is None else issued)
        seconds = f"{local:%S}" if local.second and issued is None else ""
        return f"{'t' if issued is None else 'b'}{local:%Y%m%dT%H%M}{seconds}"

    def at_step(self, step_id: str | None = None) -> StepAt:
        """A run by its id; the newest without one.

        Raises:
            NotFound: No run has this id (``desk.no_step``), or none was made yet.
        """
        found = self.views()
        named = [s for s in found if step_id in (None, "", s.id)]
        if not named:
            raise NotFound(Problem("desk.no_step", {"id": step_id or "-"}))
        return named[-1]

    def at(self, step_id: str | None = None, wall: datetime | None = None) -> View:
        """All that was known at a run; of the newest run, all that is known now.

        Args:
            step_id: Of ``views``; None for the newest.
            wall: Wall time; None is now. Where the newest run is asked for, what was due by then
                happens first.

        Raises:
            NotFound: As ``at_step``.
        """
        step = self.at_step(step_id)
        until = self.tick(wall or datetime.now(UTC)) if step.newest else step.now
        run = next(r for r in self.store.runs(self.scope) if r.verdict == step.verdict)
        made = self._of(run)
        glance = self.store.glance(until, self._memory)
        snapshot = self._snapshot(until, run.receipt)
        return View(
            desk=self.id,
            step=step,
            until=until,
            snapshot=snapshot,
            decisions=made.decisions,
            assessments={a.id: a for a in made.assessments},
            plan=made.plan,
            drafts=glance.drafts,
            states=glance.states,
            acts=glance.acts,
            messages=glance.messages,
            tasks=glance.tasks,
            undelivered=glance.undelivered,
        )

    def _snapshot(self, now: datetime, receipt: int | None) -> Snapshot:
        return self.store.snapshot(
            now,
            law_day=self.case.spec.law_on,
            places_day=self.case.spec.places_on,
            receipt=receipt,
            threats=[self.case.spec.threat],
            events=[self.case.spec.event],
            series=self.context.pack.series,
        )

    def _of(self, run: Run) -> Concluded:
        with self._cache:
            if run.verdict not in self._concluded:
                self._concluded[run.verdict] = self.store.concluded(run)
            return self._concluded[run.verdict]

    # What people do.

    def sign(self, draft_id: str, actor: str, role: str, wall: datetime) -> None:
        """Take responsibility for a draft's words; raises as ``Store.sign``."""
        with self._acting():
            at = self._stamp(wall, actor, role, draft_id)
            self.store.sign(draft_id, actor, role, at)

    def edit(
        self, draft_id: str, actor: str, role: str, wall: datetime, texts: Sequence[Text]
    ) -> Draft:
        """Put one's own words in the place of a draft's, and sign them.

        Raises:
            NotFound, BadData: As ``Store.edit``; or a headline no longer says that this is an
                exercise or a test (``desk.prefix``).
        """
        with self._acting():
            at = self._stamp(wall, actor, role, draft_id)
            self._marked(self.store.draft(draft_id), texts)
            return self.store.edit(draft_id, actor, role, at, texts)

    def _marked(self, draft: Draft, texts: Sequence[Text]) -> None:
        """Whoever reads an exercise must see that it is one, whatever else is rewritten."""
        status = self.case.spec.status
        before = {t.language: t.headline for t in draft.texts}
        for text in texts:
            mark = prefix(status, text.language)
            if mark and mark in before.get(text.language, "") and mark not in text.headline:
                said = {"prefix": mark, "language": text.language}
                raise BadData(Problem("desk.prefix", said, field="headline"))

    def approve(
        self,
        draft_id: str,
        actor: str,
        role: str,
        wall: datetime,
        *,
        broke_glass: bool = False,
    ) -> Message:
        """Let a draft go out; its message lies in ``cap`` when this returns, or waits to.

        Raises:
            NotFound, BadData: As ``Store.approve`` and ``app.issue``; or the sender must sign and
                its key cannot, as ``edge.keys.seal_of``. Nothing is sent then.
        """
        with self._acting():
            # Before anything is stamped: a key that cannot sign must leave no trace of an act.
            seal = keys.seal_of(self.context.country.spec.sender, wall)
            at = self._stamp(wall, actor, role, draft_id)

            def build(approved: Draft, earlier: tuple[Message, ...]) -> Message:
                return issue(self._context_for(approved.threat), approved, at, earlier, seal)

            message = self.store.approve(
                draft_id, actor, role, at, build, [capfile.NAME], broke_glass=broke_glass
            )
            self._send()
            self._publish(at)
            return message

    def _context_for(self, threat: str) -> Context:
        """The context of a draft's own threat: a desk of sensors may watch more than its first."""
        if threat == self.context.pack.id:
            return self.context
        spec = self.case.spec.model_copy(update={"threat": threat})
        return context_of(replace(self.case, spec=spec), self._roots)

    def act(self, draft_id: str, wish: Wish, wall: datetime) -> Draft:
        """Extend, narrow, reword or end a notice that is out: makes a draft, signed by who asks.

        Args:
            draft_id: Draft of the chain's newest message.
            wish: What is asked for; its time is set here.
            wall: Wall time.

        Raises:
            NotFound, BadData: As ``app.acts.act`` and ``Store.act``; the message is not the newest
                of its notice (``desk.not_in_force``), the newest run did not look at the place
                (``desk.no_finding``), or as ``edit`` where words are given.
        """
        with self._acting():
            at = self._stamp(wall, wish.actor, wish.role, draft_id)
            told = self.store.draft(draft_id)
            newest = self.store.chain_messages(told.chain)
            if not newest or newest[-1].draft != draft_id:
                raise BadData(Problem("desk.not_in_force", {"draft": draft_id}))
            if wish.texts:
                words = checked(told, wish.texts)
                self._marked(told, words)
                wish = replace(wish, texts=words)
            # Never before what the person saw, whatever the clock of a drill says.
            wish = replace(wish, at=max(at, self.store.draft(wish.seen).at))
            fresh = act(self.context, told, wish, self._basis(told, wish.at))
            return self.store.act(fresh, wish.seen, wish.actor, wish.role, wish.at)

    def _basis(self, told: Draft, now: datetime) -> Basis:
        """What the newest run found of a notice's hazard at its place."""
        made = self._of(self.store.runs(self.scope)[-1])
        chains = self._snapshot(now, None)
        mine = (told.threat, told.event, told.place)

        def of(one: Decision | Assessment | Standing) -> bool:
            return (one.threat, one.event, one.place) == mine

        chosen = next((d for d in made.decisions if of(d)), None)
        found = next((a for a in made.assessments if of(a)), None)
        after = next((s for s in chains.standing if of(s)), None)
        if chosen is None or found is None or after is None:
            raise BadData(Problem("desk.no_finding", {"place": told.place}))
        chain = next(c for c in chains.chains if c.id == told.chain)
        return Basis(found, after, chosen, chain)

    def refuse(self, draft_id: str, actor: str, role: str, wall: datetime, note: str) -> None:
        """Turn a draft down; raises as ``Store.refuse``."""
        with self._acting():
            at = self._stamp(wall, actor, role, draft_id)
            self.store.refuse(draft_id, actor, role, at, note)

    def propose_raise(
        self,
        place: str,
        by: int,
        reason: str,
        until: datetime,
        actor: str,
        role: str,
        wall: datetime,
        *,
        serious_loss: bool = False,
    ) -> Raise:
        """Ask that the combined level of a place be raised; raises as ``jobs.raising.propose``."""
        with self._acting():
            who = Person(actor, role, self._stamp(wall, actor, role))
            made = raising.propose(
                self.store,
                self.context.country,
                place,
                by,
                reason,
                until,
                who,
                serious_loss=serious_loss,
                scale=self.context.scale.id,
            )
            if any(r.id == made.id and r.in_force(who.at) for r in self.store.raises()):
                self._look(who.at)  # the scale's rule asks for no second person
            return made

    def act_on_raise(
        self, raise_id: str, what: str, actor: str, role: str, wall: datetime, note: str = ""
    ) -> RaiseState:
        """``approve``, ``refuse`` or ``withdraw`` a raise; a run then looks at what that changed.

        Raises:
            NotFound, BadData: As the store's verbs of raises.
        """
        with self._acting():
            at = self._stamp(wall, actor, role)
            if what == "approve":
                state = self.store.approve_raise(raise_id, actor, role, at)
            elif what == "refuse":
                state = self.store.refuse_raise(raise_id, actor, role, at, note)
            else:
                state = self.store.withdraw_raise(raise_id, actor, role, at, note)
            if what != "refuse":
                self._look(at)
            return state

    def task_act(
        self,
        task_id: str,
        actor: str,
        role: str,
        wall: datetime,
        action: str,
        note: str,
        key: str,
    ) -> TaskState:
        """Write down what was done about a task; raises as ``Store.task_act``."""
        with self._acting():
            at = self._stamp(wall, actor, role)
            return self.store.task_act(task_id, actor, role, at, action, note, key)

    def add_bulletins(self, body: bytes, wall: datetime) -> StepAt | None:
        """Take in a further file of bulletins at a live desk, and run on it.

        The whole file with new rows added will do as well: what came in before is passed over.

        Args:
            body: The file.
            wall: Wall time.

        Returns:
            The newest step.

        Raises:
            BadData: The desk is not live (``desk.not_live``), the file cannot be used, tells a
                bulletin otherwise than before (``desk.other_bulletin``) or has nothing new
                (``desk.nothing_new``); nothing is kept then.
        """
        with self._acting():
            spec = self.spec
            if spec is None or spec.kind != "live":
                raise BadData(Problem("desk.not_live", {"id": self.id}))
            now = self.tick(wall)
            runs = self.store.runs(self.scope)
            if runs:
                now = max(now, runs[-1].at + SECOND)
            name = f"bulletins-{len(spec.files) + 1}.csv"
            more = spec.model_copy(
                update={"files": (*spec.files, FileSpec(file=name, received=now))}
            )
            desk_files.put(self.folder / name, body)
            try:
                steps = desk_files.steps_of(more, self.case, self.folder, self.context)
                if len(steps) == len(self._steps):
                    raise BadData(Problem("desk.nothing_new", {}, file=name))
            except BadData:
                (self.folder / name).unlink(missing_ok=True)
                raise
            desk_files.write_spec(self.folder, more)
            self.spec, self._steps = more, steps
            self.catch_up(wall)
            return self.at_step()

    def add_stock(self, file: Path, wall: datetime, source: str = INVENTORY) -> StockRead:
        """Take in an inventory, which replaces the older of its source, and plan anew.

        Args:
            file: See ``edge.feeds.stock``.
            wall: Wall time.
            source: Who counted.

        Returns:
            What the file held; its good rows were kept.

        Raises:
            BadData: The file cannot be read or has no good row (``stock.nothing_kept``); nothing
                is kept then.
        """
        with self._acting():
            country = self.context.country
            day = self.case.spec.places_on
            read = read_stock(file, country.kinds, country.places.gazetteer, day)
            if not read.units:
                raise BadData(*read.problems, Problem("stock.nothing_kept", {}, file=file.name))
            now = self.tick(wall)
            held = [u for u in self.store.stock(now)[0]]
            if sorted(read.units, key=lambda u: u.id) == held:
                return read
            number = len(self.store.deliveries("stock/")) + 1
            self.store.add_stock(f"stock/{source}/{number}", read.units, source, now, now)
            self._look(now)
            return read

    def _look(self, now: datetime) -> None:
        """A run between two bulletins, on what is known; never at the instant of one to come."""
        runs = self.store.runs(self.scope)
        if not runs:
            return
        now = max(now, runs[-1].at + SECOND)
        ahead = self._next(runs)
        if ahead is None or now < ahead.now:
            replay.run(self.store, self.case, self.context, now)

    def catch_up(self, wall: datetime) -> None:
        """Run everything that came in at a live desk; what was run is not run again."""
        with self._acting():
            while (step := self.next_step) is not None:
                self._play(step)
            self.tick(wall)

    def _acting(self) -> threading.RLock:
        """The lock, for whoever may act.

        Raises:
            BadData: ``desk.read_only``.
        """
        if self.spec is None:
            raise BadData(Problem("desk.read_only", {"id": self.id}))
        return self._lock

    def _stamp(self, wall: datetime, actor: str, role: str, draft_id: str = "") -> datetime:
        """The time of an act, after what was due before it; registers who acts."""
        at = self.tick(wall)
        self.store.add_actor(role, actor_id=actor)
        return max(at, self.store.draft(draft_id).at) if draft_id else at


def _due(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def desks(out: Path, roots: Roots) -> tuple[DeskInfo, ...]:
    """The desks below a folder, the newest change first."""
    return desk_files.listed(out, roots)


def start_drill(case_id: str, out: Path, roots: Roots, wall: datetime | None = None) -> Desk:
    """Begin a drill on a shipped case: its first bulletin has come in, people do the rest.

    Args:
        case_id: Of a shipped case.
        out: Folder of all desks.
        roots: Where cases lie.
        wall: Wall time; None is now.

    Raises:
        NotFound: No such case.
        Unavailable: The folder cannot be written to.
    """
    begun = wall or datetime.now(UTC)
    case = load_case(case_id, roots)
    folder = desk_files.fresh_folder(out, f"drill-{case_id}", roots)
    file = case.bulletins.name
    desk_files.put(folder / file, case.bulletins.read_bytes())
    spec = DeskSpec(
        kind="drill",
        country=case.country,
        threat=case.spec.threat,
        case=case_id,
        title=case.spec.title,
        status=case.spec.status,
        averaging_s=case.spec.averaging_s,
        files=(FileSpec(file=file),),
        begun=begun,
    )
    desk_files.write_spec(folder, spec)
    desk = Desk.open(folder, roots)
    desk.advance(begun, expect="")
    return desk


def start_live(
    body: bytes,
    name: str,
    threat: str,
    country: str,
    out: Path,
    roots: Roots,
    *,
    status: Literal["Exercise", "Test"] = "Exercise",
    averaging_s: int = 600,
    wall: datetime | None = None,
) -> Desk:
    """Begin a desk on a user's own bulletins or readings; all are run, and people do the rest.

    Args:
        body: File of bulletins, see ``edge.feeds.bulletins``, or of readings,
            ``edge.feeds.readings``, as the threat is told.
        name: Of the event.
        threat: Pack id.
        country: Country id.
        out: Folder of all desks.
        roots: Where packs and countries lie.
        status: ``Exercise`` or ``Test``; nothing here goes out as Actual.
        averaging_s: Averaging period of the winds, s.
        wall: Wall time; None is now.

    Raises:
        BadData: As ``jobs.tonight.own_file``; no folder is left behind then.
        NotFound: No such country or threat.
        Unavailable: The folder cannot be written to.
    """
    begun = wall or datetime.now(UTC)
    read = holds_readings(threat, roots)
    kept = READINGS_FILE if read else BULLETINS
    home = roots.country(country).name
    # In a folder of its own first: what cannot be used must leave no desk behind.
    with TemporaryDirectory() as aside:
        file = Path(aside) / kept
        file.write_bytes(body)
        if read:
            case = own_file(file, threat, home, roots, name, status, approve=False)
        else:
            case = tonight(file, threat, home, name, status, averaging_s, approve=False)
    folder = desk_files.fresh_folder(out, case.spec.id, roots)
    desk_files.put(folder / kept, body)
    spec = DeskSpec(
        kind="live",
        country=home,
        threat=threat,
        name=name,
        title=dict.fromkeys(LANGUAGES, name.strip()),
        status=status,
        averaging_s=case.spec.averaging_s,
        files=(FileSpec(file=kept),),
        begun=begun,
        **(desk_files.facts_of(case) if read else {}),
    )
    desk_files.write_spec(folder, spec)
    desk = Desk.open(folder, roots)
    desk.catch_up(begun)
    return desk
