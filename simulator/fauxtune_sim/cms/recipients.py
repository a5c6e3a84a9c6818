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

from fauxtune_sim.certificates import PrivateKey
from fauxtune_sim.cms.structure import hash_named, identifies, issuer_and_serial, required_key_identifier
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


def recipient_identifiers(info: Any) -> list[Any]:
    """The identifiers of the certificates that a RecipientInfo is for; [] for passwords and the like."""
    if info.name == "ktri":
        return [info.chosen["rid"]]
    if info.name == "kari":
        return [recipient["rid"] for recipient in info.chosen["recipient_encrypted_keys"]]
    return []


def content_key(info: Any, identity: RecipientIdentity) -> bytes | None:
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
