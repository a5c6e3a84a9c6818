"""One management session: an exchange of messages until the server has no more commands (MS-MDM 1.3, 3.2).

Changes are saved before their Status is sent: after a crash in between, the device has not reported items that it does
not have.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fauxtune_sim.cms.signed import sign
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, ServerRefused
from fauxtune_sim.keys.identity import DeviceIdentity
from fauxtune_sim.scep.enroller import Enroller
from fauxtune_sim.server.transport import Transport
from fauxtune_sim.windows.apps import carry_out, has_jobs
from fauxtune_sim.windows.commands import Engine
from fauxtune_sim.windows.exec_nodes import SessionAborted
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.scep import open_requests, send_requests
from fauxtune_sim.windows.syncml import (
    CLIENT_EVENT,
    CLIENT_INITIATED,
    CONTENT_TYPE,
    GENERIC,
    LOGIN_STATUS,
    SERVER_INITIATED,
    UNENROLLMENT,
    Alert,
    ClientMessage,
    Item,
    ServerMessage,
    Writer,
    server_message,
)
from fauxtune_sim.windows.variants import is_phone

#: The most messages of a session: a server that always has more must not keep a device busy without end.
_MOST_MESSAGES = 64
#: Status codes of the SyncHdr: the session goes on; the enrolment is over.
_OK = {200, 202, 212}
_OVER = {403, 404, 410}
_DEV_INFO = ("DevId", "Man", "Mod", "DmV", "Lang")


@dataclass(slots=True)
class Session:
    """A session of one device, numbered by the caller. `settled`: the server had no more commands when it ended;
    `has_news`: the device's facts have changed since its last session; `enroller` requests certificates by SCEP.
    """

    machine: Machine
    transport: Transport
    enroller: Callable[[], Enroller]
    has_news: bool = False
    engine: Engine = field(init=False)
    settled: bool = False
    _writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        enrollment, platform = self.machine.enrollment, self.machine.device.platform
        number = enrollment.sessions
        self.engine = Engine(self.machine)
        self._writer = Writer(
            session=f"{number:X}" if is_phone(platform) else str(number),
            server=enrollment.address,
            device=enrollment.device_id,
        )

    @property
    def sent(self) -> int:
        """The number of messages that were sent."""
        return self._writer.sent

    async def run(self, *, woken: bool) -> None:
        """Send the first message, then execute commands until the server has no more; `woken`: after a push.

        Raises EnrollmentOver if the server does not know the device, ServerRefused if it refuses the session.
        """
        await self._send_requests()
        message = await self._exchange(self._first_message(SERVER_INITIATED if woken else CLIENT_INITIATED))
        while message.commands and self.sent < _MOST_MESSAGES:
            before = self.machine.snapshot()
            try:
                message_to_send = self.engine.execute(message)
            except SessionAborted:
                return
            await self._send_requests(new=True)
            if has_jobs(self.machine):
                await carry_out(self.machine, self.transport)
            if self.machine.snapshot() != before:
                self.machine.device.save()
            message = await self._exchange(message_to_send)
            if self.engine.aborted or self.machine.end is not None:
                return
        self.settled = not message.commands

    async def _send_requests(self, *, new: bool = False) -> None:
        """Send the requests by SCEP that were started, and ask about those that are pending unless `new`."""
        if open_requests(self.machine, new=new):
            self.engine.refusals += await send_requests(self.machine, self.enroller(), new=new)

    async def send_unenrollment_alert(self) -> None:
        """Inform the server that the enrolment ends, by an Alert in the first message; its answer has no commands."""
        unenrollment = Alert(GENERIC, type=UNENROLLMENT, format="int", data="1")
        await self._exchange(self._first_message(CLIENT_INITIATED, unenrollment))

    def _first_message(self, code: str, *more: Alert) -> ClientMessage:
        tree = self.machine.tree
        login = Alert(CLIENT_EVENT, type=LOGIN_STATUS, format="chr", data="user" if self.machine.user else "none")
        facts = [Item(source=f"./DevInfo/{name}", data=tree.value(("DevInfo", name)) or "") for name in _DEV_INFO]
        return ClientMessage(alerts=[Alert(code), login, *more], facts=facts)

    async def _exchange(self, message_to_send: ClientMessage) -> ServerMessage:
        body = self._writer.write(message_to_send)
        answer = await self.transport.send(
            "POST", self._url(), body=body, content_type=CONTENT_TYPE, headers=self._headers(body)
        )
        if answer.status in _OVER - {403}:
            raise EnrollmentOver(f"the management server answered {answer.status}", status=answer.status)
        if answer.status != 200:
            raise ServerRefused(f"the management server refused ({answer.status})", status=answer.status)
        self.machine.enrollment.learn_agent(answer.headers)
        message = server_message(answer.body)
        self._check(message)
        return message

    def _check(self, message: ServerMessage) -> None:
        if message.header.session != self._writer.session:
            raise AnswerBroken(f"session {self._writer.session} was answered by session {message.header.session}")
        status = message.session_status
        if status is None or status in _OK:
            return
        refusal = EnrollmentOver if status in _OVER else ServerRefused
        raise refusal(f"the management server refused the session ({status})", status=status)

    def _url(self) -> str:
        address, on_phone = self.machine.enrollment.address, is_phone(self.machine.device.platform)
        if "?" in address or (on_phone and not self.has_news):
            return address
        # Unverified: that a session which the user starts ("Sync" in Settings) has another mode than a scheduled one.
        # A simulated device uses it also when its facts have changed, so that a service which asks for them then need
        # not ask at each check-in.
        return f"{address}?mode={'Machine' if self.has_news else 'Maintenance'}&Platform=WoA"

    def _headers(self, body: bytes) -> dict[str, str]:
        """The headers, with `MDM-Signature` if the server requires it (DMClient CSP, RequireMessageSigning)."""
        headers = {"User-Agent": "MSFT OMA DM Client/1.2.0.1", "Accept": "application/vnd.syncml.dm+xml"}
        node = ("Vendor", "MSFT", "DMClient", "Provider", self.machine.enrollment.provider, "RequireMessageSigning")
        if (self.machine.tree.value(node) or "").lower() in {"true", "1"}:
            headers |= self.signature(body)
        return headers

    def signature(self, body: bytes) -> dict[str, str]:
        """The header that proves the device's identity for this body."""
        return signature(body, self.machine.enrollment.identity())


def signature(body: bytes, identity: DeviceIdentity) -> dict[str, str]:
    """The header that proves a device's identity for this body."""
    signed = sign(body, certificate=identity.certificate, key=identity.key, signing_time=datetime.now(UTC))
    return {"MDM-Signature": base64.b64encode(signed).decode()}
