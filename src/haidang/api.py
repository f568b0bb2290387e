"""The verbs for analysts: ``import haidang as hd``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path

import numpy as np
import pandas as pd

from haidang.base.errors import BadData, BadPack
from haidang.base.problem import Problem
from haidang.edge.store.store import Store
from haidang.jobs import verify
from haidang.jobs.publish import Follower
from haidang.jobs.replay import Played, play, scope_of
from haidang.jobs.review import review
from haidang.jobs.review_tables import ReviewTables, review_tables
from haidang.jobs.risk_index import RiskIndex, of_country, of_table, own_index
from haidang.jobs.tables import Tables, tables
from haidang.jobs.tables_response import ResponseTables, response_tables
from haidang.law.evaluate import Ruling, lookup
from haidang.pack.case import Case, load_case
from haidang.pack.law import known_law
from haidang.pack.load import Roots, load_country, roots, zone_of
from haidang.review.announced import Compared
from haidang.review.verification import Contingency
from haidang.words import word

__all__ = ["Replay", "index", "level", "replay", "replay_case"]


@dataclass(frozen=True)
class Replay:
    """A case played through the chain, as tidy tables.

    Attributes:
        levels: One row a bulletin and place: level, reason, article, wind, law and places day.
        impacts: One row a bulletin, place and measure: low, central, high.
        onsets: One row a bulletin, place and wind force: first and last hour, probability.
        warnings: One row a draft: kind, occasion, level, headline, CAP identifier and file.
        tasks: One row a run and task: who does what by when, on whose order.
        needs: One row a run and need: low, central, high of one kind at one place.
        grants: One row a run and consignment: who sends what to whom.
        unmet: One row a run and gap: what nobody has, or nobody can bring in time.
        suggestions: One row a run and place: civil-defence level that the figures speak for.
        short: One row a run and need: what nobody can set ready for the high estimate.
        calls: One row a run and need: by when help must leave.
        announced: What was really announced, ours beside it; empty where nothing is known.
        verification: Areas warned against areas hit, by lead time; empty without a later track.
        review: What was known, decided, said and done beside what happened, as tables.
        head: Hash of the newest ledger entry: the same inputs give the same head.
        entries: Number of ledger entries.
        folder: Where the store, the CAP files and the tables lie.
        played: The case with its context.
        judged: From `judged`: what the last two tables are made of.
    """

    levels: pd.DataFrame
    impacts: pd.DataFrame
    onsets: pd.DataFrame
    warnings: pd.DataFrame
    tasks: pd.DataFrame
    needs: pd.DataFrame
    grants: pd.DataFrame
    unmet: pd.DataFrame
    suggestions: pd.DataFrame
    short: pd.DataFrame
    calls: pd.DataFrame
    announced: pd.DataFrame
    verification: pd.DataFrame
    review: ReviewTables
    head: str
    entries: int
    folder: Path
    played: Played
    judged: tuple[tuple[Compared, ...], tuple[Contingency, ...]] = ((), ())


def replay(
    case: str,
    out: str | Path | None = None,
    *,
    language: str = "en",
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Replay:
    """Play a case that ships with a pack.

    Args:
        case: Its id, e.g. as ``haidang replay`` lists them.
        out: Folder for everything it leaves; ``<out>/<case>``. None uses ``out`` in the working
            folder. Playing again in the same folder goes on where it stopped, or changes nothing.
        language: Of place names and headlines in the tables.
        progress: Told of each step: (done, of, what).

    Raises:
        NotFound: No such case; those that exist are named.
        Unavailable: The folder or the store in it cannot be used.
        BadPack, BadData: The case, the pack or the country does not fit.
    """
    found = roots()
    return replay_case(load_case(case, found), found, out, language=language, progress=progress)


def replay_case(
    case: Case,
    where: Roots,
    out: str | Path | None = None,
    *,
    language: str = "en",
    progress: Callable[[int, int, str], None] = lambda *_: None,
    publish: bool = False,
) -> Replay:
    """As ``replay``, for a case of one's own; with its public site where ``publish`` is set.

    Raises:
        BadData: As ``replay``; also an id of the case that leads out of the folder.
    """
    base = Path("out" if out is None else out)
    folder = base / case.spec.id
    if folder.resolve().parent != base.resolve():
        raise BadData(Problem("pack.outside", {"id": case.spec.id}, field="id"))
    follow = _publishing(case, folder) if publish else None
    played = play(case, where, folder, progress, follow)
    found = tables(played, language)
    planned = response_tables(played, language)
    compared, counted = judged(played)
    with Store.open(played.database, check=False) as store:
        entries, head = store.head()
    return Replay(
        levels=found.levels,
        impacts=found.impacts,
        onsets=found.onsets,
        warnings=found.warnings,
        tasks=planned.tasks,
        needs=planned.needs,
        grants=planned.grants,
        unmet=planned.unmet,
        suggestions=planned.suggestions,
        short=planned.short,
        calls=planned.calls,
        announced=_announced(compared),
        verification=_verification(counted),
        review=review_tables(review(played), played.context, language, word),
        head=head,
        entries=entries,
        folder=folder,
        played=played,
        judged=(compared, counted),
    )


def _publishing(case: Case, folder: Path) -> Follower:
    from haidang.web.pages.public import Public  # noqa: PLC0415 - templates, for this alone

    spec = case.spec
    return Follower(folder, scope_of(case), spec.places_on, spec.status, Public)


def judged(played: Played) -> tuple[tuple[Compared, ...], tuple[Contingency, ...]]:
    """A played case beside what was announced and beside what happened."""
    with Store.open(played.database, check=False) as store:
        by_issue = verify.outlooks(store.assessments(), verify.published(played))
    compared = verify.announced(played, by_issue)
    return compared, verify.verify(played.case, played.context, by_issue)


def as_tables(made: Replay) -> Tables:
    """The four tables of the chain."""
    return Tables(made.levels, made.impacts, made.onsets, made.warnings)


def as_response(made: Replay) -> ResponseTables:
    """The tables of the response."""
    return ResponseTables(
        made.tasks,
        made.needs,
        made.grants,
        made.unmet,
        made.suggestions,
        made.short,
        made.calls,
    )


def _announced(rows: Iterable[Compared]) -> pd.DataFrame:
    columns = [
        "issued", "valid_until", "area", "domain", "announced", "ours_window", "ours_horizon",
        "places", "note",
    ]  # fmt: skip
    said = [
        {**{k: v for k, v in asdict(r).items() if k != "area_text"}, "area": r.area_text,
         "places": "|".join(r.places)}
        for r in rows
    ]  # fmt: skip
    return pd.DataFrame(said, columns=columns)


def _verification(rows: Iterable[Contingency]) -> pd.DataFrame:
    columns = [
        "lead_h", "force", "hits", "misses", "false_alarms", "correct_negatives", "pod", "far",
        "csi",
    ]  # fmt: skip
    said = [{**asdict(r), "pod": r.pod, "far": r.far, "csi": r.csi} for r in rows]
    return pd.DataFrame(said, columns=columns)


def level(
    article: str | int,
    *,
    country: str | None = None,
    day: date | str | None = None,
    **inputs: object,
) -> Ruling:
    """What an article of a country's law says of one case.

    Args:
        article: Number, with or without ``art``.
        country: Country id; may be left out where only one is installed.
        day: Day whose law is asked, a date or a text such as ``2024-09-07``, with or without a
            time; None is today. Days are the country's: an instant with a time zone falls on the
            day that the country has then.
        inputs: The table's own inputs, e.g. wind force and area; a wrong name lists them.

    Returns:
        A ruling with ``level``, ``clause`` and ``status``; ``print`` says it in a sentence. A
        combination that the text does not define has no level and says so.

    Raises:
        NotFound: No such country or article, or no version in force on that day.
        BadData: An input is missing, unknown or not of its kind, or the day is none.
        BadPack: A file of the law does not fit, with every error.
    """
    # The law alone: whoever asks thousands of cases must not wait for places and packs each time.
    folder = roots().country(country)
    asked = _day(day, zone_of(folder))
    law = known_law(folder / "law")
    errors = [p for p in law.problems if p.severity == "error"]
    if errors:
        raise BadPack(*errors)
    return lookup(law.book.at(article, asked), day=asked, **inputs)


def index(
    values: pd.DataFrame | None = None,
    structure: str | Path | None = None,
    *,
    country: str | None = None,
    day: date | str | None = None,
    language: str = "en",
) -> RiskIndex:
    """A composite index of risk: a country's own, or one from values brought along.

    Args:
        values: A row a place, a column an indicator, in the unit of the tree; places are the index,
            or the column ``code``. None takes a country's own index.
        structure: File with the tree; None is that of INFORM, down to its components (0 to 10).
        country: Country id, without ``values``; may be left out where only one is installed.
        day: Whose provinces are ranked, without ``values``; None is today.
        language: Of names and titles.

    Returns:
        Tables: ``table`` by place, ``parts`` of the tree, ``drivers`` of each place; ``problems``.

    Raises:
        NotFound: No such country, or it has no index.
        BadData: The table has no places or no indicator, or the day is none.
        BadPack: The tree does not fit.
    """
    if values is not None:
        return of_table(values, structure, language)
    found = roots()
    home = load_country(found.country(country), found.threats)
    return of_country(own_index(home, _day(day, home.zone)), language)


def _day(given: object, zone: tzinfo) -> date:
    if given is None:
        return datetime.now(zone).date()
    if isinstance(given, np.datetime64):
        given = pd.Timestamp(given)
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        found = None
    if found is pd.NaT:
        found = None
    if isinstance(found, datetime):
        return found.date() if found.tzinfo is None else found.astimezone(zone).date()
    if isinstance(found, date):
        return found
    raise BadData(Problem("pack.not_a_day", {"given": given}, field="day"))
