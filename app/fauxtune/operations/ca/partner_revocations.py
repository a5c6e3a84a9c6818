"""The queue of certificates that a partner's authority is asked to revoke: it fetches them, and reports the result.

"Use APIs to add third-party CAs for SCEP to Intune", 2025-07-03: after a download nothing is handed out for 60 minutes.
microsoft/Intune-Resource-Access, PkiConnectorFEService (downloadRevocationRequests, uploadRevocationResults), and
CARequestErrorCode.cs: errors from 4100 on can be tried again. Unverified: that a call within the 60 minutes does not
begin them again, and that a request without a result is handed out once more after them. In the edition of 2020, too:
no document of that time mentions the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.scep import PartnerRevocationRow

COOL_DOWN = timedelta(minutes=60)
MOST = 500
#: Of an issuer's name, by which an authority asks for its own: the document of 2025-07-03.
LONGEST_ISSUER = 256
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
    row = _add(tx, serial=serial, issuer=issuer, ca_configuration=ca_configuration)
    tx.record("partnerRevocationAsked", serial=serial, issuer=issuer)
    return row


def queue_lost(tx: Transaction, report: JsonObject, *, device: EnrollmentId) -> None:
    """Put a certificate of a device that leaves into the queue, as the removal table says. `report`: what its authority
    said of it. One that is or was in the queue stays as it is.
    """
    serial, issuer = str(report.get("serialNumber") or ""), str(report.get("issuer") or "")
    known = queries.revocations_of_serials(tx.connection, tx.tenant.id, serials=[serial]).get(serial.lower())
    if known is not None and known.issuer == issuer:
        return
    _add(tx, serial=serial, issuer=issuer, ca_configuration=report.get("caConfiguration"))
    held = {"thumbprint": str(report.get("thumbprint")).lower(), "serial": serial.lower(), "source": "scep"}
    tx.record("partnerRevocationAsked", device=device, certificate=held, serial=serial, issuer=issuer)


def _add(tx: Transaction, *, serial: str, issuer: str, ca_configuration: str | None) -> PartnerRevocationRow:
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
    return row


def _reported(tx: Transaction, key: str) -> JsonObject:
    """What the authority reported of the certificate with this serial number or thumbprint. Raises as above."""
    rows = queries.reported_certificates(tx.connection, tx.tenant.id, key=key)
    if not rows:
        raise NotFound(f"No authority reported a certificate '{key[:80]}': state its issuer too.")
    if len({row.report.get("issuer") for row in rows}) > 1:
        raise Conflict(f"Several authorities reported a certificate '{key[:80]}': state the issuer too.")
    if certificate_queries.certificate(tx.connection, tx.tenant.id, key=rows[0].thumbprint) is not None:
        raise Invalid(
            f"The certificate '{key[:80]}' is of the tenant's own authority: revoke it in the register.",
            target="serialNumber",
        )
    return rows[0].report


def next_download(tx: Transaction) -> datetime | None:
    """Return when the next request is handed out, if the 60 minutes after a download are not over."""
    last = queries.last_download(tx.connection, tx.tenant.id)
    # The tenant's clock can be put back: a download of the future holds nothing up.
    return last + COOL_DOWN if last is not None and last <= tx.now < last + COOL_DOWN else None


def download(tx: Transaction, *, most: int, issuer: str | None) -> list[PartnerRevocationRow]:
    """Hand out the oldest open requests, of one issuer if it is given; none within 60 minutes after a download. Raises
    Invalid for a wrong number, or for a name that is too long.
    """
    if not 1 <= most <= MOST:
        raise Invalid(f"maxRequests is 1 to {MOST}, not {most}.", target="maxRequests")
    if issuer is not None and len(issuer) > LONGEST_ISSUER:
        raise Invalid(f"issuerName has at most {LONGEST_ISSUER} characters.", target="issuerName")
    if next_download(tx) is not None:
        return []
    queries.put_download(tx.connection, tx.tenant.id, at=tx.now)
    until = tx.now + COOL_DOWN
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
