"""What processes that share a database on PostgreSQL ask one another.

A question to other processes and its answers are rows until the process that asked has read them. What is left of one
that was killed meanwhile goes with the next question. Each of these is one statement.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    LargeBinary,
    bindparam,
    cast,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
)

from fauxtune.storage import writes
from fauxtune.storage.columns import Moment
from fauxtune.storage.rows.tenants import ProcessMessageRow
from fauxtune.storage.tables import process_messages

#: No question is open for so long.
_LONGEST = timedelta(minutes=10)

_id, _question = process_messages.c.id, process_messages.c.question
_QUESTION = select(process_messages.c.content).where(_id == bindparam("id"))
_ANSWERS = select(process_messages.c.content).where(_question == bindparam("id"), _id != bindparam("id")).order_by(_id)
_ANSWER = insert(process_messages).from_select(
    ["id", "question", "content", "sent_at"],
    select(
        bindparam("answer"),
        bindparam("id"),
        cast(bindparam("content"), LargeBinary),
        bindparam("at", type_=Moment),
    ).where(exists(select(literal(1)).where(_id == bindparam("id")))),
)
_REMOVE = delete(process_messages).where(
    or_(_question == bindparam("id"), process_messages.c.sent_at < bindparam("old", type_=Moment))
)


def ask(connection: Connection, row: ProcessMessageRow) -> None:
    """Store a question."""
    writes.add_row(connection, process_messages, row=row)


def question(connection: Connection, question_id: str) -> bytes | None:
    """Return what is asked; None if nobody waits for the answer any more."""
    return connection.execute(_QUESTION, {"id": question_id}).scalar_one_or_none()


def answer(connection: Connection, row: ProcessMessageRow) -> None:
    """Store an answer, if somebody still waits for it."""
    values = {"answer": row.id, "id": row.question, "content": row.content, "at": row.sent_at}
    connection.execute(_ANSWER, values)


def answers(connection: Connection, question_id: str) -> list[bytes]:
    """Return the answers that there are to a question."""
    return list(connection.execute(_ANSWERS, {"id": question_id}).scalars())


def remove(connection: Connection, question_id: str, *, now: datetime) -> None:
    """Delete a question with its answers, and all that nobody can wait for any more."""
    connection.execute(_REMOVE, {"id": question_id, "old": now - _LONGEST})
