"""The page on CAP says of the collection what the program says today."""

from pathlib import Path

from jobs import cap_table

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cap.md"


def test_the_table_of_the_collection_is_what_we_say(shared):
    page = PAGE.read_text("utf-8")
    for row in cap_table.table(shared / "data" / "cap").splitlines():
        assert row in page
    assert "differs" not in page


def test_every_code_stands_in_the_page():
    assert cap_table.codes() in PAGE.read_text("utf-8")


def test_a_table_is_put_in_its_place():
    page = "a\n<!-- x: made by tests/jobs/cap_table.py -->\nold\n<!-- end of x -->\nb"
    new = cap_table.put(page, "x", "new")
    assert "old" not in new
    assert new.startswith("a\n")
    assert new.endswith("\nb")
    assert cap_table.put(new, "x", "new") == new
