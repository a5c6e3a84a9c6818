"""Access tokens: the bearer tokens of OAuth 2.0, issued here and checked here.

They are RS256 JWTs on the system clock (real clients judge them by their own
clocks). Graph takes access tokens of version 1.0, so their claims and their issuer are that version's (Entra ID,
"Access token claims reference", 2025-03). A token is valid in its own tenant only; its host does not matter, because an
emulator is reached under many names. It is valid while its application exists. Which audiences are Graph's:
`core.model.addresses`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fauxtune.core.clock import Clock
from fauxtune.core.errors import Unauthenticated
from fauxtune.core.model.addresses import GRAPH, is_graph
from fauxtune.core.model.ids import IdSource, TenantId, UserId
from fauxtune.operations.runtime.runner import Runner
from fauxtune.storage.queries import applications

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


LIFETIME = timedelta(seconds=3599)
_VERSION = "1.0"
#: Tokens that were read once, and the characters of one that is worth remembering: some 30 MB at most.
_REMEMBERED, _LONGEST = 4096, 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """The subject of a valid token: an application, or a user of one."""

    tenant_id: TenantId
    client_id: str
    user_id: UserId | None
    #: A user's scopes (`scp`), or an application's roles.
    permissions: frozenset[str]
    expires_at: int
    audience: str = GRAPH
    token_id: str = ""


class TokenIssuer:
    """Issues and checks the tokens of every tenant, with a key that is loaded for the first of them: a server that
    nobody has asked needs no JOSE. Deterministic tenants have keys of their own.
    """

    def __init__(self, load_key: Callable[[], RSAKey], *, clock: Clock, ids: IdSource) -> None:
        self._load_key = load_key
        self._clock = clock
        self._ids = ids
        self._seen: OrderedDict[str, Principal] = OrderedDict()
        self._living: set[tuple[TenantId, str]] = set()
        self._forgotten = 0

    @property
    def _key(self) -> RSAKey:
        """The server's key, or in work of a deterministic tenant that tenant's."""
        return self._load_key()

    def key_set(self) -> dict[str, Any]:
        """Return the public keys (RFC 7517) that tokens are checked with."""
        return {"keys": [self._key.as_dict(private=False)]}

    def issue(
        self,
        *,
        issuer: str,
        tenant_id: TenantId,
        client_id: str,
        audience: str,
        object_id: str,
        client_name: str = "",
        roles: tuple[str, ...] = (),
        user: dict[str, Any] | None = None,
        proof: str = "1",
    ) -> str:
        """Return a new access token: of an application (`roles`), or of a user (`scp`, if `user` is given). `issuer`:
        as version 1.0 has it. `proof`: the credential that the application used (appidacr: 0 none, 1 a secret, 2 a
        certificate).
        """
        from joserfc import jwt

        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + int(LIFETIME.total_seconds()),
            "app_displayname": client_name,
            "appid": client_id,
            "appidacr": proof,
            "idtyp": "app" if user is None else "user",
            "oid": object_id,
            "sub": object_id,
            "tid": tenant_id,
            "uti": self._ids.token(16),
            "ver": _VERSION,
        }
        if user is None:
            # Of a user of the tenant itself it is left out: `idp` is then the issuer.
            claims |= {"idp": issuer, "roles": list(roles)}
        else:
            upn = user["userPrincipalName"]
            claims |= {"scp": " ".join(roles), "upn": upn, "unique_name": upn, "name": user["displayName"]}
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": self._key.kid}, claims, self._key)

    def check(self, token: str, *, hosts: Callable[[], Collection[str]] | None = None) -> Principal:
        """Return the caller. Raises Unauthenticated, in Graph's words, for a token that is malformed, forged, expired,
        or not for Graph. `hosts`: returns further host names that are Graph's; without it, any audience is accepted.
        """
        principal = self._seen.get(token)
        if principal is None:
            principal = self._read(token)
            if len(token) <= _LONGEST:
                self._seen[token] = principal
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        if principal.expires_at <= self._clock.now().timestamp():
            raise Unauthenticated("Access token has expired or is not yet valid.")
        if hosts is not None and not _is_for_graph(principal, hosts):
            raise Unauthenticated("Access token validation failure. Invalid audience.")
        return principal

    async def check_application(self, principal: Principal, *, runner: Runner) -> None:
        """Raise Unauthenticated if the caller's application was deleted. Reads the database once for each application:
        deletions are reported by `forget_application`, those by other processes by `forget_applications_of`.
        """
        key = (principal.tenant_id, principal.client_id)
        if key in self._living:
            return
        before = self._forgotten
        if await runner.read(applications.application, principal.tenant_id, client_id=principal.client_id) is None:
            raise Unauthenticated(f"The application '{principal.client_id}' of the access token does not exist.")
        # It may have been deleted while the database answered: then the next request asks again.
        if before == self._forgotten:
            self._living.add(key)

    def forget_application(self, tenant_id: TenantId, client_id: str) -> None:
        """Reject tokens of this application, which was deleted."""
        self._forgotten += 1
        self._living.discard((tenant_id, client_id))

    def forget_applications_of(self, tenant_id: TenantId) -> None:
        """Read again whether the tenant's applications exist."""
        self._forgotten += 1
        self._living = {key for key in self._living if key[0] != tenant_id}

    def forget_tenant(self, tenant_id: TenantId) -> None:
        """Drop the tokens and applications of a tenant that was deleted."""
        self.forget_applications_of(tenant_id)
        for token in [token for token, principal in self._seen.items() if principal.tenant_id == tenant_id]:
            del self._seen[token]

    def forget_applications(self) -> None:
        """Read again whether applications exist: any may have been deleted."""
        self._forgotten += 1
        self._living.clear()

    def _read(self, token: str) -> Principal:
        from joserfc import errors, jwt

        try:
            claims = jwt.decode(token, self._key, algorithms=["RS256"]).claims
            tenant = TenantId(str(claims["tid"]))
            # The issuer is the tenant's, whatever the host: it is checked by its tenant, not by its name. That of
            # version 2.0 ends in /v2.0, and no token of that version is for Graph.
            if claims["ver"] != _VERSION or not str(claims["iss"]).endswith(f"/{tenant}/"):
                raise Unauthenticated("Access token validation failure. Invalid issuer.")
            delegated = "scp" in claims
            permissions = str(claims["scp"]).split() if delegated else claims.get("roles", [])
            return Principal(
                tenant_id=tenant,
                client_id=str(claims["appid"]),
                user_id=UserId(str(claims["oid"])) if delegated else None,
                permissions=frozenset(str(permission) for permission in permissions),
                expires_at=int(claims["exp"]),
                audience=str(claims["aud"]),
                token_id=str(claims.get("uti", "")),
            )
        except (errors.JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unauthenticated(f"CompactToken parsing failed with error code: 80049217 ({error}).") from None


def _is_for_graph(principal: Principal, hosts: Callable[[], Collection[str]]) -> bool:
    # Most audiences need no host names: they are not gathered for each request.
    return is_graph(principal.audience) or is_graph(principal.audience, hosts=hosts())
