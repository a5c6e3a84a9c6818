"""What Microsoft's clients for partners send, byte for byte where it is known: the one in Java, and the one in C#.

Source: microsoft/Intune-Resource-Access, src/CsrValidation. The one in Java was recorded against a server; its body is
Latin-1. The one in C# was read: an indented body, null members, and names with capital letters in its first call.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.support.partner import Partner, Scene
from tests.support.scep_clients import CONTROL

VALIDATION, CONNECTOR = "ScepRequestValidationFEService", "PkiConnectorFEService"
ACTIVITY = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def java_headers(partner: Partner, version: str = "2018-02-20") -> dict[str, str]:
    return {
        "Authorization": f"Bearer {partner.token}",
        "content-type": "application/json",
        "client-request-id": ACTIVITY,
        "api-version": version,
        "UserAgent": "Partner CA 1.0",
        "User-Agent": "Apache-HttpClient/4.5.14 (Java/17.0.9)",
    }


def csharp_headers(partner: Partner, version: str = "2018-02-20") -> dict[str, str]:
    return {
        "Authorization": f"Bearer {partner.token}",
        "client-request-id": ACTIVITY,
        "api-version": version,
        "Content-Type": "application/json; charset=utf-8",
        "Expect": "100-continue",
    }


def java_body(document: dict[str, Any]) -> bytes:
    """org.json escapes the slashes of `</` alone, and writes no spaces; HttpClient's StringEntity is Latin-1."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("latin-1", "replace")


def csharp_body(document: dict[str, Any]) -> bytes:
    """Newtonsoft's Formatting.Indented on Windows."""
    return json.dumps(document, ensure_ascii=False, indent=2).replace("\n", "\r\n").encode()


async def sent(scene: Scene, action: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
    answer = await scene.partner.send(VALIDATION, f"ScepActions/{action}", content=content, headers=headers)
    assert answer.headers["client-request-id"] == ACTIVITY
    return answer


async def test_the_client_in_java_validates_and_notifies(scene: Scene) -> None:
    headers, csr = java_headers(scene.partner), base64.b64encode(await scene.csr()).decode()
    common = {"transactionId": "2Wl0YUtWUmpVdFM=", "certificateRequest": csr, "callerInfo": "Müller CA 1.0"}
    answer = await sent(scene, "validateRequest", content=java_body({"request": common}), headers=headers)
    assert answer.json() == {"code": "Success", "errorDescription": ""}
    issued = {
        **common,
        "certificateThumbprint": "AA" * 20,
        "certificateSerialNumber": "2C00000012",
        "certificateExpirationDateUtc": "2027-11-24T10:00:00.0000000Z",
        "issuingCertificateAuthority": "CN=Bürger CA",
    }
    answer = await sent(scene, "successNotification", content=java_body({"notification": issued}), headers=headers)
    assert answer.json()["code"] == "Success"
    (event,) = await scene.contoso.events("scepCertificateIssued")
    assert event.detail["issuer"] == "CN=Bürger CA"
    failed = {**common, "hResult": -2147418113, "errorDescription": "Schlüssel € zu kurz"}
    answer = await sent(scene, "failureNotification", content=java_body({"notification": failed}), headers=headers)
    assert answer.json()["code"] == "Success"
    (event,) = await scene.contoso.events("scepIssuanceFailed")
    assert (event.detail["hResult"], event.detail["reason"]) == (-2147418113, "Schlüssel ? zu kurz")


async def test_the_client_in_csharp_validates_and_notifies(scene: Scene) -> None:
    headers, csr = csharp_headers(scene.partner), base64.b64encode(await scene.csr()).decode()
    common = {"transactionId": "2Wl0YUtWUmpVdFM=", "certificateRequest": csr, "callerInfo": "Müller CA 1.0"}
    answer = await sent(scene, "validateRequest", content=csharp_body({"request": common}), headers=headers)
    assert answer.json() == {"code": "Success", "errorDescription": ""}
    issued = {
        **common,
        "certificateThumbprint": "AA" * 20,
        "certificateSerialNumber": "2C00000012",
        "certificateExpirationDateUtc": "Wednesday, November 24, 2027",
        "issuingCertificateAuthority": "CN=Bürger CA",
        "caConfiguration": None,
        "certificateAuthority": None,
    }
    answer = await sent(scene, "successNotification", content=csharp_body({"notification": issued}), headers=headers)
    assert answer.json()["code"] == "Success"
    (event,) = await scene.contoso.events("scepCertificateIssued")
    assert event.detail["expiration"] == "Wednesday, November 24, 2027"
    failed = {**common, "hResult": 2147549183, "errorDescription": "Schlüssel € zu kurz"}
    answer = await sent(scene, "failureNotification", content=csharp_body({"notification": failed}), headers=headers)
    assert answer.json()["code"] == "Success"
    (event,) = await scene.contoso.events("scepIssuanceFailed")
    assert (event.detail["hResult"], event.detail["reason"]) == (-2147418113, "Schlüssel € zu kurz")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(-2147418113, -2147418113), (2147549183, -2147418113), (0, 0), (1, 1), (2**31, -(2**31)), (2**40 + 5, 5)],
)
async def test_an_hresult_is_kept_as_a_signed_number_of_32_bits(scene: Scene, *, sent: int, kept: int) -> None:
    csr = base64.b64encode(await scene.csr()).decode()
    failed = {"transactionId": "t", "certificateRequest": csr, "hResult": sent, "errorDescription": "no"}
    assert (await scene.partner.scep("failureNotification", {"notification": failed}))["code"] == "Success"
    (event,) = await scene.contoso.events("scepIssuanceFailed")
    assert event.detail["hResult"] == kept


