"""What a notice says of a decision: its words, its times, its CAP values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from haidang.app import kinds, narrowed
from haidang.app.beside import ALONE, Beside
from haidang.app.context import Context
from haidang.app.said_track import held
from haidang.app.snapshot import Chain
from haidang.app.verdict import Decision, Draft
from haidang.base.ids import content_id
from haidang.pack.schema import Pack
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Occasion, Said, message_kind
from haidang.warn.message import HEADLINE_MAX, Status, Text, facts, render
from haidang.warn.spec import Response, WarnSpec
from haidang.watch.signal import State
from haidang.words import word

MILDER: Final = frozenset(
    {
        Occasion.LEVEL_DOWN, Occasion.WEAKER, Occasion.COMBINED_DOWN, Occasion.ALSO_LESS,
        Occasion.NARROWED,
    }
)  # fmt: skip
"""Occasions that say that it will be less than was said."""


def said_now(context: Context, found: Assessment, after: Standing, chain: Chain) -> Said:
    """Reduce what a notice drawn up now would say to what makes it worth sending.

    Args:
        context: Static facts of the threat.
        found: The newest assessment of the area.
        after: The level that stands with it.
        chain: What the area was told so far.

    Returns:
        The level that stands with the wind and the onset that the text will give; it is valid
        until the wind is over. On silence what was said last, with a new end.
    """
    said = kinds.of(context).said(context, found, after, chain)
    warn = context.pack.threat.warn
    return replace(said, begun=_begun(warn, found, said, held=held(found, after)))


def draft(
    context: Context,
    found: Assessment,
    after: Standing,
    decision: Decision,
    chain: Chain,
    fresh: Said,
    why: Occasion,
    status: Status,
    beside: Beside = ALONE,
) -> Draft:
    """Draw up the next notice of a chain; a person still has to approve it.

    Args:
        context: Static facts of the threat.
        found: The newest assessment of the area.
        after: The level that stands with it.
        decision: By which it stands.
        chain: What the area was told so far.
        fresh: From ``said_now``.
        why: The one reason to speak.
        status: CAP status.
        beside: What is to be told of other hazards at the place.

    Returns:
        The draft in every language of the country.

    Raises:
        BadPack: A text cannot be filled in, or its headline is too long.
    """
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
        *beside.parameters,
    )
    texts = tuple(
        narrowed.told(
            context,
            found.place,
            beside.told(
                _text(context, found, after, fresh, language, status, begun=fresh.begun),
                HEADLINE_MAX,
            ),
            fresh.within,
        )
        for language in context.country.spec.languages
    )
    if fresh.within:
        parameters = (*parameters, ("within", " ".join(fresh.within)))
    responses: tuple[Response, ...] = level.responses if level else ("AllClear",)
    if level and fresh.begun:
        responses = ("Shelter",)
    how_soon = urgency(context, found, fresh)
    # A person held that the place is worse off than any single hazard makes it: the notice that
    # carries that level wakes, and is severe, by it.
    whole = max(fresh.level, fresh.combined)
    severity = warn.of(whole).severity if level else "Minor"
    content = (
        chain.id, chain.version + 1, why.value, fresh.level, fresh.force, fresh.onset,
        fresh.expires, decision.id,
        [(t.language, t.headline, t.description, t.instruction) for t in texts],
        responses, status,
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
        status=status,
        urgency=how_soon,
        severity=severity,
        certainty=_certainty(context, found, fresh, p),
        responses=responses,
        onset=fresh.onset,
        parameters=parameters,
        wakes=wakes(context, whole, severity, how_soon, why),
        approval=needs_approval(context, fresh.level) or needs_approval(context, whole),
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
    spec = spec.fitting(begun=begun, sea=context.named[found.place].kind == "sea")
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
        act=context.act(found.grounds.table).say(language),
        emergency=emergency(context),
    )
    given |= kinds.of(context).facts(context, found, language)
    text = render(spec, language, given)
    if fresh.level and kinds.of(context).foretold(found):
        text = _foretold(text)
    own = kinds.of(context).words
    if found.state is State.NO_DATA:
        since = context.local(after.confirmed)
        note = word(f"warn.not_confirmed{own}", language, since=f"{since:%H:%M %d/%m}")
    elif fresh.level and after.quieter_since is not None:
        since = context.local(after.quieter_since)
        note = word(f"warn.held{own}", language, since=f"{since:%H:%M %d/%m}", level=fresh.level)
    else:
        return text
    return replace(text, description=f"{note}\n{text.description}")


def emergency(context: Context) -> str:
    """The country's number for search and rescue; "" where nobody has looked it up."""
    calls = context.country.spec.emergency
    return "" if calls is None else calls.number


