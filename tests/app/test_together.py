"""Several hazards at one place: any order, no ratchet, one voice, and nobody left untold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app import together as made
from app.together import (
    FLOOD,
    RAIN,
    SCALE,
    SLIDE,
    WIND,
    WISH,
    YIELDS,
    contexts,
    ended,
    found,
    raised,
    random_set,
    shuffled,
    stood,
)
from app.toy import DAYS, HOUR, T0, snapshot
from haidang.app import wording
from haidang.app.decide import decide
from haidang.app.issue import issue
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft, Message, Verdict
from haidang.edge.store import Store
from haidang.jobs.explain import explain, explain_place
from haidang.risk.assessment import Assessment
from haidang.warn.cap import parse
from haidang.warn.inhibit import in_force
from haidang.warn.lifecycle import Named, Occasion, Said
from haidang.warn.message import Text
from haidang.watch.signal import State

SETS = 200
"""Random sets here; ``python -m app.combine_many`` tries 10,000."""
ANNA, BERT = "aaaaaaaa", "bbbbbbbb"
LIMIT = timedelta(minutes=contexts()[WIND].pack.threat.warn.approval_limit_min)


def concluded(given: Sequence[Assessment], known: Snapshot) -> Verdict:
    return decide(contexts(), given, known, WISH)


def of(verdict: Verdict, threat: str, place: str = "N") -> Decision:
    return next(d for d in verdict.decisions if (d.threat, d.place) == (threat, place))


def drafted(verdict: Verdict) -> dict[str, Draft]:
    return {d.threat: d for d in verdict.drafts}


# --- random sets ----------------------------------------------------------------------------------


def test_random_sets(monkeypatch):
    """Words are left out here: they follow from what is decided, and cost most of the time."""
    short = lambda *a, **k: Text(a[4], "h", "d", "i")  # noqa: E731
    monkeypatch.setattr(wording, "_text", short)
    chance = np.random.default_rng(20180041)
    seen: set[Occasion] = set()
    for _ in range(SETS):
        verdict = holds(chance)
        seen |= {d.occasion for d in verdict.drafts} | {w.occasion for w in verdict.withdrawals}
    wanted = {o for o in Occasion if o.value.startswith(("also_", "combined_", "yielded"))}
    assert wanted <= seen, "the sets are too tame"


def holds(chance: np.random.Generator) -> Verdict:
    """Everything that must be true of one random set."""
    given, known = random_set(chance)
    verdict = concluded(given, known)
    again = concluded(*shuffled(chance, given, known))
    assert repr(again) == repr(verdict)
    scoped_equals_whole(given, known, verdict)
    combined_is_the_highest_and_the_raise(given, known, verdict)
    nobody_is_left_untold(known, verdict)
    return verdict


def scoped_equals_whole(given, known, verdict):
    for place in {a.place for a in given}:
        part = replace(
            known,
            **{
                name: tuple(x for x in getattr(known, name) if x.place == place)
                for name in ("standing", "chains", "beside", "ended", "raises")
            },
        )
        scoped = concluded([a for a in given if a.place == place], part)
        for name in ("assessments", "decisions", "standing", "drafts", "lapsed"):
            whole = tuple(x for x in getattr(verdict, name) if x.place == place)
            assert getattr(scoped, name) == whole, name
        assert set(scoped.withdrawals) <= set(verdict.withdrawals)
        assert set(scoped.superseded.items()) <= set(verdict.superseded.items())


def combined_is_the_highest_and_the_raise(given, known, verdict):
    looked = {(s.threat, s.event, s.place) for s in verdict.standing}
    others = [
        s for s in (*known.standing, *known.beside) if (s.threat, s.event, s.place) not in looked
    ]
    for place in {a.place for a in given}:
        own = max((s.level for s in (*verdict.standing, *others) if s.place == place), default=0)
        here = [d for d in verdict.decisions if d.place == place]
        assert len({d.combined for d in here}) == 1
        lapsed = {x.raise_id for x in verdict.lapsed}
        mine = [
            r
            for r in known.raises
            if r.place == place and r.holds(known.now) and r.id not in lapsed
        ]
        by = max(mine, key=lambda r: (r.at, r.id)).by if mine else 0
        assert {d.combined for d in here} == {min(own + by, 5)}
        if mine:
            assert own >= 1
            whole = here[0].whole
            assert whole is not None
            assert whole.allowed == (1, 2)
            assert len(whole.concurrent) + len(whole.successive) >= 2
    # What a person raised changes no own level.
    alone = concluded(given, replace(known, raises=()))
    assert alone.standing == verdict.standing
    assert [d.yields_to for d in alone.decisions] == [d.yields_to for d in verdict.decisions]


def nobody_is_left_untold(known, verdict):
    """Every hazard with a level is told of: by its own notice, or by one that names it."""
    chains = {(c.threat, c.event, c.place): c for c in known.chains}
    drafts = {(d.threat, d.event, d.place): d for d in verdict.drafts}
    withdrawn = {w.draft for w in verdict.withdrawals}
    levels = {(d.threat, d.event, d.place): d.after for d in verdict.decisions}
    silent = {(d.threat, d.event, d.place) for d in verdict.decisions if d.yields_to}
    for decision in verdict.decisions:
        key = (decision.threat, decision.event, decision.place)
        chain, draft = chains.get(key), drafts.get(key)
        if decision.yields_to is None:
            if decision.after:
                issued = chain and chain.issued
                waits = chain and chain.pending and chain.pending_id not in withdrawn
                told = draft is not None or waits or in_force(issued, known.now)
                assert told, key
            continue
        greater = (decision.yields_to.threat, decision.yields_to.event, decision.place)
        assert greater[0] in YIELDS[decision.threat]
        assert decision.yields_to.level > decision.after > 0
        assert draft is None
        assert greater not in silent
        if greater in levels:
            assert levels[greater] == decision.yields_to.level
        voice = chains.get(greater)
        speaks: list[Said] = []
        if voice is not None and in_force(voice.issued, known.now):
            speaks.append(voice.issued)
        active = chain is not None and in_force(chain.issued, known.now)
        if not active and greater in drafts:
            speaks.append(drafts[greater].said)
        elif not active and voice is not None and voice.pending is not None:
            assert known.now < voice.drafted + LIMIT or speaks
            speaks.append(voice.pending)
        assert any(s.speaks_for(decision.threat, decision.event) >= decision.after for s in speaks)


def test_random_sets_with_all_their_words():
    chance = np.random.default_rng(7)
    for _ in range(30):
        given, known = random_set(chance)
        assert repr(concluded(*shuffled(chance, given, known))) == repr(concluded(given, known))


# --- the raise ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [1, 2])
def test_a_raise_does_not_climb_however_often_it_is_decided(by):
    standing, levels = (), set()
    for step in range(50):
        hour = step * 0.5
        given = [found(WIND, hour, 2), found(FLOOD, hour, 1)]
        verdict = concluded(given, snapshot([], hour, 0, standing=standing, raises=(raised(by),)))
        standing = verdict.standing
        levels |= {(d.threat, d.after, d.combined) for d in verdict.decisions}
        assert verdict.lapsed == ()
    assert levels == {(WIND, 2, 2 + by), (FLOOD, 1, 2 + by)}


def test_a_raise_is_capped_at_the_top_of_the_scale():
    given = [found(WIND, 1, 3), found(FLOOD, 1, 3)]
    packs = contexts(five=False)
    verdict = decide(packs, given, snapshot([], 1, 0, raises=(raised(2),)), WISH)
    assert {(d.after, d.combined) for d in verdict.decisions} == {(3, 3)}
    whole = of(verdict, WIND).whole
    assert (whole.capped, whole.raise_by, whole.own) == (True, 2, 3)


@pytest.mark.parametrize(
    ("given", "hour", "why"),
    [
        ([found(WIND, 1, 3)], 1, "hazards"),
        ([found(WIND, 1, 3), ended(FLOOD, 1)], 1, "hazards"),  # it never had a level
        ([found(WIND, 1, 3), found(FLOOD, 1, 1)], 1, None),
        ([found(WIND, 101, 3), found(FLOOD, 101, 1)], 101, "ended"),
        ([found(WIND, 100, 3), found(FLOOD, 100, 1)], 100, "ended"),
        ([ended(WIND, 1), ended(FLOOD, 1)], 1, "hazards"),
    ],
)
def test_a_raise_lapses(given, hour, why):
    one = raised(1)
    verdict = concluded(given, snapshot([], hour, 0, raises=(one,)))
    assert [(x.raise_id, x.why) for x in verdict.lapsed] == ([(one.id, why)] if why else [])
    own = max(d.after for d in verdict.decisions)
    assert {d.combined for d in verdict.decisions} == {own + (0 if why else 1)}


def test_the_greater_raise_needs_serious_loss():
    one = raised(2, serious_loss=False)
    verdict = concluded([found(WIND, 1, 2), found(FLOOD, 1, 1)], snapshot([], 1, 0, raises=(one,)))
    assert [x.why for x in verdict.lapsed] == ["law"]
    assert {d.combined for d in verdict.decisions} == {2}


def test_a_raise_of_a_place_that_is_not_looked_at_stays():
    one = raised(1, place="S")
    verdict = concluded([found(WIND, 1, 2)], snapshot([], 1, 0, raises=(one,)))
    assert verdict.lapsed == ()


def test_the_scales_are_never_mixed():
    one = raised(1, scale="outbreak")
    given = [found(WIND, 1, 2), found(FLOOD, 1, 1)]
    verdict = concluded(given, snapshot([], 1, 0, raises=(one,)))
    assert {d.combined for d in verdict.decisions} == {2}
    assert verdict.lapsed == ()


# --- which hazards count --------------------------------------------------------------------------


def test_at_the_same_time_and_which_sets_off_which():
    verdict = concluded(
        [found(WIND, 1, 3), found(RAIN, 1, 2), found(SLIDE, 1, 1)], snapshot([], 1, 0)
    )
    whole = of(verdict, RAIN).whole
    assert whole.concurrent == ("rain/rain-1", "slide/slide-1", "wind/wind-1")
    assert whole.chains == (("wind/wind-1", "rain/rain-1"), ("rain/rain-1", "slide/slide-1"))
    assert (whole.leader, whole.allowed, whole.clause) == ("wind/wind-1", (1, 2), "4(4)")
    assert all(d.whole == whole for d in verdict.decisions)


@pytest.mark.parametrize(("ago", "counts"), [(0, True), (48, True), (49, False)])
def test_one_after_the_other(ago, counts):
    """The wind is over; the flood follows it, if not too long after."""
    hour = 60.0
    gone = made.Ended(WIND, "wind-1", "N", T0 + (hour - ago) * HOUR)
    verdict = concluded([found(FLOOD, hour, 2)], snapshot([], hour, 0, ended=(gone,)))
    whole = of(verdict, FLOOD).whole
    if not counts:
        assert whole is None
        return
    assert (whole.concurrent, whole.successive) == (("flood/flood-1",), ("wind/wind-1",))
    assert whole.allowed == (1, 2)
    with_raise = snapshot([], hour, 0, ended=(gone,), raises=(raised(1),))
    assert of(concluded([found(FLOOD, hour, 2)], with_raise), FLOOD).combined == 3


def test_a_level_that_ends_in_this_very_run_is_followed():
    known = snapshot([], 1, 0, standing=(stood(WIND, 3),))
    verdict = concluded([ended(WIND, 1), found(FLOOD, 1, 1)], known)
    whole = of(verdict, FLOOD).whole
    assert (whole.successive, whole.leader) == (("wind/wind-1",), "flood/flood-1")


def test_a_level_that_the_run_does_not_look_at_counts():
    """Nobody looked at the wind in this run: silence lowers nothing, nor does a narrow scope."""
    for known in ({"standing": (stood(WIND, 3),)}, {"beside": (stood(WIND, 3),)}):
        verdict = concluded([found(FLOOD, 1, 1)], snapshot([], 1, 0, **known))
        assert of(verdict, FLOOD).combined == 3
        assert of(verdict, FLOOD).whole.leader == "wind/wind-1"
        assert [d.threat for d in verdict.decisions] == [FLOOD]


def test_a_hazard_alone_is_named_as_it_ever_was():
    (alone,) = concluded([found(WIND, 1, 3)], snapshot([], 1, 0)).decisions
    assert (alone.whole, alone.yields_to, alone.combined_note) == (None, None, "")
    (draft,) = concluded([found(WIND, 1, 3)], snapshot([], 1, 0)).drafts
    assert (draft.said.combined, draft.said.also) == (0, ())
    assert {n for n, _ in draft.parameters} & {"combined", "also", "raise"} == set()


# --- the notice that carries the combined level ---------------------------------------------------


def test_the_leading_notice_carries_the_combined_level():
    given = [found(WIND, 1, 1), found(SLIDE, 1, 2)]
    plain = drafted(concluded(given, snapshot([], 1, 0)))
    verdict = concluded(given, snapshot([], 1, 0, raises=(raised(2),)))
    lead, other = drafted(verdict)[SLIDE], drafted(verdict)[WIND]
    assert (lead.said.level, lead.said.combined, other.said.combined) == (2, 4, 0)
    assert other.texts == plain[WIND].texts
    told = dict(lead.parameters)
    assert (told["level"], told["combined"], told["combined_clause"]) == ("2", "4", "4(4)")
    for text in lead.texts:
        assert "4" in text.headline.removeprefix(
            next(t.headline for t in plain[SLIDE].texts if t.language == text.language)
        )
        first = text.description.splitlines()[0]
        assert "rank 4" in first or "rang 4" in first
        assert "head" in first
    # Level 2 of this pack would have let people sleep; the combined one is above the top of it.
    assert (plain[SLIDE].wakes, lead.wakes) == (False, True)
    assert lead.severity == contexts()[SLIDE].pack.threat.warn.of(4).severity


def test_when_the_raise_comes_and_goes_the_leading_notice_says_so(store):
    desk = Desk(store)
    given = lambda h: [found(t, h, n, onset_h=None) for t, n in ((WIND, 1), (SLIDE, 2))]  # noqa: E731
    for draft in desk.run(1, given(1)).drafts:
        desk.approve(draft)
    made_ = store.propose_raise(
        "N", SCALE, 1, "soft dikes", T0 + 9 * HOUR, ANNA, "officer", T0 + 1.5 * HOUR
    )
    assert desk.run(1.6, given(1.6)).drafts == ()
    store.approve_raise(made_.id, BERT, "head", T0 + 1.7 * HOUR)
    (up,) = desk.run(2, given(2)).drafts
    assert (up.threat, up.occasion, up.said.combined) == (SLIDE, Occasion.COMBINED_UP, 3)
    assert parse(desk.approve(up).body).infos[0].headline.endswith("3.")
    assert desk.run(3, given(3)).drafts == ()  # once is enough
    verdict = desk.run(9, given(9))
    assert [x.why for x in verdict.lapsed] == ["ended"]
    (down,) = verdict.drafts
    assert (down.occasion, down.said.combined, down.wakes) == (Occasion.COMBINED_DOWN, 0, False)
    assert [s.stage for s in store.raises()] == ["lapsed"]
    assert store.verify() == ()


# --- the lesser yields to the greater -------------------------------------------------------------


class Desk:
    """A store and two people, for all four threats."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.add_actor("officer", actor_id=ANNA)
        store.add_actor("head", actor_id=BERT)

    def run(self, hour: float, given: Sequence[Assessment]) -> Verdict:
        known = self.store.snapshot(T0 + hour * HOUR, scope="toy", **DAYS)
        verdict = concluded(given, known)
        assert self.store.commit(verdict)
        return verdict

    def approve(self, draft: Draft) -> Message:
        def build(approved: Draft, earlier: tuple[Message, ...]) -> Message:
            return issue(contexts()[approved.threat], approved, draft.at, earlier)

        self.store.sign(draft.id, ANNA, "officer", draft.at)
        return self.store.approve(draft.id, BERT, "head", draft.at, build, ["file"])

    def refuse(self, draft: Draft) -> None:
        self.store.refuse(draft.id, BERT, "head", draft.at, "no")


