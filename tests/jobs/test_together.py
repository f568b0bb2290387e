"""Two cases on one clock, and a person between them: the whole way, from the command line too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from haidang.base.errors import BadData, HaidangError
from haidang.cli import raising as raising_commands
from haidang.cli.app import build
from haidang.edge.store import Store
from haidang.jobs import together
from haidang.jobs.explain import explain_place
from haidang.pack.case import Case, load_case
from haidang.pack.load import Roots, roots
from haidang.pack.schema import Country
from haidang.warn.lifecycle import Occasion

FLOODS, SLIDES = "yagi-floods-2024", "yagi-landslides-2024"
PLACE = "15"
NOON = datetime.fromisoformat("2024-09-09T12:00+07:00")
OFFICER = ("--actor", "aaaaaaaa", "--role", "forecaster_on_duty")
LEAD = ("--actor", "bbbbbbbb", "--role", "shift_lead")


@pytest.fixture(scope="module")
def shipped() -> Roots:
    return roots()


def only(case: Case) -> Case:
    """The case at one place and without stock: enough for a test."""
    return replace(case, spec=case.spec.model_copy(update={"places": (PLACE,), "stock": None}))


@pytest.fixture(scope="module")
def cases(shipped) -> list[Case]:
    return [only(load_case(name, shipped)) for name in (FLOODS, SLIDES)]


@pytest.fixture(scope="module", autouse=True)
def parts(cases, shipped) -> Iterator[list[together.Part]]:
    """Country, packs and law, read once for all tests: that takes longer than to play."""
    made = together._parts(cases, shipped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "_parts", lambda *_: made)
        yield made[0]


@pytest.fixture(scope="module")
def noon(cases, shipped, tmp_path_factory) -> Path:
    """Played till noon of the 9th, when both stood at level 3 in Lào Cai."""
    folder = tmp_path_factory.mktemp("together")
    made = together.play(cases, shipped, folder, NOON)
    assert made.ahead > 0
    return made.database


@pytest.fixture(scope="module")
def country(parts) -> Country:
    return parts[0].context.country


def raised(country: Country, database: Path, *arguments: object) -> Result:
    """The command in this process, with the country that is read already: that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raising_commands, "_home", lambda name: country)
        given = ["raise", *map(str, arguments), "--db", str(database)]
        return CliRunner().invoke(build(), given, env={"COLUMNS": "240", "HAIDANG_LANG": "en"})


@pytest.fixture(scope="module")
def ended(cases, shipped, noon, country) -> Path:
    """A person proposed, another approved, and the two cases went on to their end."""
    until = ("--until", "2024-09-10T12:00+07:00", "--reason", "slopes are soaked")
    ran = raised(country, noon, "propose", PLACE, *until, *OFFICER)
    assert ran.exit_code == 0
    assert "level 3 would become 4" in ran.stdout
    with Store.open(noon) as store:
        (state,) = (s for s in store.raises() if s.stage == "proposed")
    assert raised(country, noon, "approve", state.id[:8], *LEAD).exit_code == 0
    listed = raised(country, noon, "list").stdout
    assert "+1" in listed
    assert state.id[:8] in listed
    assert together.play(cases, shipped, noon.parent).ahead == 0
    return noon


def test_one_verdict_a_run_over_both(noon):
    with Store.open(noon) as store:
        rows = together.table(store.decisions())
        last = [r for r in rows if r.place == PLACE][-1]
        assert {t for t, _ in last.levels} == {"river_flood", "flash_flood_landslide"}
        assert (last.combined, last.allowed) == (3, (1, 2))
        newest = max(d.at for d in store.decisions())
        here = [d for d in store.decisions() if d.at == newest]
        assert len({d.threat for d in here}) == 2
        assert len({d.combined for d in here}) == 1
        assert store.verify() == ()


def test_more_than_the_law_allows_is_refused(noon, country):
    why = ("--until", "2024-09-10T12:00+07:00", "--reason", "x", *OFFICER)
    for place, more, said in (
        (PLACE, ("--by", 3), "allowed: 0, 1, 2"),
        (PLACE, ("--by", 2), "serious loss"),
        (PLACE, ("--by", 0), "raises nothing"),
        ("99", (), "nothing was decided for 99"),
    ):
        ran = raised(country, noon, "propose", place, *more, *why)
        assert isinstance(ran.exception, HaidangError)
        assert said in ran.exception.say("en")
        assert ran.exception.say("vi") != ran.exception.say("en")
    role = ("--actor", "aaaaaaaa", "--role", "king")
    assert "shift_lead" in raised(country, noon, "approve", "x", *role).output
    naive = ("--until", "2024-09-10", "--reason", "x", *OFFICER)
    assert raised(country, noon, "propose", PLACE, *naive).exit_code == 2
    with Store.open(noon) as store:
        assert store.raises() == ()


