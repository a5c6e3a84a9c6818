"""The Android messages as typed values: JSON in, JSON out, nothing else.

Words of the Android Management API (enterprises.devices, policies, operations). Ours are: `mode`, `csr`, `keyStore`,
`keyPairs` with `encryptedPassword` (base64 of DER CMS EnvelopedData to the device's identity), `emailAccount` of an
application, `scope` of a WIPE, and
the commands LOCATE, PLAY_SOUND, SET_DEVICE_NAME and SHOW_NOTIFICATION with the `response` of the first.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        if value.lstrip().startswith("-----BEGIN "):
            raise ValueError("this is PEM; wanted is the base64 of the DER, one line without BEGIN and END") from None
        raise ValueError("this is not base64, in one line and with its padding") from None


def base64_text(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


Base64 = Annotated[bytes, BeforeValidator(_base64)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Message(BaseModel):
    """Unknown members are ignored: devices are newer than servers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class HardwareInfo(_Message):
    """AMAPI: HardwareInfo."""

    manufacturer: str = ""
    brand: str = ""
    model: str = ""
    serial_number: str = ""


class SoftwareInfo(_Message):
    """AMAPI: SoftwareInfo."""

    android_version: str = ""
    android_build_number: str = ""
    security_patch_level: str = ""


class NetworkInfo(_Message):
    """AMAPI: NetworkInfo."""

    imei: str = ""
    meid: str = ""
    wifi_mac_address: str = ""


class Enroll(_Message):
    """`devices:enroll`: what a device says when it comes in. `mode` is finer than AMAPI's managementMode."""

    enrollment_token: str
    mode: str | None = None
    management_mode: Literal["PROFILE_OWNER", "DEVICE_OWNER"] | None = None
    ownership: Literal["PERSONALLY_OWNED", "COMPANY_OWNED"] | None = None
    enrollment_specific_id: str = ""
    android_id: str = ""
    api_level: int | None = None
    csr: Base64
    device_name: str | None = None
    hardware_info: HardwareInfo = Field(default_factory=HardwareInfo)
    software_info: SoftwareInfo = Field(default_factory=SoftwareInfo)
    network_info: NetworkInfo = Field(default_factory=NetworkInfo)


class Alias(_Message):
    """One identity in the device's keystore. `sha1` is the certificate's thumbprint."""

    alias: str
    sha1: str = ""
    is_identity: bool = True


class KeyStore(_Message):
    """The device's whole managed keystore; `ca_certs` are SHA-256."""

    aliases: tuple[Alias, ...] = ()
    ca_certs: tuple[str, ...] = ()


class KeyedAppState(_Message):
    """AMAPI: KeyedAppState: what an application says of its managed configuration."""

    key: str
    severity: str = "INFO"
    data: str = ""


class ApplicationReport(_Message):
    """AMAPI: ApplicationReport."""

    package_name: str = ""
    keyed_app_states: tuple[KeyedAppState, ...] = ()


class NonCompliance(_Message):
    """AMAPI: NonComplianceDetail. `current_value` says why in words."""

    setting_name: str
    field_path: str = ""
    package_name: str = ""
    non_compliance_reason: str = "INVALID_VALUE"
    current_value: str = ""


class ReportStatus(_Message):
    """`:reportStatus`: the device's snapshot. Versions are text, as in AMAPI."""

    state: str = "ACTIVE"
    applied_policy_version: str = ""
    policy_compliant: bool | None = None
    non_compliance_details: tuple[NonCompliance, ...] = ()
    key_store: KeyStore = Field(default_factory=KeyStore)
    application_reports: tuple[ApplicationReport, ...] = ()


#: google.rpc.Code: the device does not know the operation.
UNIMPLEMENTED = 12


class Failure(_Message):
    """google.rpc.Status."""

    code: int = 2
    message: str = ""


class Location(_Message):
    """Where a device is: degrees, metres, and metres a second."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    altitude: Finite = 0.0
    horizontal_accuracy: Finite = 0.0
    vertical_accuracy: Finite = 0.0
    heading: Finite = 0.0
    speed: Finite = 0.0


class Response(_Message):
    """What an operation gave. `location` answers a LOCATE."""

    location: Location | None = None


class Complete(_Message):
    """`operations/{id}:complete`: a finished operation, with an error if it failed."""

    done: bool = True
    error: Failure | None = None
    response: Response | None = None


class Unenroll(_Message):
    """`:unenroll`: the user leaves."""

    reason: str = "USER_REMOVED_WORK_PROFILE"


def key_pair(
    *, alias: str, pkcs12: bytes, encrypted_password: bytes, source: str, purpose: str | None, profile: str | None
) -> dict[str, Any]:
    """One entry of a policy's keyPairs."""
    return {
        "alias": alias,
        "pkcs12": base64_text(pkcs12),
        "encryptedPassword": base64_text(encrypted_password),
        "keyAccessPackages": [],
        "intendedPurpose": purpose,
        "certificateProfileId": profile,
        "source": source,
    }


def application(*, package: str, configuration: dict[str, Any], account: str, digest: str) -> dict[str, Any]:
    """AMAPI: ApplicationPolicy, with our `emailAccount`: the account that the configuration describes."""
    return {
        "packageName": package,
        "installType": "FORCE_INSTALLED",
        "managedConfiguration": configuration,
        "emailAccount": {"id": account, "digest": digest},
    }


def policy(
    *,
    enterprise: str,
    version: int,
    key_pairs: list[dict[str, Any]],
    ca_certs: list[dict[str, str]],
    applications: list[dict[str, Any]],
) -> dict[str, Any]:
    """AMAPI: Policy, with our keyPairs and caCerts."""
    return {
        "name": f"enterprises/{enterprise}/policies/default",
        "version": str(version),
        "keyPairs": key_pairs,
        "caCerts": ca_certs,
        "applications": applications,
        "choosePrivateKeyRules": [],
    }


def operation(*, device: str, key: str, created: str, command: dict[str, Any]) -> dict[str, Any]:
    """AMAPI: Operation whose metadata is a command: its `type`, and what belongs to it."""
    metadata = {**command, "createTime": created, "duration": "600s"}
    return {"name": f"{device}/operations/{key}", "done": False, "metadata": metadata}


def failure(*, code: int, status: str, message: str) -> dict[str, Any]:
    """The error envelope of Google's APIs."""
    return {"error": {"code": code, "message": message, "status": status}}
