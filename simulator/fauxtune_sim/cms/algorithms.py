"""The algorithms that messages name: digests, ciphers, RSA paddings (RFC 5754, RFC 3565, RFC 4055)."""

from __future__ import annotations

from typing import Any

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from fauxtune_sim.cms import der
from fauxtune_sim.cms.ciphers import CBC, GCM
from fauxtune_sim.cms.der import CONSTRUCTED, CONTEXT, SEQUENCE, Element
from fauxtune_sim.cms.messages import Algorithm
from fauxtune_sim.errors import CmsRefused

_HASHES: dict[bytes, type[hashes.HashAlgorithm]] = {
    der.identifier("1.3.14.3.2.26"): hashes.SHA1,  # noqa: S303 - old mail must open
    der.identifier("2.16.840.1.101.3.4.2.4"): hashes.SHA224,
    der.identifier("2.16.840.1.101.3.4.2.1"): hashes.SHA256,
    der.identifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384,
    der.identifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512,
}
_CIPHER_NAMES = {der.identifier(algos.EncryptionAlgorithmId.unmap(name)): name for name in (*CBC, *GCM)}
RSA, RSA_OAEP, RSA_PSS = (der.identifier(f"1.2.840.113549.1.1.{number}") for number in (1, 7, 10))
#: The salt of RSASSA-PSS in bytes, unless the parameters say another (RFC 4055 3.1).
_SALT = 20


def hash_of(algorithm: Algorithm) -> hashes.HashAlgorithm:
    """Return the digest. Raises CmsRefused for one that is not supported."""
    kind = _HASHES.get(algorithm.name)
    if kind is None:
        raise CmsRefused(f"the digest {name_of(algorithm, algos.DigestAlgorithmId)} is not supported")
    return kind()


def cipher_name(algorithm: Algorithm) -> str:
    """Return asn1crypto's name of a content cipher, such as `aes256_cbc`."""
    known = _CIPHER_NAMES.get(algorithm.name)
    return known or name_of(algorithm, algos.EncryptionAlgorithmId)


def name_of(algorithm: Algorithm, names: Any) -> str:
    """Return a name by one of asn1crypto's tables of names; else the OBJECT IDENTIFIER in its dotted form."""
    return str(names.map(der.dotted(algorithm.name)))


def oaep_of(algorithm: Algorithm) -> padding.OAEP:
    """Return the padding by the parameters of RSAES-OAEP (RFC 4055 4.1). Raises CmsRefused, ValueError."""
    digest, mask, source = _parameters(algorithm, 3)
    label = None if source is None else Algorithm.read(source).required_parameters().octets()
    return padding.OAEP(_mask(mask), _digest(digest), label or None)


def pss_of(algorithm: Algorithm) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Return padding and digest by the parameters of RSASSA-PSS (RFC 4055 3.1). Raises CmsRefused, ValueError."""
    digest, mask, salt = _parameters(algorithm, 3)
    return padding.PSS(_mask(mask), _SALT if salt is None else salt.integer()), _digest(digest)


def _parameters(algorithm: Algorithm, count: int) -> list[Element | None]:
    """Return the contents of the parameters with the tags [0], [1] and so on; None for each that is left out."""
    values: list[Element | None] = [None] * count
    for element in () if algorithm.parameters is None else algorithm.parameters.children(SEQUENCE):
        number = element.tag - (CONTEXT | CONSTRUCTED)
        if 0 <= number < count:
            values[number] = element.only_child()
    return values


def _digest(element: Element | None) -> hashes.HashAlgorithm:
    return hashes.SHA1() if element is None else hash_of(Algorithm.read(element))  # noqa: S303 - the default


def _mask(element: Element | None) -> padding.MGF1:
    """Return the mask generation function, of which there is one kind (RFC 4055 2.2)."""
    return padding.MGF1(_digest(None if element is None else Algorithm.read(element).required_parameters()))
