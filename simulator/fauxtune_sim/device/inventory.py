"""The items on a device (keys, trusted certificates, mail accounts): compared before and after, and described in text.

Platforms name items in their own ways (an alias, a profile's title, a hash). The text is the same for all: the use of a
certificate and the first digits of its SHA-1 thumbprint, which the key store's listing shows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography import x509

from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.certificates import mark, usage
from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.mail.accounts import MailAccount

#: A key, a trusted certificate (DER), or a mail account.
InventoryItem = KeyEntry | bytes | MailAccount
_USES = {"signing": "signing ", "encryption": "encryption ", "both": "signing and encryption "}


@dataclass(frozen=True, slots=True)
class Inventory:
    """The items on a device at one moment, by names that do not change. Taken at each check-in: three dict copies."""

    keys: Mapping[str, KeyEntry]
    trusted: Mapping[str, bytes]
    accounts: Mapping[str, MailAccount]

    @classmethod
    def of(cls, device: Device) -> Inventory:
        """The inventory of a device now."""
        return cls(dict(device.keystore.entries), dict(device.keystore.trusted), dict(device.accounts))

    def without(self, other: Inventory) -> list[InventoryItem]:
        """The items that `other` lacks, or has with another content."""
        pairs: tuple[tuple[Mapping[str, InventoryItem], Mapping[str, InventoryItem]], ...] = (
            (self.keys, other.keys),
            (self.trusted, other.trusted),
            (self.accounts, other.accounts),
        )
        return [item for own, others in pairs for name, item in own.items() if others.get(name) != item]


def describe_items(items: Iterable[InventoryItem]) -> str:
    """Describe items in one line: `signing certificate b045d84f; trusted certificates 4c45f58c, 94c36b7f`."""
    names_by_type: dict[str, list[str]] = {}
    for item in items:
        item_type, name = _type_and_name(item)
        names_by_type.setdefault(item_type, []).append(name)
    return "; ".join(
        f"{item_type}{'' if len(names) == 1 else 's'} {', '.join(names)}" for item_type, names in names_by_type.items()
    )


def _type_and_name(item: InventoryItem) -> tuple[str, str]:
    if isinstance(item, MailAccount):
        # Outlook's configuration has no address: its user sets the account up.
        return ("mail account", item.address) if item.address else ("app configuration", item.package)
    if isinstance(item, bytes):
        return "trusted certificate", mark(x509.load_der_x509_certificate(item))
    certificate = x509.load_der_x509_certificate(item.certificate)
    try:
        use = _USES.get(usage(certificate), "")
    except ValueError:  # an extension that cannot be parsed
        use = ""
    return f"{use}certificate", mark(certificate)
