"""How profiles stand on devices and for users: statuses, states of settings and certificates, summaries.

*Devices* (Graph: deviceConfigurationDeviceStatus, deviceConfigurationDeviceOverview). Differs from Intune: one row for
a device, not one for each of its users; a device here has one at most.

*Users* (deviceConfigurationUserStatus, deviceConfigurationUserOverview). A user's status is the worst of the user's
devices; devices without a user are not counted. Unverified: the form of the id, which is `<user>_<profile>` here.

*Profiles of one device* (deviceConfigurationState, deviceConfigurationSettingState). The id of a state is that of its
profile. Lists leave `settingStates` empty, as the service does; a single state has them, and so has the path below it
(beta).

*Certificates* (managedDeviceCertificateState, managedAllDeviceCertificateState, beta). A PKCS or SCEP profile has one
row for a device, one of imported certificates a row for a device and certificate. A row stays when its certificate is
removed, until the device's record is deleted. Of an imported certificate only the import's data are known, unless this
tenant's CA issued it.

*Summaries* (settingStateDeviceSummary, deviceConfigurationDeviceStateSummary, deviceConfigurationUserStateSummary,
deviceConfigurationConflictSummary). Unverified: that a device, or a user, counts once in the tenant's summaries, with
the worst of its profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fauxtune.core.engine.graph_states import SettingState, conflicts_in, setting_states, states_of_settings
from fauxtune.core.engine.planning.reported_items import ProfileOutcome
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow, Problem
from fauxtune.core.model.settings import Asking
from fauxtune.core.model.states import ProfileStatus, Source
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Entity, approximated
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.settings import wishes_in
from fauxtune.storage.collections.certificate_states import ALL_CERTIFICATE_STATES, PROFILE_CERTIFICATE_STATES
from fauxtune.storage.collections.statuses import (
    CONFIGURATION_STATES,
    DEVICE_STATUSES,
    USER_STATUSES,
    ConfigurationStateRow,
)
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration, devices
from fauxtune.storage.queries.insight import statuses
from fauxtune.storage.queries.insight.groups_and_profiles import counted_settings
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Handler, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import (
    Listed,
    collection_answer,
    computed,
    stored,
)
from fauxtune.surfaces.graph.resources.device_configurations import CONFIGURATIONS, below, profile_with
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_row
from fauxtune.surfaces.graph.resources.parts import Below, Computed, Found, Rows, placed
from fauxtune.surfaces.graph.resources.profile_expansion import (
    CONTEXT,
    device_overview,
    setting_summaries,
    user_overview,
)

OF_PROFILE = Routes(f"{CONFIGURATIONS.path}/{{profile}}", read=needs.READ_CONFIGURATION)
# The operations are documented with the one, the device that they are read through with the other.
OF_DEVICE = Routes(*DEVICE_PATHS, read=(*needs.READ_MANAGED, *needs.READ_CONFIGURATION))
OF_TENANT = Routes("deviceManagement", read=needs.READ_CONFIGURATION)
_OF_SETTINGS = approximated(
    "a property of a restriction profile; of any other profile a certificate or an account, in words of our own"
)
_WORST = approximated("a device, or a user, counts once, with the worst of its profiles")
_CERTIFICATES = approximated("which state the service shows when is not documented")

DEVICE_OVERVIEW = entity("deviceConfigurationDeviceOverview")
DEVICE_STATUS = entity("deviceConfigurationDeviceStatus")

#: One row per device that the profile reaches. One that has not planned with it yet is `unknown` and was last heard of
#: in the year 1. Unverified: that the real service lists such devices. The id is `<user>_<profile>_<device>`: there is
#: no device property, and tools split the id.
_OF_DEVICES = Below(
    CONFIGURATIONS.row,
    placed(
        Listed(collection=DEVICE_STATUSES, entity=DEVICE_STATUS, context=CONTEXT, document=computed),
        lambda profile: below(profile, "deviceStatuses"),
    ),
    key="status",
)
OF_PROFILE.collection(
    "/deviceStatuses",
    _OF_DEVICES,
    *("List the status of a profile on each device", "Count the devices that have a status"),
    "Get the status of a profile on one device",
    returns=DEVICE_STATUS,
    count={"fidelity": DEVICE_STATUS.fidelity},
)


@OF_PROFILE.get("/deviceStatusOverview", returns=DEVICE_OVERVIEW, dated=True)
async def device_status_overview(call: Call) -> Answer:
    """Count devices by the status of a profile."""
    profile = await CONFIGURATIONS.row(call)
    check_options(call, DEVICE_OVERVIEW)
    document = await call.read(lambda connection: device_overview(call, connection, profile))
    document = view(DEVICE_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=below(profile, "deviceStatusOverview"))


USER_OVERVIEW = entity("deviceConfigurationUserOverview")
USER_STATUS = entity("deviceConfigurationUserStatus")

#: One row per user with a device that the profile reaches, also before it has planned with it. Unverified: that the
#: real service lists such users.
_OF_USERS = Below(
    CONFIGURATIONS.row,
    placed(
        Listed(collection=USER_STATUSES, entity=USER_STATUS, context=CONTEXT, document=computed),
        lambda profile: below(profile, "userStatuses"),
    ),
    key="status",
)
OF_PROFILE.collection(
    "/userStatuses",
    _OF_USERS,
    *("List the status of a profile for each user", "Count the users whose devices have reported"),
    "Get the status of a profile for one user",
    returns=USER_STATUS,
)


@OF_PROFILE.get("/userStatusOverview", returns=USER_OVERVIEW, dated=True)
async def user_status_overview(call: Call) -> Answer:
    """Count users by the status of a profile."""
    profile = await CONFIGURATIONS.row(call)
    check_options(call, USER_OVERVIEW)
    document = await call.read(lambda connection: user_overview(call, connection, profile))
    document = view(USER_OVERVIEW, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=below(profile, "userStatusOverview"))


CONFIGURATION_STATE = entity("deviceConfigurationState")
SETTING_STATE = complex_type("deviceConfigurationSettingState")


@OF_DEVICE.get("/deviceConfigurationStates/{state}", returns=CONFIGURATION_STATE, fidelity=_OF_SETTINGS)
async def get_state(call: Call) -> Answer:
    """Get the state of one profile on a device."""
    device = await device_row(call)
    check_options(call, CONFIGURATION_STATE)
    row, settings = await _found(call, device)
    document = {**row.document, "settingStates": settings}
    document = view(CONFIGURATION_STATE, document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_context(device))


@OF_DEVICE.get(
    "/deviceConfigurationStates/{state}/settingStates",
    source=SETTING_STATE.source,
    beta_only=True,
    fidelity=_OF_SETTINGS,
)
async def list_settings(call: Call) -> Answer:
    """List the states of a profile's settings on a device."""
    _row, settings = await _found(call, await device_row(call))
    whole = view(CONFIGURATION_STATE, {"settingStates": settings}, version=call.version)
    return collection_answer(
        call,
        whole["settingStates"],
        context=f"Collection({SETTING_STATE.full_name})",
        total=len(settings) if call.query.count else None,
    )


