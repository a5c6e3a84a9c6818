"""A load of fixed HTTP requests over several persistent connections, cheap enough not to distort the measurement."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from functools import partial

CONNECTIONS = 32


class _Caller(asyncio.Protocol):
    """Sends the requests in turn, each after the answer to the one before, which is read by its Content-Length, until
    the time is over.
    """

    def __init__(self, requests: Sequence[bytes], until: float, *, done: asyncio.Future[int]) -> None:
        self._requests = itertools.cycle(requests)
        self._until = until
        self._done = done
        self._pieces: list[bytes] = []
        self._missing = 0
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        if self._missing > 0:
            self._missing -= len(data)
        else:
            self._begin(b"".join(self._pieces))
        if self._missing == 0:
            self._next()

    def _begin(self, received: bytes) -> None:
        """Read the head of an answer; while it is incomplete, -1 bytes are missing, and it is read again later."""
        head, separator, rest = received.partition(b"\r\n\r\n")
        self._pieces = [received]
        self._missing = 0 if separator else -1
        if not separator:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = 0 if at < 0 else int(lower[at + 15 :].split(b"\r\n", 1)[0])
        self._missing = length - len(rest)
        if not head.startswith(b"HTTP/1.1 2"):
            self._finish(RuntimeError(f"{head.splitlines()[0]!r}: {rest[:300]!r}"))

    def _next(self) -> None:
        self.answered += 1
        self._pieces = []
        if time.perf_counter() >= self._until:
            self._finish(None)
        else:
            self._transport.write(next(self._requests))

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or (None if self._done.done() else RuntimeError("the server closed the connection")))

    def _finish(self, error: Exception | None) -> None:
        if not self._done.done():
            self._transport.close()
            if error is None:
                self._done.set_result(self.answered)
            else:
                self._done.set_exception(error)


async def requests_per_second(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int = CONNECTIONS,
    alternately: Sequence[bytes] = (),
) -> float:
    """The number of requests that the server on this port answers per second. Each connection sends one of `requests`,
    and by turns with it the one of `alternately` that stands at the same place.
    """
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    futures = []
    for number in range(connections):
        done: asyncio.Future[int] = loop.create_future()
        place = number % len(requests)
        own = [requests[place], *alternately[place : place + 1]]
        await loop.create_connection(partial(_Caller, own, start + seconds, done=done), "127.0.0.1", port)
        futures.append(done)
    answered = await asyncio.gather(*futures)
    return sum(answered) / (time.perf_counter() - start)


def post(path: str, *, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    named = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def get(path: str, *, headers: dict[str, str]) -> bytes:
    """The bytes of a GET."""
    head = "".join(f"{name}: {value}\r\n" for name, value in {"host": "localhost", **headers}.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
