"""Applications, service principals, and what is granted to them.

#: data
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, approximated
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import applications

APPLICATION = entity("application")
SERVICE_PRINCIPAL = entity("servicePrincipal")
APP_ROLE_ASSIGNMENT = entity("appRoleAssignment")
PERMISSION_GRANT = entity("oAuth2PermissionGrant")
ENDPOINT = entity("endpoint")
PASSWORD = complex_type("passwordCredential")

_ONE, _PRINCIPAL, _GRANT = (
    "applications/{application}",
    "servicePrincipals/{principal}",
    "oauth2PermissionGrants/{grant}",
)
_SEARCH = approximated("no $search, no owners, no changes (delta)")
_GONE = approximated("gone at once: nothing is kept in directory/deletedItems")
_ROLES = approximated("roles of Graph and Intune are in the next token, those of other applications are only kept")
_CONSENT = approximated("for all users, and to Microsoft Graph's permissions")

_APPLICATIONS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "applications",
        applications.list_applications,
        "List applications",
        returns=APPLICATION,
        many=True,
        permissions=needs.READ_APPLICATIONS,
        source="Graph: application: list",
        fidelity=_SEARCH,
    ),
    Route(
        "GET",
        "applications/$count",
        applications.count_applications,
        "Count applications",
        permissions=needs.READ_APPLICATIONS,
        source="Graph: application: list",
        fidelity=_SEARCH,
    ),
    Route(
        "POST",
        "applications",
        applications.create_application,
        "Register an application",
        accepts=APPLICATION,
        returns=APPLICATION,
        status=201,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: application: post applications",
    ),
    Route(
        "GET",
        _ONE,
        applications.get_application,
        "Get an application",
        returns=APPLICATION,
        permissions=needs.READ_APPLICATIONS,
        source="Graph: application: get",
    ),
    Route(
        "PATCH",
        _ONE,
        applications.update_application,
        "Update an application",
        accepts=APPLICATION,
        status=204,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: application: update",
    ),
    Route(
        "DELETE",
        _ONE,
        applications.delete_application,
        "Delete an application",
        status=204,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: application: delete",
        fidelity=_GONE,
    ),
    Route(
        "POST",
        f"{_ONE}/addPassword",
        applications.add_password,
        "Add a password to an application",
        accepts=applications.ADD_PASSWORD,
        returns=PASSWORD,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: application: addPassword",
        fidelity=approximated("a password that has expired is still accepted"),
    ),
    Route(
        "POST",
        f"{_ONE}/removePassword",
        applications.remove_password,
        "Remove a password of an application",
        accepts=applications.REMOVE_PASSWORD,
        status=204,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: application: removePassword",
    ),
)

_PRINCIPALS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "servicePrincipals",
        applications.list_principals,
        "List service principals",
        returns=SERVICE_PRINCIPAL,
        many=True,
        permissions=needs.READ_APPLICATIONS,
        source="Graph: servicePrincipal: list",
        fidelity=approximated("the tenant's applications, Microsoft Graph and Intune; no $search"),
    ),
    Route(
        "GET",
        "servicePrincipals/$count",
        applications.count_principals,
        "Count service principals",
        permissions=needs.READ_APPLICATIONS,
        source="Graph: servicePrincipal: list",
        fidelity=_SEARCH,
    ),
    Route(
        "POST",
        "servicePrincipals",
        applications.create_principal,
        "Create the service principal of an application",
        accepts=SERVICE_PRINCIPAL,
        returns=SERVICE_PRINCIPAL,
        status=201,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: servicePrincipal: post servicePrincipals",
        fidelity=approximated("only of the tenant's own applications"),
    ),
    Route(
        "GET",
        _PRINCIPAL,
        applications.get_principal,
        "Get a service principal",
        returns=SERVICE_PRINCIPAL,
        permissions=needs.READ_APPLICATIONS,
        source="Graph: servicePrincipal: get",
    ),
    Route(
        "PATCH",
        _PRINCIPAL,
        applications.update_principal,
        "Update a service principal",
        accepts=SERVICE_PRINCIPAL,
        status=204,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: servicePrincipal: update",
    ),
    Route(
        "DELETE",
        _PRINCIPAL,
        applications.delete_principal,
        "Delete a service principal",
        status=204,
        permissions=needs.WRITE_APPLICATIONS,
        source="Graph: servicePrincipal: delete",
        fidelity=_GONE,
    ),
    Route(
        "GET",
        f"{_PRINCIPAL}/endpoints",
        applications.list_endpoints,
        "List the endpoints of Intune for certification authorities of partners",
        returns=ENDPOINT,
        many=True,
        permissions=needs.READ_APPLICATIONS,
        source="Graph: servicePrincipal: list endpoints; microsoft/Intune-Resource-Access, src/CsrValidation",
        fidelity=approximated("only Intune's: other applications have none"),
    ),
    Route(
        "GET",
        f"{_PRINCIPAL}/oauth2PermissionGrants",
        applications.list_grants_of_principal,
        "List what has been consented to for a service principal",
        returns=PERMISSION_GRANT,
        many=True,
        permissions=needs.READ_GRANTS,
        source="Graph: servicePrincipal: list oauth2PermissionGrants",
        fidelity=_CONSENT,
    ),
)


def _assignments(navigation: str, *, what: str) -> Iterator[Route[Handler]]:
    collection = f"{_PRINCIPAL}/{navigation}"
    source = f"Graph: servicePrincipal: {navigation}"
    reads: tuple[tuple[str, Handler, str, bool], ...] = (
        (collection, applications.list_assignments(navigation), f"List {what}", True),
        (f"{collection}/{{assignment}}", applications.get_assignment(navigation), f"Get one of {what}", False),
    )
    for template, handler, summary, many in reads:
        yield Route(
            "GET",
            template,
            handler,
            summary,
            returns=APP_ROLE_ASSIGNMENT,
            many=many,
            permissions=needs.READ_ROLE_ASSIGNMENTS,
            source=source,
        )
    yield Route(
        "GET",
        f"{collection}/$count",
        applications.count_assignments(navigation),
        f"Count {what}",
        permissions=needs.READ_ROLE_ASSIGNMENTS,
        source=source,
        fidelity=EXACT,
    )
    yield Route(
        "POST",
        collection,
        applications.create_assignment(navigation),
        "Grant an application permission",
        accepts=APP_ROLE_ASSIGNMENT,
        returns=APP_ROLE_ASSIGNMENT,
        status=201,
        permissions=needs.WRITE_ROLE_ASSIGNMENTS,
        source=source,
        fidelity=_ROLES,
    )
    yield Route(
        "DELETE",
        f"{collection}/{{assignment}}",
        applications.delete_assignment(navigation),
        "Take an application permission away",
        status=204,
        permissions=needs.WRITE_ROLE_ASSIGNMENTS,
        source=source,
    )


_GRANTS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "oauth2PermissionGrants",
        applications.GRANTS.every,
        "List what has been consented to",
        returns=PERMISSION_GRANT,
        many=True,
        permissions=needs.READ_GRANTS,
        source="Graph: oAuth2PermissionGrant: list",
        fidelity=_CONSENT,
    ),
    Route(
        "GET",
        "oauth2PermissionGrants/$count",
        applications.GRANTS.count,
        "Count what has been consented to",
        permissions=needs.READ_GRANTS,
        source="Graph: oAuth2PermissionGrant: list",
        fidelity=_CONSENT,
    ),
    Route(
        "POST",
        "oauth2PermissionGrants",
        applications.create_grant,
        "Consent to delegated permissions",
        accepts=PERMISSION_GRANT,
        returns=PERMISSION_GRANT,
        status=201,
        permissions=needs.WRITE_GRANTS,
        source="Graph: oAuth2PermissionGrant: post",
        fidelity=_CONSENT,
    ),
    Route(
        "GET",
        _GRANT,
        applications.GRANTS.get,
        "Get a grant of delegated permissions",
        returns=PERMISSION_GRANT,
        permissions=needs.READ_GRANTS,
        source="Graph: oAuth2PermissionGrant: get",
    ),
    Route(
        "PATCH",
        _GRANT,
        applications.update_grant,
        "Change the scope of a grant",
        accepts=PERMISSION_GRANT,
        status=204,
        permissions=needs.WRITE_GRANTS,
        source="Graph: oAuth2PermissionGrant: update",
    ),
    Route(
        "DELETE",
        _GRANT,
        applications.delete_grant,
        "Take the consent back",
        status=204,
        permissions=needs.WRITE_GRANTS,
        source="Graph: oAuth2PermissionGrant: delete",
    ),
)

APPLICATIONS: tuple[Route[Handler], ...] = (
    *_APPLICATIONS,
    *_PRINCIPALS,
    *_assignments(applications.ASSIGNED, what="the application permissions of a service principal"),
    *_assignments(applications.ASSIGNED_TO, what="who has application permissions of a resource"),
    *_GRANTS,
)
