"""A plan to canonical JSON and back, field by field, for the reasons given in ``codec``."""

from __future__ import annotations

from collections.abc import Mapping

from haidang.edge.store.codec import (
    Body,
    encode_interval,
    maybe_time,
    number,
    stamp,
    to_float,
    to_interval,
    to_time,
)
from haidang.respond.plan import Call, Exceeded, Grant, Need, Plan, Suggestion, Task, Unmet


def encode_plan(value: Plan) -> Body:
    """A plan as JSON.

    Raises:
        ValueError: A number is infinite.
        TypeError: A time has no zone.
    """
    return {
        "id": value.id,
        "at": stamp(value.at),
        "tasks": [_task(one) for one in value.tasks],
        "needs": [_need(one) for one in value.needs],
        "grants": [_grant(one) for one in value.grants],
        "unmet": [_unmet(one) for one in value.unmet],
        "suggestions": [_suggestion(one) for one in value.suggestions],
        "stock_receipt": int(value.stock_receipt),
        "demo": bool(value.demo),
        "optimal": bool(value.optimal),
        "cost": int(value.cost),
        "short": [_unmet(one) for one in value.short],
        "calls": [_call(one) for one in value.calls],
    }


def decode_plan(body: Body) -> Plan:
    """The plan that was stored; one from before stand-by has none of it."""
    return Plan(
        id=body["id"],
        at=to_time(body["at"]),
        tasks=tuple(_to_task(one) for one in body["tasks"]),
        needs=tuple(_to_need(one) for one in body["needs"]),
        grants=tuple(_to_grant(one) for one in body["grants"]),
        unmet=tuple(_to_unmet(one) for one in body["unmet"]),
        suggestions=tuple(_to_suggestion(one) for one in body["suggestions"]),
        stock_receipt=body["stock_receipt"],
        demo=body["demo"],
        optimal=body["optimal"],
        cost=body["cost"],
        short=tuple(_to_unmet(one) for one in body.get("short", ())),
        calls=tuple(_to_call(one) for one in body.get("calls", ())),
    )


def _words(value: Mapping[str, str]) -> Body:
    return {str(k): str(v) for k, v in value.items()}


def _task(value: Task) -> Body:
    return {
        "id": value.id,
        "spec": value.spec,
        "threat": value.threat,
        "event": value.event,
        "place": value.place,
        "level": int(value.level),
        "person": value.person,
        "work": _words(value.work),
        "due": stamp(value.due),
        "due_rule": value.due_rule,
        "due_params": _words(value.due_params),
        "responsibility": value.responsibility,
        "authority": value.authority,
        "basis": _words(value.basis),
        "product": _words(value.product),
        "kinds": list(value.kinds),
        "decision": value.decision,
        "required": bool(value.required),
        "asked": stamp(value.asked),
        "ended": stamp(value.ended),
    }


def _to_task(body: Body) -> Task:
    times = {
        "due": maybe_time(body["due"]),
        "asked": to_time(body["asked"]),
        "ended": maybe_time(body.get("ended")),
    }
    return Task(**{**body, **times, "kinds": tuple(body["kinds"])})


def _need(value: Need) -> Body:
    return {
        "id": value.id,
        "threat": value.threat,
        "event": value.event,
        "place": value.place,
        "kind": value.kind,
        "value": encode_interval(value.value),
        "by": stamp(value.by),
        "priority": int(value.priority),
        "rule": value.rule,
        "measure": value.measure,
        "assessment": value.assessment,
    }


def _to_need(body: Body) -> Need:
    return Need(**{**body, "value": to_interval(body["value"]), "by": maybe_time(body["by"])})


def _grant(value: Grant) -> Body:
    return {
        "id": value.id,
        "need": value.need,
        "unit": value.unit,
        "kind": value.kind,
        "origin": value.origin,
        "place": value.place,
        "echelon": value.echelon,
        "tier": value.tier,
        "quantity": int(value.quantity),
        "depart": stamp(value.depart),
        "arrive": stamp(value.arrive),
        "km": number(value.km),
        "standby": bool(value.standby),
    }


def _to_grant(body: Body) -> Grant:
    times = {name: to_time(body[name]) for name in ("depart", "arrive")}
    return Grant(**{**body, **times, "km": to_float(body["km"])})


def _unmet(value: Unmet) -> Body:
    return {
        "need": value.need,
        "kind": value.kind,
        "place": value.place,
        "quantity": int(value.quantity),
        "reason": value.reason,
        "nearest": value.nearest,
        "arrives": stamp(value.arrives),
    }


def _to_unmet(body: Body) -> Unmet:
    return Unmet(**{**body, "arrives": maybe_time(body["arrives"])})


def _call(value: Call) -> Body:
    return {
        "need": value.need,
        "kind": value.kind,
        "place": value.place,
        "origin": value.origin,
        "quantity": int(value.quantity),
        "leave_by": stamp(value.leave_by),
    }


def _to_call(body: Body) -> Call:
    return Call(**{**body, "leave_by": to_time(body["leave_by"])})


def _suggestion(value: Suggestion) -> Body:
    return {
        "place": value.place,
        "level": None if value.level is None else int(value.level),
        "possible": None if value.possible is None else int(value.possible),
        "reason": value.reason,
        "grounds": [_exceeded(one) for one in value.grounds],
        "declares": value.declares,
        "basis": _words(value.basis),
    }


def _to_suggestion(body: Body) -> Suggestion:
    return Suggestion(**{**body, "grounds": tuple(_to_exceeded(one) for one in body["grounds"])})


def _exceeded(value: Exceeded) -> Body:
    return {
        "kind": value.kind,
        "need": encode_interval(value.need),
        "communes": None if value.communes is None else int(value.communes),
        "province": None if value.province is None else int(value.province),
        "after": int(value.after),
    }


def _to_exceeded(body: Body) -> Exceeded:
    return Exceeded(**{**body, "need": to_interval(body["need"])})
