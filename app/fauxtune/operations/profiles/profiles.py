"""Profiles. Graph: deviceConfiguration.

Documents are validated against the schema before; here follow the checks that need the profile's family or the
database. Every change makes exactly the devices plan again that it can reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import pkcs_key
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.catalog import Kind
from fauxtune.core.profiles.family import with_encryption_state
from fauxtune.core.profiles.fixed import check_unchanged
from fauxtune.operations.profiles import assignments, references
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.rows.configuration import ProfileRow


def create_profile(
    tx: Transaction, kind: Kind, *, document: JsonObject, navigations: Mapping[str, Sequence[str]] | None = None
) -> JsonObject:
    """Create a profile, without assignments. Raises Invalid for one that can never work."""
    kind.family.check(document)
    profile_id, now = ProfileId(tx.ids.uuid()), iso(tx.now)
    full = {
        **with_encryption_state(tagged(document)),
        "id": profile_id,
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "version": 1,
    }
    row = ProfileRow(
        tenant_id=tx.tenant.id,
        id=profile_id,
        kind=kind.name,
        version=1,
        created_at=tx.now,
        document=full,
        navigations=references.merged({}, references.bound(tx, kind, navigations=navigations or {})),
    )
    queries.add_profile(tx.connection, row)
    return full


def update_profile(
    tx: Transaction,
    profile_id: str,
    *,
    kind: Kind,
    changes: JsonObject,
    navigations: Mapping[str, Sequence[str]] | None = None,
) -> JsonObject:
    """Merge changes into a profile and raise its version; its devices plan again. Raises Invalid for a change that the
    tenant's edition does not allow.
    """
    row = assignments.profile_row(tx, profile_id)
    version = row.version + 1
    full = {
        **row.document,
        **with_encryption_state(tagged(changes)),
        "version": version,
        "lastModifiedDateTime": iso(tx.now),
    }
    kind.family.check(full)
    assigned = bool(queries.assignments_of(tx.connection, tx.tenant.id, profile_id=row.id))
    check_unchanged(kind, row.document, after=full, assigned=assigned, edition=tx.tenant.edition)
    bound = references.bound(tx, kind, navigations=navigations or {})
    queries.change_profile(
        tx.connection,
        tx.tenant.id,
        profile_id=row.id,
        document=full,
        version=version,
        navigations=references.merged(row.navigations, bound),
    )
    # A certificate that a device has stays as it is; one that is still requested is requested by the profile of now.
    request_queries.forget_unanswered(tx.connection, tx.tenant.id, item_key=pkcs_key(row.id))
    assignments.wake_profile(tx, row.id)
    return full


def clear_reference(tx: Transaction, profile_id: str, *, kind: Kind, navigation: str) -> None:
    """Clear a reference, as a change of the profile. Raises NotFound for a profile without this reference."""
    references.referenced(assignments.profile_row(tx, profile_id), navigation)
    update_profile(tx, profile_id, kind=kind, changes={}, navigations={navigation: ()})


def delete_profile(tx: Transaction, profile_id: str) -> None:
    """Delete a profile and its assignments; devices give up its items by the removal table. Raises Invalid while other
    profiles refer to it.
    """
    row = assignments.profile_row(tx, profile_id)
    references.check_unreferenced(tx, row)
    assigned = queries.assignments_of(tx.connection, tx.tenant.id, profile_id=row.id)
    assignments.wake_profile(tx, row.id)
    queries.delete_profile(tx.connection, tx.tenant.id, profile_id=row.id)
    assignments.note_payloads(tx, assigned)
