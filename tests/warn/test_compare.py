"""Two wordings word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.compare import Piece, changes, lines
from haidang.warn.message import Text

TEXTS = st.text(alphabet="ab \n", max_size=40)


def test_only_the_words_that_differ_are_marked():
    (line,) = lines("Gió mạnh từ 7 giờ sáng, cấp 12.", "Gió mạnh từ 5 giờ sáng, cấp 13.")
    assert [p.text for p in line if p.kind == "gone"] == ["7 ", "12."]
    assert [p.text for p in line if p.kind == "new"] == ["5 ", "13."]


def test_one_word_that_agrees_by_chance_does_not_tear_a_change_apart():
    (line,) = lines("Ở nhà từ 10:10 ngày 11 nhé bà con.", "Ở nhà từ 16:10 ngày 12 nhé bà con.")
    assert [(p.kind, p.text) for p in line][1:3] == [
        ("gone", "10:10 ngày 11 "),
        ("new", "16:10 ngày 12 "),
    ]


def test_a_line_that_was_rewritten_is_shown_whole():
    found = lines("Stay inside until it is over.", "Boats may leave the harbour.")
    assert [[p.kind for p in line] for line in found] == [["new"], ["gone"]]


def test_a_new_line_stays_a_line_of_its_own():
    assert lines("A.", "A.\nB.") == ((Piece("same", "A."),), (Piece("new", "B."),))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back_but_for_blanks(before, after):
    found = lines(before, after)
    for kind, text in (("new", before), ("gone", after)):
        kept = [[p.text for p in line if p.kind != kind] for line in found]
        said = [w for line in kept for w in " ".join(line).split()]
        assert said == text.split()


@given(TEXTS)
def test_what_is_the_same_is_not_marked(text):
    assert all(p.kind == "same" for line in lines(text, text) for p in line)


def test_places_that_differ_are_counted_over_all_parts():
    old = Text("en", "Storm on the coast. Level 3.", "Wind.", "Go home.")
    new = Text("en", "Storm on the coast. Level 4.", "Wind.", "Go home.\nNow.")
    assert changes(old, old) == 0
    assert changes(old, new) == 2
    assert changes(None, new) == 4
