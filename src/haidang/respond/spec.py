"""What a scenario, the list of resource kinds and a country's authorities say about response.

A scenario is inherited: framework (``threats/<id>/scenario.yaml``) -> nation
(``countries/<cc>/threats/<id>/scenario.yaml``) -> province (``scenario.<code>.yaml`` beside it).
A lower one adds, tightens and fills in; see ``scenario.compose``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, TypeVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec
from haidang.respond.plan import Group


class KindSpec(Spec):
    """One kind of resource that is counted.

    Attributes:
        group: Which of the four on the spot.
        unit: Name of the unit, by language.
        name: By language.
        speed_kmh: Mean speed by road; None for what does not travel (a shelter).
        critical: Lack of it counts for a civil-defence level.
    """

    group: Group
    name: Mapping[str, str]
    unit: Mapping[str, str]
    speed_kmh: float | None = Field(default=None, gt=0)
    critical: bool = False


class TimeSpec(Spec):
    """By when a task is due or a need must be met; one form, ``within_h`` may stand beside it.

    Attributes:
        within_h: So many hours after the level was entered.
        before_force: So many ``hours`` before this threshold begins (its early time; the central
            one where the early one is not known); where it is not expected, ``within_h`` after
            the level was entered if that is given too, else there is no time yet.
        at_force: When this threshold begins (central); no time while it is not expected.
        after_force: So many ``hours`` after this threshold has ended (central); no time while its
            end is not known.
        hours: See ``before_force`` and ``after_force``.
    """

    within_h: float | None = Field(default=None, gt=0)
    before_force: int | None = None
    at_force: int | None = None
    after_force: int | None = None
    hours: float = Field(default=0, ge=0)

    @property
    def force(self) -> int | None:
        """The threshold that it hangs on; None where it hangs on the clock alone."""
        given = (self.before_force, self.at_force, self.after_force)
        return next((f for f in given if f is not None), None)

    @model_validator(mode="after")
    def _one_form(self) -> TimeSpec:
        forms = sum(f is not None for f in (self.before_force, self.at_force, self.after_force))
        if forms > 1:
            raise PydanticCustomError(
                "time_forms", "give only one of before_force, at_force and after_force"
            )
        if not forms and self.within_h is None:
            raise PydanticCustomError(
                "time_missing", "give within_h, before_force, at_force or after_force"
            )
        return self


class AuthoritySpec(Spec):
    """Who may order a task, and on what legal basis.

    Attributes:
        role: Role id.
        cites: Name of a basis in the country's ``authorities.yaml``, which knows what was in
            force when; "" where ``basis`` says it.
        basis: The basis itself, by language, where no date matters.
    """

    role: str = Field(min_length=1)
    cites: str = ""
    basis: Mapping[str, str] = {}


class TaskSpec(Spec):
    """A task of a scenario. Of the six clears any may be left to a lower level to fill in.

    Attributes:
        level: It starts when this level is entered, and stays through higher ones.
        where: ``land``: every area where people are counted; ``coast``: those on the country's
            list of coastal places.
        person: Role that does it.
        work: What is done, by language; placeholders ``{count}``, ``{low}``, ``{high}`` (of the
            need named by ``counts``) and ``{place}``.
        counts: Resource kind whose need the words count.
        kinds: Resource kinds that it uses.
        time: By when.
        responsibility: Role that answers for it.
        authority: Who may order it.
        product: What proves that it is done, by language.
        stay_h: So many hours it stays after its level has ended; 0 where it ends with it.
    """

    level: int = Field(ge=1)
    where: Literal["land", "coast"] = "land"
    person: str = ""
    work: Mapping[str, str] = {}
    counts: str | None = None
    kinds: tuple[str, ...] = ()
    time: TimeSpec | None = None
    responsibility: str = ""
    authority: AuthoritySpec | None = None
    product: Mapping[str, str] = {}
    stay_h: float = Field(default=0, ge=0)


class TaskFill(Spec):
    """What a lower level says of a task that it inherited: everything is optional.

    It may start earlier (a lower ``level``), be due earlier, add words in its languages, name its
    own roles and basis, add kinds, and stay longer; it may not start later, be due later, end
    sooner or drop kinds.
    """

    level: int | None = Field(default=None, ge=1)
    person: str | None = None
    work: Mapping[str, str] = {}
    kinds: tuple[str, ...] = ()
    time: TimeSpec | None = None
    responsibility: str | None = None
    authority: AuthoritySpec | None = None
    product: Mapping[str, str] = {}
    stay_h: float | None = Field(default=None, ge=0)


class NeedSpec(Spec):
    """How much of one kind is needed: a measure of impact times a ratio.

    Attributes:
        level: Counted from this level of the area on.
        kind: Resource kind.
        measure: Impact measure, e.g. people under a wind force.
        ratio: Units per unit of the measure: low, central, high.
        times: Further factors, e.g. days of supply; each with its meaning in ``source``.
        minimum: At least so many once the measure is above zero.
        time: By when it must be there.
        source: Where the ratio comes from.
        assumption: True where the source is this pack's own judgement, and the pages say so.
    """

    level: int = Field(ge=1)
    kind: str
    measure: str
    ratio: tuple[float, float, float]
    times: float = Field(default=1, gt=0)
    minimum: int = Field(default=0, ge=0)
    time: TimeSpec | None = None
    source: str = Field(min_length=1)
    assumption: bool = False

    @model_validator(mode="after")
    def _ascending(self) -> NeedSpec:
        if list(self.ratio) != sorted(self.ratio) or self.ratio[0] < 0:
            raise PydanticCustomError("ratio_order", "ratio is low, central, high, none negative")
        return self


class ResponseLevel(Spec):
    """What holds at one level beside its tasks, by language.

    Attributes:
        handover: When command passes to the next echelon.
        end: When the level's response ends.
    """

    handover: Mapping[str, str] = {}
    end: Mapping[str, str] = {}


class DispatchSpec(Spec):
    """Policy of the dispatch.

    Attributes:
        road_factor: Road kilometres per great-circle kilometre.
        max_hours: Nothing is sent farther than this, h.
        source: Where the factor comes from.
    """

    road_factor: float = Field(ge=1)
    max_hours: float = Field(gt=0)
    source: str = Field(min_length=1)


class ScenarioSpec(Spec):
    """``scenario.yaml`` of a threat: the framework."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    levels: Mapping[int, ResponseLevel]
    tasks: Mapping[str, TaskSpec]
    needs: Mapping[str, NeedSpec]
    dispatch: DispatchSpec
    sources: tuple[str, ...] = Field(min_length=1)


