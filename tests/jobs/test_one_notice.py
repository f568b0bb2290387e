"""The guide's page that shows one chain whole says what the replay says."""

from __future__ import annotations

import re

import pytest

from haidang.warn.cap import parse
from jobs import cap_valid, one_notice


@pytest.fixture
def written() -> str:
    return one_notice.PAGE.read_text("utf-8")


def test_the_page_is_what_the_replay_gives(yagi, yagi_tables, written):
    now = one_notice.page(yagi_tables.warnings, yagi.folder)
    assert one_notice.without_ids(written) == one_notice.without_ids(now), (
        "write it anew: .venv/bin/python tests/jobs/one_notice.py out/yagi-2024 "
        "> docs/guide/one-notice.md"
    )


def test_it_runs_from_alert_over_updates_to_cancel(written):
    kinds = re.findall(r"^\| \d+ \| [^|]+ \| (\w+) \|", written, re.M)
    assert kinds[0] == "Alert"
    assert kinds[-1] == "Cancel"
    assert len(kinds) >= 4
    assert set(kinds[1:-1]) == {"Update"}


def test_its_cancel_is_a_message_that_names_all_before(written, tmp_path):
    (body,) = re.findall(r"```xml\n(.*?)```", written, re.S)
    cancel = parse(body.encode())
    listed = re.findall(r"`(vn-[0-9a-f]{8})` \|$", written, re.M)
    assert cancel.kind == "Cancel"
    assert [one_notice.short(r.identifier) for r in cancel.references] == listed[:-1]
    assert one_notice.short(cancel.identifier) == listed[-1]


def test_its_cancel_is_valid_by_the_published_schema(written, shared, tmp_path):
    (body,) = re.findall(r"```xml\n(.*?)```", written, re.S)
    (tmp_path / "cancel.xml").write_text(body, "utf-8")
    assert set(cap_valid.looked_at(tmp_path, shared / cap_valid.SCHEMA).values()) == {""}


def test_ids_lose_their_bytes_and_keep_their_order():
    one, two = "aaaaaaaa-1111-1111-1111-aaaaaaaaaaaa", "bbbbbbbb"
    assert one_notice.without_ids(f"vn-{one} vn-{two} vn-aaaaaaaa") == "vn-#1 vn-#2 vn-#1"


def test_what_is_not_valid_is_counted(yagi, shared, tmp_path, capsys):
    schema = shared / cap_valid.SCHEMA
    good = next((yagi.folder / "cap").iterdir()).read_text("utf-8")
    (tmp_path / "good.xml").write_text(good, "utf-8")
    assert cap_valid.main(tmp_path, schema) == 0
    (tmp_path / "bad.xml").write_text(good.replace("<scope>Public</scope>", ""), "utf-8")
    (tmp_path / "half.xml").write_text(good[: len(good) // 2], "utf-8")
    assert cap_valid.main(tmp_path, schema) == 1
    assert "3 CAP files, 2 not valid" in capsys.readouterr().out
    assert cap_valid.main(tmp_path / "nothing", schema) == 1
