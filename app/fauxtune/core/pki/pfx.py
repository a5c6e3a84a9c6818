"""PKCS#12 files (RFC 7292): written for a user's new certificate, read from an administrator's import.

Decides which certificate of a file is the identity, and why a file cannot be used. An imported file is never rewritten:
its bytes are delivered as they are. cryptography's reader is not used, because it tests an RSA key's primes at each
load, which blocks the process for 36 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from asn1crypto import cms, pkcs12
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import pkcs12 as writer

from fauxtune.core import chance
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable, PfxWithoutKey
from fauxtune.core.pki import pbe
from fauxtune.core.pki.authority import PrivateKey, PublicKey
from fauxtune.core.pki.cms import MALFORMED
from fauxtune.core.pki.der import LARGEST_PFX, check_limits
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import thumbprint as thumbprint_of
from fauxtune.core.pki.pfx_repeated import write_repeated

_DEEPEST = 8
#: The most keys, certificates and other bags in one file, and the most parts: each may cost a decryption.
_MOST_BAGS = 100


@dataclass(frozen=True, slots=True)
class PfxContents:
    """The contents of a file: an identity, and the other certificates: its issuers first, nearest first,
    then the rest.
    """

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    name: str | None = None
    #: The thumbprints of all certificates whose key is in the file, that of `certificate` among them.
    identities: tuple[str, ...] = ()


#: The object identifiers under which PKCS#12 files say how they are encrypted, DER: PBES2 (RFC 8018 A.4), and the
#: schemes of RFC 7292 appendix C. The last arc of each is unused as 99.
_CIPHERS = (
    bytes.fromhex("06092a864886f70d01050d"),
    *(bytes.fromhex(f"060a2a864886f70d010c010{n}") for n in range(1, 7)),
)
_UNKNOWN = b"\x63"


@dataclass(slots=True)
class _Bags:
    """The keys and certificates in a file, decrypted with one encoding of the password."""

    keys: list[PrivateKey] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    names: dict[x509.Certificate, str] = field(default_factory=dict)
    bags: int = 0


def has_modern_ciphers(data: bytes) -> bool:
    """Whether a file is encrypted with PBES2, which needs no password to see."""
    return _CIPHERS[0] in data


def with_unknown_cipher(data: bytes) -> bytes:
    """Return the file with ciphers that nobody knows: it has the same length, and its MAC does not fit any more."""
    for cipher in _CIPHERS:
        data = data.replace(cipher, cipher[:-1] + _UNKNOWN)
    return data


def write_pfx(
    *,
    key: PrivateKey,
    certificate: x509.Certificate,
    chain: tuple[x509.Certificate, ...] | list[x509.Certificate],
    password: str,
    name: str,
    rounds: int = 2048,
    legacy: bool = False,
) -> bytes:
    """Write a PKCS#12 file. `name` is the friendly name that devices show.

    PBES2 with AES-256 and PBKDF2-SHA-256, MAC SHA-256; `legacy`: 3DES and SHA-1, for systems that read nothing newer.
    Raises Invalid for an empty password.
    """
    if not password or not 0 < rounds <= pbe.MOST_ROUNDS:
        raise Invalid("A PFX needs a password, and at least one key derivation round.", target="password")
    if chance.present() is not None:
        certificates = [certificate, *chain]
        return write_repeated(
            key=key, certificates=certificates, password=password, name=name, rounds=rounds, legacy=legacy
        )
    algorithm = writer.PBES.PBESv1SHA1And3KeyTripleDESCBC if legacy else writer.PBES.PBESv2SHA256AndAES256CBC
    mac = hashes.SHA1() if legacy else hashes.SHA256()  # noqa: S303 - old systems read nothing else
    protection = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(algorithm)
        .kdf_rounds(rounds)
        .hmac_hash(mac)
        .build(password.encode())
    )
    return writer.serialize_key_and_certificates(name.encode(), key, certificate, list(chain), protection)


def check_pfx_structure(data: bytes) -> None:
    """Raise PfxUnreadable for what no password can open, as far as that is seen without one: another structure than
    PKCS#12, an unknown cipher, too many parts, or more key derivation than one file may ask for. Nothing is decrypted.
    """
    try:
        pfx, content = _outer(data)
        budget = pbe.Budget()
        if pfx["mac_data"].native is not None:
            pbe.spend_for_mac(pfx["mac_data"], budget)
        contained = _Bags()
        for part in _parts(content):
            if part["content_type"].native == "data":
                for bag in _bags(bytes(part["content"].native), contained):
                    if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                        pbe.spend_for_cipher(bag["bag_value"]["encryption_algorithm"], budget)
            else:
                pbe.spend_for_cipher(_sealed(part)["content_encryption_algorithm"], budget)
    except MALFORMED as error:
        raise _unreadable(error) from None


def read_pfx(data: bytes, password: bytes, *, thumbprint: str | None = None) -> PfxContents:
    """Read the identity in a file: the certificate whose key is in it too.

    Of several, the one with this SHA-1 thumbprint, else the first. The password's bytes may be UTF-8 or one byte for
    each character. Raises PfxPasswordWrong, PfxWithoutKey, or PfxUnreadable for everything else. The primes of RSA keys
    are not tested.
    """
    try:
        pfx, content = _outer(data)
        candidates = pbe.password_encodings(password)
        budget = pbe.Budget()
        with_mac = pfx["mac_data"].native is not None
        if with_mac:
            candidates = _authenticated(candidates, pfx=pfx, content=content, budget=budget)
        bags = _opened(candidates, content=content, budget=budget, with_mac=with_mac)
        return _identity(bags, thumbprint)
    except MALFORMED as error:
        raise _unreadable(error) from None


def _outer(data: bytes) -> tuple[pkcs12.Pfx, bytes]:
    """The file, and the bytes that the MAC protects. Raises one of MALFORMED."""
    pfx = pkcs12.Pfx.load(check_limits(data, largest=LARGEST_PFX), strict=True)
    if pfx["version"].native != "v3":
        raise ValueError("its version is not 3")
    safe = pfx["auth_safe"]
    if safe["content_type"].native != "data":
        raise ValueError("it is not protected by a password")
    content = safe["content"].native
    if not isinstance(content, bytes) or not content:
        raise ValueError("it is empty")
    return pfx, content


def _authenticated(
    candidates: list[pbe.Password], *, pfx: pkcs12.Pfx, content: bytes, budget: pbe.Budget
) -> list[pbe.Password]:
    """The encodings of the password with which the MAC fits. The MAC is computed once for each possible key."""
    verdicts: dict[bytes, bool] = {}
    fitting = []
    pbmac1 = "." in pfx["mac_data"]["mac"]["digest_algorithm"]["algorithm"].native
    for candidate in candidates:
        key = candidate.octets if pbmac1 else candidate.bmp
        if key not in verdicts:
            verdicts[key] = pbe.mac_fits(pfx["mac_data"], content, password=candidate, budget=budget)
        if verdicts[key]:
            fitting.append(candidate)
    if not fitting:
        raise PfxPasswordWrong("The PFX file does not open with this password.")
    return fitting


def _opened(candidates: list[pbe.Password], *, content: bytes, budget: pbe.Budget, with_mac: bool) -> _Bags:
    """The contents, decrypted with the first encoding of the password that works."""
    problem: Exception | None = None
    for candidate in candidates:
        bags = _Bags()
        try:
            for part in _parts(content):
                _take_bags(
                    _plain_part(part, password=candidate, budget=budget), bags, password=candidate, budget=budget
                )
        except MALFORMED as error:
            problem = problem or error
            continue
        return bags
    if not with_mac:
        raise PfxPasswordWrong("The PFX file does not open with this password.")
    raise _unreadable(problem)


def _parts(content: bytes) -> pkcs12.AuthenticatedSafe:
    parts = pkcs12.AuthenticatedSafe.load(check_limits(content, largest=LARGEST_PFX), strict=True)
    if len(parts) > _MOST_BAGS:
        raise ValueError(f"it has more than {_MOST_BAGS} parts")
    return parts


def _plain_part(part: cms.ContentInfo, *, password: pbe.Password, budget: pbe.Budget) -> bytes:
    if part["content_type"].native == "data":
        return bytes(part["content"].native)
    sealed = _sealed(part)
    return pbe.decrypt(
        sealed["content_encryption_algorithm"], sealed["encrypted_content"].native, password=password, budget=budget
    )


def _sealed(part: cms.ContentInfo) -> cms.EncryptedContentInfo:
    kind = part["content_type"].native
    if kind != "encrypted_data":
        raise ValueError(f"a part of it is {kind}, which no password opens")
    return part["content"]["encrypted_content_info"]


def _take_bags(contents: bytes, contained: _Bags, *, password: pbe.Password, budget: pbe.Budget) -> None:
    """Collect the keys and certificates of one part, and of the parts inside it."""
    for bag in _bags(contents, contained):
        match bag["bag_id"].native:
            case "cert_bag":
                _take_certificate(bag, contained)
            case "key_bag":
                _take_key(bag["bag_value"].untag().dump(), contained)
            case "pkcs8_shrouded_key_bag":
                sealed = bag["bag_value"]
                algorithm, data = sealed["encryption_algorithm"], sealed["encrypted_data"].native
                _take_key(pbe.decrypt(algorithm, data, password=password, budget=budget), contained)


def _bags(contents: bytes, contained: _Bags) -> Iterator[pkcs12.SafeBag]:
    """The bags of one part, and of the parts inside it. `contained` counts those of the whole file."""
    waiting = [(pkcs12.SafeContents.load(check_limits(contents, largest=LARGEST_PFX), strict=True), 0)]
    while waiting:
        bags, depth = waiting.pop(0)
        contained.bags += len(bags)
        if contained.bags > _MOST_BAGS:
            raise ValueError(f"it has more than {_MOST_BAGS} keys and certificates")
        for bag in bags:
            if bag["bag_id"].native != "safe_contents":
                yield bag
            elif depth < _DEEPEST:
                waiting.append((bag["bag_value"], depth + 1))


def _take_key(der: bytes, bags: _Bags) -> None:
    admitted = check_limits(der, largest=LARGEST_PFX)
    key = serialization.load_der_private_key(admitted, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        bags.keys.append(key)


def _take_certificate(bag: pkcs12.SafeBag, bags: _Bags) -> None:
    if bag["bag_value"]["cert_id"].native != "x509":
        return
    try:
        certificate = certificate_from(bytes(bag["bag_value"]["cert_value"]))
    except Invalid as error:
        raise ValueError(f"a certificate in it is broken: {error.message}") from None
    bags.certificates.append(certificate)
    for attribute in (bag["bag_attributes"].native and bag["bag_attributes"]) or ():
        if attribute["type"].native == "friendly_name" and attribute["values"].native:
            bags.names[certificate] = str(attribute["values"].native[0])


def _identity(bags: _Bags, thumbprint: str | None) -> PfxContents:
    keys = {_public(key.public_key()): key for key in reversed(bags.keys)}
    pairs = [
        (keys[spki], certificate) for certificate in bags.certificates if (spki := _public_of(certificate)) in keys
    ]
    if not pairs:
        what = "no private key" if not bags.keys else "no certificate that belongs to its private key"
        raise PfxWithoutKey(f"The PFX file holds {what}.")
    chosen = [pair for pair in pairs if thumbprint and thumbprint_of(pair[1]) == thumbprint.lower()]
    key, certificate = (chosen or pairs)[0]
    others = [other for other in dict.fromkeys(bags.certificates) if other != certificate]
    return PfxContents(
        key=key,
        certificate=certificate,
        chain=_issuers_first(certificate, others),
        name=bags.names.get(certificate),
        identities=tuple(dict.fromkeys(thumbprint_of(pair[1]) for pair in pairs)),
    )


def _issuers_first(certificate: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    ordered: list[x509.Certificate] = []
    rest = list(others)
    current = certificate
    while issuer := next((other for other in rest if other.subject == current.issuer), None):
        rest.remove(issuer)
        ordered.append(issuer)
        current = issuer
    return (*ordered, *rest)


def _public(key: PublicKey) -> bytes:
    """A public key in comparable form: its DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _public_of(certificate: x509.Certificate) -> bytes:
    """A certificate's key in comparable form; empty for a kind of key that no identity here has."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return b""
    return _public(key) if isinstance(key, RSAPublicKey | EllipticCurvePublicKey) else b""


def _unreadable(error: Exception | None) -> PfxUnreadable:
    detail = str(error).strip().splitlines()[0] if error and str(error).strip() else "its structure is damaged"
    return PfxUnreadable(f"This is no PKCS#12 (PFX) file that can be read: {detail}")
