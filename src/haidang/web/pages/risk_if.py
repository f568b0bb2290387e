"""What would be, if: the forms of the risk page, and their answer beside what is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from haidang.app import what_if
from haidang.app.wording import event_name
from haidang.law.evaluate import cite
from haidang.risk.assessment import Assessment, Interval
from haidang.risk.readings import PEOPLE, SHAKEN, VALUE
from haidang.watch.signal import State
from haidang.web.pages.risk_parts import Change, Form, Input, Outcome
from haidang.web.parts import Chip, Fact
from haidang.web.risking import FIELDS, LEFT, QUAKE, RIGHT, RIVER, TRACK, Assumed, Risking
from haidang.web.speak import Speaker

FIRST: Final = 12
"""Changes that stand open; the others are folded in."""

SHOWN: Final = ("people.force_8", "people.force_10", "people.force_12", *SHAKEN[:3], PEOPLE)
"""Measures that are summed over the country, of those that a threat has."""

START: Final = {"km": "100", "stronger": "5", "metres": "1", "magnitude": "6", "depth": "10"}
"""What stands in the fields before somebody types."""


def forms(view: Risking, say: Speaker) -> tuple[Form, ...]:
    """What can be assumed here, in the order of the page."""
    options = view.choices
    found = []
    if options.events:
        found.append(_form(view, say, TRACK))
    if options.stations:
        found.append(_form(view, say, RIVER))
    if options.quakes:
        found.append(_form(view, say, QUAKE))
    return tuple(found)


def _form(view: Risking, say: Speaker, what: str) -> Form:
    asked, problem = view.asked, view.problem
    mine = asked.what == what
    wrong = problem.field if problem is not None and mine else ""
    names = FIELDS[what]
    # Where it is wrong is seen: the message need not name the field again.
    text = "" if problem is None else replace(problem, field="").say(say.language)
    inputs = tuple(
        _input(view, say, name, asked.values.get(name, "") if mine else "",
               text if wrong == name else "")
        for name in names
    )  # fmt: skip
    error = text if mine and wrong not in names else ""
    return Form(what, say(f"if_{what}"), say(f"if_{what}_text"), inputs, mine, error)


def _input(view: Risking, say: Speaker, name: str, value: str, error: str) -> Input:
    options = _options(view, say, name)
    if options:
        known = [key for key, _ in options]
        chosen = value if value in known else known[0]
        return Input(name, say(f"field_{name}"), chosen, options=options, error=error)
    low, high = what_if.LIMITS[name]
    if name == "km":
        low = 0.0
    return Input(
        name, say(f"field_{name}"), value or START[name], say(f"hint_{name}"), (), error,
        f"{low:g}", f"{high:g}",
    )  # fmt: skip


def _options(view: Risking, say: Speaker, name: str) -> tuple[tuple[str, str], ...]:
    match name:
        case "event":
            return tuple(
                (e, event_name(view.context, e, say.language)) for e in view.choices.events
            )
        case "side":
            return (RIGHT, say("side_right")), (LEFT, say("side_left"))
        case "station":
            return tuple(
                (s.code, say("station", name=s.name(say.language), river=s.river or "–"))
                for s in view.choices.stations
            )
        case "near":
            places = view.context.country.places.gazetteer
            day = view.day
            named = [
                (code, places.get("province", code, day).name(say.language))
                for code in view.choices.quakes
            ]
            return tuple(sorted(named, key=lambda n: n[1]))
    return ()


def outcome(view: Risking, say: Speaker) -> Outcome | None:
    """The answer beside what is; None where nothing was assumed, or it cannot be."""
    found = view.assumed
    if found is None:
        return None
    moved = [d for d in found.changes if d.moved]
    changes = [_change(found, d, say) for d in moved]
    blind = sum(d.assumed.state is State.NO_DATA for d in found.changes)
    same = len(found.changes) - len(moved) - blind
    rest = [say("if_same" if moved else "if_nothing", count=same)] if same > 0 else []
    if blind:
        # No news is no level of nought: what stands is held, and nobody can compute what would be.
        rest.append(say("if_blind", count=blind))
    return Outcome(
        mark=say("if_mark"),
        title=_title(view, found, say),
        text=say("if_only"),
        facts=_facts(found, say),
        changes=tuple(changes[:FIRST]),
        more=tuple(changes[FIRST:]),
        rest=" ".join(rest),
    )


def _title(view: Risking, found: Assumed, say: Speaker) -> str:
    """What was assumed, in a sentence."""
    given = {i.name: i for f in forms(view, say) if f.id == found.what for i in f.inputs}
    said = {
        name: dict(one.options).get(one.value, one.value) if one.options else one.value
        for name, one in given.items()
    }
    return say(f"if_{found.what}_said", **said)


def _chip(found: Assumed, level: int | None, say: Speaker) -> Chip | None:
    return Chip(level, say.of(found.context.scale.names(level))) if level else None


def _status(one: Assessment | None, say: Speaker) -> str:
    """Why there is no level, where that is not the law's own "below"."""
    if one is None or one.grounds.level or one.grounds.status in {"below", "defined"}:
        return ""
    return say("explain.status_" + one.grounds.status.replace(" ", "_"))


