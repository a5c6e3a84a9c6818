"""The primary user of a device. Intune: "Find the primary user of an Intune device"; Graph (beta): managedDevice:
users/$ref.

The primary user decides what is assigned by way of users, and which imported certificates the device receives. The user
who enrolled it stays as it was, and so do userPrincipalName, userDisplayName and emailAddress of Graph's record.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid, UnsupportedAction
from fauxtune.core.model.ids import ManagedDeviceId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.devices.licence import check_licensed
from fauxtune.operations.devices.users import user_name
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.directory import UserRow


def set_primary_user(tx: Transaction, managed_device_id: ManagedDeviceId, *, user_key: str | None) -> None:
    """Make a user the device's primary user; None: it has no user from now on (a shared device). The present user
    again changes nothing.

    Raises NotFound for an unknown user, NotLicensed for one without licence; UnsupportedAction for devices that are
    not Windows, which enrol again instead; Invalid for a device that is ending.
    """
    record = device_records.device(tx, managed_device_id)
    if record.variant is not Variant.WINDOWS:
        raise UnsupportedAction(
            f"The primary user of a device of the kind {record.variant} cannot be changed: only that of a Windows "
            "device can. Others get another user by enrolling again."
        )
    user = None if user_key is None else _user(tx, user_key)
    row = queries.enrollment(tx.connection, record.enrollment_id, lock=True)
    if row is None or row.state is not EnrollmentState.ACTIVE:
        raise Invalid(f"The device is ending ({record.document['managementState']}): its user cannot be changed.")
    user_id = None if user is None else user.id
    if row.user_id == user_id:
        return
    former = user_name(tx, row)
    queries.change_enrollment(tx.connection, row.id, user_id=user_id)
    document = {**record.document, "userId": user_id or ""}
    queries.change_managed_device(
        tx.connection, tx.tenant.id, managed_device_id=record.id, document=document, user_id=user_id
    )
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row.id))
    name = None if user is None else user.document["userPrincipalName"]
    tx.record("primaryUserChanged", user=name, device=row.id, former=former)


def _user(tx: Transaction, key: str) -> UserRow:
    user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=key)
    if user is None:
        raise missing(key)
    check_licensed(user)
    return user
