"""Statements that are compiled once for each kind of database, and then given to the driver as they are.

SQLAlchemy computes for each execution which compiled statement it is, makes a context and a result with its metadata:
for the small statements of a check-in that takes longer than SQLite takes for them. What it knows is used here all the
same: statements are expressions of its Core, values pass through the types of their columns in both directions, its
listeners hear of each statement, and errors are its own.

For statements that exist once: those of a module, or of a function with a cache. All their parameters have names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import ReturnsRows

T = TypeVar("T")

#: A row as a driver returns it, or as types make it.
Columns = Sequence[Any]
_Process = Callable[[Any], Any]
#: The most forms of one statement that are kept: one for each length of its lists.
_MOST_FORMS = 32


@dataclass(slots=True)
class _Form:
    """A statement for one kind of database, and lists of certain lengths. Listeners get it as the context."""

    compiled: SQLCompiler
    statement: ReturnsRows
    text: str
    #: The names of the parameters where the driver wants names; None where it wants their order.
    names: tuple[str, ...] | None
    #: The values of the parameters, with those that are always the same.
    template: list[Any]
    #: Where the others are put: place, name, place in the list that is the value, what the type makes of it.
    slots: tuple[tuple[int, str, int | None, _Process | None], ...]
    #: Known from the first result on: which columns types make something of.
    results: tuple[tuple[int, _Process], ...] | None = None
    executemany: bool = False

    @property
    def isinsert(self) -> bool:
        """Whether it inserts."""
        return self.compiled.isinsert

    @property
    def isupdate(self) -> bool:
        """Whether it changes rows."""
        return self.compiled.isupdate

    @property
    def isdelete(self) -> bool:
        """Whether it removes rows."""
        return self.compiled.isdelete

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them."""
        bound = self.template.copy()
        for place, name, index, process in self.slots:
            value = values[name] if index is None else values[name][index]
            bound[place] = value if process is None else process(value)
        return tuple(bound) if self.names is None else dict(zip(self.names, bound, strict=True))

    def bound_for_each(self, columns: Mapping[str, Sequence[Any]], count: int) -> list[Any]:
        """Return the values of so many rows, which are given by their columns, as the driver takes them. (None of them
        is a list.) What several rows after one another have in common, such as a time, is made once.
        """
        values: list[Sequence[Any]] = [[value] * count for value in self.template]
        for place, name, _index, process in self.slots:
            values[place] = columns[name] if process is None else _made(process, columns[name])
        bound = zip(*values, strict=True)
        return list(bound) if self.names is None else [dict(zip(self.names, row, strict=True)) for row in bound]

    def all_rows(self, cursor: DBAPICursor, dialect: Dialect) -> list[Columns]:
        """Return the rows of a cursor that has executed it, as the types of their columns make them."""
        return self._read(list(cursor.fetchall()), cursor, dialect=dialect)

    def first_rows(self, cursor: DBAPICursor, dialect: Dialect) -> list[Columns]:
        """Return the first of these rows, and perhaps another."""
        # Two, so that a statement with one row has ended.
        return self._read(list(cursor.fetchmany(2)), cursor, dialect=dialect)

    def _read(self, rows: list[Columns], cursor: DBAPICursor, *, dialect: Dialect) -> list[Columns]:
        if self.results is None:
            self.results = _result_processes(self.statement, cursor, dialect=dialect)
        if not self.results:
            return rows
        result: list[Columns] = []
        for row in rows:
            columns = list(row)
            for place, process in self.results:
                columns[place] = process(columns[place])
            result.append(columns)
        return result