async def _found(call: Call, device: JoinedDeviceRow) -> tuple[ConfigurationStateRow, list[Json]]:
    row = await STATES_OF_DEVICE.row(call, device)

    return row, await call.read(_settings_of, call, row)


def _settings_of(connection: Connection, call: Call, row: ConfigurationStateRow) -> list[Json]:
    profile_id = ProfileId(row.document["id"])
    rows = devices.ledger_rows(connection, row.enrollment_id).values()
    held = [ledger for ledger in rows if any(claim.profile == profile_id for claim in ledger.claims)]
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
        "sources": [
            source_of(profile_id, names.get(profile_id, row.document["displayName"])) for profile_id in sources
        ],
        "currentValue": state.value,
    }


def _context(device: JoinedDeviceRow) -> str:
    return f"deviceManagement/managedDevices('{device.id}')/deviceConfigurationStates"


#: One row per profile that the device has planned with.
STATES_OF_DEVICE = Below(
    device_row,
    placed(Listed(collection=CONFIGURATION_STATES, entity=CONFIGURATION_STATE, context="", document=stored), _context),
    key="state",
)
OF_DEVICE.list("/deviceConfigurationStates", summary="Profiles of a device", returns=CONFIGURATION_STATE)(
    STATES_OF_DEVICE.every
)
OF_DEVICE.count(
    "/deviceConfigurationStates/$count", summary="Count the profiles of a device", source=CONFIGURATION_STATE.source
)(STATES_OF_DEVICE.count)


ANY_CERTIFICATE_STATE = entity("managedAllDeviceCertificateState")
CERTIFICATE_STATE = entity("managedDeviceCertificateState")

_ALL = "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
_NAME = "managedDeviceCertificateStates"
OF_TENANT.collection(
    f"/{_ALL.partition('/')[2]}",
    Rows(
        Listed(collection=ALL_CERTIFICATE_STATES, entity=ANY_CERTIFICATE_STATE, context=_ALL, document=computed),
        key="state",
    ),
    *("States of all certificates", "Count all certificates", "State of one certificate"),
    returns=ANY_CERTIFICATE_STATE,
    beta_only=True,
    fidelity=_CERTIFICATES,
)


