"""What a sensor says: one reading, a list, SenML or SensorThings; every reading or why not.

Forms of a payload, all JSON in UTF-8 but the first:

* ``2.31``: the value alone, where topic and settings say the rest;
* ``{"time": "2030-06-01T06:00Z", "value": 2.31}`` with ``place``, ``indicator``, ``unit``, ``flag``
  and of a forecast ``published``, where the topic does not say them; or a list of such;
* a SenML pack (RFC 8428): records with ``n``, ``u``, ``v``, ``t`` and their base fields;
* an Observation of the OGC SensorThings API 1.1: ``phenomenonTime``, ``result``.

A value of ``null`` is a report that the reading is missing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, NoReturn

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.data.observations import Report
from haidang.edge.feeds.sensors import Heard, LimitsSpec, TopicSpec
from haidang.watch.spec import Reading, ReadingsWatch

RELATIVE: Final = 2**28
"""RFC 8428, section 4.5.3: smaller times are seconds from now, others since 1970."""
MILLIS: Final = 1e11
"""A time that is larger is told in milliseconds: in seconds it would be the year 5138."""

_EVENT: Final = re.compile(r"[a-z0-9-]+")
_SENML: Final = ("bn", "bt", "bu", "bv", "n", "u", "v", "vs", "vb", "vd", "s", "bs", "bver")
_THINGS: Final = ("result", "phenomenonTime")


@dataclass(frozen=True, slots=True)
class Ears:
    """What one topic may speak of.

    Attributes:
        topic: Its settings.
        watch: The pack's indicators.
        known: Codes of the places by what a reading may be of, ``station`` and ``area``.
        pattern: Of the topic's name.
    """

    topic: TopicSpec
    watch: ReadingsWatch
    known: Mapping[str, Collection[str]]
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        levels = []
        for level in self.topic.topic.split("/"):
            match level:
                case "{place}" | "{indicator}":
                    levels.append(f"(?P<{level[1:-1]}>[^/]*)")
                case "+":
                    levels.append("[^/]*")
                case "#":
                    levels.append(".*")
                case _:
                    levels.append(re.escape(level))
        object.__setattr__(self, "pattern", re.compile("/".join(levels)))


class Understood(NamedTuple):
    """What became of one message: the good readings are kept whatever the others are."""

    reports: tuple[Report, ...]
    problems: tuple[Problem, ...]


class _Raw(NamedTuple):
    """One reading as a payload writes it; None is not said."""

    value: object
    time: object = None
    place: object = None
    indicator: object = None
    unit: object = None
    flag: object = None
    published: object = None


def understand(heard: Heard, ears: Sequence[Ears], limits: LimitsSpec) -> Understood:
    """Read one message.

    Args:
        heard: As it came in.
        ears: What is listened to; the first whose topic fits is taken.
        limits: What is still taken.

    Returns:
        Reports with the time at which they were said: a measurement when it came in, whatever the
        sensor's clock says of that; a forecast when its maker says.
    """
    received = heard.received
    try:
        mine, names = _ears(heard.topic, ears)
        raws = list(_raws(heard, mine.topic, limits, received))
    except BadData as err:
        return Understood((), err.problems)
    reports: list[Report] = []
    problems: list[Problem] = []
    if not raws:
        problems.append(Problem("sensors.empty"))
    for number, raw in enumerate(raws, 1):
        try:
            if isinstance(raw, BadData):
                raise raw
            reports.append(_report(raw, names, mine, heard, limits, received))
        except BadData as err:
            problems += (
                Problem(p.code, p.params, p.file, number if len(raws) > 1 else None, p.field)
                for p in err.problems
            )
    return Understood(tuple(reports), tuple(problems))


def _refuse(code: str, where: str = "", **params: object) -> NoReturn:
    raise BadData(Problem(code, params, field=where))


def _ears(topic: str, ears: Sequence[Ears]) -> tuple[Ears, Mapping[str, str]]:
    for one in ears:
        found = one.pattern.fullmatch(topic)
        if found is not None:
            return one, found.groupdict()
    _refuse("sensors.topic")


def _raws(
    heard: Heard, topic: TopicSpec, limits: LimitsSpec, received: datetime
) -> Iterator[_Raw | BadData]:
    """Every reading of a payload, or why it is none; raises where the whole cannot be read."""
    size = len(heard.payload)
    if size > limits.payload_bytes:
        _refuse("sensors.too_long", size=size, most=limits.payload_bytes)
    body = _json(heard.payload)
    records: list[Any] = body if isinstance(body, list) else [body]
    if not records:
        _refuse("sensors.empty")
    if len(records) > limits.readings:
        _refuse("sensors.too_many", count=len(records), most=limits.readings)
    form = topic.form if topic.form != "auto" else _form(records[0])
    if form == "value":
        yield from (_Raw(r) for r in records)
        return
    if form == "senml":
        yield from _senml(records, received)
        return
    read = _observation if form == "sensorthings" else _reading
    for record in records:
        try:
            yield read(_mapping(record))
        except BadData as err:
            yield err


def _mapping(record: object) -> Mapping[str, Any]:
    if not isinstance(record, dict):
        _refuse("sensors.not_json", why=type(record).__name__)
    return record


def _json(payload: bytes) -> object:
    """JSON without what makes two readers read two things: NaN, keys that stand twice."""
    try:
        text = payload.decode("utf-8")
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
        if "\\ud" in text.lower():
            # JSON may escape half a letter, which nothing that writes UTF-8 can write down.
            json.dumps(body, ensure_ascii=False).encode("utf-8")
        return body
    except UnicodeDecodeError:
        _refuse("sensors.not_utf8")
    except (ValueError, RecursionError) as err:
        _refuse("sensors.not_json", why=str(err)[:80] or type(err).__name__)


def _utc(at: datetime, where: str) -> datetime:
    """An instant in UTC; at the two ends of the calendar there may be none."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        _refuse("sensors.time", where, value=at.isoformat())


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def _form(first: object) -> str:
    if not isinstance(first, dict):
        return "value"
    if all(key in first for key in _THINGS):
        return "sensorthings"
    if "value" not in first and any(key in first for key in _SENML):
        return "senml"
    return "reading"


