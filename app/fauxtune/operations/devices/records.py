"""What an admin writes into Graph's record of a device, and the categories that devices are put into.

Graph: managedDevice: update; deviceCategory.
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.graph.devices import DEVICE_CATEGORY
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import device_categories as category_queries
from fauxtune.storage.queries import devices as queries

Row = dict[str, Any]

#: One value under two names: v1.0 knows the first only.
_OWNER, _OWNER_IN_BETA = "managedDeviceOwnerType", "ownerType"


def update_device(tx: Transaction, device_id: str, *, changes: Row, category: str | None = None) -> Row:
    """Change the record; the row as it is then. Invalid if the two names of the owner say different things; `category`
    puts it into one.
    """
    row = device(tx, device_id)
    document = row["document"] | tagged(changes) | _owner(changes)
    if category is not None:
        put_into_category(tx, device_id, category_id=category)
    if document[_OWNER] != row["document"].get(_OWNER):
        # Assignments can depend on whose device it is.
        tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row["enrollment_id"]))
    queries.change_managed_device(tx.connection, tx.tenant.id, device_id=row["id"], document=document)
    tx.record("deviceChanged", device=row["enrollment_id"], changed=sorted(changes))
    return device(tx, device_id)


def put_into_category(tx: Transaction, device_id: str, *, category_id: str | None) -> None:
    """Put the device into a category, or into none. NotFound for a category that does not exist."""
    row = device(tx, device_id)
    found = None if category_id is None else category(tx, category_id)["id"]
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row["enrollment_id"]))
    category_queries.put_into_category(tx.connection, tx.tenant.id, device_id=row["id"], category_id=found)
    tx.record("deviceChanged", device=row["enrollment_id"], changed=["deviceCategory"])


def create_category(tx: Transaction, document: Row) -> Row:
    """A new category. Conflict when its name is taken."""
    _check_name(tx, document["displayName"], category_id=None)
    category_id = tx.ids.uuid()
    full = {**defaults(DEVICE_CATEGORY), **tagged(document), "id": category_id}
    category_queries.add_category(
        tx.connection,
        tx.tenant.id,
        id=category_id,
        display_name=full["displayName"],
        created_at=tx.now,
        document=full,
    )
    return full


def update_category(tx: Transaction, category_id: str, *, changes: Row) -> Row:
    """Change a category; its devices show the new name at once."""
    row = category(tx, category_id)
    full = {**row["document"], **tagged(changes)}
    if not full["displayName"]:
        raise Invalid("A value is required for property 'displayName' of resource 'deviceCategory'.")
    _check_name(tx, full["displayName"], category_id=row["id"])
    category_queries.change_category(
        tx.connection, tx.tenant.id, category_id=row["id"], display_name=full["displayName"], document=full
    )
    _wake(tx, row["id"])
    return full


def delete_category(tx: Transaction, category_id: str) -> None:
    """The category goes; its devices are in none."""
    row = category(tx, category_id)
    _wake(tx, row["id"])
    category_queries.delete_category(tx.connection, tx.tenant.id, category_id=row["id"])


def device(tx: Transaction, device_id: str) -> Row:
    """The row of Graph's record."""
    row = queries.managed_device(tx.connection, tx.tenant.id, device_id=device_id)
    if row is None:
        raise NotFound(f"There is no managedDevice '{device_id}'.")
    return row


def category(tx: Transaction, category_id: str) -> Row:
    """The row of a category."""
    row = category_queries.category(tx.connection, tx.tenant.id, category_id=category_id)
    if row is None:
        raise NotFound(f"There is no deviceCategory '{category_id}'.")
    return row


def _owner(changes: Row) -> Row:
    said = {changes[name] for name in (_OWNER, _OWNER_IN_BETA) if name in changes}
    if len(said) > 1:
        raise Invalid(f"{_OWNER} and {_OWNER_IN_BETA} are the same thing: send one, or the same value in both.")
    return {name: value for value in said for name in (_OWNER, _OWNER_IN_BETA)}


def _check_name(tx: Transaction, name: str, *, category_id: str | None) -> None:
    other = category_queries.category_named(tx.connection, tx.tenant.id, name=name)
    if other is not None and other["id"] != category_id:
        # Unverified: the real service's words.
        raise Conflict(f"There is a device category '{name}' already.", target="displayName")


def _wake(tx: Transaction, category_id: str) -> None:
    tx.wake(concern.by_category(tx.connection, tx.tenant.id, category_id=category_id))
