"""Several drafts signed or approved in one step: what differs first, then the words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.warn.compare import PARTS, Line, changes, lines
from haidang.warn.message import Text
from haidang.web.pages.notices import Left, Version, chip, in_force, left, role
from haidang.web.pages.warning_checks import language_name
from haidang.web.pages.warnings import in_order, kind_name, place_name, why_now
from haidang.web.parts import Chip
from haidang.web.speak import Speaker


@dataclass(frozen=True, slots=True)
class Words:
    """The words in one language, held against those in force or the machine's.

    Attributes:
        parts: (name, lines) of headline, description and instruction.
    """

    language: str
    name: str
    parts: tuple[tuple[str, tuple[Line, ...]], ...]


@dataclass(frozen=True, slots=True)
class One:
    """A draft of the list.

    Attributes:
        open: Whether its words stand open: the level rises, or is the top one, or a person wrote
            them.
        signer: Who answers for its words, "" for nobody yet.
        edited: What a person changed from the machine's words, in words; "" for nothing.
    """

    id: str
    place: str
    before: Chip | None
    after: Chip | None
    kind: str
    why: str
    due: Left
    open: bool
    ticked: bool
    signer: str
    edited: str
    headline: str
    texts: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Drafts of one kind that go from one level to another, as one line.

    Attributes:
        places: Their names.
    """

    kind: str
    before: Chip | None
    after: Chip | None
    count: int
    places: str


