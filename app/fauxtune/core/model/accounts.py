"""An e-mail account as a device is given it: settings, whose mailbox, and which certificates it names.

Passwords are never part of it. Intune: "Add email settings to devices".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from fauxtune.core.model.ids import ItemKey


@dataclass(frozen=True, slots=True)
class Named:
    """A certificate that an account names: an item of the same device, as it was when the account was given."""

    item: ItemKey
    fingerprint: str
    thumbprint: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `kind` is the profile's type; `certificates` go by the navigation that leads to them."""

    kind: str
    host: str
    address: str
    username: str
    settings: dict[str, Any] = field(default_factory=dict)
    certificates: dict[str, Named] = field(default_factory=dict)

    def naming(self, certificates: dict[str, Named]) -> Account:
        """The account with these certificates."""
        return replace(self, certificates=certificates)

    def encode(self) -> bytes:
        """The account as it is kept; the same account is always the same bytes."""
        document = {
            "kind": self.kind,
            "host": self.host,
            "address": self.address,
            "username": self.username,
            "settings": self.settings,
            "certificates": {
                name: {"item": each.item, "fingerprint": each.fingerprint, "thumbprint": each.thumbprint}
                for name, each in self.certificates.items()
            },
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, kept: bytes) -> Account:
        """The reverse of `encode`."""
        document = json.loads(kept)
        named = {
            name: Named(ItemKey(each["item"]), fingerprint=each["fingerprint"], thumbprint=each["thumbprint"])
            for name, each in document.pop("certificates").items()
        }
        return cls(**document, certificates=named)

    @property
    def fingerprint(self) -> str:
        """When this changes the device is given the account again: the settings, and the certificates it names."""
        return hashlib.sha256(self.encode()).hexdigest()
