"""Opening: migrations, and every way in which a database can be broken."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, inspect, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from edge.store.killed import first_revision
from edge.store.samples import DAYS, HOUR, T0, deliver, duty, fix
from edge.store.samples_response import planned_run, stock
from haidang.base.errors import BadData, Unavailable
from haidang.edge.store import Store, database
from haidang.edge.store.database import REVISIONS, Database, config
from haidang.edge.store.tables import META, actor, receipt
from postgresql import Server


@pytest.fixture(autouse=True)
def _real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the migrations themselves are run."""
    monkeypatch.setattr(database, "migrate", database.migrate.__wrapped__)


def refusal(path: Path | str) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        Store.open(path, busy_s=0.05)
    for language in ("en", "vi"):
        assert caught.value.say(language)
    return caught.value


def code(path: Path | str) -> str:
    error = refusal(path)
    assert error.problems[0].file == str(path)
    return error.problems[0].code


def test_one_head_and_the_program_knows_it() -> None:
    script = ScriptDirectory.from_config(config())
    assert script.get_heads() == [REVISIONS[-1]]
    assert [r.revision for r in script.walk_revisions()][::-1] == list(REVISIONS)


def test_migrations_give_the_tables_that_the_code_uses(file: Path, tmp_path: Path) -> None:
    Store.open(file).close()
    same_tables(f"sqlite:///{file}", f"sqlite:///{tmp_path / 'made.db'}")


def test_migrations_give_the_same_tables_on_postgresql(postgresql: Server) -> None:
    one, other = postgresql.new(), postgresql.new()
    Store.open(one).close()
    same_tables(*(a.replace("postgresql:", "postgresql+psycopg:") for a in (one, other)))


def same_tables(one_address: str, other_address: str) -> None:
    migrated, made = create_engine(one_address), create_engine(other_address)
    META.create_all(made)
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), META) == []
    left, right = inspect(migrated), inspect(made)
    assert set(left.get_table_names()) == {*META.tables, "alembic_version"}
    for table in META.tables:
        for look in ("get_pk_constraint", "get_foreign_keys", "get_indexes"):
            key = str
            one, other = getattr(left, look)(table), getattr(right, look)(table)
            if isinstance(one, list):
                one, other = sorted(one, key=key), sorted(other, key=key)
            assert one == other, (table, look)
        unique = [
            sorted(i.get_unique_constraints(table), key=lambda u: u["column_names"])
            for i in (left, right)
        ]
        assert unique[0] == unique[1], table
        types = [
            [(c["name"], str(c["type"]), c["nullable"]) for c in i.get_columns(table)]
            for i in (left, right)
        ]
        assert types[0] == types[1], table
    migrated.dispose()
    made.dispose()


def test_a_store_of_the_first_revision_keeps_everything(tmp_path: Path) -> None:
    model, old, made = (tmp_path / name for name in ("model.db", "old.db", "made.db"))
    with Store.open(model) as store:
        duty(store, 4)
        head, drafts, messages = store.head(), store.drafts(), store.messages()
        seen = store.snapshot(T0 + 9 * HOUR, **DAYS)
    first_revision(model, old)
    _upgrade(made, "0001")
    assert _schema(old) == _schema(made)  # so it is what the first revision was
    with pytest.raises(Unavailable) as caught:
        Store.open(old, create=False)
    assert caught.value.problems[0].code == "store.older"
    with Store.open(old) as store:
        assert (store.head(), store.drafts(), store.messages()) == (head, drafts, messages)
        assert store.snapshot(T0 + 9 * HOUR, **DAYS) == seen
        assert (seen.stock, store.plans(), store.task_states()) == ((), (), {})
        assert store.verify() == ()
        stock(store, 7)  # and what is new works in it
        deliver(store, 7)
        assert planned_run(store, 7).plan == store.plans()[0]
        assert store.verify() == ()
    assert _schema(old) == _schema(model)


def _upgrade(file: Path, revision: str) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        command.upgrade(config(connection), revision)
    engine.dispose()


