"""The program behind the page on speed of CAP, on a toy; figures are not tested."""

from haidang.warn import cap
from haidang.warn.cap import outline
from jobs import cap_speed as speed


def test_its_messages_are_in_order_and_as_large_as_it_says():
    data = speed.made(1, areas=2, points=9)
    alert = cap.parse(data)
    assert cap.validate(data).problems == ()
    assert [len(i.areas) for i in alert.infos] == [2, 2]
    assert {len(a.rings[0]) for i in alert.infos for a in i.areas} == {9}
    assert len(cap.parse(speed.small(1)).infos) == 1
    assert speed.made(1, 1, 5) != speed.made(2, 1, 5)


def test_the_page_has_only_what_was_measured():
    found = {"x": {"validate": 1234.5, "bytes": 2000.0}, "y": {"validate": 9.0, "bytes": 1.0}}
    page = speed.page(found, 0.5)
    assert "| validate | 1,234 | 9 |" in page
    assert "load 0.5" in page


def test_without_an_interpreter_there_are_no_peers(monkeypatch):
    monkeypatch.delenv(speed.PEER, raising=False)
    assert speed.theirs([b""]) is None
    assert outline._KERNEL == {} or "judge" in outline._KERNEL
