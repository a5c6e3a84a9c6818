"""Finds SQL statements that could read or change rows of another tenant.

A statement on a tenant's table is *bound* if it compares a key with a parameter, or with what one parameter lists: the
tenant, an enrolment, or a secret that only one tenant has (a credential, a token). Only statements of storage are
judged: tests and migrations may look at everything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, Table, event
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, ClauseElement, ColumnClause, False_
from sqlalchemy.sql.selectable import Select, Subquery, TableValuedAlias

from fauxtune.storage.writes import OF_DEVICES_AND_LOGS

#: Columns that lead to the rows of one tenant.
KEYS = {"tenant_id", "enrollment_id", "credential_digest", "digest", "user_code", "push_token"}
#: Tables whose random `id` no client chooses: whoever has it got it from a bound statement.
OWN_IDS = {"enrollments", "connector_requests", "device_actions", "steps", "tenants"}
#: Queries that concern all tenants, and why each may.
ACROSS_TENANTS = {
    "fauxtune.storage.queries.authorities.authorities_named": "one port of HTTPS admits the devices of all tenants",
    "fauxtune.storage.queries.authorities.enterprise_certificates": "one port of mail serves all tenants by TLS",
    "fauxtune.storage.queries.applications.tenants_with_application": "a token request may name the application alone",
    "fauxtune.storage.queries.certificates.tenants_with_asked_revocations": "connectors of all tenants are served",
    "fauxtune.storage.queries.classrooms.all_seats": "the instructor sees the seats of a classroom, each a tenant",
    "fauxtune.storage.queries.change_log.tracked_tenants": "a start reads which tenants track changes",
    "fauxtune.storage.queries.fault_rules.all_rules": "a start reads the rules of all tenants",
    "fauxtune.storage.queries.subscriptions.subscribed_tenants": "a start reads whose changes it is to tell of",
    "fauxtune.storage.queries.sign_ins.forget_sign_ins": "expired sign-ins are deleted by the system's clock",
}

#: Who writes rows of the configuration, and lets check-ins know; a tenant that is deleted has none any more, and in a
#: new database there is none yet.
WRITERS = {
    "fauxtune.storage.migrate._create",
    "fauxtune.storage.writes",
    "fauxtune.storage.tenant_state.write_differences",
    "fauxtune.storage.queries.tenants._delete_rows",
}

_COMPARISONS = {operators.eq, operators.in_op}
#: Modules that execute the statements of others.
_BETWEEN = ("sqlalchemy", __name__, "fauxtune.storage.prepared")


class UnboundStatements:
    """The queries that executed an unbound statement: `module.function: SQL`, each once."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._judged: WeakSet[Any] = WeakSet()

    def judge(self, compiled: Any) -> None:
        """Judge a compiled statement that is about to be executed, unless it was judged before."""
        if compiled is None or compiled in self._judged:
            return
        self._judged.add(compiled)
        writer = _writer(sys._getframe(1))
        if writer is not None and writer not in WRITERS and _is_of_configuration(compiled.statement):
            self.texts.append(f"{writer} writes without `note_write`: {' '.join(str(compiled).split())}")
        query = _query(sys._getframe(1))
        if query is not None and query not in ACROSS_TENANTS and not is_bound(compiled.statement):
            self.texts.append(f"{query}: {' '.join(str(compiled).split())}")


def is_bound(statement: ClauseElement) -> bool:
    """Whether the statement compares a key of a tenant's table with a parameter, or concerns no such table."""
    parts = []
    for part in visitors.iterate(statement):
        if _is_bound_by(part):
            return True
        parts.append(part)
    # What an UPDATE takes from a subquery is known by its columns alone.
    tables = {part.table for part in parts if isinstance(part, ColumnClause) and isinstance(part.table, Subquery)}
    parts += [part for table in tables for part in visitors.iterate(table)]
    if not any(isinstance(part, Select | Update | Delete) for part in parts):
        return True
    if not any(isinstance(part, Table) and "tenant_id" in part.c for part in parts):
        return True
    return any(map(_is_bound_by, parts))


def _is_bound_by(part: object) -> bool:
    return isinstance(part, False_) or (isinstance(part, BinaryExpression) and _binds(part))


def _binds(comparison: BinaryExpression[Any]) -> bool:
    if comparison.operator not in _COMPARISONS:
        return False
    sides = (comparison.left, comparison.right)
    columns = [side for side in sides if isinstance(side, ColumnClause) and not _is_listed(side)]
    given = any(isinstance(part, BindParameter) for part in visitors.iterate(comparison))
    if len(columns) != 1 or not (given or any(map(_is_listed, sides))):
        return False
    (column,) = columns
    return column.name in KEYS or (column.name == "id" and getattr(column.table, "name", "") in OWN_IDS)


def _is_listed(side: ClauseElement) -> bool:
    """Whether it is a column of the rows that one parameter has, as `storage.odata.as_pairs` makes them."""
    rows = getattr(side, "table", None)
    return isinstance(rows, TableValuedAlias) and any(
        isinstance(part, BindParameter) for part in visitors.iterate(rows)
    )


def _is_of_configuration(statement: ClauseElement) -> bool:
    """Whether it writes a table that check-ins may remember something of."""
    if not isinstance(statement, Insert | Update | Delete):
        return False
    return getattr(statement.table, "name", "") not in OF_DEVICES_AND_LOGS


def _writer(frame: FrameType | None) -> str | None:
    """The innermost function of storage; for those of `writes` its module."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("fauxtune.storage.") and not module.startswith(_BETWEEN):
            if module.endswith((".database", ".migrate")):
                return None  # no tenant is being changed
            return module if module == "fauxtune.storage.writes" else f"{module}.{frame.f_code.co_name}"
        if not module.startswith(_BETWEEN):
            return None
        frame = frame.f_back
    return None


def _query(frame: FrameType | None) -> str | None:
    """The function of storage that executes the statement; None if a test or a migration does."""
    inside = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_BETWEEN):
            pass
        elif module.startswith("fauxtune.storage.") and not module.endswith((".database", ".migrate")):
            inside = f"{module}.{frame.f_code.co_name}"
        else:
            return inside
        frame = frame.f_back
    return inside


@contextmanager
def unbound_statements() -> Iterator[UnboundStatements]:
    """Judge every statement that an engine of this process executes meanwhile."""
    unbound = UnboundStatements()

    def judge(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool, /
    ) -> tuple[str, Any]:
        unbound.judge(getattr(context, "compiled", None))
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", judge, retval=True)  # SQLAlchemy would wrap one that returns nothing
    try:
        yield unbound
    finally:
        event.remove(Engine, "before_cursor_execute", judge)
