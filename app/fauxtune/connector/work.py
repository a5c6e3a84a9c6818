"""The work of a connector on a request, inside the server or as a process of its own: from an order to the result or a
refusal, with the connector's keys and the certification authority.

Of an imported PFX file the password, encrypted for the connector, is decrypted and encrypted for one device, as
Intune's PFX connector does. The file goes to the device unchanged; it is opened here once, at its first delivery, to
check that the password belongs to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector import password_escrow
from fauxtune.connector.issue import Certify, PkcsAnswer, PkcsOrder, issue_pkcs
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
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
from fauxtune.core.errors import (
    ConnectorRefused,
    Invalid,
    NotFound,
    PfxPasswordWrong,
    PfxUnreadable,
    PfxWithoutKey,
    Unavailable,
)
from fauxtune.core.model.items import REMEDIATION_FAILED
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


@dataclass(frozen=True, slots=True)
class Sealing:
    """Files whose passwords the connector decrypts, to be encrypted together in `wrapping` for `recipient`."""

    parts: tuple[ImportedOrder, ...]
    wrapping: Wrapping
    recipient: x509.Certificate


Work = PkcsOrder | Sealing


class Keys(Protocol):
    """The private keys of a connector."""

    def find(self, provider: str, key_name: str) -> PrivateKey | None:
        """Return the key of this name, if there is one. Raises Unavailable if its file is damaged."""
        ...

    def escrow_key(self) -> RSAPrivateKey:
        """Return the key of the escrowed passwords."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectorTools:
    """The keys that a connector works with, the password of one new file, and those of others that it remembers."""

    keys: Keys
    source: KeySource
    password: str
    passwords: Passwords = field(default_factory=Passwords, repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a request: exactly one of the first three. `opened`: the certificates of the imported files that
    were opened for it.
    """

    issued: PkcsAnswer | None = None
    sealed: bytes | None = None
    refusal: ConnectorRefused | None = None
    opened: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """Keys of a key store by (provider, name)."""

    store: KeyStore
    files: Mapping[tuple[str, str], str]
    source: KeySource

    def find(self, provider: str, key_name: str) -> PrivateKey | None:
        """Return the key of this name, if there is one. Raises NotFound if its file is gone."""
        if (provider, key_name) == password_escrow.NAME:
            return self.escrow_key()
        file = self.files.get((provider, key_name))
        return None if file is None else self.store.load(file)

    def escrow_key(self) -> RSAPrivateKey:
        """Return the key of the escrowed passwords; it is made when first needed."""
        return password_escrow.escrow_key(self.store, self.source)


def do(work: Work, *, tools: ConnectorTools, certify: Certify | None = None) -> Done:
    """Do the work. Blocks. Refusals become results; other exceptions of `certify` are raised."""
    try:
        if isinstance(work, Sealing):
            parts = [(part, _key(part, tools)) for part in work.parts]
            sealed = reencrypt(parts, wrapping=work.wrapping, recipient=work.recipient, passwords=tools.passwords)
            return Done(sealed=sealed.data, opened=sealed.opened)
        assert certify is not None
        escrow_key = tools.keys.escrow_key().public_key() if work.keeps else None
        issued = issue_pkcs(work, password=tools.password, certify=certify, keys=tools.source, escrow_key=escrow_key)
        return Done(issued=issued)
    except ConnectorRefused as refusal:
        return Done(refusal=refusal)


def _key(part: ImportedOrder, tools: ConnectorTools) -> PrivateKey | None:
    try:
        return tools.keys.find(part.provider_name, part.key_name)
    except (NotFound, Unavailable) as error:  # its file is gone, or damaged
        raise ConnectorRefused(error.message, code=REMEDIATION_FAILED) from None
