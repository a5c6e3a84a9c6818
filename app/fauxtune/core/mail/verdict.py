"""The verdict on a signature that can be seen without a key, as mail programs give it (RFC 8550 4, RFC 5280 6.1).

The server trusts only its own tenant's authorities. A signer of another authority is *untrusted* here; a device that
was given that authority's root trusts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from fauxtune.core.engine.diagnosis.certificate_rules import SIGNING, allows, is_for_mail
from fauxtune.core.mail.visible_parts import SeenSignature
from fauxtune.core.pki.cms import MALFORMED
from fauxtune.core.pki.contents import CertificateContents, contents
from fauxtune.core.pki.foreign import is_authority

_LONGEST_CHAIN = 8


class SignatureCode(StrEnum):
    """The outcome of judging a signature. `valid` and `expiredSince` count."""

    VALID = "valid"
    EXPIRED_SINCE = "expiredSince"
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
class Setting:
    """What a signature is judged by: the sender and the date of the message's header, the tenant's authorities, when
    the signer's certificate was revoked at them, and the present time.
    """

    sender: str | None
    date: datetime | None
    authorities: Sequence[x509.Certificate]
    revoked_at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one signature. `sentence` explains the code; `is_ours`: the tenant's authority issued the signer's
    certificate.
    """

    code: SignatureCode
    sentence: str
    certificate: x509.Certificate | None = None
    contents: CertificateContents | None = None
    signed_at: datetime | None = None
    is_ours: bool = False

    @property
    def counts(self) -> bool:
        """Whether the signature counts as verified."""
        return self.code in {SignatureCode.VALID, SignatureCode.EXPIRED_SINCE}


def judge(signature: SeenSignature, setting: Setting) -> Verdict:
    """Judge a signature. The first fault decides, in the order in which mail programs look."""
    certificate = signature.certificate
    if certificate is None:
        return Verdict(SignatureCode.BROKEN, f"The signature cannot be read: {signature.problem}.")
    parts = contents(certificate)
    is_ours = _leads_to(certificate, signature.certificates, roots=setting.authorities)
    at = signature.signed_at or setting.date
    code, sentence = (
        _broken(signature)
        or _unfit(parts)
        or _untimely(certificate, at=at)
        or _foreign(parts, is_ours=is_ours)
        or _revoked(setting, at=at)
        or _other_sender(parts, setting.sender)
        or _good(certificate, now=setting.now)
    )
    return Verdict(code, sentence, certificate, parts, signature.signed_at, is_ours)


_Fault = tuple[SignatureCode, str] | None


def _broken(signature: SeenSignature) -> _Fault:
    return (SignatureCode.BROKEN, f"It does not fit: {signature.problem}.") if signature.problem else None


def _unfit(parts: CertificateContents) -> _Fault:
    if not allows(parts, SIGNING):
        return SignatureCode.NOT_FOR_SIGNING, "The key usage of the signer's certificate does not allow signatures."
    if not is_for_mail(parts):
        return SignatureCode.NOT_FOR_MAIL, "The signer's certificate is not for mail: it lacks emailProtection."
    return None


def _untimely(certificate: x509.Certificate, *, at: datetime | None) -> _Fault:
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at is None:
        return (
            SignatureCode.NO_DATE,
            "Neither the signature nor the message has a date: whether the certificate was valid, nobody can say.",
        )
    if at < starts:
        return (
            SignatureCode.NOT_YET_VALID,
            f"The certificate was not valid yet when the message was signed: it starts on {starts:%Y-%m-%d}.",
        )
    if at > ends:
        return (
            SignatureCode.EXPIRED,
            f"The certificate had expired when the message was signed: it ended on {ends:%Y-%m-%d}.",
        )
    return None


def _foreign(parts: CertificateContents, *, is_ours: bool) -> _Fault:
    if is_ours:
        return None
    sentence = f"It fits, but another authority issued the certificate: {parts.issuer}."
    return SignatureCode.UNTRUSTED, f"{sentence} A device that was given that authority's root trusts it."


def _revoked(setting: Setting, *, at: datetime | None) -> _Fault:
    since = setting.revoked_at
    if since is None:
        return None
    order = "" if at is None or at == since else ", after the message was signed" if at < since else ", before that"
    return SignatureCode.REVOKED, f"The authority revoked the certificate on {since:%Y-%m-%d}{order}."


def _other_sender(parts: CertificateContents, sender: str | None) -> _Fault:
    if sender is not None and sender.lower() in {address.lower() for address in parts.addresses}:
        return None
    named = ", ".join(parts.addresses) or "no address"
    return (
        SignatureCode.WRONG_ADDRESS,
        f"The message is from {sender or 'no address'}, but the certificate is for {named}.",
    )


def _good(certificate: x509.Certificate, *, now: datetime) -> tuple[SignatureCode, str]:
    ends = certificate.not_valid_after_utc
    if ends < now:
        return (
            SignatureCode.EXPIRED_SINCE,
            f"The certificate was valid when the message was signed, and expired on {ends:%Y-%m-%d}.",
        )
    return (
        SignatureCode.VALID,
        f"The signature fits; the certificate is the sender's, was issued here, and is valid until {ends:%Y-%m-%d}.",
    )


def _leads_to(
    certificate: x509.Certificate, offered: Sequence[x509.Certificate], *, roots: Sequence[x509.Certificate]
) -> bool:
    """Whether one of these authorities issued the certificate, directly or by authorities that the message brings."""
    current = certificate
    for _ in range(_LONGEST_CHAIN):
        if _issuer(current, roots) is not None:
            return True
        above = _issuer(current, [each for each in offered if is_authority(each)])
        if above is None or above == current:
            return False
        current = above
    return False


def _issuer(certificate: x509.Certificate, candidates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    for candidate in candidates:
        if candidate.subject != certificate.issuer:
            continue
        try:
            certificate.verify_directly_issued_by(candidate)
        except (InvalidSignature, *MALFORMED):
            continue
        return candidate
    return None
