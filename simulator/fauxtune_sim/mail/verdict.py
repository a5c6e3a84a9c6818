"""The verdict on a signature, as mail programs give it (RFC 8550 4, RFC 5280 6.1).

A signature counts as verified if it is correct, its certificate is for signing mail and names the sender's address, a
chain leads from it to a root that the device trusts, all were valid when the mail was signed, and it is not revoked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from fauxtune_sim.cms.signed import Signature
from fauxtune_sim.errors import AnswerBroken, SimulatorError
from fauxtune_sim.keys.certificates import (
    addresses,
    can_sign,
    is_for_mail,
    issuer_of,
    subject,
    thumbprint,
    untrusted_reason,
)
from fauxtune_sim.keys.keystore import KeyStore
from fauxtune_sim.server.transport import Transport


class SignatureCode(StrEnum):
    """The outcome of judging a signature. `valid` and `expiredSince` count as verified."""

    VALID = "valid"
    #: Valid when the mail was signed; the certificate has expired since then.
    EXPIRED_SINCE = "expiredSince"
    #: The bytes do not fit the signature, or it cannot be read.
    BROKEN = "broken"
    NO_DATE = "noDate"
    NOT_FOR_SIGNING = "notForSigning"
    NOT_FOR_MAIL = "notForMail"
    NOT_YET_VALID = "notYetValid"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"
    WRONG_ADDRESS = "wrongAddress"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class OuterHeader:
    """The sender and the date in the outermost header, which no signature covers."""

    sender: str
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one signature.

    `sentence` explains the code. `certificate` is the signer's, None for a signature that cannot be read; `issuers` are
    the certificates, of the device and of the mail, among which its issuer is searched. `revocation` is None until an
    authority is asked.
    """

    code: SignatureCode
    sentence: str
    certificate: x509.Certificate | None = None
    issuers: tuple[x509.Certificate, ...] = ()
    signed_at: datetime | None = None
    revocation: Revocation | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the signature counts as verified."""
        return self.code in {SignatureCode.VALID, SignatureCode.EXPIRED_SINCE}

    @property
    def issuer(self) -> x509.Certificate | None:
        """The certificate that issued the signer's, or None. Each call verifies its signature again."""
        return None if self.certificate is None else issuer_of(self.certificate, self.issuers)

    @property
    def signer(self) -> str | None:
        """The first e-mail address in the signer's certificate, or None."""
        return next(iter(addresses(self.certificate)), None) if self.certificate is not None else None

    def document(self) -> dict[str, Any]:
        """`{"code","sentence","signer","thumbprint","subject","signedAt","revocation"}`."""
        certificate = self.certificate
        return {
            "code": self.code.value,
            "sentence": self.sentence,
            "signer": self.signer,
            "thumbprint": None if certificate is None else thumbprint(certificate),
            "subject": None if certificate is None else subject(certificate),
            "signedAt": None if self.signed_at is None else self.signed_at.isoformat(),
            "revocation": None if self.revocation is None else self.revocation.document(),
        }


def broken(reason: str) -> Verdict:
    """The verdict on a signature that does not verify or cannot be read."""
    return Verdict(SignatureCode.BROKEN, reason)


def judge(signature: Signature, store: KeyStore, *, outer: OuterHeader, now: datetime | None) -> Verdict:
    """Judge a signature that is correct. `now` None leaves open whether the certificate has expired since then."""
    signer, at = signature.signer, signature.signing_time or outer.date
    trusted = tuple(store.trusted_certificates())
    code, sentence = _fault(signature, trusted, outer=outer, at=at) or _validity(signer, at=at, now=now)
    return Verdict(
        code=code,
        sentence=sentence,
        certificate=signer,
        issuers=(*trusted, *signature.certificates),
        signed_at=signature.signing_time,
    )


