"""The agent on an Android device: it enrols, checks in, applies policy, obeys operations, and leaves.

A check-in reports first and goes on until a report is answered with the applied version and no operations. What the
service has forgotten (404 DEVICE_NOT_FOUND, 410) the device forgets too.
"""

from __future__ import annotations

from urllib.parse import quote

import orjson

from fauxtune_sim.agent import Agent, CheckIn, Joining
from fauxtune_sim.android import messages
from fauxtune_sim.android.commands import Outcome, obey
from fauxtune_sim.android.enrollment import AndroidEnrollment, android_enrollment
from fauxtune_sim.android.modes import ways_of
from fauxtune_sim.android.policy import apply
from fauxtune_sim.cadence import TenantTime
from fauxtune_sim.device import Device
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, NotAllowedHere, ServerRefused
from fauxtune_sim.identity import certificate_request, key_to_der
from fauxtune_sim.records import Records
from fauxtune_sim.transport import Answer, Transport

#: A service that never comes to rest must not keep a device busy for ever.
_MOST_ROUNDS = 12
_UNKNOWN_DEVICE = "DEVICE_NOT_FOUND"
_JSON = "application/json"


class AndroidAgent(Agent):
    """The agent of one Android device."""

    records = Records(AndroidEnrollment)

    def __init__(self, device: Device, transport: Transport, *, time: TenantTime | None = None) -> None:
        super().__init__(device, transport, time=time)
        self.left = ways_of(device.mode).left
        self._report_body: bytes | None = None

    async def _join(self, joining: Joining) -> AndroidEnrollment:
        assert joining.token is not None
        self._report_body = None
        csr = certificate_request(joining.key, messages.hardware_of(self.device).enrollment_specific_id)
        url = f"{_base(joining.server, joining.tenant)}/enterprises/{quote(joining.tenant, safe='')}/devices:enroll"
        request = messages.enroll_request(self.device, token=joining.token, csr=csr)
        answer = messages.enroll_answer(_accepted(await self._transport.post(url, request)).json())
        return AndroidEnrollment(
            server=joining.server,
            tenant=joining.tenant,
            name=answer.name,
            credential=answer.credential,
            identity_certificate=answer.identity_certificate,
            identity_key=key_to_der(joining.key),
            policy_name=answer.policy_name,
            user_principal_name=answer.user_principal_name,
            push_token=answer.push_token,
        )

    async def _converse(self, done: CheckIn) -> None:
        enrollment = android_enrollment(self.enrollment)
        await self._come_to_rest(enrollment, done)
        if done.ended is None:
            done.refused = enrollment.refusals
            done.policy_version = enrollment.policy_version

    async def _come_to_rest(self, enrollment: AndroidEnrollment, done: CheckIn) -> None:
        for _ in range(_MOST_ROUNDS):
            status = await self._report(enrollment)
            done.reports += 1
            if status.pending_operations:
                await self._obey(enrollment, done)
                if done.ended is not None:
                    return
            if status.policy_version != enrollment.policy_version:
                await self._apply_policy(enrollment, done)
            elif not status.pending_operations:
                done.settled = True
                return

    async def _report(self, enrollment: AndroidEnrollment) -> messages.StatusAnswer:
        if self._report_body is None:
            self._report_body = orjson.dumps(messages.status_report(self.device))
        answer = await self._transport.send(
            "POST",
            f"{_path(enrollment)}:reportStatus",
            body=self._report_body,
            content_type=_JSON,
            bearer=enrollment.credential,
        )
        return messages.status_answer(_accepted(answer).json())

    async def _apply_policy(self, enrollment: AndroidEnrollment, done: CheckIn) -> None:
        url = f"{_path(enrollment)}/policy?appliedPolicyVersion={quote(enrollment.policy_version, safe='')}"
        answer = await self._transport.get(url, bearer=enrollment.credential)
        if answer.status == 304:
            return
        policy = messages.policy(_accepted(answer).json())
        applied = apply(policy, self.device)
        enrollment.policy_name = policy.name
        enrollment.policy_version = policy.version
        enrollment.refusals = applied.refusals
        self._report_body = None
        self.device.save(keys=bool(applied.installed or applied.removed))
        done.installed += applied.installed
        done.removed += applied.removed

    async def _obey(self, enrollment: AndroidEnrollment, done: CheckIn) -> None:
        answer = await self._transport.get(f"{_path(enrollment)}/operations:pull", bearer=enrollment.credential)
        for operation in messages.operations(_accepted(answer).json()):
            forgets = operation.type == "WIPE"
            outcome = Outcome() if forgets else obey(operation, self.device)
            if not forgets:
                self.device.save(keys=False)
            url = f"{_base(enrollment.server, enrollment.tenant)}/{operation.name}:complete"
            _accepted(await self._transport.post(url, outcome.document(), bearer=enrollment.credential))
            if outcome.error is None:
                done.obeyed.append(operation.type)
            if forgets:
                # Completed first: afterwards the device has no credential to say so with.
                everything = operation.scope == "DEVICE"
                self._forget(done, "factory reset" if everything else "company data removed", everything=everything)
                return

    async def _leave(self) -> None:
        """The user removes the work profile or the device administrator; the company's own device has neither that a
        user could remove.
        """
        enrollment = android_enrollment(self.enrollment)
        if not ways_of(self.device.mode).leaves:
            raise NotAllowedHere(
                f"{self.device.name} is the company's ({self.device.kind}): its user cannot unenrol it; an "
                "administrator wipes it"
            )
        body = {"reason": "USER_REMOVED_WORK_PROFILE"}
        _accepted(await self._transport.post(f"{_path(enrollment)}:unenroll", body, bearer=enrollment.credential))

    def _stays(self) -> bool:
        """The agent of a device administrator cannot take certificates back; they outlast it."""
        return not ways_of(self.device.mode).removes


def _base(server: str, tenant: str) -> str:
    return f"{server}/mdm/{quote(tenant, safe='')}/android/v1"


def _path(enrollment: AndroidEnrollment) -> str:
    return f"{_base(enrollment.server, enrollment.tenant)}/{enrollment.name}"


def _accepted(answer: Answer) -> Answer:
    """The answer if it says yes; else ServerRefused, or EnrollmentOver if the device is unknown or deleted."""
    if 200 <= answer.status < 300:
        return answer
    try:
        word, message = messages.problem(answer.json())
    except AnswerBroken:
        word, message = "", ""
    text = f"the service refused ({answer.status}{f' {word}' if word else ''}): {message or 'no reason given'}"
    if answer.status == 410 or (answer.status == 404 and word == _UNKNOWN_DEVICE):
        raise EnrollmentOver(text, status=answer.status, code=word)
    raise ServerRefused(text, status=answer.status, code=word)