@dataclass(frozen=True, slots=True)
class Part:
    """What can be done in one step.

    Attributes:
        does: ``sign`` or ``approve``.
        title, note: In words.
        summary: What differs among them.
    """

    does: str
    title: str
    note: str
    button: str
    summary: tuple[Alike, ...]
    drafts: tuple[One, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a form.

    Attributes:
        done: Places whose drafts were signed or sent, in order.
        stopped: Place and reason at which it stopped, "" where it did not.
        draft: Id of that one.
        left: Places that were not reached.
    """

    title: str
    done: tuple[str, ...] = ()
    stopped: str = ""
    draft: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Several:
    """The page.

    Attributes:
        own: How many wait for another person, signed by the reader; in words, "" for none.
    """

    answer: str
    parts: tuple[Part, ...]
    own: str
    outcome: Outcome | None


def build(
    say: Speaker,
    context: Context,
    now: datetime,
    versions: Sequence[Version],
    messages: Sequence[Message],
    reader: str,
    ticked: Collection[str] = (),
    outcome: Outcome | None = None,
    *,
    every: bool = False,
) -> Several:
    """Lay out the list.

    Args:
        say: Language and clock of the page.
        context: The desk's country and pack.
        now: The desk's clock.
        versions: Every draft known by now with what happened to it.
        messages: Every message known by now.
        reader: Who looks: nobody approves what they signed.
        ticked: Ids of drafts that are ticked.
        outcome: What became of the form that was just sent.
        every: Tick all.
    """
    due = in_order(context, versions)
    told = in_force(messages, now)
    drafts = {v.draft.id: v.draft for v in versions}
    chains: dict[str, list[Version]] = {}
    for version in versions:
        chains.setdefault(version.draft.chain, []).append(version)
    rows: dict[str, list[tuple[Version, One]]] = {"sign": [], "approve": []}
    own = 0
    for version in due:
        signed = version.signed
        if signed is not None and signed.actor == reader:
            own += 1
            continue
        out = told.get(version.draft.chain)
        base = None if out is None else drafts.get(out.draft)
        machine = _machine(chains[version.draft.chain], version)
        chosen = every or version.draft.id in ticked
        one = _one(say, context, now, version, base, machine, ticked=chosen)
        rows["sign" if signed is None and version.draft.approval else "approve"].append(
            (version, one)
        )
    parts = tuple(_part(say, does, found) for does, found in rows.items() if found)
    count = sum(len(p.drafts) for p in parts)
    return Several(
        answer=say("warnings.several_answer", count=count),
        parts=parts,
        own=say("warnings.several_own", count=own) if own else "",
        outcome=outcome,
    )


def outcome(
    say: Speaker,
    context: Context,
    does: str,
    drafts: Mapping[str, Draft],
    asked: Sequence[str],
    done: Sequence[str],
    reason: str,
) -> Outcome:
    """What became of a form, by the places of its drafts.

    Args:
        say: Language of the page.
        context: The desk's country.
        does: ``sign`` or ``approve``.
        drafts: Every draft by id.
        asked: Ids in the order in which they were worked off.
        done: The first of these, as far as it got.
        reason: Why it stopped, "" where it did not.
    """

    def names(ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(place_name(context, say, drafts[i].place) for i in ids)

    rest = list(asked[len(done) :])
    stopped = rest[0] if rest else ""
    key = "several_none" if not done else f"several_done_{does}"
    return Outcome(
        title=say(f"warnings.{key}", count=len(done)),
        done=names(done),
        stopped=say("warnings.several_stopped", place=names(rest[:1])[0], reason=reason)
        if rest
        else "",
        draft=stopped,
        left=names(rest[1:]),
    )


def _part(say: Speaker, does: str, rows: Sequence[tuple[Version, One]]) -> Part:
    return Part(
        does=does,
        title=say(f"warnings.several_{does}", count=len(rows)),
        note=say(f"warnings.several_{does}_note"),
        button=say(f"warnings.several_{does}_do"),
        summary=_alike(rows),
        drafts=tuple(one for _, one in rows),
    )


def _alike(rows: Sequence[tuple[Version, One]]) -> tuple[Alike, ...]:
    """Same kind, same reason, same levels: one line with their places, the worst first."""
    found: dict[tuple[str, str, Chip | None, Chip | None], list[str]] = {}
    for _, one in rows:
        found.setdefault((one.kind, one.why, one.before, one.after), []).append(one.place)
    return tuple(
        Alike(f"{kind}: {why}", before, after, len(places), ", ".join(places))
        for (kind, why, before, after), places in found.items()
    )


def _one(
    say: Speaker,
    context: Context,
    now: datetime,
    version: Version,
    base: Draft | None,
    machine: Draft | None,
    *,
    ticked: bool,
) -> One:
    draft, signed = version.draft, version.signed
    before = 0 if base is None else base.said.level
    top = max(context.pack.binding.levels)
    own = version.edited is not None
    held = machine if own and machine is not None else base
    mine = {t.language: t for t in draft.texts}
    changed = (
        0
        if machine is None or not own
        else sum(
            changes(next((t for t in machine.texts if t.language == tag), None), text)
            for tag, text in mine.items()
        )
    )
    return One(
        id=draft.id,
        place=place_name(context, say, draft.place),
        before=chip(context, say, before),
        after=chip(context, say, draft.said.level, planned=True),
        kind=kind_name(say, draft),
        why=why_now(say, draft),
        due=left(say, draft.due, now),
        open=draft.said.level > before or draft.said.level == top or own,
        ticked=ticked,
        signer="" if signed is None else role(context, say, signed.role),
        edited=say("warnings.several_edited", count=changed) if own else "",
        headline=mine.get(say.language, draft.texts[0]).headline,
        texts=tuple(_words(say, t, held) for t in draft.texts),
    )


def _machine(chain: Sequence[Version], version: Version) -> Draft | None:
    """The draft before a person's words: what they began from."""
    older = [v.draft for v in chain if v.draft.version < version.draft.version and not v.edited]
    return max(older, key=lambda d: d.version, default=None)


def _words(say: Speaker, text: Text, held: Draft | None) -> Words:
    old = None
    if held is not None:
        old = next((t for t in held.texts if t.language == text.language), None)
    return Words(
        language=text.language,
        name=language_name(say, text.language),
        parts=tuple(
            (p, lines(getattr(text if old is None else old, p), getattr(text, p))) for p in PARTS
        ),
    )
