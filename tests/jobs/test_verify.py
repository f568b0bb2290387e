"""A replay beside what was announced and what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from haidang.base.errors import BadData
from haidang.base.wind import beaufort
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.edge.store import Store
from haidang.jobs.verify import (
    FORCES,
    LEADS_H,
    announced,
    newest,
    outlooks,
    truth_forces,
    verify,
    with_risk,
    within,
)

LANDFALL = datetime(2024, 9, 7, 6, tzinfo=UTC)
"""Of the typhoon's centre on the coast by the best track: 21.0 N, 107.0 E at 06 UTC."""


@pytest.fixture(scope="module")
def by_issue(yagi):
    with Store.open(yagi.database, check=False) as store:
        return outlooks(store.assessments())


@pytest.fixture(scope="module")
def truth(yagi):
    return truth_forces(yagi.case, yagi.context)


@pytest.fixture(scope="module")
def counted(yagi, by_issue):
    return verify(yagi.case, yagi.context, by_issue)


def test_outlooks_are_of_the_run_on_the_bulletin(yagi, by_issue, yagi_tables):
    issues = [s.issued for s in yagi.steps if s.issued]
    assert list(by_issue) == issues
    levels = yagi_tables.levels.sort_values("at")
    # The look at the clock after the last bulletin is another run on it and must not count.
    assert len(levels[levels["bulletin"] == issues[-1]]) == 2 * len(yagi.context.named)
    first = levels.drop_duplicates(["bulletin", "place"])
    for row in first.itertuples():
        level, force = by_issue[row.bulletin][row.place]
        assert level == row.assessed_level
        assert force == (-1 if np.isnan(row.wind_central) else beaufort(row.wind_central))


def test_newest_is_never_from_the_future(by_issue):
    issues = list(by_issue)
    assert newest(by_issue, issues[0] - timedelta(seconds=1)) == {}
    assert newest(by_issue, issues[3]) == by_issue[issues[3]]
    assert newest(by_issue, issues[3] + timedelta(minutes=1)) == by_issue[issues[3]]
    assert newest(by_issue, issues[-1] + timedelta(days=9)) == by_issue[issues[-1]]


def test_a_shorter_window_never_gives_more(yagi, by_issue):
    at = yagi.steps[3].issued
    short, long = within(yagi, at, 6), within(yagi, at, 72)
    assert long == by_issue[at]
    assert set(short) == set(long)
    assert all(short[p][1] <= long[p][1] for p in long)
    assert any(short[p][1] < long[p][1] for p in long)
    assert within(yagi, yagi.steps[0].issued - timedelta(seconds=1), 24) == {}


def test_every_announcement_stands_beside_ours(yagi, by_issue):
    compared = announced(yagi, by_issue)
    assert len(compared) == 8
    land = next(c for c in compared if c.domain == "land")
    assert (land.announced, land.ours_horizon, land.places) == (4, 4, ("22", "31"))
    assert land.valid_until is None
    assert land.ours_window is None
    for row in compared:
        assert row.issued.tzinfo is not None
        if row.valid_until is not None:
            assert row.ours_window is not None
            assert row.ours_window <= row.ours_horizon


def test_the_truth_is_the_track_s_own(yagi, truth):
    forces, landfall = truth
    assert set(forces) == set(yagi.context.named)
    assert abs(landfall - LANDFALL) <= timedelta(hours=2)
    # The two coasts between which the centre came ashore had hurricane force, the far south none.
    assert forces["22"] >= 12
    assert forces["31"] >= 12
    assert forces["96"] < 6
    track = [f for f in read_bulletins(yagi.case.truth(), "x").fixes if f.kind == "analysis"]
    strongest = int(beaufort(max(f.wind for f in track)))
    assert max(forces.values()) <= strongest


def test_every_area_is_counted_once(yagi, counted):
    land = [k for k in yagi.context.areas.kinds if k == "province"]
    assert {(c.lead_h, c.force) for c in counted} == {(h, f) for h in LEADS_H for f in FORCES}
    for c in counted:
        assert c.hits + c.misses + c.false_alarms + c.correct_negatives == len(land)
    # What happened does not depend on when it was forecast.
    for force in FORCES:
        assert len({c.hits + c.misses for c in counted if c.force == force}) == 1
    hit = [c.hits + c.misses for c in counted if c.lead_h == 6]
    assert hit == sorted(hit, reverse=True)
    assert hit[-1] >= 2


def test_without_a_track_there_is_nothing_to_verify(toy):
    with Store.open(toy.database, check=False) as store:
        by_issue = outlooks(store.assessments())
    assert len(by_issue) == len(toy.steps)
    assert announced(toy, by_issue) == ()
    assert verify(toy.case, toy.context, by_issue) == ()
    with pytest.raises(BadData):
        truth_forces(toy.case, toy.context)


def test_a_storm_that_never_comes_ashore_is_not_verified(yagi, by_issue, tmp_path):
    header, *rows = yagi.case.truth().read_text("utf-8").splitlines()
    (tmp_path / "best_track.csv").write_text("\n".join([header, *rows[:20]]), "utf-8")
    at_sea = replace(yagi.case, folder=tmp_path)
    assert truth_forces(at_sea, yagi.context)[1] is None
    assert verify(at_sea, yagi.context, by_issue) == ()


@pytest.mark.parametrize("quantile", [1.5, -3, 1.0, 0.9, float("nan")])
def test_a_quantile_that_the_pack_would_refuse_is_refused(toy, quantile):
    with pytest.raises(BadData) as error:
        with_risk(toy.context, quantile=quantile)
    (problem,) = error.value.problems
    assert (problem.code, problem.field) == ("cli.bad_quantile", "quantile")
    assert str(quantile) in problem.say("vi")


def test_another_number_that_does_not_fit_is_refused_too(toy):
    with pytest.raises(BadData) as error:
        with_risk(toy.context, members="many")
    assert error.value.problems[0].field == "members"


def test_a_quantile_that_fits_is_taken(toy):
    assert with_risk(toy.context, quantile=0.7).pack.threat.risk.quantile == 0.7
