"""What the control surface says and does about connectors: programs, versions, logs, DigiCert's CA, and going away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keypool import KeyRing
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.certificates import certificate_request
from tests.support.connector import RemoteConnector
from tests.support.control import create, error_code, members, only_connector, tenant_url
from tests.surfaces.control.conftest import Assign, Enroll

OID = "2.16.840.1.113733.1.16.1.2.3.1.1.47196109"


async def switch(contoso: httpx.AsyncClient, **settings: Any) -> httpx.Response:
    return await contoso.patch(tenant_url(contoso), json={"settings": settings})


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
