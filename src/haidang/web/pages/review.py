"""The review: was it right, was it in time, and what does it say nothing about?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from haidang.app.context import Context
from haidang.app.response_context import ON_LAND
from haidang.review.book import Review
from haidang.review.damage import MEASURES, Counted, HousesRow
from haidang.review.timeline import Line
from haidang.review.timeliness import OrderRow
from haidang.web.pages.review_parts import Cell, Column, Section, Writer
from haidang.web.pages.review_warned import warned
from haidang.web.parts import Fact
from haidang.web.speak import Speaker

LINES: Final = 150
"""Lines of the timeline on one page; the ledger has them all."""
STAGES: Final = ("known", "decided", "said", "done", "found")


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    at: str
    stage: str
    stage_word: str
    text: str
    places: str
    id: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The page.

    Attributes:
        hidden: The drill still runs: what happened afterwards is not shown unasked.
        stage: The only stage of the timeline that is shown, "" for all.
        more: Lines of the timeline that are not shown.
    """

    answer: str
    hidden: bool
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    timeline: tuple[Told, ...]
    stages: tuple[tuple[str, str], ...]
    stage: str
    more: int
    why_timeline: str


def hidden(say: Speaker) -> ReviewPage:
    """The page of a drill that still runs."""
    return ReviewPage(say("review_page.hidden"), True, (), (), (), (), "", 0, "")


def build(say: Speaker, context: Context, book: Review, stage: str = "") -> ReviewPage:
    """Lay out a review.

    Args:
        say: Language and clock of the page.
        context: Names, levels and clock of the country.
        book: What was found.
        stage: Show only this stage of the timeline; "" for all.
    """
    w = Writer(say, context, book)
    lines = [one for one in book.timeline if stage in ("", one.stage)]
    return ReviewPage(
        answer=_answer(w),
        hidden=False,
        facts=_facts(w),
        sections=_sections(w),
        timeline=tuple(_line(w, one) for one in lines[:LINES]),
        stages=tuple((name, w(f"stage_{name}")) for name in STAGES),
        stage=stage,
        more=max(len(lines) - LINES, 0),
        why_timeline=w.say(f"review.{why}") if (why := book.why_absent("timeline")) else "",
    )


def _sections(w: Writer) -> tuple[Section, ...]:
    """Every part; of a threat of readings those about a wind only where they hold something."""
    every = (
        warned(w),
        _leads(w),
        _orders(w),
        _announced(w),
        _winds(w),
        _houses(w),
        _tolls(w),
        _not_modelled(w),
        _verification(w),
        _handling(w),
    )
    if not w.context.pack.threat.read:
        return every
    return tuple(s for s in every if s.rows or s.id in _OF_ANY)


_OF_ANY: Final = frozenset({"warned", "announced", "tolls", "handling"})
"""Parts that a threat without a wind has too."""


def _ahead(w: Writer) -> list[float]:
    """Hours from the first message to the wind that ends movement, of each place on land.

    At sea the event had often begun long before the first bulletin.
    """
    warn = w.context.pack.threat.warn
    force = warn.onset_force if warn.shelter_force is None else warn.shelter_force
    first: dict[str, float] = {}
    for row in w.book.leads:
        hours = row.hours(force)
        if hours is not None and row.kind in ON_LAND:
            first[row.place] = max(hours, first.get(row.place, hours))
    return sorted(first.values())


def _answer(w: Writer) -> str:
    ahead = _ahead(w)
    if not ahead:
        return w("answer_none")
    warn = w.context.pack.threat.warn
    force = warn.onset_force if warn.shelter_force is None else warn.shelter_force
    key = "answer_ahead" if ahead[0] > 0 else "answer_late"
    return w(
        key,
        force=force,
        places=len(ahead),
        least=w.say.number(abs(ahead[0]), 1),
        middle=w.say.number(median(ahead), 1),
    )


def _facts(w: Writer) -> tuple[Fact, ...]:
    book = w.book
    found = []
    if not w.context.pack.threat.read:
        found.append(Fact(w("fact_landfall"), w.at(book.landfall), w("fact_landfall_note")))
    unmodelled = [s for s in book.not_modelled if not s.modelled and s.share is not None]
    if unmodelled:
        share = sum(s.share or 0 for s in unmodelled)
        text = w("percent", value=w.say.number(100 * share))
        found.append(Fact(w("fact_not_modelled"), text, w("fact_not_modelled_note")))
    winds = [r for r in book.winds if r.basis == "bulletin"]
    if winds:
        inside = sum(r.inside is True for r in winds)
        text = w("of", part=inside, all=len(winds))
        found.append(Fact(w("fact_winds"), text, w("fact_winds_note")))
    if book.tolls:
        last = next((t for t in reversed(book.tolls) if t.figure("total").value is not None), None)
        if last is not None:
            value = last.figure("total").value or 0
            found.append(Fact(w("fact_toll"), w.say.number(value), last.as_of))
    return tuple(found)


