"""``sensors.yaml``: which broker is listened to, and what its topics mean to the packs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.pack.load import parse, read_yaml

FILE: Final = "sensors.yaml"

_LEVEL: Final = re.compile(r"\{(place|indicator)\}|\+|[^{}+#\s][^{}+#]*")


class TlsSpec(Spec):
    """A line that nobody reads or changes on the way.

    Attributes:
        ca: File of the authority that signed the broker's certificate; the system's own where
            empty.
        certificate, key: Files of ours, where the broker asks for them.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""


class BrokerSpec(Spec):
    """Where the readings come from.

    Attributes:
        client: Our name at the broker. It keeps what we have not acknowledged under this name, so
            it must stay the same, and no two may have it.
        user: Login; "" for none.
        password_env, password_file: Where the password stands: never in this file.
        tls: Without it the line is open; for a broker on the same machine only.
        keepalive_s: The broker is asked for a sign of life this often, s.
        session_h: How long the broker keeps what came in while we are away, h.
        in_flight: At most so many readings are under way without our acknowledgement.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=1883, ge=1, le=65535)
    client: str = Field(min_length=1, max_length=64)
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    tls: TlsSpec | None = None
    keepalive_s: int = Field(default=30, ge=5, le=600)
    session_h: float = Field(default=72, gt=0)
    in_flight: int = Field(default=2000, ge=1, le=65535)

    def password(self, folder: Path) -> str | None:
        """The password, from where it stands; None without one.

        Raises:
            BadData: The variable is not set, or the file cannot be read (``sensors.no_password``).
        """
        if self.password_env:
            found = os.environ.get(self.password_env)
            if found is None:
                where = {"where": self.password_env}
                raise BadData(Problem("sensors.no_password", where, file=FILE))
            return found
        if self.password_file:
            try:
                return (folder / self.password_file).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as err:
                where = {"where": self.password_file}
                raise BadData(Problem("sensors.no_password", where, file=FILE)) from err
        return None


class TopicSpec(Spec):
    """What is said under one topic.

    Attributes:
        topic: Levels joined by ``/``; ``{place}`` and ``{indicator}`` stand for what the level
            says, ``+`` for any one level, a last ``#`` for all below.
        threat: Pack whose readings these are.
        indicator: Of all of them, where neither topic nor payload says it.
        place: Code of the gauge, area or event, likewise.
        places: What a sensor calls its place -> the code of the pack; others go by the code.
        indicators: What a sensor calls its indicator -> that of the pack.
        form: How the payload is written; ``auto`` tells them apart by their keys.
        units: Factor to the pack's unit by the unit that a sensor writes; "" for one that writes
            none. A unit that is neither here nor the pack's own is refused.
        clock: ``sensor``: the payload says when; ``received``: a sensor without a clock, its
            reading is of the moment at which it comes in.
    """

    topic: str = Field(min_length=1, max_length=1024)
    threat: str
    indicator: str = ""
    place: str = ""
    places: Mapping[str, str] = {}
    indicators: Mapping[str, str] = {}
    form: Literal["auto", "value", "reading", "senml", "sensorthings"] = "auto"
    units: Mapping[str, float] = {}
    clock: Literal["sensor", "received"] = "sensor"

    @field_validator("topic")
    @classmethod
    def _levels(cls, topic: str) -> str:
        levels = topic.split("/")
        wrong = [
            level
            for n, level in enumerate(levels)
            if level and not _LEVEL.fullmatch(level) and not (level == "#" and n == len(levels) - 1)
        ]
        if wrong or topic.startswith("$"):
            raise PydanticCustomError(
                "topic_levels", "levels are words, {place}, {indicator}, + or a last #"
            )
        for name in ("{place}", "{indicator}"):
            if topic.count(name) > 1:
                raise PydanticCustomError("topic_twice", "a name stands for one level")
        return topic

    @property
    def filter(self) -> str:
        """What the broker is asked for."""
        return re.sub(r"\{\w+\}", "+", self.topic)


class LimitsSpec(Spec):
    """What is still taken.

    Attributes:
        ahead_s: A sensor's clock may be this far ahead of ours, s.
        oldest_d: Older readings are refused: a clock that was never set says 1970, d.
        payload_bytes: Longest payload that is read.
        readings: Most readings in one payload.
        queue: Readings that wait to be stored; beyond them no more is read from the broker.
        batch: Most messages that are stored at once.
        gather_ms: Two looks lie at least so far apart, ms; after a pause the first is at once.
    """

    ahead_s: float = Field(default=120, ge=0)
    oldest_d: float = Field(default=30, gt=0)
    payload_bytes: int = Field(default=65536, ge=64)
    readings: int = Field(default=1000, ge=1)
    queue: int = Field(default=5000, ge=1)
    batch: int = Field(default=500, ge=1)
    gather_ms: int = Field(default=100, ge=0, le=2000)


class SensorsSpec(Spec):
    """``sensors.yaml``, whole.

    Attributes:
        name: Of the desk, as people see it.
        country: Country id.
        threats: Packs that are decided together; the desk opens on the first.
        status: CAP status of every notice. ``Actual`` needs packs above tier ``draft``.
        topics: What is listened to.
        silent_min: A gauge that is not heard for so long is told as silent, min; a pack's own
            limit decides when its level is no longer known.
        confirm_min: A level that stands and is confirmed by every reading is written down this
            often, min.
        heartbeat_s: How often a sign of life is written, s.
        lease_s: A listener that gives no sign of life for so long may be replaced, s.
    """

    name: str = Field(min_length=1, max_length=60)
    country: str
    threats: tuple[str, ...] = Field(min_length=1)
    status: Literal["Actual", "Exercise", "Test"] = "Exercise"
    broker: BrokerSpec
    topics: tuple[TopicSpec, ...] = Field(min_length=1)
    limits: LimitsSpec = LimitsSpec()
    silent_min: float = Field(default=60, gt=0)
    confirm_min: float = Field(default=10, gt=0)
    heartbeat_s: float = Field(default=5, gt=0)
    lease_s: float = Field(default=15, gt=0)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came in.

    Attributes:
        topic: Where.
        payload: What.
        received: When we had it.
        retained: The broker had kept it: it may be of any age.
        again: The broker sent it before and does not know that we have it.
        ticket: With it the message is acknowledged; (connection, packet, QoS).
    """

    topic: str
    payload: bytes
    received: datetime
    retained: bool = False
    again: bool = False
    ticket: tuple[int, int, int] = (0, 0, 0)


def load(folder: Path) -> SensorsSpec:
    """Read ``sensors.yaml`` of a folder.

    Raises:
        BadPack: It is missing or does not fit; every problem with its line and key.
        BadData: Of a threat under ``topics`` the desk does not decide (``sensors.other_threat``).
    """
    path = folder / FILE
    spec = parse(SensorsSpec, read_yaml(path), path)
    strange = sorted({t.threat for t in spec.topics} - set(spec.threats))
    if strange:
        said = {"threat": strange[0], "known": ", ".join(spec.threats)}
        raise BadData(Problem("sensors.other_threat", said, file=FILE, field="topics"))
    return spec
