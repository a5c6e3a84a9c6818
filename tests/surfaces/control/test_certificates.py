"""The CA's counter and its register."""

from __future__ import annotations

import base64

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