def _leads(w: Writer) -> Section:
    forces = w.context.pack.threat.forces
    rows = []
    for one in w.book.leads:
        if one.sent is None and not any(one.onsets.values()):
            continue
        if one.sent is None and one.level != min(r.level for r in w.book.leads):
            continue
        cells = [
            Cell(w.place(one.place), strong=True),
            w.level(one.level),
            w.level(one.found),
            Cell(w.at(one.sent)),
        ]
        for force in forces:
            onset = one.onsets.get(force)
            if onset is not None and one.sent is None:
                cells.append(Cell(w("never_told"), w.at(onset)))
            else:
                cells.append(Cell(w.hours(one.hours(force)), w.at(onset) if onset else ""))
        cells.append(Cell(w.hours(one.hours_to_landfall)))
        rows.append(tuple(cells))
    heads = [("place", False), ("level", False), ("found_level", False), ("sent", True)]
    section = w.section("leads", heads, rows)
    before = [Column(w("col_before_force", force=force), True) for force in forces]
    last = Column(w("col_before_landfall"), True)
    return replace(section, columns=(*section.columns, *before, last))


def _orders(w: Writer) -> Section:
    return w.section(
        "orders",
        [
            ("place", False),
            ("ordered", True),
            ("our_message", True),
            ("ahead", True),
            ("our_sea", True),
            ("our_due", True),
            ("force_6", True),
        ],
        [_order(w, one) for one in w.book.orders],
    )


def _order(w: Writer, one: OrderRow) -> tuple[Cell, ...]:
    order = one.order
    when = w.at(order.at) if order.at is not None else w.say.full_day(order.day)
    merged = w("merged", places=w.places(one.merged)) if one.merged else ""
    return (
        Cell(w.place(order.place), merged, strong=True),
        Cell(when, _ordered(w, one)),
        Cell(w.at(one.first_sent)),
        Cell(w.hours(one.ahead)),
        Cell(w.hours(one.waters_ahead), w.place(one.waters) if one.waters else ""),
        Cell(w.at(one.due)),
        Cell(w.at(one.onset_6)),
    )


def _ordered(w: Writer, one: OrderRow) -> str:
    """What it was; in the source's words too where they hold figures."""
    act = w.say(f"review.act_{one.order.act}")
    if not any(c.isdigit() for c in one.order.text):
        return act
    return w("event_text", what=act, text=one.order.text)


def _announced(w: Writer) -> Section:
    return w.section(
        "announced",
        [
            ("announced_at", True),
            ("area", False),
            ("announced_level", False),
            ("our_window", False),
            ("our_horizon", False),
        ],
        [
            (
                Cell(w.at(c.issued), strong=True),
                Cell(c.area_text, c.note),
                w.level(c.announced),
                w.level(c.ours_window),
                w.level(c.ours_horizon),
            )
            for c in w.book.announced
        ],
    )


def _winds(w: Writer) -> Section:
    rows = []
    for one in w.book.winds:
        measured = one.measured
        low, central, high = one.forces
        basis = w(f"basis_{one.basis}")
        inside = "" if one.inside is None else w("inside" if one.inside else "outside")
        rows.append(
            (
                Cell(
                    measured.station, _ground(w, measured.ground or measured.exposure), strong=True
                ),
                Cell(basis, w.at(one.issued) if one.issued else ""),
                Cell(w("force", force=measured.force)),
                Cell(
                    w("force", force=central),
                    "" if low == high else w("force_range", low=low, high=high),
                ),
                Cell(w.say.number(one.difference), inside),
                Cell(
                    w("seconds", value=one.averaging_s),
                    w("factor", value=w.say.number(one.factor, 2)),
                ),
            )
        )
    return w.section(
        "winds",
        [
            ("station", False),
            ("basis", False),
            ("measured", True),
            ("ours", True),
            ("difference", True),
            ("averaging", True),
        ],
        rows,
    )


def _ground(w: Writer, ground: str) -> str:
    """How a station stands, in words; as its list has it where we have none."""
    key = f"ground_{ground}".replace("-", "_").replace(" ", "_")
    return w(key) if w.known(key) else ground


def _houses(w: Writer) -> Section:
    found: dict[tuple[str, str, str], dict[str, HousesRow]] = {}
    shown: dict[tuple[str, str, str], Counted] = {}
    for row in w.book.houses:
        key: tuple[str, str, str] = (row.counted.group, row.counted.place, row.basis)
        found.setdefault(key, {})[row.measure] = row
        shown[key] = row.counted
    rows = []
    for name_of, by_measure in found.items():
        one = shown[name_of]
        if not one.coastal and one.group == "province":
            continue  # inland: water and slides did most of it, which nothing here computes
        name = w.place(one.place) if one.group == "province" else w(f"group_{one.group}")
        lacking = w("lacking", places=w.places(one.lacking)) if one.lacking else ""
        cells = [
            Cell(name, lacking, strong=True),
            Cell(w(f"basis_{name_of[2]}")),
            Cell(w.say.number(one.houses)),
        ]
        for measure in MEASURES:
            ours = by_measure.get(measure)
            cells.append(Cell("–") if ours is None else w.interval(ours.ours))
        rows.append(tuple(cells))
    return w.section(
        "houses",
        [
            ("place", False),
            ("basis", False),
            ("damaged", True),
            ("under_8", True),
            ("under_10", True),
            ("under_12", True),
            ("equivalent", True),
        ],
        rows,
        people="–" if w.book.house_people is None else w.say.number(w.book.house_people, 2),
        year=w.book.house_year or "–",
    )


