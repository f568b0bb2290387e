"""Commands, each a few lines around a job. Heavy imports wait until a command needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from haidang.cli import channels, key, law, ledger, outbox, raising, recipients, stock, world
from haidang.cli import pack as pack_commands
from haidang.cli.cap import cap
from haidang.cli.detect import detect
from haidang.cli.forecast import backtest, forecast
from haidang.cli.index import index
from haidang.cli.late import nowcast, reproduction
from haidang.cli.listen import listen
from haidang.cli.observe import observe
from haidang.cli.publish import publish
from haidang.cli.review import review
from haidang.cli.score import score
from haidang.cli.serve import serve
from haidang.cli.show import choose, err, help_text, language, out, problems, say, scores, summary
from haidang.cli.show import places as show_places
from haidang.cli.together import together
from haidang.words import LANGUAGES

if TYPE_CHECKING:
    from haidang.api import Replay
    from haidang.jobs.explain import Line
    from haidang.pack.case import Case
    from haidang.pack.load import Roots
    from haidang.pack.schema import Country as CountryPack

Lang = Annotated[str | None, typer.Option("--lang", help="vi, en", show_default=False)]
Out = Annotated[Path, typer.Option("--out", help=help_text("help_out"))]
# Must exist: a store that is not there would be made, and an empty ledger is in perfect order.
Db = Annotated[
    Path | None,
    typer.Option("--db", help=help_text("help_db"), exists=True, dir_okay=False),
]
Country = Annotated[str | None, typer.Option("--country", help=help_text("help_country"))]

Approve = Annotated[
    bool | None, typer.Option("--approve/--no-approve", help=help_text("help_new_approve"))
]


def build() -> typer.Typer:
    """The command line; a group of its own for every threat that is told by bulletins."""
    app = typer.Typer(
        help=help_text("help"), no_args_is_help=True, pretty_exceptions_enable=False,
        add_completion=False,
    )  # fmt: skip
    app.callback()(_callback)
    app.command("replay", help=help_text("help_replay"))(replay)
    app.command("together", help=help_text("help_together"))(together)
    app.command("check", help=help_text("help_check"))(check)
    app.command("verify", help=help_text("help_verify"))(verify)
    app.command("score", help=help_text("help_score"))(score)
    app.command("review", help=help_text("help_review"))(review)
    app.command("explain", help=help_text("help_explain"))(explain)
    app.command("detect", help=help_text("help_detect"))(detect)
    app.command("forecast", help=help_text("help_forecast"))(forecast)
    app.command("backtest", help=help_text("help_backtest"))(backtest)
    app.command("nowcast", help=help_text("help_nowcast"))(nowcast)
    app.command("reproduction", help=help_text("help_reproduction"))(reproduction)
    app.command("observe", help=help_text("help_observe"))(observe)
    app.command("listen", help=help_text("help_listen"))(listen)
    app.command("index", help=help_text("help_index"))(index)
    app.command("cap", help=help_text("help_cap"))(cap)
    app.command("publish", help=help_text("help_publish"))(publish)
    app.command("serve", help=help_text("help_serve"))(serve)
    app.add_typer(ledger.build(), name="ledger")
    app.add_typer(channels.build(), name="channels")
    app.add_typer(key.build(), name="key")
    places = typer.Typer(invoke_without_command=True, help=help_text("help_places"))
    places.callback()(places_list)
    places.command("find", help=help_text("help_places_find"))(places_find)
    places.command("import", help=help_text("help_places_import"))(places_import)
    app.add_typer(places, name="places")
    app.add_typer(law.group(), name="law")
    app.add_typer(pack_commands.group(), name="pack")
    app.add_typer(stock.build(), name="stock")
    app.add_typer(raising.build(), name="raise")
    app.add_typer(world.build(), name="world")
    app.command("deliver", help=help_text("help_deliver"))(outbox.deliver)
    app.add_typer(outbox.build(), name="outbox")
    app.add_typer(recipients.build_recipients(), name="recipients")
    app.add_typer(recipients.build_subscriptions(), name="subscriptions")
    app.add_typer(recipients.build_route(), name="route")
    _threat_groups(app)
    return app


def _threat_groups(app: typer.Typer) -> None:
    """A threat's name is a command because its folder is there, never because it stands here."""
    from haidang.pack.load import roots  # noqa: PLC0415 - the walk is cheap, importing it is not

    for name, folder in sorted(roots().threats.items()):
        kind = _kind(folder)
        if kind == "counts":
            continue  # nobody issues bulletins of it; ``observe`` takes its counts in
        group = typer.Typer(no_args_is_help=True, help=help_text("help_threat", name=name))
        new = _new_readings(name) if kind == "readings" else _new(name)
        group.command("new", help=help_text("help_new"))(new)
        app.add_typer(group, name=name)


def _kind(folder: Path) -> str:
    """What a pack is told by; one that cannot be read is told of by ``check``."""
    from haidang.base.errors import BadPack  # noqa: PLC0415
    from haidang.pack.load import read_yaml  # noqa: PLC0415

    try:
        watch = read_yaml(folder / "pack.yaml").get("watch")
    except BadPack:
        return ""
    return str(watch.get("kind", "")) if isinstance(watch, dict) else ""


