"""What signing makes, and everything that a signature is refused for."""

import base64
import hashlib
import inspect
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from authority import curve, issued, pem, rivest
from haidang.base.errors import BadData
from haidang.warn.cap import xmldsig
from haidang.warn.cap.signer import sign
from haidang.warn.cap.verifier import verify
from haidang.words import catalogue

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
MESSAGE = f"""<?xml version='1.0' encoding='UTF-8'?>
<?xml-stylesheet type="text/xsl" href="cap.xsl"?>
<alert xmlns="{CAP}">
  <identifier>hd.31.0002</identifier>
  <sender>haidang@example.org</sender>
  <sent>2024-09-06T19:22:00+07:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>vi</language>
    <category>Met</category>
    <event>Bão số 3</event>
    <urgency>Expected</urgency>
    <severity>Extreme</severity>
    <certainty>Likely</certainty>
    <headline>DIỄN TẬP. Bão số 3 &lt;cấp 4&gt;</headline>
    <description>Gió cấp 12.
Gió giật mạnh hơn. </description>
    <parameter><valueName>empty</valueName><value> </value></parameter>
    <area><areaDesc>Hải Phòng</areaDesc></area>
  </info>
</alert>
""".encode()
ROOT = issued("Authority", curve(1), ca=True)
OFFICE = issued("Office", curve(2))
LEAF = issued("Desk", curve(3), ROOT, serial=8)
RSA = issued("Old office", rivest())
SIGNED = sign(MESSAGE, OFFICE.key, OFFICE.pem)
DURING = datetime(2025, 6, 1, tzinfo=UTC)


def texts(data):
    root = etree.fromstring(data)
    return [
        (node.tag, node.text)
        for node in root.iter("{*}*")
        if not len(node) and CAP in str(node.tag)
    ]


@pytest.mark.parametrize("pair", [OFFICE, LEAF, RSA, issued("384", curve(5, ec.SECP384R1))])
def test_what_is_signed_verifies_and_says_the_same(pair):
    done = sign(MESSAGE, pair.key, pair.pem)
    seen = verify(done)
    assert (seen.valid, seen.present, seen.intact, seen.trust) == (True, True, True, "unknown")
    assert seen.codes == ("trust_unknown",)
    assert texts(done) == texts(MESSAGE) == texts(seen.data)
    assert seen.fingerprint == pair.certificate.fingerprint(SHA256()).hex()
    assert seen.subject == pair.certificate.subject.rfc4514_string()
    assert b"Signature" not in seen.data


@pytest.mark.parametrize("pair", [OFFICE, RSA])
def test_the_same_message_and_key_give_the_same_bytes(pair):
    assert sign(MESSAGE, pair.key, pair.pem) == sign(MESSAGE, pair.key, pair.pem)


def test_the_signature_is_the_last_child_and_the_standard_kind():
    root = etree.fromstring(SIGNED)
    last = root[-1]
    assert etree.QName(last).localname == "Signature"
    ds = {"ds": "http://www.w3.org/2000/09/xmldsig#"}
    assert last.xpath("ds:SignedInfo/ds:Reference/@URI", namespaces=ds) == [""]
    assert last.xpath("ds:SignedInfo/ds:SignatureMethod/@Algorithm", namespaces=ds) == [
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    ]


@pytest.mark.parametrize("pair", [OFFICE, RSA])
def test_nothing_stands_around_what_is_signed(pair):
    """By the letter ``URI=""`` covers instructions around the alert; many programs pass over them.

    Without any, the document as the standard signs it and the alert alone are the same bytes.
    """
    done = sign(MESSAGE + b"<?a b?><!-- c -->", pair.key, pair.pem)
    root = xmldsig.read(done)
    assert (root.getprevious(), root.getnext()) == (None, None)
    assert done == sign(MESSAGE[MESSAGE.index(b"<alert") :], pair.key, pair.pem)


