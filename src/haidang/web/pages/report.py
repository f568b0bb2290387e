"""The report of a replay, from the store to files: reads once, builds purely, writes whole.

What a report holds is in ``report_page``, its maps in ``report_map``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from haidang.data.tracks import Fix
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.edge.store.store import Store
from haidang.jobs.replay import Played
from haidang.jobs.tables import Tables
from haidang.review.announced import Compared
from haidang.review.book import Review
from haidang.review.verification import Contingency
from haidang.web.pages import report_counts, report_parts, report_readings
from haidang.web.pages.report_map import landfall
from haidang.web.pages.report_page import Kept, Report, build, file_name
from haidang.web.pages.report_pdf import build_paper, pdf_name, write_pdf
from haidang.web.speak import Speaker, own_words


def write_reports(
    played: Played,
    tables: Tables,
    folder: Path,
    compared: Sequence[Compared] = (),
    contingency: Sequence[Contingency] = (),
    book: Review | None = None,
) -> tuple[Path, ...]:
    """Write the report of a replay, one file a language of the country; on paper too.

    Each file is whole in itself: no script, no font, no image, nothing fetched. The first language
    is ``report.html``, the others ``report.<tag>.html``; they link to each other and, by relative
    paths, to the notices in ``cap/``.

    Args:
        played: The case, played to its end.
        tables: Of the same case.
        folder: Made if it is not there; the one that holds ``cap/``.
        compared: Announced levels beside ours.
        contingency: Verification against what was found afterwards.
        book: The review of the same case: with it each page has a PDF beside it, ``report.pdf``
            and ``report.<tag>.pdf``, which holds the response and the review too.

    Returns:
        The files, in the order of the country's languages, each page before its PDF. A file
        appears whole or not at all.

    Raises:
        Unavailable: The store cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not played.context.pack.threat.tracked:
        return _write_framed(played, tables, folder, compared)
    kept = read(played)
    languages = played.context.country.spec.languages
    with Store.open(played.database, check=False) as store:
        plans = store.plans()
    out = []
    for language in languages:
        report = build(played, tables, kept, compared, contingency, language)
        page = render(report, played)
        path = folder / file_name(languages, language)
        part = path.with_name(path.name + ".part")
        part.write_text(page, encoding="utf-8", newline="\n")
        os.replace(part, path)
        out.append(path)
        if book is not None:
            paper = build_paper(report, book, plans, played.context, kept.head)
            out.append(write_pdf(paper, folder / pdf_name(path.name)))
    return tuple(out)


def _write_framed(
    played: Played, tables: Tables, folder: Path, compared: Sequence[Compared]
) -> tuple[Path, ...]:
    """The report of what was counted or read, one file a language; none on paper yet."""
    context, now = played.context, max(s.now for s in played.steps)
    with Store.open(played.database, check=False) as store:
        kept = report_parts.Kept(
            assessments=store.assessments(),
            decisions=store.decisions(),
            drafts=store.drafts(),
            messages=store.messages(),
            head=store.head(),
            observations=store.observations(now, series=context.pack.threat.series)
            if context.pack.threat.read
            else (),
        )
    room = "report_counts" if context.pack.threat.counted else "report_readings"
    languages = context.country.spec.languages
    out = []
    for language in languages:
        report = (
            report_counts.build(played, tables, kept, language)
            if context.pack.threat.counted
            else report_readings.build(played, tables, kept, language, compared)
        )
        say = Speaker(language, context.zone, room, own_words(context.pack.threat))
        template = _environment().get_template(f"{room}.html")
        css = Markup(stylesheet())  # noqa: S704 - our own file
        page = template.render(r=report, say=say, css=css, css_text=css_text)
        path = folder / file_name(languages, language)
        part = path.with_name(path.name + ".part")
        part.write_text(page, encoding="utf-8", newline="\n")
        os.replace(part, path)
        out.append(path)
    return tuple(out)


def read(played: Played) -> Kept:
    """What the report needs of the store, and the landfall as found out afterwards.

    Raises:
        Unavailable: The store cannot be read.
    """
    spec = played.case.spec
    at, found_out = _landfall(played)
    with Store.open(played.database, check=False) as store:
        entries = [json.loads(e.body) for e in store.ledger() if e.kind == "approval"]
        return Kept(
            assessments=store.assessments(),
            decisions=store.decisions(),
            drafts=store.drafts(),
            messages=store.messages(),
            approved={e["draft"]: e["role"] for e in entries},
            head=store.head(),
            snapshots={
                s.now: store.snapshot(
                    s.now,
                    law_day=spec.law_on,
                    places_day=spec.places_on,
                    scope=played.scope,
                    threats=[spec.threat],
                    events=[spec.event],
                )
                for s in played.steps
            },
            landfall=at,
            found_out=found_out,
        )


def _landfall(played: Played) -> tuple[datetime | None, bool]:
    """From the track found out afterwards (True); from the bulletins where there is none."""
    path, truth = played.case.truth(), played.case.spec.truth
    if path is not None and truth is not None:
        known = read_bulletins(path, played.case.spec.event, truth.averaging_s).fixes
        return _instant(known, played), True
    return _instant([f for s in played.steps for f in s.fixes], played), False


def _instant(fixes: Iterable[Fix], played: Played) -> datetime | None:
    analyses = sorted((f for f in fixes if f.kind == "analysis"), key=lambda f: f.valid)
    after = landfall(analyses, played.context)
    return None if after is None else analyses[0].valid + after


def render(report: Report, played: Played) -> str:
    """A report as HTML; the same report gives the same bytes."""
    template = _environment().get_template("report.html")
    say = Speaker(report.language, played.context.zone)
    return template.render(r=report, say=say, css=Markup(stylesheet()), css_text=css_text)  # noqa: S704


@cache
def stylesheet() -> str:
    """The one stylesheet, ours: put into the page so that the page is whole in itself."""
    return files("haidang.web").joinpath("static", "hd.css").read_text("utf-8")


def css_text(value: str) -> Markup:
    r"""A text as a CSS string that can neither end the string nor the style element.

    >>> css_text('a"</style>')
    Markup('"a\\22 \\3c /style\\3e "')
    """
    unsafe = {'"', "\\", "<", ">", "&", "'"}
    said = "".join(f"\\{ord(c):x} " if c in unsafe or ord(c) < ord(" ") else c for c in value)
    return Markup(f'"{said}"')  # noqa: S704 - everything that could close it is escaped above


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("haidang.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
