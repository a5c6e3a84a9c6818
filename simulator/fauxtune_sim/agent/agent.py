"""The client of management on a device: the part that all platforms share. The agent beside MDM, which runs scripts and
installs apps of its own, is `extension`.

Shared: one check-in at a time, the end of an enrolment, push, the time of the last check-in. Each platform implements
enrolment (`_enroll`), check-in (`_run_check_in`) and unenrolment (`_unenroll`).
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune_sim.agent.cadence import Push, TenantTime, read_push
from fauxtune_sim.agent.extension import Extension
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Enrollment, RecordTypes, Refusal
from fauxtune_sim.device.inventory import Inventory, InventoryItem
from fauxtune_sim.device.state_folder import Condition
from fauxtune_sim.errors import (
    AnswerBroken,
    EnrollmentOver,
    NotAllowedHere,
    ServerRefused,
    ServerUnreachable,
    SimulatorError,
)
from fauxtune_sim.keys.keystore import KeyRing, new_key
from fauxtune_sim.platforms import Platform
from fauxtune_sim.scep.enroller import Enroller
from fauxtune_sim.server.transport import Answer, Transport

#: The platforms whose devices have a management agent beside MDM; others pass over what is said of one.
_WITH_EXTENSION = (Platform.WINDOWS, Platform.MACOS)


@dataclass(slots=True)
class CheckInResult:
    """The result of one check-in.

    `settled`: neither side had anything left to do when it ended. `reports` counts the status messages that were
    sent, `executed` names the commands that were carried out, `refused` lists what the device could not apply.
    `installed` and `removed` are the platform's own names of items, `added_items` and `removed_items` the items
    themselves. `done` has a line for each piece of work of the agent beside MDM (`extension`).
    `policy_version` is for platforms that are managed by policy. `ended`: why the enrolment ended, or None.
    """

    settled: bool = False
    reports: int = 0
    installed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added_items: list[InventoryItem] = field(default_factory=list)
    removed_items: list[InventoryItem] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    refused: tuple[Refusal, ...] = ()
    done: list[str] = field(default_factory=list)
    policy_version: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class EnrollmentParameters:
    """The parameters of an enrolment: a token, or a user's name and password if the platform accepts them.

    `user` may also accompany a token, for protocols that begin with the user's address. `autopilot`: the device asks
    for its deployment profile first.
    """

    server: str
    tenant: str
    key: rsa.RSAPrivateKey
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    autopilot: bool = False


class Agent(ABC):
    """The agent of one device. Connected devices of one tenant share `time`."""

    #: The types of the records that a device of this platform stores.
    records: ClassVar[RecordTypes]
    #: Whether a user may enrol with name and password instead of a token.
    takes_password: ClassVar[bool] = False
    #: Whether a device can be set up by Windows Autopilot.
    takes_autopilot: ClassVar[bool] = False
    #: The reason that is recorded when the user ends the enrolment.
    unenroll_reason: str = "the user removed management"

    def __init__(self, device: Device, transport: Transport, *, time: TenantTime | None = None) -> None:
        self.device = device
        if device.state is None and self.records.state is not None:
            device.state = self.records.state()
        self.time = TenantTime() if time is None else time
        #: Where the device gets the keys that it makes: a fleet shares some.
        self.keys = KeyRing()
        self._transport = transport.demanding({**transport.demands, **device.demands})
        self._check_in_lock = asyncio.Lock()
        #: Whether the present check-in is the first one after the device's facts have changed.
        self._has_news = False
        #: Defects in the server's enrolment answers that the device tolerated, as sentences.
        self.remarks: tuple[str, ...] = ()

    async def enroll(
        self,
        *,
        server: str,
        tenant: str,
        token: str | None = None,
        user: str | None = None,
        password: str | None = None,
        key: rsa.RSAPrivateKey | None = None,
        autopilot: bool = False,
    ) -> None:
        """Enrol with a token, or as a user with a password; `key` is the identity key (default: a new one).
        `autopilot`: ask for the deployment profile first, and enrol with it.

        Raises ServerRefused with status 401 for a token that is unknown, used up or expired, 403 for a user who may not
        enrol; NotAllowedHere for a device that is enrolled already, and for a password if the platform needs a token.
        """
        if self.device.is_enrolled:
            raise NotAllowedHere(f"{self.device.name} is enrolled already: unenrol it first")
        if token is None and (user is None or password is None or not self.takes_password):
            credentials = "a token, or a user with a password" if self.takes_password else "a token"
            raise NotAllowedHere(f"{self.device.platform} enrols with {credentials}")
        if autopilot and not self.takes_autopilot:
            raise NotAllowedHere(f"{self.device.platform} has no Autopilot: only PCs have")
        key = await asyncio.to_thread(new_key) if key is None else key
        parameters = EnrollmentParameters(
            server=server, tenant=tenant, key=key, token=token, user=user, password=password, autopilot=autopilot
        )
        async with self._check_in_lock:
            self._begin(await self._enroll(parameters))

    def _begin(self, enrollment: Enrollment) -> None:
        """Begin an enrolment: from now on only its server is asked, by the id that it has."""
        enrollment.server_id = self._transport.server_at(enrollment.server)
        self.device.enrollment, self.device.ended = enrollment, None
        self.device.ca = self._transport.ca
        self.device.save()
        self._transport = self._transport.demanding({**self._transport.demands, **self.device.demands})

    async def enroll_with_profile(self, data: bytes, *, key: rsa.RSAPrivateKey | None = None) -> None:
        """Enrol an Apple device with a configuration profile instead of a service's address and a token.

        Raises NotAllowedHere on every other platform.
        """
        raise NotAllowedHere(f"{self.device.platform} cannot enrol with a profile: only iOS, iPadOS and macOS can")

    async def check_in(self) -> CheckInResult:
        """Talk to the service until neither side has anything left to do, or until the enrolment ends.

        Raises NotAllowedHere if the device is not enrolled; ServerUnreachable or ServerRefused if the service fails.
        """
        async with self._check_in_lock:
            result = CheckInResult()
            enrollment, before = self.enrollment, Inventory.of(self.device)
            # Facts that change from here on are for the next check-in.
            self._has_news, self.device.has_news = self.device.has_news, False
            try:
                # The management agent asks first: a device that is done with MDM is done with scripts and apps too.
                has_asked = await self._run_extension(enrollment, result)
                await self._run_check_in(result)
                if result.ended is None and not has_asked:
                    await self._run_extension(enrollment, result)
            except EnrollmentOver as over:
                self._remove_management(result, f"the service does not know this device any more: {over}")
            except SimulatorError:
                self.device.has_news = self.device.has_news or self._has_news
                raise
            if result.installed or result.removed or result.ended is not None:
                after = Inventory.of(self.device)
                result.added_items, result.removed_items = after.without(before), before.without(after)
            if result.ended is None:
                self._record_check_in(enrollment)
            return result

    async def unenroll(self) -> str | None:
        """Unenrol as the user: everything that management installed is removed, as on a real device in every case.

        Returns None, or the reason why the service could not be informed. Raises NotAllowedHere, before any message to
        the service, if the user of the device may not unenrol it.
        """
        async with self._check_in_lock:
            failure: str | None = None
            try:
                await self._unenroll()
            except EnrollmentOver:
                pass
            except (ServerUnreachable, ServerRefused) as failed:
                failure = str(failed)
            self._remove_management(CheckInResult(), self.unenroll_reason)
            return failure

    async def poll_push(self, *, after: int, wait: int) -> Push:
        """Wait up to `wait` seconds for a push newer than `after`; updates the tenant's time.

        Raises NotAllowedHere if the server has not named a push address (servers other than Fauxtune do not);
        ServerRefused with status 404 if the push service does not know the address: whether the enrolment has ended
        only a check-in can show.
        """
        enrollment = self.enrollment
        if not enrollment.push_token:
            raise NotAllowedHere(f"{self.device.name} has no push address: its server has not named one")
        tenant, token = quote(enrollment.tenant, safe=""), quote(enrollment.push_token, safe="")
        url = f"{enrollment.server}/push/{tenant}/{token}?after={after}&wait={wait}"
        answer = await self._transport.get(url, timeout=wait + 20.0)
        if not 200 <= answer.status < 300:
            why = f"the push service refused ({answer.status}): {_reason(answer)}"
            raise ServerRefused(why, status=answer.status)
        push = read_push(answer.json())
        if push.message is not None and not self._is_push_for_device(push.message):
            push = replace(push, message=None)
        self.time.learn(push.now, monotonic=time.monotonic())
        return push

    async def tenant_now(self) -> datetime:
        """The tenant's time by the push service, or the computer's time if that does not answer."""
        try:
            return (await self.poll_push(after=0, wait=0)).now
        except (ServerUnreachable, ServerRefused, AnswerBroken, NotAllowedHere):
            return datetime.now(UTC)

    def _enroller(self) -> Enroller:
        """What requests certificates for the device by SCEP."""
        return Enroller(self.device, self._transport, keys=self.keys, now=self._now())

    def _now(self) -> datetime:
        """The time of the device's clock: the tenant's, or the computer's until the device has learnt that."""
        return self.time.now(time.monotonic()) or datetime.now(UTC)

    @property
    def enrollment(self) -> Enrollment:
        """The device's enrolment. Raises NotAllowedHere, with the known reason, if the device is not enrolled."""
        if self.device.enrollment is None:
            why = f" ({self.device.ended})" if self.device.ended else ""
            raise NotAllowedHere(f"{self.device.name} is not enrolled{why}")
        return self.device.enrollment

    @abstractmethod
    async def _enroll(self, parameters: EnrollmentParameters) -> Enrollment:
        """Enrol and return the platform's record. The caller saves the device; a refusal must leave it unchanged."""

    @abstractmethod
    async def _run_check_in(self, result: CheckInResult) -> None:
        """Check in, write the outcome into `result`, and save what changed.

        Raises EnrollmentOver if the service does not know the device any more; calls `_remove_management` if the
        service orders the end of the enrolment.
        """

    @abstractmethod
    async def _unenroll(self) -> None:
        """Inform the service that the user unenrols. Raises NotAllowedHere, before any message, if the user may not."""

    async def _run_extension(self, enrollment: Enrollment, result: CheckInResult) -> bool:
        """Let the management agent ask for work, if the service has any; return whether it asked. What the service
        refuses is tried again at the next check-in.
        """
        if not enrollment.agent_address or self.device.platform not in _WITH_EXTENSION:
            return False
        extension = Extension(self.device, self._transport, self._prove, server=enrollment.server)
        enrollment.agent_due_at = None
        try:
            done, enrollment.agent_due_at = await extension.run(
                enrollment.agent_address, user_is_here=self._is_user_here()
            )
        except EnrollmentOver:
            raise
        except (ServerUnreachable, ServerRefused, AnswerBroken) as failed:
            result.refused += (Refusal("Agent", enrollment.agent_address, str(failed)),)
        else:
            result.done += done
        self.device.save(keys=False, state=False)
        return True

    def _prove(self, body: bytes) -> dict[str, str]:
        """The headers by which the management agent proves the device's identity for a body."""
        raise NotAllowedHere(f"{self.device.platform} has no management agent")

    def _is_user_here(self) -> bool:
        """Whether the device's user is signed in."""
        return True

    def _is_push_for_device(self, message: dict[str, Any]) -> bool:
        """Whether a push message is meant for this device and wakes it."""
        return True

    def _remove_management(self, result: CheckInResult, why: str, *, everything: bool = False) -> None:
        """Remove what management installed; with `everything` the device is reset to its factory state."""
        if everything:
            self.device.condition = Condition()
            # What the management agent installed stays when an enrolment ends: only a reset takes it.
            self.device.programs.installed.clear()
        self.device.remove_management(why, certificates=everything or not self._keeps_certificates())
        result.ended = why

    def _keeps_certificates(self) -> bool:
        """Whether installed certificates stay when management ends."""
        return False

    def _record_check_in(self, enrollment: Enrollment) -> None:
        """Save the time, if the device knows it, and that its news are told."""
        now = self.time.now(time.monotonic())
        if now is None:
            if self._has_news:
                self.device.save(keys=False, state=False)
            return
        enrollment.checked_in_at = now.isoformat()
        enrollment.enrolled_at = enrollment.enrolled_at or enrollment.checked_in_at
        self.device.save(keys=False, state=False)


def _reason(answer: Answer) -> str:
    try:
        error = answer.json().get("error")
    except AnswerBroken:
        error = None
    return str(error.get("message") or "no reason given") if isinstance(error, dict) else "no reason given"
