"""App configurations of managed devices.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.operations.insight.audit_rules import (
    APP_CONFIGURATION,
    assigns_app_configuration,
    changes,
    creates,
    deletes,
)
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import app_configurations as configurations

_ALL = "deviceAppManagement/mobileAppConfigurations"
_ONE = f"{_ALL}/{{configuration}}"
_BASE = entity("managedDeviceMobileAppConfiguration")
_ASSIGNMENT = entity("managedDeviceMobileAppConfigurationAssignment")
_READ, _WRITE = needs.READ_APPS, needs.WRITE_APPS

_OUTLOOK = approximated(
    "that of Outlook reaches devices, and its state is among deviceConfigurationStates; that of another app is kept"
)

APP_CONFIGURATIONS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _ALL,
        configurations.list_configurations,
        "List app configurations",
        returns=_BASE,
        many=True,
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfiguration: list",
    ),
    Route(
        "POST",
        _ALL,
        audited_by(creates(APP_CONFIGURATION), configurations.create_configuration),
        "Create an app configuration",
        accepts=_BASE,
        returns=_BASE,
        status=201,
        permissions=_WRITE,
        source="Graph: iosMobileAppConfiguration: create",
        fidelity=_OUTLOOK,
    ),
    Route(
        "GET",
        f"{_ALL}/$count",
        configurations.count_configurations,
        "Count app configurations",
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfiguration: list",
    ),
    Route(
        "GET",
        _ONE,
        configurations.get_configuration,
        "Get an app configuration",
        returns=_BASE,
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfiguration: get",
    ),
    Route(
        "PATCH",
        _ONE,
        audited_by(changes(APP_CONFIGURATION), configurations.update_configuration),
        "Update an app configuration",
        accepts=_BASE,
        returns=_BASE,
        permissions=_WRITE,
        source="Graph: iosMobileAppConfiguration: update",
        fidelity=_OUTLOOK,
    ),
    Route(
        "DELETE",
        _ONE,
        audited_by(deletes(APP_CONFIGURATION), configurations.delete_configuration),
        "Delete an app configuration",
        status=204,
        permissions=_WRITE,
        source="Graph: iosMobileAppConfiguration: delete",
    ),
    Route(
        "POST",
        f"{_ONE}/assign",
        audited_by(assigns_app_configuration, configurations.assign),
        "Replace the assignments",
        returns=_ASSIGNMENT,
        many=True,
        permissions=_WRITE,
        source="Graph: managedDeviceMobileAppConfiguration: assign",
        fidelity=approximated("200 with the assignments: the reference has 204"),
    ),
    Route(
        "GET",
        f"{_ONE}/assignments",
        configurations.ASSIGNED.every,
        "List the assignments",
        returns=_ASSIGNMENT,
        many=True,
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfigurationAssignment: list",
    ),
    Route(
        "GET",
        f"{_ONE}/assignments/$count",
        configurations.ASSIGNED.count,
        "Count the assignments",
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfigurationAssignment: list",
    ),
    Route(
        "GET",
        f"{_ONE}/assignments/{{target}}",
        configurations.ASSIGNED.get,
        "Get an assignment",
        returns=_ASSIGNMENT,
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfigurationAssignment: get",
    ),
)
