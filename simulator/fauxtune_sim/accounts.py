"""The mail accounts that management set up on a device: what the mail application was told. Passwords are not in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class MailAccount:
    """One account. `package` is the application that has it; `digest` names the configuration that it was made from."""

    id: str
    package: str
    digest: str
    configuration: dict[str, Any] = field(default_factory=dict)

    @property
    def login_alias(self) -> str | None:
        """The alias of the certificate with which it signs in to the server, if it does."""
        found = self.configuration.get("exchange_login_certificate_alias")
        return found if isinstance(found, str) and found else None

    def row(self) -> dict[str, Any]:
        """The account as a listing shows it."""
        return {
            "alias": self.id,
            "source": "email",
            "package": self.package,
            "address": self.configuration.get("email_address"),
            "host": self.configuration.get("exchange_host"),
            "loginAlias": self.login_alias,
            "hasKey": False,
        }
