"""Short messages through a gateway by HTTP, in whatever words that gateway has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from haidang.base.spec import Spec as Section
from haidang.edge.channels.parts.gateway import Gateway, GatewaySpec
from haidang.edge.channels.parts.sms import Reported, SmsSpec, number, short
from haidang.edge.channels.parts.spec import Home, safe
from haidang.edge.channels.port import Outcome, Parcel
from haidang.warn.short import septets

NAME: Final = "sms_http"
PUBLIC: Final = False
"""It speaks to recipients, each at an address."""
PERSON: Final = True
"""A person reads what it brings: of two notices of one danger they get one."""


class Reports(Section):
    """How the gateway's word of delivery is read.

    Attributes:
        id: Name of the parameter with the gateway's name of the message.
        state: Name of the parameter with its state.
        delivered: Values that mean that the phone has it.
        never: Values that mean that it never will.
        failed: Values that mean that it may be tried again.
    """

    id: str = "id"
    state: str = "status"
    delivered: tuple[str, ...] = ("DELIVRD", "delivered")
    never: tuple[str, ...] = ("UNDELIV", "REJECTD", "rejected")
    failed: tuple[str, ...] = ("EXPIRED", "expired", "failed")


class Spec(SmsSpec, GatewaySpec):
    """Settings of a gateway of short messages.

    Attributes:
        kind: ``sms_http``.
        sender: Filled in for ``{sender}``: the name or number that phones show.
        fields: Of the request; placeholders are ``{to}``, ``{text}``, ``{key}``, ``{sender}``,
            ``{parts}``, ``{coding}`` (``gsm`` or ``ucs2``) and ``{secret}``.
        reports: How its word of delivery is read.
    """

    kind: Literal["sms_http"] = NAME
    sender: str = ""
    reports: Reports = Reports()

    @classmethod
    def placeholders(cls) -> frozenset[str]:
        """What may stand between braces."""
        return frozenset({"secret", "key", "to", "text", "sender", "parts", "coding"})


def open(spec: Spec, home: Home | None = None) -> SmsHttp:
    """Open the channel; nothing is connected yet.

    Raises:
        Unavailable: The secret is not where it should be.
    """
    return SmsHttp(spec, home or Home(NAME))


def unfit(spec: Spec, address: str) -> str:
    """Why it can never send to an address, as far as the address alone tells; "" where it may."""
    return "channel.bad_address" if number(address, spec.prefix) is None else ""


class SmsHttp:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home = spec, home
        self._gateway = Gateway(spec, home)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Hand a batch to the gateway."""
        done: list[Outcome] = []
        keys: list[str] = []
        said: list[tuple[str, Mapping[str, str], Mapping[str, Any]]] = []
        for parcel in parcels:
            to = number(parcel.address, self._spec.prefix)
            if to is None:
                done.append(Outcome(parcel.key, "refused", "channel.bad_address"))
                continue
            made = short(parcel, self._spec, self._home)
            if made.parts > self._spec.parts:
                done.append(Outcome(parcel.key, "refused", "channel.too_long"))
                continue
            keys.append(parcel.key)
            coding = "ucs2" if septets(made.text) is None else "gsm"
            values = {
                "to": to, "text": made.text, "sender": self._spec.sender,
                "parts": str(made.parts), "coding": coding,
            }  # fmt: skip
            said.append((safe(parcel.key), values, {}))
        found = self._gateway.ask(said)
        return done + [o._replace(key=k) for k, o in zip(keys, found, strict=True)]

    def close(self) -> None:
        """Close all connections."""
        self._gateway.close()


def report(spec: Spec, given: Mapping[str, str]) -> Reported | None:
    """What a gateway's call back says.

    Args:
        spec: Settings of the channel that it belongs to.
        given: Parameters of the call.

    Returns:
        None where it says nothing final, or nothing that the settings know.
    """
    how = spec.reports
    receipt, state = given.get(how.id, "")[:128], given.get(how.state, "")
    if not receipt:
        return None
    if state in how.delivered:
        return Reported(receipt, "delivered")
    if state in how.never:
        return Reported(receipt, "refused", "channel.rejected")
    if state in how.failed:
        return Reported(receipt, "failed", "channel.not_delivered")
    return None
