"""The scope of a request for a token, and the permissions that consent leaves of it.

The scope of a request. `aud` of a token is the resource of its scope: `https://localhost/.default` is for
`https://localhost`, whatever stands there; a scope without a resource is Graph's.

Sources: Entra ID "scopes and permissions"; RFC 6749 3.3.

The permissions of a user's token: the requested ones, if the application's consent covers them.

Source: Entra ID "scopes and permissions", "error codes" (65001). The consent belongs to the application
(`consentedScopes` on the control surface) and is valid for every user.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fauxtune.core.model.addresses import GRAPH, is_graph
from fauxtune.core.model.graph_permissions import known, near
from fauxtune.core.model.permissions import DEFAULT, granted
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.identity.errors import (
    BAD_REQUEST,
    CONSENT_REQUIRED,
    MANY_RESOURCES,
    SCOPE_INVALID,
    SCOPE_NOT_DEFAULT,
    Aadsts,
    ErrorCode,
    missing,
)

_OPENID = {"openid", "profile", "email", "offline_access"}
#: Characters of a scope: it is in tokens, and tokens are in headers.
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class RequestedScope:
    """The scope of a user's request: permissions of one resource, and some of OpenID's own scopes.

    `names` are as they were written, `permissions` the same in Graph's spelling; `.default` may be the only one.
    """

    resource: str
    of_graph: bool
    names: tuple[str, ...]
    permissions: tuple[str, ...]
    openid: frozenset[str]


def resource_for_application(scope: str | None) -> str:
    """Return the resource of an application's scope, which must be one `.default`. Raises Aadsts for others.

    OpenID's own scopes beside it are ignored: MSAL for Java sends them with every grant.
    """
    scope = _present(scope)
    named = [word for word in scope.split(" ") if word.lower() not in _OPENID]
    resource = _resource(named[0]) if len(named) == 1 else None
    if resource is None or not named[0].endswith(DEFAULT):
        raise Aadsts(
            SCOPE_NOT_DEFAULT,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    return resource


def requested_by_user(scope: str | None, *, hosts: Collection[str]) -> RequestedScope:
    """Return the scope of a user's request. `hosts`: the hosts of this emulator, which are addresses of Graph.

    Aadsts for a scope of several resources, for `.default` beside other permissions, and for a permission that Graph
    has not.
    """
    scope = _present(scope)
    words = scope.split()
    named = tuple(dict.fromkeys(word for word in words if word.lower() not in _OPENID))
    resources = list(dict.fromkeys(_resource(word) or GRAPH for word in named)) or [GRAPH]
    of_graph = all(is_graph(resource, hosts=hosts) for resource in resources)
    if len(resources) > 1 and not of_graph:
        raise Aadsts(
            MANY_RESOURCES,
            "Provided value for the input parameter scope is not valid because it contains more than one resource. "
            f"Scope {scope} is not valid.",
        )
    names = tuple(dict.fromkeys(word.rpartition("/")[2] for word in named))
    if DEFAULT in names and len(names) > 1:
        raise _invalid(scope, f"{DEFAULT} cannot be combined with other permissions of its resource.")
    return RequestedScope(
        # One of several names of Graph: an address says more than the id, which is that of bare permissions.
        resource=next((resource for resource in resources if resource != GRAPH), GRAPH),
        of_graph=of_graph,
        names=names,
        permissions=tuple(_permission(name, scope=scope) for name in names) if of_graph else names,
        openid=frozenset(word.lower() for word in words) & _OPENID,
    )


def _permission(name: str, *, scope: str) -> str:
    """A permission of Graph in Graph's spelling; Entra ID ignores the case of letters."""
    result = DEFAULT if name == DEFAULT else known(name)
    if result is None:
        like = " or ".join(near(name))
        hint = f" Did you mean {like}?" if like else ""
        raise _invalid(scope, f"Microsoft Graph has no permission '{name}'.{hint}")
    return result


def _invalid(scope: str, why: str) -> Aadsts:
    return Aadsts(
        SCOPE_INVALID,
        f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid. {why}",
    )


def _present(scope: str | None) -> str:
    if not scope:
        raise missing("scope")
    if len(scope) > _LONGEST:
        raise Aadsts(BAD_REQUEST, f"The scope must not be longer than {_LONGEST} characters.")
    return scope


def _resource(scope: str) -> str | None:
    resource, slash, _ = scope.rpartition("/")
    if not slash:
        return GRAPH
    return resource or None


#: The only permission that Azure's own resources publish. Unverified for other resources.
_OTHERS = "user_impersonation"


def permissions(
    requested: RequestedScope, application: ApplicationRow, *, otherwise: ErrorCode = CONSENT_REQUIRED
) -> tuple[str, ...]:
    """Return the permissions of the token; empty if only OpenID's scopes were requested. Raises Aadsts without consent.

    Differs from Entra ID: permissions of other resources than Graph need no consent.
    """
    if not requested.of_graph:
        return tuple(_OTHERS if name == DEFAULT else name for name in requested.permissions)
    if not requested.permissions:
        return ()
    covered = granted(requested.permissions, consented=application.consented_scopes, configured=application.roles)
    if not covered:
        raise Aadsts(
            otherwise,
            f"The user or administrator has not consented to use the application with ID '{application.client_id}' "
            f"named '{application.name}'. Send an interactive authorization request for this user and resource.",
        )
    return covered
