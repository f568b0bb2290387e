"""A threat pack and a country's binding of it: each stage's own declaration, composed.

Each stage owns its section's schema; this module only composes them and checks what spans two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec
from haidang.law.lawbook import Lawbook
from haidang.law.levels import Scale
from haidang.pack.places import CountryPlaces
from haidang.respond.scenario import Layer, Scenario
from haidang.respond.spec import AuthoritiesSpec, KindSpec, ScenarioSpec
from haidang.risk.counts import BOUND, COUNT, MEAN, PER_WEEK
from haidang.risk.readings import PEOPLE, SHAKEN, VALUE, Station
from haidang.risk.spec import (
    MEASURES,
    CountsRisk,
    CycloneWind,
    ReadingsRisk,
    Risk,
    Shaking,
    ValuePerHead,
)
from haidang.warn.spec import Messages, WarnSpec
from haidang.watch.spec import CountsWatch, ReadingsWatch, TrackWatch, Watch
from haidang.words import catalogue

Tier = Literal["draft", "exercised", "verified"]


class HazardCode(Spec):
    """Where the world's hazard list has this threat."""

    list: str = Field(min_length=1)
    code: str = Field(min_length=1)


class ThreatSpec(Spec):
    """``pack.yaml``: what is true of a threat anywhere.

    Attributes:
        id: The folder's name.
        version: Of the pack, semantic.
        owner: A role, resolved to people in the store.
        tier: ``draft`` may not speak as Actual, ``exercised`` only with approval, ``verified`` may
            speak without, for the levels that its file names.
        review_by: After this day the pack must be read again by its owner.
        called: How a notice names one event, by language; ``{name}`` is the event's own name.
        speaks_alone: Levels that a verified pack may speak without approval.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    owner: str = Field(min_length=1)
    tier: Tier
    review_by: date
    title: Mapping[str, str]
    called: Mapping[str, str]
    hazard_code: HazardCode
    sources: tuple[str, ...] = Field(min_length=1)
    speaks_alone: tuple[int, ...] = ()
    watch: Watch
    risk: Risk
    warn: WarnSpec

    @model_validator(mode="after")
    def _of_one_kind(self) -> ThreatSpec:
        kind = {CycloneWind: TrackWatch, CountsRisk: CountsWatch}.get(
            type(self.risk), ReadingsWatch
        )
        if not isinstance(self.watch, kind):
            raise PydanticCustomError(
                "kinds_differ", "watch.kind and risk.hazard belong to two kinds of threat"
            )
        return self

    @property
    def wind(self) -> CycloneWind:
        """The wind model of a threat that is watched by its track.

        Raises:
            TypeError: The threat is of another kind: the caller had to ask ``watch.kind`` first.
        """
        if not isinstance(self.risk, CycloneWind):
            raise TypeError(f"{self.id} has no wind")
        return self.risk

    @property
    def track(self) -> TrackWatch:
        """What is said of watching a track; raises as ``wind``."""
        if not isinstance(self.watch, TrackWatch):
            raise TypeError(f"{self.id} has no track")
        return self.watch

    @property
    def counts(self) -> CountsWatch:
        """What is said of watching counts; raises as ``wind``."""
        if not isinstance(self.watch, CountsWatch):
            raise TypeError(f"{self.id} is not counted")
        return self.watch

    @property
    def readings(self) -> ReadingsWatch:
        """What is said of watching readings; raises as ``wind``."""
        if not isinstance(self.watch, ReadingsWatch):
            raise TypeError(f"{self.id} has no readings")
        return self.watch

    @property
    def model(self) -> ReadingsRisk:
        """The model that starts from readings; raises as ``wind``."""
        if isinstance(self.risk, CycloneWind | CountsRisk):
            raise TypeError(f"{self.id} has no readings")
        return self.risk

    @property
    def counted(self) -> bool:
        """Whether the threat is told by counts, and not by the bulletins of an event."""
        return isinstance(self.watch, CountsWatch)

    @property
    def tracked(self) -> bool:
        """Whether the threat is told by the bulletins of an event that moves."""
        return isinstance(self.watch, TrackWatch)

    @property
    def read(self) -> bool:
        """Whether the threat is told by readings."""
        return isinstance(self.watch, ReadingsWatch)

    @property
    def has_events(self) -> bool:
        """Whether it strikes as events with names of their own; else it is one that stands."""
        return self.tracked or isinstance(self.risk, Shaking)

    @property
    def forces(self) -> tuple[int, ...]:
        """Thresholds whose begin and end are given; none where the kind knows none."""
        return self.risk.forces if isinstance(self.risk, CycloneWind) else ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Measures of impact that its assessments may hold: what a need can rest on."""
        if isinstance(self.watch, TrackWatch):
            return MEASURES
        if isinstance(self.watch, ReadingsWatch):
            shaken = SHAKEN if isinstance(self.risk, Shaking) else ()
            return (PEOPLE, *shaken, *(f"{n}.{VALUE}" for n in self.watch.indicators))
        named = (f"{n}.{m}" for n in self.watch.indicators for m in (COUNT, MEAN, BOUND))
        return (PER_WEEK, *named)

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series that are read for it, in the store; none for a track."""
        if isinstance(self.watch, TrackWatch):
            return ()
        return tuple(f"{self.id}/{name}" for name in self.watch.indicators)


class AreaRule(Spec):
    """How the areas of one kind get the law's area categories.

    Exactly one of ``file``, ``own`` and ``category`` is given.

    Attributes:
        kind: Kind of place.
        file: CSV beside the binding with columns ``code, category``; codes as of ``codes_on``, so
            that a merged province takes the categories of everything it was made of.
        own: The place's own file says it.
        category: The same for all.
    """

    kind: Literal["province", "commune", "sea", "point"]
    file: str | None = None
    codes_on: date | None = None
    own: bool = False
    category: str | None = None


class LawBinding(Spec):
    """Which article judges a wind, and which of our quantities answers each of its inputs.

    Attributes:
        article: Article number in the country's law book; which version is in force, the day says.
        intensity: Input of the table that takes the hazard's intensity.
        intensity_as: Unit or scale the table wants it in.
        area: Input of the table that takes the area category.
    """

    article: str
    intensity: str
    intensity_as: Literal["force", "m/s", "km/h"]
    area: str

    @property
    def articles(self) -> tuple[str, ...]:
        """Every article that is asked."""
        return (self.article,)


Quantity = Literal["sd_above_mean", "spread", "count"]
"""What a count answers to a table: see ``risk.counts.Position``."""


class CountsRule(Spec):
    """One article that is asked of one indicator.

    Attributes:
        article: In the country's law book.
        indicator: Of the pack.
        where: Area category to which it applies; "" for every area.
        inputs: Which quantity answers each input of the table.
    """

    article: str
    indicator: str
    where: str = ""
    inputs: Mapping[str, Quantity] = Field(min_length=1)


class CountsLaw(Spec):
    """Which articles judge what is counted; the highest answer counts.

    Attributes:
        rules: Asked one after the other.
        years_back: Past years that a period is compared with.
        least_years: Fewer than this say nothing; the law asks for all of them and is silent on
            what holds with fewer.
        epidemic_years: CSV beside the binding with columns ``place, year, source``: years that are
            left out, stated by people and never found by the program; "" where none is.
    """

    rules: tuple[CountsRule, ...] = Field(min_length=1)
    years_back: int = Field(default=5, ge=2, le=30)
    least_years: int = Field(default=3, ge=2)
    epidemic_years: str = ""

    @property
    def articles(self) -> tuple[str, ...]:
        """Every article that is asked."""
        return tuple(dict.fromkeys(rule.article for rule in self.rules))


class Several(Spec):
    """An input that asks whether it is so in one group or in several.

    Attributes:
        input: Of the table.
        by: What makes a group: the ``basin`` of a gauge, the ``station`` itself, or an ``area``.
        over: Among which groups are counted: those of one ``area``, of all areas of the same
            ``category``, or of the ``country``. Areas are always counted over the country.
        one: Value of the input while fewer than two groups reach the level; "" leaves what the
            model says.
        several: Its value from two groups on.
    """

    input: str
    by: Literal["basin", "station", "area"]
    over: Literal["area", "category", "country"] = "area"
    one: str = ""
    several: str


class ReadingsAsk(Spec):
    """One article that is asked of every reading's case.

    Attributes:
        article: In the country's law book.
        where: Area categories to which it applies; empty for every area.
        inputs: Which quantity of the model answers each input of the table; ``category`` is the
            area's own, and an area of several is asked for each.
        given: Inputs with one fixed value, where an article is asked twice of two quantities.
        several: Where the words of the article tell one basin, river mouth or province from
            several.
    """

    article: str
    where: tuple[str, ...] = ()
    inputs: Mapping[str, str] = Field(min_length=1)
    given: Mapping[str, str] = {}
    several: Several | None = None


class ReadingsLaw(Spec):
    """Which articles judge readings; the highest answer counts.

    Attributes:
        asks: Asked one after the other.
    """

    asks: tuple[ReadingsAsk, ...] = Field(min_length=1)

    @property
    def articles(self) -> tuple[str, ...]:
        """Every article that is asked."""
        return tuple(dict.fromkeys(ask.article for ask in self.asks))


class CivilDefenceRule(Spec):
    """Which article gives civil-defence levels from facts that people state.

    A fact is a report of the series ``threat/fact.<name>``: 1 it holds, 0 it does not. The newest
    one stands until it is replaced; one that nobody stated is not known.

    Attributes:
        article: In the country's law book; its inputs are answered ``yes`` or ``no``.
        epidemic: Input that asks whether the level ``from_level`` stands at the place.
        from_level: See there.
        facts: Names of the facts behind each other input: ``yes`` where all of them hold.
    """

    article: str
    epidemic: str
    from_level: int = Field(ge=1)
    facts: Mapping[str, tuple[str, ...]] = Field(min_length=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Every fact that is asked, each once."""
        return tuple(dict.fromkeys(n for names in self.facts.values() for n in names))


