"""Seeds: JSON documents that describe a new tenant.

`{"name","domain","applications":[],"users":[],"groups":[],"certificationAuthority":{"name","templates":[]},
"connectorKeys":[],"keys":"own"}`; every part may be left out. Further parts, from settings to
devices, are in `seed_further_parts`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ValidationError

from fauxtune.core.model.permissions import ALL_ROLES, EVERYTHING
from fauxtune.core.pki.template import BUILT_IN as TEMPLATES
from fauxtune.operations.tenants.seed_parts import (
    KEY_NAME,
    PROVIDER,
    PUBLISHED_SECRET,
    Seed,
    refusal,
    why_of,
)

#: The parts that only some seeds have: `seed_further_parts` reads them.
FURTHER = frozenset({"settings", "clock", "connectors", "profiles", "assignments", "imports", "devices", "faults"})


#: The tenant that every start seeds unless told otherwise.
BUILT_IN: dict[str, Any] = {
    "id": "c0ffee00-0000-4000-8000-000000000001",
    "name": "contoso",
    "domain": "contoso.example",
    "applications": [
        {
            "clientId": "c0ffee00-0000-4000-8000-00000000a991",
            "name": "Fauxtune test client",
            "secret": PUBLISHED_SECRET,
            "roles": list(ALL_ROLES),
            "consentedScopes": [EVERYTHING],
        }
    ],
    "users": [
        {"userPrincipalName": "alice", "displayName": "Alice Adams", "givenName": "Alice", "surname": "Adams"},
        {"userPrincipalName": "bob", "displayName": "Bob Brown", "givenName": "Bob", "surname": "Brown"},
        {"userPrincipalName": "carol", "displayName": "Carol Clark", "givenName": "Carol", "surname": "Clark"},
    ],
    "groups": [
        {"displayName": "All Staff", "members": ["alice", "bob", "carol"]},
        {"displayName": "SMIME Pilot", "members": ["alice", "bob"]},
    ],
    "certificationAuthority": {
        "name": "Contoso Issuing CA",
        "templates": [template.document() for template in TEMPLATES],
    },
    "connectorKeys": [{"providerName": PROVIDER, "keyName": KEY_NAME, "keyLength": 2048}],
}


@cache
def built_in() -> Seed:
    """Return the seed of every start."""
    return parse_seed(BUILT_IN)


@cache
def built_in_with_own_secret() -> Seed:
    """Return the seed of every start, whose application gets a secret of its own."""
    seed = built_in()
    applications = tuple(application.model_copy(update={"secret": None}) for application in seed.applications)
    return seed.model_copy(update={"applications": applications})


@cache
def nobody() -> Seed:
    """Return the seed of a tenant with nobody in it."""
    return parse_seed({"name": "none", "domain": "none.example"})


def parse_seed(document: object) -> Seed:
    """Return the seed. Raises Invalid, naming every mistake, for a document that is no seed."""
    if isinstance(document, dict) and not FURTHER.isdisjoint(document):
        from fauxtune.operations.tenants.seed_reading import read_full

        return read_full(document)
    try:
        return Seed.model_validate(document)
    except ValidationError as error:
        wrong = [
            (".".join(map(str, error_details["loc"])) or "the seed", why_of(error_details))
            for error_details in error.errors()
        ]
        raise refusal(wrong) from None
