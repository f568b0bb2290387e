"""Other people's feeds over a real server that is slow, wrong or hostile."""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from shapely.geometry import box

from edge.store.messages import NOW, cap, ref
from haidang.base.errors import BadData, BadPack, Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.cap_fetch import Limits
from haidang.edge.feeds.cap_in import MOST_ENTRIES, read_list
from haidang.edge.feeds.cap_settings import Feeds, FeedSpec, FeedsSpec, read_feeds
from haidang.edge.store import Store
from haidang.edge.store.world_ask import Ask
from haidang.jobs.world import Polled, Poller, watch
from haidang.warn.areas import PlaceIndex
from jobs.nasty import Answer, Site, atom, entry, nasty, rss
from receivers import HANG_S, IN_TIME_S

A, B, C = "2.49.0.1.999.1", "2.49.0.1.999.2", "2.49.0.1.999.3"
INDEX = PlaceIndex.of({"01": box(100, 10, 102, 11), "02": box(102, 10, 103, 11)})
LIMITS = Limits(step_s=60, whole_s=120, list_bytes=200_000, message_bytes=100_000, messages=5)
"""Its seconds are guards alone: a server of this machine answers when its thread is let run."""
QUICK = replace(LIMITS, step_s=0.5, whole_s=1.0)
PATIENCE = (QUICK, replace(QUICK, step_s=4, whole_s=8), replace(QUICK, step_s=30, whole_s=60))
"""Where those that do answer were let run too late, it is tried once more with longer ones."""


@pytest.fixture
def site() -> Iterator[Site]:
    with nasty() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "world.db") as opened:
        yield opened