@pytest.mark.parametrize("pair", [OFFICE, RSA])
def test_another_program_finds_it_valid(pair):
    """``signxml`` by its own rules, also after dropping blanks, as WMO's validator does."""
    parser = etree.XMLParser(remove_blank_text=True)
    done = sign(MESSAGE, pair.key, pair.pem)
    for root in (etree.fromstring(done), etree.fromstring(done, parser)):
        XMLVerifier().verify(
            root,
            x509_cert=pair.certificate,
            expect_config=SignatureConfiguration(verification_time=DURING, location="./"),
        )


def test_keys_and_certificates_are_taken_in_any_common_form():
    der = OFFICE.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    classic = OFFICE.private.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    for key in (der, classic, OFFICE.key.decode()):
        for certificate in (OFFICE.pem, OFFICE.der, OFFICE.pem.decode()):
            assert sign(MESSAGE, key, certificate) == SIGNED
    locked = pem(OFFICE.private, b"secret")
    assert sign(MESSAGE.decode(), locked, OFFICE.pem, password=b"secret") == SIGNED


def code_of(call, *args, **named):
    with pytest.raises(BadData) as caught:
        call(*args, **named)
    return caught.value.problems[0].code.removeprefix("sign.")


def test_what_cannot_be_signed_is_said_and_shows_no_key():
    strange = ed25519.Ed25519PrivateKey.generate()
    short = issued("Short", rivest(1024))
    assert code_of(sign, MESSAGE, LEAF.key, OFFICE.pem) == "key_other"
    assert code_of(sign, MESSAGE, b"nothing", OFFICE.pem) == "key_unreadable"
    assert code_of(sign, MESSAGE, OFFICE.key, b"nothing") == "certificate_unreadable"
    assert code_of(sign, MESSAGE, pem(OFFICE.private, b"x"), OFFICE.pem) == "key_password"
    assert code_of(sign, MESSAGE, pem(strange), OFFICE.pem) == "key_kind"
    assert code_of(sign, MESSAGE, short.key, short.pem) == "weak_key"
    assert code_of(sign, SIGNED, OFFICE.key, OFFICE.pem) == "signed_already"
    assert code_of(sign, b"<alert/>", OFFICE.key, OFFICE.pem) == "not_alert"
    assert code_of(sign, b"<alert", OFFICE.key, OFFICE.pem) == "xml"
    late = OFFICE.certificate.not_valid_after_utc + timedelta(seconds=1)
    early = OFFICE.certificate.not_valid_before_utc - timedelta(seconds=1)
    assert code_of(sign, MESSAGE, OFFICE.key, OFFICE.pem, now=late) == "certificate_expired"
    assert code_of(sign, MESSAGE, OFFICE.key, OFFICE.pem, now=early) == "certificate_not_yet"
    with pytest.raises(BadData) as caught:
        sign(MESSAGE, OFFICE.key.replace(b"M", b"N", 3), OFFICE.pem)
    assert OFFICE.key.decode()[40:60] not in str(caught.value)


# --- one byte -----------------------------------------------------------------------------------


@given(st.data())
def test_no_byte_can_be_changed_unseen(data):
    """Whatever one byte becomes, either the signature fails or nothing that is read changed."""
    at = data.draw(st.integers(0, len(SIGNED) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != SIGNED[at]))
    changed = SIGNED[:at] + bytes([byte]) + SIGNED[at + 1 :]
    before = verify(SIGNED)
    seen = verify(changed)
    known = verify(changed, [OFFICE.pem])
    if known.valid:
        assert (known.data, known.fingerprint) == (before.data, before.fingerprint)
    if seen.valid:
        # Where nobody is believed, the certificate's own words are not proven.
        assert seen.data == before.data
        assert seen.trust == "unknown"
    else:
        assert seen.code
        assert seen.problems[0].say("vi") != seen.problems[0].say("en")


def test_every_byte_of_the_content_counts():
    """Of the message's own text none may change at all; looked at one by one."""
    first = SIGNED.index(b"<identifier>")
    last = SIGNED.index(b"<ds:Signature ")
    for at in range(first, last, 3):
        changed = bytearray(SIGNED)
        changed[at] ^= 1
        assert not verify(bytes(changed)).valid, (at, SIGNED[at - 20 : at + 20])


# --- attacks ------------------------------------------------------------------------------------


def swap(old, new, data=SIGNED):
    assert old in data
    return data.replace(old, new)