def _kind_of_law(raw: Any) -> str:
    """Which of the three a mapping means to be: each has a key that no other has."""
    given = raw if isinstance(raw, Mapping) else vars(raw)
    return "counts" if "rules" in given else "readings" if "asks" in given else "wind"


Law = Annotated[
    Annotated[LawBinding, Tag("wind")]
    | Annotated[CountsLaw, Tag("counts")]
    | Annotated[ReadingsLaw, Tag("readings")],
    Discriminator(_kind_of_law),
]
"""The section ``law`` of a binding."""


class BindingSpec(Spec):
    """``binding.yaml``: what is true of a threat in one country.

    Attributes:
        scale: Scale of ``law/scales.yaml`` that the articles count on; the country's own where
            empty.
        levels: Levels that the articles can give.
        value_per_head: Given by the user; without it losses are a share, never money.
        civil_defence: Where a sector's own law gives these levels from stated facts; without it
            they are suggested from needs and stock alone.
    """

    title: Mapping[str, str] = {}
    scale: str = ""
    law: Law
    areas: tuple[AreaRule, ...] = Field(min_length=1)
    levels: tuple[int, ...] = Field(min_length=1)
    value_per_head: ValuePerHead | None = None
    civil_defence: CivilDefenceRule | None = None

    @property
    def wind_law(self) -> LawBinding:
        """The article of a wind.

        Raises:
            TypeError: The binding is of another kind: the caller had to ask the threat first.
        """
        if not isinstance(self.law, LawBinding):
            raise TypeError("no article of a wind")
        return self.law

    @property
    def counts_law(self) -> CountsLaw:
        """The articles of what is counted; raises as ``wind_law``."""
        if not isinstance(self.law, CountsLaw):
            raise TypeError("no article of counts")
        return self.law

    @property
    def readings_law(self) -> ReadingsLaw:
        """The articles of readings; raises as ``wind_law``."""
        if not isinstance(self.law, ReadingsLaw):
            raise TypeError("no article of readings")
        return self.law


