"""A case whose inventory stands ready before the first run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from haidang.base.errors import BadData
from haidang.edge.feeds.stock import INVENTORY
from haidang.edge.store import Store
from haidang.jobs import replay
from haidang.jobs.explain import explain
from haidang.jobs.replay import DATABASE, play, scope_of
from haidang.jobs.tables_response import (
    CALLS,
    GRANTS,
    NAMES,
    NEEDS,
    SHORT,
    SUGGESTIONS,
    TASKS,
    UNMET,
    response_tables,
    write_response,
)
from haidang.pack.case import Case, load_case
from haidang.pack.load import Roots, roots

TOY = Path(__file__).parents[1] / "toy"
HEAD = "id,kind,place,echelon,quantity,reserve,demo"
ROWS = ("b1,rescue_boat,N,province,9,1,true", "t1,rescue_team,S,commune,3,0,true")


@pytest.fixture
def ready(tmp_path: Path) -> tuple[Roots, Case]:
    """The toy country with an inventory, and its case that names it."""
    base = tmp_path / "packs"
    copytree(TOY, base)
    folder = base / "countries" / "xt" / "stock"
    folder.mkdir(exist_ok=True)
    (folder / "counted.csv").write_text("\n".join((HEAD, *ROWS)), "utf-8")
    where = roots([base])
    case = load_case("toy-2030", where)
    return where, replace(case, spec=case.spec.model_copy(update={"stock": "counted"}))


def test_the_inventory_comes_in_once_before_the_first_run(ready, tmp_path, monkeypatch):
    where, case = ready
    steps, _ = replay.plan(case)
    ran: list[object] = []
    real = replay.run

    def killed(store, case, context, now):
        if len(ran) == 2:
            raise KeyboardInterrupt
        ran.append(now)
        real(store, case, context, now)

    with monkeypatch.context() as patch:
        patch.setattr(replay, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            play(case, where, tmp_path / "out")
    played = play(case, where, tmp_path / "out")  # goes on
    again = play(case, where, tmp_path / "out")  # changes nothing
    straight = play(case, where, tmp_path / "other")
    assert played.steps == again.steps == straight.steps
    heads = []
    for folder in ("out", "other"):
        with Store.open(tmp_path / folder / DATABASE) as store:
            heads.append(store.head())
            assert store.verify() == ()
            assert len(store.deliveries(f"{scope_of(case)}/stock/")) == 1
            assert store.stock_delivery(INVENTORY)[0] == f"{scope_of(case)}/stock/counted"
            units, receipt = store.stock(steps[0].now)
            assert [u.id for u in units] == ["b1", "t1"]
            assert receipt == 1
    assert heads[0] == heads[1]
    _check_tables(played, tmp_path)


def _check_tables(played, folder):
    found = response_tables(played, "en")
    columns = dict(
        zip(NAMES, (TASKS, NEEDS, GRANTS, UNMET, SUGGESTIONS, SHORT, CALLS), strict=True)
    )
    for name, wanted in columns.items():
        assert tuple(getattr(found, name).columns) == wanted
    with Store.open(played.database, check=False) as store:
        plans = store.plans()
    for name in NAMES:
        assert len(getattr(found, name)) == sum(len(getattr(p, name)) for p in plans)
    written = write_response(found, folder / "tables")
    assert {p.name for p in written} == {f"{n}.{s}" for n in NAMES for s in ("csv", "parquet")}


def test_another_inventory_in_a_folder_that_was_begun_is_refused(ready, tmp_path):
    where, case = ready
    file = where.country("xt") / "stock" / "counted.csv"
    with Store.open(tmp_path / "a.db") as store:
        context = replay.prepare(case, where)
        steps, _ = replay.plan(case)
        replay.ingest_stock(store, case, context, steps)
        file.write_text("\n".join((HEAD, ROWS[0])), "utf-8")
        with pytest.raises(BadData) as error:
            replay.ingest_stock(store, case, context, steps)
    assert error.value.problems[0].code == "store.other_content"


def test_an_inventory_that_ships_is_whole(ready, tmp_path):
    where, case = ready
    file = where.country("xt") / "stock" / "counted.csv"
    file.write_text("\n".join((HEAD, ROWS[0], "x,canoe,N,province,1,0,")), "utf-8")
    with pytest.raises(BadData) as error:
        play(case, where, tmp_path / "out")
    assert [p.code for p in error.value.problems] == ["stock.kind"]
    with Store.open(tmp_path / "out" / DATABASE) as store:
        assert store.head()[0] == 0


def test_a_task_and_a_grant_are_told_in_words(ready, tmp_path):
    where, case = ready
    played = play(case, where, tmp_path / "out")
    country = played.context.country
    with Store.open(played.database, check=False) as store:
        plans = store.plans()
    task = next(t for p in plans for t in p.tasks if t.due is not None)
    names = [task.id, plans[0].id, *(g.id for p in plans for g in p.grants[:1])][:3]
    for name in names:
        one, other = (explain([played.database], name, country, lang) for lang in ("en", "vi"))
        assert [line.id for line in one] == [line.id for line in other]
        assert name in {line.id for line in one}
        assert all("{" not in line.text for line in (*one, *other))
    told = [x.text for x in explain([played.database], task.id, country, "en") if x.stage == "task"]
    assert f"Does it: {country.role(task.person, 'en')};" in told[0]
