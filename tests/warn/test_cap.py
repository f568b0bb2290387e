import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from haidang.base.errors import BadData
from haidang.warn.cap import (
    Alert,
    AreaBlock,
    Info,
    Reference,
    Resource,
    build,
    own_problems,
    parse,
    problems,
)

LOCAL = timezone(timedelta(hours=7))
SENT = datetime(2024, 9, 6, 19, 22, tzinfo=LOCAL)
RING = ((20.6, 106.4), (21.1, 106.4), (21.1, 107.2), (20.6, 107.2), (20.6, 106.4))
AREA = AreaBlock("Hải Phòng", (RING,), ((20.13, 107.72, 12.5),), (("xx-code", "31"),))
INFO = Info(
    language="vi",
    categories=("Met",),
    event="Bão số 3",
    responses=("Evacuate", "Shelter"),
    urgency="Expected",
    severity="Extreme",
    certainty="Likely",
    event_codes=(("OET:v1.2", "OET-204"),),
    effective=SENT,
    onset=SENT + timedelta(hours=12),
    expires=SENT + timedelta(hours=24),
    sender_name="Hải Đăng",
    headline="DIỄN TẬP. Bão số 3: rủi ro thiên tai cấp 4",
    description="Gió cấp 12.\nGió giật mạnh hơn.",
    instruction="Rời nhà yếu & lồng bè <ngay>.",
    contact="112",
    parameters=(("level", "4"), ("empty", "")),
    areas=(AREA,),
)
ENGLISH = dataclasses.replace(
    INFO,
    language="en",
    event="Typhoon No. 3",
    headline="EXERCISE. Level 4",
    areas=(dataclasses.replace(AREA, description="Hải Phòng city"),),
)
FIRST = Reference("haidang@example.org", "hd.31.0001", SENT - timedelta(hours=9))
ALERT = Alert(
    identifier="hd.31.0002",
    sender="haidang@example.org",
    sent=SENT,
    status="Exercise",
    kind="Update",
    source="bulletin 19:00",
    note="Replay",
    references=(FIRST, dataclasses.replace(FIRST, identifier="hd.31.0000")),
    incidents=("2024-03", "yagi"),
    infos=(INFO, ENGLISH),
)
PLAIN = dataclasses.replace(
    ALERT, kind="Alert", source=None, note=None, references=(), incidents=(), infos=(INFO,)
)


def with_info(**changes):
    return dataclasses.replace(ALERT, infos=(dataclasses.replace(INFO, **changes),))


def with_ring(*ring):
    return with_info(areas=(AreaBlock("x", (tuple(ring),)),))


@pytest.fixture(scope="module")
def schema(shared):
    return etree.XMLSchema(etree.parse(shared / "data" / "cap" / "schema" / "CAP-v1.2.xsd"))


@pytest.mark.parametrize("kind", ["Alert", "Update", "Cancel"])
@pytest.mark.parametrize("zone", [LOCAL, UTC, timezone(-timedelta(hours=3, minutes=30))])
def test_every_kind_fits_the_schema_of_oasis(schema, kind, zone):
    alert = dataclasses.replace(ALERT, kind=kind, sent=SENT.astimezone(zone))
    schema.assertValid(etree.fromstring(build(alert)))
    schema.assertValid(etree.fromstring(build(dataclasses.replace(PLAIN, sent=alert.sent))))


def test_the_schema_can_refuse(schema):
    wrong = build(ALERT).replace(b"<urgency>Expected", b"<urgency>Soon")
    assert not schema.validate(etree.fromstring(wrong))


@pytest.mark.parametrize("alert", [ALERT, PLAIN])
def test_what_is_written_reads_back_the_same(alert):
    assert parse(build(alert)) == alert
    assert build(parse(build(alert))) == build(alert)


def test_the_bytes():
    text = build(ALERT).decode()
    assert text.startswith("<?xml version='1.0' encoding='UTF-8'?>\n<alert xmlns=")
    assert "<sent>2024-09-06T19:22:00+07:00</sent>" in text
    assert "<polygon>20.6,106.4 21.1,106.4 21.1,107.2 20.6,107.2 20.6,106.4</polygon>" in text
    assert "<circle>20.13,107.72 12.5</circle>" in text
    assert (
        "<references>haidang@example.org,hd.31.0001,2024-09-06T10:22:00+07:00 "
        "haidang@example.org,hd.31.0000,2024-09-06T10:22:00+07:00</references>"
    ) in text
    assert "Rời nhà yếu &amp; lồng bè &lt;ngay&gt;." in text


