"""Challenges of SCEP, the certificates that authorities reported for them, revocations at a partner's authority, and
the requests that the tenant's own NDES has accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, or_, select, update

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import plain_thumbprint
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.rows.scep import (
    ChallengeState,
    PartnerRevocationRow,
    RaCertificateRow,
    ScepCertificateRow,
    ScepChallengeRow,
    ScepRequestRow,
)
from fauxtune.storage.tables import (
    partner_revocations,
    ra_certificates,
    revocation_downloads,
    scep_certificates,
    scep_challenges,
    scep_requests,
)
from fauxtune.storage.tenancy import of_tenant, rows_of

_challenge, _certificate, _revocation = scep_challenges.c, scep_certificates.c, partner_revocations.c

# What check-ins and the requests that follow them read.
_CHALLENGE = Prepared(select(scep_challenges).where(of_tenant(_challenge), _challenge.id == bindparam("id")))
_CHALLENGES_OF = Prepared(
    select(scep_challenges)
    .where(
        of_tenant(_challenge),
        _challenge.enrollment_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(_challenge.created_at, _challenge.id)
)
_CERTIFICATES_OF = Prepared(
    select(scep_certificates)
    .where(of_tenant(_certificate), _certificate.enrollment_id == bindparam("device"))
    .order_by(_certificate.reported_at, _certificate.thumbprint)
)

_CERTIFICATES_OF_CHALLENGE = Prepared(
    select(scep_certificates).where(of_tenant(_certificate), _certificate.challenge_id == bindparam("challenge"))
)
_CHANGE_UNLESS_ISSUED = Prepared(
    update(scep_challenges)
    .where(of_tenant(_challenge), _challenge.id == bindparam("challenge"), _challenge.state != "issued")
    .values(state=bindparam("new_state"), outcome=bindparam("new_outcome"))
)


def add_challenge(connection: Connection, row: ScepChallengeRow) -> None:
    """Add a challenge."""
    writes.add_rows(connection, scep_challenges, rows=[row])


def challenge(connection: Connection, tenant_id: TenantId, *, challenge_id: str) -> ScepChallengeRow | None:
    """Return a challenge; None if the tenant never gave it."""
    values = {"tenant": tenant_id, "id": challenge_id}
    return reads.first(connection, _CHALLENGE, row=ScepChallengeRow, values=values)


def newest_challenges(connection: Connection, tenant_id: TenantId, *, limit: int) -> list[ScepChallengeRow]:
    """Return the newest challenges, the newest first."""
    statement = select(scep_challenges).where(of_tenant(_challenge, tenant_id))
    ordered = statement.order_by(_challenge.created_at.desc(), _challenge.id.desc()).limit(limit)
    return reads.every(connection, ordered, row=ScepChallengeRow)


def certificates_of(
    connection: Connection, tenant_id: TenantId, *, enrollment_id: EnrollmentId
) -> list[ScepCertificateRow]:
    """Return the certificates that authorities reported for the challenges of a device, in the order of the reports."""
    values = {"tenant": tenant_id, "device": enrollment_id}
    return reads.every(connection, _CERTIFICATES_OF, row=ScepCertificateRow, values=values)


def reported_certificates(connection: Connection, tenant_id: TenantId, *, key: str) -> list[ScepCertificateRow]:
    """Return the reported certificates with this serial number or thumbprint: hex in any case, a thumbprint also with
    colons or spaces.
    """
    number = func.lower(_certificate.report["serialNumber"].as_string())
    statement = select(scep_certificates).where(
        of_tenant(_certificate, tenant_id),
        or_(_certificate.thumbprint == plain_thumbprint(key).lower(), number == key.lower()),
    )
    return reads.every(connection, statement, row=ScepCertificateRow)


def certificates_of_challenge(
    connection: Connection, tenant_id: TenantId, *, challenge_id: str
) -> dict[str, ScepCertificateRow]:
    """Return the certificates that were reported for a challenge, by thumbprint."""
    values = {"tenant": tenant_id, "challenge": challenge_id}
    rows = reads.every(connection, _CERTIFICATES_OF_CHALLENGE, row=ScepCertificateRow, values=values)
    return {row.thumbprint: row for row in rows}


def put_certificate(connection: Connection, row: ScepCertificateRow) -> None:
    """Write a reported certificate in place of an earlier report of it."""
    writes.put_rows(connection, scep_certificates, rows=[row])


def challenges_of(
    connection: Connection, tenant_id: TenantId, *, enrollment_ids: Collection[EnrollmentId]
) -> list[ScepChallengeRow]:
    """Return the challenges of these devices, oldest first."""
    values = {"tenant": tenant_id}
    return reads.many(connection, _CHALLENGES_OF, row=ScepChallengeRow, ids=enrollment_ids, values=values)


def change_challenge(
    connection: Connection, tenant_id: TenantId, *, challenge_id: str, state: ChallengeState, outcome: JsonObject
) -> None:
    """Write what became of a challenge. Once a certificate was issued for it, only another one that was changes it."""
    if state == "issued":
        where = {"tenant_id": tenant_id, "id": challenge_id}
        writes.change(connection, scep_challenges, where=where, values={"state": state, "outcome": outcome})
        return
    writes.note_write(connection, scep_challenges)
    values = {"tenant": tenant_id, "challenge": challenge_id, "new_state": state, "new_outcome": outcome}
    _CHANGE_UNLESS_ISSUED.run(connection, values)


def delete_challenges(connection: Connection, tenant_id: TenantId, *, ids: Sequence[str]) -> None:
    """Delete these challenges."""
    writes.remove_where(connection, scep_challenges, of_tenant(_challenge, tenant_id), _challenge.id.in_(ids))


def add_revocation(connection: Connection, row: PartnerRevocationRow) -> None:
    """Add a revocation to the queue."""
    writes.add_rows(connection, partner_revocations, rows=[row])


def revocations(connection: Connection, tenant_id: TenantId, *, limit: int) -> list[PartnerRevocationRow]:
    """Return the newest revocations of the queue, the newest first."""
    statement = select(partner_revocations).where(of_tenant(_revocation, tenant_id))
    ordered = statement.order_by(_revocation.created_at.desc(), _revocation.id.desc()).limit(limit)
    return reads.every(connection, ordered, row=PartnerRevocationRow)


def revocations_of_serials(
    connection: Connection, tenant_id: TenantId, *, serials: Collection[str]
) -> dict[str, PartnerRevocationRow]:
    """Return the newest revocation of each of these certificates, by its serial number in lower case."""
    wanted = sorted({serial.lower() for serial in serials})
    if not wanted:
        return {}
    number = func.lower(_revocation.serial)
    statement = select(partner_revocations).where(of_tenant(_revocation, tenant_id), number.in_(wanted))
    rows = reads.every(connection, statement.order_by(_revocation.created_at, _revocation.id), row=PartnerRevocationRow)
    return {row.serial.lower(): row for row in rows}


def revocations_by_id(
    connection: Connection, tenant_id: TenantId, *, ids: Sequence[str]
) -> dict[str, PartnerRevocationRow]:
    """Return those of these revocations that exist, by id, locked until the transaction ends."""
    statement = select(partner_revocations).where(of_tenant(_revocation, tenant_id), _revocation.id.in_(ids))
    rows = reads.every(connection, statement.with_for_update(), row=PartnerRevocationRow)
    return {row.id: row for row in rows}


def last_download(connection: Connection, tenant_id: TenantId) -> datetime | None:
    """Return when an authority downloaded revocations last, whether there were any or not."""
    statement = select(revocation_downloads.c.at).where(of_tenant(revocation_downloads, tenant_id))
    return connection.execute(statement.with_for_update()).scalar()


def put_download(connection: Connection, tenant_id: TenantId, *, at: datetime) -> None:
    """Write when an authority downloaded revocations last."""
    writes.put(connection, revocation_downloads, rows=[{"tenant_id": tenant_id, "at": at}])


def lease_revocations(
    connection: Connection, tenant_id: TenantId, *, now: datetime, until: datetime, issuer: str | None, most: int
) -> list[PartnerRevocationRow]:
    """Lease open revocations that nobody has leased now, of one issuer if it is given: the oldest, first those that
    were never leased.
    """
    free = or_(_revocation.leased_until.is_(None), _revocation.leased_until <= now)
    statement = select(partner_revocations).where(of_tenant(_revocation, tenant_id), _revocation.state == "open", free)
    if issuer is not None:
        statement = statement.where(_revocation.issuer == issuer)
    new_ones_first = (_revocation.leased_until.is_not(None), _revocation.created_at, _revocation.id)
    ordered = statement.order_by(*new_ones_first).limit(most).with_for_update()
    rows = reads.every(connection, ordered, row=PartnerRevocationRow)
    chosen = _revocation.id.in_([row.id for row in rows])
    connection.execute(
        update(partner_revocations).where(of_tenant(_revocation, tenant_id), chosen).values(leased_until=until)
    )
    return rows


def change_revocation(connection: Connection, row: PartnerRevocationRow) -> None:
    """Write state, lease and error of a revocation."""
    values = {
        "state": row.state,
        "leased_until": row.leased_until,
        "error_code": row.error_code,
        "error_message": row.error_message,
    }
    where = {"tenant_id": row.tenant_id, "id": row.id}
    writes.change(connection, partner_revocations, where=where, values=values)


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
_CHALLENGE_TO_USE = Prepared(
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
    return reads.first(connection, _CHALLENGE_TO_USE, row=ScepChallengeRow, values=values)


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
