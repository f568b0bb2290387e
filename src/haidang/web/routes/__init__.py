"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import explain, home, ledger, login, situation, statics, storm

MODULES = (statics, login, home, situation, ledger, explain, storm)
"""Each has a ``router``."""
