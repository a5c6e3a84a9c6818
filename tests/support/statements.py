"""The statements that a piece of work sends to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from fauxtune.operations.runtime.emulator import Emulator


@contextmanager
def statements(emulator: Emulator) -> Iterator[list[str]]:
    """Collect the statements that the emulator's database is sent meanwhile."""
    sent: list[str] = []
    with _telling(emulator, lambda statement, _values: sent.append(statement)):
        yield sent


@contextmanager
def statements_and_values(emulator: Emulator) -> Iterator[list[tuple[str, list[Any]]]]:
    """Collect the statements that the emulator's database is sent meanwhile, each with the values of its parameters."""
    sent: list[tuple[str, list[Any]]] = []
    with _telling(emulator, lambda statement, values: sent.append((statement, values))):
        yield sent


@contextmanager
def _telling(emulator: Emulator, tell: Callable[[str, list[Any]], None]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        tell(statement, list(values.values() if isinstance(values, dict) else values))

    engine = emulator.runner.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
