"""Bad input through the command, on real files: named in both languages, and the good is kept."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.process import TOY, haidang
from cli.test_cli import BULLETINS
from pack.test_check import BINDING, CASE, DAY, FAULTS, XT, Edit, Fault, plant

pytestmark = pytest.mark.slow
"""Processes of their own, which take time and add nothing to what coverage sees."""

LANGUAGES = ("en", "vi")
LINE = {"en": "line", "vi": "dòng"}

HEADER, FIRST, SECOND, *_ = BULLETINS.read_text("utf-8").splitlines()
NO_PRESSURE = "2030-09-10T00:00Z,2030-09-11T00:00Z,11.2,-35.0,120,,forecast,invented"
LATITUDE_200 = "2030-09-10T00:00Z,2030-09-12T00:00Z,200,-38.5,110,978,forecast,invented"
TWICE = "2030-09-10T00:00Z,2030-09-11T00:00Z,11.3,-35.1,125,975,forecast,invented"
NO_ZONE = "2030-09-10T00:00Z,2030-09-12T06:00,11.3,-39.0,110,978,forecast,invented"
GOOD = "2030-09-10T00:00Z,2030-09-12T12:00Z,11.3,-40.0,100,980,forecast,invented"
TRACK = (HEADER, FIRST, NO_PRESSURE, LATITUDE_200, TWICE, NO_ZONE, GOOD)

SAID = {
    "en": (
        ("line 3, pressure_hpa: ", "no central pressure", "The row is kept."),
        ("line 4, lat: ", "200", "check for a swapped or mistyped value. The row is left out."),
        ("line 5, valid: ", "2030-09-11T00:00Z, in line 3", "keep one of the two."),
        ("line 6, valid: ", "'2030-09-12T06:00' has no zone", "write it with one, for example"),
    ),
    "vi": (
        ("dòng 3, pressure_hpa: ", "không có khí áp tâm", "Dòng này vẫn được giữ."),
        ("dòng 4, lat: ", "200", "hãy xem có gõ nhầm hay đổi chỗ giá trị không."),
        ("dòng 5, valid: ", "2030-09-11T00:00Z ở dòng 3", "hãy giữ một trong hai."),
        ("dòng 6, valid: ", "'2030-09-12T06:00' không ghi múi giờ", "hãy ghi kèm múi giờ"),
    ),
}


# ── a bulletin file ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lang", LANGUAGES)
def test_bad_rows_of_a_track_are_named_and_the_good_ones_kept(tmp_path, lang):
    file = tmp_path / "tonight.csv"
    file.write_text("\n".join(TRACK) + "\n", "utf-8")
    out = tmp_path / "out"
    common = ("--country", "xt", "--out", out)
    done = haidang("storm", "new", file, *common, lang=lang, toy=True)
    assert done.returncode == 0, done.stderr
    told = [one for one in done.stderr.splitlines() if one.startswith("tonight.csv, ")]
    assert len(told) == len(SAID[lang])
    for line, parts in zip(told, SAID[lang], strict=True):
        assert line.startswith(f"tonight.csv, {parts[0]}")
        for part in parts[1:]:
            assert part in line
    with sqlite3.connect(out / "tonight" / "haidang.db") as connection:
        kept = connection.execute('SELECT lon, pressure_hpa FROM fix ORDER BY "row"').fetchall()
    connection.close()
    assert kept == [(-31.5, 985.0), (-35.0, None), (-40.0, 980.0)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_file_without_one_good_row_makes_nothing(tmp_path, lang):
    file = tmp_path / "tonight.csv"
    file.write_text("\n".join((HEADER, LATITUDE_200, NO_ZONE)) + "\n", "utf-8")
    out = tmp_path / "out"
    done = haidang("storm", "new", file, "--country", "xt", "--out", out, lang=lang, toy=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"tonight.csv, {LINE[lang]} 2, lat: " in done.stderr
    assert f"tonight.csv, {LINE[lang]} 3, valid: " in done.stderr
    nothing = {"en": "no row could be used", "vi": "không có dòng nào dùng được"}
    assert nothing[lang] in done.stderr
    assert not out.exists()


# ── packs and laws ───────────────────────────────────────────────────────────────────────────

TOGETHER = (
    (
        "sender without a note in a language", "level without a name in a language",
        "law with a gap", "level that the law never gives", "case with an unknown key",
        "no all-clear", "negative population", "outline that crosses itself",
        "task without a person",
    ),
    (
        "law with an overlap", "unknown placeholder", "bulletin without a time",
        "one person for two", "level expected that there is not",
        "category that the law does not know", "need without a source",
    ),
)  # fmt: skip
"""Faults that stand in one tree without hiding each other; their names in ``FAULTS``."""


def country_with(tree: Path, *edits: tuple[Edit, ...]) -> Path:
    """A copy of the toy country, spoilt."""
    shutil.copytree(TOY / XT, tree / XT)
    shutil.copytree(TOY / "threats", tree / "threats")
    for each in edits:
        plant(tree, each)
    return tree


def found_by(name: str) -> Fault:
    return next(f for f in FAULTS if f.name == name)


def test_at_least_ten_faults_are_planted():
    assert sum(map(len, TOGETHER)) >= 10


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("names", TOGETHER, ids=("first", "second"))
def test_planted_faults_are_told_by_the_command(tmp_path, names, lang):
    faults = [found_by(name) for name in names]
    tree = country_with(tmp_path, *(f.edits for f in faults))
    done = haidang("check", "--on", DAY.isoformat(), lang=lang, HAIDANG_PACKS=str(tree))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    for fault in faults:
        remedy = fault.remedy[LANGUAGES.index(lang)]
        wanted = (*fault.says, remedy, fault.key)
        here = [
            one for one in lines if one.startswith(fault.file) and all(w in one for w in wanted)
        ]
        assert here, (fault.name, wanted, [one for one in lines if one.startswith(fault.file)])
        if fault.at is not None:
            text = (tree / fault.file).read_text("utf-8").splitlines()
            at = [n for n, row in enumerate(text, 1) if fault.at in row]
            assert any(
                one.startswith(f"{fault.file}, {LINE[lang]} {n}") for one in here for n in at
            )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_spoilt_country_is_not_played(tmp_path, lang):
    edits = ((BINDING, "levels: [1, 2, 3]", "levels: [1, 2, 3]\nlevles: [1]"),)
    tree = country_with(tmp_path, edits)
    out = tmp_path / "out"
    done = haidang("replay", "toy-2030", "--out", out, lang=lang, HAIDANG_PACKS=str(tree))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    row = (tree / BINDING).read_text("utf-8").splitlines().index("levles: [1]") + 1
    assert f"{LINE[lang]} {row}, levles: " in done.stderr
    assert {"en": "take it out", "vi": "bỏ đi"}[lang] in done.stderr
    assert not list(out.rglob("*.db"))


def test_other_countries_are_played_beside_a_spoilt_one(tmp_path):
    tree = country_with(tmp_path, ((CASE, "sources: [invented]", "weather: bad"),))
    done = haidang("places", "--country", "xt", "--on", "2030-01-01", HAIDANG_PACKS=str(tree))
    assert done.returncode == 0, done.stderr
    assert "North Toyland" in done.stdout


# ── a store ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, str]:
    """A replay that nothing disturbed, and the head of its ledger. Copy before you touch."""
    folder = tmp_path_factory.mktemp("whole")
    assert haidang("replay", "toy-2030", "--out", folder, toy=True).returncode == 0
    return folder, head_of(folder)


def head_of(folder: Path) -> str:
    done = haidang("ledger", "head", "--out", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def test_a_half_written_store_is_named_and_not_touched(whole, tmp_path):
    path = tmp_path / "toy-2030" / "haidang.db"
    path.parent.mkdir()
    with sqlite3.connect(whole[0] / "toy-2030" / "haidang.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    body = (whole[0] / "toy-2030" / "haidang.db").read_bytes()
    path.write_bytes(body[: len(body) // 2])
    before = path.read_bytes()
    remedy = {"en": "restore the latest backup", "vi": "khôi phục bản sao lưu gần nhất"}
    for lang in LANGUAGES:
        done = haidang("replay", "toy-2030", "--out", tmp_path, lang=lang, toy=True)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert str(path) in done.stderr
        assert remedy[lang] in done.stderr
        assert path.read_bytes() == before
    path.unlink()  # nothing else had been kept there: the replay makes it anew
    assert haidang("replay", "toy-2030", "--out", tmp_path, toy=True).returncode == 0
    assert head_of(tmp_path) == whole[1]


HELD = """
import signal, sys
from haidang.jobs import replay

