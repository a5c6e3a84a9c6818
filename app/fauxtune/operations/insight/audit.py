"""The audit log: what was done through Graph on device management, by whom. Graph: auditEvent.

The rule of a request stands at its route: which events it leaves is in `audit_rules` (of families: `audit_families`),
which properties an event shows in `audit_properties`. It reads the resource before and after, in the operation's own
transaction, so that a request that fails leaves no event.

Names and values are written as the real service was seen to write them: in .NET's casing, parts of an object with a
dot, `<null>` for a cleared value. Differs from Intune: a property that can hold a secret is named without its
content: files, lists of objects (custom settings), whatever is write-only, and what a device's record shows only on
request. A long value is cut. `Unverified:` at which length the real service cuts one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import (
    ComplexType,
    Edm,
    Entity,
    EnumType,
    Owner,
    Property,
    Shown,
    StructuredType,
    Version,
)
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import logs as queries
from fauxtune.storage.rows.tenants import AuditEventRow

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of a request, as the token says, and the request's id."""

    client_id: str
    user_id: UserId | None
    permissions: tuple[str, ...]
    request_id: str


@dataclass(frozen=True, slots=True)
class AuditedResource:
    """A resource that a request changes. `kind` decides which of its properties may be recorded."""

    id: str
    kind: Entity
    document: JsonObject

    @property
    def name(self) -> str:
        """The display name; the real service writes `<null>` for a resource without one."""
        for name in ("displayName", "deviceName", "userPrincipalName"):
            if self.document.get(name):
                return str(self.document[name])
        return "<null>"


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of resources: its noun in events, its component and category, the name of its key in the paths of routes,
    and how one is read by that key.
    """

    noun: str
    component: str
    category: str
    key: str
    read: Callable[[Transaction, str], AuditedResource | None]

    def activity(self, verb: str) -> str:
        """Return the name of an event on such a resource: Graph's activityType, and its displayName."""
        return f"{verb} {self.noun}"


@dataclass(frozen=True, slots=True)
class Event:
    """An event to be written. `operation`: Graph's activityOperationType; `resources`: Graph's auditResource."""

    verb: str
    operation: str
    subject: Subject
    resources: Sequence[JsonObject]


#: Makes the events of an operation from its result.
AfterOperation: TypeAlias = Callable[[Any], Iterable[Event]]
#: Reads what an operation will change, by the keys of the request's path, before it runs.
Rule: TypeAlias = Callable[[Transaction, Mapping[str, str]], AfterOperation]


def audited(
    operation: Callable[Concatenate[Transaction, P], T], *, rule: Rule, keys: Mapping[str, str], actor: Actor
) -> Callable[Concatenate[Transaction, P], T]:
    """Return an operation that does the same and, if it succeeds, adds the events of the rule. `keys`: those of the
    request's path.
    """

    def observed(tx: Transaction, /, *args: P.args, **kwargs: P.kwargs) -> T:
        events_after = rule(tx, keys)
        result = operation(tx, *args, **kwargs)
        _write(tx, actor, events=list(events_after(result)))
        return result

    return observed


def resource_document(resource: AuditedResource, *, old: JsonObject | None, new: JsonObject | None) -> JsonObject:
    """Return Graph's auditResource, with the properties in which the documents differ."""
    kind = pascal(resource.kind.name)
    return {
        "displayName": resource.name,
        "type": kind,
        "auditResourceType": kind,
        "resourceId": resource.id,
        "modifiedProperties": modified(resource.kind, old=old, new=new),
    }


def _write(tx: Transaction, actor: Actor, *, events: Sequence[Event]) -> None:
    if not events:
        return
    last, application = queries.last_number(tx.connection, tx.tenant.id, client_id=actor.client_id)
    actor_document = _actor_document(tx, actor, application=application)
    rows = []
    for number, event in enumerate(events, last + 1):
        event_id, activity = tx.ids.uuid(), event.subject.activity(event.verb)
        document = {
            "id": event_id,
            "displayName": activity,
            "componentName": event.subject.component,
            "actor": actor_document,
            "activity": None,
            "activityDateTime": iso(tx.now),
            "activityType": activity,
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
                number=number,
                activity_at=tx.now,
                component=event.subject.component,
                document=document,
            )
        )
    queries.add_events(tx.connection, rows)


