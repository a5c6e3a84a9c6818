"""The documents of a new device: Graph's managedDevice, and the directory's device."""

from __future__ import annotations

from typing import Any

from fauxtune.core.clock import iso, parse_duration
from fauxtune.core.engine.planning.plan import NEVER
from fauxtune.core.graph.devices import MANAGED_DEVICE
from fauxtune.core.graph.directory import DEVICE
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.runtime.transaction import Transaction


def entra_device(directory_id: str, azure_id: str, *, record: dict[str, Any]) -> dict[str, Any]:
    """The device as the directory has it (Graph: device)."""
    return {
        **defaults(DEVICE),
        "id": directory_id,
        "deviceId": azure_id,
        "displayName": record["deviceName"],
        "operatingSystem": record["operatingSystem"],
        "operatingSystemVersion": record["osVersion"],
        "accountEnabled": True,
        "isManaged": True,
        "isCompliant": True,
        "trustType": "Workplace",
    }


def managed_device(
    tx: Transaction, facts: dict[str, Any], *, variant: Variant, user: dict[str, Any] | None
) -> dict[str, Any]:
    """Graph's record of a new device (managedDevice; values by platform as live tenants show them). Unverified: what a
    device is called that has neither a name nor a user.
    """
    known, now = FACTS[variant], tx.now
    named = user or {"id": "", "userPrincipalName": "", "displayName": "", "mail": ""}
    upn = str(named["userPrincipalName"])
    called = upn.split("@")[0] or facts.get("serialNumber") or facts["managedDeviceId"][:8]
    identity_ends = now + parse_duration(str(tx.tenant.setting("identityValidity")))
    hour = now.strftime("%I").lstrip("0")
    mirrored = ("model", "manufacturer", "serialNumber", "imei", "meid", "wiFiMacAddress", "osVersion")
    return {
        **defaults(MANAGED_DEVICE),
        **{name: facts.get(name) or "" for name in mirrored},
        "id": facts["managedDeviceId"],
        "udid": facts.get("udid"),
        "deviceName": facts.get("deviceName") or f"{called}_{known.operating_system}",
        "managedDeviceName": (
            f"{called}_{known.operating_system}_{now.month}/{now.day}/{now.year}_{hour}:{now:%M} {now:%p}"
        ),
        "androidSecurityPatchLevel": facts.get("androidSecurityPatchLevel") or "",
        "userId": named["id"],
        "userPrincipalName": upn,
        "userDisplayName": named.get("displayName"),
        "emailAddress": named.get("mail") or upn,
        "enrolledDateTime": iso(now),
        "lastSyncDateTime": iso(now),
        "managementCertificateExpirationDate": iso(min(identity_ends, NEVER)),
        "azureADDeviceId": facts["azureADDeviceId"],
        "azureActiveDirectoryDeviceId": facts["azureADDeviceId"],
        "azureADRegistered": True,
        "aadRegistered": True,
        "operatingSystem": known.operating_system,
        "deviceEnrollmentType": known.enrollment_type,
        "managementAgent": known.management_agent,
        "deviceType": known.device_type,
        "managedDeviceOwnerType": known.owner_type,
        "ownerType": known.owner_type,
        "managementState": "managed",
        "deviceRegistrationState": "registered",
        "complianceState": "compliant",
        "isEncrypted": True,
        "jailBroken": "False",
    }
