"""The risk page: where, why, how sure, what is not known, and what would be if."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app import test_readings as flood
from haidang.app.assess import assess
from haidang.base.errors import BadData, NotFound
from haidang.jobs.desk import Desk
from haidang.web import risking
from haidang.web.pages import risk
from haidang.web.pages.risk import _shade
from haidang.web.risking import Asked, Choices, Risking
from haidang.web.speak import Speaker

DRILL = "/d/drill-toy-2030"
RISK = f"{DRILL}/risk?lang=en"


def visible(text: str) -> str:
    bare = re.sub(r"<(svg|style|script).*?</\1>", " ", text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", bare)))


def event(reader) -> str:
    page = reader.get(RISK).text
    return re.search(r'<select id="i-track-event".*?<option value="([^"]+)"', page, re.S)[1]


def test_it_answers_first_and_says_what_is_not_known(reader):
    said = visible(reader.get(RISK).text)
    assert "Risk is highest in North Toyland: 6.6" in said
    assert said.index("North Toyland: 6.6") < said.index("South Toyland")
    assert "Quakes nobody counts them" in said
    assert "Poor people not known of 1 of 2 places" in said
    assert "it is no warning and no level of the law" in said


def test_a_place_is_explained_with_source_date_and_weakness(reader):
    page = reader.get(f"{RISK}&place=S").text
    said = visible(page)
    assert "Why: South Toyland" in said
    assert "The north only." in said
    assert re.search(r"Gales 2\.0 2 a year", said)
    assert 'aria-current="true">South Toyland' in page
    assert reader.get(f"{RISK}&place=nowhere").status_code == 404


def test_the_map_has_the_figure_in_every_place_and_not_the_shade_alone(reader):
    page = reader.get(RISK).text
    drawn = page[page.index('class="map watchmap"') :]
    assert ">6.6</text>" in drawn
    assert "North Toyland: 6.6 (" in drawn
    assert [_shade(v) for v in (0.0, 2.0, 3.5, 5.0, 10.0)] == ["w0", "w1", "w2", "w3", "w3"]


def test_the_table_holds_every_part(reader):
    rows = list(csv.DictReader(io.StringIO(reader.get(f"{DRILL}/risk.csv").text.lstrip("\ufeff"))))
    assert [r["code"] for r in rows] == ["N", "S"]
    assert float(rows[0]["risk_low"]) < float(rows[0]["risk"]) < float(rows[0]["risk_high"])
    assert rows[1]["poor"] == ""
    assert rows[0]["quakes"] == ""


def test_a_page_of_a_past_run_keeps_the_run(reader):
    page = reader.get(RISK).text
    stop = re.search(r'href="/d/drill-toy-2030/risk\?at=(\w+)"', page)[1]
    past = reader.get(f"{DRILL}/risk?lang=en&at={stop}").text
    assert "This is how it stood" in past
    assert f'name="at" value="{stop}"' in past
    assert f"risk?at={stop}&amp;place=S#why" in past


# ── what would be, if ───────────────────────────────────────────────────────────────────────────


def test_what_is_assumed_is_marked_and_stands_beside_what_is(reader):
    page = reader.get(f"{RISK}&what=track&event={event(reader)}&side=left&km=900&stronger=0").text
    said = visible(page)
    assert "HYPOTHETICAL" in said
    assert "900 km to the left, 0 m/s stronger" in said
    assert "It is no forecast, it is not stored, and no notice can come of it." in said
    assert re.search(r"Areas with a level \d+ → \d+ highest \d+ → ", said)
    assert 'value="900"' in page


def test_nothing_moves_if_nothing_is_assumed(reader):
    same = f"{RISK}&what=track&event={event(reader)}&side=right&km=0&stronger=0"
    assert "No level changes in any of" in visible(reader.get(same).text)


def test_nothing_of_it_is_stored(acted, tmp_path, toys):
    reader = acted.browser("one-0")
    desk = Desk.open(tmp_path / "drill-toy-2030", toys)

    def kept():
        store = desk.store
        return store.head(), len(store.decisions()), [d.id for d in store.pending()]

    before = kept()
    reader.get(f"{RISK}&what=track&event={event(reader)}&side=right&km=300&stronger=20")
    assert kept() == before


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("km=much&stronger=1", "'much' is not a number"),
        ("km=2000&stronger=1", "2000 is out of range; it must lie between -1000 and 1000"),
        ("km=1&stronger=nan", "out of range"),
    ],
)
def test_a_wrong_number_is_said_beside_its_field_and_kept(reader, query, said):
    page = reader.get(f"{RISK}&what=track&event={event(reader)}&side=left&{query}").text
    assert said in visible(page)
    assert 'aria-invalid="true"' in page
    assert "km: " not in visible(page)  # it stands beside the field
    assert "HYPOTHETICAL" not in page


def test_a_comma_is_a_decimal_sign():
    assert risking.number({"km": "12,5"}, "km") == 12.5
    assert risking.number({}, "km") == 0.0


def test_what_cannot_be_assumed_here_is_said(reader):
    for query in ("what=river&station=alba&metres=1", "what=quake&near=N&magnitude=6", "what=war"):
        answer = reader.get(f"{RISK}&{query}")
        assert answer.status_code == 200
        assert "HYPOTHETICAL" not in answer.text
    unknown = reader.get(f"{RISK}&what=track&event=nobody&side=left&km=1&stronger=1").text
    assert "nothing is known of the event nobody" in visible(unknown)


def test_nobody_looks_without_logging_in(looked):
    assert looked.browser().get(f"{DRILL}/risk.csv").status_code in {303, 401}


# ── a river ─────────────────────────────────────────────────────────────────────────────────────

ROWS = (("alba", -2, 1.4), ("alba", 0, 1.5), ("casa", 0, 1.0))


def river(**asked: object) -> Risking:
    """A look at the toy flood."""
    context, snapshot = flood.context(), flood.seen(*ROWS)
    actual = assess(context, snapshot)
    wish = Asked(**asked)
    assumed, problem = None, None
    if wish.what:
        try:
            assumed = risking.assume(context, snapshot, actual, wish)
        except (BadData, NotFound) as error:
            problem = error.problems[0]
    ground, islands = risking._ground(context.country, flood.DAY)
    return Risking(
        id="toy", title={"en": "Flood"}, now=flood.T0, context=context, day=flood.DAY,
        ranked=risking.ranked(context.country, flood.DAY), ground=ground, islands=islands,
        choices=risking.choices(context, snapshot), asked=wish, assumed=assumed, problem=problem,
        runs=(), this="",
    )  # fmt: skip


def speaker(language: str = "en") -> Speaker:
    return Speaker(language, flood.context().zone, "risk")


def test_only_gauges_with_a_reading_can_be_raised():
    page = risk.build(river(), speaker())
    form = next(f for f in page.forms if f.id == "river")
    station = next(i for i in form.inputs if i.name == "station")
    assert [code for code, _ in station.options] == ["alba", "casa"]
    assert [f.id for f in page.forms] == ["river"]


def test_a_metre_more_changes_the_level_beside_the_actual():
    values = {"station": "alba", "metres": "1"}
    page = risk.build(river(what="river", values=values), speaker())
    one = page.outcome.changes[0]
    assert (one.name, one.before, one.after.level) == ("North Toyland", None, 1)
    assert page.outcome.title == "Alba (Alb): 1 m higher"
    assert page.outcome.facts[0].value == "0 → 1"
    told = {f.label: (f.value, f.note) for f in page.outcome.facts}
    assert told["People in areas with a level"] == ("0 → 700,001", "")
    assert told["Stage"] == ("1.50 m → 2.50 m", "North Toyland")
    assert page.outcome.rest == "In 1 areas the level stays as it is."


def test_ten_metres_and_more_are_refused_beside_the_field():
    values = {"station": "alba", "metres": "11"}
    page = risk.build(river(what="river", values=values), speaker())
    assert page.outcome is None
    wrong = next(i for f in page.forms for i in f.inputs if i.error)
    assert (wrong.name, wrong.value) == ("metres", "11")


# ── a country without an index, or without anything to assume ───────────────────────────────────


def test_a_country_without_an_index_says_so_and_can_still_assume():
    look = replace(river(), ranked=None)
    page = risk.build(look, speaker())
    assert page.title == "No risk index"
    assert "Toyland" in page.none
    assert page.forms
    assert risk.table(look, speaker()) == ""


def test_where_nothing_can_be_assumed_it_is_said():
    page = risk.build(replace(river(), choices=Choices()), speaker("vi"))
    assert page.forms == ()
    assert page.no_what


def test_the_page_is_pure():
    assert risk.build(river(), speaker()) == risk.build(river(), speaker())
    later = replace(river(), now=flood.T0 + timedelta(hours=1))
    assert risk.build(later, speaker()).rows == risk.build(river(), speaker()).rows


def test_of_an_ended_storm_nothing_is_assumed(monkeypatch):
    ended = SimpleNamespace(analysis=None, ended=True)
    known = SimpleNamespace(events=lambda: ("x",), bulletins=lambda e: (ended,))
    snapshot = SimpleNamespace(
        tracks=SimpleNamespace(known_at=lambda r: known), receipt=1, law_day=None, places_day=None
    )
    threat = SimpleNamespace(tracked=True, counted=False)
    context = SimpleNamespace(
        pack=SimpleNamespace(threat=threat), country=SimpleNamespace(packs={})
    )
    assert risking.choices(context, snapshot) == Choices()
