"""The tables of a review in words, for the terminal and for paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from haidang.review.book import Part, Review
from haidang.review.damage import MEASURES, HousesRow
from haidang.review.timeliness import summary
from haidang.web.pages.review_warned import COLUMNS, told
from haidang.web.speak import Speaker

DASH = "–"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table.

    Attributes:
        part: Of the review.
        title: Above it.
        columns: Headings; none where the part is empty, and the notes then say why.
        rows: Cells in words; a line break parts figure, interval and answer.
        left: So many first columns are words and stand left.
        notes: What a reader must know.
    """

    part: Part
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int
    notes: tuple[str, ...]


class Sheets:
    """One review in one language.

    Args:
        book: The review.
        pen: Words, numbers and times of the page.
        names: Names of the places of the case's own day, by code.
    """

    def __init__(self, book: Review, pen: Speaker, names: Mapping[str, str]) -> None:
        self.book, self.pen, self.names = book, pen, names
        self._made: list[Sheet] = []

    def say(self, key: str, **params: object) -> str:
        """A text of the review."""
        return self.pen(f"review.{key}", **params)

    def everything(self) -> tuple[Sheet, ...]:
        """Every part, or the reason why it is empty."""
        self._made = []
        parts: tuple[tuple[Part, Callable[[], None]], ...] = (
            ("warned", self.warned),
            ("leads", self.leads),
            ("handling", self.handling),
            ("orders", self.orders),
            ("announced", self.announced),
            ("winds", self.winds),
            ("houses", self.houses),
            ("tolls", self.tolls),
            ("not_modelled", self.not_modelled),
        )
        for part, make in parts:
            if reason := self.book.why_absent(part):
                self.table(part, (), (), 0)
                self.note(self.say(reason))
            else:
                make()
        return tuple(self._made)

    def warned(self) -> None:
        """What was warned of, by level, beside what came."""
        rows = [
            (
                self.pen(f"review_page.warned_{one.domain}"),
                self.pen(f"review_page.warned_{one.office}"),
                one.level,
                *(self.pen.number(n) for n in one.counts),
                self.hours(one.ahead),
            )
            for one in told(self.book.warned)
        ]
        columns = ("areas", "whose", "level", *(f"warned_{c}" for c in COLUMNS))
        self.table("warned", columns, rows, left=2)
        self.note(self.pen("review_page.warned_one"))

    def leads(self) -> None:
        """Lead times by level and force, on land and at sea."""
        rows = []
        for group, kinds in (("land", {"province", "commune"}), ("sea", {"sea"})):
            here = [r for r in self.book.leads if r.kind in kinds]
            for level in sorted({r.level for r in here}):
                for force in (6, 8, 10):
                    found = summary(here, level, force)
                    counts = (found.met, found.before, found.late, found.never, found.unfounded)
                    hours = (found.least, found.middle, found.most)
                    rows.append(
                        (self.say(f"group_{group}"), level, force, *counts, *map(self.hours, hours))
                    )
        columns = (
            "areas", "level", "force", "met", "before", "late", "never", "unfounded", "least",
            "middle", "most",
        )  # fmt: skip
        self.table("leads", columns, rows, left=1)
        landfall = self.book.landfall
        if landfall is not None:
            self.note(self.say("note_landfall", at=self.pen.short(landfall)))
        self.note(self.say("note_leads"))

    def handling(self) -> None:
        """Minutes from bulletin to message, by outcome."""
        rows = []
        for outcome in ("approval", "refused", "superseded", "withdrawn", ""):
            mine = [h for h in self.book.handling if h.outcome == outcome]
            if not mine:
                continue
            middles = (
                self.middle([v for h in mine if (v := getattr(h, name)) is not None])
                for name in ("to_draft", "to_sign", "to_send", "in_all")
            )
            passed_on = sum(h.escalated > 0 for h in mine)
            name = self.say(f"outcome_{outcome or 'waiting'}")
            rows.append((name, len(mine), *middles, passed_on))
        columns = ("outcome", "drafts", "to_draft", "to_sign", "to_send", "in_all", "escalated")
        self.table("handling", columns, rows, left=1)
        if self.book.scripted:
            self.note(self.say("note_scripted"))

    def orders(self) -> None:
        """When each province kept vessels in port, and what we would have said by then."""
        rows = []
        for row in self.book.orders:
            if row.order.act != "in_harbour":
                continue
            rows.append(
                (
                    self.then(row.order.place),
                    self.names.get(row.place, DASH) + (" *" if row.merged else ""),
                    self.time(row.order.at),
                    self.time(row.first_sent),
                    self.hours(row.ahead),
                    self.time(row.due),
                    self.hours(row.due_after),
                    self.time(row.onset_6),
                    self.hours(row.order_before_6),
                    self.hours(row.due_before_6),
                )
            )
        columns = (
            "province", "today", "ordered", "sent", "ahead", "due", "due_after", "onset_6",
            "order_before_6", "due_before_6",
        )  # fmt: skip
        self.table("orders", columns, rows, left=2)
        for row in self.book.orders:
            if row.order.act != "in_harbour":
                at = self.time(row.order.at) if row.order.at else self.pen.full_day(row.order.day)
                act = self.say(f"act_{row.order.act}")
                self.note(f"{act}, {at}: {row.order.text}")
        self.note(self.say("note_merged"))
        self.note(self.say("note_orders"))

    def announced(self) -> None:
        """Announced levels beside ours."""
        rows = [
            (
                self.time(r.issued),
                ", ".join(self.names.get(p, p) for p in r.places),
                r.announced,
                DASH if r.ours_window is None else r.ours_window,
                DASH if r.ours_horizon is None else r.ours_horizon,
            )
            for r in self.book.announced
        ]
        columns = ("issued", "area", "announced", "ours_window", "ours_horizon")
        self.table("announced", columns, rows, left=2)

    def winds(self) -> None:
        """Station winds beside ours."""
        rows = []
        for row in self.book.winds:
            low, central, high = row.forces
            ours = f"{central}" if low == high else f"{central} ({low}–{high})"
            top = DASH if row.high_ms is None else self.pen.number(row.high_ms, 1)
            measured = f"{self.pen.number(row.low_ms, 1)}–{top}"
            speed = self.pen.number(row.ours.central, 1)
            if low != high:
                speed = f"{speed} ({self.pen.range(row.ours, 1)})"
            rows.append(
                (
                    row.measured.station,
                    self.say(f"basis_{row.basis}"),
                    row.measured.force,
                    measured,
                    ours,
                    speed,
                    self.signed(row.difference),
                    self.yes(row.inside),
                )
            )
        columns = (
            "station", "basis", "measured", "measured_ms", "ours", "ours_ms", "difference",
            "inside",
        )  # fmt: skip
        self.table("winds", columns, rows, left=2)
        periods = sorted({r.averaging_s for r in self.book.winds})
        said = " / ".join(self.pen.number(p / 60) for p in periods)
        self.note(self.say("note_winds", minutes=said))

    def houses(self) -> None:
        """Houses damaged beside ours."""
        by_place: dict[tuple[object, ...], list[HousesRow]] = {}
        for row in self.book.houses:
            by_place.setdefault((row.counted, row.basis), []).append(row)
        rows = []
        for mine in by_place.values():
            one = mine[0].counted
            name = self.names.get(one.place) or self.say(f"group_{one.group}")
            cells = {row.measure: self.house_cell(row) for row in mine}
            rows.append(
                (
                    name + (" *" if one.lacking else ""),
                    self.say(f"basis_{mine[0].basis}"),
                    self.pen.number(one.houses),
                    *(cells[measure] for measure in MEASURES),
                )
            )
        columns = ("place", "basis", "damaged", *MEASURES)
        self.table("houses", columns, rows, left=2)
        people = self.book.house_people
        if people is not None:
            self.note(
                self.say(
                    "note_houses",
                    people=self.pen.number(people, 1),
                    year=self.book.house_year,
                    source=self.book.house_source,
                ),
            )
        lacking = [
            self.say(
                "note_lacking",
                place=self.names.get(c.place, c.place),
                lacking=", ".join(self.then(p) for p in c.lacking),
            )
            for c in self.book.counted
            if c.lacking and c.place
        ]
        for line in lacking:
            self.note(line)

    def house_cell(self, row: HousesRow) -> str:
        """Ours, its interval, and whether the count lies in it."""
        if row.ours is None:
            return DASH
        inside = self.yes(row.inside)
        return f"{self.pen.number(row.ours.central)}\n({self.pen.range(row.ours)})\n{inside}"

    def tolls(self) -> None:
        """Successive reports with their changes."""
        rows = []
        for toll in self.book.tolls:
            cells = []
            for figure in toll.figures:
                if figure.value is None:
                    cells.append(DASH)
                elif figure.by:
                    cells.append(f"{self.pen.number(figure.value)} ({self.signed(figure.by)})")
                else:
                    cells.append(self.pen.number(figure.value))
            when = self.time(toll.at) if toll.at else toll.as_of
            rows.append((when, *cells, self.yes(toll.agrees)))
        columns = ("as_of", "dead", "missing", "total", "injured", "houses", "agrees")
        self.table("tolls", columns, rows, left=1)
        self.note(self.say("note_tolls"))

    def not_modelled(self) -> None:
        """What is not modelled and what it took."""
        rows = []
        for one in self.book.not_modelled:
            most = ", ".join(f"{self.then(p.place)} {p.dead}/{p.missing}" for p in one.places[:4])
            share = None if one.share is None else self.pen.number(100 * one.share, 1)
            rows.append(
                (
                    self.pen.of(one.name) if one.name else self.say("danger_direct"),
                    DASH if one.dead is None else self.pen.number(one.dead),
                    DASH if one.missing is None else self.pen.number(one.missing),
                    DASH if share is None else self.pen("format.percent", value=share),
                    most,
                )
            )
        self.table("not_modelled", ("danger", "dead", "missing", "share", "where"), rows, left=1)
        for one in self.book.not_modelled:
            if one.text:
                self.note(f"{self.pen.of(one.name)}: {self.pen.of(one.text)}")
        self.note(self.say("note_not_modelled"))

    # Pieces.

    def table(
        self, part: Part, columns: Iterable[str], rows: Iterable[Sequence[object]], left: int
    ) -> None:
        """A table whose first columns are words and whose others are figures."""
        heads = tuple(self.say(f"col_{name}") for name in columns)
        cells = tuple(tuple(str(cell) for cell in row) for row in rows)
        self._made.append(Sheet(part, self.say(f"title_{part}"), heads, cells, left, ()))

    def note(self, text: str) -> None:
        """What a reader of the newest table must know."""
        newest = self._made[-1]
        self._made[-1] = replace(newest, notes=(*newest.notes, text))

    def time(self, at: datetime | None) -> str:
        """Day and hour, a dash for none."""
        return DASH if at is None else self.pen.short(at)

    def hours(self, value: float | None) -> str:
        """Hours with their sign where they are negative, a dash for none."""
        return DASH if value is None else self.pen.number(value, 1)

    def middle(self, values: list[float]) -> str:
        """The median of minutes."""
        return DASH if not values else self.pen.number(median(values))

    def signed(self, value: int) -> str:
        """A whole number with its sign."""
        return f"+{self.pen.number(value)}" if value > 0 else self.pen.number(value)

    def yes(self, value: bool | None) -> str:
        """Yes, no, or a dash where it cannot be said."""
        return DASH if value is None else self.say("said_yes" if value else "said_no")

    def then(self, code: str) -> str:
        """Name of a place of the facts' own day."""
        names = self.book.names.get(code)
        return self.pen.of(names) if names else code
