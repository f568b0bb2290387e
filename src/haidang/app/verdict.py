"""What a run concluded, and what a person's word turned into: the shapes that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from haidang.law.raises import Lapse
from haidang.respond.plan import Plan
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Reason, Standing
from haidang.warn.lifecycle import MessageKind, Named, Occasion, Said
from haidang.warn.message import Text


@dataclass(frozen=True, slots=True)
class Whole:
    """What a combined level rests on, where more than one hazard counts at the place.

    Hazards go by their names, ``threat/event``.

    Attributes:
        own: The highest own level.
        concurrent: Those with a level now.
        successive: Those whose level ended so recently that the others follow them.
        chains: (trigger, what it triggers) among all of these.
        allowed: By how many ranks a person may raise; () for none.
        clause: The clause that allows it, "" when none does.
        leader: Whose notice carries the combined level.
        raise_id: The raise in force, "" without one.
        raise_by: By how many ranks.
        capped: The scale ended before the raise did.
    """

    own: int
    concurrent: tuple[str, ...]
    successive: tuple[str, ...]
    chains: tuple[tuple[str, str], ...]
    allowed: tuple[int, ...]
    clause: str
    leader: str
    raise_id: str = ""
    raise_by: int = 0
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """From what level, to what level, why, on what evidence.

    Attributes:
        id: Name that the content gives itself.
        before, after: Own level of this threat.
        combined: Level over the whole set of threats at the place; kept apart from the own level.
        reason: Exactly one.
        combined_note: Of older stores: how far a person might have raised; see ``whole`` now.
        assessment: Id of the assessment it rests on.
        whole: What the combined level rests on; None where this hazard alone counts.
        yields_to: The greater hazard whose notice speaks for this one, as that stands: no notice of
            its own is drafted; None where it speaks for itself.
    """

    id: str
    threat: str
    event: str
    place: str
    at: datetime
    before: int
    after: int
    combined: int
    reason: Reason
    combined_note: str
    assessment: str
    whole: Whole | None = None
    yields_to: Named | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice waiting for a second person.

    Attributes:
        id: Name that the content gives itself.
        chain: Chain id; see ``snapshot.Chain``.
        number: Of the chain, for this threat, event and place.
        version: 1 for the first draft of the chain; only the newest may be approved.
        kind: CAP message type.
        occasion: Why it was drafted; exactly one.
        said: What it says, reduced to what decides whether another one is worth sending.
        decision: Id of the decision it words.
        texts: One per language of the country.
        status: CAP status: Actual, Exercise, Test ...
        urgency, severity, certainty: CAP.
        responses: CAP response types.
        onset: When the leading threshold begins.
        parameters: What a machine wants to know: level, article, probability ...
        wakes: Whether it wakes people.
        approval: Whether a second person must approve.
        due: When it goes to the next role if nobody has approved it.
        against: What a run would have said as a person ended the notice by hand; None of all else.
    """

    id: str
    chain: str
    number: int
    version: int
    threat: str
    event: str
    place: str
    at: datetime
    kind: MessageKind
    occasion: Occasion
    said: Said
    decision: str
    texts: tuple[Text, ...]
    status: str
    urgency: str
    severity: str
    certainty: str
    responses: tuple[str, ...]
    onset: datetime | None
    parameters: tuple[tuple[str, str], ...]
    wakes: bool
    approval: bool
    due: datetime
    against: Said | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A draft that the facts have overtaken before anybody approved it."""

    draft: str
    at: datetime
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that one run concluded, over the whole set: committed in one transaction or not at all.

    Attributes:
        id: Name that the content gives itself.
        scope: What was looked at: country and packs.
        at: The snapshot's clock.
        receipt: Newest delivery read.
        packs: (pack id, version, fingerprint) of the very files used.
        standing: New own levels.
        superseded: Ids of pending drafts that a newer one of the same chain replaces.
        plan: Tasks, needs and dispatch over the whole set; None where no pack has a scenario.
        lapsed: Raises that were found to be over.
    """

    id: str
    scope: str
    at: datetime
    receipt: int
    packs: tuple[tuple[str, str, str], ...]
    assessments: tuple[Assessment, ...]
    decisions: tuple[Decision, ...]
    standing: tuple[Standing, ...]
    drafts: tuple[Draft, ...]
    withdrawals: tuple[Withdrawal, ...]
    superseded: Mapping[str, str]
    plan: Plan | None = None
    lapsed: tuple[Lapse, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A notice that was approved and accepted for sending.

    Attributes:
        identifier: CAP identifier.
        body: CAP bytes, as every channel sends them.
    """

    identifier: str
    chain: str
    draft: str
    kind: MessageKind
    level: int
    sender: str
    sent: datetime
    expires: datetime
    body: bytes
