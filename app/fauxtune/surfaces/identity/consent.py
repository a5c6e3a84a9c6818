"""Which permissions a user's token gets: those that were asked for, if the application's consent covers them.

Source: Entra ID "scopes and permissions", "error codes" (65001). What is consented to belongs to the application
(`consentedScopes` on the control surface) and holds for every user.
"""

from __future__ import annotations

from fauxtune.core.model import consent
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.identity.errors import CONSENT_REQUIRED, Aadsts, Word
from fauxtune.surfaces.identity.scopes import Asked

#: The one permission that Azure's own resources publish. Unverified for others, whose permissions are unknown here.
_OTHERS = "user_impersonation"


def permissions(asked: Asked, application: ApplicationRow, *, otherwise: Word = CONSENT_REQUIRED) -> tuple[str, ...]:
    """The permissions of the token; none where OpenID's scopes alone were asked for. Aadsts where consent is missing.

    Differs from Entra ID: permissions of other resources than Graph need no consent.
    """
    if not asked.of_graph:
        return tuple(_OTHERS if each == consent.DEFAULT else each for each in asked.permissions)
    if not asked.permissions:
        return ()
    granted = consent.granted(asked.permissions, consented=application.consented_scopes, configured=application.roles)
    if not granted:
        raise Aadsts(
            otherwise,
            f"The user or administrator has not consented to use the application with ID '{application.client_id}' "
            f"named '{application.name}'. Send an interactive authorization request for this user and resource.",
        )
    return granted