SIGNATURE = re.search(rb"<ds:Signature .*</ds:Signature>", SIGNED, re.S)[0]
BARE = SIGNED.replace(SIGNATURE, b"")


def outer(body, inside):
    """Another alert around or beside the signed one."""
    head = SIGNED[: SIGNED.index(b"<alert")]
    return (
        head + b'<alert xmlns="' + CAP.encode() + b'"><identifier>evil</identifier>'
        + body + inside + b"</alert>"
    )  # fmt: skip


WHOLE = SIGNED[SIGNED.index(b"<alert") :].rstrip()

ATTACKS = {
    "no_signature": BARE,
    "digest": swap(b"Exercise", b"Actual"),
    "several": swap(SIGNATURE, SIGNATURE * 2),
    "too_many": swap(SIGNATURE, SIGNATURE * 9),
    "misplaced": outer(b"<info>" + SIGNATURE + b"</info>", b""),
    "reference": swap(b'URI=""', b'URI="#x"'),
    "transform": swap(
        b"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        b"http://www.w3.org/TR/1999/REC-xslt-19991116",
    ),
    "algorithm": swap(b"#ecdsa-sha256", b"#hmac-sha256"),
    "weak_algorithm": swap(b"#ecdsa-sha256", b"#ecdsa-sha1"),
    "dtd": swap(b"<alert", b"<!DOCTYPE alert [<!ENTITY x 'y'>]><alert"),
    "xml": SIGNED[:-5],
    "not_alert": WHOLE.replace(b"alert", b"alarm"),
}


@pytest.mark.parametrize("code", ATTACKS)
def test_each_attack_is_refused_for_its_own_reason(code):
    seen = verify(ATTACKS[code])
    assert (seen.code, seen.valid, seen.intact, seen.data) == (code, False, False, b"")
    assert seen.problems[0].say("en")
    assert seen.problems[0].say("vi")


def with_object(inside):
    end = b"</ds:KeyInfo>"
    return SIGNATURE.replace(end, end + b"<ds:Object>" + inside + b"</ds:Object>")


def test_a_signed_message_inside_another_proves_nothing_of_the_outer_one():
    for wrapped in (
        outer(b"", WHOLE),
        outer(b"<info>" + WHOLE + b"</info>", b""),
        outer(b"", with_object(WHOLE)),
    ):
        seen = verify(wrapped)
        assert seen.code == "misplaced"
        assert seen.data == b""


def test_what_hides_in_the_signature_is_not_read():
    hidden = SIGNATURE.replace(b"</ds:KeyInfo>", b"</ds:KeyInfo><ds:Object><x>evil</x></ds:Object>")
    seen = verify(swap(SIGNATURE, hidden))
    assert seen.valid
    assert b"evil" not in seen.data


def test_a_comment_cannot_cut_a_text_short():
    """``Evacuate<!-- -->not`` must read as one text to whoever reads what was verified."""
    cut = swap(b"Exercise", b"Exer<!-- -->cise")
    seen = verify(cut)
    assert seen.valid
    assert texts(seen.data) == texts(SIGNED)
    assert b"<!--" not in seen.data


def test_a_second_reference_or_none_is_refused():
    reference = re.search(rb"<ds:Reference .*</ds:Reference>", SIGNED, re.S)[0]
    assert verify(swap(reference, reference * 2)).code == "reference"
    assert verify(swap(reference, b"")).code == "malformed"
    assert verify(swap(b'URI=""', b"")).code == "reference"


def test_a_value_has_one_text():
    """Unused bits of base64 would let two texts stand for one value; so does rubbish in it."""
    for tag, code in (("DigestValue", "digest"), ("SignatureValue", "signature")):
        found = re.search(rf"<ds:{tag}>([^<]*)</ds:{tag}>".encode(), SIGNED)
        text = found[1].rstrip(b"=")
        twin = text[:-1] + bytes([text[-1] + 1]) + found[1][len(text) :]
        assert base64.b64decode(twin) == base64.b64decode(found[1])
        assert verify(swap(found[1], twin)).code == code
        assert verify(swap(found[1], b"*" + found[1])).code == code


