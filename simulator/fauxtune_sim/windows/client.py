"""The agent on a Windows device: it enrols, holds sessions, forgets when told to, and leaves with an alert.

An Unenroll breaks its session off and is answered by a new one that only says goodbye; a wipe is answered once, and
then there is silence. What the service has forgotten (403, 404, 410) the device forgets too.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from typing import Any, ClassVar

from fauxtune_sim.agent import Agent, CheckInResult, EnrollmentParameters
from fauxtune_sim.condition import Condition
from fauxtune_sim.enrollment import Enrollment, Refusal
from fauxtune_sim.errors import AnswerBroken, ServerRefused, ServerUnreachable
from fauxtune_sim.records import RecordTypes
from fauxtune_sim.windows import mail_app, mde2_enrollment
from fauxtune_sim.windows.machine import Ending, Machine, Snapshot
from fauxtune_sim.windows.session import Session
from fauxtune_sim.windows.state import WindowsEnrollment, WindowsState

_RENEWAL = "./Vendor/MSFT/CertificateStore/My/WSTEP/Renew"
_NO_ANSWER = (ServerRefused, ServerUnreachable, AnswerBroken)


class WindowsAgent(Agent):
    """The agent of one PC or phone."""

    records = RecordTypes(WindowsEnrollment, WindowsState)
    takes_password: ClassVar[bool] = True
    unenroll_reason = "the user disconnected the work account"
    _woken = False

    def log_in(self, user: bool) -> None:
        """The enrolled user logs in, or out: nothing of the user's is managed while nobody is there."""
        assert isinstance(self.device.state, WindowsState)
        self.device.state.logged_in = user
        self.device.save(keys=False)

    async def _enroll(self, parameters: EnrollmentParameters) -> Enrollment:
        joined = await mde2_enrollment.join(self.device, self._transport, parameters=parameters)
        self.device.state, self.remarks = joined.state, joined.remarks
        return joined.enrollment

    async def _run_check_in(self, done: CheckInResult) -> None:
        refused = await self._renew()
        machine = self._machine()
        before, condition = machine.snapshot(), self.device.condition.document()
        session = self._session(machine)
        woken, self._woken = self._woken, False
        try:
            await session.run(woken=woken)
        except _NO_ANSWER:
            # What was accepted happens, whether or not the server heard so.
            if machine.ending is None:
                raise
        finally:
            done.reports = session.sent
            done.settled = session.settled
            done.executed += session.engine.executed
            done.refused = (*refused, *session.engine.refusals)
            _tell_changes(done, before=before, after=machine.snapshot())
            self._keep(machine, before=before, condition=condition)
        if machine.ending is not None:
            await self._end(machine.ending, done)

    def _listen_where_told(self, machine: Machine) -> None:
        """The server may move the push channel: the last part of its address is what push is polled with."""
        provider = machine.enrollment.provider
        channel = machine.tree.value(("Vendor", "MSFT", "DMClient", "Provider", provider, "Push", "ChannelURI"))
        machine.enrollment.push_token = (channel or "").rpartition("/")[2]

    def _keep(self, machine: Machine, *, before: Snapshot, condition: dict[str, Any]) -> None:
        """Let the mail application choose its certificates, and save what changed."""
        mail_app.choose(self.device, machine.now)
        self._listen_where_told(machine)
        changed = machine.snapshot() != before
        if changed or self.device.condition.document() != condition:
            self.device.save(keys=changed)

    async def _end(self, ending: Ending, done: CheckInResult) -> None:
        if ending is Ending.RESET_BUT_STAY:
            self._reset()
        elif ending is Ending.RESET:
            self._remove_management(done, "factory reset", everything=True)
        else:
            # The alert is best effort: everything goes in any case.
            with contextlib.suppress(*_NO_ANSWER):
                await self._goodbye()
            self._remove_management(done, "the service ended the enrolment")

    def _reset(self) -> None:
        """Everything goes but the enrolment, with the settings of its management server."""
        state, device = self.device.state, self.device
        assert isinstance(state, WindowsState)
        device.keystore.clear()
        device.accounts.clear()
        kept = {path: value for path, value in state.nodes.items() if path[:3] == ("Vendor", "MSFT", "DMClient")}
        device.state = WindowsState(nodes=kept)
        device.condition = Condition()
        device.save()

    async def _unenroll(self) -> None:
        try:
            await self._goodbye()
        except AnswerBroken as broken:
            raise ServerRefused(str(broken), status=200) from broken

    async def _goodbye(self) -> None:
        await self._session(self._machine()).say_goodbye()

    async def _renew(self) -> tuple[Refusal, ...]:
        """Renew the identity certificate when it is time; a refusal is told, and the device talks on."""
        enrollment = self.enrollment
        assert isinstance(enrollment, WindowsEnrollment)
        if not mde2_enrollment.is_due(enrollment, self._now()):
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
        """The next session. Its number is kept before it begins: no two sessions have the same."""
        machine.enrollment.sessions += 1
        self.device.save(keys=False, state=False)
        return Session(machine, self._transport)

    def _now(self) -> datetime:
        return self.time.now(time.monotonic()) or datetime.now(UTC)

    def _is_push_for_device(self, message: dict[str, Any]) -> bool:
        self._woken = True
        return True


def _tell_changes(done: CheckInResult, *, before: Snapshot, after: Snapshot) -> None:
    """What is there now and was not, or was another; what is there no more."""
    then: dict[str, object] = {**before.trusted, **before.entries, **before.accounts}
    now: dict[str, object] = {**after.trusted, **after.entries, **after.accounts}
    done.installed += [name for name, held in now.items() if then.get(name) != held]
    done.removed += [name for name in then if name not in now]
