"""The command as people run it: a process of its own, its words, its exit codes."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cli.process import TOY, haidang
from haidang.edge.store.store import Store
from haidang.jobs.tables_response import NAMES

BULLETINS = TOY / "countries" / "xt" / "threats" / "storm" / "golden" / "toy-2030" / "bulletins.csv"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of a toy replay made by the command, and what it said. Copy before you touch."""
    folder = tmp_path_factory.mktemp("cli")
    return folder, haidang("replay", "toy-2030", "--out", folder, toy=True)


@pytest.fixture
def store(replayed, tmp_path) -> Path:
    """A copy of its store, to do harm to."""
    source = replayed[0] / "toy-2030" / "haidang.db"
    with sqlite3.connect(source) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Path(shutil.copy(source, tmp_path / "haidang.db"))


# ── help ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "bulletin by bulletin"), ("vi", "Phát lại một sự kiện")]
)
def test_help_in_both_languages(lang, said):
    done = haidang("--help", lang=lang)
    assert done.returncode == 0
    assert said in done.stdout
    assert done.stderr == ""
    for command in ("replay", "check", "explain", "ledger", "places", "storm"):
        assert command in done.stdout


@pytest.mark.parametrize(
    ("arguments", "en", "vi"),
    [
        (("replay", "--help"), "Id of the case", "Mã ca phát lại"),
        (("storm", "new", "--help"), "Averaging period", "Thời gian lấy trung bình"),
        (("explain", "--help"), "Code of a place", "Mã địa phương"),
        (("ledger", "verify", "--help"), "published earlier", "đã công bố trước đây"),
        (("places", "find", "--help"), "with or without accents", "có dấu hay không dấu"),
    ],
)
def test_help_of_options_in_both_languages(arguments, en, vi):
    assert en in haidang(*arguments).stdout
    said = haidang(*arguments, lang="vi").stdout
    assert vi in said
    assert en not in said


def test_without_a_command_it_says_what_there_is():
    done = haidang()
    assert "replay" in done.stdout + done.stderr
    assert done.returncode in {0, 2}


