"""The words of a notice: facts of one assessment, told in one language.

Numbers, times and stock phrases come from ``words/format.yaml``, sentences from the pack's
messages. A language is added in these files, without code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import floor, isnan, log10
from string import Formatter
from typing import Final, Literal

from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.base.wind import beaufort, ms_to_kmh
from haidang.law.evaluate import cite
from haidang.risk.assessment import Assessment, Interval, Onset, When
from haidang.risk.spec import RAIN, SURGE
from haidang.warn.spec import MessageSpec
from haidang.watch.signal import State
from haidang.words import word

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]

HEADLINE_MAX: Final = 160
"""Characters of a headline (CAP 1.2, 3.2.2: longer ones are cut off by small displays)."""

SHOWN_FORCES: Final = (6, 8, 10, 12)
"""Wind forces whose begin and end a message may tell."""

FACTS: Final = frozenset(
    {
        "place",  # name of the area
        "event_name",  # name of the event, e.g. its number in the season
        "level",  # legal level, a number
        "level_name",  # what the law calls it
        "article",  # its number
        "clause",  # as lawyers cite it, with its article
        "act",  # where the law says so
        "force",  # strongest wind expected, Beaufort, central estimate
        "force_range",  # low–high
        "force_full",  # both: 13 (12–14)
        "wind_kmh",  # the central estimate in km/h
        "lead",  # the force whose onset the notice leads with
        "probability",  # that this level or more is met, with its sign
        "onset_lead",
        "end_lead",
        "people",  # under the leading force and more, central, rounded
        "people_range",
        "people_full",
        "rain",  # most in 24 h, low to high with its unit: a mean, without mountains
        "surge",  # low to high with its unit, without tide; of an area with a coast
        "issued",
        "expires",
        "zone",  # offset of the local time
        "sender",
        "exercise",  # EXERCISE, TEST …; empty for the real thing
        "emergency",  # whom to call whose life is in danger: the country's number
        "count",  # what was counted in the newest period, for threats that are counted
        "counted",  # what was counted: cases, admissions
        "period",  # of that count: week 23 of 2024 (03/06–09/06)
        "mean",  # of the same period in past years
        "bound",  # that mean and two standard deviations
        "indicator",  # what is read, for threats that are told by readings
        "reading",  # its value with the unit
        "where",  # gauge and river, or the area
        "when",  # the time it holds for
        "how_known",  # measured, or forecast
    }
    | {f"{edge}{force}" for edge in ("onset", "end") for force in SHOWN_FORCES}
)
"""The placeholders that a pack's messages may use; there are no others."""

COUNTED: Final = ("count", "counted", "period", "mean", "bound")
"""Those that only a counted threat fills; elsewhere they are not known."""

OF_READINGS: Final = ("indicator", "reading", "where", "when", "how_known")
"""Those that only a threat told by readings fills."""

OF_A_TRACK: Final = (
    "force", "force_range", "force_full", "wind_kmh", "lead", "onset_lead", "end_lead",
    "people", "people_range", "people_full", "probability", "rain", "surge",
)  # fmt: skip
"""Those that only a threat with a track fills; a pack of another kind may not use them."""


@dataclass(frozen=True, slots=True)
class Text:
    """A finished notice in one language."""

    language: str
    headline: str
    description: str
    instruction: str


# --- templates ----------------------------------------------------------------------------------


def fields(spec: MessageSpec) -> set[str]:
    """The placeholders of a message, exactly as written between the braces.

    Raises:
        BadPack: A brace is not closed, or stands alone.

    >>> sorted(fields(MessageSpec(headline="{place}", description="{force}", instruction="Go.")))
    ['force', 'place']
    """
    return {name for part in _parts(spec).values() for name in _names(part)}


def _parts(spec: MessageSpec) -> dict[str, str]:
    return {
        "headline": spec.headline,
        "description": spec.description,
        "instruction": spec.instruction,
        "under_way": spec.under_way or "",
        "at_sea": spec.at_sea or "",
    }


def placeholders(line: str) -> set[str]:
    """The placeholders of one line of a message.

    Raises:
        BadPack: As ``fields``.
    """
    return _names(line)


def _names(template: str) -> set[str]:
    try:
        found = [(n, f, c) for _, n, f, c in Formatter().parse(template) if n is not None]
    except ValueError as error:
        raise BadPack(Problem("warn.brace", {"text": template[:80]})) from error
    # A format or a conversion is no part of a plain name, so it is shown and thereby refused.
    return {n + (f"!{c}" if c else "") + (f":{f}" if f else "") for n, f, c in found}


