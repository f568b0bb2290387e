"""Branch coverage of the pure rooms, from coverage's JSON: what ``make coverage`` holds."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

PURE = ("base", "data", "watch", "risk", "law", "warn", "respond", "review", "app", "words")
FLOOR = 90.0
"""Below this it fails."""

AIM = 95.0
"""Files below it are named."""


def main(report: Path) -> int:
    """Print files below the aim and coverage by room; 1 if the whole falls below the floor."""
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    short: list[tuple[float, str]] = []
    for name, found in json.loads(report.read_text("utf-8"))["files"].items():
        parts = Path(name).parts
        room = parts[parts.index("haidang") + 1] if "haidang" in parts else ""
        if room not in PURE:
            continue
        s = found["summary"]
        rooms[room][0] += s["covered_lines"] + s["covered_branches"]
        rooms[room][1] += s["num_statements"] + s["num_branches"]
        of = s["num_statements"] + s["num_branches"]
        share = 100 * (s["covered_lines"] + s["covered_branches"]) / max(of, 1)
        if of and share < AIM:
            short.append((share, "/".join(parts[parts.index("haidang") + 1 :])))
    for share, name in sorted(short):
        print(f"  {share:6.1f} %  {name}")
    for room, (covered, of) in sorted(rooms.items()):
        print(f"{room:10s} {100 * covered / max(of, 1):6.1f} %")
    covered = sum(c for c, _ in rooms.values())
    of = sum(n for _, n in rooms.values())
    share = 100 * covered / of
    print(f"pure code  {share:6.1f} % of lines and branches (floor {FLOOR:g} %)")
    return 0 if share >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