def test_the_certificate_of_another_does_not_fit():
    body = base64.b64encode(LEAF.der)
    old = re.search(rb"<ds:X509Certificate>([^<]*)<", SIGNED)[1]
    assert verify(swap(old, body)).code == "signature"
    assert verify(swap(old, b"AAAA")).code == "certificate_unreadable"
    assert verify(swap(old, b"")).code == "certificate_unreadable"


def test_a_self_signed_certificate_that_was_changed_is_seen():
    changed = OFFICE.der.replace(b"Office", b"Offica")
    old = re.search(rb"<ds:X509Certificate>([^<]*)<", SIGNED)[1]
    seen = verify(swap(old, base64.b64encode(changed)))
    assert (seen.code, seen.valid) == ("certificate_altered", False)


def test_a_message_that_was_indented_afterwards_holds_and_says_so():
    """WMO's composer signs without blanks; what is published is indented."""
    root = etree.fromstring(SIGNED)
    etree.indent(root)
    seen = verify(etree.tostring(root))
    assert seen.valid
    assert seen.reformatted
    assert texts(seen.data) == texts(SIGNED)
    changed = etree.tostring(root).replace(b"Exercise", b"Actual")
    assert verify(changed).code == "digest"


# --- trust --------------------------------------------------------------------------------------


def test_a_pinned_certificate_is_trusted_and_another_is_not():
    assert verify(SIGNED, trusted=[OFFICE.pem]).trust == "trusted"
    assert verify(SIGNED, OFFICE.der).trust == "trusted"
    seen = verify(SIGNED, trusted=[RSA.pem, ROOT.der])
    assert (seen.valid, seen.intact, seen.trust) == (False, True, "untrusted")
    assert seen.code == "certificate_untrusted"
    assert verify(SIGNED, trusted=[]).trust == "untrusted"


def test_a_chain_to_an_authority_is_trusted():
    middle = issued("Middle", curve(6), ROOT, ca=True, serial=9)
    deep = issued("Deep", curve(7), middle, serial=10)
    direct = sign(MESSAGE, LEAF.key, LEAF.pem)
    chained = sign(MESSAGE, deep.key, deep.pem + middle.pem)
    alone = sign(MESSAGE, deep.key, deep.pem)
    for data, trusted in (
        (direct, [ROOT.pem]),
        (chained, [ROOT.pem]),
        (chained, [middle.pem]),
        (alone, [middle.pem]),
        (alone, [RSA.pem + ROOT.pem + middle.pem]),
    ):
        assert verify(data, trusted, DURING).trust == "trusted"
        assert verify(data, trusted).trust == "trusted"
    assert verify(alone, [ROOT.pem]).code == "certificate_untrusted"


def test_only_an_authority_can_vouch_for_others():
    """A pinned signer must not be able to make signers, nor a stranger with the same name."""
    child = issued("Child", curve(8), OFFICE, serial=11)
    data = sign(MESSAGE, child.key, child.pem + OFFICE.pem)
    assert verify(data, [OFFICE.pem]).code == "certificate_untrusted"
    stranger = issued("Authority", curve(9), ca=True)
    forged = issued("Desk", curve(10), stranger, serial=8)
    data = sign(MESSAGE, forged.key, forged.pem + stranger.pem)
    assert verify(data, [ROOT.pem]).code == "certificate_untrusted"
    middle = issued("Middle", curve(6), ROOT, serial=9)  # no authority, though signed by one
    deep = issued("Deep", curve(7), middle, serial=10)
    data = sign(MESSAGE, deep.key, deep.pem + middle.pem)
    assert verify(data, [ROOT.pem]).code == "certificate_untrusted"


def test_a_certificate_that_may_not_sign_is_not_trusted_by_its_authority():
    idle = issued("Idle", curve(11), ROOT, usage=False, serial=12)
    busy = issued("Busy", curve(11), ROOT, usage=True, serial=13)
    assert verify(sign(MESSAGE, idle.key, idle.pem), [ROOT.pem]).trust == "untrusted"
    assert verify(sign(MESSAGE, busy.key, busy.pem), [ROOT.pem]).trust == "trusted"


