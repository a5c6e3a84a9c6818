"""How a profile fares on devices. Graph: deviceConfigurationDeviceStatus, deviceConfigurationDeviceOverview.

Differs from Intune: one row for a device, not one for each of its users; a device here has one at most.
"""

from __future__ import annotations

from fauxtune.core.clock import iso
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.odata.entities import statuses as shapes
from fauxtune.core.odata.view import view
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern, statuses
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.lists import Listed, Row, count_rows, get_element, list_rows
from fauxtune.surfaces.graph.resources.device_configurations import below, profile_row
from fauxtune.surfaces.graph.resources.expansion import CONTEXT

_LISTED = Listed(collection="deviceStatuses", entity=shapes.DEVICE_STATUS, context=CONTEXT, document=lambda row: row)


async def list_device_statuses(call: Call) -> Answer:
    """GET .../{profile}/deviceStatuses: one row per device that has planned with the profile.

    The id is `<user>_<profile>_<device>`: there is no device property, and tools split the id.
    """
    profile = await profile_row(call)
    return await list_rows(call, _LISTED, parent=profile["id"], context=below(profile, "deviceStatuses"))


async def count_device_statuses(call: Call) -> Answer:
    """GET .../{profile}/deviceStatuses/$count."""
    return await count_rows(call, _LISTED, parent=(await profile_row(call))["id"])


async def get_device_status(call: Call) -> Answer:
    """GET .../{profile}/deviceStatuses/{status}."""
    profile = await profile_row(call)
    context = below(profile, "deviceStatuses")
    return await get_element(call, _LISTED, key=call.keys["status"], parent=profile["id"], context=context)


async def device_status_overview(call: Call) -> Answer:
    """GET .../{profile}/deviceStatusOverview: counts; a device that is targeted and has not planned is pending. Devices
    of other platforms are counted apart, and are in no list.
    """
    profile = await profile_row(call)
    check_options(call, shapes.DEVICE_OVERVIEW)

    def read(connection: Connection) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
        ids = concern.targeted_by_profile(connection, call.tenant.id, profile_id=profile["id"])
        return (
            statuses.device_counts(connection, call.tenant.id, profile_id=profile["id"]),
            statuses.reached_devices(connection, call.tenant.id, profile_id=profile["id"], ids=ids),
        )

    counts, by_variant = await call.emulator.runner.read(read)
    ours = variants(profile)
    document = {
        **overview(call, profile, counts=counts),
        "pendingCount": sum(waiting for variant, (_all, waiting) in by_variant.items() if Variant(variant) in ours),
        "notApplicablePlatformCount": sum(
            all_of_them for variant, (all_of_them, _waiting) in by_variant.items() if Variant(variant) not in ours
        ),
    }
    shown = view(shapes.DEVICE_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, shown, context=below(profile, "deviceStatusOverview"))


def variants(profile: Row) -> frozenset[Variant]:
    """The kinds of device that the profile is for."""
    known = kind(profile["kind"])
    return frozenset() if known is None else known.variants


def overview(call: Call, profile: Row, *, counts: dict[str, int]) -> Json:
    """What both overviews say. `failedCount` is that of `nonCompliant`, which no profile is here."""
    return {
        "id": profile["id"],
        "notApplicableCount": counts.get(ProfileStatus.NOT_APPLICABLE.value, 0),
        "successCount": counts.get(ProfileStatus.COMPLIANT.value, 0),
        "errorCount": counts.get(ProfileStatus.ERROR.value, 0),
        "failedCount": 0,
        "conflictCount": counts.get(ProfileStatus.CONFLICT.value, 0),
        "lastUpdateDateTime": iso(call.emulator.runner.now(call.tenant)),
        "configurationVersion": profile["version"],
    }
