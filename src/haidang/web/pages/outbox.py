"""The outbox: how far each message has come over each channel, and what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.edge.store.parcels import STATES
from haidang.edge.store.tallies import Delivery
from haidang.jobs.told import reason
from haidang.web.speak import Speaker

NEWEST: Final = 20
"""Messages on the page."""
LETTERS: Final = 50
"""Dead letters on the page."""
DONE: Final = ("sent", "delivered", "acknowledged")
OPEN: Final = ("queued", "sending", "failed", "spared")


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel.

    Attributes:
        counts: One for each state of the page, in words.
        dead: How many dead letters, so that they may be tried again.
    """

    name: str
    counts: tuple[str, ...]
    dead: int


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message, and how many deliveries of it are out, waiting, dead and overtaken."""

    headline: str
    place: str
    time: str
    day: str
    href: str
    out: str
    waiting: str
    dead: str
    overtaken: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter; the recipient is a random id, never a name."""

    key: str
    channel: str
    recipient: str
    why: str
    tries: str
    time: str
    day: str


@dataclass(frozen=True, slots=True)
class Outbox:
    """Everything on the page.

    Attributes:
        title: The answer: how many are dead, waiting, out.
        waiting: That approved messages are not fanned out yet; "" where none waits.
        states: Names of the states that occur, in their order.
        more: That there are more dead letters than shown; "" where not.
        may_retry: Whether this desk sends at all.
    """

    desk: str
    title: str
    waiting: str
    states: tuple[str, ...]
    channels: tuple[ChannelRow, ...]
    messages: tuple[MessageRow, ...]
    letters: tuple[Letter, ...]
    more: str
    may_retry: bool


def build(
    desk: str,
    context: Context,
    counts: Mapping[tuple[str, str], int],
    by_message: Mapping[tuple[str, str], int],
    messages: Sequence[Message],
    drafts: Mapping[str, Draft],
    dead: Sequence[Delivery],
    unfanned: int,
    say: Speaker,
    *,
    may_retry: bool,
) -> Outbox:
    """Put the page together.

    Args:
        desk: Its name in addresses.
        context: Names of places.
        counts: Deliveries by (channel, state).
        by_message: Deliveries by (message, state).
        messages: Of the desk, oldest first.
        drafts: By id.
        dead: Dead letters, the newest first; one more than is shown says that there are more.
        unfanned: Approved messages that nobody was told of yet.
        say: Words of the room ``deliver``.
        may_retry: Whether a button tries again.
    """
    totals = {s: sum(n for (_, x), n in counts.items() if x == s) for s in STATES}
    shown = tuple(s for s in STATES if totals[s])
    names = sorted({channel for channel, _ in counts})
    out = sum(totals[s] for s in DONE)
    waits = sum(totals[s] for s in OPEN)
    title = "title_dead" if totals["dead"] else "title"
    said = {
        "out": say.number(out),
        "waiting": say.number(waits),
        "dead": say.number(totals["dead"]),
    }
    return Outbox(
        desk=desk,
        title=say(title, **said) if counts else say("title_empty"),
        waiting=say("unfanned", n=say.number(unfanned)) if unfanned else "",
        states=tuple(say(f"state_{s}") for s in shown),
        channels=tuple(
            ChannelRow(
                name,
                tuple(say.number(counts.get((name, s), 0)) for s in shown),
                counts.get((name, "dead"), 0),
            )
            for name in names
        ),
        messages=tuple(
            _message(desk, context, one, drafts[one.draft], by_message, say)
            for one in reversed(messages[-NEWEST:])
        ),
        letters=tuple(_letter(one, say) for one in dead[:LETTERS]),
        more=say("more_dead", n=say.number(LETTERS)) if len(dead) > LETTERS else "",
        may_retry=may_retry,
    )


def _message(
    desk: str,
    context: Context,
    one: Message,
    draft: Draft,
    counts: Mapping[tuple[str, str], int],
    say: Speaker,
) -> MessageRow:
    def number(*states: str) -> str:
        return say.number(sum(counts.get((one.identifier, s), 0) for s in states))

    text = next((t for t in draft.texts if t.language == say.language), draft.texts[0])
    area = context.named.get(draft.place)
    return MessageRow(
        headline=text.headline,
        place=area.name(say.language) if area else draft.place,
        time=say.clock(one.sent),
        day=say.day(one.sent),
        href=f"/d/{desk}/warnings/{draft.id}",
        out=number(*DONE),
        waiting=number(*OPEN),
        dead=number("dead"),
        overtaken=number("overtaken"),
    )


def _letter(one: Delivery, say: Speaker) -> Letter:
    return Letter(
        key=one.key,
        channel=one.channel,
        recipient=one.recipient[:8] or say("everybody"),
        why=reason(one.why, say.language),
        tries=say.number(one.tries),
        time=say.clock(one.changed),
        day=say.day(one.changed),
    )
