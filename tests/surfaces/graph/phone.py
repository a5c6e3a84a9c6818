"""An Android device that does as it is told, for tests that need one behind a managedDevice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

Json = dict[str, Any]


@dataclass(slots=True)
class Phone:
    """What it is given it holds, and it says so. `id` is that of Graph's record."""

    http: httpx.AsyncClient
    name: str
    credential: str
    id: str
    applied: str = ""
    aliases: tuple[Json, ...] = ()
    roots: tuple[str, ...] = ()

    async def call(self, method: str, tail: str, *, body: Json | None = None) -> httpx.Response:
        path = f"/mdm/contoso/android/v1/{self.name}{tail}"
        return await self.http.request(method, path, json=body, headers={"authorization": f"Bearer {self.credential}"})

    async def report(self) -> Json:
        """One check-in, whatever it leads to."""
        key_store = {"aliases": list(self.aliases), "caCerts": list(self.roots)}
        answer = await self.call(
            "POST", ":reportStatus", body={"appliedPolicyVersion": self.applied, "keyStore": key_store}
        )
        assert answer.status_code == 200, answer.text
        said: Json = answer.json()
        return said

    async def settle(self) -> None:
        """Check in and apply the policy until nothing is new."""
        while (await self.report())["policyVersion"] != self.applied:
            policy = (await self.call("GET", f"/policy?appliedPolicyVersion={self.applied}")).json()
            self.applied = policy["version"]
            self.roots = tuple(each["sha256"] for each in policy["caCerts"])
            # The alias of an imported certificate is its thumbprint: no file needs to be opened here.
            self.aliases = tuple(
                {"alias": each["alias"], "sha1": each["alias"].removeprefix("imported-")} for each in policy["keyPairs"]
            )

    async def obey(self, **said: Any) -> list[Json]:
        """Check in and do what the administrator ordered; the orders. `said` goes with "done"."""
        await self.report()
        operations: list[Json] = (await self.call("GET", "/operations:pull")).json()["operations"]
        for each in operations:
            tail = each["name"].removeprefix(self.name)
            assert (await self.call("POST", f"{tail}:complete", body={"done": True, **said})).status_code == 200
        return operations
