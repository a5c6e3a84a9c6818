"""The control surface's answers about who can read which mail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fauxtune.core.mail.readability import Reading
from fauxtune.surfaces.control.answers import Answer, DeviceId, ManagedDeviceId
from fauxtune.surfaces.control.mail_answers import Uid


class MatrixDevice(Answer):
    """A column of the matrix: a device of the user at that moment, by its newest enrolment then."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str
    variant: str
    left: Annotated[str | None, Field(description="wiped, retired, unenrolled or deleted; null while it was enrolled")]


class MatrixCell(Answer):
    """Whether one device can read one message. `certificate`: the one that decides it, with its mark (four letters);
    `since` and `until`: the time in which the device had its key.
    """

    reading: Annotated[
        Reading, Field(description="readable and notEncrypted: the device can read it; all others say why it cannot")
    ]
    can_read: bool
    sentence: str
    certificate: str | None
    mark: str | None
    since: str | None
    until: str | None


class MatrixReader(Answer):
    """A device of somebody else, or an earlier one, that can read the message."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str
    user_principal_name: str | None


class MatrixFile(Answer):
    """A certificate whose key exists as a file: it was imported, or issued as a file."""

    thumbprint: str
    mark: str


class MatrixMail(Answer):
    """A row of the matrix: a message. `cells` are in the order of the devices."""

    uid: Uid
    received_date_time: str
    author: str
    subject: str
    encrypted: bool
    cells: list[MatrixCell]
    others: list[MatrixReader]
    files: Annotated[list[MatrixFile], Field(description="whoever has such a file can read the message anywhere")]


class Matrix(Answer):
    """A page of a user's mail against the user's devices."""

    at: Annotated[str, Field(description="the moment, by the tenant's clock")]
    number: Annotated[int | None, Field(description="the moment as a number of the journal; null: now")]
    devices: list[MatrixDevice]
    mail: list[MatrixMail]
    next_after: Annotated[int | None, Field(description="`after` of the next page; null: this is the last")]
