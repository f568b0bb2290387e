"""The form for raises: one asks, another lets, and the page says why one ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.together import RULE
from haidang.app.verdict import Whole
from haidang.jobs import raising
from haidang.law.evaluate import cite
from haidang.web.routes import raises as routes
from web.test_warnings import moved, said
from web.toydesk import open_room


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A drill in which a second hazard counts at place N, as far as the law is asked."""
    found = open_room(tmp_path)
    plain = raising.standing

    def two(store, country, place, scale=""):
        here = plain(store, country, place, scale)
        if place != "N":
            return here
        whole = Whole(here.own, ("storm/3001-toto", "flood/x"), (), (), (1, 2), "4(4)", "")
        return replace(here, whole=whole, scale=replace(here.scale, combine=RULE))

    monkeypatch.setattr(raising, "standing", two)
    monkeypatch.setattr(routes, "standing", two)
    yield found
    found.close()


def asked(room, **more: str) -> dict[str, str]:
    until = room.desk.context.local(room.desk.at(None, room.wall.now).until)
    wish = {"place": "N", "by": "1", "until": until.replace(day=30).isoformat()}
    return {**wish, "reason": "Two at once.", **more}


def test_one_asks_and_another_lets(room):
    here = f"{room.base}/raise"
    asker, other = room.person(), room.person("shift_lead")
    page = said(asker.get(here))
    assert cite("4(4)", "vi") in page
    other.language = "en"
    assert said(other.get(here)).count(cite("4(4)", "en")) == 1
    assert "said=raise_asked" in moved(asker.send(here, here, **asked(room)))
    (state,) = room.desk.store.raises()
    assert (state.stage, state.proposed.by) == ("proposed", 1)
    act = f"{here}/{state.id}"
    assert "/approve" not in asker.get(here)  # there is no such button for whoever asked …
    assert asker.send(f"{act}/approve", here).status_code == 409  # … and a made-up form fails
    runs = len(room.desk.views())
    moved(other.send(f"{act}/approve", here))
    assert len(room.desk.views()) == runs + 1
    # That run found one hazard only: the raise is over, and the page says why.
    assert room.desk.store.raises()[0].stage == "lapsed"
    page = said(asker.get(here))
    assert "đã hết hiệu lực" in page
    assert "không còn đủ số thiên tai như pháp luật yêu cầu" in page
    kinds = [e.kind for e in room.desk.store.ledger()]
    assert [k for k in kinds if k.startswith("raise_")] == [
        "raise_proposed", "raise_approved", "raise_lapsed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"by": "3"}, {"by": "x"}, {"by": "2"}, {"reason": " "}, {"until": "soon"},
              {"until": "2020-01-01T00:00"}, {"place": "S"}, {"place": "nowhere"}],
)  # fmt: skip
def test_what_the_law_or_the_clock_does_not_allow_is_refused_and_nothing_lost(room, wrong):
    here = f"{room.base}/raise"
    person = room.person()
    fields = asked(room, **wrong)
    answer = person.send(here, here, **fields)
    assert answer.status_code == 409
    assert "Chưa thực hiện" in said(answer)
    if fields["place"] == "N" and fields["reason"].strip():
        assert "Two at once." in answer.text
    assert room.desk.store.raises() == ()


def test_serious_loss_allows_two(room):
    here = f"{room.base}/raise"
    moved(room.person().send(here, here, **asked(room, by="2", serious="yes")))
    state = room.desk.store.raises()[0]
    assert (state.proposed.by, state.proposed.serious_loss) == (2, True)
    moved(room.person("shift_lead").send(f"{here}/{state.id}/refuse", here))
    assert room.desk.store.raises()[0].stage == "refused"
