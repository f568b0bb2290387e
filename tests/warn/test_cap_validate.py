"""Every rule: a message that keeps it, one that breaks it, and the line and path of the breach."""

# ruff: noqa: E501 - a case is one line, so that the table can be read

import base64
import gzip
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from haidang.base.errors import BadData, BadPack, NotFound
from haidang.warn import cap
from haidang.warn.cap import finding, rules_area
from haidang.words import catalogue, word

GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>hd-2</identifier>
  <sender>desk@example.org</sender>
  <sent>2024-09-06T19:22:00+07:00</sent>
  <status>Actual</status>
  <msgType>Update</msgType>
  <scope>Public</scope>
  <note>Decision support</note>
  <references>desk@example.org,hd-1,2024-09-06T13:00:00+07:00</references>
  <info>
    <language>vi-VN</language>
    <category>Met</category>
    <event>Bão</event>
    <responseType>Shelter</responseType>
    <urgency>Expected</urgency>
    <severity>Severe</severity>
    <certainty>Likely</certainty>
    <eventCode><valueName>OET</valueName><value>OET-051</value></eventCode>
    <effective>2024-09-06T19:22:00+07:00</effective>
    <onset>2024-09-07T01:00:00+07:00</onset>
    <expires>2024-09-07T19:22:00+07:00</expires>
    <headline>Bão số 3</headline>
    <description>Gió mạnh</description>
    <instruction>Ở trong nhà</instruction>
    <parameter><valueName>level</valueName><value>4</value></parameter>
    <area>
      <areaDesc>Hải Phòng</areaDesc>
      <polygon>20.6,106.4 21.1,106.4 21.1,107.2 20.6,106.4</polygon>
    </area>
  </info>
  <info>
    <language>en</language>
    <category>Met</category>
    <event>Typhoon</event>
    <responseType>Shelter</responseType>
    <urgency>Expected</urgency>
    <severity>Severe</severity>
    <certainty>Likely</certainty>
    <eventCode><valueName>OET</valueName><value>OET-051</value></eventCode>
    <effective>2024-09-06T19:22:00+07:00</effective>
    <onset>2024-09-07T01:00:00+07:00</onset>
    <expires>2024-09-07T19:22:00+07:00</expires>
    <headline>Typhoon No. 3</headline>
    <description>Strong wind</description>
    <instruction>Stay inside</instruction>
    <parameter><valueName>level</valueName><value>4</value></parameter>
    <area>
      <areaDesc>Hai Phong</areaDesc>
      <polygon>20.6,106.4 21.1,106.4 21.1,107.2 20.6,106.4</polygon>
    </area>
  </info>
