"""Not a test: 10,000 random sets of assessments, each in two orders, in parts, and with no raise.

Usage: python -m app.combine_many [--sets 10000] [--seed 1] [--page docs/reference/together.md]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np

from app import test_together
from app.together import YIELDS
from haidang.app import wording
from haidang.warn.message import Text

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> None:
    """Try them, print what was seen, and put it into the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    wording._text = lambda *a, **k: Text(a[4], "h", "d", "i")
    chance = np.random.default_rng(given.seed)
    seen: Counter[str] = Counter()
    began = time.process_time()
    for _ in range(given.sets):
        verdict = test_together.holds(chance)
        seen["sets"] += 1
        seen["assessments"] += len(verdict.decisions)
        seen["with several hazards at the place"] += sum(
            d.whole is not None for d in verdict.decisions
        )
        seen["silent beside a greater one"] += sum(
            d.yields_to is not None for d in verdict.decisions
        )
        seen["under a raise"] += sum(bool(d.whole and d.whole.raise_by) for d in verdict.decisions)
        seen["raises found over"] += len(verdict.lapsed)
        seen["drafts"] += len(verdict.drafts)
        seen["drafts withdrawn"] += len(verdict.withdrawals)
    lines = ["| What | Number |", "|---|---|"]
    lines += [f"| {name} | {number:,} |" for name, number in seen.items()]
    lines += [f"| threats | {len(YIELDS)} |", f"| seed | {given.seed} |"]
    text = "\n".join(lines)
    print(text)
    print(f"{time.process_time() - began:.0f} s of one processor")
    if given.page is not None:
        page = given.page.read_text("utf-8")
        head, rest = page.split(BEGIN)
        given.page.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}", "utf-8")


if __name__ == "__main__":
    main()
