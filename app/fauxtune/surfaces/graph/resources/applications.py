"""Applications with their passwords and federated identity credentials, their service principals, and what is granted
to them.

Graph: application, federatedIdentityCredential (whose tokens an application may show in place of a secret; a path names
one by its id or its name), servicePrincipal, appRoleAssignment (the roles of others that a principal has),
oAuth2PermissionGrant (consent to delegated permissions), endpoint. By the endpoints of Intune's own principal a
partner's certification authority finds Intune's service (microsoft/Intune-Resource-Access, src/CsrValidation:
`servicePrincipals/appId={Intune}/endpoints`).

Keys by appId: `servicePrincipals(appId='...')` and `servicePrincipals/appId=...`, as against the object's own id.
Paths are parsed without the names of keys. Here the name matters: an appId in the place of an id is the commonest
mistake of clients, and the service answers it with 404.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import MODEL, complex_type, entity
from fauxtune.core.model.addresses import INTUNE, endpoints
from fauxtune.core.model.permissions import application_object_id
from fauxtune.core.odata.documents.validation import accept
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.overlay import Overlay
from fauxtune.core.odata.schema.types import approximated
from fauxtune.operations.directory import applications, federation, grants, registrations
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
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, check_options, created, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import element_document, list_documents
from fauxtune.surfaces.graph.resources.own_family import ComputedFamily
from fauxtune.surfaces.graph.resources.parts import Computed, Found

APPLICATION = entity("application")
PASSWORD = complex_type("passwordCredential")
ADD_PASSWORD = MODEL.parameters("application", "addPassword", overlay=Overlay(source="Graph: application: addPassword"))
REMOVE_PASSWORD = MODEL.parameters(
    "application",
    "removePassword",
    overlay=Overlay(source="Graph: application: removePassword", required="keyId"),
)
PASSWORDS = Routes("applications/{application}", source="Graph: application: {verb}", write=needs.WRITE_APPLICATIONS)
_SEARCH = approximated("no $search, no owners, no changes (delta)")
_GONE = approximated("gone at once: nothing is kept in directory/deletedItems")


async def _documents(call: Call) -> list[Json]:
    rows = await call.read(queries.all_applications, call.tenant.id)
    return [application_document(call.tenant, row) for row in rows]


def _change(tx: Transaction, key: str, *, changes: Json) -> None:
    row = registrations.application_by_key(tx, key)
    registrations.change_application(tx, row.client_id, document=changes)


def _named(tx: Transaction, call: Call) -> str:
    """The client id of the application that the path names."""
    return registrations.application_by_key(tx, object_key(call, "application")).client_id


def _delete(tx: Transaction, key: str) -> str:
    row = registrations.application_by_key(tx, key)
    applications.delete_application(tx, row.client_id)
    return row.client_id


@dataclass(frozen=True)
class _NamedByAppId(ComputedFamily):
    """A collection of which a path also names one by `appId='...'`."""

    def key_of(self, call: Call) -> str:
        """The key in the path, with the name of an appId."""
        return object_key(call, self.key)


@dataclass(frozen=True)
class _Applications(_NamedByAppId):
    """Applications of the tenant."""

    async def get(self, call: Call) -> Answer:
        """GET an application."""
        check_options(call, self.base)
        row = await call.run(registrations.application_by_key, await self.id_of(call))
        return entity_answer(call, self.shown(call, self.document_of(call, row), verb="get"), context=self.path)

    async def delete(self, call: Call) -> Answer:
        """DELETE an application: its service principal goes too, and its tokens are refused."""
        client_id = await call.run(_delete, await self.id_of(call))
        call.emulator.tokens.forget_application(call.tenant.id, client_id)
        return NO_CONTENT

    def document_of(self, call: Call, result: ApplicationRow) -> Json:
        """The document of a row."""
        return application_document(call.tenant, result)


APPLICATIONS = _Applications(
    "applications",
    "application",
    "an application",
    _documents,
    key="application",
    read=needs.READ_APPLICATIONS,
    write=needs.WRITE_APPLICATIONS,
    created_by=registrations.create_application,
    changed_by=_change,
    deleted_by=_delete,
    missing=missing,
    selects="create get",
    update_status=204,
    fidelities={**dict.fromkeys(("list", "count"), _SEARCH), "delete": _GONE},
    sources={"create": "Graph: application: post applications"},
    summaries={"create": "Register an application"},
)


@PASSWORDS.action(
    "/addPassword",
    accepts=ADD_PASSWORD,
    returns=PASSWORD,
    fidelity=approximated("a password that has expired is still accepted"),
)
async def add_password(call: Call) -> Answer:
    """Add a password to an application.

    The one answer that shows the password.
    """
    body = accept(ADD_PASSWORD, call.optional_body(), partial=False, version=call.version)

    credential = body.get("passwordCredential") or {}
    new = await call.run(registrations.add_password, await call.run(_named, call), credential=credential)
    document = view(PASSWORD, {**new.entry, "secretText": new.text}, version=call.version)
    return Answer(200, {"@odata.context": call.context("microsoft.graph.passwordCredential"), **document})


@PASSWORDS.action("/removePassword", accepts=REMOVE_PASSWORD, status=204)
async def remove_password(call: Call) -> Answer:
    """Remove a password of an application."""
    body = accept(REMOVE_PASSWORD, call.body(), partial=False, version=call.version)
    await call.run(registrations.remove_password, await call.run(_named, call), key_id=str(body["keyId"]))
    return NO_CONTENT


CREDENTIAL = entity("federatedIdentityCredential")
_CREDENTIAL = "credential"
CREDENTIALS = Routes(
    "applications/{application}/federatedIdentityCredentials",
    type=CREDENTIAL,
    source="Graph: federatedIdentityCredential: {verb}",
    read=needs.READ_APPLICATIONS,
    write=needs.WRITE_APPLICATIONS,
)


async def _credentials_found(call: Call) -> Found:
    def read(tx: Transaction) -> Found:
        row = registrations.application_by_key(tx, object_key(call, "application"))
        return _place(tx, row.client_id), federation.credentials(row)

    return await call.run(read)


def _place(tx: Transaction, client_id: str) -> str:
    return f"applications('{application_object_id(tx.tenant.id, client_id)}')/federatedIdentityCredentials"


@dataclass(frozen=True, slots=True)
class _ByIdOrName(Computed):
    """The credentials of an application."""

    async def get(self, call: Call) -> Answer:
        """GET one of them."""
        context, documents = await _credentials_found(call)
        known = federation.credential_by_key(documents, call.keys[_CREDENTIAL])
        document = element_document(call, documents, entity=CREDENTIAL, key=known["id"])
        assert document is not None
        return entity_answer(call, document, context=context)


CREDENTIALS.collection(
    "",
    _ByIdOrName(CREDENTIAL, _credentials_found, key=_CREDENTIAL, missing=missing),
    "List the federated identity credentials of an application",
    "Count the federated identity credentials of an application",
    "Get a federated identity credential",
)


@CREDENTIALS.create()
async def add_credential(call: Call) -> Answer:
    """Let an application show tokens of an issuer, with one subject and one audience."""
    body = accept(CREDENTIAL, call.body(), partial=False, version=call.version)

    def add(tx: Transaction) -> tuple[Json, str]:
        client_id = _named(tx, call)
        return federation.add_credential(tx, client_id, document=body), _place(tx, client_id)

    document, place = await call.run(add)
    return created(call, view(CREDENTIAL, document, version=call.version), collection=place, context=place)


@CREDENTIALS.update("/{credential}", status=204, returns=None)
async def change_credential(call: Call) -> Answer:
    """Change a federated identity credential."""
    changes = accept(CREDENTIAL, call.body(), partial=True, version=call.version)
    client_id, key = await call.run(_named, call), call.keys[_CREDENTIAL]
    await call.run(federation.change_credential, client_id, key=key, changes=changes)
    return NO_CONTENT


@CREDENTIALS.delete("/{credential}")
async def delete_credential(call: Call) -> Answer:
    """Delete a federated identity credential."""
    await call.run(federation.delete_credential, await call.run(_named, call), key=call.keys[_CREDENTIAL])
    return NO_CONTENT


SERVICE_PRINCIPAL = entity("servicePrincipal")
APP_ROLE_ASSIGNMENT = entity("appRoleAssignment")
_PRINCIPALS = "servicePrincipals"
_KEY = "principal"
OF_PRINCIPAL = Routes(
    f"{_PRINCIPALS}/{{{_KEY}}}",
    source="Graph: servicePrincipal: {verb}",
    read=needs.READ_ROLE_ASSIGNMENTS,
    write=needs.WRITE_ROLE_ASSIGNMENTS,
)
_ROLES = approximated("roles of Graph and Intune are in the next token, those of other applications are only kept")
#: The navigations to assignments, and the property of an assignment that names the service principal there.
ASSIGNED, ASSIGNED_TO = "appRoleAssignments", "appRoleAssignedTo"
_SIDES = {ASSIGNED: "principalId", ASSIGNED_TO: "resourceId"}


async def _principal_documents(call: Call) -> list[Json]:
    rows = await call.read(queries.all_applications, call.tenant.id)
    return principal_documents(call.tenant, rows)


def _change_principal(tx: Transaction, key: str, *, changes: Json) -> None:
    row = registrations.own_principal(tx, key)
    registrations.change_principal(tx, row.client_id, document=changes)


def _delete_principal(tx: Transaction, key: str) -> None:
    registrations.delete_principal(tx, registrations.own_principal(tx, key).client_id)


@dataclass(frozen=True)
class _Principals(_NamedByAppId):
    """Service principals: of the tenant's applications, of Microsoft Graph and of Intune."""

    async def get(self, call: Call) -> Answer:
        """GET a service principal."""
        check_options(call, self.base)
        return entity_answer(call, self.shown(call, await principal_document(call), verb="get"), context=self.path)

    def document_of(self, call: Call, result: ApplicationRow) -> Json:
        """The document of the principal of a row."""
        return principal_documents(call.tenant, [result])[-1]