@pytest.mark.parametrize("trusted", [None, [OFFICE.pem], [RSA.pem]])
def test_the_time_that_is_given_counts_and_no_other(trusted):
    last = OFFICE.certificate.not_valid_after_utc
    first = OFFICE.certificate.not_valid_before_utc
    second = timedelta(seconds=1)
    assert "certificate_expired" in verify(SIGNED, trusted, last + second).codes
    assert "certificate_not_yet" in verify(SIGNED, trusted, first - second).codes
    for now in (None, first, last, DURING):
        codes = verify(SIGNED, trusted, now).codes
        assert not {"certificate_expired", "certificate_not_yet"} & set(codes)
    with pytest.raises(ValueError, match="2025"):
        verify(SIGNED, now=datetime(2025, 1, 1))  # noqa: DTZ001


def test_who_signed_is_known_though_the_certificate_is_over():
    done = sign(MESSAGE, LEAF.key, LEAF.pem)
    late = LEAF.certificate.not_valid_after_utc + timedelta(days=1)
    seen = verify(done, [ROOT.pem], late)
    assert (seen.trust, seen.valid, seen.code) == ("trusted", False, "certificate_expired")


def test_trust_that_cannot_be_read_is_told_not_passed_over():
    assert code_of(verify, SIGNED, [b"-----BEGIN CERTIFICATE-----\nx"]) == "certificate_unreadable"
    assert code_of(verify, SIGNED, ["somewhere/office.pem"]) == "certificate_unreadable"


def keyless(key_info):
    """The signed message with another KeyInfo; the signature does not cover it."""
    old = re.search(rb"<ds:KeyInfo>.*</ds:KeyInfo>", SIGNED, re.S)[0]
    return swap(old, key_info)


def test_without_a_certificate_the_given_ones_are_tried():
    bare = keyless(b"")
    assert verify(bare).code == "key_missing"
    assert verify(bare, [RSA.pem]).code == "malformed"
    assert verify(bare, [LEAF.pem]).code == "signature"
    seen = verify(bare, [LEAF.pem, OFFICE.pem])
    assert (seen.trust, seen.subject) == ("trusted", "CN=Office")


def key_value(pair):
    point = pair.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        b'<ds:KeyValue><d:ECKeyValue xmlns:d="http://www.w3.org/2009/xmldsig11#">'
        b'<d:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><d:PublicKey>'
        + base64.b64encode(point)
        + b"</d:PublicKey></d:ECKeyValue></ds:KeyValue>"
    )


def test_a_bare_key_proves_the_text_and_nobody():
    bare = keyless(b"<ds:KeyInfo>" + key_value(OFFICE) + b"</ds:KeyInfo>")
    assert verify(bare).valid
    assert verify(bare).subject == ""
    assert verify(bare, [OFFICE.pem]).trust == "trusted"
    assert verify(bare, [RSA.pem]).code == "certificate_untrusted"
    other = keyless(b"<ds:KeyInfo>" + key_value(LEAF) + b"</ds:KeyInfo>")
    assert verify(other).code == "signature"


def test_a_bare_key_beside_another_certificate_is_refused():
    old = re.search(rb"<ds:KeyInfo>(.*)</ds:KeyInfo>", SIGNED, re.S)[1]
    assert verify(swap(old, key_value(LEAF) + old)).code == "key_mismatch"
    assert verify(swap(old, key_value(OFFICE) + old)).valid


def test_several_signers_are_taken_where_they_are_expected():
    """Canada's distributor signs beside the source; both cover the text without signatures."""
    one = re.search(rb"<ds:Signature .*</ds:Signature>", sign(MESSAGE, LEAF.key, LEAF.pem), re.S)[0]
    both = swap(SIGNATURE, SIGNATURE + one)
    assert verify(both).code == "several"
    seen = verify(both, several=True)
    assert seen.valid
    assert [s.subject for s in seen.signers] == ["CN=Office", "CN=Desk"]
    assert verify(both, [ROOT.pem], several=True).trust == "trusted"
    assert verify(both, [ROOT.pem], several=True).valid
    assert verify(both, [RSA.pem], several=True).code == "certificate_untrusted"
    broken = both.replace(b"Exercise", b"Actual")
    assert verify(broken, several=True).code == "digest"


