"""SCEP (RFC 8894), the authority's side: reads a client's pkiMessage, and writes the CertRep that answers it.

Decides what must be right in a message before the request inside is read, and how the client is refused otherwise. The
authority signs an answer with SHA-256, and encrypts it for the message's signer with AES-256. Messages are accepted as
clients in use make them: SHA-1, single DES, a temporary signer whose key is not the request's.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import AttributeOID

from fauxtune.core.errors import Invalid, UnknownAlgorithm
from fauxtune.core.pki import signed
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import MALFORMED, NOT_OPENED, envelope, open_envelope
from fauxtune.core.pki.der import LARGEST_CERTIFICATE, check_limits
from fauxtune.core.pki.foreign import has_proof_of_possession, request_from

#: The answer to GetCACaps (RFC 8894 3.5.2). SCEPStandard stands for AES, SHA-256 and POST.
CAPABILITIES = "AES\nDES3\nPOSTPKIOperation\nRenewal\nSCEPStandard\nSHA-1\nSHA-256\nSHA-512\n"

_MESSAGE_TYPE = "2.16.840.1.113733.1.9.2"
_STATUS = "2.16.840.1.113733.1.9.3"
_FAIL_INFO = "2.16.840.1.113733.1.9.4"
_SENDER_NONCE = "2.16.840.1.113733.1.9.5"
_RECIPIENT_NONCE = "2.16.840.1.113733.1.9.6"
_TRANSACTION = "2.16.840.1.113733.1.9.7"
_FAIL_TEXT = "1.3.6.1.5.5.7.24.1"

_SHA1 = "sha1"
_DES = "des"
_LONGEST_TRANSACTION = 255
_LONGEST_NONCE = 64
#: The key of an AES-256 envelope fits into it.
_SMALLEST_KEY = 512
_CERT_REP, _SUCCESS, _FAILURE, _PENDING = "3", "0", "2", "3"


class Kind(StrEnum):
    """The messageType (RFC 8894 3.2.1.2); others are refused."""

    RENEWAL = "17"
    UPDATE = "18"  # the drafts' name for a renewal after the authority has changed
    REQUEST = "19"  # PKCSReq
    POLL = "20"  # CertPoll, once GetCertInitial
    GET_CERTIFICATE = "21"  # GetCert
    GET_CRL = "22"


#: The messages of enrolment: with a certificate request, or a poll for its answer.
ENROLMENT = frozenset({Kind.RENEWAL, Kind.UPDATE, Kind.REQUEST, Kind.POLL})
_WITHOUT_REQUEST = frozenset({Kind.POLL, Kind.GET_CERTIFICATE, Kind.GET_CRL})


class FailInfo(StrEnum):
    """The failInfo of a refusal (RFC 8894 3.2.1.4)."""

    BAD_ALGORITHM = "0"
    BAD_MESSAGE_CHECK = "1"
    BAD_REQUEST = "2"
    BAD_TIME = "3"
    BAD_CERTIFICATE_ID = "4"


@dataclass(frozen=True, slots=True)
class Exchange:
    """The recipient of an answer, and what the answer must repeat. `signer` signed the message: for a renewal, the old
    certificate.
    """

    transaction: str
    nonce: bytes
    signer: x509.Certificate


@dataclass(frozen=True, slots=True)
class Request:
    """A valid message. The request in it is signed with its own key, an RSA key."""

    exchange: Exchange
    kind: Kind
    #: PKCS#10, DER. Empty in a message without one.
    csr: bytes
    challenge: str | None
    #: The same, read; None in a message without one.
    request: x509.CertificateSigningRequest | None = None
    #: What a message without a certificate request says: whose request, certificate or CRL it asks for, DER.
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An invalid message whose sender can be answered, with `refuse`."""

    exchange: Exchange
    reason: FailInfo
    text: str


