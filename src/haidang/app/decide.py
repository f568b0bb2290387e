"""The whole set: every assessment together decides, is worded, and is ready for a person's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from haidang.app.context import Context
from haidang.app.plan import plan as planned
from haidang.app.said_track import held
from haidang.app.snapshot import Chain, Snapshot
from haidang.app.verdict import Decision, Draft, Verdict, Withdrawal
from haidang.app.wording import draft as worded
from haidang.app.wording import said_now, seen_to_begin
from haidang.base.errors import BadPack
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.law.combine import combine
from haidang.law.levels import Level, Names
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Reason, Standing, first, step
from haidang.warn.lifecycle import Occasion, Said, occasion
from haidang.warn.message import Status
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
    over all threats at a place and is kept apart, so that a raise can never feed on itself. Then
    each area's notice is drafted if it has something new to say.

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
    standing = {(s.threat, s.event, s.place): s for s in snapshot.standing}
    stepped: list[tuple[Assessment, Standing, Standing, Reason]] = []
    for found in ordered:
        before = standing.get(
            (found.threat, found.event, found.place),
            first(found.threat, found.event, found.place, snapshot.now),
        )
        over = any(s.method == ENDED for s in found.signals)
        after, reason = step(found, before, contexts[found.threat].pack.threat.warn, ended=over)
        stepped.append((found, before, after, reason))
    combined = _combined(contexts, stepped)
    decisions = [
        _decision(
            found, before, after, reason, combined[found.place, contexts[found.threat].scale.id]
        )
        for found, before, after, reason in stepped
    ]
    drafts, withdrawals, superseded = _notices(contexts, stepped, decisions, snapshot, wish)
    packs = tuple(
        (c.pack.id, c.pack.threat.version, c.pack.fingerprint) for _, c in sorted(contexts.items())
    )
    standing_after = tuple(after for _, _, after, _ in stepped)
    plan = planned(contexts, ordered, standing_after, decisions, snapshot)
    content = {
        "scope": wish.scope,
        "at": snapshot.now,
        "receipt": snapshot.receipt,
        "packs": packs,
        "decisions": [d.id for d in decisions],
        "drafts": [d.id for d in drafts],
        "plan": plan.id if plan else None,
    }
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
    )


def _combined(
    contexts: Mapping[str, Context],
    stepped: Sequence[tuple[Assessment, Standing, Standing, Reason]],
) -> dict[tuple[str, str], tuple[int, str]]:
    """The level over all threats at each place and on each scale, and where it comes from.

    Scales stand side by side and are never mixed: an epidemic raises no level of a storm. Nothing
    is raised here: the law says that a level *may* be raised for concurrent hazards, and that is a
    person's word. The note says when it would be allowed.
    """
    by_place: dict[tuple[str, str], dict[str, Level]] = {}
    for found, _, after, _ in stepped:
        scale = contexts[found.threat].scale.id
        name = f"{found.threat}/{found.event}"
        grounds = found.grounds
        by_place.setdefault((found.place, scale), {})[name] = Level(
            after.level, scale, grounds.article, grounds.clause, "defined", Names({})
        )
    scales = {c.scale.id: c.scale for c in contexts.values()}
    out = {}
    for (place, scale_id), levels in by_place.items():
        whole = combine(levels, scales[scale_id])
        note = ",".join(f"+{n}" for n in whole.allowed_raise)
        said = f"{whole.clause} may raise {note}" if note else ""
        out[place, scale_id] = (whole.rank or 0, said)
    return out


def _decision(
    found: Assessment, before: Standing, after: Standing, reason: Reason, combined: tuple[int, str]
) -> Decision:
    content = (found.id, before.level, after.level, reason.value, combined[0])
    return Decision(
        id=content_id("decision", content),
        threat=found.threat,
        event=found.event,
        place=found.place,
        at=found.at,
        before=before.level,
        after=after.level,
        combined=combined[0],
        reason=reason,
        combined_note=combined[1],
        assessment=found.id,
    )


def _notices(
    contexts: Mapping[str, Context],
    stepped: Sequence[tuple[Assessment, Standing, Standing, Reason]],
    decisions: Sequence[Decision],
    snapshot: Snapshot,
    wish: Wish,
) -> tuple[list[Draft], list[Withdrawal], dict[str, str]]:
    newest = {(c.threat, c.event, c.place): c for c in sorted(snapshot.chains, key=_number)}
    drafts: list[Draft] = []
    withdrawals: list[Withdrawal] = []
    superseded: dict[str, str] = {}
    for (found, _, after, _), decision in zip(stepped, decisions, strict=True):
        context = contexts[found.threat]
        chain = newest.get((found.threat, found.event, found.place))
        if chain is None or chain.closed:
            chain = _new_chain(found, chain)
        fresh = said_now(context, found, after, chain)
        why = _why(context, snapshot.now, chain, fresh, found, held=held(found, after))
        if why is None:
            continue
        if why is Occasion.WITHDRAWN:
            withdrawals.append(Withdrawal(chain.pending_id, snapshot.now, why))
            continue
        draft = worded(context, found, after, decision, chain, fresh, why, wish.status)
        drafts.append(draft)
        if chain.pending_id:
            superseded[chain.pending_id] = draft.id
    return drafts, withdrawals, superseded


def _number(chain: Chain) -> int:
    return chain.number


def _new_chain(found: Assessment, closed: Chain | None) -> Chain:
    number = closed.number + 1 if closed else 1
    name = content_id("chain", (found.threat, found.event, found.place, number))
    return Chain(name, found.threat, found.event, found.place, number, None, None, "", None, 0)


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
            news = replace(news, begun=said.begun or begun)
        return occasion(now, said, news, spec)

    if chain.pending is None:
        return against(chain.issued)
    if against(chain.pending) is None:
        return None
    # What waits is overtaken. Back to what is out already? Then nothing need be said at all.
    return against(chain.issued) or Occasion.WITHDRAWN
