"""Settings as keys of Android's policy, and the keys that a device says it does not comply with.

Android Management API: enterprises.policies, NonComplianceDetail. Inside the service an address is a path with slashes:
`passwordPolicies/SCOPE_DEVICE/passwordMinimumLength` is in the requirements for the whole device.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow, key_name
from fauxtune.core.model.settings import Unit
from fauxtune.core.model.states import Source

_PASSWORDS, _SCOPE = "passwordPolicies", "passwordScope"
_DIVIDERS = re.compile(r"[\[\].]+")


def keys_of(units: Iterable[Unit]) -> dict[str, Any]:
    """Return the keys of a policy that these settings are."""
    policy: dict[str, Any] = {}
    for setting in (each for unit in units for each in unit.delivered):
        *above, last = setting.address.split("/")
        place = policy
        for name in above:
            place = place.setdefault(name, {})
        place[last] = setting.value
    if _PASSWORDS in policy:
        policy[_PASSWORDS] = [{_SCOPE: scope, **rules} for scope, rules in sorted(policy[_PASSWORDS].items())]
    return policy


def applied(rows: Iterable[LedgerRow]) -> dict[ItemKey, str]:
    """Return the settings of a policy that a device has applied, with their fingerprints: it names those that it has
    not.
    """
    return {row.key: row.fingerprint or "" for row in rows if row.source is Source.SETTING and in_policy(row)}


def named(name: str, path: str, *, rows: Iterable[LedgerRow]) -> list[ItemKey]:
    """Return the settings that a device names by `settingName` and `fieldPath`: all below the name without a path."""
    known = [row for row in rows if row.source is Source.SETTING and _first(row).casefold() == name.casefold()]
    wanted = _normal(path)
    chosen = [row for row in known if _normal(key_name(row.key)) == wanted]
    return [row.key for row in chosen or known]


def _first(row: LedgerRow) -> str:
    return key_name(row.key).partition("/")[0]


def _normal(path: str) -> str:
    return _DIVIDERS.sub("/", path.replace(f"{_SCOPE}=", "")).strip("/").casefold()
