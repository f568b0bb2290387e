"""The whole set decides: in any order the same, never down on silence, and always an all-clear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.toy import DAYS, HOUR, PLACES, T0, THREAT, TOY, context, judged, over, snapshot
from haidang.app.decide import Wish, decide
from haidang.app.issue import issue
from haidang.app.verdict import Draft, Message, Verdict
from haidang.app.wording import needs_approval, wakes
from haidang.edge.store import Store
from haidang.pack.load import load_binding, roots
from haidang.risk.assessment import Assessment, When
from haidang.warn.cap import parse
from haidang.warn.decide import Reason, Standing
from haidang.warn.lifecycle import Occasion
from haidang.watch.signal import State
from haidang.words import word

WISH = Wish("Exercise", "toy")
ANNA, BERT = "aaaaaaaa", "bbbbbbbb"
EVENTS = ("3001-toto", "3002-tata")
CONTEXTS = {THREAT: context()}

STATES = st.sampled_from([State.RAISED] * 4 + [State.QUIET, State.NO_DATA])


def assessments(hour: float, place: str, event: str) -> st.SearchStrategy[Assessment]:
    def make(state: State, level: int | None, force: int, onset: float | None) -> Assessment:
        if state is State.QUIET:
            return over(hour, place=place, event=event)
        return judged(hour, level, state, place=place, event=event, force=force, onset_h=onset)

    return st.builds(
        make,
        STATES,
        st.sampled_from([0, 0, 1, 1, 2, 2, 3, 3, None]),
        st.integers(6, 17),
        st.sampled_from([None, -1.0, 3.0, 12.0, 30.0]),
    )


# --- order --------------------------------------------------------------------------------------

WHOLE_SET = st.tuples(*(assessments(1, p, e) for p in PLACES for e in EVENTS))
STOOD = st.lists(st.integers(0, 3), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(found=WHOLE_SET, stood=STOOD, data=st.data())
def test_the_order_of_the_assessments_does_not_matter(found, stood, data):
    standing = tuple(
        Standing(THREAT, a.event, a.place, level, T0, T0)
        for a, level in zip(found, stood, strict=True)
    )
    known = snapshot([], 1, 0, standing=standing)
    turned = replace(known, standing=data.draw(st.permutations(standing)))
    verdict = decide(CONTEXTS, found, known, WISH)
    again = decide(CONTEXTS, data.draw(st.permutations(found)), turned, WISH)
    assert repr(again) == repr(verdict)
    assert len(verdict.decisions) == 6
    # Both events of a place see the same combined level: the higher of their own levels.
    for place in PLACES:
        here = [d for d in verdict.decisions if d.place == place]
        assert {d.combined for d in here} == {max(d.after for d in here)}


# --- silence ------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    level=st.integers(0, 3),
    hours=st.lists(st.floats(0.1, 40), min_size=1, max_size=6),
    quieter=st.booleans(),
)
def test_silence_never_lowers_a_level(level, hours, quieter):
    standing = Standing(THREAT, EVENTS[0], "N", level, T0, T0, T0 if quieter and level else None)
    now = 0.0
    for hour in hours:
        now += hour
        known = snapshot([], now, 0, standing=(standing,))
        verdict = decide(CONTEXTS, [judged(now, None, State.NO_DATA)], known, WISH)
        (standing,) = verdict.standing
        assert standing.level == level
        (decision,) = verdict.decisions
        assert decision.reason in {Reason.BLIND, Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED}
        assert all(d.said.level == level for d in verdict.drafts)
        # Nor do the hours of silence count as quiet ones: the first word after them only holds.
        if level:
            heard = replace(known, standing=(standing,))
            (after,) = decide(CONTEXTS, [judged(now, level - 1)], heard, WISH).standing
            assert after.level == level


# --- the store, with people ---------------------------------------------------------------------


class Desk:
    """A store in memory and two people who do as they are told."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.add_actor("officer", actor_id=ANNA)
        store.add_actor("head", actor_id=BERT)

    def run(self, hour: float, found: Sequence[Assessment]) -> Verdict:
        known = self.store.snapshot(T0 + hour * HOUR, scope="toy", **DAYS)
        verdict = decide(CONTEXTS, found, known, WISH)
        assert self.store.commit(verdict)
        return verdict

    def approve(self, draft: Draft) -> Message:
        def build(approved: Draft, earlier: tuple[Message, ...]) -> Message:
            return issue(CONTEXTS[THREAT], approved, draft.at, earlier)

        self.store.sign(draft.id, ANNA, "officer", draft.at)
        return self.store.approve(draft.id, BERT, "head", draft.at, build, ["file"])

    def refuse(self, draft: Draft) -> None:
        self.store.refuse(draft.id, BERT, "head", draft.at, "not now")

    def ignore(self, draft: Draft) -> None:
        """Nobody looks."""


