"""Who would be told, who was told, and why somebody was not: of a notice, or of a recipient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, cast

from haidang.base.errors import NotFound
from haidang.base.place import KINDS
from haidang.base.problem import Problem
from haidang.edge.store.fanout import Waiting
from haidang.edge.store.sparing import People
from haidang.edge.store.store import Store
from haidang.edge.store.tallies import Delivery
from haidang.jobs.explain import Line, places_day
from haidang.pack.schema import Country, Pack
from haidang.pack.within import Nested, within
from haidang.warn.message import Status, Text
from haidang.warn.route import Routed, Warned, Why, Within, route
from haidang.words import word

NO_CONTACT: Final = "no_contact"
SHOWN: Final = 20
"""Messages of which a recipient is told why, the newest ones."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of one recipient on one channel.

    Attributes:
        channel: "" of a recipient who has subscribed to nothing.
        why: ``route.<why>`` says it in words.
    """

    recipient: str
    channel: str
    language: str
    told: bool
    why: str


def reach(home: Country, path: Path, today: date | None = None) -> Nested:
    """Which places a notice of a store concerns.

    Args:
        home: Its country.
        path: Of the store: one of a shipped case is about the places of its day.
        today: The day else; None for today on the country's clock.
    """
    day = places_day(path, home) or today or home.local(datetime.now(UTC)).date()
    return within(home.places.gazetteer, day)


def thought_of(
    home: Country, place: str, threat: str, level: int, status: Status, day: date
) -> Warned:
    """A first notice as it might come, to be rehearsed.

    Args:
        home: Its packs and places are known.
        place: Area code.
        threat: Pack id.
        level: Legal level.
        status: CAP status.
        day: Codes are meant as of this day.

    Raises:
        NotFound: No such place (``deliver.place``), threat (``deliver.threat``) or level of it
            (``deliver.level``).
    """
    gazetteer = home.places.gazetteer
    if not any(gazetteer.find(kind, place, day) for kind in KINDS):
        raise NotFound(Problem("deliver.place", {"value": place[:20]}, field="--place"))
    pack = home.packs.get(threat)
    if pack is None:
        said = {"value": threat[:40], "known": ", ".join(sorted(home.packs))}
        raise NotFound(Problem("deliver.threat", said, field="--threat"))
    if level not in pack.binding.levels:
        known = ", ".join(map(str, pack.binding.levels))
        raise NotFound(Problem("deliver.level", {"known": known}, field="--level"))
    texts = tuple(Text(tag, "", "", "") for tag in home.spec.languages)
    return Warned("", "Alert", threat, "", place, level, texts, may_wake(pack, level), status)


def may_wake(pack: Pack, level: int) -> bool:
    """Whether a first notice of a level wakes people, where it is expected or there already."""
    if level >= max(pack.binding.levels):
        return True
    spec = pack.threat.warn.of(level)
    return spec.severity in ("Severe", "Extreme") if spec.wakes is None else spec.wakes


def rehearse(
    store: Store, notice: Warned | Waiting, where: Within, people: People | None = None
) -> tuple[Rehearsed, ...]:
    """Who would be told of a notice now, over which channel, and who not and why.

    Nothing is sent and nothing is written.

    Args:
        store: Holds recipients and subscriptions.
        notice: One that was accepted, or one that is only thought of.
        where: From ``reach``.
        people: Who gets only one of several notices of one danger; None for nobody.

    Returns:
        Those who are told first; then the others, by reason; every recipient at least once.
    """
    if isinstance(notice, Waiting):
        found = store.routed(notice, where)
    else:
        found = route(notice, store.subscriptions(), where)
    if people is not None:
        found = _one_each(store, notice, found, people)
    known = {k.id: k for k in store.recipients() if k.erased is None}
    heard = {one.recipient for one in found}
    rows = [_checked(r, known[r.recipient].channels) for r in found if r.recipient in known]
    rows += [
        Rehearsed(name, "", "", False, Why.NO_SUBSCRIPTION.value)
        for name in known
        if name not in heard
    ]
    return tuple(sorted(rows, key=lambda r: (not r.told, r.why, r.channel, r.recipient)))


def _one_each(
    store: Store, notice: Warned | Waiting, found: Sequence[Routed], people: People
) -> tuple[Routed, ...]:
    """Who need not get it is not told: another notice that stands says more to them."""
    if isinstance(notice, Waiting):
        waits = store.spared(
            notice.notice, notice.chain, notice.expires, found, people, notice.asof
        )
    else:
        waits = store.spared(notice, "", datetime.max.replace(tzinfo=UTC), found, people)
    return tuple(
        replace(r, told=False, why=Why.ANOTHER_SAYS_MORE)
        if (r.recipient, r.channel) in waits
        else r
        for r in found
    )


def _checked(one: Routed, channels: Sequence[str]) -> Rehearsed:
    told = one.told and one.channel in channels
    why = NO_CONTACT if one.told and not told else one.why.value
    return Rehearsed(one.recipient, one.channel, one.language, told, why)


def reason(code: str, language: str) -> str:
    """A code of ``delivery.why`` in words; the code itself where a channel of others gave it."""
    try:
        return word(code, language)
    except KeyError:
        return code


def state_word(state: str, language: str) -> str:
    """What a state is called."""
    return word(f"deliver.state_{state}", language)


def why_not(
    store: Store, path: Path, name: str, home: Country, language: str, place: str = ""
) -> tuple[Line, ...]:
    """What became of the newest messages for one recipient: sent how far, or why not at all.

    Args:
        store: To look in.
        path: Of the store.
        name: Alias, id, or the beginning of an id.
        home: Names places and keeps the clock.
        language: Of the sentences.
        place: Only messages for this place; "" for all.

    Returns:
        The newest `SHOWN` messages, oldest first; a sentence for each channel.

    Raises:
        NotFound: There is no such recipient, or no message was accepted (for the place).
    """
    who = store.recipient(name)
    where = reach(home, path)
    handed = [store.notice(h.message) for h in store.handed()]
    handed = [one for one in handed if place in ("", one.notice.place)][-SHOWN:]
    if not handed:
        raise NotFound(Problem("deliver.nothing_accepted", {}))
    lines: list[Line] = []
    for one in handed:
        lines += _of_message(store, one, who, where, home, language)
    return tuple(lines)


def _of_message(
    store: Store, one: Waiting, who: str, where: Within, home: Country, language: str
) -> Iterator[Line]:
    made = {
        d.channel: d for d in store.deliveries_found(message=one.notice.identifier, recipient=who)
    }
    head = _headline(one, language)
    for channel, delivery in sorted(made.items()):
        at = home.local(delivery.changed)
        said = _delivered(store, delivery, home, language)
        text = word("deliver.line_told", language, headline=head, channel=channel, said=said)
        yield Line("delivery", delivery.key, at, text)
    routed = {r.channel: r for r in store.routed(one, where, ids=[who])}
    at = home.local(one.asof or one.accepted)
    for channel, found in sorted(routed.items()):
        if channel not in made:
            waits = found.told and one.asof is None
            why = word("deliver.not_yet", language) if waits else _why(found, language)
            text = word("deliver.line_not", language, headline=head, channel=channel, why=why)
            yield Line("routed", one.notice.identifier, at, text)
    if not made and not routed:
        why = word(f"route.{Why.NO_SUBSCRIPTION.value}", language)
        text = word("deliver.line_nobody", language, headline=head, why=why)
        yield Line("routed", one.notice.identifier, at, text)


def _why(found: Routed, language: str) -> str:
    return word(f"route.{found.why.value}", language)


def _headline(one: Waiting, language: str) -> str:
    texts = one.notice.texts
    return next((t for t in texts if t.language == language), texts[0]).headline


def _delivered(store: Store, one: Delivery, home: Country, language: str) -> str:
    """How far a delivery has come: its state, its reason, how often it was tried."""
    said = [state_word(one.state, language)]
    other_speaks = one.why.startswith("spared.")
    if other_speaks or one.state in ("failed", "dead", "overtaken"):
        said.append(reason(one.why, language))
    if other_speaks and (other := store.instead_of(one.key)):
        said.append(f"«{_headline(store.notice(other), language)}»")
    if one.tries:
        tries = store.delivery_tries([one.key])
        last = f"{home.local(tries[-1].begun):%H:%M %d/%m}"
        said.append(word("deliver.tried", language, n=one.tries, last=last))
    if one.state in ("dead", "overtaken") and one.reached:
        said.append(word("deliver.may_have", language))
    return "; ".join(said)


def tell_all(
    store: Store,
    notice: Warned | Waiting,
    where: Within,
    language: str,
    *,
    aliases: bool,
    people: People | None = None,
) -> Mapping[str, object]:
    """A rehearsal as JSON knows it.

    Args:
        store: See ``rehearse``; likewise ``notice`` and ``where``.
        notice: See there.
        where: See there.
        language: Of the reasons.
        aliases: Whether the recipients' names are given too.
        people: See ``rehearse``.
    """
    rows = rehearse(store, notice, where, people)
    names = store.aliases([r.recipient for r in rows]) if aliases else {}

    def row(one: Rehearsed) -> Mapping[str, object]:
        called = {"alias": names.get(one.recipient, "")} if aliases else {}
        return {
            "recipient": one.recipient,
            **called,
            "channel": one.channel,
            "language": one.language,
            "why": one.why,
            "said": word(f"route.{one.why}", language),
        }

    what = notice.notice if isinstance(notice, Waiting) else notice
    facts = {
        "identifier": what.identifier, "kind": what.kind, "threat": what.threat,
        "place": what.place, "level": what.level, "status": what.status, "wakes": what.wakes,
    }  # fmt: skip
    return {
        "notice": facts,
        "told": [row(r) for r in rows if r.told],
        "not_told": [row(r) for r in rows if not r.told],
    }


def as_status(text: str) -> Status | None:
    """A CAP status as written; None where it is none."""
    return cast(Status, text) if text in ("Actual", "Exercise", "Test") else None
