"""The S/MIME settings of mail accounts: whether a mail is signed and encrypted, and with which identity; and the app
configuration of Outlook for iOS and Android, as far as it is about S/MIME.

An account that management configured for S/MIME decides, unless it leaves a setting to its user; on an account without
such settings, and on a device without accounts, the user decides alone.

Exchange Online: "Deploying Outlook for iOS and Android app configuration settings" (S/MIME settings; text of autumn
2020). S/MIME and the two settings of all mail are off unless the configuration says otherwise, and its user may change
them unless the key `.UserChangeAllowed` is false; then the configuration's value holds. LDAPHostName is known from
published configurations; it is kept, and nothing is asked there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere
from fauxtune_sim.mail.accounts import AppSettings, MailAccount, Setting
from fauxtune_sim.mail.apps import flag_of

_SMIME = "com.microsoft.outlook.Mail.SMIMEEnabled"
_DIRECTORY = f"{_SMIME}.LDAPHostName"
_CHANGE = "UserChangeAllowed"


@dataclass(frozen=True, slots=True)
class SmimeSettings:
    """The configured S/MIME settings of an account, and the changes that its user made.

    Identities are SHA-1 thumbprints. `per_message`: the composer has a switch for encryption. `changeable` are the
    settings that the user may change, `choices` the values that the user has set.
    """

    signs: bool = False
    signing_identity: str | None = None
    encrypts: bool = False
    encryption_identity: str | None = None
    per_message: bool = False
    changeable: frozenset[Setting] = frozenset()
    choices: Mapping[Setting, str | bool] = field(default_factory=dict)

    def value(self, setting: Setting) -> str | bool | None:
        """The value in force: the user's choice if the setting is changeable, else the configured value."""
        configured: dict[Setting, str | bool | None] = {
            Setting.SIGN: self.signs,
            Setting.SIGNING_IDENTITY: self.signing_identity,
            Setting.ENCRYPT: self.encrypts,
            Setting.ENCRYPTION_IDENTITY: self.encryption_identity,
        }
        return self.choices.get(setting, configured[setting]) if setting in self.changeable else configured[setting]

    def document(self) -> dict[str, Any]:
        """The settings as JSON, the values in force first."""
        return {
            "signs": self.value(Setting.SIGN),
            "signsWith": self.value(Setting.SIGNING_IDENTITY),
            "encrypts": self.value(Setting.ENCRYPT),
            "decryptsWith": self.value(Setting.ENCRYPTION_IDENTITY),
            "perMessageSwitch": self.per_message,
            "changeable": sorted(setting.value for setting in self.changeable),
            "chosen": {setting.value: value for setting, value in self.choices.items()},
            "configured": [self.signs, self.signing_identity, self.encrypts, self.encryption_identity],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON of `document`."""
        signs, signing, encrypts, encryption = document["configured"]
        return cls(
            signs=signs,
            signing_identity=signing,
            encrypts=encrypts,
            encryption_identity=encryption,
            per_message=document["perMessageSwitch"],
            changeable=frozenset(Setting(name) for name in document["changeable"]),
            choices={Setting(name): value for name, value in document["chosen"].items()},
        )


@dataclass(frozen=True, slots=True)
class MailDefaults:
    """The settings that an account applies to a mail whose user does not choose."""

    account: str
    address: str
    smime: SmimeSettings
    package: str = ""

    @property
    def signs(self) -> bool:
        """Whether mail is signed."""
        return bool(self.smime.value(Setting.SIGN))

    @property
    def encrypts(self) -> bool:
        """Whether mail is encrypted."""
        return bool(self.smime.value(Setting.ENCRYPT))

    @property
    def signing_identity(self) -> str | None:
        """The thumbprint of the certificate that the account signs with."""
        return _text(self.smime.value(Setting.SIGNING_IDENTITY))

    @property
    def encryption_identity(self) -> str | None:
        """The thumbprint of the certificate that others encrypt to."""
        return _text(self.smime.value(Setting.ENCRYPTION_IDENTITY))


@dataclass(frozen=True, slots=True)
class MailProtection:
    """The protection of one mail. `sender` and `signer` (a thumbprint) are None if no account determines them."""

    sign: bool
    encrypt: bool
    sender: str | None = None
    signer: str | None = None


def mail_defaults(device: Device, address: str | None = None) -> MailDefaults | None:
    """The defaults of the first account with S/MIME settings (and this address, if given), or None."""
    for account in device.accounts.values():
        if account.smime is not None and address in {None, account.address}:
            return MailDefaults(
                account.id, account.address, SmimeSettings.from_document(account.smime), package=account.package
            )
    return None


def choose_protection(
    device: Device, *, sign: bool | None = None, encrypt: bool | None = None, address: str | None = None
) -> MailProtection:
    """The protection of a mail, with the user's choices; None leaves a choice to the account.

    Raises NotAllowedHere if the account does not allow the choice; MailRefused if it signs but has no identity.
    """
    defaults = mail_defaults(device, address)
    if defaults is None:
        return MailProtection(sign=bool(sign), encrypt=bool(encrypt))
    changeable = defaults.smime.changeable
    if sign not in {None, defaults.signs} and Setting.SIGN not in changeable:
        raise NotAllowedHere(_locked(defaults, Setting.SIGN, on=defaults.signs))
    if encrypt not in {None, defaults.encrypts} and not (defaults.smime.per_message or Setting.ENCRYPT in changeable):
        raise NotAllowedHere(_locked(defaults, Setting.ENCRYPT, on=defaults.encrypts))
    signs = defaults.signs if sign is None else sign
    if signs and defaults.signing_identity is None:
        raise MailRefused(f"the account {defaults.address} signs, but no signing identity is chosen for it")
    return MailProtection(
        sign=signs,
        encrypt=defaults.encrypts if encrypt is None else encrypt,
        sender=defaults.address or None,
        signer=defaults.signing_identity if signs else None,
    )


def describe_smime(document: Mapping[str, Any] | None) -> str:
    """Describe S/MIME settings for the end of a line: `  [signs, encrypts, ...]`; an empty text for None."""
    if document is None:
        return ""
    smime = SmimeSettings.from_document(document)
    parts = [
        f"{'signs' if smime.value(Setting.SIGN) else 'does not sign'}",
        f"{'encrypts' if smime.value(Setting.ENCRYPT) else 'does not encrypt'}",
    ]
    parts += [
        f"{verb} with {identity}"
        for verb, setting in (("signs", Setting.SIGNING_IDENTITY), ("decrypts", Setting.ENCRYPTION_IDENTITY))
        if (identity := smime.value(setting))
    ]
    return f"  [{', '.join(parts)}]"


def change_setting(device: Device, account: str, *, setting: Setting, value: str | bool) -> MailAccount:
    """Change a setting of an account as its user. Returns the changed account; the device is not saved.

    Raises NotFoundHere for an unknown account or identity, NotAllowedHere for a setting that the user may not change.
    """
    present = device.accounts.get(account)
    if present is None or present.smime is None:
        raise NotFoundHere(f"{device.name} has no mail account {account} with S/MIME settings")
    smime = SmimeSettings.from_document(present.smime)
    if setting not in smime.changeable:
        raise NotAllowedHere(
            f"the profile of the account {present.address} does not let its user change {setting}"
            f"{_flag(present.package, setting)}"
        )
    is_identity = setting in {Setting.SIGNING_IDENTITY, Setting.ENCRYPTION_IDENTITY}
    if is_identity and (not isinstance(value, str) or device.keystore.choose(value) is None):
        raise NotFoundHere(f"{device.name} holds no key for the certificate {value}")
    if not is_identity and not isinstance(value, bool):
        raise NotFoundHere(f"{setting} is on or off, not {value}")
    choices = {**smime.choices, setting: value.lower() if isinstance(value, str) else value}
    changed = replace(present, smime=replace(smime, choices=choices).document())
    device.accounts[account] = changed
    return changed


def _locked(defaults: MailDefaults, setting: Setting, *, on: bool) -> str:
    what, state = "signing" if setting is Setting.SIGN else "encryption", "on" if on else "off"
    return (
        f"the profile of the account {defaults.address} has {what} {state} and does not let its user change it"
        f"{_flag(defaults.package, setting)}"
    )


def _flag(package: str, setting: Setting) -> str:
    """The key of the profile that decides this, in brackets; empty if the platform has no such key."""
    flag = flag_of(package, setting)
    return "" if flag is None else f" ({flag})"


def _text(value: str | bool | None) -> str | None:
    return value if isinstance(value, str) else None


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
