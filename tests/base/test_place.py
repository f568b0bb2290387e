"""Places by dated code, on a country small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from haidang.base.errors import NotFound
from haidang.base.place import Gazetteer, Place, Succession, fold

BEFORE, MERGED, LATER = date(2000, 1, 1), date(2010, 1, 1), date(2020, 1, 1)


def province(code: str, name: str, start: date, end: date | None = None) -> Place:
    return Place(code, "province", {"en": name}, "XX", start, end, "province", "invented")


NATION = Place("XX", "nation", {"en": "Nowhere"}, None, BEFORE)
# 24 and 27 merge in 2010 into a new 24; in 2020 that one splits into 24 and 28.
PLACES = (
    NATION,
    province("24", "Bắc Giang", BEFORE, MERGED),
    province("27", "Bắc Ninh", BEFORE, MERGED),
    province("24", "Bắc Ninh", MERGED, LATER),
    province("24", "Bắc Ninh Tây", LATER),
    province("28", "Bắc Ninh Đông", LATER),
    province("40", "Thanh Hóa", BEFORE),
    Place("00001", "commune", {"en": "Phường Đông Hồ"}, "24", MERGED),
    Place("40", "point", {"en": "A rock"}, "40", BEFORE, lat=1.0, lon=2.0),
)
LINKS = (
    Succession("province", "24", BEFORE, "24", MERGED),
    Succession("province", "27", BEFORE, "24", MERGED),
    Succession("province", "24", MERGED, "24", LATER),
    Succession("province", "24", MERGED, "28", LATER),
)
GAZETTEER = Gazetteer(PLACES, LINKS)


def names(places: tuple[Place, ...]) -> list[str]:
    return [p.name("en") for p in places]


def codes(problems: list) -> list[str]:  # type: ignore[type-arg]
    return [p.code for p in problems]


def test_a_code_means_another_place_at_another_date() -> None:
    assert GAZETTEER.get("province", "24", date(2009, 12, 31)).name("en") == "Bắc Giang"
    assert GAZETTEER.get("province", "24", MERGED).name("en") == "Bắc Ninh"
    assert GAZETTEER.get("province", "24", date(2025, 1, 1)).name("en") == "Bắc Ninh Tây"


def test_a_code_means_another_place_in_another_kind() -> None:
    assert GAZETTEER.get("point", "40", LATER).name("en") == "A rock"
    assert GAZETTEER.get("province", "40", LATER).name("en") == "Thanh Hóa"


def test_the_end_day_is_outside() -> None:
    assert names(GAZETTEER.at(date(2009, 12, 31), "province")) == [
        "Bắc Giang", "Bắc Ninh", "Thanh Hóa",
    ]  # fmt: skip
    assert names(GAZETTEER.at(MERGED, "province")) == ["Bắc Ninh", "Thanh Hóa"]
    assert len(GAZETTEER.at(MERGED)) == 5


def test_successors_through_two_changes() -> None:
    found = GAZETTEER.successors("province", "27", BEFORE, date(2021, 1, 1))
    assert names(found) == ["Bắc Ninh Tây", "Bắc Ninh Đông"]
    assert names(GAZETTEER.successors("province", "27", BEFORE, MERGED)) == ["Bắc Ninh"]


def test_a_place_that_stands_is_its_own_successor_and_predecessor() -> None:
    assert names(GAZETTEER.successors("province", "40", BEFORE, LATER)) == ["Thanh Hóa"]
    assert names(GAZETTEER.predecessors("province", "40", LATER, BEFORE)) == ["Thanh Hóa"]


def test_predecessors_name_each_once() -> None:
    found = GAZETTEER.predecessors("province", "28", LATER, BEFORE)
    assert names(found) == ["Bắc Giang", "Bắc Ninh"]
    assert GAZETTEER.predecessors("commune", "00001", LATER, BEFORE) == ()


def test_the_wrong_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="predecessors"):
        GAZETTEER.successors("province", "24", LATER, BEFORE)
    with pytest.raises(ValueError, match="successors"):
        GAZETTEER.predecessors("province", "24", BEFORE, LATER)


def test_children_on_a_day() -> None:
    assert names(GAZETTEER.children("24", MERGED)) == ["Phường Đông Hồ"]
    assert GAZETTEER.children("24", BEFORE) == ()
    assert len(GAZETTEER.children("XX", LATER)) == 3


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Thanh Hoá", "Thanh Hóa"),  # the tone mark on the other vowel
        ("THANH HOA", "Thanh Hóa"),
        ("dong ho", "Phường Đông Hồ"),
        ("Ðông Hồ", "Phường Đông Hồ"),  # capital eth, not capital đ
        ("Bắc Ninh", "Bắc Ninh Tây"),
        ("ninh dong", "Bắc Ninh Đông"),
        ("28", "Bắc Ninh Đông"),
        ("Tỉnh Thanh Hoá", "Thanh Hóa"),
        ("ward of dong ho", "Phường Đông Hồ"),
    ],
)
def test_search_minds_neither_accents_nor_case(text: str, first: str) -> None:
    assert GAZETTEER.search(text, LATER)[0].name("en") == first


def test_search_puts_the_accents_as_typed_first_and_minds_the_day() -> None:
    dinh, dinh_with_d = (
        Place(c, "commune", {"vi": n}, None, BEFORE)
        for c, n in (("1", "Ba Dinh"), ("2", "Ba Đình"))
    )
    both = Gazetteer((dinh, dinh_with_d))
    assert both.search("Ba Đình", LATER) == (dinh_with_d, dinh)
    assert both.search("Ba Dinh", LATER) == (dinh, dinh_with_d)
    assert both.search("ba dinh", date(1999, 1, 1)) == ()
    # What the text ends with counts only where nothing else does.
    third = Place("3", "commune", {"vi": "Dinh"}, None, BEFORE)
    three = Gazetteer((dinh, dinh_with_d, third))
    assert three.search("Ba Dinh", LATER) == (dinh, dinh_with_d)
    assert three.search("ward of Dinh", LATER) == (third,)
    assert both.search(" ", LATER) == ()
    assert both.search("ba dinh", LATER, "province") == ()


def test_not_found_says_at_which_dates_the_code_meant_something() -> None:
    with pytest.raises(NotFound) as error:
        GAZETTEER.get("province", "27", LATER)
    assert "Bắc Ninh 2000-01-01 – 2010-01-01" in error.value.say("en")
    assert "27" in error.value.say("vi")


def test_not_found_offers_what_is_near() -> None:
    with pytest.raises(NotFound) as error:
        GAZETTEER.get("province", "thanh hoa", LATER)
    assert "40 Thanh Hóa" in str(error.value)
    with pytest.raises(NotFound) as error:
        GAZETTEER.get("commune", "0001", LATER)
    assert "00001 Phường Đông Hồ" in str(error.value)
    with pytest.raises(NotFound) as error:
        GAZETTEER.get("province", "@", LATER)
    assert error.value.problems[0].code == "place.unknown_on"


def test_name_falls_back_to_what_there_is() -> None:
    assert Place("1", "sea", {"vi": "Biển"}, None, BEFORE).name("en") == "Biển"
    assert Place("1", "sea", {}, None, BEFORE).name("en") == "1"


def test_fold_of_every_tone() -> None:
    assert fold("ạảãàá ăằắẳẵặ âầấẩẫậ Đ ươ") == "aaaaa aaaaaa aaaaaa d uo"


def test_check_finds_nothing_in_what_is_right() -> None:
    assert GAZETTEER.check() == []


def with_place(*extra: Place) -> list[str]:
    return codes(Gazetteer((*PLACES, *extra), LINKS).check())


def test_check_finds_overlaps() -> None:
    assert with_place(province("40", "Again", MERGED)) == ["place.overlap"]
    touching = province("40", "Before", date(1999, 1, 1), BEFORE)
    assert "place.overlap" not in with_place(touching)


def test_check_finds_a_parent_that_is_missing_for_part_of_the_time() -> None:
    assert with_place(replace(PLACES[-2], code="2", parent="99")) == ["place.parent"]
    # 28 begins ten years after the commune that would belong to it
    assert with_place(replace(PLACES[-2], code="2", parent="28")) == ["place.parent"]
    # 27 ends and the place that would belong to it does not
    assert with_place(Place("2", "commune", {"en": "X"}, "27", BEFORE)) == ["place.parent"]
    # the place itself is no parent of its own kind
    assert with_place(province("50", "X", BEFORE), replace(NATION, code="YY", parent="XX")) == [
        "place.parent"
    ]


def test_check_finds_dates_the_wrong_way_round() -> None:
    found = with_place(province("60", "Backwards", MERGED, BEFORE))
    assert set(found) == {"place.validity", "place.no_successor"}


def test_check_finds_an_end_without_successor_as_a_warning() -> None:
    problems = Gazetteer((*PLACES, province("60", "Lost", BEFORE, MERGED)), LINKS).check()
    assert [(p.code, p.severity) for p in problems] == [("place.no_successor", "warning")]


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (Succession("province", "99", BEFORE, "24", MERGED), "place.succession_old"),
        (Succession("province", "24", BEFORE, "99", MERGED), "place.succession_new"),
        (Succession("province", "24", BEFORE, "28", LATER), "place.succession_dates"),
        (Succession("province", "24", LATER, "28", LATER), "place.succession_dates"),
    ],
)
def test_check_finds_successions_that_lead_nowhere(link: Succession, code: str) -> None:
    assert codes(Gazetteer(PLACES, (*LINKS, link)).check()) == [code]


def test_a_ring_of_successions_ends() -> None:
    a, b = province("1", "A", BEFORE, MERGED), province("2", "B", BEFORE, MERGED)
    ring = (
        Succession("province", "1", BEFORE, "2", BEFORE),
        Succession("province", "2", BEFORE, "1", BEFORE),
    )
    assert Gazetteer((a, b), ring).successors("province", "1", BEFORE, LATER) == ()


def test_every_problem_speaks_both_languages() -> None:
    broken = Gazetteer(
        (*PLACES, province("60", "Lost", MERGED, BEFORE), province("40", "Again", MERGED)),
        (*LINKS, Succession("province", "9", BEFORE, "9", MERGED)),
    )
    for problem in broken.check():
        assert problem.say("vi") != problem.say("en")
