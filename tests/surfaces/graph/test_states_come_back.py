"""A state that comes back answers as before: Graph, the control surface and the PKI, after random histories."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from fauxtune.surfaces.graph.routes import ROUTES
from tests.support.graph import DEVICES, PFX, PROFILES
from tests.support.populated_tenant import PopulatedTenant
from tests.surfaces.conftest import token_of_application

CONTROL = "/_fauxtune/v1/tenants/contoso"
#: More histories: FAUXTUNE_HISTORIES=20.
SEEDS = range(1, 1 + int(os.environ.get("FAUXTUNE_HISTORIES", "1")))
_STEPS = 12
_CONTROL_PATHS = (
    "/applications",
    "/authorities",
    "/certificates",
    "/clock",
    "/connectors",
    "/devices",
    "/diagnose?user=alice@contoso.example",
    "/diagnose?user=bob@contoso.example",
    "/faults",
    "/messages",
    "/users/alice@contoso.example/certificates",
    "/users/alice@contoso.example/readability",
)
_PKI_PATHS = [f"/pki/contoso/{name}/{what}" for name in ("root", "issuing", "devices") for what in ("ca.cer", "crl")]
_DELTA_TOKEN = re.compile(rb"(?<=delta\?\$deltatoken=)[\w-]+")
Answers = dict[str, tuple[int, object]]


async def _answers(http: httpx.AsyncClient, populated: PopulatedTenant) -> Answers:
    """What a client sees of the tenant, by address."""
    headers = {"authorization": f"Bearer {await token_of_application(http)}"}
    known = {*populated.keys, "device"}
    result: Answers = {}
    for route in ROUTES:
        if route.method == "GET" and route.status != 501 and known.issuperset(route.key_names):
            path = f"/beta{populated.path(route)}"
            answer = await http.get(path, headers=headers)
            # A refusal has an id of its own in each answer. The tokens of delta queries end with the state that they
            # are of: after another state has come back, a client begins again.
            content = _DELTA_TOKEN.sub(b"", answer.content)
            result[path] = (answer.status_code, content if answer.is_success else b"")
    # Who asks for a CRL has it made, which the list of authorities shows.
    for path in (*_PKI_PATHS, *(f"{CONTROL}{control_path}" for control_path in _CONTROL_PATHS)):
        answer = await http.get(path)
        result[path] = (answer.status_code, answer.content)
    events = (await http.get(f"{CONTROL}/journal")).json()["events"]
    result["journal"] = (
        200,
        [event for event in events if event["type"] not in {"snapshotRestored", "tenantImported"}],
    )
    return result


def _differing(before: Answers, after: Answers) -> list[str]:
    return [path for path in before if before[path] != after[path]]


class _Administrator:
    """Does things at random, by Graph and the control surface. What is not possible at present is refused."""

    def __init__(self, http: httpx.AsyncClient, seed: int) -> None:
        self.http = http
        self.random = random.Random(seed)
        self.headers: dict[str, str] = {}
        self.done = 0

    async def live(self) -> None:
        """Let so many things happen."""
        self.headers = {"authorization": f"Bearer {await token_of_application(self.http)}"}
        happenings: list[Callable[[], Awaitable[httpx.Response]]] = [
            *(self.delete_one,) * 4,
            *(self.create_user, self.rename_group, self.act, self.issue, self.issue, self.revoke) * 2,
            *(self.advance, self.roll_over, self.template, self.token),
        ]
        for _ in range(_STEPS):
            self.done += (await self.random.choice(happenings)()).is_success

    async def graph(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.http.request(method, f"/beta{path}", json=body, headers=self.headers)

    async def control(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.http.request(method, f"{CONTROL}{path}", json=body)

    async def one_of(self, collection: str) -> str:
        rows = (await self.graph("GET", collection)).json()["value"]
        return f"{collection}/{self.random.choice(rows)['id']}" if rows else f"{collection}/none"

    async def delete_one(self) -> httpx.Response:
        collection = self.random.choice(["/users", "/groups", PROFILES, PFX, DEVICES])
        return await self.graph("DELETE", await self.one_of(collection))

    async def create_user(self) -> httpx.Response:
        name = f"user{self.random.randrange(10**9)}"
        body = {"displayName": name, "mailNickname": name, "userPrincipalName": f"{name}@contoso.example"}
        password = {"password": "Fauxtune1!", "forceChangePasswordNextSignIn": False}
        return await self.graph("POST", "/users", {**body, "accountEnabled": True, "passwordProfile": password})

    async def rename_group(self) -> httpx.Response:
        return await self.graph("PATCH", await self.one_of("/groups"), {"description": str(self.random.random())})

    async def act(self) -> httpx.Response:
        action = self.random.choice(["retire", "wipe", "syncDevice"])
        return await self.graph("POST", f"{await self.one_of(DEVICES)}/{action}", {})

    async def issue(self) -> httpx.Response:
        body = {"template": "SmimeP256", "userPrincipalName": self.random.choice(["alice", "bob"]) + "@contoso.example"}
        return await self.control("POST", "/certificates", body)

    async def revoke(self) -> httpx.Response:
        rows = (await self.http.get(f"{CONTROL}/certificates")).json()["value"]
        serial = self.random.choice(rows)["serial"] if rows else "none"
        return await self.control("POST", f"/certificates/{serial}/revoke", {"reason": "keyCompromise"})

    async def advance(self) -> httpx.Response:
        return await self.control("POST", "/clock/advance", {"by": f"P{self.random.randrange(1, 400)}D"})

    async def roll_over(self) -> httpx.Response:
        return await self.control("POST", "/authorities/issuing/rollover", {})

    async def template(self) -> httpx.Response:
        return await self.control(
            "PATCH", "/authorities/issuing/templates/User", {"validity": f"P{self.random.randrange(1, 400)}D"}
        )

    async def token(self) -> httpx.Response:
        return await self.control("POST", "/enrollmentTokens", {"userPrincipalName": "alice@contoso.example"})


async def _other_tenant(http: httpx.AsyncClient) -> bytes:
    return (await http.get("/_fauxtune/v1/tenants/fabrikam/export?keys=true")).content


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_restored_tenant_answers_as_before_whatever_was_done(
    http: httpx.AsyncClient, populated: PopulatedTenant, seed: int
) -> None:
    await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    early = _Administrator(http, seed)
    await early.live()
    before, other = await _answers(http, populated), await _other_tenant(http)
    assert (await http.post(f"{CONTROL}/snapshots", json={"name": "before"})).status_code == 201
    late = _Administrator(http, seed + 1000)
    await late.live()
    assert early.done >= 3
    assert late.done >= 3
    assert _differing(before, await _answers(http, populated))
    assert (await http.post(f"{CONTROL}/snapshots/before/restore")).status_code == 200
    assert _differing(before, await _answers(http, populated)) == []
    assert await _other_tenant(http) == other


@pytest.mark.parametrize("seed", SEEDS)
async def test_an_imported_tenant_answers_as_the_exported_one_did(
    http: httpx.AsyncClient, populated: PopulatedTenant, seed: int
) -> None:
    await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    administrator = _Administrator(http, seed + 2000)
    await administrator.live()
    assert administrator.done >= 3
    before, other = await _answers(http, populated), await _other_tenant(http)
    document = (await http.get(f"{CONTROL}/export?keys=true")).content
    assert (await http.delete(CONTROL)).status_code == 204
    imported = await http.put(f"{CONTROL}/import", content=document, headers={"content-type": "application/json"})
    assert imported.status_code == 201, imported.text
    assert _differing(before, await _answers(http, populated)) == []
    assert await _other_tenant(http) == other
