"""Which tests run on both kinds of database, and the proof that this suffices.

Storage is tested on SQLite and on PostgreSQL. Operations are the same code on both: their tests run on SQLite, those
with the mark `both_databases` on PostgreSQL too (tests/operations/conftest.py). Surfaces translate: their tests run on
SQLite, and on PostgreSQL too where that can differ: statements that no other test executes there, many requests at
once, texts and numbers that PostgreSQL refuses, tenants apart from one another, a conversation of each platform.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from sqlalchemy import Engine, event

#: For a test of a surface (or a module of them, as `pytestmark`) that runs on PostgreSQL too.
ON_BOTH_DATABASES = pytest.mark.parametrize("seeded", ["sqlite", "postgresql"], indirect=True)

#: Where storage executes a statement, from the inside out: its functions and lines.
Place = tuple[tuple[CodeType, int], ...]
#: They execute the statements of others: of queries, or of a test.
_FOR_ALL = ("/storage/reads.py", "/storage/writes.py")
#: Their statements are SQLite's own; in their place PostgreSQL has other ones, which are noted.
_OF_SQLITE = ("_put_on_sqlite", "_begin_on_sqlite", "_quiet_on_sqlite")


class ExecutedStatements:
    """Where storage executed statements, by the kind of database."""

    def __init__(self) -> None:
        self._seen: set[tuple[object, ...]] = set()
        self._places: defaultdict[str, set[Place]] = defaultdict(set)
        self._others: defaultdict[str, set[str]] = defaultdict(set)

    def note(self, kind: str, frame: FrameType | None) -> None:
        """Note the statement that is executed within this frame, if it is one of storage."""
        frames = _of_storage(frame)
        # Quicker than comparing code and lines, which is for the first time alone: no code of storage is ever dropped.
        seen = (kind, *((id(frame_type.f_code), frame_type.f_lasti) for frame_type in frames))
        if seen in self._seen:
            return
        self._seen.add(seen)
        place = tuple((frame_type.f_code, frame_type.f_lineno) for frame_type in frames)
        if place and not place[-1][0].co_filename.endswith(_FOR_ALL) and place[0][0].co_name not in _OF_SQLITE:
            self._places[kind].add(place)

    def add(self, others: dict[str, list[str]]) -> None:
        """Add what another process executed."""
        for kind, texts in others.items():
            self._others[kind].update(texts)

    def texts(self) -> dict[str, list[str]]:
        """Return all places as texts, which processes can send one another."""
        return {
            kind: sorted(self._others[kind].union(map(_text, self._places[kind])))
            for kind in self._others.keys() | self._places.keys()
        }

    def only_on_sqlite(self) -> list[str]:
        """Return what no test executed on PostgreSQL."""
        texts = self.texts()
        return sorted({*texts.get("sqlite", ())}.difference(texts.get("postgresql", ())))


@contextmanager
def statements_noted(executed: ExecutedStatements) -> Iterator[None]:
    """Note every statement of storage that an engine of this process executes meanwhile."""

    def note(
        connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        executed.note(connection.dialect.name, sys._getframe(1))
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", note, retval=True)  # SQLAlchemy would wrap one that returns nothing
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _of_storage(frame: FrameType | None) -> list[FrameType]:
    """The innermost frames of storage that follow one another, from the inside out."""
    frames: list[FrameType] = []
    while frame is not None:
        if _is_of_storage(frame.f_globals.get("__name__", "")):
            frames.append(frame)
        elif frames:
            break
        frame = frame.f_back
    return frames


@cache
def _is_of_storage(module: str) -> bool:
    return module.startswith("fauxtune.storage.") and not module.endswith((".database", ".migrate", ".prepared"))


def _text(place: Place) -> str:
    return " in ".join(
        f"{Path(code.co_filename).parent.name}/{Path(code.co_filename).name}:{line} {code.co_name}"
        for code, line in place
    )
