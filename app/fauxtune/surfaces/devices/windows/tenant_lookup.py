"""The tenant of a Windows device's request: that of the path, else its user's.

Real devices find their tenant by DNS (enterpriseenrollment.<domain of the address>), and some clients have fixed paths.
So at paths without a tenant the domain of the address, of the user's name or of the token decides; without any of them,
the one tenant that answers at such paths (switch `windows.rootPaths`).
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.tenants import tenants_with
from fauxtune.surfaces.devices.windows.messages.soap import JWT, Proof, binary

ROOT_PATHS, ALIASES = "windows.rootPaths", "windows.pathAliases"
#: The target of a NotFound for a path that is not served.
PATH = "path"
_ALIASED = re.compile(r"(/mdm/[^/]+/windows)?/api/mdm/microsoft/", re.IGNORECASE)


async def tenant_of(emulator: Emulator, path: str, *, key: str | None, names: tuple[str, ...] = ()) -> Tenant:
    """Return the tenant. `key`: the one in the path; `names`: user names, domains and ids in the request. Raises
    NotFound if there is no such tenant, if several may be meant, and for a path that the tenant does not serve.
    """
    tenant = await emulator.runner.tenant(key) if key is not None else await _meant(emulator, names)
    if _ALIASED.match(path) and not tenant.setting(ALIASES):
        text = f"The tenant '{tenant.name}' does not serve this path: its switch {ALIASES} is off."
        raise NotFound(text, target=PATH)
    return tenant


async def served_by_some(emulator: Emulator, path: str) -> None:
    """Raise NotFound for a path that all tenants have switched off."""
    if _ALIASED.match(path) and not await emulator.runner.read(tenants_with, ALIASES):
        raise NotFound(f"No tenant serves this path: the switch {ALIASES} is off everywhere.", target=PATH)


def names_in(proof: Proof) -> tuple[str, ...]:
    """Return the names in a proof, which is not checked yet."""
    claims = claims_of(proof.token) if proof.kind == JWT else {}
    names = (proof.username, claims.get("upn"), claims.get("unique_name"), claims.get("tid"))
    return tuple(str(name) for name in names if name)


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, unverified; empty for other texts."""
    parts = token.split(".")
    try:
        claims = orjson.loads(binary(parts[1])) if len(parts) == 3 else None
    except (Invalid, orjson.JSONDecodeError):
        return {}
    return claims if isinstance(claims, dict) else {}


async def _meant(emulator: Emulator, names: tuple[str, ...]) -> Tenant:
    for name in names:
        domain = name.rpartition("@")[2].strip()
        try:
            return await emulator.runner.tenant(domain)
        except NotFound:
            continue
    answering = await emulator.runner.read(tenants_with, ROOT_PATHS)
    if len(answering) != 1:
        how_many = "more than one tenant has" if answering else "no tenant has"
        unknown = f" ({', '.join(names)} belongs to no tenant)" if names else ""
        raise NotFound(
            f"The request does not say which tenant is meant{unknown}: use the paths below /mdm/{{tenant}}/windows, "
            f"name a user of the tenant, or turn the switch {ROOT_PATHS} on for one tenant; now {how_many} it on."
        )
    return await emulator.runner.tenant(answering[0].id)