</alert>
"""
NAMES = {"cap": "urn:oasis:names:tc:emergency:cap:1.2", "ds": "http://www.w3.org/2000/09/xmldsig#"}
RING = "20.6,106.4 21.1,106.4 21.1,107.2 20.6,106.4"


def edit(*pairs, count=1):
    text = GOOD
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new) if count == 0 else text.replace(old, new, count)
    return text.encode()


def both(old, new):
    """The same change in both languages."""
    return edit((old, new), count=0)


def codes(data, **options):
    return [(p.severity[0], p.code) for p in cap.validate(data, **options).problems]


def test_a_good_message_has_nothing_against_it():
    report = cap.validate(GOOD.encode())
    assert report.problems == ()
    assert report.valid
    assert (report.version, report.identifier) == ("1.2", "hd-2")


def polygon(text):
    return both(RING, text)


def resource(text):
    return edit(("</parameter>\n    <area>", f"</parameter>\n<resource>{text}</resource><area>"))


SHA1 = hashlib.sha1(b"picture").hexdigest()
INSIDE = base64.b64encode(b"picture").decode()
FULL = "<resourceDesc>map</resourceDesc><mimeType>image/png</mimeType>"

CASES = [
    # structure
    ("missing", edit(("    <severity>Severe</severity>\n", "")), 11, "info[1]"),
    ("repeated", edit(("<scope>Public</scope>", "<scope>Public</scope><scope>Public</scope>")), 8, "scope[2]"),
    ("order", edit(("    <event>Bão</event>\n", ""), ("    <severity>Severe", "    <event>Bão</event>\n    <severity>Severe")), 16, "event"),
    ("element_unknown", edit(("<note>", "<colour>red</colour>\n  <note>")), 9, "colour"),
    ("element_namespace", edit(("<note>D", '<note xmlns="urn:x">D')), 9, "*[7]"),
    ("markup", edit(("Gió mạnh", "Gió\n<b>mạnh</b>")), 25, "b"),
    ("attribute", edit(("<event>Bão", '<event lang="vi">Bão')), 14, "event"),
    ("text_between", edit(("  <info>\n    <language>vi", "  <info>Chú ý\n    <language>vi")), 11, "info[1]"),
    ("text_between", edit(("  <info>\n    <language>vi", "  <info>\xa0\n    <language>vi")), 11, "info[1]"),
    ("value", edit(("<urgency>Expected", "<urgency>expected")), 16, "urgency"),
    ("value", edit(("<msgType>Update", "<msgType> Update")), 7, "msgType"),
    ("time", edit(("2024-09-07T01:00:00+07:00", "tomorrow")), 21, "onset"),
    ("time", edit(("2024-09-07T01:00:00+07:00", "2024-02-30T01:00:00+07:00")), 21, "onset"),
    ("time", edit(("2024-09-07T01:00:00+07:00", "2024-09-07T01:00:00+15:00")), 21, "onset"),
    ("time", edit(("2024-09-07T01:00:00+07:00", "2024-09-07T01:00:00,07:00")), 21, "onset"),
    ("time_zulu", edit(("2024-09-06T19:22:00+07:00</sent>", "2024-09-06T12:22:00Z</sent>")), 5, "sent"),
    ("time_zone", edit(("2024-09-06T19:22:00+07:00</sent>", "2024-09-06T19:22:00</sent>")), 5, "sent"),
    ("time_fraction", edit(("2024-09-06T19:22:00+07:00</sent>", "2024-09-06T19:22:00.5+07:00</sent>")), 5, "sent"),
    ("language", edit(("vi-VN", "vi_VN")), 12, "language"),
    # names, references, scope
    ("name_characters", edit(("hd-2", "hd 2")), 3, "identifier"),
    ("name_characters", edit(("hd-2", "hd,2")), 3, "identifier"),
    ("name_characters", edit(("desk@example.org</sender>", "a&amp;b</sender>")), 4, "sender"),
    ("name_empty", edit(("hd-2", "")), 3, "identifier"),
    ("references_missing", edit(("  <references>desk@example.org,hd-1,2024-09-06T13:00:00+07:00</references>\n", "")), 2, "alert"),
    ("references_missing", edit(("desk@example.org,hd-1,2024-09-06T13:00:00+07:00", " ")), 10, "references"),
    ("references_form", edit(("desk@example.org,hd-1,2024-09-06T13:00:00+07:00", "hd-1")), 10, "references"),
    ("references_form", edit(("desk@example.org,hd-1,2024", "desk@example.org,,2024")), 10, "references"),
    ("references_form", edit(("13:00:00+07:00", "13:00:00Z")), 10, "references"),
    ("references_itself", edit((",hd-1,", ",hd-2,")), 10, "references"),
    ("references_later", edit(("06T13:00:00", "08T13:00:00")), 10, "references"),
    ("restriction_missing", edit((">Public<", ">Restricted<")), 2, "alert"),
    ("addresses_missing", edit((">Public<", ">Private<")), 2, "alert"),
    ("quotes", edit(("<note>", '<addresses>"Fire Brigade</addresses><note>')), 9, "addresses"),
    # times
    ("expires_before_sent", both("<expires>2024-09-07T19:22:00", "<expires>2024-09-06T19:21:59"), 22, "expires"),
    ("expires_before_effective", both("<effective>2024-09-06", "<effective>2024-09-08"), 22, "expires"),
    # areas
    ("polygon_form", polygon("20.6,106.4 21.1,106.4 21.1;107.2 20.6,106.4"), 29, "polygon"),
    ("polygon_form", polygon("20.6 106.4 21.1 106.4 21.1 107.2 20.6 106.4"), 29, "polygon"),
    ("polygon_form", polygon("20.6,106.4,5 21.1,106.4,5 21.1,107.2,5 20.6,106.4,5"), 29, "polygon"),
    ("polygon_form", polygon("nan,106.4 21.1,106.4 21.1,107.2 nan,106.4"), 29, "polygon"),
    ("polygon_form", polygon("2e1,106.4 21.1,106.4 21.1,107.2 2e1,106.4"), 29, "polygon"),
    ("polygon_open", polygon("20.6,106.4 21.1,106.4 21.1,107.2 20.6,107.2"), 29, "polygon"),
    ("polygon_short", polygon("20.6,106.4 21.1,106.4 20.6,106.4"), 29, "polygon"),
    ("polygon_range", polygon("106.4,20.6 106.4,21.1 107.2,21.1 106.4,20.6"), 29, "polygon"),
    ("polygon_antimeridian", polygon("-17,179 -17,-179 -18,-179 -17,179"), 29, "polygon"),
    ("polygon_crossing", polygon("0,0 0,2 2,0 2,3 0,0"), 29, "polygon"),
    ("polygon_crossing", polygon("0,0 1,1 2,2 2,0 1,1 0,2 0,0"), 29, "polygon"),
    ("circle_form", both(f"<polygon>{RING}</polygon>", "<circle>20.6,106.4</circle>"), 29, "circle"),
    ("circle_form", both(f"<polygon>{RING}</polygon>", "<circle>20.6,106.4,5</circle>"), 29, "circle"),
    ("circle_range", both(f"<polygon>{RING}</polygon>", "<circle>106.4,20.6 5</circle>"), 29, "circle"),
    ("circle_negative", both(f"<polygon>{RING}</polygon>", "<circle>20.6,106.4 -5</circle>"), 29, "circle"),
    ("ceiling_alone", both("</polygon>", "</polygon><ceiling>1000</ceiling>"), 29, "ceiling"),
    ("decimal", both("</polygon>", "</polygon><altitude>high</altitude>"), 29, "altitude"),
    ("language_without_text", edit(*[(f">{t}</{e}>", f"></{e}>") for t, e in (("Bão", "event"), ("Bão số 3", "headline"), ("Gió mạnh", "description"), ("Ở trong nhà", "instruction"))]), 12, "language"),
    # resources
    ("missing", resource("<resourceDesc>map</resourceDesc>"), 27, "resource"),
    ("integer", resource(f"{FULL}<size>12 kB</size>"), 27, "size"),
    ("integer_long", resource(f"{FULL}<size>{'9' * 10_000}</size>"), 27, "size"),
    ("resource_negative", resource(f"{FULL}<size>-1</size>"), 27, "size"),
    ("resource_base64", resource(f"{FULL}<derefUri>@@@</derefUri>"), 27, "derefUri"),
    ("digest_wrong", resource(f"{FULL}<derefUri>{INSIDE}</derefUri><digest>{'0' * 40}</digest>"), 27, "digest"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "data", "line", "last"), CASES)
def test_what_is_forbidden_is_an_error_at_its_place(code, data, line, last):
    report = cap.validate(data)
    found = [p for p in report.errors if p.code == code]
    assert found, report.problems
    assert {p.code for p in report.errors} == {code}
    assert not report.valid
    first = found[0]
    assert first.line == line
    assert re.sub(r"^cap:", "", first.xpath.rpartition("/")[2]) == last
    (node,) = etree.fromstring(data).xpath(first.xpath, namespaces=NAMES)
    assert node.sourceline == first.line
    assert first.say("vi") != first.message == first.say("en")


WARNED = [
    ("time_plus_zero", edit(("2024-09-06T19:22:00+07:00</sent>", "2024-09-06T12:22:00+00:00</sent>"))),
    ("empty", edit(("Decision support", " "))),
    ("references_twice", edit(("+07:00</references>", "+07:00 desk@example.org,hd-1,2024-09-06T13:00:00+07:00</references>"))),
    ("restriction_unused", edit(("<note>", "<restriction>none</restriction><note>"))),
    ("note_exercise", edit((">Actual<", ">Exercise<"), ("  <note>Decision support</note>\n", ""))),
    ("note_error", edit((">Update<", ">Error<"), ("  <note>Decision support</note>\n", ""))),
    ("all_clear_missing", edit((">Update<", ">Cancel<"))),
    ("all_clear_mixed", both("<responseType>Shelter", "<responseType>AllClear</responseType><responseType>Shelter")),
    ("response_none", both("<responseType>Shelter", "<responseType>None</responseType><responseType>Shelter")),
    ("value_twice", both("<category>Met", "<category>Met</category><category>Met")),
    ("effective_early", both("<effective>2024-09-06", "<effective>2024-08-16")),
    ("expires_before_onset", both("<onset>2024-09-07", "<onset>2024-09-08")),
    ("expires_when_sent", both("<expires>2024-09-07T19:22:00", "<expires>2024-09-06T19:22:00")),
    ("expires_late", both("<expires>2024", "<expires>2034")),
    ("headline_long", edit(("Bão số 3", "x" * 161))),
    ("info_without_text", edit(*[(f">{t}</{e}>", f">\n</{e}>") for t, e in (("Bão số 3", "headline"), ("Gió mạnh", "description"), ("Ở trong nhà", "instruction"))])),
    ("language_empty", edit(("vi-VN", ""))),
    ("language_twice", edit((">en<", ">vi-VN<"), (">Typhoon<", ">Bão<"))),
    ("languages_areas", edit((RING, "20.6,106.4 21.1,106.4 21.2,107.2 20.6,106.4"))),
    ("languages_differ", edit(("<expires>2024-09-07T19", "<expires>2024-09-07T18"))),
    ("languages_differ", edit(("<severity>Severe", "<severity>Minor"))),
    ("polygon_touching", polygon("0,0 0,2 1,1 2,2 2,0 1,1 0,0")),
    ("polygon_flat", polygon("0,0 1,1 2,2 0,0")),
    ("polygon_inside", both("</polygon>", "</polygon><polygon>20.8,106.5 20.9,106.5 20.9,106.6 20.8,106.5</polygon>")),
    ("polygon_twice", both("</polygon>", f"</polygon><polygon>{RING}</polygon>")),
    ("polygon_empty", both(RING, "")),
    ("circle_great", both("</polygon>", "</polygon><circle>20,106 50000</circle>")),
    ("area_nowhere", both(f"<polygon>{RING}</polygon>", "")),
    ("area_codes_only", both(f"<polygon>{RING}</polygon>", "<geocode><valueName>A</valueName><value>1</value></geocode>")),
    ("ceiling_below", both("</polygon>", "</polygon><altitude>9</altitude><ceiling>8</ceiling>")),
    ("pair_twice", both("<area>", "<area>").replace(b"</parameter>", b"</parameter><parameter><valueName>level</valueName><value>4</value></parameter>")),
    ("pair_unnamed", both("<valueName>level", "<valueName>")),
    ("uri", edit(("<parameter>", "<web>http://a b</web><parameter>"))),
    ("web_relative", edit(("<parameter>", "<web>www.example.org</web><parameter>"))),
    ("resource_mime", resource("<resourceDesc>map</resourceDesc><mimeType>png</mimeType><size>1</size><uri>http://a/b</uri><digest>" + SHA1 + "</digest>")),
    ("resource_size", resource(f"{FULL}<uri>http://a/b</uri><digest>{SHA1}</digest>")),
    ("resource_digest", resource(f"{FULL}<size>1</size><uri>http://a/b</uri>")),
    ("resource_nowhere", resource(FULL)),
    ("resource_relative", resource(f"{FULL}<size>1</size><uri>b.png</uri><digest>{SHA1}</digest>")),
    ("digest_form", resource(f"{FULL}<size>1</size><uri>http://a/b</uri><digest>x</digest>")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "data"), WARNED)
def test_what_is_allowed_and_unwise_is_a_warning(code, data):
    report = cap.validate(data)
    assert report.valid, report.errors
    assert code in {p.code for p in report.warnings}, report.problems
    for problem in report.warnings:
        assert etree.fromstring(data).xpath(problem.xpath, namespaces=NAMES)
    cap.parse(data)  # and it can be used


ALLOWED = [
    edit(("vi-VN", "zh-Hant-TW")),
    both("+07:00</expires>", "-00:00</expires>"),
    both("<expires>2024-09-07T19:22:00", "<expires>2024-09-07T24:00:00"),
    both(f"<polygon>{RING}</polygon>", "<circle>32.9525,-115.5527 0</circle>"),
    polygon("-90,-180 90,-180 90,180 -90,180 -90,-180"),
    polygon("\n  20.6,106.4\n\t21.1,106.4\r\n  +21.1,107.20  20.6,106.4  "),
    resource(f"{FULL}<uri>map.png</uri><size>7</size>".replace("<uri>map.png</uri><size>7</size>", f"<size>7</size><uri>map.png</uri><derefUri>{INSIDE}</derefUri><digest>{SHA1}</digest>")),
    edit(("<note>", '<addresses>a@x "Fire Brigade" b@x</addresses><code>x</code><code>x</code><note>')),
    edit(('<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">', '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b">')),
    edit(("  <info>\n    <language>vi", "  <!-- a --><?b c?><info>\n    <language>vi"), ("Gió mạnh", "<![CDATA[Gió < mạnh]]>")),
]  # fmt: skip


@pytest.mark.parametrize("data", ALLOWED)
def test_what_the_standard_allows_is_not_told_of(data):
    assert cap.validate(data).problems == ()


def test_all_problems_are_told_and_in_the_order_of_their_lines():
    data = edit(("hd-2", "hd 2"), ("2024-09-07T01:00:00+07:00", "x"), (">Public<", ">Private<"))
    report = cap.validate(data.replace(b"<urgency>Expected", b"<urgency>Soon"))
    assert [p.code for p in report.errors] == [
        "addresses_missing", "name_characters", "value", "time", "value",
    ]  # fmt: skip
    lines = [p.line for p in report.problems]
    assert lines == sorted(lines)


def test_nested_paths_name_the_right_one_of_many():
    data = GOOD.replace(RING, "0,0 1,1 2,0", 2).replace("0,0 1,1 2,0", RING, 1).encode()
    (one, two) = (p for p in cap.validate(data).errors)
    assert {one.xpath, two.xpath} == {"/cap:alert/cap:info[2]/cap:area/cap:polygon"}
    assert {one.code, two.code} == {"polygon_open", "polygon_short"}
    assert one.line == two.line == data.split(b"0,0 1,1 2,0")[0].count(b"\n") + 1


def test_the_language_of_the_report():
    vi = cap.validate(edit(("hd-2", "hd 2")), language="vi").problems[0]
    assert "dấu cách" in vi.message
    assert vi.problem("a.xml").say("en").startswith("a.xml, line 3, /cap:alert/cap:identifier:")


# --- files that are no messages -----------------------------------------------------------------

BILLION = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY lol%d "%s">' % (i, b"&lol%d;" % (i - 1) * 10) for i in range(1, 10))
    + b"]><alert>&lol9;</alert>"
)
HOSTILE = [
    (b"", "empty_file"),
    (b"  \n", "empty_file"),
    (b"hello", "xml"),
    (b"<alert>", "xml"),
    (GOOD.encode()[:900], "xml"),
    (BILLION, "dtd"),
    (b'<!DOCTYPE alert SYSTEM "file:///etc/passwd"><alert/>', "dtd"),
    (b'<!-- x --><!DOCTYPE alert [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><alert/>', "dtd"),
    ('<!DOCTYPE alert [<!ENTITY x "y">]><alert/>'.encode("utf-16"), "dtd"),
    (b"<a>" * 300 + b"</a>" * 300, "too_deep"),
    (b"<a/>" * 250_000, "too_many_elements"),
    (b" " * 50_000_000, "size"),
    (edit(("Gió mạnh", "a&nbsp;b")), "entity"),
    (GOOD.encode("utf-16-le"), "encoding_unmarked"),
    (GOOD.replace("UTF-8", "UTF-16").encode(), "encoding_conflict"),
    (GOOD.encode("utf-16"), "encoding_conflict"),
    (GOOD.replace("UTF-8", "Shift_JIS").encode("utf-8"), "encoding_unknown"),
    (GOOD.replace("UTF-8", "UTF-7").encode("utf-8"), "encoding_unknown"),
    # Names and declarations so long that a parser reads them and a shorter look does not.
    (
        GOOD.replace("UTF-8", "EXTENDED_UNIX_CODE_PACKED_FORMAT_FOR_JAPANESE").encode(),
        "encoding_unknown",
    ),
    (GOOD.replace(' encoding="UTF-8"', " " * 400 + 'encoding="EUC-JP"').encode(), "encoding_unknown"),
    (GOOD.replace(' encoding="UTF-8"', " " * 4000 + 'encoding="UTF-8"').encode(), "encoding_unknown"),
    (b"\xef\xbb\xbf" + GOOD.replace("UTF-8", "ISO-8859-1").encode(), "encoding_conflict"),
    (GOOD.replace("UTF-8", "US-ASCII").encode(), "encoding_bytes"),
    (GOOD.encode().replace("Bão".encode(), "Bão".encode("latin-1"), 1), "encoding_bytes"),
    (GOOD.replace('encoding="UTF-8"', "").encode("utf-32"), "encoding_unknown"),
    (GOOD.replace('encoding="UTF-8"', "").encode("utf-32-be"), "encoding_unmarked"),
    (b"\0\0\xfe\xff" + GOOD.encode("utf-32-be"), "encoding_unknown"),
    (gzip.compress(GOOD.encode()), "encoding_bytes"),
    (b"<html><body>404</body></html>", "html"),
    (b"<!DOCTYPE html>\n<html lang=en><br><p>404 Not Found", "html"),
    (b"\n<!-- x --><HTML>\n<title>caf\xe9</title>", "html"),
    (b'<!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><p>503', "html"),
    (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "feed"),
    (b"<rss/>", "feed"),
    (b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"/>', "edxl"),
    (b"<alert/>", "namespace"),
    (GOOD.replace("cap:1.2", "cap:1.3").encode(), "namespace"),
    (b"<warning/>", "root"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code"), HOSTILE)
def test_what_is_no_message_is_refused_with_its_reason(data, code):
    report = cap.validate(data)
    assert not report.valid
    assert [p.code for p in report.errors] == [code]
    assert report.errors[0].line >= 1
    with pytest.raises(BadData) as caught:
        cap.parse(data)
    assert [p.code for p in caught.value.problems] == [f"cap.{code}"]


def test_external_entities_are_never_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    data = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><alert>&x;</alert>'.encode()
    assert "a secret" not in str(cap.validate(data))


def test_a_clock_without_a_zone_is_a_mistake_of_the_caller():
    for how in (cap.validate, cap.receive):
        for data in (GOOD.encode(), b"no message"):
            with pytest.raises(ValueError, match="2024"):
                how(data, now=datetime(2024, 9, 7))  # noqa: DTZ001 - that is the point


def test_other_encodings_are_read_and_told_of():
    wide = GOOD.replace("UTF-8", "UTF-16").encode("utf-16")
    latin = GOOD.replace("Bão số 3", "Bao").replace("UTF-8", "ISO-8859-1")
    latin = re.sub("[^\x00-\xff]", "x", latin).encode("latin-1")
    for data in (wide, latin):
        assert codes(data) == [("w", "encoding_other")]
    assert cap.parse(wide) == cap.parse(GOOD.encode())
    lying = GOOD.replace("UTF-8", "windows-1252").replace("số", "so").replace("ạ", "a")
    lying = lying.replace("ả", "a").replace("Ở", "O").replace("ò", "o").encode()
    assert ("w", "encoding_suspect") in codes(lying)
    assert cap.validate(b"\xef\xbb\xbf" + GOOD.encode()).problems == ()


def test_what_is_not_listed_costs_no_more_than_counting(monkeypatch):
    """A hostile message has a million problems; only those that are told are written down."""
    made = []

    def found(*args, **more):
        made.append(args[0])
        return kept(*args, **more)

    kept = finding.Found
    monkeypatch.setattr(finding, "Found", found)
    report = cap.validate(edit(("<info>", "<info/>" * 5_000 + "<info>")))
    assert len(made) <= finding.FINDINGS_MAX + 1
    more = next(p for p in report.problems if p.code == "more")
    assert more.params["count"] > 5 * 5_000 - finding.FINDINGS_MAX


def test_lines_beyond_what_the_parser_counts():
    data = edit(("<msgType>Update", "\n" * 70_000 + "<msgType>Stop"))
    (problem,) = (p for p in cap.validate(data).errors if p.code == "value")
    assert problem.line == 70_007


def test_a_hundred_thousand_vertices_are_refused_and_forty_thousand_are_not():
    def ring(n):
        up = [f"{k * 40 / n:.6f},{10 + 0.001 * (k % 2)}" for k in range(n - 2)]
        return " ".join((*up, "0.0,50.0", up[0]))

    assert codes(polygon(ring(100_000))) == [("e", "polygon_too_many")] * 2
    assert codes(polygon(ring(41_000))) == [("w", "polygon_many")] * 2


def test_outlines_drawn_to_take_time_are_given_up_and_told_of():
    side = [
        f"{(50 if k % 2 else 0) + k * 1e-4:.6f},{k * 1e-4 + (50 if k % 2 else 0):.6f}"
        for k in range(6000)
    ]
    text = " ".join((*side, "80,-10", side[0]))
    assert ("w", "polygon_unchecked") in codes(polygon(text))


def test_more_problems_than_anybody_reads_are_counted():
    data = edit(("<note>", "<x/>" * 5000 + "<note>"))
    report = cap.validate(data)
    assert len(report.problems) == 1001
    assert not report.valid
    assert report.problems[0].params["count"] == 4000 or report.problems[-1].params["count"] == 4000


@settings(max_examples=150)
@given(st.data())
def test_spoilt_bytes_never_crash_and_what_is_valid_can_be_read(data):
    raw = bytearray(GOOD.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        size = data.draw(st.integers(0, 30))
        new = data.draw(
            st.binary(max_size=6)
            | st.sampled_from(
                [b"<", b">", b"&#0;", b"</info>", b"<info>", b"\xff\xfe", b"&x;", b"<![CDATA["]
            )
        )
        raw[at : at + size] = new
        if not raw:
            break
    report = cap.validate(bytes(raw))
    for problem in report.problems:
        assert problem.line >= 1
        assert problem.say("vi")
    in_one_walk_as_in_two(bytes(raw))
    if report.valid:
        alert = cap.parse(bytes(raw))
        assert cap.parse(cap.build(alert)) == alert


def test_what_is_absurd_is_refused_and_never_breaks_it():
    huge = f"<size>{'9' * 10_000}</size>"
    kind = "<mimeType>image/png</mimeType>"
    inside = f"<resource><resourceDesc>a</resourceDesc>{kind}{huge}</resource>"
    with pytest.raises(BadData) as caught:
        cap.parse(edit(("<area>", f"{inside}<area>")))
    assert [p.code for p in caught.value.problems] == ["cap.integer_long"]
    good = cap.parse(edit())
    info = good.infos[0]
    many = replace(info, resources=(cap.Resource("a", "image/png", 10**5000, "http://a/b"),))
    assert {p.code for p in cap.problems(replace(good, infos=(many,)))} == {"cap.integer_long"}
    named = edit(("<references>", f"<references>{'1 ' * 300_000}"))
    report, alert = cap.receive(named)
    assert "references_many" in {p.code for p in report.errors}
    assert alert is None
    half = "".join(("<alert>", chr(0xD800), "</alert>"))
    assert [p.code for p in cap.validate(half).errors] == ["encoding_bytes"]
    for read in (cap.parse, cap.unwrap):
        with pytest.raises(BadData):
            read(half)
    assert not cap.verify(half).valid


def test_polygons_within_polygons_are_looked_at_for_a_while(monkeypatch):
    looked = []
    monkeypatch.setattr(rules_area, "_LOOKED", 30)
    monkeypatch.setattr(rules_area, "_inside", lambda *_: looked.append(1))
    rings = "".join(
        f"<polygon>-{k},-{k} -{k},{k} {k},{k} {k},-{k} -{k},-{k}</polygon>" for k in range(1, 60)
    )
    assert cap.validate(edit((f"<polygon>{RING}</polygon>", rings))).valid
    assert len(looked) == 30


def test_what_older_versions_allowed_is_written_again():
    old = edit(("cap:1.2", "cap:1.1"), ("19:22:00+07:00</sent>", "19:22:00.5+07:00</sent>"))
    assert cap.validate(old).valid
    assert cap.parse(cap.build(cap.parse(old))) == cap.parse(old)
    assert b"19:22:00.5" in cap.build(cap.parse(old))
    named = edit(("</references>", '</references><incidents>"" a</incidents>'))
    assert cap.parse(named).incidents == ("a",)
    assert cap.parse(cap.build(cap.parse(named))).incidents == ("a",)


def test_a_zone_has_no_sixtieth_minute():
    for version in ("1.1", "1.2"):
        data = edit(
            ("cap:1.2", f"cap:{version}"), ("19:22:00+07:00</sent>", "19:22:00+07:60</sent>")
        )
        assert "time" in {p.code for p in cap.validate(data).errors}


def in_one_walk_as_in_two(data):
    """`receive` says what `validate` and `parse` say."""
    report, alert = cap.receive(data, "plain", now=datetime(2026, 1, 1, tzinfo=UTC))
    alone = cap.validate(data, "plain", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert (report, report.identifier) == (alone, alone.identifier)
    try:
        read = cap.parse(data)
    except BadData:
        read = None
    assert alert == read
    return report.valid, alert is not None


def test_every_real_message_is_received_as_it_is_judged_and_read(shared):
    files = [f for f in (shared / "data/cap").rglob("*") if f.suffix in {".xml", ".cap"}]
    seen = {in_one_walk_as_in_two(f.read_bytes()) for f in files}
    # Also such as can be read but break a rule; never one that is valid and cannot be read.
    assert seen == {(True, True), (False, True), (False, False)}


def test_a_register_and_a_signature_are_asked_for_in_one_walk():
    seen, data = cap.Register(), edit()
    assert cap.receive(data, seen=seen)[0].valid
    again, alert = cap.receive(data, seen=seen)
    assert not again.valid
    assert alert == cap.parse(data)
    assert not cap.receive(data, require_signature=True)[0].valid


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_noise_is_refused(data):
    assert not cap.validate(data).valid


# --- several messages ---------------------------------------------------------------------------


def test_an_identifier_names_one_message_for_ever():
    seen = cap.Register()
    first = GOOD.replace("hd-2", "hd-1").replace("Update", "Alert").encode()
    first = re.sub(rb"  <references>.*\n", b"", first).replace(
        b"T19:22:00+07:00</sent>", b"T13:00:00+07:00</sent>"
    )
    assert codes(first, seen=seen) == []
    assert codes(GOOD.encode(), seen=seen) == []
    assert codes(GOOD.encode(), seen=seen) == [("e", "replayed")]
    assert codes(edit(("Gió mạnh", "Gió")), seen=seen) == [("e", "identifier_reused")]
    assert codes(edit(("hd-2", "hd-3"), (",hd-1,", ",hd-0,")), seen=seen) == [
        ("w", "references_unknown")
    ]
    assert codes(edit(("hd-2", "hd-4"), ("06T13:00", "06T12:00")), seen=seen) == [
        ("w", "references_other_time")
    ]
    assert (
        codes(
            edit(("hd-2", "hd-5"), ("desk@example.org</sender>", "other@example.org</sender>")),
            seen=seen,
        )
        == []
    )
    assert len(seen) == 5


def test_a_message_with_errors_is_not_entered():
    seen = cap.Register()
    codes(edit((">Public<", ">Private<")), seen=seen)
    assert len(seen) == 0


def test_the_clock_is_only_looked_at_where_it_is_given():
    early = datetime(2024, 9, 6, 11, tzinfo=UTC)
    assert codes(GOOD.encode(), now=early) == [("w", "sent_future")]
    assert codes(GOOD.encode(), now=datetime(2024, 9, 6, 12, 20, tzinfo=UTC)) == []


def test_a_signature_can_be_required():
    assert codes(GOOD.encode(), require_signature=True) == [("e", "unsigned")]


def test_a_signature_is_kept_apart_and_stands_last():
    sign = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo Id="x">y</SignedInfo></Signature>'
    last = edit(("</alert>", f"{sign}</alert>"))
    assert "signature_place" not in [c for _, c in codes(last)]
    assert b"SignedInfo" in cap.parse(last).signatures[0]
    assert cap.parse(last) == cap.parse(GOOD.encode())
    assert ("e", "signature_place") in codes(
        edit(("  <info>\n    <language>vi", f"{sign}<info>\n    <language>vi"))
    )


def test_a_signature_that_was_cut_out_is_not_a_false_one():
    """As in the example of a tsunami centre in the collection, whose signature reads "..."."""
    cut = edit(("</alert>", f'<Signature xmlns="{NAMES["ds"]}">...</Signature></alert>'))
    assert codes(cut) == [("w", "sign.malformed")]
    assert ("e", "sign.malformed") in codes(cut, require_signature=True)


# --- profiles -----------------------------------------------------------------------------------


def test_shipped_profiles_are_named_and_say_their_source():
    assert {"plain", "wmo", "ipaws", "cap-cp"} <= set(cap.profiles())
    for name in cap.profiles():
        assert cap.named(name).name == name
        assert len(cap.named(name).source) > 40
    with pytest.raises(NotFound, match="ipaws"):
        cap.named("nobody")


def test_profiles_on_messages_of_their_own(shared):
    folder = shared / "data" / "cap"
    canada = (folder / "google" / "canada_signed.cap").read_bytes()
    ipaws = (folder / "oasiscap" / "ipaws-5e7e0fc5023f1930efcf3deb.xml").read_bytes()
    assert cap.validate(canada, "cap-cp").valid
    assert cap.validate(ipaws, "IPAWS").valid
    assert {p.code for p in cap.validate(canada, "ipaws").errors} >= {
        "profile_includes",
        "profile_missing",
    }
    assert not cap.validate(ipaws, "cap-cp").valid
    old = (folder / "oasiscap" / "v1dot1_appendix_adot4.xml").read_bytes()
    assert [p.code for p in cap.validate(old, "plain").errors] == ["profile_version"]


def test_the_guidance_of_wmo_warns_of_identifiers():
    report = cap.validate(GOOD.encode(), "wmo")
    assert report.valid
    assert "profile_pattern" in {p.code for p in report.warnings}
    good = edit(("hd-2", "urn:oid:2.49.0.1.704.0.2024.9.6.1"))
    assert "profile_pattern" not in {p.code for p in cap.validate(good, "wmo").problems}
    (one, *_) = (p for p in report.warnings if p.code == "profile_pattern")
    assert "mã tin" in one.say("vi")
    assert "identifiers" in one.message


OWN = """
name: own
title: {vi: "của ta", en: "ours"}
source: "a test"
languages: [vi, fr]
rules:
  - {at: "info.headline", longest: 5, why: {vi: "v", en: "e"}}
  - {at: "alert.note", forbid: true, when: {msgType: [Update]}, why: {vi: "v", en: "e"}}
  - {at: "alert.source", require: true, when: {msgType: [Alert]}, why: {vi: "v", en: "e"}}
  - {at: "info.severity", values: [Minor], level: warning, why: {vi: "v", en: "e"}}
  - {at: "info.category", most: 1, why: {vi: "v", en: "e"}}
  - {at: "area.geocode[x]", require: true, why: {vi: "v", en: "e"}}
