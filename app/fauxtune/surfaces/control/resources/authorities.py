"""The tenant's certification authorities: how they stand, offline and back, and a new key for the one that issues."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.clock import iso
from fauxtune.core.pki.authority import addresses_for
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.ca.authorities import authority_row
from fauxtune.operations.ca.crl_and_ocsp import kept_crl_span
from fauxtune.operations.connectors import revocation
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.rows.certificates import AuthorityRow, CertificateCounts
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed

router = calls("/tenants/{tenant}/authorities", tag="authorities")


@router.get("", summary="List the certification authorities")
async def list_authorities(here: Here) -> Listed[answers.CertificationAuthority]:
    """The root, those that issue or issued, and that of the devices."""
    return Listed(value=await here.run(_views))


@router.get("/{authority}", summary="Get a certification authority")
async def get_authority(here: Here, authority: str) -> answers.CertificationAuthority:
    """Its state, its CRL, and how many certificates it issued."""
    return await here.run(_view_of, authority)


@router.patch("/{authority}", summary="Take a certification authority offline, or bring it back")
async def change_authority(
    *, here: Here, authority: str, body: messages.AuthorityChange
) -> answers.CertificationAuthority:
    """Offline it issues and revokes nothing, and answers 503 for CRL and OCSP. Back online, waiting requests
    continue.
    """
    row = await revocation.set_state(here.emulator, here.tenant, name=authority, state=body.state)
    return await here.run(_view_of, row.name)


@router.post("/{authority}/rollover", status_code=201, summary="Give the issuing authority a new key")
async def roll_over(here: Here, authority: str) -> answers.CertificationAuthority:
    """A new certificate of the same name, below the same root, issues from now on. Certificates of the old key keep
    their CRL and OCSP addresses. 409 if the authority already has a successor.
    """
    row = await revocation.roll_over(here.emulator, here.tenant, name=authority)
    return await here.run(_view_of, row.name)


def _view_of(tx: Transaction, name: str) -> answers.CertificationAuthority:
    authority_row(tx.connection, tx.tenant, name=name)
    return next(view for view in _views(tx) if view.name == name)


def _views(tx: Transaction) -> list[answers.CertificationAuthority]:
    rows = queries.authorities_of(tx.connection, tx.tenant.id)
    counts = certificate_queries.certificate_counts(tx.connection, tx.tenant.id, at=tx.now)
    newest = {row.role: row.name for row in rows}
    return [
        _view(tx, row, counts=counts.get(row.name, CertificateCounts(0, 0, 0)), current=newest[row.role])
        for row in rows
    ]


def _view(
    tx: Transaction, row: AuthorityRow, *, counts: CertificateCounts, current: str
) -> answers.CertificationAuthority:
    certificate = x509.load_der_x509_certificate(row.certificate)
    where = addresses_for(tx.tenant.public_http_url, tenant_name=tx.tenant.name, authority=row.name)
    span = kept_crl_span(row)
    return answers.CertificationAuthority(
        name=row.name,
        role=row.role,
        current=row.name == current,
        state=row.state,
        subject=subject_text(certificate.subject),
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
        not_before=iso(certificate.not_valid_before_utc),
        not_after=iso(certificate.not_valid_after_utc),
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        certificate_url=where.aia,
        crl_url=where.crl,
        ocsp_url=where.ocsp,
        crl_number=row.crl_number,
        this_update=None if span is None else iso(span[0]),
        next_update=None if span is None else iso(span[1]),
        certificates=answers.AuthorityCounts(
            issued=counts.issued,
            good=counts.issued - counts.revoked - counts.expired,
            revoked=counts.revoked,
            expired=counts.expired,
        ),
    )
