"""The mail accounts that management set up on a device, without their passwords; the messages that were fetched, and
the contacts. All of it leaves the device together with the accounts.

Contacts are certificates of correspondents, learned from their signed mail. A signed message brings the certificates of
its signer along (RFC 8551 2.5.3), and mail apps keep those that can encrypt so that the reader can answer encrypted.
Contacts are public certificates in `contacts.json` of the device's folder; messages are files of that folder.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import StateBroken
from fauxtune_sim.keys.certificates import addresses, can_encrypt, is_for_mail, mark

_PREFIX, _SUFFIX = "mail-", ".eml"
CONTACTS = "contacts.json"
#: Certificates that are kept; the ones that were learned first make room.
_MOST = 1_000


class Setting(StrEnum):
    """An S/MIME setting of an account that its user may change if the account allows it."""

    SIGN = "sign"
    SIGNING_IDENTITY = "signing-identity"
    ENCRYPT = "encrypt"
    ENCRYPTION_IDENTITY = "encryption-identity"


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The settings that a user made in a mail app: S/MIME at all; signing and encryption of every mail.

    `signing_identity`: the thumbprint of the chosen signing certificate, or None.
    """

    smime: bool = False
    signs: bool = False
    encrypts: bool = False
    signing_identity: str | None = None


@dataclass(frozen=True, slots=True)
class MailAccount:
    """One mail account.

    `package` is its mail application; `digest` identifies the configuration that it was created from; `login_alias` is
    the alias of the key with which it signs in to the mail server, or None; `configuration` is the delivered
    configuration, with the platform's own keys; `smime` is the document of its `SmimeSettings`.
    """

    id: str
    package: str
    digest: str
    address: str = ""
    host: str = ""
    login_alias: str | None = None
    configuration: dict[str, Any] = field(default_factory=dict)
    smime: dict[str, Any] | None = None

    def row(self) -> dict[str, Any]:
        """The account as a row of the key store's listing."""
        return {
            "alias": self.id,
            "source": "email",
            "package": self.package,
            "address": self.address,
            "host": self.host,
            "loginAlias": self.login_alias,
            "hasKey": False,
            "smime": self.smime,
        }


class MailFolder:
    """The messages of one account: `mail-ACCOUNT-NUMBER-ID.eml`, in the order in which they were fetched."""

    def __init__(self, folder: StateFolder, account: MailAccount) -> None:
        self._folder = folder
        self._prefix = f"{_PREFIX}{_short(account.id)}-"

    def files(self) -> list[Path]:
        """The files, the oldest first."""
        return sorted(self._folder.path.glob(f"{self._prefix}*{_SUFFIX}"))

    def missing(self, unique_ids: Iterable[str]) -> list[str]:
        """Those of the unique ids whose messages are not here."""
        present = {_id_of(path) for path in self.files()}
        return [each for each in unique_ids if _short(each) not in present]

    def add(self, unique_id: str, message: bytes) -> Path:
        """Keep a message."""
        files = self.files()
        number = int(files[-1].name.removeprefix(self._prefix).split("-")[0]) + 1 if files else 1
        name = f"{self._prefix}{number:06d}-{_short(unique_id)}{_SUFFIX}"
        self._folder.write(name, message)
        return self._folder.path / name

    def keep_only(self, unique_ids: Collection[str]) -> int:
        """Remove the messages that are not on the server any more. Returns how many."""
        kept = {_short(each) for each in unique_ids}
        gone = [path for path in self.files() if _id_of(path) not in kept]
        for path in gone:
            self._folder.remove(path.name)
        return len(gone)


def forget_mail(folder: StateFolder, *, except_of: Iterable[str] = ()) -> None:
    """Remove the messages of all accounts but those with these ids."""
    kept = tuple(f"{_PREFIX}{_short(account)}-" for account in except_of)
    for path in folder.path.glob(f"{_PREFIX}*{_SUFFIX}"):
        if not path.name.startswith(kept):
            folder.remove(path.name)


def _short(text: str) -> str:
    """A text from elsewhere as a part of a file name."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _id_of(path: Path) -> str:
    return path.name.removesuffix(_SUFFIX).rpartition("-")[2]


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
