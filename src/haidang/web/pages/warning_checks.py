"""What is looked at before a notice goes out, and which CAP fields it changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from haidang.app.context import Context
from haidang.app.issue import compose
from haidang.app.verdict import Draft, Message
from haidang.app.wording import wakes
from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn import readability
from haidang.warn.cap import Alert, Info, parse
from haidang.warn.message import Text, moment
from haidang.warn.short import on_phone
from haidang.web.speak import Speaker
from haidang.words import catalogue

_HOURS: Final = re.compile(r"\b\d{1,2}[:h]\d{2}\b")

_HOUR: Final = timedelta(hours=1)
_AHEAD: Final = timedelta(days=7)

Mark = Literal["yes", "no", "look"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: in order, wrong, or for a person to look at."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One CAP field beside the message in force.

    Attributes:
        before: "" where nothing is in force.
        why: Where the value comes from.
    """

    name: str
    before: str
    after: str
    changed: bool
    why: str


@dataclass(frozen=True)
class Preview:
    """The message as it would go out now.

    Attributes:
        message: None where the standard would not let it out.
        problems: Why not.
    """

    message: Message | None
    problems: tuple[Problem, ...]

    @property
    def alert(self) -> Alert | None:
        """The message read back, as a receiver reads it."""
        return None if self.message is None else parse(self.message.body)


def preview(context: Context, draft: Draft, now: datetime, earlier: Sequence[Message]) -> Preview:
    """Build the message that an approval at this instant would send. Nothing is sent."""
    try:
        return Preview(compose(context, draft, max(now, draft.at), earlier), ())
    except BadData as error:
        return Preview(None, error.problems)


def checks(
    say: Speaker,
    context: Context,
    draft: Draft,
    now: datetime,
    earlier: Sequence[Message],
    shown: Preview,
    newer: datetime | None = None,
) -> tuple[Check, ...]:
    """Everything looked at before sending, what is wrong first.

    Args:
        say: Language of the page.
        context: The draft's country and pack.
        draft: As it would go out.
        now: The desk's clock.
        earlier: What its chain has said so far.
        shown: From `preview`.
        newer: Time of issue of the newest bulletin where it came after the draft, else None.
    """
    found = [
        *_standard(say, context, draft, earlier, shown),
        *_words(say, context, draft),
        *_pack(say, context, draft),
    ]
    if draft.said.expires <= now:
        found.append(Check("no", say("warnings.check_expired", at=say.short(draft.said.expires))))
    if newer is not None:
        found.append(Check("look", say("warnings.check_older", newest=say.short(newer))))
    if passed := gone_by(context, draft, now):
        times = ", ".join(say.short(at) for at in passed)
        found.append(Check("look", say("warnings.check_past", times=times)))
    elif draft.onset is not None and draft.at < draft.onset <= now:
        found.append(Check("look", say("warnings.check_onset_past", at=say.short(draft.onset))))
    order = ("no", "look", "yes")
    return tuple(sorted(found, key=lambda c: order.index(c.mark)))


def gone_by(context: Context, draft: Draft, now: datetime) -> tuple[datetime, ...]:
    """Hours that the words give as to come, and that have come and gone while the draft waited.

    Args:
        context: The draft's country and pack.
        draft: Its words are searched, as a person may have edited them.
        now: The desk's clock.

    Returns:
        Whole hours, oldest first. What had passed when it was drawn up is told as past, and right.
    """
    words = [(t.language, f"{t.description} {t.instruction}") for t in draft.texts]
    at = draft.at.replace(minute=0, second=0, microsecond=0) + _HOUR
    found = []
    # Words reach a few days ahead at most: a desk that was left alone for a year is not searched.
    while at <= now and at <= draft.at + _AHEAD:
        if any(moment(at, language, context.zone) in text for language, text in words):
            found.append(at)
        at += _HOUR
    return tuple(found)


def _standard(
    say: Speaker,
    context: Context,
    draft: Draft,
    earlier: Sequence[Message],
    shown: Preview,
) -> Iterator[Check]:
    if shown.alert is None:
        for problem in shown.problems:
            yield Check("no", problem.say(say.language))
        return
    yield Check("yes", say("warnings.check_cap"))
    if draft.kind != "Alert":
        yield Check("yes", say("warnings.check_references", count=len(earlier)))
    rings = context.named[draft.place].rings
    if rings is None:
        yield Check("yes", say("warnings.check_point"))
    else:
        corners = sum(map(len, rings.rings))
        yield Check("yes", say("warnings.check_rings", count=corners))