@pytest.fixture
def store():
    with Store.open(":memory:") as opened:
        yield opened


def test_the_lesser_is_named_in_the_greater_and_drafted_when_that_ends(store):
    desk = Desk(store)
    verdict = desk.run(1, [found(WIND, 1, 3), found(RAIN, 1, 1)])
    (one,) = verdict.drafts
    assert (one.threat, one.said.also) == (WIND, (Named(RAIN, "rain-1", 1),))
    assert of(verdict, RAIN).yields_to == Named(WIND, "wind-1", 3)
    assert dict(one.parameters)["also"] == "rain/rain-1:1"
    for text in one.texts:
        line = text.description.splitlines()[-1]
        assert "rain" in line
        assert "1" in line
        assert contexts()[RAIN].scale.names(1).say(text.language) in line
    # What the lesser asks of people and the greater does not is in the instruction, once.
    asks = contexts()[RAIN].pack.messages["en"][1].instruction.splitlines()
    own = contexts()[WIND].pack.messages["en"][3].instruction.splitlines()
    own = [line.format(emergency="the emergency number") for line in own]
    told = next(t for t in one.texts if t.language == "en").instruction.splitlines()
    for line in asks:
        assert told.count(line) == 1
    assert set(told) - set(own) <= {*asks, "For rain Rain 1:"}
    desk.approve(one)
    assert desk.run(2, [found(WIND, 2, 3), found(RAIN, 2, 1)]).drafts == ()
    # The rain rises, still below the wind: the greater notice says so.
    (more,) = desk.run(3, [found(WIND, 3, 3), found(RAIN, 3, 2)]).drafts
    assert (more.threat, more.occasion) == (WIND, Occasion.ALSO_MORE)
    desk.approve(more)
    # The wind is over: its all-clear names what is left, and the rain is drafted at once.
    verdict = desk.run(4, [ended(WIND, 4), found(RAIN, 4, 2)])
    clear, first = drafted(verdict)[WIND], drafted(verdict)[RAIN]
    assert (clear.kind, first.occasion, first.said.level) == ("Cancel", Occasion.FIRST, 2)
    assert all("rain" in t.description.splitlines()[-1] for t in clear.texts)
    assert of(verdict, RAIN).yields_to is None


