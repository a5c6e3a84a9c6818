"""The enrolment of an Apple device: the settings of the MDM payload and the changes that a replacement of its profile
may make, the tokens that the device sent, and the connection to the server.

Apple: payload com.apple.mdm; check-in message TokenUpdate. Differs from a device: addresses with http are accepted too,
as test servers have them. Property lists are sent by PUT, signed if the profile demands it (Apple: SignMessage). 401,
or 403 with the code com.apple.unrecognized.device, ends the enrolment; any other refusal is temporary.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import Any

from fauxtune_sim.apple import messages
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.messages import write_plist
from fauxtune_sim.apple.profiles import Payload, Profile
from fauxtune_sim.cms.signed import sign
from fauxtune_sim.device.enrollment import Enrollment
from fauxtune_sim.errors import EnrollmentOver, ServerRefused
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.server.transport import Transport

EVERY_RIGHT = 8191
MDM = "com.apple.mdm"
_TOPIC = "com.apple.mgmt."
_USER_ENROLLMENT = "BYOD"
_BOOTSTRAP = "com.apple.mdm.bootstraptoken"
_LONGEST_REASON = 300


class Right(IntFlag):
    """AccessRights of the MDM payload."""

    INSPECT_PROFILES = 1
    CHANGE_PROFILES = 2
    LOCK = 4
    ERASE = 8
    DEVICE_INFORMATION = 16
    NETWORK_INFORMATION = 32
    INSPECT_PROVISIONING = 64
    CHANGE_PROVISIONING = 128
    INSPECT_APPLICATIONS = 256
    RESTRICTIONS = 512
    SECURITY = 1024
    SETTINGS = 2048
    CHANGE_APPLICATIONS = 4096


@dataclass(slots=True, kw_only=True)
class AppleEnrollment(Enrollment):
    """`name` is the UDID, of a User Enrollment (`by_user`) the EnrollmentID; `push_token` is the token in hex if the
    server has a push service for simulated devices.

    `profile` is the PayloadIdentifier of the profile with the MDM payload. `token_due`: the server has not accepted the
    last TokenUpdate yet. `unlock_token` is for iOS and iPadOS only, `bootstrap_token` for macOS only.
    """

    profile: str
    server_url: str
    check_in_url: str
    topic: str
    push_magic: str
    token: bytes
    access_rights: int = EVERY_RIGHT
    sign_message: bool = False
    check_out_when_removed: bool = False
    takes_bootstrap_token: bool = False
    unlock_token: bytes | None = None
    bootstrap_token: bytes | None = None
    token_due: bool = True
    by_user: bool = False

    def may(self, right: Right) -> bool:
        """Whether the server has this right."""
        return right in Right(self.access_rights)


@dataclass(frozen=True, slots=True)
class MdmSettings:
    """The settings of an MDM payload. `identity` is the PayloadUUID of the identity in the same profile; `by_user`: it
    is a User Enrollment.
    """

    identity: str
    topic: str
    server_url: str
    check_in_url: str
    access_rights: int
    sign_message: bool
    check_out_when_removed: bool
    takes_bootstrap_token: bool
    account: str | None
    by_user: bool = False


def mdm_payload(profile: Profile) -> Payload | None:
    """The profile's MDM payload, or None. Raises Fault if it has several."""
    payloads = [payload for payload in profile.payloads if payload.type == MDM]
    if len(payloads) > 1:
        raise Fault(Code.MULTIPLE_MDM, "the profile has more than one MDM payload")
    return payloads[0] if payloads else None


def read_mdm(payload: Payload) -> MdmSettings:
    """Read the settings of an MDM payload. Raises Fault if they are not valid."""
    keys = payload.keys
    topic, server = keys.text("Topic"), keys.text("ServerURL")
    if not topic.startswith(_TOPIC):
        raise Fault(Code.TOPIC_INVALID, f"the topic {topic} does not begin with {_TOPIC}")
    check_in = keys.optional("CheckInURL", str) or server
    for url in (server, check_in):
        if not url.startswith(("https://", "http://")):
            raise Fault(Code.PAYLOAD_VALUE, f"{url} is not an HTTP(S) address")
    return MdmSettings(
        identity=keys.text("IdentityCertificateUUID"),
        topic=topic,
        server_url=server,
        check_in_url=check_in,
        access_rights=_rights(keys.number("AccessRights", EVERY_RIGHT)),
        sign_message=keys.flag("SignMessage"),
        check_out_when_removed=keys.flag("CheckOutWhenRemoved"),
        takes_bootstrap_token=_BOOTSTRAP in keys.texts("ServerCapabilities"),
        account=keys.optional("AssignedManagedAppleID", str),
        by_user=keys.optional("EnrollmentMode", str) == _USER_ENROLLMENT,
    )


