"""Commands, each a few lines around a job. Heavy imports wait until a command needs them."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from haidang.words import LANGUAGES, word

if TYPE_CHECKING:
    from haidang.api import Replay
    from haidang.base.problem import Problem
    from haidang.pack.case import Case
    from haidang.pack.load import Roots
    from haidang.review.verification import Contingency

out = Console()
err = Console(stderr=True)


def language_of(environment: Mapping[str, str]) -> str:
    """The user's language: ``HAIDANG_LANG``, then the locale, then English."""
    asked = environment.get("HAIDANG_LANG") or environment.get("LC_ALL") or environment.get("LANG")
    asked = asked or (locale.getlocale()[0] or "")
    tag = asked.split("_")[0].split(".")[0].lower()
    return tag if tag in LANGUAGES else "en"


def say(key: str, **params: object) -> str:
    """A text of the command line in the user's language."""
    return word(f"cli.{key}", _language(), **params)


_chosen: list[str] = []


def _language() -> str:
    return _chosen[-1] if _chosen else language_of(os.environ)


Lang = Annotated[
    Optional[str], typer.Option("--lang", help="vi, en", show_default=False)  # noqa: UP045
]
Out = Annotated[Path, typer.Option("--out", help=word("cli.help_out", "en"))]
Db = Annotated[
    Optional[Path], typer.Option("--db", help=word("cli.help_db", "en"))  # noqa: UP045
]
Country = Annotated[
    Optional[str], typer.Option("--country", help=word("cli.help_country", "en"))  # noqa: UP045
]


def build() -> typer.Typer:
    """The command line; a group of its own for every threat that is told by bulletins."""
    app = typer.Typer(
        help=word("cli.help", _language()), no_args_is_help=True, pretty_exceptions_enable=False,
        add_completion=False,
    )  # fmt: skip
    app.callback()(_callback)
    app.command("replay", help=word("cli.help_replay", _language()))(replay)
    app.command("check", help=word("cli.help_check", _language()))(check)
    app.command("verify", help=word("cli.help_verify", _language()))(verify)
    app.command("explain", help=word("cli.help_explain", _language()))(explain)
    ledger = typer.Typer(no_args_is_help=True, help=word("cli.help_ledger", _language()))
    ledger.command("verify", help=word("cli.help_ledger_verify", _language()))(ledger_verify)
    ledger.command("head", help=word("cli.help_ledger_head", _language()))(ledger_head)
    app.add_typer(ledger, name="ledger")
    places = typer.Typer(invoke_without_command=True, help=word("cli.help_places", _language()))
    places.callback()(places_list)
    places.command("find", help=word("cli.help_places_find", _language()))(places_find)
    places.command("import", help=word("cli.help_places_import", _language()))(places_import)
    app.add_typer(places, name="places")
    _threat_groups(app)
    return app


def _threat_groups(app: typer.Typer) -> None:
    """A threat's name is a command because its folder is there, never because it stands here."""
    from haidang.pack.load import roots  # noqa: PLC0415 - the walk is cheap, importing it is not

    for name in sorted(roots().threats):
        group = typer.Typer(
            no_args_is_help=True, help=word("cli.help_threat", _language(), name=name)
        )
        group.command("new", help=word("cli.help_new", _language()))(_new(name))
        app.add_typer(group, name=name)


def _callback(lang: Lang = None) -> None:
    if lang:
        if lang not in LANGUAGES:
            raise typer.BadParameter(say("no_language", name=lang, known=", ".join(LANGUAGES)))
        _chosen.append(lang)


def _played(case: Case, where: Roots, folder: Path) -> Replay:
    from haidang.api import replay_case  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(say("starting"), total=None)

        def tell(done: int, of: int, what: str) -> None:
            label = say("step", what=what) if what else say("reporting")
            bar.update(task, completed=done, total=of, description=label)

        return replay_case(case, where, folder, language=_language(), progress=tell)


def _finish(made: Replay) -> None:
    """Write tables and reports, and say in a few lines what happened and where it lies."""
    from haidang.api import as_tables, judged  # noqa: PLC0415
    from haidang.jobs.tables import write  # noqa: PLC0415
    from haidang.web.pages.report import write_reports  # noqa: PLC0415

    found = as_tables(made)
    write(found, made.folder / "tables")
    made.announced.to_csv(made.folder / "tables" / "announced.csv", index=False)
    made.verification.to_csv(made.folder / "tables" / "verification.csv", index=False)
    reports = write_reports(made.played, found, made.folder, *judged(made.played))
    _problems(made.played.problems)
    _summary(made)
    for path in (*reports, made.folder / "cap", made.folder / "tables"):
        out.print(f"  {path}", highlight=False, soft_wrap=True)
    out.print(say("ledger_line", entries=made.entries, head=made.head), highlight=False)
    out.print(say("decision_support"), highlight=False)


