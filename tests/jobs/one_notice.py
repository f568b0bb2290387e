"""The page that shows one chain of notices whole, written from the files of a replay.

Run from the project's folder, after ``make demo``::

    .venv/bin/python tests/jobs/one_notice.py out/yagi-2024 > docs/guide/one-notice.md
"""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd

from haidang.warn.cap import Alert, parse

CASE = "yagi-2024"
PLACE = "31"
"""Hải Phòng: warned first, hit hard, and ended on its own."""

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "one-notice.md"

OPENING = """\
# One notice, whole

What one area was told during a storm, from the first Alert to the Cancel: Hải Phòng (code 31) in \
the replay of Typhoon Yagi that `make demo` plays. Every row is one CAP 1.2 message, in Vietnamese \
and English, signed by one scripted officer and approved by another. All of them are exercises.

A row's *names before* are its `<references>`: the numbers of all earlier messages of the chain, \
so that a receiver that missed one still knows which to take off its board. *Occasion* is why \
something was said just then (the words are those of [the table \
`warnings`](../reference/python.md)). Nothing was said in the hours between, because nothing had \
changed that people should act on.
"""

HEAD = """\
| No. | Sent | Kind | Occasion | Level | Expires | Names before | Identifier |
|---|---|---|---|---|---|---|---|
"""

SAID = """\
## What was said

| No. | Vietnamese | English |
|---|---|---|
"""

CANCEL = """\
## The Cancel, in full

The file as it lies in `cap/`. Its outline is a public-domain map, cut to at most 200 vertices for \
the area; the geocode is what a machine should go by. An all-clear for wind does not say that \
there is no flood, and it tells people so.

"""

CLOSING = """\

## See for yourself

Identifiers come from content, so other words or other versions give other identifiers; their \
first eight characters stand above. The page is written by `tests/jobs/one_notice.py` from the \
files of the replay, and a test fails when it no longer says what the replay says. Why was a \
message sent?

```console
$ haidang explain {identifier}
```

(Take an identifier from your own `cap/`.)
"""


def short(identifier: str) -> str:
    """The first eight characters of the part that is a hash."""
    return re.sub(r"([0-9a-f]{8})-[-0-9a-f]{27}$", r"\1", identifier)


def _when(instant: datetime) -> str:
    return f"{instant:%d %b %H:%M}"


def _before(alert: Alert, numbers: dict[str, int]) -> str:
    named = sorted(numbers[r.identifier] for r in alert.references)
    if not named:
        return "none"
    assert named == list(range(1, len(named) + 1)), "a message names all before it"
    return "1" if len(named) == 1 else f"1 to {named[-1]}"


def page(warnings: pd.DataFrame, folder: Path, place: str = PLACE) -> str:
    """The page's text.

    Args:
        warnings: The table ``warnings`` of the replay.
        folder: The replay's folder, with ``cap/`` in it.
        place: Code of the area.

    Returns:
        Markdown.
    """
    said = warnings[(warnings["place"].astype(str) == place) & (warnings["file"].fillna("") != "")]
    said = said.sort_values("number", key=lambda n: n.astype(int))
    assert said["chain"].nunique() == 1
    alerts = [parse((folder / name).read_bytes()) for name in said["file"]]
    numbers = {alert.identifier: n for n, alert in enumerate(alerts, 1)}
    rows, texts = [], []
    for n, (alert, row) in enumerate(zip(alerts, said.to_dict("records"), strict=True), 1):
        infos = {info.language[:2]: info for info in alert.infos}
        rows.append(
            f"| {n} | {_when(alert.sent)} | {alert.kind} | `{row['occasion']}` | {row['level']} | "
            f"{_when(infos['vi'].expires)} | {_before(alert, numbers)} | "
            f"`{short(alert.identifier)}` |\n"
        )
        texts.append(f"| {n} | {infos['vi'].headline} | {infos['en'].headline} |\n")
    last = (folder / said["file"].iloc[-1]).read_text("utf-8").rstrip("\n")
    return (
        f"{OPENING}\nTimes are of {alerts[0].sent:%Y}, UTC{alerts[0].sent:%z}.\n\n"
        f"{HEAD}{''.join(rows)}\n{SAID}{''.join(texts)}\n"
        f"{CANCEL}```xml\n{last}\n```\n{CLOSING.format(identifier=short(alerts[-1].identifier))}"
    )


def without_ids(text: str) -> str:
    """Ids replaced by the order in which they appear: which is which stays, its bytes do not.

    Ids hash floats that another processor may round otherwise in the last place.
    """
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return seen.setdefault(found[1], f"#{len(seen) + 1}")

    return re.sub(r"\b([0-9a-f]{8})(?:(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?\b", number, text)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    table = pd.read_csv(where / "tables" / "warnings.csv", dtype=str)
    sys.stdout.write(page(table, where))
