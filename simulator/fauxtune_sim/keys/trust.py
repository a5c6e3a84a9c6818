"""Path validation of a signer's certificate on a device (RFC 5280 6.1, the parts that S/MIME needs).

A chain ends at a self-signed certificate that the device trusts. Its intermediates may be trusted certificates or
certificates in the message. All are validated at one moment, which is an argument. Revocation is not checked here:
`mail.revocation` asks the authority.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from fauxtune_sim.keys.certificates import LARGEST_CACHED, subject

_LONGEST = 8


def untrusted_reason(
    certificate: x509.Certificate,
    *,
    trusted: Iterable[x509.Certificate],
    offered: Iterable[x509.Certificate] = (),
    at: datetime,
) -> str | None:
    """None if a chain that is valid at `at` leads from the certificate to a trusted root; else the reason."""
    trusted = tuple(trusted)
    roots = [candidate for candidate in trusted if candidate.subject == candidate.issuer]
    links = [candidate for candidate in (*trusted, *offered) if candidate.subject != candidate.issuer]
    if (outside := _outside_validity(certificate, at)) is not None:
        return outside
    return _no_chain_reason(certificate, roots=roots, links=links, at=at, below=0)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer has the name that the certificate says, and its key signed the certificate."""
    # The answer never changes, and the mails of a mailbox have few signers. Large certificates are not kept.
    is_small = len(certificate.tbs_certificate_bytes) <= LARGEST_CACHED >= len(issuer.tbs_certificate_bytes)
    return _issued_cached(certificate, issuer) if is_small else _is_issued(certificate, issuer)


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


_issued_cached = lru_cache(maxsize=256)(_is_issued)


def issuer_of(certificate: x509.Certificate, candidates: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """The first of these certificates whose key signed this one, or None."""
    for candidate in candidates:
        if is_issued_by(certificate, candidate):
            return candidate
    return None


def _no_chain_reason(
    certificate: x509.Certificate,
    *,
    roots: Sequence[x509.Certificate],
    links: Sequence[x509.Certificate],
    at: datetime,
    below: int,
) -> str | None:
    """Search the issuer, roots first; `below` is the number of intermediates between it and the signer."""
    if below > _LONGEST:
        return "the chain is too long"
    why, wanted = None, certificate.issuer
    for issuer in (*roots, *links):
        if issuer.subject != wanted:
            continue
        fault = _cannot_issue(issuer, certificate, at=at, below=below)
        if fault is None and issuer not in roots:
            fault = _no_chain_reason(issuer, roots=roots, links=links, at=at, below=below + 1)
        if fault is None:
            return None
        why = fault
    if why is not None:
        return why
    return f"no trusted certificate on this device issued {subject(certificate)} (its issuer is {_issuer(certificate)})"


def _cannot_issue(issuer: x509.Certificate, certificate: x509.Certificate, *, at: datetime, below: int) -> str | None:
    if not is_issued_by(certificate, issuer):
        return f"{subject(certificate)} was not signed by the key of {subject(issuer)}"
    if (outside := _outside_validity(issuer, at)) is not None:
        return outside
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return f"{subject(issuer)} is not a certification authority"
    if not constraints.ca:
        return f"{subject(issuer)} is not a certification authority"
    if constraints.path_length is not None and below > constraints.path_length:
        return f"{subject(issuer)} may not have {below} authorities below it"
    return _lacks_signing(issuer)


def _lacks_signing(issuer: x509.Certificate) -> str | None:
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return None if usage.key_cert_sign else f"{subject(issuer)} may not sign certificates"


def _outside_validity(certificate: x509.Certificate, at: datetime) -> str | None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < begins:
        return f"{subject(certificate)} was not valid yet on {at:%Y-%m-%d}: it begins on {begins:%Y-%m-%d}"
    if at > ends:
        return f"{subject(certificate)} had expired on {at:%Y-%m-%d}: it ended on {ends:%Y-%m-%d}"
    return None


def _issuer(certificate: x509.Certificate) -> str:
    return certificate.issuer.rfc4514_string()
