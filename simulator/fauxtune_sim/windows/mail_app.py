"""The mail application of Windows 10 Mobile, which chooses S/MIME certificates by itself.

Microsoft: "the native mail app on Windows 10 Mobile automatically uses the S/MIME certificate". Unverified is the order
among several: of the valid certificates for mail and for the account's address, the newest; key usage decides between
signing and encryption. Signing is on if there is a certificate, and the user may switch it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.certificates import addresses, can_encrypt, can_sign, is_for_mail
from fauxtune_sim.keys.keystore import KeyStore
from fauxtune_sim.mail.accounts import Setting
from fauxtune_sim.mail.smime_settings import SmimeSettings
from fauxtune_sim.platforms import Platform


def choose_certificates(device: Device, at: datetime) -> None:
    """Choose the certificates of every account again; the user's switches stay. Windows 10 Mobile only."""
    if device.platform is not Platform.WINDOWS_10_MOBILE:
        return
    for name, account in list(device.accounts.items()):
        present = None if account.smime is None else SmimeSettings.from_document(account.smime)
        signing = _newest(device.keystore, account.address, at=at, fits=can_sign)
        smime = SmimeSettings(
            signs=signing is not None,
            signing_identity=signing,
            encryption_identity=_newest(device.keystore, account.address, at=at, fits=can_encrypt),
            per_message=True,
            changeable=frozenset({Setting.SIGN, Setting.ENCRYPT}),
            choices={} if present is None else present.choices,
        ).document()
        if smime != account.smime:
            device.accounts[name] = replace(account, smime=smime)


def _newest(store: KeyStore, address: str, *, at: datetime, fits: Callable[[x509.Certificate], bool]) -> str | None:
    """The thumbprint of the newest fitting certificate that is valid at `at`, or None."""
    candidates = [
        identity
        for identity in store.identities()
        if fits(identity.certificate)
        and is_for_mail(identity.certificate)
        and address.lower() in {name.lower() for name in addresses(identity.certificate)}
        and identity.certificate.not_valid_before_utc <= at <= identity.certificate.not_valid_after_utc
    ]
    if not candidates:
        return None
    return max(candidates, key=lambda identity: identity.certificate.not_valid_before_utc).thumbprint
