"""Finds SQL statements of storage that write rows of the configuration and do not say so: check-ins would go on with
what they remember. (That a statement says whose rows it is about, the product sees to: `storage.tenancy`.)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, event
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import ClauseElement

from fauxtune.storage.writes import OF_DEVICES_AND_LOGS

#: Who writes rows of the configuration, and lets check-ins know; a tenant that is deleted has none any more, and in a
#: new database there is none yet.
WRITERS = {
    "fauxtune.storage.migrate._create",
    "fauxtune.storage.writes",
    "fauxtune.storage.tenant_state.write_differences",
    "fauxtune.storage.queries.tenants._delete_rows",
}

#: Modules that execute the statements of others.
_BETWEEN = ("sqlalchemy", __name__, "fauxtune.internals.sqlalchemy_statements")


class UnnotedWrites:
    """The queries that executed such a statement: `module.function: SQL`, each once."""

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


@contextmanager
def unnoted_writes() -> Iterator[UnnotedWrites]:
    """Judge every statement that an engine of this process executes meanwhile."""
    unnoted = UnnotedWrites()

    def judge(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool, /
    ) -> tuple[str, Any]:
        unnoted.judge(getattr(context, "compiled", None))
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", judge, retval=True)  # SQLAlchemy would wrap one that returns nothing
    try:
        yield unnoted
    finally:
        event.remove(Engine, "before_cursor_execute", judge)
