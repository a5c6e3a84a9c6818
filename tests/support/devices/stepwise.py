"""A device of Apple's or Windows without a wire: it is given one step after the other, and remembers what it holds.

It calls the operations themselves, at the level of steps. What a platform puts around a password is not emulated here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import EnrollmentEnded
from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ManagedDeviceId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import PfxContents, read_pfx
from fauxtune.operations.checkin.steps import AppSighting, Exchange, Result, Step, StepResult
from fauxtune.operations.checkin.stepwise import converse
from fauxtune.operations.devices import apple, enrollment, windows
from fauxtune.operations.devices import caller as credentials
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.devices import EnrollmentRow, ManagedDeviceRow
from tests.support.certificates import certificate_request

if TYPE_CHECKING:
    from tests.support.scep_devices import ScepAuthorities
    from tests.support.tenant import Contoso

_NO_ENROLLMENT, _NO_RECORD = EnrollmentId(""), ManagedDeviceId("")
_numbers = count(1)


class PlainAdapter:
    """The adapter of a platform whose answers are plain data.

    Two questions about what the device holds, one about its facts; with `asks_accounts` one more about mail accounts.
    """

    def __init__(self, *, asks_accounts: bool = False) -> None:
        self.asks_accounts = asks_accounts

    def inventory_parts(self, variant: Variant) -> tuple[str, ...]:
        return ("identities", "roots", "accounts") if self.asks_accounts else ("identities", "roots")

    def is_needed(self, part: str, *, keys: Collection[ItemKey]) -> bool:
        return True

    def information_parts(self, variant: Variant, *, known: JsonObject) -> tuple[str, ...]:
        return ("facts",)

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        if self.asks_accounts and key.startswith(("email/", "setting/")):
            return frozenset({"accounts"})
        return frozenset({"roots" if key.startswith("root/") else "identities"})

    def inventory(
        self,
        answers: Mapping[str, JsonObject],
        *,
        rows: Mapping[ItemKey, LedgerRow],
        acknowledged: AbstractSet[ItemKey],
    ) -> Inventory:
        if "identities" in answers:
            held = {ItemKey(key): str(mark) for key, mark in answers["identities"].items()}
        else:
            held = {key: rows[key].thumbprint or "" for key in acknowledged if key in rows}
        roots = {key.split("/")[1] for key in answers.get("roots", acknowledged) if key.startswith("root/")}
        if "accounts" in answers:
            accounts = {ItemKey(key): str(mark) for key, mark in answers["accounts"].items()}
        else:
            accounts = {
                key: rows[key].fingerprint or "" for key in acknowledged if key.startswith(("email/", "setting/"))
            }
        return Inventory(identities=held, roots=frozenset(roots), accounts=accounts)

    def apps(self, data: JsonObject) -> Mapping[str, AppSighting]:
        return {name: AppSighting(**said) for name, said in data.items()}

    def sealed_key(self, answers: Mapping[str, JsonObject]) -> bytes | None:
        return None

    def facts(self, answers: Mapping[str, JsonObject], *, variant: Variant) -> JsonObject:
        return answers.get("facts", {})


@dataclass(slots=True)
class StepwiseDevice:
    """A device. `holds`: item -> thumbprint, digest or fingerprint; `override`: another answer to a step.

    `missed`: the items that its user took off it, or that a wipe took.
    """

    contoso: Contoso
    key: RSAPrivateKey
    certificate: bytes
    #: Both are empty until the device is enrolled.
    enrollment_id: EnrollmentId = _NO_ENROLLMENT
    managed_device_id: ManagedDeviceId = _NO_RECORD
    #: How many steps it takes at once.
    limit: int = 1
    adapter: PlainAdapter = field(default_factory=PlainAdapter)
    holds: dict[ItemKey, str] = field(default_factory=dict)
    #: What it says of each of its apps, by identifier.
    apps: JsonObject = field(default_factory=dict)
    facts: JsonObject = field(default_factory=dict)
    override: Callable[[Step], StepResult | None] = lambda _step: None
    received: list[str] = field(default_factory=list)
    sealed: dict[ItemKey, bytes] = field(default_factory=dict)
    missed: set[ItemKey] = field(default_factory=set)
    #: The files that it ever opened, by the thumbprint of the certificate.
    opened: dict[str, PfxContents] = field(default_factory=dict, repr=False)
    #: Where it gets certificates by SCEP.
    scep: ScepAuthorities | None = None

    async def enrolled(self, done: enrollment.Enrolled) -> None:
        """Take the ids of its enrolment and of its managed device."""
        self.enrollment_id = EnrollmentId(done.id)
        # Another enrolment of the same hardware may have ended this one already.
        record = await self.contoso.look(device_queries.managed_device_of, done.id)
        self.managed_device_id = _NO_RECORD if record is None else record.id

    @property
    def caller(self) -> DeviceCaller:
        """Its identification to the operations."""
        return DeviceCaller(self.enrollment_id, credentials.digest(self.certificate))

    async def exchange(self, *answers: StepResult, begins: bool = False, limit: int = 1) -> tuple[Step, ...]:
        """Send the results of steps; the next steps, at most `limit`."""
        exchange = Exchange(caller=self.caller, begins=begins, adapter=self.adapter, results=answers, limit=limit)
        return (await converse(self.contoso.emulator, self.contoso.tenant, exchange=exchange)).steps

    async def check_in(self, *, limit: int | None = None) -> list[str]:
        """One session to its end; the steps of it as texts (see `step_text`)."""
        received: list[str] = []
        limit = limit or self.limit
        steps = await self.exchange(begins=True, limit=limit)
        while steps:
            received += [step_text(step) for step in steps]
            assert len(received) < 100, received
            steps = await self.exchange(*[await self.carried_out(step) for step in steps], limit=limit)
        self.received += received
        return received

    async def settle_completely(self) -> None:
        """Check in until there is nothing to do, or the enrolment has ended."""
        try:
            while await self.check_in():
                pass
        except EnrollmentEnded:
            return

    async def carried_out(self, step: Step) -> StepResult:
        """Carry out a step; its result. A certificate by SCEP is requested first."""
        item = step.item
        if item is None or item.scep is None:
            return self.answer(step)
        if self.scep is None or not item.scep.challenge:
            return StepResult(step.id, Result.REFUSED)
        mark = await self.scep.certificate_for(self.contoso, self.enrollment_id, delivery=item.scep, row=item.row)
        if mark is None:
            return StepResult(step.id, Result.REFUSED)
        self.holds[item.row.key] = mark
        return StepResult(step.id, Result.DONE)

    def answer(self, step: Step) -> StepResult:
        """Carry out a step, unless `override` answers it; its result."""
        return self.override(step) or StepResult(step.id, Result.DONE, data=self.obey(step))

    def obey(self, step: Step) -> JsonObject | None:
        """Carry out a step; the data of its result."""
        if step.apps or step.kind is StepKind.LIST_APPS:
            return self._obey_about_apps(step)
        match step.kind:
            case StepKind.INSTALL:
                assert step.item is not None
                key = step.item.row.key
                self.holds[key] = self.mark(step)
                if step.item.sealed is not None:
                    self.sealed[key] = step.item.sealed
            case StepKind.REMOVE:
                assert step.item is not None
                self.holds.pop(step.item.row.key, None)
            case StepKind.QUESTION:
                if step.part == "facts":
                    return self.facts
                return {key: mark for key, mark in self.holds.items() if self._part_of(key) == step.part}
            case StepKind.ACTION:
                if step.order is not None and step.order.scope:
                    self.missed |= self.holds.keys()
                    self.forget()
        return None

    def _obey_about_apps(self, step: Step) -> JsonObject | None:
        names = [app.identifier for app in step.apps]
        if step.kind is StepKind.LIST_APPS:
            return {name: self.apps[name] for name in names if name in self.apps}
        if step.kind is StepKind.INSTALL_APP:
            self.apps[names[0]] = {"is_there": True, "version": "1.0"}
        else:
            self.apps.pop(names[0], None)
        return None

    def _part_of(self, key: ItemKey) -> str:
        if key.startswith("root/"):
            return "roots"
        return "accounts" if self.adapter.asks_accounts and key.startswith(("email/", "setting/")) else "identities"

    def mark(self, step: Step) -> str:
        """Return the thumbprint, digest or fingerprint of the item of a step."""
        item = step.item
        assert item is not None
        if item.certificate is not None:
            return hashlib.sha256(item.certificate).hexdigest()
        if item.account is not None or item.unit is not None:
            return item.row.fingerprint or ""
        assert item.pfx is not None
        assert item.sealed is not None
        contents = read_pfx(item.pfx, self.unseal(item.sealed))
        self.opened[thumbprint(contents.certificate)] = contents
        return thumbprint(contents.certificate)

    def unseal(self, envelope: bytes) -> bytes:
        """Return the password of a PFX file, opened with the device's identity."""
        return pkcs7.pkcs7_decrypt_der(envelope, x509.load_der_x509_certificate(self.certificate), self.key, [])

    def holds_of(self, item: ItemKey) -> str | None:
        """Return the thumbprint, digest or fingerprint with which the device holds an item; None if it does not."""
        return self.holds.get(item)

    def lose(self, *items: ItemKey) -> None:
        """The user takes items off the device by hand."""
        for item in items:
            self.missed.add(item)
            self.holds.pop(item, None)

    def forget(self) -> None:
        """Lose everything."""
        self.holds.clear()
        self.apps.clear()

    async def unenroll(self) -> None:
        """The user leaves (Windows), and the device forgets what is the company's."""
        await self.contoso.do(windows.leave, self.caller)
        self.forget()

    async def states(self) -> dict[str, str]:
        """Return the states of its items, by the first part of their key."""
        rows = await self.contoso.look(device_queries.ledger_rows, self.enrollment_id)
        return {row.key.partition("/")[0]: row.state.value for row in rows.values()}

    async def record(self) -> ManagedDeviceRow:
        """Return the row of its managed device."""
        row: ManagedDeviceRow | None = await self.contoso.look(device_queries.managed_device_of, self.enrollment_id)
        assert row is not None
        return row

    async def row(self) -> EnrollmentRow:
        """Return the row of its enrolment."""
        row: EnrollmentRow | None = await self.contoso.look(device_queries.enrollment, self.enrollment_id)
        assert row is not None
        return row


