"""What a scope asks for. `aud` of a token is the resource of its scope: `https://localhost/.default` is for
`https://localhost`, whatever stands there; a scope without a resource is Graph's.

Sources: Entra ID "scopes and permissions"; RFC 6749 3.3.
"""

from __future__ import annotations

from fauxtune.surfaces.identity.errors import BAD_REQUEST, MANY_RESOURCES, SCOPE_NOT_DEFAULT, Aadsts, missing

GRAPH = "00000003-0000-0000-c000-000000000000"
_OPENID = {"openid", "profile", "email", "offline_access"}
DEFAULT = ".default"
#: Scopes stand in tokens, and tokens in headers.
_LONGEST = 4096


def resource_for_application(scope: str | None) -> str:
    """The resource that an application's scope names: exactly one, and all of it."""
    scope = _present(scope)
    resource = _resource(scope)
    if resource is None or " " in scope or not scope.endswith(DEFAULT):
        raise Aadsts(
            SCOPE_NOT_DEFAULT,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    return resource


def resource_for_user(scope: str | None) -> tuple[str, frozenset[str]]:
    """The resource that a user's scope names (none: Graph), and which of OpenID's own scopes are in it."""
    scope = _present(scope)
    words = scope.split()
    resources = {_resource(word) for word in words if word.lower() not in _OPENID}
    if len(resources) > 1:
        raise Aadsts(
            MANY_RESOURCES,
            "Provided value for the input parameter scope is not valid because it contains more than one resource. "
            f"Scope {scope} is not valid.",
        )
    resource = resources.pop() if resources else GRAPH
    return resource or GRAPH, frozenset(word.lower() for word in words) & _OPENID


def permissions_asked(scope: str | None) -> tuple[str, ...]:
    """The permissions that a user's scope names, `.default` among them."""
    return tuple(
        dict.fromkeys(word.rpartition("/")[2] for word in (scope or "").split() if word.lower() not in _OPENID)
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
