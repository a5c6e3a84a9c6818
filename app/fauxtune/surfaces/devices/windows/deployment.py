"""What a Windows device asks before its set-up: whether it is registered with Autopilot, and its deployment profile.

Differs from Intune: the messages of Windows' deployment service, which finds the tenant by the hardware hash, are not
published. This address and these messages are the emulator's own.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import Text
from fauxtune.core.policies.autopilot import is_hash


class _Deployment(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_alias=True, frozen=True)

    serial_number: Text = Field(min_length=1, max_length=128)
    hardware_hash: Text = Field(min_length=1, max_length=16 * 1024, repr=False)


def read(body: bytes) -> str:
    """Return the serial number of the device that asks. Raises Invalid for another body, or no hardware hash."""
    try:
        message = _Deployment.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "the body"
        raise Invalid(f"This is no question for a deployment profile: {where[:80]} is wrong.") from None
    if not is_hash(message.hardware_hash):
        raise Invalid("hardwareHash is not the base64 of a hardware hash, which begins with OA.", target="hardwareHash")
    return message.serial_number
