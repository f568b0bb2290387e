"""The public site over HTTP: from files alone, whatever becomes of the stores behind them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from haidang.base.errors import BadPack
from haidang.edge.channels.site import Spec
from haidang.jobs.desk import Desk, start_live
from haidang.jobs.home_site import Heartbeat, HomeSite
from haidang.jobs.publish import spec_of
from haidang.jobs.replay import DATABASE
from haidang.pack.case import load_case
from haidang.pack.load import load_country
from haidang.web.app import DATABASE as CONSOLE
from haidang.web.pages.public import Public
from web.browser import Site
from web.conftest import CASE, DRILL

FOLDER = f"/public/@{DRILL}"


def desk(site: Site, toys, name: str = DRILL) -> Desk:
    return Desk.open(site.app.state.console.out / name, toys)


@pytest.fixture
def published(acted: Site, toys) -> Site:
    """A console whose drill has published."""
    desk(acted, toys).tick(acted.wall.now)
    return acted


@pytest.fixture(scope="module")
def served(looked: Site, toys) -> Site:
    """The same for those who only read, a minute after it was written.

    A file younger than a second has no time of change that a browser could ask with: it may be
    written again within that second.
    """
    desk(looked, toys).tick(looked.wall.now)
    for file in looked.app.state.console.out.glob("*/public/**/*"):
        if file.is_file():
            before = file.stat().st_mtime - 60
            os.utime(file, (before, before))
    return looked


def test_what_was_written_this_second_has_no_time_to_ask_with(published, monkeypatch):
    """The clock is held: how long a page takes to be asked for says how busy the machine is."""
    browser = published.browser()
    page = published.app.state.console.out / DRILL / "public" / "N" / "index.html"
    written = int(page.stat().st_mtime)
    os.utime(page, (written, written + 0.9))
    for later, told in ((0.95, False), (1.95, False), (2.0, True), (60.0, True)):
        monkeypatch.setattr("haidang.web.routes.public.time", lambda at=written + later: at)
        answer = browser.get(f"{FOLDER}/N/")
        assert answer.status_code == 200
        assert "etag" in answer.headers
        assert ("last-modified" in answer.headers) is told, later


def test_a_page_is_served_with_what_caches_need(served):
    browser = served.browser()
    page = browser.get(f"{FOLDER}/N/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"].startswith("public, max-age=30")
    assert "North Toyland" in page.text
    # Only the case of the header may differ.
    assert browser.get(f"{FOLDER}/N/index.html").content == page.content
    mark, when = page.headers["etag"], page.headers["last-modified"]
    for headers in (
        {"If-None-Match": mark},
        {"If-None-Match": f'"other", {mark.removeprefix("W/")}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": when},
        # A tag decides alone: the time beside it is not asked (RFC 9110, 13.2.2).
        {"If-None-Match": mark, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        kept = browser.get(f"{FOLDER}/N/", **headers)
        assert kept.status_code == 304, headers
        assert kept.content == b""
        assert kept.headers["etag"] == mark
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": when},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert browser.get(f"{FOLDER}/N/", **headers).status_code == 200, headers


def test_head_answers_as_get_would(served):
    browser = served.browser()
    full = browser.get(f"{FOLDER}/N/", **{"Accept-Encoding": "identity"})
    head = browser.client.head(f"{FOLDER}/N/", headers={"Accept-Encoding": "identity"})
    assert head.status_code == 200
    assert head.content == b""
    for name in ("etag", "content-length", "content-type", "last-modified", "cache-control"):
        assert head.headers[name] == full.headers[name], name


KINDS = {
    "feeds/all.atom": "application/atom+xml; charset=utf-8",
    "feeds/area/N.en.rss": "application/rss+xml; charset=utf-8",
    "active.geojson": "application/geo+json",
    "status.json": "application/json",
}


def test_every_kind_has_its_media_type(served):
    for path, kind in KINDS.items():
        found = served.browser().get(f"{FOLDER}/{path}")
        assert found.status_code == 200
        assert found.headers["content-type"] == kind
        assert found.headers["access-control-allow-origin"] == "*"


def test_nobody_is_remembered_and_nothing_is_framed(served):
    found = served.browser().get(f"{FOLDER}/N/?lang=vi")
    assert "set-cookie" not in found.headers
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in found.headers["content-security-policy"]


def test_a_compressed_copy_is_taken_where_it_belongs_to_the_file(published):
    out = published.app.state.console.out
    file = out / DRILL / "public" / "N" / "index.html"
    copy = file.with_name("index.html.gz")
    copy.write_bytes(gzip.compress(b"a copy of its own"))
    browser = published.browser()
    found = browser.get(f"{FOLDER}/N/", **{"Accept-Encoding": "gzip"})
    assert found.headers["content-encoding"] == "gzip"
    assert found.text == "a copy of its own"
    os.utime(copy, (1, 1))
    found = browser.get(f"{FOLDER}/N/", **{"Accept-Encoding": "gzip"})
    assert "North Toyland" in found.text
    assert "North Toyland" in browser.get(f"{FOLDER}/N/", **{"Accept-Encoding": "identity"}).text
    # The copy itself has no address.
    assert browser.get(f"{FOLDER}/N/index.html.gz").status_code == 404


OUTSIDE = (
    "../haidang.db", "..%2fhaidang.db", "%2e%2e/haidang.db", "%2e%2e%2fhaidang.db",
    "feeds/../../haidang.db", "feeds/..%5c..%5chaidang.db", "%00", "index.html%00.html", "feeds",
    "N%2f..%2f..%2fhaidang.db", "//etc/passwd", "%2fetc%2fpasswd", ".index.html.1.part", "~root",
    "...", "feeds/", "C:%5cboot.ini", "N/index.html/", "N/index.html/x", "feeds/area",
)  # fmt: skip


BASES = (FOLDER, "/api", f"/api/@{DRILL}", "/public/@..", "/public")


def test_no_address_leads_out(served):
    browser = served.browser()
    for path in (f"{base}/{path}" for base in BASES for path in OUTSIDE):
        found = browser.get(path)
        assert found.status_code in {302, 303, 308, 404}, f"{path}: {found.text[:200]}"
        assert b"SQLite" not in found.content
        assert b"root:" not in found.content
        if found.status_code in {302, 308}:
            assert found.headers["location"].startswith(("/public/@drill", "/api/@drill")), path


def test_no_link_leads_out(published, tmp_path):
    public = published.app.state.console.out / DRILL / "public"
    secret = tmp_path / "secret.html"
    secret.write_text("secret")
    (public / "link.html").symlink_to(secret)
    (public / "way").symlink_to(tmp_path)
    (public / "loop.html").symlink_to(public / "loop.html")
    os.mkfifo(public / "pipe.html")
    (public / "notes.txt").write_text("not for everybody")
    browser = published.browser()
    for name in ("link.html", "way/secret.html", "loop.html", "pipe.html", "notes.txt"):
        assert browser.get(f"{FOLDER}/{name}").status_code == 404, name


def test_it_is_served_whatever_becomes_of_the_stores(published):
    """The store missing, locked, or full of rubbish: the public notices nothing."""
    out = published.app.state.console.out
    browser = published.browser()
    paths = (f"{FOLDER}/N/", f"{FOLDER}/feeds/all.atom", f"{FOLDER}/active.geojson")
    before = [browser.get(path).content for path in paths]

    def same() -> None:
        assert [browser.get(path).content for path in paths] == before
        assert browser.get(paths[0], **{"If-None-Match": browser.page.headers["etag"]})

    stores = out / DRILL / DATABASE, out / CONSOLE
    locks = [sqlite3.connect(path, isolation_level=None) for path in stores]
    for lock in locks:
        lock.execute("BEGIN EXCLUSIVE")
    same()
    for lock in locks:
        lock.close()
    for path in stores:
        path.write_bytes(os.urandom(4096))
    same()
    for path in stores:
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()
    same()


def test_where_nothing_real_is_served_one_is_led_to_the_newest(served):
    browser = served.browser()
    found = browser.get("/public/N/")
    assert found.status_code == 302
    assert found.headers["location"] == f"/public/@{DRILL}/N/"
    assert browser.get("/public").headers["location"] == "/public/"
    assert browser.get("/public/nowhere/").status_code == 404
    assert browser.get(f"{FOLDER}/N").headers["location"] == f"{FOLDER}/N/"
    found = browser.get("/api/N/active.geojson")
    assert found.headers["location"] == f"/api/@{DRILL}/N/active.geojson"
    drawn = browser.get(found.headers["location"])
    assert json.loads(drawn.content)["type"] == "FeatureCollection"
    assert browser.get("/api/index.html").status_code == 404


def test_an_approved_notice_is_public_at_once(published, toys):
    one = desk(published, toys)
    draft = one.at(None, published.wall.now).pending[0]
    one.sign(draft.id, "a" * 32, "forecaster_on_duty", published.wall.now)
    before = published.browser().get(f"{FOLDER}/feeds/all.atom").text
    message = one.approve(draft.id, "b" * 32, "shift_lead", published.wall.now)
    assert message.identifier not in before
    browser = published.browser()
    assert message.identifier in browser.get(f"{FOLDER}/feeds/all.atom").text
    assert draft.texts[0].headline in browser.get(f"{FOLDER}/{draft.place}/").text.replace(
        "&#39;", "'"
    )
    cap = browser.get(f"{FOLDER}/cap/{message.identifier}.xml")
    assert cap.content == message.body
    assert cap.headers["content-type"] == "application/cap+xml; charset=utf-8"
    assert "immutable" in cap.headers["cache-control"]


def test_what_ran_out_leaves_without_anybody_doing_anything(published, toys):
    one = desk(published, toys)
    draft = one.at(None, published.wall.now).pending[0]
    one.sign(draft.id, "a" * 32, "forecaster_on_duty", published.wall.now)
    message = one.approve(draft.id, "b" * 32, "shift_lead", published.wall.now)
    browser = published.browser()
    assert message.identifier in browser.get(f"{FOLDER}/active.geojson").text
    while one.next_step is not None:  # to where no bulletin holds the clock back
        one.advance(published.wall.now)
    published.wall.forward(hours=200)
    one.tick(published.wall.now)
    assert json.loads(browser.get(f"{FOLDER}/active.geojson").text)["features"] == []
    assert json.loads(browser.get(f"{FOLDER}/status.json").text)["active"] == 0


def test_a_replay_and_a_drill_are_no_part_of_the_real_site(published, toys):
    out = published.app.state.console.out
    home = HomeSite(out, toys, load_country(toys.country("xt"), toys.threats), Public)
    home.tick(published.wall.now)
    assert not (out / "public").exists()
    assert (out / DRILL / "public").is_dir()
    assert not (out / CASE / "public").exists()


def early(bulletins: Path) -> bytes:
    """The first three bulletins of a file: something still waits for a person then."""
    rows = list(csv.DictReader(bulletins.read_text("utf-8").splitlines()))
    hours = list(dict.fromkeys(row["issued"] for row in rows))[:3]
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(row for row in rows if row["issued"] in hours)
    return out.getvalue().encode()


def test_live_desks_make_one_site_and_a_broken_one_leaves_it_standing(acted, toys):
    out, wall = acted.app.state.console.out, acted.wall
    body = early(load_case(CASE, toys).bulletins)
    live = start_live(body, "Gale of ours", "storm", "xt", out, toys, wall=wall.now)
    draft = live.at(None, wall.now).pending[0]
    live.sign(draft.id, "a" * 32, "forecaster_on_duty", wall.now)
    message = live.approve(draft.id, "b" * 32, "shift_lead", wall.now)
    drill = desk(acted, toys)
    practised = drill.at(None, wall.now).pending[0]
    drill.sign(practised.id, "a" * 32, "forecaster_on_duty", wall.now)
    drilled = drill.approve(practised.id, "b" * 32, "shift_lead", wall.now)
    home = HomeSite(out, toys, load_country(toys.country("xt"), toys.threats), Public)
    home.tick(wall.now)
    browser = acted.browser()
    feed = browser.get("/public/feeds/all.atom").text
    assert message.kind == "Alert"
    assert message.identifier in feed
    features = json.loads(browser.get("/public/active.geojson").text)["features"]
    assert {f["properties"]["identifier"] for f in features} == {message.identifier}
    assert drilled.identifier in browser.get(f"{FOLDER}/feeds/all.atom").text
    assert drilled.identifier not in feed
    assert json.loads(browser.get("/api/status.json").content)["watched"] == ["storm"]
    page = browser.get(f"/public/{draft.place}/")
    assert page.status_code == 200
    # What it is cannot be read, neither by who knows it nor by who does not: its notices stand,
    # and another desk's come beside them.
    before = (out / "public/feeds/all.atom").read_bytes()
    spec = (out / live.id / "desk.yaml").read_bytes()
    (out / live.id / "desk.yaml").write_bytes(b"kind: [")
    HomeSite(out, toys, load_country(toys.country("xt"), toys.threats), Public).tick(wall.now)
    assert (out / "public/feeds/all.atom").read_bytes() == before
    beside = start_live(body, "Gale beside", "storm", "xt", out, toys, wall=wall.now)
    draft = beside.at(None, wall.now).pending[0]
    beside.sign(draft.id, "a" * 32, "forecaster_on_duty", wall.now)
    second = beside.approve(draft.id, "b" * 32, "shift_lead", wall.now)
    # Whoever never knew what the unreadable one said writes nothing, for it would call that off.
    HomeSite(out, toys, load_country(toys.country("xt"), toys.threats), Public).tick(wall.now)
    assert (out / "public/feeds/all.atom").read_bytes() == before
    home.tick(wall.now)
    feed = (out / "public/feeds/all.atom").read_text()
    assert message.identifier in feed
    assert second.identifier in feed
    shutil.rmtree(out / beside.id)
    (out / live.id / "desk.yaml").write_bytes(spec)
    # Its store is gone: nothing was called off, so nothing is taken from the site.
    before = (out / "public/feeds/all.atom").read_bytes()
    live.close()
    (out / live.id / DATABASE).write_bytes(b"rubbish")
    fresh = HomeSite(out, toys, load_country(toys.country("xt"), toys.threats), Public)
    fresh.tick(wall.now)
    assert (out / "public/feeds/all.atom").read_bytes() == before


def test_a_fault_of_the_page_undoes_nothing(acted, toys, caplog, monkeypatch):
    one = desk(acted, toys)
    draft = one.at(None, acted.wall.now).pending[0]
    one.sign(draft.id, "a" * 32, "forecaster_on_duty", acted.wall.now)
    (acted.app.state.console.out / DRILL / "channels.yaml").write_text(
        "channels:\n  web: {kind: site, base: nowhere}\n"
    )
    one._site = None
    assert one.approve(draft.id, "b" * 32, "shift_lead", acted.wall.now).body
    assert "is not written" in caplog.text


def test_settings_stand_in_the_channels_file(tmp_path):
    assert spec_of(tmp_path).base == ""
    (tmp_path / "channels.yaml").write_text(
        "channels:\n  web: {kind: site, base: 'https://warn.invalid/', folder: public}\n"
        "  hook: {kind: webhook}\n"
    )
    assert spec_of(tmp_path).base == "https://warn.invalid/"
    (tmp_path / "channels.yaml").write_text("channels:\n  web: {kind: site, base: nowhere}\n")
    with pytest.raises(BadPack) as caught:
        spec_of(tmp_path)
    assert caught.value.problems[0].code == "channel.bad_value"
    # What is wrong with another channel is not this one's matter.
    (tmp_path / "channels.yaml").write_text("channels:\n  hook: {kind: webhook, colour: red}\n")
    assert spec_of(tmp_path) == Spec()


def test_the_heart_goes_on_after_a_bad_beat(caplog):
    beats = []

    def act(now):
        beats.append(now)
        if len(beats) == 1:
            raise ValueError("bad beat")

    from threading import Event

    enough = Event()

    def counted(now):
        try:
            act(now)
        finally:
            if len(beats) > 2:
                enough.set()

    with Heartbeat(counted, timedelta(milliseconds=5)):
        assert enough.wait(60)
    assert "bad beat" in caplog.text


def test_a_folder_in_its_way_keeps_nobody_from_sending(acted, toys, caplog):
    out = acted.app.state.console.out
    shutil.rmtree(out / DRILL / "public", ignore_errors=True)
    (out / DRILL / "public").write_text("in the way")
    one = desk(acted, toys)
    draft = one.at(None, acted.wall.now).pending[0]
    one.sign(draft.id, "a" * 32, "forecaster_on_duty", acted.wall.now)
    assert one.approve(draft.id, "b" * 32, "shift_lead", acted.wall.now).body
    assert "channel.unwritable" in caplog.text
