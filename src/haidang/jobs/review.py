"""Gather the review of a played event: what its store holds, beside what was found afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

import numpy as np

from haidang.app.assess_track import rule
from haidang.app.context import Context
from haidang.base.wind import convert_maximum
from haidang.data.tracks import Tracks
from haidang.edge.store.store import Store
from haidang.jobs import verify
from haidang.jobs.desk import Desk
from haidang.jobs.replay import Played, Step, key_of
from haidang.jobs.score import score
from haidang.pack.case import Case
from haidang.pack.review import read_facts
from haidang.respond.plan import Plan
from haidang.review import damage as houses
from haidang.review import timeliness
from haidang.review.book import Absent, Part, Review
from haidang.review.damage import Measure
from haidang.review.facts import Facts
from haidang.review.not_modelled import Share, shares
from haidang.review.timeline import Event, timeline
from haidang.review.tolls import tolls
from haidang.review.winds import Basis, WindRow, wind_row
from haidang.risk.assessment import Assessment, Impact, Interval
from haidang.risk.cyclone import WindOutlook, impacts, outlook
from haidang.risk.hazards.holland_pressure import steady_tracks
from haidang.risk.hazards.track_ensemble import Ensemble, backbone, members
from haidang.risk.hazards.tropical_cyclone import swath

LAND = frozenset({"province", "commune"})
SEA = "sea"
PLANNED = ("tasks", "needs", "grants", "unmet")
"""Figures of a plan that its line of the ledger holds."""


@dataclass(frozen=True)
class _Truth:
    """What the track as found out afterwards gives.

    Attributes:
        track: That track.
        wind: Its wind over the areas.
        onsets: First time of each force by area; None where it never came.
        levels: What the law gives for that wind, by area.
        landfall: See ``verify.landfall``.
    """

    track: Ensemble
    wind: WindOutlook
    onsets: Mapping[str, Mapping[int, datetime | None]]
    levels: Mapping[str, int | None]
    landfall: datetime | None


@dataclass(frozen=True)
class _Kept:
    """What the store holds."""

    events: tuple[Event, ...]
    assessments: tuple[Assessment, ...]
    plans: tuple[Plan, ...]


def review(
    played: Played,
    store: Store | None = None,
    *,
    scripted: bool | None = None,
    over: bool = True,
) -> Review:
    """Review a played case.

    Args:
        played: From ``replay.play``; a case that is only half played gives what there is.
        store: Its store, if it is open already.
        scripted: Whether the people of the case acted by its script, as in a replay, or it was
            played by people; None takes a case with officers as scripted.
        over: The event is over, so that its warnings can be held against what came.

    Returns:
        Every part that can be answered; each that cannot is named with its reason.

    Raises:
        BadPack, BadData: The facts or the track found afterwards cannot be read at all.
    """
    if store is None:
        with Store.open(played.database, check=False) as opened:
            return review(played, opened, scripted=scripted, over=over)
    case, context = played.case, played.context
    country = context.country.places.gazetteer
    facts, _ = read_facts(case.spec.review, case.folder, country, context.country.spec.languages)
    tracked = context.pack.threat.tracked
    kept = _kept(store, case, played.steps, tracked=tracked)
    truth = _truth(case, context) if tracked else None
    by_issue = verify.outlooks(kept.assessments, verify.published(played))
    bulletin = _last_bulletin(played.steps, truth)
    found = _found(facts, truth, case)
    scripted = bool(case.spec.officers) if scripted is None else scripted
    onsets = truth.onsets if truth else {}
    landfall = truth.landfall if truth else None
    book = Review(
        case=case.spec.id,
        places_on=case.spec.places_on,
        scripted=scripted,
        timeline=timeline([*kept.events, *found]),
        # Hours before a wind: of what is counted or read there are none to be early or late for.
        leads=()
        if not tracked
        else timeliness.leads(
            kept.events,
            tuple(_kinds(context)),
            [k for k in context.pack.binding.levels if k],
            truth.levels if truth else {},
            onsets,
            landfall,
        ),
        handling=timeliness.handling(kept.events, scripted=scripted),
        orders=_orders(facts, kept, case, context, onsets),
        announced=verify.announced(played, by_issue),
        verification=verify.verify(case, context, by_issue) if tracked else (),
        winds=_winds(facts, truth, played.steps, bulletin, context),
        counted=(),
        houses=(),
        tolls=tolls(facts.reports) if facts else (),
        not_modelled=_not_modelled(facts),
        absent=(),
        names=_names(facts, context),
        codes_on=facts.day if facts else None,
        landfall=landfall,
        last_bulletin=bulletin,
        sources=facts.sources if facts else {},
        warned=score(played, store).rows if over else (),
    )
    if not tracked:
        why = "absent_counted" if context.pack.threat.counted else "absent_readings"
        parts = [p for p in get_args(Part) if not getattr(book, p)]
        gone = tuple(Absent(p, _reason(p, why, told=facts is not None)) for p in parts)
        return replace(book, absent=gone)
    book = _with_houses(book, facts, truth, kept, bulletin, context)
    return replace(book, absent=tuple(_absent(book, facts, truth, case)))


def review_desk(desk: Desk) -> Review:
    """Review what a desk holds so far; in a drill the people are people, not a script.

    Args:
        desk: Any kind; it is only read.
    """
    played = Played(desk.case, desk.context, desk.folder, desk.steps, ())
    scripted = None if desk.kind == "replay" else False
    return review(played, desk.store, scripted=scripted, over=desk.kind != "live")


def _kinds(context: Context) -> Iterator[tuple[str, str]]:
    return zip(context.areas.codes, context.areas.kinds, strict=True)


# ── what the store holds ────────────────────────────────────────────────────────────────────────


def _kept(store: Store, case: Case, steps: Sequence[Step], *, tracked: bool) -> _Kept:
    """The ledger and the deliveries as events."""
    assessments = store.assessments()
    bulletin: dict[str, datetime] = {a.id: a.signals[0].start for a in assessments if a.signals}
    if not tracked:
        # A signal begins with the period that it tells of, which is not when it was published.
        published = {s.now: s.issued for s in steps if s.issued is not None}
        bulletin = {a.id: published[a.at] for a in assessments if a.at in published}
    decided = {d.id: d for d in store.decisions()}
    drafts = {d.id: d for d in store.drafts()}
    plans = store.plans()
    tasks = {task.id: task for plan in plans for task in plan.tasks}
    wall = store.walls()
    received = {d.key: d.received for d in store.deliveries("")}
    events = [
        Event(received[key], "bulletin", bulletin=step.issued, id=key)
        for step in steps
        if step.issued is not None and (key := key_of(case, step.issued)) in received
    ]
    for entry in store.ledger():
        body = json.loads(entry.body)
        event = Event(entry.at, entry.kind, recorded=wall.get(entry.seq))
        if entry.kind == "decision":
            one = decided[body["id"]]
            event = replace(
                event,
                place=one.place,
                id=one.id,
                before=one.before,
                level=one.after,
                reason=one.reason.value,
                bulletin=bulletin.get(one.assessment),
            )
        elif (name := body["id"] if entry.kind == "draft" else body.get("draft")) in drafts:
            draft = drafts[name]
            basis = decided.get(draft.decision)
            event = replace(
                event,
                place=draft.place,
                id=str(body.get("identifier", draft.id)),
                draft=draft.id,
                level=draft.said.level,
                reason=draft.occasion.value,
                role=str(body.get("role", "")),
                bulletin=bulletin.get(basis.assessment) if basis else None,
            )
        elif (task := tasks.get(str(body.get("task")))) is not None:
            event = replace(
                event,
                place=task.place,
                id=task.id,
                level=task.level,
                reason=task.spec,
                role=str(body.get("role", "")),
            )
        else:
            event = replace(
                event,
                id=str(body.get("id", body.get("verdict", ""))),
                role=str(body.get("role", "")),
                numbers={k: body[k] for k in PLANNED if k in body},
            )
        events.append(event)
    return _Kept(tuple(events), assessments, plans)


# ── what was found afterwards ───────────────────────────────────────────────────────────────────


def _truth(case: Case, context: Context) -> _Truth | None:
    if case.truth() is None:
        return None
    track = verify.truth_ensemble(case, context)
    spec = context.pack.threat.wind
    wind = outlook(track, context.areas, spec)
    onsets = {
        code: {force: _when(wind, i, k) for k, force in enumerate(spec.forces)}
        for i, code in enumerate(context.areas.codes)
    }
    strongest = wind.swath.area_max[0]
    levels = {c: rule(context, i, float(strongest[i])).level for i, c in enumerate(onsets)}
    return _Truth(track, wind, onsets, levels, verify.landfall(track, context))


def _when(wind: WindOutlook, area: int, force: int) -> datetime | None:
    step = int(wind.swath.first[0, area, force])
    # The track that is found afterwards is laid out by the hour, whatever the pack's own step.
    return None if step < 0 else wind.start + timedelta(hours=step)


def _last_bulletin(steps: Sequence[Step], truth: _Truth | None) -> datetime | None:
    """Time of issue of the last bulletin before landfall that a forecast can be made of."""
    if truth is None or truth.landfall is None:
        return None
    known = [
        s.issued
        for s in steps
        if s.issued is not None
        and s.issued < truth.landfall
        and any(f.kind == "analysis" for f in s.fixes)
    ]
    return max(known, default=None)


def _found(facts: Facts | None, truth: _Truth | None, case: Case) -> Iterator[Event]:
    """What really happened, as events: nothing of it was read by any run."""
    if truth is not None and truth.landfall is not None:
        yield Event(truth.landfall, "landfall", text=case.spec.truth.source)  # type: ignore[union-attr]
    if facts is None:
        return
    for order in facts.orders:
        if order.at is not None:
            yield Event(order.at, "ordered", order.place, reason=order.act, text=order.text)
    for report in facts.reports:
        if report.at is not None:
            figures = {
                name: value
                for name in ("dead", "missing", "total", "injured", "houses")
                if (value := getattr(report, name)) is not None
            }
            yield Event(report.at, "reported", numbers=figures, text=report.note)


def _orders(
    facts: Facts | None,
    kept: _Kept,
    case: Case,
    context: Context,
    onsets: Mapping[str, Mapping[int, datetime | None]],
) -> tuple[timeliness.OrderRow, ...]:
    if facts is None:
        return ()
    return timeliness.orders(
        facts.orders,
        kept.events,
        kept.plans,
        facts.tasks,
        context.country.places.gazetteer,
        facts.day,
        case.spec.places_on,
        nearest_waters(context),
        onsets,
    )


def nearest_waters(context: Context) -> dict[str, str]:
    """The sea area nearest to each area on land, by the cells of both.

    Boats of a province are warned by the notice of the waters where they are. No list says which
    waters those are, so the nearest stand for them.
    """
    areas = context.areas
    cells = [slice(a, b) for a, b in zip(areas.start[:-1], areas.start[1:], strict=True)]
    seas = [i for i, kind in enumerate(areas.kinds) if kind == SEA]
    out = {}
    for i, (code, kind) in enumerate(_kinds(context)):
        if kind not in LAND or not seas:
            continue
        out[code] = areas.codes[min(seas, key=lambda sea: _gap(context, cells[i], cells[sea]))]
    return out


def _gap(context: Context, one: slice, other: slice) -> float:
    """Square of the shortest distance between cells, in degrees of latitude."""
    areas = context.areas
    lat = areas.lat[one][:, None] - areas.lat[other][None]
    shrink = np.cos(np.radians(areas.lat[one]))[:, None]
    lon = (areas.lon[one][:, None] - areas.lon[other][None]) * shrink
    return float((lat**2 + lon**2).min())


# ── wind and houses ─────────────────────────────────────────────────────────────────────────────


def _ensemble(steps: Sequence[Step], issued: datetime, context: Context) -> Ensemble:
    """The ensemble as it was drawn on a bulletin."""
    heard = [s for s in steps if s.issued is not None and s.issued <= issued]
    fixes = tuple(replace(f, receipt=n) for n, s in enumerate(heard, 1) for f in s.fixes)
    spec = context.pack.threat.wind
    bulletins = Tracks(fixes).bulletins(fixes[0].event)
    return members(backbone(bulletins, spec), spec, context.over_land)


def _winds(
    facts: Facts | None,
    truth: _Truth | None,
    steps: Sequence[Step],
    bulletin: datetime | None,
    context: Context,
) -> tuple[WindRow, ...]:
    if facts is None or not facts.winds or truth is None:
        return ()
    tracks: list[tuple[Basis, datetime | None, Ensemble]] = [("hindcast", None, truth.track)]
    if bulletin is not None:
        tracks.append(("bulletin", bulletin, _ensemble(steps, bulletin, context)))
    spec = context.pack.threat.wind
    out = []
    for basis, issued, ensemble in tracks:
        found = swath(
            steady_tracks(ensemble.hours, ensemble.lat, ensemble.lon, ensemble.wind),
            [w.lat for w in facts.winds],
            [w.lon for w in facts.winds],
            np.arange(len(facts.winds) + 1),
            [0.0],
            model=spec.model,
            cutoff_km=spec.cutoff_km,
            scale=float(convert_maximum(1.0, 60, 600, spec.surface)),
        )
        for i, measured in enumerate(facts.winds):
            ten_minutes = found.cell_max[:, i]
            out.append(wind_row(measured, basis, issued, ten_minutes, spec.interval))
    return tuple(out)


def _with_houses(
    book: Review,
    facts: Facts | None,
    truth: _Truth | None,
    kept: _Kept,
    bulletin: datetime | None,
    context: Context,
) -> Review:
    if facts is None or facts.house is None or truth is None:
        return book
    places, today = context.country.places, book.places_on
    coast = frozenset(
        p.code for p in places.gazetteer.at(today, "province") if p.key in places.coast
    )
    counted, _ = houses.counted(facts.damage, places.gazetteer, facts.day, today, coast)
    residents = places.population_on(today)
    spec = context.pack.threat.wind
    people = facts.house.people

    def ours(found: Mapping[str, Sequence[Impact]]) -> dict[str, Mapping[Measure, Interval]]:
        return {
            code: houses.houses_of(found[code], residents[code], people)
            for code, kind in _kinds(context)
            if kind in LAND and code in found and code in residents
        }

    after = dict(zip(context.areas.codes, impacts(truth.wind, context.areas, spec), strict=True))
    rows = houses.rows(counted, ours(after), "hindcast", None)
    if bulletin is not None:
        first: dict[str, Assessment] = {}
        for one in kept.assessments:
            if one.signals[0].start == bulletin:
                first.setdefault(one.place, one)
        before = {code: one.impacts for code, one in first.items()}
        rows += houses.rows(counted, ours(before), "bulletin", bulletin)
    return replace(
        book,
        counted=counted,
        houses=rows,
        house_people=people,
        house_year=facts.house.year,
        house_source=facts.house.source,
        damage_on=facts.damage_on,
    )


def _not_modelled(facts: Facts | None) -> tuple[Share, ...]:
    if facts is None:
        return ()
    return shares(facts.not_modelled, facts.deaths, facts.sources.get("deaths", ""))


def _names(facts: Facts | None, context: Context) -> dict[str, Mapping[str, str]]:
    if facts is None:
        return {}
    gazetteer = context.country.places.gazetteer
    there = [*gazetteer.at(facts.day, "nation"), *gazetteer.at(facts.day, "province")]
    return {p.code: p.names for p in there}


def _reason(part: Part, otherwise: str, *, told: bool) -> str:
    """Why a part of the review of no wind is empty: one that it might have says so itself."""
    facts = "absent_no_source" if told else "absent_no_facts"
    own = {
        "announced": "absent_no_announced",
        "timeline": "absent_nothing_played",
        "handling": "absent_nothing_said",
        "tolls": facts,
        "not_modelled": facts,
    }
    return own.get(part, otherwise)


# ── what is missing ─────────────────────────────────────────────────────────────────────────────


def _absent(
    book: Review, facts: Facts | None, truth: _Truth | None, case: Case
) -> Iterator[Absent]:
    """Every empty part with the one reason that a reader can do most about."""
    for part in get_args(Part):
        if getattr(book, part):
            continue
        if part in {"timeline", "leads", "handling"}:
            reason = "absent_nothing_played" if part == "timeline" else "absent_nothing_said"
        elif part == "warned":
            reason = "absent_no_track" if truth is None else "absent_nothing_said"
        elif part == "announced":
            reason = "absent_no_announced"
        elif part == "verification":
            reason = "absent_no_track" if truth is None else "absent_no_landfall"
        elif facts is None:
            reason = "absent_no_facts"
        elif part in {"winds", "houses"} and truth is None:
            reason = "absent_no_track"
        else:
            reason = "absent_no_source"
        yield Absent(part, reason)
