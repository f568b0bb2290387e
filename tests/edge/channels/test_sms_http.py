"""Gateways of short messages by HTTP: each in its own words, as settings describe them."""

from __future__ import annotations

import json
import logging
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from haidang.edge.channels import sms_http
from haidang.edge.channels.parts.spec import Home
from haidang.warn.message import Text
from parcels import parcel, parcels
from receivers import free_port, web

HOME = Home("sms", link="https://example.invalid/cap/{identifier}.xml")
TO = "0912 345 678"
SHORT = Text("vi", "Bão cấp 4 tại Hải Phòng.", "", "Ở trong nhà.")
FIELDS = {"phone": "{to}", "message.text": "{text}", "ref": "{key}", "brand": "{sender}"}


def reply(found, status=200):
    return lambda _: (status, {"Content-Type": "application/json"}, json.dumps(found).encode())


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setenv("SMS", "t0ken")
    found = []

    def make(url, **said):
        plain = {"url": url, "fields": FIELDS, "sender": "BAO", "prefix": "84", "timeout_s": 60}
        spec = sms_http.Spec(**{**plain, "secret": {"env": "SMS"}, **said})
        found.append(sms_http.open(spec, HOME))
        return found[-1]

    yield make
    for channel in found:
        channel.close()


def test_json_with_fields_in_fields_and_a_secret_in_a_header(opened):
    answers = {"ok": ["100"], "field": "code", "id": "data.0.id"}
    with web(reply({"code": 100, "data": [{"id": "g-7"}]})) as server:
        headers = {"Authorization": "Bearer {secret}"}
        channel = opened(server.url, headers=headers, answers=answers)
        (outcome,) = channel.send([parcel(address=TO, text=SHORT)])
    assert outcome == ("key-1", "sent", "", "g-7")
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.json == {
        "phone": "84912345678",
        "message": {"text": "Bao cap 4 tai Hai Phong. O trong nha. https://example.invalid/cap/xt-0001.xml"},
        "ref": "key-1",
        "brand": "BAO",
    }  # fmt: skip


def test_a_form(opened):
    with web(reply({})) as server:
        fields = {"to": "{to}", "txt": "{text}", "key": "{secret}", "n": "{parts}", "c": "{coding}"}
        channel = opened(server.url, body="form", fields=fields, letters="own", link=False)
        channel.send([parcel(address=TO, text=SHORT)])
    said = parse_qs(server.requests[0].body.decode())
    assert said["txt"] == ["Bão cấp 4 tại Hải Phòng. Ở trong nhà."]
    assert (said["key"], said["n"], said["c"]) == (["t0ken"], ["1"], ["ucs2"])


def test_parameters_in_the_address(opened):
    with web(lambda _: (200, {}, b"OK 17")) as server:
        fields = {"to": "{to}", "text": "{text}"}
        answers = {"field": ".", "ok": ["OK 17"], "id": "."}
        channel = opened(f"{server.url}/send?v=1", body="query", fields=fields, answers=answers)
        (outcome,) = channel.send([parcel(address=TO, text=SHORT)])
    (request,) = server.requests
    assert request.method == "GET"
    assert parse_qs(urlsplit(request.path).query)["to"] == ["84912345678"]
    assert outcome == ("key-1", "sent", "", "OK 17")


@pytest.mark.parametrize(
    ("status", "said", "state", "why"),
    [
        (200, {"code": "already"}, "sent", ""),
        (200, {"code": "bad number"}, "refused", "channel.rejected"),
        (200, {"code": "busy"}, "failed", "channel.not_now"),
        (200, "<html>", "failed", "channel.garbage"),
        (400, {}, "refused", "channel.rejected"),
        (401, {}, "failed", "channel.login"),
        (409, {}, "sent", ""),
        (429, {}, "failed", "channel.throttled"),
        (500, {}, "failed", "channel.server_error"),
        (302, {}, "failed", "channel.server_error"),
    ],
)
def test_what_an_answer_means(opened, status, said, state, why):
    answers = {"field": "code", "ok": ["ok"], "already": ["already"], "never": ["bad number"]}
    with web(reply(said, status)) as server:
        (outcome,) = opened(server.url, answers=answers).send([parcel(address=TO)])
    assert outcome[1:3] == (state, why)


def test_a_repeat_carries_the_same_key_and_a_bad_number_goes_nowhere(opened):
    with web(reply({}, 500)) as server:
        channel = opened(server.url)
        for _ in range(2):
            channel.send([parcel(address=TO)])
        (outcome,) = channel.send([parcel(address="not a number")])
    assert {r.headers["idempotency-key"] for r in server.requests} == {"key-1"}
    assert len(server.requests) == 2
    assert outcome[1:3] == ("refused", "channel.bad_address")


def test_what_needs_more_parts_than_are_allowed_is_not_cut(opened):
    huge = Text("vi", "Bão cấp 4 tại Hải Phòng " + "x" * 130 + ".", "", "Đi.")
    with web(reply({})) as server:
        channel = opened(server.url, parts=1, letters="own")
        (outcome,) = channel.send([parcel(address=TO, text=huge)])
        assert not server.requests
    assert outcome[1:3] == ("refused", "channel.too_long")


def test_nobody_there_and_nothing_secret_said(opened, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    found = opened(f"http://127.0.0.1:{free_port()}").send(parcels(2, TO))
    assert {o[1:3] for o in found} == {("failed", "channel.no_connection")}
    said = repr(found) + caplog.text + "".join(capsys.readouterr())
    assert "t0ken" not in said
    assert "912345678" not in said


def test_the_gateways_word_of_delivery():
    spec = sms_http.Spec(url="https://x.invalid", reports={"id": "mid", "state": "st"})
    assert sms_http.report(spec, {"mid": "g-7", "st": "DELIVRD"}) == ("g-7", "delivered", "")
    assert sms_http.report(spec, {"mid": "g-7", "st": "UNDELIV"}).state == "refused"
    assert sms_http.report(spec, {"mid": "g-7", "st": "EXPIRED"}).state == "failed"
    assert sms_http.report(spec, {"mid": "g-7", "st": "on its way"}) is None
    assert sms_http.report(spec, {"st": "DELIVRD"}) is None


@pytest.mark.parametrize(
    "said",
    [{"fields": {"a": "{password}"}}, {"fields": {"a": "{to.x}"}}, {"fields": {"a": "{"}},
     {"url": "http://far.invalid", "secret": {"env": "X"}}, {"url": "https://u:p@x.invalid"}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(said):
    with pytest.raises(ValidationError):
        sms_http.Spec(**{"url": "https://x.invalid", **said})