VARIABLE: Final = r"^[A-Z][A-Z0-9_]*$"
"""Name of an environment variable."""


class SenderSpec(Spec):
    """Who speaks in a CAP message, and with what standing.

    Attributes:
        oid: The sender's arc below 2.49.0.1 and the country's number in the WMO Register of
            Alerting Authorities; messages are then named ``urn:oid:`` and a number of their own
            below it. "" where it has none.
        signing: Whether messages go out only with a signature.
        key_from: Environment variable that names the file of the private key; a key never
            stands in a pack.
        certificate_from: The same for its certificate.
        password_from: Environment variable that holds the key's password, where it has one.
    """

    address: str = Field(pattern=r"^[^\s,<&]+$")
    name: Mapping[str, str]
    status_note: Mapping[str, str]
    oid: str = Field("", pattern=r"^(2\.49\.0\.1(\.(0|[1-9][0-9]*)){2,})?$")
    signing: Literal["none", "required"] = "none"
    key_from: str = Field("HAIDANG_SIGNING_KEY", pattern=VARIABLE)
    certificate_from: str = Field("HAIDANG_SIGNING_CERTIFICATE", pattern=VARIABLE)
    password_from: str = Field("HAIDANG_SIGNING_PASSWORD", pattern=VARIABLE)


class OtherCall(Spec):
    """A further number to call, and what for."""

    number: str = Field(pattern=r"^[0-9+*# ]{2,20}$")
    what: Mapping[str, str]


