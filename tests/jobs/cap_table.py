"""What we say of every file of the collection of CAP messages, and of every code.

Run from the project's folder; writes the tables of ``docs/reference/cap.md``::

    PYTHONPATH=src .venv/bin/python tests/jobs/cap_table.py ../shared/data/cap docs/reference/cap.md
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from haidang.base.errors import BadData
from haidang.warn import cap
from haidang.words import catalogue

LEFT_OUT = {"schema", "feeds"}
"""Folders without messages."""
ROOM_ONLY = {"said", "error", "warning", "no_file", "no_message", "cannot_read"}
"""Words of the command."""
BEGIN, END = "<!-- {name}: made by tests/jobs/cap_table.py -->", "<!-- end of {name} -->"


def messages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of everything in the collection that is or claims to be a message."""
    for file in sorted(folder.glob("*/*")):
        if file.is_file() and file.parent.name not in LEFT_OUT and file.suffix != ".pem":
            yield f"{file.parent.name}/{file.name}", file.read_bytes()


def line(name: str, data: bytes) -> str:
    """One row: what we say of a file and why."""
    report = cap.validate(data)
    version = report.version or "–"
    verdict = "valid" if report.valid else "**invalid**"
    return f"| `{name}` | {version} | {verdict} | {_trip(data, report.valid)} | {_why(report)} |"


def _trip(data: bytes, valid: bool) -> str:
    """Whether reading, writing and reading again gives the same message."""
    if not valid:
        return "–"
    try:
        alert = cap.parse(data)
        same = cap.parse(cap.build(alert)) == alert
    except BadData as error:
        return f"no: {error.problems[0].code}"
    return "same" if same else "**differs**"


def _why(report: cap.Report) -> str:
    found = report.errors or report.warnings
    count = Counter(p.code for p in found)
    first = {p.code: p.line for p in reversed(found)}
    said = [
        f"`{code}` (line {first[code]}" + (f", {n} times)" if n > 1 else ")")
        for code, n in count.items()
    ]
    return ", ".join(said) or "nothing to say"


def table(folder: Path) -> str:
    """The table of the collection."""
    head = "| File | CAP | We say | Read, written, read | Why |\n|---|---|---|---|---|\n"
    return head + "\n".join(line(name, data) for name, data in messages(folder))


def codes() -> str:
    """The table of the codes: every one, how severe, and its words."""
    source = "".join(
        f.read_text("utf-8") for f in files("haidang.warn.cap").iterdir() if f.name.endswith(".py")
    )
    rows = ["| Code | Severity | Says |", "|---|---|---|"]
    for key, texts in catalogue().items():
        room, _, code = key.partition(".")
        if room == "cap" and code not in ROOM_ONLY:
            text = texts["en"].replace("|", "\\|")
            rows.append(f"| `{code}` | {_severity(code, source)} | {text} |")
    return "\n".join(rows)


def _severity(code: str, source: str) -> str:
    kinds = re.findall(rf'\.(error|warning|at_line)\(\s*"{code}"', source)
    found = {"warning" if kind == "warning" else "error" for kind in kinds}
    if re.search(rf'Found\("{code}"', source):
        found.add("warning")
    if code.startswith("profile_") and not found:
        return "as the profile says"
    return " or ".join(sorted(found)) or "error"


def put(page: str, name: str, text: str) -> str:
    """The page with one of its tables made anew."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def main(folder: Path, page: Path) -> None:
    """Make both tables of the page anew."""
    text = put(page.read_text("utf-8"), "collection", table(folder))
    page.write_text(put(text, "codes", codes()), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
