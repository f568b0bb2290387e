"""The report on paper: what it holds, set as text, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typst

from haidang.edge.store.store import Store
from haidang.jobs.replay import play
from haidang.jobs.review import review
from haidang.jobs.tables import tables
from haidang.pack.case import load_case
from haidang.pack.load import roots
from haidang.web.pages.report import read, write_reports
from haidang.web.pages.report_page import build
from haidang.web.pages.report_pdf import (
    FONT,
    Paper,
    _map_style,
    _template,
    build_paper,
    render_pdf,
    standalone,
)

TOY = Path(__file__).parents[1] / "toy"
HOSTILE = (
    '#panic("x") *bold* _it_ $x$ ] [ } { \\ // `code` <label> @ref "quoted" \u1eaf\u1ed9\u01b0'
)
EVERY_LETTER = "ăâđêôơư ĂÂĐÊÔƠƯ" + "".join(chr(c) for c in range(0x1EA0, 0x1EFA))
"""Latin Extended Additional from Ạ to ỹ: every letter of Vietnamese with its marks."""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    known = roots([TOY])
    return play(load_case("toy-2030", known), known, tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def paper(played) -> Paper:
    kept = read(played)
    with Store.open(played.database, check=False) as store:
        plans = store.plans()
    page = build(played, tables(played, "en"), kept, (), (), "en")
    return build_paper(page, review(played), plans, played.context, kept.head)


def bare(**more: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "title": "t", "author": "a", "language": "vi", "exercise": "e", "status": "s",
        "banner": "b", "foot": "f", "colours": {"3": {"fill": "#f4923c", "ink": "#12181b"}},
        "blocks": [],
    }  # fmt: skip
    return {**whole, **more}


def compiled(data: dict[str, object], **more: object):
    return typst.compile_with_warnings(
        _template(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        **{"format": "pdf", "pdf_standards": "ua-1", **more},
    )


def kinds(paper: Paper) -> list[str]:
    return [block["kind"] for block in paper.data["blocks"]]


def test_the_toy_s_report_is_set_without_a_warning(paper):
    made, warnings = compiled(dict(paper.data))
    assert made.startswith(b"%PDF-")
    assert warnings == []


def test_the_same_report_gives_the_same_bytes(paper):
    assert render_pdf(paper) == render_pdf(paper)


def test_every_part_is_there(paper):
    found = kinds(paper)
    assert found.count("h1") >= 8
    assert "maps" in found
    assert found.count("sheet") >= 4
    said = json.dumps(paper.data, ensure_ascii=False)
    assert paper.data["exercise"] in said
    for block in paper.data["blocks"]:
        if block["kind"] == "sheet":
            # Typst would lay a row that is too short over the next one without a word.
            width = len(block["columns"])
            assert {len(r) for r in block["rows"]} <= {1, width}
            assert len(block["widths"]) in {0, width}


def test_what_is_absent_is_said(paper):
    texts = [str(b.get("text", "")) for b in paper.data["blocks"]]
    assert any("names no record of what happened afterwards" in t for t in texts)


def test_the_head_of_the_ledger_stands_on_it(paper, played):
    with Store.open(played.database, check=False) as store:
        _, head = store.head()
    assert {"kind": "code", "text": head} in paper.data["blocks"]


@pytest.mark.parametrize("text", [HOSTILE, EVERY_LETTER], ids=["markup", "letters"])
def test_text_is_set_as_text(text):
    chip = {"level": 3, "word": text, "held": True, "show": True}
    sheet = {"kind": "sheet", "columns": [text, "b"], "rows": [[text], [chip, text]],
             "left": 1, "size": 8, "widths": []}  # fmt: skip
    blocks = [
        {"kind": k, "text": text} for k in ("h1", "h2", "p", "lead", "note", "warning", "code")
    ]
    blocks += [sheet, {"kind": "list", "items": [text]}, {"kind": "pairs", "rows": [[text, text]]},
               {"kind": "facts", "rows": [[text, text, text]]},
               {"kind": "legend", "chips": [chip]}]  # fmt: skip
    data = bare(blocks=blocks, title=text, exercise=text, foot=text, status=text, banner=text)
    made, warnings = compiled(data)
    assert made.startswith(b"%PDF-")
    # A letter that no font has, or markup that was read as such, would be a warning or an error.
    assert warnings == []


def test_the_font_is_bundled_and_has_every_letter_of_vietnamese():
    assert FONT in typst.Fonts(include_system_fonts=False).families()
    one = f'#set text(font: "{FONT}", fallback: false)\n{EVERY_LETTER}'.encode()
    other = f'#set text(font: "{FONT}", fallback: true)\n{EVERY_LETTER}'.encode()
    drawn = [typst.compile(t, format="svg", ignore_system_fonts=True) for t in (one, other)]
    assert drawn[0] == drawn[1]  # nothing had to fall back


def test_maps_on_paper_need_nothing_from_outside(paper):
    maps = next(b for b in paper.data["blocks"] if b["kind"] == "maps")
    for svg in maps["svgs"]:
        assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert "var(" not in svg
        assert "<defs>" in svg
        assert svg.count("<svg") == svg.count("</svg>") == 1
    assert maps["alt"]


def test_the_style_of_the_maps_is_the_page_s():
    style = _map_style()
    for rule in (".trk", ".pv use", ".grat", "svg .lab"):
        assert rule in style
    assert "@media" not in style
    assert ":hover" not in style


def test_strokes_keep_their_width_on_a_scaled_map():
    svg = '<svg viewBox="0 0 10 10"><g transform="translate(1 1) scale(0.5)"></g></svg>'
    assert "stroke-width:1.600" in standalone(svg, "<svg><defs></defs></svg>", "")


def test_pages_have_their_pdf_beside_them(played, tmp_path):
    book = review(played)
    paths = write_reports(played, tables(played), tmp_path, (), (), book)
    names = [p.name for p in paths]
    pages = [n for n in names if n.endswith(".html")]
    assert names == [n for page in pages for n in (page, page.replace(".html", ".pdf"))]
    assert all(p.stat().st_size > 10_000 for p in paths)
    assert not list(tmp_path.glob("*.part"))
    assert [p.suffix for p in write_reports(played, tables(played), tmp_path / "x")] == [
        ".html" for _ in pages
    ]
