"""The queue of certificates that a partner's authority is asked to revoke: it fetches them, and reports the result.

Source: microsoft/Intune-Resource-Access, PkiConnectorFEService (downloadRevocationRequests, uploadRevocationResults).
Unverified: that a download leases a request; here for ten minutes of the tenant's clock, then it is offered again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import PartnerRevocationRow

LEASE = timedelta(minutes=10)
MOST = 500
_LONGEST = 1000

#: The numbers of the errors and their names: an authority sends either (Java the number as text, C# the name).
ERRORS: dict[int, str] = {
    0: "None",
    4000: "NonRetryableServiceException",
    4001: "DataSerializationError",
    4002: "ParameterDataInvalidError",
    4003: "CryptographyError",
    4004: "CertificateNotFoundError",
    4005: "ConflictError",
    4006: "NotSupportedError",
    4007: "PayloadTooLargeError",
    4100: "RetryableServiceException",
    4101: "ServiceUnavailableException",
    4102: "ServiceTooBusyException",
    4103: "AuthenticationException",
}
_RETRYABLE = {name for number, name in ERRORS.items() if number >= 4100}
_NAMES = {**{str(number): name for number, name in ERRORS.items()}, **{name.lower(): name for name in ERRORS.values()}}


@dataclass(frozen=True, slots=True)
class RevocationResult:
    """The authority's answer for one request. `error`: the name or number of an error, in any case."""

    context: str
    succeeded: bool
    error: str = "None"
    message: str | None = None


def ask_for_revocation(
    tx: Transaction, *, serial: str, issuer: str | None = None, ca_configuration: str | None = None
) -> PartnerRevocationRow:
    """Put a certificate into the queue. Without an issuer: the one that a partner's authority reported under this
    serial number or thumbprint.

    Raises Invalid without a serial number, or for a certificate of the tenant's own authority; NotFound for one that
    nobody reported, Conflict if several authorities did.
    """
    if issuer is None:
        reported = _reported(tx, serial)
        serial, issuer = str(reported.get("serialNumber")), str(reported.get("issuer"))
        ca_configuration = ca_configuration or reported.get("caConfiguration")
    for name, value in (("serialNumber", serial), ("issuerName", issuer)):
        if not value.strip() or len(value) > _LONGEST:
            raise Invalid(f"{name} has 1 to {_LONGEST} characters.", target=name)
    row = PartnerRevocationRow(
        tenant_id=tx.tenant.id,
        id=tx.ids.uuid(),
        serial=serial,
        issuer=issuer,
        ca_configuration=ca_configuration,
        created_at=tx.now,
        leased_until=None,
        state="open",
    )
    queries.add_revocation(tx.connection, row)
    tx.record("partnerRevocationAsked", serial=serial, issuer=issuer)
    return row


def _reported(tx: Transaction, key: str) -> JsonObject:
    """What the authority reported of the certificate with this serial number or thumbprint. Raises as above."""
    outcomes = queries.reported_certificates(tx.connection, tx.tenant.id, key=key)
    if not outcomes:
        raise NotFound(f"No authority reported a certificate '{key[:80]}': state its issuer too.")
    if len({outcome.get("issuer") for outcome in outcomes}) > 1:
        raise Conflict(f"Several authorities reported a certificate '{key[:80]}': state the issuer too.")
    mark = str(outcomes[0].get("thumbprint"))
    if certificate_queries.certificate(tx.connection, tx.tenant.id, key=mark) is not None:
        raise Invalid(
            f"The certificate '{key[:80]}' is of the tenant's own authority: revoke it in the register.",
            target="serialNumber",
        )
    return outcomes[0]


def download(tx: Transaction, *, most: int, issuer: str | None) -> list[PartnerRevocationRow]:
    """Lease the oldest open requests, of one issuer if it is given. Raises Invalid for a wrong number."""
    if not 1 <= most <= MOST:
        raise Invalid(f"maxRequests is 1 to {MOST}, not {most}.", target="maxRequests")
    until = tx.now + LEASE
    return queries.lease_revocations(tx.connection, tx.tenant.id, now=tx.now, until=until, issuer=issuer, most=most)


def upload(tx: Transaction, results: Sequence[RevocationResult]) -> None:
    """Write the results. One that failed in a way that may pass is offered again. Raises Invalid for an unknown context
    or error; then nothing is written.
    """
    rows = queries.revocations_by_id(tx.connection, tx.tenant.id, ids=[result.context for result in results])
    unknown = [result.context for result in results if result.context not in rows]
    if unknown:
        raise Invalid(f"There is no revocation request '{unknown[0][:80]}'.", target="requestContext")
    for result in results:
        _conclude(tx, rows[result.context], result=result)


def _conclude(tx: Transaction, row: PartnerRevocationRow, *, result: RevocationResult) -> None:
    error = _NAMES.get(result.error.lower())
    if error is None:
        raise Invalid(
            f"errorCode is one of {', '.join(ERRORS.values())}, not '{result.error[:80]}'.", target="errorCode"
        )
    if row.state != "open":
        return  # reported twice: the first result counts
    message = None if result.message is None else result.message[:_LONGEST]
    if result.succeeded:
        changed = replace(row, state="revoked", leased_until=None, error_code=None, error_message=None)
        tx.record("partnerRevocationDone", serial=row.serial, issuer=row.issuer)
    elif error in _RETRYABLE:
        changed = replace(row, leased_until=None, error_code=error, error_message=message)
    else:
        changed = replace(row, state="failed", leased_until=None, error_code=error, error_message=message)
        tx.record("partnerRevocationFailed", serial=row.serial, issuer=row.issuer, code=error, reason=message or error)
    queries.change_revocation(tx.connection, changed)
