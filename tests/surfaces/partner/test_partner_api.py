"""Intune's service for certification authorities of partners, as Microsoft's clients call it.

Each result code is reached by a request that differs from what the challenge asks for in that one thing.
A renewal names the certificate that it renews: only one that the device holds by the profile is accepted.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fauxtune.core.model.addresses import INTUNE
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest
from fauxtune.operations.devices import actions as device_actions
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import self_signed, thumbprint
from tests.support.partner import ROLE, Partner, Scene, partner_with, renewing, token
from tests.support.scep_clients import CONTROL, Csr

BEGIN = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def held(scene: Scene) -> x509.Certificate:
    return self_signed(scene.key, "alice", begin=BEGIN, serial=7)


async def issued(scene: Scene, held: x509.Certificate, *, mark: str = "") -> None:
    """The device is issued a certificate by the profile. `mark`: its thumbprint as the authority writes it."""
    report = {
        "transactionId": "t1",
        "certificateRequest": base64.b64encode(await scene.csr()).decode(),
        "certificateThumbprint": mark or thumbprint(held).upper(),
        "certificateSerialNumber": "07",
        "issuingCertificateAuthority": "CN=Partner",
    }
    assert (await scene.partner.scep("successNotification", {"notification": report}))["code"] == "Success"


async def renewal_of(scene: Scene, certificate: bytes) -> str:
    return await scene.partner.validate(renewing(await scene.csr(), certificate, key=scene.key))


async def test_the_older_service_discovery_answers_the_same_and_needs_the_same_permission(
    http: httpx.AsyncClient,
) -> None:
    older = "https://graph.windows.net/.default"
    partner = await partner_with(http, roles=["Application.Read.All", ROLE], scope=older)
    path, headers = (
        f"/contoso/servicePrincipalsByAppId/{INTUNE}/serviceEndpoints?api-version=1.6",
        {"authorization": f"Bearer {partner.token}"},
    )
    answer = await http.get(path, headers=headers)
    assert {item["serviceName"]: item["uri"] for item in answer.json()["value"]} == partner.services
    assert (await http.get(path)).status_code == 401
    assert (await http.get(path.replace(INTUNE, "x"), headers=headers)).status_code == 404
    application = (await http.post(f"{CONTROL}/applications", json={"roles": [ROLE]})).json()
    without = {"authorization": f"Bearer {await token(http, application, scope=older)}"}
    refused = await http.get(path, headers=without)
    assert (refused.status_code, "Application.Read.All" in refused.text) == (403, True)


async def test_a_body_over_4_mib_is_413_and_a_text_over_64_kib_is_400(partner: Partner) -> None:
    for size, status, code in ((5 << 20, 413, "RequestEntityTooLarge"), (65 << 10, 400, "BadRequest")):
        body = {"request": {"transactionId": "t", "certificateRequest": "A" * size}}
        answer = await partner.post("ScepRequestValidationFEService", "ScepActions/validateRequest", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_the_request_that_was_asked_for_is_granted_and_every_difference_has_its_code(scene: Scene) -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    cases: dict[str, dict[str, Any]] = {
        "Success": {},
        "ChallengePasswordMissing": {"challenge": None},
        "ChallengeDecodingError": {"challenge": "no base64!"},
        "SignatureValidationFailed": {"challenge": base64.b64encode(b"no message").decode()},
        "SubjectNameMissing": {"subject": ()},
        "SubjectNameMismatch": {"subject": ((NameOID.COMMON_NAME, "alice"),)},
        "SubjectAltNameMissing": {"names": ()},
        "SubjectAltNameMismatch": {"names": ("alice@contoso.example", "bob@contoso.example")},
        "KeyUsageMismatch": {"encrypts": False},
        "KeyLengthMismatch": {"key": small},
        "EnhancedKeyUsageMissing": {"usages": ()},
        "EnhancedKeyUsageMismatch": {"usages": (ExtendedKeyUsageOID.CLIENT_AUTH,)},
    }
    for code, changes in cases.items():
        assert await scene.partner.validate(await scene.csr(**changes)) == code
    ec_key = ec.generate_private_key(ec.SECP256R1())
    assert await scene.partner.validate(await scene.csr(key=ec_key)) == "KeyLengthMismatch"
    assert await scene.partner.validate(b"no request") == "CertificateRequestDecodingFailed"
    changed = bytearray(await scene.csr())
    changed[-1] ^= 1
    assert await scene.partner.validate(bytes(changed)) == "SignatureValidationFailed"


async def test_a_challenge_is_for_its_hour_its_device_its_user_and_its_profile(scene: Scene) -> None:
    csr = await scene.csr()
    for now, code in (
        ("2026-11-24T10:59:59Z", "Success"),
        ("2026-11-24T11:00:00Z", "ChallengeExpired"),
        ("2026-11-24T09:59:59Z", "ChallengeInvalidTimestamp"),
        ("2026-11-24T10:00:00Z", "Success"),
    ):
        await scene.http.put(f"{CONTROL}/clock", json={"mode": "frozen", "now": now})
        assert await scene.partner.validate(csr) == code
    await scene.contoso.delete_profile(scene.profile)
    assert await scene.partner.validate(csr) == "ScepProfileNoLongerTargetedToTheClient"


async def test_a_challenge_of_another_tenant_or_of_a_device_that_is_gone_is_refused(scene: Scene) -> None:
    csr = await scene.csr()
    answer = await scene.http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    assert answer.status_code == 201
    elsewhere = scene.partner.services["ScepRequestValidationFEService"].rpartition("/partner/")[0]
    url = f"{elsewhere}/partner/fabrikam/StatelessScepRequestValidationService/ScepActions/validateRequest"
    refused = await scene.http.post(url, headers={"authorization": f"Bearer {scene.partner.token}"}, json={})
    assert refused.status_code == 401
    await scene.contoso.do(device_actions.retire, ManagedDeviceId(scene.device))
    assert await scene.partner.validate(csr) == "BadDeviceIdInChallenge"


async def test_what_the_authority_reports_is_kept_once(scene: Scene) -> None:
    csr = base64.b64encode(await scene.csr()).decode()
    issued = {
        "transactionId": "t1",
        "certificateRequest": csr,
        "certificateThumbprint": "A" * 40,
        "certificateSerialNumber": "0F",
        "certificateExpirationDateUtc": "Friday, November 26, 2027",
        "issuingCertificateAuthority": "CN=Partner",
        "callerInfo": "Test 1",
        "caConfiguration": None,
    }
    for _ in range(2):
        assert (await scene.partner.scep("successNotification", {"notification": issued}))["code"] == "Success"
    assert len(await scene.contoso.events("scepCertificateIssued")) == 1
    other = base64.b64encode(await scene.csr()).decode()
    failed = {"transactionId": "t2", "certificateRequest": other, "errorDescription": "x" * 300, "callerInfo": "Test 1"}
    for number in (-2147418113, 2147549183):
        body = {"notification": {**failed, "hResult": number}}
        assert (await scene.partner.scep("failureNotification", body))["code"] == "Success"
    (event,) = await scene.contoso.events("scepIssuanceFailed")
    assert (event.detail["hResult"], len(event.detail["reason"])) == (-2147418113, 255)
    known = (await scene.http.get(f"{CONTROL}/scep/challenges")).json()["value"]
    assert {(each["state"], each["outcome"]["transactionId"]) for each in known} == {("failed", "t2"), ("issued", "t1")}


@ON_BOTH_DATABASES
async def test_a_reported_certificate_is_not_forgotten_by_another_validation_of_its_challenge(scene: Scene) -> None:
    asked, marks = Csr(scene.key, await scene.challenge()), ["a" * 40, "b" * 40]
    csr, stolen = asked.der(), replace(asked, subject=((NameOID.COMMON_NAME, "mallory"),)).der()
    another = replace(asked, key=rsa.generate_private_key(public_exponent=65537, key_size=2048)).der()
    assert await scene.partner.validate(csr) == "Success"
    for number, mark in enumerate(marks):
        report = {
            "transactionId": f"t{number}",
            "certificateRequest": base64.b64encode(csr).decode(),
            "certificateThumbprint": mark.upper(),
            "certificateSerialNumber": f"0{number}AB",
            "issuingCertificateAuthority": "CN=Partner",
        }
        assert (await scene.partner.scep("successNotification", {"notification": report}))["code"] == "Success"
        # A device that lost the answer, a thief with another key, and one with another subject.
        assert await scene.partner.validate(csr) == "Success"
        assert await scene.partner.validate(another) == "Success"
        assert await scene.partner.validate(stolen) == "SubjectNameMismatch"
        failure = {"transactionId": "t", "certificateRequest": report["certificateRequest"], "errorDescription": "x"}
        body = {"notification": {**failure, "hResult": 1}}
        assert (await scene.partner.scep("failureNotification", body))["code"] == "Success"
    (known,) = (await scene.http.get(f"{CONTROL}/scep/challenges")).json()["value"]
    assert (known["state"], known["outcome"]["serialNumber"]) == ("issued", "01AB")
    assert len(await scene.contoso.events("scepRequestValidated")) == 5, "each check stands in the journal"
    for key, serial in ((marks[0], "00AB"), ("00ab", "00AB"), (marks[1].upper(), "01AB"), ("01AB", "01AB")):
        answer = await scene.http.post(f"{CONTROL}/scep/revocations", json={"serialNumber": key})
        assert (answer.status_code, answer.json().get("serialNumber")) == (201, serial), answer.text


async def test_of_one_challenge_50_certificates_are_kept_and_a_report_of_another_is_refused(scene: Scene) -> None:
    report: dict[str, Any] = {
        "transactionId": "t",
        "certificateRequest": base64.b64encode(await scene.csr()).decode(),
        "certificateSerialNumber": "01",
        "issuingCertificateAuthority": "CN=Partner",
    }
    path = "ScepActions/successNotification"
    for number in range(51):
        body = {"notification": {**report, "certificateThumbprint": f"{number:040x}"}}
        answer = await scene.partner.post("ScepRequestValidationFEService", path, body)
        assert answer.status_code == (200 if number < 50 else 409)
    body = {"notification": {**report, "certificateThumbprint": "0" * 40}}
    assert (await scene.partner.scep("successNotification", body))["code"] == "Success", "a repeated report is no other"


@ON_BOTH_DATABASES
async def test_after_a_download_nothing_is_handed_out_for_60_minutes(scene: Scene) -> None:
    for serial in ("01", "02", "03"):
        body = {"serialNumber": serial, "issuerName": "CN=Partner"}
        assert (await scene.http.post(f"{CONTROL}/scep/revocations", json=body)).status_code == 201
        scene.contoso.clock.forward(seconds=1)
    partner, everything = scene.partner, {"downloadParameters": {"maxRequests": 2, "issuerName": None}}

    async def downloaded() -> list[dict[str, Any]]:
        answer = await partner.revocations("downloadRevocationRequests", everything)
        return list(answer.json()["value"])

    async def later(by: str) -> None:
        (await scene.http.post(f"{CONTROL}/clock/advance", json={"by": by})).raise_for_status()

    first = await downloaded()
    assert ([each["serialNumber"] for each in first], await downloaded()) == (["01", "02"], [])
    (waits,) = [
        row
        for row in (await scene.http.get(f"{CONTROL}/scep/revocations")).json()["value"]
        if row["serialNumber"] == "03"
    ]
    assert waits["availableDateTime"] == "2026-11-24T11:00:03.0000000Z"
    await later("PT59M")
    assert await downloaded() == [], "a new request waits as well"
    # That call did not begin the hour again, and the lease of the first two is over with it.
    await later("PT1M")
    second = await downloaded()
    assert [each["serialNumber"] for each in second] == ["03", "01"]
    second.pop()
    contexts = [each["requestContext"] for each in (*first, *second)]
    # Java sends numbers as text, C# names, and on its first call with capital letters.
    results = [
        {"requestContext": contexts[0], "succeeded": True, "errorCode": "0"},
        {"RequestContext": contexts[1], "Succeeded": False, "ErrorCode": "ServiceTooBusyException"},
        {"requestContext": contexts[2], "succeeded": False, "errorCode": "4004", "errorMessage": "not ours"},
    ]
    unknown = {"results": [{"requestContext": contexts[0], "succeeded": False, "errorCode": "\ud800"}]}
    refused = await partner.revocations("uploadRevocationResults", unknown)
    assert (refused.status_code, "not '?'" in refused.text) == (400, True)
    answer = await partner.revocations("uploadRevocationResults", {"results": results})
    assert answer.json() == {"value": True}
    assert await downloaded() == []
    await later("PT61M")
    assert [each["serialNumber"] for each in await downloaded()] == ["02"]
    rows = (await scene.http.get(f"{CONTROL}/scep/revocations")).json()["value"]
    assert {row["serialNumber"]: (row["state"], row["errorCode"]) for row in rows} == {
        "01": ("revoked", None),
        "02": ("open", "ServiceTooBusyException"),
        "03": ("failed", "CertificateNotFoundError"),
    }


async def test_a_body_in_latin_1_is_read(scene: Scene) -> None:
    described = {"transactionId": "t", "certificateRequest": base64.b64encode(await scene.csr()).decode()}
    content = json.dumps({"request": {**described, "callerInfo": "Müller"}}, ensure_ascii=False).encode("latin-1")
    answer = await scene.partner.post(
        "ScepRequestValidationFEService", "ScepActions/validateRequest", None, content=content
    )
    assert answer.json()["code"] == "Success"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"request": 1}', b'{"request": {}}', b'{"request": {"transactionId": "t"}}', b"[" * 100_000],
    ids=["empty", "list", "cut off", "number", "no members", "one member", "deep"],
)
async def test_a_malformed_body_is_refused_in_json(partner: Partner, content: bytes) -> None:
    answer = await partner.post("ScepRequestValidationFEService", "ScepActions/validateRequest", None, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"


async def test_only_a_token_for_intunes_service_with_the_role_opens_it(http: httpx.AsyncClient) -> None:
    without = await partner_with(http, roles=["Application.Read.All"])
    refused = await without.revocations("downloadRevocationRequests", {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")
    without.token = ""
    assert (await without.revocations("downloadRevocationRequests", {})).status_code == 401
    answer = await http.post(f"{CONTROL}/applications", json={"roles": ["scep_challenge_providr"]})
    assert answer.status_code == 400
    assert ROLE in answer.text


async def test_the_content_of_a_challenge_can_be_shown(scene: Scene) -> None:
    challenge = await scene.challenge()
    opened = (await scene.http.post(f"{CONTROL}/scep/challenges/open", json={"challenge": challenge})).json()
    assert (opened["code"], opened["content"]["deviceId"]) == ("Success", scene.device)
    assert opened["content"]["request"]["subject"] == "CN=alice,E=alice@contoso.example"
    opened = (await scene.http.post(f"{CONTROL}/scep/challenges/open", json={"challenge": "x"})).json()
    assert (opened["code"], opened["content"]) == ("ChallengeDecodingError", None)


async def test_a_renewal_of_another_certificate_than_the_device_holds_is_refused(
    scene: Scene, held: x509.Certificate, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    other = self_signed(raw_rsa_keys[2], "alice", begin=BEGIN, serial=8)
    assert await renewal_of(scene, held.public_bytes(Encoding.DER)) == "SigningCertThumbprintMismatch"
    await issued(scene, held)
    assert await renewal_of(scene, held.public_bytes(Encoding.DER)) == "Success"
    assert await renewal_of(scene, other.public_bytes(Encoding.DER)) == "SigningCertThumbprintMismatch"
    assert await renewal_of(scene, b"\x30\x03\x02\x01\x01") == "CertificateRequestDecodingFailed"
    assert await scene.partner.validate(await scene.csr()) == "Success"


async def test_an_authority_inside_the_server_tells_who_signed_the_message(
    scene: Scene, held: x509.Certificate, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    await issued(scene, held)
    other = self_signed(raw_rsa_keys[2], "alice", begin=BEGIN, serial=8)
    for signer, code in ((held, "Success"), (other, "SigningCertThumbprintMismatch"), (None, "Success")):
        request = AuthorityRequest("t2", base64.b64encode(await scene.csr()).decode(), signer=signer)
        verdict = await scene.contoso.do(scep_challenges.validate_request, request, keys=scene.contoso.emulator.keys)
        assert verdict.code == code


@pytest.mark.parametrize("between", [":", " "])
async def test_a_thumbprint_with_something_between_its_bytes_is_of_the_same_certificate(
    scene: Scene, held: x509.Certificate, between: str
) -> None:
    mark = bytes.fromhex(thumbprint(held)).hex(between).upper()
    await issued(scene, held, mark=mark)
    assert await renewal_of(scene, held.public_bytes(Encoding.DER)) == "Success"
    for key in (thumbprint(held), mark):
        answer = await scene.http.post(f"{CONTROL}/scep/revocations", json={"serialNumber": key})
        assert answer.status_code == 201, answer.text
        assert (answer.json()["serialNumber"], answer.json()["issuerName"]) == ("07", "CN=Partner")