def test_a_proposal_is_refused_or_withdrawn(noon, country):
    for verb in ("refuse", "withdraw"):
        until = ("--until", "2024-09-10T12:00+07:00", "--reason", verb)
        assert raised(country, noon, "propose", PLACE, *until, *OFFICER).exit_code == 0
        with Store.open(noon) as store:
            name = next(s.id for s in store.raises() if s.stage == "proposed")
        assert raised(country, noon, verb, name[:8], *LEAD, "--note", "no").exit_code == 0
        with Store.open(noon) as store:
            assert all(s.stage != "proposed" for s in store.raises())


def test_the_raise_is_told_lapses_and_changes_no_own_level(ended):
    with Store.open(ended) as store:
        state = next(s for s in store.raises() if s.proposed.reason == "slopes are soaked")
        assert (state.stage, state.note) == ("lapsed", "ended")
        under = [d for d in store.decisions() if d.whole and d.whole.raise_id == state.id]
        assert under
        assert {(d.whole.own, d.combined) for d in under} == {(3, 4)}
        assert all(d.after <= 3 for d in store.decisions())
        carried = [d for d in store.drafts() if d.said.combined]
        assert carried[0].occasion is Occasion.COMBINED_UP
        assert {d.said.combined for d in carried} == {4}
        assert len({d.threat for d in carried if d.at == carried[0].at}) == 1
        down = [d for d in store.drafts() if d.occasion is Occasion.COMBINED_DOWN]
        assert [d.said.level for d in down] == [3]
        vi = next(t for t in carried[0].texts if t.language == "vi")
        assert vi.headline.endswith("Cấp độ tổng hợp: 4.")
        first = vi.description.splitlines()[0]
        assert "khoản 4 Điều 4 Quyết định 18/2021/QĐ-TTg" in first
        assert "Trưởng ca" in first
        assert "cấp 3 (lớn), Điều" in first
        kinds = [e.kind for e in store.ledger() if e.kind.startswith("raise_")]
        assert kinds[-3:] == ["raise_proposed", "raise_approved", "raise_lapsed"]
        assert store.verify() == ()


def test_explain_says_what_is_together_and_who_raised(ended, country):
    at = datetime.fromisoformat("2024-09-09T23:30+07:00")
    lines = explain_place(ended, PLACE, at, country, "en")
    decisions = [line for line in lines if line.stage == "decision"]
    assert len(decisions) == 2
    assert "Combined level at Lao Cai: 4 (at the same time" in decisions[0].text
    assert "Shift lead raised it by 1 under Article 4(4)" in decisions[0].text
    assert "slopes are soaked" in decisions[0].text
    assert "Combined level" not in decisions[1].text  # once is enough
    # Each sentence says of which hazard it speaks, and each hazard's newest message is there.
    hazards = {line.text.partition(":")[0] for line in decisions}
    assert hazards == {"River flood", "Flash flood and landslide"}
    judged = [line for line in lines if line.stage == "assessment"]
    assert {line.text.partition(":")[0] for line in judged} == hazards
    told = " ".join(line.text for line in lines if line.stage == "message")
    assert all(name in told for name in hazards)
    before = explain_place(ended, PLACE, NOON, country, "vi")
    assert "được phép nâng thêm 1 hoặc 2 cấp; chưa ai quyết định nâng" in before[0].text


def test_played_again_nothing_changes(ended, cases, shipped):
    with Store.open(ended) as store:
        head = store.head()
    together.play(cases, shipped, ended.parent)
    with Store.open(ended) as store:
        assert store.head() == head


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda a, b: [a], "together.few"),
        (lambda a, b: [a, a], "together.twice"),
        (lambda a, b: [a, replace(b, country="xt")], "together.differ"),
    ],
)
def test_what_cannot_share_a_clock_is_refused(cases, shipped, tmp_path, change, code):
    with pytest.raises(BadData) as caught:
        together.play(change(*cases), shipped, tmp_path / "x")
    assert caught.value.problems[0].code == code
    assert caught.value.say("vi") != caught.value.say("en")
    assert not (tmp_path / "x").exists()
