"""What a threat pack says about warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec

Severity = Literal["Minor", "Moderate", "Severe", "Extreme"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire",
    "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
]  # fmt: skip
Response = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]


class LevelSpec(Spec):
    """How one legal level speaks.

    Attributes:
        level: Rank in the country's scale.
        severity: CAP severity.
        responses: CAP response types.
        approval: Whether a second person must approve; only a verified pack may say no.
        wakes: Whether it wakes people; None leaves it to the rule of severity and urgency. The top
            level always does.
    """

    level: int = Field(ge=1)
    severity: Severity
    responses: tuple[Response, ...] = Field(min_length=1)
    approval: bool = True
    wakes: bool | None = None


class WarnSpec(Spec):
    """The notice: its levels, how slowly it climbs down, when it speaks again.

    Attributes:
        category: CAP category.
        event_code: (list name, code) of the event, e.g. OASIS Event Terms.
        hold_h: A level is lowered only after so many hours of quieter assessments, h; then to the
            highest of them.
        max_hold_h: A level without data is held so long, then a person must decide, h.
        approval_limit_min: A draft nobody approves within this goes to the next role, minutes.
        valid_h: A notice expires so long after it was drawn up, unless renewed, h; where the onset
            lies further ahead, ``renew_h`` after the onset.
        renew_h: It is renewed when less than this remains, h.
        shift_h: A change of the onset by this much is worth an Update, h.
        immediate_h: Onset closer than this is urgency Immediate, h.
        expected_h: ... closer than this is Expected, else Future, h.
        onset_force: The threshold whose onset the notice leads with; 0 where the kind of threat
            knows no thresholds.
        shelter_force: Once this threshold has begun it is too late to leave: the notice then says
            ``under_way`` instead of ``instruction`` and asks for Shelter alone. None where the
            same words fit before and during.
        triggered_by: Threats that may set this one off; a pair is then told as a sequence.
        yields_to: Threats whose notice at a strictly higher level of the same scale speaks for
            this one too, at the same place; see ``warn.inhibit``.
        levels: One entry per level that the law can give.
    """

    category: Category
    event_code: tuple[str, str]
    hold_h: float = Field(ge=0)
    max_hold_h: float = Field(gt=0)
    approval_limit_min: float = Field(gt=0)
    valid_h: float = Field(gt=0)
    renew_h: float = Field(ge=0)
    shift_h: float = Field(gt=0)
    immediate_h: float = Field(gt=0)
    expected_h: float = Field(gt=0)
    onset_force: int = 0
    shelter_force: int | None = None
    triggered_by: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    levels: tuple[LevelSpec, ...] = Field(min_length=1)

    @field_validator("levels")
    @classmethod
    def _ascending(cls, levels: tuple[LevelSpec, ...]) -> tuple[LevelSpec, ...]:
        ranks = [level.level for level in levels]
        if ranks != sorted(set(ranks)):
            raise PydanticCustomError("levels_order", "levels must ascend, each once")
        return levels

    @model_validator(mode="after")
    def _renewed_in_time(self) -> WarnSpec:
        if self.renew_h >= self.valid_h:
            raise PydanticCustomError(
                "renew_late", "renew_h must be smaller than valid_h, or every run would renew"
            )
        return self

    def of(self, level: int) -> LevelSpec:
        """The entry of a level; of the next higher one where the pack has no entry for it."""
        return next((e for e in self.levels if e.level >= level), self.levels[-1])


class MessageSpec(Spec):
    """Text of one level in one language; ``{field}`` placeholders from ``message.FACTS``.

    Attributes:
        headline: The one sentence that everybody reads.
        description: What is known.
        instruction: What to do.
        under_way: What to do once the pack's ``shelter_force`` has begun; ``instruction`` where
            there is none.
        at_sea: What to do in an area of the sea, where there are no houses to leave, before and
            during; the other two where there is none.
    """

    headline: str = Field(min_length=1, max_length=160)
    description: str = Field(min_length=1)
    instruction: str = Field(min_length=1)
    under_way: str | None = Field(default=None, min_length=1)
    at_sea: str | None = Field(default=None, min_length=1)

    def fitting(self, *, begun: bool = False, sea: bool = False) -> MessageSpec:
        """The same message with the instruction for this phase and this kind of area.

        Args:
            begun: The pack's ``shelter_force`` has begun.
            sea: The area is one of the sea.
        """
        fit = (sea and self.at_sea) or (begun and self.under_way) or self.instruction
        return self.model_copy(update={"instruction": fit})


Messages = Mapping[str, Mapping[int, MessageSpec]]
"""language tag -> level (0 is the all-clear) -> text"""
