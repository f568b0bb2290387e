"""What a notice says of other hazards at its place, beyond its own pack's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from haidang.warn.message import Text


@dataclass(frozen=True, slots=True)
class Beside:
    """Lines around a pack's own words, by language.

    Attributes:
        parameters: What a machine wants to know of it.
        headline: Goes behind the headline where there is room.
        above: Lines before the description.
        below: Lines after it.
        do: Lines after the instruction: what other hazards ask of people.
    """

    parameters: tuple[tuple[str, str], ...] = ()
    headline: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    below: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    do: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def told(self, text: Text, longest: int) -> Text:
        """A notice with these lines.

        Args:
            text: In one language.
            longest: Characters that a headline may have. One that would be longer stays as it is:
                words are never cut out of a warning, and the lines say the same.
        """
        language = text.language
        headline = text.headline
        more = self.headline.get(language, "")
        if more and len(headline) + 1 + len(more) <= longest:
            headline = f"{headline} {more}"
        above, below = self.above.get(language, ()), self.below.get(language, ())
        description = "\n".join((*above, text.description, *below))
        instruction = "\n".join((text.instruction, *self.do.get(language, ())))
        return replace(text, headline=headline, description=description, instruction=instruction)


ALONE: Final = Beside()
"""No other hazard is to be told of."""