def test_help_waits_for_no_heavy_library():
    code = """
import sys
from haidang.cli import main
sys.argv = ["haidang", "--help"]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
heavy = {"numba", "pandas", "xarray", "numpy", "shapely", "sqlalchemy", "alembic", "lxml"}
print("HEAVY", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    heavy = done.stdout.splitlines()[-1]
    assert not {"numba", "pandas", "xarray"} & set(
        heavy.replace("'", " ").replace(",", " ").split()
    )


# ── language ─────────────────────────────────────────────────────────────────────────────────


def test_the_option_wins_over_the_environment():
    assert "no case is called" in haidang("replay", "nope").stderr
    assert "không có ca phát lại" in haidang("replay", "nope", lang="vi").stderr
    assert "không có ca phát lại" in haidang("--lang", "vi", "replay", "nope").stderr
    assert "no case is called" in haidang("--lang", "en", "replay", "nope", lang="vi").stderr


def test_an_unknown_language_lists_the_known_ones():
    done = haidang("--lang", "xx", "places")
    assert done.returncode == 2
    assert "vi" in done.stderr
    assert "en" in done.stderr


def test_the_locale_decides_where_nobody_says():
    assert "không có ca" in haidang("replay", "nope", lang="", LANG="vi_VN.UTF-8").stderr
    assert "no case" in haidang("replay", "nope", lang="", LANG="de_DE.UTF-8").stderr


# ── errors ───────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_case_lists_those_there_are():
    done = haidang("replay", "nope")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "yagi-2024" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "nope"),
        ("replay", "yagi-2024", "--out", "/dev/null"),
        ("storm", "new", "none.csv"),
        ("storm", "new", BULLETINS, "--status", "Actual"),
        ("storm", "new", BULLETINS, "--averaging", "7"),
        ("places", "--country", "zz"),
        ("places", "--kind", "village"),
        ("places", "--on", "yesterday"),
        ("places", "import", "none.geojson"),
        ("explain",),
        ("explain", "zzzz", "--out", "nowhere"),
        ("explain", "--place", "22", "--out", "nowhere"),
        ("explain", "--place", "22", "--at", "noon", "--out", "nowhere"),
        ("explain", "abc", "--db", "none.db"),
        ("ledger", "verify", "--db", "none.db"),
        ("ledger", "verify", "--out", "nowhere"),
        ("ledger", "head", "--out", "nowhere"),
        ("check", "--on", "2024-13-01"),
        ("verify", "yagi-2024", "--quantile", "1.5"),
        ("verify", "yagi-2024", "--quantile", "-3"),
        ("verify", "yagi-2024", "--quantile", "0.9"),
        ("storm", "new", BULLETINS, "--name", "???"),
        ("storm", "new", BULLETINS, "--name", "b" * 120),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = haidang(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.splitlines()) <= 6
    assert list(tmp_path.iterdir()) == []  # and nothing was made on the way


# ── places ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("on", "n"), [("2024-01-01", 63), ("2025-06-30", 63), ("2025-07-01", 34)])
def test_places_of_a_past_day(on, n):
    done = haidang("places", "--on", on)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"{n} places."
    assert ("Hoa Binh" in done.stdout) == (n == 63)


@pytest.mark.parametrize("text", ["Quảng Ninh", "quang ninh", "QUANG NINH", "quảng ninh"])
def test_places_are_found_without_accents(text):
    done = haidang("places", "find", text, "--on", "2026-05-02", lang="vi")
    assert done.returncode == 0
    assert "Quảng Ninh" in done.stdout
    assert any("│ 22 " in line for line in done.stdout.splitlines())


def test_two_countries_need_a_name():
    done = haidang("places", toy=True)
    assert done.returncode == 2
    assert "xt" in done.stderr
    found = haidang("places", "--country", "xt", "--on", "2030-01-01", toy=True)
    assert "North Toyland" in found.stdout
    assert found.stdout.splitlines()[-1] == "2 places."


# ── a replay ─────────────────────────────────────────────────────────────────────────────────


def test_a_replay_says_what_it_made(replayed):
    folder, done = replayed
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "North Toyland" in done.stdout
    assert "Decision support." in done.stdout
    made = folder / "toy-2030"
    left = {p.name for p in (made / "tables").iterdir()}
    names = ("levels", "impacts", "onsets", "warnings", *NAMES)
    both = {f"{n}.{s}" for n in names for s in ("csv", "parquet")}
    assert left >= {*both, "announced.csv", "verification.csv"}
    # A review without facts to compare with leaves what it has, and nothing by another name.
    assert all(n.startswith("review_") for n in left - both - {"announced.csv", "verification.csv"})
    assert len(list((made / "cap").glob("*.xml"))) >= 9
    pages = list(made.glob("*.html"))
    assert pages
    for page in pages:
        assert str(page) in done.stdout
    assert not list(made.rglob("*.part"))


def test_tonight_s_file_waits_for_people(tmp_path):
    done = haidang(
        "storm", "new", BULLETINS, "--name", "Thử nghiệm", "--status", "Test", "--no-approve",
        "--country", "xt", "--out", tmp_path, toy=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "thu-nghiem" / "haidang.db").is_file()
    with Store.open(tmp_path / "thu-nghiem" / "haidang.db", create=False) as store:
        headlines = [t.headline for draft in store.drafts() for t in draft.texts]
    assert headlines
    assert all("Thử nghiệm" in h for h in headlines), "a name keeps its accents"
    assert not list(tmp_path.rglob("*.xml"))


def test_a_file_read_by_half_is_not_approved_by_itself(tmp_path):
    file = tmp_path / "tonight.csv"
    bad = "2030-09-11T06:00+00:00,2030-09-11T18:00+00:00,113,-39.5,analysis"
    header = BULLETINS.read_text("utf-8").splitlines()[0]
    row = dict.fromkeys(header.split(","), "")
    row |= dict(zip(("issued", "valid", "lat", "lon", "kind"), bad.split(","), strict=True))
    whole = BULLETINS.read_text("utf-8").rstrip("\n")
    file.write_text(f"{whole}\n{','.join(row[k] for k in header.split(','))}\n", "utf-8")
    common = ("storm", "new", file, "--country", "xt", "--out")
    done = haidang(*common, tmp_path / "a", toy=True)
    assert done.returncode == 0, done.stderr
    assert "--approve" in done.stdout
    assert "lat" in done.stderr
    assert not list((tmp_path / "a").rglob("*.xml"))
    forced = haidang(*common, tmp_path / "b", "--approve", toy=True)
    assert forced.returncode == 0, forced.stderr
    assert "nothing was signed" not in forced.stdout
    assert list((tmp_path / "b").rglob("*.xml"))


@pytest.mark.parametrize("name", ["cap", "tables"])
def test_a_file_where_a_folder_should_be(tmp_path, name):
    (tmp_path / "toy-2030").mkdir()
    (tmp_path / "toy-2030" / name).write_text("in the way", "utf-8")
    done = haidang("replay", "toy-2030", "--out", tmp_path, toy=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "toy-2030" / name) in done.stderr
    (tmp_path / "toy-2030" / name).unlink()
    assert haidang("replay", "toy-2030", "--out", tmp_path, toy=True).returncode == 0


def test_the_last_lines_do_not_wrap(replayed):
    done = haidang("replay", "toy-2030", "--out", replayed[0], toy=True, COLUMNS="60")
    line = next(one for one in done.stdout.splitlines() if one.startswith("Ledger: "))
    assert len(line.split("head ")[1]) == 64


# ── the ledger ───────────────────────────────────────────────────────────────────────────────


def test_an_untouched_ledger(replayed):
    folder, done = replayed
    head = haidang("ledger", "head", "--out", folder)
    assert head.returncode == 0
    said, entries, path = head.stdout.split()
    assert f"Ledger: {entries} entries, head {said}" in done.stdout
    assert Path(path) == folder / "toy-2030" / "haidang.db"
    good = haidang("ledger", "verify", "--out", folder, "--anchor", said)
    assert good.returncode == 0
    assert f"{entries} entries, untouched" in good.stdout


def test_a_head_from_elsewhere_is_found_out(replayed):
    done = haidang("ledger", "verify", "--out", replayed[0], "--anchor", "0" * 63 + "1")
    assert done.returncode == 1
    assert "is not in this ledger" in done.stderr


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE ledger SET body = replace(body, '3', '4') WHERE seq = 7", "entry 7 of the ledger"),
        ("DELETE FROM ledger WHERE seq = 9", "entry 9 is missing"),
        ("UPDATE decision SET after = 0 WHERE after = 3", "not what the ledger sealed"),
    ],
)
def test_a_touched_ledger_says_where(store, sql, said):
    with sqlite3.connect(store) as connection:
        # Whoever tampers with a file also removes what guards the table.
        for (name,) in list(
            connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(sql).rowcount > 0
    connection.close()
    done = haidang("ledger", "verify", "--db", store)
    assert done.returncode == 1
    assert said in done.stderr
    assert "NOT trustworthy" in done.stdout
    vi = haidang("ledger", "verify", "--db", store, lang="vi")
    assert vi.returncode == 1
    assert "KHÔNG đáng tin" in vi.stdout


def test_half_a_database_gives_the_remedy(store):
    whole = store.read_bytes()
    store.write_bytes(whole[: len(whole) // 2])
    for command in (("ledger", "verify"), ("explain", "abc")):
        done = haidang(*command, "--db", store)
        assert done.returncode == 2, (command, done.stdout)
        assert "Traceback" not in done.stderr
        assert "restore the latest backup" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "haidang.db"
    path.write_text("not a database at all\n" * 400, "utf-8")
    done = haidang("ledger", "verify", "--db", path)
    assert done.returncode == 2
    assert "not a database of haidang" in done.stderr


COMMANDS = (
    ("ledger", "verify"),
    ("ledger", "head"),
    ("explain", "abc", "--country", "xt"),
    ("explain", "--place", "N", "--country", "xt"),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", [b"", b"\n", b"SQLite format 3", "sqlite"])
def test_looking_at_what_is_no_store_leaves_it_as_it_is(tmp_path, command, content):
    path = tmp_path / "haidang.db"
    if content == "sqlite":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE other (x)")
        connection.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    done = haidang(*command, "--db", path, toy=True)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert str(path) in done.stderr
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_anchor_needs_one_store(replayed, store, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(store, tmp_path / name / "haidang.db")
    head = haidang("ledger", "head", "--db", store).stdout.split()[0]
    done = haidang("ledger", "verify", "--out", tmp_path, "--anchor", head)
    assert done.returncode == 2
    assert "--db" in done.stderr
    assert "NOT trustworthy" not in done.stdout
    one = tmp_path / "one" / "haidang.db"
    assert haidang("ledger", "verify", "--db", one, "--anchor", head).returncode == 0
    assert haidang("ledger", "verify", "--out", tmp_path).returncode == 0


# ── explain ──────────────────────────────────────────────────────────────────────────────────


def explain(folder: Path, *arguments: str, lang: str = "en"):
    return haidang("explain", *arguments, "--country", "xt", "--out", folder, lang=lang, toy=True)


def test_explain_a_message_of_the_folder(replayed):
    folder, _ = replayed
    name = sorted((folder / "toy-2030" / "cap").iterdir())[0].stem
    identifier = name.split("-", 2)[2]
    done = explain(folder, identifier)
    assert done.returncode == 0
    assert "rises from level 0" in done.stdout
    assert "Delivered." in done.stdout
    assert identifier in done.stdout
    assert "Đã gửi xong." in explain(folder, identifier, lang="vi").stdout


def test_explain_a_place(replayed):
    folder, _ = replayed
    done = explain(folder, "--place", "N", "--at", "2030-09-11T23:00")  # on the country's clock
    assert done.returncode == 0
    assert "stays at level 3" in done.stdout
    early = explain(folder, "--place", "N", "--at", "2030-09-01T00:00+00:00")
    assert early.returncode == 2
    assert "nothing was decided for North Toyland" in early.stderr


def test_explain_a_place_takes_the_newest_decision_of_all_stores(replayed, tmp_path):
    source = replayed[0] / "toy-2030"
    shutil.copytree(source, tmp_path / "toy-2030")
    file = tmp_path / "older.csv"
    lines = BULLETINS.read_text("utf-8").splitlines()
    first = lines[1].split(",")[0]
    file.write_text("\n".join([lines[0], *(r for r in lines[1:] if r.startswith(first))]), "utf-8")
    done = haidang("storm", "new", file, "--country", "xt", "--out", tmp_path, toy=True)
    assert done.returncode == 0, done.stderr
    found = explain(tmp_path, "--place", "N", "--at", "2030-09-11T23:00")
    assert found.returncode == 0, found.stderr
    assert "stays at level 3" in found.stdout
    assert f"Case toy-2030, from {tmp_path / 'toy-2030' / 'haidang.db'}" in found.stdout


def test_explain_something_ambiguous_or_unknown(replayed):
    folder, _ = replayed
    several = explain(folder, "xt")
    assert several.returncode == 2
    assert "more than one id" in several.stderr
    none = explain(folder, "zzzz")
    assert none.returncode == 2
    assert "nothing begins with 'zzzz'" in none.stderr


def test_detect_shows_what_is_raised_and_writes_all(tmp_path):
    example = Path(__file__).parents[2] / "docs" / "guide" / "counts.csv"
    ran = haidang("detect", example, "--last", 2, "--out", tmp_path, lang="vi")
    assert ran.returncode == 0, ran.stderr
    assert "1 địa phương vượt ngưỡng, 2 bình thường, 0 không có dữ liệu" in ran.stdout
    assert "binh_minh" in ran.stdout
    assert (tmp_path / "counts-farrington_flexible.csv").is_file()
    wrong = haidang("detect", example, "--set", "alpha=9", "--out", tmp_path)
    assert wrong.returncode == 2
    assert "alpha: '9.0' does not fit" in wrong.stderr


def test_what_comes_next_is_shown_written_and_drawn(tmp_path):
    example = Path(__file__).parents[2] / "docs" / "guide" / "counts.csv"
    ran = haidang(
        "forecast", example, "--model", "theta", "--horizon", 2, "--out", tmp_path / "f.csv",
        "--hub", tmp_path / "h.csv", "--plot", tmp_path / "p.svg", lang="vi",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "dự báo được 3 địa phương" in ran.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"f.csv", "h.csv", "p.svg"}
    wrong = haidang("forecast", example, "--model", "crystal", "--out", tmp_path / "f.csv")
    assert wrong.returncode == 2
    assert "pooled_growth" in wrong.stderr
    tried = haidang(
        "backtest", example, "--model", "theta", "--origins", 6, "--out", tmp_path / "s.csv"
    )
    assert tried.returncode == 0, tried.stderr
    assert "has no vintages" in tried.stdout
    assert "random_walk_quantiles" in tried.stdout
    assert (tmp_path / "s.csv").is_file()
    hub = pd.read_csv(tmp_path / "h.csv")  # of the newest week, of which nothing is known yet
    hub[["reference_date", "target_end_date"]] = hub[["reference_date", "target_end_date"]].apply(
        lambda c: (pd.to_datetime(c) - pd.Timedelta(days=28)).dt.strftime("%Y-%m-%d")
    )
    hub.to_csv(tmp_path / "team-b.csv", index=False)
    theirs = haidang(
        "backtest", example, "--theirs", tmp_path / "team-b.csv", "--out", tmp_path / "t.csv",
        "--horizon", 2, "--hub", tmp_path / "ours.csv", lang="vi",
    )  # fmt: skip
    assert theirs.returncode == 0, theirs.stderr
    assert "1 kỳ gốc" in theirs.stdout
    assert "team-b" in theirs.stdout
    assert "ensemble" not in theirs.stdout
    assert set(pd.read_csv(tmp_path / "ours.csv")["model_id"]) == {"random_walk_quantiles"}
    none = haidang("backtest", example, "--theirs", example, "--out", tmp_path / "t.csv")
    assert none.returncode == 2
    assert "counts.csv: the header lacks reference_date" in none.stderr


def test_late_reports_are_estimated_judged_and_drawn(tmp_path):
    data = Path(__file__).parents[2] / "docs" / "guide" / "data"
    ran = haidang(
        "nowcast", data / "late-reports.csv", "--as-of", "2024-08-14", "--period", "week",
        "--detect", "ears_c2", "--plot", "binh_minh", "--out", tmp_path, lang="vi",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Chưa đủ báo cáo đến ngày 2024-08-14" in ran.stdout
    assert "chưa rõ" in ran.stdout
    assert (tmp_path / "late-reports-nowcast.csv").is_file()
    drawn = (tmp_path / "late-reports-nowcast-binh_minh.svg").read_text("utf-8")
    assert "dự kiến cuối cùng" in drawn
    wrong = haidang("nowcast", data / "late-reports.csv", "--out", tmp_path)
    assert wrong.returncode == 2
    assert "every row is one case" in wrong.stderr


def test_how_many_one_case_infects_is_shown(tmp_path):
    daily = Path(__file__).parents[2] / "docs" / "guide" / "data" / "daily.csv"
    ran = haidang("reproduction", daily, "--serial-interval", "4,2", "--out", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "P(grows)" in ran.stdout
    assert (tmp_path / "daily-reproduction.csv").is_file()
    wrong = haidang("reproduction", daily, "--serial-interval", "1,2", "--out", tmp_path, lang="vi")
    assert wrong.returncode == 2
    assert "không phải là khoảng cách giữa các thế hệ" in wrong.stderr


def test_detect_draws_the_worst_places(tmp_path):
    example = Path(__file__).parents[2] / "docs" / "guide" / "counts.csv"
    picture = tmp_path / "made" / "worst.svg"
    ran = haidang(
        "detect", example, "--last", 30, "--out", tmp_path, "--plot-worst", picture, lang="vi"
    )
    assert ran.returncode == 0, ran.stderr
    drawn = picture.read_text("utf-8")
    assert "binh_minh" in drawn
    assert "<polygon" in drawn  # an alarm is a shape, not a colour
    (tmp_path / "file").write_text("", "utf-8")
    bad = haidang("detect", example, "--out", tmp_path, "--plot-worst", tmp_path / "file" / "a.svg")
    assert bad.returncode != 0
    assert "a.svg" in bad.stderr


def test_detect_shows_clusters(tmp_path):
    names = [f"p{i}" for i in range(6)]
    rows = [["start", *names]]
    for week in range(1, 31):
        more = 9 if week > 28 else 0
        counts = (2 + (i + week) % 3 + more * (i < 2) for i in range(6))
        rows.append([f"2024W{week:02}", *map(str, counts)])
    (tmp_path / "f.csv").write_text("\n".join(",".join(r) for r in rows), "utf-8")
    where = ["place,lat,lon", *(f"{n},{10 + i / 10},105" for i, n in enumerate(names))]
    (tmp_path / "w.csv").write_text("\n".join(where), "utf-8")
    ran = haidang(
        "detect", tmp_path / "f.csv", "--method", "scan_permutation", "--last", 1, "--set",
        "replicates=99", "--coordinates", tmp_path / "w.csv", "--out", tmp_path, lang="vi",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Các cụm của kỳ mới nhất" in ran.stdout
    assert (tmp_path / "f-scan_permutation-clusters.csv").is_file()
    without = haidang("detect", tmp_path / "f.csv", "--method", "scan_permutation", lang="vi")
    assert without.returncode == 2
    assert "hãy cho coordinates" in without.stderr


# ── inventories ──────────────────────────────────────────────────────────────────────────────


def test_an_inventory_is_looked_at(tmp_path):
    file = tmp_path / "kho.csv"
    file.write_text(
        "id,kind,place,echelon,quantity\n"
        "b1,rescue_boat,N,province,9\n"
        "b2,rescue_boat,N,province,-9\n",
        "utf-8",
    )
    done = haidang("stock", "check", file, "--country", "xt", "--on", "2030-09-10", toy=True)
    assert done.returncode == 1
    assert "kho.csv, line 3, quantity: -9 is less than nothing" in done.stderr
    assert "1 units can be used, 1 errors." in done.stdout


def test_an_inventory_is_not_taken_in_where_nobody_plays(replayed, tmp_path):
    file = tmp_path / "kho.csv"
    file.write_text("id,kind,place,echelon,quantity\nb1,rescue_boat,N,province,9\n", "utf-8")
    folder = tmp_path / "toy-2030"
    shutil.copytree(replayed[0] / "toy-2030", folder)
    done = haidang("stock", "import", file, "--to", folder, toy=True, lang="vi")
    assert done.returncode == 2
    assert "chỉ xem được" in done.stderr
    assert "Traceback" not in done.stderr
    lost = haidang("stock", "import", file, "--to", tmp_path / "missing", toy=True)
    assert lost.returncode == 2
    assert "there is no desk 'missing'" in lost.stderr


# ── review ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lang", "title", "absent"),
    [
        ("en", "Wind at stations beside ours", "names no record of what happened afterwards"),
        ("vi", "Gió tại trạm so với hệ thống", "chưa khai báo số liệu ghi nhận về sau"),
    ],
)
def test_a_review_says_what_there_is_and_why_not_the_rest(replayed, tmp_path, lang, title, absent):
    shutil.copytree(replayed[0], tmp_path, dirs_exist_ok=True)
    done = haidang("review", "toy-2030", "--out", tmp_path, lang=lang, toy=True)
    assert done.returncode == 0, done.stderr
    assert title in done.stdout
    assert absent in " ".join(done.stdout.split())
    for name in ("timeline", "leads", "winds", "absent"):
        assert (tmp_path / "toy-2030" / "tables" / f"review_{name}.csv").is_file()


def test_a_replay_leaves_its_review_and_its_report_on_paper(replayed):
    folder = replayed[0] / "toy-2030"
    assert (folder / "tables" / "review_leads.parquet").is_file()
    for page in folder.glob("report*.html"):
        assert page.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")


def test_approve_is_for_a_file_of_ones_own_and_says_so(replayed, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(replayed[0], folder)
    for lang, said in (("en", "for a file of your own"), ("vi", "tệp của chính bạn")):
        done = haidang("replay", "toy-2030", "--approve", "--out", folder, lang=lang, toy=True)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
    assert "of your own" not in replayed[1].stdout
