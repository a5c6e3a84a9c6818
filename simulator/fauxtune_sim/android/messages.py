"""The messages of the Android protocol, without transport.

JSON over HTTPS with the vocabulary of the Android Management API (enterprises.devices, enterprises.policies); key
pairs, trusted certificates and the pull of operations are this emulator's own, as Android has no such wire.
`tests/wire/android` holds an example of each.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fauxtune_sim.android.enrollment import MODES, android_enrollment
from fauxtune_sim.android.status import hardware_info, hardware_of, reported_blocks, software_info
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.facts.device_facts import reported_facts
from fauxtune_sim.keys.keystore import KeyEntry

#: Sources of key pairs: the protocol's names -> the key store's.
SCEP = "scep"
_SOURCES = {"PKCS": "pkcs", "IMPORTED_PFX": "imported", "SCEP": SCEP}


@dataclass(frozen=True, slots=True)
class EnrollResponse:
    """The answer to `devices:enroll`. `identity_certificate` is DER."""

    name: str
    credential: str
    identity_certificate: bytes
    policy_name: str
    user_principal_name: str
    push_token: str


@dataclass(frozen=True, slots=True)
class StatusReportResponse:
    """The answer to `:reportStatus`."""

    policy_version: str
    pending_operations: int


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One key pair of a policy, not decoded yet: each is checked when it is applied. One by SCEP has no file, but what
    the device is to request (None: nothing at present).
    """

    alias: str
    pkcs12: str
    encrypted_password: str
    source: str
    intended_purpose: str | None
    profile_id: str | None
    scep: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CaCertificate:
    """One trusted certificate of a policy, not decoded yet."""

    x509: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Application:
    """One application of a policy; `account` is the id of the mail account in its configuration, or None."""

    package: str
    configuration: dict[str, Any]
    account: str | None
    digest: str
    install_type: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The complete desired state of a device: items that are not in it must be removed. `reporting` names the parts of
    the status report that are switched on; `settings` are all other keys.
    """

    name: str
    version: str
    key_pairs: tuple[KeyPair, ...]
    ca_certificates: tuple[CaCertificate, ...]
    applications: tuple[Application, ...] = ()
    reporting: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A pending operation. `scope` is DEVICE or COMPANY_DATA for a WIPE; `details` is the operation's metadata."""

    name: str
    type: str
    scope: str
    details: dict[str, Any] = field(default_factory=dict)


def enroll_request(device: Device, *, token: str, csr: bytes) -> dict[str, Any]:
    """The body of `devices:enroll`.

    A personal work profile has neither serial number nor IMEI on Android 12 and later, which withhold them.
    """
    hardware, mode = hardware_of(device), device.mode
    assert mode is not None
    rights, facts = MODES[mode], reported_facts(device)
    management = {} if rights.management is None else {"managementMode": rights.management}
    return {
        "enrollmentToken": token,
        "mode": mode.value,
        **management,
        "ownership": rights.ownership,
        "enrollmentSpecificId": hardware.enrollment_specific_id,
        "androidId": hardware.android_id,
        "apiLevel": hardware.api_level,
        "csr": base64.b64encode(csr).decode(),
        "deviceName": device.name,
        "hardwareInfo": hardware_info(device, facts),
        "softwareInfo": software_info(device),
        "networkInfo": {
            "imei": facts.get("imei", ""),
            "meid": facts.get("meid", ""),
            "wifiMacAddress": facts.get("wiFiMacAddress", ""),
        },
    }


def read_enroll_response(body: dict[str, Any]) -> EnrollResponse:
    """Read the answer to `devices:enroll`. Raises AnswerBroken if a field is missing."""
    try:
        certificate = base64.b64decode(_text(body, "identityCertificate"), validate=True)
    except ValueError as broken:
        raise AnswerBroken("the answer's identityCertificate is not base64") from broken
    return EnrollResponse(
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
            "aliases": [_alias(entry) for entry in device.keystore.entries.values()],
            "caCerts": list(device.keystore.trusted),
        },
        "applicationReports": [
            {
                "packageName": account.package,
                "keyedAppStates": [{"key": account.id, "severity": "INFO", "data": account.digest}],
            }
            for account in device.accounts.values()
        ]
        + [
            {"packageName": package, "versionName": version, "state": "INSTALLED"}
            for package, version in device.apps.items()
        ],
        **reported_blocks(device, enrollment.reporting),
    }