PRINCIPALS = _Principals(
    _PRINCIPALS,
    "servicePrincipal",
    "a service principal",
    _principal_documents,
    key=_KEY,
    read=needs.READ_APPLICATIONS,
    write=needs.WRITE_APPLICATIONS,
    created_by=registrations.create_principal,
    changed_by=_change_principal,
    deleted_by=_delete_principal,
    missing=missing,
    selects="get",
    update_status=204,
    fidelities={
        "list": approximated("the tenant's applications, Microsoft Graph and Intune; no $search"),
        "count": _SEARCH,
        "create": approximated("only of the tenant's own applications"),
        "delete": _GONE,
    },
    sources={"create": "Graph: servicePrincipal: post servicePrincipals"},
    summaries={"create": "Create the service principal of an application"},
)


def _assignments(navigation: str) -> Computed:
    async def found(call: Call) -> Found:
        document = await principal_document(call)
        rows = await call.read(queries.all_applications, call.tenant.id)
        side = _SIDES[navigation]
        documents = [
            role_assignment
            for role_assignment in role_assignments(call.tenant, rows)
            if role_assignment[side] == document["id"]
        ]
        return f"{_PRINCIPALS}('{document['id']}')/{navigation}", documents

    return Computed(APP_ROLE_ASSIGNMENT, found, key="assignment", missing=missing)