class Prepared:
    """A statement. `columns`: of an INSERT, the columns that it is given."""

    def __init__(self, statement: ReturnsRows, *, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else sorted(columns)
        self._compiled: dict[str, tuple[SQLCompiler, tuple[str, ...]]] = {}
        self._forms: dict[tuple[object, ...], _Form] = {}

    def every(self, connection: Connection, values: Mapping[str, Any]) -> list[Columns]:
        """Return all rows."""
        form, values = self._form(connection, values)
        return _executed(connection, form, bounds=(form.bound(values),), fetch=form.all_rows)[0]

    def every_for_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Columns]:
        """Return all rows of an execution for each of these values. (Its parameters are no lists.)"""
        if not rows:
            return []
        form, _values = self._form(connection, rows[0])
        results = _executed(connection, form, bounds=[form.bound(row) for row in rows], fetch=form.all_rows)
        return [row for result in results for row in result]

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Columns | None:
        """Return the first row; None where there is no row."""
        form, values = self._form(connection, values)
        rows = _executed(connection, form, bounds=(form.bound(values),), fetch=form.first_rows)[0]
        return rows[0] if rows else None

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the first value of the first row; None where there is no row."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def mappings(self, connection: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all rows, each by the names of its columns."""
        names = [str(column.key) for column in self._statement.exported_columns]
        return [dict(zip(names, row, strict=True)) for row in self.every(connection, values)]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Return how many rows it has written."""
        form, values = self._form(connection, values)
        return _executed(connection, form, bounds=(form.bound(values),), fetch=_count)[0]

    def run_for_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of these values. (Its parameters are no lists.)"""
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        self.run_for_columns(connection, columns, count=len(rows))

    def run_for_columns(self, connection: Connection, columns: Mapping[str, Sequence[Any]], *, count: int) -> None:
        """Run it once for each of so many rows, which are given by their columns."""
        row = {name: values[0] for name, values in columns.items()}
        form, _values = self._form(connection, row)
        if count == 1:
            _executed(connection, form, bounds=(form.bound(row),), fetch=_count)
        else:
            _executed(connection, form, bounds=(form.bound_for_each(columns, count),), fetch=_count, many=True)

    def _form(self, connection: Connection, values: Mapping[str, Any]) -> tuple[_Form, Mapping[str, Any]]:
        """Return the form for these values, and the values with their lists as it takes them."""
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = self._compile(connection)
        compiled, lists = known
        if not lists:
            key: tuple[object, ...] = (dialect.name,)
        else:
            values = {**values, **{name: _filled(values[name]) for name in lists}}
            key = (dialect.name, *(len(values[name]) for name in lists))
        form = self._forms.get(key)
        if form is None:
            form = _new_form(compiled, self._statement, values=values, connection=connection)
            if len(self._forms) < _MOST_FORMS:
                self._forms[key] = form
        return form, values

    def _compile(self, connection: Connection) -> tuple[SQLCompiler, tuple[str, ...]]:
        compiled = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
        assert isinstance(compiled, SQLCompiler)
        assert not compiled.insert_prefetch
        lists = (bind.key for bind in compiled.binds.values() if bind.expanding and bind.required)
        return compiled, tuple(sorted(lists))


def _filled(listed: Iterable[Any]) -> list[Any]:
    """Return a list of which the last value is repeated until its length is a power of two, so that there are few
    forms. It says the same: lists are what a column is one of.
    """
    values = list(listed)
    if values:
        values += values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values))
    return values


def _new_form(
    compiled: SQLCompiler, statement: ReturnsRows, *, values: Mapping[str, Any], connection: Connection
) -> _Form:
    expanded = compiled.construct_expanded_state(values, escape_names=False)
    parts = {
        part: (name, place)
        for name, listed in expanded.parameter_expansion.items()
        for place, part in enumerate(listed)
    }
    order = list(expanded.parameters) if expanded.positiontup is None else list(expanded.positiontup)
    template: list[Any] = []
    slots = []
    for place, part in enumerate(order):
        name, index = parts.get(part, (part, None))
        bind = compiled.binds[name]
        process = bind.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if bind.required:
            template.append(None)
            slots.append((place, bind.key, index, process))
        else:
            value = expanded.parameters[part]
            template.append(value if process is None else process(value))
    names = compiled.escaped_bind_names
    return _Form(
        compiled=compiled,
        statement=statement,
        text=expanded.statement,
        names=None if compiled.positional else tuple(names.get(part, part) for part in order),
        template=template,
        slots=tuple(slots),
    )


def _result_processes(
    statement: ReturnsRows, cursor: DBAPICursor, *, dialect: Dialect
) -> tuple[tuple[int, _Process], ...]:
    """Return what types make of the columns of the result, by their places."""
    processes = []
    for place, (column, described) in enumerate(zip(statement.exported_columns, cursor.description, strict=True)):
        process = column.type.dialect_impl(dialect).result_processor(dialect, described[1])
        if process is not None:
            processes.append((place, process))
    return tuple(processes)


def _made(process: _Process, values: Iterable[Any]) -> list[Any]:
    """Return what a type makes of these values; of the same object several times in a row, once."""
    result = []
    before, text = object(), None
    for value in values:
        if value is not before:
            before, text = value, process(value)
        result.append(text)
    return result


def _count(cursor: DBAPICursor, _dialect: Dialect) -> int:
    """Return how many rows a cursor's statement has written."""
    return cursor.rowcount


def _executed(
    connection: Connection,
    form: _Form,
    *,
    bounds: Sequence[Any],
    fetch: Callable[[DBAPICursor, Dialect], T],
    many: bool = False,
) -> list[T]:
    """Execute a statement with each of these values; return what `fetch` takes from its cursor each time. Raises what
    SQLAlchemy raises.
    """
    if not connection.in_transaction():
        connection.begin()
    text, dialect, listeners = form.text, connection.dialect, connection.dispatch
    before, after = tuple(listeners.before_cursor_execute), tuple(listeners.after_cursor_execute)
    cursor = connection.connection.cursor()
    execute = cursor.executemany if many else cursor.execute
    result: list[T] = []
    bound = None
    try:
        for bound in bounds:
            query, values = text, bound
            for listener in before:
                query, values = listener(connection, cursor, query, values, form, many)
            execute(query, values)
            for listener in after:
                listener(connection, cursor, query, values, form, many)
            result.append(fetch(cursor, dialect))
        cursor.close()
    except dialect.loaded_dbapi.Error as error:
        # It also gives up a connection that is broken, and those that are older.
        connection._handle_dbapi_exception(error, text, bound, cursor, None)
    return result
