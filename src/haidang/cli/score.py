"""``haidang score``: were the warnings right? Of past cases, what was said beside what came."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from haidang.cli.show import err, help_text, language, out
from haidang.cli.show import say as say_cli
from haidang.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haidang.jobs.score import Scored
    from haidang.jobs.score_tables import Line, Tier
    from haidang.pack.case import Case
    from haidang.pack.load import Roots

FOLDER = "score"
DASH = "–"


def score(
    cases: Annotated[list[str] | None, typer.Argument(help=help_text("help_score_cases"))] = None,
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
    office: Annotated[str, typer.Option("--office", help=help_text("help_score_office"))] = "",
    as_json: Annotated[bool, typer.Option("--json", help=help_text("help_score_json"))] = False,
) -> None:
    """Hold what was warned of against what came."""
    from haidang.jobs.score_tables import OFFICES  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    if office and office not in OFFICES:
        known = ", ".join(OFFICES)
        raise typer.BadParameter(word("score.no_office", language(), value=office, known=known))
    run(cases or [], folder, office or None, roots(), as_json=as_json)


def run(
    names: Sequence[str],
    folder: Path,
    office: str | None,
    where: Roots,
    *,
    as_json: bool = False,
    lang: str = "",
) -> None:
    """Play what is not played yet, judge it, show the tables and write them.

    Args:
        names: Ids of cases; none for every storm and flood that holds what came.
        folder: Cases are played into it; the tables go to its folder ``score``.
        office: Only this one; None for all.
        where: Packs and countries.
        as_json: Print one object in the place of tables.
        lang: Language; the user's where empty.

    Raises:
        NotFound: No such case.
        BadData, Unavailable: As ``replay.play``.
    """
    from haidang.jobs import score_tables as made  # noqa: PLC0415
    from haidang.pack.case import find_cases, load_case  # noqa: PLC0415

    lang = lang or language()
    chosen = [load_case(name, where) for name in names or sorted(find_cases(where))]
    if not names:
        chosen = [case for case in chosen if made.comes_to_count(case, where)]
    scored = []
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(say_cli("starting"), total=len(chosen))
        for case in chosen:
            scored.append(_judged(case, where, folder, bar, task, lang))
            bar.advance(task)
    paths = made.write(scored, folder / FOLDER, office)
    found, tiers = made.lines(scored, office), made.tier_lines(scored, office)
    if as_json:
        body = {
            "tallies": [made.tally_row(x) for x in found],
            "tiers": [asdict(x) for x in tiers],
            "not_scored": {s.case: word(f"score.{s.why}", lang, case=s.case)
                           for s in scored if s.why},
        }  # fmt: skip
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
        return
    titles = {case.spec.threat: _title(case.country, case.spec.threat, where, lang)
              for case in chosen}  # fmt: skip
    show(scored, found, tiers, titles, lang)
    for path in paths:
        out.print(f"  {path}", highlight=False, soft_wrap=True)


def _judged(
    case: Case, where: Roots, folder: Path, bar: Progress, task: TaskID, lang: str
) -> Scored:
    from haidang.jobs.replay import play  # noqa: PLC0415
    from haidang.jobs.score import score as judge  # noqa: PLC0415

    name = case.spec.id

    def tell(_done: int, _of: int, what: str) -> None:
        bar.update(task, description=word("score.playing", lang, case=name, what=what))

    played = play(case, where, folder / name, tell)
    bar.update(task, description=word("score.judging", lang, case=name))
    return judge(played)


def _title(country: str, threat: str, where: Roots, lang: str) -> str:
    from haidang.pack.load import load_country  # noqa: PLC0415

    return load_country(where.country(country), where.threats).packs[threat].title(lang)


def show(
    scored: Sequence[Scored],
    found: Sequence[Line],
    tiers: Sequence[Tier],
    titles: dict[str, str],
    lang: str,
) -> None:
    """Tables in the terminal, and under each how little it proves."""

    def say(key: str, **params: object) -> str:
        return word(f"score.{key}", lang, **params)

    for one in scored:
        if one.why:
            out.print(say(one.why, case=one.case), highlight=False, style="yellow")
    if not found:
        out.print(say("nothing"), highlight=False)
    for hazard, domain in dict.fromkeys((x.hazard, x.domain) for x in found):
        mine = [x for x in found if (x.hazard, x.domain) == (hazard, domain)]
        out.print(_lines(mine, titles[hazard], lang))
        for text in caveats(mine, titles[hazard], lang):
            out.print(text, highlight=False, style="yellow", soft_wrap=True)
    if tiers:
        out.print(_tiers(tiers, titles, lang))
    for source in dict.fromkeys(s.truth for s in scored if s.truth):
        out.print(say(source), highlight=False, soft_wrap=True)
    out.print(say("drafted_note"), highlight=False, soft_wrap=True)


def _lines(found: Sequence[Line], threat: str, lang: str) -> Table:
    domain = word(f"score.{found[0].domain}", lang)
    head = word("score.title", lang, threat=threat, domain=domain)
    table = Table(title=head, title_justify="left")
    for name in HEADS:
        justify: Literal["left", "right"] = "left" if name == "office" else "right"
        table.add_column(word(f"score.column_{name}", lang), justify=justify)
    for line in found:
        table.add_row(word(f"score.office_{line.office}", lang), *cells(line))
    return table


def _tiers(found: Sequence[Tier], titles: dict[str, str], lang: str) -> Table:
    table = Table(title=word("score.tiers", lang), title_justify="left")
    for name in ("threat", "domain", "office", "score", "n", "value"):
        table.add_column(word(f"score.column_{name}", lang))
    for tier in found:
        table.add_row(
            titles[tier.hazard],
            word(f"score.{tier.domain}", lang),
            word(f"score.office_{tier.office}", lang) if tier.office else DASH,
            word(f"score.score_{tier.score}", lang),
            str(tier.n),
            number(tier.value, 3),
        )
    return table


HEADS = (
    "office", "level", "events", "events_pod", "false_events", "hits", "late", "lapsed", "missed",
    "false", "unknown", "pod", "far", "csi", "bias", "lead", "needless", "people",
)  # fmt: skip


def cells(line: Line) -> tuple[str, ...]:
    """What stands in a line after the office, in the order of ``HEADS``."""
    made, of, exact = line.tally, line.events, line.events.pod_range
    counts = (made.hits, made.late, made.lapsed, made.missed, made.false_alarms, made.unknown)
    drawn = "" if line.range is None else f" ({line.range.low:.2f}–{line.range.high:.2f})"
    lead = DASH
    if line.lead:
        least, middle, most = line.lead
        lead = f"{middle:.0f} ({least:.0f}–{most:.0f})"
    return (
        str(line.level),
        f"{of.hit} / {of.partly} / {of.miss}",
        DASH if exact is None else f"{exact.low:.0%}–{exact.high:.0%}",
        str(of.false_alarm),
        *(f"{n:.0f}" for n in counts),
        number(made.pod) + drawn,
        number(made.far),
        number(made.csi),
        number(made.bias),
        lead,
        f"{made.needless_h:.0f}",
        DASH if line.people is None else f"{line.people:.0%}",
    )


def number(value: float | None, digits: int = 2) -> str:
    """A number; a dash where there is none."""
    return DASH if value is None else f"{value:.{digits}f}"


def caveats(found: Sequence[Line], threat: str, lang: str) -> tuple[str, ...]:
    """For the lowest level, how little so many events can show."""
    from haidang.review.warned import exact  # noqa: PLC0415

    best = max(found, key=lambda x: (x.events.came, -x.level), default=None)
    if best is None or not best.events.came:
        return ()
    n = best.events.came
    bound = exact(n, n)
    assert bound is not None
    return (
        word(
            "score.one" if n == 1 else "score.few",
            lang,
            n=n, threat=threat, level=best.level, domain=word(f"score.{best.domain}", lang),
            low=f"{bound.low:.1%}" if n == 1 else f"{bound.low:.0%}",
        ),
    )  # fmt: skip