def _change(found: Assumed, one: what_if.Difference, say: Speaker) -> Change:
    named = found.context.named.get(one.place)
    clause = one.assumed.grounds.clause
    measure = _measure(one.assumed)
    return Change(
        name=one.place if named is None else named.name(say.language),
        before=_chip(found, one.before, say),
        after=_chip(found, one.after, say),
        before_note=_status(one.actual, say),
        after_note=_status(one.assumed, say),
        clause=cite(clause, say.language) if clause else "",
        people=_people(one, measure, say) if measure else "",
    )


def _measure(one: Assessment) -> str:
    """The first of the measures that are shown which an assessment has."""
    there = {i.measure for i in one.impacts}
    return next((m for m in SHOWN if m in there), "")


def _people(one: what_if.Difference, measure: str, say: Speaker) -> str:
    before, after = (_of(a, measure) for a in (one.actual, one.assumed))
    if measure == PEOPLE:
        return say("unknown") if after is None else say.number(after.central)
    return say("before_after", before=_number(before, one.actual is None, say),
               after=_number(after, False, say))  # fmt: skip


def _of(one: Assessment | None, measure: str) -> Interval | None:
    if one is None:
        return None
    return next((i.value for i in one.impacts if i.measure == measure), None)


def _number(value: Interval | None, none: bool, say: Speaker) -> str:
    if none:
        return say.number(0)
    return say("unknown") if value is None else say.number(value.central)


def _facts(found: Assumed, say: Speaker) -> tuple[Fact, ...]:
    changes = found.changes
    before = [d.before for d in changes]
    after = [d.after for d in changes]
    facts = [
        Fact(
            say("fact_levels"),
            say("before_after", before=say.number(sum(1 for k in before if k)),
                after=say.number(sum(1 for k in after if k))),
            say("fact_highest", before=_highest(before, say), after=_highest(after, say)),
        )
    ]  # fmt: skip
    facts += _readings(found, say)
    there = {i.measure for d in changes for i in d.assumed.impacts}
    for measure in (m for m in SHOWN if m in there):
        old, _ = what_if.people((d.actual for d in changes), measure)
        new, blind = what_if.people((d.assumed for d in changes), measure)
        none = all(d.actual is None for d in changes)
        sure = new is None or new.low == new.high
        note = "" if sure or new is None else say("fact_range", range=say.range(new))
        if blind:
            note += say("fact_blind", count=blind)
        facts.append(
            Fact(
                _measure_name(measure, say),
                say("before_after", before=_number(old, none, say), after=_number(new, False, say)),
                note,
            )
        )
    return tuple(facts)


def _readings(found: Assumed, say: Speaker) -> list[Fact]:
    """The reading that leads in each area where it is another, as it is and as it would be."""
    threat, out = found.context.pack.threat, []
    if threat.tracked or threat.counted:
        return []
    for d in found.changes:
        for name, spec in threat.readings.indicators.items():
            old, new = (_of(a, f"{name}.{VALUE}") for a in (d.actual, d.assumed))
            if old is None or new is None or old.central == new.central:
                continue
            shown = (f"{say.number(v.central, 2)} {say.of(spec.unit)}" for v in (old, new))
            before, after = shown
            named = found.context.named.get(d.place)
            where = d.place if named is None else named.name(say.language)
            text = say("before_after", before=before, after=after)
            out.append(Fact(say.of(spec.title), text, where))
    return out


def _measure_name(measure: str, say: Speaker) -> str:
    kind, _, grade = measure.removeprefix("people.").partition("_")
    return say(f"people_{kind}", grade=grade)


def _highest(levels: list[int | None], say: Speaker) -> str:
    top = max((k for k in levels if k), default=0)
    return say.number(top) if top else say("console.no_level")
