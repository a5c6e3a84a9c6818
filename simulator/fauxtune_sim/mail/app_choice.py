"""What a mail app on a device does with a mail: whether S/MIME is on in it, and which certificate it signs with.

An account whose profile has S/MIME settings decides for its app. In every other app nothing is signed or encrypted
before its user has switched S/MIME on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere
from fauxtune_sim.keys.certificates import addresses, can_encrypt, can_sign, is_for_mail, mark
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail.accounts import AppSettings, MailAccount, Setting
from fauxtune_sim.mail.apps import Choice, MailApp, Switch, apps_of
from fauxtune_sim.mail.smime_settings import (
    AppConfiguration,
    MailProtection,
    OutlookSwitch,
    SmimeSettings,
    choose_protection,
    read_configuration,
)
from fauxtune_sim.server.delivery import quoted


@dataclass(frozen=True, slots=True)
class AppOnDevice:
    """One app of a device. `account` is the account that management set up in it, `smime` that account's settings.

    `settings` are the user's and those of the app configuration, `configured`, which count where no profile has S/MIME
    settings.
    """

    app: MailApp
    account: MailAccount | None
    smime: SmimeSettings | None
    settings: AppSettings
    configured: AppConfiguration = field(default_factory=AppConfiguration)

    @property
    def is_on(self) -> bool:
        """Whether S/MIME is on."""
        if self.app.switch is Switch.BY_ITSELF:
            return True
        if self.smime is None:
            return self.settings.smime
        return bool(self.smime.value(Setting.SIGN) or self.smime.value(Setting.ENCRYPT) or self.smime.per_message)


def apps_on(device: Device, address: str | None = None) -> list[AppOnDevice]:
    """The mail apps of a device. `address`: that of the sender, if the account matters."""
    return [_on(device, app, address=address) for app in apps_of(device.kind)]


def app_on(device: Device, name: str | None = None, *, address: str | None = None) -> AppOnDevice:
    """The app with this name; without a name the one of the managed account, else one in which S/MIME is on, else the
    first.

    Raises NotFoundHere for an unknown name, NotAllowedHere if the device has no mail app.
    """
    apps = apps_on(device, address)
    if not apps:
        raise NotAllowedHere(
            f"{device.name} ({device.kind}) has no mail app: --as-tool signs and encrypts with its keys all the same"
        )
    if name is not None:
        named = next((app for app in apps if app.app.name == name.lower()), None)
        if named is None:
            raise NotFoundHere(f"{device.name} has no app {name}: {', '.join(app.app.name for app in apps)}")
        return named
    return max(apps, key=lambda app: (app.smime is not None, app.is_on, app.account is not None))


def _on(device: Device, app: MailApp, *, address: str | None) -> AppOnDevice:
    accounts = [
        account
        for account in (*device.accounts.values(), *device.own_accounts.values())
        if account.package == app.package and (address is None or account.address in {"", address})
    ]
    account = max(accounts, key=lambda mail_account: mail_account.smime is not None, default=None)
    configured = read_configuration({} if account is None else account.configuration)
    return AppOnDevice(
        app=app,
        account=account,
        smime=None if account is None or account.smime is None else SmimeSettings.from_document(account.smime),
        settings=configured.in_force(device.mail_apps.get(app.name)),
        configured=configured,
    )


def app_protection(device: Device, there: AppOnDevice, *, sign: bool | None, encrypt: bool | None) -> MailProtection:
    """The protection of a mail that an app sends; None leaves a choice to its settings.

    Raises NotAllowedHere if S/MIME is off in the app, or if a profile does not allow the choice.
    """
    if not there.is_on:
        if sign or encrypt:
            there.configured.check_change(OutlookSwitch.SMIME, value=True)
            raise NotAllowedHere(switch_on_first(device, there.app))
        return MailProtection(sign=False, encrypt=False)
    if there.smime is not None and there.account is not None:
        return choose_protection(device, sign=sign, encrypt=encrypt, address=there.account.address)
    settings = there.settings
    for wish, switch in ((sign, OutlookSwitch.SIGN), (encrypt, OutlookSwitch.ENCRYPT)):
        # A mail of its own may be signed or encrypted though not all are; not the other way round.
        if wish is False:
            there.configured.check_change(switch, value=False)
    return MailProtection(
        sign=settings.signs if sign is None else sign,
        encrypt=settings.encrypts if encrypt is None else encrypt,
        sender=None if there.account is None else there.account.address or None,
        signer=settings.signing_identity,
    )


def switch_on_first(device: Device, app: MailApp) -> str:
    """Say what the user must do before an app signs, encrypts or decrypts, with the command to paste."""
    if app.switch is Switch.NOT_AT_ALL:
        return f"{app.title} on {device.name} has no S/MIME, whatever the device holds: use another mail app"
    folder = "FOLDER" if device.folder is None else quoted(str(device.folder.path))
    return (
        f"S/MIME is off in {app.title} on {device.name}, so its user must switch it on ({app.steps.rstrip('.')}): "
        f"fauxtune-sim mail account set --state {folder} --app {app.name} --smime on"
    )


def signer_of(device: Device, there: AppOnDevice, *, address: str, at: datetime, wanted: str | None) -> Identity:
    """The identity that an app signs with, by its rule. `wanted`: the thumbprint of the user's choice.

    Raises MailRefused if no certificate fits or several do, and for a choice that the app does not offer.
    """
    app, user_chooses = there.app, there.app.choice in {Choice.USER, Choice.ACCOUNT}
    if wanted is not None and (user_chooses or there.smime is not None):
        return _chosen(device, wanted, address=address, at=at)
    fitting = fitting_identities(device, can_sign, address=address, at=at)
    if not fitting:
        raise MailRefused(_nothing_fits(device, app, address=address, at=at))
    if user_chooses and len(fitting) > 1:
        raise MailRefused(
            f"{app.title} asks its user which certificate to sign with: choose one of "
            f"{', '.join(each.thumbprint[:8] for each in fitting)} with fauxtune-sim mail account set --sign"
        )
    newest = max(fitting, key=lambda identity: identity.certificate.not_valid_before_utc)
    if wanted is not None and wanted.lower() != newest.thumbprint:
        raise MailRefused(f"{app.title} lets nobody choose: it signs with {newest.thumbprint[:8]}")
    return newest


def check_capabilities(device: Device, app: MailApp, *, address: str, at: datetime) -> None:
    """Check that an app which wants certificates for both uses has them. Raises MailRefused."""
    if not app.needs_both:
        return
    for fits, what in ((can_sign, "signing"), (can_encrypt, "encryption")):
        if not fitting_identities(device, fits, address=address, at=at):
            raise MailRefused(
                f"{app.title} needs a certificate for signing and one for encryption, and {device.name} has no valid "
                f"one of {address} for {what}"
            )


def fitting_identities(
    device: Device, fits: Callable[[x509.Certificate], bool], *, address: str, at: datetime
) -> list[Identity]:
    """The identities for mail of this address that are valid at `at`."""
    return [
        identity
        for identity in device.keystore.identities()
        if fits(identity.certificate) and _fault(identity.certificate, address=address, at=at) is None
    ]


def _chosen(device: Device, wanted: str, *, address: str, at: datetime) -> Identity:
    identity = device.keystore.choose(wanted)
    if identity is None:
        raise MailRefused(f"{device.name} no longer holds a key for the chosen certificate {wanted[:8]}")
    fault = _fault(identity.certificate, address=address, at=at)
    if fault is not None:
        raise MailRefused(f"the chosen certificate {mark(identity.certificate)} {fault}")
    return identity


def _nothing_fits(device: Device, app: MailApp, *, address: str, at: datetime) -> str:
    faults = [
        f"{mark(identity.certificate)} {fault}"
        for identity in device.keystore.identities()
        if can_sign(identity.certificate)
        and (fault := _fault(identity.certificate, address=address, at=at)) is not None
    ]
    reasons = f": {'; '.join(faults)}" if faults else ""
    return f"{app.title} has no signing certificate for {address} on {device.name}{reasons}"


def _fault(certificate: x509.Certificate, *, address: str, at: datetime) -> str | None:
    """The reason why no app signs with a certificate for this address, or None."""
    names = addresses(certificate)
    if not is_for_mail(certificate):
        return "is not for mail"
    if address.lower() not in {name.lower() for name in names}:
        return f"is for {', '.join(names) or 'no address'}"
    if at < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
    if at > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    return None


def check_reading(device: Device, name: str | None) -> None:
    """Check that an app shows S/MIME mail; without a name, any app that does so is meant.

    Raises NotAllowedHere for an app that wants S/MIME to be on first.
    """
    there = None if name is None else app_on(device, name)
    if there is not None and not there.is_on and not there.app.reads_while_off:
        raise NotAllowedHere(switch_on_first(device, there.app))
