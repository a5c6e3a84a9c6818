"""The ids of an application in the directory of a tenant: its object, and its service principal.

Both are derived from the tenant and the application, so that tokens, lists and grants agree without a row for each.
"""

from __future__ import annotations

import base64
import hashlib
import uuid

from fauxtune.core.model.ids import TenantId


def principal_id(tenant_id: TenantId, client_id: str) -> str:
    """Return the id of the service principal of an application; tokens of the application name it as `oid`."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), client_id))


def application_object_id(tenant_id: TenantId, client_id: str) -> str:
    """Return the id of the application's object, which is not its appId."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), f"application/{client_id}"))


def grant_id(*parts: str) -> str:
    """Return the id of a grant: 43 characters, as Entra ID writes them. `parts`: what is granted to whom."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
