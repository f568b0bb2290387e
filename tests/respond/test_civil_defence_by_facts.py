"""Civil-defence levels from stated facts: what nobody stated is never taken as yes or as no."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import haidang
from haidang.app.assess import assess
from haidang.app.decide import Wish, decide
from haidang.data.observations import Report
from haidang.edge.store.store import Store
from haidang.jobs.replay import ingest, plan, prepare
from haidang.law.table import Table
from haidang.pack.case import load_case
from haidang.pack.law import read_law
from haidang.pack.load import roots
from haidang.respond.civil_defence import by_facts
from haidang.respond.plan import Suggestion

LAW = Path(haidang.__file__).parent / "countries" / "vn" / "law"


@pytest.fixture(scope="module")
def table() -> Table:
    return read_law(LAW, date(2026, 7, 1)).book.at("17-19", date(2026, 7, 1))


@pytest.mark.parametrize(
    ("capable", "commune", "province", "level", "possible", "reason"),
    [
        (True, None, None, 0, 0, "cd_by_facts"),  # equal to it: the rest need not be known
        (False, True, None, 1, 1, "cd_by_facts"),
        (False, False, True, 2, 2, "cd_by_facts"),
        (False, False, False, 3, 3, "cd_by_facts"),
        (False, False, None, None, 3, "cd_facts_unknown"),
        (False, None, None, None, 3, "cd_facts_unknown"),
        (None, True, None, None, 1, "cd_facts_unknown"),
        (None, None, None, None, 3, "cd_facts_unknown"),
    ],
)
def test_the_level_stands_only_where_no_unknown_could_change_it(
    table: Table,
    capable: bool | None,
    commune: bool | None,
    province: bool | None,
    level: int | None,
    possible: int,
    reason: str,
) -> None:
    known = {
        "epidemic": True, "capable": capable, "commune_copes": commune, "province_copes": province,
    }  # fmt: skip
    found = by_facts("83", table, known, {})
    assert (found.level, found.possible, found.reason) == (level, possible, reason)


def test_a_stated_fact_reaches_the_plan(tmp_path: Path) -> None:
    """Bến Tre in February 1998: an epidemic; then it is stated that the forces do not suffice."""
    known = roots()
    case = load_case("dengue-1998", known)
    case = type(case)(
        case.spec.model_copy(update={"places": ("83",)}), case.country, case.folder, case.bulletins
    )
    context = prepare(case, known)
    steps = [s for s in plan(case, context)[0] if s.now < datetime(1998, 2, 25, tzinfo=UTC)]
    with Store.open(tmp_path / "s.db") as store:
        for step in steps:
            ingest(store, case, step)

        def suggested(at: datetime) -> Suggestion:
            snapshot = store.snapshot(
                at, law_day=case.spec.law_on, places_day=case.spec.places_on,
                series=context.pack.series,
            )  # fmt: skip
            verdict = decide(
                {context.pack.id: context}, assess(context, snapshot), snapshot,
                Wish("Exercise", "t"),
            )  # fmt: skip
            assert verdict.plan is not None
            (found,) = verdict.plan.suggestions
            return found

        at = datetime(1998, 2, 21, 12, tzinfo=UTC)
        assert (suggested(at).level, suggested(at).reason) == (None, "cd_facts_unknown")
        for name, value in (("forces_resourced", 0), ("commune_copes", 1)):
            stated = Report(f"dengue/fact.{name}", "83", at, value, "1")
            store.add_observations(name, [stated], "duty desk", at, at)
        later = datetime(1998, 2, 22, tzinfo=UTC)
        found = suggested(later)
        assert (found.level, found.reason, found.declares) == (1, "cd_by_facts", "commune_chair")
        # What was stated later was not known before.
        assert suggested(datetime(1998, 2, 21, 11, tzinfo=UTC)).level is None