async def _profile(call: Call) -> ProfileRow:
    return await profile_with(call, _NAME)


_STATES_OF_CERTIFICATES = Below(
    _profile,
    placed(
        Listed(collection=PROFILE_CERTIFICATE_STATES, entity=CERTIFICATE_STATE, context=CONTEXT, document=computed),
        lambda profile: below(profile, f"microsoft.graph.{profile.kind}/{_NAME}"),
    ),
    key="state",
)
OF_PROFILE.collection(
    f"/{_NAME}",
    _STATES_OF_CERTIFICATES,
    *("List the state of each device's certificate", "Count the certificates of a profile"),
    "Get the state of one device's certificate",
    returns=CERTIFICATE_STATE,
    beta_only=True,
    fidelity=_CERTIFICATES,
)


CONFLICT_SUMMARY = entity("deviceConfigurationConflictSummary")
DEVICE_SUMMARY = entity("deviceConfigurationDeviceStateSummary")
SETTING_SUMMARY = entity("settingStateDeviceSummary")
USER_SUMMARY = entity("deviceConfigurationUserStateSummary")

_SETTINGS = "deviceSettingStateSummaries"
_CONFLICTS = "deviceManagement/deviceConfigurationConflictSummary"


async def _settings(call: Call) -> Found:
    profile = await CONFIGURATIONS.row(call)
    documents = await call.read(lambda connection: setting_summaries(call, connection, profile))
    return below(profile, _SETTINGS), documents


OF_PROFILE.collection(
    f"/{_SETTINGS}",
    Computed(SETTING_SUMMARY, _settings, key="summary"),
    *("List the states of a profile's settings", "Count the settings of a profile", "Get the state of one setting"),
    returns=SETTING_SUMMARY,
    fidelity=_OF_SETTINGS,
    count={"fidelity": _OF_SETTINGS},
)


def _summary(name: str, entity: Entity, *, count: Callable[..., dict[str, int]], ending: str) -> Handler:
    """Return the handler of one of the tenant's two summaries, each a single object with the tenant's id."""

    async def handler(call: Call) -> Answer:
        check_options(call, entity)
        counts = await call.read(count, call.tenant.id)
        document = {"id": call.tenant.id, **_counts(counts, ending)}
        document = view(entity, document, version=call.version, select=call.query.select)
        return entity_answer(call, document, context=f"deviceManagement/{name}")

    return handler


for _name, _kind, _about, _count, _ending, _beta_only in (
    ("Device", DEVICE_SUMMARY, "states", statuses.device_summary, "DeviceCount", False),
    ("User", USER_SUMMARY, "users' states", statuses.user_summary, "UserCount", True),
):
    OF_TENANT.get(
        f"/deviceConfiguration{_name}StateSummaries",
        summary=f"Counts of {_about} in the tenant",
        returns=_kind,
        beta_only=_beta_only,
        fidelity=_WORST,
    )(_summary(f"deviceConfiguration{_name}StateSummaries", _kind, count=_count, ending=_ending))


async def _conflicts(call: Call) -> Found:
    return _CONFLICTS, await call.read(_read_conflicts, call)


def _no_conflict(key: str) -> NotFound:
    return NotFound(f"There is no conflict '{key}'.")


#: Which profiles and policies of the settings catalog are in conflict, by the setting. Empty as long as none is.
OF_TENANT.collection(
    f"/{_CONFLICTS.partition('/')[2]}",
    Computed(CONFLICT_SUMMARY, _conflicts, key="conflict", missing=_no_conflict),
    *("Profiles that are in conflict", "Count the conflicts between profiles", "Get the profiles of one conflict"),
    returns=CONFLICT_SUMMARY,
    beta_only=True,
    fidelity=approximated("by setting; ids and names of settings are of our own making"),
)


def _read_conflicts(connection: Connection, call: Call) -> list[Json]:
    tenant_id = call.tenant.id
    conflicts: dict[str, tuple[tuple[Asking, ...], int]] = {}
    for row in statuses.conflicts(connection, tenant_id):
        counted = counted_settings(connection, tenant_id, profile_id=row.profile_id)
        conflicts |= conflicts_in((settings.row, settings.devices) for settings in counted)
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
        "conflictingDeviceConfigurations": [source_of(profile, names.get(profile)) for profile in profiles],
        "contributingSettings": sorted({one.setting for one in by}),
        "deviceCheckinsImpacted": devices,
    }


def _counts(counts: dict[str, int], ending: str) -> Json:
    return {f"{status}{ending}": number for status, number in counts.items()}