class OverlaySpec(Spec):
    """``scenario.yaml`` of a country's binding, or ``scenario.<code>.yaml`` of a place.

    Attributes:
        levels: Words added.
        tasks: Fillings of inherited tasks, by task id.
        add: Tasks of its own, by task id.
        needs: Ratios of its own replace inherited ones of the same id; the low may not fall.
        coast: Codes of the places where ``where: coast`` applies.
    """

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    levels: Mapping[int, ResponseLevel] = {}
    tasks: Mapping[str, TaskFill] = {}
    add: Mapping[str, TaskSpec] = {}
    needs: Mapping[str, NeedSpec] = {}
    coast: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class BasisSpec(Spec):
    """A legal basis while it is in force.

    Attributes:
        text: Article and act, by language.
    """

    valid_from: date
    valid_to: date | None = None
    text: Mapping[str, str]


class CommandSpec(Spec):
    """Who directs and who commands at one disaster-risk level, while an act is in force.

    Attributes:
        directs: Role above; "" where nobody stands above the one who commands.
        commands: Role that commands on the ground; "" where the act leaves that to another one,
            which ``note`` names.
        basis: Article and act, by language.
        note: What a reader must know, e.g. that an amended wording was not seen; by language.
    """

    level: int = Field(ge=1)
    valid_from: date
    valid_to: date | None = None
    directs: str = ""
    commands: str = ""
    basis: Mapping[str, str]
    note: Mapping[str, str] = {}


class CivilDefenceSpec(Spec):
    """One civil-defence level while an act is in force.

    Attributes:
        level: 1, 2 or 3.
        criterion: The text's own test, by language.
        declares: Role that declares and lifts it.
        basis: Article and act of criterion and declaration, by language.
        measures: What the level adds to the one below, by language.
        measures_basis: Article and act of the measures, by language.
        note: What a reader must know, e.g. that an amended wording was not seen; by language.
    """

    level: int = Field(ge=1, le=3)
    valid_from: date
    valid_to: date | None = None
    criterion: Mapping[str, str]
    declares: str
    basis: Mapping[str, str]
    measures: Mapping[str, tuple[str, ...]]
    measures_basis: Mapping[str, str]
    note: Mapping[str, str] = {}


T = TypeVar("T", BasisSpec, CommandSpec, CivilDefenceSpec)


def in_force(entries: Iterable[T], day: date) -> tuple[T, ...]:
    """Those of some dated entries that hold on a day; ``valid_to`` is the first day after."""
    return tuple(
        e for e in entries if e.valid_from <= day and (e.valid_to is None or day < e.valid_to)
    )


class AuthoritiesSpec(Spec):
    """``authorities.yaml`` of a country.

    Attributes:
        roles: Names of the roles that scenarios speak of, by role id and language.
        bases: Legal bases that scenarios cite, by name; of each what was in force when.
        commands: Who directs and who commands, by disaster-risk level.
        civil_defence: The civil-defence levels.
        sources: Where the texts were read.
    """

    roles: Mapping[str, Mapping[str, str]]
    bases: Mapping[str, tuple[BasisSpec, ...]] = {}
    commands: tuple[CommandSpec, ...]
    civil_defence: tuple[CivilDefenceSpec, ...]
    sources: tuple[str, ...] = Field(min_length=1)

    def basis(self, authority: AuthoritySpec, day: date) -> Mapping[str, str]:
        """What an authority rests on, on a day.

        Args:
            authority: Of a task.
            day: Whose law is asked for.

        Returns:
            By language; empty where the basis that it cites was not in force on that day.
        """
        if not authority.cites:
            return authority.basis
        found = in_force(self.bases.get(authority.cites, ()), day)
        return found[-1].text if found else {}
