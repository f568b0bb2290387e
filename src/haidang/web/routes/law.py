"""The law of a desk's country: the list of tables, and each of them."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Response

from haidang.base.errors import HaidangError
from haidang.jobs.desk import Desk
from haidang.jobs.law import Told, find_table, tell
from haidang.pack.regions import load_regions
from haidang.web.desks import bar
from haidang.web.pages import law as pages
from haidang.web.pages import law_table as table_pages
from haidang.web.parts import Crumb
from haidang.web.visit import Visit, Visited

router = APIRouter()


@router.get("/d/{desk}/law")
def page(visit: Visited, desk: str, day: str = "") -> Response:
    """Every table, and who commands at which level."""
    found = visit.desk(desk)
    view = found.at(None, visit.now)
    say = visit.speaker("law_page")
    on, trouble = _day(visit, found, day)
    context = pages.build(found.context.country, on, say, f"/d/{found.id}/law", trouble)
    return visit.page(
        "law.html", context, page="law", desk=bar(visit, found, view), room="law_page"
    )


@router.get("/d/{desk}/law/{name}")
def table(visit: Visited, desk: str, name: str, day: str = "", place: str = "") -> Response:
    """One table, and the answer to what was asked of it."""
    found = visit.desk(desk)
    view = found.at(None, visit.now)
    say = visit.speaker("law_page")
    country = found.context.country
    on, wrong = _day(visit, found, day)
    one = find_table(country, name, on)
    ids = [i.id for i in one.inputs]
    query = visit.request.query_params
    texts = {n: query.get(table_pages.PREFIX + n, "")[:60] for n in ids}
    asked = table_pages.Asked(texts, place[:60])
    told: Told | None = None
    trouble: tuple[str, ...] = (wrong,) if wrong else ()
    if asked.anything and not wrong:
        try:
            told = tell(country, one, on, texts, asked.place)
        except HaidangError as error:
            trouble = tuple(p.say(visit.language) for p in error.problems)
    context = table_pages.build(
        country, one, on, load_regions(country.folder), say,
        asked=asked, told=told, trouble=trouble, scale=found.context.scale.id,
    )  # fmt: skip
    crumbs = (
        Crumb(visit.speaker()("nav_law"), f"/d/{found.id}/law?day={on}"),
        Crumb(context.title),
    )
    return visit.page(
        "law_table.html", context, page="law", desk=bar(visit, found, view), room="law_page",
        crumbs=crumbs,
    )  # fmt: skip


def _day(visit: Visit, desk: Desk, given: str) -> tuple[date, str]:
    """The day that is asked for, else that of the desk's law, and what is wrong with it."""
    if not given.strip():
        return desk.case.spec.law_on, ""
    try:
        return date.fromisoformat(given.strip()), ""
    except ValueError:
        say = visit.speaker("law_page")
        return desk.case.spec.law_on, say("bad_day", given=given[:20])
