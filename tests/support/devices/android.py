"""An Android device: it applies the whole policy that it is given, and reports what it holds.

`AndroidDevice` is the device. It reaches the service over HTTP (`AndroidOverHttp`), or by the operations themselves
(`AndroidInProcess`), where a test can report whatever it likes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7

from fauxtune.connector.keypool import KeySource
from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import EnrollmentEnded
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ManagedDeviceId
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.pki.pfx import PfxContents, read_pfx
from fauxtune.operations.checkin.checkin import Begun, CheckedIn, begin, check_in
from fauxtune.operations.checkin.deliverables import Deliverable, deliverables
from fauxtune.operations.checkin.own_connector import OwnConnector
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import caller as credentials
from fauxtune.operations.devices import ending
from fauxtune.operations.devices.caller import DeviceCaller, identified
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.devices import EnrollmentRow, ManagedDeviceRow
from tests.support.certificates import certificate_request

if TYPE_CHECKING:
    from tests.support.scep_devices import ScepAuthorities
    from tests.support.tenant import Contoso

Json = dict[str, Any]

#: What stands for settings among the accounts.
NO_ACCOUNT = Account(kind="settings", host="", address="", username="")


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of a device. Roots are SHA-256 digests; `pairs` are PFX files with their sealed passwords."""

    version: int
    roots: Mapping[ItemKey, str]
    pairs: Mapping[ItemKey, tuple[bytes, bytes]]
    #: Mail accounts and settings: the fingerprint they are given with, and what they are.
    accounts: Mapping[ItemKey, tuple[str | None, Account]] = field(default_factory=dict)
    #: Certificates that the device has got by SCEP, by their thumbprints; None: it got none, and keeps what it has.
    requested: Mapping[ItemKey, str | None] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class AndroidDevice:
    """The device behind either way to the service. `holds`: item -> thumbprint of the certificate in its key store.

    `obeys`: whether `settle` carries out what an administrator ordered.
    """

    enrollment_id: EnrollmentId
    managed_device_id: ManagedDeviceId
    credential: str
    key: RSAPrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)
    variant: Variant = Variant.ANDROID_WORK_PROFILE
    obeys: bool = False
    holds: dict[ItemKey, str] = field(default_factory=dict)
    #: The private keys that it holds, by item.
    keys: dict[ItemKey, object] = field(default_factory=dict, repr=False)
    #: The files that it ever opened, by the thumbprint of the certificate.
    opened: dict[str, PfxContents] = field(default_factory=dict, repr=False)
    #: What was in each file: a policy brings most of them again, and opening one takes as long as a whole check-in.
    files: dict[tuple[bytes, bytes], PfxContents] = field(default_factory=dict, repr=False)
    roots: set[str] = field(default_factory=set)
    accounts: dict[ItemKey, tuple[str | None, Account]] = field(default_factory=dict)
    applied: int = 0
    #: Items that the device refuses to install, and what it reports about them.
    refuses: set[ItemKey] = field(default_factory=set)
    refused: dict[ItemKey, Problem] = field(default_factory=dict)
    #: Items that its user took off it.
    missed: set[ItemKey] = field(default_factory=set)

    async def check_in(self) -> CheckedIn:
        """Report what the device holds; the version of its policy, and how many orders wait."""
        raise NotImplementedError

    async def fetch_policy(self, version: int) -> Policy:
        """Return the policy, of which the service said that it has this version."""
        raise NotImplementedError

    async def _carry_out_orders(self) -> None:
        raise NotImplementedError

    async def settle(self) -> CheckedIn:
        """Report, apply what is new, report again, until the answer has nothing new; the last answer."""
        for _ in range(12):
            answer = await self.check_in()
            if answer.operations:
                if self.obeys:
                    await self._carry_out_orders()
                return answer
            if answer.policy_version == self.applied:
                return answer
            self.apply(await self.fetch_policy(answer.policy_version))
        raise AssertionError("the device never settles")

    async def settle_completely(self) -> None:
        """Settle and carry out orders until nothing is left, or the enrolment has ended."""
        try:
            for _ in range(4):
                if (await self.settle()).operations and not self.obeys:
                    await self._carry_out_orders()
        except EnrollmentEnded:
            return

    def apply(self, policy: Policy) -> None:
        """Hold exactly what the policy has: what is not in it goes.

        A device administrator's agent cannot take back what it installed.
        """
        stays = self.variant is Variant.ANDROID_DEVICE_ADMIN
        before, trusted = dict(self.holds), set(self.roots)
        self.holds, self.roots = (dict(before), set(trusted)) if stays else ({}, set())
        self.keys, self.refused, self.accounts = {}, {}, {}
        without = {item for item, mark in policy.requested.items() if mark is None}
        for item in without | (self.refuses & {*policy.roots, *policy.pairs, *policy.accounts}):
            self.refused[item] = Problem(REMEDIATION_FAILED, "The device refused it.")
            if item in before:
                self.holds[item] = before[item]
        accepted = self.refused.keys()
        self.accounts = {item: account for item, account in policy.accounts.items() if item not in accepted}
        self.roots |= {digest for item, digest in policy.roots.items() if item not in accepted}
        self.holds |= {item: mark for item, mark in policy.requested.items() if mark is not None}
        for item, (file, sealed) in policy.pairs.items():
            if item not in accepted:
                contents = self._read(file, sealed)
                self.holds[item] = thumbprint(contents.certificate)
                self.keys[item] = contents.key
                self.opened[self.holds[item]] = contents
        self.applied = policy.version

    def _read(self, file: bytes, sealed: bytes) -> PfxContents:
        contents = self.files.get((file, sealed))
        if contents is None:
            contents = self.files[file, sealed] = read_pfx(file, self.unseal(sealed))
        return contents

    def unseal(self, envelope: bytes) -> bytes:
        """Return the password of a PFX file, opened with the device's identity."""
        return pkcs7.pkcs7_decrypt_der(envelope, x509.load_der_x509_certificate(self.certificate), self.key, [])

    def holds_of(self, item: ItemKey) -> str | None:
        """Return the thumbprint, digest or fingerprint with which the device holds an item; None if it does not."""
        if item.startswith("root/"):
            digest = item.split("/")[1]
            return digest if digest in self.roots else None
        if item.startswith(("email/", "setting/")):
            return self.accounts[item][0] if item in self.accounts else None
        return self.holds.get(item)

    def lose(self, *items: ItemKey) -> None:
        """The user takes items off the device by hand."""
        for item in items:
            self.missed.add(item)
            self.roots.discard(item.split("/")[1])
            self.holds.pop(item, None)
            self.accounts.pop(item, None)

    def wiped(self, scope: str) -> None:
        """Lose what a wipe of this scope takes: DEVICE, or COMPANY_DATA."""
        if scope == "DEVICE" or self.variant is not Variant.ANDROID_DEVICE_ADMIN:
            self.forget()
        self.accounts.clear()

    def forget(self) -> None:
        """Lose everything."""
        self.holds, self.roots, self.accounts = {}, set(), {}


