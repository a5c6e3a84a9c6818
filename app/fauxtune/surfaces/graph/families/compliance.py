"""Compliance policies, the scripts that they ask, and the list of devices to retire.

Beside what every resource can do: Graph: deviceCompliancePolicy: scheduleActionsForRules; (beta)
deviceCompliancePolicy: getDevicesScheduledToRetire, getNoncompliantDevicesToRetire, setScheduledRetireState;
retireScheduledManagedDevice.
"""

from __future__ import annotations

import json

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.tenants import Edition
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES, SCHEDULED_ACTIONS
from fauxtune.core.policies.scripts import rules_of
from fauxtune.operations.compliance import actions as retire_list
from fauxtune.operations.compliance.occasions import COMPLIANCE_HOOKS
from fauxtune.operations.profiles import resources
from fauxtune.operations.scripts.device_scripts import COMPLIANCE_SCRIPT_HOOKS
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.rows.resources import RetireListRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, REPORT_TABLE, Answer, Call, Json
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import collection_answer
from fauxtune.surfaces.graph.resources.document_members import accepted_member

_PARAMETER = "deviceComplianceScheduledActionForRules"


async def schedule_actions(call: Call) -> Answer:
    """POST .../{policy}/scheduleActionsForRules: the whole new set of scheduled actions."""
    sent = call.body().get(_PARAMETER)
    if not isinstance(sent, list):
        raise Invalid(f'The body must be {{"{_PARAMETER}": [...]}}.', target=_PARAMETER)
    actions = accepted_member(entity("deviceCompliancePolicy"), sent, member=SCHEDULED_ACTIONS, version=call.version)
    changes = {SCHEDULED_ACTIONS.name: actions}
    await call.run(resources.update, COMPLIANCE_POLICIES, key=call.keys["resource"], changes=changes)
    return Answer(200)


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


_AUDIT = ("DeviceCompliancePolicy", "Compliance")
#: The platforms whose filters a kind takes.
_PLATFORMS = {
    "androidCompliancePolicy": "android",
    "androidDeviceOwnerCompliancePolicy": "androidForWork",
    "androidForWorkCompliancePolicy": "androidWorkProfile",
    "androidWorkProfileCompliancePolicy": "androidWorkProfile",
    "aospDeviceOwnerCompliancePolicy": "androidAOSP",
    "iosCompliancePolicy": "iOS",
    "macOSCompliancePolicy": "macOS",
    "windows10CompliancePolicy": "windows10AndLater",
    "windows81CompliancePolicy": "windows81AndLater",
}

HEADING = "Compliance"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/deviceCompliancePolicies",
        "deviceCompliancePolicy",
        "a compliance policy",
        COMPLIANCE_POLICIES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=_AUDIT,
        without=reasons.COMPLIANCE,
        assigned=Assigned("deviceCompliancePolicyAssignment", returns=True, platforms=_PLATFORMS),
        unrouted="scheduledActionsForRule",
        actions=(
            Action(
                "scheduleActionsForRules",
                schedule_actions,
                "Replace the scheduled actions of a compliance policy",
                required="deviceComplianceScheduledActionForRules",
                # Unverified: the reference says 204; IntuneCD, which restores real tenants, waits for 200.
                status=200,
            ),
            Action(
                "getDevicesScheduledToRetire",
                list_scheduled,
                "List the devices that a scheduled action wants retired",
                method="GET",
                on_all=True,
                reads=True,
                status=200,
                returns="retireScheduledManagedDevice",
                many=True,
            ),
            Action(
                "getNoncompliantDevicesToRetire",
                table_to_retire,
                "Get the devices that a scheduled action wants retired as a table",
                on_all=True,
                reads=True,
                status=200,
                fidelity=approximated("the columns are the emulator's; filter, orderBy and search are passed over"),
            ),
            Action(
                "setScheduledRetireState",
                set_state,
                "Retire the devices that a scheduled action wants retired, or take them from the list",
                on_all=True,
            ),
        ),
        fidelity=approximated("a PATCH without @odata.type is taken as one of the kind"),
        hooks=COMPLIANCE_HOOKS,
        always_count=True,
        never_made="defaultDeviceCompliancePolicy",
    ),
    Family(
        "deviceManagement/deviceComplianceScripts",
        "deviceComplianceScript",
        "a compliance script",
        rules_of("deviceComplianceScripts"),
        read=needs.READ_SCRIPTS,
        write=needs.WRITE_SCRIPTS,
        former_read=needs.SCRIPTS.of(Edition.APRIL_2020)[0],
        former_write=needs.SCRIPTS.of(Edition.APRIL_2020)[1],
        audit=_AUDIT,
        without=reasons.SCRIPTS,
        assigned=Assigned("deviceHealthScriptAssignment", key="deviceHealthScriptAssignments"),
        hidden_in_lists="detectionScriptContent",
        hooks=COMPLIANCE_SCRIPT_HOOKS,
        fidelity=approximated("the policies that name it bring it to devices; its own assignments have no effect"),
    ),
)
