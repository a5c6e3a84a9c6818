"""A stage for the removal table: any kind of device with one item of every source, and whatever can befall it.

A device does what real ones of its kind do, and no more; what it holds is seen on the device, never in the ledger.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.engine.planning.steps import StepKind
from fauxtune.core.errors import EnrollmentEnded
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import FACTS, Platform, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.operations.ca import imported_pfx, templates
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.operations.checkin.stepwise import Exchange, Step, StepResult, converse
from fauxtune.operations.connectors import digicert
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import windows_enrollment
from fauxtune.operations.devices.enrollment import EnrollmentRequest
from fauxtune.operations.devices.primary_user import set_primary_user
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from tests.operations.office import Office, Phone
from tests.operations.told import PlainAdapter, Tablet
from tests.support.certificates import certificate_request

Row = dict[str, Any]
#: What a device is given: where it comes from, and who issued it.
Thing = tuple[Source, Authority]
Happening = Cause | Incident
_numbers = count(1)
#: Certificates are made for a month here: then a renewal is not far.
_MONTH = {"validity": "P30D"}
_NAMES_NOBODY = {"subjectNameFormat": "commonNameAsSerialNumber", "subjectAlternativeNameType": "none"}


async def prepare(office: Office, edition: Edition) -> None:
    """The tenant goes by this edition, and has a DigiCert CA beside its own."""
    # What a platform puts around a password is its own affair: here it is bare.
    office.emulator.packagings = {}
    await office.switch(edition=edition.value)
    await digicert.subscribe(office.emulator, office.tenant)
    rows = await office.look(connector_queries.connector_rows, office.tenant.id)
    (row,) = [each for each in rows if "pkcs" in each["roles"]]
    await digicert.install(office.emulator, office.tenant, connector_id=row["id"], csr=None)
    await office.do(templates.change_template, "issuing", name="SmimeP256", changes=_MONTH)
    await office.do(templates.change_template, "digicert", name=digicert.FIRST_PROFILE.name, changes=_MONTH)


# -------------------------------------------------------------------------------------------------------------- devices


class Device(Protocol):
    """What can be seen and done at any device. `missed` is what it was without in the meantime."""

    id: str
    missed: set[ItemKey]

    async def rest(self) -> None:
        """Do what the service says until there is nothing more."""

    async def row(self) -> Row:
        """Its enrolment."""

    def holds_of(self, key: ItemKey) -> str | None:
        """Which one of an item it holds: a thumbprint, a digest, or the fingerprint of an account."""

    def lose(self, *keys: ItemKey) -> None:
        """Its user takes items off it by hand."""

    def forget(self) -> None:
        """Everything goes."""

    async def unenroll(self) -> None:
        """Its user leaves."""


@dataclass(slots=True)
class Handset(Phone):
    """An Android device. A device administrator's agent cannot take back what it installed."""

    variant: Variant = Variant.ANDROID_WORK_PROFILE
    missed: set[ItemKey] = field(default_factory=set)

    async def rest(self) -> None:
        try:
            for _ in range(4):
                await self.settle()
                for operation, scope in await self.operations():
                    await self.complete(operation)
                    self.obey(scope)
        except EnrollmentEnded:
            return

    def apply(self, items: list[Deliverable], *, version: int) -> None:
        before, trusted = dict(self.holds), set(self.roots)
        Phone.apply(self, items, version=version)
        if self.variant is Variant.ANDROID_DEVICE_ADMIN:
            self.holds = before | self.holds
            self.roots |= trusted

    def obey(self, scope: str) -> None:
        if scope == "DEVICE" or self.variant is not Variant.ANDROID_DEVICE_ADMIN:
            self.forget()
        self.accounts.clear()

    def holds_of(self, key: ItemKey) -> str | None:
        if key.startswith("root/"):
            digest = key.split("/")[1]
            return digest if digest in self.roots else None
        if key.startswith("email/"):
            return self.accounts[key][0] if key in self.accounts else None
        return self.holds.get(key)

    def lose(self, *keys: ItemKey) -> None:
        for key in keys:
            self.missed.add(key)
            self.roots.discard(key.split("/")[1])
            self.holds.pop(key, None)
            self.accounts.pop(key, None)

    def forget(self) -> None:
        self.holds, self.roots, self.accounts = {}, set(), {}

    async def unenroll(self) -> None:
        await Phone.unenroll(self)
        self.obey("COMPANY_DATA")


