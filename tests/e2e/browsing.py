"""A browser that watches itself: complaints of the policy, of scripts, and lost requests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from e2e.serving import Person, Serving

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = "no Chromium on this machine: sudo apt-get install chromium"
DESKTOP, PHONE = (1440, 900), (360, 740)
LONGEST_MS = 120_000
"""A guard: how long a page takes says first of all how busy the machine is."""
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

_WITNESS = """
window.__policy = [];
document.addEventListener('securitypolicyviolation', e => window.__policy.push(
  e.violatedDirective + ' ' + e.blockedURI + ' ' + (e.sourceFile || '') + ':' + e.lineNumber));
"""


def chromium() -> str | None:
    """Where the browser lies, if this machine has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window; one that a package would bring is never asked for."""
    with sync_playwright() as engine:
        # As root, in containers and in CI there is no user to put into a sandbox.
        opened = engine.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
        )
        try:
            yield opened
        finally:
            opened.close()


@dataclass
class Surfer:
    """One person in a browser of their own, with everything that went wrong on the way.

    Attributes:
        language: That the person reads.
        complaints: Console errors and warnings, script errors, lost or failed requests.
        expected: Parts of complaints that a test provokes on purpose.
    """

    console: Serving
    context: BrowserContext
    page: Page
    language: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def go(self, path: str, status: int = 200) -> Page:
        """Open an address of the console.

        Raises:
            AssertionError: It answers with another status; what it says and logs is quoted.
        """
        answer = self.page.goto(self.console.url + path, wait_until="load")
        if answer is None or answer.status != status:
            said = self.page.locator("main").inner_text()
            log = self.console.log.read_text("utf-8")[-3000:]
            raise AssertionError(f"{path} answers {answer and answer.status}: {said}\n{log}")
        return self.page

    @property
    def path(self) -> str:
        """Where the browser is."""
        return self.page.url.removeprefix(self.console.url)

    def login(self, who: Person, next: str = "/") -> Page:
        """Come in by the form."""
        self.go(f"/login?next={next}")
        self.page.locator("#login").fill(who.login)
        self.page.locator("#password").fill(who.password)
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator("main form button[type=submit]").click()
        assert "/login" not in self.page.url, self.page.locator("main").inner_text()
        return self.page

    def watch(self) -> None:
        """Write down what the browser complains of."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("requestfailed", self._lost)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} at {self.path}")

    def _lost(self, request: Any) -> None:
        # A page that is left while htmx still asks is no fault.
        if "ERR_ABORTED" not in str(request.failure):
            self.complaints.append(f"lost: {request.url} {request.failure}")

    def found(self) -> list[str]:
        """Complaints that no test asked for, and those of the policy on the page that is open."""
        policy: list[str] = self.page.evaluate("window.__policy || []")
        said = [*self.complaints, *(f"policy: {line}" for line in policy)]
        return [line for line in said if not any(part in line for part in self.expected)]


@contextmanager
def surfer(
    opened: Browser,
    console: Serving,
    *,
    language: str = "vi",
    size: tuple[int, int] = DESKTOP,
    scheme: str = "light",
    scripts: bool = True,
    like: BrowserContext | None = None,
) -> Iterator[Surfer]:
    """A fresh browser profile.

    Args:
        opened: The browser.
        console: Whom it visits.
        language: That the person reads: the browser's own, and the one chosen on the page.
        size: Width and height, CSS pixels.
        scheme: light or dark.
        scripts: Whether JavaScript is on.
        like: A profile whose cookies it takes over.
    """
    context = opened.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale={"vi": "vi-VN", "en": "en-GB"}[language],
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(LONGEST_MS)
    if like is not None:
        cookies: list[Any] = [c for c in like.cookies() if c["name"] != "haidang_language"]
        context.add_cookies(cookies)
    if scripts:
        context.add_init_script(_WITNESS)
    try:
        made = Surfer(console, context, context.new_page(), language)
        made.watch()
        yield made
    finally:
        context.close()


def axe(page: Page, tags: Sequence[str] = AXE_TAGS, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds on a page, one line a finding and element.

    Args:
        page: That is open.
        tags: Sets of rules.
        rules: These alone, in place of the sets; () for the sets.
    """
    page.evaluate(_axe())
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": [*tags]}
    found: dict[str, Any] = page.evaluate(
        "only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only
    )
    return [
        f"{one['id']} ({one['impact']}): {one['help']} | {' '.join(map(str, node['target']))} |"
        f" {node['html'][:160]} | {' '.join(node['failureSummary'].split())[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def too_wide(page: Page) -> list[str]:
    """Elements that make the page itself wider than the window; none where it fits."""
    said: list[str] = page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          const out = [];
          for (const e of document.querySelectorAll('body *')) {
            const box = e.getBoundingClientRect();
            if (box.right > wide + 0.5 && box.width > 0 && !e.closest('.scroll, .vh'))
              out.push(e.tagName + '.' + (e.getAttribute('class') || '') + ' to ' + box.right
                + ': ' + (e.textContent || '').trim().slice(0, 40));
          }
          return out.length ? out.slice(0, 8) : ['scrollWidth '
            + document.documentElement.scrollWidth];
        }"""
    )
    return said
