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
        why = _why(context, snapshot.now, chain, fresh)
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


def _why(context: Context, now: datetime, chain: Chain, fresh: Said) -> Occasion | None:
    """Why to draft, against what waits for approval first and against what is out otherwise."""
    spec = context.pack.threat.warn
    if chain.pending is None:
        return occasion(now, chain.issued, fresh, spec)
    if occasion(now, chain.pending, fresh, spec) is None:
        return None
    # What waits is overtaken. Back to what is out already? Then nothing need be said at all.
    return occasion(now, chain.issued, fresh, spec) or Occasion.WITHDRAWN


def _said(context: Context, found: Assessment, after: Standing, chain: Chain) -> Said:
    spec = context.pack.threat.warn
    expires = found.at + timedelta(hours=spec.valid_h)
    if after.level == 0:
        return Said(0, 0, None, expires)
    lead = leading(found, spec.onset_force)
    held = after.quieter_since is not None or found.state is State.NO_DATA
    if held or found.intensity is None:
        # Held against quieter news or on silence: what was said stands, with a new end. A weaker
        # wind under a level that is only held would contradict it.
        last = chain.pending or chain.issued
        if last is not None:
            return replace(last, level=after.level, expires=expires)
        return Said(after.level, 0, None, expires)
    force = int(beaufort(found.intensity.central))
    onset = lead.onset.central if lead else None
    if onset is not None:
        # A notice must not run out before what it warns of has begun.
        expires = max(expires, onset + timedelta(hours=spec.renew_h))
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
    texts = tuple(
        _text(context, found, after, fresh, language, wish.status)
        for language in context.country.spec.languages
    )
    urgency = _urgency(context, found.at, fresh)
    severity = level.severity if level else "Minor"
    content = (
        chain.id, chain.version + 1, why.value, fresh.level, fresh.force, fresh.onset,
        fresh.expires, decision.id, [(t.language, t.headline, t.description) for t in texts],
        wish.status,
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
        responses=level.responses if level else ("AllClear",),
        onset=fresh.onset,
        parameters=parameters,
        wakes=_wakes(context, fresh.level, severity, urgency),
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
) -> Text:
    spec = context.pack.messages[language][fresh.level]
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
    if found.state is not State.NO_DATA:
        return text
    since = context.local(after.confirmed)
    note = word("warn.not_confirmed", language, since=f"{since:%H:%M %d/%m}")
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


def _urgency(context: Context, now: datetime, fresh: Said) -> str:
    warn = context.pack.threat.warn
    if fresh.level == 0:
        return "Past"
    if fresh.onset is None:
        return "Future"
    hours = (fresh.onset - now) / timedelta(hours=1)
    if hours <= warn.immediate_h:
        return "Immediate"
    return "Expected" if hours <= warn.expected_h else "Future"


def _certainty(found: Assessment, fresh: Said, p: float | None) -> str:
    """CAP: Observed has begun, Likely is more than half, Possible is half or less."""
    if fresh.level == 0 or (fresh.onset is not None and fresh.onset <= found.at):
        return "Observed"
    return "Likely" if p is not None and p > 0.5 else "Possible"  # noqa: PLR2004 - CAP's own bound


def _wakes(context: Context, level: int, severity: str, urgency: str) -> bool:
    """The top level always wakes; else the pack's word; else severity and urgency decide."""
    if level == 0:
        return False
    if level == max(context.pack.binding.levels):
        return True
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
