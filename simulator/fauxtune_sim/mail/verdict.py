"""The verdict on a signature, as mail programs give it (RFC 8550 4, RFC 5280 6.1).

A signature counts as verified if it is correct, its certificate is for signing mail and names the sender's address, a
chain leads from it to a root that the device trusts, all were valid when the mail was signed, and it is not revoked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography import x509

from fauxtune_sim.cms.signed import Signature
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
from fauxtune_sim.mail.revocation import Revocation, RevocationState


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
