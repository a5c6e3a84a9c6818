"""Who can read what: a user's mail against the user's devices, now or at any moment of the tenant's history."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from fauxtune.core.errors import NotFound
from fauxtune.core.mail.readability import Cell, Reading
from fauxtune.core.model.certificates import Marks
from fauxtune.operations.insight import readability
from fauxtune.operations.insight.readability import moment_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.answers import DeviceId, ManagedDeviceId
from fauxtune.surfaces.control.bodies import Answer
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


_MOST = 500
_LARGEST_UID = 2**31 - 1

#: The ids of Graph's managedDevices, by the enrolments' ids.
Records = dict[str | None, str]

router = calls("/tenants/{tenant}", tag="mail")


@router.get("/users/{user}/readability", summary="Get who can read a user's mail, and why others cannot")
async def get_readability(
    *,
    here: Here,
    user: str,
    at: Annotated[
        str,
        Query(description="a time (ISO 8601) of the tenant's clock, or a number of its journal; without it: now"),
    ] = "",
    after: Annotated[int, Query(ge=0, le=_LARGEST_UID, description="a message's number")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
) -> Matrix:
    """A row for each message that had come by then, a column for each device that the user had. A device has a key from
    the moment when it confirmed the installation until it confirmed the removal. A clock that was put back shows a time
    twice; then the later one is meant, and a number of the journal is exact.
    """
    moment, marks = moment_of(at), await here.marks()

    def read(tx: Transaction) -> tuple[readability.Matrix, Records]:
        row = directory_queries.user_by_key(tx.connection, here.tenant.id, key=user)
        if row is None:
            raise NotFound(f"There is no user '{user}'.")
        matrix = readability.readability(tx, row.id, marks=marks, moment=moment, after=after, limit=limit)
        readers = [other_reader.enrollment_id for mail in matrix.mail for other_reader in mail.others]
        devices = [*(device.enrollment_id for device in matrix.devices), *readers]
        return matrix, managed_device_ids(tx.connection, here.tenant.id, enrollment_ids=devices)

    matrix, records = await here.run(read)
    return _matrix(matrix, records, marks=marks)


def _matrix(matrix: readability.Matrix, records: Records, *, marks: Marks) -> Matrix:
    devices = [
        MatrixDevice.from_value(
            device,
            device=device.enrollment_id,
            managed_device_id=records.get(device.enrollment_id),
            device_name=device.name,
        )
        for device in matrix.devices
    ]
    return Matrix.from_value(matrix, devices=devices, mail=[_mail(mail, records, marks=marks) for mail in matrix.mail])


def _mail(row: readability.MatrixMail, records: Records, *, marks: Marks) -> MatrixMail:
    return MatrixMail.from_value(
        row.mail,
        uid=row.uid,
        received_date_time=row.received_at,
        cells=[_cell(cell, marks=marks) for cell in row.cells],
        others=[
            MatrixReader.from_value(
                reader,
                device=reader.enrollment_id,
                managed_device_id=records.get(reader.enrollment_id),
                device_name=reader.name,
            )
            for reader in row.others
        ],
        files=[MatrixFile(thumbprint=file, mark=marks.of(file).letters) for file in row.files],
    )


def _cell(cell: Cell, *, marks: Marks) -> MatrixCell:
    return MatrixCell.from_value(
        cell,
        can_read=cell.reading.can_read,
        certificate=cell.thumbprint,
        mark=None if cell.thumbprint is None else marks.of(cell.thumbprint).letters,
    )
