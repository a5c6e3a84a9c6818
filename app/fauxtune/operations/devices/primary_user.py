"""Whose device it is. Intune: "Find the primary user of an Intune device"; Graph (beta): managedDevice: users/$ref.

The primary user decides what is assigned by way of users, and which imported certificates the device is given. Who
enrolled it stays as it was, and so do userPrincipalName, userDisplayName and emailAddress of Graph's record.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Invalid, UnsupportedAction
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.devices.enrollment import licensed, user_name
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries

Row = dict[str, Any]


def set_primary_user(tx: Transaction, device_id: str, *, user_key: str | None) -> None:
    """Give the device to a user, or to nobody (a shared device). The same user again changes nothing.

    NotFound for a user who does not exist, NotLicensed for one without licence; UnsupportedAction for devices that are
    not Windows, which enrol anew instead; Invalid for a device that is about to leave.
    """
    record = device_records.device(tx, device_id)
    if record["variant"] != Variant.WINDOWS:
        raise UnsupportedAction(
            f"The primary user of a device of the kind {record['variant']} cannot be changed: only that of a Windows "
            "device can. Others get another user by enrolling anew."
        )
    user = None if user_key is None else _user(tx, user_key)
    row = queries.enrollment(tx.connection, record["enrollment_id"], lock=True)
    if row is None or row["state"] != EnrollmentState.ACTIVE.value:
        raise Invalid(f"The device is about to leave ({record['document']['managementState']}): its user stays.")
    user_id = None if user is None else user["id"]
    if row["user_id"] == user_id:
        return
    former = user_name(tx, row)
    queries.change_enrollment(tx.connection, row["id"], user_id=user_id)
    document = {**record["document"], "userId": user_id or ""}
    queries.change_managed_device(
        tx.connection, tx.tenant.id, device_id=record["id"], document=document, user_id=user_id
    )
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row["id"]))
    name = None if user is None else user["document"]["userPrincipalName"]
    tx.record("primaryUserChanged", user=name, device=row["id"], former=former)


def _user(tx: Transaction, key: str) -> Row:
    user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=key)
    if user is None:
        raise missing(key)
    licensed(user)
    return user