def _summary(made: Replay) -> None:
    levels = made.levels
    raised = levels[levels["level"] > 0]
    if raised.empty:
        out.print(say("no_level"))
        return
    top = raised.groupby(["kind", "place", "place_name"], sort=False)["level"].max().reset_index()
    table = Table(title=say("summary_title"), title_justify="left")
    for name in ("place", "highest", "first", "clause", "onset"):
        table.add_column(say(f"column_{name}"))
    rows = top.sort_values(["level", "kind", "place"], ascending=[False, True, True])
    for row in rows.head(12).itertuples():
        first = raised[(raised["place"] == row.place) & (raised["level"] == row.level)].iloc[0]
        onset = made.onsets[
            (made.onsets["place"] == row.place)
            & (made.onsets["bulletin"] == first["bulletin"])
            & made.onsets["onset_central"].notna()
        ]
        leads = onset.iloc[-1] if len(onset) else None
        table.add_row(
            str(row.place_name),
            str(row.level),
            f"{first['bulletin']:%d/%m %H:%M}",
            str(first["clause"]),
            ""
            if leads is None
            else say(
                "onset_cell", force=leads["force"], at=f"{leads['onset_central']:%d/%m %H:%M}"
            ),
        )
    out.print(table)
    if len(rows) > 12:  # noqa: PLR2004 - a screen's worth
        out.print(say("more_areas", n=len(rows) - 12))


def _problems(found: tuple[Problem, ...]) -> None:
    for problem in found:
        style = "red" if problem.severity == "error" else "yellow"
        err.print(problem.say(_language()), style=style, highlight=False, soft_wrap=True)


def replay(
    case: Annotated[str, typer.Argument(help=word("cli.help_case", "en"))],
    folder: Out = Path("out"),
) -> None:
    """Play a case that ships with a pack, bulletin by bulletin."""
    from haidang.pack.case import load_case  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    where = roots()
    _finish(_played(load_case(case, where), where, folder))


def _new(threat: str):  # type: ignore[no-untyped-def]
    def new(
        file: Annotated[Path, typer.Argument(help=word("cli.help_new_file", "en"))],
        name: Annotated[str, typer.Option(help=word("cli.help_new_name", "en"))] = "",
        status: Annotated[str, typer.Option(help=word("cli.help_new_status", "en"))] = "Exercise",
        averaging: Annotated[int, typer.Option(help=word("cli.help_new_averaging", "en"))] = 600,
        approve: Annotated[bool, typer.Option(help=word("cli.help_new_approve", "en"))] = True,
        country: Country = None,
        folder: Out = Path("out"),
    ) -> None:
        from haidang.jobs.tonight import tonight  # noqa: PLC0415
        from haidang.pack.load import roots  # noqa: PLC0415

        where = roots()
        home = where.country(country).name
        case = tonight(file, threat, home, name, status, averaging, approve=approve)
        _finish(_played(case, where, folder))

    return new


def check(
    on: Annotated[str, typer.Option(help=word("cli.help_check_on", "en"))] = "",
) -> None:
    """Walk every pack and every country like a compiler."""
    from haidang.pack.check import check as run_check  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    report = run_check(roots(), _day(on))
    _problems(report.problems)
    errors = sum(p.severity == "error" for p in report.problems)
    out.print(
        say(
            "checked",
            threats=report.threats,
            countries=report.countries,
            cases=report.cases,
            errors=errors,
            warnings=len(report.problems) - errors,
        ),
        highlight=False,
    )
    if errors:
        raise typer.Exit(1)


def verify(
    cases: Annotated[
        Optional[list[str]], typer.Argument(help=word("cli.help_verify_cases", "en"))
    ] = None,  # noqa: UP045
    quantile: Annotated[float, typer.Option(help=word("cli.help_quantile", "en"))] = 0.0,
) -> None:
    """Past events judged by the track as found out afterwards, by lead time before landfall."""
    from haidang.jobs import verify as job  # noqa: PLC0415
    from haidang.jobs.replay import plan, prepare  # noqa: PLC0415
    from haidang.pack.case import find_cases, load_case  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    where = roots()
    counted = []
    for name in cases or sorted(find_cases(where)):
        case = load_case(name, where)
        if case.truth() is None:
            continue
        context = prepare(case, where)
        if quantile:
            context = job.with_risk(context, quantile=quantile)
        by_issue = job.hindcast(case, context, plan(case)[0])
        found = job.verify(case, context, by_issue)
        _scores(name, found)
        counted.append(found)
    if len(counted) > 1:
        _scores(say("all_cases", n=len(counted)), job.total(c for f in counted for c in f))
    out.print(say("few_events"), highlight=False)


def _scores(title: str, found: tuple[Contingency, ...]) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("lead", "force", "hits", "misses", "false_alarms", "pod", "far", "csi"):
        table.add_column(say(f"column_{name}"), justify="right")
    for row in found:
        scores = ("–" if v is None else f"{v:.2f}" for v in (row.pod, row.far, row.csi))
        counts = (row.lead_h, row.force, row.hits, row.misses, row.false_alarms)
        table.add_row(*(f"{v:g}" for v in counts), *scores)
    out.print(table)


def _day(text: str) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("bad_day", value=text)) from None


