"""The messages of SCEP (RFC 8894 3): pkiMessages with requests, and CertRep."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from asn1crypto import core, csr
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from fauxtune_sim.cms import der
from fauxtune_sim.cms.ciphers import ContentCipher, LegacyCipher, NamedCipher
from fauxtune_sim.cms.der import DAMAGE
from fauxtune_sim.cms.envelope import encrypt, open_envelope
from fauxtune_sim.cms.messages import read_signed
from fauxtune_sim.cms.signed import SigningOptions, sign, verify
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import PrivateKey, can_encrypt, is_ca, is_issued_by, public_key_bytes
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.csr import Failure, ScepFailed

#: Signed attributes (RFC 8894 3.2.1).
_ATTRIBUTES = "2.16.840.1.113733.1.9"
_TYPE, _STATUS, _FAILURE, _SENDER, _RECIPIENT, _TRANSACTION = (f"{_ATTRIBUTES}.{n}" for n in range(2, 8))
_FAILURE_TEXT = "1.3.6.1.5.5.7.24.1"
_FAILURES = {"0": "badAlg", "1": "badMessageCheck", "2": "badRequest", "3": "badTime", "4": "badCertId"}


class MessageType(StrEnum):
    """The message types of requests (RFC 8894 3.2.1.2)."""

    RENEWAL_REQ = "17"
    PKCS_REQ = "19"
    CERT_POLL = "20"


@dataclass(frozen=True, slots=True)
class PkiRequest:
    """A pkiMessage of the client: content, signer and transaction."""

    message_type: MessageType
    content: bytes
    signer: DeviceIdentity
    transaction_id: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class CertRep:
    """The answer: the issued certificates (SUCCESS), PENDING, or the failInfo with its text (FAILURE)."""

    certificates: tuple[x509.Certificate, ...] = ()
    pending: bool = False
    failure: str | None = None
    failure_text: str = ""


class _IssuerAndSubject(core.Sequence):  # type: ignore[misc]
    """RFC 8894 3.3.3."""

    _fields = [("issuer", asn1_x509.Name), ("subject", asn1_x509.Name)]  # noqa: RUF012 - asn1crypto's way of declaring


def temporary_identity(key: rsa.RSAPrivateKey, subject: x509.Name, *, moment: datetime) -> DeviceIdentity:
    """The self-signed certificate with which a first request is signed (RFC 8894 2.3)."""
    name = subject if list(subject) else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SCEP client")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return DeviceIdentity(certificate=certificate, key=key)


def transaction_id(request: bytes) -> str:
    """The transactionID: a digest of the request, so that it is recognised when it is repeated (RFC 8894 3.2.1.1).

    Differs from a device, which takes the digest of its key: devices of a fleet can share one.
    """
    return hashlib.sha256(request).hexdigest()


def new_request(message_type: MessageType, content: bytes, *, signer: DeviceIdentity, transaction: str) -> PkiRequest:
    """Create a request with a new nonce."""
    nonce = os.urandom(16)
    return PkiRequest(message_type, content=content, signer=signer, transaction_id=transaction, nonce=nonce)


def cert_poll_content(issuer: x509.Name, request: bytes) -> bytes:
    """The content of CertPoll (RFC 8894 3.3.3): the issuer's name and the subject of the request."""
    subject = csr.CertificationRequest.load(request)["certification_request_info"]["subject"]
    return bytes(_IssuerAndSubject({"issuer": asn1_x509.Name.load(issuer.public_bytes()), "subject": subject}).dump())


def write_pki_message(
    request: PkiRequest, recipient: x509.Certificate, *, cipher: NamedCipher, digest: str, moment: datetime
) -> bytes:
    """The pkiMessage: the request encrypted for the authority, signed by its sender."""
    attributes = {
        _TYPE: core.PrintableString(request.message_type.value),
        _TRANSACTION: core.PrintableString(request.transaction_id),
        _SENDER: core.OctetString(request.nonce),
    }
    return sign(
        encrypt(request.content, [recipient], cipher=cipher),
        certificate=request.signer.certificate,
        key=request.signer.key,
        signing_time=moment,
        options=SigningOptions(
            detached=False,
            digest=digest,
            attributes=tuple((name, bytes(value.dump())) for name, value in attributes.items()),
        ),
    )


