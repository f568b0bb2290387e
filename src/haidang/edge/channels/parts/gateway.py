"""Gateways by HTTP: requests and answers as settings describe them, in no vendor's words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec
from haidang.edge.channels.parts.http import Answer, Caller, Limits, Request
from haidang.edge.channels.parts.spec import ChannelSpec, Home, Secret, trust
from haidang.edge.channels.port import Outcome

Template = Annotated[str, StringConstraints(max_length=500)]
_HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LATER: Final = frozenset({408, 425, 429, 503})


class Answers(Spec):
    """How a gateway's answer is read.

    Attributes:
        ok: Values of ``field`` that mean yes; () for any, the HTTP status then says all.
        already: Those that mean that it has this key already.
        never: Those that mean that a repeat will not help.
        field: Where the code stands in a JSON answer: names and numbers joined by points.
        id: Where the gateway's own name of the message stands.
    """

    ok: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    field: str = ""
    id: str = ""


class GatewaySpec(ChannelSpec):
    """Settings of a gateway by HTTP.

    Attributes:
        url: Of the gateway; the settings are trusted, so it may be in our own network.
        body: ``json``, ``form``, or ``query`` for parameters in the address.
        ca: File with the certificates that are believed besides those of the machine's own list.
        secret: Filled in for ``{secret}``.
        headers: Of the request, with placeholders.
        fields: Of the request, with placeholders; ``a.b`` is a field in a field.
        answers: How the answer is read.
        parallel: Requests at once.
        wait_s: A ``Retry-After`` of at most so many seconds is waited for within the batch.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=500)]
    body: Literal["json", "form", "query"] = "json"
    ca: Path | None = None
    secret: Secret | None = None
    headers: dict[str, Template] = Field(default_factory=dict)
    fields: dict[str, Template] = Field(default_factory=dict)
    answers: Answers = Answers()
    parallel: Annotated[int, Field(ge=1, le=64)] = 8
    wait_s: Annotated[float, Field(ge=0, le=30)] = 3.0

    @model_validator(mode="after")
    def _whole(self) -> GatewaySpec:
        if (
            self.secret
            and self.url.startswith("http:")
            and urlsplit(self.url).hostname not in _HERE
        ):
            raise PydanticCustomError("login_plain", "a secret needs TLS")
        known = self.placeholders()
        for template in (*self.headers.values(), *self.fields.values()):
            if not set(_names(template)) <= known:
                raise PydanticCustomError(
                    "placeholder", "there are only {known}", {"known": ", ".join(sorted(known))}
                )
        return self

    @classmethod
    def placeholders(cls) -> frozenset[str]:
        """What may stand between braces."""
        return frozenset({"secret", "key"})


def _names(template: str) -> Iterable[str]:
    try:
        return [n + (f or "") for _, n, f, _ in Formatter().parse(template) if n is not None]
    except ValueError:
        return ["{"]


class Gateway:
    """Fills requests in, sends them and reads answers."""

    def __init__(self, spec: GatewaySpec, home: Home) -> None:
        """Nothing is connected yet.

        Raises:
            Unavailable: The secret is not where it should be.
        """
        self._spec = spec
        self._secret = spec.secret.read(home.folder, "secret") if spec.secret else ""
        self._caller = Caller(
            Limits(spec.timeout_s, spec.total_s, spec.parallel, spec.wait_s),
            trust(spec.ca, home) if spec.ca else None,
        )

    def ask(
        self, said: Iterable[tuple[str, Mapping[str, str], Mapping[str, Any]]]
    ) -> list[Outcome]:
        """Send requests.

        Args:
            said: For each its key, what its placeholders stand for, and fields that are no text.

        Returns:
            An outcome for each, in order.
        """
        asked = list(said)
        requests = [self._request(key, values, more) for key, values, more in asked]
        answers = self._caller.ask(requests)
        return [self._outcome(a[0], answer) for a, answer in zip(asked, answers, strict=True)]

    def close(self) -> None:
        """Close all connections."""
        self._caller.close()

    def _request(self, key: str, values: Mapping[str, str], more: Mapping[str, Any]) -> Request:
        spec = self._spec
        filled = {**values, "key": key, "secret": self._secret}
        headers = {n: _bare(t.format_map(filled)) for n, t in spec.headers.items()}
        headers = {"Idempotency-Key": key, **headers}
        fields = {n: t.format_map(filled) for n, t in spec.fields.items()}
        if spec.body == "json":
            body = json.dumps(_nested({**fields, **more}), ensure_ascii=False).encode()
            return Request("POST", spec.url, body, {"Content-Type": "application/json", **headers})
        coded = urlencode(fields)
        if spec.body == "query":
            joint = "&" if "?" in spec.url else "?"
            return Request("GET", f"{spec.url}{joint}{coded}", b"", headers)
        kind = "application/x-www-form-urlencoded"
        return Request("POST", spec.url, coded.encode(), {"Content-Type": kind, **headers})

    def _outcome(self, key: str, answer: Answer) -> Outcome:
        if answer.why:
            return Outcome(key, "failed", answer.why)
        how, said = self._spec.answers, _read(answer.body)
        code = _at(said, how.field) if how.field else ""
        receipt = _at(said, how.id)[:128] if how.id else ""
        if answer.status in {208, 409} or (code and code in how.already):
            return Outcome(key, "sent", receipt=receipt)
        if code and code in how.never:
            return Outcome(key, "refused", "channel.rejected")
        if answer.status in _LATER:
            return Outcome(key, "failed", "channel.throttled")
        if answer.status in {401, 403}:
            return Outcome(key, "failed", "channel.login")
        if 400 <= answer.status < 500:  # noqa: PLR2004 - HTTP
            return Outcome(key, "refused", "channel.rejected")
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP
            return Outcome(key, "failed", "channel.server_error")
        if how.ok and code not in how.ok:
            lost = "channel.not_now" if code else "channel.garbage"
            return Outcome(key, "failed", lost if answer.whole else "channel.lost")
        return Outcome(key, "sent", receipt=receipt)


def _bare(text: str) -> str:
    """A value of a header: printable ASCII only."""
    return "".join(c for c in text if " " <= c <= "~")


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        inner = made
        for step in above:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return made


def _read(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace").strip()
    return found


def _at(said: object, path: str) -> str:
    """A value of an answer as text; "" where it is not there. The path "." is the whole answer."""
    for step in path.split(".") if path != "." else ():
        if isinstance(said, Mapping):
            said = said.get(step)
        elif isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        else:
            return ""
    if isinstance(said, bool):
        return "true" if said else "false"
    return str(said) if isinstance(said, str | int | float) else ""