@pytest.mark.parametrize("form", ["java", "csharp", "csharp-first"])
async def test_each_client_fetches_and_reports_revocations(scene: Scene, form: str) -> None:
    asked = {"serialNumber": "01", "issuerName": "CN=Partner"}
    assert (await scene.http.post(f"{CONTROL}/scep/revocations", json=asked)).status_code == 201
    is_java = form == "java"
    headers = (java_headers if is_java else csharp_headers)(scene.partner, "5019-05-05")
    body = java_body if is_java else csharp_body
    wanted = {"maxRequests": 50} if is_java else {"maxRequests": 50, "issuerName": None}
    path = "CertificateAuthorityRequests/downloadRevocationRequests"
    content = body({"downloadParameters": wanted})
    answer = await scene.partner.send(CONNECTOR, path, content=content, headers=headers)
    (request,) = answer.json()["value"]
    context = request["requestContext"]
    results: dict[str, dict[str, Any]] = {
        "java": {"requestContext": context, "succeeded": False, "errorCode": "4103"},
        "csharp": {"requestContext": context, "succeeded": False, "errorCode": "AuthenticationException"},
        "csharp-first": {
            "RequestContext": context,
            "Succeeded": False,
            "ErrorCode": "AuthenticationException",
            "ErrorMessage": None,
        },
    }
    name = "Results" if form == "csharp-first" else "results"
    path = "CertificateAuthorityRequests/uploadRevocationResults"
    answer = await scene.partner.send(CONNECTOR, path, content=body({name: [results[form]]}), headers=headers)
    assert answer.json() == {"value": True}
    (row,) = (await scene.http.get(f"{CONTROL}/scep/revocations")).json()["value"]
    assert (row["state"], row["errorCode"]) == ("open", "AuthenticationException")


@pytest.mark.parametrize(
    ("change", "status"),
    [("no token", 401), ("no such tenant", 404), ("a body that is no JSON", 400), ("another media type", 400)],
)
async def test_an_error_is_json_with_the_activity_of_the_call(scene: Scene, change: str, status: int) -> None:
    """The client in Java reads the body before it looks at the status: without JSON it hides both."""
    headers, content = java_headers(scene.partner), b"{}"
    if change == "no token":
        del headers["Authorization"]
    elif change == "no such tenant":
        scene.partner.services[VALIDATION] = scene.partner.services[VALIDATION].replace(
            scene.contoso.tenant.id, "nobody"
        )
    elif change == "a body that is no JSON":
        content = b"\xff\xfe<xml/>"
    else:
        headers["content-type"], content = "text/plain", b"1"
    answer = await sent(scene, "validateRequest", content=content, headers=headers)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
