"""What processes that share a database tell each other: PostgreSQL's LISTEN and NOTIFY, on connections of their own.

An announcement is a topic, a name, and a number of seconds. It comes after the commit of what it is about, in batches,
and may be lost with a connection or a process: whoever relies on one looks again when its time is over.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from fauxtune.storage.database import Database, cut

#: A topic, a name, and seconds.
Announcement = tuple[str, str, float]

_CHANNEL = "fauxtune"
#: Announcements in one message: PostgreSQL takes less than 8,000 bytes (NOTIFY, 2026-11), and one has about 80.
_AT_ONCE = 80
#: Seconds without a message after which it is looked whether the connection is still there; and before a new one.
_LOOK, _PAUSE = 10.0, 0.5
#: Seconds that the end waits for the thread.
_LAST_PATIENCE = 2.0
_NOTIFY = text("SELECT pg_notify(:channel, :message)")


class Announcements:
    """The announcements of one process, which has the name `sender`, and those of all others."""

    def __init__(self, database: Database, *, sender: str) -> None:
        self._database = database
        self._sender = sender
        self._sending: Connection | None = None
        self._is_open = True
        self._thread: threading.Thread | None = None
        #: The connection (psycopg's) that the thread waits on.
        self._waiting: Any = None

    def listen(self, hear: Callable[[str, Sequence[Announcement]], None], *, connected: Callable[[], None]) -> None:
        """Call `hear` with sender and announcements of other processes, from a thread, until `close`. `connected` is
        called whenever the connection begins, or begins again: what was announced before it is lost.
        """
        thread = threading.Thread(target=self._listen, args=(hear, connected), name="announcements", daemon=True)
        self._thread = thread
        thread.start()

    def send(self, announcements: Iterable[Announcement]) -> None:
        """Send announcements; they are lost if the database is away. Blocks."""
        every = list(announcements)
        try:
            if self._sending is None:
                self._sending = self._connection()
            for start in range(0, len(every), _AT_ONCE):
                message = json.dumps([self._sender, *every[start : start + _AT_ONCE]], separators=(",", ":"))
                self._sending.execute(_NOTIFY, {"channel": _CHANNEL, "message": message})
        except OperationalError:
            self._stop_sending()

    def close(self) -> None:
        """Stop to send and to listen. Blocks for a moment."""
        self._is_open = False
        self._stop_sending()
        if self._waiting is not None:
            cut(self._waiting)
        if self._thread is not None:
            self._thread.join(_LAST_PATIENCE)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            with suppress(OperationalError):
                self._sending.close()
        self._sending = None

    def _connection(self) -> Connection:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # it does not count among those of transactions
        return connection

    def _listen(self, hear: Callable[[str, Sequence[Announcement]], None], connected: Callable[[], None]) -> None:
        while self._is_open:
            with suppress(OperationalError):
                self._hear(hear, connected)
            if self._is_open:
                time.sleep(_PAUSE)

    def _hear(self, hear: Callable[[str, Sequence[Announcement]], None], connected: Callable[[], None]) -> None:
        with self._connection() as connection:
            connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
            self._waiting = connection.connection.dbapi_connection
            connected()
            with suppress(self._waiting.OperationalError):
                while self._is_open:
                    for notice in self._waiting.notifies(timeout=_LOOK):
                        sender, *every = json.loads(notice.payload)
                        if sender != self._sender:
                            hear(sender, [(topic, name, seconds) for topic, name, seconds in every])
                    connection.exec_driver_sql("SELECT 1")
