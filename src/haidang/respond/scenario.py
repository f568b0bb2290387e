"""A scenario is inherited: framework, nation, province. A lower level adds, tightens, fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.respond.spec import (
    DispatchSpec,
    NeedSpec,
    OverlaySpec,
    ResponseLevel,
    ScenarioSpec,
    TaskFill,
    TaskSpec,
    TimeSpec,
)

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Layer:
    """One overlay and where it was read.

    Attributes:
        name: Who speaks: country id, or code of the place.
        file: For messages.
    """

    name: str
    file: str
    spec: OverlaySpec


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is to be done at a place, from every level that has a say.

    Attributes:
        versions: Of the framework and of each overlay, from the top.
        levels: Handover and end, by response level.
        tasks: By task id, in the order of level and file.
        needs: By rule id.
        dispatch: Policy of the dispatch.
        coast: Codes where ``where: coast`` applies; empty leaves it to the country's own list.
        origin: Layer that each task came from, "" for the framework.
        required: Ids of tasks that the framework asks for.
    """

    versions: tuple[str, ...]
    levels: Mapping[int, ResponseLevel]
    tasks: Mapping[str, TaskSpec]
    needs: Mapping[str, NeedSpec]
    dispatch: DispatchSpec
    coast: tuple[str, ...]
    origin: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    @property
    def lowest(self) -> int:
        """The lowest level at which anything is asked for."""
        asked = [t.level for t in self.tasks.values()] + [n.level for n in self.needs.values()]
        return min(asked)


def framework(spec: ScenarioSpec) -> Scenario:
    """The framework alone, with nothing added."""
    return Scenario(
        versions=(spec.version,),
        levels=spec.levels,
        tasks=spec.tasks,
        needs=spec.needs,
        dispatch=spec.dispatch,
        coast=(),
        origin=dict.fromkeys(spec.tasks, ""),
        required=frozenset(spec.tasks),
    )


def compose(spec: ScenarioSpec, *layers: Layer) -> Scenario:
    """Lay overlays over a framework.

    Args:
        spec: The framework.
        layers: From the nation down.

    Returns:
        The scenario with everything that the overlays may do.

    Raises:
        BadPack: An overlay drops, loosens, or speaks of what it does not inherit: every
            ``problems`` of all layers.
    """
    if found := problems(spec, *layers):
        raise BadPack(*found)
    whole = framework(spec)
    for layer in layers:
        whole = _laid(whole, layer)
    return whole


def problems(spec: ScenarioSpec, *layers: Layer) -> tuple[Problem, ...]:
    """What overlays may not do. What one may not do is left out before the next is looked at."""
    whole = framework(spec)
    found: list[Problem] = []
    for layer in layers:
        found += _refused(whole, layer)
        whole = _laid(whole, layer)
    return tuple(found)


def _laid(base: Scenario, layer: Layer) -> Scenario:
    """An overlay laid over; refused parts (see ``_refused``) leave the base as it is."""
    spec = layer.spec
    tasks = {
        name: _filled(task, spec.tasks[name]) if name in spec.tasks else task
        for name, task in base.tasks.items()
    }
    fresh = {name: task for name, task in spec.add.items() if name not in base.tasks}
    levels = {**base.levels}
    for rank, words in spec.levels.items():
        over = levels.get(rank, ResponseLevel())
        levels[rank] = ResponseLevel(
            handover={**words.handover, **over.handover}, end={**words.end, **over.end}
        )
    needs = {**base.needs}
    for name, need in spec.needs.items():
        if name not in needs or not list(_loosened_need(needs[name], need)):
            needs[name] = need
    return Scenario(
        versions=(*base.versions, spec.version),
        levels=dict(sorted(levels.items())),
        tasks={**tasks, **fresh},
        needs=needs,
        dispatch=base.dispatch,
        coast=spec.coast or base.coast,
        origin={**base.origin, **dict.fromkeys(fresh, layer.name)},
        required=base.required,
    )


