"""A desk: its clock, its bulletins, what people do at it, and that nobody sees what is to come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from desks import lay
from haidang.base.errors import BadData, NotFound, Unavailable
from haidang.jobs import desk as desk_module
from haidang.jobs.desk import Desk, context_of, desks, start_drill, start_live
from haidang.jobs.desk_files import DESK, keep_as_desk
from haidang.jobs.replay import play
from haidang.jobs.tonight import tonight
from haidang.warn.cap import parse

TOY_CASE = "toy-2030"
DRILL = f"drill-{TOY_CASE}"
SIGNER, LEAD = ("aaaaaaaa01", "forecaster"), ("bbbbbbbb02", "lead")
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
HEAD = "issued,valid,lat,lon,wind_kmh,kind"
ROWS = (
    "2030-09-11T00:00Z,2030-09-11T00:00Z,11.2,-37.0,155,analysis",
    "2030-09-11T00:00Z,2030-09-11T12:00Z,11.3,-38.5,190,forecast",
)
MORE = (
    "2030-09-11T06:00Z,2030-09-11T06:00Z,11.2,-37.8,200,analysis",
    "2030-09-11T06:00Z,2030-09-11T18:00Z,11.3,-39.5,190,forecast",
)
LAST = ("2030-09-11T12:00Z,2030-09-11T12:00Z,11.3,-38.6,180,analysis",)


def body(*rows: str) -> bytes:
    return "\n".join((HEAD, *rows)).encode()


class Wall:
    """The real clock, by which the store notes when it wrote, moved ahead."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture(scope="session")
def begun(known, tmp_path_factory) -> Path:
    """A drill after its first bulletin. Copied by whoever works at it."""
    out = tmp_path_factory.mktemp("begun")
    start_drill(TOY_CASE, out, known).close()
    return out / DRILL


@pytest.fixture
def drill(begun, known, tmp_path) -> Iterator[Desk]:
    lay(begun, tmp_path / DRILL)
    found = Desk.open(tmp_path / DRILL, known)
    yield found
    found.close()


def code(error) -> str:
    assert error.value.say("vi") != error.value.say("en")
    return error.value.problems[0].code


def reworded(draft, text=" Thêm."):
    return tuple(replace(t, description=t.description + text) for t in draft.texts)


# ── a drill ──────────────────────────────────────────────────────────────────────────────────


def test_a_drill_begins_with_its_first_bulletin_and_nobody_scripted(drill, wall):
    assert (drill.id, drill.kind) == (DRILL, "drill")
    assert drill.case.spec.officers == ()
    [step] = drill.views()
    # 00:00 UTC on the toy country's clock.
    assert (step.id, step.number, step.newest) == ("b20300909T2200", 1, True)
    view = drill.at(wall=wall())
    assert len(view.pending) == 3
    assert view.messages == ()
    assert {f.name for f in drill.folder.iterdir()} >= {DESK, "bulletins.csv", "haidang.db"}


def test_the_clock_runs_with_the_wall_and_stops_before_the_next_bulletin(drill, wall):
    first = drill.views()[0].now
    assert first <= drill.clock(wall()) <= first + timedelta(minutes=5)
    wall.ahead = timedelta(hours=2)
    assert timedelta(hours=2) <= drill.clock(wall()) - first <= timedelta(hours=2, minutes=5)
    wall.ahead = timedelta(days=9)
    assert drill.clock(wall()) == drill.next_step.now - SECOND
    wall.ahead = timedelta(days=-9)
    assert drill.clock(wall()) == first


def test_a_button_pressed_twice_moves_the_desk_once(drill, wall):
    seen = drill.views()[-1].id
    step = drill.advance(wall(), expect=seen)
    assert step.id == "b20300910T1000"
    assert drill.advance(wall(), expect=seen) == step
    assert [s.number for s in drill.views()] == [1, 2]
    assert drill.views()[0].newest is False


