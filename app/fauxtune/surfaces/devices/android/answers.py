"""The shapes of the answers to Android devices, for the OpenAPI document; the routes write plain JSON.

The names are those of the Android Management API (Policy, ApplicationPolicy, Operation, Command) and the extensions in
`messages`. Answers have no other members: a client may be strict.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Enrolled(_Answer):
    """The answer to an enrolment. The credential is sent only once."""

    name: str = Field(description="enterprises/{tenant id}/devices/{device}: the address of all further calls")
    device_credential: str = Field(description="the bearer credential of all further calls; 43 characters")
    identity_certificate: str = Field(
        description="base64 of the DER certificate for the key of the csr; that key decrypts encryptedPassword"
    )
    policy_name: str
    user_name: str = Field(description="empty for a dedicated device, which has no user")
    user_principal_name: str = Field(description="empty for a dedicated device")
    checkin_interval_seconds: int = Field(description="the time until the next check-in, unless a push comes earlier")
    push_token: str = Field(description="the last part of the address of the push channel: /push/{tenant}/{token}")


class CheckedIn(_Answer):
    """What the device has to do next: nothing if policyVersion is the version that it has applied and pendingOperations
    is 0.
    """

    policy_version: str = Field(
        description="if it differs from the applied one: get the policy, apply it, and report again"
    )
    pending_operations: int = Field(description="more than 0: pull the operations, complete each, and report again")


class AlternativeName(_Answer):
    """One subject alternative name, with its kind in Graph's words."""

    type: Literal["emailAddress", "userPrincipalName", "domainNameService", "universalResourceIdentifier"]
    name: str


class ScepRequest(_Answer):
    """What a device is to request by SCEP (RFC 8894), with a key that it makes."""

    server_url: str = Field(description="the address of the SCEP server")
    other_server_urls: list[str] = Field(description="to be tried in this order if that one cannot be reached")
    challenge: str = Field(description="goes unchanged into the request as its challengePassword; valid for an hour")
    subject: str = Field(description="RFC 4514: the most specific part comes first")
    subject_alternative_names: list[AlternativeName]
    key_size: int = Field(description="bits of the RSA key")
    key_usages: list[Literal["digitalSignature", "keyEncipherment"]]
    extended_key_usages: list[str] = Field(description="OIDs")
    hash_algorithms: list[Literal["sha1", "sha2"]]
    ca_thumbprint: str | None = Field(
        description="SHA-1, lower-case hex, of the authority's root: the server's certificates descend from it"
    )
    retry_count: int = Field(description="how often to ask again while the answer is PENDING")
    retry_delay_seconds: int = Field(description="the time between two of these")
    renews: bool = Field(
        description="the request replaces the certificate under this alias: RenewalReq, signed with it, for a new key"
    )
    revision: str = Field(description="another one than that of the certificate under this alias: request another")


class KeyPair(_Answer):
    """A certificate with its private key, for the keystore: as a file, or (source SCEP) to be requested."""

    alias: str = Field(description="pkcs-{profile id}, imported-{thumbprint} or scep-{profile id}")
    pkcs12: str = Field("", description="base64 of a PKCS#12 file: the certificate, its key, and its chain")
    encrypted_password: str = Field(
        "",
        description="base64 of DER CMS EnvelopedData (RFC 5652) for the device's identity certificate: the file's "
        "password in UTF-8. `openssl cms -decrypt -inform DER -inkey identity.key` decrypts it",
    )
    scep: ScepRequest | None = Field(None, description="SCEP only; null: keep the certificate under this alias")
    key_access_packages: list[str] = Field([], description="always empty")
    intended_purpose: str | None = Field(description="Graph's intendedPurpose, such as smimeEncryption")
    certificate_profile_id: str | None = Field(description="the deviceConfiguration that delivers it")
    source: Literal["PKCS", "IMPORTED_PFX", "SCEP"] = Field(
        description="PKCS: made only for this device; IMPORTED_PFX: the same on every device of the user; SCEP: the "
        "device makes the key, and requests the certificate"
    )


