"""Which kinds of device a user may enrol at this moment, and what refuses the others. Nothing is written.

It asks the rules that an enrolment asks, for a device that is not enrolled yet and tells what is given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.engine.enrollment_restrictions import Restriction
from fauxtune.core.errors import NotFound, NotLicensed
from fauxtune.core.model.platforms import ENROLLABLE, Variant
from fauxtune.core.policies.enrollment import TROUBLESHOOTING
from fauxtune.operations.devices.enrollment_restrictions import Candidate, examined
from fauxtune.operations.devices.licence import check_licensed
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.resources import ResourceRow

#: The ground of a refusal that no restriction makes.
NO_LICENCE = "noLicence"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether devices of a kind are let in. `ground` (a word) and `sentence` are empty for those that are."""

    variant: Variant
    ground: str = ""
    sentence: str = ""
    restriction: Restriction | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether an enrolment would succeed."""
        return not self.ground


def outcomes(tx: Transaction, user_key: str, *, facts: Mapping[str, str]) -> list[Outcome]:
    """Return the outcome for each kind of device. `facts`: what the device tells, by Graph's names. Raises NotFound for
    an unknown user.
    """
    user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=user_key)
    if user is None:
        raise NotFound(f"There is no user '{user_key}'.")
    try:
        check_licensed(user)
    except NotLicensed as error:
        return [Outcome(variant, NO_LICENCE, error.message) for variant in ENROLLABLE]
    return [_outcome(tx, user, variant=variant, facts=facts) for variant in ENROLLABLE]


def _outcome(tx: Transaction, user: UserRow, *, variant: Variant, facts: Mapping[str, str]) -> Outcome:
    _admission, refusal = examined(tx, Candidate(variant=variant, facts=dict(facts), user=user))
    if refusal is None:
        return Outcome(variant)
    return Outcome(variant, refusal.ground.value, refusal.sentence, refusal.restriction)


def last_refusals(tx: Transaction, *, limit: int, user_id: str | None = None) -> list[ResourceRow]:
    """Return the last enrolments that a restriction refused, of a user or of all, the newest first."""
    return enrolling.newest(tx.connection, tx.tenant.id, family=TROUBLESHOOTING.name, limit=limit, user_id=user_id)
