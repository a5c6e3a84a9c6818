"""Planning one device, and writing down what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fauxtune.core.engine.planning.plan import ConnectorRequest, Plan, plan
from fauxtune.core.engine.planning.report import profile_outcomes
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.model.ids import EnrollmentId, ItemKey, RequestId, UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.orders import AccountOrder, ImportedCertificateOrder, RequestOrder
from fauxtune.core.model.states import Cause, Incident, ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.checkin.situations import ROLES, situations
from fauxtune.operations.connectors import revocation
from fauxtune.operations.connectors.selection import maker
from fauxtune.operations.devices.ledger import write_ledger
from fauxtune.operations.devices.scep_unreported import unreported
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.rows.certificates import RequestRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import EnrollmentRow


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the profiles it is about, the ledger as it was, and as it is from now on."""

    plan: Plan
    profiles: tuple[Profile, ...]
    before: Mapping[ItemKey, LedgerRow]
    rows: Mapping[ItemKey, LedgerRow]


def plan_device(tx: Transaction, enrollment: EnrollmentRow, *, rows: Mapping[ItemKey, LedgerRow]) -> Planned:
    """Return the device's plan at this moment, from its ledger rows. Nothing is written."""
    present = situations(tx, [enrollment], ledgers={enrollment.id: rows})[enrollment.id]
    new = plan(present.situation)
    return Planned(plan=new, profiles=present.profiles, before=rows, rows={**rows, **new.rows})


def write_plan(tx: Transaction, enrollment: EnrollmentRow, *, planned: Planned, user: str | None) -> None:
    """Write the ledger, requests to the connector, revocations and profile states. The caller writes the enrolment."""
    enrollment_id = enrollment.id
    changed = planned.plan.rows.values()
    write_ledger(tx, enrollment_id, before=planned.before, changed=changed, causes=planned.plan.unwanted)
    for request in planned.plan.requests:
        only_by = maker(tx, enrollment_id, serials=_carried_serials(request, rows=planned.rows))
        _put_request(tx, enrollment, request=request, only_by=only_by)
    tx.connectors_called |= bool(planned.plan.requests)
    revoked = [*planned.plan.revoked, *_unreported(tx, enrollment, planned=planned)]
    revoke_planned(tx, enrollment_id, revoked=revoked, user=user)
    for row in changed:
        old = planned.before.get(row.key)
        if row.state is ItemState.FAILED and (old is None or old.problem != row.problem):
            record_item(tx, "failed", row=row, device=enrollment_id, user=user)
    for row in planned.plan.offered:
        record_item(tx, "delivered", row=row, device=enrollment_id, user=user)
    _write_states(tx, enrollment_id, planned=planned, has_user=enrollment.user_id is not None)


def _unreported(
    tx: Transaction, enrollment: EnrollmentRow, *, planned: Planned
) -> list[tuple[LedgerRow, Cause | Incident]]:
    """What is revoked of certificates by SCEP that are not wanted any more before the device has reported them."""
    causes, device = planned.plan.unwanted, DeviceKind(enrollment.variant, tx.tenant.edition)
    rows = [planned.before[key] for key in causes if key in planned.before]
    issued = unreported(tx, enrollment.id, rows=rows)
    return [(row, causes[row.key]) for row in issued if verdict(row, device, cause=causes[row.key]).revoked]


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
