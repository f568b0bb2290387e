"""One notice from the machine's words to the all-clear: may this go out, in these words?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.edge.store.glance import DraftAct
from haidang.law.evaluate import cite
from haidang.warn import readability
from haidang.warn.compare import PARTS, Line, changes, lines
from haidang.warn.lifecycle import PERSONAL, Occasion
from haidang.warn.message import HEADLINE_MAX, Text
from haidang.warn.short import Short, cell, on_phone
from haidang.web.pages.moment import Run
from haidang.web.pages.notices import Left, Version, chip, in_force, left, role
from haidang.web.pages.warning_acts import Acts
from haidang.web.pages.warning_checks import (
    Check,
    Field,
    Preview,
    checks,
    fields,
    language_name,
    preview,
    readable,
)
from haidang.web.pages.warnings import kind_name, place_name, why_now
from haidang.web.parts import Chip
from haidang.web.speak import Speaker
from haidang.words import word

Against = Literal["machine", "force", "clean"]
"""What the words are compared with: the machine's own, those in force, nothing."""

AGAINST: Final[tuple[Against, ...]] = get_args(Against)


@dataclass(frozen=True, slots=True)
class StepTo:
    """One step on the way of a notice."""

    title: str
    detail: str
    done: bool
    current: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """The words in one language, with the difference marked.

    Attributes:
        parts: (name, lines) of headline, description and instruction.
        values: The plain texts by part, for the form.
        longest: Words of the longest sentence; ``limit`` is the most.
        changes: Places that differ from what it is compared with.
    """

    language: str
    name: str
    parts: tuple[tuple[str, tuple[Line, ...]], ...]
    values: Mapping[str, str]
    longest: int
    limit: int
    changes: int
    problems: tuple[str, ...]
    cell: Short
    sms: Short


@dataclass(frozen=True, slots=True)
class Link:
    """One message or draft of the chain.

    Attributes:
        state: ``done`` (sent), ``now`` (this draft), ``other`` (another draft), ``next`` (to come).
        draft: Its id, "" for what is not drawn up yet.
        identifier: Of the message, "" before it is sent.
    """

    kind: str
    level: Chip | None
    at: str
    note: str
    state: Literal["done", "now", "other", "next"]
    draft: str
    identifier: str


