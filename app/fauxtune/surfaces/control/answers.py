"""The answers of the control surface.

Times are ISO 8601 in UTC; serial numbers and thumbprints (SHA-1) are lower-case hex without separators. A `device` is
always the id of its enrolment, beside that of its managedDevice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from fauxtune.core.model.tenants import KeyOrigin
from fauxtune.core.model.text import JsonObject
from fauxtune.surfaces.control.bodies import Answer

_ENROLMENT = "the id of the device's enrolment, as /devices lists it; Graph knows the device by managedDeviceId"
DeviceId = Annotated[str, Field(description=_ENROLMENT)]
NoDeviceId = Annotated[str | None, Field(description=f"{_ENROLMENT}; null without a device")]
ManagedDeviceId = Annotated[
    str | None,
    Field(
        description="the id of the device's managedDevice in Graph, also after its record was deleted; null without one"
    ),
]


class GraphAnswer(Answer):
    """Graph's own answer."""

    status: int
    body: dict[str, Any]


class Mistake(Answer):
    """A mistake in a document, with its place (a JSON pointer, RFC 6901)."""

    pointer: str
    message: str


class Problem(Answer):
    """What is wrong, and what would be right. `graph`: Graph's refusal (422); `mistakes`: of a document."""

    code: str
    message: str
    mistakes: list[Mistake] | None = None
    graph: GraphAnswer | None = None


class Refusal(Answer):
    """The answer to a request that failed."""

    error: Problem


class Clock(Answer):
    """The mode of the tenant's clock, and its time."""

    mode: Literal["system", "frozen", "offset"]
    now: str


class Setting(Answer):
    """A setting: its value, its default, and its meaning."""

    value: bool | int | str
    default: bool | int | str
    description: str


class Deterministic(Answer):
    """What a deterministic tenant comes from: its number, the tick of its clock (ISO 8601), and what follows."""

    number: int
    tick: timedelta
    warning: str = "Whoever knows the number of this tenant can compute its private keys, passwords and tokens."


class Tenant(Answer):
    """A tenant. `authority` is the authority host for SDKs; `keys`: whether its private keys are its own, or those that
    the test tenants share; `deterministic`: null for a tenant whose chance comes from the operating system.
    """

    id: str
    name: str
    domain: str
    authority: str
    client_id: str | None
    client_secret: str | None
    user_password: str | None = Field(
        default=None, description="of people who were made without one; null at a seat: that of its card"
    )
    certification_authority: str
    certification_authority_name: str
    public_http_url: str
    created_date_time: str
    keys: KeyOrigin
    deterministic: Deterministic | None
    clock: Clock
    settings: dict[str, Setting]


class Application(Answer):
    """An application: its permissions (`roles` for its own tokens, `consentedScopes` for tokens of users) and its
    certificate. `secret` is there only if it was just made.
    """

    client_id: str
    display_name: str
    roles: list[str]
    consented_scopes: list[str]
    redirect_uris: list[str]
    issuer_keys: JsonObject | None = None
    secret: str | None = None
    certificate: str | None = None
    thumbprint: str | None = None
    created_date_time: str


class IdentityToken(Answer):
    """A token of the tenant's own issuer."""

    token: str
    issuer: str
    subject: str
    audience: str
    expires_at: str