#: By navigation: the roles that a service principal has, and those that others have of it.
ASSIGNMENTS = {navigation: _assignments(navigation) for navigation in _SIDES}


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
        _context, documents = await ASSIGNMENTS[navigation].read(call)
        key = call.keys["assignment"]
        document = next((document for document in documents if document["id"] == key), None)
        if document is None:
            raise missing(key)
        await call.run(grants.unassign_role, document)
        return NO_CONTENT

    return unassign


for _navigation, _what in (
    (ASSIGNED, "the application permissions of a service principal"),
    (ASSIGNED_TO, "who has application permissions of a resource"),
):
    OF_PRINCIPAL.collection(
        f"/{_navigation}",
        ASSIGNMENTS[_navigation],
        *(f"List {_what}", f"Count {_what}", f"Get one of {_what}"),
        returns=APP_ROLE_ASSIGNMENT,
        source=f"Graph: servicePrincipal: {_navigation}",
    )
    OF_PRINCIPAL.create(
        f"/{_navigation}",
        summary="Grant an application permission",
        accepts=APP_ROLE_ASSIGNMENT,
        returns=APP_ROLE_ASSIGNMENT,
        source=f"Graph: servicePrincipal: {_navigation}",
        fidelity=_ROLES,
    )(create_assignment(_navigation))
    OF_PRINCIPAL.delete(
        f"/{_navigation}/{{assignment}}",
        summary="Take an application permission away",
        source=f"Graph: servicePrincipal: {_navigation}",
    )(delete_assignment(_navigation))


