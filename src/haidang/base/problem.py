"""One thing that is wrong, said so that the person who can mend it knows where and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from haidang.words import word


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding about some input, in no language yet.

    Attributes:
        code: Key into the words, e.g. ``feed.range``; its text says what is wrong and the remedy.
        params: What the text's placeholders stand for.
        file: Where it was read from, "" when it came from memory.
        row: Line in that file, counted as an editor counts (the header is line 1).
        field: Column or key.
        severity: ``error`` refuses the row or file; ``warning`` is shown and kept.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    file: str = ""
    row: int | None = None
    field: str = ""
    severity: Literal["error", "warning"] = "error"

    def say(self, language: str = "en") -> str:
        """The place it was found, what is wrong, and what to do, in one line.

        >>> Problem("place.unknown", {"code": "99"}, file="a.csv", row=3, field="place").say("en")
        "a.csv, line 3, place: no place has the code '99'; see 'haidang places' for the codes."
        """
        where = [self.file] if self.file else []
        if self.row is not None:
            where.append(word("problem.line", language, row=self.row))
        if self.field:
            where.append(self.field)
        text = word(self.code, language, **self.params)
        return f"{', '.join(where)}: {text}" if where else text
