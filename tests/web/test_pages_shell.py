"""The pages of the shell: whole in both languages, plain without a script, small, not fooled."""

from __future__ import annotations

import csv
import gzip
import html
import io
import re
from dataclasses import replace
from datetime import UTC
from string import Formatter

import pytest

from haidang.web.console import Clock, DeskBar, nav
from haidang.web.pages import entry_form
from haidang.web.pages.entry_form import Typed
from haidang.web.speak import Speaker
from haidang.words import catalogue

DRILL = "/d/drill-toy-2030"
PATHS = (
    "/login",
    "/",
    "/new",
    f"{DRILL}/situation",
    f"{DRILL}/risk",
    f"{DRILL}/ledger",
    f"{DRILL}/explain",
    "/d/toy-2030/situation",
    "/nothing",
)
ROOMS = ("console", "situation", "risk", "ledger", "why", "entry")


def visible(text: str) -> str:
    bare = re.sub(r"<(svg|style|script).*?</\1>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def whole_texts(language: str, other: str) -> set[str]:
    """Texts without placeholders that differ between the languages and are no single word."""
    return {
        texts[language]
        for key, texts in catalogue().items()
        if key.split(".")[0] in ROOMS
        and key != "console.own_name"  # of the switch itself
        and texts[language] != texts[other]
        and " " in texts[language]
        and not any(field for _, field, _, _ in Formatter().parse(texts[language]))
    }


@pytest.mark.parametrize("path", PATHS)
def test_every_page_speaks_one_language(looked, path):
    for language, other in (("vi", "en"), ("en", "vi")):
        browser = looked.browser() if path == "/login" else looked.browser("one-0")
        page = browser.get(f"{path}?lang={language}").text
        assert f'<html lang="{language}">' in page
        strange = [t for t in whole_texts(other, language) if t in visible(page)]
        assert strange == []
        assert "{" not in visible(page)
        assert page.count("<h1") == 1
        assert f'href="{path}?lang={other}"' in html.unescape(page)


def test_the_language_is_remembered_and_the_browsers_own_is_asked_first(looked):
    browser = looked.browser()
    assert '<html lang="en"' in browser.get("/login", **{"Accept-Language": "en-GB,vi;q=0.5"}).text
    assert '<html lang="vi"' in browser.get("/login", **{"Accept-Language": "fr"}).text
    browser.get("/login?lang=en")
    assert '<html lang="en"' in browser.get("/login", **{"Accept-Language": "vi"}).text
    assert "set-cookie" not in browser.get("/login?lang=xx").headers


def test_ids_are_unique_and_labels_lead_to_fields(reader):
    for path in PATHS:
        page = reader.get(path).text
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), (path, {i for i in ids if ids.count(i) > 1})
        for wanted in re.findall(r'<label[^>]* for="([^"]+)"', page):
            assert wanted in ids, (path, wanted)
        for wanted in re.findall(r'aria-labelledby="([^"]+)"', page):
            assert set(wanted.split()) <= set(ids), (path, wanted)


def test_the_current_page_is_marked_and_every_link_of_the_shell_leads_somewhere(reader):
    page = reader.get(f"{DRILL}/situation").text
    assert re.search(r'<a href="/d/drill-toy-2030/situation" aria-current="page">', page)
    for path in sorted(set(re.findall(r'href="(/d/[^"#]+)', page))):
        if re.search(r"/(warnings|incident|review)", path):
            continue  # another's pages
        assert reader.get(html.unescape(path)).status_code == 200, path


def test_the_situation_answers_first_and_shows_what_waits(reader):
    page = reader.get(f"{DRILL}/situation?lang=en").text
    said = visible(page)
    waits, changed, table = (
        said.index(w) for w in ("Waiting for you", "Changed since", "Place by")
    )
    assert waits < changed < table
    assert re.search(r"version \d\. Waits to be signed\.", said)
    places = set(re.findall(r'<a href="#p([^"]+)" aria-label=', page))
    assert places
    assert all(f'id="p{code}"' in page for code in places)


