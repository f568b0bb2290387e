"""Atom and RSS: valid, the same bytes for the same messages, never a time of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from lxml import etree

from app.notices import T0, notice
from haidang.warn import feed
from haidang.warn.cap import parse

A = {"a": feed.ATOM, "cap": feed.CAP}
PAGES = (("en", "../A/index.html"), ("fr", "../fr/A/index.html"))
HEAD = feed.Head(
    id="urn:uuid:5f1f6a3e-6b1e-5a76-9c1b-0d4b1f2a7c90", title="In force & more", subtitle="Toys",
    author="Desk", language="en", updated=T0, href="all.atom", home="../index.html",
)  # fmt: skip


def item(name="one", **more):
    message, _ = notice(name, **more)
    return feed.Item(parse(message.body), f"../cap/{name}.xml", PAGES)


@pytest.fixture(scope="module")
def atom_schema(shared: Path) -> etree.XMLSchema:
    """The schema with its one fault mended: RFC 4287, 6.4 lets foreign elements in unseen."""
    tree = etree.parse(shared / "data/cap/schema/atom.xsd")
    for node in tree.iter("{http://www.w3.org/2001/XMLSchema}any"):
        node.set("processContents", "lax")
    return etree.XMLSchema(tree)


@pytest.fixture(scope="module")
def rss_schema(shared: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared / "data/cap/schema/rss-2_0.xsd"))


def made(kind: str, *items: feed.Item, language: str | None = "en", head=HEAD) -> bytes:
    if kind == "atom":
        return feed.atom(head, [feed.atom_entry(i, language) for i in items])
    return feed.rss(head, [feed.rss_item(i, language) for i in items])


@pytest.mark.parametrize("language", ["en", "fr", None])
@pytest.mark.parametrize("hub", ["", "https://hub.invalid/"])
def test_it_is_valid(atom_schema, rss_schema, language, hub):
    items = item(), item("two", kind="Update"), item("urn:oid:2.49.0.1.704.0", kind="Cancel")
    head = replace(HEAD, hub=hub)
    atom_schema.assertValid(etree.fromstring(made("atom", head=head)))
    # RSS itself lets a channel be empty ("any number of items"); this schema of it does not.
    for kind, schema in (("atom", atom_schema), ("rss", rss_schema)):
        schema.assertValid(etree.fromstring(made(kind, *items, language=language, head=head)))


def test_an_entry_says_what_national_feeds_say():
    root = etree.fromstring(made("atom", item(), language="fr"))
    (entry,) = root.findall("a:entry", A)

    def said(name):
        return [node.text for node in entry.findall(name, A)]

    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr-XT"
    assert said("a:id") == ["tag:desk@toyland.invalid,2030:one"]
    assert said("a:title") == ["one & fr for A."]
    assert said("a:updated") == said("a:published") == ["2030-03-01T06:00:00+00:00"]
    assert said("cap:event") == ["Gale"]
    assert said("cap:identifier") == ["one"]
    assert said("cap:effective") == ["2030-03-01T06:00:00+00:00"]
    assert said("cap:onset") == ["2030-03-01T09:00:00+00:00"]
    assert said("cap:expires") == ["2030-03-01T18:00:00+00:00"]
    assert said("cap:areaDesc") == ["Area A"]
    assert said("cap:polygon") == ["-4,-33 -4,-32 -3,-32 -3,-33 -4,-33"]
    assert said("cap:geocode/cap:valueName") == ["TOY-2020"]
    assert said("cap:geocode/cap:value") == ["A"]
    (link,) = [n for n in entry.findall("a:link", A) if n.get("type") == feed.CAP_TYPE]
    assert link.get("href") == "../cap/one.xml"


def test_links_of_one_kind_differ_by_language():
    # RFC 4287, 4.1.2: no two alternates of the same type and language.
    for node in etree.fromstring(made("atom", item(), item("two"))).iter(f"{{{feed.ATOM}}}entry"):
        links = [(n.get("type"), n.get("hreflang")) for n in node.findall("a:link", A)]
        assert len(links) == len(set(links)) == 3


def test_an_identifier_that_is_an_iri_stands_as_it_is():
    assert feed.iri(item("urn:oid:2.49.0.0.704.1").alert) == "urn:oid:2.49.0.0.704.1"
    # The year is that of UTC, so that every machine names it alike.
    late = datetime(2031, 1, 1, 3, tzinfo=timezone(timedelta(hours=7)))
    assert feed.iri(item(sent=late).alert) == "tag:desk@toyland.invalid,2030:one"


@pytest.mark.parametrize("kind", ["atom", "rss"])
def test_the_same_messages_give_the_same_bytes(kind):
    assert made(kind, item(), item("two")) == made(kind, item(), item("two"))
    body = made(kind, item())
    assert b"&amp;" in body
    assert str(datetime.now(UTC).year).encode() not in body


def test_rss_links_to_the_message_and_dates_it():
    root = etree.fromstring(made("rss", item()))
    assert root.findtext("channel/item/link") == "../cap/one.xml"
    assert root.findtext("channel/item/guid") == "tag:desk@toyland.invalid,2030:one"
    assert root.findtext("channel/item/pubDate") == "Fri, 01 Mar 2030 06:00:00 +0000"
    assert root.findtext("channel/lastBuildDate") == "Fri, 01 Mar 2030 06:00:00 +0000"


def test_a_language_that_a_message_does_not_speak_falls_back_to_its_first():
    assert feed.info_of(item().alert, "vi").language == "en-XT"
    assert feed.info_of(item().alert, "FR").language == "fr-XT"


def test_the_hub_is_named_where_there_is_one():
    head = replace(HEAD, hub="https://hub.invalid/")
    root = etree.fromstring(made("atom", head=head))
    (hub,) = [n for n in root.findall("a:link", A) if n.get("rel") == "hub"]
    assert hub.get("href") == "https://hub.invalid/"
    assert b'rel="hub"' not in made("atom")
