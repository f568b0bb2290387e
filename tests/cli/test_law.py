"""``haidang law`` reads the tables and asks them with what is known, in both languages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from haidang.cli import law
from haidang.cli.app import build
from haidang.cli.show import out

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    # The console was measured when it was made, perhaps by a test before this one.
    monkeypatch.setattr(out, "_width", 240)
    # A country is read once: every command would read it anew, as a process of its own must.
    monkeypatch.setattr(law, "_home", cache_of(law._home))


READ: dict[tuple[str | None, str], object] = {}


def cache_of(read):
    def home(country):
        key = (country, os.environ.get("HAIDANG_PACKS", ""))
        if key not in READ:
            READ[key] = read(country)
        return READ[key]

    return home


def run(*words: str):
    return CliRunner().invoke(build(), words)


def ask(language: str, *words: str):
    return run("--lang", language, "law", "level", *words)


RAIN = ("--article", "44", "--rain", "350", "--days", "3", "--region", "plain")


def test_the_list_counts_what_is_checked_and_says_who_commands():
    found = run("--lang", "en", "law", "list", "--day", "2024-09-07")
    assert found.exit_code == 0, found.output
    for article in range(42, 57):
        assert f"Article {article}, Decision 18/2021/QĐ-TTg" in found.output
    assert "2 rows in doubt" in found.output
    assert "Compared with official text: 176 (with the gazette: 0; with the codification: 178)" in (
        found.output
    )
    assert "(not in force on this day)" in found.output  # the Circular of 2026
    assert "Prime Minister" in found.output


def test_the_list_before_any_law_says_so():
    found = run("--lang", "vi", "law", "list", "--day", "2020-01-01")
    assert found.output.count("không có hiệu lực ngày này") == 22
    assert "Chưa nhập văn bản về người chỉ huy" in found.output


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Article 54(5)", "Chair of the provincial", "IN DOUBT", "not more than 25 days")),
        ("vi", ("khoản 5 Điều 54", "Chủ tịch UBND cấp tỉnh", "CÒN NGHI VẤN", "không quá 25 ngày")),
    ],
)  # fmt: skip
def test_a_table_is_shown_whole(language, said):
    found = run("--lang", language, "law", "show", "art54", "--day", "2024-09-07")
    assert found.exit_code == 0, found.output
    for text in said:
        assert text in found.output
    assert found.output.count("54") > 11
    for name in ("--heat", "--days", "--zone"):
        assert name in found.output


def test_notes_at_rows_are_for_those_who_read_english():
    said = run("--lang", "vi", "law", "show", "54").output
    assert "Note: " in run("--lang", "en", "law", "show", "54").output
    assert "Note: " not in said
    assert "Ghi chú: " not in said


def test_what_is_not_given_stays_open():
    found = ask("en", *RAIN, "--day", "2024-09-07")
    assert found.exit_code == 0, found.output
    assert "Level 3 (high): Article 44(3)(b), Decision 18/2021/QĐ-TTg" in found.output
    assert "If period of the rain: 24 hours; how far the rain reaches: several different" in (
        found.output
    )
    assert found.output.count("No level (not defined by the text)") == 4
    assert "Commands: Chair of the provincial People's Committee." in found.output
    assert "Decree 66/2021/NĐ-CP, Art. 9(1) and (4)." in found.output
    assert "give: --per, --scope." in found.output


def test_one_answer_by_the_law_of_the_day():
    whole = (*RAIN, "--per", "24h", "--scope=several")
    before = ask("vi", *whole, "--day", "2024-09-07")
    assert "Cấp 3 (lớn): điểm b khoản 3 Điều 44, Quyết định 18/2021/QĐ-TTg" in before.output
    assert "Chỉ đạo: Ban Chỉ đạo quốc gia về phòng, chống thiên tai" in before.output
    assert "53/2026" not in before.output
    assert "được Nghị định 53/2026/NĐ-CP sửa đổi" in ask("vi", *whole, "--day", "2026-03-01").output


def test_before_the_decision_it_is_not_in_force():
    found = ask("en", *RAIN, "--day", "2021-06-30")
    assert found.exit_code != 0
    assert [p.code for p in found.exception.problems] == ["law.not_in_force_then"]


def test_a_number_that_is_missing_is_asked_back():
    found = ask("vi", "--article", "44", "--rain", "350")
    assert found.exit_code == 1
    assert "số ngày mưa kéo dài (ngày)" in found.output
    assert "--days" in found.output
    assert "Cấp" not in found.output.splitlines()[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--rian", "350"), "law.input_near"),
        (("--rain", "350", "--region", "plian"), "law.category_near"),
        (("--rain", "much"), "law.not_number"),
        (("--rain",), "cli.law_no_value"),
        (("--rain", "--days", "3"), "cli.law_no_value"),
        (("--rain", "1", "--rain", "2"), "cli.law_twice"),
        (("350",), "cli.law_word"),
        (("--rain", "350", "--place", "Atlantis"), "law.place_none"),
    ],
)
def test_a_slip_is_said_with_its_remedy(words, code):
    found = ask("en", "--article", "44", *words)
    assert found.exit_code != 0
    assert [p.code for p in found.exception.problems] == [code]


def test_options_of_every_form_and_negative_numbers():
    assert law._options(["--above-3", "-0.5", "--zone=4"]) == {"above_3": "-0.5", "zone": "4"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Hai Phong: the name of the place"),
        ("vi", "Hải Phòng: tên địa phương"),
    ],
)
def test_a_place_that_no_list_knows_says_so(language, said):
    one = ask(language, "--article", "55", "--msk", "7", "--place", "31")
    assert said in one.output
    typed = ("--article", "42", "--beaufort", "13", "--area", "coastal", "--place", "31")
    assert said in ask(language, *typed).output


def test_a_place_stands_in_for_its_areas():
    found = ask("vi", "--article", "43", "--height", "2,5", "--place", "96", "--day", "2024-09-07")
    assert "Cà Mau: đoạn bờ biển" in found.output
    lines = [line for line in found.output.splitlines() if line.startswith(("Cấp 2", "Cấp 3"))]
    assert [line.split(":")[0] for line in lines] == ["Cấp 3 (lớn)", "Cấp 2 (trung bình)"]


def test_another_country_has_its_own_law(monkeypatch):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    found = run("--lang", "en", "law", "level", "--country", "xt", "--article", "3",
                "--wind", "95", "--area", "sea", "--day", "2028-01-01")  # fmt: skip
    assert "Level 2 (alert): Article 3(2)(b), Act 7 on alerts" in found.output
    assert "Clauses: Article 3(1)(b), Article 3(2)(b)" in found.output
    assert "Mayor" in found.output


def test_a_province_of_another_time_is_told_with_what_it_is_now():
    """Hoà Bình became a part of Phú Thọ on 1 July 2025 (Resolution 202/2025/QH15)."""
    asked = ("--article", "44", "--rain", "350", "--days", "3", "--place", "Hòa Bình")
    found = ask("en", *asked, "--day", "2026-09-07")
    (problem,) = found.exception.problems
    assert problem.code == "law.place_gone"
    assert "25 Phú Thọ / Phu Tho:" in problem.say("en")
    assert "25 Phú Thọ / Phu Tho:" in problem.say("vi")
    assert "01/07/2025" in problem.say("vi")
    assert ask("en", *asked, "--day", "2024-09-07").exit_code == 0


def test_a_province_may_be_called_with_the_word_for_its_unit():
    for name in ("Thành phố Hồ Chí Minh", "tinh quang ninh"):
        found = ask("en", "--article", "44", "--rain", "350", "--days", "3", "--place", name)
        assert found.exit_code == 0, found.output