def _actor_document(tx: Transaction, actor: Actor, *, application: str | None) -> JsonObject:
    """Return Graph's auditActor. Unverified: `Application` without a user; `ItPro` was seen for people."""
    user = None
    if actor.user_id is not None:
        user = directory_queries.user(tx.connection, tx.tenant.id, user_id=actor.user_id)
    kind = "Application" if actor.user_id is None else "ItPro"
    return {
        "type": kind,
        "auditActorType": kind,
        "userPermissions": list(actor.permissions),
        "applicationId": actor.client_id,
        "applicationDisplayName": application,
        "userPrincipalName": None if user is None else user.document["userPrincipalName"],
        "servicePrincipalName": None,
        # The real service was seen to leave it out.
        "ipAddress": None,
        "userId": actor.user_id,
        "remoteTenantId": None,
        "remoteUserId": None,
        "userRoleScopeTags": [],
    }


Document = Mapping[str, Any]

#: Properties that the server writes and that are recorded all the same: the others show no intention of the caller.
_RECORDED = {"id", "deviceCategoryDisplayName"}
#: In place of a content that is not written down.
LEFT_OUT = "<not recorded>"
_NULL = "<null>"
#: The characters of a value that are written down, so that an event has a bound.
_MOST_CHARACTERS = 4096


def modified(kind: StructuredType, *, old: Document | None, new: Document | None) -> list[dict[str, Any]]:
    """Return the properties in which the two differ, in the order of the type; all of one if the other is None."""
    return [*_differences(kind, old, new=new, prefix=""), *_undeclared(kind, old or {}, new=new or {})]


def pascal(word: str) -> str:
    """Return the word in .NET's casing: `displayName` becomes `DisplayName`."""
    return word[:1].upper() + word[1:]


def _differences(
    kind: StructuredType, old: Document | None, *, new: Document | None, prefix: str
) -> Iterator[dict[str, Any]]:
    for name, prop in kind.properties_in(Version.BETA).items():
        if prop.owner is Owner.SERVER and name not in _RECORDED:
            continue
        before, after = (None if each is None else each.get(name) for each in (old, new))
        if old is not None and new is not None and before == after:
            continue
        label = prefix + pascal(name)
        if isinstance(prop.type, ComplexType) and not prop.collection and not _is_secret(prop):
            yield from _within(prop, before, new=after, label=label)
        else:
            yield {
                "displayName": label,
                "oldValue": None if old is None else _text(prop, before),
                "newValue": None if new is None else _text(prop, after),
            }


def _undeclared(kind: StructuredType, old: Document, *, new: Document) -> Iterator[dict[str, Any]]:
    """Yield the properties that an open type stores beside its declared ones; their content is not recorded."""
    if not kind.open:
        return
    declared = kind.properties_in(Version.BETA)
    for name in dict.fromkeys((*old, *new)):
        if name not in declared and old.get(name) != new.get(name):
            before, after = (LEFT_OUT if name in each else None for each in (old, new))
            yield {"displayName": pascal(name), "oldValue": before, "newValue": after}


def _within(prop: Property, old: Document | None, *, new: Document | None, label: str) -> Iterator[dict[str, Any]]:
    type_name = (new or old or {}).get("@odata.type")
    assert isinstance(prop.type, ComplexType)
    kind = next((variant for variant in prop.variants if variant.odata_type == type_name), prop.type)
    if type_name is not None:
        types = [None if each is None else pascal(each["@odata.type"].rpartition(".")[2]) for each in (old, new)]
        if types[0] != types[1]:
            yield {"displayName": f"{label}.Type", "oldValue": types[0], "newValue": types[1]}
    yield from _differences(kind, old, new=new, prefix=f"{label}.")


def _text(prop: Property, value: Any) -> str:
    if value is None:
        return _NULL
    if _is_secret(prop):
        return LEFT_OUT
    text = ", ".join(_scalar(prop, each) for each in value) if prop.collection else _scalar(prop, value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def _scalar(prop: Property, value: Any) -> str:
    if isinstance(prop.type, EnumType):
        return ", ".join(pascal(part) for part in str(value).split(","))
    return str(value)


def _is_secret(prop: Property) -> bool:
    objects = prop.collection and isinstance(prop.type, ComplexType)
    return objects or prop.write_only or prop.type is Edm.BINARY or prop.visibility is Shown.BLANK_UNLESS_SELECTED
