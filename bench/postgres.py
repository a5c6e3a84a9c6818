"""A PostgreSQL server for the benchmarks: the one that the tests use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.postgresql import running_server


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database on a server that is stopped and removed at the end."""
    with running_server() as server:
        yield server.url(server.create())
