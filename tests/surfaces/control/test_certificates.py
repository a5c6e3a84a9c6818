"""The CA's counter and its register.

Certificate templates: read, made, edited, broken, deleted.
"""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.support.certificate_rows import pfx_row
from tests.support.control import ABSENT, Json, create, error_code, members, only_connector
from tests.surfaces.control.conftest import Assign, Enroll

ALICE = "alice@contoso.example"
PATH = "/authorities/issuing/templates"
SETTINGS = {
    "name": "Mine",
    "displayName": "My own",
    "keyType": "EC",
    "minimumKeySize": 384,
    "keyUsage": ["digitalSignature"],
    "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"],
    "exportable": False,
    "subjectInRequest": False,
    "connectorMayEnroll": False,
    "connectorMayRevoke": False,
    "validity": "P10D",
}


async def test_a_made_key_comes_back_as_a_pfx(contoso: httpx.AsyncClient) -> None:
    answer = await create(contoso, "/certificates", template="SmimeBoth", userPrincipalName=ALICE, pfxPassword="geheim")
    assert set(answer) == {"serial", "thumbprint", "certificate", "chain", "pfx", "pfxPassword"}
    assert answer["pfxPassword"] == "geheim"
    opened = load_pkcs12(base64.b64decode(answer["pfx"]), b"geheim")
    assert opened.cert is not None
    assert opened.cert.certificate == x509.load_pem_x509_certificate(answer["certificate"].encode())
    assert f"{opened.cert.certificate.serial_number:x}" == answer["serial"]
    assert len(opened.additional_certs) == len(x509.load_pem_x509_certificates(answer["chain"].encode())) == 2


async def test_without_a_password_one_is_made(contoso: httpx.AsyncClient) -> None:
    answer = await create(contoso, "/certificates", template="SmimeP256", email="a@b.example")
    opened = load_pkcs12(base64.b64decode(answer["pfx"]), answer["pfxPassword"].encode())
    assert isinstance(opened.key, ec.EllipticCurvePrivateKey)


async def test_a_csr_gets_a_certificate_and_no_pfx(contoso: httpx.AsyncClient, csr: bytes) -> None:
    answer = await create(contoso, "/certificates", template="SmimeSigning", subject="CN=Dora", csr=csr.decode())
    assert set(answer) == {"serial", "thumbprint", "certificate", "chain"}
    certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
    assert certificate.public_key() == x509.load_pem_x509_csr(csr).public_key()
    assert certificate.subject.rfc4514_string() == "CN=Dora"


