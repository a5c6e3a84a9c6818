"""The rules of the audit log: for each kind of change, which resource is read and which events it leaves.

Families have theirs in `audit_families`; which properties an event shows is decided in `audit_properties`. The
words are those of the real service where its events were seen (`wipe ManagedDevice`, `Create DeviceConfiguration`,
`Create DeviceConfigurationAssignment`); each that only follows the pattern is Unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import DeviceCategoryId, ManagedDeviceId, ProfileId
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.insight.audit import (
    AfterOperation,
    AuditedResource,
    Event,
    Rule,
    Subject,
    resource_document,
)
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import device_records as record_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.devices import JoinedDeviceRow

CONFIGURATION_ASSIGNMENT = entity("managedDeviceMobileAppConfigurationAssignment")
ASSIGNMENT_FILTER = entity("deviceAndAppManagementAssignmentFilter")
USER_PFX_CERTIFICATE = entity("userPFXCertificate")
DEVICE_CONFIGURATION_ASSIGNMENT = entity("deviceConfigurationAssignment")
DEVICE_CATEGORY = entity("deviceCategory")
LOG_COLLECTION = entity("deviceLogCollectionResponse")
MANAGED_DEVICE = entity("managedDevice")
ROLE_SCOPE_TAG = entity("roleScopeTag")
ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = entity("roleScopeTagAutoAssignment")


def _profile(tx: Transaction, key: str) -> AuditedResource | None:
    row = configuration_queries.profile(tx.connection, tx.tenant.id, profile_id=key)
    return None if row is None else AuditedResource(row.id, entity(row.kind), row.document)


def _filter(tx: Transaction, key: str) -> AuditedResource | None:
    row = filter_queries.assignment_filter(tx.connection, tx.tenant.id, filter_id=key)
    return None if row is None else AuditedResource(row.id, ASSIGNMENT_FILTER, row.document)


def _category(tx: Transaction, key: str) -> AuditedResource | None:
    row = record_queries.category(tx.connection, tx.tenant.id, category_id=DeviceCategoryId(key))
    return None if row is None else AuditedResource(row.id, DEVICE_CATEGORY, row.document)


def _tag(tx: Transaction, key: str) -> AuditedResource | None:
    row = filter_queries.tag(tx.connection, tx.tenant.id, tag_id=key)
    return None if row is None else AuditedResource(row.id, ROLE_SCOPE_TAG, row.document)


def _pfx(tx: Transaction, key: str) -> AuditedResource | None:
    user_id, thumbprint = imported_pfx.split_id(key)
    row = pfx_queries.pfx(tx.connection, tx.tenant.id, user_id=user_id, thumbprint=thumbprint)
    return None if row is None else AuditedResource(row.document["id"], USER_PFX_CERTIFICATE, row.document)


def _device(tx: Transaction, key: str) -> AuditedResource | None:
    row = device_queries.managed_device(tx.connection, tx.tenant.id, managed_device_id=ManagedDeviceId(key))
    return None if row is None else _of_device(row)


def _of_device(row: JoinedDeviceRow) -> AuditedResource:
    document = {**row.document, "deviceCategoryDisplayName": row.category_name}
    return AuditedResource(row.id, MANAGED_DEVICE, document)


def _log_collection(tx: Transaction, key: str) -> AuditedResource | None:
    key = key.lower()
    is_there = record_queries.is_ordered(tx.connection, tx.tenant.id, action_id=key, action=DeviceAction.COLLECT_LOGS)
    return AuditedResource(key, LOG_COLLECTION, {"id": key}) if is_there else None


PROFILE = Subject("DeviceConfiguration", "DeviceConfiguration", "DeviceConfiguration", key="profile", read=_profile)
PROFILE_ASSIGNMENT = Subject(
    "DeviceConfigurationAssignment", "DeviceConfiguration", "DeviceConfiguration", key="profile", read=_profile
)
# Unverified: the words for app configurations.
APP_CONFIGURATION = Subject(
    "ManagedDeviceMobileAppConfiguration", "MobileAppConfiguration", "Application", key="configuration", read=_profile
)
APP_CONFIGURATION_ASSIGNMENT = Subject(
    "ManagedDeviceMobileAppConfigurationAssignment",
    "MobileAppConfiguration",
    "Application",
    key="configuration",
    read=_profile,
)
FILTER = Subject(
    "DeviceAndAppManagementAssignmentFilter", "AssignmentFilter", "AssignmentFilter", key="filter", read=_filter
)
CATEGORY = Subject("DeviceCategory", "Enrollment", "Enrollment", key="category", read=_category)
TAG = Subject("RoleScopeTag", "RoleBasedAccessControl", "Role", key="tag", read=_tag)
TAG_ASSIGNMENT = Subject("RoleScopeTagAutoAssignment", "RoleBasedAccessControl", "Role", key="tag", read=_tag)
IMPORTED_PFX = Subject("UserPFXCertificate", "DeviceConfiguration", "DeviceConfiguration", key="certificate", read=_pfx)
DEVICE = Subject("ManagedDevice", "ManagedDevices", "Device", key="device", read=_device)
COLLECTED_LOGS = Subject(
    "DeviceLogCollectionResponse", "ManagedDevices", "Device", key="collection", read=_log_collection
)


def creates(subject: Subject) -> Rule:
    """The rule of an operation that creates a resource and returns its document."""

    def before(tx: Transaction, _keys: Mapping[str, str]) -> AfterOperation:
        def after(document: Any) -> Iterable[Event]:
            new = subject.read(tx, str(document["id"]))
            assert new is not None
            yield Event("Create", "Create", subject, [resource_document(new, old=None, new=new.document)])

        return after

    return before


def changes(subject: Subject) -> Rule:
    """The rule of an operation that changes the resource that the path names."""

    def before(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
        old = subject.read(tx, keys[subject.key])

        def after(_result: Any) -> Iterable[Event]:
            assert old is not None
            new = subject.read(tx, keys[subject.key])
            assert new is not None
            yield Event("Patch", "Patch", subject, [resource_document(new, old=old.document, new=new.document)])

        return after

    return before


def deletes(subject: Subject) -> Rule:
    """The rule of an operation that deletes the resource that the path names."""

    def before(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
        old = subject.read(tx, keys[subject.key])

        def after(_result: Any) -> Iterable[Event]:
            assert old is not None
            yield Event("Delete", "Delete", subject, [resource_document(old, old=old.document, new=None)])

        return after

    return before


def orders(action: DeviceAction) -> Rule:
    """The rule of an action on the managed device that the path names."""

    def before(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
        device = _device(tx, keys[DEVICE.key])

        def after(_result: Any) -> Iterable[Event]:
            assert device is not None
            yield _action_event(device, action=action)

        return after

    return before


def orders_many(action: DeviceAction, device_ids: Sequence[str]) -> Rule:
    """The rule of an action on several managed devices, which the body names: an event for each that took it."""

    def before(tx: Transaction, _keys: Mapping[str, str]) -> AfterOperation:
        ids = [ManagedDeviceId(device_id.lower()) for device_id in device_ids]
        rows = device_queries.managed_devices_by_id(tx.connection, tx.tenant.id, ids=ids)
        devices = {str(row.id): _of_device(row) for row in rows}

        def after(result: Any) -> Iterable[Event]:
            for device_id in result["successfulDeviceIds"]:
                yield _action_event(devices[device_id.lower()], action=action)

        return after

    return before


def assigns_profile(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
    """The rule of an operation that changes assignments of the profile that the path names."""
    return _assigns(tx, keys, subject=PROFILE_ASSIGNMENT, shape=DEVICE_CONFIGURATION_ASSIGNMENT)


def assigns_app_configuration(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
    """The rule of an operation that changes assignments of the app configuration that the path names."""
    return _assigns(tx, keys, subject=APP_CONFIGURATION_ASSIGNMENT, shape=CONFIGURATION_ASSIGNMENT)


def _assigns(tx: Transaction, keys: Mapping[str, str], *, subject: Subject, shape: Entity) -> AfterOperation:
    def parts() -> dict[str, AuditedResource]:
        # Unverified: one event for each assignment that comes, changes or goes; that of a new one was seen.
        key = ProfileId(keys[subject.key].lower())
        rows = configuration_queries.assignments_of(tx.connection, tx.tenant.id, profile_id=key)
        return {row.id: AuditedResource(row.id, shape, row.document) for row in rows}

    return compared(parts, of=_profile(tx, keys[subject.key]), subject=subject)


def assigns_tag(tx: Transaction, keys: Mapping[str, str]) -> AfterOperation:
    """The rule of an operation that changes assignments of the scope tag that the path names."""

    def parts() -> dict[str, AuditedResource]:
        documents = filter_queries.assignments_of(tx.connection, tx.tenant.id, tag_id=keys[TAG.key])
        return {
            document["id"]: AuditedResource(document["id"], ROLE_SCOPE_TAG_AUTO_ASSIGNMENT, document)
            for document in documents
        }

    return compared(parts, of=_tag(tx, keys[TAG.key]), subject=TAG_ASSIGNMENT)


def compared(
    parts: Callable[[], dict[str, AuditedResource]], *, of: AuditedResource | None, subject: Subject
) -> AfterOperation:
    """Return the events for the parts of a resource that come, change or go."""
    before = parts()

    def after(_result: Any) -> Iterable[Event]:
        assert of is not None
        now = parts()
        whole = resource_document(of, old={}, new={})
        for key, part in (before | now).items():
            old, new = (resources[key].document if key in resources else None for resources in (before, now))
            verb = "Create" if old is None else "Delete" if new is None else "Patch"
            if old != new:
                yield Event(verb, verb, subject, [whole, resource_document(part, old=old, new=new)])

    return after


def _action_event(device: AuditedResource, *, action: DeviceAction) -> Event:
    # What was seen beside a wipe: the device's id in the directory.
    properties = [
        {"displayName": "AzureADDeviceId", "oldValue": None, "newValue": device.document.get("azureADDeviceId")}
    ]
    resource = {**resource_document(device, old={}, new={}), "modifiedProperties": properties}
    if action is DeviceAction.DELETE:
        return Event("Delete", "Delete", DEVICE, [resource])
    return Event(action.value, "Action", DEVICE, [resource])


_SUBJECTS = (PROFILE, PROFILE_ASSIGNMENT, FILTER, CATEGORY, TAG, TAG_ASSIGNMENT, IMPORTED_PFX)
_ACTIVITIES: tuple[tuple[str, str], ...] = (
    *((subject.category, subject.activity(verb)) for subject in _SUBJECTS for verb in ("Create", "Patch", "Delete")),
    *((DEVICE.category, DEVICE.activity(verb)) for verb in ("Patch", "Delete")),
    *((DEVICE.category, DEVICE.activity(action)) for action in DeviceAction if action is not DeviceAction.DELETE),
)


def activity_types(category: str) -> list[str]:
    """Return the activities that can be recorded under a category, which may be written in any case."""
    return sorted({name for known, name in _ACTIVITIES if known.lower() == category.lower()})


def categories() -> list[str]:
    """Return the categories under which activities can be recorded."""
    return sorted({known for known, _ in _ACTIVITIES})
