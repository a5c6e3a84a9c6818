"""The mail accounts that management set up on a device, without their passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


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
