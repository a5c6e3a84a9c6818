"""Processes that share a PostgreSQL database: which there are, and which of them leads."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import make_url

from tests.support.postgresql import PostgresServer
from tests.support.running_server import SECONDS, Running

T = TypeVar("T")
_LEADER = 0x66617579


def children(server: Running) -> list[int]:
    """The workers of a server."""
    return sorted(
        map(int, Path(f"/proc/{server.endpoints['pid']}/task/{server.endpoints['pid']}/children").read_text().split())
    )


def leader(server: PostgresServer, url: str) -> int | None:
    """The id of the process that leads those of this database; None: nobody at this moment."""
    row: Any = server.admin.execute(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_database d"
        " ON d.oid = l.database WHERE l.locktype = 'advisory' AND l.granted AND l.objid = %s AND d.datname = %s",
        [_LEADER, make_url(url).database],
    ).fetchone()
    return None if row is None else int(row[0].split()[1])  # "process 123 on host"


def eventually(what: Callable[[], T | None]) -> T:
    """What `what` returns once that is neither None nor false."""
    ends = time.monotonic() + SECONDS
    while not (result := what()):
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.05)
    return result
