"""The agent on an Android device: it enrols, checks in, applies policy, obeys operations, and leaves.

A check-in reports first and goes on until a report is answered with the applied version and no operations. What the
service has forgotten (404 DEVICE_NOT_FOUND, 410) the device forgets too.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.android import messages
from fauxtune_sim.android.commands import Outcome, obey
from fauxtune_sim.android.policy import apply
from fauxtune_sim.cadence import TenantTime
from fauxtune_sim.condition import Condition
from fauxtune_sim.device import Device, Enrollment, Refusal
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, NotAllowedHere, ServerRefused, ServerUnreachable
from fauxtune_sim.identity import certificate_request, key_to_der, new_key
from fauxtune_sim.platforms import Mode
from fauxtune_sim.transport import Answer, Transport

#: A service that never comes to rest must not keep a device busy for ever.
_MOST_ROUNDS = 12
_UNKNOWN_DEVICE = "DEVICE_NOT_FOUND"
_JSON = "application/json"


@dataclass(slots=True)
class CheckIn:
    """What one check-in did.

    `settled`: the last report was answered with the applied version and no operations. `reports` counts the reports
    that were sent, `obeyed` the commands that were carried out. `ended` says why the enrolment is over, if it is.
    """

    settled: bool = False
    reports: int = 0
    installed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    obeyed: list[str] = field(default_factory=list)
    refused: tuple[Refusal, ...] = ()
    policy_version: str | None = None
    ended: str | None = None


class AndroidAgent:
    """The agent of one device. `time` is shared by the devices of one tenant, where somebody listens to push."""

    def __init__(self, device: Device, transport: Transport, *, time: TenantTime | None = None) -> None:
        self.device = device
        self.time = TenantTime() if time is None else time
        self._transport = transport
        self._one_at_a_time = asyncio.Lock()
        self._report_body: bytes | None = None

    async def enroll(self, *, server: str, tenant: str, token: str, key: rsa.RSAPrivateKey | None = None) -> None:
        """Enrol with a token; `key` is the identity key (default: a new one).

        ServerRefused with status 401 for a token that is unknown, used up or expired, 403 for a user who may not.
        """
        if self.device.is_enrolled:
            raise NotAllowedHere(f"{self.device.name} is enrolled already: unenrol it first")
        key = await asyncio.to_thread(new_key) if key is None else key
        csr = certificate_request(key, self.device.hardware.enrollment_specific_id)
        url = f"{_base(server, tenant)}/enterprises/{quote(tenant, safe='')}/devices:enroll"
        request = messages.enroll_request(self.device, token=token, csr=csr)
        answer = messages.enroll_answer(_accepted(await self._transport.post(url, request)).json())
        self.device.enrollment = Enrollment(
            server=server,
            tenant=tenant,
            name=answer.name,
            credential=answer.credential,
            identity_certificate=answer.identity_certificate,
            identity_key=key_to_der(key),
            policy_name=answer.policy_name,
            user_principal_name=answer.user_principal_name,
            push_token=answer.push_token,
        )
        self.device.ended = None
        self.device.ca = self._transport.ca
        self._report_body = None
        self.device.save()

    async def check_in(self) -> CheckIn:
        """Talk to the service until both are at rest, or until it ends the enrolment.

        NotAllowedHere if the device is not enrolled; ServerUnreachable and ServerRefused as they come.
        """
        async with self._one_at_a_time:
            done = CheckIn()
            enrollment = self._enrollment()
            try:
                await self._converse(enrollment, done)
            except EnrollmentOver as over:
                self._forget(done, f"the service does not know this device any more: {over}")
            if done.ended is None:
                self._remember_time(enrollment)
                done.refused = enrollment.refusals
                done.policy_version = enrollment.policy_version
            return done

    async def _converse(self, enrollment: Enrollment, done: CheckIn) -> None:
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

    async def _report(self, enrollment: Enrollment) -> messages.StatusAnswer:
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

    async def _apply_policy(self, enrollment: Enrollment, done: CheckIn) -> None:
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

    async def _obey(self, enrollment: Enrollment, done: CheckIn) -> None:
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
                if everything:
                    self.device.condition = Condition()
                self._forget(done, "factory reset" if everything else "company data removed")
                return

    async def unenroll(self) -> str | None:
        """The user removes the work profile: everything managed goes.

        Gives None, or the reason why the service could not be told; the profile goes in either case, as on a real
        phone. NotAllowedHere on a fully managed device, whose user may not, without asking the service.
        """
        async with self._one_at_a_time:
            enrollment = self._enrollment()
            if self.device.mode is Mode.FULLY_MANAGED:
                raise NotAllowedHere(
                    f"{self.device.name} is fully managed: its user cannot unenrol it; an administrator wipes or "
                    "retires it"
                )
            untold: str | None = None
            try:
                url = f"{_path(enrollment)}:unenroll"
                body = {"reason": "USER_REMOVED_WORK_PROFILE"}
                _accepted(await self._transport.post(url, body, bearer=enrollment.credential))
            except EnrollmentOver:
                pass
            except (ServerUnreachable, ServerRefused) as failed:
                untold = str(failed)
            self._forget(CheckIn(), "the user removed the work profile")
            return untold

    async def poll_push(self, *, after: int, wait: int) -> messages.Push:
        """Wait up to `wait` seconds for a push newer than `after`; learns the tenant's time."""
        enrollment = self._enrollment()
        tenant, token = quote(enrollment.tenant, safe=""), quote(enrollment.push_token, safe="")
        url = f"{enrollment.server}/push/{tenant}/{token}?after={after}&wait={wait}"
        answer = await self._transport.get(url, timeout=wait + 20.0)
        push = messages.push(_accepted(answer).json())
        self.time.learn(push.now, monotonic=time.monotonic())
        return push

    async def tenant_now(self) -> datetime:
        """The tenant's time, asked of the push service; the system's where that does not answer."""
        try:
            return (await self.poll_push(after=0, wait=0)).now
        except (ServerUnreachable, ServerRefused, AnswerBroken, NotAllowedHere):
            return datetime.now(UTC)

    def _remember_time(self, enrollment: Enrollment) -> None:
        now = self.time.now(time.monotonic())
        if now is None:
            return
        enrollment.checked_in_at = now.isoformat()
        enrollment.enrolled_at = enrollment.enrolled_at or enrollment.checked_in_at
        self.device.save(keys=False)

    def _forget(self, done: CheckIn, why: str) -> None:
        self.device.forget_managed(why)
        self._report_body = None
        done.ended = why

    def _enrollment(self) -> Enrollment:
        if self.device.enrollment is None:
            why = f" ({self.device.ended})" if self.device.ended else ""
            raise NotAllowedHere(f"{self.device.name} is not enrolled{why}")
        return self.device.enrollment


def _base(server: str, tenant: str) -> str:
    return f"{server}/mdm/{quote(tenant, safe='')}/android/v1"


def _path(enrollment: Enrollment) -> str:
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
