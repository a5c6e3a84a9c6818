"""What a Windows device escrows: recovery passwords of BitLocker, and passwords of local administrators (LAPS).

Differs from Entra ID: Windows sends both to the device registration service of Entra ID, whose messages are not
documented. This address and these messages are the emulator's own.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import EscrowKind
from fauxtune.core.model.text import STORABLE, Text
from fauxtune.operations.devices.escrow import Escrow

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Volume = Literal["operatingSystemVolume", "fixedDataVolume", "removableDataVolume"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]*$"), STORABLE]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_alias=True, frozen=True)


class RecoveryPassword(_Message):
    """A recovery password of BitLocker with the id of its protector."""

    id: Text
    password: Text = Field(repr=False, max_length=128)
    volume_type: Volume = "operatingSystemVolume"


class LocalAdministrator(_Message):
    """The password of a local administrator."""

    account_name: Name
    account_sid: Name
    password: Text = Field(repr=False, max_length=128)


class EscrowMessage(_Message):
    """One secret."""

    recovery_password: RecoveryPassword | None = None
    local_administrator: LocalAdministrator | None = None


def read(body: bytes) -> Escrow:
    """Read a message. Raises Invalid, without the secret in its words, for any other body."""
    try:
        message = EscrowMessage.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "the body"
        raise Invalid(f"This is no message about an escrowed secret: {where[:80]} is wrong.") from None
    recovery, administrator = message.recovery_password, message.local_administrator
    if (recovery is None) is (administrator is None):
        raise Invalid("A message has either recoveryPassword or localAdministrator.")
    if recovery is not None:
        key = recovery.id.lower().strip("{}")
        if not _GUID.fullmatch(key):
            raise Invalid("recoveryPassword.id is a GUID.", target="id")
        return Escrow(EscrowKind.BITLOCKER, recovery.password, key, {"volumeType": recovery.volume_type})
    assert administrator is not None
    details = {"accountName": administrator.account_name, "accountSid": administrator.account_sid}
    return Escrow(EscrowKind.LOCAL_ADMINISTRATOR, administrator.password, details=details)
