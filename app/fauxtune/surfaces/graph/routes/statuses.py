"""Statuses of profiles: below each profile, below each device, and in the tenant as a whole; and the states of
certificates.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import profile_statuses
from fauxtune.surfaces.graph.routes.collections import read, read_collection

ANY_CERTIFICATE_STATE = entity("managedAllDeviceCertificateState")
CERTIFICATE_STATE = entity("managedDeviceCertificateState")
CONFIGURATION_STATE = entity("deviceConfigurationState")
CONFLICT_SUMMARY = entity("deviceConfigurationConflictSummary")
DEVICE_OVERVIEW = entity("deviceConfigurationDeviceOverview")
DEVICE_STATUS = entity("deviceConfigurationDeviceStatus")
DEVICE_SUMMARY = entity("deviceConfigurationDeviceStateSummary")
SETTING_STATE = complex_type("deviceConfigurationSettingState")
SETTING_SUMMARY = entity("settingStateDeviceSummary")
USER_OVERVIEW = entity("deviceConfigurationUserOverview")
USER_STATUS = entity("deviceConfigurationUserStatus")
USER_SUMMARY = entity("deviceConfigurationUserStateSummary")

_PROFILE = "deviceManagement/deviceConfigurations/{profile}"
_ALL_CERTIFICATES = "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates"
_CONFLICTS = "deviceManagement/deviceConfigurationConflictSummary"
_DEVICES = ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")

_CONFLICT = approximated("by setting; ids and names of settings are of our own making")
_SETTINGS = approximated(
    "a property of a restriction profile; of any other profile a certificate or an account, in words of our own"
)
_WORST = approximated("a device, or a user, counts once, with the worst of its profiles")
_CERTIFICATES = approximated("which state the service shows when is not documented")
_read = partial(read, permissions=needs.READ_CONFIGURATION)
_collection = partial(read_collection, permissions=needs.READ_CONFIGURATION)


_OF_PROFILES: tuple[Route[Handler], ...] = (
    *_collection(
        f"{_PROFILE}/deviceStatuses",
        profile_statuses.OF_DEVICES,
        summaries=(
            "List the status of a profile on each device",
            "Count the devices that have a status",
            "Get the status of a profile on one device",
        ),
        returns=DEVICE_STATUS,
        fidelity_of_count=DEVICE_STATUS.fidelity,
    ),
    _read(
        f"{_PROFILE}/deviceStatusOverview",
        profile_statuses.device_status_overview,
        summary="Count devices by the status of a profile",
        returns=DEVICE_OVERVIEW,
        dated=True,
    ),
    *_collection(
        f"{_PROFILE}/userStatuses",
        profile_statuses.OF_USERS,
        summaries=(
            "List the status of a profile for each user",
            "Count the users whose devices have reported",
            "Get the status of a profile for one user",
        ),
        returns=USER_STATUS,
    ),
    _read(
        f"{_PROFILE}/userStatusOverview",
        profile_statuses.user_status_overview,
        summary="Count users by the status of a profile",
        returns=USER_OVERVIEW,
        dated=True,
    ),
    *_collection(
        f"{_PROFILE}/deviceSettingStateSummaries",
        profile_statuses.SETTINGS_OF_PROFILE,
        summaries=(
            "List the states of a profile's settings",
            "Count the settings of a profile",
            "Get the state of one setting",
        ),
        returns=SETTING_SUMMARY,
        fidelity=_SETTINGS,
        fidelity_of_count=_SETTINGS,
    ),
    *_collection(
        f"{_PROFILE}/managedDeviceCertificateStates",
        profile_statuses.STATES_OF_CERTIFICATES,
        summaries=(
            "List the state of each device's certificate",
            "Count the certificates of a profile",
            "Get the state of one device's certificate",
        ),
        returns=CERTIFICATE_STATE,
        beta_only=True,
        fidelity=_CERTIFICATES,
    ),
)


def _of_devices(root: str) -> Iterator[Route[Handler]]:
    states = f"{root}/{{device}}/deviceConfigurationStates"
    # The operations are documented with the one, the device that they are read through with the other.
    permissions = (*needs.READ_MANAGED, *needs.READ_CONFIGURATION)
    yield _read(
        states,
        profile_statuses.STATES_OF_DEVICE.every,
        summary="Profiles of a device",
        returns=CONFIGURATION_STATE,
        many=True,
        permissions=permissions,
    )
    yield _read(
        f"{states}/$count",
        profile_statuses.STATES_OF_DEVICE.count,
        summary="Count the profiles of a device",
        source=CONFIGURATION_STATE.source,
        permissions=permissions,
    )
    yield _read(
        f"{states}/{{state}}",
        profile_statuses.get_state,
        summary="Get the state of one profile on a device",
        returns=CONFIGURATION_STATE,
        permissions=permissions,
        fidelity=_SETTINGS,
    )
    yield _read(
        f"{states}/{{state}}/settingStates",
        profile_statuses.list_settings,
        summary="List the states of a profile's settings on a device",
        source=SETTING_STATE.source,
        beta_only=True,
        permissions=permissions,
        fidelity=_SETTINGS,
    )


_OF_TENANT: tuple[Route[Handler], ...] = (
    _read(
        "deviceManagement/deviceConfigurationDeviceStateSummaries",
        profile_statuses.device_summary,
        summary="Counts of states in the tenant",
        returns=DEVICE_SUMMARY,
        fidelity=_WORST,
    ),
    _read(
        "deviceManagement/deviceConfigurationUserStateSummaries",
        profile_statuses.user_summary,
        summary="Counts of users' states in the tenant",
        returns=USER_SUMMARY,
        beta_only=True,
        fidelity=_WORST,
    ),
    *_collection(
        _CONFLICTS,
        profile_statuses.CONFLICTS,
        summaries=(
            "Profiles that are in conflict",
            "Count the conflicts between profiles",
            "Get the profiles of one conflict",
        ),
        returns=CONFLICT_SUMMARY,
        beta_only=True,
        fidelity=_CONFLICT,
    ),
    *_collection(
        _ALL_CERTIFICATES,
        profile_statuses.ALL_CERTIFICATES,
        summaries=("States of all certificates", "Count all certificates", "State of one certificate"),
        returns=ANY_CERTIFICATE_STATE,
        beta_only=True,
        fidelity=_CERTIFICATES,
    ),
)

STATUSES: tuple[Route[Handler], ...] = (
    *_OF_PROFILES,
    *(route for root in _DEVICES for route in _of_devices(root)),
    *_OF_TENANT,
)