class WaitingDevice(Answer):
    """A device that has not settled, and why."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    name: str | None
    why: str


class Rest(Answer):
    """The devices that have settled, and the others."""

    settled: Annotated[list[str], Field(description="the ids of their enrolments")]
    waiting: list[WaitingDevice]


class Advanced(Clock):
    """The clock after its step; the devices, if `settle` was requested."""

    settled: list[str] | None = None
    waiting: list[WaitingDevice] | None = None


class Token(Answer):
    """An enrolment token; it is shown only once."""

    token: str


class Device(Answer):
    """An enrolment. `plans`: how often its device was planned; `settled`: whether it has nothing left to do;
    `waitsFor`: what else has to happen before it settles, for example that a connector comes on line;
    `nextCheckinDateTime`: when the device checks in by itself, if no push wakes it earlier (null: it has ended).
    """

    id: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    user_id: str | None
    user: str | None
    platform: str
    mode: str | None
    variant: str
    state: Literal["active", "ending", "ended"]
    cause: str | None
    enrolled_date_time: str
    last_checkin_date_time: str | None
    next_checkin_date_time: str | None
    generation: int
    settled_generation: int
    settled: bool
    waits_for: list[str]
    due_date_time: str | None
    policy_version: int
    plans: int
    connected: bool


class Item(Answer):
    """An item that a device should hold, with its state: why it failed (Graph's error code and a text), or what it
    waits for. `profileNames`: the names of the `profiles`, or the id of one that was deleted.
    """

    key: str
    source: Literal["root", "pkcs", "imported", "scep", "email", "setting"]
    state: Literal["wanted", "sent", "installed", "failed", "removing", "removed", "kept"]
    profiles: list[str]
    profile_names: list[str]
    thumbprint: str | None
    serial: str | None
    intended_purpose: str | None
    not_after: str | None
    renew_at: str | None
    fingerprint: str | None
    installed_fingerprint: str | None
    error_code: int | None
    error: str | None
    waits_for: str | None
    waits_for_role: Annotated[
        str | None, Field(description="the role of the connector that it waits for: pkcs, imported-pfx")
    ]


class DeviceApp(Answer):
    """An app, and the device. `intent` is null for an app that no assignment brings to the device, and `dependency` or
    `superseded` for one that follows from another; `state` is Graph's resultantAppState, null without an intent.
    """

    id: str
    name: str
    kind: str
    intent: str | None
    state: str | None
    why: str
    version: str | None
    error_code: int | None
    changed_at: str | None


class Ledger(Device):
    """A device with everything that it holds or should hold."""

    items: list[Item]


class Event(Answer):
    """An event. `certificate` has thumbprint, serial and source, and `intermediate` if another authority issued that of
    an authority. `deviceName` and `profileName`: the present names, or
    null for a device without a name, and for a profile that was deleted.
    """

    seq: int
    time: str
    type: str
    user: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    profile: str | None
    profile_name: str | None
    certificate: dict[str, Any] | None
    detail: dict[str, Any]


class Journal(Answer):
    """Events in order; `next` is the number for `after` of the next request."""

    events: list[Event]
    next: int


class Connector(Answer):
    """A certificate connector."""

    id: str
    name: str
    state: Literal["online", "offline"]
    mode: Literal["immediate", "polling"]
    roles: list[str]
    created_date_time: str
    program: Literal["certificate-connector", "intune-connector", "pfx-connector"]
    version: str
    support: Literal["full", "deprecated", "expired", "refused"]
    ra_certificate: str | None
    location: Literal["server", "process"]
    machine_name: str | None
    running: bool | None
    #: A host of Intune that a firewall keeps it from (the fault networkBlocked).
    unreached_host: str | None
    last_contact_date_time: str | None


class NewProcess(Connector):
    """A connector that runs as a process of its own; its credential is shown only once."""

    credential: str


class ConnectorEvent(Answer):
    """An event in the log of a connector. `id` and `name` are those of the real connectors; `detail` has ca, template,
    item, thumbprint, serial, and for a refusal errorCode and message.
    """

    number: int
    id: int
    name: str
    time: str
    connector: str
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    user: str | None
    diagnostic_code: str | None
    detail: dict[str, Any]


class ConnectorLog(Answer):
    """Events in order; `next` is the number for `after` of the next request."""

    events: list[ConnectorEvent]
    next: int


class DigicertAuthority(Answer):
    """The values by which PKCS profiles name the tenant's DigiCert CA, and its root (PEM)."""

    certification_authority: str
    certification_authority_name: str
    certificate_template_names: list[str]
    root_certificate: str


class RaCertificate(Answer):
    """A connector's registration authority certificate (PEM)."""

    thumbprint: str
    certificate: str


class ConnectorKey(Answer):
    """A key of a connector: its public key (PEM)."""

    provider_name: str
    key_name: str
    key_length: int
    public_key: str


class Issued(Answer):
    """A certificate that the CA issued directly; PFX (base64) and password only if a key was made. `chain` is PEM."""

    serial: str
    thumbprint: str
    certificate: str
    chain: str
    pfx: str | None = None
    pfx_password: str | None = None


class Registered(Answer):
    """A certificate in the register of an authority. `authority`: its issuer; `device`: the device for which it was
    issued. An imported certificate of another CA has neither, and its `status` is unknown; until a connector has opened
    its file for a device, only its thumbprint and its times are known.
    """

    serial: str | None
    thumbprint: str
    authority: str | None
    subject: str | None
    user_principal_name: str | None
    template: str | None
    source: Literal["pkcs", "scep", "imported", "external"] | None
    key_usage: list[str]
    not_before: str | None
    not_after: str | None
    status: Literal["good", "revoked", "expired", "notYetValid", "unknown"]
    reason: str | None
    revoked_date_time: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId


class Holder(Answer):
    """A device that holds a certificate, and its user."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    user: str | None


class Certificate(Registered):
    """A registered certificate with its PEM, its users (for whom it was issued or imported), and the devices that hold
    it. `revocation`: a revocation by the connector that waits or was refused.
    """

    certificate: str | None
    revocation: Literal["waiting", "refused"] | None
    users: list[str]
    holders: list[Holder]


class CertificateMark(Answer):
    """The mark of a certificate: letters that can be spoken, the number of a colour (0 to 11), where the certificate
    comes from (root, pkcs, imported or scep; null: elsewhere), and the symbol that stands for it.
    """

    thumbprint: str
    mark: str
    hue: int
    source: str | None
    symbol: str


class UsedOperation(Answer):
    """One operation of Graph that an application called."""

    method: str
    path: str
    needs_one_of: list[str]
    calls: int
    refused: int


class ApplicationPermissions(Answer):
    """The permissions that an application has by its roles, and those that it used. `missing`: the least privileged
    ones for its refused calls; for a user's token these are scopes to request and to consent to.
    """

    client_id: str
    display_name: str
    granted: list[str]
    used: list[str]
    unused: list[str]
    missing: list[str]
    least_privileged: list[str]
    operations: list[UsedOperation]


class PermissionReport(Answer):
    """The permissions of all applications since the server started."""

    mode: str
    value: list[ApplicationPermissions]


class AuthorityCounts(Answer):
    """The certificates of an authority by status. A revoked one is not counted as expired."""

    issued: int
    good: int
    revoked: int
    expired: int


class CertificationAuthority(Answer):
    """An authority of the tenant. `current`: it is the issuing one of its role; `crlNumber`, `thisUpdate` and
    `nextUpdate` are those of the newest CRL that was requested.
    """

    name: str
    role: str
    current: bool
    state: Literal["available", "unavailable"]
    subject: str
    serial: str
    thumbprint: str
    not_before: str
    not_after: str
    certificate: str
    certificate_url: str
    crl_url: str
    ocsp_url: str
    crl_number: int
    this_update: str | None
    next_update: str | None
    certificates: AuthorityCounts


class Template(Answer):
    """A certificate template. `validity` is an ISO 8601 duration."""

    name: str
    display_name: str
    key_type: Literal["RSA", "EC"]
    minimum_key_size: int
    key_usage: list[str]
    extended_key_usages: list[str]
    exportable: bool
    subject_in_request: bool
    connector_may_enroll: bool
    connector_may_revoke: bool
    validity: str