@pytest.fixture
def desk():
    with Store.open(":memory:") as store:
        yield Desk(store)


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failure of a whole duty is shown as it was found: making it smaller takes minutes."""

DEEDS: dict[str, Callable[[Desk, Draft], object]] = {
    "approve": Desk.approve,
    "refuse": Desk.refuse,
    "ignore": Desk.ignore,
}


@settings(max_examples=25, deadline=None, phases=NO_SHRINKING)
@given(data=st.data())
def test_what_was_warned_of_is_ended_by_a_cancel(data):
    """Whatever happens and whoever sleeps: when all is over, no notice is left open."""
    with Store.open(":memory:") as store:
        desk = Desk(store)
        hour = 0.0
        for _ in range(data.draw(st.integers(1, 7))):
            hour += data.draw(st.sampled_from([1.0, 4.0, 7.0, 25.0]))
            desk.run(hour, data.draw(st.tuples(*(assessments(hour, "N", e) for e in EVENTS))))
            for draft in store.pending():
                DEEDS[data.draw(st.sampled_from(["approve", "approve", "refuse", "ignore"]))](
                    desk, draft
                )
        for _ in range(2):
            hour += 1
            desk.run(hour, [over(hour, event=e) for e in EVENTS])
            for draft in store.pending():
                desk.approve(draft)
        last = store.snapshot(T0 + hour * HOUR, scope="later", **DAYS)
        assert all(s.level == 0 for s in last.standing)
        assert all(c.pending is None for c in last.chains)
        for chain in last.chains:
            kinds = [m.kind for m in store.chain_messages(chain.id)]
            if not kinds:
                continue  # nobody was ever told, so there is nothing to end
            assert kinds[-1] == "Cancel"
            assert kinds.count("Cancel") == 1
            assert kinds[0] == "Alert"
            assert set(kinds[1:-1]) <= {"Update"}
        assert store.verify() == ()


@settings(max_examples=25, deadline=None, phases=NO_SHRINKING)
@given(data=st.data())
def test_the_same_news_again_makes_no_second_draft(data):
    with Store.open(":memory:") as store:
        desk = Desk(store)
        first = data.draw(assessments(1, "N", EVENTS[0]))
        drafted = desk.run(1, [first]).drafts
        if drafted and data.draw(st.booleans()):
            desk.approve(drafted[0])
        # A minute later nothing has changed but the clock.
        at = first.at + HOUR / 60
        again = replace(first, id=first.id[:-1] + "x", at=at)
        verdict = desk.run(1 + 1 / 60, [again])
        assert (verdict.drafts, verdict.withdrawals, dict(verdict.superseded)) == ((), (), {})
        assert len(store.drafts()) == len(drafted)


def test_a_draft_is_superseded_before_anybody_approved_it(desk):
    (old,) = desk.run(1, [judged(1, 1)]).drafts
    verdict = desk.run(2, [judged(2, 3, force=13)])
    (new,) = verdict.drafts
    assert verdict.superseded == {old.id: new.id}
    assert (old.version, new.version, new.chain) == (1, 2, old.chain)
    # Nothing is out yet, so the second one is still an Alert, and the first may not go out.
    assert (old.kind, new.kind, new.occasion) == ("Alert", "Alert", Occasion.FIRST)
    assert [d.id for d in desk.store.pending()] == [new.id]
    assert desk.approve(new).level == 3


def test_an_overtaken_draft_is_withdrawn(desk):
    (draft,) = desk.run(1, [judged(1, 2)]).drafts
    verdict = desk.run(2, [over(2)])
    assert verdict.drafts == ()
    assert [(w.draft, w.occasion) for w in verdict.withdrawals] == [(draft.id, Occasion.WITHDRAWN)]
    assert desk.store.pending() == ()
    assert desk.store.messages() == ()


def test_an_all_clear_is_withdrawn_when_the_danger_comes_back(desk):
    (draft,) = desk.run(1, [judged(1, 2)]).drafts
    desk.approve(draft)
    (clear,) = desk.run(2, [over(2)]).drafts
    assert clear.kind == "Cancel"
    verdict = desk.run(3, [judged(3, 2, onset_h=10)])
    assert [w.draft for w in verdict.withdrawals] == [clear.id]
    assert verdict.drafts == ()  # what is out is right again
    assert [m.kind for m in desk.store.messages()] == ["Alert"]


def test_after_the_all_clear_a_new_chain_begins(desk):
    (draft,) = desk.run(1, [judged(1, 1)]).drafts
    desk.approve(draft)
    (clear,) = desk.run(2, [over(2)]).drafts
    desk.approve(clear)
    (new,) = desk.run(3, [judged(3, 1)]).drafts
    assert new.chain != draft.chain
    assert (draft.number, new.number, new.kind, new.version) == (1, 2, "Alert", 1)
    assert parse(desk.approve(new).body).references == ()


# --- waking, and the tier -----------------------------------------------------------------------


def _packs():
    known = roots([TOY])
    for folder in known.countries.values():
        for path in sorted(folder.glob("threats/*/binding.yaml")):
            yield load_binding(path.parent, known.threats[path.parent.name])


PACKS = list(_packs())


@pytest.mark.parametrize("pack", PACKS, ids=lambda p: f"{p.country_folder.parents[1].name}-{p.id}")
@pytest.mark.parametrize("severity", ["Minor", "Extreme"])
@pytest.mark.parametrize("urgency", ["Past", "Future", "Expected", "Immediate"])
def test_the_top_level_alwayswakes(pack, severity, urgency):
    top = max(pack.binding.levels)
    asleep = [e.model_copy(update={"wakes": False}) for e in pack.threat.warn.levels]
    warn = pack.threat.warn.model_copy(update={"levels": tuple(asleep)})
    for threat in (pack.threat, pack.threat.model_copy(update={"warn": warn})):
        here = SimpleNamespace(pack=replace(pack, threat=threat))
        for why in Occasion:
            assert wakes(here, top, severity, urgency, why)
            assert not wakes(here, 0, severity, urgency, why)


def test_nobody_is_woken_to_hear_that_it_will_be_less():
    here, below = SimpleNamespace(pack=PACKS[0]), max(PACKS[0].binding.levels) - 1
    milder = {o for o in Occasion if o.value.endswith(("_down", "_less"))} | {
        Occasion.WEAKER,
        Occasion.NARROWED,
    }
    woken = {w for w in Occasion if wakes(here, below, "Extreme", "Immediate", w)}
    assert woken == set(Occasion) - milder


def test_the_top_level_wakes_in_its_draft_too(desk):
    (low,) = desk.run(1, [judged(1, 2, place="S", onset_h=3)]).drafts
    (top,) = desk.run(2, [judged(2, 3, onset_h=30)]).drafts
    assert (low.wakes, top.wakes) == (False, True)  # Moderate; top of the binding, and far ahead


@pytest.mark.parametrize(
    ("onset_h", "leave"), [(12, True), (0.5, True), (0, False), (-3, False), (None, True)]
)
def test_nobody_is_told_to_leave_once_the_wind_has_begun(desk, onset_h, leave):
    """The words, and the machine's word for them, follow the phase of the wind."""
    (draft,) = desk.run(1, [judged(1, 3, onset_h=onset_h)]).drafts
    pack = context().pack
    assert draft.responses == (pack.threat.warn.of(3).responses if leave else ("Shelter",))
    for text in draft.texts:
        spec = pack.messages[text.language][3]
        assert spec.under_way
        wanted = spec.instruction if leave else spec.under_way
        number = word("format.emergency", text.language)
        assert text.instruction == wanted.replace("{emergency}", number)


