"""The ids of permissions, by which an application's registration and its grants name them.

Source: those of Graph in `permission_ids.txt`; for Intune's own service the first-party application 0000000a. Differs
from Entra ID: the permissions that are not listed have ids which are derived from their names.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from fauxtune.core.model.access import graph_permissions
from fauxtune.core.model.access.permissions import SCEP_CHALLENGE_PROVIDER
from fauxtune.core.tables import table

#: The scopes of OpenID Connect, to which nobody has to consent here.
OPENID = ("openid", "profile", "email", "offline_access")
_INTUNE = {SCEP_CHALLENGE_PROVIDER: "39d724e8-6a34-4930-9a36-364082c35716"}
_NAMESPACE = uuid.UUID("00000003-0000-0000-c000-000000000000")


@cache
def graph_roles() -> Mapping[str, str]:
    """Return the ids of Graph's application permissions by their names."""
    return _ids("role", names=graph_permissions.names())


@cache
def graph_scopes() -> Mapping[str, str]:
    """Return the ids of Graph's delegated permissions by their names, and of the scopes of OpenID Connect."""
    return _ids("scope", names=(*OPENID, *graph_permissions.names()))


def intune_roles() -> Mapping[str, str]:
    """Return the ids of the application permissions of Intune's own service by their names."""
    return MappingProxyType(_INTUNE)


def _ids(kind: str, *, names: tuple[str, ...]) -> Mapping[str, str]:
    lines = {line.first: line.below for line in table(__package__ or "", "permission_ids.txt")}
    known = {line.first: line.after_first("ID")[0] for line in lines[f"{kind}s"]}
    return MappingProxyType({name: known.get(name) or str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}")) for name in names})
