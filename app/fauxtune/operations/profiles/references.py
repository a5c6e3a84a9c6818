"""References from one profile to another, and which are allowed. Graph: deviceConfiguration, `$ref`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.profiles.catalog import Kind
from fauxtune.core.profiles.references import NAMES, check_bindable, check_reference
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.rows.configuration import ProfileRow

#: An error message names at most so many of the profiles that refer to a profile.
_MOST_NAMED = 5


def bound(tx: Transaction, kind: Kind, *, navigations: Mapping[str, Sequence[str]]) -> dict[str, ProfileId | None]:
    """Return the references of a profile of this kind, by navigation; None for one that is cleared.

    Raises Invalid, with the navigation as target, for a profile that does not exist or has another type or platform.
    """
    references: dict[str, ProfileId | None] = {}
    for name, ids in navigations.items():
        references[name] = None
        for profile_id in ids:
            check_bindable(kind.name, name)
            row = queries.profile(tx.connection, tx.tenant.id, profile_id=profile_id)
            if row is None:
                raise Invalid(f"{name} refers to the profile '{profile_id}', which does not exist.", target=name)
            check_reference(kind.name, name, target=row.kind)
            references[name] = row.id
    return references


def merged(before: Mapping[str, ProfileId | None], changes: Mapping[str, ProfileId | None]) -> dict[str, ProfileId]:
    """Return the references after a change, without those that it clears."""
    return {name: profile for name, profile in {**before, **changes}.items() if profile is not None}


def check_unreferenced(tx: Transaction, row: ProfileRow) -> None:
    """Raise Invalid, with the profiles that refer to it, for a profile that others refer to.

    Unverified: that the real service refuses, too, rather than clear the references.
    """
    referring = queries.referring(
        tx.connection, tx.tenant.id, profile_id=row.id, navigations=NAMES, limit=_MOST_NAMED + 1
    )
    if referring:
        who = ", ".join(
            f"'{profile.document.get('displayName')}' ({name})"
            for profile in referring[:_MOST_NAMED]
            for name, target in profile.navigations.items()
            if target == row.id
        )
        who += ", and others" if len(referring) > _MOST_NAMED else ""
        raise Invalid(
            f"The profile '{row.document.get('displayName')}' cannot be deleted: other profiles refer to it: {who}. "
            "Clear those references, or delete those profiles, first."
        )


def referenced(row: ProfileRow, navigation: str) -> ProfileId:
    """Return the id of the profile that this one refers to. Raises NotFound for a profile without it."""
    target = row.navigations.get(navigation)
    if target is None:
        raise NotFound(f"The profile '{row.id}' has no reference {navigation}.")
    return target
