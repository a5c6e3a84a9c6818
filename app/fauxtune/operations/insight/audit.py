"""The audit log: what was done through Graph on device management, by whom. Graph: auditEvent.

One place watches: an operation that stands in `RULES` is looked at before and after, in its own transaction, so that
what fails leaves no event. The words are those of the real service where its events were seen (`wipe ManagedDevice`,
`Create DeviceConfiguration`, `Create DeviceConfigurationAssignment`); each that only follows the pattern is Unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from fauxtune.core.clock import iso
from fauxtune.core.graph.assignments import ASSIGNMENT_FILTER
from fauxtune.core.graph.certificates import USER_PFX_CERTIFICATE
from fauxtune.core.graph.configuration import DEVICE_CONFIGURATION_ASSIGNMENT
from fauxtune.core.graph.devices import DEVICE_CATEGORY, MANAGED_DEVICE
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.tenant import ROLE_SCOPE_TAG, ROLE_SCOPE_TAG_AUTO_ASSIGNMENT
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import DeviceCategoryId, ManagedDeviceId, UserId
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import bulk_actions
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.insight.audit_properties import modified, pascal
from fauxtune.operations.profiles import assignment_filters, assignments, profiles, role_scope_tags
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import assignment_filters as filter_queries
from fauxtune.storage.queries import audit as queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import device_categories as category_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import role_scope_tags as tag_queries
from fauxtune.storage.rows.devices import JoinedDeviceRow
from fauxtune.storage.rows.tenants import AuditEventRow

Document = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the token says, and by which request."""

    client_id: str
    user_id: str | None
    permissions: tuple[str, ...]
    request_id: str


@dataclass(frozen=True, slots=True)
class Thing:
    """What is acted upon. `kind` says which of its properties may be written down."""

    id: str
    kind: Entity
    document: Document

    @property
    def name(self) -> str:
        """What it is called; the real service writes `<null>` where there is no name."""
        for name in ("displayName", "deviceName", "userPrincipalName"):
            if self.document.get(name):
                return str(self.document[name])
        return "<null>"


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of things: its name, the component and the category that it belongs to, and how one is found."""

    noun: str
    component: str
    category: str
    look: Callable[[Transaction, str], Thing | None]


@dataclass(frozen=True, slots=True)
class Event:
    """One event to be written."""

    verb: str
    operation: str
    subject: Subject
    resources: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of an operation."""

    positional: Sequence[Any]
    named: Document

    @property
    def key(self) -> str:
        """Of what is changed: always the first."""
        return str(self.positional[0])


#: Looks before the operation, and returns what is to be asked afterwards with its result.
Watch = Callable[[Transaction, Asked], Callable[[Any], Iterable[Event]]]


def audited(tx: Transaction, operation: Callable[Concatenate[Transaction, P], T], *, actor: Actor) -> Callable[P, T]:
    """The operation, which leaves its events when it succeeds."""

    def carried_out(*args: P.args, **kwargs: P.kwargs) -> T:
        rule = RULES.get(operation)
        if rule is None:
            return operation(tx, *args, **kwargs)
        seen = rule(tx, Asked(args, dict(kwargs)))
        result = operation(tx, *args, **kwargs)
        _write(tx, actor, events=list(seen(result)))
        return result

    return carried_out


def activity_types(category: str) -> list[str]:
    """What can be recorded under a category, in any case of letters."""
    found = {name for known, name in _ACTIVITIES if known.lower() == category.lower()}
    return sorted(found)


def categories() -> list[str]:
    """The categories of what can be recorded."""
    return sorted({known for known, _ in _ACTIVITIES})


# ------------------------------------------------------------------------------------------------------------- things


def _profile(tx: Transaction, key: str) -> Thing | None:
    row = configuration_queries.profile(tx.connection, tx.tenant.id, profile_id=key)
    return None if row is None else Thing(row["id"], entity(row["kind"]), row["document"])


def _filter(tx: Transaction, key: str) -> Thing | None:
    row = filter_queries.assignment_filter(tx.connection, tx.tenant.id, filter_id=key)
    return None if row is None else Thing(row["id"], ASSIGNMENT_FILTER, row["document"])


def _category(tx: Transaction, key: str) -> Thing | None:
    row = category_queries.category(tx.connection, tx.tenant.id, category_id=DeviceCategoryId(key))
    return None if row is None else Thing(row.id, DEVICE_CATEGORY, row.document)


def _tag(tx: Transaction, key: str) -> Thing | None:
    row = tag_queries.tag(tx.connection, tx.tenant.id, tag_id=key)
    return None if row is None else Thing(row["id"], ROLE_SCOPE_TAG, row["document"])


def _pfx(tx: Transaction, key: str) -> Thing | None:
    user_id, thumbprint = imported_pfx.split_id(key)
    row = pfx_queries.pfx(tx.connection, tx.tenant.id, user_id=user_id, thumbprint=thumbprint)
    return None if row is None else Thing(row.document["id"], USER_PFX_CERTIFICATE, row.document)


