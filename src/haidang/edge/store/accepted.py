"""The moment at which a message becomes something that is to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from haidang.app.verdict import Message
from haidang.edge.store.tables_deliver import dispatch


def accept(connection: Connection, one: Message, recorded: datetime) -> None:
    """Write down that a message is to go out; part of the transaction that approves it.

    Its life is counted on the wall clock from now, as long as the message itself says: the clock
    of a drill may stand in another year.
    """
    number = int(connection.execute(select(func.max(dispatch.c.number))).scalar_one() or 0) + 1
    row = {
        "message": one.identifier,
        "number": number,
        "chain": one.chain,
        "accepted": recorded,
        "expires": recorded + (one.expires - one.sent),
        "asof": None,
        "fanned": None,
    }
    connection.execute(insert(dispatch), row)
