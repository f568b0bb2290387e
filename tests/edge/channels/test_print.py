"""The printed notice: one page whatever it says, the same bytes, a level without colour too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import typst

from haidang.edge.channels import print as paper
from haidang.edge.channels.parts.spec import Home
from haidang.warn.message import Text
from parcels import EN, VI, message, pages, parcel, parcels

HOME = Home("board", link="https://example.invalid/cap/{identifier}.xml")


@pytest.fixture
def opened(tmp_path):
    return paper.open(paper.Spec(folder=tmp_path / "board", contact="0123"), HOME)


@pytest.fixture
def said(monkeypatch):
    """The data that goes to the page."""
    seen = {}
    real = typst.compile

    def compile_it(source, **kwargs):
        seen.update(json.loads(kwargs["sys_inputs"]["data"]))
        return real(source, **kwargs)

    monkeypatch.setattr(paper.typst, "compile", compile_it)
    return seen


def test_a_notice_becomes_one_page_with_everything_on_it(opened, said, tmp_path):
    (outcome,) = opened.send([parcel(of=message(status="Exercise"))])
    assert outcome[:3] == ("key-1", "delivered", "")
    (path,) = (tmp_path / "board").iterdir()
    assert path.name == outcome.receipt == "20300906T1500Z-alert-xt-0001.pdf"
    pdf = path.read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pages(pdf) == 1
    vi, en = said["parts"]
    assert said["exercise"] == "DIỄN TẬP · EXERCISE"
    assert (said["level"], said["top"], said["fill"], said["ink"]) == (4, 5, "#c71f2b", "#ffffff")
    assert vi["word"] == "Cấp độ rủi ro thiên tai: cấp 4 trên 5 (rất lớn) · đỏ"
    assert en["word"] == "Disaster risk level: level 4 of 5 (very high) · red"
    assert ["Nơi áp dụng", "Hải Phòng"] in vi["rows"]
    assert ["Dự kiến từ", "05:00 ngày 07/09"] in vi["rows"]
    assert ["Valid until", "05:00 on 8 Sep"] in en["rows"]
    assert ["Nơi phát tin", "Trạm trực (thử)"] in vi["rows"]
    assert vi["todo"] == [VI.instruction]
    assert vi["headline"].startswith("DIỄN TẬP. ")
    assert any("0123" in line for line in said["foot"])


def test_the_same_notice_gives_the_same_bytes_and_is_written_once(opened, tmp_path):
    assert opened.page(parcel()) == opened.page(parcel())
    opened.send([parcel()])
    (path,) = (tmp_path / "board").iterdir()
    before = path.stat().st_mtime_ns
    assert opened.send([parcel()])[0].state == "delivered"
    assert path.stat().st_mtime_ns == before


def test_a_notice_however_long_stays_one_page(opened):
    def long(text, times):
        return Text(text.language, text.headline, *(
            "\n".join([part] * times) for part in (text.description, text.instruction)
        ))  # fmt: skip

    for times in (4, 12):
        texts = (long(VI, times), long(EN, times))
        assert pages(opened.page(parcel(of=message(texts=texts)))) == 1


def test_what_is_said_is_text_and_never_markup(opened, said):
    nasty = Text("vi", '#panic("x") = $x$ <a> [b] \\ *c*', "#include", "- 1\n+ 2\n`raw`\n@ref")
    pdf = opened.page(parcel(of=message(texts=(nasty,))))
    assert pages(pdf) == 1
    assert said["parts"][0]["headline"].startswith("#panic")


def test_the_end_of_a_warning_shows_no_level(opened, said):
    over = replace(message(level=0), kind="Cancel")
    opened.page(parcel(of=over))
    assert said["level"] == 0
    assert said["parts"][0]["word"] == ""


def test_the_languages_and_their_order_are_a_setting(tmp_path, said):
    one = paper.open(paper.Spec(folder=tmp_path, languages=("en",)), HOME)
    one.page(parcel())
    assert [p["language"] for p in said["parts"]] == ["en"]


def test_a_message_that_cannot_be_read_is_printed_in_its_own_words(opened, said):
    opened.page(parcel(of=replace(message(), body=b"<alert/>"), text=EN))
    assert [p["headline"] for p in said["parts"]] == [EN.headline]


def test_a_folder_that_cannot_be_written_to_is_a_failure(tmp_path):
    (tmp_path / "board").write_text("in the way", "utf-8")
    channel = paper.open(paper.Spec(folder=tmp_path / "board"), HOME)
    found = channel.send(parcels(2, ""))
    assert {o[1:3] for o in found} == {("failed", "channel.no_room")}


@pytest.mark.parametrize(
    ("fill", "ink"), [("#fff1a3", "#12181b"), ("#6d2a90", "#ffffff"), ("", "#12181b")]
)
def test_ink_is_read_on_every_colour(fill, ink):
    assert paper._on(fill) == ink
