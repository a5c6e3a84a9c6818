"""The mail accounts that profiles set up: Exchange (com.apple.eas.account), IMAP and POP (com.apple.mail.managed).

The S/MIME keys that apply depend on the system version (Apple: payload com.apple.eas.account): SMIMEEnabled before iOS
10; SMIMEEncryptionEnabled and SMIMEEnablePerMessageSwitch before iOS 12, which deprecates them; their successors and
the keys that let the user change settings from iOS 12 on. Unverified: that a deprecated key has no effect at all. None
of these keys applies on a Mac.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography import x509

from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.faults import Code, Fault, Fields
from fauxtune_sim.apple.profiles import Payload
from fauxtune_sim.errors import PfxRefused
from fauxtune_sim.keys.certificates import can_encrypt, can_sign, is_for_mail, subject
from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.keys.pfx import read_pfx
from fauxtune_sim.mail.accounts import MailAccount, Setting
from fauxtune_sim.mail.smime_settings import SmimeSettings

EXCHANGE, MAIL = "com.apple.eas.account", "com.apple.mail.managed"
#: The services of an Exchange account that can be turned off from iOS 13 on.
_SERVICES = ("EnableMail", "EnableContacts", "EnableCalendars", "EnableReminders", "EnableNotes")
_APPLICATION = "com.apple.mobilemail"
_MAC_APPLICATION = "com.apple.mail"
#: Keys that are not stored with the account.
_SECRETS = frozenset(
    {
        "Password",
        "Certificate",
        "CertificatePassword",
        "IncomingPassword",
        "OutgoingPassword",
        "PayloadContent",
    }
)

#: The identity of a payload of the same profile by its PayloadUUID; None if that payload has no identity.
Resolve = Callable[[str], KeyEntry | None]


def account(payload: Payload, system: System, *, name: str, resolve: Resolve) -> MailAccount:
    """The account that a payload describes; `name` is its id on the device. Raises Fault if it cannot be set up.

    `login_alias` is None: the caller sets it to the alias of PayloadCertificateUUID.
    """
    keys = payload.keys
    if payload.type == EXCHANGE:
        # A device could ask its user for missing values, but not when a server configures it without the user.
        host, address, _ = keys.text("Host"), keys.text("EmailAddress"), keys.text("UserName")
        _check_services(keys, system)
    else:
        _one_of(keys, "EmailAccountType", values=("EmailTypeIMAP", "EmailTypePOP"))
        host, address = keys.text("IncomingMailServerHostName"), keys.text("EmailAddress")
    _check_certificate(keys)
    login = keys.optional("PayloadCertificateUUID", str)
    if login is not None and resolve(login) is None:
        raise Fault(Code.NO_IDENTITY, f"the profile has no identity with the PayloadUUID {login}, to sign in with")
    smime = None if system.is_mac else _smime(keys, system, resolve=resolve)
    return MailAccount(
        id=name,
        package=_MAC_APPLICATION if system.is_mac else _APPLICATION,
        digest=payload.digest,
        address=address,
        host=host,
        configuration={key: value for key, value in keys.document.items() if key not in _SECRETS and _is_plain(value)},
        smime=None if smime is None else smime.document(),
    )


def user_name(account: MailAccount) -> str | None:
    """The account's user name at the mail server; with address and host it identifies the account."""
    name = account.configuration.get("UserName", account.configuration.get("IncomingMailServerUsername"))
    return name if isinstance(name, str) else None


def _one_of(keys: Fields, name: str, *, values: tuple[str, ...]) -> None:
    if keys.text(name) not in values:
        raise Fault(Code.PAYLOAD_VALUE, f"{name} is {keys.text(name)}, not one of {', '.join(values)}")


def _check_services(keys: Fields, system: System) -> None:
    """Check that a service is on (Apple: at least one must be; each is on by default). Unverified: the code."""
    off = [name for name in _SERVICES if keys.optional(name, bool) is False]
    if system.version >= (13,) and len(off) == len(_SERVICES):
        raise Fault(Code.PAYLOAD_VALUE, f"{keys.what} turns all its services off: {', '.join(off)}")


def _check_certificate(keys: Fields) -> None:
    """Check an identity in the payload itself, which only this account uses, to sign in. Raises Fault if it is bad."""
    data = keys.optional("Certificate", bytes)
    if data is None:
        return
    try:
        read_pfx(data, (keys.optional("CertificatePassword", str) or "").encode())
    except PfxRefused as refused:
        raise Fault(Code.ACCOUNT_CERTIFICATE, f"the certificate of {keys.what} does not open: {refused}") from refused


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _smime(keys: Fields, system: System, *, resolve: Resolve) -> SmimeSettings | None:
    """The S/MIME settings that apply on this system; None if the payload has no S/MIME keys."""
    if not any(name.startswith("SMIME") for name in keys.document):
        return None
    signing = _identity(keys, "SMIMESigningCertificateUUID", is_fit=can_sign, resolve=resolve)
    encryption = _identity(keys, "SMIMEEncryptionCertificateUUID", is_fit=can_encrypt, resolve=resolve)
    if system.version < (10,):
        on = keys.flag("SMIMEEnabled")
        # Unverified: one switch for both; each is on only if an identity is named for it.
        return SmimeSettings(
            signs=on and signing is not None,
            signing_identity=signing,
            encrypts=on and encryption is not None,
            encryption_identity=encryption,
            per_message=system.version >= (8,) and keys.flag("SMIMEEnablePerMessageSwitch"),
            changeable=frozenset(Setting),
        )
    if system.version < (12,):
        return SmimeSettings(
            signs=keys.flag("SMIMESigningEnabled"),
            signing_identity=signing,
            encrypts=keys.flag("SMIMEEncryptionEnabled"),
            encryption_identity=encryption,
            per_message=keys.flag("SMIMEEnablePerMessageSwitch"),
            # Unverified: before keys for this existed, the user could change everything.
            changeable=frozenset(Setting),
        )
    return SmimeSettings(
        signs=keys.flag("SMIMESigningEnabled"),
        signing_identity=signing,
        encrypts=keys.flag("SMIMEEncryptByDefault"),
        encryption_identity=encryption,
        per_message=keys.flag("SMIMEEnableEncryptionPerMessageSwitch"),
        changeable=frozenset(setting for key, setting in _RIGHTS.items() if keys.flag(key)),
    )


_RIGHTS = {
    "SMIMESigningUserOverrideable": Setting.SIGN,
    "SMIMESigningCertificateUUIDUserOverrideable": Setting.SIGNING_IDENTITY,
    # Unverified: Apple's description says the opposite; here true means that the user may change the setting.
    "SMIMEEncryptByDefaultUserOverrideable": Setting.ENCRYPT,
    "SMIMEEncryptionCertificateUUIDUserOverrideable": Setting.ENCRYPTION_IDENTITY,
}


def _identity(keys: Fields, name: str, *, is_fit: Callable[[x509.Certificate], bool], resolve: Resolve) -> str | None:
    """The thumbprint of the identity that a key names. Raises Fault if it does not exist or is not fit."""
    uuid = keys.optional(name, str)
    if not uuid:
        return None
    entry = resolve(uuid)
    if entry is None:
        raise Fault(Code.SMIME_CERTIFICATE_NOT_FOUND, f"{name}: the profile has no identity with the UUID {uuid}")
    certificate = x509.load_der_x509_certificate(entry.certificate)
    if not is_for_mail(certificate) or not is_fit(certificate):
        raise Fault(Code.SMIME_CERTIFICATE_BAD, f"{name}: {subject(certificate)} is not for this use")
    return entry.sha1
