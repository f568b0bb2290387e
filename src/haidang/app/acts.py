"""What a person does to a notice that is out: longer, for fewer places, in other words, or ended.

Each makes the next draft of the chain, which a second person has to approve like any other. Nothing
here decides whether it may be: the law, the level and the data stay as the runs found them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

from haidang.app import narrowed
from haidang.app.context import Context
from haidang.app.snapshot import Chain
from haidang.app.verdict import Decision, Draft
from haidang.app.wording import called_in, event_name, said_now, urgency, wakes
from haidang.app.wording import draft as worded
from haidang.base.errors import BadData
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Named, Occasion, Said, message_kind
from haidang.warn.message import HEADLINE_MAX, Status, Text, prefix, stamp
from haidang.watch.signal import State
from haidang.words import word


@dataclass(frozen=True, slots=True)
class Basis:
    """What the newest run found of the notice's hazard at its place, and how far its chain is."""

    found: Assessment
    after: Standing
    decision: Decision
    chain: Chain


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for.

    Attributes:
        occasion: One of ``lifecycle.PERSONAL``.
        actor, role: Who asks, in what role.
        at: When.
        seen: Id of the chain's newest draft as the person saw it; the act is named by it, so that
            a form sent twice makes one draft.
        expires: New end of validity, of ``EXTENDED``.
        within: Parts of the place, of ``NARROWED``; () is all of it again.
        reasons: Why it was an error, by language, of ``CANCELLED``.
        texts: The new words, of ``REWORDED``.
    """

    occasion: Occasion
    actor: str
    role: str
    at: datetime
    seen: str
    expires: datetime | None = None
    within: tuple[str, ...] = ()
    reasons: Mapping[str, str] | None = None
    texts: tuple[Text, ...] = ()


def act(context: Context, told: Draft, wish: Wish, basis: Basis) -> Draft:
    """The draft that a person's act on a notice makes.

    Args:
        context: Static facts of the threat.
        told: Draft of the chain's newest message.
        wish: What is asked for.
        basis: The newest run's findings there.

    Returns:
        The next draft of the chain: an Update, or a Cancel where it ends the notice.

    Raises:
        BadData: The new end is not later than the one in force, or too far ahead
            (``warn.extend_short``, ``warn.extend_long``); the parts are not of the place, or no
            others than before (``warn.narrow_unknown``, ``warn.narrow_same``); a reason is missing
            in a language (``warn.no_reason``).
    """
    made = _MAKERS[wish.occasion](context, told, wish, basis)
    name = content_id(
        "act",
        {
            "of": told.id,
            "seen": wish.seen,
            "actor": wish.actor,
            "occasion": wish.occasion.value,
            "expires": wish.expires,
            "within": wish.within,
            "reasons": sorted((wish.reasons or {}).items()),
            "texts": [(t.language, t.headline, t.description, t.instruction) for t in wish.texts],
        },
    )
    warn = context.pack.threat.warn
    return replace(
        made,
        id=name,
        at=wish.at,
        kind=message_kind(wish.occasion, issued=True),
        occasion=wish.occasion,
        decision=basis.decision.id,
        parameters=_parameters(made, basis),
        approval=True,  # whatever the pack lets a run say alone: this is one person's word
        due=wish.at + timedelta(minutes=warn.approval_limit_min),
    )


def longest(context: Context, expires: datetime, now: datetime) -> datetime:
    """Until when a notice may be extended at the most: by one validity of the pack's at a time."""
    return max(expires, now) + timedelta(hours=context.pack.threat.warn.valid_h)


def revalidated(text: Text, before: datetime, after: datetime, context: Context) -> Text:
    """A notice's words with another end of validity.

    Args:
        text: In one language.
        before: End of validity that the words give.
        after: The new one.
        context: Clock of the country.

    Returns:
        The words with the new end wherever they gave the old one; with a last line of its own
        where they gave none.
    """
    language, zone = text.language, context.zone
    old, new = (stamp(at, language, zone) for at in (before, after))
    if old not in text.description + text.instruction:
        line = word("warn.valid_until", language, expires=new)
        return replace(text, description=f"{text.description}\n{line}")
    return replace(
        text,
        description=text.description.replace(old, new),
        instruction=text.instruction.replace(old, new),
    )


def _parameters(made: Draft, basis: Basis) -> tuple[tuple[str, str], ...]:
    kept = tuple((n, v) for n, v in made.parameters if n not in ("evidence", "within", "ended"))
    found = (*kept, ("evidence", basis.decision.id))
    if made.said.within:
        found = (*found, ("within", " ".join(made.said.within)))
    return found if made.said.level else (*found, ("ended", made.occasion.value))


def _next(
    context: Context, told: Draft, wish: Wish, basis: Basis, said: Said, texts: Sequence[Text]
) -> Draft:
    """The notice again with other words or another validity; what it says of the hazard stays."""
    how_soon = urgency(context, replace(basis.found, at=wish.at), said)
    whole = max(said.level, said.combined)
    return replace(
        told,
        version=basis.chain.version + 1,
        said=said,
        texts=tuple(texts),
        urgency=how_soon,
        wakes=wakes(context, whole, told.severity, how_soon, wish.occasion),
        against=None,
    )


