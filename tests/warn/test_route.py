"""Who is told, over which channel, and of everybody else the one reason why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.message import Text
from haidang.warn.route import Routed, Subscription, Warned, Why, route, text_for

TEXTS = (Text("vi", "Gió", "", ""), Text("en", "Wind", "", ""))
PARENT = {"c1": "p1", "c2": "p1", "c3": "p2", "p1": "n", "p2": "n"}
ALERT = Warned("m1", "Alert", "wind", "w", "c1", 3, TEXTS, True, "Actual")


def within(code: str) -> frozenset[str]:
    """Two provinces of a nation with their communes, as the country's own function gives them."""
    found = {code}
    found |= {c for c, p in PARENT.items() if p in found}
    found |= {c for c, p in PARENT.items() if p in found}
    while code in PARENT:
        code = PARENT[code]
        found.add(code)
    return frozenset(found)


def why(*wants: Subscription, notice: Warned = ALERT, told=None) -> dict[str, str]:
    found = route(notice, wants, within, told)
    return {r.recipient: r.why.value for r in found}


def anna(**other: object) -> Subscription:
    return Subscription("anna", "sms", **{"language": "en", **other})


@pytest.mark.parametrize(
    ("place", "places", "fits"),
    [
        ("c1", (), True),
        ("c1", ("c1",), True),
        ("c1", ("c2",), False),
        ("c1", ("p1",), True),  # whoever asks for a province hears of its communes
        ("c1", ("p2",), False),
        ("c1", ("n",), True),
        ("p1", ("c2",), True),  # a notice for a province is for its communes
        ("p1", ("c3",), False),
        ("n", ("c3",), True),
        ("c1", ("c3", "p1"), True),
        ("elsewhere", ("elsewhere",), True),
    ],
)
def test_by_place(place: str, places: tuple[str, ...], fits: bool) -> None:
    notice = replace(ALERT, place=place)
    assert why(anna(places=places), notice=notice) == {"anna": "matches" if fits else "other_place"}


@pytest.mark.parametrize(
    ("other", "notice", "said"),
    [
        ({"threats": ("wind", "fire")}, {}, "matches"),
        ({"threats": ("fire",)}, {}, "other_threat"),
        ({"least_level": 3}, {}, "matches"),
        ({"least_level": 4}, {}, "below_level"),
        ({"wakes_only": True}, {}, "matches"),
        ({"wakes_only": True}, {"wakes": False}, "does_not_wake"),
        ({}, {"status": "Exercise"}, "no_drills"),
        ({}, {"status": "Test"}, "no_drills"),
        ({"drills": True}, {"status": "Exercise"}, "matches"),
        ({"drills": True}, {"status": "System"}, "not_for_people"),
        ({"drills": True}, {"status": "Draft"}, "not_for_people"),
        ({}, {"kind": "Cancel", "level": 0}, "never_told"),
        ({"least_level": 4}, {"kind": "Cancel", "level": 0}, "never_told"),
        ({"places": ("c3",)}, {"kind": "Cancel", "level": 0}, "other_place"),
    ],
)
def test_by_threat_level_status_and_waking(other: dict, notice: dict, said: str) -> None:
    assert why(anna(**other), notice=replace(ALERT, **notice)) == {"anna": said}


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
@pytest.mark.parametrize(
    "other",
    [{}, {"least_level": 5}, {"places": ("c3",)}, {"wakes_only": True}, {"threats": ("x",)}],
)
def test_whoever_was_told_hears_of_it_to_the_end(kind: str, other: dict) -> None:
    notice = replace(ALERT, kind=kind, level=1 if kind == "Update" else 0, wakes=False)
    (found,) = route(notice, [anna(**other)], within, {("anna", "sms"): "en"})
    assert found.told
    assert found.why is (Why.MATCHES if kind == "Update" and not other else Why.WAS_TOLD)


def test_an_all_clear_reaches_those_who_have_signed_off_since() -> None:
    clear = replace(ALERT, kind="Cancel", level=0)
    (found,) = route(clear, [], within, {("anna", "sms"): "en"})
    assert (found.told, found.why, found.language) == (True, Why.WAS_TOLD, "en")
    assert route(replace(clear, status="System"), [], within, {("anna", "sms"): "en"}) == ()
    drill = replace(clear, status="Exercise")
    assert route(drill, [anna()], within, {("anna", "sms"): "en"})[0].told


