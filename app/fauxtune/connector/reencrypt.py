"""Imported PFX files: the password, encrypted for the connector, is decrypted and encrypted for one device.

Intune's PFX connector does the same. The file goes to the device unchanged; it is opened here once, at its first
delivery, to check that the password belongs to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509

from fauxtune.connector.passwords import ImportedOrder, Passwords
from fauxtune.connector.refusals import (
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


@dataclass(frozen=True, slots=True)
class Sealed:
    """Content that only the device can read (DER CMS), and the certificates of the files that were opened for it: those
    that were not `already_verified`. Certificates are public: the service may know them.
    """

    data: bytes = field(repr=False)
    opened: tuple[x509.Certificate, ...] = ()


#: An order and the private key that it names; None if the connector has no such key.
KeyedOrder = tuple[ImportedOrder, PrivateKey | None]


def reencrypt(
    parts: Sequence[KeyedOrder], *, wrapping: Wrapping, recipient: x509.Certificate, passwords: Passwords
) -> Sealed:
    """Encrypt the passwords of one or several files for the device, in one wrapping (several: those of an account).
    `passwords`: those that the connector remembers.

    Safe to repeat. Raises subclasses of ConnectorRefused only.
    """
    files, opened = [], []
    for order, private_key in parts:
        password = passwords.open(order, private_key)
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
