"""The public site of a whole typhoon: every page small, every feed valid, at every hour."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree, html

from haidang.app.active import active
from haidang.edge.channels.site import Spec
from haidang.edge.store.store import Store
from haidang.jobs import live_site
from haidang.jobs.publish import (
    Follower,
    Publisher,
    Reader,
    Said,
    publish_played,
    seen_by_all,
    waiting,
)
from haidang.jobs.replay import Played, play
from haidang.web.pages.public import LARGEST, Public

LONG = Spec(every_min=1_000_000)
"""No page is written again for its age alone: only what a notice changed is looked at."""


@pytest.fixture(scope="module")
def atom_schema(shared: Path) -> etree.XMLSchema:
    tree = etree.parse(shared / "data/cap/schema/atom.xsd")
    for node in tree.iter("{http://www.w3.org/2001/XMLSchema}any"):
        node.set("processContents", "lax")
    return etree.XMLSchema(tree)


@pytest.fixture(scope="module")
def rss_schema(shared: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared / "data/cap/schema/rss-2_0.xsd"))


def publisher(played: Played, folder: Path, spec: Spec = LONG) -> Publisher:
    spec_ = played.case.spec
    country = played.context.country
    return Publisher(folder, country, spec_.places_on, spec_.status, Public, spec)


@pytest.mark.slow
def test_every_page_of_a_typhoon_is_small_and_every_feed_valid(
    yagi, atom_schema, rss_schema, tmp_path
):
    made = publisher(yagi, tmp_path)
    seen = most = 0
    with Store.open(yagi.database, check=False) as store:
        reader = Reader(store, yagi.scope, (yagi.context.pack.id,))
        last = yagi.steps[-1].now
        # At every instant at which something happened, and after the last, till all is over.
        hours = [s.now for s in yagi.steps] + [last + timedelta(hours=h) for h in (6, 30, 60, 90)]
        for now in hours:
            said = reader.said(now)
            for name in made.publish(said, now).files:
                path = tmp_path / name
                if name.endswith(".html"):
                    seen += 1
                    most = max(most, path.stat().st_size)
                    assert path.stat().st_size <= LARGEST, f"{name} at {now}"
                elif name.endswith("all.atom"):
                    atom_schema.assertValid(etree.parse(path))
                elif name.endswith("all.rss") and b"<item>" in path.read_bytes():
                    rss_schema.assertValid(etree.parse(path))
            shown = json.loads((tmp_path / "active.geojson").read_bytes())["features"]
            assert len(shown) == json.loads((tmp_path / "status.json").read_bytes())["active"]
    assert seen > 500
    assert most > LARGEST / 2
    assert json.loads((tmp_path / "active.geojson").read_bytes())["features"] == []
    # Every message that the public was ever told stays where it was linked.
    assert len(list((tmp_path / "cap").glob("*.xml"))) == len(said.messages)


def test_a_replay_publishes_as_it_goes(toy, known, tmp_path):
    told = []
    case = toy.case
    follower = Follower(tmp_path, toy.scope, case.spec.places_on, case.spec.status, Public)

    def follow(store, context, now):
        follower(store, context, now)
        drawn = json.loads((tmp_path / "public/active.geojson").read_bytes())
        told.append((len(drawn["features"]), (tmp_path / "public/index.html").exists()))

    play(case, known, tmp_path, publish=follow)
    assert len(told) == len(toy.steps) + 1
    assert max(count for count, _ in told) > 1
    assert [pages for _, pages in told] == [False] * len(toy.steps) + [True]
    # The very same, written at once from the finished store.
    aside = tmp_path / "aside"
    publish_played(
        tmp_path, "haidang.db", toy.scope, toy.context, case.spec.places_on, case.spec.status,
        Public, Spec(), out=aside,
    )  # fmt: skip
    for path in aside.rglob("*"):
        if path.is_file():
            name = path.relative_to(aside)
            assert (tmp_path / "public" / name).read_bytes() == path.read_bytes(), name


def test_a_page_shows_the_very_words_that_were_approved(toy, tmp_path):
    with Store.open(toy.database, check=False) as store:
        reader = Reader(store, toy.scope, (toy.context.pack.id,))
        now = toy.steps[3].now
        said = reader.said(now)
    made = publisher(toy, tmp_path)
    made.publish(said, now)
    found = active(said.messages, said.drafts, now)
    assert found
    for one in found:
        for language, folder in (("en", ""), ("fr", "fr/")):
            text = next(t for t in one.draft.texts if t.language == language)
            page = html.fromstring(
                (tmp_path / f"{folder}{one.draft.place}/index.html").read_bytes()
            )
            shown = " ".join(page.text_content().split())
            for line in (text.headline, *text.instruction.splitlines()):
                assert " ".join(line.split()) in shown
    look = said.look
    assert look.at == now
    assert re.search("toy|storm", look.threats[0])


def test_who_publishes_is_told_how_many_drafts_wait(toy):
    home, name = toy.database.parent, toy.database.name
    with Store.open(toy.database, check=False) as store:
        drafts = store.drafts()
        settled = [d for d in drafts if not store.draft_state(d.id).pending]
    last = max(s.now for s in toy.steps) + timedelta(days=9)
    assert waiting(home, name, last) == len(drafts) - len(settled)
    # Before anything was settled the first one waits; before it was made, none does.
    first = min(drafts, key=lambda d: d.at)
    assert waiting(home, name, first.at) > 0
    assert waiting(home, name, first.at - timedelta(seconds=1)) == 0


def test_several_stores_are_told_together(toy):
    with Store.open(toy.database, check=False) as store:
        reader = Reader(store, toy.scope, (toy.context.pack.id,))
        early, late = reader.said(toy.steps[1].now), reader.said(toy.steps[3].now)
    # Seen is what all of them saw.
    assert seen_by_all([early.look, late.look]).at == early.look.at
    assert seen_by_all([late.look, type(late.look)()]).at is None


def test_the_end_at_one_desk_calls_off_nothing_of_another(toy, tmp_path):
    with Store.open(toy.database, check=False) as store:
        now = toy.steps[3].now
        said = Reader(store, toy.scope, (toy.context.pack.id,)).said(now)
    one = active(said.messages, said.drafts, now)[0]
    # The same danger, place and chain at another desk, which says that it is over.
    over = replace(one.message, identifier="xt-over", kind="Cancel", draft="over", sent=now)
    end = replace(one.draft, id="over", version=one.draft.version + 1, kind="Cancel")
    other = Said((over,), {"over": end}, said.look)
    publisher(toy, tmp_path).publish_all([said, other], now)
    assert one.message.identifier in drawn(tmp_path)


def drawn(folder: Path) -> set[str]:
    """Identifiers on every map of a folder."""
    return {
        one["properties"]["identifier"]
        for path in folder.rglob("active.geojson")
        for one in json.loads(path.read_bytes())["features"]
    }


def test_a_site_trusts_the_folder_and_not_its_memory(toy, tmp_path):
    with Store.open(toy.database, check=False) as store:
        reader = Reader(store, toy.scope, (toy.context.pack.id,))
        now = toy.steps[3].now
        said = reader.said(now)
    nothing = type(said)((), {}, said.look)
    one, other = publisher(toy, tmp_path), publisher(toy, tmp_path)
    one.publish(nothing, now)
    clean = {p: p.read_bytes() for p in tmp_path.rglob("*.*") if p.parent.name != "cap"}
    other.publish(said, now)
    assert drawn(tmp_path)
    # Nothing changed in what the first one knows; what the other wrote must go all the same.
    one.publish(nothing, now)
    assert drawn(tmp_path) == set()
    assert {p: p.read_bytes() for p in clean} == clean
    # And where nobody wrote in between, nothing is made again.
    assert one.publish(nothing, now).files == ()


def test_what_is_said_at_once_stands_beside_what_people_did_since(toy, tmp_path, monkeypatch):
    with Store.open(toy.database, check=False) as store:
        now = toy.steps[3].now
        said = Reader(store, toy.scope, (toy.context.pack.id,)).said(now)
        spec = toy.case.spec
        about = (store, tmp_path, toy.context.country, spec.places_on, None, spec.status)
        site = live_site.Publisher(*about)
        fresh = max(said.messages, key=lambda m: m.sent)
        # The first word of a new day: what was said before it is in force all the same.
        site.at_once([fresh], [said.drafts[fresh.draft]], now)
        whole = {a.message.identifier for a in active(said.messages, said.drafts, now)}
        assert len(whole) > 1
        assert drawn(tmp_path) == whole
        # Somebody calls one off at the console; then the desk of sensors speaks of another.
        gone, again = (
            next(m for m in said.messages if m.identifier == name) for name in sorted(whole)[:2]
        )
        left = tuple(m for m in said.messages if m.chain != gone.chain)
        glance = store.glance(now)
        monkeypatch.setattr(store, "glance", lambda *_: replace(glance, messages=left))
        monkeypatch.setattr(store, "marks", lambda: (99, 99))
        site.at_once([again], [said.drafts[again.draft]], now)
        assert drawn(tmp_path) == whole - {gone.identifier}
