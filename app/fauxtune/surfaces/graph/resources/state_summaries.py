"""Summaries of the states of settings, and of profiles in the whole tenant. Graph: settingStateDeviceSummary,
deviceConfigurationDeviceStateSummary, deviceConfigurationUserStateSummary, deviceConfigurationConflictSummary.

Unverified: that a device, or a user, counts once in the tenant's summaries, with the worst of its profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fauxtune.core.engine.graph_states.settings import conflicts_in
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.settings import Asking
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration, statuses
from fauxtune.storage.queries.profile_overview import counted_settings
from fauxtune.storage.rows.configuration import ProfileRow
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
    """GET /deviceManagement/deviceConfigurationConflictSummary: which profiles and policies of the settings catalog are
    in conflict, by the setting. Empty as long as none is.
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
    return await call.read(_read_conflicts, call)


def _read_conflicts(connection: Connection, call: Call) -> list[Json]:
    tenant_id = call.tenant.id
    conflicts: dict[str, tuple[tuple[Asking, ...], int]] = {}
    for row in statuses.conflicts(connection, tenant_id):
        counted = counted_settings(connection, tenant_id, profile_id=row.profile_id)
        conflicts |= conflicts_in((each.row, each.devices) for each in counted)
    names = configuration.names_of_policies(
        connection, tenant_id, ids={one.profile for by, _devices in conflicts.values() for one in by}
    )
    return [_conflict(by, devices, names=names) for _address, (by, devices) in sorted(conflicts.items())]


def source_of(profile_id: str, name: str | None) -> Json:
    """Return a profile as the source of a setting."""
    return {"id": profile_id, "displayName": name, "sourceType": "deviceConfiguration"}


def _conflict(by: tuple[Asking, ...], devices: int, *, names: Mapping[ProfileId, str]) -> Json:
    profiles = list(dict.fromkeys(one.profile for one in by))
    return {
        "id": "_".join([*profiles, *sorted({one.setting for one in by})]),
        "conflictingDeviceConfigurations": [source_of(each, names.get(each)) for each in profiles],
        "contributingSettings": sorted({one.setting for one in by}),
        "deviceCheckinsImpacted": devices,
    }


def _counts(counts: dict[str, int], ending: str) -> Json:
    return {f"{status}{ending}": number for status, number in counts.items()}
