"""Apps on Apple devices: the commands that install, remove and list them, the manifest of an app of the organisation,
and what the answers mean.

Apple: "Install Application Command", "Remove Application Command", "Managed Application List Command", "Installed
Application List Command" (device-management, 2026), and the manifest of "Distribute proprietary in-house apps". Differs
from Intune: a manifest names the file as it was uploaded, which is encrypted, for the keys of contents are not kept: a
real device could not install it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from fauxtune.core.formats.plist import Plist, write
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.items import Problem
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_kinds import Way, store_number
from fauxtune.core.policies.app_states import FAILED_ON_APPLE
from fauxtune.operations.checkin.steps import AppDelivery, AppSighting
from fauxtune.operations.runtime.contents import Contents

#: ManagementFlags: the app goes with the MDM profile. PurchaseMethod: a licence of the organisation.
_REMOVED_WITH_PROFILE, _LICENSED = 1, 1
#: In the data of an answer, by identifier: the words of ManagedApplicationList, the versions of
#: InstalledApplicationList. The most apps of one answer, and the most characters of a word.
_STATUSES, _INSTALLED = "statuses", "installed"
_MOST, _LONGEST = 2000, 200
#: How long the address of a manifest is valid.
_VALID = timedelta(days=1)
#: RejectionReason: the app is there, or will be.
HARMLESS_REJECTIONS = frozenset({"AppAlreadyInstalled", "AppAlreadyQueued"})
#: Statuses of ManagedApplicationList.
_THERE = frozenset({"Managed", "Installed", "UserInstalledApp"})
_GONE = frozenset({"ManagedButUninstalled", "Unknown"})
#: The last that a device says of an app, and Graph's error code. Unverified: of which status each is.
_FAILURES: dict[str, tuple[int, str]] = {
    "Failed": (FAILED_ON_APPLE, "The installation of the app failed."),
    "UserRejected": (0x87D13B62 - (1 << 32), "The user rejected the offer to install the app."),
    "UpdateRejected": (0x87D13B63 - (1 << 32), "The user rejected the offer to update the app."),
    "ManagementRejected": (0x87D13B68 - (1 << 32), "The user rejected that the installed app is managed."),
}

#: Returns the address of the manifest of an app.
ManifestUrl = Callable[[AppDelivery], str]


def install(app: AppDelivery, *, on_mac: bool, manifest_url: ManifestUrl) -> Plist:
    """Return the command that installs an app, or its newer version."""
    command: Plist = {"RequestType": "InstallApplication", "ManagementFlags": _flags(app)}
    if app.way is Way.MANIFEST:
        command["ManifestURL"] = manifest_url(app)
    else:
        number = store_number(app.document)
        command["Identifier"] = app.identifier
        if number is not None:
            command["iTunesStoreID"] = number
        command["Options"] = {"PurchaseMethod": _LICENSED if app.way is Way.LICENSE else 0}
    if on_mac:
        is_managed = app.way is Way.LICENSE or app.document.get("installAsManaged") is True
        return {**command, "InstallAsManaged": is_managed} if is_managed else _unmanaged(command)
    command["ChangeManagementState"] = "Managed"
    if any(setting.get("isRemovable") is False for setting in app.settings):
        command["Attributes"] = {"Removable": False}
    return command


def remove(app: AppDelivery) -> Plist:
    """Return the command that removes a managed app."""
    return {"RequestType": "RemoveApplication", "Identifier": app.identifier}


def list_apps(apps: tuple[AppDelivery, ...], *, on_mac: bool, for_states: bool) -> Plist:
    """Return the command that asks for these apps: for their states, or for those that are there with their versions.
    A Mac also has apps that it does not manage, and no states of these.
    """
    identifiers = [app.identifier for app in apps]
    if for_states and not on_mac:
        return {"RequestType": "ManagedApplicationList", "Identifiers": identifiers}
    managed: Plist = {} if on_mac else {"ManagedAppsOnly": True}
    return {"RequestType": "InstalledApplicationList", "Identifiers": identifiers, **managed}


def answer_data(response: Plist) -> JsonObject | None:
    """Return what an answer says of apps, by their identifiers; None if it is not one about apps."""
    statuses, installed = response.get("ManagedApplicationList"), response.get("InstalledApplicationList")
    if isinstance(statuses, dict):
        known = [(name, item) for name, item in statuses.items() if isinstance(item, dict)]
        return {_STATUSES: {str(name): _word(item.get("Status")) for name, item in known[:_MOST]}}
    if isinstance(installed, list):
        items = [item for item in installed if isinstance(item, dict) and item.get("Identifier")]
        return {_INSTALLED: {_word(item["Identifier"]): _installed(item) for item in items[:_MOST]}}
    return None


def sightings(data: JsonObject) -> dict[str, AppSighting] | None:
    """Return what an answer means; None if it is not one about apps."""
    if _STATUSES not in data and _INSTALLED not in data:
        return None
    result = {name: _sighting(word) for name, word in data.get(_STATUSES, {}).items()}
    for name, version in data.get(_INSTALLED, {}).items():
        waits = "The device says: Installing." if version is None else None
        result[name] = AppSighting(is_there=version is not None, version=version, waits=waits)
    return result


def manifest(app: AppDelivery, *, package_url: str) -> bytes:
    """Return the manifest: where the package of an app is, and what it installs."""
    metadata = {
        "bundle-identifier": app.identifier,
        "bundle-version": str(app.document.get("versionNumber") or app.document.get("buildNumber") or "1.0"),
        "kind": "software",
        "title": str(app.document.get("displayName") or app.identifier),
    }
    package = {"kind": "software-package", "url": package_url}
    return write({"items": [{"assets": [package], "metadata": metadata}]})


def manifest_query(app: AppDelivery, *, tenant_id: TenantId, contents: Contents, now: datetime) -> str:
    """Return the query of a manifest's address: the right to read the app's file."""
    assert app.file is not None, app.app_id
    return contents.address(tenant_id, app.file.id, expires=now + _VALID, allowed="r").partition("?")[2]


def _word(value: object) -> str:
    return str(value or "Unknown")[:_LONGEST]


def _installed(item: Plist) -> str | None:
    """The version of an installed app; None while it is being installed."""
    is_under_way = item.get("Installing") is True
    return None if is_under_way else _word(item.get("ShortVersion") or item.get("Version") or "0")


def _unmanaged(command: Plist) -> Plist:
    """An app that a Mac installs and does not manage: it stays when the profile goes."""
    return {key: value for key, value in command.items() if key != "ManagementFlags"}


def _flags(app: AppDelivery) -> int:
    """Intune, "Assign apps to groups", App uninstall setting: by default an app of the organisation goes and one from
    the store stays; of settings that differ the one that keeps the app wins.
    """
    default = app.way is Way.MANIFEST
    wishes = [setting.get("uninstallOnDeviceRemoval") for setting in app.settings]
    goes = all(default if wish is None else wish is True for wish in wishes) if wishes else default
    return _REMOVED_WITH_PROFILE if goes else 0


def _sighting(word: str) -> AppSighting:
    if word in _THERE:
        return AppSighting(is_there=True)
    if word in _GONE:
        return AppSighting()
    if word in _FAILURES:
        code, why = _FAILURES[word]
        return AppSighting(problem=Problem(code, why))
    return AppSighting(waits=f"The device says: {word}.")
