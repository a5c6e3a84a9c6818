"""Planning one device, and writing down what follows from it.

The rules are those of `core/engine/planning`: `targeting`, `desired` and `plan`, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fauxtune.core.engine.planning.plan import ConnectorRequest, Plan, plan
from fauxtune.core.engine.planning.report import profile_outcomes
from fauxtune.core.engine.removal.decisions import DeviceKind, verdict
from fauxtune.core.model.ids import EnrollmentId, ItemKey, RequestId, UserId
from fauxtune.core.model.items import AccountOrder, ImportedCertificateOrder, LedgerRow, RequestOrder, key_source
from fauxtune.core.model.states import Cause, Incident, ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.foreign import is_intermediate
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.connectors import revocation
from fauxtune.operations.connectors.selection import maker
from fauxtune.operations.devices.audience import Audience
from fauxtune.operations.devices.scep_unreported import unreported
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import ROLES, situations
from fauxtune.operations.visits.visit import Visit
from fauxtune.storage.rows.certificates import RequestRow, ServedRequestRow
from fauxtune.storage.rows.configuration import ProfileStateRow
from fauxtune.storage.rows.devices import EnrollmentRow


def plan_device(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    rows: Mapping[ItemKey, LedgerRow],
    requests: Sequence[ServedRequestRow] | None = None,
    audience: Audience | None = None,
) -> tuple[Plan, tuple[Profile, ...]]:
    """Return the device's plan at this moment, from its ledger rows, and the profiles that it is about. `requests`: all
    that was asked of the connectors for it, `audience`: its user and groups, if they were read already. Nothing is
    written.
    """
    present = situations(
        tx,
        [enrollment],
        ledgers={enrollment.id: rows},
        audience=audience,
        requests=None if requests is None else {enrollment.id: requests},
    )[enrollment.id]
    return plan(present.situation), present.profiles


def plan_visit(visit: Visit) -> Plan:
    """Plan the device, and write its ledger, requests to the connector, revocations and profile states."""
    tx, device = visit.tx, visit.row.id
    before = visit.ledger
    new, profiles = plan_device(tx, visit.row, rows=before, requests=visit.requests, audience=visit.audience)
    changed = new.rows.values()
    visit.put_items(changed, causes=new.unwanted)
    visit.put_requests([_request(visit, request) for request in new.requests])
    tx.connectors_called |= bool(new.requests)
    revoked = [*new.revoked, *_unreported(tx, visit.row, causes=new.unwanted, before=before)]
    if revoked:
        revoke_planned(tx, device, revoked=revoked, user=visit.user)
        visit.read_items_again()
    for row in changed:
        old = before.get(row.key)
        if row.state is ItemState.FAILED and (old is None or old.problem != row.problem):
            record_item(tx, "failed", row=row, device=device, user=visit.user)
    for row in new.offered:
        record_item(tx, "delivered", row=row, device=device, user=visit.user)
    _write_states(visit, profiles=profiles)
    return new


def _unreported(
    tx: Transaction,
    enrollment: EnrollmentRow,
    *,
    causes: Mapping[ItemKey, Cause | Incident],
    before: Mapping[ItemKey, LedgerRow],
) -> list[tuple[LedgerRow, Cause | Incident]]:
    """What is revoked of certificates by SCEP that are not wanted any more before the device has reported them."""
    device = DeviceKind(enrollment.variant, tx.tenant.edition)
    rows = [before[key] for key in causes if key in before]
    issued = unreported(tx, enrollment.id, rows=rows)
    return [(row, causes[row.key]) for row in issued if verdict(row, device, cause=causes[row.key]).revoked]


def _request(visit: Visit, request: ConnectorRequest) -> RequestRow:
    tx, enrollment = visit.tx, visit.row
    return RequestRow(
        id=RequestId(tx.ids.uuid()),
        tenant_id=tx.tenant.id,
        enrollment_id=enrollment.id,
        item_key=request.item.key,
        fingerprint=request.fingerprint,
        role=_role(request),
        only_by=maker(tx, visit.requests, serials=_carried_serials(request, rows=visit.ledger)),
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
    certificate: JsonObject = {"thumbprint": row.thumbprint, "serial": row.serial, "source": row.source.value}
    if row.source is Source.ROOT and row.payload is not None and is_intermediate(row.payload):
        certificate["intermediate"] = True
    tx.record(
        event,
        user=user,
        device=device,
        profile=row.claims[0].profile if row.claims else None,
        certificate=certificate,
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
    return ROLES[Source.IMPORTED if any(key_source(key) is Source.IMPORTED for key in carried) else Source.PKCS]


def _carried_serials(request: ConnectorRequest, *, rows: Mapping[ItemKey, LedgerRow]) -> set[str | None]:
    """The serial numbers of the certificates that an account carries and a connector made."""
    carried = () if request.account is None else tuple(request.account.certificates.values())
    return {rows[own.item].serial for own in carried if rows[own.item].source is Source.PKCS}


def _write_states(visit: Visit, *, profiles: Sequence[Profile]) -> None:
    outcomes = profile_outcomes(profiles, visit.ledger.values(), has_user=visit.row.user_id is not None)
    changed = []
    versions = {profile.id: profile.version for profile in profiles}
    for key, outcome in outcomes.items():
        old = visit.states.get(key)
        state = ProfileStateRow(
            enrollment_id=visit.row.id,
            profile_id=key,
            tenant_id=visit.tx.tenant.id,
            status=outcome.status,
            error_code=outcome.problem.code if outcome.problem else None,
            message=outcome.problem.message if outcome.problem else None,
            version=versions[key],
            reported_at=visit.tx.now if old is None else old.reported_at,
        )
        if state != old:
            changed.append(replace(state, reported_at=visit.tx.now))
    visit.put_states(changed, dropped=visit.states.keys() - outcomes.keys())
