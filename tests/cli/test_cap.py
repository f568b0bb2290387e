import json
import os
import re

import pytest
from typer.testing import CliRunner

from haidang.cli.app import build
from haidang.jobs.cap_files import profile_of
from haidang.warn import cap
from haidang.words import word

SOUND = b"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>hd-1</identifier>
<sender>desk@example.org</sender>
<sent>2024-09-06T19:22:00+07:00</sent>
<status>Test</status>
<msgType>Alert</msgType>
<scope>Public</scope>
<info>
<language>en</language>
<category>Met</category>
<event>Typhoon</event>
<urgency>Expected</urgency>
<severity>Severe</severity>
<certainty>Likely</certainty>
<expires>2024-09-07T19:22:00+07:00</expires>
<headline>Typhoon No. 3</headline>
<area><areaDesc>Hai Phong</areaDesc><circle>20.86,106.68 15</circle></area>
</info>
</alert>
"""
WRONG = SOUND.replace(b"Severe", b"Bad").replace(b"20.86,106.68 15", b"106.68,20.86 15")


@pytest.fixture
def run():
    app = build()

    def go(*args, **more):
        return CliRunner().invoke(app, ["--lang", "en", "cap", *map(str, args)], **more)

    return go


def test_one_line_for_every_problem_and_exit_code_1(run, tmp_path):
    (tmp_path / "good.cap").write_bytes(SOUND)
    (tmp_path / "more").mkdir()
    bad = tmp_path / "more" / "bad.xml"
    bad.write_bytes(WRONG)
    (tmp_path / "notes.txt").write_text("no message")
    result = run(tmp_path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [re.match(r"(.*):(\d+): error (\w+) ", line).groups() for line in lines] == [
        (str(bad), "13", "value"),
        (str(bad), "17", "circle_range"),
    ]
    assert "messages: 2, invalid: 1, valid with warnings: 0" in result.stderr
    assert f"1 ({tmp_path / 'notes.txt'})" in result.stderr
    assert "left out" not in run(bad).stderr
    assert run(tmp_path / "good.cap").exit_code == 0


def test_standard_input_as_json(run):
    result = run("--json", "--profile", "ipaws", "-", input=SOUND)
    told = json.loads(result.stdout)
    assert (told["file"], told["valid"], told["version"], told["profile"]) == (
        "-", False, "1.2", "ipaws",
    )  # fmt: skip
    assert {p["code"] for p in told["problems"]} == {"profile_includes", "profile_missing"}
    assert result.exit_code == 1


def test_what_a_message_says(run, tmp_path):
    file = tmp_path / "a.xml"
    file.write_bytes(SOUND)
    shown = run("--show", file).stdout
    for said in ("hd-1", "Typhoon No. 3", "Hai Phong", "Severe", "2024-09-07"):
        assert said in shown


def test_signatures_and_batches(run, tmp_path):
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_bytes(SOUND)
    assert run(tmp_path).exit_code == 0
    result = run("--batch", tmp_path)
    assert result.exit_code == 1
    assert "b.xml:2: error replayed" in result.stdout
    assert "unsigned" in run("--require-signature", tmp_path / "a.xml").stdout


def test_a_file_that_is_not_there_and_a_folder_without_messages(run, tmp_path):
    for name in (tmp_path / "nothing.xml", tmp_path):
        result = run(name)
        assert result.exit_code != 0
    assert run("--profile", "nobody", tmp_path).exit_code != 0


@pytest.mark.skipif(os.name != "posix", reason="pipes and dangling links are those of POSIX")
def test_what_cannot_be_read_is_told_and_the_rest_goes_on(run, tmp_path):
    (tmp_path / "a.xml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "b.xml")  # whoever opens it waits for somebody to write
    (tmp_path / "c.xml").mkdir()
    (tmp_path / "c.xml" / "d.cap").write_bytes(SOUND)
    (tmp_path / "e.xml").write_bytes(WRONG)
    result = run(tmp_path)
    assert result.exit_code == 1
    found = [re.match(r".*/(\w\.xml):(\d+): error (\w+) ", li) for li in result.stdout.splitlines()]
    assert [m.groups() for m in found] == [
        ("a.xml", "1", "cannot_read"), ("b.xml", "1", "cannot_read"),
        ("e.xml", "13", "value"), ("e.xml", "17", "circle_range"),
    ]  # fmt: skip
    assert "messages: 4, invalid: 3, valid with warnings: 0" in result.stderr
    told = [json.loads(line) for line in run("--json", tmp_path).stdout.splitlines()]
    assert [t["valid"] for t in told] == [False, False, True, False]


def test_profiles_by_name_country_and_file(tmp_path):
    assert profile_of("wmo").name == "wmo"
    own = tmp_path / "own.yaml"
    own.write_text('name: own\ntitle: {vi: "a", en: "b"}\nsource: s\n', "utf-8")
    assert profile_of(str(own)).name == "own"
    countries = [name for name in cap.profiles() if len(name) == 2]
    assert countries
    for name in countries:
        assert profile_of(name).languages


def test_a_file_too_long_is_told_of(run, tmp_path):
    file = tmp_path / "long.xml"
    with file.open("wb") as long:
        long.truncate(50_000_000)
    result = run(file)
    assert result.exit_code == 1
    assert "error size" in result.stdout
    assert word("cap.error", "vi") == "lỗi"


def test_an_envelope_is_opened_and_each_message_has_its_own_line(run, tmp_path):
    inside = b"".join(
        b"<contentObject><xmlContent><embeddedXMLContent>"
        + one
        + b"</embeddedXMLContent></xmlContent></contentObject>"
        for one in (SOUND, WRONG)
    )
    head = b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">'
    (tmp_path / "two.edxlde").write_bytes(head + inside + b"</EDXLDistribution>")
    (tmp_path / "none.edxlde").write_bytes(head + b"</EDXLDistribution>")
    result = run("--json", tmp_path)
    told = {one["file"]: one for one in map(json.loads, result.stdout.splitlines())}
    two = str(tmp_path / "two.edxlde")
    assert {name: one["valid"] for name, one in told.items()} == {
        str(tmp_path / "none.edxlde"): False, f"{two}#1": True, f"{two}#2": False,
    }  # fmt: skip
    assert result.exit_code == 1


def test_text_is_read_as_utf_8():
    text = SOUND.decode().replace("Hai Phong", "Hải Phòng")
    assert cap.parse(text).infos[0].areas[0].description == "Hải Phòng"
    assert cap.parse(text) == cap.parse(text.encode())
    assert cap.validate(text).valid
    assert cap.validate(text) == cap.validate(text.encode())
    # Half a character, and text that says that it is in another encoding: told, not raised.
    assert cap.validate("<alert>\ud800</alert>").problems
    assert cap.validate('<?xml version="1.0" encoding="utf-16"?>' + text).problems
