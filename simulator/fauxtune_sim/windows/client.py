"""The agent on a Windows device: it enrols, holds management sessions, and unenrols with an alert.

The command Unenroll ends its session at once; the device answers in a new session with the unenrolment alert. A wipe is
answered once, and no session follows. A device that the service does not know any more (403, 404, 410) ends its
enrolment.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from fauxtune_sim.agent.agent import Agent, CheckInResult, EnrollmentParameters
from fauxtune_sim.cms.signed import sign
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Enrollment, RecordTypes, Refusal
from fauxtune_sim.device.state_folder import Condition
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, ServerRefused, ServerUnreachable
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.enroller import Enroller
from fauxtune_sim.server.transport import Transport
from fauxtune_sim.windows import mail, mde2_enrollment
from fauxtune_sim.windows.apps import carry_out, has_jobs
from fauxtune_sim.windows.commands import Engine
from fauxtune_sim.windows.exec_nodes import HEADERS, SessionAborted
from fauxtune_sim.windows.machine import EnrollmentEnd, Machine, Snapshot
from fauxtune_sim.windows.nodes import is_phone
from fauxtune_sim.windows.scep import open_requests, send_requests
from fauxtune_sim.windows.state import RecoveryPassword, WindowsEnrollment, WindowsState, address_of
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

_RENEWAL = "./Vendor/MSFT/CertificateStore/My/WSTEP/Renew"
_KEPT = 204
_NO_ANSWER = (ServerRefused, ServerUnreachable, AnswerBroken)


class WindowsAgent(Agent):
    """The agent of one PC or phone."""

    records = RecordTypes(WindowsEnrollment, WindowsState)
    takes_password: ClassVar[bool] = True
    takes_autopilot: ClassVar[bool] = True
    unenroll_reason = "the user disconnected the work account"
    _woken = False

    def log_in(self, user: bool) -> None:
        """Log the enrolled user in or out: without a logged-in user, nodes of the user are not managed."""
        assert isinstance(self.device.state, WindowsState)
        self.device.state.logged_in = user
        self.device.save(keys=False)

    def _prove(self, body: bytes) -> dict[str, str]:
        return signature(body, self.enrollment.identity())

    def _is_user_here(self) -> bool:
        assert isinstance(self.device.state, WindowsState)
        return self.device.state.logged_in

    async def _enroll(self, parameters: EnrollmentParameters) -> Enrollment:
        enrolled = await mde2_enrollment.enroll(self.device, self._transport, parameters=parameters)
        self.device.state, self.remarks, self.device.name = enrolled.state, enrolled.remarks, enrolled.name
        return enrolled.enrollment

    async def _run_check_in(self, result: CheckInResult) -> None:
        refused = await self._renew()
        machine = self._machine()
        before, changeable = machine.snapshot(), _changeable(self.device)
        session = self._session(machine)
        woken, self._woken = self._woken, False
        try:
            await session.run(woken=woken)
        except _NO_ANSWER:
            # An accepted wipe or unenrolment takes effect even if the server did not get the answer.
            if machine.end is None:
                raise
        finally:
            result.reports = session.sent
            result.settled = session.settled
            result.executed += session.engine.executed
            result.refused = (*refused, *session.engine.refusals)
            _record_changes(result, before=before, after=machine.snapshot())
            self._save_changes(machine, before=before, changeable=changeable)
        if machine.end is not None:
            await self._end_enrollment(machine.end, result)
        else:
            await self._escrow(machine, session)
            await self._upload(machine)

    async def _upload(self, machine: Machine) -> None:
        """Upload the archives that the session has made. What cannot be uploaded is lost, as on a PC."""
        for archive in machine.archives:
            with contextlib.suppress(ServerUnreachable):
                await self._transport.send(
                    "PUT", archive.address, body=archive.content, content_type="application/zip", headers=HEADERS
                )

    async def _escrow(self, machine: Machine, session: Session) -> None:
        """Send the secrets that the service does not have yet. What it refuses is sent again at the next check-in."""
        held, address = machine.state.secrets, address_of(machine.enrollment.address)
        if address is None or is_phone(self.device.platform):
            return
        if held.recovery is None and self.device.own_facts.get("isEncrypted") is True:
            held.recovery = RecoveryPassword.new()
        due = held.due()
        for secret, body in due:
            with contextlib.suppress(ServerUnreachable):
                answer = await self._transport.send(
                    "POST", address, body=body, content_type="application/json", headers=session.signature(body)
                )
                secret.escrowed = answer.status == _KEPT
        if due:
            self.device.save(keys=False)

    def _update_push_channel(self, machine: Machine) -> None:
        """Read the push channel, which the server may change; the last part of its address is the push token."""
        provider = machine.enrollment.provider
        channel = machine.tree.value(("Vendor", "MSFT", "DMClient", "Provider", provider, "Push", "ChannelURI"))
        machine.enrollment.push_token = (channel or "").rpartition("/")[2]

    def _save_changes(self, machine: Machine, *, before: Snapshot, changeable: tuple[object, ...]) -> None:
        """Let the mail application choose its certificates, and save what changed."""
        mail.choose_certificates(self.device, machine.now)
        self._update_push_channel(machine)
        changed = machine.snapshot() != before
        if changed or _changeable(self.device) != changeable:
            self.device.save(keys=changed)

    async def _end_enrollment(self, ending: EnrollmentEnd, result: CheckInResult) -> None:
        if ending is EnrollmentEnd.RESET_KEEP_ENROLLMENT:
            self._reset()
        elif ending is EnrollmentEnd.RESET:
            self._remove_management(result, "factory reset", everything=True)
        else:
            # The alert is best effort: the enrolment ends in any case.
            with contextlib.suppress(*_NO_ANSWER):
                await self._send_unenrollment_alert()
            self._remove_management(result, "the service ended the enrolment")

    def _reset(self) -> None:
        """Reset the device, but keep the enrolment and the settings of its management server."""
        state, device = self.device.state, self.device
        assert isinstance(state, WindowsState)
        device.keystore.clear()
        device.accounts.clear()
        device.own_accounts.clear()
        settings = {path: value for path, value in state.nodes.items() if path[:3] == ("Vendor", "MSFT", "DMClient")}
        device.state = WindowsState(nodes=settings)
        device.condition = Condition()
        device.save()

    async def _unenroll(self) -> None:
        try:
            await self._send_unenrollment_alert()
        except AnswerBroken as broken:
            raise ServerRefused(str(broken), status=200) from broken

    async def _send_unenrollment_alert(self) -> None:
        await self._session(self._machine()).send_unenrollment_alert()

    async def _renew(self) -> tuple[Refusal, ...]:
        """Renew the identity certificate if it is due. Returns a refusal, with which the check-in goes on."""
        enrollment = self.enrollment
        assert isinstance(enrollment, WindowsEnrollment)
        if not mde2_enrollment.is_renewal_due(enrollment, self._now()):
            return ()
        enrollment.renewal_tried_at = self._now().isoformat()
        try:
            await mde2_enrollment.renew(self.device, self._transport)
        except (ServerRefused, AnswerBroken) as failed:
            return (Refusal("CertificateStore", _RENEWAL, str(failed)),)
        return ()

    def _machine(self) -> Machine:
        assert isinstance(self.device.state, WindowsState)
        return Machine(self.device, self._now(), user=self.device.state.logged_in)

    def _session(self, machine: Machine) -> Session:
        """Create the next session. Its number is saved before it begins: no two sessions have the same."""
        machine.enrollment.sessions += 1
        self.device.save(keys=False, state=False)
        return Session(machine, self._transport, enroller=self._enroller, has_news=self._has_news)

    def _is_push_for_device(self, message: dict[str, Any]) -> bool:
        self._woken = True
        return True


def _changeable(device: Device) -> tuple[object, ...]:
    """What actions change beside nodes and keys: condition, facts and name."""
    return device.condition.document(), dict(device.own_facts), device.name


def _record_changes(result: CheckInResult, *, before: Snapshot, after: Snapshot) -> None:
    """Add the names of new or changed items to `installed`, and those of missing items to `removed`."""
    old: dict[str, object] = {**before.trusted, **before.entries, **before.accounts}
    new: dict[str, object] = {**after.trusted, **after.entries, **after.accounts}
    result.installed += [name for name, item in new.items() if old.get(name) != item]
    result.removed += [name for name in old if name not in new]


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
