"""An e-mail account as devices get it: its settings, the mailbox, and the certificates that it refers to.

It never contains a password. Intune: "Add email settings to devices".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from fauxtune.core.model.ids import ItemKey


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """A certificate that an account refers to: an item of the same device, as it was when the account was offered."""

    item: ItemKey
    fingerprint: str
    thumbprint: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `kind` is the profile's type; the keys of `certificates` are the navigations of the profile."""

    kind: str
    host: str
    address: str
    username: str
    settings: dict[str, Any] = field(default_factory=dict)
    certificates: dict[str, NamedCertificate] = field(default_factory=dict)

    def with_certificates(self, certificates: dict[str, NamedCertificate]) -> Account:
        """The account with these certificates."""
        return replace(self, certificates=certificates)

    def encode(self) -> bytes:
        """Return the account as it is stored; equal accounts give equal bytes."""
        document = {
            "kind": self.kind,
            "host": self.host,
            "address": self.address,
            "username": self.username,
            "settings": self.settings,
            "certificates": {
                name: {"item": one.item, "fingerprint": one.fingerprint, "thumbprint": one.thumbprint}
                for name, one in self.certificates.items()
            },
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, stored: bytes) -> Account:
        """Read an account that `encode` wrote."""
        document = json.loads(stored)
        certificates = {
            name: NamedCertificate(ItemKey(one["item"]), fingerprint=one["fingerprint"], thumbprint=one["thumbprint"])
            for name, one in document.pop("certificates").items()
        }
        return cls(**document, certificates=certificates)

    @property
    def fingerprint(self) -> str:
        """A hash of the settings and the certificates: when it changes, the device is offered the account again."""
        return hashlib.sha256(self.encode()).hexdigest()
