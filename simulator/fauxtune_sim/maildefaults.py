"""What a mail account makes of a mail that its user writes: signed, encrypted, with which identity.

An account that management configured for S/MIME decides unless its user may; on an account without such settings, and
on a device without accounts, the user decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from fauxtune_sim.accounts import MailAccount, Setting
from fauxtune_sim.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere


@dataclass(frozen=True, slots=True)
class Smime:
    """The S/MIME settings of an account as they were configured, and what its user made of them.

    Identities are SHA-1 thumbprints. `per_message`: the composer shows a switch for encryption. `changeable` are the
    settings that the user may change, `chosen` those that were.
    """

    signs: bool = False
    signing_identity: str | None = None
    encrypts: bool = False
    encryption_identity: str | None = None
    per_message: bool = False
    changeable: frozenset[Setting] = frozenset()
    chosen: Mapping[Setting, str | bool] = field(default_factory=dict)

    def value(self, setting: Setting) -> str | bool | None:
        """What is in force: what the user chose, as long as they may, else what was configured."""
        configured: dict[Setting, str | bool | None] = {
            Setting.SIGN: self.signs,
            Setting.SIGNING_IDENTITY: self.signing_identity,
            Setting.ENCRYPT: self.encrypts,
            Setting.ENCRYPTION_IDENTITY: self.encryption_identity,
        }
        return self.chosen.get(setting, configured[setting]) if setting in self.changeable else configured[setting]

    def document(self) -> dict[str, Any]:
        """As JSON, with what is in force first."""
        return {
            "signs": self.value(Setting.SIGN),
            "signsWith": self.value(Setting.SIGNING_IDENTITY),
            "encrypts": self.value(Setting.ENCRYPT),
            "decryptsWith": self.value(Setting.ENCRYPTION_IDENTITY),
            "perMessageSwitch": self.per_message,
            "changeable": sorted(one.value for one in self.changeable),
            "chosen": {setting.value: value for setting, value in self.chosen.items()},
            "configured": [self.signs, self.signing_identity, self.encrypts, self.encryption_identity],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The reverse of `document`."""
        signs, signing, encrypts, encryption = document["configured"]
        return cls(
            signs=signs,
            signing_identity=signing,
            encrypts=encrypts,
            encryption_identity=encryption,
            per_message=document["perMessageSwitch"],
            changeable=frozenset(Setting(one) for one in document["changeable"]),
            chosen={Setting(name): value for name, value in document["chosen"].items()},
        )


@dataclass(frozen=True, slots=True)
class MailDefaults:
    """What an account does with a mail of which its user says nothing."""

    account: str
    address: str
    smime: Smime

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
        """The thumbprint of the certificate that it signs with."""
        return _text(self.smime.value(Setting.SIGNING_IDENTITY))

    @property
    def encryption_identity(self) -> str | None:
        """The thumbprint of the certificate that others encrypt to."""
        return _text(self.smime.value(Setting.ENCRYPTION_IDENTITY))


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of one mail. `sender` and `signer` (a thumbprint) are None where no account says."""

    sign: bool
    encrypt: bool
    sender: str | None = None
    signer: str | None = None


def mail_defaults(device: Device, address: str | None = None) -> MailDefaults | None:
    """What the first account with S/MIME settings (of this address, if one is named) does; None if there is none."""
    for account in device.accounts.values():
        if account.smime is not None and address in {None, account.address}:
            return MailDefaults(account.id, account.address, Smime.from_document(account.smime))
    return None


def decide(
    device: Device, *, sign: bool | None = None, encrypt: bool | None = None, address: str | None = None
) -> Choice:
    """What becomes of a mail whose user says this, or (None) says nothing.

    NotAllowedHere if the account does not let its user deviate; MailRefused if it signs but has no identity.
    """
    defaults = mail_defaults(device, address)
    if defaults is None:
        return Choice(sign=bool(sign), encrypt=bool(encrypt))
    changeable = defaults.smime.changeable
    if sign not in {None, defaults.signs} and Setting.SIGN not in changeable:
        raise NotAllowedHere(_locked(defaults, "signing", on=defaults.signs))
    if encrypt not in {None, defaults.encrypts} and not (defaults.smime.per_message or Setting.ENCRYPT in changeable):
        raise NotAllowedHere(_locked(defaults, "encryption", on=defaults.encrypts))
    signed = defaults.signs if sign is None else sign
    if signed and defaults.signing_identity is None:
        raise MailRefused(f"the account {defaults.address} signs, but no signing identity is chosen for it")
    return Choice(
        sign=signed,
        encrypt=defaults.encrypts if encrypt is None else encrypt,
        sender=defaults.address or None,
        signer=defaults.signing_identity if signed else None,
    )


def rule_in_words(document: Mapping[str, Any] | None) -> str:
    """What an account's S/MIME settings make of a mail, for the end of a line; nothing if it has none."""
    if document is None:
        return ""
    smime = Smime.from_document(document)
    words = [
        f"{'signs' if smime.value(Setting.SIGN) else 'does not sign'}",
        f"{'encrypts' if smime.value(Setting.ENCRYPT) else 'does not encrypt'}",
    ]
    words += [
        f"{verb} with {identity}"
        for verb, setting in (("signs", Setting.SIGNING_IDENTITY), ("decrypts", Setting.ENCRYPTION_IDENTITY))
        if (identity := smime.value(setting))
    ]
    return f"  [{', '.join(words)}]"


def change_setting(device: Device, account: str, *, setting: Setting, value: str | bool) -> MailAccount:
    """The user changes a setting of an account; the device is not saved.

    NotFoundHere for an account or an identity that is not there, NotAllowedHere for a setting that is not theirs.
    """
    held = device.accounts.get(account)
    if held is None or held.smime is None:
        raise NotFoundHere(f"{device.name} has no mail account {account} with S/MIME settings")
    smime = Smime.from_document(held.smime)
    if setting not in smime.changeable:
        raise NotAllowedHere(f"the profile of the account {held.address} does not let its user change {setting}")
    is_identity = setting in {Setting.SIGNING_IDENTITY, Setting.ENCRYPTION_IDENTITY}
    if is_identity and (not isinstance(value, str) or device.keystore.choose(value) is None):
        raise NotFoundHere(f"{device.name} holds no key for the certificate {value}")
    if not is_identity and not isinstance(value, bool):
        raise NotFoundHere(f"{setting} is on or off, not {value}")
    chosen = {**smime.chosen, setting: value.lower() if isinstance(value, str) else value}
    changed = replace(held, smime=replace(smime, chosen=chosen).document())
    device.accounts[account] = changed
    return changed


def _locked(defaults: MailDefaults, what: str, *, on: bool) -> str:
    state = "on" if on else "off"
    return f"the profile of the account {defaults.address} has {what} {state} and does not let its user change it"


def _text(value: str | bool | None) -> str | None:
    return value if isinstance(value, str) else None
