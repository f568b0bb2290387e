"""``haidang channels`` as somebody types it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from haidang.base.errors import NotFound
from haidang.cli.app import build
from haidang.edge.channels.webhook import secret_of

FILE = """channels:
  partners: {kind: webhook, secret: {env: HOOK}}
  archive: {kind: capfile, folder: cap}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK", "hush")
    (tmp_path / "channels.yaml").write_text(FILE, "utf-8")
    app = build()
    return lambda *words: CliRunner().invoke(app, ["--lang", "en", "channels", *words])


def test_channels_that_are_ready(run):
    found = run("check")
    assert found.exit_code == 0, found.output
    assert "partners (webhook): ready." in found.output
    assert "archive (capfile): ready." in found.output


def test_what_is_wrong_is_said_and_the_status_tells(run, tmp_path, monkeypatch):
    monkeypatch.delenv("HOOK")
    more = FILE + "  phones: {kind: sms_smpp}\n"
    (tmp_path / "channels.yaml").write_text(more, "utf-8")
    found = run("check")
    assert found.exit_code == 1
    assert "partners (webhook): not working" in found.output
    assert "phones (?): not working" in found.output
    assert "archive (capfile): ready." in found.output


def test_a_file_that_is_not_there_is_no_answer(run):
    found = run("check", "typo.yaml")
    assert found.exit_code != 0
    assert "No channel is set up" not in found.output
    assert isinstance(found.exception, NotFound)
    assert found.exception.problems[0].code == "channel.no_file"


def test_the_secret_of_one_receiver(run):
    found = run("secret", "partners", "r-1")
    assert found.output.strip() == secret_of("hush", "r-1")
    assert run("secret", "archive", "r-1").exit_code != 0
