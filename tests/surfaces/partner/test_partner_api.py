"""Intune's service for certification authorities of partners, as Microsoft's clients call it.

Each result code is reached by a request that differs from what the challenge asks for in that one thing.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

from fauxtune.core.model.audiences import INTUNE
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.tenant import Contoso

ORIGIN = "https://localhost:8443"
CONTROL = "/_fauxtune/v1/tenants/contoso"
ROLE = "scep_challenge_provider"
#: What the scope of Microsoft's clients is: the resource's address ends in a slash, and `/.default` is added to it.
SCOPE = "https://api.manage.microsoft.com//.default"


@dataclass(frozen=True, slots=True)
class Csr:
    """A certificate request: by default the one that the profile asks for."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    challenge: str | None
    subject: tuple[tuple[x509.ObjectIdentifier, str], ...] = (
        (NameOID.EMAIL_ADDRESS, "alice@contoso.example"),
        (NameOID.COMMON_NAME, "alice"),
    )
    names: tuple[str, ...] = ("alice@contoso.example",)
    key_encipherment: bool = True
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)

    def der(self) -> bytes:
        """The request, DER."""
        name = x509.Name([x509.NameAttribute(oid, value) for oid, value in self.subject])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        usage = dict.fromkeys(
            ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
        )
        key_usage = x509.KeyUsage(
            digital_signature=True,
            key_encipherment=self.key_encipherment,
            encipher_only=False,
            decipher_only=False,
            **usage,
        )
        builder = builder.add_extension(key_usage, critical=True)
        if self.names:
            alternatives = x509.SubjectAlternativeName([x509.RFC822Name(each) for each in self.names])
            builder = builder.add_extension(alternatives, critical=False)
        if self.usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.usages), critical=False)
        if self.challenge is not None:
            builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, self.challenge.encode())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(slots=True)
