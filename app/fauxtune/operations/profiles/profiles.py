"""Profiles. Graph: deviceConfiguration.

Documents come validated by the schema; what the family and the database must vouch for is checked here. Every change
makes exactly the devices plan again that it can concern.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import pkcs_key
from fauxtune.core.profiles.catalog import Kind
from fauxtune.core.profiles.fixed import check_unchanged
from fauxtune.core.profiles.stored import told
from fauxtune.operations.profiles import assignments, references
from fauxtune.operations.profiles.role_scope_tags import tagged
from fauxtune.operations.runtime.transaction import Act
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import configuration as queries

Document = dict[str, Any]


def create_profile(
    act: Act, kind: Kind, *, document: Document, navigations: Mapping[str, Sequence[str]] | None = None
) -> Document:
    """A new profile, assigned to nobody. Invalid where it can never work."""
    kind.family.check(document)
    profile_id, now = act.ids.uuid(), iso(act.now)
    full = {
        **told(tagged(document)),
        "id": profile_id,
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "version": 1,
    }
    queries.add_profile(
        act.connection,
        act.tenant.id,
        id=profile_id,
        kind=kind.name,
        version=1,
        created_at=act.now,
        document=full,
        navigations=references.merged({}, references.bound(act, kind, navigations=navigations or {})),
    )
    return full


def update_profile(
    act: Act,
    profile_id: str,
    *,
    kind: Kind,
    changes: Document,
    navigations: Mapping[str, Sequence[str]] | None = None,
) -> Document:
    """Merge changes into a profile and raise its version; its devices plan again. Invalid for a change of what the
    tenant's edition does not let change.
    """
    row = assignments.profile_row(act, profile_id)
    version = row["version"] + 1
    full = {**row["document"], **told(tagged(changes)), "version": version, "lastModifiedDateTime": iso(act.now)}
    kind.family.check(full)
    assigned = bool(queries.assignments_of(act.connection, act.tenant.id, profile_id=row["id"]))
    check_unchanged(kind, row["document"], after=full, assigned=assigned, edition=act.tenant.edition)
    bound = references.bound(act, kind, navigations=navigations or {})
    queries.change_profile(
        act.connection,
        act.tenant.id,
        profile_id=row["id"],
        document=full,
        version=version,
        navigations=references.merged(row["navigations"], bound),
    )
    # The certificate that a device has stays as it is; one that is still asked for is asked for as the profile is now.
    certificate_queries.forget_unanswered(act.connection, act.tenant.id, item_key=pkcs_key(ProfileId(row["id"])))
    assignments.wake_profile(act, row["id"])
    return full


def clear_reference(act: Act, profile_id: str, *, kind: Kind, navigation: str) -> None:
    """Take a reference away, as a change of the profile. NotFound where there is none."""
    references.referenced(assignments.profile_row(act, profile_id), navigation)
    update_profile(act, profile_id, kind=kind, changes={}, navigations={navigation: ()})


def delete_profile(act: Act, profile_id: str) -> None:
    """The profile goes with its assignments; what devices hold of it goes by the removal table. Invalid while other
    profiles refer to it.
    """
    row = assignments.profile_row(act, profile_id)
    references.check_unreferenced(act, row)
    assigned = queries.assignments_of(act.connection, act.tenant.id, profile_id=row["id"])
    assignments.wake_profile(act, row["id"])
    queries.delete_profile(act.connection, act.tenant.id, profile_id=row["id"])
    assignments.note_payloads(act, assigned)
