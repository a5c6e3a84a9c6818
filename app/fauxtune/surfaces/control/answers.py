"""The control surface's answers: what comes out.

Times are ISO 8601 in UTC; serial numbers and thumbprints (SHA-1) are lower-case hex without separators. A `device` is
the id of its enrolment everywhere, with that of its managedDevice beside it.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

T = TypeVar("T")

_ENROLMENT = "the id of the device's enrolment, as /devices lists it; Graph knows the device by managedDeviceId"
DeviceId = Annotated[str, Field(description=_ENROLMENT)]
NoDeviceId = Annotated[str | None, Field(description=f"{_ENROLMENT}; null where no device is concerned")]
ManagedDeviceId = Annotated[
    str | None,
    Field(description="the id of the device's managedDevice in Graph, also when its record is gone; null without one"),
]


class Answer(BaseModel):
    """Members are named as on the wire, in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Listed(Answer, Generic[T]):
    """A collection."""

    value: list[T]


class GraphAnswer(Answer):
    """What Graph itself would say."""

    status: int
    body: dict[str, Any]


class Problem(Answer):
    """What was wrong, and what would be right. `graph` is there where it is Graph that refuses (422)."""

    code: str
    message: str
    graph: GraphAnswer | None = None


class Refusal(Answer):
    """Every answer that is no success."""

    error: Problem


class Clock(Answer):
    """How the tenant's clock runs, and what it shows."""

    mode: Literal["system", "frozen", "offset"]
    now: str


class Setting(Answer):
    """A switch: its value, what it is unless turned, and what it does."""

    value: bool | int | str
    default: bool | int | str
    description: str


class Tenant(Answer):
    """A tenant. `authority` is the origin that SDKs take for their authority host."""

    id: str
    name: str
    domain: str
    authority: str
    client_id: str | None
    client_secret: str | None
    certification_authority: str
    certification_authority_name: str
    public_http_url: str
    created_date_time: str
    clock: Clock
    settings: dict[str, Setting]


class Application(Answer):
    """An application: its permissions (`roles` for its own tokens, `consentedScopes` for tokens of users), and what its
    certificate is. `secret` is there only if it was made just now.
    """

    client_id: str
    display_name: str
    roles: list[str]
    consented_scopes: list[str]
    redirect_uris: list[str]
    secret: str | None = None
    certificate: str | None = None
    thumbprint: str | None = None
    created_date_time: str


