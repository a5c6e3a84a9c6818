"""Connectors and their keys: the door that Graph does not have.

What is done about them: programs, versions, logs, DigiCert, and going away.
"""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.pki.cng import read_public_blob, write_private_blob
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.certificates import certificate_request
from tests.support.connector import RemoteConnector
from tests.support.control import ABSENT, Json, create, error_code, members, only_connector, tenant_url
from tests.surfaces.control.conftest import Assign, Enroll

PROVIDER = "Microsoft Software Key Storage Provider"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def _spki(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def _keys(contoso: httpx.AsyncClient) -> str:
    return f"/connectors/{(await only_connector(contoso))['id']}/keys"


OID = "2.16.840.1.113733.1.16.1.2.3.1.1.47196109"


async def switch(contoso: httpx.AsyncClient, **settings: Any) -> httpx.Response:
    return await contoso.patch(tenant_url(contoso), json={"settings": settings})


async def test_a_tenant_begins_with_one_connector_and_its_key(contoso: httpx.AsyncClient) -> None:
    result = await only_connector(contoso)
    assert (result["state"], result["mode"]) == ("online", "immediate")
    assert result["roles"] == ["pkcs", "imported-pfx", "scep", "revocation"]
    assert (await contoso.get(f"/connectors/{result['id']}")).json() == result
    assert (await contoso.get(f"/connectors/{result['name'].upper()}")).json() == result
    (key,) = await members(contoso, f"/connectors/{result['id']}/keys")
    assert (key["providerName"], key["keyName"], key["keyLength"]) == (PROVIDER, "PFXEncryptionKey", 2048)
    assert isinstance(load_pem_public_key(key["publicKey"].encode()), rsa.RSAPublicKey)


async def test_a_connector_is_added_and_changed(contoso: httpx.AsyncClient) -> None:
    new = await create(contoso, "/connectors", name="Two", roles=["pkcs", "pkcs"], mode="polling")
    assert (new["name"], new["roles"], new["mode"], new["state"]) == ("Two", ["pkcs"], "polling", "online")
    changes = {"state": "offline", "mode": "immediate", "roles": ["imported-pfx"]}
    changed = await contoso.patch(f"/connectors/{new['id']}", json=changes)
    assert changed.status_code == 200
    assert changed.json() == {**new, **changes}
    assert (await contoso.patch(f"/connectors/{new['id']}", json={})).json() == changed.json()
    assert len(await members(contoso, "/connectors")) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Certificate connector 1", "roles": ["pkcs"]}, 409),
        ({"name": " ", "roles": ["pkcs"]}, 400),
        ({"name": "Two"}, 400),
        ({"name": "Two", "roles": "pkcs"}, 400),
        ({"name": "Two", "roles": ["everything"]}, 400),
        ({"name": "Two", "roles": [], "mode": "sometimes"}, 400),
        ({"name": "Two", "roles": [], "colour": "red"}, 400),
    ],
)
async def test_an_impossible_connector_is_refused(contoso: httpx.AsyncClient, body: Json, status: int) -> None:
    answer = await contoso.post("/connectors", json=body)
    assert (answer.status_code, error_code(answer)) == (status, "Conflict" if status == 409 else "Invalid")
    assert len(await members(contoso, "/connectors")) == 1


