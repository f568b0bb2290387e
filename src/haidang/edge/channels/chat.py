"""Messages to chats: the way of Telegram's bots, and the way of Zalo's official accounts.

The address is the chat's id; the token is a secret and stands in no error. Neither service knows
a key of ours, so a message that was taken and not confirmed is shown again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from haidang.edge.channels.parts.http import Answer, Caller, Limits, Request
from haidang.edge.channels.parts.notice import Notice, read
from haidang.edge.channels.parts.spec import ChannelSpec, Home, Secret, safe
from haidang.edge.channels.port import Outcome, Parcel
from haidang.warn.message import moment
from haidang.warn.readability import sentences
from haidang.words import word

NAME: Final = "chat"
PUBLIC: Final = False
"""It speaks to recipients, each at an address."""
PERSON: Final = True
"""A person reads what it brings: of two notices of one danger they get one."""

_ID: Final = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{3,64}")
_MARKS: Final = re.compile(r"([_*\[\]()~`>#+\-=|{}.!\\])")
"""What MarkdownV2 of Telegram's Bot API takes for marks anywhere in a text."""
_LONGEST: Final = {"telegram": 4096, "zalo": 2000}
"""Letters of one message."""
_PLACES: Final = {
    "telegram": "https://api.telegram.org",
    "zalo": "https://openapi.zalo.me/v3.0/oa/message/cs",
}


class Spec(ChannelSpec):
    """Settings of a chat service.

    Attributes:
        kind: ``chat``.
        style: ``telegram`` or ``zalo``: whose way of asking and answering.
        url: Of the service; "" for the style's own. Another one for a gateway that speaks alike.
        token: Of the bot or the official account.
        never: Codes of an answer that mean that this chat cannot be written to: Zalo's, as
            numbers in ``error``; Telegram's 400 and 403 always do.
        later: Codes that ask for patience.
        login: Codes that mean that the token is not, or no longer, good.
        parallel: Requests at once; these services allow about 30 a second.
        wait_s: A ``retry_after`` of at most so many seconds is waited for within the batch.
    """

    kind: Literal["chat"] = NAME
    style: Literal["telegram", "zalo"]
    url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s@]+)?$")] = ""
    token: Secret
    never: tuple[int, ...] = (-213, -217, -227, -230, -232, -233, -234)
    later: tuple[int, ...] = (-32, -211)
    login: tuple[int, ...] = (-124, -216, -220)
    parallel: Annotated[int, Field(ge=1, le=30)] = 8
    wait_s: Annotated[float, Field(ge=0, le=30)] = 5.0


def open(spec: Spec, home: Home | None = None) -> Chat:
    """Open the channel; nothing is connected yet.

    Raises:
        Unavailable: The token is not where it should be.
    """
    return Chat(spec, home or Home(NAME))


def unfit(spec: Spec, address: str) -> str:
    """Why it can never send to an address, as far as the address alone tells; "" where it may."""
    del spec
    return "channel.bad_address" if _ID.fullmatch(address) is None else ""


