"""The primary user of a device: only in beta, only on Windows, and only a licensed user."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import enrollment, windows
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.devices import managed_device_of
from tests.surfaces.graph.conftest import Enroll

DEVICES = "/deviceManagement/managedDevices"
BOB = "bob@contoso.example"


@pytest.fixture
async def computer(emulator: Emulator, tenant: Tenant, csr: str) -> str:
    """The record of alice's Windows computer."""
    token = await emulator.runner.run(tenant, enrollment.create_token, "alice@contoso.example")
    facts = {"osVersion": "10.0.22631", "deviceName": "PC7"}
    done = await emulator.runner.run(
        tenant,
        windows.enroll,
        enrollment.EnrollmentRequest(Platform.WINDOWS, mode=None, hardware_key="windows/pc7", facts=facts),
        claimant=windows.Claimant(token=token),
        csr=base64.b64decode(csr),
        wire_state={},
        keys=emulator.keys,
    )
    record = await emulator.runner.read(managed_device_of, done.id)
    assert record is not None
    return str(record.id)


def reference(user: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/beta/users/{user}"}


async def names(client: httpx.AsyncClient, path: str, name: str) -> list[Any]:
    return [entry[name] for entry in (await client.get(path)).json()["value"]]


async def test_the_primary_user_is_changed_and_taken_away(beta: httpx.AsyncClient, computer: str) -> None:
    bob = (await beta.get(f"/users/{BOB}")).json()["id"]
    answer = await beta.post(f"{DEVICES}('{computer}')/users/$ref", json=reference(bob))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await names(beta, f"{DEVICES}/{computer}/users", "userPrincipalName") == [BOB]
    assert await names(beta, f"/users/{BOB}/managedDevices", "id") == [computer]
    assert await names(beta, "/users/alice@contoso.example/managedDevices", "id") == []
    device = (await beta.get(f"{DEVICES}/{computer}")).json()
    assert (device["userId"], device["userPrincipalName"]) == (bob, "alice@contoso.example"), "who enrolled it stays"
    assert (await beta.delete(f"{DEVICES}/{computer}/users/$ref")).status_code == 204
    assert await names(beta, f"{DEVICES}/{computer}/users", "id") == []
    assert (await beta.get(f"{DEVICES}/{computer}")).json()["userId"] == ""


async def test_v1_does_not_know_it(v1: httpx.AsyncClient, computer: str) -> None:
    answer = await v1.post(f"{DEVICES}/{computer}/users/$ref", json=reference(BOB))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400),
        ({}, 400),
        ({"@odata.id": 7}, 400),
        ({"@odata.id": ""}, 400),
        (reference("nobody"), 404),
        (reference("00000000-0000-0000-0000-000000000000"), 404),
    ],
)
async def test_what_names_no_user_is_refused_and_nothing_changes(
    beta: httpx.AsyncClient, computer: str, body: Any, status: int
) -> None:
    answer = await beta.post(f"{DEVICES}/{computer}/users/$ref", json=body)
    assert answer.status_code == status, answer.text
    assert await names(beta, f"{DEVICES}/{computer}/users", "userPrincipalName") == ["alice@contoso.example"]


async def test_a_phone_keeps_its_user_and_says_why(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll()
    for method, body in (("POST", reference(BOB)), ("DELETE", None)):
        answer = await beta.request(method, f"{DEVICES}/{phone.managed_device_id}/users/$ref", json=body)
        assert answer.status_code == 400
        assert "only that of a Windows device can" in answer.json()["error"]["message"]


async def test_a_device_whose_user_is_gone_cannot_be_wiped_and_graph_says_why(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll(mode="fully-managed")
    assert (await beta.delete("/users/alice@contoso.example")).status_code == 204
    for action in ("wipe", "retire"):
        answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}")
        assert answer.status_code == 400
        assert "before their user is deleted" in answer.json()["error"]["message"]
    assert (await beta.delete(f"{DEVICES}/{phone.managed_device_id}")).status_code == 204
