"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import home, incident, login, situation, statics, warnings

MODULES = (statics, login, home, situation, warnings, incident)
"""Each has a ``router``."""