def _callback(lang: Lang = None) -> None:
    if lang:
        if lang not in LANGUAGES:
            raise typer.BadParameter(say("no_language", name=lang, known=", ".join(LANGUAGES)))
        choose(lang)


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

        return replay_case(case, where, folder, language=language(), progress=tell, publish=True)


def _finish(made: Replay) -> None:
    """Write tables and reports, and say in a few lines what happened and where it lies.

    Raises:
        Unavailable: A file of it cannot be written.
    """
    from haidang.base.errors import Unavailable  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415

    try:
        reports = _written(made)
    except OSError as error:
        file = str(error.filename or made.folder)
        why = error.strerror or str(error)
        raise Unavailable(Problem("cli.unwritable", {"why": why}, file=file)) from error
    problems(made.played.problems)
    summary(made)
    for path in (p for p in (*reports, made.folder / "cap", made.folder / "tables") if p.exists()):
        out.print(f"  {path}", highlight=False, soft_wrap=True)
    line = say("ledger_line", entries=made.entries, head=made.head)
    out.print(line, highlight=False, soft_wrap=True)
    out.print(say("decision_support"), highlight=False)


def _written(made: Replay) -> tuple[Path, ...]:
    from haidang.api import as_response, as_tables  # noqa: PLC0415
    from haidang.jobs.review_tables import write as write_review  # noqa: PLC0415
    from haidang.jobs.tables import write  # noqa: PLC0415
    from haidang.jobs.tables_response import write_response  # noqa: PLC0415
    from haidang.web.pages.report import write_reports  # noqa: PLC0415

    found = as_tables(made)
    write(found, made.folder / "tables")
    write_response(as_response(made), made.folder / "tables")
    made.announced.to_csv(made.folder / "tables" / "announced.csv", index=False)
    made.verification.to_csv(made.folder / "tables" / "verification.csv", index=False)
    write_review(made.review, made.folder / "tables")
    return tuple(write_reports(made.played, found, made.folder, *made.judged, made.review.book))


def replay(
    case: Annotated[str, typer.Argument(help=help_text("help_case"))],
    folder: Out = Path("out"),
    threat: Annotated[str, typer.Option(help=help_text("help_replay_threat"))] = "",
    name: Annotated[str, typer.Option(help=help_text("help_new_name"))] = "",
    status: Annotated[str, typer.Option(help=help_text("help_new_status"))] = "Exercise",
    approve: Approve = None,
    country: Country = None,
) -> None:
    """Play a case that ships with a pack, or a file of one's own."""
    from haidang.pack.case import load_case  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    if threat or case.lower().endswith(".csv"):
        _own(Path(case), threat, folder, name, status, 600, approve=approve, country=country)
        return
    where = roots()
    found = load_case(case, where)
    if approve is not None:
        out.print(say("approve_own"), highlight=False, style="yellow", soft_wrap=True)
    _finish(_played(found, where, folder))


def _own(
    file: Path,
    threat: str,
    folder: Path,
    name: str,
    status: str,
    averaging: int,
    *,
    approve: bool | None,
    country: str | None,
) -> None:
    from haidang.jobs.desk_files import keep_as_desk  # noqa: PLC0415
    from haidang.jobs.tonight import own_file  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    where = roots()
    home = where.country(country).name
    case = own_file(file, threat, home, where, name, status, averaging_s=averaging, approve=approve)
    made = _played(case, where, folder)
    read = made.played.context.pack.threat.read
    keep_as_desk(made.folder, case, name, datetime.now(UTC), read=read)
    _finish(made)
    if approve is None and not case.spec.officers:
        out.print(say("not_approved"), highlight=False, style="yellow", soft_wrap=True)


def _new(threat: str):  # type: ignore[no-untyped-def]
    def new(
        file: Annotated[Path, typer.Argument(help=help_text("help_new_file"))],
        name: Annotated[str, typer.Option(help=help_text("help_new_name"))] = "",
        status: Annotated[str, typer.Option(help=help_text("help_new_status"))] = "Exercise",
        averaging: Annotated[int, typer.Option(help=help_text("help_new_averaging"))] = 600,
        approve: Approve = None,
        country: Country = None,
        folder: Out = Path("out"),
    ) -> None:
        _own(file, threat, folder, name, status, averaging, approve=approve, country=country)

    return new


def _new_readings(threat: str):  # type: ignore[no-untyped-def]
    def new(
        file: Annotated[Path, typer.Argument(help=help_text("help_new_readings"))],
        name: Annotated[str, typer.Option(help=help_text("help_new_name"))] = "",
        status: Annotated[str, typer.Option(help=help_text("help_new_status"))] = "Exercise",
        approve: Approve = None,
        country: Country = None,
        folder: Out = Path("out"),
    ) -> None:
        _own(file, threat, folder, name, status, 600, approve=approve, country=country)

    return new


