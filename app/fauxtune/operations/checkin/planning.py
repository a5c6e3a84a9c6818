"""Planning one device: gather what its plan depends on, and write down what follows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.planning.desired import desired_items
from fauxtune.core.engine.planning.plan import ConnectorAnswer, ConnectorRequest, Plan, Situation, plan
from fauxtune.core.engine.planning.renewal import renewal
from fauxtune.core.engine.planning.report import profile_outcomes
from fauxtune.core.engine.planning.targeting import Assignment, Matches, Membership, matches_nothing, target
from fauxtune.core.engine.removal.causes import Standing
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, GroupId, ItemKey, RequestId, UserId
from fauxtune.core.model.items import LedgerRow, Order, Problem
from fauxtune.core.model.orders import AccountOrder, ImportedCertificateOrder, RequestOrder
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.authority import DIGICERT
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import AuthorityFacts, ImportedCertificate, Profile, Recipient
from fauxtune.core.profiles.variables import variables
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors import revocation
from fauxtune.operations.connectors.selection import maker, who_is_waited_for
from fauxtune.operations.devices.ledger import write_ledger
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import assignment_filters as filter_queries
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import templates as template_queries
from fauxtune.storage.rows.certificates import RequestRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.directory import UserRow

#: The connector's role for each source.
ROLES = {Source.PKCS: "pkcs", Source.IMPORTED: "imported-pfx"}


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the profiles it is about, the ledger as it was, and as it is from now on."""

    plan: Plan
    profiles: tuple[Profile, ...]
    before: Mapping[ItemKey, LedgerRow]
    rows: Mapping[ItemKey, LedgerRow]


def plan_device(tx: Transaction, enrollment: EnrollmentRow, *, rows: Mapping[ItemKey, LedgerRow]) -> Planned:
    """Return the device's plan at this moment, from its ledger rows. Nothing is written."""
    present, profiles = situation(tx, enrollment, rows=rows)
    new = plan(present)
    return Planned(plan=new, profiles=profiles, before=rows, rows={**rows, **new.rows})


def situation(
    tx: Transaction, enrollment: EnrollmentRow, *, rows: Mapping[ItemKey, LedgerRow]
) -> tuple[Situation, tuple[Profile, ...]]:
    """Return everything that the device's plan depends on, and the profiles that reach the device."""
    user = None
    if enrollment.user_id is not None:
        user = directory_queries.user(tx.connection, tx.tenant.id, user_id=enrollment.user_id)
    profiles = _profiles(tx, enrollment, user=user)
    recipient = _recipient(tx, enrollment, user=user, profiles=profiles)
    items = desired_items(profiles, recipient)
    unwanted = [row for key, row in rows.items() if key not in items]
    present = Situation(
        now=tx.now,
        variant=enrollment.variant,
        edition=tx.tenant.edition,
        items=items,
        rows=rows,
        answers=_answers(tx, enrollment),
        standing=_standing(tx, enrollment, user=user, recipient=recipient, unwanted=unwanted),
        waiting_for=_waiting_for(tx),
    )
    return present, profiles


def write_plan(tx: Transaction, enrollment: EnrollmentRow, *, planned: Planned, user: str | None) -> None:
    """Write the ledger, requests to the connector, revocations and profile states. The caller writes the enrolment."""
    enrollment_id = enrollment.id
    changed = planned.plan.rows.values()
    write_ledger(tx, enrollment_id, before=planned.before, changed=changed, causes=planned.plan.unwanted)
    for request in planned.plan.requests:
        only_by = maker(tx, enrollment_id, serials=_carried_serials(request, rows=planned.rows))
        _put_request(tx, enrollment, request=request, only_by=only_by)
    tx.connectors_called |= bool(planned.plan.requests)
    revoke_planned(tx, enrollment_id, revoked=planned.plan.revoked, user=user)
    for row in changed:
        old = planned.before.get(row.key)
        if row.state is ItemState.FAILED and (old is None or old.problem != row.problem):
            record_item(tx, "failed", row=row, device=enrollment_id, user=user)
    for row in planned.plan.offered:
        record_item(tx, "delivered", row=row, device=enrollment_id, user=user)
    _write_states(tx, enrollment_id, planned=planned, has_user=enrollment.user_id is not None)


def _put_request(tx: Transaction, enrollment: EnrollmentRow, *, request: ConnectorRequest, only_by: str | None) -> None:
    row = RequestRow(
        id=RequestId(tx.ids.uuid()),
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        item_key=request.item.key,
        fingerprint=request.fingerprint,
        role=_role(request),
        only_by=only_by,
        leased_by=None,
        leased_until=None,
        answered_by=None,
        order=_order(request, user_id=enrollment.user_id),
        state="open",
        serial=None,
        error_code=None,
        message=None,
        created_at=tx.now,
        answered_at=None,
    )
    request_queries.put_request(tx.connection, row)


