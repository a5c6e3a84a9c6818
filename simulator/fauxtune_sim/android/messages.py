"""The Android wire's messages, bytes and types only.

JSON over HTTPS with the vocabulary of the Android Management API (enterprises.devices, enterprises.policies); key
pairs, trusted certificates and the pull of operations are this emulator's own, as Android has no such wire.
`tests/wire/android` holds an example of each.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fauxtune_sim.android.enrollment import android_enrollment
from fauxtune_sim.android.modes import MODES
from fauxtune_sim.device import Device
from fauxtune_sim.enrollment import Refusal
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.hardware import AndroidHardware
from fauxtune_sim.platforms import Mode

#: The wire's words for where a key comes from, and ours.
_SOURCES = {"PKCS": "pkcs", "IMPORTED_PFX": "imported", "SCEP": "scep"}


@dataclass(frozen=True, slots=True)
class EnrollAnswer:
    """What enrolment gave. `identity_certificate` is DER."""

    name: str
    credential: str
    identity_certificate: bytes
    policy_name: str
    user_principal_name: str
    push_token: str


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What a status report was answered with."""

    policy_version: str
    pending_operations: int


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One key pair of a policy, still as text: the device judges each by itself."""

    alias: str
    pkcs12: str
    encrypted_password: str
    source: str
    intended_purpose: str | None
    profile_id: str | None


@dataclass(frozen=True, slots=True)
class CaCertificate:
    """One trusted certificate of a policy, still as text."""

    x509: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Application:
    """What a policy says of one application; `account` is the mail account that its configuration describes."""

    package: str
    configuration: dict[str, Any]
    account: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The desired state of a device, whole: what is not in it must go."""

    name: str
    version: str
    key_pairs: tuple[KeyPair, ...]
    ca_certificates: tuple[CaCertificate, ...]
    applications: tuple[Application, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """Something to be done once. `scope` is DEVICE or COMPANY_DATA for a WIPE; `details` is all that is said of it."""

    name: str
    type: str
    scope: str
    details: dict[str, Any] = field(default_factory=dict)


def hardware_of(device: Device) -> AndroidHardware:
    """The facts of an Android device."""
    assert isinstance(device.hardware, AndroidHardware)
    return device.hardware


def enroll_request(device: Device, *, token: str, csr: bytes) -> dict[str, Any]:
    """The body of `devices:enroll`.

    A personal work profile shows neither serial number nor IMEI, as Android withholds them from version 12 on.
    """
    hardware, mode = hardware_of(device), device.mode
    assert mode is not None
    ways = MODES[mode]
    personal = mode is Mode.WORK_PROFILE
    management = {} if ways.management is None else {"managementMode": ways.management}
    return {
        "enrollmentToken": token,
        "mode": mode.value,
        **management,
        "ownership": ways.ownership,
        "enrollmentSpecificId": hardware.enrollment_specific_id,
        "androidId": hardware.android_id,
        "apiLevel": hardware.api_level,
        "csr": base64.b64encode(csr).decode(),
        "deviceName": device.name,
        "hardwareInfo": {
            "manufacturer": hardware.manufacturer,
            "brand": hardware.brand,
            "model": hardware.model,
            "serialNumber": "" if personal else hardware.serial_number,
        },
        "softwareInfo": {
            "androidVersion": hardware.os_version,
            "androidBuildNumber": hardware.build_number,
            "securityPatchLevel": hardware.security_patch_level,
        },
        "networkInfo": {
            "imei": "" if personal else hardware.imei,
            "meid": "" if personal else hardware.meid,
            "wifiMacAddress": hardware.wifi_mac_address,
        },
    }


def enroll_answer(body: dict[str, Any]) -> EnrollAnswer:
    """Read the answer of `devices:enroll`; AnswerBroken if something is missing."""
    try:
        certificate = base64.b64decode(_text(body, "identityCertificate"), validate=True)
    except ValueError as broken:
        raise AnswerBroken("the answer's identityCertificate is not base64") from broken
    return EnrollAnswer(
        name=_text(body, "name"),
        credential=_text(body, "deviceCredential"),
        identity_certificate=certificate,
        policy_name=_text(body, "policyName"),
        user_principal_name=_text(body, "userPrincipalName"),
        push_token=_text(body, "pushToken"),
    )


def status_report(device: Device) -> dict[str, Any]:
    """The body of `:reportStatus`: the device's whole state, its inventory included."""
    enrollment = android_enrollment(device.enrollment)
    return {
        "state": "ACTIVE",
        "appliedState": "ACTIVE",
        "appliedPolicyName": enrollment.policy_name,
        "appliedPolicyVersion": enrollment.policy_version,
        "policyCompliant": not enrollment.refusals,
        "nonComplianceDetails": _non_compliance(enrollment.refusals),
        "keyStore": {
            "aliases": [
                {"alias": entry.alias, "sha1": entry.sha1, "isIdentity": True}
                for entry in device.keystore.entries.values()
            ],
            "caCerts": list(device.keystore.trusted),
        },
        "applicationReports": [
            {
                "packageName": one.package,
                "keyedAppStates": [{"key": one.id, "severity": "INFO", "data": one.digest}],
            }
            for one in device.accounts.values()
        ],
    }


def _non_compliance(refusals: Iterable[Refusal]) -> list[dict[str, str]]:
    return [
        {
            "settingName": one.setting,
            "fieldPath": one.path,
            "nonComplianceReason": "INVALID_VALUE",
            "currentValue": one.why,
        }
        for one in refusals
    ]


def status_answer(body: dict[str, Any]) -> StatusAnswer:
    """Read the answer of `:reportStatus`."""
    pending = body.get("pendingOperations", 0)
    if not isinstance(pending, int):
        raise AnswerBroken("the answer's pendingOperations is not a number")
    return StatusAnswer(policy_version=_text(body, "policyVersion"), pending_operations=pending)


def policy(body: dict[str, Any]) -> Policy:
    """Read a policy; AnswerBroken if its shape is wrong. Contents of single entries are judged when applied."""
    return Policy(
        name=_text(body, "name"),
        version=_text(body, "version"),
        key_pairs=tuple(_key_pair(one) for one in _list(body, "keyPairs")),
        ca_certificates=tuple(
            CaCertificate(x509=_text(one, "x509"), sha256=_text(one, "sha256").lower())
            for one in _list(body, "caCerts")
        ),
        applications=tuple(_application(one) for one in _list(body, "applications")),
    )


def _key_pair(body: dict[str, Any]) -> KeyPair:
    source = str(body.get("source", ""))
    return KeyPair(
        alias=_text(body, "alias"),
        pkcs12=_text(body, "pkcs12"),
        encrypted_password=_text(body, "encryptedPassword"),
        source=_SOURCES.get(source, source.lower()),
        intended_purpose=body.get("intendedPurpose"),
        profile_id=body.get("certificateProfileId"),
    )


def _application(body: dict[str, Any]) -> Application:
    configuration, account = body.get("managedConfiguration") or {}, body.get("emailAccount")
    if not isinstance(configuration, dict) or not isinstance(account, dict | None):
        raise AnswerBroken("the policy's applications are not described by objects")
    return Application(
        package=_text(body, "packageName"),
        configuration=configuration,
        account=None if account is None else _text(account, "id"),
        digest="" if account is None else _text(account, "digest"),
    )


def operations(body: dict[str, Any]) -> tuple[Operation, ...]:
    """Read the answer of `operations:pull`."""
    found = []
    for one in _list(body, "operations"):
        metadata = one.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise AnswerBroken("an operation's metadata is no object")
        scope = str(metadata.get("scope", ""))
        found.append(
            Operation(name=_text(one, "name"), type=_text(metadata, "type"), scope=scope, details=dict(metadata))
        )
    return tuple(found)


def problem(body: dict[str, Any]) -> tuple[str, str]:
    """Status word and message of an error answer, both empty if it is none."""
    error = body.get("error")
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("status", "")), str(error.get("message", ""))


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise AnswerBroken(f"the answer has no {name}")
    return value


def _list(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise AnswerBroken(f"the answer's {name} is not a list of objects")
    return value
