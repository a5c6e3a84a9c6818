"""What decides whether a device may enrol, read from the tenant, and what is written down of a refusal. The rule itself
is `core/engine/enrollment_restrictions.py`.

Intune: "What are enrollment restrictions?", "Identify devices as corporate-owned". Graph:
enrollmentTroubleshootingEvent.

Differs from Intune: a default configuration that nobody has changed refuses nothing, its limit included; real changes
of groups and filters take up to 15 minutes to count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fauxtune.core.clock import iso
from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.enrollment_restrictions import (
    COUNTED_FOR,
    Ground,
    Newcomer,
    Refusal,
    Restriction,
    corporate_identifiers,
    judge_limit,
    judge_platform,
    limit,
    platform_restriction,
)
from fauxtune.core.engine.planning.targeting import Matches, matches_nothing
from fauxtune.core.errors import EnrollmentRestricted
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.enrollment import CORPORATE_IDENTIFIERS, ENROLLMENT_CONFIGURATIONS, TROUBLESHOOTING
from fauxtune.operations.devices import autopilot
from fauxtune.operations.devices.autopilot import Registered
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.transaction import ENROLLMENT, Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling as queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.resources import ResourceRow

if TYPE_CHECKING:
    pass

_EVENT = "enrollmentTroubleshootingEvent"
#: The events that a tenant keeps; older ones go.
MOST_EVENTS = 1000
#: The facts that a filter of a restriction can name; others are not known before a device is enrolled.
_FOR_FILTERS = ("manufacturer", "model", "osVersion", "skuNumber", "enrollmentProfileName")
#: data. Unverified: the texts of failureReason, which Graph's reference does not list.
_REASONS = {
    Ground.LIMIT: "DeviceCapReached",
    Ground.PLATFORM: "DeviceTypeNotSupported",
    Ground.PERSONAL: "PersonalDeviceNotAllowed",
    Ground.TOO_OLD: "OsVersionNotSupported",
    Ground.TOO_NEW: "OsVersionNotSupported",
    Ground.MANUFACTURER: "ManufacturerNotSupported",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that wants to enrol, and its user. `autopilot`: the id of the Autopilot device that it was told to be,
    if it asked.
    """

    variant: Variant
    facts: JsonObject
    user: UserRow
    hardware_key: str = ""
    autopilot: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """What makes a device corporate: the identifier that names it, or its registration with Autopilot. `by_autopilot`:
    it enrols with its deployment profile.
    """

    identifier: ResourceRow | None = None
    registered: Registered | None = None
    by_autopilot: bool = False

    @property
    def is_corporate(self) -> bool:
        """Whether the device is the company's."""
        return self.identifier is not None or self.registered is not None

    @property
    def has_user(self) -> bool:
        """Whether a user drives the enrolment."""
        return not (self.by_autopilot and self.registered is not None and self.registered.is_self_deploying)

    @property
    def facts(self) -> JsonObject:
        """What the records of the device say beside its own facts."""
        profile = None if self.registered is None or not self.by_autopilot else self.registered.profile
        name = {} if profile is None else {"enrollmentProfileName": profile.document["displayName"]}
        corporate = {"isCorporate": True} if self.is_corporate else {}
        return {**corporate, **name, **({"autopilotEnrolled": True} if self.by_autopilot else {})}


def admitted(tx: Transaction, candidate: Candidate) -> Admission:
    """Return what makes the device corporate, if anything does. Raises EnrollmentRestricted for a device that a
    restriction refuses, which is written down.
    """
    admission, refusal = examined(tx, candidate)
    if refusal is not None:
        tx.note_refusal(lambda later: _write_down(later, candidate, refusal=refusal, admission=admission))
        raise EnrollmentRestricted(refusal.sentence, ground=refusal.ground.value)
    return admission


def examined(tx: Transaction, candidate: Candidate) -> tuple[Admission, Refusal | None]:
    """Return what makes the device corporate, and what refuses it now, if anything does. Nothing is written."""
    if not tx.tenant.setting(ENROLLMENT):
        return Admission(), None
    device = None
    if candidate.variant is Variant.WINDOWS:
        device = autopilot.registered(tx, str(candidate.facts.get("serialNumber") or ""))
    admission = Admission(
        _corporate_identifier(tx, candidate), device, device is not None and device.identity.id == candidate.autopilot
    )
    return admission, _judged(tx, candidate, admission=admission)