def test_every_reason_has_words():
    home = Path(inspect.getfile(verify)).parent
    source = "".join(
        p.read_text("utf-8") for p in home.glob("*.py") if "sign." in p.read_text("utf-8")
    )
    codes = set(re.findall(r'"sign\.(\w+)"', source))
    codes |= set(re.findall(r'\b(?:problem|_aside)\(\s*"(\w+)"', source))
    codes |= {"digest", "signature", "malformed", "key_mismatch", "key_missing"}
    assert len(codes) > 25
    assert {f"sign.{c}" for c in codes} <= catalogue().keys()


def resigned(data, octets):
    """The message with a signature over these bytes, by the same office."""
    digest = base64.b64encode(hashlib.sha256(octets).digest())
    old = re.search(rb"<ds:DigestValue>([^<]*)<", data)[1]
    info = re.search(rb"<ds:SignedInfo>.*</ds:SignedInfo>", data, re.S)[0].replace(old, digest)
    alone = info.replace(b"<ds:SignedInfo", b'<ds:SignedInfo xmlns:ds="%s"' % xmldsig.DSIG.encode())
    text = xmldsig.Canon(xmldsig.EXCLUSIVE).octets(etree.fromstring(alone))
    r, s = decode_dss_signature(OFFICE.private.sign(text, ec.ECDSA(SHA256())))
    value = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    was = re.search(rb"<ds:SignatureValue>([^<]*)<", data)[1]
    return data.replace(old, digest).replace(was, value)


def test_comments_are_not_signed_by_the_standard_though_the_canonicalization_keeps_them():
    """XML Signature, 4.4.3.3: ``URI=""`` is the document without its comments."""
    plain = xmldsig.EXCLUSIVE.encode()
    data = WHOLE.replace(
        b'<ds:Transform Algorithm="%s"' % plain, b'<ds:Transform Algorithm="%sWithComments"' % plain
    )
    assert data != WHOLE
    remarked = data.replace(b"<scope>", b"<!-- a remark --><scope>")
    bare = xmldsig.Canon(xmldsig.EXCLUSIVE).octets(etree.fromstring(BARE_ROOT))
    kept = etree.fromstring(re.sub(rb"<ds:Signature .*</ds:Signature>", b"", remarked, flags=re.S))
    whole = xmldsig.Canon(xmldsig.EXCLUSIVE + "WithComments").octets(kept)
    assert b"remark" in whole
    for octets in (bare, whole):
        seen = verify(resigned(remarked, octets), [OFFICE.pem])
        assert (seen.trust, seen.codes) == ("trusted", ())
        assert b"remark" not in seen.data
    assert verify(resigned(remarked, bare).replace(b"Exercise", b"Actual")).code == "digest"


@pytest.mark.parametrize(
    "around", [b"<?a b?>%s", b"\n%s\n\n<?a b?><?c d?>", b"<!-- -->\n<?a b?>\n%s\n<?c d?>"]
)
def test_instructions_around_the_root_are_signed_by_the_standard_and_never_read(around):
    """Signed as the standard has it, with them; ``signxml`` leaves them out, and both hold."""
    done = around % WHOLE
    assert verify(done).valid
    assert verify(done).data == verify(SIGNED).data
    (said,) = [p for p in verify(done, [OFFICE.pem]).problems if p.code == "sign.instruction"]
    row = done[: done.index(b"<?a")].count(b"\n") + 1
    assert (said.severity, said.row, said.field) == ("warning", row, "/")
    assert said.params["name"] == "a"
    tree = etree.fromstring(around % BARE_ROOT).getroottree()
    made = resigned(done, xmldsig.Canon(xmldsig.EXCLUSIVE).octets(tree))
    seen = verify(made, [OFFICE.pem])
    assert (seen.trust, seen.codes) == ("trusted", ())
    assert b"<?" not in seen.data
    assert verify(made.replace(b"?a b?", b"?a c?")).code == "digest"


BARE_ROOT = WHOLE.replace(SIGNATURE, b"")