def _filled(task: TaskSpec, fill: TaskFill) -> TaskSpec:
    update: dict[str, object] = {
        "work": {**fill.work, **task.work},
        "product": {**fill.product, **task.product},
        "kinds": tuple(dict.fromkeys((*task.kinds, *fill.kinds))),
    }
    if fill.level is not None and fill.level <= task.level:
        update["level"] = fill.level
    if fill.time is not None and (task.time is None or tighter(task.time, fill.time)):
        update["time"] = fill.time
    if fill.stay_h is not None and fill.stay_h >= task.stay_h:
        update["stay_h"] = fill.stay_h
    for name in ("person", "responsibility", "authority"):
        if (given := getattr(fill, name)) is not None:
            update[name] = given
    return task.model_copy(update=update)


# --- what is refused ----------------------------------------------------------------------------


def _refused(base: Scenario, layer: Layer) -> Iterator[Problem]:
    for code, keys, params in (*_wrong_tasks(base, layer.spec), *_wrong_rest(base, layer.spec)):
        yield Problem(f"respond.{code}", params, layer.file, None, ".".join(map(str, keys)))


Wrong = Iterator[tuple[str, tuple[object, ...], dict[str, object]]]


def _wrong_tasks(base: Scenario, spec: OverlaySpec) -> Wrong:
    for name, fill in spec.tasks.items():
        if name not in base.tasks:
            known = ", ".join(base.tasks)
            yield "no_task", ("tasks", name), {"task": name, "known": known}
            continue
        for code, key, params in _loosened(base.tasks[name], fill):
            yield code, ("tasks", name, key), {"task": name, **params}
    for name in spec.add:
        if name in base.tasks:
            of = base.origin[name] or "scenario.yaml"
            yield "task_twice", ("add", name), {"task": name, "of": of}


def _wrong_rest(base: Scenario, spec: OverlaySpec) -> Wrong:
    for name, need in spec.needs.items():
        if name in base.needs:
            for code, key, params in _loosened_need(base.needs[name], need):
                yield code, ("needs", name, key), {"need": name, **params}
    for rank, words in spec.levels.items():
        over = base.levels.get(rank, ResponseLevel())
        for key, language in _taken(over, words):
            yield "words_taken", ("levels", rank, key), {"what": key, "language": language}


def _taken(over: ResponseLevel, words: ResponseLevel) -> Iterator[tuple[str, str]]:
    yield from (("handover", k) for k in sorted(set(over.handover) & set(words.handover)))
    yield from (("end", k) for k in sorted(set(over.end) & set(words.end)))


Loosened = Iterator[tuple[str, str, dict[str, object]]]


def _loosened(task: TaskSpec, fill: TaskFill) -> Loosened:
    if fill.level is not None and fill.level > task.level:
        yield "starts_later", "level", {"level": fill.level, "inherited": task.level}
    if fill.time is not None and task.time is not None and not tighter(task.time, fill.time):
        yield "due_later", "time", {"time": told(fill.time), "inherited": told(task.time)}
    if fill.stay_h is not None and fill.stay_h < task.stay_h:
        yield "ends_sooner", "stay_h", {"hours": fill.stay_h, "inherited": task.stay_h}
    for key, theirs, ours in (
        ("work", task.work, fill.work),
        ("product", task.product, fill.product),
    ):
        for language in sorted(set(theirs) & set(ours)):
            yield "words_taken", key, {"what": key, "language": language}
    for key in ("person", "responsibility"):
        given = getattr(fill, key)
        if given is not None and not given.strip():
            yield "emptied", key, {"what": key}


def _loosened_need(inherited: NeedSpec, own: NeedSpec) -> Loosened:
    if own.kind != inherited.kind:
        yield "need_kind", "kind", {"kind": own.kind, "inherited": inherited.kind}
        return
    if own.level > inherited.level:
        yield "need_later", "level", {"level": own.level, "inherited": inherited.level}
    if own.measure == inherited.measure and _least(own) < _least(inherited):
        yield "need_less", "ratio", {"ratio": _least(own), "inherited": _least(inherited)}
    if own.minimum < inherited.minimum:
        yield "need_minimum", "minimum", {"given": own.minimum, "inherited": inherited.minimum}
    if inherited.time is not None and (own.time is None or not tighter(inherited.time, own.time)):
        time = told(own.time) if own.time else "-"
        yield "need_due_later", "time", {"time": time, "inherited": told(inherited.time)}