def check(
    on: Annotated[str, typer.Option(help=help_text("help_check_on"))] = "",
) -> None:
    """Walk every pack and every country like a compiler."""
    from haidang.pack.check import check as run_check  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    report = run_check(roots(), _day(on))
    problems((*report.notes, *report.problems))
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
    cases: Annotated[list[str] | None, typer.Argument(help=help_text("help_verify_cases"))] = None,
    quantile: Annotated[float, typer.Option(help=help_text("help_quantile"))] = 0.0,
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
        scores(name, found)
        counted.append(found)
    if len(counted) > 1:
        scores(say("all_cases", n=len(counted)), job.total(c for f in counted for c in f))
    out.print(say("few_events"), highlight=False)


def _day(text: str) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("bad_day", value=text)) from None


def _time(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("bad_time", value=text)) from None


def explain(
    name: Annotated[str, typer.Argument(help=help_text("help_explain_id"))] = "",
    place: Annotated[str, typer.Option(help=help_text("help_explain_place"))] = "",
    at: Annotated[str, typer.Option(help=help_text("help_explain_at"))] = "",
    recipient: Annotated[str, typer.Option(help=help_text("help_explain_recipient"))] = "",
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
    if recipient:
        lines = _recipient(paths, recipient, place, home, folder)
    elif place:
        when = _time(at)
        if when.tzinfo is None:
            when = when.replace(tzinfo=home.zone)
        if not paths:
            raise typer.BadParameter(say("no_store", folder=folder))
        lines = _place(paths, place, when, home)
    elif name:
        for path in paths:
            _looked_at(path)
        lines = job.explain(paths, name, home, language())
    else:
        raise typer.BadParameter(say("explain_what"))
    for line in lines:
        out.print(
            f"[bold]{line.at:%d/%m/%Y %H:%M}[/bold]  {escape(line.text)}",
            highlight=False,
            soft_wrap=True,
        )
        out.print(f"                  {line.id}", style="dim", highlight=False)


def _recipient(
    paths: Sequence[Path], name: str, place: str, home: CountryPack, folder: Path
) -> Sequence[Line]:
    """What became of the messages for one recipient, in the first store that knows them."""
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.edge.store.store import Store  # noqa: PLC0415
    from haidang.jobs.told import why_not  # noqa: PLC0415

    missing: NotFound | None = None
    for path in paths:
        with Store.open(path, check=False, create=False) as store:
            try:
                return why_not(store, path, name, home, language(), place)
            except NotFound as error:
                missing = missing or error
    if missing is None:
        raise typer.BadParameter(say("no_store", folder=folder))
    raise missing


def _looked_at(path: Path) -> None:
    """Refuse a file that is no store: to look at one must never make one."""
    from haidang.edge.store.store import Store  # noqa: PLC0415

    Store.open(path, check=False, create=False).close()


def _place(paths: Sequence[Path], place: str, when: datetime, home: CountryPack) -> Sequence[Line]:
    """The newest decision for a place in any of the stores, and which store that was."""
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.jobs import explain as job  # noqa: PLC0415

    found: list[tuple[Sequence[Line], Path]] = []
    missing: list[NotFound] = []
    for path in paths:
        _looked_at(path)
        try:
            found.append((job.explain_place(path, place, when, home, language()), path))
        except NotFound as error:
            missing.append(error)
    if not found:
        raise missing[0]
    lines, path = max(found, key=lambda pair: pair[0][0].at)  # of two alike the newer store
    said = say("from_store", case=path.parent.name, path=path)
    out.print(escape(said), style="dim", highlight=False, soft_wrap=True)
    return lines


def places_list(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="nation, province, commune, sea, point")] = "province",
    on: Annotated[str, typer.Option(help=help_text("help_places_on"))] = "",
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
    show_places(home.places.gazetteer.at(_day(on), found), home.places.population_on(_day(on)))


def _home(country: str | None):  # type: ignore[no-untyped-def]
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    return load_country(where.country(country), where.threats)


def places_find(
    text: Annotated[str, typer.Argument(help=help_text("help_find_text"))],
    on: Annotated[str, typer.Option(help=help_text("help_places_on"))] = "",
    country: Country = None,
) -> None:
    """Find places by name; accents and capitals do not matter."""
    home = _home(country)
    day = _day(on)
    show_places(home.places.gazetteer.search(text, day), home.places.population_on(day))


def places_import(
    file: Annotated[Path, typer.Argument(help=help_text("help_import_file"))],
    kind: Annotated[str, typer.Option(help="commune, province")] = "commune",
    code: Annotated[str, typer.Option(help=help_text("help_import_code"))] = "code",
    country: Country = None,
) -> None:
    """Take in outlines that you bring: checked, kept for the next runs."""
    from haidang.jobs.outlines import import_file  # noqa: PLC0415

    kept, path, found = import_file(file, _home(country), kind, code)
    problems(found)
    out.print(say("imported", n=kept, path=path), highlight=False, soft_wrap=True)