def test_two_browsers_press_at_once(drill, wall):
    seen = drill.views()[-1].id
    got: list[object] = []
    threads = [
        threading.Thread(target=lambda: got.append(drill.advance(wall(), expect=seen)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drill.views()) == 2
    assert len(set(got)) == 1


def test_to_the_end(drill, wall):
    while drill.next_step is not None:
        drill.advance(wall())
    last = drill.views()[-1]
    assert drill.advance(wall()) == last
    assert len(drill.views()) == len(drill.steps)
    assert drill.store.verify() == ()


def test_no_peeking(drill, wall):
    before = drill.at(wall=wall())
    first = drill.views()[0]
    draft = before.pending[0]
    wall.ahead = 30 * MINUTE
    drill.sign(draft.id, *SIGNER, wall())
    drill.approve(draft.id, *LEAD, wall())
    drill.advance(wall())
    then = drill.at(first.id, wall())
    assert then.until == first.now
    assert then.messages == ()
    assert {d.id for d in then.drafts.values()} == {d.id for d in before.drafts.values()}
    assert all(s.signer == "" and s.pending for s in then.states.values())
    assert max(a.at for a in then.acts) <= first.now
    assert max(f.issued for f in then.snapshot.tracks.fixes) <= first.issued
    assert all(c.issued is None for c in then.snapshot.chains)
    now = drill.at(wall=wall())
    assert len(now.messages) == 1
    assert now.decisions != then.decisions
    assert {d.assessment for d in now.decisions} <= set(now.assessments)
    # What is to come is nowhere in what a page gets.
    ahead = drill.next_step.now
    assert now.until < ahead
    assert all(f.issued < ahead for f in now.snapshot.tracks.fixes)


def test_a_step_that_has_not_come(drill, wall):
    for name in ("b20300910T1000", "nonsense"):
        with pytest.raises(NotFound) as error:
            drill.at(name, wall())
        assert code(error) == "desk.no_step"


# ── people ───────────────────────────────────────────────────────────────────────────────────


def test_two_people_let_a_notice_out(drill, wall):
    draft = drill.at(wall=wall()).pending[0]
    wall.ahead = 5 * MINUTE
    drill.sign(draft.id, *SIGNER, wall())
    with pytest.raises(BadData) as error:
        drill.approve(draft.id, *SIGNER, wall())
    assert code(error) == "store.same_person"
    message = drill.approve(draft.id, *LEAD, wall())
    assert drill.approve(draft.id, *LEAD, wall()) == message  # sent twice, done once
    [file] = (drill.folder / "cap").iterdir()
    alert = parse(file.read_bytes())
    assert alert.status == "Exercise"
    assert timedelta(0) <= alert.sent - drill.views()[0].now - 5 * MINUTE < 5 * MINUTE
    view = drill.at(wall=wall())
    assert view.undelivered == 0
    assert view.states[draft.id].approved
    assert drill.store.verify() == ()


def test_a_draft_of_another_threat_goes_out_with_its_own_codes(drill, wall, known):
    """A desk of sensors may watch several threats; its first one must not speak for the others."""
    draft = drill.at(None, wall()).pending[0]
    right = drill.context.pack.threat.warn.event_code
    spec = drill.case.spec.model_copy(update={"threat": "flood"})
    drill.context = context_of(replace(drill.case, spec=spec), known)
    assert drill.context.pack.threat.warn.event_code != right
    drill.sign(draft.id, *SIGNER, wall())
    message = drill.approve(draft.id, *LEAD, wall())
    assert all(info.event_codes == (right,) for info in parse(message.body).infos)


def test_two_browsers_edit_one_draft(drill, wall):
    draft = drill.at(wall=wall()).pending[0]
    fresh = drill.edit(draft.id, *SIGNER, wall(), reworded(draft))
    assert drill.edit(draft.id, *SIGNER, wall(), reworded(draft)) == fresh
    with pytest.raises(BadData) as error:
        drill.edit(draft.id, *LEAD, wall(), reworded(draft, " Khác."))
    assert code(error) == "store.not_newest"
    view = drill.at(wall=wall())
    assert [d.id for d in view.chain(draft.chain)] == [draft.id, fresh.id]
    assert fresh in view.pending
    assert draft not in view.pending
    message = drill.approve(fresh.id, *LEAD, wall())
    assert "Thêm." in message.body.decode()


def test_an_exercise_stays_marked_as_one(drill, wall):
    draft = drill.at(wall=wall()).pending[0]
    bare = tuple(replace(t, headline="Strong wind tonight") for t in draft.texts)
    with pytest.raises(BadData) as error:
        drill.edit(draft.id, *SIGNER, wall(), bare)
    assert code(error) == "desk.prefix"
    assert drill.at(wall=wall()).pending[0] == draft


def test_a_run_that_replaces_a_persons_words_is_seen(drill, wall):
    waiting = drill.at(wall=wall()).pending
    edited = [drill.edit(d.id, *SIGNER, wall(), reworded(d)) for d in waiting]
    for _ in range(3):
        drill.advance(wall())
    view = drill.at(wall=wall())
    assert view.overtaken
    assert {d.id for d in view.overtaken} <= {d.id for d in edited}
    assert drill.store.verify() == ()


@pytest.fixture
def passing(drill) -> Desk:
    """The toy country passes nothing on; this one has two roles above."""
    country = drill.context.country
    spec = country.spec.model_copy(update={"escalation": ("chief", "chair")})
    drill.context = replace(drill.context, country=replace(country, spec=spec))
    return drill


def test_drafts_that_wait_too_long_are_passed_on_once(passing, wall):
    drill = passing
    draft = drill.at(wall=wall()).pending[0]
    roles = drill.context.country.spec.escalation
    limit = timedelta(minutes=drill.context.pack.threat.warn.approval_limit_min)
    assert drill.at(wall=wall()).states[draft.id].roles == ()
    wall.ahead = limit + 5 * MINUTE
    for _ in range(3):
        view = drill.at(wall=wall())
    assert view.states[draft.id].roles == roles[:1]
    passed = [a for a in view.acts if a.draft == draft.id and a.action == "escalated"]
    assert [a.at for a in passed] == [draft.due]  # at its hour, not when somebody looked
    wall.ahead = timedelta(hours=11)
    view = drill.at(wall=wall())
    assert view.states[draft.id].roles == roles
    # New words after the hour are passed on too, and at once.
    fresh = drill.edit(draft.id, *SIGNER, wall(), reworded(draft))
    view = drill.at(wall=wall())
    assert view.states[fresh.id].roles == roles
    assert drill.store.verify() == ()


def test_an_advance_happens_after_what_was_due_before_it(passing, wall):
    drill = passing
    draft = drill.at(wall=wall()).pending[0]
    drill.advance(wall())
    acts = [a for a in drill.at(wall=wall()).acts if a.draft == draft.id]
    assert "escalated" in [a.action for a in acts]
    assert all(a.at <= drill.views()[1].now for a in acts)


def test_what_a_channel_does_not_take_waits_and_goes_out_later(drill, wall, monkeypatch):
    draft = drill.at(wall=wall()).pending[0]
    drill.sign(draft.id, *SIGNER, wall())

    def full(*_: object) -> None:
        raise Unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(desk_module.capfile, "deliver", full)
        drill.approve(draft.id, *LEAD, wall())  # approved is approved
        assert drill.at(wall=wall()).undelivered == 1
    monkeypatch.setattr(desk_module, "PAUSE", timedelta(0))
    assert drill.at(wall=wall()) is not None
    assert drill.at(wall=wall()).undelivered == 0
    assert len(list((drill.folder / "cap").iterdir())) == 1


def test_a_page_does_not_wait_for_a_run(drill, wall):
    drill.at(wall=wall())
    with drill._acting():  # as a run of some seconds holds it
        seen: list[object] = []
        reader = threading.Thread(target=lambda: seen.append(drill.at(wall=wall())))
        reader.start()
        reader.join(timeout=120)
        assert seen


# ── opening ──────────────────────────────────────────────────────────────────────────────────


def test_one_desk_for_everybody_in_a_process(drill, known):
    assert Desk.open(drill.folder, known) is drill
    drill.close()
    again = Desk.open(drill.folder, known)
    assert again is not drill
    assert [s.id for s in again.views()] == ["b20300909T2200"]
    again.close()


def test_a_second_drill_gets_a_folder_of_its_own(known, tmp_path):
    (tmp_path / DRILL).mkdir()
    found = start_drill(TOY_CASE, tmp_path, known)
    assert found.id == f"{DRILL}-2"
    found.close()


def test_a_drill_that_was_killed_at_its_beginning_goes_on(begun, known, tmp_path, wall):
    folder = tmp_path / DRILL
    lay(begun, folder)
    for name in folder.glob("haidang.db*"):
        name.unlink()
    found = Desk.open(folder, known)
    assert found.views() == ()
    with pytest.raises(NotFound):
        found.at(wall=wall())
    assert found.advance(wall(), expect="").id == "b20300909T2200"
    found.close()


def test_a_replay_can_only_be_looked_at(toy, known, tmp_path, wall):
    folder = tmp_path / TOY_CASE
    copytree(toy.folder, folder)
    found = Desk.open(folder, known)
    head = found.store.head()
    assert (found.kind, found.next_step) == ("replay", None)
    assert len(found.views()) == len(toy.steps)
    view = found.at(wall=wall())
    assert view.until == found.clock(wall()) >= found.views()[-1].now
    assert len(view.messages) == len(found.store.messages())
    draft = next(iter(view.drafts))
    acts = (
        lambda: found.advance(wall()),
        lambda: found.sign(draft, *SIGNER, wall()),
        lambda: found.edit(draft, *SIGNER, wall(), ()),
        lambda: found.approve(draft, *LEAD, wall()),
        lambda: found.refuse(draft, *LEAD, wall(), "no"),
        lambda: found.task_act("t", *LEAD, wall(), "done", "", "k"),
        lambda: found.add_bulletins(body(*ROWS), wall()),
        lambda: found.add_stock(tmp_path / "x.csv", wall()),
    )
    for act in acts:
        with pytest.raises(BadData) as error:
            act()
        assert code(error) == "desk.read_only"
    assert found.store.head() == head
    found.close()


def test_what_is_no_desk(known, tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty"):
        with pytest.raises(NotFound) as error:
            Desk.open(tmp_path / name, known)
        assert code(error) == "desk.none"
    assert desks(tmp_path, known) == ()
    assert desks(tmp_path / "nowhere", known) == ()


def test_the_list_of_desks(toy, drill, known):
    copytree(toy.folder, drill.folder.parent / TOY_CASE)
    copytree(toy.folder, drill.folder.parent / "somebody-elses")
    (drill.folder.parent / "broken").mkdir()
    (drill.folder.parent / "broken" / DESK).write_text("kind: [", "utf-8")
    found = desks(drill.folder.parent, known)
    assert {(d.id, d.kind) for d in found} == {(DRILL, "drill"), (TOY_CASE, "replay")}
    assert found[0].changed >= found[1].changed
    assert all(d.title["en"] and d.country == "xt" for d in found)


# ── a user's own bulletins ───────────────────────────────────────────────────────────────────


@pytest.fixture
def live(known, tmp_path) -> Iterator[Desk]:
    found = start_live(body(*ROWS), "Bão thử", "storm", "xt", tmp_path, known)
    yield found
    found.close()


def test_a_live_desk(live, wall):
    assert (live.id, live.kind, live.title["vi"]) == ("bao-thu", "live", "Bão thử")
    assert [s.id for s in live.views()] == ["b20300910T2200"]
    assert live.next_step is None
    assert live.at(wall=wall()).pending
    assert live.case.spec.status == "Exercise"


def test_a_further_bulletin_comes_in_when_it_comes_in(live, wall, known):
    draft = live.at(wall=wall()).pending[0]
    wall.ahead = timedelta(hours=6, minutes=20)
    live.sign(draft.id, *SIGNER, wall())
    step = live.add_bulletins(body(*ROWS, *MORE), wall())  # the whole file, with new rows
    assert step.id == "b20300911T0400"
    # Issued at 06:00, received at 06:20: people had acted at 06:20 already.
    assert timedelta(minutes=19) < step.now - step.issued < timedelta(minutes=26)
    assert [s.number for s in live.views()] == [1, 2]
    # Issued after the desk's time: the clock goes there.
    wall.ahead = timedelta(0)
    last = live.add_bulletins(body(*LAST), wall())
    assert last.now == last.issued
    live.close()
    again = Desk.open(live.folder, known)
    assert [s.now for s in again.views()] == [s.now for s in again.steps]
    assert again.next_step is None
    assert again.store.verify() == ()
    again.close()


def test_what_cannot_be_added(live, drill, wall):
    head, files = live.store.head(), sorted(p.name for p in live.folder.iterdir())
    changed = ROWS[0].replace("155", "170")
    for rows, expected in (
        (ROWS, "desk.nothing_new"),
        ((changed, ROWS[1], *MORE), "desk.other_bulletin"),
        (("nonsense",), "feed.time"),
    ):
        with pytest.raises(BadData) as error:
            live.add_bulletins(body(*rows), wall())
        assert expected in {p.code for p in error.value.problems}
    kept = {p.name for p in live.folder.iterdir() if not p.name.startswith("haidang.db-")}
    assert kept == {f for f in files if not f.startswith("haidang.db-")}
    assert live.store.head() == head
    with pytest.raises(BadData) as error:
        drill.add_bulletins(body(*MORE), wall())
    assert code(error) == "desk.not_live"


def test_a_file_that_cannot_be_used_leaves_no_desk(known, tmp_path):
    with pytest.raises(BadData):
        start_live(b"nonsense", "x", "storm", "xt", tmp_path, known)
    with pytest.raises(BadData):
        start_live(body(*ROWS), "...", "storm", "xt", tmp_path, known)
    with pytest.raises(NotFound) as error:
        start_live(body(*ROWS), "x", "earthquake", "xt", tmp_path, known)
    assert code(error) == "desk.no_threat"
    assert list(tmp_path.iterdir()) == []


def test_a_live_desk_never_takes_the_name_of_a_shipped_case(known, tmp_path):
    found = start_live(body(*ROWS), TOY_CASE, "storm", "xt", tmp_path, known)
    assert found.id == f"{TOY_CASE}-2"
    found.close()


# ── inventories ──────────────────────────────────────────────────────────────────────────────

STOCK_HEAD = "id,kind,place,echelon,quantity,reserve,demo"


def inventory(folder: Path, *rows: str) -> Path:
    path = folder / "kho.csv"
    path.write_text("\n".join((STOCK_HEAD, *rows)), "utf-8")
    return path


def test_an_inventory_is_taken_in_and_planned_on_at_once(drill, wall, tmp_path):
    file = inventory(tmp_path, "b1,rescue_boat,N,province,9,1,true", "x,canoe,N,province,1,0,")
    wall.ahead = 20 * MINUTE
    assert drill.at(wall=wall()).snapshot.stock
    read = drill.add_stock(file, wall())
    assert [p.code for p in read.problems] == ["stock.kind"]
    first, second = drill.views()
    assert second.issued is None
    assert second.id.startswith("t20300909T22")
    view = drill.at(wall=wall())
    assert [u.id for u in view.snapshot.stock] == ["b1"]
    # As the first run saw it: what the country keeps ready for drills.
    assert "b1" not in {u.id for u in drill.at(first.id, wall()).snapshot.stock}
    # The same file again changes nothing; another replaces it; the first may come back.
    head = drill.store.head()
    drill.add_stock(file, wall())
    assert drill.store.head() == head
    wall.ahead = 40 * MINUTE
    for rows in (("b2,rescue_boat,S,province,4,0,",), ("b1,rescue_boat,N,province,9,1,true",)):
        drill.add_stock(inventory(tmp_path, *rows), wall())
        now = drill.at(wall=wall()).snapshot
        assert [u.id for u in now.stock] == [rows[0][:2]]
    assert len(drill.views()) == 4
    # The bulletin that comes next is none the worse for it.
    assert drill.advance(wall()).id == "b20300910T1000"
    assert drill.store.verify() == ()


def test_an_inventory_without_a_good_row_leaves_the_former_in_force(drill, wall, tmp_path):
    drill.add_stock(inventory(tmp_path, "b1,rescue_boat,N,province,9,1,"), wall())
    head = drill.store.head()
    with pytest.raises(BadData) as error:
        drill.add_stock(inventory(tmp_path, "b1,rescue_boat,N,province,-9,1,"), wall())
    assert [p.code for p in error.value.problems] == ["stock.negative", "stock.nothing_kept"]
    assert drill.store.head() == head
    assert [u.quantity for u in drill.at(wall=wall()).snapshot.stock] == [9]


def test_just_before_the_next_bulletin_an_inventory_waits_for_it(drill, wall, tmp_path):
    wall.ahead = timedelta(days=1)
    file = inventory(tmp_path, "b1,rescue_boat,N,province,9,1,")
    drill.add_stock(file, wall())
    drill.add_stock(inventory(tmp_path, "b1,rescue_boat,N,province,8,1,"), wall())
    step = drill.advance(wall())
    assert step.id == "b20300910T1000"
    assert [u.quantity for u in drill.at(wall=wall()).snapshot.stock] == [8]


def test_the_clock_is_never_before_what_was_sent(known, tmp_path, wall):
    """A storm of one's own is signed by its script minutes after the last bulletin."""
    file = tmp_path / "tonight.csv"
    file.write_bytes(body(*ROWS))
    case = tonight(file, "storm", "xt", "Thử", approve=True)
    play(case, known, tmp_path / case.spec.id)
    keep_as_desk(tmp_path / case.spec.id, case, "Thử", wall())
    found = Desk.open(tmp_path / "thu", known)
    try:
        sent = [m.sent for m in found.store.messages()]
        assert sent
        assert found.clock(wall()) >= max(sent)
        assert not found.at(wall=wall()).pending
    finally:
        found.close()


def test_a_storm_played_from_the_command_line_is_a_live_desk(known, tmp_path, wall):
    file = tmp_path / "tonight.csv"
    file.write_bytes(body(*ROWS, *MORE))
    out = tmp_path / "out"
    case = tonight(file, "storm", "xt", "Thử", approve=False)
    play(case, known, out / case.spec.id)
    assert desks(out, known) == ()
    keep_as_desk(out / case.spec.id, case, "Thử", wall())
    file.unlink()  # the desk does not hang on the user's own file
    assert [(d.id, d.kind, d.title["vi"]) for d in desks(out, known)] == [("thu", "live", "Thử")]
    found = Desk.open(out / "thu", known)
    try:
        assert len(found.views()) == 2
        assert found.next_step is None
        draft = next(iter(found.at(wall=wall()).pending))
        found.sign(draft.id, *SIGNER, wall())
        found.add_bulletins(body(*LAST), wall())
        assert len(found.views()) == 3
        # Played again, it keeps what people have entered since.
        file.write_bytes(body(*ROWS, *MORE))
        keep_as_desk(out / "thu", case, "Thử", wall())
        assert found.spec == Desk(out / "thu", known).spec
    finally:
        found.close()
