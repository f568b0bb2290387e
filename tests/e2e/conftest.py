"""A console that runs and a browser that looks at it, one of each for a module.

Of a module, not of the session: while Playwright's own loop runs in the main thread, nobody else
there can run one, and other tests of the same worker do.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from e2e.browsing import MISSING, browser, chromium


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    """The browser; without one on the machine, what would bring it is said."""
    if chromium() is None:
        pytest.skip(MISSING)
    with browser() as found:
        yield found
