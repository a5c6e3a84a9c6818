"""How a profile fares. Graph: deviceConfigurationDeviceStatus, deviceConfigurationDeviceOverview."""

from __future__ import annotations

from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.odata.entities import configuration as entities
from fauxtune.core.odata.view import view
from fauxtune.core.profiles.catalog import kind
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as queries
from fauxtune.surfaces.graph.call import Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.lists import Listed, count_rows, list_rows
from fauxtune.surfaces.graph.resources.device_configurations import profile_row

_PATH = "deviceManagement/deviceConfigurations"


_LISTED = Listed(
    collection="deviceStatuses",
    entity=entities.DEVICE_CONFIGURATION_DEVICE_STATUS,
    context=_PATH,
    document=lambda row: _status(row),
)


async def list_device_statuses(call: Call) -> Answer:
    """GET .../{profile}/deviceStatuses: one row per device that has planned with the profile.

    The id is `<user>_<profile>_<device>`: there is no device property, and tools split the id.
    """
    profile = await profile_row(call)
    context = f"{_PATH}('{profile['id']}')/deviceStatuses"
    return await list_rows(call, _LISTED, parent=profile["id"], context=context)


async def count_device_statuses(call: Call) -> Answer:
    """GET .../{profile}/deviceStatuses/$count."""
    return await count_rows(call, _LISTED, parent=(await profile_row(call))["id"])


async def device_status_overview(call: Call) -> Answer:
    """GET .../{profile}/deviceStatusOverview: counts; a device that is targeted and has not planned is pending."""
    profile = await profile_row(call)
    known = kind(profile["kind"])
    variants = set() if known is None else known.variants

    def read(connection: Connection) -> tuple[dict[str, int], dict[str, int]]:
        found = queries.assignments_of(connection, call.tenant.id, profile_id=profile["id"])
        targets = queries.assignment_targets(found)
        reached = concern.targeted(connection, call.tenant.id, targets=targets)
        by_variant = queries.variants_of(connection, call.tenant.id, ids=reached)
        return queries.status_counts(connection, call.tenant.id, profile_id=profile["id"]), by_variant

    counts, by_variant = await call.emulator.runner.read(read)
    ours = sum(number for variant, number in by_variant.items() if Variant(variant) in variants)
    reported = sum(number for status, number in counts.items() if status != ProfileStatus.PENDING.value)
    document: Json = {
        "id": profile["id"],
        "pendingCount": max(ours - reported, 0),
        "notApplicableCount": counts.get(ProfileStatus.NOT_APPLICABLE.value, 0),
        "notApplicablePlatformCount": sum(by_variant.values()) - ours,
        "successCount": counts.get(ProfileStatus.COMPLIANT.value, 0),
        "errorCount": counts.get(ProfileStatus.ERROR.value, 0),
        "failedCount": 0,
        "conflictCount": counts.get(ProfileStatus.CONFLICT.value, 0),
        "lastUpdateDateTime": iso(call.emulator.runner.now(call.tenant)),
        "configurationVersion": profile["version"],
    }
    shown = view(entities.DEVICE_CONFIGURATION_DEVICE_OVERVIEW, document, version=call.version)
    return entity_answer(call, shown, context=f"{_PATH}('{profile['id']}')/deviceStatusOverview")


def _status(row: dict[str, Any]) -> Json:
    device = row["device"]
    return {
        "id": f"{device['userId'] or '00000000-0000-0000-0000-000000000000'}_{row['profile_id']}_{row['device_id']}",
        "deviceDisplayName": device["deviceName"],
        "userName": device["userDisplayName"],
        "deviceModel": device["model"],
        "platform": 0,
        "status": row["status"],
        "lastReportedDateTime": iso(row["reported_at"]),
        "userPrincipalName": device["userPrincipalName"],
    }