def test_an_older_look_peeks_at_nothing_later(reader):
    newest = reader.get(f"{DRILL}/situation?lang=en").text
    strip = newest[newest.index('class="stops"') :]
    stops = re.findall(r'href="/d/drill-toy-2030/situation\?at=(\w+)"', strip)
    assert len(stops) == 3
    page = reader.get(f"{DRILL}/situation?at={stops[0]}&lang=en").text
    said = visible(page)
    assert "This is how it stood" in said
    assert "Call in the next bulletin" not in said
    assert "What this first bulletin brought" in said
    drawn = re.findall(r'class="fix(?: now)?" href="[^"]*at=(\w+)"', page)
    assert set(drawn) <= {stops[0]}
    assert reader.get(f"{DRILL}/situation?at=b19990101T0000").status_code == 404


def test_a_replay_can_only_be_looked_at(reader):
    page = reader.get("/d/toy-2030/situation?lang=en").text
    assert "Call in the next bulletin" not in page
    assert reader.send("/d/toy-2030/advance", {"expect": ""}).status_code == 409


def test_the_table_as_csv_has_the_rows_of_the_page(reader):
    answer = reader.get(f"{DRILL}/situation.csv?lang=en")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="[\w.-]+\.csv"', answer.headers["content-disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {r["place"] for r in rows} == {"N", "S", "sea-toy-east"}
    for row in rows:
        assert row["at"].endswith("-02:00")
        low, central, high = (float(row[f"wind_{k}_ms"]) for k in ("low", "central", "high"))
        assert low <= central <= high


def test_parts_of_a_page_come_only_to_htmx_and_follow_the_clock(acted):
    browser = acted.browser("one-0")
    assert browser.get(f"{DRILL}/pulse").status_code == 303
    htmx = {"HX-Request": "true"}
    before = browser.get(f"{DRILL}/pulse?lang=en", **htmx).text
    acted.wall.forward(minutes=7)
    after = browser.get(f"{DRILL}/pulse?lang=en", **htmx).text
    clocks = [re.search(r'datetime="([^"]+)"', t)[1] for t in (before, after)]
    assert clocks[0] < clocks[1]
    assert "<html" not in after
    assert 'id="count-warnings" hx-swap-oob="true"' in after
    stale = browser.get(f"{DRILL}/pulse?seen=b1&lang=en", **htmx).text
    assert "newer bulletin" in stale
    waits = browser.get(f"{DRILL}/waits?lang=en", **htmx).text
    assert waits.lstrip().startswith("<section")
    acted.wall.forward(hours=3)
    late = browser.get(f"{DRILL}/waits", **htmx)
    assert late.status_code == 401
    assert late.headers["hx-refresh"] == "true"


def test_the_ledger_filters_pages_and_verifies(reader):
    everything = reader.get("/d/toy-2030/ledger?lang=en").text
    count = int(re.search(r"<h1>(\d+) entries", everything)[1])
    kinds = dict(re.findall(r'<option value="(\w+)">([^<]+)</option>', everything))
    sums = 0
    for kind in ("run", "decision", "draft", "signed", "approval", "message"):
        page = reader.get(f"/d/toy-2030/ledger?kind={kind}&lang=en").text
        sums += int(re.search(r"([\d,]+) entries · page", page)[1])
        assert f'<td data-l="Kind">{kinds[kind]}</td>' in page
    assert 0 < sums <= count
    assert "No entry fits" in reader.get("/d/toy-2030/ledger?place=zzz&lang=en").text
    assert reader.get("/d/toy-2030/ledger?page=999").status_code == 200
    assert reader.get("/d/toy-2030/ledger?page=x").status_code == 400
    assert "Every seal fits" in reader.send("/d/toy-2030/ledger/verify").text


def test_a_touched_ledger_is_told(acted):
    import sqlite3

    out = acted.app.state.console.out
    with sqlite3.connect(out / "toy-2030" / "haidang.db") as raw:
        raw.execute("UPDATE ledger SET body = replace(body, 'raised', 'lowered') WHERE seq = 2")
    browser = acted.browser("one-0")
    browser.get("/d/toy-2030/ledger?lang=en")
    assert "Seals do not fit" in browser.send("/d/toy-2030/ledger/verify").text