def render(spec: MessageSpec, language: str, facts: Mapping[str, str]) -> Text:
    """Fill in a message. For any status but Actual the headline begins with what it is.

    Args:
        spec: The pack's message of one level in this language.
        language: Tag of the language.
        facts: From `facts`; every placeholder used and ``exercise`` must be there.

    Returns:
        The text, surrounding blanks removed.

    Raises:
        BadPack: A placeholder that is not in `FACTS` or has no value, a stray brace, or a
            headline longer than `HEADLINE_MAX`: words are never cut out of a warning.
    """
    known = FACTS & facts.keys()
    if missing := sorted((fields(spec) | {"exercise"}) - known):
        raise BadPack(
            *(Problem("warn.unfilled", {"name": n, "language": language}) for n in missing)
        )
    headline = spec.headline.format_map(facts).strip()
    if facts["exercise"] and "exercise" not in _names(spec.headline):
        headline = word("warn.prefixed", language, prefix=facts["exercise"], headline=headline)
    if len(headline) > HEADLINE_MAX:
        found = {"length": len(headline), "limit": HEADLINE_MAX, "headline": headline}
        raise BadPack(Problem("warn.headline_long", found, field="headline"))
    return Text(
        language,
        headline,
        spec.description.format_map(facts).strip(),
        spec.instruction.format_map(facts).strip(),
    )


def prefix(status: Status, language: str) -> str:
    """The word that says that this is not the real thing; empty for ``Actual``.

    >>> prefix("Exercise", "en"), prefix("Actual", "en")
    ('EXERCISE', '')
    """
    return "" if status == "Actual" else word(f"warn.prefix_{status.lower()}", language)


def check(spec: MessageSpec, language: str, known: Mapping[str, str]) -> tuple[Problem, ...]:
    """What a pack's author must mend before a message is ever needed.

    Args:
        spec: One message.
        language: Its language.
        known: The longest values that may come up, at least of ``place``, ``event_name`` and
            ``level_name``; the other facts are filled with wide ones.

    Returns:
        Unknown placeholders, stray braces, or a headline that would be too long.
    """
    try:
        unknown = sorted(fields(spec) - FACTS)
    except BadPack as error:
        return error.problems
    if unknown:
        allowed = ", ".join(sorted(FACTS))
        return tuple(
            Problem("warn.unknown_field", {"name": n, "known": allowed, "language": language})
            for n in unknown
        )
    try:
        render(spec, language, _widest(language) | dict(known))
    except BadPack as error:
        return error.problems
    return ()


def _widest(language: str) -> dict[str, str]:
    wide = dict.fromkeys(FACTS, "x" * 10)
    span = word("format.between", language, early="22:00 22/12 Sep", late="22:00 22/12 Sep")
    wide |= {name: span for name in FACTS if name.startswith(("onset", "end"))}
    wide |= {"level": "5", "force": "17", "force_range": "16–17", "force_full": "17 (16–17)"}
    return wide | {"exercise": max((prefix(s, language) for s in ("Exercise", "Test")), key=len)}


# --- facts --------------------------------------------------------------------------------------