def _extended(context: Context, told: Draft, wish: Wish, basis: Basis) -> Draft:
    expires, before = wish.expires, told.said.expires
    local = {"before": f"{context.local(before):%H:%M %d/%m/%Y}"}
    if expires is None or expires <= max(before, wish.at):
        raise BadData(Problem("warn.extend_short", local, field="expires"))
    if expires > (most := longest(context, before, wish.at)):
        limit = {"most": f"{context.local(most):%H:%M %d/%m/%Y}"}
        raise BadData(Problem("warn.extend_long", limit, field="expires"))
    said = replace(told.said, expires=expires)
    texts = [revalidated(t, before, expires, context) for t in told.texts]
    return _next(context, told, wish, basis, said, texts)


def _narrowed(context: Context, told: Draft, wish: Wish, basis: Basis) -> Draft:
    day = wish.at.astimezone(context.zone).date()
    known = {p.code for p in narrowed.parts(context.country, told.place, day)}
    within = tuple(sorted(set(wish.within)))
    if strange := sorted(set(within) - known):
        raise BadData(Problem("warn.narrow_unknown", {"codes": ", ".join(strange)}, field="within"))
    if set(within) == known:
        within = ()
    if within == told.said.within:
        raise BadData(Problem("warn.narrow_same", {}, field="within"))
    texts = [narrowed.told(context, told.place, t, within, told.said.within) for t in told.texts]
    said = replace(told.said, within=within)
    return _next(context, told, wish, basis, said, texts)


def _reworded(context: Context, told: Draft, wish: Wish, basis: Basis) -> Draft:
    return _next(context, told, wish, basis, told.said, wish.texts)


def _ended(context: Context, wish: Wish) -> Said:
    hours = context.pack.threat.warn.valid_h
    return Said(0, 0, None, wish.at + timedelta(hours=hours))


def _known(context: Context, told: Draft, basis: Basis) -> Said:
    """What a run would say now: the person's word holds until there is more."""
    fresh = said_now(context, basis.found, basis.after, basis.chain)
    return replace(fresh, combined=told.said.combined, also=told.said.also)


def _cleared(context: Context, told: Draft, wish: Wish, basis: Basis) -> Draft:
    # Words of silence ("not confirmed since") belong to a level that stands, not to its end.
    found = replace(basis.found, at=wish.at, state=State.QUIET)
    said = _ended(context, wish)
    made = worded(
        context, found, replace(basis.after, quieter_since=None), basis.decision, basis.chain,
        said, Occasion.CLEARED, cast(Status, told.status),
    )  # fmt: skip
    texts = []
    for text in made.texts:
        by = context.country.role(wish.role, text.language)
        at = stamp(wish.at, text.language, context.zone)
        line = word("warn.cleared_by", text.language, role=by, at=at)
        lines = (text.description, line, *_not_over(context, told, text.language))
        texts.append(replace(text, description="\n".join(lines)))
    return replace(made, texts=tuple(texts), against=_known(context, told, basis))


def _not_over(context: Context, told: Draft, language: str) -> tuple[str, ...]:
    """Hazards that this notice spoke for: its end must not be read as theirs."""
    return tuple(_still(context, told.place, one, language) for one in told.said.also)


def _still(context: Context, place: str, one: Named, language: str) -> str:
    return word(
        "warn.still",
        language,
        place=context.named[place].name(language),
        event_name=event_name_of(context, one.threat, one.event, language),
        level=one.level,
        level_name=context.scale.names(one.level).say(language),
    )


def event_name_of(context: Context, threat: str, event: str, language: str) -> str:
    """What an event of any threat of the country is called."""
    pack = context.country.packs.get(threat)
    return event if pack is None else called_in(pack, event, language, {})


def _cancelled(context: Context, told: Draft, wish: Wish, basis: Basis) -> Draft:
    reasons = {k: v.strip() for k, v in (wish.reasons or {}).items()}
    if missing := [t.language for t in told.texts if not reasons.get(t.language)]:
        raise BadData(
            *(
                Problem("warn.no_reason", {"language": tag}, field=f"reason_{tag}")
                for tag in missing
            )
        )
    texts = [_in_error(context, told, t, reasons[t.language]) for t in told.texts]
    return replace(
        told,
        version=basis.chain.version + 1,
        occasion=wish.occasion,
        said=_ended(context, wish),
        texts=tuple(texts),
        urgency="Past",
        severity="Minor",
        certainty="Unlikely",
        responses=("None",),
        onset=None,
        parameters=tuple(
            (n, "0" if n == "level" else "" if n == "probability" else v)
            for n, v in told.parameters
        ),
        wakes=False,
        against=_known(context, told, basis),
    )


def _in_error(context: Context, told: Draft, text: Text, reason: str) -> Text:
    language = text.language
    place = context.named[told.place].name(language)
    name = event_name(context, told.event, language)
    said = {"place": place, "event_name": name}
    headline = word("warn.error_headline", language, **said)
    if mark := prefix(cast(Status, told.status), language):
        headline = word("warn.prefixed", language, prefix=mark, headline=headline)
    if len(headline) > HEADLINE_MAX:
        found = {"length": len(headline), "limit": HEADLINE_MAX, "headline": headline}
        raise BadData(Problem("warn.headline_long", found, field="headline"))
    lines = (
        word("warn.error_which", language, headline=text.headline),
        word("warn.error_reason", language, reason=reason),
        word("warn.error_not_over", language, **said),
        *_not_over(context, told, language),
    )
    return Text(language, headline, "\n".join(lines), word("warn.error_do", language, **said))


_MAKERS: Final = {
    Occasion.EXTENDED: _extended,
    Occasion.NARROWED: _narrowed,
    Occasion.REWORDED: _reworded,
    Occasion.CANCELLED: _cancelled,
    Occasion.CLEARED: _cleared,
}
