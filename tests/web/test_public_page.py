"""The public page: what it says, how small it is, and that only what changed is written."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import html

from app.notices import T0, hours, many, notice
from haidang.app.active import Look
from haidang.base.errors import Unavailable
from haidang.edge.channels.parts.spec import Home
from haidang.edge.channels.port import Parcel
from haidang.edge.channels.site import Site
from haidang.edge.channels.site import Spec as SiteSpec
from haidang.edge.channels.site import open as open_site
from haidang.pack.load import Roots, load_country
from haidang.pack.schema import Country
from haidang.warn.lifecycle import Occasion
from haidang.web.console import asset
from haidang.web.pages.public import LARGEST, Public

PLACE, OTHER = "A", "B"


@pytest.fixture(scope="module")
def toyland(toys: Roots) -> Country:
    return load_country(toys.country("xt"), toys.threats)


@pytest.fixture
def site(toyland: Country, tmp_path: Path) -> Site:
    return fresh(toyland, tmp_path / "public")


def fresh(country: Country, folder: Path, **spec) -> Site:
    made = Site(folder, country, T0.date(), spec=SiteSpec(**spec), status="Exercise")
    made.pages = Public(made.layout)
    return made


def places(site: Site) -> list[str]:
    return [p.code for p in site.layout.places.values() if p.kind == "province"]


def read(site: Site, path: str) -> str:
    return (site.folder / path).read_text("utf-8")


def words(site: Site, path: str) -> str:
    return " ".join(html.fromstring(read(site, path)).text_content().split())


def times(site: Site) -> dict[str, int]:
    return {
        str(p.relative_to(site.folder)): p.stat().st_mtime_ns
        for p in site.folder.rglob("*") if p.is_file()
    }  # fmt: skip


def aged(site: Site) -> dict[str, int]:
    """Everything as if it had been written long ago, so that a rewrite shows."""
    for path in site.folder.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(1, 1))
    return times(site)


def changed(site: Site, before: dict[str, int]) -> set[str]:
    return {name for name, at in times(site).items() if before.get(name) != at}


# --- what it says --------------------------------------------------------------------------------


def test_a_notice_in_force_is_the_first_thing_said(site):
    messages, drafts = many(notice("one", place="N", threat="storm"))
    site.show(messages, drafts, T0 + hours(1))
    page = html.fromstring(read(site, "N/index.html"))
    assert [h.text_content() for h in page.iter("h1")] == ["one & en for N."]
    said = words(site, "N/index.html")
    assert "In force here now" in said
    assert "Alert level 2 of 3: alert" in said
    # Sent and valid in local time (UTC-2), with the day's name.
    assert "Sent 04:00, Friday 1 Mar. Valid until 16:00, Friday 1 Mar." in said
    do = page.xpath("//h2[.='What to do']/following-sibling::ul[1]/li")
    assert [li.text_content().strip() for li in do] == ["Stay in.", "Call for help."]
    assert "07:00, Friday 1 Mar. The danger is expected to begin. Be ready before then." in said
    assert "EXERCISE · EXERCICE" in said
    # The next place knows nothing of it.
    assert "one & en" not in words(site, "S/index.html")
    assert "one & fr for N." in words(site, "fr/N/index.html")


def test_what_happens_when_stands_together_and_all_else_below(site):
    told = "Gale begins: about 19:00, 1 Mar.\nStorm begins: not expected.\nGusts: force 12."
    site.show(*many(notice("one", place="N", description=told)), T0)
    page = html.fromstring(read(site, "N/index.html"))

    def under(title: str) -> list[str]:
        found = page.xpath(f"//h2[.='{title}']/following-sibling::ul[1]/li")
        return [" ".join(li.text_content().split()) for li in found]

    assert under("When")[-1] == "Gale begins: about 19:00, 1 Mar."
    assert under("What is known") == ["Storm begins: not expected.", "Gusts: force 12."]


def test_a_level_is_a_number_a_word_a_pattern_and_a_colour(site):
    messages, drafts = many(notice("one", place="N", level=3))
    site.show(messages, drafts, T0)
    text = read(site, "N/index.html")
    assert ".l3{background:#333333;color:#ffffff}" in text
    assert re.search(r"\.l3::before\{background:repeating-linear-gradient", text)
    assert 'class="lv l3"' in text
    assert '<b class="n" aria-hidden="true">3</b>' in text


def test_what_is_not_known_is_said(site):
    messages, drafts = many(notice("one", place="N", onset=None))
    site.show(messages, drafts, T0)
    said = words(site, "N/index.html")
    assert "Not known. When the danger begins is not known" in said
    # Nobody has told the toy's emergency number, nor when anybody looked.
    assert "The emergency number of this place is not known" in said
    assert "The system looked last: Not known" in said


def test_nothing_in_force_is_not_called_safe(site):
    site.show([], {}, T0, Look(T0 - hours(1), T0 - hours(2), ("storm",)))
    said = words(site, "N/index.html")
    assert "North Toyland: no warning is in force" in said
    assert "That is not the same as safe." in said
    assert "Tropical cyclone The system looked last: 03:00, Friday 1 Mar" in said
    assert "Newest data that came in: 02:00, Friday 1 Mar" in said
    assert "EXERCISE" in said


def test_silence_is_not_calm(site):
    look = Look(T0, T0 - hours(9), ("storm",), {"N": (("storm", T0 - hours(9)),)})
    site.show([], {}, T0, look)
    said = words(site, "N/index.html")
    assert "No data: Tropical cyclone" in said
    assert "Nothing new since 19:00, Thursday 28 Feb" in said
    assert "No data" not in words(site, "S/index.html")


def test_an_end_is_told_as_what_it_was(site):
    ran = notice("ran", place="N", chain="a", lasts=2)
    clear = notice(
        "clear", T0 + hours(1), place="S", chain="b", kind="Cancel", occasion=Occasion.ALL_CLEAR,
        level=0, instruction="Go home.",
    )  # fmt: skip
    site.show(*many(ran, clear), T0 + hours(3))
    said = words(site, "N/index.html")
    assert "North Toyland: the warning ran out, no all-clear was given" in said
    assert "Ended: the notice ran out 06:00, Friday 1 Mar, no all-clear was given" in said
    # What ran out must not be acted on any more.
    assert "Stay in." not in said
    said = words(site, "S/index.html")
    assert "South Toyland: the warning has ended" in said
    assert "Ended: all clear, 05:00, Friday 1 Mar" in said
    assert "Go home." in said
    # A day later nobody speaks of either.
    site.show(*many(ran, clear), T0 + hours(27))
    assert "no warning is in force" in words(site, "N/index.html")


def test_the_worst_comes_first_and_the_others_follow(site):
    low = notice("low", place="N", chain="a", level=1, threat="flood")
    high = notice("high", place="N", chain="b", level=3)
    site.show(*many(low, high), T0)
    page = html.fromstring(read(site, "N/index.html"))
    assert [h.text_content() for h in page.iter("h1")] == ["high & en for N."]
    assert page.xpath("//div[@class='lv l1']//h2")[0].text_content() == "low & en for N."


def test_a_page_says_how_old_it_is(site):
    site.show([], {}, T0)
    text = read(site, "N/index.html")
    assert '<meta name="published" content="2030-03-01T04:00:00-02:00">' in text
    assert '<meta name="next-before" content="2030-03-01T04:30:00-02:00">' in text
    said = words(site, "N/index.html")
    assert "Page written 04:00, Friday 1 Mar. A new one before 04:30." in said
    assert "Times are local time (-02). Once it is past 04:30, Friday 1 Mar" in said
    status = json.loads(read(site, "status.json"))
    assert status["published"] == "2030-03-01T04:00:00-02:00"
    assert status["next_before"] == "2030-03-01T04:30:00-02:00"
    assert status["active"] == 0


def test_the_index_leads_to_every_place(site):
    site.show(*many(notice("one", place="N")), T0)
    page = html.fromstring(read(site, "index.html"))
    links = {a.text_content(): a.get("href") for a in page.iter("a")}
    assert links["North Toyland"] == "N/index.html"
    assert links["South Toyland"] == "S/index.html"
    assert page.xpath("//h2[@class='lc l2']")[0].text_content() == "Alert level 2 of 3: alert"
    other = html.fromstring(read(site, "places.html"))
    said = " ".join(other.text_content().split())
    assert "Toyland now North Toyland" in said


def test_every_link_leads_somewhere(site):
    site.show(*many(notice("one", place="N")), T0)
    pages = [p for p in site.folder.rglob("*.html")]
    assert len(pages) > 6
    for path in pages:
        for a in html.fromstring(path.read_bytes()).iter("a", "link"):
            href = a.get("href")
            if not href.startswith(("tel:", "data:")):
                assert (path.parent / href).is_file(), f"{path}: {href}"
    for path in site.folder.rglob("*.atom"):
        for link in html.fromstring(path.read_bytes()).iter("link"):
            if link.get("rel") != "hub":
                assert (path.parent / link.get("href")).is_file(), f"{path}: {link.get('href')}"


def test_too_many_words_are_cut_where_it_hurts_least(site):
    long = "\n".join(f"Something that is known, number {n}: {'x' * 60}." for n in range(40))
    notices = [
        notice(f"n{n}", place="N", chain=f"c{n}", level=3 - n % 3, threat=f"t{n}", description=long)
        for n in range(5)
    ]
    site.show(*many(*notices), T0)
    assert len(read(site, "N/index.html").encode()) <= LARGEST
    said = words(site, "N/index.html")
    for n in range(5):
        assert f"n{n} & en for N." in said
    assert "Shortened so that the page loads fast." in said
    assert "Stay in." in said


def test_nothing_but_its_own_style_may_run(site):
    site.show(*many(notice("one", place="N")), T0)
    for path in site.folder.rglob("*.html"):
        text = path.read_text("utf-8")
        assert "<script" not in text
        assert "default-src 'none';style-src 'sha256-" in text
        assert "http://" not in text
        assert "https://" not in text


def test_the_words_of_a_notice_are_escaped(site):
    bad = '<script>alert(1)</script>\n"><img src=x>: 1 & 2'
    site.show(*many(notice("one", place="N", description=bad, instruction=bad)), T0)
    for path in site.folder.rglob("*"):
        if path.is_file() and path.suffix in {".html", ".atom", ".rss"}:
            text = path.read_text("utf-8")
            assert "<script" not in text
            assert "<img" not in text


def test_its_colours_are_those_of_the_console():
    def tokens(name: str, scheme: int) -> dict[str, str]:
        text = asset(name).decode()
        part = text.split("prefers-color-scheme:dark")[scheme]
        return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", part))

    named = {"bg": "bg", "s": "surface", "line": "line", "ink": "ink", "ink2": "ink-2",
             "link": "link"}  # fmt: skip
    for scheme in (0, 1):
        mine, theirs = tokens("public.css", scheme), tokens("hd.css", scheme)
        assert {k: mine[k] for k in named} == {k: theirs[v] for k, v in named.items()}


# --- what is written -----------------------------------------------------------------------------


def test_only_what_changed_is_written(site):
    first = notice("one", place="N", chain="a")
    site.show(*many(first), T0)
    before = aged(site)
    written = site.show(*many(first), T0 + timedelta(minutes=1)).files
    assert written == ("status.json",)
    assert changed(site, before) == {"status.json"}
    before = aged(site)
    second = notice("two", T0 + timedelta(minutes=2), place="S", chain="b")
    written = site.show(*many(first, second), T0 + timedelta(minutes=2)).files
    assert changed(site, before) == set(written)
    assert written[:2] == ("cap/two.xml", "feeds/all.atom")
    touched = {name for name in written if "/N" in name or name.startswith("N/")}
    assert touched == set()
    assert {"S/index.html", "fr/S/index.html", "feeds/area/S.en.atom", "S/active.geojson"} <= set(
        written
    )
    assert not [name for name in written if name.endswith("threat/flood.en.atom")]


def test_a_page_is_written_again_before_its_promise_ends(site):
    site.show([], {}, T0)
    before = aged(site)
    site.show([], {}, T0 + timedelta(minutes=19))
    assert changed(site, before) == {"status.json"}
    site.show([], {}, T0 + timedelta(minutes=20))
    assert "N/index.html" in changed(site, before)
    # Feeds and maps bear no time of the clock: they stand.
    assert not [name for name in changed(site, before) if name.startswith("feeds/")]


def test_another_process_goes_on_where_one_stopped(site, toyland):
    one = notice("one", place="N")
    site.show(*many(one), T0)
    before = aged(site)
    again = fresh(toyland, site.folder)
    assert again.show(*many(one), T0).files == ()
    assert changed(site, before) == set()
    # What a crash left half-done is made good.
    (site.folder / "feeds/all.atom").write_bytes(b"<fee")
    (site.folder / "N/index.html").write_bytes(b"<!DOC")
    third = fresh(toyland, site.folder)
    assert set(third.show(*many(one), T0).files) == {"feeds/all.atom", "N/index.html"}


def test_when_a_feed_changed_comes_from_the_messages(site):
    one = notice("one", place="N", lasts=2)

    def updated(now):
        site.show(*many(one), now)
        return re.search(r"<updated>([^<]+)", read(site, "feeds/all.atom"))[1]

    assert updated(T0) == "2030-03-01T06:00:00+00:00"
    assert updated(T0 + hours(1)) == "2030-03-01T06:00:00+00:00"
    assert updated(T0 + hours(5)) == "2030-03-01T08:00:00+00:00"
    assert "cap/one.xml" in read(site, "feeds/all.atom")
    assert updated(T0 + hours(40)) == "2030-03-02T08:00:00+00:00"
    assert "cap/one.xml" not in read(site, "feeds/all.atom")
    # The message itself stays: somebody may have linked it.
    assert (site.folder / "cap/one.xml").read_bytes() == one[0].body


def test_step_by_step_or_at_once_is_the_same(toyland, tmp_path):
    told = [
        notice("one", place="N", chain="a", lasts=4),
        notice("two", T0 + hours(1), place="S", chain="b"),
        notice("three", T0 + hours(2), place="N", chain="a", kind="Update", version=2, lasts=3),
    ]
    steps, once = fresh(toyland, tmp_path / "steps"), fresh(toyland, tmp_path / "once")
    for hour in range(8):
        steps.show(*many(*told), T0 + hours(hour))
    once.show(*many(*told), T0 + hours(7))
    for path in once.folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(once.folder)
            assert (steps.folder / name).read_bytes() == path.read_bytes(), name


def test_the_map_shows_what_is_in_force(site):
    site.show(*many(notice("one", place="N", threat="storm")), T0)
    drawn = json.loads(read(site, "active.geojson"))
    assert drawn == json.loads(read(site, "N/active.geojson"))
    (one,) = drawn["features"]
    assert one["id"] == "one"
    told = one["properties"]
    assert told["level"] == 2
    assert told["level_name"] == {"en": "alert", "fr": "alerte"}
    assert told["texts"]["fr"]["headline"] == "one & fr for N."
    assert told["cap"] == "cap/one.xml"
    assert json.loads(read(site, "S/active.geojson"))["features"] == []


def test_addresses_are_whole_where_one_is_given(toyland, tmp_path):
    site = fresh(toyland, tmp_path, base="https://warn.invalid/", hub="https://hub.invalid/")
    site.show(*many(notice("one", place="N")), T0)
    text = read(site, "feeds/area/N.en.atom")
    assert 'href="https://warn.invalid/cap/one.xml"' in text
    assert (
        '<link rel="self" type="application/atom+xml" href="https://warn.invalid/feeds/area/N.en.atom"/>'
        in text
    )
    assert '<link rel="hub" href="https://hub.invalid/"/>' in text


def test_a_compressed_copy_lies_beside(toyland, tmp_path):
    import gzip

    site = fresh(toyland, tmp_path, gzip=True)
    site.show([], {}, T0)
    for path in [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".gz"]:
        beside = path.with_name(f"{path.name}.gz")
        assert gzip.decompress(beside.read_bytes()) == path.read_bytes()


def test_a_folder_that_cannot_be_written_says_what_to_do(toyland, tmp_path):
    (tmp_path / "public").write_text("a file in its way")
    with pytest.raises(Unavailable) as caught:
        fresh(toyland, tmp_path / "public").show([], {}, T0)
    assert "channel.unwritable" in {p.code for p in caught.value.problems}


def test_a_commune_gets_a_page_once_a_notice_names_it(site, toyland):
    commune = next(p for p in toyland.places.gazetteer.at(T0.date(), "commune"))
    assert commune.parent is not None
    inside = f"{commune.parent}/{commune.code}/index.html"
    site.show([], {}, T0)
    assert not (site.folder / inside).exists()
    whole = notice("whole", place=commune.parent, chain="a")
    part = notice("part", place=commune.code, chain="b", level=3)
    site.show(*many(whole, part), T0)
    said = words(site, inside)
    # What holds in the whole province holds there as well.
    assert "part & en" in said
    assert "whole & en" in said
    assert "For all of" in said
    assert commune.name("en") in words(site, f"{commune.parent}/index.html")
    listed = html.fromstring(read(site, f"{commune.parent}/places.html"))
    assert f"{commune.code}/index.html" in [a.get("href") for a in listed.iter("a")]
    # It stays when the notice is over, and another process knows it too.
    again = fresh(toyland, site.folder)
    again.show([], {}, T0 + hours(40))
    assert "no warning is in force" in words(again, inside)


def test_one_notice_is_published_in_milliseconds(site):
    told = [notice(f"n{n}", place="NS"[n % 2], chain=f"c{n}") for n in range(60)]
    site.show(*many(*told), T0)
    one = notice("new", place="N", chain="new")
    messages, drafts = many(*told, one)
    begun = time.process_time()  # of this process alone: how busy the machine is says nothing
    written = site.show(messages, drafts, T0).files
    assert time.process_time() - begun < 0.5
    assert len(written) <= 20
    assert written.index("feeds/all.atom") == 1
    assert "cap/new.xml" in read(site, "feeds/all.atom")


def test_a_notice_narrowed_to_communes_holds_only_there(site):
    narrowed = notice("some", place="N", within=("N1",))
    site.show(*many(narrowed), T0)
    # The province tells of it and says where; one commune has it, the other has no page.
    assert "In force here, only in: Harbour" in words(site, "N/index.html")
    assert "some & en" in words(site, "N/N1/index.html")
    assert not (site.folder / "N/N2").exists()
    assert "cap/some.xml" in read(site, "feeds/area/N1.en.atom")
    assert len(json.loads(read(site, "N/N1/active.geojson"))["features"]) == 1
    # One that is for the whole place is for both.
    whole = notice("whole", T0 + hours(1), place="N", chain="b")
    other = notice("other", T0 + hours(1), place="N2", chain="c")
    site.show(*many(narrowed, whole, other), T0 + hours(1))
    assert "some & en" not in words(site, "N/N2/index.html")
    assert "whole & en" in words(site, "N/N2/index.html")
    assert "cap/whole.xml" in read(site, "feeds/area/N2.en.atom")
    assert "cap/some.xml" not in read(site, "feeds/area/N2.en.atom")


def test_the_channel_puts_a_message_where_its_link_leads(tmp_path):
    message, draft = notice("one", place="N")
    channel = open_site(SiteSpec(), Home("public", tmp_path))
    (outcome,) = channel.send([Parcel("key", message, draft.texts[0])])
    assert (outcome.key, outcome.state) == ("key", "delivered")
    assert (tmp_path / "public/cap/one.xml").read_bytes() == message.body
    # The same again changes nothing, and a folder in its way is an outcome.
    assert channel.send([Parcel("key", message, draft.texts[0])])[0].state == "delivered"
    blocked = open_site(SiteSpec(folder="public/cap/one.xml"), Home("public", tmp_path))
    assert blocked.send([Parcel("key", message, draft.texts[0])])[0].why == "channel.no_room"
    channel.close()
