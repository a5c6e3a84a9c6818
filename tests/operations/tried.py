"""An office with devices of several kinds, requests to its Graph, and what really comes of one: seen on the devices and
at the CA, never in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from fauxtune.core.engine.planning.steps import StepKind
from fauxtune.core.errors import EnrollmentEnded
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.platforms import Platform
from fauxtune.operations.checkin.stepwise import Step
from fauxtune.operations.devices import windows_enrollment
from fauxtune.operations.devices.enrollment import EnrollmentRequest
from fauxtune.operations.insight.whatif import Consequence, DeviceConsequences, what_if
from fauxtune.operations.runtime.graph_client import ProposedRequest
from fauxtune.operations.runtime.permissions import PermissionCheck
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.tables import metadata
from tests.operations.office import Office, Phone
from tests.operations.told import Tablet, enrolled
from tests.support.certificates import certificate_request

Row = dict[str, Any]
CONFIGURATIONS = "/deviceManagement/deviceConfigurations"
DEVICES = "/deviceManagement/managedDevices"
LICENCE = "061f9ace-7d42-4136-88ac-31dc755f143f"
_numbers = count(1)
#: The three lists that are about the device, and the one about the CA.
Lists = dict[str, set[str]]


@dataclass(slots=True)
class Windows(Tablet):
    """A device that is told step by step, and that a wipe makes forget everything. `lost`: what it forgot."""

    lost: dict[ItemKey, str] = field(default_factory=dict)

    def obey(self, step: Step) -> Row | None:
        order = step.order
        if step.kind is StepKind.ACTION and order is not None and order.scope:
            self.lost |= self.holds
            self.holds.clear()
        return Tablet.obey(self, step)


async def windows(office: Office, name: str) -> Windows:
    """A Windows device of this user."""
    office.emulator.packagings = {}
    number = next(_numbers)
    key = office.device_keys[number % len(office.device_keys)]
    csr = certificate_request(key, "pc")
    facts = {"serialNumber": f"pc{number}", "osVersion": "10.0.22631"}
    done = await office.do(
        windows_enrollment.come_in,
        EnrollmentRequest(platform=Platform.WINDOWS, mode=None, hardware_key=f"windows/{number}", facts=facts),
        claimant=windows_enrollment.Claimant(token=await office.token(name)),
        csr=csr,
        wire_state={},
        keys=office.emulator.keys,
    )
    return Windows(office=office, key=key, certificate=done.identity_certificate, id=done.id)


async def iphone(office: Office, name: str) -> Tablet:
    """An iPhone of this user."""
    return await enrolled(office, name, hardware=f"ios/{next(_numbers)}")


async def ask(office: Office, method: str, url: str, body: Any = None) -> None:
    """Send the request to Graph, as somebody who may do everything. GraphRefused when it says no."""
    emulator = replace(office.emulator, permissions=PermissionCheck(Permissions.OFF))
    await emulator.graph(emulator, office.tenant, request=ProposedRequest(method, url, body))


async def consider(office: Office, method: str, url: str, body: Any = None) -> list[DeviceConsequences]:
    """What would come of it."""
    return await what_if(office.emulator, office.tenant, request=ProposedRequest(method, url, body))


async def rest(*devices: Phone | Tablet) -> None:
    """Every device does what it is told until there is nothing more."""
    for _ in range(2):
        for device in devices:
            await (_rest_phone(device) if isinstance(device, Phone) else _rest_tablet(device))


async def _rest_phone(phone: Phone) -> None:
    try:
        for _ in range(4):
            await phone.settle()
            for operation, scope in await phone.operations():
                await phone.complete(operation)
                if scope:
                    phone.holds, phone.roots, phone.accounts = {}, set(), {}
    except EnrollmentEnded:
        return


async def _rest_tablet(tablet: Tablet) -> None:
    try:
        for _ in range(6):
            told = await tablet.come(limit=1)
            if any(word in told for word in (DeviceAction.RETIRE.value, DeviceAction.WIPE.value, "delete")):
                tablet.holds = {} if not isinstance(tablet, Windows) else tablet.holds
            if not told:
                return
    except EnrollmentEnded:
        return


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What each device holds, and which certificates are revoked."""

    holds: dict[str, dict[str, str]]
    revoked: dict[str, str]  # serial -> the device's enrolment


async def snapshot(office: Office, devices: Sequence[Phone | Tablet]) -> Snapshot:
    rows = await office.look(certificate_queries.issued, office.tenant.id)
    revoked = {row["serial"]: row["enrollment_id"] for row in rows if row["revoked_at"] is not None}
    return Snapshot({device.id: await _held(office, device) for device in devices}, revoked)


async def _held(office: Office, device: Phone | Tablet) -> dict[str, str]:
    row = await office.look(device_queries.enrollment, device.id)
    if row["state"] == "ended":
        # It was told to forget everything that is the company's, and has.
        return {}
    found = {short(key): mark for key, mark in device.holds.items()}
    if isinstance(device, Phone):
        found |= {f"root/{each}": each for each in device.roots}
        found |= {key: str(fingerprint) for key, (fingerprint, _account) in device.accounts.items()}
    return found


def short(item: str) -> str:
    """Roots without their store, which phones do not tell apart."""
    return "/".join(item.split("/")[:2])


def happened(device: Phone | Tablet, before: Snapshot, *, after: Snapshot) -> Lists:
    """What came of it on this device."""
    old, new = before.holds[device.id], after.holds[device.id]
    both = old.keys() & new.keys()
    lost = {short(each) for each in device.lost} if isinstance(device, Windows) else set()
    return {
        "install": set(new.keys() - old.keys()),
        "remove": set(old.keys() - new.keys()),
        "reissue": {key for key in both if old[key] != new[key] or key in lost},
        "revoke": {key for key, owner in after.revoked.items() if owner == device.id and key not in before.revoked},
    }


def said(found: Iterable[DeviceConsequences], device: Phone | Tablet) -> Lists:
    """What was foreseen for this device."""
    told: Lists = {"install": set(), "remove": set(), "reissue": set(), "revoke": set()}
    for each in found:
        if each.device == device.id:
            lists: dict[str, tuple[Consequence, ...]] = {
                "install": each.install,
                "remove": each.remove,
                "reissue": each.reissue,
            }
            told |= {name: {short(item.item) for item in items} for name, items in lists.items()}
            told["revoke"] = {str(item.serial) for item in each.revoke}
    return told


async def everything(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for those of other tenants, which may change meanwhile."""

    def read(connection: Any) -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        for table in metadata.sorted_tables:
            statement = table.select()
            if "tenant_id" in table.c:
                statement = statement.where(table.c.tenant_id == office.tenant.id)
            found[table.name] = sorted((tuple(row) for row in connection.execute(statement)), key=repr)
        return found

    found: dict[str, list[tuple[Any, ...]]] = await office.look(read)
    return found
