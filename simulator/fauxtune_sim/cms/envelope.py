"""Envelopes: EnvelopedData (RFC 5652 6) and AuthEnvelopedData (RFC 5083), opened with one of several keys.

Their content is encrypted with AES or triple DES in CBC mode (RFC 3565, RFC 3370), or AES-GCM (RFC 5084).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune_sim.cms import der
from fauxtune_sim.cms.ciphers import CBC, GCM, ContentCipher, NamedCipher
from fauxtune_sim.cms.der import DAMAGE, SEQUENCE, issuer_and_serial, required_key_identifier
from fauxtune_sim.cms.messages import (
    RSA,
    RSA_OAEP,
    CertificateIdentifier,
    ContentType,
    Envelope,
    KeyAgreement,
    KeyTransport,
    cipher_name,
    name_of,
    oaep_of,
    read_envelope,
)
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import PrivateKey

_NONCE_BYTES = 12
_TAG_BYTES = 16
#: The length of a tag unless the parameters name another (RFC 5084 3.2).
_SHORTEST_TAG_BYTES = 12


@dataclass(frozen=True, slots=True)
class DecryptedContent:
    """The decrypted content of an envelope, the certificate of the key, and the name of the content cipher."""

    content: bytes
    recipient: x509.Certificate
    cipher: str


def open_envelope(data: bytes, identities: Iterable[RecipientIdentity]) -> DecryptedContent:
    """Decrypt a DER or BER EnvelopedData or AuthEnvelopedData with the first of these identities that is a recipient.

    Recipients are identified by issuer and serial number or by key identifier. Raises CmsRefused, with the names of the
    recipients if no identity is one of them, or if the content does not decrypt.
    """
    envelope = read_envelope(data)
    candidates = list(identities)
    try:
        for identity in candidates:
            for recipient in envelope.recipients:
                key = content_key(recipient, identity)
                if key is not None:
                    return _decrypted(envelope, key, recipient=identity.certificate)
        identifiers = [
            identifier for recipient in envelope.recipients for identifier in recipient_identifiers(recipient)
        ]
        names = "; ".join(map(str, identifiers)) or "nobody"
    except InvalidTag as changed:
        raise CmsRefused("the encrypted content was changed: its authentication tag does not fit") from changed
    except DAMAGE as damaged:
        raise CmsRefused(f"the envelope does not open: {damaged}") from damaged
    count = "its only key does not open it" if len(candidates) == 1 else f"none of its {len(candidates)} keys opens it"
    what = count if candidates else "it has no key"
    raise CmsRefused(f"this device cannot read it ({what}): it is encrypted for {names}")


def _decrypted(envelope: Envelope, key: bytes, *, recipient: x509.Certificate) -> DecryptedContent:
    decrypt = decrypt_content if envelope.tag is None else decrypt_authenticated
    content = decrypt(envelope, key)
    return DecryptedContent(content=content, recipient=recipient, cipher=cipher_name(envelope.cipher))


def encrypt(
    content: bytes,
    recipients: Sequence[x509.Certificate],
    *,
    cipher: NamedCipher = ContentCipher.AES256_CBC,
    options: RecipientOptions | None = None,
) -> bytes:
    """Encrypt for all recipients, as DER: AuthEnvelopedData for a cipher in GCM mode, else EnvelopedData.

    RSA recipients get key transport, EC recipients ECDH with AES key wrap. Raises CmsRefused for a certificate with
    another kind of key, or without the key identifier by which the options name it.
    """
    key = os.urandom(cipher.key_bytes)
    infos = [recipient_info(recipient, key, options=options or RecipientOptions()) for recipient in recipients]
    if cipher.is_authenticated:
        encrypted, tag = encrypt_authenticated(content, key, cipher=cipher)
        kind, named = ContentType.AUTHENTICATED, {"auth_encrypted_content_info": encrypted, "mac": tag}
        version = "v0"
    else:
        kind, named = ContentType.ENVELOPED, {"encrypted_content_info": encrypt_content(content, key, cipher=cipher)}
        # Version 0 if all recipients use key transport and are named by issuer and serial number (RFC 5652 6.1).
        version = "v0" if all(_is_version_0(info) for info in infos) else "v2"
    document = {"version": version, "recipient_infos": infos, **named}
    return bytes(cms.ContentInfo({"content_type": kind.value, "content": document}).dump())


def _is_version_0(info: Any) -> bool:
    return bool(info.name == "ktri" and info.chosen["version"].native == "v0")


class _GcmParameters(core.Sequence):  # type: ignore[misc]
    """GCMParameters (RFC 5084 3.2)."""

    _fields = [  # noqa: RUF012 - asn1crypto's way of declaring
        ("nonce", core.OctetString),
        ("icv_len", core.Integer, {"default": 12}),
    ]


def decrypt_content(envelope: Envelope, key: bytes) -> bytes:
    """Decrypt the content of an EnvelopedData. Raises CmsRefused if the key or the cipher does not fit."""
    name = _known_name(envelope, CBC, key=key)
    cipher = _block_cipher(name, key)
    reader = Cipher(cipher, modes.CBC(envelope.cipher.required_parameters().octets())).decryptor()
    unpadder = PKCS7(cipher.block_size).unpadder()
    data = reader.update(envelope.content) + reader.finalize()
    return unpadder.update(data) + unpadder.finalize()


def decrypt_authenticated(envelope: Envelope, key: bytes) -> bytes:
    """Decrypt the content of an AuthEnvelopedData. Raises CmsRefused, or InvalidTag if the content was changed."""
    _known_name(envelope, GCM, key=key)
    nonce, *length = envelope.cipher.required_parameters().children(SEQUENCE)
    tag = envelope.tag or b""
    if len(tag) != (length[0].integer() if length else _SHORTEST_TAG_BYTES):
        raise CmsRefused("the authentication tag has another length than the envelope says")
    mode = modes.GCM(nonce.octets(), tag, min_tag_length=_SHORTEST_TAG_BYTES)
    reader = Cipher(algorithms.AES(key), mode).decryptor()
    if envelope.attributes is not None:
        reader.authenticate_additional_data(envelope.attributes)
    return reader.update(envelope.content) + reader.finalize()


def _known_name(envelope: Envelope, lengths: dict[str, int], *, key: bytes) -> str:
    name = cipher_name(envelope.cipher)
    if name not in lengths:
        raise CmsRefused(f"the content cipher {name} is not supported")
    if len(key) != lengths[name]:
        # With PKCS#1 v1.5 a wrong key yields random bytes rather than an error.
        raise CmsRefused("the content key does not fit: the envelope was made for another key")
    return name


def _block_cipher(name: str, key: bytes) -> BlockCipherAlgorithm:
    # Triple DES with one key three times is single DES.
    return algorithms.AES(key) if name.startswith("aes") else TripleDES(key * (24 // len(key)))


def encrypt_content(content: bytes, key: bytes, *, cipher: NamedCipher) -> dict[str, Any]:
    """The EncryptedContentInfo of an EnvelopedData, for asn1crypto; `cipher` is one in CBC mode."""
    block = _block_cipher(cipher.asn1_name, key)
    iv = os.urandom(block.block_size // 8)
    padder = PKCS7(block.block_size).padder()
    writer = Cipher(block, modes.CBC(iv)).encryptor()
    encrypted = writer.update(padder.update(content) + padder.finalize()) + writer.finalize()
    return {
        "content_type": "data",
        "content_encryption_algorithm": {"algorithm": cipher.asn1_name, "parameters": iv},
        "encrypted_content": encrypted,
    }


def encrypt_authenticated(content: bytes, key: bytes, *, cipher: NamedCipher) -> tuple[dict[str, Any], bytes]:
    """The EncryptedContentInfo of an AuthEnvelopedData, for asn1crypto, and its authentication tag."""
    nonce = os.urandom(_NONCE_BYTES)
    encrypted = AESGCM(key).encrypt(nonce, content, None)
    parameters = _GcmParameters({"nonce": nonce, "icv_len": _TAG_BYTES})
    info = {
        "content_type": "data",
        "content_encryption_algorithm": algos.EncryptionAlgorithm(
            {"algorithm": cipher.asn1_name, "parameters": parameters}
        ),
        "encrypted_content": encrypted[:-_TAG_BYTES],
    }
    return info, encrypted[-_TAG_BYTES:]


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
class RecipientOptions:
    """How the recipients of an envelope are named, and how RSA encrypts the content key for them.

    `oaep` uses RSAES-OAEP with SHA-256 in place of PKCS#1 v1.5, which every mail program reads. `by_key_identifier`
    names recipients by their subject key identifier in place of issuer and serial number.
    """

    oaep: bool = False
    by_key_identifier: bool = False


class _SharedInfo(core.Sequence):  # type: ignore[misc]
    """ECC-CMS-SharedInfo (RFC 5753 7.2)."""

    _fields = [  # noqa: RUF012 - asn1crypto's way of declaring
        ("key_info", algos.AlgorithmIdentifier),
        ("entity_u_info", core.OctetString, {"explicit": 0, "optional": True}),
        ("supp_pub_info", core.OctetString, {"explicit": 2}),
    ]


def recipient_identifiers(recipient: KeyTransport | KeyAgreement) -> list[CertificateIdentifier]:
    """The identifiers of the certificates that a recipient of a message stands for."""
    if isinstance(recipient, KeyTransport):
        return [recipient.identifier]
    return [identifier for identifier, _ in recipient.keys]


def content_key(recipient: KeyTransport | KeyAgreement, identity: RecipientIdentity) -> bytes | None:
    """The content key that a message has for this identity, or None if the recipient is another one."""
    key = identity.key
    if isinstance(recipient, KeyTransport):
        if isinstance(key, rsa.RSAPrivateKey) and recipient.identifier.matches(identity.certificate):
            return _decrypt_transported_key(recipient, key)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        for identifier, wrapped in recipient.keys:
            if identifier.matches(identity.certificate):
                return _unwrap_agreed_key(recipient, wrapped, key=key)
    return None


def _decrypt_transported_key(recipient: KeyTransport, key: rsa.RSAPrivateKey) -> bytes:
    algorithm = recipient.algorithm
    if algorithm.name == RSA:
        return key.decrypt(recipient.encrypted_key, padding.PKCS1v15())
    if algorithm.name == RSA_OAEP:
        return key.decrypt(recipient.encrypted_key, oaep_of(algorithm))
    raise CmsRefused(f"the key transport {name_of(algorithm, cms.KeyEncryptionAlgorithmId)} is not supported")


def _unwrap_agreed_key(recipient: KeyAgreement, wrapped: bytes, *, key: ec.EllipticCurvePrivateKey) -> bytes:
    agreement = der.dotted(recipient.algorithm.name)
    wrap = algos.AlgorithmIdentifier.load(recipient.algorithm.required_parameters().encoding)
    if agreement not in _AGREEMENTS or wrap["algorithm"].dotted not in _WRAPS:
        raise CmsRefused(f"the key agreement {agreement} with {wrap['algorithm'].native} is not supported")
    public = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, recipient.originator)
    shared = key.exchange(ec.ECDH(), public)
    digest = _AGREEMENTS[agreement]()
    wrapping = _wrapping_key(shared, wrap, digest=digest, user_key_material=recipient.user_key_material)
    return keywrap.aes_key_unwrap(wrapping, wrapped)


def _wrapping_key(shared: bytes, wrap: Any, *, digest: hashes.HashAlgorithm, user_key_material: bytes | None) -> bytes:
    length = _WRAPS[wrap["algorithm"].dotted]
    info: dict[str, Any] = {"key_info": wrap, "supp_pub_info": (length * 8).to_bytes(4, "big")}
    if user_key_material:
        info["entity_u_info"] = user_key_material
    return X963KDF(digest, length, _SharedInfo(info).dump()).derive(shared)


def recipient_info(recipient: x509.Certificate, content_key: bytes, *, options: RecipientOptions) -> Any:
    """The RecipientInfo that has the content key encrypted for this certificate, for asn1crypto.

    Raises CmsRefused for a key that is neither RSA nor EC, or without the key identifier that the options ask for.
    """
    public = recipient.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return _transport_info(recipient, content_key, public=public, options=options)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _agreement_info(recipient, content_key, public=public, options=options)
    raise CmsRefused("the recipient's key is neither RSA nor EC")


def _transport_info(
    recipient: x509.Certificate, content_key: bytes, *, public: rsa.RSAPublicKey, options: RecipientOptions
) -> Any:
    named: Any = ("issuer_and_serial_number", issuer_and_serial(recipient))
    if options.by_key_identifier:
        named = ("subject_key_identifier", required_key_identifier(recipient))
    algorithm: dict[str, Any] = {"algorithm": "rsaes_pkcs1v15"}
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if options.oaep:
        digest = {"algorithm": "sha256"}
        mask = {"algorithm": "mgf1", "parameters": digest}
        algorithm = {"algorithm": "rsaes_oaep", "parameters": {"hash_algorithm": digest, "mask_gen_algorithm": mask}}
        scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    return cms.RecipientInfo(
        "ktri",
        {
            "version": "v2" if options.by_key_identifier else "v0",
            "rid": cms.RecipientIdentifier(*named),
            "key_encryption_algorithm": algorithm,
            "encrypted_key": public.encrypt(content_key, scheme),
        },
    )


def _agreement_info(
    recipient: x509.Certificate, content_key: bytes, *, public: ec.EllipticCurvePublicKey, options: RecipientOptions
) -> Any:
    named: Any = ("issuer_and_serial_number", issuer_and_serial(recipient))
    if options.by_key_identifier:
        named = ("r_key_id", {"subject_key_identifier": required_key_identifier(recipient)})
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
                    "rid": cms.KeyAgreementRecipientIdentifier(*named),
                    "encrypted_key": keywrap.aes_key_wrap(wrapping, content_key),
                }
            ],
        },
    )
