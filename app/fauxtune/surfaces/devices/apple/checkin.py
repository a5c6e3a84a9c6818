"""Check-in messages: Authenticate names the device, the first TokenUpdate completes its enrolment, CheckOut ends it.

Apple: "Device Management", Check-in. Messages on the channel of a user are accepted and change nothing: nothing is sent
on that channel.
"""

from __future__ import annotations

import base64
from typing import assert_never

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotEmulated
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import apple as apple_devices
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.devices.apple import messages, translate
from fauxtune.surfaces.devices.apple.caller import DeviceCall
from fauxtune.surfaces.devices.apple.messages import Sender

#: Apple's unlock and bootstrap tokens have some kilobytes.
LONGEST_TOKEN = 64 * 1024


def answer(tx: Transaction, call: DeviceCall, *, message: messages.CheckIn) -> bytes:
    """Handle a check-in message and return the body of the answer. Raises NotEmulated for one that is not served."""
    if isinstance(message, messages.Unsupported):
        about = f" ({message.detail[:80]})" if message.detail else ""
        raise NotEmulated(f"The check-in message {message.type[:80]}{about} is not emulated.")
    if message.sender.user is not None:
        _enrollment_id(tx, call, sender=message.sender)
        return b""
    match message:
        case messages.Authenticate():
            authenticate(tx, call, message=message)
        case messages.TokenUpdate():
            token_update(tx, call, message=message)
        case messages.CheckOut():
            check_out(tx, call, message=message)
        case messages.SetBootstrapToken():
            set_bootstrap_token(tx, call, message=message)
        case messages.GetBootstrapToken():
            return get_bootstrap_token(tx, call, message=message)
        case messages.UserAuthenticate():
            raise Invalid("UserID is missing: UserAuthenticate is about a user.", target="UserID")
        case _:
            assert_never(message)
    return b""


def authenticate(tx: Transaction, call: DeviceCall, *, message: messages.Authenticate) -> None:
    """Bind the identity certificate to the device."""
    identity = apple_devices.holder(tx, call.certificate)
    apple_devices.authenticate(tx, identity, request=translate.enrollment_request(message))


def token_update(tx: Transaction, call: DeviceCall, *, message: messages.TokenUpdate) -> None:
    """Note where the device can be pushed; the first time this completes the enrolment."""
    hardware_key = translate.hardware_key(message.sender.id)
    identity = apple_devices.authenticated(tx, call.certificate, hardware_key=hardware_key)
    state: JsonObject = {"push": {"mdm": message.push_magic}, "topic": message.topic}
    if message.unlock_token is not None:
        # The device sends it only when it has changed: without it the former one stays.
        state["unlockToken"] = _base64("UnlockToken", message.unlock_token)
    enrolled = apple_devices.token_update(tx, identity, token=message.token, wire_state=state)
    device = identity.enrollment or enrolled
    call.caller.device = None if device is None else device.id


def check_out(tx: Transaction, call: DeviceCall, *, message: messages.CheckOut) -> None:
    """End the enrolment. After a retire the device may confirm the command, send CheckOut, or both."""
    try:
        enrollment_id = _enrollment_id(tx, call, sender=message.sender)
    except EnrollmentEnded:
        return
    apple_devices.check_out(tx, DeviceCaller(enrollment_id, call.digest))


def set_bootstrap_token(tx: Transaction, call: DeviceCall, *, message: messages.SetBootstrapToken) -> None:
    """Keep the bootstrap token of a Mac, or delete it."""
    enrollment_id = _enrollment_id(tx, call, sender=message.sender)
    token = None if message.token is None else _base64("BootstrapToken", message.token)
    apple_devices.set_bootstrap_token(tx, enrollment_id, token=token)


def get_bootstrap_token(tx: Transaction, call: DeviceCall, *, message: messages.GetBootstrapToken) -> bytes:
    """Return the answer with the Mac's bootstrap token; empty if it has set none."""
    token = apple_devices.bootstrap_token(tx, _enrollment_id(tx, call, sender=message.sender))
    return b"" if token is None else messages.bootstrap_token(base64.b64decode(token))


def _enrollment_id(tx: Transaction, call: DeviceCall, *, sender: Sender) -> EnrollmentId:
    row = apple_devices.enrolled(tx, call.certificate, hardware_key=translate.hardware_key(sender.id))
    call.caller.device = row.id
    return row.id


def _base64(key: str, token: bytes) -> str:
    if len(token) > LONGEST_TOKEN:
        raise Invalid(f"{key} must not have more than {LONGEST_TOKEN} bytes.", target=key)
    return base64.b64encode(token).decode()
