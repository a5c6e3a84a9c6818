"""What a device says on its own account: the check-in messages.

Apple: "Device Management", Check-in. Authenticate says who it is, the first TokenUpdate completes the enrolment,
CheckOut ends it. What comes on a channel of a user's own is accepted and does nothing: nothing is sent there.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, assert_never

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotEmulated
from fauxtune.operations.checkin import stepwise
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import apple_enrollment, enrollment
from fauxtune.operations.devices.caller import identified
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as queries
from fauxtune.surfaces.devices.apple import caller, messages, translate
from fauxtune.surfaces.devices.apple.caller import DeviceCall

Json = dict[str, Any]

#: Apple's tokens of unlocking and bootstrapping have some kilobytes.
LONGEST_TOKEN = 64 * 1024
#: A push token of Apple's has 32 bytes. One of mdmb is the text "fakeToken", and every device has the same.
_USUAL_TOKENS = range(16, 65)


def take(tx: Transaction, call: DeviceCall, *, message: messages.CheckIn) -> bytes:
    """Take in a message; the answer's body. NotEmulated for one that is not served."""
    if isinstance(message, messages.Unsupported):
        about = f" ({message.detail[:80]})" if message.detail else ""
        raise NotEmulated(f"The check-in message {message.type[:80]}{about} is not emulated.")
    if message.sender.user is not None:
        caller.live(tx, call, sender=message.sender)
        return b""
    match message:
        case messages.Authenticate():
            known = caller.recognised(tx, call)
            apple_enrollment.authenticate(tx, known, request=translate.enrollment_request(message))
        case messages.TokenUpdate():
            _listen(tx, call, message=message)
        case messages.CheckOut():
            _leave(tx, call, message=message)
        case messages.SetBootstrapToken():
            _keep(tx, call, message=message)
        case messages.GetBootstrapToken():
            return _kept(tx, call, message=message)
        case messages.UserAuthenticate():
            raise Invalid("UserID is missing: UserAuthenticate is about a user.", target="UserID")
        case _:
            assert_never(message)
    return b""


def _listen(tx: Transaction, call: DeviceCall, *, message: messages.TokenUpdate) -> None:
    known = caller.bound(tx, call, sender=message.sender)
    state: Json = {"push": {"mdm": message.push_magic}, "topic": message.topic}
    if message.unlock_token is not None:
        # Only sometimes a device says it anew: what it does not say stays.
        state["unlockToken"] = _text("UnlockToken", message.unlock_token)
    apple_enrollment.complete(tx, known, push_token=_push_token(tx, known, token=message.token), wire_state=state)


def _leave(tx: Transaction, call: DeviceCall, *, message: messages.CheckOut) -> None:
    """After a retire the device may say so, or have confirmed it before, or both."""
    try:
        known = caller.live(tx, call, sender=message.sender)
    except EnrollmentEnded:
        return
    row = identified(tx, caller.caller(known), lock=True)
    order = next((each for each in device_actions.pending(tx, row) if each.scope), None)
    if order is None:
        enrollment.unenroll(tx, row)
    else:
        device_actions.complete(tx, row, action_id=order.id)


def _keep(tx: Transaction, call: DeviceCall, *, message: messages.SetBootstrapToken) -> None:
    known = caller.live(tx, call, sender=message.sender)
    device = caller.caller(known).device_id
    state = queries.wire_state(tx.connection, device)
    state.pop("bootstrapToken", None)
    if message.token is not None:
        state["bootstrapToken"] = _text("BootstrapToken", message.token)
    stepwise.set_wire_state(tx, device, state=state)


def _kept(tx: Transaction, call: DeviceCall, *, message: messages.GetBootstrapToken) -> bytes:
    known = caller.live(tx, call, sender=message.sender)
    token = queries.wire_state(tx.connection, caller.caller(known).device_id).get("bootstrapToken")
    return b"" if token is None else messages.bootstrap_token(base64.b64decode(token))


def _push_token(tx: Transaction, known: apple_enrollment.Known, *, token: bytes) -> str:
    """Where the device listens: the token in hex, if it is the device's alone."""
    if len(token) in _USUAL_TOKENS:
        holder = queries.enrollment_by_push_token(tx.connection, token.hex())
        own = known.enrollment is not None and holder is not None and holder["id"] == known.enrollment["id"]
        if holder is None or own:
            return token.hex()
    return hashlib.sha256(known.digest.encode() + token).hexdigest()


def _text(key: str, token: bytes) -> str:
    if len(token) > LONGEST_TOKEN:
        raise Invalid(f"{key} has {LONGEST_TOKEN} bytes at most.", target=key)
    return base64.b64encode(token).decode()
