"""Applications, their service principals, and what is granted to them.

Applications of the tenant. Graph: application, addPassword, removePassword.

Service principals, and the appRoles that are granted to them. Graph: servicePrincipal, appRoleAssignment.

Consent to delegated permissions. Graph: oAuth2PermissionGrant.

Keys by appId: `servicePrincipals(appId='...')` and `servicePrincipals/appId=...`, as against the object's own id.

Paths are parsed without the names of keys. Here the name matters: an appId in the place of an id is the commonest
mistake of clients, and the service answers it with 404.

The endpoints of Intune's own service, by which a partner's certification authority finds it. Graph: endpoint.

Source: microsoft/Intune-Resource-Access, src/CsrValidation: `servicePrincipals/appId={Intune}/endpoints`.
"""

from __future__ import annotations

import re

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import MODEL, complex_type, entity
from fauxtune.core.model.addresses import INTUNE, endpoints
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.operations.directory import applications, grants, registrations
from fauxtune.operations.directory.grants import (
    application_document,
    permission_grants,
    principal_documents,
    role_assignments,
)
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.parts import Computed, Found

APPLICATION = entity("application")
PASSWORD = complex_type("passwordCredential")
ADD_PASSWORD = MODEL.parameters("application", "addPassword", overlay=Overlay(source="Graph: application: addPassword"))
REMOVE_PASSWORD = MODEL.parameters(
    "application",
    "removePassword",
    overlay=Overlay(source="Graph: application: removePassword", required="keyId"),
)
_CONTEXT = "applications"


async def list_applications(call: Call) -> Answer:
    """GET /applications."""
    return list_documents(call, await _documents(call), entity=APPLICATION, context=_CONTEXT)


async def count_applications(call: Call) -> Answer:
    """GET /applications/$count."""
    return count_documents(call, await _documents(call), entity=APPLICATION)


async def get_application(call: Call) -> Answer:
    """GET /applications/{application}, also by `appId='...'`."""
    check_options(call, APPLICATION)
    row = await call.run(registrations.application_by_key, object_key(call, "application"))
    return entity_answer(call, _view(call, row), context=_CONTEXT)


async def create_application(call: Call) -> Answer:
    """POST /applications."""
    document = accept(APPLICATION, call.body(), partial=False, version=call.version)
    row = await call.run(registrations.create_application, document)
    return created(call, _view(call, row), collection=_CONTEXT)


async def update_application(call: Call) -> Answer:
    """PATCH /applications/{application}."""
    document = accept(APPLICATION, call.body(), partial=True, version=call.version)

    def change(tx: Transaction) -> None:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        registrations.change_application(tx, row.client_id, document=document)

    await call.run(change)
    return NO_CONTENT


async def delete_application(call: Call) -> Answer:
    """DELETE /applications/{application}: its service principal goes too, and its tokens are refused."""

    def delete(tx: Transaction) -> str:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        applications.delete_application(tx, row.client_id)
        return row.client_id

    client_id = await call.run(delete)
    call.emulator.tokens.forget_application(call.tenant.id, client_id)
    return NO_CONTENT


async def add_password(call: Call) -> Answer:
    """POST /applications/{application}/addPassword: the one answer with the password."""
    body = accept(ADD_PASSWORD, call.optional_body(), partial=False, version=call.version)

    def add(tx: Transaction) -> registrations.NewPassword:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        return registrations.add_password(tx, row.client_id, credential=body.get("passwordCredential") or {})

    new = await call.run(add)
    document = view(PASSWORD, {**new.entry, "secretText": new.text}, version=call.version)
    return Answer(200, {"@odata.context": call.context("microsoft.graph.passwordCredential"), **document})


async def remove_password(call: Call) -> Answer:
    """POST /applications/{application}/removePassword."""
    body = accept(REMOVE_PASSWORD, call.body(), partial=False, version=call.version)

    def remove(tx: Transaction) -> None:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        registrations.remove_password(tx, row.client_id, key_id=str(body["keyId"]))

    await call.run(remove)
    return NO_CONTENT


async def _documents(call: Call) -> list[Json]:
    rows = await call.read(queries.all_applications, call.tenant.id)
    return [application_document(call.tenant, row) for row in rows]


def _view(call: Call, row: ApplicationRow) -> Json:
    return view(APPLICATION, application_document(call.tenant, row), version=call.version, select=call.query.select)


