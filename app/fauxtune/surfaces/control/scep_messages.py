"""The bodies and answers of the control surface about SCEP: challenges, and revocations at a partner's authority."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fauxtune.core.model.text import JsonObject, Text
from fauxtune.surfaces.control.answers import Answer, DeviceId, ManagedDeviceId


class _Body(BaseModel):
    """Unknown members are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewChallenge(_Body):
    """Who requests a certificate, and by which profile."""

    device: Text | None = Field(
        default=None, description="the id of the device's enrolment, as /devices lists it, or of its managedDevice"
    )
    managed_device_id: Text | None = Field(
        default=None, description="the id of its managedDevice in Graph, in place of `device`"
    )
    profile: Text = Field(description="id of a SCEP profile that reaches the device")


class TriedRequest(NewChallenge):
    """A request in the name of a device, with a challenge of its own. What is left out is as the challenge says."""

    subject: Text | None = Field(default=None, max_length=500, examples=["CN=bob"])
    key_usages: list[Literal["keyEncipherment", "digitalSignature"]] | None = Field(default=None, max_length=2)


class ChallengePassword(_Body):
    """A challenge as a device gets it."""

    challenge: Text


class NewRevocation(_Body):
    """A certificate of a partner's authority."""

    serial_number: Text = Field(description="as the authority reported it; without an issuer also the thumbprint")
    issuer_name: Text | None = Field(
        default=None, description="null: of the certificate that an authority reported under this number"
    )
    ca_configuration: Text | None = None


class Denial(_Body):
    """Why a request is denied."""

    reason: Text = Field(description="printable text of 1 to 255 characters")


class Renewal(_Body):
    """Whose RA certificates are renewed."""

    connector: Text | None = Field(default=None, description="id or name; otherwise the one that serves NDES")


class Challenge(Answer):
    """A challenge and what it lets the device request. `challenge` is the challengePassword of the request."""

    challenge: str
    content: JsonObject


class OpenedChallenge(Answer):
    """The content of a challenge; or the code and words with which the service refuses it."""

    content: JsonObject | None
    code: str
    error_description: str


class TriedAnswer(Answer):
    """What the service says of a request: `Success`, or what differs. `request`: PKCS#10, PEM; `content`: that of its
    challenge.
    """

    code: str
    error_description: str
    request: str
    content: JsonObject


class KnownChallenge(Answer):
    """A challenge that was given, and what became of it. `state`: given, validated, refused, issued or failed."""

    id: str
    device: DeviceId
    managed_device_id: ManagedDeviceId
    profile: str
    state: str
    outcome: JsonObject | None
    created_date_time: str
    expiration_date_time: str


class PartnerRevocation(Answer):
    """A certificate in the queue. `state`: open, revoked or failed."""

    id: str
    serial_number: str
    issuer_name: str
    ca_configuration: str | None
    state: str
    leased_until_date_time: str | None
    available_date_time: str | None = Field(
        description="while it is open: when the authority can get it, if an earlier download or a lease holds it up"
    )
    error_code: str | None
    error_message: str | None
    created_date_time: str


class KnownRequest(Answer):
    """A request that NDES has accepted. `state`: pending, issued or denied."""

    id: str
    state: str
    transaction_id: str
    subject: str | None = Field(description="while it is pending")
    challenge: str = Field(description="the id of the challenge in it")
    device: DeviceId
    managed_device_id: ManagedDeviceId
    profile: str
    connector: str
    renews: str | None = Field(description="the serial number of the certificate that it renews")
    serial_number: str | None
    authority: str | None
    message: str | None = Field(description="why it was denied")
    created_date_time: str
    decided_date_time: str | None


class KnownRaCertificate(Answer):
    """A certificate with which NDES answers. `purpose`: encryption or signing."""

    purpose: str
    thumbprint: str
    serial_number: str
    expiration_date_time: str


class Ndes(Answer):
    """How the tenant's NDES stands. `problem`: why it does not answer."""

    url: str
    connector: str | None
    problem: str | None
    ra_certificates: list[KnownRaCertificate] = Field(description="made at the first request of a client")
