"""Read payloads with certificates and identities: com.apple.security.{pkcs12, root, pkcs1, pem, scep} (Apple).

com.apple.eas.account, com.apple.mail.managed and com.apple.mdm are read elsewhere; other payloads are stored without
effect. Older systems cannot read every PKCS#12 file (RFC 7292): not PBES2, and no MAC other than SHA-1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from asn1crypto import pkcs12
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.apple.enrollment import MDM
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.faults import Code, Fault, Fields
from fauxtune_sim.apple.mail_account import EXCHANGE, MAIL
from fauxtune_sim.apple.profiles import Payload
from fauxtune_sim.cms.der import DAMAGE
from fauxtune_sim.errors import PfxPasswordWrong, PfxRefused, PfxWithoutIdentity
from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.keys.pfx import read_pfx
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING, RequestSettings, ScepSettings, Subject
from fauxtune_sim.scep.enroller import Issued

PKCS12, SCEP = "com.apple.security.pkcs12", "com.apple.security.scep"
ESCROW = "com.apple.security.FDERecoveryKeyEscrow"
_PEM = "com.apple.security.pem"
CERTIFICATES = frozenset({"com.apple.security.root", "com.apple.security.pkcs1", _PEM})
#: Identifiers by which the emulator names the source of an identity.
_SOURCE = re.compile(r"\.(pkcs|imported|scep)\.([0-9A-Za-z-]+)(?:\.|$)")
_VARIABLE = r"%(\w+)%"
#: Apple: Keysize and Key Usage of com.apple.security.scep.
_KEY_SIZES = (1024, 2048, 4096)
_KEY_USAGES = {SIGNING: 1, ENCRYPTION: 4}


def is_modern(data: bytes) -> bool:
    """Whether the file needs a system that implements PBES2; False for a damaged file, which `read_pfx` refuses."""
    try:
        pfx = pkcs12.Pfx.load(data, strict=True)
        mac = pfx["mac_data"]
        if isinstance(mac, pkcs12.MacData) and mac["mac"]["digest_algorithm"]["algorithm"].native != "sha1":
            return True
        return any(name == "pbes2" for name in _ciphers(pfx["auth_safe"]["content"].native))
    except DAMAGE:
        return False


def _ciphers(content: bytes) -> Iterator[Any]:
    for safe in pkcs12.AuthenticatedSafe.load(content):
        if safe["content_type"].native == "encrypted_data":
            inner = safe["content"]["encrypted_content_info"]
            yield inner["content_encryption_algorithm"]["algorithm"].native
            continue
        for bag in pkcs12.SafeContents.load(safe["content"].native):
            if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                yield bag["bag_value"]["encryption_algorithm"]["algorithm"].native


def rank(payload: Payload) -> int:
    """The order of installation: certificates, SCEP, payloads that use identities, MDM last."""
    ranks = {SCEP: 1, ESCROW: 1, EXCHANGE: 2, MAIL: 2, MDM: 3}
    return ranks.get(payload.type, 0)


def certificate(payload: Payload) -> bytes:
    """The certificate of a root, pkcs1 or pem payload, DER. Raises Fault if it is malformed."""
    data = payload.keys.required("PayloadContent", bytes)
    load = x509.load_pem_x509_certificate if payload.type == _PEM else x509.load_der_x509_certificate
    try:
        return load(data).public_bytes(Encoding.DER)
    except ValueError as broken:
        raise Fault(Code.CERTIFICATE_MALFORMED, f"{payload.keys.what} holds no certificate: {broken}") from broken


def escrow_certificate(payload: Payload, certificates: Mapping[str, bytes]) -> bytes:
    """The certificate that a FDERecoveryKeyEscrow payload names, of those of its profile (DER). Raises Fault if it
    names none of them.
    """
    der = certificates.get(payload.keys.text("EncryptCertPayloadUUID"))
    if der is None:
        raise Fault(Code.PAYLOAD_VALUE, f"{payload.keys.what} names no certificate of its profile")
    return der


def identity(payload: Payload, system: System, *, profile: str) -> KeyEntry:
    """The identity of a pkcs12 payload. Raises Fault if the file does not open with the payload's password."""
    data = payload.keys.required("PayloadContent", bytes)
    password = payload.keys.optional("Password", str) or ""
    if is_modern(data) and not system.reads_modern_pkcs12:
        # Unverified: older systems report a wrong password, as they cannot compute the MAC.
        raise Fault(Code.PKCS12_PASSWORD, f"{payload.keys.what}: this system cannot read the file's ciphers")
    try:
        contents = read_pfx(data, password.encode())
    except PfxPasswordWrong as wrong:
        raise Fault(Code.PKCS12_PASSWORD, f"{payload.keys.what}: {wrong}") from wrong
    except PfxWithoutIdentity as wrong:
        raise Fault(Code.NOT_AN_IDENTITY, f"{payload.keys.what}: {wrong}") from wrong
    except PfxRefused as wrong:
        raise Fault(Code.CERTIFICATE_MALFORMED, f"{payload.keys.what}: {wrong}") from wrong
    source, origin = _origin(payload.identifier, profile)
    open_to_all, extractable = _use_of_key(payload.keys, system)
    return KeyEntry(
        alias=payload.identifier if origin is None else f"{source}-{origin}",
        source=source,
        certificate=contents.certificate.public_bytes(Encoding.DER),
        key=contents.key_bytes(),
        chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in contents.chain),
        profile_id=origin,
        digest=hashlib.sha256(data).hexdigest(),
        open_to_all=open_to_all,
        extractable=extractable,
    )