def _schema(file: Path) -> dict[str, str]:
    with sqlite3.connect(file) as raw:
        rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    raw.close()
    return {name: " ".join(sql.split()) for name, sql in rows}


def test_the_tables_compile_for_postgresql_without_sequences() -> None:
    for table in META.sorted_tables:
        text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "SERIAL" not in text


def test_an_open_store_does_not_import_alembic(file: Path) -> None:
    Store.open(file).close()
    program = (
        "import sys; from haidang.edge.store import Store\n"
        f"Store.open({str(file)!r}).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_sqlite_is_set_up_to_survive_a_power_cut(file: Path) -> None:
    database = Database(file)
    with database.reading() as c:
        asked = {
            name: c.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    database.close()
    full = 2
    assert asked == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": full,
        "busy_timeout": 5000,
    }


def test_a_store_in_memory(tmp_path: Path) -> None:
    with Store.open(":memory:") as store:
        assert deliver(store, 0) == 1
        assert store.verify() == ()


def test_no_folder(tmp_path: Path) -> None:
    assert code(tmp_path / "missing" / "store.db") == "store.no_folder"
    assert not (tmp_path / "missing").exists()


def test_a_text_file_is_not_touched(file: Path) -> None:
    file.write_text("Giờ,Tâm bão\n" * 200, "utf-8")
    before = file.read_bytes()
    assert code(file) == "store.not_a_database"
    assert file.read_bytes() == before


def test_truncated(file: Path) -> None:
    with Store.open(file) as store:
        for step in range(200):
            deliver(store, step)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert code(file) == "store.corrupt"


def test_overwritten_in_the_middle(file: Path) -> None:
    with Store.open(file) as store:
        for step in range(200):
            deliver(store, step)
    whole = bytearray(file.read_bytes())
    middle = len(whole) // 8192 * 4096
    whole[middle : middle + 8192] = b"\xff" * 8192
    file.write_bytes(bytes(whole))
    assert code(file) == "store.corrupt"


def test_tables_without_a_version(file: Path) -> None:
    with sqlite3.connect(file) as raw:
        raw.execute("CREATE TABLE receipt (id INTEGER)")
    raw.close()
    assert code(file) == "store.no_version"
    assert "receipt" in refusal(file).say("vi")


def test_half_migrated_with_an_empty_version_table(file: Path) -> None:
    Store.open(file).close()
    with sqlite3.connect(file) as raw:
        raw.execute("DELETE FROM alembic_version")
    raw.close()
    assert code(file) == "store.no_version"


def test_newer_than_the_program(file: Path) -> None:
    Store.open(file).close()
    with sqlite3.connect(file) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    assert code(file) == "store.newer"
    assert "9999" in refusal(file).say("en")


def test_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.geteuid() == 0:  # nothing is closed to root: say what another account would be told
        monkeypatch.setattr("haidang.edge.store.database.os.access", lambda *_: False)
    assert code(folder / "store.db") == "store.read_only"
    assert list(folder.iterdir()) == []


def test_a_place_where_no_file_can_be_made() -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("no /proc on this machine")
    assert code("/proc/self/store.db") in {"store.cannot_open", "store.read_only"}


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert code(tmp_path) == "store.cannot_open"


def test_locked(file: Path) -> None:
    with Store.open(file, busy_s=0.05) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            deliver(store, 0)
        assert caught.value.problems[0].code == "store.locked"
        assert store.head()[0] == 0  # reading goes on
        other.execute("ROLLBACK")
        other.close()
        assert deliver(store, 0) == 1


def test_locked_while_new(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert code(file) == "store.locked"
    other.close()


def test_addresses() -> None:
    assert refusal("nonsense://").problems[0].code == "store.driver"
    assert refusal("://").problems[0].code == "store.address"
    assert "geheim" not in refusal("nonsense://me:geheim@host/name").say("en")


def test_many_open_a_new_store_at_once(empty: Path | str) -> None:
    found: list[object] = []

    def work(step: int) -> None:
        try:
            with Store.open(empty, busy_s=120) as store:
                found.append(deliver(store, step))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == [1, 2, 3, 4]


def test_times_come_back_in_utc_and_none_goes_in_without_a_zone(where: Path | str) -> None:
    hanoi = timezone(timedelta(hours=7))
    local = datetime(2024, 9, 7, 6, 30, 0, 123456, tzinfo=hanoi)
    with Store.open(where) as store:
        store.add_fixes("a", [fix(0, issued=local)], "s", local, local)
        known = store.snapshot(local, law_day=T0.date(), places_day=T0.date()).tracks.fixes[0]
        assert known.issued == local
        assert known.issued.utcoffset() == timedelta(0)
        assert known.received.tzinfo is UTC
        with pytest.raises(BadData) as caught:
            store.add_fixes("b", [fix(0, issued=datetime(2024, 9, 7))], "s", local, local)  # noqa: DTZ001
        assert (caught.value.problems[0].row, caught.value.problems[0].field) == (1, "issued")
        assert caught.value.problems[0].code == "store.zone"
        with pytest.raises(BadData) as caught:
            store.add_fixes("b", [], "s", local, datetime(2024, 9, 7))  # noqa: DTZ001
        assert caught.value.problems[0].field == "received"
    database = Database(where)
    row = {"id": 9, "key": "k", "source": "s", "sha256": "", "rows": 0, "received": T0}
    with pytest.raises(Exception, match="zone"), database.writing() as c:
        c.execute(insert(receipt), {**row, "published": datetime(2024, 9, 7)})  # noqa: DTZ001
    with database.reading() as c:
        assert c.execute(select(receipt).where(receipt.c.id == 9)).first() is None
    database.close()


def test_a_contradiction_writes_nothing(where: Path | str) -> None:
    database = Database(where)
    with pytest.raises(BadData) as caught, database.writing() as c:  # noqa: PT012
        c.execute(insert(actor), {"id": "a", "role": "r"})
        c.execute(insert(actor), {"id": "a", "role": "r"})
    assert caught.value.problems[0].code == "store.inconsistent"
    with database.reading() as c:
        assert c.execute(select(actor)).all() == []
    database.close()


def test_the_wall_clock_stays_out_of_the_ledger(tmp_path: Path) -> None:
    heads = []
    for name, wall in (("a.db", T0), ("b.db", T0 + 900 * HOUR)):
        with Store.open(tmp_path / name, clock=lambda wall=wall: wall) as store:
            duty(store, 3)
            heads.append(store.head())
            assert {a.at for a in store.attempts()} == {wall}
    assert heads[0] == heads[1]


def test_postgresql_gives_the_same_head(file: Path, postgresql: Server) -> None:
    with Store.open(file) as store, Store.open(postgresql.new()) as other:
        duty(store, 5)
        duty(other, 5)
        assert store.head() == other.head()
        assert other.verify() == ()
        assert store.snapshot(T0 + 9 * HOUR, **DAYS) == other.snapshot(T0 + 9 * HOUR, **DAYS)
        assert store.outbox_due(99) == other.outbox_due(99)
        assert store.messages() == other.messages()
        assert store.drafts() == other.drafts()


def test_a_postgresql_that_is_not_there(postgresql: Server) -> None:
    assert refusal(postgresql.address("nothing_here")).problems[0].code == "store.failed"


def test_a_postgresql_that_a_newer_program_made(postgresql: Server) -> None:
    address = postgresql.new()
    Store.open(address).close()
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", address)
    assert refusal(address).problems[0].code == "store.newer"


def test_a_store_of_this_version_opens_without_being_made(file):
    Store.open(file).close()
    with Store.open(file, create=False) as store:
        assert store.head()[0] == 0


def test_an_older_store_is_not_migrated_by_looking_at_it(file, monkeypatch):
    Store.open(file).close()
    monkeypatch.setattr(database, "REVISIONS", (*database.REVISIONS, "9999"))
    before = file.read_bytes()
    with pytest.raises(Unavailable) as error:
        Store.open(file, create=False)
    assert error.value.problems[0].code == "store.older"
    assert file.read_bytes() == before
