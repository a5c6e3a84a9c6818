"""The mail accounts that management set up on a device: what the mail application was told. Passwords are not in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Setting(StrEnum):
    """What of an account's S/MIME settings a user may change, where the account lets them."""

    SIGN = "sign"
    SIGNING_IDENTITY = "signing-identity"
    ENCRYPT = "encrypt"
    ENCRYPTION_IDENTITY = "encryption-identity"


@dataclass(frozen=True, slots=True)
class MailAccount:
    """One account.

    `package` is the application that has it; `digest` names the configuration that it was made from; `login_alias` is
    the alias of the key with which it signs in to the server, if it does; `configuration` is what the platform was
    told, in the platform's words; `smime` is what it says of signing and encrypting, as `maildefaults` reads it.
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
        """The account as a listing shows it."""
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
