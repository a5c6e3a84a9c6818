"""Which connector answers: read from the tenant's connectors, for whoever has something to ask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.model.connectors import Program, is_served
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import connectors as connector_queries

Row = dict[str, Any]

#: So often a polling connector looks for work (Intune: PFX Certificate Connector 6.1905.0.402 and later).
POLL = timedelta(seconds=30)
#: In a request's `only_by`: whichever connector it was, it runs inside the server, where all share one keeper.
SERVER = "server"
#: A process that was not heard of for so long, by the tenant's clock, does not run any more. Unverified.
SILENCE = timedelta(minutes=5)


def serving_connectors(tx: Transaction, role: str) -> list[Row]:
    """The connectors that answer requests of this role: any of them takes one."""
    found = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    return [row for row in found if role in row["roles"] and is_at_work(row)]


def apart(rows: Iterable[Row]) -> list[Row]:
    """Those of them that are processes of their own."""
    return [row for row in rows if row["credential_digest"] is not None]


def inside(rows: Iterable[Row]) -> list[Row]:
    """Those of them that run in the server."""
    return [row for row in rows if row["credential_digest"] is None]


def taker(tx: Transaction, role: str, *, asked_at: datetime) -> Row | None:
    """The connector inside the server that takes what was asked then, if it is one's turn by now."""
    for row in inside(serving_connectors(tx, role)):
        if row["mode"] != "polling" or asked_at + POLL <= tx.now:
            return row
    return None


def attended(tx: Transaction) -> list[tuple[list[str], datetime]]:
    """Of each process that runs: its roles, and up to when it has been asked by now."""
    rows = apart(connector_queries.connector_rows(tx.connection, tx.tenant.id))
    return [
        (row["roles"], tx.now - POLL if row["mode"] == "polling" else tx.now)
        for row in rows
        if is_at_work(row) and is_active(row, now=tx.now)
    ]


def is_at_work(row: Row) -> bool:
    """Was it not taken off line, and is it no older than what is served? (A process may still not run.)"""
    return row["state"] == "online" and is_served(Program(row["program"]), row["version"])


def is_active(row: Row, *, now: datetime) -> bool:
    """Does it report at this moment of the tenant's?"""
    if row["state"] != "online":
        return False
    if row["credential_digest"] is None:
        return True
    heard: bool = row["session"] is not None and row["contact_at"] + SILENCE > now
    return heard


def why_silent(row: Row, *, now: datetime) -> str | None:
    """In words, after the connector's name: why it does not answer; None if it does."""
    if row["state"] != "online":
        return "is offline"
    if not is_at_work(row):
        return f"is of the version {row['version']}, which is not served any more: update it"
    if not is_active(row, now=now):
        return "is a process of its own and does not run (fauxtune connector run)"
    return None


def who_is_waited_for(tx: Transaction, role: str) -> str:
    """In words: who is to answer requests of this role."""
    having = [row for row in connector_queries.connector_rows(tx.connection, tx.tenant.id) if role in row["roles"]]
    if not having:
        return f"a connector with the role {role}: none has it"
    for row in having:
        if why_silent(row, now=tx.now) is None:
            return f"the connector '{row['name']}'"
    row = next((each for each in having if each["state"] == "online"), having[0])
    return f"the connector '{row['name']}', which {why_silent(row, now=tx.now)}"
