"""EnvelopedData (RFC 5652 6, RFC 5753 for EC): decrypt with one of several keys, encrypt for several recipients."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune_sim.certificates import PrivateKey
from fauxtune_sim.cms.structure import (
    DAMAGE,
    ContentType,
    content_info,
    describe_identifier,
    hash_named,
    identifies,
    issuer_and_serial,
)
from fauxtune_sim.errors import CmsRefused

#: Key wrapping algorithms (RFC 3565) and the length of the wrapping key in bytes.
_WRAPS = {"2.16.840.1.101.3.4.1.5": 16, "2.16.840.1.101.3.4.1.25": 24, "2.16.840.1.101.3.4.1.45": 32}
_AES256_WRAP = "2.16.840.1.101.3.4.1.45"
#: dhSinglePass-stdDH-*kdf-scheme (RFC 5753 7.1.4).
_AGREEMENTS: dict[str, type[hashes.HashAlgorithm]] = {
    "1.3.133.16.840.63.0.2": hashes.SHA1,  # noqa: S303 - old envelopes must open
    "1.3.132.1.11.0": hashes.SHA224,
    "1.3.132.1.11.1": hashes.SHA256,
    "1.3.132.1.11.2": hashes.SHA384,
    "1.3.132.1.11.3": hashes.SHA512,
}
_ECDH_SHA256 = "1.3.132.1.11.1"
#: Single DES is what many SCEP authorities answer with.
_CIPHERS = {"aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32, "tripledes_3key": 24, "des": 8}


class RecipientIdentity(Protocol):
    """A certificate with its private key: an identity of the key store, or the device's own."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that a RecipientInfo identifies."""
        ...

    @property
    def key(self) -> PrivateKey:
        """The private key of the certificate."""
        ...


@dataclass(frozen=True, slots=True)
class DecryptedContent:
    """The decrypted content of an envelope, and the certificate of the key."""

    content: bytes
    recipient: x509.Certificate


class _SharedInfo(core.Sequence):  # type: ignore[misc]
    """ECC-CMS-SharedInfo (RFC 5753 7.2)."""

    _fields = [  # noqa: RUF012 - asn1crypto's way of declaring
        ("key_info", algos.AlgorithmIdentifier),
        ("entity_u_info", core.OctetString, {"explicit": 0, "optional": True}),
        ("supp_pub_info", core.OctetString, {"explicit": 2}),
    ]


def open_envelope(data: bytes, identities: Iterable[RecipientIdentity]) -> DecryptedContent:
    """Decrypt a DER or BER EnvelopedData with the first of these identities that is a recipient.

    Recipients are found by issuer and serial number or by key identifier. Raises CmsRefused, with the names of the
    recipients if no identity is one of them, or if the content does not decrypt.
    """
    enveloped = content_info(data, kind=ContentType.ENVELOPED)
    candidates = list(identities)
    try:
        recipients = [identifier for info in enveloped["recipient_infos"] for identifier in _identifiers(info)]
        for identity in candidates:
            for info in enveloped["recipient_infos"]:
                content_key = _content_key(info, identity)
                if content_key is not None:
                    content = _decrypt(enveloped["encrypted_content_info"], content_key)
                    return DecryptedContent(content=content, recipient=identity.certificate)
        names = "; ".join(describe_identifier(identifier) for identifier in recipients) or "nobody"
    except DAMAGE as damaged:
        raise CmsRefused(f"the envelope does not open: {damaged}") from damaged
    raise CmsRefused(f"none of the {len(candidates)} keys on this device opens it: it is encrypted for {names}")


def _identifiers(info: Any) -> list[Any]:
    if info.name == "ktri":
        return [info.chosen["rid"]]
    if info.name == "kari":
        return [recipient["rid"] for recipient in info.chosen["recipient_encrypted_keys"]]
    return []


def _content_key(info: Any, identity: RecipientIdentity) -> bytes | None:
    """The content key in a RecipientInfo, or None if it is for another recipient than this identity."""
    key = identity.key
    if info.name == "ktri" and isinstance(key, rsa.RSAPrivateKey):
        if identifies(info.chosen["rid"], identity.certificate):
            return _decrypt_transported_key(info.chosen, key)
    elif info.name == "kari" and isinstance(key, ec.EllipticCurvePrivateKey):
        for recipient in info.chosen["recipient_encrypted_keys"]:
            if identifies(recipient["rid"], identity.certificate):
                return _unwrap_agreed_key(info.chosen, recipient["encrypted_key"].native, key=key)
    return None


def _decrypt_transported_key(info: Any, key: rsa.RSAPrivateKey) -> bytes:
    algorithm = info["key_encryption_algorithm"]
    name = algorithm["algorithm"].native
    if name == "rsaes_oaep":
        chosen = algorithm["parameters"]
        mask = hash_named(chosen["mask_gen_algorithm"]["parameters"])
        oaep = padding.OAEP(padding.MGF1(mask), hash_named(chosen["hash_algorithm"]), None)
        return key.decrypt(info["encrypted_key"].native, oaep)
    if name in {"rsaes_pkcs1v15", "rsa"}:
        return key.decrypt(info["encrypted_key"].native, padding.PKCS1v15())
    raise CmsRefused(f"the key transport {name} is not supported")


