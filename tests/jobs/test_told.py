"""A rehearsal says who would be told; an explanation says why somebody was not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from edge.store.samples import people
from edge.store.test_parcels import approve, near
from haidang.base.errors import BadData, NotFound
from haidang.edge.channels.settings import persons, read_settings, unfit
from haidang.edge.store import Store
from haidang.edge.store.recipients import Contact
from haidang.edge.store.sparing import People
from haidang.jobs import told
from haidang.jobs.deliver import pump
from haidang.jobs.recipients import import_contacts, import_subscriptions
from haidang.pack.load import Roots, load_country, roots
from haidang.pack.schema import Country
from haidang.pack.within import within
from haidang.warn.route import Subscription, Why, route
from jobs.test_deliver import POLICY, Fake, ring, wide

TOY = Path(__file__).parents[1] / "toy"
DAY = date(2030, 5, 1)
RECIPIENTS = """recipient,channel,address,language
anna,sms,+84anna,en
bert,sms,+84bert,fr
bert,mail,bert@x.example,fr
carl,sms,+84carl,en
"""
SUBSCRIPTIONS = """recipient,channel,places,threats,least_level,wakes_only,drills
anna,sms,N,,1,,yes
anna,sms,,,1,,yes
bert,sms,N,flood,3,,yes
bert,mail,S,,1,,no
"""


@pytest.fixture(scope="module")
def known() -> Roots:
    return roots([TOY])


@pytest.fixture(scope="module")
def home(known: Roots) -> Country:
    return load_country(known.country("xt"), known.threats)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "haidang.db") as opened:
        people(opened)
        yield opened


def write(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def full(store: Store, tmp_path: Path, home: Country) -> Store:
    import_contacts(store, write(tmp_path, "r.csv", RECIPIENTS), home)
    import_subscriptions(store, write(tmp_path, "s.csv", SUBSCRIPTIONS), home, DAY)
    return store


def test_imported_again_nothing_changes(full: Store, tmp_path: Path, home: Country) -> None:
    again = import_contacts(full, tmp_path / "r.csv", home)
    assert (again.kept, again.problems) == ((0, 0, 4), ())
    more = import_subscriptions(full, tmp_path / "s.csv", home, DAY)
    assert (more.kept, more.problems) == ((0, 0, 4), ())
    languages = {(s.channel, s.language) for s in full.subscriptions()}
    assert languages == {("sms", "en"), ("sms", "fr"), ("mail", "fr")}


def test_a_slip_of_the_hand_leaves_nobody_without_warnings(
    full: Store, tmp_path: Path, home: Country
) -> None:
    text = "recipient,channel,places\nanna,sms,N\nbert,sms,NOWHERE\nbert,sms,S\nemil,sms,N\n"
    found = import_subscriptions(full, write(tmp_path, "t.csv", text), home, DAY)
    assert [(p.code, p.row) for p in found.problems] == [
        ("deliver.place", 3),
        ("deliver.no_recipient", 5),
    ]
    assert found.kept == (2, 2, 0)
    bert = full.subscriptions(ids=[full.recipient("bert")])
    assert sorted((s.channel, s.places, s.least_level) for s in bert) == [
        ("mail", ("S",), 1),
        ("sms", ("N",), 3),
        ("sms", ("S",), 1),
    ]


def test_an_address_that_can_never_be_sent_to_is_refused_at_once(
    store: Store, tmp_path: Path, home: Country
) -> None:
    write(
        tmp_path,
        "channels.yaml",
        "channels:\n  hook: {kind: webhook, secret: {env: HOOK}}\n"
        "  mail: {kind: smtp, host: h, sender: a@x.example}\n",
    )
    settings = read_settings(tmp_path / "channels.yaml")
    assert settings.problems == ()
    text = (
        "recipient,channel,address\nanna,hook,https://x.example/in\nbert,hook,http://x.example/in\n"
        "carl,hook,nowhere\ndora,mail,nobody\nemil,mail,e@x.example\nfred,fax,1\n"
    )
    found = import_contacts(
        store, write(tmp_path, "a.csv", text), home, (), partial(unfit, settings)
    )
    assert [(p.code, p.row) for p in found.problems] == [
        ("channel.plain_address", 3), ("channel.bad_address", 4), ("channel.bad_address", 5),
    ]  # fmt: skip
    assert found.kept.added == 3


def test_what_belongs_to_somebody_else_or_to_nobody_is_refused(
    full: Store, tmp_path: Path, home: Country
) -> None:
    text = "recipient,channel,address\ndora,sms,+84anna\n"
    with pytest.raises(BadData) as caught:
        import_contacts(full, write(tmp_path, "d.csv", text), home)
    assert [p.code for p in caught.value.problems] == [
        "deliver.address_taken",
        "deliver.nothing_kept",
    ]
    text = "recipient,channel,places\ncarl,mail,N\n"
    with pytest.raises(BadData) as caught:
        import_subscriptions(full, write(tmp_path, "e.csv", text), home, DAY)
    assert caught.value.problems[0].code == "deliver.no_contact"


def test_a_rehearsal_names_everybody_once_a_channel_and_sends_nothing(
    full: Store, home: Country
) -> None:
    notice = told.thought_of(home, "N", "flood", 2, "Exercise", DAY)
    rows = told.rehearse(full, notice, within(home.places.gazetteer, DAY))
    names = full.aliases([r.recipient for r in rows])
    assert [r.told for r in rows] == [True, False, False, False]
    assert {(names[r.recipient], r.channel, r.why) for r in rows} == {
        ("anna", "sms", "matches"),
        ("bert", "sms", "below_level"),
        ("carl", "", "no_subscription"),
        ("bert", "mail", "other_place"),
    }
    assert full.delivery_counts() == {}
    made = told.tell_all(full, notice, near, "vi", aliases=False)
    assert "anna" not in json.dumps(made)
    assert [r["channel"] for r in made["told"]] == ["sms"]  # type: ignore[index,union-attr]


@pytest.mark.parametrize(
    ("place", "threat", "level", "code"),
    [("ZZ", "flood", 2, "place"), ("N", "x", 2, "threat"), ("N", "flood", 99, "level")],
)
def test_what_cannot_be_rehearsed(
    home: Country, place: str, threat: str, level: int, code: str
) -> None:
    with pytest.raises(NotFound) as caught:
        told.thought_of(home, place, threat, level, "Actual", DAY)
    assert caught.value.problems[0].code == f"deliver.{code}"


def test_the_top_level_of_every_hazard_reaches_those_who_want_only_to_be_woken(
    known: Roots,
) -> None:
    seen = 0
    for name in known.countries:
        at = load_country(known.country(name), known.threats)
        for threat, pack in at.packs.items():
            place = next(iter(at.places.gazetteer)).code
            top = max(pack.binding.levels)
            assert told.may_wake(pack, top), threat
            day = next(iter(at.places.gazetteer)).valid_from
            notice = told.thought_of(at, place, threat, top, "Actual", day)
            (found,) = route(notice, [Subscription("a", "sms", wakes_only=True)], near)
            assert found.why is Why.MATCHES
            seen += 1
    assert seen > 15


def test_why_was_i_not_told(full: Store, home: Country, tmp_path: Path) -> None:
    """A wind of the make-believe duty, for a place where nobody but anna asks for everything."""
    first = approve(full, 0)
    path = tmp_path / "haidang.db"
    said = [x.text for x in told.why_not(full, path, "anna", home, "en")]
    assert len(said) == 1
    assert "has not got to it yet" in said[0]
    pump(full, [Fake(answers={"+84anna": "failed"})], near, POLICY)
    (line,) = told.why_not(full, path, "anna", home, "en")
    assert "dead letter" in line.text
    assert "tried 3 times" in line.text
    (line,) = told.why_not(full, path, "carl", home, "vi", first and "02")
    assert "không có đăng ký" in line.text
    texts = " ".join(x.text for x in told.why_not(full, path, "bert", home, "en"))
    assert "over mail: subscribed to other places" in texts
    assert "over sms: subscribed to other places" in texts
    with pytest.raises(NotFound) as caught:
        told.why_not(full, path, "anna", home, "en", "nowhere")
    assert caught.value.problems[0].code == "deliver.nothing_accepted"
    with pytest.raises(NotFound) as caught:
        told.why_not(full, path, "nobody", home, "en")
    assert caught.value.problems[0].code == "store.no_recipient"


def test_who_is_spared_is_told_for_which_notice(store: Store, home: Country) -> None:
    """Place 02 of the make-believe duty lies in 03, whose notice gives the higher level."""
    store.add_contacts([Contact("dora", "sms", "+84dora", language="en")])
    dora = store.recipient("dora")
    store.subscribe([Subscription(dora, "sms", ("02",), language="en", drills=True)])
    rings = {"02": ("02", "03")}
    readers = People({"sms"}, lambda c: rings.get(c, (c,)))

    def reach(code: str) -> frozenset[str]:
        return frozenset({code, "02"} if code == "03" else {code})

    approve(store, 0, "03")
    pump(store, [Fake()], reach, POLICY, around=readers.around)
    lesser = store.notice(approve(store, 0).identifier)
    (row,) = told.rehearse(store, lesser, reach, readers)
    assert (row.told, row.why) == (False, "another_says_more")
    assert told.rehearse(store, lesser, reach)[0].told, "a machine would be told"
    pump(store, [Fake()], reach, POLICY, around=readers.around)
    path = Path("haidang.db")
    for language, state, why in (
        ("en", "not needed while another notice stands", "gives a higher level there"),
        ("vi", "chưa cần gửi khi tin khác còn hiệu lực", "báo cấp cao hơn ở đó"),
    ):
        (line,) = told.why_not(store, path, "dora", home, language, "02")
        assert state in line.text
        assert why in line.text
        greater = store.notice(store.handed()[0].message).notice
        assert f"«{greater.texts[0 if language == 'vi' else -1].headline}»" in line.text


def test_an_end_that_is_told_at_once_is_rehearsed_and_explained_as_told(
    store: Store, home: Country
) -> None:
    """Dora heard of the lesser notice first; the rehearsal says the same before and after."""
    store.add_contacts([Contact("dora", "sms", "+84dora", language="en")])
    dora = store.recipient("dora")
    store.subscribe([Subscription(dora, "sms", ("02",), language="en", drills=True)])
    readers = People({"sms"}, ring)
    for place in ("02", "03"):
        approve(store, 0, place)
        pump(store, [Fake()], wide, POLICY, around=ring)
    end = store.notice(approve(store, 1, "03").identifier)
    for _ in range(2):
        (row,) = told.rehearse(store, store.notice(end.notice.identifier), wide, readers)
        assert (row.told, row.why) == (True, "was_told")
        pump(store, [Fake()], wide, POLICY, around=ring)
    *_, line = told.why_not(store, Path("haidang.db"), "dora", home, "en", "03")
    assert line.text.startswith("«Strong wind, level 0» over sms: sent; tried 1 times")


def test_which_channels_a_person_reads(tmp_path: Path) -> None:
    text = (
        "channels:\n  hook: {kind: webhook, secret: {env: HOOK}}\n"
        "  mail: {kind: smtp, host: h, sender: a@x.example}\n  slip: {kind: chat}\n"
    )
    assert persons(read_settings(write(tmp_path, "channels.yaml", text))) == {"mail", "slip"}


def test_what_a_notice_for_a_place_concerns(home: Country) -> None:
    reach = within(home.places.gazetteer, DAY)
    codes = {p.code: p for p in home.places.gazetteer.at(DAY)}
    for code, place in codes.items():
        assert code in reach(code)
        if place.parent is not None:
            assert place.parent in reach(code)
            assert code in reach(place.parent)
            assert reach.around(code)[:2] == (code, place.parent)
        else:
            assert reach.around(code) == (code,)
    assert reach("nowhere") == {"nowhere"}
    assert reach.around("nowhere") == ("nowhere",)
