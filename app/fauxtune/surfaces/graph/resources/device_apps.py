"""Apps on devices, by device and by user. Graph: detectedApp, mobileAppIntentAndState.

Both come from the states of apps that are assigned to devices: simulated devices have no others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import approximated
from fauxtune.core.policies.app_states import InstallState
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.operations.profiles import resources
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import app_states as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.resources import InstalledAppRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import list_documents
from fauxtune.surfaces.graph.resources.device_parts import listed_document
from fauxtune.surfaces.graph.resources.managed_devices import DEVICE_PATHS, device_row
from fauxtune.surfaces.graph.resources.parts import Computed, Found
from fauxtune.surfaces.graph.resources.users import key_of

DETECTED_APP, MANAGED_DEVICE = entity("detectedApp"), entity("managedDevice")
INTENT_AND_STATE = entity("mobileAppIntentAndState")
_DETECTED = "deviceManagement/detectedApps"
_ASSIGNED = approximated("apps that management installed: simulated devices have no others")
DETECTED = Routes(_DETECTED, type=DETECTED_APP, source=DETECTED_APP.source, read=needs.READ_MANAGED, fidelity=_ASSIGNED)
OF_DEVICE = Routes(
    *DEVICE_PATHS, type=DETECTED_APP, source=DETECTED_APP.source, read=needs.READ_MANAGED, fidelity=_ASSIGNED
)
OF_USER = Routes(
    "users/{user}/mobileAppIntentAndStates",
    type=INTENT_AND_STATE,
    read=needs.READ_APPS,
    beta_only=True,
    fidelity=approximated("the states that devices report; links and apps that no device installs have none"),
)
#: Graph: detectedAppPlatformType, by how the name of a kind begins.
_PLATFORMS = (
    ("android", "androidWorkProfile"),
    ("managedAndroid", "androidWorkProfile"),
    ("ios", "ios"),
    ("managedIOS", "ios"),
    ("macO", "macOS"),
    ("win", "windows"),
    ("office", "windows"),
    ("microsoftStore", "windows"),
)
#: Graph: mobileAppIntent of an assignment's intent.
_INTENTS = {
    "required": "requiredInstall",
    "uninstall": "requiredUninstall",
    "available": "available",
    "availableWithoutEnrollment": "availableInstallWithoutEnrollment",
}


async def _on_any_device(call: Call) -> Found:
    return _DETECTED, await call.read(_detected, call)


DETECTED.collection(
    "",
    Computed(DETECTED_APP, _on_any_device, key="app"),
    *("List the apps that devices have", "Count them", "Get one of them"),
)


@DETECTED.list("/{app}/managedDevices", returns=MANAGED_DEVICE)
async def list_devices_with(call: Call) -> Answer:
    """List the devices that have an app."""
    documents = await call.read(_devices_with, call)
    context = f"{_DETECTED}('{call.keys['app']}')/managedDevices"
    return list_documents(call, documents, entity=MANAGED_DEVICE, context=context)


async def _on_one_device(call: Call) -> Found:
    device = (await device_row(call)).id
    documents = await call.read(_detected, call, device=device)
    return f"managedDevices('{device}')/detectedApps", documents


OF_DEVICE.collection(
    "/detectedApps",
    Computed(DETECTED_APP, _on_one_device, key="part"),
    *("List the apps that a device has", "Count them", "Get one of them"),
    beta_only=True,
    count={"beta_only": False},
)


async def _intents_of_user(call: Call) -> Found:
    documents = await call.read(_intents, call)
    return _intents_path(call), documents


#: One for each of a user's devices: what is intended for its apps, and how they are.
_INTENTS_OF_USER = Computed(INTENT_AND_STATE, _intents_of_user, key="device")
OF_USER.list(summary="List the apps of a user's devices")(_INTENTS_OF_USER.every)
OF_USER.get("/{device}", summary="Get the apps of a user's device")(_INTENTS_OF_USER.get)


def _intents_path(call: Call) -> str:
    return f"users('{key_of(call)}')/mobileAppIntentAndStates"


def _detected(connection: Connection, call: Call, *, device: str | None = None) -> list[Json]:
    """Return what devices have installed, each app once; of one device if it is named."""
    rows = [row for row in queries.on_devices(connection, call.tenant.id) if row.state == InstallState.INSTALLED]
    apps = _apps(connection, call, rows=rows)
    by_key: dict[str, Json] = {}
    for row in rows:
        if device is not None and row.managed_device_id != device:
            continue
        key = _key(row)
        kind, app = apps.get(row.app_id, ("", {}))
        document = by_key.setdefault(
            key,
            {
                "id": key,
                "displayName": app.get("displayName") or row.identifier,
                "version": row.version,
                "sizeInByte": 0,
                "deviceCount": 0,
                "publisher": app.get("publisher") if device is None else None,
                "platform": _platform(kind) if device is None else "unknown",
            },
        )
        document["deviceCount"] += 1
    return list(by_key.values())


def _devices_with(connection: Connection, call: Call) -> list[Json]:
    rows = [row for row in queries.on_devices(connection, call.tenant.id) if row.state == InstallState.INSTALLED]
    ids = [row.managed_device_id for row in rows if _key(row) == call.keys["app"].lower()]
    if not ids:
        raise NotFound(f"There is no detectedApp '{call.keys['app']}'.")
    known = device_queries.managed_devices_by_id(connection, call.tenant.id, ids=ids)
    return [listed_document(row) for row in known]


def _intents(connection: Connection, call: Call) -> list[Json]:
    user = directory_queries.user_by_key(connection, call.tenant.id, key=key_of(call))
    if user is None:
        raise NotFound(f"There is no user '{key_of(call)}'.")
    every = queries.on_devices(connection, call.tenant.id)
    # Intune: only apps that are assigned show states, not those that others depend on or replace.
    rows = [row for row in every if row.user_id == user.id and row.intent in _INTENTS]
    apps = _apps(connection, call, rows=rows)
    by_device: dict[str, list[Json]] = {}
    for row in rows:
        by_device.setdefault(row.managed_device_id, []).append(_detail(row, apps.get(row.app_id, ("", {}))[1]))
    return [_intents_document(user.id, device, listed=listed) for device, listed in by_device.items()]


def _intents_document(user_id: UserId, device: str, *, listed: list[Json]) -> Json:
    return {"id": device, "managedDeviceIdentifier": device, "userId": user_id, "mobileAppList": listed}


def _detail(row: InstalledAppRow, app: Mapping[str, object]) -> Json:
    return {
        "applicationId": row.app_id,
        "displayName": app.get("displayName"),
        "displayVersion": row.version,
        "installState": row.state,
        "mobileAppIntent": _INTENTS[row.intent],
        "supportedDeviceTypes": [],
    }


def _apps(connection: Connection, call: Call, *, rows: Sequence[InstalledAppRow]) -> dict[str, tuple[str, JsonObject]]:
    """Return kind and document of these apps, by id."""
    ids = {row.app_id for row in rows}
    known = resource_queries.resources_by_id(connection, call.tenant.id, ids=ids) if ids else {}
    every = (*resources.built_in_rows(APP_RULES, call.tenant), *known.values())
    return {str(row.id): (row.kind, row.document) for row in every}


def _platform(kind: str) -> str:
    """Graph: detectedAppPlatformType of an app of this kind."""
    return next((word for begin, word in _PLATFORMS if kind.startswith(begin)), "unknown")


def _key(row: InstalledAppRow) -> str:
    """Return the id of a detected app, which is the same for all devices that have this version of it."""
    return hashlib.sha256(f"{row.identifier}/{row.version}".encode()).hexdigest()[:32]
