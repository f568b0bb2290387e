"""The chain: whoever touches it is seen, and so is whoever touches what it seals."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.store.samples import T0, duty
from haidang.base.ids import canonical, digest
from haidang.edge.store import Store
from haidang.edge.store.chain import ROOT, Entry, faults, seal


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store after a small duty; copied, never opened in place."""
    file = tmp_path_factory.mktemp("ledger") / "served.db"
    with Store.open(file) as store:
        duty(store, 5)
        assert store.verify() == ()
        assert store.messages()
    return file


def touched(served: Path, file: Path, *statements: str) -> list[str]:
    """Codes of the problems found after somebody wrote past the program."""
    shutil.copy(served, file)
    with sqlite3.connect(file) as raw:
        for statement in statements:
            raw.execute(statement)
            assert raw.total_changes, statement
    raw.close()
    with Store.open(file) as store:
        problems = store.verify()
    for problem in problems:
        assert problem.say("vi") != problem.say("en")
    return [p.code for p in problems]


def test_the_seal_is_what_the_documentation_says() -> None:
    body = {"place": "Đà Nẵng", "level": 3}
    whole = {"seq": 7, "at": T0, "kind": "decision", "body": body}
    expected = hashlib.sha256((ROOT + canonical(whole)).encode()).hexdigest()
    assert seal(ROOT, 7, T0, "decision", canonical(body)) == expected


def test_each_entry_names_the_one_before(served: Path, file: Path) -> None:
    shutil.copy(served, file)
    with Store.open(file) as store:
        chain = store.ledger()
        assert [e.seq for e in chain] == list(range(1, len(chain) + 1))
        assert [e.prev for e in chain] == [ROOT, *(e.hash for e in chain[:-1])]
        assert store.head() == (chain[-1].seq, chain[-1].hash)
        assert store.ledger(5) == chain[4:]
        assert {e.kind for e in chain} >= {"run", "decision", "draft", "approval", "message"}
        assert all(e.body == canonical(json.loads(e.body)) for e in chain)
        for anchor in (chain[0].hash, chain[-1].hash, ROOT):
            assert store.verify(anchor) == ()
        assert [p.code for p in store.verify("f" * 64)] == ["store.ledger_anchor"]


@pytest.mark.parametrize(
    "change",
    [
        "body = replace(body, ':', ': ')",
        "body = body || ' '",
        "at = datetime(at, '+1 hour') || '.000000'",
        "kind = 'message'",
        "hash = replace(hash, substr(hash, 1, 4), '0000')",
        "prev = replace(prev, substr(prev, 1, 4), '0000')",
        "at = 'yesterday'",
    ],
)
def test_an_edited_entry(served: Path, file: Path, change: str) -> None:
    codes = touched(served, file, f"UPDATE ledger SET {change} WHERE seq = 8")
    assert codes
    assert set(codes) <= {"store.ledger_edited", "store.ledger_broken", "store.unreadable"}


def test_a_removed_entry(served: Path, file: Path) -> None:
    codes = touched(served, file, "DELETE FROM ledger WHERE seq = 8")
    assert codes[:2] == ["store.ledger_gap", "store.ledger_broken"]


def test_a_removed_entry_with_the_rest_moved_up(served: Path, file: Path) -> None:
    codes = touched(
        served,
        file,
        "DELETE FROM ledger WHERE seq = 8",
        "UPDATE ledger SET seq = -seq WHERE seq > 8",
        "UPDATE ledger SET seq = -seq - 1 WHERE seq < 0",
    )
    assert "store.ledger_broken" in codes
    assert "store.ledger_edited" in codes


def test_two_entries_in_the_other_order(served: Path, file: Path) -> None:
    codes = touched(
        served,
        file,
        "UPDATE ledger SET seq = -1 WHERE seq = 8",
        "UPDATE ledger SET seq = 8 WHERE seq = 9",
        "UPDATE ledger SET seq = 9 WHERE seq = -1",
    )
    assert "store.ledger_broken" in codes


def test_an_entry_put_in(served: Path, file: Path) -> None:
    codes = touched(
        served,
        file,
        "UPDATE ledger SET seq = -seq WHERE seq > 8",
        "UPDATE ledger SET seq = 1 - seq WHERE seq < 0",
        "INSERT INTO ledger SELECT 9, at, kind, body, hash, 'f' || hash FROM ledger WHERE seq = 8",
    )
    assert "store.ledger_edited" in codes


def test_an_entry_added_at_the_end_without_a_record(served: Path, file: Path) -> None:
    shutil.copy(served, file)
    with Store.open(file) as store:
        last = store.ledger()[-1]
    body = '{"actor":"cccccccc","draft":"x","role":"head"}'
    mark = seal(last.hash, last.seq + 1, T0, "signed", body)
    row = f"{last.seq + 1}, '2024-09-06 00:00:00.000000'"
    codes = touched(
        served,
        file,
        f"INSERT INTO ledger VALUES ({row}, 'signed', '{body}', '{last.hash}', '{mark}')",
        f"INSERT INTO ledger_wall VALUES ({row})",
    )
    assert codes == ["store.record_differs"]


