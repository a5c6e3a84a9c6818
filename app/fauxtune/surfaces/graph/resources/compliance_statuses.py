"""The status of a compliance policy on each device, for each user, and counted. Graph: deviceComplianceDeviceStatus,
deviceComplianceUserStatus, deviceComplianceDeviceOverview, deviceComplianceUserOverview, settingStateDeviceSummary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fauxtune.core.clock import iso
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
from fauxtune.storage.rows.compliance import ComplianceSettingsRow
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.lists import Listed, computed
from fauxtune.surfaces.graph.resources.below import Below, placed

DEVICE_OVERVIEW = entity("deviceComplianceDeviceOverview")
DEVICE_STATUS = entity("deviceComplianceDeviceStatus")
SETTING_SUMMARY = entity("settingStateDeviceSummary")
USER_OVERVIEW = entity("deviceComplianceUserOverview")
USER_STATUS = entity("deviceComplianceUserStatus")

POLICIES = "deviceManagement/deviceCompliancePolicies"
_SUMMARIES = "deviceSettingStateSummaries"


async def device_status_overview(call: Call) -> Answer:
    """GET .../{policy}/deviceStatusOverview."""
    return await _overview(call, DEVICE_OVERVIEW, name="deviceStatusOverview")


async def user_status_overview(call: Call) -> Answer:
    """GET .../{policy}/userStatusOverview."""
    return await _overview(call, USER_OVERVIEW, name="userStatusOverview")


async def list_setting_summaries(call: Call) -> Answer:
    """GET .../{policy}/deviceSettingStateSummaries."""
    policy = await policy_row(call)
    documents = await call.read(lambda connection: _setting_summaries(call, connection, policy))
    return list_documents(call, documents, entity=SETTING_SUMMARY, context=_below(policy, _SUMMARIES))


async def count_setting_summaries(call: Call) -> Answer:
    """GET .../{policy}/deviceSettingStateSummaries/$count."""
    policy = await policy_row(call)
    documents = await call.read(lambda connection: _setting_summaries(call, connection, policy))
    return count_documents(call, documents, entity=SETTING_SUMMARY)


async def get_setting_summary(call: Call) -> Answer:
    """GET .../{policy}/deviceSettingStateSummaries/{summary}."""
    policy, key = await policy_row(call), call.keys["summary"]
    documents = await call.read(lambda connection: _setting_summaries(call, connection, policy))
    document = element_document(call, documents, entity=SETTING_SUMMARY, key=key)
    if document is None:
        raise NotFound(f"There is no settingStateDeviceSummary '{key}'.")
    return entity_answer(call, document, context=_below(policy, _SUMMARIES))


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
OF_DEVICES = Below(
    policy_row,
    placed(
        Listed(collection=COMPLIANCE_DEVICE_STATUSES, entity=DEVICE_STATUS, context=POLICIES, document=computed),
        lambda policy: _below(policy, "deviceStatuses"),
    ),
    key="status",
)
#: One row for each user with a device that was judged by the policy.
OF_USERS = Below(
    policy_row,
    placed(
        Listed(collection=COMPLIANCE_USER_STATUSES, entity=USER_STATUS, context=POLICIES, document=computed),
        lambda policy: _below(policy, "userStatuses"),
    ),
    key="status",
)
