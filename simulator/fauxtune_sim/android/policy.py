"""Apply a policy to a device: install what is missing, overwrite what changed, remove what is not in the policy.

Every entry is applied independently; certificates by SCEP are requested from the server that their entry names. An
entry that cannot be applied (a password that the device cannot decrypt, a PFX that does not open) is refused with a
reason, leaves the former key under its alias, and is tried again with every policy.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.android import scep, settings
from fauxtune_sim.android.enrollment import rights_of
from fauxtune_sim.android.messages import SCEP, Application, CaCertificate, KeyPair, Policy
from fauxtune_sim.cms.envelope import open_envelope
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import AnswerBroken, CmsRefused, PfxRefused
from fauxtune_sim.keys.keystore import DeviceIdentity, KeyEntry, KeyStore
from fauxtune_sim.keys.pfx import read_pfx
from fauxtune_sim.mail.accounts import MailAccount, Setting
from fauxtune_sim.mail.smime_settings import SmimeSettings
from fauxtune_sim.scep.csr import Failure, ScepFailed
from fauxtune_sim.scep.enroller import Enroller

SAMSUNG_MAIL = "com.samsung.android.email.provider"
#: Apps whose configuration need not describe an account: Outlook.
CONFIGURED_WITHOUT_ACCOUNT = frozenset({"com.microsoft.office.outlook"})
#: Whether an app with this installType is to be on the device. Others leave it to the user.
_INSTALL_TYPES = {"FORCE_INSTALLED": True, "PREINSTALLED": True, "BLOCKED": False}
#: What every app from the store of the simulated world has as its versionName.
_APP_VERSION = "1.0.0"
#: The settings that such an account leaves to its user.
_CHANGEABLE = frozenset({Setting.ENCRYPT, Setting.ENCRYPTION_IDENTITY})


@dataclass(frozen=True, slots=True)
class Applied:
    """The names of the items that were installed or overwritten, those that were removed, and the refusals."""

    installed: tuple[str, ...]
    removed: tuple[str, ...]
    refusals: tuple[Refusal, ...]


class _Unusable(Exception):
    """The entry cannot be applied; the text is the reason. `is_pending`: not yet."""

    def __init__(self, why: str, *, is_pending: bool = False) -> None:
        super().__init__(why)
        self.is_pending = is_pending


async def apply(policy: Policy, device: Device, *, enroller: Callable[[], Enroller]) -> Applied:
    """Apply a policy to an enrolled device's key store and mail accounts. The device is not saved."""
    enrollment = device.enrollment
    assert enrollment is not None
    identity = enrollment.identity()
    installed: list[str] = []
    refusals: list[Refusal] = []
    for certificate in policy.ca_certificates:
        try:
            if _trust(certificate, device):
                installed.append(certificate.sha256)
        except _Unusable as why:
            refusals.append(Refusal("caCerts", f"caCerts[sha256={certificate.sha256}]", str(why)))
    for pair in policy.key_pairs:
        try:
            if await _take(pair, device, identity=identity, enroller=enroller):
                installed.append(pair.alias)
        except _Unusable as why:
            refusals.append(Refusal("keyPairs", f"keyPairs[alias={pair.alias}]", str(why), is_pending=why.is_pending))
    _forget_unlisted(policy, device)
    removed = _remove_unlisted(policy, device)
    _apply_applications(policy, device, installed=installed, removed=removed, refusals=refusals)
    changed, gone = settings.apply(policy.settings, device, refusals=refusals)
    installed += changed
    removed += gone
    return Applied(installed=tuple(installed), removed=tuple(removed), refusals=tuple(refusals))


def _apply_applications(
    policy: Policy, device: Device, *, installed: list[str], removed: list[str], refusals: list[Refusal]
) -> None:
    for application in policy.applications:
        try:
            changed = _change_app(application, device)
        except _Unusable as why:
            refusals.append(_app_refusal(application, str(why)))
        else:
            (installed if application.package in device.apps else removed).extend([application.package] * changed)
        try:
            if _set_up_account(application, device):
                installed.append(str(application.account))
        except _Unusable as why:
            refusals.append(Refusal("applications", f"applications[emailAccount={application.account}]", str(why)))


