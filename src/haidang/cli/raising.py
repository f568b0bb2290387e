"""``haidang raise``: a person's word that several hazards at a place are worse together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import help_text, language, out, say

if TYPE_CHECKING:
    from haidang.edge.store.raises import RaiseState
    from haidang.edge.store.store import Store
    from haidang.pack.schema import Country

Db = Annotated[Path, typer.Option("--db", help=help_text("help_raise_db"), exists=True)]
Actor = Annotated[str, typer.Option("--actor", help=help_text("help_raise_actor"))]
Role = Annotated[str, typer.Option("--role", help=help_text("help_raise_role"))]
At = Annotated[str, typer.Option("--at", help=help_text("help_raise_at"))]
Of = Annotated[str | None, typer.Option("--country", help=help_text("help_country"))]
Id = Annotated[str, typer.Argument(help=help_text("help_raise_id"))]
Note = Annotated[str, typer.Option("--note", help=help_text("help_raise_note"))]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_raise"))
    group.command("list", help=help_text("help_raise_list"))(listed)
    group.command("propose", help=help_text("help_raise_propose"))(propose)
    group.command("approve", help=help_text("help_raise_approve"))(approve)
    group.command("refuse", help=help_text("help_raise_refuse"))(refuse)
    group.command("withdraw", help=help_text("help_raise_withdraw"))(withdraw)
    return group


def listed(db: Db, country: Of = None) -> None:
    """Every raise of a store and what became of it."""
    home = _home(country)
    with _open(db, create=False) as store:
        found = store.raises()
    if not found:
        out.print(say("raise_none"), highlight=False)
        return
    table = Table()
    for name in ("id", "place", "by", "stage", "from", "until", "role"):
        table.add_column(say(f"column_raise_{name}"))
    for state in found:
        one = state.of_force
        table.add_row(
            one.id[:8],
            _place(home, one.place),
            f"+{one.by}",
            say(f"raise_stage_{state.stage}"),
            _time(home, one.at),
            _time(home, one.until),
            home.role(one.role, language()),
        )
    out.print(table)


def propose(
    place: Annotated[str, typer.Argument(help=help_text("help_raise_place"))],
    db: Db,
    reason: Annotated[str, typer.Option("--reason", help=help_text("help_raise_reason"))],
    until: Annotated[str, typer.Option("--until", help=help_text("help_raise_until"))],
    actor: Actor,
    role: Role,
    by: Annotated[int, typer.Option("--by", help=help_text("help_raise_by"))] = 1,
    serious: Annotated[
        bool, typer.Option("--serious-loss", help=help_text("help_raise_serious"))
    ] = False,
    at: At = "",
    country: Of = None,
) -> None:
    """Propose that the combined level of a place be raised."""
    from haidang.edge.store.notices import Person  # noqa: PLC0415
    from haidang.jobs import raising  # noqa: PLC0415

    home = _home(country)
    with _open(db) as store:
        when = _when(store, at)
        _known(home, role)
        ends = _moment(until, "--until")
        here = raising.standing(store, home, place)
        store.add_actor(role, actor_id=actor)
        made = raising.propose(
            store, home, place, by, reason, ends, Person(actor, role, when), serious_loss=serious
        )
        stage = next(s.stage for s in store.raises() if s.id == made.id)
    reached = min(here.own + by, here.scale.top)
    said = say(
        f"raise_said_{stage}",
        id=made.id[:8],
        place=_place(home, place),
        own=here.own,
        combined=reached,
        until=_time(home, ends),
    )
    out.print(said, highlight=False, soft_wrap=True)


def approve(
    raise_id: Id,
    db: Db,
    actor: Actor,
    role: Role,
    broke_glass: Annotated[
        bool, typer.Option("--break-glass", help=help_text("help_raise_glass"))
    ] = False,
    at: At = "",
    country: Of = None,
) -> None:
    """Let a proposed raise come into force."""
    home = _home(country)
    with _open(db) as store:
        when = _acting(store, home, actor, role, at)
        _told(home, store.approve_raise(raise_id, actor, role, when, broke_glass=broke_glass))


def refuse(
    raise_id: Id, db: Db, actor: Actor, role: Role, note: Note = "", at: At = "", country: Of = None
) -> None:
    """Turn a proposed raise down."""
    home = _home(country)
    with _open(db) as store:
        when = _acting(store, home, actor, role, at)
        _told(home, store.refuse_raise(raise_id, actor, role, when, note))


def withdraw(
    raise_id: Id, db: Db, actor: Actor, role: Role, note: Note = "", at: At = "", country: Of = None
) -> None:
    """Take a raise back."""
    home = _home(country)
    with _open(db) as store:
        when = _acting(store, home, actor, role, at)
        _told(home, store.withdraw_raise(raise_id, actor, role, when, note))


def _open(db: Path, *, create: bool = True) -> Store:
    from haidang.edge.store.store import Store  # noqa: PLC0415

    return Store.open(db, check=False, create=create)


def _home(name: str | None) -> Country:
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    return load_country(where.country(name), where.threats)


def _acting(store: Store, home: Country, actor: str, role: str, at: str) -> datetime:
    """When the act happens; registers who acts."""
    _known(home, role)
    when = _when(store, at)
    store.add_actor(role, actor_id=actor)
    return when


def _known(home: Country, role: str) -> None:
    authorities = {} if home.authorities is None else home.authorities.roles
    known = {**home.spec.roles, **authorities}
    if known and role not in known:
        raise typer.BadParameter(say("bad_role", value=role, known=", ".join(sorted(known))))


def _when(store: Store, at: str) -> datetime:
    """As asked; else the store's own clock, the time of its newest run or act on a raise."""
    if at:
        return _moment(at, "--at")
    times = [d.at for d in store.decisions()]
    for state in store.raises():
        times += [t for t in (state.proposed.at, state.approved, state.ended) if t is not None]
    return max(times, default=datetime.now(UTC))


def _moment(text: str, option: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(say("bad_moment", value=text, option=option))
    return found


def _told(home: Country, state: RaiseState) -> None:
    said = say(
        f"raise_done_{state.stage}",
        id=state.id[:8],
        place=_place(home, state.proposed.place),
        by=state.proposed.by,
        until=_time(home, state.proposed.until),
    )
    out.print(said, highlight=False, soft_wrap=True)


def _place(home: Country, code: str) -> str:
    named = [p for p in home.places.gazetteer if p.code == code]
    return f"{named[-1].name(language())} ({code})" if named else code


def _time(home: Country, at: datetime) -> str:
    return f"{home.local(at):%H:%M %d/%m/%Y}"
