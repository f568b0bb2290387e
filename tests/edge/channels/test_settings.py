"""The settings of a desk's channels: what is right works, what is wrong is named."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from haidang.base.errors import BadPack
from haidang.edge import channels
from haidang.edge.channels.parts.spec import ChannelSpec
from haidang.edge.channels.settings import FILE, check, kinds, open_channels, opened, read_settings
from haidang.words import catalogue
from parcels import parcels

GOOD = """
link: https://example.invalid/cap/{identifier}.xml
channels:
  folder: {kind: capfile, folder: cap}
  hook:
    kind: webhook
    secret: {env: HOOK}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK", "hush")

    def write(text):
        path = tmp_path / FILE
        path.write_text(text, "utf-8")
        return read_settings(path)

    return write


def test_no_file_is_a_desk_without_channels(tmp_path):
    assert not open_channels(read_settings(tmp_path / FILE))


def test_channels_are_opened_by_name(written, tmp_path):
    with opened(written(GOOD)) as found:
        assert {n: c.name for n, c in found.items()} == {"folder": "folder", "hook": "hook"}
        (outcome,) = found["folder"].send(parcels(1, ""))
        assert outcome.state == "delivered"
        assert [p.name for p in (tmp_path / "cap").iterdir()] == [outcome.receipt]


def test_every_module_here_is_a_kind_with_settings_and_a_way_to_open_it():
    assert {"capfile", "smtp", "webhook"} <= set(kinds())
    for kind in kinds():
        module = import_module(f"{channels.__name__}.{kind}")
        assert kind == module.NAME
        assert issubclass(module.Spec, ChannelSpec)
        assert module.Spec.model_fields["kind"].default == kind
        assert callable(module.open)


def one(*lines):
    """A file with one channel, its settings from line 3 on."""
    return "\n    ".join(["channels:\n  a:", *lines])


MAIL = ("kind: smtp", "host: x", "sender: a@b.c")
BAD = [
    ("channels:\n  a: {kind: pigeon}", "unknown_kind", 2, "channels.a.kind"),
    ("channels:\n  a: 3", "unknown_kind", 2, "channels.a.kind"),
    ("channels:\n  '': {kind: webhook}", "no_sections", 1, "channels"),
    (one(*MAIL, "colour: 1"), "unknown_key", 6, "channels.a.colour"),
    (one("kind: smtp", "sender: a@b.c"), "missing_key", 2, "channels.a.host"),
    (one(*MAIL, "port: 99999"), "bad_value", 6, "channels.a.port"),
    (one(*MAIL[:2], "sender: nobody"), "bad_value", 5, "channels.a.sender"),
    (one("kind: webhook", "secret: hunter2"), "secret_inline", 4, "channels.a.secret"),
    (one("kind: webhook", "secret: {env: X, file: y}"), "secret_one", 4, "channels.a.secret"),
    (one("kind: webhook", "secret: {v: hunter2}"), "unknown_key", 4, "channels.a.secret.v"),
    ("link: nowhere\nchannels: {}", "bad_value", 1, "link"),
    ("lnk: x\nchannels: {}", "unknown_key", 1, "lnk"),
]


@pytest.mark.parametrize(("text", "code", "row", "field"), BAD)
def test_what_is_wrong_is_named_with_line_field_and_remedy(written, text, code, row, field):
    settings = written(text)
    (problem,) = settings.problems
    assert (problem.code, problem.row, problem.field) == (f"channel.{code}", row, field)
    assert problem.file == FILE
    for language in ("vi", "en"):
        assert "hunter2" not in problem.say(language)
        assert FILE in problem.say(language)


def test_one_that_is_wrong_does_not_silence_the_others(written):
    settings = written(GOOD + "  text:\n    kind: smtp\n")
    with opened(settings) as found:
        assert found["folder"].send(parcels(1, ""))[0].state == "delivered"
        outcomes = found["text"].send(parcels(2, "a@b.invalid"))
    assert {o[1:3] for o in outcomes} == {("failed", "channel.bad_settings")}


@pytest.mark.parametrize("text", ["- a", "channels: 3", "a: {", "a: 1\na: 2"])
def test_a_file_that_is_no_list_of_channels_is_refused(written, text):
    with pytest.raises(BadPack) as error:
        written(text)
    assert error.value.problems[0].file == FILE


# --- secrets ------------------------------------------------------------------------------------


def test_a_secret_that_is_not_there_is_found_before_the_first_storm(written, monkeypatch):
    settings = written(GOOD)
    assert not check(settings)
    monkeypatch.delenv("HOOK")
    (problem,) = check(settings)
    assert (problem.code, problem.field) == ("channel.secret_missing", "channels.hook.secret")
    with opened(settings) as found:
        (outcome,) = found["hook"].send(parcels(1, "https://example.invalid/"))
    assert outcome[1:3] == ("failed", "channel.no_secret")


def test_a_secret_may_stand_in_a_file_beside_the_settings(written, tmp_path):
    settings = written(GOOD.replace("env: HOOK", "file: hush.txt"))
    (problem,) = check(settings)
    assert str(tmp_path) not in problem.say("en")
    (tmp_path / "hush.txt").write_text("hush\n", "utf-8")
    assert not check(settings)
    (tmp_path / "hush.txt").write_bytes(b"\xff\xfe")
    assert len(check(settings)) == 1


# --- words --------------------------------------------------------------------------------------


def test_every_reason_has_words_that_need_nothing_more():
    folder = Path(channels.__path__[0])
    code = "".join(p.read_text("utf-8") for p in folder.rglob("*.py"))
    reasons = set(re.findall(r'"(?:failed|refused)", "(channel\.\w+)"', code))
    reasons |= set(re.findall(r'return "(channel\.\w+)"', code))
    reasons |= {"channel.no_secret", "channel.bad_settings"}
    reasons |= set(re.findall(r'why="(channel\.\w+)"', code))
    assert len(reasons) > 10
    for reason in reasons:
        assert all("{" not in text for text in catalogue()[reason].values()), reason