def _reading(record: Mapping[str, Any]) -> _Raw:
    if "value" not in record:
        _refuse("sensors.no_value", "value")
    known = {"value", "time", "start", "place", "station", "indicator", "unit", "flag", "published"}
    if strange := sorted(set(record) - known):
        _refuse("sensors.key", strange[0][:40], known=", ".join(sorted(known)))
    return _Raw(
        record["value"],
        record.get("time", record.get("start")),
        record.get("place", record.get("station")),
        record.get("indicator"),
        record.get("unit"),
        record.get("flag"),
        record.get("published"),
    )


def _observation(record: Mapping[str, Any]) -> _Raw:
    """OGC SensorThings API 1.1, section 8.2.7; of a period its beginning counts."""
    missing = [key for key in _THINGS if key not in record]
    if missing:
        _refuse("sensors.no_value", missing[0])
    time = record["phenomenonTime"]
    if isinstance(time, str):
        time = time.partition("/")[0]
    stream = record.get("Datastream")
    place = stream.get("@iot.id") if isinstance(stream, dict) else None
    return _Raw(record["result"], time, None if place is None else str(place))


@dataclass
class _Base:
    """Base fields of a SenML pack: they hold from their record on."""

    name: str = ""
    time: float = 0.0
    unit: object = None
    value: float = 0.0


def _senml(records: Sequence[Any], received: datetime) -> Iterator[_Raw | BadData]:
    """RFC 8428, section 4: names and times are added up, base fields alone are no reading."""
    base = _Base()
    for record in records:
        try:
            raw = _resolved(_mapping(record), base, received)
        except BadData as err:
            yield err
        else:
            if raw is not None:
                yield raw


def _resolved(record: Mapping[str, Any], base: _Base, received: datetime) -> _Raw | None:
    base.name = str(record.get("bn", base.name))
    base.time = _number(record.get("bt", base.time), "bt")
    base.unit = record.get("bu", base.unit)
    base.value = _number(record.get("bv", base.value), "bv")
    if not any(key in record for key in ("v", "vs", "vb", "vd")):
        if "s" in record or "n" in record:
            _refuse("sensors.no_value", "v")
        return None
    at = base.time + _number(record.get("t", 0.0), "t")
    when = received + timedelta(seconds=at) if abs(at) < RELATIVE else _epoch(at)
    said = record.get("vs", record.get("vb", record.get("vd")))
    if "v" in record:
        said = base.value + _number(record["v"], "v")
    full = base.name + str(record.get("n", ""))
    place, _, indicator = full.rpartition("/") if "/" in full else full.rpartition(":")
    of = (place.rpartition(":")[2].rpartition("/")[2], indicator) if place else (full, None)
    return _Raw(said, when, of[0], of[1], record.get("u", base.unit))


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse("sensors.not_number", where, value=str(value)[:40])
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        _refuse("sensors.not_number", where, value=str(value)[:40])
    return found


def _epoch(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= MILLIS else seconds, UTC)
    except (OverflowError, OSError, ValueError):
        _refuse("sensors.time", "time", value=f"{seconds:g}")


