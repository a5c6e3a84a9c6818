"""Permissions that are granted to applications: appRoles, and consent to delegated permissions.

Graph: appRoleAssignment, oAuth2PermissionGrant. A role of Graph or of Intune's own service is in the application's next
token. Consent counts for all users: grants for one user are not emulated.
"""

from __future__ import annotations

from fauxtune.core.errors import Conflict, Invalid, NotEmulated, NotFound
from fauxtune.core.model.access.audiences import GRAPH
from fauxtune.core.model.access.consent import EVERYTHING
from fauxtune.core.model.access.permission_ids import OPENID
from fauxtune.core.model.access.principals import principal_id
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory import applications, registration_documents
from fauxtune.operations.directory.registrations import MICROSOFT, has_principal, own_principal, principal_client_id
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationRow

_ALL, _ONE = "AllPrincipals", "Principal"


def assign_role(tx: Transaction, *, principal: str, resource: str, role_id: str) -> JsonObject:
    """Grant an appRole of a resource to a service principal; all by their ids. Raises Invalid for a role that the
    resource does not have, Conflict for one that is granted already.
    """
    row = _principal(tx, principal)
    client_id = _resource(tx, resource)
    owner = queries.application(tx.connection, tx.tenant.id, client_id=client_id)
    roles = {each: name for name, each in registration_documents.roles_of_resource(client_id, owner).items()}
    name = roles.get(role_id.lower())
    if name is None:
        raise Invalid(f"Permission being assigned was not found on application '{client_id}'.", target="appRoleId")
    before = {each["id"] for each in _assignments(tx)}
    if client_id in MICROSOFT:
        if name not in row.roles:
            applications.change_application(tx, row.client_id, changes={"roles": [*row.roles, name]})
    else:
        granted = [*row.registration.get("granted", ()), {"resource": resource.lower(), "role": role_id.lower()}]
        _change(tx, row, registration={**row.registration, "granted": _distinct(granted)})
    new = [each for each in _assignments(tx) if each["id"] not in before]
    if not new:
        raise Conflict("Permission being assigned already exists on the object.", target="appRoleId")
    return new[0]


def unassign_role(tx: Transaction, assignment: JsonObject) -> None:
    """Take an appRole away; the application's next token does not have it."""
    row = _principal(tx, assignment["principalId"])
    client_id = _resource(tx, assignment["resourceId"])
    role_id = assignment["appRoleId"]
    if client_id in MICROSOFT:
        ids = registration_documents.roles_of_resource(client_id, None)
        left = [role for role in row.roles if ids.get(role) != role_id]
        applications.change_application(tx, row.client_id, changes={"roles": left})
    else:
        taken = {"resource": assignment["resourceId"], "role": role_id}
        granted = [each for each in row.registration.get("granted", ()) if each != taken]
        _change(tx, row, registration={**row.registration, "granted": granted})


def consent(tx: Transaction, document: JsonObject) -> JsonObject:
    """Consent to delegated permissions of Graph for all users. Raises Conflict if there is a grant, which is to be
    changed then.
    """
    kind = document.get("consentType")
    if kind == _ONE:
        raise NotEmulated("A grant for one user (consentType Principal) is not emulated: consent counts for all users.")
    if kind != _ALL:
        raise Invalid(f"consentType is {_ALL} or {_ONE}.", target="consentType")
    row = _principal(tx, document["clientId"])
    if _resource(tx, document["resourceId"]) != GRAPH:
        raise NotEmulated("Only Microsoft Graph has delegated permissions here: resourceId is its service principal.")
    if registration_documents.granted_scopes(row):
        raise Conflict("Permission entry already exists.", target="clientId")
    return change_consent(tx, row, scope=document.get("scope"))


def change_consent(tx: Transaction, row: ApplicationRow, *, scope: str | None) -> JsonObject:
    """Replace the delegated permissions to which has been consented by those of the text."""
    names = (scope or "").split()
    openid = [name for name in names if name in OPENID]
    others = [name for name in names if name not in OPENID]
    if EVERYTHING in others:
        raise Invalid(f"scope has the names of permissions, not '{EVERYTHING}'.", target="scope")
    row = applications.change_application(tx, row.client_id, changes={"consentedScopes": others})
    _change(tx, row, registration={**row.registration, "openid": list(dict.fromkeys(openid))})
    rows = queries.all_applications(tx.connection, tx.tenant.id)
    client = principal_id(tx.tenant.id, row.client_id)
    grants = registration_documents.permission_grants(tx.tenant, rows)
    return next((each for each in grants if each["clientId"] == client), {})


def application_of_grant(tx: Transaction, grant_id: str) -> ApplicationRow:
    """Return the application of a grant. Raises NotFound for an unknown one."""
    for row in queries.all_applications(tx.connection, tx.tenant.id):
        for each in registration_documents.permission_grants(tx.tenant, [row]):
            if each["id"] == grant_id:
                return row
    raise missing(grant_id)


def _principal(tx: Transaction, key: str) -> ApplicationRow:
    try:
        row = own_principal(tx, key)
    except NotFound:
        raise Invalid(
            f"There is no service principal '{key[:80]}' in this tenant: roles are granted to service principals.",
            target="principalId",
        ) from None
    if not has_principal(row):
        raise missing(key)
    return row


def _resource(tx: Transaction, key: str) -> str:
    try:
        return principal_client_id(tx, key)
    except NotFound:
        raise Invalid(f"There is no resource '{key[:80]}' in this tenant.", target="resourceId") from None


def _assignments(tx: Transaction) -> list[JsonObject]:
    rows = queries.all_applications(tx.connection, tx.tenant.id)
    return registration_documents.role_assignments(tx.tenant, rows)


def _change(tx: Transaction, row: ApplicationRow, *, registration: JsonObject) -> None:
    queries.change_application(tx.connection, tx.tenant.id, client_id=row.client_id, registration=registration)


def _distinct(granted: list[JsonObject]) -> list[JsonObject]:
    return [each for place, each in enumerate(granted) if each not in granted[:place]]
