"""Compliance in the whole tenant: devices by their state, and settings by their states. Graph:
deviceCompliancePolicyDeviceStateSummary, deviceCompliancePolicySettingStateSummary, deviceComplianceSettingState.

The built-in policy counts on every device; on one that was never judged its settings are compliant.
"""

from __future__ import annotations

from collections import Counter

from fauxtune.core.clock import iso
from fauxtune.core.engine.compliance.built_in import WORDS
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.storage.queries import compliance as queries
from fauxtune.storage.rows.compliance import ComplianceSettingsRow
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.compliance_documents import platform_of, user_of
from fauxtune.surfaces.graph.resources.compliance_statuses import device_numbers

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


async def device_summary(call: Call) -> Answer:
    """GET /deviceManagement/deviceCompliancePolicyDeviceStateSummary."""
    check_options(call, DEVICE_SUMMARY)
    counts = await call.read(queries.state_counts, call.tenant.id)
    document: Json = {name: counts.get(state, 0) for name, state in _COUNTED.items()}
    document |= {"id": call.tenant.id, "notApplicableDeviceCount": 0, "remediatedDeviceCount": 0}
    document = view(DEVICE_SUMMARY, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_DEVICES)


async def list_setting_summaries(call: Call) -> Answer:
    """GET /deviceManagement/deviceCompliancePolicySettingStateSummaries."""
    return list_documents(call, await _summaries(call), entity=SETTING_SUMMARY, context=_SETTINGS)


async def count_setting_summaries(call: Call) -> Answer:
    """GET .../deviceCompliancePolicySettingStateSummaries/$count."""
    return count_documents(call, await _summaries(call), entity=SETTING_SUMMARY)


async def get_setting_summary(call: Call) -> Answer:
    """GET .../deviceCompliancePolicySettingStateSummaries/{summary}."""
    key = call.keys["summary"]
    document = element_document(call, await _summaries(call), entity=SETTING_SUMMARY, key=key)
    if document is None:
        raise _missing(key)
    return entity_answer(call, document, context=f"{_SETTINGS}/$entity")


async def list_setting_states(call: Call) -> Answer:
    """GET .../deviceCompliancePolicySettingStateSummaries/{summary}/deviceComplianceSettingStates."""
    documents = await _states(call)
    return list_documents(call, documents, entity=SETTING_STATE, context=_context(call))


async def count_setting_states(call: Call) -> Answer:
    """GET .../{summary}/deviceComplianceSettingStates/$count."""
    return count_documents(call, await _states(call), entity=SETTING_STATE)


async def get_setting_state(call: Call) -> Answer:
    """GET .../{summary}/deviceComplianceSettingStates/{state}."""
    key = call.keys["state"]
    document = element_document(call, await _states(call), entity=SETTING_STATE, key=key)
    if document is None:
        raise NotFound(f"There is no deviceComplianceSettingState '{key}'.")
    return entity_answer(call, document, context=_context(call))


async def _summaries(call: Call) -> list[Json]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in await call.read(lambda connection: list(queries.setting_states(connection, call.tenant.id))):
        for state in row.settings:
            key = (str(state.get("setting")), platform_of(row.kind))
            counts.setdefault(key, Counter())[str(state.get("status"))] += 1
    unjudged = await call.read(queries.unjudged, call.tenant.id)
    for setting in WORDS:
        counts.setdefault((setting, platform_of(None)), Counter())[Status.COMPLIANT.value] += unjudged
    return [
        {
            "id": _id(setting, platform),
            "setting": setting,
            "settingName": None,
            "platformType": platform,
            **device_numbers(numbers),
        }
        for (setting, platform), numbers in sorted(counts.items())
    ]


async def _states(call: Call) -> list[Json]:
    """The states of one setting on each device that was judged. Raises NotFound for a summary that does not exist."""
    key = call.keys["summary"].lower()
    rows = await call.read(lambda connection: list(queries.setting_states(connection, call.tenant.id)))
    documents = [
        _state(row, str(state.get("setting")), status=str(state.get("status")))
        for row in rows
        for state in row.settings
        if _id(str(state.get("setting")), platform_of(row.kind)).lower() == key
    ]
    if not documents and key not in {_id(setting, platform_of(None)).lower() for setting in WORDS}:
        raise _missing(key)
    return documents


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


def _context(call: Call) -> str:
    return f"{_SETTINGS}('{call.keys['summary']}')/deviceComplianceSettingStates"
