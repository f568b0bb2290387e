"""What our own desks have issued, asked in the same words as other people's warnings."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import shapely

from haidang.app.verdict import Draft, Message
from haidang.base.errors import HaidangError, NotFound
from haidang.base.problem import Problem
from haidang.edge.store.store import Store
from haidang.edge.store.world_ask import MOST, Ask
from haidang.jobs.desk_files import DeskInfo
from haidang.jobs.replay import DATABASE
from haidang.jobs.world_ask import shape_of
from haidang.warn.heard import State


@dataclass(frozen=True, slots=True)
class Ours:
    """A notice of ours as the archive's questions see it.

    Attributes:
        desk: Where it was approved.
        country: Of the desk.
        state: As of the instant that was asked for.
    """

    desk: str
    country: str
    message: Message
    draft: Draft
    state: State = "in_force"

    @property
    def severity(self) -> str:
        """In CAP's word, as the message itself says it."""
        return self.draft.severity


_kept: dict[Path, tuple[tuple[int, ...], tuple[Ours, ...]]] = {}
_guard: Final = threading.Lock()


def issued(desks: Iterable[DeskInfo]) -> tuple[Ours, ...]:
    """Every notice that the desks have issued, the newest first.

    Args:
        desks: Whose; one whose store cannot be read is left out (its own page says why).
    """
    found = [one for info in desks for one in _of(info)]
    return tuple(sorted(found, key=lambda o: (o.message.sent, o.message.identifier), reverse=True))


def _of(info: DeskInfo) -> tuple[Ours, ...]:
    """Of one desk; read again only when its store has changed."""
    file = info.folder / DATABASE
    mark = tuple(
        n for f in (file, file.with_name(file.name + "-wal")) if f.is_file()
        for n in (f.stat().st_mtime_ns, f.stat().st_size)
    )  # fmt: skip
    with _guard:
        known = _kept.get(file)
    if known is not None and known[0] == mark:
        return known[1]
    try:
        with Store.open(file, check=False, create=False) as store:
            drafts = {d.id: d for d in store.drafts()}
            made = tuple(Ours(info.id, info.country, m, drafts[m.draft]) for m in store.messages())
    except HaidangError:
        return ()
    with _guard:
        _kept[file] = (mark, made)
    return made


def stated(found: Sequence[Ours], now: datetime) -> tuple[Ours, ...]:
    """Each with its state at an instant; what was sent later is left out.

    A message ends the one before it in its chain. A Cancel cancels, and so does an end that a
    person gave it; one that has run out has expired and was not cancelled.
    """
    chains: dict[tuple[str, str], list[Ours]] = {}
    for one in found:
        if one.message.sent <= now:
            chains.setdefault((one.desk, one.message.chain), []).append(one)
    states: dict[str, State] = {}
    for chain in chains.values():
        chain.sort(key=lambda o: (o.message.sent, o.draft.version))
        for one, after in zip(chain, [*chain[1:], None], strict=True):
            states[one.message.identifier] = _state(one, after, now)
    return tuple(
        replace(o, state=states[o.message.identifier])
        for o in found
        if o.message.identifier in states
    )


def _state(one: Ours, after: Ours | None, now: datetime) -> State:
    if one.message.kind == "Cancel":
        return "ending"
    if after is not None:
        return "cancelled" if after.message.kind == "Cancel" else "replaced"
    return "expired" if one.message.expires <= now else "in_force"


def answered(found: Sequence[Ours], question: Ask) -> tuple[Ours, ...]:
    """Those of a list that a question asks for, whatever page of it."""

    def fits(one: Ours) -> bool:
        draft, message = one.draft, one.message
        words = [draft.threat, draft.event, *(t.headline for t in draft.texts)]
        hazard = question.hazard.lower()
        return (
            (not question.places or draft.place in question.places)
            and (question.start is None or message.sent >= question.start)
            and (question.end is None or message.sent < question.end)
            and (not hazard or any(hazard in w.lower() for w in words))
            and question.sender.lower() in message.sender.lower()
            and (not question.severity or one.severity in question.severity)
            and (not question.state or one.state in question.state)
            and (not question.feeds or one.desk in question.feeds)
        )

    return tuple(one for one in found if fits(one))


def page_of(found: Sequence[Ours], question: Ask) -> tuple[tuple[Ours, ...], int | None]:
    """One page of an answer; ``before`` counts from the oldest: new notices shift nothing."""
    numbered = list(zip(range(len(found), 0, -1), found, strict=True))
    if question.before is not None:
        numbered = [(n, o) for n, o in numbered if n < question.before]
    limit = max(1, min(question.limit, MOST))
    page = numbered[:limit]
    more = page[-1][0] if page and len(numbered) > limit else None
    return tuple(o for _, o in page), more


def one_of(found: Iterable[Ours], identifier: str) -> Ours:
    """A notice by its identifier.

    Raises:
        NotFound: ``world.no_notice``.
    """
    for one in found:
        if one.message.identifier == identifier:
            return one
    raise NotFound(Problem("world.no_notice", {"id": identifier[:120]}))


def ours_json(one: Ours, link: str) -> dict[str, Any]:
    """A notice for programs, its level on our own scale beside CAP's words."""
    message, draft = one.message, one.draft
    return {
        "identifier": message.identifier,
        "desk": one.desk,
        "chain": message.chain,
        "sender": message.sender,
        "sent": _stamp(message.sent),
        "status": draft.status,
        "kind": message.kind,
        "state": one.state,
        "threat": draft.threat,
        "event": draft.event,
        "place": draft.place,
        "level": message.level,
        "severity": draft.severity,
        "urgency": draft.urgency,
        "certainty": draft.certainty,
        "onset": _stamp(draft.onset) if draft.onset else None,
        "expires": _stamp(message.expires),
        "headlines": {t.language: t.headline for t in draft.texts},
        "sha256": hashlib.sha256(message.body).hexdigest(),
        "cap": link.format(id=message.identifier),
    }


def ours_geojson(found: Sequence[Ours], link: str) -> list[dict[str, Any]]:
    """Notices as features of a map."""
    out = []
    for one in found:
        shape = shape_of(one.message.body)
        geometry = None if shape.is_empty else json.loads(shapely.to_geojson(shape))
        out.append({"type": "Feature", "id": one.message.identifier, "geometry": geometry,
                    "properties": ours_json(one, link)})  # fmt: skip
    return out


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
