"""Consent to delegated permissions. Graph: oAuth2PermissionGrant."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.directory import grants
from fauxtune.operations.directory.registration_documents import permission_grants
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, created, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.service_principals import principal_document

PERMISSION_GRANT = entity("oAuth2PermissionGrant")
_CONTEXT = "oauth2PermissionGrants"


async def list_grants(call: Call) -> Answer:
    """GET /oauth2PermissionGrants."""
    return list_documents(call, await _documents(call), entity=PERMISSION_GRANT, context=_CONTEXT)


async def count_grants(call: Call) -> Answer:
    """GET /oauth2PermissionGrants/$count."""
    return count_documents(call, await _documents(call), entity=PERMISSION_GRANT)


async def get_grant(call: Call) -> Answer:
    """GET /oauth2PermissionGrants/{grant}."""
    key = call.keys["grant"]
    document = element_document(call, await _documents(call), entity=PERMISSION_GRANT, key=key)
    if document is None:
        raise missing(key)
    return entity_answer(call, document, context=_CONTEXT)


async def create_grant(call: Call) -> Answer:
    """POST /oauth2PermissionGrants."""
    body = accept(PERMISSION_GRANT, call.body(), partial=False, version=call.version)
    document = await call.run(grants.consent, body)
    return created(call, view(PERMISSION_GRANT, document, version=call.version), collection=_CONTEXT)


async def update_grant(call: Call) -> Answer:
    """PATCH /oauth2PermissionGrants/{grant}: another scope; the rest cannot be changed."""
    body = accept(PERMISSION_GRANT, call.body(), partial=True, version=call.version)

    def change(tx: Transaction) -> None:
        row = grants.application_of_grant(tx, call.keys["grant"])
        if "scope" in body:
            grants.change_consent(tx, row, scope=body["scope"])

    await call.run(change)
    return NO_CONTENT


async def delete_grant(call: Call) -> Answer:
    """DELETE /oauth2PermissionGrants/{grant}: nothing is consented to any more."""

    def delete(tx: Transaction) -> None:
        grants.change_consent(tx, grants.application_of_grant(tx, call.keys["grant"]), scope=None)

    await call.run(delete)
    return NO_CONTENT


async def list_grants_of_principal(call: Call) -> Answer:
    """GET /servicePrincipals/{principal}/oauth2PermissionGrants."""
    principal = await principal_document(call)
    documents = [each for each in await _documents(call) if each["clientId"] == principal["id"]]
    context = f"servicePrincipals('{principal['id']}')/{_CONTEXT}"
    return list_documents(call, documents, entity=PERMISSION_GRANT, context=context)


async def _documents(call: Call) -> list[Json]:
    return permission_grants(call.tenant, await call.read(queries.all_applications, call.tenant.id))
