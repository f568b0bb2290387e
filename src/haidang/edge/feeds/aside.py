"""What could not be used, kept aside with why: nothing that came in vanishes without a trace."""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.sensors import Heard

FILE: Final = "aside.jsonl"
OLDER: Final = "aside.1.jsonl"
"""The file before it; what is older than both is let go."""
LONGEST: Final = 400
"""Bytes of a payload that are kept."""
MOST: Final = 5_000_000
"""Bytes of one file: a sensor gone mad must not fill the disk."""
SHOWN: Final = 20


class Aside:
    """Two files of what was refused; used by one thread.

    Attributes:
        counts: Since this was opened, by what was wrong.
        last: The newest of them.
    """

    def __init__(self, folder: Path) -> None:
        """Go on with the files of a folder."""
        self.counts: Counter[str] = Counter()
        self.last: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._path = folder / FILE
        self._older = folder / OLDER

    def add(self, refused: Iterable[tuple[Heard, Problem]]) -> None:
        """Keep messages with what was wrong; they are on the disk when this returns.

        Raises:
            Unavailable: They cannot be written (``live.aside``).
        """
        lines = [_line(heard, problem) for heard, problem in refused]
        if not lines:
            return
        body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        try:
            if self._path.exists() and self._path.stat().st_size > MOST:
                os.replace(self._path, self._older)
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as err:
            raise Unavailable(Problem("live.aside", {"why": err}, file=str(self._path))) from err
        self.counts.update(str(line["code"]) for line in lines)
        self.last.extend(lines)


def _line(heard: Heard, problem: Problem) -> dict[str, Any]:
    return {
        "received": heard.received.isoformat(timespec="milliseconds"),
        "topic": heard.topic[:200],
        "code": problem.code,
        "why": problem.say("en"),
        "params": {k: str(v) for k, v in problem.params.items()},
        "row": problem.row,
        "field": problem.field,
        "bytes": len(heard.payload),
        "payload": heard.payload[:LONGEST].decode("utf-8", "backslashreplace"),
    }