async def principal_document(call: Call) -> Json:
    """Return the service principal that the path names. Raises NotFound."""
    client_id = await call.run(registrations.principal_client_id, object_key(call, _KEY))
    return next(document for document in await _principal_documents(call) if document["appId"] == client_id)


PERMISSION_GRANT = entity("oAuth2PermissionGrant")
_GRANTS = "oauth2PermissionGrants"


async def _grant_documents(call: Call) -> list[Json]:
    return permission_grants(call.tenant, await call.read(queries.all_applications, call.tenant.id))


def _change_grant(tx: Transaction, key: str, *, changes: Json) -> None:
    """Another scope; the rest cannot be changed."""
    row = grants.application_of_grant(tx, key)
    if "scope" in changes:
        grants.change_consent(tx, row, scope=changes["scope"])


def _delete_grant(tx: Transaction, key: str) -> None:
    """Nothing is consented to any more."""
    grants.change_consent(tx, grants.application_of_grant(tx, key), scope=None)


CONSENT = approximated("for all users, and to Microsoft Graph's permissions")
#: What applications may do for users.
GRANTS = ComputedFamily(
    _GRANTS,
    "oAuth2PermissionGrant",
    "a grant of delegated permissions",
    _grant_documents,
    key="grant",
    read=needs.READ_GRANTS,
    write=needs.WRITE_GRANTS,
    created_by=grants.consent,
    changed_by=_change_grant,
    deleted_by=_delete_grant,
    missing=missing,
    update_status=204,
    fidelities=dict.fromkeys(("list", "count", "create"), CONSENT),
    sources={"create": "Graph: oAuth2PermissionGrant: post"},
    summaries={
        "list": "List what has been consented to",
        "count": "Count what has been consented to",
        "create": "Consent to delegated permissions",
        "update": "Change the scope of a grant",
        "delete": "Take the consent back",
    },
)


@OF_PRINCIPAL.list(
    "/oauth2PermissionGrants",
    returns=PERMISSION_GRANT,
    permissions=needs.READ_GRANTS,
    source="Graph: servicePrincipal: list oauth2PermissionGrants",
    fidelity=CONSENT,
)
async def list_grants_of_principal(call: Call) -> Answer:
    """List what has been consented to for a service principal."""
    principal = await principal_document(call)
    documents = [
        grant_document
        for grant_document in await _grant_documents(call)
        if grant_document["clientId"] == principal["id"]
    ]
    context = f"servicePrincipals('{principal['id']}')/{_GRANTS}"
    return list_documents(call, documents, entity=PERMISSION_GRANT, context=context)


_BY_APPLICATION = re.compile(r"\(\s*appid=", re.IGNORECASE)


def object_key(call: Call, name: str) -> str:
    """Return the key of the path: an id, or `appId=` with an appId."""
    key = call.keys[name]
    return f"appId={key}" if _BY_APPLICATION.search(call.path) else key


ENDPOINT = entity("endpoint")


@OF_PRINCIPAL.list(
    "/endpoints",
    returns=ENDPOINT,
    permissions=needs.READ_APPLICATIONS,
    source="Graph: servicePrincipal: list endpoints; microsoft/Intune-Resource-Access, src/CsrValidation",
    fidelity=approximated("only Intune's: other applications have none"),
)
async def list_endpoints(call: Call) -> Answer:
    """List the endpoints of Intune for certification authorities of partners.

    Empty for all others.
    """
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