def _unwrap_agreed_key(info: Any, wrapped: bytes, *, key: ec.EllipticCurvePrivateKey) -> bytes:
    algorithm = info["key_encryption_algorithm"]
    agreement = algorithm["algorithm"].dotted
    wrap = algos.AlgorithmIdentifier.load(algorithm["parameters"].dump())
    if agreement not in _AGREEMENTS or wrap["algorithm"].dotted not in _WRAPS:
        raise CmsRefused(f"the key agreement {agreement} with {wrap['algorithm'].native} is not supported")
    originator = info["originator"].chosen["public_key"]
    public = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, bytes(originator))
    shared = key.exchange(ec.ECDH(), public)
    digest = _AGREEMENTS[agreement]()
    wrapping = _wrapping_key(shared, wrap, digest=digest, user_key_material=info["ukm"].native)
    return keywrap.aes_key_unwrap(wrapping, wrapped)


def _wrapping_key(shared: bytes, wrap: Any, *, digest: hashes.HashAlgorithm, user_key_material: bytes | None) -> bytes:
    length = _WRAPS[wrap["algorithm"].dotted]
    info: dict[str, Any] = {"key_info": wrap, "supp_pub_info": (length * 8).to_bytes(4, "big")}
    if user_key_material:
        info["entity_u_info"] = user_key_material
    return X963KDF(digest, length, _SharedInfo(info).dump()).derive(shared)


def _decrypt(info: Any, key: bytes) -> bytes:
    algorithm = info["content_encryption_algorithm"]
    name = algorithm["algorithm"].native
    if name not in _CIPHERS:
        raise CmsRefused(f"the content cipher {name} is not supported")
    if len(key) != _CIPHERS[name]:
        # With PKCS#1 v1.5 a wrong key yields random bytes rather than an error.
        raise CmsRefused("the content key does not fit: the envelope was made for another key")
    # Triple DES with one key three times is single DES.
    cipher = algorithms.AES(key) if name.startswith("aes") else TripleDES(key * (24 // len(key)))
    reader = Cipher(cipher, modes.CBC(algorithm.encryption_iv)).decryptor()
    unpadder = PKCS7(cipher.block_size).unpadder()
    data = reader.update(info["encrypted_content"].native) + reader.finalize()
    return unpadder.update(data) + unpadder.finalize()


def encrypt(content: bytes, recipients: Sequence[x509.Certificate]) -> bytes:
    """Encrypt as EnvelopedData (DER) with AES-256-CBC for all recipients.

    RSA recipients get PKCS#1 v1.5 key transport, which every mail client reads; EC recipients ECDH with AES key wrap.
    Raises CmsRefused for a certificate with another kind of key.
    """
    content_key, iv = os.urandom(32), os.urandom(16)
    padder = PKCS7(128).padder()
    writer = Cipher(algorithms.AES(content_key), modes.CBC(iv)).encryptor()
    sealed = writer.update(padder.update(content) + padder.finalize()) + writer.finalize()
    infos = [_recipient_info(recipient, content_key) for recipient in recipients]
    return bytes(
        cms.ContentInfo(
            {
                "content_type": "enveloped_data",
                "content": {
                    # Version 2 if a recipient does not use key transport (RFC 5652 6.1).
                    "version": "v2" if any(info.name == "kari" for info in infos) else "v0",
                    "recipient_infos": infos,
                    "encrypted_content_info": {
                        "content_type": "data",
                        "content_encryption_algorithm": {"algorithm": "aes256_cbc", "parameters": iv},
                        "encrypted_content": sealed,
                    },
                },
            }
        ).dump()
    )


def _recipient_info(recipient: x509.Certificate, content_key: bytes) -> Any:
    public = recipient.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return cms.RecipientInfo(
            "ktri",
            {
                "version": "v0",
                "rid": cms.RecipientIdentifier("issuer_and_serial_number", issuer_and_serial(recipient)),
                "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
                "encrypted_key": public.encrypt(content_key, padding.PKCS1v15()),
            },
        )
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _agreement_info(recipient, content_key, public=public)
    raise CmsRefused("the recipient's key is neither RSA nor EC")


def _agreement_info(recipient: x509.Certificate, content_key: bytes, *, public: ec.EllipticCurvePublicKey) -> Any:
    ephemeral = ec.generate_private_key(public.curve)
    wrap = algos.AlgorithmIdentifier({"algorithm": _AES256_WRAP})
    shared = ephemeral.exchange(ec.ECDH(), public)
    wrapping = _wrapping_key(shared, wrap, digest=hashes.SHA256(), user_key_material=None)
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return cms.RecipientInfo(
        "kari",
        {
            "version": "v3",
            "originator": cms.OriginatorIdentifierOrKey(
                "originator_key", {"algorithm": {"algorithm": "ec"}, "public_key": point}
            ),
            "key_encryption_algorithm": {"algorithm": _ECDH_SHA256, "parameters": wrap},
            "recipient_encrypted_keys": [
                {
                    "rid": cms.KeyAgreementRecipientIdentifier(
                        "issuer_and_serial_number", issuer_and_serial(recipient)
                    ),
                    "encrypted_key": keywrap.aes_key_wrap(wrapping, content_key),
                }
            ],
        },
    )
