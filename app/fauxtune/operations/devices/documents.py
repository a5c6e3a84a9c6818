"""The documents of a new device: Graph's managedDevice, and the directory's device."""

from __future__ import annotations

from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.engine.compliance.states import DeviceState, is_compliant
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.graph.device_facts import accepted, shown
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.devices.inventory_facts import in_directory
from fauxtune.operations.runtime.transaction import Transaction

MANAGED_DEVICE = entity("managedDevice")
DEVICE = entity("device")

#: data. How a device is joined to the directory by its way of enrolment; trustType of the directory's device.
_JOIN_TYPES = {"windowsAzureADJoin": "azureADJoined"}
_TRUST = {"azureADJoined": "AzureAd", "azureADRegistered": "Workplace"}


def entra_device(directory_id: DirectoryDeviceId, azure_id: str, *, record: JsonObject) -> JsonObject:
    """Return the device's document in the directory (Graph: device)."""
    return {
        **defaults(DEVICE),
        **in_directory(record),
        "id": directory_id,
        "deviceId": azure_id,
        "displayName": record["deviceName"],
        "operatingSystem": record["operatingSystem"],
        "operatingSystemVersion": record["osVersion"],
        "accountEnabled": True,
        "isManaged": True,
        # A tenant with compliance policies judges the device at its first check-in.
        "isCompliant": is_compliant(DeviceState(record["complianceState"])),
        "trustType": _TRUST[record["joinType"]],
        "enrollmentProfileName": record["enrollmentProfileName"],
    }


def managed_device(tx: Transaction, facts: JsonObject, *, variant: Variant, user: JsonObject | None) -> JsonObject:
    """Return Graph's record of a new device (managedDevice; values by platform as live tenants show them). Unverified:
    the name of a device that has neither a name nor a user.
    """
    known, now = FACTS[variant], tx.now
    ownership = "company" if facts.get("isCorporate") else known.owner_type
    owner = user or {"id": "", "userPrincipalName": "", "displayName": "", "mail": ""}
    upn = str(owner["userPrincipalName"])
    name = upn.split("@")[0] or facts.get("serialNumber") or facts["managedDeviceId"][:8]
    identity_ends = now + parse_duration(str(tx.tenant.setting("identityValidity")))
    hour = now.strftime("%I").lstrip("0")
    mirrored = ("model", "manufacturer", "serialNumber", "imei", "meid", "wiFiMacAddress", "osVersion")
    return {
        **defaults(MANAGED_DEVICE),
        **dict.fromkeys((*mirrored, "androidSecurityPatchLevel"), ""),
        **shown(accepted(facts), owner=ownership),
        "id": facts["managedDeviceId"],
        "deviceName": facts.get("deviceName") or f"{name}_{known.operating_system}",
        "managedDeviceName": (
            f"{name}_{known.operating_system}_{now.month}/{now.day}/{now.year}_{hour}:{now:%M} {now:%p}"
        ),
        "userId": owner["id"],
        "userPrincipalName": upn,
        "userDisplayName": owner.get("displayName"),
        "emailAddress": owner.get("mail") or upn,
        "enrolledDateTime": iso(now),
        "lastSyncDateTime": iso(now),
        "managementCertificateExpirationDate": iso(min(identity_ends, NEVER)),
        "azureADDeviceId": facts["azureADDeviceId"],
        "azureActiveDirectoryDeviceId": facts["azureADDeviceId"],
        "azureADRegistered": True,
        "aadRegistered": True,
        "operatingSystem": known.operating_system,
        "deviceEnrollmentType": "appleUserEnrollment" if facts.get("isUserEnrollment") else known.enrollment_type,
        "managementAgent": known.management_agent,
        "deviceType": known.device_type,
        "managedDeviceOwnerType": ownership,
        "ownerType": ownership,
        "enrollmentProfileName": facts.get("enrollmentProfileName"),
        "autopilotEnrolled": facts.get("autopilotEnrolled", False),
        "managementState": "managed",
        "deviceRegistrationState": "registered",
        "complianceState": (DeviceState.UNKNOWN if tx.tenant.judges_devices else DeviceState.COMPLIANT).value,
        "joinType": _JOIN_TYPES.get(known.enrollment_type, "azureADRegistered"),
        "enrolledByUserPrincipalName": upn,
    }
