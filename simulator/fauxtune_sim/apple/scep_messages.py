"""The messages of SCEP (RFC 8894 3): capabilities, the authority's certificates, requests, and CertRep.

AES-256 with SHA-256 if the authority has the capability (RFC 8894 3.5.2), else triple DES or single DES with SHA-1, the
legacy minimum.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from asn1crypto import cms, core, csr
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from fauxtune_sim.certificates import public_key_bytes
from fauxtune_sim.cms import der, open_envelope, read_signed, verify
from fauxtune_sim.cms.structure import DAMAGE, issuer_and_serial
from fauxtune_sim.errors import AnswerBroken, CmsRefused
from fauxtune_sim.identity import DeviceIdentity

#: Signed attributes (RFC 8894 3.2.1).
_ATTRIBUTES = "2.16.840.1.113733.1.9"
_TYPE, _STATUS, _FAILURE, _SENDER, _RECIPIENT, _TRANSACTION = (f"{_ATTRIBUTES}.{n}" for n in range(2, 8))
_FAILURES = {"0": "badAlg", "1": "badMessageCheck", "2": "badRequest", "3": "badTime", "4": "badCertId"}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - for authorities that know nothing else
    "sha256": hashes.SHA256(),
}


class MessageType(StrEnum):
    """The message types of requests (RFC 8894 3.2.1.2)."""

    RENEWAL_REQ = "17"
    PKCS_REQ = "19"
    CERT_POLL = "20"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of an authority (RFC 8894 3.5.2)."""

    posts: bool = False
    renews: bool = False
    digest: str = "sha1"
    cipher: str = "des"


@dataclass(frozen=True, slots=True)
class CaCertificates:
    """The certificates from GetCACert: the recipient of requests, and all that may sign answers."""

    recipient: x509.Certificate
    certificates: tuple[x509.Certificate, ...]


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
    """The answer: the issued certificates (SUCCESS), PENDING, or the failInfo (FAILURE)."""

    certificates: tuple[x509.Certificate, ...] = ()
    pending: bool = False
    failure: str | None = None


class _IssuerAndSubject(core.Sequence):  # type: ignore[misc]
    """RFC 8894 3.3.3."""

    _fields = [("issuer", asn1_x509.Name), ("subject", asn1_x509.Name)]  # noqa: RUF012 - asn1crypto's way of declaring


def read_capabilities(text: str) -> Capabilities:
    """Read an answer to GetCACaps; an empty answer means the legacy minimum."""
    keywords = {line.strip().lower() for line in text.splitlines()}
    modern = "scepstandard" in keywords
    cipher = "aes256" if modern or "aes" in keywords else "tripledes" if "des3" in keywords else "des"
    return Capabilities(
        posts=modern or "postpkioperation" in keywords,
        renews="renewal" in keywords,
        digest="sha256" if modern or "sha-256" in keywords else "sha1",
        cipher=cipher,
    )


def read_ca_certificates(body: bytes, *, fingerprint: bytes | None = None) -> CaCertificates:
    """Read an answer to GetCACert: the certificates of the CA, and of its RA if it has one.

    Raises AnswerBroken if it has no certificate, if no certificate has the fingerprint of the profile, or if a
    certificate is not related to one that has it.
    """
    certificates = _load(body)
    if fingerprint is not None:
        anchors = [certificate for certificate in certificates if _matches(certificate, fingerprint)]
        if not anchors:
            raise AnswerBroken("no certificate of the SCEP authority has the fingerprint that the profile names")
        if len(_related(anchors, certificates)) != len(certificates):
            raise AnswerBroken("the SCEP authority sends a certificate that is not related to its own")
    end_entities = [certificate for certificate in certificates if not _is_ca(certificate)]
    for certificate in (*end_entities, *certificates):
        if isinstance(certificate.public_key(), rsa.RSAPublicKey) and _enciphers(certificate):
            return CaCertificates(recipient=certificate, certificates=certificates)
    raise AnswerBroken("the SCEP authority has no RSA certificate for encryption")


def _load(body: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return (x509.load_der_x509_certificate(body),)
    except ValueError:
        pass
    try:
        certificates = _bundled(body)
    except (CmsRefused, *DAMAGE) as broken:
        raise AnswerBroken(f"the SCEP authority's answer holds no certificates: {broken}") from broken
    if not certificates:
        raise AnswerBroken("the SCEP authority's answer holds no certificates")
    return certificates


def _bundled(data: bytes) -> tuple[x509.Certificate, ...]:
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
            if other not in related and any(_issued(known, other) or _issued(other, known) for known in related)
        ]
    return related


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except DAMAGE:
        return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _enciphers(certificate: x509.Certificate) -> bool:
    """Whether a certificate can be a recipient: its key usage allows encryption, or it is a CA (RFC 8894 2.1.2)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.key_encipherment or _is_ca(certificate)


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


def transaction_id(key: rsa.RSAPrivateKey) -> str:
    """The transactionID: a hash of the public key, so that a repeated request is recognised (RFC 8894 3.2.1.1)."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def new_request(message_type: MessageType, content: bytes, *, signer: DeviceIdentity, transaction: str) -> PkiRequest:
    """Create a request with a new nonce."""
    nonce = os.urandom(16)
    return PkiRequest(message_type, content=content, signer=signer, transaction_id=transaction, nonce=nonce)


