"""The service itself. Graph: deviceManagement: get; deviceManagementSettings.

The settings for compliance are settings of the tenant, and can be changed. What else stands here is true of every
tenant: no Autopilot and no logs of devices; what is not emulated is off.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import NotEmulated
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.compliance import by_time
from fauxtune.operations.tenants import tenants
from fauxtune.surfaces.graph.call import Answer, Call, check_options

DEVICE_MANAGEMENT = entity("deviceManagement")
DEVICE_MANAGEMENT_SETTINGS = complex_type("deviceManagementSettings")

_CONTEXT = "deviceManagement"
#: data. Members of the settings that are settings of the tenant.
_OF_TENANT = {
    "secureByDefault": "compliance.secureByDefault",
    "deviceComplianceCheckinThresholdDays": "compliance.checkinThresholdDays",
    "isScheduledActionEnabled": "compliance.scheduledActions",
}


async def get_service(call: Call) -> Answer:
    """GET /deviceManagement."""
    check_options(call, DEVICE_MANAGEMENT)
    document = view(DEVICE_MANAGEMENT, _service(call), version=call.version, select=call.query.select)
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/$entity"), **document})


async def get_settings(call: Call) -> Answer:
    """GET /deviceManagement/settings: a value of the service that clients also read on its own."""
    document = view(DEVICE_MANAGEMENT, _service(call), version=call.version, select=("settings",))
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/settings"), **document["settings"]})


async def get_subscription_state(call: Call) -> Answer:
    """GET /deviceManagement/subscriptionState."""
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/subscriptionState"), "value": "active"})


async def update_service(call: Call) -> Answer:
    """PATCH /deviceManagement, with `settings`: 200 with the service. Raises Invalid for a value that is out of range,
    NotEmulated for another value of a setting that has no effect here.
    """
    body = call.body()
    sent = body.get("settings")
    checked = accept(DEVICE_MANAGEMENT, body, partial=True, version=call.version).get("settings")
    if isinstance(sent, dict) and checked is not None:
        names = [name for name in sent if name in checked]
        present = _settings(call)
        other = [name for name in names if name not in _OF_TENANT and checked[name] != present[name]]
        if other:
            raise NotEmulated(f"The setting '{other[0]}' has no effect here: leave it as it is.", target=other[0])
        changes = {_OF_TENANT[name]: checked[name] for name in names if name in _OF_TENANT}
        if changes:
            await call.run(tenants.change_settings, changes)
            await by_time.judge_again(call.emulator, call.tenant, changed=changes)
    document = view(DEVICE_MANAGEMENT, _service(call), version=call.version)
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/$entity"), **document})


def _settings(call: Call) -> dict[str, Any]:
    tenant = call.emulator.runner.current(call.tenant)
    of_tenant = {name: tenant.setting(setting) for name, setting in _OF_TENANT.items()}
    return {**defaults(DEVICE_MANAGEMENT_SETTINGS), **of_tenant}


def _service(call: Call) -> dict[str, Any]:
    # Unverified: what the account's id is made from; here it is the tenant's.
    return {
        **defaults(DEVICE_MANAGEMENT),
        "id": call.tenant.id,
        "intuneAccountId": call.tenant.id,
        "settings": _settings(call),
        "subscriptionState": "active",
        "subscriptions": "intune",
        "unlicensedAdminstratorsEnabled": True,
    }
