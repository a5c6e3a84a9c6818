"""References between profiles: what binding one to another asks of both. Graph: deviceConfiguration, `$ref`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.profiles.catalog import Kind
from fauxtune.core.profiles.references import NAMES, check_bindable, check_reference
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as queries

Row = dict[str, Any]

#: Of those who refer to a profile, so many are named.
_MOST_NAMED = 5


def bound(tx: Transaction, kind: Kind, *, navigations: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """The references of a profile of this kind, by navigation; None for one that is cleared.

    Invalid, naming the navigation, for what does not exist or does not fit: another type, or another platform.
    """
    found: dict[str, str | None] = {}
    for name, ids in navigations.items():
        found[name] = None
        for profile_id in ids:
            check_bindable(kind.name, name)
            row = queries.profile(tx.connection, tx.tenant.id, profile_id=profile_id)
            if row is None:
                raise Invalid(f"{name} refers to the profile '{profile_id}', which does not exist.", target=name)
            check_reference(kind.name, name, target=row["kind"])
            found[name] = row["id"]
    return found


def merged(there: Mapping[str, str | None], new: Mapping[str, str | None]) -> dict[str, str]:
    """The references after a change: what is cleared is gone."""
    return {name: value for name, value in {**there, **new}.items() if value is not None}


def check_unreferenced(tx: Transaction, row: Row) -> None:
    """Invalid, naming who refers to it, for a profile that others refer to.

    Unverified: that the real service refuses, too, rather than clear the references.
    """
    found = queries.referring(
        tx.connection, tx.tenant.id, profile_id=row["id"], navigations=NAMES, limit=_MOST_NAMED + 1
    )
    if found:
        who = ", ".join(
            f"'{each['document'].get('displayName')}' ({name})"
            for each in found[:_MOST_NAMED]
            for name, target in each["navigations"].items()
            if target == row["id"]
        )
        who += " and others" if len(found) > _MOST_NAMED else ""
        raise Invalid(
            f"The profile '{row['document'].get('displayName')}' cannot be deleted: other profiles refer to it: {who}. "
            "Clear those references, or delete those profiles, first."
        )


def referenced(row: Row, navigation: str) -> str:
    """The id of the profile that this one refers to. NotFound where it refers to none."""
    target: str | None = row["navigations"].get(navigation)
    if target is None:
        raise NotFound(f"The profile '{row['id']}' refers to nothing by {navigation}.")
    return target
