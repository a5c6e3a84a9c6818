"""Windows Autopilot: the import of hardware hashes, what it gives, deployment profiles, what a device is told, and how
the work goes on with time.

Graph: importedWindowsAutopilotDeviceIdentity, windowsAutopilotDeviceIdentity, windowsAutopilotDeploymentProfile;
Windows IT Pro docs: "Windows Autopilot known issues" for the numbers of errors, "Windows Autopilot for existing
devices" for the names in what a device is told.

Imports, assignments and synchronisations go on with time. Graph: importedWindowsAutopilotDeviceIdentityImportStatus,
windowsAutopilotProfileAssignmentStatus, windowsAutopilotSettings: sync (409 while one runs, 429 within ten minutes of
the last one).

Unverified: how long each step takes. Published logs show imports of 1 to 15 minutes; here they are short, so that a
program that waits by its own watch is soon done, and long enough that it meets each status.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fauxtune.core.clock import from_iso
from fauxtune.core.errors import Invalid, TooSoon, UnderWay
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BuiltIn, Rules

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
_STATE = "#microsoft.graph.importedWindowsAutopilotDeviceIdentityState"
#: In the document of an identity: the id of its device in the directory, and of the profile that it was given by hand.
DIRECTORY_DEVICE, GIVEN = "@directoryDevice", "@givenProfile"
#: In the document of an import: whether its hash is one.
IS_HASH = "@isHash"
#: The id of what a tenant has one of.
SETTINGS_ID = "windowsAutopilotSettings"
_OWN_ID = "[ZTDId]:"
_MACRO = re.compile(r"%SERIAL%|%RAND:([1-9][0-9]?)%", re.IGNORECASE)
_LONGEST_NAME = 15
#: "Windows Autopilot for existing devices": the bits of CloudAssignedOobeConfig that follow from a profile.
_LOCAL_USER, _SKIP_PRIVACY, _SKIP_OEM, _SKIP_EULA = 2, 4, 8, 16


def check_profile(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid for a template of names that gives no name of a computer. "Configure Autopilot profiles"
    (2024-06-19): at most 15 characters, not only digits; a serial number is cut by the device. Unverified: the words.
    """
    template = str(document.get("deviceNameTemplate") or "")
    literal = _MACRO.sub("", template)
    drawn = sum(int(digits) for digits in _MACRO.findall(template) if digits)
    if re.fullmatch(r"[A-Za-z0-9-]*", literal) is None:
        why = "has letters, digits and hyphens, and the macros %SERIAL% and %RAND:x%"
    elif len(literal) + drawn > _LONGEST_NAME:
        why = f"has at most {_LONGEST_NAME} characters"
    elif template and "%SERIAL%" not in template.upper() and not literal.strip("0123456789"):
        why = "does not consist only of digits"
    else:
        return
    raise Invalid(f"A name {why}.", target="deviceNameTemplate")


#: The same page: at most 350 profiles of a tenant.
DEPLOYMENT_PROFILES = Rules(
    "windowsAutopilotDeploymentProfiles", check=check_profile, unassigned_to_delete=True, most={"": 350}
)
IDENTITIES = Rules("windowsAutopilotDeviceIdentities")
SETTINGS = Rules(SETTINGS_ID, built_in=(BuiltIn(SETTINGS_ID, SETTINGS_ID, {}),), locked_built_in=False)
#: An event's time is the moment of its creation, and no client changes one.
EVENTS = Rules("autopilotEvents", created="eventDateTime", modified="eventDateTime")
#: The hash itself is not kept.
IMPORTS = Rules("importedWindowsAutopilotDeviceIdentities", derived=lambda each: {**each, "hardwareIdentifier": ""})


def import_state(status: str, *, device_id: str = "", code: int = 0, name: str = "") -> JsonObject:
    """Return the state of an import; `device_id` is the identity's that it gave."""
    return {
        "@odata.type": _STATE,
        "deviceImportStatus": status,
        "deviceRegistrationId": device_id,
        "deviceErrorCode": code,
        "deviceErrorName": name,
    }


def is_hash(text: str) -> bool:
    """Whether a text can be a hardware hash: Windows' begin with OA. Unverified: what else the service looks at."""
    try:
        return b64decode(text, validate=True).startswith(b"OA")
    except binascii.Error:
        return False


#: 802 and 806 are the numbers that Windows' documentation has.
INVALID_HASH = import_state("error", code=802, name="InvalidZtdHardwareHash")
ALREADY_ASSIGNED = import_state("error", code=806, name="ZtdDeviceAlreadyAssigned")


def physical_ids(identity_id: str, *, group_tag: object, order: object = None) -> list[str]:
    """Return the physical ids of the directory's device of an identity, by which dynamic groups name it."""
    tagged = [f"[OrderId]:{group_tag}"] if group_tag else []
    ordered = [f"[PurchaseOrderId]:{order}"] if order else []
    return [f"{_OWN_ID}{identity_id}", *tagged, *ordered]


def identity_of(physical_ids: Iterable[str]) -> str | None:
    """Return the id of the identity that the physical ids of a device name; None for no Autopilot device."""
    return next((each.removeprefix(_OWN_ID) for each in physical_ids if each.startswith(_OWN_ID)), None)