def facts(
    assessment: Assessment,
    *,
    place_name: str,
    event_name: str,
    level: int,
    level_name: str,
    language: str,
    zone: tzinfo,
    status: Status,
    lead: int,
    issued: datetime,
    expires: datetime,
    sender: str,
    act: str = "",
    people: str = "",
    emergency: str = "",
) -> dict[str, str]:
    """Everything a message may say of one assessment, in words of one language.

    What is not known is said as not known: it is never a zero, never "not expected".

    Args:
        assessment: Of the area.
        place_name: The area's name in this language.
        event_name: The event's name in this language.
        level: The level the notice gives; it may be another than the assessment's (held, raised).
        level_name: What the law calls it in this language.
        language: Tag; one without its own formats gets the English ones.
        zone: Local time of the area.
        status: CAP status.
        lead: Wind force whose onset the notice leads with.
        issued: When it is sent.
        expires: Until when it is valid.
        sender: Who speaks.
        act: The act in this language; the one of the assessment when empty.
        people: Measure of the people in the way; ``people.force_<lead>`` when empty.
        emergency: The country's number for search and rescue; said in words when empty.

    Returns:
        A text for every name in `FACTS`.
    """
    say = _Speaker(language, zone)
    onsets = {o.threshold: o for o in assessment.onsets}
    blind = assessment.state is State.NO_DATA
    ground = assessment.grounds.clause or assessment.grounds.article
    told = {
        "place": place_name,
        "event_name": event_name,
        "level": str(level),
        "level_name": level_name,
        "article": assessment.grounds.article or say.unknown,
        "clause": cite(ground, language) if ground else say.unknown,
        "act": act or assessment.grounds.decision or say.unknown,
        "lead": str(lead),
        "probability": say.percent(dict(assessment.p_level).get(level)),
        "issued": say.stamp(issued),
        "expires": say.stamp(expires),
        "zone": say.zone(issued),
        "sender": sender,
        "exercise": prefix(status, language),
        "emergency": emergency or say("emergency"),
        **_wind(None if blind else assessment.intensity, say),
        **_people(assessment, people or f"people.force_{lead}", say),
        "rain": _amount(assessment, RAIN, 10.0, say),
        "surge": _amount(assessment, SURGE, 0.1, say),
        **dict.fromkeys((*COUNTED, *OF_READINGS), say.unknown),
    }
    for suffix, force in (("_lead", lead), *((str(f), f) for f in SHOWN_FORCES)):
        onset = None if blind else onsets.get(force)
        told[f"onset{suffix}"] = say.onset(onset, assessment.at)
        told[f"end{suffix}"] = say.end(onset, assessment.at)
    return told


def _wind(wind: Interval | None, say: _Speaker) -> dict[str, str]:
    if wind is None or any(map(isnan, wind)):
        return dict.fromkeys(("force", "force_range", "force_full", "wind_kmh"), say.unknown)
    low, central, high = (str(int(f)) for f in beaufort(wind))
    # To 5 km/h: a forecast that says 133 km/h pretends to know what nobody knows.
    kmh = 5 * round(float(ms_to_kmh(wind.central)) / 5)
    return {
        "force": central,
        "force_range": say.range(low, high),
        "force_full": say.full(central, low, high),
        "wind_kmh": say.number(kmh),
    }


def _people(assessment: Assessment, measure: str, say: _Speaker) -> dict[str, str]:
    value = next((i.value for i in assessment.impacts if i.measure == measure), None)
    if value is None or any(map(isnan, value)):
        return dict.fromkeys(("people", "people_range", "people_full"), say.unknown)
    low, central, high = (say.number(rounded(v)) for v in value)
    return {
        "people": central,
        "people_range": say.range(low, high),
        "people_full": say.full(central, low, high),
    }


def _amount(assessment: Assessment, measure: str, step: float, say: _Speaker) -> str:
    """Low to high with its unit, to a step: a model that knows no mountain has no millimetres."""
    found = next((i for i in assessment.impacts if i.measure == measure), None)
    if found is None or found.value is None or any(map(isnan, found.value)):
        return say.unknown
    low, high = (say.decimal(step * round(v / step), step) for v in found.value[::2])
    return say("amount", value=say.range(low, high), unit=found.unit)


def rounded(count: float) -> int:
    """Two significant digits, three where the first is a 1, so that the error stays alike.

    Always down: rounded up, a whole province in the way would be more people than live there.

    >>> rounded(1_384_211), rounded(847_999), rounded(0), rounded(7.4)
    (1380000, 840000, 0, 7)
    """
    if count < 1:
        return round(count)
    power = floor(log10(count))
    digits = 3 if count < 2 * 10**power else 2
    unit = 10 ** max(power - digits + 1, 0)
    return int(floor(count / unit) * unit)


def numbers(value: int, language: str) -> str:
    """A whole number with the language's own separators: 1,234 or 1.234."""
    return f"{value:,}".replace(",", word("format.thousands", language))


def suppressed(
    value: int, least: int, language: str, write: Callable[[int, str], str] = numbers
) -> str:
    """A count for the public: none and large ones as they are, small ones only as small.

    A few cases in a small place are people whom their neighbours know.

    Args:
        value: The count.
        least: From here on it is told exactly; 1 tells all.
        language: Of the words.
        write: Writes a whole number.

    >>> suppressed(3, 5, "en"), suppressed(0, 5, "en"), suppressed(1200, 5, "en")
    ('under 5', '0', '1,200')
    """
    if 0 < value < least:
        return word("format.under", language, value=write(least, language))
    return write(value, language)


def unknown(language: str) -> str:
    """What is said where a value is not known."""
    return word("format.unknown", language)


