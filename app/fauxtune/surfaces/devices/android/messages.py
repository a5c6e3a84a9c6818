"""The Android messages as typed values, read from and written as JSON.

The names are those of the Android Management API (enterprises.devices, policies, operations). Extensions are: `mode`,
`csr`, `keyStore`, `keyPairs` with `encryptedPassword` (base64 of DER CMS EnvelopedData to the device's identity) or
`scep` (what the device is to request),
`emailAccount` of an application, `scope` of a WIPE, and the commands LOCATE, PLAY_SOUND, SET_DEVICE_NAME and
SHOW_NOTIFICATION with the `response` of the first.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from fauxtune.core.model.platforms import Platform, modes_of
from fauxtune.core.model.text import Text
from fauxtune.core.pki.foreign import is_pem


def _base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        if is_pem(value):
            raise ValueError(
                "this is PEM; it must be the base64 of the DER, on one line without BEGIN and END"
            ) from None
        raise ValueError("this is not base64 on one line, with padding") from None


def base64_text(data: bytes) -> str:
    """Write standard base64."""
    return base64.b64encode(data).decode()


Base64 = Annotated[bytes, BeforeValidator(_base64), WithJsonSchema({"type": "string", "contentEncoding": "base64"})]
Finite = Annotated[float, Field(allow_inf_nan=False)]
#: AMAPI writes whole numbers of 64 bits as texts.
Whole = Annotated[
    int, Field(ge=0, le=2**63 - 1), WithJsonSchema({"type": ["string", "integer"], "pattern": "^[0-9]{1,19}$"})
]


def _optional(description: str, *, default: str = "") -> Any:
    """A text that need not be sent."""
    return Field(default, description=description)


class _Message(BaseModel):
    """A message. Unknown members are ignored: devices are newer than servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


def _part(kind: type[_Message]) -> Any:
    """A part that need not be sent. Those that are absent are one object, which nothing can change: most reports leave
    out most parts.
    """
    absent = kind()
    return Field(default_factory=lambda: absent)


class HardwareInfo(_Message):
    """AMAPI: HardwareInfo."""

    manufacturer: Text = ""
    brand: Text = ""
    model: Text = ""
    serial_number: Text = _optional("empty where Android hides it: from version 12 on in a personal work profile")
    enterprise_specific_id: Text = _optional("of a personal device of Android 12 or later, in place of serialNumber")


class SoftwareInfo(_Message):
    """AMAPI: SoftwareInfo."""

    android_version: Text = _optional('such as "16"')
    android_build_number: Text = ""
    security_patch_level: Text = _optional('such as "2026-11-05"')


class TelephonyInfo(_Message):
    """AMAPI: TelephonyInfo: one SIM card."""

    phone_number: Text = ""
    carrier_name: Text = ""
    icc_id: Text = ""


class NetworkInfo(_Message):
    """AMAPI: NetworkInfo."""

    imei: Text = ""
    meid: Text = ""
    wifi_mac_address: Text = _optional("with or without colons")
    telephony_infos: tuple[TelephonyInfo, ...] = ()


class MemoryInfo(_Message):
    """AMAPI: MemoryInfo, in bytes."""

    total_ram: Whole = 0
    total_internal_storage: Whole = 0


class MemoryEvent(_Message):
    """AMAPI: MemoryEvent."""

    event_type: Text = _optional("INTERNAL_STORAGE_MEASURED: byteCount is the free storage; others are not read")
    byte_count: Whole = 0


class PowerManagementEvent(_Message):
    """AMAPI: PowerManagementEvent."""

    event_type: Text = _optional("BATTERY_LEVEL_COLLECTED; others are not read")
    battery_level: Annotated[Finite, Field(ge=0, le=100)] = 0.0


class DeviceSettings(_Message):
    """AMAPI: DeviceSettings."""

    is_device_secure: bool | None = Field(default=None, description="whether there is a screen lock")
    encryption_status: Text = _optional("ACTIVE, ACTIVE_DEFAULT_KEY and ACTIVE_PER_USER: the device is encrypted")
    verify_apps_enabled: bool | None = None
    adb_enabled: bool | None = None
    unknown_sources_enabled: bool | None = None


class SecurityPosture(_Message):
    """AMAPI: SecurityPosture."""

    device_posture: Text = _optional(
        "SECURE; AT_RISK and POTENTIALLY_COMPROMISED: Graph shows the device as jailbroken"
    )


