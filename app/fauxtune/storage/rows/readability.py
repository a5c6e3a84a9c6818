"""Rows of the question who can read which mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import EnrollmentId, ItemKey, MessageId, UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, EnrollmentState, ItemState
from fauxtune.core.model.text import JsonObject


@dataclass(frozen=True, slots=True)
class ReceivedMailRow:
    """A message in a mailbox, without its bytes."""

    uid: int
    message_id: MessageId
    received_at: datetime
    size: int
    document: JsonObject


@dataclass(frozen=True, slots=True)
class ReadingDeviceRow:
    """An enrolment with the names of its device and its user; None without a user that still exists."""

    enrollment_id: EnrollmentId
    hardware_key: str
    variant: Variant
    user_id: UserId | None
    state: EnrollmentState
    cause: Cause | None
    enrolled_at: datetime
    device_name: str | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class IssuedKeyRow:
    """A certificate of the register, with what it was issued for."""

    thumbprint: str
    certificate: bytes
    enrollment_id: EnrollmentId | None
    device_name: str | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class ImportedKeyRow:
    """An imported certificate; None where no connector has opened the file yet."""

    thumbprint: str
    certificate: bytes | None
    user_principal_name: str | None


@dataclass(frozen=True, slots=True)
class AwaitedKeyRow:
    """A certificate on its way to a device, with the reason why it is not there yet."""

    enrollment_id: EnrollmentId
    item_key: ItemKey
    thumbprint: str
    state: ItemState
    message: str | None


@dataclass(frozen=True, slots=True)
class EncryptedForRow:
    """A certificate that a message is encrypted for, by one of its names, and a mailbox with the message."""

    message_id: MessageId
    name: str
    user_id: UserId


@dataclass(frozen=True, slots=True)
class LifeEventRow:
    """The beginning or the end of an enrolment, by its number in the journal."""

    enrollment_id: EnrollmentId
    number: int
    time: datetime
    type: str
