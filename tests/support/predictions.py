"""What-if's predictions, and the real outcomes: seen on the devices and at the CA, never in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fauxtune.core.model.permissions import Permissions
from fauxtune.operations.insight.whatif import DeviceConsequences, what_if
from fauxtune.operations.insight.whatif_outcomes import Consequence
from fauxtune.operations.runtime.emulator import ProposedRequest
from fauxtune.operations.runtime.permission_check import PermissionCheck
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.tables import metadata
from fauxtune.storage.tenancy import of_tenant
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice
from tests.support.tenant import Contoso

CONFIGURATIONS = "/deviceManagement/deviceConfigurations"
DEVICES = "/deviceManagement/managedDevices"
LICENCE = "061f9ace-7d42-4136-88ac-31dc755f143f"
#: The three lists that are about the device, and the one about the CA.
Lists = dict[str, set[str]]


async def send(contoso: Contoso, method: str, url: str, body: Any = None) -> None:
    """Send a request to Graph as a client that has every permission. Raises GraphRefused if Graph refuses it."""
    emulator = replace(contoso.emulator, permissions=PermissionCheck(Permissions.OFF))
    await emulator.graph(emulator, contoso.tenant, request=ProposedRequest(method, url, body))


async def predict(
    contoso: Contoso, method: str, url: str, body: Any = None, *, at_once: int = 25
) -> list[DeviceConsequences]:
    """Return the consequences that what-if predicts for a request; it looks at so many devices `at_once`."""
    request = ProposedRequest(method, url, body)
    return await what_if(contoso.emulator, contoso.tenant, request=request, at_once=at_once)


async def settle_all(*devices: AndroidInProcess | StepwiseDevice) -> None:
    """Let every device settle and carry out its orders."""
    for _ in range(2):
        for device in devices:
            await device.settle_completely()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The items that each device holds, and the revoked certificates."""

    holds: dict[str, dict[str, str]]
    revoked: dict[str, str]  # serial -> the device's enrolment


async def snapshot(contoso: Contoso, devices: Sequence[AndroidInProcess | StepwiseDevice]) -> Snapshot:
    rows = await contoso.look(certificate_queries.issued, contoso.tenant.id)
    revoked = {row.serial: str(row.enrollment_id) for row in rows if row.revoked_at is not None}
    for event in await contoso.events("partnerRevocationAsked"):
        assert event.certificate is not None
        revoked[event.certificate["serial"]] = str(event.device)
    return Snapshot({device.enrollment_id: await _held(contoso, device) for device in devices}, revoked)


async def _held(contoso: Contoso, device: AndroidInProcess | StepwiseDevice) -> dict[str, str]:
    row = await contoso.get(device_queries.enrollment, device.enrollment_id)
    if row.state == "ended":
        # It has forgotten everything that is the company's, but what Samsung Knox leaves.
        return {key: mark for key, mark in device.holds.items() if key.startswith("scep/")}
    by_key = {short_item(key): mark for key, mark in device.holds.items()}
    if isinstance(device, AndroidInProcess):
        by_key |= {f"root/{digest}": digest for digest in device.roots}
        by_key |= {key: str(fingerprint) for key, (fingerprint, _account) in device.accounts.items()}
    return by_key


def short_item(item: str) -> str:
    """Return an item without the store of a root, which phones do not distinguish."""
    return "/".join(item.split("/")[:2])


def observed(device: AndroidInProcess | StepwiseDevice, before: Snapshot, *, after: Snapshot) -> Lists:
    """Return the consequences that can be observed on this device."""
    old, new = before.holds[device.enrollment_id], after.holds[device.enrollment_id]
    both = old.keys() & new.keys()
    missed = {short_item(item) for item in device.missed}
    return {
        "install": set(new.keys() - old.keys()),
        "remove": set(old.keys() - new.keys()),
        "reissue": {key for key in both if old[key] != new[key] or key in missed},
        "revoke": {
            key for key, owner in after.revoked.items() if owner == device.enrollment_id and key not in before.revoked
        },
    }


def predicted(found: Iterable[DeviceConsequences], device: AndroidInProcess | StepwiseDevice) -> Lists:
    """Return the consequences that were predicted for this device."""
    results: Lists = {"install": set(), "remove": set(), "reissue": set(), "revoke": set()}
    for each in found:
        if each.device == device.enrollment_id:
            lists: dict[str, tuple[Consequence, ...]] = {
                "install": each.install,
                "remove": each.remove,
                "reissue": each.reissue,
            }
            results |= {name: {short_item(item.item) for item in items} for name, items in lists.items()}
            results["revoke"] = {str(item.serial) for item in each.revoke}
    return results


async def all_rows(contoso: Contoso) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, without those of other tenants, which may change meanwhile."""

    def read(connection: Any) -> dict[str, list[tuple[Any, ...]]]:
        result = {}
        for table in metadata.sorted_tables:
            statement = table.select()
            if "tenant_id" in table.c:
                statement = statement.where(of_tenant(table, contoso.tenant.id))
            result[table.name] = sorted((tuple(row) for row in connection.execute(statement)), key=repr)
        return result

    result: dict[str, list[tuple[Any, ...]]] = await contoso.look(read)
    return result
