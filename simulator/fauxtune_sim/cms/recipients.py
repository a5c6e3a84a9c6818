"""The recipients of envelopes: key transport for RSA (RFC 5652 6.2.1, RFC 3560), key agreement for EC (RFC 5753)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune_sim.cms import der
from fauxtune_sim.cms.algorithms import RSA, RSA_OAEP, name_of, oaep_of
from fauxtune_sim.cms.der import issuer_and_serial, required_key_identifier
from fauxtune_sim.cms.messages import CertificateIdentifier, KeyAgreement, KeyTransport
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import PrivateKey

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