async def test_any_validity_is_issued_also_in_the_past(contoso: httpx.AsyncClient) -> None:
    times = {"notBefore": "2015-01-01T00:00:00Z", "notAfter": "2016-01-01T00:00:00+00:00"}
    answer = await create(contoso, "/certificates", template="SmimeEncryption", userPrincipalName=ALICE, **times)
    document = (await contoso.get(f"/certificates/{answer['thumbprint']}")).json()
    assert document["notBefore"] == "2015-01-01T00:00:00.0000000Z"
    assert document["notAfter"] == "2016-01-01T00:00:00.0000000Z"
    assert document["status"] == "expired"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"template": "SmimeBoth"},
        {"template": "Nonsense", "email": "a@b.example"},
        {"template": "SmimeBoth", "email": "a@b.example", "notBefore": "then"},
        {"template": "SmimeBoth", "email": "a@b.example", "notBefore": "0001-01-01T00:00:00+14:00"},
        {"template": "SmimeBoth", "email": "a@b.example", "notBefore": "0999-01-01T00:00:00Z"},
        {"template": "SmimeBoth", "email": "a@b.example", "notBefore": "9999-12-31T00:00:00Z"},
        {"template": "SmimeBoth", "email": "a@b.example", "notBefore": "2027-01-01", "notAfter": "2026-01-01"},
        {"template": "SmimeBoth", "email": "ä@b.example"},
        {"template": "SmimeBoth", "subject": "Dora"},
        {"template": "SmimeBoth", "subject": "CN=Dora", "csr": "nothing"},
        {"template": "SmimeP256", "subject": "CN=Dora", "csr": "RSA"},
        {"template": "SmimeBoth", "subject": "CN=Dora", "password": "misspelt"},
    ],
)
async def test_an_impossible_certificate_is_refused(contoso: httpx.AsyncClient, csr: bytes, body: Json) -> None:
    if body.get("csr") == "RSA":
        body = {**body, "csr": csr.decode()}
    answer = await contoso.post("/certificates", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid"), answer.text
    assert await members(contoso, "/certificates") == []


async def test_an_unknown_user_gets_none(contoso: httpx.AsyncClient) -> None:
    body = {"template": "SmimeBoth", "userPrincipalName": "nobody@contoso.example"}
    assert error_code(await contoso.post("/certificates", json=body)) == "NotFound"


async def test_the_register_lists_the_newest_first_and_filters(contoso: httpx.AsyncClient) -> None:
    old = await create(
        contoso, "/certificates", template="SmimeEncryption", userPrincipalName=ALICE, notBefore="2020-01-01T00:00:00Z"
    )
    both = await create(contoso, "/certificates", template="SmimeP256", userPrincipalName="bob@contoso.example")
    new = await create(
        contoso, "/certificates", template="SmimeSigning", userPrincipalName=ALICE, notBefore="2027-01-01T00:00:00Z"
    )

    async def serials(query: str) -> list[str]:
        return [member["serial"] for member in await members(contoso, f"/certificates{query}")]

    assert await serials("") == [new["serial"], both["serial"], old["serial"]]
    assert await serials(f"?userPrincipalName={ALICE.upper()}") == [new["serial"], old["serial"]]
    assert await serials("?usage=encryption") == [both["serial"], old["serial"]]
    assert await serials("?usage=signing") == [new["serial"], both["serial"]]
    assert await serials(f"?usage=encryption&userPrincipalName={ALICE}") == [old["serial"]]
    assert error_code(await contoso.get("/certificates?userPrincipalName=nobody@x.example")) == "NotFound"
    assert error_code(await contoso.get("/certificates?usage=everything")) == "Invalid"


async def test_a_certificate_is_found_by_serial_and_thumbprint(contoso: httpx.AsyncClient) -> None:
    answer = await create(contoso, "/certificates", template="SmimeBoth", userPrincipalName=ALICE)
    document = (await contoso.get(f"/certificates/{answer['serial']}")).json()
    assert document == (await contoso.get(f"/certificates/{answer['thumbprint'].upper()}")).json()
    assert document["certificate"] == answer["certificate"]
    assert {
        name: document[name] for name in ("userPrincipalName", "template", "source", "status", "reason", "device")
    } == {
        "userPrincipalName": ALICE,
        "template": "SmimeBoth",
        "source": None,
        "status": "good",
        "reason": None,
        "device": None,
    }
    assert document["keyUsage"] == ["digitalSignature", "keyEncipherment"]
    assert document["holders"] == []
    (one,) = await members(contoso, "/certificates")
    whole = {"certificate": document["certificate"], "revocation": None, "users": [ALICE], "holders": []}
    assert {**one, **whole} == document
    assert one["authority"] == "issuing"
    assert error_code(await contoso.get(f"/certificates/{ABSENT}")) == "NotFound"


async def test_a_devices_certificate_says_for_which_device_and_who_holds_it(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    await assign("root")
    await assign("pkcs")
    await phone.settle()
    (issued,) = await members(contoso, f"/certificates?userPrincipalName={ALICE}&usage=encryption")
    assert (issued["source"], issued["device"]) == ("pkcs", phone.enrollment_id)
    document = (await contoso.get(f"/certificates/{issued['serial']}")).json()
    holder = {"device": phone.enrollment_id, "managedDeviceId": issued["managedDeviceId"], "user": ALICE}
    assert document["holders"] == [holder]


async def test_a_revocation_that_a_polling_connector_has_not_seen_yet_waits(
    contoso: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    await assign("root")
    await assign("pkcs")
    await phone.settle()
    (issued,) = await members(contoso, f"/certificates?userPrincipalName={ALICE}&usage=encryption")
    await contoso.patch(f"/connectors/{(await only_connector(contoso))['id']}", json={"mode": "polling"})
    device = EnrollmentId(phone.enrollment_id)
    assert not await emulator.runner.run(
        tenant, revocation.revoke_for_connector, issued["serial"], device=device, user=ALICE, source="pkcs"
    )
    document = (await contoso.get(f"/certificates/{issued['serial']}")).json()
    assert (document["status"], document["revocation"]) == ("good", "waiting")


async def test_an_imported_certificate_says_so(contoso: httpx.AsyncClient, emulator: Emulator, tenant: Tenant) -> None:
    answer = await create(contoso, "/certificates", template="SmimeEncryption", userPrincipalName=ALICE)
    user = await emulator.runner.read(directory_queries.user_by_upn, tenant.id, upn=ALICE)
    assert user is not None
    row = pfx_row(tenant.id, user_id=user.id, thumbprint=answer["thumbprint"], document={})
    await emulator.runner.read(pfx_queries.add_pfx, row)
    (one,) = await members(contoso, "/certificates")
    assert one["source"] == "imported"
    assert (await contoso.get(f"/certificates/{one['serial']}")).json()["source"] == "imported"


async def test_an_identity_certificate_is_in_its_own_register(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    assert await members(contoso, "/certificates") == []
    row = (await contoso.get(f"/journal?type=enrolled&device={phone.enrollment_id}")).json()
    assert row["events"]


async def test_a_revoked_certificate_stays_revoked_with_its_first_reason(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    answer = await create(contoso, "/certificates", template="SmimeBoth", userPrincipalName=ALICE)
    path = f"/certificates/{answer['thumbprint']}/revoke"
    revoked = await contoso.post(path, json={"reason": "keyCompromise"})
    assert revoked.status_code == 200
    assert (revoked.json()["status"], revoked.json()["reason"]) == ("revoked", "keyCompromise")
    assert revoked.json()["revokedDateTime"] == "2026-11-24T10:00:00.0000000Z"
    assert (await contoso.post(path, json={"reason": "superseded"})).json() == revoked.json()
    crl = x509.load_der_x509_crl((await http.get("/pki/contoso/issuing/crl")).content)
    assert [f"{entry.serial_number:x}" for entry in crl] == [answer["serial"]]
    (event,) = (await contoso.get("/journal?type=revoked")).json()["events"]
    assert (event["user"], event["detail"]) == (ALICE, {"reason": "keyCompromise"})


async def test_a_revocation_needs_no_reason_but_no_wrong_one(contoso: httpx.AsyncClient) -> None:
    answer = await create(contoso, "/certificates", template="SmimeBoth", userPrincipalName=ALICE)
    path = f"/certificates/{answer['serial']}/revoke"
    for body in ({"reason": "boredom"}, {"reason": None}, {"why": "x"}):
        assert error_code(await contoso.post(path, json=body)) == "Invalid"
    assert (await contoso.get(f"/certificates/{answer['serial']}")).json()["status"] == "good"
    assert (await contoso.post(path)).json()["reason"] == "unspecified"
    assert error_code(await contoso.post(f"/certificates/{ABSENT}/revoke", json={})) == "NotFound"


async def test_the_seeded_templates_are_listed_by_name(contoso: httpx.AsyncClient) -> None:
    result = await members(contoso, PATH)
    names = [each["name"] for each in result]
    assert names == sorted(names)
    assert {"SmimeSigning", "SmimeP256", "User"} <= set(names)
    (one,) = [each for each in result if each["name"] == "SmimeEncryption"]
    assert one == {
        "name": "SmimeEncryption",
        "displayName": "S/MIME encryption",
        "keyType": "RSA",
        "minimumKeySize": 2048,
        "keyUsage": ["keyEncipherment"],
        "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4"],
        "exportable": True,
        "subjectInRequest": True,
        "connectorMayEnroll": True,
        "connectorMayRevoke": True,
        "validity": "P365D",
    }


async def test_a_template_is_made_read_edited_and_deleted(contoso: httpx.AsyncClient) -> None:
    assert await create(contoso, PATH, **SETTINGS) == SETTINGS
    assert (await contoso.get(f"{PATH}/mine")).json() == SETTINGS
    changed = await contoso.patch(f"{PATH}/MINE", json={"exportable": True, "validity": "P1Y", "name": "Mine"})
    assert changed.status_code == 200
    assert changed.json() == {**SETTINGS, "exportable": True, "validity": "P365D"}
    assert (await contoso.patch(f"{PATH}/Mine", json={})).json() == changed.json()
    deleted = await contoso.delete(f"{PATH}/Mine")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = await contoso.request(method, f"{PATH}/Mine", json={} if method == "PATCH" else None)
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_what_is_left_out_is_as_in_a_usual_template(contoso: httpx.AsyncClient) -> None:
    answer = await create(contoso, PATH, name="Plain template 2.0")
    assert answer["displayName"] == answer["name"] == "Plain template 2.0"
    assert (await contoso.get(f"{PATH}/Plain template 2.0")).json() == answer
    issued = await create(contoso, "/certificates", template="plain template 2.0", email="a@b.example")
    assert (await contoso.get(f"/certificates/{issued['serial']}")).json()["template"] == "Plain template 2.0"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"displayName": ""}, "displayName"),
        ({"displayName": None}, "displayName"),
        ({"displayName": "a\u0000b"}, "displayName"),
        ({"keyType": "DSA"}, "keyType"),
        ({"minimumKeySize": "2048"}, "minimumKeySize"),
        ({"minimumKeySize": True}, "minimumKeySize"),
        ({"minimumKeySize": 10**30}, "minimumKeySize"),
        ({"minimumKeySize": None}, "minimumKeySize"),
        ({"keyUsage": "digitalSignature"}, "keyUsage"),
        ({"keyUsage": ["cRLSign"]}, "keyUsage"),
        ({"keyUsage": [None]}, "keyUsage"),
        ({"extendedKeyUsages": ["anything"]}, "extendedKeyUsages"),
        ({"exportable": "yes"}, "exportable"),
        ({"exportable": 1}, "exportable"),
        ({"connectorMayEnroll": None}, "connectorMayEnroll"),
        ({"validity": "one year"}, "validity"),
        ({"validity": "P0D"}, "validity"),
        ({"validity": "P99999999D"}, "validity"),
        ({"validity": 365}, "validity"),
        ({"issuanceRequirements": {}}, "issuanceRequirements"),
    ],
)
async def test_an_impossible_template_is_refused_with_the_field_named(
    contoso: httpx.AsyncClient, changes: Json, field: str
) -> None:
    before = await members(contoso, PATH)
    tries: list[Any] = [await contoso.post(PATH, json={"name": "Mine", **changes})]
    tries.append(await contoso.patch(f"{PATH}/SmimeBoth", json=changes))
    for answer in tries:
        assert (answer.status_code, error_code(answer)) == (400, "Invalid"), answer.text
        assert field in answer.json()["error"]["message"]
    assert await members(contoso, PATH) == before


