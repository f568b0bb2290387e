"""Messages of a sender that WMO's register gave an arc are named below it."""

import pytest
from pydantic import ValidationError

from haidang.app.issue import named
from haidang.base.ids import content_id
from haidang.pack.schema import SenderSpec
from haidang.warn import cap

WORDS = {"address": "a@example.org", "name": {}, "status_note": {}}


def test_under_an_arc_the_name_fits_the_guidance_of_wmo():
    one, other = content_id("message", "one"), content_id("message", "other")
    arc = SenderSpec(**WORDS, oid="2.49.0.1.999.0").oid
    name = named(arc, "xx", one)
    assert name != named(arc, "xx", other)
    assert name == named(arc, "yy", one)
    (rule,) = (r for r in cap.named("wmo").rules if r.at == "alert.identifier")
    import re

    assert re.fullmatch(rule.pattern, name)
    assert not re.fullmatch(rule.pattern, named("", "xx", one))


@pytest.mark.parametrize(
    "oid", ["2.49.0.0.999.0", "2.49.0.1", "2.49.0.1.999", "2.49.0.1.09.0", "urn:oid:2.49.0.1.9.0"]
)
def test_an_arc_of_another_kind_is_refused(oid):
    with pytest.raises(ValidationError):
        SenderSpec(**WORDS, oid=oid)
