"""The page of the review: what is not known is said, and nothing is told before its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from app.toy import context
from haidang.review.book import Absent, Review
from haidang.review.damage import Counted, HousesRow
from haidang.review.not_modelled import Share
from haidang.review.timeline import Event, Line
from haidang.review.timeliness import Handling, LeadRow
from haidang.review.tolls import Figure, Toll
from haidang.review.warned import Row
from haidang.risk.assessment import Interval
from haidang.web.pages import review
from haidang.web.pages.review_parts import Section
from haidang.web.pages.review_sheets import Sheets
from haidang.web.speak import Speaker

NOW = datetime(2030, 9, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EN = Speaker("en", UTC)


def book(**other: object) -> Review:
    plain = Review(
        case="toy",
        places_on=date(2030, 9, 10),
        scripted=True,
        timeline=(),
        leads=(),
        handling=(),
        orders=(),
        announced=(),
        verification=(),
        winds=(),
        counted=(),
        houses=(),
        tolls=(),
        not_modelled=(),
        absent=(Absent("orders", "absent_no_facts"),),
        names={"63x": {"en": "Old North"}},
    )
    return replace(plain, **other)


def part(page: review.ReviewPage, name: str) -> Section:
    return next(s for s in page.sections if s.id == name)


def texts(section: Section) -> list[list[str]]:
    return [[c.text for c in row] for row in section.rows]


def lead(place: str, sent_h: float | None, onset_h: float | None) -> LeadRow:
    sent = None if sent_h is None else NOW + sent_h * HOUR
    onset = None if onset_h is None else NOW + onset_h * HOUR
    onsets = {6: onset, 8: onset, 10: None, 12: None}
    return LeadRow(place, "province", 1, sent, sent, sent, 1, onsets, None)


def test_the_title_says_how_early_the_first_notice_came():
    page = review.build(EN, context(), book(leads=(lead("N", 0, 9.5), lead("S", 0, 20))))
    assert page.answer.startswith("Warned at least 9.5 h before wind force 8, at 2 places")


def test_a_notice_that_came_after_the_wind_is_said_in_the_title():
    page = review.build(EN, context(), book(leads=(lead("N", 3, 0), lead("S", 0, 20))))
    assert page.answer.startswith("At one place or more the first notice came 3.0 h after")
    row = texts(part(page, "leads"))[0]
    assert "−3.0 h" in row


def test_a_place_that_had_the_wind_and_was_never_told_is_shown():
    page = review.build(EN, context(), book(leads=(lead("N", None, 5), lead("S", None, None))))
    rows = texts(part(page, "leads"))
    assert [r[0] for r in rows] == ["North Toyland"]
    assert "never told" in rows[0]


def test_an_empty_part_gives_its_reason():
    page = review.build(EN, context(), book())
    assert part(page, "orders").why.startswith("This case names no record")
    assert all(s.why for s in page.sections)


def test_a_figure_that_a_report_does_not_give_is_not_zero_and_revisions_show_their_way():
    figures = (
        Figure("dead", 10, "up", 4),
        Figure("missing", 3, "down", -2),
        Figure("total", 13, "first", None),
        Figure("injured", None, "not_reported", None),
        Figure("houses", 0, "same", 0),
    )
    page = review.build(EN, context(), book(tolls=(Toll("day 2", NOW, figures, True, ""),)))
    (row,) = part(page, "tolls").rows
    assert [c.text for c in row] == ["day 2", "10", "3", "13", "not given", "0", "yes"]
    assert [c.note for c in row[1:4]] == ["▲ 4", "▼ 2", ""]


def test_houses_are_shown_for_the_coast_and_a_lower_bound_is_said():
    one = Counted("N", "province", True, ("63x",), ("63x",), 120)
    inland = Counted("S", "province", False, ("S",), (), 99)
    rows = (
        HousesRow(one, "hindcast", None, "force_8", Interval(100, 200, 300), 1.7, True),
        HousesRow(one, "hindcast", None, "equivalent_destroyed", None, None, None),
        HousesRow(inland, "hindcast", None, "force_8", Interval(1, 2, 3), None, None),
    )
    (row,) = part(review.build(EN, context(), book(houses=rows)), "houses").rows
    assert row[0].note == "without Old North: a lower bound"
    assert [c.text for c in row] == [
        "North Toyland", "track as found afterwards", "120", "200", "–", "–", "not known",
    ]  # fmt: skip
    assert row[3].note == "100–300"


def test_what_is_not_modelled_is_named_with_its_share_and_unknown_is_not_zero():
    slides = Share("landslide", {"en": "Landslides"}, {"en": "Slopes."}, False, 8, 2, 0.5, (), "")
    heat = replace(slides, id="x", name={"en": "Other"}, dead=None, missing=None, share=None)
    page = review.build(EN, context(), book(not_modelled=(slides, heat)))
    rows = part(page, "not-modelled").rows
    assert [c.text for c in rows[0]][:2] == ["Landslides", "10"]
    assert rows[0][0].note == "NOT modelled"
    assert rows[1][1].text == "not known"
    assert "50%" in [f.value for f in page.facts]


def test_scripted_people_are_said_to_measure_nothing():
    one = Handling(
        "d", "N", 1, "first", NOW, NOW + HOUR / 6, NOW + HOUR / 4, NOW + HOUR / 3, "approval",
        NOW + HOUR / 3, 0, True,
    )  # fmt: skip
    section = part(review.build(EN, context(), book(handling=(one,))), "handling")
    assert texts(section) == [["approved", "1", "10 min", "5 min", "10 min", "0"]]
    assert section.after
    other = book(handling=(one,), scripted=False)
    assert not part(review.build(EN, context(), other), "handling").after


def test_the_timeline_can_be_narrowed_to_what_really_happened():
    def line(kind: str, stage: str) -> Line:
        return Line(NOW, stage, kind, ("N",), ("id",), Event(NOW, kind, "N", level=2), None)

    whole = book(timeline=(line("message", "said"), line("landfall", "found")))
    assert len(review.build(EN, context(), whole).timeline) == 2
    (found,) = review.build(EN, context(), whole, "found").timeline
    assert found.text == "the centre came ashore"


def test_an_event_without_words_is_still_told():
    strange = Line(NOW, "done", "sang", (), (), Event(NOW, "sang"), None)
    (told,) = review.build(EN, context(), book(timeline=(strange,))).timeline
    assert told.text == "sang: the system"


def warned_row(place: str, level: int, what: str, **other: object) -> Row:
    lead = 7.0 if what == "hit" else None
    plain = Row("sent", "storm", "e", place, "land", level, what, False, lead, 3.0)
    return replace(plain, **other)


def test_whether_the_warnings_were_right_comes_first():
    rows = (
        warned_row("N", 1, "hit"),
        warned_row("S", 1, "late"),
        warned_row("N", 2, "false_alarm"),
        warned_row("S", 2, "unknown"),
        warned_row("N", 3, "quiet"),
        warned_row("N", 1, "hit", office="drafted"),
        warned_row("N", 2, "miss", office="announced"),
    )
    page = review.build(EN, context(), book(warned=rows))
    first = page.sections[0]
    assert first.id == "warned"
    shown = [(row[0].note, *(c.text for c in row[2:])) for row in first.rows]
    assert all(row[1].level is not None for row in first.rows)
    assert [s[1:] for s in shown] == [
        ("1", "1", "0", "0", "0", "0", "7.0 h"),
        ("0", "0", "0", "0", "1", "1", "–"),
        ("0", "0", "0", "1", "0", "0", "–"),
    ]
    assert shown[0][0] == "as sent"
    assert shown[2][0].startswith("as announced")
    assert "One event proves nothing" in first.after[0]


def test_drafts_stand_in_where_nothing_was_sent():
    rows = (warned_row("N", 1, "hit", office="drafted"),)
    page = review.build(EN, context(), book(warned=rows))
    assert page.sections[0].rows[0][0].note.startswith("as drafted")
    sheet = Sheets(book(warned=rows), EN, {}).everything()[0]
    assert (sheet.part, len(sheet.columns), len(sheet.rows[0])) == ("warned", 10, 10)