def test_a_level_is_explained_down_to_the_bulletin_and_up_to_the_message(reader):
    page = reader.get("/d/toy-2030/ledger?kind=message&lang=en").text
    name = re.findall(r'href="/d/toy-2030/explain/([^"]+)"', page)[-1]
    said = visible(reader.get(f"/d/toy-2030/explain/{name}?lang=en").text)
    order = [
        said.index(step)
        for step in ("What was known", "What the law says", "Decision", "Draft and", "Message")
    ]
    assert order == sorted(order)
    row = re.search(r'<th scope="row"><a href="([^"]+)">', reader.get(f"{DRILL}/situation").text)[1]
    page = reader.get(f"{row}?lang=en").text
    assert re.search(r"<h1>Why (is|has) ", page)
    assert page.count('<li class="hit">') == 1
    assert reader.get(f"{DRILL}/explain/zzzz").status_code == 404


def test_why_was_i_not_told(reader):
    early = visible(reader.get(f"{DRILL}/explain?place=N&at=1999-01-01T00:00&lang=en").text)
    assert "nothing was decided" in early
    assert "no date and time" in reader.get(f"{DRILL}/explain?place=N&at=soon&lang=en").text
    now = reader.get(f"{DRILL}/explain?lang=en").text
    at = re.search(r'name="at" type="text" value="([^"]+)"', now)[1]
    said = visible(reader.get(f"{DRILL}/explain?place=N&at={at}&lang=en").text)
    assert "No notice had gone out to" in said


def test_the_first_load_is_small(reader, capsys):
    page = reader.get("/d/toy-2030/situation").content
    parts = {"html": len(gzip.compress(page))}
    for kind, path in re.findall(
        r'(?:href|src)="(/static/([^"]+\.(?:css|js|svg))[^"]*)"', page.decode()
    ):
        parts[path] = len(gzip.compress(reader.get(kind).content))
    with capsys.disabled():
        print("\nfirst load, gzip:", parts, sum(parts.values()))
    assert sum(parts.values()) < 100_000


STORM = {
    "sure": "yes",
    "name": "Noru", "status": "Exercise", "averaging": "600", "issued": "2030-03-01T06:00",
    "unit": "beaufort", "rows": "6",
    "lat-0": "12,5", "lon-0": "-38.0", "wind-0": "11-12",
    "valid-1": "+24", "lat-1": "12.0", "lon-1": "-39.5", "wind-1": "12",
}  # fmt: skip


def entered(site, data, path="/new"):
    browser = site.browser("one-0")
    browser.get(f"{path}?lang=en")
    return browser, browser.send(path, data)


def test_a_storm_is_entered_and_a_further_bulletin_added(acted):
    browser, answer = entered(acted, STORM)
    assert answer.headers["location"] == "/d/noru/situation?said=started"
    page = browser.get("/d/noru/situation").text
    assert "Noru" in page
    empty = browser.get("/d/noru/bulletin").text
    assert 'name="issued" type="text" value=""' in empty
    assert "01/03/2030 06:00" in empty
    more = {**STORM, "issued": "2030-03-01T12:00", "lat-0": "12.4", "lon-0": "-38.4"}
    assert browser.send("/d/noru/bulletin", more).headers["location"].endswith("said=added")
    browser.get("/d/noru/bulletin?lang=en")
    again = browser.send("/d/noru/bulletin", more)
    assert again.status_code == 422
    assert 'value="12.4"' in again.text
    assert "This bulletin is in already" in again.text
    browser.get("/d/noru/bulletin?lang=en")
    other = html.unescape(browser.send("/d/noru/bulletin", {**more, "lat-0": "12.6"}).text)
    assert "The bulletin of 01/03 12:00 is in already, with other content" in other
    assert "bulletins-" not in other
    assert "(issued)" not in other


