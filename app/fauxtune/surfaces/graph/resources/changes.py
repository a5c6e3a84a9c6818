"""Changes of the directory: delta queries, and subscriptions to notifications.

Delta queries of users, groups and Entra devices. Graph: user: delta, group: delta, device: delta.

`$deltatoken=latest` begins without the objects that there are. `Prefer: return=minimal` shows only changed properties.
Differs from Intune: none of the delays that the document warns of.

Subscriptions to changes of users, groups and Entra devices. Graph: subscription.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fauxtune.core.clock import iso
from fauxtune.core.graph.index import entity
from fauxtune.core.graph.subscriptions import DeltaToken, read_token, watched
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import check_select, view
from fauxtune.core.odata.query.expressions import Compare, Condition, Field, Folded, In, Literal, Operand, Operator, Or
from fauxtune.core.odata.schema.types import EXACT, Entity, approximated
from fauxtune.operations.directory import changes
from fauxtune.operations.directory import subscriptions as operations
from fauxtune.operations.directory.changes import Changed, Related
from fauxtune.storage.queries import logs as queries
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import (
    NO_CONTENT,
    Answer,
    Call,
    Handler,
    Json,
    ResyncRequired,
    UnsupportedQuery,
    check_options,
    created,
    entity_answer,
)
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import condition_of, list_documents, preferred_size

#: Objects of one page, and of a filter (Graph: group: delta).
_PAGE, _MOST_FILTERED = 200, 50
#: What is tracked of each kind beside its properties, and whether it is without a $select.
_RELATIONS = {"user": ("manager",), "group": ("members", "owners"), "device": ()}
_BY_DEFAULT = {"user": (), "group": ("members",), "device": ()}


def delta(kind: str) -> Handler:
    """Return the handler of `/users/delta` and its like."""
    shape = entity(kind)

    async def handler(call: Call) -> Answer:
        token = await _token(call, kind=kind, shape=shape)
        if token.is_first_round and (call.query.deltatoken or "").lower() == "latest":
            return _answer(call, [], token=_latest(token), is_complete=True)
        relations = _relations(kind, token.select)
        now = iso(call.emulator.runner.now(call.tenant))
        limit = preferred_size(call, _PAGE)
        page = await call.read(changes.page, call.tenant.id, token=token, now=now, relations=relations, limit=limit)
        if page is None:
            raise ResyncRequired(
                "The changes since this token are not known any more: begin again without a token.",
                location=f"{call.root}/{kind}s/delta?$deltatoken=",
            )
        values = [_shown(call, change, shape=shape, token=token) for change in page.changes]
        return _answer(call, values, token=page.token, is_complete=page.is_complete)

    return handler


def _deltas(kind: str, permissions: tuple[str, ...]) -> Routes:
    routes = Routes(f"{kind}s", type=entity(kind), read=permissions, dated=True)
    routes.list(
        "/delta",
        summary=f"What has changed of {kind}s",
        source=f"Graph: {kind}: delta; Use delta query to track changes in Microsoft Graph data",
        fidelity=approximated("a deleted object is gone at once; who was a user's manager is not told"),
    )(delta(kind))
    return routes


DELTAS = tuple(
    route
    for kind, permissions in (("user", needs.READ_USERS), ("group", needs.READ_GROUPS), ("device", needs.READ_DEVICES))
    for route in _deltas(kind, permissions)
)


async def _token(call: Call, *, kind: str, shape: Entity) -> DeltaToken:
    """Return the token of the request; for a first one a new one."""
    query = call.query
    for option, text in (("$skiptoken", query.skiptoken), ("$deltatoken", query.deltatoken)):
        if text and text.lower() != "latest":
            return read_token(text, kind=kind, option=option)
    unsupported = {
        "$expand": query.expand,
        "$orderby": query.orderby,
        "$top": query.top,
        "$skip": query.skip,
        "$search": query.search,
        "$count": query.count,
    }
    for option, value in unsupported.items():
        if value:
            raise UnsupportedQuery(f"{option} is not supported by delta queries.", target=option)
    names = tuple(name for name in query.select or () if name.lower() not in _RELATIONS[kind])
    check_select(names or None, entities=(shape,), version=call.version)
    among = _ids(condition_of(call, shape))
    token = await call.run(changes.begin, kind=kind, select=query.select, among=among)
    call.emulator.runner.tracking.begin(call.tenant.id)
    return token


def _latest(token: DeltaToken) -> DeltaToken:
    return DeltaToken(token.kind, token.epoch, token.seq, token.issued, select=token.select, among=token.among)


def _relations(kind: str, select: tuple[str, ...] | None) -> tuple[str, ...]:
    if select is None:
        return _BY_DEFAULT[kind]
    return tuple(name for name in _RELATIONS[kind] if name in {each.lower() for each in select})


def _ids(condition: Condition | None) -> tuple[str, ...] | None:
    """Return the ids that a filter names. Raises UnsupportedQuery for any other filter."""
    if condition is None:
        return None
    ids = tuple(_named(condition))
    if len(ids) > _MOST_FILTERED:
        raise UnsupportedQuery(f"The filter of a delta query names {_MOST_FILTERED} objects at most.", target="$filter")
    return ids


def _named(condition: Condition) -> list[str]:
    match condition:
        case Compare(Operator.EQ, operand, Literal(str(key))) if _is_id(operand):
            return [key.lower()]
        case In(operand, values) if _is_id(operand):
            return [str(value).lower() for value in values]
        case Or(conditions):
            return [key for each in conditions for key in _named(each)]
        case _:
            raise UnsupportedQuery(
                "A delta query is filtered only by ids: id eq '...' or id eq '...'.", target="$filter"
            )


def _is_id(operand: Operand) -> bool:
    field = operand.operand if isinstance(operand, Folded) else operand
    return isinstance(field, Field) and field.path == ("id",)


def _shown(call: Call, changed: Changed, *, shape: Entity, token: DeltaToken) -> Json:
    if changed.row is None:
        return {"id": changed.id, "@removed": {"reason": "deleted"}}
    relations = _relations(token.kind, token.select)
    names = None if token.select is None else tuple(each for each in token.select if each.lower() not in relations)
    document = view(shape, changed.row.document, version=call.version, select=names)
    if names == ():
        document = {"id": changed.id}
    known = changed.names or frozenset()
    if not token.is_first_round and changed.names is not None and _is_minimal(call):
        document = {name: value for name, value in document.items() if name == "id" or name in known}
    # What was never set is left out; what was set to null is there.
    result = {name: value for name, value in document.items() if value is not None or name in known}
    for name in relations:
        if related := changed.relations.get(name):
            result[f"{name}@delta"] = [_related(each) for each in related]
    return result


def _related(related: Related) -> dict[str, Any]:
    document: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{related.kind}", "id": related.id}
    return {**document, "@removed": {"reason": "deleted"}} if related.is_gone else document


def _is_minimal(call: Call) -> bool:
    return "return=minimal" in call.headers.get("prefer", "").lower().replace(" ", "")


def _answer(call: Call, values: list[Json], *, token: DeltaToken, is_complete: bool) -> Answer:
    path = f"{token.kind}s/delta"
    name, option = ("@odata.deltaLink", "$deltatoken") if is_complete else ("@odata.nextLink", "$skiptoken")
    link = f"{call.root}/{path}?{option}={quote(token.written(), safe='')}"
    return Answer(200, {"@odata.context": call.context(f"{token.kind}s"), name: link, "value": values})


SUBSCRIPTION = entity("subscription")

_CONTEXT = "subscriptions"
#: Any of them; creating one needs the permission to read what is subscribed to.
_ANY = tuple(dict.fromkeys((*needs.READ_USERS, *needs.READ_GROUPS, *needs.READ_DEVICES)))
_HOOKS = approximated(
    "users, groups and devices, by webhooks without resource data; the only lifecycle event is reauthorizationRequired"
)
SUBSCRIPTIONS = Routes(_CONTEXT, type=SUBSCRIPTION, read=_ANY, write=_ANY, dated=True)
#: Who reads a resource may subscribe to it.
_NEEDS = {"user": needs.READ_USERS, "group": needs.READ_GROUPS, "device": needs.READ_DEVICES}


@SUBSCRIPTIONS.list(fidelity=EXACT)
async def list_subscriptions(call: Call) -> Answer:
    """List the application's subscriptions."""
    rows = await call.read(queries.subscriptions_of, call.tenant.id)
    now = call.emulator.runner.now(call.tenant)
    own = [row.document for row in rows if row.client_id == call.principal.client_id and row.expires_at > now]
    return list_documents(call, own, entity=SUBSCRIPTION, context=_CONTEXT)


