"""A counted threat through the whole chain: the invented fever of the invented country."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haidang.app.assess import assess
from haidang.app.verdict import Decision
from haidang.edge.store.store import Store
from haidang.jobs.replay import Played, ingest, plan, play, prepare, run
from haidang.pack.case import Case, load_case
from haidang.pack.load import Roots, roots
from haidang.risk.assessment import Assessment
from haidang.watch.signal import State

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(scope="module")
def known() -> Roots:
    return roots([TOY])


@pytest.fixture(scope="module")
def played(known: Roots, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(load_case("fever-2030", known), known, tmp_path_factory.mktemp("fever"))


@pytest.fixture(scope="module")
def kept(played: Played) -> Iterator[Store]:
    with Store.open(played.database) as store:
        yield store


def of(store: Store, place: str) -> dict[str, tuple[Decision, Assessment]]:
    """Decisions of a place by month and day of the run."""
    found = {a.id: a for a in store.assessments()}
    return {
        f"{d.at:%y-%m-%d}": (d, found[d.assessment]) for d in store.decisions() if d.place == place
    }


def test_levels_of_the_season(kept: Store) -> None:
    """N: mean 13, deviation 2.58 without 2027; the gap of the act lies between 2 and 3."""
    seen = {day: (d.after, d.reason.value) for day, (d, _) in of(kept, "N").items()}
    assert seen["30-01-11"] == (1, "unchanged")
    assert seen["30-02-11"] == (1, "holding")
    assert seen["30-05-11"] == (1, "not_defined")  # 19 cases: 2.3 deviations, a person decides
    assert seen["30-06-11"] == (2, "raised")
    assert seen["30-10-11"] == (2, "not_defined")  # 20 cases: nothing falls by default
    assert seen["30-11-11"] == (2, "holding")
    assert seen["30-12-11"] == (0, "ended")


def test_every_answer_says_what_it_was_compared_with(kept: Store) -> None:
    _, found = of(kept, "N")["30-06-11"]
    assert found.grounds.inputs == (
        "cases=24; period=2030-05-01; mean=13.0; sd=2.6; sd_above_mean=4.26; "
        "years=2025+2026+2028+2029; epidemic_years=2027"
    )
    assert (found.grounds.clause, found.grounds.table) == ("5(2)", "act8_art5")
    values = {i.measure: i.value and i.value.central for i in found.impacts}
    assert values["cases.count"] == 24
    assert values["cases.mean_of_past_years"] == 13
    assert values["cases.mean_and_2_sd"] == pytest.approx(18.1639778, rel=1e-7)
    assert values["count.per_week"] == pytest.approx(24 * 7 / 31)


def test_each_month_knew_only_what_was_published_by_then(kept: Store) -> None:
    for _, found in of(kept, "N").values():
        for signal in found.signals:
            assert signal.start + timedelta(days=28) < found.at


def test_a_missing_month_holds_and_is_said(kept: Store) -> None:
    """May of S was reported as missing: the newest month that has a count speaks, and says so."""
    _, found = of(kept, "S")["30-06-11"]
    assert "period=2030-04-01" in found.grounds.inputs
    assert found.signals[-1].state is State.NO_DATA
    assert found.signals[-1].completeness == 0


def test_small_counts_are_not_told_to_the_public(kept: Store) -> None:
    texts = {d.at.month: d.texts[0] for d in kept.drafts() if d.place == "S"}
    assert "Newest count: under 5 cases, Feb 2030." in texts[3].description
    assert "Mean of earlier years: under 5." in texts[3].description
    big = next(d.texts for d in kept.drafts() if d.place == "N" and d.said.level == 2)
    assert "24 cases, May 2030" in big[0].description
    assert "24 cas, mai 2030" in big[1].description
    for message in kept.messages():
        assert b"count: 4 " not in message.body
        assert b"count: 3 " not in message.body


def test_the_notice_is_one_of_health_and_observed(kept: Store) -> None:
    body = next(m.body for m in kept.messages() if m.level == 2).decode()
    assert "<category>Health</category>" in body
    assert "<certainty>Observed</certainty>" in body
    assert "<urgency>Immediate</urgency>" in body


def test_a_doubling_under_the_same_level_is_told(kept: Store) -> None:
    why = [(d.at.month, d.occasion.value) for d in kept.drafts() if d.place == "N"]
    assert (8, "stronger") in why  # 24 in May, 40 in July


def test_playing_it_again_changes_nothing(
    played: Played, known: Roots, kept: Store, tmp_path: Path
) -> None:
    other = play(played.case, known, tmp_path)
    with Store.open(other.database) as store:
        assert store.head() == kept.head()
    play(played.case, known, played.folder)
    with Store.open(played.database) as store:
        assert store.head() == kept.head()


def changed(case: Case, folder: Path, *edits: tuple[str, str]) -> Case:
    text = case.bulletins.read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    file = folder / "counts.csv"
    file.write_text(text, "utf-8")
    return replace(case, bulletins=file)


def test_later_vintages_never_change_earlier_verdicts(
    played: Played, known: Roots, kept: Store, tmp_path: Path
) -> None:
    """What comes in for October and after leaves every decision up to September as it was."""
    case = changed(played.case, tmp_path, ("N,2030-10,13", "N,2030-10,900"))
    other = play(case, known, tmp_path / "out")
    with Store.open(other.database) as store:
        cut = datetime(2030, 11, 1, tzinfo=UTC)
        mine = [d.id for d in kept.decisions() if d.at < cut]
        assert [d.id for d in store.decisions() if d.at < cut] == mine
        assert [d.id for d in store.decisions()] != [d.id for d in kept.decisions()]


def test_a_snapshot_at_an_old_receipt_sees_no_later_row(played: Played, kept: Store) -> None:
    context = played.context
    spec = played.case.spec

    def at(receipt: int | None) -> tuple[Assessment, ...]:
        snapshot = kept.snapshot(
            datetime(2030, 6, 12, tzinfo=UTC), law_day=spec.law_on, places_day=spec.places_on,
            receipt=receipt, series=context.pack.threat.series,
        )  # fmt: skip
        return assess(context, snapshot)

    full, early = at(None), at(2)
    assert full[0].receipt > early[0].receipt == 2
    assert f"{early[0].signals[-1].start:%Y-%m-%d}" == "2029-12-01"
    assert early[0].state is State.NO_DATA  # in June, December is long ago: the feed is silent


def test_scoped_and_whole_are_the_same(played: Played, known: Roots, tmp_path: Path) -> None:
    """A desk that watches one place decides for it as the desk that watches all."""
    spec = played.case.spec.model_copy(update={"places": ("N",)})
    case = replace(played.case, spec=spec)
    context = prepare(case, known)
    steps, _ = plan(case, context)
    with Store.open(tmp_path / "scoped.db") as store:
        for step in steps:
            ingest(store, case, step)
            run(store, case, context, step.now)
        scoped = [(d.at, d.after, d.reason) for d in store.decisions()]
    with Store.open(played.database) as whole:
        assert scoped == [(d.at, d.after, d.reason) for d in whole.decisions() if d.place == "N"]


def test_a_line_list_is_added_up_and_never_stored(
    played: Played, known: Roots, tmp_path: Path
) -> None:
    """Rows of persons end in the feed: the store holds an area, a period and a number."""
    lines = ["place,start,name"] + [f"N,2029-12-{d:02d},Person {d}" for d in range(1, 8)]
    file = tmp_path / "counts.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    case = replace(played.case, bulletins=file)
    steps, _ = plan(case, played.context)
    rows = [r for step in steps for r in step.reports]
    assert [(r.place, r.value) for r in rows if r.place == "N"] == [("N", 7.0)]
    assert all("Person" not in str(r) for r in rows)
