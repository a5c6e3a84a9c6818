"""The MDM client of an iPhone, iPad or Mac: it enrols, checks in, executes commands, and unenrols.

Apple: "Mobile Device Management Protocol". An enrolment consists of Authenticate and TokenUpdate; a connection begins
with Idle and ends when the server has no more commands. Any MDM server can be used: an enrolment profile is enough.
Apple's protocol does not name a user. A server can name the user in AssignedManagedAppleID, in the names of the SCEP
payload, or in the certificate.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.agent.agent import Agent, CheckInResult, EnrollmentParameters
from fauxtune_sim.apple import messages
from fauxtune_sim.apple.commands import execute
from fauxtune_sim.apple.device_commands import (
    DEVICE_COMMANDS,
    CommandContext,
    CommandResult,
    EnrollmentEnd,
    Malformed,
    NotNow,
    kept_without_management,
)
from fauxtune_sim.apple.enrollment import AppleEnrollment, Channel, MdmSettings, Right, signature
from fauxtune_sim.apple.facts import System, authenticate_facts, hardware_of
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.install import Installer, StagedProfile
from fauxtune_sim.apple.payloads import SCEP, scep_settings
from fauxtune_sim.apple.profiles import Profile, read_profile
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.device.enrollment import Enrollment, RecordTypes, Refusal
from fauxtune_sim.errors import (
    AnswerBroken,
    EnrollmentOver,
    NotAllowedHere,
    ProfileRefused,
    ServerRefused,
    ServerUnreachable,
)
from fauxtune_sim.keys.certificates import addresses
from fauxtune_sim.keys.keystore import DeviceIdentity, KeyEntry
from fauxtune_sim.platforms import Platform
from fauxtune_sim.scep.csr import ScepSettings
from fauxtune_sim.scep.enroller import Issued

#: The most commands of a connection: a server that always has more must not keep a device busy without end.
_MOST_COMMANDS = 500
_TOKEN_BYTES, _UNLOCK_BYTES = 32, 256
#: Commands that are reported as executed: they change the device, but not its profiles.
_REPORTED_COMMANDS = frozenset({"DeviceLock", "InstallApplication", "RemoveApplication", *DEVICE_COMMANDS})
_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3"


class AppleAgent(Agent):
    """The agent of one Apple device."""

    records = RecordTypes(AppleEnrollment, ProfileStore)
    unenroll_reason = "the user removed the MDM profile"

    def _prove(self, body: bytes) -> dict[str, str]:
        return {messages.SIGNATURE_HEADER: signature(body, self._enrollment().identity(), now=self._now())}

    async def _enroll(self, parameters: EnrollmentParameters) -> Enrollment:
        tenant, token = quote(parameters.tenant, safe=""), quote(parameters.token or "", safe="")
        answer = await self._transport.get(f"{parameters.server}/mdm/{tenant}/apple/enroll?token={token}")
        if answer.status != 200:
            reason = answer.body[:300].decode("utf-8", "replace").strip() or "no reason given"
            raise ServerRefused(f"the service refused ({answer.status}): {reason}", status=answer.status)
        return await self._enroll_with(answer.body, parameters)

    async def enroll_with_profile(self, data: bytes, *, key: rsa.RSAPrivateKey | None = None) -> None:
        """Enrol with a profile: its MDM payload names the server, a SCEP or PKCS#12 payload gives the identity.

        Raises ProfileRefused if it cannot be installed, ServerRefused or ServerUnreachable if the server fails.
        """
        if self.device.is_enrolled:
            raise NotAllowedHere(f"{self.device.name} is enrolled already: unenrol it first")
        async with self._check_in_lock:
            key = await self.keys.take() if key is None else key
            parameters = EnrollmentParameters(server="", tenant="", key=key)
            self._begin(await self._enroll_with(data, parameters))

    async def _enroll_with(self, data: bytes, parameters: EnrollmentParameters) -> AppleEnrollment:
        """Prepare the profile, send Authenticate and TokenUpdate, then install it: a failure leaves no trace."""
        installer = self._installer(parameters.key)
        try:
            profile = read_profile(data, identity=None, managed=False)
            staged = await installer.prepare(profile)
        except Fault as fault:
            raise ProfileRefused(fault.summary()) from fault
        if staged.mdm is None or staged.mdm_identity is None:
            raise ProfileRefused(f"the profile {profile.title} has no MDM payload, so it cannot enrol a device")
        enrollment = self._new_enrollment(staged, parameters, settings=staged.mdm, identity=staged.mdm_identity)
        udid = hardware_of(self.device).udid
        facts = authenticate_facts(self.device, Right(enrollment.access_rights), by_user=enrollment.by_user)
        await self._channel(enrollment).check_in(messages.authenticate(udid, enrollment.topic, facts=facts))
        await self._try_token_update(enrollment, first=True)
        installer.install(staged)
        return enrollment

    def _new_enrollment(
        self, staged: StagedProfile, parameters: EnrollmentParameters, *, settings: MdmSettings, identity: KeyEntry
    ) -> AppleEnrollment:
        token, is_mac = secrets.token_bytes(_TOKEN_BYTES), self.device.platform is Platform.MACOS
        server, tenant = (
            (parameters.server, parameters.tenant) if parameters.server else _origin_and_tenant(settings.server_url)
        )
        enrollment = AppleEnrollment(
            server=server,
            tenant=tenant,
            name=str(uuid.uuid4()).upper() if settings.by_user else hardware_of(self.device).udid,
            by_user=settings.by_user,
            user_principal_name="",
            push_token=token.hex() if tenant else "",
            identity_certificate=identity.certificate,
            identity_key=identity.key,
            profile=staged.profile.identifier,
            server_url=settings.server_url,
            check_in_url=settings.check_in_url,
            topic=settings.topic,
            push_magic=str(uuid.uuid4()).upper(),
            token=token,
            unlock_token=None if is_mac else secrets.token_bytes(_UNLOCK_BYTES),
            bootstrap_token=secrets.token_bytes(_TOKEN_BYTES) if is_mac else None,
        )
        _apply_settings(enrollment, settings)
        user = enrolled_user(staged.profile, settings, certificate=enrollment.identity().certificate)
        enrollment.user_principal_name = user or parameters.user or ""
        return enrollment

    async def _token_update(self, enrollment: AppleEnrollment, *, first: bool) -> None:
        udid, channel = hardware_of(self.device).udid, self._channel(enrollment)
        message = messages.token_update(
            udid,
            enrollment.topic,
            token=enrollment.token,
            push_magic=enrollment.push_magic,
            unlock_token=enrollment.unlock_token,
            first=first,
        )
        await channel.check_in(message)
        enrollment.token_due = False
        if enrollment.takes_bootstrap_token and enrollment.bootstrap_token is not None:
            token = messages.set_bootstrap_token(udid, enrollment.topic, token=enrollment.bootstrap_token)
            # A server that announces the capability and then refuses the token manages the Mac all the same.
            with suppress(ServerRefused, ServerUnreachable):
                await channel.check_in(token)

    async def _try_token_update(self, enrollment: AppleEnrollment, *, first: bool) -> None:
        """Send TokenUpdate; a device whose TokenUpdate is refused is enrolled all the same and repeats it later."""
        try:
            await self._token_update(enrollment, first=first)
        except EnrollmentOver:
            raise
        except (ServerRefused, ServerUnreachable):
            return

    async def _run_check_in(self, result: CheckInResult) -> None:
        enrollment, udid = self._enrollment(), hardware_of(self.device).udid
        channel = self._channel(enrollment)
        if enrollment.token_due:
            await self._token_update(enrollment, first=False)
            self.device.save(keys=False, state=False)
        elif self._has_news:
            # Differs from a device, which sends TokenUpdate when its tokens have changed: a simulated one sends it also
            # when its facts have, so that a service which asks for them then need not ask at each check-in.
            await self._try_token_update(enrollment, first=False)
        report, deferred = messages.idle(udid), False
        for _ in range(_MOST_COMMANDS):
            command = await channel.report(report)
            result.reports += 1
            if command is None:
                result.settled = not deferred
                return
            report, end = await self._execute(command, result)
            deferred = deferred or report["Status"] == "NotNow"
            if end is not None:
                await self._end_enrollment(end, report, result=result)
                return

    async def _execute(
        self, command: messages.Command, result: CheckInResult
    ) -> tuple[dict[str, Any], EnrollmentEnd | None]:
        """Execute a command. Returns its report, and the reason if the enrolment ends with it."""
        udid, enrollment = hardware_of(self.device).udid, self._enrollment()
        context = CommandContext(
            command, self.device, self._system(), enrollment, self._installer(), self._transport.get
        )
        try:
            outcome = await execute(context)
        except NotNow:
            return messages.not_now(udid, command), None
        except Malformed as malformed:
            chain = Fault(Code.REQUEST_MALFORMED, str(malformed)).chain()
            return messages.command_format_error(udid, command, chain=chain), None
        except Fault as fault:
            name, is_unknown = command.text("Identifier") or command.request_type, fault.code == Code.REQUEST_UNKNOWN
            result.refused += (Refusal(command.request_type, name, fault.summary(), is_unknown=is_unknown),)
            return messages.error(udid, command, chain=fault.chain()), None
        await self._apply_result(outcome, enrollment)
        result.installed += outcome.installed
        result.removed += outcome.removed
        result.executed += [command.request_type] if command.request_type in _REPORTED_COMMANDS else []
        return messages.acknowledged(udid, command, answer=outcome.answer), outcome.end

    async def _apply_result(self, outcome: CommandResult, enrollment: AppleEnrollment) -> None:
        """Save what a command changed; after a renewal of the MDM profile send TokenUpdate with the new identity."""
        if outcome.renewed is not None and outcome.renewed.mdm is not None:
            _apply_settings(enrollment, outcome.renewed.mdm)
            if (new := outcome.renewed.mdm_identity) is not None:
                enrollment.renew_identity(new.certificate, key=new.key)
                enrollment.token_due = True
        self.device.save(keys=bool(outcome.installed or outcome.removed))
        if enrollment.token_due:
            await self._try_token_update(enrollment, first=False)
            self.device.save(keys=False, state=False)

    async def _end_enrollment(self, end: EnrollmentEnd, report: dict[str, Any], *, result: CheckInResult) -> None:
        """Acknowledge the command while there still is an identity, then remove management.

        Unverified: that the acknowledgement of RemoveProfile is sent before the MDM profile is removed. No CheckOut
        follows EraseDevice.
        """
        channel = self._channel(self._enrollment())
        try:
            await channel.report(report)
            result.reports += 1
            if end is EnrollmentEnd.RETIRED:
                await self._check_out()
        except (ServerRefused, ServerUnreachable, AnswerBroken):
            pass
        result.executed.append("EraseDevice" if end is EnrollmentEnd.ERASED else "RemoveProfile")
        self._remove_management(result, end.value, everything=end is EnrollmentEnd.ERASED)

    async def _check_out(self) -> None:
        enrollment = self._enrollment()
        if enrollment.check_out_when_removed:
            message = messages.check_out(hardware_of(self.device).udid, enrollment.topic)
            await self._channel(enrollment).check_in(message)

    async def _unenroll(self) -> None:
        enrollment = self._enrollment()
        installed = self._store().profiles.get(enrollment.profile)
        if installed is not None and installed.removal_disallowed:
            raise NotAllowedHere(f"{self.device.name}: the user may not remove the profile that manages it")
        if not enrollment.check_out_when_removed:
            raise ServerUnreachable("the MDM profile does not ask for a CheckOut")
        await self._check_out()

    def _is_push_for_device(self, message: dict[str, Any]) -> bool:
        return message.get("mdm") == self._enrollment().push_magic

    def _remove_management(self, result: CheckInResult, why: str, *, everything: bool = False) -> None:
        kept: dict[str, str] = {}
        if not everything:
            result.removed += self._installer().remove_all()
            kept = kept_without_management(self._store().apps, self.device.apps)
        super()._remove_management(result, why, everything=everything)
        if kept:
            self.device.apps.update(kept)
            self.device.save(keys=False, state=False)

    def _installer(self, key: rsa.RSAPrivateKey | None = None) -> Installer:
        """A new installer; `key` is used for the first SCEP request if its size is the requested one."""
        ready = iter(() if key is None else (key,))

        async def issue(settings: ScepSettings, renews: DeviceIdentity | None) -> Issued:
            own = next(ready, None)
            usable = own if own is not None and own.key_size == settings.request.key_size else None
            return await self._enroller().enroll(settings, renews=renews, key=usable)

        macros = {
            "SerialNumber": hardware_of(self.device).serial_number,
            "HardwareUUID": hardware_of(self.device).udid,
            "ComputerName": self.device.name,
        }
        return Installer(self.device, system=self._system(), macros=macros, issue=issue)

    def _channel(self, enrollment: AppleEnrollment) -> Channel:
        return Channel(self._transport, enrollment, now=self._now)

    def _system(self) -> System:
        return System.of(self.device.platform, self.device.hardware.os_version)

    def _store(self) -> ProfileStore:
        assert isinstance(self.device.state, ProfileStore)
        return self.device.state

    def _enrollment(self) -> AppleEnrollment:
        enrollment = self.enrollment
        assert isinstance(enrollment, AppleEnrollment)
        return enrollment


def _apply_settings(enrollment: AppleEnrollment, settings: MdmSettings) -> None:
    enrollment.access_rights = settings.access_rights
    enrollment.sign_message = settings.sign_message
    enrollment.check_out_when_removed = settings.check_out_when_removed
    enrollment.takes_bootstrap_token = settings.takes_bootstrap_token


def _origin_and_tenant(url: str) -> tuple[str, str]:
    """Origin and tenant of a server's address; the tenant is "" if it is not an address of the emulator."""
    parts = urlsplit(url)
    path = parts.path.split("/")
    is_emulator = len(path) > 3 and path[1] == "mdm" and path[3] == "apple"
    return f"{parts.scheme}://{parts.netloc}", path[2] if is_emulator else ""


def enrolled_user(profile: Profile, settings: MdmSettings, *, certificate: x509.Certificate) -> str:
    """The user principal name of the device's user, or "" if nothing names the user."""
    return next((name for name in _candidates(profile, settings, certificate=certificate) if "@" in name), "")


def _candidates(profile: Profile, settings: MdmSettings, *, certificate: x509.Certificate) -> Iterator[str]:
    yield settings.account or ""
    for payload in profile.payloads:
        if payload.type == SCEP and payload.uuid == settings.identity:
            scep = scep_settings(payload, {}).request
            yield from (*scep.principal_names, *scep.mail_names)
            yield from (value for part in scep.subject for _, value in part)
    yield from _principal_names(certificate)
    yield from addresses(certificate)
    yield from (str(part.value) for part in certificate.subject)


def _principal_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    others = [
        name for name in names.get_values_for_type(x509.OtherName) if name.type_id.dotted_string == _PRINCIPAL_NAME
    ]
    return [text for name in others if (text := _text(name.value))]


def _text(der: bytes) -> str:
    try:
        value: Any = core.load(der).native
    except (ValueError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
