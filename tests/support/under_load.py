"""Devices that check in and an administrator who imports, all the time, and what they were answered: nothing of that
may be lost when a process of the server is killed.
"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.certificates import YEAR, certificate_request, make_pfx, self_signed
from tests.support.running_server import Served

ALICE = "alice@contoso.example"


@dataclass
class Answered:
    """What the server has answered with 2xx, over all its lives. `persists`: who got no answer asks again."""

    persists: bool = False
    imports: set[str] = field(default_factory=set)
    certificates: dict[str, str] = field(default_factory=dict)  # device path -> alias with its PFX, as first seen
    devices: dict[str, dict[str, str]] = field(default_factory=dict)  # device path -> headers
    reports: int = 0
    #: Requests that got no answer, or the answer that there is none now.
    failures: int = 0
    #: The statuses of answers that refused, and how many of them did not say when to come again.
    refused: set[int] = field(default_factory=set)
    without_time: int = 0

    def fail(self, answer: httpx.Response | None = None) -> None:
        """Note a request that was not carried out."""
        self.failures += 1
        if answer is not None:
            self.refused.add(answer.status_code)
            self.without_time += "retry-after" not in answer.headers


def imported_file(key: rsa.RSAPrivateKey) -> bytes:
    """A PFX file to import."""
    certificate = self_signed(key, "x", begin=datetime(2020, 1, 1, tzinfo=UTC), lifetime=10 * YEAR)
    return make_pfx(key, certificate, password="secret")


def assign_profiles(client: httpx.Client) -> None:
    path = "/beta/deviceManagement/deviceConfigurations"
    root = client.get("/pki/contoso/root/ca.cer").content
    for kind, properties in (
        ("androidWorkProfileTrustedRootCertificate", {"trustedRootCertificate": base64.b64encode(root).decode()}),
        (
            "androidWorkProfilePkcsCertificateProfile",
            {
                "certificationAuthority": "ca.contoso.example",
                "certificationAuthorityName": "Contoso Issuing CA",
                "certificateTemplateName": "SmimeP256",
                "subjectNameFormat": "commonName",
            },
        ),
    ):
        body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **properties}
        document = client.post(path, json=body).raise_for_status().json()
        target = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
        client.post(f"{path}/{document['id']}/assign", json={"assignments": [{"target": target}]}).raise_for_status()


def enrol(client: httpx.Client, key: rsa.RSAPrivateKey, *, answered: Answered) -> str:
    """Enrol a phone for Alice; its push token."""
    body = {"userPrincipalName": ALICE}
    token = client.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body).raise_for_status().json()["token"]
    request = certificate_request(key)
    csr = base64.b64encode(request).decode()
    answer = client.post(
        "/mdm/contoso/android/v1/enterprises/contoso/devices:enroll",
        json={"enrollmentToken": token, "mode": "work-profile", "csr": csr},
    ).raise_for_status()
    headers = {"authorization": f"Bearer {answer.json()['deviceCredential']}"}
    answered.devices[f"/mdm/contoso/android/v1/{answer.json()['name']}"] = headers
    return str(answer.json()["pushToken"])


def keep_importing(server: Served, pfx: bytes, stop: threading.Event, answered: Answered) -> None:
    """Import after import; one that gets no answer is not counted."""
    with server.signed_in() as client:
        while not stop.is_set():
            thumbprint = f"{len(answered.imports) + 1:040x}"
            body = {
                "thumbprint": thumbprint,
                "intendedPurpose": "smimeEncryption",
                "userPrincipalName": ALICE,
                "providerName": "p",
                "keyName": "k",
                "paddingScheme": "oaepSha512",
                "encryptedPfxBlob": base64.b64encode(pfx).decode(),
                "encryptedPfxPassword": base64.b64encode(bytes(256)).decode(),
            }
            try:
                answer = client.post("/beta/deviceManagement/userPfxCertificates", json=body)
            except httpx.HTTPError:
                answered.fail()
                if not answered.persists:
                    return
                continue
            # 409: the import before the last kill was stored, and only its answer was lost.
            if answer.status_code in (201, 409):
                answered.imports.add(thumbprint)
            else:
                answered.fail(answer)


def keep_checking_in(server: Served, stop: threading.Event, answered: Answered) -> None:
    """Devices that report, apply their policy, and report again."""
    with server.client() as client:
        reports: dict[str, dict[str, Any]] = {}
        while not stop.is_set():
            for path, headers in list(answered.devices.items()):
                try:
                    report = reports.get(path, {"appliedPolicyVersion": "0", "keyStore": {}})
                    client.post(f"{path}:reportStatus", json=report, headers=headers).raise_for_status()
                    policy = client.get(f"{path}/policy", headers=headers).raise_for_status().json()
                except httpx.HTTPError as error:
                    answered.fail(error.response if isinstance(error, httpx.HTTPStatusError) else None)
                    if not answered.persists:
                        return
                    continue
                answered.reports += 1
                roots = [ca_cert["sha256"] for ca_cert in policy["caCerts"]]
                reports[path] = {"appliedPolicyVersion": policy["version"], "keyStore": {"caCerts": roots}}
                for pair in policy["keyPairs"]:
                    answered.certificates.setdefault(path, pair["pkcs12"])


def everything_is_there(client: httpx.Client, answered: Answered) -> None:
    listed = client.get("/beta/deviceManagement/userPfxCertificates").raise_for_status().json()["value"]
    assert answered.imports <= {each["thumbprint"] for each in listed}
    for path, headers in answered.devices.items():
        policy = client.get(f"{path}/policy", headers=headers).raise_for_status().json()
        if path in answered.certificates:
            # A certificate that was delivered once is the one that is delivered still: none is issued twice.
            assert [pair["pkcs12"] for pair in policy["keyPairs"]] == [answered.certificates[path]]