@pytest.mark.parametrize("onset_h", [12, 0])
def test_an_area_of_the_sea_is_told_what_a_boat_can_do(desk, onset_h):
    (draft,) = desk.run(1, [judged(1, 3, place="sea-toy-east", onset_h=onset_h)]).drafts
    said = {t.language: t.instruction for t in draft.texts}
    assert said["en"] == context().pack.messages["en"][3].at_sea


def test_when_the_wind_begins_people_are_told_at_once(desk):
    """What is out says "leave"; nothing else has changed, and yet it must be said."""
    (out,) = desk.run(1, [judged(1, 3, onset_h=5)]).drafts
    desk.approve(out)
    assert not desk.run(5, [judged(5, 3, onset_h=1)]).drafts
    (now,) = desk.run(6, [judged(6, 3, onset_h=0)]).drafts
    assert (now.occasion, now.responses, now.kind) == (Occasion.BEGUN, ("Shelter",), "Update")
    desk.approve(now)
    assert not desk.run(7, [judged(7, 3, onset_h=-1)]).drafts  # once is enough


def test_the_wind_that_is_over_sends_nobody_out_while_the_level_is_held(desk):
    (out,) = desk.run(1, [judged(1, 3, onset_h=2)]).drafts
    desk.approve(out)
    assert not desk.run(4, [judged(4, 1, force=6, onset_h=None)]).drafts  # quieter: held
    (renewed,) = desk.run(17, [judged(17, 3, State.NO_DATA, onset_h=None)]).drafts
    assert renewed.occasion is Occasion.RENEW
    assert renewed.responses == ("Shelter",)
    assert renewed.certainty == "Possible"  # no data: nobody has observed anything
    assert renewed.urgency != "Immediate"


