"""What the runs concluded, and what was known at an instant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
)

from haidang.app.snapshot import Chain, Snapshot
from haidang.app.verdict import Draft, Verdict
from haidang.base.errors import BadData
from haidang.base.ids import content_id, digest
from haidang.base.problem import Problem
from haidang.data.observations import Observations
from haidang.data.tracks import Tracks
from haidang.edge.store import chain as links
from haidang.edge.store import codec, deliveries, notices, plans, raises, stocks
from haidang.edge.store.rows import chunks, draft_line, draft_row, fetch, newest
from haidang.edge.store.tables import assessment, decision, draft, draft_event, run, standing
from haidang.warn.decide import Ended, Standing
from haidang.warn.lifecycle import BY_HAND, Held, Occasion, Said

T = TypeVar("T")
LineIn = tuple[datetime, str, Mapping[str, object]]


class Horizon(NamedTuple):
    """How far a snapshot may see.

    Attributes:
        now: Its clock.
        run: Runs with a smaller number only; None for all of them up to ``now``.
        seen: Drafts' events up to this number only; None likewise.
    """

    now: datetime
    run: int | None = None
    seen: int | None = None


class Done(NamedTuple):
    """How far a scope has come.

    Attributes:
        runs: Instants of its runs.
        latest: The newest of its runs and of what was done to their drafts; None before the first.
        packs: (pack id, version, fingerprint) that any of the runs used.
        statuses: CAP statuses of their drafts.
    """

    runs: frozenset[datetime]
    latest: datetime | None
    packs: frozenset[tuple[str, str, str]]
    statuses: frozenset[str]


def done(connection: Connection, scope: str) -> Done:
    """How far the runs of a scope have come; see ``Store.done``."""
    mine = connection.execute(select(run.c.at, run.c.packs).where(run.c.scope == scope)).all()
    of = select(draft.c.body).join(run, run.c.id == draft.c.run).where(run.c.scope == scope)
    statuses = {str(json.loads(b)["status"]) for b in connection.execute(of).scalars()}
    acts = select(draft_event.c.at).join(draft, draft.c.id == draft_event.c.draft)
    acts = acts.join(run, run.c.id == draft.c.run).where(run.c.scope == scope)
    times = [row.at for row in mine]
    packs = frozenset(
        (str(name), str(version), str(mark))
        for body in {row.packs for row in mine}
        for name, version, mark in json.loads(body)
    )
    latest = max([*times, *connection.execute(acts).scalars()], default=None)
    return Done(frozenset(times), latest, packs, frozenset(statuses))


def run_key(scope: str, at: datetime) -> str:
    """The name of a run: one verdict to a scope and an instant."""
    return content_id("run", {"scope": scope, "at": at})


def find(connection: Connection, scope: str, at: datetime) -> Any | None:
    """The row of the run of this scope and instant, if it was committed."""
    return connection.execute(select(run).where(run.c.key == run_key(scope, at))).first()


def commit(connection: Connection, verdict: Verdict, recorded: datetime) -> bool:
    """Write a verdict; see ``Store.commit``."""
    key = run_key(verdict.scope, verdict.at)
    known = find(connection, verdict.scope, verdict.at)
    if known is not None:
        if known.verdict == verdict.id:
            return False
        params = {"scope": verdict.scope, "at": verdict.at.isoformat()}
        raise BadData(Problem("store.other_verdict", params))
    number = newest(connection, run) + 1
    packs = codec.text(verdict.packs)
    connection.execute(
        insert(run),
        {
            "id": number,
            "key": key,
            "verdict": verdict.id,
            "scope": verdict.scope,
            "at": verdict.at,
            "receipt": verdict.receipt,
            "seen": newest(connection, draft_event),
            "packs": packs,
        },
    )
    lines: list[LineIn] = [(verdict.at, "run", run_line(key, verdict))]
    lines += _conclusions(connection, number, verdict)
    _stand(connection, number, verdict.standing)
    lines += _drafts(connection, number, verdict)
    lines += raises.lapse(connection, number, verdict.lapsed)
    if verdict.plan is not None:
        lines.append((verdict.at, "plan", plans.write(connection, number, verdict.plan)))
    links.append(connection, lines, recorded)
    return True


def run_line(key: str, verdict: Verdict) -> Mapping[str, object]:
    """A run as the ledger holds it, with the digest of the levels it left standing."""
    return {
        "key": key,
        "verdict": verdict.id,
        "scope": verdict.scope,
        "receipt": verdict.receipt,
        "packs": verdict.packs,
        "standing_sha256": standing_digest(verdict.standing),
    }


def standing_digest(levels: Sequence[Standing]) -> str:
    """Digest of standing levels, whatever their order."""
    return digest("\n".join(sorted(codec.text(codec.encode_standing(s)) for s in levels)))


def decision_line(body: codec.Body, sha256: str) -> Mapping[str, object]:
    """A decision as the ledger holds it, with the digest of the assessment it rests on."""
    return {**{k: v for k, v in body.items() if k != "at"}, "assessment_sha256": sha256}


def _conclusions(connection: Connection, number: int, verdict: Verdict) -> list[LineIn]:
    rows: list[dict[str, Any]] = []
    digests: dict[str, str] = {}
    for one in verdict.assessments:
        body = codec.text(codec.encode_assessment(one))
        digests[one.id] = digest(body)
        rows.append(
            {
                "id": one.id,
                "run": number,
                "threat": one.threat,
                "event": one.event,
                "place": one.place,
                "at": one.at,
                "body": body,
            }
        )
    _put(connection, assessment, rows)
    rested = {d.assessment for d in verdict.decisions} - set(digests) - {""}
    older = fetch(connection, assessment.c.id, assessment.c.body, sorted(rested))
    digests.update((name, digest(body)) for name, body in older.items())
    rows, lines = [], []
    for choice in verdict.decisions:
        encoded = codec.encode_decision(choice)
        rows.append(
            {
                "id": choice.id,
                "run": number,
                "threat": choice.threat,
                "event": choice.event,
                "place": choice.place,
                "at": choice.at,
                "before": choice.before,
                "after": choice.after,
                "combined": choice.combined,
                "reason": choice.reason.value,
                "assessment": choice.assessment or None,
                "body": codec.text(encoded),
            }
        )
        seal = digests.get(choice.assessment, "")
        lines.append((choice.at, "decision", decision_line(encoded, seal)))
    _put(connection, decision, rows)
    return lines


def _put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows named by their content; the same content of another scope is kept once.

    Raises:
        BadData: One name stands for two contents (``store.id_clash``).
    """
    if not rows:
        return
    known = fetch(connection, table.c.id, table.c.body, [row["id"] for row in rows])
    fresh: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row["id"]
        before = known.get(name) or fresh.get(name, row)["body"]
        if before != row["body"]:
            raise BadData(Problem("store.id_clash", {"id": name, "table": table.name}))
        if name not in known:
            fresh[name] = row
    if fresh:
        connection.execute(insert(table), list(fresh.values()))


