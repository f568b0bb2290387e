"""The public page in a browser: by eye, by ear, on a small phone, in large letters, on paper."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from e2e import duty, prepared
from e2e.browsing import DESKTOP, PHONE, axe, surfer, too_wide
from e2e.prepared import REPLAY
from e2e.serving import Serving, serving

pytestmark = pytest.mark.slow

BASE = f"/public/@{REPLAY}"
TONGUES = {"vi": "", "en": "en/"}
PAGES = {
    "index": "{tongue}",
    "place": "{tongue}22/",
    "quiet": "{tongue}96/",
    "sea": "{tongue}sea-tonkin-north-west/",
    "communes": "{tongue}79/places.html",
    "others": "{tongue}places.html",
}
SMALL = (320, 568)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, opened: Browser) -> Iterator[Serving]:
    del opened  # without a browser nothing is started
    out = tmp_path_factory.mktemp("public") / "out"
    prepared.published(prepared.common(tmp_path_factory), out)
    with serving(out) as found:
        yield found


# Each pair of language, width and scheme comes together at least once.
WAYS = {
    "vi": ((DESKTOP, "light"), (PHONE, "dark")),
    "en": ((SMALL, "light"), (DESKTOP, "dark")),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", TONGUES)
def test_nothing_is_found_by_axe_or_the_browser(opened, console, language, name):
    path = f"{BASE}/{PAGES[name].format(tongue=TONGUES[language])}"
    with surfer(opened, console, language=language) as found:
        page = found.go(path)
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").count() == 1
        for size, scheme in WAYS[language]:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == [], f"{size[0]} px, {scheme}"
            assert too_wide(page) == [], f"{size[0]} px"
        # Letters of twice the size, on the smallest phone.
        page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
        assert too_wide(page) == []
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert too_wide(page) == []
        assert found.found() == []


@pytest.mark.parametrize("language", TONGUES)
def test_it_is_one_request_and_small_and_needs_no_script(opened, console, language):
    with surfer(opened, console, language=language, scripts=False) as found:
        asked: list[str] = []
        found.page.on("request", lambda r: asked.append(r.url))
        for pattern in PAGES.values():
            asked.clear()
            page = found.go(f"{BASE}/{pattern.format(tongue=TONGUES[language])}")
            page.wait_for_load_state("networkidle")
            assert len([url for url in asked if not url.startswith("data:")]) == 1
            assert page.locator("script").count() == 0
            answer = _raw(console, page.url)
            assert answer[0] == 200
            assert len(answer[1]) <= 10_240


def test_one_reads_what_holds_and_goes_on_by_links(opened, console):
    with surfer(opened, console, language="vi", size=PHONE, scripts=False) as found:
        page = found.go(f"{BASE}/")
        duty.click(page, page.get_by_role("link", name="Quảng Ninh").first)
        assert "Bão Yagi" in page.locator("h1").inner_text()
        assert page.locator("a[href='tel:112']").count() == 1
        # One tap to the other language, of the same place.
        duty.click(page, page.get_by_role("link", name="English"))
        assert page.locator("html").get_attribute("lang") == "en"
        assert "Quang Ninh" in page.locator("h1").inner_text()
        duty.click(page, page.get_by_role("link", name="Communes and wards"))
        assert "Bãi Cháy" in page.locator("main").inner_text()
        duty.click(page, page.get_by_role("link", name="Quang Ninh"))
        assert "What to do" in page.locator("main").inner_text()


def test_it_prints_on_two_sheets(opened, console):
    with surfer(opened, console, language="vi") as found:
        page = found.go(f"{BASE}/22/")
        sheets = page.pdf(format="A4", print_background=False)
        assert 1 <= sheets.count(b"/Type /Page\n") + sheets.count(b"/Type /Page ") <= 2
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_the_whole_way_no_address_leads_out(console):
    for path in (
        "/../haidang.db", "/..%2f..%2fhaidang.db", "/%2e%2e/haidang.db", "/./../haidang.db",
        "/22/../../haidang.db", "//haidang.db", "/..;/haidang.db", "/%c0%ae%c0%ae/haidang.db",
    ):  # fmt: skip
        for base in (BASE, "/public", "/api"):
            status, body = _raw(console, console.url + base, path)
            assert status in {302, 308, 400, 404}, path
            assert b"SQLite" not in body


def test_it_outlives_its_store(console):
    before = _raw(console, f"{console.url}{BASE}/22/")
    (console.out / REPLAY / "haidang.db").write_bytes(b"rubbish" * 999)
    (console.out / "console.db").unlink()
    assert _raw(console, f"{console.url}{BASE}/22/") == before
    shutil.rmtree(console.out / REPLAY / "cap")
    assert _raw(console, f"{console.url}{BASE}/22/") == before


def _raw(console: Serving, url: str, more: str = "") -> tuple[int, bytes]:
    """What is answered to an address exactly as it is written."""
    where = urlsplit(url)
    line = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=120)
    try:
        line.request("GET", where.path + more)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()
        assert console