@SUBSCRIPTIONS.create(
    source="Graph: subscription: create; Receive change notifications through webhooks", fidelity=_HOOKS
)
async def create_subscription(call: Call) -> Answer:
    """Subscribe to changes, once the receiver has answered.

    It answers with the validation token.
    """
    sent = accept(SUBSCRIPTION, call.body(), partial=False, version=call.version)
    kind = watched(str(sent["resource"])).kind
    call.emulator.permissions.check(call.principal, ("POST", "/subscriptions"), needs=_NEEDS[kind])
    document = await operations.create(
        call.emulator,
        call.tenant,
        document={**defaults(SUBSCRIPTION), **sent},
        principal=call.principal,
        request_id=call.request_id,
    )
    return created(call, view(SUBSCRIPTION, document, version=call.version), collection=_CONTEXT)


@SUBSCRIPTIONS.get("/{subscription}", fidelity=EXACT)
async def get_subscription(call: Call) -> Answer:
    """Get a subscription."""
    check_options(call, SUBSCRIPTION)
    key = call.keys["subscription"]
    row = await call.read(operations.known, call.tenant, key=key, principal=call.principal)
    if row.expires_at <= call.emulator.runner.now(call.tenant):
        raise operations.missing(key)
    document = view(SUBSCRIPTION, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_CONTEXT)


@SUBSCRIPTIONS.update("/{subscription}", fidelity=_HOOKS)
async def update_subscription(call: Call) -> Answer:
    """Renew a subscription."""
    changes = accept(SUBSCRIPTION, call.body(), partial=True, version=call.version)
    document = await operations.update(
        call.emulator,
        call.tenant,
        key=call.keys["subscription"],
        changes=changes,
        principal=call.principal,
        request_id=call.request_id,
    )
    return entity_answer(call, view(SUBSCRIPTION, document, version=call.version), context=_CONTEXT)


@SUBSCRIPTIONS.action("/{subscription}/reauthorize", status=204, fidelity=approximated("nothing ends without it"))
async def reauthorize(call: Call) -> Answer:
    """Authorise a subscription again."""
    await call.run(operations.reauthorize, call.keys["subscription"], principal=call.principal)
    return NO_CONTENT


@SUBSCRIPTIONS.delete("/{subscription}")
async def delete_subscription(call: Call) -> Answer:
    """Delete a subscription."""
    await call.run(operations.delete, call.keys["subscription"], principal=call.principal)
    return NO_CONTENT
