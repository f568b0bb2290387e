"""Golden cases: a real season in, levels and reasons out. Replays, drills and tests read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.pack.load import Roots, parse, read_yaml, short
from haidang.pack.review import ReviewSpec

BULLETINS_FILE: Final = "bulletins.csv"
COUNTS_FILE: Final = "counts.csv"
READINGS_FILE: Final = "readings.csv"
"""What lies beside ``case.yaml``, by the kind of the threat."""


class OfficerSpec(Spec):
    """A scripted person of a drill.

    Attributes:
        role: What they are.
        actor: Their id, random hex digits; nobody's name.
        does: ``sign`` takes responsibility for a draft's words, ``approve`` lets it go out.
        after_min: Minutes after the draft was made.
    """

    role: str = Field(min_length=1)
    actor: str = Field(pattern=r"^[0-9a-f-]{8,64}$")
    does: Literal["sign", "approve"]
    after_min: float = Field(ge=0)


class TruthSpec(Spec):
    """What was found out afterwards; for verification only, never read by a run.

    Attributes:
        file: Track beside the case, columns as a bulletin file.
        averaging_s: Averaging period of its winds, s.
    """

    file: str
    averaging_s: Literal[60, 120, 180, 600]
    source: str = Field(min_length=1)


class ExpectSpec(Spec):
    """What a golden case must give: a place's own level after the run on a bulletin."""

    issued: AwareDatetime
    place: str
    level: int


class CaseSpec(Spec):
    """``case.yaml``.

    Attributes:
        id: The folder's name; also of the output, so no path can stand in it.
        threat: Pack id.
        event: Event id, e.g. ``2411-yagi``.
        called: Its name as people write it, accents and all; made from the id where empty.
        averaging_s: Averaging period of the bulletins' winds, s; of no use where nothing blows.
        received_after_min: Assumed minutes between a bulletin's hour, or the hour at which counts
            were published, and its reaching us.
        published_after_d: Of counts whose file does not say when they were published: assumed days
            after the end of their period, d.
        begins: Of counts: what was published before this day is history and comes in as one
            delivery on it; None plays every period.
        indicator: Of counts: the indicator that the file holds.
        places: Codes of the areas that are watched; all that the binding names where empty.
        places_on: Day whose places are used.
        law_on: Day whose law judges.
        status: CAP status; never Actual, whatever the pack's tier.
        ticks: Further instants at which the duty desk looks at the clock.
        announced: File with what was really announced, or None.
        stock: File of the country's ``stock/`` folder that was counted, without ``.csv``; None
            where nothing was.
        expect: Golden levels.
        review: What is known afterwards, for the review only.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    threat: str
    event: str = Field(pattern=r"^[a-z0-9-]+$")
    called: str = ""
    title: Mapping[str, str]
    averaging_s: Literal[60, 120, 180, 600] = 600
    received_after_min: float = Field(ge=0)
    published_after_d: float = Field(default=0, ge=0)
    begins: date | None = None
    indicator: str = ""
    places: tuple[str, ...] = ()
    places_on: date
    law_on: date
    status: Literal["Exercise", "Test"] = "Exercise"
    officers: tuple[OfficerSpec, ...]
    ticks: tuple[AwareDatetime, ...] = ()
    announced: str | None = None
    stock: str | None = Field(default=None, pattern=r"^[a-z0-9_-]+$")
    truth: TruthSpec | None = None
    expect: tuple[ExpectSpec, ...] = ()
    review: ReviewSpec | None = None
    notes: Mapping[str, str] = {}
    sources: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A case where it lies.

    Attributes:
        country: Id of the country whose binding it belongs to.
        bulletins: File of what came in: bulletins, counts or readings.
    """

    spec: CaseSpec
    country: str
    folder: Path
    bulletins: Path

    @property
    def shipped(self) -> bool:
        """Whether it is a past event of a country's folder, and not somebody's own file."""
        return self.folder.parent.name == "golden"

    def truth(self) -> Path | None:
        """File of the track as found out afterwards."""
        return None if self.spec.truth is None else self.folder / self.spec.truth.file

    def announced(self) -> Path | None:
        """File of the levels as really announced."""
        return None if self.spec.announced is None else self.folder / self.spec.announced


def find_cases(roots: Roots) -> dict[str, Path]:
    """Folders of every golden case, by id: ``countries/<cc>/threats/<id>/golden/<case>``."""
    found: dict[str, Path] = {}
    for folder in roots.countries.values():
        for path in sorted(folder.glob("threats/*/golden/*/case.yaml")):
            found.setdefault(path.parent.name, path.parent)
    return found


def load_case(name: str, roots: Roots) -> Case:
    """Read a case by its id.

    Raises:
        NotFound: No such case; the message lists those there are.
        BadPack: Its file does not fit.
    """
    cases = find_cases(roots)
    if name not in cases:
        known = ", ".join(sorted(cases))
        raise NotFound(Problem("pack.no_case", {"name": name, "known": known}))
    folder = cases[name]
    path = folder / "case.yaml"
    spec = parse(CaseSpec, read_yaml(path), path)
    if spec.id != name:
        where = {"id": spec.id, "folder": name}
        raise NotFound(Problem("pack.id_folder", where, file=short(path), field="id"))
    country = folder.parents[3].name
    others = (folder / name for name in (COUNTS_FILE, READINGS_FILE))
    facts = next((path for path in others if path.is_file()), folder / BULLETINS_FILE)
    return Case(spec, country, folder, facts)


def case_of_file(
    bulletins: Path,
    name: str,
    country: str,
    threat: str,
    event: str,
    day: date,
    *,
    called: str = "",
    title: str = "",
    averaging_s: Literal[60, 120, 180, 600],
    status: Literal["Exercise", "Test"],
    officers: tuple[OfficerSpec, ...],
) -> Case:
    """A case of a user's own file: tonight's event through the same chain.

    Args:
        bulletins: The user's file.
        name: Of the output folder.
        country: Country id.
        threat: Pack id.
        event: Event id.
        called: The event's name as the user wrote it; made from the id where empty.
        title: Shown over reports and desks; the event's name where empty.
        day: Whose places and law are used.
        averaging_s: Averaging period of the file's winds, s.
        status: CAP status.
        officers: Who signs and approves; empty leaves the drafts waiting.

    Raises:
        BadPack: A name or event with other than small letters, digits and hyphens.
    """
    shown = title or called or event
    given = {
        "id": name,
        "threat": threat,
        "event": event,
        "called": called,
        "title": {"en": shown, "vi": shown},
        "averaging_s": averaging_s,
        "received_after_min": 0,
        "places_on": day,
        "law_on": day,
        "status": status,
        "officers": officers,
        "sources": (bulletins.name,),
    }
    spec = parse(CaseSpec, given, bulletins)
    return Case(spec, country, bulletins.parent, bulletins)