@dataclass(frozen=True, slots=True)
class May:
    """Who may approve, or why they may not."""

    yes: bool
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the person who looks at the page may do.

    Attributes:
        state: ``sign``, ``approve``, ``own`` (they signed it), ``settled``, ``outdated``,
            ``alone`` (the pack needs no second person).
        rule: What happens if nobody acts.
        may: Who may approve and who may not, with the reason.
    """

    state: str
    sentence: str
    rule: str
    may: tuple[May, ...]
    glass: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The page.

    Attributes:
        newest: Id of the newest draft of the chain, "" where this is it.
        compared: With what the words can be compared.
        history: What happened to it, line by line.
        xml: Whether there is a message to look at.
        drawn: Which bulletin it was drawn up on where a newer one has come since, "" else.
        next: (words, id of a draft or "" for the list): where to go once this one needs nothing
            more from the reader; no words where nothing waits.
        acts: What a person may do to its message; None unless that is what people go by now.
    """

    id: str
    place: str
    title: str
    before: Chip | None
    after: Chip | None
    kind: str
    version: int
    why: str
    basis: str
    decision: str
    due: Left
    steps: tuple[StepTo, ...]
    against: Against
    compared: tuple[Against, ...]
    texts: tuple[Wording, ...]
    fields: tuple[Field, ...]
    chain: tuple[Link, ...]
    checks: tuple[Check, ...]
    act: Decision
    newest: str
    history: tuple[str, ...]
    wakes: bool
    xml: bool
    status: str
    refused: str = ""
    headline_max: int = HEADLINE_MAX
    drawn: str = ""
    next: tuple[str, str] = ("", "")
    acts: Acts | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the page."""

    actor: str
    role: str


def build(
    say: Speaker,
    context: Context,
    now: datetime,
    draft_id: str,
    chain: Sequence[Version],
    messages: Sequence[Message],
    reader: Reader,
    against: Against | None = None,
    refused: str = "",
    runs: Sequence[Run] = (),
    others: Sequence[Version] = (),
    acts: Acts | None = None,
) -> Notice:
    """Lay out one draft.

    Args:
        say: Language and clock of the page.
        context: The desk's country and pack.
        now: The desk's clock.
        draft_id: Which draft of the chain.
        chain: Every draft of its chain with what happened to it.
        messages: What the chain has said by now, oldest first.
        reader: Who looks.
        against: What the words are compared with; None for the machine's where a person edited
            them, else those in force.
        refused: Why what the reader just asked for was not done.
        runs: Every run by now, oldest first.
        others: What waits at the desk, in the order of its list.
        acts: From ``warning_acts``.

    Raises:
        StopIteration: The chain has no such draft.
    """
    one = next(v for v in chain if v.draft.id == draft_id)
    draft = one.draft
    # What went out before this draft: a draft that was sent is not compared with itself.
    earlier = [m for m in messages if m.draft != draft.id and _before(m, chain, draft)]
    told = in_force(earlier, now).get(draft.chain)
    by_id = {v.draft.id: v.draft for v in chain}
    sent = next((m for m in messages if m.draft == draft.id), None)
    machine = _machine(chain, draft)
    base: dict[Against, Draft | None] = {
        "machine": machine if machine is not None and machine.id != draft.id else None,
        "force": None if told is None else by_id.get(told.draft),
        "clean": None,
    }
    best: Against = "clean"
    # A person's act begins from the words that are out, so it is held against these.
    own = draft.occasion in PERSONAL
    for name in ("machine", "force") if own else ("force", "machine"):
        best = name if base[name] is not None else best
    chosen = best if against is None else against
    shown = preview(context, draft, now, earlier) if sent is None else Preview(sent, ())
    newest = max((v.draft for v in chain), key=lambda d: d.version)
    by, latest = _heard(runs, draft.at), _heard(runs, now)
    newer = latest if latest != by and one.settled is None else None
    act = _decision(say, context, one, newest, reader, now)
    return Notice(
        id=draft.id,
        place=place_name(context, say, draft.place),
        title=_title(say, context, draft, told.level if told else 0),
        before=chip(context, say, told.level if told else 0),
        after=chip(context, say, draft.said.level, planned=sent is None),
        kind=kind_name(say, draft),
        version=draft.version,
        why=why_now(say, draft),
        basis=_basis(say, context, draft),
        decision=draft.decision,
        due=left(say, draft.due, now),
        steps=_steps(say, context, one, sent),
        against=chosen,
        compared=tuple(
            name for name, other in base.items() if other is not None or name == "clean"
        ),
        texts=tuple(_wording(say, t, base[chosen], context, draft) for t in draft.texts),
        fields=fields(say, context, draft, told, shown),
        chain=_chain(say, context, chain, messages, draft),
        checks=checks(say, context, draft, now, earlier, shown, newer),
        act=act,
        newest=newest.id if _outdated(one, newest) else "",
        history=tuple(_line(say, context, act) for act in one.acts),
        wakes=draft.wakes,
        xml=shown.message is not None,
        status=say(f"warnings.status_{draft.status.lower()}"),
        refused=refused,
        drawn=""
        if newer is None or by is None
        else say("warnings.drawn_by", by=say.short(by), newest=say.short(newer)),
        next=_next(say, context, draft, others, reader)
        if act.state in ("own", "settled", "outdated")
        else ("", ""),
        acts=acts,
    )


def _heard(runs: Sequence[Run], at: datetime) -> datetime | None:
    """Time of issue of the newest bulletin that had come in by an instant."""
    return next((r.issued for r in reversed(runs) if r.now <= at and r.issued is not None), None)


def _next(
    say: Speaker, context: Context, draft: Draft, others: Sequence[Version], reader: Reader
) -> tuple[str, str]:
    """The next draft of the list that this reader can do something about, by its id.

    The list itself, with "" for the id, where all that wait wait for somebody else.
    """
    left = [v for v in others if v.draft.chain != draft.chain]
    for other in left:
        if other.signed is None or other.signed.actor != reader.actor:
            level, place = other.draft.said.level, place_name(context, say, other.draft.place)
            key = "next_draft" if level else "next_end"
            return say(f"warnings.{key}", place=place, level=level), other.draft.id
    return (say("warnings.next_list", count=len(left)), "") if left else ("", "")


def _outdated(one: Version, newest: Draft) -> bool:
    """Whether a newer draft took its place before anybody settled it."""
    fate = None if one.settled is None else one.settled.action
    return newest.id != one.draft.id and fate in (None, "superseded")


def _before(message: Message, chain: Sequence[Version], draft: Draft) -> bool:
    return any(v.draft.id == message.draft and v.draft.version < draft.version for v in chain)


def _machine(chain: Sequence[Version], draft: Draft) -> Draft | None:
    """The machine's own words under a version that a person edited."""
    older = [v for v in chain if v.draft.version <= draft.version and v.edited is None]
    return max((v.draft for v in older), key=lambda d: d.version, default=None)


