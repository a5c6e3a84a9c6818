"""SCEP clients that nobody here wrote ask the tenant's NDES: micromdm's scepclient, and strongSwan's pki.

scepclient signs with SHA-1 and seals with single DES; strongSwan with SHA-256 and AES, or as it is told. Both make
requests without key usages. So scepclient is given the request that the profile asks for (it takes a csr.pem that is
there), and strongSwan, which takes none, learns that NDES does not grant its own; a certificate it gets from the
service for identities of Apple devices, which reads and writes messages by the same code.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import fauxtune_sim.cli.main
from tests.support.running_server import Running
from tests.support.scep_clients import CONTROL, FAILURE, NDES, Csr, ScepClient, scep_profile

SECONDS = 60
APPLE = "/mdm/contoso/apple/scep"
PROFILES = "/beta/deviceManagement/deviceConfigurations"


@dataclass(frozen=True, slots=True)
class Phone:
    """A managed phone that a SCEP profile reaches."""

    http: httpx.Client
    server: Running
    device: str
    profile: str

    @property
    def url(self) -> str:
        return f"{self.server.endpoints['http']}{NDES}"

    def challenge(self) -> str:
        body = {"device": self.device, "profile": self.profile}
        answer = self.http.post(f"{CONTROL}/scep/challenges", json=body)
        return str(answer.raise_for_status().json()["challenge"])

    def refusals(self) -> list[str]:
        answer = self.http.get(f"{CONTROL}/journal", params={"type": "scepRequestRefused"})
        return [event["detail"]["code"] for event in answer.raise_for_status().json()["events"]]


@pytest.fixture(scope="module")
def phone(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    with server.signed_in() as graph:
        kind = {"@odata.type": "#microsoft.graph.androidWorkProfileScepCertificateProfile"}
        document = kind | scep_profile(subjectNameFormatString="CN={{UserName}}", displayName="For foreign clients")
        profile = graph.post(PROFILES, json=document).raise_for_status().json()["id"]
        everybody = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
        graph.post(f"{PROFILES}/{profile}/assign", json={"assignments": [everybody]}).raise_for_status()
        arguments = ["enroll", "--name", "scep phone", "--user", "alice@contoso.example"]
        state = tmp_path_factory.mktemp("devices") / "phone"
        environment = {"FAUXTUNE_DATA_DIR": server.endpoints["dataDir"]}
        done = CliRunner(env=environment).invoke(fauxtune_sim.cli.main.app, [*arguments, "--state", str(state)])
        assert done.exit_code == 0, done.output
        with server.client() as http:
            devices: list[dict[str, Any]] = http.get(f"{CONTROL}/devices").raise_for_status().json()["value"]
            (device,) = [each["managedDeviceId"] for each in devices if each["deviceName"] == "scep phone"]
            yield Phone(http, server, device, profile)
        graph.delete(f"{PROFILES}/{profile}").raise_for_status()


def run(folder: Path, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def write_key(folder: Path, key: rsa.RSAPrivateKey) -> None:
    # Both programs read keys in the older form.
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "key.pem").write_bytes(pem)


def write_request(folder: Path, csr: bytes) -> None:
    pem = x509.load_der_x509_csr(csr).public_bytes(Encoding.PEM)
    (folder / "csr.pem").write_bytes(pem)


def scepclient(phone: Phone, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    files = ("-private-key", folder / "key.pem", "-certificate", folder / "cert.pem")
    return run(folder, "scepclient", "-server-url", phone.url, *files, "-debug", *more)


@pytest.mark.program("scepclient", package="scep")
@pytest.mark.parametrize("more", [(), ("-key-encipherment-selector",)])
def test_scepclient_is_given_a_certificate_and_renews_it(
    phone: Phone, tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey], more: tuple[str, ...]
) -> None:
    """Without the option it encrypts its request for each certificate that GetCACert names."""
    csr = Csr(raw_rsa_keys[0], phone.challenge(), subject=((x509.NameOID.COMMON_NAME, "alice"),))
    write_key(tmp_path, raw_rsa_keys[0])
    write_request(tmp_path, csr.der())
    done = scepclient(phone, tmp_path, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    first = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
    assert first.subject.rfc4514_string() == "CN=alice"
    assert "SCEP SIGNER" in done.stderr
    write_request(tmp_path, replace(csr, challenge=phone.challenge()).der())
    done = scepclient(phone, tmp_path, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    second = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
    assert second.serial_number != first.serial_number
    certificates = phone.http.get(f"{CONTROL}/certificates/{second.serial_number:x}").raise_for_status().json()
    assert certificates["userPrincipalName"] == "alice@contoso.example"


@pytest.mark.program("scepclient", package="scep")
def test_scepclient_is_refused_what_the_profile_does_not_ask_for(
    phone: Phone, tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    write_key(tmp_path, raw_rsa_keys[0])
    done = scepclient(phone, tmp_path, "-challenge", phone.challenge(), "-cn", "alice")
    assert (done.returncode, (tmp_path / "cert.pem").exists()) == (1, False)
    assert "PKCSReq (19) request failed, failInfo: badRequest (2)" in done.stdout
    assert phone.refusals()[-1] == "SubjectNameMismatch"


@pytest.mark.program("pki", package="strongswan-pki")
def test_strongswan_trusts_the_ra_certificates_and_learns_what_its_request_lacks(
    phone: Phone, tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    files = ("--caout", "ca.pem", "--raout", "ra.pem", "--outform", "pem")
    done = run(tmp_path, "pki", "--scepca", "--url", phone.url, *files)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("RA cert is trusted") + done.stdout.count("RA cert is trusted") == 2
    write_key(tmp_path, raw_rsa_keys[0])
    by_usage = {_is_for_signing(file): file for file in tmp_path.glob("ra*.pem")}
    done = run(
        tmp_path, "pki", "--scep", "--url", phone.url, "--in", "key.pem", "--dn", "CN=alice",
        "--san", "alice@contoso.example", "--password", phone.challenge(),
        "--cacert-enc", by_usage[False], "--cacert-sig", by_usage[True],
        *(part for file in tmp_path.glob("ca*.pem") for part in ("--cacert", file)),
    )  # fmt: skip
    assert done.returncode == 1
    assert "badRequest" in done.stderr
    assert phone.refusals()[-1] == "KeyUsageMismatch"


@pytest.mark.program("pki", package="strongswan-pki")
@pytest.mark.parametrize("algorithms", [("aes", "sha256"), ("aes", "sha512"), ("des3", "sha1")])
def test_strongswan_is_given_a_certificate_and_renews_it(
    phone: Phone, tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey], algorithms: tuple[str, str]
) -> None:
    cipher, digest = algorithms
    url = f"{phone.server.endpoints['http']}{APPLE}"
    body = {"userPrincipalName": "alice@contoso.example"}
    tokens = phone.http.post(f"{CONTROL}/enrollmentTokens", json=body).raise_for_status().json()
    authority = x509.load_der_x509_certificate(phone.http.get(url, params={"operation": "GetCACert"}).content)
    (tmp_path / "ca.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    write_key(tmp_path, raw_rsa_keys[0])
    common = ("--cacert-enc", "ca.pem", "--cacert-sig", "ca.pem", "--outform", "pem", "--cipher", cipher)
    asked = ("--url", url, "--in", "key.pem", "--dn", "CN=F2LX30QJN70M", "--digest", digest)
    done = run(tmp_path, "pki", "--scep", *asked, "--password", tokens["token"], *common)
    assert done.returncode == 0, done.stderr
    first = x509.load_pem_x509_certificate(done.stdout.encode())
    first.verify_directly_issued_by(authority)
    (tmp_path / "old.pem").write_text(done.stdout)
    (tmp_path / "key.pem").rename(tmp_path / "old-key.pem")
    write_key(tmp_path, raw_rsa_keys[1])
    done = run(tmp_path, "pki", "--scep", *asked, "--cert", "old.pem", "--key", "old-key.pem", *common)
    assert done.returncode == 0, done.stderr
    second = x509.load_pem_x509_certificate(done.stdout.encode())
    assert second.public_key() == raw_rsa_keys[1].public_key()


async def test_a_message_by_get_may_have_almost_64_kib(phone: Phone, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    async with httpx.AsyncClient(base_url=phone.server.endpoints["http"], trust_env=False) as http:
        client = ScepClient(http, raw_rsa_keys[0])
        message = await client.message(Csr(client.key, "x" * 40_000).der())
        assert len(base64.b64encode(message)) > 55_000
        answer = await client.send(message, by_get=True)
        assert (answer.status, answer.fail_info) == (FAILURE, "2")


def _is_for_signing(file: Path) -> bool:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
