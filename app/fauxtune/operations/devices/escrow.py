"""What devices escrow: it is sealed at once, opened when an administrator asks for it, and deleted with the device.

Microsoft: recovery keys of BitLocker and passwords of local administrators are kept in Entra ID and go with the device
there; the personal recovery key of FileVault is Intune's, and goes with the managed device. Unverified: that a wipe or
retire which deletes neither record deletes no key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.actions import (
    KEPT,
    OF_DIRECTORY,
    OF_INTUNE,
    EscrowKind,
    is_file_vault_key,
    is_local_password,
    is_recovery_password,
)
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.cms import envelope, open_envelope
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices.audience import user_name
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import device_records as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.ledger import EscrowedSecretRow

#: The authority whose key opens what devices escrow.
AUTHORITY = "devices"
_CHECKS = {
    EscrowKind.BITLOCKER: is_recovery_password,
    EscrowKind.FILE_VAULT: is_file_vault_key,
    EscrowKind.LOCAL_ADMINISTRATOR: is_local_password,
}


@dataclass(frozen=True, slots=True)
class Escrow:
    """A secret that a device hands over. `id`: its own id, if it has one; `details`: what is not secret."""

    kind: EscrowKind
    secret: str = field(repr=False)
    id: str | None = None
    details: JsonObject = field(default_factory=dict)


def keep(tx: Transaction, enrollment: EnrollmentRow, *, escrow: Escrow) -> None:
    """Seal a secret and keep it with the newest ones before it. Raises Invalid for a text that is no such secret,
    Conflict for the id of another device's.
    """
    if not _CHECKS[escrow.kind](escrow.secret):
        raise Invalid(f"The device has sent a text that is no secret of the kind {escrow.kind}.", target=escrow.kind)
    certificate = authorities.certificate(tx.connection, tx.tenant, name=AUTHORITY)
    _add(tx, enrollment, escrow=escrow, sealed=envelope(escrow.secret.encode(), certificate))


def keep_sealed(tx: Transaction, enrollment: EnrollmentRow, *, kind: EscrowKind, sealed: bytes) -> None:
    """Keep a secret that the device has sealed for the service, unless it is there already. It is opened, and found
    damaged, when an administrator asks for it.
    """
    present = queries.secret_of_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment.id, kind=kind)
    if present is None or present.sealed != sealed:
        _add(tx, enrollment, escrow=Escrow(kind, ""), sealed=sealed)


def open_secret(tx: Transaction, row: EscrowedSecretRow, *, keys: KeyStore) -> str:
    """Return a secret in clear, and write into the journal that it was read."""
    tx.record("escrowRead", device=row.enrollment_id, kind=row.kind.value, id=row.id)
    return _opened(tx, row.sealed, keys=keys)


def current_secret(tx: Transaction, enrollment: EnrollmentRow, *, kind: EscrowKind, keys: KeyStore) -> str | None:
    """Return the newest secret of a kind for a command to the device itself; None without one that
    can be opened.
    """
    row = queries.secret_of_enrollment(tx.connection, tx.tenant.id, enrollment_id=enrollment.id, kind=kind)
    try:
        return None if row is None else _opened(tx, row.sealed, keys=keys)
    except Invalid:
        return None


def forget_with_directory_device(tx: Transaction, device_id: DirectoryDeviceId) -> None:
    """Delete what Entra ID keeps of a device whose object there is deleted."""
    queries.delete_secrets_of_device(tx.connection, tx.tenant.id, device_id=device_id, kinds=OF_DIRECTORY)


def forget_with_managed_device(tx: Transaction, device_id: DirectoryDeviceId) -> None:
    """Delete what Intune keeps of a device whose record is deleted."""
    queries.delete_secrets_of_device(tx.connection, tx.tenant.id, device_id=device_id, kinds=OF_INTUNE)


def _add(tx: Transaction, enrollment: EnrollmentRow, *, escrow: Escrow, sealed: bytes) -> None:
    device_id, kind = enrollment.directory_device_id, escrow.kind
    if escrow.id is not None:
        same = queries.secret(tx.connection, tx.tenant.id, secret_id=escrow.id)
        if same is not None and (same.directory_device_id, same.kind) != (device_id, kind):
            raise Conflict(f"The id {escrow.id} is that of another device's secret.", target="id")
    before = queries.secrets_of_device(tx.connection, tx.tenant.id, device_id=device_id, kind=kind)
    row = EscrowedSecretRow(
        tenant_id=tx.tenant.id,
        id=tx.ids.uuid() if escrow.id is None else escrow.id,
        enrollment_id=enrollment.id,
        directory_device_id=device_id,
        kind=kind,
        details=escrow.details,
        sealed=sealed,
        created_at=tx.now,
    )
    queries.add_secret(tx.connection, row)
    older = [escrowed_secret.id for escrowed_secret in before if escrowed_secret.id != row.id][KEPT[kind] - 1 :]
    queries.delete_secrets(tx.connection, tx.tenant.id, ids=older)
    tx.record("escrowed", user=user_name(tx, enrollment), device=enrollment.id, kind=kind.value, id=row.id)


def _opened(tx: Transaction, sealed: bytes, *, keys: KeyStore) -> str:
    authority = authorities.load(tx.connection, tx.tenant, name=AUTHORITY, keys=keys)
    opened = open_envelope(sealed, certificate=authority.certificate, key=authority.key)
    try:
        return opened.decode()
    except UnicodeDecodeError:
        raise Invalid("What the device has escrowed is no text.") from None
