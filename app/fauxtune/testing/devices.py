"""Simulated devices in a test: objects in this process, connected, with real keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cryptography import x509

from fauxtune.core.administration import emulation
from fauxtune.core.graph.device_facts import PARTNER_FACTS
from fauxtune.testing.parts import Calls, Tenancy, User
from fauxtune_sim.agent.agent import Agent, CheckInResult
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.facts.table import FactValue
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.platforms import read_kind

T = TypeVar("T")


class Device:
    """A simulated device of a tenant. It is connected: a push lets it check in, and it follows the tenant's clock."""

    def __init__(self, tenant: Tenancy, agent: Agent, *, calls: Calls) -> None:
        """Use `Devices.enroll`."""
        self.tenant = tenant
        self.agent = agent
        self._calls = calls
        self._ids: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"<device {self.name} ({self.platform})>"

    @property
    def name(self) -> str:
        """The device's name."""
        return self.agent.device.name

    @property
    def platform(self) -> str:
        """The kind: "ios", "android/work-profile", "windows" ..."""
        return str(self.agent.device.kind)

    @property
    def id(self) -> str:
        """The id of its managedDevice in Graph."""
        return self._found()[1]

    @property
    def enrollment_id(self) -> str:
        """The id of its enrolment, which the journal has and which outlives the managedDevice."""
        return self._found()[0]

    # What is on it

    def holds(self, kind: str, *, thumbprint: str | None = None) -> bool:
        """Whether it holds something of a kind: "root", "pkcs", "imported", "scep" or "email".

        `thumbprint` (SHA-1, hexadecimal) asks for one certificate. A root counts if a profile gave it: what an iPhone,
        iPad or Mac trusts by its enrolment is in `trusted` only. Raises ValueError for another word.
        """
        if kind not in {known.value for known in Delivery}:
            raise ValueError(f"a device can hold {', '.join(Delivery)}, not {kind}")
        if kind == Delivery.EMAIL:
            return bool(self.mail_accounts)
        if kind == Delivery.ROOT:
            roots = self._read(self._given_roots)
            prints = {hashlib.sha1(der).hexdigest() for der in roots}  # noqa: S324 - a thumbprint
        else:
            prints = {key.thumbprint for key in self.keys if key.source == kind}
        return bool(prints) if thumbprint is None else thumbprint.lower() in prints

    @property
    def keys(self) -> tuple[Identity, ...]:
        """The keys that management installed: `.key`, `.certificate` and `.chain` are objects of `cryptography`."""
        return self._read(lambda: tuple(self.agent.device.keystore.identities()))

    @property
    def trusted(self) -> tuple[x509.Certificate, ...]:
        """The authorities that management made it trust, those of the enrolment included."""
        return self._read(self.agent.device.keystore.trusted_certificates)

    @property
    def mail_accounts(self) -> tuple[MailAccount, ...]:
        """The mail accounts that management set up."""
        return self._read(lambda: tuple(self.agent.device.accounts.values()))

    @property
    def enrolled(self) -> bool:
        """Whether it is enrolled now."""
        return self.agent.device.is_enrolled

    @property
    def ended(self) -> str | None:
        """Why its enrolment ended, in words; None while it is enrolled."""
        return self.agent.device.ended

    # What its owner does

    def check_in(self) -> CheckInResult:
        """Let it check in now, and return what that changed. Raises SimulatorError if it is off line or refused."""
        return self._do(self.tenant.server.pool.check_in(self.agent))

    def refuse(self, kind: str, code: int | None = None) -> None:
        """Let it refuse a kind of deliveries ("root", "pkcs", "imported", "scep", "email", "app") as one that cannot
        apply them.

        `code` is the error that it answers: an ErrorCode of Apple, a SyncML status or a Windows error number.
        """
        self._read(lambda: self.agent.device.refuse(kind, code))

    def accept(self, kind: str | None = None) -> None:
        """Let it accept deliveries of a kind again; without a kind all."""
        self._read(lambda: self.agent.device.accept(kind))

    def reports(self, **facts: FactValue) -> None:
        """Change what it reports of itself, by the names of Graph's managedDevice: `phone.reports(isEncrypted=False)`.

        Graph shows it after the next check-in. Raises SimulatorError for a name or a value that this kind of device
        does not have; nothing changes then. What other services report of a device counts at once, such as
        `partnerReportedThreatState` and `complianceScriptOutput`.
        """
        enrollment, _record = self._found()  # by its name, which may change now
        others = {name: value for name, value in facts.items() if name in PARTNER_FACTS}
        own = {name: value for name, value in facts.items() if name not in PARTNER_FACTS}
        if own:
            self._read(lambda: self.agent.device.report(**own))
        if others:
            self._calls.send(emulation.report_of_partner(enrollment, others))

    def runs(
        self,
        script: str,
        *,
        exit_code: int = 0,
        output: str = "",
        error: str = "",
        remediation: int = 0,
        fixes: bool = True,
    ) -> None:
        """Declare the outcome of a script on it, by the script's name or id: `pc.runs("Map drives", exit_code=1)`.

        A script that nothing is declared of succeeds and writes nothing. The text of a script is never run. Of a
        remediation, exit code 1 is an issue that the detection finds; `remediation` is the exit code of the script that
        follows, and `fixes` whether the issue is gone then.
        """
        device = self.agent.device
        self._read(
            lambda: device.runs(
                script, exit_code=exit_code, output=output, error=error, remediation=remediation, fixes=fixes
            )
        )

    def installs(self, app: str, *, exit_code: int = 0, before: bool | None = None, after: bool | None = None) -> None:
        """Declare what becomes of an app that the management agent installs: `pc.installs("Notes", exit_code=3010)`.

        An app that nothing is declared of is not there before, and there after its installer ended with 0. `before` and
        `after`: whether it is detected. No installer is ever run.
        """
        self._read(lambda: self.agent.device.installs(app, exit_code=exit_code, before=before, after=after))

    @property
    def facts(self) -> Mapping[str, FactValue]:
        """What it reports of itself, by the names of Graph's managedDevice."""
        return self._read(lambda: self.agent.device.facts)

    def offline(self) -> None:
        """Disconnect it: it gets no push and does not check in."""
        self._do(self.tenant.server.pool.take_offline(self.agent))

    def online(self) -> None:
        """Connect it again: it checks in."""
        self._do(self.tenant.server.pool.bring_online(self.agent))

    @property
    def is_online(self) -> bool:
        """Whether it is connected."""
        return self.tenant.server.pool.is_online(self.agent)

    def lock(self) -> None:
        """Lock its screen: an iPhone or iPad answers NotNow to commands that need its protected data."""
        self._read(lambda: self._lock(True))

    def unlock(self) -> None:
        """Unlock its screen."""
        self._read(lambda: self._lock(False))

    def unenroll(self) -> str | None:
        """Unenrol it as its user. Return None, or why the server could not be informed."""
        return self._do(self.tenant.server.pool.unenroll(self.agent))

    def _given_roots(self) -> list[bytes]:
        device = self.agent.device
        trusted = device.keystore.trusted
        if isinstance(device.state, ProfileStore):
            return [trusted[sha256] for sha256 in device.state.given_certificates() if sha256 in trusted]
        return [*trusted.values()]

    def _lock(self, locked: bool) -> None:
        self.agent.device.condition.lock(locked)
        self.agent.device.save(keys=False, state=False)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.tenant.server.background.run(work)

    def _read(self, work: Callable[[], T]) -> T:
        """Do something on the devices' own thread, where no check-in changes the device meanwhile."""

        async def run() -> T:
            return work()

        return self._do(run())

    def _found(self) -> tuple[str, str]:
        if self._ids is None:
            rows = self._calls.control("GET", "/devices")["value"]
            row = next(row for row in rows if row["deviceName"] == self.name)
            self._ids = (str(row["id"]), str(row["managedDeviceId"]))
        return self._ids