class WaitingDevice(Answer):
    """A device that is not at rest, and why."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    name: str | None
    why: str


class Rest(Answer):
    """Devices at rest, and those that are not."""

    settled: Annotated[list[str], Field(description="the ids of their enrolments")]
    waiting: list[WaitingDevice]


class Advanced(Clock):
    """The clock after its step; the rest where it was asked for."""

    settled: list[str] | None = None
    waiting: list[WaitingDevice] | None = None


class Token(Answer):
    """An enrolment token: it is shown once."""

    token: str


class Device(Answer):
    """An enrolment, and how often its device was planned. `settled`: it is at rest."""

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
    generation: int
    settled_generation: int
    settled: bool
    due_date_time: str | None
    policy_version: int
    plans: int
    connected: bool


class Item(Answer):
    """One thing that a device should hold, and how it stands: why it failed (Graph's number, and words), or what it
    waits for. `profileNames`: what the `profiles` are called; the id of one that is gone.
    """

    key: str
    source: Literal["root", "pkcs", "imported", "scep", "email"]
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


class Ledger(Device):
    """A device with all that it holds or should hold."""

    items: list[Item]


class Event(Answer):
    """What happened. `certificate` has thumbprint, serial and source. `profileName`: what the profile is called now, or
    null if it is gone.
    """

    seq: int
    time: str
    type: str
    user: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    profile: str | None
    profile_name: str | None
    certificate: dict[str, Any] | None
    detail: dict[str, Any]


class Journal(Answer):
    """Events in order; `next` is the number to go on after."""

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
    last_contact_date_time: str | None


class NewProcess(Connector):
    """A connector that is to run as a process of its own: its credential is shown once."""

    credential: str


class ConnectorEvent(Answer):
    """What a connector wrote into its log. `id` and `name` are the documents'; `detail` has ca, template, item,
    thumbprint, serial, and of a refusal errorCode and message.
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
    """Events in order; `next` is the number to go on after."""

    events: list[ConnectorEvent]
    next: int


class DigicertAuthority(Answer):
    """What PKCS profiles say to name the tenant's DigiCert CA, and its root (PEM)."""

    certification_authority: str
    certification_authority_name: str
    certificate_template_names: list[str]
    root_certificate: str


class RaCertificate(Answer):
    """A connector's registration authority certificate (PEM)."""

    thumbprint: str
    certificate: str


class ConnectorKey(Answer):
    """A connector's key: its public half (PEM)."""

    provider_name: str
    key_name: str
    key_length: int
    public_key: str


class Issued(Answer):
    """What the counter hands over; PFX (base64) and password only for a key that was made. `chain` is PEM."""

    serial: str
    thumbprint: str
    certificate: str
    chain: str
    pfx: str | None = None
    pfx_password: str | None = None


class Registered(Answer):
    """A certificate as its authority's register has it. `authority`: which issued it; `device`: for which it was
    issued. An imported certificate of somebody else's CA has neither, and nobody here knows its `status`; until a
    connector has opened its file for a device, only its thumbprint and its times are known.
    """

    serial: str | None
    thumbprint: str
    authority: str | None
    subject: str | None
    user_principal_name: str | None
    template: str | None
    source: Literal["pkcs", "imported", "external"] | None
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
    """The same with the certificate itself (PEM), whose it is (for whom it was issued or imported), and which devices
    hold it. `revocation`: the connector asked for it in vain, and waits or was refused.
    """

    certificate: str | None
    revocation: Literal["waiting", "refused"] | None
    users: list[str]
    holders: list[Holder]


class UsedOperation(Answer):
    """One operation of Graph that an application called."""

    method: str
    path: str
    needs_one_of: list[str]
    calls: int
    refused: int


class ApplicationPermissions(Answer):
    """What one application may do by its own roles, and what it did. `missing`: the least that would have let refused
    calls through; with a user's token that is a scope to ask for and to consent to.
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
    """Since the server started."""

    mode: str
    value: list[ApplicationPermissions]


class Consequence(Answer):
    """What would happen to one item of a device. `why` says it in words, `cause` in one (of what goes or is revoked),
    with the `document` that rules it. Without thumbprint and serial a certificate does not exist yet.
    """

    item: str
    source: str
    profile: str | None
    profile_name: str | None
    thumbprint: str | None
    serial: str | None
    why: str
    cause: str | None = None
    document: str | None = None


class Reissue(Consequence):
    """An item that the device is given again: the same one, or a new one in its place."""

    reissued: Literal["new", "same"]


class DeviceConsequences(Answer):
    """What would happen to one device. `ends`: why its enrolment would be over (wipe, retire, delete ...)."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    managed_device: Annotated[str | None, Field(description="the same, while Graph has the record")]
    device_name: str | None
    user_principal_name: str | None
    ends: str | None
    install: list[Consequence]
    remove: list[Consequence]
    revoke: list[Consequence]
    reissue: list[Reissue]


class Consequences(Answer):
    """The devices to which anything would happen."""

    devices: list[DeviceConsequences]


class AuthorityCounts(Answer):
    """How many certificates an authority issued, and how they stand. A revoked one is not counted as expired."""

    issued: int
    good: int
    revoked: int
    expired: int


class CertificationAuthority(Answer):
    """An authority of the tenant. `current`: it is the one that issues, of those of its role; `crlNumber`, `thisUpdate`
    and `nextUpdate` are those of the newest CRL that anybody asked for.
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
