"""Raises of a combined level: a person's word, a second person's, and how each came to an end.

Every act is a delivery with a number of its own. So a snapshot that reads up to a number knows
exactly the raises that were known then, and a run that is read again sees what it saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select

from haidang.base.errors import BadData, NotFound
from haidang.base.ids import content_id, digest
from haidang.base.problem import Problem
from haidang.edge.store import chain as links
from haidang.edge.store import codec, deliveries
from haidang.edge.store.notices import Person, registered
from haidang.edge.store.tables import run
from haidang.edge.store.tables_raise import level_raise, raise_act, raise_lapse
from haidang.law.raises import Lapse, Raise

Stage = Literal["proposed", "approved", "refused", "withdrawn", "lapsed"]

OPEN: Final = ("proposed", "approved")
"""Stages in which a raise may still act, or come to."""


@dataclass(frozen=True, slots=True)
class RaiseState:
    """Where a raise has come to.

    Attributes:
        proposed: As its author wrote it; ``at`` is when.
        stage: Its newest act; ``lapsed`` where a run found it over.
        approver, approver_role: Who let it come into force, "" before anybody did.
        approved: When.
        alone: One authorised person did both; marked for the review.
        ended: When it was refused, withdrawn or found over; None before.
        note: What was written then; of a lapse its reason.
    """

    proposed: Raise
    stage: Stage = "proposed"
    approver: str = ""
    approver_role: str = ""
    approved: datetime | None = None
    alone: bool = False
    ended: datetime | None = None
    note: str = ""

    @property
    def id(self) -> str:
        """The raise's id."""
        return self.proposed.id

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at an instant."""
        return self.stage == "approved" and self.of_force.holds(now)

    @property
    def of_force(self) -> Raise:
        """The raise as it acts: from the approval on, in the approver's name.

        Whoever approves decides; whoever proposed it stands in the ledger beside.
        """
        if self.approved is None:
            return self.proposed
        return replace(
            self.proposed, actor=self.approver, role=self.approver_role, at=self.approved
        )


def propose(
    connection: Connection,
    place: str,
    scale: str,
    by: int,
    reason: str,
    until: datetime,
    who: Person,
    recorded: datetime,
    *,
    serious_loss: bool,
    approval: bool,
) -> Raise:
    """Write a raise down; see ``Store.propose_raise``."""
    registered(connection, who.id)
    reason = reason.strip()
    if not reason:
        raise BadData(Problem("law.raise_no_reason", {"by": by}, field="reason"))
    if by < 1:
        raise BadData(Problem("store.raise_by", {"by": by}, field="by"))
    if until <= who.at:
        times = {"at": who.at.isoformat(), "until": until.isoformat()}
        raise BadData(Problem("store.raise_until", times, field="until"))
    content = {
        "place": place,
        "scale": scale,
        "by": by,
        "serious_loss": serious_loss,
        "reason": digest(reason),
        "actor": who.id,
        "until": until,
        "at": who.at,
    }
    name = content_id("raise", content)
    known = {s.id: s for s in states(connection)}
    if name in known:  # a form sent twice
        return known[name].proposed
    for other in known.values():
        same = (other.proposed.place, other.proposed.scale) == (place, scale)
        if same and other.stage in OPEN and other.proposed.until > who.at:
            said = {"id": other.id, "by": other.proposed.by, "until": other.proposed.until}
            raise BadData(Problem("store.raise_stands", said, field="place"))
    made = Raise(name, place, scale, by, reason, serious_loss, who.id, who.role, who.at, until)
    row = {slot: getattr(made, slot) for slot in Raise.__slots__}
    deliveries.keep(
        connection, "raise", level_raise, f"raise/{name}", [row], who.role, who.at, who.at
    )
    links.append(connection, [(who.at, "raise_proposed", proposal_line(made))], recorded)
    if not approval:
        _act(connection, made.id, "approved", who, "", recorded)
    return made


def approve(
    connection: Connection, raise_id: str, who: Person, recorded: datetime, *, broke_glass: bool
) -> RaiseState:
    """Let a raise come into force; see ``Store.approve_raise``."""
    registered(connection, who.id)
    state = get(connection, raise_id)
    if state.stage == "approved" and state.approver == who.id:
        return state
    _waiting(state, who.at, "proposed")
    if who.at >= state.proposed.until:
        times = {"at": who.at.isoformat(), "until": state.proposed.until.isoformat()}
        raise BadData(Problem("store.raise_until", times, field="until"))
    if state.proposed.actor == who.id and not broke_glass:
        raise BadData(Problem("store.raise_same_person", {"id": raise_id}))
    _act(connection, raise_id, "approved", who, "broke_glass" if broke_glass else "", recorded)
    return get(connection, raise_id)


def refuse(
    connection: Connection, raise_id: str, who: Person, note: str, recorded: datetime
) -> RaiseState:
    """Turn a proposal down; see ``Store.refuse_raise``."""
    return _end(connection, raise_id, "refused", who, note, recorded, "proposed")


def withdraw(
    connection: Connection, raise_id: str, who: Person, note: str, recorded: datetime
) -> RaiseState:
    """Take a raise back; see ``Store.withdraw_raise``."""
    return _end(connection, raise_id, "withdrawn", who, note, recorded, *OPEN)


def _end(
    connection: Connection,
    raise_id: str,
    action: Stage,
    who: Person,
    note: str,
    recorded: datetime,
    *stages: Stage,
) -> RaiseState:
    registered(connection, who.id)
    state = get(connection, raise_id)
    if state.stage == action:
        return state
    _waiting(state, who.at, *stages)
    _act(connection, raise_id, action, who, note.strip(), recorded)
    return get(connection, raise_id)


def _waiting(state: RaiseState, at: datetime, *stages: Stage) -> None:
    """Refuse an act that cannot follow.

    Raises:
        BadData: The raise has come further (``store.raise_approved`` ...), or the act is older
            than the one before it (``store.before_raise``).
    """
    if state.stage not in stages:
        raise BadData(Problem(f"store.raise_{state.stage}", {"id": state.id}))
    newest = state.approved or state.proposed.at
    if at < newest:
        times = {"at": at.isoformat(), "before": newest.isoformat()}
        raise BadData(Problem("store.before_raise", times))


def _act(
    connection: Connection,
    raise_id: str,
    action: Stage,
    who: Person,
    note: str,
    recorded: datetime,
) -> None:
    row: dict[str, Any] = {"raise": raise_id, "action": action, "actor": who.id}
    row |= {"role": who.role, "at": who.at, "note": note}
    key = f"raise/{raise_id}/{action}"
    deliveries.keep(connection, "raise_act", raise_act, key, [row], who.role, who.at, who.at)
    line = act_line(raise_id, who.id, who.role, note)
    links.append(connection, [(who.at, f"raise_{action}", line)], recorded)


def proposal_line(one: Raise) -> Mapping[str, object]:
    """A proposal as the ledger holds it; of the reason only the digest: it may name a person."""
    return {
        "raise": one.id,
        "place": one.place,
        "scale": one.scale,
        "by": one.by,
        "serious_loss": one.serious_loss,
        "until": codec.stamp(one.until),
        "actor": one.actor,
        "role": one.role,
        "reason_sha256": digest(one.reason),
    }


def act_line(raise_id: str, actor: str, role: str, note: str) -> Mapping[str, object]:
    """An act as the ledger holds it."""
    if note == "broke_glass":
        return {"raise": raise_id, "actor": actor, "role": role, "broke_glass": True}
    seal = {"note_sha256": digest(note)} if note else {}
    return {"raise": raise_id, "actor": actor, "role": role, **seal}


def lapse_line(raise_id: str, why: str) -> Mapping[str, object]:
    """The end of a raise that a run found, as the ledger holds it."""
    return {"raise": raise_id, "why": why}


def lapse(
    connection: Connection, number: int, found: Sequence[Lapse]
) -> list[tuple[datetime, str, Mapping[str, object]]]:
    """Write down what a run found to be over.

    Returns:
        Lines for the ledger.

    Raises:
        BadData: Somebody ended one of them meanwhile (``store.stale_raise``).
    """
    known = {s.id: s for s in states(connection)}
    for one in found:
        if one.raise_id not in known or known[one.raise_id].stage != "approved":
            raise BadData(Problem("store.stale_raise", {"id": one.raise_id}))
        row = {"raise": one.raise_id, "run": number, "at": one.at, "why": one.why}
        connection.execute(insert(raise_lapse), row)
    return [(one.at, "raise_lapsed", lapse_line(one.raise_id, one.why)) for one in found]


def get(connection: Connection, raise_id: str) -> RaiseState:
    """One raise, by its id or its beginning.

    Raises:
        NotFound: ``store.no_raise``.
    """
    found = [s for s in states(connection) if s.id.startswith(raise_id)] if raise_id else []
    exact = [s for s in found if s.id == raise_id]
    if len(exact or found) != 1:
        raise NotFound(Problem("store.no_raise", {"id": raise_id}))
    return (exact or found)[0]


def states(
    connection: Connection,
    now: datetime | None = None,
    receipt: int | None = None,
    before_run: int | None = None,
) -> tuple[RaiseState, ...]:
    """Where every raise had come to, by time and id.

    Args:
        connection: Of the store.
        now: Acts and runs up to this instant; None for all.
        receipt: Acts of deliveries up to this one; None for all.
        before_run: Only what runs with a smaller number found; None for all.
    """
    query = select(level_raise).order_by(level_raise.c.at, level_raise.c.id)
    acts = select(raise_act).order_by(raise_act.c.receipt)
    over = select(raise_lapse)
    if now is not None:
        query = query.where(level_raise.c.at <= now)
        acts = acts.where(raise_act.c.at <= now)
        over = over.join(run, run.c.id == raise_lapse.c.run).where(run.c.at <= now)
    if receipt is not None:
        query = query.where(level_raise.c.receipt <= receipt)
        acts = acts.where(raise_act.c.receipt <= receipt)
    if before_run is not None:
        over = over.where(raise_lapse.c.run < before_run)
    rows = connection.execute(query).mappings()
    found = {r["id"]: RaiseState(Raise(**{k: r[k] for k in Raise.__slots__})) for r in rows}
    for act in connection.execute(acts).mappings():
        if act["raise"] in found:
            found[act["raise"]] = _after(found[act["raise"]], act)
    for gone in connection.execute(over).mappings():
        if gone["raise"] in found:
            state = found[gone["raise"]]
            changed = {"stage": "lapsed", "ended": gone["at"], "note": gone["why"]}
            found[gone["raise"]] = replace(state, **changed)
    return tuple(found.values())


def _after(state: RaiseState, act: Mapping[Any, Any]) -> RaiseState:
    if act["action"] == "approved":
        return replace(
            state,
            stage="approved",
            approver=act["actor"],
            approver_role=act["role"],
            approved=act["at"],
            alone=act["actor"] == state.proposed.actor,
        )
    return replace(state, stage=act["action"], ended=act["at"], note=act["note"])


def standing(
    connection: Connection,
    now: datetime,
    receipt: int,
    before_run: int | None,
    places: Sequence[str],
) -> tuple[Raise, ...]:
    """Raises that were approved and that nobody took back, as a snapshot knows them.

    One whose end has passed is still among them until a run has found it over.
    """
    known = states(connection, now, receipt, before_run)
    found = [s.of_force for s in known if s.stage == "approved"]
    return tuple(r for r in found if not places or r.place in places)