@pytest.mark.parametrize("body", [{"state": "asleep"}, {"mode": "slow"}, {"roles": ["x"]}, {"roles": 1}, {"name": "x"}])
async def test_an_impossible_change_is_refused(contoso: httpx.AsyncClient, body: Json) -> None:
    before = await only_connector(contoso)
    answer = await contoso.patch(f"/connectors/{before['id']}", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert await only_connector(contoso) == before


async def test_a_key_is_made_and_its_public_half_comes_out(contoso: httpx.AsyncClient) -> None:
    keys = await _keys(contoso)
    new = await create(contoso, keys, providerName=PROVIDER, keyName="Key 2026")
    assert new["keyLength"] == 2048
    pem = await contoso.get(f"{keys}/{PROVIDER}/Key 2026")
    assert pem.text == new["publicKey"]
    assert pem.headers["content-type"].startswith("application/x-pem-file")
    blob = await contoso.get(f"{keys}/{PROVIDER}/Key 2026?format=cngblob")
    assert blob.headers["content-type"] == "application/octet-stream"
    assert len(blob.content) == 283
    public = load_pem_public_key(new["publicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert read_public_blob(blob.content).public_numbers() == public.public_numbers()


async def test_a_longer_key_is_made(contoso: httpx.AsyncClient) -> None:
    new = await create(contoso, await _keys(contoso), providerName=PROVIDER, keyName="Long", keyLength=3072)
    public = load_pem_public_key(new["publicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert (new["keyLength"], public.key_size) == (3072, 3072)


@pytest.mark.parametrize("form", ["pem", "blob"])
async def test_a_key_is_brought_along(
    contoso: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey], form: str
) -> None:
    key = raw_rsa_keys[3]
    text = _pem(key) if form == "pem" else base64.encodebytes(write_private_blob(key)).decode()
    new = await create(contoso, await _keys(contoso), providerName=PROVIDER, keyName="Mine", privateKey=text)
    assert new["publicKey"] == _spki(key)
    assert set(new) == {"providerName", "keyName", "keyLength", "publicKey"}


async def test_a_key_goes_with_its_file(contoso: httpx.AsyncClient, seeded: tuple[str, Path]) -> None:
    keys, folder = await _keys(contoso), seeded[1] / "connector"
    before = set(folder.iterdir())
    await create(contoso, keys, providerName=PROVIDER, keyName="Mine")
    assert len(set(folder.iterdir()) - before) == 1
    assert (await contoso.delete(f"{keys}/{PROVIDER}/Mine")).status_code == 204
    assert set(folder.iterdir()) == before
    assert (await contoso.delete(f"{keys}/{PROVIDER}/Mine")).status_code == 404
    assert (await contoso.get(f"{keys}/{PROVIDER}/Mine")).status_code == 404


async def test_a_name_that_is_taken_is_a_conflict_and_leaves_no_file(
    contoso: httpx.AsyncClient, seeded: tuple[str, Path]
) -> None:
    before = set((seeded[1] / "connector").iterdir())
    body = {"providerName": PROVIDER, "keyName": "PFXEncryptionKey"}
    answer = await contoso.post(await _keys(contoso), json=body)
    assert (answer.status_code, error_code(answer)) == (409, "Conflict")
    assert set((seeded[1] / "connector").iterdir()) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"keyName": "K"},
        {"providerName": "", "keyName": "K"},
        {"providerName": "P", "keyName": "a/b"},
        {"providerName": "P", "keyName": "K", "keyLength": 1024},
        {"providerName": "P", "keyName": "K", "keyLength": "long"},
        {"providerName": "P", "keyName": "K", "privateKey": ""},
        {"providerName": "P", "keyName": "K", "privateKey": "%%%"},
        {"providerName": "P", "keyName": "K", "privateKey": base64.b64encode(b"no blob").decode()},
        {"providerName": "P", "keyName": "K", "privateKey": "-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----"},
    ],
)
async def test_an_impossible_key_is_refused(contoso: httpx.AsyncClient, seeded: tuple[str, Path], body: Json) -> None:
    before = set((seeded[1] / "connector").iterdir())
    answer = await contoso.post(await _keys(contoso), json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert set((seeded[1] / "connector").iterdir()) == before


async def test_a_private_key_must_be_rsa_in_clear_and_of_the_length_that_is_said(
    contoso: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    keys = await _keys(contoso)
    for text, length in (
        (_pem(ec.generate_private_key(ec.SECP256R1())), None),
        (_pem(raw_rsa_keys[0], b"password"), None),
        (_pem(raw_rsa_keys[0]), 3072),
    ):
        body = {"providerName": "P", "keyName": "K", "privateKey": text, "keyLength": length}
        answer = await contoso.post(keys, json=body)
        assert (answer.status_code, error_code(answer)) == (400, "Invalid")


def _key_of(*, d_off_by: int) -> rsa.RSAPrivateKey:
    """An RSA key whose private exponent is off by so much. Its two factors are no primes, which takes long to prove."""
    e, p, q = 65537, (3 << 1022) + 1, (3 << 1022) + 3
    d = pow(e, -1, math.lcm(p - 1, q - 1)) + d_off_by
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


async def test_a_key_in_pem_is_judged_by_its_numbers_without_a_proof_of_its_primes(contoso: httpx.AsyncClient) -> None:
    keys = await _keys(contoso)
    await create(contoso, keys, providerName="P", keyName="K", privateKey=_pem(_key_of(d_off_by=0)))
    body = {"providerName": "P", "keyName": "Damaged", "privateKey": _pem(_key_of(d_off_by=2))}
    answer = await contoso.post(keys, json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert "do not belong to one RSA key" in answer.text


async def test_what_is_not_there_is_not_found(contoso: httpx.AsyncClient) -> None:
    keys = await _keys(contoso)
    assert error_code(await contoso.get(f"/connectors/{ABSENT}")) == "NotFound"
    assert error_code(await contoso.patch(f"/connectors/{ABSENT}", json={"state": "online"})) == "NotFound"
    assert error_code(await contoso.get(f"/connectors/{ABSENT}/keys")) == "NotFound"
    body = {"providerName": "P", "keyName": "K"}
    assert error_code(await contoso.post(f"/connectors/{ABSENT}/keys", json=body)) == "NotFound"
    assert error_code(await contoso.get(f"{keys}/{PROVIDER}/Nothing")) == "NotFound"
    assert error_code(await contoso.get(f"{keys}/{PROVIDER}/PFXEncryptionKey?format=xml")) == "Invalid"


async def test_a_connector_says_which_program_it_is_and_where_it_runs(contoso: httpx.AsyncClient) -> None:
    result = await only_connector(contoso)
    assert (result["program"], result["version"], result["support"]) == (
        "certificate-connector",
        "6.2510.3.2002",
        "full",
    )
    assert (result["location"], result["machineName"], result["running"]) == ("server", None, None)
    old = await contoso.patch(f"/connectors/{result['id']}", json={"version": "6.2305.0.1"})
    assert (old.json()["version"], old.json()["support"]) == ("6.2305.0.1", "expired")
    new = await contoso.patch(f"/connectors/{result['id']}", json={"version": ""})
    assert new.json() == result
    refused = await contoso.patch(f"/connectors/{result['id']}", json={"version": "newest"})
    assert (refused.status_code, error_code(refused)) == (400, "Invalid")


async def test_a_credential_is_shown_once_and_keys_of_a_process_are_its_own(contoso: httpx.AsyncClient) -> None:
    added = await create(contoso, "/connectors", name="Apart", roles=["pkcs"], location="process")
    assert len(added["credential"]) >= 32
    document = (await contoso.get("/connectors/Apart")).json()
    assert document == {name: value for name, value in added.items() if name != "credential"}
    assert (document["location"], document["running"]) == ("process", False)
    key = {"providerName": "P", "keyName": "K"}
    refused = await contoso.post("/connectors/Apart/keys", json=key)
    assert (refused.status_code, error_code(refused)) == (400, "Invalid")
    inside = await create(contoso, "/connectors", name="Inside", roles=["pkcs"])
    assert "credential" not in inside


async def test_a_process_keeps_its_keys_whatever_is_asked_here_and_its_tenant_can_be_deleted(
    control: httpx.AsyncClient,
    fabrikam: httpx.AsyncClient,
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    tmp_path: Path,
    *,
    rsa_keys: KeyRing,
    emulator: Emulator,
) -> None:
    remote = await RemoteConnector.join(contoso, http, tmp_path / "apart", keys=rsa_keys)
    await remote.start()
    (key,) = await members(contoso, "/connectors/Apart/keys")
    path = f"/connectors/Apart/keys/{key['providerName']}/{key['keyName']}"
    assert (await contoso.delete(path)).status_code == 400
    assert await members(contoso, "/connectors/Apart/keys") == [key]
    await create(contoso, "/digicert")
    await contoso.put("/connectors/Certificate Connector 1/raCertificate", json={})
    inside = (await contoso.get("/connectors/Certificate Connector 1")).json()
    assert emulator.connector_keys.has(f"{inside['id']}-ra")
    assert (await control.delete("/tenants/contoso")).status_code == 204
    assert not emulator.connector_keys.has(f"{inside['id']}-ra")
    assert len(await members(fabrikam, "/connectors")) == 1


async def test_a_connector_goes_when_it_is_off_line(contoso: httpx.AsyncClient) -> None:
    result = await only_connector(contoso)
    active = await contoso.delete(f"/connectors/{result['id']}")
    assert (active.status_code, error_code(active)) == (400, "Invalid")
    await contoso.patch(f"/connectors/{result['id']}", json={"state": "offline"})
    assert (await contoso.delete(f"/connectors/{result['id']}")).status_code == 204
    assert await members(contoso, "/connectors") == []
    assert (await contoso.delete(f"/connectors/{result['id']}")).status_code == 404


async def test_the_edition_of_2020_is_a_switch_and_its_second_pfx_connector_a_conflict(
    contoso: httpx.AsyncClient,
) -> None:
    assert (await switch(contoso, edition="2019")).status_code == 400
    assert (await switch(contoso, edition="2020-04")).status_code == 200
    programs = sorted(member["program"] for member in await members(contoso, "/connectors"))
    assert programs == ["intune-connector", "pfx-connector"]
    second = await contoso.post("/connectors", json={"name": "PFX 2", "roles": ["imported-pfx"]})
    assert (second.status_code, error_code(second)) == (409, "Conflict")
    assert "PFX Certificate Connector" in second.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "N"},
        {"name": "", "roles": ["pkcs"]},
        {"name": "N", "roles": ["pkcs"], "program": "intune-connector"},
        {"name": "N", "roles": ["pkcs"], "program": 7},
        {"name": "N", "roles": ["pkcs"], "location": "cloud"},
        {"name": "N" * 300, "roles": ["pkcs"]},
        {"name": "N", "roles": [None]},
        {"name": "N\n", "roles": ["pkcs"]},
    ],
)
async def test_what_is_no_connector_is_refused(contoso: httpx.AsyncClient, body: Any) -> None:
    refused = await contoso.post("/connectors", json=body)
    assert (refused.status_code, error_code(refused)) == (400, "Invalid")
    assert len(await members(contoso, "/connectors")) == 1


# ------------------------------------------------------------------------------------------------------------- the logs


async def test_the_log_is_read_by_connector_number_and_device(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    await switch(contoso, requireTrustedRoot=False)
    await assign("pkcs")
    phone = await enroll(contoso)
    await phone.settle()
    document = (await contoso.get("/connectors/-/events")).json()
    assert [event["id"] for event in document["events"]] == [1020, 1050, 1102, 1100, 1000]
    assert set(document["events"][0]) == {
        *("number", "id", "name", "time", "connector", "device", "managedDeviceId", "user", "diagnosticCode", "detail"),
    }
    one = await contoso.get(f"/connectors/Certificate Connector 1/events?id=1050&device={phone.enrollment_id}&after=1")
    assert [event["name"] for event in one.json()["events"]] == ["PkcsIssuedSuccess"]
    managed = document["events"][0]["managedDeviceId"]
    same = await contoso.get(f"/connectors/-/events?id=1050&device={managed}")
    assert same.json()["events"] == one.json()["events"]
    assert (await contoso.get("/connectors/-/events?device=nobody")).status_code == 404
    assert (await contoso.get(f"/connectors/-/events?after={document['next']}&wait=0.01")).json()["events"] == []
    assert (await fabrikam.get("/connectors/-/events")).json() == {"events": [], "next": 0}
    assert (await contoso.get("/connectors/nobody/events")).status_code == 404
    for nonsense in ("after=-1", "after=x", "id=x", "wait=1e9", "id=99999999999"):
        assert (await contoso.get(f"/connectors/-/events?{nonsense}")).status_code == 400


# ------------------------------------------------------------------------------------------------------------- DigiCert


async def test_a_digicert_ca_is_subscribed_to_and_says_how_it_is_named(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    assert (await contoso.get("/digicert")).status_code == 404
    assert (await contoso.put("/connectors/Certificate Connector 1/raCertificate")).status_code == 404
    result = await create(contoso, "/digicert")
    assert (result["certificationAuthority"], result["certificationAuthorityName"]) == (
        "pki-ws.symauth.com",
        "Symantec",
    )
    assert result["certificateTemplateNames"] == [OID]
    assert (await contoso.get("/digicert")).json() == result
    assert (await contoso.post("/digicert", json={})).status_code == 409
    root = x509.load_pem_x509_certificate(result["rootCertificate"].encode())
    served = (await http.get("/pki/contoso/digicert-root/ca.cer")).content
    assert x509.load_der_x509_certificate(served) == root
    x509.load_der_x509_certificate((await http.get("/pki/contoso/digicert/ca.cer")).content).verify_directly_issued_by(
        root
    )
    assert (await http.get("/pki/contoso/digicert/crl")).status_code == 200
    installed = await contoso.put("/connectors/Certificate Connector 1/raCertificate", json={})
    assert installed.status_code == 200, installed.text
    answer = await only_connector(contoso)
    assert answer["raCertificate"] == installed.json()["thumbprint"]
    assert (await contoso.delete("/connectors/Certificate Connector 1/raCertificate")).status_code == 204
    assert (await only_connector(contoso))["raCertificate"] is None


async def test_a_process_proves_to_the_digicert_ca_that_it_has_the_key_of_its_ra_certificate(
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    enroll: Enroll,
    app_token: str,
    *,
    tmp_path: Path,
    rsa_keys: KeyRing,
) -> None:
    await create(contoso, "/digicert")
    await switch(contoso, requireTrustedRoot=False)
    inside = await only_connector(contoso)
    await contoso.patch(f"/connectors/{inside['id']}", json={"state": "offline"})
    remote = await RemoteConnector.join(contoso, http, tmp_path / "apart", keys=rsa_keys)
    await remote.start()
    key = remote.folder.ra_key(make=True)
    assert key is not None
    pem = certificate_request(key, encoding=Encoding.PEM)
    csr = pem.decode()
    without = await contoso.put("/connectors/Apart/raCertificate", json={})
    assert (without.status_code, error_code(without)) == (400, "Invalid")
    assert (await contoso.put("/connectors/Apart/raCertificate", json={"csr": csr})).status_code == 200
    await assign_digicert(http, app_token)
    phone = await enroll(contoso)
    await phone.settle()
    (leased,) = (await remote.lease())["requests"]
    assert leased["digicert"] is True
    path = f"/sessions/{remote.channel._session}/requests/{leased['id']}/certificate"
    for proof in (None, "AAAA"):
        body = {"csr": remote.service._application(x509.load_pem_x509_csr(pem), digicert=False)["csr"], "proof": proof}
        refused = await remote.raw("POST", path, body)
        assert refused.status_code == 422, refused.text
        assert refused.json()["error"]["diagnostic"] == 0x401
    await remote.start()
    assert await remote.turn() == 1
    await phone.settle()
    (item,) = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    assert item["state"] == "installed"


async def assign_digicert(http: httpx.AsyncClient, app_token: str) -> None:
    headers = {"authorization": f"Bearer {app_token}"}
    path = "/beta/deviceManagement/deviceConfigurations"
    body = {
        "@odata.type": "#microsoft.graph.androidWorkProfilePkcsCertificateProfile",
        "displayName": "DigiCert",
        "certificationAuthority": "pki-ws.symauth.com",
        "certificationAuthorityName": "Symantec",
        "certificateTemplateName": OID,
        "subjectNameFormat": "commonName",
        "subjectAlternativeNameType": "userPrincipalName",
    }
    answer = await http.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
    where = f"{path}/{answer.json()['id']}/assign"
    assert (await http.post(where, json={"assignments": [{"target": target}]}, headers=headers)).status_code == 200