def test_overlapping_areas_give_one_message_per_channel() -> None:
    wants = [
        anna(places=("c1",), id="a"),
        anna(places=("p1",), id="b"),
        anna(places=("n",), id="c", language="vi"),
        replace(anna(), channel="mail"),
    ]
    found = route(ALERT, wants, within)
    assert [(r.recipient, r.channel, r.told) for r in found] == [
        ("anna", "mail", True),
        ("anna", "sms", True),
    ]


def test_the_nearest_miss_is_told() -> None:
    assert why(anna(places=("c3",)), anna(least_level=5)) == {"anna": "below_level"}
    assert why(anna(least_level=5), anna(places=("c3",))) == {"anna": "below_level"}


def test_the_language_is_the_recipients_or_the_countrys_own() -> None:
    wants = [replace(anna(), recipient=tag, language=tag) for tag in ("en", "vi", "fr", "en-GB")]
    found = {r.recipient: r.language for r in route(ALERT, wants, within)}
    assert found == {"en": "en", "vi": "vi", "fr": "vi", "en-GB": "en"}
    assert text_for(TEXTS, "EN").headline == "Wind"


WANTS = st.builds(
    Subscription,
    recipient=st.sampled_from("ab"),
    channel=st.sampled_from(("sms", "mail")),
    places=st.lists(st.sampled_from(sorted({*PARENT, "n"})), max_size=2).map(tuple),
    threats=st.sampled_from(((), ("wind",), ("fire",))),
    least_level=st.integers(1, 5),
    wakes_only=st.booleans(),
    drills=st.booleans(),
    language=st.sampled_from(("vi", "en")),
    id=st.text("xyz", max_size=2),
)
NOTICES = st.builds(
    Warned,
    identifier=st.just("m"),
    kind=st.sampled_from(("Alert", "Update", "Cancel")),
    threat=st.just("wind"),
    event=st.just("w"),
    place=st.sampled_from(sorted({*PARENT, "n"})),
    level=st.integers(0, 5),
    texts=st.just(TEXTS),
    wakes=st.booleans(),
    status=st.sampled_from(("Actual", "Exercise", "System")),
)
TOLD = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from(("sms", "mail"))), st.just("en"), max_size=3
)


@given(NOTICES, st.lists(WANTS, max_size=6), TOLD, st.randoms())
def test_everybody_has_one_answer_whatever_the_order(notice, wants, told, draw) -> None:
    found = route(notice, wants, within, told)
    pairs = [(r.recipient, r.channel) for r in found]
    assert pairs == sorted(set(pairs))
    assert {(w.recipient, w.channel) for w in wants} <= set(pairs)
    for one in found:
        assert one.told == (one.why in (Why.MATCHES, Why.WAS_TOLD))
        if (one.recipient, one.channel) in told and notice.status != "System":
            assert one.told
        mine = [w for w in wants if (w.recipient, w.channel) == (one.recipient, one.channel)]
        alone = [r.told for w in mine for r in route(notice, [w], within, told) if _same(r, one)]
        assert one.told == any(alone) or not mine
    shuffled = list(wants)
    draw.shuffle(shuffled)
    again = route(notice, shuffled, within, told)
    assert [(r.told, r.why) for r in again] == [(r.told, r.why) for r in found]


def _same(one: Routed, other: Routed) -> bool:
    return (one.recipient, one.channel) == (other.recipient, other.channel)


@pytest.mark.parametrize(
    ("places", "told", "fits"),
    [
        (("c1",), None, "matches"),
        (("c2",), None, "other_place"),
        (("c2",), {("anna", "sms"): "en"}, "was_told"),  # what was said to them is taken back
        (("p1",), None, "matches"),  # they did not say which part they meant
        (("n",), None, "matches"),
        ((), None, "matches"),
    ],
)
def test_a_narrowed_notice_is_for_its_parts_and_whoever_asked_for_the_whole(places, told, fits):
    narrowed = replace(ALERT, place="p1", within=("c1",))
    assert why(anna(places=places), notice=narrowed, told=told) == {"anna": fits}
