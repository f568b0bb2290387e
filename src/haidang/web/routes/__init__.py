"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import (
    entry,
    entry_readings,
    explain,
    home,
    incident,
    law,
    ledger,
    login,
    outbox,
    review,
    risk,
    situation,
    statics,
    warnings,
    watch,
)

MODULES = (
    statics, login, home, situation, watch, risk, warnings, incident, review, ledger, law, explain,
    entry, entry_readings, outbox,
)  # fmt: skip
"""Each has a ``router``."""