class Chat:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home = spec, home
        self._token = spec.token.read(home.folder, "token")
        limits = Limits(spec.timeout_s, spec.total_s, spec.parallel, spec.wait_s)
        self._caller = Caller(limits, waits=_patience)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Write to every chat."""
        good = [p for p in parcels if _ID.fullmatch(p.address)]
        answers = self._caller.ask([self._request(p) for p in good])
        done = [self._outcome(p.key, a) for p, a in zip(good, answers, strict=True)]
        bad = (p for p in parcels if not _ID.fullmatch(p.address))
        return [*done, *(Outcome(p.key, "refused", "channel.bad_address") for p in bad)]

    def close(self) -> None:
        """Close all connections."""
        self._caller.close()

    def _request(self, parcel: Parcel) -> Request:
        spec = self._spec
        url = (spec.url or _PLACES[spec.style]).rstrip("/")
        link = self._home.link_to(parcel.message.identifier)
        said = written(read(parcel), link, marked=spec.style == "telegram")
        headers = {"Content-Type": "application/json", "Idempotency-Key": safe(parcel.key)}
        body: dict[str, Any]
        if spec.style == "telegram":
            url = f"{url}/bot{self._token}/sendMessage"
            body = {
                "chat_id": parcel.address, "text": said, "parse_mode": "MarkdownV2",
                "disable_notification": not parcel.wakes,
            }  # fmt: skip
        else:
            headers["access_token"] = self._token
            body = {"recipient": {"user_id": parcel.address}, "message": {"text": said}}
        return Request("POST", url, json.dumps(body, ensure_ascii=False).encode(), headers)

    def _outcome(self, key: str, answer: Answer) -> Outcome:
        if answer.why:
            return Outcome(key, "failed", answer.why)
        said = _object(answer)
        code = said.get("error_code" if self._spec.style == "telegram" else "error")
        code = code if isinstance(code, int) else answer.status if answer.status >= 400 else 0  # noqa: PLR2004
        if answer.status == 429 or code == 429 or code in self._spec.later:  # noqa: PLR2004 - HTTP
            return Outcome(key, "failed", "channel.throttled")
        if code in {401, 404} or code in self._spec.login:
            return Outcome(key, "failed", "channel.login")
        if code in {400, 403} or code in self._spec.never:
            return Outcome(key, "refused", "channel.blocked")
        if code or answer.status >= 300:  # noqa: PLR2004 - HTTP
            return Outcome(key, "failed", "channel.server_error")
        if said.get("ok") is not True and said.get("error") != 0:
            return Outcome(key, "failed", "channel.garbage" if answer.whole else "channel.lost")
        inner = said.get("result") or said.get("data")
        name = inner.get("message_id", "") if isinstance(inner, dict) else ""
        return Outcome(key, "sent", receipt=str(name)[:64])


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _patience(answer: Answer) -> float:
    """``parameters.retry_after`` of an answer, s."""
    if answer.status != 429:  # noqa: PLR2004 - HTTP
        return 0.0
    inner = _object(answer).get("parameters")
    wait = inner.get("retry_after") if isinstance(inner, dict) else 0
    return float(wait) if isinstance(wait, int) and 0 < wait < 1e6 else 0.0  # noqa: PLR2004


def escaped(text: str) -> str:
    r"""A text in which nothing is a mark, whatever a notice says.

    >>> print(escaped("cấp 4 (rất lớn). [x](y)"))
    cấp 4 \(rất lớn\)\. \[x\]\(y\)
    """
    return _MARKS.sub(r"\\\1", text)


def written(notice: Notice, link: str, *, marked: bool) -> str:
    """A notice as one message: headline, what goes on, what to do, then what happens if it fits.

    Args:
        notice: What it says.
        link: Where it can be read; "" for nowhere.
        marked: In MarkdownV2, else plain.
    """
    write = escaped if marked else str
    most = _LONGEST["telegram" if marked else "zalo"]
    zone = notice.expires.tzinfo
    assert zone is not None
    language = notice.language
    foot = [word("channel.valid_until", language, time=moment(notice.expires, language, zone))]
    if link:
        foot.append(word("channel.read_at", language, link=link))
    if notice.sender:
        foot.append(notice.sender)
    head = f"*{escaped(notice.headline)}*" if marked else notice.headline
    end = write("\n".join(foot))
    still = f"{write(' '.join(notice.still))}\n\n" if notice.still else ""
    fixed = f"{head}\n\n{still}{write(notice.instruction)}\n\n"
    more = ""
    for sentence in sentences(notice.description):
        longer = f"{more} {write(sentence)}".strip()
        if len(f"{fixed}{longer}\n\n{end}") > most:
            break
        more = longer
    return f"{fixed}{more}\n\n{end}" if more else f"{fixed}{end}"
