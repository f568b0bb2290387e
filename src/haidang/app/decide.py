"""The whole set: every assessment together decides, is worded, and is ready for a person's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from haidang.app.context import Context
from haidang.app.plan import plan as planned
from haidang.app.said_track import held
from haidang.app.snapshot import Chain, Snapshot
from haidang.app.together import Stepped, Together, pack_of, together
from haidang.app.together_words import beside
from haidang.app.verdict import Decision, Draft, Verdict, Whole, Withdrawal
from haidang.app.wording import draft as worded
from haidang.app.wording import said_now, seen_to_begin
from haidang.base.errors import BadPack
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.risk.assessment import Assessment
from haidang.warn.decide import first, step
from haidang.warn.inhibit import Voice, silent
from haidang.warn.lifecycle import Held, Named, Occasion, Said, grown, occasion
from haidang.warn.message import Status
from haidang.warn.spec import WarnSpec
from haidang.watch.bulletins import ENDED


@dataclass(frozen=True, slots=True)
class Wish:
    """What the run is for.

    Attributes:
        status: CAP status of every notice: Actual, Exercise or Test.
        scope: Names the run: country, packs, replay or duty.
    """

    status: Status
    scope: str


def decide(
    contexts: Mapping[str, Context],
    assessments: Sequence[Assessment],
    snapshot: Snapshot,
    wish: Wish,
) -> Verdict:
    """Decide once over the whole set of assessments; their order does not matter.

    Own levels move by hysteresis, one threat at a time. The combined level is taken afterwards
    over all threats at a place, with a raise where a person decided one, and is kept apart, so
    that a raise can never feed on itself. Then each area's notice is drafted if it has something
    new to say and no greater notice speaks for it.

    Args:
        contexts: Static facts by threat id.
        assessments: From ``assess``, all threats.
        snapshot: The one that they were assessed on.
        wish: Status and scope.

    Returns:
        Decisions, new standing, drafts, withdrawals: everything that one transaction commits.

    Raises:
        BadPack: A pack of tier ``draft`` is asked to speak as Actual.
    """
    if wish.status == "Actual":
        tiers = [(c.pack.id, c.pack.threat.tier) for c in contexts.values()]
        if mute := [Problem("pack.tier_draft", {"id": i}) for i, tier in tiers if tier == "draft"]:
            raise BadPack(*mute)
    ordered = sorted(assessments, key=lambda a: (a.threat, a.event, a.place))
    stepped = _stepped(contexts, ordered, snapshot)
    wholes, lapsed = together(contexts, stepped, snapshot)
    notices = _notices(contexts, stepped, wholes, snapshot)
    decisions = [
        _decision(one, wholes[_where(contexts, one)], notice.silenced_by)
        for one, notice in zip(stepped, notices, strict=True)
    ]
    drafts, withdrawals, superseded = _drafts(
        contexts, stepped, decisions, notices, wholes, snapshot, wish
    )
    packs = tuple(
        (c.pack.id, c.pack.threat.version, c.pack.fingerprint) for _, c in sorted(contexts.items())
    )
    standing_after = tuple(one.after for one in stepped)
    plan = planned(contexts, ordered, standing_after, decisions, snapshot)
    content: dict[str, object] = {
        "scope": wish.scope,
        "at": snapshot.now,
        "receipt": snapshot.receipt,
        "packs": packs,
        "decisions": [d.id for d in decisions],
        "drafts": [d.id for d in drafts],
        "plan": plan.id if plan else None,
    }
    if lapsed:
        content["lapsed"] = [(one.raise_id, one.why) for one in lapsed]
    return Verdict(
        id=content_id("verdict", content),
        scope=wish.scope,
        at=snapshot.now,
        receipt=snapshot.receipt,
        packs=packs,
        assessments=tuple(ordered),
        decisions=tuple(decisions),
        standing=standing_after,
        drafts=tuple(drafts),
        withdrawals=tuple(withdrawals),
        superseded=superseded,
        plan=plan,
        lapsed=lapsed,
    )


def _stepped(
    contexts: Mapping[str, Context], ordered: Sequence[Assessment], snapshot: Snapshot
) -> list[Stepped]:
    standing = {(s.threat, s.event, s.place): s for s in snapshot.standing}
    out = []
    for found in ordered:
        before = standing.get(
            (found.threat, found.event, found.place),
            first(found.threat, found.event, found.place, snapshot.now),
        )
        over = any(s.method == ENDED for s in found.signals)
        after, reason = step(found, before, contexts[found.threat].pack.threat.warn, ended=over)
        out.append(Stepped(found, before, after, reason))
    return out


def _where(contexts: Mapping[str, Context], one: Stepped) -> tuple[str, str]:
    return one.found.place, contexts[one.found.threat].scale.id


def _decision(one: Stepped, whole: Together, greater: Named | None) -> Decision:
    found, before, after, reason = one
    content: tuple[object, ...] = (found.id, before.level, after.level, reason.value, whole.level)
    # Where a hazard is alone its decision is named as it ever was.
    if whole.whole is not None:
        content = (*content, tuple(getattr(whole.whole, name) for name in Whole.__slots__))
    if greater is not None:
        content = (*content, tuple(greater))
    return Decision(
        id=content_id("decision", content),
        threat=found.threat,
        event=found.event,
        place=found.place,
        at=found.at,
        before=before.level,
        after=after.level,
        combined=whole.level,
        reason=reason,
        combined_note="",
        assessment=found.id,
        whole=whole.whole,
        yields_to=greater,
    )


class _Notice(NamedTuple):
    """What the next notice of one hazard at one place would be.

    Attributes:
        fresh: What it would say.
        why: The one reason to draft it; None where nothing is to be said.
        silenced_by: The greater hazard whose notice speaks for this one; None where none does.
    """

    chain: Chain
    fresh: Said
    why: Occasion | None
    silenced_by: Named | None


def _notices(
    contexts: Mapping[str, Context],
    stepped: Sequence[Stepped],
    wholes: Mapping[tuple[str, str], Together],
    snapshot: Snapshot,
) -> list[_Notice]:
    """What is to be said, in the order of ``stepped``; the greater hazards are asked first."""
    newest = {(c.threat, c.event, c.place): c for c in sorted(snapshot.chains, key=_number)}
    made: dict[tuple[str, str], _Notice] = {}
    for one in sorted(stepped, key=lambda s: -s.after.level):
        found, _, after, _ = one
        context, whole = contexts[found.threat], wholes[_where(contexts, one)]
        chain = newest.get((found.threat, found.event, found.place))
        if chain is None or chain.closed:
            chain = _new_chain(found, chain)
        fresh = said_now(context, found, after, chain)
        fresh = replace(fresh, within=_within(context, snapshot.now, chain, fresh))
        carried, also = whole.carried(one.name), whole.also(one.name)
        fresh = replace(fresh, combined=carried, also=also)
        why = _why(context, snapshot.now, chain, fresh, found, held=held(found, after))
        greater = _silenced_by(contexts, one, chain, whole, newest, made, snapshot.now)
        if greater is not None:
            why = Occasion.YIELDED if chain.pending_id else None
        made[found.place, one.name] = _Notice(chain, fresh, why, greater)
    return [made[one.found.place, one.name] for one in stepped]


def _silenced_by(
    contexts: Mapping[str, Context],
    one: Stepped,
    chain: Chain,
    whole: Together,
    newest: Mapping[tuple[str, str, str], Chain],
    made: Mapping[tuple[str, str], _Notice],
    now: datetime,
) -> Named | None:
    """The hazard that speaks for this one now; None where it must speak for itself."""
    greater = whole.to.get(one.name)
    if greater is None:
        return None
    place = one.found.place
    drawn = made.get((place, greater.name))
    known = newest.get((greater.threat, greater.event, place)) if drawn is None else drawn.chain
    pack = pack_of(contexts, greater.threat)
    if known is None or pack is None:
        return None
    spoken = drawn is not None and drawn.why not in (None, Occasion.WITHDRAWN, Occasion.YIELDED)
    voice = Voice(
        issued=known.issued,
        pending=known.pending,
        drafted=known.drafted,
        refused=known.refused,
        fresh=drawn.fresh if drawn is not None and spoken else None,
        limit=timedelta(minutes=pack.threat.warn.approval_limit_min),
    )
    lesser = next(h for h in whole.hazards if h.name == one.name)
    if not silent(lesser, chain.issued, voice, now):
        return None
    return Named(greater.threat, greater.event, greater.level)


def _drafts(
    contexts: Mapping[str, Context],
    stepped: Sequence[Stepped],
    decisions: Sequence[Decision],
    notices: Sequence[_Notice],
    wholes: Mapping[tuple[str, str], Together],
    snapshot: Snapshot,
    wish: Wish,
) -> tuple[list[Draft], list[Withdrawal], dict[str, str]]:
    drafts: list[Draft] = []
    withdrawals: list[Withdrawal] = []
    superseded: dict[str, str] = {}
    for one, decision, notice in zip(stepped, decisions, notices, strict=True):
        chain, fresh, why, _ = notice
        if why is None:
            continue
        if why in (Occasion.WITHDRAWN, Occasion.YIELDED):
            withdrawals.append(Withdrawal(chain.pending_id, snapshot.now, why))
            continue
        context, whole = contexts[one.found.threat], wholes[_where(contexts, one)]
        more = beside(contexts, one.found, fresh, chain, whole)
        draft = worded(
            context, one.found, one.after, decision, chain, fresh, why, wish.status, more
        )
        drafts.append(draft)
        if chain.pending_id:
            superseded[chain.pending_id] = draft.id
    return drafts, withdrawals, superseded


def _number(chain: Chain) -> int:
    return chain.number


def _new_chain(found: Assessment, closed: Chain | None) -> Chain:
    number = closed.number + 1 if closed else 1
    name = content_id("chain", (found.threat, found.event, found.place, number))
    return Chain(
        name, found.threat, found.event, found.place, number, None, None, "", None, 0,
        # What a person ended by hand stays ended in the next chain, until the facts grow.
        held=closed.held if closed else None,
    )  # fmt: skip


def _within(context: Context, now: datetime, chain: Chain, fresh: Said) -> tuple[str, ...]:
    """To which parts a person narrowed the notice; all of the place again once the facts grow."""
    last = chain.pending or chain.issued
    if last is None or not last.within or not fresh.level:
        return ()
    return () if grown(now, last, fresh, context.pack.threat.warn) else last.within


def _why(
    context: Context, now: datetime, chain: Chain, fresh: Said, found: Assessment, *, held: bool
) -> Occasion | None:
    """Why to draft, against what waits for approval first and against what is out otherwise.

    Under a level that is only held, weaker news is no occasion: the next fall of the level is.
    That the wind has begun is one there too, if the newest data see it.
    """
    spec = context.pack.threat.warn
    begun = seen_to_begin(spec, found)

    def against(said: Said | None) -> Occasion | None:
        news = fresh
        if held and said is not None and fresh.level > 0:
            news = replace(said, level=fresh.level, expires=fresh.expires)
            news = replace(news, combined=fresh.combined, also=fresh.also)
            news = replace(news, begun=said.begun or begun)
        return occasion(now, said, news, spec)

    if chain.held is not None:
        return _against_a_person(chain, chain.held, fresh, now, spec, against(chain.issued))
    if chain.pending is None:
        return against(chain.issued)
    if against(chain.pending) is None:
        return None
    # What waits is overtaken. Back to what is out already? Then nothing need be said at all.
    return against(chain.issued) or Occasion.WITHDRAWN


def _against_a_person(
    chain: Chain, held: Held, fresh: Said, now: datetime, spec: WarnSpec, why: Occasion | None
) -> Occasion | None:
    """Why to draft where a person ended the notice by hand, or is about to.

    Their word holds until the facts grow beyond what they knew. Then what they ended is drafted
    anew; an ending that still waits gives way to it, or to nothing where what is out says it all.
    """
    if not grown(now, held.facts, fresh, spec):
        return None
    return (why or Occasion.WITHDRAWN) if chain.pending is not None else why
