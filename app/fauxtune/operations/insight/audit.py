"""The audit log: what was done through Graph on device management, by whom. Graph: auditEvent.

The rule of a request stands at its route: which events it leaves is in `audit_rules` (of families: `audit_families`),
which properties an event shows in `audit_properties`. It reads the resource before and after, in the
operation's own transaction, so that a request that fails leaves no event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.insight.audit_properties import modified, pascal
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