def cert_poll_content(issuer: x509.Certificate, request: bytes) -> bytes:
    """The content of CertPoll (RFC 8894 3.3.3): the issuer's name and the subject of the request."""
    subject = csr.CertificationRequest.load(request)["certification_request_info"]["subject"]
    return bytes(
        _IssuerAndSubject({"issuer": asn1_x509.Name.load(issuer.subject.public_bytes()), "subject": subject}).dump()
    )


def write_pki_message(
    request: PkiRequest, recipient: x509.Certificate, *, can: Capabilities, moment: datetime
) -> bytes:
    """The pkiMessage: the request encrypted for the authority, signed by its sender."""
    enveloped = _envelope(request.content, recipient, cipher=can.cipher)
    hashed = hashes.Hash(_HASHES[can.digest])
    hashed.update(enveloped)
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [hashed.finalize()]},
            {"type": "signing_time", "values": [cms.Time("utc_time", moment.replace(microsecond=0))]},
            _attribute(_TYPE, core.PrintableString(request.message_type.value)),
            _attribute(_TRANSACTION, core.PrintableString(request.transaction_id)),
            _attribute(_SENDER, core.OctetString(request.nonce)),
        ]
    )
    signature = request.signer.key.sign(attributes.dump(), padding.PKCS1v15(), _HASHES[can.digest])
    certificate = request.signer.certificate
    info = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", issuer_and_serial(certificate)),
        "digest_algorithm": {"algorithm": can.digest},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": signature,
    }
    signed = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": can.digest}],
        "encap_content_info": {"content_type": "data", "content": enveloped},
        "certificates": [asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))],
        "signer_infos": [info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _attribute(name: str, value: Any) -> dict[str, Any]:
    return {"type": name, "values": cms.SetOfAny([core.Any(value)])}


def _envelope(content: bytes, recipient: x509.Certificate, *, cipher: str) -> bytes:
    public = recipient.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    name, key_size, block = {
        "aes256": ("aes256_cbc", 32, 16),
        "tripledes": ("tripledes_3key", 24, 8),
        "des": ("des", 8, 8),
    }[cipher]
    key, iv = os.urandom(key_size), os.urandom(block)
    # Single DES is triple DES with one key three times.
    algorithm = algorithms.AES(key) if cipher == "aes256" else TripleDES(key * (24 // key_size))
    padder, writer = PKCS7(block * 8).padder(), Cipher(algorithm, modes.CBC(iv)).encryptor()
    sealed = writer.update(padder.update(content) + padder.finalize()) + writer.finalize()
    info = cms.RecipientInfo(
        "ktri",
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier("issuer_and_serial_number", issuer_and_serial(recipient)),
            "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
            "encrypted_key": public.encrypt(key, padding.PKCS1v15()),
        },
    )
    inner = {
        "content_type": "data",
        "content_encryption_algorithm": {"algorithm": name, "parameters": iv},
        "encrypted_content": sealed,
    }
    enveloped = {"version": "v0", "recipient_infos": [info], "encrypted_content_info": inner}
    return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": enveloped}).dump())


def read_cert_rep(body: bytes, request: PkiRequest, *, of: CaCertificates) -> CertRep:
    """Read the CertRep for a request: signed by the authority, with the request's transactionID and nonce.

    Raises AnswerBroken if it violates one of these. A FAILURE is not an error here, but a CertRep.
    """
    try:
        signed = read_signed(body)
        checked = verify(body, detached=b"" if signed.content is None else None, known=of.certificates)
        values = signed.signers[0].attribute_values()
        attributes = {der.dotted(name): core.load(value.encoding).native for name, value in values.items()}
        if checked.signer not in of.certificates:
            raise AnswerBroken("the SCEP answer is not signed by the authority of the request")
        _check(attributes, request)
        return _cert_rep(attributes, checked.content, signer=request.signer)
    except (CmsRefused, *DAMAGE) as broken:
        raise AnswerBroken(f"the SCEP answer cannot be read: {broken}") from broken


def _check(attributes: dict[str, Any], request: PkiRequest) -> None:
    if attributes.get(_TYPE) != "3":
        raise AnswerBroken("the SCEP answer is not a CertRep")
    if attributes.get(_TRANSACTION) != request.transaction_id:
        raise AnswerBroken("the SCEP answer belongs to another transaction")
    if attributes.get(_RECIPIENT) != request.nonce:
        raise AnswerBroken("the SCEP answer does not repeat the request's nonce: it may be an old one")


def _cert_rep(attributes: dict[str, Any], content: bytes, *, signer: DeviceIdentity) -> CertRep:
    status = attributes.get(_STATUS)
    if status == "3":
        return CertRep(pending=True)
    if status == "2":
        info = str(attributes.get(_FAILURE, ""))
        return CertRep(failure=_FAILURES.get(info, f"failInfo {info or 'missing'}"))
    if status != "0":
        raise AnswerBroken(f"the SCEP answer has the unknown pkiStatus {status!r}")
    return CertRep(certificates=_bundled(open_envelope(content, [signer]).content))


def certificate_for_key(answer: CertRep, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The issued certificate for this key. Raises AnswerBroken if the CertRep does not have it."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for certificate in answer.certificates:
        if public_key_bytes(certificate) == public:
            return certificate
    raise AnswerBroken("the SCEP authority issued no certificate for the key of the request")
