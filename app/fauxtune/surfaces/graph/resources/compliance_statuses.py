"""Compliance counted: of each policy by device and by user, and of the whole tenant.

Graph: deviceComplianceDeviceStatus, deviceComplianceUserStatus, deviceComplianceDeviceOverview,
deviceComplianceUserOverview, settingStateDeviceSummary; deviceCompliancePolicyDeviceStateSummary,
deviceCompliancePolicySettingStateSummary, deviceComplianceSettingState.

The built-in policy counts on every device; on one that was never judged its settings are compliant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fauxtune.core.clock import iso
from fauxtune.core.engine.compliance.judging import BUILT_IN_WORDS
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.collections.compliance import COMPLIANCE_DEVICE_STATUSES, COMPLIANCE_USER_STATUSES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.resources import ComplianceSettingsRow, ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import Listed, computed
from fauxtune.surfaces.graph.resources.compliance_states import platform_of, user_of
from fauxtune.surfaces.graph.resources.parts import Below, Computed, Found, placed

DEVICE_OVERVIEW = entity("deviceComplianceDeviceOverview")
DEVICE_STATUS = entity("deviceComplianceDeviceStatus")
SETTING_SUMMARY_OF_POLICY = entity("settingStateDeviceSummary")
USER_OVERVIEW = entity("deviceComplianceUserOverview")
USER_STATUS = entity("deviceComplianceUserStatus")

POLICIES = "deviceManagement/deviceCompliancePolicies"
_SUMMARIES = "deviceSettingStateSummaries"
OF_POLICY = Routes(f"{POLICIES}/{{resource}}", read=needs.READ_CONFIGURATION)
OF_TENANT = Routes("deviceManagement", read=needs.READ_CONFIGURATION)


def _summaries_of(what: str) -> tuple[str, str, str]:
    return f"List {what}", f"Count {what}", f"Get one of {what}"


@OF_POLICY.get("/deviceStatusOverview", returns=DEVICE_OVERVIEW, dated=True)
async def device_status_overview(call: Call) -> Answer:
    """Count devices by the status of a compliance policy."""
    return await _overview(call, DEVICE_OVERVIEW, name="deviceStatusOverview")


@OF_POLICY.get("/userStatusOverview", returns=USER_OVERVIEW, dated=True)
async def user_status_overview(call: Call) -> Answer:
    """Count users by the status of a compliance policy."""
    return await _overview(call, USER_OVERVIEW, name="userStatusOverview")


async def _summaries_of_policy(call: Call) -> Found:
    policy = await policy_row(call)
    documents = await call.read(lambda connection: _setting_summaries(call, connection, policy))
    return _below(policy, _SUMMARIES), documents


OF_POLICY.collection(
    f"/{_SUMMARIES}",
    Computed(SETTING_SUMMARY_OF_POLICY, _summaries_of_policy, key="summary"),
    *_summaries_of("devices by the state of each setting of a compliance policy"),
    returns=SETTING_SUMMARY_OF_POLICY,
)


async def policy_row(call: Call) -> ResourceRow:
    """Return the compliance policy that the path names. Raises NotFound."""
    key = call.keys["resource"]
    row = await call.read(resource_queries.resource, call.tenant.id, family=queries.POLICIES, resource_id=key)
    if row is None:
        raise NotFound(f"There is no deviceCompliancePolicy '{key}'.")
    return row


async def _overview(call: Call, kind: Entity, *, name: str) -> Answer:
    policy = await policy_row(call)
    check_options(call, kind)

    def read(connection: Connection) -> dict[str, int]:
        if kind is USER_OVERVIEW:
            return queries.user_counts(connection, call.tenant.id, policy_id=policy.id)
        return _device_counts(call, connection, policy)

    counts = await call.read(read)
    document = {
        "id": policy.id,
        "pendingCount": counts.get(Status.UNKNOWN.value, 0),
        "notApplicableCount": counts.get(Status.NOT_APPLICABLE.value, 0),
        "notApplicablePlatformCount": counts.get(Status.NOT_APPLICABLE.value, 0),
        "successCount": counts.get(Status.COMPLIANT.value, 0) + counts.get(Status.REMEDIATED.value, 0),
        "errorCount": counts.get(Status.ERROR.value, 0),
        "failedCount": counts.get(Status.NON_COMPLIANT.value, 0),
        "conflictCount": counts.get(Status.CONFLICT.value, 0),
        "lastUpdateDateTime": iso(call.emulator.runner.now(call.tenant)),
        "configurationVersion": policy.version,
    }
    document = view(kind, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_below(policy, name))


def _device_counts(call: Call, connection: Connection, policy: ResourceRow) -> dict[str, int]:
    """The devices by status; those that the policy reaches and that were not judged by it are unknown."""
    counts = queries.device_counts(connection, call.tenant.id, policy_id=policy.id)
    judged = queries.states_of_policy(connection, call.tenant.id, policy_id=policy.id)
    reached = concern.targeted_by_profile(connection, call.tenant.id, profile_id=ProfileId(policy.id))
    waiting = len(set(reached) - {row.enrollment_id for row in judged})
    return {**counts, Status.UNKNOWN.value: counts.get(Status.UNKNOWN.value, 0) + waiting}


def _setting_summaries(call: Call, connection: Connection, policy: ResourceRow) -> list[Json]:
    rows = queries.setting_states(connection, call.tenant.id, policy_id=policy.id)
    return [
        {
            "id": f"{policy.id}_{setting}",
            "settingName": setting,
            "instancePath": setting,
            **device_numbers(counts),
        }
        for setting, counts in sorted(count_settings(rows).items())
    ]


def count_settings(rows: Iterable[ComplianceSettingsRow]) -> dict[str, Counter[str]]:
    """Count devices by the state of each setting."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for state in row.settings:
            counts.setdefault(str(state.get("setting")), Counter())[str(state.get("status"))] += 1
    return counts