def revoke_planned(
    tx: Transaction,
    enrollment_id: EnrollmentId,
    *,
    revoked: Sequence[tuple[LedgerRow, Cause | Incident]],
    user: str | None,
) -> None:
    """Revoke the certificates that a plan revokes, each with the cause."""
    for row, cause in revoked:
        if row.serial is not None:
            if not revocation.revoke_for_connector(
                tx, row.serial, device=enrollment_id, user=user, source=row.source.value
            ):
                continue
            tx.record("revocationCaused", user=user, device=enrollment_id, item=row.key, cause=cause.value)


def record_item(tx: Transaction, event: str, *, row: LedgerRow, device: EnrollmentId, user: str | None) -> None:
    """Record an event about one item on one device in the journal."""
    detail: JsonObject = {"item": row.key}
    if row.problem is not None:
        detail |= {"errorCode": row.problem.code, "reason": row.problem.message}
    tx.record(
        event,
        user=user,
        device=device,
        profile=row.claims[0].profile if row.claims else None,
        certificate={"thumbprint": row.thumbprint, "serial": row.serial, "source": row.source.value},
        **detail,
    )


def _profiles(tx: Transaction, enrollment: EnrollmentRow, *, user: UserRow | None) -> tuple[Profile, ...]:
    """The profiles that reach the device; none if its user is gone or has no licence."""
    if enrollment.user_id is not None and (user is None or not user.licensed):
        return ()
    membership = Membership(
        has_user=user is not None,
        user_groups=groups_of(tx, enrollment.user_id),
        device_groups=groups_of(tx, enrollment.directory_device_id),
    )
    variant = enrollment.variant
    edition = tx.tenant.edition
    applied = []
    groups = membership.user_groups | membership.device_groups
    candidates = configuration_queries.candidates(tx.connection, tx.tenant.id, groups=groups)
    assigned = [assignment for _profile, assignments in candidates for assignment in assignments]
    matches = matching(tx, enrollment, assignments=assigned)
    for profile, assignments in candidates:
        known = kind(profile.kind)
        assignment = target(assignments, membership, matches=matches)
        if known is not None and variant in known.reached and assignment is not None:
            applies = known.applies(variant, edition=edition)
            applied.append(replace(profile, assignment=assignment.id, applies=applies))
    return tuple(applied)


def matching(tx: Transaction, enrollment: EnrollmentRow, *, assignments: Iterable[Assignment]) -> Matches:
    """Return which filters of these assignments the device meets; no statement is run if they have no filters."""
    ids = {assignment.filter for assignment in assignments if assignment.filter is not None}
    if not ids:
        return matches_nothing
    rows = filter_queries.filters_by_id(tx.connection, tx.tenant.id, ids=ids)
    return Matching(
        {filter_id: row.document for filter_id, row in rows.items()},
        record=filter_queries.record_for_filters(tx.connection, tx.tenant.id, enrollment_id=enrollment.id),
        variant=enrollment.variant,
    )


def groups_of(tx: Transaction, member_id: UserId | DirectoryDeviceId | None) -> frozenset[GroupId]:
    """Return the groups that a user or a device is in, directly or not."""
    if member_id is None:
        return frozenset()
    return directory_queries.groups_above(tx.connection, tx.tenant.id, member_id=member_id)


def _recipient(
    tx: Transaction, enrollment: EnrollmentRow, *, user: UserRow | None, profiles: tuple[Profile, ...]
) -> Recipient:
    reaching = {profile.id: str(profile.document.get("displayName")) for profile in profiles}
    # Nearly always the profiles that a profile refers to reach the device as well: then no statement is run.
    others = {target for profile in profiles for target in profile.references.values()} - reaching.keys()
    templates = template_queries.template_documents(tx.connection, tx.tenant.id, authority_name="issuing")
    root = authorities.certificate(tx.connection, tx.tenant, name="root")
    enterprise = AuthorityFacts(
        host=tx.tenant.ca_host,
        name=tx.tenant.ca_name,
        root_sha256=authorities.sha256(root),
        templates=tuple(templates),
    )
    edition = tx.tenant.edition
    return Recipient(
        edition=edition,
        variant=enrollment.variant,
        os_version=enrollment.facts.get("osVersion"),
        variables=variables(None if user is None else user.document, enrollment.facts, edition=edition),
        has_user=user is not None,
        imported=_imported(tx, user),
        authorities=(enterprise, *_digicert(tx, profiles)),
        require_trusted_root=bool(tx.tenant.setting("requireTrustedRoot")),
        names={**reaching, **configuration_queries.names(tx.connection, tx.tenant.id, ids=others)},
    )


def _digicert(tx: Transaction, profiles: tuple[Profile, ...]) -> tuple[AuthorityFacts, ...]:
    """DigiCert's CA, if a profile names it and the tenant has one."""
    host = str(tx.tenant.setting("digicert.host"))
    if not any(str(profile.document.get("certificationAuthority")).lower() == host.lower() for profile in profiles):
        return ()
    root = authority_queries.authority(tx.connection, tx.tenant.id, name=f"{DIGICERT}-root")
    if root is None:
        return ()
    templates = template_queries.template_documents(tx.connection, tx.tenant.id, authority_name=DIGICERT)
    return (
        AuthorityFacts(
            host=host,
            name="Symantec",
            root_sha256=hashlib.sha256(root.certificate).hexdigest(),
            templates=tuple(templates),
            kind=Authority.DIGICERT,
        ),
    )