@pytest.mark.parametrize(
    ("wind", "rain", "yields"),
    [(3, 2, True), (2, 2, False), (1, 2, False), (3, 0, False)],
)
def test_only_a_strictly_lesser_hazard_yields(wind, rain, yields):
    verdict = concluded([found(WIND, 1, wind), found(RAIN, 1, rain)], snapshot([], 1, 0))
    assert (of(verdict, RAIN).yields_to is not None) == yields
    assert of(verdict, WIND).yields_to is None


def test_a_hazard_yields_only_at_its_own_place():
    given = [found(WIND, 1, 3, place="S"), found(RAIN, 1, 1, place="N")]
    assert of(concluded(given, snapshot([], 1, 0)), RAIN).yields_to is None


def test_a_notice_that_yields_speaks_for_nobody():
    """The slide yields to the flood alone, and the flood is silent beside the wind."""
    given = [found(WIND, 1, 3), found(FLOOD, 1, 2), found(SLIDE, 1, 1)]
    verdict = concluded(given, snapshot([], 1, 0))
    assert of(verdict, FLOOD).yields_to == Named(WIND, "wind-1", 3)
    assert of(verdict, SLIDE).yields_to is None
    assert set(drafted(verdict)) == {WIND, SLIDE}


def test_two_that_yield_to_each_other_do_no_harm():
    equal = concluded([found(RAIN, 1, 2), found(FLOOD, 1, 2)], snapshot([], 1, 0))
    assert set(drafted(equal)) == {RAIN, FLOOD}
    lesser = concluded([found(RAIN, 1, 1), found(FLOOD, 1, 2)], snapshot([], 1, 0))
    assert set(drafted(lesser)) == {FLOOD}