def enrollment_type(kind: str, profile: JsonObject) -> str:
    """Return how a device enrols with a profile of this kind (Graph: windowsAutopilotEnrollmentType)."""
    if kind.startswith("activeDirectory"):
        return "offlineDomainJoined"
    if is_self_deploying(profile):
        return "azureADJoinedUsingDeviceAuthWithAutopilotProfile"
    return "azureADJoinedWithAutopilotProfile"


def is_self_deploying(profile: JsonObject) -> bool:
    """Whether no user takes part in the deployment."""
    return _experience(profile).get("deviceUsageType") == "shared"


def configuration(profile: JsonObject, identity: JsonObject, *, tenant_id: str, domain: str) -> JsonObject:
    """Return what a device is told before its set-up, in the words of AutopilotConfigurationFile.json.

    Differs from Intune: what the deployment service really sends is not published; `AutopilotMode` (0 user-driven, 1
    self-deploying) and `DeploymentProfileName` are as Windows keeps them in its registry.
    """
    experience = _experience(profile)
    joins_hybrid = str(profile.get("@odata.type", "")).endswith("activeDirectoryWindowsAutopilotDeploymentProfile")
    bits = _SKIP_OEM
    bits |= _LOCAL_USER if experience.get("userType") == "standard" else 0
    bits |= _SKIP_PRIVACY if _hidden(experience, "privacySettingsHidden", "hidePrivacySettings") else 0
    bits |= _SKIP_EULA if _hidden(experience, "eulaHidden", "hideEULA") else 0
    return {
        "CloudAssignedTenantId": tenant_id,
        "CloudAssignedTenantDomain": domain,
        "CloudAssignedDomainJoinMethod": int(joins_hybrid),
        "CloudAssignedDeviceName": profile.get("deviceNameTemplate") or "",
        "CloudAssignedOobeConfig": bits,
        "CloudAssignedForcedEnrollment": 1,
        "AutopilotMode": int(is_self_deploying(profile)),
        "DeploymentProfileName": profile.get("displayName") or "",
        "ZtdCorrelationId": identity["id"],
        "Version": 2049,
    }


def _experience(profile: JsonObject) -> Mapping[str, Any]:
    return profile.get("outOfBoxExperienceSetting") or profile.get("outOfBoxExperienceSettings") or {}


def _hidden(experience: Mapping[str, Any], *names: str) -> bool:
    return any(experience.get(name) is True for name in names)


#: From the POST: the import is pending, and done. From the moment when a profile reaches a device: it is assigned.
PENDING_AFTER, IMPORTED_AFTER, ASSIGNED_AFTER = timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=30)
SYNC_TAKES, SYNC_AGAIN_AFTER = timedelta(seconds=30), timedelta(minutes=10)
#: Intune synchronises by itself, too.
SYNC_EVERY = timedelta(days=1)

UNKNOWN, PENDING = "unknown", "pending"
NOT_ASSIGNED, IN_SYNC, OUT_OF_SYNC, UNKNOWN_SYNC = (
    "notAssigned",
    "assignedInSync",
    "assignedOutOfSync",
    "assignedUnkownSyncState",
)
#: The statuses with which a device is told its profile.
ASSIGNED = frozenset({IN_SYNC, OUT_OF_SYNC, UNKNOWN_SYNC})
_IN_PROGRESS, _COMPLETED = "inProgress", "completed"


def import_status(age: timedelta) -> str | None:
    """Return the status of an import of this age; None: it is done."""
    if age >= IMPORTED_AFTER:
        return None
    return PENDING if age >= PENDING_AFTER else UNKNOWN


def assigned_status(assigned_at: datetime, *, changed_at: datetime, synced_at: datetime) -> str:
    """Return the status of a profile that was assigned at this moment, and changed and synchronised last at these.
    Unverified: that these moments decide it.
    """
    if synced_at < assigned_at:
        return UNKNOWN_SYNC
    return OUT_OF_SYNC if changed_at > synced_at else IN_SYNC


def last_sync(settings: JsonObject) -> datetime:
    """Return when the last synchronisation ended."""
    return from_iso(settings["lastSyncDateTime"])


def sync_ends(settings: JsonObject) -> datetime | None:
    """Return when the synchronisation that runs ends; None without one."""
    if settings["syncStatus"] != _IN_PROGRESS:
        return None
    return from_iso(settings["lastManualSyncTriggerDateTime"]) + SYNC_TAKES


def after_sync(settings: JsonObject, *, now: datetime) -> dict[str, object]:
    """Return what time has changed of the settings: a synchronisation that has ended, or the daily one."""
    ends = sync_ends(settings)
    if ends is not None:
        return {"syncStatus": _COMPLETED, "lastSyncDateTime": ends} if ends <= now else {}
    if now - last_sync(settings) >= SYNC_EVERY:
        return {"syncStatus": _COMPLETED, "lastSyncDateTime": now}
    return {}


def begun_sync(settings: JsonObject, *, now: datetime) -> dict[str, object]:
    """Return what a synchronisation that begins now changes. Raises UnderWay while one runs, TooSoon shortly after."""
    ends = sync_ends(settings)
    if ends is not None and ends > now:
        raise UnderWay("A synchronisation with the Autopilot service runs already.")
    since = now - from_iso(settings["lastManualSyncTriggerDateTime"])
    if timedelta(0) <= since < SYNC_AGAIN_AFTER:
        raise TooSoon("The Autopilot devices were synchronised less than ten minutes ago.")
    return {"syncStatus": _IN_PROGRESS, "lastManualSyncTriggerDateTime": now}
