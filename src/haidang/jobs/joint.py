"""Several cases played as one desk: every run decides over all of them, in one transaction.

A storm, the floods after it and the slopes that gave way lie in cases of their own. On duty they
are one night: levels at a place are combined, one hazard follows another, a lesser notice may
yield. The calls are those of a replay of one case; only the set is larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pandas as pd

from haidang.app.assess import assess
from haidang.app.context import Context
from haidang.app.decide import Wish, decide
from haidang.app.verdict import Decision
from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.edge.store.store import Store
from haidang.jobs.replay import (
    DATABASE,
    Progress,
    Step,
    act,
    deliver,
    fits,
    ingest,
    ingest_stock,
    plan,
    prepare,
    register,
)
from haidang.pack.case import Case
from haidang.pack.load import Roots

COLUMNS: Final = (
    "at", "place", "place_name", "combined", "own", "levels", "concurrent", "successive", "chains",
    "may_raise_by", "clause", "leader", "yields_to",
)  # fmt: skip
"""Of the table of combined levels: one row a place, run and scale."""


@dataclass(frozen=True)
class Joint:
    """Cases as they were played together.

    Attributes:
        cases: In the order given; the first one's days, status and inventory hold for all.
        contexts: By threat.
        folder: Where everything lies.
        runs: How many instants were decided.
        problems: What was wrong with the files; the good rows were used.
        head: Of the ledger: (entries, head).
        levels: See `COLUMNS`; only places at which some hazard has a level.
    """

    cases: tuple[Case, ...]
    contexts: Mapping[str, Context]
    folder: Path
    runs: int
    problems: tuple[Problem, ...]
    head: tuple[int, str]
    levels: pd.DataFrame


def scope_of(cases: Sequence[Case]) -> str:
    """Name of the runs of these cases together, whatever their order."""
    return f"{cases[0].country}/together/{'+'.join(sorted(c.spec.id for c in cases))}"


def play_together(
    cases: Sequence[Case],
    roots: Roots,
    folder: Path,
    language: str = "en",
    progress: Progress = lambda *_: None,
) -> Joint:
    """Play cases as one desk.

    Args:
        cases: Two or more, of one country, each of another threat.
        roots: Where packs and countries lie.
        folder: Holds the store and the messages; made if it is not there.
        language: Of names in the table.
        progress: Told of each run.

    Returns:
        The cases as played; playing them again in the same folder changes nothing.

    Raises:
        BadData: Fewer than two cases, cases of two countries or of one threat, or with different
            days of places (``joint.*``); else as ``replay.play``.
        Unavailable: As ``replay.play``.
    """
    _alike(cases)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise Unavailable(Problem("store.cannot_open", {"detail": err}, file=str(folder))) from err
    contexts = {case.spec.threat: prepare(case, roots) for case in cases}
    planned = [(case, *plan(case, contexts[case.spec.threat])) for case in cases]
    by_time: dict[datetime, list[tuple[Case, Step]]] = {}
    for case, steps, _ in planned:
        for step in steps:
            by_time.setdefault(step.now, []).append((case, step))
    with Store.open(folder / DATABASE) as store:
        for case, steps, _ in planned:
            fits(store, case, contexts[case.spec.threat], steps)
            register(store, case.spec.officers)
        first = cases[0]
        ingest_stock(store, first, contexts[first.spec.threat], planned[0][1])
        for number, now in enumerate(sorted(by_time)):
            local = contexts[first.spec.threat].local(now)
            progress(number, len(by_time), f"{local:%d/%m %H:%M}")
            _act(store, cases, contexts, now)
            for case, step in by_time[now]:
                ingest(store, case, step)
            _run(store, cases, contexts, now)
            deliver(store, folder / "cap")
        _act(store, cases, contexts, None)
        deliver(store, folder / "cap")
        progress(len(by_time), len(by_time), "")
        head = store.head()
        levels = pd.DataFrame(_rows(store, contexts, language), columns=list(COLUMNS))
    problems = tuple(p for _, _, found in planned for p in found)
    return Joint(tuple(cases), contexts, folder, len(by_time), problems, head, levels)


def _alike(cases: Sequence[Case]) -> None:
    names = ", ".join(c.spec.id for c in cases)
    if len(cases) < 2:  # noqa: PLR2004 - one case is a replay
        raise BadData(Problem("joint.one", {"names": names}))
    for code, values in (
        ("countries", {c.country for c in cases}),
        ("places", {c.spec.places_on for c in cases}),
    ):
        if len(values) > 1:
            said = {"names": names, "values": ", ".join(sorted(map(str, values)))}
            raise BadData(Problem(f"joint.{code}", said))
    threats = [c.spec.threat for c in cases]
    if len(set(threats)) < len(threats):
        raise BadData(Problem("joint.threat_twice", {"names": ", ".join(threats)}))


def _act(
    store: Store, cases: Sequence[Case], contexts: Mapping[str, Context], now: datetime | None
) -> None:
    for case in cases:
        act(store, case, contexts[case.spec.threat], now)


def _run(
    store: Store, cases: Sequence[Case], contexts: Mapping[str, Context], now: datetime
) -> None:
    scope, first = scope_of(cases), cases[0].spec
    if store.committed(scope, now) is not None:
        return
    snapshot = store.snapshot(
        now,
        law_day=first.law_on,
        places_day=first.places_on,
        scope=scope,
        threats=[c.spec.threat for c in cases],
        events=[c.spec.event for c in cases],
        series=[s for c in contexts.values() for s in c.pack.series],
    )
    found = [a for context in contexts.values() for a in assess(context, snapshot)]
    store.commit(decide(contexts, found, snapshot, Wish(status=first.status, scope=scope)))


def _rows(
    store: Store, contexts: Mapping[str, Context], language: str
) -> Iterable[dict[str, object]]:
    named: dict[str, str] = {}
    for context in contexts.values():
        named |= {code: n.name(language) for code, n in context.named.items()}
    zone: Callable[[datetime], datetime] = next(iter(contexts.values())).local
    groups: dict[tuple[datetime, str, str], list[Decision]] = {}
    for decision in store.decisions():
        scale = contexts[decision.threat].scale.id
        groups.setdefault((decision.at, decision.place, scale), []).append(decision)
    for (at, place, _), mine in groups.items():
        levels = {f"{d.threat}/{d.event}": d.after for d in mine}
        combined = max(d.combined for d in mine)
        if not combined and not any(d.before for d in mine):
            continue
        whole = next((d.whole for d in mine if d.whole is not None), None)
        yielded = {d.threat: d.yields_to for d in mine if d.yields_to is not None}
        yield {
            "at": zone(at),
            "place": place,
            "place_name": named.get(place, place),
            "combined": combined,
            "own": max(levels.values()),
            "levels": "; ".join(f"{n}={v}" for n, v in sorted(levels.items()) if v),
            "concurrent": "" if whole is None else "; ".join(whole.concurrent),
            "successive": "" if whole is None else "; ".join(whole.successive),
            "chains": "" if whole is None else "; ".join(f"{a} -> {b}" for a, b in whole.chains),
            "may_raise_by": "" if whole is None else ",".join(map(str, whole.allowed)),
            "clause": "" if whole is None else whole.clause,
            "leader": "" if whole is None else whole.leader,
            "yields_to": "; ".join(f"{t}: {g.threat}" for t, g in sorted(yielded.items())),
        }
