"""A device that is told step by step, at the level of steps: it does what it is told and remembers what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7

from fauxtune.core.engine.planning.report import Inventory
from fauxtune.core.engine.planning.steps import StepKind
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import read_pfx
from fauxtune.operations.checkin.stepwise import Exchange, Result, Step, StepResult, converse
from fauxtune.operations.devices import apple_enrollment, enrollment
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from tests.operations.office import Office
from tests.support.certificates import certificate_request

Row = dict[str, Any]


class PlainAdapter:
    """Two questions about what the device holds, one about what it is; answers are what they say."""

    def inventory_parts(self, variant: Variant) -> tuple[str, ...]:
        return ("identities", "roots")

    def information_parts(self, variant: Variant) -> tuple[str, ...]:
        return ("facts",)

    def parts_that_tell(self, key: ItemKey) -> frozenset[str]:
        return frozenset({"roots" if key.startswith("root/") else "identities"})

    def inventory(
        self, answers: Mapping[str, Row], *, rows: Mapping[ItemKey, LedgerRow], acknowledged: AbstractSet[ItemKey]
    ) -> Inventory:
        if "identities" in answers:
            held = {ItemKey(key): str(mark) for key, mark in answers["identities"].items()}
        else:
            held = {key: rows[key].thumbprint or "" for key in acknowledged if key in rows}
        roots = {key.split("/")[1] for key in answers.get("roots", acknowledged) if key.startswith("root/")}
        accounts = {key: rows[key].fingerprint or "" for key in acknowledged if key.startswith("email/")}
        return Inventory(identities=held, roots=frozenset(roots), accounts=accounts)

    def facts(self, answers: Mapping[str, Row]) -> Row:
        return answers.get("facts", {})


@dataclass(slots=True)
class Tablet:
    """A simulated device. `holds` maps items to thumbprints; `says` overrides the answer to a step."""

    office: Office
    key: RSAPrivateKey
    certificate: bytes
    id: str = ""
    holds: dict[ItemKey, str] = field(default_factory=dict)
    facts: Row = field(default_factory=dict)
    says: Callable[[Step], StepResult | None] = lambda _step: None
    heard: list[str] = field(default_factory=list)
    sealed: dict[ItemKey, bytes] = field(default_factory=dict)

    @property
    def caller(self) -> DeviceCaller:
        return DeviceCaller(self.id, enrollment.digest(self.certificate))

    async def exchange(self, *answers: StepResult, begins: bool = False, limit: int = 1) -> tuple[Step, ...]:
        talk = Exchange(caller=self.caller, begins=begins, wire=PlainAdapter(), answers=answers, limit=limit)
        return await converse(self.office.emulator, self.office.tenant, talk=talk)

    async def come(self, *, limit: int = 1) -> list[str]:
        """One conversation; what the device was told, in words."""
        heard: list[str] = []
        steps = await self.exchange(begins=True, limit=limit)
        while steps:
            heard += [said(step) for step in steps]
            assert len(heard) < 100, heard
            steps = await self.exchange(*[self.answer(step) for step in steps], limit=limit)
        self.heard += heard
        return heard

    def answer(self, step: Step) -> StepResult:
        return self.says(step) or StepResult(step.id, Result.DONE, data=self.obey(step))

    def obey(self, step: Step) -> Row | None:
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
                is_root = step.part == "roots"
                return {key: mark for key, mark in self.holds.items() if key.startswith("root/") == is_root}
            case StepKind.ACTION:
                pass
        return None

    def mark(self, step: Step) -> str:
        item = step.item
        assert item is not None
        if item.certificate is not None:
            return hashlib.sha256(item.certificate).hexdigest()
        if item.account is not None:
            return item.row.fingerprint or ""
        assert item.pfx is not None
        assert item.sealed is not None
        return thumbprint(read_pfx(item.pfx, self.unseal(item.sealed)).certificate)

    def unseal(self, envelope: bytes) -> bytes:
        return pkcs7.pkcs7_decrypt_der(envelope, x509.load_der_x509_certificate(self.certificate), self.key, [])

    async def states(self) -> dict[str, str]:
        """Items by the first part of their key."""
        rows = await self.office.look(device_queries.ledger_rows, self.id)
        return {row.key.partition("/")[0]: row.state.value for row in rows.values()}

    async def record(self) -> Row:
        found: Row | None = await self.office.look(device_queries.managed_device_of, self.id)
        assert found is not None, "the device has no record"
        return found

    async def row(self) -> Row:
        found: Row = await self.office.look(device_queries.enrollment, self.id)
        return found


def said(step: Step) -> str:
    """A step in words: `install root`, `remove pkcs`, `wipe`, `facts?`."""
    if step.kind is StepKind.QUESTION:
        return f"{step.part}?"
    if step.order is not None:
        return step.order.action.value
    assert step.item is not None
    return f"{step.kind.value} {step.item.row.key.partition('/')[0]}"


async def identity(office: Office, name: str, *, token: str | None = None, number: int = 0) -> Tablet:
    """A device with an identity certificate, not enrolled yet."""
    # What a platform puts around a password is its own affair: here it is bare.
    office.emulator.packagings = {}
    key = office.device_keys[number]
    csr = certificate_request(key, "tablet")
    der = await office.do(
        apple_enrollment.issue,
        csr,
        token=token or await office.token(name),
        keys=office.emulator.keys,
    )
    return Tablet(office=office, key=key, certificate=der)


async def authenticate(tablet: Tablet, *, hardware: str = "ios/1", version: str = "17.5.1") -> None:
    facts = {"serialNumber": hardware, "osVersion": version, "udid": hardware}
    request = enrollment.EnrollmentRequest(platform=Platform.IOS, mode=None, hardware_key=hardware, facts=facts)

    def act_on(tx: Transaction) -> None:
        apple_enrollment.authenticate(tx, apple_enrollment.recognise(tx, tablet.certificate), request=request)

    await tablet.office.do(act_on)


async def complete(tablet: Tablet, *, push_token: str = "a1b2") -> enrollment.Enrolled | None:
    def act_on(tx: Transaction) -> enrollment.Enrolled | None:
        known = apple_enrollment.recognise(tx, tablet.certificate)
        return apple_enrollment.complete(tx, known, push_token=push_token, wire_state={"push": {"mdm": push_token}})

    done: enrollment.Enrolled | None = await tablet.office.do(act_on)
    if done is not None:
        tablet.id = done.id
    return done


async def enrolled(office: Office, name: str, *, hardware: str = "ios/1", version: str = "17.5.1") -> Tablet:
    tablet = await identity(office, name)
    await authenticate(tablet, hardware=hardware, version=version)
    await complete(tablet, push_token=f"token-of-{hardware}")
    return tablet
