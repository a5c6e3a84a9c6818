"""A SCEP client that nobody here wrote asks our service for identities: micromdm's scepclient.

It signs with SHA-1 and seals with single DES, as Go's common libraries do; a request by a throw-away "SCEP SIGNER", a
renewal by the certificate that is to be replaced (RFC 8894 2.3).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.running_server import Running

SCEP = "/mdm/contoso/apple/scep"
pytestmark = [pytest.mark.program("scepclient", package="scep"), pytest.mark.program("openssl")]


@dataclass(frozen=True, slots=True)
class Enrolling:
    """The program, told of one service; each folder is one device, with key.pem and cert.pem."""

    http: httpx.Client
    url: str
    trusted: str

    def token(self, **more: int) -> str:
        body = {"userPrincipalName": "alice@contoso.example", **more}
        answer = self.http.post("/_fauxtune/v1/tenants/contoso/enrollmentTokens", json=body)
        return str(answer.raise_for_status().json()["token"])

    def run(self, folder: Path, *arguments: str, challenge: str = "") -> subprocess.CompletedProcess[str]:
        folder.mkdir(exist_ok=True)
        files = ("-private-key", str(folder / "key.pem"), "-certificate", str(folder / "cert.pem"))
        return subprocess.run(
            ["scepclient", "-server-url", self.url, *files, "-challenge", challenge, "-debug", *arguments],
            env={**os.environ, "SSL_CERT_FILE": self.trusted},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def authority(self) -> x509.Certificate:
        answer = self.http.get(self.url, params={"operation": "GetCACert"}).raise_for_status()
        return x509.load_der_x509_certificate(answer.content)


@pytest.fixture
def enrolling(server: Running) -> Iterator[Enrolling]:
    with server.client() as http:
        yield Enrolling(http, f"{server.endpoints['http']}{SCEP}", trusted=server.endpoints["caFile"])


def certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())


@pytest.mark.parametrize("listener", ["http", "https"])
def test_a_device_is_given_an_identity_and_renews_it(
    enrolling: Enrolling, server: Running, tmp_path: Path, listener: str
) -> None:
    """`-certificate` names one that is there: then the request is a RenewalReq (17) that it signs."""
    enrolling = replace(enrolling, url=f"{server.endpoints[listener]}{SCEP}")
    device = tmp_path / "device"
    result = enrolling.run(device, challenge=enrolling.token())
    assert result.returncode == 0, result.stderr
    first = certificate(device)
    first.verify_directly_issued_by(enrolling.authority())
    usages = first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in usages
    assert "SCEP SIGNER" in result.stderr
    renewed = enrolling.run(device)
    assert renewed.returncode == 0, renewed.stderr
    assert "SCEP SIGNER" not in renewed.stderr
    second = certificate(device)
    second.verify_directly_issued_by(enrolling.authority())
    key = load_pem_private_key((device / "key.pem").read_bytes(), None)
    assert key.public_key() == first.public_key() == second.public_key()
    assert first.serial_number != second.serial_number


def test_the_authority_is_known_by_its_fingerprint(enrolling: Enrolling, tmp_path: Path) -> None:
    fingerprint = enrolling.authority().fingerprint(hashes.SHA256()).hex()
    result = enrolling.run(
        tmp_path / "device", "-ca-fingerprint", fingerprint, "-cacert-message", "any", challenge=enrolling.token()
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("challenge", ["wrong", "", "x" * 200])
def test_a_wrong_challenge_is_a_failure(enrolling: Enrolling, tmp_path: Path, challenge: str) -> None:
    refused = enrolling.run(tmp_path / "device", challenge=challenge)
    assert (refused.returncode, (tmp_path / "device" / "cert.pem").exists()) == (1, False)
    assert "PKCSReq (19) request failed, failInfo: badRequest (2)" in refused.stdout


def test_a_challenge_is_used_up_by_what_is_issued_and_by_nothing_else(enrolling: Enrolling, tmp_path: Path) -> None:
    challenge = enrolling.token(uses=2)
    too_short = enrolling.run(tmp_path / "short", "-keySize", "1024", challenge=challenge)
    assert "failInfo: badRequest" in too_short.stdout
    for name, code in (("one", 0), ("two", 0), ("three", 1)):
        result = enrolling.run(tmp_path / name, challenge=challenge)
        assert result.returncode == code, result.stderr
    assert "failInfo: badRequest" in result.stdout


def test_who_is_none_of_ours_renews_nothing(
    enrolling: Enrolling, tmp_path: Path, openssl: Callable[..., bytes]
) -> None:
    """A certificate that the client made itself is there before: badCertID."""
    device = tmp_path / "device"
    device.mkdir()
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=stranger", "-days", "30",
        "-keyout", "key.pem", "-out", "device/cert.pem",
    )  # fmt: skip
    # The program reads keys in the older form only.
    openssl("rsa", "-traditional", "-in", "key.pem", "-out", "device/key.pem")
    refused = enrolling.run(device)
    assert refused.returncode == 1
    assert "failInfo: badCertID (4)" in refused.stdout