def _stand(connection: Connection, number: int, levels: Sequence[Standing]) -> None:
    if not levels:
        return
    names = Standing.__slots__
    connection.execute(
        insert(standing), [{"run": number, **{n: getattr(s, n) for n in names}} for s in levels]
    )


def _drafts(connection: Connection, number: int, verdict: Verdict) -> list[LineIn]:
    """Drafts first, then what they replace; both checked against what people did meanwhile."""
    rows: list[dict[str, Any]] = []
    lines: list[LineIn] = []
    events: list[dict[str, Any]] = []
    for one in verdict.drafts:
        body = codec.encode_draft(one)
        text = codec.text(body)
        rows.append(draft_row(number, one, text))
        lines.append((one.at, "draft", draft_line(body, digest(text))))
        events.append(_event(one.id, number, one.at, "drafted", ""))
    _versions(connection, verdict.drafts)
    gone = [*verdict.superseded, *(w.draft for w in verdict.withdrawals)]
    waiting = notices.states(connection, gone)
    for name in gone:
        if name not in waiting or not waiting[name].pending:
            raise BadData(Problem("store.stale", {"draft": name}))
    if rows:
        connection.execute(insert(draft), rows)
    for old, new in sorted(verdict.superseded.items()):
        events.append(_event(old, number, verdict.at, "superseded", new))
        lines.append((verdict.at, "superseded", {"draft": old, "by": new}))
    for gone_one in verdict.withdrawals:
        why = gone_one.occasion.value
        events.append(_event(gone_one.draft, number, gone_one.at, "withdrawn", why))
        lines.append((gone_one.at, "withdrawn", {"draft": gone_one.draft, "occasion": why}))
    notices.record(connection, events)
    return lines


def _event(name: str, number: int, at: datetime, action: str, note: str) -> dict[str, Any]:
    return {"draft": name, "run": number, "at": at, "action": action, "note": note}


def _versions(connection: Connection, drafts: Sequence[Draft]) -> None:
    """Each draft must follow the newest of its chain, or the snapshot was too old."""
    have: dict[str, int] = {}
    for piece in chunks(sorted({one.chain for one in drafts})):
        query = select(draft.c.chain, func.max(draft.c.version)).where(draft.c.chain.in_(piece))
        rows = connection.execute(query.group_by(draft.c.chain))
        have.update((row[0], row[1]) for row in rows)
    for one in drafts:
        if one.version != have.get(one.chain, 0) + 1:
            raise BadData(Problem("store.stale", {"draft": one.id}))
        have[one.chain] = one.version


