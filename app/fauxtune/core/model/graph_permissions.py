"""The names of Microsoft Graph's permissions, and the ids by which registrations of applications and grants name them.

The names (`graph_permissions.txt`) are found in any case. Source of the ids: those of Graph in `permission_ids.txt`;
for Intune's own service the first-party application 0000000a. Differs from Entra ID: the permissions that are not
listed have ids which are derived from their names.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

from fauxtune.core.model.permissions import SCEP_CHALLENGE_PROVIDER
from fauxtune.core.tables import table


def names() -> tuple[str, ...]:
    """All permissions, in the order of their names."""
    return tuple(sorted(_spellings().values()))


def known(name: str) -> str | None:
    """The permission in Graph's spelling, found in any case; None for a name that Graph does not have."""
    return _spellings().get(name.lower())


def near(name: str, *, more: Iterable[str] = ()) -> list[str]:
    """Up to three permissions with similar names that begin with the same letter, the most similar first; those of
    another service (`more`) among them.
    """
    spellings = {**_spellings(), **{each.lower(): each for each in more}}
    candidates = [spelling for spelling in spellings if spelling[0] == name[:1].lower()]
    return [spellings[close_match] for close_match in get_close_matches(name.lower(), candidates, n=3)]


@cache
def _spellings() -> dict[str, str]:
    """Lower case -> Graph's spelling. Built at its first use, because most processes never need it."""
    lines = table(__package__ or "", "graph_permissions.txt")
    names = (f"{line.first}.{verb}" for line in lines for verb in line.after_first("OPERATION..."))
    return {name.lower(): name for name in names}


#: The scopes of OpenID Connect, to which nobody has to consent here.
OPENID = ("openid", "profile", "email", "offline_access")
_INTUNE = {SCEP_CHALLENGE_PROVIDER: "39d724e8-6a34-4930-9a36-364082c35716"}
_NAMESPACE = uuid.UUID("00000003-0000-0000-c000-000000000000")


@cache
def graph_roles() -> Mapping[str, str]:
    """Return the ids of Graph's application permissions by their names."""
    return _ids("role", names=names())


@cache
def graph_scopes() -> Mapping[str, str]:
    """Return the ids of Graph's delegated permissions by their names, and of the scopes of OpenID Connect."""
    return _ids("scope", names=(*OPENID, *names()))


def intune_roles() -> Mapping[str, str]:
    """Return the ids of the application permissions of Intune's own service by their names."""
    return MappingProxyType(_INTUNE)


def _ids(kind: str, *, names: tuple[str, ...]) -> Mapping[str, str]:
    lines = {line.first: line.below for line in table(__package__ or "", "permission_ids.txt")}
    known = {line.first: line.after_first("ID")[0] for line in lines[f"{kind}s"]}
    return MappingProxyType({name: known.get(name) or str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}")) for name in names})
