"""The app configuration of Outlook for iOS and Android: its S/MIME keys, and whether its user may change them.

Exchange Online: "Deploying Outlook for iOS and Android app configuration settings" (S/MIME settings; text of autumn
2020). S/MIME and the two settings of all mail are off unless the configuration says otherwise, and its user may change
them unless the key `.UserChangeAllowed` is false; then the configuration's value holds. LDAPHostName is known from
published configurations; it is kept, and nothing is asked there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.mail.accounts import AppSettings

_SMIME = "com.microsoft.outlook.Mail.SMIMEEnabled"
_DIRECTORY = f"{_SMIME}.LDAPHostName"
_CHANGE = "UserChangeAllowed"


class OutlookSwitch(StrEnum):
    """A switch of Outlook, by the key of its app configuration."""

    SMIME = _SMIME
    SIGN = f"{_SMIME}.SignAllMail"
    ENCRYPT = f"{_SMIME}.EncryptAllMail"


@dataclass(frozen=True, slots=True)
class AppConfiguration:
    """What an app configuration says of S/MIME: values of switches, and the switches that its user may not change.

    `directory`: the LDAP server of recipients' certificates, or None.
    """

    values: Mapping[OutlookSwitch, bool] = field(default_factory=dict)
    locked: frozenset[OutlookSwitch] = frozenset()
    directory: str | None = None

    def says(self, switch: OutlookSwitch) -> bool | None:
        """The value of a switch; None if the configuration leaves it at its default."""
        return self.values.get(switch)

    def in_force(self, user: AppSettings | None) -> AppSettings:
        """The settings in force. `user`: those that the user made, None before the user has made any."""
        chosen = (
            {}
            if user is None
            else {
                OutlookSwitch.SMIME: user.smime,
                OutlookSwitch.SIGN: user.signs,
                OutlookSwitch.ENCRYPT: user.encrypts,
            }
        )

        def value(switch: OutlookSwitch) -> bool:
            configured = self.values.get(switch, False)
            return configured if switch in self.locked else chosen.get(switch, configured)

        return AppSettings(
            smime=value(OutlookSwitch.SMIME),
            signs=value(OutlookSwitch.SIGN),
            encrypts=value(OutlookSwitch.ENCRYPT),
            signing_identity=None if user is None else user.signing_identity,
        )

    def check_change(self, switch: OutlookSwitch, value: bool) -> None:
        """Check that the user may give a switch this value. Raises NotAllowedHere."""
        if switch in self.locked and value is not self.values.get(switch, False):
            raise NotAllowedHere(
                f"the app configuration has {switch} {'on' if not value else 'off'} and does not let its user change "
                f"it ({switch}.{_CHANGE})"
            )


def read_configuration(configuration: Mapping[str, Any]) -> AppConfiguration:
    """Read the keys for S/MIME. A value of another type than the key's counts as not set."""
    values = {switch: configuration[switch] for switch in OutlookSwitch if isinstance(configuration.get(switch), bool)}
    locked = frozenset(switch for switch in OutlookSwitch if configuration.get(f"{switch}.{_CHANGE}") is False)
    directory = configuration.get(_DIRECTORY)
    return AppConfiguration(values, locked=locked, directory=directory if isinstance(directory, str) else None)
