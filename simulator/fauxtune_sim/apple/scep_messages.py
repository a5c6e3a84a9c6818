"""The messages of SCEP (RFC 8894 3): capabilities, the authority's certificates, requests, and what answers them.

AES-256 with SHA-256 where the authority says that it can (RFC 8894 3.5.2), else triple DES or single DES with SHA-1,
the legacy minimum.
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
from fauxtune_sim.cms import open_envelope, verify
from fauxtune_sim.cms.structure import DAMAGE, Kind, content_info, issuer_and_serial
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
    """What a request is (RFC 8894 3.2.1.2)."""

    RENEWAL = "17"
    PKCS = "19"
    POLL = "20"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the authority can do (RFC 8894 3.5.2)."""

    posts: bool = False
    renews: bool = False
    digest: str = "sha1"
    cipher: str = "des"


@dataclass(frozen=True, slots=True)
class Authority:
    """The certificates that GetCACert gave: whom requests are encrypted for, and who may sign answers."""

    recipient: x509.Certificate
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One message: what is in it, who signs it, and the transaction that it belongs to."""

    kind: MessageType
    content: bytes
    signer: DeviceIdentity
    transaction: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class CertRep:
    """What answered: the certificates (none while the authority makes up its mind), or why not."""

    certificates: tuple[x509.Certificate, ...] = ()
    pending: bool = False
    failure: str | None = None


class _IssuerAndSubject(core.Sequence):  # type: ignore[misc]
    """RFC 8894 3.3.3."""

    _fields = [("issuer", asn1_x509.Name), ("subject", asn1_x509.Name)]  # noqa: RUF012 - asn1crypto's way of declaring


def capabilities(text: str) -> Capabilities:
    """Read an answer to GetCACaps; an authority that says nothing knows the legacy minimum."""
    said = {line.strip().lower() for line in text.splitlines()}
    modern = "scepstandard" in said
    cipher = "aes256" if modern or "aes" in said else "tripledes" if "des3" in said else "des"
    return Capabilities(
        posts=modern or "postpkioperation" in said,
        renews="renewal" in said,
        digest="sha256" if modern or "sha-256" in said else "sha1",
        cipher=cipher,
    )


def authority(body: bytes, *, fingerprint: bytes | None = None) -> Authority:
    """Read an answer to GetCACert: one certificate, or a list of an authority's and its registration authority's.

    AnswerBroken if it holds no certificate, if none has the fingerprint that the profile names, or if another is not
    issued by one of those.
    """
    certificates = _load(body)
    if fingerprint is not None:
        anchors = [one for one in certificates if _matches(one, fingerprint)]
        if not anchors:
            raise AnswerBroken("no certificate of the SCEP authority has the fingerprint that the profile names")
        if len(_related(anchors, certificates)) != len(certificates):
            raise AnswerBroken("the SCEP authority offers a certificate that has nothing to do with its own")
    ends = [one for one in certificates if not _is_ca(one)]
    fit = [one for one in (*ends, *certificates) if isinstance(one.public_key(), rsa.RSAPublicKey) and _enciphers(one)]
    if not fit:
        raise AnswerBroken("the SCEP authority has no RSA certificate that one can encrypt to")
    return Authority(recipient=fit[0], certificates=certificates)


def _load(body: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return (x509.load_der_x509_certificate(body),)
    except ValueError:
        pass
    try:
        found = _bundled(body)
    except (CmsRefused, *DAMAGE) as broken:
        raise AnswerBroken(f"the SCEP authority's answer holds no certificates: {broken}") from broken
    if not found:
        raise AnswerBroken("the SCEP authority's answer holds no certificates")
    return found


def _bundled(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a certs-only SignedData, in their order."""
    signed = content_info(data, kind=Kind.SIGNED)
    if signed["certificates"].native is None:
        return ()
    return tuple(
        x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"] if one.name == "certificate"
    )


def _matches(certificate: x509.Certificate, fingerprint: bytes) -> bool:
    der = certificate.public_bytes(Encoding.DER)
    names = ("md5", "sha1", "sha256", "sha512")
    return fingerprint in {hashlib.new(name, der, usedforsecurity=False).digest() for name in names}


