"""The whole voyage, clicked through by two people: from the first draft to Cancel and review.

A class for each language: the runner may give each to a worker of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from e2e import duty
from e2e.browsing import Surfer, surfer
from e2e.serving import Serving, serving
from haidang.pack.case import load_case
from haidang.pack.load import load_country, roots
from haidang.warn.cap import Alert, parse

CASE = "yagi-2024"
PLACE = "22"
"""Quảng Ninh: the first on land to reach the highest level of the event."""

ADDED = {"vi": "Gọi 112 khi cần cứu nạn.", "en": "Call 112 if you need rescue."}
LOOKS = (4, 6)
"""After so many further bulletins somebody looks who is sent where."""

DISPATCH = "section[aria-labelledby='h-dispatch'] tbody tr"
MOST = 30
"""More bulletins than any case has."""


@pytest.fixture(scope="class")
def console(tmp_path_factory: pytest.TempPathFactory, opened: Browser) -> Iterator[Serving]:
    del opened  # without a browser nothing is started
    with serving(tmp_path_factory.mktemp("voyage") / "out") as found:
        yield found


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    where = roots()
    home = load_country(where.country(None), where.threats)
    day = load_case(CASE, where).spec.places_on
    found = home.places.gazetteer.get("province", PLACE, day)
    return {language: found.name(language) for language in ("vi", "en")}


def cap(person: Surfer, draft: str) -> Alert:
    """The message of a draft, as a receiver would read it."""
    answer = person.context.request.get(f"{person.console.url}{draft}/xml?save=1")
    assert answer.ok
    assert answer.headers["content-type"].startswith("application/cap+xml")
    return parse(answer.body())


def first_notice(one: Surfer, two: Surfer, desk: str, place: str) -> str:
    """One edits, may not approve what they wrote, and another does; returns the draft's address."""
    machine = duty.open_draft(one, desk, place)
    assert machine
    assert not one.page.locator("form[action$='/approve']").count()
    draft = duty.edit(one, machine, ADDED)
    assert draft != machine
    assert ADDED[one.language] in one.page.locator("main").inner_text()
    assert not one.page.locator("form[action$='/approve']").count()
    one.go(f"{draft}?against=machine")
    assert ADDED[one.language] in " ".join(one.page.locator("#main ins").all_inner_texts())

    # The outdated draft is refused, and says where the newest is.
    old = two.go(machine)
    assert old.locator(f".errors a[href='{draft}']").count() == 1
    assert not old.locator("form[action$='/approve'], form[action$='/sign']").count()
    duty.approve(two, draft)
    alert = cap(two, draft)
    assert (alert.status, alert.kind) == ("Exercise", "Alert")
    said = {info.language.split("-")[0]: info.instruction for info in alert.infos}
    assert all(said[language].endswith(line) for language, line in ADDED.items())
    shown = two.go(f"{draft}/xml").locator("main").inner_text()
    assert alert.identifier in shown
    return draft


def response(person: Surfer, desk: str) -> None:
    """Somebody begins a task, says what is in the way, and reports it done."""
    page = person.go(f"/d/{desk}/incident")
    duty.click(page, page.locator(f"section a[href$='/incident/{PLACE}']"))
    rows = page.locator("details.task")
    assert rows.count() >= 3
    task = rows.first.get_attribute("id") or ""
    clears = rows.first.locator("dd").all()
    assert len(clears) >= 6
    for clear in clears:
        assert (clear.text_content() or "").strip(), "a task has its six clears"
    for do in ("started", "done"):
        told = duty.report(person, desk, PLACE, task, do, f"{do} 7/7")
        assert duty.words(person, f"incident.state_{do}") in told
        assert f"{do} 7/7" in told
    assert duty.words(person, "incident.demo") in page.locator("main").inner_text()


def onwards(one: Surfer, two: Surfer, desk: str, place: str, bulletins: int) -> list[Alert]:
    """Further bulletins; what each asks for the place is signed and approved. What was sent."""
    sent: list[Alert] = []
    dispatched, compared = 0, 0
    for number in range(bulletins):
        if not duty.advance(one, desk):
            assert dispatched, "help comes from elsewhere while the level is high"
            assert compared, "what a new bulletin changed in it is shown"
            return sent
        assert one.page.locator("#main svg").count()
        if draft := duty.open_draft(one, desk, place):
            duty.sign(one, draft)
            duty.approve(two, draft)
            sent.append(cap(two, draft))
        if number in LOOKS:
            rows = two.go(f"/d/{desk}/incident/{PLACE}").locator(DISPATCH)
            dispatched += rows.count()
            compared += rows.locator("ins, del").count()
    assert bulletins < MOST, "the drill does not end"
    return sent


def voyage(
    opened: Browser, console: Serving, language: str, place: str, bulletins: int = MOST
) -> None:
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(surfer(opened, console, language=language)) for _ in range(2)
        )
        one.login(console.people[0])
        two.login(console.people[1])
        assert one.page.locator("html").get_attribute("lang") == language
        desk = duty.begin(one, CASE)
        status = duty.words(one, "warn.prefix_exercise")
        assert status.casefold() in one.page.locator(".exercise").inner_text().casefold()

        draft = first_notice(one, two, desk, place)
        response(two, desk)
        sent = onwards(one, two, desk, place, bulletins)
        assert [a.kind for a in sent[:-1]] == ["Update"] * (len(sent) - 1)
        assert sent[-1].kind == ("Cancel" if bulletins == MOST else "Update")
        assert len(sent) >= (3 if bulletins == MOST else 1)
        first = cap(two, draft).identifier
        assert sent[-1].references[0].identifier == first
        assert two.go(draft).locator(".chain li.done").count() == len(sent) + 1

        compared = one.go(f"/d/{desk}/incident/{PLACE}")
        assert compared.locator("h1").inner_text()
        review = one.go(f"/d/{desk}/review")
        assert review.locator("main section").count() >= (3 if bulletins == MOST else 1)
        assert duty.words(one, "console.nav_review") in review.title()

        ledger = one.go(f"/d/{desk}/ledger")
        duty.click(ledger, ledger.locator("form[action$='/ledger/verify'] button"))
        good = ledger.locator("main .said").inner_text()
        assert re.search(r"\d", good)
        assert not ledger.locator("main .errors").count()

        duty.click(two.page, two.page.locator("main a[href*='/explain/']").first)
        # The newest entry of a drill that goes on may be a task, whose chain is short.
        assert two.page.locator("ol.chain > li").count() >= (4 if bulletins == MOST else 2)

        for person in (one, two):
            assert person.found() == []


@pytest.mark.slow
class TestInVietnamese:
    def test_from_the_first_draft_to_the_review(self, opened, console, names):
        voyage(opened, console, "vi", names["vi"])


@pytest.mark.slow
class TestInEnglish:
    """A part of the way: what is the same in both languages needs no second hour of a drill."""

    def test_from_the_first_draft_over_some_bulletins_to_the_review(self, opened, console, names):
        voyage(opened, console, "en", names["en"], bulletins=4)
