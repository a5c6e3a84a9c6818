"""The documents of applications and service principals as Graph shows them, and the permissions that they are granted.

Graph: appRoleAssignment, oAuth2PermissionGrant. A role of Graph or of Intune's own service is in the application's
next token. Consent counts for all users: grants for one user are not emulated.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from cryptography import x509

from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotEmulated, NotFound
from fauxtune.core.model.addresses import GRAPH, INTUNE
from fauxtune.core.model.graph_permissions import OPENID, graph_roles, graph_scopes, intune_roles
from fauxtune.core.model.permissions import EVERYTHING, INTUNE_ROLES, application_object_id, grant_id, principal_id
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory import applications
from fauxtune.operations.directory.registrations import (
    MICROSOFT,
    first_key_id,
    has_principal,
    own_principal,
    principal_client_id,
)
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import ApplicationRow

#: The tenant of Microsoft's own applications.
_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
_NAMES = {GRAPH: "Microsoft Graph", INTUNE: "Microsoft Intune API"}
_ADDRESSES = {GRAPH: ["https://graph.microsoft.com"], INTUNE: ["https://api.manage.microsoft.com"]}
_SINGLE_TENANT, _MULTI_TENANT = "AzureADMyOrg", "AzureADMultipleOrgs"


def application_document(tenant: Tenant, row: ApplicationRow) -> JsonObject:
    """Return the application of a row."""
    stored = dict(row.registration.get("application", {}))
    web = {**(stored.pop("web", None) or {})}
    web.setdefault("redirectUris", list(row.redirect_uris))
    return {
        "signInAudience": _SINGLE_TENANT,
        # Graph: application: get: an application without addresses has empty lists of them, never null.
        "publicClient": {"redirectUris": []},
        "spa": {"redirectUris": []},
        **stored,
        "id": application_object_id(row.tenant_id, row.client_id),
        "appId": row.client_id,
        "displayName": row.name,
        "createdDateTime": iso(row.created_at),
        "publisherDomain": tenant.domain,
        "web": web,
        "passwordCredentials": _passwords(row),
        "keyCredentials": _certificates(row),
    }


def principal_documents(tenant: Tenant, rows: Iterable[ApplicationRow]) -> list[JsonObject]:
    """Return all service principals: Microsoft's own, and those of the tenant's applications."""
    own = [_own_principal(tenant, row) for row in rows if has_principal(row)]
    return [*(_of_microsoft(tenant, client_id) for client_id in (GRAPH, INTUNE)), *own]


def role_assignments(tenant: Tenant, rows: Iterable[ApplicationRow]) -> list[JsonObject]:
    """Return the application permissions of all service principals, each as an assignment of an appRole."""
    known = [row for row in rows if has_principal(row)]
    resources = {principal_id(tenant.id, row.client_id): row.name for row in known}
    return [assignment for row in known for assignment in _assignments(tenant, row, resources=resources)]


def permission_grants(tenant: Tenant, rows: Iterable[ApplicationRow]) -> list[JsonObject]:
    """Return the delegated permissions to which has been consented, one grant an application."""
    resource = principal_id(tenant.id, GRAPH)
    granted = ((row, granted_scopes(row)) for row in rows if has_principal(row))
    return [
        {
            "id": grant_id("scopes", row.tenant_id, row.client_id),
            "clientId": principal_id(tenant.id, row.client_id),
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": resource,
            "scope": " ".join(scopes),
            "startTime": iso(row.created_at),
            "expiryTime": None,
        }
        for row, scopes in granted
        if scopes
    ]


def granted_scopes(row: ApplicationRow) -> list[str]:
    """Return the names to which has been consented. Of an application to which everything is allowed: those of its own
    registration, as `.default` stands for them.
    """
    consented = row.consented_scopes
    names = [role for role in row.roles if role not in INTUNE_ROLES] if EVERYTHING in consented else consented
    return [*row.registration.get("openid", ()), *names]


def roles_of_resource(client_id: str, row: ApplicationRow | None) -> Mapping[str, str]:
    """Return the ids of the appRoles of a resource by their values; `row`: of an application of the tenant."""
    if client_id == GRAPH:
        return graph_roles()
    if client_id == INTUNE:
        return intune_roles()
    declared = (row.registration.get("application", {}).get("appRoles") or ()) if row is not None else ()
    return {str(role.get("value") or role["id"]): str(role["id"]) for role in declared}


def _assignments(tenant: Tenant, row: ApplicationRow, *, resources: Mapping[str, str]) -> list[JsonObject]:
    granted = []
    for role in row.roles:
        client_id, ids = (INTUNE, intune_roles()) if role in INTUNE_ROLES else (GRAPH, graph_roles())
        if role in ids:
            granted.append((principal_id(tenant.id, client_id), _NAMES[client_id], ids[role]))
    others = (each for each in row.registration.get("granted", ()) if each["resource"] in resources)
    granted += [(each["resource"], resources[each["resource"]], each["role"]) for each in others]
    own = principal_id(tenant.id, row.client_id)
    return [
        {
            "id": grant_id("role", own, resource, role_id),
            "appRoleId": role_id,
            "createdDateTime": iso(row.created_at),
            "creationTimestamp": iso(row.created_at),
            "principalDisplayName": row.name,
            "principalId": own,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": name,
            "resourceId": resource,
        }
        for resource, name, role_id in granted
    ]


def _own_principal(tenant: Tenant, row: ApplicationRow) -> JsonObject:
    application = row.registration.get("application", {})
    scopes = (application.get("api") or {}).get("oauth2PermissionScopes") or []
    return {
        "accountEnabled": True,
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
        "signInAudience": application.get("signInAudience", _SINGLE_TENANT),
        **row.registration.get("principal", {}),
        "id": principal_id(tenant.id, row.client_id),
        "appId": row.client_id,
        "displayName": row.name,
        "appDisplayName": row.name,
        "appDescription": application.get("description"),
        "appOwnerOrganizationId": tenant.id,
        "appRoles": application.get("appRoles") or [],
        "oauth2PermissionScopes": scopes,
        "publishedPermissionScopes": scopes,
        "publisherName": tenant.name,
        "replyUrls": list(row.redirect_uris),
        "servicePrincipalNames": [*(application.get("identifierUris") or []), row.client_id],
        "servicePrincipalType": "Application",
        "passwordCredentials": [],
        "keyCredentials": [],
    }


def _of_microsoft(tenant: Tenant, client_id: str) -> JsonObject:
    roles, scopes = _declared(client_id)
    return {
        "accountEnabled": True,
        "tags": [],
        "signInAudience": _MULTI_TENANT,
        "id": principal_id(tenant.id, client_id),
        "appId": client_id,
        "displayName": _NAMES[client_id],
        "appDisplayName": _NAMES[client_id],
        "appOwnerOrganizationId": _MICROSOFT,
        "appRoles": roles,
        "oauth2PermissionScopes": scopes,
        "publishedPermissionScopes": scopes,
        "publisherName": "Microsoft Services",
        "replyUrls": [],
        "servicePrincipalNames": [client_id, *_ADDRESSES[client_id]],
        "servicePrincipalType": "Application",
    }


@cache
def _declared(client_id: str) -> tuple[Sequence[JsonObject], Sequence[JsonObject]]:
    """The appRoles and the delegated permissions of an application of Microsoft's; they are shown, and not changed."""
    roles = [_role(name, role_id) for name, role_id in roles_of_resource(client_id, None).items()]
    scopes = graph_scopes() if client_id == GRAPH else {}
    return roles, [_scope(name, scope_id) for name, scope_id in scopes.items()]


