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
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own

APPLICATION = entity("application")
SERVICE_PRINCIPAL = entity("servicePrincipal")
APP_ROLE_ASSIGNMENT = entity("appRoleAssignment")
PERMISSION_GRANT = entity("oAuth2PermissionGrant")
ENDPOINT = entity("endpoint")
PASSWORD = complex_type("passwordCredential")

_ONE, _PRINCIPAL = "applications/{application}", "servicePrincipals/{principal}"
_ROLES = approximated("roles of Graph and Intune are in the next token, those of other applications are only kept")

_APPLICATIONS: tuple[Route[Handler], ...] = (
    *routes_of_own(applications.APPLICATIONS),
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
    *routes_of_own(applications.PRINCIPALS),
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
        fidelity=applications.CONSENT,
    ),
)


def _assignments(navigation: str, *, what: str) -> Iterator[Route[Handler]]:
    collection = f"{_PRINCIPAL}/{navigation}"
    source = f"Graph: servicePrincipal: {navigation}"
    yield from read_collection(
        collection,
        applications.ASSIGNMENTS[navigation],
        summaries=(f"List {what}", f"Count {what}", f"Get one of {what}"),
        returns=APP_ROLE_ASSIGNMENT,
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


APPLICATIONS: tuple[Route[Handler], ...] = (
    *_APPLICATIONS,
    *_PRINCIPALS,
    *_assignments(applications.ASSIGNED, what="the application permissions of a service principal"),
    *_assignments(applications.ASSIGNED_TO, what="who has application permissions of a resource"),
    *routes_of_own(applications.GRANTS),
)
