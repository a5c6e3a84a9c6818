"""The contacts of a device's mail app: certificates of correspondents, learned from their signed mail.

A signed message brings the certificates of its signer along (RFC 8551 2.5.3), and mail apps keep those that can encrypt
so that the reader can answer encrypted. Contacts are public certificates in `contacts.json` of the device's folder;
they leave the device together with its mail accounts.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import StateBroken
from fauxtune_sim.keys.certificates import addresses, can_encrypt, is_for_mail, mark

CONTACTS = "contacts.json"
#: Certificates that are kept; the ones that were learned first make room.
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Contact:
    """A certificate of a correspondent: for which address (lower case), and when it was learned."""

    address: str
    certificate: x509.Certificate
    learned_at: datetime

    def is_usable(self, at: datetime) -> bool:
        """Whether mail can be encrypted to the certificate at this moment."""
        return self.certificate.not_valid_before_utc <= at <= self.certificate.not_valid_after_utc

    def document(self) -> dict[str, Any]:
        """`{"address","certificate","learnedAt"}`, the certificate as base64 of its DER."""
        der = self.certificate.public_bytes(Encoding.DER)
        return {
            "address": self.address,
            "certificate": base64.b64encode(der).decode(),
            "learnedAt": self.learned_at.isoformat(),
        }


class Contacts:
    """The contacts in a device's folder."""

    def __init__(self, folder: StateFolder) -> None:
        """Read the contacts. Raises StateBroken if their file is damaged."""
        self._folder = folder
        document = folder.read_json(CONTACTS) or {"contacts": []}
        try:
            self.entries = [_contact(row) for row in document["contacts"]]
        except (KeyError, TypeError, ValueError) as damaged:
            raise StateBroken(f"{folder.path / CONTACTS} is damaged: {damaged!r}") from damaged

    def of(self, address: str) -> list[Contact]:
        """The contacts with this address, the last learned first."""
        return [entry for entry in reversed(self.entries) if entry.address == address.lower()]

    def learn(self, address: str, certificates: Iterable[x509.Certificate], *, at: datetime) -> list[Contact]:
        """Keep the certificates for this address that can encrypt mail; returns those that are new."""
        wanted = address.lower()
        known = {entry.certificate for entry in self.entries if entry.address == wanted}
        learned = [
            Contact(wanted, certificate, learned_at=at)
            for certificate in dict.fromkeys(certificates)
            if certificate not in known and _is_for(certificate, wanted)
        ]
        if learned:
            self.entries = [*self.entries, *learned][-_MOST:]
            self._folder.write_json(CONTACTS, {"contacts": [entry.document() for entry in self.entries]})
        return learned


def contact_line(contact: Contact) -> str:
    """A contact as a line of text."""
    ends = contact.certificate.not_valid_after_utc
    return f"{contact.address}: certificate {mark(contact.certificate)}, valid until {ends:%Y-%m-%d}"


def _is_for(certificate: x509.Certificate, address: str) -> bool:
    """Whether the certificate is for encrypting mail to this address."""
    try:
        named = {name.lower() for name in addresses(certificate)}
        return address in named and can_encrypt(certificate) and is_for_mail(certificate)
    except ValueError:  # an extension that cannot be parsed
        return False


def _contact(row: dict[str, Any]) -> Contact:
    certificate = x509.load_der_x509_certificate(base64.b64decode(row["certificate"]))
    return Contact(row["address"], certificate, learned_at=datetime.fromisoformat(row["learnedAt"]))
