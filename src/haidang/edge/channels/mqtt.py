"""Messages over MQTT, as WIS 2.0 announces them, and what is in force kept for each place.

Quality of service 1: "sent" means that the broker has confirmed it. A repeat carries the same id.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Final, Literal, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from haidang.edge.channels.parts.notice import Notice, read
from haidang.edge.channels.parts.spec import ChannelSpec, Home, Host, Port, Secret, trust
from haidang.edge.channels.parts.wis2 import MIME, TOPIC, notification, summary
from haidang.edge.channels.port import Outcome, Parcel

NAME: Final = "mqtt"
PUBLIC: Final = True
"""It speaks to everybody: one parcel a message, without a recipient."""
PERSON: Final = False
"""What it brings is for machines, or for everybody: each notice goes out."""

_FAILURE: Final = 0x80
"""Reason codes from here on are failures (MQTT 5, 2.4)."""
_LOGIN: Final = frozenset({0x86, 0x87, 0x8C})
_NO_TOPIC: Final = frozenset({0x90, 0x99, 0x95})
"""Topic name invalid, payload format invalid, packet too large: a repeat would not help."""

_TOPIC: Final = re.compile(r"[^\s+#\x00]{1,512}")

Topic = Annotated[str, StringConstraints(pattern=r"^[^\s+#\x00]{1,512}$")]


class Spec(ChannelSpec):
    """Settings of a broker.

    Attributes:
        kind: ``mqtt``.
        batch: Parcels handed over at once.
        host, port: Of the broker.
        tls: ``implicit`` (usual with port 8883) or ``off``.
        ca: File with the certificates that are believed besides those of the machine's own list.
        user, password: Login; only over TLS unless the broker is this machine.
        version: Of MQTT.
        client: Our name at the broker; two that use one name throw each other out. "" for a name
            of the broker's choosing.
        centre: Our identifier as a centre of WIS 2.0.
        metadata: Identifier of the data set's record in the catalogue.
        body: ``wis2``: a notification; ``cap``: the CAP message itself.
        topic: Where to, with ``{centre}``, ``{place}`` (code) and ``{level}``.
        active: Where what is in force is kept for each place, with ``{place}`` and ``{chain}``
            in it; "" keeps nothing. The end of a warning clears it, wherever an earlier notice of
            the same warning had put it, and so does its expiry: that needs MQTT 5.
    """

    kind: Literal["mqtt"] = NAME
    host: Host
    port: Port = 8883
    tls: Literal["off", "implicit"] = "implicit"
    ca: Path | None = None
    user: str = ""
    password: Secret | None = None
    version: Literal["5", "3.1.1"] = "5"
    client: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""
    centre: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")] = "local"
    metadata: str = ""
    body: Literal["wis2", "cap"] = "wis2"
    topic: Topic = TOPIC
    active: Topic | Literal[""] = ""

    @model_validator(mode="after")
    def _safe(self) -> Spec:
        if bool(self.user) != (self.password is not None):
            raise PydanticCustomError("login_half", "give user and password")
        if self.user and self.tls == "off" and self.host not in {"127.0.0.1", "localhost", "::1"}:
            raise PydanticCustomError("login_plain", "a password needs TLS")
        for template, allowed in ((self.topic, _FIELDS), (self.active, _KEPT)):
            if not _filled(template, dict.fromkeys(allowed, "x")):
                raise PydanticCustomError("topic", "it has a placeholder that is not known")
        if self.active and not all(f"{{{name}}}" in self.active for name in _KEPT):
            raise PydanticCustomError("topic", "place and chain are missing")
        if self.active and self.version != "5":
            raise PydanticCustomError("active_version", "nothing kept would expire")
        return self


_FIELDS: Final = ("centre", "place", "level")
_KEPT: Final = ("place", "chain")


def _filled(template: str, values: dict[str, str]) -> str | None:
    try:
        return template.format_map(values) if template else "-"
    except (KeyError, ValueError, IndexError, AttributeError):
        return None


def open(spec: Spec, home: Home | None = None) -> Mqtt:
    """Open the channel; nothing is connected yet.

    Raises:
        Unavailable: The password is not where it should be, or the certificates cannot be read.
    """
    return Mqtt(spec, home or Home(NAME))


class _Post(NamedTuple):
    """One publication."""

    topic: str
    body: bytes
    retain: bool = False
    mime: str = "application/json"
    expiry_s: int = 0


class Mqtt:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home = spec, home
        self._password = spec.password.read(home.folder, "password") if spec.password else ""
        self._trust = None if spec.tls == "off" else trust(spec.ca, home)
        self._line: _Line | None = None

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Publish a batch; each is sent once the broker has confirmed all that belongs to it."""
        end = monotonic() + self._spec.total_s
        line, why = self._connected()
        if line is None:
            return [Outcome(p.key, "failed", why) for p in parcels]
        good = [p for p in parcels if not p.address or _TOPIC.fullmatch(p.address)]
        flying = [(p, [line.publish(post) for post in self._posts(p)]) for p in good]
        done = [Outcome(p.key, "refused", "channel.bad_address") for p in parcels if p not in good]
        for parcel, mids in flying:
            codes = [line.confirmed(mid, end) for mid in mids]
            done.append(_outcome(parcel.key, codes, line.up))
        if any(o.why in {"channel.timeout", "channel.lost"} for o in done):
            # What is still queued would go out later, beside its own repeat.
            self.close()
        return done

    def close(self) -> None:
        """Say good-bye to the broker."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _connected(self) -> tuple[_Line | None, str]:
        if self._line is not None and self._line.up:
            return self._line, ""
        self.close()
        line = _Line(self._spec, self._password, self._trust)
        if why := line.connect(self._spec):
            line.close()
            return None, why
        self._line = line
        return line, ""

    def _posts(self, parcel: Parcel) -> Iterator[_Post]:
        spec, notice = self._spec, read(parcel)
        link = self._home.link_to(parcel.message.identifier)
        places = _places(notice)
        said = {"centre": spec.centre, "level": str(parcel.message.level)}
        body, mime = parcel.message.body, MIME
        if spec.body == "wis2":
            body = notification(
                parcel, notice, centre=spec.centre, link=link, metadata=spec.metadata
            )
            mime = "application/geo+json"
        many = places if "{place}" in spec.topic and places else ["all"]
        for place in many:
            topic = parcel.address or spec.topic.format(place=_level(place), **said)
            yield _Post(topic, body, mime=mime)
        if spec.active:
            yield from (self._kept(parcel, notice, place, link) for place in places)
            yield from (self._gone(parcel, place) for place in _left(parcel, places))

    def _gone(self, parcel: Parcel, place: str) -> _Post:
        topic = self._spec.active.format(place=_level(place), chain=_level(parcel.message.chain))
        return _Post(topic, b"", retain=True)

    def _kept(self, parcel: Parcel, notice: Notice, place: str, link: str) -> _Post:
        message = parcel.message
        topic = self._spec.active.format(place=_level(place), chain=_level(message.chain))
        left = int((message.expires - datetime.now(UTC)).total_seconds())
        if message.kind == "Cancel" or left <= 0:
            return self._gone(parcel, place)
        return _Post(topic, summary(parcel, notice, link), retain=True, expiry_s=left)


def _places(notice: Notice) -> list[str]:
    return [code for area in notice.areas for _, code in area.geocodes]


def _left(parcel: Parcel, places: Sequence[str]) -> list[str]:
    """Places that earlier notices of the warning named and this one does not."""
    earlier = (read(replace(parcel, message=one)) for one in parcel.earlier)
    named = dict.fromkeys(code for notice in earlier for code in _places(notice))
    return [code for code in named if code not in set(places)]


def _level(text: str) -> str:
    """A code as one level of a topic."""
    return "".join("-" if c in "/+#\0" or c.isspace() else c for c in text) or "-"


def _outcome(key: str, codes: Sequence[int | None], up: bool) -> Outcome:
    if None in codes:
        return Outcome(key, "failed", "channel.timeout" if up else "channel.lost")
    bad = [c for c in codes if c is not None and c >= _FAILURE]
    if not bad:
        return Outcome(key, "sent")
    if bad[0] in _NO_TOPIC:
        return Outcome(key, "refused", "channel.rejected")
    return Outcome(key, "failed", "channel.login" if bad[0] in _LOGIN else "channel.not_now")


class _Line:
    """A connection with what it has confirmed."""

    def __init__(self, spec: Spec, password: str, trusted: ssl.SSLContext | None) -> None:
        self._five = spec.version == "5"
        self._change = threading.Condition()
        self._confirmed: dict[int, int] = {}
        self._answer: int | None = None
        self.up = False
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=spec.client,
            protocol=paho.MQTTv5 if self._five else paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = spec.timeout_s
        if spec.user:
            client.username_pw_set(spec.user, password)
        if trusted is not None:
            client.tls_set_context(trusted)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        self._client = client

    def connect(self, spec: Spec) -> str:
        """Connect; code of the problem, "" where it is up."""
        try:
            self._client.connect(spec.host, spec.port, keepalive=30)
        except ssl.SSLError:
            return "channel.tls"
        except TimeoutError:
            return "channel.timeout"
        except (OSError, ValueError):
            return "channel.no_connection"
        self._client.loop_start()
        with self._change:
            self._change.wait_for(lambda: self._answer is not None, spec.timeout_s)
            answer = self._answer
        if answer is None:
            return "channel.timeout"
        if answer >= _FAILURE:
            return "channel.login" if answer in _LOGIN else "channel.not_now"
        return "" if self.up else "channel.garbage"

    def publish(self, post: _Post) -> int | None:
        """Hand a publication to the client; its number, None where it took none."""
        found: Properties | None = None
        if self._five:
            found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            if post.body:
                found.ContentType = post.mime
            if post.expiry_s:
                found.MessageExpiryInterval = post.expiry_s
        try:
            made = self._client.publish(post.topic, post.body, 1, post.retain, found)
        except ValueError:
            return None
        return made.mid if made.rc == paho.MQTT_ERR_SUCCESS else None

    def confirmed(self, mid: int | None, end: float) -> int | None:
        """Reason code of the broker's answer; None where there is none in time.

        Args:
            mid: Number of the publication.
            end: Of waiting, in seconds of the clock that never goes back.
        """
        if mid is None:
            return None
        with self._change:
            self._change.wait_for(
                lambda: mid in self._confirmed or not self.up, max(end - monotonic(), 0.0)
            )
            return self._confirmed.pop(mid, None)

    def close(self) -> None:
        """End the connection and its thread."""
        with suppress(OSError, ValueError):
            self._client.disconnect()
        with suppress(OSError, RuntimeError):
            self._client.loop_stop()

    def _on_connect(self, _c: object, _u: object, _f: object, code: Any, _p: object) -> None:
        with self._change:
            self._answer = int(code.value)
            self.up = not code.is_failure
            self._change.notify_all()

    def _on_disconnect(self, _c: object, _u: object, _f: object, _r: object, _p: object) -> None:
        with self._change:
            self.up = False
            self._answer = 0 if self._answer is None else self._answer
            self._change.notify_all()

    def _on_publish(self, _c: object, _u: object, mid: int, code: Any, _p: object) -> None:
        with self._change:
            self._confirmed[mid] = int(code.value)
            self._change.notify_all()