@dataclass(frozen=True, slots=True)
class SavedDevices:
    """Devices at one moment, with their keys."""

    devices: tuple[Device, ...] = ()
    data: bytes = field(default=b"", repr=False)


class Devices:
    """The simulated devices of a tenant, in the order of their enrolment."""

    def __init__(self, tenant: Tenancy, calls: Calls) -> None:
        """Use `tenant.devices`."""
        self._tenant = tenant
        self._calls = calls
        self._devices: list[Device] = []

    def __iter__(self) -> Iterator[Device]:
        return iter(tuple(self._devices))

    def __len__(self) -> int:
        return len(self._devices)

    def enroll(
        self,
        user: str | User,
        platform: str = "ios",
        *,
        name: str | None = None,
        autopilot: bool = False,
        **facts: FactValue,
    ) -> Device:
        """Enrol a new device for a user, let it check in, and keep it connected.

        `platform` is ios, ipados, macos, windows, windows10mobile, windowsphone81, or android with a mode:
        "android/fully-managed" (default: a work profile). `name` is unique in the tenant; `facts` are what it reports,
        as in `Device.reports`. `autopilot`: a PC asks for its deployment profile first, by its serial number, and
        enrols with it: `enroll("alice", "windows", autopilot=True, serialNumber="4711")`.
        """
        kind = read_kind(platform)
        if name is not None and name in {device.name for device in self._devices}:
            raise ValueError(f"there is a device {name} already: give each device a name of its own")
        person = self._tenant.person(user)
        order = {"userPrincipalName": person.name, "uses": 1}
        token = self._calls.control("POST", "/enrollmentTokens", json=order)["token"]
        server = self._tenant.server
        agent = server.background.run(
            server.pool.enroll(
                tenant=self._tenant.id,
                token=token,
                kind=kind,
                name=name,
                user=person.name,
                facts=facts,
                autopilot=autopilot,
            )
        )
        device = Device(self._tenant, agent, calls=self._calls)
        self._devices.append(device)
        return device

    def saved(self) -> SavedDevices:
        """Return the devices as they are now, for `bring_back`."""
        server = self._tenant.server
        if not self._devices:
            return SavedDevices()
        return SavedDevices(tuple(self._devices), server.background.run(server.pool.snapshot(self._tenant.id)))

    def bring_back(self, saved: SavedDevices | None) -> None:
        """Give the devices the state that `saved` returned: objects of that time are these devices again."""
        self.forget()
        if saved is None or not saved.devices:
            return
        server = self._tenant.server
        server.background.run(server.pool.restore(self._tenant.id, saved.data))
        for device, agent in zip(saved.devices, server.pool.agents_of(self._tenant.id), strict=True):
            device.agent = agent
        self._devices = [*saved.devices]

    def finish_check_ins(self) -> None:
        """Wait until the devices have ended the check-ins that they are in.

        The server can be done with a device before the device has read the last answer.
        """
        if self._devices:
            server = self._tenant.server
            server.background.run(server.pool.finish_check_ins(self._tenant.id))

    def forget(self) -> None:
        """Disconnect and drop all devices; the server is not informed."""
        if self._devices:
            server = self._tenant.server
            server.background.run(server.pool.forget(self._tenant.id))
            self._devices.clear()
