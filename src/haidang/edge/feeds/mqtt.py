"""Readings over MQTT: nothing that was accepted is lost, nothing is taken faster than it is kept.

At QoS 1 a message is acknowledged by hand, after its reading is stored; until then the broker
keeps it under our name and sends it again. How many may be under way unacknowledged is told to
the broker when we connect (MQTT 5.0, section 3.1.2.11.3, Receive Maximum), so it stops sending
when we do not keep up. Beyond that the queue is bounded, and the line is not read while it is full.
"""

from __future__ import annotations

import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.sensors import FILE, BrokerSpec, Heard, LimitsSpec

DROPPED: Final = "$SYS/broker/publish/messages/dropped"
"""Where Mosquitto tells how many messages it threw away: the one loss that we cannot prevent."""

_STALLED_S: Final = 0.5


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """A session at a broker, and what came in over it and waits to be stored.

    The client's own thread reads; one other thread takes and acknowledges.

    Attributes:
        connected: Whether the line stands, and the broker has taken what we want to hear.
        refused: Why the broker turned us away, "" while it did not.
        unheard: Topics of ours that it will not let us hear, each with what it says.
        failed: Why the broker could not be reached at the last try, "" once it was: nobody is
            there, the name is unknown, or its certificate is not believed.
        dropped: Messages that the broker says it threw away, of anybody's; None where it says
            nothing.
        reconnects: How often the line was lost.
    """

    def __init__(
        self,
        broker: BrokerSpec,
        filters: Sequence[str],
        limits: LimitsSpec,
        folder: Path,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Prepare a session; ``open`` begins it.

        Args:
            broker: Where, and as whom.
            filters: Topics to subscribe to.
            limits: How much may wait.
            folder: Where files of passwords and certificates lie.
            clock: Tells when a message came in.

        Raises:
            BadData: The password is not where the settings say.
            Unavailable: A certificate cannot be read (``sensors.tls``).
        """
        self.connected = False
        self.refused = ""
        self.unheard: tuple[str, ...] = ()
        self.failed = ""
        self.dropped: int | None = None
        self.reconnects = 0
        self._broker = broker
        self._filters = tuple(dict.fromkeys(filters))
        self._limits = limits
        self._clock = clock
        self._queue: deque[Heard] = deque()
        self._ready = threading.Condition()
        self._connection = 0
        self._closing = False
        self._client = self._made(folder)

    def _made(self, folder: Path) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client,
            protocol=paho.MQTTv5,
            manual_ack=True,
        )
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password(folder))
        if (tls := self._broker.tls) is not None:
            try:
                context = ssl.create_default_context(cafile=_file(folder, tls.ca))
                if tls.certificate:
                    key = _file(folder, tls.key)
                    context.load_cert_chain(str(_file(folder, tls.certificate)), key)
            except (OSError, ssl.SSLError) as err:
                raise Unavailable(Problem("sensors.tls", {"why": err}, file=FILE)) from err
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.reconnect_delay_set(1, 30)
        return client

    def open(self) -> None:
        """Begin the session; where the broker is away it is tried again for ever.

        A name that cannot be resolved now may be later: that is no error either, and is told.
        """
        wanted: Any = cast(Any, Properties)(PacketTypes.CONNECT)
        wanted.SessionExpiryInterval = int(self._broker.session_h * 3600)
        wanted.ReceiveMaximum = self._broker.in_flight
        self._client.connect_async(
            self._broker.host,
            self._broker.port,
            keepalive=self._broker.keepalive_s,
            clean_start=False,
            properties=wanted,
        )
        self._client.loop_start()

    def close(self) -> None:
        """End the connection; the broker keeps the session, and what comes in meanwhile."""
        with self._ready:
            self._closing = True
            self._ready.notify_all()
        self._client.disconnect()
        self._client.loop_stop()

    def __len__(self) -> int:
        return len(self._queue)

    def take(self, wait_s: float, most: int) -> list[Heard]:
        """What has come in, oldest first; waits for the first so long, and for no other.

        Args:
            wait_s: Longest wait, s.
            most: At most so many.
        """
        with self._ready:
            if not self._queue and wait_s > 0:
                self._ready.wait_for(lambda: bool(self._queue) or self._closing, wait_s)
            found = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
            self._ready.notify_all()
        return found

    def done(self, heard: Sequence[Heard]) -> None:
        """Tell the broker that these are stored.

        One that came over an earlier connection is left: the broker sends it again, and the number
        it had may be another's by now.
        """
        for one in heard:
            connection, packet, qos = one.ticket
            if qos and connection == self._connection:
                self._client.ack(packet, qos)

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any
    ) -> None:
        if code.is_failure:
            self.refused = str(code)
            return
        # What waits from the line that is gone is kept all the same: a broker that forgot our
        # session does not send it again, and from one that did not forget it is a duplicate.
        self._connection += 1
        self.refused, self.failed = "", ""
        options = SubscribeOptions(qos=1)
        wanted = [(name, options) for name in self._filters]
        client.subscribe([*wanted, (DROPPED, SubscribeOptions(qos=0))])

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, codes: Sequence[Any], _properties: Any
    ) -> None:
        """Not before this does a broker that does not know us keep anything for us."""
        said = zip(self._filters, codes, strict=False)  # the last one is not ours to hear
        self.unheard = tuple(f"{name} ({code})" for name, code in said if code.is_failure)
        self.connected = True

    def _on_connect_fail(self, *_: Any) -> None:
        # It is called while what went wrong is handled, and is not told what that was.
        self.failed = str(sys.exc_info()[1] or "-")[:200]

    def _on_disconnect(self, *_: Any) -> None:
        if self.connected:
            self.reconnects += 1
        self.connected = False

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic == DROPPED:
            text = message.payload.decode("ascii", "replace")
            self.dropped = int(text) if text.isdecimal() else None
            return
        heard = Heard(
            topic=message.topic,
            payload=bytes(message.payload),
            received=self._clock(),
            retained=bool(message.retain),
            again=bool(message.dup),
            ticket=(self._connection, message.mid, message.qos),
        )
        with self._ready:
            # Blocking here stops the reading of the line: the broker feels it, and waits.
            while len(self._queue) >= self._limits.queue and not self._closing:
                self._ready.wait(_STALLED_S)
            self._queue.append(heard)
            self._ready.notify_all()

    def wait_connected(self, seconds: float) -> bool:
        """Whether the line stands within so many seconds."""
        latest = time.monotonic() + seconds
        while not self.connected and time.monotonic() < latest:
            time.sleep(0.01)
        return self.connected


def _file(folder: Path, name: str) -> str | None:
    return str(folder / name) if name else None