def device_numbers(counts: Counter[str]) -> Json:
    """Return the counts of devices as properties of a summary."""
    names = [status.value for status in Status if status is not Status.NOT_ASSIGNED]
    return {f"{name}DeviceCount": counts.get(name, 0) for name in names}


def _below(policy: ResourceRow, name: str) -> str:
    return f"{POLICIES}('{policy.id}')/{name}"


#: One row for each device that was judged by the policy.
_OF_DEVICES = Below(
    policy_row,
    placed(
        Listed(collection=COMPLIANCE_DEVICE_STATUSES, entity=DEVICE_STATUS, context=POLICIES, document=computed),
        lambda policy: _below(policy, "deviceStatuses"),
    ),
    key="status",
)
#: One row for each user with a device that was judged by the policy.
_OF_USERS = Below(
    policy_row,
    placed(
        Listed(collection=COMPLIANCE_USER_STATUSES, entity=USER_STATUS, context=POLICIES, document=computed),
        lambda policy: _below(policy, "userStatuses"),
    ),
    key="status",
)
OF_POLICY.collection(
    "/deviceStatuses",
    _OF_DEVICES,
    *_summaries_of("the status of a compliance policy on each device"),
    returns=DEVICE_STATUS,
)
OF_POLICY.collection(
    "/userStatuses",
    _OF_USERS,
    *_summaries_of("the status of a compliance policy for each user"),
    returns=USER_STATUS,
)


DEVICE_SUMMARY = entity("deviceCompliancePolicyDeviceStateSummary")
SETTING_SUMMARY = entity("deviceCompliancePolicySettingStateSummary")
SETTING_STATE = entity("deviceComplianceSettingState")