class Enroll(_Message):
    """The request of a device that enrols. `mode` is more precise than AMAPI's managementMode; without it the mode
    follows from managementMode and ownership.
    """

    enrollment_token: Text = Field(description="from POST /_fauxtune/v1/tenants/{tenant}/enrollmentTokens")
    mode: Text | None = Field(None, json_schema_extra={"enum": [*modes_of(Platform.ANDROID), None]})
    management_mode: Literal["PROFILE_OWNER", "DEVICE_OWNER"] | None = Field(
        None,
        description="PROFILE_OWNER is work-profile, or corporate-work-profile with ownership COMPANY_OWNED; "
        "DEVICE_OWNER is fully-managed. Not needed beside mode, and not allowed with device-admin and knox",
    )
    ownership: Literal["PERSONALLY_OWNED", "COMPANY_OWNED"] | None = None
    enrollment_specific_id: Text = _optional(
        "identifies the hardware (else the serial number does, else androidId): a device that enrols again replaces "
        "its older enrolment"
    )
    android_id: Text = ""
    api_level: int | None = None
    csr: Base64 = Field(
        description="base64, on one line, of a DER PKCS#10 request (not PEM) for an RSA key of 2048 to "
        "8192 bits; the subject does not matter. Passwords are encrypted for its certificate"
    )
    device_name: Text | None = None
    hardware_info: HardwareInfo = _part(HardwareInfo)
    software_info: SoftwareInfo = _part(SoftwareInfo)
    network_info: NetworkInfo = _part(NetworkInfo)


class Alias(_Message):
    """One identity in the device's keystore."""

    alias: Text = Field(description="the alias of the policy's key pair")
    sha1: Text = _optional("the certificate's thumbprint: SHA-1 of its DER, hex")
    x509: Base64 | None = Field(
        None, description="base64 of the DER certificate, of an identity that the device requested itself (source SCEP)"
    )
    is_identity: bool = True


class KeyStore(_Message):
    """The device's whole managed keystore."""

    aliases: tuple[Alias, ...] = ()
    ca_certs: Annotated[
        tuple[Text, ...], Field(description="SHA-256 of the DER of every installed CA certificate, hex")
    ] = ()


class KeyedAppState(_Message):
    """AMAPI: KeyedAppState: the report of an application about its managed configuration."""

    key: Text = Field(description="of an e-mail account that is set up: emailAccount.id of the policy")
    severity: Text = _optional("ERROR: the account is not set up", default="INFO")
    data: Text = _optional("of an e-mail account: emailAccount.digest of the policy, unchanged")


class ApplicationReport(_Message):
    """AMAPI: ApplicationReport."""

    package_name: Text = ""
    version_name: Text = ""
    display_name: Text = ""
    state: Text = _optional("INSTALLED or REMOVED; empty: the device does not say it")
    keyed_app_states: tuple[KeyedAppState, ...] = ()


class NonCompliance(_Message):
    """AMAPI: NonComplianceDetail: an entry of the policy that the device refuses."""

    setting_name: Text = Field(
        description="keyPairs, caCerts, applications, or another key of the policy; any other is answered 400"
    )
    field_path: Text = _optional(
        "the entry: keyPairs[alias=ALIAS], caCerts[sha256=DIGEST], applications[emailAccount=ID], the value after = "
        "only, or the entry's index in the policy that appliedPolicyVersion names (keyPairs[0]). A path that names no "
        "entry is answered 400"
    )
    package_name: Text = _optional("names an entry of applications if fieldPath does not")
    non_compliance_reason: Text = _optional(
        "AMAPI's reason. APP_NOT_INSTALLED and APP_INSTALLED, with packageName: an app that could not be installed or "
        "uninstalled. PENDING is no refusal: an authority has not decided about a request by SCEP",
        default="INVALID_VALUE",
    )
    current_value: Text = _optional("the reason as a text for administrators")
    installation_failure_reason: Text = _optional("AMAPI's reason why an app could not be installed")


class ReportStatus(_Message):
    """The complete state of the device: a key pair that is not listed is not on the device. A fact that is left out
    stays as it was reported before.
    """

    state: Text = "ACTIVE"
    applied_policy_version: Text = _optional("`version` of the policy that was applied last; empty before the first")
    policy_compliant: bool | None = None
    non_compliance_details: Annotated[
        tuple[NonCompliance, ...],
        Field(description="the entries that the device refuses, in every report while it does"),
    ] = ()
    key_store: KeyStore = _part(KeyStore)
    application_reports: tuple[ApplicationReport, ...] = ()
    device_name: Text = _optional("as in the enrolment: AMAPI has none")
    hardware_info: HardwareInfo = _part(HardwareInfo)
    software_info: SoftwareInfo = _part(SoftwareInfo)
    memory_info: MemoryInfo = _part(MemoryInfo)
    memory_events: tuple[MemoryEvent, ...] = ()
    network_info: NetworkInfo = _part(NetworkInfo)
    device_settings: DeviceSettings = _part(DeviceSettings)
    security_posture: SecurityPosture = _part(SecurityPosture)
    power_management_events: tuple[PowerManagementEvent, ...] = ()


