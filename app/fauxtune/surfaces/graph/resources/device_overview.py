"""Counts of a tenant's devices. Graph: managedDeviceOverview."""

from __future__ import annotations

from collections import Counter

from fauxtune.core.clock import iso
from fauxtune.core.graph.index import entity
from fauxtune.core.model.platforms import Variant
from fauxtune.core.odata.documents.view import view
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as queries
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer

MANAGED_DEVICE_OVERVIEW = entity("managedDeviceOverview")

#: The counts of deviceOperatingSystemSummary that a device of each kind is part of.
_COUNTED: dict[Variant, tuple[str, ...]] = {
    Variant.ANDROID_WORK_PROFILE: ("androidCount", "androidWorkProfileCount"),
    Variant.ANDROID_FULLY_MANAGED: ("androidCount", "androidFullyManagedCount"),
    Variant.ANDROID_DEDICATED: ("androidCount", "androidDedicatedCount"),
    Variant.ANDROID_CORPORATE_WORK_PROFILE: ("androidCount", "androidCorporateWorkProfileCount"),
    Variant.ANDROID_DEVICE_ADMIN: ("androidCount", "androidDeviceAdminCount"),
    Variant.ANDROID_KNOX: ("androidCount", "androidDeviceAdminCount"),
    Variant.ANDROID_AOSP: ("androidCount", "aospUserAssociatedCount"),
    Variant.IOS: ("iosCount",),
    Variant.IPADOS: ("iosCount",),
    Variant.MACOS: ("macOSCount",),
    Variant.WINDOWS: ("windowsCount",),
    Variant.WINDOWS_10_MOBILE: ("windowsMobileCount",),
    Variant.WINDOWS_PHONE_81: ("windowsMobileCount",),
}


async def get_overview(call: Call) -> Answer:
    """GET /deviceManagement/managedDeviceOverview."""
    check_options(call, MANAGED_DEVICE_OVERVIEW)

    def read(connection: Connection) -> tuple[dict[str, int], tuple[list[str], list[str]]]:
        by_variant = queries.counts_by_variant(connection, call.tenant.id)
        return by_variant, queries.makes_and_models(connection, call.tenant.id)

    by_variant, (makes, models) = await call.read(read)
    systems: Counter[str] = Counter()
    for variant, number in by_variant.items():
        for name in _COUNTED[Variant(variant)]:
            systems[name] += number
    total = sum(by_variant.values())
    document: Json = {
        # Unverified: the real service's id. There is one overview in a tenant.
        "id": call.tenant.id,
        "enrolledDeviceCount": total,
        "mdmEnrolledCount": total,
        "dualEnrolledDeviceCount": 0,
        "deviceOperatingSystemSummary": dict(systems),
        "deviceExchangeAccessStateSummary": {},
        "managedDeviceModelsAndManufacturers": {"deviceModels": models, "deviceManufacturers": makes},
        "lastModifiedDateTime": iso(call.emulator.runner.now(call.tenant)),
    }
    document = view(MANAGED_DEVICE_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context="deviceManagement/managedDeviceOverview")
