"""Response on the pages: tasks by the clock, needs against stock, inventories, sheets."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from openpyxl import Workbook

from app.toy import context
from haidang.edge.store.tasks import TaskState
from haidang.respond.plan import (
    Call,
    Exceeded,
    Grant,
    Need,
    Plan,
    Suggestion,
    Task,
    Unit,
    Unmet,
)
from haidang.respond.spec import NeedSpec
from haidang.risk.assessment import Interval
from haidang.web.pages import incident, incident_overview
from haidang.web.pages.incident_parts import bar, kind_rows, total
from haidang.web.speak import Speaker
from web.toydesk import Room, open_room

NOW = datetime(2030, 9, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EN, VI = Speaker("en", UTC), Speaker("vi", UTC)


def task(name: str, due_h: float | None, **other: object) -> Task:
    plain = Task(
        id=f"task-{name}",
        spec=name,
        threat="storm",
        event="3001-toto",
        place="N",
        level=2,
        person="mayor",
        work={"en": f"Do {name}.", "vi": f"Làm {name}."},
        due=None if due_h is None else NOW + due_h * HOUR,
        due_rule="due_within" if due_h is not None else "due_not_said",
        due_params={"hours": "3"},
        responsibility="mayor",
        authority="crown",
        basis={"en": "Act 9", "vi": "Luật 9"},
        product={"en": "A list", "vi": "Danh sách"},
        kinds=(),
        decision="d",
        required=True,
        asked=NOW - 5 * HOUR,
    )
    return replace(plain, **other)


def need(kind: str, value: Interval | None, place: str = "N") -> Need:
    return Need(
        f"need-{kind}", "storm", "3001-toto", place, kind, value, NOW + HOUR, 0, "r", "m", "a"
    )


def unit(name: str, kind: str, place: str, quantity: int, echelon: str = "commune") -> Unit:
    return Unit(name, kind, place, echelon, quantity, 0, 60, None, None, "invented", True)


def grant(kind: str, origin: str, place: str, quantity: int, tier: str = "neighbour") -> Grant:
    return Grant(
        f"grant-{kind}-{origin}", f"need-{kind}", f"u-{origin}", kind, origin, place, "province",
        tier, quantity, NOW, NOW + 2 * HOUR, 80,
    )  # fmt: skip


def plan(**other: object) -> Plan:
    plain = Plan("plan", NOW, (), (), (), (), (), 1, True, True, 0)
    return replace(plain, **other)


def seen(one: Plan | None, **other: object) -> incident.Seen:
    plain = incident.Seen(
        context=context(),
        now=NOW,
        plan=one,
        before=None,
        tasks={},
        stock=(),
        decisions=(),
        assessments={},
        pending=(),
        day=NOW.date(),
    )
    return replace(plain, **other)


def test_late_is_what_the_clock_says_and_not_what_people_say():
    one = plan(tasks=(task("late", -1), task("soon", 2), task("done", -3), task("never", None)))
    states = {
        "task-done": TaskState("done", NOW - HOUR, "aaaa1111", "mayor"),
        "task-late": TaskState("started", NOW - HOUR, "aaaa1111", "mayor"),
    }
    page = incident.build(EN, seen(one, tasks=states), "N")
    assert [(r.spec, r.state, r.late) for r in page.tasks] == [
        ("late", "started", True),
        ("soon", "open", False),
        ("never", "open", False),
        ("done", "done", False),
    ]
    assert page.title == "North Toyland: late tasks: 1"
    after = incident.build(EN, seen(one, tasks=states, now=NOW + 3 * HOUR), "N")
    assert [r.spec for r in after.tasks if r.late] == ["late", "soon"]


def test_what_was_due_when_it_was_asked_for_is_done_at_once_and_late_an_hour_later():
    one = plan(tasks=(task("now", 0, asked=NOW), task("long", -7, asked=NOW), task("soon", 2)))
    page = incident.build(EN, seen(one), "N")
    rows = {r.spec: r for r in page.tasks}
    assert page.title == "North Toyland: tasks to be done at once: 2"
    assert not any(r.late for r in page.tasks)
    assert (rows["now"].due.at, rows["now"].due.left) == ("at once", "late from 10 Sep 13:00 on")
    assert rows["soon"].due.at == "10 Sep 14:00"
    assert incident_overview.build(EN, seen(one)).places[0].late == 0
    after = incident.build(EN, seen(one, now=NOW + HOUR), "N")
    assert [r.spec for r in after.tasks if r.late] == ["long", "now"]
    assert incident_overview.build(EN, seen(one, now=NOW + HOUR)).places[0].late == 2


def test_each_task_shows_all_six_clears():
    row = incident.build(VI, seen(plan(tasks=(task("a", 1),))), "N").tasks[0]
    assert all((row.work, row.person, row.due, row.responsibility, row.authority, row.product))
    assert row.due_rule == "trong 3 giờ kể từ khi vào cấp độ"
    assert row.basis == "Luật 9"


def test_unknown_need_is_not_zero_and_stands_among_what_not_to_trust():
    one = plan(needs=(need("rescue_boat", None),))
    page = incident.build(EN, seen(one, stock=(unit("u", "rescue_boat", "N", 4),)), "N")
    row = next(r for r in page.kinds if r.kind == "rescue_boat")
    assert (row.need, row.have, row.missing, row.bar) == ("", "4", "", None)
    assert any("not known, and that is not zero" in line for line in page.handover.doubt)


def test_stock_that_nobody_counted_is_not_said_to_be_missing_or_enough():
    one = plan(needs=(need("rescue_boat", Interval(1, 2, 3)),))
    row = incident.build(EN, seen(one), "N").kinds[0]
    assert (row.need, row.have) == ("2", "")


def test_needs_against_what_stands_there_what_comes_and_what_is_missing():
    one = plan(
        needs=(need("rescue_boat", Interval(4, 10, 20)),),
        grants=(
            grant("rescue_boat", "S", "N", 3),
            grant("rescue_boat", "N", "N", 4, "on_the_spot"),
        ),
        unmet=(Unmet("need-rescue_boat", "rescue_boat", "N", 3, "unmet_nobody", "", None),),
    )
    stock = (
        unit("a", "rescue_boat", "N", 4),
        unit("b", "rescue_boat", "S", 9),
        unit("c", "rescue_boat", "N", 50, "nation"),
    )
    page = incident.build(EN, seen(one, stock=stock), "N")
    row = page.kinds[0]
    assert (row.need, row.range, row.have, row.brought, row.missing) == (
        "10",
        "4–20",
        "4",
        "3",
        "3",
    )
    assert page.gaps == (
        "North Toyland: 3 boats of rescue boats and canoes are missing; nobody else has any left.",
    )


def test_the_dispatch_shows_both_plans_and_why():
    boats = need("rescue_boat", Interval(4, 10, 20))
    before = plan(
        needs=(need("rescue_boat", Interval(1, 2, 3)),), grants=(grant("rescue_boat", "S", "N", 2),)
    )
    after = plan(needs=(boats,), grants=(grant("rescue_boat", "S", "N", 8),))
    (row,) = incident.build(EN, seen(after, before=before), "N").sent
    assert (row.before, row.after, row.changed) == ("2", "8", True)
    assert row.why == "the need there grew"
    assert row.depart
    same = incident.build(EN, seen(after, before=after), "N").sent[0]
    assert (same.changed, same.why) == (False, "")


def test_stand_by_is_told_apart_from_what_is_needed():
    one = plan(
        needs=(need("rescue_boat", Interval(4, 10, 20)),),
        grants=(
            grant("rescue_boat", "N", "N", 10, "on_the_spot"),
            replace(grant("rescue_boat", "N", "N", 2, "on_the_spot"), id="x", standby=True),
            replace(grant("rescue_boat", "S", "N", 5), id="y", standby=True),
        ),
        short=(Unmet("need-rescue_boat", "rescue_boat", "N", 3, "unmet_nobody", "", None),),
    )
    stock = (unit("a", "rescue_boat", "N", 12), unit("b", "rescue_boat", "S", 5))
    page = incident.build(EN, seen(one, stock=stock), "N")
    row = page.kinds[0]
    assert (row.brought, row.ahead, row.missing) == ("", "+ 5 on stand-by", "")
    assert row.short == "3 short of the high estimate"
    assert page.gaps == ()
    # What stands there and is kept ready is no line of the dispatch.
    assert [(s.origin, s.after, s.standby) for s in page.sent] == [
        ("South Toyland → North Toyland", "5", "on stand-by")
    ]


def test_what_is_not_counted_yet_is_no_zero():
    held = [unit("a", "rescue_boat", "N", 12)]
    kinds = context().country.kinds
    places = frozenset({"N"})
    rule = NeedSpec.model_construct(kind="rescue_boat", level=4)
    later = SimpleNamespace(needs={"boats": rule})
    (row,) = kind_rows(EN, kinds, [], held, plan(), places, later)
    assert row.later == "counted from level 4 on"
    (row,) = kind_rows(EN, kinds, [], held, plan(), places)
    assert row.later == "not asked for by the scenario"
    none = [need("rescue_boat", Interval(0, 0, 0))]
    (row,) = kind_rows(EN, kinds, none, held, plan(), places, later)
    assert (row.need, row.later) == ("0", "")


def test_the_hours_by_which_help_must_leave_stand_first_and_go_into_the_handover():
    calls = tuple(
        Call("need-rescue_boat", "rescue_boat", "N", "S", 5, NOW + h * HOUR) for h in (-1, 2, 9)
    )
    page = incident.build(EN, seen(plan(calls=calls)), "N")
    # An hour that has passed is no decision any more.
    assert len(page.calls) == 2
    assert "must leave South Toyland by 10 Sep 14:00" in page.calls[0]
    assert page.calls[0] in page.handover.must
    assert page.calls[1] not in page.handover.must
    # Whoever has to send it reads it too.
    assert incident.build(EN, seen(plan(calls=calls)), "S").calls == page.calls
    many = tuple(replace(calls[1], leave_by=NOW + (h + 1) * HOUR) for h in range(11))
    lines = incident_overview.build(VI, seen(plan(calls=many))).calls
    assert len(lines) == incident_overview.FIRST + 1
    assert "3" in lines[-1]


def test_a_task_that_outlasts_its_level_says_so():
    one = plan(tasks=(task("search", 2, ended=NOW - HOUR),))
    row = incident.build(EN, seen(one), "N").tasks[0]
    assert row.due_rule.endswith("the level ended 10 Sep 11:00, the task stays")


def test_the_suggestion_says_that_it_is_one_and_how_it_came_about():
    ground = Exceeded("rescue_boat", Interval(4, 10, 20), 4, 2, 3)
    one = plan(
        suggestions=(
            Suggestion("N", 2, 3, "cd_beyond_communes", (ground,), "mayor", {"en": "Act 9"}),
        )
    )
    civil = incident.build(EN, seen(one), "N").civil
    assert civil is not None
    assert civil.title == "Civil-defence level 2"
    assert civil.grounds[0][0] == "no"
    assert "needed 10 (4–20); communes hold 4, the province 2" in civil.grounds[0][1]
    unknown = plan(suggestions=(Suggestion("N", None, None, "cd_not_counted", (), "", {}),))
    civil = incident.build(EN, seen(unknown), "N").civil
    assert civil is not None
    assert civil.title == "Not known"


def test_the_handover_is_filled_in():
    one = plan(tasks=(task("late", -1), task("soon", 2), task("far", 30)))
    note = incident.build(EN, seen(one), "N").handover
    assert [line.split(":")[0] for line in note.must] == ["LATE since 10 Sep 11", "10 Sep 14"]
    assert any("invented" in line for line in note.doubt)
    assert "Do far" not in note.text
    assert note.text.count("\n- ") >= 4


def test_without_a_plan_the_page_says_so():
    page = incident.build(EN, seen(None), "N")
    assert page.title == "North Toyland: nothing is asked for"
    assert any("There is no plan" in line for line in page.handover.doubt)
    assert incident_overview.build(EN, seen(None)).places == ()


def test_a_need_that_is_unknown_makes_the_sum_unknown():
    assert total([Interval(1, 2, 3), None]) is None
    assert total([Interval(1, 2, 3), Interval(1, 1, 1)]) == Interval(2, 3, 4)
    assert total([]) == Interval(0, 0, 0)


def test_a_bar_keeps_inside_its_drawing():
    found = bar(Interval(1, 2, 4), 1_000_000)
    assert found is not None
    assert float(found.have) <= 150
    assert bar(Interval(0, 0, 0), 0) is None


# --- over the desk ------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path) -> Iterator[Room]:
    found = open_room(tmp_path)
    yield found
    found.close()


def said(answer) -> str:
    text = answer if isinstance(answer, str) else answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


HEAD = "id,kind,place,echelon,quantity,source,demo\n"


def send(person, room: Room, name: str, body: bytes):
    here = f"{room.base}/incident"
    return person.post(f"{here}/stock", person.proof(here), file=(name, body))


def test_an_inventory_is_taken_in_whole(room):
    body = (HEAD + "a,rescue_boat,N,commune,4,me,true\n").encode()
    answer = send(room.person(), room, "mine.csv", body)
    assert answer.status_code == 303
    assert "said=stock" in answer.headers["location"]
    units, _ = room.desk.store.stock(room.desk.clock(room.wall.now))
    assert "a" in {u.id for u in units}


def test_faults_of_an_inventory_are_told_row_by_row_and_good_rows_are_kept(room):
    rows = "a,rescue_boat,N,commune,4,me,true\nb,rescue_boat,N,commune,-2,me,true\n"
    rows += "c,submarine,N,commune,1,me,true\n"
    answer = send(room.person(), room, "mine.csv", (HEAD + rows).encode())
    text = said(answer)
    assert answer.status_code == 200
    assert "Đã nhận 1 dòng" in text
    assert re.search(r"mine\.csv, dòng 3, quantity", text)
    assert re.search(r"mine\.csv, dòng 4, kind", text)


def test_a_spreadsheet_will_do_too(room):
    book = Workbook()
    book.active.append(HEAD.strip().split(","))
    book.active.append(["a", "rescue_boat", "N", "commune", 4, "me", "true"])
    out = BytesIO()
    book.save(out)
    assert send(room.person(), room, "mine.xlsx", out.getvalue()).status_code == 303


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("mine.csv", b"", "hãy chọn tệp trước"),
        ("mine.pdf", b"%PDF", "không phải CSV hay XLSX"),
        ("mine.csv", b"\xff\xfe\x00", "Chưa nhận gì"),
        ("mine.xlsx", b"no book", "Chưa nhận gì"),
    ],
)
def test_what_is_no_inventory_is_refused_in_words(room, name, body, words):
    before = room.desk.store.head()
    answer = send(room.person(), room, name, body)
    assert answer.status_code == 409
    assert words in said(answer)
    assert room.desk.store.head() == before


def test_a_place_that_is_none_is_not_found(room):
    room.person().get(f"{room.base}/incident/nowhere", 404)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_pages_answer_in_both_languages_without_inline_style(room, language):
    person = room.person(language=language)
    for path in ("incident", "incident/N", "incident/N/print", "review", "review?show=1"):
        page = person.get(f"{room.base}/{path}")
        assert f'<html lang="{language}">' in page
        assert " style=" not in page


def test_a_past_bulletin_shows_the_response_as_it_was_and_the_end_leads_to_the_worst(looked):
    reader = looked.browser("one-0")
    base = "/d/toy-2030/incident"
    end = html.unescape(reader.get(f"{base}?lang=en").text)
    assert "No place is at a level any more" in end
    worst = re.search(r'class="btn" href="(/d/toy-2030/incident\?at=\w+)"', end)
    assert worst is not None
    runs = re.findall(
        rf'href="{re.escape(base)}\?at=(\w+)"', end.split('class="stops"')[1].split("</ol>")[0]
    )
    assert len(runs) == len(set(runs)) > 3
    assert re.search(rf'at={runs[-1]}"[^>]*aria-current="step"', end)

    then = html.unescape(reader.get(worst.group(1)).text)
    run = worst.group(1).split("=")[1]
    assert "This is how it stood at" in then
    assert re.search(rf'at={run}"[^>]*aria-current="step"', then)
    # The pages that can show a past run keep it, and so does the way to each place.
    assert f'href="/d/toy-2030/situation?at={run}"' in then
    places = re.findall(rf'href="({re.escape(base)}/\w+)\?at={run}"', then)
    assert places
    place = html.unescape(reader.get(f"{places[0]}?at={run}").text)
    assert 'class="task' in place
    assert f'{places[0]}/task"' not in place, "nobody reports at a past run"
    assert f'href="{places[0]}/print?at={run}"' in place
    after = html.unescape(reader.get(places[0]).text)
    assert "The level is over here" in after
    assert f'href="{places[0]}?at=' in after
    first = html.unescape(reader.get(f"{base}?at={runs[0]}").text)
    assert "not known" not in first.split('class="stops"')[1].split("</ol>")[0]
    assert reader.get(f"{base}?at=b19990101T0000").status_code == 404


def test_a_report_of_a_later_run_is_not_there_at_an_earlier_one(acted):
    one = acted.browser("one-0")
    base = "/d/drill-toy-2030/incident"
    page = html.unescape(one.get(f"{base}?lang=en").text)
    runs = re.findall(rf'href="{re.escape(base)}\?at=(\w+)"', page)
    where = re.search(rf'href="({re.escape(base)}/\w+)"', page)
    assert where is not None
    place = one.get(where.group(1)).text
    task = re.search(r'name="task" value="([^"]+)"', place)
    assert task is not None
    said = {"task": task.group(1), "do": "done", "note": "told later"}
    sent = one.send(f"{where.group(1)}/task", said)
    assert sent.status_code == 303
    assert "told later" in one.get(where.group(1)).text
    assert "told later" not in one.get(f"{where.group(1)}?at={runs[-2]}").text
