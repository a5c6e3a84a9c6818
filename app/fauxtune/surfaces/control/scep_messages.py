"""The bodies and answers of the control surface about SCEP: challenges, and revocations at a partner's authority."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fauxtune.core.model.text import JsonObject, Text
from fauxtune.surfaces.control.answers import Answer


class _Body(BaseModel):
    """Unknown members are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewChallenge(_Body):
    """Who requests a certificate, and by which profile."""

    device: Text = Field(description="id of the managedDevice")
    profile: Text = Field(description="id of a SCEP profile that reaches the device")


class ChallengePassword(_Body):
    """A challenge as a device gets it."""

    challenge: Text


class NewRevocation(_Body):
    """A certificate of a partner's authority."""

    serial_number: Text
    issuer_name: Text
    ca_configuration: Text | None = None


class Challenge(Answer):
    """A challenge and what it lets the device request. `challenge` is the challengePassword of the request."""

    challenge: str
    content: JsonObject


class OpenedChallenge(Answer):
    """The content of a challenge; or the code and words with which the service refuses it."""

    content: JsonObject | None
    code: str
    error_description: str


class KnownChallenge(Answer):
    """A challenge that was given, and what became of it. `state`: given, validated, refused, issued or failed."""

    id: str
    device: str = Field(description="the enrolment")
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
    error_code: str | None
    error_message: str | None
    created_date_time: str