ORDER = {
    "alert": (
        "identifier sender sent status msgType source scope note references incidents info info"
    ),
    "info": (
        "language category event responseType responseType urgency severity certainty eventCode "
        "effective onset expires senderName headline description instruction contact parameter "
        "parameter area"
    ),
    "area": "areaDesc polygon circle geocode",
}


def test_the_order_of_the_elements():
    """By hand from the tables of CAP 1.2, 3.2, for machines without the schema."""
    root = etree.fromstring(build(ALERT))
    for node in (root, root[-1], root[-1][-1]):
        names = " ".join(etree.QName(e).localname for e in node)
        assert names == ORDER[etree.QName(node).localname]


def test_utc_is_minus_zero_and_never_z():
    text = build(dataclasses.replace(ALERT, sent=SENT.astimezone(UTC))).decode()
    assert "<sent>2024-09-06T12:22:00-00:00</sent>" in text
    assert "Z<" not in text


def said(alert):
    found = (*problems(alert), *own_problems(alert))
    for problem in found:
        assert problem.say("vi") != problem.say("en")
    return [p.code.removeprefix("cap.") for p in found]


def shaped(**changes):
    """Both languages with the same wrong area."""
    area = dataclasses.replace(AREA, **changes)
    return dataclasses.replace(
        ALERT, infos=tuple(dataclasses.replace(i, areas=(area,)) for i in ALERT.infos)
    )


@pytest.mark.parametrize(
    ("alert", "codes"),
    [
        (dataclasses.replace(ALERT, identifier="a b"), ["name_characters"]),
        (dataclasses.replace(ALERT, identifier=""), ["name_empty"]),
        (dataclasses.replace(ALERT, sender="a,b"), ["name_characters"]),
        (dataclasses.replace(ALERT, sender="a&b "), ["name_characters"]),
        (
            dataclasses.replace(ALERT, references=(dataclasses.replace(FIRST, identifier="a,b"),)),
            ["references_form"],
        ),
        (dataclasses.replace(ALERT, references=()), ["references_missing"]),
        (dataclasses.replace(ALERT, kind="Cancel", references=()), ["references_missing"]),
        (dataclasses.replace(ALERT, kind="Error", references=()), ["references_missing"]),
        (dataclasses.replace(ALERT, identifier="hd.31.0001"), ["references_itself"]),
        (
            dataclasses.replace(
                ALERT, references=(dataclasses.replace(FIRST, sent=SENT + timedelta(hours=1)),)
            ),
            ["references_later"],
        ),
        (dataclasses.replace(ALERT, incidents=('a"b',)), ["list_name"]),
        (dataclasses.replace(ALERT, addresses=("",)), ["list_name"]),
        (dataclasses.replace(ALERT, kind="Stop"), ["value"]),
        (dataclasses.replace(ALERT, scope="Secret"), ["value"]),
        (dataclasses.replace(ALERT, scope="Private"), ["addresses_missing"]),
        (dataclasses.replace(ALERT, scope="Restricted"), ["restriction_missing"]),
        (dataclasses.replace(ALERT, sent=SENT.replace(microsecond=1)), ["seconds"]),
        (
            dataclasses.replace(
                ALERT, sent=SENT.replace(tzinfo=timezone(timedelta(hours=7, seconds=6)))
            ),
            ["seconds"],
        ),
        (dataclasses.replace(ALERT, sent=SENT.replace(tzinfo=None)), ["zone"]),
        (with_info(language="tiếng Việt"), ["language"]),
        (with_info(urgency="Soon"), ["value"]),
        (with_info(responses=("Run",)), ["value"]),
        (with_info(categories=()), ["missing"]),
        (shaped(circles=((91.0, 0.0, 1.0),)), ["circle_range"] * 2),
        (shaped(circles=((0.0, 0.0, -1.0),)), ["circle_negative"] * 2),
        (shaped(circles=((0.0, float("inf"), 1.0),)), ["circle_form"] * 2),
        (shaped(rings=(RING[:-1],)), ["polygon_open"] * 2),
        (shaped(rings=(((0, 0), (0, 1), (0, 0)),)), ["polygon_short"] * 2),
        (shaped(rings=(((0, 0), (91, 1), (0, 1), (0, 0)),)), ["polygon_range"] * 2),
        (with_info(instruction="a\x0bb"), ["character"]),
        (with_info(parameters=(("x", "\ud800"),)), ["character"]),
        (with_info(resources=(Resource("map", None),)), ["missing"]),
        (with_info(resources=(Resource("map", "image/png", -1),)), ["resource_negative"]),
        (shaped(ceiling=Decimal(1000)), ["ceiling_alone"] * 2),
    ],
)
def test_what_the_standard_forbids_is_told_and_never_written(alert, codes):
    found = problems(alert)
    assert [p.code.removeprefix("cap.") for p in found] == codes
    for problem in found:
        assert problem.say("vi") != problem.say("en")
    with pytest.raises(BadData) as caught:
        build(alert)
    assert len(caught.value.problems) == len(codes)


