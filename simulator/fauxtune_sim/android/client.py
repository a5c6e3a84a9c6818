"""The agent on an Android device: it enrols, checks in, applies the policy, executes operations, and unenrols.

A check-in begins with a status report and is repeated until the answer has the applied policy version and no pending
operations. A device that the service does not know any more (404 DEVICE_NOT_FOUND, 410) ends its enrolment.
"""

from __future__ import annotations

from urllib.parse import quote

import orjson

from fauxtune_sim.agent.agent import Agent, CheckInResult, EnrollmentParameters
from fauxtune_sim.agent.cadence import TenantTime
from fauxtune_sim.android import messages
from fauxtune_sim.android.commands import OperationResult, execute
from fauxtune_sim.android.enrollment import AndroidEnrollment, android_enrollment, rights_of
from fauxtune_sim.android.policy import apply
from fauxtune_sim.android.status import hardware_of
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import RecordTypes
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, NotAllowedHere, ServerRefused
from fauxtune_sim.keys.keystore import KeyEntry, certificate_request, key_to_der
from fauxtune_sim.server.transport import Answer, Transport

#: The most rounds of a check-in: a service that always has more must not keep a device busy without end.
_MOST_ROUNDS = 12
_UNKNOWN_DEVICE = "DEVICE_NOT_FOUND"
_JSON = "application/json"


