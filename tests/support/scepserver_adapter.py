"""The adapter that makes micromdm's scepserver an authority of a partner: it asks Intune's service.

scepserver asks a program about each request (-csrverifierexec): that program asks this adapter, which knows the
transaction, asks the service, and refuses renewals by strangers. What was issued is found in the depot, and reported
before the answer is passed on. Revocations are done here, with the key of the depot.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.support import pkimessages
from tests.support.intune_client import SECONDS, IntuneClient
from tests.support.revoking_servers import revocation_list, serving

#: Of the depot's key.
PASSWORD = "depot"
_VERIFIER = """#!{python} -IS
import sys, urllib.request
answer = urllib.request.urlopen("{url}", data=sys.stdin.buffer.read())
sys.exit(0 if answer.read() == b"yes" else 1)
"""
_POLL, _RENEWAL = "20", "17"


@dataclass(slots=True)
class Adapter:
    """What stands between devices and the program. `upstream`: the program's address."""

    service: IntuneClient
    folder: Path
    upstream: str = ""
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: dict[bytes, tuple[int, str, bytes]] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)
    #: Of the message that is being answered: transaction, type, certificate of the signer; and the request in it.
    message: tuple[str, str, x509.Certificate] | None = None
    granted: list[bytes] = field(default_factory=list)

    @property
    def depot(self) -> Path:
        """Where the program keeps its key and what it issued."""
        return self.folder / "depot"

    def respond(self, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        """Answer a GET, or a POST with this body."""
        if path.endswith(".crl"):
            return 200, "application/pkix-crl", self._crl()
        if body is not None and path.endswith("/verify"):
            # The lock is held by the message that the program is answering.
            return 200, "text/plain", b"yes" if self._verify(body) else b"no"
        with self.lock:
            return self._operate(urlsplit(path).query, body)

    def _operate(self, query: str, body: bytes | None) -> tuple[int, str, bytes]:
        """Pass a request on, and its answer back."""
        parameters = parse_qs(query)
        if parameters.get("operation") != ["PKIOperation"]:
            return self._passed_on(query, body)
        text = parameters.get("message", [""])[0]
        try:
            content = body if body is not None else base64.b64decode(text, validate=True)
            self.message = _read(content)
        except (ValueError, TypeError, KeyError, IndexError):
            return 400, "text/plain", b"no message"
        key = hashlib.sha256(content).digest()
        if key not in self.answers:
            answer = self._answer(query, body)
            if not self.granted or answer[0] != 200:
                return answer
            self.answers[key] = answer
        return self.answers[key]

    def _answer(self, query: str, body: bytes | None) -> tuple[int, str, bytes]:
        assert self.message is not None
        transaction, kind, _signer = self.message
        self.granted.clear()
        if kind == _POLL:
            return 400, "text/plain", b"nothing waits here"
        before = set(self.depot.glob("*.pem"))
        answer = self._passed_on(query, body)
        for file in set(self.depot.glob("*.pem")) - before:
            issued = x509.load_pem_x509_certificate(file.read_bytes())
            try:
                self.service.succeeded(self.granted[0], transaction, certificate=issued)
            except httpx.HTTPError:
                return 503, "text/plain", b"the certificate cannot be reported"
        return answer

    def _verify(self, csr: bytes) -> bool:
        """Whether the program may issue for this request."""
        assert self.message is not None
        transaction, kind, signer = self.message
        request = x509.load_der_x509_csr(csr)
        if not request.is_signature_valid:
            return False
        if kind == _RENEWAL:
            if not self._issued_here(signer) or signer.serial_number in self.revoked:
                return False
        elif signer.public_key() != request.public_key():
            return False
        try:
            is_granted = self.service.validate(csr, transaction) == "Success"
        except httpx.HTTPError:
            return False
        if is_granted:
            self.granted.append(csr)
        return is_granted

    def _issued_here(self, certificate: x509.Certificate) -> bool:
        return any(
            x509.load_pem_x509_certificate(file.read_bytes()) == certificate for file in self.depot.glob("*.pem")
        )

    def _passed_on(self, query: str, body: bytes | None) -> tuple[int, str, bytes]:
        url = f"{self.upstream}?{query}"
        answer = httpx.get(url, timeout=SECONDS) if body is None else httpx.post(url, content=body, timeout=SECONDS)
        # The program answers 500 to what it cannot read.
        status = 400 if answer.status_code >= 500 else answer.status_code
        return status, answer.headers.get("content-type", ""), answer.content

    def _crl(self) -> bytes:
        """The list of what was revoked."""
        key = load_pem_private_key((self.depot / "ca.key").read_bytes(), PASSWORD.encode())
        authority = x509.load_pem_x509_certificate((self.depot / "ca.pem").read_bytes())
        assert isinstance(key, rsa.RSAPrivateKey)
        return revocation_list(self.revoked, certificate=authority, key=key)

    def fetch_revocations(self) -> None:
        """Fetch what is to be revoked, do it, and report."""
        known = {x509.load_pem_x509_certificate(file.read_bytes()).serial_number for file in self.depot.glob("*.pem")}
        for revocation in self.service.revocations():
            serial = int(revocation["serialNumber"], 16)
            if serial in known:
                self.revoked.add(serial)
            self.service.revoked(revocation["requestContext"], succeeded=serial in known)


def _read(message: bytes) -> tuple[str, str, x509.Certificate]:
    signed = cms.ContentInfo.load(message)["content"]
    attributes = {
        signed_attr["type"].dotted: signed_attr["values"][0].native
        for signed_attr in signed["signer_infos"][0]["signed_attrs"]
    }
    signer = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
    return attributes[pkimessages.TRANSACTION], attributes[pkimessages.MESSAGE_TYPE], signer


@contextmanager
def adapting(
    service: IntuneClient, folder: Path, *, start: Callable[[Path, Path], tuple[subprocess.Popen[bytes], str]]
) -> Iterator[Adapter]:
    """The adapter with the program behind it. `start` starts the program in the folder with a program that verifies."""
    adapter = Adapter(service, folder)
    with serving(adapter):
        verifier = folder / "verify"
        verifier.write_text(_VERIFIER.format(python=sys.executable, url=f"{adapter.url}/verify"))
        verifier.chmod(0o755)
        program, adapter.upstream = start(folder, verifier)
        try:
            yield adapter
        finally:
            program.terminate()
            program.wait()
