"""A threat told by readings: from gauges to the law's answer for every area."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from app.toy import TOY
from haidang.app import said_readings
from haidang.app.ask_readings import ask_all
from haidang.app.assess import assess
from haidang.app.context import Context, build_context
from haidang.app.decide import Wish, decide
from haidang.app.judge_readings import deciding, grounds_of
from haidang.app.reading_words import beside
from haidang.app.snapshot import Snapshot
from haidang.data.observations import Observation, Observations
from haidang.data.tracks import Tracks
from haidang.law.interval import Interval
from haidang.law.levels import Names
from haidang.law.table import Input
from haidang.pack.load import load_country, roots
from haidang.risk.readings import Case
from haidang.warn.decide import Reason
from haidang.watch.signal import State

T0 = datetime(2030, 6, 1, 12, tzinfo=UTC)
DAY = date(2030, 6, 1)
HOUR = timedelta(hours=1)


@cache
def context() -> Context:
    known = roots([TOY])
    country = load_country(known.country("xt"), known.threats)
    return build_context(country, country.packs["flood"], DAY, DAY)


def seen(*rows: tuple[str, float, float | None], now: float = 0, standing=()) -> Snapshot:
    """Readings as (gauge, hour, value), each said at its hour, or now where that is later."""
    at = T0 + now * HOUR
    told = [
        Observation(
            series="flood/stage",
            place=gauge,
            start=T0 + hour * HOUR,
            value=value,
            unit="m",
            flag="",
            published=min(T0 + hour * HOUR, at),
            received=at,
            receipt=n,
            source="test",
        )
        for n, (gauge, hour, value) in enumerate(rows, 1)
    ]
    return Snapshot(
        at, len(told), Tracks(()), tuple(standing), (), DAY, DAY,
        observations=Observations(tuple(told)),
    )  # fmt: skip


def found(*rows, **others):
    return {a.place: a for a in assess(context(), seen(*rows, **others))}


def test_the_highest_answer_of_an_area_counts_and_says_of_which_gauge():
    north = found(("alba", 0, 3.2), ("borgo", 0, 1.0))["N"]
    assert (north.grounds.level, north.grounds.clause) == (2, "2(2)(a)")
    assert north.grounds.status == "defined"
    assert north.state is State.RAISED
    assert north.signals[0].subject == "alba"
    assert "at=alba; stage=3.2" in north.grounds.inputs
    assert "alarm=from_2" in north.grounds.inputs


def test_two_basins_are_several_and_two_gauges_of_one_are_not():
    both = found(("alba", 0, 3.2), ("borgo", 0, 3.0))["N"]
    assert (both.grounds.level, both.grounds.clause) == (3, "2(3)(b)")
    apart = found(("alba", 0, 3.2), ("casa", 0, 3.0))
    assert [apart[p].grounds.level for p in "NS"] == [2, 2]  # one basin in each area


def test_several_over_the_country_crosses_borders():
    whole = context()
    binding = whole.pack.binding
    ask = binding.law.asks[0]
    wide = ask.model_copy(update={"several": ask.several.model_copy(update={"over": "country"})})
    law = binding.law.model_copy(update={"asks": (wide,)})
    pack = replace(whole.pack, binding=binding.model_copy(update={"law": law}))
    levels = [
        a.grounds.level
        for a in assess(replace(whole, pack=pack), seen(("alba", 0, 3.2), ("casa", 0, 3.0)))
    ]
    assert levels == [3, 3]


def test_what_the_act_leaves_open_for_a_part_makes_the_rest_at_least():
    # From alarm 1 in several basins: 2 on the plain, nothing is said of hills; one basin gives 1.
    north = found(("alba", 0, 2.1), ("borgo", 0, 2.2))["N"]
    assert north.grounds.level == 2
    assert north.grounds.status == "defined"


def test_nobody_heard_is_no_data_and_never_quiet():
    north = found(("casa", 0, 1.0))["N"]
    assert north.state is State.NO_DATA
    assert north.grounds.level is None
    assert north.grounds.status == "no data"


def test_a_gauge_without_alarm_levels_says_nothing_and_does_not_hide_the_others():
    south = found(("dorf", 0, 30.0), ("casa", 0, 1.0))["S"]
    assert south.grounds.level == 0
    assert south.state is State.QUIET
    alone = found(("dorf", 0, 30.0))["S"]
    assert alone.state is State.NO_DATA


def test_a_gauge_whose_alarm_levels_are_half_known_does_not_pass_for_quiet():
    whole = context()
    alba, borgo = (s for s in whole.stations["N"])
    half = replace(alba, alarms=(2.0, None, None))
    there = replace(whole, stations={**whole.stations, "N": (half, borgo)})
    # 2.5 m has passed alarm 1 and perhaps 2: nobody knows, and Borgo's calm does not settle it.
    north = next(a for a in assess(there, seen(("alba", 0, 2.5), ("borgo", 0, 1.0))))
    assert north.place == "N"
    assert north.grounds.level is None
    assert north.grounds.status == "no data"
    assert north.state is State.NO_DATA
    raised = next(a for a in assess(there, seen(("alba", 0, 2.5), ("borgo", 0, 3.2))))
    assert (raised.grounds.level, raised.grounds.status) == (2, "no data")  # at least
    assert raised.state is State.RAISED


def test_a_notice_on_silence_tells_the_last_word_that_came_in():
    silent = found(("alba", -13, 4.5), ("borgo", -14, 1.0))["N"]
    assert silent.state is State.NO_DATA
    told = said_readings.facts(context(), silent, "en")
    assert told["reading"] == "4.5 m"
    assert told["where"] == "Alba (Alb river)"
    assert told["how_known"] == "the last reading that came in; 0.5 m above alarm 3"
    assert not said_readings.observed(silent)
    nobody = found(("casa", 0, 1.0))["N"]
    assert said_readings.facts(context(), nobody, "en")["reading"] == "not known"


def test_what_might_be_higher_is_told_before_what_is_below():
    below = _unknown({"alarm": "below_1", "basins": "one"}, ground="plain")
    open_ = _unknown({"alarm": "from_1", "basins": "several"}, ground=None)
    assert open_.open
    for order in ((below, open_), (open_, below)):
        assert deciding(order) is not None
        assert deciding(order).open


def test_an_answer_of_which_two_things_are_not_known_is_not_settled_by_another_that_is_below():
    below = _unknown({"alarm": "below_1", "basins": "one"}, ground="plain")
    blank = _unknown({"alarm": None, "basins": None}, ground="plain")
    assert (blank.status, blank.open) == ("no data", False)
    answers = (below, blank)
    grounds = grounds_of(context(), deciding(answers), (below.case, blank.case), answers)
    assert (grounds.level, grounds.status) == (None, "no data")
    alone = grounds_of(context(), below, (below.case,), (below,))
    assert (alone.level, alone.status) == (0, "below")


def test_a_gauge_that_fell_silent_leaves_at_least():
    rows = (("alba", -13, 4.5), ("borgo", 0, 2.5))
    north = found(*rows)["N"]
    assert (north.grounds.level, north.grounds.status) == (1, "no data")
    assert north.grounds.note.split("|")[0] == "silent:alba"
    quiet = found(("alba", -13, 4.5), ("borgo", 0, 1.0))["N"]
    assert quiet.grounds.level is None
    assert quiet.state is State.NO_DATA


def test_a_reading_that_cannot_be_keeps_nobody_else_from_an_answer():
    whole = context()
    table = whole.tables["2"]
    above = Input("above_3", "real", Names({"en": "above alarm 3"}), domain=Interval(-20, 20))
    odd = replace(
        whole,
        tables={**whole.tables, "2": replace(table, inputs=(*table.inputs, above))},
        pack=replace(whole.pack, binding=_asking(whole.pack.binding, above_3="above_3")),
    )
    # Centimetres for metres: 45 m are 41 above alarm 3.
    told = {a.place: a for a in assess(odd, seen(("alba", 0, 45.0), ("casa", 0, 3.2)))}
    assert (told["S"].grounds.level, told["S"].grounds.status) == (2, "defined")
    north = told["N"]
    assert (north.grounds.level, north.grounds.status) == (None, "no data")
    assert north.state is State.NO_DATA
    assert "outside:alba" in north.grounds.note.split("|")
    said = {k: " ".join(beside(north.grounds, odd.stations["N"], "N", k)) for k in ("en", "vi")}
    assert said["en"].startswith("A reading of Alba")
    assert "không thể có thật" in said["vi"]
    # Another gauge of the area still speaks, and the odd one leaves it at least.
    both = assess(odd, seen(("alba", 0, 45.0), ("borgo", 0, 3.2)))
    north = next(a for a in both if a.place == "N")
    assert (north.grounds.level, north.grounds.status) == (2, "no data")
    assert "outside:alba" in north.grounds.note.split("|")


def _asking(binding, **more):
    (ask,) = binding.readings_law.asks
    wider = ask.model_copy(update={"inputs": {**ask.inputs, **more}})
    law = binding.readings_law.model_copy(update={"asks": (wider,)})
    return binding.model_copy(update={"law": law})


def _unknown(wanted: dict[str, str], **quantities):
    """Answers of Act 9 where the ground of an area is not known."""
    whole = context()
    inputs = {"alarm": "alarm", "ground": "ground", "basins": "basins"}
    ask = whole.pack.binding.law.asks[0].model_copy(update={"inputs": inputs, "several": None})
    law = whole.pack.binding.law.model_copy(update={"asks": (ask,)})
    pack = replace(whole.pack, binding=whole.pack.binding.model_copy(update={"law": law}))
    case = Case("x", {**wanted, **quantities}, "stage", None)
    (answer,) = ask_all(replace(whole, pack=pack), [(case,), ()])[0]
    return answer


@pytest.mark.parametrize(
    ("wanted", "level", "status", "more"),
    [
        ({"alarm": "from_3", "basins": "one"}, 3, "defined", False),  # whatever the ground
        ({"alarm": "below_1", "basins": "one"}, 0, "below", False),
        # Several from alarm 1: level 2 on the plain, and the act is silent of hills.
        ({"alarm": "from_1", "basins": "several"}, None, "no data", True),
    ],
)
def test_a_category_that_nobody_knows_is_asked_for_every_value(wanted, level, status, more):
    answer = _unknown(wanted, ground=None)
    assert (answer.level, answer.status, answer.open) == (level, status, more)


def test_the_least_of_all_possible_answers_is_certain():
    answer = _unknown({"alarm": "from_2", "ground": "plain"}, basins=None)  # 2 of one, 3 of several
    assert (answer.level, answer.status, answer.open) == (2, "no data", True)
    two = _unknown({"alarm": "from_2"}, basins=None, ground=None)
    assert (two.level, two.status) == (None, "no data")


def _decide(snapshot: Snapshot):
    wish = Wish(status="Exercise", scope="test")
    return decide({"flood": context()}, assess(context(), snapshot), snapshot, wish)


def test_silence_of_one_gauge_holds_a_level_that_it_gave():
    first = _decide(seen(("alba", 0, 4.5), ("borgo", 0, 1.0)))
    assert {s.place: s.level for s in first.standing}["N"] == 3
    rows = (("alba", 0, 4.5), ("borgo", 0, 1.0), ("borgo", 13, 2.2), ("borgo", 20, 2.2))
    later = _decide(seen(*rows, now=20, standing=first.standing))
    north = next(d for d in later.decisions if d.place == "N")
    assert (north.after, north.reason) == (3, Reason.NOT_DEFINED)


def test_a_forecast_has_an_onset_and_is_likely_and_a_measured_stage_is_observed():
    coming = _decide(seen(("alba", 0, 1.5), ("alba", 10, 3.4)))
    draft = next(d for d in coming.drafts if d.place == "N")
    assert draft.onset == T0 + 10 * HOUR
    assert (draft.certainty, draft.urgency) == ("Likely", "Expected")
    assert "forecast" in draft.texts[0].description
    assert draft.texts[0].headline.endswith("(Forecast, not measured.)")
    there = _decide(seen(("alba", 0, 3.4)))
    draft = next(d for d in there.drafts if d.place == "N")
    assert draft.onset is None
    assert (draft.certainty, draft.urgency) == ("Observed", "Immediate")
    assert (
        "Stage at Alba (Alb river): 3.4 m, measured; 0.4 m above alarm 2, 10:00 on 01/06/2030."
        in (draft.texts[0].description)
    )


def test_a_reading_that_passes_a_step_of_news_is_told_again():
    first = _decide(seen(("alba", 0, 4.1)))
    draft = next(d for d in first.drafts if d.place == "N")
    assert draft.said.force == 8  # 4.1 m in steps of half a metre


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_readings_does_not_matter(order):
    rows = [("alba", 0, 3.2), ("borgo", 0, 3.0), ("casa", 0, 2.5)]
    found_ = {a.place: a.grounds for a in assess(context(), seen(*rows[::order]))}
    assert found_["N"].clause == "2(3)(b)"
    assert found_["S"].clause == "2(1)"


def test_a_revision_counts_only_once_it_is_known():
    snapshot = seen(("alba", 0, 4.5), ("alba", 0, 1.0))
    then = replace(snapshot, receipt=1)
    assert [a.grounds.level for a in assess(context(), then) if a.place == "N"] == [3]
    assert [a.grounds.level for a in assess(context(), snapshot) if a.place == "N"] == [0]


def test_people_of_an_area_are_told_as_who_lives_there():
    north = found(("alba", 0, 3.2))["N"]
    people = next(i for i in north.impacts if i.measure == "people.area")
    assert people.value is not None
    assert people.value.central == 700_001
    stage = next(i for i in north.impacts if i.measure == "stage.value")
    assert (stage.value.central, stage.unit) == (3.2, "m")
