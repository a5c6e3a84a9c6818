"""The certification authorities at the control surface, and the doors through which everybody asks them."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.support.certificate_rows import pfx_row
from tests.support.control import Json, create, error_code, members
from tests.support.hostile_der import tlv
from tests.support.statements import statements

ALICE = "alice@contoso.example"
DOORS = "/pki/contoso"


async def authority(contoso: httpx.AsyncClient, name: str = "issuing") -> Json:
    answer = await contoso.get(f"/authorities/{name}")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def issue(contoso: httpx.AsyncClient, **body: Any) -> x509.Certificate:
    answer = await create(contoso, "/certificates", **{"template": "SmimeBoth", "userPrincipalName": ALICE, **body})
    return x509.load_pem_x509_certificate(answer["certificate"].encode())


async def question(contoso: httpx.AsyncClient, certificate: x509.Certificate, name: str = "issuing") -> bytes:
    issuer = x509.load_pem_x509_certificate((await authority(contoso, name))["certificate"].encode())
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256())
    return builder.build().public_bytes(Encoding.DER)


async def asked(http: httpx.AsyncClient, request: bytes, name: str = "issuing") -> ocsp.OCSPResponse:
    answer = await http.post(f"{DOORS}/{name}/ocsp", content=request)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response")
    return ocsp.load_der_ocsp_response(answer.content)


async def test_the_authorities_are_listed_with_their_crls_and_what_they_issued(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    for serial in [f"{(await issue(contoso)).serial_number:x}" for _ in range(3)][:1]:
        await contoso.post(f"/certificates/{serial}/revoke")
    await issue(contoso, notBefore="2020-01-01T00:00:00Z")
    assert (await authority(contoso))["crlNumber"] == 0
    await http.get(f"{DOORS}/issuing/crl")
    root, issuing, devices = await members(contoso, "/authorities")
    assert [each["name"] for each in (root, issuing, devices)] == ["root", "issuing", "devices"]
    assert issuing == await authority(contoso)
    assert {name: issuing[name] for name in ("role", "current", "state", "crlNumber", "thisUpdate", "nextUpdate")} == {
        "role": "issuing",
        "current": True,
        "state": "available",
        "crlNumber": 1,
        "thisUpdate": "2026-11-24T10:00:00.0000000Z",
        "nextUpdate": "2026-12-01T10:00:00.0000000Z",
    }
    assert issuing["certificates"] == {"issued": 4, "good": 2, "revoked": 1, "expired": 1}
    assert issuing["crlUrl"] == "http://localhost:8080/pki/contoso/issuing/crl"
    assert root["thisUpdate"] is None
    assert error_code(await contoso.get("/authorities/nothing")) == "NotFound"


async def test_off_line_the_doors_answer_503_and_the_counter_too_until_it_is_back(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    certificate = await issue(contoso)
    request = await question(contoso, certificate)
    encoded = quote(base64.b64encode(request).decode(), safe="")
    assert (await contoso.patch("/authorities/issuing", json={"state": "unavailable"})).json()["state"] == "unavailable"
    assert (await http.get(f"{DOORS}/issuing/crl")).status_code == 503
    assert (await http.post(f"{DOORS}/issuing/ocsp", content=request)).status_code == 503
    assert (await http.get(f"{DOORS}/issuing/ocsp/{encoded}")).status_code == 503
    assert (await http.get(f"{DOORS}/issuing/ca.cer")).status_code == 200
    assert (await http.get(f"{DOORS}/root/crl")).status_code == 200
    for path, body in (
        ("/certificates", {"template": "SmimeBoth", "userPrincipalName": ALICE}),
        (f"/certificates/{certificate.serial_number:x}/revoke", {}),
    ):
        answer = await contoso.post(path, json=body)
        assert (answer.status_code, error_code(answer)) == (503, "Unavailable")
    await contoso.patch("/authorities/issuing", json={"state": "available"})
    assert (await http.get(f"{DOORS}/issuing/crl")).status_code == 200
    assert (await http.get(f"{DOORS}/issuing/ocsp/{encoded}")).status_code == 200
    assert (await contoso.post(f"/certificates/{certificate.serial_number:x}/revoke")).status_code == 200


@pytest.mark.parametrize("body", [{"state": "broken"}, {"state": None}, {"state": ["unavailable"]}, {}, {"mode": "x"}])
async def test_an_impossible_state_is_refused(contoso: httpx.AsyncClient, body: Json) -> None:
    answer = await contoso.patch("/authorities/issuing", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert (await authority(contoso))["state"] == "available"


async def test_a_rollover_gives_a_new_key_of_the_same_name(contoso: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    old = await issue(contoso)
    new_authority = await create(contoso, "/authorities/issuing/rollover")
    assert (new_authority["name"], new_authority["current"]) == ("issuing-2", True)
    first = await authority(contoso)
    assert (first["current"], first["subject"]) == (False, new_authority["subject"])
    assert first["thumbprint"] != new_authority["thumbprint"]
    new = await issue(contoso)
    assert (await contoso.get(f"/certificates/{new.serial_number:x}")).json()["authority"] == "issuing-2"
    assert [member["authority"] for member in await members(contoso, "/certificates")].count("issuing") == 1
    for certificate, name in ((old, "issuing"), (new, "issuing-2")):
        answer = await asked(http, await question(contoso, certificate, name), name)
        assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert points[0].full_name[0].value == (await authority(contoso, name))["crlUrl"]
        issuer = x509.load_der_x509_certificate((await http.get(f"{DOORS}/{name}/ca.cer")).content)
        certificate.verify_directly_issued_by(issuer)
    (event,) = (await contoso.get("/journal?type=rolledOver")).json()["events"]
    assert event["detail"] == {"authority": "issuing-2", "before": "issuing"}
    again = await contoso.post("/authorities/issuing/rollover")
    assert (again.status_code, error_code(again)) == (409, "Conflict")
    for name, status in (("root", 400), ("devices", 400), ("nothing", 404)):
        assert (await contoso.post(f"/authorities/{name}/rollover")).status_code == status


async def test_the_keys_of_a_tenant_go_with_it(
    control: httpx.AsyncClient, fabrikam: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator
) -> None:
    before = {file.name for file in emulator.keys._folder.iterdir()}
    await create(fabrikam, "/authorities/issuing/rollover")
    for name in ("root", "issuing", "issuing-2", "devices"):
        certificate = x509.load_pem_x509_certificate((await authority(fabrikam, name))["certificate"].encode())
        request = await question(fabrikam, certificate, name)
        await http.post(f"/pki/fabrikam/{name}/ocsp", content=request)
    assert len({file.name for file in emulator.keys._folder.iterdir()} - before) == 5
    assert (await control.delete("/tenants/fabrikam")).status_code == 204
    left = {file.name for file in emulator.keys._folder.iterdir()}
    assert len(before - left) == 3
    assert left <= before


async def test_ocsp_answers_by_get_and_post_with_and_without_a_nonce(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    certificate = await issue(contoso)
    request = await question(contoso, certificate)
    encoded = base64.b64encode(request).decode()
    for path in (quote(encoded, safe=""), quote(encoded), encoded):
        answer = await http.get(f"{DOORS}/issuing/ocsp/{path}")
        assert ocsp.load_der_ocsp_response(answer.content).certificate_status is ocsp.OCSPCertStatus.GOOD
    await contoso.post(f"/certificates/{certificate.serial_number:x}/revoke", json={"reason": "superseded"})
    answer_now = await asked(http, request)
    assert answer_now.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer_now.revocation_reason is x509.ReasonFlags.superseded
    assert (await http.get(f"{DOORS}/issuing/ocsp/not%base64")).status_code == 400
    malformed = await asked(http, b"no request")
    assert malformed.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_nobody_here_claims_anything_about_somebody_elses_certificate(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    theirs = await issue(fabrikam, userPrincipalName="alice@fabrikam.example")
    request = await question(fabrikam, theirs)
    assert (await asked(http, request)).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    # Our own authority's name and key, but a serial that it never issued.
    ours = ocsp.load_der_ocsp_request(await question(contoso, await issue(contoso)))
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        ours.issuer_name_hash, ours.issuer_key_hash, theirs.serial_number, SHA256()
    )
    unknown = await asked(http, builder.build().public_bytes(Encoding.DER))
    assert unknown.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


async def test_an_imported_certificate_of_another_ca_is_known_by_its_thumbprint_alone(
    contoso: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    mark = "ab" * 20
    for name in (ALICE, "bob@contoso.example"):
        user = await emulator.runner.read(directory_queries.user_by_upn, tenant.id, upn=name)
        assert user is not None
        row = pfx_row(
            tenant.id,
            user_id=user.id,
            thumbprint=mark,
            document={"startDateTime": "2020-01-01T00:00:00Z", "expirationDateTime": "2030-01-01T00:00:00Z"},
        )
        await emulator.runner.read(pfx_queries.add_pfx, row)
    document = (await contoso.get(f"/certificates/{mark.upper()}")).json()
    assert {key: document[key] for key in ("status", "source", "thumbprint", "serial", "authority", "certificate")} == {
        "status": "unknown",
        "source": "external",
        "thumbprint": mark,
        "serial": None,
        "authority": None,
        "certificate": None,
    }
    assert (document["notBefore"], document["notAfter"]) == ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
    assert (document["users"], document["holders"]) == ([ALICE, "bob@contoso.example"], [])
    assert error_code(await contoso.post(f"/certificates/{mark}/revoke")) == "NotFound"
    assert await members(contoso, "/certificates") == []


async def test_an_authoritys_own_certificate_is_found(contoso: httpx.AsyncClient) -> None:
    issuing = await authority(contoso)
    for key in (issuing["serial"], issuing["thumbprint"].upper()):
        document = (await contoso.get(f"/certificates/{key}")).json()
        assert (document["subject"], document["authority"], document["status"]) == (issuing["subject"], "root", "good")
        assert document["certificate"] == issuing["certificate"]


async def test_a_certificate_on_hold_is_taken_from_the_crl_again(contoso: httpx.AsyncClient) -> None:
    certificate = await issue(contoso)
    path = f"/certificates/{certificate.serial_number:x}/revoke"
    refused = await contoso.post(path, json={"reason": "removeFromCRL"})
    assert (refused.status_code, error_code(refused)) == (409, "Conflict")
    held = (await contoso.post(path, json={"reason": "certificateHold"})).json()
    assert (held["status"], held["reason"]) == ("revoked", "certificateHold")
    released = (await contoso.post(path, json={"reason": "removeFromCRL"})).json()
    assert (released["status"], released["reason"], released["revokedDateTime"]) == ("good", None, None)


async def test_a_large_question_is_malformed(contoso: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    small = await question(contoso, await issue(contoso))
    head = 2 + (small[1] & 0x7F if small[1] > 0x80 else 0)
    large = tlv(0x30, small[head:], tlv(0xA0, bytes(20 * 1024)))
    assert (await asked(http, large)).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert (await asked(http, small)).certificate_status is ocsp.OCSPCertStatus.GOOD


async def test_a_hundred_unknown_serials_cost_one_look_at_the_authorities(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient, emulator: Emulator
) -> None:
    whole = await question(contoso, await issue(contoso))
    known = ocsp.load_der_ocsp_request(whole)
    singles = [_single(known, serial) for serial in range(1000, 1100)]
    await asked(http, whole)  # the responder is there from now on
    with statements(emulator) as sent:
        answer = await asked(http, tlv(0x30, tlv(0x30, tlv(0x30, *singles))))
    assert {response.certificate_status for response in answer.responses} == {ocsp.OCSPCertStatus.UNKNOWN}
    assert len([each for each in sent if "FROM authorities" in each and "ORDER BY" in each]) == 1


def _single(known: ocsp.OCSPRequest, serial: int) -> bytes:
    """One certificate in a request, as others name it."""
    algorithm = bytes.fromhex("300d06096086480165030402010500")
    hashes = tlv(0x04, known.issuer_name_hash), tlv(0x04, known.issuer_key_hash)
    return tlv(0x30, tlv(0x30, algorithm, *hashes, tlv(0x02, serial.to_bytes(2))))