@pytest.mark.parametrize(
    ("alert", "codes"),
    [
        (dataclasses.replace(ALERT, infos=()), ["no_info"]),
        (with_info(expires=SENT, onset=None), ["expired"]),
        (with_info(onset=SENT + timedelta(days=2)), ["after"]),
        (with_info(description=" \n"), ["own_empty"]),
        (with_info(headline=None), ["own_empty"]),
        (with_info(headline="x" * 161), ["headline"]),
        (with_info(expires=None), ["own_empty"]),
        (with_info(areas=()), ["no_area"]),
        (with_info(areas=(AreaBlock(""),)), ["own_empty"]),
        (with_ring((0, 0), (1, 1), (2, 2), (0, 0)), ["crossing"]),
        (
            dataclasses.replace(ALERT, infos=(INFO, dataclasses.replace(INFO, language="VI"))),
            ["twice"],
        ),
        (
            dataclasses.replace(
                ALERT, infos=(INFO, dataclasses.replace(ENGLISH, areas=(AreaBlock("x"),)))
            ),
            ["areas"],
        ),
        (
            dataclasses.replace(
                ALERT, infos=(INFO, dataclasses.replace(ENGLISH, severity="Minor"))
            ),
            ["disagree"],
        ),
    ],
)
def test_what_we_ask_of_our_own_beyond_the_standard(alert, codes):
    assert said(alert) == codes
    assert parse(build(alert)) == alert  # the standard lets it out


def test_two_hundred_vertices_are_allowed_and_one_more_is_not():
    def comb(n):
        top = [(1.0 + (i % 2), i / 10) for i in range(n - 3)]
        return (*top, (0.0, 100.0), (0.0, 0.0), top[0])

    assert said(with_ring(*comb(200))) == []
    assert said(with_ring(*comb(201))) == ["vertices"]
    halves = with_info(areas=(AreaBlock("x", (comb(100), comb(101))),))
    assert said(halves) == ["vertices"]


def test_all_faults_are_told_at_once():
    bad = dataclasses.replace(with_info(urgency="", severity=""), identifier="a b")
    with pytest.raises(BadData) as caught:
        build(bad)
    assert len(caught.value.problems) == 3


# --- awkward text -------------------------------------------------------------------------------

LETTERS = st.one_of(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="￾￿"),
    st.sampled_from(
        ["\n", "\r", "\t", "]]>", "<", "&", "&amp;", "ệ", "e\u0323\u0302", "\x85", "\u2028"]
    ),
)
TEXT = st.lists(LETTERS, max_size=12).map("".join)
FULL = TEXT.filter(str.strip)
NAME = st.text("abcXYZ0189._@-đ", min_size=1, max_size=12)
TIME = st.builds(
    lambda minutes, offset: (
        datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ).astimezone(timezone(timedelta(minutes=offset))),
    st.integers(0, 10**6),
    st.integers(-14 * 60, 14 * 60),
)
DEGREE = st.floats(-89, 89)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple)
SIDE = st.floats(0.001, 1)


