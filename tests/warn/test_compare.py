"""Two wordings word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.compare import Piece, changes, lines
from haidang.warn.message import Text

TEXTS = st.text(alphabet="ab \n", max_size=40)


def test_only_the_words_that_differ_are_marked():
    (line,) = lines("Gió từ 7 giờ sáng.", "Gió từ 5 giờ sáng mai.")
    assert [p.text for p in line if p.kind == "gone"] == ["7", "sáng."]
    assert [p.text for p in line if p.kind == "new"] == ["5", "sáng mai."]


def test_a_new_line_stays_a_line_of_its_own():
    assert lines("A.", "A.\nB.") == ((Piece("same", "A."),), (Piece("new", "B."),))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back(before, after):
    found = [p for line in lines(before, after) for p in line]
    assert "".join(p.text for p in found if p.kind != "new") == before.replace("\n", "")
    assert "".join(p.text for p in found if p.kind != "gone") == after.replace("\n", "")


def test_places_that_differ_are_counted_over_all_parts():
    old = Text("en", "Storm. Level 3.", "Wind.", "Go home.")
    new = Text("en", "Storm. Level 4.", "Wind.", "Go home now.")
    assert changes(old, old) == 0
    assert changes(old, new) == 2
    assert changes(None, new) == 3
