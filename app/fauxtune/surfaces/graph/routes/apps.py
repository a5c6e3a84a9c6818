"""Apps: what they have beside what every resource has, and their configurations on managed devices.

What apps have beside what every resource has: contents, relationships, categories.

App configurations of managed devices.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Entity, Fidelity, approximated, stored
from fauxtune.operations.insight.audit_rules import assigns_app_configuration
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.families import apps
from fauxtune.surfaces.graph.resources import app_configurations as configurations
from fauxtune.surfaces.graph.resources import app_contents
from fauxtune.surfaces.graph.resources import device_apps as devices
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own

_APP = "deviceAppManagement/mobileApps/{resource}"
_VERSIONS = f"{_APP}/contentVersions"
_FILES = f"{_VERSIONS}/{{content}}/files"
_FILE = f"{_FILES}/{{file}}"
_SCRIPTS = f"{_VERSIONS}/{{content}}/scripts"
_CATEGORY, _RELATIONSHIP = entity("mobileAppCategory"), entity("mobileAppRelationship")
_ASSIGNED_ALONE = approximated("apps that management installed: simulated devices have no others")
_TOLD_ALONE = approximated("the states that devices report; links and apps that no device installs have none")
_SCRIPT = stored("kept: a device has the outcome that is declared of the app")
_CHECKED = approximated("the check is done when the request is answered, and nothing is pending afterwards")


def _read(
    template: str, handler: Handler, *, summary: str, returns: Entity | None, many: bool = False
) -> Route[Handler]:
    return Route(
        "GET",
        template,
        handler,
        summary,
        returns=returns,
        many=many,
        beta_only=returns is _RELATIONSHIP,
        permissions=needs.READ_APPS,
        source=f"Graph: {'mobileAppContent' if returns is None else returns.name}: {'list' if many else 'get'}",
    )


def _write(
    method: str,
    template: str,
    *,
    handler: Handler,
    summary: str,
    source: str,
    accepts: Entity | None = None,
    returns: Entity | None = None,
    status: int = 204,
    fidelity: Fidelity = EXACT,
) -> Route[Handler]:
    return Route(
        method,
        template,
        handler,
        summary,
        accepts=accepts,
        returns=returns,
        status=status,
        permissions=needs.WRITE_APPS,
        source=f"Graph: {source}",
        fidelity=fidelity,
    )


def _contents() -> Iterator[Route[Handler]]:
    content, file = app_contents.CONTENT, app_contents.FILE
    yield _read(
        _VERSIONS, app_contents.list_versions, summary="List the content versions of an app", returns=content, many=True
    )
    yield _read(f"{_VERSIONS}/$count", app_contents.count_versions, summary="Count them", returns=None)
    yield _read(f"{_VERSIONS}/{{content}}", app_contents.get_version, summary="Get a content version", returns=content)
    yield _write(
        "POST",
        _VERSIONS,
        handler=app_contents.add_version,
        summary="Add a content version to an app",
        source="mobileAppContent: create",
        accepts=content,
        returns=content,
        status=201,
    )
    yield _read(_FILES, app_contents.list_files, summary="List the files of a content version", returns=file, many=True)
    yield _read(f"{_FILES}/$count", app_contents.count_files, summary="Count them", returns=None)
    yield _read(_FILE, app_contents.get_file, summary="Get a file, with the address to upload it to", returns=file)
    yield _write(
        "POST",
        _FILES,
        handler=app_contents.add_file,
        summary="Announce a file",
        source="mobileAppContentFile: create",
        accepts=file,
        returns=file,
        status=201,
    )
    yield _write(
        "POST",
        f"{_FILE}/renewUpload",
        handler=app_contents.renew_upload,
        summary="Renew the address",
        source="mobileAppContentFile: renewUpload",
    )
    yield _write(
        "POST",
        f"{_FILE}/commit",
        handler=app_contents.commit,
        summary="Commit a file that was uploaded",
        source="mobileAppContentFile: commit",
        fidelity=_CHECKED,
    )


def _scripts() -> Iterator[Route[Handler]]:
    """Scripts that install an app. The operations are those of `mobileAppContent`'s navigation `scripts`."""
    one, script = f"{_SCRIPTS}/{{script}}", app_contents.SCRIPT
    for template, handler, summary, returns, many in (
        (_SCRIPTS, app_contents.list_scripts, "List the scripts of a content version", script, True),
        (f"{_SCRIPTS}/$count", app_contents.count_scripts, "Count them", None, False),
        (one, app_contents.get_script, "Get a script", script, False),
    ):
        route = _read(template, handler, summary=summary, returns=returns, many=many)
        yield replace(route, beta_only=True, fidelity=_SCRIPT)
    added = _write(
        "POST",
        _SCRIPTS,
        handler=app_contents.add_script,
        summary="Add a script to a content version",
        source="mobileAppContent: scripts",
        accepts=script,
        returns=script,
        status=201,
        fidelity=_SCRIPT,
    )
    gone = _write(
        "DELETE",
        one,
        handler=app_contents.delete_script,
        summary="Delete a script",
        source="mobileAppContent: scripts",
        fidelity=_SCRIPT,
    )
    yield from (replace(route, beta_only=True) for route in (added, gone))