def step_text(step: Step) -> str:
    """Return a step as a text: `install root`, `remove pkcs`, `wipe`, `facts?`."""
    if step.kind is StepKind.QUESTION:
        return f"{step.part}?"
    if step.order is not None:
        return step.order.action.value
    if step.kind is StepKind.LIST_APPS:
        return "apps?"
    if step.apps:
        return f"{step.kind.value} {step.apps[0].identifier}"
    assert step.item is not None
    return f"{step.kind.value} {step.item.row.key.partition('/')[0]}"


# ------------------------------------------------------------------------------------------------------------ enrolment


async def enrol_by_token(
    contoso: Contoso, name: str, *, platform: Platform = Platform.WINDOWS, hardware: str = ""
) -> StepwiseDevice:
    """Enrol a device of a user with a token, as Windows does. `hardware`: its serial number; a new one unless given."""
    contoso.emulator.packagings = {}
    number = next(_numbers)
    key = contoso.device_keys[number % len(contoso.device_keys)]
    hardware = hardware or f"PC{number}"
    facts = {"serialNumber": hardware, "osVersion": "10.0.22631"}
    done = await contoso.do(
        windows.enroll,
        enrollment.EnrollmentRequest(
            platform=platform, mode=None, hardware_key=f"{platform.value}/{hardware}", facts=facts
        ),
        claimant=windows.Claimant(token=await contoso.token(name)),
        csr=certificate_request(key, "device"),
        wire_state={},
        keys=contoso.emulator.keys,
    )
    device = StepwiseDevice(contoso, key, done.identity_certificate)
    await device.enrolled(done)
    return device