def _words(say: Speaker, context: Context, draft: Draft) -> Iterator[Check]:
    wanted = set(context.country.spec.languages)
    names = ", ".join(language_name(say, t.language) for t in draft.texts)
    complete = {t.language for t in draft.texts} >= wanted
    yield Check("yes" if complete else "no", say("warnings.check_languages", languages=names))
    for text in draft.texts:
        language = language_name(say, text.language)
        for problem in readable(say, text):
            yield Check("look", say("warnings.in_language", language=language, text=problem))
        place = context.named[draft.place].name(text.language)
        short = on_phone(text, place, draft.said.level)
        params = {"language": language, "length": short.length, "limit": short.limit}
        yield Check("yes" if short.fits else "no", say("warnings.check_sms", **params))
    hours = [set(_HOURS.findall(t.description + t.instruction)) for t in draft.texts]
    same = all({h.replace("h", ":") for h in one} == _first(hours) for one in hours)
    yield Check("yes" if same else "look", say(f"warnings.check_hours_{'same' if same else 'no'}"))


def _first(hours: Sequence[set[str]]) -> set[str]:
    return {h.replace("h", ":") for h in hours[0]} if hours else set()


def readable(say: Speaker, text: Text) -> tuple[str, ...]:
    """What a reader may stumble over, each with the part of the notice it stands in."""
    return tuple(
        say(
            "warnings.in_part",
            part=say(f"warnings.part_{problem.field}"),
            text=Problem(problem.code, problem.params).say(say.language),
        )
        for problem in readability.check(text)
    )


def _pack(say: Speaker, context: Context, draft: Draft) -> Iterator[Check]:
    endings = [context.pack.messages[t.language].get(0) for t in draft.texts]
    if draft.said.level:
        good = all(endings)
        yield Check("yes" if good else "no", say(f"warnings.check_end_{'yes' if good else 'no'}"))
    right = wakes(context, draft.said.level, draft.severity, draft.urgency, draft.occasion)
    key = "check_wakes" if draft.wakes else "check_silent"
    yield Check("yes" if draft.wakes == right else "no", say(f"warnings.{key}"))


def language_name(say: Speaker, tag: str) -> str:
    """A language's own name; its tag where we have no words in it."""
    key = f"warnings.language_{tag}"
    return say(key) if key in catalogue() else tag


def fields(
    say: Speaker, context: Context, draft: Draft, before: Message | None, shown: Preview
) -> tuple[Field, ...]:
    """CAP fields of the draft beside the message in force; none where it cannot be built."""
    after = shown.alert
    if after is None:
        return ()
    old = None if before is None else parse(before.body)
    warn = context.pack.threat.warn
    p = dict(draft.parameters).get("probability", "")
    why = {
        "msgType": say(f"warnings.why_{draft.occasion.value}"),
        "severity": say("warnings.field_severity", level=draft.said.level)
        if draft.said.level
        else "",
        "urgency": say("warnings.field_wakes" if draft.wakes else "warnings.field_silent"),
        "certainty": say("warnings.field_certainty", level=draft.said.level, p=_decimal(say, p))
        if p and draft.said.level
        else "",
        "onset": say("warnings.field_onset", force=warn.onset_force),
        "expires": say("warnings.field_expires", hours=say.number(warn.valid_h)),
        "areaDesc": say("warnings.field_area"),
    }
    new_values, old_values = _values(say, after), _values(say, old) if old else {}
    return tuple(
        Field(
            name=name,
            before=old_values.get(name, ""),
            after=value,
            changed=old is not None and old_values.get(name, "") != value,
            why=why.get(name, ""),
        )
        for name, value in new_values.items()
    )


def _decimal(say: Speaker, value: str) -> str:
    return say.number(float(value), 2)


def _values(say: Speaker, alert: Alert) -> dict[str, str]:
    info: Info = next(
        (i for i in alert.infos if i.language.split("-")[0] == say.language), alert.infos[0]
    )
    corners = sum(len(ring) for area in info.areas for ring in area.rings)
    codes = ", ".join(code for area in info.areas for _, code in area.geocodes)
    return {
        "msgType": alert.kind,
        "status": alert.status,
        "severity": info.severity,
        "urgency": info.urgency,
        "certainty": info.certainty,
        "responseType": ", ".join(info.responses),
        "onset": "" if info.onset is None else say.short(info.onset),
        "expires": "" if info.expires is None else say.short(info.expires),
        "areaDesc": ", ".join(a.description for a in info.areas),
        "geocode": codes,
        "polygon": say("warnings.corners", count=corners) if corners else "",
    }