_DEVICES = "deviceManagement/deviceCompliancePolicyDeviceStateSummary"
_SETTINGS = "deviceManagement/deviceCompliancePolicySettingStateSummaries"
#: Properties by the states that they count.
_COUNTED = {
    "unknownDeviceCount": "unknown",
    "compliantDeviceCount": "compliant",
    "nonCompliantDeviceCount": "noncompliant",
    "errorDeviceCount": "error",
    "conflictDeviceCount": "conflict",
    "inGracePeriodCount": "inGracePeriod",
    "configManagerCount": "configManager",
}


@OF_TENANT.get("/deviceCompliancePolicyDeviceStateSummary", returns=DEVICE_SUMMARY)
async def device_summary(call: Call) -> Answer:
    """Count devices by their compliance."""
    check_options(call, DEVICE_SUMMARY)
    counts = await call.read(queries.state_counts, call.tenant.id)
    document: Json = {name: counts.get(state, 0) for name, state in _COUNTED.items()}
    document |= {"id": call.tenant.id, "notApplicableDeviceCount": 0, "remediatedDeviceCount": 0}
    document = view(DEVICE_SUMMARY, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_DEVICES)


async def _summaries(call: Call) -> Found:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in await call.read(lambda connection: list(queries.setting_states(connection, call.tenant.id))):
        for state in row.settings:
            key = (str(state.get("setting")), platform_of(row.kind))
            counts.setdefault(key, Counter())[str(state.get("status"))] += 1
    unjudged = await call.read(queries.unjudged, call.tenant.id)
    for setting in BUILT_IN_WORDS:
        counts.setdefault((setting, platform_of(None)), Counter())[Status.COMPLIANT.value] += unjudged
    documents = [
        {
            "id": _id(setting, platform),
            "setting": setting,
            "settingName": None,
            "platformType": platform,
            **device_numbers(numbers),
        }
        for (setting, platform), numbers in sorted(counts.items())
    ]
    return _SETTINGS, documents


async def _states(call: Call) -> Found:
    """The states of one setting on each device that was judged. Raises NotFound for a summary that does not exist."""
    key = call.keys["summary"].lower()
    rows = await call.read(lambda connection: list(queries.setting_states(connection, call.tenant.id)))
    documents = [
        _state(row, str(state.get("setting")), status=str(state.get("status")))
        for row in rows
        for state in row.settings
        if _id(str(state.get("setting")), platform_of(row.kind)).lower() == key
    ]
    if not documents and key not in {_id(setting, platform_of(None)).lower() for setting in BUILT_IN_WORDS}:
        raise _missing(key)
    return f"{_SETTINGS}('{call.keys['summary']}')/deviceComplianceSettingStates", documents


def _state(row: ComplianceSettingsRow, setting: str, *, status: str) -> Json:
    return {
        "id": f"{setting}_{row.device_id}",
        "setting": setting,
        "settingName": None,
        "deviceId": row.device_id,
        "deviceName": row.device.get("deviceName"),
        "deviceModel": row.device.get("model"),
        "platformType": row.device.get("deviceType"),
        "state": status,
        "complianceGracePeriodExpirationDateTime": iso(row.grace_ends_at),
        **user_of(row.user_id is not None, device=row.device),
    }


def _id(setting: str, platform: str) -> str:
    return f"{setting}_{platform}"


def _missing(key: str) -> NotFound:
    return NotFound(f"There is no deviceCompliancePolicySettingStateSummary '{key}'.")


#: How many devices have each setting in which state.
_SETTINGS_BELOW = f"/{_SETTINGS.partition('/')[2]}"
OF_TENANT.collection(
    _SETTINGS_BELOW,
    Computed(SETTING_SUMMARY, _summaries, key="summary", missing=_missing),
    *_summaries_of("devices by the state of each compliance setting"),
    returns=SETTING_SUMMARY,
)
OF_TENANT.collection(
    f"{_SETTINGS_BELOW}/{{summary}}/deviceComplianceSettingStates",
    Computed(SETTING_STATE, _states, key="state"),
    *_summaries_of("the state of a compliance setting on each device"),
    returns=SETTING_STATE,
)