def _rights(value: int) -> int:
    """Check AccessRights: they are in range, and a right to change needs the right to inspect."""
    if not 0 < value <= EVERY_RIGHT:
        raise Fault(Code.ACCESS_RIGHTS, f"AccessRights {value} is not from 1 to {EVERY_RIGHT}")
    for change, inspect in (
        (Right.CHANGE_PROFILES, Right.INSPECT_PROFILES),
        (Right.CHANGE_PROVISIONING, Right.INSPECT_PROVISIONING),
    ):
        if value & change and not value & inspect:
            raise Fault(Code.ACCESS_RIGHTS, f"AccessRights {value} has {change.value} without {inspect.value}")
    return value


def check_replacement(new: MdmSettings, old: AppleEnrollment) -> None:
    """Raise Fault if a profile may not replace the MDM profile: it names another server or has more rights."""
    if (new.server_url, new.check_in_url, new.topic) != (old.server_url, old.check_in_url, old.topic):
        raise Fault(Code.REPLACEMENT_MISMATCH, "ServerURL, CheckInURL and Topic of an MDM payload may not change")
    if new.access_rights & ~old.access_rights:
        raise Fault(Code.REPLACEMENT_INVALID, "a replaced MDM payload may not have more AccessRights than before")


class Channel:
    """The connection of one device. `now` reads the device's clock."""

    def __init__(self, transport: Transport, enrollment: AppleEnrollment, *, now: Callable[[], datetime]) -> None:
        self._transport = transport
        self._enrollment = enrollment
        self._now = now

    async def check_in(self, message: dict[str, Any]) -> bytes:
        """Send a check-in message. Returns the body of the answer, which is empty for most messages."""
        return await self._put(self._enrollment.check_in_url, message, kind=messages.CHECK_IN_TYPE)

    async def report(self, message: dict[str, Any]) -> messages.Command | None:
        """Send the result of a command, or Idle. Returns the next command, or None if the server has no more."""
        return messages.command(await self._put(self._enrollment.server_url, message, kind=messages.COMMAND_TYPE))

    async def _put(self, url: str, message: dict[str, Any], *, kind: str) -> bytes:
        if self._enrollment.by_user:
            # Apple: a User Enrollment has an EnrollmentID, and no message of it names the device's UDID.
            message = {"EnrollmentID": self._enrollment.name, **{k: v for k, v in message.items() if k != "UDID"}}
        body = write_plist(message)
        headers = {}
        if self._enrollment.sign_message:
            headers[messages.SIGNATURE_HEADER] = signature(body, self._enrollment.identity(), now=self._now())
        answer = await self._transport.send("PUT", url, body=body, content_type=kind, headers=headers)
        if answer.status == 200:
            if kind == messages.COMMAND_TYPE:
                self._enrollment.learn_agent(answer.headers)
            return answer.body
        reason = answer.body[:_LONGEST_REASON].decode("utf-8", "replace").strip()
        message_name = message.get("MessageType") or message.get("Status")
        text = f"the MDM server refused {message_name} ({answer.status}): {reason or 'no reason given'}"
        refusal = EnrollmentOver if messages.is_unrecognized(answer.status, answer.body) else ServerRefused
        raise refusal(text, status=answer.status)


def signature(body: bytes, identity: DeviceIdentity, *, now: datetime) -> str:
    """The value of Mdm-Signature: base64 of a detached CMS signature over the body, SHA-256.

    The signing time is never before the certificate's begin: servers check that, and the two clocks may differ.
    """
    moment = max(now, identity.certificate.not_valid_before_utc)
    signed = sign(body, certificate=identity.certificate, key=identity.key, signing_time=moment)
    return base64.b64encode(signed).decode()
