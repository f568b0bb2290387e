"""The lines of a notice that speak of other hazards at its place, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from haidang.app.beside import ALONE, Beside
from haidang.app.context import Context
from haidang.app.snapshot import Chain
from haidang.app.together import Together, pack_of
from haidang.app.wording import called_in, emergency
from haidang.law.evaluate import cite
from haidang.law.raises import Raise
from haidang.risk.assessment import Assessment
from haidang.warn.lifecycle import Named, Said
from haidang.warn.message import moment, placeholders
from haidang.words import word


def beside(
    contexts: Mapping[str, Context],
    found: Assessment,
    fresh: Said,
    chain: Chain,
    whole: Together,
) -> Beside:
    """What the notice of one hazard says of the others at its place.

    Args:
        contexts: Static facts by threat id.
        found: The newest assessment of the notice's own hazard.
        fresh: What the notice says, with ``combined`` and ``also``.
        chain: What the area was told so far.
        whole: All hazards of the place on its scale.

    Returns:
        A line on the combined level and its grounds above, where the notice carries one; a line
        for each hazard that it speaks for below, with what that one asks people to do beyond the
        notice's own instruction; in an all-clear a line for each hazard that it
        spoke for and that still stands.
    """
    still = _still(fresh, chain, whole)
    raised = whole.raised if fresh.combined else None
    if raised is None and not fresh.also and not still:
        return ALONE
    context = contexts[found.threat]
    above: dict[str, tuple[str, ...]] = {}
    below: dict[str, tuple[str, ...]] = {}
    do: dict[str, tuple[str, ...]] = {}
    headline: dict[str, str] = {}
    for language in context.country.spec.languages:
        if raised is not None:
            line = _combined(contexts, found, fresh, whole, raised, language)
            grounds = word("warn.whole_grounds", language, what=told(contexts, whole, language))
            above[language] = (line, grounds)
            headline[language] = word("warn.whole_headline", language, level=fresh.combined)
        below[language] = tuple(
            _named(contexts, context, found.place, n, key, language)
            for key, names in (("warn.also", fresh.also), ("warn.still", still))
            for n in names
        )
        do[language] = _to_do(contexts, context, found.place, fresh, language)
    parameters: list[tuple[str, str]] = []
    if raised is not None:
        clause = "" if whole.whole is None else whole.whole.clause
        parameters += [("combined", str(fresh.combined)), ("combined_clause", clause)]
        parameters.append(("raise", raised.id))
    if fresh.also:
        named = ", ".join(f"{n.threat}/{n.event}:{n.level}" for n in fresh.also)
        parameters.append(("also", named))
    return Beside(tuple(parameters), headline, above, below, do)


def _to_do(
    contexts: Mapping[str, Context], context: Context, place: str, fresh: Said, language: str
) -> tuple[str, ...]:
    """What the hazards that a notice speaks for ask of people, each line once.

    Lines that need a fact of the lesser hazard's own are left to its own notice: what is true of
    one reading is not known here.
    """
    sea = context.named[place].kind == "sea"
    own = context.pack.messages[language][fresh.level].fitting(begun=fresh.begun, sea=sea)
    said = {line.strip() for line in own.instruction.splitlines()}
    found: list[str] = []
    known = {"place": context.named[place].name(language)}
    known["emergency"] = emergency(context) or word("format.emergency", language)
    for one in fresh.also:
        pack = pack_of(contexts, one.threat)
        levels = {} if pack is None else pack.messages.get(language, {})
        if one.level not in levels:
            continue
        spec = levels[one.level].fitting(sea=sea)
        lines = [line.strip() for line in spec.instruction.splitlines()]
        mine = [x for x in lines if x and x not in said and placeholders(x) <= known.keys()]
        if mine:
            name = called(contexts, one.threat, one.event, language)
            found.append(word("warn.also_do", language, event_name=name))
            found += [line.format_map(known) for line in mine]
            said.update(mine)
    return tuple(found)


def _still(fresh: Said, chain: Chain, whole: Together) -> tuple[Named, ...]:
    """Hazards that an all-clear must not seem to end: it spoke for them, and they stand."""
    if fresh.level or chain.issued is None:
        return ()
    return tuple(
        Named(h.threat, h.event, h.level)
        for h in sorted(whole.hazards, key=lambda h: h.name)
        if chain.issued.speaks_for(h.threat, h.event)
    )


def called(contexts: Mapping[str, Context], threat: str, event: str, language: str) -> str:
    """What a hazard is called, also one that the run does not look at."""
    pack = pack_of(contexts, threat)
    if pack is None:
        return event
    names = contexts[threat].event_names if threat in contexts else {}
    return called_in(pack, event, language, names)


def _named(
    contexts: Mapping[str, Context],
    context: Context,
    place: str,
    one: Named,
    key: str,
    language: str,
) -> str:
    return word(
        key,
        language,
        place=context.named[place].name(language),
        event_name=called(contexts, one.threat, one.event, language),
        level=one.level,
        level_name=context.scale.names(one.level).say(language),
    )


def _combined(
    contexts: Mapping[str, Context],
    found: Assessment,
    fresh: Said,
    whole: Together,
    raised: Raise,
    language: str,
) -> str:
    context = contexts[found.threat]
    rule = whole.scale.combine
    clause = "" if rule is None else cite(rule.clause, language)
    return word(
        "warn.whole_line",
        language,
        place=context.named[found.place].name(language),
        combined=fresh.combined,
        combined_name=whole.scale.names(fresh.combined).say(language),
        clause=clause,
        act="" if rule is None else _act(context, rule.decision, language),
        role=context.country.role(raised.role, language),
        at=_time(context, raised.at, language),
        until=_time(context, raised.until, language),
        event_name=called(contexts, found.threat, found.event, language),
        level=fresh.level,
        level_name=whole.scale.names(fresh.level).say(language),
        article=found.grounds.article,
    )


def _act(context: Context, decision: str, language: str) -> str:
    """An act as the tables of law call it; its number alone where none is of it."""
    named = (t.act for t in context.tables.values() if t.decision == decision)
    return next((act.say(language) for act in named), "") or decision


def _time(context: Context, at: datetime, language: str) -> str:
    return moment(at, language, context.zone)


def told(contexts: Mapping[str, Context], whole: Together, language: str) -> str:
    """Which hazards strike together, one after the other, and which leads to which, in words."""
    parts = []

    def name(of: str) -> str:
        threat, _, event = of.partition("/")
        return called(contexts, threat, event, language)

    standing = {h.name: h for h in whole.hazards}
    if whole.whole is None:
        return ""
    now = ", ".join(
        word("warn.whole_level", language, name=name(n), level=standing[n].level)
        for n in whole.whole.concurrent
    )
    parts.append(word("warn.whole_concurrent", language, names=now))
    for n in whole.whole.successive:
        context = next(c for _, c in sorted(contexts.items()))
        at = _time(context, whole.ended[n], language)
        parts.append(word("warn.whole_successive", language, name=name(n), at=at))
    for cause, effect in whole.whole.chains:
        parts.append(word("warn.whole_chain", language, cause=name(cause), effect=name(effect)))
    return "; ".join(parts)