def _foretold(text: Text) -> Text:
    """The headline says that its number is forecast and not measured, where there is room."""
    more = word("warn.foretold", text.language)
    if len(text.headline) + 1 + len(more) > HEADLINE_MAX:
        return text  # the description says it, and words are never cut out of a warning
    return replace(text, headline=f"{text.headline} {more}")


def event_name(context: Context, event: str, language: str) -> str:
    """What a notice calls the event, by the threat's own pattern.

    As somebody wrote it, accents and all, where the context knows that. Else from its id, which
    is words joined by hyphens, a number before them left out: ``2411-yagi`` is called Yagi,
    ``big-one`` Big One.
    """
    return called_in(context.pack, event, language, context.event_names)


def called_in(pack: Pack, event: str, language: str, names: Mapping[str, str]) -> str:
    """As ``event_name``, of a threat that the run does not look at."""
    called = pack.threat.called
    if event in names:
        return called.get(language, called["en"]).format(name=names[event])
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
    if seen_to_begin(warn, found):
        return True
    expected = any(
        o.threshold == warn.shelter_force and o.onset.central is not None for o in found.onsets
    )
    return held and not expected and fresh.onset is not None and fresh.onset <= found.at


def seen_to_begin(warn: WarnSpec, found: Assessment) -> bool:
    """Whether the newest data say that the pack's ``shelter_force`` has begun in the area."""
    return any(
        o.threshold == warn.shelter_force
        and o.onset.central is not None
        and o.onset.central <= found.at
        for o in found.onsets
    )


def urgency(context: Context, found: Assessment, fresh: Said) -> str:
    """CAP urgency of what a notice says, at the time of its assessment."""
    now = found.at
    warn = context.pack.threat.warn
    if fresh.level == 0:
        return "Past"
    if fresh.onset is None:
        # What is counted is there already; how soon to act then hangs on whether it is still seen.
        if kinds.of(context).observed(found):
            return "Expected" if found.state is State.NO_DATA else "Immediate"
        return "Future"
    hours = (fresh.onset - now) / timedelta(hours=1)
    if hours <= warn.immediate_h and found.state is not State.NO_DATA:
        return "Immediate"
    return "Expected" if hours <= warn.expected_h else "Future"


def _certainty(context: Context, found: Assessment, fresh: Said, p: float | None) -> str:
    """CAP: Likely is more than half, Possible is half or less.

    Never Observed where a model of the wind speaks and not an anemometer in the area; what was
    counted there is observed. On silence a share of an old ensemble is no more than possible.
    """
    if fresh.level == 0:
        return "Likely"
    if found.state is State.NO_DATA:
        return "Possible"
    kind = kinds.of(context)
    if kind.observed(found) and found.grounds.level == fresh.level:
        return "Observed"
    if p is None:
        return kind.unsaid
    return "Likely" if p > 0.5 else "Possible"  # noqa: PLR2004 - CAP's own bound


def wakes(context: Context, level: int, severity: str, urgency: str, why: Occasion) -> bool:
    """The top level always wakes; else the pack's word; else severity and urgency decide.

    Below the top nobody is woken to hear that it will be less than was said.
    """
    if level == 0:
        return False
    if level >= max(context.pack.binding.levels):
        return True
    if why in MILDER:
        return False
    said = context.pack.threat.warn.of(level).wakes
    if said is not None:
        return said
    return severity in {"Severe", "Extreme"} and urgency in {"Immediate", "Expected"}


def needs_approval(context: Context, level: int) -> bool:
    """Every level is approved by a person unless a verified pack names it in its file."""
    threat = context.pack.threat
    if threat.tier != "verified" or level not in threat.speaks_alone:
        return True
    return threat.warn.of(level).approval
