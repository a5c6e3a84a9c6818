"""What a device was given that switches S/MIME on: an e-mail profile, or an app configuration of Outlook.

Graph: iosEasEmailProfileConfiguration (smimeSigningEnabled, smimeEncryptByDefaultEnabled, requireSmime),
managedDeviceMobileAppConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.text import JsonObject

#: The settings of e-mail profiles by which S/MIME is on; requireSmime is that of Samsung Knox and of old iOS profiles.
_ON = ("requireSmime", "smimeSigningEnabled", "smimeEncryptByDefaultEnabled")
_OUTLOOK = "com.microsoft.outlook.Mail.SMIMEEnabled"


@dataclass(frozen=True, slots=True)
class Switches:
    """What switches S/MIME on. `accounts`: how many accounts the device has."""

    by_profile: bool
    by_configuration: bool
    accounts: int


def switches_of(rows: Iterable[LedgerRow]) -> Switches:
    """Return what the items on a device switch on."""
    settings = [_settings(row) for row in rows if _is_installed(row)]
    return Switches(
        by_profile=any(bool(setting.get(name)) for setting in settings for name in _ON),
        by_configuration=any(setting.get("configuration", {}).get(_OUTLOOK) is True for setting in settings),
        accounts=len(settings),
    )


def _is_installed(row: LedgerRow) -> bool:
    return row.source is Source.EMAIL and row.payload is not None and row.state is ItemState.INSTALLED


def _settings(row: LedgerRow) -> JsonObject:
    return Account.decode(row.payload or b"").settings
