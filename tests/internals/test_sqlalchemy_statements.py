"""Statements that are given to the driver as they are do what SQLAlchemy does with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    delete,
    event,
    func,
    insert,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from fauxtune.core.model.states import EnrollmentState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage.columns import Choice, Document, Moment, Word

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_THINGS = Table(
    "things",
    MetaData(),
    Column("id", Word, primary_key=True),
    Column("state", Choice(EnrollmentState), nullable=False),
    Column("at", Moment),
    Column("size", Integer),
    Column("document", Document),
    Column("content", LargeBinary),
)
_ROWS = [
    {
        "id": name,
        "state": state,
        "at": _NOON,
        "size": size,
        "document": {"text": "häßlich %s ?", "list": [1, None]},
        "content": b"\x00\xff",
    }
    for name, state, size in (
        ("a", EnrollmentState.ACTIVE, 1),
        ("b", EnrollmentState.ENDED, 2),
        ("c", EnrollmentState.ACTIVE, None),
    )
]
_ALL = select(_THINGS).order_by(_THINGS.c.id)
_ADD = Prepared(insert(_THINGS).inline(), columns=_ROWS[0])


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to a database with three things."""
    with engine.connect() as opened:
        _THINGS.create(opened)
        _ADD.run_for_each(opened, _ROWS)
        yield opened
        opened.rollback()


def _things(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_ALL).mappings()]


def test_values_pass_through_the_types_of_their_columns_in_both_directions(connection: Connection) -> None:
    assert _things(connection) == _ROWS
    assert Prepared(_ALL).mappings(connection, {}) == _ROWS


def test_a_single_row_is_written_as_several_are(connection: Connection) -> None:
    new = {**_ROWS[0], "id": "d", "at": None, "document": None, "content": None}
    _ADD.run_for_each(connection, [new])
    _ADD.run(connection, {**new, "id": "e"})
    assert _things(connection) == [*_ROWS, new, {**new, "id": "e"}]


def test_rows_after_one_another_that_have_something_in_common_get_what_each_would_get(connection: Connection) -> None:
    common, other = {"of": "several"}, _NOON.replace(hour=13)
    rows = [
        {**_ROWS[0], "id": f"d{number}", "at": at, "document": document}
        for number, (at, document) in enumerate(
            [(_NOON, common), (_NOON, common), (None, None), (None, common), (other, {"of": "one"}), (_NOON, common)]
        )
    ]
    _ADD.run_for_each(connection, rows)
    assert _things(connection) == [*_ROWS, *rows]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.sampled_from("abcdxyz"), max_size=9), sizes=st.lists(st.integers(0, 3), max_size=3))
def test_lists_of_any_length_say_what_they_say_in_sqlalchemy(
    ids: list[str], sizes: list[int], connection: Connection
) -> None:
    statement = (
        select(_THINGS.c.id, _THINGS.c.at)
        .where(
            _THINGS.c.id.in_(bindparam("ids", expanding=True)),
            _THINGS.c.size.not_in(bindparam("sizes", expanding=True)),
            _THINGS.c.state.in_([EnrollmentState.ACTIVE, EnrollmentState.ENDED]),
        )
        .order_by(_THINGS.c.id)
    )
    values = {"ids": ids, "sizes": sizes}
    expected = [tuple(row) for row in connection.execute(statement, values)]
    assert [tuple(row) for row in Prepared(statement).every(connection, values)] == expected


def test_one_statement_serves_lists_of_different_lengths(connection: Connection) -> None:
    among = Prepared(_ALL.where(_THINGS.c.id.in_(bindparam("ids", expanding=True))))
    for ids in (["a"], ["a", "b"], ["a", "b", "c"], [], ["c", "b", "a", "x", "y"], ["b"]):
        known = [row[0] for row in among.every(connection, {"ids": ids})]
        assert known == sorted(set(ids) & {"a", "b", "c"})


def test_a_union_and_a_computed_column_have_their_types(connection: Connection) -> None:
    both = union_all(
        select(_THINGS.c.at, func.count()).where(_THINGS.c.id == bindparam("first")).group_by(_THINGS.c.at),
        select(_THINGS.c.at, func.count()).where(_THINGS.c.id != bindparam("first")).group_by(_THINGS.c.at),
    )
    assert sorted(map(tuple, Prepared(both).every(connection, {"first": "a"}))) == [(_NOON, 1), (_NOON, 2)]


def test_the_first_row_and_its_first_value_are_none_where_there_is_no_row(connection: Connection) -> None:
    one = Prepared(select(_THINGS.c.at, _THINGS.c.size).where(_THINGS.c.id == bindparam("id")))
    assert list(one.first(connection, {"id": "b"}) or ()) == [_NOON, 2]
    assert one.scalar(connection, {"id": "b"}) == _NOON
    assert one.first(connection, {"id": "x"}) is None
    assert one.scalar(connection, {"id": "x"}) is None


def test_a_change_returns_what_it_changed_and_is_counted(connection: Connection) -> None:
    grow = update(_THINGS).where(_THINGS.c.state == bindparam("of")).values(size=func.coalesce(_THINGS.c.size, 0) + 5)
    assert Prepared(grow).run(connection, {"of": EnrollmentState.ACTIVE}) == 2
    returned = Prepared(grow.returning(_THINGS.c.id, _THINGS.c.size)).every(connection, {"of": EnrollmentState.ENDED})
    assert [tuple(row) for row in returned] == [("b", 7)]
    gone = Prepared(delete(_THINGS).where(_THINGS.c.size == bindparam("size")).returning(_THINGS.c.at))
    assert gone.scalar(connection, {"size": 7}) == _NOON
    assert [row["size"] for row in _things(connection)] == [6, 5]


def test_an_error_is_sqlalchemys_and_a_missing_value_is_refused(connection: Connection) -> None:
    with pytest.raises(IntegrityError):
        _ADD.run(connection, _ROWS[0])
    connection.rollback()
    with pytest.raises(KeyError):
        _ADD.run(connection, {"id": "x"})


def test_listeners_hear_of_a_statement_what_they_hear_of_others(connection: Connection) -> None:
    heard: list[tuple[str, object, bool]] = []

    def listen(_connection: Any, _cursor: Any, text: str, parameters: Any, context: Any, _many: bool, /) -> None:
        heard.append((text, parameters, context.isinsert))

    statement = _ALL.where(_THINGS.c.id == bindparam("id"))
    for name in ("before_cursor_execute", "after_cursor_execute"):
        event.listen(connection, name, listen)
        connection.execute(statement, {"id": "a"})
        Prepared(statement).every(connection, {"id": "a"})
        event.remove(connection, name, listen)
    assert len(heard) == 4
    assert len({text for text, _parameters, _isinsert in heard}) == 1
    assert all(parameters in ({"id": "a"}, ("a",)) for _text, parameters, _isinsert in heard)
    assert not any(isinsert for _text, _parameters, isinsert in heard)


def test_it_begins_a_transaction_where_there_is_none(engine: Engine) -> None:
    with engine.connect() as opened:
        _THINGS.create(opened)
        opened.commit()
        _ADD.run_for_each(opened, _ROWS)
        assert opened.in_transaction()
        opened.rollback()
        assert _things(opened) == []
