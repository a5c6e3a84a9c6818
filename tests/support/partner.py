"""A certification authority of a partner as a client of Intune's service, and the requests that it forwards."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
from asn1crypto import core, csr
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fauxtune.core.model.addresses import INTUNE
from tests.support.openapi import committed
from tests.support.scep_clients import CONTROL, Csr
from tests.support.tenant import Contoso

ROLE = "scep_challenge_provider"
#: What the scope of Microsoft's clients is: the resource's address ends in a slash, and `/.default` is added to it.
SCOPE = "https://api.manage.microsoft.com//.default"


@cache
def described() -> dict[str, Any]:
    """The OpenAPI document of the surface."""
    return committed("partner")


def check_described(action: str, answer: httpx.Response) -> None:
    """Fail if an answer is not as the document describes it."""
    document = described()
    (operation,) = [
        methods["post"]
        for methods in document["paths"].values()
        if methods.get("post", {}).get("operationId") == action
    ]
    responses = operation["responses"]
    content = responses.get(str(answer.status_code), responses["default"])["content"]["application/json"]
    schema = {**content["schema"], "components": document["components"]}
    problems = [error.message for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(answer.json())]
    assert not problems, f"{action}: {answer.status_code} is not as described: {problems}"


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
        return await self.send(service, path, content=data, headers=headers)

    async def send(self, service: str, path: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a call as it is; its answer must be as the document of this surface describes it."""
        answer = await self.http.post(f"{self.services[service]}/{path}", content=content, headers=headers)
        check_described(path.rpartition("/")[2], answer)
        return answer

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


async def partner_with(http: httpx.AsyncClient, *, roles: list[str], scope: str = SCOPE) -> Partner:
    answer = await http.post(f"{CONTROL}/applications", json={"roles": roles})
    assert answer.status_code == 201, answer.text
    application = answer.json()
    graph = await token(http, application, scope="https://graph.microsoft.com/.default")
    found = await http.get(
        f"/v1.0/servicePrincipals/appId={INTUNE}/endpoints", headers={"authorization": f"Bearer {graph}"}
    )
    assert found.status_code == 200, found.text
    services = {item["providerName"]: item["uri"] for item in found.json()["value"]}
    assert services == {item["serviceName"]: item["uri"] for item in found.json()["value"]}
    return Partner(http, await token(http, application, scope=scope), services)


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


def renewing(request: bytes, certificate: bytes, *, key: rsa.RSAPrivateKey) -> bytes:
    """Return the request with the attribute RENEWAL_CERTIFICATE ([MS-WCCE] 2.2.2.7.3), signed again."""
    parsed = csr.CertificationRequest.load(request)
    info = parsed["certification_request_info"]
    attributes = [attribute.untag() for attribute in info["attributes"]]
    values = core.SetOf(spec=core.Any, contents=certificate)
    oid = core.ObjectIdentifier("1.3.6.1.4.1.311.13.1")
    attributes.append(core.Sequence.load(_sequence(oid.dump() + values.dump())))
    head = b"".join(info[name].dump() for name in ("version", "subject", "subject_pk_info"))
    attributes_der = core.SetOf(
        spec=core.Any, contents=b"".join(sorted(attribute.dump() for attribute in attributes))
    ).dump()
    info_der = _sequence(head + b"\xa0" + attributes_der[1:])
    signature = key.sign(info_der, padding.PKCS1v15(), hashes.SHA256())
    bits = core.OctetBitString(signature).dump()
    return _sequence(info_der + parsed["signature_algorithm"].dump() + bits)


def _sequence(content: bytes) -> bytes:
    return bytes(core.Sequence(contents=content).dump())