# ------------------------------------------------------------------------------------------------------------ over HTTP


@dataclass(slots=True, kw_only=True)
class AndroidOverHttp(AndroidDevice):
    """A device on the wire of Android (docs/devices.md). `name` is its resource name."""

    http: httpx.AsyncClient
    tenant: str
    name: str
    push_token: str

    @classmethod
    async def enrolled(
        cls,
        http: httpx.AsyncClient,
        *,
        key: RSAPrivateKey,
        tenant: str = "contoso",
        user: str = "alice",
        obeys: bool = False,
        **body: Any,
    ) -> AndroidOverHttp:
        """Enrol a device for a user of a tenant, with a token of the control surface. `body`: more of the request."""
        control = f"/_fauxtune/v1/tenants/{tenant}"
        token = await http.post(f"{control}/enrollmentTokens", json={"userPrincipalName": f"{user}@{tenant}.example"})
        assert token.status_code == 201, token.text
        request = {"enrollmentToken": token.json()["token"], "csr": _base64(certificate_request(key)), **body}
        answer = await http.post(f"/mdm/{tenant}/android/v1/enterprises/{tenant}/devices:enroll", json=request)
        assert answer.status_code == 200, answer.text
        device = answer.json()
        enrollment_id = EnrollmentId(device["name"].rpartition("/")[2])
        record = (await http.get(f"{control}/devices/{enrollment_id}")).json()
        return cls(
            http=http,
            tenant=tenant,
            name=device["name"],
            enrollment_id=enrollment_id,
            managed_device_id=ManagedDeviceId(record["managedDeviceId"]),
            credential=device["deviceCredential"],
            push_token=device["pushToken"],
            key=key,
            certificate=base64.b64decode(device["identityCertificate"]),
            variant=Variant(record["variant"]),
            obeys=obeys,
        )

    async def call(self, method: str, tail: str, *, body: Json | None = None) -> httpx.Response:
        """Send a request about this device; `tail` follows its resource name."""
        path = f"/mdm/{self.tenant}/android/v1/{self.name}{tail}"
        return await self.http.request(method, path, json=body, headers={"authorization": f"Bearer {self.credential}"})

    async def check_in(self) -> CheckedIn:
        """Report what the device holds; the version of its policy, and how many orders wait."""
        aliases = [{"alias": item.replace("/", "-", 1), "sha1": mark} for item, mark in self.holds.items()]
        key_store = {"aliases": aliases, "caCerts": sorted(self.roots)}
        body = {"appliedPolicyVersion": self.applied_version, "keyStore": key_store}
        answer = await self.call("POST", ":reportStatus", body=body)
        assert answer.status_code == 200, answer.text
        return CheckedIn(int(answer.json()["policyVersion"]), answer.json()["pendingOperations"])

    @property
    def applied_version(self) -> str:
        """The version of the policy that was applied last, as the wire has it: empty before the first."""
        return str(self.applied or "")

    async def fetch_policy(self, version: int) -> Policy:
        """Return the policy that the service answers."""
        policy = (await self.call("GET", f"/policy?appliedPolicyVersion={self.applied_version}")).json()
        return Policy(
            version=int(policy["version"]),
            roots={ItemKey(f"root/{root['sha256']}"): root["sha256"] for root in policy["caCerts"]},
            pairs={
                ItemKey(pair["alias"].replace("-", "/", 1)): (
                    base64.b64decode(pair["pkcs12"]),
                    base64.b64decode(pair["encryptedPassword"]),
                )
                for pair in policy["keyPairs"]
            },
        )

    async def refuse(self, field_path: str, *, setting: str = "caCerts") -> None:
        """Report that the device refused one thing, and that it holds nothing."""
        detail = {"settingName": setting, "fieldPath": field_path, "currentValue": "full"}
        body = {"appliedPolicyVersion": self.applied_version, "keyStore": {}, "nonComplianceDetails": [detail]}
        answer = await self.call("POST", ":reportStatus", body=body)
        assert answer.status_code == 200, answer.text

    async def _carry_out_orders(self) -> None:
        await self.obey()

    async def obey(self, **response: Any) -> list[Json]:
        """Carry out what an administrator ordered; the orders. `response` goes with "done"."""
        operations: list[Json] = (await self.call("GET", "/operations:pull")).json()["operations"]
        for operation in operations:
            tail = operation["name"].removeprefix(self.name)
            answer = await self.call("POST", f"{tail}:complete", body={"done": True, **response})
            assert answer.status_code == 200, answer.text
            if "scope" in operation["metadata"] and "error" not in response:
                self.wiped(operation["metadata"]["scope"])
        return operations

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Stay connected to the push channel, and settle after every push."""
        leaving = asyncio.Event()
        task = asyncio.create_task(self._listen(leaving))
        try:
            yield
        finally:
            leaving.set()
            await task

    async def _listen(self, leaving: asyncio.Event) -> None:
        after = 0
        while not leaving.is_set():
            answer = await self.http.get(f"/push/{self.tenant}/{self.push_token}?after={after}&wait=0.2")
            if answer.status_code == 404:
                return
            after = answer.json()["seq"]
            if answer.json()["push"] is not None:
                await self.settle()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# ----------------------------------------------------------------------------------------------------------- in process


@dataclass(frozen=True, slots=True)
class _NothingReady:
    """A source whose keys all have to be made."""

    source: KeySource

    def take(self) -> RSAPrivateKey:
        return self.source.take()

    def take_ready(self, _count: int) -> None:
        return None


@dataclass(slots=True, kw_only=True)
class AndroidInProcess(AndroidDevice):
    """A device at the level of reports, which calls the operations. `scep`: where it requests certificates."""

    contoso: Contoso
    scep: ScepAuthorities | None = None

    # ------------------------------------------------------------------------------------------------ what is stored

    async def row(self) -> EnrollmentRow:
        """Return the row of its enrolment."""
        row: EnrollmentRow | None = await self.contoso.look(device_queries.enrollment, self.enrollment_id)
        assert row is not None
        return row

    async def record(self) -> ManagedDeviceRow:
        """Return the row of its managed device."""
        row: ManagedDeviceRow | None = await self.contoso.look(device_queries.managed_device_of, self.enrollment_id)
        assert row is not None
        return row

    async def plans(self) -> int:
        """Return how often the device has been planned for."""
        return (await self.row()).plans

    async def ledger(self) -> dict[ItemKey, LedgerRow]:
        """Return its ledger by item."""
        rows: dict[ItemKey, LedgerRow] = await self.contoso.look(device_queries.ledger_rows, self.enrollment_id)
        return rows

    async def states(self) -> dict[str, str]:
        """Return the ledger in short: source, or item of an imported certificate -> state."""
        return {
            (item if row.source is Source.IMPORTED else row.source.value): row.state.value
            for item, row in (await self.ledger()).items()
        }

    async def item(self, source: Source = Source.PKCS) -> LedgerRow:
        """Return the only item of this source."""
        (row,) = [row for row in (await self.ledger()).values() if row.source is source]
        return row

    # -------------------------------------------------------------------------------------------- what a device does

    @property
    def caller(self) -> DeviceCaller:
        """Its identification to the operations."""
        return DeviceCaller(self.enrollment_id, credentials.digest(self.credential))

    def report(self) -> Report:
        """Return the report of what it holds."""
        held, roots, refused, applied = dict(self.holds), frozenset(self.roots), dict(self.refused), self.applied
        accounts = {item: str(fingerprint) for item, (fingerprint, _account) in self.accounts.items()}

        def read(policy_version: int, _rows: Mapping[ItemKey, LedgerRow]) -> Inventory:
            complete = applied == policy_version
            return Inventory(identities=held, roots=roots, accounts=accounts, refused=refused, complete=complete)

        text = repr((sorted(held.items()), sorted(roots), sorted(accounts.items()), sorted(refused), applied))
        return Report(digest=hashlib.sha256(text.encode()).hexdigest(), read=read)

    async def check_in(self, report: Report | None = None) -> CheckedIn:
        """Report what the device holds, or `report`; the version of its policy, and how many orders wait."""
        contoso = self.contoso
        return await check_in(contoso.emulator, contoso.tenant, caller=self.caller, report=report or self.report())

    async def begin_only(self) -> Begun:
        """Do the first half of a check-in whose certificates take longer, as their keys have to be made: what a crash
        leaves behind.
        """
        connector = replace(self.connector, source=_NothingReady(self.connector.source))
        begun: Begun = await self.contoso.do(begin, caller=self.caller, report=self.report(), connector=connector)
        return begun

    @property
    def connector(self) -> OwnConnector:
        """The connectors inside the server."""
        return OwnConnector.of(self.contoso.emulator, self.contoso.tenant)

    async def policy(self) -> list[Deliverable]:
        """Return the items of its policy."""

        def read(tx: Transaction) -> list[Deliverable]:
            ledger = device_queries.ledger_rows(tx.connection, self.enrollment_id)
            row = identified(tx, self.caller)
            return deliverables(tx, row, ledger=ledger, key_store=self.contoso.emulator.keys)

        items: list[Deliverable] = await self.contoso.do(read)
        return items

    async def fetch_policy(self, version: int) -> Policy:
        """Return the items of its policy as a device applies them."""
        items = await self.policy()
        requested = {}
        for item in items:
            if item.scep is not None and item.scep.challenge and self.scep is not None:
                requested[item.row.key] = await self.scep.certificate_for(
                    self.contoso, self.enrollment_id, delivery=item.scep, row=item.row
                )
            elif item.scep is not None and item.row.key in self.holds:
                requested[item.row.key] = self.holds[item.row.key]
        return Policy(
            version=version,
            requested=requested,
            roots={item.row.key: hashlib.sha256(item.certificate).hexdigest() for item in items if item.certificate},
            pairs={item.row.key: (item.pfx, item.sealed) for item in items if item.pfx and item.sealed},
            accounts={
                item.row.key: (item.row.fingerprint, item.account or NO_ACCOUNT)
                for item in items
                if item.account or item.unit
            },
        )

    async def operations(self) -> list[tuple[str, str]]:
        """Return what an administrator ordered: (id, scope)."""

        def read(tx: Transaction) -> list[tuple[str, str]]:
            row = identified(tx, self.caller)
            return [(order.id, order.scope) for order in device_actions.pending(tx, row)]

        orders: list[tuple[str, str]] = await self.contoso.do(read)
        return orders

    async def complete(self, action_id: str, *, error: str | None = None) -> None:
        """Report that an order is carried out."""

        def confirm(tx: Transaction) -> None:
            row = identified(tx, self.caller, lock=True)
            device_actions.complete(tx, row, action_id=action_id, error=error)

        await self.contoso.do(confirm)

    async def _carry_out_orders(self) -> None:
        for order, scope in await self.operations():
            await self.complete(order)
            if scope:
                # The agent of Samsung Knox leaves certificates by SCEP when the device is retired.
                left = self.variant is Variant.ANDROID_KNOX and scope == "COMPANY_DATA"
                stay = {item: mark for item, mark in self.holds.items() if left and item.startswith("scep/")}
                self.wiped(scope)
                self.holds |= stay

    async def unenroll(self) -> None:
        """The user leaves, and the agent takes the company's data off the device."""

        def leave(tx: Transaction) -> None:
            ending.unenroll(tx, identified(tx, self.caller, lock=True))

        await self.contoso.do(leave)
        self.wiped("COMPANY_DATA")
