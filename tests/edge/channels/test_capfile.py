"""The folder of CAP files: whole files or none, whoever else writes."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from haidang.app.verdict import Message
from haidang.base.errors import Unavailable
from haidang.edge.channels import capfile

SENT = datetime(2030, 9, 11, 6, tzinfo=UTC)
MESSAGE = Message("id-1", "chain", "draft", "Alert", 3, "a@b.invalid", SENT, SENT, b"<alert/>")


def test_a_message_becomes_one_file_and_stays_untouched(tmp_path):
    path = capfile.deliver(tmp_path / "cap", MESSAGE)
    assert path.read_bytes() == MESSAGE.body
    before = path.stat().st_mtime_ns
    os.utime(path, ns=(before - 10**9, before - 10**9))
    assert capfile.deliver(tmp_path / "cap", MESSAGE) == path
    assert path.stat().st_mtime_ns == before - 10**9
    assert list((tmp_path / "cap").iterdir()) == [path]


def test_what_a_killed_process_left_goes(tmp_path):
    name = capfile.file_name(MESSAGE).removesuffix(".xml")
    (tmp_path / f"{name}.4194305.part").write_bytes(b"<al")
    path = capfile.deliver(tmp_path, MESSAGE)
    assert list(tmp_path.iterdir()) == [path]


def test_two_processes_never_share_a_part(tmp_path, monkeypatch):
    parts = []
    real = os.replace

    def replace(part, path):
        parts.append(part.name)
        real(part, path)

    monkeypatch.setattr(os, "replace", replace)
    path = capfile.deliver(tmp_path, MESSAGE)
    path.unlink()
    monkeypatch.setattr(os, "getpid", lambda: 4194306)
    capfile.deliver(tmp_path, MESSAGE)
    assert len(set(parts)) == 2


def test_another_process_was_faster(tmp_path, monkeypatch):
    path = tmp_path / capfile.file_name(MESSAGE)

    def taken(part, _):
        part.unlink()
        path.write_bytes(MESSAGE.body)
        raise FileNotFoundError

    monkeypatch.setattr(os, "replace", taken)
    assert capfile.deliver(tmp_path, MESSAGE) == path


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    real = os.replace
    monkeypatch.setattr(os, "fsync", lambda _: done.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("replace"), real(a, b)))
    capfile.deliver(tmp_path, MESSAGE)
    assert done == ["fsync", "replace"]


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "cap").write_text("in the way", "utf-8")
    with pytest.raises(Unavailable) as error:
        capfile.deliver(tmp_path / "cap", MESSAGE)
    assert error.value.problems[0].file == str(tmp_path / "cap")
