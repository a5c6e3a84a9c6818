"""The check-in messages of an enrolled Apple device: TokenUpdate, CheckOut, and those about its bootstrap token.

Apple: "Device Management", Check-in. The first TokenUpdate completes an enrolment: `apple_enrollment.complete`.
"""

from __future__ import annotations

import hashlib

from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import apple_enrollment, ending
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.devices.enrollment import Enrolled
from fauxtune.operations.devices.inventory_facts import note_facts
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries

#: Apple's push tokens have 32 bytes. One of mdmb is the text "fakeToken", the same for every device.
_TOKEN_LENGTHS = range(16, 65)
_BOOTSTRAP_TOKEN = "bootstrapToken"  # noqa: S105 - a key


def token_update(
    tx: Transaction, known: apple_enrollment.Known, *, token: bytes, wire_state: JsonObject
) -> Enrolled | None:
    """Note where the device can be pushed; the first time this completes the enrolment, and returns it. Raises as
    `apple_enrollment.complete`.
    """
    return apple_enrollment.complete(tx, known, push_token=_push_token(tx, known, token=token), wire_state=wire_state)


def check_out(tx: Transaction, caller: DeviceCaller) -> None:
    """End the enrolment: the device has left, because an administrator ordered it or because its user removed it.

    Raises NotAllowed if the user may not unenrol the device.
    """
    row = identified(tx, caller, lock=True)
    order = next((order for order in device_actions.pending(tx, row) if order.scope), None)
    if order is None:
        ending.unenroll(tx, row)
    else:
        device_actions.complete(tx, row, action_id=order.id)


def set_bootstrap_token(tx: Transaction, enrollment_id: EnrollmentId, *, token: str | None) -> None:
    """Keep the bootstrap token (base64) of a Mac; None deletes it."""
    state = queries.wire_state(tx.connection, enrollment_id)
    state.pop(_BOOTSTRAP_TOKEN, None)
    if token is not None:
        state[_BOOTSTRAP_TOKEN] = token
    queries.change_enrollment(tx.connection, enrollment_id, wire_state=state)
    row = queries.enrollment(tx.connection, enrollment_id)
    if row is not None:
        note_facts(tx, row, facts={"bootstrapTokenEscrowed": token is not None})


def bootstrap_token(tx: Transaction, enrollment_id: EnrollmentId) -> str | None:
    """Return the bootstrap token (base64) that the Mac has set, if any."""
    token: str | None = queries.wire_state(tx.connection, enrollment_id).get(_BOOTSTRAP_TOKEN)
    return token


def _push_token(tx: Transaction, known: apple_enrollment.Known, *, token: bytes) -> str:
    """The token in hex if no other device has it, else a digest of it and the identity."""
    if len(token) in _TOKEN_LENGTHS:
        holder = queries.enrollment_by_push_token(tx.connection, token.hex())
        is_own = known.enrollment is not None and holder is not None and holder.id == known.enrollment.id
        if holder is None or is_own:
            return token.hex()
    return hashlib.sha256(known.identity.digest.encode() + token).hexdigest()
