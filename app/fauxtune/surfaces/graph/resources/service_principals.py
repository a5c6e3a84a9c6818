"""Service principals, and the appRoles that are granted to them. Graph: servicePrincipal, appRoleAssignment."""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.directory import grants, registrations
from fauxtune.operations.directory.registration_documents import principal_documents, role_assignments
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.surfaces.graph.call import (
    NO_CONTENT,
    Answer,
    Call,
    Handler,
    Json,
    check_options,
    created,
    entity_answer,
)
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.alternate_keys import object_key

SERVICE_PRINCIPAL = entity("servicePrincipal")
APP_ROLE_ASSIGNMENT = entity("appRoleAssignment")
_CONTEXT = "servicePrincipals"
_KEY = "principal"
#: The navigations to assignments, and the property of an assignment that names the service principal there.
ASSIGNED, ASSIGNED_TO = "appRoleAssignments", "appRoleAssignedTo"
_SIDES = {ASSIGNED: "principalId", ASSIGNED_TO: "resourceId"}


async def list_principals(call: Call) -> Answer:
    """GET /servicePrincipals."""
    return list_documents(call, await _documents(call), entity=SERVICE_PRINCIPAL, context=_CONTEXT)


async def count_principals(call: Call) -> Answer:
    """GET /servicePrincipals/$count."""
    return count_documents(call, await _documents(call), entity=SERVICE_PRINCIPAL)


async def get_principal(call: Call) -> Answer:
    """GET /servicePrincipals/{principal}, also by `appId='...'`."""
    check_options(call, SERVICE_PRINCIPAL)
    document = await principal_document(call)
    selected = view(SERVICE_PRINCIPAL, document, version=call.version, select=call.query.select)
    return entity_answer(call, selected, context=_CONTEXT)


async def create_principal(call: Call) -> Answer:
    """POST /servicePrincipals: of an application of the tenant that has none."""
    document = accept(SERVICE_PRINCIPAL, call.body(), partial=False, version=call.version)
    row = await call.run(registrations.create_principal, document)
    principal = principal_documents(call.tenant, [row])[-1]
    return created(call, view(SERVICE_PRINCIPAL, principal, version=call.version), collection=_CONTEXT)


async def update_principal(call: Call) -> Answer:
    """PATCH /servicePrincipals/{principal}."""
    document = accept(SERVICE_PRINCIPAL, call.body(), partial=True, version=call.version)

    def change(tx: Transaction) -> None:
        row = registrations.own_principal(tx, object_key(call, _KEY))
        registrations.change_principal(tx, row.client_id, document=document)

    await call.run(change)
    return NO_CONTENT


async def delete_principal(call: Call) -> Answer:
    """DELETE /servicePrincipals/{principal}."""

    def delete(tx: Transaction) -> None:
        registrations.delete_principal(tx, registrations.own_principal(tx, object_key(call, _KEY)).client_id)

    await call.run(delete)
    return NO_CONTENT


def list_assignments(navigation: str) -> Handler:
    """Return the handler of GET /servicePrincipals/{principal}/{navigation}."""

    async def assignments(call: Call) -> Answer:
        documents, context = await _assignments(call, navigation)
        return list_documents(call, documents, entity=APP_ROLE_ASSIGNMENT, context=context)

    return assignments


def count_assignments(navigation: str) -> Handler:
    """Return the handler of GET /servicePrincipals/{principal}/{navigation}/$count."""

    async def assignments(call: Call) -> Answer:
        documents, _context = await _assignments(call, navigation)
        return count_documents(call, documents, entity=APP_ROLE_ASSIGNMENT)

    return assignments


def get_assignment(navigation: str) -> Handler:
    """Return the handler of GET /servicePrincipals/{principal}/{navigation}/{assignment}."""

    async def assignment(call: Call) -> Answer:
        documents, context = await _assignments(call, navigation)
        key = call.keys["assignment"]
        document = element_document(call, documents, entity=APP_ROLE_ASSIGNMENT, key=key)
        if document is None:
            raise missing(key)
        return entity_answer(call, document, context=context)

    return assignment


def create_assignment(navigation: str) -> Handler:
    """Return the handler of POST /servicePrincipals/{principal}/{navigation}: the role is in the next token."""

    async def assign(call: Call) -> Answer:
        body = accept(APP_ROLE_ASSIGNMENT, call.body(), partial=False, version=call.version)

        def grant(tx: Transaction) -> Json:
            own = registrations.principal_client_id(tx, object_key(call, _KEY))
            side = _SIDES[navigation]
            if registrations.principal_client_id(tx, str(body[side])) != own:
                raise Invalid(f"{side} is the id of the service principal in the path.", target=side)
            return grants.assign_role(
                tx,
                principal=str(body["principalId"]),
                resource=str(body["resourceId"]),
                role_id=str(body["appRoleId"]),
            )

        assignment = view(APP_ROLE_ASSIGNMENT, await call.run(grant), version=call.version)
        place = f"{_CONTEXT}('{assignment[_SIDES[navigation]]}')/{navigation}"
        return created(call, assignment, collection=place, context=place)

    return assign


def delete_assignment(navigation: str) -> Handler:
    """Return the handler of DELETE /servicePrincipals/{principal}/{navigation}/{assignment}."""

    async def unassign(call: Call) -> Answer:
        documents, _context = await _assignments(call, navigation)
        key = call.keys["assignment"]
        document = next((each for each in documents if each["id"] == key), None)
        if document is None:
            raise missing(key)
        await call.run(grants.unassign_role, document)
        return NO_CONTENT

    return unassign


async def principal_document(call: Call) -> Json:
    """Return the service principal that the path names. Raises NotFound."""
    client_id = await call.run(registrations.principal_client_id, object_key(call, _KEY))
    return next(each for each in await _documents(call) if each["appId"] == client_id)


async def _assignments(call: Call, navigation: str) -> tuple[list[Json], str]:
    document = await principal_document(call)
    rows = await call.read(queries.all_applications, call.tenant.id)
    side = _SIDES[navigation]
    documents = [each for each in role_assignments(call.tenant, rows) if each[side] == document["id"]]
    return documents, f"{_CONTEXT}('{document['id']}')/{navigation}"


async def _documents(call: Call) -> list[Json]:
    rows = await call.read(queries.all_applications, call.tenant.id)
    return principal_documents(call.tenant, rows)