def test_what_is_wrong_stands_beside_its_cell_and_nothing_typed_is_lost(acted):
    bad = {
        **STORM, "lat-0": "twelve", "wind-1": "99", "lon-1": "", "lat-2": "11",
        "source": "<b>centre</b>",
    }  # fmt: skip
    _, answer = entered(acted, bad)
    page = answer.text
    assert answer.status_code == 422
    assert 'id="lat-0" name="lat-0" value="twelve"' in page
    assert "&lt;b&gt;centre&lt;/b&gt;" in page
    wrong = dict(re.findall(r'id="e-([a-z]+-\d)">([^<]+)<', page))
    assert {"lat-0", "wind-1", "lon-1", "valid-2", "lon-2", "wind-2"} <= set(wrong)
    assert "'twelve' is not a number" in html.unescape(wrong["lat-0"])
    assert not (acted.app.state.console.out / "noru").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "no name yet"),
        ({"name": "!!!"}, "no Latin letter"),
        ({"name": "x" * 25}, "at most 24"),
        ({"issued": "yesterday"}, "'yesterday' is not a time"),
        ({"lat-0": "", "lon-0": "", "wind-0": ""}, "the cell is empty"),
    ],
)
def test_a_storm_that_cannot_be_is_refused_in_words(acted, change, said):
    _, answer = entered(acted, {**STORM, **change})
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    assert {p.name for p in acted.app.state.console.out.iterdir() if p.is_dir()} == {
        "toy-2030",
        "drill-toy-2030",
    }


@pytest.mark.parametrize("wind", ["11-12 giật 15", "cấp 11-12, giật cấp 15", "11-12 gust 15"])
def test_gusts_are_left_out_and_said_to_be(wind):
    row = entry_form.blank(0)
    cells = {**row.cells, "lat": "12,5", "lon": "-38", "wind": wind}
    typed = Typed(issued="01/03/2030 06:00", rows=(replace(row, cells=cells),))
    checked = entry_form.check(typed, UTC, 600, "en")
    assert (checked.wrong, "Gusts are not used" in " ".join(checked.kept)) == ((), True)
    assert b",11,12," in checked.body


def test_an_hour_far_ahead_of_the_clock_is_asked_about(acted):
    browser, answer = entered(acted, {**STORM, "issued": "01/03/2030 06:00", "sure": ""})
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert "The bulletin is of 01/03/2030 06:00, more than an hour after now" in page
    assert 'name="sure" value="yes"' in page
    browser.get("/new?lang=en")
    assert browser.send("/new", {**STORM, "issued": "01/03/2030 06:00"}).status_code == 303


def test_what_is_no_force_is_told_once_and_without_decimals():
    row = entry_form.blank(0)
    cells = {**row.cells, "lat": "12", "lon": "-38", "wind": "strong"}
    typed = Typed(issued="01/03/2030 06:00", rows=(replace(row, cells=cells),))
    (said,) = entry_form.check(typed, UTC, 600, "vi").typed.rows[0].wrong["wind"]
    assert "'strong' không phải cấp gió" in said
    assert "bỏ qua" not in said


def test_rows_can_be_added_with_and_without_a_script(acted):
    browser, answer = entered(acted, {**STORM, "do": "row"})
    assert 'name="lat-10"' in answer.text
    assert 'value="12,5"' in answer.text
    part = browser.get("/row?n=11", **{"HX-Request": "true"}).text
    assert 'name="lat-11"' in part
    assert 'hx-get="/row?n=12"' in part
    assert browser.get("/row?n=x").status_code == 400


def test_a_file_is_taken_and_its_faults_named_by_line(acted):
    issued = "2030-03-01T06:00-02:00"
    good = f"issued,valid,lat,lon,kind,beaufort\n{issued},{issued},12,-38,analysis,11\n"
    bad = f"{good}{issued},2030-03-02T06:00-02:00,north,-38,forecast,11\n"
    browser = acted.browser("one-0")
    for body, said in ((bad.encode(), "line 3, lat"), (b"\xff\xfe\x00", "cannot be read")):
        browser.get("/new?lang=en")
        answer = browser.send("/new", {"name": "Noru"}, files={"file": ("a.csv", body)})
        assert answer.status_code == 422
        assert said in html.unescape(answer.text)
        assert "left out" not in answer.text
    browser.get("/new?lang=en")
    answer = browser.send(
        "/new", {"name": "Noru", "sure": "yes"}, files={"file": ("a.csv", good.encode())}
    )
    assert answer.headers["location"] == "/d/noru/situation?said=started"