def test_an_end_cut_off(served: Path, file: Path) -> None:
    last = "(SELECT max(seq) FROM ledger)"
    assert touched(served, file, f"DELETE FROM ledger WHERE seq = {last}") == ["store.ledger_wall"]


def rewritten(file: Path, seq: int) -> None:
    """An administrator changes a decision and seals everything after it anew."""
    with sqlite3.connect(file) as raw:
        rows = raw.execute("SELECT seq, at, kind, body FROM ledger ORDER BY seq").fetchall()
        prev = ROOT
        for number, at, kind, text in rows:
            body = text.replace('"after":', '"after":1') if number == seq else text
            mark = seal(prev, number, datetime.fromisoformat(at).replace(tzinfo=UTC), kind, body)
            raw.execute(
                "UPDATE ledger SET body = ?, prev = ?, hash = ? WHERE seq = ?",
                (body, prev, mark, number),
            )
            prev = mark
    raw.close()


def test_a_ledger_rewritten_whole_is_found_by_the_anchor(served: Path, file: Path) -> None:
    shutil.copy(served, file)
    with Store.open(file) as store:
        anchor = store.head()[1]
    rewritten(file, 3)
    with Store.open(file) as store:
        assert "store.ledger_anchor" in {p.code for p in store.verify(anchor)}
        assert {p.code for p in store.verify()} == {"store.record_differs"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE decision SET after = 9 WHERE rowid = 2",
        "UPDATE decision SET reason = 'ended' WHERE rowid = 2",
        "UPDATE decision SET body = replace(body, 'wind-1', 'wind-2') WHERE rowid = 2",
        "UPDATE decision SET body = 'x' WHERE rowid = 2",
        "UPDATE assessment SET body = replace(body, 'toy', 'tay') WHERE rowid = 2",
        "UPDATE draft SET body = replace(body, 'Wind', 'Sun') WHERE rowid = 2",
        "UPDATE standing SET level = level + 1 WHERE place = '02'",
        "UPDATE run SET receipt = receipt + 1 WHERE id = 2",
        "UPDATE run SET packs = replace(packs, '1.0.0', '1.0.1') WHERE id = 2",
        "UPDATE message SET body = CAST('<alert/>' AS BLOB)",
        "UPDATE message SET level = 4 WHERE rowid = 1",
        "UPDATE draft_event SET actor = 'aaaaaaaa' WHERE action = 'approved'",
        "UPDATE draft_event SET at = '2024-09-06 00:59:00.000000' WHERE action = 'signed'",
        "DELETE FROM draft_event WHERE action = 'approved'",
        "DELETE FROM draft_event WHERE action = 'superseded'",
        "INSERT INTO draft_event SELECT id + 1000, draft, run, at, 'approved', actor, role, note"
        " FROM draft_event WHERE action = 'drafted'",
    ],
)
def test_a_record_that_is_not_what_was_sealed(served: Path, file: Path, change: str) -> None:
    codes = touched(served, file, change)
    assert codes
    assert set(codes) <= {"store.record_differs", "store.unreadable"}


def test_any_single_letter_is_noticed(served: Path, file: Path) -> None:
    shutil.copy(served, file)
    with Store.open(file) as store:
        chain = list(store.ledger())
    walls = [e.seq for e in chain]
    assert faults(chain, walls, None) == []
    chance = random.Random(3)
    for _ in range(300):
        at = chance.randrange(len(chain))
        body = list(chain[at].body)
        letter = chance.randrange(len(body))
        body[letter] = chr(ord(body[letter]) ^ 1)
        e = chain[at]
        forged = Entry(e.seq, e.at, e.kind, "".join(body), e.prev, e.hash)
        found = faults([*chain[:at], forged, *chain[at + 1 :]], walls, None)
        assert [(p.code, p.params["seq"]) for p in found] == [("store.ledger_edited", e.seq)]


def test_five_thousand_entries_are_checked_in_well_under_a_second() -> None:
    chain, prev = [], ROOT
    for seq in range(1, 5001):
        body = canonical({"id": digest(str(seq)), "place": "01", "after": seq % 5})
        mark = seal(prev, seq, T0, "decision", body)
        chain.append(Entry(seq, T0, "decision", body, prev, mark))
        prev = mark
    begun = time.process_time()
    assert faults(chain, range(1, 5001), prev) == []
    assert time.process_time() - begun < 0.5


def test_the_same_duty_gives_the_same_head(served: Path, file: Path) -> None:
    with Store.open(file) as store:
        duty(store, 5)
        head = store.head()
        duty(store, 5)  # and once more changes nothing
        assert store.head() == head
    copy = file.with_name("copy.db")
    shutil.copy(served, copy)
    with Store.open(copy) as store:
        assert store.head() == head
