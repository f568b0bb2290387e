"""Inventories that people bring: good rows kept, every bad one named with its remedy."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from haidang.base.errors import BadData
from haidang.base.place import Gazetteer, Place
from haidang.edge.feeds.stock import MOST, NEEDED, OPTIONAL, parse_stock, read_stock

DAY = date(2025, 9, 1)
KINDS = ("boat", "team")
START = date(2025, 7, 1)
PLACES = Gazetteer(
    [
        Place("01", "province", {"vi": "Hà Nội", "en": "Hanoi"}, None, START),
        Place("22", "province", {"vi": "Quảng Ninh"}, None, START),
        Place("00070", "commune", {"vi": "Phường Hoàn Kiếm"}, "01", START),
        Place("30", "province", {"vi": "Hải Dương"}, None, date(2000, 1, 1), START),
    ]
)
HEAD = "id,kind,place,echelon,quantity,reserve,ready_min,lat,lon,source,demo"
GOOD = "b1,boat,22,province,12,2,30,20.9,107.1,counted 2025,"


def file_of(folder: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path = folder / "kho.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding)
    return path


def found(folder: Path, *rows: str, head: str = HEAD):
    read = read_stock(file_of(folder, *rows, head=head), KINDS, PLACES, DAY)
    for problem in read.problems:
        assert problem.file == "kho.csv"
        assert problem.say("vi") != problem.say("en")
        assert "{" not in problem.say("vi") + problem.say("en")
    return read


def said(read) -> list[tuple[str, int | None, str]]:
    return [(p.code, p.row, p.field) for p in read.problems]


def refused(path: Path) -> str:
    with pytest.raises(BadData) as error:
        read_stock(path, KINDS, PLACES, DAY)
    assert error.value.say("vi") != error.value.say("en")
    return error.value.problems[-1].code


def test_a_good_row(tmp_path):
    read = found(tmp_path, GOOD)
    [unit] = read.units
    assert read.problems == ()
    assert (unit.id, unit.kind, unit.place, unit.echelon) == ("b1", "boat", "22", "province")
    assert (unit.quantity, unit.reserve, unit.ready_min) == (12, 2, 30.0)
    assert (unit.lat, unit.lon, unit.source, unit.demo) == (20.9, 107.1, "counted 2025", False)


def test_only_what_is_needed(tmp_path):
    read = found(tmp_path, "t,team,00070,commune,3", head="ID, Kind ,place,echelon,quantity")
    [unit] = read.units
    assert (unit.reserve, unit.ready_min, unit.lat, unit.lon) == (0, 0.0, None, None)
    assert (unit.source, unit.demo) == ("kho.csv", False)


def test_nothing_left_is_a_row(tmp_path):
    assert found(tmp_path, "b1,boat,22,province,0,0,,,,,").units[0].quantity == 0


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("b,boat,22,province,-3,,,,,,", "negative", "quantity"),
        ("b,boat,22,province,3,-1,,,,,", "negative", "reserve"),
        ("b,canoe,22,province,3,,,,,,", "kind", "kind"),
        ("b,boat,22,village,3,,,,,,", "echelon", "echelon"),
        ("b,boat,99,province,3,,,,,,", "place", "place"),
        ("b,boat,30,province,3,,,,,,", "place", "place"),  # merged before that day
        ('b,boat,22,province,"1,5",,,,,,', "comma", "quantity"),
        ('b,boat,22,province,"1,200",,,,,,', "comma", "quantity"),
        ('b,boat,22,province,3,,"1,5",,,,', "comma", "ready_min"),
        ("b,boat,22,province,1.5,,,,,,", "fraction", "quantity"),
        ("b,boat,22,province,1e3,,,,,,", "fraction", "quantity"),
        ("b,boat,22,province,many,,,,,,", "number", "quantity"),
        ("b,boat,22,province,1_000,,,,,,", "number", "quantity"),
        ("b,boat,22,province,nan,,,,,,", "number", "quantity"),
        ("b,boat,22,province,٣,,,,,,", "fraction", "quantity"),
        ("b,boat,22,province,3,4,,,,,", "reserve", "reserve"),
        ("b,boat,22,province,,,,,,,", "missing", "quantity"),
        (",boat,22,province,3,,,,,,", "missing", "id"),
        ("b,,22,province,3,,,,,,", "missing", "kind"),
        ("b,boat,,province,3,,,,,,", "missing", "place"),
        ("b,boat,22,,3,,,,,,", "missing", "echelon"),
        ("b,boat,22,province,3,,,120,10,,", "range", "lat"),
        ("b,boat,22,province,3,,,20,200,,", "range", "lon"),
        ("b,boat,22,province,3,,-5,,,,", "range", "ready_min"),
        ("b,boat,22,province,3,,soon,,,,", "number", "ready_min"),
        ("b,boat,22,province,3,,,20,,,", "half_position", "lon"),
        ("b,boat,22,province,3,,,,106,,", "half_position", "lat"),
        ("b,boat,22,province,3,,,,,,maybe", "demo", "demo"),
        (f"b,boat,22,province,{MOST + 1},,,,,,", "too_many", "quantity"),
        (f"b,boat,22,province,{'9' * 5000},,,,,,", "too_many", "quantity"),
        ("b,boat,22,province,3,,,,,,,,more", "too_many_cells", ""),
    ],
)
def test_a_bad_row_is_named_and_the_good_one_kept(tmp_path, row, code, field):
    read = found(tmp_path, row, GOOD)
    assert said(read) == [(f"stock.{code}", 2, field)]
    assert [u.id for u in read.units] == ["b1"]


def test_the_remedy_says_what_to_write(tmp_path):
    rows = ('a,boat,22,province,"1,200",,,,,,', "b,canoe,22,province,1,,,,,,",
            "c,boat,1,province,1,,,,,,", "d,boat,Quảng Ninh,province,1,,,,,,")  # fmt: skip
    comma, kind, zero, name = found(tmp_path, *rows).problems
    assert "write 1200 if" in comma.say("en")
    assert "1.200 if" in comma.say("en")
    assert "boat, team" in kind.say("en")
    assert "meant, perhaps: 01" in zero.say("en")  # a spreadsheet ate the zero
    assert "có thể là: 22" in name.say("vi")


def test_two_units_of_one_id(tmp_path):
    read = found(tmp_path, GOOD, GOOD.replace("12", "7"), GOOD)
    assert said(read) == [("stock.twice", 3, "id"), ("stock.twice", 4, "id")]
    assert "line 2" in read.problems[0].say("en")
    assert [u.quantity for u in read.units] == [12]


def test_several_things_wrong_with_one_row_are_said_at_once(tmp_path):
    read = found(tmp_path, "b,canoe,99,province,-1,,,,,,")
    assert {c for c, *_ in said(read)} == {"stock.kind", "stock.place", "stock.negative"}
    assert read.units == ()


def test_lines_are_counted_as_an_editor_does(tmp_path):
    read = found(tmp_path, "", GOOD, "", "b,canoe,22,province,1,,,,,,")
    assert said(read) == [("stock.kind", 5, "kind")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "stock.empty"),
        ("\n \n", "stock.empty"),
        (HEAD + "\n", "stock.empty"),
        ("id,kind,place,quantity\nb,boat,22,3\n", "stock.columns"),
        ("id,kind,place,echelon,quantity,id\n", "stock.column_twice"),
    ],
)
def test_a_file_that_is_none(tmp_path, text, code):
    path = tmp_path / "kho.csv"
    path.write_text(text, "utf-8")
    assert refused(path) == code


def test_a_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "kho.csv"
    assert refused(path) == "stock.unreadable"
    path.write_bytes("id,kind\nĐò".encode("utf-16"))
    assert refused(path) == "stock.unreadable"
    sheet = tmp_path / "kho.xlsx"
    sheet.write_bytes(b"PK\x03\x04 no workbook")
    assert refused(sheet) == "stock.unreadable"
    sheet.write_text("id,kind", "utf-8")
    assert refused(sheet) == "stock.unreadable"
    with zipfile.ZipFile(sheet, "w") as broken:
        broken.writestr("[Content_Types].xml", "<no")
    assert refused(sheet) == "stock.unreadable"


def test_with_a_mark_and_with_semicolons(tmp_path):
    rows = (HEAD.replace(",", ";"), GOOD.replace(",", ";"), "c;boat;22;province;1,5;;;;;;")
    path = tmp_path / "kho.csv"
    path.write_text("\r\n".join(rows), "utf-8-sig")
    read = read_stock(path, KINDS, PLACES, DAY)
    assert [u.id for u in read.units] == ["b1"]
    assert said(read) == [("stock.comma", 3, "quantity")]


def test_a_spreadsheet(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet.append([*NEEDED, *OPTIONAL])
    sheet.append(["b1", "boat", "22", "province", 12, 2.0, 30, 20.9, 107.1, "đếm", True])
    sheet.append([None] * 11)
    sheet.append(["b2", "boat", 22, "province", 1.5, None, None, None, None, None, None])
    sheet.append(["b3", "boat", "22", "province", "1,200", None, None, None, None, None, None])
    path = tmp_path / "kho.xlsx"
    book.save(path)
    read = read_stock(path, KINDS, PLACES, DAY)
    [unit] = read.units
    assert (unit.quantity, unit.reserve, unit.source, unit.demo) == (12, 2, "đếm", True)
    assert said(read) == [("stock.fraction", 4, "quantity"), ("stock.comma", 5, "quantity")]


CELLS = st.text(max_size=12) | st.sampled_from(
    ["1,5", "-0", "1e308", "inf", "22", "boat", "province", "0x1", "½", "٣", "1.0", "\x00", '"']
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(CELLS, max_size=13), max_size=6))
def test_no_row_ever_breaks_it(rows):
    table = [(1, HEAD.split(",")), *enumerate(rows, 2)]
    try:
        read = parse_stock(table, KINDS, PLACES, DAY, file="x.csv")
    except BadData as error:
        assert error.say("vi")  # noqa: PT017 - most are good, and that is fine
        return
    bad = {p.row for p in read.problems}
    filled = [line for line, cells in table[1:] if any(map(str.strip, cells))]
    assert len(read.units) + len(bad) == len(filled)
    for problem in read.problems:
        assert problem.say("en")
        assert problem.say("vi")
    for unit in read.units:
        assert 0 <= unit.reserve <= unit.quantity <= MOST


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_ever_breaks_it(tmp_path_factory, body):
    folder = tmp_path_factory.getbasetemp()
    for name in ("any.csv", "any.xlsx"):
        path = folder / name
        path.write_bytes(HEAD.encode() + b"\n" + body if name.endswith("csv") else body)
        try:
            read_stock(path, KINDS, PLACES, DAY)
        except BadData as error:
            assert error.say("vi")  # noqa: PT017 - most files are good, and that is fine


@settings(deadline=None, max_examples=60)
@given(st.integers(0, MOST), st.integers(0, MOST), st.text(alphabet="abc-đ01", min_size=1))
def test_what_is_written_comes_back(quantity, reserve, name):
    out = io.StringIO()
    row = [name, "boat", "22", "province", quantity, min(reserve, quantity)]
    csv.writer(out).writerows([[*NEEDED, "reserve"], row])
    table = list(enumerate(csv.reader(io.StringIO(out.getvalue())), 1))
    [unit] = parse_stock(table, KINDS, PLACES, DAY).units
    assert (unit.id, unit.quantity, unit.reserve) == (name, quantity, min(reserve, quantity))