def _fault(
    signature: Signature, trusted: tuple[x509.Certificate, ...], *, outer: OuterHeader, at: datetime | None
) -> tuple[SignatureCode, str] | None:
    signer = signature.signer
    if at is None:
        return SignatureCode.NO_DATE, "neither the signature nor the mail has a date"
    if not can_sign(signer):
        return SignatureCode.NOT_FOR_SIGNING, f"{subject(signer)} is not for signing (key usage)"
    if not is_for_mail(signer):
        reason = f"{subject(signer)} is not for mail (extended key usage without emailProtection)"
        return SignatureCode.NOT_FOR_MAIL, reason
    untrusted = untrusted_reason(signer, trusted=trusted, offered=signature.certificates, at=at)
    if untrusted is not None:
        if at < signer.not_valid_before_utc:
            return SignatureCode.NOT_YET_VALID, untrusted
        return SignatureCode.EXPIRED if at > signer.not_valid_after_utc else SignatureCode.UNTRUSTED, untrusted
    names = addresses(signer)
    if outer.sender.lower() not in {address.lower() for address in names}:
        stated, named = outer.sender or "no address", ", ".join(names) or "no address"
        return SignatureCode.WRONG_ADDRESS, f"the mail is from {stated}, but the signer's certificate is for {named}"
    return None


def _validity(signer: x509.Certificate, *, at: datetime | None, now: datetime | None) -> tuple[SignatureCode, str]:
    ends = signer.not_valid_after_utc
    if now is not None and ends < now:
        sentence = f"the certificate was valid when the mail was signed and expired on {ends:%Y-%m-%d}"
        return SignatureCode.EXPIRED_SINCE, sentence
    return SignatureCode.VALID, f"signed on {at:%Y-%m-%d} with a certificate that is valid until {ends:%Y-%m-%d}"


def with_revocation(verdict: Verdict, revocation: Revocation) -> Verdict:
    """The verdict after its authority was asked. A certificate whose state is unknown keeps its verdict."""
    if revocation.state is not RevocationState.REVOKED or not verdict.is_verified:
        return replace(verdict, revocation=revocation)
    since = "" if revocation.since is None else f" on {revocation.since:%Y-%m-%d %H:%M} UTC"
    reason = "" if revocation.reason in {None, "unspecified"} else f" ({revocation.reason})"
    when = ""
    if verdict.signed_at is not None and revocation.since is not None and verdict.signed_at != revocation.since:
        when = ", after the mail was signed" if verdict.signed_at < revocation.since else ", before the mail was signed"
    sentence = f"the authority revoked the signer's certificate{since}{reason}{when}"
    return replace(verdict, code=SignatureCode.REVOKED, sentence=sentence, revocation=revocation)


_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SECONDS = 5.0
_OCSP_REQUEST = "application/ocsp-request"
#: What reading a list or an answer that is not one can raise.
_DAMAGE = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm)


class RevocationState(StrEnum):
    """The state of a certificate at its authority."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Revocation:
    """An authority's answer about one certificate.

    `source` is `crl` or `ocsp`, or None if neither could be read; `why` then says why. `since` and `reason` (a
    CRLReason of RFC 5280 5.3.1) belong to a revoked one.
    """

    state: RevocationState
    source: str | None = None
    since: datetime | None = None
    reason: str | None = None
    why: str | None = None

    def document(self) -> dict[str, Any]:
        """`{"state","source","since","reason","why"}`."""
        return {
            "state": self.state.value,
            "source": self.source,
            "since": None if self.since is None else self.since.isoformat(),
            "reason": self.reason,
            "why": self.why,
        }


async def check_revocation(
    certificate: x509.Certificate, issuer: x509.Certificate, *, transport: Transport, server: str | None, now: datetime
) -> Revocation:
    """Ask the CRL that the certificate names, else its OCSP responder. `server` is the URL of the device's server."""
    allowed = _LOOPBACK | ({urlsplit(server).hostname or ""} if server else set())
    failures: list[str] = []
    for source, urls in (("crl", _crl_urls(certificate)), ("ocsp", _ocsp_urls(certificate))):
        for url in urls:
            if (urlsplit(url).hostname or "") not in allowed:
                failures.append(f"{url} is neither on this machine nor the device's server")
                continue
            try:
                if source == "crl":
                    return _by_crl(await _get(transport, url), certificate, issuer=issuer, now=now)
                return await _by_ocsp(transport, url, certificate=certificate, issuer=issuer, now=now)
            except SimulatorError as failed:
                failures.append(str(failed))
    why = "; ".join(failures) or "the certificate names neither a CRL nor an OCSP responder"
    return Revocation(RevocationState.UNKNOWN, why=why)