def _role(name: str, role_id: str) -> JsonObject:
    return {
        "allowedMemberTypes": ["Application"],
        "description": name,
        "displayName": name,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": name,
    }


def _scope(name: str, scope_id: str) -> JsonObject:
    texts = ("adminConsentDescription", "adminConsentDisplayName", "userConsentDescription", "userConsentDisplayName")
    return {**dict.fromkeys(texts, name), "id": scope_id, "isEnabled": True, "type": "Admin", "value": name}


def _passwords(row: ApplicationRow) -> list[JsonObject]:
    first = first_key_id(row)
    entries = [] if first is None else [_password({"keyId": first, "startDateTime": iso(row.created_at)})]
    return [*entries, *(_password(entry) for entry in row.registration.get("passwords", ()))]


def _password(entry: JsonObject) -> JsonObject:
    names = ("displayName", "endDateTime", "hint", "keyId", "startDateTime")
    return {"customKeyIdentifier": None, "secretText": None, **{name: entry.get(name) for name in names}}


def _certificates(row: ApplicationRow) -> list[JsonObject]:
    if row.certificate is None:
        return []
    certificate = x509.load_der_x509_certificate(row.certificate)
    digest = hashlib.sha1(row.certificate, usedforsecurity=False).digest()
    return [
        {
            "customKeyIdentifier": base64.b64encode(digest).decode(),
            "displayName": certificate.subject.rfc4514_string(),
            "endDateTime": iso(certificate.not_valid_after_utc),
            "key": None,
            "keyId": application_object_id(row.tenant_id, f"{row.client_id}/{digest.hex()}"),
            "startDateTime": iso(certificate.not_valid_before_utc),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }
    ]