def snapshot(
    connection: Connection,
    now: datetime,
    *,
    law_day: date,
    places_day: date,
    receipt: int | None = None,
    scope: str = "",
    threats: Sequence[str] = (),
    events: Sequence[str] = (),
    places: Sequence[str] = (),
    series: Sequence[str] = (),
    observations: Observations | None = None,
) -> Snapshot:
    """What was known at an instant; see ``Store.snapshot``.

    ``observations`` are reports that the caller has read already; None reads those of ``series``.
    """
    horizon = Horizon(now)
    if scope and (own := find(connection, scope, now)) is not None:
        horizon = Horizon(now, own.id, own.seen)
        receipt = own.receipt if receipt is None else min(receipt, own.receipt)
    limit = deliveries.last_receipt(connection, now, receipt)
    units, counted = stocks.at(connection, now, limit)
    every = _standing(connection, horizon, (), (), places)
    mine = [s for s in every if _asked(s, threats, events)]
    before = plans.newest(connection, now, horizon.run)
    return Snapshot(
        now=now,
        receipt=limit,
        tracks=Tracks(deliveries.fixes(connection, now, limit, events)),
        standing=tuple(mine),
        chains=_chains(connection, horizon, threats, events, places),
        law_day=law_day,
        places_day=places_day,
        stock=units,
        stock_receipt=counted,
        tasks=() if before is None else before.tasks,
        observations=_read(connection, now, limit, series)
        if observations is None
        else observations,
        beside=tuple(s for s in every if s.level and not _asked(s, threats, events)),
        ended=_ended(connection, horizon, places),
        raises=raises.standing(connection, now, limit, horizon.run, places),
    )


def _read(connection: Connection, now: datetime, limit: int, series: Sequence[str]) -> Observations:
    found = deliveries.observations(connection, now, limit, series) if series else ()
    return Observations(found)


def standing_levels(
    connection: Connection, horizon: Horizon, threats: Sequence[str]
) -> tuple[Standing, ...]:
    """Levels of some threats, everywhere."""
    return _standing(connection, horizon, threats, (), ())


def notice_chains(
    connection: Connection, horizon: Horizon, threats: Sequence[str]
) -> tuple[Chain, ...]:
    """Notices of some threats, everywhere."""
    return _chains(connection, horizon, threats, (), ())


def _asked(one: Standing, threats: Sequence[str], events: Sequence[str]) -> bool:
    return (not threats or one.threat in threats) and (not events or one.event in events)


def _narrow(
    query: Select[Any],
    table: Table,
    threats: Sequence[str],
    events: Sequence[str],
    places: Sequence[str],
) -> Select[Any]:
    for name, wanted in (("threat", threats), ("event", events), ("place", places)):
        if wanted:
            query = query.where(table.c[name].in_(wanted))
    return query


def _standing(
    connection: Connection,
    horizon: Horizon,
    threats: Sequence[str],
    events: Sequence[str],
    places: Sequence[str],
) -> tuple[Standing, ...]:
    """By threat, event and place, the level of the newest run that spoke of it.

    A run that does not mention a place leaves its level as it stood: silence lowers nothing.
    """
    names = Standing.__slots__
    order = func.row_number().over(
        partition_by=(standing.c.threat, standing.c.event, standing.c.place),
        order_by=(run.c.at.desc(), run.c.id.desc()),
    )
    query = (
        select(*(standing.c[name] for name in names), order.label("age"))
        .join(run, run.c.id == standing.c.run)
        .where(run.c.at <= horizon.now)
    )
    if horizon.run is not None:
        query = query.where(run.c.id < horizon.run)
    aged = _narrow(query, standing, threats, events, places).subquery()
    rows = connection.execute(select(*(aged.c[name] for name in names)).where(aged.c.age == 1))
    found = [Standing(**row._mapping) for row in rows]
    return tuple(sorted(found, key=lambda s: (s.threat, s.event, s.place)))