def test_a_name_that_is_a_script_stays_a_name(acted):
    browser, answer = entered(acted, {**STORM, "name": "<script>x</script>"})
    assert answer.status_code == 303
    where = answer.headers["location"].partition("?")[0]
    for path in (where, "/", where.replace("situation", "ledger"), f"{where}?said=<script>"):
        page = browser.get(path).text
        assert "<script>x" not in page
    assert "&lt;script&gt;x&lt;/script&gt;" in browser.get("/").text


def test_a_drill_is_begun_once_and_listed(acted):
    browser = acted.browser("one-0")
    browser.get("/?lang=en")
    proof = {**browser.proof(), "case": "toy-2030"}
    answers = [browser.client.post("/drill", data=proof) for _ in range(2)]
    assert {a.headers["location"] for a in answers} == {
        "/d/drill-toy-2030-2/situation?said=started"
    }
    page = browser.get("/?lang=en").text
    assert page.count('href="/d/drill-toy-2030-') == 1
    browser.get("/?lang=en")
    assert browser.send("/drill", {"case": "../../etc"}).status_code == 404


def test_a_desk_that_is_damaged_hides_no_other(acted):
    out = acted.app.state.console.out
    (out / "broken").mkdir()
    (out / "broken" / "desk.yaml").write_text("kind: [", "utf-8")
    (out / "broken" / "haidang.db").write_bytes(b"no database")
    page = acted.browser("one-0").get("/").text
    assert "drill-toy-2030" in page


@pytest.mark.parametrize("name", ["..", "%2e%2e", "a/b", "A", ".hidden", "x" * 200, "nothing"])
def test_a_desk_outside_of_the_folder_is_not_found(reader, name):
    assert reader.get(f"/d/{name}/situation").status_code == 404


def test_the_ledger_shows_what_people_did_alone(acted):
    one = acted.browser("one-0")
    assert "No entry fits" in visible(one.get(f"{DRILL}/ledger?kind=people&lang=en").text)
    page = one.get(f"{DRILL}/warnings").text
    draft = re.search(rf'class="btn sm" href="({DRILL}/warnings/[\w-]+)"', page)
    assert draft is not None
    one.get(draft[1])
    assert one.send(f"{draft[1]}/sign").status_code == 303
    rows = one.get(f"{DRILL}/ledger?kind=people").text.split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count("<tr>") == 1
    assert "signed" in visible(rows)
    whole = visible(one.get(f"{DRILL}/ledger?kind=plan").text)
    assert re.search(r"tasks: \d+, allotments: \d+, gaps: \d+", whole)


def test_the_count_at_response_is_of_places_and_none_at_a_replay(acted):
    one = acted.browser("one-0")
    page = one.get(f"{DRILL}/incident?lang=en").text
    late = len(re.findall(r'class="due">\d+ late', page))
    counted = re.search(r'id="count-incident"[^>]*><span aria-hidden="true">(\d+)</span>', page)
    assert counted is not None
    assert int(counted[1]) == late > 0
    replay = one.get("/d/toy-2030/incident").text
    assert re.search(r'id="count-incident"[^>]* hidden', replay)


def test_what_is_signed_is_told_apart_from_what_nobody_signed():
    desk = DeskBar("d", "", "", "", Clock("", "", "", ""), "", waiting=22, signed=2)
    link = next(x for x in nav(Speaker("vi", UTC, "console"), desk, "ledger") if x.count)
    assert (link.id, link.count, link.second) == ("warnings", 22, 2)
    assert link.counted == "22 dự thảo đang chờ: 20 chờ ký, 2 đã ký chờ người thứ hai duyệt"


def test_a_storm_has_no_watch_page(reader):
    """Its navigation is as it was, and the address says clearly that nothing is there."""
    assert f"{DRILL}/watch" not in reader.get(f"{DRILL}/situation").text
    for page in ("watch", "watch.csv", "watch-series.csv?indicator=a&place=N"):
        answer = reader.get(f"{DRILL}/{page}")
        assert answer.status_code == 404
    answer = reader.get(f"{DRILL}/watch?lang=en")
    assert answer.status_code == 404
    assert "drill-toy-2030" in visible(answer.text)