def test_one_held_blind_too_long_speaks_for_nobody():
    hold = contexts()[WIND].pack.threat.warn.max_hold_h
    for hour, yields in ((hold - 1, True), (hold + 1, False)):
        known = snapshot([], hour, 0, standing=(stood(WIND, 3),))
        given = [found(WIND, hour, None, State.NO_DATA), found(RAIN, hour, 1)]
        verdict = concluded(given, known)
        assert (of(verdict, RAIN).yields_to is not None) == yields
        assert of(verdict, WIND).after == 3  # and silence lowers nothing


def test_a_draft_that_nobody_approves_in_time_silences_nobody(store):
    desk = Desk(store)
    (wind,) = desk.run(1, [found(WIND, 1, 3), found(RAIN, 1, 1)]).drafts
    soon = 1 + (LIMIT / HOUR) / 2
    waits = desk.run(soon, [found(WIND, soon, 3), found(RAIN, soon, 1)])
    assert (waits.drafts, of(waits, RAIN).yields_to) == ((), Named(WIND, "wind-1", 3))
    late = 1 + (LIMIT / HOUR)
    verdict = desk.run(late, [found(WIND, late, 3), found(RAIN, late, 1)])
    assert set(drafted(verdict)) == {RAIN}
    # Approved at last: the rain's own draft has nothing to add.
    desk.approve(wind)
    verdict = desk.run(late + 1, [found(WIND, late + 1, 3), found(RAIN, late + 1, 1)])
    assert [w.occasion for w in verdict.withdrawals] == [Occasion.YIELDED]
    assert verdict.drafts == ()


