"""The name and the domain of a tenant: which are possible, and which are free."""

from __future__ import annotations

import re

from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import tenants as queries

#: A name is a part of URLs, and of the domain that is made from it.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
#: The words for "any tenant" in the paths of Entra ID, and the first segments of all surfaces' paths: a tenant of
#: that name could not be reached at `/{tenant}/oauth2/v2.0/token`. A test compares it with the application's routes.
RESERVED = frozenset({"common", "consumers", "organizations"}) | {
    "adfs",
    "api",
    "beta",
    "blobs",
    "connector",
    "console",
    "docs",
    "enrollmentserver",
    "livez",
    "managementserver",
    "mdm",
    "metadata",
    "partner",
    "pki",
    "push",
    "readyz",
    "subscriptions",
    "tenants",
    "trust",
}


def check_names(tenant: Tenant) -> None:
    """Raise Invalid for a name or a domain that no tenant can have."""
    if not _NAME.fullmatch(tenant.name) or tenant.name.lower() in RESERVED:
        raise Invalid(
            "A tenant's name has 1 to 63 letters, digits and hyphens, does not begin or end with a hyphen, and is not "
            f"{', '.join(sorted(RESERVED))}; '{tenant.name}' cannot be a name.",
            target="name",
        )
    if not _DOMAIN.fullmatch(tenant.domain):
        raise Invalid(f"A tenant's domain looks like contoso.example; '{tenant.domain}' does not.", target="domain")


def check_free(connection: Connection, tenant: Tenant, *, former: Tenant | None = None) -> None:
    """Raise Conflict if a tenant has the id, the name or the domain already. Before keys are made this saves making
    them for nothing: the transaction that adds the tenant looks again. `former`: a tenant that goes before that.
    """
    keys = {tenant.id: "id", tenant.name: "name", tenant.domain: "domain"}
    going = set() if former is None else {former.id, former.name.lower(), former.domain.lower()}
    taken = queries.taken_key(connection, tuple(key for key in keys if key.lower() not in going))
    if taken is not None:
        raise Conflict(f"There is a tenant '{taken}' already.", target=keys[taken])
