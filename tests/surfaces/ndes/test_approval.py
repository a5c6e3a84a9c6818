"""Requests that wait until an administrator approves or denies them: the device polls meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.operations.devices import actions
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.scep_clients import CONTROL, FAILURE, PENDING, POLL, ScepClient
from tests.surfaces.ndes.conftest import Scene

REQUESTS = f"{CONTROL}/scep/requests"


@pytest.fixture
async def waiting(scene: Scene) -> tuple[Scene, str]:
    """A request of Alice's phone that waits; its id."""
    await scene.settings(ndes__approval=True)
    assert (await scene.client.ask(await scene.csr())).status == PENDING
    (row,) = (await scene.http.get(REQUESTS, params={"state": "pending"})).json()["value"]
    assert row["managedDeviceId"] == scene.device
    assert (row["subject"], row["transactionId"]) == ("CN=alice,E=alice@contoso.example", "first")
    return scene, row["id"]


@ON_BOTH_DATABASES
async def test_an_approved_request_is_issued_at_the_next_poll(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    assert (await scene.client.ask(b"", kind=POLL)).status == PENDING
    assert await scene.log() == [4003, 4004]
    approved = await scene.http.post(f"{REQUESTS}/{request}/approve")
    assert (approved.status_code, approved.json()["state"]) == (200, "issued")
    certificate = scene.client.issued(await scene.client.ask(b"", kind=POLL))
    assert f"{certificate.serial_number:x}" == approved.json()["serialNumber"]
    assert await scene.log() == [4003, 4004, 4006, 4008, 4000]
    again = await scene.http.post(f"{REQUESTS}/{request}/approve")
    assert (again.status_code, "does not wait any more" in again.text) == (409, True)


async def test_an_approval_may_come_after_the_challenge_has_expired(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    scene.contoso.clock.forward(hours=3)
    assert (await scene.http.post(f"{REQUESTS}/{request}/approve")).status_code == 200
    scene.client.issued(await scene.client.ask(b"", kind=POLL))


async def test_a_denied_request_is_refused_at_the_next_poll(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    empty = await scene.http.post(f"{REQUESTS}/{request}/deny", json={"reason": " "})
    assert (empty.status_code, "1 to 255 characters" in empty.text) == (400, True)
    denied = await scene.http.post(f"{REQUESTS}/{request}/deny", json={"reason": "Not this phone."})
    assert (denied.json()["state"], denied.json()["message"]) == ("denied", "Not this phone.")
    answer = await scene.client.ask(b"", kind=POLL)
    assert (answer.status, answer.fail_info) == (FAILURE, "2")
    assert not await scene.events("issued")
    (failed,) = await scene.events("scepIssuanceFailed")
    assert failed["detail"]["reason"] == "Not this phone."
    assert (await scene.log())[-2:] == [4007, 4001]


async def test_nobody_else_can_poll_for_a_request(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    await scene.http.post(f"{REQUESTS}/{request}/approve")
    answer = await ScepClient(scene.http, scene.keys[0]).ask(b"", kind=POLL)
    assert (answer.status, answer.fail_info) == (FAILURE, "4")
    other = await replace(scene.client).ask(b"", kind=POLL, transaction="another")
    assert (other.status, other.fail_info) == (FAILURE, "4")


async def test_a_request_of_a_device_that_is_gone_cannot_be_approved(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    await scene.contoso.do(actions.delete, ManagedDeviceId(scene.device))
    answer = await scene.http.post(f"{REQUESTS}/{request}/approve")
    assert (answer.status_code, "any more: BadDeviceIdInChallenge" in answer.text) == (409, True)
    assert not await scene.events("issued")


async def test_an_approval_while_the_authority_is_off_line_changes_nothing(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    off = await scene.http.patch(f"{CONTROL}/authorities/issuing", json={"state": "unavailable"})
    off.raise_for_status()
    answer = await scene.http.post(f"{REQUESTS}/{request}/approve")
    assert answer.status_code == 503
    assert (await scene.client.ask(b"", kind=POLL)).status == PENDING


@pytest.mark.parametrize("act", ["approve", "deny"])
async def test_an_unknown_request_is_not_found(scene: Scene, act: str) -> None:
    body = {"reason": "x"} if act == "deny" else None
    answer = await scene.http.post(f"{REQUESTS}/{'a' * 5000}/{act}", json=body)
    assert answer.status_code == 404


async def test_requests_of_another_tenant_are_not_known(waiting: tuple[Scene, str]) -> None:
    scene, request = waiting
    (await scene.http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam", "keys": "shared"})).raise_for_status()
    there = "/_fauxtune/v1/tenants/fabrikam/scep/requests"
    assert (await scene.http.get(there)).json()["value"] == []
    assert (await scene.http.post(f"{there}/{request}/approve")).status_code == 404
    challenges = "/_fauxtune/v1/tenants/fabrikam/scep/challenges"
    given = await scene.http.post(challenges, json={"device": scene.device, "profile": scene.profile})
    assert given.status_code == 404
    opened = await scene.http.post(f"{challenges}/open", json={"challenge": await scene.challenge()})
    assert (opened.json()["code"], opened.json()["content"]) == ("SignatureValidationFailed", None)
    assert (await scene.http.post(f"{there}/{request}/deny", json={"reason": "Ours."})).status_code == 404
    assert (await scene.client.ask(b"", kind=POLL)).status == PENDING


async def test_a_challenge_is_given_to_a_device_by_either_of_its_ids(scene: Scene) -> None:
    await scene.challenge()
    (row,) = (await scene.http.get(f"{CONTROL}/scep/challenges")).json()["value"]
    assert row["managedDeviceId"] == scene.device
    for named in ({"device": row["device"]}, {"managedDeviceId": scene.device}):
        given = await scene.http.post(f"{CONTROL}/scep/challenges", json={**named, "profile": scene.profile})
        assert given.json()["content"]["deviceId"] == scene.device
    nobody = await scene.http.post(f"{CONTROL}/scep/challenges", json={"profile": scene.profile})
    assert (nobody.status_code, "Name the device" in nobody.text) == (400, True)