class CaCert(_Answer):
    """A root or intermediate certificate to trust."""

    x509: str = Field(description="base64 of the DER certificate")
    sha256: str = Field(description="SHA-256 of the DER, lower-case hex: what keyStore.caCerts reports")


class ManagedConfiguration(_Answer):
    """The managed configuration of the mail application, with Gmail's names."""

    model_config = ConfigDict(alias_generator=None)

    email_address: str
    exchange_host: str
    exchange_username: str
    exchange_ssl_required: bool
    default_sync_window: int = Field(
        0,
        description="0 everything, 1 a day, 2 three days, 3 a week, 4 two weeks, 5 a month; missing: the user chooses",
    )
    exchange_login_certificate_alias: str = Field(
        "", description="alias of the key pair that the account signs in with"
    )
    require_signed_smime_messages: bool = Field(
        False, description="Samsung Email: true if there is force_smime_certificate_alias"
    )
    force_smime_certificate_alias: str = Field("", description="Samsung Email: alias of the key pair that signs mail")


class EmailAccount(_Answer):
    """The account that the configuration describes. A device that has set it up reports both members: keyedAppStates
    with `key` id and `data` digest. It has to be set up again when the digest changes.
    """

    id: str = Field(description="email-{profile id}")
    digest: str


class Application(_Answer):
    """An application with its managed configuration."""

    package_name: str
    install_type: Literal["FORCE_INSTALLED"]
    managed_configuration: ManagedConfiguration
    email_account: EmailAccount


class StatusReportingSettings(_Answer):
    """AMAPI: the parts of the status report that are switched on."""

    software_info_enabled: bool = Field(description="softwareInfo")
    memory_info_enabled: bool = Field(description="memoryInfo and memoryEvents")
    network_info_enabled: bool = Field(description="networkInfo")
    device_settings_enabled: bool = Field(description="deviceSettings")
    power_management_events_enabled: bool = Field(description="powerManagementEvents")


#: A setting of the policy is left out where no profile asks for it.
_SETTING = "as in the Android Management API; docs/settings.md lists from which properties it comes"


