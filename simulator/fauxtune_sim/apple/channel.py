"""The connection to an MDM server: property lists by PUT, signed if the profile demands it (Apple: SignMessage).

401, or 403 with the code com.apple.unrecognized.device, ends the enrolment; any other refusal is temporary.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fauxtune_sim.apple import messages
from fauxtune_sim.apple.enrollment import AppleEnrollment
from fauxtune_sim.apple.plist import write_plist
from fauxtune_sim.cms.signing import sign
from fauxtune_sim.errors import EnrollmentOver, ServerRefused
from fauxtune_sim.keys.identity import DeviceIdentity
from fauxtune_sim.server.transport import Transport

_LONGEST_REASON = 300


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