def read_cert_rep(body: bytes, request: PkiRequest, *, of: CaCertificates) -> CertRep:
    """Read the CertRep for a request: signed by the authority, with the request's transactionID and nonce.

    Raises ScepFailed if it violates one of these. A FAILURE is not an error here, but a CertRep.
    """
    try:
        signed = read_signed(body)
        checked = verify(body, detached=b"" if signed.content is None else None, known=of.certificates)
        values = signed.signers[0].attribute_values()
        attributes = {der.dotted(name): core.load(value.encoding).native for name, value in values.items()}
        if checked.signer not in of.certificates:
            raise ScepFailed(Failure.ANSWER, "the SCEP answer is not signed by the authority of the request")
        _check(attributes, request)
        return _cert_rep(attributes, checked.content, signer=request.signer)
    except (CmsRefused, *DAMAGE) as broken:
        raise ScepFailed(Failure.ANSWER, f"the SCEP answer cannot be read: {broken}") from broken


def _check(attributes: dict[str, Any], request: PkiRequest) -> None:
    if attributes.get(_TYPE) != "3":
        raise ScepFailed(Failure.ANSWER, "the SCEP answer is not a CertRep")
    if attributes.get(_TRANSACTION) != request.transaction_id:
        raise ScepFailed(Failure.ANSWER, "the SCEP answer belongs to another transaction")
    if attributes.get(_RECIPIENT) != request.nonce:
        raise ScepFailed(Failure.ANSWER, "the SCEP answer does not repeat the request's nonce: it may be an old one")


def _cert_rep(attributes: dict[str, Any], content: bytes, *, signer: DeviceIdentity) -> CertRep:
    status = attributes.get(_STATUS)
    if status == "3":
        return CertRep(pending=True)
    if status == "2":
        info = str(attributes.get(_FAILURE, ""))
        text = attributes.get(_FAILURE_TEXT)
        return CertRep(
            failure=_FAILURES.get(info, f"failInfo {info or 'missing'}"),
            failure_text=text[:500] if isinstance(text, str) else "",
        )
    if status != "0":
        raise ScepFailed(Failure.ANSWER, f"the SCEP answer has the unknown pkiStatus {status!r}")
    return CertRep(certificates=bundled(open_envelope(content, [signer]).content))


def certificate_for_key(answer: CertRep, key: PrivateKey) -> x509.Certificate:
    """The issued certificate for this key. Raises ScepFailed if the CertRep does not have it."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for certificate in answer.certificates:
        if public_key_bytes(certificate) == public:
            return certificate
    raise ScepFailed(Failure.OTHER_KEY, "the SCEP authority issued no certificate for the key of the request")


#: The keywords of hash algorithms, best first: SHA-256 is what every modern authority has.
_DIGESTS = {"sha-256": "sha256", "sha-512": "sha512", "sha-384": "sha384", "sha-224": "sha224", "sha-1": "sha1"}
#: The keywords of ciphers, best first.
_CIPHERS = {"aes": ContentCipher.AES128_CBC, "des3": ContentCipher.TRIPLE_DES_CBC}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of an authority (RFC 8894 3.5.2); `digests` are the hash algorithms that it names, best
    first.
    """

    posts: bool = False
    renews: bool = False
    digests: tuple[str, ...] = ()
    cipher: NamedCipher = LegacyCipher.DES_CBC

    def digest(self, wanted: str = "sha256") -> str:
        """The hash algorithm of messages: the wanted one if the authority has it, else its best."""
        return wanted if wanted in self.digests else next(iter(self.digests), "sha1")