def test_a_draft_that_was_turned_down_silences_nobody(store):
    desk = Desk(store)
    (wind,) = desk.run(1, [found(WIND, 1, 3), found(RAIN, 1, 1)]).drafts
    desk.refuse(wind)
    verdict = desk.run(2, [found(WIND, 2, 3), found(RAIN, 2, 1)])
    assert set(drafted(verdict)) == {WIND, RAIN}


def test_a_notice_in_force_is_kept_until_the_greater_one_names_it(store):
    desk = Desk(store)
    (rain,) = desk.run(1, [found(RAIN, 1, 1)]).drafts
    desk.approve(rain)
    (wind,) = desk.run(2, [found(WIND, 2, 3), found(RAIN, 2, 1)]).drafts
    assert wind.said.also == (Named(RAIN, "rain-1", 1),)
    # Nobody has approved the wind yet: what is out for the rain goes on, news and all.
    verdict = desk.run(3, [found(WIND, 3, 3), found(RAIN, 3, 2)])
    assert drafted(verdict)[RAIN].occasion is Occasion.LEVEL_UP
    desk.approve(drafted(verdict)[WIND])
    # Now it is named: its own draft is withdrawn, what is out stays out and is not cancelled.
    verdict = desk.run(4, [found(WIND, 4, 3), found(RAIN, 4, 2)])
    assert [w.occasion for w in verdict.withdrawals] == [Occasion.YIELDED]
    assert [(m.kind, m.level) for m in store.chain_messages(rain.chain)] == [("Alert", 1)]
    # The wind is over: the rain is at level 2, and what is out says 1.
    verdict = desk.run(5, [ended(WIND, 5), found(RAIN, 5, 2)])
    assert drafted(verdict)[RAIN].occasion is Occasion.LEVEL_UP
    for draft in verdict.drafts:
        desk.approve(draft)
    (clear,) = desk.run(6, [ended(RAIN, 6)]).drafts
    assert (clear.kind, clear.chain) == ("Cancel", rain.chain)


