"""The channel of connectors that are processes of their own: leases, sessions, answers, and hostile callers."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fauxtune.connector import wire
from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Conflict, NotAllowed, Unauthenticated, Unavailable
from fauxtune.core.pki.names import thumbprint
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import certificate_request, encrypt_password, issued_elsewhere, make_pfx
from tests.support.clock import FixedClock
from tests.support.connector import RemoteConnector
from tests.support.control import Json, members, only_connector, tenant_url
from tests.support.devices.android import AndroidOverHttp
from tests.support.hostile_der import PILLS, Change, altered
from tests.surfaces.control.conftest import Assign, Enroll


@pytest.fixture
async def remote(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient, tmp_path: Path, rsa_keys: KeyRing
) -> RemoteConnector:
    """The only connector at work."""
    switched = await contoso.patch(tenant_url(contoso), json={"settings": {"requireTrustedRoot": False}})
    assert switched.status_code == 200, switched.text
    inside = await only_connector(contoso)
    await contoso.patch(f"/connectors/{inside['id']}", json={"state": "offline"})
    return await RemoteConnector.join(contoso, http, tmp_path / "apart", keys=rsa_keys)


@pytest.fixture
async def phone(contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign) -> AndroidOverHttp:
    """A phone of alice's that waits for a certificate."""
    await assign("pkcs")
    result = await enroll(contoso)
    await result.settle()
    return result


async def item(contoso: httpx.AsyncClient, phone: AndroidOverHttp) -> Json:
    (found,) = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    return dict(found)


async def registered(contoso: httpx.AsyncClient) -> list[Json]:
    return [member for member in await members(contoso, "/certificates") if member["source"] == "pkcs"]


def csr_of(rsa_keys: KeyRing) -> str:
    request = certificate_request(rsa_keys.take())
    return wire.text(request)


# -------------------------------------------------------------------------------------------------------------- service


async def test_a_connector_of_its_own_answers_and_is_shown(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp
) -> None:
    waiting = await item(contoso, phone)
    assert ("does not run" in waiting["waitsFor"], waiting["waitsForRole"]) == (True, "pkcs")
    known = await remote.start()
    assert (known["name"], known["mode"]) == ("Apart", "immediate")
    assert "the connector 'Apart'" in await waits_for(contoso, phone)
    assert await remote.turn() == 1
    await phone.settle()
    installed = await item(contoso, phone)
    assert (installed["state"], installed["waitsForRole"]) == ("installed", None)
    assert await remote.turn() == 0
    document = (await contoso.get("/connectors/apart")).json()
    assert (document["running"], document["machineName"], document["version"]) == (True, "server7", "6.2406.0.1001")
    (key,) = await members(contoso, "/connectors/apart/keys")
    assert key["keyName"] == "OwnKey"
    await remote.stop()
    assert (await contoso.get("/connectors/apart")).json()["running"] is False


async def waits_for(contoso: httpx.AsyncClient, phone: AndroidOverHttp) -> str:
    await phone.check_in()
    return str((await item(contoso, phone))["waitsFor"])


@ON_BOTH_DATABASES
async def test_who_waits_for_work_is_told_at_once(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp
) -> None:
    await remote.start()
    assert await remote.turn() == 1
    await phone.settle()
    before = (await item(contoso, phone))["serial"]
    waiting = asyncio.create_task(remote.turn(wait=20))
    await asyncio.sleep(0.2)
    phone.holds.clear()  # deleted by hand: another is asked for
    await phone.check_in()
    assert await waiting == 1
    await phone.settle()
    assert (await item(contoso, phone))["serial"] != before


@ON_BOTH_DATABASES
async def test_settling_waits_for_a_connector_that_is_at_work(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp
) -> None:
    await remote.start()

    async def serve() -> None:
        while True:
            await remote.turn(wait=1)

    async with phone.connected():
        serving = asyncio.create_task(serve())
        document = (await contoso.post("/settle", json={"timeout": 60})).json()
        serving.cancel()
    assert (document["waiting"], len(document["settled"])) == ([], 1)


