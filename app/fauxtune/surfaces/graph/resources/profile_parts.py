"""The computed parts of a profile, and all that `$expand` adds to it besides references. Graph: deviceConfiguration:
assignments, groupAssignments, deviceStatuses, userStatuses, deviceStatusOverview, userStatusOverview,
deviceSettingStateSummaries, managedDeviceCertificateStates.
"""

from __future__ import annotations

from fauxtune.core.clock import iso
from fauxtune.core.engine.graph_states.settings import setting_of, summaries_of_settings
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.states import ProfileStatus, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.settings import wishes_in
from fauxtune.storage.collections.assignments import ASSIGNMENTS, GROUP_ASSIGNMENTS
from fauxtune.storage.collections.certificate_states import PROFILE_CERTIFICATE_STATES
from fauxtune.storage.collections.statuses import DEVICE_STATUSES, USER_STATUSES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern, statuses
from fauxtune.storage.queries.profile_overview import counted_settings
from fauxtune.storage.rows.configuration import AssignmentRow, ProfileRow
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.lists import computed
from fauxtune.surfaces.graph.resources.parts import Part, by_name, of_collection, of_each

DEVICE_CONFIGURATION_GROUP_ASSIGNMENT = entity("deviceConfigurationGroupAssignment")
DEVICE_CONFIGURATION_ASSIGNMENT = entity("deviceConfigurationAssignment")
CERTIFICATE_STATE = entity("managedDeviceCertificateState")
DEVICE_OVERVIEW = entity("deviceConfigurationDeviceOverview")
DEVICE_STATUS = entity("deviceConfigurationDeviceStatus")
SETTING_SUMMARY = entity("settingStateDeviceSummary")
USER_OVERVIEW = entity("deviceConfigurationUserOverview")
USER_STATUS = entity("deviceConfigurationUserStatus")


def device_overview(call: Call, connection: Connection, profile: ProfileRow) -> Json:
    """Return the counts of the devices that the list shows. Devices of other platforms are counted apart, and are in no
    list.
    """
    tenant_id, profile_id = call.tenant.id, profile.id
    ids = concern.targeted_by_profile(connection, tenant_id, profile_id=profile_id)
    by_variant = statuses.reached_devices(connection, tenant_id, ids=ids)
    known = kind(profile.kind)
    ours = frozenset() if known is None else known.reached
    return {
        **_overview(call, profile, counts=statuses.device_counts(connection, tenant_id, profile_id=profile_id)),
        "notApplicablePlatformCount": sum(number for variant, number in by_variant.items() if variant not in ours),
    }


def user_overview(call: Call, connection: Connection, profile: ProfileRow) -> Json:
    """Return the counts of the users that the list shows."""
    return _overview(call, profile, counts=statuses.user_counts(connection, call.tenant.id, profile_id=profile.id))


def setting_summaries(call: Call, connection: Connection, profile: ProfileRow) -> list[Json]:
    """Return the counts of devices by the status of each of the profile's settings."""
    known = kind(profile.kind)
    if known is not None and known.family.source is Source.SETTING:
        return _summaries_of_each(call, connection, profile)
    counts = statuses.device_counts(connection, call.tenant.id, profile_id=profile.id)
    setting, name = setting_of(profile.kind)
    numbers = {f"{status}DeviceCount": number for status, number in counts.items()}
    return [{"id": f"{profile.id}_{setting}", "settingName": name, "instancePath": setting, **numbers}]


def _summaries_of_each(call: Call, connection: Connection, profile: ProfileRow) -> list[Json]:
    counts = statuses.device_counts(connection, call.tenant.id, profile_id=profile.id)
    counted = counted_settings(connection, call.tenant.id, profile_id=profile.id)
    wanted = wishes_in(profile.kind, profile.document)
    return [
        {
            "id": f"{profile.id}_{each.setting}",
            "settingName": each.name,
            "instancePath": each.setting,
            **{f"{status}DeviceCount": number for status, number in each.devices.items()},
        }
        for each in summaries_of_settings(
            profile.kind,
            profile.id,
            wishes=wanted,
            counted=[(each.row, each.devices) for each in counted],
            total=sum(counts.values()),
        )
    ]


def in_old_form(row: AssignmentRow) -> Json:
    """Return an assignment to a group in its old form."""
    return {
        "id": row.id,
        "targetGroupId": row.group_id,
        "excludeGroup": row.kind is TargetKind.EXCLUSION,
    }


PARTS: dict[str, Part[ProfileRow]] = by_name(
    Part("assignments", DEVICE_CONFIGURATION_ASSIGNMENT, of_collection(ASSIGNMENTS, lambda row: row.document)),
    Part("groupAssignments", DEVICE_CONFIGURATION_GROUP_ASSIGNMENT, of_collection(GROUP_ASSIGNMENTS, in_old_form)),
    Part("deviceStatuses", DEVICE_STATUS, of_collection(DEVICE_STATUSES, computed)),
    Part("userStatuses", USER_STATUS, of_collection(USER_STATUSES, computed)),
    Part("deviceStatusOverview", DEVICE_OVERVIEW, of_each(device_overview)),
    Part("userStatusOverview", USER_OVERVIEW, of_each(user_overview)),
    Part("deviceSettingStateSummaries", SETTING_SUMMARY, of_each(setting_summaries)),
    Part("managedDeviceCertificateStates", CERTIFICATE_STATE, of_collection(PROFILE_CERTIFICATE_STATES, computed)),
)


def _overview(call: Call, profile: ProfileRow, *, counts: dict[str, int]) -> Json:
    """Return the common part of both overviews. `failedCount` is that of `nonCompliant`, a status that no profile has
    here.
    """
    return {
        "id": profile.id,
        "pendingCount": counts.get(ProfileStatus.PENDING.value, 0),
        "notApplicableCount": counts.get(ProfileStatus.NOT_APPLICABLE.value, 0),
        "successCount": counts.get(ProfileStatus.COMPLIANT.value, 0),
        "errorCount": counts.get(ProfileStatus.ERROR.value, 0),
        "failedCount": 0,
        "conflictCount": counts.get(ProfileStatus.CONFLICT.value, 0),
        "lastUpdateDateTime": iso(call.emulator.runner.now(call.tenant)),
        "configurationVersion": profile.version,
    }
