"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import (
    entry,
    explain,
    home,
    incident,
    ledger,
    login,
    review,
    situation,
    statics,
    warnings,
)

MODULES = (statics, login, home, situation, warnings, incident, review, ledger, explain, entry)
"""Each has a ``router``."""
