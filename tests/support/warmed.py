"""Fills the caches of the process from which commands are forked: a server of a test then compiles no statement that
another one needed, and waits for no key. Both took three quarters of the time of a short story.
"""

from __future__ import annotations

import asyncio
import os
import threading
import traceback
from collections import deque
from contextlib import suppress
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from fauxtune.core.model.tenants import Edition
from fauxtune.server import serve
from fauxtune.settings import Settings
from fauxtune.storage.database import Database
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from tests.support.administrator import DEVICES, AgentEnroller, administrator_of
from tests.support.related_keys import BITS, related_keys
from tests.support.running_server import SECONDS, Served

#: How many keys are made in advance: those of a start, and more than nearly every story issues.
_KEYS = 120
#: How many of them the child process has in which a server makes what it has at the start.
_OF_CHILD = 20
_KINDS = {
    Platform.IOS: ("iosTrustedRootCertificate", "iosPkcsCertificateProfile"),
    Platform.WINDOWS: ("windows81TrustedRootCertificate", "windows10PkcsCertificateProfile"),
    Platform.ANDROID: ("androidWorkProfileTrustedRootCertificate", "androidWorkProfilePkcsCertificateProfile"),
}


def warm() -> list[rsa.RSAPrivateKey]:
    """Let all SQLite databases of this process share their compiled statements, and let a server and devices run once.

    Returns keys for `use_keys`. No thread is left, so that the process can fork.
    """
    _share_compiled_statements()
    try:
        with asyncio.Runner() as runner:  # uvloop's would leave threads of libuv
            runner.run(_server_with_devices())
    except Exception:  # a defect of the product: the tests say which; commands start without warm caches
        traceback.print_exc()
    for thread in set(threading.enumerate()) - {threading.current_thread()}:
        thread.join(SECONDS)  # a server that has ended has asked its threads to end
    assert threading.active_count() == 1, threading.enumerate()
    return list(islice(related_keys(), _KEYS))


def use_keys(keys: list[rsa.RSAPrivateKey], *, arguments: list[str]) -> None:
    """Let this process, which is to run the command of these arguments, take these keys, or make some of their primes.

    It takes them if it is a server with a new data folder, and one process: another start of the same server, and each
    of several processes, would take the same keys again. Those that a process makes are its own.
    """
    source = _Keys(keys, may_take=_is_new_server(arguments))
    os.register_at_fork(after_in_child=source.begin_child)
    make = rsa.generate_private_key

    @wraps(make)
    def related(public_exponent: int, key_size: int, backend: object = None) -> rsa.RSAPrivateKey:
        return source.take() if key_size == BITS else make(public_exponent, key_size, backend)

    rsa.generate_private_key = related


class _Keys:
    """The keys of a process: those that it takes, then those that it makes."""

    def __init__(self, keys: list[rsa.RSAPrivateKey], *, may_take: bool) -> None:
        self._all = keys
        self._taken = deque(keys[_OF_CHILD:] if may_take else ())
        self._of_child = deque(keys[:_OF_CHILD] if may_take else ())
        self._begin()

    def _begin(self) -> None:
        self._made = related_keys(prime for key in self._all for prime in _primes(key))
        self._lock = threading.Lock()

    def take(self) -> rsa.RSAPrivateKey:
        """Return a key that no other process of this server has."""
        with self._lock:
            return self._taken.popleft() if self._taken else next(self._made)

    def take_ready(self, count: int) -> list[rsa.RSAPrivateKey]:
        """Return so many keys: they take no time."""
        return [self.take() for _ in range(count)]

    def begin_child(self) -> None:
        """Take other keys than the process that this one was forked from: it makes what a server has at the start."""
        self._taken, self._of_child = self._of_child, deque()
        self._begin()


def _primes(key: rsa.RSAPrivateKey) -> tuple[int, int]:
    numbers = key.private_numbers()
    return numbers.p, numbers.q


def _is_new_server(arguments: list[str]) -> bool:
    """Whether a command is a server of one process whose data folder does not exist yet."""
    command, *options = arguments or [""]
    if not {"--workers", "--shared"}.isdisjoint(options):
        return False
    named = options[options.index("--data-dir") + 1] if "--data-dir" in options else None
    folder = Path(named or os.environ.get("FAUXTUNE_DATA_DIR", ".fauxtune"))
    return command == "serve" and ("--ephemeral" in options or not folder.exists())


def _share_compiled_statements() -> None:
    """Let each SQLite engine use the compiled statements of those before it: all have a dialect of the same options."""
    dialect: Any = SQLiteDialect_pysqlite
    dialect.__eq__ = lambda self, other: type(self) is type(other)
    dialect.__hash__ = lambda self: hash(type(self))
    databases: Any = Database
    begin, shared = Database.__init__, dict[str, Any]()

    @wraps(begin)
    def begun(database: Database, *arguments: Any, **options: Any) -> None:
        begin(database, *arguments, **options)
        if database.is_sqlite:
            engine: Any = database.engine
            engine._compiled_cache = shared.setdefault("statements", engine._compiled_cache)

    databases.__init__ = begun


async def _server_with_devices() -> None:
    """A server; for each of three platforms a device that enrols, installs a certificate, is looked at, and retires."""
    settings = Settings(port=0, http_port=0, key_pool_size=1, ephemeral=True, edition=Edition.CURRENT)
    ready = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve.serve(settings, ready.set_result))
    try:
        await asyncio.wait((ready, serving), return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            async with asyncio.timeout(2 * SECONDS):
                await _devices(Served(ready.result().endpoints.document()))
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def _devices(server: Served) -> None:
    trust = Path(server.endpoints["caFile"]).read_bytes()
    async with administrator_of(server) as administrator, Transport(ca=trust) as transport:
        enrol = AgentEnroller(server, administrator, transport)
        for platform, kinds in _KINDS.items():
            root, pkcs = await administrator.root(kinds[0]), await administrator.pkcs(kinds[1])
            await administrator.assign(root, pkcs)
            agent = await enrol(platform)
            await agent.check_in()
            await administrator.statuses(pkcs)
            for device in await administrator.devices():
                (await administrator.graph.get(f"{DEVICES}/{device['id']}")).raise_for_status()
            await administrator.perform("retire")
            await agent.check_in()
            await administrator.assign(root, pkcs, to_everybody=False)
