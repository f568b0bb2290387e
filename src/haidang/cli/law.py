"""``haidang law``: read the law tables, and ask them with what is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from haidang.cli.show import help_text, language, out
from haidang.cli.show import say as say_cli

if TYPE_CHECKING:
    from haidang.pack.schema import Country as CountryPack
    from haidang.web.pages.law import Commanding, Line
    from haidang.web.pages.law_table import OpenLine, OutcomeLine, TablePage
    from haidang.web.speak import Speaker

Country = Annotated[str | None, typer.Option("--country", help=help_text("help_country"))]
Day = Annotated[str, typer.Option("--day", help=help_text("help_law_day"))]
# Every table has inputs of its own, so their options are read here and not declared.
ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def group() -> typer.Typer:
    """The commands of ``haidang law``."""
    app = typer.Typer(no_args_is_help=True, help=help_text("help_law"))
    app.command("list", help=help_text("help_law_list"))(listed)
    app.command("show", help=help_text("help_law_show"))(show)
    app.command("level", help=help_text("help_law_level"), context_settings=ANYTHING)(level)
    return app


def listed(day: Day = "", country: Country = None) -> None:
    """Every table with its state, the count of checked rows, and who commands."""
    from haidang.web.pages.law import build  # noqa: PLC0415

    home = _home(country)
    on = _day(day, home)
    say = _speaker(home)
    page = build(home, on, say)
    out.print(f"{page.title} · {page.said}", style="bold", highlight=False)
    table = _table(
        say, "col_article", "col_title", "col_period", "col_rows", "col_gaps", "col_overlaps",
        "col_checked", right=("col_rows", "col_gaps", "col_overlaps"),
    )  # fmt: skip
    for line in page.lines:
        table.add_row(*_line(line))
    out.print(table)
    for fact in page.facts:
        _text(f"{fact.label}: {fact.value} ({fact.note})")
    out.print()
    _commands(say, page.commands_note, page.commands)


def _line(line: Line) -> tuple[str, ...]:
    checked = f"{line.checked.word}; {line.doubt}" if line.doubt else line.checked.word
    period = line.period if line.state.state == "quiet" else f"{line.period} ({line.state.word})"
    # The acts stand with the articles: two of one number never look alike.
    article = f"{line.article}, {line.act}"
    cells = (article, line.title, period, line.rows, line.gaps, line.overlaps, checked)
    return tuple(escape(c) for c in cells)


def _commands(say: Speaker, note: str, commands: Sequence[Commanding]) -> None:
    out.print(f"{say('commands')} ({note})", style="bold", highlight=False)
    if not commands:
        _text(say("commands_none"))
        return
    table = _table(say, "col_level", "col_directs", "col_commands", "col_basis")
    for c in commands:
        basis = f"{c.basis}. {c.note}" if c.note else c.basis
        table.add_row(*(escape(x) for x in (c.name, c.directs or "–", c.commands or "–", basis)))
    out.print(table)


def show(
    article: Annotated[str, typer.Argument(help=help_text("help_law_article"))],
    day: Day = "",
    country: Country = None,
) -> None:
    """One table: how it was read, what it asks, every row, and what it leaves open."""
    from haidang.jobs.law import find_table  # noqa: PLC0415
    from haidang.pack.regions import load_regions  # noqa: PLC0415
    from haidang.web.pages.law import commanding  # noqa: PLC0415
    from haidang.web.pages.law_table import Asked, build  # noqa: PLC0415

    home = _home(country)
    on = _day(day, home)
    say = _speaker(home)
    table = find_table(home, article, on)
    page = build(home, table, on, load_regions(home.folder), say, asked=Asked({}))
    _head(say, page)
    _inputs(say, page)
    rows = _table(say, "col_clause", "col_level", "col_case", "col_text")
    rows.show_lines = True
    for row in page.rows:
        text = f"{row.text}\n{row.note}" if row.note else row.text
        rows.add_row(*(escape(c) for c in (row.clause, row.level, "\n".join(row.case), text)))
    out.print(rows)
    for title, note, lines in (
        ("gaps", "gaps_note", page.gaps),
        ("overlaps", "overlaps_note", page.overlaps),
        ("below", "below_note", page.below),
    ):
        _open(say, say(title), say(note), lines)
    for one in page.lists:
        out.print(f"{say('lists')}: {one.title}", style="bold", highlight=False)
        for area, names in one.areas:
            _text(f"  {area}: {names}")
        _text(f"  {one.notes} {one.basis} {one.source}.")
    if table.scale.id == home.spec.scale:
        levels = {r.level for r in table.rows}
        note = say("commands_note", day=say.full_day(on))
        _commands(say, note, commanding(home, on, say, levels))


def _head(say: Speaker, page: TablePage) -> None:
    out.print(escape(page.title), style="bold", highlight=False)
    _text(f"{page.act} · {page.said}")
    for fact in page.facts:
        _text(f"{fact.label}: {fact.value}" + (f" ({fact.note})" if fact.note else ""))
    _text(f"{say('fact_checked')}: {page.checked.word}: {page.against}")
    _text(f"{say('fact_vintage')}: {page.vintage}")
    _text(page.source)
    if page.notes:
        out.print(say("read_first"), style="bold", highlight=False)
        _text(page.notes)


def _inputs(say: Speaker, page: TablePage) -> None:
    out.print(say_cli("law_inputs"), style="bold", highlight=False)
    for field in page.fields:
        name = f"--{field.name.removeprefix('i_').replace('_', '-')}"
        values = "; ".join(f"{k} ({v})" for k, v in field.options if k)
        _text(f"  {name}  {field.label}: {values or field.hint}")


def _open(say: Speaker, title: str, note: str, lines: Iterable[OpenLine]) -> None:
    out.print(f"{title} ({note})", style="bold", highlight=False)
    count = 0
    for count, one in enumerate(lines, 1):  # noqa: B007 - the count says whether there was any
        _text(f"  {'; '.join(one.case)}: {one.reason} {one.rule}".rstrip())
    if not count:
        _text(f"  {say('none')}")


def level(
    context: typer.Context,
    article: Annotated[str, typer.Option("--article", help=help_text("help_law_article"))],
    day: Day = "",
    place: Annotated[str, typer.Option("--place", help=help_text("help_law_place"))] = "",
    country: Country = None,
) -> None:
    """Ask a table; what is not given stays open, and every possible answer is told."""
    from haidang.jobs.law import find_table, tell  # noqa: PLC0415
    from haidang.web.pages.law_table import outcome, stood_in  # noqa: PLC0415

    home = _home(country)
    on = _day(day, home)
    say = _speaker(home)
    table = find_table(home, article, on)
    told = tell(home, table, on, _options(context.args), place)
    answer = told.answer
    head = f"{say.of(table.title)} · {say('on_day', day=say.full_day(on))}"
    out.print(escape(head), style="bold", highlight=False)
    if there := stood_in(told, say):
        _text(there)
    if answer.needed:
        names = ", ".join(f"--{i.id.replace('_', '-')}" for i in answer.needed)
        what = "; ".join(f"{say.of(i.names)} ({say.of(i.unit)})" for i in answer.needed)
        _text(f"{say('needed', what=what)} {say_cli('law_needed', options=names)}")
        raise typer.Exit(1)
    _text(say("answered_one" if answer.settled else "answered_many"))
    for one in answer.outcomes:
        _outcome(say, outcome(home, told, one, say, shown=False))
    if answer.open and not answer.settled:
        names = ", ".join(f"--{i.id.replace('_', '-')}" for i in answer.open)
        out.print()
        _text(say_cli("law_open", options=names))


def _outcome(say: Speaker, one: OutcomeLine) -> None:
    out.print()
    tag = "" if one.tag is None or one.tag.word == one.title else f" ({one.tag.word})"
    clause = f": {one.clause}" if one.clause else ""
    out.print(escape(f"{one.title}{tag}{clause}"), style="bold", highlight=False, soft_wrap=True)
    for case in one.cases:
        _text(f"  {case}")
    _text(f"  {one.text}")
    if one.note:
        _text(f"  {one.note}")
    if (c := one.command) is not None:
        who = [say("directs", who=c.directs)] if c.directs else []
        who += [say("commands_who", who=c.commands)] if c.commands else []
        _text("  " + " ".join(f"{w.rstrip('.')}." for w in (*who, c.basis, c.note) if w))
    elif one.command_none:
        _text(f"  {one.command_none}")


def _options(words: Sequence[str]) -> dict[str, str]:
    """``--rain 350 --region=plain`` as texts by name; a number may be negative.

    Raises:
        BadData: A word that belongs to no option, an option without a value, or one given twice.
    """
    from haidang.base.errors import BadData  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415

    found: dict[str, str] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        name, given, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise BadData(Problem("cli.law_word", {"word": word}))
        if not given:
            if not left or left[0].startswith("--"):
                raise BadData(Problem("cli.law_no_value", {"name": name}, field=f"--{name}"))
            value = left.pop(0)
        key = name.replace("-", "_")
        if key in found:
            raise BadData(Problem("cli.law_twice", {"name": name}, field=f"--{name}"))
        found[key] = value
    return found


def _home(country: str | None) -> CountryPack:
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    return load_country(where.country(country), where.threats)


def _speaker(home: CountryPack) -> Speaker:
    from haidang.web.speak import Speaker  # noqa: PLC0415

    return Speaker(language(), home.zone, "law_page")


def _day(text: str, home: CountryPack) -> date:
    if not text:
        return datetime.now(home.zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say_cli("bad_day", value=text), param_hint="--day") from None


def _table(say: Speaker, *columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(say(name), justify="right" if name in right else "left", overflow="fold")
    return table


def _text(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)
