"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import home, login, situation, statics, warnings

MODULES = (statics, login, home, situation, warnings)
"""Each has a ``router``."""
