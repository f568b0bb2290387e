"""What a phone shows of a notice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.message import Text
from haidang.warn.short import (
    PAGE_7BIT,
    PAGE_UCS2,
    PAGES,
    cell,
    on_phone,
    plain,
    segments,
    septets,
    texted,
)

VI = Text(
    "vi",
    "DIỄN TẬP. Bão Yagi: rủi ro thiên tai cấp 4 (rất lớn) tại Hải Phòng. Gió cấp 13.",
    "Không dùng.",
    "Rời nhà yếu trước 02:00. Ở trong nhà từ 05:00. Tránh xa cửa kính. Gọi 112 khi cần cứu.",
)


def test_no_sentence_is_taken_after_one_that_did_not_fit():
    long = "Go " + "far " * 400 + "now."
    found = cell(Text("en", "Storm.", "", f"{long} Call 112."))
    assert found.text == "Storm."
    assert found.left_out == 2


def test_a_headline_that_is_too_long_alone_is_said():
    assert not cell(Text("en", "o" * 1396, "", "Go.")).fits
    assert cell(Text("en", "o" * 1395, "", "Go.")).fits


def test_a_phone_is_shown_what_the_channel_sends():
    found = on_phone(VI, "Hải Phòng", 4)
    assert found == texted(VI, places=("Hải Phòng",), level=4)
    assert found.text.startswith("DIEN TAP. Bao Yagi: rui ro thien tai cap 4")
    assert (found.parts, found.left_out) == (1, 1)


def test_a_cell_broadcast_keeps_its_letters():
    found = cell(VI)
    assert found.text.startswith(VI.headline)
    assert found.text.endswith("Gọi 112 khi cần cứu.")
    assert (found.limit, found.left_out) == (PAGES * PAGE_UCS2, 0)


def test_a_cell_broadcast_in_the_default_alphabet_is_longer():
    assert cell(Text("en", "Go.", "", "Now.")).limit == PAGES * PAGE_7BIT == 1395


def test_letters_reached_by_an_escape_count_twice():
    assert septets("a€b") == 4
    assert texted(Text("en", "€" * 81, "", "")).length == 162


# --- parts --------------------------------------------------------------------------------------

PLACES = ["Hải Phòng"]


def test_one_message_is_tried_first_by_leaving_out_what_is_not_level_and_place():
    long = "Rời ngay nhà yếu, nhà ven biển, lồng bè, chòi canh và tàu thuyền trước 02:00 hôm nay."
    found = texted(Text("vi", VI.headline, "", f"{long} Gọi 112."), places=PLACES, level=4)
    assert found.text == (
        "DIEN TAP. Bao Yagi: rui ro thien tai cap 4 (rat lon) tai Hai Phong. " + plain(long)
    )
    assert (found.parts, found.left_out) == (1, 1)


def test_what_is_sent_keeps_level_place_and_the_first_instruction_in_two_parts():
    long = "Rời ngay " + "nhà yếu, " * 12 + "trước 02:00."
    found = texted(Text("vi", VI.headline, "", f"{long} Gọi 112."), places=PLACES, level=4)
    assert found.parts == 2
    assert found.text == plain(f"{VI.headline} {long} Gọi 112.")
    assert (found.limit, found.left_out) == (306, 0)


def test_a_notice_narrowed_to_parts_keeps_them():
    head = "Bão: rủi ro cấp 4 tại Hải Phòng. Gió cấp 13. Chỉ áp dụng: Thủy Nguyên, An Lão."
    narrowed = Text("vi", head, "", "Rời " + "nhà yếu, " * 7 + "ngay. Gọi 112.")
    found = texted(narrowed, places=["Hải Phòng", "Thủy Nguyên", "An Lão"], level=4)
    assert "Thuy Nguyen, An Lao." in found.text
    assert (found.parts, found.left_out) == (1, 0)


def test_where_the_place_is_not_named_nothing_of_the_headline_is_left_out():
    text = Text("vi", "Bão: rủi ro cấp 4. Gió cấp 13.", "", "Đi " + "xa " * 48 + "ngay.")
    found = texted(text, places=["Huế"], level=4)
    assert found.text.startswith("Bao: rui ro cap 4. Gio cap 13. Di xa")
    assert found.parts == 2


def test_where_nothing_else_fits_level_and_place_stay():
    found = texted(Text("vi", VI.headline, "", "Đi " + "xa " * 200), places=PLACES, level=4)
    assert found.text.endswith("cap 4 (rat lon) tai Hai Phong.")
    assert (found.parts, found.left_out) == (1, 1)


def test_a_level_or_a_place_that_comes_late_is_waited_for():
    late = Text(
        "vi", "Sóng thần. Chạy ngay. Rủi ro cấp 5. Tại Hải Phòng. Hết.", "", "x" * 150 + "."
    )
    found = texted(late, places=PLACES, level=5, most=1)
    assert found.text == "Song than. Chay ngay. Rui ro cap 5. Tai Hai Phong."


def test_a_link_stands_where_it_fits():
    link = "https://example.invalid/cap/1"
    assert texted(VI, places=PLACES, level=4, link=link).text.count(link) == 0
    short = Text("vi", "Bão cấp 4 tại Hải Phòng.", "", "Ở trong nhà.")
    assert texted(short, places=PLACES, level=4, link=link).text.endswith(f"nha. {link}")


STILL = ("Still on until noon: X has level 2.", "Still on: X has level 2.", "TEST. Still on: X 2.")


def still(length: int, **said: object):
    """A notice that ends, of so many letters, and what goes on beside it."""
    head = f"{'y' * (length - 20)} ends in Ha Noi now."
    text = Text("en", head, "", f"{'Go ' * 20}home. Call 112.")
    return texted(text, places=("Ha Noi",), most=1, still=STILL, **said)


def test_what_goes_on_stands_behind_the_headline_and_before_what_to_do():
    found = texted(Text("en", "It ends.", "", "Go home. Call 112."), still=STILL)
    assert found.text == f"It ends. {STILL[0]} Go home. Call 112."
    assert (found.parts, found.left_out) == (1, 0)


def test_what_goes_on_is_left_out_last_of_all():
    """First the instruction goes, then the hour, then the end itself; never that it goes on."""
    assert still(60).text.endswith(STILL[0])
    assert still(160 - len(STILL[0]) - 1).text.endswith(STILL[0])
    assert still(160 - len(STILL[0])).text.endswith(f"now. {STILL[1]}")
    assert still(160 - len(STILL[1]) - 1).text.endswith(f"now. {STILL[1]}")
    assert still(160 - len(STILL[1]), link="x.yz").text == STILL[2]
    assert {still(n).parts for n in range(30, 160)} == {1}
    assert still(60).left_out == 2
    assert still(160 - len(STILL[1]), link="x.yz").left_out == 2, "nor what to do once it is over"


def test_a_headline_is_cut_behind_level_and_place_for_what_goes_on_to_fit():
    head = "It ends in Ha Noi. " + "More " * 20 + "words."
    found = texted(Text("en", head, "", "Go."), places=("Ha Noi",), most=1, still=STILL)
    assert found.text == f"It ends in Ha Noi. {STILL[0]} Go."


def test_what_goes_on_alone_is_not_cut_either():
    long = ("x" * 400, "x" * 350, "x" * 330)
    found = texted(Text("en", "It ends.", "", "Go."), still=long)
    assert (found.text, found.parts) == (long[-1], 3)


def test_own_letters_are_counted_in_ucs2():
    short = Text("vi", "Bão cấp 4 tại Hải Phòng.", "", "Ở trong nhà. " + "Gọi cứu giúp. " * 9)
    found = texted(short, places=PLACES, level=4, own_letters=True)
    assert found.text.startswith("Bão cấp 4 tại Hải Phòng. Ở trong nhà.")
    assert (found.parts, found.limit) == (1, 70)


@given(st.text(alphabet="ab€[{ưới😀 ", max_size=500))
def test_parts_lose_nothing_and_are_never_too_long(text):
    found = segments(text)
    assert "".join(found) == text
    wide = septets(text) is None
    for part in found:
        units = len(part.encode("utf-16-be")) // 2 if wide else septets(part)
        limit = (70 if wide else 160) if len(found) == 1 else (67 if wide else 153)
        assert units <= limit
    assert len(found) <= 1 or len(text.encode("utf-16-be")) // 2 > 70 or (septets(text) or 0) > 160
