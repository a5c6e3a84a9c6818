"""A certification authority of a partner with a SCEP server: right in everything, but for the slips that it is given.

It listens on a free port, asks Intune's service about every request, and fetches revocations. Messages are read and
written with the emulator's own code; what is under test is the bench, not this.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from urllib.parse import parse_qs, urlsplit

import httpx
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.cms import open_envelope
from tests.support import pkimessages
from tests.support.intune_client import IntuneClient
from tests.support.revoking_servers import revocation_list, serving

_DAY = timedelta(days=1)


class Slip(Enum):
    """Something that an authority does wrong."""

    NEVER_ASKS = "never asks Intune's service"
    IGNORES_REFUSALS = "issues although Intune's service refused"
    NEVER_REPORTS = "reports no certificate"
    REPORTS_TWICE = "reports every certificate twice"
    REPORTS_REFUSALS = "reports refused requests as issued"
    REPORTS_SHA256 = "reports the SHA-256 thumbprint"
    REPORTS_EARLY = "reports a certificate while the request waits"
    WRONG_USAGE = "issues with another key usage"
    ISSUES_WHEN_DOWN = "issues when Intune's service fails"
    HANDS_OUT_UNREPORTED = "hands out what it could not report"
    ISSUES_AGAIN = "issues for a message that comes twice"
    TRUSTS_MESSAGES = "verifies no message"
    TRUSTS_SIGNERS = "lets any key sign a request"
    RENEWS_FOR_STRANGERS = "lets strangers renew"
    RENEWS_REVOKED = "renews what is revoked"
    CRASHES = "answers what is no message with 500"
    ANSWERS_ANY_POLL = "answers a poll for an unknown transaction"
    COPIES_EXTENSIONS = "issues with each extension of the request"
    NEVER_REVOKES = "fetches no revocations"
    REVOKES_IN_WORDS = "reports revocations that it does not do"
    REVOKES_ANYTHING = "reports that it revoked what it never issued"


@dataclass(slots=True)
class _Asked:
    exchange: scep.Exchange
    kind: str
    csr: bytes


@dataclass(slots=True)
class PartnerCa:
    """The authority. `waits`: how many polls a request is PENDING for."""

    key: rsa.RSAPrivateKey
    service: IntuneClient
    slips: frozenset[Slip] = frozenset()
    waits: int = 0
    url: str = ""
    certificate: x509.Certificate = field(init=False)
    issued: dict[int, x509.Certificate] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)
    answers: dict[bytes, x509.Certificate] = field(default_factory=dict)
    waiting: dict[str, tuple[int, _Asked]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Partner CA")])
        self.certificate = self._sign(name, self.key.public_key(), extensions=[
            (x509.BasicConstraints(ca=True, path_length=None), True)
        ])  # fmt: skip

    def _sign(self, subject: x509.Name, public: object, *, extensions: object) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Partner CA")]))
            .public_key(public)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + 365 * _DAY)
        )
        for extension, critical in extensions:  # type: ignore[attr-defined]
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def respond(self, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        """Answer a GET, or a POST with this body."""
        if path.endswith(".crl"):
            crl = revocation_list(self.revoked, certificate=self.certificate, key=self.key)
            return 200, "application/pkix-crl", crl
        query = parse_qs(urlsplit(path).query)
        if body is None:
            try:
                body = scep.message_from_query(query.get("message", [""])[0])
            except Invalid:
                return 500 if Slip.CRASHES in self.slips else 400, "text/plain", b"no base64"
        with self.lock:
            return self._answer(query["operation"][0], body)

    def _answer(self, operation: str, message: bytes) -> tuple[int, str, bytes]:
        if operation == "GetCACaps":
            return 200, "text/plain", b"POSTPKIOperation\nRenewal\nSHA-256\nAES\nSCEPStandard\n"
        if operation == "GetCACert":
            return 200, "application/x-x509-ca-cert", self.certificate.public_bytes(Encoding.DER)
        try:
            body = self._operate(message)
        except (Invalid, ValueError):
            return 500 if Slip.CRASHES in self.slips else 400, "text/plain", b"no message"
        return 200, "application/x-pki-message", body

    def _operate(self, message: bytes) -> bytes:
        asked = self._read(message)
        if isinstance(asked, scep.Refusal):
            return self._refusal(asked.exchange, asked.reason, asked.text)
        if asked.kind == "20":
            return self._poll(asked)
        if message in self.answers and Slip.ISSUES_AGAIN not in self.slips:
            return self._grant(asked.exchange, self.answers[message])
        wrong = self._wrong_signer(asked)
        if wrong is not None:
            return self._refusal(asked.exchange, scep.FailInfo.BAD_MESSAGE_CHECK, wrong)
        if self.waits:
            if Slip.REPORTS_EARLY in self.slips:
                self._report(asked, self.certificate)
            self.waiting[asked.exchange.transaction] = (self.waits, asked)
            return self._pending(asked.exchange)
        issued = self._decide(asked)
        if not isinstance(issued, x509.Certificate):
            return self._refusal(asked.exchange, scep.FailInfo.BAD_REQUEST, issued)
        self.answers[message] = issued
        return self._grant(asked.exchange, issued)

    def _read(self, message: bytes) -> _Asked | scep.Refusal:
        if Slip.TRUSTS_MESSAGES not in self.slips:
            request = scep.read(message, certificate=self.certificate, key=self.key)
            if isinstance(request, scep.Refusal):
                return request
            return _Asked(request.exchange, str(request.kind), request.csr)
        outer = signed.read(message)

        def value(oid: str) -> object:
            return core.load(outer.attributes[oid][0]).native

        nonce = value(pkimessages.SENDER_NONCE)
        assert isinstance(nonce, bytes)
        exchange = scep.Exchange(str(value(pkimessages.TRANSACTION)), nonce, outer.certificate)
        csr = open_envelope(outer.content or b"", certificate=self.certificate, key=self.key)
        return _Asked(exchange, str(value(pkimessages.MESSAGE_TYPE)), csr)

    def _wrong_signer(self, asked: _Asked) -> str | None:
        signer = asked.exchange.signer
        if asked.kind == "19":
            same = signer.public_key() == x509.load_der_x509_csr(asked.csr).public_key()
            return None if same or Slip.TRUSTS_SIGNERS in self.slips else "another key has signed"
        if signer not in self.issued.values() and Slip.RENEWS_FOR_STRANGERS not in self.slips:
            return "not issued here"
        if signer.serial_number in self.revoked and Slip.RENEWS_REVOKED not in self.slips:
            return "revoked"
        return None

    def _decide(self, asked: _Asked) -> x509.Certificate | str:
        """The certificate, or why there is none."""
        transaction = asked.exchange.transaction
        if Slip.NEVER_ASKS not in self.slips:
            try:
                code = self.service.validate(asked.csr, transaction)
            except httpx.HTTPError:
                code = "Success" if Slip.ISSUES_WHEN_DOWN in self.slips else "unknown"
            if code != "Success" and Slip.REPORTS_REFUSALS in self.slips:
                self._report(asked, self.certificate)
            if code != "Success" and Slip.IGNORES_REFUSALS not in self.slips:
                return code
        issued = self._issue(x509.load_der_x509_csr(asked.csr))
        if not self._report(asked, issued) and Slip.HANDS_OUT_UNREPORTED not in self.slips:
            return "cannot be reported"
        return issued

    def _report(self, asked: _Asked, issued: x509.Certificate) -> bool:
        if Slip.NEVER_REPORTS in self.slips:
            return True
        said = {}
        if Slip.REPORTS_SHA256 in self.slips:
            said["certificateThumbprint"] = issued.fingerprint(hashes.SHA256()).hex()
        try:
            for _ in range(2 if Slip.REPORTS_TWICE in self.slips else 1):
                self.service.succeeded(asked.csr, asked.exchange.transaction, certificate=issued, **said)
        except httpx.HTTPError:
            return False
        return True

    def _issue(self, csr: x509.CertificateSigningRequest) -> x509.Certificate:
        # What no profile asks for is left out: a device could ask for CA:TRUE, or for somebody else's SID.
        asked_for = (x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName)
        extensions = [
            (extension.value, extension.critical)
            for extension in csr.extensions
            if isinstance(extension.value, asked_for) or Slip.COPIES_EXTENSIONS in self.slips
        ]
        if Slip.WRONG_USAGE in self.slips:
            extensions = [pair for pair in extensions if not isinstance(pair[0], x509.KeyUsage)]
        address = x509.UniformResourceIdentifier(f"{self.url}.crl")
        point = x509.DistributionPoint([address], None, None, None)
        extensions.append((x509.CRLDistributionPoints([point]), False))
        issued = self._sign(csr.subject, csr.public_key(), extensions=extensions)
        self.issued[issued.serial_number] = issued
        return issued

    def _poll(self, asked: _Asked) -> bytes:
        transaction = asked.exchange.transaction
        if transaction not in self.waiting:
            if Slip.ANSWERS_ANY_POLL in self.slips and self.issued:
                return self._grant(asked.exchange, next(iter(self.issued.values())))
            return self._refusal(asked.exchange, scep.FailInfo.BAD_CERTIFICATE_ID, "unknown transaction")
        left, first = self.waiting[transaction]
        if left > 1:
            self.waiting[transaction] = (left - 1, first)
            return self._pending(asked.exchange)
        issued = self._decide(first)
        if isinstance(issued, x509.Certificate):
            return self._grant(asked.exchange, issued)
        return self._refusal(asked.exchange, scep.FailInfo.BAD_REQUEST, issued)

    def _grant(self, exchange: scep.Exchange, issued: x509.Certificate) -> bytes:
        return scep.grant(exchange, issued, certificate=self.certificate, key=self.key, nonce=os.urandom(16))

    def _refusal(self, exchange: scep.Exchange, reason: scep.FailInfo, text: str) -> bytes:
        refusal = scep.Refusal(exchange, reason, text)
        return scep.refuse(refusal, certificate=self.certificate, key=self.key, nonce=os.urandom(16))

    def _pending(self, exchange: scep.Exchange) -> bytes:
        values: dict[str, core.Asn1Value] = {
            pkimessages.MESSAGE_TYPE: core.PrintableString("3"),
            pkimessages.STATUS: core.PrintableString("3"),
            pkimessages.SENDER_NONCE: core.OctetString(os.urandom(16)),
            pkimessages.RECIPIENT_NONCE: core.OctetString(exchange.nonce),
            pkimessages.TRANSACTION: core.PrintableString(exchange.transaction),
        }
        return signed.sign(None, certificate=self.certificate, key=self.key, attributes=values)

    def fetch_revocations(self) -> None:
        """Fetch what is to be revoked, do it, and report."""
        for revocation in self.service.revocations():
            serial = int(revocation["serialNumber"], 16)
            is_known = serial in self.issued
            if is_known and Slip.REVOKES_IN_WORDS not in self.slips:
                self.revoked.add(serial)
            self.service.revoked(
                revocation["requestContext"], succeeded=is_known or Slip.REVOKES_ANYTHING in self.slips
            )


@contextmanager
def listening(ca: PartnerCa) -> Iterator[PartnerCa]:
    """The authority on a free port, which fetches revocations until the block ends."""
    with serving(ca, fetches=Slip.NEVER_REVOKES not in ca.slips):
        yield ca
