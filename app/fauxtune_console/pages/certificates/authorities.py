"""The tenant's certification authorities: what they issued, and what they publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from fastapi import Response

from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.certificates import certificate_status
from fauxtune.core.pki.authority import DIGICERT, Addresses, addresses_for
from fauxtune.core.pki.names import subject_text, thumbprint
from fauxtune.operations.ca import authorities as operations
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.ca.crl_and_ocsp import kept_crl_span
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries.insight.register import Standing, Wanted
from fauxtune.storage.rows.certificates import AuthorityRow, CertificateCounts
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import State, certificate_chip, read_lines, state

_SIZE = 25
_LONGEST = 100
#: data. The role of an authority -> its words.
_ROLES = {
    "root": "The root, which devices trust",
    "issuing": "Issues to people and their devices",
    "devices": "Issues the identities of devices",
    DIGICERT: "DigiCert's authority (emulated)",
    f"{DIGICERT}-root": "DigiCert's root (emulated)",
}


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """One authority. `role`: what it does, in words; `can_stop`: its state can be changed; `can_roll_over`: it can be
    given a new key; `addresses`: as certificates name them; `paths`: the same on this server.
    """

    row: AuthorityRow
    name: str
    role: str
    chip: Chip
    subject: str
    state: State
    not_before: datetime
    not_after: datetime
    this_update: datetime | None
    next_update: datetime | None
    counts: CertificateCounts
    can_stop: bool
    can_roll_over: bool
    addresses: Addresses
    paths: Addresses


async def authorities(call: TenantCall) -> Response:
    """Show all authorities."""
    views = await call.read(_all, call)
    has_digicert = any(view.row.role == DIGICERT for view in views)
    return call.page("authorities.html", authorities=views, has_digicert=has_digicert)


async def authority(call: TenantCall) -> Response:
    """Show one authority: its CRL as clients get it, whom that names, and an answer of its OCSP responder."""
    name = str(call.request.path_params["authority"])
    view = await call.read(view_of, call, name=name)
    is_available = view.row.state == "available"
    crl = await crl_and_ocsp.read_crl(call.emulator, call.tenant, name=name) if is_available else None
    start = offset(call, size=_SIZE)
    wanted = Wanted(authority=name, standing=Standing.ON_CRL)
    lines, total = await call.read(read_lines, call, wanted=wanted, start=start, size=_SIZE)
    serial = call.query("ask").strip()[:_LONGEST]
    answer, refused = None, ""
    if serial:
        try:
            answer = await crl_and_ocsp.ask_ocsp(call.emulator, call.tenant, name=name, serial=serial)
        except FauxtuneError as error:
            refused = error.message
    return call.page(
        "authority.html",
        authority=view,
        crl=crl,
        lines=lines,
        paging=paging(call, start=start, length=len(lines), total=total, size=_SIZE),
        serial=serial,
        answer=answer,
        refused=refused,
    )


def view_of(connection: Connection, call: TenantCall, *, name: str) -> AuthorityView:
    """Return one authority. Raises NotFound."""
    row = operations.authority_row(connection, call.tenant, name=name)
    return next(view for view in _all(connection, call) if view.row.name == row.name)


def _all(connection: Connection, call: TenantCall) -> list[AuthorityView]:
    counts = certificate_queries.certificate_counts(connection, call.tenant.id, at=call.now)
    rows = queries.authorities_of(connection, call.tenant.id)
    newest = {row.role: row.name for row in rows}
    nothing = CertificateCounts(0, 0, 0)
    return [
        _view(call, row, counts=counts.get(row.name, nothing), is_current=newest[row.role] == row.name) for row in rows
    ]


def _view(call: TenantCall, row: AuthorityRow, *, counts: CertificateCounts, is_current: bool) -> AuthorityView:
    certificate = x509.load_der_x509_certificate(row.certificate)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    status = certificate_status(not_before=start, not_after=end, revoked=False, now=call.now)
    addresses = addresses_for(call.tenant.public_http_url, tenant_name=call.tenant.name, authority=row.name)
    crl = kept_crl_span(row)
    kind = "authority" if certificate.subject == certificate.issuer else "intermediate"
    return AuthorityView(
        row=row,
        name=_common_name(certificate),
        role=_ROLES.get(row.role, row.role) if is_current else "Issued before the roll-over",
        chip=certificate_chip(thumbprint(certificate), kind=kind),
        subject=subject_text(certificate.subject),
        state=state(status, reason=None, revocation=None),
        not_before=start,
        not_after=end,
        this_update=None if crl is None else crl[0],
        next_update=None if crl is None else crl[1],
        counts=counts,
        can_stop=row.role != queries.DEVICES,
        can_roll_over=row.role == queries.ISSUING and is_current,
        addresses=addresses,
        paths=Addresses(*(urlsplit(each).path for each in (addresses.aia, addresses.crl, addresses.ocsp))),
    )


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else subject_text(certificate.subject)