def _crl_urls(certificate: x509.Certificate) -> Sequence[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, *_DAMAGE):
        return ()
    names = [name for point in points for name in point.full_name or ()]
    return _urls(names)


def _ocsp_urls(certificate: x509.Certificate) -> Sequence[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, *_DAMAGE):
        return ()
    return _urls([one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.OCSP])


def _urls(names: Sequence[x509.GeneralName]) -> Sequence[str]:
    """The first addresses among names: a hostile certificate may have thousands."""
    values = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return [value for value in values if value.startswith(("http://", "https://"))][:2]


async def _get(transport: Transport, url: str) -> bytes:
    answer = await transport.get(url, timeout=_SECONDS)
    if answer.status != 200:
        raise AnswerBroken(f"{url} answered {answer.status}")
    return answer.body


def _by_crl(data: bytes, certificate: x509.Certificate, *, issuer: x509.Certificate, now: datetime) -> Revocation:
    try:
        load = x509.load_pem_x509_crl if data.startswith(b"-----") else x509.load_der_x509_crl
        revoked_list = load(data)
        public: Any = issuer.public_key()
        signed = revoked_list.issuer == issuer.subject and revoked_list.is_signature_valid(public)
        ends = revoked_list.next_update_utc
        entry = revoked_list.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except _DAMAGE as broken:
        raise AnswerBroken(f"the CRL cannot be read: {broken}") from broken
    if not signed:
        raise AnswerBroken(f"the CRL is not signed by {subject(issuer)}")
    if ends is not None and ends < now:
        raise AnswerBroken(f"the CRL is out of date since {ends:%Y-%m-%d %H:%M} UTC")
    if entry is None:
        return Revocation(RevocationState.GOOD, source="crl")
    return Revocation(RevocationState.REVOKED, source="crl", since=entry.revocation_date_utc, reason=_crl_reason(entry))


def _crl_reason(entry: x509.RevokedCertificate) -> str | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (x509.ExtensionNotFound, *_DAMAGE):
        return None


async def _by_ocsp(
    transport: Transport, url: str, *, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> Revocation:
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()
    body = request.public_bytes(Encoding.DER)
    answer = await transport.send("POST", url, body=body, content_type=_OCSP_REQUEST, timeout=_SECONDS)
    if answer.status != 200:
        raise AnswerBroken(f"{url} answered {answer.status}")
    try:
        response = ocsp.load_der_ocsp_response(answer.body)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise AnswerBroken(f"the OCSP responder answered {response.response_status.name.lower()}")
        _check_responder(response, issuer=issuer)
        if response.serial_number != certificate.serial_number:
            raise AnswerBroken("the OCSP responder answered for another certificate")
        status, ends = response.certificate_status, response.next_update_utc
    except _DAMAGE as broken:
        raise AnswerBroken(f"the OCSP answer cannot be believed: {broken}") from broken
    if ends is not None and ends < now.astimezone(UTC):
        raise AnswerBroken(f"the OCSP answer is out of date since {ends:%Y-%m-%d %H:%M} UTC")
    if status is ocsp.OCSPCertStatus.GOOD:
        return Revocation(RevocationState.GOOD, source="ocsp")
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        return Revocation(RevocationState.UNKNOWN, source="ocsp", why="the responder does not know the certificate")
    reason = response.revocation_reason
    return Revocation(
        RevocationState.REVOKED,
        source="ocsp",
        since=response.revocation_time_utc,
        reason=None if reason is None else reason.value,
    )


def _check_responder(response: ocsp.OCSPResponse, *, issuer: x509.Certificate) -> None:
    """Raise ValueError or InvalidSignature unless the issuer, or a responder that it authorised, signed the answer."""
    signer = issuer
    for offered in response.certificates:
        if offered.public_key() == issuer.public_key():
            continue
        offered.verify_directly_issued_by(issuer)
        usages = offered.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.OCSP_SIGNING in usages:
            signer = offered
    digest = response.signature_hash_algorithm
    public = signer.public_key()
    if digest is None:
        raise ValueError("its signature has no digest")
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
    else:
        raise ValueError("the responder's key is neither RSA nor EC")