class PlatformAdapter(PlainAdapter):
    """The same, and a question for the mail accounts."""

    def inventory_parts(self, variant: Variant) -> tuple[str, ...]:
        return ("identities", "roots", "accounts")

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        return frozenset({"accounts"}) if key.startswith("email/") else PlainAdapter.parts_that_tell(self, key)

    def inventory(
        self, answers: Mapping[str, Row], *, rows: Mapping[ItemKey, LedgerRow], acknowledged: AbstractSet[ItemKey]
    ) -> Inventory:
        held = {ItemKey(key): str(mark) for key, mark in answers["identities"].items()}
        accounts = {ItemKey(key): str(mark) for key, mark in answers["accounts"].items()}
        roots = frozenset(key.split("/")[1] for key in answers["roots"])
        return Inventory(identities=held, roots=roots, accounts=accounts)


@dataclass(slots=True)
class Machine(Tablet):
    """A device of Apple's or of Windows."""

    missed: set[ItemKey] = field(default_factory=set)

    async def exchange(self, *answers: StepResult, begins: bool = False, limit: int = 1) -> tuple[Step, ...]:
        talk = Exchange(caller=self.caller, begins=begins, wire=PlatformAdapter(), answers=answers, limit=limit)
        return await converse(self.office.emulator, self.office.tenant, talk=talk)

    async def rest(self) -> None:
        try:
            while await self.come(limit=20):
                pass
        except EnrollmentEnded:
            return

    def obey(self, step: Step) -> Row | None:
        if step.kind is StepKind.ACTION and step.order is not None and step.order.scope:
            self.missed |= self.holds.keys()
            self.forget()
            return None
        if step.kind is StepKind.QUESTION and step.part in ("accounts", "identities"):
            return {key: mark for key, mark in self.holds.items() if _is_in(step.part, key)}
        return Tablet.obey(self, step)

    def holds_of(self, key: ItemKey) -> str | None:
        return self.holds.get(key)

    def lose(self, *keys: ItemKey) -> None:
        for key in keys:
            self.missed.add(key)
            self.holds.pop(key, None)

    def forget(self) -> None:
        self.holds.clear()

    async def unenroll(self) -> None:
        await self.office.do(windows_enrollment.leave, self.caller)
        self.forget()


def _is_in(part: str, key: ItemKey) -> bool:
    return not key.startswith("root/") and key.startswith("email/") is (part == "accounts")


async def enroll(office: Office, variant: Variant, *, name: str, number: int) -> Handset | Machine:
    """A new device of this kind and this person's."""
    word, _, mode = variant.value.partition("/")
    if mode:
        made = await office.enroll(name, mode=mode, hardware=f"S{number}")
        return Handset(made.office, made.id, made.credential, key=made.key, der=made.der, variant=variant)
    key = office.device_keys[number % len(office.device_keys)]
    csr = certificate_request(key, "device")
    done = await office.do(
        windows_enrollment.come_in,
        EnrollmentRequest(Platform(word), None, hardware_key=f"{word}/{number}", facts={"serialNumber": f"S{number}"}),
        claimant=windows_enrollment.Claimant(token=await office.token(name)),
        csr=csr,
        wire_state={},
        keys=office.emulator.keys,
    )
    return Machine(office=office, key=key, certificate=done.identity_certificate, id=done.id)


# --------------------------------------------------------------------------------------------------------------- scenes


