"""Where a notice ends and another of the same danger goes on, every person reads that it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.channels import test_smtp as mails
from haidang.edge.channels import chat, sms_http, sms_smpp
from haidang.edge.channels.parts.notice import read
from haidang.edge.channels.parts.sms import SmsSpec, short
from haidang.edge.channels.parts.spec import Home, Secret
from haidang.edge.channels.port import Beside, Parcel
from haidang.edge.channels.settings import _module, kinds
from haidang.warn.message import Text
from haidang.warn.short import plain, segments
from parcels import message, parcel
from receivers import web
from smsc import centre

HOME = Home("x", link="https://example.invalid/cap/{identifier}.xml")
END = {
    "vi": Text(
        "vi", "Bão số 3: kết thúc cảnh báo gió mạnh tại Hải Phòng.", "Gió đã giảm.",
        "Chỉ trở về nhà khi chính quyền địa phương cho phép. Gọi 112 khi cần cứu.",
    ),
    "en": Text(
        "en", "Storm No. 3: the wind warning for Hải Phòng has ended.", "The wind is down.",
        "Go home only when the authorities say so. Call 112.",
    ),
}  # fmt: skip
GOES_ON = {
    "vi": Text("vi", "Bão số 3: rủi ro thiên tai cấp 3 (lớn) tại Thủy Nguyên. Gió cấp 10.", "", ""),
    "en": Text("en", "Storm No. 3: risk level 3 (high) in Thủy Nguyên. Wind force 10.", "", ""),
}
NAMED = {"vi": "cấp 3 (lớn) tại Thủy Nguyên.", "en": "risk level 3 (high) in Thủy Nguyên."}
UNTIL = {
    "vi": "Vẫn còn hiệu lực đến 05:00 ngày 08/09: ",
    "en": "Still in force until 05:00 on 8 Sep: ",
}
STILL = {"vi": "Vẫn còn hiệu lực", "en": "Still in force"}
DRILL = {"vi": "DIỄN TẬP. ", "en": "EXERCISE. "}


def beside(language: str, status: str = "Actual", place: str = "Thủy Nguyên") -> Beside:
    said = [
        Text(t.language, ("" if status == "Actual" else DRILL[t.language]) + t.headline, "", "")
        for t in GOES_ON.values()
    ]
    other = message("xt-0002", status=status, level=3, place=place, texts=tuple(said))
    return Beside(other, next(t for t in said if t.language == language))


def ended(language: str, address: str = "", status: str = "Actual", more: int = 0) -> Parcel:
    of = message(level=0, status=status, texts=tuple(END.values()))
    others = (beside(language, status),)
    return parcel(address=address, of=of, text=END[language], stands=others, more=more)


def by_mail(one: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    box = mails.Box()
    with mails.serving(box) as port:
        mails.channel(port).send([one(address="a@b.invalid")])
    found = box.read()
    bodies = [found.get_body([kind]).get_content() for kind in ("plain", "html")]
    return [found["Subject"], *(b.replace("&quot;", '"') for b in bodies)]


def by_chat(one: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("BOT", "t0ken")
    found = []
    for style in ("telegram", "zalo"):
        taken = json.dumps({"ok": True, "error": 0}).encode()
        with web(lambda _, said=taken: (200, {}, said)) as server:
            spec = chat.Spec(style=style, url=server.url, token=Secret(env="BOT"))
            channel = chat.open(spec, HOME)
            channel.send([one(address="42")])
            channel.close()
        said = server.requests[0].json
        found.append(said.get("text") or said["message"]["text"])
    return [found[0].replace("\\", ""), found[1]]


def by_gateway(one: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found = []
    for letters in ("plain", "own"):
        with web(lambda _: (200, {}, b"{}")) as server:
            fields = {"to": "{to}", "text": "{text}"}
            channel = sms_http.open(
                sms_http.Spec(url=server.url, fields=fields, letters=letters), HOME
            )
            (outcome,) = channel.send([one(address="+84912345678")])
            channel.close()
        assert outcome.state == "sent"
        found.append(server.requests[0].json["text"])
    return found


def by_centre(one: Callable[..., Parcel], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("SMSC", "secret")
    found = []
    for letters in ("plain", "own"):
        with centre() as smsc:
            spec = sms_smpp.Spec(
                host="127.0.0.1", port=smsc.port, system="desk", sender="BAO",
                password=Secret(env="SMSC"), letters=letters, timeout_s=1,
            )  # fmt: skip
            channel = sms_smpp.open(spec, HOME)
            (outcome,) = channel.send([one(address="+84912345678")])
            channel.close()
        assert outcome.state == "sent"
        found.append("".join(s.text for s in smsc.shorts))
    return found


WAYS = {"smtp": by_mail, "chat": by_chat, "sms_http": by_gateway, "sms_smpp": by_centre}


def test_every_channel_that_a_person_reads_is_looked_at_here() -> None:
    assert {kind for kind in kinds() if _module(kind).PERSON} == set(WAYS)


@pytest.mark.parametrize("kind", sorted(WAYS))
@pytest.mark.parametrize("status", ["Actual", "Exercise"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_person_reads_what_goes_on_right_behind_what_ends(
    kind: str, status: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one(address: str) -> Parcel:
        return ended(language, address, status)

    for said in WAYS[kind](one, monkeypatch):
        given = said if plain(said) != said or language == "en" else plain(said)
        letters = plain if given == plain(given) else str
        still, named = letters(STILL[language]), letters(NAMED[language])
        assert still in said
        assert named in said[said.index(still) :]
        first = END[language].instruction[:20]
        if letters(first) in said:
            assert said.index(still) < said.index(letters(first)), "what goes on comes first"
        mark = letters(DRILL[language].strip(". "))
        assert (mark in said) == (status == "Exercise")


def test_no_letter_of_it_is_a_mark_of_a_chat() -> None:
    said = chat.written(read(ended("vi")), "", marked=True)
    assert "cấp 3 \\(lớn\\) tại Thủy Nguyên\\. Gió cấp 10\\." in said


@pytest.mark.parametrize("kind", sorted(WAYS))
def test_where_nothing_goes_on_nothing_is_said_of_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one(address: str) -> Parcel:
        return parcel(address=address, of=message(level=0), text=END["en"])

    for said in WAYS[kind](one, monkeypatch):
        assert "in force" not in said


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_whole_sentence_names_the_notice_with_its_end_and_without_its_mark(
    language: str,
) -> None:
    notice = read(ended(language, status="Exercise"))
    assert notice.still == (f'{UNTIL[language]}"{GOES_ON[language].headline}"',)
    assert notice.headline == DRILL[language] + END[language].headline
    assert notice.still_short(timed=True) == notice.still[0].replace(
        {"vi": " Gió cấp 10.", "en": " Wind force 10."}[language], ""
    )


def test_of_many_the_first_are_named_and_the_rest_is_counted() -> None:
    others = (beside("en"), beside("en", place="An Lão"))
    one = parcel(of=message(level=0), text=END["en"], stands=others, more=4)
    notice = read(one)
    assert len(notice.still) == 3
    assert notice.still[-1] == "Also in force: 4 more."
    assert notice.still_short().endswith("Also in force: 5 more.")
    assert "Also in force: 5 more." in short(one, SmsSpec(kind="x"), HOME).text


@pytest.mark.parametrize("letters", ["plain", "own"])
@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("status", ["Actual", "Exercise"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_short_message_fits_and_never_ends_a_danger_alone(
    letters: str, parts: int, status: str, language: str
) -> None:
    """Where there is no room for both, what goes on is said and the end is not."""
    spec = SmsSpec(kind="x", letters=letters, parts=parts)
    found = short(ended(language, status=status), spec, HOME)
    assert len(segments(found.text)) == found.parts
    write = plain if letters == "plain" else str
    mark = write(DRILL[language].strip()) if status == "Exercise" else ""
    assert found.text.startswith(mark)
    assert write(NAMED[language]) in found.text
    if found.parts > parts:  # the channel refuses it: not even what goes on has room
        assert (letters, parts) == ("own", 1)
    if write(END[language].headline) not in found.text:
        assert found.text.startswith(f"{mark} {write(STILL[language])}".strip())


def test_where_the_other_notice_cannot_be_read_its_words_and_time_still_go_out() -> None:
    broken = Beside(replace(message("xt-0002", level=3), body=b"<x"), GOES_ON["en"])
    notice = read(parcel(of=message(level=0), text=END["en"], stands=(broken,)))
    whole = f'"{GOES_ON["en"].headline}"'
    assert notice.still == (f"Still in force until 22:00 on 7 Sep: {whole}",), "in UTC"
    assert notice.still_short() == f"Still in force: {whole}", (
        "nobody knows where the place is named"
    )