async def test_a_polling_connector_is_given_work_after_thirty_seconds_of_the_tenants_time(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp, clock: FixedClock
) -> None:
    await contoso.patch("/connectors/apart", json={"mode": "polling"})
    await remote.start()
    lease = await remote.lease()
    assert (lease["requests"], lease["nextPoll"] is None) == ([], False)
    clock.forward(seconds=29)
    assert await remote.turn() == 0
    clock.forward(seconds=1)
    assert await remote.turn() == 1


# --------------------------------------------------------------------------------------------------------------- leases


async def test_a_request_is_leased_to_one_and_comes_back_after_a_minute_of_silence(
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    remote: RemoteConnector,
    phone: AndroidOverHttp,
    *,
    clock: FixedClock,
    tmp_path: Path,
    rsa_keys: KeyRing,
) -> None:
    other = await RemoteConnector.join(contoso, http, tmp_path / "other", keys=rsa_keys, name="Other", roles=["pkcs"])
    other.folder = remote.folder  # the same key
    await remote.start()
    await other.start()
    assert len((await remote.lease())["requests"]) == 1
    assert await other.turn() == 0
    clock.forward(seconds=61)
    assert await other.turn() == 1
    await phone.settle()
    assert (await item(contoso, phone))["state"] == "installed"


async def test_what_is_leased_to_a_process_is_answered_by_no_other_connector(
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    remote: RemoteConnector,
    phone: AndroidOverHttp,
    *,
    tmp_path: Path,
    rsa_keys: KeyRing,
) -> None:
    (inside,) = [member for member in await members(contoso, "/connectors") if member["state"] == "offline"]
    other = await RemoteConnector.join(contoso, http, tmp_path / "other", keys=rsa_keys, name="Other", roles=["pkcs"])
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    hello = {"version": "6.2406.0.1001", "machineName": "m"}
    session = (await other.raw("POST", "/sessions", hello)).json()["session"]
    path = f"/sessions/{session}/requests/{request['id']}/certificate"
    assert (await other.raw("POST", path, {"csr": csr_of(rsa_keys)})).status_code == 409
    await contoso.patch(f"/connectors/{inside['id']}", json={"state": "online"})
    await phone.check_in()
    assert (await item(contoso, phone))["state"] == "wanted"
    assert await registered(contoso) == []


@ON_BOTH_DATABASES
async def test_a_connector_that_comes_again_has_its_work_at_once_and_what_was_lost_is_revoked(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp, rsa_keys: KeyRing
) -> None:
    await remote.start()
    (lost,) = (await remote.lease())["requests"]
    body = {"csr": csr_of(rsa_keys)}
    first = await asyncio.to_thread(remote.channel.certify, lost["id"], body)
    assert await asyncio.to_thread(remote.channel.certify, lost["id"], body) == first, "the same key, the same one"
    await remote.start()
    assert await remote.turn() == 1
    await phone.settle()
    result = await registered(contoso)
    assert sorted(each["status"] for each in result) == ["good", "revoked"]
    assert {each["reason"] for each in result} == {None, "superseded"}


@ON_BOTH_DATABASES
async def test_an_answer_can_be_repeated_and_the_second_is_not_taken(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp
) -> None:
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    refusal = {"refusal": {"code": -2016281112, "message": "Not today.", "diagnostic": 0x400}}
    assert await asyncio.to_thread(remote.channel.deliver, request["id"], refusal) is True
    assert await asyncio.to_thread(remote.channel.deliver, request["id"], refusal) is False
    await phone.check_in()
    result = await item(contoso, phone)
    assert (result["state"], result["error"]) == ("failed", "Not today.")
    log = (await contoso.get("/connectors/apart/events?id=1052")).json()["events"]
    assert [each["detail"]["message"] for each in log] == ["Not today."]