def _change_app(application: Application, device: Device) -> bool:
    """Install or uninstall an app as the policy orders. Returns whether anything changed."""
    wanted = _INSTALL_TYPES.get(application.install_type)
    if wanted is None or application.account is not None or wanted is (application.package in device.apps):
        return False
    _check_accepted(device, Delivery.APP)
    if wanted:
        device.apps[application.package] = _APP_VERSION
    else:
        del device.apps[application.package]
    return True


def _app_refusal(application: Application, why: str) -> Refusal:
    word = "APP_NOT_INSTALLED" if _INSTALL_TYPES[application.install_type] else "APP_INSTALLED"
    path = f"applications[packageName={application.package}]"
    return Refusal("applications", path, why, package=application.package, word=word)


def _remove_unlisted(policy: Policy, device: Device) -> list[str]:
    store, removed = device.keystore, []
    # A device administrator cannot remove certificates: they stay.
    if rights_of(device.mode).removes_certificates:
        removed = _remove_certificates(policy, store)
    for name in sorted(device.accounts.keys() - {application.account for application in policy.applications}):
        del device.accounts[name]
        removed.append(name)
    return removed


def _remove_certificates(policy: Policy, store: KeyStore) -> list[str]:
    aliases = {pair.alias for pair in policy.key_pairs}
    trusted = {certificate.sha256 for certificate in policy.ca_certificates}
    removed = [alias for alias in list(store.entries) if alias not in aliases and store.remove(alias)]
    removed += [sha256 for sha256 in list(store.trusted) if sha256 not in trusted and store.distrust(sha256)]
    return removed


def _set_up_account(application: Application, device: Device) -> bool:
    """Set up or change the account that an application's configuration describes. Returns whether it changed."""
    if application.account is None:
        return False
    present = device.accounts.get(application.account)
    if present is None or present.digest != application.digest:
        _check_accepted(device, Delivery.EMAIL)
    if application.package in CONFIGURED_WITHOUT_ACCOUNT:
        return _configure(application, device, name=application.account)
    login_alias = application.configuration.get("exchange_login_certificate_alias")
    alias = login_alias if isinstance(login_alias, str) and login_alias else None
    account = MailAccount(
        id=application.account,
        package=application.package,
        digest=application.digest,
        address=_setting(application, "email_address"),
        host=_setting(application, "exchange_host"),
        login_alias=alias,
        configuration=application.configuration,
    )
    if alias is not None and alias not in device.keystore.entries:
        raise _Unusable(f"the account cannot be set up: there is no key with the alias {alias}")
    account = replace(account, smime=_smime(application, device))
    if present is not None and present.smime is not None and account.smime is not None:
        account = replace(account, smime=_with_user_choices(account.smime, before=present.smime))
    device.accounts[account.id] = account
    return present != account


def _configure(application: Application, device: Device, *, name: str) -> bool:
    """Keep the configuration of an app whose user sets up the account. Returns whether it changed."""
    account = MailAccount(
        id=name, package=application.package, digest=application.digest, configuration=application.configuration
    )
    changed = device.accounts.get(name) != account
    device.accounts[name] = account
    return changed


def _smime(application: Application, device: Device) -> dict[str, Any] | None:
    """The S/MIME settings of Samsung's mail, which signs every mail with the certificate that its configuration forces.
    Unverified: its user cannot change that. None for any other application, which leaves S/MIME to its user.
    """
    alias = application.configuration.get("force_smime_certificate_alias")
    if application.package != SAMSUNG_MAIL or not isinstance(alias, str):
        return None
    entry = device.keystore.entries.get(alias)
    if entry is None:
        raise _Unusable(f"the account cannot be set up: there is no key with the alias {alias} to sign with")
    signs = application.configuration.get("require_signed_smime_messages") is True
    return SmimeSettings(signs=signs, signing_identity=entry.sha1, changeable=_CHANGEABLE).document()