async def apple_identity(
    contoso: Contoso, name: str, *, token: str | None = None, number: int | None = None
) -> StepwiseDevice:
    """Return an Apple device that has its identity certificate, and is not enrolled yet."""
    contoso.emulator.packagings = {}
    key = contoso.device_keys[number or 0]
    certificate = await contoso.do(
        apple.issue,
        certificate_request(key, "tablet"),
        token=token or await contoso.token(name),
        keys=contoso.emulator.keys,
    )
    return StepwiseDevice(contoso, key, certificate)


async def authenticate(
    device: StepwiseDevice, *, hardware: str = "ios/1", version: str = "17.5.1", platform: Platform = Platform.IOS
) -> None:
    """Send Authenticate."""
    facts = {"serialNumber": hardware, "osVersion": version, "udid": hardware}
    request = enrollment.EnrollmentRequest(platform=platform, mode=None, hardware_key=hardware, facts=facts)

    def act_on(tx: Transaction) -> None:
        apple.authenticate(tx, apple.recognise(tx, device.certificate), request=request)

    await device.contoso.do(act_on)


async def complete(device: StepwiseDevice, *, push_token: str = "a1b2") -> enrollment.Enrolled | None:
    """Send TokenUpdate; what it enrolled, None if the device was enrolled before."""

    def act_on(tx: Transaction) -> enrollment.Enrolled | None:
        known = apple.recognise(tx, device.certificate)
        return apple.complete(tx, known, push_token=push_token, wire_state={"push": {"mdm": push_token}})

    done: enrollment.Enrolled | None = await device.contoso.do(act_on)
    if done is not None:
        await device.enrolled(done)
    return done


async def enrol_iphone(
    contoso: Contoso,
    name: str,
    *,
    hardware: str = "",
    version: str = "17.5.1",
    platform: Platform = Platform.IOS,
) -> StepwiseDevice:
    """Enrol an iPhone of a user, or another device of Apple's `platform`, as Apple's protocol does it."""
    hardware = hardware or f"ios/{next(_numbers)}"
    device = await apple_identity(contoso, name)
    await authenticate(device, hardware=hardware, version=version, platform=platform)
    await complete(device, push_token=f"token-of-{hardware}")
    return device
