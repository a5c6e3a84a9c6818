"""A real server in the test's own process, in a thread, with its listeners and TLS: coverage sees what it does.

For tests that ask what a server does, and not how its process begins and ends (`running_server` is for those).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import wraps
from threading import Lock
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.connector.keypool import KeyPool
from fauxtune.server import serve
from fauxtune.settings import Settings
from tests.support.related_keys import BITS, related_keys
from tests.support.running_server import SECONDS, Served

_make = KeyPool._make
_keys, _turn = related_keys(), Lock()


@wraps(_make)
def _related_key(pool: KeyPool) -> rsa.RSAPrivateKey:
    """Return a key that no other one equals. Keys made alone took a sixth of the time of a story."""
    if pool._bits != BITS:
        return _make(pool)
    with _turn:
        return next(_keys)


@contextmanager
def serving_here(**settings: Any) -> Iterator[Served]:
    """A server until the block ends, on free ports. `settings` are those of `Settings`."""
    chosen = Settings(**{"port": 0, "http_port": 0, "key_pool_size": 1, **settings})
    announced = Future[Served]()

    def announce(ready: serve.Ready) -> None:
        announced.set_result(Served(ready.endpoints.document()))

    def live(loop: Future[asyncio.AbstractEventLoop], stopping: asyncio.Event) -> None:
        async def until_stopped() -> None:
            loop.set_result(asyncio.get_running_loop())
            asked = asyncio.create_task(stopping.wait())
            serving = asyncio.create_task(serve.serve(chosen, announce))
            await asyncio.wait((serving, asked), return_when=asyncio.FIRST_COMPLETED)
            for task in (asked, serving):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await serving

        with asyncio.Runner(loop_factory=serve.loop_factory()) as runner:
            runner.run(until_stopped())

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1, "server") as thread:
        patch.setattr(KeyPool, "_make", _related_key)
        loop, stopping = Future[asyncio.AbstractEventLoop](), asyncio.Event()
        running = thread.submit(live, loop, stopping)
        running.add_done_callback(lambda ended: _pass_on(ended, announced))
        try:
            yield announced.result(SECONDS)
        finally:
            if not running.done():
                loop.result(SECONDS).call_soon_threadsafe(stopping.set)
            running.result(SECONDS)


def _pass_on(ended: Future[None], announced: Future[Served]) -> None:
    """Let who waits for the announcement know that the server has ended."""
    if not announced.done():
        announced.set_exception(ended.exception() or AssertionError("the server ended before it was ready"))