def _ended(connection: Connection, horizon: Horizon, places: Sequence[str]) -> tuple[Ended, ...]:
    """By threat, event and place, when a level last fell to none; of all that stand no more."""
    keys = (standing.c.threat, standing.c.event, standing.c.place)
    times = (run.c.at, run.c.id)
    before = func.lag(standing.c.level).over(partition_by=keys, order_by=times)
    age = func.row_number().over(partition_by=keys, order_by=[t.desc() for t in times])
    query = (
        select(
            *keys, standing.c.level, run.c.at, run.c.id, before.label("before"), age.label("age")
        )
        .join(run, run.c.id == standing.c.run)
        .where(run.c.at <= horizon.now)
    )
    if horizon.run is not None:
        query = query.where(run.c.id < horizon.run)
    rows = _narrow(query, standing, (), (), places).subquery()
    falls = select(rows).where(or_(rows.c.age == 1, and_(rows.c.level == 0, rows.c.before > 0)))
    found: dict[tuple[str, str, str], Ended | None] = {}
    for row in connection.execute(falls.order_by(rows.c.at, rows.c.id)):
        key = (row.threat, row.event, row.place)
        if row.level == 0 and row.before:
            found[key] = Ended(*key, row.at)
        elif row.level:
            found[key] = None
    return tuple(one for _, one in sorted(found.items()) if one is not None)


def _chains(
    connection: Connection,
    horizon: Horizon,
    threats: Sequence[str],
    events: Sequence[str],
    places: Sequence[str],
) -> tuple[Chain, ...]:
    """Of each chain its newest draft, whether that waits, and what its newest message said."""

    def acted(*actions: str) -> ColumnElement[bool]:
        query = exists().where(draft_event.c.draft == draft.c.id, draft_event.c.at <= horizon.now)
        if horizon.seen is not None:
            query = query.where(draft_event.c.id <= horizon.seen)
        return query.where(draft_event.c.action.in_(actions))

    def newest_of_each(*conditions: ColumnElement[bool]) -> Sequence[Any]:
        top = select(draft.c.chain, func.max(draft.c.version).label("version"))
        # Not by the draft's run: a version that a person wrote belongs to the run it began with.
        top = top.where(draft.c.at <= horizon.now, acted("drafted", "edited"), *conditions)
        top = top.group_by(draft.c.chain)
        of = _narrow(top, draft, threats, events, places).subquery()
        same = and_(of.c.chain == draft.c.chain, of.c.version == draft.c.version)
        settled = acted(*notices.OVER).label("settled")
        refused = acted("refused").label("refused")
        return connection.execute(select(draft, settled, refused).join(of, same)).all()

    issued = {row.chain: row for row in newest_of_each(acted("approved"))}
    found = []
    for row in newest_of_each():
        told = issued.get(row.chain)
        # What a person's ending holds against: one that waits, else one that is out.
        ending = told if row.settled else row
        held = None if ending is None else _held(connection, horizon, ending)
        found.append(_chain(row, None if told is None else _said(told), held))
    return tuple(sorted(found, key=lambda c: (c.threat, c.event, c.place, c.number)))


def _held(connection: Connection, horizon: Horizon, row: Any) -> Held | None:
    """What a person's ending rests on; None of any other draft."""
    if row.occasion not in BY_HAND:
        return None
    kept = json.loads(row.body)["against"]
    facts = codec.decode_said(kept)
    query = (
        select(func.min(standing.c.level))
        .join(run, run.c.id == standing.c.run)
        .where(
            standing.c.threat == row.threat,
            standing.c.event == row.event,
            standing.c.place == row.place,
            # It belongs to the run that the person had before them.
            run.c.id > row.run,
            run.c.at <= horizon.now,
        )
    )
    if horizon.run is not None:
        query = query.where(run.c.id < horizon.run)
    lowest = connection.execute(query).scalar()
    if lowest is not None:
        facts = replace(facts, level=min(facts.level, int(lowest)))
    return Held(Occasion(row.occasion), facts)


def _said(row: Any) -> Said:
    return codec.decode_said(json.loads(row.body)["said"])


def _chain(last: Any, issued: Said | None, held: Held | None) -> Chain:
    return Chain(
        id=last.chain,
        threat=last.threat,
        event=last.event,
        place=last.place,
        number=last.number,
        issued=issued,
        pending=None if last.settled else _said(last),
        pending_id="" if last.settled else last.id,
        drafted=None if last.settled else last.at,
        version=last.version,
        refused=bool(last.refused),
        held=held,
    )


def bodies(
    connection: Connection, table: Table, decode: Callable[[Any], T], number: int | None = None
) -> Iterator[T]:
    """Everything of a kind, run by run, in a fixed order."""
    query = select(table.c.body).order_by(table.c.run, table.c.threat, table.c.event)
    query = query.order_by(table.c.place, *([table.c.version] if "version" in table.c else []))
    query = query.order_by(table.c.id)
    if number is not None:
        query = query.where(table.c.run == number)
    return (decode(json.loads(body)) for body in connection.execute(query).scalars())
