"""How the mail application of Windows 10 Mobile comes by its S/MIME certificates: it looks for them itself.

Microsoft: "the native mail app on Windows 10 Mobile automatically uses the S/MIME certificate". Unverified is the order
among several: of those for mail and for the account's address, the valid one that began last; key usage decides which
is for signing and which for encryption. Signing is on once there is a certificate, and the user may switch it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from fauxtune_sim.certificates import addresses, can_encrypt, can_sign, is_for_mail
from fauxtune_sim.device import Device
from fauxtune_sim.keystore import KeyStore
from fauxtune_sim.mail_accounts import Setting
from fauxtune_sim.platforms import Platform
from fauxtune_sim.smime_settings import SmimeSettings


def choose(device: Device, at: datetime) -> None:
    """Let every account choose anew; what its user switched stays. Other devices' users choose by hand."""
    if device.platform is not Platform.WINDOWS_10_MOBILE:
        return
    for name, account in list(device.accounts.items()):
        held = None if account.smime is None else SmimeSettings.from_document(account.smime)
        signing = _newest(device.keystore, account.address, at=at, fits=can_sign)
        smime = SmimeSettings(
            signs=signing is not None,
            signing_identity=signing,
            encryption_identity=_newest(device.keystore, account.address, at=at, fits=can_encrypt),
            per_message=True,
            changeable=frozenset({Setting.SIGN, Setting.ENCRYPT}),
            choices={} if held is None else held.choices,
        ).document()
        if smime != account.smime:
            device.accounts[name] = replace(account, smime=smime)


def _newest(store: KeyStore, address: str, *, at: datetime, fits: Callable[[x509.Certificate], bool]) -> str | None:
    """The thumbprint of the certificate to use, or None."""
    found = [
        one
        for one in store.identities()
        if fits(one.certificate)
        and is_for_mail(one.certificate)
        and address.lower() in {spoken.lower() for spoken in addresses(one.certificate)}
        and one.certificate.not_valid_before_utc <= at <= one.certificate.not_valid_after_utc
    ]
    if not found:
        return None
    return max(found, key=lambda one: one.certificate.not_valid_before_utc).thumbprint