class AndroidAgent(Agent):
    """The agent of one Android device."""

    records = RecordTypes(AndroidEnrollment)

    def __init__(self, device: Device, transport: Transport, *, time: TenantTime | None = None) -> None:
        super().__init__(device, transport, time=time)
        self.unenroll_reason = rights_of(device.mode).unenroll_reason
        self._report_body: bytes | None = None

    async def _enroll(self, parameters: EnrollmentParameters) -> AndroidEnrollment:
        assert parameters.token is not None
        self._report_body = None
        csr = certificate_request(parameters.key, hardware_of(self.device).enrollment_specific_id)
        base = _base(parameters.server, parameters.tenant)
        url = f"{base}/enterprises/{quote(parameters.tenant, safe='')}/devices:enroll"
        request = messages.enroll_request(self.device, token=parameters.token, csr=csr)
        answer = messages.read_enroll_response(_checked(await self._transport.post(url, request)).json())
        return AndroidEnrollment(
            server=parameters.server,
            tenant=parameters.tenant,
            name=answer.name,
            credential=answer.credential,
            identity_certificate=answer.identity_certificate,
            identity_key=key_to_der(parameters.key),
            policy_name=answer.policy_name,
            user_principal_name=answer.user_principal_name,
            push_token=answer.push_token,
        )

    async def _run_check_in(self, result: CheckInResult) -> None:
        enrollment = android_enrollment(self.enrollment)
        if self._has_news:
            self._report_body = None
        await self._run_rounds(enrollment, result)
        if result.ended is None:
            result.refused = enrollment.refusals
            result.policy_version = enrollment.policy_version

    async def _run_rounds(self, enrollment: AndroidEnrollment, result: CheckInResult) -> None:
        if self.device.keystore.pending:
            # The policy says for what the requests were that wait for the decision of a SCEP server.
            await self._apply_policy(enrollment, result, again=True)
        for _ in range(_MOST_ROUNDS):
            status = await self._report_status(enrollment)
            result.reports += 1
            if status.pending_operations:
                await self._execute_operations(enrollment, result)
                if result.ended is not None:
                    return
            if status.policy_version != enrollment.policy_version:
                await self._apply_policy(enrollment, result)
            elif not status.pending_operations:
                result.settled = True
                return

    async def _report_status(self, enrollment: AndroidEnrollment) -> messages.StatusReportResponse:
        if self._report_body is None:
            self._report_body = orjson.dumps(messages.status_report(self.device))
        answer = await self._transport.send(
            "POST",
            f"{_path(enrollment)}:reportStatus",
            body=self._report_body,
            content_type=_JSON,
            bearer=enrollment.credential,
        )
        return messages.read_status_response(_checked(answer).json())

    async def _apply_policy(self, enrollment: AndroidEnrollment, result: CheckInResult, *, again: bool = False) -> None:
        applied_version = "" if again else quote(enrollment.policy_version, safe="")
        url = f"{_path(enrollment)}/policy?appliedPolicyVersion={applied_version}"
        answer = await self._transport.get(url, bearer=enrollment.credential)
        if answer.status == 304:
            return
        policy = messages.policy(_checked(answer).json())
        before = dict(self.device.keystore.pending)
        applied = await apply(policy, self.device, enroller=self._enroller)
        enrollment.policy_name = policy.name
        enrollment.policy_version = policy.version
        enrollment.refusals = applied.refusals
        enrollment.reporting = policy.reporting
        self._report_body = None
        changed = applied.installed or applied.removed or before != self.device.keystore.pending
        self.device.save(keys=bool(changed))
        result.installed += applied.installed
        result.removed += applied.removed

    async def _execute_operations(self, enrollment: AndroidEnrollment, result: CheckInResult) -> None:
        answer = await self._transport.get(f"{_path(enrollment)}/operations:pull", bearer=enrollment.credential)
        for operation in messages.operations(_checked(answer).json()):
            is_wipe = operation.type == "WIPE"
            outcome = OperationResult() if is_wipe else execute(operation, self.device)
            if not is_wipe:
                self.device.save(keys=False)
            url = f"{_base(enrollment.server, enrollment.tenant)}/{operation.name}:complete"
            _checked(await self._transport.post(url, outcome.document(), bearer=enrollment.credential))
            self._report_body = None
            if outcome.error is None:
                result.executed.append(operation.type)
            if is_wipe:
                # The completion is sent before the wipe: afterwards the device has no credential any more.
                everything = operation.scope == "DEVICE"
                why = "factory reset" if everything else "company data removed"
                left = [] if everything else self._entries_left()
                self._remove_management(result, why, everything=everything)
                for entry in left:
                    self.device.keystore.install(entry)
                if left:
                    self.device.save(state=False)
                return

    async def _unenroll(self) -> None:
        """Report that the user removed the work profile or the device administrator.

        Raises NotAllowedHere on the company's own devices, where the user can remove neither.
        """
        enrollment = android_enrollment(self.enrollment)
        if not rights_of(self.device.mode).user_can_unenroll:
            raise NotAllowedHere(
                f"{self.device.name} is the company's ({self.device.kind}): its user cannot unenrol it; an "
                "administrator wipes it"
            )
        body = {"reason": "USER_REMOVED_WORK_PROFILE"}
        _checked(await self._transport.post(f"{_path(enrollment)}:unenroll", body, bearer=enrollment.credential))

    def _entries_left(self) -> list[KeyEntry]:
        """The keys that stay when an administrator retires the device: certificates by SCEP with Samsung Knox."""
        leaves = rights_of(self.device.mode).leaves_requested_certificates
        return [entry for entry in self.device.keystore.entries.values() if leaves and entry.source == "scep"]

    def _keeps_certificates(self) -> bool:
        """Whether certificates stay: the agent of a device administrator cannot remove them."""
        return not rights_of(self.device.mode).removes_certificates


def _base(server: str, tenant: str) -> str:
    return f"{server}/mdm/{quote(tenant, safe='')}/android/v1"


def _path(enrollment: AndroidEnrollment) -> str:
    return f"{_base(enrollment.server, enrollment.tenant)}/{enrollment.name}"


def _checked(answer: Answer) -> Answer:
    """Return a successful answer. Raises EnrollmentOver if the device is unknown or deleted, else ServerRefused."""
    if 200 <= answer.status < 300:
        return answer
    try:
        code, message = messages.error_status(answer.json())
    except AnswerBroken:
        code, message = "", ""
    text = f"the service refused ({answer.status}{f' {code}' if code else ''}): {message or 'no reason given'}"
    if answer.status == 410 or (answer.status == 404 and code == _UNKNOWN_DEVICE):
        raise EnrollmentOver(text, status=answer.status, code=code)
    raise ServerRefused(text, status=answer.status, code=code)
