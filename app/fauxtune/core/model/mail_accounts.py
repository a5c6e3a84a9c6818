"""Mail: the accounts that devices get, Outlook as an app of a tenant, the bounds of mailboxes and address book, and
e-mail addresses (RFC 5321 4.5.3.1), with those that a user has (Graph: user, mail and proxyAddresses).

An account has settings, the mailbox, and the certificates that it refers to, and never a password (Intune: "Add email
settings to devices"). Outlook for iOS and Android is what an app configuration is for. Unverified: the ids of these
apps, which are a tenant's own in the real service.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.text import JsonObject

#: RFC 5321: 64 characters before the @, 255 after it.
_LONGEST = 320
#: No quoted names, which nearly no mail server takes, and none of the characters that separate addresses in a header.
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f-\x9f]+")
_SMTP = "smtp:"


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


@dataclass(frozen=True, slots=True)
class OutlookApp:
    """One of the two apps. `identifier`: the bundle of iOS or the package of Android; `configured_by`: the type of its
    app configurations.
    """

    id: str
    name: str
    identifier: str
    store: str
    configured_by: str


FOR_IOS = OutlookApp(
    id="c0ffee00-0000-4000-8000-000000a99105",
    name="Microsoft Outlook",
    identifier="com.microsoft.Office.Outlook",
    store="https://apps.apple.com/app/microsoft-outlook/id951937596",
    configured_by="iosMobileAppConfiguration",
)
FOR_ANDROID = OutlookApp(
    id="c0ffee00-0000-4000-8000-000000a99ad0",
    name="Microsoft Outlook",
    identifier="com.microsoft.office.outlook",
    store="https://play.google.com/store/apps/details?id=com.microsoft.office.outlook",
    configured_by="androidManagedStoreAppConfiguration",
)
APPS = (FOR_IOS, FOR_ANDROID)


#: The media type of a whole message (RFC 2046 5.2.1).
MESSAGE = "message/rfc822"
#: Bytes of one message with its headers: the default of Exchange Online for sending ("Exchange Online limits", 2026).
LARGEST_MESSAGE = 35 * 1024 * 1024
#: Messages, and bytes, of one mailbox. Differs from Intune: Exchange Online gives a mailbox 50 GB.
MOST_MESSAGES = 20_000
LARGEST_MAILBOX = 256 * 1024 * 1024
#: Recipients of one message. Differs from Intune: the default of Exchange Online is 500.
MOST_RECIPIENTS = 100
#: Certificates that are published for one address.
MOST_PUBLISHED = 20
#: The wires of mail programs, with their default ports: submission and POP3, each also with TLS from the first byte.
MAIL_PORTS = {"smtp": 8025, "smtps": 8465, "pop3": 8110, "pop3s": 8995}


def address_of(text: str) -> str:
    """Return an address in lower case, as mailboxes and the address book have it. Raises Invalid for another text."""
    address = text.strip().lower()
    if len(address) > _LONGEST or _ADDRESS.fullmatch(address) is None:
        excerpt = address if len(address) <= _LONGEST else f"{address[:40]}…"
        raise Invalid(f"{excerpt!r} is not an e-mail address such as alice@contoso.example.", target="address")
    return address


def addresses_of(user: JsonObject) -> tuple[str, ...]:
    """Return the addresses of a user, in lower case: the mail address first, then the userPrincipalName, then the other
    SMTP addresses.
    """
    others = (str(proxy_address) for proxy_address in user.get("proxyAddresses") or ())
    smtp = (each[len(_SMTP) :] for each in others if each.lower().startswith(_SMTP))
    every = (user.get("mail"), user.get("userPrincipalName"), *smtp)
    return tuple(dict.fromkeys(str(each).strip().lower() for each in every if each))
