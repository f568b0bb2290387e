"""Cell broadcast through a gateway: the right identifier, serial number, area and languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from haidang.edge.channels import cell_http
from haidang.edge.channels.parts.spec import Home
from parcels import EN, VI, message, parcel, parcels
from receivers import web

OK = (200, {}, b"{}")


@pytest.fixture
def opened():
    found = []

    def make(url, **said):
        spec = cell_http.Spec(url=url, **{"timeout_s": 60, **said})
        found.append(cell_http.open(spec, Home("cell")))
        return found[-1]

    yield make
    for channel in found:
        channel.close()


def test_a_warning_rings_every_phone_of_its_area_in_both_languages(opened):
    with web(lambda _: OK) as server:
        (outcome,) = opened(server.url, parallel=1).send([parcel()])
    assert outcome[:3] == ("key-1", "sent", "")
    vi, en = (r.json for r in server.requests)
    assert (vi["messageIdentifier"], en["messageIdentifier"]) == ("4374", "4387")
    assert (vi["language"], en["language"]) == ("vi", "en")
    assert vi["text"].startswith(VI.headline)
    assert en["text"].startswith(EN.headline)
    assert (vi["dataCodingScheme"], en["dataCodingScheme"]) == ("ucs2", "ucs2")
    assert vi["action"] == "start"
    assert vi["end"] == "2030-09-07T22:00:00Z"
    area = vi["area"]
    assert area["polygons"][0][0] == [20.6, 106.4]
    assert area["codes"] == [["LIST", "31"]]
    keys = {r.headers["idempotency-key"] for r in server.requests}
    assert keys == {"key-1.vi", "key-1.en"}


@pytest.mark.parametrize(
    ("status", "first", "second"), [("Exercise", "4381", "4394"), ("Test", "4380", "4393")]
)
def test_an_exercise_never_rings_as_the_real_thing(opened, status, first, second):
    with web(lambda _: OK) as server:
        opened(server.url, levels={4: 4370}, parallel=1).send([parcel(of=message(status=status))])
    assert [r.json["messageIdentifier"] for r in server.requests] == [first, second]
    assert all(str(r.json["text"]).split(".")[0].isupper() for r in server.requests)


def test_a_level_may_have_an_identifier_of_its_own(opened):
    with web(lambda _: OK) as server:
        opened(server.url, levels={4: 4370}, parallel=1).send([parcel()])
    assert [r.json["messageIdentifier"] for r in server.requests] == ["4370", "4383"]


def test_what_is_not_severe_enough_rings_nobody(opened):
    mild = replace(message(), body=message().body.replace(b">Extreme<", b">Moderate<"))
    with web(lambda _: OK) as server:
        (outcome,) = opened(server.url).send([parcel(of=mild)])
        assert not server.requests
    assert outcome[1:3] == ("refused", "channel.not_cell")


def test_without_outline_and_code_nobody_knows_the_cells(opened):
    coded = re.sub(rb"<polygon>.*?</polygon>", b"", message().body)
    body = re.sub(rb"<geocode>.*?</geocode>", b"", coded, flags=re.S)
    with web(lambda _: OK) as server:
        (outcome,) = opened(server.url).send([parcel(of=replace(message(), body=body))])
        assert not server.requests
        (told,) = opened(server.url).send([parcel(of=replace(message(), body=coded))])
        assert server.requests[0].json["area"]["codes"] == [["LIST", "31"]]
    assert told.state == "sent"
    assert outcome[1:3] == ("refused", "channel.no_area")


def test_an_update_replaces_and_an_end_stops_the_broadcast_of_its_chain(opened):
    earlier = b"<references>a@b.invalid,xt-0000,2030-09-06T21:00:00+07:00</references>"
    body = message("xt-2").body.replace(b"<msgType>Alert", b"<msgType>Update")
    body = body.replace(b"<info>", earlier + b"<info>", 1)
    update = replace(message("xt-2"), kind="Update", body=body)
    cancel = replace(update, kind="Cancel", body=body.replace(b">Update<", b">Cancel<"))
    with web(lambda _: OK) as server:
        channel = opened(server.url, parallel=1)
        channel.send([parcel("a"), parcel("b", of=update), parcel("c", of=cancel)])
    said = [r.json for r in server.requests][::2]
    assert [s["action"] for s in said] == ["start", "replace", "stop"]
    assert {s["chain"] for s in said} == {"chain-1"}
    assert [s["update"] for s in said] == ["0", "1", "1"]
    assert not any("serialNumber" in s for s in said), "two chains may share a code of ten bits"


def test_a_gateway_that_cannot_number_is_told_what_is_replaced(opened):
    earlier = b"<references>a@b.invalid,xt-0000,2030-09-06T21:00:00+07:00</references>"
    body = message("xt-2").body.replace(b"<info>", earlier + b"<info>", 1)
    update = replace(message("xt-2"), kind="Update", body=body)
    with web(lambda _: OK) as server:
        channel = opened(
            server.url, parallel=1, fields={"serialNumber": "{serial}", "old": "{replaces}"}
        )
        channel.send([parcel("a"), parcel("b", of=update)])
    first, second = [r.json for r in server.requests][::2]
    assert first["old"] == ""
    assert second["old"] == first["serialNumber"] != second["serialNumber"]


def test_no_message_of_a_chain_is_dropped_as_a_repeat_of_an_earlier_one():
    for chain in ("c", "chain-1", "x" * 40):
        numbers = [cell_http.serial(chain, n) for n in range(200)]
        assert len(set(numbers)) == 200
        assert {n >> 14 for n in numbers} == {1}


def test_one_language_that_fails_is_no_success(opened):
    def answer(request):
        return OK if request.json["language"] == "vi" else (500, {}, b"")

    with web(answer) as server:
        found = opened(server.url).send(parcels(2, ""))
    assert [o.key for o in found] == ["key-0", "key-1"]
    assert {o[1:3] for o in found} == {("failed", "channel.server_error")}
    assert len(server.requests) == 4