def _least(need: NeedSpec) -> float:
    return need.ratio[0] * need.times


def tighter(inherited: TimeSpec, own: TimeSpec) -> bool:
    """Whether a time is never later than the one it replaces, whatever the storm does.

    Args:
        inherited: What the higher level asks for.
        own: What stands in its place.

    Returns:
        True if it is the same or earlier. A lower wind force begins no later and ends no earlier
        than a higher one. Two forms that no rule compares count as later.
    """
    if inherited.within_h is not None and (
        own.within_h is None or own.within_h > inherited.within_h
    ):
        return False
    if inherited.before_force is not None:
        return (
            own.before_force is not None
            and own.before_force <= inherited.before_force
            and own.hours >= inherited.hours
        )
    if inherited.at_force is not None:
        starts = own.at_force if own.at_force is not None else own.before_force
        return starts is not None and starts <= inherited.at_force
    if inherited.after_force is not None:
        return (
            own.after_force is not None
            and own.after_force >= inherited.after_force
            and own.hours <= inherited.hours
        )
    return own.within_h is not None


def told(time: TimeSpec) -> str:
    """A time as the file writes it, for messages."""
    given = time.model_dump(exclude_none=True, exclude_defaults=True)
    return ", ".join(f"{key}: {value:g}" for key, value in given.items())


# --- what an overlay changed --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a layer said on top of what it inherited.

    Attributes:
        layer: Who said it.
        what: ``task``, ``need`` or ``level``.
        name: Id of it.
        key: Field; "" where the whole is new.
        before, after: As text; ``before`` "" where nothing stood.
        how: ``added``, ``tightened`` or ``filled``.
    """

    layer: str
    what: str
    name: str
    key: str
    before: str
    after: str
    how: str


def diff(spec: ScenarioSpec, *layers: Layer) -> tuple[Change, ...]:
    """What each overlay changed, in the order of the layers and of their files."""
    out: list[Change] = []
    whole = framework(spec)
    for layer in layers:
        after = _laid(whole, layer)
        out += _changes(whole, after, layer.name)
        whole = after
    return tuple(out)


TIGHTENED = ("level", "time", "ratio", "minimum", "stay_h")


def _changes(before: Scenario, after: Scenario, layer: str) -> Iterator[Change]:
    kinds: Sequence[tuple[str, Mapping[str, object], Mapping[str, object]]] = (
        ("task", before.tasks, after.tasks),
        ("need", before.needs, after.needs),
        (
            "level",
            {str(k): v for k, v in before.levels.items()},
            {str(k): v for k, v in after.levels.items()},
        ),
    )
    for what, old, new in kinds:
        for name, value in new.items():
            if name not in old:
                yield Change(layer, what, name, "", "", _words(value), "added")
                continue
            yield from _fields(layer, what, name, old[name], value)
    if after.coast != before.coast:
        yield Change(layer, "coast", "coast", "", "", ", ".join(after.coast), "filled")


def _fields(layer: str, what: str, name: str, old: object, new: object) -> Iterator[Change]:
    assert isinstance(old, (TaskSpec, NeedSpec, ResponseLevel))
    for key in type(old).model_fields:
        was, now = getattr(old, key), getattr(new, key)
        if was == now:
            continue
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            for language in sorted(set(now) - set(was)):
                yield Change(layer, what, name, f"{key}.{language}", "", now[language], "filled")
            continue
        how = "tightened" if key in TIGHTENED and was not in {None, ""} else "filled"
        yield Change(layer, what, name, key, _words(was), _words(now), how)


def _words(value: object) -> str:
    if isinstance(value, TimeSpec):
        return told(value)
    if isinstance(value, TaskSpec):
        return value.work.get("en") or next(iter(value.work.values()), "")
    if isinstance(value, NeedSpec):
        return f"{value.kind} = {value.measure} × {_words(value.ratio)}"
    if isinstance(value, tuple):
        return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)
    role = getattr(value, "role", None)
    if role is not None:
        return f"{role} ({getattr(value, 'cites', '') or _words(getattr(value, 'basis', ''))})"
    return "" if value is None else str(value)
