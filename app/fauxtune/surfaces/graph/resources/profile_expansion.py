"""Profiles with `$expand`: their parts, and the profiles that they refer to.

Graph: deviceConfiguration, `$expand=assignments,microsoft.graph.T/rootCertificate`.

What can be expanded of other collections: `Family.parts` and `Assigned.expandable` (`families/family.py`), and the
parts of each resource that is no family.

A page costs one statement for all references, however long it is and however many are asked for; for its parts see
`parts`.

Computed, and besides references all that `$expand` adds: Graph: deviceConfiguration: assignments, groupAssignments,
deviceStatuses, userStatuses, deviceStatusOverview, userStatusOverview, deviceSettingStateSummaries,
managedDeviceCertificateStates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fauxtune.core.clock import iso
from fauxtune.core.engine.graph_states import setting_of, summaries_of_settings
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import derived_from, entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.states import ProfileStatus, Source
from fauxtune.core.odata.documents.view import check_select, view
from fauxtune.core.odata.query.options import Expand
from fauxtune.core.odata.schema.types import Entity, Navigation, Version
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.references import NAMES
from fauxtune.core.profiles.settings import wishes_in
from fauxtune.storage.collections.certificate_states import PROFILE_CERTIFICATE_STATES
from fauxtune.storage.collections.resources import ASSIGNMENTS, GROUP_ASSIGNMENTS
from fauxtune.storage.collections.statuses import DEVICE_STATUSES, USER_STATUSES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries.insight import statuses
from fauxtune.storage.queries.insight.groups_and_profiles import counted_settings
from fauxtune.storage.rows.configuration import AssignmentRow, ProfileRow
from fauxtune.surfaces.graph.call import Call, Json
from fauxtune.surfaces.graph.lists import computed
from fauxtune.surfaces.graph.resources.parts import Part, add_parts, by_name, of_collection, of_each

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
            "id": f"{profile.id}_{summary.setting}",
            "settingName": summary.name,
            "instancePath": summary.setting,
            **{f"{status}DeviceCount": number for status, number in summary.devices.items()},
        }
        for summary in summaries_of_settings(
            profile.kind,
            profile.id,
            wishes=wanted,
            counted=[(settings.row, settings.devices) for settings in counted],
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


DEVICE_CONFIGURATION = entity("deviceConfiguration")

CONTEXT = "deviceManagement/deviceConfigurations"
#: In lower case, as query options are compared.
EXPANDABLE = (*PARTS, *(name.lower() for name in NAMES))


def check_expansion(call: Call, *entities: Entity) -> None:
    """Raise Invalid for an `$expand` of a navigation that the type of the cast, or else each of `entities`, lacks."""
    for expansion in call.query.expand:
        result = entities if expansion.cast is None else (entity(expansion.cast),)
        navigations = [
            nav for kind in result if (nav := _navigation(call, kind, name=expansion.navigation)) is not None
        ]
        if not navigations:
            raise Invalid(
                f"Parsing OData Select and Expand failed: Could not find a property named '{expansion.navigation}' on "
                f"type '{result[0].full_name}'.",
                target=expansion.navigation,
            )
        if expansion.select is not None and navigations[0].name in NAMES:
            target = entity(navigations[0].target)
            check_select(expansion.select, entities=(target, *derived_from(target)), version=call.version)


def expansions(call: Call, connection: Connection, rows: Sequence[ProfileRow]) -> list[Json]:
    """Return what `$expand` adds to each of these profiles, in their order."""
    added = add_parts(
        call,
        connection,
        rows,
        parts=PARTS,
        place=_place,
        has=lambda row, expand: _of_row(call, row, expand=expand) is not None,
    )
    requested = {expansion.navigation.lower() for expansion in call.query.expand}
    bound = {target for row in rows for name, target in row.navigations.items() if name.lower() in requested}
    targets = queries.profiles_by_id(connection, call.tenant.id, ids=bound)
    for more, row in zip(added, rows, strict=True):
        more |= _references(call, row, targets=targets)
    return added


def profile_view(call: Call, row: ProfileRow, *, select: tuple[str, ...] | None = None) -> Json:
    """Return a profile as this version shows it."""
    return view(entity(row.kind), row.document, version=call.version, select=select)


def reference_context(row: ProfileRow, navigation: str) -> str:
    """Return the context of the profile that a navigation refers to."""
    return f"{CONTEXT}('{row.id}')/{entity(row.kind).full_name}/{navigation}"


def _place(row: ProfileRow, part: Part[ProfileRow]) -> str:
    """Return the place of a part: parts that not every type has are below the type's cast."""
    if DEVICE_CONFIGURATION.navigation(part.name) is None:
        return reference_context(row, part.name)
    return f"{CONTEXT}('{row.id}')/{part.name}"


def _references(call: Call, row: ProfileRow, *, targets: Mapping[ProfileId, ProfileRow]) -> Json:
    """Return the profiles that one profile refers to, as far as `$expand` names them."""
    added: Json = {}
    for expansion in call.query.expand:
        navigation = _of_row(call, row, expand=expansion)
        if navigation is not None and not navigation.contained:
            target_id = row.navigations.get(navigation.name)
            target = None if target_id is None else targets.get(target_id)
            added |= _reference(call, row, name=navigation.name, target=target, select=expansion.select)
    return added


def _of_row(call: Call, row: ProfileRow, *, expand: Expand) -> Navigation | None:
    """Return the navigation of the row's type; None if the cast is to another type, or the type lacks it."""
    shape = entity(row.kind)
    if expand.cast is not None and not shape.is_a(entity(expand.cast)):
        return None
    return _navigation(call, shape, name=expand.navigation)


def _navigation(call: Call, shape: Entity, *, name: str) -> Navigation | None:
    # Types that have navigations of their own exist in beta only: v1.0 shows their base.
    return (DEVICE_CONFIGURATION if call.version is Version.V1 else shape).navigation(name, version=call.version)


def _reference(
    call: Call, row: ProfileRow, *, name: str, target: ProfileRow | None, select: tuple[str, ...] | None
) -> Json:
    if target is None:
        return {name: None}
    return {
        f"{name}@odata.context": call.context(f"{reference_context(row, name)}/$entity"),
        name: profile_view(call, target, select=select),
    }