async def test_a_second_run_takes_the_place_of_the_first(contoso: httpx.AsyncClient, remote: RemoteConnector) -> None:
    await remote.start()
    old = remote.channel._session
    await remote.start()
    assert (await remote.raw("POST", f"/sessions/{old}/lease", {})).status_code == 409
    await remote.stop()
    with pytest.raises(Conflict, match="this session has ended"):
        await remote.turn()


@ON_BOTH_DATABASES
async def test_an_ended_device_is_given_nothing_and_what_was_made_for_it_is_revoked(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp, app_token: str
) -> None:
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    done = await asyncio.to_thread(remote.service._done, request)
    device = (await contoso.get(f"/devices/{phone.enrollment_id}")).json()["managedDeviceId"]
    retired = await http.post(
        f"/beta/deviceManagement/managedDevices/{device}/retire", headers={"authorization": f"Bearer {app_token}"}
    )
    assert retired.status_code == 204, retired.text
    await asyncio.to_thread(remote.channel.deliver, request["id"], wire.done_document(done))
    assert [each["status"] for each in await registered(contoso)] == ["good"], "a connector is asked to revoke it"
    assert await remote.turn() == 1
    assert [each["status"] for each in await registered(contoso)] == ["revoked"]
    log = (await contoso.get("/connectors/apart/events?id=3050")).json()["events"]
    assert [each["name"] for each in log] == ["RevokeSuccess"]


# ---------------------------------------------------------------------------------------------------------- who may not


async def test_strangers_and_those_who_were_sent_away_are_refused(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, http: httpx.AsyncClient, remote: RemoteConnector
) -> None:
    greeting = {"version": "6.2406.0.1001", "machineName": "m"}
    assert (await remote.raw("POST", "/sessions", greeting, credential="nobody")).status_code == 401
    assert (await http.post("/connector/contoso/v1/sessions", json=greeting)).status_code == 401
    headers = {"authorization": f"Bearer {remote.added['credential']}"}
    elsewhere = await http.post("/connector/fabrikam/v1/sessions", json=greeting, headers=headers)
    assert elsewhere.status_code == 401, "another tenant's"
    assert (await http.post("/connector/nowhere/v1/sessions", json=greeting, headers=headers)).status_code == 404
    with pytest.raises(NotAllowed, match="not served any more"):
        await remote.start(version="6.2012.1.0")
    await remote.start()
    await contoso.patch("/connectors/apart", json={"state": "offline"})
    with pytest.raises(Unavailable, match="taken off line"):
        await remote.turn()
    assert (await contoso.delete("/connectors/apart")).status_code == 204
    with pytest.raises(Unauthenticated):
        await remote.turn()


async def test_a_connector_gets_only_work_of_its_roles_and_only_its_own_requests(
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    remote: RemoteConnector,
    phone: AndroidOverHttp,
    *,
    tmp_path: Path,
    rsa_keys: KeyRing,
) -> None:
    other = await RemoteConnector.join(
        contoso, http, tmp_path / "other", keys=rsa_keys, name="Other", roles=["imported-pfx"]
    )
    other.folder.add_key("Other", "Other", key=rsa_keys.take())
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    greeting = {"version": "6.2406.0.1001", "machineName": "m"}
    session = (await other.raw("POST", "/sessions", greeting)).json()["session"]
    assert (await other.raw("POST", f"/sessions/{session}/lease", {})).json()["requests"] == []
    path = f"/sessions/{session}/requests/{request['id']}"
    assert (await other.raw("POST", f"{path}/certificate", {"csr": csr_of(rsa_keys)})).status_code == 404
    stolen = await other.raw("PUT", f"{path}/result", {"sealed": "AAAA"})
    assert stolen.json() == {"taken": False}
    assert (await other.raw("PUT", f"/sessions/{session}/revocations/01", None)).status_code == 403
    await phone.check_in()
    assert (await item(contoso, phone))["state"] == "wanted"