#: google.rpc.Code: the device does not know the operation.
UNIMPLEMENTED = 12


class Failure(_Message):
    """google.rpc.Status: why an operation failed."""

    code: int = Field(2, description="google.rpc.Code; 12 (UNIMPLEMENTED): the device does not know the operation")
    message: Text = ""


class Location(_Message):
    """The position of a device, in degrees, metres, and metres per second."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    altitude: Finite = 0.0
    horizontal_accuracy: Finite = 0.0
    vertical_accuracy: Finite = 0.0
    heading: Finite = 0.0
    speed: Finite = 0.0


class Response(_Message):
    """The response to an operation. `location` answers a LOCATE."""

    location: Location | None = None


class Complete(_Message):
    """A finished operation, with an error if it failed."""

    done: bool = True
    error: Failure | None = None
    response: Response | None = None


class Unenroll(_Message):
    """The user leaves."""

    reason: Text = "USER_REMOVED_WORK_PROFILE"


#: The parts of the status report that the policy switches on.
_REPORTED = (
    "softwareInfoEnabled",
    "memoryInfoEnabled",
    "networkInfoEnabled",
    "deviceSettingsEnabled",
    "powerManagementEventsEnabled",
)


def key_pair(
    *, alias: str, pkcs12: bytes, encrypted_password: bytes, source: str, purpose: str | None, profile: str | None
) -> dict[str, Any]:
    """Write an entry of a policy's keyPairs."""
    return {
        "alias": alias,
        "pkcs12": base64_text(pkcs12),
        "encryptedPassword": base64_text(encrypted_password),
        "keyAccessPackages": [],
        "intendedPurpose": purpose,
        "certificateProfileId": profile,
        "source": source,
    }


def requested_key_pair(
    *, alias: str, purpose: str | None, profile: str | None, request: dict[str, Any] | None
) -> dict[str, Any]:
    """Write an entry of a policy's keyPairs whose key the device makes, with what it is to request."""
    return {
        "alias": alias,
        "intendedPurpose": purpose,
        "certificateProfileId": profile,
        "source": "SCEP",
        "scep": request,
    }


def application(*, package: str, configuration: dict[str, Any], account: str, digest: str) -> dict[str, Any]:
    """Write AMAPI's ApplicationPolicy with the extension `emailAccount`: the account in the configuration."""
    return {
        "packageName": package,
        "installType": "FORCE_INSTALLED",
        "managedConfiguration": configuration,
        "emailAccount": {"id": account, "digest": digest},
    }


def ordered_application(*, package: str, uninstalled: bool) -> dict[str, Any]:
    """Write AMAPI's ApplicationPolicy of an app that is to be installed, or uninstalled."""
    return {"packageName": package, "installType": "BLOCKED" if uninstalled else "FORCE_INSTALLED"}


def policy(
    *,
    enterprise: str,
    version: int,
    key_pairs: list[dict[str, Any]],
    ca_certs: list[dict[str, str]],
    applications: list[dict[str, Any]],
) -> dict[str, Any]:
    """Write AMAPI's Policy with the extensions keyPairs and caCerts."""
    return {
        "name": f"enterprises/{enterprise}/policies/default",
        "version": str(version),
        "keyPairs": key_pairs,
        "caCerts": ca_certs,
        "applications": applications,
        "choosePrivateKeyRules": [],
        "statusReportingSettings": dict.fromkeys(_REPORTED, True),
    }


def operation(*, device: str, key: str, created: str, command: dict[str, Any]) -> dict[str, Any]:
    """Write AMAPI's Operation, whose metadata is a command: its `type` and further members."""
    metadata = {**command, "createTime": created, "duration": "600s"}
    return {"name": f"{device}/operations/{key}", "done": False, "metadata": metadata}


def failure(*, code: int, status: str, message: str) -> dict[str, Any]:
    """Write the error envelope of Google's APIs."""
    return {"error": {"code": code, "message": message, "status": status}}
