"""How many messages are signed and verified in a second, by size and kind of key.

Run with ``make bench``. Nothing here asserts a time.
"""

from __future__ import annotations

import pytest

from authority import Pair, curve, issued, rivest
from haidang.warn.cap import sign, verify

OFFICE = issued("Office", curve(2))
OLD = issued("Old office", rivest())
ROOT = issued("Authority", curve(1), ca=True)
DESK = issued("Desk", curve(3), ROOT, serial=8)
POINTS = " ".join(f"{20 + i * 1e-4:.4f},{106 + i * 1e-4:.4f}" for i in range(49))
INFO = f"""<info><language>vi</language><category>Met</category><event>Bão</event>
<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>
<description>{"Gió cấp 12, giật cấp 15. " * 20}</description>
<area><areaDesc>Hải Phòng</areaDesc><polygon>{POINTS}</polygon></area></info>"""


def message(infos: int) -> bytes:
    """About 1.7 kB an info."""
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>hd.1</identifier><sender>x@example.org</sender><sent>2024-09-06T19:22:00+07:00</sent>
<status>Test</status><msgType>Alert</msgType><scope>Public</scope>{INFO * infos}</alert>""".encode()


CASES = [
    pytest.param(OFFICE, 2, id="P-256, 4 kB"),
    pytest.param(OLD, 2, id="RSA 2048, 4 kB"),
    pytest.param(OFFICE, 500, id="P-256, 900 kB"),
]


@pytest.mark.parametrize(("pair", "infos"), CASES)
def test_sign(benchmark, pair: Pair, infos: int) -> None:
    body = message(infos)
    assert verify(benchmark(sign, body, pair.key, pair.pem)).valid


@pytest.mark.parametrize(("pair", "infos"), CASES)
def test_verify(benchmark, pair: Pair, infos: int) -> None:
    body = sign(message(infos), pair.key, pair.pem)
    assert benchmark(verify, body, [pair.pem]).trust == "trusted"


def test_verify_by_an_authority(benchmark) -> None:
    body = sign(message(2), DESK.key, DESK.pem)
    assert benchmark(verify, body, [ROOT.pem]).trust == "trusted"