def _use_of_key(keys: Fields, system: System) -> tuple[bool, bool]:
    """AllowAllAppsAccess and KeyIsExtractable. Apple: both are for macOS; the default is false for the first and true
    for the second.
    """
    open_to_all = system.is_mac and keys.flag("AllowAllAppsAccess")
    return open_to_all, not system.is_mac or keys.optional("KeyIsExtractable", bool) is not False


def _origin(*identifiers: str) -> tuple[str, str | None]:
    """The source of an identity and its profile's id, by the identifiers; (`pkcs`, None) if they do not name it."""
    for identifier in identifiers:
        if (match := _SOURCE.search(identifier)) is not None:
            return match[1], match[2]
    return "pkcs", None


def scep_identity(
    payload: Payload, issued: Issued, *, profile: str, settings: ScepSettings, system: System
) -> KeyEntry:
    """The key store's entry for the identity that was issued for a scep payload."""
    open_to_all, extractable = _use_of_key(_scep_keys(payload), system)
    _, origin = _origin(payload.identifier, profile)
    return issued.entry(
        payload.identifier if origin is None else f"scep-{origin}",
        digest=settings.identifier,
        profile_id=origin,
        open_to_all=open_to_all,
        extractable=extractable,
    )


def scep_settings(payload: Payload, macros: Mapping[str, str]) -> ScepSettings:
    """Read a scep payload and replace its variables (`%SerialNumber%`). Raises Fault for a bad value.

    Defaults are Apple's: 1,024 bits, three retries, ten seconds apart.
    """
    keys = _scep_keys(payload)
    if (kind := keys.optional("Key Type", str) or "RSA").upper() != "RSA":
        raise Fault(Code.PAYLOAD_VALUE, f"Key Type is {kind}, not RSA")
    return ScepSettings(
        url=keys.text("URL"),
        request=_request(keys, macros),
        name=keys.optional("Name", str) or "",
        fingerprint=keys.optional("CAFingerprint", bytes) or None,
        retries=max(keys.number("Retries", 3), 0),
        retry_delay=float(max(keys.number("RetryDelay", 10), 0)),
        # apple/device-management, com.apple.security.scep: the first retry is attempted without this delay.
        at_once=True,
    )


def _scep_keys(payload: Payload) -> Fields:
    return Fields(payload.keys.required("PayloadContent", dict), payload.keys.what)


def _request(keys: Fields, macros: Mapping[str, str]) -> RequestSettings:
    size, usage = keys.number("Keysize", 1024), keys.number("Key Usage", 0)
    if size not in _KEY_SIZES:
        raise Fault(Code.PAYLOAD_VALUE, f"Keysize is {size}, not one of {', '.join(map(str, _KEY_SIZES))}")
    names = Fields(keys.optional("SubjectAltName", dict) or {}, f"SubjectAltName of {keys.what}")
    return RequestSettings(
        subject=_subject(keys, macros),
        challenge=_replaced(keys.optional("Challenge", str) or "", macros),
        key_size=size,
        key_usages=tuple(name for name, bit in _KEY_USAGES.items() if usage & bit),
        mail_names=names.texts("rfc822Name"),
        dns_names=names.texts("dNSName"),
        uris=names.texts("uniformResourceIdentifier"),
        principal_names=names.texts("ntPrincipalName"),
    )


def _subject(keys: Fields, macros: Mapping[str, str]) -> Subject:
    """`[[["CN","x"]],[["O","Acme"]]]`: an array of RDNs, each an array of pairs of type and value."""
    wrong = Fault(Code.PAYLOAD_FIELD_TYPE, f"Subject of {keys.what} is not an array of arrays of pairs of texts")
    parts: list[Any] = keys.optional("Subject", list) or []
    if not all(isinstance(part, list) and all(_is_pair(pair) for pair in part) for part in parts):
        raise wrong
    return tuple(tuple((name, _replaced(value, macros)) for name, value in part) for part in parts)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(text, str) for text in value)


def _replaced(text: str, macros: Mapping[str, str]) -> str:
    return re.sub(_VARIABLE, lambda match: macros.get(match[1], match[0]), text)