class Policy(_Answer):
    """Everything that the device shall hold. It removes what an earlier policy had and this one has not."""

    name: str
    version: str = Field(
        description="a number; reported as appliedPolicyVersion once everything was installed or refused"
    )
    key_pairs: list[KeyPair]
    ca_certs: list[CaCert]
    applications: list[Application]
    choose_private_key_rules: list[str] = Field(description="always empty")
    status_reporting_settings: StatusReportingSettings
    account_types_with_management_disabled: list[str] = Field([], description=_SETTING)
    add_user_disabled: bool = Field(default=False, description=_SETTING)
    adjust_volume_disabled: bool = Field(default=False, description=_SETTING)
    advanced_security_overrides: dict[str, JsonValue] = Field({}, description=_SETTING)
    always_on_vpn_package: dict[str, JsonValue] = Field({}, description=_SETTING)
    app_auto_update_policy: str = Field("", description=_SETTING)
    bluetooth_config_disabled: bool = Field(default=False, description=_SETTING)
    bluetooth_contact_sharing_disabled: bool = Field(default=False, description=_SETTING)
    bluetooth_disabled: bool = Field(default=False, description=_SETTING)
    camera_disabled: bool = Field(default=False, description=_SETTING)
    create_windows_disabled: bool = Field(default=False, description=_SETTING)
    credentials_config_disabled: bool = Field(default=False, description=_SETTING)
    cross_profile_policies: dict[str, JsonValue] = Field({}, description=_SETTING)
    data_roaming_disabled: bool = Field(default=False, description=_SETTING)
    default_permission_policy: str = Field("", description=_SETTING)
    device_owner_lock_screen_info: dict[str, JsonValue] = Field({}, description=_SETTING)
    encryption_policy: str = Field("", description=_SETTING)
    factory_reset_disabled: bool = Field(default=False, description=_SETTING)
    frp_admin_emails: list[str] = Field([], description=_SETTING)
    keyguard_disabled: bool = Field(default=False, description=_SETTING)
    keyguard_disabled_features: list[str] = Field([], description=_SETTING)
    kiosk_customization: dict[str, JsonValue] = Field({}, description=_SETTING)
    location_mode: str = Field("", description=_SETTING)
    long_support_message: dict[str, JsonValue] = Field({}, description=_SETTING)
    maximum_time_to_lock: str = Field("", description=f"milliseconds; {_SETTING}")
    modify_accounts_disabled: bool = Field(default=False, description=_SETTING)
    mount_physical_media_disabled: bool = Field(default=False, description=_SETTING)
    network_escape_hatch_enabled: bool = Field(default=False, description=_SETTING)
    outgoing_beam_disabled: bool = Field(default=False, description=_SETTING)
    password_policies: list[dict[str, JsonValue]] = Field([], description=_SETTING)
    personal_usage_policies: dict[str, JsonValue] = Field({}, description=_SETTING)
    play_store_mode: str = Field("", description=_SETTING)
    remove_user_disabled: bool = Field(default=False, description=_SETTING)
    screen_capture_disabled: bool = Field(default=False, description=_SETTING)
    share_location_disabled: bool = Field(default=False, description=_SETTING)
    short_support_message: dict[str, JsonValue] = Field({}, description=_SETTING)
    skip_first_use_hints_enabled: bool = Field(default=False, description=_SETTING)
    status_bar_disabled: bool = Field(default=False, description=_SETTING)
    stay_on_plugged_modes: list[str] = Field([], description=_SETTING)
    system_update: dict[str, JsonValue] = Field({}, description=_SETTING)
    tethering_config_disabled: bool = Field(default=False, description=_SETTING)
    unmute_microphone_disabled: bool = Field(default=False, description=_SETTING)
    usb_file_transfer_disabled: bool = Field(default=False, description=_SETTING)
    usb_mass_storage_enabled: bool = Field(default=False, description=_SETTING)
    wifi_config_disabled: bool = Field(default=False, description=_SETTING)


class Notification(_Answer):
    """The notification for the user."""

    title: str
    body: str


class Command(_Answer):
    """A command, which is carried out once. Its `type` decides the other members."""

    type: Literal[
        "LOCATE",
        "LOCK",
        "PLAY_SOUND",
        "REBOOT",
        "RESET_PASSWORD",
        "SET_DEVICE_NAME",
        "SHOW_NOTIFICATION",
        "WIPE",
    ]
    create_time: datetime
    duration: str = Field(description="the validity of the command in seconds: 600s")
    scope: Literal["DEVICE", "COMPANY_DATA"] = Field(
        "DEVICE",
        description="WIPE: DEVICE is a factory reset; COMPANY_DATA removes the work profile, or everything managed",
    )
    new_password: str = Field("", description="RESET_PASSWORD")
    sound_duration: str = Field("", description="PLAY_SOUND: seconds, such as 60s")
    device_name: str = Field("", description="SET_DEVICE_NAME")
    notification: Notification | None = Field(None, description="SHOW_NOTIFICATION")


class Operation(_Answer):
    """AMAPI: Operation."""

    name: str = Field(description="completed at {name}:complete")
    done: Literal[False]
    metadata: Command


class Operations(_Answer):
    """The operations that an administrator ordered, the oldest first. Each is listed until it has been completed."""

    operations: list[Operation]


class Nothing(_Answer):
    """An empty object."""


class Problem(_Answer):
    """google.rpc.Status."""

    code: int = Field(description="the HTTP status again")
    message: str = Field(description="what was wrong, and what would be right")
    status: Literal[
        "ABORTED",
        "DEVICE_NOT_FOUND",
        "INTERNAL",
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "UNAVAILABLE",
        "UNIMPLEMENTED",
    ]


class Refusal(_Answer):
    """The error envelope of Google's APIs."""

    error: Problem
