"""What people on duty do, click by click; each step says what they must then see."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

from e2e.browsing import Surfer
from haidang.words import word


def click(page: Page, what: Locator) -> None:
    """Press something that leads to another page, and wait until that is there."""
    with page.expect_navigation(wait_until="load"):
        what.click()


def words(surfer: Surfer, key: str) -> str:
    """A text of the console in the language of this person."""
    return word(key, surfer.language)


def said(surfer: Surfer, key: str) -> None:
    """The page says what was just done."""
    told = surfer.page.locator("main .said").inner_text()
    assert told == words(surfer, f"console.said_{key}"), f"{told!r} at {surfer.path}"


def begin(surfer: Surfer, case: str) -> str:
    """Begin a drill from the list of desks; returns the desk's name."""
    surfer.go("/")
    form = surfer.page.locator(f"form[action='/drill']:has(input[name=case][value='{case}'])")
    click(surfer.page, form.locator("button"))
    said(surfer, "started")
    found = re.search(r"/d/([^/]+)/situation", surfer.page.url)
    assert found is not None, surfer.page.url
    return found[1]


def advance(surfer: Surfer, desk: str) -> bool:
    """Call in the next bulletin; False where there is no further one."""
    surfer.go(f"/d/{desk}/situation")
    button = surfer.page.locator("form[action$='/advance'] button")
    if not button.count():
        return False
    click(surfer.page, button)
    said(surfer, "advanced")
    return True


def open_draft(surfer: Surfer, desk: str, place: str) -> str:
    """Open the draft of a place from the warning desk; "" where none waits."""
    surfer.go(f"/d/{desk}/warnings")
    rows = surfer.page.locator("section[aria-labelledby='h-waiting'] tbody tr")
    link = rows.locator("th a", has_text=re.compile(rf"^{re.escape(place)}$"))
    if not link.count():
        return ""
    click(surfer.page, link.first)
    return surfer.path.split("?")[0]


def edit(surfer: Surfer, draft: str, added: dict[str, str]) -> str:
    """Add a line to what to do, in each language, and save; returns the new draft's address."""
    page = surfer.go(f"{draft}/edit")
    for language, line in added.items():
        area = page.locator(f"textarea[name='instruction_{language}']")
        area.fill(f"{area.input_value()}\n{line}")
    click(page, page.locator("button[name=do][value=save]"))
    said(surfer, "edited")
    return surfer.path.split("?")[0]


def sign(surfer: Surfer, draft: str) -> None:
    """Answer for a draft as it is."""
    page = surfer.go(draft)
    click(page, page.locator("form[action$='/sign'] button"))
    said(surfer, "signed")


def sign_if_asked(surfer: Surfer, draft: str) -> None:
    """Answer for a draft, unless whoever made it has answered for it by that."""
    if surfer.go(draft).locator("form[action$='/sign']").count():
        sign(surfer, draft)


def approve(surfer: Surfer, draft: str) -> None:
    """Let a draft go out."""
    page = surfer.go(draft)
    click(page, page.locator("form[action$='/approve'] button"))
    said(surfer, "approved")


def report(surfer: Surfer, desk: str, place: str, task: str, do: str, note: str = "") -> str:
    """Report about a task at its own place; returns what its row then says."""
    page = surfer.go(f"/d/{desk}/incident/{place}")
    row = page.locator(f"#{task}")
    row.locator("summary").click()
    row.locator("input[name=note]").fill(note)
    click(page, row.locator(f"button[name=do][value={do}]"))
    said(surfer, "reported")
    return page.locator(f"#{task}").text_content() or ""
