"""Summaries of the states of settings, and of profiles in the whole tenant. Graph: settingStateDeviceSummary,
deviceConfigurationDeviceStateSummary, deviceConfigurationUserStateSummary, deviceConfigurationConflictSummary.

Unverified: that a device, or a user, counts once in the tenant's summaries, with the worst of its profiles.
"""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.engine.graph_states.settings import setting_of
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.queries import statuses
from fauxtune.storage.rows.configuration import ProfileConflictRow, ProfileRow
from fauxtune.surfaces.graph.call import Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.device_configurations import below, profile_row
from fauxtune.surfaces.graph.resources.profile_parts import setting_summaries

CONFLICT_SUMMARY = entity("deviceConfigurationConflictSummary")
DEVICE_SUMMARY = entity("deviceConfigurationDeviceStateSummary")
SETTING_SUMMARY = entity("settingStateDeviceSummary")
USER_SUMMARY = entity("deviceConfigurationUserStateSummary")

_SETTINGS = "deviceSettingStateSummaries"
_CONFLICTS = "deviceManagement/deviceConfigurationConflictSummary"


async def list_setting_summaries(call: Call) -> Answer:
    """GET .../{profile}/deviceSettingStateSummaries."""
    profile, summaries = await _settings(call)
    return list_documents(call, summaries, entity=SETTING_SUMMARY, context=below(profile, _SETTINGS))


async def count_setting_summaries(call: Call) -> Answer:
    """GET .../{profile}/deviceSettingStateSummaries/$count."""
    _profile, summaries = await _settings(call)
    return count_documents(call, summaries, entity=SETTING_SUMMARY)


async def get_setting_summary(call: Call) -> Answer:
    """GET .../{profile}/deviceSettingStateSummaries/{summary}."""
    profile, summaries = await _settings(call)
    key = call.keys["summary"]
    document = element_document(call, summaries, entity=SETTING_SUMMARY, key=key)
    if document is None:
        raise NotFound(f"There is no settingStateDeviceSummary '{key}'.")
    return entity_answer(call, document, context=below(profile, _SETTINGS))


async def _settings(call: Call) -> tuple[ProfileRow, list[Json]]:
    profile = await profile_row(call)
    return profile, await call.read(lambda connection: setting_summaries(call, connection, profile))


def _summary(name: str, entity: Entity, *, count: Callable[..., dict[str, int]], ending: str) -> Handler:
    """Return the handler of one of the tenant's two summaries, each a single object with the tenant's id."""

    async def handler(call: Call) -> Answer:
        check_options(call, entity)
        counts = await call.read(count, call.tenant.id)
        document = {"id": call.tenant.id, **_counts(counts, ending)}
        document = view(entity, document, version=call.version, select=call.query.select)
        return entity_answer(call, document, context=f"deviceManagement/{name}")

    return handler


#: GET /deviceManagement/deviceConfigurationDeviceStateSummaries, and the same for users (beta).
device_summary = _summary(
    "deviceConfigurationDeviceStateSummaries",
    DEVICE_SUMMARY,
    count=statuses.device_summary,
    ending="DeviceCount",
)
user_summary = _summary(
    "deviceConfigurationUserStateSummaries", USER_SUMMARY, count=statuses.user_summary, ending="UserCount"
)


async def list_conflicts(call: Call) -> Answer:
    """GET /deviceManagement/deviceConfigurationConflictSummary: which profiles are in conflict, by their kind of
    setting. Empty as long as none is.
    """
    return list_documents(call, await _conflicts(call), entity=CONFLICT_SUMMARY, context=_CONFLICTS)


async def count_conflicts(call: Call) -> Answer:
    """GET .../deviceConfigurationConflictSummary/$count."""
    return count_documents(call, await _conflicts(call), entity=CONFLICT_SUMMARY)


async def get_conflict(call: Call) -> Answer:
    """GET .../deviceConfigurationConflictSummary/{id}."""
    key = call.keys["conflict"]
    document = element_document(call, await _conflicts(call), entity=CONFLICT_SUMMARY, key=key)
    if document is None:
        raise NotFound(f"There is no conflict '{key}'.")
    return entity_answer(call, document, context=f"{_CONFLICTS}/$entity")


async def _conflicts(call: Call) -> list[Json]:
    rows = await call.read(statuses.conflicts, call.tenant.id)
    by_setting: dict[str, list[ProfileConflictRow]] = {}
    for row in rows:
        by_setting.setdefault(setting_of(row.kind)[0], []).append(row)
    return [_conflict(setting, rows) for setting, rows in sorted(by_setting.items())]


def source_of(profile_id: str, name: str | None) -> Json:
    """Return a profile as the source of a setting."""
    return {"id": profile_id, "displayName": name, "sourceType": "deviceConfiguration"}


def _conflict(setting: str, rows: list[ProfileConflictRow]) -> Json:
    return {
        "id": "_".join(row.profile_id for row in rows),
        "conflictingDeviceConfigurations": [source_of(row.profile_id, row.name) for row in rows],
        "contributingSettings": [setting],
        "deviceCheckinsImpacted": max(row.devices for row in rows),
    }


def _counts(counts: dict[str, int], ending: str) -> Json:
    return {f"{status}{ending}": number for status, number in counts.items()}