def _judged(tx: Transaction, candidate: Candidate, *, admission: Admission) -> Refusal | None:
    is_corporate = admission.is_corporate
    restrictions = queries.restrictions(tx.connection, tx.tenant.id, family=ENROLLMENT_CONFIGURATIONS.name)
    if not restrictions:
        return None
    newcomer = Newcomer(
        variant=candidate.variant,
        os_version=str(candidate.facts.get("osVersion") or ""),
        manufacturer=str(candidate.facts.get("manufacturer") or ""),
        is_corporate=is_corporate,
        has_driver=admission.has_user and FACTS[candidate.variant].has_user,
    )
    groups = _groups(tx, candidate, restrictions=restrictions)
    matches = _matches(tx, candidate, restrictions=restrictions, admission=admission)
    platform = platform_restriction(restrictions, newcomer, groups=groups, matches=matches)
    refusal = None if platform is None else judge_platform(platform, newcomer)
    most = limit(restrictions, newcomer, groups=groups, matches=matches)
    if refusal is not None or most is None:
        return refusal
    enrolled = queries.devices_of_user(
        tx.connection,
        tx.tenant.id,
        user_id=candidate.user.id,
        besides=candidate.hardware_key,
        since=tx.now - COUNTED_FOR,
    )
    return judge_limit(most, enrolled=enrolled, user=str(candidate.user.document["userPrincipalName"]))


def note_enrolled(tx: Transaction, admission: Admission, *, record: JsonObject) -> None:
    """Note at what made the device corporate that it is enrolled. `record`: Graph's record of the device."""
    identifier = admission.identifier
    if identifier is not None:
        document = {**identifier.document, "enrollmentState": "enrolled", "lastContactedDateTime": iso(tx.now)}
        resource_queries.change_resource(tx.connection, identifier, document=document)
    if admission.registered is not None:
        autopilot.note_enrolled(tx, admission.registered, record=record)
        if admission.by_autopilot:
            autopilot.note_deployment(tx, admission.registered, record=record)


def _corporate_identifier(tx: Transaction, candidate: Candidate) -> ResourceRow | None:
    identifiers = corporate_identifiers(candidate.variant, candidate.facts)
    rows = queries.resources_with(
        tx.connection,
        tx.tenant.id,
        family=CORPORATE_IDENTIFIERS.name,
        named="importedDeviceIdentifier",
        texts={text for _, text in identifiers},
    )
    for row in rows:
        text = str(row.document["importedDeviceIdentifier"]).lower()
        if (row.document["importedDeviceIdentityType"], text) in identifiers:
            return row
    return None


def _groups(tx: Transaction, candidate: Candidate, *, restrictions: list[Restriction]) -> frozenset[GroupId]:
    if not any(restriction.assignments for restriction in restrictions):
        return frozenset()
    return directory_queries.groups_above(tx.connection, tx.tenant.id, member_id=candidate.user.id)


def _matches(
    tx: Transaction, candidate: Candidate, *, restrictions: list[Restriction], admission: Admission
) -> Matches:
    ids = {one.filter for restriction in restrictions for one in restriction.assignments if one.filter is not None}
    if not ids:
        return matches_nothing
    rows = filter_queries.filters_by_id(tx.connection, tx.tenant.id, ids=ids)
    facts = {**candidate.facts, **admission.facts}
    record = {name: facts.get(name) for name in _FOR_FILTERS}
    owner = "company" if admission.is_corporate else FACTS[candidate.variant].owner_type
    return Matching(
        {filter_id: row.document for filter_id, row in rows.items()},
        record={**record, "managedDeviceOwnerType": owner},
        variant=candidate.variant,
    )


def _write_down(tx: Transaction, candidate: Candidate, *, refusal: Refusal, admission: Admission) -> None:
    """Write down a refusal: in the journal, and as an event for whoever looks for the cause; that of an Autopilot
    device also as the end of its deployment.
    """
    known = FACTS[candidate.variant]
    tx.record(
        "enrollmentRefused",
        user=str(candidate.user.document["userPrincipalName"]),
        variant=candidate.variant.value,
        ground=refusal.ground.value,
        restriction=refusal.restriction.id,
        reason=refusal.sentence,
    )
    document = {
        **defaults(entity(_EVENT)),
        "correlationId": tx.ids.uuid(),
        "managedDeviceIdentifier": "",
        "operatingSystem": known.operating_system,
        "osVersion": str(candidate.facts.get("osVersion") or ""),
        "userId": candidate.user.id,
        "deviceId": "",
        "enrollmentType": known.enrollment_type,
        "failureCategory": "enrollmentRestrictionsEnforced",
        "failureReason": _REASONS[refusal.ground],
        "troubleshootingErrorDetails": {
            "@odata.type": "#microsoft.graph.deviceManagementTroubleshootingErrorDetails",
            "context": refusal.restriction.id,
            "failure": refusal.ground.value,
            "failureDetails": refusal.sentence,
            "remediation": None,
            "resources": [],
        },
    }
    resources.add_event(tx, TROUBLESHOOTING, kind=_EVENT, document=document, most=MOST_EVENTS)
    if admission.registered is not None and admission.by_autopilot:
        record = {
            "osVersion": document["osVersion"],
            "userId": candidate.user.id,
            "userPrincipalName": candidate.user.document["userPrincipalName"],
        }
        autopilot.note_failure(tx, admission.registered, record=record, details=refusal.sentence)