class Partner:
    """A partner's authority: its token, and the addresses that it found."""

    http: httpx.AsyncClient
    token: str
    services: dict[str, str]

    async def post(self, service: str, path: str, body: Any, *, content: bytes | None = None) -> httpx.Response:
        headers = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "client-request-id": "a-call",
            "api-version": "2018-02-20",
        }
        data = json.dumps(body).encode() if content is None else content
        return await self.http.post(f"{self.services[service]}/{path}", content=data, headers=headers)

    async def scep(self, action: str, body: Any) -> dict[str, Any]:
        answer = await self.post("ScepRequestValidationFEService", f"ScepActions/{action}", body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["client-request-id"] == "a-call"
        document: dict[str, Any] = answer.json()
        assert set(document) == {"code", "errorDescription"}
        return document

    async def validate(self, csr: bytes) -> str:
        request = {"transactionId": "t1", "certificateRequest": base64.b64encode(csr).decode(), "callerInfo": "Test 1"}
        return str((await self.scep("validateRequest", {"request": request}))["code"])

    async def revocations(self, action: str, body: Any) -> httpx.Response:
        return await self.post("PkiConnectorFEService", f"CertificateAuthorityRequests/{action}", body)


@pytest.fixture
def contoso(emulator: Emulator, clock: FixedClock, tenant: Tenant, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Contoso:
    return Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)


@pytest.fixture
async def partner(http: httpx.AsyncClient) -> Partner:
    """An authority whose application has the role, after service discovery."""
    return await partner_with(http, roles=["Application.Read.All", ROLE])


async def partner_with(http: httpx.AsyncClient, *, roles: list[str]) -> Partner:
    answer = await http.post(f"{CONTROL}/applications", json={"roles": roles})
    assert answer.status_code == 201, answer.text
    application = answer.json()
    graph = await token(http, application, scope="https://graph.microsoft.com/.default")
    found = await http.get(
        f"/v1.0/servicePrincipals/appId={INTUNE}/endpoints", headers={"authorization": f"Bearer {graph}"}
    )
    assert found.status_code == 200, found.text
    services = {each["providerName"]: each["uri"] for each in found.json()["value"]}
    assert services == {each["serviceName"]: each["uri"] for each in found.json()["value"]}
    return Partner(http, await token(http, application, scope=SCOPE), services)


async def test_the_older_service_discovery_answers_the_same(partner: Partner, http: httpx.AsyncClient) -> None:
    path = f"/contoso/servicePrincipalsByAppId/{INTUNE}/serviceEndpoints?api-version=1.6"
    answer = await http.get(path, headers={"authorization": f"Bearer {partner.token}"})
    assert {each["serviceName"]: each["uri"] for each in answer.json()["value"]} == partner.services
    assert (await http.get(path)).status_code == 401
    other = await http.get(path.replace(INTUNE, "x"), headers={"authorization": f"Bearer {partner.token}"})
    assert other.status_code == 404


async def token(http: httpx.AsyncClient, application: dict[str, Any], *, scope: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": application["clientId"],
        "client_secret": application["secret"],
        "scope": scope,
    }
    answer = await http.post("/contoso/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@dataclass(slots=True)
class Scene:
    """A device that a SCEP profile reaches, and the partner's authority."""

    contoso: Contoso
    partner: Partner
    http: httpx.AsyncClient
    profile: str
    device: str
    key: rsa.RSAPrivateKey

    async def challenge(self) -> str:
        answer = await self.http.post(
            f"{CONTROL}/scep/challenges", json={"device": self.device, "profile": self.profile}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["challenge"])

    async def csr(self, **changes: Any) -> bytes:
        return replace(Csr(self.key, await self.challenge()), **changes).der()


@pytest.fixture
async def scene(
    contoso: Contoso, partner: Partner, http: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> Scene:
    profile = await contoso.profile_for_devices(
        "androidWorkProfileScepCertificateProfile",
        displayName="Signing by SCEP",
        scepServerUrls=["https://ca.partner.example/scep"],
        subjectNameFormat="custom",
        subjectNameFormatString="CN={{UserName}},E={{EmailAddress}}",
        subjectAlternativeNameType="emailAddress",
        extendedKeyUsages=[{"name": "Secure Email", "objectIdentifier": "1.3.6.1.5.5.7.3.4"}],
        keyUsage="keyEncipherment,digitalSignature",
        keySize="size2048",
        hashAlgorithm="sha2",
    )
    phone = await AndroidOverHttp.enrolled(http, key=raw_rsa_keys[0], tenant="contoso", user="alice")
    return Scene(contoso, partner, http, profile, phone.managed_device_id, raw_rsa_keys[1])


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
        "KeyUsageMismatch": {"key_encipherment": False},
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
    failed = {"transactionId": "t2", "certificateRequest": csr, "errorDescription": "x" * 300, "callerInfo": "Test 1"}
    for number in (-2147418113, 2147549183):
        body = {"notification": {**failed, "hResult": number}}
        assert (await scene.partner.scep("failureNotification", body))["code"] == "Success"
    (event,) = await scene.contoso.events("scepIssuanceFailed")
    assert (event.detail["hResult"], len(event.detail["reason"])) == (-2147418113, 255)
    (known,) = (await scene.http.get(f"{CONTROL}/scep/challenges")).json()["value"]
    assert (known["state"], known["outcome"]["transactionId"]) == ("failed", "t2")


async def test_revocations_are_leased_until_a_result_comes(scene: Scene) -> None:
    for serial in ("01", "02", "03"):
        body = {"serialNumber": serial, "issuerName": "CN=Partner"}
        assert (await scene.http.post(f"{CONTROL}/scep/revocations", json=body)).status_code == 201
        scene.contoso.clock.forward(seconds=1)
    partner, everything = scene.partner, {"downloadParameters": {"maxRequests": 2, "issuerName": None}}
    first = (await partner.revocations("downloadRevocationRequests", everything)).json()["value"]
    second = (await partner.revocations("downloadRevocationRequests", everything)).json()["value"]
    assert [each["serialNumber"] for each in first] == ["01", "02"]
    assert [each["serialNumber"] for each in second] == ["03"]
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
    again = (await partner.revocations("downloadRevocationRequests", everything)).json()["value"]
    assert [each["serialNumber"] for each in again] == ["02"]
    await scene.http.post(f"{CONTROL}/clock/advance", json={"by": "PT11M"})
    again = (await partner.revocations("downloadRevocationRequests", everything)).json()["value"]
    assert [each["serialNumber"] for each in again] == ["02"]
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
