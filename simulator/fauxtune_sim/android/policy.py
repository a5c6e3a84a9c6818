"""Making a device look like its policy: install what is missing, overwrite what changed, remove what is gone.

Every entry is judged by itself. One that cannot be applied (a password the device cannot decrypt, a PFX that does not
open) is refused with a reason in plain words, leaves what stood under its alias before, and is tried again with every
policy.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.accounts import MailAccount, Setting
from fauxtune_sim.android.messages import Application, CaCertificate, KeyPair, Policy
from fauxtune_sim.android.modes import ways_of
from fauxtune_sim.cms import open_envelope
from fauxtune_sim.device import Device
from fauxtune_sim.enrollment import Refusal
from fauxtune_sim.errors import CmsRefused, PfxRefused
from fauxtune_sim.identity import DeviceIdentity
from fauxtune_sim.keystore import KeyEntry, KeyStore
from fauxtune_sim.maildefaults import Smime
from fauxtune_sim.pfx import read_pfx

SAMSUNG_MAIL = "com.samsung.android.email.provider"
#: What such an account leaves to its user.
_CHOICES = frozenset({Setting.ENCRYPT, Setting.ENCRYPTION_IDENTITY})


@dataclass(frozen=True, slots=True)
class Applied:
    """What changed: names of what was installed or overwritten, of what was removed, and what was refused."""

    installed: tuple[str, ...]
    removed: tuple[str, ...]
    refusals: tuple[Refusal, ...]


class _Unusable(Exception):
    """The entry cannot be applied; the text says why."""


def apply(policy: Policy, device: Device) -> Applied:
    """Apply a policy to an enrolled device's key store and mail. Nothing is written to disk here."""
    enrollment = device.enrollment
    assert enrollment is not None
    installed: list[str] = []
    refusals: list[Refusal] = []
    for certificate in policy.ca_certificates:
        try:
            if _trust(certificate, device.keystore):
                installed.append(certificate.sha256)
        except _Unusable as why:
            refusals.append(Refusal("caCerts", f"caCerts[sha256={certificate.sha256}]", str(why)))
    for pair in policy.key_pairs:
        try:
            if _install(pair, device.keystore, identity=enrollment.identity()):
                installed.append(pair.alias)
        except _Unusable as why:
            refusals.append(Refusal("keyPairs", f"keyPairs[alias={pair.alias}]", str(why)))
    removed = _remove_the_rest(policy, device)
    for application in policy.applications:
        try:
            if _set_up(application, device):
                installed.append(str(application.account))
        except _Unusable as why:
            refusals.append(Refusal("applications", f"applications[emailAccount={application.account}]", str(why)))
    return Applied(installed=tuple(installed), removed=tuple(removed), refusals=tuple(refusals))


def _remove_the_rest(policy: Policy, device: Device) -> list[str]:
    store, removed = device.keystore, []
    # A device administrator cannot: what it has installed stays.
    if ways_of(device.mode).removes:
        removed = _take_back(policy, store)
    for name in sorted(device.accounts.keys() - {application.account for application in policy.applications}):
        del device.accounts[name]
        removed.append(name)
    return removed


def _take_back(policy: Policy, store: KeyStore) -> list[str]:
    wanted = {pair.alias for pair in policy.key_pairs}
    trusted = {certificate.sha256 for certificate in policy.ca_certificates}
    removed = [alias for alias in list(store.entries) if alias not in wanted and store.remove(alias)]
    removed += [sha256 for sha256 in list(store.trusted) if sha256 not in trusted and store.distrust(sha256)]
    return removed


def _set_up(application: Application, device: Device) -> bool:
    """Set up or change the account that an application's configuration describes."""
    if application.account is None:
        return False
    named = application.configuration.get("exchange_login_certificate_alias")
    alias = named if isinstance(named, str) and named else None
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
    held = device.accounts.get(account.id)
    if held is not None and held.smime is not None and account.smime is not None:
        account = replace(account, smime=_chosen(account.smime, before=held.smime))
    device.accounts[account.id] = account
    return held != account


def _smime(application: Application, device: Device) -> dict[str, Any] | None:
    """What Samsung's mail does with S/MIME: it signs every mail with the certificate that it was forced to use.
    Unverified: its user cannot change that. Any other application leaves S/MIME to its user.
    """
    alias = application.configuration.get("force_smime_certificate_alias")
    if application.package != SAMSUNG_MAIL or not isinstance(alias, str):
        return None
    entry = device.keystore.entries.get(alias)
    if entry is None:
        raise _Unusable(f"the account cannot be set up: there is no key with the alias {alias} to sign with")
    signs = application.configuration.get("require_signed_smime_messages") is True
    return Smime(signs=signs, signing_identity=entry.sha1, changeable=_CHOICES).document()


def _chosen(smime: dict[str, Any], *, before: dict[str, Any]) -> dict[str, Any]:
    """The settings as they are now, with what the user made of them before."""
    return replace(Smime.from_document(smime), chosen=Smime.from_document(before).chosen).document()


def _setting(application: Application, name: str) -> str:
    value = application.configuration.get(name)
    if not value:
        raise _Unusable(f"the account cannot be set up: its configuration has no {name}")
    return str(value)


def _trust(wanted: CaCertificate, store: KeyStore) -> bool:
    if wanted.sha256 in store.trusted:
        return False
    der = _decoded(wanted.x509, "the certificate")
    if hashlib.sha256(der).hexdigest() != wanted.sha256:
        raise _Unusable("the certificate is not the one that its SHA-256 names")
    try:
        x509.load_der_x509_certificate(der)
    except ValueError as broken:
        raise _Unusable(f"this is not a certificate: {broken}") from broken
    store.trust(der)
    return True


def _install(pair: KeyPair, store: KeyStore, *, identity: DeviceIdentity) -> bool:
    data = _decoded(pair.pkcs12, "the PFX")
    digest = hashlib.sha256(data).hexdigest()
    held = store.entries.get(pair.alias)
    if held is not None and held.digest == digest:
        return False
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
            chain=tuple(one.public_bytes(Encoding.DER) for one in contents.chain),
            intended_purpose=pair.intended_purpose,
            profile_id=pair.profile_id,
            digest=digest,
        )
    )
    return True


def _decoded(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as broken:
        raise _Unusable(f"{what} is not base64") from broken
