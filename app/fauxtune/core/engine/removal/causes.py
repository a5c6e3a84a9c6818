"""Why an item is no longer wanted: derived when planning, so that nothing is recorded at the moment of change."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, Source


@dataclass(frozen=True, slots=True)
class Standing:
    """The present facts of a device, its user, and the profiles and assignments that once brought its items."""

    user_id: UserId | None
    user_exists: bool
    user_licensed: bool
    certificates: frozenset[str]  # thumbprints of the user's imported certificates
    profiles: frozenset[str]  # of the ledger's claims: those whose profile still exists
    assignments: frozenset[str]  # of the ledger's claims: those whose assignment still stands
    ending: Cause | None = None


def cause(row: LedgerRow, standing: Standing) -> Cause:
    """The first cause that applies: enrolment ending > user deleted > licence lost > user changed > certificate deleted
    from the service > profile deleted > assignment gone > the assignment stands but the device or user left its group.
    """
    if standing.ending is not None:
        return standing.ending
    if standing.user_id is not None and not standing.user_exists:
        return Cause.USER_DELETED
    if standing.user_id is not None and not standing.user_licensed:
        return Cause.LICENCE_LOST
    if row.user_id != standing.user_id:
        return Cause.USER_CHANGED
    if row.source is Source.IMPORTED and row.thumbprint not in standing.certificates:
        return Cause.CERTIFICATE_DELETED
    if not any(claim.profile in standing.profiles for claim in row.claims):
        return Cause.PROFILE_DELETED
    if not any(claim.assignment in standing.assignments for claim in row.claims):
        return Cause.UNASSIGNED
    return Cause.LEFT_GROUP