def test_its_own_end_is_told_whoever_speaks_for_it(store):
    desk = Desk(store)
    (rain,) = desk.run(1, [found(RAIN, 1, 1)]).drafts
    desk.approve(rain)
    for draft in desk.run(2, [found(WIND, 2, 3), found(RAIN, 2, 1)]).drafts:
        desk.approve(draft)
    verdict = desk.run(3, [found(WIND, 3, 3), ended(RAIN, 3)])
    told = drafted(verdict)
    assert (told[RAIN].kind, told[RAIN].occasion) == ("Cancel", Occasion.ALL_CLEAR)
    assert (told[WIND].occasion, told[WIND].said.also) == (Occasion.ALSO_LESS, ())
    assert told[WIND].wakes  # the top level of the pack always does


def test_a_narrow_run_does_not_forget_whom_a_notice_speaks_for(store):
    desk = Desk(store)
    (wind,) = desk.run(1, [found(WIND, 1, 3), found(RAIN, 1, 1)]).drafts
    desk.approve(wind)
    known = store.snapshot(T0 + 2 * HOUR, threats=[WIND], **DAYS)
    narrow = decide({WIND: contexts()[WIND]}, [found(WIND, 2, 3)], known, WISH)
    assert narrow.drafts == ()


# --- a whole duty ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_there_is_an_all_clear_for_everything_that_was_told(seed):
    """Four threats rise and fall; people approve, refuse or sleep; at the end all is over."""
    chance = np.random.default_rng([44, seed])
    with Store.open(":memory:") as store:
        desk = Desk(store)
        hour, told = 0.0, set()
        for _ in range(8):
            hour += float(chance.choice([0.25, 1, 5, 20]))
            verdict = desk.run(hour, _news(chance, hour))
            _still_told(store, hour, verdict)
            for draft in store.pending():
                deed = chance.choice(["approve", "approve", "refuse", "sleep"])
                if deed == "approve":
                    desk.approve(draft)
                    told.add(draft.chain)
                elif deed == "refuse":
                    desk.refuse(draft)
        for _ in range(2):
            hour += 1
            desk.run(hour, [ended(t, hour) for t in YIELDS])
            for draft in store.pending():
                desk.approve(draft)
        last = store.snapshot(T0 + hour * HOUR, scope="later", **DAYS)
        assert all(s.level == 0 for s in last.standing)
        assert told
        for chain in told:
            kinds = [m.kind for m in store.chain_messages(chain)]
            assert (kinds[0], kinds[-1], kinds.count("Cancel")) == ("Alert", "Cancel", 1)
        assert store.verify() == ()


