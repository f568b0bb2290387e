"""Warnings held against what came, over the golden cases: run by hand, writes a page.

    PYTHONPATH=src python tests/jobs/warned_page.py --out out

Cases that are played already below ``--out`` are taken as they are. Writes
docs/reference/warned.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from haidang.cli.score import HEADS, caveats, cells, number
from haidang.jobs import score as job
from haidang.jobs.replay import play
from haidang.jobs.score_tables import RATIOS, Line, lines, tier_lines, write
from haidang.pack.case import load_case
from haidang.pack.load import load_country, roots
from haidang.review.tiers import values
from haidang.words import word

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "warned.md"
CASES = (
    "yagi-2024", "doksuri-2017", "damrey-2017", "molave-2020", "noru-2022",
    "yagi-floods-2024", "october-2020", "october-2020-rain", "yagi-landslides-2024",
    "bualoi-2025",
)  # fmt: skip
LEAST = 30
"""Places from which on economic value is told: of ten it jumps with each."""
ABOUT = """# Warnings held against what came

What was warned of in the golden cases, beside what came. How it is counted, and how little so few events prove: [Verification](../guide/verification.md#were-the-warnings-right). Written on {day} by

```text
PYTHONPATH=src python tests/jobs/warned_page.py --out out
```

- **Sent**: messages that a case's scripted people approved, after its minutes. **Drafted**: every draft as if somebody had approved it at once. **Announced**: what the press of the day quoted of the real services, only for the places that it named; where a list says "by the decision of that time", its level is that decision's and ours is not.
- **Four of the five storms are hindcasts cut from best tracks**, with nobody to approve: they stand under "drafted" alone, and their "bulletins" are better than any bulletin of the day. Yagi (2024) alone has bulletins as they were issued. The figures are upper bounds.
- **What came of a storm is the same wind model over the best track.** This judges the track, the strength and the rule of the level, not the wind model.
- **What came of floods and rain is the level that the law gives for what was measured**, as the press quoted it. A river that was first read when it stood above an alarm counts as having risen at that reading. A day's rain counts from the beginning of its 24 hours, and only where half of them had passed when it was published. For flash floods and landslides it is the rain on its ground, not whether a slope gave way.
- **Not known** are places without a reading, and whatever had come before the first step of a case.
- POD is the share of what came that was warned of in time; FAR the share of warnings that were for nothing. A share in brackets is a 95 % interval from drawing whole events anew, given from three events on. "Events all in time" has exact limits. FIRM takes a notice that came too late as not said. The risk matrix score takes the chances a day before the first onset at each place; places of which no run is that old are left out.
"""  # noqa: E501


def main() -> None:
    """Play, judge, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out"))
    out: Path = parser.parse_args().out
    known = roots()
    scored = []
    for name in CASES:
        scored.append(job.score(play(load_case(name, known), known, out / name)))
        print(name, len(scored[-1].rows), flush=True)
    write(scored, out / "score")
    home = load_country(known.country(None), known.threats)
    titles = {s.hazard: home.packs[s.hazard].title("en") for s in scored}
    text = [ABOUT.format(day=f"{datetime.now(UTC):%-d %B %Y}")]
    found = lines(scored)
    for hazard, domain in dict.fromkeys((x.hazard, x.domain) for x in found):
        mine = [x for x in found if (x.hazard, x.domain) == (hazard, domain)]
        where = word(f"score.{domain}", "en")
        text += [f"## {titles[hazard]}, {where}", "", *_table(mine), ""]
        text += [*caveats(mine, titles[hazard], "en"), ""]
    text += ["## All levels as one score", "", *_tiers(scored, titles), ""]
    text += ["## Economic value", "", *_worth(found, titles), ""]
    text += ["## Case by case", "", *_cases(scored), ""]
    PAGE.write_text("\n".join(text).rstrip() + "\n", "utf-8")


def _row(parts: Iterable[object]) -> str:
    return "| " + " | ".join(str(p) for p in parts) + " |"


def _head(names: Sequence[str]) -> list[str]:
    return [_row(names), "|" + "---|" * len(names)]


def _table(found: Sequence[Line]) -> list[str]:
    names = [word(f"score.column_{n}", "en") for n in HEADS]
    return [*_head(names), *(_row([x.office, *cells(x)]) for x in found)]


def _tiers(scored: Sequence[job.Scored], titles: dict[str, str]) -> list[str]:
    told = (
        _row([titles[t.hazard], t.domain, t.office or "–", word(f"score.score_{t.score}", "en"),
              t.n, number(t.value, 3)])
        for t in tier_lines(scored)
    )  # fmt: skip
    return [*_head(["Threat", "Where", "Whose", "Score", "Places", "Value (0 is perfect)"]), *told]


def _worth(found: Sequence[Line], titles: dict[str, str]) -> list[str]:
    """Richardson's value of the storm and flood warnings, where places were left in peace too."""
    about = (
        "What a warning is worth to somebody whose protection costs that share of the loss it "
        "prevents: 1 is perfect knowledge, 0 is what always or never protecting is worth. Only "
        f"lines with {LEAST} places or more of which some had the level and some had not."
    )
    rows = []
    for line in found:
        worth = values(line.tally, RATIOS)
        t = line.tally
        if None not in worth and t.hits + t.misses + t.false_alarms + t.quiet >= LEAST:
            name = [titles[line.hazard], line.domain, line.office, line.level]
            rows.append(_row([*name, *(number(v) for v in worth)]))
    names = ["Threat", "Where", "Whose", "Level or more", *(f"{r:g}" for r in RATIOS)]
    return [about, "", *_head(names), *rows]


def _cases(scored: Sequence[job.Scored]) -> list[str]:
    names = ["Case", "Where", "Whose", "Level or more", "In time", "Late", "Had run out", "Never",
             "For nothing", "Not known", "Hours ahead: middle (from–to)"]  # fmt: skip
    rows = []
    for one in scored:
        for x in lines([one]):
            t, shown = x.tally, cells(x)
            counts = (t.hits, t.late, t.lapsed, t.missed, t.false_alarms, t.unknown)
            rows.append(
                _row([one.case, x.domain, x.office, x.level, *(f"{n:.0f}" for n in counts),
                      shown[HEADS.index("lead") - 1]])
            )  # fmt: skip
    return [*_head(names), *rows]


if __name__ == "__main__":
    main()
