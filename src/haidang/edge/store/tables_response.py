"""Tables of the response: what there is, what a run planned, what people did about it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
)

from haidang.edge.store.tables import META, Utc

stock = Table(
    "stock",
    META,
    Column("receipt", ForeignKey("receipt.id"), primary_key=True, autoincrement=False),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("echelon", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("reserve", Integer, nullable=False),
    Column("ready_min", Double, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("source", Text, nullable=False),
    Column("demo", Boolean, nullable=False),
)

plan = Table(
    "plan",
    META,
    # Two runs may conclude the same plan, so its id alone does not name the row.
    Column("run", ForeignKey("run.id"), primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "id"),
)

task = Table(
    "task",
    META,
    Column("run", ForeignKey("plan.run"), primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),  # stable over the runs of an event
    Column("spec", Text, nullable=False),
    Column("threat", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("due", Utc),
    Column("decision", Text, nullable=False),
    Index(None, "id"),
    Index(None, "decision"),
)

allotment = Table(
    "allotment",
    META,
    Column("run", ForeignKey("plan.run"), primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    Column("need", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Index(None, "id"),
)

task_event = Table(
    "task_event",
    META,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("run", Integer, nullable=False),  # of the plan that first asked for the task
    Column("task", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),  # of the form: sent twice, done once
    ForeignKeyConstraint(["run", "task"], ["task.run", "task.id"]),
    Index(None, "task"),
)