def _news(chance: np.random.Generator, hour: float) -> list[Assessment]:
    out = []
    for threat in YIELDS:
        roll = chance.random()
        if roll < 0.15:
            out.append(ended(threat, hour))
        elif roll < 0.3:
            out.append(found(threat, hour, None, State.NO_DATA))
        else:
            out.append(found(threat, hour, int(chance.integers(0, 4))))
    return out


def _still_told(store: Store, hour: float, verdict: Verdict) -> None:
    """After every run, every level is in somebody's hands or in the people's ears."""
    at = T0 + hour * HOUR
    chains: Mapping[tuple[str, str], object] = {}
    chains = {(c.threat, c.event): c for c in store.snapshot(at, scope="later", **DAYS).chains}
    for one in verdict.decisions:
        if not one.after:
            continue
        chain = chains.get((one.threat, one.event))
        own = chain and (chain.pending or in_force(chain.issued, at))
        if one.yields_to is None:
            assert own
            continue
        greater = chains[one.yields_to.threat, one.yields_to.event]
        spoken = [greater.pending, greater.issued if in_force(greater.issued, at) else None]
        assert any(s and s.speaks_for(one.threat, one.event) >= one.after for s in spoken)


# --- why was I not told? --------------------------------------------------------------------------


def test_explain_says_whose_notice_speaks_for_a_silent_hazard(tmp_path):
    file = tmp_path / "store.db"
    with Store.open(file) as store:
        desk = Desk(store)
        desk.run(1, [found(WIND, 1, 3), found(RAIN, 1, 1)])
    country = contexts()[WIND].country
    for language, said in (("en", "No notice of its own speaks of rain"), ("vi", "Không có tin")):
        lines = explain_place(file, "N", T0 + 2 * HOUR, country, language)
        first, second = (line.text for line in lines if line.stage == "decision")
        assert said not in first
        assert said in second
        assert "wind" in second
        assert "3" in second
        assert {"en": "Article 4(4)", "vi": "khoản 4 Điều 4"}[language] in first
    with Store.open(file) as store:
        silent = next(d for d in store.decisions() if d.yields_to is not None)
    (line,) = [x for x in explain([file], silent.id, country, "en") if x.stage == "decision"]
    assert "No notice of its own" in line.text
    assert "Combined level at" in line.text