def message_from_query(text: str) -> bytes:
    """The message in a GET's `message` parameter: base64 of either alphabet, as URLs change it. Raises Invalid."""
    plain = text.translate(str.maketrans(" -_", "++/", "\r\n\t")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The parameter 'message' must be a pkiMessage in base64.", target="message") from None


@dataclass(frozen=True, slots=True)
class Rules:
    """What an authority accepts: the kinds of messages; with `strict` neither SHA-1 nor single DES (RFC 8894 2.9)."""

    kinds: frozenset[Kind] = ENROLMENT
    strict: bool = False


def read(
    message: bytes,
    *,
    certificate: x509.Certificate,
    key: PrivateKey,
    rules: Rules = Rules(),
) -> Request | Refusal:
    """Read a pkiMessage to this authority. Raises Invalid for bytes that no CertRep can answer."""
    outer = signed.read(message)
    exchange = Exchange(
        transaction=_text(outer, _TRANSACTION, name="transactionID", longest=_LONGEST_TRANSACTION),
        nonce=_nonce(outer),
        signer=outer.certificate,
    )
    kind = _text(outer, _MESSAGE_TYPE, name="messageType", longest=3)
    if rules.strict and outer.digest == _SHA1:
        return Refusal(exchange, FailInfo.BAD_ALGORITHM, "Messages that are signed with SHA-1 are not accepted here.")
    try:
        outer.verify(outer.content or b"")
    except UnknownAlgorithm as error:
        return Refusal(exchange, FailInfo.BAD_ALGORITHM, error.message)
    except Invalid as error:
        return Refusal(exchange, FailInfo.BAD_MESSAGE_CHECK, error.message)
    if kind not in rules.kinds:
        return Refusal(exchange, FailInfo.BAD_REQUEST, f"Messages of type {kind} are not answered here.")
    if not _can_be_sealed_for(exchange.signer):
        needed = f"The answer can be sealed for an RSA key of {_SMALLEST_KEY} bits or more only."
        return Refusal(exchange, FailInfo.BAD_ALGORITHM, needed)
    try:
        refused = {_DES} if rules.strict else set()
        inside = open_envelope(outer.content or b"", certificate=certificate, key=key, refused=refused)
    except UnknownAlgorithm as error:
        return Refusal(exchange, FailInfo.BAD_ALGORITHM, error.message)
    except Invalid as error:
        return Refusal(exchange, FailInfo.BAD_REQUEST, error.message)
    if kind in _WITHOUT_REQUEST:
        return Request(exchange, Kind(kind), b"", None, content=inside)
    request = _request(exchange, Kind(kind), csr=inside)
    if rules.strict and isinstance(request, Request) and _hash_of(request) == _SHA1:
        return Refusal(exchange, FailInfo.BAD_ALGORITHM, "Requests that are signed with SHA-1 are not accepted here.")
    return request


def identified(content: bytes) -> tuple[bytes, int]:
    """Return issuer (DER) and serial number of the certificate that a GetCert or GetCRL names. Raises Invalid."""
    try:
        identifier = cms.IssuerAndSerialNumber.load(check_limits(content, largest=LARGEST_CERTIFICATE), strict=True)
        return bytes(identifier["issuer"].dump()), int(identifier["serial_number"].native)
    except MALFORMED:
        raise Invalid("The message must name a certificate by its issuer and its serial number.") from None


def grant(
    exchange: Exchange, issued: x509.Certificate, *, certificate: x509.Certificate, key: PrivateKey, nonce: bytes
) -> bytes:
    """The CertRep with `issued`, and no other certificate: clients take the first one, and a SET has no order.

    `certificate` and `key` are the authority's; the signature contains the former, for clients that check with it.
    """
    content = signed.certificates_only([issued])
    return succeed(exchange, content, certificate=certificate, key=key, nonce=nonce)


def succeed(
    exchange: Exchange, content: bytes, *, certificate: x509.Certificate, key: PrivateKey, nonce: bytes
) -> bytes:
    """The CertRep with a SignedData of certificates or CRLs, sealed for the recipient."""
    sealed = envelope(content, exchange.signer)
    return _answer(exchange, sealed, certificate=certificate, key=key, nonce=nonce, extra={_STATUS: _SUCCESS})


def postpone(exchange: Exchange, *, certificate: x509.Certificate, key: PrivateKey, nonce: bytes) -> bytes:
    """The CertRep PENDING: the client asks again, by a poll or by the same message."""
    return _answer(exchange, None, certificate=certificate, key=key, nonce=nonce, extra={_STATUS: _PENDING})


def refuse(refusal: Refusal, *, certificate: x509.Certificate, key: PrivateKey, nonce: bytes) -> bytes:
    """The CertRep of a refusal, which has no content (RFC 8894 3.2.2)."""
    extra = {_STATUS: _FAILURE, _FAIL_INFO: str(refusal.reason)}
    return _answer(
        refusal.exchange, None, certificate=certificate, key=key, nonce=nonce, extra=extra, text=refusal.text
    )


def _answer(
    exchange: Exchange,
    content: bytes | None,
    *,
    certificate: x509.Certificate,
    key: PrivateKey,
    nonce: bytes,
    extra: dict[str, str],
    text: str = "",
) -> bytes:
    attributes: dict[str, core.Asn1Value] = {
        _MESSAGE_TYPE: core.PrintableString(_CERT_REP),
        **{oid: core.PrintableString(value) for oid, value in extra.items()},
        _SENDER_NONCE: core.OctetString(nonce),
        _RECIPIENT_NONCE: core.OctetString(exchange.nonce),
        _TRANSACTION: core.PrintableString(exchange.transaction),
    }
    if text:
        attributes[_FAIL_TEXT] = core.UTF8String(text)
    return signed.sign(content, certificate=certificate, key=key, attributes=attributes)


def _request(exchange: Exchange, kind: Kind, *, csr: bytes) -> Request | Refusal:
    """The request in the message. An unreadable one is answered like an envelope that cannot be opened."""
    try:
        request = request_from(csr)
        challenge = _challenge(request)
    except (Invalid, *MALFORMED):
        return Refusal(exchange, FailInfo.BAD_REQUEST, NOT_OPENED)
    if not has_proof_of_possession(request):
        return Refusal(exchange, FailInfo.BAD_REQUEST, "The certificate request is not signed with its own key.")
    if not isinstance(request.public_key(), RSAPublicKey):
        return Refusal(exchange, FailInfo.BAD_ALGORITHM, "The certificate request must be about an RSA key.")
    return Request(exchange, kind, csr, challenge, request)


def _hash_of(request: Request) -> str | None:
    algorithm = None if request.request is None else request.request.signature_hash_algorithm
    return None if algorithm is None else algorithm.name


def _challenge(request: x509.CertificateSigningRequest) -> str | None:
    """The challengePassword (PKCS#9), which contains an enrolment's token."""
    try:
        return request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value.decode()
    except x509.AttributeNotFound:
        return None


def _can_be_sealed_for(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    return isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_KEY


def _nonce(message: signed.SignedMessage) -> bytes:
    nonce = _attribute(message, _SENDER_NONCE, name="senderNonce")
    if not isinstance(nonce, bytes) or not 0 < len(nonce) <= _LONGEST_NONCE:
        raise Invalid(f"The pkiMessage's senderNonce must be 1 to {_LONGEST_NONCE} octets; 16 are usual.")
    return nonce


def _text(message: signed.SignedMessage, oid: str, *, name: str, longest: int) -> str:
    attribute = _attribute(message, oid, name=name)
    if (
        not isinstance(attribute, str)
        or not 0 < len(attribute) <= longest
        or not (attribute.isascii() and attribute.isprintable())
    ):
        raise Invalid(f"The pkiMessage's {name} must be a PrintableString of 1 to {longest} characters.")
    return attribute


def _attribute(message: signed.SignedMessage, oid: str, *, name: str) -> object:
    values = message.attributes.get(oid, ())
    if len(values) != 1:
        raise Invalid(f"The pkiMessage must have the signed attribute {name}, with one value (RFC 8894 3.2.1).")
    try:
        return core.load(values[0], strict=True).native
    except MALFORMED:
        raise Invalid(f"The pkiMessage's {name} cannot be read.") from None
