"""The whole set: every assessment together decides, is worded, and is ready for a person's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from haidang.app.context import Context
from haidang.app.snapshot import Chain, Snapshot
from haidang.app.verdict import Decision, Draft, Verdict, Withdrawal
from haidang.base.errors import BadPack
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.base.wind import beaufort
from haidang.law.combine import combine
from haidang.law.levels import Level, Names
from haidang.risk.assessment import Assessment, Onset
from haidang.warn.decide import Reason, Standing, first, step
from haidang.warn.lifecycle import Occasion, Said, message_kind, occasion
from haidang.warn.message import Status, Text, facts, render
from haidang.warn.spec import Response, WarnSpec
from haidang.watch.bulletins import ENDED
from haidang.watch.signal import State
from haidang.words import word


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
        _decision(found, before, after, reason, combined[found.place])
        for found, before, after, reason in stepped
    ]
    drafts, withdrawals, superseded = _notices(contexts, stepped, decisions, snapshot, wish)
    packs = tuple(
        (c.pack.id, c.pack.threat.version, c.pack.fingerprint) for _, c in sorted(contexts.items())
    )
    content = {
        "scope": wish.scope,
        "at": snapshot.now,
        "receipt": snapshot.receipt,
        "packs": packs,
        "decisions": [d.id for d in decisions],
        "drafts": [d.id for d in drafts],
    }
    return Verdict(
        id=content_id("verdict", content),
        scope=wish.scope,
        at=snapshot.now,
        receipt=snapshot.receipt,
        packs=packs,
        assessments=tuple(ordered),
        decisions=tuple(decisions),
        standing=tuple(after for _, _, after, _ in stepped),
        drafts=tuple(drafts),
        withdrawals=tuple(withdrawals),
        superseded=superseded,
    )


def _combined(
    contexts: Mapping[str, Context],
    stepped: Sequence[tuple[Assessment, Standing, Standing, Reason]],
) -> dict[str, tuple[int, str]]:
    """The level over all threats at each place, and in a few words where it comes from.

    Nothing is raised here: the law says that a level *may* be raised for concurrent hazards, and
    that is a person's word. The note says when it would be allowed.
    """
    by_place: dict[str, dict[str, Level]] = {}
    for found, _, after, _ in stepped:
        scale = contexts[found.threat].scale.id
        name = f"{found.threat}/{found.event}"
        grounds = found.grounds
        by_place.setdefault(found.place, {})[name] = Level(
            after.level, scale, grounds.article, grounds.clause, "defined", Names({})
        )
    scales = {c.scale.id: c.scale for c in contexts.values()}
    out = {}
    for place, levels in by_place.items():
        [scale_id] = {level.scale for level in levels.values()}
        whole = combine(levels, scales[scale_id])
        note = ",".join(f"+{n}" for n in whole.allowed_raise)
        out[place] = (whole.rank or 0, f"{whole.clause} may raise {note}" if note else "")
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
        fresh = _said(context, found, after, chain)
        why = _why(context, snapshot.now, chain, fresh, held=_held(found, after))
        if why is None:
            continue
        if why is Occasion.WITHDRAWN:
            withdrawals.append(Withdrawal(chain.pending_id, snapshot.now, why))
            continue
        draft = _draft(context, found, after, decision, chain, fresh, why, wish)
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
    context: Context, now: datetime, chain: Chain, fresh: Said, *, held: bool
) -> Occasion | None:
    """Why to draft, against what waits for approval first and against what is out otherwise.

    Under a level that is only held, weaker news is no occasion: the next fall of the level is.
    """
    spec = context.pack.threat.warn

    def against(said: Said | None) -> Occasion | None:
        stands = held and said is not None and fresh.level > 0
        news = replace(said, level=fresh.level, expires=fresh.expires) if stands and said else fresh
        return occasion(now, said, news, spec)

    if chain.pending is None:
        return against(chain.issued)
    if against(chain.pending) is None:
        return None
    # What waits is overtaken. Back to what is out already? Then nothing need be said at all.
    return against(chain.issued) or Occasion.WITHDRAWN


def _held(found: Assessment, after: Standing) -> bool:
    """Whether the level stands against quieter news, or on silence."""
    return after.quieter_since is not None or found.state is State.NO_DATA


def _said(context: Context, found: Assessment, after: Standing, chain: Chain) -> Said:
    spec = context.pack.threat.warn
    expires = found.at + timedelta(hours=spec.valid_h)
    if after.level == 0:
        return Said(0, 0, None, expires)
    if found.intensity is None:
        # On silence: what was said stands, with a new end.
        last = chain.pending or chain.issued
        if last is not None:
            return replace(last, level=after.level, expires=expires)
        return Said(after.level, 0, None, expires)
    force = int(beaufort(found.intensity.central))
    lead = leading(found, spec.onset_force)
    if lead is None:
        # Under a level that is held, a wind that began and is over has still begun.
        last = chain.pending or chain.issued
        past = last.onset if last is not None and _held(found, after) else None
        return Said(after.level, force, past, expires)
    # A notice must not run out before what it warns of has begun, nor while it blows.
    onset = lead.onset.central
    assert onset is not None
    end = lead.end.late or lead.end.central or found.until
    expires = max(expires, onset + timedelta(hours=spec.renew_h), end)
    return Said(after.level, force, onset, expires)


def leading(found: Assessment, force: int) -> Onset | None:
    """The onset that a notice leads with.

    That of the pack's force; where fewer than half of the members reach it, of the strongest
    weaker force that half of them reach.
    """
    likely = [o for o in found.onsets if o.onset.central is not None and o.threshold <= force]
    return likely[-1] if likely else None


def _draft(
    context: Context,
    found: Assessment,
    after: Standing,
    decision: Decision,
    chain: Chain,
    fresh: Said,
    why: Occasion,
    wish: Wish,
) -> Draft:
    warn = context.pack.threat.warn
    level = warn.of(fresh.level) if fresh.level else None
    issued = chain.issued is not None
    p = dict(found.p_level).get(fresh.level)
    found = _as_cited(found, fresh.level)
    parameters = (
        ("level", str(fresh.level)),
        ("scale", context.scale.id),
        ("article", found.grounds.article),
        ("clause", found.grounds.clause),
        ("decision", found.grounds.decision),
        ("probability", "" if p is None else f"{p:.2f}"),
        ("threat", found.threat),
        ("event", found.event),
        ("evidence", decision.id),
    )
    begun = _begun(warn, found, fresh, held=_held(found, after))
    texts = tuple(
        _text(context, found, after, fresh, language, wish.status, begun=begun)
        for language in context.country.spec.languages
    )
    responses: tuple[Response, ...] = level.responses if level else ("AllClear",)
    if level and begun:
        responses = ("Shelter",)
    urgency = _urgency(context, found, fresh)
    severity = level.severity if level else "Minor"
    content = (
        chain.id, chain.version + 1, why.value, fresh.level, fresh.force, fresh.onset,
        fresh.expires, decision.id,
        [(t.language, t.headline, t.description, t.instruction) for t in texts],
        responses, wish.status,
    )  # fmt: skip
    return Draft(
        id=content_id("draft", content),
        chain=chain.id,
        number=chain.number,
        version=chain.version + 1,
        threat=found.threat,
        event=found.event,
        place=found.place,
        at=found.at,
        kind=message_kind(why, issued),
        occasion=why,
        said=fresh,
        decision=decision.id,
        texts=texts,
        status=wish.status,
        urgency=urgency,
        severity=severity,
        certainty=_certainty(found, fresh, p),
        responses=responses,
        onset=fresh.onset,
        parameters=parameters,
        wakes=_wakes(context, fresh.level, severity, urgency, why),
        approval=_needs_approval(context, fresh.level),
        due=found.at + timedelta(minutes=warn.approval_limit_min),
    )


def _as_cited(found: Assessment, level: int) -> Assessment:
    """An assessment as a notice of a level may cite it.

    A level that is held is not the one that the newest data give: their clause would be the wrong
    one, so the notice names the article alone.
    """
    if found.grounds.level == level:
        return found
    return replace(found, grounds=replace(found.grounds, clause=""))


def _text(
    context: Context,
    found: Assessment,
    after: Standing,
    fresh: Said,
    language: str,
    status: Status,
    *,
    begun: bool,
) -> Text:
    spec = context.pack.messages[language][fresh.level]
    if begun:
        spec = spec.begun()
    level_name = context.scale.names(fresh.level).say(language) if fresh.level else ""
    given = facts(
        found,
        place_name=context.named[found.place].name(language),
        event_name=event_name(context, found.event, language),
        level=fresh.level,
        level_name=level_name,
        language=language,
        zone=context.zone,
        status=status,
        lead=context.pack.threat.warn.onset_force,
        issued=found.at,
        expires=fresh.expires,
        sender=context.country.spec.sender.name[language],
        act=context.table.act.say(language),
    )
    text = render(spec, language, given)
    if found.state is State.NO_DATA:
        since = context.local(after.confirmed)
        note = word("warn.not_confirmed", language, since=f"{since:%H:%M %d/%m}")
    elif fresh.level and after.quieter_since is not None:
        since = context.local(after.quieter_since)
        note = word("warn.held", language, since=f"{since:%H:%M %d/%m}", level=fresh.level)
    else:
        return text
    return replace(text, description=f"{note}\n{text.description}")


def event_name(context: Context, event: str, language: str) -> str:
    """What a notice calls the event, by the threat's own pattern.

    An event id is words joined by hyphens, a number before them left out: ``2411-yagi`` is
    called Yagi, ``big-one`` Big One.
    """
    called = context.pack.threat.called
    words = event.split("-")
    named = words[1:] if len(words) > 1 and words[0].isdigit() else words
    own = " ".join(w.capitalize() for w in named)
    return called.get(language, called["en"]).format(name=own)


def _begun(warn: WarnSpec, found: Assessment, fresh: Said, *, held: bool) -> bool:
    """Whether it is too late to leave: the force of shelter has begun, as far as is known.

    Still so once that force is over: nobody is sent out of the house while the level is held.
    """
    if not fresh.level or warn.shelter_force is None:
        return False
    onset = next((o.onset for o in found.onsets if o.threshold == warn.shelter_force), None)
    if onset is not None and onset.central is not None:
        return onset.central <= found.at
    return held and fresh.onset is not None and fresh.onset <= found.at


def _urgency(context: Context, found: Assessment, fresh: Said) -> str:
    now = found.at
    warn = context.pack.threat.warn
    if fresh.level == 0:
        return "Past"
    if fresh.onset is None:
        return "Future"
    hours = (fresh.onset - now) / timedelta(hours=1)
    if hours <= warn.immediate_h and found.state is not State.NO_DATA:
        return "Immediate"
    return "Expected" if hours <= warn.expected_h else "Future"


def _certainty(found: Assessment, fresh: Said, p: float | None) -> str:
    """CAP: Likely is more than half, Possible is half or less.

    Never Observed: what speaks here is a model of the wind, not an anemometer in the area. On
    silence a share of an old ensemble is no more than possible.
    """
    if fresh.level == 0:
        return "Likely"
    if found.state is State.NO_DATA:
        return "Possible"
    return "Likely" if p is not None and p > 0.5 else "Possible"  # noqa: PLR2004 - CAP's own bound


def _wakes(context: Context, level: int, severity: str, urgency: str, why: Occasion) -> bool:
    """The top level always wakes; else the pack's word; else severity and urgency decide.

    Below the top nobody is woken to hear that it will be less than was said.
    """
    if level == 0:
        return False
    if level == max(context.pack.binding.levels):
        return True
    if why in {Occasion.LEVEL_DOWN, Occasion.WEAKER}:
        return False
    said = context.pack.threat.warn.of(level).wakes
    if said is not None:
        return said
    return severity in {"Severe", "Extreme"} and urgency in {"Immediate", "Expected"}


def _needs_approval(context: Context, level: int) -> bool:
    """Every level is approved by a person unless a verified pack names it in its file."""
    threat = context.pack.threat
    if threat.tier != "verified" or level not in threat.speaks_alone:
        return True
    return threat.warn.of(level).approval
