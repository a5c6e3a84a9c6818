"""PFX passwords that are encrypted for the connector are opened, and sealed for one device.

What Intune's PFX connector does. The PFX itself goes to the device as it came; it is opened here once, at its first
delivery, to see that password and file belong together. Ruled by the import cmdlets' source (microsoft/
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
from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable, PfxWithoutKey
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import envelope
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import read_pfx

#: Graph's userPfxPaddingScheme, as far as passwords can still be encrypted with it. Compared without regard to case.
PADDINGS: dict[str, type[hashes.HashAlgorithm]] = {
    "oaepsha256": hashes.SHA256,
    "oaepsha384": hashes.SHA384,
    "oaepsha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOrder:
    """One imported certificate for one device. `encrypted_password` is the RSA ciphertext, big-endian.

    `already_verified`: this file was opened with this password before, so it is not opened again. The names of provider
    and key are for messages.
    """

    encrypted_password: bytes = field(repr=False)
    pfx: bytes = field(repr=False)
    padding: str
    thumbprint: str
    recipient: x509.Certificate
    already_verified: bool
    provider_name: str = ""
    key_name: str = ""
    wrapping: Wrapping = field(default=BARE, repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What only the device can read (DER CMS), and the certificates of the files that were opened for it: those that
    were not `already_verified`. A certificate is public; the service may know it.
    """

    data: bytes = field(repr=False)
    opened: tuple[x509.Certificate, ...] = ()


#: An order, and the private key that it names: None if the connector has none of that name.
Keyed = tuple[ImportedOrder, PrivateKey | None]


def reencrypt(order: ImportedOrder, private_key: PrivateKey | None) -> bytes:
    """The wrapped PFX password, sealed for the device (DER CMS). `private_key` is the record's key, None if there is
    none.

    Safe to repeat. Raises ConnectorRefused's kinds only.
    """
    return seal_together([(order, private_key)], wrapping=order.wrapping, recipient=order.recipient).data


def seal_together(parts: Sequence[Keyed], *, wrapping: Wrapping, recipient: x509.Certificate) -> Sealed:
    """Several files with their passwords in one wrapping, sealed for the device: what an account carries."""
    files, found = [], []
    for order, private_key in parts:
        password = open_password(order, private_key)
        if not order.already_verified:
            found.append(verify(order, password))
        files.append((order.pfx, password))
    try:
        content = wrapping.filled(files)
    except Invalid as error:
        raise PasswordUnfit(f"{parts[0][0].thumbprint}: {error.message}") from None
    try:
        return Sealed(envelope(content, recipient), tuple(found))
    except Invalid as error:
        raise RecipientUnfit(error.message) from None


def open_password(order: ImportedOrder, private_key: PrivateKey | None) -> bytes:
    """The PFX password's bytes. KeyMissing, PaddingUnsupported or PasswordUndecryptable."""
    where = f"key {order.key_name!r} of provider {order.provider_name!r}"
    if not isinstance(private_key, RSAPrivateKey):
        if not order.key_name:
            raise KeyMissing(
                f"The imported certificate {order.thumbprint} names no connector key: it was imported with a "
                "public-key file alone. Import it again with providerName and keyName."
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
            f"the {where} makes {private_key.key_size // 8}."
        )
    try:
        return private_key.decrypt(order.encrypted_password, OAEP(MGF1(algorithm()), algorithm(), None))
    except ValueError:
        raise PasswordUndecryptable(
            f"The PFX password of {order.thumbprint} cannot be decrypted with the {where} and {order.padding}: "
            "it was encrypted with another key or another hash."
        ) from None


def verify(order: ImportedOrder, password: bytes) -> x509.Certificate:
    """Opens the PFX, and gives the certificate that it is about. PfxNotOpened, PfxBroken, PfxKeyMissing or
    ThumbprintDiffers.
    """
    try:
        contents = read_pfx(order.pfx, password, thumbprint=order.thumbprint)
    except PfxPasswordWrong:
        raise PfxNotOpened(
            f"The PFX file of {order.thumbprint} does not open with the password sent with it."
        ) from None
    except PfxUnreadable as error:
        raise PfxBroken(f"The imported file of {order.thumbprint} cannot be read. {error.message}") from None
    except PfxWithoutKey as error:
        raise PfxKeyMissing(f"The imported file of {order.thumbprint} is no identity. {error.message}") from None
    found = thumbprint(contents.certificate)
    if found != order.thumbprint.lower():
        raise ThumbprintDiffers(f"The PFX file holds the certificate {found}, not {order.thumbprint.lower()}.")
    return contents.certificate
