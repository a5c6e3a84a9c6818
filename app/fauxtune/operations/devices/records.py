"""Graph's record of a device: the facts that the device reports, and what an administrator changes.

Graph: managedDevice, its update, deviceCategory. Intune refreshes the inventory of hardware every seven days.

The primary user decides what is assigned by way of users, and which imported certificates the device receives. The
user who enrolled it stays as it was, and so do userPrincipalName, userDisplayName and emailAddress of Graph's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotFound, UnsupportedAction
from fauxtune.core.graph.device_facts import reported, shown
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DeviceCategoryId, DirectoryDeviceId, ManagedDeviceId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.operations.devices.audience import check_licensed, user_name
from fauxtune.operations.directory.users_and_groups import differing, missing
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.collections.devices import NO_CATEGORY
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import device_records as category_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import DeviceCategoryRow, EnrollmentRow, JoinedDeviceRow
from fauxtune.storage.rows.directory import UserRow

#: The facts that Graph's device of the directory repeats, and their names there.
_IN_DIRECTORY = {
    "deviceName": "displayName",
    "osVersion": "operatingSystemVersion",
    "manufacturer": "manufacturer",
    "model": "model",
}
#: jailBroken -> isRooted of the directory's device.
_ROOTED = {"True": True, "False": False}
#: The facts on which filters of assignments and variables of profiles depend.
_PLANNED_WITH = frozenset(
    {
        "deviceName",
        "imei",
        "jailBroken",
        "manufacturer",
        "meid",
        "model",
        "osVersion",
        "processorArchitecture",
        "serialNumber",
        "skuFamily",
        "skuNumber",
        "udid",
        "wiFiMacAddress",
    }
)


@dataclass(frozen=True, slots=True)
class News:
    """All facts that are known now of a device that reports new ones, and the names of these. `replans`: its plan
    depends on what is new.
    """

    facts: JsonObject
    names: frozenset[str]
    replans: bool


def note_facts(tx: Transaction, enrollment: EnrollmentRow, *, facts: Mapping[str, object]) -> bool:
    """Write the facts that are new, by the names of managedDevice; those that are not of the right type, or that a
    device reports no more, change nothing. Return whether any was new.
    """
    news = write_news(tx, enrollment, facts=facts)
    if news is not None:
        queries.change_enrollment(tx.connection, enrollment.id, facts=news.facts)
    return news is not None


def write_news(tx: Transaction, enrollment: EnrollmentRow, *, facts: Mapping[str, object]) -> News | None:
    """Do what `note_facts` does, except that the caller writes the enrolment. None: nothing is new."""
    accepted = reported(facts, now=tx.now, user_id=enrollment.user_id, before=enrollment.facts)
    changes = {name: value for name, value in accepted.items() if enrollment.facts.get(name) != value}
    if not changes:
        return None
    known = {**enrollment.facts, **changes}
    record = queries.managed_device_of(tx.connection, enrollment.id)
    if record is not None:
        properties = shown(known, owner=record.document["managedDeviceOwnerType"])
        # A property that an action has changed since, such as the name, stays until the device itself reports it.
        news = {name: value for name, value in properties.items() if name in changes or name not in known}
        document = {**record.document, **news}
        queries.change_managed_device(tx.connection, tx.tenant.id, managed_device_id=record.id, document=document)
    repeated = in_directory(changes)
    if repeated:
        _repeat(tx, enrollment.directory_device_id, changes=repeated)
    return News(known, frozenset(changes), replans=not _PLANNED_WITH.isdisjoint(changes))


def in_directory(facts: Mapping[str, object]) -> JsonObject:
    """Return the properties of the directory's device that repeat these facts."""
    repeated: JsonObject = {there: facts[here] for here, there in _IN_DIRECTORY.items() if facts.get(here)}
    rooted = _ROOTED.get(str(facts.get("jailBroken")))
    return repeated if rooted is None else {**repeated, "isRooted": rooted}


def _repeat(tx: Transaction, device_id: DirectoryDeviceId, *, changes: JsonObject) -> None:
    entra = directory_queries.directory_device(tx.connection, tx.tenant.id, device_id=device_id)
    if entra is not None:
        document = {**entra.document, **changes}
        names = differing(entra.document, changes)
        directory_queries.change_directory_device(
            tx.connection, tx.tenant.id, device_id=device_id, document=document, names=names
        )


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


def set_primary_user(tx: Transaction, managed_device_id: ManagedDeviceId, *, user_key: str | None) -> None:
    """Make a user the device's primary user; None: it has no user from now on (a shared device). The present user
    again changes nothing.

    Raises NotFound for an unknown user, NotLicensed for one without licence; UnsupportedAction for devices that are
    not Windows, which enrol again instead; Invalid for a device that is ending.
    """
    record = device(tx, managed_device_id)
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


def record_document(row: JoinedDeviceRow) -> JsonObject:
    """Return the document of a managed device, with the columns of its enrolment and its category."""
    document: JsonObject = {**row.document, "deviceCategoryDisplayName": row.category_name or NO_CATEGORY}
    if row.last_checkin_at is not None:
        document["lastSyncDateTime"] = iso(row.last_checkin_at)
    return document