def _title(say: Speaker, context: Context, draft: Draft, before: int) -> str:
    place, level = place_name(context, say, draft.place), draft.said.level
    if draft.occasion is Occasion.CANCELLED:
        return say("warnings.title_cancelled", place=place)
    if not level:
        return say("warnings.title_end", place=place)
    key = "first" if not before else "same" if before == level else "change"
    return say(f"warnings.title_{key}", place=place, before=before, level=level)


def _basis(say: Speaker, context: Context, draft: Draft) -> str:
    given = dict(draft.parameters)
    ground = given.get("clause") or given.get("article") or ""
    act = context.table.act.say(say.language)
    return say("warnings.basis", clause=cite(ground, say.language), act=act) if ground else act


def _steps(
    say: Speaker, context: Context, one: Version, sent: Message | None
) -> tuple[StepTo, ...]:
    draft, signed, settled = one.draft, one.signed, one.settled
    edited = one.edited
    drafted = StepTo(say("warnings.step_drafted"), say.short(draft.at), done=True)
    if signed is None:
        words = StepTo(say("warnings.step_sign"), say("warnings.step_sign_wait"), done=False)
    else:
        key = "step_edited" if edited is not None else "step_signed"
        key = "step_acted" if draft.occasion in PERSONAL else key
        who = say("warnings.by", role=role(context, say, signed.role), at=say.short(signed.at))
        words = StepTo(say(f"warnings.{key}"), who, done=True)
    approved = settled if settled is not None and settled.action == "approved" else None
    if approved is not None:
        who = say("warnings.by", role=role(context, say, approved.role), at=say.short(approved.at))
        key = "step_glass" if one.last("broke_glass") else "step_approved"
        approve = StepTo(say(f"warnings.{key}"), who, done=True)
    elif settled is not None:
        approve = StepTo(say(f"warnings.fate_{settled.action}"), say.short(settled.at), done=True)
    else:
        passed = one.last("escalated")
        to = role(context, say, passed.role) if passed else ""
        note = say("warnings.step_passed", role=to) if to else say("warnings.step_second")
        approve = StepTo(say("warnings.step_wait"), note, done=False)
    out = StepTo(
        say("warnings.step_sent"),
        say.short(sent.sent) if sent else say("warnings.step_channels", count=1),
        done=sent is not None,
    )
    end = StepTo(
        say("warnings.step_end"),
        say("warnings.step_end_this" if not draft.said.level else "warnings.step_end_ready"),
        done=sent is not None and not draft.said.level,
    )
    found = [drafted, words, approve, out, end]
    if settled is None:
        at = next(i for i, step in enumerate(found) if not step.done)
        step = found[at]
        found[at] = StepTo(step.title, step.detail, step.done, current=True)
    return tuple(found)


def _wording(
    say: Speaker, text: Text, base: Draft | None, context: Context, draft: Draft
) -> Wording:
    old = (
        None if base is None else next((t for t in base.texts if t.language == text.language), None)
    )
    values = {part: getattr(text, part) for part in PARTS}
    found = [s for part in PARTS for s in readability.sentences(values[part])]
    return Wording(
        language=text.language,
        name=language_name(say, text.language),
        parts=tuple(
            (part, lines(values[part] if old is None else getattr(old, part), values[part]))
            for part in PARTS
        ),
        values=values,
        longest=max(map(readability.length, found), default=0),
        limit=int(word("format.sentence_limit", text.language)),
        changes=0 if old is None else changes(old, text),
        problems=readable(say, text),
        cell=cell(text),
        sms=on_phone(text, context.named[draft.place].name(text.language), draft.said.level),
    )