async def test_what_is_no_object_is_refused(contoso: httpx.AsyncClient) -> None:
    for body in (b"[]", b"null", b'"x"', b"{", b"{}"):
        answer = await contoso.post(PATH, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, error_code(answer)) == (400, "Invalid")


async def test_a_taken_name_is_a_conflict(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post(PATH, json={"name": "SMIMEBOTH"})
    assert (answer.status_code, error_code(answer)) == (409, "Conflict")


async def test_only_the_authority_that_issues_has_templates(contoso: httpx.AsyncClient) -> None:
    for authority in ("root", "devices", "nothing"):
        answer = await contoso.get(f"/authorities/{authority}/templates")
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")
        answer = await contoso.post(f"/authorities/{authority}/templates", json={"name": "Mine"})
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_after_a_rollover_the_templates_are_the_same(contoso: httpx.AsyncClient) -> None:
    await create(contoso, "/authorities/issuing/rollover")
    await create(contoso, "/authorities/issuing-2/templates", name="Mine")
    assert await members(contoso, PATH) == await members(contoso, "/authorities/issuing-2/templates")


async def test_a_key_that_may_not_be_exported_is_not_handed_over_at_the_counter(
    contoso: httpx.AsyncClient, csr: bytes
) -> None:
    await contoso.patch(f"{PATH}/SmimeBoth", json={"exportable": False})
    body = {"template": "SmimeBoth", "subject": "CN=Dora"}
    answer = await contoso.post("/certificates", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert "CSR" in answer.json()["error"]["message"]
    await create(contoso, "/certificates", **body, csr=csr.decode())


async def test_a_broken_template_shows_at_the_device_and_heals(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    await contoso.patch(f"{PATH}/SmimeEncryption", json={"subjectInRequest": False})
    phone = await enroll(contoso)
    await assign("root")
    await assign("pkcs")
    await phone.settle()
    (item,) = [
        item for item in (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"] if item["error"]
    ]
    assert (item["state"], item["errorCode"]) == ("failed", 0x87D11011 - (1 << 32))
    await contoso.patch(f"{PATH}/SmimeEncryption", json={"subjectInRequest": True})
    await phone.settle()
    items = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    assert {item["state"] for item in items} == {"installed"}
