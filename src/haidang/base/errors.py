"""Every error haidang raises on purpose.

* HaidangError
  - BadData      the outside world sent something we refuse
  - BadPack      a pack or a law table contradicts itself or the schema
  - NotFound     a name that nothing answers to
  - Unavailable  a store, feed or channel did not answer
"""

from __future__ import annotations

from haidang.base.problem import Problem


class HaidangError(Exception):
    """Base class; caught at the shell, never in the core.

    Attributes:
        problems: What is wrong, each naming file, row, field and remedy; said in any language.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(p.say("en") for p in problems))

    def say(self, language: str) -> str:
        """All problems in one language, one to a line."""
        return "\n".join(p.say(language) for p in self.problems)


class BadData(HaidangError):  # noqa: N818 - reads better at the raise site
    """Input rejected at the edge."""


class BadPack(HaidangError):  # noqa: N818
    """A pack or a law table is wrong."""


class NotFound(HaidangError):  # noqa: N818
    """Nothing has this name."""


class Unavailable(HaidangError):  # noqa: N818
    """A store, feed or channel did not answer."""
