"""Other people's warnings beside ours: the page, and the archive for programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import html

from edge.store.messages import cap, ref
from haidang.edge.feeds.cap_in import Item
from haidang.edge.feeds.cap_settings import FeedSpec
from haidang.edge.store import Store
from haidang.edge.store.world import Health
from haidang.jobs.world_places import index_of
from haidang.jobs.world_read import open_entry
from haidang.pack.load import Roots, load_country
from web.browser import Site, site

A, B, C, D = (f"2.49.0.1.999.{n}" for n in "1234")
ROLES = ("forecaster_on_duty", "shift_lead")
FEED = FeedSpec(id="neighbour", url="https://example.org/f")


@pytest.fixture(scope="module")
def world(folder: Path, toys: Roots, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The console with an archive of five messages, at the time of the toy replay."""
    out = tmp_path_factory.mktemp("world")
    shutil.copytree(folder, out, dirs_exist_ok=True)
    now = _now(out)
    fill(out / "world.db", toys, now)
    with site(out, toys, "xt", ROLES) as found:
        found.wall.now = now
        yield found


def _now(out: Path) -> datetime:
    """An hour after a notice of the replay that stands then."""
    with Store.open(out / "toy-2030" / "haidang.db", create=False) as store:
        first = next(m for m in store.messages() if m.level)
    return first.sent + timedelta(minutes=5)


def fill(file: Path, toys: Roots, now: datetime) -> None:
    country = load_country(toys.country("xt"), toys.threats)
    index, _ = index_of(country, now.date())
    code = next(c for c, g in zip(index.codes, index.outlines, strict=True) if g.area)
    west, south, east, north = index.outlines[index.codes.index(code)].bounds
    middle = (west + east) / 2
    half = f"{south},{west} {south},{middle} {north},{middle} {north},{west} {south},{west}"
    sent = (now - timedelta(hours=1)).replace(microsecond=0)
    bodies = (
        cap(
            A, sent=sent, polygon=half, languages=("fr", "en"), event="Crue", headline="&lt;b&gt;x"
        ),
        cap(B, sent=sent, polygon="0,0 0,1 1,1 0,0", severity="Minor", category="Geo"),
        cap(C, sent=sent, polygon=half, kind="Cancel", references=[ref(D, sent)]),
        cap(D, sent=sent, polygon=half, event="Storm"),
        cap(A, sent=sent, polygon=half, headline="All is well", severity="Extreme"),
    )
    with Store.open(file) as store:
        for n, data in enumerate(bodies):
            made = open_entry(data, Item(str(n), str(n), f"http://x/{n}"), FEED, index, (), now)
            store.keep_world(made.arrivals)
            assert made.arrivals
        health = Health(feed="neighbour", polled=now, heard=now, news=now, next=now, params={})
        silent = replace(health, feed="quiet", failures=9, code="world.timeout",
                         params={"seconds": 5}, heard=None)  # fmt: skip
        store.world_polled(health, made.problems)
        store.world_polled(silent)


def page(world: Site, query: str = "", language: str = "en"):
    browser = world.browser(next(iter(world.passwords)))
    join = "&" if query else ""
    answer = browser.client.get(f"/world?{query}{join}lang={language}")
    assert answer.status_code == 200, answer.text[:500]
    return html.document_fromstring(answer.text)


LEVEL = ".//span[contains(@class, 'lv ')]"


def text(node) -> str:
    return " ".join(node.text_content().split())


@pytest.mark.parametrize("language", ["vi", "en"])
def test_theirs_and_ours_stand_in_one_table_and_no_scale_is_mixed(world, language) -> None:
    found = page(world, language=language)
    table = found.xpath("//table[contains(@class, 'world')]")[0]
    ours, theirs = table.xpath(".//tr[@class='ours']"), table.xpath(".//tbody/tr[not(@class)]")
    assert ours
    assert theirs
    assert all(row.xpath(LEVEL) for row in ours)
    assert not any(row.xpath(LEVEL) for row in theirs)
    said = [text(row) for row in theirs]
    assert any("Extreme" in s for s in said)  # CAP's own word, in either language
    assert any("neighbour" in s for s in said)
    assert table.xpath(".//*[@lang='en']") or language == "en"
    svg = found.xpath("//figure[contains(@class, 'worldmap')]/*[name()='svg']")[0]
    assert "wt" in html.tostring(svg).decode()
    assert " wo" in html.tostring(svg).decode()
    assert not found.xpath("//script[not(@src)]")
    assert "&lt;b&gt;" in html.tostring(table).decode()  # their words are never markup


def test_states_conflicts_and_silent_feeds_are_said(world) -> None:
    found = page(world, "state=")
    table = text(found.xpath("//table[contains(@class, 'world')]")[0])
    assert "two contents under one name" in table
    assert "cancelled" in table
    assert "ends another" in table
    assert "At none of our places" in table
    feeds = text(found.xpath("//section[@aria-labelledby='h-feeds']")[0])
    assert "silent" in feeds
    assert "did not answer within 5 s" in feeds


def test_the_filter_works_without_a_script_and_tells_what_it_cannot_read(world) -> None:
    found = page(world, "state=&severity=Minor&hazard=geo")
    assert "1 of 1" in text(found)
    assert found.xpath("//option[@value='Minor'][@selected]")
    found = page(world, "from=yesterday")
    assert "'yesterday' is no time" in text(found.xpath("//div[@class='errors']")[0])
    assert "Nothing is said here" in text(page(world, "hazard=zzz"))


