"""Orders: what a certificate connector is asked to make for one device."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.accounts import Account
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import Order


@dataclass(frozen=True, slots=True)
class ImportedCertificateOrder:
    """The password of a user's imported certificate, encrypted again for the device."""

    user_id: UserId
    thumbprint: str


@dataclass(frozen=True, slots=True)
class AccountOrder:
    """An e-mail account with the certificates that it carries, encrypted for the device of this user."""

    user_id: UserId | None
    account: Account


RequestOrder = Order | ImportedCertificateOrder | AccountOrder
