"""The life of a server: what a start refuses, what it takes, in which order, and how it all goes back at the end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fauxtune.connector.keypool import KeyPool
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.emulator import Addresses, Emulator
from fauxtune.server import bootstrap, endpoints, lock, tls
from fauxtune.server.clock import SystemClock
from fauxtune.server.endpoints import Endpoints
from fauxtune.server.factory import create_app
from fauxtune.server.ids import SystemIds
from fauxtune.server.listening import Listener, Port, bind
from fauxtune.server.readiness import FrontDoor
from fauxtune.server.refusal import StartRefused
from fauxtune.settings import Settings
from fauxtune.storage import migrate
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.ownership import owned
from fauxtune.storage.queries import tenants as tenant_queries

SQLITE_FILE = "fauxtune.sqlite"


@dataclass(frozen=True, slots=True)
class Ready:
    """The server is up: what to tell people."""

    endpoints: Endpoints
    data_dir: Path
    warnings: tuple[str, ...] = field(default=())


def run(settings: Settings, announce: Callable[[Ready], None]) -> None:
    """Serve until SIGINT or SIGTERM. StartRefused, or an error of the core, says why nothing was started."""
    _allow_many_connections()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_stopped(lambda: _serve(settings, announce)))


async def _until_stopped(life: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(life())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _serve(settings: Settings, announce: Callable[[Ready], None]) -> None:
    check(settings)
    seed = bootstrap.read_seed(settings.seed)
    with _data_dir(settings) as folder, _ports(settings) as (https, http):
        endpoints.remove(folder)
        addresses = _addresses(settings, https=https.number, http=http.number)
        clock, ids = SystemClock(), SystemIds()
        files = tls.prepare(folder / "tls", names=_names(settings), now=clock.now(), ids=ids)
        context = tls.server_context(files, client_certificates=settings.client_certificates)
        door = FrontDoor()
        async with _listening(Listener(door, https, context=context), Listener(door, http)) as stop:
            door.done("listeners")
            database = await asyncio.to_thread(open_database, settings, folder)
            door.done("database")
            pool = KeyPool(settings.key_pool_size, threads=settings.key_pool_threads)
            token = settings.control_token
            around = bootstrap.Surroundings(
                clock=clock,
                ids=ids,
                key_source=pool,
                addresses=addresses,
                ca_file=str(files.ca),
                control_token=None if token is None else token.get_secret_value(),
                admit_device_authority=lambda certificate: tls.admit(context, certificate),
            )
            try:
                with owned(database, owner=f"fauxtune {_process()} {folder}"):
                    emulator = await asyncio.to_thread(bootstrap.assemble, database, folder, around=around)
                    pool.start()
                    door.done("keyPool")
                    tenant = await _first_tenant(emulator, seed)
                    door.open(create_app(emulator))
                    door.done("tenant")
                    ready = await _ready(emulator, folder, tenant=tenant)
                    endpoints.write(folder, ready.endpoints)
                    announce(ready)
                    try:
                        await asyncio.get_running_loop().create_future()
                    finally:
                        endpoints.remove(folder)
                        await stop()
            finally:
                pool.stop()
                database.close()