def _relations() -> Iterator[Route[Handler]]:
    yield replace(
        _read("deviceAppManagement", apps.get_service, summary="The apps of the tenant", returns=apps.SERVICE),
        fidelity=approximated("always the same"),
    )
    yield _read(
        f"{_APP}/relationships",
        apps.list_relationships,
        summary="List the relationships of an app",
        returns=_RELATIONSHIP,
        many=True,
    )
    yield _read(
        f"{_APP}/relationships/{{relationship}}",
        apps.get_relationship,
        summary="Get one of them",
        returns=_RELATIONSHIP,
    )
    yield _read(
        f"{_APP}/categories",
        apps.list_categories,
        summary="List the categories of an app",
        returns=_CATEGORY,
        many=True,
    )
    yield _write(
        "POST",
        f"{_APP}/categories/$ref",
        handler=apps.add_category,
        summary="Put an app into a category",
        source="mobileApp: add a category",
    )
    yield _write(
        "DELETE",
        f"{_APP}/categories/{{category}}/$ref",
        handler=apps.remove_category,
        summary="Take an app out of a category",
        source="mobileApp: remove a category",
    )


def _on_devices() -> Iterator[Route[Handler]]:
    detected, device = devices.DETECTED_APP, devices.MANAGED_DEVICE
    place, read = "deviceManagement/detectedApps", needs.READ_MANAGED
    one = f"{place}/{{app}}"
    for template, handler, summary, returns, many in (
        (place, devices.ON_DEVICES.every, "List the apps that devices have", detected, True),
        (f"{place}/$count", devices.ON_DEVICES.count, "Count them", None, False),
        (one, devices.ON_DEVICES.get, "Get one of them", detected, False),
        (f"{one}/managedDevices", devices.list_devices_with, "List the devices that have an app", device, True),
        *(
            (f"{root}/{{device}}/detectedApps{end}", handler, summary, returns, many)
            for root in ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
            for end, handler, summary, returns, many in (
                ("", devices.ON_DEVICE.every, "List the apps that a device has", detected, True),
                ("/$count", devices.ON_DEVICE.count, "Count them", None, False),
                ("/{part}", devices.ON_DEVICE.get, "Get one of them", detected, False),
            )
        ),
    ):
        route = _read(template, handler, summary=summary, returns=returns, many=many)
        is_beta = returns is not None and "/{device}/" in template
        yield replace(route, permissions=read, beta_only=is_beta, source="Graph: detectedApp", fidelity=_ASSIGNED_ALONE)
    for template, handler, many in (
        ("users/{user}/mobileAppIntentAndStates", devices.INTENTS.every, True),
        ("users/{user}/mobileAppIntentAndStates/{device}", devices.INTENTS.get, False),
    ):
        summary = "List the apps of a user's devices" if many else "Get the apps of a user's device"
        route = _read(template, handler, summary=summary, returns=devices.INTENT_AND_STATE, many=many)
        yield replace(route, beta_only=True, fidelity=_TOLD_ALONE)


APP_PARTS: tuple[Route[Handler], ...] = (*_contents(), *_scripts(), *_relations(), *_on_devices())


_ONE = "deviceAppManagement/mobileAppConfigurations/{configuration}"
_ASSIGNMENT = entity("managedDeviceMobileAppConfigurationAssignment")
_READ, _WRITE = needs.READ_APPS, needs.WRITE_APPS

APP_CONFIGURATIONS: tuple[Route[Handler], ...] = (
    *routes_of_own(configurations.CONFIGURATIONS),
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
    *read_collection(
        f"{_ONE}/assignments",
        configurations.ASSIGNED,
        summaries=("List the assignments", "Count the assignments", "Get an assignment"),
        returns=_ASSIGNMENT,
        permissions=_READ,
        source="Graph: managedDeviceMobileAppConfigurationAssignment: list",
        source_of_element="Graph: managedDeviceMobileAppConfigurationAssignment: get",
        fidelity=EXACT,
    ),
)
