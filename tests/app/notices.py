"""Notices made by hand: a message of one chain with its draft, and real CAP bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from haidang.app.verdict import Draft, Message
from haidang.warn.cap import Alert, AreaBlock, Info, Reference, build
from haidang.warn.lifecycle import MessageKind, Occasion, Said
from haidang.warn.message import Text

T0 = datetime(2030, 3, 1, 6, 0, tzinfo=UTC)
SQUARE = ((-4.0, -33.0), (-4.0, -32.0), (-3.0, -32.0), (-3.0, -33.0), (-4.0, -33.0))
SENDER = "desk@toyland.invalid"


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def notice(
    name: str,
    sent: datetime = T0,
    *,
    chain: str = "c1",
    kind: MessageKind = "Alert",
    occasion: Occasion = Occasion.FIRST,
    place: str = "A",
    threat: str = "gale",
    event: str = "e1",
    level: int = 2,
    lasts: float = 12,
    version: int = 1,
    onset: float | None = 3,
    status: str = "Exercise",
    earlier: tuple[str, ...] = (),
    within: tuple[str, ...] = (),
    instruction: str = "Stay in.\nCall for help.",
    description: str = "It blows.\nForce: 9.",
    languages: tuple[str, ...] = ("en", "fr"),
) -> tuple[Message, Draft]:
    """A message and its draft."""
    expires = sent + hours(lasts)
    begins = None if onset is None or onset > lasts else sent + hours(onset)
    texts = tuple(
        Text(tag, f"{name} & {tag} for {place}.", description, instruction) for tag in languages
    )
    parameters = (("level", str(level)), ("scale", "alert"), ("threat", threat))
    draft = Draft(
        id=f"draft-{name}", chain=chain, number=1, version=version, threat=threat, event=event,
        place=place, at=sent, kind=kind, occasion=occasion,
        said=Said(level, 9, begins, expires, within=within), decision="d", texts=texts,
        status=status,
        urgency="Expected", severity="Severe", certainty="Likely", responses=("Shelter",),
        onset=begins, parameters=parameters, wakes=False, approval=True, due=sent,
    )  # fmt: skip
    area = AreaBlock(f"Area {place}", rings=(SQUARE,), geocodes=(("TOY-2020", place),))
    alert = Alert(
        identifier=name, sender=SENDER, sent=sent, status=status, kind=kind,  # type: ignore[arg-type]
        references=tuple(Reference(SENDER, e, sent) for e in earlier)
        or ((Reference(SENDER, "before", sent),) if kind != "Alert" else ()),
        infos=tuple(
            Info(
                language=f"{t.language}-XT", categories=("Met",), event="Gale", urgency="Expected",
                severity="Severe", certainty="Likely", responses=("Shelter",),
                event_codes=(("OET:v1.2", "OET-051"),), onset=begins, expires=expires,
                sender_name="Desk", headline=t.headline, description=t.description,
                instruction=t.instruction, areas=(area,),
                parameters=tuple((f"haidang:{k}", v) for k, v in parameters),
            )
            for t in texts
        ),
    )  # fmt: skip
    body = build(alert)
    return Message(name, chain, draft.id, kind, level, SENDER, sent, expires, body), draft


def many(*notices: tuple[Message, Draft]) -> tuple[list[Message], dict[str, Draft]]:
    """What `active` and `Site.show` take."""
    return [m for m, _ in notices], {d.id: d for _, d in notices}
