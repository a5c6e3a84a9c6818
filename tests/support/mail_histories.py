"""Random histories of a small firm whose people are sent encrypted mail, and what each of its devices really holds.

After every happening all devices settle, so that one happening explains each key that is lost.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune.core.clock import ClockMode
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.ids import EnrollmentId, UserId
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.states import Cause, Incident, Source
from fauxtune.core.pki.pfx import PfxContents, read_pfx
from fauxtune.core.profiles.catalog import KINDS
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import records
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune_sim.cms.envelope import RecipientOptions
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail
from tests.support.certificates import issued_elsewhere
from tests.support.clock import NOW
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import PlainAdapter, StepwiseDevice, enrol_by_token
from tests.support.tenant import Contoso

PEOPLE = ("alice", "bob", "carol")
VARIANTS = (
    Variant.ANDROID_WORK_PROFILE,
    Variant.IOS,
    Variant.WINDOWS,
    Variant.ANDROID_DEVICE_ADMIN,
    Variant.MACOS,
    Variant.ANDROID_FULLY_MANAGED,
)
PASSWORD = "geheim-42"
_GROUP = "Firm"
Agent = AndroidInProcess | StepwiseDevice
Why = Cause | Incident


@dataclass(slots=True)
class Hardware:
    """A piece of hardware, with the agents of its enrolments one after the other."""

    serial: str
    variant: Variant
    agents: list[Agent] = field(default_factory=list)
    owner: str = ""

    @property
    def agent(self) -> Agent:
        return self.agents[-1]

    @property
    def holds(self) -> frozenset[str]:
        """The thumbprints of the certificates whose keys it has."""
        return frozenset(
            mark
            for agent in self.agents
            for item, mark in agent.holds.items()
            if not item.startswith(("root/", "email/"))
        )

    @property
    def files(self) -> dict[str, PfxContents]:
        return {mark: contents for agent in self.agents for mark, contents in agent.opened.items()}

    def forget(self) -> None:
        for agent in self.agents:
            agent.forget()


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was delivered. `number`: of the journal then."""

    uid: dict[str, int]
    raw: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What each device held at a moment: serial number of the hardware -> thumbprints. `lost`: why keys went that it
    had before, by hardware and thumbprint.
    """

    number: int
    time: datetime
    holds: dict[str, frozenset[str]]
    enrolled: dict[str, EnrollmentId]
    lost: dict[tuple[str, str], Why]


class History:
    """The firm, and what happens to it."""

    def __init__(self, contoso: Contoso, seed: int) -> None:
        self.contoso = contoso
        self.random = random.Random(seed)
        self.hardware: list[Hardware] = []
        self.mail: list[Mail] = []
        self.snapshots: list[Snapshot] = []
        self.imports: dict[str, str] = {}  # thumbprint -> whose
        self.certificates: list[x509.Certificate] = []
        self.profiles: list[str] = []
        self.assigned: set[str] = set()
        self.users: dict[str, UserId] = {}
        self._lost: dict[tuple[str, str], Why] = {}
        self._numbers = dict.fromkeys(PEOPLE, 0)

    @property
    def now(self) -> datetime:
        return self.contoso.emulator.runner.now(self.contoso.tenant)

    async def found(self) -> None:
        """Give everybody profiles and an imported certificate, and enrol a device of each kind."""
        contoso = self.contoso
        # What a platform puts around a password is its own affair: here it is bare.
        contoso.emulator.packagings = {}
        self.users = {name: await contoso.user_id(name) for name in PEOPLE}
        await contoso.group(_GROUP, *self.users.values())
        for variant in VARIANTS:
            for source in (Source.ROOT, Source.PKCS, Source.IMPORTED):
                await self._profile(variant, source)
        for name in PEOPLE:
            await self.import_one(name)
        for number, variant in enumerate(VARIANTS):
            self.hardware.append(Hardware(f"S{number}", variant))
            await self.enroll(self.hardware[-1], PEOPLE[number % len(PEOPLE)])
        await self.settle_devices()

    async def _profile(self, variant: Variant, source: Source) -> None:
        edition = self.contoso.tenant.edition
        kind = next(each for each in KINDS if each.family.source is source and each.applies(variant, edition=edition))
        template = self.random.choice(["SmimeP256", "SmimeBoth"])
        documents: dict[Source, dict[str, Any]] = {
            Source.ROOT: {"trustedRootCertificate": await self.contoso.root_text()},
            Source.PKCS: self.contoso.pkcs_document(certificateTemplateName=template),
            Source.IMPORTED: {"intendedPurpose": "smimeEncryption"},
        }
        profile = await self.contoso.profile(kind.name, _GROUP, **documents[source])
        if source is not Source.ROOT:
            self.profiles.append(profile)
            self.assigned.add(profile)

    async def live(self, steps: int) -> None:
        """Let so many things happen, each followed by mail and a snapshot."""
        await self.settle(None)
        while len(self.snapshots) <= steps:
            happening = self.random.choice(self._happenings())
            try:
                why = await happening()
            except FauxtuneError:
                continue  # not possible at present
            await self.settle(why)

    def _happenings(self) -> list[Callable[[], Awaitable[Why | None]]]:
        often = [self.enrol_again] * 5 + [self.lose, self.import_more, self.join_group] * 2
        gives = [self.assign, self.assign, self.get_licence]
        takes = [self.wipe, self.retire, self.delete, self.unenrol, self.delete_import, self.unassign, self.leave_group]
        return [
            *(*often, *gives, *takes),
            *(self.lose_licence, self.change_user, self.a_year, self.refuse_and_a_year, self.back),
        ]

    async def settle(self, why: Why | None) -> None:
        """Let every device settle; an hour later deliver mail, and note what every device holds."""
        await self.settle_devices()
        await self.advance(timedelta(hours=1))
        held = {hardware.serial: hardware.holds for hardware in self.hardware}
        for serial, marks in held.items():
            before = self.snapshots[-1].holds[serial] if self.snapshots else frozenset()
            for mark in before - marks:
                assert why is not None, "a key went although nothing happened that takes keys"
                self._lost[serial, mark] = why
            for mark in marks:
                self._lost.pop((serial, mark), None)
        self.certificates = list(
            {
                mark: contents.certificate for hardware in self.hardware for mark, contents in hardware.files.items()
            }.values()
        )
        await self.deliver()
        number = await self._number()
        enrolled = {hardware.serial: hardware.agent.enrollment_id for hardware in self.hardware if hardware.agents}
        self.snapshots.append(Snapshot(number, self.now, held, enrolled, dict(self._lost)))
        await self.advance(timedelta(hours=1))

    async def settle_devices(self) -> None:
        """Let every device settle."""
        for _ in range(2):
            for hardware in self.hardware:
                await hardware.agent.settle_completely()

    async def _number(self) -> int:
        (newest,) = await self.contoso.look(tenant_queries.newest_events, self.contoso.tenant.id, limit=1)
        return int(newest.seq)

    async def advance(self, by: timedelta) -> None:
        self.contoso.tenant = await self.contoso.do(tenants.advance_clock, by, system_now=self.contoso.clock.now())

    # --------------------------------------------------------------------------------------------------------- mail

    async def deliver(self) -> None:
        """Send a mail to one or two people, encrypted for some certificates of anybody, or for a stranger."""
        chosen = self.random.sample(self.certificates, k=min(len(self.certificates), self.random.choice([1, 1, 2, 3])))
        if self.random.random() < 0.1:
            chosen = [issued_elsewhere(_STRANGER, "alice@contoso.example", begin=NOW)]
        message = MailMessage(
            sender="carol@contoso.example",
            recipients=("alice@contoso.example",),
            subject=f"mail {len(self.mail)}",
            text="We meet at ten.",
            date=self.now,
        )
        options = RecipientOptions(oaep=self.random.random() < 0.3, by_key_identifier=self.random.random() < 0.3)
        if any(_without_key_id(certificate) for certificate in chosen):
            options = RecipientOptions()
        raw = write_mail(message, Protection(encrypt_to=chosen, recipients=options))
        names = self.random.sample(PEOPLE, k=self.random.choice([2, 3]))
        addresses = [self.contoso.upn(name) for name in names]
        await self.contoso.do(mailboxes.deliver, raw, recipients=addresses)
        for name in names:
            self._numbers[name] += 1
        self.mail.append(Mail({name: self._numbers[name] for name in names}, raw, await self._number()))

    # -------------------------------------------------------------------------------------------------- happenings

    async def enroll(self, hardware: Hardware, name: str) -> None:
        word, _, mode = hardware.variant.value.partition("/")
        agent: Agent
        if mode:
            agent = await self.contoso.enroll(name, mode=mode, hardware=hardware.serial)
            agent.obeys = True
        else:
            agent = await enrol_by_token(self.contoso, name, platform=Platform(word), hardware=hardware.serial)
            agent.adapter, agent.limit = PlainAdapter(asks_accounts=True), 20
        if hardware.variant is not Variant.ANDROID_DEVICE_ADMIN:
            hardware.forget()
        hardware.agents.append(agent)
        hardware.owner = name

    def _any(self) -> Hardware:
        return self.random.choice(self.hardware)

    async def wipe(self) -> Why:
        hardware = self._any()
        await self.contoso.action(hardware.agent, device_actions.wipe)
        await hardware.agent.settle_completely()
        # Whatever an earlier enrolment left goes as well.
        hardware.forget()
        return Cause.WIPE

    async def retire(self) -> Why:
        await self.contoso.action(self._any().agent, device_actions.retire)
        return Cause.RETIRE

    async def delete(self) -> Why:
        await self.contoso.action(self._any().agent, device_actions.delete)
        return Cause.DELETE

    async def unenrol(self) -> Why:
        hardware = self._any()
        await hardware.agent.unenroll()
        return Cause.UNENROLL

    async def enrol_again(self) -> Why:
        hardware = min(self.hardware, key=lambda each: (len(each.holds), self.random.random()))
        await self.enroll(hardware, self.random.choice(PEOPLE))
        return Cause.UNENROLL

    async def lose(self) -> Why:
        hardware = self._any()
        items = [item for item in hardware.agent.holds if not item.startswith("root/")]
        hardware.agent.lose(*self.random.sample(items, k=min(1, len(items))))
        # Nobody knows before the device is asked what it has.
        await self.contoso.action(hardware.agent, device_actions.sync)
        return Incident.DELETED_BY_USER

    async def import_one(self, name: str) -> None:
        mark, file = await self.contoso.pfx(name, password=PASSWORD)
        await self.contoso.import_file(name, file, mark=mark, password=PASSWORD)
        self.imports[mark] = name
        assert read_pfx(file, PASSWORD.encode()).certificate is not None

    async def import_more(self) -> None:
        await self.import_one(self.random.choice(PEOPLE))

    async def delete_import(self) -> Why:
        mark = self.random.choice(sorted(self.imports))
        name = self.imports.pop(mark)
        await self.contoso.do(imported_pfx.delete_pfx, imported_pfx.record_id(self.users[name], mark))
        return Cause.CERTIFICATE_DELETED

    async def unassign(self) -> Why:
        profile = self.random.choice(self.profiles)
        await self.contoso.assign(profile)
        self.assigned.discard(profile)
        return Cause.UNASSIGNED

    async def assign(self) -> None:
        for profile in sorted(set(self.profiles) - self.assigned):
            await self.contoso.assign(profile, _GROUP)
            self.assigned.add(profile)

    async def leave_group(self) -> Why:
        user = self.users[self.random.choice(PEOPLE)]
        await self.contoso.do(users_and_groups.remove_member, self.contoso.groups[_GROUP], member_id=user)
        return Cause.LEFT_GROUP

    async def join_group(self) -> None:
        for user in self.users.values():
            with contextlib.suppress(FauxtuneError):
                await self.contoso.do(users_and_groups.add_member, self.contoso.groups[_GROUP], member_id=user)

    async def lose_licence(self) -> Why:
        await self.contoso.take_licence(self.random.choice(PEOPLE))
        return Cause.LICENCE_LOST

    async def get_licence(self) -> None:
        for name in PEOPLE:
            await self.contoso.give_licence(name)

    async def a_year(self) -> Why:
        await self.advance(timedelta(days=340))
        return Incident.RENEWED

    async def refuse_and_a_year(self) -> Why:
        """One device refuses its next certificate, and keeps the old one."""
        hardware = self._any()
        if isinstance(hardware.agent, AndroidInProcess):
            hardware.agent.refuses = {item for item in hardware.agent.holds if item.startswith("pkcs/")}
        return await self.a_year()

    async def back(self) -> None:
        """The clock is put back by some hours."""
        now = self.now - timedelta(hours=self.random.randint(1, 20))
        self.contoso.tenant = await self.contoso.do(
            tenants.set_clock, ClockMode.OFFSET, now=now, system_now=self.contoso.clock.now()
        )

    async def change_user(self) -> Why:
        hardware = next(each for each in self.hardware if each.variant is Variant.WINDOWS)
        name = self.random.choice(PEOPLE)
        record = hardware.agent.managed_device_id
        await self.contoso.do(records.set_primary_user, record, user_key=self.contoso.upn(name))
        return Cause.USER_CHANGED


_STRANGER = ec.generate_private_key(ec.SECP256R1())


def _without_key_id(certificate: x509.Certificate) -> bool:
    try:
        certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return True
    return False