def _imported(tx: Transaction, user: UserRow | None) -> tuple[ImportedCertificate, ...]:
    if user is None:
        return ()
    return pfx_queries.imported_of_user(tx.connection, tx.tenant.id, user_id=user.id)


def _answers(tx: Transaction, enrollment: EnrollmentRow) -> dict[tuple[ItemKey, str], ConnectorAnswer]:
    requests = request_queries.requests(tx.connection, enrollment.id)
    return {(request.item_key, request.fingerprint): _answer(tx, request) for request in requests}


def _answer(tx: Transaction, request: RequestRow) -> ConnectorAnswer:
    if request.state == "failed":
        assert request.error_code is not None
        assert request.answered_at is not None
        return ConnectorAnswer.refused(Problem(request.error_code, request.message or ""), at=request.answered_at)
    # A certificate that the authority has issued to a connector is no answer until its file has arrived.
    if request.state == "open":
        return ConnectorAnswer()
    if request.serial is None:
        return ConnectorAnswer(answered=True)
    issued = certificate_queries.certificate_of_enterprise(tx.connection, tx.tenant.id, serial=request.serial)
    if issued is None:
        return ConnectorAnswer(answered=True, serial=request.serial)
    assert isinstance(request.order, Order)
    return ConnectorAnswer(
        answered=True,
        serial=request.serial,
        thumbprint=issued.thumbprint,
        renew_at=renewal(issued.not_before, issued.not_after, percent=request.order.renew_percent),
        not_after=issued.not_after,
        authority=Authority.named(issued.authority),
    )


def _standing(
    tx: Transaction, enrollment: EnrollmentRow, *, user: UserRow | None, recipient: Recipient, unwanted: list[LedgerRow]
) -> Standing:
    """The facts that decide causes of removal: of profiles and assignments, those that once claimed unwanted items."""
    claims = [claim for row in unwanted for claim in row.claims]
    return Standing(
        user_id=enrollment.user_id,
        user_exists=user is not None,
        user_licensed=user is not None and bool(user.licensed),
        certificates=frozenset(certificate.thumbprint for certificate in recipient.imported),
        profiles=configuration_queries.existing(
            tx.connection, tx.tenant.id, profile_ids={claim.profile for claim in claims}
        ),
        assignments=configuration_queries.standing(
            tx.connection, tx.tenant.id, assignment_ids={claim.assignment for claim in claims}
        ),
    )


def _waiting_for(tx: Transaction) -> dict[Source, str]:
    """For each source that a connector serves, the connector that is waited for, in words."""
    return {source: who_is_waited_for(tx, role) for source, role in ROLES.items()}


def _order(request: ConnectorRequest, *, user_id: UserId | None) -> RequestOrder:
    """Return what the connector is asked to make."""
    if request.account is not None:
        return AccountOrder(user_id, request.account)
    if request.item.order is not None:
        return request.item.order
    assert user_id is not None
    assert request.item.thumbprint is not None
    return ImportedCertificateOrder(user_id, request.item.thumbprint)


def _role(request: ConnectorRequest) -> str:
    """The role of the connector that answers. An account with an imported certificate needs the connector that has the
    key of its import.
    """
    if request.account is None:
        return ROLES[request.item.source]
    carried = [certificate.item for certificate in request.account.certificates.values()]
    return ROLES[Source.IMPORTED if any(key.startswith("imported/") for key in carried) else Source.PKCS]


def _carried_serials(request: ConnectorRequest, *, rows: Mapping[ItemKey, LedgerRow]) -> set[str | None]:
    """The serial numbers of the certificates that an account carries and a connector made."""
    carried = () if request.account is None else tuple(request.account.certificates.values())
    return {rows[own.item].serial for own in carried if rows[own.item].source is Source.PKCS}


def _write_states(tx: Transaction, enrollment_id: EnrollmentId, *, planned: Planned, has_user: bool) -> None:
    before = configuration_queries.states_of_device(tx.connection, enrollment_id)
    outcomes = profile_outcomes(planned.profiles, planned.rows.values(), has_user=has_user)
    changed = []
    for profile in planned.profiles:
        outcome, old = outcomes[profile.id], before.get(profile.id)
        state = ProfileStateRow(
            enrollment_id=enrollment_id,
            profile_id=profile.id,
            tenant_id=tx.tenant.id,
            status=outcome.status,
            error_code=outcome.problem.code if outcome.problem else None,
            message=outcome.problem.message if outcome.problem else None,
            version=profile.version,
            reported_at=tx.now if old is None else old.reported_at,
        )
        if state != old:
            changed.append(replace(state, reported_at=tx.now))
    configuration_queries.put_states(tx.connection, changed)
    for profile_id in before.keys() - outcomes.keys():
        configuration_queries.drop_state(tx.connection, enrollment_id, profile_id=profile_id)
