"""Databases for servers of several processes, in a run with JOURNEY_WORKERS: one for each data folder."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache

from tests.support.postgresql import PostgresServer, running_server


@cache
def database_of(_folder: str) -> str:
    """The URL of the database of this data folder: empty at the first start there."""
    server = _server()
    return server.url(server.create())


@cache
def _server() -> PostgresServer:
    held = ExitStack()
    atexit.register(held.close)
    return held.enter_context(running_server())
