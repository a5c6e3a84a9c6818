"""The documents of applications, service principals, and what is granted to them, as Graph shows them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from cryptography import x509

from fauxtune.core.clock import iso
from fauxtune.core.model.access.audiences import GRAPH, INTUNE
from fauxtune.core.model.access.consent import EVERYTHING
from fauxtune.core.model.access.permission_ids import graph_roles, graph_scopes, intune_roles
from fauxtune.core.model.access.permissions import INTUNE_ROLES
from fauxtune.core.model.access.principals import application_object_id, grant_id, principal_id
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory.registrations import first_key_id, has_principal
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
