"""Federated identity: which tokens of other issuers an application may show in place of a secret.

Graph: federatedIdentityCredential. Kept in an application's `registration`: `federated`, a list of credentials as Graph
has them, and `issuerKeys`, the key sets (RFC 7517) of issuers that this server does not ask for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.directory import applications, registrations
from fauxtune.operations.directory.issuer_keys import ISSUER_KEYS
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.tenants import ApplicationRow

#: The audience that Microsoft's clients and documents use.
AUDIENCE = "api://AzureADTokenExchange"
#: How long a token of the own issuer may live, and how long it does.
LONGEST, USUAL = timedelta(days=365), timedelta(hours=1)
#: The credential that `trust` writes.
OWN_NAME = "fauxtune"
FEDERATED = "federated"
#: Graph's page of federatedIdentityCredential, 2025-06: characters of a value and of a name; credentials of an
#: application ("Important considerations and restrictions for federated identity credentials", 2025-06). Unverified:
#: the characters of a name beside letters and digits; the page says "URL friendly", Azure Resource Manager's has these.
_LONGEST_VALUE, _MOST = 600, 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_FIXED = "name"


def credentials(row: ApplicationRow) -> list[JsonObject]:
    """Return the federated credentials of an application, as Graph has them."""
    return list(row.registration.get(FEDERATED, ()))


def add_credential(tx: Transaction, client_id: str, *, document: JsonObject) -> JsonObject:
    """Add a federated credential. Raises Invalid, or Conflict for a name, or an issuer with its subject, that another
    one of the application has.
    """
    row = applications.application(tx, client_id)
    present = credentials(row)
    if len(present) >= _MOST:
        raise Invalid(f"An application has {_MOST} federated identity credentials at most: remove one.")
    new = {"description": None, **document, "id": tx.ids.uuid()}
    _check(new, others=present)
    _store(tx, row, present=[*present, new])
    return new


def change_credential(tx: Transaction, client_id: str, *, key: str, changes: JsonObject) -> None:
    """Change a federated credential, by id or name; its name stays. Raises as `add_credential`, and NotFound."""
    row = applications.application(tx, client_id)
    present = credentials(row)
    old = credential_by_key(present, key)
    if changes.get(_FIXED, old[_FIXED]) != old[_FIXED]:
        raise Invalid("The name of a federated identity credential cannot be changed.", target=_FIXED)
    new = {**old, **changes}
    _check(new, others=[each for each in present if each is not old])
    _store(tx, row, present=[new if each is old else each for each in present])


def delete_credential(tx: Transaction, client_id: str, *, key: str) -> None:
    """Delete a federated credential, by id or name. Raises NotFound."""
    row = applications.application(tx, client_id)
    present = credentials(row)
    old = credential_by_key(present, key)
    _store(tx, row, present=[each for each in present if each is not old])


def credential_by_key(present: Sequence[JsonObject], key: str) -> JsonObject:
    """Return the credential with this id or name. Raises NotFound."""
    credential = next((each for each in present if key.lower() == each["id"] or key == each[_FIXED]), None)
    if credential is None:
        raise missing(key)
    return credential


def trust(tx: Transaction, client_id: str, *, issuer: str, subject: str, audience: str) -> None:
    """Let an application accept this subject of the own issuer, if it does not yet: by the credential `OWN_NAME`, which
    is changed if it is there. Raises NotFound for an unknown application.
    """
    row = applications.application(tx, client_id)
    wanted: JsonObject = {"issuer": issuer, "subject": subject, "audiences": [audience]}
    if any(wanted.items() <= each.items() for each in credentials(row)):
        return
    try:
        change_credential(tx, client_id, key=OWN_NAME, changes=wanted)
    except NotFound:
        add_credential(tx, client_id, document={"name": OWN_NAME, **wanted})


def given_keys(row: ApplicationRow, issuer: str) -> JsonObject | None:
    """Return the key set that the application was given for an issuer; None without one."""
    keys: JsonObject | None = row.registration.get(ISSUER_KEYS, {}).get(issuer)
    return keys


def _check(new: JsonObject, *, others: Sequence[JsonObject]) -> None:
    name, audiences = str(new[_FIXED]), new.get("audiences") or []
    if not _NAME.fullmatch(name):
        raise Invalid(
            "The name of a federated identity credential has 3 to 120 letters, digits, '-' or '_', and begins with a "
            "letter or digit.",
            target=_FIXED,
        )
    if len(audiences) != 1:
        raise Invalid("A federated identity credential has one audience.", target="audiences")
    for member, value in (("issuer", new.get("issuer")), ("subject", new.get("subject")), ("audiences", audiences[0])):
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_VALUE:
            raise Invalid(f"{member} must have 1 to {_LONGEST_VALUE} characters.", target=member)
    if len(str(new.get("description") or "")) > _LONGEST_VALUE:
        raise Invalid(f"description must have at most {_LONGEST_VALUE} characters.", target="description")
    if any(each[_FIXED] == name for each in others):
        raise Conflict(f"FederatedIdentityCredential with name {name} already exists.", target=_FIXED)
    if any((each["issuer"], each["subject"]) == (new["issuer"], new["subject"]) for each in others):
        raise Conflict(
            "FederatedIdentityCredential with the same issuer and subject already exists on the application.",
            target="subject",
        )


def _store(tx: Transaction, row: ApplicationRow, *, present: Sequence[JsonObject]) -> None:
    registrations.store(tx, row, registration={**row.registration, FEDERATED: [*present]})