run, left = replay.run, [int(sys.argv.pop(1))]

def held(*given):
    while not left[0]:
        signal.pause()
    left[0] -= 1
    return run(*given)

replay.run = held
from haidang.cli import main
main()
"""
"""The command, which after so many runs waits to be killed, however late whoever does it comes."""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with kill -9")
@pytest.mark.parametrize("runs", [3])
def test_after_kill_9_the_same_command_ends_at_the_same_head(whole, tmp_path, runs):
    """Killed as soon as so many runs are committed; at random moments it is in tests/jobs."""
    path = tmp_path / "toy-2030" / "haidang.db"
    env = {**os.environ, "HAIDANG_LANG": "en", "HAIDANG_PACKS": str(TOY)}
    arguments = [sys.executable, "-c", HELD, str(runs), "replay", "toy-2030"]
    arguments += ["--out", str(tmp_path)]
    with subprocess.Popen(
        arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 600
        while process.poll() is None and _runs(path) < runs and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL, "it was over before it could be killed"
    done = haidang("replay", "toy-2030", "--out", tmp_path, toy=True)
    assert done.returncode == 0, done.stderr
    assert head_of(tmp_path) == whole[1]
    cap = {p.name: p.read_bytes() for p in (whole[0] / "toy-2030" / "cap").iterdir()}
    assert {p.name: p.read_bytes() for p in (tmp_path / "toy-2030" / "cap").iterdir()} == cap


def _runs(path: Path) -> int:
    """Runs committed so far; 0 while there is no store yet."""
    if not path.is_file():
        return 0
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)
    try:
        return int(connection.execute("SELECT count(*) FROM run").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
