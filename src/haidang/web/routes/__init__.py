"""What answers an address: reads and writes, and leaves the rest to the pages."""

from haidang.web.routes import home, login, statics

MODULES = (statics, login, home)
"""Each has a ``router``."""
