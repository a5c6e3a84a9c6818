"""The shapes of what Android devices are answered, for the OpenAPI document; the routes write plain JSON.

Words of the Android Management API (Policy, ApplicationPolicy, Operation, Command) and ours, as in `messages`. Members
that are not listed here do not come: a client may be strict.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Enrolled(_Answer):
    """The device is enrolled. It is told its credential once."""

    name: str = Field(description="enterprises/{tenant id}/devices/{device}: the address of all further calls")
    device_credential: str = Field(description="the bearer credential of all further calls; 43 characters")
    identity_certificate: str = Field(
        description="base64 of the DER certificate for the key of the csr; the key is what opens encryptedPassword"
    )
    policy_name: str
    user_name: str = Field(description="empty for a dedicated device, which has no user")
    user_principal_name: str = Field(description="empty for a dedicated device")
    checkin_interval_seconds: int = Field(description="how long to wait until the next check-in, without a push")
    push_token: str = Field(description="the last part of the address of the push channel: /push/{tenant}/{token}")


class CheckedIn(_Answer):
    """What has to be done next. Nothing: policyVersion is the version that the device has applied, and
    pendingOperations is 0.
    """

    policy_version: str = Field(
        description="where it differs from the applied one: get the policy, apply it, and report again"
    )
    pending_operations: int = Field(description="more than 0: pull the operations, complete each, and report again")


class KeyPair(_Answer):
    """A certificate with its private key, for the keystore."""

    alias: str = Field(description="pkcs-{profile id} or imported-{thumbprint}")
    pkcs12: str = Field(description="base64 of a PKCS#12 file: the certificate, its key, and its chain")
    encrypted_password: str = Field(
        description="base64 of DER CMS EnvelopedData (RFC 5652) for the device's identity certificate: the file's "
        "password in UTF-8. `openssl cms -decrypt -inform DER -inkey identity.key` opens it"
    )
    key_access_packages: list[str] = Field(description="always empty")
    intended_purpose: str | None = Field(description="Graph's intendedPurpose, such as smimeEncryption")
    certificate_profile_id: str | None = Field(description="the deviceConfiguration that brings it")
    source: Literal["PKCS", "IMPORTED_PFX"] = Field(
        description="PKCS: made for this device alone; IMPORTED_PFX: the same on every device of the user"
    )


class CaCert(_Answer):
    """A root or intermediate certificate to trust."""

    x509: str = Field(description="base64 of the DER certificate")
    sha256: str = Field(description="SHA-256 of the DER, lower-case hex: what keyStore.caCerts reports")


class ManagedConfiguration(_Answer):
    """What the mail application is told, in the words of Gmail's managed configuration."""

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
        False, description="Samsung Email: true where force_smime_certificate_alias is there"
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


class Policy(_Answer):
    """All that the device shall hold. What an earlier policy had and this one has not, the device removes."""

    name: str
    version: str = Field(
        description="a number; reported as appliedPolicyVersion once everything was installed or refused"
    )
    key_pairs: list[KeyPair]
    ca_certs: list[CaCert]
    applications: list[Application]
    choose_private_key_rules: list[str] = Field(description="always empty")


class Notification(_Answer):
    """What the user is shown."""

    title: str
    body: str


class Command(_Answer):
    """What has to be done once; beside `type`, which members are there depends on it."""

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
    duration: str = Field(description="for how long the command is good, in seconds: 600s")
    scope: Literal["DEVICE", "COMPANY_DATA"] = Field(
        "DEVICE",
        description="WIPE: DEVICE is a factory reset; COMPANY_DATA takes away the work profile, or all that is managed",
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
    """What an administrator ordered, the oldest first. An operation is listed until it has been completed."""

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