def test_one_message_is_shown_whole_with_its_chain(world) -> None:
    browser = world.browser(next(iter(world.passwords)))
    shown = html.document_fromstring(browser.client.get("/world/4?lang=en").text)
    said = text(shown)
    assert "Go up." in said
    assert "Cancel 3" in said
    assert shown.xpath("//a[@href='/api/world/4/cap']")
    assert browser.client.get("/world/99").status_code == 404
    conflict = text(html.document_fromstring(browser.client.get("/world/1?lang=en").text))
    assert "Another message with other content" in conflict


def get(world: Site, path: str, **headers: str):
    browser = world.browser(next(iter(world.passwords)))
    return browser.client.get(path, headers=headers)


def test_the_archive_answers_programs(world) -> None:
    body = get(world, "/api/world?limit=2").json()
    assert (body["total"], len(body["messages"]), body["next"]) == (5, 2, 4)
    rest = get(world, f"/api/world?limit=9&before={body['next']}").json()
    assert [m["id"] for m in rest["messages"]] == [3, 2, 1]
    assert rest["next"] is None
    first = rest["messages"][-1]
    assert first["places"][0]["share"] == pytest.approx(0.5, abs=0.2)
    assert first["conflict"] is True
    assert set(first["titles"]) == {"fr", "en"}
    kinds = {q: {m["state"] for m in get(world, f"/api/world?state={q}").json()["messages"]}
             for q in ("in_force", "cancelled,ending")}  # fmt: skip
    assert kinds == {"in_force": {"in_force"}, "cancelled,ending": {"cancelled", "ending"}}
    raw = get(world, first["cap"])
    assert raw.headers["content-type"].startswith("application/cap+xml")
    assert raw.content.startswith(b"<?xml")
    assert raw.headers["content-disposition"].startswith("attachment")
    shown = get(world, "/api/world.geojson?state=in_force").json()
    assert {f["geometry"]["type"] for f in shown["features"]} <= {"Polygon", "MultiPolygon"}


def test_what_has_not_changed_is_not_sent_again(world) -> None:
    for path in ("/api/world", "/api/notices", "/api/world/1/cap"):
        first = get(world, path)
        again = get(world, path, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_our_notices_are_answered_in_the_same_words(world) -> None:
    body = get(world, "/api/notices?limit=3").json()
    assert body["total"] >= len(body["messages"]) == 3
    one = body["messages"][0]
    assert one["state"] in ("in_force", "replaced", "cancelled", "expired", "ending")
    assert get(world, one["cap"]).content.startswith(b"<?xml")
    assert get(world, f"/api/notices/{one['identifier']}").json() == one
    place = one["place"]
    found = get(world, f"/api/notices?place={place}&limit=500").json()
    assert found["total"] == len(found["messages"])
    assert {m["place"] for m in found["messages"]} == {place}
    walked, before = [], ""
    while True:
        part = get(world, f"/api/notices?limit=2{before}").json()
        walked += [m["identifier"] for m in part["messages"]]
        if part["next"] is None:
            break
        before = f"&before={part['next']}"
    assert len(walked) == len(set(walked)) == part["total"]
    later = get(world, "/api/notices?at=2040-01-01&limit=500").json()
    assert "in_force" not in {m["state"] for m in later["messages"]}
    assert get(world, "/api/notices.geojson?limit=2").json()["type"] == "FeatureCollection"


def test_programs_are_told_what_is_wrong_in_json(world) -> None:
    for path, status, code in (
        ("/api/world?severity=Terrible", 400, "world.ask_value"),
        ("/api/world?colour=red", 400, "world.ask_value"),
        ("/api/world?from=now", 400, "world.ask_time"),
        ("/api/world?limit=-3", 400, "world.ask_number"),
        ("/api/world/77", 404, "world.no_message"),
        ("/api/notices/none", 404, "world.no_notice"),
    ):
        answer = get(world, path)
        assert answer.status_code == status, path
        assert answer.json()["problems"][0]["code"] == code


def test_nobody_reads_it_without_coming_in_unless_it_is_opened(world) -> None:
    stranger = world.browser()
    answer = stranger.client.get("/api/world", follow_redirects=False)
    assert answer.status_code == 401
    assert answer.json()["problems"][0]["code"] == "world.log_in"
    assert stranger.client.get("/world", follow_redirects=False).status_code == 303
    console = world.app.state.console
    shut = console.settings
    console.settings = replace(shut, open_archive=True)
    try:
        assert json.loads(stranger.client.get("/api/world").text)["total"] == 5
        assert stranger.client.get("/api/notices").status_code == 200
        assert stranger.client.get("/world", follow_redirects=False).status_code == 303
    finally:
        console.settings = shut


def test_a_console_without_an_archive_says_how_to_fill_one(looked) -> None:
    browser = looked.browser(next(iter(looked.passwords)))
    said = browser.client.get("/world?lang=en").text
    assert "haidang world poll" in said
    assert browser.client.get("/api/world").json()["total"] == 0
    assert browser.client.get("/world/1").status_code == 404


def test_times_in_the_address_keep_their_zone() -> None:
    from haidang.jobs.world_ask import asked

    found = asked({"from": "2025-07-20T06:00 07:00", "to": "2025-07-20"})  # a plus became a space
    assert found.start == datetime(2025, 7, 19, 23, tzinfo=UTC)
    assert found.end == datetime(2025, 7, 20, tzinfo=UTC)
