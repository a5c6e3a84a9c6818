"""The messages of SCEP (RFC 8894 3): pkiMessages with requests, and CertRep."""

from __future__ import annotations

import hashlib
import os
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
from fauxtune_sim.cms.ciphers import NamedCipher
from fauxtune_sim.cms.der import DAMAGE
from fauxtune_sim.cms.envelope import encrypt, open_envelope
from fauxtune_sim.cms.messages import read_signed
from fauxtune_sim.cms.signed import SigningOptions, sign, verify
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import PrivateKey, public_key_bytes
from fauxtune_sim.keys.identity import DeviceIdentity
from fauxtune_sim.scep.authority import CaCertificates, bundled
from fauxtune_sim.scep.settings import Failure, ScepFailed

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