@dataclass(frozen=True, slots=True)
class CaCertificates:
    """The certificates from GetCACert: the recipient of requests, and all that may sign answers."""

    recipient: x509.Certificate
    certificates: tuple[x509.Certificate, ...]

    @property
    def issuer(self) -> x509.Name:
        """The name of the CA, which is not the recipient's if that is an RA."""
        return self.recipient.subject if is_ca(self.recipient) else self.recipient.issuer


def read_capabilities(text: str) -> Capabilities:
    """Read an answer to GetCACaps; an empty answer means the legacy minimum."""
    keywords = {line.strip().lower() for line in text.splitlines()}
    if "scepstandard" in keywords:
        keywords |= {"aes", "postpkioperation", "sha-256"}
    return Capabilities(
        posts="postpkioperation" in keywords,
        renews="renewal" in keywords,
        digests=tuple(name for keyword, name in _DIGESTS.items() if keyword in keywords),
        cipher=next((cipher for keyword, cipher in _CIPHERS.items() if keyword in keywords), LegacyCipher.DES_CBC),
    )


def read_ca_certificates(
    body: bytes, *, fingerprint: bytes | None = None, known: Iterable[x509.Certificate] = ()
) -> CaCertificates:
    """Read an answer to GetCACert: the certificates of the CA, and of its RA if it has one.

    The fingerprint may be that of a certificate which the device knows already, and from which the others descend.
    Raises ScepFailed if there is no certificate, if none has the fingerprint, or if one is not related to it.
    """
    certificates = _load(body)
    if fingerprint is not None:
        # Unverified: that a device also takes a root from its store, where the authority sends only an intermediate.
        anchors = [each for each in (*certificates, *known) if _matches(each, fingerprint)]
        if not anchors:
            text = "no certificate of the SCEP authority has the fingerprint that the profile names"
            raise ScepFailed(Failure.FINGERPRINT, text)
        related = _related(anchors, certificates)
        if any(certificate not in related for certificate in certificates):
            text = "the SCEP authority sends a certificate that is not related to its own"
            raise ScepFailed(Failure.FINGERPRINT, text)
    end_entities = [certificate for certificate in certificates if not is_ca(certificate)]
    for certificate in (*end_entities, *certificates):
        if isinstance(certificate.public_key(), rsa.RSAPublicKey) and _is_recipient(certificate):
            return CaCertificates(recipient=certificate, certificates=certificates)
    raise ScepFailed(Failure.CA_CERTIFICATE, "the SCEP authority has no RSA certificate for encryption")


def _is_recipient(certificate: x509.Certificate) -> bool:
    """Whether requests can be encrypted to it: its key usage allows encryption, or it is a CA (RFC 8894 2.1.2)."""
    return can_encrypt(certificate) or is_ca(certificate)


def _load(body: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return (x509.load_der_x509_certificate(body),)
    except ValueError:
        pass
    try:
        certificates = bundled(body)
    except (CmsRefused, *DAMAGE) as broken:
        text = f"the SCEP authority's answer holds no certificates: {broken}"
        raise ScepFailed(Failure.CA_CERTIFICATE, text) from broken
    if not certificates:
        raise ScepFailed(Failure.CA_CERTIFICATE, "the SCEP authority's answer holds no certificates")
    return certificates


def bundled(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a certs-only SignedData, in their order."""
    return tuple(map(x509.load_der_x509_certificate, read_signed(data).certificates))


def _matches(certificate: x509.Certificate, fingerprint: bytes) -> bool:
    der = certificate.public_bytes(Encoding.DER)
    names = ("md5", "sha1", "sha256", "sha512")
    return fingerprint in {hashlib.new(name, der, usedforsecurity=False).digest() for name in names}


def _related(anchors: list[x509.Certificate], others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The anchors with all certificates that issued them or that they issued, directly or indirectly."""
    related = list(anchors)
    for _ in others:
        related += [
            other
            for other in others
            if other not in related
            and any(is_issued_by(other, known) or is_issued_by(known, other) for known in related)
        ]
    return related
