"""The report of the toy country's replay, and of the first country's where it is quick enough."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest

from e2e.prepared import common
from haidang.app.verdict import Decision
from haidang.base.errors import BadData
from haidang.jobs.replay import Played, play
from haidang.jobs.tables import Tables, tables
from haidang.pack.case import TruthSpec, load_case
from haidang.pack.load import roots
from haidang.review.announced import Compared
from haidang.review.verification import Contingency
from haidang.web.pages.report import read, render, write_reports
from haidang.web.pages.report_page import Kept, build
from haidang.words import catalogue
from jobs.conftest import YAGI, locked

TOY = Path(__file__).parents[1] / "toy"
DAY = datetime(2030, 9, 10, tzinfo=UTC)
COMPARED = (
    Compared(DAY, None, "the <north>", "land", 2, None, 3, ("N",), "a note"),
    Compared(DAY, DAY.replace(day=11), "the sea", "sea", 1, 1, 2, ("sea-toy-east",)),
)
CONTINGENCY = (Contingency(24, 8, 1, 0, 1, 0), Contingency(48, 12, 0, 0, 0, 2))


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Played:
    known = roots([TOY])
    return play(load_case("toy-2030", known), known, tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def made(played) -> Tables:
    return tables(played)


@pytest.fixture(scope="module")
def kept(played) -> Kept:
    return read(played)


@pytest.fixture(scope="module")
def page(played, made, kept) -> str:
    return render(build(played, made, kept, COMPARED, CONTINGENCY, "en"), played)


@pytest.fixture(scope="module")
def root(page):
    return lxml.html.document_fromstring(page)


def text(element) -> str:
    return " ".join(element.text_content().split())


def test_the_same_case_gives_the_same_bytes(played, made, page):
    again = render(build(played, made, read(played), COMPARED, CONTINGENCY, "en"), played)
    assert again == page


def test_one_file_a_language_each_linking_to_the_other(played, made, tmp_path):
    written = write_reports(played, made, tmp_path / "new", COMPARED, CONTINGENCY)
    assert [p.name for p in written] == ["report.html", "report.fr.html"]
    assert [p.name for p in (tmp_path / "new").iterdir() if p.name.endswith(".part")] == []
    for path, language, other in zip(
        written, ("en", "fr"), ("report.fr.html", "report.html"), strict=True
    ):
        found = lxml.html.parse(str(path)).getroot()
        assert found.get("lang") == language
        assert other in found.xpath("//header//a/@href")
        assert other in found.xpath("//link[@rel='alternate']/@href")
    before = written[0].read_bytes()
    assert write_reports(played, made, tmp_path / "new", COMPARED, CONTINGENCY) == written
    assert written[0].read_bytes() == before


def test_names_are_those_of_the_language(played, made, kept):
    french = render(build(played, made, kept, (), (), "fr"), played)
    assert "Le cyclone Toto du pays d&#39;essai" in french
    assert "Un pays inventé." in french


def test_ids_are_unique_and_every_reference_is_answered(root):
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    wanted = [h[1:] for h in root.xpath("//@href") if h.startswith("#")]
    wanted += [i for v in root.xpath("//@aria-labelledby") for i in v.split()]
    wanted += re.findall(r'url\(#([\w-]+)\)"', lxml.html.tostring(root, encoding="unicode"))
    assert len(wanted) > 50
    assert set(wanted) <= set(ids)


def test_nothing_is_run_or_fetched(page, root):
    assert "<script" not in page.lower()
    assert not root.xpath("//@*[starts-with(name(), 'on')]")
    assert not root.xpath("//img | //iframe | //object | //embed | //form | //@style | //base")
    assert not root.xpath("//link[@rel='stylesheet']")
    loaded = root.xpath("//@src | //@srcset | //@href")
    assert not [u for u in loaded if re.match(r"(?i)\s*(https?:)?//|data:|javascript:", u)]
    css = "".join(root.xpath("//style/text()"))
    assert "@import" not in css
    assert set(re.findall(r"url\((.*?)\)", css)) == set()


def test_one_heading_and_none_is_skipped(root):
    levels = [int(e.tag[1]) for e in root.iter("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert len(root.xpath("//main")) == len(root.xpath("//footer")) == 1


def test_tables_can_be_read_aloud(root):
    assert root.xpath("//table")
    for table in root.xpath("//table"):
        assert text(table.find("caption"))
        assert all(th.get("scope") for th in table.iter("th"))
    for cell in root.xpath("//table[contains(@class,'cards')]//td"):
        assert cell.get("data-l")
    assert all(f.find("figcaption") is not None for f in root.iter("figure"))
    for scrolls in root.xpath("//*[contains(@class,'scroll')]"):
        assert scrolls.get("role") == "region"
        assert scrolls.get("aria-labelledby")
    for map_ in root.xpath("//figure//svg"):
        assert text(map_.find("title"))


def test_a_level_has_a_number_and_a_word(root, played):
    words = {r.rank: r.names["en"] for r in played.context.scale.ranks}
    chips = root.xpath("//span[starts-with(@class,'lv ')]")
    assert {int(c.get("class").split("lv")[2]) for c in chips} == {1, 2, 3}
    for chip in chips:
        level = int(chip.get("class").split("lv")[2])
        said = text(chip)
        if "level" in said and words[level] in said:
            assert said.startswith(f"level {level}")
            continue
        assert re.fullmatch(rf"level {level}=?", said)
        after = chip.getnext()
        assert after.get("class") == "lw"
        assert text(after).startswith(words[level])


def test_the_sender_says_that_it_is_an_exercise(root, page, played):
    note = root.xpath("//*[@role='note']")[0]
    assert "EXERCISE" in text(note)
    assert played.context.country.spec.sender.status_note["en"] in text(note)
    assert text(root.find(".//title")).startswith("EXERCISE")
    assert '@top-left{content:"EXERCISE' in page


def test_the_answer_comes_first(root, kept):
    answer = text(root.xpath("//p[@class='answer']")[0])
    land = [d for d in kept.decisions if not d.place.startswith("sea")]
    assert max(d.after for d in land) == 3
    assert answer.startswith("Level 3 (alarm), the highest on land: ")
    assert "from the bulletin of 11 Sep" in answer or "from the bulletin of 10 Sep" in answer


def test_a_section_for_every_bulletin(root, played):
    ids = root.xpath("//article/@id")
    local = played.context.local
    assert ids == [f"b{local(s.issued):%Y%m%dT%H%M}" for s in played.steps if s.issued]
    assert root.xpath("//table[contains(@class,'grid')]//thead//a/@href") == [f"#{i}" for i in ids]


def shown(article) -> dict[str, str]:
    rows = article.xpath(".//table[contains(@class,'areas')]//tbody/tr[td]")
    return {text(r.find("th")): text(r.findall("td")[0]) for r in rows}


def test_the_tables_say_what_was_decided(root, kept, played):
    named = played.context.named
    for article, step in zip(root.xpath("//article"), played.steps, strict=True):
        rows = shown(article)
        decisions: list[Decision] = [d for d in kept.decisions if d.at == step.now]
        assert set(rows) == {
            named[d.place].name("en") for d in decisions if d.after or d.before != d.after
        }
        for d in decisions:
            if d.after:
                assert f"level {d.after}" in rows[named[d.place].name("en")]


def test_held_levels_are_marked(root, kept):
    held = [d for d in kept.decisions if d.reason == "holding"]
    assert held
    signs = [text(c) for c in root.xpath("//table[contains(@class,'areas')]//i") if "=" in text(c)]
    assert len(signs) == len([d for d in held if d.after])


def test_a_held_level_cites_no_clause_as_its_own(root, kept, played):
    found = {a.id: a.grounds for a in kept.assessments}
    held = [d for d in kept.decisions if d.after and found[d.assessment].level != d.after]
    assert held
    said = [text(r[-1]) for r in root.xpath("//table[contains(@class,'areas')]//tr[td]")]
    assert sum("Newest data alone: " in s for s in said) == len(held)


def test_every_notice_that_went_out_is_linked(root, made, kept):
    links = root.xpath("//table[contains(@class,'notices')]//a/@href")
    sent = [f for f in made.warnings["file"] if f]
    assert sorted(links) == sorted(sent)
    assert len(links) == len(kept.messages)
    assert all(h.startswith("cap/") for h in links)


def test_no_position_of_a_later_bulletin_is_drawn_on_an_earlier_map(root):
    articles = root.xpath("//article")
    ids = [f"#{a.get('id')}" for a in articles]
    shown_at = [set(a.xpath(".//figure//a/@href")) for a in articles]
    assert max(map(len, shown_at)) > 1
    for number, hrefs in enumerate(shown_at):
        assert hrefs <= set(ids[: number + 1])


def test_announced_levels_stand_beside_ours(root):
    rows = root.xpath("//section[@aria-labelledby='beside']//tbody/tr")
    assert len(rows) == 2
    assert "the <north>" in text(rows[0])
    assert "level 2 alert" in text(rows[0])
    assert "level 3 alarm" in text(rows[0])
    assert "no end given" in text(rows[0])


def test_a_score_that_means_nothing_is_called_so(root):
    rows = [
        [text(c) for c in r] for r in root.xpath("//section[@aria-labelledby='scores']//tbody/tr")
    ]
    assert rows[0] == ["24 h", "wind force 8 or more", "1", "0", "1", "0", "1.00", "0.50", "0.50"]
    assert rows[1][-3:] == ["undefined"] * 3


def test_without_comparison_it_says_so(played, made, kept):
    bare = lxml.html.document_fromstring(render(build(played, made, kept, (), (), "en"), played))
    assert "No announced levels" in text(bare.xpath("//section[@aria-labelledby='beside']")[0])
    assert "No verification" in text(bare.xpath("//section[@aria-labelledby='scores']")[0])


def test_the_chain_of_ids_is_that_of_one_notice(root, kept):
    found, decision, message = root.xpath("//ol[contains(@class,'chain')]//code/text()")
    assert decision in {d.id for d in kept.decisions if d.assessment == found}
    draft = next(m.draft for m in kept.messages if m.identifier == message)
    assert next(d.decision for d in kept.drafts if d.id == draft) == decision


def test_hostile_names_stay_text(played, made, kept):
    bad = '<script>alert("x")</script></style>\\'
    spec = played.case.spec.model_copy(update={"title": {"en": bad}})
    named = {
        code: replace(n, names={"en": f"{bad}{code}"}) for code, n in played.context.named.items()
    }
    hostile = replace(
        played,
        case=replace(played.case, spec=spec),
        context=replace(played.context, named=named),
    )
    page = render(build(hostile, made, kept, COMPARED, (), "en"), hostile)
    assert "<script" not in page
    assert page.count("</style>") == 1
    root = lxml.html.document_fromstring(page)
    assert text(root.find(".//h1")) == bad
    assert not root.xpath("//script")


def test_silence_is_not_drawn_as_calm(played, made, kept):
    blind = tuple(
        replace(d, after=0, before=0, reason=type(d.reason).BLIND) for d in kept.decisions
    )
    page = render(build(played, made, replace(kept, decisions=blind), (), (), "en"), played)
    root = lxml.html.document_fromstring(page)
    assert "No area on land reached any level." in page
    article = root.xpath("//article")[0]
    assert set(shown(article).values()) == {"no data"}
    assert article.xpath(".//*[contains(@class,'st-nodata')]")
    assert not article.xpath(".//figure//g[@class='pv q']")
    assert article.xpath(".//figure//*[@fill='url(#w-px)']")


def test_every_word_of_the_template_is_in_both_languages():
    here = Path(__file__).parents[2] / "src" / "haidang" / "web"
    sources = [here / "templates" / "report.html", *sorted((here / "pages").glob("report*.py"))]
    for name in ("report_counts", "report_readings", "report_parts"):
        sources.remove(here / "pages" / f"{name}.py")  # they have rooms of words of their own
    used = {
        key
        for path in sources
        for key in re.findall(r"\bsay\(\s*['\"]([a-z_.]+)['\"]", path.read_text("utf-8"))
    }
    assert len(used) > 80
    known = catalogue()
    whole = {k for k in used if not k.endswith("_")}  # the others are put together
    missing = {k for k in whole if (k if "." in k else f"report.{k}") not in known}
    assert missing == set()
    for key, texts in known.items():
        if key.startswith("report."):
            assert {"en", "vi"} <= set(texts)
            fields = [set(re.findall(r"\{(\w+)", texts[t])) for t in ("en", "vi")]
            assert fields[0] == fields[1], key


def test_every_reason_occasion_and_missing_part_has_words():
    from haidang.warn.decide import Reason
    from haidang.warn.lifecycle import Occasion
    from haidang.web.pages.report_page import MISSING

    known = catalogue()
    for reason in Reason:
        assert f"report.reason_{reason.value}" in known
    for occasion in Occasion:
        assert f"report.occasion_{occasion.value}" in known
    for part in MISSING:
        assert f"report.missing_{part}" in known
        assert f"report.missing_{part}_why" in known


def test_it_is_small(page):
    assert len(page.encode()) < 300_000


@pytest.mark.slow
def test_the_first_countrys_report_is_small(tmp_path, tmp_path_factory):
    shared, known = common(tmp_path_factory), roots()
    with locked(shared / f"{YAGI}.lock"):
        full = play(load_case(YAGI, known), known, shared / YAGI)
    written = write_reports(full, tables(full), tmp_path)
    assert [p.name for p in written] == ["report.html", "report.en.html"]
    for path in written:
        assert path.stat().st_size < 1_500_000
        found = lxml.html.parse(str(path)).getroot()
        ids = found.xpath("//@id")
        assert len(ids) == len(set(ids))
        assert {h[1:] for h in found.xpath("//@href") if h.startswith("#")} <= set(ids)


def with_coast(played: Played, *codes: str) -> Played:
    places = played.context.country.places
    keys = frozenset(p.key for p in places.gazetteer if p.kind == "province" and p.code in codes)
    country = replace(played.context.country, places=replace(places, coast=keys))
    return replace(played, context=replace(played.context, country=country))


def test_boats_are_told_of_force_6_at_sea_and_on_the_coast_alone(played, made, kept):
    report = build(played, made, kept, (), (), "en")
    names = {c: played.context.named[c] for c in played.context.areas.codes}
    told = {d.place for d in kept.decisions if d.after}
    assert told == {"N", "S", "sea-toy-east"}  # without a coast: every one of them
    assert len(report.boat_areas) == 3
    shore = build(with_coast(played, "N"), made, kept, (), (), "en")
    assert len(shore.boat_areas) == 2
    assert names["S"].kind != "sea"
    assert set(shore.boat_areas) < set(report.boat_areas)
    # The first force 6 comes before the first force 8 of the same area.
    at = next(a for a in kept.assessments if a.place == "sea-toy-east" and a.onsets)
    first = {o.threshold: o.onset.central for o in at.onsets}
    assert first[6] <= first[8]
    assert "force 6" in render(shore, played).split('id="boats"')[1][:400]


def test_a_damaged_track_found_out_afterwards_is_said(played, tmp_path):
    (tmp_path / "track.csv").write_text("issued,valid\n", "utf-8")
    truth = TruthSpec(file="track.csv", averaging_s=600, source="invented")
    spec = played.case.spec.model_copy(update={"truth": truth})
    damaged = replace(played, case=replace(played.case, spec=spec, folder=tmp_path))
    with pytest.raises(BadData, match=r"track\.csv, line 1"):
        read(damaged)


def test_evidence_names_every_bulletin_used_up_to_then(kept):
    for found in kept.assessments:
        (signal,) = found.signals
        assert list(signal.evidence) == sorted(set(signal.evidence))
        assert max(signal.evidence) <= found.receipt
    assert any(len(a.signals[0].evidence) > 1 for a in kept.assessments)


def test_rain_and_surge_stand_beside_the_wind_where_they_are_worth_a_word(root, kept):
    said = [text(c) for c in root.xpath("//table[contains(@class,'areas')]//tr/td[2]")]
    wet = [s for s in said if "mm in 24 h" in s]
    assert wet
    # Nobody knows the sea before the invented country's coast.
    assert not any("surge" in s for s in said)
    highest = max(i.value.high for a in kept.assessments for i in a.impacts if i.unit == "mm")
    assert any(f"–{highest:.0f} mm" in s for s in wet) or highest < 50
