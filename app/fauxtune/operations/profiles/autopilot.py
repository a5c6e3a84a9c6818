"""Windows Autopilot: the import of hardware hashes, and what is said of the identities that it gives.

Differs from Intune: an import is done when the POST is answered; the service answers `unknown` and takes minutes.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies import autopilot
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.resources import Hooks
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow

_IDENTITY, _IMPORT = "windowsAutopilotDeviceIdentity", "importedWindowsAutopilotDeviceIdentity"


def import_all(tx: Transaction, documents: Sequence[JsonObject]) -> list[ResourceRow]:
    """Import hardware hashes, all or none. Each document has every property of its type."""
    return [
        resources.create(tx, autopilot.IMPORTS, kind=_IMPORT, document=each, hooks=IMPORT_HOOKS) for each in documents
    ]


def _carry_out(tx: Transaction, document: JsonObject, _before: ResourceRow | None) -> JsonObject:
    """Give the device an identity, or say in the import's state why not."""
    return {**document, "state": _outcome(tx, document)}


def _outcome(tx: Transaction, imported: JsonObject) -> JsonObject:
    if not autopilot.is_hash(str(imported["hardwareIdentifier"] or "")):
        return autopilot.INVALID_HASH
    serial = imported["serialNumber"]
    known = queries.resources_of_family(tx.connection, tx.tenant.id, family=autopilot.IDENTITIES.name)
    if any(each.document["serialNumber"] == serial for each in known):
        return autopilot.ALREADY_ASSIGNED
    identity = {
        **defaults(entity(_IDENTITY)),
        "serialNumber": serial,
        "productKey": imported.get("productKey"),
        "groupTag": imported.get("groupTag"),
        "userPrincipalName": imported.get("assignedUserPrincipalName"),
        "azureActiveDirectoryDeviceId": tx.ids.uuid(),
    }
    row = resources.create(tx, autopilot.IDENTITIES, kind=_IDENTITY, document=identity)
    return autopilot.import_state("complete", device_id=row.id)


def change_identity(tx: Transaction, key: str, *, changes: JsonObject) -> ResourceRow:
    """Change what is said of an identity. Raises Invalid for a user who does not exist."""
    name = changes.get("userPrincipalName")
    if name and directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=str(name)) is None:
        raise Invalid(f"There is no user '{name}'.", target="userPrincipalName")
    return resources.update(tx, autopilot.IDENTITIES, key=key, changes=changes)


def give_profile(tx: Transaction, key: str, *, identity_ids: Sequence[str]) -> None:
    """Say of these identities that the deployment profile is theirs. Raises NotFound for one that does not exist."""
    profile = resources.get(tx, autopilot.DEPLOYMENT_PROFILES, key=key)
    changes: JsonObject = {
        "deploymentProfileAssignmentStatus": "assignedInSync",
        "deploymentProfileAssignedDateTime": iso(tx.now),
        BOUND: {"deploymentProfile": [profile.id]},
    }
    for each in identity_ids:
        resources.update(tx, autopilot.IDENTITIES, key=each, changes=changes)


IMPORT_HOOKS = Hooks(check=_carry_out)
