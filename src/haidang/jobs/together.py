"""Several cases of one country on one clock: every run decides over the whole set.

A storm, the flood that follows it and the slopes that give way are three cases, each with its own
sources. Played together they share one store, one ledger and one verdict a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from haidang.app.assess import assess
from haidang.app.context import Context, build_context
from haidang.app.decide import Wish, decide
from haidang.app.verdict import Decision, Draft
from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.edge.store.store import Store
from haidang.jobs import replay
from haidang.jobs.replay import DATABASE, Progress, Step
from haidang.pack.case import Case
from haidang.pack.load import Roots, load_country


class Part(NamedTuple):
    """One case with what it is played with."""

    case: Case
    context: Context
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Together:
    """Cases that were played together.

    Attributes:
        parts: By the threat's id, in the order given.
        folder: Holds the store and the messages.
        problems: What was wrong with the files of the cases; good rows were used.
        ahead: Instants that were left for another call, see ``play``.
    """

    parts: tuple[Part, ...]
    folder: Path
    problems: tuple[Problem, ...]
    ahead: int

    @property
    def database(self) -> Path:
        """The store."""
        return self.folder / DATABASE

    @property
    def contexts(self) -> dict[str, Context]:
        """By threat id."""
        return {part.context.pack.id: part.context for part in self.parts}


def name_of(cases: Sequence[Case]) -> str:
    """Name of the folder of cases that are played together."""
    return "+".join(sorted(case.spec.id for case in cases))


def scope_of(cases: Sequence[Case]) -> str:
    """Name of their runs."""
    return "+".join(sorted(replay.scope_of(case) for case in cases))


def play(
    cases: Sequence[Case],
    roots: Roots,
    folder: Path,
    until: datetime | None = None,
    progress: Progress = lambda *_: None,
) -> Together:
    """Play cases together to their end, to an instant, or on from where they were left.

    Args:
        cases: Of one country, one a threat; their law may be of different days, their places not.
        roots: Where packs and countries lie.
        folder: Holds the store and the messages; made if it is not there.
        until: Stop after the last instant up to this one: people may act, and a later call goes
            on. None plays to the end.
        progress: Told of each step.

    Raises:
        BadData: Fewer than two cases (``together.few``), two of one threat (``together.twice``),
            of two countries, days of places or statuses (``together.differ``), or a case's file
            cannot be used.
        Unavailable: The store or the folder cannot be used.
    """
    _fit(cases)
    parts, problems = _parts(cases, roots)
    times = sorted({step.now for part in parts for step in part.steps})
    ahead = [at for at in times if until is not None and at > until]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Unavailable(Problem("store.cannot_open", {"detail": err}, file=str(folder))) from err
    with Store.open(folder / DATABASE) as store:
        _begin(store, cases, parts)
        done = store.done(scope_of(cases)).runs
        for number, now in enumerate(times[: len(times) - len(ahead)]):
            progress(number, len(times), f"{parts[0].context.local(now):%d/%m %H:%M}")
            if now not in done:
                _step(store, cases, parts, now)
                replay.deliver(store, folder / "cap")
        # What is due between the last instant and ``until`` is done too, as on duty.
        replay.act_on(store, _of(parts), until if ahead else None)
        replay.deliver(store, folder / "cap")
        progress(len(times), len(times), "")
    return Together(tuple(parts), folder, tuple(problems), len(ahead))


def _parts(cases: Sequence[Case], roots: Roots) -> tuple[list[Part], list[Problem]]:
    parts: list[Part] = []
    problems: list[Problem] = []
    # One country for all: to read it takes longer than to play a short case.
    country = load_country(roots.country(cases[0].country), roots.threats)
    for case in cases:
        pack, days = country.packs[case.spec.threat], (case.spec.law_on, case.spec.places_on)
        context = replay.named(build_context(country, pack, *days, case.spec.places), case)
        steps, wrong = replay.plan(case, context)
        parts.append(Part(case, context, steps))
        problems += wrong
    return parts, problems


def _of(parts: Sequence[Part]) -> Callable[[Draft], tuple[Case, Context]]:
    """The case and the context of a draft."""
    by_threat = {part.context.pack.id: (part.case, part.context) for part in parts}
    return lambda draft: by_threat[draft.threat]


def _begin(store: Store, cases: Sequence[Case], parts: Sequence[Part]) -> None:
    """Register who acts, and count one inventory: it is one pool for all of them."""
    for case in cases:
        for officer in case.spec.officers:
            store.add_actor(officer.role, actor_id=officer.actor)
    first = min(parts, key=lambda part: part.steps[0].now)
    if not store.done(scope_of(cases)).runs:
        replay.ingest_stock(store, first.case, first.context, first.steps)


def _step(store: Store, cases: Sequence[Case], parts: Sequence[Part], now: datetime) -> None:
    """One instant: what was due till then happens, what came in is taken in, all is decided."""
    replay.act_on(store, _of(parts), now)
    for part in parts:
        for step in part.steps:
            if step.now == now:
                replay.ingest(store, part.case, step)
    _run(store, parts, scope_of(cases), now)


def _run(store: Store, parts: Sequence[Part], scope: str, now: datetime) -> None:
    """One snapshot, every threat assessed on it, one decision over all, one transaction."""
    snapshot = store.snapshot(
        now,
        law_day=max(part.case.spec.law_on for part in parts),
        places_day=parts[0].case.spec.places_on,
        scope=scope,
        threats=[part.case.spec.threat for part in parts],
        events=[part.case.spec.event for part in parts],
        series=[name for part in parts for name in part.context.pack.series],
    )
    contexts = {part.context.pack.id: part.context for part in parts}
    found = [a for part in parts for a in assess(part.context, snapshot)]
    status = parts[0].case.spec.status
    store.commit(decide(contexts, found, snapshot, Wish(status=status, scope=scope)))


def _fit(cases: Sequence[Case]) -> None:
    if len(cases) < 2:  # noqa: PLR2004 - one is not together
        raise BadData(Problem("together.few", {"count": len(cases)}))
    threats = [case.spec.threat for case in cases]
    if twice := sorted({t for t in threats if threats.count(t) > 1}):
        raise BadData(Problem("together.twice", {"threat": twice[0]}))
    for what, values in (
        ("country", {case.country for case in cases}),
        ("places_on", {case.spec.places_on.isoformat() for case in cases}),
        ("status", {case.spec.status for case in cases}),
    ):
        if len(values) > 1:
            said = {"what": what, "values": ", ".join(sorted(values))}
            raise BadData(Problem("together.differ", said))


@dataclass(frozen=True, slots=True)
class Row:
    """How one place stood after one run.

    Attributes:
        levels: Own level by threat, those with one.
        combined: Over all of them.
        allowed: By how many ranks the law lets a person raise.
        silent: Threats that a greater notice speaks for.
    """

    at: datetime
    place: str
    levels: tuple[tuple[str, int], ...]
    combined: int
    allowed: tuple[int, ...]
    chains: tuple[tuple[str, str], ...]
    successive: tuple[str, ...]
    silent: tuple[str, ...]


def table(decisions: Sequence[Decision]) -> tuple[Row, ...]:
    """Every place at every run that left it with several hazards, by time and place."""
    by: dict[tuple[datetime, str], list[Decision]] = {}
    for one in decisions:
        if one.whole is not None:
            by.setdefault((one.at, one.place), []).append(one)
    rows = []
    for (at, place), here in sorted(by.items()):
        whole = here[0].whole
        assert whole is not None  # chosen so
        rows.append(
            Row(
                at=at,
                place=place,
                levels=tuple(sorted((d.threat, d.after) for d in here if d.after)),
                combined=here[0].combined,
                allowed=whole.allowed,
                chains=whole.chains,
                successive=whole.successive,
                silent=tuple(sorted(d.threat for d in here if d.yields_to is not None)),
            )
        )
    return tuple(rows)