SERVICE_PRINCIPAL = entity("servicePrincipal")
APP_ROLE_ASSIGNMENT = entity("appRoleAssignment")
_PRINCIPALS = "servicePrincipals"
_KEY = "principal"
#: The navigations to assignments, and the property of an assignment that names the service principal there.
ASSIGNED, ASSIGNED_TO = "appRoleAssignments", "appRoleAssignedTo"
_SIDES = {ASSIGNED: "principalId", ASSIGNED_TO: "resourceId"}


async def list_principals(call: Call) -> Answer:
    """GET /servicePrincipals."""
    return list_documents(call, await _principal_documents(call), entity=SERVICE_PRINCIPAL, context=_PRINCIPALS)


async def count_principals(call: Call) -> Answer:
    """GET /servicePrincipals/$count."""
    return count_documents(call, await _principal_documents(call), entity=SERVICE_PRINCIPAL)


async def get_principal(call: Call) -> Answer:
    """GET /servicePrincipals/{principal}, also by `appId='...'`."""
    check_options(call, SERVICE_PRINCIPAL)
    document = await principal_document(call)
    selected = view(SERVICE_PRINCIPAL, document, version=call.version, select=call.query.select)
    return entity_answer(call, selected, context=_PRINCIPALS)


async def create_principal(call: Call) -> Answer:
    """POST /servicePrincipals: of an application of the tenant that has none."""
    document = accept(SERVICE_PRINCIPAL, call.body(), partial=False, version=call.version)
    row = await call.run(registrations.create_principal, document)
    principal = principal_documents(call.tenant, [row])[-1]
    return created(call, view(SERVICE_PRINCIPAL, principal, version=call.version), collection=_PRINCIPALS)


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
        place = f"{_PRINCIPALS}('{assignment[_SIDES[navigation]]}')/{navigation}"
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
    return next(document for document in await _principal_documents(call) if document["appId"] == client_id)


async def _assignments(call: Call, navigation: str) -> tuple[list[Json], str]:
    document = await principal_document(call)
    rows = await call.read(queries.all_applications, call.tenant.id)
    side = _SIDES[navigation]
    documents = [
        role_assignment
        for role_assignment in role_assignments(call.tenant, rows)
        if role_assignment[side] == document["id"]
    ]
    return documents, f"{_PRINCIPALS}('{document['id']}')/{navigation}"


async def _principal_documents(call: Call) -> list[Json]:
    rows = await call.read(queries.all_applications, call.tenant.id)
    return principal_documents(call.tenant, rows)


PERMISSION_GRANT = entity("oAuth2PermissionGrant")
_GRANTS = "oauth2PermissionGrants"


async def _all_grants(call: Call) -> Found:
    return _GRANTS, await _grant_documents(call)


#: What applications may do for users.
GRANTS = Computed(PERMISSION_GRANT, _all_grants, key="grant", missing=missing)


async def create_grant(call: Call) -> Answer:
    """POST /oauth2PermissionGrants."""
    body = accept(PERMISSION_GRANT, call.body(), partial=False, version=call.version)
    document = await call.run(grants.consent, body)
    return created(call, view(PERMISSION_GRANT, document, version=call.version), collection=_GRANTS)


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
    documents = [
        grant_document
        for grant_document in await _grant_documents(call)
        if grant_document["clientId"] == principal["id"]
    ]
    context = f"servicePrincipals('{principal['id']}')/{_GRANTS}"
    return list_documents(call, documents, entity=PERMISSION_GRANT, context=context)


async def _grant_documents(call: Call) -> list[Json]:
    return permission_grants(call.tenant, await call.read(queries.all_applications, call.tenant.id))


_BY_APPLICATION = re.compile(r"\(\s*appid=", re.IGNORECASE)


def object_key(call: Call, name: str) -> str:
    """Return the key of the path: an id, or `appId=` with an appId."""
    key = call.keys[name]
    return f"appId={key}" if _BY_APPLICATION.search(call.path) else key


ENDPOINT = entity("endpoint")


async def list_endpoints(call: Call) -> Answer:
    """GET /servicePrincipals/{principal}/endpoints, also by `appId=...`: empty for all but Intune."""
    key = object_key(call, "principal")
    # Older clients name Intune only by its appId.
    if key.lower() == INTUNE:
        application = INTUNE
    else:
        application = await call.run(registrations.principal_client_id, key)
    origin = call.root.rsplit("/", 1)[0]
    documents = endpoints(call.tenant.id, origin=origin) if application == INTUNE else []
    context = f"servicePrincipals('{application}')/endpoints"
    answer = list_documents(call, documents, entity=ENDPOINT, context=context)
    if not call.query.select and answer.document is not None:
        for item in answer.document["value"]:
            item["serviceName"] = item["providerName"]  # no property of Graph's, but older clients read it
    return answer
