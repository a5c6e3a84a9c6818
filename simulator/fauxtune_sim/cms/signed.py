"""Read SignedData (RFC 5652 5): verify signatures over attached or detached content.

Only the signature is verified here; `trust` validates the signer's certificate.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from fauxtune_sim.cms import der
from fauxtune_sim.cms.algorithms import RSA_PSS, hash_of, pss_of
from fauxtune_sim.cms.messages import SignerInfo, read_signed
from fauxtune_sim.cms.structure import DAMAGE
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import addresses, load_certificate

#: Signed attributes (RFC 5652 11.2, 11.3).
MESSAGE_DIGEST, SIGNING_TIME = der.identifier("1.2.840.113549.1.9.4"), der.identifier("1.2.840.113549.1.9.5")


@dataclass(frozen=True, slots=True)
class Signature:
    """A verified signature: content, signer, the signing time by the signer, and the message's certificates."""

    content: bytes
    signer: x509.Certificate
    signing_time: datetime | None
    certificates: tuple[x509.Certificate, ...]


def verify(
    data: bytes, *, detached: bytes | None = None, known: Sequence[x509.Certificate] = (), sender: str = ""
) -> Signature:
    """Verify a signature of a DER or BER SignedData.

    `detached` is the content if the message does not have it. `known` are further certificates among which the signer's
    is searched. Of several signers, which DER sorts by their bytes, one with the address of the `sender` is taken, else
    the first. Raises CmsRefused, with the reason, if the signature does not verify.
    """
    message = read_signed(data)
    try:
        content = message.content if detached is None else detached
        if not message.signers:
            raise CmsRefused("the message has no signature: it brings certificates alone")
        if content is None:
            raise CmsRefused("the signature is detached, and its content is missing")
        certificates = tuple(map(load_certificate, message.certificates))
        info, signer = _chosen(message.signers, (*certificates, *known), sender=sender)
        signing_time = _check(info, content, signer=signer)
    except DAMAGE as damaged:
        why = f": {damaged}" if str(damaged) else ""
        raise CmsRefused(f"the signature does not verify{why}") from damaged
    return Signature(content=content, signer=signer, signing_time=signing_time, certificates=certificates)


def _chosen(
    signers: Sequence[SignerInfo], certificates: Sequence[x509.Certificate], *, sender: str
) -> tuple[SignerInfo, x509.Certificate]:
    """The signer with this address, else the first, and the certificate. Raises CmsRefused if that is missing."""
    for info in signers if len(signers) > 1 else ():
        certificate = _named(info, certificates)
        if certificate is not None and sender.lower() in map(str.lower, addresses(certificate)):
            return info, certificate
    certificate = _named(signers[0], certificates)
    if certificate is None:
        raise CmsRefused(f"the signer's certificate is missing: {signers[0].identifier}")
    return signers[0], certificate


def _named(info: SignerInfo, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    return next((certificate for certificate in certificates if info.identifier.matches(certificate)), None)


def _check(info: SignerInfo, content: bytes, *, signer: x509.Certificate) -> datetime | None:
    """Verify one SignerInfo (RFC 5652 5.6). Returns the signing time that it claims."""
    digest = hash_of(info.digest)
    signing_time: datetime | None = None
    signed_bytes = content
    if info.attributes is not None:
        values = info.attribute_values()
        hashed = hashes.Hash(digest)
        hashed.update(content)
        if not hmac.compare_digest(values[MESSAGE_DIGEST].octets(), hashed.finalize()):
            raise CmsRefused("the content was changed after it was signed (the message digest differs)")
        if SIGNING_TIME in values:
            signing_time = values[SIGNING_TIME].time()
        signed_bytes = info.attributes
    _check_signature(info, signed_bytes, signer=signer, digest=digest)
    return signing_time


def _check_signature(
    info: SignerInfo, signed: bytes, *, signer: x509.Certificate, digest: hashes.HashAlgorithm
) -> None:
    public = signer.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(info.signature, signed, ec.ECDSA(digest))
        return
    if not isinstance(public, rsa.RSAPublicKey):
        raise CmsRefused("the signer's key is neither RSA nor EC")
    if info.algorithm.name == RSA_PSS:
        pss, pss_digest = pss_of(info.algorithm)
        public.verify(info.signature, signed, pss, pss_digest)
        return
    public.verify(info.signature, signed, padding.PKCS1v15(), digest)
