"""What a run concluded, and what a person's word turned into: the shapes that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from haidang.respond.plan import Plan
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Reason, Standing
from haidang.warn.lifecycle import MessageKind, Occasion, Said
from haidang.warn.message import Text


@dataclass(frozen=True, slots=True)
class Decision:
    """From what level, to what level, why, on what evidence.

    Attributes:
        id: Name that the content gives itself.
        before, after: Own level of this threat.
        combined: Level over the whole set of threats at the place; kept apart from the own level.
        reason: Exactly one.
        combined_note: Why the combined level is what it is.
        assessment: Id of the assessment it rests on.
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
