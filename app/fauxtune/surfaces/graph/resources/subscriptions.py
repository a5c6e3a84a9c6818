"""Subscriptions to changes of users, groups and Entra devices. Graph: subscription."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.graph.subscriptions import watched
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.directory import subscriptions as operations
from fauxtune.storage.queries import change_log as queries
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, check_options, created, entity_answer
from fauxtune.surfaces.graph.computed import list_documents

SUBSCRIPTION = entity("subscription")

_CONTEXT = "subscriptions"
#: Who reads a resource may subscribe to it.
_NEEDS = {"user": needs.READ_USERS, "group": needs.READ_GROUPS, "device": needs.READ_DEVICES}


async def list_subscriptions(call: Call) -> Answer:
    """GET /subscriptions: those of the application that asks."""
    rows = await call.read(queries.subscriptions_of, call.tenant.id)
    now = call.emulator.runner.now(call.tenant)
    own = [row.document for row in rows if row.client_id == call.principal.client_id and row.expires_at > now]
    return list_documents(call, own, entity=SUBSCRIPTION, context=_CONTEXT)


async def create_subscription(call: Call) -> Answer:
    """POST: 201, once the receiver has answered with the validation token."""
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


async def get_subscription(call: Call) -> Answer:
    """GET /subscriptions/{subscription}."""
    check_options(call, SUBSCRIPTION)
    key = call.keys["subscription"]
    row = await call.read(operations.known, call.tenant, key=key, principal=call.principal)
    if row.expires_at <= call.emulator.runner.now(call.tenant):
        raise operations.missing(key)
    document = view(SUBSCRIPTION, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_CONTEXT)


async def update_subscription(call: Call) -> Answer:
    """PATCH /subscriptions/{subscription}: 200 with the subscription, which is renewed."""
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


async def reauthorize(call: Call) -> Answer:
    """POST /subscriptions/{subscription}/reauthorize."""
    await call.run(operations.reauthorize, call.keys["subscription"], principal=call.principal)
    return NO_CONTENT


async def delete_subscription(call: Call) -> Answer:
    """DELETE /subscriptions/{subscription}."""
    await call.run(operations.delete, call.keys["subscription"], principal=call.principal)
    return NO_CONTENT
