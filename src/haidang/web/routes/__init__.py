"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import (
    acts,
    entry,
    entry_readings,
    explain,
    home,
    incident,
    law,
    ledger,
    login,
    outbox,
    public,
    raises,
    review,
    risk,
    several,
    situation,
    statics,
    warnings,
    watch,
    world,
)

MODULES = (
    statics, world, public, login, home, situation, watch, risk, acts, several, warnings, raises,
    incident, review, ledger, law, explain, entry, entry_readings, outbox,
)  # fmt: skip
"""Each has a ``router``; ``world`` before ``public``, which answers everything below ``/api/``."""