class EmergencySpec(Spec):
    """Whom people call whose life is in danger.

    Attributes:
        number: Of search and rescue.
        others: Police, fire, ambulance …, as the country has them.
        source: Where that is laid down.
    """

    number: str = Field(pattern=r"^[0-9+*# ]{2,20}$")
    others: tuple[OtherCall, ...] = ()
    source: str = Field(min_length=1)


class CountrySpec(Spec):
    """``country.yaml``: names, languages, clock, sender.

    Attributes:
        id: The folder's name, two letters.
        scale: Scale of ``law/scales.yaml`` on which hazards are judged.
        geocode: Name of the list that the places' codes come from, as CAP geocodes carry it.
        credits: What must stand under every map and report, by language.
        roles: Names of the roles that act, by role id and language.
        escalation: Roles that a draft goes to, one after the other, when nobody approves it.
        emergency: Numbers to call; None where nobody has looked them up.
    """

    id: str = Field(pattern=r"^[a-z]{2}$")
    name: Mapping[str, str]
    languages: tuple[str, ...] = Field(min_length=1)
    time_zone: str
    scale: str
    sender: SenderSpec
    geocode: str = Field(min_length=1)
    credits: Mapping[str, str]
    roles: Mapping[str, Mapping[str, str]] = {}
    escalation: tuple[str, ...] = ()
    emergency: EmergencySpec | None = None

    def role(self, name: str, language: str) -> str:
        """What a role is called; its own id where nobody has named it."""
        return called(self.roles, name, language)


def called(roles: Mapping[str, Mapping[str, str]], name: str, language: str) -> str:
    """What a role is called; its own id where nobody has named it."""
    names = roles.get(name) or catalogue().get(f"role.{name}", {})
    return names.get(language) or names.get("en") or name


@dataclass(frozen=True)
class Pack:
    """One threat bound to one country, ready for the chain.

    Attributes:
        fingerprint: SHA-256 over every file read, so that the ledger names the very words.
        framework: ``scenario.yaml`` of the threat; None where there is none.
        layers: Overlays by the code of their place, "" for the whole country.
        scenario: Framework and the country's overlay; None where there is no framework.
        local: Scenario by the code of a place that has an overlay of its own.
        epidemic_years: Years that are left out of a comparison, by place.
        stations: Gauges of ``stations.csv`` beside the binding.
        susceptibility: How readily slopes give way, by code of the place as of the day that the
            binding's areas are written for; from ``susceptibility.csv``.
    """

    threat: ThreatSpec
    binding: BindingSpec
    messages: Messages
    folder: Path
    country_folder: Path
    fingerprint: str
    framework: ScenarioSpec | None = None
    layers: Mapping[str, Layer] = field(default_factory=dict)
    scenario: Scenario | None = None
    local: Mapping[str, Scenario] = field(default_factory=dict)
    epidemic_years: Mapping[str, frozenset[int]] = field(default_factory=dict)
    stations: tuple[Station, ...] = ()
    susceptibility: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The threat's id."""
        return self.threat.id

    @property
    def series(self) -> tuple[str, ...]:
        """Names of all series that a run reads: indicators, and facts that people state."""
        rule = self.binding.civil_defence
        facts = () if rule is None else tuple(f"{self.id}/fact.{n}" for n in rule.names)
        return (*self.threat.series, *facts)

    @property
    def standing_event(self) -> str:
        """Id of the one event that a threat without events is: it has no beginning and no name."""
        return self.id.replace("_", "-")

    def title(self, language: str) -> str:
        """The threat's name in a language; English where there is none."""
        names = {**self.threat.title, **self.binding.title}
        return names.get(language, names["en"])


@dataclass(frozen=True)
class Country:
    """Everything static that the chain may know of a country.

    Attributes:
        kinds: Resource kinds by id.
        authorities: Who directs, commands and declares; None where the country does not say.
    """

    spec: CountrySpec
    folder: Path
    zone: tzinfo
    places: CountryPlaces
    lawbook: Lawbook
    scales: Mapping[str, Scale]
    packs: Mapping[str, Pack] = field(default_factory=dict)
    kinds: Mapping[str, KindSpec] = field(default_factory=dict)
    authorities: AuthoritiesSpec | None = None

    @property
    def id(self) -> str:
        """The country's id."""
        return self.spec.id

    def local(self, instant: datetime) -> datetime:
        """An instant on the country's clock."""
        return instant.astimezone(self.zone)

    def role(self, name: str, language: str) -> str:
        """What a role is called, of those who warn and of those who respond."""
        named = {} if self.authorities is None else self.authorities.roles
        return called({**named, **self.spec.roles}, name, language)
