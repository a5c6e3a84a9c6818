"""Requests that the tenant's own NDES has accepted, and its RA certificates."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, select

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ProfileId, TenantId
from fauxtune.storage import reads, writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.scep import RaCertificateRow, ScepChallengeRow, ScepRequestRow
from fauxtune.storage.tables import ra_certificates, scep_challenges, scep_requests
from fauxtune.storage.tenancy import of_tenant, rows_of

_request, _challenge = scep_requests.c, scep_challenges.c
_MOST = 20

_BY_TRANSACTION = Prepared(
    select(scep_requests)
    .where(of_tenant(_request), _request.transaction == bindparam("transaction"))
    .order_by(_request.created_at.desc(), _request.id)
    .limit(_MOST)
)
_BY_CHALLENGE = Prepared(
    select(scep_requests).where(of_tenant(_request), _request.challenge_id == bindparam("challenge"))
)
_CHALLENGE = Prepared(
    select(scep_challenges).where(of_tenant(_challenge), _challenge.id == bindparam("challenge")).with_for_update()
)
# Asked again and again while a tenant's devices settle.
_PENDING = Prepared(
    select(_request.enrollment_id, _request.profile_id).where(of_tenant(_request), _request.state == "pending")
)
_RA_CERTIFICATES = Prepared(rows_of(ra_certificates))


def requests_of_transaction(connection: Connection, tenant_id: TenantId, *, transaction: str) -> list[ScepRequestRow]:
    """Return the newest requests with this transactionID, which clients choose."""
    values = {"tenant": tenant_id, "transaction": transaction}
    return reads.every(connection, _BY_TRANSACTION, row=ScepRequestRow, values=values)


def request_of_challenge(connection: Connection, tenant_id: TenantId, *, challenge_id: str) -> ScepRequestRow | None:
    """Return the request that was accepted with this challenge."""
    values = {"tenant": tenant_id, "challenge": challenge_id}
    return reads.first(connection, _BY_CHALLENGE, row=ScepRequestRow, values=values)


def challenge_to_use(connection: Connection, tenant_id: TenantId, *, challenge_id: str) -> ScepChallengeRow | None:
    """Return a challenge, locked until the transaction ends: of two messages with it the second waits."""
    values = {"tenant": tenant_id, "challenge": challenge_id}
    return reads.first(connection, _CHALLENGE, row=ScepChallengeRow, values=values)


def request(connection: Connection, tenant_id: TenantId, *, request_id: str) -> ScepRequestRow | None:
    """Return a request by its id, locked until the transaction ends."""
    statement = select(scep_requests).where(of_tenant(_request, tenant_id), _request.id == request_id)
    return reads.first(connection, statement.with_for_update(), row=ScepRequestRow)


def newest_requests(
    connection: Connection, tenant_id: TenantId, *, limit: int, state: str | None = None
) -> list[ScepRequestRow]:
    """Return the newest requests, or those of one state, the newest first."""
    statement = select(scep_requests).where(of_tenant(_request, tenant_id))
    if state is not None:
        statement = statement.where(_request.state == state)
    ordered = statement.order_by(_request.created_at.desc(), _request.id.desc()).limit(limit)
    return reads.every(connection, ordered, row=ScepRequestRow)


def pending_challenges(connection: Connection, tenant_id: TenantId, *, challenge_ids: Collection[str]) -> set[str]:
    """Return those of these challenges whose request waits for an approval."""
    pending: set[str] = set()
    for some in reads.in_parts(challenge_ids):
        statement = select(_request.challenge_id).where(
            of_tenant(_request, tenant_id), _request.challenge_id.in_(some), _request.state == "pending"
        )
        pending |= set(connection.execute(statement).scalars())
    return pending


def pending_requests(connection: Connection, tenant_id: TenantId) -> list[tuple[EnrollmentId, ProfileId]]:
    """Return the device and the profile of each request that waits for an approval."""
    rows = _PENDING.every(connection, {"tenant": tenant_id})
    return [(EnrollmentId(device), ProfileId(profile)) for device, profile in rows]


def put_request(connection: Connection, row: ScepRequestRow) -> None:
    """Add a request, or write what became of it."""
    writes.put_rows(connection, scep_requests, rows=[row])


def ra_certificate_rows(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId | None = None
) -> list[RaCertificateRow]:
    """Return the RA certificates of all connectors, or of this one."""
    rows = reads.every(connection, _RA_CERTIFICATES, row=RaCertificateRow, values={"tenant": tenant_id})
    return [row for row in rows if connector_id in (None, row.connector_id)]


def put_ra_certificates(connection: Connection, rows: Sequence[RaCertificateRow]) -> None:
    """Write RA certificates in place of those that the connector had."""
    writes.put_rows(connection, ra_certificates, rows=rows)
