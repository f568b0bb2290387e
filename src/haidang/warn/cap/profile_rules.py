"""A message held against a profile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from haidang.warn.cap.finding import Notes, short
from haidang.warn.cap.model import Version
from haidang.warn.cap.profile import Profile, Rule
from haidang.warn.cap.values import WHITE
from haidang.warn.cap.walk import Box, Leaf


def judge_profile(alert: Box, version: Version, profile: Profile, notes: Notes) -> None:
    """Every rule of a profile over one message.

    Args:
        alert: From the walk.
        version: Of the message.
        profile: What to hold it against.
        notes: Takes down what is wrong.
    """
    if version not in profile.versions:
        known = ", ".join(profile.versions)
        notes.error(
            "profile_version", alert.node, version=version, known=known, profile=profile.title
        )
    infos = alert.boxes.get("info", [])
    _languages(alert, infos, profile, notes)
    boxes = {
        "alert": [alert],
        "info": infos,
        "resource": [b for i in infos for b in i.boxes.get("resource", ())],
        "area": [b for i in infos for b in i.boxes.get("area", ())],
    }
    for rule in profile.rules:
        if all(alert.text(tag) in values for tag, values in rule.when.items()):
            for box in boxes[rule.box]:
                _Held(rule, profile, notes).judge(box)


def _languages(alert: Box, infos: Sequence[Box], profile: Profile, notes: Notes) -> None:
    said = {
        ((info.text("language") or "").strip(WHITE) or "en-US").split("-")[0].lower()
        for info in infos
    }
    for language in profile.languages:
        if infos and language not in said:
            params = {"language": language, "profile": profile.title}
            notes.error("profile_language", alert.node, **params)


class _Held:
    """One rule over one element."""

    def __init__(self, rule: Rule, profile: Profile, notes: Notes) -> None:
        self.rule = rule
        self.profile = profile
        self.notes = notes

    def judge(self, box: Box) -> None:
        rule = self.rule
        leaves = list(_leaves(rule, box))
        if rule.require and not leaves:
            self._note("profile_missing", box.node)
        if rule.forbid and leaves:
            self._note("profile_forbidden", leaves[0][1])
        if rule.includes is not None and rule.includes not in [t.strip(WHITE) for t, _ in leaves]:
            node = leaves[0][1] if leaves else box.node
            self._note("profile_includes", node, value=rule.includes)
        if rule.most is not None and len(leaves) > rule.most:
            self._note("profile_often", leaves[rule.most][1], most=rule.most)
        for text, node in leaves:
            self._text(text.strip(WHITE), node)

    def _text(self, text: str, node: etree._Element) -> None:
        rule = self.rule
        if rule.values and text not in rule.values:
            self._note("profile_value", node, value=short(text), known=", ".join(rule.values))
        if rule.pattern is not None and not re.fullmatch(rule.pattern, text):
            self._note("profile_pattern", node, value=short(text))
        if rule.longest is not None and len(text) > rule.longest:
            self._note("profile_long", node, length=len(text), longest=rule.longest)

    def _note(self, code: str, node: etree._Element, **params: object) -> None:
        say = self.notes.error if self.rule.level == "error" else self.notes.warning
        element = self.rule.at.partition(".")[2]
        say(code, node, element=element, profile=self.profile.title, why=self.rule.why, **params)


def _leaves(rule: Rule, box: Box) -> Iterator[Leaf]:
    """What a rule is about: texts, values of named pairs, or whole blocks."""
    tag, name = rule.tag, rule.name
    if tag in box.boxes:
        yield from (("", one.node) for one in box.boxes[tag])
    elif tag in box.pairs:
        for key, value, node in box.pairs[tag]:
            if name is None or key.strip(WHITE) == name:
                yield value, node
    else:
        yield from box.texts.get(tag, ())
