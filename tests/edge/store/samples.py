"""A small make-believe duty: enough of a verdict to fill the store, and the same every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from haidang.app.snapshot import Chain, Snapshot
from haidang.app.verdict import Decision, Draft, Message, Verdict
from haidang.base.ids import content_id
from haidang.data.tracks import Fix
from haidang.edge.store import Store
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset, When
from haidang.warn.decide import Reason, Standing, first
from haidang.warn.lifecycle import Occasion, Said, message_kind
from haidang.warn.message import Text
from haidang.watch.signal import Signal, State

T0 = datetime(2024, 9, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCOPE = "xt/wind"
EVENT = "wind-1"
ANNA, BERT = "aaaaaaaa", "bbbbbbbb"
PLACES = ("01", "02", "03")
DAYS = {"law_day": date(2024, 9, 6), "places_day": date(2024, 9, 6)}


def fix(step: int, **other: object) -> Fix:
    at = T0 + step * HOUR
    plain = Fix(
        event=EVENT,
        issued=at,
        valid=at,
        lat=19.25,
        lon=112.0 - step / 3,
        wind_low=50.1,
        wind_high=52.3,
        kind="analysis",
        error_km=15.0,
        pressure_hpa=None,
        source="service",
        published=at,
        received=at,
        receipt=0,
    )
    return replace(plain, **other)


def deliver(store: Store, step: int) -> int:
    at = T0 + step * HOUR
    rows = [fix(step), fix(step, kind="forecast", valid=at + 12 * HOUR)]
    return store.add_fixes(f"bulletin-{step}", rows, "service", at, at)


def assessment(place: str, at: datetime, level: int, receipt: int) -> Assessment:
    body = Assessment(
        id="",
        threat="wind",
        event=EVENT,
        place=place,
        at=at,
        until=at + 48 * HOUR,
        state=State.RAISED if level else State.QUIET,
        intensity=Interval(10.0, 20.0 + level, 30.0),
        grounds=Grounds(level, "defined", "2a", "42", "act", "wind.levels", "force 10", ""),
        p_level=((level, 0.5),),
        onsets=(Onset(8, 0.6, When(None, at + HOUR, None), When(None, at + 5 * HOUR, None)),),
        impacts=(Impact("people.force_8", "people", None),),
        signals=(
            Signal(
                "bulletin",
                EVENT,
                at,
                State.RAISED,
                51.2,
                float("nan"),
                1.5,
                1.0,
                "track",
                (receipt,) if receipt else (),
            ),
        ),
        receipt=receipt,
        method="toy",
    )
    return replace(body, id=content_id("assessment", [place, at, level, receipt]))


def decide(
    snap: Snapshot,
    places: Sequence[str] = PLACES,
    scope: str = SCOPE,
    given: Mapping[str, int] | None = None,
) -> Verdict:
    """Levels that go up and down with the deliveries, or are given, and what follows from them."""
    stood = {s.place: s for s in snap.standing}
    chains = {c.place: c for c in snap.chains}
    assessments, decisions, levels, drafts = [], [], [], []
    superseded: dict[str, str] = {}
    for index, place in enumerate(places):
        level = (snap.receipt + index) % 4 if given is None else given.get(place, 0)
        judged = assessment(place, snap.now, level, snap.receipt)
        before = stood.get(place, first("wind", EVENT, place, snap.now))
        choice = Decision(
            content_id("decision", [place, snap.now, before.level, level]),
            "wind",
            EVENT,
            place,
            snap.now,
            before.level,
            level,
            level,
            Reason.RAISED if level > before.level else Reason.UNCHANGED,
            "",
            judged.id,
        )
        assessments.append(judged)
        decisions.append(choice)
        levels.append(Standing("wind", EVENT, place, level, snap.now, snap.now))
        draft = word(snap, choice, chains.get(place))
        if draft is not None:
            drafts.append(draft)
            if place in chains and chains[place].pending_id and chains[place].id == draft.chain:
                superseded[chains[place].pending_id] = draft.id
    return Verdict(
        id=content_id("verdict", [scope, snap.now, [d.id for d in decisions]]),
        scope=scope,
        at=snap.now,
        receipt=snap.receipt,
        packs=(("wind", "1.0.0", "abc"),),
        assessments=tuple(assessments),
        decisions=tuple(decisions),
        standing=tuple(levels),
        drafts=tuple(drafts),
        withdrawals=(),
        superseded=superseded,
    )


def word(snap: Snapshot, choice: Decision, chain: Chain | None) -> Draft | None:
    if chain is not None and chain.closed:
        chain = replace(chain, number=chain.number + 1, issued=None, pending=None, version=0)
        chain = replace(chain, id="", pending_id="")
    known = (chain.pending or chain.issued) if chain else None
    if (known.level if known else 0) == choice.after:
        return None
    number = chain.number if chain else 1
    version = (chain.version if chain else 0) + 1
    name = (chain.id if chain else "") or content_id("chain", [choice.place, number])
    why = Occasion.LEVEL_UP if choice.after else Occasion.ALL_CLEAR
    return Draft(
        id=content_id("draft", [name, version, choice.id]),
        chain=name,
        number=number,
        version=version,
        threat="wind",
        event=EVENT,
        place=choice.place,
        at=snap.now,
        kind=message_kind(why, bool(chain and chain.issued)),
        occasion=why,
        said=Said(choice.after, choice.after + 6, None, snap.now + 24 * HOUR),
        decision=choice.id,
        texts=(
            Text("vi", f"Gió mạnh cấp {choice.after}", "Gió đang mạnh lên.", "Hãy ở trong nhà."),
            Text("en", f"Strong wind, level {choice.after}", "Wind grows.", "Stay indoors."),
        ),
        status="Exercise",
        urgency="Expected",
        severity="Severe",
        certainty="Likely",
        responses=("Shelter",),
        onset=None,
        parameters=(("level", str(choice.after)),),
        wakes=False,
        approval=True,
        due=snap.now + HOUR,
    )


def build(draft: Draft, earlier: tuple[Message, ...]) -> Message:
    return Message(
        identifier=f"xt.wind.{draft.id}",
        chain=draft.chain,
        draft=draft.id,
        kind=draft.kind,
        level=draft.said.level,
        sender="duty@xt.example",
        sent=draft.at,
        expires=draft.said.expires,
        body=f"<alert>{draft.texts[0].headline}; {len(earlier)} before</alert>".encode(),
    )


def people(store: Store) -> None:
    store.add_actor("officer", "Anna", "anna@xt.example", ANNA)
    store.add_actor("head", "Bert", "bert@xt.example", BERT)


def run(store: Store, step: int, given: Mapping[str, int] | None = None) -> Verdict:
    """One run of the duty, which may be repeated."""
    now = T0 + step * HOUR
    verdict = decide(store.snapshot(now, scope=SCOPE, **DAYS), given=given)
    store.commit(verdict)
    return verdict


def duty(store: Store, steps: int) -> None:
    """Deliveries, runs, approvals and dispatch; done again after a crash it ends the same."""
    people(store)
    for step in range(steps):
        now = T0 + step * HOUR
        deliver(store, step)
        run(store, step)
        for draft in store.pending():
            if draft.at == now and (step + int(draft.place)) % 2:
                store.sign(draft.id, ANNA, "officer", now)
                store.approve(draft.id, BERT, "head", now, build, ("feed", "mail"))
        for key, _, _ in store.outbox_due(10):
            store.attempted(key, ok=True)
