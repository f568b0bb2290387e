"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import home, login, situation, statics

MODULES = (statics, login, home, situation)
"""Each has a ``router``."""
