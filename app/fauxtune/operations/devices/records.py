"""An admin's changes to Graph's record of a device, and the categories that devices are put into.

Graph: managedDevice: update; deviceCategory.
"""

from __future__ import annotations

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.graph.device_facts import shown
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DeviceCategoryId, ManagedDeviceId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import device_records as category_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import DeviceCategoryRow, JoinedDeviceRow

DEVICE_CATEGORY = entity("deviceCategory")

#: One value under two names: v1.0 knows the first only.
_OWNER, _OWNER_IN_BETA = "managedDeviceOwnerType", "ownerType"


def update_device(
    tx: Transaction,
    managed_device_id: ManagedDeviceId,
    *,
    changes: JsonObject,
    category: DeviceCategoryId | None = None,
) -> JoinedDeviceRow:
    """Change the record's properties, and put it into a category; return the changed row. Raises Invalid if the two
    names of the owner have different values.
    """
    row = device(tx, managed_device_id)
    document = row.document | tagged(changes) | _owner(changes)
    if category is not None:
        put_into_category(tx, managed_device_id, category_id=category)
    if document[_OWNER] != row.document.get(_OWNER):
        document |= _facts_of(tx, row, owner=document[_OWNER])
        # Assignments can depend on whose device it is.
        tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row.enrollment_id))
    queries.change_managed_device(tx.connection, tx.tenant.id, managed_device_id=row.id, document=document)
    tx.record("deviceChanged", device=row.enrollment_id, changed=sorted(changes))
    return device(tx, managed_device_id)


def put_into_category(
    tx: Transaction, managed_device_id: ManagedDeviceId, *, category_id: DeviceCategoryId | None
) -> None:
    """Put the device into a category; None: into no category. Raises NotFound for an unknown category."""
    row = device(tx, managed_device_id)
    new_id = None if category_id is None else category(tx, category_id).id
    tx.wake(concern.by_enrollment(tx.connection, tx.tenant.id, enrollment_id=row.enrollment_id))
    category_queries.put_into_category(tx.connection, tx.tenant.id, managed_device_id=row.id, category_id=new_id)
    tx.record("deviceChanged", device=row.enrollment_id, changed=["deviceCategory"])


def create_category(tx: Transaction, document: JsonObject) -> JsonObject:
    """Create a category; return its document. Raises Conflict if the name is taken."""
    _check_name(tx, document["displayName"], category_id=None)
    category_id = DeviceCategoryId(tx.ids.uuid())
    full = {**defaults(DEVICE_CATEGORY), **tagged(document), "id": category_id}
    row = DeviceCategoryRow(
        tenant_id=tx.tenant.id, id=category_id, display_name=full["displayName"], created_at=tx.now, document=full
    )
    category_queries.add_category(tx.connection, row)
    return full


def update_category(tx: Transaction, category_id: DeviceCategoryId, *, changes: JsonObject) -> JsonObject:
    """Change a category; return its document. Its devices show a new name at once."""
    row = category(tx, category_id)
    full = {**row.document, **tagged(changes)}
    if not full["displayName"]:
        raise Invalid("A value is required for property 'displayName' of resource 'deviceCategory'.")
    _check_name(tx, full["displayName"], category_id=row.id)
    category_queries.change_category(
        tx.connection, tx.tenant.id, category_id=row.id, display_name=full["displayName"], document=full
    )
    _wake(tx, row.id)
    return full


def delete_category(tx: Transaction, category_id: DeviceCategoryId) -> None:
    """Delete a category; its devices have no category from now on."""
    row = category(tx, category_id)
    _wake(tx, row.id)
    category_queries.delete_category(tx.connection, tx.tenant.id, category_id=row.id)


def device(tx: Transaction, managed_device_id: ManagedDeviceId) -> JoinedDeviceRow:
    """Return Graph's record. Raises NotFound."""
    row = queries.managed_device(tx.connection, tx.tenant.id, managed_device_id=managed_device_id)
    if row is None:
        raise NotFound(f"There is no managedDevice '{managed_device_id}'.")
    return row


def category(tx: Transaction, category_id: DeviceCategoryId) -> DeviceCategoryRow:
    """Return a category. Raises NotFound."""
    row = category_queries.category(tx.connection, tx.tenant.id, category_id=category_id)
    if row is None:
        raise NotFound(f"There is no deviceCategory '{category_id}'.")
    return row


def _owner(changes: JsonObject) -> JsonObject:
    values = {changes[name] for name in (_OWNER, _OWNER_IN_BETA) if name in changes}
    if len(values) > 1:
        raise Invalid(f"{_OWNER} and {_OWNER_IN_BETA} are the same thing: send one, or the same value in both.")
    return {name: value for value in values for name in (_OWNER, _OWNER_IN_BETA)}


def _facts_of(tx: Transaction, row: JoinedDeviceRow, *, owner: str) -> JsonObject:
    """The properties that depend on the owner: of a personal device Graph shows less than of the company's."""
    enrollment = queries.enrollment(tx.connection, row.enrollment_id)
    facts = {} if enrollment is None else shown(enrollment.facts, owner=owner)
    return {name: facts[name] for name in ("phoneNumber", "hardwareInformation") if name in facts}


def _check_name(tx: Transaction, name: str, *, category_id: DeviceCategoryId | None) -> None:
    other = category_queries.category_named(tx.connection, tx.tenant.id, name=name)
    if other is not None and other.id != category_id:
        # Unverified: the real service's words.
        raise Conflict(f"There is a device category '{name}' already.", target="displayName")


def _wake(tx: Transaction, category_id: DeviceCategoryId) -> None:
    tx.wake(concern.by_category(tx.connection, tx.tenant.id, category_id=category_id))
