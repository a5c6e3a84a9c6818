"""What a connector does with a request, wherever it runs: inside the server, or as a process of its own.

It is handed an order, the door of the certification authority, and its own keys; it gives back what it made, or why it
refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector import password_escrow
from fauxtune.connector.issue import Certify, PkcsAnswer, PkcsOrder, issue_pkcs
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.reencrypt import ImportedOrder, seal_together
from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.errors import ConnectorRefused, NotFound, Unavailable
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.core.pki.authority import PrivateKey


@dataclass(frozen=True, slots=True)
class Sealing:
    """Files whose passwords the connector opens, and what they are sealed in together, for whom."""

    parts: tuple[ImportedOrder, ...]
    wrapping: Wrapping
    recipient: x509.Certificate


Work = PkcsOrder | Sealing


class Keys(Protocol):
    """The private keys that a connector has."""

    def find(self, provider: str, key_name: str) -> PrivateKey | None:
        """The key of this name; None if there is none. Unavailable when its file is damaged."""
        ...

    def keeper(self) -> RSAPrivateKey:
        """What the passwords of files that it made are kept with."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectorTools:
    """What a connector works with. Passwords of new files come from `password`, which is used once."""

    keys: Keys
    source: KeySource
    password: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was made of a request; exactly one of the first three is there. `opened`: the certificates of the imported
    files that had to be opened for it.
    """

    issued: PkcsAnswer | None = None
    sealed: bytes | None = None
    refusal: ConnectorRefused | None = None
    opened: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """Keys in a folder, by the names of provider and key."""

    store: KeyStore
    files: Mapping[tuple[str, str], str]
    source: KeySource

    def find(self, provider: str, key_name: str) -> PrivateKey | None:
        """The key of this name; None if it has none, or has lost its file."""
        if (provider, key_name) == password_escrow.NAME:
            return self.keeper()
        file = self.files.get((provider, key_name))
        return None if file is None else self.store.load(file)

    def keeper(self) -> RSAPrivateKey:
        """Made when it is first needed."""
        return password_escrow.keeper(self.store, self.source)


def do(work: Work, *, hands: ConnectorTools, certify: Certify | None = None) -> Done:
    """Do the work. Blocks and takes time. Refusals are answers, not exceptions; what else `certify` raises is its
    caller's.
    """
    try:
        if isinstance(work, Sealing):
            parts = [(part, _key(part, hands)) for part in work.parts]
            sealed = seal_together(parts, wrapping=work.wrapping, recipient=work.recipient)
            return Done(sealed=sealed.data, opened=sealed.opened)
        assert certify is not None
        keeper = hands.keys.keeper().public_key() if work.keeps else None
        return Done(issued=issue_pkcs(work, password=hands.password, certify=certify, keys=hands.source, keeper=keeper))
    except ConnectorRefused as refusal:
        return Done(refusal=refusal)


def _key(part: ImportedOrder, hands: ConnectorTools) -> PrivateKey | None:
    try:
        return hands.keys.find(part.provider_name, part.key_name)
    except (NotFound, Unavailable) as error:  # its file is gone, or damaged
        raise ConnectorRefused(error.message, code=REMEDIATION_FAILED) from None
