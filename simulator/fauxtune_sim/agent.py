"""The agent on a device: what every platform's agent does alike, and what each does its own way.

Alike: one conversation at a time, an enrolment that the service has ended is forgotten, push is listened to, the time
of a check-in is remembered. A platform's own: how it enrols (`_join`), talks (`_converse`) and takes its leave
(`_leave`).
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

from fauxtune_sim.cadence import TenantTime
from fauxtune_sim.condition import Condition
from fauxtune_sim.device import Device
from fauxtune_sim.enrollment import Enrollment, Refusal
from fauxtune_sim.errors import AnswerBroken, EnrollmentOver, NotAllowedHere, ServerRefused, ServerUnreachable
from fauxtune_sim.holdings import Holdings, Thing
from fauxtune_sim.identity import new_key
from fauxtune_sim.push import Push, read_push
from fauxtune_sim.records import Records
from fauxtune_sim.transport import Answer, Transport


@dataclass(slots=True)
class CheckIn:
    """What one check-in did.

    `settled`: device and service were at rest when it ended. `reports` counts the messages that told the service how
    things stand, `obeyed` the commands that were carried out, `refused` is everything that the device holds to be
    inapplicable. `installed` and `removed` are names in the platform's own words, `gained` and `lost` the same things
    themselves. `policy_version` belongs to platforms that are managed by policy. `ended` says why the enrolment is
    over, if it is.
    """

    settled: bool = False
    reports: int = 0
    installed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    gained: list[Thing] = field(default_factory=list)
    lost: list[Thing] = field(default_factory=list)
    obeyed: list[str] = field(default_factory=list)
    refused: tuple[Refusal, ...] = ()
    policy_version: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """What an enrolment is made with: a token, or a user's name and password where the platform takes them.

    `user` is also given beside a token where it is known, for wires that ask for an address first.
    """

    server: str
    tenant: str
    key: rsa.RSAPrivateKey
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class Agent(ABC):
    """The agent of one device. `time` is shared by the devices of one tenant, where somebody listens to push."""

    #: What a device of this platform keeps.
    records: ClassVar[Records]
    #: Whether a user may enrol with name and password instead of a token.
    takes_password: ClassVar[bool] = False
    #: Why the enrolment is over when the user has ended it.
    left: str = "the user removed management"

    def __init__(self, device: Device, transport: Transport, *, time: TenantTime | None = None) -> None:
        self.device = device
        if device.state is None and self.records.state is not None:
            device.state = self.records.state()
        self.time = TenantTime() if time is None else time
        self._transport = transport
        self._one_at_a_time = asyncio.Lock()
        #: What was not as it should be when the device enrolled, and was passed over; in words.
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
    ) -> None:
        """Enrol with a token, or as a user with a password; `key` is the identity key (default: a new one).

        ServerRefused with status 401 for a token that is unknown, used up or expired, 403 for a user who may not.
        NotAllowedHere for a device that is enrolled, and for a password on a platform that takes none.
        """
        if self.device.is_enrolled:
            raise NotAllowedHere(f"{self.device.name} is enrolled already: unenrol it first")
        if token is None and (user is None or password is None or not self.takes_password):
            takes = "a token, or a user with a password" if self.takes_password else "a token"
            raise NotAllowedHere(f"{self.device.platform} enrols with {takes}")
        key = await asyncio.to_thread(new_key) if key is None else key
        joining = Joining(server=server, tenant=tenant, key=key, token=token, user=user, password=password)
        async with self._one_at_a_time:
            self.device.enrollment = await self._join(joining)
            self.device.ended = None
            self.device.ca = self._transport.ca
            self.device.save()

    async def enroll_with_profile(self, data: bytes, *, key: rsa.RSAPrivateKey | None = None) -> None:
        """Enrol with a configuration profile instead of a service's address and a token; Apple's devices do.

        NotAllowedHere on every other platform.
        """
        raise NotAllowedHere(f"{self.device.platform} enrols with no profile: only iOS, iPadOS and macOS do")

    async def check_in(self) -> CheckIn:
        """Talk to the service until both are at rest, or until it ends the enrolment.

        NotAllowedHere if the device is not enrolled; ServerUnreachable and ServerRefused as they come.
        """
        async with self._one_at_a_time:
            done = CheckIn()
            enrollment, before = self.enrollment, Holdings.of(self.device)
            try:
                await self._converse(done)
            except EnrollmentOver as over:
                self._forget(done, f"the service does not know this device any more: {over}")
            if done.installed or done.removed or done.ended is not None:
                after = Holdings.of(self.device)
                done.gained, done.lost = after.without(before), before.without(after)
            if done.ended is None:
                self._remember_time(enrollment)
            return done

    async def unenroll(self) -> str | None:
        """The user ends management: everything managed goes.

        Gives None, or the reason why the service could not be told; what was managed goes in either case, as on a
        real device. NotAllowedHere on a device whose user may not, without asking the service.
        """
        async with self._one_at_a_time:
            untold: str | None = None
            try:
                await self._leave()
            except EnrollmentOver:
                pass
            except (ServerUnreachable, ServerRefused) as failed:
                untold = str(failed)
            self._forget(CheckIn(), self.left)
            return untold

    async def poll_push(self, *, after: int, wait: int) -> Push:
        """Wait up to `wait` seconds for a push newer than `after`; learns the tenant's time.

        NotAllowedHere if the server has named no push address, as servers of other makes do not. ServerRefused with
        status 404 if the push service does not know the address; only a check-in tells whether that is the end of the
        enrolment.
        """
        enrollment = self.enrollment
        if not enrollment.push_token:
            raise NotAllowedHere(f"{self.device.name} has no push address: its server names none")
        tenant, token = quote(enrollment.tenant, safe=""), quote(enrollment.push_token, safe="")
        url = f"{enrollment.server}/push/{tenant}/{token}?after={after}&wait={wait}"
        answer = await self._transport.get(url, timeout=wait + 20.0)
        if not 200 <= answer.status < 300:
            why = f"the push service refused ({answer.status}): {_reason(answer)}"
            raise ServerRefused(why, status=answer.status)
        push = read_push(answer.json())
        if push.message is not None and not self._push_is_for_us(push.message):
            push = replace(push, message=None)
        self.time.learn(push.now, monotonic=time.monotonic())
        return push

    async def tenant_now(self) -> datetime:
        """The tenant's time, asked of the push service; the system's where that does not answer."""
        try:
            return (await self.poll_push(after=0, wait=0)).now
        except (ServerUnreachable, ServerRefused, AnswerBroken, NotAllowedHere):
            return datetime.now(UTC)

    @property
    def enrollment(self) -> Enrollment:
        """The device's enrolment; NotAllowedHere, with the reason where it is known, if it has none."""
        if self.device.enrollment is None:
            why = f" ({self.device.ended})" if self.device.ended else ""
            raise NotAllowedHere(f"{self.device.name} is not enrolled{why}")
        return self.device.enrollment

    @abstractmethod
    async def _join(self, joining: Joining) -> Enrollment:
        """Enrol: give the platform's record. The device is saved afterwards; a refusal leaves it as it was."""

    @abstractmethod
    async def _converse(self, done: CheckIn) -> None:
        """Check in, write into `done` what happened, and save what changed.

        Raises EnrollmentOver where the service says so; calls `_forget` where it orders so.
        """

    @abstractmethod
    async def _leave(self) -> None:
        """Tell the service that the user ends management; NotAllowedHere, before any word, if the user may not."""

    def _push_is_for_us(self, message: dict[str, Any]) -> bool:
        """Whether a push says what this device must hear to wake up."""
        return True

    def _forget(self, done: CheckIn, why: str, *, everything: bool = False) -> None:
        """Forget what management brought; with `everything` the device is as fresh from the box (factory reset)."""
        if everything:
            self.device.condition = Condition()
        self.device.forget_managed(why, certificates=everything or not self._stays())
        done.ended = why

    def _stays(self) -> bool:
        """Whether installed certificates stay when management ends."""
        return False

    def _remember_time(self, enrollment: Enrollment) -> None:
        now = self.time.now(time.monotonic())
        if now is None:
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
