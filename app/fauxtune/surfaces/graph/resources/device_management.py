"""The service itself. Graph: deviceManagement: get; deviceManagementSettings.

What stands here is true of every tenant: there are no compliance policies, no Autopilot and no logs of devices; what is
not emulated is off.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.surfaces.graph.call import Answer, Call, check_options

DEVICE_MANAGEMENT = entity("deviceManagement")
DEVICE_MANAGEMENT_SETTINGS = complex_type("deviceManagementSettings")

_CONTEXT = "deviceManagement"
#: Intune's own defaults: a device that says nothing for 30 days is not compliant; one without policies is.
_SETTINGS = {**defaults(DEVICE_MANAGEMENT_SETTINGS), "deviceComplianceCheckinThresholdDays": 30}


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


def _service(call: Call) -> dict[str, Any]:
    # Unverified: what the account's id is made from; here it is the tenant's.
    return {
        **defaults(DEVICE_MANAGEMENT),
        "id": call.tenant.id,
        "intuneAccountId": call.tenant.id,
        "settings": _SETTINGS,
        "subscriptionState": "active",
        "subscriptions": "intune",
        "unlicensedAdminstratorsEnabled": True,
    }
