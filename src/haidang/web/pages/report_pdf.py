"""The report on paper: the same contexts as the page, laid out as blocks and set by typst.

What is said goes to typst as data and is set as text, never as markup: a name with a hash or a
bracket in it stays a name.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import typst

from haidang.app.context import Context
from haidang.respond.plan import Plan
from haidang.review.book import Review
from haidang.web.pages.report_page import Chip, Report, Row, Section
from haidang.web.pages.review_sheets import DASH, Sheets
from haidang.web.speak import Speaker

Block = dict[str, object]

FONT = "Libertinus Serif"
"""Bundled with typst, so that the same report looks the same on every machine; it has every
Vietnamese letter."""

STAMP = datetime(2000, 1, 1, tzinfo=UTC)
"""Creation time in every file: the same report gives the same bytes, and the clock is nobody's."""

WIDTHS = {
    "leads": (1.2, 1.0), "handling": (2.4, 1.2), "orders": (1.5, 1.2), "announced": (2.4, 1.0),
    "winds": (1.8, 1.2), "houses": (1.2, 1.9),
}  # fmt: skip
"""Shares of the width: of a column of words, of a column of figures. Others are as wide as they
need."""

TASKS_MOST = 60
"""Tasks on paper; the rest stand in the table ``tasks``."""


@dataclass(frozen=True)
class Paper:
    """A report as data for the template.

    Attributes:
        data: Plain JSON.
    """

    data: Mapping[str, object]


def pdf_name(page: str) -> str:
    """Name of the PDF beside a page.

    >>> pdf_name("report.en.html")
    'report.en.pdf'
    """
    return page.removesuffix(".html") + ".pdf"


def build_paper(
    report: Report, book: Review, plans: Sequence[Plan], context: Context, head: tuple[int, str]
) -> Paper:
    """Lay a report out on paper.

    Args:
        report: The page's context.
        book: The review of the same case.
        plans: Response plans of its runs; empty where none was made.
        context: Names, scale and clock.
        head: Number of entries and hash of the ledger's newest one.
    """
    return Paper(_Writer(report, book, plans, context, head).paper())


