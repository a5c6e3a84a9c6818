"""A connector in a thread: the real service, over HTTP to the application in process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx

from fauxtune.connector.key_folder import Folder
from fauxtune.connector.keypool import KeyRing
from fauxtune.connector.service import Service
from fauxtune_client.connector import HttpChannel
from fauxtune_client.http import Client

Json = dict[str, Any]
PROVIDER = "Microsoft Software Key Storage Provider"


@dataclass
class Wire:
    """Stands in for `Client`: calls the application from a thread beside its event loop."""

    http: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop

    def channel(self, method: str, path: str, *, credential: str, json: Json | None = None) -> httpx.Response:
        call = self.http.request(
            method, f"/connector/contoso/v1{path}", json=json, headers={"authorization": f"Bearer {credential}"}
        )
        return asyncio.run_coroutine_threadsafe(call, self.loop).result(30)


@dataclass
class RemoteConnector:
    """A connector with its folder. `added` is the answer of the control surface to its creation."""

    http: httpx.AsyncClient
    folder: Folder
    added: Json
    keys: KeyRing
    told: list[str] = field(default_factory=list)
    channel: HttpChannel = field(init=False)
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        client = cast(Client, Wire(self.http, asyncio.get_running_loop()))
        self.channel = HttpChannel(client, credential=self.added["credential"])
        numbers = iter(range(1000))
        self.service = Service(
            channel=self.channel,
            folder=self.folder,
            source=self.keys,
            workers=ThreadPoolExecutor(2),
            password=lambda: f"password-{next(numbers)}",
            log=self.told.append,
        )

    @classmethod
    async def join(
        cls, tenant: httpx.AsyncClient, http: httpx.AsyncClient, path: Path, *, keys: KeyRing, **body: Any
    ) -> RemoteConnector:
        """Add a connector, which has a key named OwnKey."""
        body = {"name": "Apart", "roles": ["pkcs", "imported-pfx", "revocation"], "location": "process", **body}
        answer = await tenant.post("/connectors", json=body)
        assert answer.status_code == 201, answer.text
        folder = Folder(path, source=keys)
        folder.add_key(PROVIDER, "OwnKey", key=keys.take())
        return cls(http, folder, answer.json(), keys)

    async def start(self, version: str = "6.2406.0.1001") -> Json:
        greeting = {"version": version, "machineName": "server7", "keys": self.folder.public_keys()}
        return await asyncio.to_thread(self.channel.start, greeting)

    async def turn(self, wait: float = 0) -> int:
        return await asyncio.to_thread(self.service.serve_once, wait=wait)

    async def lease(self) -> Json:
        return await asyncio.to_thread(self.channel.lease, most=8, wait=0)

    async def stop(self) -> None:
        await asyncio.to_thread(self.channel.stop)

    async def raw(self, method: str, path: str, body: Any = None, credential: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {credential or self.added['credential']}"}
        return await self.http.request(method, f"/connector/contoso/v1{path}", json=body, headers=headers)
