"""The pages on channels say what the code does: every setting, every reason, every example."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from haidang.edge import channels
from haidang.edge.channels.parts.gateway import Answers, GatewaySpec
from haidang.edge.channels.parts.sms import SmsSpec
from haidang.edge.channels.parts.spec import ChannelSpec
from haidang.edge.channels.settings import FILE, kinds, read_settings
from haidang.edge.channels.sms_http import Reports
from haidang.words import catalogue

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "channels.md").read_text("utf-8")
GUIDE = (DOCS / "guide" / "channels.md").read_text("utf-8")
SITE = (DOCS / "guide" / "public.md").read_text("utf-8")


def section(title):
    """The text under a heading, up to the next one of any depth."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", REFERENCE, re.M | re.S)
    assert found, title
    return found[1]


def cells(text):
    return {
        c for row in re.findall(r"^\|([^|\n]*)\|", text, re.M) for c in re.findall("`(.+?)`", row)
    }


def own(spec):
    shared = {
        n
        for s in (ChannelSpec, SmsSpec, GatewaySpec)
        if issubclass(spec, s)
        for n in s.model_fields
    }
    # A gateway's fields are described with each kind: only there is it known what they may hold.
    extra = {"fields"} if issubclass(spec, GatewaySpec) else set()
    return set(spec.model_fields) - shared | extra


def test_every_setting_of_every_kind_is_described():
    for kind in kinds():
        spec = import_module(f"{channels.__name__}.{kind}").Spec
        assert cells(section(f"`{kind}`")) == own(spec), kind
    assert cells(section("Every channel")) == set(ChannelSpec.model_fields) - {"kind"}
    assert cells(section("Short messages")) == set(SmsSpec.model_fields) - set(
        ChannelSpec.model_fields
    )
    shared = set(GatewaySpec.model_fields) - set(ChannelSpec.model_fields)
    assert cells(section("Gateways by HTTP")) == shared
    assert cells(section("`answers:`")) == set(Answers.model_fields)
    assert cells(section("`reports:`")) == set(Reports.model_fields)


def test_every_kind_is_in_the_first_table():
    assert cells(REFERENCE.partition("## The file")[0]) == {*kinds(), "site"}


def test_every_reason_is_described_in_its_own_words():
    table = section("Why it did not go out")
    for code in cells(table):
        assert catalogue()[code]["en"] in table
    found = "".join(p.read_text("utf-8") for p in Path(channels.__path__[0]).rglob("*.py"))
    given = set(re.findall(r'"(channel\.\w+)"', found))
    needing_more = {c for c in given if "{" in catalogue()[c]["en"]}
    no_reason = re.compile(r"channel\.(print_\w+|no_sections)")
    assert {c for c in given - needing_more if not no_reason.fullmatch(c)} == cells(table)


EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", GUIDE + REFERENCE, re.M | re.S)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_read_without_a_problem(example, tmp_path):
    (tmp_path / FILE).write_text(example, "utf-8")
    settings = read_settings(tmp_path / FILE)
    assert not settings.problems
    assert settings.specs.keys() == yaml.safe_load(example)["channels"].keys()


def test_the_guide_shows_every_kind():
    assert set(kinds()) <= set(re.findall(r"kind: (\w+)", GUIDE + SITE))