def render_pdf(paper: Paper) -> bytes:
    """Set a report; the same report gives the same bytes."""
    made = typst.compile(
        _template(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(paper.data, ensure_ascii=False, sort_keys=True)},
        timestamp=STAMP,
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made


def write_pdf(paper: Paper, path: Path) -> Path:
    """Write a report; the file appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(render_pdf(paper))
    os.replace(part, path)
    return path


@cache
def _template() -> bytes:
    return files("haidang.web").joinpath("templates", "report.typ").read_bytes()


@cache
def _map_style() -> str:
    """The rules of the stylesheet that maps use, with the colours of print put in.

    Typst's SVG knows neither variables nor media: what it would not understand is left out, so
    that it warns of nothing.
    """
    css = files("haidang.web").joinpath("static", "hd.css").read_text("utf-8")
    values = dict(re.findall(r"--([\w-]+):([^;}]+)", css))
    for block in re.findall(r"@media print\{\s*:root\{([^}]*)\}", css):
        values |= dict(re.findall(r"--([\w-]+):([^;}]+)", block))
    maps = css.partition("/* maps */")[2].partition("/* ")[0]
    rules = re.findall(
        r"([^{}@]+)\{([^{}]*)\}", re.sub(r"@media[^{]*\{[^{}]*\{[^{}]*\}\}", "", maps)
    )
    kept = []
    for selector, body in rules:
        if re.search(r"hover|focus|^\s*\.map|figcaption|legend|keys", selector):
            continue
        filled = re.sub(r"var\(--([\w-]+)\)", lambda m: values.get(m[1], "#000"), body)
        plain = re.sub(r"(font-family|vector-effect|pointer-events):[^;]*;?", "", filled)
        kept.append(f"{selector.strip()}{{{plain}}}")
    return "".join(kept)


def standalone(svg: str, defs: str, style: str) -> str:
    """A map of the page as a file of its own: its definitions, patterns and colours inside.

    Args:
        svg: As the page holds it.
        defs: The page's element of shared definitions.
        style: The page's colours of the levels.
    """
    shared = re.sub(r"^<svg[^>]*>|</svg>$", "", defs.strip())
    levels = "".join(re.findall(r"svg [^{}]*\{[^{}]*\}", style))
    # The page scales outlines without their strokes. Here strokes scale too, so they are undone.
    scale = re.search(r"scale\(([\d.]+)\)", svg)
    width = 0.8 / float(scale[1]) if scale else 0.8
    extra = f".ar{{stroke-width:{width:.3f}}}.pv use,.sb use{{stroke-width:{width:.3f}}}"
    inside = f"<style>{_map_style()}{levels}{extra}</style>{shared}"
    head = re.match(r"<svg[^>]*>", svg)
    assert head is not None
    opened = head[0].replace(
        "<svg", f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FONT}"', 1
    )
    return opened + inside + svg[head.end() :]


class _Writer:
    """Writes one report in one language."""

    def __init__(
        self,
        report: Report,
        book: Review,
        plans: Sequence[Plan],
        context: Context,
        head: tuple[int, str],
    ) -> None:
        self.r, self.book, self.plans, self.context, self.head = report, book, plans, context, head
        self.pen = Speaker(report.language, context.zone)
        self.names = {c: n.name(report.language) for c, n in context.named.items()}

    def paper(self) -> Mapping[str, object]:
        """Everything, in the order in which a reader asks."""
        r = self.r
        blocks: list[Block] = [
            {"kind": "lead", "text": r.answer},
            {"kind": "facts", "rows": [[f.label, f.value, f.note] for f in r.facts]},
            {"kind": "pairs", "rows": [[term, value] for term, value in r.source]},
            *self.overview(),
            *self.levels(),
            *self.areas(),
            *self.notices(),
            *self.response(),
            *self.review(),
            *self.method(),
        ]
        return {
            "title": r.title,
            "author": "Hải Đăng",
            "language": r.language,
            "exercise": r.exercise,
            "status": r.status_note,
            "banner": f"{r.banner} {r.status_note}",
            "foot": self.pen("print_foot", event=r.event),
            "colours": self.colours(),
            "blocks": blocks,
        }

    def colours(self) -> dict[str, dict[str, str]]:
        """Fill and ink of each level, as the law colours them and the page shows them."""
        found = re.findall(r"\.lv(\d)\{background:(#\w+);color:(#\w+)\}", self.r.style)
        return {level: {"fill": fill, "ink": ink} for level, fill, ink in found}

    def overview(self) -> Iterable[Block]:
        """Highest levels as a map."""
        svgs = [
            standalone(s, self.r.defs, self.r.style)
            for s in (self.r.overview_inset, self.r.overview)
            if s
        ]
        yield self.h1(self.pen("overview_title"))
        if svgs:
            shares = [_aspect(s) for s in svgs]
            alt = self.pen("overview_title")
            yield {"kind": "maps", "svgs": svgs, "shares": shares, "alt": alt}
        yield {"kind": "legend", "chips": [self.chip(c, word=True) for c in self.r.legend]}
        yield self.note(self.pen("overview_caption"))

    def levels(self) -> Iterable[Block]:
        """Every area's level, bulletin by bulletin."""
        rows: list[list[object]] = []
        for title, histories in self.r.histories:
            rows.append([title])
            rows += [[h.name, *(self.chip(c) if c else DASH for c in h.chips)] for h in histories]
        # Day and hour below each other: twelve columns of them must fit beside the names.
        labels = ["\n".join(label.rsplit(" ", 1)) for _, label in self.r.heads]
        heads = [self.pen("area"), *labels]
        yield self.h1(self.pen("levels_title"))
        yield self.sheet(heads, rows, left=1, size=7, widths=[0] + [0] * len(self.r.heads))

    def section(self) -> Section | None:
        """The last bulletin before landfall; else the last with areas in it."""
        wanted = self.book.last_bulletin
        local = None if wanted is None else self.context.local(wanted)
        named = [s for s in self.r.sections if local and s.id == f"b{local:%Y%m%dT%H%M}"]
        filled = [s for s in self.r.sections if s.groups]
        return next(iter(named or filled[-1:]), None)

    def areas(self) -> Iterable[Block]:
        """What one bulletin said of each area: wind, hours, people, law."""
        found = self.section()
        if found is None:
            return
        yield self.h1(f"{self.pen('areas')}: {found.title}")
        yield {"kind": "p", "text": f"{found.answer} {found.centre}"}
        heads = [
            self.pen("area"), self.pen("level").capitalize(),
            f"{self.pen('force')}\n{self.pen('force_unit')}",
            f"{self.pen('gale')}\n{self.pen('gale_unit')}",
            f"{self.pen('people')}\n{self.pen('people_unit')}", self.pen("why"),
        ]  # fmt: skip
        rows: list[list[object]] = []
        for group in found.groups:
            rows.append([group.title])
            rows += [self.area(row) for row in group.rows]
        yield self.sheet(heads, rows, left=6, size=7.5, widths=[3, 2, 1.6, 3, 2, 4])
        yield self.note(self.pen("areas_foot"))

    def area(self, row: Row) -> list[object]:
        """One area's row."""
        gale = DASH
        if row.gale.begins:
            gale = row.gale.begins
            if row.gale.ends:
                gale += "\n" + self.pen("until", time=row.gale.ends)
        return [
            row.name + (f"\n{row.water}" if row.water else ""),
            self.chip(row.chip, word=True) if row.chip else row.state_word,
            row.force + (f" ({row.force_range})" if row.force_range else ""),
            gale,
            row.people + (f"\n{row.people_range}" if row.people_range else ""),
            f"{row.reason}\n{row.law}",
        ]

    def notices(self) -> Iterable[Block]:
        """How many notices each bulletin led to, and those of one bulletin."""
        yield self.h1(self.pen("paper.notices_title"))
        rows: list[list[object]] = []
        for section in self.r.sections:
            kinds = Counter(n.kind for n in section.notices)
            said = ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items()))
            rows.append([section.title, self.pen.number(len(section.notices)), said or DASH])
        heads = [self.pen("bulletin"), self.pen("paper.count"), self.pen("kind")]
        yield self.sheet(heads, rows, left=1, size=8, widths=[3, 1, 4])
        found = self.section()
        if found is None or not found.notices:
            return
        yield {"kind": "h2", "text": found.title}
        heads = [self.pen(k) for k in ("area", "level", "headline", "sent", "approved")]
        rows = [
            [n.area, self.chip(n.chip) if n.chip else DASH, n.headline, n.sent, n.role or DASH]
            for n in found.notices
        ]
        yield self.sheet(heads, rows, left=5, size=7.5, widths=[2.4, 0.8, 6, 1.6, 1.6])

    def response(self) -> Iterable[Block]:
        """Tasks, dispatch and gaps of the plan in force at the last bulletin before landfall."""
        yield self.h1(self.pen("paper.response_title"))
        plan = self.plan()
        if plan is None:
            yield {"kind": "p", "text": self.pen("paper.no_plan")}
            return
        yield {"kind": "p", "text": self.pen("paper.plan_of", at=self.pen.short(plan.at))}
        if plan.demo:
            yield {"kind": "warning", "text": self.pen("paper.demo")}
        yield from self.tasks(plan)
        yield from self.dispatch(plan)

    def plan(self) -> Plan | None:
        """The newest plan made before landfall, else the newest with anything in it."""
        full = [p for p in sorted(self.plans, key=lambda p: p.at) if p.tasks]
        at = self.book.landfall
        return next(iter([p for p in full if at is None or p.at <= at][-1:] or full[-1:]), None)

    def tasks(self, plan: Plan) -> Iterable[Block]:
        """Tasks of the places with the highest level, by hour."""
        by_place: dict[str, int] = {}
        for task in plan.tasks:
            by_place[task.place] = max(by_place.get(task.place, 0), task.level)
        top = max(by_place.values(), default=0)
        mine = [t for t in plan.tasks if by_place[t.place] == top]
        mine.sort(key=lambda t: (t.place, t.due is None, t.due or plan.at, t.spec))
        shown = mine[:TASKS_MOST]
        yield {"kind": "h2", "text": self.pen("paper.tasks_title", level=top)}
        rows: list[list[object]] = []
        last = ""
        for task in shown:
            if task.place != last:
                rows.append([self.names.get(task.place, task.place)])
                last = task.place
            due = self.pen.short(task.due) if task.due else DASH
            roles = f"{self.role(task.authority)} → {self.role(task.person)}"
            rows.append([due, self.pen.of(task.work), roles, self.pen.of(task.product)])
        heads = [self.pen(f"paper.{k}") for k in ("due", "work", "who", "product")]
        yield self.sheet(heads, rows, left=4, size=7.5, widths=[1.3, 5, 3, 3])
        said = {"shown": len(shown), "all": len(plan.tasks)}
        yield self.note(self.pen("paper.tasks_note", **said))

    def dispatch(self, plan: Plan) -> Iterable[Block]:
        """Who sends what to whom from outside, and what nobody has."""
        needed: Counter[str] = Counter()
        for need in plan.needs:
            needed[need.kind] += round(need.value.central) if need.value else 0
        tiers = ("on_the_spot", "neighbour", "farther", "nation")
        sent: Counter[tuple[str, str]] = Counter()
        ahead: Counter[str] = Counter()
        for grant in plan.grants:
            if grant.standby:
                ahead[grant.kind] += grant.quantity
            else:
                sent[grant.kind, grant.tier] += grant.quantity
        missing: Counter[str] = Counter()
        for gap in plan.unmet:
            missing[gap.kind] += gap.quantity
        yield {"kind": "h2", "text": self.pen("paper.dispatch_title")}
        rows: list[list[object]] = [
            [
                self.kind(kind),
                self.pen.number(needed[kind]),
                *(self.pen.number(sent[kind, tier]) for tier in tiers),
                self.pen.number(missing[kind]),
                self.pen.number(ahead[kind]),
            ]
            for kind in sorted(needed)
        ]
        heads = [self.pen("paper.kind"), self.pen("paper.needed")]
        heads += [self.pen(f"respond.tier_{tier}") for tier in tiers]
        yield self.sheet(
            [*heads, self.pen("paper.missing"), self.pen("respond.standby")],
            rows,
            left=1,
            size=8,
            widths=[],
        )
        yield self.note(self.pen("paper.dispatch_note"))
        gaps: list[list[object]] = [
            [
                self.names.get(gap.place, gap.place),
                self.kind(gap.kind),
                self.pen.number(gap.quantity),
                self.pen(
                    f"respond.{gap.reason}",
                    nearest=self.names.get(gap.nearest, gap.nearest or DASH),
                    arrives=self.pen.short(gap.arrives) if gap.arrives else DASH,
                ),
            ]
            for gap in plan.unmet
        ]
        yield {"kind": "h2", "text": self.pen("paper.gaps_title")}
        if not gaps:
            yield {"kind": "p", "text": self.pen("paper.no_gaps")}
            return
        heads = [self.pen("area"), *(self.pen(f"paper.{k}") for k in ("kind", "missing", "why"))]
        yield self.sheet(heads, gaps, left=4, size=8, widths=[2, 2, 1, 5])

    def review(self) -> Iterable[Block]:
        """What was found afterwards."""
        yield self.h1(self.pen("paper.review_title"))
        for sheet in Sheets(self.book, self.pen, self.names).everything():
            yield {"kind": "h2", "text": sheet.title}
            if sheet.columns:
                size = 6.8 if len(sheet.columns) > 8 else 7.6  # noqa: PLR2004 - wide tables
                rows = [list[object](row) for row in sheet.rows]
                widths = [0.0] * len(sheet.columns)
                if sheet.part in WIDTHS:
                    name, figure = WIDTHS[sheet.part]
                    others = len(sheet.columns) - sheet.left
                    widths = [name] * sheet.left + [figure] * others
                yield self.sheet(sheet.columns, rows, left=sheet.left, size=size, widths=widths)
            for note in sheet.notes:
                yield self.note(note)

    def method(self) -> Iterable[Block]:
        """How it was computed, what it does not do, and how to check it."""
        r = self.r
        yield self.h1(self.pen("method_title"))
        yield {"kind": "pairs", "rows": [[term, value] for term, value in r.method]}
        yield {"kind": "h2", "text": self.pen("method_missing")}
        yield {"kind": "pairs", "rows": [[term, value] for term, value in r.missing]}
        yield self.h1(self.pen("ids_title"))
        yield {"kind": "list", "items": [f"{line} {name}" for _, name, line in r.ids]}
        entries, mark = self.head
        yield {"kind": "p", "text": self.pen("paper.head", entries=self.pen.number(entries))}
        yield {"kind": "code", "text": mark}
        yield self.note(
            " ".join([r.notes, self.pen("sources"), "; ".join(r.sources) + ".", r.credits])
        )

    # Pieces.

    def h1(self, text: str) -> Block:
        """A heading."""
        return {"kind": "h1", "text": text}

    def note(self, text: str) -> Block:
        """Small print."""
        return {"kind": "note", "text": text}

    def chip(self, chip: Chip, *, word: bool = False) -> Block:
        """A level in its colour."""
        return {"level": chip.level, "word": chip.word, "held": chip.held, "show": word}

    def sheet(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        left: int,
        size: float,
        widths: Sequence[float],
    ) -> Block:
        """A table; a row of one cell is a heading over the whole width."""
        shape: Block = {"left": left, "size": size, "widths": list(widths)}
        return {"kind": "sheet", "columns": list(columns), "rows": [list(r) for r in rows], **shape}

    def role(self, name: str) -> str:
        """A role in the country's words."""
        known = self.context.country.authorities
        return self.pen.of(known.roles[name]) if known and name in known.roles else name

    def kind(self, name: str) -> str:
        """A resource kind with its unit."""
        found = self.context.country.kinds.get(name)
        return name if found is None else self.pen.of(found.name)


def _aspect(svg: str) -> float:
    """Width over height of a map: maps beside each other then stand equally high."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return float(found[1]) / float(found[2]) if found else 1.0