def _tolls(w: Writer) -> Section:
    rows = []
    for toll in w.book.tolls:
        cells = [Cell(toll.as_of, toll.note, strong=True)]
        for figure in toll.figures:
            if figure.value is None:
                cells.append(Cell(w("not_reported")))
                continue
            change = ""
            if figure.by:
                key = "up" if figure.change == "up" else "down"
                change = w(f"change_{key}", by=w.say.number(abs(figure.by)))
            cells.append(Cell(w.say.number(figure.value), change))
        agrees = "–" if toll.agrees is None else w("agrees_yes" if toll.agrees else "agrees_no")
        rows.append((*cells, Cell(agrees)))
    return w.section(
        "tolls",
        [
            ("as_of", False),
            ("dead", True),
            ("missing", True),
            ("total", True),
            ("injured", True),
            ("houses", True),
            ("agrees", False),
        ],
        rows,
    )


def _not_modelled(w: Writer) -> Section:
    rows = []
    for one in w.book.not_modelled:
        name = w.say.of(one.name) if one.name else w("danger_direct")
        text = w.say.of(one.text) if one.text else ""
        lives = w("unknown")
        if one.dead is not None or one.missing is not None:
            lives = w.say.number((one.dead or 0) + (one.missing or 0))
        share = "" if one.share is None else w("percent", value=w.say.number(100 * one.share))
        worst = w.places([p.place for p in one.places], 3)
        modelled = w("modelled_yes" if one.modelled else "modelled_no")
        rows.append(
            (Cell(name, modelled, strong=True), Cell(lives, share), Cell(worst), Cell(text))
        )
    return w.section(
        "not_modelled",
        [("danger", False), ("lives", True), ("where", False), ("what", False)],
        rows,
    )


def _verification(w: Writer) -> Section:
    return w.section(
        "verification",
        [
            ("lead", True),
            ("force", True),
            ("hits", True),
            ("misses", True),
            ("false_alarms", True),
            ("correct_negatives", True),
            ("pod", True),
            ("far", True),
            ("csi", True),
        ],
        [
            (
                Cell(w.hours(c.lead_h), strong=True),
                Cell(w("force", force=c.force)),
                *(
                    Cell(w.say.number(n))
                    for n in (c.hits, c.misses, c.false_alarms, c.correct_negatives)
                ),
                *(Cell(w.share(s)) for s in (c.pod, c.far, c.csi)),
            )
            for c in w.book.verification
        ],
    )


def _handling(w: Writer) -> Section:
    outcomes = ("approval", "refused", "superseded", "withdrawn", "")
    rows = []
    for outcome in outcomes:
        own = [h for h in w.book.handling if h.outcome == outcome]
        if not own:
            continue
        cells = [
            Cell(w(f"outcome_{outcome or 'waits'}"), strong=True),
            Cell(w.say.number(len(own))),
        ]
        for name in ("to_draft", "to_sign", "to_send"):
            known = [m for h in own if (m := getattr(h, name)) is not None]
            cells.append(
                Cell(w("minutes", value=w.say.number(median(known), 0))) if known else Cell("–")
            )
        cells.append(Cell(w.say.number(sum(h.escalated for h in own))))
        rows.append(tuple(cells))
    after = (w("scripted"),) if w.book.scripted else ()
    return w.section(
        "handling",
        [
            ("outcome", False),
            ("count", True),
            ("to_draft", True),
            ("to_sign", True),
            ("to_send", True),
            ("escalated", True),
        ],
        rows,
        after,
    )


def _line(w: Writer, one: Line) -> Told:
    event = one.event
    role = w.context.country.role(event.role, w.say.language) if event.role else w("system")
    key = f"event_{one.kind}"
    if one.kind == "decision" and not (event.before and event.level):
        # "Level 0" is no level of any law: it is said as there being none.
        key = "event_decision_first" if event.level else "event_decision_end"
    params = {
        "role": role,
        "before": "–" if event.before is None else event.before,
        "level": "–" if event.level is None else event.level,
        "count": len(one.places),
        "bulletin": w.at(event.bulletin),
    }
    text = w(key, **params) if w.known(key) else w("event_other", kind=one.kind, **params)
    if event.text:
        text = w("event_text", what=text, text=event.text)
    return Told(
        at=w.at(one.at),
        stage=one.stage,
        stage_word=w(f"stage_{one.stage}"),
        text=text,
        places=w.places(one.places, 6) if any(one.places) else "",
        id=one.ids[0] if one.ids else "",
    )
