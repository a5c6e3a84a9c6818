"""The control surface's answers: what comes out.

Times are ISO 8601 in UTC; serial numbers and thumbprints (SHA-1) are lower-case hex without separators. A `device` is
the id of its enrolment everywhere.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

T = TypeVar("T")


class Answer(BaseModel):
    """Members are named as on the wire, in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Listed(Answer, Generic[T]):
    """A collection."""

    value: list[T]


class Problem(Answer):
    """What was wrong, and what would be right."""

    code: str
    message: str


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
    """An application: its permissions, and what its certificate is. `secret` is there only if it was made just now."""

    client_id: str
    display_name: str
    roles: list[str]
    redirect_uris: list[str]
    secret: str | None = None
    certificate: str | None = None
    thumbprint: str | None = None
    created_date_time: str


class WaitingDevice(Answer):
    """A device that is not at rest, and why."""

    device: str
    name: str | None
    why: str


class Rest(Answer):
    """Devices at rest, and those that are not."""

    settled: list[str]
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

    id: str
    managed_device_id: str | None
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
    waits for.
    """

    key: str
    source: Literal["root", "pkcs", "imported", "scep", "email"]
    state: Literal["wanted", "sent", "installed", "failed", "removing", "removed", "kept"]
    profiles: list[str]
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
    """What happened. `certificate` has thumbprint, serial and source."""

    seq: int
    time: str
    type: str
    user: str | None
    device: str | None
    profile: str | None
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
    """A certificate as its authority's register has it. `device`: for which it was issued."""

    serial: str
    thumbprint: str
    subject: str
    user_principal_name: str | None
    template: str | None
    source: Literal["pkcs", "imported"] | None
    key_usage: list[str]
    not_before: str
    not_after: str
    status: Literal["good", "revoked", "expired"]
    reason: str | None
    revoked_date_time: str | None
    device: str | None


class Holder(Answer):
    """A device that holds a certificate, and its user."""

    device: str
    user: str | None


class Certificate(Registered):
    """The same with the certificate itself (PEM) and who holds it."""

    certificate: str
    holders: list[Holder]


class UsedOperation(Answer):
    """One operation of Graph that an application called."""

    method: str
    path: str
    needs_one_of: list[str]
    calls: int
    refused: int


class ApplicationPermissions(Answer):
    """What one application may do, and what it did. `missing`: the least that would have let refused calls through."""

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
