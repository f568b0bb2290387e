"""Overlays add, tighten and fill in; what they may not do is refused and leaves the base alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.base.errors import BadPack
from haidang.respond.scenario import Layer, compose, diff, problems, tighter
from haidang.respond.spec import (
    DispatchSpec,
    NeedSpec,
    OverlaySpec,
    ScenarioSpec,
    TaskSpec,
    TimeSpec,
)
from haidang.respond.times import due
from respond.made import NOW, onset

SPEC = ScenarioSpec(
    version="1.0.0",
    levels={3: {"handover": {"en": "now"}}},
    tasks={"a": TaskSpec(level=3, work={"en": "A"}, kinds=("boat",), time=TimeSpec(within_h=4))},
    needs={
        "n": NeedSpec(level=3, kind="boat", measure="m", ratio=(1, 2, 3), minimum=1, source="x")
    },
    dispatch=DispatchSpec(road_factor=1, max_hours=1, source="x"),
    sources=("x",),
)


def layer(name: str = "xx", **given: object) -> Layer:
    return Layer(name, f"{name}.yaml", OverlaySpec(version="2.0.0", **given))


def test_an_overlay_adds_tightens_and_fills_in():
    whole = compose(
        SPEC,
        layer(
            tasks={"a": {"level": 2, "person": "p", "work": {"vi": "Á"}, "kinds": ["truck"],
                         "time": {"within_h": 3}}},
            add={"b": {"level": 4}},
            levels={3: {"end": {"en": "then"}}, 4: {"end": {"en": "x"}}},
            needs={"n": {"level": 2, "kind": "boat", "measure": "m", "ratio": [2, 2, 3],
                         "minimum": 2, "source": "y"}},
            coast=["C"],
        ),
        layer("p1", tasks={"b": {"person": "q"}}),
    )  # fmt: skip
    a = whole.tasks["a"]
    assert (a.level, a.person, a.work, a.kinds) == (
        2,
        "p",
        {"en": "A", "vi": "Á"},
        ("boat", "truck"),
    )
    assert a.time is not None
    assert a.time.within_h == 3
    assert whole.tasks["b"].person == "q"
    assert whole.origin == {"a": "", "b": "xx"}
    assert whole.required == {"a"}
    assert whole.levels[3].handover == {"en": "now"}
    assert whole.levels[3].end == {"en": "then"}
    assert whole.needs["n"].ratio == (2, 2, 3)
    assert whole.coast == ("C",)
    assert whole.versions == ("1.0.0", "2.0.0", "2.0.0")
    assert whole.lowest == 2


def test_a_refused_overlay_is_not_composed():
    bad = layer(tasks={"a": {"level": 4}, "z": {}})
    with pytest.raises(BadPack) as caught:
        compose(SPEC, bad)
    assert {p.code for p in caught.value.problems} == {"respond.starts_later", "respond.no_task"}
    assert all(p.file == "xx.yaml" for p in caught.value.problems)


def test_the_lower_layer_is_measured_by_the_one_above_it():
    nation = layer(tasks={"a": {"level": 2}})
    assert problems(SPEC, nation, layer("p1", tasks={"a": {"level": 2}})) == ()
    (found,) = problems(SPEC, nation, layer("p1", tasks={"a": {"level": 3}}))
    assert (found.code, found.file) == ("respond.starts_later", "p1.yaml")


def test_recovery_may_stay_longer_below_and_not_shorter():
    spec = SPEC.model_copy(
        update={"tasks": {**SPEC.tasks, "a": SPEC.tasks["a"].model_copy(update={"stay_h": 24.0})}}
    )
    longer = layer(tasks={"a": {"stay_h": 48}})
    assert compose(spec, longer).tasks["a"].stay_h == 48
    (found,) = problems(spec, longer, layer("p1", tasks={"a": {"stay_h": 36}}))
    assert (found.code, found.file, found.field) == (
        "respond.ends_sooner",
        "p1.yaml",
        "tasks.a.stay_h",
    )
    assert all("36" in found.say(k) and "48" in found.say(k) for k in ("vi", "en"))


HOURS = st.integers(0, 12)
FORMS = st.one_of(
    st.builds(lambda f, h: TimeSpec(before_force=f, hours=h), st.sampled_from([6, 8]), HOURS),
    st.builds(lambda f: TimeSpec(at_force=f), st.sampled_from([6, 8])),
    st.builds(lambda f, h: TimeSpec(after_force=f, hours=h), st.sampled_from([6, 8]), HOURS),
    st.builds(lambda h: TimeSpec(within_h=h + 1), HOURS),
)


@given(FORMS, FORMS, st.integers(0, 40), st.integers(0, 10), st.integers(0, 10), st.integers(1, 9))
def test_what_counts_as_tighter_is_never_later(old, new, six, lead, after, length):
    """Whatever the storm does: force 8 lies inside force 6, the early time before the central."""
    if not tighter(old, new):
        return
    eight = six + after
    wind = (
        onset(6, six, six + lead, eight + lead + length + 3),
        onset(8, eight, eight + lead, eight + lead + length),
    )
    before, now = due(old, NOW, wind).at, due(new, NOW, wind).at
    assert before is not None
    assert now is not None
    assert now <= before


@given(FORMS)
def test_the_same_is_tight_enough(time):
    assert tighter(time, time)


def test_diff_says_who_changed_what():
    found = diff(
        SPEC,
        layer(
            tasks={"a": {"level": 2, "person": "p", "work": {"vi": "Á"}}}, add={"b": {"level": 4}}
        ),
        layer("p1", tasks={"a": {"time": {"within_h": 1}}}),
    )
    assert {(c.layer, c.name, c.key, c.before, c.after, c.how) for c in found} == {
        ("xx", "a", "level", "3", "2", "tightened"),
        ("xx", "a", "person", "", "p", "filled"),
        ("xx", "a", "work.vi", "", "Á", "filled"),
        ("xx", "b", "", "", "", "added"),
        ("p1", "a", "time", "within_h: 4", "within_h: 1", "tightened"),
    }
    assert diff(SPEC) == ()
