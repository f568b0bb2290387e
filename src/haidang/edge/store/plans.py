"""Plans as the runs concluded them, and the few columns of them that queries need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from haidang.base.ids import digest
from haidang.edge.store import codec
from haidang.edge.store.codec_plan import decode_plan, encode_plan
from haidang.edge.store.tables import run
from haidang.edge.store.tables_response import allotment, plan, task
from haidang.respond.plan import Grant, Plan, Task


def write(connection: Connection, number: int, one: Plan) -> Mapping[str, object]:
    """Keep the plan of a run.

    Returns:
        Its line for the ledger.
    """
    body = codec.text(encode_plan(one))
    row = {"run": number, "id": one.id, "at": one.at, "body": body}
    connection.execute(insert(plan), row)
    if one.tasks:
        connection.execute(insert(task), [task_row(number, t) for t in one.tasks])
    if one.grants:
        connection.execute(insert(allotment), [grant_row(number, g) for g in one.grants])
    return line(one, digest(body))


def line(one: Plan, sha256: str) -> Mapping[str, object]:
    """A plan as the ledger holds it: how much of what, and the digest of the whole.

    What is on stand-by is counted among the grants and again by itself. Counts that are zero are
    left out of the last three: the lines of plans from before stand-by stay what they are.
    """
    more = {
        "standby": sum(g.standby for g in one.grants),
        "short": len(one.short),
        "calls": len(one.calls),
    }
    return {
        "id": one.id,
        "tasks": len(one.tasks),
        "needs": len(one.needs),
        "grants": len(one.grants),
        "unmet": len(one.unmet),
        "suggestions": len(one.suggestions),
        "stock_receipt": int(one.stock_receipt),
        "sha256": sha256,
        **{name: count for name, count in more.items() if count},
    }


def task_row(number: int, one: Task) -> dict[str, Any]:
    """What queries read of a task."""
    names = ("id", "spec", "threat", "event", "place", "level", "due", "decision")
    return {"run": number, **{name: getattr(one, name) for name in names}}


def grant_row(number: int, one: Grant) -> dict[str, Any]:
    """What queries read of a grant."""
    names = ("id", "need", "unit", "kind", "place", "quantity")
    return {"run": number, **{name: getattr(one, name) for name in names}}


def every(connection: Connection) -> tuple[Plan, ...]:
    """Every plan, run by run."""
    found = connection.execute(select(plan.c.body).order_by(plan.c.run)).scalars()
    return tuple(decode_plan(json.loads(body)) for body in found)


def newest(connection: Connection, now: datetime, before: int | None = None) -> Plan | None:
    """The plan in force at an instant: of the newest run up to then that made one.

    Args:
        connection: To read on.
        now: No later run is read.
        before: Runs with a smaller number only; None for all.
    """
    query = select(plan.c.body).join(run, run.c.id == plan.c.run).where(run.c.at <= now)
    if before is not None:
        query = query.where(run.c.id < before)
    query = query.order_by(run.c.at.desc(), run.c.id.desc()).limit(1)
    body = connection.execute(query).scalar()
    return None if body is None else decode_plan(json.loads(body))


def of_verdict(connection: Connection, verdict: str) -> Plan | None:
    """The plan that one run made; None where it made none."""
    query = select(plan.c.body).join(run, run.c.id == plan.c.run).where(run.c.verdict == verdict)
    body = connection.execute(query).scalar()
    return None if body is None else decode_plan(json.loads(body))