def moment(instant: datetime, language: str, zone: tzinfo) -> str:
    """An instant as notices write it: 05:00 on 7 Sep."""
    return _Speaker(language, zone).moment(instant)


def stamp(instant: datetime, language: str, zone: tzinfo) -> str:
    """An instant as notices write it with its zone, for ``issued`` and ``expires``."""
    return _Speaker(language, zone).stamp(instant)


class _Speaker:
    """Numbers and times in one language and one zone; every pattern is in words/format.yaml."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self._language, self._zone = language, zone
        self.unknown = self("unknown")

    def __call__(self, pattern: str, **params: object) -> str:
        return word(f"format.{pattern}", self._language, **params)

    def number(self, value: int) -> str:
        return numbers(value, self._language)

    def decimal(self, value: float, step: float) -> str:
        """A number to the digits of a step: 1,250 to tens, 0.6 to tenths."""
        if step >= 1:
            return self.number(round(value))
        return f"{value:.1f}".replace(".", word("law.decimal_sign", self._language))

    def percent(self, share: float | None) -> str:
        """Whole percent; never 0 or 100 unless every member of the ensemble agrees."""
        if share is None or isnan(share):
            return self.unknown
        value = round(share * 100)
        text = str(value)
        if value == 0 and share > 0:
            text = self("below", value="1")
        elif value == 100 and share < 1:  # noqa: PLR2004 - percent
            text = self("above", value="99")
        return self("percent", value=text)

    def range(self, low: str, high: str) -> str:
        return low if low == high else f"{low}{self('dash')}{high}"

    def full(self, central: str, low: str, high: str) -> str:
        return central if low == high else self("full", value=central, range=self.range(low, high))

    def zone(self, instant: datetime) -> str:
        """The offset of local time: ``+07``, ``+05:30``."""
        offset = self._local(instant).isoformat()[-6:]
        return offset.removesuffix(":00")

    def moment(self, instant: datetime) -> str:
        local = self._local(instant)
        return self("moment", time=self._time(local), date=self._date(local))

    def stamp(self, instant: datetime) -> str:
        """A moment with its zone, for what a reader may have to compare with other messages."""
        return self("stamp", moment=self.moment(instant), zone=self.zone(instant))

    def onset(self, onset: Onset | None, at: datetime) -> str:
        """When a force begins; "not expected" only where the ensemble says so."""
        if onset is None:
            return self.unknown
        if onset.onset.central is not None and onset.onset.central <= at:
            over = onset.end.central is not None and onset.end.central < at
            return self("over" if over else "under_way")
        return self._when(onset.onset)

    def end(self, onset: Onset | None, at: datetime) -> str:
        """When a force ends, over the members that reach it.

        One that never begins is said so: "ends: not expected" would read as a wind without end.
        """
        if onset is None:
            return self.unknown
        if onset.onset.central is None and onset.onset.early is None:
            return self("never_begins")
        if onset.end.central is not None and onset.end.central < at:
            return self("over")
        if onset.end == (None, None, None):
            return self.unknown  # it begins, but does not end within the time looked at
        return self._when(onset.end)

    def _when(self, when: When) -> str:
        early, central, late = when
        if central is None:
            # Fewer than half of the members get there: possible, but not what is expected.
            return (
                self("not_expected") if early is None else self("possible", early=self._hour(early))
            )
        if early is None or late is None:
            return self("from_about", central=self._hour(early or central))
        first, last = self._floor(early), self._ceil(late)
        if first == last:
            return self("about", central=self.moment(first))
        if first.date() == last.date():
            return self(
                "between_same_day",
                early=self._time(first),
                late=self._time(last),
                date=self._date(first),
            )
        return self("between", early=self.moment(first), late=self.moment(last))

    def _hour(self, instant: datetime) -> str:
        return self.moment(self._floor(instant))

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone)

    def _floor(self, instant: datetime) -> datetime:
        """The full hour before: whoever gets ready for it is not late."""
        return self._local(instant).replace(minute=0, second=0, microsecond=0)

    def _ceil(self, instant: datetime) -> datetime:
        floored = self._floor(instant)
        return floored if floored == instant else floored + timedelta(hours=1)

    def _time(self, local: datetime) -> str:
        return self("time", hour=f"{local.hour:02}", minute=f"{local.minute:02}")

    def _date(self, local: datetime) -> str:
        day = f"{local.day:0{self('day_digits')}}"
        return self("date", day=day, month=self("months").split()[local.month - 1])
