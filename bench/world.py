"""Helpers of the rows: a real server as a child process, and its users, profiles, devices and certificates."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key

from bench import tree
from tests.support.running_server import command_of

ALICE = "alice@contoso.example"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    endpoints: dict[str, Any]

    @property
    def http_port(self) -> int:
        """The plain listener's port."""
        return int(self.endpoints["http"].rpartition(":")[2])

    def client(self) -> httpx.Client:
        """An HTTP client that is signed in to Graph, over the plain listener."""
        client = httpx.Client(base_url=self.endpoints["http"].replace("localhost", "127.0.0.1"), timeout=60)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.endpoints["clientId"],
            "client_secret": self.endpoints["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = client.post(f"/{self.endpoints['tenant']}/oauth2/v2.0/token", data=form).raise_for_status()
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    def memory(self) -> float:
        """The resident memory of the server and of its workers, in MiB."""
        return tree.memory(self.process.pid)

    def cpu(self) -> float:
        """The seconds of processor time that the server and its workers have used."""
        return tree.processor_time(self.process.pid)

    def until_idle(self, *, seconds: float = 120) -> None:
        """Wait until the server computes nothing in the background, at most for so long."""
        for _ in range(round(seconds)):
            before = self.cpu()
            time.sleep(1)
            if self.cpu() - before < 0.015:  # one tick
                return


@contextmanager
def server(
    *arguments: str, folder: Path | None = None, commands: Path | None = None, **environment: str
) -> Iterator[Server]:
    """Run a server on this data folder, or on a temporary one that is removed at the end. `commands`: the folder of
    the program, where another one is to be run than the installed.
    """
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as fresh:
        command = [*command_of("fauxtune", commands), "serve", "--output", "json", "--data-dir", str(folder or fresh)]
        with subprocess.Popen(
            [*command, "--port", "0", "--http-port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **environment},
        ) as process:
            try:
                assert process.stdout is not None
                yield Server(process, json.loads(process.stdout.readline()))
            finally:
                process.terminate()
                process.wait(30)


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until a server listens on the port."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"no server listens on port {port}")


def csr(key: rsa.RSAPrivateKey) -> str:
    """A certificate request for an enrolment, base64 of DER."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return base64.b64encode(request.public_bytes(Encoding.DER)).decode()


def group_id(client: httpx.Client, name: str) -> str:
    """The id of a seeded group."""
    answer = client.get("/beta/groups", params={"$filter": f"displayName eq '{name}'"}).raise_for_status()
    return str(answer.json()["value"][0]["id"])


def profile(client: httpx.Client, kind: str, *, group: str, **properties: Any) -> str:
    """Create a profile and assign it to a group. Returns its id."""
    body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": kind, **properties}
    path = "/beta/deviceManagement/deviceConfigurations"
    created = client.post(path, json=body).raise_for_status().json()
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    client.post(f"{path}/{created['id']}/assign", json={"assignments": [{"target": target}]}).raise_for_status()
    return str(created["id"])


#: The kinds of a trusted root and of a PKCS profile for Android work profiles.
WORK_PROFILES = ("androidWorkProfileTrustedRootCertificate", "androidWorkProfilePkcsCertificateProfile")


def smime_profiles(client: httpx.Client, *, group: str, template: str, kinds: tuple[str, str] = WORK_PROFILES) -> None:
    """Create and assign a trusted root and a PKCS profile of these kinds."""
    root = client.get("/pki/contoso/root/ca.cer").raise_for_status().content
    profile(
        client,
        kinds[0],
        group=group,
        trustedRootCertificate=base64.b64encode(root).decode(),
    )
    profile(
        client,
        kinds[1],
        group=group,
        certificationAuthority="ca.contoso.example",
        certificationAuthorityName="Contoso Issuing CA",
        certificateTemplateName=template,
        subjectNameFormat="commonNameIncludingEmail",
        subjectAlternativeNameType="emailAddress",
    )


def enrol(client: httpx.Client, key: rsa.RSAPrivateKey, *, token: str) -> tuple[str, dict[str, str]]:
    """Enrol a device. Returns the path of its resource, and the headers of its requests."""
    body = {"enrollmentToken": token, "mode": "work-profile", "csr": csr(key)}
    base = "/mdm/contoso/android/v1"
    answer = client.post(f"{base}/enterprises/contoso/devices:enroll", json=body).raise_for_status().json()
    return f"{base}/{answer['name']}", {"authorization": f"Bearer {answer['deviceCredential']}"}


def enrollment_token(client: httpx.Client, *, uses: int, user: str = ALICE) -> str:
    """Create an enrolment token for devices of a user."""
    body = {"userPrincipalName": user, "uses": uses}
    answer = client.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body).raise_for_status()
    return str(answer.json()["token"])


def pfx_document(client: httpx.Client, *, user: str = ALICE) -> dict[str, Any]:
    """Issue an encryption certificate with its key. Returns the document that imports it through Graph."""
    tenant, password = "/_fauxtune/v1/tenants/contoso", "a-password-of-24-letters"
    order = {"template": "SmimeEncryption", "userPrincipalName": user, "pfxPassword": password}
    issued = client.post(f"{tenant}/certificates", json=order).raise_for_status().json()
    record = client.get(f"{tenant}/certificates/{issued['thumbprint']}").raise_for_status().json()
    (connector,) = client.get(f"{tenant}/connectors").raise_for_status().json()["value"]
    key = client.get(f"{tenant}/connectors/{connector['id']}/keys").raise_for_status().json()["value"][0]
    public = load_pem_public_key(key["publicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    encrypted_password = public.encrypt(password.encode(), OAEP(MGF1(hashes.SHA512()), hashes.SHA512(), None))
    return {
        "thumbprint": issued["thumbprint"],
        "intendedPurpose": "smimeEncryption",
        "userPrincipalName": user,
        "startDateTime": record["notBefore"],
        "expirationDateTime": record["notAfter"],
        "providerName": key["providerName"],
        "keyName": key["keyName"],
        "paddingScheme": "oaepSha512",
        "encryptedPfxBlob": issued["pfx"],
        "encryptedPfxPassword": base64.b64encode(encrypted_password).decode(),
    }


def import_pfx(client: httpx.Client, document: dict[str, Any]) -> str:
    """Import a certificate. Returns Graph's id of its record."""
    created = client.post("/beta/deviceManagement/userPfxCertificates", json=document).raise_for_status().json()
    return str(created["id"])