@st.composite
def areas(draw):
    lat, lon, a, b = draw(DEGREE), draw(DEGREE), draw(SIDE), draw(SIDE)
    ring = ((lat, lon), (lat, lon + b), (lat + a, lon + b), (lat + a, lon), (lat, lon))
    circle = (draw(DEGREE), draw(DEGREE), draw(st.floats(0, 1000)))
    return AreaBlock(draw(FULL), (ring,), (circle,), draw(PAIRS))


@st.composite
def alerts(draw):
    sent = draw(TIME)
    expires = sent + timedelta(minutes=draw(st.integers(1, 10**4)))
    info = dataclasses.replace(
        INFO,
        event=draw(FULL),
        sender_name=draw(FULL),
        headline=draw(FULL.filter(lambda t: len(t) <= 160)),
        description=draw(FULL),
        instruction=draw(FULL),
        contact=draw(st.none() | TEXT),
        event_codes=draw(PAIRS),
        parameters=draw(PAIRS),
        effective=draw(st.none() | st.just(sent)),
        onset=draw(st.none() | st.just(expires)),
        expires=expires,
        areas=tuple(draw(st.lists(areas(), min_size=1, max_size=2))),
    )
    return Alert(
        identifier=draw(NAME),
        sender=draw(NAME),
        sent=sent,
        status=draw(st.sampled_from(["Actual", "Exercise", "Test", "System", "Draft"])),
        kind=draw(st.sampled_from(["Alert", "Update", "Cancel"])),
        source=draw(st.none() | TEXT),
        note=draw(st.none() | TEXT),
        references=(
            Reference(
                draw(NAME), "an-earlier-one", sent - timedelta(minutes=draw(st.integers(0, 10**6)))
            ),
        ),
        incidents=tuple(draw(st.lists(NAME, max_size=2))),
        infos=(info, dataclasses.replace(info, language="en")),
    )


@settings(max_examples=40)
@given(alerts())
def test_round_trip(alert):
    again = parse(build(alert))
    assert again == alert
    assert again.sent.utcoffset() == alert.sent.utcoffset()


@given(st.sampled_from([chr(c) for c in range(32) if c not in (9, 10, 13)] + ["\ufffe", "\udfff"]))
def test_what_xml_cannot_hold_is_refused_and_named(character):
    (problem,) = problems(with_info(description=f"Gió{character}"))
    assert (problem.code, problem.params["position"]) == ("cap.character", 4)
    assert problem.params["code"] == f"U+{ord(character):04X}"


# --- hostile and foreign documents --------------------------------------------------------------


def refused(data):
    with pytest.raises(BadData) as caught:
        parse(data)
    for problem in caught.value.problems:
        assert problem.say("vi") != problem.say("en")
    (code,) = {p.code for p in caught.value.problems}
    return code.removeprefix("cap.")


def edited(old, new):
    data = build(ALERT)
    assert old in data
    return data.replace(old, new)


def test_entities_are_never_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("42")
    dtd = f'<!DOCTYPE alert [<!ENTITY x SYSTEM "file://{secret}">]>\n<alert '.encode()
    data = edited(b"<alert ", dtd).replace(b"Replay", b"&x;")
    assert refused(data) == "dtd"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"<alert>", "xml"),
        (b"<alert/>", "namespace"),
        (b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.3"/>', "namespace"),
        (edited(b"<scope>Public</scope>", b""), "missing"),
        (edited(b"<scope>", b"<scope>Public</scope><scope>"), "repeated"),
        (edited(b"<scope>Public", b"<scope>Secret"), "value"),
        (edited(b"<responseType>Evacuate", b"<responseType>Run"), "value"),
        (edited(b"<note>", b"<colour>x</colour><note>"), "element_unknown"),
        (edited(b"<note>Replay", b"<note>Replay<b/>"), "markup"),
        (edited(b"T19:22:00+07:00</sent>", b"T19:22:00Z</sent>"), "time_zulu"),
        (edited(b"T19:22:00+07:00</sent>", b"T25:22:00+07:00</sent>"), "time"),
        (edited(b"<polygon>20.6,", b"<polygon>nan,"), "polygon_form"),
        (edited(b"<circle>20.13,107.72 ", b"<circle>20.13 "), "circle_form"),
        (edited(b"hd.31.0001,", b"hd.31.0001;"), "references_form"),
    ],
)
def test_what_cannot_be_read_whole_is_not_read(data, code):
    assert refused(data) == code