def _instant(value: object, where: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(_number(value, where))
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        _refuse("sensors.time", where, value=str(value)[:40])
    return found


def _report(
    raw: _Raw,
    names: Mapping[str, str],
    ears: Ears,
    heard: Heard,
    limits: LimitsSpec,
    received: datetime,
) -> Report:
    topic = ears.topic
    indicator, spec = _indicator(raw, names, ears)
    place = _place(raw, names, ears, spec)
    start = _start(raw, topic, heard, received)
    value = None if raw.value is None else _value(raw.value, spec) * _factor(raw, topic, spec)
    published = _published(raw, start, limits, received)
    if value is not None:
        _inside(value, spec)
    flag = "" if raw.flag is None else str(raw.flag)[:40]
    unit = spec.unit["en"]
    return Report(f"{topic.threat}/{indicator}", place, start, value, unit, flag, published)


def _said(name: str, raw: object, names: Mapping[str, str], topic: TopicSpec) -> str:
    """What the topic says, else the payload, else the settings."""
    found = names.get(name) or ("" if raw is None else str(raw)) or getattr(topic, name)
    renamed: Mapping[str, str] = getattr(topic, f"{name}s")
    return renamed.get(found, found)


def _indicator(raw: _Raw, names: Mapping[str, str], ears: Ears) -> tuple[str, Reading]:
    name = _said("indicator", raw.indicator, names, ears.topic)
    known = ears.watch.indicators
    if not name and len(known) == 1:
        name = next(iter(known))
    if name not in known:
        _refuse("sensors.indicator", "indicator", name=name[:40] or "-", known=", ".join(known))
    return name, known[name]


def _place(raw: _Raw, names: Mapping[str, str], ears: Ears, spec: Reading) -> str:
    place = _said("place", raw.place, names, ears.topic)
    if spec.at == "event":
        if not _EVENT.fullmatch(place):
            _refuse("sensors.event", "place", value=place[:40] or "-")
    elif place not in ears.known.get(spec.at, ()):
        _refuse("sensors.place", "place", value=place[:40] or "-")
    return place


def _start(raw: _Raw, topic: TopicSpec, heard: Heard, received: datetime) -> datetime:
    if raw.time is not None:
        return _utc(_instant(raw.time, "time"), "time")
    if topic.clock != "received":
        _refuse("sensors.no_time", "time")
    if heard.retained or heard.again:
        # The broker had kept it: it is of an hour that nobody knows.
        _refuse("sensors.kept", "time")
    return received


def _published(raw: _Raw, start: datetime, limits: LimitsSpec, received: datetime) -> datetime:
    """When it was said; refuses what cannot be of this time."""
    if start < received - timedelta(days=limits.oldest_d):
        _refuse("sensors.too_old", "time", value=start.isoformat(), days=f"{limits.oldest_d:g}")
    ahead = timedelta(seconds=limits.ahead_s)
    if raw.published is not None:
        published = _utc(_instant(raw.published, "published"), "published")
        if published > received + ahead:
            _refuse("sensors.ahead", "published", value=published.isoformat())
        if published < start:
            return published
    if start > received + ahead:
        _refuse("sensors.ahead", "time", value=start.isoformat())
    # A clock that is a little ahead makes no forecast of what was measured.
    return max(start, received)


def _factor(raw: _Raw, topic: TopicSpec, spec: Reading) -> float:
    unit = "" if raw.unit is None else str(raw.unit)
    if unit in topic.units:
        return topic.units[unit]
    if unit and unit not in spec.unit.values():
        known = ", ".join(sorted({*spec.unit.values(), *filter(None, topic.units)}))
        _refuse("sensors.unit", "unit", value=unit[:40], known=known)
    return 1.0


def _value(value: object, spec: Reading) -> float:
    if spec.values and isinstance(value, str):
        if value not in spec.values:
            _refuse("sensors.category", "value", value=value[:40], known=", ".join(spec.values))
        return float(spec.values.index(value) + 1)
    found = _number(value, "value")
    if spec.values and found not in range(len(spec.values) + 1):
        _refuse("sensors.category", "value", value=f"{found:g}", known=", ".join(spec.values))
    return found


def _inside(value: float, spec: Reading) -> None:
    low, high = spec.domain or (-math.inf, math.inf)
    if not low <= value <= high or not math.isfinite(value):
        said = {"value": f"{value:g}", "low": f"{low:g}", "high": f"{high:g}"}
        _refuse("sensors.outside", "value", **said, unit=spec.unit["en"])


Understand = Callable[[Heard], Understood]
