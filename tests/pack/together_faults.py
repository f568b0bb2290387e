"""Faults of packs that name one another, each planted into the toy country by ``test_check``."""

from __future__ import annotations

from pack.response_faults import fault

PACK = "threats/fever/pack.yaml"
BINDING = "countries/xt/threats/fever/binding.yaml"
SCALES = "countries/xt/law/scales.yaml"


def named(key: str, ids: str) -> tuple[tuple[str, str, str], ...]:
    return ((PACK, "warn:\n", f"warn:\n  {key}: {ids}\n"),)


def rule(text: str) -> tuple[tuple[str, str, str], ...]:
    """A rule of combining in the first scale."""
    act = "decision: act7, clause: 4(4), text: {en: x, fr: x}"
    return ((SCALES, "    ranks:\n", f"    combine: {{hazards: 2, {text}, {act}}}\n    ranks:\n"),)


FAULTS = [
    fault(
        "a trigger that is no threat",
        named("triggered_by", "[storm, moon]"),
        "check.names_unknown",
        PACK,
        "warn.triggered_by.1",
        ("'moon'", "storm"),
        ("Correct the id", "sửa mã"),
        "triggered_by",
    ),
    fault(
        "a threat that yields to itself",
        named("yields_to", "[fever]"),
        "check.names_itself",
        PACK,
        "warn.yields_to.0",
        ("'fever'", "yields_to"),
        ("take it out", "bỏ đi"),
        "yields_to",
    ),
    fault(
        "a trigger that stands twice",
        named("triggered_by", "[storm, storm]"),
        "check.names_twice",
        PACK,
        "warn.triggered_by.1",
        ("'storm'",),
        ("take one out", "bỏ bớt một"),
        "triggered_by",
    ),
    fault(
        "yielding across two scales",
        named("yields_to", "[storm]"),
        "check.yields_scale",
        BINDING,
        "scale",
        ("'storm'", "'outbreak'", "'alert'"),
        ("correct the scale", "sửa thang"),
        "scale:",
        severity="warning",
    ),
    fault(
        "a window of hours that nobody answers for",
        rule("ordinary: 1, serious: 2, successive_h: 48"),
        "law.combine_assumption",
        SCALES,
        "scales.alert.combine.assumption",
        ("48", "4(4)"),
        ("say in", "nêu lý do"),
        None,
    ),
    fault(
        "a serious raise that is less than the ordinary one",
        rule("ordinary: 2, serious: 1"),
        "law.combine_serious",
        SCALES,
        "scales.alert.combine.serious",
        ("1", "2"),
        ("correct the two", "sửa lại hai số"),
        None,
    ),
]
