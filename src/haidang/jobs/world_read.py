"""From the bytes of somebody else's message to what the archive keeps of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.edge.feeds.cap_in import AHEAD, Item, broken_promise
from haidang.edge.feeds.cap_settings import FeedSpec
from haidang.edge.store.world import Arrival
from haidang.warn import cap
from haidang.warn.areas import PlaceIndex, cover
from haidang.warn.heard import Signature, areas_of, content, heard

LOG: Final = logging.getLogger("haidang.world")

_EDXL: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?(?:(?!\?>).)*+\?>\s*+|<!--(?:(?!-->).)*+-->\s*+)*"
    rb"<(?:[\w.-]+:)?EDXLDistribution\b",
    re.S,
)
"""An envelope by its root; the word alone may stand in any text."""

_HEAD: Final = 65_536
_UNPROVED: Final = frozenset({"weak_algorithm", "weak_key", "algorithm", "key_missing"})
"""What proves nothing but not the contrary either: CAP 1.2, 3.3.4.1 forbids to refuse for it."""
_SIGNED: Final = b"http://www.w3.org/2000/09/xmldsig#"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of one entry.

    Attributes:
        arrivals: Messages for the archive: one, or as many as an envelope holds.
        problems: What was refused (error) or mended (warning).
        again: Whether to try once more next time: the message is of a time that has not come.
    """

    arrivals: tuple[Arrival, ...] = ()
    problems: tuple[Problem, ...] = ()
    again: bool = False


def open_entry(
    data: bytes,
    item: Item,
    feed: FeedSpec,
    index: PlaceIndex,
    trusted: Sequence[bytes],
    now: datetime,
) -> Opened:
    """Read what an entry led to.

    Args:
        data: A CAP message, or an EDXL-DE envelope with several.
        item: The entry.
        feed: Whose.
        index: Our places.
        trusted: Certificates that are believed for this feed, PEM.
        now: Wall time.

    Returns:
        The messages and every finding; nothing raises, for the next entry is waiting.
    """
    where = item.url or item.id or feed.url
    try:
        inside = cap.unwrap(data) if _EDXL.match(data[:_HEAD]) else (data,)
    except BadData as error:
        return Opened((), _at(error.problems, where))
    except Exception as error:
        return _broken(error, where)
    arrivals: list[Arrival] = []
    problems: list[Problem] = []
    again = False
    for one in inside:
        try:
            made = _message(one, item, feed, index, trusted, now, where)
        except Exception as error:
            made = _broken(error, where)
        arrivals += made.arrivals
        problems += made.problems
        again = again or made.again
    return Opened(tuple(arrivals), tuple(problems), again)


def _broken(error: Exception, where: str) -> Opened:
    """A message that finds a fault of ours must not silence the rest of its feed."""
    LOG.exception("a message broke its reader")
    return Opened((), (Problem("world.broken", {"why": type(error).__name__}, where),))


def _message(
    data: bytes,
    item: Item,
    feed: FeedSpec,
    index: PlaceIndex,
    trusted: Sequence[bytes],
    now: datetime,
    where: str,
) -> Opened:
    try:
        alert = cap.parse(data)
        told = heard(alert, data)
    except BadData as error:
        return Opened((), _at(error.problems, where))
    if told.sent > now + AHEAD:
        at = told.sent.isoformat(timespec="minutes")
        return Opened((), (Problem("world.sent_future", {"at": at}, file=where),), again=True)
    refusal = _unwanted(told.scope, told.sender, feed, where)
    promise = broken_promise(item, told)
    if refusal is not None:
        return Opened((), (refusal,))
    if promise is not None and promise.severity == "error":
        return Opened((), (promise,))
    covered = cover(areas_of(alert), index)
    verdict, signer, found = checked(data, told.content, trusted, now)
    problems = [replace(p, file=where) for p in (*covered.problems, *found)]
    if promise is not None:
        problems.append(promise)
    arrival = Arrival(
        heard=told, data=data, signature=verdict, signer=signer, feed=feed.id,
        url=item.url, entry=item.key, at=now, matches=covered.matches,
    )  # fmt: skip
    return Opened((arrival,), tuple(problems))


def _unwanted(scope: str, sender: str, feed: FeedSpec, where: str) -> Problem | None:
    """Why a message of this feed is not for everybody, or not from whom the feed may speak."""
    if scope != "Public":
        return Problem("world.not_public", {"scope": scope}, file=where)
    if feed.senders and sender not in feed.senders:
        return Problem("world.sender_strange", {"sender": sender[:120]}, file=where)
    return None


def checked(
    data: bytes, says: str, trusted: Sequence[bytes], now: datetime
) -> tuple[Signature, str, tuple[Problem, ...]]:
    """What a message's signature proves.

    Args:
        data: The message.
        says: Hash of what was read from it: the signature must be of just this.
        trusted: Certificates that are believed, PEM.
        now: When it came in.

    Returns:
        The verdict, whose key signed ("" where that is not proven), and why it is not believed.
    """
    if _SIGNED not in data:
        return "unsigned", "", ()
    seen = cap.verify(data, list(trusted) or None, now)
    signer = seen.signers[0].subject if seen.signers and seen.intact else ""
    if not seen.present:
        return "unsigned", "", ()
    wrong = {p.code.removeprefix("sign.") for p in seen.problems if p.severity == "error"}
    if not seen.intact and wrong and wrong <= _UNPROVED:
        return "untrusted", "", ()
    if not seen.intact or content(seen.data) != says:
        return "invalid", "", (Problem("world.signature", {}, severity="warning"),)
    return ("trusted" if seen.trust == "trusted" else "untrusted"), signer, ()


def _at(problems: Sequence[Problem], where: str) -> tuple[Problem, ...]:
    """The first reasons why a message was refused, each with its address."""
    return tuple(
        Problem(p.code, p.params, where, p.row, p.field, "error") for p in tuple(problems)[:5]
    )
