"""A signed head: nothing in it can be exchanged, and it says no more than was checked."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority import curve, issued, rivest
from haidang.base.errors import BadData
from haidang.edge.anchor import is_head, read_anchor, seal_head
from haidang.warn.cap.seal import Seal

HEAD = "ab" * 32
NOW = datetime(2025, 6, 1, 23, 30, tzinfo=UTC)
ROOT = issued("Authority", curve(1), ca=True)
OFFICE = issued("Office", curve(2))
DESK = issued("Desk", curve(3), ROOT, serial=8)
RSA = issued("Old", rivest())


def seal(pair):
    return Seal(pair.key, pair.pem)


MADE = seal_head(HEAD, 42, NOW, seal(OFFICE))


@pytest.mark.parametrize("pair", [OFFICE, DESK, RSA])
def test_what_is_signed_is_read_back(pair):
    made = seal_head(HEAD, 42, NOW, seal(pair))
    assert made == seal_head(HEAD, 42, NOW, seal(pair))
    found = read_anchor(made)
    assert (found.head, found.entries, found.day) == (HEAD, 42, date(2025, 6, 1))
    assert (found.trust, found.subject) == ("unknown", pair.certificate.subject.rfc4514_string())
    trusted = ROOT if pair is DESK else pair
    assert read_anchor(made, [trusted.pem]).trust == "trusted"


def code(data, trusted=None):
    with pytest.raises(BadData) as caught:
        read_anchor(data, trusted)
    assert caught.value.say("vi") != caught.value.say("en")
    return caught.value.problems[0].code.removeprefix("sign.")


def test_another_signer_is_not_believed():
    assert code(MADE, [RSA.pem, ROOT.pem]) == "certificate_untrusted"
    swapped = json.loads(MADE) | {"certificate": DESK.pem.decode()}
    assert code(json.dumps(swapped).encode()) == "anchor_signature"


@pytest.mark.parametrize(
    "change",
    [{"head": "cd" * 32}, {"entries": 41}, {"day": "2025-06-02"}, {"more": 1}, {"entries": "42"}],
)
def test_nothing_in_it_can_be_exchanged(change):
    changed = json.dumps(json.loads(MADE) | change).encode()
    assert code(changed) in ("anchor_signature", "anchor_unreadable")


@given(st.data())
def test_no_byte_can_be_changed_unseen(data):
    at = data.draw(st.integers(0, len(MADE) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != MADE[at]))
    try:
        found = read_anchor(MADE[:at] + bytes([byte]) + MADE[at + 1 :])
    except BadData:
        return
    assert found == read_anchor(MADE)


@given(st.binary(max_size=60))
def test_rubbish_is_refused(data):
    assert code(data) == "anchor_unreadable"


def test_odd_files_are_refused():
    for body in (b"[]", b"{}", b"null", b'{"form": "haidang-anchor-1"}', b"[" * 60_000):
        assert code(body) == "anchor_unreadable"
    assert code(b" " * 200_000) == "anchor_unreadable"


def test_a_certificate_counts_on_the_anchors_own_day():
    short = issued("Short", curve(4), first=NOW - timedelta(hours=1), last=NOW + timedelta(hours=1))
    made = seal_head(HEAD, 1, NOW, seal(short))
    assert read_anchor(made, [short.pem]).trust == "trusted"  # years later
    with pytest.raises(BadData) as caught:
        seal_head(HEAD, 1, NOW + timedelta(days=1), seal(short))
    assert caught.value.problems[0].code == "sign.certificate_expired"


def test_an_empty_ledger_is_not_signed():
    with pytest.raises(BadData) as caught:
        seal_head("0" * 64, 0, NOW, seal(OFFICE))
    assert caught.value.problems[0].code == "sign.anchor_empty"


def test_a_head_and_a_file_are_told_apart():
    assert is_head(HEAD)
    assert not is_head("anchor.json")
    assert not is_head(HEAD[:-1])
