"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import (
    explain,
    home,
    incident,
    ledger,
    login,
    review,
    situation,
    statics,
    storm,
    warnings,
)

MODULES = (statics, login, home, situation, warnings, incident, review, ledger, explain, storm)
"""Each has a ``router``."""