def _related(anchors: list[x509.Certificate], others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The anchors, what they issued, and who issued them."""
    found = list(anchors)
    for _ in others:
        found += [
            one
            for one in others
            if one not in found and any(_issued(known, one) or _issued(one, known) for known in found)
        ]
    return found


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
    """A CA that may only sign is encrypted to all the same, as long as it is the only one (RFC 8894 2.1.2)."""
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


def transaction(key: rsa.RSAPrivateKey) -> str:
    """A transaction's name: a hash of the public key, so that a repeated request is recognised (RFC 8894 3.2.1.1)."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def new_request(kind: MessageType, content: bytes, *, signer: DeviceIdentity, name: str) -> Request:
    """A request with a nonce of its own."""
    return Request(kind=kind, content=content, signer=signer, transaction=name, nonce=os.urandom(16))


def poll_content(issuer: x509.Certificate, request: bytes) -> bytes:
    """What CertPoll asks about (RFC 8894 3.3.3): the subject of a request, with the issuer it was sent to."""
    subject = csr.CertificationRequest.load(request)["certification_request_info"]["subject"]
    return bytes(
        _IssuerAndSubject({"issuer": asn1_x509.Name.load(issuer.subject.public_bytes()), "subject": subject}).dump()
    )


def write(request: Request, recipient: x509.Certificate, *, can: Capabilities, moment: datetime) -> bytes:
    """The pkiMessage: the request encrypted for the authority, signed by its sender."""
    enveloped = _envelope(request.content, recipient, cipher=can.cipher)
    hashed = hashes.Hash(_HASHES[can.digest])
    hashed.update(enveloped)
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [hashed.finalize()]},
            {"type": "signing_time", "values": [cms.Time("utc_time", moment.replace(microsecond=0))]},
            _attribute(_TYPE, core.PrintableString(request.kind.value)),
            _attribute(_TRANSACTION, core.PrintableString(request.transaction)),
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


def read(body: bytes, request: Request, *, of: Authority) -> CertRep:
    """Read what answered a request: signed by the authority, for this transaction, to this nonce.

    AnswerBroken says which of these it is not. A failure is no error here: it is what the authority says.
    """
    try:
        signed = content_info(body, kind=Kind.SIGNED)
        has_content = signed["encap_content_info"]["content"].native is not None
        checked = verify(body, detached=None if has_content else b"", known=of.certificates)
        attributes = {one["type"].dotted: one["values"][0].native for one in signed["signer_infos"][0]["signed_attrs"]}
        if checked.signer not in of.certificates:
            raise AnswerBroken("the SCEP answer is not signed by the authority that was asked")
        _check(attributes, request)
        return _outcome(attributes, checked.content, signer=request.signer)
    except (CmsRefused, *DAMAGE) as broken:
        raise AnswerBroken(f"the SCEP answer cannot be read: {broken}") from broken


def _check(attributes: dict[str, Any], request: Request) -> None:
    if attributes.get(_TYPE) != "3":
        raise AnswerBroken("the SCEP answer is no CertRep")
    if attributes.get(_TRANSACTION) != request.transaction:
        raise AnswerBroken("the SCEP answer belongs to another transaction")
    if attributes.get(_RECIPIENT) != request.nonce:
        raise AnswerBroken("the SCEP answer does not repeat the request's nonce: it may be an old one")


def _outcome(attributes: dict[str, Any], content: bytes, *, signer: DeviceIdentity) -> CertRep:
    status = attributes.get(_STATUS)
    if status == "3":
        return CertRep(pending=True)
    if status == "2":
        info = str(attributes.get(_FAILURE, ""))
        return CertRep(failure=_FAILURES.get(info, f"failInfo {info or 'missing'}"))
    if status != "0":
        raise AnswerBroken(f"the SCEP answer has the status {status!r}, which there is not")
    return CertRep(certificates=_bundled(open_envelope(content, [signer]).content))


def issued(answer: CertRep, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The certificate for this key; AnswerBroken if it is not among them."""
    wanted = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for certificate in answer.certificates:
        if public_key_bytes(certificate) == wanted:
            return certificate
    raise AnswerBroken("the SCEP authority issued no certificate for the key that asked")