async def test_another_key_of_a_known_name_is_refused_and_the_same_key_is_shared(
    contoso: httpx.AsyncClient, remote: RemoteConnector
) -> None:
    (seeded,) = await members(contoso, "/connectors/Certificate Connector 1/keys")
    other = {"providerName": seeded["providerName"], "keyName": seeded["keyName"]}
    (mine,) = remote.folder.public_keys()
    greeting = {"version": "6.2406.0.1001", "machineName": "m"}
    taken = await remote.raw("POST", "/sessions", {**greeting, "keys": [{**other, "publicKey": mine["publicKey"]}]})
    assert taken.status_code == 409 or mine["publicKey"] == seeded["publicKey"]
    shared = await remote.raw("POST", "/sessions", {**greeting, "keys": [{**other, "publicKey": seeded["publicKey"]}]})
    assert shared.status_code == 201, shared.text


GREETING = {"version": "6.2406.0.1001", "machineName": "m"}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {**GREETING, "version": "latest"},
        {**GREETING, "version": None},
        {**GREETING, "machineName": ""},
        {**GREETING, "machineName": "m" * 257},
        {**GREETING, "keys": {}},
        {**GREETING, "keys": [{"providerName": "P", "keyName": "K", "publicKey": "PEM"}]},
        {**GREETING, "keys": [{"providerName": "P/Q", "keyName": "K"}]},
        {**GREETING, "more": 1},
    ],
)
async def test_a_greeting_that_says_something_impossible_changes_nothing(
    contoso: httpx.AsyncClient, remote: RemoteConnector, body: Any
) -> None:
    before = await members(contoso, "/connectors")
    answer = await remote.raw("POST", "/sessions", body)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()["error"]) == {"code", "message"}
    assert await members(contoso, "/connectors") == before


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"sealed": None},
        {"sealed": "no base64!"},
        {"sealed": "AAAA", "certificate": "AAAA"},
        {"sealed": "AAAA", "certificate": "AAAA", "pfx": "AAAA"},
        {"certificate": "AAAA", "pfx": "AAAA"},
        {"sealed": "AAAA", "refusal": {"code": 1, "message": "m"}},
        {"refusal": {"code": 2**40, "message": "m"}},
        {"refusal": {"code": 1, "message": ""}},
        {"refusal": {"code": "1x", "message": "m"}},
        {"sealed": {"a": 1}},
        {"sealed": "AAAA", "opened": "AAAA"},
        {"sealed": "AAAA", "opened": ["AAAA"]},
        {"sealed": "AAAA", "opened": ["AAAA" * 22000]},
        {"sealed": "AAAA", "opened": ["AAAA"] * 9},
    ],
)
async def test_a_result_that_says_something_impossible_changes_nothing(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp, body: Any
) -> None:
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    answer = await remote.raw("PUT", f"/sessions/{remote.channel._session}/requests/{request['id']}/result", body)
    assert answer.status_code == 400, answer.text
    await phone.check_in()
    assert (await item(contoso, phone))["state"] == "wanted"


@pytest.mark.parametrize("change", PILLS.values(), ids=PILLS)
async def test_a_certificate_that_would_break_its_readers_later_is_no_result(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp, change: Change
) -> None:
    key = remote.keys.take()
    whole = issued_elsewhere(key, "alice@fabrikam.example", begin=datetime.now(UTC))
    broken = wire.text(altered(whole, key, change))
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    path = f"/sessions/{remote.channel._session}/requests/{request['id']}/result"
    for body in ({"sealed": "AAAA", "certificate": broken, "pfx": "AAAA"}, {"sealed": "AAAA", "opened": [broken]}):
        answer = await remote.raw("PUT", path, body)
        assert answer.status_code == 400, answer.text
        assert "is not an X.509 certificate" in answer.json()["error"]["message"]
    await phone.check_in()
    assert (await item(contoso, phone))["state"] == "wanted"


