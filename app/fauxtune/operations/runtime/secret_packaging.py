"""The packaging of a certificate's password before it is sealed for the device.

The service never sees a password of a PFX file. So a platform gives bytes with placeholders, the connector fills them
and seals the whole (CMS EnvelopedData) to the device's identity: `{{pfx:0}}` is the first file in base64,
`{{password:0}}` its password. Android and Windows take the bare password; Apple an array of payloads, as an encrypted
profile has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Platform


class Packaging(Protocol):
    """A platform's packaging. `plain_switch`: the tenant's setting that has profiles sent in clear, if there is one."""

    plain_switch: str | None

    def identity(self, row: LedgerRow, *, profiles: Callable[[], Sequence[Mapping[str, Any]]]) -> Wrapping:
        """Return the packaging of one certificate with its key, which is file 0. `profiles()`: the documents of those
        that want it, which are read only then.
        """
        ...

    def account(self, row: LedgerRow, account: Account, *, os_version: str | None) -> Wrapping:
        """Return the packaging of an account and the certificates that it names, where accounts carry them: file N
        belongs to the Nth of `account.certificates`, by the names of their navigations in order. `os_version`: None if
        unknown.
        """
        ...


class _Bare:
    """Only the password of the first file."""

    plain_switch: str | None = None

    def identity(self, row: LedgerRow, *, profiles: Callable[[], Sequence[Mapping[str, Any]]]) -> Wrapping:
        return BARE

    def account(self, row: LedgerRow, account: Account, *, os_version: str | None) -> Wrapping:
        return BARE


BARE_PACKAGING: Packaging = _Bare()

#: What platforms hand out; those that are not named take the bare password.
Packagings = Mapping[Platform, Packaging]
