"""Who must do what by when: a scenario's tasks at one place, with its numbers filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from haidang.base.ids import content_id
from haidang.respond.needs import Asked
from haidang.respond.plan import Need, Task
from haidang.respond.scenario import Scenario
from haidang.respond.spec import AuthoritiesSpec, TaskSpec
from haidang.respond.times import Due, due
from haidang.risk.assessment import Interval
from haidang.warn.message import numbers, unknown
from haidang.watch.signal import State

PLACEHOLDERS = frozenset({"count", "low", "high", "place"})
"""What the words of a task may ask for; all but ``place`` only with ``counts``."""


@dataclass(frozen=True, slots=True)
class Where:
    """The place of the tasks.

    Attributes:
        names: Its name, by language.
        coast: Whether ``where: coast`` applies.
        languages: In which the words are wanted.
    """

    names: Mapping[str, str]
    coast: bool
    languages: tuple[str, ...]


def tasks(
    scenario: Scenario,
    one: Asked,
    needs: Iterable[Need],
    where: Where,
    authorities: AuthoritiesSpec | None,
    day: date,
    decision: str,
    earlier: Mapping[str, Task],
) -> tuple[Task, ...]:
    """Everything that a scenario asks of a place at the level that stands.

    Args:
        scenario: Of that place.
        one: The area, its level and onsets.
        needs: Its needs, for the numbers in the words.
        where: Its names, and whether it lies on the coast.
        authorities: Knows the legal bases; None where the country has none.
        day: Whose law is cited.
        decision: Id of the decision that the tasks follow from.
        earlier: Tasks of the plan before, by id. A task that was asked for then is asked for since
            then; a time that has passed, or that can no longer be computed, stays as it was.

    Returns:
        By due time, those without one last, then by id of the task. A task that was asked for
        before outlasts its level by ``stay_h``: recovery begins when the wind, and with it the
        level, has ended.
    """
    of_kind: dict[str, list[Need]] = {}
    for need in needs:
        of_kind.setdefault(need.kind, []).append(need)
    found = [
        task
        for name, spec in scenario.tasks.items()
        if where.coast or spec.where != "coast"
        if (task := _task(name, spec, one, of_kind, where, earlier)) is not None
    ]
    done = [
        replace(
            task,
            decision=decision,
            required=task.spec in scenario.required,
            basis=_basis(scenario.tasks[task.spec], authorities, day),
        )
        for task in found
    ]
    return tuple(sorted(done, key=lambda t: (t.due is None, t.due or t.asked, t.spec)))


def _basis(spec: TaskSpec, authorities: AuthoritiesSpec | None, day: date) -> Mapping[str, str]:
    if spec.authority is None:
        return {}
    return spec.authority.basis if authorities is None else authorities.basis(spec.authority, day)


def _task(
    name: str,
    spec: TaskSpec,
    one: Asked,
    needs: Mapping[str, list[Need]],
    where: Where,
    earlier: Mapping[str, Task],
) -> Task | None:
    found = one.assessment
    mark = content_id("task", (found.threat, found.event, found.place, name))
    before = earlier.get(mark)
    ended = None
    if one.level < spec.level:
        ended = _outlasted(spec, one, before)
        if ended is None:
            return None
    asked = one.since if before is None else before.asked
    when = _due(spec, one, asked, before)
    counted = [n.value for n in needs.get(spec.counts or "", [])]
    return Task(
        id=mark,
        spec=name,
        threat=found.threat,
        event=found.event,
        place=found.place,
        level=spec.level,
        person=spec.person,
        work={k: _words(spec.work, k, where, counted) for k in where.languages},
        due=when.at,
        due_rule=when.rule,
        due_params=when.params,
        responsibility=spec.responsibility,
        authority=spec.authority.role if spec.authority else "",
        basis={},
        product={k: _words(spec.product, k, where, counted) for k in where.languages},
        kinds=spec.kinds,
        decision="",
        required=False,
        asked=asked,
        ended=ended,
    )


def _outlasted(spec: TaskSpec, one: Asked, before: Task | None) -> datetime | None:
    """When the level ended, of a task that outlasts it; None where the task ends.

    A task without a time ends with its level: where the wind was never expected to come there is
    nothing to recover from.
    """
    if before is None or before.due is None:
        return None
    ended = before.ended or one.since
    return ended if one.assessment.at < ended + timedelta(hours=spec.stay_h) else None


def _due(spec: TaskSpec, one: Asked, asked: datetime, before: Task | None) -> Due:
    if spec.time is None:
        return Due(None, "due_not_said", {})
    now = due(spec.time, asked, one.onsets)
    if before is None or before.due is None:
        return now
    kept = Due(before.due, before.due_rule, before.due_params)
    blind = one.assessment.state is State.NO_DATA
    # What was due is overdue, wherever the newest forecast now sees the wind begin: a forecast
    # that starts inside the storm would otherwise move the hour on with every bulletin.
    passed = before.due <= one.assessment.at
    return kept if blind or passed or now.at is None else now


def _words(
    texts: Mapping[str, str], language: str, where: Where, counted: list[Interval | None]
) -> str:
    pattern = texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
    name = where.names.get(language) or where.names["en"]
    return pattern.format_map({"place": name, **_counts(counted, language)})


def _counts(counted: list[Interval | None], language: str) -> dict[str, str]:
    known = [value for value in counted if value is not None]
    if not known or len(known) < len(counted):
        return dict.fromkeys(("count", "low", "high"), unknown(language))
    low, central, high = (int(sum(values)) for values in zip(*known, strict=True))
    told = {"count": central, "low": low, "high": high}
    return {key: numbers(value, language) for key, value in told.items()}
