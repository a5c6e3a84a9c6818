"""What the command of an order has beside the order's details: secrets, which are read only while it is written."""

from __future__ import annotations

import base64
from dataclasses import replace

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.keystore import KeyStore
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.escrow import EscrowKind
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import escrow
from fauxtune.operations.devices.actions import Order
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.devices import EnrollmentRow


def with_secrets(tx: Transaction, order: Order, *, enrollment: EnrollmentRow, keys: KeyStore) -> Order:
    """Return the order with the secrets of its command.

    Apple: ClearPasscode has the token that the device sent, RotateFileVaultKey the present key, and the certificate for
    which the new one is sealed.
    """
    if order.action is DeviceAction.RESET_PASSCODE and enrollment.wire_state is not None:
        token = enrollment.wire_state.get("unlockToken")
        return order if token is None else replace(order, secrets={"unlockToken": token})
    if order.action is DeviceAction.ROTATE_FILEVAULT_KEY:
        certificate = authorities.certificate(tx.connection, tx.tenant, name=escrow.AUTHORITY)
        secrets = {"certificate": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}
        present = escrow.current_secret(tx, enrollment, kind=EscrowKind.FILE_VAULT, keys=keys)
        return replace(order, secrets=secrets if present is None else secrets | {"recoveryKey": present})
    return order
