"""Profiles, their assignments, references and statuses.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.entities import configuration as types
from fauxtune.core.odata.paths import Route
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import device_configurations as profiles
from fauxtune.surfaces.graph.resources import device_statuses as statuses
from fauxtune.surfaces.graph.routes import permissions as needs

_ALL = "deviceManagement/deviceConfigurations"
_ONE = f"{_ALL}/{{profile}}"
_BASE = types.DEVICE_CONFIGURATION
_READ, _WRITE = needs.READ_CONFIGURATION, needs.WRITE_CONFIGURATION

CONFIGURATIONS: tuple[Route[Handler], ...] = (
    Route("GET", _ALL, profiles.list_profiles, "List profiles", returns=_BASE, many=True, permissions=_READ),
    Route(
        "POST",
        _ALL,
        profiles.create_profile,
        "Create a profile",
        accepts=_BASE,
        returns=_BASE,
        status=201,
        permissions=_WRITE,
    ),
    Route("GET", f"{_ALL}/$count", profiles.count_profiles, "Count profiles", permissions=_READ),
    Route("GET", _ONE, profiles.get_profile, "Get a profile", returns=_BASE, permissions=_READ),
    Route(
        "PATCH",
        _ONE,
        profiles.update_profile,
        "Update a profile",
        accepts=_BASE,
        returns=_BASE,
        permissions=_WRITE,
    ),
    Route("DELETE", _ONE, profiles.delete_profile, "Delete a profile", status=204, permissions=_WRITE),
)

ASSIGNMENTS: tuple[Route[Handler], ...] = (
    Route(
        "POST",
        f"{_ONE}/assign",
        profiles.assign,
        "Replace the assignments",
        returns=types.DEVICE_CONFIGURATION_ASSIGNMENT,
        many=True,
        permissions=_WRITE,
    ),
    Route(
        "GET",
        f"{_ONE}/assignments",
        profiles.list_assignments,
        "List the assignments",
        returns=types.DEVICE_CONFIGURATION_ASSIGNMENT,
        many=True,
        permissions=_READ,
    ),
)

STATUSES: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        f"{_ONE}/deviceStatuses",
        statuses.list_device_statuses,
        "List how devices fare",
        returns=types.DEVICE_CONFIGURATION_DEVICE_STATUS,
        many=True,
        permissions=_READ,
    ),
    Route(
        "GET",
        f"{_ONE}/deviceStatuses/$count",
        statuses.count_device_statuses,
        "Count the devices that have reported",
        permissions=_READ,
    ),
    Route(
        "GET",
        f"{_ONE}/deviceStatusOverview",
        statuses.device_status_overview,
        "Count how devices fare",
        returns=types.DEVICE_CONFIGURATION_DEVICE_OVERVIEW,
        permissions=_READ,
    ),
)

PROFILES: tuple[Route[Handler], ...] = (*CONFIGURATIONS, *ASSIGNMENTS, *STATUSES)