class Clock:
    """Wall time that a test turns by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def poller(
    store: Store, site: Site, clock: Clock, *feeds: FeedSpec, limits: Limits = LIMITS, **spec
) -> Poller:
    chosen = feeds or (FeedSpec(id="xx", url=f"{site.url}/f"),)
    made = FeedsSpec(contact="ops@example.org", spacing_s=0, feeds=chosen, **spec)
    return Poller(store, Feeds(made, Path()), INDEX, clock=clock, limits=limits)


def poll(store: Store, site: Site, clock: Clock, feed: bytes | None = None, **how) -> Polled:
    if feed is not None:
        site.pages["/f"] = feed
    (got,) = poller(store, site, clock, *([FeedSpec(id="xx", url=f"{site.url}/f", **how)])).once()
    for problem in got.problems:
        assert problem.say("vi") != problem.say("en")
    return got


def codes(polled: Polled) -> list[str]:
    return [p.code.removeprefix("world.") for p in polled.problems]


def kept(store: Store) -> list[str]:
    return sorted(e.identifier for e in store.world(Ask(limit=500), NOW).entries)


# What is read.


def test_a_feed_with_links_is_read_and_mapped(store, site, clock) -> None:
    site.pages["/a.xml"] = cap(A)
    got = poll(store, site, clock, atom(entry("a.xml")))  # a relative link
    assert (got.new, got.problems, got.refused) == (1, (), 0)
    (found,) = store.world(Ask(), NOW).entries
    assert found.matches[0].code == "01"
    assert found.matches[0].share == pytest.approx(0.5, abs=0.01)
    assert store.world_body(1) == site.pages["/a.xml"]
    assert found.signature == "unsigned"
    agent = site.asked[0][1]["User-Agent"]
    assert agent.startswith("haidang/")
    assert "+ops@example.org" in agent


def test_messages_inside_the_feed_come_out_byte_for_byte(store, site, clock) -> None:
    inside = cap(A).split(b"\n", 1)[1]
    content = f'<content type="text/xml">{inside.decode()}</content>'
    escaped = cap(B).decode().replace("&", "&amp;").replace("<", "&lt;")
    got = poll(store, site, clock, atom(
        entry(inside=content), entry(inside=f'<content type="text">{escaped}</content>', ident="2")
    ))  # fmt: skip
    assert got.new == 2
    assert store.world_body(1) == inside
    assert kept(store) == [A, B]


def test_rss_with_links_enclosures_and_permalinks(store, site, clock) -> None:
    for name, ident in (("a", A), ("b", B), ("c", C)):
        site.pages[f"/{name}.cap"] = cap(ident)
    url = site.url
    got = poll(store, site, clock, rss(
        f"<item><guid>1</guid><link>{url}/a.cap</link></item>",
        f'<item><guid>2</guid><link>{url}/page.html</link>'
        f'<enclosure url="{url}/b.cap" type="application/cap+xml"/></item>',
        f"<item><guid>{url}/c.cap</guid><pubDate>Sun, 20 Jul 2025 05:00:00 GMT</pubDate></item>",
    ))  # fmt: skip
    assert (got.new, got.problems) == (3, ())


def test_an_index_of_xml_a_page_of_links_a_message_and_a_folder(
    store, site, clock, tmp_path
) -> None:
    site.pages["/a.xml"], site.pages["/b.xml"] = cap(A), cap(B)
    got = poll(store, site, clock, b'<list><file href="a.xml"/><file>b.xml</file></list>')
    assert got.new == 2
    page = b'<!DOCTYPE html><html><a href="../">up</a><a href="a.xml">a</a><a href=b.xml>b</a>'
    assert poll(store, site, clock, page, format="index").same == 2
    assert poll(store, site, clock, cap(C)).new == 1
    (tmp_path / "in").mkdir()
    for name, data in (("1.xml", cap("d")), ("2.cap", cap("e")), ("3.txt", cap("f"))):
        (tmp_path / "in" / name).write_bytes(data)
    feed = FeedSpec(id="folder", url=(tmp_path / "in").as_uri())
    (got,) = poller(store, site, clock, feed).once()
    assert (got.new, got.problems) == (2, ())


def test_what_is_known_is_not_asked_for_again(store, site, clock) -> None:
    site.pages["/a.xml"] = cap(A)
    first = atom(entry("a.xml"))
    poll(store, site, clock, first)
    assert poll(store, site, clock).same == 1
    assert site.paths().count("/a.xml") == 1
    # As soon as the entry says that it was changed it is looked at again.
    poll(store, site, clock, atom(entry("a.xml", updated="2025-07-20T05:30:00Z")))
    assert site.paths().count("/a.xml") == 2
    clock.now += timedelta(hours=1)
    poll(store, site, clock)
    assert store.world(Ask(), NOW).entries[0].feeds == (("xx", NOW, clock.now),)


def test_a_message_that_speaks_of_envelopes_is_no_envelope(store, site, clock) -> None:
    said = b"<!-- <EDXLDistribution/> --><alert"
    site.pages["/a.xml"] = cap(A, headline="EDXLDistribution").replace(b"<alert", said)
    got = poll(store, site, clock, atom(entry("a.xml")))
    assert (codes(got), kept(store)) == ([], [A])


# Politeness.


def test_an_unchanged_feed_is_not_sent_again(store, site, clock) -> None:
    def page(answer: Answer) -> None:
        if answer.headers.get("If-None-Match") == '"7"':
            answer.reply(b"", 304)
        else:
            answer.reply(atom(entry("a.xml")), ETag='"7"', Last_Modified="Sun, 20 Jul 2025")

    site.pages["/f"], site.pages["/a.xml"] = page, cap(A)
    poll(store, site, clock)
    got = poll(store, site, clock)
    assert (got.new, got.problems) == (0, ())
    assert site.asked[-1][1]["If-Modified-Since"] == "Sun, 20 Jul 2025"
    health = store.world_feeds()["xx"]
    assert (health.etag, health.failures, health.heard) == ('"7"', 0, NOW)


def test_a_list_of_which_something_was_left_is_sent_again(store, site, clock) -> None:
    for i in range(8):
        site.pages[f"/{i}.xml"] = cap(f"m{i}")
    links = [entry(f"{i}.xml", ident=f"e{i}") for i in range(8)]

    def page(answer: Answer) -> None:
        answer.reply(atom(*links), ETag='"7"')

    site.pages["/f"] = page
    got = poll(store, site, clock)
    assert (got.new, got.left) == (5, 3)
    assert store.world_feeds()["xx"].etag == ""
    got = poll(store, site, clock)
    assert (got.new, got.left) == (3, 0)
    assert store.world_feeds()["xx"].etag == '"7"'


def test_failures_are_asked_ever_more_rarely_and_a_pause_is_granted(store, site, clock) -> None:
    waits = []
    site.pages["/f"] = lambda answer: answer.reply(b"", 500)
    for n in range(9):
        made = poller(store, site, clock)
        (got,) = made.once()
        assert codes(got)[0] == "status"
        health = store.world_feeds()["xx"]
        assert health.failures == n + 1
        waits.append((health.next - clock.now).total_seconds() / 60)
        assert made.due(clock.now) == ()
        clock.now = health.next
        assert len(made.due(clock.now)) == 1
    for n, wait in enumerate(waits[:7]):
        assert 0.7 * 5 * 2**n <= wait <= 1.3 * 5 * 2**n
    assert max(waits) <= 1.3 * 360
    assert "silent" in codes(got)  # three failures and six hours
    site.pages["/f"] = lambda answer: answer.reply(b"", 429, Retry_After="7200")
    clock.now = NOW
    fresh = FeedSpec(id="yy", url=f"{site.url}/f")
    poller(store, site, clock, fresh).once()
    assert store.world_feeds()["yy"].next >= NOW + timedelta(hours=2)


def test_one_server_is_asked_one_thing_at_a_time_with_a_pause(store, site, clock) -> None:
    starts: list[float] = []
    inside: list[Answer] = []
    most: list[int] = []

    def page(answer: Answer) -> None:
        starts.append(time.monotonic())
        inside.append(answer)
        most.append(len(inside))
        time.sleep(0.02)
        inside.remove(answer)  # before it is answered: what comes after that nobody waits for
        answer.reply(atom())

    for i in range(4):
        site.pages[f"/{i}"] = page
    feeds = tuple(FeedSpec(id=f"f{i}", url=f"{site.url}/{i}") for i in range(4))
    spec = FeedsSpec(spacing_s=0.15, feeds=feeds)
    Poller(store, Feeds(spec, Path()), INDEX, clock=clock, limits=LIMITS).once()
    assert most == [1] * 4
    gaps = [b - a for a, b in zip(sorted(starts), sorted(starts)[1:], strict=False)]
    assert min(gaps) >= 0.15


def test_watching_asks_what_is_due(store, site, clock, monkeypatch) -> None:
    import asyncio

    async def skip(seconds: float) -> None:
        clock.now += timedelta(seconds=seconds)

    site.pages["/f"] = atom()
    seen: list[Polled] = []
    made = poller(store, site, clock)
    monkeypatch.setattr("haidang.jobs.world.asyncio.sleep", skip)
    asyncio.run(watch(made, seen.append, rounds=12))
    assert 2 <= len(seen) <= 4  # every five minutes or so, in steps of one


# Lies and attacks: each is refused with its reason, the rest is read.


def good(site: Site) -> str:
    site.pages["/good.xml"] = cap("good")
    return entry("good.xml", ident="good")


def test_lies_about_times(store, site, clock) -> None:
    site.pages["/a.xml"], site.pages["/late.xml"] = cap(A), cap(B, sent=NOW + timedelta(hours=5))
    got = poll(store, site, clock, atom(
        good(site), entry("a.xml", updated="2031-01-01T00:00:00Z"), entry("late.xml", ident="l"),
        entry("a.xml", ident="b", updated="yesterday"),
        entry("a.xml", ident="c", updated="2025-07-20T05:00:00"),
        updated="2031-01-01T00:00:00Z",
    ))  # fmt: skip
    assert sorted(codes(got)) == [
        "entry_future", "entry_time", "entry_zone", "list_future", "sent_future"
    ]  # fmt: skip
    assert kept(store) == [A, "good"]
    clock.now += timedelta(hours=5)
    got = poll(store, site, clock, atom(entry("late.xml", ident="l")))
    assert codes(got) == ["list_backwards"]
    assert kept(store) == [A, B, "good"]  # its time has come


def test_entries_without_id_or_anything_at_all(store, site, clock) -> None:
    site.pages["/a.xml"] = cap(A)
    got = poll(store, site, clock, atom(good(site), entry("a.xml", ident=""), entry(ident="void")))
    assert codes(got) == ["entry_no_id", "entry_empty"]
    assert kept(store) == [A, "good"]


def test_another_message_than_promised(store, site, clock) -> None:
    ns = 'xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"'
    site.pages["/a.xml"], site.pages["/b.xml"] = cap(A), cap(B)
    lie = entry("a.xml", inside=f"<cap:identifier {ns}>other</cap:identifier>")
    odd = entry("b.xml", ident="tag:x,2025:2.49.0.1.999.77")
    got = poll(store, site, clock, atom(good(site), lie, odd))
    assert sorted(codes(got)) == ["other_message", "other_name"]
    assert got.refused == 1
    assert kept(store) == [B, "good"]
    poll(store, site, clock)
    assert site.paths().count("/a.xml") == 1  # the same lie is not read twice


def test_messages_that_are_none_and_senders_that_may_not_speak(store, site, clock) -> None:
    site.pages["/html"] = b"<!doctype html><html><body>Sorry</body></html>"
    site.pages["/cut"] = cap(A)[:-30]
    site.pages["/laughs"] = (
        b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><alert '
        b'xmlns="urn:oasis:names:tc:emergency:cap:1.2">&y;</alert>'
    )
    site.pages["/strange"] = cap(B, sender="stranger@example.org")
    site.pages["/private"] = cap(C).replace(b"<scope>Public</scope>", b"<scope>Private</scope>"
                                            b"<addresses>x@example.org</addresses>")  # fmt: skip
    links = [entry(n, ident=n) for n in ("html", "cut", "laughs", "strange", "private", "gone")]
    got = poll(store, site, clock, atom(*links[:5], good(site)), senders=("met@example.org",))
    assert kept(store) == []  # five messages a look, the good one waits
    assert (got.refused, got.left) == (5, 1)
    assert {"sender_strange", "not_public"} <= set(codes(got))
    got = poll(store, site, clock, senders=("met@example.org",))
    assert kept(store) == ["good"]
    assert len(store.world_findings("xx")) >= 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html><body>We moved</body></html>", "html"),
        (b"<html><head/></html>", "html"),
        (b"{}", "not_xml"),
        (b"<feed", "not_xml"),
        (b'<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel/></rss>', "doctype"),
        (b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss/>', "doctype"),
        (b"<weather><today/></weather>", "not_a_list"),
        (b"\xff\xfe\x00\x01", "not_xml"),
    ],
)
def test_feeds_that_are_none(store, site, clock, body, code) -> None:
    got = poll(store, site, clock, body)
    assert codes(got) == [code]
    assert got.failed
    assert store.world_feeds()["xx"].code == f"world.{code}"


def test_a_billion_laughs_in_a_feed_cost_nothing(store, site, clock) -> None:
    rounds = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<!DOCTYPE feed [<!ENTITY a0 "ha">{rounds}]><feed>&a11;</feed>'.encode()
    begun = time.process_time()
    assert codes(poll(store, site, clock, bomb))[0] in ("doctype", "not_xml")
    assert time.process_time() - begun < 2


def test_wrong_encodings_and_types(store, site, clock) -> None:
    site.pages["/a.xml"] = cap(A)
    said = atom(entry("a.xml")).decode().replace("<title>f<", "<title>météo<")
    declared = '<?xml version="1.0" encoding="utf-8"?>' + said
    got = poll(store, site, clock, declared.encode("latin-1"))
    assert (codes(got), got.new) == (["encoding_guess"], 1)
    for encoding in ("utf-16", "utf-8-sig"):
        body = said.replace("urn:e", encoding).encode(encoding)
        site.pages["/f"] = lambda answer, b=body: answer.reply(b, Content_Type="text/html; a=b")
        got = poll(store, site, clock)
        assert (codes(got), got.same) == (["content_type"], 1)


def test_slow_hanging_and_endless_servers(site, clock, tmp_path) -> None:
    def hang(_: Answer) -> None:
        site.stop.wait(HANG_S)

    def drip(answer: Answer) -> None:
        answer.send_response(200)
        answer.end_headers()
        while not site.stop.wait(0.1):
            answer.wfile.write(b" ")

    def cut(answer: Answer) -> None:
        answer.send_response(200)
        answer.send_header("Content-Length", "5000")
        answer.end_headers()
        answer.wfile.write(b"<feed>")
        answer.close_connection = True

    site.pages |= {"/hang": hang, "/drip": drip, "/cut": cut, "/f": atom(good(site))}
    feeds = [FeedSpec(id=n, url=f"{site.url}/{n}") for n in ("hang", "drip", "cut", "f")]
    for n, limits in enumerate(PATIENCE):
        with Store.open(tmp_path / f"{n}.db") as store:
            begun = time.monotonic()
            every = poller(store, site, clock, *feeds, limits=limits, at_once=4).once()
            assert time.monotonic() - begun < 3 * limits.whole_s + IN_TIME_S
            got = {p.feed: codes(p) for p in every}
            assert [got[n] for n in ("hang", "drip")] == [["timeout"], ["timeout"]]
            good_ones = kept(store)
            if "timeout" not in [*got["cut"], *got["f"]]:
                break
    assert (got["cut"], got["f"], good_ones) == (["unreachable"], [], ["good"])


def test_messages_that_drip_do_not_keep_the_others_waiting(
    site, clock, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("haidang.jobs.world.SHORTEST_S", 0.1)

    def drip(answer: Answer) -> None:
        answer.send_response(200)
        answer.end_headers()
        while not site.stop.wait(0.05):
            answer.wfile.write(b" ")

    site.pages |= {f"/{n}.xml": drip for n in range(3)} | {"/a.xml": cap(A)}
    newest = [entry(f"{n}.xml", f"urn:{n}", "2025-07-20T05:30:00Z") for n in range(3)]
    site.pages["/f"] = atom(entry("a.xml"), *newest)
    for n, limits in enumerate(PATIENCE):
        with Store.open(tmp_path / f"{n}.db") as store:
            (got,) = poller(store, site, clock, limits=limits).once()
            if got.new:
                break
    assert codes(got) == ["timeout"] * 3
    assert (got.new, got.left) == (1, 0)


def test_a_message_that_begins_at_the_end_of_the_calendar_is_kept(store, site, clock) -> None:
    onset = b"<onset>9999-12-31T23:00:00+00:00</onset>"
    late = re.sub(rb"(<onset>.*?</onset>)?\s*<expires>.*?</expires>", onset, cap(A))
    assert onset in late
    site.pages["/a.xml"] = late
    got = poll(store, site, clock, atom(entry("a.xml")))
    assert (codes(got), got.new) == ([], 1)


def test_large_bodies_and_bombs_of_gzip(store, site, clock) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 60_000

    def packed(body: bytes, how: str = "gzip"):
        return lambda answer: answer.reply(body, Content_Encoding=how)

    def endless(answer: Answer) -> None:
        answer.send_response(200)
        answer.end_headers()
        for _ in range(50):
            answer.wfile.write(b" " * 1_000_000)

    site.pages |= {
        "/bomb": packed(bomb), "/endless": endless, "/br": packed(b"x", "br"),
        "/half": packed(gzip.compress(atom())[:-10]),
        "/honest": lambda a: a.reply(b"x", Content_Length="50000000"),
        "/ok": packed(gzip.compress(atom(good(site)))),
    }  # fmt: skip
    names = ("bomb", "endless", "br", "half", "ok")
    feeds = [FeedSpec(id=n, url=f"{site.url}/{n}") for n in names]
    got = {p.feed: codes(p) for p in poller(store, site, clock, *feeds).once()}
    assert got == {"bomb": ["too_large"], "endless": ["too_large"], "br": ["packed"],
                   "half": ["packed"], "ok": []}  # fmt: skip
    site.pages["/huge.xml"] = packed(gzip.compress(cap(A) + b" " * 200_000))
    got_ = poll(store, site, clock, atom(entry("huge.xml")))
    assert (codes(got_), got_.refused) == (["too_large"], 1)


def test_redirects(store, site, clock) -> None:
    def to(where: str):
        return lambda answer: answer.reply(b"", 302, Location=where)

    site.pages |= {"/f": to("/two"), "/two": to("/three"), "/three": atom(entry("a.xml"))}
    site.pages["/a.xml"] = cap(A)
    assert poll(store, site, clock).new == 1
    site.pages |= {"/round": to("/round"), "/out": to("file:///etc/passwd"),
                   "/aside": to(f"http://localhost:{site.port}/three")}  # fmt: skip
    feeds = [FeedSpec(id=n, url=f"{site.url}/{n}") for n in ("round", "out", "aside")]
    got = {p.feed: codes(p) for p in poller(store, site, clock, *feeds).once()}
    assert got == {"round": ["redirects"], "out": ["link_scheme"], "aside": ["link_inside"]}


def test_links_into_our_own_network_are_not_followed(store, site, clock) -> None:
    inside = f"http://localhost:{site.port}/secret"
    site.pages["/secret"] = cap(A)
    got = poll(store, site, clock, atom(
        entry(inside, ident="1"), entry("http://169.254.169.254/latest", ident="2"),
        entry("file:///etc/passwd", ident="3"), entry("http://[::1]/x", ident="4"), good(site),
        entry("http://[64:ff9b::a00:1]/x", ident="5"),  # 10.0.0.1 behind NAT64
    ))  # fmt: skip
    assert codes(got) == ["link_scheme", *["link_inside"] * 4]
    assert "/secret" not in site.paths()
    assert kept(store) == ["good"]


# One feed never takes the others with it.

BRACKET = "http://[x"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (atom(entry(BRACKET)), ["link_scheme"]),
        (atom(entry(ident=BRACKET)), ["entry_empty"]),
        (atom(entry("http://example.org:seven/")), ["link_scheme"]),
        (rss(f"<item><guid>{BRACKET}</guid></item>"), ["entry_empty"]),
        (f'<list><a href="{BRACKET}.xml"/></list>'.encode(), ["not_a_list"]),
        (f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{BRACKET}">'
         "<entry><id>e</id></entry></feed>".encode(), ["link_scheme", "entry_empty"]),
        (b'<?xml version="1.0" encoding="undefined"?><feed/>', ["encoding_guess", "not_a_list"]),
        (b'<?xml version="1.0" encoding="punycode"?>' + b"<feed>" * 3, ["not_xml"]),
    ],
)  # fmt: skip
def test_an_address_or_encoding_that_is_none_is_told(store, site, clock, body, found) -> None:
    site.pages |= {"/bad": body, "/f": atom(good(site))}
    feeds = [FeedSpec(id=n, url=f"{site.url}/{n}") for n in ("bad", "f")]
    bad, fine = poller(store, site, clock, *feeds).once()
    assert [c for c in codes(bad) if c != "encoding_guess"] == [
        c for c in found if c != "encoding_guess"
    ]
    assert (codes(fine), kept(store)) == ([], ["good"])


def test_a_redirect_to_no_address_and_a_page_of_nothing_are_told(store, site, clock) -> None:
    site.pages |= {"/f": lambda a: a.reply(b"", 302, Location=BRACKET), "/p": b"<!doctype html>"}
    feeds = [FeedSpec(id="f", url=f"{site.url}/f"),
             FeedSpec(id="p", url=f"{site.url}/p", format="index")]  # fmt: skip
    assert [codes(p) for p in poller(store, site, clock, *feeds).once()] == [
        ["link_scheme"], ["html"]
    ]  # fmt: skip


def test_a_mark_that_cannot_be_sent_back_is_forgotten(store, site, clock) -> None:
    feed = atom(good(site))
    site.pages["/f"] = lambda answer: answer.reply(feed, ETag='"\xe9"')
    assert codes(poll(store, site, clock)) == []
    assert codes(poll(store, site, clock)) == []
    late = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
    site.pages["/f"] = lambda answer: answer.reply(b"", 503, Retry_After=late)
    assert codes(poll(store, site, clock)) == ["status"]


@pytest.mark.parametrize(
    "body",
    [
        b"<!---->" * 2_000 + b"<x/>",
        b"<!--" + b" " * 100_000,
        b"<x>" + b"<alert />" * 60_000 + b"</x>",
        atom(*("<entry/>",) * 30_000),
        b"<rss>" + b"<item>" * 200 + b"<a/>" * 20_000 + b"</item>" * 200 + b"</rss>",
        b"<rss xmlns:c='urn:oasis:names:tc:emergency:cap:1.2'>"
        + b"<item><c:alert >" * 100 + b"<c:alert />" * 20_000
        + b"</c:alert></item>" * 100 + b"</rss>",
    ],
    ids=["comments", "comment", "alerts", "entries", "items", "nested"],
)  # fmt: skip
def test_no_list_takes_long(body) -> None:
    begun = time.process_time()
    with suppress(BadData):
        listed = read_list(body, "http://example.org/", NOW)
        assert len(listed.problems) <= 2 * MOST_ENTRIES + 1
    assert time.process_time() - begun < 1.5


def test_a_fault_of_ours_silences_one_feed_only(store, site, clock, monkeypatch) -> None:
    def read(data: bytes, *args, **how):
        if b"poison" in data:
            raise RuntimeError(data)
        return read_list(data, *args, **how)

    monkeypatch.setattr("haidang.jobs.world.read_list", read)
    site.pages |= {"/bad": b"poison", "/f": atom(good(site))}
    feeds = [FeedSpec(id=n, url=f"{site.url}/{n}") for n in ("bad", "f")]
    bad, fine = poller(store, site, clock, *feeds).once()
    assert (codes(bad), bad.failed, codes(fine)) == (["broken_list"], True, [])
    assert "poison" not in bad.problems[0].say("en")
    assert store.world_feeds()["bad"].code == "world.broken_list"
    assert kept(store) == ["good"]


def test_a_message_that_the_archive_cannot_hold_goes_alone(store, site, clock, monkeypatch) -> None:
    keep = Store.keep_world

    def poisoned(self, arrivals):
        if any(a.heard.identifier == A for a in arrivals):
            raise KeyError(A)
        return keep(self, arrivals)

    monkeypatch.setattr(Store, "keep_world", poisoned)
    site.pages["/a.xml"] = cap(A)
    got = poll(store, site, clock, atom(entry("a.xml"), good(site)))
    assert (codes(got), got.new, got.refused) == (["broken"], 1, 1)
    assert kept(store) == ["good"]


def test_an_archive_that_is_locked_does_not_end_the_watch(store, site, clock, monkeypatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise Unavailable(Problem("store.locked", {"detail": "x"}))

    site.pages["/f"] = atom(good(site))
    made = poller(store, site, clock)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep_world", locked)
        (got,) = made.once()
    assert got.problems[0].code == "store.locked"
    assert made.due(clock.now) == ()  # not asked again every second
    clock.now += timedelta(minutes=6)
    assert len(made.due(clock.now)) == 1
    assert made.once()[0].new == 1


def test_a_name_that_its_owner_points_into_our_network_is_not_followed(store, site, clock) -> None:
    site.pages["/f"] = atom(entry(f"http://localhost:{site.port}/a.xml"))
    site.pages["/a.xml"] = cap(A)
    url = f"http://localhost:{site.port}/f"
    (got,) = poller(store, site, clock, FeedSpec(id="xx", url=url)).once()
    assert (codes(got), site.asked) == (["link_inside"], [])
    (got,) = poller(store, site, clock, FeedSpec(id="xx", url=url, inside=True)).once()
    assert (codes(got), got.new) == ([], 1)
    # Another port of the same server is another door.
    site.pages["/f"] = atom(entry("http://127.0.0.1:6379/x", ident="p"))
    (got,) = poller(store, site, clock).once()
    assert codes(got) == ["link_inside"]


def test_replays_and_conflicts_over_the_wire(store, site, clock) -> None:
    site.pages["/1"] = cap(A)
    poll(store, site, clock, atom(entry("1", ident="1")))
    clock.now += timedelta(days=3)
    site.pages |= {"/2": cap(A), "/3": cap(A, headline="All is well"),
                   "/4": cap(B, kind="Cancel", references=[ref(C)])}  # fmt: skip
    got = poll(store, site, clock, atom(*(entry(n, ident=n) for n in "234")))
    assert (got.new, got.same, codes(got)) == (2, 1, ["conflict"])
    found = {(e.id, e.identifier): (e.state, e.conflict, e.late) for e in
             store.world(Ask(), clock.now).entries}  # fmt: skip
    assert found == {
        (1, A): ("expired", True, False), (2, A): ("expired", True, True),
        (3, B): ("ending", False, True),
    }  # fmt: skip


def test_a_feed_with_nothing_new_for_weeks_is_a_finding(store, site, clock) -> None:
    poll(store, site, clock, atom(good(site)))
    clock.now += timedelta(days=31)
    assert codes(poll(store, site, clock)) == ["stale"]


def test_random_bytes_never_break_a_round(store, site, clock) -> None:
    rng = random.Random(4)
    base = atom(
        entry("a.xml"), entry(inside=f"<content>{cap(B).split(b'?>')[1].decode()}</content>")
    )
    for _ in range(25):
        body = bytearray(base)
        for _ in range(rng.randint(1, 12)):
            at = rng.randrange(len(body))
            body[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        site.pages["/f"] = bytes(body)
        got = poll(store, site, clock)
        assert "broken" not in codes(got)


def test_the_messages_of_an_envelope_are_kept_one_by_one(store, site, clock) -> None:
    parts = "".join(
        "<contentObject><xmlContent><embeddedXMLContent>"
        f"{cap(name).split(b'?>')[1].decode()}</embeddedXMLContent></xmlContent></contentObject>"
        for name in (A, B)
    )
    envelope = (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>1'
        "</distributionID><senderID>a@b.c</senderID><dateTimeSent>2025-07-20T05:00:00-00:00"
        "</dateTimeSent><distributionStatus>Actual</distributionStatus><distributionType>Report"
        f"</distributionType>{parts}</EDXLDistribution>"
    )
    got = poll(store, site, clock, envelope.encode())
    assert (got.new, got.problems) == (2, ())
    assert kept(store) == [A, B]


def test_signatures_are_checked_and_marked(shared, store, site, clock, tmp_path) -> None:
    folder = shared / "data" / "cap" / "capvalidator"
    names = ("valid", "invalid_digest", "invalid_signature", "no_signature")
    for name in names:
        site.pages[f"/{name}"] = (folder / f"signed_bf_{name}.xml").read_bytes()
    large = Limits(step_s=60, whole_s=120)
    feed = FeedSpec(id="bf", url=f"{site.url}/f")
    for name in names:
        site.pages["/f"] = atom(entry(name, ident=name))
        spec = FeedsSpec(spacing_s=0, feeds=(feed,))
        Poller(store, Feeds(spec, Path()), INDEX, clock=clock, limits=large).once()
    said = {e.id: e.signature for e in store.world(Ask(), NOW).entries}
    assert said[1] == "untrusted"  # whole, by somebody nobody here knows
    assert set(said.values()) <= {"untrusted", "invalid", "unsigned"}
    assert "world.signature" in {f.problem.code for f in store.world_findings()}


# Settings.


def test_the_list_of_national_feeds_is_settings(shared, tmp_path) -> None:
    found = read_feeds(shared / "data" / "cap" / "feeds" / "feeds.json")
    assert len(found.spec.feeds) == 167
    assert len({f.id for f in found.spec.feeds}) == 167
    assert sorted(p.code for p in found.problems) == [
        "world.feed_country", "world.feed_renamed", "world.feed_renamed", "world.feed_twice",
        "world.feed_twice",
    ]  # fmt: skip
    assert any("AFG" in p.say("en") and "ar-smn-es" in p.say("en") for p in found.problems)


def test_settings_of_ones_own(tmp_path) -> None:
    file = tmp_path / "feeds.yaml"
    one = "feeds:\n- {id: vn, url: 'https://x.example/f', every_min: 2}\n"
    file.write_text(f"contact: a@b.c\n{one}")
    assert read_feeds(file).spec.feeds[0].every_min == 2
    file.write_text(one.replace("every", "evry"))
    with pytest.raises(BadPack, match="evry_min"):
        read_feeds(file)
    other = tmp_path / "feeds.json"
    other.write_text(json.dumps([{"sourceId": "x"}, {"sourceId": "y", "capAlertFeed": "ftp://y"}]))
    assert [p.code for p in read_feeds(other).problems] == ["world.feed_row"] * 2
    other.write_text("[")
    with pytest.raises(BadData) as caught:
        read_feeds(other)
    assert caught.value.say("vi") != caught.value.say("en")


def test_a_missing_certificate_is_told_and_nothing_is_asked(store, site, clock) -> None:
    got = poll(store, site, clock, atom(good(site)), trusted=("none.pem",))
    assert codes(got) == ["certificate"]
    assert site.asked == []


def test_the_findings_never_hold_a_body(store, site, clock) -> None:
    poll(store, site, clock, b"<html>" + b"secret " * 50)
    said = " ".join(f.problem.say("en") for f in store.world_findings())
    assert len(re.findall("secret", said)) < 10