def _with_user_choices(smime: dict[str, Any], *, before: dict[str, Any]) -> dict[str, Any]:
    """The new settings with the user's choices from the former ones."""
    return replace(SmimeSettings.from_document(smime), choices=SmimeSettings.from_document(before).choices).document()


def _setting(application: Application, name: str) -> str:
    value = application.configuration.get(name)
    if not value:
        raise _Unusable(f"the account cannot be set up: its configuration has no {name}")
    return str(value)


def _check_accepted(device: Device, kind: str) -> None:
    """Raise _Unusable if the device's owner has set it to refuse this kind."""
    if (reason := device.refusals.reason(kind)) is not None:
        code = device.refusals[Delivery(kind)]
        raise _Unusable(reason if code is None else f"{reason} (error {code})")


def _trust(certificate: CaCertificate, device: Device) -> bool:
    store = device.keystore
    if certificate.sha256 in store.trusted:
        return False
    _check_accepted(device, Delivery.ROOT)
    der = _decoded(certificate.x509, "the certificate")
    if hashlib.sha256(der).hexdigest() != certificate.sha256:
        raise _Unusable("the certificate does not match its SHA-256")
    try:
        x509.load_der_x509_certificate(der)
    except ValueError as broken:
        raise _Unusable(f"this is not a certificate: {broken}") from broken
    store.trust(der)
    return True


def _install(pair: KeyPair, device: Device, *, identity: DeviceIdentity) -> bool:
    store = device.keystore
    data = _decoded(pair.pkcs12, "the PFX")
    digest = hashlib.sha256(data).hexdigest()
    present = store.entries.get(pair.alias)
    if present is not None and present.digest == digest:
        return False
    _check_accepted(device, pair.source)
    envelope = _decoded(pair.encrypted_password, "the encrypted password")
    try:
        password = open_envelope(envelope, [identity]).content
    except CmsRefused as why:
        raise _Unusable(f"the PFX password cannot be decrypted with this device's identity key: {why}") from why
    try:
        contents = read_pfx(data, password)
    except PfxRefused as why:
        raise _Unusable(f"the PFX cannot be opened: {why}") from why
    store.install(
        KeyEntry(
            alias=pair.alias,
            source=pair.source,
            certificate=contents.certificate.public_bytes(Encoding.DER),
            key=contents.key_bytes(),
            chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in contents.chain),
            intended_purpose=pair.intended_purpose,
            profile_id=pair.profile_id,
            digest=digest,
        )
    )
    return True


async def _take(pair: KeyPair, device: Device, *, identity: DeviceIdentity, enroller: Callable[[], Enroller]) -> bool:
    """Install a key pair, or request it by SCEP. Returns whether it was installed."""
    if pair.source == SCEP:
        return await _request(pair, device, enroller=enroller)
    return _install(pair, device, identity=identity)


async def _request(pair: KeyPair, device: Device, *, enroller: Callable[[], Enroller]) -> bool:
    """Request the certificate of an entry by SCEP, if the device does not have it. Returns whether it was installed."""
    if pair.scep is None:
        return False
    if not scep.is_due(pair, device):
        return False
    _check_accepted(device, Delivery.SCEP)
    try:
        await scep.install(pair, device, enroller=enroller())
    except (ScepFailed, AnswerBroken) as failed:
        is_pending = isinstance(failed, ScepFailed) and failed.failure is Failure.PENDING
        raise _Unusable(str(failed), is_pending=is_pending) from failed
    return True


def _forget_unlisted(policy: Policy, device: Device) -> None:
    """Forget the requests that wait for a decision, and that the policy does not have any more."""
    if not device.keystore.pending:
        return
    listed = {scep.identifier(pair) for pair in policy.key_pairs}
    for name in device.keystore.pending.keys() - listed:
        del device.keystore.pending[name]


def _decoded(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as broken:
        raise _Unusable(f"{what} is not base64") from broken