_ALL, _ONE = "AllPrincipals", "Principal"


def assign_role(tx: Transaction, *, principal: str, resource: str, role_id: str) -> JsonObject:
    """Grant an appRole of a resource to a service principal; all by their ids. Raises Invalid for a role that the
    resource does not have, Conflict for one that is granted already.
    """
    row = _principal(tx, principal)
    client_id = _resource(tx, resource)
    owner = queries.application(tx.connection, tx.tenant.id, client_id=client_id)
    roles = {role: name for name, role in roles_of_resource(client_id, owner).items()}
    name = roles.get(role_id.lower())
    if name is None:
        raise Invalid(f"Permission being assigned was not found on application '{client_id}'.", target="appRoleId")
    before = {assignment["id"] for assignment in _assignments_of_roles(tx)}
    if client_id in MICROSOFT:
        if name not in row.roles:
            applications.change_application(tx, row.client_id, changes={"roles": [*row.roles, name]})
    else:
        granted = [*row.registration.get("granted", ()), {"resource": resource.lower(), "role": role_id.lower()}]
        _change(tx, row, registration={**row.registration, "granted": _distinct(granted)})
    new = [assignment for assignment in _assignments_of_roles(tx) if assignment["id"] not in before]
    if not new:
        raise Conflict("Permission being assigned already exists on the object.", target="appRoleId")
    return new[0]


def unassign_role(tx: Transaction, assignment: JsonObject) -> None:
    """Take an appRole away; the application's next token does not have it."""
    row = _principal(tx, assignment["principalId"])
    client_id = _resource(tx, assignment["resourceId"])
    role_id = assignment["appRoleId"]
    if client_id in MICROSOFT:
        ids = roles_of_resource(client_id, None)
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
    if granted_scopes(row):
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
    grants = permission_grants(tx.tenant, rows)
    return next((grant for grant in grants if grant["clientId"] == client), {})


def application_of_grant(tx: Transaction, grant_id: str) -> ApplicationRow:
    """Return the application of a grant. Raises NotFound for an unknown one."""
    for row in queries.all_applications(tx.connection, tx.tenant.id):
        for grant in permission_grants(tx.tenant, [row]):
            if grant["id"] == grant_id:
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


def _assignments_of_roles(tx: Transaction) -> list[JsonObject]:
    rows = queries.all_applications(tx.connection, tx.tenant.id)
    return role_assignments(tx.tenant, rows)


def _change(tx: Transaction, row: ApplicationRow, *, registration: JsonObject) -> None:
    queries.change_application(tx.connection, tx.tenant.id, client_id=row.client_id, registration=registration)


def _distinct(granted: list[JsonObject]) -> list[JsonObject]:
    return [each for place, each in enumerate(granted) if each not in granted[:place]]
