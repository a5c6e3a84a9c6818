"""The list of devices to retire. Graph (beta): deviceCompliancePolicy: getDevicesScheduledToRetire,
getNoncompliantDevicesToRetire, setScheduledRetireState; retireScheduledManagedDevice.
"""

from __future__ import annotations

import json

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import complex_type
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.compliance import retire_list
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.rows.compliance import RetireListRow
from fauxtune.surfaces.graph.call import NO_CONTENT, REPORT_TABLE, Answer, Call, Json
from fauxtune.surfaces.graph.lists import collection_answer

RETIRE_SCHEDULED = complex_type("retireScheduledManagedDevice")

_STATES = {"confirmRetire": True, "cancelRetire": False}
#: data. Columns of the table, and the properties that they show.
_COLUMNS = {
    "DeviceId": "managedDeviceId",
    "DeviceName": "managedDeviceName",
    "PolicyId": "deviceCompliancePolicyId",
    "PolicyName": "deviceCompliancePolicyName",
    "ComplianceState": "complianceState",
    "RetireAfterDatetime": "retireAfterDateTime",
}


async def list_scheduled(call: Call) -> Answer:
    """GET .../getDevicesScheduledToRetire()."""
    rows = await call.read(queries.to_retire, call.tenant.id)
    values = [view(RETIRE_SCHEDULED, _document(row), version=call.version) for row in rows]
    return collection_answer(call, values, context=f"Collection({RETIRE_SCHEDULED.full_name})")


async def table_to_retire(call: Call) -> Answer:
    """POST .../getNoncompliantDevicesToRetire: a table, as reports answer it. Unverified: its columns."""
    body = call.optional_body()
    rows = [_document(row) for row in await call.read(queries.to_retire, call.tenant.id)]
    skip, top = (_number(body, name, default=default) for name, default in (("skip", 0), ("top", 1000)))
    values = [[row[name] for name in _COLUMNS.values()] for row in rows]
    document = {
        "TotalRowCount": len(values),
        "Schema": [{"Column": name, "PropertyType": "String"} for name in _COLUMNS],
        "Values": values[skip : skip + top],
        "SessionId": "",
    }
    return Answer(200, text=json.dumps(document, ensure_ascii=False), media=REPORT_TABLE)


async def set_state(call: Call) -> Answer:
    """POST .../setScheduledRetireState: confirmRetire retires the devices, cancelRetire takes them from the list."""
    body = call.body()
    state = body.get("state")
    if state not in _STATES:
        raise Invalid("state is confirmRetire or cancelRetire.", target="state")
    ids = body.get("managedDeviceIds")
    devices: list[str] | None = None
    if body.get("scopedToAllDevices") is not True:
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
            raise Invalid("managedDeviceIds is a list of the ids of managed devices.", target="managedDeviceIds")
        devices = ids
    await call.run(retire_list.decide, is_confirmed=_STATES[state], devices=devices)
    return NO_CONTENT


def _document(row: RetireListRow) -> Json:
    device = row.device
    return {
        "id": row.device_id,
        "managedDeviceId": row.device_id,
        "managedDeviceName": device.get("deviceName"),
        "deviceType": device.get("deviceType"),
        "managementAgent": device.get("managementAgent"),
        "ownerType": device.get("managedDeviceOwnerType"),
        "complianceState": "nonCompliant",
        "deviceCompliancePolicyId": row.policy_id,
        "deviceCompliancePolicyName": row.policy_name,
        "retireAfterDateTime": iso(row.listed_at),
        "roleScopeTagIds": device.get("roleScopeTagIds") or ["0"],
    }


def _number(body: Json, name: str, *, default: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Invalid(f"{name} is a number from 0 on.", target=name)
    return value