async def test_a_connector_of_its_own_tells_whose_certificate_a_file_holds(
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    app_token: str,
    *,
    remote: RemoteConnector,
    enroll: Enroll,
    assign: Assign,
) -> None:
    """The certificate comes with the answer, and is believed only if it is the one that was asked for."""
    await remote.start()
    mark = await import_for_apart(http, app_token, remote=remote)
    await assign("imported")
    phone = await enroll(contoso)
    await phone.settle()
    (request,) = (await remote.lease())["requests"]
    result = f"/sessions/{remote.channel._session}/requests/{request['id']}/result"
    other = request["work"]["recipient"]
    await remote.raw("PUT", result, {"sealed": "AAAA", "opened": [other]})
    assert (await imported(contoso))["emailAddresses"] is None

    await (await enroll(contoso)).settle()
    assert await remote.turn() == 1
    assert (await imported(contoso))["emailAddresses"] == ["alice@fabrikam.example"]
    assert (await imported(contoso))["thumbprint"] == mark
    document = (await contoso.get(f"/certificates/{mark}")).json()
    assert (document["source"], document["status"], document["subject"]) == ("external", "unknown", "CN=Alice Outside")
    assert thumbprint(x509.load_pem_x509_certificate(document["certificate"].encode())) == mark


async def import_for_apart(http: httpx.AsyncClient, token: str, *, remote: RemoteConnector) -> str:
    """A certificate of an outside authority, its password encrypted with the key of that connector; its thumbprint."""
    now = datetime.now(UTC)
    own = remote.keys.take()
    certificate = issued_elsewhere(own, "alice@fabrikam.example", begin=now)
    (key,) = remote.folder.public_keys()
    public = load_pem_public_key(key["publicKey"].encode())
    assert isinstance(public, RSAPublicKey)
    password = encrypt_password("pw", public, algorithm=hashes.SHA256())
    record = {
        "thumbprint": thumbprint(certificate),
        "userPrincipalName": "alice@contoso.example",
        "intendedPurpose": "smimeEncryption",
        "providerName": key["providerName"],
        "keyName": key["keyName"],
        "paddingScheme": "oaepSha256",
        "encryptedPfxBlob": wire.text(make_pfx(own, certificate, password="pw")),
        "encryptedPfxPassword": wire.text(password),
    }
    answer = await http.post(
        "/beta/deviceManagement/userPfxCertificates", json=record, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 201, answer.text
    return thumbprint(certificate)


async def imported(contoso: httpx.AsyncClient) -> Json:
    (found,) = await members(contoso, "/users/alice@contoso.example/certificates")
    return found


async def test_a_certificate_that_was_never_issued_is_not_taken_for_an_answer(
    contoso: httpx.AsyncClient, remote: RemoteConnector, phone: AndroidOverHttp
) -> None:
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    foreign = request["work"]["recipient"]
    body = {"certificate": foreign, "pfx": base64.b64encode(b"pfx").decode(), "sealed": "AAAA"}
    answer = await remote.raw("PUT", f"/sessions/{remote.channel._session}/requests/{request['id']}/result", body)
    assert answer.status_code == 400
    for broken in ({"csr": "AAAA"}, {"csr": ""}, {"csr": None}, {}):
        path = f"/sessions/{remote.channel._session}/requests/{request['id']}/certificate"
        assert (await remote.raw("POST", path, broken)).status_code == 400
    assert await registered(contoso) == []


async def test_nothing_that_is_sent_to_a_connector_opens_a_file(
    remote: RemoteConnector, phone: AndroidOverHttp
) -> None:
    await remote.start()
    (request,) = (await remote.lease())["requests"]
    assert set(request["work"]) == {
        *("kind", "subject", "template", "keyType", "keySize", "friendlyName"),
        *("legacy", "keeps", "wrapping", "recipient"),
    }