def _device(tx: Transaction, key: str) -> Thing | None:
    row = device_queries.managed_device(tx.connection, tx.tenant.id, managed_device_id=ManagedDeviceId(key))
    return None if row is None else _of_device(row)


def _of_device(row: JoinedDeviceRow) -> Thing:
    document = {**row.document, "deviceCategoryDisplayName": row.category_name}
    return Thing(row.id, MANAGED_DEVICE, document)


_PROFILE = Subject("DeviceConfiguration", "DeviceConfiguration", "DeviceConfiguration", _profile)
_PROFILE_ASSIGNMENT = Subject("DeviceConfigurationAssignment", "DeviceConfiguration", "DeviceConfiguration", _profile)
_FILTER = Subject("DeviceAndAppManagementAssignmentFilter", "AssignmentFilter", "AssignmentFilter", _filter)
_CATEGORY = Subject("DeviceCategory", "Enrollment", "Enrollment", _category)
_TAG = Subject("RoleScopeTag", "RoleBasedAccessControl", "Role", _tag)
_TAG_ASSIGNMENT = Subject("RoleScopeTagAutoAssignment", "RoleBasedAccessControl", "Role", _tag)
_PFX = Subject("UserPFXCertificate", "DeviceConfiguration", "DeviceConfiguration", _pfx)
_DEVICE = Subject("ManagedDevice", "ManagedDevices", "Device", _device)


# -------------------------------------------------------------------------------------------------------------- rules


def _create(subject: Subject) -> Watch:
    def watch(tx: Transaction, _asked: Asked) -> Callable[[Any], Iterable[Event]]:
        def after(made: Any) -> Iterable[Event]:
            new = subject.look(tx, str(made["id"]))
            assert new is not None
            yield Event("Create", "Create", subject, [_resource(new, old=None, new=new.document)])

        return after

    return watch


def _patch(subject: Subject) -> Watch:
    def watch(tx: Transaction, asked: Asked) -> Callable[[Any], Iterable[Event]]:
        old = subject.look(tx, asked.key)

        def after(_result: Any) -> Iterable[Event]:
            assert old is not None
            new = subject.look(tx, asked.key)
            assert new is not None
            yield Event("Patch", "Patch", subject, [_resource(new, old=old.document, new=new.document)])

        return after

    return watch


def _delete(subject: Subject) -> Watch:
    def watch(tx: Transaction, asked: Asked) -> Callable[[Any], Iterable[Event]]:
        old = subject.look(tx, asked.key)

        def after(_result: Any) -> Iterable[Event]:
            assert old is not None
            yield Event("Delete", "Delete", subject, [_resource(old, old=old.document, new=None)])

        return after

    return watch


def _act_on_device(tx: Transaction, asked: Asked) -> Callable[[Any], Iterable[Event]]:
    old = _device(tx, asked.key)

    def after(_result: Any) -> Iterable[Event]:
        assert old is not None
        yield _device_event(old, action=asked.named["action"])

    return after


def _act_on_devices(tx: Transaction, asked: Asked) -> Callable[[Any], Iterable[Event]]:
    ids = [ManagedDeviceId(str(key).lower()) for key in asked.positional[0]]
    rows = device_queries.managed_devices_by_id(tx.connection, tx.tenant.id, ids=ids)
    old = {row.id: _of_device(row) for row in rows}

    def after(told: Any) -> Iterable[Event]:
        for key in told["successfulDeviceIds"]:
            yield _device_event(old[key.lower()], action=asked.named["action"])

    return after


def _assign_profile(tx: Transaction, asked: Asked) -> Callable[[Any], Iterable[Event]]:
    def parts() -> dict[str, Thing]:
        # Unverified: one event for each assignment that comes, changes or goes; that of a new one was seen.
        key = asked.key.lower()
        rows = configuration_queries.assignments_of(tx.connection, tx.tenant.id, profile_id=key)
        return {row["id"]: Thing(row["id"], DEVICE_CONFIGURATION_ASSIGNMENT, row["document"]) for row in rows}

    return _compared(parts, of=_profile(tx, asked.key), subject=_PROFILE_ASSIGNMENT)


def _assign_tag(tx: Transaction, asked: Asked) -> Callable[[Any], Iterable[Event]]:
    def parts() -> dict[str, Thing]:
        found = tag_queries.assignments_of(tx.connection, tx.tenant.id, tag_id=asked.key)
        return {each["id"]: Thing(each["id"], ROLE_SCOPE_TAG_AUTO_ASSIGNMENT, each) for each in found}

    return _compared(parts, of=_tag(tx, asked.key), subject=_TAG_ASSIGNMENT)


def _compared(
    parts: Callable[[], dict[str, Thing]], *, of: Thing | None, subject: Subject
) -> Callable[[Any], Iterable[Event]]:
    before = parts()

    def after(_result: Any) -> Iterable[Event]:
        assert of is not None
        now = parts()
        whole = _resource(of, old={}, new={})
        for key, shown in (before | now).items():
            old, new = (found[key].document if key in found else None for found in (before, now))
            verb = "Create" if old is None else "Delete" if new is None else "Patch"
            if old != new:
                yield Event(verb, verb, subject, [whole, _resource(shown, old=old, new=new)])

    return after


