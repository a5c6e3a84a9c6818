"""An Android phone that holds what it is given, and that can stay connected to the push channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

Json = dict[str, Any]


@dataclass(slots=True)
class Handset:
    """`id` is its enrolment's."""

    http: httpx.AsyncClient
    tenant: str
    name: str
    credential: str
    push_token: str
    applied: str = ""
    aliases: tuple[Json, ...] = ()
    roots: tuple[str, ...] = ()
    obeys: bool = True

    @classmethod
    def enrolled(cls, http: httpx.AsyncClient, *, tenant: str, answer: Json) -> Handset:
        """The phone behind an answered enrolment."""
        return cls(http, tenant, answer["name"], answer["deviceCredential"], answer["pushToken"])

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]

    async def call(self, method: str, tail: str, *, body: Json | None = None) -> httpx.Response:
        path = f"/mdm/{self.tenant}/android/v1/{self.name}{tail}"
        return await self.http.request(method, path, json=body, headers={"authorization": f"Bearer {self.credential}"})

    async def report(self) -> Json:
        """One check-in, whatever it leads to."""
        held = {"aliases": list(self.aliases), "caCerts": list(self.roots)}
        answer = await self.call("POST", ":reportStatus", body={"appliedPolicyVersion": self.applied, "keyStore": held})
        assert answer.status_code == 200, answer.text
        said: Json = answer.json()
        return said

    async def settle(self) -> None:
        """Check in, apply and obey until nothing is new."""
        while True:
            said = await self.report()
            if said["pendingOperations"] and self.obeys:
                await self.obey()
                return
            if said["policyVersion"] == self.applied:
                return
            policy = (await self.call("GET", f"/policy?appliedPolicyVersion={self.applied}")).json()
            self.applied = policy["version"]
            self.roots = tuple(each["sha256"] for each in policy["caCerts"])
            marks = [(each["alias"], await self.thumbprint(each["alias"])) for each in policy["keyPairs"]]
            self.aliases = tuple({"alias": alias, "sha1": mark} for alias, mark in marks)

    async def thumbprint(self, alias: str) -> str:
        """What a phone would read in the file that it was given; here the ledger is asked."""
        url = f"/_fauxtune/v1/tenants/{self.tenant}/devices/{self.id}/ledger"
        items = (await self.http.get(url)).json()["items"]
        return str(next(each["thumbprint"] for each in items if each["key"] == alias.replace("-", "/", 1)))

    async def obey(self) -> None:
        """Do what an administrator ordered."""
        for each in (await self.call("GET", "/operations:pull")).json()["operations"]:
            tail = each["name"].removeprefix(self.name)
            assert (await self.call("POST", f"{tail}:complete", body={"done": True})).status_code == 200

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Wait for pushes, and come when there is one."""
        leaving = asyncio.Event()
        task = asyncio.create_task(self._listen(leaving))
        try:
            yield
        finally:
            leaving.set()
            await task

    async def _listen(self, leaving: asyncio.Event) -> None:
        after = 0
        while not leaving.is_set():
            answer = await self.http.get(f"/push/{self.tenant}/{self.push_token}?after={after}&wait=0.2")
            if answer.status_code == 404:
                return
            after = answer.json()["seq"]
            if answer.json()["push"] is not None:
                await self.settle()