def test_a_held_notice_says_what_is_recorded_as_said(desk):
    """The level is kept against quieter news; the wind in the words is the one that is known."""
    (out,) = desk.run(1, [judged(1, 3, force=12, onset_h=2)]).drafts
    desk.approve(out)
    hold = context().pack.threat.warn.hold_h
    first = 25 - context().pack.threat.warn.renew_h - hold / 2
    assert not desk.run(first, [judged(first, 1, force=8, onset_h=None)]).drafts
    (renewed,) = desk.run(first + hold - 1, [judged(first + hold - 1, 1, force=8)]).drafts
    assert (renewed.occasion, renewed.said.level) == (Occasion.RENEW, 3)
    assert renewed.said.force == 8
    since = context().local(T0 + first * HOUR)
    for text in renewed.texts:
        assert "12" not in text.headline
        assert f"{since:%H:%M %d/%m}" in text.description.splitlines()[0]


@given(st.integers(0, 20), st.integers(0, 30), st.integers(1, 40))
def test_a_notice_outlives_the_wind_it_warns_of(onset, blows, until):
    """Never gone while the wind that it leads with still blows, as far as is known."""
    began = T0 + onset * HOUR
    end = When(began, began + blows * HOUR, began + (blows + 2) * HOUR)
    found = judged(0, 2, onset_h=onset)
    found = replace(
        found,
        until=T0 + until * HOUR,
        onsets=tuple(replace(o, end=end) for o in found.onsets),
    )
    plain = Wish("Exercise", "toy")
    (draft,) = decide({THREAT: context()}, [found], snapshot((), 0, 1), plain).drafts
    assert end.late is not None
    assert draft.said.expires >= max(T0 + context().pack.threat.warn.valid_h * HOUR, end.late)
    endless = replace(
        found,
        onsets=tuple(replace(o, end=When(None, None, None)) for o in found.onsets),
    )
    (draft,) = decide({THREAT: context()}, [endless], snapshot((), 0, 1), plain).drafts
    assert draft.said.expires >= endless.until


@pytest.mark.parametrize(
    ("tier", "alone", "approval", "needed"),
    [
        ("draft", (), True, True),
        ("exercised", (), True, True),
        ("exercised", (3,), False, True),  # not verified: the file's wish counts for nothing
        ("verified", (), False, True),  # verified, but the level is not named
        ("verified", (3,), True, True),  # named, but the level itself asks for a person
        ("verified", (3,), False, False),
    ],
)
def test_the_tier_has_teeth(tier, alone, approval, needed):
    pack = context().pack
    levels = tuple(e.model_copy(update={"approval": approval}) for e in pack.threat.warn.levels)
    warn = pack.threat.warn.model_copy(update={"levels": levels})
    changed = {"tier": tier, "speaks_alone": alone, "warn": warn}
    threat = pack.threat.model_copy(update=changed)
    assert needs_approval(SimpleNamespace(pack=replace(pack, threat=threat)), 3) is needed
