"""Imported PFX files: the password, encrypted for the connector, is decrypted and encrypted for one device.

Intune's PFX connector does the same. The file goes to the device unchanged; it is opened here once, at its first
delivery, to check that the password belongs to it. Source: the import cmdlets' source (microsoft/
Intune-Resource-Access, PFXImportPowershell): RSA-OAEP with an empty label and the same hash for MGF1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.refusals import (
    KeyMissing,
    PaddingUnsupported,
    PasswordUndecryptable,
    PasswordUnfit,
    PfxBroken,
    PfxKeyMissing,
    PfxNotOpened,
    RecipientUnfit,
    ThumbprintDiffers,
)
from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable, PfxWithoutKey
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import envelope
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import read_pfx

#: The values of Graph's userPfxPaddingScheme with which passwords can still be encrypted, in lower case.
PADDINGS: dict[str, type[hashes.HashAlgorithm]] = {
    "oaepsha256": hashes.SHA256,
    "oaepsha384": hashes.SHA384,
    "oaepsha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOrder:
    """One PFX file with its password. `encrypted_password` is the RSA ciphertext, big-endian.

    `already_verified`: this file was opened with this password before, so it is not opened again. The names of provider
    and key are for messages.
    """

    encrypted_password: bytes = field(repr=False)
    pfx: bytes = field(repr=False)
    padding: str
    thumbprint: str
    already_verified: bool
    provider_name: str = ""
    key_name: str = ""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Content that only the device can read (DER CMS), and the certificates of the files that were opened for it: those
    that were not `already_verified`. Certificates are public: the service may know them.
    """

    data: bytes = field(repr=False)
    opened: tuple[x509.Certificate, ...] = ()


#: An order and the private key that it names; None if the connector has no such key.
KeyedOrder = tuple[ImportedOrder, PrivateKey | None]


def reencrypt(parts: Sequence[KeyedOrder], *, wrapping: Wrapping, recipient: x509.Certificate) -> Sealed:
    """Encrypt the passwords of one or several files for the device, in one wrapping (several: those of an account).

    Safe to repeat. Raises subclasses of ConnectorRefused only.
    """
    files, opened = [], []
    for order, private_key in parts:
        password = open_password(order, private_key)
        if not order.already_verified:
            opened.append(verify(order, password))
        files.append((order.pfx, password))
    try:
        content = wrapping.filled(files)
    except Invalid as error:
        raise PasswordUnfit(f"{parts[0][0].thumbprint}: {error.message}") from None
    try:
        return Sealed(envelope(content, recipient), tuple(opened))
    except Invalid as error:
        raise RecipientUnfit(error.message) from None


def open_password(order: ImportedOrder, private_key: PrivateKey | None) -> bytes:
    """Return the PFX password. Raises KeyMissing, PaddingUnsupported or PasswordUndecryptable."""
    where = f"key {order.key_name!r} of provider {order.provider_name!r}"
    if not isinstance(private_key, RSAPrivateKey):
        if not order.key_name:
            raise KeyMissing(
                f"The imported certificate {order.thumbprint} names no key of the connector: it was imported with a "
                "public-key file only. Import it again with providerName and keyName."
            )
        raise KeyMissing(f"The connector has no RSA {where}, which the imported certificate {order.thumbprint} names.")
    algorithm = PADDINGS.get(order.padding.lower())
    if algorithm is None:
        raise PaddingUnsupported(
            f"The padding scheme {order.padding!r} of the imported certificate {order.thumbprint} is not supported; "
            "oaepSha256, oaepSha384 and oaepSha512 are."
        )
    if len(order.encrypted_password) != private_key.key_size // 8:
        raise PasswordUndecryptable(
            f"The encrypted PFX password of {order.thumbprint} has {len(order.encrypted_password)} bytes; "
            f"the {where} encrypts to {private_key.key_size // 8} bytes."
        )
    try:
        return private_key.decrypt(order.encrypted_password, OAEP(MGF1(algorithm()), algorithm(), None))
    except ValueError:
        raise PasswordUndecryptable(
            f"The PFX password of {order.thumbprint} cannot be decrypted with the {where} and {order.padding}: "
            "it was encrypted with another key or another hash."
        ) from None


def verify(order: ImportedOrder, password: bytes) -> x509.Certificate:
    """Open the PFX file and return its certificate. Raises PfxNotOpened, PfxBroken, PfxKeyMissing or
    ThumbprintDiffers.
    """
    try:
        contents = read_pfx(order.pfx, password, thumbprint=order.thumbprint)
    except PfxPasswordWrong:
        raise PfxNotOpened(
            f"The PFX file of {order.thumbprint} cannot be opened with the password that was imported with it."
        ) from None
    except PfxUnreadable as error:
        raise PfxBroken(f"The imported file of {order.thumbprint} cannot be read. {error.message}") from None
    except PfxWithoutKey as error:
        raise PfxKeyMissing(
            f"The imported file of {order.thumbprint} has no private key for it. {error.message}"
        ) from None
    actual = thumbprint(contents.certificate)
    if actual != order.thumbprint.lower():
        raise ThumbprintDiffers(f"The PFX file holds the certificate {actual}, not {order.thumbprint.lower()}.")
    return contents.certificate
