"""Every page of the console, for everybody: by eye, by ear, by keyboard, on a phone, on paper."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from e2e import abroad, duty, prepared
from e2e.browsing import DESKTOP, PHONE, Surfer, axe, surfer, too_wide
from e2e.prepared import COUNTED, DRILL, EVENT, HIGH, HIGHEST, PLACE, READ, REPLAY, WORST
from e2e.serving import Serving, serving

pytestmark = pytest.mark.slow

LANGUAGES = ("vi", "en")
MOST_BYTES = 100_000
"""Of the first load of any page, with everything it brings, as it crosses the wire."""

DRILLED = f"/d/{DRILL}"
PATHS = {
    "login": "/login",
    "home": "/",
    "new": "/new",
    "situation": f"{DRILLED}/situation",
    "situation-past": f"/d/{REPLAY}/situation?at={WORST}",
    "situation-readings": f"/d/{READ}/situation?at={HIGH}",
    "new-readings": "/new-readings",
    "watch": f"/d/{COUNTED}/watch?at={HIGHEST}",
    "risk": f"{DRILLED}/risk?what=track&event={EVENT}&side=left&km=100&stronger=5",
    "warnings": f"{DRILLED}/warnings",
    "several": f"{DRILLED}/several",
    "raise": f"{DRILLED}/raise",
    "warning": "{draft}",
    "warning-edit": "{draft}/edit",
    "warning-xml": "{draft}/xml",
    "outbox": f"{DRILLED}/outbox",
    "incident": f"{DRILLED}/incident",
    "incident-place": f"{DRILLED}/incident/{PLACE}",
    "incident-print": f"{DRILLED}/incident/{PLACE}/print",
    "review": f"/d/{REPLAY}/review",
    "ledger": f"{DRILLED}/ledger",
    "law": f"{DRILLED}/law",
    "law-table": f"{DRILLED}/law/44?i_rain=350&i_days=3&i_region=plain&place=31",
    "explain": f"{DRILLED}/explain",
    "explain-one": "{why}",
    "world": f"/world?at={abroad.AT}",
    "world-one": "/world/2",
    "nothing": f"{DRILLED}/nothing-here",
}
OPEN = {"login"}
"""Pages that are seen before one comes in."""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, opened: Browser) -> Iterator[Serving]:
    del opened  # without a browser nothing is started
    out = tmp_path_factory.mktemp("pages") / "out"
    prepared.desks(prepared.common(tmp_path_factory), out)
    abroad.archive(out)
    with serving(out) as found:
        yield found


@pytest.fixture(scope="module")
def inside(opened: Browser, console: Serving) -> Iterator[BrowserContext]:
    """A profile that is logged in, whose cookies the others take over."""
    with surfer(opened, console) as found:
        found.login(console.people[1])
        yield found.context


@pytest.fixture(scope="module")
def paths(opened: Browser, console: Serving, inside: BrowserContext) -> dict[str, str]:
    """Addresses of all pages; those of one draft and one decision as the pages lead to them."""
    with surfer(opened, console, like=inside) as found:
        page = found.go(f"{DRILLED}/warnings")
        link = page.locator("section[aria-labelledby='h-waiting'] tbody th a").first
        draft = link.get_attribute("href") or ""
        why = found.go(draft).locator("main a[href*='/explain/']").first.get_attribute("href")
    assert draft
    assert why
    return {name: path.format(draft=draft, why=why) for name, path in PATHS.items()}


def look(
    opened: Browser, console: Serving, inside: BrowserContext, name: str, **how: Any
) -> AbstractContextManager[Surfer]:
    return surfer(opened, console, like=None if name in OPEN else inside, **how)


BY_LOOKS = ("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable")
"""Rules whose answer depends on the size and on the colours; the others are asked once a page."""

# Each pair of language, width and scheme comes together on half of the pages.
WAYS: dict[str, tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...]] = {
    "vi": ((DESKTOP, "light"), (PHONE, "dark")),
    "en": ((PHONE, "light"), (DESKTOP, "dark")),
}


# What axe looks at is the same in both languages, so the pages take turns; whether long words fit
# a phone in Vietnamese is looked at on every page, with its size.
TURNS = [(LANGUAGES[n % 2], name) for n, name in enumerate(PATHS)]


@pytest.mark.parametrize(("language", "name"), TURNS)
def test_nothing_is_found_by_axe_or_the_browser(
    opened, console, inside, paths, language, name, capsys
):
    status = 404 if name == "nothing" else 200
    with look(opened, console, inside, name, language=language) as found:
        page = found.page
        if name == "nothing":
            found.expected.append("404")
        page.emulate_media(reduced_motion="reduce")
        with loading(found, name, capsys):
            found.go(paths[name], status)
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").count() == 1
        for n, (size, scheme) in enumerate(WAYS[language]):
            dress(page, size, scheme)
            assert axe(page, rules=BY_LOOKS if n else ()) == [], f"{size[0]} px, {scheme}"
            assert too_wide(page) == [], f"{size[0]} px"
        assert found.found() == []


@pytest.mark.parametrize("name", [name for language, name in TURNS if language != "vi"])
def test_long_words_fit_a_phone(opened, console, inside, paths, name, capsys):
    with look(opened, console, inside, name, language="vi", size=PHONE) as found:
        with loading(found, name, capsys):
            found.go(paths[name], 404 if name == "nothing" else 200)
        assert too_wide(found.page) == []


def dress(page: Page, size: tuple[int, int], scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)


@contextmanager
def loading(found: Surfer, name: str, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What is loaded meanwhile, with nothing kept from before, is told and is small."""
    wire = found.context.new_cdp_session(found.page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    begun = time.perf_counter()
    yield
    seconds = time.perf_counter() - begun
    found.page.wait_for_load_state("networkidle")
    with capsys.disabled():
        print(f"\n{name}: {sum(sizes) / 1000:.1f} kB in {len(sizes)} files, {seconds:.2f} s")
    assert len(sizes) >= 2
    assert sum(sizes) < MOST_BYTES
    wire.send("Network.setCacheDisabled", {"cacheDisabled": False})


def test_the_instruments_would_find_something(opened, console, inside):
    with surfer(opened, console, like=inside, size=PHONE) as found:
        page = found.go("/")
        page.evaluate(
            """() => {
              const one = document.createElement('div');
              one.innerHTML = '<img src="/static/icon.svg"><p class="w">wide</p>';
              document.querySelector('main').append(one);
              one.querySelector('.w').style.width = '800px';
              const script = document.createElement('script');
              script.textContent = '1';
              document.body.append(script);
            }"""
        )
        page.wait_for_function("window.__policy.length > 0")
        assert any(line.startswith("image-alt") for line in axe(page))
        assert too_wide(page)
        assert any("script-src" in line for line in found.found())


def test_without_scripts_every_page_is_whole(opened, console, inside, paths):
    with surfer(opened, console, like=inside, scripts=False) as found:
        for name, path in paths.items():
            if name in OPEN:
                continue
            page = found.go(path, 404 if name == "nothing" else 200)
            assert page.locator("h1").inner_text(), name
            for form in page.locator("form").all():
                assert form.get_attribute("action") or form.get_attribute("method") == "get", name
                assert form.locator("button[type=submit]").count(), name
            # Whatever htmx would fetch must be reachable without it.
            for part in page.locator("button[hx-get]").all():
                assert part.get_attribute("type") == "submit", name


def test_without_scripts_forms_do_what_they_say(opened, console, tmp_path):
    with surfer(opened, console, scripts=False, language="en") as found:
        found.login(console.people[1])
        page = found.page

        # The language, the ledger's filter and its seals.
        duty.click(page, page.locator("a[hreflang=vi]"))
        assert page.locator("html").get_attribute("lang") == "vi"
        duty.click(page, page.locator("a[hreflang=en]"))
        found.go(f"{DRILLED}/ledger")
        page.locator("#i-place").select_option(PLACE)
        duty.click(page, page.locator("form[method=get] button[type=submit]"))
        assert f"place={PLACE}" in page.url
        assert page.locator("table.ledger tbody tr").count() > 3
        duty.click(page, page.locator("form[action$='/ledger/verify'] button"))
        assert page.locator("main .said").count() == 1

        # Why?
        found.go(f"{DRILLED}/explain")
        page.locator("#i-place").select_option(PLACE)
        duty.click(page, page.locator("form[method=get] button[type=submit]"))
        assert page.locator("ol.chain li").count() >= 2

        # A task, and an inventory with faults: each is named, the good rows are kept.
        found.go(f"{DRILLED}/incident/{PLACE}")
        task = page.locator("details.task").nth(4).get_attribute("id") or ""
        assert "2 crews" in duty.report(found, DRILL, PLACE, task, "started", "2 crews")
        bad = tmp_path / "stock.csv"
        bad.write_text(
            "id,kind,place,echelon,quantity,reserve,ready_min,source\n"
            "a1,rescue_boat,31,province,-4,0,30,Port office\n"
            "a2,submarine,31,province,4,0,30,Port office\n"
            "a3,rescue_boat,31,province,12,2,30,Port office\n",
            encoding="utf-8",
        )
        found.go(f"{DRILLED}/incident")
        page.locator("input[type=file]").set_input_files(bad)
        duty.click(page, page.locator("form[action$='/stock'] button"))
        wrong = page.locator("main .errors").inner_text()
        assert "-4" in wrong
        assert "submarine" in wrong

        # Out, and the page that was open is closed.
        duty.click(page, page.locator("form[action='/logout'] button"))
        found.go(f"{DRILLED}/warnings")
        assert "/login" in page.url


STORM = {
    "lat-0": "15,8", "lon-0": "112,4", "wind-0": "11",
    "lat-1": "15,9", "lon-1": "110,6", "wind-1": "12",
    "lat-2": "15,9", "lon-2": "108,9", "wind-2": "12-13",
    "lat-3": "15,7", "lon-3": "107,0", "wind-3": "8",
}  # fmt: skip


def test_a_storm_of_ones_own_without_scripts(opened, console):
    with surfer(opened, console, scripts=False, language="vi") as found:
        found.login(console.people[0])
        page = found.go("/new")
        # First with a fault: nothing that was typed is lost.
        page.locator("#i-name").fill("Thu Nghiem")
        page.locator("#i-source").fill("bản tin thử")
        for name, value in STORM.items():
            page.locator(f"[name='{name}']").fill(value)
        for number, hours in ((1, "+12"), (2, "+24"), (3, "+36")):
            page.locator(f"[name='valid-{number}']").fill(hours)
        page.locator("[name='wind-1']").fill("mạnh lắm")
        send = page.locator("button.pri[type=submit]")
        found.expected.append("422")
        duty.click(page, send)
        assert page.locator("#errors").count() == 1
        assert page.locator("[name='wind-1']").get_attribute("aria-invalid") == "true"
        assert page.locator("[name='lat-3']").input_value() == STORM["lat-3"]

        page.locator("[name='wind-1']").fill(STORM["wind-1"])
        duty.click(page, page.locator("button.pri[type=submit]"))
        duty.said(found, "started")
        assert "Thu Nghiem" in page.locator("h1").inner_text()
        desk = re.search(r"/d/([^/]+)/", page.url)
        assert desk is not None
        # It speaks of the coast that it comes to, and waits for people.
        waits = found.go(f"/d/{desk[1]}/warnings").locator("section[aria-labelledby='h-waiting']")
        assert waits.locator("tbody tr").count() >= 2
        assert found.go(f"/d/{desk[1]}/bulletin").locator("form[action$='/bulletin']").count()


# --- by keyboard alone ---------------------------------------------------------------------------


def focused(page: Page) -> dict[str, Any]:
    """What has the focus, and whether one can see that."""
    found: dict[str, Any] = page.evaluate(
        """() => {
          const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
          return {tag: e.tagName, href: e.getAttribute('href') || '', name: e.getAttribute('name'),
            text: e.textContent.trim(), form: e.form ? e.form.getAttribute('action') : '',
            seen: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
            within: b.width > 0 && b.height > 0 && b.bottom > 0 && b.top < innerHeight};
        }"""
    )
    return found


def tab_to(page: Page, wanted: Callable[[dict[str, Any]], bool], most: int = 150) -> dict[str, Any]:
    """Press Tab until something has the focus; everything on the way must show that it has."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = focused(page)
        assert here["tag"] != "BODY", "the focus is lost"
        assert here["seen"], f"one cannot see the focus on {here}"
        assert here["within"], f"the focus lies outside the window on {here}"
        if wanted(here):
            return here
    raise AssertionError("it cannot be reached by keyboard")


def test_a_notice_goes_out_by_keyboard_alone(opened, console):
    with surfer(opened, console) as one, surfer(opened, console) as two:
        # The form of the door.
        for person, who in ((one, console.people[0]), (two, console.people[1])):
            page = person.go("/login")
            tab_to(page, lambda e: e["name"] == "login")
            page.keyboard.type(who.login)
            tab_to(page, lambda e: e["name"] == "password")
            page.keyboard.type(who.password)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            person.go(f"{DRILLED}/warnings")

        # Past the head of the page in one step, to the first draft, and sign it.
        page = one.page
        skip = tab_to(page, lambda e: e["href"] == "#main", 1)
        assert skip["text"] == duty.words(one, "console.skip")
        page.keyboard.press("Enter")
        page.wait_for_function("location.hash === '#main'")
        here = tab_to(page, lambda e: "/warnings/" in e["href"], 10)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        draft = here["href"]
        tab_to(page, lambda e: e["form"] == f"{draft}/sign" and e["tag"] == "BUTTON")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        duty.said(one, "signed")

        # The other one approves it.
        page = two.page
        tab_to(page, lambda e: e["href"] == draft)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        tab_to(page, lambda e: e["form"] == f"{draft}/approve" and e["tag"] == "BUTTON")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        duty.said(two, "approved")


def act_on(who: Surfer, here: str, button: str, **typed: str) -> str:
    """Press one of the forms beside a notice that is out; returns the address of its draft."""
    page = who.go(here)
    form = page.locator(f"form[action='{here}/act']:has(button[value='{button}'])")
    if fold := form.locator("xpath=ancestor::details").all():
        fold[0].locator("summary").click()
    for name, text in typed.items():
        form.locator(f"[name='{name}']").fill(text)
    duty.click(page, form.locator("button"))
    duty.said(who, "acted")
    return who.path.split("?")[0]


def test_a_notice_that_is_out_is_extended_reworded_and_taken_back_by_clicks(opened, console):
    with (
        surfer(opened, console, language="vi") as one,
        surfer(opened, console, language="en", size=PHONE) as two,
    ):
        one.login(console.people[0])
        two.login(console.people[1])
        page = one.go(f"{DRILLED}/warnings")
        waits = set(
            page.locator("#main section[aria-labelledby='h-waiting'] th a").all_inner_texts()
        )
        rows = page.locator("section[aria-labelledby='h-force'] tbody th a").all()
        row = next(r for r in rows if r.inner_text() not in waits)
        here = row.get_attribute("href") or ""

        # The forms, opened, are sound for everybody and fit a phone.
        page = two.go(here)
        for fold in page.locator("section[aria-labelledby='h-acts'] summary").all():
            fold.click()
        assert axe(page) == []
        assert too_wide(page) == []

        sent = 1
        for button, typed in (
            ("extended", {}),
            ("reworded", {}),
            ("cancelled", {"reason_vi": "Phát nhầm nơi.", "reason_en": "The wrong place."}),
        ):
            if button == "reworded":
                page = one.go(here)
                duty.click(page, page.locator(f"a[href='{here}/reword']"))
                area = page.locator("textarea[name='instruction_vi']")
                area.fill(f"{area.input_value()}\nGọi 112 khi cần cứu nạn.")
                duty.click(page, page.locator("button[name=do][value=save]"))
                duty.said(one, "acted")
                draft = one.path.split("?")[0]
                assert "Gọi 112" in page.locator("main ins").all_inner_texts()[-1]
            else:
                draft = act_on(one, here, button, **typed)
            # Another person, in the other language, lets it go out; then it is the newest.
            duty.sign_if_asked(one, draft)
            duty.approve(two, draft)
            sent += 1
            assert two.go(draft).locator(".chain li.done").count() >= sent
            here = draft
        assert not two.page.locator("form[action$='/act']").count(), "it has ended"
        names = two.go(f"{DRILLED}/warnings").locator("section[aria-labelledby='h-force'] th a")
        assert here not in [a.get_attribute("href") for a in names.all()]
        for person in (one, two):
            assert person.found() == []


@pytest.mark.parametrize(
    "name", ["home", "situation", "watch", "warnings", "incident-place", "review"]
)
def test_the_keyboard_is_not_trapped(opened, console, inside, paths, name):
    with surfer(opened, console, like=inside) as found:
        page = found.go(paths[name])
        stops = page.locator(
            "a[href]:visible, button:visible, input:not([type=hidden]):visible, select:visible,"
            " textarea:visible, summary:visible, [tabindex='0']:visible"
        ).count()
        # Once through everything, and out at the other end.
        for _ in range(stops + 2):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
        else:
            last = focused(page)
            assert last["href"] == "#main", f"caught at {last}"


# --- on paper ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["situation", "warning", "incident-place", "incident-print", "review"]
)
def test_it_prints(opened, console, inside, paths, name):
    with surfer(opened, console, like=inside) as found:
        page = found.go(paths[name])
        paper = page.pdf(format="A4", print_background=True)
        assert paper.startswith(b"%PDF-")
        assert len(paper) > 5_000
        page.emulate_media(media="print")
        for screen in (".top nav", ".who a", ".skip", "form", ".btns"):
            for one in page.locator(screen).all():
                assert not one.is_visible(), f"{screen} is printed"
        assert page.locator("h1:visible, h2:visible").count() >= 1
        # Whoever holds the paper must see that it is an exercise, and of when it is.
        assert page.locator(".exercise").is_visible()
        assert page.locator(".clock").is_visible()


def test_nobody_stays_in_after_logging_out(opened, console):
    with surfer(opened, console) as found, surfer(opened, console) as thief:
        found.login(console.people[0])
        thief.context.add_cookies(found.context.cookies())
        thief.go("/")
        assert "/login" not in thief.page.url
        found.go("/")
        duty.click(found.page, found.page.locator("form[action='/logout'] button"))
        thief.go("/")
        assert "/login" in thief.page.url
