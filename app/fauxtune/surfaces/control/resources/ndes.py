"""The tenant's own NDES: how it stands, its RA certificates, and requests that wait for an approval."""

from __future__ import annotations

from typing import Annotated, Literal

from cryptography import x509
from fastapi import Query

from fauxtune.core.pki.foreign import request_from
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.checkin import ndes_issuance
from fauxtune.operations.connectors import ra_certificates
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.storage.rows.scep import RaCertificateRow, ScepRequestRow
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed
from fauxtune.surfaces.control.resources import scep

router = calls("/tenants/{tenant}/scep", tag="scep")
#: Lines of a list.
_MOST = 200


@router.get("/ndes", summary="Show how NDES stands")
async def show_ndes(here: Here) -> scep.Ndes:
    """Its address, the connector that serves it, and its RA certificates."""
    standing = await here.run(ra_certificates.standing, keys=here.emulator.connector_keys)
    return scep.Ndes(
        url=here.tenant.scep_server,
        connector=None if standing.connector is None else standing.connector.name,
        problem=standing.problem,
        ra_certificates=[_ra_certificate(row) for row in standing.certificates],
    )


@router.post("/ndes/renew", summary="Renew the RA certificates")
async def renew_ra_certificates(here: Here, body: scep.Renewal | None = None) -> Listed[scep.KnownRaCertificate]:
    """With new keys, at once: clients ask GetCACert again. 503 while the connector or its CA is off line."""
    connector = None if body is None else body.connector
    rows = await ra_certificates.renew(here.emulator, here.tenant, connector_id=connector)
    return Listed(value=[_ra_certificate(row) for row in rows])


@router.get("/requests", summary="List the newest requests that NDES has accepted")
async def list_requests(
    here: Here, state: Annotated[Literal["pending", "issued", "denied"] | None, Query()] = None
) -> Listed[scep.KnownRequest]:
    """The newest 200, the newest first. Requests wait if the tenant's setting ndes.approval says so."""
    rows = await here.read(queries.newest_requests, here.tenant.id, limit=_MOST, state=state)
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=[row.enrollment_id for row in rows])
    return Listed(value=[_request(row, managed=known.get(row.enrollment_id)) for row in rows])


@router.post("/requests/{request}/approve", summary="Approve a request that waits")
async def approve_request(here: Here, request: str) -> scep.KnownRequest:
    """The certificate is issued; the device gets it with its next poll. 409 if the request does not wait any more, or
    if its device is gone.
    """
    return await _decided(here, await here.run(ndes_issuance.approve, request, keys=here.emulator.keys))


@router.post("/requests/{request}/deny", summary="Deny a request that waits")
async def deny_request(here: Here, request: str, body: scep.Denial) -> scep.KnownRequest:
    """The device learns it with its next poll. 409 if the request does not wait any more."""
    row = await here.run(ndes_issuance.deny, request, reason=body.reason, keys=here.emulator.keys)
    return await _decided(here, row)


async def _decided(here: Here, row: ScepRequestRow) -> scep.KnownRequest:
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=[row.enrollment_id])
    return _request(row, managed=known.get(row.enrollment_id))


def _ra_certificate(row: RaCertificateRow) -> scep.KnownRaCertificate:
    certificate = x509.load_der_x509_certificate(row.certificate)
    return scep.KnownRaCertificate.from_value(
        row,
        thumbprint=thumbprint(certificate),
        serial_number=serial_hex(certificate),
        expiration_date_time=certificate.not_valid_after_utc,
    )


def _request(row: ScepRequestRow, *, managed: str | None) -> scep.KnownRequest:
    return scep.KnownRequest.from_value(
        row,
        transaction_id=row.transaction,
        subject=None if row.csr is None else subject_text(request_from(row.csr).subject),
        challenge=row.challenge_id,
        device=row.enrollment_id,
        managed_device_id=managed,
        profile=row.profile_id,
        connector=row.connector_id,
        serial_number=row.serial,
    )
