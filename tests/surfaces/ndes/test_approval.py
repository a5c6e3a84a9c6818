"""Requests that wait until an administrator approves or denies them: the device polls meanwhile.

RA certificates and waiting requests in snapshots, exports and test tenants.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.operations.devices import actions
from fauxtune.storage.queries.scep import ra_certificate_rows
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.scep_clients import CONTROL, FAILURE, GET_CERT, NDES, PENDING, POLL, ScepClient, encrypts, named
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
    for naming in ({"device": row["device"]}, {"managedDeviceId": scene.device}):
        given = await scene.http.post(f"{CONTROL}/scep/challenges", json={**naming, "profile": scene.profile})
        assert given.json()["content"]["deviceId"] == scene.device
    nobody = await scene.http.post(f"{CONTROL}/scep/challenges", json={"profile": scene.profile})
    assert (nobody.status_code, "Name the device" in nobody.text) == (400, True)


async def test_a_restored_snapshot_brings_ra_certificates_and_waiting_requests_back(scene: Scene) -> None:
    await scene.settings(ndes__approval=True)
    assert (await scene.client.ask(await scene.csr())).status == PENDING
    before = await scene.client.certificates()
    (await scene.http.post(f"{CONTROL}/snapshots", json={"name": "waiting"})).raise_for_status()
    (request,) = (await scene.http.get(f"{CONTROL}/scep/requests")).json()["value"]
    (await scene.http.post(f"{CONTROL}/scep/requests/{request['id']}/approve")).raise_for_status()
    (await scene.http.post(f"{CONTROL}/scep/ndes/renew")).raise_for_status()
    assert await scene.client.certificates() != before
    (await scene.http.post(f"{CONTROL}/snapshots/waiting/restore")).raise_for_status()
    assert await scene.client.certificates() == before
    assert (await scene.client.ask(b"", kind=POLL)).status == PENDING
    (await scene.http.post(f"{CONTROL}/scep/requests/{request['id']}/approve")).raise_for_status()
    scene.client.issued(await scene.client.ask(b"", kind=POLL))


async def test_an_exported_tenant_brings_its_ra_keys_along(scene: Scene) -> None:
    before = await scene.client.certificates()
    document = (await scene.http.get(f"{CONTROL}/export", params={"keys": True})).raise_for_status()
    (await scene.http.delete(CONTROL)).raise_for_status()
    (await scene.http.post("/_fauxtune/v1/tenants", json={"name": "contoso"})).raise_for_status()
    imported = await scene.http.put(
        f"{CONTROL}/import", content=document.content, headers={"content-type": "application/json"}
    )
    assert imported.status_code == 200, imported.text
    assert await scene.client.certificates() == before
    scene.client.issued(await scene.client.ask(await scene.csr()))


async def test_test_tenants_share_the_keys_of_ra_certificates_and_keep_them_when_one_renews(scene: Scene) -> None:
    names = ("fabrikam", "lakeside")
    for name in names:
        body = {"name": name, "keys": "shared"}
        (await scene.http.post("/_fauxtune/v1/tenants", json=body)).raise_for_status()
    clients = [ScepClient(scene.http, scene.client.key, url=NDES.replace("contoso", name)) for name in names]
    for client in clients:
        assert len([certificate for certificate in await client.certificates() if encrypts(certificate)]) == 1
    # The shared keys come round: each of them is given up by one tenant while the other may have it.
    for _ in range(8):
        place = "/_fauxtune/v1/tenants/fabrikam/scep/ndes/renew"
        (await scene.http.post(place)).raise_for_status()
        for client in clients:
            # badCertId: the message was decrypted and understood, and no certificate has this name.
            assert (await client.ask(named(client.own), kind=GET_CERT)).fail_info == "4"
    for name in names:
        tenant = await scene.contoso.emulator.runner.tenant(name)
        rows = await scene.contoso.look(ra_certificate_rows, tenant.id)
        assert {row.purpose: row.file[:7] for row in rows} == {"encryption": "shared-", "signing": "shared-"}