"""


def test_a_profile_of_ones_own():
    report = cap.validate(
        edit(("<category>", "<category>Geo</category><category>")), cap.read_profile(OWN)
    )
    assert {(p.severity[0], p.code) for p in report.problems} - {("w", "languages_differ")} == {
        ("e", "profile_language"), ("e", "profile_long"), ("e", "profile_forbidden"),
        ("w", "profile_value"), ("e", "profile_often"), ("e", "profile_missing"),
    }  # fmt: skip
    assert report.profile == "own"


@pytest.mark.parametrize(
    "wrong",
    ["a: [", "name: x", OWN + "more: 1\n", OWN.replace("longest: 5, ", ""), OWN.replace("info.headline", "info headline"),
     OWN.replace("longest: 5", "pattern: '('"), OWN.replace('vi: "v", ', "")],
)  # fmt: skip
def test_a_profile_that_is_wrong_is_refused(wrong):
    with pytest.raises(BadPack) as caught:
        cap.read_profile(wrong, "own.yaml")
    assert caught.value.problems[0].say("vi")


# --- words --------------------------------------------------------------------------------------


def test_no_word_of_the_room_is_unused():
    from pathlib import Path

    folder = Path(cap.__file__).parent
    source = "".join(p.read_text("utf-8") for p in folder.glob("*.py"))
    room = {k.removeprefix("cap.") for k in catalogue() if k.startswith("cap.")}
    assert {k for k in room if f'"{k}"' not in source and f'cap.{k}"' not in source} <= CLI
    assert word("cap.more", "vi", count=3)


CLI = {"said", "error", "warning", "no_file", "no_message", "cannot_read"}
"""Words of the command."""