def _chain(
    say: Speaker,
    context: Context,
    chain: Sequence[Version],
    messages: Sequence[Message],
    draft: Draft,
) -> tuple[Link, ...]:
    """What was said, oldest first, then what waits, then the all-clear that is still to come."""
    sent = {m.draft: m for m in messages}
    found: list[Link] = []
    before = ""
    for version in sorted(chain, key=lambda v: v.draft.version):
        one = version.draft
        message = sent.get(one.id)
        if message is None and one.id != draft.id and version.settled is not None:
            continue  # superseded and refused drafts were never said: the history has them
        if message is not None:
            at, identifier = say.short(message.sent), message.identifier
            state: Literal["done", "now", "other", "next"] = "done"
        else:
            at, identifier = say("warnings.chain_draft", version=one.version), ""
            state = "now" if one.id == draft.id else "other"
        replaces = say("warnings.chain_replaces", before=before) if before else ""
        found.append(
            Link(
                kind=one.kind,
                level=chip(context, say, one.said.level, planned=message is None),
                at=at,
                note=say("warnings.chain_note", why=why_now(say, one), replaces=replaces).strip(),
                state=state,
                draft=one.id,
                identifier=identifier,
            )
        )
        if message is not None:
            before = message.identifier[-6:]
    if not any(v.draft.said.level == 0 for v in chain if v.settled is None or v.draft.id in sent):
        note = say("warnings.chain_end", hours=say.number(context.pack.threat.warn.hold_h))
        found.append(Link("Cancel", None, say("warnings.chain_ready"), note, "next", "", ""))
    return tuple(found)


def _decision(
    say: Speaker,
    context: Context,
    one: Version,
    newest: Draft,
    reader: Reader,
    now: datetime,
) -> Decision:
    draft, signed, settled = one.draft, one.signed, one.settled
    names = context.country.spec.roles
    if _outdated(one, newest):
        state = "outdated"
    elif settled is not None:
        state = "settled"
    elif not draft.approval:
        state = "alone"
    elif signed is None:
        state = "sign"
    else:
        state = "own" if signed.actor == reader.actor else "approve"
    params = {}
    if settled is not None:
        fate = say(f"warnings.fate_{settled.action}")
        params = {"fate": fate, "at": say.short(settled.at)}
    may: list[May] = []
    if state in ("sign", "own", "approve") and signed is not None:
        yes = state == "approve"
        mine = role(context, say, reader.role)
        key = "may_you" if yes else "may_not_you"
        may.append(May(yes, say(f"warnings.{key}", role=mine)))
        if yes:
            who = role(context, say, signed.role)
            may.append(May(False, say("warnings.may_not_signer", role=who, id=signed.actor[:4])))
        else:
            others = [say.of(n) for r, n in names.items() if r != reader.role]
            listed = ", ".join(others) or say("warnings.anybody")
            may.append(May(True, say("warnings.may_others", roles=listed)))
    elif state == "sign":
        may.append(May(True, say("warnings.may_sign", role=role(context, say, reader.role))))
        may.append(May(False, say("warnings.may_not_yet")))
    return Decision(
        state=state,
        sentence=say(f"warnings.act_{state}", **params),
        rule=_rule(say, context, one, now) if state in ("sign", "own", "approve", "alone") else "",
        may=tuple(may),
        glass=state == "own",
    )


def _rule(say: Speaker, context: Context, one: Version, now: datetime) -> str:
    """Who gets it next if nobody acts; who has it already."""
    passed = [a for a in one.acts if a.action == "escalated"]
    steps = context.country.spec.escalation
    if passed and len(passed) >= len(steps):
        last = passed[-1]
        to = role(context, say, last.role)
        return say("warnings.rule_passed", role=to, at=say.short(last.at))
    if not steps:
        return say("warnings.rule_late" if one.draft.due <= now else "warnings.rule_none")
    to = role(context, say, steps[len(passed)])
    return say("warnings.rule_next", role=to, at=say.short(one.draft.due))


def _line(say: Speaker, context: Context, act: DraftAct) -> str:
    """One line of the draft's own history."""
    who = role(context, say, act.role) if act.role else say("warnings.system")
    note = act.note if act.action == "refused" else ""
    said = say(f"warnings.did_{act.action}", at=say.short(act.at), role=who)
    return say("warnings.did_note", line=said, note=note) if note else said