def explain(
    name: Annotated[str, typer.Argument(help=word("cli.help_explain_id", "en"))] = "",
    place: Annotated[str, typer.Option(help=word("cli.help_explain_place", "en"))] = "",
    at: Annotated[str, typer.Option(help=word("cli.help_explain_at", "en"))] = "",
    db: Db = None,
    country: Country = None,
    folder: Out = Path("out"),
) -> None:
    """Why this level? Why was I not told?"""
    from haidang.jobs import explain as job  # noqa: PLC0415
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    home = load_country(where.country(country), where.threats)
    paths = (db,) if db else job.databases(folder)
    if place:
        when = datetime.fromisoformat(at) if at else datetime.now(UTC)
        if when.tzinfo is None:
            when = when.replace(tzinfo=home.zone)
        if not paths:
            raise typer.BadParameter(say("no_store", folder=folder))
        lines = job.explain_place(paths[0], place, when, home, _language())
    elif name:
        lines = job.explain(paths, name, home, _language())
    else:
        raise typer.BadParameter(say("explain_what"))
    for line in lines:
        out.print(
            f"[bold]{line.at:%d/%m/%Y %H:%M}[/bold]  {escape(line.text)}",
            highlight=False,
            soft_wrap=True,
        )
        out.print(f"                  {line.id}", style="dim", highlight=False)


def ledger_verify(
    db: Db = None,
    anchor: Annotated[str, typer.Option(help=word("cli.help_anchor", "en"))] = "",
    folder: Out = Path("out"),
) -> None:
    """Recompute every hash of a ledger."""
    from haidang.edge.store.store import Store  # noqa: PLC0415
    from haidang.jobs.explain import databases  # noqa: PLC0415

    paths = (db,) if db else databases(folder)
    if not paths:
        raise typer.BadParameter(say("no_store", folder=folder))
    bad = False
    for path in paths:
        with Store.open(path) as store:
            found = store.verify(anchor or None)
            entries, head = store.head()
        _problems(found)
        bad = bad or bool(found)
        key = "ledger_bad" if found else "ledger_good"
        out.print(say(key, path=path, entries=entries, head=head), highlight=False)
    if bad:
        raise typer.Exit(1)


def ledger_head(db: Db = None, folder: Out = Path("out")) -> None:
    """Number and hash of the newest entry: what is published."""
    from haidang.edge.store.store import Store  # noqa: PLC0415
    from haidang.jobs.explain import databases  # noqa: PLC0415

    for path in (db,) if db else databases(folder):
        with Store.open(path, check=False) as store:
            entries, head = store.head()
        out.print(f"{head}  {entries}  {path}", highlight=False, soft_wrap=True)


def places_list(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="nation, province, commune, sea, point")] = "province",
    on: Annotated[str, typer.Option(help=word("cli.help_places_on", "en"))] = "",
    country: Country = None,
) -> None:
    """List places as they are, or were, on a day."""
    if context.invoked_subcommand:
        return
    from haidang.base.place import KINDS  # noqa: PLC0415

    found = next((k for k in KINDS if k == kind), None)
    if found is None:
        raise typer.BadParameter(say("bad_kind", value=kind, known=", ".join(KINDS)))
    home = _home(country)
    _show_places(home.places.gazetteer.at(_day(on), found), home.places.population_on(_day(on)))


def _home(country: str | None):  # type: ignore[no-untyped-def]
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    return load_country(where.country(country), where.threats)


def _show_places(found, people: Mapping[str, int]) -> None:  # type: ignore[no-untyped-def]
    table = Table()
    for name in ("code", "name", "status", "parent", "people", "valid"):
        table.add_column(say(f"column_{name}"), justify="right" if name == "people" else "left")
    for place in found:
        until = "" if place.valid_to is None else place.valid_to.isoformat()
        number = people.get(place.code) if place.kind == "province" else None
        table.add_row(
            place.code,
            place.name(_language()),
            place.status,
            place.parent or "",
            "" if number is None else f"{number:,}",
            f"{'' if place.valid_from == date.min else place.valid_from} – {until}",
        )
    out.print(table)
    out.print(say("n_places", n=len(found)))


def places_find(
    text: Annotated[str, typer.Argument(help=word("cli.help_find_text", "en"))],
    on: Annotated[str, typer.Option(help=word("cli.help_places_on", "en"))] = "",
    country: Country = None,
) -> None:
    """Find places by name; accents and capitals do not matter."""
    home = _home(country)
    day = _day(on)
    _show_places(home.places.gazetteer.search(text, day), home.places.population_on(day))


def places_import(
    file: Annotated[Path, typer.Argument(help=word("cli.help_import_file", "en"))],
    kind: Annotated[str, typer.Option(help="commune, province")] = "commune",
    code: Annotated[str, typer.Option(help=word("cli.help_import_code", "en"))] = "code",
    country: Country = None,
) -> None:
    """Take in outlines that you bring: checked, kept for the next runs."""
    from haidang.jobs.outlines import import_file  # noqa: PLC0415

    kept, path, problems = import_file(file, _home(country), kind, code)
    _problems(problems)
    out.print(say("imported", n=kept, path=path), highlight=False, soft_wrap=True)