def _alias(entry: KeyEntry) -> dict[str, Any]:
    """An identity of the keystore; one that the device requested itself with its certificate."""
    alias = {"alias": entry.alias, "sha1": entry.sha1, "isIdentity": True}
    return alias | ({"x509": base64.b64encode(entry.certificate).decode()} if entry.source == SCEP else {})


def _non_compliance(refusals: Iterable[Refusal]) -> list[dict[str, str]]:
    return [
        {
            "settingName": refusal.setting,
            "fieldPath": refusal.path,
            "nonComplianceReason": refusal.word or ("PENDING" if refusal.is_pending else "INVALID_VALUE"),
            "currentValue": refusal.why,
            **({"packageName": refusal.package} if refusal.package else {}),
        }
        for refusal in refusals
    ]


def read_status_response(body: dict[str, Any]) -> StatusReportResponse:
    """Read the answer to `:reportStatus`. Raises AnswerBroken if its form is wrong."""
    pending = body.get("pendingOperations", 0)
    if not isinstance(pending, int):
        raise AnswerBroken("the answer's pendingOperations is not a number")
    return StatusReportResponse(policy_version=_text(body, "policyVersion"), pending_operations=pending)


#: The keys of a policy that are no settings.
_NO_SETTINGS = frozenset(
    {"name", "version", "keyPairs", "caCerts", "applications", "choosePrivateKeyRules", "statusReportingSettings"}
)


def policy(body: dict[str, Any]) -> Policy:
    """Read a policy. Raises AnswerBroken if its form is wrong; the contents of entries are checked when applied."""
    return Policy(
        name=_text(body, "name"),
        version=_text(body, "version"),
        key_pairs=tuple(_key_pair(row) for row in _list(body, "keyPairs")),
        ca_certificates=tuple(
            CaCertificate(x509=_text(row, "x509"), sha256=_text(row, "sha256").lower())
            for row in _list(body, "caCerts")
        ),
        applications=tuple(_application(row) for row in _list(body, "applications")),
        reporting=_reporting(body),
        settings={name: value for name, value in body.items() if name not in _NO_SETTINGS},
    )


def _key_pair(body: dict[str, Any]) -> KeyPair:
    source, request = str(body.get("source", "")), body.get("scep")
    by_scep = source == "SCEP"
    if not isinstance(request, dict | None):
        raise AnswerBroken("the policy's keyPairs have a scep that is not an object")
    return KeyPair(
        alias=_text(body, "alias"),
        pkcs12="" if by_scep else _text(body, "pkcs12"),
        encrypted_password="" if by_scep else _text(body, "encryptedPassword"),
        scep=request,
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
        install_type=str(body.get("installType", "")),
    )


def _reporting(body: dict[str, Any]) -> tuple[str, ...]:
    settings = body.get("statusReportingSettings") or {}
    if not isinstance(settings, dict):
        raise AnswerBroken("the policy's statusReportingSettings are not an object")
    return tuple(sorted(name for name, value in settings.items() if value is True))


def operations(body: dict[str, Any]) -> tuple[Operation, ...]:
    """Read the answer to `operations:pull`. Raises AnswerBroken if its form is wrong."""
    pending = []
    for row in _list(body, "operations"):
        metadata = row.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise AnswerBroken("an operation's metadata is not an object")
        scope = str(metadata.get("scope", ""))
        pending.append(
            Operation(name=_text(row, "name"), type=_text(metadata, "type"), scope=scope, details=dict(metadata))
        )
    return tuple(pending)


def error_status(body: dict[str, Any]) -> tuple[str, str]:
    """Status and message of an error answer; two empty texts if the answer is not an error."""
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
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise AnswerBroken(f"the answer's {name} is not a list of objects")
    return value
