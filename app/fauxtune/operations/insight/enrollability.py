"""Which kinds of device a user may enrol at this moment, and what refuses the others. Nothing is written.

It asks the rules that an enrolment asks, for a device that is not enrolled yet and tells what is given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.engine.diagnosis.facts import RefusedEnrollment
from fauxtune.core.engine.enrollment_restrictions import Restriction
from fauxtune.core.errors import NotFound, NotLicensed
from fauxtune.core.model.platforms import ENROLLABLE, FACTS, Variant
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.policies.enrollment import TROUBLESHOOTING
from fauxtune.operations.devices.audience import check_licensed
from fauxtune.operations.devices.enrollment_restrictions import Candidate, examined
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling
from fauxtune.storage.queries.insight import diagnosis as queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.resources import ResourceRow

#: So many of a user's last refusals are looked at for what is still missing.
_RECENT = 20
#: Graph's words for a kind of device in an event -> the kind. (Two kinds of Android have the same words.)
_KINDS = {(FACTS[each].operating_system, FACTS[each].enrollment_type): each for each in reversed(ENROLLABLE)}
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


def refusals_of(tx: Transaction, user: UserRow) -> tuple[RefusedEnrollment, ...]:
    """Return the user's last refused enrolment of each kind of device of which the user has enrolled none since."""
    events = last_refusals(tx, limit=_RECENT, user_id=user.id)
    enrolled = queries.devices_of_user(tx.connection, tx.tenant.id, user_id=user.id) if events else []
    refusals: dict[Variant, RefusedEnrollment] = {}
    for event in events:
        document = event.document
        variant = _KINDS.get((document["operatingSystem"], document["enrollmentType"]))
        if variant is None or variant in refusals:
            continue
        if any(row.variant is variant and row.enrolled_at >= event.created_at for row in enrolled):
            continue
        candidate = Candidate(variant=variant, facts={"osVersion": document["osVersion"]}, user=user)
        sentence = str(document["troubleshootingErrorDetails"]["failureDetails"])
        stands = examined(tx, candidate)[1] is not None
        refusals[variant] = RefusedEnrollment(VARIANTS[variant], event.created_at, sentence, stands)
    return tuple(refusals.values())
