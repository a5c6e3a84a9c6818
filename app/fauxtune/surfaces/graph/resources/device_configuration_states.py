"""The states of the profiles of one device, and of their settings. Graph: deviceConfigurationState,
deviceConfigurationSettingState.

The id of a state is that of its profile. Lists leave `settingStates` empty, as the service does; a single state has
them, and so has the path below it (beta).
"""

from __future__ import annotations

from collections.abc import Mapping

from fauxtune.core.engine.graph_states.settings import SettingState, setting_states, states_of_settings
from fauxtune.core.engine.planning.report import ProfileOutcome
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow, Problem
from fauxtune.core.model.states import ProfileStatus, Source
from fauxtune.core.odata.documents.view import view
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.settings import wishes_in
from fauxtune.storage.collections.statuses import CONFIGURATION_STATES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration, devices
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.storage.rows.statuses import ConfigurationStateRow
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.lists import Listed, collection_answer, stored
from fauxtune.surfaces.graph.resources.below import Below, placed
from fauxtune.surfaces.graph.resources.managed_devices import device_row
from fauxtune.surfaces.graph.resources.state_summaries import source_of

CONFIGURATION_STATE = entity("deviceConfigurationState")
SETTING_STATE = complex_type("deviceConfigurationSettingState")


async def get_state(call: Call) -> Answer:
    """GET .../{device}/deviceConfigurationStates/{state}."""
    device = await device_row(call)
    check_options(call, CONFIGURATION_STATE)
    row, settings = await _found(call, device)
    document = {**row.document, "settingStates": settings}
    document = view(CONFIGURATION_STATE, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_context(device))


async def list_settings(call: Call) -> Answer:
    """GET .../{device}/deviceConfigurationStates/{state}/settingStates: the property alone."""
    _row, settings = await _found(call, await device_row(call))
    whole = view(CONFIGURATION_STATE, {"settingStates": settings}, version=call.version)
    return collection_answer(
        call,
        whole["settingStates"],
        context=f"Collection({SETTING_STATE.full_name})",
        total=len(settings) if call.query.count else None,
    )


async def _found(call: Call, device: JoinedDeviceRow) -> tuple[ConfigurationStateRow, list[Json]]:
    row = await STATES.row(call, device)

    return row, await call.read(_settings_of, call, row)


def _settings_of(connection: Connection, call: Call, row: ConfigurationStateRow) -> list[Json]:
    profile_id = ProfileId(row.document["id"])
    rows = devices.ledger_rows(connection, row.enrollment_id).values()
    held = [each for each in rows if any(claim.profile == profile_id for claim in each.claims)]
    problem = None if row.error_code is None else Problem(row.error_code, row.message or "")
    outcome = ProfileOutcome(ProfileStatus(row.document["state"]), problem)
    states = _states(connection, call, row, held=held) or setting_states(row.kind, held, outcome=outcome)
    others = frozenset(source for state in states for source in state.sources)
    names = configuration.names_of_policies(connection, call.tenant.id, ids=others)
    return [_setting(state, row, names=names) for state in states]


def _states(
    connection: Connection, call: Call, row: ConfigurationStateRow, *, held: list[LedgerRow]
) -> tuple[SettingState, ...]:
    """The states of the settings that a profile asks for by words of the wire; none for any other profile."""
    known = kind(row.kind)
    if known is None or known.family.source is not Source.SETTING:
        return ()
    profile = configuration.profile(connection, call.tenant.id, profile_id=row.document["id"])
    if profile is None:
        return ()
    return states_of_settings(row.kind, profile.id, wishes=wishes_in(row.kind, profile.document), rows=held)


def _setting(state: SettingState, row: ConfigurationStateRow, *, names: Mapping[ProfileId, str]) -> Json:
    device = row.device
    own = ProfileId(row.document["id"])
    sources = [own, *(source for source in state.sources if source != own)]
    return {
        "setting": state.setting,
        "settingName": state.name,
        "instanceDisplayName": state.instance,
        "settingInstanceId": state.instance,
        "state": state.status.value,
        "errorCode": 0 if state.problem is None else state.problem.code,
        "errorDescription": None if state.problem is None else state.problem.message,
        "userId": device.get("userId"),
        "userName": device.get("userDisplayName"),
        "userEmail": device.get("emailAddress"),
        "userPrincipalName": device.get("userPrincipalName"),
        "sources": [source_of(each, names.get(each, row.document["displayName"])) for each in sources],
        "currentValue": state.value,
    }


def _context(device: JoinedDeviceRow) -> str:
    return f"deviceManagement/managedDevices('{device.id}')/deviceConfigurationStates"


#: One row per profile that the device has planned with.
STATES = Below(
    device_row,
    placed(Listed(collection=CONFIGURATION_STATES, entity=CONFIGURATION_STATE, context="", document=stored), _context),
    key="state",
)
