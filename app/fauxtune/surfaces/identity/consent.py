"""The permissions of a user's token: the requested ones, if the application's consent covers them.

Source: Entra ID "scopes and permissions", "error codes" (65001). The consent belongs to the application
(`consentedScopes` on the control surface) and is valid for every user.
"""

from __future__ import annotations

from fauxtune.core.model import consent
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.identity.errors import CONSENT_REQUIRED, Aadsts, ErrorCode
from fauxtune.surfaces.identity.scopes import RequestedScope

#: The only permission that Azure's own resources publish. Unverified for other resources.
_OTHERS = "user_impersonation"


def permissions(
    requested: RequestedScope, application: ApplicationRow, *, otherwise: ErrorCode = CONSENT_REQUIRED
) -> tuple[str, ...]:
    """Return the permissions of the token; empty if only OpenID's scopes were requested. Raises Aadsts without consent.

    Differs from Entra ID: permissions of other resources than Graph need no consent.
    """
    if not requested.of_graph:
        return tuple(_OTHERS if name == consent.DEFAULT else name for name in requested.permissions)
    if not requested.permissions:
        return ()
    granted = consent.granted(
        requested.permissions, consented=application.consented_scopes, configured=application.roles
    )
    if not granted:
        raise Aadsts(
            otherwise,
            f"The user or administrator has not consented to use the application with ID '{application.client_id}' "
            f"named '{application.name}'. Send an interactive authorization request for this user and resource.",
        )
    return granted