RULES: dict[Callable[..., Any], Watch] = {
    profiles.create_profile: _create(_PROFILE),
    profiles.update_profile: _patch(_PROFILE),
    profiles.clear_reference: _patch(_PROFILE),
    profiles.delete_profile: _delete(_PROFILE),
    assignments.assign: _assign_profile,
    assignments.add: _assign_profile,
    assignments.change: _assign_profile,
    assignments.remove: _assign_profile,
    assignment_filters.create_filter: _create(_FILTER),
    assignment_filters.update_filter: _patch(_FILTER),
    assignment_filters.delete_filter: _delete(_FILTER),
    device_records.create_category: _create(_CATEGORY),
    device_records.update_category: _patch(_CATEGORY),
    device_records.delete_category: _delete(_CATEGORY),
    role_scope_tags.create_tag: _create(_TAG),
    role_scope_tags.update_tag: _patch(_TAG),
    role_scope_tags.delete_tag: _delete(_TAG),
    role_scope_tags.assign_tag: _assign_tag,
    imported_pfx.import_pfx: _create(_PFX),
    imported_pfx.update_pfx: _patch(_PFX),
    imported_pfx.delete_pfx: _delete(_PFX),
    device_records.update_device: _patch(_DEVICE),
    device_records.put_into_category: _patch(_DEVICE),
    device_actions.perform: _act_on_device,
    bulk_actions.execute: _act_on_devices,
}
_NOUNS = (_PROFILE, _PROFILE_ASSIGNMENT, _FILTER, _CATEGORY, _TAG, _TAG_ASSIGNMENT, _PFX)
_ACTIVITIES: tuple[tuple[str, str], ...] = (
    *((each.category, f"{verb} {each.noun}") for each in _NOUNS for verb in ("Create", "Patch", "Delete")),
    *((_DEVICE.category, f"{verb} {_DEVICE.noun}") for verb in ("Patch", "Delete")),
    *((_DEVICE.category, f"{each} {_DEVICE.noun}") for each in DeviceAction if each is not DeviceAction.DELETE),
)


# ------------------------------------------------------------------------------------------------------------- events


def _device_event(device: Thing, *, action: DeviceAction) -> Event:
    # What was seen beside a wipe: the device's id in the directory.
    said = [{"displayName": "AzureADDeviceId", "oldValue": None, "newValue": device.document.get("azureADDeviceId")}]
    resource = {**_resource(device, old={}, new={}), "modifiedProperties": said}
    if action is DeviceAction.DELETE:
        return Event("Delete", "Delete", _DEVICE, [resource])
    return Event(action.value, "Action", _DEVICE, [resource])


def _resource(thing: Thing, *, old: Document | None, new: Document | None) -> Document:
    kind = pascal(thing.kind.name)
    return {
        "displayName": thing.name,
        "type": kind,
        "auditResourceType": kind,
        "resourceId": thing.id,
        "modifiedProperties": modified(thing.kind, old=old, new=new),
    }


def _write(tx: Transaction, actor: Actor, *, events: Sequence[Event]) -> None:
    if not events:
        return
    who = _shown(tx, actor)
    rows = []
    for event in events:
        event_id, words = tx.ids.uuid(), f"{event.verb} {event.subject.noun}"
        document = {
            "id": event_id,
            "displayName": words,
            "componentName": event.subject.component,
            "actor": who,
            "activity": None,
            "activityDateTime": iso(tx.now),
            "activityType": words,
            "activityOperationType": event.operation,
            "activityResult": "Success",
            "correlationId": actor.request_id,
            "resources": list(event.resources),
            "category": event.subject.category,
        }
        rows.append(
            AuditEventRow(
                tenant_id=tx.tenant.id,
                id=event_id,
                number=0,
                activity_at=tx.now,
                component=event.subject.component,
                document=document,
            )
        )
    queries.add_events(tx.connection, tx.tenant.id, events=rows)


def _shown(tx: Transaction, actor: Actor) -> Document:
    """Graph's auditActor. Unverified: `Application` for one that acts on its own; `ItPro` was seen for people."""
    application = application_queries.application(tx.connection, tx.tenant.id, client_id=actor.client_id)
    user = None
    if actor.user_id is not None:
        user = directory_queries.user(tx.connection, tx.tenant.id, user_id=UserId(actor.user_id))
    kind = "Application" if actor.user_id is None else "ItPro"
    return {
        "type": kind,
        "auditActorType": kind,
        "userPermissions": list(actor.permissions),
        "applicationId": actor.client_id,
        "applicationDisplayName": None if application is None else application.name,
        "userPrincipalName": None if user is None else user.document["userPrincipalName"],
        "servicePrincipalName": None,
        # The real service was seen to leave it out.
        "ipAddress": None,
        "userId": actor.user_id,
        "remoteTenantId": None,
        "remoteUserId": None,
        "userRoleScopeTags": [],
    }
