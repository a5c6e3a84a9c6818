"""The status of a profile on each device. Graph: deviceConfigurationDeviceStatus, deviceConfigurationDeviceOverview.

Differs from Intune: one row for a device, not one for each of its users; a device here has one at most.
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.storage.collections.statuses import DEVICE_STATUSES
from fauxtune.surfaces.graph.call import Answer, Call, check_options, entity_answer
from fauxtune.surfaces.graph.lists import Listed, computed
from fauxtune.surfaces.graph.resources.below import Below, placed
from fauxtune.surfaces.graph.resources.device_configurations import below, profile_row
from fauxtune.surfaces.graph.resources.profile_expansion import CONTEXT
from fauxtune.surfaces.graph.resources.profile_parts import device_overview

DEVICE_OVERVIEW = entity("deviceConfigurationDeviceOverview")
DEVICE_STATUS = entity("deviceConfigurationDeviceStatus")

#: One row per device that the profile reaches. One that has not planned with it yet is `unknown` and was last heard of
#: in the year 1. Unverified: that the real service lists such devices. The id is `<user>_<profile>_<device>`: there is
#: no device property, and tools split the id.
STATUSES = Below(
    profile_row,
    placed(
        Listed(collection=DEVICE_STATUSES, entity=DEVICE_STATUS, context=CONTEXT, document=computed),
        lambda profile: below(profile, "deviceStatuses"),
    ),
    key="status",
)


async def device_status_overview(call: Call) -> Answer:
    """GET .../{profile}/deviceStatusOverview."""
    profile = await profile_row(call)
    check_options(call, DEVICE_OVERVIEW)
    document = await call.read(lambda connection: device_overview(call, connection, profile))
    document = view(DEVICE_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=below(profile, "deviceStatusOverview"))
