"""Chats: what they are asked, and what their answers mean."""

from __future__ import annotations

import json
import logging
import re
import time

import pytest

from haidang.edge.channels import chat
from haidang.edge.channels.parts.notice import read
from haidang.edge.channels.parts.spec import Home, Secret
from haidang.warn.message import Text
from parcels import VI, message, parcel, parcels
from receivers import free_port, web

HOME = Home("chat", link="https://example.invalid/cap/{identifier}.xml")
TAKEN = {"telegram": {"ok": True, "result": {"message_id": 7}},
         "zalo": {"error": 0, "message": "Success", "data": {"message_id": "z7"}}}  # fmt: skip


def reply(found, status=200):
    return lambda _: (status, {}, json.dumps(found).encode())


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setenv("BOT", "123:t0ken")
    found = []

    def make(url, style="telegram", **said):
        plain = {"token": Secret(env="BOT"), "timeout_s": 60, "total_s": 120}
        spec = chat.Spec(**{**plain, "style": style, "url": url, **said})
        found.append(chat.open(spec, HOME))
        return found[-1]

    yield make
    for channel in found:
        channel.close()


def test_telegram(opened):
    with web(reply(TAKEN["telegram"])) as server:
        drill = message(status="Exercise")
        (outcome,) = opened(server.url).send([parcel(address="-100123", of=drill, wakes=False)])
    assert outcome == ("key-1", "sent", "", "7")
    (request,) = server.requests
    assert request.path == "/bot123:t0ken/sendMessage"
    said = request.json
    assert (said["chat_id"], said["parse_mode"]) == ("-100123", "MarkdownV2")
    assert said["disable_notification"] is True
    assert said["text"].startswith("*DIỄN TẬP\\. Bão số 3: rủi ro thiên tai cấp 4 \\(rất lớn\\)")
    assert "Ở trong nhà từ 05:00\\." in said["text"]
    assert "https://example\\.invalid/cap/xt\\-0001\\.xml" in said["text"]


def test_zalo(opened):
    with web(reply(TAKEN["zalo"])) as server:
        (outcome,) = opened(server.url, "zalo").send([parcel(address="246845883")])
    assert outcome == ("key-1", "sent", "", "z7")
    (request,) = server.requests
    assert request.headers["access_token"] == "123:t0ken"
    assert request.json["recipient"] == {"user_id": "246845883"}
    assert request.json["message"]["text"].startswith(VI.headline)


CASES = [
    ("telegram", 403, {"ok": False, "error_code": 403}, "refused", "channel.blocked"),
    ("telegram", 400, {"ok": False, "error_code": 400}, "refused", "channel.blocked"),
    ("telegram", 401, {"ok": False, "error_code": 401}, "failed", "channel.login"),
    ("telegram", 500, {}, "failed", "channel.server_error"),
    ("telegram", 200, {}, "failed", "channel.garbage"),
    ("telegram", 200, [], "failed", "channel.garbage"),
    ("zalo", 200, {"error": -213}, "refused", "channel.blocked"),
    ("zalo", 200, {"error": -216}, "failed", "channel.login"),
    ("zalo", 200, {"error": -32}, "failed", "channel.throttled"),
    ("zalo", 200, {"error": -500}, "failed", "channel.server_error"),
]  # fmt: skip


@pytest.mark.parametrize(("style", "status", "said", "state", "why"), CASES)
def test_what_an_answer_means(opened, style, status, said, state, why):
    with web(reply(said, status)) as server:
        (outcome,) = opened(server.url, style).send([parcel(address="42")])
    assert outcome == ("key-1", state, why, "")


def test_patience_is_honoured_within_the_batch_and_beyond(opened):
    wait = {"ok": False, "error_code": 429, "parameters": {"retry_after": 1}}
    answers = iter([reply(wait, 429)(0), reply(TAKEN["telegram"])(0)])
    with web(lambda _: next(answers)) as server:
        begin = time.monotonic()
        assert opened(server.url).send([parcel(address="42")])[0].state == "sent"
        assert time.monotonic() - begin >= 1
    wait["parameters"]["retry_after"] = 60
    with web(reply(wait, 429)) as server:
        channel = opened(server.url, parallel=1)
        found = [*channel.send(parcels(4, "42")), *channel.send(parcels(2, "42"))]
        assert len(server.requests) == 1
    assert {o[1:3] for o in found} == {("failed", "channel.throttled")}


@pytest.mark.parametrize("address", ["", "42/../x", "42\n", "@a b", "https://x"])
def test_what_is_no_chat_is_refused(opened, address):
    with web(reply(TAKEN["telegram"])) as server:
        (outcome,) = opened(server.url).send([parcel(address=address)])
        assert not server.requests
    assert outcome[1:3] == ("refused", "channel.bad_address")


def test_a_long_notice_loses_details_and_never_what_to_do():
    text = Text("vi", VI.headline, "Gió mạnh. " * 900, VI.instruction)
    for marked, most in ((True, 4096), (False, 2000)):
        said = chat.written(read(parcel(text=text)), "https://x.invalid/1", marked=marked)
        assert most - 40 < len(said) <= most
        assert "cứu" in said
        assert "Có hiệu lực đến" in said


def test_no_mark_of_a_notice_is_left():
    text = Text("vi", "*a_ [b](c) `d`", "~e~ ||f||", "> g\n# h!")
    said = chat.written(read(parcel(text=text)), "", marked=True)
    bare = re.sub(r"\\.", "", said[1:])
    assert re.sub(r"\*", "", bare, count=1) == re.sub(r"[_*\[\]()~`>#+\-=|{}.!]", "", bare)


def test_nobody_there_and_nothing_secret_said(opened, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    found = opened(f"http://127.0.0.1:{free_port()}").send(parcels(2, "424242"))
    assert {o[1:3] for o in found} == {("failed", "channel.no_connection")}
    said = repr(found) + caplog.text + "".join(capsys.readouterr())
    assert "t0ken" not in said
    assert "424242" not in said