@dataclass(slots=True)
class Scene:
    """One device at rest with what it is given, and whose it is. `helpers` are profiles that it needs besides."""

    office: Office
    variant: Variant
    number: int
    name: str
    device: Device
    profiles: dict[Thing, str] = field(default_factory=dict)
    helpers: list[str] = field(default_factory=list)
    rows: dict[Thing, LedgerRow] = field(default_factory=dict)
    marks: dict[Thing, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return f"Group {self.number}"

    async def record_id(self) -> str:
        record = await self.office.look(device_queries.managed_device_of, self.device.id)
        return str(record["id"])

    async def ledger(self) -> dict[ItemKey, LedgerRow]:
        found: dict[ItemKey, LedgerRow] = await self.office.look(device_queries.ledger_rows, self.device.id)
        return found


async def set_up(office: Office, variant: Variant, *, edition: Edition) -> Scene:
    """A device of this kind with everything that it can be given in this edition."""
    number = next(_numbers)
    name = f"person{number}"
    user = await office.user(name)
    device = await enroll(office, variant, name=name, number=number)
    scene = Scene(office, variant, number=number, name=name, device=device)
    member = user if FACTS[variant].has_user else (await device.row())["directory_device_id"]
    await office.group(scene.group, member)
    for source, known in _kinds(variant, edition=edition).items():
        await _add_profiles(scene, source, kind=known)
    await device.rest()
    rows = await scene.ledger()
    for thing, profile in scene.profiles.items():
        found = [row for row in rows.values() if any(claim.profile == profile for claim in row.claims)]
        if found:
            (scene.rows[thing],) = found
            assert found[0].state is ItemState.INSTALLED, found[0]
            scene.marks[thing] = str(device.holds_of(found[0].key))
    return scene


def _kinds(variant: Variant, *, edition: Edition) -> dict[Source, Kind]:
    """The kind of profile for each source: the first that applies."""
    found: dict[Source, Kind] = {}
    for kind in KINDS:
        source = kind.family.source
        if source not in (None, Source.SCEP) and kind.applies(variant, edition=edition):
            found.setdefault(source, kind)
    return found


async def _add_profiles(scene: Scene, source: Source, *, kind: Kind) -> None:
    office, usual = scene.office, (source, Authority.MICROSOFT)
    has_user = FACTS[scene.variant].has_user
    if source is Source.IMPORTED and not has_user:
        return
    document: Row = {}
    match source:
        case Source.ROOT:
            document = {"trustedRootCertificate": await office.root_text()}
            digicerts = await office.root_text("digicert-root")
            scene.helpers.append(await office.profile(kind.name, scene.group, trustedRootCertificate=digicerts))
        case Source.PKCS:
            changes = {"certificateTemplateName": "SmimeP256"} | ({} if has_user else _NAMES_NOBODY)
            document = office.pkcs_document(**changes)
        case Source.IMPORTED:
            await office.import_pfx(scene.name)
            document = {"intendedPurpose": "smimeEncryption"}
        case Source.EMAIL:
            document = {"hostName": "mail.contoso.example", "accountName": "Work"}
    scene.profiles[usual] = await office.profile(kind.name, scene.group, **document)
    if source is Source.PKCS and has_user:
        document |= {
            "certificationAuthority": "pki-ws.symauth.com",
            "certificationAuthorityName": digicert.NAME,
            "certificateTemplateName": digicert.FIRST_PROFILE.name,
        }
        scene.profiles[source, Authority.DIGICERT] = await office.profile(kind.name, scene.group, **document)


# ------------------------------------------------------------------------------------------------------ what befalls it


async def _act(scene: Scene, operation: Callable[..., Any], **options: Any) -> None:
    await scene.office.do(operation, await scene.record_id(), **options)


async def _wipe(scene: Scene) -> None:
    await _act(scene, device_actions.wipe)


async def _wipe_keeping(scene: Scene) -> None:
    await _act(scene, device_actions.wipe, options={"keepEnrollmentData": True})


async def _retire(scene: Scene) -> None:
    await _act(scene, device_actions.retire)


async def _delete(scene: Scene) -> None:
    await _act(scene, device_actions.delete)


async def _unenroll(scene: Scene) -> None:
    """The user leaves; who may not resets the device by hand and enrols it again."""
    if FACTS[scene.variant].user_may_unenroll:
        await scene.device.unenroll()
    else:
        scene.device.forget()
        await enroll(scene.office, scene.variant, name=scene.name, number=scene.number)


async def _unassign(scene: Scene) -> None:
    for profile in (*scene.profiles.values(), *scene.helpers):
        await scene.office.assign(profile)


async def _delete_profiles(scene: Scene) -> None:
    for profile in (*scene.profiles.values(), *scene.helpers):
        await scene.office.do(profiles.delete_profile, profile)


async def _leave_group(scene: Scene) -> None:
    office, row = scene.office, await scene.device.row()
    member = row["user_id"] or row["directory_device_id"]
    await office.do(users_and_groups.remove_member, office.groups[scene.group], member_id=member)


async def _change_user(scene: Scene) -> None:
    await scene.office.user(f"other{scene.number}")
    await _act(scene, set_primary_user, user_key=scene.office.upn(f"other{scene.number}"))


async def _delete_user(scene: Scene) -> None:
    await scene.office.do(users_and_groups.delete_user, scene.office.upn(scene.name))


async def _take_licence(scene: Scene) -> None:
    await scene.office.take_licence(scene.name)


async def _delete_certificate(scene: Scene) -> None:
    office, mark = scene.office, scene.marks[Source.IMPORTED, Authority.MICROSOFT]
    await office.do(imported_pfx.delete_pfx, await office.record_id(scene.name, mark))


async def _edit(scene: Scene) -> None:
    """What the profile gives changes, where it can change and still be the same."""
    changes: dict[Source, Row] = {
        Source.ROOT: {"description": "edited"},
        Source.PKCS: {"subjectAlternativeNameType": "userPrincipalName", "renewalThresholdPercentage": 30},
        Source.IMPORTED: {"description": "edited"},
        Source.EMAIL: {"hostName": "other.contoso.example"},
    }
    if not FACTS[scene.variant].has_user:
        changes[Source.PKCS] = {"renewalThresholdPercentage": 30}
    kinds = _kinds(scene.variant, edition=scene.office.tenant.edition)
    for (source, _authority), profile in scene.profiles.items():
        await scene.office.do(
            profiles.update_profile, profile, kind=kinds[source], changes=changes[source], navigations={}
        )


async def _lose(scene: Scene) -> None:
    for row in scene.rows.values():
        scene.device.lose(row.key)
    # A device that is told step by step is asked what it holds only now and then, or when an administrator wants it.
    await _act(scene, device_actions.sync)


async def _renew(scene: Scene) -> None:
    scene.office.clock.forward(days=25)


BEFALL: dict[Happening, Callable[[Scene], Awaitable[None]]] = {
    Cause.WIPE: _wipe,
    Cause.RETIRE: _retire,
    Cause.UNENROLL: _unenroll,
    Cause.DELETE: _delete,
    Cause.USER_DELETED: _delete_user,
    Cause.LICENCE_LOST: _take_licence,
    Cause.USER_CHANGED: _change_user,
    Cause.CERTIFICATE_DELETED: _delete_certificate,
    Cause.PROFILE_DELETED: _delete_profiles,
    Cause.UNASSIGNED: _unassign,
    Cause.LEFT_GROUP: _leave_group,
    Incident.WIPE_KEEPING_ENROLLMENT: _wipe_keeping,
    Incident.PROFILE_EDITED: _edit,
    Incident.RENEWED: _renew,
    Incident.DELETED_BY_USER: _lose,
}
