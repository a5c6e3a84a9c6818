"""The MDM client of an iPhone, iPad or Mac: it enrols, connects, obeys, and leaves.

Apple: "Mobile Device Management Protocol". Authenticate and TokenUpdate make an enrolment; a connection begins with
Idle and goes on until the server has nothing more. The server may be any that speaks the protocol: a profile is enough.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.agent import Agent, CheckInResult, EnrollmentParameters
from fauxtune_sim.apple import messages
from fauxtune_sim.apple.channel import Channel
from fauxtune_sim.apple.commands import Ends, Malformed, NotNow, Outcome, Told, obey
from fauxtune_sim.apple.enrolled_user import principal
from fauxtune_sim.apple.enrollment import AppleEnrollment, Right
from fauxtune_sim.apple.facts import authenticate_facts, hardware_of
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.install import Installer, Staged
from fauxtune_sim.apple.mdm import MdmSettings
from fauxtune_sim.apple.profiles import read_profile
from fauxtune_sim.apple.scep import ScepClient, ScepSettings
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.apple.system import System
from fauxtune_sim.enrollment import Enrollment, Refusal
from fauxtune_sim.errors import (
    AnswerBroken,
    EnrollmentOver,
    NotAllowedHere,
    ProfileRefused,
    ServerRefused,
    ServerUnreachable,
)
from fauxtune_sim.identity import DeviceIdentity
from fauxtune_sim.keystore import KeyEntry
from fauxtune_sim.platforms import Platform
from fauxtune_sim.records import RecordTypes

#: A service that never comes to rest must not keep a device busy for ever.
_MOST_COMMANDS = 500
_TOKEN_BYTES, _UNLOCK_BYTES = 32, 256


class AppleAgent(Agent):
    """The agent of one Apple device."""

    records = RecordTypes(AppleEnrollment, ProfileStore)
    unenroll_reason = "the user removed the MDM profile"

    async def _enroll(self, parameters: EnrollmentParameters) -> Enrollment:
        tenant, token = quote(parameters.tenant, safe=""), quote(parameters.token or "", safe="")
        answer = await self._transport.get(f"{parameters.server}/mdm/{tenant}/apple/enroll?token={token}")
        if answer.status != 200:
            reason = answer.body[:300].decode("utf-8", "replace").strip() or "no reason given"
            raise ServerRefused(f"the service refused ({answer.status}): {reason}", status=answer.status)
        return await self._enrol_with(answer.body, parameters)

    async def enroll_with_profile(self, data: bytes, *, key: rsa.RSAPrivateKey | None = None) -> None:
        """Enrol with a profile from anywhere: its MDM payload says which server, SCEP or PKCS#12 gives the identity.

        ProfileRefused if it cannot be installed; ServerRefused and ServerUnreachable as they come.
        """
        if self.device.is_enrolled:
            raise NotAllowedHere(f"{self.device.name} is enrolled already: unenrol it first")
        async with self._check_in_lock:
            parameters = EnrollmentParameters(
                server="", tenant="", key=await _key_of(2048, iter(() if key is None else (key,)))
            )
            self.device.enrollment = await self._enrol_with(data, parameters)
            self.device.ended = None
            self.device.ca = self._transport.ca
            self.device.save()

    async def install_by_user(self, data: bytes) -> None:
        """The user installs a profile, which stays when management goes. ProfileRefused if it cannot be installed."""
        async with self._check_in_lock:
            try:
                profile = read_profile(data, identity=None, managed=False)
                installer = self._installer()
                staged = await installer.prepare(profile)
                if staged.mdm is not None:
                    raise ProfileRefused(f"{profile.title} manages the device: enrol with it")
                installer.install(staged)
            except Fault as fault:
                raise ProfileRefused(fault.told()) from fault
            self.device.save()

    async def _enrol_with(self, data: bytes, parameters: EnrollmentParameters) -> AppleEnrollment:
        """Everything that can fail comes first; then the profile is installed."""
        installer = self._installer(parameters.key)
        try:
            profile = read_profile(data, identity=None, managed=False)
            staged = await installer.prepare(profile)
        except Fault as fault:
            raise ProfileRefused(fault.told()) from fault
        if staged.mdm is None or staged.mdm_identity is None:
            raise ProfileRefused(f"the profile {profile.title} has no MDM payload: it enrols nobody")
        enrollment = self._new_enrollment(staged, parameters, settings=staged.mdm, identity=staged.mdm_identity)
        udid = hardware_of(self.device).udid
        facts = authenticate_facts(self.device, Right(enrollment.access_rights))
        await self._channel(enrollment).check_in(messages.authenticate(udid, enrollment.topic, facts=facts))
        await self._try_to_update_token(enrollment, first=True)
        installer.install(staged)
        return enrollment

    def _new_enrollment(
        self, staged: Staged, parameters: EnrollmentParameters, *, settings: MdmSettings, identity: KeyEntry
    ) -> AppleEnrollment:
        token, is_mac = secrets.token_bytes(_TOKEN_BYTES), self.device.platform is Platform.MACOS
        server, tenant = (parameters.server, parameters.tenant) if parameters.server else _place(settings.server_url)
        enrollment = AppleEnrollment(
            server=server,
            tenant=tenant,
            name=hardware_of(self.device).udid,
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
        _take_settings(enrollment, settings)
        person = principal(staged.profile, settings, certificate=enrollment.identity().certificate)
        enrollment.user_principal_name = person or parameters.user or ""
        return enrollment

    async def _update_token(self, enrollment: AppleEnrollment, *, first: bool) -> None:
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
            # A server that announces the capability and then does not take the token manages the Mac all the same.
            with suppress(ServerRefused, ServerUnreachable):
                await channel.check_in(token)

    async def _try_to_update_token(self, enrollment: AppleEnrollment, *, first: bool) -> None:
        """A device whose TokenUpdate is not taken is enrolled all the same, and tries again when it next connects."""
        try:
            await self._update_token(enrollment, first=first)
        except EnrollmentOver:
            raise
        except (ServerRefused, ServerUnreachable):
            return

    async def _run_check_in(self, done: CheckInResult) -> None:
        enrollment, udid = self._enrollment(), hardware_of(self.device).udid
        channel = self._channel(enrollment)
        if enrollment.token_due:
            await self._update_token(enrollment, first=False)
            self.device.save(keys=False, state=False)
        report, put_off = messages.idle(udid), False
        for _ in range(_MOST_COMMANDS):
            command = await channel.report(report)
            done.reports += 1
            if command is None:
                done.settled = not put_off
                return
            report, ends = await self._answer(command, done)
            put_off = put_off or report["Status"] == "NotNow"
            if ends is not None:
                await self._end(ends, report, done=done)
                return

    async def _answer(self, command: messages.Command, done: CheckInResult) -> tuple[dict[str, Any], Ends | None]:
        """Do what a command says; gives the report of it, and how the enrolment ends with it, if it does."""
        udid, enrollment = hardware_of(self.device).udid, self._enrollment()
        told = Told(command, self.device, self._system(), enrollment, self._installer())
        try:
            outcome = await obey(told)
        except NotNow:
            return messages.not_now(udid, command), None
        except Malformed as malformed:
            chain = Fault(Code.REQUEST_MALFORMED, str(malformed)).chain()
            return messages.command_format_error(udid, command, chain=chain), None
        except Fault as fault:
            done.refused += (Refusal(command.request_type, command.text("Identifier") or command.uuid, fault.told()),)
            return messages.error(udid, command, chain=fault.chain()), None
        await self._take(outcome, enrollment)
        done.installed += outcome.installed
        done.removed += outcome.removed
        done.executed += [command.request_type] if command.request_type in _ORDERS else []
        return messages.acknowledged(udid, command, answer=outcome.answer), outcome.ends

    async def _take(self, outcome: Outcome, enrollment: AppleEnrollment) -> None:
        """Keep what a command changed; after a renewal of the MDM profile the server learns of the new identity."""
        if outcome.renewed is not None and outcome.renewed.mdm is not None:
            _take_settings(enrollment, outcome.renewed.mdm)
            if (new := outcome.renewed.mdm_identity) is not None:
                enrollment.renew_identity(new.certificate, key=new.key)
                enrollment.token_due = True
        self.device.save(keys=bool(outcome.installed or outcome.removed))
        if enrollment.token_due:
            await self._try_to_update_token(enrollment, first=False)
            self.device.save(keys=False, state=False)

    async def _end(self, ends: Ends, report: dict[str, Any], *, done: CheckInResult) -> None:
        """Acknowledge as long as there is an identity to do it with, then forget.

        Unverified: that the acknowledgement of RemoveProfile comes before the MDM profile goes. No CheckOut follows
        EraseDevice.
        """
        channel = self._channel(self._enrollment())
        try:
            await channel.report(report)
            done.reports += 1
            if ends is Ends.RETIRED:
                await self._check_out()
        except (ServerRefused, ServerUnreachable, AnswerBroken):
            pass
        done.executed.append("EraseDevice" if ends is Ends.ERASED else "RemoveProfile")
        self._remove_management(done, ends.value, everything=ends is Ends.ERASED)

    async def _check_out(self) -> None:
        enrollment = self._enrollment()
        if enrollment.check_out_when_removed:
            message = messages.check_out(hardware_of(self.device).udid, enrollment.topic)
            await self._channel(enrollment).check_in(message)

    async def _unenroll(self) -> None:
        enrollment = self._enrollment()
        held = self._store().profiles.get(enrollment.profile)
        if held is not None and held.removal_disallowed:
            raise NotAllowedHere(f"{self.device.name}: the user may not remove the profile that manages it")
        if not enrollment.check_out_when_removed:
            raise ServerUnreachable("the MDM profile does not ask for a CheckOut")
        await self._check_out()

    def _is_push_for_device(self, message: dict[str, Any]) -> bool:
        return message.get("mdm") == self._enrollment().push_magic

    def _remove_management(self, done: CheckInResult, why: str, *, everything: bool = False) -> None:
        """Management goes with all that it brought; what the user installed stays, unless everything goes."""
        if everything:
            super()._remove_management(done, why, everything=True)
            return
        done.removed += self._installer().remove_managed()
        keys, state, accounts = self.device.keystore, self._store(), dict(self.device.accounts)
        entries, trusted = list(keys.entries.values()), list(keys.trusted.values())
        super()._remove_management(done, why)
        if state.profiles:
            for entry in entries:
                keys.install(entry)
            for der in trusted:
                keys.trust(der)
            self.device.accounts.update(accounts)
            self.device.state = state
            self.device.save()

    def _installer(self, key: rsa.RSAPrivateKey | None = None) -> Installer:
        """An installer; `key` is for the first identity that a SCEP authority gives, as far as its size is right."""
        ready = iter(() if key is None else (key,))

        async def issue(settings: ScepSettings, renews: DeviceIdentity | None) -> DeviceIdentity:
            client = ScepClient(self._transport, settings, moment=self._now())
            return await client.enrol(await _key_of(settings.key_size, ready), renews=renews)

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

    def _now(self) -> datetime:
        return self.time.now(time.monotonic()) or datetime.now(UTC)

    def _store(self) -> ProfileStore:
        assert isinstance(self.device.state, ProfileStore)
        return self.device.state

    def _enrollment(self) -> AppleEnrollment:
        enrollment = self.enrollment
        assert isinstance(enrollment, AppleEnrollment)
        return enrollment


#: Commands that change the device other than by a profile: worth telling.
_ORDERS = frozenset({"DeviceLock"})


def _take_settings(enrollment: AppleEnrollment, settings: MdmSettings) -> None:
    enrollment.access_rights = settings.access_rights
    enrollment.sign_message = settings.sign_message
    enrollment.check_out_when_removed = settings.check_out_when_removed
    enrollment.takes_bootstrap_token = settings.takes_bootstrap_token


def _place(url: str) -> tuple[str, str]:
    """Origin and tenant of a server's address; no tenant where the address is not one of the emulator's."""
    parts = urlsplit(url)
    path = parts.path.split("/")
    is_ours = len(path) > 3 and path[1] == "mdm" and path[3] == "apple"
    return f"{parts.scheme}://{parts.netloc}", path[2] if is_ours else ""


async def _key_of(size: int, ready: Iterator[rsa.RSAPrivateKey]) -> rsa.RSAPrivateKey:
    given = next(ready, None)
    return given if given is not None and given.key_size == size else await asyncio.to_thread(_key, size)


def _key(size: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=size)
